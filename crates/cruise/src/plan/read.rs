//! Reading `plan.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::{Component, Path, PathBuf};

use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Domain, Intensity, Location as Place, ProtectionLevel, SystemClass};
use bulwark_probe::scope::{Network, Vantage};
use bulwark_probe::task::{Extract, TransactionStep};
use toml::de::DeTable;

use super::reader::{At, Source, Table, nearest};
use super::values::{bool_word, choice, day, host_name, hour, names, port, web_url};
use super::{
    Answer, AnswerValue, Approval, Background, Database, DatabaseKind, Host, LocalPath, Location, PathKind,
    Plan, PlanScope, Selection, StopSwitch, System, Transaction, Window, question,
};
use crate::diagnostic;

/// Reads a plan file. Relative paths in it start at its own folder.
///
/// # Errors
/// Every mistake with its place; the file that cannot be read is one of them.
pub fn read_file(path: &Path) -> Result<Plan, Vec<Diagnostic>> {
    let shown = path.to_string_lossy();
    let place = || Place::File { path: shown.to_string(), line: 0, column: 0 };
    let bytes = std::fs::read(path)
        .map_err(|e| vec![diagnostic("BW-PLAN-015", &args![path = shown]).at(place()).because(e)])?;
    let text = String::from_utf8(bytes).map_err(|e| {
        let good = e.utf8_error().valid_up_to();
        vec![diagnostic("BW-PLAN-019", &args![offset = good]).at(place())]
    })?;
    let text = text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned);
    let folder =
        std::path::absolute(path).ok().and_then(|p| p.parent().map(Path::to_owned)).unwrap_or_default();
    read(&shown, &text, &folder)
}

/// Reads a plan from its text.
///
/// # Errors
/// Every mistake with file, line and column.
pub fn read(path: &str, text: &str, folder: &Path) -> Result<Plan, Vec<Diagnostic>> {
    let source = Source::new(path, text);
    let (root, errors) = DeTable::parse_recoverable(text);
    for e in &errors {
        source.note("BW-PLAN-001", &e.span().unwrap_or(0..0), &args![reason = e.message()]);
    }
    if !errors.is_empty() {
        return Err(source.into_notes());
    }
    let plan = Reader { folder }.plan(&Table::root(&source, &root), text);
    match plan {
        Some(plan) if !source.has_notes() => Ok(plan),
        _ => Err(source.into_notes()),
    }
}

struct Reader<'p> {
    folder: &'p Path,
}

