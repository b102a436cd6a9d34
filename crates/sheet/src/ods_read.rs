//! OpenDocument spreadsheets (ODF 1.3 part 3, chapter 9): `content.xml` as one stream.

use std::collections::BTreeSet;

use bulwark_i18n::args;
use bulwark_model::Diagnostic;

use crate::archive::Archive;
use crate::grid::Grid;
use crate::note::{Notes, cell, message};
use crate::value::stored_number;
use crate::xml::{Element, Token, Xml};
use crate::{Encoding, Format, Limits, Table};

const CONTENT: &str = "content.xml";
const MANIFEST: &str = "META-INF/manifest.xml";

/// A sheet that was passed.
pub(crate) struct Passed {
    pub(crate) name: String,
    pub(crate) hidden: bool,
    pub(crate) has_data: bool,
}

pub(crate) fn read(archive: &Archive<'_>, limits: &Limits, notes: &mut Notes) -> Result<Table, Diagnostic> {
    refuse_encrypted(archive, limits)?;
    let mut found = document(archive, limits, false, notes)?;
    if found.table.is_none() && found.sheets.iter().any(|sheet| sheet.has_data) {
        // Only hidden sheets hold anything; better one of them than nothing.
        found = document(archive, limits, true, notes)?;
    }
    let (sheet, header, rows) = found.table.ok_or_else(|| message("BW-SHEET-033", &args![]))?;
    note_others(&found.sheets, &sheet, notes);
    Ok(Table { header, rows, sheet, encoding: Encoding::Utf8, format: Format::Ods })
}

/// Tells which other sheets hold something, and whether the one taken is hidden.
pub(crate) fn note_others(sheets: &[Passed], taken: &str, notes: &mut Notes) {
    let others: Vec<&str> = sheets
        .iter()
        .filter(|sheet| sheet.has_data && sheet.name != taken)
        .map(|sheet| sheet.name.as_str())
        .collect();
    if !others.is_empty() {
        let values = args![sheet = taken, others = others.join("、"), count = others.len()];
        notes.add("BW-SHEET-055", &values, bulwark_model::Location::Named(taken.to_owned()));
    }
    if sheets.iter().any(|sheet| sheet.name == taken && sheet.hidden) {
        notes.add("BW-SHEET-063", &args![sheet = taken], bulwark_model::Location::Named(taken.to_owned()));
    }
}

/// A document with a password has its parts encrypted and says so in the manifest.
fn refuse_encrypted(archive: &Archive<'_>, limits: &Limits) -> Result<(), Diagnostic> {
    if !archive.has(MANIFEST) {
        return Ok(());
    }
    let mut xml = Xml::new(archive.open_part(MANIFEST)?, MANIFEST, limits);
    loop {
        match xml.next()? {
            Token::Open(element) if crate::xml::local(element.name()) == "encryption-data" => {
                return Err(message("BW-SHEET-005", &args![]));
            }
            Token::End => return Ok(()),
            _ => {}
        }
    }
}

struct Document {
    table: Option<(String, Vec<String>, Vec<crate::Row>)>,
    sheets: Vec<Passed>,
}

fn document(
    archive: &Archive<'_>,
    limits: &Limits,
    take_hidden: bool,
    notes: &mut Notes,
) -> Result<Document, Diagnostic> {
    let mut xml = Xml::new(archive.open_part(CONTENT)?, CONTENT, limits);
    let mut hidden_styles = BTreeSet::new();
    let mut style = String::new();
    let mut found = Document { table: None, sheets: Vec::new() };
    loop {
        match xml.next()? {
            Token::Open(element) => match element.name() {
                "style:style" => style = element.attribute("style:name")?.unwrap_or_default(),
                "style:table-properties"
                    if element.attribute("table:display")?.as_deref() == Some("false") =>
                {
                    hidden_styles.insert(style.clone());
                }
                "table:dde-links" | "table:tracked-changes" => xml.skip()?,
                "table:table" => {
                    let name = element.attribute("table:name")?.unwrap_or_default();
                    let style = element.attribute("table:style-name")?.unwrap_or_default();
                    let hidden = hidden_styles.contains(&style);
                    let wanted = found.table.is_none() && (take_hidden || !hidden);
                    let grid = wanted.then(|| Grid::new(limits, &name));
                    let mut sheet =
                        Sheet { xml: &mut xml, grid, name: &name, line: 1, has_data: false, limits };
                    sheet.rows(notes)?;
                    let has_data = sheet.has_data;
                    if let Some((header, rows)) = sheet.grid.and_then(Grid::finish) {
                        found.table = Some((name.clone(), header, rows));
                    }
                    found.sheets.push(Passed { name, hidden, has_data });
                }
                _ => {}
            },
            Token::End => return Ok(found),
            _ => {}
        }
    }
}

