//! The rules of the house that no compiler checks: direction of dependencies, size of files, words, links, licences.
//! Each test lists everything it found, so that one run is enough to put it right.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of a test fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use bulwark_i18n::{Catalogue, wrong_usage};
use bulwark_testkit::workspace_root;
use serde_json::Value;

/// Which of our crates may name which others. ARCHITECTURE.md shows the same table.
const EDGES: &[(&str, &[&str])] = &[
    ("bulwark-model", &[]),
    ("bulwark-i18n", &["bulwark-model"]),
    ("bulwark-bundle", &["bulwark-model", "bulwark-i18n"]),
    ("bulwark-probe", &["bulwark-model", "bulwark-i18n"]),
    ("bulwark-report", &["bulwark-model", "bulwark-i18n"]),
    ("bulwark-twid", &["bulwark-model", "bulwark-i18n"]),
    ("bulwark-ui", &["bulwark-model", "bulwark-i18n", "bulwark-twid"]),
    ("bulwark-clock", &["bulwark-model", "bulwark-i18n", "bulwark-twid"]),
    ("bulwark-workflow", &["bulwark-model", "bulwark-i18n", "bulwark-clock"]),
    ("bulwark-inventory", &["bulwark-model", "bulwark-i18n"]),
    (
        "bulwark-cruise",
        &["bulwark-model", "bulwark-i18n", "bulwark-bundle", "bulwark-probe", "bulwark-report"],
    ),
    ("bulwark-identity", &["bulwark-model", "bulwark-i18n"]),
    ("bulwark-store", &["bulwark-model", "bulwark-i18n"]),
    ("bulwark-sheet", &["bulwark-model", "bulwark-i18n"]),
    ("bulwark-sandbox", &["bulwark-model", "bulwark-i18n"]),
    (
        "bulwark-console",
        &[
            "bulwark-model",
            "bulwark-i18n",
            "bulwark-bundle",
            "bulwark-identity",
            "bulwark-sandbox",
            "bulwark-sheet",
            "bulwark-inventory",
            "bulwark-ui",
            "bulwark-store",
        ],
    ),
    (
        "bulwark",
        &[
            "bulwark-model",
            "bulwark-i18n",
            "bulwark-bundle",
            "bulwark-probe",
            "bulwark-report",
            "bulwark-twid",
            "bulwark-ui",
            "bulwark-cruise",
            "bulwark-identity",
            "bulwark-sandbox",
            "bulwark-sheet",
            "bulwark-clock",
            "bulwark-workflow",
            "bulwark-inventory",
            "bulwark-store",
            "bulwark-console",
        ],
    ),
    ("bulwark-testkit", &[]),
    ("xtask", &["bulwark-testkit"]),
];

/// Tests may use these besides the table; the tidy test itself reads catalogues.
const DEV_EDGES: &[(&str, &str)] = &[("*", "bulwark-testkit"), ("bulwark-testkit", "bulwark-i18n")];

/// What an engine must not depend on, and the exceptions.
const NOT_IN_ENGINES: &[&str] = &["tokio", "axum", "clap", "reqwest", "sea-orm", "sqlx", "anyhow"];
const ENGINE_EXCEPTIONS: &[(&str, &str)] = &[
    ("bulwark-probe", "tokio"),
    ("bulwark-store", "tokio"),
    ("bulwark-store", "sea-orm"),
    ("bulwark-store", "sqlx"),
    ("bulwark-console", "tokio"),
    ("bulwark-console", "axum"),
];

/// Where the store may ask which database it speaks to; everywhere else one text serves both.
const DIALECTS: &[&str] =
    &["crates/store/src/db.rs", "crates/store/src/search.rs", "crates/store/src/migrations/"];

/// Where a clock may be read; everywhere else time is a value.
const WALL_CLOCK: &[&str] = &["crates/bulwark/src/clock.rs", "crates/testkit/", "xtask/"];
const STOPWATCH: &[&str] =
    &["crates/bulwark/src/clock.rs", "crates/probe/src/net/", "crates/testkit/", "xtask/"];

/// Rust files over 600 lines, each with its reason.
const LONG_FILES: &[(&str, &str)] = &[(
    "crates/probe/src/evidence.rs",
    "the form of every stored evidence record in one place, because it is a file format",
)];

/// Where text may enter a page unescaped: the report's own charts, style sheet and line breaks.
const UNESCAPED: &[&str] = &[
    "crates/report/src/html/mod.rs",
    "crates/report/src/view/chapter.rs",
    "crates/report/src/view/summary.rs",
];

