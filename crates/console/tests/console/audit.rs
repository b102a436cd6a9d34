//! The audit log: its list, one entry, the proof, the verification.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use bulwark_console::texts;
use bulwark_model::rights::Role;
use bulwark_store::entity::person::person;
use bulwark_store::{Actor, AuditFilter, Uuid};
use bulwark_testkit::workspace_root;

use crate::support::*;

/// Number of the newest entry with this act in the matter of an organisation.
async fn newest(app: &TestApp, owner: Uuid, action: &str) -> i64 {
    let all = bulwark_model::rights::Scope::Everything { without: vec![] };
    let filter = AuditFilter { owner: Some(owner), action: Some(action.into()), ..AuditFilter::default() };
    app.store().audit_page(&all, &filter, None, 1).await.unwrap().rows[0].seq
}

/// The cells of the list, row by row.
fn cells(page: &Answer) -> Vec<Vec<String>> {
    let body = page.body.split("<tbody>").nth(1).map_or("", |rest| rest.split("</tbody>").next().unwrap());
    let rows = body.split("<tr").skip(1);
    rows.map(|row| {
        let cells = row.split("</t").filter(|part| part.contains("<td") || part.contains("<th"));
        cells
            .map(|cell| {
                let from = cell.rfind("<t").unwrap();
                let text = &cell[from..];
                let mut out = String::new();
                let mut inside = false;
                for c in text.chars() {
                    match c {
                        '<' => inside = true,
                        '>' => inside = false,
                        c if !inside => out.push(c),
                        _ => {}
                    }
                }
                out.trim().to_owned()
            })
            .collect()
    })
    .collect()
}

#[tokio::test]
async fn the_list_holds_ones_own_matters_in_words_newest_first() {
    let app = TestApp::new().await;
    let (a, b) = (app.organisation("A", None).await, app.organisation("B", None).await);
    let ciso = app.person("ciso", Role::AgencyCiso, a).await;
    let admin = app.person("admin", Role::Admin, b).await;
    let lin = app.person("lin", Role::Reporter, a).await;
    app.person("stranger", Role::Reporter, b).await;
    app.post(&admin, &format!("/people/{}/disable", lin.id), &[("reason", "留職停薪")]).await.is(303);

    let page = app
        .get(Some(&ciso), "/audit")
        .await
        .is(200)
        .says("稽核軌跡")
        .hides("stranger先生")
        .hides("登入 平臺自動");
    let rows = cells(&page);
    assert_eq!(
        rows[0][1..],
        ["115-11-25 10:00", "停用帳號", "admin先生", "系統管理者 · B機關", "人員 lin先生"]
    );
    assert!(page.body.contains(&format!("<a href=\"/people/{}\">人員 lin先生</a>", lin.id)));
    assert!(
        !page.body.contains(&format!("/people/{}\"", admin.id)),
        "an account elsewhere is named, not linked"
    );
    let numbers: Vec<i64> = rows.iter().map(|row| row[0][1..].parse().unwrap()).collect();
    assert!(numbers.is_sorted_by(|a, b| a > b) && numbers.len() > 3, "{numbers:?}");
    let whole = app.get(Some(&app.person("acs", Role::Competent, b).await), "/audit").await.is(200);
    whole.says("stranger先生").says("平臺自動").says("系統自動（無人登入）");
    let english =
        app.get(Some(&ciso), "/audit?lang=en").await.is(200).says("Audit log").says("Disabled an account");
    assert_eq!(cells(&english)[0][1], "2026-11-25 10:00");
    assert!(english.body.contains("<html lang=\"en\">"));
    app.get(Some(&admin), "/audit").await.is(403).says("BW-RIGHTS-005");
    app.get(Some(&lin), "/audit").await.is(303);
}

