//! What the answers prove.

use std::fmt;

/// The four states of RFC 4033 §5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// A chain of signatures leads from an anchor to the data.
    Secure,
    /// It is proven that there is no chain to be had.
    Insecure(Insecure),
    /// There should be a chain and it is broken: validating resolvers answer SERVFAIL.
    Bogus(Bogus),
    /// We could not find out.
    Indeterminate(Unknown),
}

/// Why a zone is insecure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Insecure {
    /// The parent proves that it has no DS for this zone.
    NoDs {
        /// The zone without DS.
        zone: String,
    },
    /// All DS records are of kinds that validators do not use (RFC 4035 §5.2).
    UnusableDs {
        /// The zone.
        zone: String,
        /// The kinds, for people.
        kinds: String,
    },
    /// NSEC3 with so many iterations that validators give up (RFC 9276 §3.2).
    Iterations {
        /// The zone.
        zone: String,
        /// The iterations.
        count: u16,
    },
}

/// Where and why a chain is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bogus {
    /// Zone whose data does not hold.
    pub zone: String,
    /// Record set, as `name TYPE`.
    pub what: String,
    /// Why.
    pub reason: Reason,
}

/// What is wrong with a record set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// No signature at all.
    Unsigned,
    /// Signatures by another zone than the one that should sign.
    WrongSigner(String),
    /// No key of the zone has the tag and algorithm of the signature.
    NoMatchingKey(u16),
    /// The signature's algorithm is not one we can check.
    UnknownAlgorithm(u8),
    /// Past its expiration: unix seconds.
    Expired(i64),
    /// Before its inception: unix seconds.
    NotYetValid(i64),
    /// The signature does not fit the data.
    BadSignature,
    /// More labels signed than the name has, or a malformed signature.
    Malformed,
    /// No key of the zone fits a DS of the parent.
    DigestMismatch,
    /// The zone answers no DNSKEY although the parent has a DS.
    NoKeys,
    /// Nothing proves that the records do not exist.
    NoDenial,
}

impl Reason {
    /// How much a reason tells; the most telling of several is shown.
    pub(super) const fn weight(&self) -> u8 {
        match self {
            Self::Unsigned => 0,
            Self::Malformed => 1,
            Self::WrongSigner(_) => 2,
            Self::UnknownAlgorithm(_) => 3,
            Self::NoMatchingKey(_) => 4,
            Self::NotYetValid(_) => 5,
            Self::BadSignature => 6,
            Self::Expired(_) => 7,
            Self::DigestMismatch | Self::NoKeys | Self::NoDenial => 8,
        }
    }

    /// Stable word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Unsigned => "no RRSIG",
            Self::WrongSigner(_) => "RRSIG of another zone",
            Self::NoMatchingKey(_) => "no matching DNSKEY",
            Self::UnknownAlgorithm(_) => "unsupported algorithm",
            Self::Expired(_) => "RRSIG expired",
            Self::NotYetValid(_) => "RRSIG not yet valid",
            Self::BadSignature => "RRSIG does not verify",
            Self::Malformed => "malformed RRSIG",
            Self::DigestMismatch => "no DNSKEY matches DS",
            Self::NoKeys => "DS without DNSKEY",
            Self::NoDenial => "no proof of absence",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        match self {
            Self::WrongSigner(zone) => write!(f, " ({zone})"),
            Self::NoMatchingKey(tag) => write!(f, " (key tag {tag})"),
            Self::UnknownAlgorithm(number) => write!(f, " ({})", super::algorithm_name(*number)),
            Self::Expired(at) | Self::NotYetValid(at) => match jiff::Timestamp::from_second(*at) {
                Ok(at) => write!(f, " ({at})"),
                Err(_) => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Bogus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.reason)
    }
}

/// Why we could not find out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unknown {
    /// There is no usable anchor above the zone.
    NoAnchor,
    /// A question was not asked or not answered.
    NoAnswer {
        /// `name TYPE`.
        what: String,
        /// The failure in words, empty when never asked.
        failure: String,
    },
    /// The resolver leaves the signatures out.
    ResolverStrips {
        /// `name TYPE`.
        what: String,
    },
    /// The resolver answers a DS question from the child's side.
    ResolverConfused {
        /// `name TYPE`.
        what: String,
    },
    /// An algorithm that is in use elsewhere but that we cannot check.
    OurLimit {
        /// The zone.
        zone: String,
        /// The algorithms or digests.
        kinds: String,
    },
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnchor => f.write_str("no trust anchor above the zone"),
            Self::NoAnswer { what, failure } if failure.is_empty() => write!(f, "{what}: not asked"),
            Self::NoAnswer { what, failure } => write!(f, "{what}: {failure}"),
            Self::ResolverStrips { what } => write!(f, "{what}: the resolver returns no signatures"),
            Self::ResolverConfused { what } => write!(f, "{what}: answered from the child zone"),
            Self::OurLimit { zone, kinds } => write!(f, "{zone}: {kinds}"),
        }
    }
}
