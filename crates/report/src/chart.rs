//! Pictures made on the server as SVG: no script, no fonts, colours from the page's style.
//!
//! Lengths along the value axis are percentages and there is no `viewBox`, so the drawing grows
//! with the page while labels stay at 12 px. The same input gives the same bytes.

use std::fmt::Write as _;

/// Widest label drawn, in units of one Han character.
const LABEL_EM: f64 = 27.0;
/// Height of one row: label, bar, gap.
const ROW: usize = 40;
/// Share of the width for the longest bar; the rest holds its printed value.
const PLOT: &str = "78%";

/// What a bar chart shows.
pub(crate) struct Bars<'a> {
    /// Prefix of the ids inside the drawing.
    pub id: &'a str,
    /// The conclusion.
    pub title: &'a str,
    /// What is drawn, for those who do not see it.
    pub desc: &'a str,
    /// Unit after each value.
    pub unit: &'a str,
    /// Label and value; a value that is not a finite number is a gap.
    pub rows: &'a [(String, f64)],
    /// A limit and its label.
    pub limit: Option<(f64, &'a str)>,
    /// The word at a gap.
    pub gap: &'a str,
}

/// Horizontal bars with printed end values, a base line, two quiet lines and the limit.
pub(crate) fn bars(chart: &Bars<'_>) -> String {
    let limit = chart.limit.filter(|(v, _)| v.is_finite() && *v > 0.0);
    let greatest = chart
        .rows
        .iter()
        .map(|r| r.1)
        .chain(limit.map(|l| l.0))
        .filter(|v| v.is_finite())
        .fold(0.0_f64, f64::max);
    let scale = nice(greatest);
    let top = if limit.is_some() { 24 } else { 4 };
    let bottom = top + chart.rows.len() * ROW;
    let height = bottom + 24;
    let (id, title, desc) = (escape(chart.id), escape(chart.title), escape(chart.desc));
    let mut out = format!(
        "<svg class=\"chart\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\" width=\"100%\" height=\"{height}\">\
         <title id=\"{id}-t\">{title}</title><desc id=\"{id}-d\">{desc}</desc>\
         <svg x=\"1\" y=\"0\" width=\"{PLOT}\" height=\"{height}\" overflow=\"visible\">"
    );
    for (share, value) in [(50, scale / 2.0), (100, scale)] {
        let _ = write!(
            out,
            "<line class=\"quiet\" x1=\"{share}%\" x2=\"{share}%\" y1=\"{top}\" y2=\"{bottom}\"/>\
             <text class=\"tick\" x=\"{share}%\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            bottom + 16,
            number(value)
        );
    }
    // Texts come last, so that their outline keeps them readable where lines pass.
    let mut texts = String::new();
    for (i, (label, value)) in chart.rows.iter().enumerate() {
        let y = top + i * ROW;
        let (class, share, end) = if value.is_finite() {
            ("bar", percent(*value, scale), with_unit(*value, chart.unit))
        } else {
            ("gap", 30.0, chart.gap.to_owned())
        };
        let _ = write!(
            out,
            "<rect class=\"{class}\" x=\"0\" y=\"{}\" width=\"{share}%\" height=\"12\"/>",
            y + 20
        );
        let _ = write!(
            texts,
            "<text class=\"label\" x=\"4\" y=\"{}\">{}</text>\
             <text class=\"value\" x=\"{share}%\" dx=\"6\" y=\"{}\">{}</text>",
            y + 14,
            escape(&shorten(label)),
            y + 30,
            escape(&end)
        );
    }
    let _ = write!(
        out,
        "<line class=\"base\" x1=\"0\" x2=\"0\" y1=\"{top}\" y2=\"{bottom}\"/>\
         <text class=\"tick\" x=\"0\" y=\"{}\">0</text>",
        bottom + 16
    );
    if let Some((value, label)) = limit {
        let share = percent(value, scale);
        let anchor = if share > 50.0 { "end" } else { "start" };
        let _ = write!(
            out,
            "<line class=\"limit\" x1=\"{share}%\" x2=\"{share}%\" y1=\"18\" y2=\"{bottom}\"/>\
             <text class=\"value\" x=\"{share}%\" y=\"13\" text-anchor=\"{anchor}\">{} {}</text>",
            escape(&shorten(label)),
            escape(&with_unit(value, chart.unit))
        );
    }
    out.push_str(&texts);
    out.push_str("</svg></svg>");
    out
}