#[tokio::test]
async fn the_list_is_narrowed_and_turned_by_its_address() {
    let app = TestApp::new().await;
    let (a, b) = (app.organisation("A", None).await, app.organisation("B", None).await);
    let acs = app.person("acs", Role::Competent, b).await;
    let ciso = app.person("ciso", Role::AgencyCiso, a).await;
    for n in 0..60 {
        app.person(&format!("p{n}"), Role::Reporter, a).await;
    }
    let first = app.get(Some(&acs), "/audit").await.is(200);
    let rows = cells(&first);
    assert_eq!(rows.len(), 50);
    let last = rows[49][0].trim_start_matches('#').to_owned();
    assert!(first.body.contains(&format!("/audit?after={last}\"")), "the next page begins after {last}");
    let second = app.get(Some(&acs), &format!("/audit?after={last}")).await.is(200);
    assert_eq!(cells(&second)[0][0], format!("#{}", last.parse::<i64>().unwrap() - 1));
    assert!(second.body.contains("第一頁"));

    app.post(&ciso, "/log-out", &[]).await.is(303);
    let by = app.get(Some(&acs), "/audit?person=ciso").await.is(200);
    assert_eq!(cells(&by).iter().map(|row| row[2].as_str()).collect::<Vec<_>>(), ["登出"]);
    let by_id = app.get(Some(&acs), &format!("/audit?person={}", ciso.id)).await.is(200);
    assert_eq!(cells(&by_id), cells(&by));
    let of = app.get(Some(&acs), &format!("/audit?object=person/{}", ciso.id)).await.is(200);
    assert_eq!(cells(&of).iter().map(|row| row[2].as_str()).collect::<Vec<_>>(), ["建立帳號"]);
    let kinds = app.get(Some(&acs), "/audit?action=organisation.&organisation=A").await.is(200);
    let kinds: Vec<Vec<String>> = cells(&kinds);
    assert_eq!((kinds.len(), kinds[0][2].as_str(), kinds[0][5].as_str()), (1, "新增機關", "機關 A機關"));
    for nothing in
        ["person=nobody", "organisation=ZZ", "object=person/x", "action=nothing.", "after=x", "after=0"]
    {
        let page = app.get(Some(&acs), &format!("/audit?{nothing}")).await.is(200);
        assert!(cells(&page).is_empty(), "{nothing}");
    }
    app.get(Some(&acs), "/audit?person=nobody").await.is(200).says("沒有符合條件的資料");
}

#[tokio::test]
async fn an_entry_shows_all_it_holds_and_its_reason_until_that_is_erased() {
    let app = TestApp::new().await;
    let (a, b) = (app.organisation("A", None).await, app.organisation("B", None).await);
    let ciso = app.person("ciso", Role::AgencyCiso, a).await;
    let other = app.person("other", Role::AgencyCiso, b).await;
    let lin = app.person("lin", Role::Reporter, a).await;
    app.post(&ciso, &format!("/people/{}/disable", lin.id), &[("reason", "留職停薪 <b>")]).await.is(303);
    let seq = newest(&app, a, "person.disable").await;
    let page = app.get(Some(&ciso), &format!("/audit/{seq}")).await.is(200);
    let page = page
        .says(&format!("稽核紀錄 #{seq}"))
        .says("停用帳號")
        .says("person.disable")
        .says("115-11-25 10:00:00");
    let page = page.says("2026-11-25T02:00:00Z").says("留職停薪 &lt;b&gt;").says("機關資安長 · A機關");
    let row = app.store().audit_leaf(seq).await.unwrap();
    let page = page.says(&row.hash);
    assert!(page.body.contains(&format!("/audit?object=person%2F{}", lin.id)), "all about the same");
    app.get(Some(&ciso), &format!("/audit/{seq}?lang=en")).await.is(200).says(&format!("Entry #{seq}"));

    let essence = |answer: Answer| {
        let number = answer.headers["x-request-id"].to_str().unwrap().to_owned();
        answer.body.replace(&number, "N").replace(&seq.to_string(), "S").replace("999999", "S")
    };
    let foreign = app.get(Some(&other), &format!("/audit/{seq}")).await.is(404);
    let missing = app.get(Some(&other), "/audit/999999").await.is(404);
    assert_eq!(essence(foreign), essence(missing));
    for odd in ["x", "-1", "99999999999999999999", "1.5"] {
        app.get(Some(&ciso), &format!("/audit/{odd}")).await.is(404).says("BW-RIGHTS-003");
    }

    app.store().erase_reason(&Actor::system("test"), seq).await.unwrap();
    let page = app.get(Some(&ciso), &format!("/audit/{seq}")).await.is(200).hides("留職停薪");
    page.says("理由已清除");
    let erased = newest(&app, a, "person.create").await;
    app.get(Some(&ciso), &format!("/audit/{erased}")).await.is(200).says("當時沒有填寫理由");
}

