//! The tests that need one header, or little more.

use super::{Https, Input, Outcome, Plain, first, values};
use crate::html::meta_referrer;

/// Half a year. The published rule says 15 768 000 s; the scanner forgives the common 180 days.
const HALF_A_YEAR_S: u64 = 15_552_000;

/// Cross-Origin Resource Sharing: an origin that may read everything with credentials.
pub(super) fn cors(input: &Input<'_>) -> Outcome {
    let Some(cors) = input.cors else { return Outcome::CorsNone };
    let credentials = first(cors.headers, "access-control-allow-credentials")
        .is_some_and(|v| v.eq_ignore_ascii_case("true"));
    match first(cors.headers, "access-control-allow-origin") {
        None => Outcome::CorsNone,
        Some("*") => Outcome::CorsPublic,
        Some(origin) if origin == cors.origin && credentials => Outcome::CorsUniversal,
        Some(_) => Outcome::CorsRestricted,
    }
}

/// From plain HTTP to HTTPS on the same host first.
pub(super) fn redirection(input: &Input<'_>) -> Outcome {
    let route = match input.plain {
        Plain::Closed => return Outcome::RedirectionNoHttp,
        Plain::Untrusted => return Outcome::RedirectionUntrusted,
        Plain::Route(route) => route,
    };
    let secure = |url: Option<&url::Url>| url.is_some_and(|u| u.scheme() == "https");
    if route.iter().all(|u| u.host_str().is_some_and(input.preloaded)) {
        Outcome::RedirectionPreloaded
    } else if route.len() <= 1 {
        Outcome::RedirectionMissing
    } else if !secure(route.last()) {
        Outcome::RedirectionNotToHttps
    } else if !secure(route.get(1)) {
        Outcome::RedirectionLate
    } else if route.first().is_some_and(|u| u.scheme() == "http")
        && route.first().map(url::Url::host_str) != route.get(1).map(url::Url::host_str)
    {
        Outcome::RedirectionOffHost
    } else {
        Outcome::RedirectionGood
    }
}

/// Referrer-Policy: the last word known, `<meta>` after the header.
pub(super) fn referrer_policy(input: &Input<'_>) -> Outcome {
    let mut all: Vec<String> = values(input.headers, "referrer-policy").map(str::to_owned).collect();
    all.extend(meta_referrer(input.html));
    if all.is_empty() {
        return Outcome::ReferrerMissing;
    }
    match crate::header::referrer_policy(&all.join(",")) {
        Some("no-referrer" | "same-origin" | "strict-origin" | "strict-origin-when-cross-origin") => {
            Outcome::ReferrerPrivate
        }
        Some(_) => Outcome::ReferrerUnsafe,
        None => Outcome::ReferrerInvalid,
    }
}

/// Strict-Transport-Security, read as leniently as the scanner does.
pub(super) fn hsts(input: &Input<'_>) -> Outcome {
    let answers = !matches!(input.https, Https::None) || !matches!(input.plain, Plain::Closed);
    if answers && (input.preloaded)(input.host) {
        return Outcome::HstsPreloaded;
    }
    let headers = match input.https {
        Https::None => return Outcome::HstsNoHttps,
        Https::Untrusted => return Outcome::HstsUntrusted,
        Https::Headers(headers) => headers,
    };
    let Some(field) = values(headers, "strict-transport-security").next() else {
        return Outcome::HstsMissing;
    };
    if field.contains(',') {
        return Outcome::HstsInvalid;
    }
    let mut ages = field.split(';').filter_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("max-age").then(|| value.trim().trim_matches('"'))
    });
    let digits = ages.next_back().map(|v| v.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default());
    match digits {
        None | Some("") => Outcome::HstsInvalid,
        Some(digits) if digits.parse().unwrap_or(u64::MAX) < HALF_A_YEAR_S => Outcome::HstsShort,
        Some(_) => Outcome::HstsLong,
    }
}

/// X-Content-Type-Options.
pub(super) fn content_type_options(input: &Input<'_>) -> Outcome {
    match first(input.headers, "x-content-type-options") {
        None => Outcome::NosniffMissing,
        Some(v) if v.eq_ignore_ascii_case("nosniff") => Outcome::NosniffSet,
        Some(_) => Outcome::NosniffInvalid,
    }
}

/// X-Frame-Options; `frame-ancestors` makes it superfluous.
pub(super) fn frame_options(input: &Input<'_>, frame_ancestors: bool) -> Outcome {
    if frame_ancestors {
        return Outcome::FramesByCsp;
    }
    match first(input.headers, "x-frame-options").map(str::to_ascii_lowercase).as_deref() {
        None => Outcome::FramesMissing,
        Some("deny" | "sameorigin") => Outcome::FramesByHeader,
        Some(v) if v.starts_with("allow-from") => Outcome::FramesAllowFrom,
        Some(_) => Outcome::FramesInvalid,
    }
}

/// Cross-Origin-Resource-Policy.
pub(super) fn corp(input: &Input<'_>) -> Outcome {
    let field = first(input.headers, "cross-origin-resource-policy").map(str::to_ascii_lowercase);
    match field.as_deref() {
        None => Outcome::CorpMissing,
        Some("same-origin") => Outcome::CorpSameOrigin,
        Some("same-site") => Outcome::CorpSameSite,
        Some("cross-origin") => Outcome::CorpCrossOrigin,
        Some(_) => Outcome::CorpInvalid,
    }
}

/// Cross-Origin-Opener-Policy.
pub(super) fn coop(input: &Input<'_>) -> Outcome {
    match crate::header::policy_token(values(input.headers, "cross-origin-opener-policy")) {
        None => Outcome::CoopMissing,
        Some(Some("same-origin")) => Outcome::CoopSameOrigin,
        Some(Some("same-origin-allow-popups")) => Outcome::CoopAllowPopups,
        Some(Some("noopener-allow-popups")) => Outcome::CoopNoopener,
        Some(Some("unsafe-none")) => Outcome::CoopUnsafeNone,
        Some(_) => Outcome::CoopInvalid,
    }
}

/// Cross-Origin-Embedder-Policy.
pub(super) fn coep(input: &Input<'_>) -> Outcome {
    match crate::header::policy_token(values(input.headers, "cross-origin-embedder-policy")) {
        None => Outcome::CoepMissing,
        Some(Some("require-corp")) => Outcome::CoepRequireCorp,
        Some(Some("credentialless")) => Outcome::CoepCredentialless,
        Some(Some("unsafe-none")) => Outcome::CoepUnsafeNone,
        Some(_) => Outcome::CoepInvalid,
    }
}
