//! TCP reachability, IPv6 and round-trip times.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bulwark_i18n::args;
use bulwark_probe::evidence::{Tcp, TcpSample};
use bulwark_probe::failure::{Code, Failure};

use super::view::{excerpt, host_port};
use crate::check::{Case, Piece, Sheet};

/// A connection that takes a second or more has had its SYN sent again (RFC 6298 §2: the first
/// retransmission time-out is one second), so a packet was lost.
const RETRANSMITTED_US: u64 = 1_000_000;
/// 95th percentile above which a path is slow.
const SLOW_P95_US: u64 = 200_000;

fn address(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>().ok().map(|a| a.to_canonical())
}

const fn family(v4: bool) -> &'static str {
    if v4 { "IPv4" } else { "IPv6" }
}

/// Kinds of path (family, loopback) on which some connection of this run succeeded. Proves that
/// silence elsewhere is not our own lack of a route.
fn working_paths(case: &Case<'_>) -> BTreeSet<(bool, bool)> {
    case.tcp()
        .flat_map(|p| &p.body.samples)
        .filter(|s| s.rtt_us.is_ok())
        .filter_map(|s| address(&s.address))
        .map(path)
        .collect()
}

const fn path(a: IpAddr) -> (bool, bool) {
    (a.is_ipv4(), a.is_loopback())
}

/// What all attempts on one address come to.
enum State<'a> {
    Open,
    /// The host itself said no.
    Refused,
    /// No answer at all, though our path of that kind works.
    Silent,
    /// We cannot tell.
    Unknown(&'a Failure),
}

fn state<'a>(samples: &[&'a TcpSample], at: IpAddr, works: &BTreeSet<(bool, bool)>) -> Option<State<'a>> {
    if samples.iter().any(|s| s.rtt_us.is_ok()) {
        return Some(State::Open);
    }
    let failures: Vec<&Failure> = samples.iter().filter_map(|s| s.rtt_us.as_ref().err()).collect();
    if failures.iter().any(|f| f.code == Code::Refused) {
        return Some(State::Refused);
    }
    let silent = !failures.is_empty()
        && failures.iter().all(|f| matches!(f.code, Code::TimedOut | Code::Unreachable))
        && works.contains(&path(at));
    if silent { Some(State::Silent) } else { failures.first().map(|f| State::Unknown(f)) }
}

/// Samples by address, in the order of the addresses.
fn by_address(tcp: &Tcp) -> BTreeMap<IpAddr, Vec<&TcpSample>> {
    let mut out: BTreeMap<IpAddr, Vec<&TcpSample>> = BTreeMap::new();
    for sample in &tcp.samples {
        if let Some(at) = address(&sample.address) {
            out.entry(at).or_default().push(sample);
        }
    }
    out
}

fn describe(at: IpAddr, samples: &[&TcpSample]) -> String {
    let good = samples.iter().filter(|s| s.rtt_us.is_ok()).count();
    let trouble = samples.iter().find_map(|s| s.rtt_us.as_ref().err());
    let trouble = trouble.map(|f| format!(" {f}")).unwrap_or_default();
    format!("{at} {good}/{}{trouble}", samples.len())
}

/// `network.tcp-reachable`: each declared port accepts connections on every address, IPv4 and IPv6
/// judged apart so that a dead IPv6 is not hidden by a good IPv4.
///
/// A refusal is the host's own answer. Silence on every attempt counts against the host only when
/// another connection of this run succeeded on the same kind of path; otherwise it may be ours and
/// stays `error`.
pub(super) fn reachable(case: &Case<'_>, sheet: &mut Sheet) {
    let works = working_paths(case);
    for piece in case.tcp() {
        let addresses = by_address(piece.body);
        for v4 in [true, false] {
            let mine: Vec<_> = addresses.iter().filter(|(a, _)| a.is_ipv4() == v4).collect();
            let mut refused = Vec::new();
            let mut silent = Vec::new();
            let mut unknown = None;
            let mut open = 0_usize;
            for (at, samples) in &mine {
                match state(samples, **at, &works) {
                    Some(State::Open) => open += 1,
                    Some(State::Refused) => refused.push(at.to_string()),
                    Some(State::Silent) => silent.push(at.to_string()),
                    Some(State::Unknown(failure)) => unknown = Some(failure),
                    None => {}
                }
            }
            let port = host_port(&piece.body.host, piece.body.port);
            let asset = format!("{port} ({})", family(v4));
            let entry = if !refused.is_empty() {
                sheet.fail(&asset, "refused", &args![port = asset, addresses = refused.join(", ")])
            } else if !silent.is_empty() {
                sheet.fail(&asset, "silent", &args![port = asset, addresses = silent.join(", ")])
            } else if let Some(failure) = unknown {
                sheet.error(&asset, failure)
            } else if open > 0 {
                sheet.pass(&asset, "pass", &args![port = asset, count = open])
            } else {
                continue;
            };
            entry.from(&piece).excerpt(excerpt(mine.iter().map(|(a, s)| describe(**a, s))));
        }
    }
}

