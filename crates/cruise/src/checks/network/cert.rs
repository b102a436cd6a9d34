//! Certificates: chain, name, validity, strength.

use bulwark_i18n::args;
use bulwark_probe::cert::{self, Certificate, ChainProblem, Key, chain_order, matches_host};
use bulwark_probe::evidence::TlsHandshake;
use bulwark_probe::failure::{Code, Failure, Step};
use jiff::{SignedDuration, Timestamp};

use super::view::{both_dates, clip, day, excerpt, host_port};
use crate::check::{Case, Piece, Sheet};

const DAY_S: i64 = 86_400;
/// Days left that call for action at once, and for attention.
const URGENT_DAYS: i64 = 7;
const SOON_DAYS: i64 = 30;

/// Roots whose certificates Chrome no longer trusts when issued after a day, though other stores
/// still hold the roots: a part of the root's name, and the first moment concerned. Chrome goes by
/// the earliest certificate timestamp; `notBefore` stands for it here.
///
/// Chrome Root Program notices of 2024-06-27 (Entrust, AffirmTrust) and 2025-05-30 (Chunghwa
/// Telecom, Netlock).
const CHROME_DISTRUST: &[(&str, &str)] = &[
    ("ePKI Root Certification Authority", "2025-08-01T00:00:00Z"),
    ("HiPKI Root CA - G1", "2025-08-01T00:00:00Z"),
    ("NetLock Arany", "2025-08-01T00:00:00Z"),
    ("Entrust Root Certification Authority", "2024-11-12T00:00:00Z"),
    ("AffirmTrust", "2024-11-12T00:00:00Z"),
];

/// A handshake with its certificates read.
struct Shown<'a> {
    piece: Piece<'a, TlsHandshake>,
    host: String,
    leaf: Certificate,
    /// Leaf first; certificates that cannot be read are left out.
    chain: Vec<Certificate>,
}

impl Shown<'_> {
    /// One line a certificate.
    fn lines(&self) -> Vec<String> {
        let line = |(i, c): (usize, &Certificate)| {
            let end = c.not_after.map_or_else(|| "?".to_owned(), |t| t.to_string());
            format!("{i}: {} ← {} | {} | {end}", clip(&c.subject), clip(&c.issuer), key_word(&c.key))
        };
        self.chain.iter().enumerate().map(line).collect()
    }
}

fn key_word(key: &Key) -> String {
    if key.algorithm == "RSA" { format!("RSA {}", key.bits) } else { key.algorithm.clone() }
}

/// Handshakes whose leaf can be read; the others become an error line.
fn shown<'a>(case: &Case<'a>, sheet: &mut Sheet) -> Vec<Shown<'a>> {
    let mut out = Vec::new();
    for piece in case.tls_handshakes() {
        let host = host_port(&piece.body.host, piece.body.port);
        let mut chain = piece.body.chain.iter().map(|der| cert::parse(&der.0));
        let leaf = match chain.next() {
            Some(Ok(leaf)) => leaf,
            Some(Err(e)) => {
                sheet.error(&host, &Failure::new(Step::Decode, Code::BadAnswer, e.to_string())).from(&piece);
                continue;
            }
            None => {
                let failure = Failure::new(Step::Decode, Code::BadAnswer, "no certificate");
                sheet.error(&host, &failure).from(&piece);
                continue;
            }
        };
        let chain = std::iter::once(leaf.clone()).chain(chain.filter_map(Result::ok)).collect();
        out.push(Shown { piece, host, leaf, chain });
    }
    out
}

