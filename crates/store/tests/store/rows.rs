//! Organisations, people and doors.

use std::time::Duration;

use bulwark_model::rights::{Filter, Scope};
use bulwark_store::entity::organisation::organisation::Entity as Organisation;
use bulwark_store::rights::organisation_id;
use bulwark_store::{NewCredential, NewOrganisation, NewPerson, PageRequest, StoreError};

use crate::support::*;

on_both! {
    async fn the_tree_is_asked_by_date(home: Home) {
        let store = home.open().await;
        let yuan = enter(&store, "yuan", None).await.id;
        let (old, new) = (enter(&store, "old", Some(yuan)).await.id, enter(&store, "new", Some(yuan)).await.id);
        let bureau = enter(&store, "bureau", Some(old)).await.id;
        let office = enter(&store, "office", Some(bureau)).await.id;
        let put = |id, parent, on: &str| {
            let (store, on) = (store.clone(), day(on));
            async move {
                store.write(&someone(), move |tx| Box::pin(async move { tx.move_organisation(id, parent, on).await })).await
            }
        };
        put(bureau, new, "2027-01-01").await.unwrap();
        for (on, expected) in [("2026-12-31", old), ("2027-01-01", new)] {
            assert_eq!(store.organisations_above(office, day(on)).await.unwrap(), [office, bureau, expected, yuan], "{on}");
        }
        assert_eq!(store.organisations_under(old, day("2027-01-01")).await.unwrap(), [old]);
        assert!(store.organisations_under(yuan, day("2025-12-31")).await.unwrap().is_empty());
        let mut all = store.organisations_under(yuan, day("2027-06-01")).await.unwrap();
        all.sort();
        let mut expected = [yuan, old, new, bureau, office];
        expected.sort();
        assert_eq!(all, expected);
        assert_eq!(put(bureau, office, "2028-01-01").await.unwrap_err().code(), "BW-STORE-021");
        assert_eq!(put(bureau, bulwark_store::Uuid::nil(), "2028-01-01").await.unwrap_err().code(), "BW-STORE-006");
        assert_eq!(store.organisations_above(office, day("2028-06-01")).await.unwrap().len(), 4, "nothing of it stayed");
        let odd = NewOrganisation { kind: "club".into(), ..agency("odd", None) };
        let error = store.write(&someone(), |tx| Box::pin(async move { tx.add_organisation(odd).await })).await.unwrap_err();
        assert_eq!(error.code(), "BW-STORE-021");
    }

    async fn a_person_has_roles_credentials_and_keys_in_time(home: Home) {
        let store = home.open().await;
        let organisation = enter(&store, "A", None).await.id;
        let inner = store.clone();
        let (person, role, key) = store
            .write(&someone(), move |tx| {
                Box::pin(async move {
                    let new = NewPerson { login: "wang".into(), name: "王小明".into(), organisation, email: Some("wang@example.gov.tw".into()) };
                    let person = tx.add_person(&inner, new).await?;
                    let role = tx.grant(person.id, "admin", organisation, None, None).await?;
                    tx.add_credential(&inner, person.id, "密碼", NewCredential::Password("$argon2id$…".into())).await?;
                    tx.add_credential(&inner, person.id, "手機", NewCredential::Totp { secret: b"totp-secret".to_vec(), used: "1".into() }).await?;
                    tx.add_credential(&inner, person.id, "鑰匙", NewCredential::Passkey { id: "cred-1".into(), json: "{}".into() }).await?;
                    let key = tx.enrol_signing_key(person.id, "k1", "bulwark-ed25519-pub-1 …", "plan").await?;
                    Ok((person, role, key))
                })
            })
            .await
            .unwrap();
        assert_eq!(store.person_by_login("wang").await.unwrap().as_ref(), Some(&person));
        assert_eq!(store.email(&person).await.unwrap().as_deref(), Some("wang@example.gov.tw"));
        let credentials = store.credentials(person.id).await.unwrap();
        let kinds: Vec<&str> = credentials.iter().map(|c| c.kind.as_str()).collect();
        assert_eq!(kinds, ["password", "totp", "passkey"]);
        let data_key = store.data_key(organisation).await.unwrap();
        assert_eq!(store.secret(&data_key, &credentials[1]).unwrap(), b"totp-secret");
        assert_eq!(store.secret(&data_key, &credentials[0]).unwrap_err().code(), "BW-STORE-014");
        let then = store.now();
        assert_eq!(store.grants(person.id, then).await.unwrap(), std::slice::from_ref(&role));
        home.pass(Duration::from_mins(1));
        let person = store
            .write(&someone(), move |tx| {
                Box::pin(async move {
                    tx.end_grant(role).await?;
                    tx.revoke_signing_key(key).await?;
                    tx.disable_person(person).await
                })
            })
            .await
            .unwrap();
        assert_eq!(person.disabled_at, Some(store.now()));
        assert!(store.grants(person.id, store.now()).await.unwrap().is_empty());
        assert_eq!(store.grants(person.id, then).await.unwrap().len(), 1);
        assert!(store.signing_key("k1", then).await.unwrap().is_some());
        assert!(store.signing_key("k1", store.now()).await.unwrap().is_none());
    }

    async fn tokens_open_doors_until_they_are_revoked_or_old(home: Home) {
        let store = home.open().await;
        let organisation = enter(&store, "A", None).await.id;
        let inner = store.clone();
        let (session, token, program, program_token, invitation) = store
            .write(&someone(), move |tx| {
                Box::pin(async move {
                    let new = NewPerson { login: "lin".into(), name: "林".into(), organisation, email: None };
                    let person = tx.add_person(&inner, new).await?;
                    let end = tx.now().plus_ms(60_000);
                    let (session, token) = tx.open_session(session_of(person.id, organisation, end)).await?;
                    let (program, program_token) = tx.make_api_token(program_of(person.id, organisation, end)).await?;
                    let (_, first) = tx.make_link(person.id, "invite", end).await?;
                    let (_, invitation) = tx.make_link(person.id, "invite", end).await?;
                    assert!(tx.take_link(first.reveal()).await.is_err(), "the newer link calls the older one back");
                    Ok((session, token, program, program_token, invitation))
                })
            })
            .await
            .unwrap();
        assert_ne!(session.token_hash, token.reveal());
        assert_eq!(format!("{token:?}"), "Token(…)");
        assert_eq!(store.session(token.reveal()).await.unwrap().unwrap().id, session.id);
        assert!(store.session("other").await.unwrap().is_none());
        assert_eq!(store.api_token(program_token.reveal()).await.unwrap().as_ref(), Some(&program));
        let accept = |text: String| {
            let store = store.clone();
            async move { store.write(&someone(), |tx| Box::pin(async move { tx.take_link(&text).await })).await }
        };
        assert_eq!(accept(invitation.reveal().to_owned()).await.unwrap().purpose, "invite");
        assert_eq!(accept(invitation.reveal().to_owned()).await.unwrap_err().code(), "BW-STORE-006");
        store
            .write(&someone(), move |tx| {
                Box::pin(async move {
                    let session = tx.step_up(session).await?;
                    tx.revoke_session(session).await?;
                    tx.revoke_api_token(program).await
                })
            })
            .await
            .unwrap();
        assert!(store.session(token.reveal()).await.unwrap().is_none());
        assert!(store.api_token(program_token.reveal()).await.unwrap().is_none());
    }

    async fn a_session_ends_by_itself(home: Home) {
        let store = home.open().await;
        let organisation = enter(&store, "A", None).await.id;
        let inner = store.clone();
        let token = store
            .write(&someone(), move |tx| {
                Box::pin(async move {
                    let new = NewPerson { login: "lin".into(), name: "林".into(), organisation, email: None };
                    let person = tx.add_person(&inner, new).await?;
                    let end = tx.now().plus_ms(60_000);
                    Ok(tx.open_session(session_of(person.id, organisation, end)).await?.1)
                })
            })
            .await
            .unwrap();
        assert!(store.session(token.reveal()).await.unwrap().is_some());
        home.pass(Duration::from_mins(1));
        assert!(store.session(token.reveal()).await.unwrap().is_none());
    }

    async fn the_owner_sees_who_looked(home: Home) {
        let store = home.open().await;
        let owner = enter(&store, "A", None).await.id;
        for n in 0..5 {
            store.log_access(&someone(), owner, &format!("finding/{n}")).await.unwrap();
        }
        store.log_access(&someone(), bulwark_store::Uuid::nil(), "finding/x").await.unwrap();
        let scope = Scope::Any { filters: vec![Filter::Own(organisation_id(owner))], without: Vec::new() };
        let first = store.accesses(&scope, None, PageRequest { rows: 3, ..PageRequest::default() }).await.unwrap().page;
        let second = store.accesses(&scope, None, PageRequest { after: first.next, rows: 3, ..PageRequest::default() }).await.unwrap().page;
        let objects: Vec<&str> = first.rows.iter().chain(&second.rows).map(|row| row.object.as_str()).collect();
        assert_eq!(objects, ["finding/4", "finding/3", "finding/2", "finding/1", "finding/0"]);
        assert_eq!(second.next, None);
    }

    async fn pages_follow_each_other_without_gaps(home: Home) {
        let store = home.open().await;
        for n in 0..25 {
            enter(&store, &format!("code-{n}"), None).await;
        }
        let (mut after, mut codes) = (None, Vec::new());
        loop {
            let page = store.page::<Organisation>(PageRequest { after, rows: 10, ..PageRequest::default() }).await.unwrap();
            codes.extend(page.rows.into_iter().map(|row| row.code));
            // What is entered meanwhile belongs to no later page.
            enter(&store, &format!("late-{}", codes.len()), None).await;
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let expected: Vec<String> = (0..25).rev().map(|n| format!("code-{n}")).collect();
        assert_eq!(codes, expected);
        assert_eq!(store.page::<Organisation>(PageRequest { rows: 9999, ..PageRequest::default() }).await.unwrap().rows.len(), 28);
    }

    async fn a_setting_keeps_its_history_in_the_log(home: Home) {
        let store = home.open().await;
        assert!(store.setting("retention").await.unwrap().is_none());
        for days in [30, 60] {
            store.write(&someone(), move |tx| Box::pin(async move { tx.set("retention", &days).await })).await.unwrap();
        }
        let row = store.setting("retention").await.unwrap().unwrap();
        assert_eq!((row.value.as_str(), row.version), ("60", 2));
        let odd = store.write(&someone(), |tx| Box::pin(async move { tx.set("retention", &1.5).await })).await;
        assert!(matches!(odd, Err(StoreError::BadValue { .. })));
    }
}
