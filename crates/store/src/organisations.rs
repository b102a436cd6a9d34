//! The tree of organisations by date: reorganisations do not rewrite the past.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::entity::Record as _;
use crate::entity::organisation::{organisation, path};
use crate::{MAX_ROWS, Store, StoreError, Tx};

/// The day that never comes.
pub(crate) const OPEN: &str = "9999-12-31";

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

/// What keeps an organisation from being moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveObstacle {
    /// It would stand under itself.
    Inside,
    /// The upper one begins later.
    NotYetThere,
    /// The upper one moves itself on a later day that is already entered.
    ParentMoves,
    /// A later change of its own, or of one below it, is already entered.
    LaterChange,
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
        let plain = organisation::Model::new(id, code, name, kind, created_at);
        let row = organisation::Model { sector, ..plain };
        let row = self.insert::<organisation::Entity>(row).await?;
        self.index_organisation(&row).await?;
        self.link(id, id, 0, from.to_string(), OPEN.to_owned()).await?;
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

    /// Joins everything above `parent` with everything below `id`, each pair for the days on which both hold: what is
    /// entered for a later day already, above or below, is followed.
    async fn attach(&mut self, parent: Uuid, id: Uuid, from: jiff::civil::Date) -> Result<(), StoreError> {
        let above = self.lines(path::Column::Descendant, parent, from).await?;
        if above.is_empty() {
            return Err(StoreError::NotFound { kind: organisation::Entity::KIND, id: parent.to_string() });
        }
        let first = from.to_string();
        for below in self.lines(path::Column::Ancestor, id, from).await? {
            for line in &above {
                let valid_from = first.clone().max(line.valid_from.clone()).max(below.valid_from.clone());
                let valid_until = line.valid_until.clone().min(below.valid_until.clone());
                if valid_from < valid_until {
                    let depth = line.depth + below.depth + 1;
                    self.link(line.ancestor, below.descendant, depth, valid_from, valid_until).await?;
                }
            }
        }
        Ok(())
    }

    async fn link(
        &mut self,
        ancestor: Uuid,
        descendant: Uuid,
        depth: i64,
        valid_from: String,
        valid_until: String,
    ) -> Result<(), StoreError> {
        let id = self.new_id()?;
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

    pub(crate) async fn index_organisation(&mut self, row: &organisation::Model) -> Result<(), StoreError> {
        let former = self.former_names_of(row.id).await?;
        self.index(organisation::Entity::KIND, row.id, &text(row, &former)).await
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

    /// The one right above each of these on a day: pairs of the lower and the upper one.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn parents_of(
        &self,
        ids: &[Uuid],
        day: jiff::civil::Date,
    ) -> Result<Vec<(Uuid, Uuid)>, StoreError> {
        let day = day.to_string();
        let found = path::Entity::find()
            .select_only()
            .columns([path::Column::Descendant, path::Column::Ancestor])
            .filter(path::Column::Descendant.is_in(ids.iter().copied()))
            .filter(path::Column::Depth.eq(1))
            .filter(path::Column::ValidFrom.lte(day.clone()))
            .filter(path::Column::ValidUntil.gt(day))
            .into_tuple();
        Ok(found.all(self.reader()).await?)
    }

    /// Right under whom it stood, stands and will stand, earliest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn parents_in_time(&self, id: Uuid) -> Result<Vec<path::Model>, StoreError> {
        let found = path::Entity::find()
            .filter(path::Column::Descendant.eq(id))
            .filter(path::Column::Depth.eq(1))
            .order_by_asc(path::Column::ValidFrom)
            .limit(MAX_ROWS);
        Ok(found.all(self.reader()).await?)
    }

    /// Its first day; `None` for an unknown organisation.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn first_day(&self, id: Uuid) -> Result<Option<String>, StoreError> {
        let own =
            path::Entity::find().filter(path::Column::Descendant.eq(id)).filter(path::Column::Depth.eq(0));
        Ok(own.one(self.reader()).await?.map(|line| line.valid_from))
    }

    /// What keeps an organisation from being put below another one from a day on, for telling so before it is asked
    /// for; [`Tx::move_organisation`] decides.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn move_obstacle(
        &self,
        id: Uuid,
        parent: Uuid,
        from: jiff::civil::Date,
    ) -> Result<Option<MoveObstacle>, StoreError> {
        let from = from.to_string();
        let later = |line: &path::Model| line.valid_from > from || line.valid_until != OPEN;
        let ending = || path::Entity::find().filter(path::Column::ValidUntil.gt(from.clone()));
        let inside = ending().filter(path::Column::Ancestor.eq(id)).all(self.reader()).await?;
        let inside: Vec<Uuid> = inside.iter().map(|line| line.descendant).collect();
        if inside.contains(&parent) {
            return Ok(Some(MoveObstacle::Inside));
        }
        let above = ending().filter(path::Column::Descendant.eq(parent)).all(self.reader()).await?;
        if !above.iter().any(|line| line.depth == 0 && line.valid_from <= from) {
            return Ok(Some(MoveObstacle::NotYetThere));
        }
        if above.iter().any(later) {
            return Ok(Some(MoveObstacle::ParentMoves));
        }
        // In pieces: a statement takes only so many values.
        for some in inside.chunks(500) {
            let old = ending()
                .filter(path::Column::Descendant.is_in(some.iter().copied()))
                .all(self.reader())
                .await?;
            if old.iter().any(|line| !inside.contains(&line.ancestor) && later(line)) {
                return Ok(Some(MoveObstacle::LaterChange));
            }
        }
        Ok(None)
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

/// What the search index holds of an organisation: people look for it by the names it had, too.
pub(crate) fn text(row: &organisation::Model, former: &[String]) -> String {
    let oid = row.oid.as_deref().filter(|oid| *oid != row.code).unwrap_or_default();
    format!("{} {} {oid} {}", row.code, row.name, former.join(" "))
}
