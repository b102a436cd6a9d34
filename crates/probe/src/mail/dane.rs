//! TLSA records (RFC 6698) as mail uses them (RFC 7672).

use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::dnssec::tlsa_matches;

/// A TLSA record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tlsa {
    /// 2 is a trust anchor, 3 the server's own certificate; 0 and 1 are not for mail.
    pub usage: u8,
    /// 0 the certificate, 1 its public key.
    pub selector: u8,
    /// 0 as it is, 1 SHA-256, 2 SHA-512.
    pub matching: u8,
    /// What is compared.
    pub association: Vec<u8>,
}

impl Tlsa {
    /// Reads the data of a record.
    pub fn read(data: &[u8]) -> Option<Self> {
        let [usage, selector, matching, association @ ..] = data else { return None };
        let (usage, selector, matching) = (*usage, *selector, *matching);
        Some(Self { usage, selector, matching, association: association.to_vec() })
    }

    /// Whether senders of mail use the record: DANE-TA or DANE-EE with known numbers and a digest
    /// of the right length (RFC 7672 §3.1).
    pub fn usable(&self) -> bool {
        let length = self.association.len();
        matches!(self.usage, 2 | 3)
            && self.selector <= 1
            && matches!((self.matching, length), (0, 1..) | (1, 32) | (2, 64))
    }

    /// Whether the record fits the certificates a server sent, leaf first: DANE-EE the leaf,
    /// DANE-TA one that issued it.
    pub fn fits(&self, chain: &[&[u8]]) -> bool {
        let one = |der: &[u8]| {
            let Ok((_, certificate)) = X509Certificate::from_der(der) else { return false };
            let key = certificate.tbs_certificate.subject_pki.raw;
            tlsa_matches(self.selector, self.matching, &self.association, der, key) == Some(true)
        };
        match self.usage {
            3 => chain.first().is_some_and(|leaf| one(leaf)),
            2 => chain.iter().skip(1).any(|der| one(der)),
            _ => false,
        }
    }
}

/// `3 1 1 abcd…` as in a zone file, long data cut.
impl std::fmt::Display for Tlsa {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {} ", self.usage, self.selector, self.matching)?;
        for b in self.association.iter().take(16) {
            write!(f, "{b:02x}")?;
        }
        if self.association.len() > 16 { f.write_str("…") } else { Ok(()) }
    }
}
