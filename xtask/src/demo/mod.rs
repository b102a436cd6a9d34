//! `cargo xtask demo`: real targets on loopback addresses, left running, and a health check of them.
//!
//! Everything lives in `out/demo/`. The targets are weak on purpose; they listen on loopback only and hold nothing
//! but made-up text.

mod backup;
mod console;
mod cruise;
pub mod lab;
mod nginx;
mod postgres;
mod site;

use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use bulwark_testkit::tls::{Authority, now_plus};

use crate::sys;

pub const DNS: SocketAddr = address([127, 0, 53, 1], 10053);
pub const NTP: SocketAddr = address([127, 0, 53, 1], 10123);
pub const SMTP: SocketAddr = address([127, 0, 25, 1], 10025);
pub const HTTP: SocketAddr = address([127, 0, 80, 1], 10080);
pub const HTTPS: SocketAddr = address([127, 0, 80, 1], 10443);
pub const DATABASE: SocketAddr = address([127, 0, 0, 1], 15432);

const fn address(ip: [u8; 4], port: u16) -> SocketAddr {
    let [a, b, c, d] = ip;
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(a, b, c, d)), port)
}

/// What is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "they are the flags of the command line")]
pub struct Options {
    pub fix_header: bool,
    pub stop: bool,
    pub clean: bool,
    pub release: bool,
    pub targets_only: bool,
}

impl Options {
    pub fn parse(arguments: &[&str]) -> Result<Self> {
        let mut options = Self::default();
        let mut rest = arguments;
        loop {
            rest = match rest {
                [] => return Ok(options),
                ["--fix", "header", rest @ ..] | ["--fix=header", rest @ ..] => {
                    options.fix_header = true;
                    rest
                }
                ["--stop", rest @ ..] => {
                    options.stop = true;
                    rest
                }
                ["--clean", rest @ ..] => {
                    options.clean = true;
                    rest
                }
                ["--release", rest @ ..] => {
                    options.release = true;
                    rest
                }
                ["--targets", rest @ ..] => {
                    options.targets_only = true;
                    rest
                }
                ["--fix", ..] => bail!("`--fix header` is the only repair there is"),
                [other, ..] => bail!("demo knows no `{other}`; see `cargo xtask help`"),
            };
        }
    }
}

/// The places of the demo.
pub struct Demo {
    /// `out/demo`, absolute.
    pub dir: PathBuf,
}

