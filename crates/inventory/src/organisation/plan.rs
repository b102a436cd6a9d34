//! What a list changes in what is known: the least steps that lead from one to the other, upper bodies first.

use std::collections::{BTreeMap, BTreeSet};

use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Location};
use serde::{Deserialize, Serialize};

use super::row::{Body, Facts, List};
use crate::message;
use crate::oid::Oid;

/// A body that is known already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its code, unique.
    pub code: String,
    /// Full name.
    pub name: String,
    /// Object identifier.
    pub oid: Option<Oid>,
    /// Code of the one above.
    pub parent: Option<String>,
    /// What else is known of it.
    pub facts: Facts,
    /// It no longer exists.
    pub ended: bool,
}

/// One step of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A body that was not known.
    Add {
        /// What the list says.
        body: Body,
        /// Code of the one above; `None` for the top of a tree.
        parent: Option<String>,
        /// Its name.
        parent_name: Option<String>,
    },
    /// It has another name now.
    Rename {
        /// Its code.
        code: String,
        /// Its name until then.
        from: String,
        /// Its name from then on.
        to: String,
    },
    /// It stands under another body now.
    Move {
        /// Its code.
        code: String,
        /// Its name.
        name: String,
        /// Code of the one above until then.
        from: Option<String>,
        /// Code of the one above from then on.
        to: String,
        /// The name of that one.
        to_name: String,
    },
    /// Something else is said of it now.
    Describe {
        /// Its code.
        code: String,
        /// Its name.
        name: String,
        /// Its identifier, when none was known.
        oid: Option<Oid>,
        /// What the list says.
        facts: Facts,
    },
}

impl Step {
    /// The code of the body.
    pub fn code(&self) -> &str {
        match self {
            Self::Add { body, .. } => &body.code,
            Self::Rename { code, .. } | Self::Move { code, .. } | Self::Describe { code, .. } => code,
        }
    }

    /// The code of the one that it stands under after the step.
    pub fn parent(&self) -> Option<&str> {
        match self {
            Self::Add { parent, .. } => parent.as_deref(),
            Self::Move { to, .. } => Some(to),
            Self::Rename { .. } | Self::Describe { .. } => None,
        }
    }
}

/// A body whose upper one is not in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orphan {
    /// The row.
    pub line: u32,
    /// Its name.
    pub name: String,
    /// Its code.
    pub code: String,
    /// What the list gives as the upper one.
    pub missing: String,
    /// Its distinguished name, where the list has one.
    pub dn: Option<String>,
    /// Code of the body that it is put under: the next one above that is there.
    pub under: Option<String>,
    /// The name of that body.
    pub under_name: Option<String>,
    /// Its upper body is there, once the white space around identifiers is taken away.
    pub by_white_space: bool,
}

/// How many of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Good rows.
    pub rows: usize,
    /// New bodies.
    pub added: usize,
    /// New names.
    pub renamed: usize,
    /// New places in the tree.
    pub moved: usize,
    /// Other facts changed.
    pub described: usize,
    /// Rows that change nothing.
    pub unchanged: usize,
    /// Names that more than one row has.
    pub repeated_names: usize,
    /// Bodies known that the list does not name. Nothing happens to them.
    pub not_in_list: usize,
}

/// What a list changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The steps, in the order in which they can be done.
    pub steps: Vec<Step>,
    /// Bodies whose upper one is missing.
    pub orphans: Vec<Orphan>,
    /// Rows that cannot be taken, with those that [`super::read`] refused.
    pub problems: Vec<(u32, Diagnostic)>,
    /// How many of each.
    pub counts: Counts,
}

/// Compares a list with what is known. Bodies are told apart by identifier and code, never by name: names repeat.
pub fn plan(known: &[Known], list: &List) -> Plan {
    let mut book = Book::of(known);
    let mut plan = Plan { problems: list.problems.clone(), ..Plan::default() };
    plan.counts.rows = list.bodies.len();
    plan.counts.repeated_names = repeated(list);
    let mut taken = Vec::new();
    for body in &list.bodies {
        match book.enter(body) {
            Ok(code) => taken.push((body, code)),
            Err(problem) => plan.problems.push((body.line, problem)),
        }
    }
    let raw: BTreeSet<&str> = list.bodies.iter().filter(|body| !body.trimmed).filter_map(oid_of).collect();
    let mut wanted = Vec::new();
    for (body, code) in &taken {
        let place = book.place(body, code, &raw);
        if let Some(orphan) = place.orphan {
            plan.orphans.push(orphan);
        }
        wanted.push((*body, code.clone(), place.under));
    }
    let wanted = sorted(&wanted, known, &mut plan.problems);
    for (body, code, under) in wanted {
        book.steps(body, &code, under, &mut plan);
    }
    let named: BTreeSet<&str> = taken.iter().map(|(_, code)| code.as_str()).collect();
    plan.counts.not_in_list =
        known.iter().filter(|known| !known.ended && !named.contains(known.code.as_str())).count();
    plan.problems.sort_by_key(|(line, _)| *line);
    plan
}

