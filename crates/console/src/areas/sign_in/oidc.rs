//! Log-in through the identity provider of an agency. The person links the account there with the account here once;
//! nothing the provider says about mail or name ever finds an account.

use std::sync::{Arc, PoisonError};

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use bulwark_identity::oidc::{Client, Config, Freshness, HttpRequest, OidcError, OidcState, Provider};
use bulwark_identity::{Ceremony, Ticket};
use bulwark_store::entity::person::person;
use bulwark_store::{NewCredential, StoreError, Uuid};
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

use super::enter::{open, refused};
use super::{arriving, first_role, next, welcome};
use crate::app::App;
use crate::areas::account::fresh;
use crate::fault::{Fault, message};
use crate::form::Form;
use crate::guard::{cookie, set_cookie, strict_cookie};
use crate::html::Html;
use crate::list::Query;
use crate::page::{Page, say};
use crate::who::{Visit, Visitor, Who};

/// The cookie that names the log-in under way. It must come back from another site, so it is not strict.
const TICKET: &str = "__Host-provider";
/// How long keys and addresses of the provider are believed.
const KEPT: SignedDuration = SignedDuration::from_hours(12);
/// Not more often than this are keys asked for again: anybody can write any key id.
const AGAIN: SignedDuration = SignedDuration::from_mins(1);

/// Sends a request to the provider and gives the body of the answer.
pub type Fetch = Arc<dyn Fn(HttpRequest) -> BoxFuture<'static, Result<Vec<u8>, String>> + Send + Sync>;

/// A provider, and how it is reached.
#[derive(Clone)]
pub struct OidcSettings {
    /// What is configured about it.
    pub config: Config,
    /// Sends requests; redirects are not followed.
    pub fetch: Fetch,
}

impl std::fmt::Debug for OidcSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.config.fmt(f)
    }
}

/// A log-in under way.
#[derive(Debug)]
pub(crate) struct Begun {
    state: OidcState,
    next: String,
    purpose: Purpose,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// To come in; with fresh proof or with whatever the provider remembers.
    Enter { fresh: bool },
    /// To join the account there with this one.
    Link(Uuid),
}

impl Ceremony for Begun {
    fn expires(&self) -> Timestamp {
        self.state.expires()
    }
}

fn told(error: &OidcError) -> Fault {
    Fault::Bad(vec![error.diagnostic()])
}

/// The provider as it describes itself, asked again when that is too old or `again` is wanted.
async fn client(app: &App, again: bool) -> Result<Arc<Client>, Fault> {
    let settings = app.settings.oidc.as_ref().ok_or(Fault::NotFound)?;
    let now: Timestamp = app.store.now().into();
    let longest = if again { AGAIN } else { KEPT };
    let kept = app.doors.provider.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some((at, client)) = kept.filter(|(at, _)| now.duration_since(*at) < longest) {
        let _ = at;
        return Ok(client);
    }
    let away = |why: String| Fault::Bad(vec![message("BW-WEB-028", &[]).because(why)]);
    let provider = Provider::new(settings.config.clone()).map_err(|error| told(&error))?;
    let discovery = (settings.fetch)(provider.discovery_request()).await.map_err(away)?;
    let request = provider.keys_request(&discovery).map_err(|error| told(&error))?;
    let keys = (settings.fetch)(request).await.map_err(away)?;
    let client = Arc::new(provider.discovered(&discovery, &keys).map_err(|error| told(&error))?);
    *app.doors.provider.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, Arc::clone(&client)));
    Ok(client)
}

async fn begin(app: &App, visit: &Visit, place: String, purpose: Purpose) -> Result<Response, Fault> {
    let now: Timestamp = app.store.now().into();
    let freshness = match purpose {
        Purpose::Enter { fresh: true } | Purpose::Link(_) => Freshness::Within(SignedDuration::from_mins(5)),
        Purpose::Enter { fresh: false } => Freshness::Any,
    };
    let (address, state) = client(app, false).await?.start(freshness, now).map_err(|error| told(&error))?;
    let begun = Begun { state, next: place, purpose };
    let kept = app.doors.logins.lock().unwrap_or_else(PoisonError::into_inner).keep(begun, now);
    let ticket = kept.map_err(|error| Fault::Bad(vec![error.diagnostic()]))?;
    // A redirect after a form would be stopped by `form-action 'self'`; a page of ours goes on instead.
    let mut response = match purpose {
        Purpose::Enter { .. } => Redirect::to(&address).into_response(),
        Purpose::Link(_) => onward(visit, &address, "sign_in.provider_go"),
    };
    let cookie = format!("{TICKET}={}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=300", ticket.as_str());
    set_cookie(response.headers_mut(), &cookie);
    Ok(response)
}

