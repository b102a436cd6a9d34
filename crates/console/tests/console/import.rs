//! Tables handed in and taken away: hostile files are refused by name and cost nothing but themselves.

use bulwark_model::rights::Role;

use crate::support::*;

async fn upload(app: &TestApp, who: &Person, name: &str, bytes: &[u8]) -> Answer {
    send_file(app, who, "/people/import", &csrf(&who.session), name, bytes).await
}

#[tokio::test]
async fn people_are_entered_as_shown_and_only_once() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    app.organisation("B", None).await;
    let who = app.person("ciso", Role::AgencyCiso, a).await;
    let table = "姓名,登入名稱,機關代碼,角色,電子郵件\n林小明,lin.ming,A,機關通報人,lin@example.gov.tw\n\
                 王大同,wang,A,director,\n陳,chen,B,reporter,\n=cmd|x,evil,A,reporter,\n重複,lin.ming,A,reporter,\n\
                 無角色,x1,A,國王,\n,x2,A,reporter,\n壞名,Ünïx,A,reporter,\n壞信,x3,A,reporter,x\n";
    let (big5, _, _) = encoding_rs::BIG5.encode(table.trim_start_matches('\u{feff}'));
    for bytes in [table.as_bytes(), big5.replace_bytes("Ünïx").as_slice()] {
        let page = upload(&app, &who, "名冊.csv", bytes).await.is(200);
        let page = page.says("可以建立 3 筆，有問題 6 筆").says("不能邀請機關 B 的人員").says("沒有這個角色");
        assert!(app.store().person_by_login("lin.ming").await.unwrap().is_none(), "looking enters nobody");
        page.says("已有人使用");
    }
    let page = upload(&app, &who, "名冊.csv", table.as_bytes()).await;
    let entries = page.hidden("entries").replace("&quot;", "\"").replace("&amp;", "&");
    let done =
        app.post(&who, "/people/import/enter", &[("entries", &entries), ("reason", "新進")]).await.is(200);
    assert!(done.headers["content-disposition"].to_str().unwrap().contains("invitations.csv"));
    assert!(done.body.contains("lin.ming,林小明,http://localhost:8620/link/"), "{}", done.body);
    assert!(done.body.contains("evil,'=cmd|x,"), "no cell can be a formula: {}", done.body);
    let again = app.post(&who, "/people/import/enter", &[("entries", &entries)]).await.is(200);
    assert!(!again.body.contains("/link/"), "{}", again.body);
    // What was shown is a proposal: a changed page gets no further than the rights.
    let forged = entries.replace(
        &a.to_string(),
        &app.store().organisation_by_code("B").await.unwrap().unwrap().id.to_string(),
    );
    app.post(&who, "/people/import/enter", &[("entries", &forged)]).await.is(404);
    app.post(&who, "/people/import/enter", &[("entries", "[{]")]).await.is(403);
}

trait Replaced {
    fn replace_bytes(&self, text: &str) -> Vec<u8>;
}

impl Replaced for std::borrow::Cow<'_, [u8]> {
    /// What Big5 lacks was written as entities; a plain wrong name does as well.
    fn replace_bytes(&self, _: &str) -> Vec<u8> {
        let text: Vec<u8> = self.to_vec();
        let mut out = Vec::new();
        let mut inside = false;
        for byte in text {
            match byte {
                b'&' => inside = true,
                b';' if inside => {
                    inside = false;
                    out.push(b'!');
                }
                byte if !inside => out.push(byte),
                _ => {}
            }
        }
        out
    }
}

