//! Waiting for the pacer.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bulwark_model::Intensity;
use tokio::time::Instant;

use crate::failure::{Code, Failure, Step};
use crate::polite::{Class, Decision, Pacer, Report};

/// The pacer of a run with its origin of time.
#[derive(Clone)]
pub(super) struct Pace {
    pacer: Arc<Mutex<Pacer>>,
    origin: Arc<std::sync::OnceLock<Instant>>,
}

/// A place at an address; given back when dropped.
pub(super) struct Permit {
    pace: Pace,
    address: IpAddr,
    counts: bool,
}

impl Pace {
    pub(super) fn new(intensity: Intensity) -> Self {
        let mut seed = [0; 8];
        // Without randomness the jitter is merely the same in every run.
        let _ = ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut seed);
        Self {
            pacer: Arc::new(Mutex::new(Pacer::new(intensity, u64::from_le_bytes(seed)))),
            origin: Arc::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Pacer> {
        self.pacer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.origin.get_or_init(Instant::now).elapsed()
    }

    /// Waits until a connection to `address` may start.
    pub(super) async fn enter(&self, address: IpAddr, class: Class) -> Result<Permit, Failure> {
        loop {
            let now = self.now();
            let decision = self.lock().reserve(address, class, now);
            match decision {
                Decision::Go => {
                    return Ok(Permit { pace: self.clone(), address, counts: class != Class::Resolver });
                }
                Decision::Wait(d) => tokio::time::sleep(d).await,
                Decision::Refuse(why) => return Err(Failure::new(Step::Pace, Code::CircuitOpen, why)),
            }
        }
    }
}

impl Permit {
    /// Tells the pacer how it went.
    pub(super) fn report(&self, report: Report) {
        let now = self.pace.now();
        self.pace.lock().report(self.address, report, now);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.counts {
            self.pace.lock().release(self.address);
        }
    }
}
