use proptest::prelude::*;

use super::*;

#[test]
fn hsts_by_rfc_6797() {
    let h = hsts("max-age=31536000; includeSubDomains; preload").expect("valid");
    assert_eq!((h.max_age, h.include_subdomains, h.preload), (31_536_000, true, true));
    assert_eq!(hsts(" Max-Age = \"86400\" ;; INCLUDESUBDOMAINS;x=\"a;b\" ").expect("valid").max_age, 86_400);
    assert_eq!(hsts("max-age=0;new=1").expect("valid").unknown, ["new"]);
    assert_eq!(hsts("max-age=99999999999999999999").expect("valid").max_age, u64::MAX);
    for (bad, error) in [
        ("", HstsError::NoMaxAge),
        ("includeSubDomains", HstsError::NoMaxAge),
        ("max-age", HstsError::BadMaxAge),
        ("max-age=", HstsError::BadMaxAge),
        ("max-age=-1", HstsError::BadMaxAge),
        ("max-age=1y", HstsError::BadMaxAge),
        ("max-age=1; max-age=2", HstsError::Duplicate),
        ("max-age=1, includeSubDomains", HstsError::BadMaxAge),
        ("max-age=1; include SubDomains", HstsError::Syntax),
        ("\"max-age=1\"", HstsError::Syntax),
    ] {
        assert_eq!(hsts(bad), Err(error), "{bad}");
        assert!(!error.text().is_empty());
    }
}

#[test]
fn cookies_and_their_prefixes() {
    let c = cookie("JSESSIONID=ABC=; Path=/; Secure; HttpOnly; SameSite=Lax; Domain=.Example.TW; Max-Age=60")
        .expect("one");
    assert_eq!((c.name.as_str(), c.value_length), ("JSESSIONID", 4));
    assert!(c.secure && c.http_only && c.persistent && c.looks_like_session());
    assert_eq!(
        (c.same_site, c.domain.as_deref(), c.path.as_deref()),
        (Some(SameSite::Lax), Some("example.tw"), Some("/"))
    );
    assert_eq!(c.rejected, None);
    for (text, error) in [
        ("__Host-a=1; Path=/", CookieError::PrefixNeedsSecure),
        ("__secure-a=1", CookieError::PrefixNeedsSecure),
        ("__Host-a=1; Secure; Path=/; Domain=a.tw", CookieError::HostPrefixWithDomain),
        ("__Host-a=1; Secure", CookieError::HostPrefixNeedsRootPath),
        ("a=1; SameSite=None", CookieError::SameSiteNoneNeedsSecure),
    ] {
        assert_eq!(cookie(text).and_then(|c| c.rejected), Some(error), "{text}");
        assert!(!error.text().is_empty());
    }
    assert_eq!(cookie("__Host-a=1; secure; PATH=/").map(|c| c.rejected), Some(None));
    for nothing in ["", "novalue", "=x", " ; Secure"] {
        assert_eq!(cookie(nothing), None, "{nothing}");
    }
    let session = |name: &str| cookie(&format!("{name}=1")).is_some_and(|c| c.looks_like_session());
    for yes in ["PHPSESSID", "ASP.NET_SessionId", "connect.sid", ".ASPXAUTH", "access_token", "sid"] {
        assert!(session(yes), "{yes}");
    }
    for no in ["XSRF-TOKEN", "lang", "_ga", "theme", "sidebar", "inside_page"] {
        assert!(!session(no), "{no}");
    }
}

