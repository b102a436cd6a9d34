//! `docs/security.md` against the program: what changes in one of them and not in the other is found here.

use std::collections::BTreeSet;
use std::path::Path;

use bulwark_console::Settings;
use bulwark_identity::password::{Cost, MAX_CHARACTERS, MIN_CHARACTERS};
use bulwark_identity::totp::{DIGITS, STEP_SECONDS};
use bulwark_model::RetentionClass;
use bulwark_model::rights::{BREAK_GLASS_SECONDS, Role, STEP_UP_SECONDS};
use bulwark_store::{MAX_COUNT, MAX_ROWS, PENDING_MS};
use bulwark_testkit::workspace_root;

fn read(path: &str) -> String {
    let path = workspace_root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The parts of the page under their headings, Chinese and English.
fn parts() -> Vec<(String, String)> {
    let page = read("docs/security.md");
    let (zh, en) = page.split_once("\n---\n").unwrap();
    let parts = |half: &str| half.split("\n## ").skip(1).map(str::to_owned).collect::<Vec<_>>();
    let (zh, en) = (parts(zh), parts(en));
    assert_eq!(zh.len(), en.len());
    zh.into_iter().zip(en).collect()
}

/// A part of the page, by a word of its English heading.
struct Part {
    zh: String,
    en: String,
}

impl Part {
    fn of(heading: &str) -> Self {
        let mut all = parts().into_iter();
        let (zh, en) = all.find(|(_, en)| en.lines().next().unwrap().contains(heading)).unwrap();
        Self { zh, en }
    }

    fn says(&self, zh: &str, en: &str) {
        assert!(self.zh.contains(zh), "the page does not say: {zh}");
        assert!(self.en.contains(en), "the page does not say: {en}");
    }

    fn both(&self, words: &str) {
        self.says(words, words);
    }

    /// Of each fact the file below `crates`, what it holds, and what the page says of it in both languages.
    fn held(&self, facts: &[&str]) {
        for fact in facts {
            let cells: Vec<&str> = fact.split(" ~ ").collect();
            let [path, source, zh, en] = cells[..] else { panic!("no fact: {fact}") };
            let held = read(&format!("crates/{path}")).contains(source);
            assert!(held, "{path} does not hold {source} any more: correct the page");
            self.says(zh, en);
        }
    }
}

fn number(n: u64) -> String {
    bulwark_i18n::number(n)
}

/// Sources of the product, without their tests and comments, by path.
fn sources(dirs: &[&str]) -> Vec<(String, String)> {
    fn walk(dir: &Path, out: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("tests") {
                walk(&path, out);
            } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod ").next().unwrap().lines();
                let code: Vec<&str> = code.filter(|line| !line.trim_start().starts_with("//")).collect();
                let path = path.strip_prefix(workspace_root()).unwrap().display().to_string();
                out.push((path, code.join("\n")));
            }
        }
    }
    let mut out = Vec::new();
    for dir in dirs {
        walk(&workspace_root().join(dir), &mut out);
    }
    out
}

/// The crates of the program, each with its sources.
fn crates(but: &[&str]) -> Vec<String> {
    let all = std::fs::read_dir(workspace_root().join("crates")).unwrap();
    let names = all.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| !but.contains(&name.as_str())).map(|name| format!("crates/{name}/src")).collect()
}

/// The sources that hold one of these words.
fn holding(dirs: &[String], words: &[&str]) -> BTreeSet<String> {
    let dirs: Vec<&str> = dirs.iter().map(String::as_str).collect();
    let found = sources(&dirs).into_iter().filter(|(_, code)| words.iter().any(|word| code.contains(word)));
    found.map(|(path, _)| path).collect()
}

fn set(paths: &[&str]) -> BTreeSet<String> {
    paths.iter().map(|path| (*path).to_owned()).collect()
}

#[test]
fn both_languages_of_the_page_have_the_same_rows() {
    for (zh, en) in parts() {
        let rows = |text: &str| text.lines().filter(|line| line.starts_with('|')).count();
        assert_eq!(rows(&zh), rows(&en), "{}", en.lines().next().unwrap());
        let keys =
            |text: &str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>();
        assert_eq!(keys(&zh), keys(&en), "{}", en.lines().next().unwrap());
        assert_eq!(bulwark_i18n::wrong_usage(&zh), Vec::<String>::new());
    }
    for folder in ["docs/README.md", "docs/en/README.md"] {
        assert!(read(folder).contains("security.md"), "{folder} leads to the page");
    }
}

