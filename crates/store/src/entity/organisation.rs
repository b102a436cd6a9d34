//! Organisations and their tree by date.

use super::table;

table! {
    /// An agency, a vendor, the service team.
    organisation = "organisation" of id {
        /// Short code for people, unique.
        code: String,
        /// Full name.
        name: String,
        /// `agency`, `vendor` or `team`.
        kind: String,
        /// The sector authority's field, for bodies under one.
        sector: Option<String>,
        /// When it was entered.
        created_at: crate::Timestamp,
    }
}

table! {
    /// One line of the closure table: `descendant` stands `depth` steps under `ancestor` during a span of days.
    path = "organisation_path" of descendant {
        /// The upper one.
        ancestor: Uuid,
        /// The lower one; the same at depth 0.
        descendant: Uuid,
        /// Steps between them.
        depth: i64,
        /// First day, `YYYY-MM-DD`.
        valid_from: String,
        /// First day on which it no longer holds; `9999-12-31` while it does.
        valid_until: String,
    }
}

table! {
    /// The data key of an agency, wrapped by the master key; its id is that of the agency.
    data_key = "data_key" of id {
        /// Nonce, ciphertext and tag.
        wrapped: Vec<u8>,
        /// When it was made.
        created_at: crate::Timestamp,
    }
}
