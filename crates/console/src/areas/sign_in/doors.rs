//! What the doors remember and how they judge: ceremonies under way, and passwords on a bounded pool.

use std::sync::{Arc, Mutex, PoisonError};

use bulwark_identity::breached::io::{BreachedError, BreachedFile};
use bulwark_identity::oidc::Client;
use bulwark_identity::passkey::{
    AuthenticationState, PasskeyError, RegistrationState, RelyingParty, StoredPasskey, credential_of,
};
use bulwark_identity::password::{About, Cost, Fault as Weakness, faults};
use bulwark_identity::totp::{Secret, verify};
use bulwark_identity::{Ceremony, Pending, Ticket};
use bulwark_model::Diagnostic;
use bulwark_store::entity::person::{credential, person};
use bulwark_store::hash::Sha256;
use tokio::sync::Semaphore;

use crate::app::{App, Settings};
use crate::fault::Fault;

/// Ceremonies under way at most.
const ROOM: usize = 10_000;
/// Passwords hashed at once: each takes 64 MiB.
const HASHES: usize = 2;
/// Passwords that may wait for their turn.
const WAITING: usize = 64;

/// A TOTP secret shown to its person, until a code proves that it was taken over.
#[derive(Debug)]
pub(crate) struct Enrolment {
    pub secret: Secret,
    expires: jiff::Timestamp,
}

impl Ceremony for Enrolment {
    fn expires(&self) -> jiff::Timestamp {
        self.expires
    }
}

/// What the doors remember.
pub(crate) struct Doors {
    party: Result<RelyingParty, PasskeyError>,
    registrations: Mutex<Pending<RegistrationState>>,
    authentications: Mutex<Pending<AuthenticationState>>,
    enrolments: Mutex<Pending<Enrolment>>,
    pub(super) logins: Mutex<Pending<super::oidc::Begun>>,
    /// The provider as it described itself, and when.
    pub(super) provider: Mutex<Option<(jiff::Timestamp, Arc<Client>)>>,
    turns: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    cost: Cost,
    decoy: String,
    breached: Option<Arc<BreachedFile>>,
}

/// A ceremony to be finished by the browser.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Begun {
    /// Names the ceremony.
    pub ticket: String,
    /// For the browser.
    pub options: serde_json::Value,
}

impl Doors {
    pub(crate) fn new(settings: &Settings) -> Self {
        let host = url::Url::parse(&settings.origin).ok().and_then(|url| url.host_str().map(str::to_owned));
        Self {
            party: RelyingParty::new(host.as_deref().unwrap_or_default(), &settings.origin, "壁壘 Bulwark"),
            registrations: Mutex::new(Pending::with_room_for(ROOM)),
            authentications: Mutex::new(Pending::with_room_for(ROOM)),
            enrolments: Mutex::new(Pending::with_room_for(ROOM)),
            logins: Mutex::new(Pending::with_room_for(ROOM)),
            provider: Mutex::default(),
            turns: Arc::new(Semaphore::new(HASHES)),
            waiting: Arc::new(Semaphore::new(WAITING)),
            cost: settings.password_cost,
            decoy: settings.password_cost.decoy(),
            breached: settings.breached_passwords.clone(),
        }
    }

    fn party(&self) -> Result<&RelyingParty, Fault> {
        self.party.as_ref().map_err(|error| Fault::Bad(vec![error.diagnostic()]))
    }

    /// Runs something slow on a thread of the pool, when its turn comes.
    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let _waiting = self.waiting.try_acquire().map_err(|_| Fault::TooMany(2))?;
        let _turn = self.turns.acquire().await.map_err(|_| Fault::TooMany(2))?;
        tokio::task::spawn_blocking(work).await.map_err(|error| Fault::Defect(error.to_string()))
    }

    /// What speaks against a new password.
    pub(crate) async fn weaknesses(
        &self,
        account: &person::Model,
        word: &str,
        password: &str,
    ) -> Result<Vec<Diagnostic>, Fault> {
        let (login, words) = (account.login.clone(), [account.name.clone(), word.to_owned()]);
        let (password, breached) = (password.to_owned(), self.breached.clone());
        // A list that can no longer be read lets no password in unseen.
        let judged = self.in_turn(move || {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let mut found = faults(&password, &About { login: &login, words: &words });
            if let Some(times) = breached.map_or(Ok(None), |list| list.times(&password))? {
                found.push(Weakness::Breached { times });
            }
            Ok::<_, BreachedError>(found.iter().map(Weakness::diagnostic).collect())
        });
        judged.await?.map_err(|error| Fault::Bad(vec![error.diagnostic()]))
    }

    /// The stored form of a new password.
    pub(crate) async fn hash(&self, password: String) -> Result<String, Fault> {
        let cost = self.cost;
        let hashed = self.in_turn(move || cost.hash(&password)).await?;
        hashed.map_err(|error| Fault::Defect(error.to_string()))
    }

    /// Whether it is the person's password; the same work for nobody's. `Some` is what to store in its place.
    async fn matches(&self, stored: Option<&str>, password: String) -> Result<(bool, Option<String>), Fault> {
        let (cost, known) = (self.cost, stored.is_some());
        let phc = stored.unwrap_or(&self.decoy).to_owned();
        self.in_turn(move || {
            let verdict = cost.verify(&password, &phc);
            let ok = known && verdict.as_ref().is_ok_and(|verdict| verdict.ok);
            let again = ok && verdict.is_ok_and(|verdict| verdict.rehash);
            (ok, again.then(|| cost.hash(&password).ok()).flatten())
        })
        .await
    }
}

