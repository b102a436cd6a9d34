//! Jobs and evidence.

use std::time::Duration;

use bulwark_store::PageRequest;
use bulwark_store::job::MAX_ATTEMPTS;

use crate::support::*;

const LEASE_MS: i64 = 30_000;

on_both! {
    async fn a_job_is_queued_with_its_change_and_done_with_its_effect(home: Home) {
        let store = home.open().await;
        let failed = store
            .write(&someone(), |tx| {
                Box::pin(async move {
                    tx.add_organisation(agency("A", None)).await?;
                    tx.enqueue("mail", &"to A", Some("A")).await?;
                    Err::<(), _>(bulwark_store::StoreError::Closed)
                })
            })
            .await;
        assert!(failed.is_err());
        assert!(store.claim_job(&["mail"], "w1", LEASE_MS).await.unwrap().is_none());
        let queued = store
            .write(&someone(), |tx| {
                Box::pin(async move {
                    tx.add_organisation(agency("A", None)).await?;
                    let first = tx.enqueue("mail", &"to A", Some("A")).await?;
                    let again = tx.enqueue("mail", &"to A", Some("A")).await?;
                    Ok((first.is_some(), again))
                })
            })
            .await
            .unwrap();
        assert_eq!(queued, (true, None));
        let job = store.claim_job(&["other", "mail"], "w1", LEASE_MS).await.unwrap().unwrap();
        assert_eq!((job.payload.as_str(), job.attempts, job.worker.as_deref()), ("\"to A\"", 1, Some("w1")));
        assert!(store.claim_job(&["mail"], "w2", LEASE_MS).await.unwrap().is_none());
        home.pass(Duration::from_secs(20));
        let job = store.heartbeat(job, LEASE_MS).await.unwrap();
        home.pass(Duration::from_secs(20));
        assert!(store.claim_job(&["mail"], "w2", LEASE_MS).await.unwrap().is_none(), "the lease was renewed");
        home.pass(Duration::from_secs(20));
        let taken = store.claim_job(&["mail"], "w2", LEASE_MS).await.unwrap().unwrap();
        assert_eq!((taken.id, taken.attempts), (job.id, 2));
        let finish = |job: bulwark_store::entity::work::job::Model, code: &'static str| {
            let store = store.clone();
            async move {
                store
                    .write(&someone(), move |tx| {
                        Box::pin(async move {
                            tx.add_organisation(agency(code, None)).await?;
                            tx.finish_job(job).await
                        })
                    })
                    .await
            }
        };
        // The silent worker comes back too late: its effect is undone.
        assert_eq!(store.heartbeat(job.clone(), LEASE_MS).await.unwrap_err().code(), "BW-STORE-005");
        assert_eq!(finish(job, "B").await.unwrap_err().code(), "BW-STORE-005");
        finish(taken, "B").await.unwrap();
        assert!(store.claim_job(&["mail"], "w1", LEASE_MS).await.unwrap().is_none());
    }

    async fn a_job_that_fails_waits_longer_and_is_put_aside(home: Home) {
        let store = home.open().await;
        store
            .write(&someone(), |tx| {
                Box::pin(async move {
                    tx.audit("test.queue", "test/1", None, None);
                    tx.enqueue("scan", &1, None).await
                })
            })
            .await
            .unwrap();
        let mut waited_s = 0;
        for attempt in 1..=MAX_ATTEMPTS {
            let mut claimed = store.claim_job(&["scan"], "w", LEASE_MS).await.unwrap();
            while claimed.is_none() {
                home.pass(Duration::from_secs(10));
                waited_s += 10;
                claimed = store.claim_job(&["scan"], "w", LEASE_MS).await.unwrap();
            }
            assert_eq!(claimed.as_ref().unwrap().attempts, attempt);
            store.fail_job(claimed.unwrap(), "連線逾時").await.unwrap();
        }
        assert_eq!(waited_s, 10 * (1 + 2 + 4 + 8 + 16 + 32 + 64));
        home.pass(Duration::from_hours(24));
        assert!(store.claim_job(&["scan"], "w", LEASE_MS).await.unwrap().is_none());
        let dead = store.dead_jobs(PageRequest::default()).await.unwrap().rows.remove(0);
        assert_eq!(dead.last_error.as_deref(), Some("連線逾時"));
        let revive = |job| {
            let store = store.clone();
            async move { store.write(&someone(), |tx| Box::pin(async move { tx.revive_job(job).await })).await }
        };
        let job = revive(dead).await.unwrap();
        assert_eq!(revive(job).await.unwrap_err().code(), "BW-STORE-021");
        assert!(store.claim_job(&["scan"], "w", LEASE_MS).await.unwrap().is_some());
    }

    async fn a_job_that_kills_its_workers_is_put_aside(home: Home) {
        let store = home.open().await;
        store
            .write(&someone(), |tx| {
                Box::pin(async move {
                    tx.audit("test.queue", "test/1", None, None);
                    tx.enqueue("scan", &1, None).await
                })
            })
            .await
            .unwrap();
        for _ in 0..MAX_ATTEMPTS {
            assert!(store.claim_job(&["scan"], "w", LEASE_MS).await.unwrap().is_some());
            home.pass(Duration::from_secs(31));
        }
        assert!(store.claim_job(&["scan"], "w", LEASE_MS).await.unwrap().is_none());
        assert_eq!(store.dead_jobs(PageRequest::default()).await.unwrap().rows.len(), 1);
    }

    async fn evidence_has_its_row_and_its_content(home: Home) {
        let store = home.open().await;
        let organisation = enter(&store, "A", None).await.id;
        let evidence = store.evidence(1 << 20);
        let kept = evidence.keep(&mut &b"log lines"[..]).unwrap();
        let row = store
            .write(&someone(), move |tx| {
                Box::pin(async move { tx.add_evidence(organisation, "access.log", "text/plain", kept).await })
            })
            .await
            .unwrap();
        assert_eq!(store.evidence_of(&kept.sha256.to_string()).await.unwrap(), [row]);
        assert_eq!(evidence.read(kept.sha256).unwrap(), b"log lines");
    }
}
