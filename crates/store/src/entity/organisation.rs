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
        /// Object identifier (X.660), unique.
        oid: Option<String>,
        /// `public` or `specific_non_public`.
        class: Option<String>,
        /// Responsibility level, `A` to `E`.
        level: Option<String>,
        /// County or city, by which closures are told.
        county: Option<String>,
        /// First day on which it no longer exists, `YYYY-MM-DD`.
        ended_on: Option<String>,
        /// The one that took its place.
        successor: Option<Uuid>,
    }
}

impl organisation::Model {
    /// A new one of which no more is known.
    pub const fn new(
        id: uuid::Uuid,
        code: String,
        name: String,
        kind: String,
        created_at: crate::Timestamp,
    ) -> Self {
        Self {
            id,
            version: 1,
            code,
            name,
            kind,
            sector: None,
            created_at,
            oid: None,
            class: None,
            level: None,
            county: None,
            ended_on: None,
            successor: None,
        }
    }
}

table! {
    /// A name that an organisation had until a day.
    name = "organisation_name" of organisation_id {
        /// Whose.
        organisation_id: Uuid,
        /// Full name.
        name: String,
        /// First day; `None` when it held before anything was on record.
        valid_from: Option<String>,
        /// First day of the next name, `YYYY-MM-DD`.
        valid_until: String,
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