/// A file of the repository: path from the root, with `/`, and its text.
struct File {
    path: String,
    text: String,
}

impl File {
    fn is(&self, extensions: &[&str]) -> bool {
        extensions.iter().any(|wanted| self.path.rsplit('.').next() == Some(wanted))
    }

    fn starts_with_any(&self, prefixes: &[&str]) -> bool {
        prefixes.iter().any(|prefix| self.path.starts_with(prefix))
    }

    /// Under `tests/`, `benches/` or `examples/` of a crate.
    fn is_test(&self) -> bool {
        ["/tests/", "/benches/", "/examples/"].iter().any(|part| self.path.contains(part))
            || self.path.ends_with("/tests.rs")
    }

    /// Lines of program: without comments and without the unit tests at the end of the file.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        lines
            .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

/// Everything tracked, and everything new that is not ignored. Files that are no UTF-8 are left out.
fn files() -> Vec<File> {
    let root = workspace_root();
    let output = Command::new("git")
        .args(["ls-files", "-co", "--exclude-standard", "-z"])
        .current_dir(&root)
        .output()
        .expect("git is needed to tell the files of the repository from others");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let paths = String::from_utf8(output.stdout).expect("paths of this repository are UTF-8");
    let paths: BTreeSet<&str> = paths.split('\0').filter(|path| !path.is_empty()).collect();
    let read = |path: &str| {
        Some(File { path: path.to_owned(), text: std::fs::read_to_string(root.join(path)).ok()? })
    };
    let files: Vec<File> = paths.into_iter().filter_map(read).collect();
    assert!(files.len() > 20, "only {} files found", files.len());
    files
}

fn rust_files() -> impl Iterator<Item = File> {
    files().into_iter().filter(|file| file.is(&["rs"]))
}

fn metadata(arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline"])
        .args(arguments)
        .current_dir(workspace_root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Our crates: name and their manifest as cargo sees it.
fn crates() -> BTreeMap<String, Value> {
    let metadata = metadata(&["--no-deps"]);
    let packages = metadata["packages"].as_array().unwrap();
    packages.iter().map(|package| (text(&package["name"]), package.clone())).collect()
}

/// The names of the packages that depend on this one directly.
fn users_of(graph: &Value, id: &Value) -> Vec<String> {
    let nodes = graph["resolve"]["nodes"].as_array().unwrap().iter();
    let users = nodes.filter(|node| node["dependencies"].as_array().unwrap().contains(id));
    let packages = graph["packages"].as_array().unwrap();
    let name = |user: &Value| packages.iter().find(|package| package["id"] == user["id"]);
    users.filter_map(name).map(|package| text(&package["name"])).collect()
}

/// The whole graph of dependencies on this kind of machine, ours included.
fn graph() -> Value {
    let version = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    metadata(&["--filter-platform", host])
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn deny() -> toml::Table {
    std::fs::read_to_string(workspace_root().join("deny.toml")).unwrap().parse().unwrap()
}

/// Fails with a list of what is wrong, one a line.
fn none(rule: &str, wrong: &[String]) {
    assert!(wrong.is_empty(), "{rule}\n  {}\n", wrong.join("\n  "));
}

#[test]
fn crates_depend_only_in_the_allowed_direction() {
    let crates = crates();
    let known: BTreeSet<&str> = EDGES.iter().map(|(name, _)| *name).collect();
    let mut wrong = Vec::new();
    for (name, package) in &crates {
        let Some((_, allowed)) = EDGES.iter().find(|(listed, _)| listed == name) else {
            wrong.push(format!("{name} is not in the table"));
            continue;
        };
        for dependency in package["dependencies"].as_array().unwrap() {
            let on = text(&dependency["name"]);
            let dev = dependency["kind"] == "dev";
            let dev_allowed = DEV_EDGES.iter().any(|(from, to)| (*from == "*" || from == name) && *to == on);
            if known.contains(on.as_str()) && !allowed.contains(&on.as_str()) && !(dev && dev_allowed) {
                wrong.push(format!("{name} → {on}"));
            }
            let engine = !matches!(name.as_str(), "bulwark" | "bulwark-testkit" | "xtask");
            let excepted = ENGINE_EXCEPTIONS.contains(&(name, &on));
            if engine && !dev && NOT_IN_ENGINES.contains(&on.as_str()) && !excepted {
                wrong.push(format!("{name} → {on}: engines compute, the binary does the rest"));
            }
        }
    }
    wrong.extend(
        EDGES.iter().filter(|(name, _)| !crates.contains_key(*name)).map(|(name, _)| format!("no {name}")),
    );
    none("These dependencies are not in the table of allowed edges:", &wrong);
}

#[test]
fn architecture_shows_the_table_of_edges() {
    let row = |(name, allowed): &(&str, &[&str])| {
        let list: Vec<String> = allowed.iter().map(|on| format!("`{}`", short(on))).collect();
        format!("| `{}` | {} |", short(name), if list.is_empty() { "–".to_owned() } else { list.join(", ") })
    };
    let page = std::fs::read_to_string(workspace_root().join("ARCHITECTURE.md")).unwrap_or_default();
    let lines: BTreeSet<&str> = page.lines().map(str::trim).collect();
    let missing: Vec<String> = EDGES.iter().map(row).filter(|row| !lines.contains(row.as_str())).collect();
    none("ARCHITECTURE.md lacks these rows of the table `| crate | may use |`:", &missing);
}

fn short(name: &str) -> &str {
    name.strip_prefix("bulwark-").unwrap_or(name)
}

#[test]
fn sockets_of_probe_stay_in_its_net_module() {
    let mut wrong = Vec::new();
    for file in rust_files() {
        if !file.path.starts_with("crates/probe/src/") || file.path.starts_with("crates/probe/src/net/") {
            continue;
        }
        for (number, line) in file.code() {
            if ["tokio::", "tokio_", "hyper::", "std::net::TcpStream", "UdpSocket"]
                .iter()
                .any(|w| line.contains(w))
            {
                wrong.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    none("Only crates/probe/src/net/ opens sockets:", &wrong);
}

#[test]
fn databases_differ_in_few_places() {
    let mut wrong = Vec::new();
    for file in rust_files().filter(|file| !file.is_test() && !file.starts_with_any(DIALECTS)) {
        for (number, line) in file.code() {
            if line.contains("DbBackend") || line.contains("DatabaseBackend") {
                wrong.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    none("Only the migrations, the search and the opening of the store know which database it is:", &wrong);
}

#[test]
fn clocks_are_read_in_few_places() {
    let mut wrong = Vec::new();
    for file in rust_files().filter(|file| !file.is_test()) {
        for (number, line) in file.code() {
            let wall =
                ["SystemTime::now", "Timestamp::now", "Zoned::now"].iter().any(|call| line.contains(call));
            let stopwatch = line.contains("Instant::now");
            if wall && !file.starts_with_any(WALL_CLOCK) || stopwatch && !file.starts_with_any(STOPWATCH) {
                wrong.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    none("Time is a value or a model::Clock:", &wrong);
}

#[test]
fn files_are_not_too_long() {
    let mut wrong = Vec::new();
    for file in files() {
        let lines = file.text.lines().count();
        if file.is(&["rs", "html", "css", "js", "toml", "md", "sh"]) && lines > 1500 {
            wrong.push(format!("{}: {lines} lines, 1500 is the end", file.path));
        }
        let listed = LONG_FILES.iter().any(|(path, _)| *path == file.path);
        if file.is(&["rs"]) && lines > 600 && !listed {
            wrong.push(format!(
                "{}: {lines} lines; split it, or list it in LONG_FILES with a reason",
                file.path
            ));
        }
        if listed && lines <= 600 {
            wrong.push(format!("{}: {lines} lines; take it off LONG_FILES", file.path));
        }
    }
    none("Files too long to read in one sitting:", &wrong);
}

#[test]
fn nothing_is_left_to_do() {
    // Put together here, so that this file does not find itself.
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME")];
    let calls = [concat!("to", "do!("), concat!("unimple", "mented!(")];
    let mut wrong = Vec::new();
    for file in files().iter().filter(|file| file.is(&["rs", "html", "css", "toml", "sh", "run"])) {
        for (index, line) in file.text.lines().enumerate() {
            // An example in a doc comment may leave out what it is not about.
            let comment = line.trim_start().starts_with("//");
            if marks.iter().any(|mark| line.contains(mark))
                || !comment && calls.iter().any(|c| line.contains(c))
            {
                wrong.push(format!("{}:{}: {}", file.path, index + 1, line.trim()));
            }
        }
    }
    none("Do it, or file an issue:", &wrong);
}

#[test]
fn pages_are_escaped() {
    let mut wrong = Vec::new();
    for file in files() {
        let template = file.is(&["html", "j2"]) && !file.path.contains("/snapshots/");
        let source = file.is(&["rs"]) && !file.is_test() && !UNESCAPED.contains(&file.path.as_str());
        for (index, line) in file.text.lines().enumerate() {
            let packed = line.replace(' ', "");
            let in_template = template && (packed.contains("|safe") || packed.contains("autoescapefalse"));
            if in_template || source && packed.contains("from_safe_string") {
                wrong.push(format!("{}:{}: {}", file.path, index + 1, line.trim()));
            }
        }
    }
    none("Text enters a page unescaped outside the listed places:", &wrong);
}

#[test]
fn catalogues_agree_and_are_good_chinese() {
    let files: BTreeMap<String, String> = files().into_iter().map(|file| (file.path, file.text)).collect();
    let mut wrong = Vec::new();
    let mut pairs = 0;
    for (path, zh_tw) in files.iter().filter(|(path, _)| path.ends_with("/zh-TW.toml")) {
        let other = path.replace("/zh-TW.toml", "/en.toml");
        let Some(en) = files.get(&other) else {
            wrong.push(format!("{path}: no {other}"));
            continue;
        };
        pairs += 1;
        match Catalogue::parse(path, zh_tw, en) {
            Err(error) => wrong.push(error.to_string()),
            Ok(catalogue) => {
                for (key, text) in catalogue.iter() {
                    wrong.extend(
                        wrong_usage(&text.zh_tw).into_iter().map(|w| format!("{path}: `{key}`: {w}")),
                    );
                }
            }
        }
    }
    assert!(pairs > 0, "no catalogue found");
    none("Catalogues:", &wrong);
}

#[test]
fn links_between_documents_lead_somewhere() {
    let root = workspace_root();
    let mut wrong = Vec::new();
    for file in files().iter().filter(|file| file.is(&["md"]) && !file.path.contains("/snapshots/")) {
        let folder = root.join(&file.path).parent().map(Path::to_path_buf).unwrap_or_default();
        let mut fenced = false;
        for (index, line) in file.text.lines().enumerate() {
            fenced ^= line.trim_start().starts_with("```");
            let targets = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
            for target in targets.filter(|_| !fenced) {
                let path = target.split(['#', ' ']).next().unwrap_or_default();
                let elsewhere = target.contains("://") || target.starts_with("mailto:");
                if !elsewhere && !path.is_empty() && !folder.join(path).exists() {
                    wrong.push(format!("{}:{}: {target}", file.path, index + 1));
                }
            }
        }
    }
    none("Links that lead nowhere:", &wrong);
}

#[test]
fn our_crates_say_what_they_are() {
    let mut wrong = Vec::new();
    for (name, package) in crates() {
        for field in ["description", "license"] {
            if text(&package[field]).is_empty() {
                wrong.push(format!("{name}: no {field}"));
            }
        }
    }
    none("Cargo.toml:", &wrong);
}

#[test]
fn dependencies_have_allowed_licences_names_and_sources() {
    let deny = deny();
    let list = |section: &str, key: &str| deny[section][key].as_array().unwrap().clone();
    let allowed: BTreeSet<String> =
        list("licenses", "allow").iter().map(|id| id.as_str().unwrap().to_owned()).collect();
    // Name, and who may have it inside nevertheless (`wrappers` of cargo-deny).
    let banned: BTreeMap<String, Vec<String>> = list("bans", "deny")
        .iter()
        .map(|ban| {
            let wrappers = ban.get("wrappers").and_then(|wrappers| wrappers.as_array());
            let wrappers = wrappers.into_iter().flatten().map(|name| name.as_str().unwrap().to_owned());
            (ban["crate"].as_str().unwrap().to_owned(), wrappers.collect())
        })
        .collect();
    let sources: BTreeSet<String> = list("sources", "allow-registry")
        .iter()
        .map(|url| format!("registry+{}", url.as_str().unwrap()))
        .collect();
    let mut wrong = Vec::new();
    let graph = graph();
    for package in graph["packages"].as_array().unwrap() {
        let name = format!("{} {}", text(&package["name"]), text(&package["version"]));
        let licence = text(&package["license"]);
        let mut allowed = allowed.clone();
        let own = list("licenses", "exceptions")
            .into_iter()
            .find(|own| own["crate"].as_str() == package["name"].as_str());
        allowed.extend(
            own.iter()
                .flat_map(|own| own["allow"].as_array().unwrap())
                .map(|id| id.as_str().unwrap().to_owned()),
        );
        if !allows(&allowed, &licence) {
            wrong.push(format!("{name}: licence {licence:?}"));
        }
        if let Some(wrappers) = banned.get(&text(&package["name"])) {
            let mut users = users_of(&graph, &package["id"]);
            users.retain(|user| !wrappers.contains(user));
            if !users.is_empty() || wrappers.is_empty() {
                wrong.push(format!("{name}: banned, used by {}", users.join(", ")));
            }
        }
        let source = text(&package["source"]);
        if !source.is_empty() && !sources.contains(&source) {
            wrong.push(format!("{name}: from {source}"));
        }
    }
    none("deny.toml does not allow:", &wrong);
}

/// Whether an SPDX expression can be satisfied with the allowed licences. `/` is the old way to write OR.
fn allows(allowed: &BTreeSet<String>, expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let result = any_of(allowed, &words, &mut at);
    result && at == words.len()
}

fn any_of(allowed: &BTreeSet<String>, words: &[&str], at: &mut usize) -> bool {
    let mut result = all_of(allowed, words, at);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        result |= all_of(allowed, words, at);
    }
    result
}

fn all_of(allowed: &BTreeSet<String>, words: &[&str], at: &mut usize) -> bool {
    let mut result = licence(allowed, words, at);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        result &= licence(allowed, words, at);
    }
    result
}

fn licence(allowed: &BTreeSet<String>, words: &[&str], at: &mut usize) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if *word == "(" {
        let result = any_of(allowed, words, at);
        *at += 1; // the closing parenthesis
        return result;
    }
    if words.get(*at) == Some(&"WITH") {
        *at += 2;
        return allowed.contains(&words[*at - 3..*at].join(" "));
    }
    allowed.contains(*word)
}

#[test]
fn licence_expressions_are_understood() {
    let allowed: BTreeSet<String> = ["MIT", "Apache-2.0", "A WITH B"].map(str::to_owned).into();
    for good in ["MIT", "GPL-3.0 OR MIT", "MIT/GPL", "(MIT OR GPL) AND Apache-2.0", "GPL OR MIT AND A WITH B"]
    {
        assert!(allows(&allowed, good), "{good}");
    }
    for bad in ["", "GPL", "MIT AND GPL", "(MIT OR GPL) AND X", "A WITH C", "MIT MIT"] {
        assert!(!allows(&allowed, bad), "{bad}");
    }
}

#[test]
fn every_diagnostic_code_has_a_page() {
    let mut codes: BTreeMap<String, String> = BTreeMap::new();
    for file in rust_files().filter(|file| !file.is_test() && file.path.contains("/src/")) {
        for (_, line) in file.code() {
            for (at, _) in line.match_indices("\"BW-") {
                let code: String = line[at + 1..].chars().take_while(|c| *c != '"').collect();
                let parts: Vec<&str> = code.split('-').collect();
                if let ["BW", area, number] = parts.as_slice()
                    && !area.is_empty()
                    && number.len() == 3
                    && number.bytes().all(|b| b.is_ascii_digit())
                {
                    codes.entry(code.clone()).or_insert_with(|| file.path.clone());
                }
            }
        }
    }
    assert!(!codes.is_empty(), "no diagnostic code found in the sources");
    let pages: Vec<File> = files().into_iter().filter(|file| file.path.starts_with("docs/errors/")).collect();
    let has_page = |code: &str| {
        let (name, heading) = (format!("docs/errors/{code}.md"), format!("# {code}"));
        pages.iter().any(|page| page.path == name || page.text.lines().any(|line| line.ends_with(&heading)))
    };
    let missing: Vec<String> = codes
        .iter()
        .filter(|(code, _)| !has_page(code))
        .map(|(code, path)| format!("docs/errors/{code}.md (used in {path})"))
        .collect();
    none("Pages of the manual that are missing:", &missing);
    let used = |page: &&File| {
        let name = PathBuf::from(&page.path);
        let stem = name.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        !stem.starts_with("BW-")
            || codes.keys().any(|code| *code == stem || code.starts_with(&format!("{stem}-")))
    };
    let unused: Vec<String> = pages.iter().filter(|page| !used(page)).map(|page| page.path.clone()).collect();
    none("Pages of codes that no source uses:", &unused);
}

#[test]
fn no_path_of_one_machine_is_written_down() {
    let paths = [concat!("/wo", "rk/"), concat!("/ro", "ot/")];
    let mut wrong = Vec::new();
    for file in files() {
        for (index, line) in file.text.lines().enumerate() {
            if paths.iter().any(|path| line.contains(path)) {
                wrong.push(format!("{}:{}: {}", file.path, index + 1, line.trim()));
            }
        }
    }
    none("Paths that exist on one machine only:", &wrong);
}
