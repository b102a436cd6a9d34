//! Running an installation: start, stop, look after, back up, restore.

#[path = "support/server.rs"]
mod server;
mod support;

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rustix::process::Signal;
use server::{Server, talk};
use support::{bulwark, code, err, out};

/// `bulwark --lang en ARGS --store store`.
fn on_store(folder: &Path, args: &[&str]) -> std::process::Output {
    bulwark(folder, &[&["--lang", "en"], args, &["--store", "store"]].concat())
}

/// A store that was started and stopped once.
fn used_store() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let (status, _) = Server::start(dir.path(), "store").stop();
    assert!(status.success());
    dir
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("ours");
}

/// Changes one byte after the first place where `text` stands in a file.
fn flip(path: &Path, text: &str) {
    let mut bytes = std::fs::read(path).expect("there");
    let at =
        bytes.windows(text.len()).position(|window| window == text.as_bytes()).expect("the text is there");
    bytes[at + text.len()] ^= 1;
    std::fs::write(path, bytes).expect("writable");
}

#[test]
fn the_first_start_prints_one_link_and_no_later_one_does() {
    let dir = tempfile::tempdir().expect("a folder");
    let first = Server::start(dir.path(), "store");
    let link = first.link().expect("a link").to_owned();
    assert!(link.starts_with(&format!("{}/link/", first.origin)), "{link}");
    assert_eq!(first.printed.matches("/link/").count(), 1);
    assert_eq!(first.ask("/livez"), (200, "ok\n".to_owned()));
    assert_eq!(first.ask("/readyz"), (200, "ok\n".to_owned()));
    let path = link.strip_prefix(&first.origin).expect("ours");
    assert_eq!(first.page(path).0, 200, "the link opens");
    let (_, metrics) = first.ask("/metrics");
    assert!(metrics.contains("bulwark_requests_total{class=\"2xx\"} 1"), "{metrics}");
    let secret = path.rsplit('/').next().expect("a secret");
    let mode =
        |name: &str| std::fs::metadata(dir.path().join(name)).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode("store"), mode("store/bulwark.db"), mode("store/bulwark.sock")), (0o700, 0o600, 0o600));
    let (status, rest) = first.stop();
    assert!(status.success() && rest.contains("stopped"), "{rest}");
    assert!(!dir.path().join("store/bulwark.sock").exists(), "the socket goes with the server");
    for file in ["store/bulwark.db", "store/audit.log"] {
        let bytes = std::fs::read(dir.path().join(file)).expect("there");
        assert!(
            !bytes.windows(secret.len()).any(|window| window == secret.as_bytes()),
            "the secret is in {file}"
        );
    }

    let second = Server::start(dir.path(), "store");
    assert_eq!(second.link(), None, "{}", second.printed);
    assert_eq!(second.ask("/readyz").0, 200);
}

#[test]
fn a_request_in_progress_is_finished_after_the_order_to_stop() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = Server::start(dir.path(), "store");
    let address = server.address();
    let mut stream = std::net::TcpStream::connect(&address).expect("it listens");
    let body = "login=admin";
    let head = format!(
        "POST /log-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n",
        body.len()
    );
    write!(stream, "{head}").expect("sent");
    let under_way = || server.ask("/metrics").1.contains("bulwark_requests_under_way 1");
    assert!((0..1000).any(|_| under_way()), "the request has arrived");
    server.signal(Signal::TERM);
    let closed = || std::net::TcpStream::connect(&address).is_err();
    assert!((0..100_000).any(|_| closed()), "nobody listens any more");
    // Time enough to end, for one that would not wait.
    assert!((0..20_000).all(|_| closed()));
    write!(stream, "{body}").expect("sent");
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut stream, &mut answer).expect("text");
    assert!(
        answer.starts_with("HTTP/1.1 ") && answer.contains("</html>"),
        "the request is answered: {answer}"
    );
    let (status, _) = server.stop();
    assert!(status.success());
}

