//! The audit log: an RFC 6962 tree over canonical JSON leaves, kept in a table and in a file, with signed roots.

mod checkpoint;
mod export;
mod file;
mod leaf;
pub(crate) mod log;
mod prove;
mod reason;
mod verified;
mod verify;

pub use checkpoint::{Checkpoint, ORIGIN};
pub(crate) use checkpoint::{Signer, secret_file};
pub(crate) use file::copy_file;
pub use export::{Export, export};
pub use leaf::Actor;
pub(crate) use leaf::{Entry, Moment};
pub use log::CHECKPOINT_EVERY;
pub use prove::{prove, prove_leaf};
pub use verified::Verified;
pub use verify::{Bad, Fault, Report, verify};
