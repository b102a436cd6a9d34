//! Charts as components: geometry is worked out here, the `chart` component writes it as SVG with a
//! title, a description and a data table.
//!
//! Every chart is drawn twice, for wide and for narrow pages, so that its labels stay 12 px high at
//! 320 px; the style sheet shows one of them. Missing data is a hatched gap, never a line.

mod bars;
mod draw;
mod heat;
mod line;
mod scale;
mod timeline;
mod topology;

use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Lang};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use bars::{Bar, Bars, Part, Stack, Stacked};
pub use draw::{Drawing, Mark, State};
pub use heat::{Heat, HeatRow};
pub use line::{Band, Event, Limit, Line, Series};
pub use timeline::{Lane, Span, Tick, Timeline};
pub use topology::{Edge, Node, Topology};

use crate::texts::texts;

/// Width of the drawing for pages of 640 px and more.
const WIDE: i32 = 640;
/// Width of the drawing for narrow pages.
const NARROW: i32 = 300;
/// Most marks a drawing may have; a chart nobody can read is refused before it weighs down the page.
const MOST_POINTS: usize = 20_000;

/// What a chart shows.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Data {
    /// Values over time with a band of the normal.
    Line(Line),
    /// One value a row.
    Bars(Bars),
    /// Parts of a whole a row.
    Stacked(Stacked),
    /// One cell a row and column, shaded by its value.
    Heat(Heat),
    /// What happened when, in lanes.
    Timeline(Timeline),
    /// Which part talks to which.
    Topology(Topology),
}

/// A chart: the words around it and what it shows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Chart {
    /// Id, unique on the page.
    pub id: String,
    /// The conclusion, as a sentence.
    pub title: String,
    /// What the picture shows, for those who cannot see it.
    pub description: String,
    /// Language of the component's own words.
    #[serde(default)]
    pub lang: Lang,
    /// Age of the data.
    #[serde(default)]
    pub as_of: Option<String>,
    /// Where the data come from, or what is missing.
    #[serde(default)]
    pub note: Option<String>,
    /// What it shows.
    #[serde(flatten)]
    pub data: Data,
}

impl Chart {
    /// Reads a chart from its JSON form.
    ///
    /// # Errors
    /// What is missing or of the wrong type (BW-DS-030).
    pub fn from_json(value: Value) -> Result<Self, Diagnostic> {
        serde_json::from_value(value).map_err(|e| refuse(&e.to_string()))
    }

    /// The parameters of the `chart` component.
    ///
    /// # Errors
    /// The data contradict themselves: lists of different lengths, values that are no numbers, a
    /// node that is not there, or too many points (BW-DS-030).
    pub fn params(&self) -> Result<Value, Diagnostic> {
        let (wide, narrow, table) = match &self.data {
            Data::Line(d) => drawn(d)?,
            Data::Bars(d) => drawn(d)?,
            Data::Stacked(d) => drawn(d)?,
            Data::Heat(d) => drawn(d)?,
            Data::Timeline(d) => drawn(d)?,
            Data::Topology(d) => drawn(d)?,
        };
        let mut params = json!({
            "id": self.id,
            "lang": self.lang.code(),
            "title": { "text": self.title },
            "description": self.description,
            "drawings": [view("wide", &wide), view("narrow", &narrow)],
            "table": table.json(self.lang),
        });
        for (key, value) in [("as_of", &self.as_of), ("note", &self.note)] {
            if let Some(text) = value {
                params[key] = Value::from(text.as_str());
            }
        }
        Ok(params)
    }
}

/// A kind of chart.
trait Draw {
    /// Why the data cannot be drawn, in a few words of both languages; `None` when all is well.
    fn fault(&self) -> Option<(String, String)>;
    /// The picture for a width.
    fn draw(&self, width: i32) -> Drawing;
    /// The same as a table.
    fn table(&self) -> Table;
}

/// The data behind a picture.
struct Table {
    head: Vec<(String, bool)>,
    rows: Vec<Vec<Option<String>>>,
}

impl Table {
    fn json(&self, lang: Lang) -> Value {
        let missing = match lang {
            Lang::ZhTw => "無資料",
            Lang::En => "no data",
        };
        let head: Vec<Value> =
            self.head.iter().map(|(text, number)| json!({ "text": text, "number": number })).collect();
        let rows: Vec<Vec<Value>> = self
            .rows
            .iter()
            .map(|row| {
                let cell = |(i, cell): (usize, &Option<String>)| {
                    let number = self.head.get(i).is_some_and(|(_, number)| *number);
                    json!({ "text": cell.as_deref().unwrap_or(missing), "number": number })
                };
                row.iter().enumerate().map(cell).collect()
            })
            .collect();
        json!({ "head": head, "rows": rows })
    }
}

fn drawn(data: &impl Draw) -> Result<(Drawing, Drawing, Table), Diagnostic> {
    if let Some((zh, en)) = data.fault() {
        return Err(refuse(&format!("{zh} {en}")));
    }
    Ok((data.draw(WIDE), data.draw(NARROW), data.table()))
}

fn view(name: &str, drawing: &Drawing) -> Value {
    let links = drawing.marks.iter().any(|m| matches!(m, Mark::Text { href: Some(_), .. }));
    json!({ "name": name, "width": drawing.width, "height": drawing.height, "links": links, "marks": drawing.marks })
}

fn refuse(why: &str) -> Diagnostic {
    let values = args![why = why];
    let what = texts().text("BW-DS-030.what", &values);
    let hint = texts().text("BW-DS-030.hint", &values);
    Diagnostic::new("BW-DS-030", what, hint)
}

/// The fault of a list whose length is not the expected one.
fn length(what: &str, found: usize, wanted: usize) -> Option<(String, String)> {
    (found != wanted).then(|| {
        (
            format!("「{what}」有 {found} 項，應有 {wanted} 項。"),
            format!("`{what}` has {found} items, not {wanted}."),
        )
    })
}

/// The fault of too many points or none.
fn amount(points: usize) -> Option<(String, String)> {
    if points == 0 {
        return Some(("沒有資料。".into(), "There are no data.".into()));
    }
    (points > MOST_POINTS).then(|| {
        (
            format!("資料超過 {MOST_POINTS} 點，請先彙整。"),
            format!("More than {MOST_POINTS} points: sum them up first."),
        )
    })
}
