//! The targets that are our own program: DNS, mail, time, and the web server where nginx is missing.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use bulwark_testkit::dns::{DnsServer, Zone};
use bulwark_testkit::http::{HttpServer, Request};
use bulwark_testkit::ntp::NtpServer;
use bulwark_testkit::smtp::SmtpSink;
use bulwark_testkit::tls::TlsIdentity;

use super::{DNS, Demo, HTTP, HTTPS, NTP, SMTP, site};
use crate::sys;

/// One name server, one mail host, one address a name; SPF that excludes nobody; no DMARC, no CAA, no DNSSEC.
const ZONE: &str = r#"
demo.test.       300 IN SOA  ns1.demo.test. hostmaster.demo.test. 2026112501 3600 600 604800 300
demo.test.       300 IN NS   ns1.demo.test.
demo.test.       300 IN A    127.0.80.1
demo.test.       300 IN MX   10 mail.demo.test.
demo.test.       300 IN TXT  "v=spf1 a mx ?all"
ns1.demo.test.   300 IN A    127.0.53.1
www.demo.test.   300 IN A    127.0.80.1
mail.demo.test.  300 IN A    127.0.25.1
db.demo.test.    300 IN A    127.0.0.1
ntp.demo.test.   300 IN A    127.0.53.1
"#;

const WORD: &str = "lab-serve";

fn pid_file(demo: &Demo) -> PathBuf {
    demo.path("lab.pid")
}

/// Starts the process in the background unless it runs.
pub fn start(demo: &Demo, web: bool, restart: bool) -> Result<()> {
    let pid_file = pid_file(demo);
    // With another set of services than asked for it has to start anew.
    let mode = demo.path("lab.mode");
    let wanted = if web { "web" } else { "" };
    let same = std::fs::read_to_string(&mode).is_ok_and(|mode| mode == wanted);
    if sys::alive(&pid_file, WORD).is_some() && same && !(web && restart) && sys::listens(DNS) {
        return Ok(());
    }
    stop(demo)?;
    for addr in [DNS, SMTP] {
        if sys::listens(addr) {
            bail!("another program listens at {addr}; stop it first");
        }
    }
    let log = demo.path("lab.log");
    let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    let own = std::env::current_exe()?;
    // A session of its own, so that the end of this terminal does not end it.
    let mut command = match sys::which("setsid") {
        Some(setsid) => {
            let mut command = Command::new(setsid);
            command.arg(own);
            command
        }
        None => Command::new(own),
    };
    command.arg(WORD).args(web.then_some("--web"));
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    if sys::which("setsid").is_none() {
        command.process_group(0);
    }
    let child = command.current_dir(&demo.dir).spawn().context("cannot start the lab")?;
    sys::write(&pid_file, format!("{}\n", child.id()))?;
    sys::write(&mode, wanted)?;
    sys::wait_for(DNS, "DNS", &log)?;
    sys::wait_for(SMTP, "mail", &log)?;
    if web {
        sys::wait_for(HTTPS, "web", &log)?;
    }
    Ok(())
}

pub fn stop(demo: &Demo) -> Result<bool> {
    sys::stop(&pid_file(demo), WORD)
}

/// The background process itself: `xtask lab-serve [--web]`.
pub fn serve(options: &[&str]) -> Result<()> {
    let demo = Demo::new();
    let _dns = DnsServer::start(DNS, Zone::parse(ZONE)?).with_context(|| format!("DNS at {DNS}"))?;
    let _smtp = SmtpSink::start(SMTP, None).with_context(|| format!("mail at {SMTP}"))?;
    let _ntp = NtpServer::start(NTP, 0).with_context(|| format!("time at {NTP}"))?;
    let _web = options.contains(&"--web").then(|| web(&demo)).transpose()?;
    println!("serving");
    loop {
        std::thread::park();
    }
}

fn web(demo: &Demo) -> Result<[HttpServer; 2]> {
    let read = |name: &str| {
        let path = demo.path(name);
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let identity = TlsIdentity::from_pem(&read("www.pem")?, &read("www.key")?)?;
    let flag = demo.fixed_flag();
    let page = |request: &Request| site::reply(request).header("Server", "bulwark-demo/0.1");
    let plain = HttpServer::start(HTTP, None, page).with_context(|| format!("web at {HTTP}"))?;
    // The repair goes to the pages with TLS only, as in the nginx.
    let repaired = move |request: &Request| {
        let reply = page(request);
        if flag.exists() { reply.header("X-Content-Type-Options", "nosniff") } else { reply }
    };
    let tls =
        HttpServer::start(HTTPS, Some(identity), repaired).with_context(|| format!("web at {HTTPS}"))?;
    Ok([plain, tls])
}
