//! DMARC aggregate reports (RFC 7489 §7.2, appendix C): XML, plain or as it comes by mail, to the
//! JSON form that serialising [`Report`] gives.
#![expect(missing_docs, reason = "the fields are the elements of the standard's schema")]

use std::io::Read as _;

use base64::Engine as _;
use serde::Serialize;

use super::xml::{self, Element};

/// Octets of a report after unpacking.
const MAX_BYTES: u64 = 16 << 20;
/// Packed attachments tried in one message.
const MAX_PARTS: usize = 8;

/// Why a report cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// Not XML.
    #[error("at byte {0}: {1}")]
    Xml(usize, &'static str),
    /// XML of something else.
    #[error("not a DMARC report: <{0}>")]
    Other(String),
    /// Something a report must have.
    #[error("<{0}> is missing or not valid")]
    Missing(&'static str),
    /// A message without a report.
    #[error("the message holds no report")]
    NoAttachment,
    /// A packed report that cannot be unpacked, or becomes too large.
    #[error("the attachment cannot be unpacked: {0}")]
    Packed(String),
}

/// An aggregate report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub version: f32,
    pub report_metadata: Metadata,
    pub policy_published: Published,
    pub record: Vec<Record>,
    pub extensions: Vec<Extension>,
}

/// Who reports on which time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Metadata {
    pub org_name: String,
    pub email: String,
    pub extra_contact_info: Option<String>,
    pub report_id: String,
    pub date_range: Range,
    pub error: Vec<String>,
    pub generator: Option<String>,
}

/// Unix seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Range {
    pub begin: u64,
    pub end: u64,
}

/// The policy as the reporter found it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Published {
    pub domain: String,
    pub version_published: Option<String>,
    pub adkim: &'static str,
    pub aspf: &'static str,
    pub p: &'static str,
    pub sp: &'static str,
    pub np: &'static str,
    pub testing: bool,
    pub discovery_method: &'static str,
    pub fo: Option<String>,
}

/// One source of mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Record {
    pub row: Row,
    pub identifiers: Identifiers,
    pub auth_results: AuthResults,
    pub extensions: Vec<Extension>,
}

/// Address and count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    pub source_ip: Option<std::net::IpAddr>,
    pub count: u64,
    pub policy_evaluated: Evaluated,
}

/// What came of the policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evaluated {
    pub disposition: &'static str,
    pub dkim: &'static str,
    pub spf: &'static str,
    pub reason: Vec<Override>,
}

/// Why another policy was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Override {
    pub type_: &'static str,
    pub comment: Option<String>,
}

/// Domains of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Identifiers {
    pub envelope_to: Option<String>,
    pub envelope_from: String,
    pub header_from: String,
}

/// Results before alignment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuthResults {
    pub dkim: Vec<DkimAuth>,
    pub spf: Vec<SpfAuth>,
}

/// One signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DkimAuth {
    pub domain: String,
    pub selector: String,
    pub result: &'static str,
    pub human_result: Option<String>,
}

/// One SPF evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SpfAuth {
    pub domain: String,
    pub scope: &'static str,
    pub result: &'static str,
    pub human_result: Option<String>,
}

/// An extension that was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Extension {
    pub name: String,
    pub definition: String,
}

/// Words of the XML and of the JSON form.
type Words = &'static [(&'static str, &'static str)];
const UNSPECIFIED: &str = "Unspecified";
const ALIGNMENT: Words = &[("r", "Relaxed"), ("s", "Strict")];
const DISPOSITION: Words =
    &[("none", "None"), ("quarantine", "Quarantine"), ("reject", "Reject"), ("pass", "Pass")];
const DISCOVERY: Words = &[("psl", "Psl"), ("treewalk", "Treewalk")];
const RESULT: Words = &[
    ("none", "None"),
    ("pass", "Pass"),
    ("fail", "Fail"),
    ("policy", "Policy"),
    ("neutral", "Neutral"),
    ("softfail", "SoftFail"),
    ("temperror", "TempError"),
    ("permerror", "PermError"),
];
const SCOPE: Words = &[("helo", "Helo"), ("mfrom", "MailFrom")];
/// `sampled_out` went with `pct` and counts as `other`.
const REASON: Words = &[
    ("forwarded", "Forwarded"),
    ("trusted_forwarder", "TrustedForwarder"),
    ("mailing_list", "MailingList"),
    ("local_policy", "LocalPolicy"),
    ("policy_test_mode", "PolicyTestMode"),
];

