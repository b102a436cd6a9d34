//! DMARC records (RFC 7489 §6.3).

use bulwark_model::Text;

/// What receivers are asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Policy {
    /// Nothing, only report.
    None,
    /// Treat as suspicious.
    Quarantine,
    /// Refuse.
    Reject,
}

/// Identifier alignment (§3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Alignment {
    /// Same organisational domain.
    #[default]
    Relaxed,
    /// Same domain.
    Strict,
}

/// Where reports go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportUri {
    /// The URI without size limit.
    pub uri: String,
    /// The mail address, for `mailto:`.
    pub mailbox: Option<String>,
    /// Largest report in bytes (`!10m`).
    pub limit: Option<u64>,
}

/// A record as receivers understand it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dmarc {
    /// `p`
    pub policy: Policy,
    /// `sp`; the domain policy when absent.
    pub subdomain_policy: Option<Policy>,
    /// `pct`, 100 when absent.
    pub percent: u8,
    /// `rua`
    pub aggregate_reports: Vec<ReportUri>,
    /// `ruf`
    pub failure_reports: Vec<ReportUri>,
    /// `adkim`
    pub dkim_alignment: Alignment,
    /// `aspf`
    pub spf_alignment: Alignment,
    /// Tags that are ignored because RFC 7489 does not know them.
    pub unknown: Vec<String>,
    /// Errors in tags that receivers replace by the default (§6.3).
    pub errors: Vec<DmarcError>,
}

/// Where a record is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DmarcError {
    /// Byte position of the tag, from 0.
    pub position: usize,
    /// The tag as written.
    pub tag: String,
    /// What is wrong.
    pub what: DmarcFault,
}

/// What is wrong with a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DmarcFault {
    /// The record does not start with `v=DMARC1`.
    NotDmarc,
    /// No `p` tag and no report address: the record is void (§6.6.3).
    MissingPolicy,
    /// `p` is not the second tag (§6.3).
    PolicyNotSecond,
    /// Value of `p` or `sp` is not none, quarantine or reject.
    BadPolicy,
    /// `pct` is not 0 to 100.
    BadPercent,
    /// `adkim` or `aspf` is not r or s.
    BadAlignment,
    /// A report address is not a URI, or a mailto without address.
    BadUri,
    /// Size limit after `!` is not a number with k, m, g or t.
    BadLimit,
    /// Not `tag=value`.
    NotATag,
    /// The same tag twice.
    DuplicateTag,
    /// `ri` or `fo` or `rf` with a value outside the grammar.
    BadValue,
}

impl DmarcFault {
    /// The fault in words.
    pub fn text(self) -> Text {
        match self {
            Self::NotDmarc => Text::new("不是 DMARC 紀錄", "not a DMARC record"),
            Self::MissingPolicy => Text::new("缺少 p 標籤", "the tag p is missing"),
            Self::PolicyNotSecond => Text::new("p 必須是第二個標籤", "p must be the second tag"),
            Self::BadPolicy => Text::new(
                "政策只能是 none、quarantine 或 reject",
                "the policy is not none, quarantine or reject",
            ),
            Self::BadPercent => Text::new("pct 必須是 0 到 100", "pct is not 0 to 100"),
            Self::BadAlignment => Text::new("只能是 r 或 s", "the value is not r or s"),
            Self::BadUri => Text::new("報告位址不正確", "a report address is not valid"),
            Self::BadLimit => {
                Text::new("報告大小上限不正確", "the size limit of a report address is not valid")
            }
            Self::NotATag => Text::new("不是「標籤=值」", "not `tag=value`"),
            Self::DuplicateTag => Text::new("標籤重複", "the tag comes twice"),
            Self::BadValue => Text::new("值不正確", "the value is not valid"),
        }
    }
}

impl std::fmt::Display for DmarcError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = self.what.text();
        write!(f, "`{}` at {}: {}", self.tag, self.position, what.get(bulwark_model::Lang::En))
    }
}

impl std::error::Error for DmarcError {}

/// `name = value` with white space around (RFC 6376 §3.2).
fn split(tag: &str) -> Option<(&str, &str)> {
    let (name, value) = tag.split_once('=')?;
    let name = name.trim();
    let named = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    named.then(|| (name, value.trim()))
}

/// Whether a TXT claims to be a DMARC record: first tag `v=DMARC1` (§6.6.3). The value is case-sensitive.
pub fn is_dmarc(txt: &str) -> bool {
    txt.split(';').next().and_then(split) == Some(("v", "DMARC1"))
}

