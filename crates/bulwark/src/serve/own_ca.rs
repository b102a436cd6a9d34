//! The certificate authority of an installation that has none: made on first start, for the names of this machine
//! alone (RFC 5280 §4.2.1.10), so that whoever trusts it trusts it for nothing else.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256, SanType, date_time_ymd,
};
use x509_parser::extensions::GeneralName;
use x509_parser::pem::Pem;

/// Days a server's certificate is valid; it is replaced without anyone's doing.
const LEAF_DAYS: i32 = 90;
/// Replaced when fewer are left.
const RENEW_DAYS: i64 = 30;
/// Years the authority is valid; whoever installed it in browsers has to do it again after that.
const AUTHORITY_YEARS: i16 = 10;

/// Where the files lie.
#[derive(Debug, Clone)]
pub struct Files {
    /// Certificate of the authority, to be handed out.
    pub authority: PathBuf,
    authority_key: PathBuf,
    /// The server's certificate.
    pub certificate: PathBuf,
    /// The server's key.
    pub key: PathBuf,
}

/// What was made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// Nothing.
    Nothing,
    /// The server's certificate.
    Certificate,
    /// Both: the authority has to be handed out.
    Authority,
}

impl Files {
    /// In the data folder.
    pub fn of(dir: &Path) -> Self {
        let file = |name: &str| dir.join("tls").join(name);
        let (authority, authority_key) = (file("ca.crt"), file("ca.key"));
        Self { authority, authority_key, certificate: file("server.crt"), key: file("server.key") }
    }

    /// Makes what is missing, ends soon or does not fit the names.
    ///
    /// # Errors
    /// What the system or the library said.
    pub fn ensure(&self, names: &BTreeSet<Name>, now: Timestamp) -> io::Result<Made> {
        if let Some(folder) = self.authority.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let authority = read(&self.authority).filter(|found| found.names == *names && found.lasts(now, 365));
        let authority = authority.is_some() && self.authority_key.is_file();
        let leaf =
            read(&self.certificate).filter(|found| found.names == *names && found.lasts(now, RENEW_DAYS));
        if authority && leaf.is_some() && self.key.is_file() {
            return Ok(Made::Nothing);
        }
        let today = jiff::tz::Offset::UTC.to_datetime(now).date();
        if !authority {
            self.make_authority(names, today)?;
        }
        self.make_certificate(names, today)?;
        Ok(if authority { Made::Certificate } else { Made::Authority })
    }

    fn make_authority(&self, names: &BTreeSet<Name>, today: Date) -> io::Result<()> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(io::Error::other)?;
        let mut params = authority(&key);
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: names.iter().map(Name::subtree).collect(),
            excluded_subtrees: Vec::new(),
        });
        valid(&mut params, today, today.saturating_add(AUTHORITY_YEARS.years()));
        let certificate = params.self_signed(&key).map_err(io::Error::other)?;
        write_whole(&self.authority_key, &key.serialize_pem())?;
        write_whole(&self.authority, &certificate.pem())
    }

    fn make_certificate(&self, names: &BTreeSet<Name>, today: Date) -> io::Result<()> {
        let authority_key =
            KeyPair::from_pem(&std::fs::read_to_string(&self.authority_key)?).map_err(io::Error::other)?;
        let issuer = Issuer::new(authority(&authority_key), authority_key);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(io::Error::other)?;
        let mut params = CertificateParams::default();
        params.distinguished_name.remove(DnType::CommonName);
        params.distinguished_name.push(DnType::CommonName, "Bulwark");
        params.subject_alt_names = names.iter().map(Name::alternative).collect::<Result<_, _>>()?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        valid(&mut params, today, today.saturating_add(LEAF_DAYS.days()));
        let certificate = params.signed_by(&key, &issuer).map_err(io::Error::other)?;
        write_whole(&self.key, &key.serialize_pem())?;
        write_whole(&self.certificate, &certificate.pem())
    }
}

/// A name or address the server is reached by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// A host name.
    Dns(String),
    /// An address.
    Address(IpAddr),
}

impl Name {
    /// From the host of an origin or of the system; `None` for what is neither.
    pub fn of(host: &str) -> Option<Self> {
        let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        if let Ok(address) = host.parse() {
            return Some(Self::Address(address));
        }
        let ok = host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
        (ok && !host.is_empty()).then_some(Self::Dns(host))
    }

