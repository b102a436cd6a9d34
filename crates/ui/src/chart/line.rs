//! Values over time with a band of the normal.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::draw::{Drawing, State, fit, text_width};
use super::scale::{Scale, number, pixel, position, round_up, with_unit};
use super::{Draw, Table, amount, length};

/// A line of values; `null` is missing.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// Name.
    pub name: String,
    /// One value for each label of the axis.
    pub values: Vec<Option<f64>>,
}

/// The learned normal.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Name.
    pub name: String,
    /// Lower edge.
    pub low: Vec<Option<f64>>,
    /// Upper edge.
    pub high: Vec<Option<f64>>,
}

/// A value that should not be passed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Name.
    pub name: String,
    /// Value.
    pub value: f64,
}

/// Something that happened at a place of the axis.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Index of the label.
    pub at: usize,
    /// What happened.
    pub text: String,
}

/// Values over time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Line {
    /// What the axis is, for the head of the table.
    pub axis: String,
    /// Labels of the axis, one for each value.
    pub labels: Vec<String>,
    /// Unit of the values.
    #[serde(default)]
    pub unit: String,
    /// One to four lines; the first is the one that matters.
    pub series: Vec<Series>,
    /// The learned normal.
    #[serde(default)]
    pub band: Option<Band>,
    /// A value that should not be passed.
    #[serde(default)]
    pub limit: Option<Limit>,
    /// What happened when.
    #[serde(default)]
    pub events: Vec<Event>,
}

/// Height of the plot.
const PLOT: i32 = 160;
const ROLES: [&str; 4] = ["line-1", "line-2", "line-3", "line-4"];

impl Line {
    fn top(&self) -> f64 {
        let band = self.band.iter().flat_map(|b| b.high.iter()).flatten();
        let values = self.series.iter().flat_map(|s| s.values.iter()).flatten();
        let limit = self.limit.iter().map(|l| &l.value);
        round_up(values.chain(band).chain(limit).copied().fold(0.0, f64::max))
    }

    fn bottom(&self) -> f64 {
        let lowest = self.series.iter().flat_map(|s| s.values.iter()).flatten().copied().fold(0.0, f64::min);
        if lowest < 0.0 { -round_up(-lowest) } else { 0.0 }
    }
}

/// Runs of values that stand side by side, all there or all missing, with the index of the first.
fn runs(values: &[Option<f64>]) -> impl Iterator<Item = (usize, &[Option<f64>])> {
    let mut at = 0;
    values.chunk_by(|a, b| a.is_some() == b.is_some()).map(move |run| {
        at += run.len();
        (at - run.len(), run)
    })
}

impl Draw for Line {
    fn fault(&self) -> Option<(String, String)> {
        let n = self.labels.len();
        let lists = self.series.iter().map(|s| (s.name.as_str(), s.values.len())).chain(
            self.band.iter().flat_map(|b| [(b.name.as_str(), b.low.len()), (b.name.as_str(), b.high.len())]),
        );
        let mut wrong = lists.filter_map(|(name, found)| length(name, found, n));
        let far = self.events.iter().find(|e| e.at >= n);
        amount(n * self.series.len())
            .or_else(|| wrong.next())
            .or_else(|| {
                (self.series.len() > 4).then(|| ("線超過 4 條。".into(), "More than 4 lines.".into()))
            })
            .or_else(|| {
                far.map(|e| {
                    (format!("「{}」不在軸上。", e.text), format!("`{}` is not on the axis.", e.text))
                })
            })
    }

