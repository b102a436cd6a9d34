//! Organisations: the list and its pages, changes by two people, moves by date, stale and repeated forms.

use bulwark_model::rights::Role;
use bulwark_store::Uuid;
use bulwark_store::entity::organisation::organisation;

use crate::support::*;

const REASON: (&str, &str) = ("reason", "院授資字第 1150001 號");

struct Cast {
    app: TestApp,
    ministry: Uuid,
    bureau: Uuid,
    first: Person,
    second: Person,
}

async fn cast() -> Cast {
    let app = TestApp::new().await;
    let ministry = app.organisation("moi", None).await;
    let bureau = app.organisation("moi-ris", Some(ministry)).await;
    let first = app.person("first", Role::Admin, ministry).await;
    let second = app.person("second", Role::Admin, ministry).await;
    Cast { app, ministry, bureau, first, second }
}

impl Cast {
    async fn confirm(&self, asked: &Answer) {
        assert!(asked.location.starts_with("/requests/"), "{}", asked.location);
        self.app.post(&self.second, &format!("{}/confirm", asked.location), &[]).await.is(200).says("已確認並執行");
    }

    async fn row(&self, id: Uuid) -> organisation::Model {
        self.app.store().get::<organisation::Entity>(id).await.unwrap()
    }
}

fn addition<'a>(code: &'a str, parent: &'a str) -> Vec<(&'a str, &'a str)> {
    let [year, month, day] = [("from-year", "115"), ("from-month", "12"), ("from-day", "1")];
    vec![("name", "移民署"), ("code", code), ("kind", "agency"), ("parent", parent), year, month, day, REASON]
}

fn move_to<'a>(parent: &'a str, year: &'a str, month: &'a str, day: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("parent", parent), ("from-year", year), ("from-month", month), ("from-day", day), REASON]
}

#[tokio::test]
async fn the_list_finds_by_name_and_kind_and_can_be_taken_away() {
    let Cast { app, first, .. } = cast().await;
    let page = app.get(Some(&first), "/organisations").await.is(200).says("共 2 筆").says("新增機關");
    assert!(page.body.contains("<title>機關 - "), "{}", page.body);
    assert!(page.text().contains("moi-ris機關 moi-ris 機關 moi機關"), "{}", page.text());
    app.get(Some(&first), "/organisations?q=moi-ris").await.is(200).says("moi-ris機關").says("共 1 筆");
    app.get(Some(&first), "/organisations?kind=vendor").await.is(200).says("沒有符合條件的資料").hides("moi-ris機關");
    let page = app.get(Some(&first), "/organisations?rows=1").await.is(200).says("顯示 1–1");
    let next = page.body.split("after=").nth(1).unwrap().split(['"', '&']).next().unwrap();
    app.get(Some(&first), &format!("/organisations?rows=1&after={next}")).await.is(200).says("moi機關").hides("moi-ris機關");
    let file = app.get(Some(&first), "/organisations?format=csv").await.is(200);
    assert!(file.body.contains("moi-ris機關,moi-ris,機關,moi機關"), "{}", file.body);
    let page = app.get(Some(&first), "/organisations?lang=en").await.is(200);
    page.says("Organisations").says("Stands under").hides("新增機關");
}

#[tokio::test]
async fn a_page_shows_what_is_above_and_below_and_who_holds_roles_there() {
    let Cast { app, ministry, bureau, first, .. } = cast().await;
    let page = app.get(Some(&first), &format!("/organisations/{ministry}")).await.is(200);
    let page = page.says("沒有上級機關").says("直屬機關 共 1 筆").says("first先生 系統管理者").says("115-01-01");
    assert!(page.body.contains(&format!("/people?organisation={ministry}\">2</a>")), "two accounts");
    let page = app.get(Some(&first), &format!("/organisations/{bureau}")).await.is(200);
    let page = page.says("隸屬 moi機關").says("沒有直屬機關").says("沒有人在這裡擔任角色");
    assert!(page.body.contains(&format!("href=\"/organisations/{ministry}\"")));
    // Whoever may not read people there sees none of them, and no button.
    let reporter = app.person("reporter", Role::Reporter, bureau).await;
    let page = app.get(Some(&reporter), &format!("/organisations/{ministry}")).await.is(200).says("直屬機關");
    let page = page.hides("first先生").hides("在這裡有效的角色").hides("人員帳號");
    page.hides("修改機關資料").hides("改隸其他機關");
    let ciso = app.person("ciso", Role::AgencyCiso, bureau).await;
    app.get(Some(&ciso), &format!("/organisations/{ministry}")).await.is(200).hides("在這裡有效的角色");
    app.get(Some(&ciso), &format!("/organisations/{bureau}")).await.is(200).says("reporter先生");
    let vendor = app.person("vendor", Role::Vendor, bureau).await;
    app.get(Some(&vendor), &format!("/organisations/{ministry}")).await.is(403);
    app.get(Some(&first), &format!("/organisations/{}", Uuid::nil())).await.is(404).says("BW-RIGHTS-003");
}

