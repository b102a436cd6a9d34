//! Systems: codes, background, lists, links.

use bulwark_model::rights::{Action, Role, Scope, decide, scope};
use bulwark_model::{
    Background, BackgroundField, FactSource, ProtectionLevel, ProtectionNeed, SystemClass, SystemLinkKind,
};
use bulwark_store::entity::organisation::organisation;
use bulwark_store::entity::system::{system, system_link};
use bulwark_store::{
    AuditFilter, NewSystem, NewSystemLink, PageRequest, Store, StoreError, SystemFilter, Uuid,
};

use crate::scoped::{country, person_at};
use crate::support::*;

const ALL: PageRequest = PageRequest { after: None, before: None, rows: 200 };

fn everything() -> Scope {
    Scope::Everything { without: vec![] }
}

fn named(owner: Uuid, name: &str) -> NewSystem {
    NewSystem::named(owner, name, SystemClass::Operational)
}

fn said(facts: &[(BackgroundField, &str)], on: &str) -> Background {
    let mut background = Background::default();
    for (field, text) in facts {
        background.say(*field, text, day(on), FactSource::Typed).unwrap();
    }
    background
}

/// All nine facts.
fn whole(on: &str) -> Background {
    let text =
        |field: &BackgroundField| if *field == BackgroundField::SecurityLevel { "medium" } else { "有" };
    let facts: Vec<_> = BackgroundField::ALL.iter().map(|field| (*field, text(field))).collect();
    said(&facts, on)
}

async fn add(store: &Store, new: NewSystem) -> Result<system::Model, StoreError> {
    store.write(&someone(), move |tx| Box::pin(async move { tx.add_system(new).await })).await
}

async fn change(store: &Store, row: system::Model) -> Result<system::Model, StoreError> {
    store.write(&someone(), move |tx| Box::pin(async move { tx.change_system(row).await })).await
}

async fn confirm(store: &Store, row: system::Model, on: &str) -> Result<system::Model, StoreError> {
    let on = day(on);
    store.write(&someone(), move |tx| Box::pin(async move { tx.confirm_system(row, on).await })).await
}

async fn retire(
    store: &Store,
    row: system::Model,
    on: &str,
    why: &'static str,
) -> Result<system::Model, StoreError> {
    let on = day(on);
    store.write(&someone(), move |tx| Box::pin(async move { tx.retire_system(row, on, why).await })).await
}

async fn connect(store: &Store, new: NewSystemLink) -> Result<system_link::Model, StoreError> {
    store.write(&someone(), move |tx| Box::pin(async move { tx.link_systems(new).await })).await
}

fn between(from: &system::Model, to: &system::Model, kind: SystemLinkKind) -> NewSystemLink {
    let (owner, from, to) = (from.organisation_id, from.id, to.id);
    NewSystemLink { owner, from, to, kind, note: "帳號".into(), expires_on: None }
}

async fn codes(store: &Store, scope: &Scope, filter: SystemFilter) -> Vec<String> {
    let listed = store.systems(scope, &filter, ALL).await.unwrap();
    assert_eq!(listed.total, listed.page.rows.len() as u64);
    listed.page.rows.into_iter().map(|row| row.code).collect()
}

fn words(text: &str) -> SystemFilter {
    SystemFilter { text: Some(text.into()), ..SystemFilter::default() }
}

/// What the log says was done since a leaf, oldest first.
async fn acts(store: &Store, since: i64) -> Vec<(String, Option<Uuid>)> {
    let page = store.audit_page(&everything(), &AuditFilter::default(), None, 200).await.unwrap();
    let mut acts: Vec<_> = page
        .rows
        .iter()
        .take_while(|row| row.seq > since)
        .map(|row| {
            let rest = row.leaf.split_once("\"action\":\"").unwrap().1;
            (rest.split('"').next().unwrap().to_owned(), row.owner)
        })
        .collect();
    acts.reverse();
    acts
}

async fn last_leaf(store: &Store) -> i64 {
    store.audit_page(&everything(), &AuditFilter::default(), None, 1).await.unwrap().rows[0].seq
}

