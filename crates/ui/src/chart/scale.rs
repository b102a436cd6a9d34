//! Numbers to pixels, and numbers to words.

/// A straight scale.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
}

impl Scale {
    /// Maps `from…to` onto the pixels `start…end`. An empty range maps to its start.
    pub(super) fn new(from: f64, to: f64, start: i32, end: i32) -> Self {
        Self { from, to, start: f64::from(start), end: f64::from(end) }
    }

    pub(super) fn at(&self, value: f64) -> f64 {
        let span = self.to - self.from;
        if span == 0.0 || !span.is_finite() {
            return self.start;
        }
        let share = ((value - self.from) / span).clamp(-0.05, 1.05);
        self.start + share * (self.end - self.start)
    }

    pub(super) fn px(&self, value: f64) -> i32 {
        pixel(self.at(value))
    }
}

/// The nearest pixel.
#[expect(clippy::cast_possible_truncation, reason = "clamped to the range of a drawing")]
pub(super) fn pixel(value: f64) -> i32 {
    value.round().clamp(-100_000.0, 100_000.0) as i32
}

/// A position along a list as a number.
#[expect(clippy::cast_precision_loss, reason = "lists are far shorter than 2^52")]
pub(super) fn position(index: usize) -> f64 {
    index as f64
}

/// The next number at or above a value that halves well: one digit times a power of ten.
pub(super) fn round_up(value: f64) -> f64 {
    if value <= 0.0 || !value.is_finite() {
        return 1.0;
    }
    let power = 10_f64.powf(value.log10().floor());
    [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0]
        .into_iter()
        .map(|s| s * power)
        .find(|s| *s >= value * 0.999_999)
        .unwrap_or(value)
}

/// A number for people: at most two decimals, thousands set apart.
pub(super) fn number(value: f64) -> String {
    let rounded = format!("{value:.2}");
    let (whole, decimals) = rounded.split_once('.').unwrap_or((&rounded, ""));
    let decimals = decimals.trim_end_matches('0');
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |d| ("−", d));
    let mut out = String::from(if digits == "0" && decimals.is_empty() { "" } else { sign });
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if !decimals.is_empty() {
        out.push('.');
        out.push_str(decimals);
    }
    out
}

/// A number with its unit: a space before words and Latin units, none before `%`.
pub(super) fn with_unit(value: f64, unit: &str) -> String {
    let number = number(value);
    match unit {
        "" => number,
        "%" => format!("{number}%"),
        unit => format!("{number} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{number, round_up, with_unit};

    #[test]
    fn numbers_read_well() {
        let cases = [
            (0.0, "0"),
            (-0.001, "0"),
            (1234.5, "1,234.5"),
            (-1_000_000.0, "−1,000,000"),
            (2.345, "2.35"),
            (999.0, "999"),
        ];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
        assert_eq!(with_unit(99.5, "%"), "99.5%");
        assert_eq!(with_unit(120.0, "毫秒"), "120 毫秒");
    }

    #[test]
    fn the_axis_ends_on_a_round_number() {
        for (value, end) in
            [(0.0, 1.0), (7.0, 8.0), (101.0, 200.0), (240.0, 300.0), (0.03, 0.03), (1000.0, 1000.0)]
        {
            assert!((round_up(value) - end).abs() < end * 1e-9, "{value}: {}", round_up(value));
        }
    }
}
