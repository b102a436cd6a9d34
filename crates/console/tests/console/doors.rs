//! Doors: links, sessions, log-out, limits, headers, language.

use std::sync::Arc;
use std::time::Duration;

use bulwark_console::first_start;
use bulwark_identity::totp::Secret;
use bulwark_model::rights::{Role, Scope};
use bulwark_store::AuditFilter;
use bulwark_testkit::authenticator::Authenticator;
use serde_json::json;

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
        let expected = if app.store().now()
            < app
                .store()
                .sessions_of(people[2].id)
                .await
                .unwrap()
                .first()
                .map_or(app.store().now(), |row| row.expires_at)
        {
            200
        } else {
            303
        };
        assert_eq!(app.get(Some(&people[2]), "/").await.status, expected);
    }
    app.get(Some(&people[1]), "/").await.is(303);
    app.get(Some(&people[2]), "/").await.is(303);
}

#[tokio::test]
async fn a_disabled_person_is_out_at_once() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let (admin, lin) =
        (app.person("admin", Role::Admin, a).await, app.person("lin", Role::Reporter, a).await);
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
        assert!(
            header("content-security-policy").starts_with("default-src 'none'; script-src 'self';"),
            "{path}"
        );
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert!(
            !answer.body.contains("<style")
                && !answer.body.contains(" style=")
                && !answer.body.contains(" onclick=")
        );
    }
    let zh = app.get(Some(&who), "/people?q=lin&state=active").await.is(200).says("人員");
    assert!(zh.body.contains("/people?q=lin&amp;state=active&amp;lang=en"));
    let en = app.get(Some(&who), "/people?q=lin&state=active&lang=en").await.is(200).says("People");
    assert_eq!(en.cookies()["__Host-lang"], "en");
    assert!(en.body.contains("<html lang=\"en\">") && zh.body.contains("<html lang=\"zh-Hant-TW\">"));
}

const GOOD: &str = "廚房裡三隻沉默的藍色茶壺";

/// Comes in through a link, without any way to log in yet.
async fn newcomer(app: &TestApp) -> Person {
    let link = first_start(app.store(), "2026-11-25".parse().unwrap()).await.unwrap().unwrap();
    let path = format!("/link/{}", link.token.reveal());
    let page = app.get(None, &path).await;
    let cookie = format!("__Host-visitor={}", page.cookies()["__Host-visitor"]);
    let opened =
        app.post_raw(None, &path, &[("csrf", &page.hidden("csrf"))], &[("cookie", &cookie)]).await.is(303);
    let id = app.store().person_by_login(&link.login).await.unwrap().unwrap().id;
    Person { id, session: opened.cookies()["__Host-bulwark"].clone() }
}

/// Sets a password and codes up; gives the secret of the codes.
async fn with_password(app: &TestApp, who: &Person) -> Secret {
    app.post(who, "/account/password", &[("password", GOOD), ("again", GOOD)]).await.is(303);
    let page = app.get(Some(who), "/account/codes").await.is(200);
    let typed = page.text();
    let secret = typed.split("無法掃描時輸入").nth(1).unwrap().split("驗證碼").next().unwrap();
    let secret = Secret::from_base32(secret).unwrap();
    let code = secret.code_at(app.store().now().into());
    let ticket = page.hidden("ticket");
    let wrong = app.post(who, "/account/codes", &[("ticket", &ticket), ("code", "000000")]).await.is(422);
    let again = wrong.says("驗證碼不正確").hidden("ticket");
    app.post(who, "/account/codes", &[("ticket", &again), ("code", &code)]).await.is(303);
    secret
}

/// Tries to log in with a password and a code.
async fn log_in(app: &TestApp, login: &str, password: &str, code: &str) -> Answer {
    let page = app.get(None, "/log-in?next=/people").await.is(200);
    let cookie = format!("__Host-visitor={}", page.cookies()["__Host-visitor"]);
    let csrf = page.hidden("csrf");
    let fields = [
        ("csrf", csrf.as_str()),
        ("login", login),
        ("password", password),
        ("code", code),
        ("next", "/people"),
    ];
    app.post_raw(None, "/log-in", &fields, &[("cookie", &cookie)]).await
}

