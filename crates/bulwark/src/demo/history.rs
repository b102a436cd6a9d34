//! What people of the demo did before anyone logs in, each act by whoever may do it: requests that wait, an emergency
//! access that is over, a role that was lent, a key, a program's token, jobs.
//!
//! It is told in stages. Each is one transaction that also notes how far the demo is, so that one that was cut off
//! goes on where it stopped.

use bulwark_bundle::Key;
use bulwark_model::rights::Role;
use bulwark_store::{Actor, NewApiToken, NewPendingAct, Outcome, Store, StoreError, Tx, Uuid};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::cast::{FORMER, PEOPLE, Person, Ticket, enter};
use super::systems::{self, SYSTEMS};

/// Setting that says how far it is.
const SETTING: &str = "demo";
/// The stage at which it is complete.
pub const COMPLETE: u8 = FIRST_SYSTEM + 3;
/// The stage at which the first system is entered; each has its own.
const FIRST_SYSTEM: u8 = 9;
const DAY_MS: i64 = 24 * 3_600_000;
/// The seed of the demo's signing key is public: the key proves nothing.
const KEY_SEED: &[u8; 32] = b"bulwark demo key, proves nothing";
/// How long the demo's worker may keep a job.
const LEASE_MS: i64 = 60_000;

#[derive(Debug, Serialize, Deserialize)]
struct Progress {
    stage: u8,
}

/// How far the demo in this store is; `None` without one.
pub async fn stage(store: &Store) -> Result<Option<u8>, StoreError> {
    let found = store.setting(SETTING).await?;
    Ok(found.and_then(|row| serde_json::from_str::<Progress>(&row.value).ok()).map(|told| told.stage))
}

/// Goes on from a stage to the end; the log-ins when this is what made them.
pub async fn tell(store: &Store, from: u8) -> Result<Option<Vec<Ticket>>, StoreError> {
    let mut tickets = None;
    for stage in from..COMPLETE {
        match stage {
            0 => tickets = Some(people(store).await?),
            1 => deputy(store).await?,
            2 => retention(store).await?,
            3 => emergency(store).await?,
            4 => past_emergency(store).await?,
            5 => lent(store).await?,
            6 => key(store).await?,
            7 => program(store).await?,
            8 => upkeep(store).await?,
            stage => {
                let told = usize::from(stage - FIRST_SYSTEM);
                if let Some(told) = SYSTEMS.get(told) {
                    systems::enter(store, told, stage + 1).await?;
                }
            }
        }
    }
    store.checkpoint().await?;
    Ok(tickets)
}

/// Organisations, people and their links.
async fn people(store: &Store) -> Result<Vec<Ticket>, StoreError> {
    let actor = Actor { reason: Some("示範資料".into()), ..Actor::system("demo") };
    let inner = store.clone();
    let entered = store.write(&actor, move |tx| {
        Box::pin(async move {
            let tickets = enter(tx, &inner).await?;
            note(tx, 1).await?;
            Ok(tickets)
        })
    });
    entered.await
}

async fn note(tx: &mut Tx, stage: u8) -> Result<(), StoreError> {
    tx.set(SETTING, &Progress { stage }).await.map(drop)
}

/// Somebody of the cast in the store.
#[derive(Debug, Clone)]
pub(super) struct Known {
    id: Uuid,
    pub(super) organisation: Uuid,
    role: Role,
}

impl Known {
    pub(super) async fn find(store: &Store, login: &str) -> Result<Self, StoreError> {
        let missing = || StoreError::NotFound { kind: "person", id: login.to_owned() };
        let of_cast = |person: &&Person| person.login == login;
        let role = PEOPLE.iter().chain([&FORMER]).find(of_cast).ok_or_else(missing)?.role;
        let row = store.person_by_login(login).await?.ok_or_else(missing)?;
        Ok(Self { id: row.id, organisation: row.organisation_id, role })
    }

    pub(super) fn acting(&self, reason: Option<&str>) -> Actor {
        Actor {
            person: Some(self.id),
            organisation: Some(self.organisation),
            role: self.role.code().into(),
            reason: reason.map(str::to_owned),
            ..Actor::system("demo")
        }
    }
}