/// What a client that trusts the server's own authority is answered, and with which certificate.
fn secured(server: &Server, tls: &Path, name: &'static str) -> Result<(u16, Vec<u8>), rustls::Error> {
    use rustls::pki_types::pem::PemObject as _;
    let mut roots = rustls::RootCertStore::empty();
    let root = rustls::pki_types::CertificateDer::from_pem_file(tls.join("ca.crt")).expect("a certificate");
    roots.add(root).expect("a root");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = rustls::ClientConnection::new(Arc::new(config), name.try_into().expect("a name"))?;
    let socket = std::net::TcpStream::connect(server.address()).expect("it listens");
    let mut stream = rustls::StreamOwned::new(client, socket);
    if let Err(e) = stream.conn.complete_io(&mut stream.sock) {
        return Err(*e.into_inner().expect("a reason").downcast::<rustls::Error>().expect("of TLS"));
    }
    let served = stream.conn.peer_certificates().expect("certificates")[0].to_vec();
    Ok((talk(&mut stream, "/log-in").0, served))
}

#[test]
fn the_own_authority_is_trusted_for_this_machine_and_certificates_are_read_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let config = "[server]\ntls = \"own-ca\"\n[store]\ndir = \"store\"\n";
    std::fs::write(dir.path().join("b.toml"), config).expect("writable");
    let mut server = Server::start_from(dir.path(), &["--config", "b.toml"]);
    assert!(server.origin.starts_with("https://localhost:"), "{}", server.origin);
    let tls = dir.path().join("store/tls");
    let (status, before) = secured(&server, &tls, "localhost").expect("trusted");
    assert_eq!(status, 200);
    let refused = secured(&server, &tls, "example.gov.tw").unwrap_err();
    assert!(matches!(refused, rustls::Error::InvalidCertificate(_)), "good for no other name: {refused}");
    std::fs::remove_file(tls.join("server.crt")).expect("there");
    server.signal(Signal::HUP);
    assert!(server.next_line().contains("renewed"));
    let (_, after) = secured(&server, &tls, "localhost").expect("trusted");
    assert_ne!(before, after, "the new certificate is in use without a restart");

    set_mode(&tls.join("server.key"), 0o644);
    drop(server);
    let o = bulwark(dir.path(), &["--lang", "en", "serve", "--config", "b.toml"]);
    assert_eq!(code(&o), 2);
    assert!(err(&o).contains("[BW-CONF-006]") && err(&o).contains("server.key"), "{}", err(&o));
}

#[test]
fn a_start_is_refused_when_others_may_look_or_a_key_is_gone() {
    let dir = used_store();
    let store = dir.path().join("store");
    let refused = |code_wanted: &str| {
        let o = on_store(dir.path(), &["serve"]);
        assert_eq!((code(&o), out(&o).as_str()), (2, ""), "{}", err(&o));
        assert!(err(&o).contains(code_wanted), "{}", err(&o));
    };
    set_mode(&store, 0o755);
    refused("BW-CLI-031");
    set_mode(&store, 0o700);
    set_mode(&store.join("master.key"), 0o604);
    refused("BW-STORE-012");
    set_mode(&store.join("master.key"), 0o600);
    std::fs::rename(store.join("master.key"), store.join("elsewhere")).expect("ours");
    refused("BW-CLI-032");
    assert!(!store.join("master.key").exists(), "no new key takes its place");
    std::fs::rename(store.join("elsewhere"), store.join("master.key")).expect("ours");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let listen = taken.local_addr().expect("bound").to_string();
    std::fs::write(
        dir.path().join("b.toml"),
        format!("[server]\nlisten = \"{listen}\"\n[store]\ndir = \"store\"\n"),
    )
    .expect("writable");
    let o = bulwark(dir.path(), &["--lang", "en", "serve", "--config", "b.toml"]);
    assert!(code(&o) == 2 && err(&o).contains("BW-CLI-039") && err(&o).contains(&listen), "{}", err(&o));
}

