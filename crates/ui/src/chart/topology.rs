//! Which part talks to which, in columns from the outside to the data.

use serde::{Deserialize, Serialize};

use super::draw::{Drawing, State, fit};
use super::line::signed;
use super::scale::{pixel, position};
use super::{Draw, Table, amount};

/// A part.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Id within the chart.
    pub id: String,
    /// Name.
    pub label: String,
    /// Second line, such as an address.
    #[serde(default)]
    pub note: Option<String>,
    /// Column, from 0: how far inside it stands.
    pub column: u8,
    /// State.
    #[serde(default)]
    pub state: Option<State>,
    /// The records behind it.
    #[serde(default)]
    pub href: Option<String>,
}

/// A connection.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edge {
    /// Id of the part that calls.
    pub from: String,
    /// Id of the part that answers.
    pub to: String,
    /// What they speak.
    #[serde(default)]
    pub label: Option<String>,
    /// State.
    #[serde(default)]
    pub state: Option<State>,
}

/// Parts and connections.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Topology {
    /// Names of the columns from, to and connection, for the head of the table.
    pub columns: [String; 3],
    /// Parts.
    pub nodes: Vec<Node>,
    /// Connections.
    pub edges: Vec<Edge>,
}

const HEIGHT: i32 = 44;
/// Room between columns, for the words on a connection.
const GAP: i32 = 72;

impl Topology {
    fn node(&self, id: &str) -> Option<usize> {
        self.nodes.iter().position(|n| n.id == id)
    }

    /// Left upper corner and width of every box. Narrow pages turn columns into rows.
    fn place(&self, width: i32) -> (Vec<(i32, i32)>, i32, i32) {
        let columns = i32::from(self.nodes.iter().map(|n| n.column).max().unwrap_or(0)) + 1;
        let side_by_side = ((width - (columns - 1) * GAP) / columns).min(180);
        let fits = side_by_side >= 90;
        let mut rows = vec![0; usize::try_from(columns).unwrap_or(1)];
        let box_width = if fits { side_by_side } else { (width - 24).min(220) };
        let mut places = Vec::new();
        let mut lowest = 0;
        let most = |column: u8| self.nodes.iter().filter(|n| n.column < column).count();
        for node in &self.nodes {
            let row = rows[usize::from(node.column)];
            rows[usize::from(node.column)] += 1;
            let (x, y) = if fits {
                let gap = if columns > 1 { (width - box_width) / (columns - 1) } else { 0 };
                (gap * i32::from(node.column), row * (HEIGHT + 28))
            } else {
                let before = pixel(position(most(node.column)));
                (0, (before + row) * (HEIGHT + 28))
            };
            lowest = lowest.max(y + HEIGHT);
            places.push((x, y));
        }
        (places, box_width, lowest)
    }
}

impl Draw for Topology {
    fn fault(&self) -> Option<(String, String)> {
        let lost = self.edges.iter().flat_map(|e| [&e.from, &e.to]).find(|id| self.node(id).is_none());
        amount(self.nodes.len()).or_else(|| {
            lost.map(|id| {
                (
                    format!("連線指到不存在的節點「{id}」。"),
                    format!("A connection names `{id}`, which is not there."),
                )
            })
        })
    }

    fn draw(&self, width: i32) -> Drawing {
        let mut drawing = Drawing::new(width);
        let (places, box_width, lowest) = self.place(width);
        for edge in &self.edges {
            let (Some(from), Some(to)) = (self.node(&edge.from), self.node(&edge.to)) else { continue };
            let (a, b) = (places[from], places[to]);
            let role = match edge.state {
                Some(State::Danger) => "edge-danger",
                Some(State::Unknown) => "edge-unknown",
                _ => "edge",
            };
            let (start, end) = if b.0 > a.0 {
                ((a.0 + box_width, a.1 + HEIGHT / 2), (b.0, b.1 + HEIGHT / 2))
            } else if b.0 < a.0 {
                ((a.0, a.1 + HEIGHT / 2), (b.0 + box_width, b.1 + HEIGHT / 2))
            } else if (b.1 - a.1).abs() <= HEIGHT + 28 {
                let x = a.0 + 16;
                if b.1 > a.1 { ((x, a.1 + HEIGHT), (x, b.1)) } else { ((x, a.1), (x, b.1 + HEIGHT)) }
            } else {
                ((a.0 + box_width, a.1 + HEIGHT / 2), (b.0 + box_width, b.1 + HEIGHT / 2))
            };
            let sideways = a.0 == b.0 && (b.1 - a.1).abs() > HEIGHT + 28;
            if sideways {
                let out = (start.0 + 14).min(width - 4);
                drawing.path(role, format!("M{} {}H{out}V{}H{}", start.0, start.1, end.1, end.0));
                drawing.path("head", format!("M{} {}l6 -4v8Z", end.0, end.1));
            } else if a.0 == b.0 {
                drawing.rule(role, start, end);
                let tip = if end.1 > start.1 { "l-4 -6h8Z" } else { "l-4 6h8Z" };
                drawing.path("head", format!("M{} {}{tip}", end.0, end.1));
            } else {
                let middle = i32::midpoint(start.0, end.0);
                drawing.path(role, format!("M{} {}H{middle}V{}H{}", start.0, start.1, end.1, end.0));
                let tip = if end.0 > start.0 { "l-6 -4v8Z" } else { "l6 -4v8Z" };
                drawing.path("head", format!("M{} {}{tip}", end.0, end.1));
            }
            if let Some(label) = &edge.label {
                let at = if a.0 == b.0 && !sideways {
                    (start.0 + 8, i32::midpoint(start.1, end.1) + 4)
                } else if sideways {
                    (start.0 + 18, i32::midpoint(start.1, end.1) + 4)
                } else {
                    (start.0.min(end.0) + 2, if a.1 == b.1 { end.1 - 6 } else { end.1 + 14 })
                };
                let room = if a.0 == b.0 { width - at.0 } else { (start.0 - end.0).abs() - 4 };
                drawing.text("note", at, "start", fit(&signed(edge.state, label), room.max(24)));
            }
        }
        for (node, (x, y)) in self.nodes.iter().zip(&places) {
            drawing.rect("node", (*x, *y), (box_width, HEIGHT), None);
            let middle = if node.note.is_some() { 18 } else { 27 };
            let words = fit(&signed(node.state, &node.label), box_width - 16);
            drawing.link("label", (x + 8, y + middle), "start", words, node.href.as_ref());
            if let Some(note) = &node.note {
                drawing.text("tick", (x + 8, y + 35), "start", fit(note, box_width - 16));
            }
        }
        drawing.height = lowest + 2;
        drawing
    }

    fn table(&self) -> Table {
        let head = self.columns.iter().map(|c| (c.clone(), false)).collect();
        let name = |id: &str| self.node(id).map(|i| signed(self.nodes[i].state, &self.nodes[i].label));
        let mut rows: Vec<Vec<Option<String>>> = self
            .edges
            .iter()
            .map(|e| {
                let words = signed(e.state, e.label.as_deref().unwrap_or("→"));
                vec![name(&e.from), name(&e.to), Some(words)]
            })
            .collect();
        let alone = self.nodes.iter().filter(|n| !self.edges.iter().any(|e| e.from == n.id || e.to == n.id));
        rows.extend(alone.map(|n| vec![Some(signed(n.state, &n.label)), Some("–".into()), Some("–".into())]));
        Table { head, rows }
    }
}
