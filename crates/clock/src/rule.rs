//! Rules as rows: which law in which version, who owes what to whom, from which event to which, how long.
//!
//! The law changed on 2026-01-05; a case keeps the version in force when its body became aware, for
//! life (incident-grc §1). Another regime is more rows and no code.

use std::sync::LazyLock;

use bulwark_i18n::args;
use bulwark_model::rights::Role;
use bulwark_model::{Diagnostic, Location, Text};
use jiff::civil::Date;

use crate::reckon::Term;
use crate::words::{Certainty, OrgClass, PeriodRule, Unit};
use crate::{csv, diagnostic, texts};

const HEADER: [&str; 17] = [
    "rule_version",
    "effective_from",
    "clock_id",
    "org_class",
    "level_min",
    "level_max",
    "owner_role",
    "start_event",
    "stop_event",
    "amount",
    "unit",
    "period_rule",
    "extendable_by",
    "max_extension",
    "pausable",
    "basis",
    "certainty",
];

static EMBEDDED: LazyLock<(RuleTable, Vec<Diagnostic>)> =
    LazyLock::new(|| RuleTable::read(include_str!("../../../data/clock/deadlines.csv"), "deadlines.csv"));

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Which text of the law: `tw-2026-01-05`.
    pub version: String,
    /// First day in force.
    pub effective_from: Date,
    /// What is due: `report`, `contain`.
    pub clock_id: String,
    /// Which bodies.
    pub org_class: OrgClass,
    /// Which levels of an incident; `None` where levels mean nothing.
    pub levels: Option<(u8, u8)>,
    /// Who must act.
    pub owner: Role,
    /// The event that starts it.
    pub start_event: String,
    /// The event that ends it.
    pub stop_event: String,
    /// How long.
    pub term: Term,
    /// Whose approvals an extension needs, all of them; empty when there is no extension.
    pub extendable_by: Vec<Role>,
    /// The most an extension may be.
    pub max_extension: Option<MaxExtension>,
    /// Whether it may be paused. Statutory limits may not.
    pub pausable: bool,
    /// Article, or where else it comes from.
    pub basis: String,
    /// How sure.
    pub certainty: Certainty,
}

/// A bound on extensions: `7 days, once`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxExtension {
    /// How long each may be.
    pub amount: u32,
    /// Of what.
    pub unit: Unit,
    /// How many there may be.
    pub times: usize,
}

impl Rule {
    /// What is due, for people: 損害控制或復原.
    pub fn label(&self) -> Text {
        named("clock", &self.clock_id)
    }

    /// The start event, for people.
    pub fn start_label(&self) -> Text {
        named("event", &self.start_event)
    }

    /// The stop event, for people.
    pub fn stop_label(&self) -> Text {
        named("event", &self.stop_event)
    }

    /// Whether the row is for a body of this class and an incident of this level. A body is of one class, so
    /// [`OrgClass::Any`] asks for rows that hold for all.
    pub fn is_for(&self, class: OrgClass, level: Option<u8>) -> bool {
        let level_fits = self.levels.is_none_or(|(min, max)| {
            level.map_or((min, max) == (1, 4), |level| (min..=max).contains(&level))
        });
        level_fits && (self.org_class == OrgClass::Any || self.org_class == class)
    }
}

/// The words for a code of the table; the code itself when an imported table has one we have no words for.
fn named(list: &str, code: &str) -> Text {
    texts().get(&format!("{list}.{code}")).cloned().unwrap_or_else(|| Text::both(code))
}

/// All rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuleTable {
    rules: Vec<Rule>,
}