#[test]
fn the_way_back_in_goes_through_the_server_while_it_runs() {
    let dir = tempfile::tempdir().expect("a folder");
    let none = on_store(dir.path(), &["admin", "link", "--login", "admin", "--reason", "lost key"]);
    assert!(code(&none) == 2 && err(&none).contains("BW-CLI-030"), "{}", err(&none));
    let server = Server::start(dir.path(), "store");
    let link = |login: &str, reason: &str| {
        on_store(dir.path(), &["admin", "link", "--login", login, "--reason", reason])
    };
    let o = link("admin", "the security key was lost");
    assert_eq!(code(&o), 0, "{}", err(&o));
    let url = out(&o).lines().last().expect("a link").to_owned();
    let path = url.strip_prefix(&server.origin).expect("of the running server");
    assert_eq!(server.page(path).0, 200, "the link opens");
    assert_eq!(code(&link("nobody", "x")), 2);
    assert!(err(&link("nobody", "x")).contains("BW-STORE-006"));
    assert!(err(&link("admin", " ")).contains("BW-CLI-040"));
    let second = on_store(dir.path(), &["serve"]);
    assert!(
        code(&second) != 0 && err(&second).contains("BW-STORE-0"),
        "one store, one server: {}",
        err(&second)
    );
    let (status, _) = server.stop();
    assert!(status.success());
    let o = link("admin", "the security key was lost again");
    assert!(code(&o) == 0 && out(&o).contains("http://localhost:8620/link/"), "{}{}", out(&o), err(&o));
}

#[test]
fn another_account_is_refused_at_the_socket() {
    if !rustix::process::geteuid().is_root() {
        return bulwark_testkit::skip("only root can act as another account");
    }
    let Some(setpriv) = bulwark_testkit::program(&["setpriv"]) else { return };
    // One of a developer's own lies where other accounts cannot reach it.
    let python = Path::new("/usr/bin/python3");
    if !python.exists() {
        return bulwark_testkit::skip("python3 of the system is not installed");
    }
    let dir = tempfile::tempdir().expect("a folder");
    let server = Server::start(dir.path(), "store");
    let socket = dir.path().join("store/bulwark.sock");
    let ask = |account: &str| {
        let script = "
import socket, struct, sys
s = socket.socket(socket.AF_UNIX)
try:
    s.connect(sys.argv[1])
except PermissionError:
    sys.exit(print('closed'))
request = b'\"checkpoint\"'
try:
    s.sendall(struct.pack('>I', len(request)) + request)
except BrokenPipeError:
    pass  # refused before it was read
length = struct.unpack('>I', s.recv(4))[0]
print(s.recv(length).decode())
";
        let mut command = Command::new(&setpriv);
        command
            .args([&format!("--reuid={account}"), "--clear-groups"])
            .arg(python)
            .args(["-I", "-c", script]);
        out(&command.arg(&socket).current_dir("/").output().expect("it runs"))
    };
    assert_eq!(ask("65534").trim(), "closed", "the mode of folder and socket keeps others out");
    assert_eq!(ask("0").trim(), "\"signed\"");
    for (path, mode) in [(dir.path(), 0o755), (&dir.path().join("store"), 0o755), (&socket, 0o666)] {
        set_mode(path, mode);
    }
    let answer = ask("65534");
    assert!(
        answer.contains("BW-CLI-037") && answer.contains("65534"),
        "whoever gets through is asked who it is: {answer}"
    );
    assert!(server.stop().0.success());
}

