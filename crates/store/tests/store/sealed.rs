//! Secrets are not in the database (threat T2).

use bulwark_store::entity::person::person::{Entity as Person, Model};
use bulwark_store::{NewCredential, NewPerson, Place, Store};

use crate::support::*;

const SECRET: &str = "planted-secret-7f3a@example.gov.tw";

async fn with_secrets(home: &Home) -> (Store, [Model; 2]) {
    let store = home.open().await;
    let organisation = enter(&store, "A", None).await.id;
    let inner = store.clone();
    let people = store
        .write(&someone(), move |tx| {
            Box::pin(async move {
                let new = |login: &str, email: &str| NewPerson {
                    login: login.into(),
                    name: login.into(),
                    organisation,
                    email: Some(email.into()),
                };
                let first = tx.add_person(&inner, new("a", SECRET)).await?;
                let second = tx.add_person(&inner, new("b", "b@example.gov.tw")).await?;
                tx.add_credential(&inner, first.id, "totp", NewCredential::Totp { secret: SECRET.into(), used: "1".into() }).await?;
                Ok([first, second])
            })
        })
        .await
        .unwrap();
    (store, people)
}

on_both! {
    async fn a_sealed_value_opens_in_its_place_only(home: Home) {
        let (store, [first, second]) = with_secrets(&home).await;
        assert_eq!(store.email(&first).await.unwrap().as_deref(), Some(SECRET));
        let swapped = Model { email: second.email.clone(), ..first.clone() };
        assert_eq!(store.email(&swapped).await.unwrap_err().code(), "BW-STORE-014");
        let mut altered = first.clone();
        altered.email.as_mut().unwrap()[20] ^= 1;
        assert_eq!(store.email(&altered).await.unwrap_err().code(), "BW-STORE-014");
        let short = Model { email: Some(vec![1, 2]), ..first.clone() };
        assert_eq!(store.email(&short).await.unwrap_err().code(), "BW-STORE-014");
        let key = store.data_key(first.organisation_id).await.unwrap();
        let elsewhere = Place::of::<Person>("name", first.id);
        assert!(key.open(elsewhere, first.email.as_deref().unwrap()).is_err());
        store.close().await;
        std::fs::remove_file(home.config.dir.join("master.key")).unwrap();
        let store = home.open().await;
        assert_eq!(store.email(&first).await.unwrap_err().code(), "BW-STORE-014", "another master key");
    }
}

#[tokio::test]
async fn no_file_of_the_store_holds_a_secret() {
    let home = Home::sqlite();
    let (store, _) = with_secrets(&home).await;
    let found = |needle: &str| {
        let mut files = std::fs::read_dir(&home.config.dir).unwrap().map(|entry| entry.unwrap().path());
        files.any(|path| {
            let content = std::fs::read(path).unwrap_or_default();
            content.windows(needle.len()).any(|part| part == needle.as_bytes())
        })
    };
    assert!(found("agency_officer"), "the files are looked into");
    assert!(!found(SECRET));
    store.close().await;
    assert!(!found(SECRET));
}
