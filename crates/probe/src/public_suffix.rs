//! The part of a name that one organisation has registered, by the list of public suffixes
//! (publicsuffix.org) as it stood when the crate `psl` was built.

use std::net::IpAddr;

/// The organisational domain of a host (RFC 7489 §3.2): its public suffix and one label more. `None`
/// for addresses, single labels, and names that are public suffixes themselves.
pub fn organisational_domain(host: &str) -> Option<String> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    if host.parse::<IpAddr>().is_ok() || host.starts_with('[') {
        return None;
    }
    psl::domain_str(&host).map(str::to_owned)
}

/// True for hosts of the same organisational domain, or the same host when there is none.
pub fn same_site(a: &str, b: &str) -> bool {
    match (organisational_domain(a), organisational_domain(b)) {
        (Some(a), Some(b)) => a == b,
        (None, None) => a.trim_end_matches('.').eq_ignore_ascii_case(b.trim_end_matches('.')),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn organisations_end_where_the_list_says() {
        for (host, domain) in [
            ("WWW.Agency.gov.tw.", Some("agency.gov.tw")),
            ("a.b.com.tw", Some("b.com.tw")),
            ("www.a.tw", Some("a.tw")),
            ("gov.tw", None),
            ("tw", None),
            // Registries and platforms that no rule about two-letter endings would know.
            ("www.a.co.uk", Some("a.co.uk")),
            ("a.b.c.kobe.jp", Some("b.c.kobe.jp")),
            ("www.city.kobe.jp", Some("city.kobe.jp")),
            ("agency.github.io", Some("agency.github.io")),
            ("a.b.xn--kpry57d", Some("b.xn--kpry57d")),
            // Not on the list: the last label counts as the suffix.
            ("www.agency.internal", Some("agency.internal")),
            ("192.0.2.1", None),
            ("2001:db8::1", None),
            ("[2001:db8::1]", None),
            ("localhost", None),
            ("", None),
            (".", None),
        ] {
            assert_eq!(organisational_domain(host).as_deref(), domain, "{host}");
        }
    }

    #[test]
    fn sites_by_their_organisational_domain() {
        assert!(same_site("www.a.gov.tw", "static.a.gov.tw"));
        assert!(!same_site("www.a.gov.tw", "www.b.gov.tw"));
        assert!(same_site("mozilla.org", "www.mozilla.org."));
        assert!(!same_site("a.github.io", "b.github.io"));
        assert!(!same_site("127.0.0.1", "127.0.0.2"));
        assert!(same_site("localhost", "LOCALHOST"));
        assert!(!same_site("gov.tw", "a.gov.tw"));
    }

    proptest! {
        #[test]
        fn never_panics(host in ".{0,80}") {
            let domain = organisational_domain(&host);
            prop_assert!(domain.is_none_or(|d| host.to_ascii_lowercase().contains(&d)));
        }
    }
}
