//! Which column of a table holds what: by the names people give them, or as someone said.

use std::collections::BTreeMap;

use bulwark_i18n::args;
use bulwark_model::Diagnostic;
use serde::{Deserialize, Serialize};

use crate::message;

/// What a column may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Full name.
    Name,
    /// Object identifier.
    Oid,
    /// Short code; the object identifier when there is none.
    Code,
    /// Code or object identifier of the one above.
    Parent,
    /// Distinguished name (X.500), shown beside a row whose upper body is missing.
    Dn,
    /// Agency, vendor or team.
    Kind,
    /// Public or specific non-public agency.
    Class,
    /// Field of the sector authority.
    Sector,
    /// Responsibility level A to E.
    Level,
    /// County or city, for closures.
    County,
}

impl Field {
    /// Every one.
    pub const ALL: [Self; 10] = [
        Self::Name,
        Self::Oid,
        Self::Code,
        Self::Parent,
        Self::Dn,
        Self::Kind,
        Self::Class,
        Self::Sector,
        Self::Level,
        Self::County,
    ];

    /// The word for it on the command line and in a saved mapping.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Oid => "oid",
            Self::Code => "code",
            Self::Parent => "parent",
            Self::Dn => "dn",
            Self::Kind => "kind",
            Self::Class => "class",
            Self::Sector => "sector",
            Self::Level => "level",
            Self::County => "county",
        }
    }

    /// The names under which it is found; the first one is shown.
    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Name => {
                &["機關名稱", "name", "name_zh", "名稱", "單位名稱", "機關(構)名稱", "機關（構）名稱"]
            }
            Self::Oid => &["oid", "物件識別碼", "機關oid", "機關識別碼"],
            Self::Code => &["機關代碼", "code", "代碼"],
            Self::Parent => {
                &["上級機關", "parent", "parent_oid", "parent_code", "上級機關代碼", "上級機關oid"]
            }
            Self::Dn => &["dn", "識別名稱"],
            Self::Kind => &["類別", "kind", "種類"],
            Self::Class => &["機關類型", "class", "公務或特定非公務"],
            Self::Sector => &["領域", "sector", "中央目的事業主管機關領域"],
            Self::Level => &["資通安全責任等級", "level", "responsibility_level", "責任等級"],
            Self::County => &["縣市", "county", "所在縣市"],
        }
    }
}

impl std::str::FromStr for Field {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|field| field.code() == text).ok_or(())
    }
}

/// Where each field stands, by 0-based column. A saved mapping keeps the names of the columns instead, see
/// [`Columns::named`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Columns(BTreeMap<Field, usize>);

impl Columns {
    /// Finds the fields by the usual names of columns.
    ///
    /// # Errors
    /// BW-INV-001 without a column of names, BW-INV-002 without one that tells bodies of the same name apart.
    pub fn guess(header: &[String]) -> Result<Self, Diagnostic> {
        Self::named(header, &BTreeMap::new())
    }

    /// The usual names, and for some fields the names that someone gave.
    ///
    /// # Errors
    /// BW-INV-003 for a column that is not there, and those of [`Columns::guess`].
    pub fn named(header: &[String], names: &BTreeMap<Field, String>) -> Result<Self, Diagnostic> {
        let mut columns = Self(
            Field::ALL
                .into_iter()
                .filter_map(|field| {
                    let at = header.iter().position(|name| field.names().contains(&normal(name).as_str()))?;
                    Some((field, at))
                })
                .collect(),
        );
        for (field, wanted) in names {
            let at = header
                .iter()
                .position(|name| normal(name) == normal(wanted))
                .ok_or_else(|| message("BW-INV-003", &args![column = wanted, found = header.join("、")]))?;
            columns.0.retain(|_, old| *old != at);
            columns.0.insert(*field, at);
        }
        columns.checked(header)
    }

    fn checked(self, header: &[String]) -> Result<Self, Diagnostic> {
        let found = header.join("、");
        if !self.0.contains_key(&Field::Name) {
            return Err(message("BW-INV-001", &args![found = found]));
        }
        if !self.0.contains_key(&Field::Oid) && !self.0.contains_key(&Field::Code) {
            return Err(message("BW-INV-002", &args![found = found]));
        }
        Ok(self)
    }

    /// The names of the columns, for saving.
    pub fn names(&self, header: &[String]) -> BTreeMap<Field, String> {
        self.0.iter().filter_map(|(field, at)| Some((*field, header.get(*at)?.trim().to_owned()))).collect()
    }

    /// The 1-based column of a field.
    pub(crate) fn column(&self, field: Field) -> u32 {
        self.0.get(&field).and_then(|at| u32::try_from(at + 1).ok()).unwrap_or_default()
    }

    /// What a row says of a field, as it is written.
    pub(crate) fn cell<'a>(&self, row: &'a [String], field: Field) -> Option<&'a str> {
        self.0.get(&field).and_then(|at| row.get(*at)).map(String::as_str)
    }
}

/// A name of a column as it is compared.
fn normal(name: &str) -> String {
    name.trim().trim_start_matches('\u{feff}').to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn usual_names_are_found_and_others_are_said() {
        let usual = header(&["機關名稱", " OID ", "上級機關", "備註"]);
        let columns = Columns::guess(&usual).expect("enough");
        assert_eq!(columns.column(Field::Oid), 2);
        let said = BTreeMap::from([(Field::Name, "備註".to_owned())]);
        let columns = Columns::named(&usual, &said).expect("enough");
        assert_eq!(columns.names(&usual)[&Field::Name], "備註");
        let missing = BTreeMap::from([(Field::Name, "沒有".to_owned())]);
        assert_eq!(Columns::named(&usual, &missing).unwrap_err().code, "BW-INV-003");
        assert_eq!(Columns::guess(&header(&["oid"])).unwrap_err().code, "BW-INV-001");
        assert_eq!(Columns::guess(&header(&["name"])).unwrap_err().code, "BW-INV-002");
        // A column serves one field.
        let twice = BTreeMap::from([(Field::Code, "oid".to_owned())]);
        let columns = Columns::named(&header(&["name", "oid"]), &twice).expect("enough");
        assert_eq!([columns.column(Field::Code), columns.column(Field::Oid)], [2, 0]);
    }
}