impl Demo {
    pub fn new() -> Self {
        Self { dir: sys::root().join("out/demo") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The file whose presence means that the repair of `--fix header` is in place.
    pub fn fixed_flag(&self) -> PathBuf {
        self.path("fixed-header")
    }

    /// A folder that a service's own user can reach: in `out/demo`, or under `/var/tmp` with a link from there when
    /// a folder above is closed to others (a home folder, for example).
    pub fn service_dir(&self, name: &str, user: &str) -> Result<PathBuf> {
        let inside = self.path(name);
        // PostgreSQL's socket lies in its folder, and the path of a socket has at most 107 bytes.
        let short = inside.as_os_str().len() < 80;
        if short && (!sys::is_root() || sys::reachable_by(user, &self.dir)) {
            sys::make_dir(&inside)?;
            return Ok(inside);
        }
        let outside = outside();
        sys::make_dir(&outside)?;
        let owner = std::fs::symlink_metadata(&outside)?.uid();
        if owner != sys::own_uid() || outside.is_symlink() {
            bail!("{} belongs to somebody else; delete it first", outside.display());
        }
        let real = outside.join(name);
        sys::make_dir(&real)?;
        if !inside.is_symlink() {
            sys::remove(&inside)?;
            std::os::unix::fs::symlink(&real, &inside)?;
        }
        Ok(real)
    }
}

/// Where files go that `out/demo` cannot hold.
fn outside() -> PathBuf {
    Path::new("/var/tmp/bulwark-demo").to_path_buf()
}

pub fn run(options: &Options) -> Result<()> {
    let demo = Demo::new();
    if options.stop || options.clean {
        return stop(&demo, options.clean);
    }
    prepare(&demo)?;
    if options.fix_header {
        fix_header(&demo)?;
    } else if demo.fixed_flag().exists() {
        println!("  repaired         by an earlier `--fix header`; `--stop` brings the weakness back");
    }
    if options.targets_only {
        return Ok(());
    }
    println!();
    let program = cruise::build(options.release)?;
    cruise::run(&demo, &program, options.fix_header)?;
    if options.fix_header { Ok(()) } else { console::start(&demo, &program) }
}

/// Brings the targets up, for tasks that measure on them.
pub fn targets() -> Result<()> {
    prepare(&Demo::new())
}

/// Whether the programs of a PostgreSQL server are here.
pub fn postgres_is_installed() -> bool {
    postgres::programs().is_some()
}

/// Brings every target up; what already runs is left alone.
fn prepare(demo: &Demo) -> Result<()> {
    sys::make_dir(&demo.dir)?;
    println!("targets (loopback only, weak on purpose):");
    backup::write(&demo.path("backups"))?;
    let new_certificate = certificate(demo)?;
    let nginx = tool("nginx", "nginx-light")?;
    let postgres = match postgres::programs() {
        None if sys::can_install() => {
            sys::install(&["postgresql"])?;
            postgres::programs()
        }
        found => found,
    };
    lab::start(demo, nginx.is_none(), new_certificate)?;
    println!("  DNS, mail, time  {DNS} (demo.test), {SMTP}, {NTP}");
    if let Some(program) = nginx {
        nginx::start(demo, &program, new_certificate)?;
        println!(
            "  nginx            http://www.demo.test:{}/  https://www.demo.test:{}/",
            HTTP.port(),
            HTTPS.port()
        );
    } else {
        println!(
            "  web (our own)    {HTTP}, {HTTPS}; nginx is not installed: TLS 1.0 and 1.1 cannot be shown"
        );
    }
    if let Some(programs) = postgres {
        postgres::start(demo, &programs)?;
        println!("  PostgreSQL       {DATABASE}, DSN in {}", demo.path("pg.dsn").display());
    } else {
        println!(
            "  PostgreSQL       not installed (needs root on Debian): its checks will read 「未檢」 not tested"
        );
    }
    Ok(())
}

/// A program, installed from a Debian package when it is missing and that is possible.
fn tool(program: &str, package: &str) -> Result<Option<PathBuf>> {
    if sys::which(program).is_none() && sys::can_install() {
        sys::install(&[package])?;
    }
    Ok(sys::which(program))
}

/// Makes the authority and the certificate of the web server, good for 20 days; `true` when they are new.
fn certificate(demo: &Demo) -> Result<bool> {
    let (ca, chain, key) = (demo.path("ca.pem"), demo.path("www.pem"), demo.path("www.key"));
    let fresh = |path: &Path| sys::age(path).is_some_and(|age| age < Duration::from_hours(3 * 24));
    if fresh(&ca) && fresh(&chain) && fresh(&key) {
        return Ok(false);
    }
    let authority = Authority::new("示範市 Demo CA");
    let identity = authority.issue(&["www.demo.test", "demo.test"], now_plus(-70), now_plus(20));
    sys::write(&ca, authority.pem())?;
    sys::write(&chain, identity.chain_pem())?;
    sys::write_secret(&key, &identity.key_pem())?;
    Ok(true)
}

/// The one repair: `X-Content-Type-Options: nosniff` on every page with TLS.
fn fix_header(demo: &Demo) -> Result<()> {
    sys::write(&demo.fixed_flag(), "X-Content-Type-Options: nosniff\n")?;
    if nginx::is_running(demo) {
        nginx::apply_headers(demo)?;
    }
    println!("  repaired         X-Content-Type-Options: nosniff on https://www.demo.test:10443/");
    Ok(())
}

fn stop(demo: &Demo, clean: bool) -> Result<()> {
    if !demo.dir.exists() {
        println!("nothing to stop");
        return Ok(());
    }
    for (what, was_running) in [
        ("nginx", nginx::stop(demo)?),
        ("PostgreSQL", postgres::stop(demo)?),
        ("DNS and mail", lab::stop(demo)?),
        ("console", console::stop(demo)?),
    ] {
        println!("{what}: {}", if was_running { "stopped" } else { "was not running" });
    }
    sys::remove(&demo.fixed_flag())?;
    if clean {
        let outside_is_ours = ["nginx", "pg"].iter().any(|name| demo.path(name).is_symlink());
        if outside_is_ours {
            sys::remove(&outside())?;
        }
        std::fs::remove_dir_all(&demo.dir)
            .with_context(|| format!("cannot delete {}", demo.dir.display()))?;
        println!("deleted {}", demo.dir.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_understood_or_refused() {
        assert_eq!(Options::parse(&[]).unwrap(), Options::default());
        let both = Options::parse(&["--fix", "header", "--release"]).unwrap();
        assert!(both.fix_header && both.release && !both.stop);
        assert!(Options::parse(&["--fix", "everything"]).is_err());
        assert!(Options::parse(&["--fx"]).unwrap_err().to_string().contains("--fx"));
    }
}
