//! The storage under the plan's data folders: when it is full, how fast it answers, how busy it is.

use bulwark_i18n::{args, file_size};
use bulwark_model::{Effort, Grade, Lang, Severity};
use bulwark_probe::evidence::Storage;
use bulwark_probe::failure::{Code, Failure, Step};
use bulwark_probe::storage::{Forecast, LATENCY_FILE, forecast, load, percentile};
use jiff::{SignedDuration, Timestamp};

use super::folder::tidy;
use crate::check::{Case, Definition, Piece, Sheet};

/// `data_mgmt.fill-forecast`
pub(super) const FILL_FORECAST: Definition = Definition {
    id: "data_mgmt.fill-forecast",
    severity: Severity::Medium,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "ISO/IEC 27001:2022 A.8.6（容量管理）; Bulwark criterion: 95 % in less than 30 / 90 days, slope by Theil–Sen (Sen 1968)",
    kinds: &["storage"],
    judge: fill_forecast,
};

/// `data_mgmt.storage-latency`
pub(super) const STORAGE_LATENCY: Definition = Definition {
    id: "data_mgmt.storage-latency",
    severity: Severity::Medium,
    grade: Grade::Availability,
    effort: Effort::Large,
    standard: "Microsoft Exchange 2010 Mailbox Server Counters, database reads: average below 20 ms, spikes not above 100 ms; here p95 of 4 KiB reads",
    kinds: &["storage"],
    judge: storage_latency,
};

/// `data_mgmt.storage-utilisation`
pub(super) const STORAGE_UTILISATION: Definition = Definition {
    id: "data_mgmt.storage-utilisation",
    severity: Severity::Medium,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "Linux kernel Documentation/admin-guide/iostats; iostat(1) %util, await; Bulwark criterion: 80 % / 50 ms",
    kinds: &["storage"],
    judge: storage_utilisation,
};

/// Use at which a file system counts as full: what root keeps in reserve is 5 % on ext4.
const FULL_PERCENT: u8 = 95;
/// A trend needs as many points over as many days.
const FEWEST_POINTS: usize = 7;
const FEWEST_DAYS: f64 = 7.0;
/// Full within so many days fails, warns, and is past telling.
const FAIL_DAYS: f64 = 30.0;
const WARN_DAYS: f64 = 90.0;
const FAR_DAYS: f64 = 3_650.0;
/// Nearer than this it is grave.
const GRAVE_DAYS: f64 = 7.0;

/// When the file system of each data folder reaches 95 %, by the median of all slopes between the points of
/// the plan's history and now: within 30 days fails, within 90 days warns.
fn fill_forecast(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.storage() {
        let (storage, asset) = (piece.body, tidy(&piece.body.path));
        let file = history_file(case, storage);
        bad_lines(file.as_deref(), &piece, &asset, sheet);
        let trend = forecast(&storage.fill, FULL_PERCENT);
        let enough = trend.filter(|f| f.points >= FEWEST_POINTS && f.span_days >= FEWEST_DAYS);
        let Some(f) = enough else {
            let lost = file.and_then(|file| {
                storage
                    .unread
                    .iter()
                    .find(|u| u.strip_prefix(&file).is_some_and(|rest| rest.starts_with(": ")))
            });
            if let Some(why) = lost {
                let failure = Failure::new(Step::Read, Code::Unreadable, tidy(why));
                sheet.error(&asset, &failure).from(&piece);
                continue;
            }
            let days = whole(trend.map_or(0.0, |f| f.span_days));
            let arguments = args![path = asset, points = storage.fill.len(), days = days];
            sheet.not_tested(&asset, "few", &arguments).from(&piece);
            continue;
        };
        let now = piece.record.started_at;
        let [zh, en] = [Lang::ZhTw, Lang::En].map(|lang| words(&asset, &f, now, lang));
        let entry = match f.days {
            Some(0.0) => sheet.fail(&asset, "full", &zh).severity(Severity::High),
            Some(days) if days < GRAVE_DAYS => sheet.fail(&asset, "soon", &zh).severity(Severity::High),
            Some(days) if days < FAIL_DAYS => sheet.fail(&asset, "soon", &zh),
            Some(days) if days < WARN_DAYS => sheet.warn(&asset, "near", &zh),
            Some(days) if days < FAR_DAYS => sheet.pass(&asset, "pass", &zh),
            Some(_) | None => sheet.pass(&asset, "steady", &zh),
        };
        entry.english(&en).from(&piece).excerpt(format!(
            "n={} {:.1} d, {:.1} % used, {:+.0} B/d [{:+.0}, {:+.0}]",
            f.points, f.span_days, f.used_percent, f.per_day, f.per_day_low, f.per_day_high
        ));
    }
}

/// The arguments of a sentence in one language: days are written differently.
fn words(path: &str, f: &Forecast, now: Timestamp, lang: Lang) -> Vec<(&'static str, String)> {
    let day = |days: Option<f64>| days.and_then(|d| day_after(now, d)).map(|d| bulwark_i18n::date(d, lang));
    let open = match lang {
        Lang::ZhTw => "尚不能確定的日期",
        Lang::En => "no certain day",
    };
    args![
        path = path,
        points = f.points,
        percent = format!("{:.1}", f.used_percent),
        growth = growth(f.per_day),
        days = whole(f.days.unwrap_or(0.0)),
        date = day(f.days).unwrap_or_else(|| open.to_owned()),
        early = day(f.days_early).unwrap_or_else(|| open.to_owned()),
        late = day(f.days_late.filter(|d| *d < FAR_DAYS)).unwrap_or_else(|| open.to_owned()),
    ]
    .to_vec()
}

