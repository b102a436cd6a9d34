//! Whether clocks are right, and kept right.

use std::collections::BTreeMap;

use bulwark_i18n::args;
use bulwark_probe::evidence::{Exchange, Record};
use bulwark_probe::header;
use url::Url;

use super::address::plain_host;
use crate::check::{Case, Entry, Piece, Sheet};
use crate::checks::end_user::visit::{label, masked, settle, subject_of, visits};

/// NTP: more than this off is a warning, and more than [`NTP_FAIL_MS`] a failure.
const NTP_WARN_MS: i64 = 1_000;
const NTP_FAIL_MS: i64 = 5_000;
/// HTTP dates count whole seconds and may come from a busy front end: wider limits.
const HTTP_WARN_MS: i64 = 5_000;
const HTTP_FAIL_MS: i64 = 60_000;
/// From this many hosts on, an error all of them share is more likely ours.
const SHARED: usize = 3;
const SHARED_WITHIN_MS: i64 = 2_000;

/// Programs that keep a clock right; names as the kernel cuts them (15 characters).
const SERVICES: [&str; 6] = ["chronyd", "ntpd", "systemd-timesyn", "ptp4l", "timemaster", "openntpd"];

/// The best measurement of one host.
struct Measured<'a> {
    /// Signed offset in milliseconds as shown.
    offset_ms: i64,
    /// How much of it is beyond doubt.
    sure_ms: i64,
    ntp: bool,
    stratum: Option<u8>,
    source: Source<'a>,
}

#[derive(Clone, Copy)]
enum Source<'a> {
    Time(Piece<'a, bulwark_probe::evidence::TimeOffset>),
    Http(Piece<'a, bulwark_probe::evidence::Http>),
}

impl Source<'_> {
    fn name<'s>(&self, entry: Entry<'s>) -> Entry<'s> {
        match self {
            Self::Time(p) => entry.from(p),
            Self::Http(p) => entry.from(p),
        }
    }
}

/// Offset of an HTTP date against the time of its record. The server stamped it (whole seconds, cut) at
/// some moment of the record; a stored answer keeps the stamp of its origin and says its `Age` (RFC 9111
/// §4.2.3). Only what lies outside of all that is sure.
fn http_offset(x: &Exchange, record: &Record) -> Option<i64> {
    let date = header::http_date(x.header("date")?)?.as_millisecond();
    let age = match x.header("age") {
        Some(age) => age.trim().parse::<i64>().ok()?.checked_mul(1000)?,
        None => 0,
    };
    let date = date.checked_add(age)?;
    let first = record.started_at.as_millisecond().checked_sub(1_000)?;
    let last = record.started_at.as_millisecond().checked_add(i64::try_from(record.duration_ms).ok()?)?;
    Some(if date < first {
        date.saturating_sub(first)
    } else if date > last {
        date.saturating_sub(last)
    } else {
        0
    })
}

fn measurements<'a>(case: &Case<'a>) -> BTreeMap<String, Measured<'a>> {
    let mut all: BTreeMap<String, Measured<'a>> = BTreeMap::new();
    let mut offer = |host: String, new: Measured<'a>| {
        let better = all
            .get(&host)
            .is_none_or(|old| (new.ntp && !old.ntp) || (new.ntp == old.ntp && new.sure_ms < old.sure_ms));
        if better {
            all.insert(host, new);
        }
    };
    for piece in case.times() {
        let t = piece.body;
        let ntp = t.method == "ntp";
        let doubt =
            i64::try_from(t.uncertainty_ms).unwrap_or(i64::MAX).saturating_add(if ntp { 0 } else { 1_000 });
        let sure_ms = t.offset_ms.saturating_abs().saturating_sub(doubt).max(0);
        let measured = Measured {
            offset_ms: t.offset_ms,
            sure_ms,
            ntp,
            stratum: t.stratum,
            source: Source::Time(piece),
        };
        offer(plain_host(&t.host), measured);
    }
    for visit in visits(case) {
        for x in &visit.piece.body.hops {
            let Some(host) = Url::parse(&x.url).ok().and_then(|u| u.host_str().map(plain_host)) else {
                continue;
            };
            let Some(offset_ms) = http_offset(x, visit.piece.record) else { continue };
            let sure_ms = offset_ms.saturating_abs();
            offer(
                host,
                Measured { offset_ms, sure_ms, ntp: false, stratum: None, source: Source::Http(visit.piece) },
            );
        }
    }
    all
}

