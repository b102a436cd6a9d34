//! What the first page asks: requests that wait for someone, emergency accesses of someone, the log-in before.

use std::time::Duration;

use bulwark_model::rights::{Filter, Scope};
use bulwark_store::rights::organisation_id;
use bulwark_store::{Actor, NewPendingAct, NewPerson, Outcome, PageRequest, Store, Uuid};

use crate::support::*;

async fn person(store: &Store, login: &str, organisation: Uuid) -> Uuid {
    let new = NewPerson { login: login.into(), name: login.into(), organisation, email: None };
    let inner = store.clone();
    let actor = someone();
    let entered = store.write(&actor, |tx| Box::pin(async move { tx.add_person(&inner, new).await }));
    entered.await.unwrap().id
}

async fn ask(store: &Store, by: Uuid, action: &str, object: String, owner: Uuid) -> Uuid {
    let actor = Actor { person: Some(by), ..someone() };
    let new = NewPendingAct { action: action.into(), object, owner, payload: 1, reason: "測試".into() };
    store.write(&actor, |tx| Box::pin(async move { tx.ask(new).await })).await.unwrap().id
}

async fn waiting(store: &Store, person: Uuid, may_decide: &[(String, Scope)]) -> Vec<Uuid> {
    let request = PageRequest { rows: 50, ..PageRequest::default() };
    let found = store.acts_waiting_for(person, may_decide, request).await.unwrap();
    assert_eq!(found.total, found.page.rows.len() as u64);
    found.page.rows.into_iter().map(|row| row.id).collect()
}

on_both! {
    async fn only_what_others_asked_for_and_oneself_may_decide_waits_for_someone(home: Home) {
        let store = home.open().await;
        let (a, b) = (enter(&store, "A", None).await.id, enter(&store, "B", None).await.id);
        let (lin, wang) = (person(&store, "lin", a).await, person(&store, "wang", a).await);
        let own = |organisation| Scope::Any { filters: vec![Filter::Own(organisation_id(organisation))], without: vec![] };
        let decides = [("people.recover".to_owned(), own(a)), ("key.enrol".to_owned(), own(a))];
        let helped = person(&store, "helped", a).await;
        let first = ask(&store, wang, "people.recover", format!("person/{helped}"), a).await;
        ask(&store, lin, "key.enrol", "signing_key/own".into(), a).await;
        ask(&store, wang, "people.recover", format!("person/{lin}"), a).await;
        ask(&store, wang, "people.recover", format!("person/{helped}x"), b).await;
        ask(&store, wang, "people.erase", format!("person/{helped}"), a).await;
        let last = ask(&store, wang, "key.enrol", format!("person/{lin}/key"), a).await;
        assert_eq!(waiting(&store, lin, &decides).await, [last, first], "about oneself only where that is allowed");
        assert!(waiting(&store, lin, &[]).await.is_empty());
        assert!(waiting(&store, lin, &[("key.enrol".to_owned(), Scope::Nothing)]).await.is_empty());

        assert_eq!(store.last_decided(lin).await.unwrap(), None);
        for (id, outcome) in [(first, Outcome::Refused), (last, Outcome::Done)] {
            home.pass(Duration::from_secs(1));
            let row = store.get::<bulwark_store::entity::two_person::pending_act::Entity>(id).await.unwrap();
            let actor = Actor { person: Some(lin), ..someone() };
            store.write(&actor, move |tx| Box::pin(async move { tx.decide_act(row, outcome).await })).await.unwrap();
        }
        assert_eq!(store.last_decided(lin).await.unwrap().map(|row| row.id), Some(last));
        assert!(waiting(&store, lin, &decides).await.is_empty());
        ask(&store, wang, "people.recover", format!("person/{helped}"), a).await;
        assert_eq!(waiting(&store, lin, &decides).await.len(), 1);
        home.pass(Duration::from_hours(73));
        assert!(waiting(&store, lin, &decides).await.is_empty(), "nobody decides on what ran out");
    }

    async fn emergency_accesses_and_log_ins_of_someone_are_found(home: Home) {
        let store = home.open().await;
        let a = enter(&store, "A", None).await.id;
        let (lin, wang) = (person(&store, "lin", a).await, person(&store, "wang", a).await);
        let until = store.now().plus_ms(3_600_000);
        let actor = someone();
        let opened = store.write(&actor, move |tx| {
            Box::pin(async move {
                tx.open_break_glass(a, lin, wang, "測試", until).await?;
                let first = tx.open_session(session_of(lin, a, until)).await?.0;
                tx.open_session(session_of(wang, a, until)).await?;
                let second = tx.open_session(session_of(lin, a, until)).await?.0;
                Ok((first, second))
            })
        });
        let (first, second) = opened.await.unwrap();
        assert_eq!(store.emergency_accesses_of(lin).await.unwrap().len(), 1);
        assert!(store.emergency_accesses_of(wang).await.unwrap().is_empty());
        assert_eq!(store.session_before(&second).await.unwrap().map(|row| row.id), Some(first.id));
        assert_eq!(store.session_before(&first).await.unwrap(), None);
        home.pass(Duration::from_hours(1));
        assert!(store.emergency_accesses_of(lin).await.unwrap().is_empty());
    }

    async fn a_verification_is_kept_and_one_leaf_is_proven_alone(home: Home) {
        let store = home.open().await;
        let row = enter(&store, "A", None).await;
        rename(&store, row.clone(), "甲").await.unwrap();
        assert_eq!(store.last_verification().await.unwrap(), None);
        let object = bulwark_store::object::<bulwark_store::entity::organisation::organisation::Entity>(row.id);
        assert_eq!(bulwark_store::audit::prove_leaf(&store, 0).await.unwrap_err().code(), "BW-STORE-006");
        store.checkpoint().await.unwrap();
        let whole = bulwark_store::audit::prove(&store, &object).await.unwrap();
        let one = bulwark_store::audit::prove_leaf(&store, 0).await.unwrap();
        assert_eq!((&one["object"], &one["leaves"][0]), (&whole["object"], &whole["leaves"][0]));
        assert_eq!((one["leaves"].as_array().unwrap().len(), whole["leaves"].as_array().unwrap().len()), (1, 2));
        assert_eq!(bulwark_store::audit::prove_leaf(&store, 2).await.unwrap_err().code(), "BW-STORE-006");

        for round in 0..2 {
            let report = bulwark_store::audit::verify(&store, &home.config.audit_file(), &[]).await.unwrap();
            let by = Actor { person: Some(row.id), ..someone() };
            let kept = store.keep_verification(&by, report).await.unwrap();
            assert_eq!((kept.by, kept.report.leaves, kept.report.bad.clone()), (Some(row.id), 2 + round, None));
            assert_eq!(store.last_verification().await.unwrap(), Some(kept));
        }
        assert_eq!(store.audit_leaf(3).await.unwrap().object, "audit_log");
        assert_eq!(store.audit_leaf(4).await.unwrap_err().code(), "BW-STORE-006");
    }
}
