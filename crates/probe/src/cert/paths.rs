//! Every verified path from a leaf to a trusted certificate.
//!
//! Browsers and programs find different paths when an authority is cross-signed: the old root may be gone
//! while the new one lives on, or a client may know only the old one. So all paths are built, each by its
//! names, key identifiers and signatures (RFC 5280 §6.1.3), and their ends are told apart. Dates are not
//! part of the search: when a path ends is what we want to learn.

use jiff::Timestamp;
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};

use super::der::{self, Reader};
use super::{Certificate, names, parse};

/// Longest path, root counted.
const MAX_LENGTH: usize = 8;
/// Most paths.
const MAX_PATHS: usize = 32;
/// Most signatures verified: hostile chains must not cost us more.
const MAX_SIGNATURES: u32 = 200;

/// One verified path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// Subjects, leaf first, root last.
    pub subjects: Vec<String>,
    /// SHA-256 of the root, hex.
    pub root_sha256: String,
    /// End of the leaf.
    pub leaf_ends: Timestamp,
    /// The first end among the authorities, the root among them.
    pub authorities_end: Timestamp,
    /// Subject of the authority that ends first.
    pub first_to_end: String,
}

impl Path {
    /// When the path stops being usable.
    pub fn ends(&self) -> Timestamp {
        self.leaf_ends.min(self.authorities_end)
    }
}

/// The outcome of the search.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Verified paths.
    pub paths: Vec<Path>,
    /// A signature could not be verified because we do not know its algorithm.
    pub unknown_algorithm: bool,
}

/// A certificate with what verification needs.
struct Node {
    certificate: Certificate,
    signed: Vec<u8>,
    algorithm: String,
    signature: Vec<u8>,
    key: Vec<u8>,
}

/// Finds the verified paths of a chain (leaf first, DER) to the anchors (DER).
pub fn find(chain: &[Vec<u8>], anchors: &[Vec<u8>]) -> Found {
    let mut nodes = chain.iter().map(|der| node(der));
    let Some(Some(leaf)) = nodes.next() else { return Found::default() };
    let mut middle: Vec<Node> = Vec::new();
    for n in nodes.flatten() {
        // A root that was sent along is only as good as the trusted copy of it.
        let known = middle.iter().any(|m| m.certificate.sha256 == n.certificate.sha256);
        if n.certificate.is_ca && !n.certificate.self_signed && !known {
            middle.push(n);
        }
    }
    let anchors: Vec<Node> = anchors.iter().filter_map(|der| node(der)).collect();
    let mut search = Search { middle: &middle, anchors: &anchors, found: Found::default(), signatures: 0 };
    search.walk(&mut vec![&leaf]);
    search.found
}

/// The anchors that may have issued any certificate of the chains.
pub fn needed<'a, A: AsRef<[u8]>>(chains: &[Vec<Vec<u8>>], anchors: &'a [A]) -> Vec<&'a [u8]> {
    let issuers: Vec<Vec<u8>> =
        chains.iter().flatten().filter_map(|der| parse(der).ok()).map(|c| c.issuer_der).collect();
    let mut out: Vec<&[u8]> = Vec::new();
    for anchor in anchors {
        let der = anchor.as_ref();
        let wanted = subject(der).is_some_and(|s| issuers.iter().any(|i| i.as_slice() == s));
        if wanted && !out.contains(&der) {
            out.push(der);
        }
    }
    out
}

struct Search<'a> {
    middle: &'a [Node],
    anchors: &'a [Node],
    found: Found,
    signatures: u32,
}