    fn draw(&self, width: i32) -> Drawing {
        let mut drawing = Drawing::new(width);
        let ends: Vec<(usize, f64, String)> = self
            .series
            .iter()
            .enumerate()
            .filter_map(|(i, s)| {
                let last = s.values.iter().rev().copied().flatten().next()?;
                let name = if self.series.len() > 1 { format!("{} ", s.name) } else { String::new() };
                Some((i, last, format!("{name}{}", with_unit(last, &self.unit))))
            })
            .collect();
        let room = ends.iter().map(|e| text_width(&e.2)).max().unwrap_or(0).min(width / 2);
        let right = width - room - 12;
        let above = if self.events.is_empty() { 16 } else { 34 };
        let (top, bottom) = (self.top(), self.bottom());
        let x = Scale::new(0.0, position(self.labels.len().saturating_sub(1)), 2, right);
        let y = Scale::new(bottom, top, above + PLOT, above);
        for value in [top, f64::midpoint(top, bottom)] {
            drawing.rule("grid", (0, y.px(value)), (right, y.px(value)));
            drawing.text("tick", (0, y.px(value) - 4), "start", with_unit(value, &self.unit));
        }
        drawing.rule("axis", (0, y.px(bottom)), (right, y.px(bottom)));
        if let Some(band) = &self.band {
            let both: Vec<Option<f64>> = band.low.iter().zip(&band.high).map(|(l, h)| l.and(*h)).collect();
            for (at, run) in runs(&both).filter(|(_, run)| run[0].is_some()) {
                let mut d = String::new();
                let edge = |list: &[Option<f64>], i: usize| y.at(list[i].unwrap_or_default());
                for i in at..at + run.len() {
                    let command = if i == at { 'M' } else { 'L' };
                    let _ = write!(d, "{command}{:.1} {:.1}", x.at(position(i)), edge(&band.high, i));
                }
                for i in (at..at + run.len()).rev() {
                    let _ = write!(d, "L{:.1} {:.1}", x.at(position(i)), edge(&band.low, i));
                }
                d.push('Z');
                drawing.path("band", d);
            }
        }
        if let Some(first) = self.series.first() {
            for (at, run) in runs(&first.values).filter(|(_, run)| run[0].is_none()) {
                let from = x.px(position(at.saturating_sub(1)));
                let to = x.px(position(at + run.len()).min(position(self.labels.len().saturating_sub(1))));
                drawing.hatch((from, above), (to - from, PLOT));
            }
        }
        if let Some(limit) = &self.limit {
            drawing.rule("limit", (0, y.px(limit.value)), (right, y.px(limit.value)));
            let words = format!("{} {}", limit.name, with_unit(limit.value, &self.unit));
            drawing.text("note", (right, y.px(limit.value) - 4), "end", fit(&words, right));
        }
        for (i, series) in self.series.iter().enumerate().rev() {
            let mut d = String::new();
            for (at, run) in runs(&series.values).filter(|(_, run)| run[0].is_some()) {
                for (k, value) in run.iter().flatten().enumerate() {
                    let command = if k == 0 { 'M' } else { 'L' };
                    let _ = write!(d, "{command}{:.1} {:.1}", x.at(position(at + k)), y.at(*value));
                }
                if run.len() == 1 {
                    d.push_str("h.1");
                }
            }
            drawing.path(ROLES[i.min(3)], d);
        }
        for event in &self.events {
            let at = x.px(position(event.at));
            drawing.rule("event", (at, 16), (at, above + PLOT));
            let anchor = if at > width / 2 { "end" } else { "start" };
            let room = if at > width / 2 { at } else { width - at };
            drawing.text("note", (at, 12), anchor, fit(&event.text, room));
        }
        let mut taken: Vec<i32> = Vec::new();
        for (i, last, words) in ends {
            let mut at = y.px(last) + 4;
            while taken.iter().any(|t| (t - at).abs() < 14) {
                at += 14;
            }
            taken.push(at);
            let role = if i == 0 { "value" } else { "label" };
            drawing.text(role, (right + 8, at), "start", fit(&words, width - right - 8));
        }
        let foot = above + PLOT + 16;
        let last = self.labels.len() - 1;
        let mut shown = vec![(0, "start")];
        if last > 0 {
            shown.push((last, "end"));
        }
        if last > 3 && width > 400 {
            shown.push((last / 2, "middle"));
        }
        for (i, anchor) in shown {
            drawing.text("tick", (x.px(position(i)), foot), anchor, self.labels[i].as_str());
        }
        let lowest = taken.into_iter().max().unwrap_or(0);
        drawing.height = (foot + 6).max(lowest + 6);
        drawing
    }

    fn table(&self) -> Table {
        let unit = if self.unit.is_empty() { String::new() } else { format!("（{}）", self.unit) };
        let mut head = vec![(self.axis.clone(), false)];
        head.extend(self.series.iter().map(|s| (format!("{}{unit}", s.name), true)));
        if let Some(band) = &self.band {
            head.push((format!("{}{unit}", band.name), true));
        }
        let rows = self.labels.iter().enumerate().map(|(i, label)| {
            let mut row = vec![Some(label.clone())];
            row.extend(self.series.iter().map(|s| s.values[i].map(number)));
            if let Some(band) = &self.band {
                row.push(band.low[i].zip(band.high[i]).map(|(l, h)| format!("{}–{}", number(l), number(h))));
            }
            row
        });
        Table { head, rows: rows.collect() }
    }
}

/// A sign before words that carry a state.
pub(super) fn signed(state: Option<State>, text: &str) -> String {
    state.map_or_else(|| text.to_owned(), |s| format!("{} {text}", s.sign()))
}

/// Pixel distance that is never zero, so that a value that exists can be seen.
pub(super) fn visible(length: f64) -> i32 {
    pixel(length).max(i32::from(length > 0.0))
}
