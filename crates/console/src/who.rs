//! Who asks: the person, the role acted in, and the decision about each object.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use bulwark_model::rights::{self, Action, Decision, Effect, Resource, Role, Scope, Subject};
use bulwark_model::{Lang, Text};
use bulwark_store::entity::access::{api_token, session};
use bulwark_store::entity::organisation::organisation;
use bulwark_store::entity::person::person;
use bulwark_store::hash::Sha256;
use bulwark_store::{Actor, Store, StoreError, Timestamp, Uuid, open_at};

use crate::app::App;
use crate::fault::Fault;

/// People kept ready at most.
const KEPT: usize = 10_000;

/// What a request says before anyone is known.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    /// Language of the answer.
    pub lang: Lang,
    /// Path and query of the request, for the way back and the switch of language.
    pub place: String,
    /// Number of the request, as in logs and audit log.
    pub request_id: String,
    /// Where it came from.
    pub address: IpAddr,
    /// The programming interface: answers are JSON.
    pub api: bool,
    /// Browser and system, as they name themselves, shortened.
    pub agent: String,
}

/// A role that may be acted in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    pub role: Role,
    pub organisation: Uuid,
    pub organisation_name: String,
}

/// By what the person came in.
#[derive(Debug, Clone)]
pub(crate) enum Door {
    /// A log-in at the console.
    Session(session::Model),
    /// A token of a program.
    Token(api_token::Model),
}

/// What is worked out from the rows of a door.
#[derive(Debug)]
pub(crate) struct Known {
    pub person: person::Model,
    pub door: Door,
    pub subject: Subject,
    /// The organisation acted for.
    pub organisation: organisation::Model,
    /// Every role held now.
    pub held: Vec<Held>,
}

/// A person about to act, in one request.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    known: Arc<Known>,
    visit: Arc<Visit>,
    /// Proof against forms of other sites.
    pub csrf: String,
    /// The moment that counts for every decision of this request.
    pub now: Timestamp,
}

/// The terms of a yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms {
    /// A second person must confirm.
    pub second_person: bool,
    /// Only an emergency access opens it.
    pub break_glass: bool,
}

impl std::ops::Deref for Who {
    type Target = Known;

    fn deref(&self) -> &Known {
        &self.known
    }
}

impl<S: Sync> FromRequestParts<S> for Who {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        parts.extensions.get::<Self>().cloned().ok_or(Fault::NotSignedIn)
    }
}

/// The request before anyone is known.
#[derive(Debug, Clone)]
pub(crate) struct Visitor(pub Arc<Visit>);

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        parts.extensions.get::<Arc<Visit>>().cloned().map(Self).ok_or(Fault::NotSignedIn)
    }
}

/// The proof against forms of other sites that belongs to a secret of the browser.
pub(crate) fn csrf_of(secret: &str) -> String {
    Sha256::of_parts(&[b"bulwark form\0", secret.as_bytes()]).to_string()
}

impl Who {
    /// The person behind a token of a session or a program, if the door is open.
    pub(crate) async fn find(
        app: &App,
        token: &str,
        api: bool,
        visit: Arc<Visit>,
    ) -> Result<Option<Self>, StoreError> {
        let now = app.store.now();
        let key = Sha256::of_parts(&[if api { b"api" } else { b"web" }, token.as_bytes()]).0;
        // Read before the rows are: what changes in between is then older than its mark says, never younger.
        let epoch = app.store.rights_epoch();
        let kept = |known: &(u64, Arc<Known>)| (Some(known.0) == epoch).then(|| Arc::clone(&known.1));
        let found = app.known.lock().unwrap_or_else(PoisonError::into_inner).get(&key).and_then(kept);
        let known = if let Some(known) = found {
            known
        } else {
            let Some(known) = load(&app.store, token, api).await? else { return Ok(None) };
            let known = Arc::new(known);
            if let Some(epoch) = epoch {
                let mut all = app.known.lock().unwrap_or_else(PoisonError::into_inner);
                if all.len() >= KEPT {
                    all.clear();
                }
                all.insert(key, (epoch, Arc::clone(&known)));
            }
            known
        };
        let open = match &known.door {
            Door::Session(row) => open_at(row.created_at, row.expires_at, now),
            Door::Token(row) => open_at(row.created_at, row.expires_at, now),
        };
        let csrf = csrf_of(token);
        Ok((open && known.person.disabled_at.is_none()).then_some(Self { known, visit, csrf, now }))
    }

    /// The request.
    pub(crate) fn visit(&self) -> &Arc<Visit> {
        &self.visit
    }

    /// Language of the answer.
    pub(crate) fn lang(&self) -> Lang {
        self.visit.lang
    }

    /// A text in the language of the answer.
    pub(crate) fn say(&self, text: &Text) -> String {
        text.get(self.lang()).to_owned()
    }

