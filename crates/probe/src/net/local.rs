//! Work on local files, off the async threads.

use crate::failure::{Code, Failure, Step};

/// Runs `work` on a thread that may block.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Failure::new(Step::Read, Code::Internal, e.to_string()))
}
