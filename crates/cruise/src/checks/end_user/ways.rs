//! URLs asked in several ways: what the checks of `http_variants` share.

use std::collections::BTreeSet;

use bulwark_probe::evidence::{Exchange, HttpVariants};
use bulwark_probe::failure::Failure;
use url::Url;

use super::visit::{authority, plain_url};
use crate::check::{Case, Piece};

/// A page asked in several ways.
#[derive(Debug, Clone)]
pub(super) struct Ways<'a> {
    /// The evidence.
    pub piece: Piece<'a, HttpVariants>,
    /// The plain answer.
    pub plain: &'a Exchange,
    /// Its address.
    pub url: Url,
    /// Its address without query: the asset of lines about the page.
    pub asset: String,
    /// Host, with the port when it is not the usual one: the asset of lines about the site.
    pub site: String,
}

impl<'a> Ways<'a> {
    /// The answer to one way of asking; `None` when it was not asked.
    pub fn answer(&self, name: &str) -> Option<Result<&'a Exchange, &'a Failure>> {
        let variant = self.piece.body.variants.iter().find(|v| v.name == name)?;
        match &variant.answer {
            Err(e) => Some(Err(e)),
            Ok(http) => match (&http.stopped, http.hops.last()) {
                (Some(e), _) => Some(Err(e)),
                (None, Some(last)) => Some(Ok(last)),
                (None, None) => None,
            },
        }
    }

    /// Headers sent for one way of asking.
    pub fn sent(&self, name: &str, field: &str) -> Option<&'a str> {
        let variant = self.piece.body.variants.iter().find(|v| v.name == name)?;
        variant.sent.iter().find(|(n, _)| n.eq_ignore_ascii_case(field)).map(|(_, v)| v.as_str())
    }
}

/// Every page that answered with success, once each, in the order of the evidence.
pub(super) fn ways<'a>(case: &Case<'a>) -> Vec<Ways<'a>> {
    let mut seen = BTreeSet::new();
    case.http_variants()
        .filter_map(|piece| {
            let plain = piece.body.variants.iter().find(|v| v.name == "plain")?;
            let http = plain.answer.as_ref().ok().filter(|h| h.stopped.is_none())?;
            let plain = http.hops.last().filter(|x| (200..300).contains(&x.status))?;
            let url = Url::parse(&plain.url).ok()?;
            // A policy file for mail is no page of the site.
            let policy = url.path().ends_with("/mta-sts.txt");
            let asset = plain_url(&plain.url);
            (!policy && seen.insert(asset.clone())).then(|| Ways {
                piece,
                plain,
                site: authority(&url),
                url,
                asset,
            })
        })
        .collect()
}

/// The first page of each host, one over HTTPS before one without: the same host with and without
/// TLS is one site.
pub(super) fn sites<'a>(case: &Case<'a>) -> Vec<Ways<'a>> {
    let mut seen = BTreeSet::new();
    let (secure, plain): (Vec<_>, Vec<_>) = ways(case).into_iter().partition(|w| w.url.scheme() == "https");
    let all = secure.into_iter().chain(plain);
    all.filter(|w| seen.insert(w.url.host_str().unwrap_or_default().to_owned())).collect()
}