#[test]
fn the_rules_of_input_are_written_down() {
    let part = Part::of("Rules of input");
    part.held(&[
        "console/src/form.rs ~ const LINE: usize = 200; ~ 200 字、 ~ 200 and",
        "console/src/form.rs ~ const LINES: usize = 4_000; ~ 4,000 字； ~ 4,000 characters;",
        "console/src/list.rs ~ .take(200) ~ 截到 200 字 ~ cut at 200",
        "console/src/api/endpoints.rs ~ const WORDS: usize = 200; ~ 回 422 ~ answers 422",
        "console/src/areas/people/change.rs ~ (1..=64).contains(&login.len()) ~ 1–64 個 ~ 1–64 of",
        r#"console/src/areas/people/change.rs ~ "._-@".contains ~ `a-z 0-9 . _ - @` ~ `a-z 0-9 . _ - @`"#,
        r#"console/src/areas/people/change.rs ~ "email", LINE) ~ 郵件 200 字內 ~ mail within 200"#,
        r#"console/src/areas/people/change.rs ~ "BW-WEB-045" ~ 稽核角色要有迄日 ~ has an end date"#,
        "console/src/areas/organisations/change.rs ~ const CODE: usize = 64; ~ 代碼 64 個 ~ within 64",
        "console/src/areas/organisations/change.rs ~ YEARS_AHEAD: i32 = 10; ~ 10 年後 ~ 10 years",
        "console/src/areas/organisations/change.rs ~ constant(1912, 1, 1) ~ 1912-01-01 ~ 1912-01-01",
        "console/src/areas/emergency_access/change.rs ~ LEAST: usize = 10; ~ 至少 10 字 ~ has 10 char",
        "console/src/areas/retention/mod.rs ~ MOST_DAYS: u32 = 36_500; ~ 1–36,500 天 ~ 1–36,500 days",
        "identity/src/totp/mod.rs ~ const DRIFT_STEPS: u64 = 1; ~ 前後各容一個 ~ one step early or late",
    ]);
    part.says(
        &format!("{MIN_CHARACTERS}–{MAX_CHARACTERS} 字"),
        &format!("{MIN_CHARACTERS}–{MAX_CHARACTERS} characters"),
    );
    part.says(
        &format!("{DIGITS} 位、每 {STEP_SECONDS} 秒"),
        &format!("{DIGITS} digits every {STEP_SECONDS} s"),
    );
}

