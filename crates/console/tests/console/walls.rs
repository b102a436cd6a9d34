//! What every page and every answer keeps, whatever people typed: nothing of it runs, nothing comes from elsewhere,
//! nothing is told to strangers.

use axum::body::Body;
use axum::http::{Method, Request};
use bulwark_console::{Access, routes};
use bulwark_model::rights::Role;
use bulwark_store::entity::person::person;
use bulwark_store::{Actor, AuditFilter, NewOrganisation, NewPendingAct, NewPerson, PageRequest, Uuid};

use crate::bodies::matter;
use crate::support::*;

/// Markup, a template, an address and a query in one name.
const HOSTILE: &str =
    "\"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}javascript:alert(3)' OR '1'='1";

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
    form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; \
    trusted-types 'none'; report-uri /csp-report";

/// An organisation, a person, a request and a key with such names.
async fn hostile(app: &TestApp) -> (Uuid, Uuid, Uuid) {
    let inner = app.store().clone();
    let lead = app.person("lead", Role::Competent, app.organisation("L", None).await).await;
    let actor = Actor { person: Some(lead.id), reason: Some(HOSTILE.into()), ..Actor::system("test") };
    let made = app.store().write(&actor, move |tx| {
        Box::pin(async move {
            let new = NewOrganisation {
                code: "H".into(),
                name: HOSTILE.into(),
                kind: "agency".into(),
                sector: Some("<b>".into()),
                parent: None,
                from: "2026-01-01".parse().unwrap(),
            };
            let organisation = tx.add_organisation(new).await?.id;
            let new = NewPerson {
                login: "hostile".into(),
                name: HOSTILE.into(),
                organisation,
                email: Some("<i>@a.example".into()),
            };
            let person = tx.add_person(&inner, new).await?.id;
            tx.grant(person, Role::Reporter.code(), organisation, None, None).await?;
            tx.enrol_signing_key(person, "<u>", "<s>", "plan").await?;
            let new = NewPendingAct {
                action: "role.grant".into(),
                object: "person/x".into(),
                owner: organisation,
                payload: serde_json::json!({
                    "act": "grant_role", "person": person, "role": "director", "organisation": organisation,
                    "sector": null, "until": null,
                }),
                reason: HOSTILE.into(),
            };
            let request = tx.ask(new).await?.id;
            tx.enqueue(HOSTILE, &HOSTILE, None).await?;
            Ok((organisation, person, request))
        })
    });
    made.await.unwrap()
}

/// Addresses of all pages, with the ids of these.
async fn pages(app: &TestApp, (organisation, someone, request): (Uuid, Uuid, Uuid)) -> Vec<String> {
    let rows = PageRequest { rows: 9, ..PageRequest::default() };
    let jobs = app.store().page::<bulwark_store::entity::work::job::Entity>(rows).await.unwrap().rows;
    let gets = routes(&app.app).into_iter().filter(|route| route.method == Method::GET);
    gets.filter(|route| !route.path.starts_with("/static/") && !route.path.starts_with("/log-in/provider"))
        .map(|route| {
            let path = route.path.replace("/api/v1", "");
            let id = match path.split('/').nth(1).unwrap_or_default() {
                "people" => someone,
                "organisations" => organisation,
                "jobs" => jobs.first().map_or(Uuid::nil(), |job| job.id),
                _ => request,
            };
            let filled = route.path.replace("{id}", &id.to_string()).replace("{seq}", "3");
            filled.replace("{class}", "session").replace("{token}", "x")
        })
        .collect()
}

/// The values of an attribute in a page.
fn values<'p>(page: &'p str, attribute: &str) -> Vec<&'p str> {
    page.split(&format!(" {attribute}=\"")).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[tokio::test]
