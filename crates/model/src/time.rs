//! Time comes in as a value: engines ask a [`Clock`], never the machine.

use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;

/// Where an engine learns the time and how it waits.
///
/// The binary passes the machine's clock; tests pass [`FixedClock`], whose waits return at once.
pub trait Clock: Send + Sync {
    /// The present moment (UTC).
    fn now(&self) -> Timestamp;
    /// Waits for `d`. May return early; callers look at [`Clock::now`] again.
    fn sleep(&self, d: Duration);
}

/// A clock that stands still until someone sleeps on it or sets it.
#[derive(Debug)]
pub struct FixedClock(Mutex<Timestamp>);

impl FixedClock {
    /// A clock that shows `now`.
    pub fn new(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }

    /// Moves the clock to `now`, forward or back.
    pub fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = now;
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn sleep(&self, d: Duration) {
        let mut now = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *now = now.checked_add(d).unwrap_or(Timestamp::MAX);
    }
}
