//! A store in a folder of its own, and the clock to set.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bulwark_model::FixedClock;
use bulwark_store::{Actor, Config, Store, Uuid, entity::organisation::organisation};

pub struct Home {
    pub dir: tempfile::TempDir,
    pub clock: Arc<FixedClock>,
    pub config: Config,
}

impl Home {
    /// A SQLite store.
    pub fn sqlite() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(FixedClock::new("2026-11-25T00:00:00Z".parse().unwrap()));
        let ticks = AtomicU64::new(0);
        let mono = Arc::new(move || ticks.fetch_add(1, Ordering::Relaxed));
        let config = Config::sqlite(dir.path().join("data"), clock.clone(), mono);
        Self { dir, clock, config }
    }

    pub async fn open(&self) -> Store {
        Store::open(self.config.clone()).await.unwrap()
    }
}

pub fn someone() -> Actor {
    Actor { role: "agency_officer".into(), reason: Some("年度更新".into()), ..Actor::system("req-1") }
}

pub fn agency(code: &str) -> organisation::Model {
    let created_at = bulwark_store::Timestamp::from_micros(1_764_028_800_000_000);
    let (code, name, kind) = (code.to_owned(), format!("{code} 機關"), "agency".to_owned());
    organisation::Model { id: Uuid::nil(), version: 0, code, name, kind, created_at }
}

/// Enters an organisation under a new id.
pub async fn enter(store: &Store, code: &str) -> organisation::Model {
    let mut row = agency(code);
    row.id = store.new_id().unwrap();
    store
        .write(&someone(), |tx| Box::pin(async move { tx.insert::<organisation::Entity>(row).await }))
        .await
        .unwrap()
}
