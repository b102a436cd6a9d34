//! The walls every request passes: limits, who asks, the right to the act, and what every answer carries.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use bulwark_model::Lang;
use bulwark_model::rights::{self, Action, Denied};
use bulwark_store::{Timestamp, Uuid};
use futures_util::FutureExt as _;

use crate::app::App;
use crate::fault::Fault;
use crate::form::place_of;
use crate::limit::apart;
use crate::page;
use crate::who::{Door, Visit, Who};

/// Cookie of the session.
pub(crate) const SESSION: &str = "__Host-bulwark";
/// Cookie of the form before log-in.
pub(crate) const VISITOR: &str = "__Host-visitor";
/// Cookie of the language.
const LANGUAGE: &str = "__Host-lang";
/// Largest body of a form.
pub(crate) const FORM_BYTES: usize = 512 * 1024;

/// Design ruling 13 and threat T7.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'; report-uri /csp-report";

/// Headers of every answer.
const HEADERS: [(header::HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        header::HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=()",
    ),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// Puts the walls around all routes.
pub(crate) fn finish(router: Router, app: &Arc<App>) -> Router {
    router
        .fallback(|| async { Fault::NotFound })
        .method_not_allowed_fallback(|| async { Fault::Method })
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(from_fn_with_state(Arc::clone(app), outermost))
}

/// Around everything: what the request says, limits, panics, the page of a fault, headers.
async fn outermost(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let visit = Arc::new(visit(&app, &request));
    let asked_lang = query_lang(request.uri());
    let is_static = request.uri().path().starts_with("/static/");
    request.extensions_mut().insert(Arc::clone(&visit));
    let answer = match app.limits.request(visit.address, app.store.now()) {
        Ok(()) => AssertUnwindSafe(next.run(request)).catch_unwind().await,
        Err(seconds) => Ok(Fault::TooMany(seconds).into_response()),
    };
    let mut response = answer.map_or_else(|panic| Fault::Defect(words_of(&*panic)).into_response(), ours);
    if let Some(fault) = response.extensions_mut().remove::<Fault>() {
        // The page of a fault still shows who is logged in.
        let who = response.extensions_mut().remove::<Who>();
        let retry = response.headers().get(header::RETRY_AFTER).cloned();
        response = page::fault(&visit, who.as_ref(), &fault);
        if let Some(retry) = retry {
            response.headers_mut().insert(header::RETRY_AFTER, retry);
        }
    }
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if !is_static {
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    if app.secure() {
        let value = HeaderValue::from_static("max-age=63072000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    if let Ok(value) = HeaderValue::from_str(&visit.request_id) {
        headers.insert("x-request-id", value);
    }
    if let Some(lang) = asked_lang {
        let terms = "Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=31536000";
        let cookie = format!("{LANGUAGE}={}; {terms}", lang.code());
        set_cookie(headers, &cookie);
    }
    response
}

/// The library's own refusals (an id that is none, a body of another kind) as faults of ours, in our words.
fn ours(mut response: Response) -> Response {
    let plain = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    if plain && response.status().is_client_error() && response.extensions().get::<Fault>().is_none() {
        let fault = match response.status() {
            StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND => Fault::NotFound,
            StatusCode::PAYLOAD_TOO_LARGE => Fault::TooLarge,
            _ => Fault::Form,
        };
        let who = response.extensions_mut().remove::<Who>();
        response = fault.into_response();
        if let Some(who) = who {
            response.extensions_mut().insert(who);
        }
    }
    response
}

/// Around a route that everyone may use.
pub(crate) async fn open(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match same_site(&app, &parts) {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(fault) => fault.into_response(),
    }
}

/// Around a route that is an act.
pub(crate) async fn act(
    State((app, action)): State<(Arc<App>, Action)>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let (who, fault) = match admit(&app, action, &parts).await {
        Ok(who) => (who, None),
        Err((_, Fault::NotSignedIn)) if !is_api(&parts.uri) => return to_log_in(&parts),
        Err((Some(who), Fault::StepUp)) => {
            let place =
                if parts.method == Method::GET { who.visit().place.clone() } else { referer(&app, &parts) };
            return Redirect::to(&format!("/step-up?next={}", place_of(&place))).into_response();
        }
        Err((Some(who), fault)) => (who, Some(fault)),
        Err((None, fault)) => return fault.into_response(),
    };
    let mut response = if let Some(fault) = fault {
        fault.into_response()
    } else {
        let mut request = Request::from_parts(parts, body);
        request.extensions_mut().insert(who.clone());
        next.run(request).await
    };
    if matches!(response.extensions().get::<Fault>(), Some(Fault::StepUp)) {
        let place = who.visit().place.clone();
        return Redirect::to(&format!("/step-up?next={}", place_of(&place))).into_response();
    }
    response.extensions_mut().insert(who);
    response
}

async fn admit(app: &App, action: Action, request: &Parts) -> Result<Who, (Option<Who>, Fault)> {
    let nobody = || (None, Fault::NotSignedIn);
    let visit = request.extensions.get::<Arc<Visit>>().cloned().ok_or_else(nobody)?;
    let api = is_api(&request.uri);
    let token = if api { bearer(&request.headers) } else { cookie(&request.headers, SESSION) };
    let token = token.ok_or_else(nobody)?.to_owned();
    if !api {
        same_site(app, request).map_err(|fault| (None, fault))?;
    }
    let who = Who::find(app, &token, api, visit).await.map_err(|error| (None, error.into()))?;
    let who = who.ok_or_else(nobody)?;
    if !api
        && sends_json(request)
        && request.headers.get("x-csrf").is_none_or(|proof| proof != who.csrf.as_str())
    {
        return Err((Some(who), Fault::Form));
    }
    if let Door::Session(row) = &who.door
        && idle(app, row.seen_at, row.id, who.now).await
    {
        return Err(nobody());
    }
    // Whatever its token says: a program has no person beside it.
    if api && action.act().step_up {
        return Err((Some(who), Fault::TokenStepUp));
    }
    match rights::may(&who.subject, action, who.now.into()) {
        // A role that ended while its session went on: the way out is another role or another log-in.
        Err(Denied::NotInForce) if action.code() == "account.self" || action.code() == "home.read" => Ok(who),
        Err(denied) => Err((Some(who), denied.into())),
        Ok(_) if action.act().step_up && !who.subject.stepped_up(who.now.into()) => {
            let fault = who.step_up();
            Err((Some(who), fault))
        }
        Ok(_) => Ok(who),
    }
}

/// Whether a session has been left alone for too long; otherwise it is noted as used, once a minute.
async fn idle(app: &App, seen_at: Timestamp, session: Uuid, now: Timestamp) -> bool {
    if !app.limits.in_use(session, seen_at, now, app.settings.idle_minutes.saturating_mul(60_000)) {
        return true;
    }
    if apart(now, seen_at) && app.limits.note_seen(session, now) {
        // Only a convenience of the list of sessions: a full disk must not keep people from reading.
        let _ = app.store.seen(session).await;
    }
    false
}

/// A change must come from a page of ours: browsers say where a request comes from.
fn same_site(app: &App, request: &Parts) -> Result<(), Fault> {
    if matches!(request.method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    let headers = &request.headers;
    let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    let origin = headers.get(header::ORIGIN).and_then(|value| value.to_str().ok());
    // Without referrers browsers send the origin `null` from our own forms, too; then `sec-fetch-site` alone tells.
    let ours = match (site, origin) {
        (Some(site), origin) => {
            matches!(site, "same-origin" | "none")
                && origin.is_none_or(|origin| origin == "null" || origin == app.settings.origin)
        }
        (None, Some(origin)) => origin == app.settings.origin,
        (None, None) => true,
    };
    if ours { Ok(()) } else { Err(Fault::Form) }
}

fn to_log_in(request: &Parts) -> Response {
    let place = request.extensions.get::<Arc<Visit>>().map_or("/", |visit| visit.place.as_str());
    let next = if request.method == Method::GET { place } else { "/" };
    let to = if next == "/" { "/log-in".to_owned() } else { format!("/log-in?next={}", place_of(next)) };
    Redirect::to(&to).into_response()
}

/// Scripts of ours send JSON with the proof in a header; forms carry it in the body.
fn sends_json(request: &Parts) -> bool {
    let kind = request.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    request.method == Method::POST && kind.is_some_and(|kind| kind.starts_with("application/json"))
}

/// The page a form stood on, when it was one of ours.
fn referer(app: &App, request: &Parts) -> String {
    let from = request.headers.get(header::REFERER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let place = from.strip_prefix(&app.settings.origin).filter(|rest| rest.starts_with('/'));
    place.map_or_else(|| request.uri.path().to_owned(), str::to_owned)
}

fn visit(app: &App, request: &Request) -> Visit {
    let headers = request.headers();
    let lang =
        query_lang(request.uri()).or_else(|| cookie(headers, LANGUAGE)?.parse().ok()).unwrap_or(Lang::ZhTw);
    let address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let place = request.uri().path_and_query().map_or("/", |place| place.as_str());
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let accepts_json = headers.get(header::ACCEPT).is_some_and(|value| value == "application/json");
    let id = app.store.new_id().map_or_else(|_| "0".to_owned(), |id| id.simple().to_string());
    Visit {
        lang,
        place: place.to_owned(),
        request_id: id,
        address: address.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        api: is_api(request.uri()) || accepts_json,
        agent: agent.chars().filter(|c| !c.is_control()).take(200).collect(),
    }
}

fn is_api(uri: &Uri) -> bool {
    uri.path().starts_with("/api/")
}

fn query_lang(uri: &Uri) -> Option<Lang> {
    let pairs = url::form_urlencoded::parse(uri.query()?.as_bytes());
    pairs.into_iter().find(|(key, _)| key == "lang").and_then(|(_, value)| value.parse().ok())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// The value of a cookie.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// Adds a cookie to an answer.
pub(crate) fn set_cookie(headers: &mut HeaderMap, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        headers.append(header::SET_COOKIE, value);
    }
}

/// A cookie of the strict kind; an empty value deletes it.
pub(crate) fn strict_cookie(name: &str, value: &str) -> String {
    let end = if value.is_empty() { "; Max-Age=0" } else { "" };
    format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Strict{end}")
}

fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use axum::body::{Body, to_bytes};
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;
    use crate::app::Settings;

    #[expect(clippy::panic, reason = "what is tested is what becomes of it")]
    async fn breaks() -> StatusCode {
        panic!("the inner secret")
    }

    #[tokio::test]
    async fn a_panic_is_one_failed_request_and_tells_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(bulwark_model::FixedClock::new("2026-11-25T02:00:00Z".parse().unwrap()));
        let ticks = AtomicU64::new(0);
        let mono = Arc::new(move || ticks.fetch_add(1, Ordering::Relaxed));
        let config = bulwark_store::Config::sqlite(dir.path().join("data"), clock, mono);
        let store = bulwark_store::Store::open(config).await.unwrap();
        let app = App::new(store, Settings::default());
        let router = finish(Router::new().route("/breaks", get(breaks)), &app);
        for _ in 0..2 {
            let request = Request::builder().uri("/breaks").body(Body::empty()).unwrap();
            let answer = router.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
            assert!(answer.headers().contains_key(header::CONTENT_SECURITY_POLICY), "the walls stand");
            let number = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
            let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
            let body = String::from_utf8_lossy(&body);
            assert!(
                body.contains("BW-WEB-007") && body.contains(&number) && !body.contains("secret"),
                "{body}"
            );
        }
    }
}
