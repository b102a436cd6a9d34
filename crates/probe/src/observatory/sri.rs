//! Subresource Integrity.

use url::Url;

use super::{Input, Outcome, first, same_site};
use crate::header::media_type;
use crate::html::{Script, scripts};

/// From best to worst: a worse one replaces a better one.
const ORDER: [Outcome; 5] = [
    Outcome::SriSameOrigin,
    Outcome::SriExternal,
    Outcome::SriInsecureTransport,
    Outcome::SriMissing,
    Outcome::SriMissingInsecure,
];

/// Where a script comes from, as the page writes it.
enum From {
    /// A path of the own site, or an absolute address of it.
    Own { secure: bool },
    /// Anything else. An address without scheme counts as not secure.
    Foreign { secure: bool },
}

/// Judges the scripts of the page.
pub(super) fn judge(input: &Input<'_>) -> Outcome {
    let kind = first(input.headers, "content-type").unwrap_or_default();
    let html =
        kind.is_empty() || media_type(kind).is_some_and(|t| t == "text/html" || t == "application/xhtml+xml");
    if !html {
        return Outcome::SriNotHtml;
    }
    let scripts = scripts(input.html);
    if scripts.is_empty() {
        return Outcome::SriNoScripts;
    }
    let mut worst: Option<Outcome> = None;
    let mut foreign = false;
    for script in &scripts {
        let Some(from) = from(script, input) else { continue };
        foreign |= matches!(from, From::Foreign { .. });
        let found = match (from, script.integrity) {
            (From::Own { secure: true }, true) if worst.is_none() => Some(Outcome::SriSameOrigin),
            (From::Own { .. }, _) | (From::Foreign { secure: true }, true) => None,
            (From::Foreign { secure: false }, true) => Some(Outcome::SriInsecureTransport),
            (From::Foreign { secure: true }, false) => Some(Outcome::SriMissing),
            (From::Foreign { secure: false }, false) => Some(Outcome::SriMissingInsecure),
        };
        let rank = |o: Option<Outcome>| o.and_then(|o| ORDER.iter().position(|x| *x == o));
        if rank(found) > rank(worst) {
            worst = found;
        }
    }
    worst.unwrap_or(if foreign { Outcome::SriExternal } else { Outcome::SriOwnScriptsOnly })
}

fn from(script: &Script, input: &Input<'_>) -> Option<From> {
    let source = script.source.as_deref()?;
    let lower = source.to_ascii_lowercase();
    if source.starts_with("//") {
        return Some(From::Foreign { secure: false });
    }
    if !lower.starts_with("http://") && !lower.starts_with("https://") {
        return Some(From::Own { secure: input.secure });
    }
    let secure = lower.starts_with("https:");
    let host = Url::parse(source).ok().and_then(|u| u.host_str().map(str::to_owned)).unwrap_or_default();
    Some(if same_site(&host, input.host) { From::Own { secure } } else { From::Foreign { secure } })
}