async fn what_people_typed_is_shown_as_text_on_every_page() {
    let app = TestApp::new().await;
    let ids = hostile(&app).await;
    let mut shown = 0;
    for role in [Role::Admin, Role::Competent] {
        let who = app.person(&format!("reader-{role}"), role, ids.0).await;
        let query = "?q=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E";
        let mut all = pages(&app, ids).await;
        all.extend(
            ["/people", "/organisations", "/audit", "/no-such-page"].map(|page| format!("{page}{query}")),
        );
        for path in all {
            if path.starts_with("/api/") {
                continue;
            }
            let page = app.get(Some(&who), &path).await;
            assert!(page.status.as_u16() < 500, "{path}");
            let body = &page.body;
            for live in
                ["<script>alert", "<img src=x", "<b>", "<i>", "<u>", "<s>", "onerror=alert(2)>", " onclick="]
            {
                assert!(!body.contains(live), "{role} {path}: {live}");
            }
            assert!(!body.contains("49javascript"), "{path}: a template was carried out");
            shown += usize::from(body.contains("&lt;script&gt;alert(1)"));
            for element in ["<object", "<embed", "<applet", "<iframe", "<base", "<style"] {
                assert!(!body.contains(element), "{path}: {element}");
            }
            for place in ["href", "src", "action", "formaction"].iter().flat_map(|name| values(body, name)) {
                let own = place.starts_with('#') || (place.starts_with('/') && !place.starts_with("//"));
                assert!(own, "{role} {path} leads to {place}");
            }
            // Scripts are files of ours, never text of a page.
            for script in body.split("<script").skip(1) {
                assert!(script.split("</script>").next().unwrap().ends_with('>'), "{path}");
            }
        }
    }
    assert!(shown > 15, "{shown} pages show it");
}

#[tokio::test]
async fn programs_get_what_was_typed_as_it_was() {
    let app = TestApp::new().await;
    let (organisation, someone, _) = hostile(&app).await;
    let who = app.person("reader", Role::Competent, organisation).await;
    let new = bulwark_store::NewApiToken {
        person: who.id,
        role: Role::Competent.code().into(),
        organisation,
        label: "t".into(),
        scope: "people.read organisation.read".into(),
        expires_at: app.store().now().plus_ms(1_000_000),
    };
    let actor = Actor::system("test");
    let made = app.store().write(&actor, |tx| Box::pin(async move { tx.make_api_token(new).await }));
    let token = made.await.unwrap().1;
    for path in [format!("/api/v1/people/{someone}"), format!("/api/v1/organisations/{organisation}")] {
        let request =
            Request::builder().uri(&path).header("authorization", format!("Bearer {}", token.reveal()));
        let answer = app.send(request.body(Body::empty()).unwrap()).await.is(200);
        assert_eq!(answer.headers["content-type"], "application/json");
        let row: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(row["name"], HOSTILE, "{path}");
        for inner in ["email_sealed", "token_hash", "wrapped", "secret"] {
            assert!(!answer.body.contains(inner), "{path}: {inner} is nobody's business");
        }
    }
}

#[tokio::test]
async fn values_in_addresses_are_taken_once_and_written_back_encoded() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let who = app.person("lin", Role::Admin, a).await;
    // Encoded twice: one layer comes off, not two.
    let page = app.get(Some(&who), "/people?q=%253Cb%253E&state=active").await.is(200);
    assert!(page.body.contains("value=\"%3Cb%3E\""), "{}", page.body);
    assert!(page.body.contains("q=%253Cb%253E") && !page.body.contains("q=%3Cb%3E"));
    let page = app.get(Some(&who), "/people?q=a%26role%3Dadmin%23x&q=second").await.is(200);
    assert!(page.body.contains("value=\"a&amp;role=admin#x\""), "the first of two counts");
    assert!(page.body.contains("q=a%26role%3Dadmin%23x"));
    // A form's fields come from its body, never from the address.
    app.post(&who, "/people/invite?name=n&login=l&organisation=A&role=reporter", &[]).await.is(422);
    let twice =
        [("login", "first"), ("login", "second"), ("name", "n"), ("organisation", "A"), ("role", "reporter")];
    app.post(&who, "/people/invite", &[&twice[..], &[("reason", "r")]].concat()).await.is(200);
    assert!(app.store().person_by_login("first").await.unwrap().is_some());
    assert!(app.store().person_by_login("second").await.unwrap().is_none());
}

