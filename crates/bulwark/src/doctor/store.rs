//! The store: does it open, is its file whole, do both sinks of the audit log agree, are the clocks right, is there a
//! backup.

use bulwark_i18n::{args, date_time};
use bulwark_model::{Lang, Text};
use bulwark_store::{Health, Store, audit};
use jiff::Timestamp;

use super::{Line, State};
use crate::audit::verdict;
use crate::installation::Installation;
use crate::local::record;

/// A wall clock may be set back by so much without anyone's being told.
const BACK_SECONDS: i64 = 5;
/// Leaves that are verified in a few seconds; a longer log has its own command.
const LEAVES: u64 = 1_000_000;
/// Hours after which a backup is old.
const OLD_HOURS: i64 = 26;
/// Hours after which nobody can say that there are backups.
const STALE_HOURS: i64 = 7 * 24;
/// Days after which a test of the restore is old.
const TESTED_DAYS: i64 = 90;

/// Looks.
pub async fn look(installation: &Installation, now: Timestamp) -> Vec<Line> {
    let mut lines = match opened(installation).await {
        Ok(store) => {
            let lines = inside(installation, &store, now).await;
            store.close().await;
            lines
        }
        Err(line) => vec![line],
    };
    lines.push(backup(installation, now));
    lines
}

async fn opened(installation: &Installation) -> Result<Store, Line> {
    let failed = |notes: Vec<bulwark_model::Diagnostic>| match notes.first() {
        Some(note) => Line::from_note("store", State::Danger, note),
        None => Line::new("store", State::Unread, "unread", &[]),
    };
    installation.existing().map_err(failed)?;
    installation.inspect().await.map_err(failed)
}

async fn inside(installation: &Installation, store: &Store, now: Timestamp) -> Vec<Line> {
    let health = match store.health().await {
        Ok(health) => health,
        Err(e) => return vec![Line::from_note("store", State::Danger, &e.diagnostic(&installation.place()))],
    };
    let mut lines = vec![file(&health), schema(&health), clock(&health, now)];
    lines.push(log(installation, store, &health).await);
    lines
}

fn file(health: &Health) -> Line {
    match health.complaints.first() {
        None => Line::ok("store", &[]),
        Some(first) => {
            let values = args![count = health.complaints.len(), first = first];
            Line::new("store", State::Danger, "damaged", &values)
        }
    }
}

fn schema(health: &Health) -> Line {
    let found = health.schema.clone().unwrap_or_default();
    let values = args![found = found, known = health.known_schema];
    match found.as_str().cmp(health.known_schema) {
        std::cmp::Ordering::Equal => Line::ok("schema", &values),
        std::cmp::Ordering::Less => Line::new("schema", State::Caution, "older", &values),
        std::cmp::Ordering::Greater => Line::new("schema", State::Danger, "newer", &values),
    }
}

/// A clock before the last act is wrong now or was wrong then.
fn clock(health: &Health, now: Timestamp) -> Line {
    let last = health.last_act.map_or(now, Timestamp::from);
    let with = |lang: Lang| args![now = date_time(now, lang), last = date_time(last, lang)];
    let behind = last.duration_since(now).as_secs() > BACK_SECONDS;
    let (state, word) = if behind { (State::Danger, "behind") } else { (State::Ok, "ok") };
    let (zh, en) = (
        Line::new("clock", state, word, &with(Lang::ZhTw)),
        Line::new("clock", state, word, &with(Lang::En)),
    );
    Line { what: Text::new(zh.what.zh_tw, en.what.en.clone()), ..en }
}

async fn log(installation: &Installation, store: &Store, health: &Health) -> Line {
    if health.leaves > LEAVES {
        return Line::new("audit", State::Unread, "long", &args![leaves = health.leaves]);
    }
    match audit::verify(store, &installation.config().audit_file(), &[]).await {
        Err(e) => Line::from_note("audit", State::Danger, &e.diagnostic(&installation.place())),
        Ok(report) => {
            let (state, word) = if report.bad.is_none() { (State::Ok, "ok") } else { (State::Danger, "bad") };
            let line = Line::new("audit", state, word, &[]);
            Line { what: Text::new(verdict(&report, Lang::ZhTw), verdict(&report, Lang::En)), ..line }
        }
    }
}

fn backup(installation: &Installation, now: Timestamp) -> Line {
    let Some(record) = record::read(installation.dir()) else {
        return Line::new("backup", State::Caution, "none", &[]);
    };
    let hours = now.duration_since(record.made_at).as_secs() / 3600;
    let tested = record.restored_at.map(|at| now.duration_since(at).as_secs() / 86_400);
    let values = args![hours = hours, place = record.place.display()];
    let (state, word) = match (hours, tested) {
        (hours, _) if hours > STALE_HOURS => (State::Danger, "stale"),
        (hours, _) if hours > OLD_HOURS => (State::Caution, "old"),
        (_, None) => (State::Caution, "untested"),
        (_, Some(days)) if days > TESTED_DAYS => (State::Caution, "untested"),
        _ => (State::Ok, "ok"),
    };
    Line::new("backup", state, word, &values)
}
