//! What a form may carry beside what its page offers: far too much, the ids of others, the same thing twice. A form that
//! this test does not know fails it.

use std::path::Path;

use axum::http::Method;
use bulwark_bundle::Key;
use bulwark_console::{Access, Route, routes};
use bulwark_model::rights::{Action, Role, may};
use bulwark_store::entity::person::person;
use bulwark_store::{Actor, AuditFilter, NewPendingAct, NewSystem, PageRequest, Store, Uuid};

use crate::support::*;

/// Fields of a form filled in right.
type Fields = Vec<(&'static str, String)>;

/// The objects of a matter: an organisation and what belongs to it.
pub struct Matter {
    pub organisation: Uuid,
    pub code: &'static str,
    pub person: Uuid,
    pub request: Uuid,
    pub key: Uuid,
    pub system: Uuid,
}

pub async fn matter(app: &TestApp, code: &'static str) -> Matter {
    let organisation = app.organisation(code, None).await;
    let someone = app.person(&format!("{code}-someone"), Role::Reporter, organisation).await;
    let other = app.person(&format!("{code}-other"), Role::Competent, organisation).await;
    let actor = Actor {
        person: Some(other.id),
        organisation: Some(organisation),
        role: "competent".into(),
        ..Actor::system("test")
    };
    let (person, key_id) = (someone.id, format!("{code}-key"));
    let payload = serde_json::json!({
        "act": "grant_role", "person": person, "role": "director", "organisation": organisation, "sector": null, "until": null,
    });
    let made = app.store().write(&actor, move |tx| {
        Box::pin(async move {
            let new = NewPendingAct {
                action: "role.grant".into(),
                object: format!("person/{person}"),
                owner: organisation,
                payload,
                reason: "測試".into(),
            };
            let request = tx.ask(new).await?.id;
            let named = NewSystem::named(organisation, "系統", bulwark_model::SystemClass::Operational);
            let system = tx.add_system(named).await?.id;
            Ok((request, tx.enrol_signing_key(person, &key_id, "key", "plan").await?.id, system))
        })
    });
    let (request, key, system) = made.await.unwrap();
    Matter { organisation, code, person, request, key, system }
}

/// A form of a route about this matter, filled in right, and which of its fields take text.
fn filled(path: &str, about: &Matter) -> Option<(String, Fields, &'static [&'static str])> {
    let reason = ("reason", "測試所需的理由寫在這裡".to_owned());
    let text = |name: &'static str, value: &str| (name, value.to_owned());
    let day = [text("from-year", "116"), text("from-month", "1"), text("from-day", "1")];
    let here = || text("organisation", about.code);
    let to = path
        .replace("/people/{id}", &format!("/people/{}", about.person))
        .replace("/organisations/{id}", &format!("/organisations/{}", about.organisation))
        .replace("/systems/{id}", &format!("/systems/{}", about.system))
        .replace("/requests/{id}", &format!("/requests/{}", about.request))
        .replace("/keys/{id}", &format!("/keys/{}", about.key))
        .replace("{class}", "session");
    let (fields, typed): (Fields, &'static [&'static str]) = match path {
        "/log-in" | "/step-up" => {
            let fields =
                vec![text("login", "lin"), text("password", "x"), text("code", "123456"), text("next", "/")];
            (fields, &["login", "password", "code"])
        }
        "/account/role" => (vec![text("role", "reporter")], &["role"]),
        "/account/password" => (vec![text("password", "x"), text("again", "x")], &["password", "again"]),
        "/account/codes" => (vec![text("ticket", "x"), text("code", "123456")], &["ticket", "code"]),
        "/account/tokens/new" => {
            let fields = vec![text("label", "cron"), text("scope", "account.self"), text("days", "30")];
            (fields, &["label", "scope", "days"])
        }
        "/people/invite" => {
            let fields = vec![
                text("name", "林小姐"),
                text("login", "new"),
                text("email", "a@b.example"),
                here(),
                text("role", "reporter"),
                reason,
            ];
            (fields, &["name", "login", "email", "organisation", "role", "reason"])
        }
        "/people/import/enter" => {
            let entry = serde_json::json!([{
                "line": 2, "name": "新人", "login": "new", "email": null, "organisation": about.organisation, "role": "reporter",
            }]);
            (vec![text("entries", &entry.to_string()), reason], &["entries", "reason"])
        }
        "/people/{id}/grant" => {
            let until = [text("until-year", "117"), text("until-month", "1"), text("until-day", "1")];
            let fields =
                [&[here(), text("role", "director"), text("sector", ""), reason][..], &until].concat();
            (fields, &["organisation", "role", "sector", "reason", "until-year", "until-month", "until-day"])
        }
        "/people/{id}/disable" | "/people/{id}/recover" | "/people/{id}/erase" | "/keys/{id}/revoke" => {
            (vec![reason], &["reason"])
        }
        "/keys/enrol" => {
            let line = Key::from_seed(&[9; 32]).public().to_string();
            (
                vec![text("public_key", &line), text("purpose", "plan"), reason],
                &["public_key", "purpose", "reason"],
            )
        }
        "/organisations/add" => {
            let new =
                [text("name", "新機關"), text("code", "new"), text("kind", "agency"), text("sector", "")];
            let fields = [&new[..], &[text("parent", about.code), reason], &day].concat();
            (
                fields,
                &[
                    "name",
                    "code",
                    "kind",
                    "sector",
                    "parent",
                    "reason",
                    "from-year",
                    "from-month",
                    "from-day",
                ],
            )
        }
        "/systems/add" | "/systems/{id}/change" => {
            let mut fields = vec![
                text("name", "系統"),
                text("class", "operational"),
                text("core", "no"),
                text("mtpd", "4 小時"),
                text("c", "high"),
                text("business_item", "戶籍登記"),
                text("vendor", "廠商"),
                text("version", "1"),
            ];
            if path == "/systems/add" {
                fields.push(here());
            }
            (fields, &["name", "class", "mtpd", "c", "business_item", "vendor"])
        }
        "/systems/{id}/retire" => (vec![text("version", "1"), reason], &["reason"]),
        "/systems/{id}/confirm" => (vec![text("version", "1")], &[]),
        "/systems/{id}/link" => {
            let fields = vec![text("other", "SYS-X-001"), text("link_kind", "depends_on"), text("note", "x")];
            (fields, &["other", "link_kind", "note"])
        }
        // A list that was not looked at is told before anything else.
        "/organisations/import/enter" => (vec![text("ticket", "x"), reason], &[]),
        "/organisations/{id}/change" => {
            let fields = vec![
                text("name", "新名"),
                text("code", about.code),
                text("sector", ""),
                text("version", "1"),
                reason,
            ];
            (fields, &["name", "code", "sector", "reason"])
        }
        "/organisations/{id}/move" => {
            let fields = [&[text("parent", "T"), reason][..], &day].concat();
            (fields, &["parent", "reason", "from-year", "from-month", "from-day"])
        }
        "/retention/{class}" => (vec![text("days", "99"), text("version", "0"), reason], &["days", "reason"]),
        "/emergency-access/request" => (vec![here(), reason], &["organisation", "reason"]),
        "/requests/{id}/confirm" | "/requests/{id}/refuse" => (vec![text("note", "")], &["note"]),
        // Nothing but the proof, JSON of a browser's own making, or a file.
        "/log-out"
        | "/audit/verify"
        | "/people/import"
        | "/organisations/import"
        | "/link/{token}"
        | "/account/provider"
        | "/csp-report" => (vec![], &[]),
        path if path.ends_with("/start") || path.ends_with("/finish") => (vec![], &[]),
        path if path.ends_with("/enable") || path.ends_with("/link") || path.ends_with("/withdraw") => {
            (vec![], &[])
        }
        path if path.ends_with("/end") || path.ends_with("/retry") => (vec![], &[]),
        path if path.ends_with("/remove") || path.ends_with("/revoke") => (vec![], &[]),
        _ => return None,
    };
    Some((to, fields, typed))
}