#[test]
fn the_limits_are_written_down() {
    let part = Part::of("Limits");
    part.held(&[
        "console/src/limit.rs ~ requests_per_second.saturating_mul(4) ~ 最多 4 倍 ~ four times",
        "bulwark/src/serve/listen.rs ~ HEAD_WAIT: Duration = Duration::from_secs(10); ~ 10 秒；表單 ~ 10 s; form",
        "bulwark/src/serve/listen.rs ~ REQUEST_WAIT: Duration = Duration::from_mins(1); ~ 全部 60 秒 ~ 60 s in all, then 408",
        "bulwark/src/serve/listen.rs ~ UNREAD_WAIT_MS: u32 = 30_000; ~ 30 秒不收 ~ taken for 30 s",
        "bulwark/src/serve/listen.rs ~ HEAD_BYTES: usize = 32 * 1024; ~ 標頭 32 KiB ~ head 32 KiB",
        "console/src/guard.rs ~ FORM_BYTES: usize = 512 * 1024; ~ 表單 512 KiB ~ form 512 KiB",
        "console/src/areas/csp_report.rs ~ BYTES: usize = 16 * 1024; ~ 回報 16 KiB ~ policy 16 KiB",
        "console/src/areas/people/change.rs ~ = 7 * 24 * 3_600_000; ~ 邀請 7 天 ~ invitation 7 days",
        "console/src/areas/requests/duty.rs ~ RECOVERY_MS: i64 = 24 * ~ 復原 24 小時 ~ recovery 24 hours",
        "console/src/start.rs ~ FIRST_HOURS: i64 = 24; ~ 第一次啟動與復原 24 小時 ~ first start and recovery 24",
        "console/src/start.rs ~ MACHINE_HOURS: i64 = 1; ~ 主機上 1 小時 ~ on the machine 1 hour",
        r#"console/src/areas/account/tokens.rs ~ ["7", "30", "90", "365"] ~ 7、30、90 或 365 天 ~ 7, 30, 90 or 365 days"#,
        "identity/src/pending.rs ~ SignedDuration::from_secs(300); ~ 登入 5 分鐘 ~ under way 5 minutes",
        "console/src/areas/sign_in/doors.rs ~ ROOM: usize = 10_000; ~ 每種 10,000 個 ~ 10,000 of each kind",
        "console/src/areas/sign_in/doors.rs ~ HASHES: usize = 2; ~ 同時 2 個 ~ 2 at once",
        "console/src/areas/sign_in/doors.rs ~ WAITING: usize = 64; ~ 等待 64 個 ~ 64 wait",
        "console/src/list.rs ~ EXPORT_ROWS: usize = 10_000; ~ 匯出 10,000 列 ~ 10,000 rows an export",
        "console/src/areas/audit/verify.rs ~ Duration::from_secs(10); ~ 頁面等 10 秒 ~ page waits 10 s",
        "store/src/write/writer.rs ~ QUEUE: usize = 1024; ~ 等待 1,024 件 ~ 1,024 changes wait",
    ]);
    let requests = Settings::default().requests_per_second;
    part.says(&format!("`limits.requests_per_second` {requests} 個"), &format!("_per_second`, {requests},"));
    let (waits, hours) = (PENDING_MS / 3_600_000, BREAK_GLASS_SECONDS / 3600);
    part.says(&format!("申請 {waits} 小時"), &format!("requests wait {waits} hours"));
    part.says(&format!("緊急調閱 {hours} 小時"), &format!("emergency access {hours} hours"));
    let (rows, count) = (MAX_ROWS, number(MAX_COUNT));
    part.says(&format!("一頁 {rows} 筆"), &format!("{rows} rows a page"));
    part.says(&format!("數到 {count}"), &format!("counted up to {count}"));
    let memory = Cost::STANDARD.memory_kib / 1024;
    part.says(&format!("每次 {memory} MiB"), &format!("takes {memory} MiB"));
    let tries = bulwark_store::job::MAX_ATTEMPTS;
    part.says(&format!("試 {tries} 次"), &format!("tried {tries} times"));
    let table = read("crates/bulwark/src/config/table.rs");
    for key in ["connections", "connections_per_address"] {
        let line = table.lines().find(|line| line.contains(&format!("\"limits\", \"{key}\""))).unwrap();
        let default = line.rsplit('"').nth(1).unwrap();
        part.both(&format!("`limits.{key}` {default}"));
    }
}

