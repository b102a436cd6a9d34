//! Pages for developers and operators that anybody can open.

use bulwark_i18n::args;
use bulwark_model::Severity;
use bulwark_probe::evidence::{PathAnswer, Paths};

use crate::check::{Case, Sheet};
use crate::checks::network::view::clip;

/// What an answer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shows {
    /// The page, named.
    Page(&'static str, Severity),
    /// Something that may be it.
    Unclear,
    /// Something else.
    Other,
}

/// The document type of old generated pages; `phpinfo()` and ELMAH begin with it.
const XHTML: &str = "<!doctype html public \"-//w3c//dtd xhtml 1.0 transitional//en\"";
/// A `phpinfo()` page is never smaller.
const PHPINFO_LEAST_BYTES: u64 = 20_000;
/// A heap dump of a virtual machine is never smaller.
const HEAP_LEAST_BYTES: u64 = 1_000_000;

/// Paths of this check, among those that were asked.
const PATHS: &[&str] =
    &["phpinfo.php", "server-status", "actuator/env", "actuator/heapdump", "debug/pprof/", "elmah.axd"];

/// `vuln.debug-endpoints`: none of the well-known pages for debugging is public (OWASP WSTG v4.2
/// CONF-02, CWE-489, CWE-497). An answer counts when its status is 200 or 206, it is not the site's answer
/// to a path that does not exist, and its first bytes are those of the page. Environment and memory of the
/// application hold passwords: high; the others: medium. What may be the page needs a person.
pub(super) fn debug_endpoints(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.paths() {
        let paths = piece.body;
        let asset = paths.base.as_str();
        let mut failure = None;
        let mut answered = 0_usize;
        let mut written = false;
        for probe in paths.probes.iter().filter(|p| PATHS.contains(&p.path.as_str())) {
            let answer = match &probe.answer {
                Ok(answer) => answer,
                Err(e) => {
                    failure = failure.or(Some(e));
                    continue;
                }
            };
            answered = answered.saturating_add(1);
            let address = format!("{asset}{}", probe.path);
            let shown = format!(
                "GET /{} → {} {} {} B",
                probe.path,
                answer.status,
                clip(&answer.content_type),
                answer.bytes
            );
            match shows(&probe.path, answer, paths) {
                Shows::Page(product, severity) => {
                    let values = args![url = address, product = product];
                    sheet.fail(&address, "open", &values).severity(severity).excerpt(shown).from(&piece);
                }
                Shows::Unclear => {
                    sheet.manual(&address, "unclear", &args![url = address]).excerpt(shown).from(&piece);
                }
                Shows::Other => continue,
            }
            written = true;
        }
        if let Some(e) = failure {
            // What was found stands; what could not be asked is said beside it.
            sheet.error(asset, e).from(&piece);
        } else if answered > 0 && !written {
            sheet.pass(asset, "pass", &args![url = asset, count = answered]).from(&piece);
        }
    }
}