#[tokio::test]
async fn a_proof_is_of_one_entry_checks_without_the_platform_and_is_recorded() {
    let app = TestApp::new().await;
    let (a, b) = (app.organisation("A", None).await, app.organisation("B", None).await);
    let ciso = app.person("ciso", Role::AgencyCiso, a).await;
    let other = app.person("other", Role::AgencyCiso, b).await;
    let lin = app.person("lin", Role::Reporter, a).await;
    app.post(&ciso, &format!("/people/{}/disable", lin.id), &[("reason", "離職")]).await.is(303);
    let seq = newest(&app, a, "person.disable").await;
    let path = format!("/audit/{seq}/proof");
    app.get(Some(&ciso), &format!("/audit/{seq}")).await.is(200).says("下載證明檔");
    let file = app.get(Some(&ciso), &path).await.is(200);
    assert_eq!(
        file.headers["content-disposition"],
        format!("attachment; filename=\"audit-{seq}.json\"").as_str()
    );
    let proof: serde_json::Value = serde_json::from_str(&file.body).unwrap();
    let leaves = proof["leaves"].as_array().unwrap();
    assert_eq!(
        (leaves.len(), leaves[0]["seq"].as_i64()),
        (1, Some(seq)),
        "not the other entries of the object"
    );
    let covered: serde_json::Value =
        serde_json::from_str(&app.get(Some(&ciso), &path).await.is(200).body).unwrap();
    assert_eq!(covered["leaves"], proof["leaves"], "nor when a signed root covers them already");
    assert_eq!(cells(&app.get(Some(&ciso), "/audit").await)[0][2], "下載稽核證明");
    if let Some(python) = bulwark_testkit::program(&["python3"]) {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("proof.json");
        std::fs::write(&place, &file.body).unwrap();
        let check = |place: &Path| {
            let output = Command::new(&python)
                .arg(workspace_root().join("tools/audit-verify"))
                .args(["proof", &place.display().to_string()])
                .output()
                .unwrap();
            String::from_utf8_lossy(&output.stdout).into_owned()
        };
        assert!(check(&place).starts_with("ok: 1 leaves"), "{}", check(&place));
        std::fs::write(&place, file.body.replace("person.disable", "person.enabled")).unwrap();
        assert!(check(&place).starts_with("bad: "), "{}", check(&place));
    }

    app.get(Some(&other), &path).await.is(404);
    app.pass(Duration::from_mins(6));
    let late = app.get(Some(&ciso), &path).await.is(303);
    assert!(late.location.starts_with("/step-up?next="), "{}", late.location);
}

#[tokio::test]
async fn the_whole_log_is_verified_and_the_first_bad_entry_named() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let (admin, acs) =
        (app.person("admin", Role::Admin, a).await, app.person("acs", Role::Competent, a).await);
    let reporter = app.person("rep", Role::Reporter, a).await;
    app.get(Some(&reporter), "/audit/verify").await.is(403);
    app.post(&reporter, "/audit/verify", &[]).await.is(403);
    let page = app.get(Some(&admin), "/audit/verify").await.is(200).says("還沒有驗證過");
    assert!(!page.body.contains("href=\"/audit\""), "who may not read the log is not led to it");
    app.store().checkpoint().await.unwrap();
    let done = app.post(&admin, "/audit/verify", &[]).await.is(303);
    assert_eq!(done.location, "/audit/verify?done=1");
    let page = app.get(Some(&admin), &done.location).await.is(200).says("驗證完成：軌跡完整。");
    let last = app.store().last_verification().await.unwrap().unwrap();
    let page = page.says("結果 完整").says("115-11-25 10:00").says("admin先生").says(&last.report.root);
    page.says(&format!("筆數 {}", last.report.leaves)).says("目前的簽署值");
    let seq = newest(&app, a, "audit.verify_chain").await;
    app.get(Some(&acs), &format!("/audit/{seq}")).await.is(200).says("驗證稽核軌跡").says("admin先生");

    // One letter of one line of the file; the database still has what was there.
    let file = app.store().config().audit_file();
    let text = std::fs::read_to_string(&file).unwrap();
    let bad = text.replacen("role_grant.create", "role_grant.creatd", 1);
    assert_ne!(bad, text);
    let line =
        bad.lines().filter(|line| line.starts_with("{\"action\"")).position(|line| line.contains("creatd"));
    std::fs::write(&file, bad).unwrap();
    app.post(&acs, "/audit/verify", &[]).await.is(303);
    let page = app.get(Some(&acs), "/audit/verify?done=1").await.is(200).says("發現異常").says("結果 異常");
    let page =
        page.says(&format!("第一筆異常 #{}", line.unwrap())).says("稽核檔中的這一筆遭到改動").says("acs先生");
    page.says("不要刪除或還原任何檔案");
    let english = app.get(Some(&acs), "/audit/verify?lang=en").await.is(200);
    english.says("This entry was altered in the audit file").hides("發現異常");
    std::fs::write(&file, text).unwrap();
}

