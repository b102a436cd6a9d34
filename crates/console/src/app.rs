//! What every request shares.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use bulwark_identity::Pending;
use bulwark_identity::breached::io::BreachedFile;
use bulwark_identity::password::Cost;
use bulwark_store::Store;

use crate::areas::organisations::Looked;
use crate::areas::{Doors, OidcSettings};
use crate::fault::Fault;
use crate::limit::Limits;
use crate::who::Known;

/// Lists that wait to be asked for, of all people: each may hold thousands of organisations.
const LISTS: usize = 20;

/// How this installation is set up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where people reach it, without a path: `https://bulwark.example.gov.tw`.
    pub origin: String,
    /// Whom to tell about a weakness, as a URI; `/.well-known/security.txt` is there when it is.
    pub contact: Option<String>,
    /// A session ends by itself after so long.
    pub session_hours: i64,
    /// A session ends when it was not used for so long.
    pub idle_minutes: i64,
    /// Requests one address may send in a second, in the long run; 0 for no limit (benches only).
    pub requests_per_second: u32,
    /// The program that parses uploaded files in a child of its own, and its arguments.
    pub parser: (std::path::PathBuf, Vec<String>),
    /// The identity provider of an agency, when one is configured.
    pub oidc: Option<OidcSettings>,
    /// What hashing a password costs.
    pub password_cost: Cost,
    /// A file of passwords that were stolen elsewhere, as it is published: SHA-1 and count, sorted.
    pub breached_passwords: Option<Arc<BreachedFile>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            origin: "http://localhost:8620".into(),
            contact: None,
            session_hours: 12,
            idle_minutes: 30,
            requests_per_second: 50,
            parser: ("/proc/self/exe".into(), vec!["parse-table".into()]),
            oidc: None,
            password_cost: Cost::STANDARD,
            breached_passwords: None,
        }
    }
}

/// People by the hash of their token, each with the mark of the rights they were worked out under.
pub(crate) type KnownPeople = HashMap<[u8; 32], (u64, Arc<Known>)>;

/// What every request shares.
pub struct App {
    /// The memory.
    pub store: Store,
    /// How it is set up.
    pub settings: Settings,
    pub(crate) limits: Limits,
    pub(crate) doors: Doors,
    /// Lists of organisations that were looked at and not asked for yet.
    pub(crate) lists: Mutex<Pending<Looked>>,
    /// People worked out before, by the hash of their token; see [`Store::rights_epoch`].
    pub(crate) known: Mutex<KnownPeople>,
}

impl App {
    /// A console over a store.
    pub fn new(store: Store, settings: Settings) -> Arc<Self> {
        let limits = Limits::new(settings.requests_per_second);
        let doors = Doors::new(&settings);
        let lists = Mutex::new(Pending::with_room_for(LISTS));
        Arc::new(Self { store, settings, limits, doors, lists, known: Mutex::default() })
    }

    /// Writes a failure of ours where whoever runs the machine looks.
    #[expect(clippy::print_stderr, reason = "the journal of the service reads the standard error stream")]
    pub(crate) fn report(request_id: &str, fault: &Fault) {
        match fault {
            Fault::Defect(words) => eprintln!("request {request_id}: {words:?}"),
            other => eprintln!("request {request_id}: {other:?}"),
        }
    }

    /// Writes what else they should know, in one line.
    #[expect(clippy::print_stderr, reason = "the journal of the service reads the standard error stream")]
    pub(crate) fn note(request_id: &str, line: &str) {
        eprintln!("request {request_id}: {line}");
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
