//! Emergency access: two people, a reason, four hours, and the organisation told; and the access log beside it.

use std::time::Duration;

use bulwark_model::rights::Role;
use bulwark_store::{PageRequest, Uuid};

use crate::support::*;

const REASON: &str = "戶役政系統全面中斷，必須立刻查看網路架構圖";

struct Cast {
    app: TestApp,
    agency: Uuid,
    ciso: Person,
    asker: Person,
    lead: Person,
}

async fn cast() -> Cast {
    let app = TestApp::new().await;
    let (agency, team) = (app.organisation("A", None).await, app.organisation("T", None).await);
    let ciso = app.person("ciso", Role::AgencyCiso, agency).await;
    let asker = app.person("asker", Role::SvcG3, team).await;
    let lead = app.person("lead", Role::SvcLead, team).await;
    Cast { app, agency, ciso, asker, lead }
}

impl Cast {
    async fn ask(&self) -> Answer {
        self.app
            .post(&self.asker, "/emergency-access/request", &[("organisation", "A"), ("reason", REASON)])
            .await
    }

    /// Opens an access and returns its id.
    async fn opened(&self) -> Uuid {
        let asked = self.ask().await.is(303);
        self.app.post(&self.lead, &format!("{}/confirm", asked.location), &[]).await.is(200);
        self.app.store().emergency_accesses_of(self.asker.id).await.unwrap()[0].id
    }
}

#[tokio::test]
async fn the_form_names_each_wrong_field_and_keeps_what_was_typed() {
    let cast = cast().await;
    let (app, asker) = (&cast.app, &cast.asker);
    let form =
        app.get(Some(asker), "/emergency-access/request?organisation=A").await.is(200).says("申請緊急調閱");
    assert!(form.body.contains("value=\"A\"") && form.text().contains("至少 10 個字"));
    let path = "/emergency-access/request";
    let page = app.post(asker, path, &[]).await.is(422);
    assert!(page.body.contains("href=\"#organisation\"") && page.body.contains("href=\"#reason\""));
    let page =
        app.post(asker, path, &[("organisation", "ZZ"), ("reason", "看 一 下 架 構 圖 ok")]).await.is(422);
    let page = page.says("沒有代碼為 ZZ 的機關").says("理由只有 8 個字，至少要 10 個字");
    assert!(page.body.contains("value=\"ZZ\"") && page.body.contains("看 一 下 架 構 圖 ok</textarea>"));
    app.post(asker, path, &[("organisation", "T"), ("reason", REASON)]).await.is(422).says("自己的機關");
    let long = "長".repeat(10_000);
    app.post(asker, path, &[("organisation", "A"), ("reason", &long)]).await.is(422).says("10000 個字");
    let page =
        app.post(asker, &format!("{path}?lang=en"), &[("organisation", "A"), ("reason", "x")]).await.is(422);
    page.says("The reason has 1 characters");
    app.post(&cast.ciso, path, &[("organisation", "A"), ("reason", REASON)]).await.is(403);
    app.post(&cast.lead, path, &[("organisation", "A"), ("reason", REASON)]).await.is(403);
    let waiting = app
        .store()
        .pending_acts(asker.id, &[], true, PageRequest { rows: 9, ..PageRequest::default() })
        .await;
    assert!(waiting.unwrap().page.rows.is_empty(), "nothing was asked for");
    app.pass(Duration::from_mins(6));
    assert!(cast.ask().await.is(303).location.starts_with("/step-up"));
}

#[tokio::test]
async fn two_people_open_it_and_the_organisation_sees_it_for_four_hours() {
    let cast = cast().await;
    let (app, asker, ciso) = (&cast.app, &cast.asker, &cast.ciso);
    app.get(Some(&cast.lead), "/emergency-access").await.is(200).says("還沒有緊急調閱");
    let asked = cast.ask().await.is(303);
    assert!(asked.location.starts_with("/requests/"), "{}", asked.location);
    assert_eq!(
        cast.ask().await.is(303).location,
        asked.location,
        "the same form again leads to the same request"
    );
    let other = app.post(
        asker,
        "/emergency-access/request",
        &[("organisation", "A"), ("reason", "另外一個夠長的理由說明")],
    );
    other.await.is(422).says("已有申請在等待確認");
    app.get(Some(ciso), "/").await.is(200).hides("緊急調閱本機關");
    app.post(asker, &format!("{}/confirm", asked.location), &[]).await.is(403);

    app.post(&cast.lead, &format!("{}/confirm", asked.location), &[]).await.is(200);
    let id = app.store().emergency_accesses_of(asker.id).await.unwrap()[0].id;
    app.pass(Duration::from_mins(48));
    app.get(Some(&cast.lead), "/").await.is(303);
    let (lead, ciso) = (
        app.person("lead2", Role::SvcLead, cast.agency).await,
        app.person("ciso2", Role::AgencyCiso, cast.agency).await,
    );
    let list = app.get(Some(&lead), "/emergency-access").await.is(200);
    list.says("A機關 asker先生 lead先生 115-11-25 10:00 115-11-25 14:00 進行中").says("共 1 筆");
    let home = app.get(Some(&ciso), "/").await.is(200);
    home.says("asker先生 正在緊急調閱本機關的內容，剩 3 小時 12 分").says(REASON);
    app.get(Some(&ciso), "/access-log").await.is(200).says("正在緊急調閱本機關的內容").says("還沒有人調閱過");
    let page = app.get(Some(&ciso), &format!("/emergency-access/{id}")).await.is(200);
    let page =
        page.says("對 A機關 的緊急調閱").says("剩 3 小時 12 分").says("核定的人 lead先生").says(REASON);
    assert!(page.body.contains("/access-log?person=asker"));
    app.get(Some(&ciso), &format!("/emergency-access/{id}?lang=en")).await.is(200).says("3 h 12 min left");

    app.pass(Duration::from_mins(192));
    let (lead, ciso) = (
        app.person("lead3", Role::SvcLead, cast.agency).await,
        app.person("ciso3", Role::AgencyCiso, cast.agency).await,
    );
    app.get(Some(&ciso), "/").await.is(200).hides("正在緊急調閱");
    let page = app.get(Some(&ciso), &format!("/emergency-access/{id}")).await.is(200);
    page.says("已結束").hides("剩餘時間");
    app.get(Some(&lead), "/emergency-access?state=open").await.is(200).says("沒有符合條件的資料");
    app.get(Some(&lead), "/emergency-access").await.is(200).says("已結束");
}

