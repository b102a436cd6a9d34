//! Mail authentication records in DNS: SPF (RFC 7208), DMARC (RFC 7489) and MX sets (RFC 5321, 7505).

mod cost;
mod dane;
mod dkim;
mod dmarc;
mod eval;
#[cfg(test)]
mod eval_tests;
mod macros;
mod policy;
pub mod report;
mod spf;
mod stored;
mod xml;

pub use cost::{Cost, CostFault, CostTerm};
pub use dane::Tlsa;
pub use dkim::{DkimFault, DkimKey, KeyKind, parse_dkim};
pub use dmarc::{Alignment, Dmarc, DmarcError, DmarcFault, Policy, ReportUri, is_dmarc, parse_dmarc};
pub use eval::{
    Client, Found, Resolver, Rules, SpfResult, Trouble, Verdict as SpfVerdict, check_both, check_host,
};
pub use policy::{
    StsMode, StsPolicy, consent_name, is_sts, is_tls_rpt, parse_sts_policy, policy_tree, report_domains,
    same_organisation, sts_id, tls_rpt_addresses,
};
pub use spf::{Mechanism, Qualifier, Spf, SpfError, SpfFault, Term, is_spf, parse_spf, parse_spf_up_to_all};
pub use stored::Stored;

use crate::dns::{Data, Rr};

/// What a set of MX records says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MxSet {
    /// No MX record: mail goes to the A/AAAA of the name (RFC 5321 §5.1).
    None,
    /// `MX 0 .`: the domain takes no mail (RFC 7505).
    Null,
    /// A null MX together with others: forbidden (RFC 7505 §3).
    NullMixed(Vec<(u16, String)>),
    /// Preference and host, best first.
    Hosts(Vec<(u16, String)>),
}

/// Reads the MX records among `records`.
pub fn mx_set(records: &[Rr]) -> MxSet {
    let mut hosts: Vec<(u16, String)> = records
        .iter()
        .filter_map(|r| match &r.data {
            Data::Mx { preference, exchange } => Some((*preference, exchange.clone())),
            _ => None,
        })
        .collect();
    hosts.sort();
    hosts.dedup();
    let null = |h: &(u16, String)| h.1 == ".";
    match hosts.as_slice() {
        [] => MxSet::None,
        [only] if null(only) => MxSet::Null,
        all if all.iter().any(null) => MxSet::NullMixed(hosts),
        _ => MxSet::Hosts(hosts),
    }
}

/// Entry point for fuzzing and property tests.
pub fn fuzz_mail(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for record in [text.to_string(), format!("v=spf1 {text}"), format!("v=DMARC1; {text}")] {
        if let Ok(spf) = parse_spf(&record) {
            let _ = (spf.count_lookups(), spf.includes().count());
        }
        let _ = (parse_dmarc(&record), report::parse_report(&record), report::parse_report_mail(&record));
        let _ = (
            parse_dkim(&record),
            parse_sts_policy(&record),
            tls_rpt_addresses(&record),
            policy_tree(&record),
        );
    }
}

#[cfg(test)]
mod tests;
