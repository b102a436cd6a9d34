//! Whole tables: counted, hashed row by row, copied. The same rows give the same hash on either database.

use std::collections::BTreeMap;

use sea_orm::sea_query::{Alias, Expr};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityName, EntityTrait, IntoActiveModel, ModelTrait,
    Order, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};

use uuid::Uuid;

use crate::entity::{access, audit, organisation, person, system, two_person, work};
use crate::{StoreError, canonical};

/// Rows read at once.
const CHUNK: u64 = 1000;

/// What a table holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableDigest {
    /// Its name.
    pub table: String,
    /// Its rows.
    pub rows: u64,
    /// SHA-256 over the canonical JSON of its rows in the order of their keys, one a line.
    pub sha256: String,
}

/// Calls a function for every table, those referred to first.
macro_rules! every_table {
    ($call:ident($($argument:expr),*)) => {
        vec![
            $call::<organisation::organisation::Entity, _, _>($($argument,)* "id").await?,
            $call::<organisation::name::Entity, _, _>($($argument,)* "id").await?,
            $call::<organisation::path::Entity, _, _>($($argument,)* "id").await?,
            $call::<organisation::data_key::Entity, _, _>($($argument,)* "id").await?,
            $call::<system::system::Entity, _, _>($($argument,)* "id").await?,
            $call::<system::system_link::Entity, _, _>($($argument,)* "id").await?,
            $call::<person::person::Entity, _, _>($($argument,)* "id").await?,
            $call::<person::grant::Entity, _, _>($($argument,)* "id").await?,
            $call::<person::credential::Entity, _, _>($($argument,)* "id").await?,
            $call::<person::signing_key::Entity, _, _>($($argument,)* "id").await?,
            $call::<access::session::Entity, _, _>($($argument,)* "id").await?,
            $call::<access::api_token::Entity, _, _>($($argument,)* "id").await?,
            $call::<access::link::Entity, _, _>($($argument,)* "id").await?,
            $call::<access::once::Entity, _, _>($($argument,)* "id").await?,
            $call::<access::access_log::Entity, _, _>($($argument,)* "id").await?,
            $call::<two_person::pending_act::Entity, _, _>($($argument,)* "id").await?,
            $call::<two_person::break_glass::Entity, _, _>($($argument,)* "id").await?,
            $call::<work::job::Entity, _, _>($($argument,)* "id").await?,
            $call::<work::outbox::Entity, _, _>($($argument,)* "id").await?,
            $call::<work::evidence_object::Entity, _, _>($($argument,)* "id").await?,
            $call::<work::setting::Entity, _, _>($($argument,)* "id").await?,
            $call::<audit::leaf::Entity, _, _>($($argument,)* "seq").await?,
            $call::<audit::text::Entity, _, _>($($argument,)* "seq").await?,
            $call::<audit::checkpoint::Entity, _, _>($($argument,)* "size").await?,
            $call::<audit::head::Entity, _, _>($($argument,)* "id").await?,
        ]
    };
}

/// Digests of all tables.
pub(crate) async fn digests<C: ConnectionTrait>(conn: &C) -> Result<Vec<TableDigest>, StoreError> {
    let nowhere: Option<&C> = None;
    Ok(every_table!(walk(conn, nowhere)))
}

/// Copies all tables into an empty schema; digests of what was read.
pub(crate) async fn copy<A, B>(from: &A, to: &B) -> Result<Vec<TableDigest>, StoreError>
where
    A: ConnectionTrait,
    B: ConnectionTrait,
{
    audit::head::Entity::delete_many().exec(to).await?;
    let digests = every_table!(walk(from, Some(to)));
    reindex(to).await?;
    Ok(digests)
}

/// Rows of tables that a new schema has none in.
pub(crate) async fn rows<C: ConnectionTrait>(conn: &C) -> Result<u64, StoreError> {
    let digests = digests(conn).await?;
    // The head of the audit tree is there from the first.
    Ok(digests.iter().map(|digest| digest.rows).sum::<u64>().saturating_sub(1))
}

/// The first difference between two sets of digests.
pub(crate) fn compare(expected: &[TableDigest], found: &[TableDigest]) -> Result<(), StoreError> {
    for (expected, found) in expected.iter().zip(found) {
        if expected != found {
            let text = |digest: &TableDigest| format!("{} / {}", digest.rows, digest.sha256);
            let (what, expected, found) = (expected.table.clone(), text(expected), text(found));
            return Err(StoreError::CopyDiffers { what, expected, found });
        }
    }
    if expected.len() != found.len() {
        let (expected, found) = (expected.len().to_string(), found.len().to_string());
        return Err(StoreError::CopyDiffers { what: "tables".into(), expected, found });
    }
    Ok(())
}

/// Reads a table in the order of its key, hashes it, and copies it when there is somewhere to.
async fn walk<E, A, B>(from: &A, to: Option<&B>, key: &str) -> Result<TableDigest, StoreError>
where
    E: EntityTrait<Model: Serialize + Clone + IntoActiveModel<E::ActiveModel>> + EntityName + Default,
    E::ActiveModel: Send,
    A: ConnectionTrait,
    B: ConnectionTrait,
{
    let table = E::default().table_name().to_owned();
    let unknown = || StoreError::BadValue { field: table.clone(), why: format!("no column {key}") };
    let column: E::Column = key.parse().map_err(|_| unknown())?;
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    let (mut rows, mut last) = (0, None);
    loop {
        let mut query = E::find().order_by(Expr::col(Alias::new(key)), Order::Asc).limit(CHUNK);
        if let Some(last) = last {
            query = query.filter(column.gt::<sea_orm::Value>(last));
        }
        let chunk = query.all(from).await?;
        last = chunk.last().map(|row| row.get(column));
        for row in &chunk {
            context.update(canonical::to_string(row)?.as_bytes());
            context.update(b"\n");
        }
        if let Some(to) = to {
            for rows in chunk.chunks(crate::write::ROWS) {
                let rows = rows.iter().map(|row| row.clone().into_active_model().reset_all());
                E::insert_many(rows).exec_without_returning(to).await?;
            }
        }
        rows += chunk.len() as u64;
        if (chunk.len() as u64) < CHUNK {
            break;
        }
    }
    let sha256 = crate::hash::Sha256::finish(context).to_string();
    Ok(TableDigest { table, rows, sha256 })
}

/// Fills the search index from the rows.
async fn reindex<C: ConnectionTrait>(conn: &C) -> Result<(), StoreError> {
    use crate::entity::{Record as _, Row as _};
    type Organisation = organisation::organisation::Entity;
    type Person = person::person::Entity;
    type System = system::system::Entity;
    let mut former: BTreeMap<Uuid, Vec<String>> = BTreeMap::new();
    let names = organisation::name::Entity::find().order_by_asc(organisation::name::Column::ValidUntil);
    for row in names.all(conn).await? {
        former.entry(row.organisation_id).or_default().push(row.name);
    }
    for row in Organisation::find().all(conn).await? {
        let former = former.get(&row.id).map_or(&[][..], Vec::as_slice);
        let text = crate::organisations::text(&row, former);
        crate::search::index(conn, Organisation::KIND, row.id(), &text).await?;
    }
    for row in Person::find().all(conn).await? {
        crate::search::index(conn, Person::KIND, row.id(), &crate::people::text(&row)).await?;
    }
    for row in System::find().all(conn).await? {
        crate::search::index(conn, System::KIND, row.id(), &crate::systems::text(&row)).await?;
    }
    Ok(())
}
