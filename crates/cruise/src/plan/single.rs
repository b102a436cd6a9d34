//! A plan for one target, made on the spot (`bulwark probe run`): the same engine, the same scope and
//! pace as a written plan, but one target and the checks of one profile.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Domain, Intensity, Text};
use bulwark_probe::scope::Vantage;
use jiff::civil::Date;

use super::{DatabaseKind, Plan, read};
use crate::check::{self, Definition};
use crate::diagnostic;

/// Which side of a target is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// A site as its users meet it.
    Web,
    /// A mail domain or a mail server.
    Mail,
    /// A zone and its name servers.
    Dns,
    /// A TLS port in depth.
    Tls,
    /// A database.
    Db,
    /// Everything the target offers.
    Full,
}

/// What a profile takes in: the one table that decides it.
struct Rule {
    profile: Profile,
    code: &'static str,
    zh_tw: &'static str,
    en: &'static str,
    /// Kinds of evidence.
    kinds: &'static [&'static str],
    /// Whether all kinds of a check must be among them, or one is enough.
    all: bool,
}

const RULES: &[Rule] = &[
    Rule {
        profile: Profile::Web,
        code: "web",
        zh_tw: "網站：回應、標頭、內容、外洩路徑、憑證",
        en: "web site: answers, headers, content, leaks, certificate",
        kinds: &["http", "page", "paths", "http_variants", "browser", "tls_handshake", "tcp"],
        all: false,
    },
    Rule {
        profile: Profile::Mail,
        code: "mail",
        zh_tw: "電子郵件：SPF、DKIM、DMARC、MTA-STS、STARTTLS、DANE",
        en: "mail: SPF, DKIM, DMARC, MTA-STS, STARTTLS, DANE",
        kinds: &["smtp"],
        all: true,
    },
    Rule {
        profile: Profile::Dns,
        code: "dns",
        zh_tw: "網域名稱：名稱伺服器、DNSSEC、區域內容",
        en: "DNS: name servers, DNSSEC, zone content",
        kinds: &["dns", "dnssec"],
        all: true,
    },
    Rule {
        profile: Profile::Tls,
        code: "tls",
        zh_tw: "TLS：版本、加密套件、金鑰交換、憑證",
        en: "TLS: versions, suites, key exchange, certificates",
        kinds: &["tls_versions", "tls_handshake", "tls_profile"],
        all: true,
    },
    Rule {
        profile: Profile::Db,
        code: "db",
        zh_tw: "資料庫：PostgreSQL、MySQL、MariaDB",
        en: "database: PostgreSQL, MySQL, MariaDB",
        kinds: &["postgres", "mysql"],
        all: true,
    },
    Rule { profile: Profile::Full, code: "full", zh_tw: "全部", en: "everything", kinds: &[], all: false },
];

/// Checks that read DNS but speak of mail.
const MAIL: &[&str] = &[
    "architecture.single-mx",
    "network.dane",
    "network.dkim",
    "network.dmarc",
    "network.dmarc-reports",
    "network.mta-sts",
    "network.mx-present",
    "network.spf",
    "network.tls-rpt",
];

