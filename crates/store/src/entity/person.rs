//! People, what they may do and how they prove who they are.

use super::table;

table! {
    /// A person with an account.
    person = "person" of organisation_id {
        /// Log-in name, unique.
        login: String,
        /// Name for people.
        name: String,
        /// The agency whose data key seals the columns of this row.
        organisation_id: Uuid,
        /// Mail address, sealed.
        email: Option<Vec<u8>>,
        /// When the account was entered.
        created_at: crate::Timestamp,
        /// Since when no log-in is possible.
        disabled_at: Option<crate::Timestamp>,
    }
}

table! {
    /// A role of a person in an organisation during a span of time.
    grant = "role_grant" of organisation_id {
        /// Who.
        person_id: Uuid,
        /// Code of the role.
        role: String,
        /// Where.
        organisation_id: Uuid,
        /// The sector looked after; only a sector authority has one.
        sector: Option<String>,
        /// From then on.
        valid_from: crate::Timestamp,
        /// Until then; open when empty.
        valid_until: Option<crate::Timestamp>,
    }
}

table! {
    /// A password, a TOTP secret, a passkey, or an account at an identity provider.
    credential = "credential" {
        /// Whose.
        person_id: Uuid,
        /// `password`, `totp`, `passkey` or `oidc`.
        kind: String,
        /// By what it is found at the door, unique: the id of a passkey, issuer and subject of a provider.
        external_id: Option<String>,
        /// Name given by the person.
        label: String,
        /// What is public: the PHC string of a password, the JSON of a passkey, the last step of a TOTP secret.
        data: Option<String>,
        /// What is secret, sealed: the TOTP secret.
        secret: Option<Vec<u8>>,
        /// When it was enrolled.
        created_at: crate::Timestamp,
        /// When it was last used.
        used_at: Option<crate::Timestamp>,
    }
}

table! {
    /// A key with which a person signs plans, bundles or checkpoints.
    signing_key = "signing_key" of organisation_id {
        /// Whose.
        person_id: Uuid,
        /// The organisation of the account.
        organisation_id: Uuid,
        /// SHA-256 of the public key, unique.
        key_id: String,
        /// The public key as one line.
        public_key: String,
        /// What it may sign.
        purpose: String,
        /// When it was enrolled.
        created_at: crate::Timestamp,
        /// Since when its signatures are refused.
        revoked_at: Option<crate::Timestamp>,
    }
}
