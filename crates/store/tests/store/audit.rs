//! The audit log: what it holds, and that every kind of tampering is named.

use std::path::Path;
use std::process::Command;

use bulwark_store::audit::{self, Bad, Fault};
use bulwark_store::{Actor, Store, StoreError};
use bulwark_testkit::{program, workspace_root};

use crate::support::*;

/// A closed store of `count` leaves with a signed root over all.
async fn filled(home: &Home, count: usize) -> Vec<bulwark_store::Uuid> {
    let store = home.open().await;
    let mut ids = Vec::new();
    for n in 0..count {
        ids.push(enter(&store, &format!("code-{n}"), None).await.id);
    }
    store.checkpoint().await.unwrap();
    store.close().await;
    ids
}

async fn verdict(home: &Home, known: &[String]) -> Option<Bad> {
    let store = Store::inspect(home.config.clone()).await.unwrap();
    let report = audit::verify(&store, &home.config.audit_file(), known).await.unwrap();
    store.close().await;
    report.bad
}

fn bad(seq: u64, fault: Fault) -> Bad {
    Bad { seq, fault }
}

/// Rewrites the audit file.
fn edit_file(home: &Home, edit: impl Fn(&str) -> String) {
    let path = home.config.audit_file();
    let text = std::fs::read_to_string(&path).unwrap();
    let edited = edit(&text);
    assert_ne!(text, edited);
    std::fs::write(&path, edited).unwrap();
}

