//! The command line as a newcomer meets it: stdout, stderr, exit code.

mod support;

use support::{bulwark, code, err, out};

#[test]
fn init_writes_a_plan_once_and_plan_check_says_what_is_missing() {
    let dir = tempfile::tempdir().expect("a folder");
    let o = bulwark(dir.path(), &["cruise", "init"]);
    assert_eq!(code(&o), 0);
    assert!(out(&o).contains("bulwark cruise plan check plan.toml"));
    let again = bulwark(dir.path(), &["cruise", "init"]);
    assert_eq!(code(&again), 2, "never overwritten");
    assert!(err(&again).contains("BW-CLI-002"));

    let o = bulwark(dir.path(), &["cruise", "plan", "check", "plan.toml"]);
    assert_eq!(code(&o), 2);
    assert!(err(&o).contains("plan.toml:7:1: [BW-PLAN-003] 缺少必填的 `system.name`"), "{}", err(&o));
    let o = bulwark(dir.path(), &["--lang", "en", "cruise", "plan", "check", "plan.toml"]);
    assert!(err(&o).contains("3 mistakes."), "{}", err(&o));
}

#[test]
fn checks_are_listed_for_people_programs_and_pipes() {
    let dir = tempfile::tempdir().expect("a folder");
    let ids = out(&bulwark(dir.path(), &["cruise", "checks", "--format", "ids"]));
    assert!(ids.lines().count() >= 50);
    for domain in ["network", "architecture", "function", "db_io", "end_user", "data_mgmt", "vuln"] {
        let of = ids.lines().filter(|l| l.starts_with(&format!("{domain}."))).count();
        assert!(of >= 6, "{domain}: {of}");
        let only = out(&bulwark(dir.path(), &["cruise", "checks", "--format", "ids", "--only", domain]));
        assert_eq!(only.lines().count(), of);
    }
    let json: serde_json::Value =
        serde_json::from_str(&out(&bulwark(dir.path(), &["cruise", "checks", "--format", "json"])))
            .expect("JSON");
    assert_eq!(json.as_array().map(Vec::len), Some(ids.lines().count()));
    let table = out(&bulwark(dir.path(), &["cruise", "checks"]));
    assert!(table.lines().next().is_some_and(|l| l.contains("檢查什麼")));
}

#[test]
fn explain_knows_checks_and_codes_and_says_so_when_it_does_not() {
    let dir = tempfile::tempdir().expect("a folder");
    let o = bulwark(dir.path(), &["explain", "network.hsts"]);
    assert!(out(&o).contains("為什麼重要") && out(&o).contains("RFC 6797"), "{}", out(&o));
    let o = bulwark(dir.path(), &["--lang", "en", "explain", "bw-plan-002"]);
    assert!(out(&o).contains("Unknown key"), "{}", out(&o));
    let o = bulwark(dir.path(), &["explain", "network.htst"]);
    assert_eq!(code(&o), 2);
    assert!(err(&o).contains("BW-CLI-001"));
}

#[test]
fn this_machine_is_checked_sealed_verified_and_judged_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let run = bulwark(dir.path(), &["cruise", "run", "--self", "--out", "c1"]);
    assert!([0, 1, 3, 4].contains(&code(&run)), "{}", err(&run));
    assert!(out(&run).contains("未比對弱點資料庫"), "what is not known is said: {}", out(&run));
    for file in ["report.html", "report.json", "report.md", "result.bwr"] {
        assert!(dir.path().join("c1").join(file).is_file(), "{file}");
    }
    assert!(!dir.path().join("c1/.run").exists(), "the journal is gone");
    assert!(err(&run).contains("req/s"), "progress goes to stderr: {}", err(&run));

    let verified = bulwark(dir.path(), &["cruise", "verify", "c1/result.bwr"]);
    assert_eq!(code(&verified), 0);
    assert!(
        out(&verified).contains("signature ok, ") && out(&verified).contains(" records"),
        "{}",
        out(&verified)
    );
    assert!(out(&verified).contains("本機金鑰"));

    let again = bulwark(dir.path(), &["cruise", "reevaluate", "c1/result.bwr", "--out", "c2"]);
    assert_eq!(code(&again), code(&run), "{}", err(&again));
    assert!(out(&again).contains("new: 0") && out(&again).contains("fixed: 0"), "{}", out(&again));
    assert!(
        std::fs::read_to_string(dir.path().join("c2/report.md"))
            .expect("a report")
            .contains("以既有佐證重新判定")
    );

    let second = bulwark(dir.path(), &["--lang", "en", "cruise", "run", "--self", "--out", "c1"]);
    assert!(out(&second).contains("compared with") && out(&second).contains("new: 0"), "{}", out(&second));
    assert_eq!(std::fs::read_dir(dir.path().join("c1/previous")).expect("kept").count(), 1);
}

