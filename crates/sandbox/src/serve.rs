//! The child's side, and the few bytes both sides exchange.
//!
//! In: a header of 32 bytes (mark, processor seconds, memory, length of the input; little-endian), then the
//! input. Out: a report of 16 bytes (mark, levels), written once the walls stand and before the input is
//! read, then the answer, up to the end.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use crate::walls::{self, Missing};
use crate::{Level, Limits, Walls};

pub(crate) const HEADER_BYTES: usize = 32;
pub(crate) const REPORT_BYTES: usize = 16;

/// Exit code of a child that could not put up its walls.
pub(crate) const UNCONFINED: u8 = 97;

/// Exit code of a child that was not fed by [`crate::run`].
const UNFED: u8 = 98;

const MARK: [u8; 8] = *b"BW-BOX-1";

/// Puts up all walls around this process, which must have one thread only, and tells how high they are.
/// There is no way back.
///
/// # Errors
/// Names the wall that could not be put up. The process must not look at the input then.
pub fn confine(limits: &Limits) -> Result<Walls, Missing> {
    walls::alone()?;
    walls::privileges()?;
    let landlock = walls::files()?;
    walls::resources(limits)?;
    // Last, since putting up the others takes system calls it forbids.
    walls::calls()?;
    Ok(Walls { landlock })
}

/// The whole of a child's `main`: puts up the walls, reads the input, answers with what `parse` makes of it.
///
/// A panic in `parse` ends the process, which the parent sees as [`crate::Refusal::Crash`].
pub fn serve(parse: impl FnOnce(Vec<u8>) -> Vec<u8>) -> ExitCode {
    let mut header = [0; HEADER_BYTES];
    let mut stdin = io::stdin().lock();
    let fed = stdin.read_exact(&mut header).ok().and_then(|()| read_header(&header));
    let Some((limits, length)) = fed else { return told(UNFED, "started without a parent") };
    let walls = match confine(&limits) {
        Ok(walls) => walls,
        Err(missing) => return told(UNCONFINED, &missing.to_string()),
    };
    let mut stdout = io::stdout().lock();
    if stdout.write_all(&report(walls)).and_then(|()| stdout.flush()).is_err() {
        return ExitCode::from(UNFED);
    }
    let mut input = Vec::with_capacity(length);
    let read = stdin.take(length as u64).read_to_end(&mut input);
    if read.ok() != Some(length) {
        return told(UNFED, "the input is cut off");
    }
    let answer = parse(input);
    match stdout.write_all(&answer).and_then(|()| stdout.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(UNFED),
    }
}

fn told(code: u8, why: &str) -> ExitCode {
    // Nobody may be listening; the code says the same.
    let _ = writeln!(io::stderr(), "{why}");
    ExitCode::from(code)
}

pub(crate) fn header(limits: &Limits, length: usize) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(&MARK);
    header[8..16].copy_from_slice(&u64::from(limits.cpu_seconds).to_le_bytes());
    header[16..24].copy_from_slice(&limits.memory_bytes.to_le_bytes());
    header[24..].copy_from_slice(&(length as u64).to_le_bytes());
    header
}

fn read_header(header: &[u8; HEADER_BYTES]) -> Option<(Limits, usize)> {
    let number = |at: usize| Some(u64::from_le_bytes(header.get(at..at + 8)?.try_into().ok()?));
    if header[..8] != MARK {
        return None;
    }
    let limits = Limits {
        cpu_seconds: u32::try_from(number(8)?).ok()?,
        memory_bytes: number(16)?,
        ..Limits::default()
    };
    Some((limits, usize::try_from(number(24)?).ok()?))
}

fn report(walls: Walls) -> [u8; REPORT_BYTES] {
    let mut report = [0; REPORT_BYTES];
    report[..8].copy_from_slice(&MARK);
    report[8] = walls.landlock.code();
    report
}

/// The walls a report at the beginning of an answer names.
pub(crate) fn walls_of(answer: &[u8]) -> Option<Walls> {
    let report = answer.get(..REPORT_BYTES)?;
    let rest_is_zero = report[9..].iter().all(|byte| *byte == 0);
    if report[..8] != MARK || !rest_is_zero {
        return None;
    }
    Some(Walls { landlock: Level::from_code(report[8])? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_reports_are_read_as_written() {
        let limits = Limits { cpu_seconds: 7, memory_bytes: 1 << 33, ..Limits::default() };
        assert_eq!(read_header(&header(&limits, 12)), Some((limits, 12)));
        let mut other = header(&limits, 12);
        other[0] ^= 1;
        assert_eq!(read_header(&other), None);
        for landlock in [Level::Absent, Level::Partial, Level::Full] {
            assert_eq!(walls_of(&report(Walls { landlock })), Some(Walls { landlock }));
        }
        let mut unknown = report(Walls { landlock: Level::Full });
        unknown[8] = 3;
        assert_eq!(walls_of(&unknown), None);
        assert_eq!(walls_of(&MARK), None);
    }
}
