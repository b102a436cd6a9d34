//! Small policy records around mail: where a DMARC policy is looked for, consent to reports,
//! MTA-STS (RFC 8461), TLS reports (RFC 8460).

use super::Dmarc;
use crate::public_suffix::same_site;

/// Names asked for a DMARC policy at most.
const MAX_TREE: usize = 8;

/// Domains asked for a DMARC policy, the nearest first: the domain, then up the tree while two
/// labels are left. A long name goes on with its last seven labels, so that eight questions do.
///
/// RFC 7489 §6.6.3 has the domain and its organisational domain; the walk comes past the latter and
/// also finds the policy of a public suffix such as `gov.tw` (RFC 9091).
pub fn policy_tree(domain: &str) -> Vec<String> {
    let domain = domain.trim_end_matches('.').to_ascii_lowercase();
    let labels: Vec<&str> = domain.split('.').collect();
    let mut out = vec![domain.clone()];
    let longest = (labels.len().saturating_sub(1)).min(MAX_TREE - 1);
    for count in (2..=longest).rev() {
        out.extend(labels.get(labels.len() - count..).map(|l| l.join(".")));
    }
    out
}

/// Domains that aggregate and failure reports go to, each once (RFC 7489 §7.1).
pub fn report_domains(dmarc: &Dmarc) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for uri in dmarc.aggregate_reports.iter().chain(&dmarc.failure_reports) {
        let Some((_, domain)) = uri.mailbox.as_ref().and_then(|m| m.rsplit_once('@')) else { continue };
        let domain = domain.trim_end_matches('.').to_ascii_lowercase();
        if !out.contains(&domain) {
            out.push(domain);
        }
    }
    out
}

/// Where a report domain says that it takes reports about `domain` (RFC 7489 §7.1 step 4).
pub fn consent_name(domain: &str, target: &str) -> String {
    format!("{domain}._report._dmarc.{target}")
}

/// Whether reports need no consent: policy and target have the same organisational domain (RFC 7489
/// §7.1), or a public suffix reports to itself.
pub fn same_organisation(domain: &str, target: &str) -> bool {
    same_site(domain, target)
}

/// `name=value` pairs separated by `;` (RFC 8461 §3.1, RFC 8460 §3).
fn tags(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split(';').filter_map(|t| t.split_once('=')).map(|(n, v)| (n.trim(), v.trim()))
}

/// Whether a TXT is an MTA-STS record.
pub fn is_sts(txt: &str) -> bool {
    tags(txt).next() == Some(("v", "STSv1"))
}

/// The `id` of an MTA-STS record, when it is 1 to 32 letters and digits.
pub fn sts_id(txt: &str) -> Option<&str> {
    let (_, id) = tags(txt).find(|(n, _)| *n == "id")?;
    let fine = (1..=32).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric());
    (is_sts(txt) && fine).then_some(id)
}

/// Mode of an MTA-STS policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StsMode {
    /// Mail is not delivered to hosts that do not fit.
    Enforce,
    /// Only reports.
    Testing,
    /// Being withdrawn.
    None,
}

/// A policy file (RFC 8461 §3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StsPolicy {
    /// `mode`
    pub mode: StsMode,
    /// `max_age` in seconds.
    pub max_age: u64,
    /// `mx` patterns.
    pub mx: Vec<String>,
}

/// Reads a policy file. `Err` names the line or field that makes it void.
pub fn parse_sts_policy(body: &str) -> Result<StsPolicy, String> {
    let (mut version, mut mode, mut max_age, mut mx) = (None, None, None, Vec::new());
    for line in body.lines().map(str::trim_end).filter(|l| !l.is_empty()) {
        let (name, value) = line.split_once(':').ok_or_else(|| line.chars().take(60).collect::<String>())?;
        let value = value.trim();
        // §3.2: of a field that comes twice the first counts, except `mx`.
        match name.trim_end() {
            "version" => version = version.or(Some(value)),
            "mode" => mode = mode.or(Some(value)),
            "max_age" => max_age = max_age.or(Some(value)),
            "mx" => mx.push(value.trim_end_matches('.').to_ascii_lowercase()),
            _ => {}
        }
    }
    if version != Some("STSv1") {
        return Err("version".into());
    }
    let mode = match mode {
        Some("enforce") => StsMode::Enforce,
        Some("testing") => StsMode::Testing,
        Some("none") => StsMode::None,
        _ => return Err("mode".into()),
    };
    let max_age = max_age
        .filter(|v| v.len() <= 10 && v.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|v| v.parse().ok())
        .ok_or("max_age")?;
    if mx.is_empty() && mode != StsMode::None {
        return Err("mx".into());
    }
    Ok(StsPolicy { mode, max_age, mx })
}

impl StsPolicy {
    /// Whether a mail host fits a pattern (§4.1): equal, or `*.` stands for exactly one label.
    pub fn allows(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        self.mx.iter().any(|pattern| match pattern.strip_prefix("*.") {
            Some(parent) => {
                host.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest == parent)
            }
            None => *pattern == host,
        })
    }
}

/// Whether a TXT is a TLS reporting record.
pub fn is_tls_rpt(txt: &str) -> bool {
    tags(txt).next() == Some(("v", "TLSRPTv1"))
}

/// Report addresses of a TLS reporting record; `Err` holds the one that is neither mailto nor https.
pub fn tls_rpt_addresses(txt: &str) -> Result<Vec<String>, String> {
    let Some((_, value)) = tags(txt).find(|(n, _)| *n == "rua") else { return Err("rua".into()) };
    value
        .split(',')
        .map(|uri| {
            let uri = uri.trim();
            let fine = url::Url::parse(uri).is_ok_and(|u| match u.scheme() {
                "mailto" => u.path().contains('@'),
                "https" => u.host_str().is_some(),
                _ => false,
            });
            if fine { Ok(uri.to_owned()) } else { Err(uri.chars().take(80).collect()) }
        })
        .collect()
}
