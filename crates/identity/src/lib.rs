//! How a person proves who they are: passkeys first, one-time codes second, passwords for those who have neither yet,
//! and the identity provider of their agency.
//!
//! Pure: time comes in as a value, no socket is opened, and what must wait between two requests is a value that the
//! caller keeps (in a [`Pending`] room). Randomness is the system's, through ring; only the 128-bit challenges of
//! passkeys are drawn by the WebAuthn library from its own generator, which the system seeds as well.
//!
//! Why something was refused is known exactly ([`passkey::PasskeyError`] and its sisters, for the audit log and for
//! the settings of a signed-in person); whoever is *not* signed in reads only [`refused`], one sentence for all of
//! it, so that nobody learns which accounts exist (ASVS 5.0.0 V6.3.8).

pub mod breached;
mod error;
pub mod oidc;
pub mod passkey;
pub mod password;
mod pending;
mod random;
pub mod totp;

pub use error::{refused, texts};
pub use pending::{Ceremony, Pending, Ticket};
pub use random::RandomFailed;
