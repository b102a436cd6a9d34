use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

fn spf(txt: &str) -> Spf {
    parse_spf(txt).unwrap_or_else(|e| panic!("{txt}: {e}"))
}

fn fault(txt: &str) -> SpfFault {
    parse_spf(txt).expect_err(txt).what
}

#[test]
fn spf_records_in_the_wild() {
    let s = spf("v=spf1 include:_spf.google.com ip4:203.0.113.0/24 ip6:2001:db8::/32 a mx/24//64 -all");
    assert_eq!(s.terms.len(), 6);
    assert_eq!((s.all, s.count_lookups()), (Some(Qualifier::Fail), 3));
    assert_eq!(s.includes().collect::<Vec<_>>(), ["_spf.google.com"]);
    assert!(
        s.terms.iter().any(|t| t.mechanism == Mechanism::Mx { domain: None, v4: Some(24), v6: Some(64) })
    );
    let s = spf(
        "V=SPF1 A:mail.Example.tw/8 ptr EXISTS:%{ir}.%{l1r+-}._spf.%{d} redirect=_spf.example.tw x-y=%{c}",
    );
    assert_eq!((s.all, s.count_lookups(), s.redirect.as_deref()), (None, 4, Some("_spf.example.tw")));
    assert_eq!(s.others, [("x-y".to_owned(), "%{c}".to_owned())]);
    assert_eq!(spf("v=spf1").terms, []);
    assert_eq!(spf("v=spf1  ~all  ").all, Some(Qualifier::SoftFail));
    assert_eq!(spf("v=spf1 ?all include:a.tw redirect=b.tw").count_lookups(), 0);
    assert_eq!(spf("v=spf1 a:%{d/}/24 ip4:1.2.3.4/0").count_lookups(), 1);
    assert!(is_spf("v=spf1 -all") && !is_spf("v=spf10 -all") && !is_spf("spf2.0/pra") && !is_spf("v=spf"));
    assert!(!is_spf("v=spf1\t-all") && !is_spf("ｖ=spf1"));
}

#[test]
fn spf_errors_name_the_term_and_its_place() {
    let e = parse_spf("v=spf1 a  ip4:1.2.3 -all").expect_err("bad");
    assert_eq!((e.position, e.term.as_str(), e.what), (10, "ip4:1.2.3", SpfFault::BadIp4));
    assert!(e.to_string().contains("not an IPv4 address"));
    for (txt, what) in [
        ("v=spf1 -al", SpfFault::UnknownMechanism),
        ("v=spf1 ipv4:1.2.3.4", SpfFault::UnknownMechanism),
        ("v=spf1 -all.", SpfFault::UnknownMechanism),
        ("v=spf1 --all", SpfFault::UnknownMechanism),
        ("v=spf1 -a=x", SpfFault::UnknownMechanism),
        ("v=spf1 all:a.tw", SpfFault::UnexpectedValue),
        ("v=spf1 all/8", SpfFault::UnexpectedValue),
        ("v=spf1 ptr/0", SpfFault::UnexpectedValue),
        ("v=spf1 include", SpfFault::MissingValue),
        ("v=spf1 include:", SpfFault::MissingValue),
        ("v=spf1 a:", SpfFault::MissingValue),
        ("v=spf1 ip4", SpfFault::MissingValue),
        ("v=spf1 ip4:01.2.3.4", SpfFault::BadIp4),
        ("v=spf1 ip4:1.2.3.4/33", SpfFault::BadPrefix),
        ("v=spf1 ip4:1.2.3.4/08", SpfFault::BadPrefix),
        ("v=spf1 ip4:1.2.3.4/", SpfFault::BadPrefix),
        ("v=spf1 ip6:1.2.3.4", SpfFault::BadIp6),
        ("v=spf1 ip6:::1/129", SpfFault::BadPrefix),
        ("v=spf1 a/33", SpfFault::BadPrefix),
        ("v=spf1 mx//129", SpfFault::BadPrefix),
        ("v=spf1 a:abc.123", SpfFault::BadDomain),
        ("v=spf1 a:museum", SpfFault::BadDomain),
        ("v=spf1 include:a.tw/24", SpfFault::BadDomain),
        ("v=spf1 exists:%{x}.a.tw", SpfFault::BadDomain),
        ("v=spf1 exists:%{c}.a.tw", SpfFault::BadDomain),
        ("v=spf1 exists:%{d0}.a.tw", SpfFault::BadDomain),
        ("v=spf1 exists:%a.tw", SpfFault::BadDomain),
        ("v=spf1 exists:a.%{d", SpfFault::BadDomain),
        ("v=spf1 redirect=a.tw redirect=b.tw", SpfFault::DuplicateModifier),
        ("v=spf1 redirect=", SpfFault::BadDomain),
        ("v=spf1 include:政府.tw", SpfFault::NotAscii),
        ("v=spf1\ta", SpfFault::NotSpf),
        ("v=spf1 a\tmx", SpfFault::NotAscii),
    ] {
        assert_eq!(fault(txt), what, "{txt}");
        assert!(!what.text().is_empty());
    }
}

