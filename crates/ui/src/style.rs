//! The style sheet and the scripts as they are shipped.

use std::sync::LazyLock;

use crate::assets;
use crate::component::registry;

/// Base sheets before the components; `print.css` comes last.
const BEFORE: [&str; 2] = ["css/base.css", "css/layout.css"];

static CSS: LazyLock<String> = LazyLock::new(|| minify_css(&source()));

/// File name of the core script.
pub const CORE: &str = "ds.js";

/// The whole style sheet, small.
pub fn css() -> &'static str {
    &CSS
}

/// The whole style sheet as written.
pub fn source() -> String {
    let tokens = crate::tokens::embedded_css();
    let mut out = tokens.to_owned();
    let base = BEFORE.into_iter().filter_map(assets::text);
    let parts = base.chain(registry().iter().map(|c| c.style)).chain(assets::text("css/print.css"));
    for part in parts {
        out.push_str(part);
        out.push('\n');
    }
    out
}

/// The scripts: file name below `js/` and content. `ds.js` is the core, the others are loaded where used.
pub fn scripts() -> Vec<(String, String)> {
    let own = assets::under("js")
        .map(|(path, bytes)| (path.to_owned(), String::from_utf8_lossy(bytes).into_owned()));
    let components =
        registry().iter().filter_map(|c| Some((format!("modules/{}.js", c.name), c.script?.to_owned())));
    let twid = bulwark_twid::SCRIPTS.map(|(name, source)| (name.to_owned(), source.to_owned()));
    own.chain(components).chain(twid).map(|(name, source)| (name, shorten_js(&source))).collect()
}

/// Removes comments and space that mean nothing in CSS.
pub fn minify_css(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut chars = css.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' | '\'' => {
                out.push(c);
                while let Some(inner) = chars.next() {
                    out.push(inner);
                    if inner == '\\' {
                        out.extend(chars.next());
                    } else if inner == c {
                        break;
                    }
                }
            }
            '/' if chars.peek() == Some(&'*') => {
                chars.next();
                let mut star = false;
                for inner in chars.by_ref() {
                    if star && inner == '/' {
                        break;
                    }
                    star = inner == '*';
                }
            }
            c if c.is_ascii_whitespace() => {
                let next = loop {
                    match chars.peek() {
                        Some(n) if n.is_ascii_whitespace() => {
                            chars.next();
                        }
                        other => break other.copied(),
                    }
                };
                let before = out.chars().next_back();
                // `+`, `-` and `(` keep their space: it means something in calc() and in media queries.
                let tight =
                    |c: Option<char>| c.is_none_or(|c| matches!(c, '{' | '}' | ';' | ',' | ':' | '>'));
                let opens = matches!(next, None | Some('{' | '}' | ';' | ',' | '>'));
                if !tight(before) && !opens {
                    out.push(' ');
                }
            }
            '}' => {
                if out.ends_with(';') {
                    out.pop();
                }
                out.push('}');
            }
            c => out.push(c),
        }
    }
    out
}

/// Removes whole-line comments, indentation and blank lines of a script. Nothing else is touched, so
/// that no string, template or regular expression can be harmed; our scripts keep every comment on a
/// line of its own and no template literal over several lines (a test holds them to it).
pub fn shorten_js(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    for line in source.lines().map(str::trim) {
        if !line.is_empty() && !line.starts_with("//") {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// Size after gzip at the best level, in bytes: the measure of the size budget.
pub fn gzip_size(bytes: &[u8]) -> usize {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.map_or(0, |v| v.len())
}

#[cfg(test)]
mod tests {
    use super::{minify_css, shorten_js};

    #[test]
    fn space_goes_where_it_means_nothing() {
        let css = "/* a */\n.a > .b , .c { margin : 0 calc( 1px + 2px ) ; content: \"a  /* b */\" ; }\n@media (min-width: 1em) and print { a { color: red; } }";
        assert_eq!(
            minify_css(css),
            ".a>.b,.c{margin :0 calc( 1px + 2px );content:\"a  /* b */\"}@media (min-width:1em) and print{a{color:red}}"
        );
        assert_eq!(minify_css("a :hover{} .x .y{}"), "a :hover{}.x .y{}");
    }

    #[test]
    fn an_open_comment_or_string_ends_quietly() {
        assert_eq!(minify_css("a{}/* open"), "a{}");
        assert_eq!(minify_css("a{content:\"open"), "a{content:\"open");
        assert_eq!(minify_css("a{content:\"\\"), "a{content:\"\\");
    }

    #[test]
    fn only_whole_line_comments_go() {
        assert_eq!(shorten_js("// a\n  const x = '// b';\n\n"), "const x = '// b';\n");
    }
}
