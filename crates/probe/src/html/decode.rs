//! Bytes of a page as text: many older Taiwanese pages are Big5.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::token::{Token, Tokens};

/// Bytes looked through for `<meta charset>` (HTML standard §13.2.3.2).
const PRESCAN: usize = 1024;

/// Decodes a body as a browser does (HTML standard §13.2.3.1): byte order mark, then the charset of
/// Content-Type, then for HTML `<meta>`, else UTF-8. What is not valid becomes U+FFFD.
pub fn decode(bytes: &[u8], content_type: &str) -> String {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        let rest = bytes.get(length..).unwrap_or_default();
        return encoding.decode_without_bom_handling(rest).0.into_owned();
    }
    let named = crate::header::charset(content_type);
    let encoding = named
        .as_deref()
        .and_then(|label| Encoding::for_label(label.as_bytes()))
        .or_else(|| is_html(content_type).then(|| declared(bytes)).flatten())
        .unwrap_or(UTF_8);
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

/// HTML, or of no type at all.
fn is_html(content_type: &str) -> bool {
    crate::header::media_type(content_type).is_none_or(|t| t == "text/html" || t == "application/xhtml+xml")
}

/// The encoding `<meta>` names. UTF-16 cannot be true there, since the tag was readable: UTF-8 then.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let start = bytes.get(..bytes.len().min(PRESCAN)).unwrap_or_default();
    let text: String = start.iter().map(|b| if b.is_ascii() { char::from(*b) } else { '?' }).collect();
    let label = Tokens::new(&text).find_map(|token| match token {
        Token::Start { name, attributes } if name == "meta" => {
            let get = |key: &str| attributes.iter().find(|(n, _)| n == key).map(|(_, v)| v.as_str());
            get("charset").map(str::to_owned).or_else(|| {
                let kind = get("http-equiv")?.trim().eq_ignore_ascii_case("content-type");
                crate::header::charset(get("content").filter(|_| kind)?)
            })
        }
        _ => None,
    })?;
    let encoding = Encoding::for_label(label.as_bytes())?;
    Some(if encoding == UTF_16LE || encoding == UTF_16BE { UTF_8 } else { encoding })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 「首頁」 in Big5.
    const BIG5: &[u8] = b"\xad\xba\xad\xb6";

    #[test]
    fn big5_by_header_by_meta_and_by_neither() {
        let page = [b"<html><meta charset=big5><title>".as_slice(), BIG5, b"</title>"].concat();
        assert!(decode(&page, "text/html; charset=Big5").contains("<title>首頁</title>"));
        assert!(decode(&page, "text/html").contains("<title>首頁</title>"));
        assert!(decode(&page, "").contains("首頁"));
        let old =
            [b"<meta http-equiv=Content-Type content='text/html; charset=big5-hkscs'>".as_slice(), BIG5]
                .concat();
        assert!(decode(&old, "text/html").ends_with("首頁"));
        // The header wins; a style sheet has no <meta>.
        assert!(decode(&page, "text/html; charset=utf-8").contains('\u{fffd}'));
        assert!(decode(&page, "text/css").contains('\u{fffd}'));
    }

    #[test]
    fn marks_and_utf_16() {
        assert_eq!(decode("\u{feff}臺".as_bytes(), "text/html; charset=big5"), "臺");
        assert_eq!(decode(b"\xff\xfe\xfa\x81", "text/plain"), "臺");
        assert_eq!(decode("<meta charset=utf-16>臺".as_bytes(), "text/html"), "<meta charset=utf-16>臺");
        assert_eq!(decode("臺".as_bytes(), "text/html; charset=nonsense"), "臺");
        assert_eq!(decode(b"", ""), "");
    }

    proptest! {
        #[test]
        fn any_bytes_become_text(bytes in proptest::collection::vec(any::<u8>(), 0..300), kind in ".{0,60}") {
            let _ = decode(&bytes, &kind);
            let _ = decode(&bytes, "text/html");
        }
    }
}
