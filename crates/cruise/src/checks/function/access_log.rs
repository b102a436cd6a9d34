//! What a web access log of the system says: errors, surges, slow paths, broken links.

use bulwark_i18n::args;
use bulwark_model::{Effort, Grade, Lang, Severity};
use bulwark_probe::evidence::AccessLog;
use bulwark_probe::failure::{Code, Failure, Step};
use jiff::Timestamp;

use super::stats::ms;
use crate::check::{Case, Definition, Piece, Sheet};
use crate::checks::end_user::visit::{label, masked, ten_lines};

/// `function.log-error-ratio`
pub(super) const ERROR_RATIO: Definition = Definition {
    id: "function.log-error-ratio",
    severity: Severity::Medium,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "RFC 9110 §15.6; Bulwark criterion: 5xx ≥ 1 % / 0.1 % of requests",
    kinds: &["access_log"],
    judge: error_ratio,
};

/// `function.log-surge`
pub(super) const SURGE: Definition = Definition {
    id: "function.log-surge",
    severity: Severity::Medium,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "Bulwark criterion: busiest minute ≥ 10 × median minute; a warning when it had ≥ 1 % 5xx",
    kinds: &["access_log"],
    judge: surge,
};

/// `function.log-slow-paths`
pub(super) const SLOW_PATHS: Definition = Definition {
    id: "function.log-slow-paths",
    severity: Severity::Medium,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "Bulwark criterion: p95 of a path ≤ 3 s with n ≥ 20 (the plan's default p95_limit_ms)",
    kinds: &["access_log"],
    judge: slow_paths,
};

/// `function.log-broken-links`
pub(super) const BROKEN_LINKS: Definition = Definition {
    id: "function.log-broken-links",
    severity: Severity::Low,
    grade: Grade::Integrity,
    effort: Effort::Small,
    standard: "RFC 9110 §10.1.3, §15.5.5",
    kinds: &["access_log"],
    judge: broken_links,
};

/// `function.log-readable`
pub(super) const READABLE: Definition = Definition {
    id: "function.log-readable",
    severity: Severity::Low,
    grade: Grade::Integrity,
    effort: Effort::Small,
    standard: "Apache mod_log_config; nginx ngx_http_log_module; W3C Extended Log File Format; 資通安全責任等級分級辦法附表十 事件日誌與可歸責性「日誌紀錄內容」",
    kinds: &["access_log"],
    judge: readable,
};

/// With fewer requests a ratio says little.
const FEW_REQUESTS: u64 = 100;
/// A busiest minute below this is no surge, whatever the median is.
const FEW_A_MINUTE: u64 = 60;
/// A median needs as many minutes.
const FEW_MINUTES: i64 = 60;
/// A path needs as many timed requests for a p95.
const FEW_TIMED: u64 = 20;
/// A link followed once may be a robot's guess.
const FEW_FOLLOWED: u64 = 2;

/// The logs that were understood; those with nothing in them are said to be.
fn logs<'a>(case: &Case<'a>, sheet: &mut Sheet) -> Vec<(String, u64, Piece<'a, AccessLog>)> {
    let mut good = Vec::new();
    for piece in case.access_logs() {
        let asset = label(&piece.body.path);
        let requests = piece.body.statuses.values().fold(0_u64, |sum, n| sum.saturating_add(*n));
        if requests == 0 {
            sheet.not_tested(&asset, "empty", &args![path = asset]).from(&piece);
        } else {
            good.push((asset, requests, piece));
        }
    }
    good
}

/// Share of requests answered with 5xx: 1 % fails, 0.1 % warns.
fn error_ratio(case: &Case<'_>, sheet: &mut Sheet) {
    for (asset, requests, piece) in logs(case, sheet) {
        let errors = piece.body.statuses.range(500..600).fold(0_u64, |sum, (_, n)| sum.saturating_add(*n));
        let arguments =
            args![path = asset, errors = errors, requests = requests, percent = percent(errors, requests)];
        let entry = if requests < FEW_REQUESTS {
            sheet.not_tested(&asset, "few", &arguments)
        } else if at_least(errors, requests, 100) {
            sheet.fail(&asset, "high", &arguments)
        } else if at_least(errors, requests, 1000) {
            sheet.warn(&asset, "raised", &arguments)
        } else {
            sheet.pass(&asset, "pass", &arguments)
        };
        let mut lines = vec![
            piece
                .body
                .statuses
                .range(500..600)
                .take(20)
                .map(|(status, n)| format!("{status}: {n}"))
                .collect::<Vec<_>>()
                .join(", "),
        ];
        lines.extend(piece.body.error_paths.iter().map(|(path, n)| format!("{n} {}", masked(path))));
        lines.retain(|l| !l.is_empty());
        entry.from(&piece).excerpt(ten_lines(&lines));
    }
}

/// The busiest minute against the median of all minutes: ten times as many requests are worth knowing
/// (info), and a warning when the system answered part of them with errors.
fn surge(case: &Case<'_>, sheet: &mut Sheet) {
    for (asset, _, piece) in logs(case, sheet) {
        let log = piece.body;
        let span = log.first_s.zip(log.last_s).map_or(0, |(first, last)| last.saturating_sub(first) / 60 + 1);
        let Some((minute, peak)) = log.busiest_minutes.first().copied().filter(|_| span >= FEW_MINUTES)
        else {
            sheet.not_tested(&asset, "short", &args![path = asset, minutes = span]).from(&piece);
            continue;
        };
        let errors = log.busiest_errors.first().copied().unwrap_or(0);
        let median = log.median_per_minute;
        let of = |lang| {
            args![
                path = asset,
                minute = moment(minute, lang),
                peak = peak,
                median = median,
                ratio = peak / median.max(1),
                errors = errors,
            ]
        };
        let (zh, en) = (of(Lang::ZhTw), of(Lang::En));
        let surged = peak >= FEW_A_MINUTE && peak / 10 >= median.max(1);
        let entry = if surged && at_least(errors, peak, 100) {
            sheet.warn(&asset, "failing", &zh)
        } else if surged {
            sheet.info(&asset, "surge", &zh)
        } else {
            sheet.pass(&asset, "pass", &zh)
        };
        let lines: Vec<String> = log
            .busiest_minutes
            .iter()
            .enumerate()
            .map(|(n, (at, count))| {
                let errors = log.busiest_errors.get(n).copied().unwrap_or(0);
                format!("{} {count} (5xx {errors})", moment(*at, Lang::En))
            })
            .collect();
        entry.english(&en).from(&piece).excerpt(ten_lines(&lines));
    }
}