/// What a log-in with a password proved.
pub(crate) struct Proven {
    pub password: credential::Model,
    pub rehashed: Option<String>,
    pub totp: credential::Model,
    pub step: u64,
}

/// Judges a password and a code. Whatever is wrong, the answer is the same, and takes as long.
pub(crate) async fn by_password(
    app: &App,
    account: Option<&person::Model>,
    password: &str,
    code: &str,
) -> Result<Proven, Fault> {
    let all = match account {
        Some(account) => app.store.credentials(account.id).await?,
        None => Vec::new(),
    };
    let of = |kind: &str| all.iter().find(|row| row.kind == kind).cloned();
    let (stored, totp) = (of("password"), of("totp"));
    let phc = stored.as_ref().and_then(|row| row.data.clone());
    let (right, rehashed) = app.doors.matches(phc.as_deref(), password.to_owned()).await?;
    let active = account.filter(|account| account.disabled_at.is_none());
    let (Some(account), Some(stored), Some(totp), true) = (active, stored, totp, right) else {
        return Err(Fault::Refused);
    };
    let secret = app.store.secret(&app.store.data_key(account.organisation_id).await?, &totp)?;
    let secret = String::from_utf8(secret)
        .ok()
        .and_then(|text| Secret::from_base32(&text).ok())
        .ok_or(Fault::Refused)?;
    let last = totp.data.as_deref().and_then(|step| step.parse().ok());
    let step = verify(&secret, code, app.store.now().into(), last).ok_or(Fault::Refused)?;
    Ok(Proven { password: stored, rehashed, totp, step })
}

/// Passkeys of a person, each with its row.
pub(crate) async fn passkeys(
    app: &App,
    account: &person::Model,
) -> Result<Vec<(credential::Model, StoredPasskey)>, Fault> {
    let all = app.store.credentials(account.id).await?;
    let kept = all.into_iter().filter(|row| row.kind == "passkey");
    let read = |row: credential::Model| {
        let passkey = StoredPasskey::from_json(row.data.as_deref().unwrap_or_default()).ok()?;
        Some((row, passkey))
    };
    Ok(kept.filter_map(read).collect())
}

fn told(error: &PasskeyError) -> Fault {
    Fault::Bad(vec![error.diagnostic()])
}

fn options(text: &str) -> Result<serde_json::Value, Fault> {
    serde_json::from_str(text).map_err(|error| Fault::Defect(error.to_string()))
}

/// Begins to enrol a passkey.
pub(crate) async fn begin_registration(app: &App, account: &person::Model) -> Result<Begun, Fault> {
    let now = app.store.now().into();
    let existing: Vec<StoredPasskey> = passkeys(app, account).await?.into_iter().map(|pair| pair.1).collect();
    // The handle tells a device nothing: not the id, whose first half is a time.
    let hash = Sha256::of_parts(&[b"passkey handle\0", account.id.as_bytes()]).0;
    let mut handle = [0; 16];
    handle.copy_from_slice(&hash[..16]);
    let party = app.doors.party()?;
    let begun = party.start_registration(handle, &account.login, &account.name, &existing, now);
    let (text, state) = begun.map_err(|error| told(&error))?;
    let mut room = app.doors.registrations.lock().unwrap_or_else(PoisonError::into_inner);
    let ticket = room.keep(state, now).map_err(|error| Fault::Bad(vec![error.diagnostic()]))?;
    Ok(Begun { ticket: ticket.as_str().to_owned(), options: options(&text)? })
}

