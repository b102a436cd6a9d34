//! HTTP header fields: HSTS (RFC 6797), cookies (RFC 6265bis), caching (RFC 9111), CSP 3, dates
//! (RFC 9110 §5.6.7) and the small security headers.

mod alt;
mod cookie;
mod csp;
mod date;
mod field;

pub use alt::{Alternative, alt_svc};
pub use cookie::{Cookie, CookieError, SameSite, cookie};
pub use csp::{Csp, Weakness, csp};
pub use date::http_date;
pub use field::{
    CacheControl, FrameOptions, Hsts, HstsError, cache_control, charset, content_encodings, disclosures,
    frame_options, hsts, media_type, no_sniff, policy_token, referrer_policy,
};

/// Entry point for fuzzing and property tests.
pub fn fuzz_header(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = (hsts(&text), cache_control(&text), content_encodings(&text), disclosures(&text));
    let _ =
        (media_type(&text), charset(&text), referrer_policy(&text), no_sniff(&text), frame_options(&text));
    let _ = alt_svc(&text);
    let _ = policy_token(text.lines());
    let _ = (http_date(&text), cookie(&text).map(|c| c.looks_like_session()));
    for policy in csp(&text) {
        let _ = (policy.allows_inline_script(), policy.has_unsafe_eval(), policy.allows_any_script_host());
        let _ = policy.weaknesses();
    }
}

#[cfg(test)]
mod tests;