#[tokio::test]
async fn an_organisation_is_added_by_two_people_and_once() {
    let cast = cast().await;
    let (app, first) = (&cast.app, &cast.first);
    let form = app.get(Some(first), "/organisations/add?parent=moi").await.is(200).says("民國");
    assert!(form.body.contains("value=\"moi\"") && form.body.contains("value=\"115\""), "what is known is filled in");
    let asked = app.post(first, "/organisations/add", &addition("moi-nia", "moi")).await.is(303);
    assert!(app.store().organisation_by_code("moi-nia").await.unwrap().is_none(), "not before the second person");
    let again = app.post(first, "/organisations/add", &addition("moi-nia", "moi")).await.is(303);
    assert_eq!(again.location, asked.location, "the same form sent twice is one request");
    let other = app.post(&cast.second, "/organisations/add", &addition("moi-nia", "moi")).await.is(422);
    let other = other.says("已有申請在等待確認");
    assert!(other.body.contains("value=\"moi-nia\""), "what was typed is kept");
    cast.confirm(&asked).await;
    let row = app.store().organisation_by_code("moi-nia").await.unwrap().unwrap();
    let day = "2026-12-01".parse().unwrap();
    assert_eq!(app.store().organisations_above(row.id, day).await.unwrap(), [row.id, cast.ministry]);
    app.post(first, "/organisations/add", &addition("moi-nia", "moi")).await.is(422).says("已由「移民署」使用");
}

#[tokio::test]
async fn an_addition_names_each_wrong_field_and_keeps_what_was_typed() {
    let cast = cast().await;
    let (app, first) = (&cast.app, &cast.first);
    let long = "長".repeat(10_000);
    let fields = [
        ("name", long.as_str()),
        ("code", "移民署"),
        ("kind", "club"),
        ("parent", "nobody"),
        ("from-year", "115"),
        ("from-month", "2"),
        ("from-day", "30"),
    ];
    let page = app.post(first, "/organisations/add", &fields).await.is(422);
    let page = page.says("10000 個字").says("代碼只能用英文字母").says("沒有「club」這個類別").says("沒有代碼為 nobody 的機關");
    let page = page.says("「115-2-30」不存在：115 年 2 月只有 28 天");
    for field in ["name", "code", "kind", "parent", "from", "reason"] {
        assert!(page.body.contains(&format!("href=\"#{field}\"")), "{field} in the summary");
        assert!(page.body.contains(&format!("id=\"{field}\"")), "{field} can be gone to");
        assert!(page.body.contains(&format!("id=\"{field}-error\"")), "{field} has its message");
    }
    assert!(page.body.contains("value=\"移民署\"") && page.body.contains("value=\"30\""));
    for bad in ["a b", "ａ", "a/b", "臺"] {
        app.post(first, "/organisations/add", &addition(bad, "")).await.is(422).says("代碼只能用英文字母");
    }
    app.post(first, "/organisations/add", &addition(&"a".repeat(65), "")).await.is(422).says("65 個字");
    // The one above begins on 1 January 2026.
    let mut early = addition("early", "moi");
    early[4] = ("from-year", "114");
    app.post(first, "/organisations/add", &early).await.is(422).says("上級機關在這一天還沒有生效");
    early[4] = ("from-year", "999");
    app.post(first, "/organisations/add", &early).await.is(422).says("日期要在 1-01-01 至 125-11-25 之間");
}

