//! Well-known files that must not be public. Only the first bytes are asked for.

use std::sync::Arc;

use hyper::Method;
use url::Url;

use super::Net;
use super::fetch;
use super::http::{Ask, Got, Session};
use crate::evidence::{Blob, PathAnswer, PathProbe, Paths};
use crate::failure::{Code, Failure};

/// Bytes kept of an answer.
const FIRST: u64 = 64;

/// A path that surely does not exist; fixed, so that a log reader recognises us.
const BASELINE: &str = "bulwark-baseline-7f3a9c51e0d24b68";

/// Paths that leak source, secrets, data or inner workings when public. Order is the order asked.
const LEAKS: &[&str] = &[
    ".git/HEAD",
    ".git/config",
    ".svn/entries",
    ".svn/wc.db",
    ".hg/requires",
    ".DS_Store",
    ".env",
    ".env.bak",
    ".htpasswd",
    ".aws/credentials",
    "id_rsa",
    "backup.sql",
    "dump.sql",
    "db.sql",
    "database.sqlite",
    "backup.zip",
    "backup.tar.gz",
    "www.zip",
    "wp-config.php.bak",
    "config.php.bak",
    "web.config.bak",
    "appsettings.json",
    "phpinfo.php",
    "server-status",
    "actuator/env",
    "actuator/heapdump",
    "debug/pprof/",
    "elmah.axd",
];

/// Only the headers are asked for: the file is big and costs the server dearly to make.
const HEAD_ONLY: &[&str] = &["actuator/heapdump"];

/// Asks for the baseline and each path over one kept connection; redirects are not followed.
pub(super) async fn collect(net: &Arc<Net>, url: &str) -> Result<Paths, Failure> {
    let mut base = fetch::parse(url)?;
    base.set_path("/");
    base.set_query(None);
    let mut session = Session::unhurried(net);
    let baseline = ask(&mut session, &base, BASELINE).await;
    if let Err(e) = &baseline {
        // Nothing answers there: the list would only add noise to the server's log.
        return Err(e.clone());
    }
    let mut probes = Vec::new();
    for path in LEAKS {
        let answer = ask(&mut session, &base, path).await;
        let open = matches!(&answer, Err(e) if e.code == Code::CircuitOpen);
        probes.push(PathProbe { path: (*path).to_owned(), answer });
        if open {
            break;
        }
    }
    Ok(Paths { base: base.to_string(), baseline, probes })
}

async fn ask(session: &mut Session<'_>, base: &Url, path: &str) -> Result<PathAnswer, Failure> {
    let mut url = base.clone();
    url.set_path(&format!("/{path}"));
    let method = if HEAD_ONLY.contains(&path) { Method::HEAD } else { Method::GET };
    let ask = Ask { method, peek: Some(FIRST), ..Ask::get(url) };
    let Got { exchange, body } = Box::pin(session.fetch(&ask)).await?;
    let total = exchange
        .header("content-range")
        .and_then(|v| v.rsplit_once('/'))
        .and_then(|(_, total)| total.trim().parse().ok())
        .or_else(|| exchange.header("content-length").and_then(|v| v.trim().parse().ok()));
    Ok(PathAnswer {
        status: exchange.status,
        content_type: exchange.header("content-type").unwrap_or_default().to_owned(),
        bytes: total.unwrap_or(exchange.body_bytes),
        first: Blob(body),
    })
}