#[test]
fn the_kinds_and_sizes_of_files_are_written_down() {
    let part = Part::of("Limits");
    for (path, code) in sources(&["crates/console/src/areas"]) {
        for route in code.split(".upload(\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(part.zh.contains(&format!("`{route}`")), "{path}: {route} takes files");
            part.both(&format!("`{route}`"));
        }
        for accepted in code.split("\"accept\": \"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            for kind in accepted.split(',') {
                part.both(&format!("`{kind}`"));
            }
        }
    }
    let limits = bulwark_sheet::Limits::default();
    part.both(&format!("{} MiB", limits.bytes >> 20));
    let unpacked = limits.unpacked_bytes >> 20;
    part.says(&format!("解開後 {unpacked} MiB"), &format!("{unpacked} MiB unpacked"));
    let entries = number(limits.zip_entries as u64);
    part.says(&format!("{entries} 個項目"), &format!("{entries} entries"));
    let ratio = limits.ratio;
    part.says(&format!("壓縮比至多 {ratio}"), &format!("at most {ratio} times their packed size"));
    let (rows, columns, chars) =
        (number(limits.rows as u64), limits.columns, number(limits.cell_chars as u64));
    part.says(
        &format!("{rows} 列、{columns} 欄、每格 {chars} 字"),
        &format!("{rows} rows, {columns} columns, {chars} characters a cell"),
    );
    part.says(&format!("XML 深度 {}", limits.xml_depth), &format!("XML depth {}", limits.xml_depth));
    let limits = bulwark_sandbox::Limits::default();
    let (cpu, memory) = (limits.cpu_seconds, limits.memory_bytes >> 30);
    part.says(
        &format!("處理器 {cpu} 秒、總計 45 秒（短於請求的 60 秒）、記憶體 {memory} GiB"),
        &format!(
            "{cpu} s of processor, 45 s in all (less than the 60 s of a request), {memory} GiB of memory"
        ),
    );
    part.held(&[
        "console/src/upload.rs ~ WALL_MS: u64 = 45_000; ~ 45 秒 ~ 45 s in all",
        "console/src/upload.rs ~ AT_ONCE: usize = 2; ~ 同時 2 份 ~ 2 at once",
        "console/src/route.rs ~ (20 << 20) + 64 * 1024; ~ 20 MiB ~ 20 MiB",
        "sheet/src/archive.rs ~ RATIO_FROM_BYTES: u64 = 1 << 20; ~ 1 MiB 以上 ~ over 1 MiB",
        "console/src/areas/people/import.rs ~ MOST: usize = 500; ~ 一次 500 列 ~ 500 people at once",
        "console/src/areas/organisations/import.rs ~ MINUTES: i64 = 30; ~ 30 分鐘 ~ 30 minutes",
        "console/src/app.rs ~ LISTS: usize = 20; ~ 全平臺 20 份 ~ 20 wait in all",
        "console/src/list.rs ~ attachment; filename ~ 以附件與 `nosniff` ~ attachments with `nosniff`",
    ]);
}

#[test]
fn the_pace_of_log_ins_and_the_words_are_written_down() {
    let part = Part::of("Pace of log-ins");
    part.held(&[
        "console/src/limit.rs ~ TRIES: Rate = Rate { burst: 5, every_ms: 15_000 }; ~ 連續 5 次，之後每 15 秒 ~ 5 at once, then one every 15 s",
        "console/src/limit.rs ~ TRIES_OF_ADDRESS: Rate = Rate { burst: 60, every_ms: 1_000 }; ~ 連續 60 次，之後每秒一次 ~ 60 at once, then one a second",
        "identity/src/breached/mod.rs ~ MAX_PIECES: u32 = 4; ~ 至多 4 段 ~ up to 4,",
        "identity/src/password.rs ~ if word.is_ascii() { 4 } else { 2 } ~ 英數 4 字、漢字 2 字起 ~ from 4 characters, Han from 2",
        r#"bulwark/src/config/table.rs ~ "password", "breached" ~ `password.breached` ~ `password.breached`"#,
    ]);
    let list = "crates/identity/src/breached/known.txt";
    let known = read(list);
    let known: BTreeSet<&str> =
        known.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace).collect();
    let row = part.en.lines().find(|line| line.contains(list)).unwrap();
    let named: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
    let words: Vec<&&str> =
        named.iter().filter(|word| **word != list && **word != "password.breached").collect();
    assert!(words.len() >= 8 && words.contains(&&"bulwark"), "{words:?}");
    let missing: Vec<&&&str> = words.iter().filter(|word| !known.contains(**word)).collect();
    assert!(missing.is_empty(), "not refused: {missing:?}");
}

