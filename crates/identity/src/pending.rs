//! Where the server keeps what it must remember between two requests of one log-in.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::RandomFailed;
use crate::random;

/// How long a begun log-in or registration may take: what WebAuthn recommends for ceremonies with user verification
/// (Level 3, §15.1: 300 to 600 seconds, the lower end).
pub const LIFETIME: SignedDuration = SignedDuration::from_secs(300);

/// Something begun that ends at a moment.
pub trait Ceremony {
    /// The last moment at which it may be finished.
    fn expires(&self) -> Timestamp;
}

/// Names one waiting ceremony. It is a secret of the browser that began it: keep it in a cookie or a hidden field.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Ticket(String);

impl Ticket {
    /// As it goes into a cookie: 43 characters of base64url.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Ticket {
    /// From what a browser sent. Anything is taken; what was never given out names nothing.
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ticket(…)")
    }
}

/// Ceremonies that were begun and not finished: each is taken out at most once, and none after its time.
///
/// The room has a limit, because anyone may begin a log-in. When it is full of ceremonies that still run, the one
/// that ends first makes place: a flood can make people try again, but it can neither fill the memory nor close the
/// door for good.
///
/// ```
/// # use bulwark_identity::{Ceremony, Pending};
/// # use jiff::{SignedDuration, Timestamp};
/// # struct Begun(Timestamp);
/// # impl Ceremony for Begun { fn expires(&self) -> Timestamp { self.0 } }
/// # let now: Timestamp = "2026-11-25T01:00:00Z".parse()?;
/// let mut pending = Pending::with_room_for(10_000);
/// let ticket = pending.keep(Begun(now + SignedDuration::from_mins(5)), now)?;
/// assert!(pending.take(&ticket, now).is_some());
/// assert!(pending.take(&ticket, now).is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Pending<T> {
    room: usize,
    waiting: HashMap<Ticket, T>,
}

impl<T: Ceremony> Pending<T> {
    /// An empty room for at most so many ceremonies, one at least.
    pub fn with_room_for(room: usize) -> Self {
        Self { room: room.max(1), waiting: HashMap::new() }
    }

    /// Keeps a ceremony and gives out its ticket.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn keep(&mut self, ceremony: T, now: Timestamp) -> Result<Ticket, RandomFailed> {
        let ticket = Ticket(random::token()?);
        if self.waiting.len() >= self.room {
            self.forget_expired(now);
        }
        if self.waiting.len() >= self.room {
            let first = self.waiting.iter().min_by_key(|(_, ceremony)| ceremony.expires());
            if let Some(ticket) = first.map(|(ticket, _)| ticket.clone()) {
                self.waiting.remove(&ticket);
            }
        }
        self.waiting.insert(ticket.clone(), ceremony);
        Ok(ticket)
    }

    /// Takes a ceremony out. A second time, after its time, or with a ticket that was never given out: `None`.
    pub fn take(&mut self, ticket: &Ticket, now: Timestamp) -> Option<T> {
        self.waiting.remove(ticket).filter(|ceremony| now <= ceremony.expires())
    }

    /// Drops what ran out of time. Called by itself when the room is full; a timer may call it sooner.
    pub fn forget_expired(&mut self, now: Timestamp) {
        self.waiting.retain(|_, ceremony| now <= ceremony.expires());
    }

    /// How many are waiting, expired ones included.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none is waiting.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Begun(u32, Timestamp);

    impl Ceremony for Begun {
        fn expires(&self) -> Timestamp {
            self.1
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_ceremony_is_taken_once_and_only_in_time() {
        let mut pending = Pending::with_room_for(2);
        let first = pending.keep(Begun(1, at(10)), at(0)).unwrap();
        let second = pending.keep(Begun(2, at(20)), at(0)).unwrap();
        assert_eq!(pending.take(&first, at(10)), Some(Begun(1, at(10))));
        assert_eq!(pending.take(&first, at(10)), None);
        assert_eq!(pending.take(&second, at(21)), None);
        assert!(pending.is_empty());
        assert_eq!(pending.take(&Ticket::from(String::new()), at(0)), None);
    }

    #[test]
    fn a_full_room_drops_what_is_over_and_then_what_ends_first() {
        let mut pending = Pending::with_room_for(2);
        let over = pending.keep(Begun(1, at(1)), at(0)).unwrap();
        let soon = pending.keep(Begun(2, at(20)), at(0)).unwrap();
        let late = pending.keep(Begun(3, at(30)), at(2)).unwrap();
        assert_eq!((pending.len(), pending.take(&over, at(0))), (2, None));
        let last = pending.keep(Begun(4, at(40)), at(2)).unwrap();
        assert_eq!(pending.len(), 2);
        assert_eq!(pending.take(&soon, at(2)), None);
        assert!(pending.take(&late, at(2)).is_some() && pending.take(&last, at(2)).is_some());
    }

    #[test]
    fn tickets_differ_and_do_not_print() {
        let mut pending = Pending::with_room_for(9);
        let one = pending.keep(Begun(1, at(1)), at(0)).unwrap();
        let two = pending.keep(Begun(1, at(1)), at(0)).unwrap();
        assert_ne!(one, two);
        assert_eq!(one.as_str().len(), 43);
        assert!(!format!("{one:?} {pending:?}").contains(one.as_str()));
    }
}
