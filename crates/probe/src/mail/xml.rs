//! Just enough XML for DMARC reports: elements, attributes, text. Comments, CDATA and processing
//! instructions are read over; a document type is refused, so nothing can expand or be fetched.

/// Depth of elements read.
const MAX_DEPTH: usize = 32;
/// Elements read.
const MAX_ELEMENTS: usize = 500_000;

/// An element.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Element {
    /// Name without prefix.
    pub(super) name: String,
    /// Attributes, names without prefix.
    pub(super) attributes: Vec<(String, String)>,
    /// Elements inside.
    pub(super) children: Vec<Self>,
    /// Text inside, elements left out.
    pub(super) text: String,
}

impl Element {
    /// The first child of this name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|c| c.name == name)
    }

    /// All children of this name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |c| c.name == name)
    }

    /// Text of a child, trimmed; `None` when absent.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.child(name).map(|c| c.text.trim())
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// The five entities and character references (XML 1.0 §4.1, §4.6); others stay as they are.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at..).unwrap_or_default();
        let end = rest.find(';').filter(|e| *e <= 12);
        let found = end.and_then(|e| rest.get(1..e)).and_then(|name| match name {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => {
                let number = name.strip_prefix('#')?;
                let code = match number.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                    None => number.parse().ok()?,
                };
                char::from_u32(code)
            }
        });
        if let (Some(c), Some(end)) = (found, end) {
            out.push(c);
            rest = rest.get(end + 1..).unwrap_or_default();
        } else {
            out.push('&');
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    out.push_str(rest);
    out
}

fn local(name: &str) -> String {
    name.rsplit(':').next().unwrap_or(name).to_owned()
}

/// Attributes of a start tag.
fn attributes(text: &str) -> Option<Vec<(String, String)>> {
    let mut out = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, after) = after.get(1..)?.split_once(quote)?;
        out.push((local(name.trim()), unescape(value)));
        rest = after.trim_start();
    }
    Some(out)
}

/// Where a tag that starts at the beginning of `text` ends: `>` outside quotes.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (i, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return Some(i),
            (None, '"' | '\'') => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            _ => {}
        }
    }
    None
}

/// Reads a document; `Err` says where (byte) and what.
pub(super) fn parse(text: &str) -> Result<Element, (usize, &'static str)> {
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    let mut count = 0;
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    loop {
        let place = text.len() - rest.len();
        let bad = |what| (place, what);
        let Some(at) = rest.find('<') else { break };
        if let Some(element) = open.last_mut() {
            element.text.push_str(&unescape(rest.get(..at).unwrap_or_default()));
        }
        rest = rest.get(at..).unwrap_or_default();
        let skip = |rest: &str, until: &str| rest.find(until).map(|e| e + until.len());
        let past = if rest.starts_with("<!--") {
            skip(rest, "-->").ok_or_else(|| bad("comment without end"))?
        } else if let Some(data) = rest.strip_prefix("<![CDATA[") {
            let end = data.find("]]>").ok_or_else(|| bad("CDATA without end"))?;
            if let Some(element) = open.last_mut() {
                element.text.push_str(data.get(..end).unwrap_or_default());
            }
            "<![CDATA[".len() + end + 3
        } else if rest.starts_with("<?") {
            skip(rest, "?>").ok_or_else(|| bad("instruction without end"))?
        } else if rest.starts_with("<!") {
            return Err(bad("a document type is not accepted"));
        } else {
            let end = tag_end(rest).ok_or_else(|| bad("tag without end"))?;
            let inside = rest.get(1..end).unwrap_or_default();
            if let Some(name) = inside.strip_prefix('/') {
                let done = open.pop().ok_or_else(|| bad("end tag without start"))?;
                if done.name != local(name.trim()) {
                    return Err(bad("end tag of another element"));
                }
                close(done, &mut open, &mut root);
            } else {
                count += 1;
                if open.len() >= MAX_DEPTH || count > MAX_ELEMENTS || (open.is_empty() && root.is_some()) {
                    return Err(bad("too many elements"));
                }
                let empty = inside.strip_suffix('/');
                let inside = empty.unwrap_or(inside);
                let split = inside.find(char::is_whitespace).unwrap_or(inside.len());
                let (name, more) = inside.split_at(split);
                if name.is_empty() {
                    return Err(bad("tag without name"));
                }
                let attributes = attributes(more).ok_or_else(|| bad("broken attribute"))?;
                let element = Element { name: local(name), attributes, ..Element::default() };
                if empty.is_some() {
                    close(element, &mut open, &mut root);
                } else {
                    open.push(element);
                }
            }
            end + 1
        };
        rest = rest.get(past..).unwrap_or_default();
    }
    if !open.is_empty() {
        return Err((text.len(), "element without end"));
    }
    root.ok_or((text.len(), "no element"))
}

fn close(done: Element, open: &mut [Element], root: &mut Option<Element>) {
    match open.last_mut() {
        Some(parent) => parent.children.push(done),
        None => *root = Some(done),
    }
}