#[test]
fn the_ways_in_and_their_worth_are_written_down() {
    let part = Part::of("Ways to prove");
    let minutes = STEP_UP_SECONDS / 60;
    part.says(&format!("再次確認（{minutes} 分鐘）"), &format!("fresh proof ({minutes} minutes)"));
    part.held(&[
        "console/src/areas/sign_in/oidc.rs ~ Freshness::Within(SignedDuration::from_mins(5)) ~ `max_age` 5 分鐘 ~ `max_age` 5 minutes",
        "identity/src/oidc/client.rs ~ CoreAuthPrompt::Login ~ `prompt=login` ~ `prompt=login`",
        "identity/src/oidc/token.rs ~ SignedDuration::from_secs(60); ~ 容 60 秒 ~ 60 s of clock",
        "store/src/doors.rs ~ crate::id::random::<32>() ~ 256 位元 ~ 256 bits",
        r#"bulwark/src/config/table.rs ~ "oidc", "acr" ~ `oidc.acr` ~ `oidc.acr`"#,
    ]);
    // A session is opened in four ways, and a program comes in by its token.
    let ways = ["\"password\"", "\"passkey\"", "\"oidc\"", "\"link\""];
    let opened = sources(&["crates/console/src/areas/sign_in"]);
    let calls = opened.iter().flat_map(|(_, code)| code.split("open(&app, &visit, &account, ").skip(1));
    let more = opened
        .iter()
        .flat_map(|(_, code)| code.split("new_session(&app, &visit, &account, acting, ").skip(1));
    let found: BTreeSet<&str> = calls.chain(more).map(|rest| rest.split(',').next().unwrap()).collect();
    assert_eq!(found, BTreeSet::from(ways));
    assert_eq!(part.en.lines().filter(|line| line.starts_with('|')).count(), 2 + ways.len() + 2);
}

#[test]
fn the_life_of_sessions_is_written_down() {
    let part = Part::of("Sessions");
    let table = read("crates/bulwark/src/config/table.rs");
    for (key, zh, en) in [("hours", "小時", "hours"), ("idle_minutes", "分鐘沒有操作", "minutes without use")]
    {
        let line = table.lines().find(|line| line.contains(&format!("\"session\", \"{key}\""))).unwrap();
        let bounds = line.split(['(', ')']).nth(2).unwrap().replace(", ", "–");
        let default = line.rsplit('"').nth(1).unwrap();
        part.says(
            &format!("`session.{key}` {default} {zh}（{bounds}）"),
            &format!("`session.{key}` {default} {en} ({bounds})"),
        );
    }
    part.says(&format!("最近 {MAX_ROWS} 個"), &format!("newest {MAX_ROWS} listed"));
    part.held(&[
        "console/src/areas/sign_in/oidc.rs ~ = SignedDuration::from_hours(12); ~ 記 12 小時 ~ believed for 12 hours",
        "console/src/areas/sign_in/oidc.rs ~ = SignedDuration::from_mins(1); ~ 至多每分鐘重問一次 ~ at most once a minute",
    ]);
    // Nothing counts the sessions of a person before another is opened.
    let doors = read("crates/store/src/doors.rs");
    let open = doors.split("pub async fn open_session").nth(1).unwrap().split("pub async fn").next().unwrap();
    assert!(
        !open.contains("count") && !open.contains("find("),
        "sessions at once are limited: correct the page"
    );
    part.says("同時幾個不限", "as many at once as one likes");
}

#[test]
fn keys_and_algorithms_are_written_down() {
    let part = Part::of("Keys and algorithms");
    part.held(&[
        "store/src/seal.rs ~ CHACHA20_POLY1305 ~ ChaCha20-Poly1305，256 位元 ~ ChaCha20-Poly1305, 256 bits",
        "store/src/seal.rs ~ HMAC_SHA256 ~ HMAC-SHA-256 ~ HMAC-SHA-256",
        "store/src/audit/checkpoint.rs ~ Ed25519KeyPair ~ `audit.key` | Ed25519 ~ `audit.key` | Ed25519",
        "store/src/audit/checkpoint.rs ~ .mode(0o600) ~ 0600 ~ 0600",
        "bulwark/src/serve/own_ca.rs ~ PKCS_ECDSA_P256_SHA256 ~ ECDSA P-256 ~ ECDSA P-256",
        "bulwark/src/serve/own_ca.rs ~ LEAF_DAYS: i32 = 90; ~ 90 天與 ~ 90 days and",
        "bulwark/src/serve/own_ca.rs ~ AUTHORITY_YEARS: i16 = 10; ~ 與 10 年 ~ and 10 years",
        "bulwark/src/serve/own_ca.rs ~ RENEW_DAYS: i64 = 30; ~ 剩 30 天自動 ~ with 30 days left",
        r#"../Cargo.toml ~ "tls12" ~ TLS 1.2、1.3 ~ TLS 1.2, 1.3"#,
        "identity/src/totp/mod.rs ~ random::bytes::<20>() ~ 160 位元 ~ 160 bits",
        "store/src/doors.rs ~ crate::id::random::<32>() ~ 256 位元亂數 ~ 256 random bits",
        "identity/src/oidc/mod.rs ~ characters >= 342 ~ 2048 位元起 ~ from 2048 bits",
        "identity/src/oidc/token.rs ~ RsaSsaPkcs1V15Sha256, ~ RS256（ ~ RS256 (",
        "identity/src/oidc/token.rs ~ EcdsaP256Sha256, ~ ES256 ~ ES256",
        "identity/src/oidc/token.rs ~ EdDsa, ~ EdDSA ~ EdDSA",
        "identity/src/oidc/client.rs ~ from_code_verifier_sha256 ~ PKCE S256 ~ PKCE S256",
    ]);
    let Cost { memory_kib, passes, lanes } = Cost::STANDARD;
    let memory = memory_kib / 1024;
    part.says(
        &format!("Argon2id，{memory} MiB、{passes} 次、{lanes} 路"),
        &format!("Argon2id, {memory} MiB, {passes} passes, {lanes} lane"),
    );
    // Every key file of the data folder has its row.
    for (_, code) in sources(&["crates/store/src", "crates/bulwark/src/serve"]) {
        for stem in code.split('"').filter_map(|word| word.strip_suffix(".key")) {
            let folder = if matches!(stem, "ca" | "server") { "tls/" } else { "" };
            part.both(&format!("`{folder}{stem}.key`"));
        }
    }
}