fn oid_of(body: &Body) -> Option<&str> {
    body.oid.as_ref().map(Oid::as_str)
}

/// Names that more than one body of the list has.
fn repeated(list: &List) -> usize {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    for body in &list.bodies {
        *names.entry(&body.name).or_default() += 1;
    }
    names.values().filter(|count| **count > 1).count()
}

/// All bodies, known and of the list, by code and identifier.
struct Book<'a> {
    known: BTreeMap<&'a str, &'a Known>,
    by_oid: BTreeMap<String, String>,
    /// Names by code; those of the list come before those that are known.
    names: BTreeMap<String, String>,
}

struct Place {
    under: Option<String>,
    orphan: Option<Orphan>,
}

impl<'a> Book<'a> {
    fn of(known: &'a [Known]) -> Self {
        let by_oid =
            known.iter().filter_map(|known| Some((known.oid.as_ref()?.to_string(), known.code.clone())));
        Self {
            known: known.iter().map(|known| (known.code.as_str(), known)).collect(),
            by_oid: by_oid.collect(),
            names: known.iter().map(|known| (known.code.clone(), known.name.clone())).collect(),
        }
    }

    /// The code under which a body of the list is known from now on.
    fn enter(&mut self, body: &Body) -> Result<String, Diagnostic> {
        let by_oid = oid_of(body).and_then(|oid| self.by_oid.get(oid)).cloned();
        let by_code = self.known.get(body.code.as_str()).map(|known| known.code.clone());
        let written = oid_of(body) != Some(body.code.as_str());
        let code = match (by_oid, by_code) {
            // A list that gives a code and an identifier must mean one body by both.
            (Some(oid), Some(code)) if oid != code => {
                let other = self.known.get(oid.as_str()).map_or("", |known| known.name.as_str());
                return Err(wrong(body, "BW-INV-017", &args![code = code, name = other]));
            }
            (Some(oid), None) if written => {
                let other = self.known.get(oid.as_str()).map_or("", |known| known.name.as_str());
                return Err(wrong(body, "BW-INV-018", &args![code = oid, name = other]));
            }
            (Some(found), _) | (None, Some(found)) => found,
            (None, None) => body.code.clone(),
        };
        if let Some(known) = self.known.get(code.as_str()).filter(|known| known.ended) {
            return Err(wrong(body, "BW-INV-023", &args![name = known.name]));
        }
        if let (Some(known), Some(oid)) = (self.known.get(code.as_str()), oid_of(body))
            && known.oid.as_ref().is_some_and(|old| old.as_str() != oid)
        {
            let old = known.oid.as_ref().map(Oid::to_string).unwrap_or_default();
            return Err(wrong(body, "BW-INV-019", &args![code = code, oid = old]));
        }
        if let Some(oid) = oid_of(body) {
            self.by_oid.insert(oid.to_owned(), code.clone());
        }
        self.names.insert(code.clone(), body.name.clone());
        Ok(code)
    }

    /// The code of a body by its code or identifier.
    fn find(&self, text: &str) -> Option<&String> {
        self.names.get_key_value(text).map(|(code, _)| code).or_else(|| self.by_oid.get(text))
    }

    fn name(&self, code: &str) -> String {
        self.names.get(code).cloned().unwrap_or_default()
    }

    /// Under whom it stands: what the list says, else the next one above by identifier.
    fn place(&self, body: &Body, code: &str, raw: &BTreeSet<&str>) -> Place {
        let orphan = |missing: &str, under: Option<String>, by_white_space| Orphan {
            line: body.line,
            name: body.name.clone(),
            code: code.to_owned(),
            missing: missing.to_owned(),
            dn: body.dn.clone(),
            under_name: under.as_deref().map(|code| self.name(code)),
            under,
            by_white_space,
        };
        if let Some(said) = &body.parent {
            if let Some(under) = self.find(said) {
                return Place { under: Some(under.clone()), orphan: None };
            }
            let under = self.next_above(body);
            return Place { orphan: Some(orphan(said, under.clone(), false)), under };
        }
        let Some(parent) = body.oid.as_ref().and_then(Oid::parent) else {
            return Place {
                under: self.known.get(code).and_then(|known| known.parent.clone()),
                orphan: None,
            };
        };
        let under = self.next_above(body);
        let top = under.is_none() && self.is_top(body);
        let right = self.by_oid.contains_key(parent);
        let by_white_space = right && !raw.contains(parent) && !self.known_oid(parent);
        let orphan =
            (!top && (!right || by_white_space)).then(|| orphan(parent, under.clone(), by_white_space));
        Place { under, orphan }
    }