/// Does something as a person, and notes the next stage with it.
pub(super) async fn act<F>(store: &Store, actor: &Actor, next: u8, work: F) -> Result<(), StoreError>
where
    F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<(), StoreError>> + Send + 'static,
{
    let done = store.write(actor, move |tx| {
        Box::pin(async move {
            work(tx).await?;
            note(tx, next).await
        })
    });
    done.await
}

/// A request as the console stores it: what is to be done, under `act`.
fn request(action: &str, object: String, owner: Uuid, payload: Value, reason: &str) -> NewPendingAct<Value> {
    NewPendingAct { action: action.into(), object, owner, payload, reason: reason.into() }
}

/// Asks for something that then waits for the second person.
async fn ask(store: &Store, asker: &Known, next: u8, new: NewPendingAct<Value>) -> Result<(), StoreError> {
    let actor = asker.acting(Some(&new.reason.clone()));
    act(store, &actor, next, move |tx| Box::pin(async move { tx.ask(new).await.map(drop) })).await
}

/// One person asks, another agrees, and it is done.
async fn agreed<F>(
    store: &Store,
    (asker, confirmer): (&Known, &Known),
    next: u8,
    new: NewPendingAct<Value>,
    work: F,
) -> Result<(), StoreError>
where
    F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<(), StoreError>> + Send + 'static,
{
    let waiting = if let Some(row) = store.waiting_act(&new.action, &new.object).await? {
        // Cut off between the two the last time.
        row
    } else {
        let actor = asker.acting(Some(&new.reason.clone()));
        store.write(&actor, move |tx| Box::pin(async move { tx.ask(new).await })).await?
    };
    act(store, &confirmer.acting(None), next, move |tx| {
        Box::pin(async move {
            tx.decide_act(waiting, Outcome::Done).await?;
            work(tx).await
        })
    })
    .await
}

fn granting(person: &Known, role: Role, until: Option<bulwark_store::Timestamp>) -> (String, Value) {
    let (id, at) = (person.id, person.organisation);
    let payload = json!({
        "act": "grant_role", "person": id, "role": role.code(), "organisation": at, "sector": null, "until": until,
    });
    (format!("person/{id}/{}/{at}", role.code()), payload)
}

/// Waits for the other administrator or the agency: a deputy for the CISO.
async fn deputy(store: &Store) -> Result<(), StoreError> {
    let (admin, ris) = (Known::find(store, "admin").await?, Known::find(store, "ris").await?);
    let until = store.now().plus_ms(14 * DAY_MS);
    let (object, payload) = granting(&ris, Role::AgencyCiso, Some(until));
    let new = request("role.grant", object, ris.organisation, payload, "資安長出國期間代理（示範）");
    ask(store, &admin, 2, new).await
}

/// Waits for the competent authority: another time limit for sessions.
async fn retention(store: &Store) -> Result<(), StoreError> {
    let lead = Known::find(store, "lead").await?;
    let payload = json!({ "act": "retention", "class": "session", "days": 180 });
    let object = "retention/session".to_owned();
    let new = request("retention.edit", object, lead.organisation, payload, "配合稽核需要（示範）");
    ask(store, &lead, 3, new).await
}

/// Waits for the head of the team: an emergency access.
async fn emergency(store: &Store) -> Result<(), StoreError> {
    let (g3, agency) =
        (Known::find(store, "g3").await?, Known::find(store, "taipei-ciso").await?.organisation);
    let payload = json!({ "act": "break_glass", "owner": agency });
    let object = format!("break_glass/{agency}/{}", g3.id);
    let reason = "疑似網頁遭竄改，機關聯絡不上，確認聯絡窗口與資產清冊（示範）";
    ask(store, &g3, 4, request("break_glass.request", object, agency, payload, reason)).await
}

