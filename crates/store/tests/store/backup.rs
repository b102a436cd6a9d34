//! Backup, restore, and the move to a server.

use bulwark_model::{SystemClass, SystemLinkKind};
use bulwark_store::backup::{backup, migrate, restore};
use bulwark_store::entity::organisation::organisation::Entity;
use bulwark_store::{Config, Database, NewPerson, NewSystem, NewSystemLink, Store, SystemFilter, audit};

use crate::support::*;

/// A store with something in every kind of place.
async fn lived_in(home: &Home) -> Store {
    let store = home.open().await;
    let organisation = enter(&store, "臺北", None).await.id;
    let kept = store.evidence(1000).keep(&mut &b"evidence"[..]).unwrap();
    let inner = store.clone();
    store
        .write(&someone(), move |tx| {
            Box::pin(async move {
                let email = Some("w@example.gov.tw".into());
                let person = tx
                    .add_person(
                        &inner,
                        NewPerson { login: "w".into(), name: "王".into(), organisation, email },
                    )
                    .await?;
                tx.grant(person.id, "admin", organisation, None, Some(at(i64::MAX))).await?;
                let new = |name| NewSystem {
                    core: true,
                    ..NewSystem::named(organisation, name, SystemClass::Critical)
                };
                let (from, to) = (tx.add_system(new("戶役政")).await?, tx.add_system(new("簽核")).await?);
                let (from, to, note) = (from.id, to.id, String::new());
                let kind = SystemLinkKind::DependsOn;
                let link = NewSystemLink { owner: organisation, from, to, kind, note, expires_on: None };
                tx.link_systems(link).await?;
                tx.add_evidence(organisation, "a", "text/plain", kept).await?;
                tx.enqueue("mail", &serde_json::json!({"to": "王", "n": 1}), Some("k")).await?;
                tx.emit("person.created", &person.id)
            })
        })
        .await
        .unwrap();
    for n in 0..1010 {
        store.write(&someone(), move |tx| Box::pin(async move { tx.set("n", &n).await })).await.unwrap();
    }
    store.log_access(&someone(), organisation, "person/1").await.unwrap();
    store
}

/// The systems came along, with their links and their words in the index.
async fn systems_are_there(store: &Store) {
    let all = bulwark_model::rights::Scope::Everything { without: vec![] };
    let filter = SystemFilter { text: Some("戶".into()), core: Some(true), ..SystemFilter::default() };
    let found = store.systems(&all, &filter, bulwark_store::PageRequest::default()).await.unwrap().page.rows;
    assert_eq!(found[0].code, "SYS-臺北-001");
    assert_eq!(store.system_links(&[found[0].id]).await.unwrap().len(), 1);
}

fn fresh(home: &Home, name: &str) -> Config {
    Config { dir: home.path(name), database: Database::Sqlite, ..home.config.clone() }
}

on_both! {
    async fn a_restored_backup_is_equal_row_by_row_and_goes_on(home: Home) {
        let store = lived_in(&home).await;
        let dir = home.path("backup");
        let manifest = backup(&store, &dir).await.unwrap();
        assert!(!dir.join("master.key").exists() && !dir.join("audit.key").exists());
        assert_eq!(backup(&store, &dir).await.unwrap_err().code(), "BW-STORE-020");
        // The original goes on meanwhile.
        enter(&store, "later", None).await;
        let into = fresh(&home, "new");
        let restored = restore(&dir, &home.config.dir, into.clone()).await.unwrap();
        assert_eq!(restored, manifest);
        let rows = |table: &str| manifest.tables.iter().find(|t| t.table == table).unwrap().rows;
        assert_eq!((rows("organisation"), rows("setting"), rows("audit_leaf")), (1, 1, manifest.audit_leaves));
        let copy = Store::open(into.clone()).await.unwrap();
        let person = copy.person_by_login("w").await.unwrap().unwrap();
        assert_eq!(copy.email(&person).await.unwrap().as_deref(), Some("w@example.gov.tw"));
        assert_eq!(copy.search("organisation", "台北", 5).await.unwrap(), [person.organisation_id]);
        systems_are_there(&copy).await;
        enter(&copy, "after", None).await;
        let report = audit::verify(&copy, &into.audit_file(), &[]).await.unwrap();
        assert_eq!((report.bad, report.leaves), (None, manifest.audit_leaves + 1));
    }

    async fn an_altered_backup_is_refused(home: Home) {
        let store = lived_in(&home).await;
        let dir = home.path("backup");
        backup(&store, &dir).await.unwrap();
        let try_it = |n: usize| restore(&dir, &home.config.dir, fresh(&home, &format!("new-{n}")));
        let path = dir.join("manifest.json");
        let manifest = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, manifest.replacen("\"rows\": 1,", "\"rows\": 2,", 1)).unwrap();
        assert_eq!(try_it(1).await.unwrap_err().code(), "BW-STORE-019");
        std::fs::write(&path, &manifest).unwrap();
        let log = std::fs::read_to_string(dir.join("audit.log")).unwrap();
        std::fs::write(dir.join("audit.log"), log.replacen("\"seq\":3,", "\"seq\":4,", 1)).unwrap();
        assert_eq!(try_it(2).await.unwrap_err().code(), "BW-STORE-010");
        std::fs::write(dir.join("audit.log"), log).unwrap();
        let other = home.path("other-keys");
        std::fs::create_dir(&other).unwrap();
        Store::open(fresh(&home, "other-keys")).await.unwrap().close().await;
        let error = restore(&dir, &other, fresh(&home, "new-3")).await.unwrap_err();
        assert_eq!(error.code(), "BW-STORE-019");
        std::fs::remove_dir_all(dir.join("evidence")).unwrap();
        assert_eq!(try_it(4).await.unwrap_err().code(), "BW-STORE-016");
    }
}

#[tokio::test]
async fn a_store_moves_to_a_server() {
    let Some(there) = Home::postgres() else { return };
    let home = Home::sqlite();
    let store = lived_in(&home).await;
    let Database::Postgres { url } = &there.config.database else { return };
    let digests = migrate(&store, url).await.unwrap();
    assert_eq!(digests.len(), 25);
    assert_eq!(migrate(&store, url).await.unwrap_err().code(), "BW-STORE-020");
    let person = store.person_by_login("w").await.unwrap().unwrap();
    store.close().await;
    let moved = Config { database: there.config.database.clone(), ..home.config.clone() };
    let store = Store::open(moved).await.unwrap();
    assert_eq!(store.email(&person).await.unwrap().as_deref(), Some("w@example.gov.tw"));
    assert_eq!(store.search("organisation", "台北", 5).await.unwrap(), [person.organisation_id]);
    systems_are_there(&store).await;
    let row = enter(&store, "after", None).await;
    assert_eq!(store.get::<Entity>(row.id).await.unwrap(), row);
    let report = audit::verify(&store, &home.config.audit_file(), &[]).await.unwrap();
    assert_eq!(report.bad, None);
}
