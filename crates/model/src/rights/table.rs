//! The role matrix as data: which role may do what, within which reach.
//!
//! Four files of `data/rights/` are compiled in: `role_matrix.csv` (the product design's acts, a
//! copy that a test keeps row for row), with the same columns `platform_matrix.csv` (the acts of the
//! console itself) and `transition_matrix.csv` (the steps of the state machines that the design gives
//! no row), and `actions.csv` (what kind of act each is, and its name). A cell or row that cannot
//! be read gives no right and is listed as a [`TableFault`]; a test wants that list empty.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::role::Role;
use crate::Text;
use crate::words::{ParseWordError, words};

words! {
    /// How far a role's right reaches: the letters of the matrix (incident-grc §4).
    Reach {
        /// O: objects of the organisation the role is held at.
        Own = "O", "本機關", "Own organisation";
        /// T: the organisation and all below it in the tree of today.
        Subtree = "T", "本機關及所屬", "Organisation and those below it";
        /// S: bodies of the sector named in the grant.
        Sector = "S", "所管領域", "Sector";
        /// A: everything.
        All = "A", "全部", "All";
        /// P: objects the person takes part in.
        Participant = "P", "參與的案件", "Where taking part";
        /// K: the task assigned to the person and what it references.
        Task = "K", "指派的工作", "Assigned task";
        /// E: the exercise assigned to the person.
        Exercise = "E", "指派的演練", "Assigned exercise";
        /// G: objects opened to the person until a date.
        Granted = "G", "限期授權", "Granted until a date";
    }
}

words! {
    /// Whether an act changes something, and whether reading alone is an entry of the access log.
    Effect {
        /// Reads, no entry of its own.
        Read = "read", "檢視", "Read";
        /// Reads, and the owner is shown that it was read (incident-grc §5).
        LoggedRead = "logged_read", "檢視並留紀錄", "Read, recorded";
        /// Takes content out of the platform; recorded, and not part of emergency access.
        Export = "export", "匯出", "Export";
        /// Changes something; always in the audit log.
        Write = "write", "異動", "Change";
    }
}

words! {
    /// What an act is about.
    Matter {
        /// Accounts, keys, settings, rules, indicators: the platform's own.
        Platform = "platform", "平臺", "Platform";
        /// What an organisation keeps here: cases, evidence, findings, inventory, history.
        Content = "content", "案件內容", "Content";
        /// Content, and the act passes judgement on a body's report.
        Review = "review", "通報審核", "Review of a report";
    }
}

/// One cell of the matrix that is not `-`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Right {
    /// How far it reaches.
    pub reach: Reach,
    /// `!`: a second, different person with the same right must confirm.
    pub second_person: bool,
}

/// One act as the tables describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// `area.verb`.
    pub code: String,
    /// What people read in the access log and on the page of rights.
    pub label: Text,
    /// Reads or changes.
    pub effect: Effect,
    /// What it is about.
    pub matter: Matter,
    /// The person must have proved presence within [`STEP_UP_SECONDS`](super::STEP_UP_SECONDS).
    pub step_up: bool,
    /// May not be done to one's own account or request.
    pub not_self: bool,
    cells: Vec<Option<Right>>,
}

impl Act {
    /// Touches what an organisation keeps here.
    pub const fn content(&self) -> bool {
        !matches!(self.matter, Matter::Platform)
    }

    /// Passes judgement on a body's report.
    pub const fn review(&self) -> bool {
        matches!(self.matter, Matter::Review)
    }

    /// The cell of a role; `None` is `-`.
    pub fn right(&self, role: Role) -> Option<Right> {
        self.cells.get(role.column()).copied().flatten()
    }
}

/// What is wrong with a table, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFault {
    /// Name of the file.
    pub file: &'static str,
    /// 1-based line; 0 when a line is missing.
    pub line: usize,
    /// What was found.
    pub found: String,
}

impl std::fmt::Display for TableFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.found)
    }
}

/// One table file: its name and its text. The files use no quotes and no commas inside a field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) file: &'static str,
    pub(super) text: &'a str,
}

