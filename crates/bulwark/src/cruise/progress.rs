//! How far a run has come, on stderr: a bar on a terminal, plain lines otherwise.

use std::io::{IsTerminal as _, Write as _};
use std::sync::{Mutex, PoisonError};

use bulwark_cruise::run::Progress;
use bulwark_model::Lang;
use jiff::SignedDuration;
use unicode_width::UnicodeWidthChar as _;

use crate::print::{aside, say};

/// Where progress goes.
pub struct Reporter {
    lang: Lang,
    terminal: bool,
    last: Mutex<Last>,
}

#[derive(Default)]
struct Last {
    done: usize,
    shown_at: SignedDuration,
    wrote: bool,
}

impl Reporter {
    /// A reporter for this process's stderr.
    pub fn new(lang: Lang) -> Self {
        Self { lang, terminal: std::io::stderr().is_terminal(), last: Mutex::default() }
    }

    /// Shows how far the run has come.
    pub fn show(&self, p: &Progress) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.terminal {
            // Plain lines: at each tenth of the way and every half minute, so that logs stay short.
            let tenth = |done: usize| done * 10 / p.total.max(1);
            let due = tenth(p.done) > tenth(last.done) || (p.elapsed - last.shown_at).as_secs() >= 30;
            if last.wrote && !due {
                return;
            }
        }
        *last = Last { done: p.done, shown_at: p.elapsed, wrote: true };
        let mut err = std::io::stderr().lock();
        let text = self.text(p);
        let _ = if self.terminal {
            write!(err, "\r\x1b[2K{} {}", bar(p), clip(&text, 90))
        } else {
            writeln!(err, "{text}")
        };
        let _ = err.flush();
    }

    /// Ends the bar's line.
    pub fn end(&self) {
        if self.terminal && self.last.lock().unwrap_or_else(PoisonError::into_inner).wrote {
            aside("");
        }
    }

    fn text(&self, p: &Progress) -> String {
        let seconds = p.elapsed.as_secs().max(1);
        let rate = tenths(p.traffic.requests, seconds);
        let eta = p.eta.map_or_else(|| "—".to_owned(), clock);
        format!(
            "{}/{} {} {} · {} {} · {} {} req/s · {}",
            p.done,
            p.total,
            say(self.lang, "已用", "elapsed"),
            clock(p.elapsed),
            say(self.lang, "尚需約", "eta"),
            eta,
            say(self.lang, "請求率", "rate"),
            rate,
            p.subject
        )
    }
}

fn tenths(count: u64, seconds: i64) -> String {
    let seconds = u64::try_from(seconds).unwrap_or(1).max(1);
    let tenths = count * 10 / seconds;
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn clock(d: SignedDuration) -> String {
    let s = d.as_secs().max(0);
    if s >= 3600 {
        format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
    } else {
        format!("{}:{:02}", s / 60, s % 60)
    }
}

fn bar(p: &Progress) -> String {
    let filled = p.done * 20 / p.total.max(1);
    format!("[{}{}]", "#".repeat(filled), "·".repeat(20 - filled.min(20)))
}

/// At most `width` columns: a bar that wraps is no bar.
fn clip(text: &str, width: usize) -> String {
    let mut used = 0;
    text.chars()
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= width
        })
        .filter(|c| !c.is_control())
        .collect()
}