#[tokio::test]
async fn hostile_files_are_refused_by_name() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let who = app.person("ciso", Role::AgencyCiso, a).await;
    let zip_of = |entries: &[(&str, &[u8])]| {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, bytes) in entries {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            std::io::Write::write_all(&mut zip, bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    };
    let sheet = b"<office:document-content/>";
    let mime = b"application/vnd.oasis.opendocument.spreadsheet";
    let zeros = vec![b'0'; 300 << 20];
    let dtd = b"<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>";
    let hostile: Vec<(&str, Vec<u8>)> = vec![
        ("bomb.ods", zip_of(&[("mimetype", mime), ("content.xml", &zeros)])),
        ("up.ods", zip_of(&[("mimetype", mime), ("../../etc/passwd", b"x"), ("content.xml", sheet)])),
        ("entity.ods", zip_of(&[("mimetype", mime), ("content.xml", dtd)])),
        (
            "macro.xlsx",
            zip_of(&[
                ("[Content_Types].xml", sheet),
                ("xl/vbaProject.bin", b"x"),
                ("xl/workbook.xml", sheet),
            ]),
        ),
        ("page.csv", b"<html><script>alert(1)</script></html>".to_vec()),
        ("paper.csv", b"%PDF-1.7\n1 0 obj".to_vec()),
        ("old.ods", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest of an old workbook".to_vec()),
        ("nul.csv", b"a,b\n1,\x00\n".to_vec()),
        ("cut.ods", zip_of(&[("mimetype", mime), ("content.xml", sheet)])[..60].to_vec()),
        ("program.csv", b"\x7fELF\x02\x01\x01".to_vec()),
        ("empty.csv", b"".to_vec()),
    ];
    for (name, bytes) in hostile {
        let page = upload(&app, &who, name, &bytes).await.is(422);
        assert!(
            page.body.contains("id=\"file-error\""),
            "{name} has its message at the field: {}",
            page.text()
        );
    }
    upload(&app, &who, "big.csv", &vec![b'a'; 21 << 20]).await.is(422).says("超過 20 MiB");
    send_file(&app, &who, "/people/import", "0", "x.csv", "姓名\n".as_bytes())
        .await
        .is(403)
        .says("BW-WEB-004");
    upload(&app, &who, "../../x.csv", "name\nx\n".as_bytes()).await.is(422).says("缺少欄位");
    app.get(Some(&who), "/people/import").await.is(200);
}

#[tokio::test]
async fn a_list_is_taken_away_without_formulas_and_that_is_noted() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let who = app.person("ciso", Role::AgencyCiso, a).await;
    for n in 0..250 {
        app.person(&format!("p{n}"), Role::Reporter, a).await;
    }
    app.person("=1+1", Role::Reporter, a).await;
    let csv = app.get(Some(&who), "/people?format=csv&state=active").await.is(200);
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    assert!(csv.headers["content-disposition"].to_str().unwrap().contains("people-2026-11-25.csv"));
    assert_eq!(csv.body.lines().count(), 253, "all pages, and a heading");
    assert!(csv.body.contains("'=1+1先生,'=1+1,A機關,使用中,"), "{}", &csv.body[..200]);
    let ods = app.get(Some(&who), "/people?format=ods&q=p249").await.is(200);
    assert!(ods.headers["content-type"].to_str().unwrap().contains("opendocument.spreadsheet"));
    let scope = bulwark_model::rights::Scope::Everything { without: vec![] };
    let filter = bulwark_store::AuditFilter { object: Some("list/people".into()), ..Default::default() };
    assert_eq!(app.store().audit_page(&scope, &filter, None, 10).await.unwrap().rows.len(), 2);
}

#[tokio::test]
async fn every_list_is_taken_away_by_those_who_may() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let who = app.person("lead", Role::Competent, a).await;
    for list in ["organisations", "people", "keys", "audit", "access-log", "emergency-access"] {
        for format in ["csv", "ods"] {
            let answer = app.get(Some(&who), &format!("/{list}?format={format}")).await.is(200);
            let name = answer.headers["content-disposition"].to_str().unwrap().to_owned();
            assert!(name.contains(&format!("{list}-2026-11-25.{format}")), "{name}");
        }
    }
    let reader = app.person("ciso", Role::AgencyCiso, a).await;
    app.pass(std::time::Duration::from_secs(301));
    assert!(app.get(Some(&reader), "/audit?format=csv").await.is(303).location.starts_with("/step-up"));
    app.get(Some(&reader), "/people?format=csv").await.is(200);
}