#[tokio::test]
async fn a_password_needs_its_code_and_a_code_serves_once() {
    let app = TestApp::new().await;
    let who = newcomer(&app).await;
    let secret = with_password(&app, &who).await;
    let used = secret.code_at(app.store().now().into());
    let refused = log_in(&app, "admin", GOOD, &used).await.is(422).says("登入沒有成功");
    let unknown = log_in(&app, "nobody", GOOD, &used).await.is(422);
    let wrong = log_in(&app, "admin", "另一句很長的密碼不是這句", &used).await.is(422);
    let essence = |answer: &Answer| answer.text().split("登入名稱").next().unwrap().to_owned();
    assert_eq!(essence(&refused), essence(&unknown), "nobody learns which accounts exist");
    assert_eq!(essence(&refused), essence(&wrong));
    app.pass(Duration::from_mins(1));
    let code = secret.code_at(app.store().now().into());
    let inside = log_in(&app, "ADMIN", GOOD, &code).await.is(303);
    assert_eq!(inside.location, "/people");
    let session = Person { id: who.id, session: inside.cookies()["__Host-bulwark"].clone() };
    app.get(Some(&session), "/people").await.is(200);
    log_in(&app, "admin", GOOD, &code).await.is(422);
}

#[tokio::test]
async fn guessing_slows_down_and_locks_nobody_out() {
    let app = TestApp::new().await;
    let who = newcomer(&app).await;
    let secret = with_password(&app, &who).await;
    for _ in 0..5 {
        log_in(&app, "admin", "wrong wrong wrong", "123456").await.is(422).says("登入沒有成功");
    }
    log_in(&app, "admin", GOOD, "123456").await.is(422).says("嘗試次數過多").says("帳號沒有被鎖住");
    app.pass(Duration::from_mins(1));
    let code = secret.code_at(app.store().now().into());
    log_in(&app, "admin", GOOD, &code).await.is(303);
}

#[tokio::test]
async fn a_weak_password_is_named() {
    let app = TestApp::new().await;
    let who = newcomer(&app).await;
    for (password, code) in [
        ("short", "12"),
        ("P@ssw0rd2026", "大家常用的字詞"),
        ("系統管理者系統管理者系統管理者", "系統管理者"),
    ] {
        let page =
            app.post(&who, "/account/password", &[("password", password), ("again", password)]).await.is(422);
        page.says(code);
    }
    app.post(&who, "/account/password", &[("password", GOOD), ("again", "x")])
        .await
        .is(422)
        .says("兩次輸入的密碼不同");
}

#[tokio::test]
async fn a_password_that_was_stolen_is_refused_and_so_is_every_one_once_the_list_cannot_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("breached.txt");
    let stolen = "三隻藍色茶壺沉默地煮著雨水";
    let digest = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, stolen.as_bytes());
    let hash = digest.as_ref().iter().fold(String::new(), |hash, byte| hash + &format!("{byte:02X}"));
    std::fs::write(&path, format!("{hash}:31\r\n")).unwrap();
    let list = bulwark_identity::breached::io::BreachedFile::open(&path).unwrap();
    let app = TestApp::with(|settings| settings.breached_passwords = Some(Arc::new(list))).await;
    let who = newcomer(&app).await;
    let set = |password: &'static str| {
        let app = &app;
        let who = &who;
        async move { app.post(who, "/account/password", &[("password", password), ("again", password)]).await }
    };
    set(stolen).await.is(422).says("31");
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(3).unwrap();
    set(GOOD).await.is(422).says("BW-ID-02");
    std::fs::write(&path, format!("{hash}:31\r\n")).unwrap();
    set(GOOD).await.is(303);
}

