//! The first schema: organisations, people, doors, work, audit.

use super::Migration;

pub(super) const MIGRATION: Migration =
    Migration { name: "m20261125_000001_foundation", shared: SHARED, sqlite: SQLITE, postgres: POSTGRES };

const SHARED: &[&str] = &[
    "CREATE TABLE organisation (
        id {uuid} PRIMARY KEY NOT NULL, version BIGINT NOT NULL, code TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
        kind TEXT NOT NULL, sector TEXT, created_at BIGINT NOT NULL)",
    "CREATE TABLE organisation_path (
        id {uuid} PRIMARY KEY NOT NULL, version BIGINT NOT NULL,
        ancestor {uuid} NOT NULL REFERENCES organisation (id), descendant {uuid} NOT NULL REFERENCES organisation (id),
        depth BIGINT NOT NULL, valid_from TEXT NOT NULL, valid_until TEXT NOT NULL,
        UNIQUE (ancestor, descendant, valid_from))",
    "CREATE INDEX organisation_path_up ON organisation_path (descendant, valid_until)",
    "CREATE TABLE data_key (
        id {uuid} PRIMARY KEY NOT NULL REFERENCES organisation (id), version BIGINT NOT NULL, wrapped {blob} NOT NULL,
        created_at BIGINT NOT NULL)",
    "CREATE TABLE person (
        id {uuid} PRIMARY KEY NOT NULL, version BIGINT NOT NULL, login TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
        organisation_id {uuid} NOT NULL REFERENCES organisation (id), email {blob}, created_at BIGINT NOT NULL,
        disabled_at BIGINT)",
    "CREATE TABLE role_grant (
        id {uuid} PRIMARY KEY NOT NULL, version BIGINT NOT NULL, person_id {uuid} NOT NULL REFERENCES person (id),
        role TEXT NOT NULL, organisation_id {uuid} NOT NULL REFERENCES organisation (id), sector TEXT,
        valid_from BIGINT NOT NULL, valid_until BIGINT)",
    "CREATE INDEX role_grant_person ON role_grant (person_id)",
    "CREATE INDEX role_grant_organisation ON role_grant (organisation_id)",
    "CREATE INDEX person_organisation ON person (organisation_id)",
    "CREATE TABLE credential (
        id {uuid} PRIMARY KEY NOT NULL, version BIGINT NOT NULL, person_id {uuid} NOT NULL REFERENCES person (id),
        kind TEXT NOT NULL, external_id TEXT UNIQUE, label TEXT NOT NULL, data TEXT, secret {blob}, created_at BIGINT NOT NULL, used_at BIGINT)",
    "CREATE INDEX credential_person ON credential (person_id)",
    "CREATE TABLE signing_key (
        id {uuid} PRIMARY KEY NOT NULL, version BIGINT NOT NULL, person_id {uuid} NOT NULL REFERENCES person (id),
        organisation_id {uuid} NOT NULL REFERENCES organisation (id), key_id TEXT NOT NULL UNIQUE, public_key TEXT NOT NULL, purpose TEXT NOT NULL, created_at BIGINT NOT NULL,
        revoked_at BIGINT)",
    "CREATE TABLE session (
        id {uuid} PRIMARY KEY NOT NULL, version BIGINT NOT NULL, token_hash TEXT NOT NULL UNIQUE,
        person_id {uuid} NOT NULL REFERENCES person (id), role TEXT NOT NULL,
        organisation_id {uuid} NOT NULL REFERENCES organisation (id), method TEXT NOT NULL, agent TEXT NOT NULL,
        created_at BIGINT NOT NULL, seen_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, step_up_at BIGINT,
        revoked_at BIGINT)",
    "CREATE INDEX session_person ON session (person_id)",
    "CREATE TABLE api_token (
        id {uuid} PRIMARY KEY NOT NULL, version BIGINT NOT NULL, token_hash TEXT NOT NULL UNIQUE,
        person_id {uuid} NOT NULL REFERENCES person (id), role TEXT NOT NULL,
        organisation_id {uuid} NOT NULL REFERENCES organisation (id), label TEXT NOT NULL, scope TEXT NOT NULL,
        created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, revoked_at BIGINT)",
    "CREATE TABLE link (
        id {uuid} PRIMARY KEY NOT NULL, version BIGINT NOT NULL, token_hash TEXT NOT NULL UNIQUE,
        person_id {uuid} NOT NULL REFERENCES person (id), purpose TEXT NOT NULL, created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL, used_at BIGINT)",
    "CREATE INDEX link_person ON link (person_id)",
    "CREATE TABLE once (
        id {uuid} PRIMARY KEY NOT NULL, version BIGINT NOT NULL, key_hash TEXT NOT NULL UNIQUE,
        location TEXT NOT NULL, created_at BIGINT NOT NULL)",
    "CREATE TABLE pending_act (
        id {uuid} PRIMARY KEY NOT NULL, version BIGINT NOT NULL, action TEXT NOT NULL, object TEXT NOT NULL,
        owner_id {uuid} NOT NULL REFERENCES organisation (id), payload TEXT NOT NULL, reason TEXT NOT NULL,
        asked_by {uuid} NOT NULL REFERENCES person (id), asked_as TEXT NOT NULL, created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL, state TEXT NOT NULL, decided_by {uuid}, decided_at BIGINT)",
    "CREATE INDEX pending_act_owner ON pending_act (owner_id, state)",
    "CREATE UNIQUE INDEX pending_act_same ON pending_act (action, object) WHERE state = 'waiting'",
    "CREATE TABLE break_glass (
        id {uuid} PRIMARY KEY NOT NULL, version BIGINT NOT NULL,
        owner_id {uuid} NOT NULL REFERENCES organisation (id), person_id {uuid} NOT NULL REFERENCES person (id),
        confirmed_by {uuid} NOT NULL REFERENCES person (id), reason TEXT NOT NULL, valid_from BIGINT NOT NULL,
        valid_until BIGINT NOT NULL)",
    "CREATE INDEX break_glass_owner ON break_glass (owner_id)",
    "CREATE INDEX break_glass_person ON break_glass (person_id, valid_until)",
    "CREATE TABLE access_log (
        id {uuid} PRIMARY KEY NOT NULL, version BIGINT NOT NULL, at BIGINT NOT NULL, person_id {uuid}, role TEXT NOT NULL,
        organisation_id {uuid}, owner_id {uuid} NOT NULL, object TEXT NOT NULL, request_id TEXT NOT NULL)",
    "CREATE INDEX access_log_owner ON access_log (owner_id, id)",
    "CREATE TABLE job (
        id {uuid} PRIMARY KEY NOT NULL, version BIGINT NOT NULL, kind TEXT NOT NULL, payload TEXT NOT NULL,
        dedup_key TEXT, state TEXT NOT NULL, run_at BIGINT NOT NULL, attempts BIGINT NOT NULL,
        max_attempts BIGINT NOT NULL, worker TEXT, lease_until BIGINT, last_error TEXT, created_at BIGINT NOT NULL)",
    "CREATE UNIQUE INDEX job_once ON job (kind, dedup_key) WHERE state IN ('ready', 'running')",
    "CREATE INDEX job_due ON job (state, run_at)",
    "CREATE TABLE outbox (
        id {uuid} PRIMARY KEY NOT NULL, version BIGINT NOT NULL, topic TEXT NOT NULL, payload TEXT NOT NULL,
        created_at BIGINT NOT NULL, sent_at BIGINT)",
    "CREATE INDEX outbox_unsent ON outbox (id) WHERE sent_at IS NULL",
    "CREATE TABLE evidence_object (
        id {uuid} PRIMARY KEY NOT NULL, version BIGINT NOT NULL,
        organisation_id {uuid} NOT NULL REFERENCES organisation (id), name TEXT NOT NULL, sha256 TEXT NOT NULL,
        size_bytes BIGINT NOT NULL, media_type TEXT NOT NULL, created_at BIGINT NOT NULL)",
    "CREATE INDEX evidence_object_hash ON evidence_object (sha256)",
    "CREATE TABLE setting (
        id {uuid} PRIMARY KEY NOT NULL, version BIGINT NOT NULL, key TEXT NOT NULL UNIQUE, value TEXT NOT NULL)",
    "CREATE TABLE audit_leaf (
        seq BIGINT PRIMARY KEY NOT NULL, object TEXT NOT NULL, owner {uuid}, actor {uuid}, leaf TEXT NOT NULL,
        hash TEXT NOT NULL)",
    "CREATE INDEX audit_leaf_owner ON audit_leaf (owner, seq)",
    "CREATE INDEX audit_leaf_actor ON audit_leaf (actor, seq)",
    "CREATE INDEX audit_leaf_object ON audit_leaf (object)",
    "CREATE TABLE audit_text (seq BIGINT PRIMARY KEY NOT NULL, salt TEXT NOT NULL, text TEXT NOT NULL)",
    "CREATE TABLE audit_checkpoint (size BIGINT PRIMARY KEY NOT NULL, note TEXT NOT NULL)",
    "CREATE TABLE audit_head (id BIGINT PRIMARY KEY NOT NULL, size BIGINT NOT NULL, peaks TEXT NOT NULL)",
    "INSERT INTO audit_head (id, size, peaks) VALUES (1, 0, '')",
];

