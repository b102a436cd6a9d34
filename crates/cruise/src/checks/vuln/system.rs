//! Facts of this machine: support period, packages, updates.

use bulwark_i18n::{args, number};
use bulwark_model::Severity;
use bulwark_probe::evidence::Host;
use bulwark_probe::host::{OsRelease, end_of_life, os_release};

use crate::check::{Case, Sheet};
use crate::checks::network::view::{both_dates, clip, day, excerpt};

/// Days before the end of support that call for a plan.
const NOTICE_DAYS: i64 = 180;
/// Days without any change of the package database.
const STALE_DAYS: i64 = 90;
const DAY_S: i64 = 86_400;

/// Packages whose hooks write `/run/reboot-required`; without one its absence says nothing.
const REBOOT_HOOKS: &[&str] = &["unattended-upgrades", "update-notifier-common", "reboot-notifier"];

fn os_name(os: &OsRelease) -> String {
    let name = if os.pretty_name.is_empty() {
        format!("{} {}", os.id, os.version_id)
    } else {
        os.pretty_name.clone()
    };
    clip(name.trim())
}

fn asset(host: &Host) -> String {
    if host.hostname.is_empty() { "localhost".to_owned() } else { clip(&host.hostname) }
}

/// `vuln.os-eol`: the operating system still gets free security updates, and will for another 180
/// days (time to plan a migration). Paid extensions are not known to us and do not count.
///
/// The last day of support counts as supported. Systems that our table does not know (rolling
/// releases, appliances) need a person.
pub(super) fn os_eol(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.hosts() {
        let host = asset(piece.body);
        let os = os_release(&piece.body.os_release);
        let Some(end) = end_of_life(&os) else {
            sheet
                .manual(&host, "unknown", &args![host = host, os = os_name(&os)])
                .from(&piece)
                .excerpt(os_name(&os));
            continue;
        };
        let today = day(piece.record.started_at);
        let left = i64::from(today.until(end.date).map_or(0, |s| s.get_days()));
        let (roc, iso) = both_dates(end.date);
        let values = args![host = host, os = os_name(&os), roc = roc, iso = iso, days = left.abs()];
        let entry = if left < 0 {
            sheet.fail(&host, "ended", &values)
        } else if left < NOTICE_DAYS {
            sheet.warn(&host, "ending", &values)
        } else {
            sheet.pass(&host, "pass", &values)
        };
        let lines = [os_name(&os), format!("{} {}: {} ({})", end.product, end.cycle, end.date, end.source)];
        entry.from(&piece).excerpt(excerpt(lines));
    }
}

/// `vuln.package-inventory`: how many packages are installed. They are listed in the evidence and
/// compared with no advisories yet: that is said as `not_tested`, never as "0 found".
pub(super) fn inventory(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.hosts() {
        let host = asset(piece.body);
        let packages = &piece.body.packages;
        if packages.is_empty() {
            sheet
                .not_tested(&host, "unread", &args![host = host])
                .from(&piece)
                .excerpt(excerpt(piece.body.unread.clone()));
        } else {
            let count = number(u64::try_from(packages.len()).unwrap_or(u64::MAX));
            let managers: std::collections::BTreeSet<&str> =
                packages.iter().map(|p| p.manager.as_str()).collect();
            let managers = clip(&managers.into_iter().collect::<Vec<_>>().join(", "));
            sheet
                .info(&host, "counted", &args![host = host, count = count, managers = managers])
                .from(&piece)
                .excerpt(excerpt(packages.iter().map(|p| format!("{} {}", p.name, p.version))));
        }
        sheet.not_tested(&host, "not_compared", &args![host = host]).from(&piece);
    }
}

/// `vuln.reboot-required`: no installed update waits for a restart.
///
/// The flag is only written where a package brings the hook; elsewhere its absence proves nothing
/// and a person must compare the running kernel with the installed one.
pub(super) fn reboot(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.hosts() {
        let host = asset(piece.body);
        let kernel = clip(&piece.body.kernel);
        let days = piece.body.uptime_s / 86_400;
        let values = args![host = host, kernel = kernel, days = days];
        let hooked = piece.body.packages.iter().any(|p| REBOOT_HOOKS.contains(&p.name.as_str()));
        let entry = if piece.body.reboot_required {
            sheet.fail(&host, "waiting", &values)
        } else if hooked {
            sheet.pass(&host, "pass", &values)
        } else {
            sheet.manual(&host, "no_flag", &values)
        };
        entry.from(&piece).excerpt(format!("kernel {kernel}\nuptime {days} d"));
    }
}

/// `vuln.updates-stale`: the package database changed within the last 90 days.
///
/// A change is no proof that all updates are in; a quarter without any change is proof that they
/// are not. A time after that of the check is a wrong clock and needs a person.
pub(super) fn updates(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.hosts() {
        let host = asset(piece.body);
        let Some(changed) = piece.body.packages_changed_s.and_then(|s| jiff::Timestamp::from_second(s).ok())
        else {
            sheet
                .manual(&host, "unknown", &args![host = host])
                .from(&piece)
                .excerpt(excerpt(piece.body.unread.clone()));
            continue;
        };
        let age = piece.record.started_at.duration_since(changed).as_secs();
        let (roc, iso) = both_dates(day(changed));
        let values = args![host = host, days = age / DAY_S, roc = roc, iso = iso];
        let entry = if age < -DAY_S {
            sheet.manual(&host, "future", &values)
        } else if age > STALE_DAYS * DAY_S {
            let entry = sheet.fail(&host, "stale", &values);
            // A year and more: nobody looks after this machine.
            if age > 365 * DAY_S { entry.severity(Severity::High) } else { entry }
        } else {
            sheet.pass(&host, "pass", &values)
        };
        entry.from(&piece).excerpt(format!("changed {changed}\nchecked {}", piece.record.started_at));
    }
}