pub(super) const ROLE_MATRIX: Source<'static> =
    Source { file: "role_matrix.csv", text: include_str!("../../../../data/rights/role_matrix.csv") };
pub(super) const PLATFORM_MATRIX: Source<'static> =
    Source { file: "platform_matrix.csv", text: include_str!("../../../../data/rights/platform_matrix.csv") };
pub(super) const TRANSITION_MATRIX: Source<'static> = Source {
    file: "transition_matrix.csv",
    text: include_str!("../../../../data/rights/transition_matrix.csv"),
};
pub(super) const ACTIONS: Source<'static> =
    Source { file: "actions.csv", text: include_str!("../../../../data/rights/actions.csv") };

const ACTIONS_HEADER: [&str; 7] = ["action", "effect", "matter", "step_up", "not_self", "name_zh", "name_en"];

impl<'a> Source<'a> {
    /// Numbered lines with their fields; empty lines are left out.
    pub(super) fn rows(self) -> impl Iterator<Item = (usize, Vec<&'a str>)> {
        let lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        lines.filter(|(_, line)| !line.is_empty()).map(|(number, line)| (number, line.split(',').collect()))
    }

    fn fault(self, line: usize, found: impl Into<String>) -> TableFault {
        TableFault { file: self.file, line, found: found.into() }
    }
}

/// All acts, in the order of `actions.csv`.
#[derive(Debug)]
pub(super) struct Table {
    acts: Vec<Act>,
    by_code: BTreeMap<String, u16>,
    faults: Vec<TableFault>,
}

impl Table {
    /// Reads the acts and the matrices; whatever is wrong gives no right.
    pub(super) fn read(actions: Source<'_>, matrices: &[Source<'_>]) -> Self {
        let mut table = Self { acts: Vec::new(), by_code: BTreeMap::new(), faults: Vec::new() };
        table.read_actions(actions);
        let mut seen = vec![false; table.acts.len()];
        for matrix in matrices {
            table.read_matrix(*matrix, &mut seen);
        }
        for (act, _) in table.acts.iter().zip(&seen).filter(|(_, seen)| !**seen) {
            table.faults.push(actions.fault(0, format!("`{}` has no row in a matrix", act.code)));
        }
        table
    }

    fn read_actions(&mut self, source: Source<'_>) {
        let mut rows = source.rows();
        if rows.next().is_none_or(|(_, header)| header != ACTIONS_HEADER) {
            self.faults.push(source.fault(1, ACTIONS_HEADER.join(",")));
            return;
        }
        for (line, fields) in rows {
            let Some(act) = act(&fields) else {
                self.faults.push(source.fault(line, fields.join(",")));
                continue;
            };
            let Ok(index) = u16::try_from(self.acts.len()) else {
                self.faults.push(source.fault(line, "too many acts"));
                return;
            };
            if self.by_code.contains_key(&act.code) {
                self.faults.push(source.fault(line, format!("`{}` stands here twice", act.code)));
                continue;
            }
            self.by_code.insert(act.code.clone(), index);
            self.acts.push(act);
        }
    }

    fn read_matrix(&mut self, source: Source<'_>, seen: &mut [bool]) {
        let mut rows = source.rows();
        let roles = Role::ALL.iter().map(|role| role.code());
        if rows
            .next()
            .is_none_or(|(_, header)| !header.into_iter().eq(std::iter::once("action").chain(roles)))
        {
            self.faults.push(source.fault(1, "the columns are not `action` and the roles in their order"));
            return;
        }
        for (line, fields) in rows {
            let code = fields.first().copied().unwrap_or_default();
            let Some(index) = self.by_code.get(code).map(|index| usize::from(*index)) else {
                self.faults.push(source.fault(line, format!("`{code}` is not in {}", ACTIONS.file)));
                continue;
            };
            if std::mem::replace(&mut seen[index], true) {
                self.faults.push(source.fault(line, format!("`{code}` stands here twice")));
                continue;
            }
            if fields.len() != Role::ALL.len() + 1 {
                self.faults.push(source.fault(line, format!("{} fields", fields.len())));
                continue;
            }
            let mut cells = Vec::with_capacity(Role::ALL.len());
            for field in &fields[1..] {
                cells.push(cell(field).unwrap_or_else(|unknown| {
                    self.faults.push(source.fault(line, unknown.to_string()));
                    None
                }));
            }
            self.acts[index].cells = cells;
        }
    }

    pub(super) fn act(&self, action: Action) -> &Act {
        &self.acts[usize::from(action.0)]
    }

    pub(super) fn faults(&self) -> &[TableFault] {
        &self.faults
    }
}