#[tokio::test]
async fn a_change_takes_two_people_and_a_stale_one_shows_both_versions() {
    let cast = cast().await;
    let (app, first, path) = (&cast.app, &cast.first, format!("/organisations/{}/change", cast.bureau));
    let form = app.get(Some(first), &path).await.is(200);
    let version = form.hidden("version");
    let same = [("name", "moi-ris機關"), ("code", "moi-ris"), ("version", version.as_str()), REASON];
    app.post(first, &path, &same).await.is(422).says("內容與目前相同");
    let taken = [("name", "戶政司"), ("code", "moi"), ("version", version.as_str()), REASON];
    app.post(first, &path, &taken).await.is(422).says("已由「moi機關」使用");
    let mine = [("name", "戶政司"), ("code", "moi-ris"), ("version", version.as_str()), REASON];
    let asked = app.post(first, &path, &mine).await.is(303);
    app.get(Some(&cast.second), &format!("/organisations/{}", cast.bureau)).await.is(200).says("已有一項申請等待");
    cast.confirm(&asked).await;
    let row = cast.row(cast.bureau).await;
    assert_eq!((row.name.as_str(), row.version), ("戶政司", 2));
    app.get(Some(first), "/organisations?q=戶政").await.is(200).says("共 1 筆");

    let late = [("name", "戶籍局"), ("code", "moi-ris"), ("sector", "household"), ("version", version.as_str()), REASON];
    let page = app.post(first, &path, &late).await.is(409);
    let page = page.says("表單是第 1 版，目前是第 2 版").says("名稱 戶籍局 戶政司").says("領域 household （空白）");
    assert!(page.body.contains("value=\"戶籍局\"") && page.body.contains(REASON.1), "what was typed is kept");
    assert_eq!(page.hidden("version"), "2", "sending it again counts from the present version");
    let on = [("name", "戶籍局"), ("code", "moi-ris"), ("version", "2"), REASON];
    let asked = app.post(first, &path, &on).await.is(303);
    cast.confirm(&asked).await;
    assert_eq!(cast.row(cast.bureau).await.name, "戶籍局");
}

#[tokio::test]
async fn a_move_counts_from_its_day_on() {
    let cast = cast().await;
    let (app, first) = (&cast.app, &cast.first);
    let other = app.organisation("moda", None).await;
    let below = app.organisation("office", Some(cast.bureau)).await;
    let path = format!("/organisations/{}/move", cast.bureau);
    app.get(Some(first), &path).await.is(200).says("目前隸屬 moi機關");
    for (fields, words) in [
        (move_to("moi", "116", "1", "1"), "這一天已經隸屬於「moi機關」"),
        (move_to("moi-ris", "116", "1", "1"), "不能隸屬於自己"),
        (move_to("office", "116", "1", "1"), "不能隸屬於自己"),
        (move_to("nobody", "116", "1", "1"), "沒有代碼為 nobody 的機關"),
        (move_to("moda", "115", "11", "24"), "日期要在 115-11-25 至 125-11-25 之間"),
        (move_to("moda", "", "", ""), "這個欄位必填"),
        (move_to("", "116", "1", "1"), "這個欄位必填"),
        (move_to("moda", "9999", "12", "31"), "日期要在"),
    ] {
        let page = app.post(first, &path, &fields).await.is(422).says(words);
        assert!(page.body.contains(REASON.1), "what was typed is kept: {words}");
    }
    let asked = app.post(first, &path, &move_to("moda", "116", "1", "1")).await.is(303);
    cast.confirm(&asked).await;
    for (day, above) in [("2026-12-31", cast.ministry), ("2027-01-01", other)] {
        let found = app.store().organisations_above(below, day.parse().unwrap()).await.unwrap();
        assert_eq!(found, [below, cast.bureau, above], "{day}");
    }
    let page = app.get(Some(first), &format!("/organisations/{}", cast.bureau)).await.is(200);
    page.says("隸屬 moi機關").says("moi機關 115-01-01 115-12-31").says("moda機關 116-01-01 未設定");
    let page = app.get(Some(first), &format!("/organisations/{}?lang=en", cast.bureau)).await.is(200);
    page.says("moda機關 2027-01-01 No end");
    // A later change is entered already: for it, for what is below it, and for what would stand under it.
    app.post(first, &path, &move_to("moda", "115", "12", "1")).await.is(422).says("已有另一項隸屬變更");
    let path = format!("/organisations/{below}/move");
    app.post(first, &path, &move_to("moda", "115", "12", "1")).await.is(422).says("已有另一項隸屬變更");
    let free = app.organisation("free", None).await;
    let path = format!("/organisations/{free}/move");
    app.post(first, &path, &move_to("moi-ris", "115", "12", "1")).await.is(422).says("上級機關在這一天以後已有隸屬變更");
    app.post(first, &path, &move_to("moi-ris", "116", "1", "1")).await.is(303);
}

#[tokio::test]
async fn a_date_in_english_is_one_of_the_common_calendar() {
    let Cast { app, first, .. } = cast().await;
    let form = app.get(Some(&first), "/organisations/add?lang=en").await.is(200).says("First day");
    assert!(form.body.contains("value=\"2026\"") && !form.body.contains("民國"), "{}", form.text());
}
