use bulwark_model::Severity;
use bulwark_model::Verdict;
use bulwark_model::Verdict::{Error, Fail, Info, NotTested, Pass, Warn};
use bulwark_probe::evidence::{Body, DiskSample, FillPoint, Mount, Record, Storage};
use bulwark_probe::failure::Code;

use crate::check::Line;
use crate::checks::end_user::sample::{expect, got, lost, now, plan as base, run};
use crate::plan::{LocalPath, PathKind, Plan};

const PATH: &str = "/srv/data";
const GIB: u64 = 1 << 30;

fn plan() -> Plan {
    let mut plan = base();
    plan.scope.paths = vec![LocalPath {
        kind: PathKind::Data,
        path: PATH.into(),
        max_age_hours: 26,
        history: Some("/var/fill.csv".into()),
    }];
    plan
}

fn storage() -> Storage {
    Storage {
        path: PATH.into(),
        mount: Some(Mount {
            path: "/srv".into(),
            fs: "ext4".into(),
            total_bytes: 100 * GIB,
            free_bytes: 50 * GIB,
            total_inodes: 1,
            free_inodes: 1,
        }),
        device: Some("sda1".into()),
        ..Storage::default()
    }
}

/// Ten days up to now; GiB of 100.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "small numbers of a test"
)]
fn filling(first: f64, per_day: f64) -> Storage {
    let point = |n: i32| FillPoint {
        at_s: now().as_second() - i64::from(9 - n) * 86_400,
        used_bytes: ((first + per_day * f64::from(n)) * GIB as f64) as u64,
        total_bytes: 100 * GIB,
    };
    Storage { fill: (0..10).map(point).collect(), ..storage() }
}

fn record(storage: Storage) -> Record {
    got(&format!("storage:{PATH}"), Body::Storage(storage))
}

fn judge(check: &str, storage: Storage, verdict: Verdict, sentence: &str) -> Line {
    let id = format!("data_mgmt.{check}");
    let line = expect(&id, &plan(), vec![record(storage)], &[(verdict, sentence)]).remove(0);
    assert_eq!(line.asset, PATH);
    line
}

#[test]
fn storage_that_could_not_be_looked_at_is_an_error() {
    for check in ["fill-forecast", "storage-latency", "storage-utilisation"] {
        let id = format!("data_mgmt.{check}");
        expect(
            &id,
            &plan(),
            vec![lost(&format!("storage:{PATH}"), Code::Unreadable)],
            &[(Error, "common.failed")],
        );
        assert_eq!(run(&id, &plan(), vec![])[0].verdict, NotTested);
    }
}

#[test]
fn the_day_of_the_full_disk_is_told_with_its_range() {
    let line = judge("fill-forecast", filling(50.0, 0.1), Pass, "pass");
    assert!(line.message.zh_tw.contains("117-02-09"), "{}", line.message.zh_tw);
    let line = judge("fill-forecast", filling(50.0, 0.5), Warn, "near");
    assert_eq!(line.severity, Severity::Low);
    assert!(
        line.message.zh_tw.contains("81 天後") && line.message.zh_tw.contains("115-02-14")
            || line.message.zh_tw.contains("116-02-14"),
        "{}",
        line.message.zh_tw
    );
    assert!(line.message.en.contains("2027-02-14"), "{}", line.message.en);
    let line = judge("fill-forecast", filling(60.0, 1.0), Fail, "soon");
    assert_eq!(line.severity, Severity::Medium);
    let line = judge("fill-forecast", filling(80.0, 1.0), Fail, "soon");
    assert_eq!(line.severity, Severity::High, "in six days");
    judge("fill-forecast", filling(96.0, 0.0), Fail, "full");
    judge("fill-forecast", filling(50.0, 0.0), Pass, "steady");
    judge("fill-forecast", filling(50.0, -1.0), Pass, "steady");
}

#[test]
fn a_day_that_may_never_come_is_not_named() {
    let mut wild = filling(50.0, 0.4);
    for (n, p) in wild.fill.iter_mut().enumerate() {
        p.used_bytes += [0, 9, 1, 8, 2, 0, 7, 1, 6, 0][n] * GIB;
    }
    let line = &run("data_mgmt.fill-forecast", &plan(), vec![record(wild)])[0];
    assert!(
        line.message.zh_tw.contains("尚不能確定的日期") && line.message.en.contains("no certain day"),
        "{line:?}"
    );
}

#[test]
fn too_few_points_give_no_forecast() {
    let mut few = filling(50.0, 1.0);
    few.fill.truncate(6);
    judge("fill-forecast", few, NotTested, "few");
    let mut short = filling(50.0, 1.0);
    for (p, n) in short.fill.iter_mut().zip(0..) {
        p.at_s = now().as_second() - 3600 * n;
    }
    short.fill.reverse();
    judge("fill-forecast", short, NotTested, "few");
    // A history that is declared but cannot be read is our trouble, not a young system.
    let lost = Storage {
        fill: vec![],
        unread: vec!["/var/fill.csv: No such file or directory".into()],
        ..storage()
    };
    judge("fill-forecast", lost, Error, "common.failed");
    let bad = Storage { unread: vec!["/var/fill.csv:3: not three fields".into()], ..filling(50.0, 0.0) };
    let lines = expect(
        "data_mgmt.fill-forecast",
        &plan(),
        vec![record(bad)],
        &[(Info, "bad_lines"), (Pass, "steady")],
    );
    assert!(lines[0].excerpt.contains(":3:"), "{}", lines[0].excerpt);
}

#[test]
fn slow_reads_count_even_when_they_came_from_memory() {
    let reads =
        |us: u64, direct| Storage { read_us: [vec![1000; 18], vec![us; 2]].concat(), direct, ..storage() };
    judge("storage-latency", reads(20_000, true), Pass, "pass");
    let line = judge("storage-latency", reads(20_001, true), Warn, "near");
    assert!(line.excerpt.contains("sda1 O_DIRECT") && line.message.zh_tw.contains("20.00 毫秒"), "{line:?}");
    judge("storage-latency", reads(100_001, true), Fail, "slow");
    judge("storage-latency", reads(100_001, false), Fail, "slow");
    judge("storage-latency", reads(500, false), NotTested, "cached");
    judge("storage-latency", storage(), NotTested, "no_file");
    let unfit = Storage { unread: vec![".bulwark-latency: smaller than 64 MiB".into()], ..storage() };
    assert!(judge("storage-latency", unfit, NotTested, "unfit").excerpt.contains("64 MiB"));
}

#[test]
fn busy_and_waiting_devices_are_warned_of() {
    let two = |reads: u64, read_ms: u64, busy_ms: u64| {
        let at = |at_ms, reads, read_ms, busy_ms| DiskSample {
            at_ms,
            reads,
            read_ms,
            writes: 9,
            write_ms: 9,
            in_flight: 0,
            busy_ms,
        };
        Storage {
            samples: vec![at(0, 100, 100, 100), at(5000, 100 + reads, 100 + read_ms, 100 + busy_ms)],
            ..storage()
        }
    };
    judge("storage-utilisation", two(100, 5000, 4000), Pass, "pass");
    let line = judge("storage-utilisation", two(100, 5000, 4001), Warn, "busy");
    assert!(line.excerpt.contains("util 80.0 %"), "{}", line.excerpt);
    judge("storage-utilisation", two(100, 5001, 4000), Warn, "waits");
    judge("storage-utilisation", two(9, 5000, 100), Pass, "pass");
    judge("storage-utilisation", Storage { device: None, ..storage() }, NotTested, "no_device");
    judge("storage-utilisation", storage(), NotTested, "no_samples");
}