fn word(text: Option<&str>, words: Words, otherwise: &'static str) -> &'static str {
    let Some(text) = text else { return otherwise };
    words.iter().find(|(w, _)| w.eq_ignore_ascii_case(text)).map_or(otherwise, |(_, name)| *name)
}

fn owned(text: Option<&str>) -> Option<String> {
    text.filter(|t| !t.is_empty()).map(str::to_owned)
}

fn extensions(parent: &Element) -> Vec<Extension> {
    let list = parent.child("extensions").map(|e| e.all("extension").collect::<Vec<_>>());
    let text = |e: &Element, name: &str| e.attribute(name).unwrap_or_default().to_owned();
    list.unwrap_or_default()
        .into_iter()
        .map(|e| Extension { name: text(e, "name"), definition: text(e, "definition") })
        .collect()
}

/// Reads a report.
pub fn parse_report(text: &str) -> Result<Report, ReportError> {
    let root = xml::parse(text).map_err(|(at, what)| ReportError::Xml(at, what))?;
    if root.name != "feedback" {
        return Err(ReportError::Other(root.name.chars().take(40).collect()));
    }
    let missing = ReportError::Missing;
    let metadata = root.child("report_metadata").ok_or(missing("report_metadata"))?;
    let policy = root.child("policy_published").ok_or(missing("policy_published"))?;
    let range = metadata.child("date_range").ok_or(missing("date_range"))?;
    let seconds = |name: &'static str| range.value(name).and_then(|v| v.parse().ok()).ok_or(missing(name));
    let text = |e: &Element, name: &str| e.value(name).unwrap_or_default().to_owned();
    Ok(Report {
        version: root
            .value("version")
            .and_then(|v| v.parse().ok())
            .filter(|v: &f32| v.is_finite())
            .unwrap_or(0.0),
        report_metadata: Metadata {
            org_name: text(metadata, "org_name"),
            email: text(metadata, "email"),
            extra_contact_info: owned(metadata.value("extra_contact_info")),
            report_id: text(metadata, "report_id"),
            date_range: Range { begin: seconds("begin")?, end: seconds("end")? },
            error: metadata.all("error").map(|e| e.text.trim().to_owned()).collect(),
            generator: owned(metadata.value("generator")),
        },
        policy_published: Published {
            domain: owned(policy.value("domain")).ok_or(missing("domain"))?,
            version_published: owned(policy.value("version_published")),
            adkim: word(policy.value("adkim"), ALIGNMENT, UNSPECIFIED),
            aspf: word(policy.value("aspf"), ALIGNMENT, UNSPECIFIED),
            p: word(policy.value("p"), DISPOSITION, UNSPECIFIED),
            sp: word(policy.value("sp"), DISPOSITION, UNSPECIFIED),
            np: word(policy.value("np"), DISPOSITION, UNSPECIFIED),
            testing: policy.value("testing").is_some_and(|v| v.eq_ignore_ascii_case("y")),
            discovery_method: word(policy.value("discovery_method"), DISCOVERY, UNSPECIFIED),
            fo: owned(policy.value("fo")),
        },
        record: root.all("record").map(record).collect::<Result<_, _>>()?,
        extensions: extensions(&root),
    })
}

fn record(e: &Element) -> Result<Record, ReportError> {
    let missing = ReportError::Missing;
    let row = e.child("row").ok_or(missing("row"))?;
    let evaluated = row.child("policy_evaluated").ok_or(missing("policy_evaluated"))?;
    let empty = Element::default();
    let names = e.child("identifiers").unwrap_or(&empty);
    let auth = e.child("auth_results").unwrap_or(&empty);
    let text = |e: &Element, name: &str| e.value(name).unwrap_or_default().to_owned();
    Ok(Record {
        row: Row {
            source_ip: row.value("source_ip").and_then(|v| v.parse().ok()),
            count: row.value("count").and_then(|v| v.parse().ok()).ok_or(missing("count"))?,
            policy_evaluated: Evaluated {
                disposition: word(evaluated.value("disposition"), DISPOSITION, UNSPECIFIED),
                dkim: word(evaluated.value("dkim"), RESULT, UNSPECIFIED),
                spf: word(evaluated.value("spf"), RESULT, UNSPECIFIED),
                reason: evaluated
                    .all("reason")
                    .map(|r| Override {
                        type_: word(r.value("type"), REASON, "Other"),
                        comment: owned(r.value("comment")),
                    })
                    .collect(),
            },
        },
        identifiers: Identifiers {
            envelope_to: owned(names.value("envelope_to")),
            envelope_from: text(names, "envelope_from"),
            header_from: text(names, "header_from"),
        },
        auth_results: AuthResults {
            dkim: auth
                .all("dkim")
                .map(|d| DkimAuth {
                    domain: text(d, "domain"),
                    selector: text(d, "selector"),
                    result: word(d.value("result"), RESULT, UNSPECIFIED),
                    human_result: owned(d.value("human_result")),
                })
                .collect(),
            spf: auth
                .all("spf")
                .map(|s| SpfAuth {
                    domain: text(s, "domain"),
                    scope: word(s.value("scope"), SCOPE, UNSPECIFIED),
                    result: word(s.value("result"), RESULT, UNSPECIFIED),
                    human_result: owned(s.value("human_result")),
                })
                .collect(),
        },
        extensions: extensions(e),
    })
}

/// Reads the report in a mail message: the first attachment in base64 that is gzip, zip or XML
/// (RFC 7489 §7.2.1.1).
pub fn parse_report_mail(message: &str) -> Result<Report, ReportError> {
    let mut trouble = ReportError::NoAttachment;
    for part in base64_parts(message).into_iter().take(MAX_PARTS) {
        let unpacked = match part.as_slice() {
            [0x1f, 0x8b, ..] => limited(flate2::read::GzDecoder::new(part.as_slice())),
            [b'P', b'K', 3, 4, ..] => unzip(&part),
            [b'<', ..] => Ok(part),
            _ => continue,
        };
        // A covering letter in HTML may come before the report: the first part that is one counts.
        match unpacked.and_then(|xml| parse_report(&String::from_utf8_lossy(&xml))) {
            Ok(report) => return Ok(report),
            Err(e) => trouble = e,
        }
    }
    Err(trouble)
}

/// Bodies of the parts that say `Content-Transfer-Encoding: base64`.
fn base64_parts(message: &str) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    let (mut encoded, mut body, mut wanted) = (String::new(), false, false);
    let mut finish = |encoded: &mut String| {
        if let Ok(bytes) = base64::engine::general_purpose::STANDARD.decode(encoded.as_bytes()) {
            parts.push(bytes);
        }
        encoded.clear();
    };
    for line in message.lines().map(str::trim_end) {
        if line.starts_with("--") {
            if wanted && body {
                finish(&mut encoded);
            }
            (body, wanted) = (false, false);
        } else if body {
            if wanted {
                encoded.push_str(line.trim());
            }
        } else if line.is_empty() {
            body = true;
        } else {
            let line = line.to_ascii_lowercase();
            wanted |= line
                .strip_prefix("content-transfer-encoding:")
                .is_some_and(|v| v.trim().starts_with("base64"));
        }
    }
    if wanted && body {
        finish(&mut encoded);
    }
    parts
}