#[test]
fn the_audit_log_is_verified_proven_exported_and_one_changed_byte_is_named() {
    let dir = used_store();
    let verify = || on_store(dir.path(), &["audit", "verify"]);
    let good = out(&verify());
    assert!(code(&verify()) == 0 && good.starts_with("ok, 4 leaves, ") && good.contains("root "), "{good}");

    let exported = on_store(dir.path(), &["audit", "export", "--out", "export"]);
    assert_eq!(code(&exported), 0, "{}", err(&exported));
    let root = dir.path().join("export");
    for name in
        ["checkpoint", "audit.log", "public-key", "public-key.note", "tile/0/000.p/4", "tile/entries/000.p/4"]
    {
        assert!(root.join(name).is_file(), "{name}");
    }
    let leaf = std::fs::read_to_string(root.join("audit.log")).expect("text");
    let object =
        leaf.split("\"object\":\"").find(|rest| rest.starts_with("person/")).expect("an act on a person");
    let object = object.split('"').next().expect("quoted");
    let proof = on_store(dir.path(), &["audit", "prove", object]);
    assert_eq!(code(&proof), 0, "{}", err(&proof));
    std::fs::write(dir.path().join("proof.json"), out(&proof)).expect("writable");
    if let Some(python) = bulwark_testkit::program(&["python3"]) {
        let tool = bulwark_testkit::workspace_root().join("tools/audit-verify");
        let key = std::fs::read_to_string(root.join("public-key")).expect("text");
        for args in [["log", "export/audit.log"], ["proof", "proof.json"]] {
            let mut command = Command::new(&python);
            command.current_dir(dir.path()).arg(&tool).args(args).args(["--public-key", key.trim()]);
            let o = command.output().expect("it runs");
            assert_eq!(code(&o), 0, "{}{}", out(&o), err(&o));
        }
    }
    assert_eq!(code(&on_store(dir.path(), &["audit", "prove", "person/none"])), 2);
    let from = ["audit", "verify", "--from", "export/checkpoint"];
    assert_eq!(code(&on_store(dir.path(), &from)), 0);

    // Leaf 1 in the file, then in the database as well.
    let seq = "\"seq\":";
    flip(&dir.path().join("store/audit.log"), &format!("{seq}1,\"source_ip_hash\":nul"));
    let o = verify();
    assert_eq!((code(&o), out(&o).as_str()), (1, "leaf 1 was altered in the audit file\n"), "{}", err(&o));
    let doctor = on_store(dir.path(), &["doctor"]);
    assert!(code(&doctor) == 1 && out(&doctor).contains("leaf 1 was altered"), "{}", out(&doctor));
    flip(&dir.path().join("store/bulwark.db"), &format!("{seq}1,\"source_ip_hash\":nul"));
    let o = verify();
    assert_eq!(code(&o), 1, "{}{}", out(&o), err(&o));
    assert!(out(&o).starts_with("leaf "), "{}", out(&o));
    assert!(!good.contains(&out(&o)));
}

#[test]
fn a_backup_is_restored_with_every_row_equal_and_without_keys_it_is_not() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = Server::start(dir.path(), "store");
    let o = on_store(dir.path(), &["backup", "b"]);
    assert!(code(&o) == 0 && out(&o).contains("holds no keys"), "while it runs: {}{}", out(&o), err(&o));
    assert!(!dir.path().join("b/master.key").exists());
    assert_eq!(code(&on_store(dir.path(), &["backup", "b"])), 2, "only into an empty folder");
    assert!(server.stop().0.success());

    let root_of = |text: &str| {
        text.rsplit("root ").next().expect("a root").trim_end_matches(['.', '\n', ')']).to_owned()
    };
    let root = out(&o).lines().next().map(root_of).expect("a root");
    let without = bulwark(dir.path(), &["--lang", "en", "restore", "b", "--into", "x", "--store", "nowhere"]);
    assert!(code(&without) == 2 && err(&without).contains("BW-CLI-041"), "{}", err(&without));
    let o = on_store(dir.path(), &["restore", "b", "--into", "new"]);
    assert_eq!(code(&o), 0, "{}", err(&o));
    assert!(out(&o).lines().filter(|line| line.ends_with("equal")).count() >= 20, "{}", out(&o));
    assert_eq!(root_of(&out(&o)), root);
    let verified = bulwark(dir.path(), &["audit", "verify", "--store", "new"]);
    assert!(code(&verified) == 0 && out(&verified).contains(&root), "{}", out(&verified));
    let again = Server::start(dir.path(), "new");
    assert_eq!(again.link(), None);
    assert!(again.stop().0.success());

    flip(&dir.path().join("b/bulwark.db"), "平臺維運");
    let o = on_store(dir.path(), &["restore", "b", "--into", "bad"]);
    assert!(
        code(&o) == 1 && err(&o).contains("BW-STORE-019") && err(&o).contains("organisation"),
        "{}",
        err(&o)
    );
}

