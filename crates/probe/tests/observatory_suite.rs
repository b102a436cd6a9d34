//! Pages and headers with the results the public HTTP Observatory gives them.
//!
//! The pages and the recorded site come from the shared data; which result each has is a fact of the
//! public scanner's behaviour. Cases without a page are short headers written down here.

use bulwark_probe::observatory::{Cors, Https, Input, Outcome, Plain, Score, score};
use url::Url;

const ORIGIN: &str = "https://bulwark.invalid";

/// A site as the public test suite supposes it: HTTPS, and HTTP that leads there.
struct Site {
    host: String,
    headers: Vec<(String, String)>,
    https: Option<Vec<(String, String)>>,
    trusted: bool,
    html: String,
    cookies: Vec<String>,
    route: Option<Vec<Url>>,
    cors: Vec<(String, String)>,
    preloaded: Vec<&'static str>,
}

impl Site {
    fn new() -> Self {
        Self {
            host: "mozilla.org".into(),
            headers: vec![("content-type".into(), "text/html".into())],
            https: Some(Vec::new()),
            trusted: true,
            html: String::new(),
            cookies: Vec::new(),
            route: Some(urls(&["http://mozilla.org/", "https://mozilla.org/", "https://www.mozilla.org/"])),
            cors: Vec::new(),
            preloaded: Vec::new(),
        }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    fn page(mut self, html: &str) -> Self {
        self.html = html.into();
        self
    }

    fn hsts(mut self, value: &str) -> Self {
        self.https = Some(vec![("strict-transport-security".into(), value.into())]);
        self
    }

    fn cookies(mut self, lines: &[&str]) -> Self {
        self.cookies = lines.iter().map(|l| (*l).to_owned()).collect();
        self
    }

    fn route(mut self, list: &[&str]) -> Self {
        self.route = Some(urls(list));
        self
    }

    fn cors(mut self, list: &[(&str, &str)]) -> Self {
        self.cors = list.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        self
    }

    fn score(&self) -> Score {
        let cookies: Vec<&str> = self.cookies.iter().map(String::as_str).collect();
        let preloaded =
            |host: &str| self.preloaded.iter().any(|p| host == *p || host.ends_with(&format!(".{p}")));
        score(&Input {
            host: &self.host,
            headers: &self.headers,
            secure: true,
            html: &self.html,
            cookies: &cookies,
            https: match &self.https {
                None => Https::None,
                Some(_) if !self.trusted => Https::Untrusted,
                Some(headers) => Https::Headers(headers),
            },
            plain: self.route.as_deref().map_or(Plain::Closed, Plain::Route),
            cors: Some(Cors { origin: ORIGIN, headers: &self.cors }),
            preloaded: &preloaded,
        })
    }
}

fn urls(list: &[&str]) -> Vec<Url> {
    list.iter().map(|u| Url::parse(u).expect("a URL")).collect()
}

/// Counts cases and names those that differ.
#[derive(Default)]
struct Tally {
    all: usize,
    wrong: Vec<String>,
}

impl Tally {
    fn case(&mut self, name: &str, site: &Site, expected: &str) {
        let score = site.score();
        self.all += 1;
        if !score.outcomes.iter().any(|o| o.code() == expected) {
            let found: Vec<&str> = score.outcomes.iter().map(|o| o.code()).collect();
            self.wrong.push(format!("{name}: expected {expected}, found {found:?}"));
        }
    }