/// The root no longer trusted by Chrome that this chain leads to, if any.
fn distrusted(shown: &Shown<'_>) -> Option<&'static str> {
    let issued = shown.leaf.not_before?;
    CHROME_DISTRUST.iter().find_map(|(root, since)| {
        let since: Timestamp = since.parse().ok()?;
        let leads_there = shown.chain.iter().any(|c| c.issuer.contains(root) || c.subject.contains(root));
        (issued >= since && leads_there).then_some(*root)
    })
}

/// Order problems that some clients stumble over. A root sent along is only waste.
fn untidy(chain: &[Certificate]) -> Vec<String> {
    chain_order(chain)
        .into_iter()
        .filter_map(|p| match p {
            ChainProblem::LeafNotFirst => Some("leaf not first".to_owned()),
            ChainProblem::OutOfOrder { position } => Some(format!("#{position} out of order")),
            ChainProblem::Extra { position, subject } => {
                Some(format!("#{position} not needed: {}", clip(&subject)))
            }
            ChainProblem::Duplicate { position } => Some(format!("#{position} twice")),
            ChainProblem::Empty
            | ChainProblem::MissingIntermediate { .. }
            | ChainProblem::RootIncluded { .. } => None,
        })
        .collect()
}

/// `network.cert-chain`: the chain as sent leads to a root of the trust store (RFC 5280 §6), whole
/// and in order (RFC 8446 §4.4.2), and not to a root that Chrome has given up for new certificates.
///
/// Path building does not fetch missing intermediates, as browsers sometimes do: what passes here
/// passes for programs, too. A wrong name or date is the business of the neighbouring checks.
pub(super) fn chain(case: &Case<'_>, sheet: &mut Sheet) {
    for shown in shown(case, sheet) {
        let host = shown.host.as_str();
        let mut lines = shown.lines();
        let reason = shown.piece.body.trust_error.as_deref().unwrap_or_default();
        let says = |word: &str| reason.to_ascii_lowercase().starts_with(word);
        let values = args![
            host = host,
            issuer = clip(&shown.chain.last().unwrap_or(&shown.leaf).issuer),
            subject = clip(&shown.leaf.subject),
            count = shown.chain.len(),
        ];
        let entry = if reason.is_empty() || says("name mismatch") {
            let untidy = untidy(&shown.chain);
            if let Some(root) = distrusted(&shown) {
                sheet.fail(host, "browser_distrust", &args![host = host, root = root])
            } else if untidy.is_empty() {
                sheet.pass(host, "pass", &values)
            } else {
                lines.insert(0, untidy.join("; "));
                sheet.warn(host, "untidy", &values)
            }
        } else if reason.contains("trust store is empty") {
            sheet.not_tested(host, "no_store", &values)
        } else if says("expired") || says("not valid yet") {
            sheet.not_tested(host, "dates_first", &values)
        } else if says("revoked") {
            sheet.fail(host, "revoked", &values)
        } else if shown.leaf.self_signed {
            sheet.fail(host, "self_signed", &values)
        } else if says("unknown issuer") && shown.chain.len() == 1 {
            sheet.fail(host, "incomplete", &values)
        } else if says("unknown issuer") {
            sheet.fail(host, "unknown_issuer", &values)
        } else {
            sheet.fail(host, "invalid", &args![host = host, reason = clip(reason)])
        };
        if !reason.is_empty() {
            lines.insert(0, reason.to_owned());
        }
        entry.from(&shown.piece).excerpt(excerpt(lines));
    }
}

/// `network.cert-name`: a subject alternative name matches the host (RFC 9525 §6: the common name
/// no longer counts, `*` stands for one whole label).
pub(super) fn name(case: &Case<'_>, sheet: &mut Sheet) {
    for shown in shown(case, sheet) {
        let names = shown.leaf.alt_names.iter().take(8).map(|n| clip(n)).collect::<Vec<_>>().join(", ");
        let common = shown.leaf.common_name.as_deref().map(clip).unwrap_or_default();
        let values = args![host = shown.host, names = if names.is_empty() { "-".to_owned() } else { names }];
        let entry = if matches_host(&shown.leaf, &shown.piece.body.host) {
            sheet.pass(&shown.host, "pass", &values)
        } else if shown.leaf.alt_names.is_empty() {
            sheet.fail(&shown.host, "no_alt_name", &args![host = shown.host, common = common])
        } else {
            sheet.fail(&shown.host, "mismatch", &values)
        };
        let lines = shown.leaf.alt_names.iter().map(|n| format!("SAN {n}"));
        entry.from(&shown.piece).excerpt(excerpt(std::iter::once(format!("CN {common}")).chain(lines)));
    }
}

/// The bounds for a lifetime: (urgent, soon). For short lifetimes a sixth and a third of it, so
/// that a certificate of six days is not "about to expire" from its first hour.
fn bounds(lifetime: SignedDuration) -> (SignedDuration, SignedDuration) {
    let urgent = SignedDuration::from_secs(URGENT_DAYS * DAY_S);
    let soon = SignedDuration::from_secs(SOON_DAYS * DAY_S);
    let life = lifetime.max(SignedDuration::ZERO);
    (urgent.min(life / 6), soon.min(life / 3))
}

/// `network.cert-expiry`: valid now and for a while (RFC 5280 §4.1.2.5).
///
/// Fails when expired, not valid yet or with less than 7 days left; a warning below 30 days or one
/// third of the lifetime, whichever is less. The moment is that of the handshake. Intermediates
/// sent along are looked at when the leaf is fine: clients that do not know another path fail with
/// the earliest of them. Where a profile tells all paths, that is the business of `cert-paths`.
pub(super) fn expiry(case: &Case<'_>, sheet: &mut Sheet) {
    for shown in shown(case, sheet) {
        let now = shown.piece.record.started_at;
        let (Some(from), Some(until)) = (shown.leaf.not_before, shown.leaf.not_after) else {
            let failure = Failure::new(Step::Decode, Code::BadAnswer, shown.leaf.odd.join("; "));
            sheet.error(&shown.host, &failure).from(&shown.piece);
            continue;
        };
        let left = until.duration_since(now);
        let (urgent, soon) = bounds(until.duration_since(from));
        let days = left.as_secs().abs() / DAY_S;
        let (roc, iso) = both_dates(day(until));
        let values = args![host = shown.host, days = days, roc = roc, iso = iso];
        let entry = if left.is_negative() {
            sheet.fail(&shown.host, "expired", &values)
        } else if from > now {
            let (roc, iso) = both_dates(day(from));
            sheet.fail(&shown.host, "not_yet", &args![host = shown.host, roc = roc, iso = iso])
        } else if left < urgent {
            sheet.fail(&shown.host, "ending", &values)
        } else if left < soon {
            sheet.warn(&shown.host, "ending", &values)
        } else if let Some((issuer, end)) =
            early_intermediate(&shown, now).filter(|_| !super::cert_paths::tells_paths(case, &shown.host))
        {
            let (roc, iso) = both_dates(day(end));
            let values = args![host = shown.host, subject = clip(&issuer.subject), roc = roc, iso = iso];
            sheet.warn(&shown.host, "intermediate", &values)
        } else {
            sheet.pass(&shown.host, "pass", &values)
        };
        entry.from(&shown.piece).excerpt(format!("notBefore {from}\nnotAfter {until}\nchecked {now}"));
    }
}

/// The intermediate that ends first, when that is within 30 days.
fn early_intermediate<'s>(shown: &'s Shown<'_>, now: Timestamp) -> Option<(&'s Certificate, Timestamp)> {
    let limit = SignedDuration::from_secs(SOON_DAYS * DAY_S);
    shown
        .chain
        .iter()
        .skip(1)
        .filter(|c| !c.self_signed)
        .filter_map(|c| c.not_after.map(|end| (c, end)))
        .filter(|(_, end)| end.duration_since(now) < limit)
        .min_by_key(|(_, end)| *end)
}