/// The acts that the sources of the store and the console write into the log, as far as a look at the text finds them.
fn acts_of_the_sources() -> BTreeSet<String> {
    fn files(dir: &Path, out: &mut Vec<String>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path, out);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                out.push(std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut sources = Vec::new();
    for dir in ["crates/store/src", "crates/console/src", "crates/bulwark/src"] {
        files(&workspace_root().join(dir), &mut sources);
    }
    // `name = "table"` of the macro `table!`.
    let mut tables = std::collections::BTreeMap::new();
    for source in &sources {
        for part in source.split("table! {").skip(1) {
            let line = part.lines().find(|line| line.contains(" = \"")).unwrap_or_default();
            if let Some((name, rest)) = line.trim().split_once(" = \"") {
                tables.insert(name.to_owned(), rest.split('"').next().unwrap().to_owned());
            }
        }
    }
    let mut acts = BTreeSet::new();
    for source in &sources {
        let flat: String = source.split_whitespace().collect();
        for (call, fixed) in
            [(".insert::<", Some("create")), (".delete::<", Some("delete")), (".update::<", None)]
        {
            for part in flat.split(call).skip(1) {
                let Some((path, rest)) = part.split_once("::Entity>(") else { continue };
                let Some(table) = tables.get(path.rsplit("::").next().unwrap()) else { continue };
                let act = fixed
                    .map(str::to_owned)
                    .or_else(|| Some(rest.strip_prefix('"')?.split('"').next()?.to_owned()));
                acts.extend(act.map(|act| format!("{table}.{act}")));
            }
        }
        for part in flat.split(".audit(\"").skip(1).chain(flat.split(".audit_of(").skip(1)) {
            let code = part.split('"').find(|word| {
                word.contains('.') && word.chars().all(|c| c.is_ascii_lowercase() || "._".contains(c))
            });
            acts.extend(code.filter(|code| part.find(*code).is_some_and(|at| at < 60)).map(str::to_owned));
        }
    }
    acts
}

#[test]
fn every_act_of_the_log_has_words() {
    let mut acts = acts_of_the_sources();
    assert!(
        acts.len() > 25 && acts.contains("role_grant.end") && acts.contains("retention.apply"),
        "{acts:?}"
    );
    // Those whose codes are put together where they are written.
    for code in ["confirm", "refuse", "withdraw", "expire"] {
        acts.insert(format!("pending_act.{code}"));
    }
    acts.extend(["organisation.move", "job.revive", "clock.jumped"].map(str::to_owned));
    let missing: Vec<&String> =
        acts.iter().filter(|code| texts().get(&format!("audit.act.{code}")).is_none()).collect();
    assert!(missing.is_empty(), "no words for {missing:?}");
    let kinds = acts.iter().filter_map(|code| code.split_once('.')).map(|(kind, _)| kind);
    let missing: Vec<&str> = kinds
        .filter(|kind| *kind != "audit" && texts().get(&format!("audit.kind.{kind}")).is_none())
        .collect();
    assert!(missing.is_empty(), "no words for {missing:?}");
}

#[tokio::test]
async fn an_erased_person_has_no_name_in_the_log() {
    let app = TestApp::new().await;
    let a = app.organisation("A", None).await;
    let ciso = app.person("ciso", Role::AgencyCiso, a).await;
    let lin = app.person("lin", Role::Reporter, a).await;
    app.post(&lin, "/log-out", &[]).await.is(303);
    app.get(Some(&ciso), "/audit").await.is(200).says("lin先生");
    let row = app.store().get::<person::Entity>(lin.id).await.unwrap();
    let actor = Actor::system("test");
    app.store().write(&actor, |tx| Box::pin(async move { tx.erase_person(row).await })).await.unwrap();
    app.get(Some(&ciso), "/audit").await.is(200).hides("lin先生").says("（已清除）");
}