#[tokio::test]
async fn a_query_in_a_value_finds_nothing_and_changes_nothing() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let who = app.person("lin", Role::Admin, a).await;
    for value in ["' OR '1'='1", "x\" OR 1=1 --", "'; DROP TABLE person; --", "%", "_", "* NEAR(", "\"", "\\"]
    {
        let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        for path in [
            "/people?q=",
            "/people?organisation=",
            "/organisations?q=",
            "/organisations?kind=",
            "/audit?person=",
        ] {
            let page = app.get(Some(&who), &format!("{path}{value}")).await;
            assert!(page.status.as_u16() < 500, "{path}{value}");
            assert!(
                !page.body.contains(&who.id.to_string()) || page.status != 200,
                "{path}{value} finds someone"
            );
        }
    }
    app.get(Some(&who), "/people?q=lin").await.is(200).says("lin先生");
}

#[tokio::test]
async fn every_answer_has_its_kind_and_the_whole_policy() {
    let app = TestApp::new().await;
    let ids = hostile(&app).await;
    let who = app.person("reader", Role::Competent, ids.0).await;
    let mut all = pages(&app, ids).await;
    let page = app.get(Some(&who), "/").await.is(200);
    let assets: Vec<String> = ["src", "href"]
        .iter()
        .flat_map(|name| values(&page.body, name))
        .filter(|place| place.starts_with("/static/"))
        .map(str::to_owned)
        .collect();
    assert!(assets.len() >= 4);
    all.extend(assets);
    all.extend(["/people?format=csv".to_owned(), "/no-such-page".to_owned(), "/api/v1/none".to_owned()]);
    for path in all {
        let request = Request::builder()
            .uri(&path)
            .header("cookie", format!("__Host-bulwark={}", who.session))
            .header("origin", "https://evil.example");
        let answer = app.send(request.body(Body::empty()).unwrap()).await;
        let header = |name: &str| answer.headers.get(name).map_or("", |value| value.to_str().unwrap());
        let kind = header("content-type").to_owned();
        if !answer.body.is_empty() {
            let text = kind.starts_with("text/") && kind.ends_with("; charset=utf-8");
            let other =
                ["application/json", "application/problem+json", "image/svg+xml"].contains(&kind.as_str());
            assert!(text || other, "{path}: {kind}");
        }
        assert_eq!(header("content-security-policy"), POLICY, "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin", "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
        let kept = if path.starts_with("/static/") { "immutable" } else { "no-store" };
        assert!(header("cache-control").ends_with(kept), "{path}: {}", header("cache-control"));
        let told = answer.headers.keys().find(|name| {
            name.as_str().starts_with("access-control") || ["server", "x-powered-by"].contains(&name.as_str())
        });
        assert_eq!(told, None, "{path}");
    }
    let file = app.get(Some(&who), "/people?format=csv").await.is(200);
    assert_eq!(file.headers["content-disposition"], "attachment; filename=\"people-2026-11-25.csv\"");
}

#[tokio::test]
async fn cookies_are_strict_and_for_this_host_alone() {
    let app = TestApp::with(|settings| settings.origin = "https://bulwark.example.gov.tw".into()).await;
    let a = app.organisation("A", None).await;
    app.person("lin", Role::Admin, a).await;
    let link = bulwark_console::recovery_link(app.store(), "lin", "test").await.unwrap();
    let path = format!("/link/{}", link.token.reveal());
    let page = app.get(None, &format!("{path}?lang=en")).await.is(200);
    let cookie = format!("__Host-visitor={}", page.cookies()["__Host-visitor"]);
    let opened =
        app.post_raw(None, &path, &[("csrf", &page.hidden("csrf"))], &[("cookie", &cookie)]).await.is(303);
    let mut seen = 0;
    for line in [&page, &opened].iter().flat_map(|answer| answer.headers.get_all("set-cookie")) {
        let line = line.to_str().unwrap();
        assert!(
            line.starts_with("__Host-") && line.contains("; Path=/; Secure; HttpOnly; SameSite="),
            "{line}"
        );
        assert!(line.contains("SameSite=Strict") || line.starts_with("__Host-lang="), "{line}");
        assert!(line.len() < 4096 && !line.contains("Domain"), "{line}");
        seen += 1;
    }
    assert!(seen >= 4, "visitor, language, session, and the visitor's end: {seen}");
    let session = opened.cookies()["__Host-bulwark"].clone();
    assert_eq!(session.len(), 43, "256 bits");
    assert_eq!(opened.headers["strict-transport-security"], "max-age=63072000; includeSubDomains");
    assert!(!opened.body.contains(&session));
    // A cookie that was there before is no session afterwards.
    let who = Person { id: Uuid::nil(), session };
    app.get(Some(&who), "/").await.is(200);
}

#[tokio::test]
async fn looking_changes_nothing() {
    let app = TestApp::new().await;
    let own = matter(&app, "A").await;
    let who = app.person("lin", Role::Admin, own.organisation).await;
    let leaves = async || {
        let everything = bulwark_model::rights::Scope::Everything { without: vec![] };
        let page = app.store().audit_page(&everything, &AuditFilter::default(), None, 1).await.unwrap();
        page.rows[0].seq
    };
    let before = leaves().await;
    for path in pages(&app, (own.organisation, own.person, own.request)).await {
        app.get(Some(&who), &path).await;
        let head = Request::builder().method(Method::HEAD).uri(&path);
        let head = head.header("cookie", format!("__Host-bulwark={}", who.session));
        app.send(head.body(Body::empty()).unwrap()).await;
    }
    // A proof that is handed out is noted, as taking a list away is.
    let (after, expected) = (leaves().await, before + 2);
    assert!(after == before || after == expected, "{before} → {after}");
}

#[tokio::test]
async fn a_route_takes_its_own_method_and_no_other() {
    let app = TestApp::new().await;
    let own = matter(&app, "A").await;
    let who = app.person("lin", Role::Admin, own.organisation).await;
    let ids = (own.organisation, own.person, own.request);
    let known = routes(&app.app);
    for path in pages(&app, ids).await {
        let posts = known.iter().any(|route| route.method == Method::POST && path.ends_with(route.path));
        for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "POST"] {
            if method == "POST" && (posts || path.contains('-') || path.starts_with("/link/")) {
                continue;
            }
            let request = Request::builder()
                .method(method)
                .uri(&path)
                .header("cookie", format!("__Host-bulwark={}", who.session))
                .header("sec-fetch-site", "same-origin");
            let answer = app.send(request.body(Body::empty()).unwrap()).await;
            let status = answer.status.as_u16();
            assert!(status == 405 || (method == "POST" && status < 500), "{method} {path} → {status}");
            assert!(!answer.body.contains(&who.session), "nothing is echoed");
        }
    }
}

