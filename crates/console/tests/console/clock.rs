//! A clock that is wrong, or was: nobody stays in for longer, and nobody is shut out.

use std::time::Duration;

use bulwark_console::recovery_link;
use bulwark_model::Clock as _;
use bulwark_model::rights::Role;
use bulwark_store::NewApiToken;

use crate::support::*;

/// Comes in through a new link of the machine.
async fn comes_in(app: &TestApp, login: &str) -> Person {
    let link = recovery_link(app.store(), login, "clock").await.unwrap();
    let path = format!("/link/{}", link.token.reveal());
    let page = app.get(None, &path).await.is(200);
    let cookie = format!("__Host-visitor={}", page.cookies()["__Host-visitor"]);
    let opened =
        app.post_raw(None, &path, &[("csrf", &page.hidden("csrf"))], &[("cookie", &cookie)]).await.is(303);
    let session = opened.cookies()["__Host-bulwark"].clone();
    Person { id: bulwark_store::Uuid::nil(), session }
}

async fn token(app: &TestApp, who: &Person, organisation: bulwark_store::Uuid) -> String {
    let new = NewApiToken {
        person: who.id,
        role: Role::Reporter.code().into(),
        organisation,
        label: "t".into(),
        scope: "account.self".into(),
        expires_at: app.store().now().plus_ms(90 * 24 * 3_600_000),
    };
    let actor = bulwark_store::Actor::system("test");
    let made = app.store().write(&actor, |tx| Box::pin(async move { tx.make_api_token(new).await }));
    made.await.unwrap().1.reveal().to_owned()
}

#[tokio::test]
async fn what_was_opened_in_the_future_opens_nothing_and_shuts_nobody_out() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let lin = app.person("lin", Role::Reporter, a).await;
    let right = app.clock.now();
    // The battery of the machine is empty, and it wakes up in another decade.
    app.clock.set("2036-05-01T00:00:00Z".parse().unwrap());
    let there = comes_in(&app, "lin").await;
    app.get(Some(&there), "/").await.is(200);
    // A token of before ends with the link, as a session does.
    let before = token(&app, &lin, a).await;
    let link = recovery_link(app.store(), "lin", "clock").await.unwrap();
    let link = format!("/link/{}", link.token.reveal());
    app.get(None, &link).await.is(200);
    let program = token(&app, &lin, a).await;
    let call = |program: String| {
        let request = axum::http::Request::builder().uri("/api/v1/account");
        let request = request.header("authorization", format!("Bearer {program}"));
        app.send(request.body(axum::body::Body::empty()).unwrap())
    };
    call(before).await.is(401);
    call(program.clone()).await.is(200);

    app.clock.set(right);
    app.get(Some(&there), "/").await.is(303);
    assert_eq!(call(program.clone()).await.status, 401);
    app.get(None, &link).await.is(410);
    let back = comes_in(&app, "lin").await;
    app.get(Some(&back), "/").await.is(200);
}

#[tokio::test]
async fn a_clock_set_back_lengthens_no_session() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    app.person("lin", Role::Reporter, a).await;
    app.pass(Duration::from_hours(6));
    let lin = comes_in(&app, "lin").await;
    app.get(Some(&lin), "/").await.is(200);
    // As time servers set it.
    let now = app.clock.now();
    app.clock.set(now - Duration::from_secs(2));
    app.get(Some(&lin), "/").await.is(200);
    app.clock.set(now - Duration::from_hours(3));
    app.get(Some(&lin), "/").await.is(303);
    let again = comes_in(&app, "lin").await;
    app.get(Some(&again), "/").await.is(200);
    app.clock.set(now);
    app.pass(Duration::from_hours(13));
    for who in [&lin, &again] {
        app.get(Some(who), "/").await.is(303);
    }
}

#[tokio::test]
async fn a_session_left_alone_stays_over() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let lin = app.person("lin", Role::Reporter, a).await;
    app.get(Some(&lin), "/").await.is(200);
    app.pass(Duration::from_mins(31));
    for _ in 0..3 {
        app.get(Some(&lin), "/").await.is(303);
    }
    // An hour too far for a moment, and back: time left alone is counted from the present.
    let lin = comes_in(&app, "lin").await;
    let now = app.clock.now();
    for ahead in [5, 10, 15, 20] {
        app.clock.set(now + Duration::from_mins(ahead));
        app.get(Some(&lin), "/").await.is(200);
    }
    app.clock.set(now);
    app.get(Some(&lin), "/").await.is(200);
    app.pass(Duration::from_mins(31));
    app.get(Some(&lin), "/").await.is(303);
}

#[tokio::test]
async fn a_proof_from_the_future_is_none() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    app.person("admin", Role::Admin, a).await;
    app.pass(Duration::from_hours(1));
    let admin = comes_in(&app, "admin").await;
    app.get(Some(&admin), "/people/invite").await.is(200);
    let now = app.clock.now();
    app.clock.set(now - Duration::from_secs(10));
    let asked = app.get(Some(&admin), "/people/invite").await.is(303);
    assert!(asked.location.starts_with("/step-up"), "{}", asked.location);
    app.clock.set(now + Duration::from_secs(301));
    let asked = app.get(Some(&admin), "/people/invite").await.is(303);
    assert!(asked.location.starts_with("/step-up"), "{}", asked.location);
}
