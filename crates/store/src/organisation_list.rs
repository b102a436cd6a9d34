//! Whole lists of organisations at once: what is known of all of them, and a list's changes in one transaction.

use std::collections::HashMap;

use jiff::civil::Date;
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::entity::Record as _;
use crate::entity::organisation::{name, organisation, path};
use crate::organisations::{OPEN, text};
use crate::write::ROWS;
use crate::{Store, StoreError, Tx, canonical, object, search};

/// What a list says of an organisation; `None` where it says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrganisationFacts {
    /// `agency`, `vendor` or `team`.
    pub kind: Option<String>,
    /// Object identifier.
    pub oid: Option<String>,
    /// `public` or `specific_non_public`.
    pub class: Option<String>,
    /// Field of its sector authority.
    pub sector: Option<String>,
    /// Responsibility level, `A` to `E`.
    pub level: Option<String>,
    /// County or city.
    pub county: Option<String>,
}

/// One change of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrganisationStep {
    /// A new one under the one of a code, which is known or comes earlier in the list.
    Add {
        /// Its code, unique.
        code: String,
        /// Full name.
        name: String,
        /// Code of the one above.
        parent: Option<String>,
        /// What else is said.
        facts: OrganisationFacts,
    },
    /// Another name; the old one goes into its history. When it has the new name already, only that happens.
    Rename {
        /// Its code.
        code: String,
        /// The name until then; the present one unless given.
        from: Option<String>,
        /// Full name.
        to: String,
    },
    /// Another one above.
    Move {
        /// Its code.
        code: String,
        /// Code of the one above.
        to: String,
    },
    /// Other facts.
    Describe {
        /// Its code.
        code: String,
        /// What is said.
        facts: OrganisationFacts,
    },
    /// One that ended before it was on record, for its history.
    Former {
        /// Its code and object identifier.
        oid: String,
        /// Full name.
        name: String,
        /// Code of the one that took its place.
        successor: String,
    },
    /// It ends; those right below go to the one that takes its place.
    End {
        /// Its code.
        code: String,
        /// Code of the one that takes its place.
        successor: String,
    },
}

/// An organisation as a list is compared with it.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct KnownOrganisation {
    /// Its id.
    pub id: Uuid,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// `agency`, `vendor` or `team`.
    pub kind: String,
    /// Object identifier.
    pub oid: Option<String>,
    /// `public` or `specific_non_public`.
    pub class: Option<String>,
    /// Field of its sector authority.
    pub sector: Option<String>,
    /// Responsibility level.
    pub level: Option<String>,
    /// County or city.
    pub county: Option<String>,
    /// The day it ended.
    pub ended_on: Option<String>,
}

impl Tx {
    /// Carries out the changes of a list from a day on, all or nothing, each with its entry.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a code that is not known, [`StoreError::Duplicate`], and those of
    /// [`Tx::move_organisation`].
    pub async fn change_organisations(
        &mut self,
        steps: Vec<OrganisationStep>,
        from: Date,
    ) -> Result<(), StoreError> {
        let mut codes = self.codes().await?;
        let mut new = New::default();
        for step in steps {
            match step {
                OrganisationStep::Add { code, name, parent, facts } => {
                    let (id, created_at) = (self.new_id()?, self.now());
                    let OrganisationFacts { kind, oid, class, sector, level, county } = facts;
                    let kind = kind.unwrap_or_else(|| "agency".into());
                    let plain = organisation::Model::new(id, code, name, kind, created_at);
                    let row = organisation::Model { sector, oid, class, level, county, ..plain };
                    let parent = parent.map(|parent| found(&codes, &parent)).transpose()?;
                    codes.insert(row.code.clone(), id);
                    new.add(self, row, parent, from).await?;
                }
                // What follows may be about one of the new ones, or below one.
                OrganisationStep::Rename { code, from: old, to } => {
                    new.write(self).await?;
                    self.rename(found(&codes, &code)?, old, to, from).await?;
                }
                OrganisationStep::Former { oid, name, successor } => {
                    let successor = Some(found(&codes, &successor)?);
                    let (id, created_at) = (self.new_id()?, self.now());
                    let plain = organisation::Model::new(id, oid.clone(), name, "agency".into(), created_at);
                    let (oid, ended_on) = (Some(oid), Some(from.to_string()));
                    let row = organisation::Model { oid, ended_on, successor, ..plain };
                    codes.insert(row.code.clone(), id);
                    let row = self.insert::<organisation::Entity>(row).await?;
                    self.index(organisation::Entity::KIND, id, &text(&row, &[])).await?;
                }
                OrganisationStep::Move { code, to } => {
                    new.write(self).await?;
                    self.move_organisation(found(&codes, &code)?, found(&codes, &to)?, from).await?;
                }
                OrganisationStep::Describe { code, facts } => {
                    new.write(self).await?;
                    self.describe(found(&codes, &code)?, facts).await?;
                }
                OrganisationStep::End { code, successor } => {
                    new.write(self).await?;
                    self.end(found(&codes, &code)?, found(&codes, &successor)?, from).await?;
                }
            }
        }
        new.write(self).await
    }

