//! One cell a row and column, shaded by its value.

use serde::{Deserialize, Serialize};

use super::draw::{Drawing, fit, text_width};
use super::scale::{number, pixel, position, with_unit};
use super::{Draw, Table, amount, length};

/// A row of cells.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeatRow {
    /// What it is.
    pub label: String,
    /// One value for each column; `null` is missing.
    pub cells: Vec<Option<f64>>,
}

/// Cells in rows and columns.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Heat {
    /// What the rows are, for the head of the table.
    pub axis: String,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Unit of the values.
    #[serde(default)]
    pub unit: String,
    /// Where a darker step starts, rising, at most four.
    pub steps: Vec<f64>,
    /// Rows, in the order given.
    pub rows: Vec<HeatRow>,
}

const ROLES: [&str; 5] = ["heat-0", "heat-1", "heat-2", "heat-3", "heat-4"];
const ROW: i32 = 20;

impl Heat {
    fn level(&self, value: f64) -> usize {
        self.steps.iter().take_while(|s| value >= **s).count().min(4)
    }
}

impl Draw for Heat {
    fn fault(&self) -> Option<(String, String)> {
        let rising = self.steps.windows(2).all(|w| w[0] < w[1]);
        amount(self.rows.len() * self.columns.len())
            .or_else(|| self.rows.iter().find_map(|r| length(&r.label, r.cells.len(), self.columns.len())))
            .or_else(|| {
                (self.steps.len() > 4 || !rising).then(|| {
                    ("steps 應由小到大，最多 4 個。".into(), "steps must rise and be at most 4.".into())
                })
            })
    }

    fn draw(&self, width: i32) -> Drawing {
        let mut drawing = Drawing::new(width);
        let below = width < 400;
        let widest = self.rows.iter().map(|r| text_width(&r.label)).max().unwrap_or(0);
        let left = if below { 0 } else { widest.min(width / 3) + 8 };
        let step = if below { ROW + 18 } else { ROW + 4 };
        let cell = |i: usize| {
            let share = position(i) / position(self.columns.len());
            left + pixel(share * f64::from(width - left))
        };
        for (i, row) in self.rows.iter().enumerate() {
            let top = pixel(position(i)) * step;
            let y = if below { top + 16 } else { top };
            if below {
                drawing.text("label", (0, top + 12), "start", fit(&row.label, width));
            } else {
                drawing.text("label", (left - 8, y + 14), "end", fit(&row.label, left - 8));
            }
            for (k, value) in row.cells.iter().enumerate() {
                let (x, next) = (cell(k), cell(k + 1));
                let size = ((next - x - 1).max(1), ROW);
                match value {
                    Some(value) => {
                        let words =
                            format!("{} {} {}", row.label, self.columns[k], with_unit(*value, &self.unit));
                        drawing.rect(ROLES[self.level(*value)], (x, y), size, Some(words));
                    }
                    None => drawing.hatch((x, y), size),
                }
            }
        }
        let foot = pixel(position(self.rows.len())) * step + 12;
        let last = self.columns.len() - 1;
        drawing.text("tick", (left, foot), "start", self.columns[0].as_str());
        if last > 0 {
            drawing.text("tick", (width, foot), "end", self.columns[last].as_str());
        }
        // The key says where each step starts.
        let mut x = 0;
        let y = foot + 12;
        for (i, role) in ROLES.iter().take(self.steps.len() + 1).enumerate() {
            let words = match i.checked_sub(1) {
                Some(before) => format!("≥ {}", with_unit(self.steps[before], &self.unit)),
                None => {
                    self.steps.first().map_or(String::new(), |s| format!("< {}", with_unit(*s, &self.unit)))
                }
            };
            drawing.rect(role, (x, y), (12, 12), None);
            drawing.text("label", (x + 16, y + 10), "start", words.as_str());
            x += text_width(&words) + 28;
        }
        drawing.height = y + 18;
        drawing
    }

    fn table(&self) -> Table {
        let mut head = vec![(self.axis.clone(), false)];
        head.extend(self.columns.iter().map(|c| (c.clone(), true)));
        let rows = self.rows.iter().map(|r| {
            let mut row = vec![Some(r.label.clone())];
            row.extend(r.cells.iter().map(|c| c.map(number)));
            row
        });
        Table { head, rows: rows.collect() }
    }
}