#[test]
fn every_connection_is_written_down_and_no_other_is_made() {
    let part = Part::of("Connections");
    let table = read("crates/bulwark/src/config/table.rs");
    let mut keys = 0;
    for call in ["key(\"", "open(\""] {
        for rest in table.split(&format!("    {call}")).skip(1) {
            let mut cells = rest.split('"');
            let (section, name) = (cells.next().unwrap(), cells.nth(1).unwrap());
            if section == "oidc" || (section == "store" && name != "dir") || name.ends_with("listen") {
                part.both(&format!("`{section}.{name}`"));
                keys += 1;
            }
        }
    }
    assert_eq!(keys, 11, "a key of a connection came or went");
    let words = [
        "TcpStream::connect",
        "UdpSocket",
        "PgConnectOptions",
        "UnixStream::connect",
        "lookup_host",
        "reqwest",
    ];
    // What the commands `cruise` and `probe` send is the matter of that crate.
    assert_eq!(
        holding(&crates(&["probe", "testkit"]), &words),
        set(&[
            "crates/bulwark/src/local/socket.rs",
            "crates/bulwark/src/serve/provider.rs",
            "crates/store/src/db.rs",
        ])
    );
    part.held(&[
        "bulwark/src/serve/provider.rs ~ WAIT: Duration = Duration::from_secs(15); ~ 15 秒 ~ 15 s",
        "bulwark/src/serve/provider.rs ~ ANSWER_BYTES: usize = 1 << 20; ~ 1 MiB ~ 1 MiB",
        r#"bulwark/src/local/socket.rs ~ "bulwark.sock" ~ `bulwark.sock` ~ `bulwark.sock`"#,
    ]);
}

#[test]
fn every_table_and_every_class_has_its_level() {
    let part = Part::of("Protection levels");
    let mut tables = 0;
    for (_, code) in sources(&["crates/store/src/migrations"]) {
        let code = code.replace("IF NOT EXISTS ", "").replace("CREATE VIRTUAL TABLE", "CREATE TABLE");
        for rest in code.split("CREATE TABLE ").skip(1) {
            part.both(&format!("`{}`", rest.split_whitespace().next().unwrap()));
            tables += 1;
        }
    }
    assert!(tables >= 26, "{tables}");
    let rules = read("data/retention.csv");
    for class in RetentionClass::ALL {
        let rule = rules.lines().find(|line| line.starts_with(&format!("{class},"))).unwrap();
        part.both(&format!("`{class}` {}", rule.split(',').nth(1).unwrap()));
    }
    // What is sealed, and nothing beside it.
    let sealed = sources(&["crates/store/src"]);
    let places = sealed.iter().flat_map(|(_, code)| code.split("Place::of::<").skip(1));
    let places: BTreeSet<String> = places
        .map(|rest| rest.split(',').next().unwrap().replace("::Entity>(", ".").replace('"', ""))
        .collect();
    assert_eq!(places, set(&["credential.secret", "data_key.wrapped", "person.email"]));
    part.says("電子郵件密封；姓名與登入名稱為明文", "mail sealed; names and log-in names are plain");
}

