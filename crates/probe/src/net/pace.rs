//! Waiting for the pacer.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bulwark_model::Intensity;
use tokio::time::Instant;

use crate::failure::{Code, Failure, Step};
use crate::polite::{Class, Decision, Pacer, Report};

/// The pacer of a run with its origin of time.
#[derive(Clone)]
pub(super) struct Pace {
    pacer: Arc<Mutex<Pacer>>,
    time: Arc<Time>,
}

/// Whose time it is.
enum Time {
    /// The machine's, from the first look at it.
    Real(OnceLock<Instant>),
    /// A test's: waiting moves it on, and every start is noted.
    #[cfg(test)]
    Made(Mutex<Made>),
}

/// A test's moment and the starts so far.
#[cfg(test)]
#[derive(Default)]
struct Made {
    now: Duration,
    starts: Vec<(IpAddr, Class, Duration)>,
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
            time: Arc::new(Time::Real(OnceLock::new())),
        }
    }

    /// A pacer whose waits take no time.
    #[cfg(test)]
    pub(super) fn made(intensity: Intensity) -> Self {
        Self { time: Arc::new(Time::Made(Mutex::default())), ..Self::new(intensity) }
    }

    /// Every start of a made pacer.
    #[cfg(test)]
    pub(super) fn starts(&self) -> Vec<(IpAddr, Class, Duration)> {
        match &*self.time {
            Time::Real(_) => Vec::new(),
            Time::Made(made) => made.lock().expect("no panic").starts.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Pacer> {
        self.pacer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        match &*self.time {
            Time::Real(origin) => origin.get_or_init(Instant::now).elapsed(),
            #[cfg(test)]
            Time::Made(made) => made.lock().expect("no panic").now,
        }
    }

    async fn wait(&self, d: Duration) {
        match &*self.time {
            Time::Real(_) => tokio::time::sleep(d).await,
            #[cfg(test)]
            Time::Made(made) => {
                made.lock().expect("no panic").now += d;
                tokio::task::yield_now().await;
            }
        }
    }

    /// Waits until a connection to `address` may start.
    pub(super) async fn enter(&self, address: IpAddr, class: Class) -> Result<Permit, Failure> {
        loop {
            let (now, decision) = {
                // The moment is read under the lock, or two threads could come in the wrong order.
                let mut pacer = self.lock();
                let now = self.now();
                (now, pacer.reserve(address, class, now))
            };
            #[cfg(not(test))]
            let _ = now;
            #[cfg(test)]
            if let (Time::Made(made), Decision::Go) = (&*self.time, &decision) {
                made.lock().expect("no panic").starts.push((address, class, now));
            }
            match decision {
                Decision::Go => {
                    return Ok(Permit {
                        pace: self.clone(),
                        address,
                        counts: !matches!(class, Class::Resolver | Class::Request),
                    });
                }
                Decision::Wait(d) => self.wait(d).await,
                Decision::Refuse(why) => return Err(Failure::new(Step::Pace, Code::CircuitOpen, why)),
            }
        }
    }
}

impl Permit {
    /// Tells the pacer of a failure, when it is one of transport: a wrong answer is still an answer.
    pub(super) fn report_failure(&self, failure: &Failure) {
        if matches!(failure.code, Code::Closed | Code::TimedOut | Code::TooSlow | Code::Refused) {
            self.report(Report::Failed);
        }
    }

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
