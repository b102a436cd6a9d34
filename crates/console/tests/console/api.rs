//! The programming interface: the same rights as the pages, errors in RFC 9457, a description that is true.

use axum::body::Body;
use axum::http::{Request, header};
use bulwark_console::{Access, Route, routes};
use bulwark_model::rights::{Decision, Resource, Role, Subject, decide, may};
use bulwark_store::entity::person::person;
use bulwark_store::{Actor, NewApiToken, NewPendingAct, NewSystem, Uuid};
use serde_json::Value;

use crate::support::*;

/// A token of a person for these acts.
pub async fn token(app: &TestApp, who: &Person, role: Role, organisation: Uuid, acts: &[&str]) -> String {
    let new = NewApiToken {
        person: who.id,
        role: role.code().into(),
        organisation,
        label: "測試".into(),
        scope: acts.join(" "),
        expires_at: app.store().now().plus_ms(3_600_000),
    };
    let actor = Actor::system("test");
    let (_, token) =
        app.store().write(&actor, |tx| Box::pin(async move { tx.make_api_token(new).await })).await.unwrap();
    token.reveal().to_owned()
}

pub async fn call(app: &TestApp, method: &str, path: &str, token: Option<&str>) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    app.send(request.body(Body::empty()).unwrap()).await
}

pub fn json(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error}: {}", answer.body))
}

pub fn api(app: &TestApp) -> Vec<Route> {
    routes(&app.app).into_iter().filter(|route| route.path.starts_with("/api/")).collect()
}