#[test]
fn every_log_is_written_down_and_no_other_is_kept() {
    let part = Part::of("Logs");
    let leaf = read("crates/store/src/audit/leaf.rs");
    let fields = leaf.split("struct Leaf<'a> {").nth(1).unwrap().split('}').next().unwrap();
    for field in fields.lines().filter_map(|line| line.trim().split_once(": ")) {
        part.both(&format!("`{}`", field.0));
    }
    part.held(&["store/src/audit/log.rs ~ JUMP_US: i64 = 5_000_000; ~ 超過 5 秒 ~ over 5 s"]);
    let days = read("data/retention.csv");
    let days =
        days.lines().find_map(|line| line.strip_prefix("access_log,")).unwrap().split(',').next().unwrap();
    part.says(&format!("{days} 天"), &format!("{days} days"));
    for (act, table, row) in
        [("audit.read", "role_matrix", "`audit.log`"), ("access_log.read", "platform_matrix", "`access_log`")]
    {
        let matrix = read(&format!("data/rights/{table}.csv"));
        let head: Vec<&str> = matrix.lines().next().unwrap().split(',').skip(1).collect();
        let cells: Vec<&str> = matrix
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{act},")))
            .unwrap()
            .split(',')
            .collect();
        let line = |text: &str| text.lines().find(|line| line.contains(row)).unwrap().to_owned();
        let (zh, en) = (line(&part.zh), line(&part.en));
        for (role, cell) in head.iter().zip(cells) {
            let label = role.parse::<Role>().unwrap().label();
            assert_eq!(zh.contains(&label.zh_tw), cell != "-", "{act}: {role}");
            assert_eq!(en.contains(&label.en), cell != "-", "{act}: {role}");
        }
    }
    // Lines for people are written in these places alone: the journal of the service reads those of `print.rs` and
    // `app.rs`, the child behind walls writes to its parent, the others belong to commands.
    assert_eq!(
        holding(&crates(&["testkit"]), &["println!", "stderr()", "stdout()"]),
        set(&[
            "crates/bulwark/src/cruise/progress.rs",
            "crates/bulwark/src/print.rs",
            "crates/bulwark/src/validate.rs",
            "crates/console/src/app.rs",
            "crates/sandbox/src/serve.rs",
        ])
    );
    // Files are written by what serves in these places alone: backups, the audit log, keys, evidence, certificates and
    // the note of the last backup.
    let serving =
        ["crates/console/src", "crates/identity/src", "crates/store/src", "crates/bulwark/src/serve"];
    let mut serving: Vec<String> = serving.iter().map(|dir| (*dir).to_owned()).collect();
    serving.push("crates/bulwark/src/local".to_owned());
    assert_eq!(
        holding(&serving, &["OpenOptions", "File::create", "fs::write"]),
        set(&[
            "crates/bulwark/src/local/record.rs",
            "crates/bulwark/src/serve/own_ca.rs",
            "crates/store/src/audit/checkpoint.rs",
            "crates/store/src/audit/export.rs",
            "crates/store/src/audit/file.rs",
            "crates/store/src/backup.rs",
            "crates/store/src/evidence.rs",
        ])
    );
    // Libraries speak through loggers, and there is none.
    let lock = read("Cargo.lock");
    for logger in [
        "env_logger",
        "tracing-subscriber",
        "tracing-journald",
        "simplelog",
        "fern",
        "log4rs",
        "syslog",
        "flexi_logger",
    ] {
        assert!(!lock.contains(&format!("name = \"{logger}\"\n")), "{logger}");
    }
}

#[test]
fn the_times_for_updates_are_written_down() {
    let part = Part::of("Updates");
    part.says("7 天內更新並發行", "released within 7 days");
    part.says("最遲 90 天", "within 90 days at the latest");
}
