//! The machine's clock: the one place where the product asks what time it is.

use std::time::Duration;

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
