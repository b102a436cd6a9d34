//! The hand brake of a run.

use std::sync::Arc;

use tokio::sync::watch;

/// Ends waits and reads at once, in every thread that holds a clone.
///
/// ```
/// let stop = bulwark_probe::net::Stop::new();
/// let other = stop.clone();
/// other.stop();
/// assert!(stop.stopped());
/// ```
#[derive(Debug, Clone)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Default for Stop {
    fn default() -> Self {
        Self::new()
    }
}

impl Stop {
    /// A brake that is not pulled.
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// Pulls it. Cannot be undone.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Whether it is pulled.
    pub fn stopped(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when it is pulled.
    pub(super) async fn wait(&self) {
        let mut seen = self.0.subscribe();
        // The sender lives in `self`, so this cannot fail while we wait.
        let _ = seen.wait_for(|pulled| *pulled).await;
    }
}