/// An emergency access that is over, and what was read under it.
async fn past_emergency(store: &Store) -> Result<(), StoreError> {
    let (g3, lead) = (Known::find(store, "g3").await?, Known::find(store, "lead").await?);
    let agency = Known::find(store, "ris").await?.organisation;
    for object in [format!("organisation/{agency}"), format!("break_glass/{agency}")] {
        store.log_access(&g3.acting(None), agency, &object).await?;
    }
    let payload = json!({ "act": "break_glass", "owner": agency });
    let object = format!("break_glass/{agency}/{}", g3.id);
    let reason = "戶役政網站異常，確認資產清冊與聯絡窗口（示範）";
    let (person, confirmed_by) = (g3.id, lead.id);
    let new = request("break_glass.request", object, agency, payload, reason);
    agreed(store, (&g3, &lead), 5, new, move |tx| {
        Box::pin(async move {
            let until = tx.now().plus_ms(1);
            tx.open_break_glass(agency, person, confirmed_by, reason, until).await.map(drop)
        })
    })
    .await
}

/// A second role for a month: lent to another group.
async fn lent(store: &Store) -> Result<(), StoreError> {
    let (admin, second) = (Known::find(store, "admin").await?, Known::find(store, "admin2").await?);
    let g2 = Known::find(store, "g2").await?;
    let until = store.now().plus_ms(30 * DAY_MS);
    let (object, payload) = granting(&g2, Role::SvcG3, Some(until));
    let new = request("role.grant_privileged", object, g2.organisation, payload, "支援第三組一個月（示範）");
    agreed(store, (&admin, &second), 6, new, move |tx| {
        Box::pin(async move {
            tx.grant(g2.id, Role::SvcG3.code(), g2.organisation, None, Some(until)).await.map(drop)
        })
    })
    .await
}

/// A key for the plans of cruises.
async fn key(store: &Store) -> Result<(), StoreError> {
    let (g2, lead) = (Known::find(store, "g2").await?, Known::find(store, "lead").await?);
    let key = Key::from_seed(KEY_SEED);
    let (key_id, public_key) = (key.key_id().to_string(), key.public().to_string());
    let payload = json!({
        "act": "enrol_key", "person": g2.id, "key_id": key_id, "public_key": public_key, "purpose": "plan",
    });
    let object = format!("signing_key/{key_id}");
    let new = request("key.enrol", object, g2.organisation, payload, "簽署巡航計畫（示範）");
    agreed(store, (&g2, &lead), 7, new, move |tx| {
        Box::pin(async move { tx.enrol_signing_key(g2.id, &key_id, &public_key, "plan").await.map(drop) })
    })
    .await
}

/// A token of a program, whose secret nobody keeps.
async fn program(store: &Store) -> Result<(), StoreError> {
    let g2 = Known::find(store, "g2").await?;
    let new = NewApiToken {
        person: g2.id,
        role: g2.role.code().into(),
        organisation: g2.organisation,
        label: "巡航週報程式（示範）".into(),
        scope: "home.read organisation.read key.read".into(),
        expires_at: store.now().plus_ms(30 * DAY_MS),
    };
    act(store, &g2.acting(None), 8, move |tx| Box::pin(async move { tx.make_api_token(new).await.map(drop) }))
        .await
}

/// An account that was disabled; a job that was done, and one that failed and waits for its next try.
async fn upkeep(store: &Store) -> Result<(), StoreError> {
    const KINDS: [&str; 2] = ["demo.done", "demo.failing"];
    let (admin, former) = (Known::find(store, "admin").await?, Known::find(store, FORMER.login).await?);
    let actor = Actor::system("demo");
    let queued = store.write(&actor, |tx| {
        Box::pin(async move {
            for kind in KINDS {
                tx.enqueue(kind, &json!({ "note": "示範" }), Some("demo")).await?;
            }
            tx.audit("job.queue", "setting/demo", None, None);
            Ok(())
        })
    });
    queued.await?;
    if let Some(job) = store.claim_job(&KINDS[1..], "demo", LEASE_MS).await? {
        store.fail_job(job, "示範：郵件伺服器沒有回應（逾時 30 秒）").await?;
    }
    let done = store.claim_job(&KINDS[..1], "demo", LEASE_MS).await?;
    let row = store.get::<bulwark_store::entity::person::person::Entity>(former.id).await?;
    act(store, &admin.acting(Some("已離職（示範）")), FIRST_SYSTEM, move |tx| {
        Box::pin(async move {
            if let Some(job) = done {
                tx.finish_job(job).await?;
            }
            tx.disable_person(row).await.map(drop)
        })
    })
    .await
}
