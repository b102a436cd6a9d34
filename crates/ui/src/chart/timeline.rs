//! What happened when, in lanes on one axis.

use serde::{Deserialize, Serialize};

use super::draw::{Drawing, State, fit, text_width};
use super::line::signed;
use super::scale::{Scale, pixel, position};
use super::{Draw, Table, amount};

/// A label of the axis.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tick {
    /// Position, in the unit of the axis.
    pub at: f64,
    /// Label, such as a time of day.
    pub text: String,
}

/// Something with a start and perhaps an end.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// Start, in the unit of the axis.
    pub start: f64,
    /// End; a moment unless given.
    #[serde(default)]
    pub end: Option<f64>,
    /// What happened.
    pub text: String,
    /// When, in words, for the table.
    pub when: String,
    /// State.
    #[serde(default)]
    pub state: Option<State>,
}

/// A lane.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lane {
    /// Name.
    pub label: String,
    /// What happened in it.
    pub items: Vec<Span>,
}

/// Lanes on one axis. The unit is the caller's: seconds, minutes, days.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Timeline {
    /// Names of the columns lane, time and event, for the head of the table.
    pub columns: [String; 3],
    /// Start of the axis.
    pub from: f64,
    /// End of the axis.
    pub to: f64,
    /// Labels of the axis.
    pub ticks: Vec<Tick>,
    /// Lanes from top to bottom.
    pub lanes: Vec<Lane>,
}

impl Draw for Timeline {
    fn fault(&self) -> Option<(String, String)> {
        let backwards = self.from.partial_cmp(&self.to) != Some(std::cmp::Ordering::Less);
        let outside = self.lanes.iter().flat_map(|l| &l.items).find(|i| {
            !(self.from..=self.to).contains(&i.start) || i.end.is_some_and(|e| e < i.start || e > self.to)
        });
        amount(self.lanes.iter().map(|l| l.items.len().max(1)).sum())
            .or_else(|| {
                backwards.then(|| ("軸的終點不在起點之後。".into(), "The axis ends before it starts.".into()))
            })
            .or_else(|| {
                outside.map(|i| {
                    (format!("「{}」在軸之外。", i.text), format!("`{}` is outside the axis.", i.text))
                })
            })
    }

    fn draw(&self, width: i32) -> Drawing {
        let mut drawing = Drawing::new(width);
        let below = width < 400;
        let widest = self.lanes.iter().map(|l| text_width(&l.label)).max().unwrap_or(0);
        let left = if below { 0 } else { widest.min(width / 4) + 12 };
        let x = Scale::new(self.from, self.to, left + 4, width - 4);
        let mut y = 4;
        let mut lanes: Vec<i32> = Vec::new();
        for lane in &self.lanes {
            if below {
                drawing.text("label", (0, y + 12), "start", fit(&lane.label, width));
                y += 18;
            } else {
                drawing.text("label", (left - 8, y + 14), "end", fit(&lane.label, left - 12));
            }
            // Words of neighbours must not overlap: each goes to the first line where it fits.
            let mut lines: Vec<i32> = Vec::new();
            for item in &lane.items {
                let words = signed(item.state, &item.text);
                let start = x.px(item.start);
                let end = item.end.map_or(start, |e| x.px(e));
                let needs = text_width(&words);
                let leftward = start + needs > width;
                let from = if leftward { (end.max(start) - needs).max(0) } else { start };
                let line = lines.iter().position(|l| *l + 6 < from.min(start)).unwrap_or_else(|| {
                    lines.push(-10);
                    lines.len() - 1
                });
                lines[line] = end.max(from + needs);
                let top = y + pixel(position(line)) * 32;
                let role = item.state.map_or("bar", State::role);
                drawing.rect(
                    role,
                    (start, top + 2),
                    ((end - start).max(4), 10),
                    Some(format!("{} {words}", item.when)),
                );
                let (anchor, at) =
                    if leftward { ("end", width.min(end.max(start) + 4)) } else { ("start", start) };
                drawing.text("note", (at, top + 24), anchor, fit(&words, width - left));
            }
            y += pixel(position(lines.len().max(1))) * 32 + 6;
            lanes.push(y);
            drawing.rule("grid", (0, y), (width, y));
            y += 6;
        }
        for tick in &self.ticks {
            let at = x.px(tick.at);
            let half = text_width(&tick.text) / 2;
            let anchor = if at - half < left {
                "start"
            } else if at + half > width {
                "end"
            } else {
                "middle"
            };
            drawing.rule("axis", (at, y - 6), (at, y));
            drawing.text("tick", (at, y + 14), anchor, tick.text.as_str());
        }
        drawing.height = y + 20;
        drawing
    }

    fn table(&self) -> Table {
        let head = self.columns.iter().map(|c| (c.clone(), false)).collect();
        let rows = self.lanes.iter().flat_map(|lane| {
            lane.items
                .iter()
                .map(|i| vec![Some(lane.label.clone()), Some(i.when.clone()), Some(signed(i.state, &i.text))])
        });
        Table { head, rows: rows.collect() }
    }
}
