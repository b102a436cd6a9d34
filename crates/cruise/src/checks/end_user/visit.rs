//! Pages as a visitor lands on them: one entry an address, whichever evidence shows it.
//!
//! `page` and `http` evidence of the same address would give the same weakness twice; the page
//! wins, because it also knows the sub-resources.

use std::collections::BTreeSet;

use bulwark_probe::evidence::{Exchange, Http, Page, Record};
use bulwark_probe::header;
use url::Url;

use crate::check::{Case, Piece, Sheet};

/// One address of the plan and what came back.
#[derive(Debug, Clone, Copy)]
pub(in crate::checks) struct Visit<'a> {
    /// The evidence, to be named in a line.
    pub piece: Piece<'a, Http>,
    /// Sub-resources, when the evidence is a page.
    pub page: Option<&'a Page>,
}

impl<'a> Visit<'a> {
    /// The address of the plan without query.
    pub fn planned(&self) -> String {
        plain_url(&self.piece.body.url)
    }

    /// The last hop, if any answer came at all.
    pub fn last(&self) -> Option<&'a Exchange> {
        self.piece.body.hops.last()
    }
}

/// A visit that ended on a page (2xx, chain of redirects complete).
#[derive(Debug, Clone)]
pub(in crate::checks) struct Landing<'a> {
    /// The visit.
    pub visit: Visit<'a>,
    /// The final answer.
    pub answer: &'a Exchange,
    /// Address of the final answer, when it can be read.
    pub url: Option<Url>,
    /// That address without query: the asset of every line about it.
    pub asset: String,
}

impl Landing<'_> {
    /// True when the page came over HTTPS.
    pub fn encrypted(&self) -> bool {
        self.url.as_ref().is_some_and(|u| u.scheme() == "https")
    }

    /// True when a browser shows it as a document; an answer without a type is taken as one,
    /// as browsers may do.
    pub fn is_html(&self) -> bool {
        self.answer
            .header("content-type")
            .and_then(header::media_type)
            .is_none_or(|t| t == "text/html" || t == "application/xhtml+xml")
    }
}

/// Every address visited, once each, in the order of the evidence; pages before plain requests.
pub(in crate::checks) fn visits<'a>(case: &Case<'a>) -> Vec<Visit<'a>> {
    let mut seen = BTreeSet::new();
    let pages =
        case.pages().map(|p| Visit { piece: http_piece(p.id, p.record, &p.body.page), page: Some(p.body) });
    let plain = case.http().map(|p| Visit { piece: p, page: None });
    pages.chain(plain).filter(|v| seen.insert(v.planned())).collect()
}

/// Every page somebody lands on, once each: two addresses that redirect to the same page are one.
pub(in crate::checks) fn landings<'a>(case: &Case<'a>) -> Vec<Landing<'a>> {
    let mut seen = BTreeSet::new();
    visits(case)
        .into_iter()
        .filter_map(|visit| {
            let answer = visit.last()?;
            if visit.piece.body.stopped.is_some() || !(200..300).contains(&answer.status) {
                return None;
            }
            let asset = plain_url(&answer.url);
            seen.insert(asset.clone()).then(|| Landing {
                visit,
                answer,
                url: Url::parse(&answer.url).ok(),
                asset,
            })
        })
        .collect()
}

/// Keeps one line for an address that two kinds of evidence looked at: a failure of one kind is
/// settled when the other kind brought an answer or has failed already.
pub(in crate::checks) fn settle(case: &Case<'_>, sheet: &mut Sheet) {
    let mut known: BTreeSet<String> = visits(case).iter().map(Visit::planned).collect();
    for piece in case.failed(&["page", "http"]) {
        if !known.insert(plain_url(subject_of(&piece.record.key))) {
            sheet.handled(&piece);
        }
    }
}

/// The part of a record's key after its kind.
pub(in crate::checks) fn subject_of(key: &str) -> &str {
    key.split_once(':').map_or(key, |(_, subject)| subject)
}

/// An address that stays the same from run to run: no query, no fragment, no user, no path
/// parameters (`;jsessionid=…`).
pub(in crate::checks) fn plain_url(url: &str) -> String {
    let Ok(mut url) = Url::parse(url) else {
        return url.split(['?', '#', ';']).next().unwrap_or_default().chars().take(300).collect();
    };
    url.set_query(None);
    url.set_fragment(None);
    // Not possible for addresses without host; those have no user either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if url.path().contains(';') {
        let path: Vec<&str> =
            url.path().split('/').map(|s| s.split(';').next().unwrap_or_default()).collect();
        let path = path.join("/");
        url.set_path(&path);
    }
    url.to_string().chars().take(300).collect()
}

/// A foreign name short and clean enough for an asset or a sentence.
pub(in crate::checks) fn label(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(120).collect()
}

/// `host` or `host:port` when the port is not the scheme's own.
pub(in crate::checks) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The piece of evidence behind the main request of a page.
pub(in crate::checks) fn http_piece<'a>(id: &'a str, record: &'a Record, http: &'a Http) -> Piece<'a, Http> {
    Piece { id, record, body: http }
}

/// One line of foreign text for an excerpt: control characters and overlong lines cut, queries of
/// addresses and whatever follows words such as `password` masked.
pub(in crate::checks) fn masked(line: &str) -> String {
    const SECRET: [&str; 11] = [
        "password",
        "passwd",
        "pwd",
        "token",
        "secret",
        "apikey",
        "api_key",
        "api-key",
        "authorization",
        "bearer",
        "sessionid",
    ];
    let clean: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
    let mut out = String::with_capacity(clean.len());
    let mut hide_next = false;
    let delimiters = [' ', '"', '\'', '&', ';', ',', '<', '>', '(', ')', '{', '}', '[', ']', '\u{3000}'];
    for token in clean.split_inclusive(delimiters) {
        let word = token.trim_end_matches(delimiters);
        let rest = token.get(word.len()..).unwrap_or_default();
        let lower = word.to_ascii_lowercase();
        let names_secret = SECRET.iter().any(|s| lower.contains(s));
        if word.is_empty() || word.chars().all(|c| matches!(c, '=' | ':' | '>')) {
            out.push_str(word);
        } else if names_secret {
            match word.split_once(['=', ':']) {
                Some((name, value)) if !value.is_empty() && !word.contains("://") => {
                    out.push_str(name);
                    out.push_str("=***");
                    hide_next = false;
                }
                _ => {
                    out.push_str(&without_credentials(word));
                    hide_next = true;
                }
            }
        } else if hide_next {
            out.push_str("***");
            hide_next = lower == "bearer" || lower == "basic";
        } else {
            out.push_str(&without_credentials(word));
        }
        out.push_str(rest);
    }
    out.chars().take(200).collect()
}

/// An address inside a text without user, password and query.
fn without_credentials(word: &str) -> String {
    let Some((scheme, rest)) = word.split_once("://") else { return word.to_owned() };
    let rest = rest.split('?').next().unwrap_or_default();
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

/// At most ten lines of an excerpt, the number left out said at the end.
pub(in crate::checks) fn ten_lines(lines: &[String]) -> String {
    let mut out: Vec<String> = lines.iter().take(if lines.len() > 10 { 9 } else { 10 }).cloned().collect();
    if lines.len() > 10 {
        out.push(format!("… +{}", lines.len().saturating_sub(9)));
    }
    out.join("\n")
}