#[test]
fn an_altered_result_is_refused_and_the_record_named() {
    let dir = tempfile::tempdir().expect("a folder");
    bulwark(dir.path(), &["cruise", "run", "--self", "--out", "c1"]);
    let path = dir.path().join("c1/result.bwr");
    let mut bytes = std::fs::read(&path).expect("a result");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, &bytes).expect("writable");
    let o = bulwark(dir.path(), &["cruise", "verify", "c1/result.bwr"]);
    assert_eq!(code(&o), 3);
    assert!(err(&o).contains("BW-BUNDLE-"), "{}", err(&o));
    let o = bulwark(dir.path(), &["cruise", "reevaluate", "c1/result.bwr", "--out", "c2"]);
    assert_eq!(code(&o), 3);
    assert!(!dir.path().join("c2").exists(), "nothing is written from an altered result");
}

#[test]
fn a_target_outside_the_scope_is_refused_by_address() {
    let dir = tempfile::tempdir().expect("a folder");
    // From the Internet a loopback address is our own machine, never the target.
    let plan = "[system]\nname = \"a\"\nagency = \"b\"\nsecurity_level = \"basic\"\n[[scope.host]]\nname = \"127.0.0.9\"\nports = [9]\n[approval]\nby = \"王\"\non = \"115-11-20\"\n";
    std::fs::write(dir.path().join("plan.toml"), plan).expect("writable");
    let o = bulwark(
        dir.path(),
        &["cruise", "run", "--plan", "plan.toml", "--out", "o", "--only", "network", "--reason", "測試"],
    );
    assert!(err(&o).contains("BW-RUN-010") && err(&o).contains("127.0.0.9"), "{}", err(&o));
    assert_eq!(code(&o), 3, "{}\n{}", out(&o), err(&o));
}

#[test]
fn usage_errors_and_broken_plans_end_with_two() {
    let dir = tempfile::tempdir().expect("a folder");
    assert_eq!(code(&bulwark(dir.path(), &["cruise", "run"])), 2);
    assert_eq!(code(&bulwark(dir.path(), &["cruise", "run", "--plan", "none.toml", "--out", "o"])), 2);
    std::fs::write(dir.path().join("big5.toml"), b"[system]\nname = \"\xa4\xa4\xa4\xe5\"\n")
        .expect("writable");
    let o = bulwark(dir.path(), &["cruise", "run", "--plan", "big5.toml", "--out", "o"]);
    assert_eq!(code(&o), 2);
    assert!(err(&o).contains("BW-PLAN-019") && err(&o).contains("iconv"), "{}", err(&o));
}

/// A folder made on an old system may have a name in Big5.
#[cfg(unix)]
#[test]
fn a_folder_whose_name_is_not_utf8_is_no_obstacle() {
    use std::os::unix::ffi::OsStrExt as _;

    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().join(std::ffi::OsStr::from_bytes(b"\xa4\xa4\xa4\xe5"));
    std::fs::create_dir(&folder).expect("made");
    let run = bulwark(&folder, &["cruise", "run", "--self", "--out", "c1"]);
    assert!([0, 1, 3, 4].contains(&code(&run)), "{}", err(&run));
    let again = bulwark(&folder, &["cruise", "reevaluate", "c1/result.bwr", "--out", "c2"]);
    assert_eq!(code(&again), code(&run), "{}", err(&again));
}

