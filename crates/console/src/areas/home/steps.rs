//! What a person does next with an account or an installation that is not set up yet.

use bulwark_i18n::{args, date_time};
use bulwark_model::Lang;
use bulwark_model::rights::Role;
use bulwark_store::PageRequest;
use bulwark_store::audit::Verified;
use bulwark_store::entity::person::credential;
use serde_json::{Value, json};

use super::text;
use crate::app::App;
use crate::fault::Fault;
use crate::html::Html;
use crate::page::fill;
use crate::who::Who;

/// The audit log is to be verified again after so many days.
const VERIFY_DAYS: i64 = 7;

/// Adds the next steps, if there are any.
pub(super) async fn show(app: &App, who: &Who, out: &mut Html) -> Result<(), Fault> {
    let lang = who.lang();
    let mut steps: Vec<Value> = Vec::new();
    let mut step = |key: &str, why: String, href: &str| {
        steps.push(json!({
            "key": { "text": text(lang, key) }, "value": { "text": why },
            "actions": [{ "text": text(lang, "go"), "href": href }],
        }));
    };
    if let Some(key) = own_doors(&app.store.credentials(who.person.id).await?) {
        step(key, text(lang, &format!("{key}_why")), "/account");
    }
    if who.role() == Some(Role::Admin) {
        let one = PageRequest { rows: 1, ..PageRequest::default() };
        // The one that runs the platform is there from the first start on.
        if app.store.organisations(None, None, one).await?.total <= 1 {
            step("step_organisations", text(lang, "step_organisations_why"), "/organisations");
        }
        if app.store.holders_of(Role::Admin.code()).await? <= 1 {
            step("step_admin", text(lang, "step_admin_why"), "/people/invite");
        }
    }
    if who.may("audit.verify_chain")
        && let Some(why) = verify_why(lang, who, app.store.last_verification().await?.as_ref())
    {
        step("step_verify", why, "/audit/verify");
    }
    if !steps.is_empty() {
        out.h2("steps", &text(lang, "steps"));
        out.put(lang, "summary-list", json!({ "rows": steps }));
    }
    Ok(())
}

/// What is missing among the ways a person has to log in.
fn own_doors(held: &[credential::Model]) -> Option<&'static str> {
    let has = |kind: &str| held.iter().any(|row| row.kind == kind);
    match (has("passkey") || has("oidc"), has("password"), has("totp")) {
        (true, ..) | (false, true, true) => None,
        (false, true, false) => Some("step_code"),
        (false, false, _) => Some("step_way"),
    }
}

/// Why the log is to be verified; `None` while the last time was lately and well.
fn verify_why(lang: Lang, who: &Who, last: Option<&Verified>) -> Option<String> {
    let Some(last) = last else { return Some(text(lang, "step_verify_never")) };
    if last.report.bad.is_some() {
        return Some(text(lang, "step_verify_bad"));
    }
    let due = last.at.plus_ms(VERIFY_DAYS * 86_400_000);
    let time = date_time(last.at.into(), lang);
    (due <= who.now).then(|| fill(lang, "home.step_verify_old", &args![time = time]))
}
