//! The description of the programming interface is true: it names every route, what the pages do has its place in it,
//! and requests that it does not allow are refused.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Request, header};
use bulwark_console::{Access, routes};
use bulwark_model::rights::{Action, Role};
use bulwark_store::{NewPendingAct, Uuid};
use serde_json::Value;

use crate::api::{api, call, json, token};
use crate::support::*;

/// The document, and each operation with its method and path.
async fn described(app: &TestApp) -> (Value, Vec<(String, String, Value)>) {
    let document = json(&call(app, "GET", "/api/v1/openapi.json", None).await.is(200));
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            all.push((method.to_uppercase(), path.clone(), operation.clone()));
        }
    }
    (document, all)
}

#[tokio::test]
async fn the_description_names_every_route_with_its_act_and_no_other() {
    let app = TestApp::new().await;
    let (document, operations) = described(&app).await;
    let described: BTreeSet<_> = operations
        .iter()
        .map(|(method, path, operation)| {
            let why = if operation["x-act"].is_null() { &operation["x-open"] } else { &operation["x-act"] };
            (method.clone(), path.clone(), why.as_str().unwrap().to_owned())
        })
        .collect();
    let served: BTreeSet<_> = api(&app)
        .into_iter()
        .map(|route| {
            let why = match route.access {
                Access::Act(act) => act.code(),
                Access::Open(why) => why,
            };
            (route.method.to_string(), route.path.to_owned(), why.to_owned())
        })
        .collect();
    assert_eq!(described, served);
    assert_eq!(operations.len(), served.len(), "each once");
    let ids: BTreeSet<_> =
        operations.iter().map(|(.., operation)| operation["operationId"].to_string()).collect();
    assert_eq!(ids.len(), operations.len(), "each operation has a name of its own");
    let text = document.to_string();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for reference in text.split("#/components/schemas/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(schemas.contains_key(reference), "{reference}");
    }
}

#[tokio::test]
async fn the_description_is_the_one_in_the_repository() {
    let app = TestApp::new().await;
    let (document, _) = described(&app).await;
    let found = serde_json::to_string_pretty(&document).unwrap() + "\n";
    let path = bulwark_testkit::workspace_root().join("docs/openapi.json");
    #[expect(
        clippy::disallowed_methods,
        reason = "writing golden files again is asked for by the environment"
    )]
    if std::env::var_os("BULWARK_UPDATE").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == found,
        "docs/openapi.json: BULWARK_UPDATE=1 cargo test -p bulwark-console --test console"
    );
}

/// Acts of pages that are no business of a program: the way in, one's own ways to log in, and the verification of the
/// audit log, which `bulwark audit verify` does without the console's own word.
const OF_PAGES_ONLY: [&str; 2] = ["audit.export", "audit.verify_chain"];

#[tokio::test]
async fn what_the_pages_do_has_its_place_in_the_interface() {
    let app = TestApp::new().await;
    let acts = |api: bool| -> BTreeSet<&'static str> {
        let all = routes(&app.app).into_iter().filter(|route| route.path.starts_with("/api/") == api);
        all.filter_map(|route| match route.access {
            Access::Act(act) => Some(act.code()),
            Access::Open(_) => None,
        })
        .collect()
    };
    let missing: Vec<_> = acts(false).difference(&acts(true)).copied().collect();
    assert_eq!(missing, OF_PAGES_ONLY);
}

/// A request with headers and a body.
async fn send(
    app: &TestApp,
    (method, path): (&str, &str),
    token: &str,
    header: (&str, &str),
    body: &str,
) -> Answer {
    let request = Request::builder().method(method).uri(path).header(header.0, header.1);
    let request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    app.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

#[tokio::test]
async fn every_way_is_held_to_its_description() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let who = app.person("admin", Role::Admin, a).await;
    let all: Vec<&str> = Action::all().filter(|act| !act.act().step_up).map(Action::code).collect();
    let token = token(&app, &who, Role::Admin, a, &all).await;
    let (_, operations) = described(&app).await;
    let (mut held, mut on_page) = (0, 0);
    for (method, path, operation) in operations {
        let full = path.split('/').map(|part| if part.starts_with('{') { "1" } else { part });
        let full = full.collect::<Vec<_>>().join("/");
        let code = |answer: Answer, status: u16| -> String {
            let answer = answer.is(status);
            assert_eq!(answer.headers["content-type"], "application/problem+json", "{full}");
            json(&answer)["errors"][0]["code"].as_str().unwrap().to_owned()
        };
        if operation["x-console-only"] == true {
            let answer = call(&app, &method, &full, Some(&token)).await;
            let code = code(answer, 403);
            assert!(matches!(code.as_str(), "BW-WEB-003" | "BW-RIGHTS-005"), "{path} {code}");
            on_page += 1;
            continue;
        }
        let odd = format!("{full}?no_such_parameter=1");
        let answer = call(&app, &method, &odd, Some(&token)).await;
        if answer.status == 403 {
            // Not in the reach of this role, or content that an administrator does not read: the rights come first.
            let code = code(answer, 403);
            assert!(matches!(code.as_str(), "BW-RIGHTS-002" | "BW-RIGHTS-005"), "{path} {code}");
            continue;
        }
        assert_eq!(code(answer, 422), "BW-WEB-090", "{path}");
        let at = (method.as_str(), full.as_str());
        for accept in ["text/html", "application/json;q=0", "image/*, text/plain"] {
            let answer = send(&app, at, &token, ("accept", accept), "").await;
            assert_eq!(code(answer, 406), "BW-WEB-098", "{path} {accept}");
        }
        let answer = send(&app, at, &token, ("accept", "text/html, application/*;q=0.5"), "").await;
        assert_ne!(answer.status, 406, "{path}");
        if method == "POST" {
            let json = "application/json";
            assert_eq!(
                code(send(&app, at, &token, ("content-type", "text/xml"), "<x/>").await, 415),
                "BW-WEB-097"
            );
            for body in ["{\"x\":1}", "[]", "null", "{", "\u{0}"] {
                let answer = send(&app, at, &token, ("content-type", json), body).await;
                assert_eq!(code(answer, 422), "BW-WEB-096", "{path} {body}");
            }
            let answer =
                send(&app, at, &token, ("content-type", "application/json; charset=utf-8"), "{}").await;
            assert_eq!(code(answer, 404), "BW-RIGHTS-003", "{path}");
        }
        held += 1;
    }
    assert!(held >= 15 && on_page >= 15, "{held} held, {on_page} on their pages");
}

