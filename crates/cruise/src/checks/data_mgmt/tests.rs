use std::collections::BTreeSet;

use bulwark_i18n::wrong_usage;
use bulwark_model::{Severity, Verdict};
use bulwark_probe::evidence::{
    Blob, Body, FileFact, Files, Host, Mount, Outcome, PathAnswer, PathProbe, Paths, Record,
};
use bulwark_probe::failure::{Code, Failure, Step};
use jiff::Timestamp;

use super::{CHECKS, webroot};
use crate::check::{Case, Definition, Line, judge_one, texts};
use crate::checks::sample::{assert_readable, bare_plan};
use crate::plan::{Answer, AnswerValue, LocalPath, PathKind, Plan, PlanScope};

use Verdict::{Fail, Manual, NotTested, Pass, Warn};

/// 2026-11-25 12:00 in Taipei.
const NOW: i64 = 1_795_579_200;
const HOUR: i64 = 3_600;

fn plan(paths: &[(PathKind, &str)]) -> Plan {
    Plan {
        scope: PlanScope {
            paths: paths
                .iter()
                .map(|(kind, path)| LocalPath {
                    kind: *kind,
                    path: (*path).into(),
                    max_age_hours: 26,
                    history: None,
                })
                .collect(),
            ..PlanScope::default()
        },
        ..bare_plan()
    }
}

fn definition(id: &str) -> &'static Definition {
    CHECKS.iter().find(|d| d.id == id).unwrap_or_else(|| panic!("{id} is no check"))
}

fn record(key: &str, outcome: Outcome) -> Record {
    Record {
        key: key.into(),
        subject: key.split_once(':').map_or(key, |(_, s)| s).into(),
        started_at: Timestamp::from_second(NOW).expect("a time"),
        duration_ms: 3,
        tool: "bulwark 0.1.0".into(),
        outcome,
    }
}

fn judge(id: &str, plan: &Plan, records: Vec<Record>) -> Vec<Line> {
    let evidence: Vec<(String, Record)> =
        records.into_iter().enumerate().map(|(n, r)| (format!("E-{:04}", n + 1), r)).collect();
    let kinds: &[&str] = if evidence.is_empty() { &[] } else { &["files", "host", "paths", "answer"] };
    let taken_at = Timestamp::from_second(NOW).expect("a time");
    let case = Case { plan, evidence: &evidence, planned_kinds: kinds, taken_at };
    let lines = judge_one(definition(id), &case);
    assert_readable(id, &lines);
    lines
}

fn one(id: &str, plan: &Plan, records: Vec<Record>) -> Line {
    let mut lines = judge(id, plan, records);
    assert_eq!(lines.len(), 1, "{id}: {lines:?}");
    lines.remove(0)
}

fn verdict(line: &Line) -> (Verdict, &str) {
    (line.verdict, line.sentence.as_str())
}

/// path, bytes, hours ago, mode.
type Fact<'a> = (&'a str, u64, i64, u32);

