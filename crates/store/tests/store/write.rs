//! One change: its row, its leaf, its message.

use bulwark_store::StoreError;
use bulwark_store::entity::organisation::organisation::{Entity, Model};

use crate::support::*;

#[tokio::test]
async fn a_change_is_there_after_the_answer() {
    let home = Home::sqlite();
    let store = home.open().await;
    let row = enter(&store, "A").await;
    assert_eq!(store.get::<Entity>(row.id).await.unwrap(), row);
    store.close().await;
    let store = home.open().await;
    assert_eq!(store.get::<Entity>(row.id).await.unwrap(), row);
}

#[tokio::test]
async fn a_stale_save_names_both_versions() {
    let home = Home::sqlite();
    let store = home.open().await;
    let row = enter(&store, "A").await;
    let (mine, theirs) = (Model { name: "甲".into(), ..row.clone() }, Model { name: "乙".into(), ..row });
    let save = |row: Model| {
        let store = store.clone();
        async move {
            store.write(&someone(), |tx| Box::pin(async move { tx.update::<Entity>("rename", row).await })).await
        }
    };
    assert_eq!(save(theirs).await.unwrap().version, 2);
    let error = save(mine).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict { mine: 1, theirs: 2, .. }), "{error}");
}
