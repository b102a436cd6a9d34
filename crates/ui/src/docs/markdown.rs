//! Prose to HTML.

use pulldown_cmark::{Event, Options, Parser, html};

/// HTML of our own Markdown. Raw HTML is shown as text: the prose needs none.
pub(super) fn to_html(markdown: &str) -> String {
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES).map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        other => other,
    });
    let mut out = String::with_capacity(markdown.len() * 3 / 2);
    html::push_html(&mut out, events);
    out
}

/// The words of a Markdown text without its marks, for the search.
pub(super) fn to_text(markdown: &str) -> String {
    let mut out = String::new();
    for event in Parser::new(markdown) {
        match event {
            Event::Text(text) | Event::Code(text) => out.push_str(&text),
            Event::SoftBreak | Event::HardBreak | Event::End(_) => out.push(' '),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn raw_html_becomes_text() {
        let html = super::to_html("a <b onclick=x>b</b>\n\n<script>x</script>\n");
        assert!(!html.contains("<b") && !html.contains("<script"), "{html}");
    }
}