/// A row of `actions.csv`.
fn act(fields: &[&str]) -> Option<Act> {
    let [code, effect, matter, step_up, not_self, zh_tw, en] = fields else { return None };
    let named = code.split_once('.').is_some_and(|(area, verb)| !area.is_empty() && !verb.is_empty());
    let labelled = !zh_tw.is_empty() && !en.is_empty();
    (named && labelled).then_some(())?;
    Some(Act {
        code: (*code).to_owned(),
        label: Text::new(*zh_tw, *en),
        effect: effect.parse().ok()?,
        matter: matter.parse().ok()?,
        step_up: yes(step_up)?,
        not_self: yes(not_self)?,
        cells: Vec::new(),
    })
}

fn yes(field: &str) -> Option<bool> {
    match field {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

/// A cell of a matrix; `None` is `-`.
fn cell(field: &str) -> Result<Option<Right>, ParseWordError> {
    if field == "-" {
        return Ok(None);
    }
    let (letter, second_person) = field.strip_suffix('!').map_or((field, false), |letter| (letter, true));
    Ok(Some(Right { reach: letter.parse()?, second_person }))
}

static TABLE: LazyLock<Table> =
    LazyLock::new(|| Table::read(ACTIONS, &[ROLE_MATRIX, PLATFORM_MATRIX, TRANSITION_MATRIX]));

/// The tables the product is built with.
pub(super) fn embedded() -> &'static Table {
    &TABLE
}

/// What is wrong with the embedded tables: nothing, or the build's own test is red.
pub fn table_faults() -> &'static [TableFault] {
    TABLE.faults()
}

/// An act of the matrix. It can only be had from the tables, so every action has a row.
///
/// ```
/// use bulwark_model::rights::{Action, Reach, Role};
/// let read = Action::parse("incident.read").unwrap();
/// assert_eq!(read.right(Role::Reporter).map(|right| right.reach), Some(Reach::Own));
/// assert_eq!(read.right(Role::Admin), None);
/// assert!(Action::parse("incident.peek").is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Action(u16);

/// An act that has no row in the tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownAction(pub String);

impl std::fmt::Display for UnknownAction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` has no row in the role matrix", self.0)
    }
}

impl std::error::Error for UnknownAction {}

impl Action {
    /// The act with this code.
    pub fn parse(code: &str) -> Result<Self, UnknownAction> {
        TABLE.by_code.get(code).map(|index| Self(*index)).ok_or_else(|| UnknownAction(code.to_owned()))
    }

    /// Every act, in the order of `actions.csv`.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..).zip(&TABLE.acts).map(|(index, _)| Self(index))
    }

    /// What the tables say about it.
    pub fn act(self) -> &'static Act {
        TABLE.act(self)
    }

    /// `area.verb`.
    pub fn code(self) -> &'static str {
        &self.act().code
    }

    /// The cell of a role; `None` is `-`.
    pub fn right(self, role: Role) -> Option<Right> {
        self.act().right(role)
    }
}

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl std::fmt::Debug for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Action({})", self.code())
    }
}

impl std::str::FromStr for Action {
    type Err = UnknownAction;

    fn from_str(code: &str) -> Result<Self, UnknownAction> {
        Self::parse(code)
    }
}

impl Serialize for Action {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Action {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::parse(&code).map_err(serde::de::Error::custom)
    }
}
