//! One value a row, and parts of a whole a row.

use serde::{Deserialize, Serialize};

use super::draw::{Drawing, State, fit, text_width};
use super::line::{signed, visible};
use super::scale::{Scale, number, position, round_up, with_unit};
use super::{Draw, Table, amount, length};

/// A row with one value.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bar {
    /// What it is.
    pub label: String,
    /// Value; `null` is missing.
    pub value: Option<f64>,
    /// Value it should reach.
    #[serde(default)]
    pub target: Option<f64>,
    /// State.
    #[serde(default)]
    pub state: Option<State>,
    /// The records behind it.
    #[serde(default)]
    pub href: Option<String>,
}

/// Bars side by side.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Bars {
    /// What the rows are, for the head of the table.
    pub axis: String,
    /// What the values are.
    pub measure: String,
    /// Unit of the values.
    #[serde(default)]
    pub unit: String,
    /// Name of the targets.
    #[serde(default)]
    pub target_name: Option<String>,
    /// End of the scale; the largest value unless given.
    #[serde(default)]
    pub max: Option<f64>,
    /// Rows, in the order given.
    pub rows: Vec<Bar>,
}

/// A part of the whole.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Name.
    pub name: String,
    /// State.
    #[serde(default)]
    pub state: Option<State>,
}

/// A row with a value for each part.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stack {
    /// What it is.
    pub label: String,
    /// One value for each part, not negative.
    pub values: Vec<f64>,
    /// The records behind it.
    #[serde(default)]
    pub href: Option<String>,
}

/// Stacked bars.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Stacked {
    /// What the rows are, for the head of the table.
    pub axis: String,
    /// Unit of the values.
    #[serde(default)]
    pub unit: String,
    /// Parts, at most five.
    pub parts: Vec<Part>,
    /// Rows, in the order given.
    pub rows: Vec<Stack>,
}

const ROW: i32 = 28;
const THICK: i32 = 14;
const GREYS: [&str; 5] = ["part-1", "part-2", "part-3", "part-4", "part-5"];

/// Where the bars start: beside the labels on wide pages, below them on narrow ones.
fn layout(width: i32, labels: impl Iterator<Item = i32>) -> (i32, i32) {
    let widest = labels.max().unwrap_or(0);
    if width < 400 { (0, ROW + 14) } else { (widest.min(width * 2 / 5) + 12, ROW) }
}

impl Draw for Bars {
    fn fault(&self) -> Option<(String, String)> {
        let negative = self.rows.iter().find(|r| r.value.is_some_and(|v| v < 0.0 || !v.is_finite()));
        amount(self.rows.len()).or_else(|| {
            negative.map(|r| {
                (format!("「{}」的值小於 0。", r.label), format!("The value of `{}` is below 0.", r.label))
            })
        })
    }

    fn draw(&self, width: i32) -> Drawing {
        let mut drawing = Drawing::new(width);
        let (left, step) = layout(width, self.rows.iter().map(|r| text_width(&signed(r.state, &r.label))));
        let largest = self.rows.iter().flat_map(|r| [r.value, r.target]).flatten().fold(0.0, f64::max);
        let room = self
            .rows
            .iter()
            .filter_map(|r| Some(text_width(&with_unit(r.value?, &self.unit))))
            .max()
            .unwrap_or(40);
        let right = width - room.max(48) - 8;
        let scale = Scale::new(0.0, self.max.unwrap_or_else(|| round_up(largest)), left, right);
        for (i, row) in self.rows.iter().enumerate() {
            let top = super::scale::pixel(position(i)) * step;
            let label = signed(row.state, &row.label);
            let mut y = top + 6;
            if left == 0 {
                drawing.link("label", (0, top + 12), "start", fit(&label, width), row.href.as_ref());
                y = top + 18;
            } else {
                drawing.link("label", (left - 8, y + 11), "end", fit(&label, left - 8), row.href.as_ref());
            }
            drawing.rect("track", (left, y), (right - left, THICK), None);
            match row.value {
                Some(value) => {
                    let length = visible(scale.at(value) - f64::from(left));
                    let role = row.state.map_or("bar", State::role);
                    let words = with_unit(value, &self.unit);
                    drawing.rect(role, (left, y), (length, THICK), Some(format!("{} {words}", row.label)));
                    drawing.text("value", (right + 8, y + 11), "start", words);
                }
                None => drawing.hatch((left, y), (right - left, THICK)),
            }
            if let Some(target) = row.target {
                let at = scale.px(target);
                drawing.rule("target", (at, y - 4), (at, y + THICK + 4));
            }
        }
        drawing.height = super::scale::pixel(position(self.rows.len())) * step + 2;
        drawing
    }

