//! Doors: sessions, tokens, one-time links, and who looked at what.

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
        /// How the person proved who they are: `passkey`, `password`, `oidc` or `link`.
        method: String,
        /// Browser and system, as the person would name them.
        agent: String,
        /// When it began.
        created_at: crate::Timestamp,
        /// When it was last used, exact to a minute.
        seen_at: crate::Timestamp,
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
        /// The acting role.
        role: String,
        /// The acting organisation.
        organisation_id: Uuid,
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
    /// A link that opens an account once: to enrol the first credential, or again after the last one was lost.
    link = "link" {
        /// SHA-256 of the token of the link, unique.
        token_hash: String,
        /// Whose account.
        person_id: Uuid,
        /// `first`, `invite` or `recover`.
        purpose: String,
        /// When it was made.
        created_at: crate::Timestamp,
        /// When it ends by itself.
        expires_at: crate::Timestamp,
        /// When it was taken or called back.
        used_at: Option<crate::Timestamp>,
    }
}

table! {
    /// A form that was sent: the same form sent again finds what the first sending did.
    once = "once" {
        /// SHA-256 of person and form token, unique.
        key_hash: String,
        /// Where the first sending led to.
        location: String,
        /// When it was sent.
        created_at: crate::Timestamp,
    }
}

table! {
    /// One reading of protected data, shown to its owner.
    access_log = "access_log" of owner_id {
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
