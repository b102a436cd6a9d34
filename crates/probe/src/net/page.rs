//! A page and what it loads.

use std::sync::Arc;

use url::Url;

use super::Net;
use super::fetch::{self, Jar, follow};
use super::http::{Ask, Session, TEXT_KEPT};
use crate::evidence::{Exchange, Http, Page, Resource};
use crate::failure::{Code, Failure, Step};
use crate::html::SubResource;

/// Sub-resources fetched.
const MAX_RESOURCES: usize = 60;
/// HTML looked at for sub-resources.
const HTML_BYTES: usize = 1 << 20;

/// GETs the page, then its sub-resources in scope, origin by origin (one connection each).
pub(super) async fn collect(net: &Arc<Net>, url: &str) -> Result<Page, Failure> {
    let mut session = Session::unhurried(net);
    let mut jar = Jar::default();
    let ask = Ask { keep: HTML_BYTES.max(TEXT_KEPT), ..Ask::get(fetch::parse(url)?) };
    let followed = Box::pin(follow(&mut session, net, ask, &mut jar)).await?;
    let base = followed.hops.last().and_then(|hop| Url::parse(&hop.url).ok());
    let kind = followed.hops.last().and_then(|h| h.header("content-type")).unwrap_or_default();
    let html = crate::html::decode(&followed.body, kind);
    let is_html = followed
        .hops
        .last()
        .is_some_and(|h| h.status < 400 && h.header("content-type").is_none_or(|t| t.contains("html")));
    let mut wanted: Vec<SubResource> = match &base {
        Some(base) if is_html && followed.stopped.is_none() => crate::html::scan(&html, base).resources,
        _ => Vec::new(),
    };
    let mut seen = std::collections::BTreeSet::new();
    wanted.retain(|r| seen.insert(r.url.clone()));
    let skipped = wanted.len().saturating_sub(MAX_RESOURCES);
    wanted.truncate(MAX_RESOURCES);
    // Stable: within an origin the order of the page.
    wanted.sort_by_key(|r| {
        (Some(r.url.origin()) != base.as_ref().map(Url::origin), r.url.origin().ascii_serialization())
    });
    let mut resources = Vec::new();
    for resource in wanted {
        let answer = one(net, &mut session, &mut jar, &resource.url).await;
        resources.push(Resource {
            url: resource.url.to_string(),
            role: resource.role.as_str().to_owned(),
            answer,
        });
    }
    Ok(Page {
        page: Http { url: url.to_owned(), hops: followed.hops, stopped: followed.stopped },
        resources,
        skipped: u32::try_from(skipped).unwrap_or(u32::MAX),
    })
}

/// One sub-resource: sizes and times, no body.
async fn one(
    net: &Arc<Net>,
    session: &mut Session<'_>,
    jar: &mut Jar,
    url: &Url,
) -> Result<Exchange, Failure> {
    net.check_host(url.host_str().unwrap_or_default())?;
    let ask = Ask { keep: 0, ..Ask::get(url.clone()) };
    let mut followed = Box::pin(follow(session, net, ask, jar)).await?;
    match (followed.stopped, followed.hops.pop()) {
        (Some(e), _) => Err(e),
        (None, Some(exchange)) => Ok(exchange),
        (None, None) => Err(Failure::new(Step::Receive, Code::Internal, url.as_str())),
    }
}
