//! What is known of organisations beside their name, and their names in time.

use super::Migration;

pub(super) const MIGRATION: Migration =
    Migration { name: "m20261125_000002_inventory", shared: SHARED, sqlite: &[], postgres: &[] };

const SHARED: &[&str] = &[
    "ALTER TABLE organisation ADD COLUMN oid TEXT",
    "ALTER TABLE organisation ADD COLUMN class TEXT",
    "ALTER TABLE organisation ADD COLUMN level TEXT",
    "ALTER TABLE organisation ADD COLUMN county TEXT",
    "ALTER TABLE organisation ADD COLUMN ended_on TEXT",
    "ALTER TABLE organisation ADD COLUMN successor {uuid}",
    "CREATE UNIQUE INDEX organisation_oid ON organisation (oid)",
    "CREATE TABLE organisation_name (
        id {uuid} PRIMARY KEY NOT NULL, version BIGINT NOT NULL,
        organisation_id {uuid} NOT NULL REFERENCES organisation (id), name TEXT NOT NULL, valid_from TEXT,
        valid_until TEXT NOT NULL, UNIQUE (organisation_id, valid_until))",
    "CREATE INDEX organisation_path_depth ON organisation_path (depth, valid_until)",
];
