//! How long data is kept: the table, changes by two people, and the daily clearing.

use std::time::Duration;

use bulwark_console::apply_retention;
use bulwark_model::RetentionClass;
use bulwark_model::rights::Role;
use bulwark_store::Actor;

use crate::support::*;

const REASON: (&str, &str) = ("reason", "依資安長核定");

struct Cast {
    app: TestApp,
    lead: Person,
    competent: Person,
}

async fn cast() -> Cast {
    let app = TestApp::new().await;
    let team = app.organisation("T", None).await;
    let lead = app.person("lead", Role::SvcLead, team).await;
    let competent = app.person("competent", Role::Competent, team).await;
    Cast { app, lead, competent }
}

impl Cast {
    async fn set(&self, class: &str, days: &str, version: &str) {
        let fields = [("days", days), ("version", version), REASON];
        let asked = self.app.post(&self.lead, &format!("/retention/{class}"), &fields).await.is(303);
        let confirm = format!("{}/confirm", asked.location);
        self.app.post(&self.competent, &confirm, &[]).await.is(200).says("已確認並執行");
    }
}

#[tokio::test]
async fn the_table_says_how_long_and_by_which_rule() {
    let Cast { app, lead, .. } = cast().await;
    let page = app.get(Some(&lead), "/retention").await.is(200).says("保存期限").says("稽核軌跡不在此列");
    let page = page.says("已結束的登入階段 184 天 資通系統防護基準").says("沿用 110 年版本").says("調閱紀錄 1,827 天");
    for class in RetentionClass::ALL {
        assert!(page.body.contains(&format!("href=\"/retention/{class}\"")), "{class}");
    }
    let page = app.get(Some(&lead), "/retention?lang=en").await.is(200);
    page.says("Ended sessions 184 days Protection baseline").says("Default of this product");
    // Who may read but not change sees no way to.
    let organisation = app.organisation("A", None).await;
    for role in [Role::Reporter, Role::Auditor, Role::Admin] {
        let reader = app.person(role.code(), role, organisation).await;
        let page = app.get(Some(&reader), "/retention").await.is(200).says("184 天");
        assert!(!page.body.contains("href=\"/retention/"), "{role}");
        app.get(Some(&reader), "/retention/session").await.is(403);
    }
}

#[tokio::test]
async fn a_change_takes_two_people_and_a_stale_one_shows_both_versions() {
    let cast = cast().await;
    let (app, lead) = (&cast.app, &cast.lead);
    let form = app.get(Some(lead), "/retention/job").await.is(200).says("修改「已完成的背景工作」").says("永久刪除");
    assert_eq!(form.hidden("version"), "0");
    assert!(form.body.contains("value=\"30\""));
    let fields = [("days", "90"), ("version", "0"), REASON];
    let asked = app.post(lead, "/retention/job", &fields).await.is(303);
    assert_eq!(app.post(lead, "/retention/job", &fields).await.is(303).location, asked.location);
    app.get(Some(lead), "/retention/job").await.is(200).says("已有一項申請等待");
    app.get(Some(lead), "/retention").await.is(200).says("已完成的背景工作 30 天 工作已完成");
    app.post(&cast.competent, &format!("{}/confirm", asked.location), &[]).await.is(200);
    app.get(Some(lead), "/retention").await.is(200).says("已完成的背景工作 90 天（預設 30 天）");

    let page = app.post(lead, "/retention/job", &[("days", "60"), ("version", "0"), REASON]).await.is(409);
    let page = page.says("保存天數 60 90").says("表單是第 0 版，目前是第 1 版");
    assert!(page.body.contains("value=\"60\"") && page.body.contains(REASON.1), "what was typed is kept");
    assert_eq!(page.hidden("version"), "1");
    cast.set("job", "1,000", "1").await;
    app.get(Some(lead), "/retention").await.is(200).says("已完成的背景工作 1,000 天（預設 30 天）");
}

#[tokio::test]
async fn days_are_whole_and_within_limits() {
    let cast = cast().await;
    let (app, lead) = (&cast.app, &cast.lead);
    for bad in ["0", "-1", "1.5", "36501", "99999999999999999999", "一百", "+7", ","] {
        let page = app.post(lead, "/retention/once", &[("days", bad), ("version", "0"), REASON]).await.is(422);
        let page = page.says("1 到 36,500 的整數");
        assert!(page.body.contains(&format!("value=\"{bad}\"")) && page.body.contains("href=\"#days\""), "{bad}");
    }
    let page = app.post(lead, "/retention/once", &[("version", "0")]).await.is(422).says("必填");
    assert!(page.body.contains("href=\"#days\"") && page.body.contains("href=\"#reason\""));
    app.post(lead, "/retention/once", &[("days", "7"), ("version", "0"), REASON]).await.is(422).says("與目前相同");
    app.get(Some(lead), "/retention/audit").await.is(404).says("BW-RIGHTS-003");
}

#[tokio::test]
async fn the_daily_clearing_deletes_what_is_older_than_its_class_allows() {
    let cast = cast().await;
    let (app, lead) = (&cast.app, &cast.lead);
    let actor = Actor::system("test");
    let form = |name: &'static str| {
        let (actor, store, person) = (actor.clone(), app.store().clone(), lead.id);
        async move {
            let entered = store.write(&actor, move |tx| {
                Box::pin(async move {
                    tx.audit("test", "form", None, None);
                    tx.once(person, name, "/").await
                })
            });
            entered.await.unwrap()
        }
    };
    cast.set("once", "3", "0").await;
    form("old").await;
    app.pass(Duration::from_hours(48));
    form("young").await;
    let gone = |gone: Vec<(RetentionClass, u64)>, class| gone.iter().find(|row| row.0 == class).unwrap().1;
    let first = apply_retention(&app.app).await.unwrap();
    assert_eq!(first.len(), RetentionClass::ALL.len());
    assert_eq!(gone(first, RetentionClass::Once), 0, "two days old");
    app.pass(Duration::from_secs(86_401));
    let second = apply_retention(&app.app).await.unwrap();
    assert_eq!(gone(second.clone(), RetentionClass::Once), 1, "three days old, one day old");
    assert_eq!(gone(second, RetentionClass::Session), 0, "the sessions of this test ended two days ago");
    assert_eq!(form("young").await.as_deref(), Some("/"), "the younger one is still there");
    assert_eq!(form("old").await, None);
    app.pass(Duration::from_hours(184 * 24));
    assert_eq!(gone(apply_retention(&app.app).await.unwrap(), RetentionClass::Session), 2);
    let log = app.store().config().audit_file();
    assert_eq!(bulwark_store::audit::verify(app.store(), &log, &[]).await.unwrap().bad, None);
}

#[tokio::test]
async fn nothing_is_deleted_by_a_setting_that_cannot_be_read() {
    let Cast { app, .. } = cast().await;
    let actor = Actor::system("test");
    let set = app.store().write(&actor, |tx| Box::pin(async move { tx.set("retention.session", &"soon").await }));
    set.await.unwrap();
    assert_eq!(apply_retention(&app.app).await.unwrap_err().code(), "BW-STORE-021");
}
