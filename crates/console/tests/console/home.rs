//! The first page: what waits, what to do next, the last log-in.

use std::time::Duration;

use bulwark_console::first_start;
use bulwark_model::rights::Role;
use bulwark_store::{Actor, NewCredential, NewSession};

use crate::support::*;

#[tokio::test]
async fn an_empty_installation_says_what_comes_first() {
    let app = TestApp::new().await;
    let link = first_start(app.store(), "2026-11-25".parse().unwrap()).await.unwrap().unwrap();
    let admin = app.store().person_by_login(&link.login).await.unwrap().unwrap();
    let (actor, organisation) = (Actor::system("test"), admin.organisation_id);
    let new = NewSession {
        person: admin.id,
        role: "admin".into(),
        organisation,
        method: "link".into(),
        fresh: true,
        agent: "Firefox".into(),
        expires_at: app.store().now().plus_ms(3_600_000),
    };
    let open = app.store().write(&actor, move |tx| Box::pin(async move { tx.open_session(new).await }));
    let who = Person { id: admin.id, session: open.await.unwrap().1.reveal().to_owned() };
    let page =
        app.get(Some(&who), "/").await.is(200).says("首頁").says("目前沒有待辦").says("接下來可以做的事");
    let page = page.says("設定登入方式").says("建立機關").says("邀請第二位系統管理者").says("還沒有驗證過。");
    let page =
        page.says("這次登入 115-11-25 10:00，一次性連結，Firefox").says("這是第一次登入").hides("不是本人");
    for href in ["/account", "/organisations", "/people/invite", "/audit/verify"] {
        assert!(page.body.contains(&format!("href=\"{href}\"")), "{href}");
    }
    app.get(Some(&who), "/?lang=en")
        .await
        .is(200)
        .says("What you can do next")
        .says("Invite a second administrator");

    app.organisation("A", None).await;
    app.person("second", Role::Admin, organisation).await;
    app.post(&who, "/audit/verify", &[]).await.is(303);
    let (store, id) = (app.store().clone(), admin.id);
    let password = app.store().write(&actor, move |tx| {
        Box::pin(async move {
            tx.add_credential(&store, id, "密碼", NewCredential::Password("$argon2id$".into())).await
        })
    });
    password.await.unwrap();
    let page = app.get(Some(&who), "/").await.is(200).says("設定驗證碼或通行金鑰").hides("設定登入方式");
    page.hides("建立機關").hides("邀請第二位系統管理者").hides("還沒有驗證過");
    let (store, id) = (app.store().clone(), admin.id);
    let codes = app.store().write(&actor, move |tx| {
        Box::pin(async move {
            tx.add_credential(
                &store,
                id,
                "手機",
                NewCredential::Totp { secret: vec![7; 20], used: "1".into() },
            )
            .await
        })
    });
    codes.await.unwrap();
    app.get(Some(&who), "/").await.is(200).hides("接下來可以做的事");
}

#[tokio::test]
async fn it_counts_what_waits_for_me_and_nothing_else() {
    let app = TestApp::new().await;
    let (a, b) = (app.organisation("A", None).await, app.organisation("B", None).await);
    let (first, second) =
        (app.person("first", Role::AgencyCiso, a).await, app.person("second", Role::AgencyCiso, a).await);
    let stranger = app.person("stranger", Role::AgencyCiso, b).await;
    let lin = app.person("lin", Role::Reporter, a).await;
    let mut asked = Vec::new();
    for n in 0..6 {
        let person = app.person(&format!("p{n}"), Role::Reporter, a).await;
        app.pass(Duration::from_secs(1));
        let answer =
            app.post(&first, &format!("/people/{}/recover", person.id), &[("reason", "遺失")]).await.is(303);
        asked.push(answer.location);
    }
    // One about the second person, who must not decide on that one.
    app.post(&first, &format!("/people/{}/recover", second.id), &[("reason", "遺失")]).await.is(303);

    let page = app.get(Some(&second), "/").await.is(200).says("等我確認的申請").says("有 6 件申請等待確認");
    let order: Vec<usize> =
        asked.iter().filter_map(|place| page.body.find(&format!("href=\"{place}\""))).collect();
    assert_eq!(order.len(), 5, "the first five");
    assert!(order.is_sorted(), "those that end first come first");
    page.says("協助 p0先生 復原登入 first先生 115-11-28 10:00").hides("協助 second先生");
    for who in [&first, &stranger, &lin] {
        app.get(Some(who), "/").await.is(200).says("目前沒有待辦").hides("復原登入");
    }
    app.get(Some(&second), "/?lang=en").await.is(200).says("wait for your word: 6");

    app.post(&second, &format!("{}/refuse", asked[0]), &[]).await.is(303);
    app.get(Some(&second), "/").await.is(200).says("有 5 件申請等待確認");
    app.pass(Duration::from_hours(73));
    let second = Person { session: again(&app, second.id, "agency_ciso", a).await, ..second };
    app.get(Some(&second), "/")
        .await
        .is(200)
        .says("目前沒有待辦")
        .says("最近完成：協助 p0先生 復原登入（115-11-25 10:00）。");
}

/// Another log-in of someone.
async fn again(
    app: &TestApp,
    person: bulwark_store::Uuid,
    role: &str,
    organisation: bulwark_store::Uuid,
) -> String {
    let new = NewSession {
        person,
        role: role.into(),
        organisation,
        method: "password".into(),
        agent: String::new(),
        fresh: true,
        expires_at: app.store().now().plus_ms(3_600_000),
    };
    let actor = Actor::system("test");
    let open = app.store().write(&actor, move |tx| Box::pin(async move { tx.open_session(new).await }));
    open.await.unwrap().1.reveal().to_owned()
}

#[tokio::test]
async fn the_log_in_before_is_told_and_a_role_that_ended_has_a_way_out() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let lin = app.person("lin", Role::Reporter, a).await;
    app.pass(Duration::from_hours(1));
    let now = Person { session: again(&app, lin.id, "reporter", a).await, ..lin };
    let page =
        app.get(Some(&now), "/").await.is(200).says("這次登入 115-11-25 11:00，密碼與驗證碼，裝置不明");
    page.says("上次登入 115-11-25 10:00，通行金鑰，Firefox").says("不是本人登入時").hides("被拒絕的登入");
    let (actor, object) = (Actor::system("test"), format!("person/{}", lin.id));
    let refused = app.store().write(&actor, move |tx| {
        Box::pin(async move {
            tx.audit_of(Some(a), "session.refuse", &object, None, None);
            Ok(())
        })
    });
    refused.await.unwrap();
    let page = app.get(Some(&now), "/").await.is(200);
    page.says("被拒絕的登入 上次登入之後有 1 次，最近一次在 115-11-25 11:00");
    let held = app.store().grants(lin.id, app.store().now()).await.unwrap().remove(0);
    let actor = Actor::system("test");
    app.store().write(&actor, |tx| Box::pin(async move { tx.end_grant(held).await })).await.unwrap();
    let page = app.get(Some(&now), "/").await.is(200).says("目前使用的角色尚未生效或已到期");
    assert!(page.body.contains("href=\"/account\""));
}
