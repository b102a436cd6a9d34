//! How often an address may be asked: a pure state machine over given moments.
//!
//! A moment is a [`Duration`] since any fixed origin, so tests need no clock:
//!
//! ```
//! use std::time::Duration;
//! use bulwark_model::Intensity;
//! use bulwark_probe::polite::{Class, Decision, Pacer};
//! let mut pacer = Pacer::new(Intensity::Low, 7);
//! let address = "203.0.113.9".parse()?;
//! let class = Class::Connect { liveness: false };
//! assert_eq!(pacer.reserve(address, class, Duration::ZERO), Decision::Go);
//! assert!(matches!(pacer.reserve(address, class, Duration::ZERO), Decision::Wait(d) if d >= Duration::from_secs(1)));
//! # Ok::<(), std::net::AddrParseError>(())
//! ```
//!
//! Rules (design: monitor.md §2): per destination address, since agencies share hosts, and
//! connections count rather than requests. Trouble makes the gap longer (up to a minute); an
//! address that keeps failing, or that slows to twice its first p95 while we look at it, is left
//! alone for the rest of the run.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use bulwark_model::Intensity;

mod schedule;

pub use schedule::Schedule;

/// The longest gap that back-off grows to.
const LONGEST_GAP: Duration = Duration::from_mins(1);
/// The longest `Retry-After` we honour by waiting.
const LONGEST_RETRY_AFTER: Duration = Duration::from_mins(5);
/// Consecutive transport failures that open the circuit.
const FAILURES_TO_OPEN: u32 = 5;
/// Response times compared: the first and the last so many.
const SAMPLES: usize = 20;
/// Slower than twice the first p95 only counts when it is also slower by this much; otherwise
/// noise on a fast network would stop a run.
const SLOWER_AT_LEAST: Duration = Duration::from_millis(100);
/// An open circuit lets one try through after this long.
const HALF_OPEN_AFTER: Duration = Duration::from_mins(1);
/// How soon to ask again when all places at an address are taken.
const PLACE_RETRY: Duration = Duration::from_millis(50);

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A TCP connection or a UDP query to a target.
    Connect {
        /// True for the few connections that only ask whether the target is alive; they go on
        /// (slowly) when the circuit is open.
        liveness: bool,
    },
    /// A ClientHello that only asks for a TLS version.
    TlsVersion,
    /// A session with a mail server that goes on to STARTTLS: many limit or blocklist those who come often.
    StartTls,
    /// One more request over an open connection, by collectors that ask for many things.
    Request,
    /// A query to the recursive resolver the operator configured: ours, not a target.
    Resolver,
}

/// What the pacer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Start now; the place is taken until [`Pacer::release`].
    Go,
    /// Ask again after this long.
    Wait(Duration),
    /// The circuit is open; the reason is for people.
    Refuse(String),
}

/// What an attempt told us about the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// It answered, this fast.
    Answered(Duration),
    /// Refused, timed out, reset: a transport failure.
    Failed,
    /// It said it is too busy (429, 503), perhaps for how long.
    Busy(Option<Duration>),
}

#[derive(Debug, Clone, Copy)]
struct Rules {
    gap: Duration,
    resolver_gap: Duration,
    tls_gap: Duration,
    starttls_gap: Duration,
    open: u32,
}

