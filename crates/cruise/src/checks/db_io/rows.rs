//! Reading the rows of a database's evidence.

use std::collections::BTreeMap;

use bulwark_probe::evidence::Postgres;
use bulwark_probe::failure::{Code, Failure, Step};

use crate::check::{Case, Piece, Sheet};

/// One row: column → text.
pub(super) type Row = BTreeMap<String, String>;

/// Most lines an excerpt may have.
const EXCERPT_LINES: usize = 10;

/// Calls `judge` for every database whose `query` gave rows; writes what is missing for the others.
pub(super) fn each<'a>(
    case: &Case<'a>,
    sheet: &mut Sheet,
    query: &str,
    mut judge: impl FnMut(&Piece<'a, Postgres>, &'a [Row], &mut Sheet),
) {
    for piece in case.postgres() {
        if let Some(rows) = rows(&piece, query, sheet) {
            judge(&piece, rows, sheet);
        }
    }
}

/// The same for queries that give exactly one row.
pub(super) fn each_one<'a>(
    case: &Case<'a>,
    sheet: &mut Sheet,
    query: &str,
    mut judge: impl FnMut(&Piece<'a, Postgres>, &'a Row, &mut Sheet),
) {
    each(case, sheet, query, |piece, rows, sheet| match rows.first() {
        Some(row) => judge(piece, row, sheet),
        None => odd(piece, query, sheet),
    });
}

/// Like [`each`] for queries about other accounts' sessions: without the right to see them an empty
/// answer means nothing, so the check's sentence `blind` is written instead.
pub(super) fn each_visible<'a>(
    case: &Case<'a>,
    sheet: &mut Sheet,
    query: &str,
    mut judge: impl FnMut(&Piece<'a, Postgres>, &'a [Row], &mut Sheet),
) {
    each(case, sheet, query, |piece, rows, sheet| {
        if blind(piece) {
            sheet.not_tested(&piece.body.name, "blind", &[]).from(piece);
        } else {
            judge(piece, rows, sheet);
        }
    });
}

/// The rows of one query; when there are none, the line that says why is written.
pub(super) fn rows<'a>(piece: &Piece<'a, Postgres>, query: &str, sheet: &mut Sheet) -> Option<&'a [Row]> {
    match piece.body.queries.get(query) {
        Some(Ok(answer)) => Some(&answer.rows),
        Some(Err(failure)) => {
            sheet.error(&piece.body.name, failure).from(piece);
            None
        }
        None => {
            sheet.not_tested(&piece.body.name, "common.not_reached", &[]).from(piece);
            None
        }
    }
}

/// The rows of a query that only adds to a judgement; empty when there are none.
pub(super) fn extra<'a>(piece: &Piece<'a, Postgres>, query: &str) -> &'a [Row] {
    match piece.body.queries.get(query) {
        Some(Ok(answer)) => &answer.rows,
        _ => &[],
    }
}

/// The answer lacks a column or holds nonsense: our trouble, not the database's.
pub(super) fn odd(piece: &Piece<'_, Postgres>, what: &str, sheet: &mut Sheet) {
    let failure = Failure::new(Step::Decode, Code::BadAnswer, format!("{} {what}", tidy(&piece.body.server)));
    sheet.error(&piece.body.name, &failure).from(piece);
}

/// True when our account is known not to see other accounts' sessions and statistics.
pub(super) fn blind(piece: &Piece<'_, Postgres>) -> bool {
    extra(piece, "role")
        .first()
        .is_some_and(|row| flag(row, "sees_all") == Some(false) && flag(row, "superuser") != Some(true))
}

/// The value of a server setting.
pub(super) fn setting<'a>(piece: &Piece<'a, Postgres>, name: &str) -> Option<&'a str> {
    extra(piece, "settings")
        .iter()
        .find(|row| text(row, "name") == Some(name))
        .and_then(|row| text(row, "setting"))
}

/// True when a setting is known to be off.
pub(super) fn is_off(piece: &Piece<'_, Postgres>, name: &str) -> bool {
    setting(piece, name) == Some("off")
}

/// A text column.
pub(super) fn text<'a>(row: &'a Row, column: &str) -> Option<&'a str> {
    row.get(column).map(String::as_str)
}

/// A whole number that is not negative.
pub(super) fn count(row: &Row, column: &str) -> Option<u64> {
    text(row, column)?.trim().parse().ok()
}

/// Whole seconds; a clock stepped back on the server counts as zero.
pub(super) fn seconds(row: &Row, column: &str) -> Option<u64> {
    let value = decimal(row, column)?.max(0.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative; the cast saturates"
    )]
    Some(value as u64)
}

/// A finite number.
pub(super) fn decimal(row: &Row, column: &str) -> Option<f64> {
    text(row, column)?.trim().parse::<f64>().ok().filter(|v| v.is_finite())
}

/// A truth value, as either protocol writes it.
pub(super) fn flag(row: &Row, column: &str) -> Option<bool> {
    match text(row, column)? {
        "t" | "true" | "on" => Some(true),
        "f" | "false" | "off" => Some(false),
        _ => None,
    }
}

/// For how long the counters of the database have been counting, in seconds. Since version 15 a
/// database that was never reset has no `stats_reset`; then the age of the cluster's counters is it.
pub(super) fn counted_s(row: &Row) -> Option<u64> {
    seconds(row, "counted_s").or_else(|| seconds(row, "stats_age_s"))
}

/// Part of a whole in percent; 0 of 0 is 0.
#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
pub(super) fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}

/// `1:04:09`, hours may be large.
pub(super) fn hms(seconds: u64) -> String {
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// The telling columns of the first rows, `column=value`, one row a line. Values come from a server
/// we do not trust: control characters go, long values are cut.
pub(super) fn show<'r>(rows: impl IntoIterator<Item = &'r Row>, columns: &[&str]) -> String {
    rows.into_iter()
        .take(EXCERPT_LINES)
        .map(|row| {
            columns
                .iter()
                .filter_map(|column| text(row, column).map(|value| format!("{column}={}", tidy(value))))
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// One printable line of at most 80 characters.
pub(super) fn tidy(value: &str) -> String {
    let mut out: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).take(80).collect();
    if value.chars().nth(80).is_some() {
        out.push('…');
    }
    out
}
