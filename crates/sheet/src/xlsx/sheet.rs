//! The cells of one worksheet.

use bulwark_i18n::args;
use bulwark_model::Diagnostic;

use super::cell;
use super::format::Formats;
use super::strings::{Strings, rich_text, unescaped};
use super::workbook::Listed;
use crate::Limits;
use crate::archive::Archive;
use crate::grid::{Grid, longer_than};
use crate::note::{self, Notes, message};
use crate::xml::{Element, Token, Xml, local};

/// What cells refer to.
pub(super) struct Context<'a> {
    pub(super) archive: &'a Archive<'a>,
    pub(super) limits: &'a Limits,
    pub(super) formats: &'a Formats,
    pub(super) strings: &'a Strings,
    pub(super) from_1904: bool,
}

/// Whether a sheet holds any value; reading stops at the first.
pub(super) fn has_data(context: &Context<'_>, sheet: &Listed) -> Result<bool, Diagnostic> {
    let mut xml = Xml::new(context.archive.open_part(&sheet.part)?, &sheet.part, context.limits);
    loop {
        match xml.next()? {
            Token::Open(element) if matches!(local(element.name()), "v" | "is") => return Ok(true),
            Token::End => return Ok(false),
            _ => {}
        }
    }
}

/// Puts all cells of a sheet into `grid`.
pub(super) fn read(
    context: &Context<'_>,
    sheet: &Listed,
    grid: &mut Grid<'_>,
    notes: &mut Notes,
) -> Result<(), Diagnostic> {
    let xml = Xml::new(context.archive.open_part(&sheet.part)?, &sheet.part, context.limits);
    let mut cells = Cells { context, sheet, xml, line: 0, column: 0 };
    loop {
        match cells.xml.next()? {
            Token::Open(element) => match local(element.name()) {
                "row" => {
                    let number = element.attribute("r")?;
                    cells.row(number.as_deref(), grid)?;
                }
                "c" if cells.line > 0 => {
                    let head = head(&element)?;
                    cells.cell(&head, grid, notes)?;
                }
                _ => {}
            },
            Token::Close(end) if local(end.name().into_inner()) == "row" => drop(grid.end(false, notes)?),
            Token::End => return Ok(()),
            _ => {}
        }
    }
}

struct Cells<'a> {
    context: &'a Context<'a>,
    sheet: &'a Listed,
    xml: Xml<'a>,
    line: u32,
    /// 0-based column after the last cell.
    column: usize,
}

/// The attributes of a cell.
struct Head {
    kind: String,
    style: usize,
    column: Option<usize>,
}

fn head(element: &Element<'_>) -> Result<Head, Diagnostic> {
    Ok(Head {
        kind: element.attribute("t")?.unwrap_or_default(),
        style: element.attribute("s")?.and_then(|style| style.parse().ok()).unwrap_or_default(),
        column: element.attribute("r")?.as_deref().and_then(column),
    })
}

/// The 0-based column of a reference like `AB12`.
fn column(reference: &str) -> Option<usize> {
    let letters: &str = reference.split(|c: char| !c.is_ascii_alphabetic()).next()?;
    // XFD, the last column there is, has three letters.
    if letters.is_empty() || letters.len() > 3 {
        return None;
    }
    let number = letters
        .bytes()
        .fold(0, |number, letter| number * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1);
    Some(number - 1)
}

/// What stands inside a cell.
#[derive(Default)]
struct Body {
    value: String,
    formula: bool,
}

impl Cells<'_> {
    /// Begins a row. Numbers only rise; a file in which they do not is no workbook.
    fn row(&mut self, number: Option<&str>, grid: &mut Grid<'_>) -> Result<(), Diagnostic> {
        let next = self.line.saturating_add(1);
        let number = number.map_or(Some(next), |number| number.parse().ok());
        let Some(number) = number.filter(|number| *number >= next) else { return Err(self.out_of_order()) };
        self.line = number;
        self.column = 0;
        grid.start(number);
        Ok(())
    }

    fn cell(&mut self, head: &Head, grid: &mut Grid<'_>, notes: &mut Notes) -> Result<(), Diagnostic> {
        let column = head.column.unwrap_or(self.column);
        if column < self.column {
            return Err(self.out_of_order());
        }
        self.column = column + 1;
        let body = self.body(&head.kind)?;
        let place = || note::cell(&self.sheet.name, self.line, u32::try_from(column + 1).unwrap_or(u32::MAX));
        if body.formula {
            let code = if body.value.is_empty() { "BW-SHEET-065" } else { "BW-SHEET-053" };
            notes.add(code, &args![], place());
        }
        let text = match head.kind.as_str() {
            _ if body.value.is_empty() => String::new(),
            "s" => {
                let number = body.value.trim().parse().ok();
                let Some(text) = number.and_then(|number| self.context.strings.get(number)) else {
                    return Err(message("BW-SHEET-028", &args![number = body.value]).at(place()));
                };
                text.to_owned()
            }
            "str" => {
                let mut text = String::new();
                unescaped(&body.value, &mut text);
                text
            }
            "inlineStr" | "d" => body.value,
            "b" => if body.value.trim() == "1" { "TRUE" } else { "FALSE" }.to_owned(),
            "e" => {
                notes.add("BW-SHEET-054", &args![text = body.value], place());
                body.value
            }
            _ => {
                if let Some(text) =
                    cell::text(&body.value, self.context.formats.get(head.style), self.context.from_1904)
                {
                    text
                } else {
                    notes.add("BW-SHEET-060", &args![value = body.value], place());
                    body.value
                }
            }
        };
        grid.put(column, text, notes)
    }

    /// Reads up to the end of the cell.
    fn body(&mut self, kind: &str) -> Result<Body, Diagnostic> {
        let limit = self.context.limits.cell_chars;
        let mut body = Body::default();
        let mut inside = false;
        loop {
            match self.xml.next()? {
                Token::Open(element) => match local(element.name()) {
                    "v" => inside = true,
                    "f" => body.formula = true,
                    "is" if kind == "inlineStr" => {
                        rich_text(&mut self.xml, "is", limit.saturating_mul(8), &mut body.value)?;
                    }
                    _ => {}
                },
                Token::Text(text) if inside => body.value.push_str(&text),
                Token::Close(end) => match local(end.name().into_inner()) {
                    "v" => inside = false,
                    "c" => return Ok(body),
                    _ => {}
                },
                Token::End => return Ok(body),
                _ => {}
            }
            // An escape of seven characters stands for one.
            if longer_than(&body.value, limit.saturating_mul(8)) {
                let place = note::cell(&self.sheet.name, self.line, 0);
                return Err(message("BW-SHEET-036", &args![limit = limit]).at(place));
            }
        }
    }

    fn out_of_order(&self) -> Diagnostic {
        message("BW-SHEET-021", &args![part = self.sheet.part]).because("rows or cells are not in order")
    }
}

#[cfg(test)]
mod tests {
    use super::column;

    #[test]
    fn references_name_columns() {
        for (reference, want) in [
            ("A1", Some(0)),
            ("Z9", Some(25)),
            ("AA10", Some(26)),
            ("XFD1", Some(16383)),
            ("12", None),
            ("", None),
        ] {
            assert_eq!(column(reference), want, "{reference}");
        }
    }
}
