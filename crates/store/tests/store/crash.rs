//! kill -9 in the middle of many writes: every acknowledged one is there, once, and the audit log is whole.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use bulwark_store::entity::organisation::organisation::Entity;
use bulwark_store::{Database, PageRequest, audit};
use bulwark_testkit::long_run;

use crate::support::*;

/// The example is built with the tests, beside them.
pub fn writer() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.ancestors().nth(2).unwrap().join("examples/store_writer")
}

/// Lets the child write, kills it after so many acknowledgements, and returns what it acknowledged.
fn killed_after(home: &Home, acknowledged: usize) -> BTreeSet<String> {
    let mut command = Command::new(writer());
    command.arg(&home.config.dir).arg("5000").stdout(Stdio::piped());
    if let Database::Postgres { url } = &home.config.database {
        command.arg(url);
    }
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(|line| line.unwrap());
    assert_eq!(lines.next().as_deref(), Some("open"));
    let mut codes: BTreeSet<String> = lines.by_ref().take(acknowledged).collect();
    child.kill().unwrap();
    // What it had written to the pipe before it died counts, too; the last line may be cut.
    codes.extend(lines.filter(|line| line.len() == 36));
    child.wait().unwrap();
    codes
}

on_both! {
    async fn nothing_acknowledged_is_lost(home: Home) {
        let rounds = if long_run() { 10 } else { 3 };
        let mut acknowledged = BTreeSet::new();
        for round in 0..rounds {
            acknowledged.extend(killed_after(&home, 200 + 451 * round));
            assert!(acknowledged.iter().all(|code| code.len() == 36), "an error was printed");
            let store = home.open().await;
            let mut found = Vec::new();
            let mut request = PageRequest { rows: 200, ..PageRequest::default() };
            loop {
                let page = store.page::<Entity>(request).await.unwrap();
                found.extend(page.rows.into_iter().map(|row| row.code));
                request.after = page.next;
                if page.next.is_none() {
                    break;
                }
            }
            let once: BTreeSet<String> = found.iter().cloned().collect();
            assert_eq!(once.len(), found.len());
            let lost: Vec<&String> = acknowledged.difference(&once).collect();
            assert!(lost.is_empty(), "round {round}: {} lost", lost.len());
            let report = audit::verify(&store, &home.config.audit_file(), &[]).await.unwrap();
            assert_eq!((report.bad, report.leaves), (None, once.len() as u64), "one leaf for each row");
            store.close().await;
        }
    }
}
