//! Background jobs: the list, one of them, and another try.

use bulwark_model::rights::Role;
use bulwark_store::entity::work::job;
use bulwark_store::{Actor, Uuid};

use crate::support::*;

async fn queued(app: &TestApp, kind: &'static str, key: Option<&'static str>) -> Uuid {
    let actor = Actor::system("test");
    let payload = serde_json::json!({ "to": "<b>duty</b>", "tries": 3 });
    let made = app.store().write(&actor, move |tx| {
        Box::pin(async move {
            tx.audit("test", "job", None, None);
            tx.enqueue(kind, &payload, key).await
        })
    });
    made.await.unwrap().unwrap()
}

/// Runs a job until it has had its tries.
async fn given_up(app: &TestApp, kind: &'static str, key: Option<&'static str>) -> Uuid {
    let id = queued(app, kind, key).await;
    for _ in 0..8 {
        app.pass(std::time::Duration::from_secs(3601));
        let row = app.store().claim_job(&[kind], "worker-1", 1000).await.unwrap().unwrap();
        app.store().fail_job(row, "無法連線到郵件主機 <script>\nconnection refused").await.unwrap();
    }
    let row = app.store().get::<job::Entity>(id).await.unwrap();
    assert_eq!(row.state, "dead");
    id
}

#[tokio::test]
async fn the_list_filters_by_state_and_the_page_shows_payload_and_error() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let dead = given_up(&app, "mail", None).await;
    queued(&app, "digest", None).await;
    let admin = app.person("admin", Role::Admin, a).await;
    let page = app.get(Some(&admin), "/jobs").await.is(200).says("背景工作").says("共 2 筆");
    let page = page.says("mail 已停止 8／8").says("digest 等待執行 0／8").says("無法連線到郵件主機 &lt;script&gt;…");
    assert!(!page.body.contains("<script>\n"));
    app.get(Some(&admin), "/jobs?state=dead").await.is(200).says("mail").hides("digest 等待執行");
    app.get(Some(&admin), "/jobs?state=running").await.is(200).says("沒有符合條件的資料");
    let page = app.get(Some(&admin), &format!("/jobs/{dead}")).await.is(200).says("connection refused").says("重新嘗試");
    assert!(page.body.contains("&quot;to&quot;: &quot;&lt;b&gt;duty&lt;/b&gt;&quot;") || page.body.contains("\"to\": \"&lt;b&gt;duty&lt;/b&gt;\""), "{}", page.body);
    app.get(Some(&admin), &format!("/jobs/{dead}?lang=en")).await.is(200).says("Given up").says("Try again").says("8 of 8");
    app.get(Some(&admin), &format!("/jobs/{}", Uuid::nil())).await.is(404).says("BW-RIGHTS-003");
    let lead = app.person("lead", Role::SvcLead, a).await;
    app.get(Some(&lead), "/jobs").await.is(403);
    app.post(&lead, &format!("/jobs/{dead}/retry"), &[]).await.is(403);
}

#[tokio::test]
async fn only_a_job_that_was_given_up_gets_its_tries_again() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let (dead, ready) = (given_up(&app, "mail", None).await, queued(&app, "digest", None).await);
    let admin = app.person("admin", Role::Admin, a).await;
    let done = app.post(&admin, &format!("/jobs/{dead}/retry"), &[]).await.is(303);
    app.get(Some(&admin), &done.location).await.is(200).says("已重新排入").says("等待執行").says("0／8").hides("重新嘗試");
    for id in [dead, ready] {
        app.post(&admin, &format!("/jobs/{id}/retry"), &[]).await.is(422).says("目前是「等待執行」，只有已停止的工作可以重試");
    }
    app.get(Some(&admin), &format!("/jobs/{ready}")).await.is(200).hides("重新嘗試").hides("最近一次錯誤");
}

#[tokio::test]
async fn a_job_whose_work_is_queued_again_already_stays_as_it_is() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let dead = given_up(&app, "mail", Some("duty")).await;
    queued(&app, "mail", Some("duty")).await;
    let admin = app.person("admin", Role::Admin, a).await;
    app.post(&admin, &format!("/jobs/{dead}/retry"), &[]).await.is(422).says("同樣的工作已經另外排入");
    assert_eq!(app.store().get::<job::Entity>(dead).await.unwrap().state, "dead");
}
