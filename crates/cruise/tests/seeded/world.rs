//! A small government site on loopback, clean until a fault is planted.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bulwark_cruise::plan;
use bulwark_cruise::result::CruiseResult;
use bulwark_cruise::run::{Order, run};
use bulwark_model::{Clock, Intensity};
use bulwark_probe::net::{Prober, Settings, Stop};
use bulwark_testkit::dns::{DnsServer, Zone};
use bulwark_testkit::http::{HttpServer, Reply, Request};
use bulwark_testkit::ntp::NtpServer;
use bulwark_testkit::smtp::SmtpSink;
use bulwark_testkit::tls::{Authority, TlsIdentity, now_plus, server_params};
use jiff::{SignedDuration, Timestamp};
use rcgen::CustomExtension;

use super::stored::background;

/// Findings that a target on loopback cannot be without, and why. Evidence without them is judged in
/// `front`.
pub const UNAVOIDABLE: &[&str] = &[
    // Loopback zones hang under no signed root.
    "network.dnssec-state",
    // The servers of these tests speak HTTP/1.1 and IPv4 only.
    "end_user.http2",
    "network.ipv6",
    "network.ns-ipv6",
    // Times tell how busy the test machine is; even ones are judged in `front`.
    "function.latency",
    "function.phase-breakdown",
    "network.rtt",
    // How full the disk of the test machine is; an even one is judged in `front`.
    "data_mgmt.disk-fill",
];

/// Names the certificate of the site is for.
pub const NAMES: &[&str] = &["www.clean.test", "mta-sts.clean.test"];

/// A page, or another answer, at a path.
type Pages = Vec<(String, Reply)>;
/// Makes the certificate of the site.
type Certificate = fn(&Authority) -> TlsIdentity;