#[tokio::test]
async fn lists_give_what_the_pages_give_page_by_page() {
    let app = TestApp::new().await;
    let (a, b) = (app.organisation("A", None).await, app.organisation("B", None).await);
    let who = app.person("ciso", Role::AgencyCiso, a).await;
    for n in 0..5 {
        app.person(&format!("a{n}"), Role::Reporter, a).await;
        app.person(&format!("b{n}"), Role::Reporter, b).await;
    }
    let token = token(&app, &who, Role::AgencyCiso, a, &["people.read", "account.self"]).await;
    let (mut path, mut logins) = ("/api/v1/people?rows=2".to_owned(), Vec::new());
    loop {
        let page = json(&call(&app, "GET", &path, Some(&token)).await.is(200));
        assert_eq!((page["total"].as_u64(), page["more_than_total"].as_bool()), (Some(6), Some(false)));
        logins.extend(
            page["items"].as_array().unwrap().iter().map(|row| row["login"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => path = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(logins, ["a4", "a3", "a2", "a1", "a0", "ciso"], "one's own, newest first, each once");
    let found = json(&call(&app, "GET", "/api/v1/people?q=a3", Some(&token)).await);
    let id = found["items"][0]["id"].as_str().unwrap();
    let item = json(&call(&app, "GET", &format!("/api/v1/people/{id}"), Some(&token)).await.is(200));
    assert_eq!((item["login"].as_str(), item["roles"][0]["role"].as_str()), (Some("a3"), Some("reporter")));
    let own = json(&call(&app, "GET", "/api/v1/account", Some(&token)).await.is(200));
    assert_eq!((own["login"].as_str(), own["scope"][0].as_str()), (Some("ciso"), Some("people.read")));
    assert_eq!(call(&app, "HEAD", "/api/v1/people", Some(&token)).await.is(200).body, "");
}

#[tokio::test]
async fn wrong_requests_are_named_as_problems() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let who = app.person("ciso", Role::AgencyCiso, a).await;
    let token = token(&app, &who, Role::AgencyCiso, a, &["people.read", "audit.read"]).await;
    let long = format!("/api/v1/people?q={}", "長".repeat(201));
    for (method, path, status, code) in [
        ("GET", long.replace('長', "%E9%95%B7").as_str(), 422, "BW-WEB-099"),
        ("GET", "/api/v1/people?q=x&colour=red", 422, "BW-WEB-090"),
        ("GET", "/api/v1/people?after=x", 422, "BW-WEB-091"),
        ("GET", "/api/v1/people?rows=0", 422, "BW-WEB-092"),
        ("GET", "/api/v1/people?rows=201", 422, "BW-WEB-092"),
        ("GET", "/api/v1/people?colour=", 422, "BW-WEB-090"),
        ("GET", "/api/v1/people?state=nonsense", 422, "BW-WEB-094"),
        ("GET", "/api/v1/people?organisation=x", 422, "BW-WEB-094"),
        ("GET", "/api/v1/people?role=king", 422, "BW-WEB-094"),
        ("GET", "/api/v1/people?q=a&q=b", 422, "BW-WEB-095"),
        ("GET", "/api/v1/people?q=", 422, "BW-WEB-099"),
        ("GET", "/api/v1/people?q=%00", 422, "BW-WEB-099"),
        ("GET", "/api/v1/people/%ff", 404, "BW-RIGHTS-003"),
        ("GET", "/api/v1/audit?rows=100000", 422, "BW-WEB-092"),
        ("GET", "/api/v1/audit?after=x", 422, "BW-WEB-091"),
        ("GET", "/api/v1/audit?before=1", 422, "BW-WEB-090"),
        ("GET", "/api/v1/people/x", 404, "BW-RIGHTS-003"),
        ("GET", "/api/v1/people/00000000-0000-0000-0000-000000000000", 404, "BW-RIGHTS-003"),
        ("GET", "/api/v1/nothing", 404, "BW-RIGHTS-003"),
        ("DELETE", "/api/v1/people", 405, "BW-WEB-093"),
        ("GET", "/api/v1/keys", 403, "BW-RIGHTS-004"),
    ] {
        let answer = call(&app, method, path, Some(&token)).await.is(status);
        assert_eq!(answer.headers["content-type"], "application/problem+json", "{path}");
        let problem = json(&answer);
        assert_eq!(problem["errors"][0]["code"], code, "{path}");
        assert_eq!(problem["status"], status);
    }
    let answer = call(&app, "GET", "/api/v1/people", None).await.is(401);
    assert_eq!(answer.headers["www-authenticate"], "Bearer");
    // A session of a browser is no token.
    let answer = app.get(Some(&who), "/api/v1/people").await.is(401);
    assert_eq!(json(&answer)["errors"][0]["code"], "BW-WEB-001");
    // What a method is refused for, it says which ones are taken.
    let answer = call(&app, "DELETE", "/api/v1/people", Some(&token)).await.is(405);
    let allow = answer.headers["allow"].to_str().unwrap().to_owned();
    assert!(["GET", "HEAD", "POST"].iter().all(|method| allow.contains(method)), "{allow}");
}

/// Whether an act is done on its page only.
fn on_page(path: &str) -> bool {
    let acts = [
        "change", "confirm", "disable", "enable", "end", "erase", "grant", "link", "move", "recover",
        "refuse",
    ];
    let last = path.rsplit('/').next().unwrap();
    acts.contains(&last) || path == "/api/v1/keys/{id}/revoke" || path == "/api/v1/retention/{class}"
}

/// An object of each kind, all in the matter of organisation B, by the parameter of the path.
async fn foreign(app: &TestApp, b: Uuid) -> impl Fn(&str) -> Option<(String, &'static str)> {
    let theirs = app.person("theirs", Role::Reporter, b).await;
    let other = app.person("other", Role::SvcLead, b).await;
    let actor = Actor {
        person: Some(other.id),
        organisation: Some(b),
        role: "svc_lead".into(),
        ..Actor::system("test")
    };
    let payload = serde_json::json!({
        "act": "grant_role", "person": theirs.id, "role": "reporter", "organisation": b, "sector": null, "until": null,
    });
    let (own, place) = (theirs.id, b);
    let (request, key, glass, job, token, system) = app
        .store()
        .write(&actor, move |tx| {
            Box::pin(async move {
                let new = NewPendingAct {
                    action: "role.grant".into(),
                    object: "person/x".into(),
                    owner: place,
                    payload,
                    reason: "測試".into(),
                };
                let request = tx.ask(new).await?.id;
                let key = tx.enrol_signing_key(own, "k1", "key", "plan").await?.id;
                let until = tx.now().plus_ms(1000);
                let glass = tx.open_break_glass(place, other.id, own, "測試", until).await?.id;
                let job = tx.enqueue("test", &"x", None).await?.unwrap();
                let new = NewApiToken {
                    person: own,
                    role: "reporter".into(),
                    organisation: place,
                    label: "x".into(),
                    scope: String::new(),
                    expires_at: until,
                };
                let named = NewSystem::named(place, "系統", bulwark_model::SystemClass::Operational);
                let system = tx.add_system(named).await?.id;
                Ok((request, key, glass, job, tx.make_api_token(new).await?.0.id, system))
            })
        })
        .await
        .unwrap();
    let everything = bulwark_model::rights::Scope::Everything { without: vec![] };
    let filter = bulwark_store::AuditFilter { owner: Some(b), ..Default::default() };
    let leaf = app.store().audit_page(&everything, &filter, None, 1).await.unwrap().rows[0].seq;
    move |path: &str| {
        Some(match path {
            // What only a person who is present does has no object: nothing is looked up.
            path if on_page(path) => (place.to_string(), "page"),
            path if path.starts_with("/api/v1/people/{id}") => (own.to_string(), "account"),
            path if path.starts_with("/api/v1/organisations/{id}") => (place.to_string(), "organisation"),
            path if path.starts_with("/api/v1/systems/{id}") => (system.to_string(), "organisation"),
            // A program decides on nothing, so it sees what its own person asked for only.
            path if path.starts_with("/api/v1/requests/{id}") => (request.to_string(), "never"),
            path if path.starts_with("/api/v1/keys/{id}") => (key.to_string(), "account"),
            path if path.starts_with("/api/v1/audit/{seq}") => (leaf.to_string(), "organisation"),
            path if path.starts_with("/api/v1/emergency-access/{id}") => (glass.to_string(), "organisation"),
            path if path.starts_with("/api/v1/jobs/{id}") => (job.to_string(), "platform"),
            "/api/v1/account/tokens/{id}/revoke" => (token.to_string(), "never"),
            path if !path.contains('{') => (String::new(), "nothing"),
            _ => return None,
        })
    }
}

#[tokio::test]
async fn no_program_goes_round_the_matrix() {
    let app = TestApp::new().await;
    let (a, b) = (app.organisation("A", None).await, app.organisation("B", None).await);
    let object_of = foreign(&app, b).await;
    let row = app.store().person_by_login("theirs").await.unwrap().unwrap();
    let account = app
        .store()
        .account_resource(&app.store().get::<person::Entity>(row.id).await.unwrap())
        .await
        .unwrap();
    let organisation = app.store().resource_of(b).await.unwrap();
    let session = app.store().sessions_of(row.id).await.unwrap()[0].id.to_string();
    let mut wrong = Vec::new();
    for role in Role::ALL.iter().copied().filter(|role| *role != Role::System) {
        for route in api(&app) {
            // Each try by a person of its own, so that one route's effect does not reach the next.
            let login = format!("{role}-{}-{}", route.method, route.path.replace(['/', '{', '}'], "-"));
            let who = app.person(&login, role, a).await;
            let Access::Act(action) = route.access else { continue };
            let Some((value, about)) = object_of(route.path) else {
                wrong.push(format!("{} is not in this test", route.path));
                continue;
            };
            let fill = |id: &str, seq: &str, session: &str| {
                let path = route.path.replace("{id}", id).replace("{seq}", seq).replace("{session}", session);
                path.replace("{grant}", id).replace("{class}", "session")
            };
            let path = fill(&value, &value, &session);
            let nil = Uuid::nil().to_string();
            let missing = fill(&nil, "999999", &nil);
            let without = token(&app, &who, role, a, &[]).await;
            let with = token(&app, &who, role, a, &[action.code()]).await;
            let subject: Subject = app.store().subject(who.id, role.code(), a).await.unwrap();
            let now = app.store().now().into();
            let answer = call(&app, route.method.as_str(), &path, Some(&without)).await;
            if answer.status != 403 {
                wrong.push(format!("{role} {path}: {} with a token for nothing", answer.status));
            }
            let answer = call(&app, route.method.as_str(), &path, Some(&with)).await;
            let (status, what) =
                (answer.status.as_u16(), format!("{role} {} {path}: {}", route.method, answer.status));
            if status >= 500 {
                wrong.push(what);
            } else if about == "page" {
                if status != 403 {
                    wrong.push(format!("{what}, but only a person who is present does this"));
                }
            } else if may(&subject, action, now).is_err() {
                if status != 403 {
                    wrong.push(format!("{what}, but the role has no such right"));
                }
            } else if about != "nothing" {
                let (by, object) = match about {
                    "account" => (action, account.clone()),
                    "organisation" => (action, organisation.clone()),
                    _ => (action, Resource::platform()),
                };
                let denied =
                    about == "never" || !matches!(decide(&subject, by, &object, now), Decision::Allow { .. });
                let same = call(&app, route.method.as_str(), &missing, Some(&with)).await;
                let essence = |answer: &Answer| {
                    answer.body.replace(answer.headers["x-request-id"].to_str().unwrap(), "N")
                };
                if denied && (status != 404 || essence(&same) != essence(&answer)) {
                    wrong.push(format!("{what}, but must look like {}", same.body));
                } else if !denied && status == 404 {
                    wrong.push(format!("{what}, but is allowed"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn a_program_ends_its_own_token_and_is_out() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let who = app.person("ciso", Role::AgencyCiso, a).await;
    let token = token(&app, &who, Role::AgencyCiso, a, &["token.revoke", "people.read"]).await;
    let id = app.store().api_token(&token).await.unwrap().unwrap().id;
    call(&app, "GET", "/api/v1/people", Some(&token)).await.is(200);
    call(&app, "POST", &format!("/api/v1/account/tokens/{id}/revoke"), Some(&token)).await.is(200);
    call(&app, "GET", "/api/v1/people", Some(&token)).await.is(401);
}