on_both! {
    async fn a_log_is_verified_and_an_edited_leaf_in_the_database_is_named(home: Home) {
        filled(&home, 20).await;
        assert_eq!(verdict(&home, &[]).await, None);
        home.tamper("UPDATE audit_leaf SET leaf = replace(leaf, 'agency_officer', 'agency_offiser') WHERE seq = 7").await;
        assert_eq!(verdict(&home, &[]).await.unwrap(), bad(7, Fault::DatabaseAltered));
    }

    async fn a_deleted_row_a_moved_object_and_a_cut_tail_in_the_database_are_named(home: Home) {
        filled(&home, 20).await;
        home.tamper("UPDATE audit_leaf SET object = 'person/1' WHERE seq = 11").await;
        assert_eq!(verdict(&home, &[]).await.unwrap(), bad(11, Fault::DatabaseAltered));
        home.tamper("DELETE FROM audit_leaf WHERE seq > 15").await;
        home.tamper("UPDATE audit_leaf SET object = (SELECT object FROM audit_leaf WHERE seq = 10) WHERE seq = 11").await;
        let found = verdict(&home, &[]).await.unwrap();
        assert!(found.seq == 11 || found == bad(16, Fault::DatabaseShort), "{found:?}");
        home.tamper("DELETE FROM audit_leaf WHERE seq = 4").await;
        assert_eq!(verdict(&home, &[]).await.unwrap(), bad(4, Fault::DatabaseShort));
        let error = Store::open(home.config.clone()).await.err().expect("refused");
        assert!(matches!(error, StoreError::AuditMismatch(_)), "{error}");
    }

    async fn an_edited_byte_and_a_cut_tail_in_the_file_are_named(home: Home) {
        filled(&home, 20).await;
        let whole = std::fs::read(home.config.audit_file()).unwrap();
        edit_file(&home, |text| text.replace("\"seq\":12,\"source_ip_hash\":null", "\"seq\":12,\"source_ip_hash\":\"\""));
        assert_eq!(verdict(&home, &[]).await.unwrap(), bad(12, Fault::FileAltered));
        std::fs::write(home.config.audit_file(), &whole).unwrap();
        edit_file(&home, |text| text[..text.find("\"seq\":17,").unwrap()].rsplit_once('\n').unwrap().0.to_owned() + "\n");
        assert_eq!(verdict(&home, &[]).await.unwrap(), bad(17, Fault::FileShort));
    }

    async fn the_same_edit_on_both_sides_does_not_fit_the_signed_root(home: Home) {
        filled(&home, 20).await;
        edit_file(&home, |text| text.replace("\"seq\":12,", "\"seq\":12 ,"));
        let store = home.path("leaf");
        let text = std::fs::read_to_string(home.config.audit_file()).unwrap();
        let leaf = text.lines().find(|line| line.contains("\"seq\":12 ,")).unwrap();
        std::fs::write(store, leaf).unwrap();
        let hash = bulwark_store::hash::leaf_hash(leaf.as_bytes());
        home.tamper(&format!("UPDATE audit_leaf SET leaf = '{leaf}', hash = '{hash}' WHERE seq = 12")).await;
        let found = verdict(&home, &[]).await.unwrap();
        assert_eq!(found.seq, 12, "a leaf that is not canonical betrays itself");

        let leaf = leaf.replace("\"seq\":12 ,", "\"seq\":12,").replace("agency_officer", "agency_offices");
        let hash = bulwark_store::hash::leaf_hash(leaf.as_bytes());
        home.tamper(&format!("UPDATE audit_leaf SET leaf = '{leaf}', hash = '{hash}' WHERE seq = 12")).await;
        edit_file(&home, |text| {
            text.lines().map(|line| if line.contains("\"seq\":12 ,") { &leaf } else { line }).fold(String::new(), |all, line| all + line + "\n")
        });
        assert_eq!(verdict(&home, &[]).await.unwrap(), bad(0, Fault::RootDiffers));
    }

    async fn a_signature_of_another_key_is_named(home: Home) {
        filled(&home, 3).await;
        std::fs::remove_file(home.config.dir.join("audit.key")).unwrap();
        assert_eq!(verdict(&home, &[]).await.unwrap().fault, Fault::SignatureWrong);
    }

    async fn leaves_that_a_crash_left_in_the_file_alone_become_void(home: Home) {
        filled(&home, 5).await;
        let path = home.config.audit_file();
        let text = std::fs::read_to_string(&path).unwrap();
        let lost = text.lines().find(|line| line.contains("\"seq\":4,")).unwrap().replace("\"seq\":4,", "\"seq\":5,");
        std::fs::write(&path, format!("{text}{lost}\n{}", &lost[..40])).unwrap();
        let store = home.open().await;
        enter(&store, "after", None).await;
        store.close().await;
        assert_eq!(verdict(&home, &[]).await, None);
        assert!(std::fs::read_to_string(&path).unwrap().contains("{\"void\":[5,6]}"));
    }

    async fn a_jump_of_the_clock_is_recorded_and_ids_go_on(home: Home) {
        let store = home.open().await;
        let first = enter(&store, "a", None).await;
        home.pass(std::time::Duration::from_hours(1));
        let second = enter(&store, "b", None).await;
        home.clock.set("2016-11-25T00:00:00Z".parse().unwrap());
        let third = enter(&store, "c", None).await;
        assert!(first.id < second.id && second.id < third.id);
        home.clock.set("2036-11-25T00:00:00Z".parse().unwrap());
        enter(&store, "d", None).await;
        store.close().await;
        home.clock.set("2026-11-25T00:00:00Z".parse().unwrap());
        let store = home.open().await;
        enter(&store, "e", None).await;
        store.close().await;
        let text = std::fs::read_to_string(home.config.audit_file()).unwrap();
        assert_eq!(text.matches("\"action\":\"clock.jumped\"").count(), 3);
        assert_eq!(verdict(&home, &[]).await, None);
    }

    async fn a_reason_can_be_erased_without_breaking_the_tree(home: Home) {
        let store = home.open().await;
        let actor = Actor { reason: Some("王小明來電".into()), ..someone() };
        store.write(&actor, |tx| Box::pin(async move { tx.add_organisation(agency("a", None)).await })).await.unwrap();
        assert_eq!(store.reason(0).await.unwrap().as_deref(), Some("王小明來電"));
        store.erase_reason(&someone(), 0).await.unwrap();
        assert_eq!(store.reason(0).await.unwrap(), None);
        store.close().await;
        assert_eq!(verdict(&home, &[]).await, None);
        assert!(!std::fs::read_to_string(home.config.audit_file()).unwrap().contains("王小明"));
    }
}

