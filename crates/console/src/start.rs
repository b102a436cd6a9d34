//! The first account, and the way back in for whoever runs the machine.

use bulwark_model::rights::Role;
use bulwark_store::entity::person::person;
use bulwark_store::{Actor, NewOrganisation, NewPerson, Store, StoreError, Token};

/// How long the first link works: the machine room is at hand.
const FIRST_HOURS: i64 = 24;
/// How long a link made on the machine itself works.
const MACHINE_HOURS: i64 = 1;

/// A link to hand over once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstLink {
    /// Log-in name of the account it opens.
    pub login: String,
    /// The secret; the link is `ORIGIN/link/SECRET`.
    pub token: Token,
}

/// On an empty store: makes the organisation that runs the platform and its first administrator, who has no password
/// but a link that works once. `None` when there are accounts already.
///
/// # Errors
/// As [`Store::write`].
pub async fn first_start(store: &Store, today: jiff::civil::Date) -> Result<Option<FirstLink>, StoreError> {
    if !store.is_empty().await? {
        return Ok(None);
    }
    let actor = Actor { reason: Some("first start".into()), ..Actor::system("first-start") };
    let inner = store.clone();
    let token = store.write(&actor, move |tx| {
        Box::pin(async move {
            let platform = NewOrganisation {
                code: "platform".into(),
                name: "平臺維運單位".into(),
                kind: "team".into(),
                sector: None,
                parent: None,
                from: today,
            };
            let organisation = tx.add_organisation(platform).await?.id;
            let admin =
                NewPerson {
                    login: "admin".into(), name: "系統管理者".into(), organisation, email: None
                };
            let admin = tx.add_person(&inner, admin).await?;
            tx.grant(admin.id, Role::Admin.code(), organisation, None, None).await?;
            let until = tx.now().plus_ms(FIRST_HOURS * 3_600_000);
            Ok(tx.make_link(admin.id, "first", until).await?.1)
        })
    });
    Ok(Some(FirstLink { login: "admin".into(), token: token.await? }))
}

/// A new link for an account, made by whoever may write to the machine itself: the way back in when no administrator
/// can log in. It ends every session of the account.
///
/// # Errors
/// [`StoreError::NotFound`] for an unknown log-in name.
pub async fn recovery_link(store: &Store, login: &str, reason: &str) -> Result<FirstLink, StoreError> {
    let unknown = || StoreError::NotFound { kind: "person", id: login.to_owned() };
    let account: person::Model = store.person_by_login(login).await?.ok_or_else(unknown)?;
    let actor = Actor { reason: Some(reason.to_owned()), ..Actor::system("machine") };
    let token = store.write(&actor, move |tx| {
        Box::pin(async move {
            let until = tx.now().plus_ms(MACHINE_HOURS * 3_600_000);
            tx.revoke_sessions_of(account.id, None).await?;
            tx.revoke_api_tokens_of(account.id).await?;
            Ok(tx.make_link(account.id, "recover", until).await?.1)
        })
    });
    Ok(FirstLink { login: login.to_owned(), token: token.await? })
}
