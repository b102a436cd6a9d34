//! What the rights look at: the person with all roles, and an object with its owner's place in the tree.

use std::collections::{BTreeMap, BTreeSet};

use bulwark_model::rights::{BreakGlass, Grant, OrganisationId, PersonId, Resource, Sector, Subject};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::entity::organisation::organisation;
use crate::entity::person::{grant, person};
use crate::entity::two_person::break_glass;
use crate::scoped::day;
use crate::{MAX_ROWS, Store, StoreError, Timestamp};

/// The id of an organisation as the rights know it.
pub const fn organisation_id(id: Uuid) -> OrganisationId {
    OrganisationId::from_bytes(*id.as_bytes())
}

/// The id of a person as the rights know it.
pub const fn person_id(id: Uuid) -> PersonId {
    PersonId::from_bytes(*id.as_bytes())
}

/// A role held, as the rights know it; `None` for a role this program does not know.
pub fn grant(row: &grant::Model) -> Option<Grant> {
    Some(Grant {
        role: row.role.parse().ok()?,
        organisation: organisation_id(row.organisation_id),
        sector: row.sector.as_deref().map(Sector::new),
        from: row.valid_from.into(),
        until: row.valid_until.map(Into::into),
    })
}

impl Store {
    /// A person acting in a role at an organisation. Acting in a role not held, the subject may do nothing.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn subject(&self, person: Uuid, role: &str, at: Uuid) -> Result<Subject, StoreError> {
        let rows = grant::Entity::find().filter(grant::Column::PersonId.eq(person));
        let rows = rows.all(self.reader()).await?;
        let grants: Vec<Grant> = rows.iter().filter_map(grant).collect();
        let now = self.now().into();
        let same = |grant: &Grant| grant.role.code() == role && grant.organisation == organisation_id(at);
        let acting = grants.iter().position(|grant| same(grant) && grant.in_force(now));
        let acting = acting.unwrap_or(grants.len());
        Ok(Subject { acting, ..Subject::new(person_id(person), grants) })
    }

    /// An object of an organisation as the rights see it now.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for an unknown organisation.
    pub async fn resource_of(&self, owner: Uuid) -> Result<Resource, StoreError> {
        let row = self.get::<organisation::Entity>(owner).await?;
        let now = jiff::Timestamp::from(self.now());
        let today = day(now).parse().unwrap_or_default();
        let above = self.organisations_above(owner, today).await?;
        let ancestors = above.into_iter().filter(|id| *id != owner).map(organisation_id).collect();
        Ok(Resource {
            ancestors,
            sector: row.sector.as_deref().map(Sector::new),
            granted: self.opened_to(owner).await?,
            break_glass: self.emergency_accesses(owner).await?,
            ..Resource::of(organisation_id(owner))
        })
    }

    /// An account, or what belongs to it, as the rights see it now.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for an unknown organisation.
    pub async fn account_resource(&self, account: &person::Model) -> Result<Resource, StoreError> {
        let own = person_id(account.id);
        let of = self.resource_of(account.organisation_id).await?;
        Ok(Resource { person: Some(own), participants: BTreeSet::from([own]), ..of })
    }

    /// Auditors to whom the organisation is opened, each until when.
    async fn opened_to(&self, owner: Uuid) -> Result<BTreeMap<PersonId, jiff::Timestamp>, StoreError> {
        let now = self.now();
        let found = grant::Entity::find()
            .filter(grant::Column::OrganisationId.eq(owner))
            .filter(grant::Column::Role.eq("auditor"))
            .filter(grant::Column::ValidFrom.lte(now))
            .filter(grant::Column::ValidUntil.gt(now));
        let found = found.limit(MAX_ROWS).all(self.reader()).await?;
        let until = |row: &grant::Model| row.valid_until.unwrap_or(Timestamp::from_micros(0)).into();
        Ok(found.iter().map(|row| (person_id(row.person_id), until(row))).collect())
    }

    async fn emergency_accesses(&self, owner: Uuid) -> Result<Vec<BreakGlass>, StoreError> {
        let found = break_glass::Entity::find()
            .filter(break_glass::Column::OwnerId.eq(owner))
            .filter(break_glass::Column::ValidUntil.gt(self.now()));
        let found = found.limit(MAX_ROWS).all(self.reader()).await?;
        let open = |row: &break_glass::Model| {
            let (by, second) = (person_id(row.person_id), person_id(row.confirmed_by));
            BreakGlass::confirm(by, second, &row.reason, row.valid_from.into()).ok()
        };
        Ok(found.iter().filter_map(open).collect())
    }
}
