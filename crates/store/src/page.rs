//! Lists, page by page: from a key on, never by counting rows. Ids ascend with time, so newest first is by id.

use sea_orm::sea_query::{Alias, Expr, ExprTrait, SimpleExpr};
use sea_orm::{Order, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::entity::{Record, Row};
use crate::{Store, StoreError};

/// The longest page.
pub const MAX_ROWS: u64 = 200;

/// Which page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PageRequest {
    /// The last id of the page before; empty for the first page.
    pub after: Option<Uuid>,
    /// Rows wanted; at most [`MAX_ROWS`], at least 1.
    pub rows: u64,
}

/// One page, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where the next page begins; empty on the last one.
    pub next: Option<Uuid>,
}

impl Store {
    /// One page of a table, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn page<E: Record>(&self, request: PageRequest) -> Result<Page<E::Model>, StoreError> {
        self.page_where::<E>(Expr::val(1).eq(1), request).await
    }

    /// One page of the rows that meet a condition.
    pub(crate) async fn page_where<E: Record>(
        &self,
        condition: SimpleExpr,
        request: PageRequest,
    ) -> Result<Page<E::Model>, StoreError> {
        let count = request.rows.clamp(1, MAX_ROWS);
        let id = || Expr::col((Alias::new(E::KIND), Alias::new("id")));
        let mut query = E::find().filter(condition).order_by(id(), Order::Desc).limit(count + 1);
        if let Some(after) = request.after {
            query = query.filter(id().lt(after));
        }
        let mut rows = query.all(self.reader()).await?;
        let more = rows.len() as u64 > count;
        rows.truncate(usize::try_from(count).unwrap_or(usize::MAX));
        let next = rows.last().map(Row::id).filter(|_| more);
        Ok(Page { rows, next })
    }
}
