//! The configuration as whoever runs the machine meets it.

mod support;

use std::path::Path;

use assert_cmd::Command;
use support::{bulwark, code, err, out};

fn with_variable(folder: &Path, name: &str, value: &str, args: &[&str]) -> std::process::Output {
    let mut command = Command::cargo_bin("bulwark").expect("the binary is built");
    command.current_dir(folder).env(name, value).args(args).output().expect("it runs")
}

#[test]
fn every_mistake_has_line_column_and_the_nearest_right_word() {
    let dir = tempfile::tempdir().expect("a folder");
    let text = "[server]\nlisen = \"x\"\ntls = \"on\"\nhealth_listen = \"0.0.0.0:1\"\norigin = \"http://bulwark.example\"\n\
                [limits]\nconnections = \"12\"\n[sever]\n[session]\nhours = 90\n";
    std::fs::write(dir.path().join("bulwark.toml"), text).expect("writable");
    let o = bulwark(dir.path(), &["--lang", "en", "config", "check"]);
    assert_eq!((code(&o), out(&o).as_str()), (2, ""));
    insta::assert_snapshot!(err(&o), @r#"
    bulwark.toml:2:1: [BW-CONF-002] There is no setting `server.lisen`
      hint: Is it `server.listen`? `bulwark config example` lists all settings.
    bulwark.toml:3:7: [BW-CONF-004] `server.tls` cannot be “on”
      hint: It takes: "off", "own-ca", "files".
    bulwark.toml:4:17: [BW-CONF-004] `server.health_listen` cannot be “0.0.0.0:1”
      hint: It takes: an address of this machine with a port, such as 127.0.0.1:8621.
    bulwark.toml:5:10: [BW-CONF-004] `server.origin` cannot be “http://bulwark.example”
      hint: It takes: https:// and a host name (with a port if need be), or http://localhost with a port; no slash at the end.
    bulwark.toml:7:15: [BW-CONF-003] `limits.connections` has the wrong type; it takes a whole number
      hint: `bulwark config example` shows how each is written.
    bulwark.toml:8:2: [BW-CONF-002] There is no setting `[sever]`
      hint: Is it `server`? `bulwark config example` lists all settings.
    bulwark.toml:10:9: [BW-CONF-004] `session.hours` cannot be “90”
      hint: It takes: a whole number from 1 to 24.
    "#);
    std::fs::write(dir.path().join("bulwark.toml"), "[server\n").expect("writable");
    let o = bulwark(dir.path(), &["config", "check"]);
    assert!(err(&o).starts_with("bulwark.toml:1:8: [BW-CONF-001] 設定檔不是正確的 TOML"), "{}", err(&o));
}

#[test]
fn each_value_says_where_it_came_from_and_secrets_stay_hidden() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("my.toml"), "[session]\nhours = 8\n").expect("writable");
    let args = ["--lang", "en", "config", "show", "--origin", "--config", "my.toml", "--store", "data"];
    let o = with_variable(dir.path(), "BULWARK__STORE__URL", "postgresql://u:hunter2@db/x", &args);
    assert_eq!(code(&o), 0, "{}", err(&o));
    insta::assert_snapshot!(out(&o), @r#"
    [server]
    listen = "127.0.0.1:8620"  # default
    tls = "off"  # default
    health_listen = "127.0.0.1:8621"  # default

    [store]
    dir = "data"  # --store
    database = "sqlite"  # default
    url = "***"  # BULWARK__STORE__URL

    [session]
    hours = 8  # my.toml:2:1
    idle_minutes = 30  # default

    [limits]
    requests_per_second = 50  # default
    connections = 1024  # default
    connections_per_address = 256  # default
    "#);
    let o = with_variable(dir.path(), "BULWARK__SERVER__LISTN", "x", &["--lang", "en", "config", "check"]);
    assert_eq!(code(&o), 2);
    assert!(err(&o).contains("Is it `BULWARK__SERVER__LISTEN`?"), "{}", err(&o));
}