#[test]
fn the_doctor_finds_a_healthy_folder_healthy_and_says_what_is_wrong_with_a_broken_one() {
    let dir = used_store();
    assert_eq!(code(&on_store(dir.path(), &["backup", "b"])), 0);
    let o = on_store(dir.path(), &["doctor"]);
    assert!(code(&o) == 0 && out(&o).contains("not restored as a test"), "{}{}", out(&o), err(&o));
    assert_eq!(code(&on_store(dir.path(), &["restore", "b", "--into", "new"])), 0);
    let o = on_store(dir.path(), &["doctor"]);
    assert!(out(&o).contains("and restored as a test"), "{}", out(&o));
    assert!(!out(&o).contains("DANGER"), "{}", out(&o));

    let store = dir.path().join("store");
    set_mode(&store, 0o755);
    set_mode(&store.join("audit.key"), 0o644);
    std::fs::remove_file(store.join("last-backup.json")).expect("there");
    let o = on_store(dir.path(), &["doctor"]);
    assert_eq!(code(&o), 1);
    for wrong in ["mode 0755: others may enter", "audit.key has mode 0644", "BW-STORE-012", "none was noted"]
    {
        assert!(out(&o).contains(wrong), "{wrong}: {}", out(&o));
    }
    assert!(out(&o).contains("→ Run `chmod 700 "), "{}", out(&o));
    set_mode(&store, 0o700);
    set_mode(&store.join("audit.key"), 0o600);
    let o = on_store(dir.path(), &["doctor", "--fail-on", "low"]);
    assert_eq!(code(&o), 1, "a caution counts when asked for: {}", out(&o));

    let file = store.join("bulwark.db");
    let length = std::fs::metadata(&file).expect("there").len();
    std::fs::OpenOptions::new().write(true).open(&file).expect("ours").set_len(length / 2).expect("cut");
    let o = on_store(dir.path(), &["doctor"]);
    assert!(code(&o) == 1 && out(&o).contains("DANGER   database"), "{}{}", out(&o), err(&o));
    let o = bulwark(dir.path(), &["doctor", "--store", "nowhere"]);
    assert!(code(&o) == 2 && err(&o).contains("BW-CLI-030"), "{}", err(&o));
}

#[test]
fn a_store_moves_to_postgresql_and_goes_on_there() {
    let Some(postgres) = bulwark_testkit::postgres::shared_postgres() else { return };
    let dir = used_store();
    let url = dir.path().join("url");
    std::fs::write(&url, postgres.database()).expect("writable");
    let move_it = || on_store(dir.path(), &["migrate", "sqlite-to-postgres", "--url-file", "url"]);
    set_mode(&url, 0o644);
    assert!(
        code(&move_it()) == 2 && err(&move_it()).contains("BW-CONF-006"),
        "a secret that others may read"
    );
    set_mode(&url, 0o600);
    let o = move_it();
    assert_eq!(code(&o), 0, "{}", err(&o));
    assert!(out(&o).lines().filter(|line| line.ends_with("equal")).count() >= 20, "{}", out(&o));
    assert!(err(&move_it()).contains("BW-STORE-020"), "only into an empty database");

    std::fs::rename(dir.path().join("store/bulwark.db"), dir.path().join("old.db")).expect("ours");
    let config = "[store]\ndir = \"store\"\ndatabase = \"postgres\"\nurl_file = \"url\"\n";
    std::fs::write(dir.path().join("b.toml"), config).expect("writable");
    let server = Server::start_from(dir.path(), &["--config", "b.toml"]);
    assert_eq!(server.link(), None, "the accounts are there");
    let on_config =
        |args: &[&str]| bulwark(dir.path(), &[&["--lang", "en"], args, &["--config", "b.toml"]].concat());
    let o = on_config(&["backup", "b"]);
    assert_eq!(code(&o), 0, "{}", err(&o));
    assert!(server.stop().0.success());
    for args in [&["audit", "verify"][..], &["doctor"]] {
        let o = on_config(args);
        assert_eq!(code(&o), 0, "{}{}", out(&o), err(&o));
    }
    let o = on_config(&["restore", "b", "--into", "new"]);
    assert_eq!(code(&o), 0, "back to SQLite: {}", err(&o));
}