/// Evidence that comes from no single target: questionnaire, this machine, declared transactions.
const NOT_SINGLE: &[&str] = &["answer", "host", "files", "storage", "access_log", "pg_log", "transaction"];

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 6] = [Self::Web, Self::Mail, Self::Dns, Self::Tls, Self::Db, Self::Full];

    fn rule(self) -> &'static Rule {
        // The last row is the one of `Full`; each profile has a row, as a test knows.
        RULES.iter().find(|r| r.profile == self).unwrap_or(&RULES[RULES.len() - 1])
    }

    /// The word on the command line.
    pub fn code(self) -> &'static str {
        self.rule().code
    }

    /// What it looks at.
    pub fn label(self) -> Text {
        Text::new(self.rule().zh_tw, self.rule().en)
    }

    /// Whether a check belongs to it.
    pub fn includes(self, definition: &Definition) -> bool {
        let mail = MAIL.contains(&definition.id);
        if definition.kinds.iter().all(|k| NOT_SINGLE.contains(k)) {
            return false;
        }
        let rule = self.rule();
        let known = |k: &&'static str| rule.kinds.contains(k);
        match self {
            Self::Full => true,
            Self::Mail if mail => true,
            _ if mail => false,
            _ if rule.all => definition.kinds.iter().all(known),
            _ => definition.kinds.iter().any(known),
        }
    }
}

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A web address.
    Url(url::Url),
    /// A service: host (A-labels or address) and port.
    Service {
        /// Host.
        host: String,
        /// Port.
        port: u16,
    },
    /// A domain, host or address alone.
    Name(String),
    /// A database, by the file that holds its connection string.
    Database {
        /// The file.
        file: PathBuf,
        /// Its host.
        host: String,
        /// Its kind.
        kind: DatabaseKind,
    },
}

