//! Every route × every role × a foreign object. What the matrix does not allow is refused; what belongs to others
//! answers, word for word, like what does not exist. A route that this test does not know fails it.

use axum::http::Method;
use bulwark_console::{Access, Route, routes};
use bulwark_model::rights::{Action, Decision, Resource, Role, Subject, decide, may};
use bulwark_store::entity::person::person;
use bulwark_store::{NewPendingAct, NewSystem, NewSystemLink, Uuid};

use crate::support::*;

/// One object of each kind, all in the matter of organisation B.
struct Foreign {
    organisation: Uuid,
    person: Uuid,
    session: Uuid,
    grant: Uuid,
    request: Uuid,
    key: Uuid,
    glass: Uuid,
    leaf: i64,
    job: Uuid,
    system: Uuid,
    link: Uuid,
}

/// Values of the parameters, the act that decides, what it is about.
type Parameters = (Vec<(&'static str, String)>, Option<&'static str>, About);

/// What a parameter of a path stands for, and the act that decides whether the object is there for someone (the
/// route's own unless named).
fn parameters(path: &str, foreign: &Foreign) -> Option<Parameters> {
    let (o, p) = (foreign.organisation.to_string(), foreign.person.to_string());
    Some(match path {
        path if !path.contains('{') => (vec![], None, About::Nothing),
        "/people/{id}/sessions/{session}/revoke" => {
            (vec![("{id}", p), ("{session}", foreign.session.to_string())], None, About::Account)
        }
        "/people/{id}/roles/{grant}/end" => {
            (vec![("{id}", p), ("{grant}", foreign.grant.to_string())], None, About::Role)
        }
        "/people/{id}/grant" => (vec![("{id}", p)], Some("people.read"), About::Account),
        path if path.starts_with("/people/{id}") || path.starts_with("/api/v1/people/{id}") => {
            (vec![("{id}", p)], None, About::Account)
        }
        path if path.starts_with("/organisations/{id}") || path.starts_with("/api/v1/organisations/{id}") => {
            (vec![("{id}", o)], None, About::Organisation)
        }
        path if path.starts_with("/systems/{id}") || path.starts_with("/api/v1/systems/{id}") => {
            let values = vec![("{id}", foreign.system.to_string()), ("{link}", foreign.link.to_string())];
            (values, None, About::Organisation)
        }
        // Only the one who asked may take it back.
        "/requests/{id}/withdraw" => (vec![("{id}", foreign.request.to_string())], None, About::Never),
        path if path.starts_with("/requests/{id}") || path.starts_with("/api/v1/requests/{id}") => {
            (vec![("{id}", foreign.request.to_string())], Some("role.grant"), About::Role)
        }
        path if path.starts_with("/keys/{id}") || path.starts_with("/api/v1/keys/{id}") => {
            (vec![("{id}", foreign.key.to_string())], None, About::Account)
        }
        path if path.starts_with("/emergency-access/{id}")
            || path.starts_with("/api/v1/emergency-access/{id}") =>
        {
            (vec![("{id}", foreign.glass.to_string())], None, About::Organisation)
        }
        path if path.starts_with("/audit/{seq}") || path.starts_with("/api/v1/audit/{seq}") => {
            (vec![("{seq}", foreign.leaf.to_string())], None, About::Organisation)
        }
        path if path.starts_with("/jobs/{id}") || path.starts_with("/api/v1/jobs/{id}") => {
            (vec![("{id}", foreign.job.to_string())], None, About::Platform)
        }
        path if path.starts_with("/retention/{class}") || path.starts_with("/api/v1/retention/{class}") => {
            (vec![("{class}", "session".into())], None, About::Platform)
        }
        // One's own: another person's id is nothing there.
        path if path.starts_with("/account/") || path.starts_with("/api/v1/account/") => {
            let at = path.find('{')?;
            let name: &'static str = match path[at..].split('}').next()? {
                "{id" => "{id}",
                _ => return None,
            };
            (vec![(name, foreign.session.to_string())], None, About::Never)
        }
        _ => return None,
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    /// No object.
    Nothing,
    /// The account of B's person.
    Account,
    /// A role held by B's person at B.
    Role,
    /// B itself, or content of it.
    Organisation,
    /// The platform.
    Platform,
    /// An object that is nobody else's.
    Never,
}

async fn set_up(app: &TestApp) -> (Uuid, Foreign) {
    let (a, b) = (app.organisation("A", None).await, app.organisation("B", None).await);
    let theirs = app.person("theirs", Role::Reporter, b).await;
    let other = app.person("other", Role::SvcLead, b).await;
    let store = app.store();
    let session = store.sessions_of(theirs.id).await.unwrap()[0].id;
    let grant = store.grants(theirs.id, store.now()).await.unwrap()[0].id;
    let actor = bulwark_store::Actor {
        person: Some(other.id),
        organisation: Some(b),
        role: "svc_lead".into(),
        ..bulwark_store::Actor::system("test")
    };
    let payload = serde_json::json!({
        "act": "grant_role", "person": theirs.id, "role": "reporter", "organisation": b, "sector": null, "until": null,
    });
    let (request, key, glass, job, system, link) = store
        .write(&actor, move |tx| {
            Box::pin(async move {
                let new = NewPendingAct {
                    action: "role.grant".into(),
                    object: "person/x".into(),
                    owner: b,
                    payload,
                    reason: "測試".into(),
                };
                let request = tx.ask(new).await?.id;
                let key = tx.enrol_signing_key(theirs.id, "k1", "key", "plan").await?.id;
                let until = tx.now().plus_ms(1000);
                let glass = tx.open_break_glass(b, other.id, theirs.id, "測試", until).await?.id;
                let job = tx.enqueue("test", &"x", None).await?.unwrap();
                let class = bulwark_model::SystemClass::Operational;
                let system = tx.add_system(NewSystem::named(b, "系統", class)).await?.id;
                let other = tx.add_system(NewSystem::named(b, "別的系統", class)).await?.id;
                let kind = bulwark_model::SystemLinkKind::DependsOn;
                let note = String::new();
                let new = NewSystemLink { owner: b, from: system, to: other, kind, note, expires_on: None };
                let link = tx.link_systems(new).await?.id;
                Ok((request, key, glass, job, system, link))
            })
        })
        .await
        .unwrap();
    let everything = bulwark_model::rights::Scope::Everything { without: vec![] };
    let filter = bulwark_store::AuditFilter { owner: Some(b), ..Default::default() };
    let leaf = store.audit_page(&everything, &filter, None, 1).await.unwrap().rows[0].seq;
    let organisation = b;
    let foreign = Foreign {
        organisation,
        person: theirs.id,
        session,
        grant,
        request,
        key,
        glass,
        leaf,
        job,
        system,
        link,
    };
    (a, foreign)
}

async fn resource(app: &TestApp, about: About, foreign: &Foreign) -> Resource {
    let store = app.store();
    match about {
        About::Nothing | About::Platform => Resource::platform(),
        About::Organisation => store.resource_of(foreign.organisation).await.unwrap(),
        About::Account | About::Role => {
            let row = store.get::<person::Entity>(foreign.person).await.unwrap();
            store.account_resource(&row).await.unwrap()
        }
        About::Never => unreachable!("asked before"),
    }
}

async fn send(app: &TestApp, who: Option<&Person>, route: &Route, path: &str) -> Answer {
    match (&route.method, who) {
        (&Method::GET, who) => app.get(who, path).await,
        (_, Some(who)) => app.post(who, path, &[]).await,
        (_, None) => app.post_raw(None, path, &[], &[("sec-fetch-site", "same-origin")]).await,
    }
}

/// The words of a page without what differs from request to request.
fn essence(answer: &Answer) -> String {
    let number = answer.headers["x-request-id"].to_str().unwrap();
    answer.body.replace(number, "N").lines().filter(|line| !line.contains("hreflang")).collect()
}

#[tokio::test]
async fn no_role_goes_round_the_matrix() {
    let app = TestApp::new().await;
    let (a, foreign) = set_up(&app).await;
    let all = routes(&app.app);
    assert!(all.len() > 20);
    let mut wrong = Vec::new();
    for role in Role::ALL.iter().copied().filter(|role| *role != Role::System) {
        for route in &all {
            let Access::Act(action) = route.access else { continue };
            if route.path.starts_with("/api/") || route.path == "/log-out" {
                continue;
            }
            // Each try by a person of its own, so that one route's effect does not reach the next.
            let login = format!("{role}-{}-{}", route.method, route.path.replace(['/', '{', '}'], "-"));
            let who = app.person(&login, role, a).await;
            let Some((values, other, about)) = parameters(route.path, &foreign) else {
                wrong.push(format!("{} {}: not in the matrix test", route.method, route.path));
                continue;
            };
            let fill = |random: bool| {
                values.iter().fold(route.path.to_owned(), |path, (name, value)| {
                    let missing = if value.len() > 30 { Uuid::nil().to_string() } else { "999999".into() };
                    path.replace(name, if random { &missing } else { value })
                })
            };
            let subject: Subject = app.store().subject(who.id, role.code(), a).await.unwrap();
            let now = app.store().now().into();
            let answer = send(&app, Some(&who), route, &fill(false)).await;
            let status = answer.status.as_u16();
            let what = format!("{role} {} {} → {status} {}", route.method, fill(false), answer.location);
            if status >= 500 {
                wrong.push(format!("{what}: {}", answer.text()));
            } else if may(&subject, action, now).is_err() {
                if status != 403 {
                    wrong.push(format!("{what}: the role has no such right"));
                }
            } else if about == About::Never {
                if status != 404 {
                    wrong.push(format!("{what}: another person's"));
                }
            } else if about != About::Nothing {
                let by = other.map_or(action, |other| Action::parse(other).unwrap());
                let stepped = Subject { step_up_at: Some(now), ..subject };
                let object = resource(&app, about, &foreign).await;
                let decision = decide(&stepped, by, &object, now);
                match decision {
                    Decision::Deny(denied) => {
                        let hidden = denied.hides() || other.is_some();
                        if hidden {
                            let missing = send(&app, Some(&who), route, &fill(true)).await;
                            if status != 404 || essence(&missing) != essence(&answer) {
                                wrong.push(format!(
                                    "{what}: must look like {} {}",
                                    missing.status,
                                    missing.text()
                                ));
                            }
                        } else if status != 403 {
                            wrong.push(format!("{what}: {}", denied.code()));
                        }
                    }
                    Decision::Allow { .. } if matches!(status, 404) => {
                        wrong.push(format!("{what}: allowed, but not there"));
                    }
                    Decision::Allow { .. } => {}
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn nobody_comes_in_without_a_door() {
    let app = TestApp::new().await;
    let (_, foreign) = set_up(&app).await;
    let stranger = Person { id: Uuid::nil(), session: "no-such-token".into() };
    for route in routes(&app.app) {
        let Access::Act(_) = route.access else { continue };
        let Some((values, ..)) = parameters(route.path, &foreign) else { continue };
        let path = values.iter().fold(route.path.to_owned(), |path, (name, value)| path.replace(name, value));
        for who in [None, Some(&stranger)] {
            let answer = send(&app, who, &route, &path).await;
            if path.starts_with("/api/") {
                assert_eq!(answer.status, 401, "{} {path}", route.method);
            } else {
                assert_eq!(answer.status, 303, "{} {path}", route.method);
                assert!(answer.location.starts_with("/log-in"), "{path} → {}", answer.location);
            }
        }
    }
}

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let who = app.person("lin", Role::Admin, a).await;
    for route in
        routes(&app.app).iter().filter(|route| route.method == Method::POST && !route.path.contains('{'))
    {
        if route.path.starts_with("/api/") {
            continue;
        }
        let csrf = csrf(&who.session);
        let session = Some(who.session.as_str());
        let fields = [("csrf", csrf.as_str())];
        for headers in [[("sec-fetch-site", "cross-site")], [("origin", "https://evil.example")]] {
            app.post_raw(session, route.path, &fields, &headers).await.is(403);
        }
        if matches!(route.access, Access::Act(_)) && !route.path.contains("passkey") {
            for fields in [&[("csrf", "0")][..], &[]] {
                let text = app.post_raw(session, route.path, fields, &[]).await.is(403).text();
                // A role without the right is told so whatever the form says.
                assert!(
                    ["BW-WEB-004", "BW-RIGHTS-002", "BW-RIGHTS-005"].iter().any(|code| text.contains(code)),
                    "{} {text}",
                    route.path
                );
            }
        }
    }
    assert!(!app.store().sessions_of(who.id).await.unwrap().is_empty(), "still logged in");
}
