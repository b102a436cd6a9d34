//! The lists of the console, each held to a [`Scope`] and narrowed by what its address asks for.

use bulwark_model::rights::{Action, Scope};
use sea_orm::sea_query::{Condition, Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::entity::Record;
use crate::entity::access::access_log;
use crate::entity::audit::leaf;
use crate::entity::organisation::{organisation, path};
use crate::entity::person::{grant, person, signing_key};
use crate::entity::two_person::{break_glass, pending_act};
use crate::entity::work::job;
use crate::scoped::{Places, condition};
use crate::{MAX_COUNT, MAX_ROWS, Page, PageRequest, Store, StoreError, Timestamp};

/// A page and how many rows there are in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    /// The page.
    pub page: Page<T>,
    /// All rows that meet the condition; [`MAX_COUNT`] + 1 stands for more than that.
    pub total: u64,
}

/// What a list of people is narrowed to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PeopleFilter {
    /// Words in the name or log-in name.
    pub text: Option<String>,
    /// Accounts of this organisation.
    pub organisation: Option<Uuid>,
    /// Accounts that can, or can no longer, log in.
    pub disabled: Option<bool>,
    /// People who hold this role now.
    pub role: Option<String>,
}

/// What a list of roles held is narrowed to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GrantFilter {
    /// Held by this person.
    pub person: Option<Uuid>,
    /// Held at this organisation.
    pub organisation: Option<Uuid>,
    /// Only those in force.
    pub in_force: bool,
}

/// What a list of the audit log is narrowed to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// By this person.
    pub person: Option<Uuid>,
    /// About this object, `kind/id`.
    pub object: Option<String>,
    /// In the matter of this organisation.
    pub owner: Option<Uuid>,
    /// Acts whose code begins so.
    pub action: Option<String>,
}

/// One page of the audit log, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditPage {
    /// The leaves.
    pub rows: Vec<leaf::Model>,
    /// Leaves before this one come next.
    pub next: Option<i64>,
}

const fn places(table: &'static str, owner: &'static str, person: Option<&'static str>) -> Places {
    Places { table, owner, person }
}

const PERSON: Places = places("person", "organisation_id", Some("id"));
const GRANT: Places = places("role_grant", "organisation_id", Some("person_id"));
const KEY: Places = places("signing_key", "organisation_id", Some("person_id"));
const ACCESS: Places = places("access_log", "owner_id", Some("person_id"));
const GLASS: Places = places("break_glass", "owner_id", Some("person_id"));
const PENDING: Places = places("pending_act", "owner_id", Some("asked_by"));
const LEAF: Places = places("audit_leaf", "owner", Some("actor"));

impl Store {
    pub(crate) async fn listing<E: Record>(
        &self,
        condition: Condition,
        request: PageRequest,
    ) -> Result<Listing<E::Model>, StoreError> {
        let page = self.page_where::<E>(condition.clone(), request).await?;
        let whole = request.after.is_none() && request.before.is_none() && page.next.is_none();
        let total = if whole { page.rows.len() as u64 } else { self.count_where::<E>(condition).await? };
        Ok(Listing { page, total })
    }

