//! Sending less: newer codings, and nothing at all when nothing changed.

use bulwark_i18n::args;
use bulwark_probe::header;

use super::visit::masked;
use super::ways::ways;
use crate::check::{Case, Sheet};

/// Smaller pages gain nothing from another coding.
const SMALL_BYTES: u64 = 1024;

/// `end_user.compression-modern`: to a browser that offers Brotli (RFC 7932) and Zstandard (RFC 8878) the
/// server answers with one of them. Advice: gzip works, but sends a fifth more. No coding at all is told
/// by `end_user.compression`.
pub(super) fn compression_modern(case: &Case<'_>, sheet: &mut Sheet) {
    for page in ways(case) {
        let asset = page.asset.as_str();
        let answer = match page.answer("encodings") {
            None => continue,
            Some(Err(e)) => {
                sheet.error(asset, e).from(&page.piece);
                continue;
            }
            Some(Ok(answer)) => answer,
        };
        let field = answer.header("content-encoding").unwrap_or_default();
        let codings = header::content_encodings(field);
        let values = args![url = asset, coding = masked(field)];
        let modern = codings.iter().any(|c| c == "br" || c == "zstd");
        let entry = if !(200..300).contains(&answer.status) {
            sheet.not_tested(asset, "other_answer", &args![url = asset, status = answer.status])
        } else if modern {
            sheet.pass(asset, "pass", &values)
        } else if !codings.is_empty() {
            sheet.fail(asset, "older", &values)
        } else if answer.body_bytes < SMALL_BYTES {
            sheet.not_applicable(asset, "small", &values)
        } else {
            sheet.info(asset, "none", &values)
        };
        let sent = page.sent("encodings", "accept-encoding").unwrap_or_default();
        entry
            .excerpt(format!(
                "accept-encoding: {sent} → content-encoding: {} · {} B",
                if field.is_empty() { "-".to_owned() } else { masked(field) },
                answer.body_bytes
            ))
            .from(&page.piece);
    }
}

/// `end_user.conditional-requests`: asked with the validators it gave out itself (`ETag`,
/// `Last-Modified`), the server answers 304 and sends no body (RFC 9110 §13.1, §15.4.5). A page that
/// really changed meanwhile shows another validator: nothing is said then.
pub(super) fn conditional_requests(case: &Case<'_>, sheet: &mut Sheet) {
    for page in ways(case) {
        let asset = page.asset.as_str();
        let url = args![url = asset];
        let answer = match page.answer("conditional") {
            None => {
                let cache = page.plain.header("cache-control").map(header::cache_control).unwrap_or_default();
                let sentence = if cache.no_store { "no_store" } else { "no_validator" };
                sheet.not_applicable(asset, sentence, &url).from(&page.piece);
                continue;
            }
            Some(Err(e)) => {
                sheet.error(asset, e).from(&page.piece);
                continue;
            }
            Some(Ok(answer)) => answer,
        };
        let sent = ["if-none-match", "if-modified-since"]
            .iter()
            .filter_map(|n| page.sent("conditional", n).map(|v| format!("{n}: {}", masked(v))))
            .collect::<Vec<_>>()
            .join("\n");
        let shown = format!("{sent}\n→ {} · {} B", answer.status, answer.body_bytes);
        let changed = ["etag", "last-modified"]
            .iter()
            .any(|n| page.plain.header(n).is_some() && page.plain.header(n) != answer.header(n));
        let entry = match answer.status {
            304 => sheet.pass(asset, "pass", &url),
            200 if changed => sheet.info(asset, "changed", &url),
            200 => sheet.fail(asset, "ignored", &url),
            status => sheet.not_tested(asset, "other_answer", &args![url = asset, status = status]),
        };
        entry.excerpt(shown).from(&page.piece);
    }
}
