//! Well-known files of a site: `security.txt` and `robots.txt`.

use bulwark_i18n::{args, date};
use bulwark_model::{Lang, Severity};
use bulwark_probe::evidence::Exchange;
use bulwark_probe::header;
use bulwark_probe::security_txt::{SecurityTxt, security_txt as parse};
use jiff::tz::offset;
use jiff::{SignedDuration, Timestamp};

use super::visit::{masked, plain_url, ten_lines};
use super::ways::{Ways, sites};
use crate::check::{Case, Sheet};

/// An end further away than this suggests that nobody looks at the file (RFC 9116 §2.5.5).
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 366);
/// An end nearer than this should be renewed now.
const SOON: SignedDuration = SignedDuration::from_hours(24 * 30);

/// `end_user.security-txt`: `/.well-known/security.txt` tells finders of a weakness whom to write to (RFC
/// 9116): at least one `Contact` that is a URI (§2.5.3) and exactly one `Expires` in the future (§2.5.5).
/// Nothing there, no usable contact, no end or an end in the past fails; an end within 30 days,
/// `Canonical` that does not name the address (§2.5.2), another media type (§3), or plain
/// HTTP (§3) is a warning.
pub(super) fn security_txt(case: &Case<'_>, sheet: &mut Sheet) {
    for site in sites(case) {
        let asset = site.site.as_str();
        let answer = match site.answer("security_txt") {
            None => continue,
            Some(Err(e)) => {
                sheet.error(asset, e).from(&site.piece);
                continue;
            }
            Some(Ok(answer)) => answer,
        };
        let ours = matches!(answer.status, 429 | 500..);
        let file = parse(&answer.body);
        let values = args![site = asset, status = answer.status];
        if ours {
            // The server's trouble of the moment says nothing about the file.
            sheet.not_tested(asset, "unavailable", &values).from(&site.piece);
        } else if !(200..300).contains(&answer.status) || file.is_empty() {
            let shown = format!("GET {} → {}", plain_url(&answer.url), answer.status);
            sheet.fail(asset, "missing", &values).excerpt(shown).from(&site.piece);
        } else {
            judge_file(sheet, &site, answer, &file);
        }
    }
}

fn judge_file(sheet: &mut Sheet, site: &Ways<'_>, answer: &Exchange, file: &SecurityTxt) {
    let asset = site.site.as_str();
    let now = site.piece.record.started_at;
    let shown = shown(file);
    let mut faults: Vec<(&str, Option<Severity>)> = Vec::new();
    if !file.has_usable_contact() {
        faults.push(("no_contact", Some(Severity::Low)));
    }
    let ends = file.ends();
    match ends {
        None => faults.push(("no_expires", Some(Severity::Low))),
        Some(end) if end <= now => faults.push(("expired", Some(Severity::Low))),
        Some(end) if end.duration_since(now) < SOON => faults.push(("expires_soon", None)),
        Some(_) => {}
    }
    let canonical = file.canonical.is_empty()
        || file.canonical.iter().any(|c| same_address(c, &answer.url))
        // The first address asked counts too: it may redirect to the one place all sites share.
        || file.canonical.iter().any(|c| c.ends_with("/.well-known/security.txt") && c.contains(asset));
    if !canonical {
        faults.push(("canonical", None));
    }
    let text = answer.header("content-type").and_then(header::media_type);
    if text.as_deref() != Some("text/plain") {
        faults.push(("media_type", None));
    }
    if answer.url.starts_with("http://") {
        faults.push(("plain", None));
    }
    let day = |lang| ends.map(|e| shown_date(e, lang)).unwrap_or_default();
    let values = args![site = asset, date = day(Lang::ZhTw)];
    let english = args![site = asset, date = day(Lang::En)];
    for (sentence, severity) in &faults {
        let entry = match severity {
            Some(severity) => sheet.fail(asset, sentence, &values).severity(*severity),
            None => sheet.warn(asset, sentence, &values),
        };
        entry.english(&english).excerpt(&shown).from(&site.piece);
    }
    if !faults.is_empty() {
        return;
    }
    if ends.is_some_and(|end| end.duration_since(now) > LONGEST) {
        // Recommended only; the file is valid.
        sheet.info(asset, "far", &values).english(&english).excerpt(shown).from(&site.piece);
    } else {
        sheet.pass(asset, "pass", &values).english(&english).excerpt(shown).from(&site.piece);
    }
}

fn same_address(a: &str, b: &str) -> bool {
    let parsed = |s: &str| url::Url::parse(s).map(|u| u.to_string());
    matches!((parsed(a), parsed(b)), (Ok(a), Ok(b)) if a == b)
}

/// The day in Taiwan.
fn shown_date(at: Timestamp, lang: Lang) -> String {
    date(offset(8).to_datetime(at).date(), lang)
}

/// The fields that decide; addresses of contact are public by purpose.
fn shown(file: &SecurityTxt) -> String {
    let mut lines = Vec::new();
    for (name, values) in
        [("Contact", &file.contacts), ("Expires", &file.expires), ("Canonical", &file.canonical)]
    {
        lines.extend(values.iter().take(3).map(|v| format!("{name}: {}", masked(v))));
    }
    ten_lines(&lines)
}

/// Words in a path that point to what should not be found.
const TELLING: &[&str] = &[
    "admin",
    "backup",
    "bak",
    "config",
    "database",
    "db",
    "debug",
    "dump",
    "install",
    "internal",
    "login",
    "manage",
    "manager",
    "old",
    "phpmyadmin",
    "private",
    "secret",
    "sql",
    "staging",
    "test",
    "upload",
];

/// `end_user.robots`: `robots.txt` lists no path that shows an attacker where to look (OWASP WSTG
/// v4.2 WSTG-INFO-03). The file keeps nobody out (RFC 9309 §3): what must not be found needs a log-in.
pub(super) fn robots(case: &Case<'_>, sheet: &mut Sheet) {
    for site in sites(case) {
        let asset = site.site.as_str();
        let answer = match site.answer("robots") {
            None => continue,
            Some(Err(e)) => {
                sheet.error(asset, e).from(&site.piece);
                continue;
            }
            Some(Ok(answer)) => answer,
        };
        let is_text =
            answer.header("content-type").and_then(header::media_type).as_deref() == Some("text/plain");
        let values = args![site = asset];
        if !(200..300).contains(&answer.status) || !is_text {
            sheet.not_applicable(asset, "none", &values).from(&site.piece);
            continue;
        }
        let telling: Vec<String> = answer
            .body
            .lines()
            .filter_map(|l| l.split('#').next().unwrap_or_default().split_once(':'))
            .filter(|(name, _)| name.trim().eq_ignore_ascii_case("disallow"))
            .map(|(_, path)| path.trim())
            .filter(|path| tells(path))
            .map(|path| format!("Disallow: {}", masked(path)))
            .collect();
        if telling.is_empty() {
            sheet.pass(asset, "pass", &values).from(&site.piece);
        } else {
            let values = args![site = asset, count = telling.len()];
            sheet.warn(asset, "telling", &values).excerpt(ten_lines(&telling)).from(&site.piece);
        }
    }
}

/// True when a word of the path is a telling one.
fn tells(path: &str) -> bool {
    path.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|w| TELLING.iter().any(|t| w.eq_ignore_ascii_case(t)))
}