/// A score from 0 to 100 as a bar; `None` is a hatched bar. `label` says the same in words; the
/// score of the previous run is a notch.
pub(crate) fn score_bar(score: Option<u8>, previous: Option<u8>, label: &str) -> String {
    let mut out = format!(
        "<svg class=\"score\" role=\"img\" aria-label=\"{0}\" width=\"122\" height=\"16\" viewBox=\"0 0 122 16\">\
         <title>{0}</title>",
        escape(label)
    );
    match score.map(|s| s.min(100)) {
        Some(score) => {
            let width = u32::from(score) * 12;
            let _ = write!(
                out,
                "<rect class=\"track\" x=\"1\" y=\"3\" width=\"120\" height=\"10\"/>\
                 <rect class=\"bar\" x=\"1\" y=\"3\" width=\"{}.{}\" height=\"10\"/>",
                width / 10,
                width % 10
            );
        }
        None => out.push_str("<rect class=\"gap\" x=\"1\" y=\"3\" width=\"120\" height=\"10\"/>"),
    }
    if let Some(previous) = previous.map(|p| p.min(100)) {
        let x = 10 + u32::from(previous) * 12;
        let (whole, tenth) = (x / 10, x % 10);
        let _ = write!(
            out,
            "<line class=\"notch\" x1=\"{whole}.{tenth}\" x2=\"{whole}.{tenth}\" y1=\"0\" y2=\"16\"/>"
        );
    }
    out.push_str("</svg>");
    out
}

/// A measured value with at most two decimals and thousands separators.
pub(crate) fn number(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let decimals = match value.abs() {
        v if v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        _ => 2,
    };
    let plain = format!("{value:.decimals$}");
    let (sign, digits) = plain.strip_prefix('-').map_or(("", plain.as_str()), |d| ("−", d));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let whole = whole.parse::<u64>().map_or_else(|_| whole.to_owned(), bulwark_i18n::number);
    let sign = if whole == "0" && fraction.is_empty() { "" } else { sign };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// A value and its unit with a thin space.
pub(crate) fn with_unit(value: f64, unit: &str) -> String {
    if unit.is_empty() { number(value) } else { format!("{}\u{2009}{unit}", number(value)) }
}

/// The next of 1, 2, 4, 5, 8 × 10ⁿ at or above the value.
fn nice(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let magnitude = 10_f64.powf(value.log10().floor());
    [1.0, 2.0, 4.0, 5.0, 8.0, 10.0]
        .into_iter()
        .map(|step| step * magnitude)
        .find(|v| v.is_finite() && *v >= value)
        .unwrap_or(value)
}

fn percent(value: f64, scale: f64) -> f64 {
    ((value / scale).clamp(0.0, 1.0) * 1000.0).round() / 10.0
}

/// Cuts a label to the width of a narrow page; the data table has it in full.
fn shorten(label: &str) -> String {
    let mut width = 0.0;
    for (at, c) in label.char_indices() {
        width += if c.is_ascii() { 0.56 } else { 1.0 };
        if width > LABEL_EM {
            return format!("{}…", &label[..at]);
        }
    }
    label.to_owned()
}

/// Escapes text for element content and double-quoted attributes.
pub(crate) fn escape(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    for c in s.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(rows: &[(String, f64)], limit: Option<(f64, &str)>) -> String {
        bars(&Bars { id: "c", title: "T", desc: "D", unit: "ms", rows, limit, gap: "no data" })
    }

    #[test]
    fn values_read_well() {
        for (value, shown) in [
            (0.0, "0"),
            (-0.001, "0"),
            (1.5, "1.5"),
            (12.34, "12.3"),
            (1_234_567.8, "1,234,568"),
            (-4.0, "−4"),
            (f64::NAN, "–"),
        ] {
            assert_eq!(number(value), shown);
        }
        assert_eq!(with_unit(3.0, "ms"), "3\u{2009}ms");
    }

    #[test]
    fn the_scale_ends_on_a_round_number() {
        assert_eq!([0.0, 1.0, 830.0, 2100.0].map(|v| number(nice(v))), ["1", "1", "1,000", "4,000"]);
        assert!(nice(f64::MAX).is_finite());
    }

    #[test]
    fn labels_are_escaped_and_gaps_are_hatched() {
        let svg = sample(&[("<script>".into(), 1.0), ("x".into(), f64::INFINITY)], Some((2.0, "\"limit\"")));
        assert!(!svg.contains("<script"));
        assert!(svg.contains("class=\"gap\"") && svg.contains("no data"));
        assert!(svg.contains("&quot;limit&quot; 2"));
    }

    #[test]
    fn a_missing_score_is_never_drawn_as_a_value() {
        let svg = score_bar(None, Some(70), "未檢");
        assert!(svg.contains("class=\"gap\"") && !svg.contains("class=\"bar\""));
        assert!(score_bar(Some(255), None, "").contains("width=\"120.0\""));
    }

    #[test]
    fn an_empty_chart_is_still_a_chart() {
        insta::assert_snapshot!(sample(&[("首頁".into(), 830.0)], None));
        assert!(sample(&[], None).ends_with("</svg></svg>"));
    }
}
