//! A tolerant tokenizer after the HTML standard §13.2.5, reduced to what a scanner needs: tags with
//! attributes, text, comments and the raw text of script, style, title and textarea.

/// A piece of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token<'a> {
    /// `<name …>`; attribute names in lower case, values with entities undone. The first of equal names counts.
    Start { name: String, attributes: Vec<(String, String)> },
    /// `</name>`
    End { name: String },
    /// Text between tags, entities as written.
    Text(&'a str),
    /// Raw text of an element whose content is not markup.
    Raw { element: String, text: &'a str },
}

/// Elements whose content is not markup (§13.2.5: RCDATA, RAWTEXT and script data).
const RAW: [&str; 7] = ["script", "style", "title", "textarea", "xmp", "noframes", "iframe"];

/// Reads tokens one after the other.
pub struct Tokens<'a> {
    rest: &'a str,
    raw: Option<String>,
}

impl<'a> Tokens<'a> {
    pub const fn new(html: &'a str) -> Self {
        Self { rest: html, raw: None }
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (head, tail) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.rest = tail;
        head
    }

    /// The raw text of `element` up to its end tag.
    fn raw_text(&mut self, element: String) -> Token<'a> {
        let mut from = 0;
        let end = loop {
            let Some(at) = self.rest.get(from..).and_then(|r| r.find("</")).map(|i| from + i) else {
                break self.rest.len();
            };
            let name = self.rest.get(at + 2..).unwrap_or_default();
            let matches = name.split_at_checked(element.len()).is_some_and(|(n, after)| {
                n.eq_ignore_ascii_case(&element)
                    && after.starts_with(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/')
            });
            if matches {
                break at;
            }
            from = at + 2;
        };
        Token::Raw { element, text: self.take(end) }
    }

    /// After `<` and a letter: name and attributes up to `>`.
    fn tag(&mut self) -> (String, Vec<(String, String)>) {
        let is_end = |c: char| c.is_ascii_whitespace() || c == '/' || c == '>';
        let name = self.take(self.rest.find(is_end).unwrap_or(self.rest.len())).to_ascii_lowercase();
        let mut attributes: Vec<(String, String)> = Vec::new();
        loop {
            self.rest = self.rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
            if self.rest.is_empty() {
                break;
            }
            if self.rest.starts_with('>') {
                self.take(1);
                break;
            }
            // A `=` in front belongs to the name (§13.2.5.32).
            let is_end = |(i, c): (usize, char)| (is_end(c) || (c == '=' && i > 0)).then_some(i);
            let end = self.rest.char_indices().find_map(is_end).unwrap_or(self.rest.len());
            let name = self.take(end).to_ascii_lowercase();
            self.rest = self.rest.trim_start_matches(|c: char| c.is_ascii_whitespace());
            let mut value = "";
            if self.rest.starts_with('=') {
                self.take(1);
                self.rest = self.rest.trim_start_matches(|c: char| c.is_ascii_whitespace());
                value = if let Some(quote) = self.rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
                    self.take(1);
                    let inner = self.take(self.rest.find(quote).unwrap_or(self.rest.len()));
                    self.take(1);
                    inner
                } else {
                    let is_end = |c: char| c.is_ascii_whitespace() || c == '>';
                    self.take(self.rest.find(is_end).unwrap_or(self.rest.len()))
                };
            }
            // Pages with thousands of attributes on one tag are not honest.
            if attributes.len() < 100 && attributes.iter().all(|(n, _)| *n != name) {
                attributes.push((name, entities(value)));
            }
        }
        (name, attributes)
    }

    fn skip_comment(&mut self) {
        let body = self.rest.get(4..).unwrap_or_default();
        // `<!-->` and `<!--->` are whole comments (§13.2.5.43).
        let end = if body.starts_with('>') {
            5
        } else if body.starts_with("->") {
            6
        } else {
            let end = body.find("-->");
            let until = end.map_or(body, |i| body.get(..i).unwrap_or(body));
            match (until.find("--!>"), end) {
                (Some(i), _) => i + 8,
                (None, Some(i)) => i + 7,
                (None, None) => self.rest.len(),
            }
        };
        self.take(end);
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        if let Some(element) = self.raw.take() {
            return Some(self.raw_text(element));
        }
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let mut after = self.rest.chars();
            if after.next() != Some('<') {
                let end = self.rest.find('<').unwrap_or(self.rest.len());
                return Some(Token::Text(self.take(end)));
            }
            match after.next() {
                Some(c) if c.is_ascii_alphabetic() => {
                    self.take(1);
                    let (name, attributes) = self.tag();
                    if RAW.contains(&name.as_str()) {
                        self.raw = Some(name.clone());
                    }
                    return Some(Token::Start { name, attributes });
                }
                Some('/') if after.next().is_some_and(|c| c.is_ascii_alphabetic()) => {
                    self.take(2);
                    let (name, _) = self.tag();
                    return Some(Token::End { name });
                }
                Some('!') if self.rest.starts_with("<!--") => self.skip_comment(),
                // Doctype, CDATA, processing instruction, `</` and rubbish: up to `>` (bogus comment).
                Some('!' | '?' | '/') => {
                    let end = self.rest.find('>').map_or(self.rest.len(), |i| i + 1);
                    self.take(end);
                }
                _ => return Some(Token::Text(self.take(1))),
            }
        }
    }
}

/// Undoes the entities that occur in URLs and titles: numeric ones and the common names.
pub fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let body = from.get(1..).unwrap_or_default();
        let end = body.find(|c: char| !c.is_ascii_alphanumeric() && c != '#').unwrap_or(body.len());
        let (name, after) = body.split_at(end);
        match entity(name) {
            // Without `;` only `&amp`, `&lt`, `&gt`, `&quot` and numbers are entities, and in attributes
            // not before `=` (§13.2.5.73): leave `&lang=zh` alone.
            Some(c) if after.starts_with(';') => {
                out.push(c);
                rest = after.get(1..).unwrap_or_default();
            }
            _ => {
                out.push('&');
                rest = body;
            }
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return Some(char::from_u32(code).filter(|c| *c != '\0').unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    Some(match name {
        "amp" | "AMP" => '&',
        "lt" | "LT" => '<',
        "gt" | "GT" => '>',
        "quot" | "QUOT" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "sol" => '/',
        "colon" => ':',
        "period" => '.',
        "num" => '#',
        "quest" => '?',
        "equals" => '=',
        "commat" => '@',
        "lowbar" => '_',
        "percnt" => '%',
        "plus" => '+',
        "copy" => '©',
        "middot" => '·',
        "raquo" => '»',
        "laquo" => '«',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "Tab" => '\t',
        "NewLine" => '\n',
        _ => return None,
    })
}
