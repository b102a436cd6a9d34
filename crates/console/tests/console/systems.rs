//! Systems: entered with what is known, found, confirmed, linked, retired; and nothing of them for others.

use bulwark_model::rights::Role;
use bulwark_store::Uuid;
use bulwark_store::entity::system::system;

use crate::support::*;

/// The form of a system with its name.
fn form<'a>(organisation: &'a str, name: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("organisation", organisation),
        ("name", name),
        ("class", "critical"),
        ("core", "yes"),
        ("mtpd", "4 小時"),
        ("c", "high"),
        ("business_item", "戶籍登記"),
        ("os_name", "Debian"),
        ("os_version", "13"),
        ("security_level", "medium"),
    ]
}

/// Enters one; its id.
async fn enter(app: &TestApp, who: &Person, organisation: &str, name: &str) -> Uuid {
    let added = app.post(who, "/systems/add", &form(organisation, name)).await.is(303);
    added.location.split(['/', '?']).nth(2).unwrap().parse().unwrap()
}

async fn row(app: &TestApp, id: Uuid) -> system::Model {
    app.store().get::<system::Entity>(id).await.unwrap()
}

#[tokio::test]
async fn a_system_says_what_is_known_and_what_nobody_knows() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let lin = app.person("lin", Role::AgencyCiso, a).await;
    app.get(Some(&lin), "/systems").await.is(200).says("還沒有系統").says("新增系統");
    let page = app.get(Some(&lin), "/systems/add").await.is(200);
    assert!(page.body.contains("value=\"A\""), "the own agency is filled in");
    let id = enter(&app, &lin, "A", "戶役政資訊系統").await;
    let page = app.get(Some(&lin), &format!("/systems/{id}")).await.is(200);
    let page = page
        .says("SYS-A-001")
        .says("民生關鍵資訊系統")
        .says("4 小時")
        .says("戶籍登記")
        .says("防護需求等級 高");
    let page = page.says("還不知道：利害關係人").says("防護需求尚未評定：完整性").says("尚未做過年度確認");
    page.says("作業系統類型 Debian 115-11-25 人工填寫");
    // In one, two and more characters, and by what is to be done.
    for words in ["戶", "戶籍", "役政資訊", "SYS-A-001"] {
        app.get(Some(&lin), &format!("/systems?q={words}")).await.is(200).says("共 1 筆");
    }
    app.get(Some(&lin), "/systems?q=警政").await.is(200).says("沒有符合條件的資料");
    app.get(Some(&lin), "/systems?state=incomplete&level=high").await.is(200).says("共 1 筆").says("3/9");
    app.get(Some(&lin), "/systems?class=operational").await.is(200).says("沒有符合條件的資料");
    let file = app.get(Some(&lin), "/systems?format=csv").await.is(200);
    assert!(file.body.contains("戶役政資訊系統,SYS-A-001,A機關,民生關鍵資訊系統,高,3/9"), "{}", file.body);
    app.get(Some(&lin), &format!("/systems/{id}?lang=en")).await.says("Not known yet").says("Debian");
}

#[tokio::test]
async fn a_form_names_what_is_wrong_and_a_late_save_shows_both() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let lin = app.person("lin", Role::AgencyCiso, a).await;
    let wrong = [
        ("organisation", "no"),
        ("name", ""),
        ("class", "x"),
        ("core", "no"),
        ("mtpd", "很久"),
        ("c", "最高"),
    ];
    let page = app.post(&lin, "/systems/add", &wrong).await.is(422);
    let page = page.says("這個欄位必填").says("很久").says("最高");
    assert!(page.body.contains("value=\"很久\""), "what was typed is kept");
    let id = enter(&app, &lin, "A", "甲系統").await;
    let change = |version: &'static str, name: &'static str| {
        let mut fields = form("A", name);
        fields.extend([("version", version), ("vendor", "示範資訊")]);
        fields
    };
    let path = format!("/systems/{id}/change");
    app.post(&lin, &path, &change("1", "乙系統")).await.is(303);
    let late = app.post(&lin, &path, &change("1", "丙系統")).await.is(409);
    late.says("丙系統").says("乙系統");
    assert_eq!(row(&app, id).await.name, "乙系統");
    app.post(&lin, &path, &change("2", "丙系統")).await.is(303);
    let now = row(&app, id).await;
    assert_eq!((now.name.as_str(), now.known_facts), ("丙系統", 4));
}

