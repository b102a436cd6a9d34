//! Systems: entered, changed, confirmed every year, retired, and linked with each other.

use bulwark_model::rights::Scope;
use bulwark_model::{Background, ProtectionLevel, ProtectionNeed, SystemClass, SystemCode, SystemLinkKind};
use jiff::civil::Date;
use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::entity::Record as _;
use crate::entity::organisation::organisation;
use crate::entity::system::{system, system_link};
use crate::scoped::{Places, condition, day};
use crate::{Listing, MAX_COUNT, PageRequest, Store, StoreError, Tx};

/// Longest note of a link and longest reason, in characters.
const NOTE: usize = 1000;

const SYSTEM: Places = Places { table: "system", owner: "organisation_id", person: None };

/// A new system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSystem {
    /// The agency that answers for it; its code becomes part of the system's.
    pub owner: Uuid,
    /// Full name.
    pub name: String,
    /// 系統類別.
    pub class: SystemClass,
    /// Whether it is a core system.
    pub core: bool,
    /// How long it may be away at most.
    pub mtpd_minutes: Option<u32>,
    /// What it needs of protection.
    pub need: ProtectionNeed,
    /// What is known of it.
    pub background: Background,
    /// The agency that runs it, when it is on record.
    pub operator: Option<Uuid>,
    /// The vendor that looks after it, when it is on record.
    pub vendor: Option<Uuid>,
}

impl NewSystem {
    /// One of which no more is known than its name and class.
    pub fn named(owner: Uuid, name: impl Into<String>, class: SystemClass) -> Self {
        Self {
            owner,
            name: name.into(),
            class,
            core: false,
            mtpd_minutes: None,
            need: ProtectionNeed::default(),
            background: Background::default(),
            operator: None,
            vendor: None,
        }
    }
}

/// A new link between two systems.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSystemLink {
    /// The organisation that answers for it.
    pub owner: Uuid,
    /// The one that needs or connects.
    pub from: Uuid,
    /// The one that is needed or connected to.
    pub to: Uuid,
    /// How they hang together.
    pub kind: SystemLinkKind,
    /// What goes over it, and why.
    pub note: String,
    /// The last day on which it is agreed. A connection between systems of two organisations has one.
    pub expires_on: Option<Date>,
}

/// What a list of systems is narrowed to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SystemFilter {
    /// Words in code, name or business item.
    pub text: Option<String>,
    /// Those of this organisation.
    pub organisation: Option<Uuid>,
    /// Those of this class.
    pub class: Option<SystemClass>,
    /// Core systems, or the others.
    pub core: Option<bool>,
    /// Those whose level that counts is this one.
    pub level: Option<ProtectionLevel>,
    /// Those of which one of the nine facts is unknown, or none is.
    pub incomplete: Option<bool>,
    /// Those of which a fact needs a new confirmation today, or none does.
    pub stale: Option<bool>,
    /// Those no longer in use, or those in use.
    pub retired: Option<bool>,
}

impl Tx {
    /// Enters a system under the next code of its agency. A code is never given twice, whatever became of its system.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for an unknown agency, [`StoreError::Reference`] for an unknown operator or vendor,
    /// [`StoreError::BadValue`] for an agency that has ended, and for a name or downtime that is none.
    pub async fn add_system(&mut self, new: NewSystem) -> Result<system::Model, StoreError> {
        let owner = self.get::<organisation::Entity>(new.owner).await?;
        if owner.ended_on.is_some() {
            return Err(bad("owner", "the organisation has ended"));
        }
        let code = self.next_code(&owner.code).await?;
        let (id, created_at) = (self.new_id()?, self.now());
        let NewSystem { name, class, core, mtpd_minutes, need, background, operator, vendor, .. } = new;
        let mut row = system::Model {
            id,
            version: 1,
            code: code.to_string(),
            organisation_id: owner.id,
            operator_id: operator,
            vendor_id: vendor,
            name,
            class: class.code().to_owned(),
            core,
            mtpd_minutes: mtpd_minutes.map(i64::from),
            confidentiality: None,
            integrity: None,
            availability: None,
            legal: None,
            background: String::new(),
            level: None,
            known_facts: 0,
            good_until: None,
            confirmed_on: None,
            retired_on: None,
            retired_for: None,
            created_at,
        };
        row.set_need(need);
        row.set_facts(&background)?;
        row.settle()?;
        let row = self.insert::<system::Entity>(row).await?;
        self.index_system(&row).await?;
        Ok(row)
    }

