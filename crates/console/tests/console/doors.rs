//! Doors: links, sessions, log-out, limits, headers, language.

use std::time::Duration;

use bulwark_console::first_start;
use bulwark_model::rights::Role;

use crate::support::*;

#[tokio::test]
async fn the_first_link_opens_once_and_only_once() {
    let app = TestApp::new().await;
    let link = first_start(app.store(), "2026-11-25".parse().unwrap()).await.unwrap().unwrap();
    assert!(first_start(app.store(), "2026-11-25".parse().unwrap()).await.unwrap().is_none());
    let path = format!("/link/{}", link.token.reveal());
    // Looking does not take it.
    let page = app.get(None, &path).await.is(200).says("系統管理者");
    let page = app.get(None, &path).await.is(200).says(&page.hidden("csrf")[..0]);
    let (csrf, visitor) = (page.hidden("csrf"), page.cookies()["__Host-visitor"].clone());
    let cookie = format!("__Host-visitor={visitor}");
    let sent = |csrf: String, cookie: String| {
        let (app, path) = (&app, path.clone());
        async move { app.post_raw(None, &path, &[("csrf", &csrf)], &[("cookie", &cookie)]).await }
    };
    sent("0".into(), cookie.clone()).await.is(403);
    let opened = sent(csrf.clone(), cookie.clone()).await.is(303);
    assert_eq!(opened.location, "/account?welcome=1");
    let session = opened.cookies()["__Host-bulwark"].clone();
    let who = Person { id: bulwark_store::Uuid::nil(), session };
    app.get(Some(&who), "/").await.is(200).says("系統管理者");
    sent(csrf, cookie).await.is(422).says("BW-WEB-020");
    app.get(None, &path).await.is(410);
}

#[tokio::test]
async fn a_session_ends_by_log_out_by_itself_and_when_left_alone() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let [out, idle, busy, off] = ["out", "idle", "busy", "off"];
    let people = [
        app.person(out, Role::Reporter, a).await,
        app.person(idle, Role::Reporter, a).await,
        app.person(busy, Role::Reporter, a).await,
        app.person(off, Role::Reporter, a).await,
    ];
    app.post(&people[0], "/log-out", &[]).await.is(303);
    app.get(Some(&people[0]), "/").await.is(303);
    for _ in 0..40 {
        app.pass(Duration::from_mins(20));
        let expected = if app.store().now() < app.store().sessions_of(people[2].id).await.unwrap().first().map_or(app.store().now(), |row| row.expires_at) { 200 } else { 303 };
        assert_eq!(app.get(Some(&people[2]), "/").await.status, expected);
    }
    app.get(Some(&people[1]), "/").await.is(303);
    app.get(Some(&people[2]), "/").await.is(303);
}

#[tokio::test]
async fn a_disabled_person_is_out_at_once() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let (admin, lin) = (app.person("admin", Role::Admin, a).await, app.person("lin", Role::Reporter, a).await);
    app.get(Some(&lin), "/").await.is(200);
    app.post(&admin, &format!("/people/{}/disable", lin.id), &[("reason", "離職")]).await.is(303);
    app.get(Some(&lin), "/").await.is(303);
}

#[tokio::test]
async fn every_answer_carries_its_walls_and_the_switch_of_language_keeps_the_place() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let who = app.person("lin", Role::Admin, a).await;
    for path in ["/", "/people", "/log-in", "/no-such-page", "/people/x"] {
        let answer = app.get(Some(&who), path).await;
        let header = |name: &str| answer.headers[name].to_str().unwrap().to_owned();
        assert!(header("content-security-policy").starts_with("default-src 'none'; script-src 'self';"), "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert!(!answer.body.contains("<style") && !answer.body.contains(" style=") && !answer.body.contains(" onclick="));
    }
    let zh = app.get(Some(&who), "/people?q=lin&state=active").await.is(200).says("人員");
    assert!(zh.body.contains("/people?q=lin&amp;state=active&amp;lang=en"));
    let en = app.get(Some(&who), "/people?q=lin&state=active&lang=en").await.is(200).says("People");
    assert_eq!(en.cookies()["lang"], "en");
    assert!(en.body.contains("<html lang=\"en\">") && zh.body.contains("<html lang=\"zh-Hant-TW\">"));
}
