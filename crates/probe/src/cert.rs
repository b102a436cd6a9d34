//! X.509 certificates (RFC 5280), host matching (RFC 9525) and chain order (RFC 8446 §4.4.2).
//!
//! Fields are read by a tolerant DER walk, so that a certificate with one bad part still shows
//! the rest; x509-parser then reads the same bytes strictly and its complaint, if any, becomes
//! one of the [`Certificate::odd`] notes.

mod der;
mod names;
pub mod ocsp;
pub mod paths;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bulwark_model::Text;
use jiff::Timestamp;

use self::der::{Reader, Tlv};

/// A certificate as far as it can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Subject, `CN=…, O=…, C=…` in the order of the certificate.
    pub subject: String,
    /// Issuer, in the same form.
    pub issuer: String,
    /// Most specific common name of the subject.
    pub common_name: Option<String>,
    /// DNS names and IP addresses of the subject alternative name, lower case, in order.
    pub alt_names: Vec<String>,
    /// Start of validity; `None` when unreadable.
    pub not_before: Option<Timestamp>,
    /// End of validity; `None` when unreadable.
    pub not_after: Option<Timestamp>,
    /// Serial in lower-case hex.
    pub serial: String,
    /// Public key.
    pub key: Key,
    /// Signature algorithm, for example `sha256WithRSAEncryption` or a dotted OID.
    pub signature_algorithm: String,
    /// Basic constraints say CA.
    pub is_ca: bool,
    /// Subject equals issuer.
    pub self_signed: bool,
    /// SHA-256 of the DER, lower-case hex.
    pub sha256: String,
    /// Signed certificate timestamps embedded (RFC 6962 §3.3).
    pub sct_count: u32,
    /// TLS feature "must staple" (RFC 7633).
    pub must_staple: bool,
    /// Subject key identifier, hex.
    pub subject_key_id: Option<String>,
    /// Authority key identifier, hex.
    pub authority_key_id: Option<String>,
    /// OCSP responders (authority information access).
    pub ocsp_urls: Vec<String>,
    /// Certificate policies, dotted.
    pub policies: Vec<String>,
    /// What is odd about the encoding, in English.
    pub odd: Vec<String>,
    dns_names: Vec<String>,
    addresses: Vec<IpAddr>,
    subject_der: Vec<u8>,
    issuer_der: Vec<u8>,
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// `RSA`, `EC P-256`, `Ed25519`, … or a dotted OID.
    pub algorithm: String,
    /// Bits of the modulus or curve; 0 when unknown.
    pub bits: u32,
}

/// The bytes are not a certificate at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a certificate: {0}")]
pub struct CertError(pub String);

/// What is wrong with the order or completeness of a chain as sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainProblem {
    /// No certificate was sent.
    Empty,
    /// The first certificate is a CA although the leaf is there, further down.
    LeafNotFirst,
    /// The certificate at this position is sent before the one it certifies.
    OutOfOrder {
        /// Position from 0.
        position: usize,
    },
    /// The issuer of the leaf is not sent, so browsers that do not know it cannot build a path. (A missing
    /// root is fine and not reported.)
    MissingIntermediate {
        /// Position from 0 of the certificate whose issuer is missing.
        position: usize,
        /// Name of the missing issuer.
        issuer: String,
    },
    /// A certificate that no link needs.
    Extra {
        /// Position from 0.
        position: usize,
        /// Its subject.
        subject: String,
    },
    /// The same certificate twice.
    Duplicate {
        /// Position from 0 of the second.
        position: usize,
    },
    /// The self-signed root is sent along (allowed, only wasteful).
    RootIncluded {
        /// Position from 0.
        position: usize,
    },
}

impl ChainProblem {
    /// The problem in words; positions count from 1.
    pub fn text(&self) -> Text {
        match self {
            Self::Empty => Text::new("沒有送出任何憑證", "no certificate was sent"),
            Self::LeafNotFirst => {
                Text::new("第一張不是伺服器憑證", "the first certificate is not that of the server")
            }
            Self::OutOfOrder { position } => Text::new(
                format!("第 {} 張憑證排在它所簽發的憑證之前", position + 1),
                format!("certificate {} comes before the one it certifies", position + 1),
            ),
            Self::MissingIntermediate { issuer, .. } => Text::new(
                format!("缺少中繼憑證：{issuer}"),
                format!("intermediate certificate missing: {issuer}"),
            ),
            Self::Extra { position, subject } => Text::new(
                format!("第 {} 張憑證用不到：{subject}", position + 1),
                format!("certificate {} is not needed: {subject}", position + 1),
            ),
            Self::Duplicate { position } => Text::new(
                format!("第 {} 張憑證重複", position + 1),
                format!("certificate {} is a duplicate", position + 1),
            ),
            Self::RootIncluded { position } => Text::new(
                format!("第 {} 張是根憑證，不需送出", position + 1),
                format!("certificate {} is the root and need not be sent", position + 1),
            ),
        }
    }
}