/// Reads a record. Only a record that receivers discard altogether is an error.
pub fn parse_dmarc(txt: &str) -> Result<Dmarc, DmarcError> {
    if !is_dmarc(txt) {
        let tag = txt.chars().take(40).collect();
        return Err(DmarcError { position: 0, tag, what: DmarcFault::NotDmarc });
    }
    let mut out = Dmarc {
        policy: Policy::None,
        subdomain_policy: None,
        percent: 100,
        aggregate_reports: Vec::new(),
        failure_reports: Vec::new(),
        dkim_alignment: Alignment::Relaxed,
        spf_alignment: Alignment::Relaxed,
        unknown: Vec::new(),
        errors: Vec::new(),
    };
    let mut seen: Vec<&str> = vec!["v"];
    let mut policy = None;
    let mut void = DmarcError { position: txt.len(), tag: "p".into(), what: DmarcFault::MissingPolicy };
    let mut position = 0;
    let count = txt.split(';').count();
    for (index, raw) in txt.split(';').enumerate() {
        let at = position + (raw.len() - raw.trim_start().len());
        position += raw.len() + 1;
        let tag = raw.trim();
        // The final `;` is allowed; the first tag is the version.
        if index == 0 || (tag.is_empty() && index + 1 == count) {
            continue;
        }
        let mut fault = |what| out.errors.push(DmarcError { position: at, tag: tag.to_owned(), what });
        let Some((name, value)) = split(tag) else {
            fault(DmarcFault::NotATag);
            continue;
        };
        if seen.contains(&name) {
            fault(DmarcFault::DuplicateTag);
            continue;
        }
        seen.push(name);
        match name {
            "p" => {
                policy = read_policy(value);
                if policy.is_none() {
                    fault(DmarcFault::BadPolicy);
                    void = DmarcError { position: at, tag: tag.to_owned(), what: DmarcFault::BadPolicy };
                }
                if index != 1 {
                    fault(DmarcFault::PolicyNotSecond);
                }
            }
            "sp" => match read_policy(value) {
                None => fault(DmarcFault::BadPolicy),
                found => out.subdomain_policy = found,
            },
            "pct" => match value.parse::<u8>() {
                Ok(n) if n <= 100 && value.bytes().all(|b| b.is_ascii_digit()) => out.percent = n,
                _ => fault(DmarcFault::BadPercent),
            },
            "adkim" | "aspf" => match read_alignment(value) {
                None => fault(DmarcFault::BadAlignment),
                Some(found) if name == "adkim" => out.dkim_alignment = found,
                Some(found) => out.spf_alignment = found,
            },
            "rua" | "ruf" => {
                let mut uris = Vec::new();
                for uri in value.split(',') {
                    match read_uri(uri.trim()) {
                        Ok(uri) => uris.push(uri),
                        Err(what) => fault(what),
                    }
                }
                if name == "rua" { out.aggregate_reports = uris } else { out.failure_reports = uris }
            }
            "ri" if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) => {}
            "fo" if value.split(':').all(|v| matches!(v.trim(), "0" | "1" | "d" | "s")) => {}
            "rf" if value.split(':').all(|v| v.trim().eq_ignore_ascii_case("afrf")) => {}
            "ri" | "fo" | "rf" => fault(DmarcFault::BadValue),
            _ => out.unknown.push(name.to_owned()),
        }
    }
    match policy {
        Some(found) => out.policy = found,
        // §6.6.3: without a valid p, a record with a report address counts as `p=none`.
        None if out.aggregate_reports.is_empty() => return Err(void),
        None if void.what == DmarcFault::MissingPolicy => out.errors.push(void),
        None => {}
    }
    Ok(out)
}

fn read_policy(value: &str) -> Option<Policy> {
    match value.to_ascii_lowercase().as_str() {
        "none" => Some(Policy::None),
        "quarantine" => Some(Policy::Quarantine),
        "reject" => Some(Policy::Reject),
        _ => None,
    }
}

fn read_alignment(value: &str) -> Option<Alignment> {
    match value {
        "r" | "R" => Some(Alignment::Relaxed),
        "s" | "S" => Some(Alignment::Strict),
        _ => None,
    }
}

/// A dmarc-uri (§6.4): a URI and `!` with a size. `!` inside the URI must be escaped (§6.2).
fn read_uri(text: &str) -> Result<ReportUri, DmarcFault> {
    let (uri, limit) = match text.split_once('!') {
        None => (text, None),
        Some((uri, size)) => (uri, Some(read_limit(size).ok_or(DmarcFault::BadLimit)?)),
    };
    let parsed = url::Url::parse(uri).map_err(|_| DmarcFault::BadUri)?;
    let mailbox = match parsed.scheme() {
        "mailto" => {
            let address = parsed.path();
            let (local, domain) = address.rsplit_once('@').ok_or(DmarcFault::BadUri)?;
            if local.is_empty() || !domain.contains('.') || crate::dns::host_name(domain).is_err() {
                return Err(DmarcFault::BadUri);
            }
            Some(address.to_owned())
        }
        _ => None,
    };
    Ok(ReportUri { uri: uri.to_owned(), mailbox, limit })
}

fn read_limit(size: &str) -> Option<u64> {
    let digits = size.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match size.get(digits.len()..)?.to_ascii_lowercase().as_str() {
        "" => 1,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        "t" => 1u64 << 40,
        _ => return None,
    };
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.parse::<u64>().ok())??.checked_mul(factor)
}
