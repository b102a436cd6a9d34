//! People: invitations, roles that take two people, recovery, erasure, stale and repeated forms.

use bulwark_model::rights::Role;
use bulwark_store::entity::person::person;

use crate::support::*;

fn invitation<'a>(once: &'a str, login: &'a str, role: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("once", once),
        ("name", "林小明"),
        ("login", login),
        ("email", "lin@example.gov.tw"),
        ("organisation", "A"),
        ("role", role),
        ("reason", "新進人員"),
    ]
}

#[tokio::test]
async fn an_invitation_sent_twice_makes_one_account_and_its_role_takes_two_people() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let (first, second) = (app.person("first", Role::Admin, a).await, app.person("second", Role::Admin, a).await);
    let once = app.get(Some(&first), "/people/invite").await.is(200).hidden("once");
    let page = app.post(&first, "/people/invite", &invitation(&once, "lin.ming", "reporter")).await.is(200);
    let page = page.says("已邀請 林小明").says("http://localhost:8620/link/").says("由另一位有權限的同仁確認後才生效");
    let request = page.body.split("/requests/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    app.post(&first, "/people/invite", &invitation(&once, "lin.ming", "reporter")).await.is(303);
    let lin = app.store().person_by_login("lin.ming").await.unwrap().unwrap();
    assert!(app.store().grants(lin.id, app.store().now()).await.unwrap().is_empty(), "not before the second person");
    // Nobody confirms what they asked for.
    let confirm = format!("/requests/{request}/confirm");
    app.post(&first, &confirm, &[]).await.is(403).says("BW-RIGHTS-014");
    app.post(&second, &confirm, &[]).await.is(200).says("已確認並執行");
    app.post(&second, &confirm, &[]).await.is(422).says("BW-WEB-031");
    assert_eq!(app.store().grants(lin.id, app.store().now()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_first_administrator_makes_the_second_alone_and_no_third() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let first = app.person("first", Role::Admin, a).await;
    let page = app.post(&first, "/people/invite", &invitation("1", "second", "admin")).await.is(200);
    page.says("角色已生效");
    app.post(&first, "/people/invite", &invitation("2", "third", "admin")).await.is(200).says("確認後才生效");
}

#[tokio::test]
async fn a_form_names_each_wrong_field_and_keeps_what_was_typed() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let admin = app.person("first", Role::Admin, a).await;
    let long = "長".repeat(10_000);
    let fields = [("name", long.as_str()), ("login", "Lín"), ("email", "x"), ("organisation", "無"), ("role", "king")];
    let page = app.post(&admin, "/people/invite", &fields).await.is(422);
    let page = page.says("10000 個字").hides("已邀請");
    for field in ["name", "login", "email", "organisation", "role"] {
        assert!(page.body.contains(&format!("href=\"#{field}\"")), "{field} in the summary");
        assert!(page.body.contains(&format!("id=\"{field}-error\"")), "{field} has its message");
    }
    assert!(page.body.contains("value=\"無\"") && page.body.contains("錯誤："));
    let taken = app.post(&admin, "/people/invite", &invitation("3", "first", "reporter")).await.is(422);
    taken.says("已有人使用");
}

#[tokio::test]
async fn recovery_takes_two_people_and_removes_every_old_way_in() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let (first, second) = (app.person("first", Role::Admin, a).await, app.person("second", Role::Admin, a).await);
    let lin = app.person("lin", Role::Reporter, a).await;
    let store = app.store().clone();
    app.store()
        .write(&bulwark_store::Actor::system("test"), move |tx| {
            Box::pin(async move {
                let new = bulwark_store::NewCredential::Password("$argon2id$x".into());
                tx.add_credential(&store, lin.id, "密碼", new).await
            })
        })
        .await
        .unwrap();
    let path = format!("/people/{}/recover", lin.id);
    app.post(&first, &path, &[("reason", "")]).await.is(422).says("必填");
    let asked = app.post(&first, &path, &[("reason", "遺失通行金鑰，已電話確認")]).await.is(303);
    assert!(asked.location.starts_with("/requests/"));
    app.get(Some(&lin), "/").await.is(200);
    app.get(Some(&second), &asked.location).await.is(200).says("遺失通行金鑰").says("確認並執行");
    let done = app.post(&second, &format!("{}/confirm", asked.location), &[]).await.is(200);
    done.says("http://localhost:8620/link/");
    app.get(Some(&lin), "/").await.is(303);
    assert!(app.store().credentials(lin.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_erased_person_leaves_no_name_and_the_log_stays_whole() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let (first, second) = (app.person("first", Role::Admin, a).await, app.person("second", Role::Admin, a).await);
    let lin = app.person("lin", Role::Reporter, a).await;
    let asked = app.post(&first, &format!("/people/{}/erase", lin.id), &[("reason", "離職屆滿")]).await.is(303);
    app.post(&second, &format!("{}/confirm", asked.location), &[]).await.is(200);
    let row = app.store().get::<person::Entity>(lin.id).await.unwrap();
    assert!(row.name.is_empty() && row.email.is_none() && row.login.starts_with("erased-"));
    app.get(Some(&first), "/people?q=lin").await.is(200).hides("lin先生");
    app.get(Some(&first), &format!("/people/{}", lin.id)).await.is(200).says("（已清除）");
    let log = app.store().config().audit_file();
    assert_eq!(bulwark_store::audit::verify(app.store(), &log, &[]).await.unwrap().bad, None);
}

#[tokio::test]
async fn nobody_gives_themselves_a_role_or_loses_the_last_administrator() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let admin = app.person("first", Role::Admin, a).await;
    let fields = [("organisation", "A"), ("role", "competent"), ("reason", "自己")];
    app.post(&admin, &format!("/people/{}/grant", admin.id), &fields).await.is(403).says("BW-RIGHTS-012");
    let grant = app.store().grants(admin.id, app.store().now()).await.unwrap()[0].id;
    let end = format!("/people/{}/roles/{grant}/end", admin.id);
    app.post(&admin, &end, &[]).await.is(422).says("最後一位系統管理者");
}
