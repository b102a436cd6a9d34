//! What a request asks, held to the table before anything is done: no parameter, value, body or form of answer that
//! the description does not have.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, MatchedPath, Request};
use axum::http::header;
use axum::http::request::Parts;
use bulwark_i18n::args;
use bulwark_store::{MAX_ROWS, PageRequest, Uuid};
use serde_json::{Map, Value};

use super::endpoints::{Endpoint, Kind, LAST, Pages, WORDS, find, roles};
use crate::fault::Fault;
use crate::list::{Query, ROWS};

/// The query of a request, with nothing in it that the way does not take.
#[derive(Debug)]
pub(super) struct Asked {
    pub query: Query,
    pub page: PageRequest,
    /// `after` of a list whose pages follow by number.
    pub number: Option<i64>,
}

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        let path = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str);
        let endpoint = path.and_then(|path| find(parts.method.as_str(), path)).ok_or(Fault::NotFound)?;
        if !takes_json(parts) {
            return Err(Fault::NotAcceptable);
        }
        let text = parts.uri.query().unwrap_or_default();
        held(endpoint, text)?;
        let query = Query::read(text);
        let rows = query.get("rows").and_then(|rows| rows.parse().ok()).unwrap_or(ROWS);
        let page = PageRequest { after: query.id("after"), before: query.id("before"), rows };
        let number = query.get("after").and_then(|after| after.parse().ok());
        Ok(Self { query, page, number })
    }
}

/// Every parameter is known, given once, and of its kind.
fn held(endpoint: &Endpoint, query: &str) -> Result<(), Fault> {
    let mut seen: Vec<String> = Vec::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let name = name.as_ref();
        let kind = endpoint.query.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
        let paging = endpoint.paging().contains(&name);
        if kind.is_none() && !paging && name != "lang" {
            let known =
                endpoint.query.iter().map(|(known, _)| *known).chain(endpoint.paging().iter().copied());
            let known = known.chain(["lang"]).collect::<Vec<_>>().join(", ");
            return Err(Fault::field(name, "BW-WEB-090", &args![name = name, known = known]));
        }
        if seen.iter().any(|before| before == name) {
            return Err(Fault::field(name, "BW-WEB-095", &args![name = name]));
        }
        if let Some(kind) = kind.filter(|kind| !is(*kind, &value)) {
            let allowed = match kind {
                Kind::Words => {
                    return Err(Fault::field(name, "BW-WEB-099", &args![name = name, most = WORDS]));
                }
                Kind::Id => "UUID".to_owned(),
                Kind::Role => roles().join(", "),
                Kind::OneOf(values) => values.join(", "),
            };
            return Err(Fault::field(name, "BW-WEB-094", &args![name = name, allowed = allowed]));
        }
        if paging {
            turn(endpoint, name, &value)?;
        }
        seen.push(name.to_owned());
    }
    Ok(())
}

/// Whether a value of the query is of a kind.
fn is(kind: Kind, value: &str) -> bool {
    match kind {
        // Control characters are in nothing that could be found, and one database refuses the first of them.
        Kind::Words => {
            (1..=WORDS).contains(&value.chars().count()) && !value.chars().any(|c| c < ' ' || c == '\u{7f}')
        }
        Kind::Id => is_id(value),
        Kind::Role => roles().contains(&value),
        Kind::OneOf(values) => values.contains(&value),
    }
}

fn is_id(value: &str) -> bool {
    value.len() == 36 && value.parse::<Uuid>().is_ok()
}

fn is_number(value: &str, least: u64, most: u64) -> bool {
    value.bytes().all(|byte| byte.is_ascii_digit())
        && value.parse().is_ok_and(|number: u64| (least..=most).contains(&number))
}

/// A parameter of paging.
fn turn(endpoint: &Endpoint, name: &str, value: &str) -> Result<(), Fault> {
    let good = match (name, endpoint.pages()) {
        ("rows", _) => {
            if !is_number(value, 1, MAX_ROWS) {
                return Err(Fault::field(name, "BW-WEB-092", &args![most = MAX_ROWS]));
            }
            true
        }
        (_, Some(Pages::ByNumber)) => is_number(value, 0, LAST.unsigned_abs()),
        _ => is_id(value),
    };
    if good { Ok(()) } else { Err(Fault::field(name, "BW-WEB-091", &args![name = name])) }
}

/// Whether the answer may be JSON.
fn takes_json(parts: &Parts) -> bool {
    let mut all = parts.headers.get_all(header::ACCEPT).iter().peekable();
    if all.peek().is_none() {
        return true;
    }
    let kinds = all.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    kinds.map(str::trim).any(|kind| {
        let (kind, rest) = kind.split_once(';').unwrap_or((kind, ""));
        let refused = rest
            .split(';')
            .filter_map(|part| part.trim().strip_prefix("q="))
            .any(|weight| weight.parse::<f32>().is_ok_and(|weight| weight <= 0.0));
        !refused
            && ["*/*", "application/*", "application/json"]
                .contains(&kind.trim().to_ascii_lowercase().as_str())
    })
}

/// The body of a change that takes none: empty, or an object with nothing in it.
#[derive(Debug)]
pub(super) struct Nothing;

impl<S: Send + Sync> FromRequest<S> for Nothing {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).map(|kind| kind.trim().to_ascii_lowercase());
        let wrong = || Fault::field("body", "BW-WEB-096", &[]);
        let body = Bytes::from_request(request, state).await.map_err(|_| wrong())?;
        if body.is_empty() {
            return Ok(Self);
        }
        if kind.as_deref() != Some("application/json") {
            return Err(Fault::MediaType);
        }
        let fields: Map<String, Value> = serde_json::from_slice(&body).map_err(|_| wrong())?;
        if fields.is_empty() { Ok(Self) } else { Err(wrong()) }
    }
}
