//! Lists, page by page: from a key on, never by counting rows. Ids ascend with time, so newest first is by id.

use sea_orm::sea_query::{Alias, Condition, Expr, ExprTrait};
use sea_orm::{Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::entity::{Record, Row};
use crate::{Store, StoreError};

/// The longest page.
pub const MAX_ROWS: u64 = 200;

/// How far a list is counted. Beyond, the exact number is worth less than the time it takes.
pub const MAX_COUNT: u64 = 10_000;

/// Which page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PageRequest {
    /// The last id of the page before; empty for the first page.
    pub after: Option<Uuid>,
    /// The first id of the page after, to go back; wins over `after`.
    pub before: Option<Uuid>,
    /// Rows wanted; at most [`MAX_ROWS`], at least 1.
    pub rows: u64,
}

/// One page, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// `after` of the next page; empty on the last one.
    pub next: Option<Uuid>,
    /// `before` of the page before; empty on the first one.
    pub previous: Option<Uuid>,
}

impl<T> Page<T> {
    /// The same page of something made from each row.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { rows: self.rows.into_iter().map(change).collect(), next: self.next, previous: self.previous }
    }
}

impl Store {
    /// One page of a table, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn page<E: Record>(&self, request: PageRequest) -> Result<Page<E::Model>, StoreError> {
        self.page_where::<E>(Condition::all(), request).await
    }

    /// One page of the rows that meet a condition.
    pub(crate) async fn page_where<E: Record>(
        &self,
        condition: Condition,
        request: PageRequest,
    ) -> Result<Page<E::Model>, StoreError> {
        let count = request.rows.clamp(1, MAX_ROWS);
        let id = || Expr::col((Alias::new(E::KIND), Alias::new("id")));
        let order = if request.before.is_some() { Order::Asc } else { Order::Desc };
        let mut query = E::find().filter(condition).order_by(id(), order).limit(count + 1);
        match request {
            PageRequest { before: Some(before), .. } => query = query.filter(id().gt(before)),
            PageRequest { after: Some(after), .. } => query = query.filter(id().lt(after)),
            PageRequest { .. } => {}
        }
        let mut rows = query.all(self.reader()).await?;
        let more = rows.len() as u64 > count;
        rows.truncate(usize::try_from(count).unwrap_or(usize::MAX));
        let back = request.before.is_some();
        if back {
            rows.reverse();
        }
        let next = rows.last().map(Row::id).filter(|_| more || back);
        let previous = rows.first().map(Row::id).filter(|_| if back { more } else { request.after.is_some() });
        Ok(Page { rows, next, previous })
    }

    /// How many rows meet a condition; [`MAX_COUNT`] + 1 stands for more than that.
    pub(crate) async fn count_where<E: Record>(&self, condition: Condition) -> Result<u64, StoreError> {
        Ok(E::find().filter(condition).limit(MAX_COUNT + 1).count(self.reader()).await?)
    }
}
