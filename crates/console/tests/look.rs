//! Temporary: serves a filled console to look at.
#![allow(clippy::all, clippy::pedantic, clippy::unwrap_used, clippy::expect_used, clippy::panic, dead_code)]
#[path = "console/support.rs"]
mod support;
use bulwark_model::rights::Role;
use std::time::Duration;
use support::*;

#[tokio::test]
#[ignore]
async fn look() {
    let app = TestApp::new().await;
    let a = app.organisation("moi-ris", None).await;
    let t = app.organisation("team", None).await;
    let row = app.store().organisation_by_code("moi-ris").await.unwrap().unwrap();
    let actor = bulwark_store::Actor::system("test");
    app.store().write(&actor, move |tx| Box::pin(async move { tx.change_organisation(bulwark_store::entity::organisation::organisation::Model { name: "臺灣臺北地方檢察署檢察官辦公室資訊室".into(), ..row }).await })).await.unwrap();
    let ciso = app.person("wang.ciso", Role::AgencyCiso, a).await;
    let ciso2 = app.person("chen.ciso", Role::AgencyCiso, a).await;
    let lead = app.person("lead", Role::SvcLead, t).await;
    let g3 = app.person("g3", Role::SvcG3, t).await;
    let admin = app.person("admin", Role::Admin, t).await;
    let acs = app.person("acs", Role::Competent, t).await;
    for n in 0..12 {
        let p = app.person(&format!("p{n}"), Role::Reporter, a).await;
        app.post(&ciso2, &format!("/people/{}/recover", p.id), &[("reason", "遺失通行金鑰")]).await;
        if n % 3 == 0 { app.post(&ciso2, &format!("/people/{}/disable", p.id), &[("reason", "離職")]).await; }
    }
    app.post(&lead, "/audit/verify", &[]).await.is(303);
    let asked = app.post(&g3, "/emergency-access/request", &[("organisation", "moi-ris"), ("reason", "戶役政系統全面中斷，必須立刻查看網路架構圖與最近一次健檢報告")]).await.is(303);
    app.post(&lead, &format!("{}/confirm", asked.location), &[]).await.is(200);
    let id = app.store().emergency_accesses_of(g3.id).await.unwrap()[0].id;
    app.get(Some(&acs), "/audit/0/proof").await;
    app.get(Some(&acs), "/audit/1/proof").await;
    app.pass(Duration::from_mins(4));
    let text = format!("ciso {}\nlead {}\ng3 {}\nadmin {}\nacs {}\nglass {id}\n", ciso.session, lead.session, g3.session, admin.session, acs.session);
    std::fs::write("/tmp/lab/aud/sessions", text).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8671").await.unwrap();
    let router = bulwark_console::router(&app.app);
    let until = tokio::time::sleep(Duration::from_secs(900));
    tokio::select! { _ = async { axum::serve(listener, router).await } => {}, _ = until => {} }
}
