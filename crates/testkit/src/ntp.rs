//! An SNTP server (RFC 5905) whose clock is wrong by a chosen amount.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::lifetime::{Stop, UdpService};

/// Seconds from 1900 to 1970.
const NTP_TO_UNIX_S: u64 = 2_208_988_800;

/// A running NTP server; stops on drop.
pub struct NtpServer {
    service: UdpService,
    offset_ms: Arc<AtomicI64>,
    queries: Arc<AtomicUsize>,
}

impl NtpServer {
    /// Starts a server whose clock is `offset_ms` ahead of this machine's (negative: behind).
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub fn start(addr: SocketAddr, offset_ms: i64) -> std::io::Result<Self> {
        let offset_ms = Arc::new(AtomicI64::new(offset_ms));
        let queries = Arc::new(AtomicUsize::new(0));
        let service = UdpService::start(UdpSocket::bind(addr)?, Arc::new(Stop::default()), {
            let (offset_ms, queries) = (Arc::clone(&offset_ms), Arc::clone(&queries));
            move |request, _| {
                queries.fetch_add(1, Ordering::SeqCst);
                reply(request, offset_ms.load(Ordering::SeqCst)).into_iter().collect()
            }
        })?;
        Ok(Self { service, offset_ms, queries })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.service.addr()
    }

    /// Moves the clock.
    pub fn set_offset_ms(&self, offset_ms: i64) {
        self.offset_ms.store(offset_ms, Ordering::SeqCst);
    }

    /// Datagrams received.
    pub fn queries(&self) -> usize {
        self.queries.load(Ordering::SeqCst)
    }
}

fn reply(request: &[u8], offset_ms: i64) -> Option<Vec<u8>> {
    let originate = request.get(40..48)?;
    let version = request.first()? & 0b0011_1000;
    let stamp = timestamp(offset_ms);
    let mut packet = vec![version | 4, 2, 6, 0xEC];
    packet.extend([0, 0, 0, 1, 0, 0, 0, 1]);
    packet.extend(b"\x7f\0\0\x01");
    packet.extend(stamp); // reference
    packet.extend(originate);
    packet.extend(stamp); // receive
    packet.extend(stamp); // transmit
    Some(packet)
}

fn timestamp(offset_ms: i64) -> [u8; 8] {
    #[expect(clippy::disallowed_methods, reason = "a time server tells the machine's time")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let shift = Duration::from_millis(offset_ms.unsigned_abs());
    let told = if offset_ms < 0 { now.saturating_sub(shift) } else { now + shift };
    let seconds = told.as_secs() + NTP_TO_UNIX_S;
    let fraction = (u64::from(told.subsec_nanos()) << 32) / 1_000_000_000;
    ((seconds << 32) | fraction).to_be_bytes()
}
