//! One URL asked in several ways: from another origin, with other codings, over each address
//! family, with the validators of the first answer, and its site's well-known files.
//!
//! Everything after the first answer is asked of the page the first one led to, over the same
//! connection as far as the server keeps it; only the two address families need their own. Only
//! GET and OPTIONS are sent, and never a header that asks for a change.

use std::net::IpAddr;
use std::sync::Arc;

use hyper::Method;
use hyper::header::{self, HeaderName};
use url::Url;

use super::Net;
use super::fetch::{self, Jar, follow};
use super::http::{Ask, Session};
use crate::evidence::{Exchange, Http, HttpVariant, HttpVariants};
use crate::failure::{Code, Failure};

/// The origin we claim to come from; `.invalid` belongs to nobody (RFC 6761 §6.4).
const FOREIGN: &str = "https://bulwark.invalid";
/// Codings offered (RFC 7932, RFC 8878, RFC 9110 §8.4.1.3).
const CODINGS: &str = "br, zstd, gzip";
/// Text kept of a page: the head with its title.
const PAGE_KEPT: usize = 16 * 1024;
/// Text kept of security.txt and robots.txt.
const FILE_KEPT: usize = 32 * 1024;

/// Asks in every way that applies. `Err` when not even the plain answer came.
pub(super) async fn collect(net: &Arc<Net>, url: &str) -> Result<HttpVariants, Failure> {
    let asked = fetch::parse(url)?;
    let policy_file = asked.path().ends_with("/mta-sts.txt");
    let mut ways = Ways { net, variants: Vec::new(), open: false };
    let mut session = Session::unhurried(net);
    let keep = if policy_file { FILE_KEPT } else { PAGE_KEPT };
    let plain = ways.follow(&mut session, asked, keep).await;
    let landing = match &plain {
        Err(e) => return Err(e.clone()),
        Ok(http) => http.hops.last().filter(|_| http.stopped.is_none()).cloned(),
    };
    ways.variants.push(HttpVariant { name: "plain".into(), sent: Vec::new(), answer: plain });
    let page = landing.as_ref().and_then(|l| Url::parse(&l.url).ok());
    if let (Some(landing), Some(page), false) = (landing, page, policy_file) {
        ways.page(&mut session, &landing, &page).await;
        for (name, path) in [("security_txt", "/.well-known/security.txt"), ("robots", "/robots.txt")] {
            let mut file = page.clone();
            file.set_path(path);
            file.set_query(None);
            if !ways.open {
                let answer = ways.follow(&mut session, file, FILE_KEPT).await;
                ways.add(name, Vec::new(), answer);
            }
        }
        session.close();
        ways.families(&page).await;
    }
    Ok(HttpVariants { url: url.to_owned(), variants: ways.variants })
}

struct Ways<'n> {
    net: &'n Arc<Net>,
    variants: Vec<HttpVariant>,
    /// The circuit to the server is open: no more is asked.
    open: bool,
}

impl Ways<'_> {
    fn add(&mut self, name: &str, sent: Vec<(HeaderName, String)>, answer: Result<Http, Failure>) {
        self.open |= matches!(&answer, Err(e) if e.code == Code::CircuitOpen);
        let sent = sent.into_iter().map(|(n, v)| (n.as_str().to_owned(), v)).collect();
        self.variants.push(HttpVariant { name: name.to_owned(), sent, answer });
    }

    /// GETs with redirects, in a jar of its own.
    async fn follow(&self, session: &mut Session<'_>, url: Url, keep: usize) -> Result<Http, Failure> {
        let asked = url.to_string();
        let ask = Ask { keep, ..Ask::get(url) };
        let followed = Box::pin(follow(session, self.net, ask, &mut Jar::default())).await?;
        Ok(Http { url: asked, hops: followed.hops, stopped: followed.stopped })
    }

    /// Asks once, without following redirects.
    async fn once(&mut self, session: &mut Session<'_>, name: &str, ask: Ask) {
        if self.open {
            return;
        }
        let url = ask.url.to_string();
        let answer = Box::pin(session.fetch(&ask)).await;
        let answer = answer.map(|got| Http { url, hops: vec![got.exchange], stopped: None });
        self.add(name, ask.extra, answer);
    }

    /// The ways that concern the page itself.
    async fn page(&mut self, session: &mut Session<'_>, landing: &Exchange, page: &Url) {
        let get = |extra: Vec<(HeaderName, String)>| Ask { keep: 0, extra, ..Ask::get(page.clone()) };
        let origin = (header::ORIGIN, FOREIGN.to_owned());
        self.once(session, "origin", get(vec![origin.clone()])).await;
        let asked = (header::ACCESS_CONTROL_REQUEST_METHOD, "GET".to_owned());
        let fields = (header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization".to_owned());
        let preflight = Ask { method: Method::OPTIONS, ..get(vec![origin, asked, fields]) };
        self.once(session, "preflight", preflight).await;
        let codings = (header::ACCEPT_ENCODING, CODINGS.to_owned());
        self.once(session, "encodings", Ask { raw: true, ..get(vec![codings]) }).await;
        let validator = |of: &str, name: HeaderName| landing.header(of).map(|v| (name, v.to_owned()));
        let validators: Vec<_> =
            [validator("etag", header::IF_NONE_MATCH), validator("last-modified", header::IF_MODIFIED_SINCE)]
                .into_iter()
                .flatten()
                .collect();
        if !validators.is_empty() {
            self.once(session, "conditional", get(validators)).await;
        }
    }

    /// The same page over each family, when its host has both.
    async fn families(&mut self, page: &Url) {
        let host = page.host_str().unwrap_or_default();
        let Ok(located) = self.net.locate(host).await else { return };
        let v4 = located.addresses.iter().find(|a| a.is_ipv4()).copied();
        let v6 = located.addresses.iter().find(|a| a.is_ipv6()).copied();
        let (Some(v4), Some(v6)) = (v4, v6) else { return };
        for (name, address) in [("ipv4", v4), ("ipv6", v6)] {
            self.family(name, address, page).await;
        }
    }

    async fn family(&mut self, name: &str, address: IpAddr, page: &Url) {
        // A circuit that opened at one address says nothing about the other.
        self.open = false;
        let mut session = Session::only(self.net, address);
        self.once(&mut session, name, Ask { keep: PAGE_KEPT, ..Ask::get(page.clone()) }).await;
    }
}