/// One `table:table`; without a grid it is only looked through.
struct Sheet<'x, 'a, 'l> {
    xml: &'x mut Xml<'a>,
    grid: Option<Grid<'l>>,
    name: &'x str,
    line: u32,
    has_data: bool,
    limits: &'l Limits,
}

/// What a cell is, from its attributes.
#[derive(Default)]
struct Typed {
    repeated: usize,
    kind: Option<String>,
    value: Option<String>,
    formula: bool,
    error: bool,
}

impl Sheet<'_, '_, '_> {
    fn rows(&mut self, notes: &mut Notes) -> Result<(), Diagnostic> {
        loop {
            match self.xml.next()? {
                Token::Open(element) => match element.name() {
                    "table:table-row" => {
                        let repeated = count(&element, "table:number-rows-repeated")?;
                        self.row(repeated, notes)?;
                    }
                    "table:table-header-rows" | "table:table-rows" | "table:table-row-group" => {}
                    _ => self.xml.skip()?,
                },
                Token::Close(end) if end.name().into_inner() == "table:table" => return Ok(()),
                Token::End => return Ok(()),
                _ => {}
            }
        }
    }

    fn row(&mut self, repeated: usize, notes: &mut Notes) -> Result<(), Diagnostic> {
        let line = self.line;
        let mut column = 0_usize;
        if let Some(grid) = &mut self.grid {
            grid.start(line);
        }
        loop {
            match self.xml.next()? {
                Token::Open(element) => match element.name() {
                    "table:table-cell" | "table:covered-table-cell" => {
                        let typed = typed(&element)?;
                        let shown = self.shown(column)?;
                        column = self.put(column, typed, shown, notes)?;
                    }
                    _ => self.xml.skip()?,
                },
                Token::Close(_) | Token::End => break,
                _ => {}
            }
        }
        let repeated = u32::try_from(repeated).unwrap_or(u32::MAX);
        self.line = line.saturating_add(repeated);
        if let Some(grid) = &mut self.grid
            && grid.end(false, notes)?
        {
            for again in 1..repeated {
                grid.repeat(line.saturating_add(again), notes)?;
            }
        }
        Ok(())
    }

    /// Puts a cell, as often as it is repeated, and gives the column after it.
    fn put(
        &mut self,
        column: usize,
        typed: Typed,
        shown: String,
        notes: &mut Notes,
    ) -> Result<usize, Diagnostic> {
        let after = column.saturating_add(typed.repeated);
        let place = cell(self.name, self.line, u32::try_from(column + 1).unwrap_or(u32::MAX));
        let (formula, error) = (typed.formula, typed.error);
        let repeated = typed.repeated;
        let text = typed.text(shown);
        self.has_data |= !text.is_empty();
        let Some(grid) = &mut self.grid else { return Ok(after) };
        if formula {
            let code = if text.is_empty() { "BW-SHEET-065" } else { "BW-SHEET-053" };
            notes.add(code, &args![], place.clone());
        }
        if error {
            notes.add("BW-SHEET-054", &args![text = text], place);
        }
        if text.is_empty() {
            grid.put(after - 1, String::new(), notes)?;
            return Ok(after);
        }
        for again in 1..repeated {
            grid.put(column + again - 1, text.clone(), notes)?;
        }
        grid.put(after - 1, text, notes)?;
        Ok(after)
    }

    /// The text of the cell that opened last, paragraphs on lines of their own. Notes and drawings are no
    /// part of it.
    fn shown(&mut self, column: usize) -> Result<String, Diagnostic> {
        let mut text = Shown::default();
        let mut open = 1_usize;
        while open > 0 {
            match self.xml.next()? {
                Token::Open(element) => {
                    let name = element.name();
                    if !name.starts_with("text:") || matches!(name, "text:ruby-text" | "text:note") {
                        self.xml.skip()?;
                        continue;
                    }
                    match name {
                        "text:p" | "text:h" => text.paragraph(),
                        "text:s" => {
                            let spaces = count(&element, "text:c")?;
                            text.exactly(' ', spaces.min(self.limits.cell_chars.saturating_add(1)));
                        }
                        "text:tab" => text.exactly('\t', 1),
                        "text:line-break" => text.exactly('\n', 1),
                        _ => {}
                    }
                    open += 1;
                }
                Token::Close(end) => {
                    open -= 1;
                    if matches!(end.name().into_inner(), "text:p" | "text:h") {
                        text.end_paragraph();
                    }
                }
                Token::Text(part) => text.add(&part),
                Token::Other => {}
                Token::End => break,
            }
            if text.chars > self.limits.cell_chars {
                let place = cell(self.name, self.line, u32::try_from(column + 1).unwrap_or(u32::MAX));
                return Err(message("BW-SHEET-036", &args![limit = self.limits.cell_chars]).at(place));
            }
        }
        Ok(text.out)
    }
}

