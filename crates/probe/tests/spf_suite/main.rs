//! Every expectation of the SPF suites in the shared data, how many of them also hold under RFC 7208
//! to the letter, and how many another implementation (pyspf) meets.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Seek as _, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bulwark_probe::mail::{Client, Found, Resolver, Rules, Trouble, check_both};

/// The records of one suite. A record of the same name and type replaces the one before.
#[derive(Default, Clone)]
struct Records {
    texts: BTreeMap<String, String>,
    addresses: BTreeMap<String, Vec<IpAddr>>,
    mx: BTreeMap<String, Vec<(u16, String)>>,
    ptr: BTreeMap<IpAddr, Vec<String>>,
}

fn canonical(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

impl Records {
    fn add(&mut self, kind: &str, value: &str) {
        let (name, data) = value.split_once(' ').unwrap_or((value, ""));
        let list = || data.split(',').map(str::trim).filter(|s| !s.is_empty());
        let owner = canonical(name);
        match kind {
            "spf" | "exp" => {
                // Only the space that separates name and text is cut: `v=spf1 ` keeps its end.
                self.texts.insert(owner, data.to_owned());
            }
            "a" | "aaaa" => {
                let found: Vec<IpAddr> = list().map(|a| a.parse().expect("an address")).collect();
                let v6 = kind == "aaaa";
                let place = self.addresses.entry(owner).or_default();
                place.retain(|a| a.is_ipv6() != v6);
                place.extend(found);
            }
            "mx" => {
                let mut hosts = Vec::new();
                for (n, address) in list().enumerate() {
                    let host = format!("mx{n}.{owner}");
                    self.addresses.insert(host.clone(), vec![address.parse().expect("an address")]);
                    hosts.push((u16::try_from(n).expect("few"), host));
                }
                self.mx.insert(owner, hosts);
            }
            "ptr" => {
                self.ptr.insert(name.parse().expect("an address"), list().map(canonical).collect());
            }
            other => panic!("record {other}"),
        }
    }
}

impl Resolver for Records {
    fn txt(&self, name: &str) -> Found<String> {
        let name = canonical(name);
        if name.starts_with("_dns_error") {
            return Err(Trouble::Temporary);
        }
        Ok(self.texts.get(&name).cloned().into_iter().collect())
    }

    fn addresses(&self, name: &str, v6: bool) -> Found<IpAddr> {
        let found = self.addresses.get(&canonical(name)).cloned().unwrap_or_default();
        Ok(found.into_iter().filter(|a| a.is_ipv6() == v6).collect())
    }

    fn mx(&self, name: &str) -> Found<(u16, String)> {
        Ok(self.mx.get(&canonical(name)).cloned().unwrap_or_default())
    }

    fn ptr(&self, address: IpAddr) -> Found<String> {
        Ok(self.ptr.get(&address).cloned().unwrap_or_default())
    }
}

/// A check that a suite asks for, with the records that hold for it.
struct Question {
    records: Records,
    ip: IpAddr,
    sender: String,
    helo: String,
    /// The result without explanation.
    expected: String,
}

#[derive(Default)]
struct Count {
    all: usize,
    met: usize,
    strict: usize,
    wrong: Vec<String>,
    questions: Vec<Question>,
    beyond: BTreeSet<String>,
}

/// Runs one file. The keys `spf:` and `mx:` repeat, so it is read line by line: a record takes
/// effect from its line on, `---` begins a suite of its own, `expect` asks.
fn run(file: &Path, count: &mut Count) {
    let text = std::fs::read_to_string(file).expect("readable");
    let (mut records, mut suite) = (Records::default(), String::new());
    let (mut domain, mut sender, mut ip) = (String::new(), String::new(), None);
    for (n, line) in text.lines().enumerate() {
        let bare = line.trim_start().trim_start_matches("- ").trim_start();
        if line.trim() == "---" {
            records = Records::default();
            (domain, sender, ip) = (String::new(), String::new(), None);
        }
        if bare.starts_with('#') {
            continue;
        }
        let Some((key, value)) = bare.split_once(':') else { continue };
        let value = value.strip_prefix(' ').unwrap_or(value);
        match key {
            "name" => value.trim().clone_into(&mut suite),
            "records" | "tests" => {}
            "domain" => value.trim().clone_into(&mut domain),
            "sender" => value.trim().clone_into(&mut sender),
            "ip" => ip = Some(value.trim().parse::<IpAddr>().expect("an address")),
            "expect" => {
                let client = Client {
                    ip: ip.expect("an address before expect"),
                    sender: &sender,
                    helo: &domain,
                    receiver: "receiver.test",
                    time: 0,
                };
                let expected = value.trim();
                let said = |rules| {
                    let verdict = check_both(&records, client, rules);
                    let word = verdict.result.word();
                    // An expectation without explanation does not ask about it.
                    match verdict.explanation.filter(|_| expected.contains(' ')) {
                        Some(why) => format!("{word} {why}"),
                        None => word.to_owned(),
                    }
                };
                let place = format!("{}:{}: {suite}", file.file_name().expect("a name").display(), n + 1);
                let lenient = said(Rules::LENIENT);
                count.questions.push(Question {
                    records: records.clone(),
                    ip: client.ip,
                    sender: sender.clone(),
                    helo: domain.clone(),
                    expected: expected.split(' ').next().unwrap_or_default().to_owned(),
                });
                count.all += 1;
                if lenient == expected {
                    count.met += 1;
                } else {
                    count.wrong.push(format!("{place}: expected `{expected}`, got `{lenient}`"));
                }
                if said(Rules::RFC) == expected {
                    count.strict += 1;
                } else {
                    count.beyond.insert(suite.clone());
                }
            }
            kind => records.add(kind, value),
        }
    }
}

/// All suites in order.
fn suites() -> Option<(usize, Count)> {
    let folder = bulwark_testkit::shared_data("monitor/mailauth")?;
    let mut files: Vec<_> = std::fs::read_dir(folder.join("spf"))
        .expect("a folder")
        .map(|f| f.expect("a file").path())
        .filter(|p| p.extension().is_some_and(|e| e == "yml"))
        .collect();
    files.sort();
    let mut count = Count::default();
    for file in &files {
        run(file, &mut count);
    }
    Some((files.len(), count))
}

#[test]
fn every_expectation_of_the_suites_is_met() {
    let Some((files, count)) = suites() else { return };
    let beyond: Vec<&str> = count.beyond.iter().map(String::as_str).collect();
    // Read by the conformance task.
    println!("spf suites: {}/{}", count.met, count.all);
    println!(
        "({} files; {} of them also under RFC 7208 to the letter, others in {})",
        files,
        count.strict,
        beyond.join(", ")
    );
    assert!(count.wrong.is_empty(), "{:#?}", count.wrong);
    // The suites take void look-ups without limit, AAAA for `exists`, and errors after `all`.
    assert_eq!(beyond, ["All test", "DNS Lookup Limits", "Exists", "Macro expansion 2"]);
    assert!(count.all >= 100, "{}", count.all);
}

/// Reads questions as JSON, one a line, answers each from its records and prints the result.
const PYSPF: &str = include_str!("pyspf.py");

/// A Python that has the module `spf`.
fn python() -> Option<PathBuf> {
    // Debian's module belongs to Debian's Python, which need not be the first in the path.
    let candidates = [bulwark_testkit::program(&["python3"])?, "/usr/bin/python3".into()];
    let found = candidates.into_iter().find(|python| {
        let done = Command::new(python).args(["-c", "import spf"]).stderr(Stdio::null()).status();
        done.is_ok_and(|s| s.success())
    });
    if found.is_none() {
        bulwark_testkit::skip("the Python module spf (Debian package python3-spf) is not installed");
    }
    found
}

#[test]
fn pyspf_meets_most_expectations_too() {
    let Some((_, count)) = suites() else { return };
    let Some(python) = python() else { return };
    let mut lines = String::new();
    for q in &count.questions {
        let line = serde_json::json!({
            "ip": q.ip, "sender": q.sender, "helo": q.helo,
            "txt": q.records.texts, "address": q.records.addresses, "mx": q.records.mx,
            "ptr": q.records.ptr.iter().map(|(a, names)| (a.to_string(), names)).collect::<BTreeMap<_, _>>(),
        });
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    let mut input = tempfile::tempfile().expect("a file");
    input.write_all(lines.as_bytes()).and_then(|()| input.rewind()).expect("written");
    let out = Command::new(python).args(["-c", PYSPF]).stdin(input).output().expect("starts");
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let said: Vec<&str> = text.lines().collect();
    assert_eq!(said.len(), count.questions.len());
    let agree = said.iter().zip(&count.questions).filter(|(said, q)| **said == q.expected).count();
    for (n, (said, q)) in
        said.iter().zip(&count.questions).enumerate().filter(|(_, (s, q))| **s != q.expected)
    {
        println!(
            "  pyspf differs in {n}: {} {} from {}, expected {}, got {said}",
            q.helo, q.sender, q.ip, q.expected
        );
    }
    // Read by the conformance task; a peer is counted, not judged.
    println!("peer pyspf, same suites: {agree}/{}", count.questions.len());
    assert!(agree * 10 >= said.len() * 9, "the questions are put wrongly: {agree}/{}", said.len());
}
