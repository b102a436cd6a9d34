//! What a walk along the chain of trust comes to.

use super::crypto::{DsRecord, KeyRecord};
use super::denial::Method;
use super::state::State;
use super::wire::RawRecord;

/// What is known about one zone on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The zone.
    pub zone: String,
    /// DS records of the parent, or the anchors.
    pub ds: Vec<DsRecord>,
    /// Keys of the zone.
    pub keys: Vec<KeyRecord>,
}

/// A signature that was checked and holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// `name TYPE` of the record set.
    pub what: String,
    /// Algorithm.
    pub algorithm: u8,
    /// Expiration, unix seconds.
    pub expires: i64,
}

/// Everything the answers say about a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// The zone the name belongs to (the name itself when it is an apex).
    pub zone: String,
    /// The verdict.
    pub state: State,
    /// Zones from the anchor down, as far as the chain went.
    pub links: Vec<Link>,
    /// Signatures of the zone's own record sets that hold: DNSKEY, SOA, proof of absence.
    pub signatures: Vec<Held>,
    /// How the zone denies names.
    pub denial: Option<Method>,
    /// The zone answers DNSKEY records, whether or not a chain leads to them.
    pub has_keys: bool,
}

/// A record set as far as it is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// Signed by a chain that holds.
    Secure(Vec<RawRecord>),
    /// The answer has no such records.
    Absent,
    /// Anything else.
    NotSecure(State),
}

/// Records looked for through aliases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// The names passed, from the one asked for to the one where the records are or should be.
    pub names: Vec<String>,
    /// The records as far as they and every alias before them are proven.
    pub proof: Proof,
}