/// The index follows the table through triggers (FTS5 "external content").
const SQLITE: &[&str] = &[
    "CREATE TABLE search_text (
        seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, row_id {uuid} NOT NULL, plain TEXT NOT NULL, tokens TEXT NOT NULL,
        UNIQUE (kind, row_id))",
    "CREATE VIRTUAL TABLE search_index USING fts5 (
        tokens, content = 'search_text', content_rowid = 'seq', tokenize = \"unicode61 remove_diacritics 0\")",
    "CREATE TRIGGER search_text_added AFTER INSERT ON search_text BEGIN
        INSERT INTO search_index (rowid, tokens) VALUES (new.seq, new.tokens); END",
    "CREATE TRIGGER search_text_removed AFTER DELETE ON search_text BEGIN
        INSERT INTO search_index (search_index, rowid, tokens) VALUES ('delete', old.seq, old.tokens); END",
];

const POSTGRES: &[&str] = &[
    "CREATE TABLE search_text (
        kind TEXT NOT NULL, row_id {uuid} NOT NULL, plain TEXT NOT NULL, tokens TEXT NOT NULL,
        vector TSVECTOR GENERATED ALWAYS AS (to_tsvector('simple', tokens)) STORED, PRIMARY KEY (kind, row_id))",
    "CREATE INDEX search_text_vector ON search_text USING GIN (vector)",
];
