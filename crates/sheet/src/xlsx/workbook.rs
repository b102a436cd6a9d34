//! Which sheets a workbook has and in which parts everything stands.

use std::collections::BTreeMap;

use bulwark_i18n::args;
use bulwark_model::Diagnostic;

use crate::Limits;
use crate::archive::Archive;
use crate::note::message;
use crate::xml::{Token, Xml, local};

/// A worksheet as the workbook lists it.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) part: String,
    pub(super) hidden: bool,
}

/// What the workbook says.
#[derive(Debug, Default)]
pub(super) struct Workbook {
    pub(super) sheets: Vec<Listed>,
    pub(super) styles: Option<String>,
    pub(super) strings: Option<String>,
    /// Days are counted from 1904-01-01, as old programs of Macintosh did.
    pub(super) from_1904: bool,
}

pub(super) fn read(archive: &Archive<'_>, limits: &Limits) -> Result<Workbook, Diagnostic> {
    refuse_macros(archive, limits)?;
    let part = main_part(archive, limits)?;
    let relations = relations(archive, &part, limits)?;
    let of_kind = |kind: &str| {
        relations.values().find(|relation| relation.kind == kind).map(|relation| relation.part.clone())
    };
    let mut book =
        Workbook { styles: of_kind("styles"), strings: of_kind("sharedStrings"), ..Workbook::default() };
    let mut xml = Xml::new(archive.open_part(&part)?, &part, limits);
    loop {
        match xml.next()? {
            Token::Open(element) if local(element.name()) == "workbookPr" => {
                let flag = element.attribute("date1904")?;
                book.from_1904 = matches!(flag.as_deref(), Some("1" | "true"));
            }
            Token::Open(element) if local(element.name()) == "sheet" => {
                let id = element.attribute("r:id")?.unwrap_or_default();
                let name = element.attribute("name")?.unwrap_or_default();
                let hidden = element.attribute("state")?.is_some_and(|state| state.contains("idden"));
                // A chart sheet is listed too; it has no cells.
                if let Some(relation) = relations.get(&id).filter(|relation| relation.kind == "worksheet") {
                    book.sheets.push(Listed { name, part: relation.part.clone(), hidden });
                }
            }
            Token::End => return Ok(book),
            _ => {}
        }
    }
}

/// The content types name a workbook with macros whatever its parts are called.
fn refuse_macros(archive: &Archive<'_>, limits: &Limits) -> Result<(), Diagnostic> {
    const TYPES: &str = "[Content_Types].xml";
    let mut xml = Xml::new(archive.open_part(TYPES)?, TYPES, limits);
    loop {
        match xml.next()? {
            Token::Open(element) => {
                let content = element.attribute("ContentType")?.unwrap_or_default().to_ascii_lowercase();
                if content.contains("macroenabled") || content.contains("vbaproject") {
                    return Err(message("BW-SHEET-016", &args![part = TYPES]));
                }
            }
            Token::End => return Ok(()),
            _ => {}
        }
    }
}

fn main_part(archive: &Archive<'_>, limits: &Limits) -> Result<String, Diagnostic> {
    let found = relations(archive, "", limits)?;
    let main = found.into_values().find(|relation| relation.kind == "officeDocument");
    Ok(main.map_or_else(|| "xl/workbook.xml".to_owned(), |relation| relation.part))
}

/// A part another part refers to.
#[derive(Debug)]
struct Relation {
    /// The last word of the type's address; the strict and the transitional form differ before it.
    kind: String,
    part: String,
}

/// The relations of a part, by id. Those that lead out of the file are left out.
fn relations(
    archive: &Archive<'_>,
    part: &str,
    limits: &Limits,
) -> Result<BTreeMap<String, Relation>, Diagnostic> {
    let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
    let name = match folder {
        "" => format!("_rels/{file}.rels"),
        folder => format!("{folder}/_rels/{file}.rels"),
    };
    let mut found = BTreeMap::new();
    if !archive.has(&name) {
        return Ok(found);
    }
    let mut xml = Xml::new(archive.open_part(&name)?, &name, limits);
    loop {
        match xml.next()? {
            Token::Open(element) if local(element.name()) == "Relationship" => {
                if element.attribute("TargetMode")?.as_deref() == Some("External") {
                    continue;
                }
                let id = element.attribute("Id")?.unwrap_or_default();
                let target = element.attribute("Target")?.unwrap_or_default();
                let kind = element.attribute("Type")?.unwrap_or_default();
                let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                found.insert(id, Relation { kind, part: resolve(folder, &target) });
            }
            Token::End => return Ok(found),
            _ => {}
        }
    }
}

/// The name of the entry a target means, seen from the folder of its source.
fn resolve(folder: &str, target: &str) -> String {
    let mut path: Vec<&str> = if target.starts_with('/') {
        Vec::new()
    } else {
        folder.split('/').filter(|step| !step.is_empty()).collect()
    };
    for step in target.split('/').filter(|step| !step.is_empty() && *step != ".") {
        match step {
            ".." => drop(path.pop()),
            step => path.push(step),
        }
    }
    path.join("/")
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn targets_are_resolved_inside_the_archive() {
        for (folder, target, want) in [
            ("xl", "worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl", "/xl/styles.xml", "xl/styles.xml"),
            ("xl/worksheets", "../drawings/d.xml", "xl/drawings/d.xml"),
            ("", "../../../etc/passwd", "etc/passwd"),
        ] {
            assert_eq!(resolve(folder, target), want);
        }
    }
}
