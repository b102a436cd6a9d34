//! Doors: sessions, tokens, invitations, and who looked at what.

use super::table;

table! {
    /// A log-in. The token itself is never stored.
    session = "session" {
        /// SHA-256 of the token, unique.
        token_hash: String,
        /// Who.
        person_id: Uuid,
        /// The acting role.
        role: String,
        /// The acting organisation.
        organisation_id: Uuid,
        /// When it began.
        created_at: crate::Timestamp,
        /// When it ends by itself.
        expires_at: crate::Timestamp,
        /// The last renewed proof of identity.
        step_up_at: Option<crate::Timestamp>,
        /// Since when it is refused.
        revoked_at: Option<crate::Timestamp>,
    }
}

table! {
    /// A token of a program that acts for a person.
    api_token = "api_token" {
        /// SHA-256 of the token, unique.
        token_hash: String,
        /// For whom.
        person_id: Uuid,
        /// Name given by the person.
        label: String,
        /// Actions allowed, separated by spaces.
        scope: String,
        /// When it was made.
        created_at: crate::Timestamp,
        /// When it ends by itself.
        expires_at: crate::Timestamp,
        /// Since when it is refused.
        revoked_at: Option<crate::Timestamp>,
    }
}

table! {
    /// An invitation to an account.
    invitation = "invitation" {
        /// SHA-256 of the token of the link, unique.
        token_hash: String,
        /// Where to.
        organisation_id: Uuid,
        /// As what.
        role: String,
        /// When it was made.
        created_at: crate::Timestamp,
        /// When it ends by itself.
        expires_at: crate::Timestamp,
        /// When it was taken.
        used_at: Option<crate::Timestamp>,
    }
}

table! {
    /// One reading of protected data, shown to its owner.
    access_log = "access_log" {
        /// When.
        at: crate::Timestamp,
        /// Who.
        person_id: Option<Uuid>,
        /// The acting role.
        role: String,
        /// The acting organisation.
        organisation_id: Option<Uuid>,
        /// Whose data.
        owner_id: Uuid,
        /// What was read, `kind/id`.
        object: String,
        /// Which request.
        request_id: String,
    }
}