/// `network.ipv6`: each host name has an AAAA record and answers there (RFC 6540 §2: IPv6 support
/// is not optional). Advice.
///
/// When no IPv6 connection of the run succeeded, our own location may lack IPv6: not tested.
pub(super) fn ipv6(case: &Case<'_>, sheet: &mut Sheet) {
    let works = working_paths(case);
    let mut hosts: BTreeMap<&str, Vec<Piece<'_, Tcp>>> = BTreeMap::new();
    for piece in case.tcp() {
        hosts.entry(piece.body.host.as_str()).or_default().push(piece);
    }
    for (host, pieces) in hosts {
        let values = args![host = host];
        let known: BTreeSet<IpAddr> =
            pieces.iter().flat_map(|p| &p.body.addresses).filter_map(|a| address(a)).collect();
        let v6: Vec<IpAddr> = known.iter().copied().filter(IpAddr::is_ipv6).collect();
        let mut lines = Vec::new();
        let (mut open, mut dead, mut unknown) = (0_usize, 0_usize, 0_usize);
        for piece in &pieces {
            let all = by_address(piece.body);
            // A port that is closed on IPv4 as well says nothing about IPv6.
            let v4: Vec<_> = all.iter().filter(|(a, _)| a.is_ipv4()).collect();
            let shut =
                !v4.is_empty() && !v4.iter().any(|(a, s)| matches!(state(s, **a, &works), Some(State::Open)));
            for (at, samples) in all.into_iter().filter(|(a, _)| a.is_ipv6()) {
                lines.push(format!("{} {}", piece.body.port, describe(at, &samples)));
                match state(&samples, at, &works) {
                    Some(State::Open) => open += 1,
                    Some(State::Refused | State::Silent) if shut => {}
                    Some(State::Refused | State::Silent) => dead += 1,
                    Some(State::Unknown(_)) | None => unknown += 1,
                }
            }
        }
        let mut entry = if address(host).is_some() {
            sheet.not_applicable(host, "literal", &values)
        } else if known.is_empty() {
            continue;
        } else if v6.is_empty() {
            lines = known.iter().map(|a| format!("{host} A {a}")).collect();
            sheet.fail(host, "no_aaaa", &values)
        } else if dead > 0 {
            sheet.fail(host, "dead", &values)
        } else if unknown > 0 || open == 0 {
            sheet.not_tested(host, "no_path", &values)
        } else {
            sheet.pass(host, "pass", &values)
        };
        for piece in &pieces {
            entry = entry.from(piece);
        }
        entry.excerpt(excerpt(lines));
    }
}

/// Nearest-rank percentile of sorted values.
fn percentile(sorted: &[u64], percent: usize) -> u64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

/// Microseconds as milliseconds with one decimal.
fn millis(us: u64) -> String {
    format!("{}.{}", us / 1_000, us % 1_000 / 100)
}

/// One attempt with the record it stands in.
type Attempt<'a> = (Piece<'a, Tcp>, &'a TcpSample);

/// `network.rtt`: time to connect, per address: p50, p95, p99 by nearest rank.
///
/// A warning when p95 is above 200 ms or attempts were lost. An attempt that took a second or more
/// had its SYN sent again and counts as lost; a refused one is no loss.
pub(super) fn rtt(case: &Case<'_>, sheet: &mut Sheet) {
    let mut all: BTreeMap<(&str, IpAddr), Vec<Attempt<'_>>> = BTreeMap::new();
    for piece in case.tcp() {
        for sample in &piece.body.samples {
            if let Some(at) = address(&sample.address) {
                all.entry((piece.body.host.as_str(), at)).or_default().push((piece, sample));
            }
        }
    }
    for ((host, at), samples) in all {
        let mut times: Vec<u64> =
            samples.iter().filter_map(|(_, s)| s.rtt_us.as_ref().ok().copied()).collect();
        if times.is_empty() {
            // Whether the address answers at all is judged by `network.tcp-reachable`.
            continue;
        }
        times.sort_unstable();
        let again = times.iter().filter(|t| **t >= RETRANSMITTED_US).count();
        let timed_out = |s: &TcpSample| matches!(&s.rtt_us, Err(f) if f.code == Code::TimedOut);
        let lost = again + samples.iter().filter(|(_, s)| timed_out(s)).count();
        let tried = times.len() + samples.iter().filter(|(_, s)| timed_out(s)).count();
        let p95 = percentile(&times, 95);
        let asset = if address(host) == Some(at) { host.to_owned() } else { format!("{host} ({at})") };
        let values = args![
            host = asset,
            count = tried,
            lost = lost,
            p50 = millis(percentile(&times, 50)),
            p95 = millis(p95),
            p99 = millis(percentile(&times, 99)),
        ];
        let mut entry = if lost > 0 {
            sheet.warn(&asset, "loss", &values)
        } else if p95 > SLOW_P95_US {
            sheet.warn(&asset, "slow", &values)
        } else {
            sheet.info(&asset, "measured", &values)
        };
        for (piece, _) in &samples {
            entry = entry.from(piece);
        }
        entry.excerpt(times.iter().map(|t| millis(*t)).collect::<Vec<_>>().join(" ") + " ms");
    }
}