#[tokio::test]
async fn what_nobody_knows_is_not_offered_for_confirmation() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let lin = app.person("lin", Role::AgencyCiso, a).await;
    let bare = [("organisation", "A"), ("name", "甲系統"), ("class", "operational"), ("core", "no")];
    let added = app.post(&lin, "/systems/add", &bare).await.is(303);
    app.get(Some(&lin), &added.location).await.is(200).says("還不知道").hides("確認系統資料今天仍正確");
    let known = enter(&app, &lin, "A", "乙系統").await;
    app.get(Some(&lin), &format!("/systems/{known}")).await.is(200).says("確認系統資料今天仍正確");
}

#[tokio::test]
async fn a_confirmation_holds_for_a_year() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    app.person("lin", Role::AgencyCiso, a).await;
    let lin = app.person("wang", Role::AgencyCiso, a).await;
    let id = enter(&app, &lin, "A", "甲系統").await;
    app.pass(std::time::Duration::from_hours(24 * 366));
    let lin = app.person("chen", Role::AgencyCiso, a).await;
    let page = app.get(Some(&lin), &format!("/systems/{id}")).await.is(200);
    page.says("逾一年未確認：業務項目");
    app.get(Some(&lin), "/systems?state=stale").await.is(200).says("共 1 筆");
    app.post(&lin, &format!("/systems/{id}/confirm"), &[("version", "7")]).await.is(409);
    app.post(&lin, &format!("/systems/{id}/confirm"), &[("version", "1")]).await.is(303);
    let page = app.get(Some(&lin), &format!("/systems/{id}")).await.is(200);
    page.hides("逾一年未確認：").says("最近一次年度確認：116-11-26");
    app.get(Some(&lin), "/systems?state=stale").await.is(200).says("沒有符合條件的資料");
}

#[tokio::test]
async fn connections_have_an_owner_and_a_last_day_and_tell_nothing_of_the_other_side() {
    let app = TestApp::new().await;
    let (a, b) = (app.organisation("A", None).await, app.organisation("B", None).await);
    let (lin, wang) =
        (app.person("lin", Role::AgencyCiso, a).await, app.person("wang", Role::AgencyCiso, b).await);
    let (one, two) = (enter(&app, &lin, "A", "甲系統").await, enter(&app, &wang, "B", "乙機密系統").await);
    let link = |other: &'static str, kind: &'static str, year: &'static str| {
        let day = [
            ("expires_on-month", if year.is_empty() { "" } else { "6" }),
            ("expires_on-day", if year.is_empty() { "" } else { "30" }),
        ];
        let mut fields =
            vec![("other", other), ("link_kind", kind), ("note", "戶籍資料查驗"), ("expires_on-year", year)];
        fields.extend(day);
        fields
    };
    let path = format!("/systems/{one}/link");
    app.get(Some(&lin), &path).await.is(200);
    app.post(&lin, &path, &link("SYS-X-001", "depends_on", "")).await.is(422).says("沒有這個代碼的系統");
    app.post(&lin, &path, &link("SYS-A-001", "depends_on", "")).await.is(422).says("不能與自己");
    app.post(&lin, &path, &link("SYS-B-001", "connects_to", "")).await.is(422).says("這個欄位必填");
    app.post(&lin, &path, &link("SYS-B-001", "connects_to", "114")).await.is(422).says("日期已經過去");
    app.post(&lin, &path, &link("SYS-B-001", "connects_to", "116")).await.is(303);
    app.post(&lin, &path, &link("SYS-B-001", "connects_to", "116")).await.is(422).says("已有相同的關係");
    let page = app.get(Some(&lin), &format!("/systems/{one}")).await.is(200);
    let page = page.says("其他機關的系統").says("戶籍資料查驗").says("116-06-30").hides("乙機密系統");
    let remove = page.body.split("action=\"").find(|rest| rest.contains("/remove\"")).unwrap();
    let remove = remove.split('"').next().unwrap().to_owned();
    // The other side sees that it is connected, and cannot end what is not its own.
    app.get(Some(&wang), &format!("/systems/{two}")).await.is(200).says("→本系統");
    let theirs = remove.replace(&one.to_string(), &two.to_string());
    app.post(&wang, &theirs, &[("version", "1")]).await.is(404);
    app.pass(std::time::Duration::from_hours(24 * 300));
    let lin = app.person("chen", Role::AgencyCiso, a).await;
    app.get(Some(&lin), &format!("/systems/{one}")).await.is(200).says("已到期");
    app.post(&lin, &remove, &[("version", "1")]).await.is(303);
    app.get(Some(&lin), &format!("/systems/{one}")).await.is(200).says("沒有登載相依或介接的系統");
}

