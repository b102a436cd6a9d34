//! Limits by rate. Nobody is ever locked out: who waits may go on, and whoever floods one account from one address
//! slows only that pair down.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use bulwark_store::{Timestamp, Uuid};

/// Buckets kept before full ones are dropped.
const KEPT: usize = 10_000;

/// How much is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rate {
    /// At once.
    burst: u32,
    /// One more after so many milliseconds.
    every_ms: i64,
}

/// Tries of one name from one address.
const TRIES: Rate = Rate { burst: 5, every_ms: 15_000 };
/// Tries of any name from one address: an agency of many people may stand behind one.
const TRIES_OF_ADDRESS: Rate = Rate { burst: 60, every_ms: 1_000 };

const MINUTE_MS: i64 = 60_000;

/// Whether two moments are a minute apart or more, whichever comes first.
pub(crate) fn apart(a: Timestamp, b: Timestamp) -> bool {
    a >= b.plus_ms(MINUTE_MS) || b >= a.plus_ms(MINUTE_MS)
}

/// What is counted.
#[derive(Debug)]
pub(crate) struct Limits {
    requests: Option<Buckets<IpAddr>>,
    tries: Buckets<(IpAddr, String)>,
    tries_of_address: Buckets<IpAddr>,
    /// When each session was last used, and when that was last written down.
    seen: Mutex<HashMap<Uuid, (Timestamp, Timestamp)>>,
}

impl Limits {
    /// Limits with so many requests a second of one address.
    pub(crate) fn new(requests_per_second: u32) -> Self {
        let requests = (requests_per_second > 0).then(|| {
            let every_ms = i64::from(1000 / requests_per_second.min(1000)).max(1);
            Buckets::new(Rate { burst: requests_per_second.saturating_mul(4), every_ms })
        });
        let (tries, tries_of_address) = (Buckets::new(TRIES), Buckets::new(TRIES_OF_ADDRESS));
        Self { requests, tries, tries_of_address, seen: Mutex::default() }
    }

    /// Counts a request; `Err` says after how many seconds to come again.
    pub(crate) fn request(&self, from: IpAddr, now: Timestamp) -> Result<(), i64> {
        self.requests.as_ref().map_or(Ok(()), |buckets| buckets.take(from, now))
    }

    /// Notes that a session is used now, unless it was left alone for longer than `idle_ms`: then it stays so. When it
    /// was last used is remembered here, or written down as `stored`; a time that is still to come was noted by a clock
    /// that was wrong and says nothing.
    pub(crate) fn in_use(&self, session: Uuid, stored: Timestamp, now: Timestamp, idle_ms: i64) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= KEPT {
            seen.clear();
        }
        let entry = seen.entry(session).or_insert((stored, stored));
        let last = [entry.0, stored].into_iter().filter(|at| *at <= now.plus_ms(MINUTE_MS)).max();
        if last.is_some_and(|last| last.plus_ms(idle_ms) < now) {
            return false;
        }
        entry.0 = now;
        true
    }

    /// Whether it is a minute since a session was noted as used; then it counts as noted.
    pub(crate) fn note_seen(&self, session: Uuid, now: Timestamp) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(entry) = seen.get_mut(&session) else { return false };
        let due = apart(now, entry.1);
        if due {
            entry.1 = now;
        }
        due
    }

    /// Counts a try to come in by what nobody can guess: a passkey, a link, a provider. Those who stand behind one
    /// address do not wait for each other.
    pub(crate) fn arrival(&self, from: IpAddr, now: Timestamp) -> Result<(), i64> {
        self.tries_of_address.take(from, now)
    }

    /// Counts a try to log in; `Err` says after how many seconds to try again.
    pub(crate) fn log_in(&self, from: IpAddr, login: &str, now: Timestamp) -> Result<(), i64> {
        self.tries_of_address.take(from, now)?;
        let login: String = login.chars().take(100).collect();
        self.tries.take((from, login.to_lowercase()), now)
    }
}

/// Token buckets by key.
#[derive(Debug)]
struct Buckets<K> {
    rate: Rate,
    /// When each bucket is full again; a bucket that is full need not be kept.
    full_at: Mutex<HashMap<K, i64>>,
}

impl<K: Eq + Hash> Buckets<K> {
    fn new(rate: Rate) -> Self {
        Self { rate, full_at: Mutex::default() }
    }

    fn take(&self, key: K, now: Timestamp) -> Result<(), i64> {
        let now = now.as_micros() / 1000;
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if full_at.len() >= KEPT {
            full_at.retain(|_, full| *full > now);
        }
        let whole = self.rate.every_ms.saturating_mul(i64::from(self.rate.burst));
        // A time further off than a bucket is deep comes from a clock that was set back: that keeps no door shut.
        let possible = now..=now.saturating_add(whole);
        let full = full_at.get(&key).copied().filter(|full| possible.contains(full)).unwrap_or(now);
        let next = full.saturating_add(self.rate.every_ms);
        if next - now > whole {
            return Err(((next - now - whole) / 1000).max(1));
        }
        full_at.insert(key, next);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_micros(ms * 1000)
    }

    #[test]
    fn one_pair_waits_and_no_other() {
        let limits = Limits::new(0);
        let (here, there) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        for _ in 0..5 {
            assert_eq!(limits.log_in(here, "lin", at(0)), Ok(()));
        }
        assert!(limits.log_in(here, "LIN", at(0)).is_err());
        assert_eq!(limits.log_in(there, "lin", at(0)), Ok(()), "the owner elsewhere is not locked out");
        assert_eq!(limits.log_in(here, "wang", at(0)), Ok(()));
        assert_eq!(limits.log_in(here, "lin", at(15_000)), Ok(()), "after a while the pair may go on");
        assert!(limits.log_in(here, "lin", at(15_000)).is_err());
        assert_eq!(limits.log_in(here, "lin", at(-9_000_000)), Ok(()), "a clock set back shuts no door");
    }

    #[test]
    fn a_session_left_alone_stays_so_whatever_the_clock_does() {
        let (limits, session) = (Limits::new(0), Uuid::nil());
        let used = |stored: i64, now: i64| limits.in_use(session, at(stored), at(now), 1_000_000);
        assert!(used(0, 900_000) && used(0, 1_800_000));
        assert!(!used(0, 2_900_000), "left alone");
        assert!(!used(0, 2_900_001), "and asking again does not wake it");
        assert!(used(2_900_000, 2_900_002), "unless it was used at another console meanwhile");
        assert!(used(9_000_000, 2_900_003), "a time to come says nothing");
        assert!(!used(9_000_000, 4_000_000), "and keeps nothing open");
        assert!(used(0, 2_900_000), "a clock set back shuts no door");
    }

    #[test]
    fn a_flood_from_one_address_is_slowed() {
        let limits = Limits::new(50);
        let here = IpAddr::from([10, 0, 0, 1]);
        let taken = (0..1000).filter(|_| limits.request(here, at(0)).is_ok()).count();
        assert_eq!(taken, 200);
        let taken = (0..1000).filter(|_| limits.request(here, at(1000)).is_ok()).count();
        assert_eq!(taken, 50);
    }
}
