//! Text in XML and in the paragraphs of OpenDocument.

use super::clean;

/// Text or attribute value.
pub(super) fn escape(out: &mut String, text: &str) {
    for character in text.chars().map(clean) {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
}

/// One `text:p` for each line. Runs of spaces and tabs have their own elements, since a reader of
/// OpenDocument collapses them (ODF 1.3 part 3, 6.1.2).
pub(super) fn paragraphs(out: &mut String, text: &str) {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    for line in lines.split('\n') {
        out.push_str("<text:p>");
        // At the start of a line a space would be dropped, so it counts as one after another.
        let mut after_space = true;
        let mut characters = line.chars().map(clean).peekable();
        let mut buffer = [0; 4];
        while let Some(character) = characters.next() {
            let last = characters.peek().is_none();
            match character {
                '\t' => out.push_str("<text:tab/>"),
                ' ' if after_space || last => out.push_str("<text:s/>"),
                other => escape(out, other.encode_utf8(&mut buffer)),
            }
            after_space = character == ' ';
        }
        out.push_str("</text:p>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_tabs_and_lines_survive() {
        let mut out = String::new();
        paragraphs(&mut out, " a  b \tc\r\n<&\"> ");
        assert_eq!(
            out,
            "<text:p><text:s/>a <text:s/>b <text:tab/>c</text:p><text:p>&lt;&amp;&quot;&gt;<text:s/></text:p>"
        );
    }
}
