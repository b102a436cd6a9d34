//! Work on local files, off the async threads.

use std::path::Path;
use std::time::Duration;

use bulwark_model::Clock;

use crate::evidence::Storage;
use crate::failure::{Code, Failure, Step};
use crate::storage::io::{Surroundings, collect};

/// Runs `work` on a thread that may block.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Failure::new(Step::Read, Code::Internal, e.to_string()))
}

/// The storage of this very machine.
pub(super) fn storage(clock: &dyn Clock, path: &str, history: &str) -> Result<Storage, Failure> {
    let wait = |d: Duration| {
        let before = clock.now();
        clock.sleep(d);
        // A clock that was set back meanwhile says nothing about how long it took.
        Duration::try_from(clock.now().duration_since(before)).unwrap_or(d).max(d)
    };
    let began = std::time::Instant::now();
    let surroundings = Surroundings {
        root: Path::new("/"),
        now_s: clock.now().as_second(),
        wait: &wait,
        moment: &|| began.elapsed(),
    };
    collect(&surroundings, path, history)
}