fn day_after(now: Timestamp, days: f64) -> Option<jiff::civil::Date> {
    let later = SignedDuration::try_from_secs_f64(days * 86_400.0).ok()?;
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
    Some(zone.to_datetime(now.checked_add(later).ok()?).date())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held at zero and saturating")]
fn growth(per_day: f64) -> String {
    file_size(per_day.max(0.0) as u64)
}

#[expect(clippy::cast_possible_truncation, reason = "days; saturating")]
fn whole(days: f64) -> i64 {
    days.floor() as i64
}

fn history_file(case: &Case<'_>, storage: &Storage) -> Option<String> {
    let local = case.plan.scope.paths.iter().find(|p| p.path.to_string_lossy() == storage.path)?;
    local.history.as_ref().map(|h| h.to_string_lossy().into_owned())
}

/// Lines of the history that could not be used are named; the others still count.
fn bad_lines(file: Option<&str>, piece: &Piece<'_, Storage>, asset: &str, sheet: &mut Sheet) {
    let Some(file) = file else { return };
    let numbered = |u: &&String| {
        let rest = u.strip_prefix(file).and_then(|rest| rest.strip_prefix(':'));
        rest.is_some_and(|rest| {
            rest.starts_with(|c: char| c.is_ascii_digit()) || rest.ends_with("more bad lines")
        })
    };
    let bad: Vec<String> = piece.body.unread.iter().filter(numbered).map(|u| tidy(u)).take(10).collect();
    if !bad.is_empty() {
        sheet.info(asset, "bad_lines", &args![file = tidy(file)]).from(piece).excerpt(bad.join("\n"));
    }
}

/// Reads of 4 KiB at scattered places of the owner's test file: 95th percentile over 20 ms warns, over
/// 100 ms fails. Reads that may have come from memory prove slowness but not speed.
fn storage_latency(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.storage() {
        let (storage, asset) = (piece.body, tidy(&piece.body.path));
        let (Some(p95), Some(p50)) = (percentile(&storage.read_us, 95), percentile(&storage.read_us, 50))
        else {
            let mut unfit = storage.unread.iter().filter(|u| u.starts_with(LATENCY_FILE));
            match unfit.next() {
                Some(why) => {
                    sheet.not_tested(&asset, "unfit", &args![path = asset]).from(&piece).excerpt(tidy(why))
                }
                None => sheet.not_tested(&asset, "no_file", &args![path = asset]).from(&piece),
            };
            continue;
        };
        let count = storage.read_us.len();
        let arguments = args![path = asset, p95 = ms(p95), p50 = ms(p50), count = count];
        let entry = if p95 > 100_000 {
            sheet.fail(&asset, "slow", &arguments)
        } else if p95 > 20_000 {
            sheet.warn(&asset, "near", &arguments)
        } else if storage.direct {
            sheet.pass(&asset, "pass", &arguments)
        } else {
            sheet.not_tested(&asset, "cached", &arguments)
        };
        let device = tidy(storage.device.as_deref().unwrap_or("-"));
        entry.from(&piece).excerpt(format!(
            "{device} {}: p50 {} ms, p95 {} ms, n={count}",
            if storage.direct { "O_DIRECT" } else { "buffered" },
            ms(p50),
            ms(p95)
        ));
    }
}

/// A wait is a mean; of fewer requests it says little.
const FEWEST_REQUESTS: u64 = 10;

/// The device under each data folder over a few seconds: busy more than 80 % of the time, or requests
/// that take more than 50 ms on average, warns. Devices that work in parallel (SSD, RAID) can be busy all
/// the time and still have room, so this never fails.
fn storage_utilisation(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.storage() {
        let (storage, asset) = (piece.body, tidy(&piece.body.path));
        let Some(device) = storage.device.as_deref().map(tidy) else {
            let fs = storage.mount.as_ref().map_or_else(|| "-".to_owned(), |m| tidy(&m.fs));
            sheet.not_tested(&asset, "no_device", &args![path = asset, fs = fs]).from(&piece);
            continue;
        };
        let Some(l) = load(&storage.samples) else {
            sheet.not_tested(&asset, "no_samples", &args![path = asset, device = device]).from(&piece);
            continue;
        };
        let wait = l.wait_ms.filter(|_| l.requests >= FEWEST_REQUESTS);
        let arguments = args![
            path = asset,
            device = device,
            busy = format!("{:.0}", l.busy_percent),
            wait = format!("{:.1}", l.wait_ms.unwrap_or(0.0)),
            seconds = l.span_ms / 1000,
        ];
        let entry = if wait.is_some_and(|ms| ms > 50.0) {
            sheet.warn(&asset, "waits", &arguments)
        } else if l.busy_percent > 80.0 {
            sheet.warn(&asset, "busy", &arguments)
        } else {
            sheet.pass(&asset, "pass", &arguments)
        };
        entry.from(&piece).excerpt(format!(
            "{device}: util {:.1} %, await {} ms, queue {:.2}, {} requests in {} ms, {} resets",
            l.busy_percent,
            l.wait_ms.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.2}")),
            l.queue,
            l.requests,
            l.span_ms,
            l.resets
        ));
    }
}

/// Microseconds as milliseconds with two decimals.
fn ms(us: u64) -> String {
    format!("{}.{:02}", us / 1000, us % 1000 / 10)
}