fn shows(path: &str, answer: &PathAnswer, paths: &Paths) -> Shows {
    let success = |status: u16| matches!(status, 200 | 206);
    if !success(answer.status) {
        return Shows::Other;
    }
    // A site that answers everything with 200 makes the weaker signs worthless.
    let honest = paths.baseline.as_ref().is_ok_and(|b| !success(b.status));
    if !honest && paths.baseline.as_ref().is_ok_and(|b| b.first == answer.first) {
        return Shows::Other;
    }
    let first = String::from_utf8_lossy(&answer.first.0).trim_start().to_ascii_lowercase();
    let kind = answer.content_type.to_ascii_lowercase();
    let found = match path {
        "phpinfo.php" if first.starts_with(XHTML) => {
            let big = answer.bytes >= PHPINFO_LEAST_BYTES;
            if big && honest { Shows::Page("phpinfo()", Severity::Medium) } else { Shows::Unclear }
        }
        "server-status"
            if first.contains("dtd html 3.2 final") || first.starts_with("active connections:") =>
        {
            Shows::Page("server-status", Severity::Medium)
        }
        "actuator/env" if first.starts_with("{\"activeprofiles\"") || first.starts_with("{\"profiles\"") => {
            Shows::Page("Spring Boot Actuator env", Severity::High)
        }
        // Only its headers were asked for: type and size have to do.
        "actuator/heapdump" if kind.starts_with("application/octet-stream") => {
            if honest && answer.bytes >= HEAP_LEAST_BYTES {
                Shows::Page("Spring Boot Actuator heapdump", Severity::High)
            } else {
                Shows::Unclear
            }
        }
        "debug/pprof/" if first.contains("/debug/pprof/") => Shows::Page("Go pprof", Severity::Medium),
        "elmah.axd" if first.starts_with(XHTML) => {
            if honest {
                Shows::Page("ELMAH", Severity::Medium)
            } else {
                Shows::Unclear
            }
        }
        _ => Shows::Other,
    };
    let page = first.starts_with('<') || first.is_empty();
    match found {
        // Not the page, but no web page either: an application of its own may live there.
        Shows::Other if honest && !page && !kind.starts_with("text/html") => Shows::Unclear,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use bulwark_model::Verdict::{Error, Fail, Manual, NotTested, Pass};
    use bulwark_probe::evidence::{Blob, Body, PathProbe};
    use bulwark_probe::failure::{Code, Failure, Step};

    use super::*;
    use crate::checks::network::tests::build::{failed, got, judge, plan};

    fn answer(status: u16, kind: &str, bytes: u64, first: &str) -> PathAnswer {
        PathAnswer {
            status,
            content_type: kind.into(),
            bytes,
            first: Blob(first.as_bytes().iter().copied().take(64).collect()),
        }
    }

    fn of(baseline: PathAnswer, probes: Vec<(&str, PathAnswer)>) -> Vec<crate::check::Line> {
        let probes = probes.into_iter().map(|(p, a)| PathProbe { path: p.into(), answer: Ok(a) }).collect();
        let paths = Paths { base: "https://a.tw/".into(), baseline: Ok(baseline), probes };
        judge("vuln.debug-endpoints", &plan(), vec![got(Body::Paths(paths))])
    }

    fn gone() -> PathAnswer {
        answer(404, "text/html", 153, "<html><head><title>404 Not Found")
    }

    const PHPINFO: &str = "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\" \"DTD";

    #[test]
    fn pages_are_known_by_their_first_bytes() {
        let lines = of(
            gone(),
            vec![
                ("phpinfo.php", answer(200, "text/html", 70_000, PHPINFO)),
                (
                    "server-status",
                    answer(
                        200,
                        "text/html",
                        4_000,
                        "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 3.2 Final//EN\">\n<html>",
                    ),
                ),
                (
                    "actuator/env",
                    answer(200, "application/json", 9_000, "{\"activeProfiles\":[],\"propertySources\":["),
                ),
                ("actuator/heapdump", answer(200, "application/octet-stream", 90_000_000, "")),
                (
                    "debug/pprof/",
                    answer(200, "text/html", 900, "<html>\n<head>\n<title>/debug/pprof/</title>"),
                ),
                ("elmah.axd", answer(200, "text/html", 8_000, PHPINFO)),
            ],
        );
        assert_eq!(lines.len(), 6);
        assert!(lines.iter().all(|l| l.verdict == Fail && l.sentence == "open"), "{lines:#?}");
        assert_eq!(lines[2].severity, Severity::High);
        assert_eq!(
            (lines[0].severity, lines[0].asset.as_str()),
            (Severity::Medium, "https://a.tw/phpinfo.php")
        );
    }

    #[test]
    fn error_pages_and_doubtful_ones() {
        assert_eq!(
            of(
                gone(),
                vec![("phpinfo.php", gone()), ("server-status", answer(403, "text/html", 9, "<html>"))]
            )[0]
            .verdict,
            Pass
        );
        // A site that answers every path with the same page.
        let home = answer(200, "text/html", 70_000, PHPINFO);
        assert_eq!(
            of(home.clone(), vec![("phpinfo.php", home.clone()), ("elmah.axd", home)])[0].verdict,
            Pass
        );
        let other = answer(200, "text/html", 500, "<!doctype html><title>404</title>");
        assert_eq!(
            of(other, vec![("phpinfo.php", answer(200, "text/html", 70_000, PHPINFO))])[0].verdict,
            Manual
        );
        assert_eq!(
            of(gone(), vec![("actuator/env", answer(200, "application/json", 40, "{\"error\":1}"))])[0]
                .verdict,
            Manual
        );
        assert_eq!(
            of(gone(), vec![("actuator/env", answer(200, "text/html", 40, "<html>login"))])[0].verdict,
            Pass
        );
    }

    #[test]
    fn what_we_could_not_ask_is_an_error() {
        let lost = Failure::new(Step::Receive, Code::TimedOut, "x");
        let paths = Paths {
            base: "https://a.tw/".into(),
            baseline: Ok(gone()),
            probes: vec![PathProbe { path: "phpinfo.php".into(), answer: Err(lost) }],
        };
        assert_eq!(judge("vuln.debug-endpoints", &plan(), vec![got(Body::Paths(paths))])[0].verdict, Error);
        let lines =
            judge("vuln.debug-endpoints", &plan(), vec![failed("paths", "https://a.tw/", Code::TimedOut)]);
        assert_eq!(lines[0].verdict, Error);
        assert_eq!(judge("vuln.debug-endpoints", &plan(), vec![])[0].verdict, NotTested);
    }
}