impl RuleTable {
    /// The rows the product is built with.
    pub fn embedded() -> &'static Self {
        &EMBEDDED.0
    }

    /// What is wrong with them: nothing, or a test of this crate is red.
    pub fn embedded_faults() -> &'static [Diagnostic] {
        &EMBEDDED.1
    }

    /// Reads a table; rows that cannot be read are left out and named.
    pub fn read(text: &str, name: &str) -> (Self, Vec<Diagnostic>) {
        let at = |line: u32| Location::File { path: name.to_owned(), line, column: 1 };
        let mut rows = csv::rows(text).into_iter();
        if rows.next().is_none_or(|(_, header)| header != HEADER) {
            let note = diagnostic("BW-CLOCK-016", &args![wanted = HEADER.join(",")]).at(at(1));
            return (Self::default(), vec![note]);
        }
        let (mut table, mut notes) = (Self::default(), Vec::new());
        for (line, row) in rows {
            match rule(&row) {
                Ok(rule) if table.twice(&rule) => {
                    notes.push(
                        diagnostic("BW-CLOCK-021", &args![clock = rule.clock_id, version = rule.version])
                            .at(at(line)),
                    );
                }
                Ok(rule) => table.rules.push(rule),
                Err(field) => notes.push(diagnostic("BW-CLOCK-020", &args![field = field]).at(at(line))),
            }
        }
        (table, notes)
    }

    /// All rows, in the order of the table.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    /// The versions with their first days, in the order of the table.
    pub fn versions(&self) -> Vec<(&str, Date)> {
        let mut versions: Vec<(&str, Date)> = Vec::new();
        for rule in &self.rules {
            if versions.iter().all(|(version, _)| *version != rule.version) {
                versions.push((&rule.version, rule.effective_from));
            }
        }
        versions
    }

    /// The rows of a version.
    ///
    /// # Errors
    /// `BW-CLOCK-022` there is no such version.
    pub fn of_version(&self, version: &str) -> Result<Vec<&Rule>, Diagnostic> {
        let rules: Vec<&Rule> = self.rules.iter().filter(|rule| rule.version == version).collect();
        if rules.is_empty() {
            let known: Vec<&str> = self.versions().into_iter().map(|(version, _)| version).collect();
            return Err(diagnostic("BW-CLOCK-022", &args![version = version, known = known.join(" | ")]));
        }
        Ok(rules)
    }

    /// The version of a time limit that is in force on a day; `None` before the first.
    pub fn version_in_force(&self, clock_id: &str, on: Date) -> Option<&str> {
        let begun = self.rules.iter().filter(|rule| rule.clock_id == clock_id && rule.effective_from <= on);
        begun.max_by_key(|rule| rule.effective_from).map(|rule| rule.version.as_str())
    }

    /// The row of a time limit in a version, for a class of bodies and a level.
    ///
    /// # Errors
    /// `BW-CLOCK-023` there is no such row.
    pub fn find(
        &self,
        version: &str,
        clock_id: &str,
        class: OrgClass,
        level: Option<u8>,
    ) -> Result<&Rule, Diagnostic> {
        let mut fitting = self
            .rules
            .iter()
            .filter(|rule| rule.version == version && rule.clock_id == clock_id && rule.is_for(class, level));
        fitting.next().ok_or_else(|| {
            let level = level.map_or_else(|| "–".to_owned(), |level| level.to_string());
            diagnostic(
                "BW-CLOCK-023",
                &args![clock = clock_id, version = version, class = class, level = level],
            )
        })
    }

    /// Whether another row answers the same question: same version, time limit, class and a common level.
    fn twice(&self, new: &Rule) -> bool {
        self.rules.iter().any(|old| {
            let levels = match (old.levels, new.levels) {
                (Some((a, b)), Some((c, d))) => a <= d && c <= b,
                _ => true,
            };
            let classes = old.org_class == new.org_class
                || old.org_class == OrgClass::Any
                || new.org_class == OrgClass::Any;
            old.version == new.version && old.clock_id == new.clock_id && classes && levels
        })
    }
}

/// A row, or the field that cannot be read.
fn rule(row: &[String]) -> Result<Rule, String> {
    let row: [&str; 17] = row
        .iter()
        .map(|field| field.trim())
        .collect::<Vec<_>>()
        .try_into()
        .map_err(|row: Vec<&str>| format!("{} fields", row.len()))?;
    let [
        version,
        from,
        clock_id,
        class,
        min,
        max,
        owner,
        start,
        stop,
        amount,
        unit,
        period,
        by,
        most,
        pausable,
        basis,
        certainty,
    ] = row;
    for name in [version, clock_id, start, stop, basis] {
        if name.is_empty() {
            return Err("``".to_owned());
        }
    }
    let bad = |field: &str| format!("`{field}`");
    let period: PeriodRule = period.parse().map_err(|_| bad(period))?;
    let unit: Unit = unit.parse().map_err(|_| bad(unit))?;
    let amount: u32 = amount.parse().map_err(|_| bad(amount))?;
    Ok(Rule {
        version: version.to_owned(),
        effective_from: from.parse().map_err(|_| bad(from))?,
        clock_id: clock_id.to_owned(),
        org_class: class.parse().map_err(|_| bad(class))?,
        levels: levels(min, max).ok_or_else(|| bad(&format!("{min}-{max}")))?,
        owner: owner.parse().map_err(|_| bad(owner))?,
        start_event: start.to_owned(),
        stop_event: stop.to_owned(),
        term: Term::new(period, amount, Some(unit)).map_err(|_| bad(&format!("{amount} {unit} {period}")))?,
        extendable_by: roles(by).ok_or_else(|| bad(by))?,
        max_extension: max_extension(most).ok_or_else(|| bad(most))?,
        pausable: match pausable {
            "yes" => true,
            "no" => false,
            other => return Err(bad(other)),
        },
        basis: basis.to_owned(),
        certainty: certainty.parse().map_err(|_| bad(certainty))?,
    })
}

/// `1`, `4`; both empty where levels mean nothing.
#[expect(
    clippy::option_option,
    reason = "the outer says whether it was read, the inner whether there are levels"
)]
fn levels(min: &str, max: &str) -> Option<Option<(u8, u8)>> {
    if min.is_empty() && max.is_empty() {
        return Some(None);
    }
    let (min, max) = (min.parse().ok()?, max.parse().ok()?);
    (1 <= min && min <= max && max <= 4).then_some(Some((min, max)))
}

/// `supervisor+competent`: both.
fn roles(text: &str) -> Option<Vec<Role>> {
    text.split('+').filter(|role| !role.is_empty()).map(|role| role.parse().ok()).collect()
}

/// `7 days, once`; nothing, `none` and `none stated` set no bound.
#[expect(
    clippy::option_option,
    reason = "the outer says whether it was read, the inner whether there is a bound"
)]
fn max_extension(text: &str) -> Option<Option<MaxExtension>> {
    if matches!(text, "" | "none" | "none stated") {
        return Some(None);
    }
    let (length, times) = text.split_once(", ")?;
    let (amount, unit) = length.split_once(' ')?;
    let times = match times {
        "once" => 1,
        "twice" => 2,
        _ => return None,
    };
    let unit: Unit = unit.strip_suffix('s').unwrap_or(unit).parse().ok()?;
    Some(Some(MaxExtension { amount: amount.parse().ok()?, unit, times }))
}