    /// Systems are never deleted, so the highest code of an agency is the last one given. Only one work writes at a
    /// time, on either database, so no other takes the same.
    async fn next_code(&self, agency: &str) -> Result<SystemCode, StoreError> {
        // The agency's code may hold what LIKE takes for a wildcard: more is found than meant, and passed over.
        let there = system::Entity::find()
            .select_only()
            .column(system::Column::Code)
            .filter(system::Column::Code.starts_with(SystemCode::prefix(agency)))
            .into_tuple::<String>();
        let there = there.all(self.conn()).await?;
        let next = SystemCode::next(agency, there.iter().map(String::as_str));
        next.ok_or_else(|| {
            bad("owner", "the code of the organisation cannot be part of the code of a system")
        })
    }

    /// Writes a changed system back; the row carries the version that it was read with. The columns that follow from
    /// others are worked out anew. Code, confirmation and end have acts of their own.
    ///
    /// # Errors
    /// [`StoreError::Conflict`], [`StoreError::NotFound`], [`StoreError::Reference`], and [`StoreError::BadValue`] for
    /// a value that is none, for another code or end, and for a system that is no longer in use.
    pub async fn change_system(&mut self, mut row: system::Model) -> Result<system::Model, StoreError> {
        let there = self.current(&row).await?;
        row.settle()?;
        if row.code != there.code {
            return Err(bad("code", "the code of a system does not change"));
        }
        let ended = |row: &system::Model| (row.retired_on.clone(), row.retired_for.clone());
        if row.confirmed_on != there.confirmed_on || ended(&row) != ended(&there) {
            return Err(bad("confirmed_on", "confirmation and end of a system are acts of their own"));
        }
        let row = self.update::<system::Entity>("change", row).await?;
        self.index_system(&row).await?;
        Ok(row)
    }

    /// Confirms on a day that everything said of a system holds; the row carries the version that was looked at.
    ///
    /// # Errors
    /// [`StoreError::Conflict`], and [`StoreError::BadValue`] for a day to come, a day before the last confirmation,
    /// and a system that is no longer in use.
    pub async fn confirm_system(
        &mut self,
        row: system::Model,
        on: Date,
    ) -> Result<system::Model, StoreError> {
        let mut row = self.current(&row).await?;
        let day = on.to_string();
        if day > self.today() {
            return Err(bad("confirmed_on", "the day is yet to come"));
        }
        if row.confirmed_on.as_ref().is_some_and(|last| day < *last) {
            return Err(bad("confirmed_on", "it was confirmed later already"));
        }
        let mut facts = row.facts()?;
        facts.confirm(on);
        row.set_facts(&facts)?;
        row.settle()?;
        row.confirmed_on = Some(day);
        self.update::<system::Entity>("confirm", row).await
    }

    /// Ends a system on a day. It stays on record with its code and its links.
    ///
    /// # Errors
    /// [`StoreError::Conflict`], and [`StoreError::BadValue`] without a reason, for a day to come, and when it has
    /// ended already.
    pub async fn retire_system(
        &mut self,
        row: system::Model,
        on: Date,
        reason: &str,
    ) -> Result<system::Model, StoreError> {
        let mut row = self.current(&row).await?;
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > NOTE {
            return Err(bad("reason", "a reason has 1 to 1000 characters"));
        }
        let day = on.to_string();
        if day > self.today() {
            return Err(bad("retired_on", "the day is yet to come"));
        }
        (row.retired_on, row.retired_for) = (Some(day), Some(reason.to_owned()));
        self.update::<system::Entity>("retire", row).await
    }

    /// The system as it is stored, when it is still the one that was looked at, and in use.
    async fn current(&self, row: &system::Model) -> Result<system::Model, StoreError> {
        let there = self.get::<system::Entity>(row.id).await?;
        if there.version != row.version {
            let (kind, id) = (system::Entity::KIND, row.id.to_string());
            return Err(StoreError::Conflict { kind, id, mine: row.version, theirs: there.version });
        }
        if there.retired_on.is_some() {
            return Err(bad("retired_on", "the system is no longer in use"));
        }
        Ok(there)
    }

    /// Links one system with another. A circle of dependencies is allowed: it is what a register should show.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Duplicate`] when they are linked so already, and
    /// [`StoreError::BadValue`] for a link of a system with itself or with one no longer in use, for a day that has
    /// passed, and for a connection between two organisations without a last day.
    pub async fn link_systems(&mut self, new: NewSystemLink) -> Result<system_link::Model, StoreError> {
        let NewSystemLink { owner, from, to, kind, note, expires_on } = new;
        if from == to {
            return Err(bad("to_system", "a system is not linked with itself"));
        }
        let (one, other) = (self.get::<system::Entity>(from).await?, self.get::<system::Entity>(to).await?);
        if one.retired_on.is_some() || other.retired_on.is_some() {
            return Err(bad("to_system", "one of the systems is no longer in use"));
        }
        let crossing = one.organisation_id != other.organisation_id;
        if crossing && kind == SystemLinkKind::ConnectsTo && expires_on.is_none() {
            return Err(bad("expires_on", "a connection between two organisations has a last day"));
        }
        let expires_on = expires_on.map(|day| day.to_string());
        if expires_on.as_ref().is_some_and(|day| *day < self.today()) {
            return Err(bad("expires_on", "the day has passed"));
        }
        let note = note.trim().to_owned();
        if note.chars().count() > NOTE {
            return Err(bad("note", "a note has at most 1000 characters"));
        }
        let (id, created_at) = (self.new_id()?, self.now());
        let row = system_link::Model {
            id,
            version: 1,
            organisation_id: owner,
            from_system: from,
            to_system: to,
            kind: kind.code().to_owned(),
            note,
            expires_on,
            created_at,
        };
        self.insert::<system_link::Entity>(row).await
    }