/// Entries of refused log-ins.
async fn refusals(app: &TestApp) -> usize {
    let everything = Scope::Everything { without: vec![] };
    let page = app.store().audit_page(&everything, &AuditFilter::default(), None, 200).await.unwrap();
    page.rows.iter().filter(|row| row.leaf.contains("\"action\":\"session.refuse\"")).count()
}

#[tokio::test]
async fn a_refused_log_in_is_in_the_log_whichever_way_it_was_tried() {
    let app = TestApp::new().await;
    let who = newcomer(&app).await;
    let secret = with_password(&app, &who).await;
    let mut device = Authenticator::new();
    with_passkey(&app, &who, &mut device).await;
    app.pass(Duration::from_mins(1));
    let code = secret.code_at(app.store().now().into());
    assert_eq!(refusals(&app).await, 0);
    log_in(&app, "admin", "另一句很長的密碼不是這句", &code).await.is(422);
    assert_eq!(refusals(&app).await, 1);
    // A name that nobody has is not written down, but that it was tried is.
    log_in(&app, "nobody-7c1f", GOOD, &code).await.is(422);
    assert_eq!(refusals(&app).await, 2);
    app.get(Some(&who), "/audit/verify").await.is(200).hides("nobody-7c1f");
    by_passkey(&app, None, "/log-in", &mut device, "https://elsewhere.example").await.is(403);
    // The answer, and the same sent once more.
    assert_eq!(refusals(&app).await, 4);
}

async fn send_json(app: &TestApp, who: Option<&Person>, path: &str, body: &serde_json::Value) -> Answer {
    let mut request = axum::http::Request::builder()
        .method("POST")
        .uri(path)
        .header("content-type", "application/json")
        .header("accept", "application/json")
        .header("sec-fetch-site", "same-origin");
    if let Some(who) = who {
        request = request
            .header("cookie", format!("__Host-bulwark={}", who.session))
            .header("x-csrf", csrf(&who.session));
    }
    app.send(request.body(axum::body::Body::from(body.to_string())).unwrap()).await
}

/// Adds a passkey of this device.
async fn with_passkey(app: &TestApp, who: &Person, device: &mut Authenticator) {
    let begun: serde_json::Value = serde_json::from_str(
        &send_json(app, Some(who), "/account/passkey/start", &json!({})).await.is(200).body,
    )
    .unwrap();
    let answer = device.create(&begun["options"].to_string(), ORIGIN).unwrap();
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let body = json!({ "ticket": begun["ticket"], "response": answer, "label": "辦公室筆電" });
    send_json(app, Some(who), "/account/passkey/finish", &body).await.is(200);
}

/// Answers a ceremony with this device.
async fn by_passkey(
    app: &TestApp,
    who: Option<&Person>,
    at: &str,
    device: &mut Authenticator,
    origin: &str,
) -> Answer {
    let begun = send_json(app, who, &format!("{at}/passkey/start"), &json!({})).await.is(200);
    let begun: serde_json::Value = serde_json::from_str(&begun.body).unwrap();
    let answer = device.get(&begun["options"].to_string(), origin).unwrap();
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let body = json!({ "ticket": begun["ticket"], "response": answer, "next": "/people" });
    let first = send_json(app, who, &format!("{at}/passkey/finish"), &body).await;
    send_json(app, who, &format!("{at}/passkey/finish"), &body).await.is(403);
    first
}

#[tokio::test]
async fn a_passkey_logs_in_and_renews_the_proof() {
    let app = TestApp::new().await;
    let who = newcomer(&app).await;
    let mut device = Authenticator::new();
    with_passkey(&app, &who, &mut device).await;
    app.get(Some(&who), "/account").await.is(200).says("辦公室筆電").hides("還沒有登入方式");
    by_passkey(&app, None, "/log-in", &mut device, "https://evil.example").await.is(403).says("BW-ID-001");
    let inside = by_passkey(&app, None, "/log-in", &mut device, ORIGIN).await.is(200);
    assert!(inside.body.contains("/people"));
    let session = Person { id: who.id, session: inside.cookies()["__Host-bulwark"].clone() };
    app.get(Some(&session), "/people/invite").await.is(200);
    app.pass(Duration::from_secs(301));
    let asked = app.get(Some(&session), "/people/invite").await.is(303);
    assert_eq!(asked.location, "/step-up?next=%2Fpeople%2Finvite");
    app.get(Some(&session), &asked.location).await.is(200).says("再次確認身分");
    by_passkey(&app, Some(&session), "/step-up", &mut device, ORIGIN).await.is(200);
    app.get(Some(&session), "/people/invite").await.is(200);
}