impl Reader<'_> {
    fn plan(&self, root: &Table<'_, '_>, text: &str) -> Option<Plan> {
        if root.number("format", 1, u64::MAX).is_some_and(|f| f > 1) {
            root.source().note("BW-PLAN-023", root.span(), &[]);
            return None;
        }
        let system = Self::system(root);
        let location = self.location(root);
        let intensity = root.word::<Intensity>("intensity").unwrap_or(Intensity::Low);
        let scope = self.scope(root);
        let window = Self::window(root);
        let checks = Self::checks(root);
        let transactions = Self::transactions(root, &scope);
        let answers = self.answers(root);
        let approval = Self::approval(root);
        let stop = self.stop(root);
        check_lab(root, &scope, intensity);
        finish(root);
        Some(Plan {
            system: system?,
            location,
            scope,
            window,
            intensity,
            checks,
            transactions,
            answers,
            approval,
            stop,
            sha256: bulwark_bundle::Sha256::of(text.as_bytes()).to_string(),
            source: text.to_owned(),
        })
    }

    fn path(&self, at: &At<String>) -> PathBuf {
        tidy(&self.folder.join(&at.value))
    }

    fn system(root: &Table<'_, '_>) -> Option<System> {
        let t = root.table("system");
        if !t.present() {
            root.missing("system");
            return None;
        }
        let name = t.need("name");
        let agency = t.need("agency");
        let class = t.word::<SystemClass>("class").unwrap_or(SystemClass::Operational);
        let level = t.word::<ProtectionLevel>("security_level");
        if level.is_none() && t.text("security_level").is_none() {
            t.missing("security_level");
        }
        let level = level.unwrap_or(ProtectionLevel::Basic);
        let cia = ["c", "i", "a"].map(|k| t.word::<ProtectionLevel>(k).unwrap_or(level));
        let b = t.table("background");
        let fact = |key| b.text(key).map(|at| at.value);
        let background = Background {
            business_item: fact("business_item"),
            stakeholder: fact("stakeholder"),
            security_level: fact("security_level"),
            circuit: fact("circuit"),
            datacenter_location: fact("datacenter_location"),
            server_kind: fact("server_kind"),
            os: fact("os"),
            operator: fact("operator"),
            vendor: fact("vendor"),
        };
        b.finish();
        t.finish();
        // The highest of the parts wins (資通安全責任等級分級辦法 附表九).
        let level = cia.into_iter().fold(level, ProtectionLevel::max);
        let [confidentiality, integrity, availability] = cia;
        Some(System {
            name: name?.value,
            agency: agency?.value,
            class,
            level,
            confidentiality,
            integrity,
            availability,
            background,
        })
    }

    fn location(&self, root: &Table<'_, '_>) -> Location {
        let t = root.table("location");
        let vantage = choice(&t, "vantage", [("internet", Vantage::Internet), ("inside", Vantage::Inside)]);
        let mut resolvers = Vec::new();
        for at in t.texts("resolvers").unwrap_or_default() {
            let parsed =
                at.value.parse().ok().or_else(|| at.value.parse::<IpAddr>().ok().map(|ip| (ip, 53).into()));
            match parsed {
                Some(address) => resolvers.push(address),
                None => t.source().note("BW-PLAN-014", &at.span, &args![found = at.value]),
            }
        }
        let location = Location {
            vantage: vantage.unwrap_or_default(),
            resolvers,
            authoritative_port: port(&t, "authoritative_port").unwrap_or(53),
            ca_file: t.text("ca_file").map(|at| self.path(&at)),
            contact: t.text("contact").map(|at| at.value),
        };
        t.finish();
        location
    }

    fn scope(&self, root: &Table<'_, '_>) -> PlanScope {
        let t = root.table("scope");
        let mistakes = t.source().note_count();
        let mut scope = PlanScope {
            domains: names(&t, "domains"),
            mail_domains: names(&t, "mail_domains"),
            dkim_selectors: t
                .texts("dkim_selectors")
                .unwrap_or_default()
                .into_iter()
                .map(|at| at.value)
                .collect(),
            this_machine: bool_word(&t, "this_machine"),
            ..PlanScope::default()
        };
        for at in t.texts("networks").unwrap_or_default() {
            match at.value.parse::<Network>() {
                Ok(network) => scope.networks.push(network),
                Err(_) => t.source().note("BW-PLAN-014", &at.span, &args![found = at.value]),
            }
        }
        for at in t.texts("urls").unwrap_or_default() {
            if let Some(url) = web_url(&t, &at) {
                scope.urls.push(url);
            }
        }
        for h in t.tables("host") {
            if let Some(host) = host(&h) {
                scope.hosts.push(host);
            }
            h.finish();
        }
        for d in t.tables("database") {
            let kind =
                choice(&d, "kind", [DatabaseKind::Postgres, DatabaseKind::Mysql].map(|k| (k.code(), k)));
            let (name, host, file) = (d.need("name"), d.need("host"), d.need("dsn_file"));
            let host = host.and_then(|at| host_name(&d, &at));
            if let (Some(name), Some(host), Some(file)) = (name, host, file) {
                scope.databases.push(Database {
                    kind: kind.unwrap_or_default(),
                    name: name.value,
                    host,
                    dsn_file: self.path(&file),
                });
            }
            d.finish();
        }
        for p in t.tables("path") {
            if !p.has("kind") {
                p.missing("kind");
            }
            let all = [
                PathKind::Backup,
                PathKind::Data,
                PathKind::WebRoot,
                PathKind::AccessLog,
                PathKind::PostgresLog,
            ];
            let kind = choice(&p, "kind", all.map(|k| (k.code(), k)));
            let path = p.need("path");
            let max_age_hours = p.number("max_age_hours", 1, 24 * 366).unwrap_or(26);
            let history = p.text("history").map(|at| self.path(&at));
            if let (Some(kind), Some(path)) = (kind, path) {
                scope.paths.push(LocalPath {
                    kind,
                    path: self.path(&path),
                    max_age_hours: u32::try_from(max_age_hours).unwrap_or(26),
                    history,
                });
            }
            p.finish();
        }
        let empty = scope.domains.is_empty()
            && scope.mail_domains.is_empty()
            && scope.hosts.is_empty()
            && scope.urls.is_empty()
            && scope.databases.is_empty()
            && scope.paths.is_empty()
            && !scope.this_machine;
        t.note_unknown();
        // When something in the scope is mistyped, that is the mistake to mend.
        if empty && t.source().note_count() == mistakes {
            t.source().note("BW-PLAN-011", t.span(), &[]);
        }
        scope
    }

    fn window(root: &Table<'_, '_>) -> Option<Window> {
        let t = root.table("window");
        if !t.present() {
            return None;
        }
        let (first, last) = (day(&t, "first_day", true), day(&t, "last_day", true));
        let (from, to) = (hour(&t, "from"), hour(&t, "to"));
        let window = match (first, last, from, to) {
            (Some(first_day), Some(last_day), Some(from), Some(to)) => {
                if last_day < first_day {
                    t.source().note("BW-PLAN-017", t.span(), &[]);
                }
                Some(Window { first_day, last_day, from, to })
            }
            _ => None,
        };
        t.finish();
        window
    }

    fn checks(root: &Table<'_, '_>) -> BTreeMap<Domain, Selection> {
        let t = root.table("checks");
        let mut out = BTreeMap::new();
        for domain in Domain::ALL {
            let Some(items) = t.texts(domain.code()) else { continue };
            let known: BTreeSet<&str> =
                crate::check::catalogue().iter().filter(|d| d.domain() == *domain).map(|d| d.id).collect();
            let mut only = Vec::new();
            let mut except = Vec::new();
            let mut all = false;
            for at in &items {
                let (minus, id) =
                    at.value.strip_prefix('-').map_or((false, at.value.as_str()), |id| (true, id));
                if id == "*" {
                    all = true;
                } else if known.contains(id) {
                    if minus { &mut except } else { &mut only }.push(id.to_owned());
                } else {
                    let near = nearest(id, known.iter().copied()).unwrap_or_default();
                    t.source().note(
                        "BW-PLAN-012",
                        &at.span,
                        &args![found = id, domain = domain.code(), near = near],
                    );
                }
            }
            let selection = match (all, only.is_empty(), except.is_empty()) {
                (true, _, true) => Selection::All,
                (true, _, false) | (false, true, false) => Selection::Except(except),
                (false, false, _) => {
                    Selection::Only(only.into_iter().filter(|id| !except.contains(id)).collect())
                }
                (false, true, true) => Selection::None,
            };
            out.insert(*domain, selection);
        }
        t.finish();
        out
    }

    fn transactions(root: &Table<'_, '_>, scope: &PlanScope) -> Vec<Transaction> {
        let mut out: Vec<Transaction> = Vec::new();
        for t in root.tables("transaction") {
            let name = t.need("name");
            let repetitions = t.number("repetitions", 1, 1000).unwrap_or(10);
            let p95_limit_ms = t.number("p95_limit_ms", 1, 600_000).unwrap_or(3000);
            let mut steps = Vec::new();
            for s in t.tables("step") {
                steps.extend(step(&s, scope, steps.len() + 1));
                s.finish();
            }
            if steps.is_empty() {
                t.missing("step");
            }
            if let Some(name) = name {
                if out.iter().any(|o| o.name == name.value) {
                    t.source().note("BW-PLAN-020", &name.span, &args![found = name.value]);
                }
                out.push(Transaction {
                    name: name.value,
                    repetitions: u32::try_from(repetitions).unwrap_or(10),
                    p95_limit_ms,
                    steps,
                });
            }
            t.finish();
        }
        out
    }

    fn answers(&self, root: &Table<'_, '_>) -> BTreeMap<String, Answer> {
        const WORDS: [(&str, AnswerValue); 5] = [
            ("yes", AnswerValue::Yes),
            ("partial", AnswerValue::Partial),
            ("no", AnswerValue::No),
            ("not_applicable", AnswerValue::NotApplicable),
            ("unknown", AnswerValue::Unknown),
        ];
        let mut out = BTreeMap::new();
        for t in root.tables("answer") {
            let id = t.need("id");
            if !t.has("answer") {
                t.missing("answer");
            }
            let value = choice(&t, "answer", WORDS);
            let answer = Answer {
                value: value.unwrap_or(AnswerValue::Unknown),
                note: t.text("note").map(|at| at.value).unwrap_or_default(),
                on: day(&t, "on", false),
                evidence: t.texts("evidence").unwrap_or_default().iter().map(|at| self.path(at)).collect(),
            };
            if let Some(id) = id {
                if question::find(&id.value).is_none() {
                    let near =
                        nearest(&id.value, question::QUESTIONS.iter().map(|q| q.id)).unwrap_or_default();
                    t.source().note("BW-PLAN-013", &id.span, &args![found = id.value, near = near]);
                } else if out.insert(id.value.clone(), answer).is_some() {
                    t.source().note("BW-PLAN-020", &id.span, &args![found = id.value]);
                }
            }
            t.finish();
        }
        out
    }

    fn stop(&self, root: &Table<'_, '_>) -> StopSwitch {
        let t = root.table("stop");
        let stop = StopSwitch {
            file: t.text("file").map(|at| self.path(&at)),
            url: t.text("url").and_then(|at| web_url(&t, &at)),
        };
        t.finish();
        stop
    }

    fn approval(root: &Table<'_, '_>) -> Option<Approval> {
        let t = root.table("approval");
        if !t.present() {
            return None;
        }
        let approval = t.text("by").zip(day(&t, "on", false)).map(|(by, on)| Approval { by: by.value, on });
        t.finish();
        approval
    }
}

