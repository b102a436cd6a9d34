//! Tables of the audit log; written by the writer only.

/// A leaf of the Merkle tree.
pub mod leaf {
    use sea_orm::entity::prelude::*;

    /// A leaf.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize)]
    #[sea_orm(table_name = "audit_leaf")]
    pub struct Model {
        /// Position, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub seq: i64,
        /// What it is about, `kind/id`; repeated from the leaf for the search by object.
        pub object: String,
        /// Whose matter it is: the owner of the object, else the acting organisation. For lists; not in the leaf.
        pub owner: Option<Uuid>,
        /// The person, repeated from the leaf for the search by person.
        pub actor: Option<Uuid>,
        /// Canonical JSON.
        pub leaf: String,
        /// RFC 6962 leaf hash, hexadecimal; says which side was altered when database and file differ.
        pub hash: String,
    }

    /// None.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Personal text beside the tree; may be erased.
pub mod text {
    use sea_orm::entity::prelude::*;

    /// The reason of an act.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize)]
    #[sea_orm(table_name = "audit_text")]
    pub struct Model {
        /// The leaf.
        #[sea_orm(primary_key, auto_increment = false)]
        pub seq: i64,
        /// Salt of the hash in the leaf, hexadecimal.
        pub salt: String,
        /// The text.
        pub text: String,
    }

    /// None.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Signed roots.
pub mod checkpoint {
    use sea_orm::entity::prelude::*;

    /// A signed root.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize)]
    #[sea_orm(table_name = "audit_checkpoint")]
    pub struct Model {
        /// Leaves under it.
        #[sea_orm(primary_key, auto_increment = false)]
        pub size: i64,
        /// The signed note.
        pub note: String,
    }

    /// None.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Where the tree stands, so that a start need not read it all.
pub mod head {
    use sea_orm::entity::prelude::*;

    /// The only row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize)]
    #[sea_orm(table_name = "audit_head")]
    pub struct Model {
        /// Always 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        /// Number of leaves.
        pub size: i64,
        /// Roots of the complete subtrees, largest first, hexadecimal, separated by spaces.
        pub peaks: String,
    }

    /// None.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