#[tokio::test]
async fn a_retired_system_stays_on_record_and_changes_no_more() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let lin = app.person("lin", Role::AgencyCiso, a).await;
    let id = enter(&app, &lin, "A", "甲系統").await;
    let path = format!("/systems/{id}/retire");
    app.get(Some(&lin), &path).await.is(200).says("停用後資料與代碼保留");
    app.post(&lin, &path, &[("version", "1")]).await.is(422).says("這個欄位必填");
    app.post(&lin, &path, &[("version", "1"), ("reason", "併入新系統")]).await.is(303);
    let page = app.get(Some(&lin), &format!("/systems/{id}")).await.is(200);
    page.says("停用：併入新系統").hides("修改系統資料").hides("確認系統資料今天仍正確");
    app.get(Some(&lin), "/systems").await.is(200).says("還沒有系統");
    app.get(Some(&lin), "/systems?state=retired").await.is(200).says("甲系統");
    // Its code is not given again.
    let next = enter(&app, &lin, "A", "乙系統").await;
    assert_eq!(row(&app, next).await.code, "SYS-A-002");
}

#[tokio::test]
async fn systems_of_others_are_not_there() {
    let app = TestApp::new().await;
    let (a, b) = (app.organisation("A", None).await, app.organisation("B", None).await);
    let lin = app.person("lin", Role::AgencyCiso, a).await;
    let wang = app.person("wang", Role::AgencyCiso, b).await;
    let admin = app.person("admin", Role::Admin, a).await;
    let id = enter(&app, &lin, "A", "甲系統").await;
    app.get(Some(&wang), "/systems").await.is(200).hides("甲系統");
    for path in ["", "/change", "/retire", "/link"] {
        app.get(Some(&wang), &format!("/systems/{id}{path}")).await.is(404);
    }
    for path in ["change", "confirm", "retire", "link"] {
        let mut fields = form("A", "x");
        fields.extend([
            ("version", "1"),
            ("reason", "x"),
            ("other", "SYS-A-001"),
            ("link_kind", "depends_on"),
            ("note", "x"),
        ]);
        app.post(&wang, &format!("/systems/{id}/{path}"), &fields).await.is(404);
    }
    app.post(&wang, "/systems/add", &form("A", "x")).await.is(404);
    assert_eq!(row(&app, id).await.version, 1);
    // Administrators run the platform and read no content.
    app.get(Some(&admin), "/systems").await.is(403);
    app.get(Some(&admin), "/").await.is(200).hides("href=\"/systems\"");
}