    async fn codes(&self) -> Result<HashMap<String, Uuid>, StoreError> {
        let all = organisation::Entity::find()
            .select_only()
            .columns([organisation::Column::Code, organisation::Column::Id])
            .into_tuple();
        Ok(all.all(self.conn()).await?.into_iter().collect())
    }

    /// Gives it another name from a day on.
    async fn rename(
        &mut self,
        id: Uuid,
        old: Option<String>,
        to: String,
        day: Date,
    ) -> Result<(), StoreError> {
        let row = self.get::<organisation::Entity>(id).await?;
        self.keep_name(id, old.as_ref().unwrap_or(&row.name), day).await?;
        if row.name != to {
            self.change_organisation(organisation::Model { name: to, ..row }).await?;
            return Ok(());
        }
        self.index_organisation(&row).await?;
        let object = object::<organisation::Entity>(id);
        let after = canonical::hash(&(old, to, day.to_string()))?;
        self.audit_of(Some(id), "organisation.rename", &object, None, Some(after));
        Ok(())
    }

    /// Enters a name that held until a day into the history.
    pub(crate) async fn keep_name(&mut self, id: Uuid, old: &str, until: Date) -> Result<(), StoreError> {
        let until = until.to_string();
        let all = || name::Entity::find().filter(name::Column::OrganisationId.eq(id));
        let before = all()
            .filter(name::Column::ValidUntil.lte(until.clone()))
            .order_by_desc(name::Column::ValidUntil)
            .one(self.conn())
            .await?;
        if before.as_ref().is_some_and(|row| row.valid_until == until) {
            // Changed twice for one day: the name in between never held.
            return Ok(());
        }
        let next = all()
            .filter(name::Column::ValidUntil.gt(until.clone()))
            .order_by_asc(name::Column::ValidUntil)
            .one(self.conn())
            .await?;
        if let Some(next) = next {
            let later = name::Model { valid_from: Some(until.clone()), ..next };
            self.update_quietly::<name::Entity>(later).await?;
        }
        let row = name::Model {
            id: self.new_id()?,
            version: 1,
            organisation_id: id,
            name: old.to_owned(),
            valid_from: before.map(|row| row.valid_until),
            valid_until: until,
        };
        self.insert_quietly::<name::Entity>(row).await
    }

    /// The names that it had.
    pub(crate) async fn former_names_of(&self, id: Uuid) -> Result<Vec<String>, StoreError> {
        let former = name::Entity::find()
            .select_only()
            .column(name::Column::Name)
            .filter(name::Column::OrganisationId.eq(id))
            .order_by_asc(name::Column::ValidUntil);
        Ok(former.into_tuple().all(self.conn()).await?)
    }

    async fn describe(&mut self, id: Uuid, facts: OrganisationFacts) -> Result<(), StoreError> {
        let row = self.get::<organisation::Entity>(id).await?;
        let changed = organisation::Model {
            kind: facts.kind.unwrap_or_else(|| row.kind.clone()),
            oid: facts.oid.or_else(|| row.oid.clone()),
            class: facts.class.or_else(|| row.class.clone()),
            sector: facts.sector.or_else(|| row.sector.clone()),
            level: facts.level.or_else(|| row.level.clone()),
            county: facts.county.or_else(|| row.county.clone()),
            ..row.clone()
        };
        if changed != row {
            self.change_organisation(changed).await?;
        }
        Ok(())
    }

    /// Ends it on a day. What stands right below goes to its successor; its own lines end.
    async fn end(&mut self, id: Uuid, successor: Uuid, day: Date) -> Result<(), StoreError> {
        let row = self.get::<organisation::Entity>(id).await?;
        if row.ended_on.is_some() {
            return Err(StoreError::BadValue { field: "code".into(), why: "it has ended already".into() });
        }
        let first = path::Entity::find()
            .filter(path::Column::Descendant.eq(id))
            .filter(path::Column::Depth.eq(0))
            .one(self.conn())
            .await?;
        // What was true of it before it was on record changes nothing there.
        let first = first.and_then(|line| line.valid_from.parse::<Date>().ok()).unwrap_or(day);
        let (ended_on, day) = (day.to_string(), day.max(first));
        let until = day.to_string();
        let right_below: Vec<path::Model> = path::Entity::find()
            .filter(path::Column::Ancestor.eq(id))
            .filter(path::Column::Depth.eq(1))
            .filter(path::Column::ValidUntil.gt(until.clone()))
            .all(self.conn())
            .await?;
        for line in right_below {
            if line.descendant != successor {
                self.move_organisation(line.descendant, successor, day).await?;
            }
        }
        let own = path::Entity::find()
            .filter(path::Column::Descendant.eq(id))
            .filter(path::Column::ValidUntil.gt(until.clone()))
            .all(self.conn())
            .await?;
        for line in own {
            // What would begin after its end never holds.
            let valid_until = until.clone().max(line.valid_from.clone());
            self.update_quietly::<path::Entity>(path::Model { valid_until, ..line }).await?;
        }
        let changed = organisation::Model { ended_on: Some(ended_on), successor: Some(successor), ..row };
        self.update::<organisation::Entity>("end", changed).await?;
        Ok(())
    }
}