#[test]
fn messages_that_nobody_reads_change_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let status = std::process::Command::new(env!("CARGO_BIN_EXE_bulwark"))
        .current_dir(dir.path())
        .env("BULWARK_HOME", dir.path().join("home"))
        .args(["cruise", "plan", "check", "none.toml"])
        .stderr(writer)
        .status()
        .expect("it runs");
    assert_eq!(status.code(), Some(2));
}

#[test]
fn fields_are_validated_line_by_line_and_nothing_is_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |kind: &str, input: &str| {
        assert_cmd::Command::cargo_bin("bulwark")
            .expect("the binary is built")
            .current_dir(folder.path())
            .args(["validate", kind])
            .write_stdin(input)
            .output()
            .expect("it runs")
    };
    let o = run("person-id", "\"A123456789\"\n\"A123456788\"\nnot json\n\n\"OA33907570\"");
    let text = out(&o);
    let lines: Vec<serde_json::Value> =
        text.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert_eq!((&lines[0]["valid"], &lines[0]["kind"]), (&true.into(), &"national_id".into()));
    assert_eq!((&lines[0]["reason"], &lines[0]["normalised"]), (&().into(), &"A123456789".into()));
    assert_eq!((&lines[1]["reason"], &lines[1]["masked"]), (&"checksum".into(), &"A12****788".into()));
    assert_eq!(lines[2]["reason"], "not_a_json_string");
    assert_eq!(
        (&lines[3]["kind"], &lines[3]["advice"][0]),
        (&"arc_old".into(), &"old_residence_number".into())
    );
    assert!(err(&o).contains("BW-CLI-025"), "{}", err(&o));
    assert_eq!(code(&o), 1);
    assert_eq!(code(&run("person-id", "\"A123456789\"")), 0);
    assert_eq!(code(&run("person-id", "17")), 3);
    assert_eq!(code(&run("shoe-size", "")), 2);
    // Not UTF-8, and half of a pair of surrogates: answered, and the next line as well.
    let o = assert_cmd::Command::cargo_bin("bulwark")
        .expect("the binary is built")
        .args(["validate", "postcode"])
        .write_stdin(b"\"\xa4\xa4\"\n\"\\ud800\"\n\"10048\"\n".to_vec())
        .output()
        .expect("it runs");
    let text = out(&o);
    assert!(text.lines().count() == 3 && text.contains("retired_3_plus_2"), "{text}");
    assert_eq!(code(&o), 3);
    let o = bulwark(folder.path(), &["validate", "roc-date", "112/2/29"]);
    assert!(
        code(&o) == 1 && out(&o).contains("day_not_in_month") && !out(&o).contains("2/29"),
        "{}",
        out(&o)
    );
}

#[test]
fn one_value_is_answered_in_words_of_either_language() {
    let folder = tempfile::tempdir().expect("a folder");
    let one = |args: &[&str]| {
        let o = bulwark(folder.path(), &[&["validate"], args].concat());
        (code(&o), out(&o))
    };
    assert_eq!(one(&["roc-date", "113/2/29"]), (0, "日期：民國 113 年 2 月 29 日 符合規則\n".to_owned()));
    assert_eq!(
        one(&["--lang", "en", "person-id", "a123456789"]),
        (0, "National ID number: A123456789 fits the rule\n".to_owned())
    );
    let (exit, text) = one(&["national-id", "A123456788"]);
    assert_eq!((exit, text.contains("A12****788") && text.contains("檢查碼")), (1, true), "{text}");
    let (_, text) = one(&["--lang", "en", "residence-id", "OA33907570"]);
    assert!(text.contains("31 December 2030"), "{text}");
    let (exit, text) = one(&["--list"]);
    assert_eq!((exit, text.lines().count()), (0, 9), "{text}");
    assert_eq!(one(&["--list", "name"]).0, 2);
}

/// A folder in place of a file can be opened and not read.
#[cfg(unix)]
#[test]
fn standard_input_that_cannot_be_read_is_no_success() {
    let o = std::process::Command::new(env!("CARGO_BIN_EXE_bulwark"))
        .args(["validate", "name"])
        .stdin(std::fs::File::open(env!("CARGO_MANIFEST_DIR")).expect("a folder"))
        .output()
        .expect("it runs");
    assert_eq!(code(&o), 3);
    assert!(err(&o).contains("BW-CLI-022"), "{}", err(&o));
}
