//! The tree of organisations by date: reorganisations do not rewrite the past.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::entity::Record as _;
use crate::entity::organisation::{organisation, path};
use crate::{Store, StoreError, Tx};

/// The day that never comes.
const OPEN: &str = "9999-12-31";

/// A new organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOrganisation {
    /// Short code for people, unique.
    pub code: String,
    /// Full name.
    pub name: String,
    /// `agency`, `vendor` or `team`.
    pub kind: String,
    /// The field of its sector authority, when it is under one.
    pub sector: Option<String>,
    /// The one above it.
    pub parent: Option<Uuid>,
    /// Its first day.
    pub from: jiff::civil::Date,
}

impl Tx {
    /// Enters an organisation under its parent.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] for a code that exists, [`StoreError::BadValue`] for an unknown kind.
    pub async fn add_organisation(
        &mut self,
        new: NewOrganisation,
    ) -> Result<organisation::Model, StoreError> {
        if !["agency", "vendor", "team"].contains(&new.kind.as_str()) {
            return Err(StoreError::BadValue { field: "kind".into(), why: new.kind });
        }
        let (id, created_at) = (self.new_id()?, self.now());
        let NewOrganisation { code, name, kind, sector, parent, from } = new;
        let row = organisation::Model { id, version: 1, code, name, kind, sector, created_at };
        let row = self.insert::<organisation::Entity>(row).await?;
        self.index_organisation(&row).await?;
        self.link(id, id, 0, from).await?;
        if let Some(parent) = parent {
            self.attach(parent, id, from).await?;
        }
        Ok(row)
    }

    /// Gives it another name or code; the row carries the version that it was read with.
    ///
    /// # Errors
    /// [`StoreError::Conflict`], [`StoreError::Duplicate`].
    pub async fn change_organisation(
        &mut self,
        row: organisation::Model,
    ) -> Result<organisation::Model, StoreError> {
        let row = self.update::<organisation::Entity>("change", row).await?;
        self.index_organisation(&row).await?;
        Ok(row)
    }

    /// Puts an organisation and all under it below another one from a day on.
    ///
    /// # Errors
    /// [`StoreError::BadValue`] when it would stand under itself, or on a day that its history has passed.
    pub async fn move_organisation(
        &mut self,
        id: Uuid,
        parent: Uuid,
        from: jiff::civil::Date,
    ) -> Result<(), StoreError> {
        let bad = |why: &str| StoreError::BadValue { field: "parent".into(), why: why.to_owned() };
        let below = self.lines(path::Column::Ancestor, id, from).await?;
        if below.iter().any(|line| line.descendant == parent) {
            return Err(bad("an organisation cannot stand under itself"));
        }
        let inside: Vec<Uuid> = below.iter().map(|line| line.descendant).collect();
        for line in below {
            for old in self.lines(path::Column::Descendant, line.descendant, from).await? {
                if inside.contains(&old.ancestor) {
                    continue;
                }
                if old.valid_from.as_str() > from.to_string().as_str() || old.valid_until != OPEN {
                    return Err(bad("a later change is already entered"));
                }
                let ended = path::Model { valid_until: from.to_string(), ..old };
                self.update_quietly::<path::Entity>(ended).await?;
            }
        }
        self.attach(parent, id, from).await?;
        let (kind, object) = (organisation::Entity::KIND, crate::object::<organisation::Entity>(id));
        let after = crate::canonical::hash(&(parent, from.to_string()))?;
        self.audit(&format!("{kind}.move"), &object, None, Some(after));
        Ok(())
    }

    /// Joins everything above `parent` with everything below `id`.
    async fn attach(&mut self, parent: Uuid, id: Uuid, from: jiff::civil::Date) -> Result<(), StoreError> {
        let above = self.lines(path::Column::Descendant, parent, from).await?;
        if above.is_empty() {
            return Err(StoreError::NotFound { kind: organisation::Entity::KIND, id: parent.to_string() });
        }
        for below in self.lines(path::Column::Ancestor, id, from).await? {
            for line in &above {
                self.link(line.ancestor, below.descendant, line.depth + below.depth + 1, from).await?;
            }
        }
        Ok(())
    }

    async fn link(
        &mut self,
        ancestor: Uuid,
        descendant: Uuid,
        depth: i64,
        from: jiff::civil::Date,
    ) -> Result<(), StoreError> {
        let (id, valid_from, valid_until) = (self.new_id()?, from.to_string(), OPEN.to_owned());
        let line = path::Model { id, version: 1, ancestor, descendant, depth, valid_from, valid_until };
        self.insert_quietly::<path::Entity>(line).await
    }

    /// Lines whose `end` is `id`, valid on that day or later.
    async fn lines(
        &self,
        end: path::Column,
        id: Uuid,
        day: jiff::civil::Date,
    ) -> Result<Vec<path::Model>, StoreError> {
        let valid = path::Column::ValidUntil.gt(day.to_string());
        Ok(path::Entity::find().filter(end.eq(id)).filter(valid).all(self.conn()).await?)
    }

    async fn index_organisation(&mut self, row: &organisation::Model) -> Result<(), StoreError> {
        self.index(organisation::Entity::KIND, row.id, &text(row)).await
    }
}

impl Store {
    /// The organisation and all under it on a day.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn organisations_under(
        &self,
        id: Uuid,
        day: jiff::civil::Date,
    ) -> Result<Vec<Uuid>, StoreError> {
        self.line(path::Column::Ancestor, path::Column::Descendant, id, day).await
    }

    /// The organisation and all above it on a day, nearest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn organisations_above(
        &self,
        id: Uuid,
        day: jiff::civil::Date,
    ) -> Result<Vec<Uuid>, StoreError> {
        self.line(path::Column::Descendant, path::Column::Ancestor, id, day).await
    }

    async fn line(
        &self,
        end: path::Column,
        other: path::Column,
        id: Uuid,
        day: jiff::civil::Date,
    ) -> Result<Vec<Uuid>, StoreError> {
        let day = day.to_string();
        let found = path::Entity::find()
            .select_only()
            .column(other)
            .filter(end.eq(id))
            .filter(path::Column::ValidFrom.lte(day.clone()))
            .filter(path::Column::ValidUntil.gt(day))
            .order_by_asc(path::Column::Depth)
            .order_by_asc(other)
            .into_tuple();
        Ok(found.all(self.reader()).await?)
    }
}

/// What the search index holds of an organisation.
pub(crate) fn text(row: &organisation::Model) -> String {
    format!("{} {}", row.code, row.name)
}