impl Certificate {
    /// Signed with a hash that is broken (MD2, MD5, SHA-1; RFC 9155, CA/B Forum BR §7.1.3.2).
    pub fn weak_signature(&self) -> bool {
        let name = self.signature_algorithm.to_ascii_lowercase();
        ["md2", "md5", "sha1with", "with-sha1", "with sha1"].iter().any(|weak| name.contains(weak))
    }

    /// Issued under the rules for publicly trusted servers: a policy of the CA/Browser Forum, which every
    /// such certificate names (BR §7.1.2.7.9).
    pub fn publicly_issued(&self) -> bool {
        !self.self_signed && self.policies.iter().any(|p| p.starts_with("2.23.140.1."))
    }

    /// Days of validity, when both dates are readable.
    pub fn lifetime_days(&self) -> Option<i64> {
        Some((self.not_after?.as_second() - self.not_before?.as_second()) / 86_400)
    }

    /// Whether `parent` may have issued this one, by names and key identifiers (RFC 5280 §6.1, §4.2.1.1).
    pub fn issued_by(&self, parent: &Self) -> bool {
        let ids_agree = match (&self.authority_key_id, &parent.subject_key_id) {
            (Some(authority), Some(subject)) => authority == subject,
            _ => true,
        };
        self.issuer_der == parent.subject_der && ids_agree
    }
}

/// Reads a certificate in DER. Only bytes that are not even two nested sequences are an error; anything
/// less wrong gives a certificate with [`Certificate::odd`] notes.
pub fn parse(bytes: &[u8]) -> Result<Certificate, CertError> {
    let mut top = Reader(bytes);
    let outer = top.expect(der::SEQUENCE).ok_or_else(|| CertError("no outer SEQUENCE".into()))?;
    let mut outer_fields = outer.items();
    let tbs = outer_fields.expect(der::SEQUENCE).ok_or_else(|| CertError("no TBSCertificate".into()))?;
    let mut odd = Vec::new();
    if !top.0.is_empty() {
        odd.push(format!("{} bytes after the certificate", top.0.len()));
    }
    let outer_algorithm = outer_fields.expect(der::SEQUENCE);

    let mut f = tbs.items();
    let version =
        f.expect(der::context(0)).and_then(|v| v.items().next()).and_then(|v| v.body.last().copied());
    let serial = f.expect(der::INTEGER).map_or(&[][..], |t| t.body);
    check_serial(serial, &mut odd);
    let inner_algorithm = f.expect(der::SEQUENCE);
    let issuer_tlv = f.expect(der::SEQUENCE);
    let validity = f.expect(der::SEQUENCE);
    let subject_tlv = f.expect(der::SEQUENCE);
    let spki = f.expect(der::SEQUENCE);
    if spki.is_none() {
        odd.push("fields are missing or out of order".into());
    }
    if outer_algorithm.map(|t| t.whole) != inner_algorithm.map(|t| t.whole) {
        odd.push("the two signature algorithms differ (RFC 5280 §4.1.1.2)".into());
    }
    let name = |t: Option<Tlv<'_>>| t.map(names::name).unwrap_or_default();
    let (issuer, subject) = (name(issuer_tlv), name(subject_tlv));
    odd.extend(issuer.odd.iter().map(|o| format!("issuer: {o}")));
    odd.extend(subject.odd.iter().map(|o| format!("subject: {o}")));

    let mut times = validity.map_or(Reader(&[]), Tlv::items);
    let mut date = |what: &str| {
        let tlv = times.next();
        let time = tlv.and_then(der::time);
        if time.is_none() {
            let raw = tlv.map(|t| String::from_utf8_lossy(t.body).into_owned()).unwrap_or_default();
            odd.push(format!("{what} is not a date: `{}`", raw.escape_debug()));
        }
        time
    };
    let (not_before, not_after) = (date("notBefore"), date("notAfter"));
    if let (Some(start), Some(end)) = (not_before, not_after)
        && end < start
    {
        odd.push("it ends before it begins".into());
    }

    let raw = |t: Option<Tlv<'_>>| t.map(|t| t.whole.to_vec()).unwrap_or_default();
    let mut certificate = Certificate {
        subject: subject.text,
        issuer: issuer.text,
        common_name: subject.common,
        alt_names: Vec::new(),
        not_before,
        not_after,
        serial: der::hex(serial),
        key: spki.map_or_else(|| Key { algorithm: String::new(), bits: 0 }, names::key),
        signature_algorithm: outer_algorithm
            .or(inner_algorithm)
            .map(names::signature_algorithm)
            .unwrap_or_default(),
        is_ca: false,
        self_signed: subject_tlv.is_some() && subject_tlv.map(|t| t.whole) == issuer_tlv.map(|t| t.whole),
        sha256: der::hex(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref()),
        sct_count: 0,
        must_staple: false,
        subject_key_id: None,
        authority_key_id: None,
        ocsp_urls: Vec::new(),
        policies: Vec::new(),
        odd,
        dns_names: Vec::new(),
        addresses: Vec::new(),
        subject_der: raw(subject_tlv),
        issuer_der: raw(issuer_tlv),
    };
    let extensions = f.find(|t| t.tag == der::context(3)).and_then(|t| t.items().next());
    if extensions.is_some() && version != Some(2) {
        certificate.odd.push("extensions need version 3 (RFC 5280 §4.1.2.1)".into());
    }
    let mut seen = Vec::new();
    for extension in extensions.map_or(Reader(&[]), Tlv::items) {
        let mut fields = extension.items();
        let Some(oid) = fields.expect(der::OID).map(|t| der::oid(t.body)) else { continue };
        let _critical = fields.expect(der::BOOLEAN);
        let Some(value) = fields.expect(der::OCTET_STRING) else { continue };
        if seen.contains(&oid) {
            certificate.odd.push(format!("extension {oid} twice (RFC 5280 §4.2)"));
        } else {
            read_extension(&mut certificate, &oid, value.body);
        }
        seen.push(oid);
    }
    if let Err(e) = x509_parser::parse_x509_certificate(bytes) {
        certificate.odd.push(format!("strict reading fails: {e}"));
    }
    Ok(certificate)
}