fn found(codes: &HashMap<String, Uuid>, code: &str) -> Result<Uuid, StoreError> {
    let missing = || StoreError::NotFound { kind: organisation::Entity::KIND, id: code.to_owned() };
    codes.get(code).copied().ok_or_else(missing)
}

/// New organisations that are not written yet: thousands come at once, and go in by the hundred.
#[derive(Default)]
struct New {
    rows: Vec<organisation::Model>,
    paths: Vec<path::Model>,
    /// Lines above each, written and new.
    above: HashMap<Uuid, Vec<Line>>,
}

/// The upper end of a line, its length, and the days on which it holds.
#[derive(Clone)]
struct Line {
    ancestor: Uuid,
    depth: i64,
    valid_from: String,
    valid_until: String,
}

impl New {
    async fn add(
        &mut self,
        tx: &mut Tx,
        row: organisation::Model,
        parent: Option<Uuid>,
        from: Date,
    ) -> Result<(), StoreError> {
        let first = from.to_string();
        let own =
            Line { ancestor: row.id, depth: 0, valid_from: first.clone(), valid_until: OPEN.to_owned() };
        let mut lines = vec![own];
        if let Some(parent) = parent {
            let above = if let Some(above) = self.above.get(&parent) {
                above
            } else {
                let there = path::Entity::find()
                    .filter(path::Column::Descendant.eq(parent))
                    .filter(path::Column::ValidUntil.gt(first.clone()))
                    .all(tx.conn())
                    .await?;
                let line = |line: path::Model| Line {
                    ancestor: line.ancestor,
                    depth: line.depth,
                    valid_from: line.valid_from,
                    valid_until: line.valid_until,
                };
                let there = there.into_iter().map(line).collect();
                &*self.above.entry(parent).insert_entry(there).into_mut()
            };
            lines.extend(above.iter().map(|line| Line {
                depth: line.depth + 1,
                valid_from: first.clone().max(line.valid_from.clone()),
                ..line.clone()
            }));
        }
        for line in &lines {
            self.paths.push(path::Model {
                id: tx.new_id()?,
                version: 1,
                ancestor: line.ancestor,
                descendant: row.id,
                depth: line.depth,
                valid_from: line.valid_from.clone(),
                valid_until: line.valid_until.clone(),
            });
        }
        self.above.insert(row.id, lines);
        self.rows.push(row);
        Ok(())
    }

    async fn write(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        for rows in self.rows.chunks(ROWS) {
            tx.insert_many_quietly::<organisation::Entity>(rows).await?;
            let texts: Vec<(Uuid, String)> = rows.iter().map(|row| (row.id, text(row, &[]))).collect();
            search::index_new(tx.conn(), organisation::Entity::KIND, &texts).await?;
        }
        for lines in self.paths.chunks(ROWS) {
            tx.insert_many_quietly::<path::Entity>(lines).await?;
        }
        for row in self.rows.drain(..) {
            let after = canonical::hash(&row)?;
            let action = format!("{}.create", organisation::Entity::KIND);
            tx.audit_of(Some(row.id), &action, &object::<organisation::Entity>(row.id), None, Some(after));
        }
        self.paths.clear();
        self.above.clear();
        Ok(())
    }
}

impl Store {
    /// All organisations, and the code of the one right above each on a day. For lists that are compared as a whole.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn organisations_known(
        &self,
        day: Date,
    ) -> Result<Vec<(KnownOrganisation, Option<String>)>, StoreError> {
        let all = organisation::Entity::find()
            .order_by_asc(organisation::Column::Id)
            .into_model::<KnownOrganisation>()
            .all(self.reader())
            .await?;
        let day = day.to_string();
        let above: Vec<(Uuid, Uuid)> = path::Entity::find()
            .select_only()
            .columns([path::Column::Descendant, path::Column::Ancestor])
            .filter(path::Column::Depth.eq(1))
            .filter(path::Column::ValidFrom.lte(day.clone()))
            .filter(path::Column::ValidUntil.gt(day))
            .into_tuple()
            .all(self.reader())
            .await?;
        let above: HashMap<Uuid, Uuid> = above.into_iter().collect();
        let codes: HashMap<Uuid, String> = all.iter().map(|row| (row.id, row.code.clone())).collect();
        let parent = |id: &Uuid| above.get(id).and_then(|parent| codes.get(parent)).cloned();
        Ok(all.into_iter().map(|row| (parent(&row.id), row)).map(|(parent, row)| (row, parent)).collect())
    }

    /// Names that an organisation had, latest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn former_names(&self, id: Uuid) -> Result<Vec<name::Model>, StoreError> {
        let found = name::Entity::find()
            .filter(name::Column::OrganisationId.eq(id))
            .order_by_desc(name::Column::ValidUntil)
            .limit(crate::MAX_ROWS);
        Ok(found.all(self.reader()).await?)
    }
}
