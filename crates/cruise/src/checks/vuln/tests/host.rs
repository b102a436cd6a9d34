//! Checks of this machine.

use bulwark_model::{Severity, Verdict};
use bulwark_probe::evidence::{Body, Host, Listener, Outcome, Package};
use bulwark_probe::scope::Vantage;

use crate::checks::network::tests::build::{expect, got, judge, now, plan};

const DAY: i64 = 86_400;

fn machine(change: impl FnOnce(&mut Host)) -> Vec<Outcome> {
    let mut host = Host {
        hostname: "web01".into(),
        os_release: "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n".into(),
        kernel: "6.1.0-40-amd64".into(),
        uptime_s: 10 * 86_400,
        packages: vec![
            Package { manager: "dpkg".into(), name: "openssl".into(), version: "3.0.17-1~deb12u2".into() },
            Package { manager: "dpkg".into(), name: "unattended-upgrades".into(), version: "2.9.1".into() },
        ],
        settings: [
            ("kernel.randomize_va_space", "2"),
            ("sshd.permitrootlogin", "prohibit-password"),
            ("sshd.passwordauthentication", "no"),
        ]
        .into_iter()
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .collect(),
        packages_changed_s: Some(now().as_second() - 5 * DAY),
        ..Host::default()
    };
    change(&mut host);
    vec![got(Body::Host(Box::new(host)))]
}

fn listener(address: &str, port: u16, process: Option<&str>) -> Listener {
    Listener { protocol: "tcp".into(), address: address.into(), port, process: process.map(str::to_owned) }
}

#[test]
fn operating_systems_have_an_end() {
    let id = "vuln.os-eol";
    let line = expect(id, &plan(), machine(|_| {}), Verdict::Pass, "pass");
    assert_eq!(line.asset, "web01");
    let old = machine(|h| {
        h.os_release = "ID=ubuntu\nVERSION_ID=\"18.04\"\nPRETTY_NAME=\"Ubuntu 18.04.6 LTS\"\n".into();
    });
    let line = expect(id, &plan(), old, Verdict::Fail, "ended");
    assert_eq!(line.severity, Severity::High);
    assert!(line.message.zh_tw.contains("Ubuntu 18.04.6 LTS"), "{}", line.message.zh_tw);
    let rolling = machine(|h| h.os_release = "ID=arch\nPRETTY_NAME=\"Arch Linux\"\n".into());
    expect(id, &plan(), rolling, Verdict::Manual, "unknown");
    expect(id, &plan(), machine(|h| h.os_release.clear()), Verdict::Manual, "unknown");
    // Alpine 3.22 ends in the spring of 2027: within 180 days of the evidence.
    let soon = machine(|h| {
        h.os_release = "ID=alpine\nVERSION_ID=3.22.1\nPRETTY_NAME=\"Alpine Linux v3.22\"\n".into();
    });
    let line = expect(id, &plan(), soon, Verdict::Warn, "ending");
    assert_eq!(line.severity, Severity::Medium);
}

#[test]
fn the_inventory_never_says_zero() {
    let lines = judge("vuln.package-inventory", &plan(), machine(|_| {}));
    let seen: Vec<_> = lines.iter().map(|l| (l.verdict, l.sentence.as_str())).collect();
    assert_eq!(seen, [(Verdict::Info, "counted"), (Verdict::NotTested, "not_compared")]);
    assert!(lines[1].message.zh_tw.contains("未比對弱點資料庫"));
    let lines = judge("vuln.package-inventory", &plan(), machine(|h| h.packages.clear()));
    assert!(
        lines.iter().all(|l| l.verdict == Verdict::NotTested && !l.message.zh_tw.contains(" 0 ")),
        "{lines:#?}"
    );
}

#[test]
fn a_missing_flag_proves_nothing_without_its_hook() {
    let id = "vuln.reboot-required";
    expect(id, &plan(), machine(|_| {}), Verdict::Pass, "pass");
    let line = expect(id, &plan(), machine(|h| h.reboot_required = true), Verdict::Fail, "waiting");
    assert_eq!(line.severity, Severity::Medium);
    expect(id, &plan(), machine(|h| h.packages.clear()), Verdict::Manual, "no_flag");
}