#[test]
fn a_secret_comes_from_a_closed_file_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().expect("a folder");
    let (toml, url) = (dir.path().join("bulwark.toml"), dir.path().join("url"));
    std::fs::write(&toml, "[store]\ndatabase = \"postgres\"\nurl_file = \"url\"\n").expect("writable");
    std::fs::write(&url, "postgresql://u:hunter2@db/x\n").expect("writable");
    let set = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("ours");
    };
    let check = || bulwark(dir.path(), &["config", "check"]);
    set(&url, 0o644);
    let o = check();
    assert_eq!(code(&o), 2);
    assert!(err(&o).contains("[BW-CONF-006]") && err(&o).contains("0644"), "{}", err(&o));
    assert!(!err(&o).contains("hunter2"));
    set(&url, 0o600);
    assert_eq!(code(&check()), 0);
    std::fs::write(&toml, "[store]\ndatabase = \"postgres\"\nurl = \"postgresql://u:hunter2@db/x\"\n")
        .expect("writable");
    set(&toml, 0o644);
    assert!(err(&check()).contains("[BW-CONF-006]"), "a secret in the open configuration file is refused");
    set(&toml, 0o600);
    assert_eq!(code(&check()), 0);
}

#[test]
fn the_example_is_right_complete_and_the_one_in_the_repository() {
    let dir = tempfile::tempdir().expect("a folder");
    let example = out(&bulwark(dir.path(), &["config", "example"]));
    let path = bulwark_testkit::workspace_root().join("bulwark.example.toml");
    #[expect(
        clippy::disallowed_methods,
        reason = "writing golden files again is asked for by the environment"
    )]
    if std::env::var_os("BULWARK_UPDATE").is_some() {
        std::fs::write(&path, &example).expect("writable");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == example, "bulwark.example.toml: BULWARK_UPDATE=1 cargo test -p bulwark --test config");
    std::fs::write(dir.path().join("bulwark.toml"), &example).expect("writable");
    let o = bulwark(dir.path(), &["config", "check"]);
    assert_eq!(code(&o), 0, "{}", err(&o));
    let of_file = out(&bulwark(dir.path(), &["config", "show"]));
    std::fs::remove_file(dir.path().join("bulwark.toml")).expect("there");
    assert_eq!(of_file, out(&bulwark(dir.path(), &["config", "show"])), "it says what holds without it");
}

#[test]
fn the_service_gives_up_what_it_does_not_need_and_systemd_reads_its_files() {
    let folder = bulwark_testkit::workspace_root().join("packaging");
    let unit = std::fs::read_to_string(folder.join("bulwark.service")).expect("the unit");
    for line in [
        "Type=notify",
        "User=bulwark",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
        "ProtectSystem=strict",
        "PrivateTmp=yes",
        "MemoryDenyWriteExecute=yes",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
        "SystemCallFilter=~@privileged",
        "StateDirectoryMode=0700",
        "UMask=0077",
    ] {
        assert!(unit.lines().any(|found| found == line), "{line}");
    }
    let manifest =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).expect("ours");
    let packed: Vec<&str> = manifest.split('"').filter(|word| word.starts_with("../../")).collect();
    assert!(packed.len() >= 7, "{packed:?}");
    for path in packed {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists(), "{path}");
    }
    let Some(analyze) = bulwark_testkit::program(&["systemd-analyze"]) else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let mut files = Vec::new();
    for name in ["bulwark.service", "bulwark.socket", "bulwark-backup.service", "bulwark-backup.timer"] {
        let text = std::fs::read_to_string(folder.join(name))
            .expect("a unit")
            .replace("/usr/bin/bulwark", "/bin/true");
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("writable");
        files.push(path);
    }
    let o = std::process::Command::new(analyze).arg("verify").args(files).output().expect("it runs");
    // It may have something to say about other units of this machine.
    assert!(o.status.success() && !err(&o).contains("bulwark"), "{}", err(&o));
}
