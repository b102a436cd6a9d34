//! What machines ask: is it alive, is it ready, how much has it done. On an address of this machine only.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bulwark_store::Store;

use super::count::{Counters, head};
use super::own_ca;

/// How long the store may take to answer.
const READ_WAIT: Duration = Duration::from_secs(2);

/// What is looked at.
#[derive(Clone)]
pub struct Watched {
    /// The store.
    pub store: Store,
    /// The requests.
    pub counters: Arc<Counters>,
    /// Whether the last signed root could be written.
    pub writable: Arc<AtomicBool>,
    /// The certificate in use.
    pub certificate: Option<PathBuf>,
}

/// `/livez`, `/readyz` and `/metrics`.
pub fn router(watched: Watched) -> Router {
    Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(watched)
}

async fn ready(State(watched): State<Watched>) -> Response {
    let read = tokio::time::timeout(READ_WAIT, watched.store.is_empty()).await;
    let answer = match read {
        Ok(Ok(_)) if watched.writable.load(Ordering::Relaxed) => return "ok\n".into_response(),
        Ok(Ok(_)) => "store: not writable\n",
        Ok(Err(_)) => "store: not readable\n",
        Err(_) => "store: slow\n",
    };
    (StatusCode::SERVICE_UNAVAILABLE, answer).into_response()
}

async fn metrics(State(watched): State<Watched>) -> Response {
    let mut out = String::new();
    watched.counters.write(&mut out);
    let mut one = |name: &str, kind: &str, help: &str, value: Option<u64>| {
        if let Some(value) = value {
            head(&mut out, name, kind, help);
            let _ = writeln!(out, "{name} {value}");
        }
    };
    let store = &watched.store;
    one("bulwark_commits_total", "counter", "Commits of the store.", Some(store.commits()));
    one("bulwark_sessions", "gauge", "Log-ins that are open.", store.open_sessions().await.ok());
    let note = store.newest_checkpoint().await.ok().flatten();
    let signed = note.and_then(|note| note.lines().nth(1)?.parse().ok());
    one("bulwark_audit_signed_leaves", "gauge", "Audit leaves under the newest signed root.", signed);
    let size = |path: PathBuf| std::fs::metadata(path).ok().map(|found| found.len());
    let config = store.config();
    let pages = size(config.database_file());
    let pages = pages.map(|bytes| bytes + size(config.database_file().with_extension("db-wal")).unwrap_or(0));
    one("bulwark_database_bytes", "gauge", "Size of the database file with its log.", pages);
    one("bulwark_audit_file_bytes", "gauge", "Size of the audit file.", size(config.audit_file()));
    let until = watched.certificate.as_deref().and_then(own_ca::read);
    let until = until.and_then(|found| u64::try_from(found.until.as_second()).ok());
    one("bulwark_certificate_end_seconds", "gauge", "When the certificate ends, in Unix time.", until);
    one("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.", resident());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], out).into_response()
}

/// Memory in use (proc(5), `statm`).
fn resident() -> Option<u64> {
    let pages: u64 = std::fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}