/// The target in the making.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the target on its own")]
pub struct World {
    /// Zone of the first name server, `{www}` and such replaced at start.
    pub zone: Vec<String>,
    /// SOA serial of the second name server.
    pub second_serial: u32,
    /// Headers of every HTTPS answer.
    pub headers: Vec<(String, String)>,
    /// Answers by path; `/` is the page.
    pub pages: Pages,
    /// Whether plain HTTP redirects.
    pub redirects: bool,
    /// Whether a browser that has the page already gets it again.
    pub repeats_itself: bool,
    /// Whether any other site may read the answers with the visitor's cookies.
    pub reflects_origin: bool,
    /// Certificate.
    pub certificate: Certificate,
    /// Whether mail is encrypted.
    pub starttls: bool,
    /// Clock offset of the site's time server.
    pub clock_ms: i64,
    /// Answers of the questionnaire: id, answer, day.
    pub answers: Vec<(&'static str, &'static str, &'static str)>,
    /// Background facts left out.
    pub unknown: Vec<&'static str>,
    /// Backup files: name, bytes, age in hours, mode.
    pub backups: Vec<(&'static str, usize, i64, u32)>,
    /// Files of the site, as its machine has them.
    pub web_root: Vec<&'static str>,
    /// Access log of the site.
    pub access_log: String,
    /// Log of its PostgreSQL server.
    pub server_log: String,
    /// Port declared but not open.
    pub dead_port: bool,
    /// One address of the site only.
    pub one_address: bool,
}

const PAGE: &str = "<!doctype html><html lang=\"zh-Hant-TW\"><head><meta charset=\"utf-8\"><title>示範服務</title><meta name=\"viewport\" content=\"width=device-width\"><link rel=\"stylesheet\" href=\"/a.css\"></head><body><h1>示範服務</h1><img src=\"/a.png\" alt=\"\"></body></html>";

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
}

impl World {
    /// The target as it should be.
    pub fn clean() -> Self {
        let zone = [
            "clean.test. 3600 IN SOA ns1.clean.test. admin.clean.test. {serial} 14400 3600 1209600 3600",
            "clean.test. 3600 IN NS ns1.clean.test.",
            "clean.test. 3600 IN NS ns2.clean.test.",
            "ns1.clean.test. 3600 IN A 127.0.53.1",
            "ns2.clean.test. 3600 IN A 127.1.53.1",
            "clean.test. 3600 IN A 127.0.80.1",
            "www.clean.test. 3600 IN A 127.0.80.1",
            "www.clean.test. 3600 IN A 127.2.80.1",
            "old.clean.test. 3600 IN CNAME www.clean.test.",
            "k1._domainkey.clean.test. 3600 IN TXT \"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"",
            "clean.test. 3600 IN MX 10 mx1.clean.test.",
            "clean.test. 3600 IN MX 20 mx2.clean.test.",
            "mx1.clean.test. 3600 IN A 127.0.25.1",
            "mx2.clean.test. 3600 IN A 127.1.25.1",
            "clean.test. 3600 IN TXT \"v=spf1 mx -all\"",
            "_dmarc.clean.test. 3600 IN TXT \"v=DMARC1; p=reject; sp=reject; rua=mailto:dmarc@clean.test\"",
            "clean.test. 3600 IN CAA 0 issue \"ca.example\"",
            "_mta-sts.clean.test. 3600 IN TXT \"v=STSv1; id=1\"",
            "mta-sts.clean.test. 3600 IN A 127.0.80.1",
            "_smtp._tls.clean.test. 3600 IN TXT \"v=TLSRPTv1; rua=mailto:tls@clean.test\"",
        ];
        Self {
            zone: zone.map(str::to_owned).to_vec(),
            second_serial: 2026_1125,
            headers: owned(&[
                ("Strict-Transport-Security", "max-age=63072000; includeSubDomains; preload"),
                (
                    "Content-Security-Policy",
                    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
                ),
                ("X-Content-Type-Options", "nosniff"),
                ("X-Frame-Options", "DENY"),
                ("Referrer-Policy", "no-referrer"),
                ("Cross-Origin-Opener-Policy", "same-origin"),
                ("Cross-Origin-Resource-Policy", "same-origin"),
                ("Cross-Origin-Embedder-Policy", "require-corp"),
                ("Cache-Control", "max-age=86400"),
                ("ETag", "\"1\""),
                ("Set-Cookie", "__Host-sid=0123456789abcdef; Secure; HttpOnly; SameSite=Lax; Path=/"),
            ]),
            pages: vec![
                ("/".into(), Reply::html(PAGE)),
                ("/a.css".into(), Reply::with_type(200, "text/css", b"h1{color:#123}")),
                ("/a.png".into(), Reply::with_type(200, "image/png", &[137, 80, 78, 71])),
                ("/search".into(), Reply::html("<title>結果</title><p>查詢結果</p>")),
                (
                    "/.well-known/security.txt".into(),
                    Reply::text(
                        200,
                        &format!(
                            "Contact: mailto:security@clean.test\nExpires: {}\nPreferred-Languages: zh, en\n",
                            today() + SignedDuration::from_hours(24 * 200)
                        ),
                    ),
                ),
                ("/robots.txt".into(), Reply::text(200, "User-agent: *\nDisallow:\n")),
            ],
            redirects: true,
            repeats_itself: false,
            reflects_origin: false,
            certificate: |ca| with_extensions(ca, 90, &[PUBLIC, LOGGED]),
            starttls: true,
            clock_ms: 0,
            answers: Vec::new(),
            unknown: Vec::new(),
            backups: vec![
                ("full-4.dump", 1000, 74, 0o600),
                ("full-3.dump", 1000, 50, 0o600),
                ("full-2.dump", 1000, 26, 0o600),
                ("full-1.dump", 1000, 2, 0o600),
            ],
            web_root: vec!["index.html", "css/a.css"],
            access_log: (0..130).map(|n| request(n / 2, "/search", 200, "-", "0.050")).collect(),
            server_log: (10..50)
                .map(|m| log_entry(m, "LOG", "duration: 12.000 ms  statement: SELECT 1"))
                .collect(),
            dead_port: false,
            one_address: false,
        }
    }

    /// Replaces a record of the zone that starts with `start`.
    pub fn record(&mut self, start: &str, with: &str) {
        let before = self.zone.len();
        self.zone.retain(|r| !r.starts_with(start));
        assert!(self.zone.len() < before, "no record {start}");
        if !with.is_empty() {
            self.zone.push(with.to_owned());
        }
    }

