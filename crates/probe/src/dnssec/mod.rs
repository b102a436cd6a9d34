//! DNSSEC (RFC 4033–4035, 5155, 6840): what stored answers prove about a zone.
//!
//! Everything here is pure: [`assess`] reads the answers a collector kept and says whether the
//! chain of trust from the anchors down to the zone holds at a given moment. The answers are read
//! octet by octet ([`wire`]), since a signature covers octets.

mod chain;
mod crypto;
mod denial;
mod proof;
mod state;
pub mod wire;

#[cfg(test)]
mod tests;

pub use chain::{Chain, assess};
pub use crypto::{DsRecord, KeyRecord, Strength, algorithm_name, digest_name, key_tag, tlsa_matches};
pub use denial::{Denial, Method};
pub use proof::{Assessment, Followed, Held, Link, Proof};
pub use state::{Bogus, Insecure, Reason, State, Unknown};

/// The trust anchors of the root zone as IANA publishes them (RFC 7958): KSK-2017 and KSK-2024.
pub const ROOT_ANCHORS: [&str; 2] = [
    ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
    ". IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
];

/// A label that no zone should have, to see how a zone denies a name.
pub const ABSENT_LABEL: &str = "bulwark-no-such-name";

/// Record types this module reads.
pub mod types {
    /// RFC 1035.
    pub const A: u16 = 1;
    /// RFC 1035.
    pub const NS: u16 = 2;
    /// RFC 1035.
    pub const CNAME: u16 = 5;
    /// RFC 1035.
    pub const SOA: u16 = 6;
    /// RFC 1035.
    pub const MX: u16 = 15;
    /// RFC 6672.
    pub const DNAME: u16 = 39;
    /// RFC 4034 §5.
    pub const DS: u16 = 43;
    /// RFC 4034 §3.
    pub const RRSIG: u16 = 46;
    /// RFC 4034 §4.
    pub const NSEC: u16 = 47;
    /// RFC 4034 §2.
    pub const DNSKEY: u16 = 48;
    /// RFC 5155 §3.
    pub const NSEC3: u16 = 50;
    /// RFC 6698.
    pub const TLSA: u16 = 52;
}

/// Number of a type written in letters; 0 when unknown.
fn rtype_number(word: &str) -> u16 {
    use std::str::FromStr as _;
    hickory_proto::rr::RecordType::from_str(&word.to_ascii_uppercase()).map_or(0, u16::from)
}

/// Entry point for fuzzing and property tests.
pub fn fuzz_dnssec(data: &[u8]) {
    let _ = wire::read(data);
    let _ = wire::first_record_only(data);
    let exchange = |name: &str, rtype: &str| crate::evidence::DnsExchange {
        role: crate::evidence::DnsRole::Recursive,
        server_name: None,
        server: String::new(),
        transport: "udp".into(),
        name: name.into(),
        rtype: rtype.into(),
        rtt_us: 0,
        answer: Ok(crate::evidence::Blob(data.to_vec())),
    };
    let asked = [(".", "DNSKEY"), ("tw", "DS"), ("tw", "DNSKEY"), ("tw", "SOA"), ("tw", "MX")];
    let evidence = crate::evidence::Dnssec {
        zone: "tw".into(),
        path: vec![".".into(), "tw".into()],
        exchanges: asked.iter().map(|(n, t)| exchange(n, t)).collect(),
        anchors: ROOT_ANCHORS.map(str::to_owned).to_vec(),
    };
    let _ = assess(&evidence, 1_700_000_000);
    let chain = Chain::new(&evidence.exchanges, &evidence.anchors, 1_700_000_000);
    let _ = (chain.follow("tw", types::MX), chain.tlsa_bases("tw"), wire::Name::read(data));
}
