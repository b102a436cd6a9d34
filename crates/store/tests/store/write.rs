//! One change: its row, its leaf, its message; and many at once.

use bulwark_store::entity::organisation::organisation::{Entity, Model};
use bulwark_store::{Config, PageRequest, Store, StoreError, Uuid, audit};

use crate::support::*;

on_both! {
    async fn a_change_is_there_after_the_answer(home: Home) {
        let store = home.open().await;
        let row = enter(&store, "A", None).await;
        assert_eq!(store.get::<Entity>(row.id).await.unwrap(), row);
        let row = rename(&store, row, "甲").await.unwrap();
        let sent = store.unsent(10).await.unwrap();
        assert_eq!(sent.len(), 1);
        assert_eq!((sent[0].topic.as_str(), sent[0].payload.clone()), ("organisation.changed", format!("\"{}\"", row.id)));
        store.mark_sent(vec![sent[0].id]).await.unwrap();
        assert!(store.unsent(10).await.unwrap().is_empty());
        store.close().await;
        let store = home.open().await;
        assert_eq!(store.get::<Entity>(row.id).await.unwrap(), row);
    }

    async fn a_stale_save_names_both_versions(home: Home) {
        let store = home.open().await;
        let row = enter(&store, "A", None).await;
        assert_eq!(rename(&store, row.clone(), "乙").await.unwrap().version, 2);
        let error = rename(&store, row.clone(), "甲").await.unwrap_err();
        assert!(matches!(error, StoreError::Conflict { mine: 1, theirs: 2, .. }), "{error}");
        let error = rename(&store, Model { id: Uuid::nil(), ..row.clone() }, "丙").await.unwrap_err();
        assert_eq!(error.code(), "BW-STORE-006");
        let delete = |version| {
            let (store, id) = (store.clone(), row.id);
            async move {
                store.write(&someone(), move |tx| Box::pin(async move { tx.delete::<Entity>(id, version).await })).await
            }
        };
        assert_eq!(delete(1).await.unwrap_err().code(), "BW-STORE-005");
        // Lines of the tree still refer to it.
        assert_eq!(delete(2).await.unwrap_err().code(), "BW-STORE-008");
    }

    async fn the_failure_of_one_does_not_harm_the_others(home: Home) {
        let store = home.open().await;
        enter(&store, "taken", None).await;
        let tasks: Vec<_> = (0..100)
            .map(|n| {
                let store = store.clone();
                tokio::spawn(async move {
                    let new = agency(&if n % 5 == 1 { "taken".into() } else { format!("code-{n}") }, None);
                    let done = store
                        .write(&someone(), move |tx| {
                            Box::pin(async move {
                                assert!(n % 5 != 2, "this one panics");
                                if n % 5 == 3 {
                                    return Ok(());
                                }
                                tx.add_organisation(new).await?;
                                if n % 5 == 4 { Err(StoreError::Closed) } else { Ok(()) }
                            })
                        })
                        .await;
                    (n, done.map_err(|e| e.code()))
                })
            })
            .collect();
        for task in tasks {
            let (n, done) = task.await.unwrap();
            let expected = [Ok(()), Err("BW-STORE-007"), Err("BW-STORE-023"), Err("BW-STORE-011"), Err("BW-STORE-022")];
            assert_eq!(done, expected[n % 5], "{n}");
        }
        assert_eq!(store.page::<Entity>(PageRequest::default()).await.unwrap().rows.len(), 1);
        let all = store.page::<Entity>(PageRequest { rows: 200, ..PageRequest::default() }).await.unwrap();
        assert_eq!(all.rows.len(), 21);
        assert!(store.commits() < 30, "{} commits", store.commits());
        let report = audit::verify(&store, &home.config.audit_file(), &[]).await.unwrap();
        assert_eq!((report.leaves, report.bad), (21, None));
    }

    async fn a_closed_store_takes_no_writes(home: Home) {
        let store = home.open().await;
        let error = Store::open(home.config.clone()).await.err().expect("refused");
        assert_eq!(error.code(), "BW-STORE-015");
        store.close().await;
        let error = store.write(&someone(), |_| Box::pin(async { Ok(()) })).await.unwrap_err();
        assert_eq!(error.code(), "BW-STORE-022");
    }
}

#[tokio::test]
async fn two_consoles_share_one_server() {
    let Some(home) = Home::postgres() else { return };
    let other = Config { dir: home.path("other"), ..home.config.clone() };
    let first = home.open().await;
    let key = home.config.dir.join("audit.key");
    std::fs::create_dir(&other.dir).unwrap();
    std::fs::copy(key, other.dir.join("audit.key")).unwrap();
    let second = Store::open(other.clone()).await.unwrap();
    let tasks: Vec<_> = (0..60)
        .map(|n| {
            let store = if n % 2 == 0 { first.clone() } else { second.clone() };
            tokio::spawn(async move { enter(&store, &format!("code-{n}"), None).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    // The one that wrote last has everything; the other catches up with its next write.
    enter(&first, "last-1", None).await;
    enter(&second, "last-2", None).await;
    enter(&first, "last-3", None).await;
    for (store, file, leaves) in [(&first, home.config.audit_file(), 63), (&second, other.audit_file(), 63)] {
        let report = audit::verify(store, &file, &[]).await.unwrap();
        let behind =
            report.bad.as_ref().is_some_and(|bad| bad.seq == 62 && bad.fault == audit::Fault::FileShort);
        assert!(report.leaves == leaves && (report.bad.is_none() || behind), "{report:?}");
    }
}