    /// Sets, or with an empty value removes, a header.
    pub fn header(&mut self, name: &str, value: &str) {
        self.headers.retain(|(n, _)| n != name);
        if !value.is_empty() {
            self.headers.push((name.to_owned(), value.to_owned()));
        }
    }

    /// Sets the answer at a path.
    pub fn page(&mut self, path: &str, reply: Reply) {
        self.pages.retain(|(p, _)| p != path);
        self.pages.push((path.to_owned(), reply));
    }

    /// Builds the target, runs the engine over it, judges.
    pub fn check(&self) -> CruiseResult {
        let authority = Authority::new("Bulwark test CA");
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Present;
        let web = self.web(&authority);
        let (dns, resolver) = self.name_servers();
        let mail = self.mail(&authority);
        let time = NtpServer::start(socket("127.0.80.1:0"), self.clock_ms).expect("a time server");
        std::fs::write(folder.path().join("ca.pem"), authority.pem()).expect("writable");
        self.write_backups(folder.path(), clock.now());
        self.write_files(folder.path());
        let text = self.plan(folder.path(), &web, &mail, resolver, time.addr().port());
        let mut plan =
            plan::read("plan.toml", &text, folder.path()).unwrap_or_else(|n| panic!("{n:#?}\n{text}"));
        plan.intensity = Intensity::Lab;
        let prober = Prober::new(
            Settings {
                scope: plan.probe_scope(),
                intensity: Intensity::Lab,
                resolvers: plan.location.resolvers.clone(),
                authoritative_port: plan.location.authoritative_port,
                trust_ca_file: plan.location.ca_file.clone(),
                connect_timeout: Duration::from_secs(2),
                total_timeout: Duration::from_secs(4),
                // No browser: what needs one is not under test here.
                chromium: Some("/nonexistent/chromium".into()),
                ..Settings::default()
            },
            Arc::new(Present),
        )
        .expect("a prober");
        let out = folder.path().join("out");
        let order = Order {
            plan: &plan,
            plan_folder: folder.path(),
            out: &out,
            only: Vec::new(),
            reason: Some("test".into()),
            wait: false,
            partial: false,
            tool: "bulwark 0.0.0".into(),
        };
        let gathered = run(&order, &prober, &clock, &Stop::new(), &|_| {}).expect("a run");
        let result = CruiseResult::judge(
            plan.clone(),
            gathered.meta.clone(),
            gathered.evidence.clone(),
            today(),
            None,
        );
        drop((web, dns, mail, time));
        result
    }

    fn web(&self, authority: &Authority) -> Web {
        let site = Arc::new(self.clone());
        let secure = self.certificate;
        let serve = move |r: &Request| answer(&site, r);
        let first = HttpServer::start(socket("127.0.80.1:0"), Some(secure(authority)), serve.clone())
            .expect("a server");
        let port = first.addr().port();
        let second = HttpServer::start(
            SocketAddr::from(([127, 2, 80, 1], port)),
            Some(secure(authority)),
            serve.clone(),
        )
        .expect("the port is free there too");
        let redirects = self.redirects;
        let plain = move |r: &Request| {
            if redirects {
                Reply::Redirect(format!("https://www.clean.test:{port}{}", r.target))
            } else {
                serve(r)
            }
        };
        let http = HttpServer::start(socket("127.0.80.1:0"), None, plain.clone()).expect("a server");
        let http_port = http.addr().port();
        let http_second =
            HttpServer::start(SocketAddr::from(([127, 2, 80, 1], http_port)), None, plain).expect("a server");
        Web { port, http_port, _servers: [first, second, http, http_second] }
    }

    fn name_servers(&self) -> ([DnsServer; 2], SocketAddr) {
        let zone = |serial: u32| {
            let mut lines = self.zone.clone();
            if self.one_address {
                lines.retain(|l| !l.contains("127.2.80.1"));
            }
            Zone::parse(&lines.join("\n").replace("{serial}", &serial.to_string())).expect("a zone")
        };
        let first = DnsServer::start(socket("127.0.53.1:0"), zone(2026_1125)).expect("a server");
        let address = first.addr();
        let second =
            DnsServer::start(SocketAddr::from(([127, 1, 53, 1], address.port())), zone(self.second_serial))
                .expect("the port is free there too");
        ([first, second], address)
    }