/// Judges the browser's answer to [`begin_registration`].
pub(crate) fn finish_registration(
    app: &App,
    ticket: String,
    answer: &str,
    label: &str,
) -> Result<StoredPasskey, Fault> {
    let now = app.store.now().into();
    let mut room = app.doors.registrations.lock().unwrap_or_else(PoisonError::into_inner);
    let state = room.take(&Ticket::from(ticket), now).ok_or(Fault::Form)?;
    drop(room);
    app.doors.party()?.finish_registration(state, answer, label, now).map_err(|error| told(&error))
}

/// Begins a log-in by passkey, or the renewed proof of a known person.
pub(crate) async fn begin_authentication(app: &App, account: Option<&person::Model>) -> Result<Begun, Fault> {
    let now = app.store.now().into();
    let party = app.doors.party()?;
    let begun = match account {
        None => party.start_authentication(now),
        Some(account) => {
            let own: Vec<StoredPasskey> =
                passkeys(app, account).await?.into_iter().map(|pair| pair.1).collect();
            party.start_authentication_for(&own, now)
        }
    };
    let (text, state) = begun.map_err(|error| told(&error))?;
    let mut room = app.doors.authentications.lock().unwrap_or_else(PoisonError::into_inner);
    let ticket = room.keep(state, now).map_err(|error| Fault::Bad(vec![error.diagnostic()]))?;
    Ok(Begun { ticket: ticket.as_str().to_owned(), options: options(&text)? })
}

/// Judges the browser's answer to [`begin_authentication`]: the row of the passkey, and what to store in its place.
pub(crate) async fn finish_authentication(
    app: &App,
    ticket: String,
    answer: &str,
) -> Result<(credential::Model, String), Fault> {
    let now = app.store.now().into();
    let state = {
        let mut room = app.doors.authentications.lock().unwrap_or_else(PoisonError::into_inner);
        room.take(&Ticket::from(ticket), now).ok_or(Fault::Refused)?
    };
    let (id, _) = credential_of(answer).map_err(|_| Fault::Refused)?;
    let row =
        app.store.credential_by(&id).await?.filter(|row| row.kind == "passkey").ok_or(Fault::Refused)?;
    let stored =
        StoredPasskey::from_json(row.data.as_deref().unwrap_or_default()).map_err(|_| Fault::Refused)?;
    let used =
        app.doors.party()?.finish_authentication(state, &stored, answer, now).map_err(|_| Fault::Refused)?;
    Ok((row, used.to_json()))
}

/// Whose passkey an answer names, when it is one that is known.
pub(crate) async fn owner_of(app: &App, answer: &str) -> Result<Option<person::Model>, Fault> {
    let Ok((id, _)) = credential_of(answer) else { return Ok(None) };
    let row = app.store.credential_by(&id).await?.filter(|row| row.kind == "passkey");
    match row {
        Some(row) => Ok(Some(app.store.get::<person::Entity>(row.person_id).await?)),
        None => Ok(None),
    }
}

/// Makes a secret for one-time codes and keeps it until its first code.
pub(crate) fn begin_enrolment(app: &App) -> Result<(String, Secret), Fault> {
    let now: jiff::Timestamp = app.store.now().into();
    let secret = Secret::generate().map_err(|error| Fault::Bad(vec![error.diagnostic()]))?;
    let expires = now.checked_add(jiff::SignedDuration::from_mins(15)).unwrap_or(now);
    let mut room = app.doors.enrolments.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = room.keep(Enrolment { secret: secret.clone(), expires }, now);
    let ticket = kept.map_err(|error| Fault::Bad(vec![error.diagnostic()]))?;
    Ok((ticket.as_str().to_owned(), secret))
}

/// Takes the secret of [`begin_enrolment`] out.
pub(crate) fn take_enrolment(app: &App, ticket: &str) -> Option<Secret> {
    let mut room = app.doors.enrolments.lock().unwrap_or_else(PoisonError::into_inner);
    room.take(&Ticket::from(ticket.to_owned()), app.store.now().into()).map(|kept| kept.secret)
}

/// Puts a secret back for another try of its code.
pub(crate) fn keep_enrolment(app: &App, secret: Secret) -> Result<String, Fault> {
    let now: jiff::Timestamp = app.store.now().into();
    let expires = now.checked_add(jiff::SignedDuration::from_mins(15)).unwrap_or(now);
    let mut room = app.doors.enrolments.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = room.keep(Enrolment { secret, expires }, now);
    Ok(kept.map_err(|error| Fault::Bad(vec![error.diagnostic()]))?.as_str().to_owned())
}
