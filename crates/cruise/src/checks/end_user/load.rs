//! What a page costs to load: weight, number of requests, compression, caching, protocol.

use bulwark_i18n::{args, file_size};
use bulwark_model::Severity;
use bulwark_probe::evidence::{Exchange, Page, Resource};
use bulwark_probe::failure::Code;
use bulwark_probe::header;

use super::visit::{Landing, authority, landings, masked, plain_url, settle, ten_lines};
use crate::check::{Case, Sheet};

const MIB: u64 = 1024 * 1024;
/// A page heavier than this is a warning, and than [`HEAVY_FAIL`] a failure.
const HEAVY_WARN: u64 = 2 * MIB;
const HEAVY_FAIL: u64 = 5 * MIB;
/// More requests than this are a warning, and than [`MANY_FAIL`] a failure.
const MANY_WARN: usize = 60;
const MANY_FAIL: usize = 120;
/// Below this a compressed answer does not save a packet.
const WORTH_COMPRESSING: u64 = 1024;

/// Pages with their sub-resources.
fn pages<'a>(case: &Case<'a>) -> impl Iterator<Item = (Landing<'a>, &'a Page)> {
    landings(case).into_iter().filter_map(|l| l.visit.page.map(|p| (l, p)))
}

/// Bytes of a body on the wire; when we stopped reading, what the server announced.
fn wire_bytes(x: &Exchange) -> u64 {
    let announced =
        if x.truncated { x.header("content-length").and_then(|v| v.trim().parse().ok()) } else { None };
    announced.unwrap_or(0_u64).max(x.body_bytes)
}

/// Bytes on the wire of a page, its redirects and its sub-resources: over 2 MiB warning, over 5 MiB
/// failure (4 s at 10 Mbit/s). Sub-resources not fetched (out of scope, too many) are not weighed,
/// so the sum is a lower bound; that is said.
pub(super) fn page_weight(case: &Case<'_>, sheet: &mut Sheet) {
    for (landing, page) in pages(case) {
        let asset = landing.asset.as_str();
        if let Some(failure) = &landing.answer.body_failure {
            sheet.error(asset, failure).from(&landing.visit.piece);
            continue;
        }
        let hops = page.page.hops.iter().map(wire_bytes).fold(0, u64::saturating_add);
        let mut parts: Vec<(u64, String)> = page
            .resources
            .iter()
            .filter_map(|r| r.answer.as_ref().ok().map(|x| (wire_bytes(x), short(&r.url))))
            .collect();
        let unweighed =
            page.resources.len().saturating_sub(parts.len()).saturating_add(page.skipped as usize);
        let total = parts.iter().fold(hops, |sum, (bytes, _)| sum.saturating_add(*bytes));
        parts.push((hops, asset.to_owned()));
        parts.sort_by(|a, b| b.cmp(a));
        let lines: Vec<String> =
            parts.iter().take(9).map(|(b, u)| format!("{} {u}", file_size(*b))).collect();
        let args = args![url = asset, size = file_size(total), unweighed = unweighed];
        let entry = if total > HEAVY_FAIL {
            sheet.fail(asset, "heavy", &args)
        } else if total > HEAVY_WARN {
            sheet.warn(asset, "heavy", &args)
        } else {
            sheet.pass(asset, "pass", &args)
        };
        entry.excerpt(ten_lines(&lines)).from(&landing.visit.piece);
    }
}

/// Requests of a page: redirects, the page and everything its HTML names; over 60 warning, over 120
/// failure. What scripts load later is not seen without a browser.
pub(super) fn request_count(case: &Case<'_>, sheet: &mut Sheet) {
    for (landing, page) in pages(case) {
        let asset = landing.asset.as_str();
        let count =
            page.page.hops.len().saturating_add(page.resources.len()).saturating_add(page.skipped as usize);
        let args = args![url = asset, count = count];
        let entry = if count > MANY_FAIL {
            sheet.fail(asset, "many", &args)
        } else if count > MANY_WARN {
            sheet.warn(asset, "many", &args)
        } else {
            sheet.pass(asset, "pass", &args)
        };
        let mut roles: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
        for r in &page.resources {
            *roles.entry(&r.role).or_default() += 1;
        }
        let lines: Vec<String> = roles.iter().map(|(role, n)| format!("{} {n}", masked(role))).collect();
        entry.excerpt(ten_lines(&lines)).from(&landing.visit.piece);
    }
}

