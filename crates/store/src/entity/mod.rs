//! The rows. These structs are the stored form, not the domain: engines never see them.
//!
//! Every table made with `table!` has a UUIDv7 `id` and a `version` for optimistic locking, and is written
//! through [`crate::Tx`] only.

pub mod access;
pub mod audit;
pub mod organisation;
pub mod person;
pub mod system;
pub mod two_person;
pub mod work;

use sea_orm::{EntityTrait, IntoActiveModel};
use serde::Serialize;
use uuid::Uuid;

/// A table whose rows have an id and a version.
pub trait Record:
    EntityTrait<Model: Row + Serialize + IntoActiveModel<Self::ActiveModel> + Send + Sync> + Send + Sync
{
    /// The name of the table; also the first part of audit actions and objects.
    const KIND: &'static str;
}

/// A row with an id and a version.
pub trait Row: Clone {
    /// UUIDv7, or the id of the row it belongs to one to one.
    fn id(&self) -> Uuid;
    /// Counts the changes, from 1.
    fn version(&self) -> i64;
    /// Sets the version.
    fn set_version(&mut self, version: i64);
    /// The organisation whose matter it is, when the row names one.
    fn owner(&self) -> Option<Uuid>;
}

/// Declares one table: its module with `Model`, `Entity`, `Column` and what makes it a [`Record`].
macro_rules! table {
    ($(#[$doc:meta])* $name:ident = $table:literal $(of $owner:ident)? { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        pub mod $name {
            use sea_orm::entity::prelude::*;

            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq, sea_orm::DeriveEntityModel, serde::Serialize)]
            #[sea_orm(table_name = $table)]
            pub struct Model {
                /// UUIDv7.
                #[sea_orm(primary_key, auto_increment = false)]
                pub id: Uuid,
                /// Counts the changes, from 1.
                pub version: i64,
                $($(#[$field_doc])* pub $field: $type,)*
            }

            /// Joins are written out where they are needed.
            #[derive(Copy, Clone, Debug, sea_orm::EnumIter, sea_orm::DeriveRelation)]
            pub enum Relation {}

            impl sea_orm::ActiveModelBehavior for ActiveModel {}

            impl $crate::entity::Record for Entity {
                const KIND: &'static str = $table;
            }

            impl $crate::entity::Row for Model {
                fn id(&self) -> Uuid {
                    self.id
                }

                fn version(&self) -> i64 {
                    self.version
                }

                fn set_version(&mut self, version: i64) {
                    self.version = version;
                }

                fn owner(&self) -> Option<Uuid> {
                    $crate::entity::owner!(self $($owner)?)
                }
            }
        }
    };
}

/// The owner of a row: the field named after `of` in [`table!`], or nobody.
macro_rules! owner {
    ($row:ident) => {
        None
    };
    ($row:ident $field:ident) => {
        Some($row.$field)
    };
}
pub(crate) use {owner, table};