    fn known_oid(&self, oid: &str) -> bool {
        self.by_oid.get(oid).is_some_and(|code| self.known.contains_key(code.as_str()))
    }

    fn next_above(&self, body: &Body) -> Option<String> {
        body.oid.as_ref()?.above().find_map(|oid| self.by_oid.get(oid)).cloned()
    }

    /// The tops of the tree stand right under one identifier that is no body: the shortest in the list.
    fn is_top(&self, body: &Body) -> bool {
        let arcs = |oid: &str| oid.split('.').count();
        let shortest = self.by_oid.keys().map(|oid| arcs(oid)).min();
        oid_of(body).map(arcs) == shortest
    }

    fn steps(&self, body: &Body, code: &str, under: Option<String>, plan: &mut Plan) {
        let Some(known) = self.known.get(code) else {
            plan.counts.added += 1;
            let body = Body { code: code.to_owned(), ..body.clone() };
            let parent_name = under.as_deref().map(|code| self.name(code));
            plan.steps.push(Step::Add { body, parent: under, parent_name });
            return;
        };
        let before = plan.steps.len();
        if known.name != body.name {
            plan.counts.renamed += 1;
            let (from, to) = (known.name.clone(), body.name.clone());
            plan.steps.push(Step::Rename { code: code.to_owned(), from, to });
        }
        if let Some(to) = under.filter(|under| known.parent.as_ref() != Some(under)) {
            plan.counts.moved += 1;
            let (code, name, to_name) = (code.to_owned(), body.name.clone(), self.name(&to));
            plan.steps.push(Step::Move { code, name, from: known.parent.clone(), to, to_name });
        }
        let oid = body.oid.clone().filter(|_| known.oid.is_none());
        let facts = known.facts.changed_by(&body.facts);
        if oid.is_some() || facts != Facts::default() {
            plan.counts.described += 1;
            let (code, name) = (code.to_owned(), body.name.clone());
            plan.steps.push(Step::Describe { code, name, oid, facts });
        }
        if plan.steps.len() == before {
            plan.counts.unchanged += 1;
        }
    }
}

impl Facts {
    /// What another says that this one does not.
    fn changed_by(&self, other: &Self) -> Self {
        let new =
            |old: &Option<String>, new: &Option<String>| new.clone().filter(|new| old.as_ref() != Some(new));
        Self {
            kind: new(&self.kind, &other.kind),
            class: new(&self.class, &other.class),
            sector: new(&self.sector, &other.sector),
            level: new(&self.level, &other.level),
            county: new(&self.county, &other.county),
        }
    }
}

type Wanted<'a> = (&'a Body, String, Option<String>);

/// Upper bodies before lower ones. Those that stand under themselves go to the problems.
fn sorted<'a>(
    wanted: &[Wanted<'a>],
    known: &[Known],
    problems: &mut Vec<(u32, Diagnostic)>,
) -> Vec<Wanted<'a>> {
    let mut parents: BTreeMap<&str, Option<&str>> =
        known.iter().map(|known| (known.code.as_str(), known.parent.as_deref())).collect();
    for (_, code, under) in wanted {
        parents.insert(code, under.as_deref().or_else(|| parents.get(code.as_str()).copied().flatten()));
    }
    let mut depths: BTreeMap<&str, Option<usize>> = BTreeMap::new();
    for start in parents.keys().copied() {
        let mut way = Vec::new();
        let mut at = Some(start);
        let mut base = Some(0);
        while let Some(code) = at {
            if let Some(depth) = depths.get(code) {
                base = depth.map(|depth| depth + 1);
                break;
            }
            if way.contains(&code) {
                base = None;
                break;
            }
            way.push(code);
            at = parents.get(code).copied().flatten();
        }
        for code in way.into_iter().rev() {
            depths.insert(code, base);
            base = base.map(|depth| depth + 1);
        }
    }
    let depth = |code: &str| depths.get(code).copied().flatten();
    let (good, bad): (Vec<usize>, Vec<usize>) =
        (0..wanted.len()).partition(|at| depth(&wanted[*at].1).is_some());
    for at in bad {
        let (body, _, under) = &wanted[at];
        let under = under.clone().unwrap_or_default();
        problems.push((body.line, wrong(body, "BW-INV-020", &args![parent = under])));
    }
    let mut order: Vec<(usize, usize)> =
        good.into_iter().filter_map(|at| Some((depth(&wanted[at].1)?, at))).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, at)| wanted[at].clone()).collect()
}

/// A message about a whole row.
fn wrong(body: &Body, code: &str, args: &[(&str, String)]) -> Diagnostic {
    message(code, args).at(Location::Cell { sheet: String::new(), row: body.line, column: 0 })
}