/// True for media types that shrink when compressed.
fn is_text(x: &Exchange) -> bool {
    x.header("content-type").and_then(header::media_type).is_some_and(|t| {
        t.starts_with("text/")
            || t.ends_with("+json")
            || t.ends_with("+xml")
            || [
                "application/json",
                "application/javascript",
                "application/x-javascript",
                "application/ecmascript",
                "application/xml",
                "application/manifest+json",
                "application/wasm",
            ]
            .contains(&t.as_str())
    })
}

/// Text answers (page, scripts, styles, SVG, JSON) over 1 KiB must come with a content coding
/// (RFC 9110 §8.4). One line a page, whatever the number of files.
pub(super) fn compression(case: &Case<'_>, sheet: &mut Sheet) {
    for (landing, page) in pages(case) {
        let asset = landing.asset.as_str();
        let mut texts = 0_usize;
        let mut plain: Vec<(u64, String)> = Vec::new();
        let fetched = page.resources.iter().filter_map(|r| r.answer.as_ref().ok());
        for x in std::iter::once(landing.answer).chain(fetched) {
            let size = x.decoded_bytes.max(x.body_bytes);
            if !is_text(x)
                || size <= WORTH_COMPRESSING
                || x.method == "HEAD"
                || !(200..300).contains(&x.status)
            {
                continue;
            }
            texts = texts.saturating_add(1);
            if x.headers_named("content-encoding").all(|v| header::content_encodings(v).is_empty()) {
                plain.push((size, short(&x.url)));
            }
        }
        if texts == 0 {
            sheet.not_applicable(asset, "nothing", &args![url = asset]).from(&landing.visit.piece);
            continue;
        }
        let bytes = plain.iter().fold(0_u64, |sum, (b, _)| sum.saturating_add(*b));
        plain.sort_by(|a, b| b.cmp(a));
        let args = args![url = asset, texts = texts, plain = plain.len(), size = file_size(bytes)];
        let entry = if plain.is_empty() {
            sheet.pass(asset, "pass", &args)
        } else {
            let lines: Vec<String> = plain.iter().map(|(b, u)| format!("{} {u}", file_size(*b))).collect();
            sheet.fail(asset, "uncompressed", &args).excerpt(ten_lines(&lines))
        };
        entry.from(&landing.visit.piece);
    }
}

/// How a browser may keep a static file (RFC 9111 §4.2, RFC 8246).
enum Keep {
    /// A lifetime is given.
    Fresh,
    /// Only a validator: the browser asks again or guesses (§4.2.2).
    Validated,
    /// Fetched anew each time.
    Nothing,
}

fn keep(x: &Exchange) -> Keep {
    let fields: Vec<&str> = x.headers_named("cache-control").collect();
    let control = header::cache_control(&fields.join(", "));
    if control.no_store {
        return Keep::Nothing;
    }
    let expires = || {
        let at = header::http_date(x.header("expires")?)?;
        let now = header::http_date(x.header("date")?)?;
        Some(at > now)
    };
    let fresh = match control.max_age {
        Some(age) => age > 0,
        // Cache-Control wins over Expires (RFC 9111 §5.3).
        None => control.immutable || expires().unwrap_or(false),
    };
    if fresh && !control.no_cache {
        Keep::Fresh
    } else if x.header("etag").is_some() || x.header("last-modified").is_some() {
        Keep::Validated
    } else {
        Keep::Nothing
    }
}

/// Static files (script, style, image, font) of a page: a failure when neither a lifetime
/// (`Cache-Control: max-age`, `immutable`, `Expires`) nor a validator (`ETag`, `Last-Modified`) is
/// given or `no-store` forbids keeping, a warning when there are only validators.
pub(super) fn caching(case: &Case<'_>, sheet: &mut Sheet) {
    for (landing, page) in pages(case) {
        let asset = landing.asset.as_str();
        let files: Vec<(&Resource, &Exchange)> = page
            .resources
            .iter()
            .filter(|r| ["script", "style", "image", "font"].contains(&r.role.as_str()))
            .filter_map(|r| r.answer.as_ref().ok().map(|x| (r, x)))
            .filter(|(_, x)| x.status == 200)
            .collect();
        if files.is_empty() {
            sheet.not_applicable(asset, "nothing", &args![url = asset]).from(&landing.visit.piece);
            continue;
        }
        let mut never = Vec::new();
        let mut asked = Vec::new();
        for (r, x) in &files {
            let line = format!(
                "cache-control: {} {}",
                masked(x.header("cache-control").unwrap_or("-")),
                short(&r.url)
            );
            match keep(x) {
                Keep::Fresh => {}
                Keep::Validated => asked.push(line),
                Keep::Nothing => never.push(line),
            }
        }
        let files = files.len();
        let entry = if !never.is_empty() {
            sheet
                .fail(asset, "none", &args![url = asset, count = never.len(), files = files])
                .excerpt(ten_lines(&never))
        } else if !asked.is_empty() {
            sheet
                .warn(asset, "only_validators", &args![url = asset, count = asked.len(), files = files])
                .excerpt(ten_lines(&asked))
        } else {
            sheet.pass(asset, "pass", &args![url = asset, files = files])
        };
        entry.from(&landing.visit.piece);
    }
}

