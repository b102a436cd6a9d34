//! Who acted, and how an act becomes a leaf of the tree.

use serde::Serialize;
use uuid::Uuid;

use crate::hash::Sha256;
use crate::{StoreError, Timestamp, canonical};

/// Who acts, as what, from where and why. Stored with each act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The person; empty for automatic acts.
    pub person: Option<Uuid>,
    /// Code of the acting role; `system` for automatic acts.
    pub role: String,
    /// The acting organisation.
    pub organisation: Option<Uuid>,
    /// The request, as in the logs.
    pub request_id: String,
    /// Salted hash of the address the request came from.
    pub source_ip_hash: Option<Sha256>,
    /// Why, in the words of the person. Kept beside the tree and erasable.
    pub reason: Option<String>,
}

impl Actor {
    /// The platform itself.
    pub fn system(request_id: impl Into<String>) -> Self {
        Self {
            person: None,
            role: "system".into(),
            organisation: None,
            request_id: request_id.into(),
            source_ip_hash: None,
            reason: None,
        }
    }
}

/// One act inside a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub action: String,
    pub object: String,
    /// Whose matter it is; not part of the leaf.
    pub owner: Option<Uuid>,
    pub before: Option<Sha256>,
    pub after: Option<Sha256>,
}

/// The fields of a leaf; serialised as canonical JSON they are what the tree hashes.
#[derive(Serialize)]
struct Leaf<'a> {
    v: u8,
    seq: u64,
    time_utc: String,
    mono: u64,
    actor: Option<Uuid>,
    role: &'a str,
    tenant: Option<Uuid>,
    action: &'a str,
    object: &'a str,
    before_hash: Option<String>,
    after_hash: Option<String>,
    request_id: &'a str,
    source_ip_hash: Option<String>,
    reason_hash: Option<String>,
}

/// When an act was recorded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub time: Timestamp,
    pub mono_us: u64,
}

/// The canonical bytes of the leaf at `seq`.
pub(crate) fn leaf(
    seq: u64,
    at: Moment,
    actor: &Actor,
    entry: &Entry,
    reason_hash: Option<Sha256>,
) -> Result<String, StoreError> {
    let text = |hash: Option<Sha256>| hash.map(|hash| hash.to_string());
    canonical::to_string(&Leaf {
        v: 1,
        seq,
        time_utc: at.time.to_string(),
        mono: at.mono_us,
        actor: actor.person,
        role: &actor.role,
        tenant: actor.organisation,
        action: &entry.action,
        object: &entry.object,
        before_hash: text(entry.before),
        after_hash: text(entry.after),
        request_id: &actor.request_id,
        source_ip_hash: text(actor.source_ip_hash),
        reason_hash: text(reason_hash),
    })
}

/// What the leaf holds in place of the reason: the salt lies beside the text and goes with it, so that nobody can
/// guess an erased text from its hash.
pub(crate) fn reason_hash(salt: &[u8], reason: &str) -> Sha256 {
    Sha256::of_parts(&[salt, reason.as_bytes()])
}
