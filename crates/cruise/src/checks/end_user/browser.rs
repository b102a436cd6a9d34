//! What a real browser measured. One visit from where the prober stands, with an empty cache: a
//! laboratory value, not the 75th percentile of citizens' visits.

use bulwark_i18n::args;
use bulwark_probe::evidence::Browser;

use super::visit::{masked, plain_url, ten_lines};
use crate::check::{Case, Piece, Sheet};

/// A measured value with its two limits: up to `good` passes, up to `poor` warns.
#[derive(Clone, Copy)]
struct Limits {
    good: f64,
    poor: f64,
}

/// Largest Contentful Paint: ≤ 2.5 s good, ≤ 4.0 s needs work, above poor (web.dev, Core Web Vitals).
const LCP_MS: Limits = Limits { good: 2500.0, poor: 4000.0 };
/// First Contentful Paint: 1.8 s and 3.0 s.
const FCP_MS: Limits = Limits { good: 1800.0, poor: 3000.0 };
/// Time to first byte: 0.8 s and 1.8 s.
const TTFB_MS: Limits = Limits { good: 800.0, poor: 1800.0 };
/// Cumulative Layout Shift: 0.1 and 0.25.
const CLS: Limits = Limits { good: 0.1, poor: 0.25 };

/// A number a browser may have measured; hostile evidence can hold anything.
fn measured(value: Option<f64>) -> Option<f64> {
    value.filter(|v| v.is_finite() && *v >= 0.0)
}

/// Writes the line of one paint time.
fn paint(
    sheet: &mut Sheet,
    piece: &Piece<'_, Browser>,
    value: Option<f64>,
    limits: Limits,
    words: [&str; 3],
) {
    let asset = plain_url(&piece.body.url);
    let [good, slow, none] = words;
    let Some(ms) = measured(value) else {
        sheet.not_tested(&asset, none, &args![url = asset]).excerpt(numbers(piece.body)).from(piece);
        return;
    };
    let args = args![url = asset, seconds = format!("{:.1}", ms / 1000.0)];
    let entry = if ms <= limits.good {
        sheet.pass(&asset, good, &args)
    } else if ms <= limits.poor {
        sheet.warn(&asset, slow, &args)
    } else {
        sheet.fail(&asset, slow, &args)
    };
    entry.excerpt(numbers(piece.body)).from(piece);
}

/// LCP ≤ 2.5 s passes, ≤ 4 s warns, above fails.
pub(super) fn lcp(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.browsers() {
        paint(sheet, &piece, piece.body.lcp_ms, LCP_MS, ["pass", "slow", "none"]);
    }
}

/// FCP ≤ 1.8 s and TTFB ≤ 0.8 s pass, ≤ 3.0 s and ≤ 1.8 s warn, above fail.
pub(super) fn fcp_ttfb(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.browsers() {
        paint(sheet, &piece, piece.body.fcp_ms, FCP_MS, ["fcp_pass", "fcp_slow", "fcp_none"]);
        paint(sheet, &piece, piece.body.ttfb_ms, TTFB_MS, ["ttfb_pass", "ttfb_slow", "ttfb_none"]);
    }
}

/// CLS ≤ 0.1 passes, ≤ 0.25 warns, above fails. A page that painted nothing cannot shift: not tested.
pub(super) fn cls(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.browsers() {
        let asset = plain_url(&piece.body.url);
        let painted = measured(piece.body.lcp_ms).is_some() || measured(piece.body.fcp_ms).is_some();
        let Some(shift) = measured(Some(piece.body.cls)).filter(|_| painted) else {
            sheet.not_tested(&asset, "none", &args![url = asset]).excerpt(numbers(piece.body)).from(&piece);
            continue;
        };
        let args = args![url = asset, shift = format!("{shift:.2}")];
        let entry = if shift <= CLS.good {
            sheet.pass(&asset, "pass", &args)
        } else if shift <= CLS.poor {
            sheet.warn(&asset, "shifts", &args)
        } else {
            sheet.fail(&asset, "shifts", &args)
        };
        entry.excerpt(numbers(piece.body)).from(&piece);
    }
}

/// Errors on the browser's console are a warning. Messages about requests that *we* refused because
/// they leave the scope are our own doing and left out.
pub(super) fn console_errors(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.browsers() {
        let asset = plain_url(&piece.body.url);
        let errors: Vec<String> = piece
            .body
            .console_errors
            .iter()
            .filter(|m| {
                !m.contains("ERR_BLOCKED_BY_CLIENT") && !piece.body.refused.iter().any(|r| about(m, r))
            })
            .map(|m| masked(m))
            .collect();
        if errors.is_empty() {
            sheet.pass(&asset, "pass", &args![url = asset]).from(&piece);
        } else {
            sheet
                .warn(&asset, "errors", &args![url = asset, count = errors.len()])
                .excerpt(ten_lines(&errors))
                .from(&piece);
        }
    }
}

/// True when a message names a refused address (its query may be missing in one of the two).
fn about(message: &str, refused: &str) -> bool {
    let address = refused.split(['?', '#']).next().unwrap_or_default();
    !address.is_empty() && message.contains(address)
}

/// The numbers behind a verdict.
fn numbers(b: &Browser) -> String {
    let ms = |v: Option<f64>| measured(v).map_or_else(|| "-".to_owned(), |v| format!("{v:.0} ms"));
    let cls = measured(Some(b.cls)).map_or_else(|| "-".to_owned(), |v| format!("{v:.3}"));
    format!(
        "TTFB {} · FCP {} · LCP {} · CLS {cls} · load {} · requests {} · out of scope {}\n{}",
        ms(b.ttfb_ms),
        ms(b.fcp_ms),
        ms(b.lcp_ms),
        ms(b.load_ms),
        b.requests,
        b.refused.len(),
        masked(&b.product),
    )
}