/// Text of a cell as it is gathered. A run of white space that breaks a line is layout of the XML and
/// collapses as ODF 1.3 part 3, 6.1.2 says: to one space, to none at either end of a paragraph. The standard
/// says the same of a run of plain spaces, but LibreOffice writes and reads those as they are.
#[derive(Default)]
struct Shown {
    out: String,
    chars: usize,
    inside: bool,
    paragraphs: usize,
    /// The run of white space that has not been written yet.
    spaces: usize,
    layout: bool,
    /// Nothing was written in this paragraph yet.
    fresh: bool,
}

impl Shown {
    fn paragraph(&mut self) {
        if self.paragraphs > 0 {
            self.push('\n');
        }
        self.paragraphs += 1;
        (self.inside, self.fresh) = (true, true);
        (self.spaces, self.layout) = (0, false);
    }

    fn end_paragraph(&mut self) {
        self.flush(true);
        self.inside = false;
    }

    /// Writes the run of white space before the next character or, `at_end`, before the end.
    fn flush(&mut self, at_end: bool) {
        let spaces = if self.layout { usize::from(!self.fresh && !at_end) } else { self.spaces };
        for _ in 0..spaces {
            self.push(' ');
        }
        (self.spaces, self.layout, self.fresh) = (0, false, false);
    }

    /// A character that is meant as it is.
    fn exactly(&mut self, character: char, times: usize) {
        self.flush(false);
        for _ in 0..times {
            self.push(character);
        }
    }

    fn push(&mut self, character: char) {
        self.out.push(character);
        self.chars += 1;
    }

    fn add(&mut self, text: &str) {
        if !self.inside {
            return;
        }
        for character in text.chars() {
            if matches!(character, ' ' | '\t' | '\r' | '\n') {
                self.spaces += 1;
                self.layout |= character != ' ';
            } else {
                self.flush(false);
                self.push(character);
            }
        }
    }
}

/// An attribute that says how often; 1 when it says nothing useful.
fn count(element: &Element<'_>, name: &str) -> Result<usize, Diagnostic> {
    let value = element.attribute(name)?.and_then(|value| value.trim().parse::<usize>().ok());
    Ok(value.unwrap_or(1).max(1))
}

fn typed(element: &Element<'_>) -> Result<Typed, Diagnostic> {
    let kind = element.attribute("office:value-type")?;
    let value = match kind.as_deref() {
        Some("float" | "percentage" | "currency") => element.attribute("office:value")?,
        Some("date") => element.attribute("office:date-value")?,
        Some("time") => element.attribute("office:time-value")?,
        Some("boolean") => element.attribute("office:boolean-value")?,
        Some("string") => element.attribute("office:string-value")?,
        _ => None,
    };
    Ok(Typed {
        repeated: count(element, "table:number-columns-repeated")?,
        value,
        formula: element.attribute("table:formula")?.is_some(),
        error: element.attribute("calcext:value-type")?.as_deref() == Some("error"),
        kind,
    })
}

impl Typed {
    /// The text of the cell: numbers and dates by their stored value, everything else as shown.
    fn text(self, shown: String) -> String {
        let (Some(kind), Some(value)) = (self.kind, self.value) else { return shown };
        match kind.as_str() {
            "float" | "percentage" | "currency" => {
                // A style that shows leading zeros (postcodes, telephones): what is shown is meant.
                let padded = shown.len() > 1 && shown.starts_with('0');
                let same = shown.bytes().all(|byte| byte.is_ascii_digit())
                    && shown.trim_start_matches('0') == value.trim();
                if padded && same { shown } else { stored_number(&value) }
            }
            "date" => value.trim().to_owned(),
            "time" => clock_time(&value).unwrap_or(value),
            "boolean" => value.trim().to_uppercase(),
            _ => value,
        }
    }
}

/// `PT09H05M00S` as `09:05:00`.
fn clock_time(duration: &str) -> Option<String> {
    let rest = duration.strip_prefix("PT")?;
    let (hours, rest) = rest.split_once('H')?;
    let (minutes, rest) = rest.split_once('M')?;
    let seconds = rest.strip_suffix('S')?;
    let seconds = seconds.split(['.', ',']).next()?;
    let [hours, minutes, seconds] = [hours, minutes, seconds].map(|part| part.parse::<u32>().ok());
    Some(format!("{:02}:{:02}:{:02}", hours?, minutes?, seconds?))
}