/// HTTP/2 (RFC 9113) or newer over TLS: by the protocol of the answer, by ALPN of a handshake with the
/// same host and port (RFC 7301), or by `Alt-Svc: h3` (RFC 9114 §3.1). One line an origin.
pub(super) fn http2(case: &Case<'_>, sheet: &mut Sheet) {
    settle(case, sheet);
    for piece in case.failed(&["tls_handshake"]) {
        // A handshake is a second witness only; its own trouble belongs to the network domain.
        sheet.handled(&piece);
    }
    let mut seen = std::collections::BTreeSet::new();
    for landing in landings(case) {
        let Some(url) = &landing.url else { continue };
        let asset = authority(url);
        if !seen.insert((asset.clone(), landing.encrypted())) {
            continue;
        }
        if !landing.encrypted() {
            sheet.not_applicable(&asset, "plain", &args![url = landing.asset]).from(&landing.visit.piece);
            continue;
        }
        let port = url.port_or_known_default().unwrap_or(443);
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let handshake = case
            .tls_handshakes()
            .find(|h| h.body.host.eq_ignore_ascii_case(host) && h.body.port == port && h.body.alpn.is_some());
        let alpn = handshake.and_then(|h| h.body.alpn.as_deref()).unwrap_or("-");
        let h3 = landing.answer.headers_named("alt-svc").any(|v| v.contains("h3=") || v.contains("h3-"));
        let protocol = landing.answer.protocol.as_str();
        let shown = format!("protocol: {} · ALPN: {}", masked(protocol), masked(alpn));
        let modern = protocol.starts_with("HTTP/2") || protocol.starts_with("HTTP/3") || alpn == "h2" || h3;
        let sentence_args = args![host = asset, protocol = masked(protocol)];
        let mut entry = if modern {
            sheet.pass(&asset, "pass", &sentence_args)
        } else {
            sheet.fail(&asset, "old", &sentence_args)
        }
        .excerpt(shown)
        .from(&landing.visit.piece);
        if let Some(handshake) = &handshake {
            entry = entry.from(handshake);
        }
        let _ = entry;
    }
}

/// Sub-resources that answer 4xx or 5xx. 429 is our own pace and not counted; out-of-scope resources
/// are not fetched and not judged. A missing script or style breaks the page (medium), a missing image
/// does not (low).
pub(super) fn broken_resources(case: &Case<'_>, sheet: &mut Sheet) {
    for (landing, page) in pages(case) {
        let asset = landing.asset.as_str();
        let mut fetched = 0_usize;
        let mut broken = Vec::new();
        let mut breaks_page = false;
        let mut trouble = None;
        for r in &page.resources {
            match &r.answer {
                Ok(x) if x.status >= 400 && x.status != 429 => {
                    fetched = fetched.saturating_add(1);
                    breaks_page |= r.role == "script" || r.role == "style";
                    broken.push(format!("{} {} {}", x.status, masked(&r.role), short(&r.url)));
                }
                Ok(_) => fetched = fetched.saturating_add(1),
                Err(f) if matches!(f.code, Code::OutOfScope | Code::RedirectOutOfScope) => {}
                Err(f) => trouble = trouble.or(Some(f)),
            }
        }
        let args = args![url = asset, count = broken.len(), fetched = fetched];
        if !broken.is_empty() {
            let severity = if breaks_page { Severity::Medium } else { Severity::Low };
            sheet
                .fail(asset, "broken", &args)
                .severity(severity)
                .excerpt(ten_lines(&broken))
                .from(&landing.visit.piece);
        } else if let Some(failure) = trouble {
            sheet.error(asset, failure).from(&landing.visit.piece);
        } else if fetched == 0 {
            sheet.not_applicable(asset, "nothing", &args).from(&landing.visit.piece);
        } else {
            sheet.pass(asset, "pass", &args).from(&landing.visit.piece);
        }
    }
}

/// An address for an excerpt.
pub(super) fn short(url: &str) -> String {
    plain_url(url).chars().take(120).collect()
}