#[tokio::test]
async fn strangers_are_told_nothing_about_the_inside() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let who = app.person("lin", Role::Admin, a).await;
    let inside = app.get(Some(&who), "/").await.is(200).says(env!("CARGO_PKG_VERSION"));
    let version = inside.body.split("/static/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    for path in ["/log-in", "/link/x", "/no-such-page"] {
        assert!(!app.get(None, path).await.text().contains(env!("CARGO_PKG_VERSION")), "{path}");
    }
    for path in [
        "/.git/config",
        "/.env",
        "/metrics",
        "/livez",
        "/readyz",
        "/static",
        "/static/",
        "/Cargo.toml",
        "/people.css",
        "/people/x.css",
        "/debug",
        "/server-status",
        "/swagger",
        "/api",
        "/api/v1",
    ] {
        for who in [None, Some(&who)] {
            let answer = app.get(who, path).await;
            assert!(matches!(answer.status.as_u16(), 303 | 404), "{path} → {}", answer.status);
        }
    }
    for path in
        ["", "icons", "icons/", "console.rs", "../page.rs", "..%2fpage.rs", "ds.css/x", "%2e%2e/ds.css"]
    {
        app.get(None, &format!("/static/{version}/{path}")).await.is(404);
    }
    app.get(None, &format!("/static/{version}/ds.css")).await.is(200);
    app.get(None, "/static/0000000000000000/ds.css").await.is(404);
}

