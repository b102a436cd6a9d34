//! `bulwark org import`: the public list of 8,189 bodies, small lists with every kind of mistake, and a server that runs.

#[path = "support/server.rs"]
mod server;
mod support;

use std::path::Path;
use std::process::Output;

use bulwark_testkit::shared_data;
use server::Server;
use support::{bulwark, code, err, out};

fn import(dir: &Path, args: &[&str]) -> Output {
    bulwark(dir, &[&["--lang", "en", "org", "import"], args, &["--store", "store"]].concat())
}

/// A store in a folder.
fn store() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    assert!(Server::start(dir.path(), "store").stop().0.success());
    dir
}

#[track_caller]
fn verified(dir: &Path) {
    let o = bulwark(dir, &["--lang", "en", "audit", "verify", "--store", "store"]);
    assert!(code(&o) == 0 && out(&o).starts_with("ok, "), "{}{}", out(&o), err(&o));
}

#[test]
fn the_public_list_goes_in_with_its_tree_and_once() {
    let Some(data) = shared_data("incident-grc") else { return };
    let list = data.join("gov_oid_2018.csv").display().to_string();
    let dir = store();
    let o = import(dir.path(), &[&list, "--dry-run"]);
    assert_eq!(code(&o), 0, "{}", err(&o));
    for words in [
        "8,189 rows (UTF-8)",
        "new 8,189, renamed 0, moved 0",
        "543 bodies without their upper one in the file (orphans)",
        "3 of them have it in the file, with white space around the OID",
        "row 20 第三隊: 2.16.886.101.20003.20001.20001.20014 is missing, put under 內政部警政署",
        "Dry run: nothing was written.",
    ] {
        assert!(out(&o).contains(words), "{words}: {}", out(&o));
    }
    assert!(out(&import(dir.path(), &[&list])).contains("Written in "));
    let again = import(dir.path(), &[&list]);
    assert!(
        out(&again).contains("unchanged 8,189") && out(&again).contains("nothing to do"),
        "{}",
        out(&again)
    );
    verified(dir.path());

    let changes = data.join("gov_oid_changes.csv").display().to_string();
    let o = import(dir.path(), &[&changes]);
    assert_eq!(code(&o), 3, "rows that are wrong stop all of it");
    assert!(out(&o).contains("18 rows are wrong and nothing was written"), "{}", out(&o));
    let o = import(dir.path(), &[&changes, "--skip-bad", "--errors", "wrong.csv"]);
    assert_eq!(code(&o), 0, "{}{}", out(&o), err(&o));
    assert!(out(&o).contains("衛生福利部 takes the place of 衛生署 from 2013-07-23"), "{}", out(&o));
    let wrong = std::fs::read_to_string(dir.path().join("wrong.csv")).expect("written");
    assert_eq!(wrong.lines().count(), 19, "{wrong}");
    assert!(wrong.contains("行政院主計處") && wrong.contains("BW-INV-026"), "{wrong}");
    verified(dir.path());
}

#[test]
fn wrong_rows_are_named_and_a_mapping_is_kept() {
    let dir = store();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).expect("writable");
    write("odd.csv", "單位全銜,識別碼\n甲,2.16.1\n乙,2.16.x\n丙,2.16.1\n");
    let o = import(dir.path(), &["odd.csv"]);
    assert!(code(&o) == 2 && err(&o).contains("BW-INV-001") && err(&o).contains("單位全銜"), "{}", err(&o));
    let o = import(dir.path(), &["odd.csv", "--column", "nome=單位全銜"]);
    assert!(code(&o) == 2 && err(&o).contains("BW-CLI-050"), "{}", err(&o));
    let columns = ["--column", "name=單位全銜", "--column", "oid=識別碼"];
    let o = import(dir.path(), &[&["odd.csv"], &columns[..]].concat());
    let said = out(&o);
    assert!(
        code(&o) == 3 && said.contains("B3: [BW-INV-013]") && said.contains("B4: [BW-INV-012]"),
        "{said}"
    );
    let o = import(dir.path(), &[&["odd.csv", "--skip-bad", "--save-mapping", "odd"], &columns[..]].concat());
    assert_eq!(code(&o), 0, "{}{}", out(&o), err(&o));
    write("odd2.csv", "單位全銜,識別碼\n甲部,2.16.1\n");
    let o = import(dir.path(), &["odd2.csv", "--mapping", "none"]);
    assert!(code(&o) == 2 && err(&o).contains("BW-CLI-051"), "{}", err(&o));
    let o = import(dir.path(), &["odd2.csv", "--mapping", "odd", "--from", "115/2/29"]);
    assert_eq!(code(&o), 2, "{}", out(&o));
    let o = import(dir.path(), &["odd2.csv", "--mapping", "odd"]);
    assert!(code(&o) == 0 && out(&o).contains("renamed 1"), "{}{}", out(&o), err(&o));
    let o = import(dir.path(), &["missing.csv"]);
    assert!(code(&o) == 2 && err(&o).contains("BW-CLI-052"), "{}", err(&o));
    write("circle.csv", "name,code,parent\n甲,a,b\n乙,b,a\n丙,c,\n");
    let o = import(dir.path(), &["circle.csv"]);
    assert!(code(&o) == 3 && out(&o).matches("BW-INV-020").count() == 2, "{}", out(&o));
    verified(dir.path());
}

#[test]
fn a_server_that_runs_writes_the_list_itself() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = Server::start(dir.path(), "store");
    let rows: Vec<String> = (1..=3000).map(|n| format!("機關{n},2.16.886.1.{n}")).collect();
    std::fs::write(dir.path().join("list.csv"), format!("name,oid\n{}\n", rows.join("\n")))
        .expect("writable");
    let o = import(dir.path(), &["list.csv"]);
    assert!(code(&o) == 0 && out(&o).contains("Written in "), "{}{}", out(&o), err(&o));
    let o = import(dir.path(), &["list.csv"]);
    assert!(out(&o).contains("unchanged 3,000"), "{}", out(&o));
    assert!(server.stop().0.success());
    verified(dir.path());
}
