//! What every request shares.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use bulwark_store::Store;

use crate::fault::Fault;
use crate::limit::Limits;
use crate::who::Known;

/// How this installation is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where people reach it, without a path: `https://bulwark.example.gov.tw`.
    pub origin: String,
    /// A session ends by itself after so long.
    pub session_hours: i64,
    /// A session ends when it was not used for so long.
    pub idle_minutes: i64,
    /// Requests one address may send in a second, in the long run; 0 for no limit (benches only).
    pub requests_per_second: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            origin: "http://localhost:8620".into(),
            session_hours: 12,
            idle_minutes: 30,
            requests_per_second: 50,
        }
    }
}

/// What every request shares.
pub struct App {
    /// The memory.
    pub store: Store,
    /// How it is set up.
    pub settings: Settings,
    pub(crate) limits: Limits,
    /// People worked out before, by the hash of their token; see [`Store::rights_epoch`].
    pub(crate) known: Mutex<HashMap<[u8; 32], (u64, Arc<Known>)>>,
}

impl App {
    /// A console over a store.
    pub fn new(store: Store, settings: Settings) -> Arc<Self> {
        let limits = Limits::new(settings.requests_per_second);
        Arc::new(Self { store, settings, limits, known: Mutex::default() })
    }

    /// Writes a failure of ours where whoever runs the machine looks.
    #[expect(clippy::print_stderr, reason = "the journal of the service reads the standard error stream")]
    pub(crate) fn report(&self, request_id: &str, fault: &Fault) {
        eprintln!("request {request_id}: {fault:?}");
    }

    /// True when people reach it over TLS.
    pub fn secure(&self) -> bool {
        self.settings.origin.starts_with("https://")
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("settings", &self.settings).finish_non_exhaustive()
    }
}
