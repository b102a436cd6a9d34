//! The marks a drawing is made of.

use serde::{Deserialize, Serialize};

/// State of a part, told by shape or hatch and colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// 正常.
    Ok,
    /// 注意.
    Caution,
    /// 異常.
    Danger,
    /// 未知.
    Unknown,
}

impl State {
    /// Class suffix.
    pub(super) const fn role(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Caution => "caution",
            Self::Danger => "danger",
            Self::Unknown => "unknown",
        }
    }

    /// A sign before a label, so that the state does not hang on colour.
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Ok => "✓",
            Self::Caution => "▲",
            Self::Danger => "⬣",
            Self::Unknown => "？",
        }
    }
}

/// One mark. Coordinates are pixels of the drawing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Mark {
    /// Lines and areas.
    Path {
        /// Class suffix.
        role: &'static str,
        /// SVG path data.
        d: String,
    },
    /// A rectangle.
    Rect {
        /// Class suffix.
        role: &'static str,
        /// Left edge.
        x: i32,
        /// Upper edge.
        y: i32,
        /// Width.
        width: i32,
        /// Height.
        height: i32,
        /// Words shown when pointed at.
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<String>,
    },
    /// Words.
    Text {
        /// Class suffix.
        role: &'static str,
        /// Position.
        x: i32,
        /// Baseline.
        y: i32,
        /// `start`, `middle` or `end`.
        anchor: &'static str,
        /// The words.
        text: String,
        /// The records behind them.
        #[serde(skip_serializing_if = "Option::is_none")]
        href: Option<String>,
    },
}

/// A picture of a given size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drawing {
    /// Width in pixels.
    pub width: i32,
    /// Height in pixels.
    pub height: i32,
    /// What is drawn, from back to front.
    pub marks: Vec<Mark>,
}

impl Drawing {
    pub(super) fn new(width: i32) -> Self {
        Self { width, height: 0, marks: Vec::new() }
    }

    pub(super) fn path(&mut self, role: &'static str, d: String) {
        if !d.is_empty() {
            self.marks.push(Mark::Path { role, d });
        }
    }

    pub(super) fn rule(&mut self, role: &'static str, from: (i32, i32), to: (i32, i32)) {
        self.path(role, format!("M{} {}L{} {}", from.0, from.1, to.0, to.1));
    }

    pub(super) fn rect(
        &mut self,
        role: &'static str,
        at: (i32, i32),
        size: (i32, i32),
        title: Option<String>,
    ) {
        let (x, y) = at;
        let (width, height) = size;
        self.marks.push(Mark::Rect { role, x, y, width: width.max(0), height: height.max(0), title });
    }

    pub(super) fn text(
        &mut self,
        role: &'static str,
        at: (i32, i32),
        anchor: &'static str,
        text: impl Into<String>,
    ) {
        self.link(role, at, anchor, text, None);
    }

    pub(super) fn link(
        &mut self,
        role: &'static str,
        at: (i32, i32),
        anchor: &'static str,
        text: impl Into<String>,
        href: Option<&String>,
    ) {
        let (x, y) = at;
        self.marks.push(Mark::Text { role, x, y, anchor, text: text.into(), href: href.cloned() });
    }

    /// Diagonal hatch inside a box: what is not known.
    pub(super) fn hatch(&mut self, at: (i32, i32), size: (i32, i32)) {
        use std::fmt::Write as _;
        let (left, top) = at;
        let (width, height) = size;
        let mut d = String::new();
        let mut offset = 4 - height;
        while offset < width {
            let (from_x, from_y) = if offset < 0 { (0, -offset) } else { (offset, 0) };
            let length = (width - from_x).min(height - from_y);
            if length > 0 {
                let _ = write!(d, "M{} {}l{length} {length}", left + from_x, top + from_y);
            }
            offset += 6;
        }
        self.path("hatch", d);
    }
}

/// Width of words at 12 px, estimated: a Han character is as wide as it is high.
pub(super) fn text_width(text: &str) -> i32 {
    let tenths: i32 = text.chars().map(|c| if u32::from(c) >= 0x1100 { 120 } else { 68 }).sum();
    tenths / 10 + 1
}

/// Words cut to a width, with an ellipsis; the table has them in full.
pub(super) fn fit(text: &str, width: i32) -> String {
    if text_width(text) <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        out.push(c);
        if text_width(&out) > width - 12 {
            out.pop();
            break;
        }
    }
    out.push('…');
    out
}