#[tokio::test]
async fn a_failure_of_ours_gives_a_number_and_nothing_else() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let lin = app.person("lin", Role::Admin, a).await;
    let actor = Actor { person: Some(lin.id), organisation: Some(a), ..Actor::system("test") };
    let new = NewPendingAct {
        action: "role.grant".into(),
        object: "person/x".into(),
        owner: a,
        payload: serde_json::json!({ "act": "no-such-act", "inner": "secret" }),
        reason: "r".into(),
    };
    let asked = app.store().write(&actor, |tx| Box::pin(async move { tx.ask(new).await })).await.unwrap();
    let page = app.get(Some(&lin), &format!("/requests/{}", asked.id)).await.is(500).says("BW-WEB-007");
    let number = page.headers["x-request-id"].to_str().unwrap().to_owned();
    let text = page.text();
    assert!(text.contains(&number));
    for inner in ["unknown variant", "no-such-act", "secret", "line 1", ".rs:", "panicked"] {
        assert!(!text.contains(inner), "{inner}: {text}");
    }
}

fn is_script(place: &str) -> bool {
    std::path::Path::new(place).extension().is_some_and(|end| end == "js")
}

#[tokio::test]
async fn scripts_of_the_pages_run_no_text_and_keep_nothing() {
    let app = TestApp::new().await;
    let page = app.get(None, "/log-in").await.is(200);
    let scripts: Vec<&str> = values(&page.body, "src").into_iter().filter(|place| is_script(place)).collect();
    assert!(scripts.len() >= 3, "{scripts:?}");
    let folder = scripts[0].rsplit_once('/').unwrap().0.to_owned();
    let mut all: Vec<String> = scripts.iter().map(|place| (*place).to_owned()).collect();
    let mut seen = 0;
    while let Some(place) = all.pop() {
        let script = app.get(None, &place).await.is(200).body;
        seen += 1;
        for import in script
            .split("from './")
            .chain(script.split("import './"))
            .chain(script.split("import('./"))
            .skip(1)
        {
            let name = import.split('\'').next().unwrap();
            let name = format!("{folder}/{name}");
            if is_script(&name) && !all.contains(&name) && seen < 100 && !name.contains(' ') {
                all.push(name);
            }
        }
        for danger in [
            "eval(",
            "new Function",
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "indexedDB",
            "document.cookie",
            "window.addEventListener('message'",
            "__proto__",
            "setTimeout('",
            "onpaste",
            "'paste'",
        ] {
            assert!(!script.contains(danger), "{place}: {danger}");
        }
        // The colour scheme and which parts are open, and nothing about anybody.
        for (at, _) in script.match_indices("localStorage.setItem(") {
            assert!(script[at..].starts_with("localStorage.setItem('ds-theme'"), "{place}");
        }
    }
    let door = app.get(None, "/log-in").await;
    assert!(
        door.body.contains("type=\"password\"") && door.body.contains("autocomplete=\"current-password\"")
    );
}

