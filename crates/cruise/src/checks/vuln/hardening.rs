//! Settings of this machine: kernel and SSH server.

use bulwark_i18n::args;
use bulwark_model::Severity;
use bulwark_probe::evidence::Host;
use bulwark_probe::scope::Vantage;

use crate::check::{Case, Sheet};
use crate::checks::network::view::{clip, excerpt};

/// How far a value is from what is wanted.
enum Standing {
    Fine,
    /// Worth tightening.
    Loose,
    /// A weakness.
    Weak(Severity),
}

/// One setting and how its value is judged.
struct Rule {
    /// As in the evidence: sysctl name, or `sshd.` and the keyword in lower case.
    name: &'static str,
    wanted: &'static str,
    judge: fn(&str) -> Standing,
}

const RULES: &[Rule] = &[
    // `prohibit-password` is the default since OpenSSH 7.0 and safe against guessing.
    Rule {
        name: "sshd.permitrootlogin",
        wanted: "no / prohibit-password",
        judge: |v| weak_if(v == "yes", Severity::Medium),
    },
    Rule { name: "sshd.permitemptypasswords", wanted: "no", judge: |v| weak_if(v == "yes", Severity::High) },
    Rule {
        name: "sshd.hostbasedauthentication",
        wanted: "no",
        judge: |v| weak_if(v == "yes", Severity::Medium),
    },
    Rule {
        name: "kernel.randomize_va_space",
        wanted: "2",
        judge: |v| match v {
            "0" => Standing::Weak(Severity::Medium),
            "1" => Standing::Loose,
            _ => Standing::Fine,
        },
    },
    Rule { name: "fs.suid_dumpable", wanted: "0", judge: |v| weak_if(v == "1", Severity::Medium) },
    Rule { name: "fs.protected_symlinks", wanted: "1", judge: |v| weak_if(v == "0", Severity::Low) },
    Rule { name: "fs.protected_hardlinks", wanted: "1", judge: |v| weak_if(v == "0", Severity::Low) },
    Rule {
        name: "net.ipv4.conf.all.accept_source_route",
        wanted: "0",
        judge: |v| weak_if(v == "1", Severity::Medium),
    },
    Rule {
        name: "net.ipv4.icmp_echo_ignore_broadcasts",
        wanted: "1",
        judge: |v| weak_if(v == "0", Severity::Low),
    },
    Rule { name: "net.ipv4.tcp_syncookies", wanted: "1", judge: |v| loose_if(v == "0") },
    Rule { name: "net.ipv4.conf.all.accept_redirects", wanted: "0", judge: |v| loose_if(v == "1") },
    Rule { name: "net.ipv6.conf.all.accept_redirects", wanted: "0", judge: |v| loose_if(v == "1") },
    Rule { name: "kernel.unprivileged_bpf_disabled", wanted: "1 / 2", judge: |v| loose_if(v == "0") },
];

const PASSWORDS: &str = "sshd.passwordauthentication";

const fn weak_if(weak: bool, severity: Severity) -> Standing {
    if weak { Standing::Weak(severity) } else { Standing::Fine }
}

const fn loose_if(loose: bool) -> Standing {
    if loose { Standing::Loose } else { Standing::Fine }
}

/// Whether SSH of this machine listens to others.
fn ssh_outward(host: &Host) -> bool {
    host.listeners.iter().any(|l| {
        let outward = l.address.parse::<std::net::IpAddr>().is_ok_and(|a| !a.to_canonical().is_loopback());
        let ssh = l.process.as_deref().map_or(l.port == 22, |p| p.starts_with("sshd"));
        l.protocol == "tcp" && outward && ssh
    })
}

/// `vuln.hardening`: kernel and SSH settings of this machine (NIST SP 800-53 CM-6).
///
/// What is not set has the program's default, which is judged where we know it: root may not log in
/// by password, but everyone else may. Password log-in is a warning where SSH listens to others
/// and the system faces the Internet. Values in `Match` blocks are not seen.
pub(super) fn settings(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.hosts() {
        let host: &Host = piece.body;
        let name = if host.hostname.is_empty() { "localhost".to_owned() } else { clip(&host.hostname) };
        let mut seen = Vec::new();
        let mut clean = true;
        for rule in RULES {
            let Some(value) = host.settings.get(rule.name) else { continue };
            let shown = clip(value.trim());
            let line = format!("{} = {shown}", rule.name);
            let asset = format!("{name} {}", rule.name);
            let values = args![host = name, setting = rule.name, value = shown, wanted = rule.wanted];
            match (rule.judge)(&value.trim().to_ascii_lowercase()) {
                Standing::Fine => {}
                Standing::Loose => {
                    clean = false;
                    sheet.warn(&asset, "loose", &values).from(&piece).excerpt(line.clone());
                }
                Standing::Weak(severity) => {
                    clean = false;
                    sheet.fail(&asset, "weak", &values).severity(severity).from(&piece).excerpt(line.clone());
                }
            }
            seen.push(line);
        }
        let has_ssh = host.settings.keys().any(|k| k.starts_with("sshd."));
        let passwords = host.settings.get(PASSWORDS).is_none_or(|v| v.trim().eq_ignore_ascii_case("yes"));
        if has_ssh && passwords && ssh_outward(host) && case.plan.location.vantage == Vantage::Internet {
            clean = false;
            let value =
                host.settings.get(PASSWORDS).map_or_else(|| "yes (default)".to_owned(), |v| clip(v.trim()));
            let asset = format!("{name} {PASSWORDS}");
            sheet
                .warn(&asset, "passwords", &args![host = name])
                .from(&piece)
                .excerpt(format!("{PASSWORDS} = {value}"));
        }
        if seen.is_empty() {
            sheet
                .not_tested(&name, "unread", &args![host = name])
                .from(&piece)
                .excerpt(excerpt(host.unread.clone()));
        } else if clean {
            sheet
                .pass(&name, "pass", &args![host = name, count = seen.len()])
                .from(&piece)
                .excerpt(excerpt(seen));
        }
    }
}
