//! The offset of a host's clock by SNTP (RFC 4330 §5, RFC 5905 §14): one question.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::UdpSocket;
use tokio::time::Instant;

use super::Net;
use super::dial::io_failure;
use crate::evidence::TimeOffset;
use crate::failure::{Code, Failure, Step};
use crate::polite::{Class, Report};

/// Seconds from 1900 to 1970.
const EPOCH: i64 = 2_208_988_800;
/// One NTP era in nanoseconds: timestamps wrap in 2036.
const ERA_NS: i128 = (1_i128 << 32) * 1_000_000_000;

/// Asks for the time.
pub(super) async fn collect(net: &Arc<Net>, host: &str, port: u16) -> Result<TimeOffset, Failure> {
    let located = net.locate(host).await?;
    let address =
        *located.addresses.first().ok_or_else(|| Failure::new(Step::Resolve, Code::NoAddress, host))?;
    let at = SocketAddr::new(address, port);
    let permit = net.pace.enter(address, Class::Connect { liveness: false }).await?;
    net.counters.connection();
    net.counters.request();
    let asking = async {
        let name = at.to_string();
        let socket = if at.is_ipv4() {
            UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await
        } else {
            UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)).await
        }
        .map_err(|e| io_failure(Step::Connect, &e, &name))?;
        socket.connect(at).await.map_err(|e| io_failure(Step::Connect, &e, &name))?;
        let sent = net.clock.now().as_nanosecond();
        let began = Instant::now();
        let question = question(sent);
        socket.send(&question).await.map_err(|e| io_failure(Step::Send, &e, &name))?;
        let mut answer = [0; 512];
        let n = socket.recv(&mut answer).await.map_err(|e| io_failure(Step::Receive, &e, &name))?;
        let took = began.elapsed();
        net.counters.received(n);
        read(&question, answer.get(..n).unwrap_or_default(), sent, took)
            .map_err(|why| Failure::new(Step::Decode, Code::BadAnswer, format!("{at}: {why}")))
            .map(|r| (r, took))
    };
    let result = tokio::time::timeout(net.settings.connect_timeout, asking).await.unwrap_or_else(|_| {
        Err(Failure::new(
            Step::Receive,
            Code::TimedOut,
            format!("{at}: {} ms", net.settings.connect_timeout.as_millis()),
        ))
    });
    match result {
        Ok(((offset_ms, uncertainty_ms, stratum), took)) => {
            permit.report(Report::Answered(took));
            Ok(TimeOffset {
                host: host.to_owned(),
                method: "ntp".into(),
                offset_ms,
                uncertainty_ms,
                stratum: Some(stratum),
            })
        }
        Err(e) => {
            if e.code != Code::Unreachable {
                permit.report(Report::Failed);
            }
            Err(e)
        }
    }
}

/// Version 4, mode 3 (client), our time as transmit timestamp.
fn question(now_ns: i128) -> [u8; 48] {
    let mut packet = [0; 48];
    packet[0] = 0x23;
    packet[40..].copy_from_slice(&stamp(now_ns));
    packet
}

/// Unix nanoseconds as a 64-bit NTP timestamp.
fn stamp(ns: i128) -> [u8; 8] {
    let since_1900 = ns + i128::from(EPOCH) * 1_000_000_000;
    let fixed = since_1900.rem_euclid(ERA_NS) * (1_i128 << 32) / 1_000_000_000;
    u64::try_from(fixed).unwrap_or(0).to_be_bytes()
}

/// An NTP timestamp as Unix nanoseconds, in the era nearest to `near`.
fn moment(bytes: &[u8], near: i128) -> Option<i128> {
    let fixed = i128::from(u64::from_be_bytes(bytes.try_into().ok()?));
    let ns = fixed * 1_000_000_000 / (1_i128 << 32) - i128::from(EPOCH) * 1_000_000_000;
    let eras = (near - ns + ERA_NS / 2).div_euclid(ERA_NS);
    Some(ns + eras * ERA_NS)
}

/// Offset and uncertainty in milliseconds, and the stratum.
fn read(
    question: &[u8; 48],
    answer: &[u8],
    sent: i128,
    took: std::time::Duration,
) -> Result<(i64, u64, u8), String> {
    if answer.len() < 48 {
        return Err(format!("{} bytes", answer.len()));
    }
    let mode = answer[0] & 7;
    if !matches!(mode, 4 | 5) || answer[24..32] != question[40..] {
        return Err(format!("mode {mode}"));
    }
    let stratum = answer[1];
    if stratum == 0 {
        return Err(format!("kiss-o'-death {}", String::from_utf8_lossy(&answer[12..16])));
    }
    if answer[0] >> 6 == 3 {
        return Err("leap indicator 3: unsynchronised".into());
    }
    let took_ns = i128::try_from(took.as_nanos()).unwrap_or(i128::MAX);
    let back = sent + took_ns;
    let (received, replied) = (
        moment(&answer[32..40], sent).ok_or("timestamp")?,
        moment(&answer[40..48], sent).ok_or("timestamp")?,
    );
    let offset = i128::midpoint(received - sent, replied - back);
    let delay = (took_ns - (replied - received)).max(0);
    let whole = |ns: i128| i64::try_from(ns / 1_000_000).unwrap_or(i64::MAX);
    Ok((whole(offset), u64::try_from(whole(delay / 2)).unwrap_or(0) + 1, stratum))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn offset_and_uncertainty_follow_the_four_timestamps() {
        let sent = 1_800_000_000_000_000_000;
        let q = question(sent);
        let mut a = [0; 48];
        a[0] = 0x24;
        a[1] = 2;
        a[24..32].copy_from_slice(&q[40..]);
        // Three seconds ahead, 20 ms there, 10 ms inside, 20 ms back.
        a[32..40].copy_from_slice(&stamp(sent + 3_020_000_000));
        a[40..48].copy_from_slice(&stamp(sent + 3_030_000_000));
        let (offset, uncertainty, stratum) =
            read(&q, &a, sent, Duration::from_millis(50)).expect("an answer");
        assert!((2999..=3000).contains(&offset), "{offset}");
        assert!((20..=21).contains(&uncertainty), "{uncertainty}");
        assert_eq!(stratum, 2);
        a[1] = 0;
        assert!(read(&q, &a, sent, Duration::ZERO).is_err());
        a[24] ^= 1;
        assert!(read(&q, &a, sent, Duration::ZERO).is_err(), "not our question");
    }

    #[test]
    fn timestamps_survive_2036() {
        let after = 2_100_000_000_000_000_000;
        let back = moment(&stamp(after), after - 1_000_000_000).expect("a moment");
        assert!((back - after).abs() < 2);
    }
}
