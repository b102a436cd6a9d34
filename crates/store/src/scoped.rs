//! Lists hold the rows the rights allow: [`Scope`] as the `WHERE` of a query. A test holds this SQL to
//! [`bulwark_model::rights::allowed`].

use bulwark_model::rights::{Filter, OrganisationId, PersonId, Scope, Without};
use jiff::tz::TimeZone;
use sea_orm::sea_query::{Alias, Condition, Expr, ExprTrait, Query, SelectStatement, SimpleExpr};
use uuid::Uuid;

use crate::Timestamp;

/// Which columns of a table the rights look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places {
    /// The table.
    pub table: &'static str,
    /// The organisation whose row it is.
    pub owner: &'static str,
    /// The person the row is about, when it is about one.
    pub person: Option<&'static str>,
}

/// The civil day in Taiwan, by which the tree of organisations is read.
pub(crate) fn day(at: jiff::Timestamp) -> String {
    TimeZone::fixed(jiff::tz::offset(8)).to_datetime(at).date().to_string()
}

pub(crate) const fn organisation(id: OrganisationId) -> Uuid {
    Uuid::from_bytes(id.bytes())
}

pub(crate) const fn person(id: PersonId) -> Uuid {
    Uuid::from_bytes(id.bytes())
}

/// The rows of a scope.
pub(crate) fn condition(scope: &Scope, places: Places) -> Condition {
    let nothing = || Condition::all().add(Expr::val(1).eq(0));
    let (mut all, without) = match scope {
        Scope::Nothing => return nothing(),
        Scope::Everything { without } => (Condition::all(), without),
        Scope::Any { filters, without } => {
            let any = filters.iter().filter_map(|filter| admitted(filter, places));
            let any = any.fold(Condition::any(), Condition::add);
            if any.is_empty() {
                return nothing();
            }
            (Condition::all().add(any), without)
        }
    };
    for without in without {
        if let Some(out) = excepted(without, places) {
            all = all.add(out.not());
        }
    }
    all
}

fn column(places: Places, name: &'static str) -> SimpleExpr {
    Expr::col((Alias::new(places.table), Alias::new(name)))
}

/// What a filter brings in; `None` when no row of such a table can be brought in by it.
fn admitted(filter: &Filter, places: Places) -> Option<SimpleExpr> {
    let owner = || column(places, places.owner);
    Some(match filter {
        Filter::Own(own) => owner().eq(organisation(*own)),
        Filter::Subtree { organisation: root, at } => owner().in_subquery(under(organisation(*root), *at)),
        Filter::Sector(sector) => owner().in_subquery(in_sector(sector.code())),
        Filter::Participant(own) => column(places, places.person?).eq(person(*own)),
        Filter::Granted { person: own, at } => owner().in_subquery(opened("role_grant", person(*own), *at)),
        Filter::BreakGlass { person: own, at } => {
            owner().in_subquery(opened("break_glass", person(*own), *at))
        }
        // Tasks and exercises come with the cases.
        Filter::Task(_) | Filter::Exercise(_) => return None,
    })
}

/// What an exception takes out; `None` when no row of such a table can be taken out by it.
fn excepted(without: &Without, places: Places) -> Option<SimpleExpr> {
    let owner = || column(places, places.owner);
    Some(match without {
        Without::Owners(owners) => owner().is_in(owners.iter().map(|id| organisation(*id))),
        Without::OwnersWithSuperior { owners, at } => {
            let superior = owner().in_subquery(below_another(*at)).or(owner().in_subquery(in_any_sector()));
            owner().is_in(owners.iter().map(|id| organisation(*id))).and(superior)
        }
        Without::Account(own) => column(places, places.person?).eq(person(*own)),
        // Marks and states are columns of cases.
        Without::RedUnlessNamed(_) | Without::State(_) => return None,
    })
}

fn under(root: Uuid, at: jiff::Timestamp) -> SelectStatement {
    let day = day(at);
    Query::select()
        .column(Alias::new("descendant"))
        .from(Alias::new("organisation_path"))
        .and_where(Expr::col(Alias::new("ancestor")).eq(root))
        .and_where(Expr::col(Alias::new("valid_from")).lte(day.clone()))
        .and_where(Expr::col(Alias::new("valid_until")).gt(day))
        .take()
}

fn in_sector(sector: &str) -> SelectStatement {
    Query::select()
        .column(Alias::new("id"))
        .from(Alias::new("organisation"))
        .and_where(Expr::col(Alias::new("sector")).eq(sector))
        .take()
}

fn below_another(at: jiff::Timestamp) -> SelectStatement {
    let day = day(at);
    Query::select()
        .column(Alias::new("descendant"))
        .from(Alias::new("organisation_path"))
        .and_where(Expr::col(Alias::new("depth")).gt(0))
        .and_where(Expr::col(Alias::new("valid_from")).lte(day.clone()))
        .and_where(Expr::col(Alias::new("valid_until")).gt(day))
        .take()
}

fn in_any_sector() -> SelectStatement {
    Query::select()
        .column(Alias::new("id"))
        .from(Alias::new("organisation"))
        .and_where(Expr::col(Alias::new("sector")).is_not_null())
        .take()
}

/// Organisations opened to a person at a moment: to an auditor by a grant with an end, or by emergency access.
fn opened(table: &'static str, own: Uuid, at: jiff::Timestamp) -> SelectStatement {
    let at = Timestamp::from(at).as_micros();
    let owner = if table == "role_grant" { "organisation_id" } else { "owner_id" };
    let mut found = Query::select()
        .column(Alias::new(owner))
        .from(Alias::new(table))
        .and_where(Expr::col(Alias::new("person_id")).eq(own))
        .and_where(Expr::col(Alias::new("valid_from")).lte(at))
        .and_where(Expr::col(Alias::new("valid_until")).gt(at))
        .take();
    if table == "role_grant" {
        found.and_where(Expr::col(Alias::new("role")).eq("auditor"));
    }
    found
}