#[test]
fn caching_types_and_small_fields() {
    let c = cache_control("private, no-cache=\"Set-Cookie, X\", max-age=\"60\", S-MaxAge=x, max-age=9");
    assert!(c.private && c.no_cache && !c.no_store && !c.public);
    assert_eq!((c.max_age, c.s_maxage), (Some(60), Some(0)));
    assert!(cache_control("No-Store,must-revalidate").no_store);
    assert_eq!(content_encodings("gzip, identity ,BR,"), ["gzip", "br"]);
    assert_eq!(media_type("Text/HTML; charset=x").as_deref(), Some("text/html"));
    assert_eq!((media_type("html"), media_type("")), (None, None));
    assert_eq!(charset("text/html; x=\"charset=no; \"; Charset=\"UTF-8\"").as_deref(), Some("utf-8"));
    assert_eq!(charset("text/html"), None);
    assert_eq!(referrer_policy("no-referrer, Strict-Origin, future"), Some("strict-origin"));
    assert_eq!(referrer_policy("none"), None);
    assert!(no_sniff(" NoSniff") && !no_sniff("sniff") && !no_sniff("x, nosniff"));
    assert_eq!(frame_options("deny"), FrameOptions::Deny);
    assert_eq!(frame_options("SAMEORIGIN, SAMEORIGIN"), FrameOptions::SameOrigin);
    assert_eq!(frame_options("DENY, SAMEORIGIN"), FrameOptions::Invalid);
    assert_eq!(frame_options("ALLOW-FROM https://a.tw"), FrameOptions::Invalid);
    let told: Vec<_> =
        disclosures("Apache/2.4.57 (Debian) PHP/8.2.1 mod_x").into_iter().map(|p| p.name).collect();
    assert_eq!(told, ["Apache", "PHP"]);
    assert_eq!(disclosures("nginx"), []);
}

#[test]
fn policies() {
    let all = csp(
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' ; Script-Src *;; frame-ancestors 'none', object-src 'none'",
    );
    assert_eq!(all.len(), 2);
    let first = all.first().expect("one");
    assert!(first.has_unsafe_inline() && first.has_unsafe_eval() && first.has_frame_ancestors());
    assert_eq!(first.duplicates, ["script-src"]);
    assert!(!first.allows_any_script_host());
    assert_eq!(first.style_sources().map(<[String]>::len), Some(1));
    let second = all.get(1).expect("two");
    assert!(second.allows_inline_script() && !second.has_unsafe_inline() && second.allows_any_script_host());
    let nonce = csp("script-src 'nonce-r4nd' 'unsafe-inline' https:");
    let nonce = nonce.first().expect("one");
    assert!(!nonce.has_unsafe_inline() && nonce.allows_any_script_host());
    let strict = csp("script-src 'strict-dynamic' 'unsafe-inline' *");
    assert!(strict.iter().all(|p| !p.has_unsafe_inline() && !p.allows_any_script_host()));
    assert_eq!(csp(" ; ,"), []);
}

#[test]
fn dates() {
    let want = "1994-11-06T08:49:37Z".parse().ok();
    for date in [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun, 06-Nov-1994 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Mon, 06 Nov 1994 08:49:37 UTC",
    ] {
        assert_eq!(http_date(date), want, "{date}");
    }
    assert_eq!(http_date("Friday, 01-Jan-27 00:00:00 GMT"), "2027-01-01T00:00:00Z".parse().ok());
    assert_eq!(http_date("Sat, 31 Dec 2016 23:59:60 GMT"), "2016-12-31T23:59:59Z".parse().ok());
    for bad in [
        "",
        "0",
        "-1",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49 GMT",
        "Xyz, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 +0800",
        "1994-11-06T08:49:37Z",
    ] {
        assert_eq!(http_date(bad), None, "{bad}");
    }
}

proptest! {
    #[test]
    fn never_panics(data in proptest::collection::vec(any::<u8>(), 0..200)) {
        fuzz_header(&data);
    }

    #[test]
    fn near_fields_never_panic(text in "[-a-zA-Z0-9=;, :\"\\\\/'\u{e9}]{0,80}") {
        fuzz_header(text.as_bytes());
    }

    #[test]
    fn dates_round_trip(second in 0i64..4_000_000_000) {
        let t = jiff::Timestamp::from_second(second).expect("in range");
        let text = t.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        prop_assert_eq!(http_date(&text), Some(t));
    }
}
