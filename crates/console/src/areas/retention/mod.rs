//! How long each class of data is kept: defaults as data rows, changes as settings, and the daily clearing.

mod change;
mod pages;

use std::sync::LazyLock;

use bulwark_model::{Lang, RetentionClass};
use bulwark_store::{Actor, Store, StoreError};

use crate::app::App;
use crate::page::say;
use crate::route::Routes;

/// Most days that can be set: a hundred years.
const MOST_DAYS: u32 = 36_500;
const DAY_MS: i64 = 24 * 3_600_000;

/// The routes.
pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get("/retention", "retention.read", pages::list)
        .get("/retention/{class}", "retention.edit", pages::change)
        .post("/retention/{class}", "retention.edit", change::change)
}

fn text(lang: Lang, key: &str) -> String {
    say(lang, &format!("retention.{key}"))
}

/// The default of a class, as its row in `data/retention.csv` says it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    class: RetentionClass,
    days: u32,
    basis_zh: &'static str,
    basis_en: &'static str,
    /// How sure the basis is: the words of the product design's tables.
    certainty: &'static str,
}

static RULES: LazyLock<Vec<Rule>> =
    LazyLock::new(|| include_str!("../../../../../data/retention.csv").lines().skip(1).filter_map(rule).collect());

/// A row of the table; its texts have no commas of ASCII.
fn rule(line: &'static str) -> Option<Rule> {
    let mut cells = line.split(',');
    let (class, days) = (cells.next()?.parse().ok()?, cells.next()?.parse().ok()?);
    let (basis_zh, basis_en, certainty) = (cells.next()?, cells.next()?, cells.next()?);
    cells.next().is_none().then_some(Rule { class, days, basis_zh, basis_en, certainty })
}

/// How long a class is kept now.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    rule: &'static Rule,
    days: u32,
    /// Version of the setting; 0 while the default holds.
    version: i64,
}

impl Kept {
    /// What holds now. A setting that cannot be read is an error: nothing is deleted by a guess.
    async fn of(store: &Store, class: RetentionClass) -> Result<Self, StoreError> {
        let rule = RULES.iter().find(|rule| rule.class == class);
        let rule = rule.expect("every class has its row, as a test asserts");
        let key = format!("retention.{class}");
        let Some(row) = store.setting(&key).await? else {
            return Ok(Self { rule, days: rule.days, version: 0 });
        };
        let days = row.value.parse().ok().filter(|days| (1..=MOST_DAYS).contains(days));
        let days = days.ok_or(StoreError::BadValue { field: key, why: row.value })?;
        Ok(Self { rule, days, version: row.version })
    }
}

/// How many days each class is kept now.
pub(crate) async fn in_force(store: &Store) -> Result<Vec<(RetentionClass, u32)>, StoreError> {
    let mut all = Vec::new();
    for class in RetentionClass::ALL.iter().copied() {
        all.push((class, Kept::of(store, class).await?.days));
    }
    Ok(all)
}

/// Deletes what is older than its class allows; once a day is enough. Rows deleted per class.
///
/// # Errors
/// As [`Store::write`]; classes before the one that failed are done.
pub async fn apply(app: &App) -> Result<Vec<(RetentionClass, u64)>, StoreError> {
    let actor = Actor::system("retention");
    let mut gone = Vec::new();
    for class in RetentionClass::ALL.iter().copied() {
        let kept = Kept::of(&app.store, class).await?;
        let before = app.store.now().plus_ms(-i64::from(kept.days) * DAY_MS);
        gone.push((class, app.store.apply_retention(&actor, class, before).await?));
    }
    Ok(gone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_one_row_and_every_row_is_read() {
        let table = include_str!("../../../../../data/retention.csv");
        assert_eq!(table.lines().next(), Some("class,days,basis_zh,basis_en,certainty"));
        assert_eq!(table.lines().count() - 1, RULES.len(), "a row cannot be read");
        for class in RetentionClass::ALL {
            assert_eq!(RULES.iter().filter(|rule| rule.class == *class).count(), 1, "{class}");
        }
        for rule in RULES.iter() {
            assert!((1..=MOST_DAYS).contains(&rule.days), "{rule:?}");
            assert_eq!(bulwark_i18n::wrong_usage(rule.basis_zh), Vec::<String>::new());
            assert_ne!(text(Lang::ZhTw, &format!("certainty_{}", rule.certainty)), rule.certainty);
            assert!(crate::texts().get(&format!("retention.certainty_{}", rule.certainty)).is_some(), "{rule:?}");
        }
    }

    #[test]
    fn a_row_with_too_few_or_too_many_cells_is_no_rule() {
        assert!(rule("session,184,甲,a,policy").is_some());
        for bad in ["session,184,甲,a", "session,184,甲,a,policy,x", "session,x,甲,a,policy", "sessions,1,甲,a,policy", ""] {
            assert_eq!(rule(bad), None, "{bad}");
        }
    }
}
