//! One's own account: ways to log in, role acted in, devices, tokens of programs.

mod credentials;
mod pages;
mod tokens;

pub(crate) use self::credentials::fresh;

use crate::route::Routes;

/// The routes.
pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get("/account", "account.self", pages::show)
        .post("/account/role", "account.self", pages::act_as)
        .get("/account/passkey", "account.self", credentials::passkey)
        .post("/account/passkey/start", "account.self", credentials::begin_passkey)
        .post("/account/passkey/finish", "account.self", credentials::add_passkey)
        .get("/account/password", "account.self", credentials::password)
        .post("/account/password", "account.self", credentials::set_password)
        .post("/account/provider", "account.self", crate::areas::sign_in::oidc::link)
        .get("/account/codes", "account.self", credentials::codes)
        .post("/account/codes", "account.self", credentials::set_codes)
        .post("/account/credentials/{id}/remove", "account.self", credentials::remove)
        .get("/account/tokens/new", "token.create", tokens::new)
        .post("/account/tokens/new", "token.create", tokens::make)
        .post("/account/tokens/{id}/revoke", "token.revoke", tokens::revoke)
}