    fn table(&self) -> Table {
        let unit = if self.unit.is_empty() { String::new() } else { format!("（{}）", self.unit) };
        let mut head = vec![(self.axis.clone(), false), (format!("{}{unit}", self.measure), true)];
        head.extend(self.target_name.iter().map(|name| (format!("{name}{unit}"), true)));
        let rows = self.rows.iter().map(|r| {
            let mut row = vec![Some(r.label.clone()), r.value.map(number)];
            if self.target_name.is_some() {
                row.push(r.target.map(number));
            }
            row
        });
        Table { head, rows: rows.collect() }
    }
}

impl Draw for Stacked {
    fn fault(&self) -> Option<(String, String)> {
        let bad = self.rows.iter().find_map(|r| length(&r.label, r.values.len(), self.parts.len()));
        let negative = self.rows.iter().find(|r| r.values.iter().any(|v| *v < 0.0 || !v.is_finite()));
        amount(self.rows.len() * self.parts.len())
            .or(bad)
            .or_else(|| {
                (self.parts.len() > 5).then(|| ("部分超過 5 種。".into(), "More than 5 parts.".into()))
            })
            .or_else(|| {
                negative.map(|r| {
                    (format!("「{}」有小於 0 的值。", r.label), format!("`{}` has a value below 0.", r.label))
                })
            })
    }

    fn draw(&self, width: i32) -> Drawing {
        let mut drawing = Drawing::new(width);
        let (left, step) = layout(width, self.rows.iter().map(|r| text_width(&r.label)));
        let role = |i: usize| self.parts[i].state.map_or(GREYS[i.min(4)], State::role);
        // A key above, in the order of the parts: names do not fit into narrow pieces.
        let (mut x, mut y) = (0, 0);
        for (i, part) in self.parts.iter().enumerate() {
            let words = signed(part.state, &part.name);
            let needs = text_width(&words) + 30;
            if x > 0 && x + needs > width {
                (x, y) = (0, y + 18);
            }
            drawing.rect(role(i), (x, y + 2), (12, 12), None);
            drawing.text("label", (x + 18, y + 12), "start", fit(&words, width - x - 18));
            x += needs;
        }
        let above = y + 26;
        let totals: Vec<f64> = self.rows.iter().map(|r| r.values.iter().sum()).collect();
        let right = width - 72;
        let scale = Scale::new(0.0, round_up(totals.iter().copied().fold(0.0, f64::max)), left, right);
        for (i, row) in self.rows.iter().enumerate() {
            let top = above + super::scale::pixel(position(i)) * step;
            let mut y = top + 6;
            if left == 0 {
                drawing.link("label", (0, top + 12), "start", fit(&row.label, width), row.href.as_ref());
                y = top + 18;
            } else {
                drawing.link(
                    "label",
                    (left - 8, y + 11),
                    "end",
                    fit(&row.label, left - 8),
                    row.href.as_ref(),
                );
            }
            let mut sum = 0.0;
            for (k, value) in row.values.iter().enumerate() {
                let from = scale.px(sum);
                sum += value;
                let length = visible(scale.at(sum) - f64::from(from));
                let words = format!("{} {} {}", row.label, self.parts[k].name, with_unit(*value, &self.unit));
                drawing.rect(role(k), (from, y), (length, THICK), Some(words));
            }
            drawing.text("value", (scale.px(sum) + 8, y + 11), "start", with_unit(totals[i], &self.unit));
        }
        drawing.height = above + super::scale::pixel(position(self.rows.len())) * step + 2;
        drawing
    }

    fn table(&self) -> Table {
        let mut head = vec![(self.axis.clone(), false)];
        head.extend(self.parts.iter().map(|p| (p.name.clone(), true)));
        let rows = self.rows.iter().map(|r| {
            let mut row = vec![Some(r.label.clone())];
            row.extend(r.values.iter().map(|v| Some(number(*v))));
            row
        });
        Table { head, rows: rows.collect() }
    }
}
