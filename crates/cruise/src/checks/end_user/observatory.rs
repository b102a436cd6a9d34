//! The grade of the public HTTP Observatory.

use std::collections::BTreeSet;

use bulwark_i18n::args;
use bulwark_probe::evidence::Exchange;
use bulwark_probe::failure::Code;
use bulwark_probe::observatory::{Cors, Https, Input, Outcome, Plain, Score, score};
use url::Url;

use super::visit::{Landing, authority, landings, settle, subject_of};
use super::ways::ways;
use crate::check::{Case, Sheet};

/// `end_user.observatory-grade`: the grade the public HTTP Observatory would give the site, B or better
/// passes, C is a warning, D and F fail.
///
/// C is where the Observatory puts a site that lacks one of the heavy protections (policy for content,
/// HSTS, protection against framing); D and F lack several or leak cookies. The line is drawn by the letter,
/// not by points: a small addition does not turn a verdict. One line a host, scored on its first page
/// in the plan; other pages have the checks of single headers.
///
/// A certificate that is not trusted takes points with the public scanner. Those alone turn no verdict:
/// the certificate has its own check, and one weakness gives one finding.
///
/// We do not hold the HSTS preload list, so its five points are not given. A plain-HTTP port that
/// was not asked or does not answer takes no points, as with the Observatory.
pub(super) fn grade(case: &Case<'_>, sheet: &mut Sheet) {
    settle(case, sheet);
    let pages = landings(case);
    for piece in case.failed(&["http", "http_variants", "tls_handshake"]) {
        // The page itself tells whether the site answers; these only complete the picture.
        let beside = !piece.record.key.starts_with("http:");
        let plain = subject_of(&piece.record.key).starts_with("http://");
        let told = !pages.is_empty() || (beside && !case.failed(&["page", "http"]).is_empty());
        if told && (beside || plain) {
            sheet.handled(&piece);
        }
    }
    let mut seen = BTreeSet::new();
    // Over HTTPS first: the same host without TLS is part of its picture, not another site.
    let (secure, plain): (Vec<_>, Vec<_>) = pages.iter().partition(|p| p.encrypted());
    for page in secure.into_iter().chain(plain) {
        let Some(url) = page.url.as_ref().filter(|_| page.is_html()) else { continue };
        let site = authority(url);
        if !seen.insert(url.host_str().unwrap_or_default().to_owned()) {
            continue;
        }
        let trusted = trusted(case, url);
        let score = scored(case, page, url, trusted);
        let by_letter = if trusted { score.grade } else { scored(case, page, url, true).grade };
        let modifiers = modifiers(&score);
        let arguments =
            args![site = site, grade = score.grade, points = score.points, parts = short(&score, "、", "無")];
        let english = args![
            site = site,
            grade = score.grade,
            points = score.points,
            parts = short(&score, ", ", "none")
        ];
        let entry = match by_letter.chars().next() {
            // What the certificate alone costs is the finding of the certificate's check.
            Some('A' | 'B') if !trusted => sheet.info(&site, "untrusted", &arguments),
            Some('A' | 'B') => sheet.pass(&site, "pass", &arguments),
            Some('C') => sheet.warn(&site, "middling", &arguments),
            _ => sheet.fail(&site, "poor", &arguments),
        };
        entry.english(&english).excerpt(modifiers).from(&page.visit.piece);
    }
}

/// False when the certificate of this address was seen and is not trusted.
fn trusted(case: &Case<'_>, url: &Url) -> bool {
    !case.tls_handshakes().any(|p| {
        p.body.trust_error.is_some()
            && Some(p.body.host.as_str()) == url.host_str()
            && Some(p.body.port) == url.port_or_known_default()
    })
}

fn scored(case: &Case<'_>, page: &Landing<'_>, url: &Url, trusted: bool) -> Score {
    let hops = &page.visit.piece.body.hops;
    let cookies: Vec<&str> = hops.iter().flat_map(|hop| hop.headers_named("set-cookie")).collect();
    let begun = Url::parse(&page.visit.piece.body.url).ok();
    let host = begun.as_ref().and_then(Url::host_str).or(url.host_str()).unwrap_or_default();
    let https = match (page.encrypted(), trusted) {
        (false, _) => Https::None,
        (true, false) => Https::Untrusted,
        (true, true) => Https::Headers(&page.answer.headers),
    };
    let route = plain_route(case, host);
    let foreign = ways(case).into_iter().find(|w| w.asset == page.asset);
    let cors: Option<(&str, &Exchange)> =
        foreign.as_ref().and_then(|w| Some((w.sent("origin", "origin")?, w.answer("origin")?.ok()?)));
    score(&Input {
        host,
        headers: &page.answer.headers,
        secure: page.encrypted(),
        html: &page.answer.body,
        cookies: &cookies,
        https,
        plain: match &route {
            None => Plain::Closed,
            Some(_) if !trusted => Plain::Untrusted,
            Some(route) => Plain::Route(route),
        },
        cors: cors.map(|(origin, answer)| Cors { origin, headers: &answer.headers }),
        preloaded: &|_| false,
    })
}

/// The way from plain HTTP on this host, when somebody answered there. A chain that ends at a redirect out
/// of scope includes the address it was sent to.
fn plain_route(case: &Case<'_>, host: &str) -> Option<Vec<Url>> {
    let piece = case.http().find(|p| {
        Url::parse(&p.body.url).is_ok_and(|u| u.scheme() == "http" && u.host_str() == Some(host))
    })?;
    let mut route: Vec<Url> = piece.body.hops.iter().filter_map(|h| Url::parse(&h.url).ok()).collect();
    if let Some(stopped) = &piece.body.stopped
        && stopped.code == Code::RedirectOutOfScope
    {
        route.extend(Url::parse(&stopped.detail).ok());
    }
    (!route.is_empty()).then_some(route)
}

/// Every result that moved the score, gravest first.
fn modifiers(score: &Score) -> String {
    let mut moved: Vec<&Outcome> = score.outcomes.iter().filter(|o| o.modifier() != 0).collect();
    moved.sort_by_key(|o| o.modifier());
    let mut lines = vec![format!("{} ({})", score.grade, score.points)];
    lines.extend(moved.iter().take(9).map(|o| format!("{:+} {}", o.modifier(), o.code())));
    lines.join("\n")
}

/// What took points, in words for a sentence.
fn short(score: &Score, separator: &str, none: &str) -> String {
    let mut lost: Vec<&Outcome> = score.outcomes.iter().filter(|o| o.modifier() < 0).collect();
    lost.sort_by_key(|o| o.modifier());
    let parts: Vec<String> =
        lost.iter().map(|o| format!("{} −{}", o.test().name(), o.modifier().unsigned_abs())).collect();
    if parts.is_empty() { none.to_owned() } else { parts.join(separator) }
}