impl<'a> Search<'a> {
    fn walk(&mut self, path: &mut Vec<&'a Node>)
    where
        Self: 'a,
    {
        let Some(last) = path.last().copied() else { return };
        for anchor in self.anchors {
            if self.found.paths.len() < MAX_PATHS && self.issued(last, anchor) {
                path.push(anchor);
                self.found.paths.extend(finished(path));
                path.pop();
            }
        }
        if path.len() + 1 >= MAX_LENGTH || self.found.paths.len() >= MAX_PATHS {
            return;
        }
        for next in self.middle {
            let used = path.iter().any(|n| n.certificate.sha256 == next.certificate.sha256);
            if !used && self.issued(last, next) {
                path.push(next);
                self.walk(path);
                path.pop();
            }
        }
    }

    fn issued(&mut self, child: &Node, parent: &Node) -> bool {
        if !child.certificate.issued_by(&parent.certificate) || self.signatures >= MAX_SIGNATURES {
            return false;
        }
        self.signatures += 1;
        let Some(algorithm) = algorithm(&child.algorithm, &parent.certificate.key.algorithm) else {
            self.found.unknown_algorithm = true;
            return false;
        };
        UnparsedPublicKey::new(algorithm, &parent.key).verify(&child.signed, &child.signature).is_ok()
    }
}

fn finished(path: &[&Node]) -> Option<Path> {
    let (leaf, authorities) = path.split_first()?;
    let (first, end) = authorities
        .iter()
        .map(|n| n.certificate.not_after.map(|end| (n, end)))
        .collect::<Option<Vec<_>>>()?
        .into_iter()
        .min_by_key(|(_, end)| *end)?;
    Some(Path {
        subjects: path.iter().map(|n| n.certificate.subject.clone()).collect(),
        root_sha256: authorities.last()?.certificate.sha256.clone(),
        leaf_ends: leaf.certificate.not_after?,
        authorities_end: end,
        first_to_end: first.certificate.subject.clone(),
    })
}

fn node(der: &[u8]) -> Option<Node> {
    let certificate = parse(der).ok()?;
    let mut outer = Reader(der).expect(der::SEQUENCE)?.items();
    let tbs = outer.expect(der::SEQUENCE)?;
    let algorithm = names::signature_algorithm(outer.expect(der::SEQUENCE)?);
    let signature = bits(outer.expect(der::BIT_STRING)?.body).to_vec();
    let mut fields = tbs.items();
    fields.expect(der::context(0));
    // serial, algorithm, issuer, validity, subject
    for _ in 0..5 {
        fields.next()?;
    }
    let mut spki = fields.expect(der::SEQUENCE)?.items();
    spki.expect(der::SEQUENCE)?;
    let key = bits(spki.expect(der::BIT_STRING)?.body).to_vec();
    Some(Node { certificate, signed: tbs.whole.to_vec(), algorithm, signature, key })
}

/// The subject of a certificate, raw, without reading the rest.
fn subject(der: &[u8]) -> Option<&[u8]> {
    let tbs = Reader(der).expect(der::SEQUENCE)?.items().expect(der::SEQUENCE)?;
    let mut fields = tbs.items();
    fields.expect(der::context(0));
    fields.nth(4).map(|t| t.whole)
}

/// The first octet of a bit string counts unused bits.
fn bits(body: &[u8]) -> &[u8] {
    body.get(1..).unwrap_or_default()
}

/// SHA-1 and shorter keys verify nothing today, so they make no path.
fn algorithm(signed_with: &str, key: &str) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match (signed_with, key) {
        ("sha256WithRSAEncryption", "RSA") => &signature::RSA_PKCS1_2048_8192_SHA256,
        ("sha384WithRSAEncryption", "RSA") => &signature::RSA_PKCS1_2048_8192_SHA384,
        ("sha512WithRSAEncryption", "RSA") => &signature::RSA_PKCS1_2048_8192_SHA512,
        ("RSASSA-PSS with SHA256", "RSA") => &signature::RSA_PSS_2048_8192_SHA256,
        ("RSASSA-PSS with SHA384", "RSA") => &signature::RSA_PSS_2048_8192_SHA384,
        ("RSASSA-PSS with SHA512", "RSA") => &signature::RSA_PSS_2048_8192_SHA512,
        ("ecdsa-with-SHA256", "EC P-256") => &signature::ECDSA_P256_SHA256_ASN1,
        ("ecdsa-with-SHA384", "EC P-256") => &signature::ECDSA_P256_SHA384_ASN1,
        ("ecdsa-with-SHA256", "EC P-384") => &signature::ECDSA_P384_SHA256_ASN1,
        ("ecdsa-with-SHA384", "EC P-384") => &signature::ECDSA_P384_SHA384_ASN1,
        ("Ed25519", "Ed25519") => &signature::ED25519,
        _ => return None,
    })
}