/// Takes `.` and `..` out of a path by its words alone, so that the same place has one name in plan,
/// evidence and report.
fn tidy(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

/// Unknown keys of the root are noted last, when every known key was asked for.
fn finish(root: &Table<'_, '_>) {
    root.note_unknown();
}

fn host(h: &Table<'_, '_>) -> Option<Host> {
    let written = h.need("name");
    let name = written.as_ref().and_then(|at| host_name(h, at));
    let host = Host {
        name: String::new(),
        written: written.map(|at| at.value).unwrap_or_default(),
        ports: h.ports("ports"),
        tls_ports: h.ports("tls_ports"),
        smtp_port: port(h, "smtp_port"),
        ntp_port: port(h, "ntp_port"),
        zone: h.text("zone").map(|at| at.value),
    };
    name.map(|name| Host { name, ..host })
}

fn step(s: &Table<'_, '_>, scope: &PlanScope, number: usize) -> Option<TransactionStep> {
    let method = s.text("method").map_or_else(
        || "GET".to_owned(),
        |at| {
            if !matches!(at.value.as_str(), "GET" | "HEAD") {
                s.source().note(
                    "BW-PLAN-005",
                    &at.span,
                    &args![
                        key = "transaction.step.method",
                        found = at.value,
                        expected = "GET | HEAD",
                        near = "GET"
                    ],
                );
            }
            at.value.clone()
        },
    );
    let url = s.need("url").and_then(|at| {
        // `${name}` is filled at run time; for the check of host and form any word will do.
        let probe = At { value: at.value.replace("${", "").replace('}', ""), span: at.span.clone() };
        let parsed = web_url(s, &probe)?;
        let host = parsed.host_str().unwrap_or_default().trim_matches(['[', ']']).to_ascii_lowercase();
        let named = scope.hosts.iter().any(|h| h.name == host)
            || scope.urls.iter().any(|u| {
                u.host_str().is_some_and(|h| h.trim_matches(['[', ']']).eq_ignore_ascii_case(&host))
            });
        if !named {
            s.source().note("BW-PLAN-016", &at.span, &args![found = at.value, host = host]);
        }
        Some(at.value)
    });
    let mut extract = Vec::new();
    for e in s.tables("extract") {
        let name = e.need("name");
        let text = |key| e.text(key).map(|at| at.value).unwrap_or_default();
        let (after, before, json) = (text("after"), text("before"), text("json"));
        if after.is_empty() && json.is_empty() {
            e.missing("after");
        }
        if let Some(name) = name {
            extract.push(Extract { name: name.value, after, before, json });
        }
        e.finish();
    }
    let pointer = s.text("expect_json_pointer");
    let value = s.text("expect_json_value");
    let expect_json = match (pointer, value) {
        (Some(p), Some(v)) => Some((p.value, v.value)),
        (Some(_), None) => {
            s.missing("expect_json_value");
            None
        }
        (None, Some(_)) => {
            s.missing("expect_json_pointer");
            None
        }
        (None, None) => None,
    };
    let step = TransactionStep {
        name: s.text("name").map_or_else(|| format!("{number}"), |at| at.value),
        method,
        url: String::new(),
        extract,
        expect_status: s.number("expect_status", 100, 599).and_then(|n| u16::try_from(n).ok()).unwrap_or(0),
        expect_text: s.text("expect_text").map(|at| at.value).unwrap_or_default(),
        expect_json,
    };
    url.map(|url| TransactionStep { url, ..step })
}

/// `lab` is for loopback only: an address literal elsewhere is refused before anything is sent.
fn check_lab(root: &Table<'_, '_>, scope: &PlanScope, intensity: Intensity) {
    if intensity != Intensity::Lab {
        return;
    }
    for host in &scope.hosts {
        if host.name.parse::<IpAddr>().is_ok_and(|ip| !ip.is_loopback()) {
            root.source().note("BW-PLAN-021", root.span(), &args![found = host.name]);
        }
    }
}