    fn mail(&self, authority: &Authority) -> Mail {
        let identity = |name: &str| self.starttls.then(|| authority.valid(&[name]));
        let first = SmtpSink::start(socket("127.0.25.1:0"), identity("mx1.clean.test")).expect("a server");
        let port = first.addr().port();
        let second = SmtpSink::start(SocketAddr::from(([127, 1, 25, 1], port)), identity("mx2.clean.test"))
            .expect("a server");
        Mail { port, _servers: [first, second] }
    }

    fn write_backups(&self, folder: &Path, now: Timestamp) {
        use std::os::unix::fs::PermissionsExt as _;
        let backups = folder.join("backups");
        std::fs::create_dir_all(&backups).expect("writable");
        for (name, bytes, age_hours, mode) in &self.backups {
            let path = backups.join(name);
            std::fs::write(&path, vec![7_u8; *bytes]).expect("writable");
            let at = std::time::UNIX_EPOCH
                + Duration::from_secs(u64::try_from(now.as_second() - age_hours * 3600).expect("after 1970"));
            std::fs::File::options()
                .write(true)
                .open(&path)
                .expect("there")
                .set_modified(at)
                .expect("settable");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(*mode)).expect("settable");
        }
    }

    fn write_files(&self, folder: &Path) {
        for name in &self.web_root {
            let path = folder.join("site").join(name);
            std::fs::create_dir_all(path.parent().expect("in a folder")).expect("writable");
            std::fs::write(path, "x").expect("writable");
        }
        std::fs::write(folder.join("access.log"), &self.access_log).expect("writable");
        std::fs::write(folder.join("postgresql.json"), &self.server_log).expect("writable");
    }

    fn plan(&self, folder: &Path, web: &Web, mail: &Mail, resolver: SocketAddr, ntp: u16) -> String {
        use std::fmt::Write as _;
        let (port, http) = (web.port, web.http_port);
        let mut dead = String::new();
        if self.dead_port {
            let closed = bulwark_testkit::closed_port().expect("a port").port();
            let _ = write!(dead, ", {closed}");
        }
        let background = background(&self.unknown);
        let mut text = format!(
            "[system]\nname = \"示範系統\"\nagency = \"示範機關\"\nsecurity_level = \"medium\"\n[system.background]\n{background}[location]\nvantage = \"inside\"\nresolvers = [\"{resolver}\"]\nauthoritative_port = {}\nca_file = \"ca.pem\"\n[scope]\ndomains = [\"clean.test\"]\nmail_domains = [\"clean.test\"]\ndkim_selectors = [\"k1\"]\nurls = [\"https://www.clean.test:{port}/\", \"http://www.clean.test:{http}/\"]\n[[scope.host]]\nname = \"www.clean.test\"\nports = [{port}, {http}{dead}]\ntls_ports = [{port}]\nntp_port = {ntp}\n[[scope.host]]\nname = \"mx1.clean.test\"\nports = [{smtp}]\nsmtp_port = {smtp}\n[[scope.host]]\nname = \"mx2.clean.test\"\nports = [{smtp}]\nsmtp_port = {smtp}\n[[scope.host]]\nname = \"old.clean.test\"\n[[scope.path]]\nkind = \"backup\"\npath = \"backups\"\n[[scope.path]]\nkind = \"web_root\"\npath = \"site\"\n[[scope.path]]\nkind = \"access_log\"\npath = \"access.log\"\n[[scope.path]]\nkind = \"postgres_log\"\npath = \"postgresql.json\"\n[[transaction]]\nname = \"查詢\"\nrepetitions = 5\np95_limit_ms = 1000\n[[transaction.step]]\nurl = \"https://www.clean.test:{port}/search?q=1\"\nexpect_status = 200\nexpect_text = \"查詢結果\"\n",
            resolver.port(),
            smtp = mail.port,
        );
        std::fs::write(folder.join("evidence.txt"), "evidence").expect("writable");
        let all = plan::QUESTIONS.iter().map(|q| {
            let planted = self.answers.iter().find(|(id, _, _)| *id == q.id);
            planted.copied().unwrap_or((q.id, "yes", "115-10-01"))
        });
        for (id, answer, on) in all {
            let _ = write!(
                text,
                "[[answer]]\nid = \"{id}\"\nanswer = \"{answer}\"\non = \"{on}\"\nnote = \"n\"\nevidence = [\"evidence.txt\"]\n"
            );
        }
        text.push_str("[approval]\nby = \"王科長\"\non = \"115-11-20\"\n");
        text
    }
}