/// Clock of each host against ours: by NTP (RFC 5905) more than 1 s warns, more than 5 s fails; by the HTTP
/// `Date` field (RFC 9110 §6.6.1, whole seconds) more than 5 s warns, more than 60 s fails. Only the part
/// beyond the uncertainty of the measurement counts. When our own clock is not synchronised, or three or
/// more hosts are all off by the same amount, a person must look: the error may be ours.
pub(super) fn time_offset(case: &Case<'_>, sheet: &mut Sheet) {
    settle(case, sheet);
    let all = measurements(case);
    for piece in case.failed(&["page", "http"]) {
        let host = Url::parse(subject_of(&piece.record.key)).ok().and_then(|u| u.host_str().map(plain_host));
        if host.is_some_and(|h| all.contains_key(&h)) {
            sheet.handled(&piece);
        }
    }
    let ours_free = case.hosts().any(|h| h.body.clock_synchronised == Some(false));
    let limits =
        |m: &Measured<'_>| if m.ntp { (NTP_WARN_MS, NTP_FAIL_MS) } else { (HTTP_WARN_MS, HTTP_FAIL_MS) };
    let off: Vec<i64> = all.values().filter(|m| m.sure_ms > limits(m).0).map(|m| m.offset_ms).collect();
    let spread = off.iter().max().zip(off.iter().min()).map_or(0, |(a, b)| a.saturating_sub(*b));
    let shared = off.len() == all.len() && off.len() >= SHARED && spread <= SHARED_WITHIN_MS;
    for (host, m) in &all {
        let (warn, fail) = limits(m);
        let method = if m.ntp { "NTP" } else { "HTTP Date" };
        let args = args![host = host, offset = seconds(m.offset_ms), method = method];
        let entry = if m.ntp && m.stratum.is_some_and(|s| s == 0 || s >= 16) {
            sheet.warn(host, "unsynchronised", &args)
        } else if m.sure_ms <= warn {
            sheet.pass(host, "pass", &args)
        } else if ours_free || shared {
            sheet.manual(host, "ours", &args)
        } else if m.sure_ms > fail {
            sheet.fail(host, "off", &args)
        } else {
            sheet.warn(host, "off", &args)
        };
        let shown = match m.source {
            Source::Time(p) => format!(
                "{} offset {} ms ± {} ms, stratum {}",
                masked(&p.body.method),
                p.body.offset_ms,
                p.body.uncertainty_ms,
                p.body.stratum.map_or_else(|| "-".to_owned(), |s| s.to_string())
            ),
            Source::Http(p) => {
                let date = p.body.hops.iter().find_map(|x| x.header("date")).unwrap_or("-");
                format!(
                    "date: {}\nrecord: {} + {} ms",
                    masked(date),
                    p.record.started_at,
                    p.record.duration_ms
                )
            }
        };
        m.source.name(entry.excerpt(shown));
    }
}

/// `+1.3` seconds.
fn seconds(ms: i64) -> String {
    let tenths = ms.unsigned_abs().saturating_add(50) / 100;
    let sign = if tenths == 0 {
        ""
    } else if ms < 0 {
        "-"
    } else {
        "+"
    };
    format!("{sign}{}.{}", tenths / 10, tenths % 10)
}

/// This machine keeps its clock right (資通安全責任等級分級辦法 Appendix 10, 事件日誌與可歸責性－時戳及校時: the
/// system clock is synchronised regularly). The kernel's own word (`adjtimex`, STA_UNSYNC) counts more than a
/// running service: a guest may be kept right by its host without any service.
pub(super) fn time_sync(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.hosts() {
        let host = label(&piece.body.hostname);
        let host = host.as_str();
        let running: Vec<&str> =
            SERVICES.iter().copied().filter(|s| piece.body.processes.iter().any(|p| p == s)).collect();
        let service = if running.is_empty() { "-".to_owned() } else { running.join(", ") };
        let args = args![host = host, service = service];
        let entry = match (piece.body.clock_synchronised, running.is_empty()) {
            (Some(true), _) => sheet.pass(host, "pass", &args),
            (Some(false), false) => sheet.warn(host, "not_yet", &args),
            (Some(false), true) => sheet.fail(host, "none", &args),
            (None, false) => sheet.pass(host, "service_only", &args),
            (None, true) => sheet.manual(host, "unknown", &args),
        };
        let kernel = piece.body.clock_synchronised.map_or("-", |s| if s { "yes" } else { "no" });
        entry.excerpt(format!("kernel synchronised: {kernel}\nservice: {service}")).from(&piece);
    }
}
