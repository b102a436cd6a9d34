//! UUIDv7 (RFC 9562 §5.7) that never go back, even when the clock does.

use std::sync::Mutex;

use ring::rand::{SecureRandom as _, SystemRandom};
use uuid::Uuid;

use crate::{StoreError, Timestamp};

/// Makes ids in ascending order: the millisecond of the clock or the last one given, then a counter, then chance.
#[derive(Debug, Default)]
pub(crate) struct IdMaker(Mutex<(u64, u16)>);

impl IdMaker {
    pub(crate) fn next(&self, now: Timestamp) -> Result<Uuid, StoreError> {
        let now_ms = u64::try_from(now.as_micros() / 1000).unwrap_or(0);
        let (ms, counter) = {
            let mut last = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            *last = match *last {
                (ms, _) if now_ms > ms => (now_ms, 0),
                // 12 bits of counter; the next millisecond is borrowed when they are used up.
                (ms, 0xfff) => (ms + 1, 0),
                (ms, counter) => (ms, counter + 1),
            };
            *last
        };
        let mut bytes = random::<10>()?;
        let [high, low] = counter.to_be_bytes();
        bytes[0] = high;
        bytes[1] = low;
        Ok(uuid::Builder::from_unix_timestamp_millis(ms, &bytes).into_uuid())
    }
}

/// Bytes from the system's random source.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| StoreError::Random)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_ascend_while_the_clock_goes_back() {
        let maker = IdMaker::default();
        let times = (0..10_000).map(|n| Timestamp::from_micros(1_700_000_000_000_000 - n * 700));
        let ids: Vec<Uuid> = times.map(|time| maker.next(time).unwrap()).collect();
        assert!(ids.is_sorted_by(|a, b| a < b));
        assert_eq!(ids[0].get_version_num(), 7);
    }
}