fn check_serial(serial: &[u8], odd: &mut Vec<String>) {
    if serial.first().is_some_and(|b| b & 0x80 != 0) {
        odd.push("negative serial (RFC 5280 §4.1.2.2)".into());
    }
    if serial.iter().all(|b| *b == 0) {
        odd.push("serial is zero or missing (RFC 5280 §4.1.2.2)".into());
    }
    if serial.len() > 20 {
        odd.push("serial longer than 20 octets (RFC 5280 §4.1.2.2)".into());
    }
}

fn read_extension(certificate: &mut Certificate, oid: &str, value: &[u8]) {
    let first = Reader(value).next();
    let items = || first.map_or(Reader(&[]), Tlv::items);
    match oid {
        "2.5.29.14" => certificate.subject_key_id = first.map(|t| der::hex(t.body)),
        "2.5.29.17" => read_alt_names(certificate, items()),
        "2.5.29.19" => {
            certificate.is_ca =
                items().expect(der::BOOLEAN).is_some_and(|b| b.body.first().is_some_and(|v| *v != 0));
        }
        "2.5.29.32" => {
            let oid = |policy: Tlv<'_>| policy.items().expect(der::OID).map(|t| der::oid(t.body));
            certificate.policies = items().filter_map(oid).collect();
        }
        "2.5.29.35" => certificate.authority_key_id = items().expect(0x80).map(|t| der::hex(t.body)),
        "1.3.6.1.5.5.7.1.1" => {
            for access in items() {
                let mut fields = access.items();
                let method = fields.expect(der::OID).map(|t| der::oid(t.body));
                if let (Some("1.3.6.1.5.5.7.48.1"), Some(url)) = (method.as_deref(), fields.expect(0x86)) {
                    certificate.ocsp_urls.push(String::from_utf8_lossy(url.body).into_owned());
                }
            }
        }
        "1.3.6.1.5.5.7.1.24" => {
            certificate.must_staple = items().any(|t| t.tag == der::INTEGER && t.body == [5]);
        }
        "1.3.6.1.4.1.11129.2.4.2" => certificate.sct_count = first.map_or(0, |t| count_scts(t.body)),
        _ => {}
    }
}

/// RFC 5280 §4.2.1.6.
fn read_alt_names(certificate: &mut Certificate, names: Reader<'_>) {
    for name in names {
        match name.tag {
            0x82 => {
                let text = String::from_utf8_lossy(name.body).to_ascii_lowercase();
                if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()) {
                    certificate
                        .odd
                        .push(format!("alternative name `{}` is no DNS name", text.escape_debug()));
                }
                certificate.alt_names.push(text.clone());
                certificate.dns_names.push(text);
            }
            0x87 => {
                let v4 = <[u8; 4]>::try_from(name.body).map(|b| IpAddr::V4(Ipv4Addr::from(b)));
                let v6 = <[u8; 16]>::try_from(name.body).map(|b| IpAddr::V6(Ipv6Addr::from(b)));
                if let Ok(address) = v4.or(v6) {
                    certificate.alt_names.push(address.to_string());
                    certificate.addresses.push(address);
                } else {
                    certificate.odd.push(format!("alternative address of {} octets", name.body.len()));
                }
            }
            _ => {}
        }
    }
}