/// How strong a key is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Strength {
    /// RSA of 3072 bits or more, EC of 256 or more, Edwards curves.
    Good,
    /// RSA of 2048 to 3071 bits: 112-bit security, allowed until 2030 (NIST SP 800-57).
    Enough,
    /// Less.
    Weak,
    /// Not a kind of key we know.
    Unknown,
}

/// Classes a key by algorithm and size.
pub(super) fn key_strength(key: &Key) -> Strength {
    let name = key.algorithm.as_str();
    match key.bits {
        _ if matches!(name, "Ed25519" | "Ed448") => Strength::Good,
        0 => Strength::Unknown,
        bits if name.starts_with("RSA") => match bits {
            3072.. => Strength::Good,
            2048.. => Strength::Enough,
            _ => Strength::Weak,
        },
        256.. if name.starts_with("EC") => Strength::Good,
        _ if name.starts_with("EC") || name.starts_with("DSA") => Strength::Weak,
        _ => Strength::Unknown,
    }
}

/// A signature whose digest is broken (MD2, MD5, SHA-1).
pub(super) fn weak_signature(algorithm: &str) -> bool {
    let name = algorithm.to_ascii_lowercase().replace(['-', '_'], "");
    // Also by OID: md5WithRSA, sha1WithRSA, ecdsa-with-SHA1, dsa-with-sha1.
    ["md2", "md5", "sha1with", "withsha1"].iter().any(|w| name.contains(w))
        || matches!(
            algorithm,
            "1.2.840.113549.1.1.2"
                | "1.2.840.113549.1.1.4"
                | "1.2.840.113549.1.1.5"
                | "1.2.840.10045.4.1"
                | "1.2.840.10040.4.3"
        )
}

/// `network.cert-strength`: RSA of 2048 bits or more (3072 is good), EC of 256 or more, signed with
/// SHA-256 or better (BR §6.1.5, §7.1.3.2).
///
/// The leaf and every intermediate count; the signature of a self-signed root proves nothing and is
/// not looked at.
pub(super) fn strength(case: &Case<'_>, sheet: &mut Sheet) {
    for shown in shown(case, sheet) {
        let host = shown.host.as_str();
        let authorities = || shown.chain.iter().skip(1).filter(|c| !c.self_signed);
        let weak_key = std::iter::once(&shown.leaf)
            .chain(authorities())
            .find(|c| key_strength(&c.key) == Strength::Weak);
        let weak_sig = std::iter::once(&shown.leaf)
            .filter(|c| !c.self_signed || shown.chain.len() == 1)
            .chain(authorities())
            .find(|c| weak_signature(&c.signature_algorithm));
        let key = key_word(&shown.leaf.key);
        let entry = if let Some(bad) = weak_key {
            let values = args![host = host, subject = clip(&bad.subject), key = key_word(&bad.key)];
            sheet.fail(host, "weak_key", &values)
        } else if let Some(bad) = weak_sig {
            let values =
                args![host = host, subject = clip(&bad.subject), signature = clip(&bad.signature_algorithm)];
            sheet.fail(host, "weak_signature", &values)
        } else {
            let values = args![host = host, key = key, signature = clip(&shown.leaf.signature_algorithm)];
            match key_strength(&shown.leaf.key) {
                Strength::Good => sheet.pass(host, "good", &values),
                Strength::Enough => sheet.pass(host, "enough", &values),
                Strength::Weak | Strength::Unknown => sheet.manual(host, "unknown", &values),
            }
        };
        let lines = shown
            .chain
            .iter()
            .map(|c| format!("{} | {} | {}", c.subject, key_word(&c.key), c.signature_algorithm));
        entry.from(&shown.piece).excerpt(excerpt(lines));
    }
}