#[tokio::test]
async fn who_has_nothing_to_do_with_it_does_not_learn_of_it() {
    let cast = cast().await;
    let app = &cast.app;
    let id = cast.opened().await;
    let b = app.organisation("B", None).await;
    let (other, colleague) =
        (app.person("other", Role::AgencyCiso, b).await, app.person("g2", Role::SvcG2, b).await);
    let reporter = app.person("rep", Role::Reporter, cast.agency).await;
    for who in [&other, &colleague] {
        app.get(Some(who), "/emergency-access").await.is(200).hides("asker先生").says("還沒有緊急調閱");
        app.get(Some(who), &format!("/emergency-access/{id}")).await.is(404);
        app.get(Some(who), "/").await.is(200).hides("asker先生");
    }
    app.get(Some(&reporter), "/emergency-access").await.is(403);
    app.get(Some(&reporter), "/").await.is(200).hides("asker先生");
    // The one who reads is reminded of it, and needs no second one.
    app.get(Some(&cast.asker), "/")
        .await
        .is(200)
        .says("緊急調閱進行中：A機關，剩 4 小時 0 分")
        .hides("asker先生 正在");
    app.get(Some(&cast.asker), &format!("/emergency-access/{id}")).await.is(200);
    cast.ask().await.is(422).says("還在進行，到 115-11-25 14:00 為止");
}

#[tokio::test]
async fn the_access_log_shows_the_owner_who_looked() {
    let cast = cast().await;
    let (app, ciso) = (&cast.app, &cast.ciso);
    let b = app.organisation("B", None).await;
    let acs = app.person("acs", Role::Competent, b).await;
    let reporter = app.person("rep", Role::Reporter, cast.agency).await;
    let other = app.person("other", Role::AgencyCiso, b).await;
    let page = app.get(Some(ciso), "/access-log").await.is(200).says("還沒有人調閱過");
    page.says("這裡列出自 115-11-25 起，其他單位的人員何時、以什麼角色調閱了本機關受保護的資料。")
        .hides("每筆保存");
    let proof = app.get(Some(&acs), "/audit/0/proof").await.is(200);
    let number = proof.headers["x-request-id"].to_str().unwrap().to_owned();
    // The first entry is the organisation's own.
    for who in [ciso, &reporter] {
        let page = app.get(Some(who), "/access-log").await.is(200).says("共 1 筆");
        page.says(&format!("115-11-25 10:00 acs先生 主管機關（資安署） · B機關 稽核紀錄 0 {number}"))
            .hides("資料所屬機關");
    }
    let linked = app.get(Some(ciso), "/access-log").await;
    assert!(linked.body.contains("<a href=\"/audit/0\">"));
    app.get(Some(&other), "/access-log").await.is(200).hides("acs先生");
    app.get(Some(&acs), "/access-log").await.is(200).says("資料所屬機關").says("acs先生").says("A機關");
    app.get(Some(ciso), "/access-log?person=acs").await.is(200).says("acs先生");
    app.get(Some(ciso), "/access-log?person=rep").await.is(200).hides("acs先生").says("沒有符合條件的資料");
    app.get(Some(ciso), "/access-log?lang=en").await.is(200).says("Since 2026-11-25:").says("Access log");
    app.get(Some(&cast.lead), "/access-log").await.is(403);
    let actor = bulwark_store::Actor::system("test");
    app.store()
        .write(&actor, |tx| Box::pin(async move { tx.set("retention.access_log", &1095).await }))
        .await
        .unwrap();
    app.get(Some(ciso), "/access-log").await.is(200).says("每筆保存 1,095 天。").says("自 115-11-25 起");
}