/// RFC 6962 §3.3: a list of length-prefixed timestamps.
pub fn count_scts(list: &[u8]) -> u32 {
    let mut rest = list.get(2..).unwrap_or_default();
    let mut count = 0;
    while let [a, b, tail @ ..] = rest {
        let Some(after) = tail.get(usize::from(u16::from_be_bytes([*a, *b]))..) else { break };
        rest = after;
        count += 1;
    }
    count
}

/// Whether the certificate is for `host` (a name in either form, or an address): RFC 9525 §6, subject
/// alternative names only, `*` only as the whole left-most label and not right below a top-level domain.
pub fn matches_host(certificate: &Certificate, host: &str) -> bool {
    let ascii = match crate::dns::host(host) {
        Ok(crate::dns::Host::Address(address)) => return certificate.addresses.contains(&address),
        Ok(crate::dns::Host::Name(name)) => name.ascii,
        // Names with `_` are no host names, yet some certificates have them.
        Err(_) => host.trim_end_matches('.').to_ascii_lowercase(),
    };
    let matches = |pattern: &String| {
        let pattern = pattern.strip_suffix('.').unwrap_or(pattern);
        match pattern.strip_prefix("*.") {
            None => !pattern.contains('*') && pattern == ascii,
            Some(base) => {
                let below = ascii.split_once('.').map(|(_, rest)| rest);
                base.contains('.') && !base.contains('*') && below == Some(base)
            }
        }
    };
    !ascii.is_empty() && certificate.dns_names.iter().any(matches)
}

/// What is wrong with the order of a chain, leaf first expected (RFC 8446 §4.4.2; RFC 5246 §7.4.2 asks
/// for strict order).
pub fn chain_order(chain: &[Certificate]) -> Vec<ChainProblem> {
    let Some(first) = chain.first() else { return vec![ChainProblem::Empty] };
    let mut problems = Vec::new();
    let leaf_at = if first.is_ca { chain.iter().position(|c| !c.is_ca).unwrap_or(0) } else { 0 };
    if leaf_at != 0 {
        problems.push(ChainProblem::LeafNotFirst);
    }
    let duplicate = |at: usize, c: &Certificate| chain.iter().take(at).any(|other| other.sha256 == c.sha256);
    // Walk up from the leaf; the certificate right behind is preferred among several possible issuers.
    let mut path = vec![leaf_at];
    let mut current = chain.get(leaf_at).unwrap_or(first);
    while !current.self_signed {
        let behind = path.last().map_or(0, |p| p + 1);
        let free = |i: &usize| !path.contains(i) && chain.get(*i).is_some_and(|c| !duplicate(*i, c));
        let issuer = |i: &usize| free(i) && chain.get(*i).is_some_and(|c| current.issued_by(c));
        let found = (behind..chain.len()).chain(0..behind).find(issuer);
        let Some((at, next)) = found.and_then(|i| chain.get(i).map(|c| (i, c))) else { break };
        path.push(at);
        current = next;
    }
    if leaf_at == 0 {
        for pair in path.windows(2) {
            if let [child, parent] = *pair
                && parent < child
            {
                problems.push(ChainProblem::OutOfOrder { position: parent });
            }
        }
    }
    for (position, certificate) in chain.iter().enumerate() {
        if duplicate(position, certificate) {
            problems.push(ChainProblem::Duplicate { position });
        } else if !path.contains(&position) {
            problems.push(ChainProblem::Extra { position, subject: certificate.subject.clone() });
        }
    }
    match path.as_slice() {
        [only] if !current.self_signed => {
            problems
                .push(ChainProblem::MissingIntermediate { position: *only, issuer: current.issuer.clone() });
        }
        [_, .., root] if current.self_signed => problems.push(ChainProblem::RootIncluded { position: *root }),
        _ => {}
    }
    problems
}

/// Entry point for fuzzing and property tests.
pub fn fuzz_cert(data: &[u8]) {
    let _ = ocsp::parse(data);
    let _ = paths::find(&[data.to_vec(), data.to_vec()], &[data.to_vec()]);
    if let Ok(certificate) = parse(data) {
        let _ = matches_host(&certificate, "www.example.tw");
        let _ = (certificate.lifetime_days(), certificate.weak_signature());
        let _ = chain_order(&[certificate.clone(), certificate]);
    }
}

#[cfg(test)]
mod tests;
