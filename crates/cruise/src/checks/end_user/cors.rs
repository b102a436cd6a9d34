//! Who else may read this site from a browser: Cross-Origin Resource Sharing.

use bulwark_i18n::args;
use bulwark_model::Severity;
use bulwark_probe::evidence::Exchange;

use super::visit::masked;
use super::ways::{Ways, ways};
use crate::check::{Case, Sheet};

/// What one answer allows the origin we made up, from harmless to grave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Allows {
    Nothing,
    /// Certain origins, not ours.
    Others,
    /// `*`: everybody, without credentials.
    Public,
    /// `*` with credentials: browsers refuse that (Fetch §3.3.5), and somebody meant something else.
    PublicAndCredentials,
    /// `null`, which any sandboxed page can claim.
    Null,
    /// Our origin, so any.
    Reflected,
    /// Any origin, with the citizen's cookies.
    ReflectedWithCredentials,
}

fn allows(answer: &Exchange, origin: &str) -> Allows {
    let credentials = answer
        .header("access-control-allow-credentials")
        .is_some_and(|v| v.trim().eq_ignore_ascii_case("true"));
    match (answer.header("access-control-allow-origin").map(str::trim), credentials) {
        (None, _) => Allows::Nothing,
        (Some("*"), true) => Allows::PublicAndCredentials,
        (Some("*"), false) => Allows::Public,
        (Some(o), true) if o == origin => Allows::ReflectedWithCredentials,
        (Some(o), false) if o == origin => Allows::Reflected,
        (Some("null"), _) => Allows::Null,
        _ => Allows::Others,
    }
}

/// `end_user.cors`: an origin nobody knows (`https://bulwark.invalid`) is not let in. Reflecting it
/// together with credentials lets any website read a citizen's data (fail, high); without credentials, or
/// `null`, or `*` with credentials, is a warning; `*` alone publishes what is public anyway.
///
/// Both a plain request and a preflight are looked at; the graver answer counts.
pub(super) fn cors(case: &Case<'_>, sheet: &mut Sheet) {
    for page in ways(case) {
        let asset = page.asset.as_str();
        let url = args![url = asset];
        let mut found: Vec<(&str, &Exchange)> = Vec::new();
        let mut failure = None;
        for name in ["origin", "preflight"] {
            match page.answer(name) {
                Some(Ok(answer)) => found.push((name, answer)),
                Some(Err(e)) => failure = failure.or(Some(e)),
                None => {}
            }
        }
        let worst = found
            .iter()
            .filter_map(|(name, answer)| Some(allows(answer, page.sent(name, "origin")?)))
            .max()
            .unwrap_or(Allows::Nothing);
        // A request of ours that was lost may have hidden the worst.
        if let (Some(e), true) = (failure, worst <= Allows::Public) {
            sheet.error(asset, e).from(&page.piece);
            continue;
        }
        if found.is_empty() {
            continue;
        }
        let entry = match worst {
            Allows::ReflectedWithCredentials => sheet.fail(asset, "any_with_credentials", &url),
            Allows::Reflected => sheet.warn(asset, "any", &url),
            Allows::Null => sheet.warn(asset, "null", &url),
            Allows::PublicAndCredentials => {
                sheet.warn(asset, "star_and_credentials", &url).severity(Severity::Low)
            }
            Allows::Public => sheet.pass(asset, "public", &url),
            Allows::Others => sheet.pass(asset, "others", &url),
            Allows::Nothing => sheet.pass(asset, "pass", &url),
        };
        entry.excerpt(shown(&page, &found)).from(&page.piece);
    }
}

/// The fields of CORS in both answers.
fn shown(page: &Ways<'_>, found: &[(&str, &Exchange)]) -> String {
    let mut lines = Vec::new();
    for (name, answer) in found {
        let origin = page.sent(name, "origin").unwrap_or_default();
        lines.push(format!("{} {} (origin: {origin}) → {}", answer.method, page.asset, answer.status));
        for field in ["access-control-allow-origin", "access-control-allow-credentials", "vary"] {
            if let Some(value) = answer.header(field) {
                lines.push(format!("{field}: {}", masked(value)));
            }
        }
    }
    lines.truncate(10);
    lines.join("\n")
}
