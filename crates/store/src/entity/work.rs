//! Work to be done, messages to be sent, evidence, settings.

use super::table;

table! {
    /// A job of the queue.
    job = "job" {
        /// What is to be done.
        kind: String,
        /// Its input, JSON.
        payload: String,
        /// Among unfinished jobs of a kind only one has this key.
        dedup_key: Option<String>,
        /// `ready`, `running`, `done` or `dead`.
        state: String,
        /// Not before then.
        run_at: crate::Timestamp,
        /// Tries so far.
        attempts: i64,
        /// Tries allowed.
        max_attempts: i64,
        /// Who runs it.
        worker: Option<String>,
        /// Until when it is theirs.
        lease_until: Option<crate::Timestamp>,
        /// What the last try said.
        last_error: Option<String>,
        /// When it was queued.
        created_at: crate::Timestamp,
    }
}

table! {
    /// A message that leaves after the transaction that wrote it.
    outbox = "outbox" {
        /// Its subject.
        topic: String,
        /// Its content, JSON.
        payload: String,
        /// When it was written.
        created_at: crate::Timestamp,
        /// When it was handed over.
        sent_at: Option<crate::Timestamp>,
    }
}

table! {
    /// A piece of evidence; the content lies in the evidence folder under its hash.
    evidence_object = "evidence_object" of organisation_id {
        /// Whose.
        organisation_id: Uuid,
        /// Name for people.
        name: String,
        /// SHA-256 of the content.
        sha256: String,
        /// Size of the content.
        size_bytes: i64,
        /// Media type.
        media_type: String,
        /// When it was kept.
        created_at: crate::Timestamp,
    }
}

table! {
    /// A setting of the installation.
    setting = "setting" {
        /// Its name, unique.
        key: String,
        /// Its value, JSON.
        value: String,
    }
}
