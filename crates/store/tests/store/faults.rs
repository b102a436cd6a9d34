//! What may happen to a database gets a name, and nothing is lost.

use std::process::Command;
use std::time::Duration;

use bulwark_model::Lang;
use bulwark_store::entity::organisation::organisation::Entity;
use bulwark_store::{PageRequest, Store, StoreError, audit, texts};
use bulwark_testkit::program;

use crate::support::*;

on_both! {
    async fn a_newer_schema_is_refused(home: Home) {
        home.open().await.close().await;
        home.tamper("INSERT INTO schema_migration (name, applied_at) VALUES ('m20990101_000001_future', 0)").await;
        let error = Store::open(home.config.clone()).await.err().expect("refused");
        let said = error.diagnostic("bulwark.db").render(Lang::ZhTw);
        assert!(said.contains("BW-STORE-001") && said.contains("m20990101_000001_future"), "{said}");
    }
}

#[tokio::test]
async fn a_locked_database_is_named_and_works_again() {
    let mut home = Home::sqlite();
    home.config.busy_timeout = Duration::from_millis(200);
    let store = home.open().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(home.config.database_file());
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    let mut other = pool.acquire().await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut *other).await.unwrap();
    let new = agency("a", None);
    let error = store
        .write(&someone(), |tx| Box::pin(async move { tx.add_organisation(new).await }))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "BW-STORE-002");
    assert!(store.page::<Entity>(PageRequest::default()).await.unwrap().rows.is_empty(), "reading goes on");
    sqlx::raw_sql("ROLLBACK").execute(&mut *other).await.unwrap();
    enter(&store, "a", None).await;
}

#[tokio::test]
async fn a_damaged_file_is_named() {
    let home = Home::sqlite();
    let store = home.open().await;
    enter(&store, "a", None).await;
    store.close().await;
    std::fs::write(home.config.database_file(), "this is no database, whatever its name says".repeat(300))
        .unwrap();
    let error = Store::open(home.config.clone()).await.err().expect("refused");
    assert_eq!(error.code(), "BW-STORE-025", "{error}");
}

#[tokio::test]
async fn a_full_disk_is_named_and_nothing_is_half_written() {
    let Some(shell) = program(&["sh"]) else { return };
    let home = Home::sqlite();
    // A limit on the size of files stands for the end of the disk; its signal is ignored, so that writing fails. The
    // schema must fit into it, and the writes of the program must not.
    let script = "trap '' XFSZ; ulimit -f 2000; exec \"$0\" \"$@\"";
    let output = Command::new(shell)
        .args(["-c", script])
        .arg(crate::crash::writer())
        .arg(&home.config.dir)
        .arg("5000")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let acknowledged: Vec<&str> = said.lines().filter(|line| line.len() == 36).collect();
    let errors: Vec<&str> = said.lines().filter(|line| line.starts_with("error")).collect();
    assert!(!acknowledged.is_empty() && !errors.is_empty(), "{said}");
    let others: Vec<&&str> = errors.iter().filter(|line| !line.starts_with("error BW-STORE-003")).collect();
    assert!(others.is_empty(), "{others:?}");
    let store = home.open().await;
    for code in &acknowledged {
        let id = code.parse().unwrap();
        assert_eq!(store.get::<Entity>(id).await.unwrap().code, *code);
    }
    let report = audit::verify(&store, &home.config.audit_file(), &[]).await.unwrap();
    assert_eq!((report.bad, report.leaves), (None, acknowledged.len() as u64));
    enter(&store, "there is room again", None).await;
}

#[test]
fn every_error_has_its_words_in_both_languages() {
    for number in 1..=25 {
        for part in ["what", "hint"] {
            assert!(texts().get(&format!("BW-STORE-{number:03}.{part}")).is_some(), "{number} {part}");
        }
    }
    let error = StoreError::Conflict { kind: "person", id: "1".into(), mine: 1, theirs: 3 };
    let said = error.diagnostic("x").render(Lang::En);
    assert!(said.contains("you read version 1, now it is version 3"), "{said}");
}
