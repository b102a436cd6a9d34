//! The signed, deterministic container that carries plans and results between machines (format 1).
//!
//! A bundle is a strict POSIX ustar archive, so `tar tf` lists it. Its entries are, in this order:
//! `bulwark-bundle-1` (fixed text; the number is the major version, in the first bytes of the file),
//! `manifest.json` (what the bundle is and the hash of every record), `manifest.sig` (Ed25519 over
//! the manifest), then the records sorted by name bytewise, then exactly two blocks of zeros.
//! All metadata is fixed, the manifest has one accepted spelling, and nothing may follow, so every
//! byte of a file is either determined or covered by the signature: [`Reader::verify`] refuses a
//! file in which any single byte differs, and names the first bad record. A later major version
//! keeps the first tar header, so that this reader can say which version it met.
//!
//! A signature shows who made a bundle only if the key is known: call [`Reader::expect_signer`].
//!
//! ```
//! use bulwark_bundle::{Builder, Key, Limits, Reader, Sha256};
//! use std::io::Cursor;
//!
//! let key = Key::from_seed(&[7; 32]);
//! let plan = Sha256::of(b"the plan");
//! let mut builder = Builder::new(
//!     "application/vnd.bulwark.result+json",
//!     "2026-11-23T06:02:00Z".parse().expect("a time"),
//!     "bulwark 0.1.0",
//! );
//! builder.subject("portal").link("plan", plan).record("findings.json", "application/json", "[]");
//! let mut file = Vec::new();
//! builder.write(&key, &mut file)?;
//!
//! let mut reader = Reader::open(Cursor::new(file), &Limits::default())?;
//! reader.expect_signer(&[*key.public()])?;
//! reader.expect_link("plan", plan)?;
//! assert_eq!(reader.verify()?.records, 1);
//! assert_eq!(reader.read("findings.json", 1 << 20)?, b"[]");
//! let e = reader.expect_link("plan", Sha256::of(b"another plan")).expect_err("other hash");
//! assert_eq!(e.diagnostic("portal.bwr").code, "BW-BUNDLE-014");
//! # Ok::<(), bulwark_bundle::BundleError>(())
//! ```

mod builder;
mod error;
mod fuzz;
mod hash;
pub mod io;
mod key;
mod manifest;
mod name;
mod reader;
mod tar;

pub use builder::{Builder, Source, Summary};
pub use error::{BundleError, RecordAt, texts};
pub use fuzz::fuzz_reader;
pub use hash::Sha256;
pub use key::{Key, KeyId, PublicKey};
pub use manifest::{FORMAT, Manifest, Record};
pub use name::{NameFault, check_name};
pub use reader::{Limits, Reader, Verified};