struct Web {
    port: u16,
    http_port: u16,
    _servers: [HttpServer; 4],
}

struct Mail {
    port: u16,
    _servers: [SmtpSink; 2],
}

fn answer(site: &World, request: &Request) -> Reply {
    let page = site.pages.iter().find(|(p, _)| p == request.path());
    let reply = match page {
        Some(_) if request.header("if-none-match").is_some() && !site.repeats_itself => Reply::text(304, ""),
        Some((_, reply)) => reply.clone(),
        None => Reply::text(404, "找不到"),
    };
    let reply = site.headers.iter().fold(reply, |r, (n, v)| r.header(n, v));
    match request.header("origin").filter(|_| site.reflects_origin) {
        Some(origin) => reply
            .header("Access-Control-Allow-Origin", origin)
            .header("Access-Control-Allow-Credentials", "true"),
        None => reply,
    }
}

/// An extension of a certificate: its name and its contents.
pub type Extension = (&'static [u64], &'static [u8]);
/// Policy of a publicly issued certificate (CA/Browser Forum, domain validated).
pub const PUBLIC: Extension =
    (&[2, 5, 29, 32], &[0x30, 0x0a, 0x30, 0x08, 0x06, 0x06, 0x67, 0x81, 0x0c, 0x01, 0x02, 0x01]);
/// Two entries as certificate logs give them, in length only (RFC 6962 §3.3).
pub const LOGGED: Extension = (&[1, 3, 6, 1, 4, 1, 11129, 2, 4, 2], &[4, 10, 0, 8, 0, 2, 0, 0, 0, 2, 0, 0]);
/// A stapled answer must come (RFC 7633).
pub const MUST_STAPLE: Extension = (&[1, 3, 6, 1, 5, 5, 7, 1, 24], &[0x30, 0x03, 0x02, 0x01, 0x05]);

/// A certificate of the site for so many days.
pub fn with_extensions(authority: &Authority, days: i64, extensions: &[Extension]) -> TlsIdentity {
    let mut params = server_params(NAMES, now_plus(-1), now_plus(days));
    params.custom_extensions = extensions
        .iter()
        .map(|(name, contents)| CustomExtension::from_oid_content(name, contents.to_vec()))
        .collect();
    authority.issue_custom(&params)
}

/// A line of the access log, that many minutes after ten.
pub fn request(minute: u32, path: &str, status: u16, referrer: &str, seconds: &str) -> String {
    let (hour, minute) = (10 + minute / 60, minute % 60);
    format!(
        "203.0.113.7 - - [25/Nov/2026:{hour}:{minute:02}:30 +0800] \"GET {path} HTTP/1.1\" {status} 512 \"{referrer}\" \"Mozilla/5.0\" rt={seconds}\n"
    )
}

/// An entry of the log of PostgreSQL (jsonlog), that many minutes after ten.
pub fn log_entry(minute: u32, level: &str, message: &str) -> String {
    let entry = serde_json::json!({
        "timestamp": format!("2026-11-25 10:{minute:02}:00.000 UTC"),
        "user": "app",
        "dbname": "app",
        "pid": 101,
        "remote_host": "10.0.0.9",
        "error_severity": level,
        "message": message,
    });
    format!("{entry}\n")
}

fn socket(s: &str) -> SocketAddr {
    s.parse().expect("an address")
}

/// The present: the time server and the certificates of these tests are real.
struct Present;

impl Clock for Present {
    fn now(&self) -> Timestamp {
        today()
    }

    /// Nothing waits in a lab; coming back early is allowed.
    fn sleep(&self, _: Duration) {}
}

/// Certificates of the tests are made for the present, so the clock stands at the present too.
#[expect(clippy::disallowed_methods, reason = "certificates made now are judged now")]
pub fn today() -> Timestamp {
    Timestamp::now()
}
