//! Lists hold exactly what the decision about each object allows; acts of two people; what is kept and for how long.

use bulwark_model::RetentionClass;
use bulwark_model::rights::{Action, Role, Scope, Sector, decide, scope};
use bulwark_store::entity::organisation::organisation;
use bulwark_store::entity::person::person;
use bulwark_store::{
    Actor, AuditFilter, NewCredential, NewOrganisation, NewPendingAct, NewPerson, Outcome, PageRequest,
    PeopleFilter, Store, StoreError, Uuid, audit,
};

use crate::support::*;

const ALL: PageRequest = PageRequest { after: None, before: None, rows: 200 };

/// Enters an account with roles, some of which end.
pub async fn person_at(
    store: &Store,
    login: &str,
    organisation: Uuid,
    grants: Vec<(Role, Uuid, Option<&'static str>, bool)>,
) -> Uuid {
    let (inner, login) = (store.clone(), login.to_owned());
    store
        .write(&someone(), move |tx| {
            Box::pin(async move {
                let new = NewPerson { login: login.clone(), name: login, organisation, email: None };
                let id = tx.add_person(&inner, new).await?.id;
                for (role, at, sector, ends) in grants {
                    let until = ends.then(|| tx.now().plus_ms(3_600_000));
                    tx.grant(id, role.code(), at, sector, until).await?;
                }
                Ok(id)
            })
        })
        .await
        .unwrap()
}

/// A ministry with an agency below it, another agency, a hospital under a sector authority.
pub async fn country(store: &Store) -> [Uuid; 4] {
    let ministry = enter(store, "ministry", None).await.id;
    let below = enter(store, "below", Some(ministry)).await.id;
    let other = enter(store, "other", None).await.id;
    let new = NewOrganisation { sector: Some("health".into()), ..agency("hospital", None) };
    let hospital = store
        .write(&someone(), |tx| Box::pin(async move { tx.add_organisation(new).await }))
        .await
        .unwrap()
        .id;
    [ministry, below, other, hospital]
}

on_both! {
    async fn a_list_holds_what_the_decision_allows_and_nothing_else(home: Home) {
        let store = home.open().await;
        let places = country(&store).await;
        let mut people = Vec::new();
        for (n, place) in places.iter().enumerate() {
            people.push(person_at(&store, &format!("plain-{n}"), *place, vec![(Role::Reporter, *place, None, false)]).await);
        }
        let mut askers = Vec::new();
        for role in Role::ALL.iter().copied().filter(|role| *role != Role::System) {
            for (n, place) in places.iter().enumerate() {
                let sector = (role == Role::SectorAuthority).then_some("health");
                let grants = vec![(role, *place, sector, role == Role::Auditor)];
                askers.push((role, *place, person_at(&store, &format!("{role}-{n}"), *place, grants).await));
            }
        }
        people.extend(askers.iter().map(|asker| asker.2));
        // One emergency access that is open, one that is over.
        let (glass_by, over_by) = (askers.iter().find(|a| a.0 == Role::SvcG2).unwrap().2, people[0]);
        store.write(&someone(), {
            let (other, by) = (places[2], people[1]);
            move |tx| Box::pin(async move {
                let until = tx.now().plus_ms(3_600_000);
                tx.open_break_glass(other, glass_by, by, "測試", until).await?;
                tx.open_break_glass(other, over_by, by, "測試", tx.now()).await
            })
        }).await.unwrap();
        let rows = store.people(&Scope::Everything { without: vec![] }, &PeopleFilter::default(), ALL).await.unwrap().page.rows;
        assert_eq!(rows.len(), people.len());
        let mut resources = Vec::new();
        for row in &rows {
            resources.push((row.id, store.account_resource(row).await.unwrap()));
        }
        let now = store.now().into();
        let mut some = 0;
        for (role, place, asker) in &askers {
            let subject = store.subject(*asker, role.code(), *place).await.unwrap();
            for action in Action::all() {
                let scope = scope(&subject, action, now);
                let listed = store.people(&scope, &PeopleFilter::default(), ALL).await.unwrap().page.rows;
                let mut listed: Vec<Uuid> = listed.iter().map(|row| row.id).collect();
                let may = resources.iter().filter(|(_, resource)| decide(&subject, action, resource, now).is_allowed());
                let mut expected: Vec<Uuid> = may.map(|(id, _)| *id).collect();
                listed.sort();
                expected.sort();
                assert_eq!(listed, expected, "{role} {action}");
                some += usize::from(!expected.is_empty() && expected.len() < rows.len());
            }
        }
        assert!(some > 50, "the test must meet lists that are neither empty nor whole: {some}");
        assert_eq!(Sector::new("health").code(), "health");
    }

    async fn a_page_leads_forth_and_back_and_counts(home: Home) {
        let store = home.open().await;
        let place = enter(&store, "A", None).await.id;
        for n in 0..7 {
            person_at(&store, &format!("p{n}"), place, vec![]).await;
        }
        let everyone = Scope::Everything { without: vec![] };
        let list = |after, before| {
            let (store, everyone) = (store.clone(), everyone.clone());
            async move { store.people(&everyone, &PeopleFilter::default(), PageRequest { after, before, rows: 3 }).await.unwrap() }
        };
        let logins = |rows: &[person::Model]| rows.iter().map(|row| row.login.clone()).collect::<Vec<_>>();
        let first = list(None, None).await;
        assert_eq!((logins(&first.page.rows), first.total), (vec!["p6".into(), "p5".into(), "p4".into()], 7));
        assert_eq!(first.page.previous, None);
        let second = list(first.page.next, None).await;
        assert_eq!(logins(&second.page.rows), ["p3", "p2", "p1"]);
        let last = list(second.page.next, None).await;
        assert_eq!((logins(&last.page.rows), last.page.next), (vec!["p0".into()], None));
        let back = list(None, last.page.previous).await;
        assert_eq!(back.page, second.page);
        let start = list(None, back.page.previous).await;
        assert_eq!((start.page.rows, start.page.previous), (first.page.rows, None));
        let filter = PeopleFilter { text: Some("P5".into()), ..PeopleFilter::default() };
        assert_eq!(logins(&store.people(&everyone, &filter, ALL).await.unwrap().page.rows), ["p5"]);
    }

    async fn one_request_of_an_act_waits_for_an_object_and_ends_once(home: Home) {
        let store = home.open().await;
        let place = enter(&store, "A", None).await.id;
        let asker = person_at(&store, "asker", place, vec![]).await;
        let actor = Actor { person: Some(asker), ..someone() };
        let ask = || {
            let (store, actor) = (store.clone(), actor.clone());
            let new = NewPendingAct { action: "role.grant".into(), object: "person/x".into(), owner: place, payload: "x", reason: "因為".into() };
            async move { store.write(&actor, |tx| Box::pin(async move { tx.ask(new).await })).await }
        };
        let row = ask().await.unwrap();
        assert_eq!(ask().await.unwrap_err().code(), "BW-STORE-007");
        let decide = |row, outcome| {
            let (store, actor) = (store.clone(), actor.clone());
            async move { store.write(&actor, move |tx| Box::pin(async move { tx.decide_act(row, outcome).await })).await }
        };
        let stale = row.clone();
        assert_eq!(decide(row, Outcome::Refused).await.unwrap().state, "refused");
        assert_eq!(decide(stale, Outcome::Done).await.unwrap_err().code(), "BW-STORE-005");
        let again = ask().await.unwrap();
        home.pass(std::time::Duration::from_millis(u64::try_from(bulwark_store::PENDING_MS).unwrap()));
        assert_eq!(decide(again, Outcome::Done).await.unwrap_err().code(), "BW-STORE-021");
        ask().await.expect("one that ran out of time is no obstacle");
    }

    async fn a_form_sent_twice_does_its_work_once(home: Home) {
        let store = home.open().await;
        let place = enter(&store, "A", None).await.id;
        let (a, b) = (person_at(&store, "a", place, vec![]).await, person_at(&store, "b", place, vec![]).await);
        let once = |person: Uuid, form: &'static str| {
            let store = store.clone();
            async move {
                store.write(&someone(), move |tx| Box::pin(async move {
                    tx.audit("test", "test", None, None);
                    tx.once(person, form, "/there").await
                })).await.unwrap()
            }
        };
        assert_eq!(once(a, "1").await, None);
        assert_eq!(once(a, "1").await.as_deref(), Some("/there"));
        assert_eq!((once(b, "1").await, once(a, "2").await), (None, None), "another person, another form");
    }

    async fn an_erased_person_keeps_an_account_without_a_name(home: Home) {
        let store = home.open().await;
        let place = enter(&store, "A", None).await.id;
        let id = person_at(&store, "lin", place, vec![(Role::Reporter, place, None, false)]).await;
        let actor = Actor { person: Some(id), reason: Some("林小明的理由".into()), ..someone() };
        store.write(&actor, |tx| Box::pin(async move { tx.audit("test", "test", None, None); Ok(()) })).await.unwrap();
        let inner = store.clone();
        store.write(&someone(), move |tx| Box::pin(async move {
            tx.add_credential(&inner, id, "密碼", NewCredential::Password("x".into())).await?;
            let row = tx.get::<person::Entity>(id).await?;
            tx.erase_person(row).await
        })).await.unwrap();
        assert!(store.credentials(id).await.unwrap().is_empty());
        assert!(store.search("person", "lin", 10).await.unwrap().is_empty());
        let filter = AuditFilter { person: Some(id), ..AuditFilter::default() };
        let leaf = &store.audit_page(&Scope::Everything { without: vec![] }, &filter, None, 10).await.unwrap().rows[0];
        assert_eq!(store.reason(leaf.seq).await.unwrap(), None);
        assert_eq!(audit::verify(&store, &store.config().audit_file(), &[]).await.unwrap().bad, None);
    }

    async fn retention_takes_what_is_old_and_says_so(home: Home) {
        let store = home.open().await;
        let place = enter(&store, "A", None).await.id;
        let lin = person_at(&store, "lin", place, vec![]).await;
        let open = || {
            let store = store.clone();
            async move {
                let end = store.now().plus_ms(1000);
                store.write(&someone(), move |tx| Box::pin(async move { tx.open_session(session_of(lin, place, end)).await })).await.unwrap()
            }
        };
        open().await;
        home.pass(std::time::Duration::from_secs(100));
        let (young, _) = open().await;
        let before = store.now();
        let gone = store.apply_retention(&someone(), RetentionClass::Session, before).await.unwrap();
        assert_eq!(gone, 1);
        assert_eq!(store.sessions_of(lin).await.unwrap()[0].id, young.id);
        let all = store.audit_page(&Scope::Everything { without: vec![] }, &AuditFilter::default(), None, 1).await.unwrap();
        assert!(all.rows[0].leaf.contains("retention.apply"), "{}", all.rows[0].leaf);
    }

    async fn what_rights_rest_on_is_marked_when_it_changes(home: Home) {
        let store = home.open().await;
        let place = enter(&store, "A", None).await.id;
        let lin = person_at(&store, "lin", place, vec![]).await;
        let Some(before) = store.rights_epoch() else {
            assert!(home.server.is_some(), "only a server that others write to has no mark");
            return;
        };
        store.write(&someone(), |tx| Box::pin(async move { tx.audit("x", "x", None, None); Ok(()) })).await.unwrap();
        assert_eq!(store.rights_epoch(), Some(before));
        let refused: Result<(), StoreError> = store.write(&someone(), move |tx| Box::pin(async move {
            tx.grant(lin, "admin", place, None, None).await?;
            Err(StoreError::Closed)
        })).await;
        assert!(refused.is_err());
        assert_eq!(store.rights_epoch(), Some(before), "what was rolled back changed nothing");
        store.write(&someone(), move |tx| Box::pin(async move { tx.grant(lin, "admin", place, None, None).await })).await.unwrap();
        assert_ne!(store.rights_epoch(), Some(before));
        let row = store.get::<organisation::Entity>(place).await.unwrap();
        let now = store.rights_epoch();
        rename(&store, row, "新名").await.unwrap();
        assert_ne!(store.rights_epoch(), now);
    }
}