fn listing(path: &str, facts: &[Fact<'_>]) -> Files {
    let files = facts
        .iter()
        .map(|(path, bytes, hours, mode)| FileFact {
            path: (*path).into(),
            bytes: *bytes,
            modified_s: NOW - hours * HOUR,
            mode: *mode,
            sha256: None,
        })
        .collect();
    Files { path: path.into(), files, skipped: 0, mount: None, unread: vec![] }
}

fn files(files: Files) -> Record {
    record(&format!("files:{}", files.path), Outcome::Collected(Box::new(Body::Files(files))))
}

const BACKUP: &[(PathKind, &str)] = &[(PathKind::Backup, "/srv/backup")];

fn backup(check: &str, facts: &[Fact<'_>]) -> Line {
    one(&format!("data_mgmt.{check}"), &plan(BACKUP), vec![files(listing("/srv/backup", facts))])
}

#[test]
fn a_backup_is_old_after_its_hours() {
    let line = backup("backup-age", &[("db.sql.gz", 9, 26, 0o640)]);
    assert_eq!(verdict(&line), (Pass, "pass"));
    let line = backup(
        "backup-age",
        &[("db.sql.gz", 9, 27, 0o640), ("empty.sql.gz", 0, 1, 0o640), ("backup.log", 5, 1, 0o640)],
    );
    assert_eq!((verdict(&line), line.severity), ((Fail, "old"), Severity::High));
    assert_eq!(line.asset, "/srv/backup");
    assert!(
        line.message.zh_tw.contains("27 小時前") && line.message.zh_tw.contains("26 小時"),
        "{}",
        line.message.zh_tw
    );
    assert_eq!(verdict(&backup("backup-age", &[])), (Fail, "none"));
    assert_eq!(verdict(&backup("backup-age", &[("db.dump.part", 9, 1, 0)])), (Fail, "none"));
    assert_eq!(verdict(&backup("backup-age", &[("db.dump", 9, -2, 0)])), (Warn, "future"));
}

#[test]
fn what_we_could_not_read_may_be_the_fresh_backup() {
    let mut folder = listing("/srv/backup", &[("db.sql.gz", 9, 90, 0o640)]);
    folder.unread = vec!["daily/: permission denied".into()];
    let line = one("data_mgmt.backup-age", &plan(BACKUP), vec![files(folder)]);
    assert_eq!(line.verdict, Verdict::Error);
    assert!(line.excerpt.contains("daily/"));
}

#[test]
fn listings_belong_to_the_plans_folders_of_their_kind() {
    let p = plan(&[(PathKind::Data, "/srv/backup"), (PathKind::Backup, "/srv/other")]);
    let line = one("data_mgmt.backup-age", &p, vec![files(listing("/srv/backup", &[]))]);
    assert_eq!(line.verdict, NotTested);
}

#[test]
fn a_backup_shrinks_against_its_own_generations() {
    let day = |n: i64, bytes: u64| (format!("db-2026112{n}.sql.gz"), bytes, (5 - n) * 24);
    let run = |sizes: &[(String, u64, i64)], more: &[Fact<'_>]| {
        let mut facts: Vec<Fact<'_>> = sizes.iter().map(|(n, b, h)| (n.as_str(), *b, *h, 0o640)).collect();
        facts.extend(more);
        judge("data_mgmt.backup-size-trend", &plan(BACKUP), vec![files(listing("/srv/backup", &facts))])
    };
    let old = [day(1, 1000), day(2, 1010), day(3, 990)];
    let with = |bytes| [old.as_slice(), &[day(4, bytes)]].concat();
    let lines = run(&with(500), &[]);
    assert_eq!(verdict(&lines[0]), (Pass, "pass"));
    assert_eq!(lines[0].asset, "/srv/backup/db-#.sql.gz");
    let lines = run(&with(499), &[]);
    assert_eq!((verdict(&lines[0]), lines[0].severity), ((Fail, "shrunk"), Severity::High));
    assert!(lines[0].message.en.contains("db-20261124.sql.gz") && lines[0].message.en.contains("1000 B"));
    assert_eq!(verdict(&run(&with(0), &[])[0]), (Fail, "empty"));
    assert_eq!(verdict(&run(&old, &[])[0]), (NotTested, "few"));
    // A small archive of something else, newer than all, is another series.
    let lines = run(&with(1000), &[("etc.tar.gz", 3, 0, 0o640)]);
    assert_eq!(lines.iter().map(|l| l.verdict).collect::<Vec<_>>(), [Pass, NotTested]);
    // A folder is one generation; a listing cut at its end has lost part of the oldest.
    let mut folder =
        listing("/srv/backup", &[("20261124/a", 5, 1, 0), ("20261124/b", 5, 1, 0), ("20261123/a", 1, 25, 0)]);
    folder.skipped = 7;
    let all = super::series::series(&folder);
    assert_eq!(all["#"].len(), 1);
    assert_eq!(all["#"][0].bytes, 10);
}

#[test]
fn backups_are_closed_to_other_accounts() {
    assert_eq!(verdict(&backup("backup-permissions", &[("db.sql", 9, 1, 0o640)])), (Pass, "pass"));
    let line = backup(
        "backup-permissions",
        &[("db.sql", 9, 1, 0o644), ("db.sql.gpg", 9, 1, 0o644), ("db.log", 9, 1, 0o666)],
    );
    assert_eq!((verdict(&line), line.severity), ((Warn, "readable"), Severity::Medium));
    assert!(line.message.en.starts_with("1 backup files"), "{}", line.message.en);
    assert_eq!(line.excerpt, "0644 db.sql");
    let line = backup("backup-permissions", &[("db.sql", 9, 1, 0o644), ("db.sql.gpg", 9, 1, 0o662)]);
    assert_eq!((verdict(&line), line.severity), ((Fail, "writable"), Severity::High));
    assert_eq!(verdict(&backup("backup-permissions", &[("db.sql", 9, 1, 0)])), (NotTested, "unknown"));
}

fn mount(path: &str, free: u64, free_inodes: u64) -> Mount {
    Mount {
        path: path.into(),
        fs: "ext4".into(),
        total_bytes: 1000,
        free_bytes: free,
        total_inodes: 1000,
        free_inodes,
    }
}

#[test]
fn disks_fill_in_bytes_and_in_inodes() {
    let disk = |m: Mount| {
        let host = Host { mounts: vec![m], ..Host::default() };
        let record = record("host:self", Outcome::Collected(Box::new(Body::Host(Box::new(host)))));
        judge("data_mgmt.disk-fill", &plan(&[]), vec![record])
    };
    assert_eq!(verdict(&disk(mount("/", 150, 900))[0]), (Pass, "pass"));
    assert_eq!(verdict(&disk(mount("/", 149, 900))[0]), (Warn, "nearly"));
    assert_eq!(verdict(&disk(mount("/", 50, 900))[0]), (Warn, "nearly"));
    let full = disk(mount("/var", 49, 900)).remove(0);
    assert_eq!(
        (verdict(&full), full.severity, full.asset.as_str()),
        ((Fail, "full"), Severity::High, "/var")
    );
    assert!(full.message.zh_tw.contains("95.1 %"));
    assert_eq!(verdict(&disk(mount("/", 900, 100))[0]), (Warn, "inodes_nearly"));
    assert_eq!(verdict(&disk(mount("/", 900, 9))[0]), (Fail, "inodes_full"));
    // btrfs has no fixed inodes; images are full by nature; a size of nothing is no disk.
    assert_eq!(verdict(&disk(Mount { total_inodes: 0, ..mount("/", 900, 0) })[0]), (Pass, "pass"));
    assert_eq!(disk(Mount { fs: "squashfs".into(), ..mount("/snap/x", 0, 0) })[0].verdict, NotTested);
    assert_eq!(disk(Mount { total_bytes: 0, ..mount("/", 900, 0) })[0].verdict, NotTested);
}

#[test]
fn a_file_system_met_twice_is_told_once_and_evidence_folders_do_not_count() {
    let host = Host { mounts: vec![mount("/", 500, 500)], ..Host::default() };
    let at = |path: &str, m: &str| files(Files { mount: Some(mount(m, 10, 500)), ..listing(path, &[]) });
    let lines = judge(
        "data_mgmt.disk-fill",
        &plan(&[(PathKind::Data, "/srv/data"), (PathKind::Backup, "/srv/backup")]),
        vec![
            record("host:self", Outcome::Collected(Box::new(Body::Host(Box::new(host))))),
            at("/srv/data", "/srv"),
            at("/srv/backup", "/srv"),
            at("/home/me/evidence.pdf", "/home"),
        ],
    );
    assert_eq!(lines.iter().map(|l| l.asset.as_str()).collect::<Vec<_>>(), ["/", "/srv"]);
}

fn got(status: u16, content_type: &str, first: &[u8]) -> PathAnswer {
    PathAnswer { status, content_type: content_type.into(), bytes: 4096, first: Blob(first.to_vec()) }
}

fn site(baseline: PathAnswer, probes: &[(&str, PathAnswer)]) -> Paths {
    Paths {
        base: "https://www.a.gov.tw/".into(),
        baseline: Ok(baseline),
        probes: probes.iter().map(|(p, a)| PathProbe { path: (*p).into(), answer: Ok(a.clone()) }).collect(),
    }
}

fn web(check: &str, paths: Paths) -> Line {
    let record = record("paths:https://www.a.gov.tw/", Outcome::Collected(Box::new(Body::Paths(paths))));
    let line = one(&format!("data_mgmt.{check}"), &plan(&[]), vec![record]);
    assert_eq!(line.asset, "https://www.a.gov.tw/");
    line
}

#[test]
fn dumps_on_the_web_are_told_by_their_first_bytes() {
    let gone = || got(404, "text/html", b"<html>not found");
    let dump = |path: &str, answer: PathAnswer| {
        web("web-dump-exposed", site(gone(), &[("dump.sql", gone()), (path, answer)]))
    };
    let line = dump("backup.sql", got(200, "application/octet-stream", b"-- PostgreSQL database dump\n"));
    assert_eq!((verdict(&line), line.severity), ((Fail, "exposed"), Severity::High));
    assert!(line.message.zh_tw.contains("backup.sql") && line.excerpt.contains("[SQL]"));
    assert_eq!(dump("backup.zip", got(206, "text/html", b"PK\x03\x04rest")).verdict, Fail);
    assert_eq!(dump("config.php.bak", got(200, "text/plain", b"<?php $password = 'x';")).verdict, Fail);
    assert_eq!(verdict(&dump("backup.zip", got(404, "", b"PK\x03\x04"))), (Pass, "pass"));
    assert_eq!(dump("backup.zip", got(403, "text/html", b"<html>")).verdict, Pass);
    assert_eq!(dump("backup.zip", got(200, "text/html", b"\n<!DOCTYPE html><html>")).verdict, Pass);
    assert_eq!(dump("backup.zip", got(200, "application/zip", b"")).verdict, Pass);
    assert_eq!(verdict(&dump("web.config.bak", got(200, "text/plain", b"hello"))), (Manual, "unclear"));
    // Paths of other checks are not ours.
    let other = site(gone(), &[("server-status", got(200, "text/html", b"<html>Apache Status"))]);
    assert_eq!(web_lines("web-dump-exposed", other)[0].verdict, NotTested);
}

fn web_lines(check: &str, paths: Paths) -> Vec<Line> {
    let record = record("paths:https://www.a.gov.tw/", Outcome::Collected(Box::new(Body::Paths(paths))));
    judge(&format!("data_mgmt.{check}"), &plan(&[]), vec![record])
}

#[test]
fn a_site_that_answers_everything_alike_exposes_nothing() {
    let soft = |first: &[u8]| got(200, "application/json", first);
    let paths = site(
        soft(b"{\"code\":404}"),
        &[("appsettings.json", soft(b"{\"code\":404}")), (".env", soft(b"{\"path\":\".env\"}"))],
    );
    assert_eq!(verdict(&web("web-repo-exposed", paths)), (Pass, "pass"));
    // The same first bytes are dangerous where a missing path is a real 404.
    let paths = site(got(404, "", b""), &[("appsettings.json", soft(b"{\"code\":404}"))]);
    assert_eq!(web("web-repo-exposed", paths).verdict, Fail);
}

#[test]
fn repositories_and_secrets_on_the_web() {
    let gone = || got(404, "text/html", b"<html>");
    let repo = |path: &str, first: &[u8]| {
        web("web-repo-exposed", site(gone(), &[(path, got(200, "text/plain", first))]))
    };
    for (path, first) in [
        (".git/HEAD", &b"ref: refs/heads/main\n"[..]),
        (".git/HEAD", b"4b825dc642cb6eb9a060e54bf8d69288fbee4904\n"),
        (".git/config", b"[core]\n\trepositoryformatversion = 0"),
        (".svn/entries", b"12\n"),
        (".svn/wc.db", b"SQLite format 3\0"),
        (".hg/requires", b"dotencode\nfncache\n"),
        (".DS_Store", b"\0\0\0\x01Bud1"),
        (".env", b"APP_NAME=x\nDB_PASSWORD=hunter2"),
        (".env.bak", b"# settings\nexport KEY=1"),
        (".htpasswd", b"admin:$apr1$abc$def"),
        (".aws/credentials", b"[default]\naws_access_key_id"),
        ("id_rsa", b"-----BEGIN OPENSSH PRIVATE KEY-----"),
    ] {
        let line = repo(path, first);
        assert_eq!((verdict(&line), line.severity), ((Fail, "exposed"), Severity::High), "{path}");
        assert!(!line.excerpt.contains("hunter2") && !line.excerpt.contains("apr1"), "no secret is shown");
    }
    assert_eq!(repo(".git/HEAD", b"<html><body>Welcome").verdict, Pass);
    assert_eq!(verdict(&repo(".git/HEAD", b"hello world")), (Manual, "unclear"));
    let line =
        web("web-dump-exposed", site(gone(), &[("database.sqlite", got(200, "", b"SQLite format 3\0"))]));
    assert_eq!(line.verdict, Fail);
}

#[test]
fn a_path_that_gave_no_answer_is_an_error() {
    let mut paths =
        site(got(404, "", b""), &[(".git/HEAD", got(404, "", b"")), ("backup.sql", got(404, "", b""))]);
    let silent = Failure::new(Step::Receive, Code::TimedOut, "https://www.a.gov.tw/");
    paths.probes.push(PathProbe { path: ".env".into(), answer: Err(silent.clone()) });
    assert_eq!(web("web-repo-exposed", paths.clone()).verdict, Verdict::Error);
    // The other check asked for other paths, and those were answered.
    assert_eq!(web("web-dump-exposed", paths.clone()).verdict, Pass);
    // A weakness seen is a weakness, whatever else went wrong; and no baseline is no excuse.
    paths.probes[0].answer = Ok(got(200, "", b"ref: refs/heads/main"));
    paths.baseline = Err(silent);
    assert_eq!(web("web-repo-exposed", paths).verdict, Fail);
}

#[test]
fn web_roots_hold_no_backups() {
    let root = |facts: &[Fact<'_>]| {
        one(
            "data_mgmt.webroot-dumps",
            &plan(&[(PathKind::WebRoot, "/var/www")]),
            vec![files(listing("/var/www", facts))],
        )
    };
    let good: &[Fact<'_>] =
        &[("index.html", 9, 1, 0o644), ("forms/a.zip", 9, 1, 0o644), (".env.example", 9, 1, 0o644)];
    assert_eq!(verdict(&root(good)), (Pass, "pass"));
    let bad = root(&[good, &[(".git/HEAD", 21, 1, 0o644), ("old/db.sql.gz", 9, 1, 0o644)]].concat());
    assert_eq!((verdict(&bad), bad.severity), ((Fail, "found"), Severity::High));
    assert_eq!(bad.excerpt, "21 .git/HEAD\n9 old/db.sql.gz");
    for name in [
        "a.SQL",
        "x/.env",
        ".env.production",
        "index.php.bak",
        "index.php~",
        ".index.php.swp",
        "site-backup.tar.gz",
        "a/.svn/wc.db",
    ] {
        assert!(webroot::misplaced(name), "{name}");
    }
    for name in ["", "download.zip", "environment.js", "gitlab.html", "a.sqlx", "backup-guide.html"] {
        assert!(!webroot::misplaced(name), "{name}");
    }
    let p = plan(&[(PathKind::WebRoot, "/var/www")]);
    let cut = Files { skipped: 5, ..listing("/var/www", good) };
    assert_eq!(verdict(&one("data_mgmt.webroot-dumps", &p, vec![files(cut)])), (NotTested, "partial"));
    let closed = Files { unread: vec!["a/: denied".into()], ..listing("/var/www", good) };
    assert_eq!(one("data_mgmt.webroot-dumps", &p, vec![files(closed)]).verdict, Verdict::Error);
}

fn answered(
    check: &str,
    question: &str,
    value: AnswerValue,
    on: Option<jiff::civil::Date>,
    evidence: bool,
) -> Line {
    let mut plan = plan(&[]);
    let evidence = if evidence { vec!["/e/proof.pdf".into()] } else { vec![] };
    plan.answers.insert(question.into(), Answer { value, note: "說明".into(), on, evidence });
    one(
        &format!("data_mgmt.{check}"),
        &plan,
        vec![files(listing("/e/proof.pdf", &[("proof.pdf", 9, 1, 0o600)]))],
    )
}

#[test]
fn answers_of_the_agency() {
    for (check, question) in [
        ("restore-tested", "restore-test"),
        ("offsite-copy", "offsite-backup"),
        ("backup-encrypted", "backup-encrypted"),
        ("retention-policy", "retention-policy"),
        ("data-classified", "data-classified"),
        ("log-retention", "log-retention"),
    ] {
        assert!(
            crate::plan::QUESTIONS
                .iter()
                .any(|q| q.id == question && q.check == format!("data_mgmt.{check}"))
        );
        let on = Some(jiff::civil::date(2026, 10, 1));
        assert_eq!(answered(check, question, AnswerValue::Yes, on, true).verdict, Pass);
        assert_eq!(answered(check, question, AnswerValue::Yes, on, false).verdict, Manual);
        assert_eq!(answered(check, question, AnswerValue::No, None, false).verdict, Fail);
        assert_eq!(answered(check, question, AnswerValue::Unknown, None, false).verdict, Manual);
        assert_eq!(one(&format!("data_mgmt.{check}"), &plan(&[]), vec![]).verdict, NotTested);
    }
}

#[test]
fn a_restore_test_is_good_for_365_days() {
    let on = |y, m, d| {
        answered("restore-tested", "restore-test", AnswerValue::Yes, Some(jiff::civil::date(y, m, d)), true)
    };
    assert_eq!(on(2025, 11, 25).verdict, Pass);
    let line = on(2025, 11, 24);
    assert_eq!((verdict(&line), line.severity), ((Warn, "old"), Severity::Medium));
    assert!(line.message.en.contains("366 days"));
    assert_eq!(verdict(&on(2026, 11, 26)), (Manual, "future"));
    assert_eq!(
        verdict(&answered("restore-tested", "restore-test", AnswerValue::Yes, None, true)),
        (Manual, "no_day")
    );
}

#[test]
fn evidence_that_could_not_be_collected_is_an_error() {
    for d in CHECKS.iter().filter(|d| d.kinds != ["answer"]) {
        let key = format!("{}:x", d.kinds[0]);
        let failed = Failure::new(Step::Read, Code::Unreadable, "x");
        let line = one(
            d.id,
            &plan(&[(PathKind::Backup, "x"), (PathKind::WebRoot, "x")]),
            vec![record(&key, Outcome::Failed(failed))],
        );
        assert_eq!(line.verdict, Verdict::Error, "{}", d.id);
        assert_eq!(one(d.id, &plan(&[]), vec![]).verdict, NotTested);
    }
    // A missing evidence file or a folder of another kind is not the trouble of these checks.
    for path in ["/e/proof.pdf", "/srv/data"] {
        let failed = record(
            &format!("files:{path}"),
            Outcome::Failed(Failure::new(Step::Read, Code::Unreadable, "x")),
        );
        let good = files(listing("/srv/backup", &[("db.sql.gz", 9, 1, 0o640)]));
        let p = plan(&[(PathKind::Backup, "/srv/backup"), (PathKind::Data, "/srv/data")]);
        assert_eq!(one("data_mgmt.backup-age", &p, vec![failed, good]).verdict, Pass, "{path}");
    }
}

#[test]
fn hostile_evidence_does_no_harm() {
    let odd = "\u{1b}[31m\n{url}/../".to_owned() + &"啊".repeat(3000);
    let facts: Vec<FileFact> = [i64::MIN, i64::MAX, 0, -1]
        .into_iter()
        .flat_map(|modified_s| {
            ["", "/", "//", ".", "a/.git/b", "x.sql", "......", odd.as_str()].map(|path| FileFact {
                path: path.to_owned(),
                bytes: u64::MAX,
                modified_s,
                mode: u32::MAX,
                sha256: None,
            })
        })
        .collect();
    let listing = |path: &str| {
        files(Files {
            path: path.into(),
            files: facts.clone(),
            skipped: u32::MAX,
            mount: Some(Mount {
                path: odd.clone(),
                fs: odd.clone(),
                total_bytes: 1,
                free_bytes: u64::MAX,
                total_inodes: 1,
                free_inodes: 9,
            }),
            unread: vec![odd.clone()],
        })
    };
    let mut paths = site(got(200, &odd, &[0xff; 64]), &[]);
    for path in ["", "/", ".git/HEAD", ".env", "x.sql", odd.as_str()] {
        for first in
            [&[][..], &[0xff; 64], b"\xef\xbb\xbf", "啊啊啊啊啊啊啊啊啊啊啊啊啊啊啊啊".as_bytes(), b"="]
        {
            paths.probes.push(PathProbe { path: path.to_owned(), answer: Ok(got(200, &odd, first)) });
        }
    }
    let mut p = plan(&[(PathKind::Backup, "/b"), (PathKind::WebRoot, "/w"), (PathKind::Data, "/d")]);
    p.scope.paths[0].max_age_hours = u32::MAX;
    for d in CHECKS {
        let records = vec![
            listing("/b"),
            listing("/w"),
            listing("/d"),
            record("paths:x", Outcome::Collected(Box::new(Body::Paths(paths.clone())))),
        ];
        let evidence: Vec<(String, Record)> = records.into_iter().map(|r| ("E-1".to_owned(), r)).collect();
        let taken_at = Timestamp::MIN;
        let case = Case { plan: &p, evidence: &evidence, planned_kinds: &["files"], taken_at };
        for line in judge_one(d, &case) {
            assert!(!line.asset.contains('\u{1b}') && line.asset.len() < 500, "{}", d.id);
            assert!(line.excerpt.lines().count() <= 10, "{}", d.id);
        }
    }
}

#[test]
fn texts_are_whole_used_and_of_this_country() {
    let source = [
        include_str!("answers.rs"),
        include_str!("backup.rs"),
        include_str!("disk.rs"),
        include_str!("exposed.rs"),
        include_str!("storage.rs"),
        include_str!("webroot.rs"),
    ]
    .concat();
    let ids: BTreeSet<&str> = CHECKS.iter().map(|d| d.id).collect();
    assert_eq!(ids.len(), CHECKS.len());
    for d in CHECKS {
        assert!(d.id.starts_with("data_mgmt."));
        for part in ["title", "why", "remedy"] {
            let text = texts()
                .get(&format!("{}.{part}", d.id))
                .unwrap_or_else(|| panic!("{}.{part} is missing", d.id));
            assert!(!text.zh_tw.is_empty() && !text.en.is_empty());
        }
    }
    for (key, text) in texts().iter().filter(|(key, _)| key.starts_with("data_mgmt.")) {
        let (id, sentence) = key.rsplit_once('.').expect("domain.check.sentence");
        assert!(ids.contains(id), "{key} belongs to no check");
        let known =
            ["title", "why", "remedy"].contains(&sentence) || source.contains(&format!("\"{sentence}\""));
        assert!(known, "{key} is never used");
        assert_eq!(wrong_usage(&text.zh_tw), Vec::<String>::new(), "{key}");
    }
}