    /// Takes a link away; the row carries the version that was looked at.
    ///
    /// # Errors
    /// [`StoreError::Conflict`], [`StoreError::NotFound`].
    pub async fn unlink(&mut self, row: &system_link::Model) -> Result<(), StoreError> {
        self.delete::<system_link::Entity>(row.id, row.version).await
    }

    /// The civil day of this transaction in Taiwan, as days are stored.
    fn today(&self) -> String {
        day(self.now().into())
    }

    async fn index_system(&mut self, row: &system::Model) -> Result<(), StoreError> {
        self.index(system::Entity::KIND, row.id, &text(row)).await
    }
}

impl Store {
    /// Systems, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn systems(
        &self,
        scope: &Scope,
        filter: &SystemFilter,
        request: PageRequest,
    ) -> Result<Listing<system::Model>, StoreError> {
        use system::Column;
        let mut all = condition(scope, SYSTEM);
        if let Some(text) = &filter.text {
            all = all.add(self.holds::<system::Entity>(text));
        }
        if let Some(organisation) = filter.organisation {
            all = all.add(Column::OrganisationId.eq(organisation));
        }
        if let Some(class) = filter.class {
            all = all.add(Column::Class.eq(class.code()));
        }
        if let Some(core) = filter.core {
            all = all.add(Column::Core.eq(core));
        }
        if let Some(level) = filter.level {
            all = all.add(Column::Level.eq(level.code()));
        }
        if let Some(incomplete) = filter.incomplete {
            let of = bulwark_model::BackgroundFact::ALL.len() as u64;
            all = all.add(if incomplete { Column::KnownFacts.lt(of) } else { Column::KnownFacts.gte(of) });
        }
        if let Some(stale) = filter.stale {
            let today = day(self.now().into());
            let past = Column::GoodUntil.lt(today.clone());
            let good = Condition::any().add(Column::GoodUntil.is_null()).add(Column::GoodUntil.gte(today));
            all = all.add(if stale { Condition::all().add(past) } else { good });
        }
        if let Some(retired) = filter.retired {
            let column = Column::RetiredOn;
            all = all.add(if retired { column.is_not_null() } else { column.is_null() });
        }
        self.listing::<system::Entity>(all, request).await
    }

    /// The system with this code.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn system_by_code(&self, code: &str) -> Result<Option<system::Model>, StoreError> {
        let found = system::Entity::find().filter(system::Column::Code.eq(code));
        Ok(found.one(self.reader()).await?)
    }

    /// Systems with these ids that are within a scope, for the names beside a list; at most a page of them.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn systems_named(&self, scope: &Scope, ids: &[Uuid]) -> Result<Vec<system::Model>, StoreError> {
        let found = system::Entity::find()
            .filter(condition(scope, SYSTEM))
            .filter(system::Column::Id.is_in(ids.iter().copied()));
        Ok(found.all(self.reader()).await?)
    }

    /// Links from and to the systems of a page, oldest first. The far ends may be beyond the reach of the one who
    /// looks: name them by [`Store::systems_named`].
    ///
    /// # Errors
    /// Those of the database.
    pub async fn system_links(&self, ids: &[Uuid]) -> Result<Vec<system_link::Model>, StoreError> {
        let ids = || ids.iter().copied();
        let found = system_link::Entity::find()
            .filter(
                Condition::any()
                    .add(system_link::Column::FromSystem.is_in(ids()))
                    .add(system_link::Column::ToSystem.is_in(ids())),
            )
            .order_by_asc(system_link::Column::Id)
            .limit(MAX_COUNT);
        Ok(found.all(self.reader()).await?)
    }
}

/// What the search index holds of a system. A background that cannot be read takes nothing else out of the index.
pub(crate) fn text(row: &system::Model) -> String {
    let facts = row.facts().unwrap_or_default();
    let business = facts.value(bulwark_model::BackgroundField::BusinessItem).unwrap_or_default();
    format!("{} {} {business}", row.code, row.name)
}

fn bad(field: &str, why: &str) -> StoreError {
    StoreError::BadValue { field: field.into(), why: why.into() }
}
