//! Systems with their background, and how they hang together.

use super::Migration;

pub(super) const MIGRATION: Migration =
    Migration { name: "m20261125_000003_systems", shared: SHARED, sqlite: &[], postgres: &[] };

const SHARED: &[&str] = &[
    "CREATE TABLE system (
        id {uuid} PRIMARY KEY NOT NULL, version BIGINT NOT NULL, code TEXT NOT NULL UNIQUE,
        organisation_id {uuid} NOT NULL REFERENCES organisation (id),
        operator_id {uuid} REFERENCES organisation (id), vendor_id {uuid} REFERENCES organisation (id),
        name TEXT NOT NULL, class TEXT NOT NULL, core BOOLEAN NOT NULL, mtpd_minutes BIGINT,
        confidentiality TEXT, integrity TEXT, availability TEXT, legal TEXT, background TEXT NOT NULL,
        level TEXT, known_facts BIGINT NOT NULL, good_until TEXT, confirmed_on TEXT, retired_on TEXT,
        retired_for TEXT, created_at BIGINT NOT NULL)",
    "CREATE INDEX system_organisation ON system (organisation_id, id)",
    "CREATE TABLE system_link (
        id {uuid} PRIMARY KEY NOT NULL, version BIGINT NOT NULL,
        organisation_id {uuid} NOT NULL REFERENCES organisation (id),
        from_system {uuid} NOT NULL REFERENCES system (id), to_system {uuid} NOT NULL REFERENCES system (id),
        kind TEXT NOT NULL, note TEXT NOT NULL, expires_on TEXT, created_at BIGINT NOT NULL,
        UNIQUE (from_system, to_system, kind), CHECK (from_system <> to_system))",
    "CREATE INDEX system_link_to ON system_link (to_system)",
];
