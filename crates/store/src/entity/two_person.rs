//! Acts that need two people, and emergency access.

use super::table;

table! {
    /// An act that someone asked for and a second person decides on.
    pending_act = "pending_act" of owner_id {
        /// Code of the act.
        action: String,
        /// What it is about, `kind/id`.
        object: String,
        /// The organisation whose matter it is.
        owner_id: Uuid,
        /// What is to be done, canonical JSON.
        payload: String,
        /// Why, in the words of the first person.
        reason: String,
        /// The first person.
        asked_by: Uuid,
        /// The role the first person acted in.
        asked_as: String,
        /// When it was asked for.
        created_at: crate::Timestamp,
        /// When it ends undecided.
        expires_at: crate::Timestamp,
        /// `waiting`, `done`, `refused` or `withdrawn`.
        state: String,
        /// The second person, or the first when withdrawn.
        decided_by: Option<Uuid>,
        /// When it was decided.
        decided_at: Option<crate::Timestamp>,
    }
}

table! {
    /// An emergency access of one person to the content of one organisation.
    break_glass = "break_glass" of owner_id {
        /// Whose content.
        owner_id: Uuid,
        /// Who reads.
        person_id: Uuid,
        /// Who confirmed.
        confirmed_by: Uuid,
        /// Why, as the organisation is told.
        reason: String,
        /// First moment in force.
        valid_from: crate::Timestamp,
        /// First moment no longer in force.
        valid_until: crate::Timestamp,
    }
}
