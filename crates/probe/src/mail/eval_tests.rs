use std::net::IpAddr;

use super::eval::{Client, Found, Resolver, Rules, SpfResult, Trouble, check_host};
use super::macros::{Context, expand};
use super::report::{ReportError, parse_report, parse_report_mail};
use super::{StsMode, parse_sts_policy, policy_tree, same_organisation};

#[test]
fn macros_are_those_of_the_standard() {
    // RFC 7208 §7.4
    let v4 = Context {
        sender: "strong-bad@email.example.com",
        domain: "email.example.com",
        ip: IpAddr::from([192, 0, 2, 3]),
        helo: "mx.example.org",
        receiver: "r.test",
        time: 7,
        validated: Some("mx.example.org"),
    };
    for (spec, expected) in [
        ("%{s}", "strong-bad@email.example.com"),
        ("%{o}", "email.example.com"),
        ("%{d4}", "email.example.com"),
        ("%{d2}", "example.com"),
        ("%{d1}", "com"),
        ("%{dr}", "com.example.email"),
        ("%{d2r}", "example.email"),
        ("%{l}", "strong-bad"),
        ("%{l-}", "strong.bad"),
        ("%{lr-}", "bad.strong"),
        ("%{l1r-}", "strong"),
        ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
        ("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"),
        ("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
        ("%%%_%-%{p}", "% %20mx.example.org"),
        ("%{S}", "strong-bad%40email.example.com"),
    ] {
        assert_eq!(expand(spec, &v4, false).as_deref(), Some(expected), "{spec}");
    }
    let v6 = Context { ip: "2001:db8::cb01".parse().expect("an address"), ..v4 };
    assert_eq!(
        expand("%{ir}.%{v}._spf.%{d2}", &v6, false).as_deref(),
        Some("1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com")
    );
    // `c`, `r`, `t` are for explanations; the rest breaks the grammar.
    assert_eq!(expand("%{c} %{r} %{t}", &v6, true).as_deref(), Some("2001:db8::cb01 r.test 7"));
    for bad in ["%{c}", "%", "%x", "%{", "%{d0}", "%{d!}", "%{}", "%{é}"] {
        assert_eq!(expand(bad, &v6, false), None, "{bad}");
    }
}

/// One record for every name; everything else does not exist.
struct Everywhere(&'static str);

impl Resolver for Everywhere {
    fn txt(&self, _: &str) -> Found<String> {
        Ok(vec![self.0.to_owned()])
    }
    fn addresses(&self, name: &str, _: bool) -> Found<IpAddr> {
        if name.starts_with("slow.") { Err(Trouble::Temporary) } else { Ok(Vec::new()) }
    }
    fn mx(&self, _: &str) -> Found<(u16, String)> {
        Ok(Vec::new())
    }
    fn ptr(&self, _: IpAddr) -> Found<String> {
        Ok(Vec::new())
    }
}

#[test]
fn limits_end_an_evaluation() {
    let of = |record| {
        let client =
            Client { ip: [192, 0, 2, 1].into(), sender: "a@b.tw", helo: "b.tw", receiver: "r", time: 0 };
        check_host(&Everywhere(record), "b.tw", client, Rules::RFC)
    };
    assert_eq!(of("v=spf1 a mx -all").result, SpfResult::Fail);
    let third = of("v=spf1 a mx exists:x.tw -all");
    assert_eq!((third.result, third.voids), (SpfResult::PermError, 3));
    let endless = of("v=spf1 include:c.tw -all");
    assert_eq!((endless.result, endless.lookups), (SpfResult::PermError, 11));
    assert_eq!(of("v=spf1 a:slow.tw -all").result, SpfResult::TempError);
    assert_eq!(of("v=spf1 -all moo").result, SpfResult::PermError);
    assert_eq!(of("v=spf1 ip4:192.0.2.0/24 -all").result, SpfResult::Pass);
}

#[test]
fn the_policy_tree_is_short() {
    assert_eq!(policy_tree("News.Agency.gov.tw."), ["news.agency.gov.tw", "agency.gov.tw", "gov.tw"]);
    assert_eq!(policy_tree("gov.tw"), ["gov.tw"]);
    assert_eq!(policy_tree("tw"), ["tw"]);
    let long = policy_tree("a.b.c.d.e.f.g.h.i.j.tw");
    assert_eq!((long.len(), long[1].as_str()), (7, "e.f.g.h.i.j.tw"));
    assert!(same_organisation("news.agency.gov.tw", "agency.gov.tw"));
    assert!(same_organisation("news.agency.gov.tw", "reports.mail.agency.gov.tw"));
    assert!(
        !same_organisation("agency.gov.tw", "other.gov.tw"),
        "two agencies, though one zone may hold both"
    );
    assert!(!same_organisation("agency.gov.tw", "notagency.gov.tw"));
    assert!(!same_organisation("gov.tw", "agency.gov.tw"));
    assert!(same_organisation("gov.tw", "GOV.tw."));
}

#[test]
fn sts_policies_are_read_as_senders_do() {
    let policy =
        parse_sts_policy("version: STSv1\nmode: enforce\nmode: none\nmx: *.A.tw.\nmax_age: 86400\nnew: x\n")
            .expect("valid");
    assert_eq!((policy.mode, policy.max_age), (StsMode::Enforce, 86_400));
    assert!(policy.allows("mx.a.tw") && !policy.allows("a.tw") && !policy.allows("b.mx.a.tw"));
    for (body, field) in [
        ("mode: enforce", "version"),
        ("version: STSv1\nmode: maybe\nmx: a\nmax_age: 1", "mode"),
        ("version: STSv1\nmode: enforce\nmx: a\nmax_age: -1", "max_age"),
        ("version: STSv1\nmode: enforce\nmax_age: 1", "mx"),
        ("version: STSv1\nrubbish", "rubbish"),
    ] {
        assert_eq!(parse_sts_policy(body), Err(field.to_owned()), "{body}");
    }
}

#[test]
fn hostile_reports_are_refused() {
    let bomb = "<!DOCTYPE a [<!ENTITY x \"y\">]><feedback/>";
    assert!(matches!(parse_report(bomb), Err(ReportError::Xml(0, _))));
    assert!(matches!(parse_report(&"<a>".repeat(40)), Err(ReportError::Xml(..))));
    assert!(matches!(parse_report("<a></b>"), Err(ReportError::Xml(3, _))));
    assert_eq!(parse_report("<html/>"), Err(ReportError::Other("html".into())));
    assert_eq!(parse_report("<feedback/>"), Err(ReportError::Missing("report_metadata")));
    assert_eq!(parse_report_mail("Subject: x\n\nno report"), Err(ReportError::NoAttachment));
    // 64 MiB of zeros in a small attachment.
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..64 {
        std::io::Write::write_all(&mut packed, &vec![0; 1 << 20]).expect("in memory");
    }
    let packed = packed.finish().expect("in memory");
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, packed);
    let mail = format!("Content-Transfer-Encoding: base64\n\n{encoded}\n");
    assert!(matches!(parse_report_mail(&mail), Err(ReportError::Packed(_))));
}