impl Rules {
    const fn of(intensity: Intensity) -> Option<Self> {
        match intensity {
            Intensity::Lab => None,
            Intensity::Low => Some(Self {
                gap: Duration::from_secs(1),
                resolver_gap: Duration::from_millis(100),
                tls_gap: Duration::from_mins(2),
                starttls_gap: Duration::from_secs(30),
                open: 2,
            }),
            Intensity::Normal => Some(Self {
                gap: Duration::from_millis(200),
                resolver_gap: Duration::from_millis(20),
                tls_gap: Duration::from_secs(5),
                starttls_gap: Duration::from_secs(5),
                open: 4,
            }),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Circuit {
    #[default]
    Closed,
    Open {
        since: Duration,
        tried: bool,
        reason: String,
    },
}

#[derive(Debug, Default)]
struct Address {
    next: Duration,
    next_resolver: Duration,
    next_tls: Duration,
    next_starttls: Duration,
    open: u32,
    /// The gap is the rule's gap times this.
    factor: u32,
    failures: u32,
    first: Vec<Duration>,
    last: VecDeque<Duration>,
    circuit: Circuit,
}

/// The pacing of one run.
#[derive(Debug)]
pub struct Pacer {
    rules: Option<Rules>,
    addresses: HashMap<IpAddr, Address>,
    random: u64,
}

impl Pacer {
    /// A pacer for one run; `seed` varies the jitter.
    pub fn new(intensity: Intensity, seed: u64) -> Self {
        Self { rules: Rules::of(intensity), addresses: HashMap::new(), random: seed | 1 }
    }

    /// Whether a connection to `address` may start at `now`.
    pub fn reserve(&mut self, address: IpAddr, class: Class, now: Duration) -> Decision {
        let Some(rules) = self.rules else { return Decision::Go };
        let (gap_jitter, class_jitter) = (self.jitter(), self.jitter());
        let a = self.addresses.entry(address.to_canonical()).or_default();
        let mut trying = false;
        if let Circuit::Open { since, tried, reason } = &a.circuit
            && !matches!(class, Class::Resolver | Class::Connect { liveness: true })
        {
            if *tried || now < *since + HALF_OPEN_AFTER {
                return Decision::Refuse(reason.clone());
            }
            trying = true;
        }
        if class == Class::Resolver {
            if now < a.next_resolver {
                return Decision::Wait(a.next_resolver.saturating_sub(now));
            }
            a.next_resolver = now + rules.resolver_gap;
            return Decision::Go;
        }
        let mut start = a.next;
        match class {
            Class::TlsVersion => start = start.max(a.next_tls),
            Class::StartTls => start = start.max(a.next_starttls),
            Class::Connect { .. } | Class::Request | Class::Resolver => {}
        }
        if now < start {
            return Decision::Wait(start.saturating_sub(now));
        }
        let takes_place = class != Class::Request;
        if takes_place && a.open >= rules.open {
            return Decision::Wait(PLACE_RETRY);
        }
        if trying && let Circuit::Open { tried, .. } = &mut a.circuit {
            *tried = true;
        }
        a.open += u32::from(takes_place);
        a.next = now + stretched((rules.gap * a.factor.max(1)).min(LONGEST_GAP), gap_jitter).max(rules.gap);
        let later = |gap: Duration| now + stretched(gap, class_jitter).max(gap);
        match class {
            Class::TlsVersion => a.next_tls = later(rules.tls_gap),
            Class::StartTls => a.next_starttls = later(rules.starttls_gap),
            Class::Connect { .. } | Class::Request | Class::Resolver => {}
        }
        Decision::Go
    }

    /// Gives back the place that [`Decision::Go`] took (not for [`Class::Resolver`] and [`Class::Request`]).
    pub fn release(&mut self, address: IpAddr) {
        if let Some(a) = self.addresses.get_mut(&address.to_canonical()) {
            a.open = a.open.saturating_sub(1);
        }
    }

    /// Takes note of how an attempt went.
    pub fn report(&mut self, address: IpAddr, report: Report, now: Duration) {
        let Some(rules) = self.rules else { return };
        let a = self.addresses.entry(address.to_canonical()).or_default();
        match report {
            Report::Answered(took) => {
                a.failures = 0;
                a.factor = (a.factor / 2).max(1);
                if matches!(a.circuit, Circuit::Open { tried: true, .. }) {
                    a.circuit = Circuit::Closed;
                    a.first.clear();
                    a.last.clear();
                }
                a.note(took);
                if a.circuit == Circuit::Closed
                    && let Some((then, lately)) = a.slowed()
                {
                    let reason =
                        format!("{address}: p95 {} ms → {} ms", then.as_millis(), lately.as_millis());
                    a.circuit = Circuit::Open { since: now, tried: false, reason };
                }
            }
            Report::Failed => {
                a.failures += 1;
                a.back_off(rules, now);
                if a.failures >= FAILURES_TO_OPEN && a.circuit == Circuit::Closed {
                    let reason = format!("{address}: {} transport failures in a row", a.failures);
                    a.circuit = Circuit::Open { since: now, tried: false, reason };
                }
            }
            Report::Busy(after) => {
                a.back_off(rules, now);
                if let Some(after) = after {
                    a.next = a.next.max(now + after.min(LONGEST_RETRY_AFTER));
                }
            }
        }
    }

    /// A number in −100…100, thousandths of the gap.
    fn jitter(&mut self) -> i32 {
        // xorshift64: spread, not secrecy.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        i32::try_from(self.random % 201).unwrap_or(100) - 100
    }
}

impl Address {
    fn back_off(&mut self, rules: Rules, now: Duration) {
        self.factor = self.factor.max(1).saturating_mul(2).min(1 << 12);
        self.next = self.next.max(now + (rules.gap * self.factor).min(LONGEST_GAP));
    }

    fn note(&mut self, took: Duration) {
        if self.first.len() < SAMPLES {
            self.first.push(took);
            return;
        }
        self.last.push_back(took);
        if self.last.len() > SAMPLES {
            self.last.pop_front();
        }
    }

    /// The p95 at first and lately, when it doubled.
    fn slowed(&self) -> Option<(Duration, Duration)> {
        if self.last.len() < SAMPLES {
            return None;
        }
        let (then, lately) = (p95(self.first.iter().copied())?, p95(self.last.iter().copied())?);
        (lately >= then * 2 && lately >= then + SLOWER_AT_LEAST).then_some((then, lately))
    }
}

/// Nearest-rank 95th percentile.
fn p95(values: impl Iterator<Item = Duration>) -> Option<Duration> {
    let mut values: Vec<Duration> = values.collect();
    values.sort_unstable();
    let rank = (values.len() * 95).div_ceil(100);
    values.get(rank.saturating_sub(1)).copied()
}

fn stretched(gap: Duration, thousandths: i32) -> Duration {
    gap * u32::try_from(1000 + thousandths).unwrap_or(1000) / 1000
}

#[cfg(test)]
#[expect(clippy::unchecked_time_subtraction, reason = "later minus earlier; a panic would be a found bug")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CONNECT: Class = Class::Connect { liveness: false };
    const ALIVE: Class = Class::Connect { liveness: true };

    fn ip() -> IpAddr {
        "203.0.113.9".parse().expect("an address")
    }

    fn s(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    /// Asks until it may go; gives the moment.
    fn go(pacer: &mut Pacer, class: Class, mut now: Duration) -> Duration {
        loop {
            match pacer.reserve(ip(), class, now) {
                Decision::Go => return now,
                Decision::Wait(d) => now += d,
                Decision::Refuse(why) => panic!("{why}"),
            }
        }
    }

    #[test]
    fn lab_never_waits() {
        let mut p = Pacer::new(Intensity::Lab, 1);
        for _ in 0..1000 {
            p.report(ip(), Report::Failed, s(0.0));
            assert_eq!(p.reserve(ip(), CONNECT, s(0.0)), Decision::Go);
        }
    }

    #[test]
    fn low_keeps_a_second_between_starts_and_two_open() {
        let mut p = Pacer::new(Intensity::Low, 1);
        let first = go(&mut p, CONNECT, s(0.0));
        let second = go(&mut p, CONNECT, first);
        assert!(second - first >= s(1.0) && second - first <= s(1.1));
        assert_eq!(p.reserve(ip(), CONNECT, second + s(10.0)), Decision::Wait(PLACE_RETRY), "two are open");
        p.release(ip());
        assert_eq!(p.reserve(ip(), CONNECT, second + s(10.0)), Decision::Go);
    }

    #[test]
    fn five_tls_hellos_spread_over_eight_minutes() {
        for (intensity, gap) in [(Intensity::Low, 120.0), (Intensity::Normal, 5.0)] {
            let mut p = Pacer::new(intensity, 3);
            let mut now = s(0.0);
            for n in 0..5 {
                let start = go(&mut p, Class::TlsVersion, now);
                assert!(n == 0 || start - now >= s(gap), "{intensity} {n}");
                p.release(ip());
                now = start;
            }
        }
    }

    #[test]
    fn a_mail_server_is_met_twice_a_minute() {
        let mut p = Pacer::new(Intensity::Low, 3);
        let first = go(&mut p, Class::StartTls, s(0.0));
        p.release(ip());
        let other = go(&mut p, CONNECT, first);
        p.release(ip());
        assert!(other - first < s(1.2), "other connections do not wait for it");
        assert!(go(&mut p, Class::StartTls, other) - first >= s(30.0));
    }

    #[test]
    fn the_operators_resolver_is_asked_ten_times_a_second() {
        let mut p = Pacer::new(Intensity::Low, 1);
        assert_eq!(p.reserve(ip(), Class::Resolver, s(0.0)), Decision::Go);
        assert_eq!(p.reserve(ip(), Class::Resolver, s(0.0)), Decision::Wait(s(0.1)));
    }

    #[test]
    fn trouble_doubles_the_gap_and_answers_bring_it_back() {
        let mut p = Pacer::new(Intensity::Low, 1);
        let mut now = go(&mut p, CONNECT, s(0.0));
        p.release(ip());
        let mut gaps = Vec::new();
        for _ in 0..3 {
            p.report(ip(), Report::Failed, now);
            let start = go(&mut p, CONNECT, now);
            p.release(ip());
            gaps.push((start - now).as_secs());
            now = start;
        }
        assert_eq!(gaps, [2, 4, 8]);
        for _ in 0..3 {
            p.report(ip(), Report::Answered(s(0.1)), now);
        }
        now = go(&mut p, CONNECT, now);
        p.release(ip());
        assert!(go(&mut p, CONNECT, now) - now < s(1.2));
    }

    #[test]
    fn retry_after_is_honoured_up_to_five_minutes() {
        let mut p = Pacer::new(Intensity::Low, 1);
        p.report(ip(), Report::Busy(Some(s(90.0))), s(0.0));
        assert_eq!(p.reserve(ip(), ALIVE, s(0.0)), Decision::Wait(s(90.0)));
        p.report(ip(), Report::Busy(Some(s(9000.0))), s(0.0));
        assert_eq!(p.reserve(ip(), CONNECT, s(0.0)), Decision::Wait(s(300.0)));
    }

    #[test]
    fn five_failures_open_the_circuit_and_one_try_follows() {
        let mut p = Pacer::new(Intensity::Low, 1);
        for n in 0..5 {
            p.report(ip(), Report::Failed, s(f64::from(n)));
        }
        let Decision::Refuse(why) = p.reserve(ip(), CONNECT, s(10.0)) else { panic!("closed") };
        assert!(why.contains("203.0.113.9") && why.contains('5'), "{why}");
        assert!(!matches!(p.reserve(ip(), ALIVE, s(10.0)), Decision::Refuse(_)), "liveness goes on");
        let at = go(&mut p, CONNECT, s(100.0));
        p.release(ip());
        assert!(matches!(p.reserve(ip(), CONNECT, at + s(100.0)), Decision::Refuse(_)), "only one try");
        p.report(ip(), Report::Answered(s(0.1)), at);
        assert!(!matches!(p.reserve(ip(), CONNECT, at + s(100.0)), Decision::Refuse(_)), "it answered");
    }

    #[test]
    fn an_address_that_slows_to_twice_its_p95_is_left_alone() {
        let mut p = Pacer::new(Intensity::Low, 1);
        for n in 0..40 {
            assert!(!matches!(p.reserve(ip(), CONNECT, s(f64::from(n) * 100.0)), Decision::Refuse(_)));
            p.release(ip());
            p.report(ip(), Report::Answered(if n < 20 { s(0.2) } else { s(0.4) }), s(f64::from(n) * 100.0));
        }
        assert!(
            matches!(p.reserve(ip(), CONNECT, s(3910.0)), Decision::Refuse(why) if why.contains("200 ms → 400 ms"))
        );
        let mut p = Pacer::new(Intensity::Low, 1);
        for n in 0..40 {
            p.report(ip(), Report::Answered(if n < 20 { s(0.001) } else { s(0.005) }), s(0.0));
        }
        assert_eq!(p.reserve(ip(), CONNECT, s(1.0)), Decision::Go, "milliseconds of noise");
    }

    #[derive(Debug, Clone)]
    enum Act {
        Reserve(u8),
        Release,
        Report(u8),
        Pass(u16),
    }

    proptest! {
        #[test]
        fn never_more_than_one_start_a_second_in_low(
            seed in any::<u64>(),
            acts in prop::collection::vec(prop_oneof![
                5 => (0u8..5).prop_map(Act::Reserve),
                3 => Just(Act::Release),
                1 => (0u8..4).prop_map(Act::Report),
                3 => (0u16..1500).prop_map(Act::Pass),
            ], 1..400),
        ) {
            let mut p = Pacer::new(Intensity::Low, seed);
            let mut now = Duration::ZERO;
            let mut starts: Vec<Duration> = Vec::new();
            let mut tls: Option<Duration> = None;
            let mut mail: Option<Duration> = None;
            let mut open = 0u32;
            for act in acts {
                match act {
                    Act::Pass(ms) => now += Duration::from_millis(ms.into()),
                    Act::Release => {
                        if open > 0 {
                            p.release(ip());
                            open -= 1;
                        }
                    }
                    Act::Report(0) => p.report(ip(), Report::Failed, now),
                    Act::Report(1) => p.report(ip(), Report::Busy(Some(s(3.0))), now),
                    Act::Report(n) => p.report(ip(), Report::Answered(s(f64::from(n))), now),
                    Act::Reserve(n) => {
                        let class = [CONNECT, ALIVE, Class::TlsVersion, Class::Request, Class::StartTls][usize::from(n)];
                        if p.reserve(ip(), class, now) == Decision::Go {
                            if let Some(last) = starts.last() {
                                prop_assert!(now - *last >= s(1.0));
                            }
                            if class == Class::TlsVersion {
                                prop_assert!(tls.is_none_or(|t| now - t >= s(120.0)));
                                tls = Some(now);
                            }
                            if class == Class::StartTls {
                                prop_assert!(mail.is_none_or(|t| now - t >= s(30.0)));
                                mail = Some(now);
                            }
                            starts.push(now);
                            open += u32::from(class != Class::Request);
                            prop_assert!(open <= 2);
                        }
                    }
                }
            }
        }

        /// Whatever mix of checks asks, and however they are spread over addresses: in any hour an address
        /// sees no more than one start a second, and addresses do not slow each other down.
        #[test]
        fn the_budget_of_an_address_is_shared_by_all_checks(
            seed in any::<u64>(),
            asks in prop::collection::vec((0u8..3, 0u8..5, 0u16..400), 50..400),
        ) {
            let mut p = Pacer::new(Intensity::Low, seed);
            let mut now = Duration::ZERO;
            let mut starts: HashMap<u8, Vec<Duration>> = HashMap::new();
            for (host, class, ms) in asks {
                now += Duration::from_millis(ms.into());
                let address = IpAddr::from([203, 0, 113, host]);
                let class = [CONNECT, ALIVE, Class::TlsVersion, Class::Request, Class::StartTls][usize::from(class)];
                let before = starts.get(&host).and_then(|s| s.last()).copied();
                match p.reserve(address, class, now) {
                    Decision::Go => {
                        starts.entry(host).or_default().push(now);
                        if class != Class::Request {
                            p.release(address);
                        }
                    }
                    Decision::Wait(d) => prop_assert!(before.is_some() && d <= s(132.0), "an idle address is free"),
                    Decision::Refuse(why) => prop_assert!(false, "{why}"),
                }
            }
            for times in starts.values() {
                prop_assert!(times.windows(2).all(|w| w[1] - w[0] >= s(1.0)));
            }
        }
    }
}
