//! The tree of organisations as pages ask about it.

use bulwark_store::{MoveObstacle, NewPendingAct, Outcome, PageRequest, Store, Uuid};

use crate::support::*;

async fn put(store: &Store, id: Uuid, parent: Uuid, from: jiff::civil::Date) {
    store
        .write(&someone(), move |tx| Box::pin(async move { tx.move_organisation(id, parent, from).await }))
        .await
        .unwrap();
}

on_both! {
    async fn the_next_above_and_right_below_are_known_by_day(home: Home) {
        let store = home.open().await;
        let (old, new) = (enter(&store, "old", None).await.id, enter(&store, "new", None).await.id);
        let bureau = enter(&store, "bureau", Some(old)).await.id;
        let office = enter(&store, "office", Some(bureau)).await.id;
        let on = day("2027-01-01");
        put(&store, bureau, new, on).await;

        let mut pairs = store.parents_of(&[old, bureau, office], day("2026-12-31")).await.unwrap();
        pairs.sort();
        let mut expected = vec![(bureau, old), (office, bureau)];
        expected.sort();
        assert_eq!(pairs, expected, "the top has none");
        assert_eq!(store.parents_of(&[bureau], on).await.unwrap(), [(bureau, new)]);
        assert!(store.parents_of(&[], on).await.unwrap().is_empty());
        let spans: Vec<_> = store.parents_in_time(bureau).await.unwrap();
        let spans: Vec<_> = spans.iter().map(|line| (line.ancestor, line.valid_until.as_str())).collect();
        assert_eq!(spans, [(old, "2027-01-01"), (new, "9999-12-31")]);
        assert_eq!(store.first_day(bureau).await.unwrap().as_deref(), Some("2026-01-01"));
        assert_eq!(store.first_day(Uuid::nil()).await.unwrap(), None);

        let request = PageRequest { rows: 10, ..PageRequest::default() };
        for (upper, day_of, expected) in
            [(old, "2026-12-31", vec![bureau]), (old, "2027-01-01", vec![]), (new, "2027-01-01", vec![bureau]), (bureau, "2027-01-01", vec![office])]
        {
            let found = store.organisations_right_below(upper, day(day_of), request).await.unwrap();
            let ids: Vec<Uuid> = found.page.rows.iter().map(|row| row.id).collect();
            assert_eq!((ids.len() as u64, ids), (found.total, expected), "{day_of}");
        }
    }

    /// What is told before a move is asked for is what the move itself would say.
    async fn an_obstacle_is_named_before_a_move_meets_it(home: Home) {
        let store = home.open().await;
        let (old, new) = (enter(&store, "old", None).await.id, enter(&store, "new", None).await.id);
        let bureau = enter(&store, "bureau", Some(old)).await.id;
        let office = enter(&store, "office", Some(bureau)).await.id;
        let free = enter(&store, "free", None).await.id;
        let on = day("2027-01-01");
        put(&store, bureau, new, on).await;
        for (id, parent, from, expected) in [
            (bureau, bureau, "2027-06-01", Some(MoveObstacle::Inside)),
            (bureau, office, "2027-06-01", Some(MoveObstacle::Inside)),
            (bureau, old, "2026-06-01", Some(MoveObstacle::LaterChange)),
            (office, old, "2026-06-01", Some(MoveObstacle::LaterChange)),
            (free, bureau, "2026-06-01", Some(MoveObstacle::ParentMoves)),
            (free, old, "2025-12-31", Some(MoveObstacle::NotYetThere)),
            (free, Uuid::nil(), "2027-06-01", Some(MoveObstacle::NotYetThere)),
            (free, bureau, "2027-01-01", None),
            (bureau, old, "2027-06-01", None),
            (office, old, "2027-06-01", None),
        ] {
            let from = day(from);
            assert_eq!(store.move_obstacle(id, parent, from).await.unwrap(), expected, "{from}");
        }
    }

    /// A body entered under one that is to move goes with it on that day, and not before.
    async fn what_joins_a_body_moves_with_it_on_its_day(home: Home) {
        let store = home.open().await;
        let (old, new) = (enter(&store, "old", None).await.id, enter(&store, "new", None).await.id);
        let bureau = enter(&store, "bureau", Some(old)).await.id;
        put(&store, bureau, new, day("2027-01-01")).await;
        let office = enter(&store, "office", Some(bureau)).await.id;
        for (on, top) in [("2026-12-31", old), ("2027-01-01", new)] {
            assert_eq!(store.organisations_above(office, day(on)).await.unwrap(), [office, bureau, top], "{on}");
        }
        assert_eq!(store.organisations_under(old, day("2027-01-01")).await.unwrap(), [old]);
    }

    async fn only_a_request_that_waits_is_found(home: Home) {
        let store = home.open().await;
        let organisation = enter(&store, "A", None).await.id;
        let (inner, actor) = (store.clone(), someone());
        let person = store.write(&actor, move |tx| {
            Box::pin(async move {
                let new = bulwark_store::NewPerson { login: "wang".into(), name: "王".into(), organisation, email: None };
                tx.add_person(&inner, new).await
            })
        });
        let person = person.await.unwrap().id;
        let actor = bulwark_store::Actor { person: Some(person), ..someone() };
        let ask = || NewPendingAct {
            action: "retention.edit".into(),
            object: "retention/job".into(),
            owner: organisation,
            payload: 30,
            reason: "測試".into(),
        };
        let asked = store.write(&actor, { let new = ask(); move |tx| Box::pin(async move { tx.ask(new).await }) }).await.unwrap();
        let found = || store.waiting_act("retention.edit", "retention/job");
        assert_eq!(found().await.unwrap().map(|row| row.id), Some(asked.id));
        assert_eq!(store.waiting_act("retention.edit", "retention/once").await.unwrap(), None);
        assert_eq!(store.waiting_act("organisation.edit", "retention/job").await.unwrap(), None);
        let refused = store.write(&actor, move |tx| Box::pin(async move { tx.decide_act(asked, Outcome::Refused).await }));
        refused.await.unwrap();
        assert_eq!(found().await.unwrap(), None);
        let again = store.write(&actor, { let new = ask(); move |tx| Box::pin(async move { tx.ask(new).await }) }).await.unwrap();
        assert_eq!(found().await.unwrap().map(|row| row.id), Some(again.id));
        home.pass(std::time::Duration::from_millis(bulwark_store::PENDING_MS.unsigned_abs()));
        assert_eq!(found().await.unwrap(), None, "nobody decided in time");
    }
}