    fn subtree(&self) -> GeneralSubtree {
        match self {
            Self::Dns(name) => GeneralSubtree::DnsName(name.clone()),
            Self::Address(address) => {
                let bits = if address.is_ipv4() { 32 } else { 128 };
                GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(*address, bits))
            }
        }
    }

    fn alternative(&self) -> io::Result<SanType> {
        Ok(match self {
            Self::Dns(name) => SanType::DnsName(name.as_str().try_into().map_err(io::Error::other)?),
            Self::Address(address) => SanType::IpAddress(*address),
        })
    }

    fn from_x509(name: &GeneralName<'_>) -> Option<Self> {
        match name {
            GeneralName::DNSName(name) => Some(Self::Dns((*name).to_owned())),
            // In a constraint, an address is followed by its mask.
            GeneralName::IPAddress(bytes @ ([_, _, _, _] | [_, _, _, _, 255, 255, 255, 255])) => {
                let address: [u8; 4] = bytes.get(..4)?.try_into().ok()?;
                Some(Self::Address(address.into()))
            }
            GeneralName::IPAddress(bytes) => {
                let address: [u8; 16] = bytes.get(..16)?.try_into().ok()?;
                Some(Self::Address(address.into()))
            }
            _ => None,
        }
    }
}

/// What a certificate says.
#[derive(Debug)]
pub struct Found {
    names: BTreeSet<Name>,
    /// When it ends.
    pub until: Timestamp,
}

impl Found {
    fn lasts(&self, now: Timestamp, days: i64) -> bool {
        self.until.duration_since(now).as_secs() > days * 86_400
    }
}

/// The first certificate of a PEM file; `None` when there is none that can be read.
pub fn read(path: &Path) -> Option<Found> {
    let text = std::fs::read(path).ok()?;
    let pem = Pem::iter_from_buffer(&text).next()?.ok()?;
    let certificate = pem.parse_x509().ok()?;
    let mut names = BTreeSet::new();
    if let Ok(Some(alternatives)) = certificate.subject_alternative_name() {
        names.extend(alternatives.value.general_names.iter().filter_map(Name::from_x509));
    }
    if let Ok(Some(constraints)) = certificate.name_constraints() {
        let permitted = constraints.value.permitted_subtrees.iter().flatten();
        names.extend(permitted.filter_map(|subtree| Name::from_x509(&subtree.base)));
    }
    let until = Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()?;
    Some(Found { names, until })
}

/// The authority of a key. Its name carries the key, so that two installations do not look alike.
fn authority(key: &KeyPair) -> CertificateParams {
    let hash = bulwark_bundle::Sha256::of(key.public_key_raw()).to_string();
    let mut params = CertificateParams::default();
    params.distinguished_name.remove(DnType::CommonName);
    params
        .distinguished_name
        .push(DnType::CommonName, format!("Bulwark CA {}", hash.get(..8).unwrap_or_default()));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// From the day before, for clocks that are a little behind.
fn valid(params: &mut CertificateParams, today: Date, until: Date) {
    let day = |date: Date| {
        date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    params.not_before = day(today.saturating_sub(1.day()));
    params.not_after = day(until);
}

/// A file of mode 0600, whole or not at all.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let part = path.with_extension("part");
    let _ = std::fs::remove_file(&part);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&part, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn names(all: &[&str]) -> BTreeSet<Name> {
        all.iter().filter_map(|name| Name::of(name)).collect()
    }

    #[test]
    fn certificates_are_made_once_and_again_when_they_end_or_the_name_changes() {
        let dir = tempfile::tempdir().expect("a folder");
        let files = Files::of(dir.path());
        let ours = names(&["localhost", "127.0.0.1", "[::1]", "bulwark.example.gov.tw"]);
        assert_eq!(ours.len(), 4);
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        let start = at("2026-11-25T00:00:00Z");
        assert_eq!(files.ensure(&ours, start).expect("made"), Made::Authority);
        let found = read(&files.certificate).expect("a certificate");
        assert_eq!((found.names, found.until), (ours.clone(), at("2027-02-23T00:00:00Z")));
        assert_eq!(read(&files.authority).expect("the authority").names, ours, "it is held to these names");
        assert_eq!(files.ensure(&ours, at("2027-01-20T00:00:00Z")).expect("fine"), Made::Nothing);
        let authority = std::fs::read(&files.authority).expect("there");
        assert_eq!(files.ensure(&ours, at("2027-01-25T00:00:00Z")).expect("renewed"), Made::Certificate);
        assert_eq!(std::fs::read(&files.authority).expect("there"), authority);
        let other = names(&["localhost", "other.example.gov.tw"]);
        assert_eq!(files.ensure(&other, start).expect("made"), Made::Authority);
        for path in [&files.key, &files.authority_key] {
            assert_eq!(std::fs::metadata(path).expect("there").permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_host_is_a_name_or_an_address() {
        assert_eq!(Name::of("[2001:db8::1]"), Some(Name::Address("2001:db8::1".parse().unwrap())));
        assert_eq!(Name::of("Bulwark.Example"), Some(Name::Dns("bulwark.example".into())));
        assert_eq!(Name::of("不是名稱"), None);
        assert_eq!(Name::of(""), None);
    }
}
