//! What is kept of a URL: enough to find the page, nothing that names a person.

/// Characters kept of a path or referrer.
const MOST: usize = 200;

/// The path of a request target (RFC 9112 §3.2) without scheme, host, query, fragment and parameters.
/// Empty when the target is none (`*`, `host:port` of CONNECT, rubbish).
pub(super) fn path(target: &str) -> String {
    let target = target.trim();
    let path = match target.split_once("://") {
        Some((scheme, rest)) if is_web(scheme) => {
            rest.find('/').map_or("/", |at| rest.get(at..).unwrap_or("/"))
        }
        _ if target.starts_with('/') => target,
        _ => return String::new(),
    };
    masked(path)
}

/// A page that links: scheme, host and path. `None` for none, or for one that is no web page.
pub(super) fn referrer(text: &str) -> Option<String> {
    let (scheme, rest) = text.trim().split_once("://")?;
    if !is_web(scheme) {
        return None;
    }
    let end = rest.find(['/', '?', '#', ';']).unwrap_or(rest.len());
    let (authority, path) = (rest.get(..end)?, rest.get(end..)?);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_ascii_lowercase();
    if host.is_empty() || host.contains(char::is_whitespace) {
        return None;
    }
    let path = if path.starts_with('/') { masked(path) } else { "/".to_owned() };
    Some(short(&format!("{}://{host}{path}", scheme.to_ascii_lowercase())))
}

fn is_web(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

/// A path with segments that may name a person or a session replaced, which also brings the pages of one
/// kind together.
fn masked(path: &str) -> String {
    // `;jsessionid=…` is a session.
    let end = path.find(['?', '#', ';']).unwrap_or(path.len());
    let path = path.get(..end).unwrap_or_default();
    let segments: Vec<&str> = path.split('/').map(mask).collect();
    short(&segments.join("/"))
}

fn mask(segment: &str) -> &str {
    let bytes = segment.as_bytes();
    let digits = bytes.iter().filter(|b| b.is_ascii_digit()).count();
    let hex = bytes.iter().all(|b| b.is_ascii_hexdigit() || *b == b'-');
    if segment.contains('@') || segment.contains("%40") {
        "{mail}"
    } else if bytes.len() == 10
        && bytes.first().is_some_and(u8::is_ascii_alphabetic)
        && (digits == 9 || digits == 8 && bytes.get(1).is_some_and(u8::is_ascii_alphabetic))
    {
        // 國民身分證統一編號, 外來人口統一證號 (old and new form).
        "{id}"
    } else if bytes.len() >= 7 && digits == bytes.len() {
        "{n}"
    } else if bytes.len() >= 16 && hex && digits > 0 {
        "{hex}"
    } else {
        segment
    }
}

fn short(text: &str) -> String {
    let mut out: String = text.chars().take(MOST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(MOST).is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_keep_the_page_and_lose_the_person() {
        for (target, want) in [
            ("/a/b?id=A123456789", "/a/b"),
            ("/a;jsessionid=1F2E?x=1", "/a"),
            ("http://u:p@www.a.gov.tw/x?y", "/x"),
            ("http://www.a.gov.tw", "/"),
            ("/case/1140012345/edit", "/case/{n}/edit"),
            ("/p/A123456789", "/p/{id}"),
            ("/p/AB12345678", "/p/{id}"),
            ("/m/wang@a.gov.tw", "/m/{mail}"),
            ("/m/wang%40a.gov.tw/x", "/m/{mail}/x"),
            ("/f/0f8fad5b-d9cb-469f-a165-70867728950e", "/f/{hex}"),
            ("/news/20261125", "/news/{n}"),
            ("/css/style-2.0.css", "/css/style-2.0.css"),
            ("*", ""),
            ("www.a.gov.tw:443", ""),
            ("ftp://x/y", ""),
        ] {
            assert_eq!(path(target), want, "{target}");
        }
        assert_eq!(path(&format!("/{}", "字".repeat(300))).chars().count(), 201);
    }

    #[test]
    fn referrers_keep_host_and_path() {
        for (text, want) in [
            ("https://WWW.a.gov.tw/List?p=1", Some("https://www.a.gov.tw/List")),
            ("http://u:p@a.tw", Some("http://a.tw/")),
            ("http://a.tw?q=王小明", Some("http://a.tw/")),
            ("-", None),
            ("", None),
            ("android-app://com.x", None),
            ("http://", None),
            ("http://a b/", None),
        ] {
            assert_eq!(referrer(text).as_deref(), want, "{text}");
        }
    }
}