    /// Accounts.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn people(
        &self,
        scope: &Scope,
        filter: &PeopleFilter,
        request: PageRequest,
    ) -> Result<Listing<person::Model>, StoreError> {
        let mut all = condition(scope, PERSON);
        if let Some(text) = &filter.text {
            all = all.add(self.holds::<person::Entity>(text));
        }
        if let Some(organisation) = filter.organisation {
            all = all.add(person::Column::OrganisationId.eq(organisation));
        }
        if let Some(disabled) = filter.disabled {
            let column = person::Column::DisabledAt;
            all = all.add(if disabled { column.is_not_null() } else { column.is_null() });
        }
        if let Some(role) = &filter.role {
            let held = grant::Entity::find().select_only().column(grant::Column::PersonId);
            let held = held.filter(grant::Column::Role.eq(role)).filter(in_force(self.now()));
            all = all.add(person::Column::Id.in_subquery(sea_orm::QueryTrait::into_query(held)));
        }
        self.listing::<person::Entity>(all, request).await
    }

    /// Roles held.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn roles_held(
        &self,
        scope: &Scope,
        filter: &GrantFilter,
        request: PageRequest,
    ) -> Result<Listing<grant::Model>, StoreError> {
        let mut all = condition(scope, GRANT);
        if let Some(person) = filter.person {
            all = all.add(grant::Column::PersonId.eq(person));
        }
        if let Some(organisation) = filter.organisation {
            all = all.add(grant::Column::OrganisationId.eq(organisation));
        }
        if filter.in_force {
            all = all.add(in_force(self.now()));
        }
        self.listing::<grant::Entity>(all, request).await
    }

    /// Keys of those who sign.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn signing_keys(
        &self,
        scope: &Scope,
        person: Option<Uuid>,
        revoked: Option<bool>,
        request: PageRequest,
    ) -> Result<Listing<signing_key::Model>, StoreError> {
        let mut all = condition(scope, KEY);
        if let Some(person) = person {
            all = all.add(signing_key::Column::PersonId.eq(person));
        }
        if let Some(revoked) = revoked {
            let column = signing_key::Column::RevokedAt;
            all = all.add(if revoked { column.is_not_null() } else { column.is_null() });
        }
        self.listing::<signing_key::Entity>(all, request).await
    }

    /// Who looked at the data of the organisations in the scope.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn accesses(
        &self,
        scope: &Scope,
        person: Option<Uuid>,
        request: PageRequest,
    ) -> Result<Listing<access_log::Model>, StoreError> {
        let mut all = condition(scope, ACCESS);
        if let Some(person) = person {
            all = all.add(access_log::Column::PersonId.eq(person));
        }
        self.listing::<access_log::Entity>(all, request).await
    }

    /// Emergency accesses.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn emergency_access_list(
        &self,
        scope: &Scope,
        open: bool,
        request: PageRequest,
    ) -> Result<Listing<break_glass::Model>, StoreError> {
        let mut all = condition(scope, GLASS);
        if open {
            all = all.add(break_glass::Column::ValidUntil.gt(self.now()));
        }
        self.listing::<break_glass::Entity>(all, request).await
    }

    /// Requests that wait for a second person: one's own, and those of the acts in `may_decide` within its scope.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn pending_acts(
        &self,
        own: Uuid,
        may_decide: &[(String, Scope)],
        waiting: bool,
        request: PageRequest,
    ) -> Result<Listing<pending_act::Model>, StoreError> {
        let decides = decidable(own, may_decide).unwrap_or_else(|| Condition::all().add(Expr::val(1).eq(0)));
        let mut all =
            Condition::all().add(Condition::any().add(pending_act::Column::AskedBy.eq(own)).add(decides));
        if waiting {
            all = all.add(pending_act::Column::State.eq("waiting"));
            all = all.add(pending_act::Column::ExpiresAt.gt(self.now()));
        }
        self.listing::<pending_act::Entity>(all, request).await
    }

    /// Organisations, newest first; everyone with an account may know which there are.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn organisations(
        &self,
        text: Option<&str>,
        kind: Option<&str>,
        request: PageRequest,
    ) -> Result<Listing<organisation::Model>, StoreError> {
        let mut all = Condition::all();
        if let Some(text) = text {
            all = all.add(self.holds::<organisation::Entity>(text));
        }
        if let Some(kind) = kind {
            all = all.add(organisation::Column::Kind.eq(kind));
        }
        self.listing::<organisation::Entity>(all, request).await
    }

    /// Organisations right below one on a day, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn organisations_right_below(
        &self,
        id: Uuid,
        day: jiff::civil::Date,
        request: PageRequest,
    ) -> Result<Listing<organisation::Model>, StoreError> {
        let day = day.to_string();
        let below = path::Entity::find()
            .select_only()
            .column(path::Column::Descendant)
            .filter(path::Column::Ancestor.eq(id))
            .filter(path::Column::Depth.eq(1))
            .filter(path::Column::ValidFrom.lte(day.clone()))
            .filter(path::Column::ValidUntil.gt(day));
        let all = organisation::Column::Id.in_subquery(sea_orm::QueryTrait::into_query(below));
        self.listing::<organisation::Entity>(Condition::all().add(all), request).await
    }

    /// Jobs of the queue.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn jobs(
        &self,
        state: Option<&str>,
        request: PageRequest,
    ) -> Result<Listing<job::Model>, StoreError> {
        let all =
            state.map_or_else(Condition::all, |state| Condition::all().add(job::Column::State.eq(state)));
        self.listing::<job::Entity>(all, request).await
    }

    /// The audit log, newest first, from the leaf before `before` on.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn audit_page(
        &self,
        scope: &Scope,
        filter: &AuditFilter,
        before: Option<i64>,
        rows: u64,
    ) -> Result<AuditPage, StoreError> {
        let count = rows.clamp(1, MAX_ROWS);
        let mut all = condition(scope, LEAF);
        if let Some(person) = filter.person {
            all = all.add(leaf::Column::Actor.eq(person));
        }
        if let Some(object) = &filter.object {
            all = all.add(leaf::Column::Object.eq(object));
        }
        if let Some(owner) = filter.owner {
            all = all.add(leaf::Column::Owner.eq(owner));
        }
        if let Some(action) = &filter.action {
            let begins: String =
                action.chars().filter(|c| c.is_ascii_alphanumeric() || "._".contains(*c)).collect();
            all = all.add(leaf::Column::Leaf.contains(format!("\"action\":\"{begins}")));
        }
        if let Some(before) = before {
            all = all.add(leaf::Column::Seq.lt(before));
        }
        let query = leaf::Entity::find().filter(all).order_by_desc(leaf::Column::Seq).limit(count + 1);
        let mut rows = query.all(self.reader()).await?;
        let more = rows.len() as u64 > count;
        rows.truncate(usize::try_from(count).unwrap_or(usize::MAX));
        let next = rows.last().map(|row| row.seq).filter(|_| more);
        Ok(AuditPage { rows, next })
    }

    /// One leaf of the audit log.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn audit_leaf(&self, seq: i64) -> Result<leaf::Model, StoreError> {
        let found = leaf::Entity::find_by_id(seq).one(self.reader()).await?;
        found.ok_or_else(|| StoreError::NotFound { kind: "audit_leaf", id: seq.to_string() })
    }

    /// Requests of others that wait for this person's word: acts in `may_decide` within its scope, without those about
    /// the person's own account, on which only others decide.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn acts_waiting_for(
        &self,
        person: Uuid,
        may_decide: &[(String, Scope)],
        request: PageRequest,
    ) -> Result<Listing<pending_act::Model>, StoreError> {
        let Some(decides) = decidable(person, may_decide) else {
            let page = Page { rows: Vec::new(), next: None, previous: None };
            return Ok(Listing { page, total: 0 });
        };
        let all = Condition::all()
            .add(decides)
            .add(pending_act::Column::AskedBy.ne(person))
            .add(pending_act::Column::State.eq("waiting"))
            .add(pending_act::Column::ExpiresAt.gt(self.now()));
        self.listing::<pending_act::Entity>(all, request).await
    }

    /// The request that a person decided on last.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn last_decided(&self, person: Uuid) -> Result<Option<pending_act::Model>, StoreError> {
        let found = pending_act::Entity::find()
            .filter(pending_act::Column::DecidedBy.eq(person))
            .filter(pending_act::Column::State.is_in(["done", "refused"]))
            .order_by_desc(pending_act::Column::DecidedAt);
        Ok(found.one(self.reader()).await?)
    }

    /// Emergency accesses of a person that hold at this moment.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn emergency_accesses_of(&self, person: Uuid) -> Result<Vec<break_glass::Model>, StoreError> {
        let now = self.now();
        let open = break_glass::Entity::find()
            .filter(break_glass::Column::PersonId.eq(person))
            .filter(break_glass::Column::ValidFrom.lte(now))
            .filter(break_glass::Column::ValidUntil.gt(now))
            .order_by_asc(break_glass::Column::ValidUntil)
            .limit(MAX_ROWS);
        Ok(open.all(self.reader()).await?)
    }

    /// Rows with these ids, for the names beside a list; at most a page of them.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn people_named(&self, ids: &[Uuid]) -> Result<Vec<person::Model>, StoreError> {
        let ids = ids.iter().copied();
        Ok(person::Entity::find().filter(person::Column::Id.is_in(ids)).all(self.reader()).await?)
    }

    /// Organisations with these ids.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn organisations_named(&self, ids: &[Uuid]) -> Result<Vec<organisation::Model>, StoreError> {
        let ids = ids.iter().copied();
        let found = organisation::Entity::find().filter(organisation::Column::Id.is_in(ids));
        Ok(found.all(self.reader()).await?)
    }

    /// The organisation with this code.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn organisation_by_code(&self, code: &str) -> Result<Option<organisation::Model>, StoreError> {
        let found = organisation::Entity::find().filter(organisation::Column::Code.eq(code));
        Ok(found.one(self.reader()).await?)
    }

    /// Whether anybody has an account.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        Ok(person::Entity::find().limit(1).one(self.reader()).await?.is_none())
    }

    /// People who can log in and hold a role now, in the whole installation; counted up to [`MAX_COUNT`].
    ///
    /// # Errors
    /// Those of the database.
    pub async fn holders_of(&self, role: &str) -> Result<u64, StoreError> {
        let filter =
            PeopleFilter { role: Some(role.to_owned()), disabled: Some(false), ..PeopleFilter::default() };
        let all = Scope::Everything { without: Vec::new() };
        let found = self.people(&all, &filter, PageRequest { rows: 1, ..PageRequest::default() }).await?;
        Ok(Ord::min(found.total, MAX_COUNT))
    }
}

/// Codes of the acts that nobody does to their own account.
fn not_to_oneself() -> impl Iterator<Item = &'static str> {
    Action::all().filter(|action| action.act().not_self).map(Action::code)
}

/// Requests a person may decide on: those of the acts within reach, but none about the own account. `None` when there
/// can be none.
fn decidable(person: Uuid, may_decide: &[(String, Scope)]) -> Option<Condition> {
    let mut any = Condition::any();
    for (action, scope) in may_decide {
        let of = Condition::all().add(pending_act::Column::Action.eq(action));
        any = any.add(of.add(condition(scope, PENDING)));
    }
    let about_own = Condition::all()
        .add(pending_act::Column::Object.starts_with(format!("person/{person}")))
        .add(pending_act::Column::Action.is_in(not_to_oneself()));
    (!any.is_empty()).then(|| Condition::all().add(any).add(about_own.not()))
}

fn in_force(now: Timestamp) -> Condition {
    let until = grant::Column::ValidUntil;
    Condition::all()
        .add(grant::Column::ValidFrom.lte(now))
        .add(Condition::any().add(until.is_null()).add(until.gt(now)))
}