#[tokio::test]
async fn an_old_copy_of_the_database_is_named_and_refused() {
    let home = Home::sqlite();
    filled(&home, 5).await;
    let old = std::fs::read(home.config.database_file()).unwrap();
    let old_file = std::fs::read(home.config.audit_file()).unwrap();
    let store = home.open().await;
    for n in 0..5 {
        enter(&store, &format!("later-{n}"), None).await;
    }
    store.checkpoint().await.unwrap();
    let note = store.newest_checkpoint().await.unwrap().unwrap();
    store.close().await;
    std::fs::write(home.config.database_file(), &old).unwrap();
    assert_eq!(verdict(&home, &[]).await.unwrap(), bad(5, Fault::DatabaseShort));
    let error = Store::open(home.config.clone()).await.err().expect("refused");
    assert_eq!(error.code(), "BW-STORE-010");
    // With an old copy of both, only a root that left the machine tells.
    std::fs::write(home.config.audit_file(), old_file).unwrap();
    assert_eq!(verdict(&home, &[]).await, None);
    assert_eq!(verdict(&home, &[note]).await.unwrap(), bad(5, Fault::RootAhead));
}

#[tokio::test]
async fn a_cut_file_is_refused_at_the_start() {
    let home = Home::sqlite();
    filled(&home, 5).await;
    edit_file(&home, |text| {
        text[..text.find("\"seq\":3,").unwrap()].rsplit_once('\n').unwrap().0.to_owned() + "\n"
    });
    assert_eq!(Store::open(home.config.clone()).await.err().expect("refused").code(), "BW-STORE-010");
    std::fs::remove_file(home.config.audit_file()).unwrap();
    assert_eq!(Store::open(home.config.clone()).await.err().expect("refused").code(), "BW-STORE-010");
}

#[tokio::test]
async fn the_independent_verifier_agrees() {
    let Some(python) = program(&["python3"]) else { return };
    if program(&["openssl"]).is_none() {
        return;
    }
    let home = Home::sqlite();
    let ids = filled(&home, 21).await;
    let store = home.open().await;
    let object = bulwark_store::object::<bulwark_store::entity::organisation::organisation::Entity>(ids[13]);
    let proof = audit::prove(&store, &object).await.unwrap();
    assert_eq!(audit::prove(&store, "organisation/none").await.unwrap_err().code(), "BW-STORE-006");
    let key = proof["public_key"].as_str().unwrap().to_owned();
    store.close().await;
    let check = |kind: &str, path: &Path, key: &str| {
        let output = Command::new(&python)
            .arg(workspace_root().join("tools/audit-verify"))
            .args([kind, &path.display().to_string(), "--public-key", key])
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let path = home.path("proof.json");
    std::fs::write(&path, proof.to_string()).unwrap();
    let (code, said) = check("proof", &path, &key);
    assert_eq!((code, said), (Some(0), format!("ok: 1 leaves about {object} under the root over 21")));
    std::fs::write(&path, proof.to_string().replace("agency_officer", "agency_offices")).unwrap();
    assert_eq!(check("proof", &path, &key).1, "bad: leaf 13 is not under the signed root");

    let log = home.config.audit_file();
    assert_eq!(check("log", &log, &key).0, Some(0));
    assert_eq!(
        check("log", &log, &"07".repeat(32)).1,
        "bad: the root over 21 leaves is not signed by this key"
    );
    edit_file(&home, |text| text.replacen("agency_officer", "agency_offices", 1));
    assert_eq!(check("log", &log, &key).1, "bad: a leaf before 21 was altered: the signed root does not fit");
}