#[test]
fn dmarc_records_in_the_wild() {
    let d = parse_dmarc(
        "v=DMARC1; p=reject; sp=Quarantine; pct=50; rua=mailto:d@example.tw!10m,https://r.example/x; ruf=mailto:f@example.tw; adkim=s; aspf=r; fo=1:d; ri=86400; t=y;",
    )
    .expect("reads");
    assert_eq!((d.policy, d.subdomain_policy, d.percent), (Policy::Reject, Some(Policy::Quarantine), 50));
    assert_eq!((d.dkim_alignment, d.spf_alignment), (Alignment::Strict, Alignment::Relaxed));
    assert_eq!(d.aggregate_reports.len(), 2);
    let first = d.aggregate_reports.first().expect("one");
    assert_eq!((first.mailbox.as_deref(), first.limit), (Some("d@example.tw"), Some(10 << 20)));
    assert_eq!((d.unknown, d.errors), (vec!["t".to_owned()], vec![]));
    assert_eq!(parse_dmarc("v=DMARC1;p=none").expect("reads").percent, 100);
    assert!(is_dmarc("v = DMARC1 ; p=none") && is_dmarc("v=DMARC1"));
    assert!(!is_dmarc("v=dmarc1; p=none") && !is_dmarc("p=none; v=DMARC1") && !is_dmarc("v=DMARC10"));
}

#[test]
fn dmarc_errors_are_precise() {
    let broken = parse_dmarc("v=DMARC1; p=rejct; pct=50").expect_err("void");
    assert_eq!((broken.position, broken.tag.as_str(), broken.what), (10, "p=rejct", DmarcFault::BadPolicy));
    assert_eq!(parse_dmarc("v=DMARC1; pct=5").expect_err("void").what, DmarcFault::MissingPolicy);
    assert_eq!(parse_dmarc("v=spf1 -all").expect_err("other").what, DmarcFault::NotDmarc);
    let rescued = parse_dmarc("v=DMARC1; rua=mailto:a@b.tw").expect("p=none by §6.6.3");
    assert_eq!(rescued.policy, Policy::None);
    assert_eq!(rescued.errors.first().map(|e| e.what), Some(DmarcFault::MissingPolicy));
    for (tail, what) in [
        ("pct=101", DmarcFault::BadPercent),
        ("pct=+5", DmarcFault::BadPercent),
        ("sp=all", DmarcFault::BadPolicy),
        ("aspf=strict", DmarcFault::BadAlignment),
        ("rua=a@b.tw", DmarcFault::BadUri),
        ("rua=mailto:", DmarcFault::BadUri),
        ("rua=mailto:a@b", DmarcFault::BadUri),
        ("rua=mailto:a@b.tw!10x", DmarcFault::BadLimit),
        ("rua=mailto:a@b.tw!", DmarcFault::BadLimit),
        ("rubbish", DmarcFault::NotATag),
        ("p=none", DmarcFault::DuplicateTag),
        ("fo=2", DmarcFault::BadValue),
        ("ri=day", DmarcFault::BadValue),
    ] {
        let d = parse_dmarc(&format!("v=DMARC1; p=reject; {tail}")).expect("still a record");
        assert_eq!(d.errors.iter().map(|e| (e.position, e.what)).collect::<Vec<_>>(), [(20, what)], "{tail}");
        assert_eq!(d.policy, Policy::Reject);
    }
    let late = parse_dmarc("v=DMARC1; pct=5; p=reject").expect("reads");
    assert_eq!(late.errors.first().map(|e| e.what), Some(DmarcFault::PolicyNotSecond));
}