on_both! {
    async fn a_list_of_systems_holds_what_the_decision_allows_and_nothing_else(home: Home) {
        let store = home.open().await;
        let places = country(&store).await;
        for (n, place) in places.iter().enumerate() {
            add(&store, named(*place, &format!("系統{n}"))).await.unwrap();
            add(&store, named(*place, "入口網")).await.unwrap();
        }
        let mut askers = Vec::new();
        for role in Role::ALL.iter().copied().filter(|role| *role != Role::System) {
            for (n, place) in places.iter().enumerate() {
                let sector = (role == Role::SectorAuthority).then_some("health");
                let grants = vec![(role, *place, sector, role == Role::Auditor)];
                askers.push((role, *place, person_at(&store, &format!("{role}-{n}"), *place, grants).await));
            }
        }
        let glass_by = askers.iter().find(|asker| asker.0 == Role::SvcG3).unwrap().2;
        let second = askers[0].2;
        let foreign = places[2];
        store.write(&someone(), move |tx| Box::pin(async move {
            let until = tx.now().plus_ms(3_600_000);
            tx.open_break_glass(foreign, glass_by, second, "測試", until).await
        })).await.unwrap();
        let rows = store.systems(&everything(), &SystemFilter::default(), ALL).await.unwrap().page.rows;
        assert_eq!(rows.len(), 8);
        let mut resources = Vec::new();
        for row in &rows {
            resources.push((row.id, store.resource_of(row.organisation_id).await.unwrap()));
        }
        let (now, mut some) = (store.now().into(), 0);
        for (role, place, asker) in &askers {
            let subject = store.subject(*asker, role.code(), *place).await.unwrap();
            for action in Action::all() {
                let scope = scope(&subject, action, now);
                let listed = store.systems(&scope, &SystemFilter::default(), ALL).await.unwrap().page.rows;
                let ids = |rows: &[system::Model]| rows.iter().map(|row| row.id).collect::<Vec<_>>();
                let may = resources.iter().filter(|(_, resource)| decide(&subject, action, resource, now).is_allowed());
                let expected: Vec<Uuid> = may.map(|(id, _)| *id).collect();
                assert_eq!(ids(&listed), expected, "{role} {action}");
                if action.code() == "inventory.read" {
                    let all: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
                    let mut named = ids(&store.systems_named(&scope, &all).await.unwrap());
                    named.sort_by(|a, b| b.cmp(a));
                    assert_eq!(named, expected, "{role} {action}");
                }
                some += usize::from(!expected.is_empty() && expected.len() < rows.len());
            }
        }
        assert!(some > 50, "the test must meet lists that are neither empty nor whole: {some}");
    }

    async fn pages_of_systems_leave_nothing_out(home: Home) {
        let store = home.open().await;
        let (a, b) = (enter(&store, "A", None).await.id, enter(&store, "B", None).await.id);
        for n in 0..10 {
            add(&store, named(if n % 3 == 0 { b } else { a }, &format!("系統{n}"))).await.unwrap();
        }
        let only = SystemFilter { organisation: Some(a), ..words("系統") };
        let (mut seen, mut request) = (Vec::new(), PageRequest { rows: 2, ..PageRequest::default() });
        loop {
            let listed = store.systems(&everything(), &only, request).await.unwrap();
            assert_eq!(listed.total, 6);
            seen.extend(listed.page.rows.into_iter().map(|row| row.code));
            let Some(next) = listed.page.next else { break };
            request.after = Some(next);
        }
        assert_eq!(seen, ["SYS-A-006", "SYS-A-005", "SYS-A-004", "SYS-A-003", "SYS-A-002", "SYS-A-001"]);
    }

    async fn systems_are_found_by_one_or_two_characters(home: Home) {
        let store = home.open().await;
        let a = enter(&store, "A15", None).await.id;
        let household = NewSystem {
            background: said(&[(BackgroundField::BusinessItem, "戶籍登記與謄本核發")], "2026-01-01"),
            ..named(a, "戶役政資訊系統")
        };
        let household = add(&store, household).await.unwrap();
        add(&store, named(a, "公文線上簽核")).await.unwrap();
        for (query, expected) in [
            ("戶", &["SYS-A15-001"][..]),
            ("謄", &["SYS-A15-001"]),
            ("核", &["SYS-A15-002", "SYS-A15-001"]),
            ("謄本", &["SYS-A15-001"]),
            ("簽核", &["SYS-A15-002"]),
            ("戶 登記", &["SYS-A15-001"]),
            ("sys-a15-002", &["SYS-A15-002"]),
            ("002", &["SYS-A15-002"]),
            ("籍本", &[]),
            ("%", &[]),
            ("", &[]),
            ("?", &[]),
            ("' OR 1=1 --", &[]),
        ] {
            assert_eq!(codes(&store, &everything(), words(query)).await, expected, "{query}");
        }
        let mut row = household;
        row.set_facts(&said(&[(BackgroundField::BusinessItem, "國籍")], "2026-11-01")).unwrap();
        change(&store, row).await.unwrap();
        assert_eq!(codes(&store, &everything(), words("謄")).await, [""; 0], "what was there is gone");
        assert_eq!(codes(&store, &everything(), words("國籍")).await, ["SYS-A15-001"]);
    }

    /// A search knows at most 200 rows; those of others must not take the place of one's own.
    async fn the_systems_of_others_do_not_crowd_out_ones_own(home: Home) {
        let store = home.open().await;
        let (mine, others) = (enter(&store, "mine", None).await.id, enter(&store, "others", None).await.id);
        add(&store, named(mine, "報名系統")).await.unwrap();
        store.write(&someone(), move |tx| Box::pin(async move {
            for _ in 0..205 {
                tx.add_system(named(others, "報名系統")).await?;
            }
            Ok(())
        })).await.unwrap();
        let lin = person_at(&store, "lin", mine, vec![(Role::Reporter, mine, None, false)]).await;
        let subject = store.subject(lin, "reporter", mine).await.unwrap();
        let own = scope(&subject, Action::parse("inventory.read").unwrap(), store.now().into());
        assert_eq!(codes(&store, &own, words("報名")).await, ["SYS-mine-001"]);
        assert_eq!(codes(&store, &own, words("名")).await, ["SYS-mine-001"]);
    }

    async fn a_code_is_never_given_twice(home: Home) {
        let store = home.open().await;
        let a = enter(&store, "A", None).await;
        let like = enter(&store, "_", None).await.id;
        let longer = enter(&store, "A-B", None).await.id;
        let add = |owner| { let store = store.clone(); async move { add(&store, named(owner, "系統")).await } };
        assert_eq!(add(a.id).await.unwrap().code, "SYS-A-001");
        let second = add(a.id).await.unwrap();
        assert_eq!(add(like).await.unwrap().code, "SYS-_-001", "an underscore is no wildcard");
        assert_eq!(add(longer).await.unwrap().code, "SYS-A-B-001");
        retire(&store, second, "2026-11-25", "併入新系統").await.unwrap();
        assert_eq!(add(a.id).await.unwrap().code, "SYS-A-003");
        // Another agency takes the code of the first: its numbers go on.
        let a = organisation::Model { code: "old".into(), ..a };
        let a = store.write(&someone(), move |tx| Box::pin(async move { tx.change_organisation(a).await })).await.unwrap();
        let heir = enter(&store, "A", None).await.id;
        assert_eq!(add(heir).await.unwrap().code, "SYS-A-004");
        assert_eq!(add(a.id).await.unwrap().code, "SYS-old-001");
        // Two at once, in one commit.
        let (one, two) = tokio::join!(add(a.id), add(a.id));
        let mut both = [one.unwrap().code, two.unwrap().code];
        both.sort();
        assert_eq!(both, ["SYS-old-002", "SYS-old-003"]);
        let odd = enter(&store, "a b", None).await.id;
        assert_eq!(add(odd).await.unwrap_err().code(), "BW-STORE-021");
        assert_eq!(add(Uuid::nil()).await.unwrap_err().code(), "BW-STORE-006");
    }

    async fn what_follows_from_others_is_worked_out_on_every_write(home: Home) {
        let store = home.open().await;
        let a = enter(&store, "A", None).await.id;
        let need = ProtectionNeed { availability: Some(ProtectionLevel::High), ..ProtectionNeed::default() };
        let new = NewSystem { need, mtpd_minutes: Some(240), core: true, background: whole("2025-11-24"), ..named(a, " 一 ") };
        let one = add(&store, new).await.unwrap();
        assert_eq!(one, store.get::<system::Entity>(one.id).await.unwrap());
        assert_eq!((one.name.as_str(), one.known_facts, one.good_until.as_deref()), ("一", 9, Some("2026-11-24")));
        assert_eq!(one.level().unwrap(), Some(ProtectionLevel::High), "the highest part wins over what is said");
        assert_eq!((one.need().unwrap(), one.facts().unwrap()), (need, whole("2025-11-24")));
        let mut two = add(&store, named(a, "二")).await.unwrap();
        assert_eq!((two.level().unwrap(), two.known_facts, two.good_until.clone()), (None, 0, None));
        let list = |filter: SystemFilter| { let store = store.clone(); async move { codes(&store, &everything(), filter).await } };
        let none = SystemFilter::default;
        assert_eq!(list(SystemFilter { incomplete: Some(true), ..none() }).await, ["SYS-A-002"]);
        assert_eq!(list(SystemFilter { incomplete: Some(false), ..none() }).await, ["SYS-A-001"]);
        assert_eq!(list(SystemFilter { stale: Some(true), ..none() }).await, ["SYS-A-001"]);
        assert_eq!(list(SystemFilter { stale: Some(false), ..none() }).await, ["SYS-A-002"]);
        assert_eq!(list(SystemFilter { core: Some(true), ..none() }).await, ["SYS-A-001"]);
        assert_eq!(list(SystemFilter { core: Some(false), ..none() }).await, ["SYS-A-002"]);
        assert_eq!(list(SystemFilter { level: Some(ProtectionLevel::High), ..none() }).await, ["SYS-A-001"]);
        assert_eq!(list(SystemFilter { level: Some(ProtectionLevel::Basic), ..none() }).await, [""; 0], "unknown is not basic");
        assert_eq!(list(SystemFilter { class: Some(SystemClass::Critical), ..none() }).await, [""; 0]);
        two.class = SystemClass::Critical.code().into();
        two.set_facts(&said(&[(BackgroundField::SecurityLevel, "basic"), (BackgroundField::OsName, "Debian")], "2026-01-01")).unwrap();
        // What a caller writes there does not count.
        (two.known_facts, two.level) = (9, Some("high".into()));
        let two = change(&store, two).await.unwrap();
        assert_eq!((two.level().unwrap(), two.known_facts), (Some(ProtectionLevel::Basic), 1));
        assert_eq!(list(SystemFilter { class: Some(SystemClass::Critical), ..none() }).await, ["SYS-A-002"]);
        let one = confirm(&store, one, "2026-11-25").await.unwrap();
        assert_eq!((one.confirmed_on.as_deref(), one.good_until.as_deref()), (Some("2026-11-25"), Some("2027-11-25")));
        assert_eq!(one.facts().unwrap(), whole("2026-11-25"));
        assert_eq!(list(SystemFilter { stale: Some(true), ..none() }).await, [""; 0]);
        home.pass(std::time::Duration::from_hours(24 * 366));
        assert_eq!(list(SystemFilter { stale: Some(true), ..none() }).await, ["SYS-A-002", "SYS-A-001"]);
        retire(&store, one, "2027-01-01", "停用").await.unwrap();
        assert_eq!(list(SystemFilter { retired: Some(true), ..none() }).await, ["SYS-A-001"]);
        assert_eq!(list(SystemFilter { retired: Some(false), ..none() }).await, ["SYS-A-002"]);
        assert_eq!(store.system_by_code("SYS-A-002").await.unwrap().map(|row| row.id), Some(two.id));
    }

    async fn a_system_is_changed_by_one_person_at_a_time(home: Home) {
        let store = home.open().await;
        let a = enter(&store, "A", None).await.id;
        let stale = add(&store, named(a, "一")).await.unwrap();
        let row = change(&store, system::Model { name: "二".into(), ..stale.clone() }).await.unwrap();
        assert_eq!(row.version, 2);
        let since = last_leaf(&store).await;
        for error in [
            change(&store, system::Model { name: "三".into(), ..stale.clone() }).await.unwrap_err(),
            confirm(&store, stale.clone(), "2026-11-25").await.unwrap_err(),
            retire(&store, stale.clone(), "2026-11-25", "停用").await.unwrap_err(),
        ] {
            let StoreError::Conflict { kind, id, mine, theirs } = error else { panic!("{error}") };
            assert_eq!((kind, id, mine, theirs), ("system", row.id.to_string(), 1, 2));
        }
        assert_eq!(acts(&store, since).await, []);
        assert_eq!(store.get::<system::Entity>(row.id).await.unwrap(), row);
    }

    async fn what_a_system_cannot_be_is_refused(home: Home) {
        let store = home.open().await;
        let a = enter(&store, "A", None).await.id;
        for new in [
            named(a, " "),
            named(a, &"長".repeat(201)),
            named(a, "a\u{7}"),
            NewSystem { mtpd_minutes: Some(0), ..named(a, "一") },
            NewSystem { mtpd_minutes: Some(525_601), ..named(a, "一") },
        ] {
            assert_eq!(add(&store, new).await.unwrap_err().code(), "BW-STORE-021");
        }
        let nobody = NewSystem { operator: Some(Uuid::nil()), ..named(a, "一") };
        assert_eq!(add(&store, nobody).await.unwrap_err().code(), "BW-STORE-008");
        let row = add(&store, named(a, "一")).await.unwrap();
        let json = |facts: &str| format!("{{\"facts\":{facts},\"version\":1}}");
        for wrong in [
            system::Model { code: "SYS-A-009".into(), ..row.clone() },
            system::Model { class: "x".into(), ..row.clone() },
            system::Model { legal: Some("x".into()), ..row.clone() },
            system::Model { retired_on: Some("2026-11-25".into()), ..row.clone() },
            system::Model { retired_for: Some("x".into()), ..row.clone() },
            system::Model { confirmed_on: Some("2026-11-25".into()), ..row.clone() },
            system::Model { background: "{\"facts\":{},\"version\":2}".into(), ..row.clone() },
            system::Model { background: json("{\"color\":{}}"), ..row.clone() },
            system::Model { background: String::new(), ..row.clone() },
        ] {
            assert_eq!(change(&store, wrong.clone()).await.unwrap_err().code(), "BW-STORE-021", "{wrong:?}");
        }
        assert_eq!(confirm(&store, row.clone(), "2026-11-26").await.unwrap_err().code(), "BW-STORE-021");
        let row = confirm(&store, row, "2026-11-20").await.unwrap();
        assert_eq!(confirm(&store, row.clone(), "2026-11-19").await.unwrap_err().code(), "BW-STORE-021");
        assert_eq!(retire(&store, row.clone(), "2026-11-25", " ").await.unwrap_err().code(), "BW-STORE-021");
        assert_eq!(retire(&store, row.clone(), "2026-11-26", "停用").await.unwrap_err().code(), "BW-STORE-021");
        let row = retire(&store, row, "2026-11-25", "停用").await.unwrap();
        for error in [
            change(&store, row.clone()).await.unwrap_err(),
            confirm(&store, row.clone(), "2026-11-25").await.unwrap_err(),
            retire(&store, row, "2026-11-25", "停用").await.unwrap_err(),
        ] {
            assert_eq!(error.code(), "BW-STORE-021");
        }
        let heir = enter(&store, "heir", None).await;
        let end = bulwark_store::OrganisationStep::End { code: "A".into(), successor: heir.code };
        store.write(&someone(), move |tx| Box::pin(async move { tx.change_organisations(vec![end], day("2026-11-25")).await })).await.unwrap();
        assert_eq!(add(&store, named(a, "一")).await.unwrap_err().code(), "BW-STORE-021", "the agency has ended");
    }

    async fn links_may_form_a_circle_but_lead_nowhere_back_at_once(home: Home) {
        use SystemLinkKind::{ConnectsTo, DependsOn};
        let store = home.open().await;
        let (a, b) = (enter(&store, "A", None).await.id, enter(&store, "B", None).await.id);
        let mut systems = Vec::new();
        for owner in [a, a, b] {
            systems.push(add(&store, named(owner, "系統")).await.unwrap());
        }
        let [one, two, foreign] = &systems[..] else { panic!("three systems") };
        let forth = connect(&store, between(one, two, DependsOn)).await.unwrap();
        let back = connect(&store, between(two, one, DependsOn)).await.unwrap();
        connect(&store, between(one, two, ConnectsTo)).await.unwrap();
        assert_eq!(connect(&store, between(one, one, DependsOn)).await.unwrap_err().code(), "BW-STORE-021");
        assert_eq!(connect(&store, between(one, two, DependsOn)).await.unwrap_err().code(), "BW-STORE-007");
        let nowhere = NewSystemLink { to: Uuid::nil(), ..between(one, two, DependsOn) };
        assert_eq!(connect(&store, nowhere).await.unwrap_err().code(), "BW-STORE-006");
        connect(&store, between(two, foreign, DependsOn)).await.unwrap();
        let across = between(one, foreign, ConnectsTo);
        assert_eq!(connect(&store, across.clone()).await.unwrap_err().code(), "BW-STORE-021", "without a last day");
        let until = |on: &str| NewSystemLink { expires_on: Some(day(on)), ..across.clone() };
        assert_eq!(connect(&store, until("2026-11-24")).await.unwrap_err().code(), "BW-STORE-021", "a day that has passed");
        let across = connect(&store, until("2026-11-25")).await.unwrap();
        assert_eq!((across.organisation_id, across.expires_on.as_deref()), (a, Some("2026-11-25")));
        let ends = |rows: Vec<system_link::Model>| rows.iter().map(|row| (row.from_system, row.to_system)).collect::<Vec<_>>();
        let of = |ids: Vec<Uuid>| { let store = store.clone(); async move { ends(store.system_links(&ids).await.unwrap()) } };
        assert_eq!(of(vec![foreign.id]).await, [(two.id, foreign.id), (one.id, foreign.id)]);
        assert_eq!(of(vec![one.id, two.id]).await.len(), 5);
        assert!(of(vec![]).await.is_empty());
        store.write(&someone(), move |tx| Box::pin(async move { tx.unlink(&forth).await })).await.unwrap();
        assert_eq!(of(vec![one.id]).await.len(), 3);
        let stale = system_link::Model { version: 7, ..back.clone() };
        let error = store.write(&someone(), move |tx| Box::pin(async move { tx.unlink(&stale).await })).await.unwrap_err();
        assert_eq!(error.code(), "BW-STORE-005");
        retire(&store, foreign.clone(), "2026-11-25", "停用").await.unwrap();
        assert_eq!(of(vec![foreign.id]).await.len(), 2, "the links stay on record");
        let gone = NewSystemLink { owner: b, ..between(foreign, one, DependsOn) };
        assert_eq!(connect(&store, gone).await.unwrap_err().code(), "BW-STORE-021");
    }

    async fn every_act_on_a_system_leaves_one_entry(home: Home) {
        let store = home.open().await;
        let (a, b) = (enter(&store, "A", None).await.id, enter(&store, "B", None).await.id);
        let since = last_leaf(&store).await;
        let one = add(&store, named(a, "一")).await.unwrap();
        let two = add(&store, named(b, "二")).await.unwrap();
        let one = change(&store, system::Model { name: "三".into(), ..one }).await.unwrap();
        let one = confirm(&store, one, "2026-11-25").await.unwrap();
        let link = connect(&store, between(&one, &two, SystemLinkKind::DependsOn)).await.unwrap();
        store.write(&someone(), move |tx| Box::pin(async move { tx.unlink(&link).await })).await.unwrap();
        retire(&store, one, "2026-11-25", "停用").await.unwrap();
        let expected = [
            ("system.create", a), ("system.create", b), ("system.change", a), ("system.confirm", a),
            ("system_link.create", a), ("system_link.delete", a), ("system.retire", a),
        ];
        let expected = expected.map(|(action, owner)| (action.to_owned(), Some(owner)));
        assert_eq!(acts(&store, since).await, expected);
    }
}