impl Target {
    /// Understands a target. `file` is its content when it names a file.
    ///
    /// # Errors
    /// When it is none of the forms.
    pub fn read(text: &str, file: Option<&str>) -> Result<Self, Diagnostic> {
        if let Some(dsn) = file {
            return database(Path::new(text), dsn);
        }
        // A password typed on the command line is not repeated on the screen.
        let shown = text.rsplit_once('@').map_or(text, |(_, rest)| rest);
        let refuse = || diagnostic("BW-PLAN-025", &args![target = shown]);
        if let Some((scheme, _)) = text.split_once("://") {
            let url = url::Url::parse(text).map_err(|e| refuse().because(e))?;
            let web = matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https");
            let bare = url.username().is_empty() && url.password().is_none();
            return if web && bare && url.host_str().is_some() { Ok(Self::Url(url)) } else { Err(refuse()) };
        }
        if let Ok(address) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
            return Ok(Self::Name(address.to_string()));
        }
        if let Ok(at) = text.parse::<SocketAddr>() {
            return Ok(Self::Service { host: at.ip().to_string(), port: at.port() });
        }
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) => {
                let port = port.parse::<u16>().ok().filter(|p| *p > 0).ok_or_else(refuse)?;
                (name, Some(port))
            }
            None => (text, None),
        };
        let host = bulwark_probe::dns::host_name(name).map_err(|_| refuse())?.ascii;
        Ok(match port {
            Some(port) => Self::Service { host, port },
            None => Self::Name(host),
        })
    }

    /// Host name or address, without brackets.
    pub fn host(&self) -> String {
        match self {
            Self::Url(url) => {
                url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_ascii_lowercase()
            }
            Self::Service { host, .. } | Self::Name(host) | Self::Database { host, .. } => host.clone(),
        }
    }

    /// True when it is this very machine: nobody else's consent is needed.
    pub fn is_loopback(&self) -> bool {
        let host = self.host();
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

fn database(path: &Path, dsn: &str) -> Result<Target, Diagnostic> {
    let refuse = || diagnostic("BW-PLAN-027", &args![path = path.display()]);
    let dsn = dsn.trim();
    let (kind, host) = if let Some((scheme, _)) = dsn.split_once("://") {
        let kind = match scheme {
            "postgres" | "postgresql" => DatabaseKind::Postgres,
            "mysql" | "mariadb" => DatabaseKind::Mysql,
            _ => return Err(refuse()),
        };
        (kind, url::Url::parse(dsn).ok().and_then(|u| u.host_str().map(str::to_owned)))
    } else {
        let host = dsn.split_ascii_whitespace().find_map(|w| w.strip_prefix("host="));
        (DatabaseKind::Postgres, host.map(|h| h.trim_matches('\'').to_owned()))
    };
    let host = host.filter(|h| !h.is_empty()).ok_or_else(refuse)?;
    let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
    Ok(Target::Database { file: path.to_owned(), host, kind })
}

/// Everything a single probe may be told.
#[derive(Debug, Clone)]
pub struct Single {
    /// What is looked at.
    pub target: Target,
    /// As it was typed; part of the system's name in the result.
    pub written: String,
    /// Which side of it.
    pub profile: Profile,
    /// How hard.
    pub intensity: Intensity,
    /// From where; a loopback target is always inside.
    pub vantage: Vantage,
    /// Who agreed, and the day.
    pub approval: Option<(String, Date)>,
    /// Resolvers; empty means those of the machine.
    pub resolvers: Vec<SocketAddr>,
    /// Port of authoritative name servers, 53 outside a laboratory.
    pub authoritative_port: u16,
    /// Port of mail hosts, 25 outside a laboratory.
    pub smtp_port: u16,
    /// The mail hosts of the domain, as its MX records name them (profile `mail`).
    pub mail_hosts: Vec<String>,
    /// More certificates to trust.
    pub ca_file: Option<PathBuf>,
    /// Whom the owner may ask.
    pub contact: Option<String>,
}

impl Single {
    /// The plan, as text and read. Relative paths start at `folder`.
    ///
    /// # Errors
    /// When the profile cannot look at such a target, or a value has no valid form.
    pub fn plan(&self, folder: &Path) -> Result<Plan, Vec<Diagnostic>> {
        let scope = self.scope().map_err(|d| vec![d])?;
        read("probe", &self.text(&scope), folder)
    }

    fn text(&self, scope: &str) -> String {
        let inside = self.vantage == Vantage::Inside || self.target.is_loopback();
        let mut out = String::from("# bulwark probe run\nformat = 1\n");
        // Writing to a String cannot fail.
        let _ = writeln!(out, "intensity = {}\n", quoted(self.intensity.code()));
        let name = format!("{} {}", self.written, self.profile.code());
        let _ = writeln!(out, "[system]\nname = {}\nagency = \"單次探測 single probe\"", quoted(&name));
        let _ = writeln!(out, "security_level = \"medium\"\n\n[location]");
        let _ = writeln!(out, "vantage = {}", quoted(if inside { "inside" } else { "internet" }));
        if !self.resolvers.is_empty() {
            let list: Vec<String> = self.resolvers.iter().map(|r| quoted(&r.to_string())).collect();
            let _ = writeln!(out, "resolvers = [{}]", list.join(", "));
        }
        if self.authoritative_port != 53 {
            let _ = writeln!(out, "authoritative_port = {}", self.authoritative_port);
        }
        if let Some(file) = &self.ca_file {
            let _ = writeln!(out, "ca_file = {}", quoted(&file.to_string_lossy()));
        }
        if let Some(contact) = &self.contact {
            let _ = writeln!(out, "contact = {}", quoted(contact));
        }
        let _ = writeln!(out, "\n{scope}\n[checks]");
        for domain in Domain::ALL {
            let ids: Vec<String> = check::catalogue()
                .into_iter()
                .filter(|d| d.domain() == *domain && self.profile.includes(d))
                .map(|d| quoted(d.id))
                .collect();
            let _ = writeln!(out, "{} = [{}]", domain.code(), ids.join(", "));
        }
        if let Some((by, on)) = &self.approval {
            let _ = writeln!(out, "\n[approval]\nby = {}\non = \"{on}\"", quoted(by));
        }
        out
    }

    /// The tables of the scope.
    fn scope(&self) -> Result<String, Diagnostic> {
        let host = self.target.host();
        let name = host.parse::<IpAddr>().is_err();
        let site = |port: u16| match port {
            80 => format!("http://{}/", bracketed(&host)),
            443 => format!("https://{}/", bracketed(&host)),
            port => format!("https://{}:{port}/", bracketed(&host)),
        };
        let refuse = || {
            let args = args![target = self.written, profile = self.profile.code()];
            Err(diagnostic("BW-PLAN-026", &args))
        };
        let urls = |url: &str| format!("[scope]\nurls = [{}]\n", quoted(url));
        let domains = |key: &str| format!("[scope]\n{key} = [{}]\n", quoted(&host));
        let service = |more: &str| format!("[[scope.host]]\nname = {}\n{more}\n", quoted(&host));
        Ok(match (self.profile, &self.target) {
            (Profile::Web | Profile::Full, Target::Url(url)) => {
                let zone = if self.profile == Profile::Full && name && host != "localhost" {
                    format!("domains = [{}]\n", quoted(&host))
                } else {
                    String::new()
                };
                format!("{}{zone}", urls(url.as_str()))
            }
            (Profile::Web, Target::Service { port, .. }) => urls(&site(*port)),
            (Profile::Tls, Target::Url(url)) if url.scheme() == "https" => {
                service(&format!("tls_ports = [{}]", url.port_or_known_default().unwrap_or(443)))
            }
            (Profile::Tls, Target::Service { port, .. }) => service(&format!("tls_ports = [{port}]")),
            (Profile::Tls, Target::Name(_)) => service("tls_ports = [443]"),
            (Profile::Dns, Target::Url(_) | Target::Service { .. } | Target::Name(_)) if name => {
                domains("domains")
            }
            (Profile::Mail, Target::Name(_)) if name => {
                let port = self.smtp_port;
                let host = |h: &String| format!("[[scope.host]]\nname = {}\nsmtp_port = {port}\n", quoted(h));
                domains("mail_domains") + &self.mail_hosts.iter().map(host).collect::<String>()
            }
            (Profile::Mail, Target::Service { port, .. }) => service(&format!("smtp_port = {port}")),
            (Profile::Full, Target::Service { port: port @ (25 | 587), .. }) => {
                service(&format!("ports = [{port}]\nsmtp_port = {port}"))
            }
            (Profile::Full, Target::Service { port, .. }) => {
                let more = format!("ports = [{port}]\ntls_ports = [{port}]");
                format!("{}{}", urls(&site(*port)), service(&more))
            }
            (Profile::Full, Target::Name(_)) if name => {
                format!(
                    "{}mail_domains = [{}]\nurls = [{}]\n",
                    domains("domains"),
                    quoted(&host),
                    quoted(&site(443))
                )
            }
            (Profile::Web | Profile::Full, Target::Name(_)) => urls(&site(443)),
            (Profile::Db | Profile::Full, Target::Database { file, kind, .. }) => format!(
                "[[scope.database]]\nkind = {}\nname = {}\nhost = {}\ndsn_file = {}\n",
                quoted(kind.code()),
                quoted(&host),
                quoted(&host),
                quoted(&file.to_string_lossy())
            ),
            _ => return refuse(),
        })
    }
}

/// `::1` → `[::1]`
fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// A basic string of TOML; the escapes of JSON are among its own.
fn quoted(text: &str) -> String {
    let clean: String = text.chars().filter(|c| !c.is_control()).collect();
    serde_json::to_string(&clean).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use bulwark_probe::task::Task;

    use super::*;

    fn single(target: &str, profile: Profile) -> Single {
        Single {
            target: Target::read(target, None).expect("a target"),
            written: target.into(),
            profile,
            intensity: Intensity::Low,
            vantage: Vantage::Internet,
            approval: Some(("王\"科長\"".into(), jiff::civil::date(2026, 11, 25))),
            resolvers: Vec::new(),
            authoritative_port: 53,
            smtp_port: 25,
            mail_hosts: Vec::new(),
            ca_file: None,
            contact: None,
        }
    }

    fn plan(target: &str, profile: Profile) -> Plan {
        single(target, profile).plan(Path::new("/")).unwrap_or_else(|n| panic!("{target}: {n:?}"))
    }

    fn kinds(target: &str, profile: Profile) -> Vec<&'static str> {
        let mut kinds: Vec<&str> = crate::itinerary::itinerary(&plan(target, profile), &[], None)
            .iter()
            .map(|i| i.task.kind())
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }

    #[test]
    fn targets_are_told_apart() {
        let read = |t| Target::read(t, None);
        assert!(matches!(read("https://a.tw:8443/x"), Ok(Target::Url(_))));
        for (text, host, port) in [
            ("a.tw:25", "a.tw", 25),
            ("127.0.0.1:1", "127.0.0.1", 1),
            ("[::1]:443", "::1", 443),
            ("中文.tw:443", "xn--fiq228c.tw", 443),
        ] {
            assert_eq!(read(text), Ok(Target::Service { host: host.into(), port }), "{text}");
        }
        for (text, host) in
            [("Example.gov.tw", "example.gov.tw"), ("::1", "::1"), ("[::1]", "::1"), ("10.0.0.1", "10.0.0.1")]
        {
            assert_eq!(read(text), Ok(Target::Name(host.into())), "{text}");
        }
        for text in [
            "",
            "a b",
            "ftp://a.tw",
            "a.tw:0",
            "a.tw:99999",
            "https://",
            "postgresql://u:secret@h/d",
            "https://u:secret@a.tw/",
        ] {
            let e = read(text).expect_err(text);
            assert_eq!(e.code, "BW-PLAN-025");
            assert!(!e.what.zh_tw.contains("secret"), "{}", e.what.zh_tw);
        }
        for (dsn, kind, host) in [
            ("postgresql://p:x@db.a.tw:5433/app", DatabaseKind::Postgres, "db.a.tw"),
            ("host=/run x", DatabaseKind::Postgres, "/run"),
            ("user=p host=db.a.tw", DatabaseKind::Postgres, "db.a.tw"),
            ("mysql://p:x@[::1]:3306/app\n", DatabaseKind::Mysql, "::1"),
        ] {
            let want = Target::Database { file: "dsn".into(), host: host.into(), kind };
            assert_eq!(Target::read("dsn", Some(dsn)), Ok(want), "{dsn}");
        }
        for dsn in ["", "oracle://x/y", "user=p"] {
            assert_eq!(Target::read("dsn", Some(dsn)).expect_err(dsn).code, "BW-PLAN-027");
        }
        for (text, loopback) in [
            ("localhost:1", true),
            ("127.0.0.9", true),
            ("[::1]:1", true),
            ("a.tw", false),
            ("10.0.0.1", false),
        ] {
            assert_eq!(read(text).expect(text).is_loopback(), loopback, "{text}");
        }
    }

    #[test]
    fn every_profile_has_a_row_and_its_checks() {
        for (profile, rule) in Profile::ALL.iter().zip(RULES) {
            assert_eq!(*profile, rule.profile);
            assert_eq!(rule.code, profile.code());
        }
        let ids = |p: Profile| -> Vec<&str> {
            check::catalogue().into_iter().filter(|d| p.includes(d)).map(|d| d.id).collect()
        };
        for id in MAIL {
            assert!(check::find(id).is_some(), "{id}");
            assert!(ids(Profile::Mail).contains(id) && !ids(Profile::Dns).contains(id), "{id}");
        }
        for (profile, in_it, not_in_it) in [
            (Profile::Web, "network.hsts", "network.tls-versions"),
            (Profile::Web, "network.cert-expiry", "network.spf"),
            (Profile::Tls, "network.tls-versions", "network.hsts"),
            (Profile::Dns, "network.ns-count", "network.spf"),
            (Profile::Mail, "network.smtp-starttls", "network.ns-count"),
            (Profile::Db, "db_io.connections", "db_io.log-errors"),
            (Profile::Full, "vuln.risky-services", "data_mgmt.disk-fill"),
        ] {
            assert!(ids(profile).contains(&in_it) && !ids(profile).contains(&not_in_it), "{profile:?}");
        }
        // Whatever looks at one target belongs to `full`.
        let full = ids(Profile::Full);
        for profile in Profile::ALL {
            assert!(ids(profile).iter().all(|id| full.contains(id)), "{profile:?}");
            assert!(ids(profile).len() >= 3, "{profile:?}");
        }
    }

    #[test]
    fn a_profile_collects_only_what_it_judges() {
        assert_eq!(kinds("https://www.a.tw/", Profile::Tls), kinds("www.a.tw:443", Profile::Tls));
        assert!(kinds("www.a.tw", Profile::Tls).iter().all(|k| k.starts_with("tls_")));
        assert!(kinds("a.tw", Profile::Dns).iter().all(|k| k.starts_with("dns")));
        let mail = kinds("mail.a.tw:25", Profile::Mail);
        assert!(mail.contains(&"smtp") && !mail.contains(&"ports"), "{mail:?}");
        assert!(kinds("a.tw", Profile::Mail).contains(&"dns"));
        let named = Single { mail_hosts: vec!["mx.b.tw".into()], ..single("a.tw", Profile::Mail) };
        let p = named.plan(Path::new("/")).expect("a plan");
        let seen = crate::itinerary::itinerary(&p, &[], None);
        let of_mx: Vec<&str> =
            seen.iter().filter(|i| i.task.subject().contains("mx.b.tw")).map(|i| i.task.kind()).collect();
        assert!(of_mx.contains(&"smtp") && !of_mx.contains(&"ports"), "{of_mx:?}");
        assert_eq!(single("a.tw", Profile::Mail).mail_domain(), Some("a.tw"));
        assert!(single("a.tw", Profile::Full).mail_domain().is_none());
        let web = kinds("https://www.a.tw/", Profile::Web);
        assert!(
            web.contains(&"page") && web.contains(&"tls_handshake") && !web.contains(&"ports"),
            "{web:?}"
        );
        assert!(kinds("www.a.tw:8443", Profile::Full).contains(&"ports"));
        let tasks = crate::itinerary::itinerary(&plan("[::1]:8443", Profile::Web), &[], None);
        assert!(tasks.iter().any(|i| i.task == Task::Http { url: "https://[::1]:8443/".into() }));
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        for (target, profile) in [
            ("http://a.tw/", Profile::Tls),
            ("https://a.tw/", Profile::Mail),
            ("a.tw", Profile::Db),
            ("10.0.0.1", Profile::Dns),
            ("10.0.0.1", Profile::Mail),
        ] {
            let notes = single(target, profile).plan(Path::new("/")).expect_err(target);
            assert_eq!(notes[0].code, "BW-PLAN-026", "{target}");
        }
    }

    #[test]
    fn the_plan_says_who_agreed_and_from_where() {
        let p = plan("https://www.a.tw/", Profile::Web);
        assert_eq!(p.approval.map(|a| a.by).as_deref(), Some("王\"科長\""));
        assert_eq!(p.location.vantage, Vantage::Internet);
        assert_eq!(plan("127.0.0.1:1", Profile::Tls).location.vantage, Vantage::Inside);
        let told = Single {
            resolvers: vec!["127.0.0.1:5353".parse().expect("an address")],
            authoritative_port: 5353,
            ca_file: Some("ca.pem".into()),
            contact: Some("soc@a.tw".into()),
            intensity: Intensity::Lab,
            ..single("a.test", Profile::Dns)
        };
        let p = told.plan(Path::new("/x")).expect("a plan");
        assert_eq!((p.location.authoritative_port, p.location.resolvers.len()), (5353, 1));
        assert_eq!(p.location.ca_file, Some("/x/ca.pem".into()));
        assert_eq!(p.location.contact.as_deref(), Some("soc@a.tw"));
        let db = Single {
            target: Target::read("/etc/dsn", Some("mysql://u:p@db.a.tw/x")).expect("a target"),
            ..single("a.tw", Profile::Db)
        };
        let p = db.plan(Path::new("/")).expect("a plan");
        assert_eq!(
            (p.scope.databases[0].kind, p.scope.databases[0].host.as_str()),
            (DatabaseKind::Mysql, "db.a.tw")
        );
        assert!(!p.source.contains("u:p@"), "the connection string stays in its file");
    }
}
