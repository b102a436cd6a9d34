//! The parent's side: start, feed, listen, and end it in time.

use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use crate::serve::{REPORT_BYTES, UNCONFINED, header, walls_of};
use crate::{Job, Limits, Output, Refusal};

/// What is kept of the child's error output.
const SAID_BYTES: u64 = 4096;

/// What happened first.
enum Event {
    /// The child ended.
    Ended,
    /// It wrote more than it may.
    Overflow,
}

/// Runs a parser over the input of `job` and gives its answer. Blocks until the child is gone.
///
/// # Errors
/// Every way in which there is no answer has its own [`Refusal`].
pub fn run(job: &Job<'_>) -> Result<Output, Refusal> {
    let mut child = start(job).map_err(|error| Refusal::Start(error.to_string()))?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (events, first) = channel();
    let limit = job.limits.output_bytes;
    let id = child.id();
    let (event, status, answer, said) = std::thread::scope(|threads| {
        threads.spawn(|| stdin.map(|pipe| feed(pipe, job)));
        let overflow = events.clone();
        let answer = threads.spawn(move || stdout.map(|pipe| listen(pipe, limit, &overflow)));
        let said = threads.spawn(move || stderr.map(hear));
        threads.spawn(move || {
            wait_for_end(id);
            // The receiver is gone when something else came first.
            let _ = events.send(Event::Ended);
        });
        let event = first.recv_timeout(Duration::from_millis(job.limits.wall_ms)).ok();
        let status = end(&mut child);
        // The pipes are closed with the child, so these threads end.
        let answer = answer.join().ok().flatten().unwrap_or_default();
        let said = said.join().ok().flatten().unwrap_or_default();
        (event, status, answer, said)
    });
    match event {
        None => Err(Refusal::Time { limit_ms: job.limits.wall_ms }),
        // The child may have ended before the overflow was told.
        Some(_) if answer.len() > limit.saturating_add(REPORT_BYTES) => {
            Err(Refusal::Output { limit_bytes: limit })
        }
        Some(Event::Ended | Event::Overflow) => judge(status, answer, said, &job.limits),
    }
}

fn start(job: &Job<'_>) -> io::Result<Child> {
    Command::new(&job.exe)
        .args(&job.args)
        // No variable of ours, which may hold secrets, and none that changes how the child starts.
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

/// Writes limits and input. A child that stops reading is judged by how it ends.
fn feed(mut pipe: impl Write, job: &Job<'_>) {
    let _ = pipe.write_all(&header(&job.limits, job.input.len())).and_then(|()| pipe.write_all(job.input));
}

/// Reads the answer, and one byte more than it may have.
fn listen(pipe: impl Read, limit: usize, overflow: &Sender<Event>) -> Vec<u8> {
    let whole = limit.saturating_add(REPORT_BYTES);
    let mut answer = Vec::new();
    // What came before an error counts; the child's end tells the rest.
    let _ = pipe.take(whole as u64 + 1).read_to_end(&mut answer);
    if answer.len() > whole {
        let _ = overflow.send(Event::Overflow);
    }
    answer
}

/// Keeps the beginning of the error output and lets the rest pass, so that the child does not stall on it.
fn hear(mut pipe: impl Read) -> String {
    let mut said = Vec::new();
    let _ = pipe.by_ref().take(SAID_BYTES).read_to_end(&mut said);
    let _ = io::copy(&mut pipe, &mut io::sink());
    let said = String::from_utf8_lossy(&said);
    let shown = said.trim().chars().map(|c| if c.is_control() && c != '\n' { '\u{FFFD}' } else { c });
    shown.collect()
}

/// Returns when the child has ended, and leaves its status for [`end`]: until that is fetched, its number
/// belongs to no other process.
#[cfg(target_os = "linux")]
fn wait_for_end(id: u32) {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) else { return };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while matches!(waitid(WaitId::Pid(pid), options), Err(rustix::io::Errno::INTR)) {}
}

/// Elsewhere no child answers, since it cannot confine itself; the deadline ends it.
#[cfg(not(target_os = "linux"))]
fn wait_for_end(_: u32) {}

/// Kills the child if it still runs, and fetches its status.
fn end(child: &mut Child) -> io::Result<ExitStatus> {
    if let Ok(Some(status)) = child.try_wait() {
        return Ok(status);
    }
    child.kill()?;
    child.wait()
}

fn judge(
    status: io::Result<ExitStatus>,
    answer: Vec<u8>,
    said: String,
    limits: &Limits,
) -> Result<Output, Refusal> {
    let status = match status {
        Ok(status) => status,
        Err(error) => return Err(Refusal::Crash { ended: error.to_string(), said }),
    };
    if status.success() {
        let Some(walls) = walls_of(&answer) else { return Err(Refusal::Foreign { said }) };
        let mut bytes = answer;
        bytes.drain(..REPORT_BYTES);
        return Ok(Output { bytes, walls });
    }
    if status.code() == Some(i32::from(UNCONFINED)) && answer.is_empty() {
        return Err(Refusal::Walls { said });
    }
    Err(by_signal(status, said, limits))
}

/// The signals by which the kernel enforces the walls.
#[cfg(target_os = "linux")]
fn by_signal(status: ExitStatus, said: String, limits: &Limits) -> Refusal {
    use std::os::unix::process::ExitStatusExt as _;
    match status.signal() {
        Some(libc::SIGSYS | libc::SIGXFSZ) => Refusal::Forbidden { said },
        Some(libc::SIGXCPU) => Refusal::Cpu { limit_seconds: limits.cpu_seconds },
        // Not ours: the hard limit or the machine that ran out of memory.
        Some(libc::SIGKILL) => Refusal::Memory { limit_bytes: limits.memory_bytes },
        // The words of the standard library when an allocation fails.
        Some(libc::SIGABRT) if said.contains("memory allocation of ") => {
            Refusal::Memory { limit_bytes: limits.memory_bytes }
        }
        _ => Refusal::Crash { ended: status.to_string(), said },
    }
}

#[cfg(not(target_os = "linux"))]
fn by_signal(status: ExitStatus, said: String, _: &Limits) -> Refusal {
    Refusal::Crash { ended: status.to_string(), said }
}