#[test]
fn ninety_days_without_change_are_a_standstill() {
    let id = "vuln.updates-stale";
    let changed = |days: i64| machine(|h| h.packages_changed_s = Some(now().as_second() - days * DAY));
    expect(id, &plan(), changed(90), Verdict::Pass, "pass");
    let line = expect(id, &plan(), changed(91), Verdict::Fail, "stale");
    assert_eq!(line.severity, Severity::Medium);
    assert!(line.message.zh_tw.contains("91 天"));
    assert_eq!(expect(id, &plan(), changed(400), Verdict::Fail, "stale").severity, Severity::High);
    expect(id, &plan(), changed(-3), Verdict::Manual, "future");
    expect(id, &plan(), machine(|h| h.packages_changed_s = None), Verdict::Manual, "unknown");
}

#[test]
fn settings_are_judged_one_by_one() {
    let id = "vuln.hardening";
    let with = |name: &str, value: &str| {
        let (name, value) = (name.to_owned(), value.to_owned());
        machine(|h| {
            h.settings.insert(name, value);
        })
    };
    expect(id, &plan(), machine(|_| {}), Verdict::Pass, "pass");
    let line = expect(id, &plan(), with("sshd.permitrootlogin", "yes"), Verdict::Fail, "weak");
    assert_eq!((line.asset.as_str(), line.severity), ("web01 sshd.permitrootlogin", Severity::Medium));
    expect(id, &plan(), with("sshd.permitrootlogin", "without-password"), Verdict::Pass, "pass");
    let line = expect(id, &plan(), with("sshd.permitemptypasswords", "Yes"), Verdict::Fail, "weak");
    assert_eq!(line.severity, Severity::High);
    expect(id, &plan(), with("kernel.randomize_va_space", "0"), Verdict::Fail, "weak");
    expect(id, &plan(), with("kernel.randomize_va_space", "1"), Verdict::Warn, "loose");
    expect(id, &plan(), with("net.ipv4.tcp_syncookies", "0"), Verdict::Warn, "loose");
    let lines = judge(id, &plan(), machine(|h| h.settings.clear()));
    assert_eq!((lines[0].verdict, lines[0].sentence.as_str()), (Verdict::NotTested, "unread"));
}

#[test]
fn password_log_in_matters_where_ssh_faces_the_internet() {
    let id = "vuln.hardening";
    let ssh = |address: &str, value: Option<&str>| {
        let value = value.map(str::to_owned);
        machine(|h| {
            h.listeners = vec![listener(address, 22, Some("sshd"))];
            h.settings.remove("sshd.passwordauthentication");
            h.settings.extend(value.map(|v| ("sshd.passwordauthentication".to_owned(), v)));
        })
    };
    let line = expect(id, &plan(), ssh("0.0.0.0", Some("yes")), Verdict::Warn, "passwords");
    assert_eq!(line.severity, Severity::Low);
    // Not set is the default, and the default is yes.
    expect(id, &plan(), ssh("::", None), Verdict::Warn, "passwords");
    expect(id, &plan(), ssh("127.0.0.1", Some("yes")), Verdict::Pass, "pass");
    expect(id, &plan(), ssh("0.0.0.0", Some("no")), Verdict::Pass, "pass");
    let mut inside = plan();
    inside.location.vantage = Vantage::Inside;
    expect(id, &inside, ssh("0.0.0.0", Some("yes")), Verdict::Pass, "pass");
}

#[test]
fn listeners_are_compared_with_the_plan() {
    let id = "vuln.undeclared-services";
    let mut plan = plan();
    plan.scope.this_machine = true;
    let listening = |ports: &[(&str, u16)]| {
        let listeners = ports.iter().map(|(a, p)| listener(a, *p, Some("java"))).collect();
        machine(|h| h.listeners = listeners)
    };
    // Nothing declared for web01: a person must look.
    let line = expect(id, &plan, listening(&[("0.0.0.0", 8080)]), Verdict::Manual, "no_declaration");
    assert!(line.excerpt.contains("0.0.0.0:8080 java"));
    plan.scope.hosts[0].name = "web01.agency.gov.tw".into();
    plan.scope.hosts[0].ports = vec![443];
    let line = expect(id, &plan, listening(&[("::", 443), ("0.0.0.0", 8080)]), Verdict::Fail, "listening");
    assert_eq!((line.asset.as_str(), line.severity), ("web01:8080", Severity::Medium));
    let fine = [("::", 443), ("127.0.0.1", 8080), ("::ffff:127.0.0.1", 9000), ("::1", 5432)];
    expect(id, &plan, listening(&fine), Verdict::Pass, "pass_local");
}
