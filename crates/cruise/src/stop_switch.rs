//! The owner's stop switch: a file or a URL of the plan that ends a run at once.
//!
//! The file is looked at before every item, the URL at most once in [`ASK_EVERY`], by the prober like any
//! other request: paced, counted, within the scope. While long items run, a watcher looks as well. A switch
//! that cannot be asked any more ends the run, too: whoever set it up relies on it.

use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use bulwark_i18n::args;
use bulwark_model::{Clock, Diagnostic};
use bulwark_probe::evidence::{Body, Http, Outcome};
use bulwark_probe::failure::Code;
use bulwark_probe::net::Stop;
use bulwark_probe::task::Task;
use jiff::{SignedDuration, Timestamp};

use crate::diagnostic;
use crate::plan::StopSwitch;
use crate::run::Collect;

/// How often the URL is asked at most.
pub const ASK_EVERY: SignedDuration = SignedDuration::from_secs(5);
/// How often the watcher looks; the file is nearly free.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Unanswered questions in a row that end the run.
const MOST_UNANSWERED: u32 = 3;

/// A stop switch under watch.
pub(crate) struct Watch<'a> {
    switch: &'a StopSwitch,
    collector: &'a dyn Collect,
    clock: &'a dyn Clock,
    stop: &'a Stop,
    asked: Mutex<Asked>,
    over: Mutex<bool>,
    bell: Condvar,
}

#[derive(Default)]
struct Asked {
    last: Option<Timestamp>,
    unanswered: u32,
    /// Why the run was stopped.
    reason: Option<Diagnostic>,
}

impl Asked {
    /// A question without an answer; too many in a row are a reason to stop.
    fn silence(&mut self, url: &str) -> Option<Diagnostic> {
        self.unanswered += 1;
        (self.unanswered >= MOST_UNANSWERED)
            .then(|| diagnostic("BW-RUN-015", &args![switch = url, times = self.unanswered]).at_named(url))
    }
}

impl<'a> Watch<'a> {
    pub(crate) fn new(
        switch: &'a StopSwitch,
        collector: &'a dyn Collect,
        clock: &'a dyn Clock,
        stop: &'a Stop,
    ) -> Self {
        let (asked, over, bell) = (Mutex::default(), Mutex::default(), Condvar::new());
        Self { switch, collector, clock, stop, asked, over, bell }
    }

    /// Whether the plan has a switch at all.
    pub(crate) const fn set_up(&self) -> bool {
        self.switch.file.is_some() || self.switch.url.is_some()
    }

    /// Looks at the switch and pulls the brake when the owner asks for it. Others wait meanwhile: nothing
    /// starts while the answer is open.
    pub(crate) fn look(&self) {
        if !self.set_up() || self.stop.stopped() {
            return;
        }
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        // It may have been pulled while this thread waited for the lock.
        if self.stop.stopped() {
            return;
        }
        let reason = match &self.switch.file {
            Some(file) if there(file) => Some(note("BW-RUN-014", &file.display().to_string())),
            _ => self.ask(&mut asked),
        };
        if let Some(reason) = reason {
            asked.reason = Some(reason);
            self.stop.stop();
        }
    }

    fn ask(&self, asked: &mut Asked) -> Option<Diagnostic> {
        let url = self.switch.url.as_ref()?;
        let now = self.clock.now();
        // A clock that was set back must not silence the switch.
        let recent = asked.last.is_some_and(|last| {
            let since = now.duration_since(last);
            !since.is_negative() && since < ASK_EVERY
        });
        if recent {
            return None;
        }
        asked.last = Some(now);
        let record = self.collector.collect(&Task::Http { url: url.to_string() }, self.stop);
        match &record.outcome {
            Outcome::Collected(body) => match body.as_ref() {
                Body::Http(http) if says_stop(http) => Some(note("BW-RUN-014", url.as_str())),
                Body::Http(http) if http.stopped.is_none() => {
                    asked.unanswered = 0;
                    None
                }
                _ => asked.silence(url.as_str()),
            },
            // Our own hand brake, not the switch.
            Outcome::Failed(f) if f.code == Code::Interrupted => None,
            Outcome::Failed(_) => asked.silence(url.as_str()),
        }
    }

    /// Looks again and again until [`Self::end`]. On real time: a test's clock must not move by it.
    pub(crate) fn keep_looking(&self) {
        let mut over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        while !*over && !self.stop.stopped() {
            drop(over);
            self.look();
            over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
            if *over {
                return;
            }
            over = self.bell.wait_timeout(over, LOOK_EVERY).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Ends [`Self::keep_looking`].
    pub(crate) fn end(&self) {
        *self.over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.bell.notify_all();
    }

    /// Why the run was stopped by the switch, if it was.
    pub(crate) fn reason(self) -> Option<Diagnostic> {
        self.asked.into_inner().unwrap_or_else(PoisonError::into_inner).reason
    }
}

/// The file is there, even as a broken link; one that we may not see does not count.
fn there(file: &Path) -> bool {
    std::fs::symlink_metadata(file).is_ok()
}

/// The last answer is 200 and its text starts with `stop`.
fn says_stop(http: &Http) -> bool {
    http.hops.last().is_some_and(|x| {
        let start: String =
            x.body.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).chars().take(4).collect();
        x.status == 200 && start.eq_ignore_ascii_case("stop")
    })
}

fn note(code: &str, switch: &str) -> Diagnostic {
    diagnostic(code, &args![switch = switch]).at_named(switch)
}

#[cfg(test)]
mod tests {
    use bulwark_probe::evidence::{Exchange, Phases};

    use super::*;

    fn answer(status: u16, body: &str) -> Http {
        let exchange = Exchange {
            url: "https://a.tw/stop".into(),
            method: "GET".into(),
            address: "203.0.113.9:443".into(),
            protocol: "HTTP/1.1".into(),
            status,
            headers: Vec::new(),
            body_bytes: 0,
            decoded_bytes: 0,
            body: body.into(),
            truncated: false,
            body_failure: None,
            phases: Phases::default(),
        };
        Http { url: "https://a.tw/stop".into(), hops: vec![exchange], stopped: None }
    }

    #[test]
    fn only_a_good_answer_that_starts_with_stop_stops() {
        for (status, body, stops) in [
            (200, "stop", true),
            (200, "\u{feff} STOP now please", true),
            (200, "\r\nStop\n", true),
            (200, "go", false),
            (200, "<html>stop", false),
            (200, "", false),
            (200, "停 stop", false),
            (404, "stop", false),
            (503, "stop", false),
        ] {
            assert_eq!(says_stop(&answer(status, body)), stops, "{status} {body}");
        }
        assert!(!says_stop(&Http { hops: vec![], ..answer(200, "stop") }));
    }
}
