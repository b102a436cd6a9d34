//! The schema, append-only: a migration that was released is never changed. Each is one list of statements in the
//! SQL that both databases share; `{uuid}` and `{blob}` stand for the types that they name differently. Text
//! search is the one thing that they do not share.

mod m20261125_000001_foundation;
mod m20261125_000002_inventory;
mod m20261125_000003_systems;

use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement, TransactionSession, TransactionTrait};

use crate::{StoreError, Timestamp};

/// One step of the schema.
pub(crate) struct Migration {
    pub(crate) name: &'static str,
    pub(crate) shared: &'static [&'static str],
    pub(crate) sqlite: &'static [&'static str],
    pub(crate) postgres: &'static [&'static str],
}

const ALL: &[Migration] = &[
    m20261125_000001_foundation::MIGRATION,
    m20261125_000002_inventory::MIGRATION,
    m20261125_000003_systems::MIGRATION,
];

/// The newest schema that this program knows.
pub(crate) fn newest() -> &'static str {
    ALL.last().map_or("", |migration| migration.name)
}

#[derive(FromQueryResult)]
struct Applied {
    name: String,
}

/// Brings the schema up to date, each step in its own transaction.
pub(crate) async fn run<C>(connection: &C, now: Timestamp) -> Result<(), StoreError>
where
    C: ConnectionTrait + TransactionTrait,
{
    let backend = connection.get_database_backend();
    connection
        .execute_unprepared(
            "CREATE TABLE IF NOT EXISTS schema_migration (name TEXT PRIMARY KEY NOT NULL, applied_at BIGINT NOT NULL)",
        )
        .await?;
    let sql = "SELECT name FROM schema_migration ORDER BY name";
    let applied: Vec<String> = Applied::find_by_statement(Statement::from_string(backend, sql))
        .all(connection)
        .await?
        .into_iter()
        .map(|row| row.name)
        .collect();
    if let Some(unknown) = applied.iter().find(|name| ALL.iter().all(|known| known.name != name.as_str())) {
        return Err(StoreError::NewerSchema { found: unknown.clone(), known: newest() });
    }
    for migration in ALL.iter().filter(|migration| !applied.iter().any(|name| name == migration.name)) {
        let step = connection.begin().await?;
        for sql in migration.statements(backend) {
            step.execute_unprepared(&sql).await?;
        }
        let done = Statement::from_sql_and_values(
            backend,
            "INSERT INTO schema_migration (name, applied_at) VALUES ($1, $2)",
            [migration.name.into(), now.as_micros().into()],
        );
        step.execute_raw(done).await?;
        step.commit().await?;
    }
    Ok(())
}

impl Migration {
    fn statements(&self, backend: DbBackend) -> Vec<String> {
        let postgres = backend == DbBackend::Postgres;
        let (uuid, blob) = if postgres { ("UUID", "BYTEA") } else { ("BLOB", "BLOB") };
        let own = if postgres { self.postgres } else { self.sqlite };
        let all = self.shared.iter().chain(own);
        all.map(|sql| sql.replace("{uuid}", uuid).replace("{blob}", blob)).collect()
    }
}
