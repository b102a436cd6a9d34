//! What pages answer: health, server errors, pages that say too much, paths that do not exist.

use std::collections::BTreeSet;

use bulwark_i18n::args;
use bulwark_model::Severity;
use bulwark_probe::evidence::{Exchange, Transaction};
use bulwark_probe::failure::Code;
use bulwark_probe::html::{self, LeakKind};

use super::runs::{runs, step_asset};
use crate::check::{Case, Piece, Sheet};
use crate::checks::end_user::visit::{Visit, masked, plain_url, settle, subject_of, ten_lines, visits};

/// Each address of the plan must answer 2xx or a complete redirect; 401 and 403 mean a log-in and are a
/// fact, other 4xx, 5xx, redirects that go in circles (Fetch §4.4: browsers stop too), a refused port and
/// a failed TLS handshake fail. 429 is our own pace.
pub(super) fn https_health(case: &Case<'_>, sheet: &mut Sheet) {
    settle(case, sheet);
    for visit in visits(case) {
        let asset = visit.planned();
        let http = visit.piece.body;
        let hops: Vec<String> =
            http.hops.iter().map(|x| format!("{} {} → {}", x.method, plain_url(&x.url), x.status)).collect();
        let shown = ten_lines(&hops);
        if let Some(stopped) = &http.stopped {
            match stopped.code {
                Code::RedirectLoop => {
                    sheet.fail(&asset, "loop", &args![url = asset, hops = http.hops.len()]).excerpt(shown)
                }
                Code::RedirectOutOfScope | Code::OutOfScope => {
                    sheet.info(&asset, "leaves_scope", &args![url = asset]).excerpt(shown)
                }
                _ => match broken_words(stopped.code) {
                    Some(sentence) => sheet
                        .fail(&asset, sentence, &args![url = asset])
                        .excerpt(format!("{shown}\n{}", masked(&stopped.to_string()))),
                    None => sheet.error(&asset, stopped),
                },
            }
            .from(&visit.piece);
            continue;
        }
        let Some(last) = visit.last() else {
            sheet.not_tested(&asset, "common.not_reached", &[]).from(&visit.piece);
            continue;
        };
        let args = args![url = asset, status = last.status];
        match last.status {
            200..=399 => sheet.pass(&asset, "pass", &args),
            401 | 403 => sheet.info(&asset, "needs_login", &args),
            429 => sheet.not_tested(&asset, "too_fast", &args),
            500.. => sheet.fail(&asset, "server_error", &args),
            _ => sheet.fail(&asset, "client_error", &args).severity(Severity::Medium),
        }
        .excerpt(shown)
        .from(&visit.piece);
    }
    let mut seen: BTreeSet<String> = visits(case).iter().map(Visit::planned).collect();
    for piece in case.failed(&["page", "http"]) {
        let asset = plain_url(subject_of(&piece.record.key));
        let Some(sentence) = broken_words(piece.body.code) else { continue };
        sheet.handled(&piece);
        if seen.insert(asset.clone()) {
            let sentence_args = args![url = asset, hops = "-"];
            sheet
                .fail(&asset, sentence, &sentence_args)
                .excerpt(masked(&piece.body.to_string()))
                .from(&piece);
        }
    }
}

/// The sentence for a failure that is the target's, not ours.
fn broken_words(code: Code) -> Option<&'static str> {
    match code {
        Code::RedirectLoop => Some("loop"),
        Code::Refused => Some("refused"),
        Code::TlsFailed => Some("tls_failed"),
        Code::NotTls | Code::NotPlain => Some("other_protocol"),
        Code::Closed | Code::BadAnswer => Some("broken"),
        _ => None,
    }
}

/// An answer with the name under which it is judged.
struct Answer<'a> {
    asset: String,
    exchange: &'a Exchange,
    source: Source<'a>,
}

enum Source<'a> {
    Http(Piece<'a, bulwark_probe::evidence::Http>),
    Transaction(Piece<'a, Transaction>),
}

impl Source<'_> {
    fn name<'s>(&self, entry: crate::check::Entry<'s>) -> crate::check::Entry<'s> {
        match self {
            Self::Http(p) => entry.from(p),
            Self::Transaction(p) => entry.from(p),
        }
    }
}

/// Every answer that a visitor gets: pages with their redirects, plain requests, transaction steps
/// (named by step, since their addresses may hold extracted values).
fn answers<'a>(case: &Case<'a>) -> Vec<Answer<'a>> {
    let mut all = Vec::new();
    for visit in visits(case) {
        for x in &visit.piece.body.hops {
            all.push(Answer { asset: plain_url(&x.url), exchange: x, source: Source::Http(visit.piece) });
        }
    }
    for of in runs(case) {
        for piece in of.pieces {
            for step in &piece.body.steps {
                if let Ok(x) = &step.answer {
                    all.push(Answer {
                        asset: step_asset(&of.name, step),
                        exchange: x,
                        source: Source::Transaction(piece),
                    });
                }
            }
        }
    }
    all
}

