//! Which names and addresses can carry passkeys.

use url::{Host, Url};
use webauthn_rp::request::{AsciiDomain, RpId};

use super::{PasskeyError, RelyingParty};

impl RelyingParty {
    /// Us under the domain `rp_id`, at the web address `origin`, shown to people as `name`.
    ///
    /// `rp_id` is the domain of `origin` or one above it; a port in `origin` is part of what is compared. Changing
    /// `rp_id` later makes every registered passkey useless. Without TLS only `localhost` works, because browsers
    /// offer passkeys in secure contexts only.
    ///
    /// # Errors
    /// When browsers would refuse these: an IP address, another domain, no TLS.
    pub fn new(rp_id: &str, origin: &str, name: &str) -> Result<Self, PasskeyError> {
        let bad =
            |field, value: &str, why| PasskeyError::Configuration { field, value: value.to_owned(), why };
        let bad_origin = |why| bad("origin", origin, why);
        let parsed = Url::parse(origin).map_err(|_| bad_origin("not a web address"))?;
        if parsed.path() != "/"
            || parsed.query().is_some()
            || parsed.fragment().is_some()
            || !parsed.username().is_empty()
            || parsed.password().is_some()
        {
            return Err(bad_origin("an origin is scheme, host and port only"));
        }
        let Some(Host::Domain(host)) = parsed.host() else {
            return Err(bad_origin("passkeys need a name, not an address"));
        };
        let local = host == "localhost" || host.ends_with(".localhost");
        match parsed.scheme() {
            "https" => {}
            "http" if local => {}
            _ => return Err(bad_origin("browsers offer passkeys over https only, except on localhost")),
        }
        let domain = rp_id.strip_suffix('.').unwrap_or(rp_id).to_ascii_lowercase();
        if domain != host && !host.ends_with(&format!(".{domain}")) {
            return Err(bad("rp_id", rp_id, "it is neither the host of origin nor a domain above it"));
        }
        let id = AsciiDomain::try_from(domain).map_err(|_| bad("rp_id", rp_id, "not a domain"))?;
        let origin = parsed.origin().ascii_serialization();
        Ok(Self { id: RpId::Domain(id), origin, name: name.to_owned() })
    }

    /// The one origin whose answers are taken, as browsers write it.
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(rp_id: &str, origin: &str) -> &'static str {
        match RelyingParty::new(rp_id, origin, "x") {
            Err(PasskeyError::Configuration { why, .. }) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn origins_are_written_as_browsers_write_them() {
        for (rp_id, given, origin) in [
            ("localhost", "http://localhost:8443", "http://localhost:8443"),
            ("localhost", "http://LOCALHOST:80/", "http://localhost"),
            ("gov.tw", "https://console.gov.tw:443/", "https://console.gov.tw"),
            ("Console.gov.tw.", "https://console.gov.tw:8443", "https://console.gov.tw:8443"),
        ] {
            assert_eq!(RelyingParty::new(rp_id, given, "x").unwrap().origin(), origin);
        }
    }

    #[test]
    fn what_browsers_refuse_is_named() {
        assert_eq!(why("localhost", "http://127.0.0.1:8443"), "passkeys need a name, not an address");
        assert_eq!(why("localhost", "https://[::1]"), "passkeys need a name, not an address");
        assert!(why("a.tw", "http://a.tw").contains("https"));
        assert!(why("a.tw", "https://b.tw").contains("above"));
        assert!(why("a.tw", "https://xa.tw").contains("above"));
        assert!(why("", "https://a.tw").contains("above") || why("", "https://a.tw").contains("domain"));
        assert!(why("a.tw", "https://a.tw/console").contains("only"));
        assert_eq!(why("a.tw", "a.tw"), "not a web address");
    }
}
