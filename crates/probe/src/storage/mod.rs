//! Storage under a folder: which device it is, how busy and how fast that device is, and when it
//! will be full. The pure parts; reading is in [`io`].

mod device;
mod fill;
pub mod io;
mod load;

pub use device::{Mounted, device_name, mounted, sample};
pub use fill::{BadLine, Forecast, forecast, history};
pub use load::{Load, load, percentile};

/// Name of the file that the owner makes for the latency probe; without it nothing is read.
pub const LATENCY_FILE: &str = ".bulwark-latency";
/// Size of that file: larger than the cache of a disk's own controller.
pub const LATENCY_BYTES: u64 = 64 << 20;

/// Entry point for fuzzing and property tests.
pub fn fuzz_storage(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Some(m) = mounted(&text, std::path::Path::new("/srv/a")) {
        let _ = device_name(&text, &m, None);
    }
    let _ = sample(&text, "sda", 0);
    let (points, _) = history(&text, i64::MAX);
    let _ = forecast(&points, 95);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn never_panics(data in proptest::collection::vec(any::<u8>(), 0..300)) {
            super::fuzz_storage(&data);
        }

        #[test]
        fn near_files_never_panic(
            text in "([0-9]{1,20}|[:, \n]|/srv|sda1?| - |-|#|\\\\0[0-7]{2}|0:[0-9]){0,60}"
        ) {
            super::fuzz_storage(text.as_bytes());
        }
    }
}