    #[expect(clippy::print_stdout, reason = "the count is what the suite is run for")]
    fn finish(&self) {
        println!("observatory: {}/{}", self.all - self.wrong.len(), self.all);
        assert!(self.wrong.is_empty(), "{:#?}", self.wrong);
    }
}

const SRI_PAGES: &[(&str, &str)] = &[
    ("no_scripts", "sri-not-implemented-but-no-scripts-loaded"),
    ("sameorigin1", "sri-not-implemented-but-all-scripts-loaded-from-secure-origin"),
    ("sameorigin2", "sri-not-implemented-but-all-scripts-loaded-from-secure-origin"),
    ("sameorigin3", "sri-not-implemented-and-external-scripts-not-loaded-securely"),
    ("impl_external_https1", "sri-implemented-and-external-scripts-loaded-securely"),
    ("impl_external_https2", "sri-implemented-and-external-scripts-loaded-securely"),
    ("impl_external_http", "sri-implemented-but-external-scripts-not-loaded-securely"),
    ("impl_external_noproto", "sri-implemented-but-external-scripts-not-loaded-securely"),
    ("impl_sameorigin", "sri-implemented-and-all-scripts-loaded-securely"),
    ("notimpl_external_https", "sri-not-implemented-but-external-scripts-loaded-securely"),
    ("notimpl_external_http", "sri-not-implemented-and-external-scripts-not-loaded-securely"),
    ("notimpl_external_noproto", "sri-not-implemented-and-external-scripts-not-loaded-securely"),
];

/// Page, a policy in the header besides, result.
const META_PAGES: &[(&str, Option<&str>, &str)] = &[
    ("csp1", None, "csp-implemented-with-no-unsafe-default-src-none"),
    ("csp1", Some("default-src 'none'"), "csp-implemented-with-no-unsafe-default-src-none"),
    ("csp1", Some("img-src 'none'"), "csp-implemented-with-no-unsafe-default-src-none"),
    ("csp2", None, "csp-implemented-with-unsafe-inline"),
    ("csp2", Some("default-src http:"), "csp-implemented-with-no-unsafe-default-src-none"),
    ("csp2", Some("default-src 'none'"), "csp-implemented-with-no-unsafe-default-src-none"),
    ("csp_multiple_http_equiv1", None, "csp-implemented-with-no-unsafe-default-src-none"),
    ("not_allowed", None, "csp-not-implemented"),
    ("not_allowed", None, "x-frame-options-not-implemented"),
    ("not_allowed", Some("frame-anchestors 'none'"), "csp-implemented-with-unsafe-inline"),
    ("x_frame_options", None, "x-frame-options-not-implemented"),
    ("referrer1", None, "referrer-policy-private"),
    ("case_insensitivity", None, "referrer-policy-private"),
];

const POLICIES: &[(&str, &str)] = &[
    ("", "csp-header-invalid"),
    ("  ", "csp-header-invalid"),
    ("defa", "csp-header-invalid"),
    ("default-src 'none'; default-src 'none'", "csp-header-invalid"),
    ("default-src 'none'; img-src 'self'; default-src 'none'", "csp-header-invalid"),
    ("default-src 'none'; script-src 'strict-dynamic'", "csp-header-invalid"),
    ("default-src 'none'; script-src https://*", "csp-implemented-with-unsafe-inline"),
    ("script-src 'unsafe-inline'", "csp-implemented-with-unsafe-inline"),
    ("script-src data:", "csp-implemented-with-unsafe-inline"),
    ("script-src ftp:", "csp-implemented-with-unsafe-inline"),
    ("default-src 'UNSAFE-INLINE'", "csp-implemented-with-unsafe-inline"),
    ("upgrade-insecure-requests", "csp-implemented-with-unsafe-inline"),
    ("script-src 'none'", "csp-implemented-with-unsafe-inline"),
    ("default-src https://mozilla.org https:", "csp-implemented-with-unsafe-inline"),
    ("default-src *; script-src *; object-src 'none'", "csp-implemented-with-unsafe-inline"),
    ("default-src 'none'; script-src 'none'; object-src *", "csp-implemented-with-unsafe-inline"),
    ("default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'", "csp-implemented-with-unsafe-inline"),
    ("object-src https:; script-src 'none'", "csp-implemented-with-unsafe-inline"),
    ("default-src http://mozilla.org", "csp-implemented-with-insecure-scheme"),
    ("default-src 'none'; script-src ftp://mozilla.org", "csp-implemented-with-insecure-scheme"),
    ("default-src 'none'; script-src 'unsafe-eval'", "csp-implemented-with-unsafe-eval"),
    (
        "default-src 'none'; img-src http://mozilla.org",
        "csp-implemented-with-insecure-scheme-in-passive-content-only",
    ),
    ("default-src 'self'; img-src ftp:", "csp-implemented-with-insecure-scheme-in-passive-content-only"),
    (
        "default-src 'none'; img-src 'none'; media-src http:; script-src 'self'; style-src 'unsafe-inline'",
        "csp-implemented-with-insecure-scheme-in-passive-content-only",
    ),
    (
        "object-src 'none'; script-src 'none'; style-src 'unsafe-inline'",
        "csp-implemented-with-unsafe-inline-in-style-src-only",
    ),
    (
        "default-src 'unsafe-inline'; script-src https://mozilla.org",
        "csp-implemented-with-unsafe-inline-in-style-src-only",
    ),
    (
        "default-src 'none';;; ;;;style-src 'self' 'unsafe-inline'",
        "csp-implemented-with-unsafe-inline-in-style-src-only",
    ),
    ("default-src 'none'; style-src data:", "csp-implemented-with-unsafe-inline-in-style-src-only"),
    ("default-src 'none'; style-src *", "csp-implemented-with-unsafe-inline-in-style-src-only"),
    (
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-abc=' 'unsafe-inline'",
        "csp-implemented-with-unsafe-inline-in-style-src-only",
    ),
    ("default-src https://mozilla.org", "csp-implemented-with-no-unsafe"),
    ("default-src https://mozilla.org;;; ;;;script-src 'none'", "csp-implemented-with-no-unsafe"),
    (
        "object-src 'none'; script-src 'strict-dynamic' 'nonce-abc' 'unsafe-inline'; style-src 'none'",
        "csp-implemented-with-no-unsafe",
    ),
    (
        "default-src https://mozilla.org; style-src 'unsafe-inline' 'nonce-abc123'",
        "csp-implemented-with-no-unsafe",
    ),
    ("default-src", "csp-implemented-with-no-unsafe-default-src-none"),
    (
        "default-src 'none'; script-src 'strict-dynamic' 'nonce-abc123' 'unsafe-inline'",
        "csp-implemented-with-no-unsafe-default-src-none",
    ),
    (
        "default-src 'none'; script-src 'strict-dynamic' 'sha256-abc123' https://*",
        "csp-implemented-with-no-unsafe-default-src-none",
    ),
    ("default-src 'none'; object-src https://mozilla.org", "csp-implemented-with-no-unsafe-default-src-none"),
    // Several policies in one field.
    (
        "default-src 'none'; script-src 'self', default-src 'none'; script-src 'self'",
        "csp-implemented-with-no-unsafe-default-src-none",
    ),
    (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline', default-src 'none'; \
         style-src 'self', default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'",
        "csp-implemented-with-no-unsafe-default-src-none",
    ),
    (
        "default-src https://mozilla.org, default-src https://mozilla.com",
        "csp-implemented-with-no-unsafe-default-src-none",
    ),
    (
        "default-src https://mozilla.org/fire, default-src https://mozilla.org/firefox/",
        "csp-implemented-with-no-unsafe-default-src-none",
    ),
    (
        "default-src https://mozilla.org/firefox/, default-src https://mozilla.org/firefox/download/",
        "csp-implemented-with-no-unsafe",
    ),
    ("default-src 'none'; report-uri /a; report-uri /b", "csp-implemented-but-duplicate-directives"),
];

/// Any other header of the page and its result.
const HEADERS: &[(&str, &str, &str)] = &[
    (
        "content-security-policy-report-only",
        "default-src 'none'",
        "csp-not-implemented-but-reporting-enabled",
    ),
    ("x-frame-options", "DENY ", "x-frame-options-sameorigin-or-deny"),
    ("x-frame-options", "SAMEORIGIN, SAMEORIGIN", "x-frame-options-header-invalid"),
    ("x-frame-options", "ALLOW-FROM https://mozilla.org", "x-frame-options-allow-from-origin"),
    ("content-security-policy", "frame-ancestors https://mozilla.org", "x-frame-options-implemented-via-csp"),
    ("x-content-type-options", "nosniff", "x-content-type-options-nosniff"),
    ("x-content-type-options", "whimsy", "x-content-type-options-header-invalid"),
    ("x-a", "1", "x-content-type-options-not-implemented"),
    ("referrer-policy", "STRICT-ORIGIN", "referrer-policy-private"),
    ("referrer-policy", "no-referrer, whimsy", "referrer-policy-private"),
    ("referrer-policy", "no-referrer, unsafe-url", "referrer-policy-unsafe"),
    ("referrer-policy", "origin-when-cross-origin", "referrer-policy-unsafe"),
    ("referrer-policy", "whimsy, whimsy1", "referrer-policy-header-invalid"),
    ("x-a", "1", "referrer-policy-not-implemented"),
    ("cross-origin-resource-policy", "same-origin", "corp-implemented-with-same-origin"),
    ("cross-origin-resource-policy", "Same-Site", "corp-implemented-with-same-site"),
    ("cross-origin-resource-policy", "cross-origin", "corp-implemented-with-cross-origin"),
    ("cross-origin-resource-policy", "whimsy", "corp-header-invalid"),
    ("x-a", "1", "corp-not-implemented"),
    ("cross-origin-opener-policy", "same-origin", "coop-implemented-with-same-origin"),
    ("cross-origin-opener-policy", "same-origin; report-to=\"coop\"", "coop-implemented-with-same-origin"),
    ("cross-origin-opener-policy", "same-origin; report-to", "coop-implemented-with-same-origin"),
    ("cross-origin-opener-policy", "same-origin; report-to=coop endpoint", "coop-header-invalid"),
    ("cross-origin-opener-policy", "\"same-origin\"", "coop-header-invalid"),
    ("cross-origin-opener-policy", "SAME-ORIGIN", "coop-header-invalid"),
    (
        "cross-origin-opener-policy",
        "same-origin-allow-popups",
        "coop-implemented-with-same-origin-allow-popups",
    ),
    ("cross-origin-opener-policy", "noopener-allow-popups", "coop-implemented-with-noopener-allow-popups"),
    ("cross-origin-opener-policy", "unsafe-none", "coop-implemented-with-unsafe-none"),
    ("x-a", "1", "coop-not-implemented"),
    ("cross-origin-embedder-policy", "require-corp", "coep-implemented-with-require-corp"),
    ("cross-origin-embedder-policy", "credentialless", "coep-implemented-with-credentialless"),
    ("cross-origin-embedder-policy", "unsafe-none", "coep-implemented-with-unsafe-none"),
    ("cross-origin-embedder-policy", "whimsy", "coep-header-invalid"),
    ("x-a", "1", "coep-not-implemented"),
];

const HSTS: &[(&str, &str)] = &[
    ("includeSubDomains; preload", "hsts-header-invalid"),
    ("max-age=15768000; includeSubDomains, max-age=15768000; includeSubDomains", "hsts-header-invalid"),
    ("max-age=86400", "hsts-implemented-max-age-less-than-six-months"),
    ("max-age=15768000; includeSubDomains; preload", "hsts-implemented-max-age-at-least-six-months"),
    ("max-age=15552000", "hsts-implemented-max-age-at-least-six-months"),
];

const COOKIES: &[(&[&str], Option<&str>, &str)] = &[
    (&[], None, "cookies-not-found"),
    (
        &[
            "SESSIONID=b; Path=/; Secure; HttpOnly",
            "foo=b; Secure; Path=/",
            "heroku-session-affinity=b; Path=/",
        ],
        None,
        "cookies-secure-with-httponly-sessions",
    ),
    (
        &["SESSIONID=b; Secure; HttpOnly; SameSite=Strict", "SESS2=b; Secure; HttpOnly; SameSite=None"],
        None,
        "cookies-secure-with-httponly-sessions-and-samesite",
    ),
    (
        &["SESSIONID=b; Secure; HttpOnly; SameSite=Strict", "SESS2=b; Secure; HttpOnly"],
        None,
        "cookies-secure-with-httponly-sessions",
    ),
    (&["CSRFTOKEN=b; Secure; HttpOnly"], None, "cookies-anticsrf-without-samesite-flag"),
    (&["SESSIONID=b; Secure; HttpOnly; SameSite="], None, "cookies-samesite-flag-invalid"),
    (&["SESSIONID=b; Secure; HttpOnly; SameSite=True"], None, "cookies-samesite-flag-invalid"),
    (&["foo=b; SameSite=None"], Some("max-age=15768000"), "cookies-samesite-flag-invalid"),
    (&["foo=b; Path=/"], Some("max-age=15768000"), "cookies-without-secure-flag-but-protected-by-hsts"),
    (
        &["SESSIONID=b; HttpOnly"],
        Some("max-age=15768000"),
        "cookies-session-without-secure-flag-but-protected-by-hsts",
    ),
    (&["foo=b; Path=/"], None, "cookies-without-secure-flag"),
    (&["SESSIONID=b; Secure"], None, "cookies-session-without-httponly-flag"),
    (&["SESSIONID=b; HttpOnly"], None, "cookies-session-without-secure-flag"),
    (&["SESSIONID=b"], None, "cookies-session-without-secure-flag"),
];

const ROUTES: &[(&[&str], &str)] = &[
    (&["http://mozilla.org/"], "redirection-missing"),
    (&["http://mozilla.org/", "http://www.mozilla.org/"], "redirection-not-to-https"),
    (&["http://mozilla.org/", "https://mozilla.org:8443/"], "redirection-to-https"),
    (
        &["http://mozilla.org/", "http://www.mozilla.org/", "https://www.mozilla.org/"],
        "redirection-not-to-https-on-initial-redirection",
    ),
    (&["http://mozilla.org/", "https://www.mozilla.org/"], "redirection-off-host-from-http"),
];

#[test]
fn results_are_those_of_the_public_scanner() {
    let mut tally = Tally::default();
    for (policy, expected) in POLICIES {
        tally.case(policy, &Site::new().with("content-security-policy", policy), expected);
    }
    for (name, value, expected) in HEADERS {
        tally.case(value, &Site::new().with(name, value), expected);
    }
    for (value, expected) in HSTS {
        tally.case(value, &Site::new().hsts(value), expected);
    }
    for (lines, hsts, expected) in COOKIES {
        let site = Site::new().cookies(lines);
        let site = match hsts {
            Some(value) => site.hsts(value),
            None => site,
        };
        tally.case(&lines.join(" | "), &site, expected);
    }
    for (route, expected) in ROUTES {
        tally.case(&route.join(" → "), &Site::new().route(route), expected);
    }
    tally.case("no HTTP", &Site { route: None, ..Site::new() }, "redirection-not-needed-no-http");
    tally.case("no HSTS", &Site::new(), "hsts-not-implemented");
    tally.case("no HTTPS", &Site { https: None, ..Site::new() }, "hsts-not-implemented-no-https");
    tally.case("bad certificate", &Site { trusted: false, ..Site::new() }, "hsts-invalid-cert");
    let preloaded = Site { preloaded: vec!["mozilla.org"], ..Site::new() };
    tally.case("preloaded", &preloaded, "hsts-preloaded");
    tally.case("preloaded", &preloaded, "redirection-all-redirects-preloaded");
    tally.case("not HTML", &Site::new().with("x", ""), "sri-not-implemented-but-no-scripts-loaded");
    let json = Site { headers: vec![("content-type".into(), "application/json".into())], ..Site::new() };
    tally.case("JSON", &json.page("{\"foo\": \"bar\"}"), "sri-not-implemented-response-not-html");
    let allow = |v: &'static str| ("access-control-allow-origin", v);
    tally.case("CORS", &Site::new(), "cross-origin-resource-sharing-not-implemented");
    tally.case(
        "*",
        &Site::new().cors(&[allow("*")]),
        "cross-origin-resource-sharing-implemented-with-public-access",
    );
    tally.case(
        "another",
        &Site::new().cors(&[allow("https://mozilla.org")]),
        "cross-origin-resource-sharing-implemented-with-restricted-access",
    );
    tally.case(
        "reflected with credentials",
        &Site::new().cors(&[allow(ORIGIN), ("access-control-allow-credentials", "true")]),
        "cross-origin-resource-sharing-implemented-with-universal-access",
    );
    pages(&mut tally);
    tally.finish();
}

/// The pages and the recorded site of the shared data.
fn pages(tally: &mut Tally) {
    let Some(folder) = bulwark_testkit::shared_data("monitor/httphdr") else { return };
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a page");
    for (name, expected) in SRI_PAGES {
        let html = read(&format!("test_content_sri_{name}.html"));
        tally.case(name, &Site::new().page(&html), expected);
    }
    for (name, header, expected) in META_PAGES {
        let mut site = Site::new().page(&read(&format!("test_parse_http_equiv_headers_{name}.html")));
        if let Some(policy) = header {
            site = site.with("content-security-policy", policy);
        }
        tally.case(name, &site, expected);
    }
    let recorded: serde_json::Value =
        serde_json::from_str(&read("observatory-mozilla-org.json")).expect("JSON");
    let fields = |which: &str| -> Vec<(String, String)> {
        let map = recorded["responses"][which]["headers"].as_object().expect("headers");
        map.iter().map(|(n, v)| (n.clone(), v.as_str().unwrap_or_default().to_owned())).collect()
    };
    let route: Vec<&str> = recorded["responses"]["httpRedirects"]
        .as_array()
        .expect("redirects")
        .iter()
        .filter_map(|r| r["url"].as_str())
        .collect();
    let site = Site {
        host: recorded["site"]["hostname"].as_str().expect("a host").to_owned(),
        headers: fields("auto"),
        https: Some(fields("https")),
        html: recorded["resources"]["path"].as_str().expect("a page").to_owned(),
        route: Some(urls(&route)),
        preloaded: vec!["mozilla.org"],
        ..Site::new()
    };
    let score = site.score();
    tally.all += 1;
    if (score.points, score.grade, score.outcomes.iter().all(|o| Outcome::pass(*o))) != (110, "A+", true) {
        tally.wrong.push(format!("recorded site: expected 110 A+, all passed; found {score:#?}"));
    }
}