/// `GET /log-in/provider`
pub(super) async fn enter(
    State(app): State<Arc<App>>,
    Visitor(visit): Visitor,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, Fault> {
    // Nobody is logged in by following a link of another site (ASVS 5.0.0 V7.6.2): the door asks first.
    if headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site" || site == "same-site") {
        return Ok(Redirect::to("/log-in").into_response());
    }
    app.limits.arrival(visit.address, app.store.now()).map_err(Fault::TooMany)?;
    let fresh = query.get("fresh").is_some();
    begin(&app, &visit, next(query.get("next")), Purpose::Enter { fresh }).await
}

/// `POST /account/provider`
pub(crate) async fn link(State(app): State<Arc<App>>, who: Who, _: Form) -> Result<Response, Fault> {
    fresh(&app, &who).await?;
    let place = "/account?done=provider".to_owned();
    begin(&app, who.visit(), place, Purpose::Link(who.person.id)).await
}

/// `GET /log-in/provider/return`
pub(super) async fn back(
    State(app): State<Arc<App>>,
    Visitor(visit): Visitor,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Fault> {
    let now: Timestamp = app.store.now().into();
    let ticket = Ticket::from(cookie(&headers, TICKET).unwrap_or_default().to_owned());
    let begun = app.doors.logins.lock().unwrap_or_else(PoisonError::into_inner).take(&ticket, now);
    let Begun { state, next, purpose } = begun.ok_or(Fault::Refused)?;
    let settings = app.settings.oidc.as_ref().ok_or(Fault::NotFound)?;
    let mut provider = client(&app, false).await?;
    let code = provider.code(&state, uri.query().unwrap_or_default()).map_err(|error| told(&error))?;
    let request = provider.token_request(&state, &code).map_err(|error| told(&error))?;
    let away = |why: String| Fault::Bad(vec![message("BW-WEB-028", &[]).because(why)]);
    let answer = (settings.fetch)(request).await.map_err(away)?;
    if provider.needs_new_keys(&answer) {
        provider = client(&app, true).await?;
    }
    let found = provider.finish(state, &answer, now).map_err(|error| told(&error))?;
    let external = format!("{} {}", found.issuer, found.subject);
    match purpose {
        Purpose::Link(person) => {
            let label = found.email.or(found.name).unwrap_or(found.subject);
            join(&app, &visit, person, &external, &label).await?;
            Ok(done(onward(&visit, &next, "sign_in.provider_done")))
        }
        Purpose::Enter { fresh } => {
            let row = app.store.credential_by(&external).await?.filter(|row| row.kind == "oidc");
            let row = row.ok_or_else(|| Fault::Bad(vec![message("BW-WEB-029", &[])]))?;
            let account = app.store.get::<person::Entity>(row.person_id).await?;
            if account.disabled_at.is_some() {
                refused(&app, &visit, Some(&account)).await?;
                return Err(Fault::Refused);
            }
            let token = open(&app, &visit, &account, "oidc", fresh, vec![(row, None)]).await?;
            Ok(welcome(done(onward(&visit, &next, "sign_in.provider_done")), &token))
        }
    }
}

async fn join(app: &App, visit: &Visit, person: Uuid, external: &str, label: &str) -> Result<(), Fault> {
    let account = app.store.get::<person::Entity>(person).await?;
    let acting = first_role(app, &account).await?;
    let actor = arriving(app, visit, &account, &acting);
    let (store, new) = (app.store.clone(), NewCredential::Oidc(external.to_owned()));
    let label: String = label.chars().take(100).collect();
    let joined = app.store.write(&actor, move |tx| {
        Box::pin(async move { tx.add_credential(&store, person, &label, new).await })
    });
    match joined.await {
        Ok(_) => Ok(()),
        Err(StoreError::Duplicate(_)) => Err(Fault::Bad(vec![message("BW-WEB-032", &[])])),
        Err(error) => Err(error.into()),
    }
}

/// Goes on by a page of ours: a browser sends no strict cookie along a chain that another site began.
fn onward(visit: &Visit, to: &str, title: &str) -> Response {
    let lang = visit.lang;
    let mut page = Page::new("", say(lang, title)).narrow();
    page.main.link(to, &say(lang, "sign_in.provider_on"));
    let mut response = page.show_visitor(visit);
    if let Ok(value) = HeaderValue::from_str(&format!("0; url={to}")) {
        response.headers_mut().insert("refresh", value);
    }
    response
}

/// Forgets the log-in that was under way.
fn done(mut response: Response) -> Response {
    set_cookie(response.headers_mut(), &strict_cookie(TICKET, ""));
    response
}

/// The link to the provider on the pages of the doors; nothing without one.
pub(super) fn button(app: &App, visit: &Visit, to: &str, fresh: bool) -> Html {
    let mut out = Html::default();
    if app.settings.oidc.is_some() {
        let key = if fresh { "sign_in.provider_fresh" } else { "sign_in.provider" };
        let more = if fresh { "&fresh=1" } else { "" };
        let href = format!("/log-in/provider?next={}{more}", crate::form::place_of(to));
        let params =
            serde_json::json!({ "text": say(visit.lang, key), "href": href, "variant": "secondary" });
        out.put(visit.lang, "button", params);
    }
    out
}