/// In Taipei, to the minute.
fn moment(at_s: i64, lang: Lang) -> String {
    Timestamp::from_second(at_s).map_or_else(|_| at_s.to_string(), |at| bulwark_i18n::date_time(at, lang))
}

/// Paths whose p95 is over 3 s, where the log holds times of at least twenty requests.
fn slow_paths(case: &Case<'_>, sheet: &mut Sheet) {
    for (asset, _, piece) in logs(case, sheet) {
        let timed = &piece.body.slow_paths;
        let judged: Vec<&(String, u64, u64)> = timed.iter().filter(|(_, n, _)| *n >= FEW_TIMED).collect();
        let slow: Vec<&(String, u64, u64)> =
            judged.iter().copied().filter(|(_, _, p95)| *p95 > 3_000_000).collect();
        let shown = if slow.is_empty() { &judged } else { &slow };
        let lines: Vec<String> = shown
            .iter()
            .map(|(path, n, p95)| format!("p95 {} ms, n={n} {}", ms(*p95), masked(path)))
            .collect();
        let worst = ms(judged.iter().map(|(_, _, p95)| *p95).max().unwrap_or(0));
        let arguments = args![path = asset, count = slow.len(), worst = worst];
        let entry = if timed.is_empty() {
            sheet.not_tested(&asset, "no_times", &arguments)
        } else if judged.is_empty() {
            sheet.not_tested(&asset, "few", &arguments)
        } else if slow.is_empty() {
            sheet.pass(&asset, "pass", &arguments)
        } else {
            sheet.warn(&asset, "slow", &arguments)
        };
        entry.from(&piece).excerpt(ten_lines(&lines));
    }
}

/// Missing pages to which pages of the system itself lead; a link followed only once is left out, for
/// robots invent referrers. Whose pages they are is known from the hosts of the plan.
fn broken_links(case: &Case<'_>, sheet: &mut Sheet) {
    let own = case.plan.probe_scope().hosts;
    for (asset, _, piece) in logs(case, sheet) {
        let missing = piece.body.statuses.get(&404).copied().unwrap_or(0);
        let followed = piece.body.broken_links.iter().filter(|(_, _, n)| *n >= FEW_FOLLOWED);
        let (mine, others): (Vec<_>, Vec<_>) =
            followed.partition(|(from, _, _)| host_of(from).is_some_and(|h| own.contains(&h)));
        let lines = |list: &[&(String, String, u64)]| {
            let all: Vec<String> =
                list.iter().map(|(from, to, n)| format!("{n} {} → {}", masked(from), masked(to))).collect();
            ten_lines(&all)
        };
        let arguments = args![path = asset, count = mine.len(), missing = missing, others = others.len()];
        if own.is_empty() && !others.is_empty() {
            sheet.info(&asset, "whose", &arguments).from(&piece).excerpt(lines(&others));
        } else if mine.is_empty() {
            sheet.pass(&asset, "pass", &arguments).from(&piece);
        } else {
            sheet.warn(&asset, "found", &arguments).from(&piece).excerpt(lines(&mine));
        }
    }
}

/// The host of a page, without port.
fn host_of(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    Some(url.host_str()?.trim_matches(['[', ']']).to_ascii_lowercase())
}

/// Lines that could not be understood: more than 1 % warns, for what they say is not counted anywhere.
fn readable(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.access_logs() {
        let log = piece.body;
        let asset = label(&log.path);
        let bad: Vec<String> = log.bad_at.iter().take(10).map(u64::to_string).collect();
        let arguments = args![
            path = asset,
            bad = log.bad_lines,
            lines = log.lines,
            percent = percent(log.bad_lines, log.lines),
            format = log.format,
        ];
        if let Some(why) = &log.cut_short {
            sheet.error(&asset, &Failure::new(Step::Read, Code::Unreadable, label(why))).from(&piece);
            continue;
        }
        let entry = if log.lines == 0 {
            sheet.not_tested(&asset, "empty", &arguments)
        } else if log.statuses.is_empty() {
            sheet.not_tested(&asset, "unknown", &arguments)
        } else if u128::from(log.bad_lines) * 100 > u128::from(log.lines) {
            sheet.warn(&asset, "bad", &arguments)
        } else {
            sheet.pass(&asset, "pass", &arguments)
        };
        let excerpt = if bad.is_empty() { String::new() } else { format!("{}: {}", asset, bad.join(", ")) };
        entry.from(&piece).excerpt(excerpt);
    }
}

/// Whether `part` is at least one in `of`.
fn at_least(part: u64, whole: u64, of: u64) -> bool {
    part > 0 && u128::from(part) * u128::from(of) >= u128::from(whole)
}

/// A share with three decimals, rounded down, zeros at its end cut.
fn percent(part: u64, whole: u64) -> String {
    let thousandths = (u128::from(part) * 100_000).checked_div(u128::from(whole)).unwrap_or(0);
    let text = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
