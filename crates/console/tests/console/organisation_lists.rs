//! Lists of organisations: looked at, asked for, confirmed by a second person, and only what was shown.

use bulwark_model::rights::Role;

use crate::support::*;

const LIST: &str = "name,oid,責任等級\n行政院,2.16.886.101.20003,\n內政部,2.16.886.101.20003.20001,A\n\
                    第三隊,2.16.886.101.20003.20001.9.1,\n壞,2.16.x,\n=cmd|x,2.16.886.101.20003.20002,\n";

async fn upload(app: &TestApp, who: &Person, bytes: &[u8]) -> Answer {
    send_file(app, who, "/organisations/import", &csrf(&who.session), "名錄.csv", bytes).await
}

async fn ask(app: &TestApp, who: &Person, page: &Answer) -> Answer {
    let fields = [("ticket", page.hidden("ticket")), ("reason", "院授資字第 1150001 號".to_owned())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    app.post(who, "/organisations/import/enter", &fields).await
}

async fn exists(app: &TestApp, code: &str) -> bool {
    app.store().organisation_by_code(code).await.unwrap().is_some()
}

#[tokio::test]
async fn a_list_is_written_as_shown_once_a_second_person_confirms_it() {
    let app = TestApp::new().await;
    let team = app.organisation("T", None).await;
    let (first, second) =
        (app.person("a", Role::Admin, team).await, app.person("b", Role::Admin, team).await);
    let (big5, _, _) = encoding_rs::BIG5.encode(LIST);
    for bytes in [LIST.as_bytes(), &big5] {
        let page = upload(&app, &first, bytes).await.is(200);
        let page = page.says("新增 4").says("有錯的列 1").says("「2.16.x」不是物件識別碼");
        page.says("第三隊 2.16.886.101.20003.20001.9 內政部");
        assert!(!exists(&app, "2.16.886.101.20003").await, "looking writes nothing");
    }
    let page = upload(&app, &first, LIST.as_bytes()).await.is(200);
    // Without a reason the page comes again, with a way on.
    let fields = [("ticket", page.hidden("ticket"))];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let again = app.post(&first, "/organisations/import/enter", &fields).await.says("這個欄位必填");
    ask(&app, &second, &again).await.says("這份清冊已經送出或逾時");
    let page = upload(&app, &first, LIST.as_bytes()).await.is(200);
    let asked = ask(&app, &first, &page).await.is(303);
    assert!(!exists(&app, "2.16.886.101.20003").await, "one person is not enough");
    ask(&app, &first, &page).await.says("這份清冊已經送出或逾時");
    app.post(&first, &format!("{}/confirm", asked.location), &[]).await.is(403);
    let seen = app.get(Some(&second), &asked.location).await.is(200);
    seen.says("匯入機關清冊 名錄.csv，變更 4 項").says("檔案 SHA-256").says("內政部");
    app.post(&second, &format!("{}/confirm", asked.location), &[]).await.is(200).says("已確認並執行");
    let row = app.store().organisation_by_code("2.16.886.101.20003.20001").await.unwrap().unwrap();
    assert_eq!((row.name.as_str(), row.level.as_deref()), ("內政部", Some("A")));
    let page = app.get(Some(&first), &format!("/organisations/{}", row.id)).await.is(200);
    page.says("行政院").says("第三隊").says("資通安全責任等級 A");
    let other = LIST
        .replace(",A\n", ",B\n")
        .replace("第三隊,2.16.886.101.20003.20001.9.1", "第三隊,2.16.886.101.20003.20001.1");
    upload(&app, &first, other.as_bytes())
        .await
        .says("更新資料 2.16.886.101.20003.20001 內政部 資通安全責任等級 B");
    // The same once more changes nothing.
    upload(&app, &first, LIST.as_bytes()).await.is(200).says("沒有需要變更的資料").says("不變 4");
}

#[tokio::test]
async fn names_and_mergers_go_into_the_history() {
    let app = TestApp::new().await;
    let team = app.organisation("T", None).await;
    let (first, second) =
        (app.person("a", Role::Admin, team).await, app.person("b", Role::Admin, team).await);
    let through = |bytes: &'static [u8]| {
        let (app, first, second) = (&app, &first, &second);
        async move {
            let page = upload(app, first, bytes).await.is(200);
            let asked = ask(app, first, &page).await.is(303);
            app.post(second, &format!("{}/confirm", asked.location), &[]).await.is(200);
            page
        }
    };
    through("name,oid\n院,2.16.1\n疾病管制署,2.16.1.1\n園區管理局,2.16.1.2\n發展中心,2.16.1.3\n".as_bytes())
        .await;
    through("name,oid\n疾管署,2.16.1.1\n".as_bytes())
        .await
        .says("改名 1")
        .says("不在檔案中的機關（維持不變） 4");
    let changes = "old_name,new_name,old_oid,new_oid,change_date\n園區管理局,發展中心,2.16.1.2,2.16.1.3,2016/1/15\n\
                   疾管局,疾管署,2.16.1.1,2.16.1.1,102/7/23\n發展中心,籌備處,2.16.1.3,2.16.1.9,101/1/1\n\
                   衛生署,院,2.16.7,2.16.1,102/2/30\n";
    let page = through(changes.as_bytes()).await.says("改組異動 2");
    page.says("新舊機關可能填反了").says("不是日期");
    let row = app.store().organisation_by_code("2.16.1.1").await.unwrap().unwrap();
    let page = app.get(Some(&first), &format!("/organisations/{}", row.id)).await.is(200);
    page.says("舊名稱").says("疾管局 不詳 102-07-22").says("疾病管制署 102-07-23 115-11-24");
    let ended = app.store().organisation_by_code("2.16.1.2").await.unwrap().unwrap();
    let page = app.get(Some(&first), &format!("/organisations/{}", ended.id)).await.is(200);
    page.says("裁撤日 105-01-15").says("承接機關 發展中心");
    app.get(Some(&first), "/organisations?q=疾管局").await.is(200).says("疾管署");
}

#[tokio::test]
async fn only_those_who_edit_organisations_hand_lists_in() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let who = app.person("lin", Role::AgencyCiso, a).await;
    app.get(Some(&who), "/organisations/import").await.is(403);
    upload(&app, &who, LIST.as_bytes()).await.is(403);
    app.get(Some(&who), "/organisations").await.is(200).hides("匯入機關清冊");
}