#[test]
fn mx_sets() {
    let rr = |preference, exchange: &str| Rr {
        name: "a.tw".into(),
        ttl: 1,
        data: Data::Mx { preference, exchange: exchange.into() },
    };
    assert_eq!(mx_set(&[]), MxSet::None);
    assert_eq!(mx_set(&[rr(0, ".")]), MxSet::Null);
    let (a, b) = ((5, "a.tw".to_owned()), (20, "b.tw".to_owned()));
    assert_eq!(mx_set(&[rr(20, "b.tw"), rr(5, "a.tw")]), MxSet::Hosts(vec![a.clone(), b]));
    assert_eq!(mx_set(&[rr(5, "a.tw"), rr(0, ".")]), MxSet::NullMixed(vec![(0, ".".into()), a]));
}

/// Name and text of each suite.
fn suites() -> Option<Vec<(String, String)>> {
    let folder = bulwark_testkit::shared_data("monitor/mailauth/spf")?;
    let files = std::fs::read_dir(folder).ok()?.filter_map(|f| Some(f.ok()?.path()));
    let read =
        |p: PathBuf| Some((p.file_name()?.to_string_lossy().into_owned(), std::fs::read_to_string(&p).ok()?));
    Some(files.filter(|p| p.extension().is_some_and(|e| e == "yml")).filter_map(read).collect())
}

/// The suites of mail-auth: a record we refuse must give `permerror` there; a record we accept must not,
/// unless the error can lie in what it refers to.
#[test]
fn spf_suites_agree_on_syntax() {
    let Some(files) = suites() else { return };
    let (mut refused, mut accepted) = (0, 0);
    let mut differences = Vec::new();
    for (file, text) in files {
        for case in text.split("\n---") {
            let field = |line: &str, key: &str| {
                line.trim().trim_start_matches("- ").strip_prefix(key).map(|v| v.trim().to_owned())
            };
            let records: Vec<(String, String)> = case
                .lines()
                .filter_map(|l| field(l, "spf:"))
                .filter_map(|v| v.split_once(' ').map(|(d, t)| (d.to_ascii_lowercase(), t.trim().to_owned())))
                .collect();
            let mut domain = String::new();
            for line in case.lines() {
                if let Some(d) = field(line, "domain:") {
                    domain = d.to_ascii_lowercase();
                }
                let Some(expect) = field(line, "expect:") else { continue };
                let own: Vec<&String> =
                    records.iter().filter(|(d, t)| *d == domain && is_spf(t)).map(|(_, t)| t).collect();
                let [record] = own.as_slice() else { continue };
                let permerror = expect.starts_with("permerror");
                match parse_spf(record) {
                    Err(e) => {
                        if !permerror {
                            differences.push(format!("{file}: {record}: we say {e}, suite says {expect}"));
                        }
                        refused += 1;
                    }
                    Ok(s) => {
                        let refers = s.count_lookups() > 0;
                        if permerror && !refers {
                            differences.push(format!("{file}: {record}: suite says {expect}"));
                        }
                        accepted += 1;
                    }
                }
            }
        }
    }
    eprintln!("{refused} refused, {accepted} accepted");
    // RFC 7208 §4.6 wants `permerror` for an error anywhere in the record, this suite stops reading at
    // `all` (§5.1). We follow §4.6: a misspelt term is worth a finding wherever it stands.
    differences.retain(|d| !d.contains("-all ip:10.0.0.1"));
    assert_eq!(differences, Vec::<String>::new());
    assert!(refused > 0 && accepted > 100, "{refused} refused, {accepted} accepted");
}

proptest! {
    #[test]
    fn never_panics(data in proptest::collection::vec(any::<u8>(), 0..200)) {
        fuzz_mail(&data);
    }

    #[test]
    fn near_records_never_panic(text in "[-+~?a-z0-9:/=%{}.;!@, \u{e9}]{0,80}") {
        fuzz_mail(text.as_bytes());
    }
}