    /// The session, for people at the console.
    pub(crate) fn session(&self) -> Option<&session::Model> {
        match &self.door {
            Door::Session(row) => Some(row),
            Door::Token(_) => None,
        }
    }

    /// The role acted in; `None` when it is over.
    pub(crate) fn role(&self) -> Option<Role> {
        self.subject.acting_grant(self.now.into()).map(|grant| grant.role)
    }

    /// Whether the role may do such an act to anything at all, for menus and buttons.
    pub(crate) fn may(&self, action: &str) -> bool {
        Action::parse(action).is_ok_and(|action| rights::may(&self.subject, action, self.now.into()).is_ok())
    }

    /// The rows a list of this act shows.
    pub(crate) fn scope(&self, action: &str) -> Scope {
        Action::parse(action)
            .map_or(Scope::Nothing, |action| rights::scope(&self.subject, action, self.now.into()))
    }

    /// How the act is written down.
    pub(crate) fn actor(&self, app: &App, reason: Option<&str>) -> Actor {
        let (role, organisation) = match &self.door {
            Door::Session(row) => (row.role.clone(), row.organisation_id),
            Door::Token(row) => (row.role.clone(), row.organisation_id),
        };
        Actor {
            person: Some(self.person.id),
            role,
            organisation: Some(organisation),
            request_id: self.visit.request_id.clone(),
            source_ip_hash: Some(app.store.address_hash(&self.visit.address.to_string())),
            reason: reason.map(str::to_owned).filter(|reason| !reason.trim().is_empty()),
        }
    }

    /// Whether the button of an act to this object is shown.
    pub(crate) fn could(&self, action: &str, resource: &Resource) -> bool {
        let decide = |action| rights::decide(&self.subject, action, resource, self.now.into()).is_allowed();
        Action::parse(action).is_ok_and(decide)
    }

    /// The decision about one object. Reading what the owner must see read is written into the owner's access log
    /// before this answers yes.
    pub(crate) async fn allow(
        &self,
        app: &App,
        action: &str,
        resource: &Resource,
        object: &str,
    ) -> Result<Terms, Fault> {
        let action = Action::parse(action).map_err(|_| Fault::NotFound)?;
        match rights::decide(&self.subject, action, resource, self.now.into()) {
            Decision::Deny(denied) => Err(Fault::Denied(denied)),
            Decision::Allow { step_up: true, .. } => Err(self.step_up()),
            Decision::Allow { second_person, break_glass, recorded, .. } => {
                let reads = action.act().effect != Effect::Write;
                let owner = resource.owner.map(|owner| Uuid::from_bytes(owner.bytes()));
                if let Some(owner) =
                    owner.filter(|owner| reads && recorded && (break_glass || *owner != self.organisation.id))
                {
                    app.store.log_access(&self.actor(app, None), owner, object).await?;
                }
                Ok(Terms { second_person, break_glass })
            }
        }
    }

    /// What a person without fresh proof is told: to give it. A program has none to give.
    pub(crate) fn step_up(&self) -> Fault {
        match self.door {
            Door::Session(_) => Fault::StepUp,
            Door::Token(_) => Fault::TokenStepUp,
        }
    }
}

async fn load(store: &Store, token: &str, api: bool) -> Result<Option<Known>, StoreError> {
    let door = if api {
        store.api_token(token).await?.map(Door::Token)
    } else {
        store.session(token).await?.map(Door::Session)
    };
    let Some(door) = door else { return Ok(None) };
    let (person_id, role, at) = match &door {
        Door::Session(row) => (row.person_id, row.role.clone(), row.organisation_id),
        Door::Token(row) => (row.person_id, row.role.clone(), row.organisation_id),
    };
    let person = store.get::<person::Entity>(person_id).await?;
    let mut subject = store.subject(person_id, &role, at).await?;
    match &door {
        Door::Session(row) => subject.step_up_at = row.step_up_at.map(Into::into),
        Door::Token(row) => {
            let acts = row.scope.split_whitespace().filter_map(|code| Action::parse(code).ok());
            subject.limited_to = Some(acts.collect());
        }
    }
    let now = store.now().into();
    let in_force = subject.grants.iter().filter(|grant| grant.in_force(now));
    let pairs: Vec<(Role, Uuid)> =
        in_force.map(|grant| (grant.role, Uuid::from_bytes(grant.organisation.bytes()))).collect();
    let mut ids: Vec<Uuid> = pairs.iter().map(|pair| pair.1).collect();
    ids.push(at);
    let names = store.organisations_named(&ids).await?;
    let name =
        |id: Uuid| names.iter().find(|row| row.id == id).map_or_else(String::new, |row| row.name.clone());
    let held = pairs
        .iter()
        .map(|(role, id)| Held { role: *role, organisation: *id, organisation_name: name(*id) })
        .collect();
    let organisation = store.get::<organisation::Entity>(at).await?;
    Ok(Some(Known { person, door, subject, organisation, held }))
}