#[tokio::test]
async fn a_header_that_claims_another_origin_is_not_believed() {
    let app = TestApp::with(|settings| settings.requests_per_second = 1).await;
    let mut refused = 0;
    for number in 0..20 {
        let request = Request::builder()
            .uri("/log-in")
            .header("x-forwarded-for", format!("198.51.100.{number}"))
            .header("x-real-ip", format!("198.51.100.{number}"))
            .header("forwarded", format!("for=198.51.100.{number};proto=https"))
            .header("x-forwarded-host", "evil.example");
        let answer = app.send(request.body(Body::empty()).unwrap()).await;
        refused += usize::from(answer.status == 429);
        assert!(!answer.body.contains("evil.example"));
        assert!(!answer.headers.contains_key("strict-transport-security"), "nor is it believed to be TLS");
    }
    assert!(refused > 10, "one address, whatever it claims: {refused}");
}

#[tokio::test]
async fn sessions_are_seen_and_ended_by_their_person_and_by_an_administrator() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let (admin, lin) =
        (app.person("admin", Role::Admin, a).await, app.person("lin", Role::Reporter, a).await);
    // A new link of the machine ends what was open.
    bulwark_console::recovery_link(app.store(), "lin", "another device").await.unwrap();
    app.get(Some(&lin), "/").await.is(303);
    let again = |login: &str| {
        let login = login.to_owned();
        let app = &app;
        async move {
            let person: person::Model = app.store().person_by_login(&login).await.unwrap().unwrap();
            let until = app.store().now().plus_ms(3_600_000);
            let new = bulwark_store::NewSession {
                person: person.id,
                role: Role::Reporter.code().into(),
                organisation: a,
                method: "passkey".into(),
                agent: "Firefox".into(),
                fresh: true,
                expires_at: until,
            };
            let actor = Actor::system("test");
            let opened = app.store().write(&actor, |tx| Box::pin(async move { tx.open_session(new).await }));
            let (row, token) = opened.await.unwrap();
            (row.id, Person { id: person.id, session: token.reveal().to_owned() })
        }
    };
    let ((_, here), (there_id, there), (third_id, third)) =
        (again("lin").await, again("lin").await, again("lin").await);
    let page = app.get(Some(&here), "/account").await.is(200);
    for id in [there_id, third_id] {
        assert!(page.body.contains(&format!("/people/{}/sessions/{id}/revoke", lin.id)), "{}", page.body);
    }
    app.post(&here, &format!("/people/{}/sessions/{there_id}/revoke", lin.id), &[]).await.is(303);
    app.get(Some(&there), "/").await.is(303);
    app.get(Some(&third), "/").await.is(200);
    app.post(&admin, &format!("/people/{}/sessions/{third_id}/revoke", lin.id), &[]).await.is(303);
    app.get(Some(&third), "/").await.is(303);
    app.get(Some(&here), "/").await.is(200);
}

#[tokio::test]
async fn a_report_of_a_browser_is_taken_and_a_flood_of_them_is_not() {
    let app = TestApp::new().await;
    let send = |body: &'static str, site: &'static str| {
        let request = Request::builder()
            .method(Method::POST)
            .uri("/csp-report")
            .header("content-type", "application/csp-report")
            .header("sec-fetch-site", site);
        app.send(request.body(Body::from(body)).unwrap())
    };
    let report = "{\"csp-report\":{\"violated-directive\":\"script-src\"}}";
    send(report, "same-origin").await.is(204);
    send(report, "cross-site").await.is(403);
    send("no report", "same-origin").await.is(403);
    let mut refused = 0;
    for _ in 0..10 {
        refused += usize::from(send(report, "same-origin").await.status == 429);
    }
    assert!(refused >= 5, "{refused}");
    let routes = routes(&app.app);
    assert!(
        routes.iter().any(|route| route.path == "/csp-report" && matches!(route.access, Access::Open(_)))
    );
}