#[tokio::test]
async fn reading_what_others_own_is_written_into_their_access_log() {
    let app = TestApp::new().await;
    let (a, b) = (app.organisation("A", None).await, app.organisation("B", None).await);
    let theirs = app.person("theirs", Role::Reporter, b).await;
    let who = app.person("wen", Role::Competent, a).await;
    let token =
        token(&app, &who, Role::Competent, a, &["people.read", "access_log.read", "audit.read"]).await;
    let path = format!("/api/v1/people/{}", theirs.id);
    let page = {
        app.get(Some(&who), &format!("/people/{}", theirs.id)).await.is(200);
        json(&call(&app, "GET", "/api/v1/access-log", Some(&token)).await.is(200))["total"].as_u64().unwrap()
    };
    call(&app, "GET", &path, Some(&token)).await.is(200);
    let log = json(&call(&app, "GET", "/api/v1/access-log", Some(&token)).await.is(200));
    assert_eq!(log["total"].as_u64().unwrap(), page * 2, "as often through the interface as on the page");
}

#[tokio::test]
async fn sessions_end_and_requests_are_taken_back_more_than_once() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let who = app.person("lin", Role::Admin, a).await;
    let other = app.person("chen", Role::Reporter, a).await;
    let acts = ["session.revoke", "home.read", "account.self", "token.revoke"];
    let all = token(&app, &who, Role::Admin, a, &acts).await;
    let list = format!("/api/v1/people/{}/sessions", other.id);
    let open = json(&call(&app, "GET", &list, Some(&all)).await.is(200));
    let session = open["items"][0]["id"].as_str().unwrap().to_owned();
    let end = format!("{list}/{session}/revoke");
    // The session of another person than the path names is nothing there.
    let crossed = format!("/api/v1/people/{}/sessions/{session}/revoke", who.id);
    call(&app, "POST", &crossed, Some(&all)).await.is(404);
    for _ in 0..2 {
        assert_eq!(json(&call(&app, "POST", &end, Some(&all)).await.is(200))["state"], "revoked");
    }
    assert_eq!(json(&call(&app, "GET", &list, Some(&all)).await.is(200))["total"], 0);
    app.get(Some(&other), "/account").await.is(303);

    let payload = serde_json::json!({
        "act": "grant_role", "person": other.id, "role": "reporter", "organisation": a, "sector": null, "until": null,
    });
    let (action, object) = ("role.grant".into(), format!("person/{}", other.id));
    let actor = bulwark_store::Actor {
        person: Some(who.id),
        organisation: Some(a),
        role: "admin".into(),
        ..bulwark_store::Actor::system("test")
    };
    let new = NewPendingAct { action, object, owner: a, payload, reason: "測試".into() };
    let id: Uuid =
        app.store().write(&actor, |tx| Box::pin(async move { tx.ask(new).await })).await.unwrap().id;
    let withdraw = format!("/api/v1/requests/{id}/withdraw");
    // What was given for reading changes nothing.
    let reads = token(&app, &who, Role::Admin, a, &["home.read"]).await;
    call(&app, "GET", &format!("/api/v1/requests/{id}"), Some(&reads)).await.is(200);
    call(&app, "POST", &withdraw, Some(&reads)).await.is(403).says("BW-RIGHTS-004");
    for _ in 0..2 {
        assert_eq!(json(&call(&app, "POST", &withdraw, Some(&all)).await.is(200))["state"], "withdrawn");
    }
    let row = json(&call(&app, "GET", &format!("/api/v1/requests/{id}"), Some(&all)).await.is(200));
    assert_eq!(row["state"], "withdrawn");
    let tokens = json(&call(&app, "GET", "/api/v1/account/tokens", Some(&all)).await.is(200));
    assert_eq!((tokens["total"].as_u64(), tokens["items"][0]["label"].as_str()), (Some(2), Some("測試")));
}
