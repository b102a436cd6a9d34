//! How the store is doing, for whoever runs the machine.

use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter, Statement};

use crate::audit::log;
use crate::entity::access::session;
use crate::{Database, Store, StoreError, Timestamp, migrations};

/// Complaints of the database that are kept.
const COMPLAINTS: u32 = 20;

/// How the store is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The newest migration in the database.
    pub schema: Option<String>,
    /// The newest migration of this program.
    pub known_schema: &'static str,
    /// What SQLite's own check of the file found; empty when all is well, and on PostgreSQL, which checks its pages
    /// itself.
    pub complaints: Vec<String>,
    /// Leaves of the audit log in the database.
    pub leaves: u64,
    /// When the last act was.
    pub last_act: Option<Timestamp>,
}

/// A row of one column, which bears this name: that of SQLite's own check.
#[derive(FromQueryResult)]
struct Line {
    integrity_check: String,
}

impl Store {
    /// Looks at schema, database file and audit log. Reads the whole database.
    ///
    /// # Errors
    /// Those of the database; damage that can be read around is in the answer.
    pub async fn health(&self) -> Result<Health, StoreError> {
        let leaves = log::size(self.reader()).await?;
        let last = log::leaves(self.reader(), leaves.saturating_sub(1), 1).await?.pop();
        Ok(Health {
            schema: self.lines("SELECT max(name) AS integrity_check FROM schema_migration").await?.pop(),
            known_schema: migrations::newest(),
            complaints: self.complaints().await?,
            leaves,
            last_act: last.and_then(|row| log::time_of(&row.leaf)),
        })
    }

    /// People logged in now.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn open_sessions(&self) -> Result<u64, StoreError> {
        let open = session::Entity::find()
            .filter(session::Column::RevokedAt.is_null())
            .filter(session::Column::ExpiresAt.gt(self.now()));
        Ok(open.count(self.reader()).await?)
    }

    async fn complaints(&self) -> Result<Vec<String>, StoreError> {
        if self.config().database != Database::Sqlite {
            return Ok(Vec::new());
        }
        let lines = self.lines(&format!("PRAGMA integrity_check({COMPLAINTS})")).await?;
        Ok(lines.into_iter().filter(|line| line != "ok").collect())
    }

    async fn lines(&self, sql: &str) -> Result<Vec<String>, StoreError> {
        let statement = Statement::from_string(self.reader().get_database_backend(), sql);
        let found = Line::find_by_statement(statement).all(self.reader()).await?;
        Ok(found.into_iter().map(|row| row.integrity_check).collect())
    }
}