/// Everyone's acts of the console that change something.
fn forms(app: &TestApp) -> Vec<(Route, Option<Action>)> {
    let all = routes(&app.app).into_iter().filter(|route| route.method == Method::POST);
    all.filter(|route| !route.path.starts_with("/api/"))
        .map(|route| {
            let action = match route.access {
                Access::Act(action) => Some(action),
                Access::Open(_) => None,
            };
            (route, action)
        })
        .collect()
}

/// Somebody at the organisation who may do the act.
async fn able(app: &TestApp, login: &str, action: Option<Action>, at: Uuid) -> Person {
    let action = action.unwrap_or_else(|| Action::parse("account.self").unwrap());
    for role in [Role::Admin, Role::Competent, Role::SvcG3, Role::SvcLead] {
        let who = app.person(&format!("{login}-{role}"), role, at).await;
        let subject = app.store().subject(who.id, role.code(), at).await.unwrap();
        if may(&subject, action, app.store().now().into()).is_ok() {
            return who;
        }
    }
    panic!("nobody may {action:?}")
}

fn borrowed<'f>(fields: &'f [(&'static str, String)]) -> Vec<(&'f str, &'f str)> {
    fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// Whether any file of the store holds these bytes.
fn kept(store: &Store, what: &str) -> bool {
    fn holds(path: &Path, what: &[u8]) -> bool {
        if path.is_dir() {
            return std::fs::read_dir(path).unwrap().any(|entry| holds(&entry.unwrap().path(), what));
        }
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes.windows(what.len()).step_by(1).any(|window| window == what)
    }
    holds(&store.config().dir, what.as_bytes())
}

#[tokio::test]
async fn a_field_of_ten_thousand_characters_is_refused_everywhere() {
    let app = TestApp::new().await;
    let (own, _) = (matter(&app, "A").await, app.organisation("T", None).await);
    let long = "長".repeat(10_000);
    let mut wrong = Vec::new();
    for (route, action) in forms(&app) {
        let Some((path, fields, typed)) = filled(route.path, &own) else {
            wrong.push(format!("{}: not in this test", route.path));
            continue;
        };
        for name in typed {
            let login = format!("{}-{name}", route.path.replace(['/', '{', '}'], "-"));
            let who = able(&app, &login, action, own.organisation).await;
            let mut fields = fields.clone();
            fields.iter_mut().filter(|field| field.0 == *name).for_each(|field| field.1.clone_from(&long));
            let answer = app.post(&who, &path, &borrowed(&fields)).await;
            // Told as a field that is wrong; a door and a ceremony tell nothing but no.
            let expected: &[u16] = match route.path {
                "/log-in" => &[403],
                "/account/codes" | "/people/import/enter" => &[403, 422],
                "/account/role" => &[404],
                _ => &[422],
            };
            if !expected.contains(&answer.status.as_u16()) {
                let text: String = answer.text().chars().take(300).collect();
                wrong.push(format!("{} {name} → {} {} {text}", route.path, answer.status, answer.location));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(!kept(app.store(), &"長".repeat(4_001)), "nothing of it is kept");
}

/// What is there of the foreign matter, in numbers: any change shows.
async fn picture(app: &TestApp, foreign: &Matter) -> String {
    let store = app.store();
    let row = store.get::<person::Entity>(foreign.person).await.unwrap();
    let grants = store.grants(foreign.person, store.now()).await.unwrap();
    let everything = bulwark_model::rights::Scope::Everything { without: vec![] };
    let filter = AuditFilter { owner: Some(foreign.organisation), ..AuditFilter::default() };
    let leaves = store.audit_page(&everything, &filter, None, 100).await.unwrap();
    let leaves: Vec<i64> = leaves.rows.iter().map(|row| row.seq).collect();
    format!("{row:?} {grants:?} {leaves:?}")
}

#[tokio::test]
async fn the_ids_of_others_in_a_form_change_nothing_of_theirs() {
    let app = TestApp::new().await;
    let (own, foreign) = (matter(&app, "A").await, matter(&app, "B").await);
    let before = picture(&app, &foreign).await;
    let mut wrong = Vec::new();
    let mut tried = 0;
    // Whoever acts for one organisation only.
    for role in [Role::AgencyCiso, Role::Reporter, Role::Vendor, Role::Director, Role::Navigator] {
        for (route, action) in forms(&app) {
            let Some(action) = action else { continue };
            let Some((_, fields, _)) = filled(route.path, &foreign) else { continue };
            let login = format!("{role}-{}", route.path.replace(['/', '{', '}'], "-"));
            let who = app.person(&login, role, own.organisation).await;
            let subject = app.store().subject(who.id, role.code(), own.organisation).await.unwrap();
            if may(&subject, action, app.store().now().into()).is_err() {
                continue;
            }
            // Their ids in the body, and both in the address and the body.
            for at in [&own, &foreign] {
                let Some((path, ..)) = filled(route.path, at) else { continue };
                if path.contains('{') || matches!(route.path, "/log-out" | "/account/role") {
                    continue;
                }
                tried += 1;
                let more = [
                    ("person".to_owned(), foreign.person),
                    ("person_id".to_owned(), foreign.person),
                    ("id".to_owned(), foreign.person),
                    ("organisation_id".to_owned(), foreign.organisation),
                    ("owner".to_owned(), foreign.organisation),
                    ("request".to_owned(), foreign.request),
                ];
                let more: Vec<(String, String)> =
                    more.into_iter().map(|(name, id)| (name, id.to_string())).collect();
                let mut all = borrowed(&fields);
                all.extend(more.iter().map(|(name, value)| (name.as_str(), value.as_str())));
                let answer = app.post(&who, &path, &all).await;
                let status = answer.status.as_u16();
                if status >= 500 {
                    wrong.push(format!("{role} {path} → {status} {}", answer.text()));
                }
                // What only names an organisation by its public code is refused, not hidden.
                let names_it =
                    fields.iter().any(|field| matches!(field.0, "organisation" | "entries" | "parent"));
                if names_it && status < 400 {
                    wrong.push(format!("{role} {path} → {status} {}", answer.location));
                }
                if picture(&app, &foreign).await != before {
                    wrong.push(format!("{role} {path} → {status}: something of theirs has changed"));
                    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(tried > 40, "{tried}");
    let theirs = PageRequest { rows: 200, ..PageRequest::default() };
    let people = app.store().page::<person::Entity>(theirs).await.unwrap().rows;
    assert!(people.iter().all(|row| row.login != "new"), "nobody was entered");
}

#[tokio::test]
async fn a_form_sent_twice_does_one_thing() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let admin = app.person("admin", Role::Admin, a).await;
    app.person("admin-2", Role::Admin, a).await;
    let count = |store: Store| async move {
        let rows = PageRequest { rows: 200, ..PageRequest::default() };
        let people = store.page::<person::Entity>(rows).await.unwrap().rows.len();
        let tokens = store.api_tokens_of(admin.id).await.unwrap().len();
        let asked = store.pending_acts(admin.id, &[], true, rows).await.unwrap().page.rows.len();
        (people, tokens, asked)
    };
    let own = Matter {
        organisation: a,
        code: "A",
        person: admin.id,
        request: Uuid::nil(),
        key: Uuid::nil(),
        system: Uuid::nil(),
    };
    for (path, page) in [
        ("/people/invite", "/people/invite"),
        ("/account/tokens/new", "/account/tokens/new"),
        ("/people/import/enter", ""),
        ("/organisations/add", ""),
        ("/keys/enrol", ""),
    ] {
        let admin = Person { id: admin.id, session: admin.session.clone() };
        let (path, mut fields, _) = filled(path, &own).unwrap();
        if path == "/people/import/enter" {
            fields[0].1 = fields[0].1.replace("\"new\"", "\"newer\"");
        }
        if !page.is_empty() {
            let once = app.get(Some(&admin), page).await.is(200).hidden("once");
            fields.push(("once", once));
        }
        let before = count(app.store().clone()).await;
        let first = app.post(&admin, &path, &borrowed(&fields)).await;
        assert!(first.status.as_u16() < 400, "{path} {}", first.text());
        let after = count(app.store().clone()).await;
        assert_ne!(before, after, "{path} does something");
        // Sent again at once, and later with the back button.
        for _ in 0..2 {
            let again = app.post(&admin, &path, &borrowed(&fields)).await;
            assert!(again.status.as_u16() < 400, "{path} {}", again.text());
            assert_eq!(count(app.store().clone()).await, after, "{path} twice");
        }
    }
}

#[tokio::test]
async fn the_way_back_after_the_log_out_leads_to_the_door() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let lin = app.person("lin", Role::Admin, a).await;
    let page = app.get(Some(&lin), "/people").await.is(200);
    assert_eq!(page.headers["cache-control"], "no-store", "no browser shows it again from its memory");
    let out = app.post(&lin, "/log-out", &[]).await.is(303);
    assert_eq!(out.headers["clear-site-data"], "\"cache\", \"storage\"");
    assert!(out.cookies()["__Host-bulwark"].is_empty());
    assert_eq!(app.get(Some(&lin), "/people").await.is(303).location, "/log-in?next=%2Fpeople");
    let sent = app.post(&lin, "/people/invite", &[("name", "x")]).await.is(303);
    assert_eq!(sent.location, "/log-in");
}

#[tokio::test]
async fn a_body_larger_than_a_form_is_told_so() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let lin = app.person("lin", Role::Admin, a).await;
    let large = "x".repeat(600 * 1024);
    for path in ["/people/invite", "/account/password", "/log-in"] {
        let page = app.post(&lin, path, &[("name", &large)]).await.is(413).says("BW-WEB-008");
        assert!(page.body.contains("<html lang"), "{path}");
    }
    let request = axum::http::Request::builder().method(Method::POST).uri("/log-in/passkey/finish");
    let request = request.header("content-type", "application/json").header("sec-fetch-site", "same-origin");
    let body = serde_json::json!({ "ticket": large, "response": {} }).to_string();
    app.send(request.body(axum::body::Body::from(body)).unwrap()).await.is(413).says("BW-WEB-008");
}
