//! Entry point for fuzzing; the same function runs under proptest.

use std::io::Cursor;

use crate::{Limits, Reader};

/// Feeds arbitrary bytes to the reader and to the texts of its errors.
///
/// # Panics
/// When the reader contradicts itself: a record of a verified bundle cannot be read.
pub fn fuzz_reader(data: &[u8]) {
    let limits = Limits {
        max_file_bytes: 1 << 24,
        max_record_bytes: 1 << 20,
        max_records: 1000,
        max_manifest_bytes: 1 << 20,
    };
    let mut reader = match Reader::open(Cursor::new(data), &limits) {
        Ok(reader) => reader,
        Err(e) => return drop(e.diagnostic("fuzz")),
    };
    match reader.verify() {
        Ok(verified) => {
            for record in &verified.manifest.records {
                let content = reader.read(&record.name, record.bytes);
                assert_eq!(content.map(|c| c.len() as u64).ok(), Some(record.bytes), "{}", record.name);
            }
        }
        Err(e) => drop(e.diagnostic("fuzz")),
    }
}
