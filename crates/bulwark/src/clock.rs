//! The machine's clock: the one place where the product asks what time it is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bulwark_model::Clock;
use jiff::Timestamp;

/// The clock of this machine.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that is injected everywhere else")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock that is injected everywhere else")]
    fn sleep(&self, d: Duration) {
        std::thread::sleep(d);
    }
}

/// A stopwatch for the store: microseconds since now, by the clock that only goes forward.
pub fn stopwatch() -> bulwark_store::Mono {
    let start = Instant::now();
    Arc::new(move || u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX))
}
