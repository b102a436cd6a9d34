//! The score of the public HTTP Observatory, computed from stored evidence.
//!
//! A site starts with 100 points. Each test takes points off or adds some; what is added counts only
//! when at least [`BONUS_FROM`] points are left without it. The rules, ids and modifiers are those
//! published by MDN (scoring as of 2026, twelve tests); the words and the code are ours. Where the
//! public scanner is coarser than the standards (policies of several fields, `frame-ancestors *`), we
//! score as it does: an auditor must get the same number there. What is really wrong is told by the
//! checks of single headers.

mod cookies;
mod csp;
mod outcome;
mod rules;
mod sri;
#[cfg(test)]
mod tests;

use url::Url;

pub use crate::public_suffix::same_site;
pub use outcome::{Outcome, Test};

/// Points that must be left before additions count.
pub const BONUS_FROM: i32 = 90;

type Headers = [(String, String)];

/// What the tests look at.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// Host the visit began with.
    pub host: &'a str,
    /// Headers of the page a visitor lands on, names in lower case.
    pub headers: &'a Headers,
    /// The page came over HTTPS.
    pub secure: bool,
    /// Its text.
    pub html: &'a str,
    /// `Set-Cookie` values of every hop, in order.
    pub cookies: &'a [&'a str],
    /// The site over HTTPS.
    pub https: Https<'a>,
    /// The site over plain HTTP.
    pub plain: Plain<'a>,
    /// The answer to a request from another origin.
    pub cors: Option<Cors<'a>>,
    /// Whether browsers know a host as HTTPS-only before the first visit (the HSTS preload list).
    pub preloaded: &'a dyn Fn(&str) -> bool,
}

impl std::fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input").field("host", &self.host).finish_non_exhaustive()
    }
}

/// The site over HTTPS.
#[derive(Debug, Clone, Copy)]
pub enum Https<'a> {
    /// Nothing answers.
    None,
    /// The certificate is not trusted.
    Untrusted,
    /// Headers of the last answer.
    Headers(&'a Headers),
}

/// The site over plain HTTP.
#[derive(Debug, Clone, Copy)]
pub enum Plain<'a> {
    /// Nothing answers.
    Closed,
    /// A redirect led to a certificate that is not trusted.
    Untrusted,
    /// Every address on the way, the first one included.
    Route(&'a [Url]),
}

/// A request from another origin.
#[derive(Debug, Clone, Copy)]
pub struct Cors<'a> {
    /// `Origin` sent.
    pub origin: &'a str,
    /// Headers of the answer.
    pub headers: &'a Headers,
}

/// The result of all tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    /// Points; may be more than 100.
    pub points: u32,
    /// `A+` … `F`.
    pub grade: &'static str,
    /// One a test, in a fixed order.
    pub outcomes: Vec<Outcome>,
}

/// Runs every test.
pub fn score(input: &Input<'_>) -> Score {
    let csp = csp::judge(input);
    let hsts = rules::hsts(input);
    let outcomes = vec![
        csp.outcome,
        cookies::judge(input.cookies, hsts.pass()),
        rules::cors(input),
        rules::redirection(input),
        rules::referrer_policy(input),
        hsts,
        sri::judge(input),
        rules::content_type_options(input),
        rules::frame_options(input, csp.frame_ancestors),
        rules::corp(input),
        rules::coop(input),
        rules::coep(input),
    ];
    let points = points(&outcomes);
    Score { points, grade: grade(points), outcomes }
}

fn points(outcomes: &[Outcome]) -> u32 {
    let sum = |keep: fn(i32) -> bool| {
        outcomes.iter().map(|o| o.modifier()).filter(|m| keep(*m)).fold(100_i32, i32::saturating_add)
    };
    let without = sum(|m| m < 0);
    let total = if without >= BONUS_FROM { sum(|_| true) } else { without };
    u32::try_from(total).unwrap_or(0)
}

/// The grade of a number of points.
pub const fn grade(points: u32) -> &'static str {
    match points {
        100.. => "A+",
        90..=99 => "A",
        85..=89 => "A-",
        80..=84 => "B+",
        70..=79 => "B",
        65..=69 => "B-",
        60..=64 => "C+",
        50..=59 => "C",
        45..=49 => "C-",
        40..=44 => "D+",
        30..=39 => "D",
        25..=29 => "D-",
        0..=24 => "F",
    }
}

/// All values of a field.
fn values<'a>(headers: &'a Headers, name: &'a str) -> impl Iterator<Item = &'a str> {
    headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
}

/// The first value of a field, if it is not empty.
fn first<'a>(headers: &'a Headers, name: &'a str) -> Option<&'a str> {
    values(headers, name).next().map(str::trim).filter(|v| !v.is_empty())
}

/// Entry point for fuzzing and property tests.
pub fn fuzz_observatory(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let headers: Vec<(String, String)> = [
        "content-security-policy",
        "strict-transport-security",
        "x-frame-options",
        "cross-origin-opener-policy",
        "cross-origin-embedder-policy",
        "cross-origin-resource-policy",
        "referrer-policy",
    ]
    .iter()
    .map(|name| ((*name).to_owned(), text.clone().into_owned()))
    .collect();
    let route: Vec<Url> = text.lines().filter_map(|l| Url::parse(l).ok()).collect();
    let input = Input {
        host: &text,
        headers: &headers,
        secure: data.len().is_multiple_of(2),
        html: &text,
        cookies: &[&text],
        https: Https::Headers(&headers),
        plain: Plain::Route(&route),
        cors: Some(Cors { origin: &text, headers: &headers }),
        preloaded: &|_| false,
    };
    let _ = score(&input);
}
