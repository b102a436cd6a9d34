//! The audit log: its list, one entry with its proof, and the verification of the whole.

mod names;
mod pages;
mod verify;

pub(crate) use self::names::{Names, Seen, person_named};
pub(crate) use self::pages::linked;

use bulwark_model::rights::{Resource, Scope};
use bulwark_store::entity::audit::leaf;
use bulwark_store::rights::person_id;
use bulwark_store::{AuditFilter, MAX_ROWS, Timestamp, Uuid};
use serde::Deserialize;

use crate::app::App;
use crate::fault::Fault;
use crate::route::Routes;
use crate::who::Who;

/// The routes.
pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get("/audit", "audit.read", pages::list)
        .get("/audit/verify", "audit.verify_chain", verify::show)
        .post("/audit/verify", "audit.verify_chain", verify::run)
        .get("/audit/{seq}", "audit.read", pages::show)
        .get("/audit/{seq}/proof", "audit.export", pages::proof)
}

/// What a leaf says, as far as it can be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Facts {
    time_utc: Option<jiff::Timestamp>,
    mono: u64,
    role: String,
    tenant: Option<Uuid>,
    action: String,
    before_hash: Option<String>,
    after_hash: Option<String>,
    request_id: String,
    source_ip_hash: Option<String>,
    reason_hash: Option<String>,
}

impl Facts {
    /// `None` for a leaf that was damaged: the rest of the page still shows what there is.
    fn of(row: &leaf::Model) -> Option<Self> {
        serde_json::from_str(&row.leaf).ok()
    }
}

/// The leaf at a place of the address; what is no number is no leaf.
async fn leaf_at(app: &App, seq: &str) -> Result<leaf::Model, Fault> {
    let seq = seq.parse().map_err(|_| Fault::NotFound)?;
    Ok(app.store.audit_leaf(seq).await?)
}

/// The leaf at a place of the address, when the person may read it; the reading is noted where it must be.
pub(crate) async fn leaf_seen(app: &App, who: &Who, seq: &str) -> Result<leaf::Model, Fault> {
    let row = leaf_at(app, seq).await?;
    let resource = resource_of(app, &row).await?;
    who.allow(app, "audit.read", &resource, &format!("audit_leaf/{}", row.seq)).await?;
    Ok(row)
}

/// A leaf as the rights see it: a matter of the organisation it is filed under.
async fn resource_of(app: &App, row: &leaf::Model) -> Result<Resource, Fault> {
    let Some(owner) = row.owner else { return Ok(Resource::platform()) };
    let person = row.actor.map(person_id);
    Ok(Resource { person, participants: person.into_iter().collect(), ..app.store.resource_of(owner).await? })
}

/// Log-ins to an account that were refused since a moment: how many, up to a page of entries, and when the last was.
/// This is the account owner's own to know, whether or not the role may read the log.
pub(crate) async fn refused_log_ins(
    app: &App,
    person: Uuid,
    since: Timestamp,
) -> Result<Option<(u64, Timestamp)>, Fault> {
    let everything = Scope::Everything { without: Vec::new() };
    let filter = AuditFilter {
        object: Some(format!("person/{person}")),
        action: Some("session.refuse".into()),
        ..AuditFilter::default()
    };
    let found = app.store.audit_page(&everything, &filter, None, MAX_ROWS).await?;
    let times = found.rows.iter().filter_map(|row| Facts::of(row)?.time_utc.map(Timestamp::from));
    let times: Vec<Timestamp> = times.take_while(|time| *time > since).collect();
    Ok(times.first().map(|last| (times.len() as u64, *last)))
}