#[tokio::test]
async fn ways_in_are_changed_with_fresh_proof_only_and_the_last_one_stays() {
    let app = TestApp::new().await;
    let who = newcomer(&app).await;
    let mut device = Authenticator::new();
    with_passkey(&app, &who, &mut device).await;
    let id = app.store().credentials(who.id).await.unwrap()[0].id;
    app.post(&who, &format!("/account/credentials/{id}/remove"), &[]).await.is(422).says("最後一種登入方式");
    app.pass(Duration::from_secs(301));
    app.get(Some(&who), "/account/passkey").await.is(303);
    app.post(&who, "/account/password", &[("password", GOOD), ("again", GOOD)]).await.is(303);
    assert_eq!(
        app.store().credentials(who.id).await.unwrap().len(),
        1,
        "nothing changed without fresh proof"
    );
    // A form of another site cannot begin a ceremony either.
    let mut request = axum::http::Request::builder().method("POST").uri("/account/passkey/start");
    request = request
        .header("content-type", "application/json")
        .header("cookie", format!("__Host-bulwark={}", who.session));
    app.send(request.body(axum::body::Body::from("{}")).unwrap()).await.is(403);
}

#[tokio::test]
async fn a_token_does_what_was_ticked_and_nothing_else() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let who = app.person("lin", Role::Admin, a).await;
    app.post(&who, "/account/tokens/new", &[("label", "x"), ("days", "30")]).await.is(422);
    app.post(&who, "/account/tokens/new", &[("label", "x"), ("days", "30"), ("scope", "people.disable")])
        .await
        .is(422);
    let fields = [("label", "匯出"), ("days", "30"), ("scope", "people.read")];
    let page = app.post(&who, "/account/tokens/new", &fields).await.is(200).says("權杖只顯示這一次");
    let text = page.text();
    let token = text.split("Bearer ").nth(1).unwrap().split(' ').next().unwrap();
    // A token is no session.
    let stranger = Person { id: who.id, session: token.to_owned() };
    app.get(Some(&stranger), "/people").await.is(303);
    let page = app.get(Some(&who), "/account").await.is(200).says("匯出");
    let id = page.body.split("/account/tokens/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    app.post(&who, &format!("/account/tokens/{id}/revoke"), &[]).await.is(303);
    app.get(Some(&who), "/account").await.is(200).says("已撤銷");
}

#[tokio::test]
async fn a_person_acts_in_one_of_the_roles_held_and_in_no_other() {
    let app = TestApp::new().await;
    let (a, b) = (app.organisation("A", None).await, app.organisation("B", None).await);
    let who = app.person("lin", Role::Reporter, a).await;
    app.get(Some(&who), "/people").await.is(403).says("BW-RIGHTS-002");
    let id = who.id;
    app.store()
        .write(&bulwark_store::Actor::system("test"), move |tx| {
            Box::pin(async move { tx.grant(id, Role::AgencyCiso.code(), b, None, None).await })
        })
        .await
        .unwrap();
    app.post(&who, "/account/role", &[("role", &format!("admin {b}"))]).await.is(404);
    app.post(&who, "/account/role", &[("role", &format!("agency_ciso {a}"))]).await.is(404);
    app.post(&who, "/account/role", &[("role", &format!("agency_ciso {b}"))]).await.is(303);
    app.get(Some(&who), "/people").await.is(200).says("B機關");
}
