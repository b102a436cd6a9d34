//! A store in a folder of its own, and the clock to set.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bulwark_model::FixedClock;
use bulwark_store::entity::organisation::organisation::{Entity, Model};
use bulwark_store::{Actor, Config, Database, NewApiToken, NewOrganisation, NewSession, Store, Timestamp, Uuid};
use bulwark_testkit::postgres::{PostgresServer, shared_postgres};

/// Declares tests that run on SQLite and on PostgreSQL.
macro_rules! on_both {
    ($($(#[$doc:meta])* async fn $name:ident($home:ident: Home) $body:block)*) => {
        mod sqlite {
            $($(#[$doc])* #[tokio::test] async fn $name() { super::$name(Home::sqlite()).await; })*
            use super::Home;
        }

        mod postgres {
            $($(#[$doc])* #[tokio::test] async fn $name() {
                if let Some(home) = Home::postgres() { super::$name(home).await; }
            })*
            use super::Home;
        }

        $(async fn $name($home: Home) $body)*
    };
}

pub struct Home {
    pub clock: Arc<FixedClock>,
    /// The stopwatch: it counts its readings, and can be moved.
    pub ticks: Arc<AtomicU64>,
    pub config: Config,
    /// A folder for whatever else a test needs.
    pub dir: tempfile::TempDir,
    /// Kept so that the server runs as long as the test.
    pub server: Option<Arc<PostgresServer>>,
}

impl Home {
    pub fn sqlite() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(FixedClock::new("2026-11-25T00:00:00Z".parse().unwrap()));
        let ticks = Arc::new(AtomicU64::new(0));
        let mono = Arc::clone(&ticks);
        let mono = Arc::new(move || mono.fetch_add(1, Ordering::Relaxed));
        let config = Config::sqlite(dir.path().join("data"), clock.clone(), mono);
        Self { clock, ticks, config, dir, server: None }
    }

    /// `None` (with a visible line) when this machine has no PostgreSQL.
    pub fn postgres() -> Option<Self> {
        let server = shared_postgres()?;
        let mut home = Self::sqlite();
        home.config.database = Database::Postgres { url: server.database() };
        Some(Self { server: Some(server), ..home })
    }

    pub async fn open(&self) -> Store {
        Store::open(self.config.clone()).await.unwrap()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Moves both clocks on.
    pub fn pass(&self, time: Duration) {
        use bulwark_model::Clock as _;
        self.clock.sleep(time);
        self.ticks.fetch_add(u64::try_from(time.as_micros()).unwrap(), Ordering::Relaxed);
    }

    /// Runs SQL behind the store's back. The SQLite store must be closed.
    pub async fn tamper(&self, sql: &str) {
        if let (Database::Postgres { url }, Some(server)) = (&self.config.database, &self.server) {
            let output = server.sql(url.rsplit('/').next().unwrap(), sql).unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            return;
        }
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.config.database_file());
        let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&pool).await.unwrap();
        pool.close().await;
    }
}

pub fn someone() -> Actor {
    Actor { role: "agency_officer".into(), reason: Some("年度更新".into()), ..Actor::system("req-1") }
}

pub fn session_of(person: Uuid, organisation: Uuid, expires_at: Timestamp) -> NewSession {
    let (role, method, agent) = ("reporter".to_owned(), "password".to_owned(), "Firefox".to_owned());
    NewSession { person, role, organisation, method, agent, fresh: true, expires_at }
}

pub fn program_of(person: Uuid, organisation: Uuid, expires_at: Timestamp) -> NewApiToken {
    let (role, label, scope) = ("reporter".to_owned(), "匯出".to_owned(), "inventory.read".to_owned());
    NewApiToken { person, role, organisation, label, scope, expires_at }
}

pub fn day(text: &str) -> jiff::civil::Date {
    text.parse().unwrap()
}

pub fn agency(code: &str, parent: Option<Uuid>) -> NewOrganisation {
    let (code, name, kind) = (code.to_owned(), format!("{code}機關"), "agency".to_owned());
    NewOrganisation { code, name, kind, sector: None, parent, from: day("2026-01-01") }
}

/// Enters an organisation.
pub async fn enter(store: &Store, code: &str, parent: Option<Uuid>) -> Model {
    let new = agency(code, parent);
    store.write(&someone(), |tx| Box::pin(async move { tx.add_organisation(new).await })).await.unwrap()
}

/// Saves an organisation under another name.
pub async fn rename(store: &Store, row: Model, name: &str) -> Result<Model, bulwark_store::StoreError> {
    let row = Model { name: name.to_owned(), ..row };
    store
        .write(&someone(), |tx| {
            Box::pin(async move {
                tx.emit("organisation.changed", &row.id)?;
                tx.update::<Entity>("rename", row).await
            })
        })
        .await
}

pub fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}