fn limited(reader: impl std::io::Read) -> Result<Vec<u8>, ReportError> {
    let mut out = Vec::new();
    let packed = |e: &dyn std::fmt::Display| ReportError::Packed(e.to_string());
    reader.take(MAX_BYTES + 1).read_to_end(&mut out).map_err(|e| packed(&e))?;
    if out.len() as u64 > MAX_BYTES { Err(packed(&format!("> {MAX_BYTES} bytes"))) } else { Ok(out) }
}

/// The first file of a zip archive (APPNOTE §4.3.7).
fn unzip(bytes: &[u8]) -> Result<Vec<u8>, ReportError> {
    let bad = || ReportError::Packed("zip".into());
    let word = |at: usize| {
        let pair: [u8; 2] = bytes.get(at..at + 2)?.try_into().ok()?;
        Some(usize::from(u16::from_le_bytes(pair)))
    };
    let method = word(8).ok_or_else(bad)?;
    let start = 30 + word(26).ok_or_else(bad)? + word(28).ok_or_else(bad)?;
    let data = bytes.get(start..).ok_or_else(bad)?;
    match method {
        0 => {
            let size: [u8; 4] = bytes.get(18..22).and_then(|s| s.try_into().ok()).ok_or_else(bad)?;
            let size = usize::try_from(u32::from_le_bytes(size)).map_err(|_| bad())?;
            data.get(..size).map(<[u8]>::to_vec).ok_or_else(bad)
        }
        8 => limited(flate2::read::DeflateDecoder::new(data)),
        _ => Err(bad()),
    }
}