/// Assets in order of first appearance.
fn assets(all: &[Answer<'_>]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    all.iter().map(|a| a.asset.clone()).filter(|a| seen.insert(a.clone())).collect()
}

/// Any status of 500 or more (RFC 9110 §15.6), with its share. A 503 with Retry-After is an announced
/// pause (§15.6.4) and a warning. Records that could not be collected were not answered at all and belong
/// to `function.https-health` and `function.availability`.
pub(super) fn error_rate_5xx(case: &Case<'_>, sheet: &mut Sheet) {
    settle(case, sheet);
    super::runs::take_over(case, sheet);
    let all = answers(case);
    for asset in assets(&all) {
        let of: Vec<&Answer<'_>> = all.iter().filter(|a| a.asset == asset).collect();
        let errors: Vec<&&Answer<'_>> = of.iter().filter(|a| a.exchange.status >= 500).collect();
        let announced =
            |a: &Answer<'_>| a.exchange.status == 503 && a.exchange.header("retry-after").is_some();
        let args = args![asset = asset, count = errors.len(), n = of.len()];
        let lines: Vec<String> = errors
            .iter()
            .map(|a| format!("{} {} → {}", a.exchange.method, plain_url(&a.exchange.url), a.exchange.status))
            .collect();
        let mut entry = if errors.is_empty() {
            sheet.pass(&asset, "pass", &args)
        } else if errors.iter().all(|a| announced(a)) {
            sheet.warn(&asset, "paused", &args)
        } else {
            sheet.fail(&asset, "errors", &args)
        }
        .excerpt(ten_lines(&lines));
        for a in of.iter().filter(|a| errors.is_empty() || a.exchange.status >= 500).take(20) {
            entry = a.source.name(entry);
        }
    }
}

/// Stack traces, database errors and debug pages in the text of any answer (CWE-209; ASVS 5.0 §16.5.1). A
/// debug page shows settings and often runs code: high. A bare server path: low.
pub(super) fn stack_trace(case: &Case<'_>, sheet: &mut Sheet) {
    settle(case, sheet);
    super::runs::take_over(case, sheet);
    let all = answers(case);
    for asset in assets(&all) {
        let mut told: BTreeSet<&'static str> = BTreeSet::new();
        let mut read = false;
        for a in all.iter().filter(|a| a.asset == asset) {
            if a.exchange.body.is_empty() {
                continue;
            }
            read = true;
            for leak in html::leaks(&a.exchange.body) {
                let (sentence, severity, product) = leak_words(leak.kind);
                if told.insert(sentence) {
                    let entry = sheet
                        .fail(&asset, sentence, &args![asset = asset, product = product])
                        .severity(severity)
                        .excerpt(format!(
                            "{} → {}\n{}",
                            plain_url(&a.exchange.url),
                            a.exchange.status,
                            masked(&leak.excerpt)
                        ));
                    a.source.name(entry);
                }
            }
        }
        if told.is_empty() {
            let first = all.iter().find(|a| a.asset == asset);
            let entry = if read {
                sheet.pass(&asset, "pass", &args![asset = asset])
            } else {
                sheet.not_applicable(&asset, "no_text", &args![asset = asset])
            };
            if let Some(a) = first {
                a.source.name(entry);
            }
        }
    }
}

pub(super) fn leak_words(kind: LeakKind) -> (&'static str, Severity, &'static str) {
    match kind {
        LeakKind::JavaTrace => ("trace", Severity::Medium, "Java"),
        LeakKind::PythonTrace => ("trace", Severity::Medium, "Python"),
        LeakKind::PhpError => ("trace", Severity::Medium, "PHP"),
        LeakKind::DotNetError => ("trace", Severity::Medium, ".NET"),
        LeakKind::RubyTrace => ("trace", Severity::Medium, "Ruby"),
        LeakKind::NodeTrace => ("trace", Severity::Medium, "Node.js"),
        LeakKind::GoPanic => ("trace", Severity::Medium, "Go"),
        LeakKind::SqlError => ("sql", Severity::Medium, "SQL"),
        LeakKind::DebugPage => ("debug", Severity::High, "-"),
        LeakKind::ServerPath => ("path", Severity::Low, "-"),
    }
}

/// A path that surely does not exist must answer 404 or 410 (RFC 9110 §15.5.5, §15.5.11); 401 and 403 are
/// a gateway that hides what is there. 2xx is a "soft 404", a redirect hides the error, 5xx means the error
/// handling itself breaks.
pub(super) fn not_found_handling(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.paths() {
        let asset = plain_url(&piece.body.base);
        let answer = match &piece.body.baseline {
            Ok(answer) => answer,
            Err(failure) => {
                sheet.error(&asset, failure).from(&piece);
                continue;
            }
        };
        let args = args![url = asset, status = answer.status];
        match answer.status {
            404 | 410 => sheet.pass(&asset, "pass", &args),
            401 | 403 => sheet.pass(&asset, "hidden", &args),
            429 => sheet.not_tested(&asset, "too_fast", &args),
            200..=299 => sheet.fail(&asset, "soft", &args),
            // Plain HTTP that leads everything elsewhere is what `network.https-redirect` asks for.
            300..=399 if asset.starts_with("http://") => sheet.not_applicable(&asset, "leads_on", &args),
            300..=399 => sheet.warn(&asset, "redirect", &args),
            500.. => sheet.fail(&asset, "server_error", &args).severity(Severity::Medium),
            _ => sheet.warn(&asset, "odd", &args),
        }
        .excerpt(format!("{} {} ({} bytes)", answer.status, masked(&answer.content_type), answer.bytes))
        .from(&piece);
    }
}
