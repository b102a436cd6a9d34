//! Emergency access: the list, asking for one, and the alerts while one is open.

mod change;
mod pages;

use bulwark_i18n::{args, number};
use bulwark_model::Lang;
use bulwark_model::rights::Role;
use bulwark_store::entity::two_person::break_glass;
use bulwark_store::{PageRequest, StoreError, Timestamp, Uuid};
use serde_json::json;

use crate::app::App;
use crate::areas::audit::{Names, Seen};
use crate::fault::Fault;
use crate::html::Html;
use crate::page::{fill, say};
use crate::route::Routes;
use crate::who::Who;

/// Alerts of open accesses shown at most; the rest is counted.
const ALERTS: usize = 3;

/// The routes.
pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get("/emergency-access", "break_glass.read", pages::list)
        .get("/emergency-access/request", "break_glass.request", pages::request)
        .post("/emergency-access/request", "break_glass.request", change::request)
        .get("/emergency-access/{id}", "break_glass.read", pages::show)
}

fn text(lang: Lang, key: &str) -> String {
    say(lang, &format!("emergency_access.{key}"))
}

/// How long something still holds, rounded up to a minute so that what is open never shows nothing left.
fn left(lang: Lang, until: Timestamp, now: Timestamp) -> String {
    let micros = until.as_micros().saturating_sub(now.as_micros()).max(0);
    let minutes = (micros + 59_999_999) / 60_000_000;
    fill(lang, "emergency_access.left", &args![hours = minutes / 60, minutes = minutes % 60])
}

/// An alert for each emergency access that is open now, is not the reader's own, and is the reader's to know of.
pub(crate) async fn alerts(app: &App, who: &Who) -> Result<Html, Fault> {
    let lang = who.lang();
    let mut out = Html::default();
    if !who.may("break_glass.read") {
        return Ok(out);
    }
    let request = PageRequest { rows: 20, ..PageRequest::default() };
    let open = app.store.emergency_access_list(&who.scope("break_glass.read"), true, request).await?;
    let open: Vec<break_glass::Model> = open
        .page
        .rows
        .into_iter()
        .filter(|row| row.person_id != who.person.id && row.valid_from <= who.now)
        .collect();
    let mut seen = Seen::default();
    for row in &open {
        seen.person(Some(row.person_id)).place(Some(row.owner_id));
    }
    let names = Names::of(app, who, seen).await?;
    for row in open.iter().take(ALERTS) {
        let own = row.owner_id == who.organisation.id;
        let title = args![
            person = names.person(Some(row.person_id)),
            organisation = names.place(Some(row.owner_id)),
            left = left(lang, row.valid_until, who.now)
        ];
        let key = if own { "emergency_access.alert_title" } else { "emergency_access.alert_other" };
        let alert = json!({
            "state": if own { "danger" } else { "caution" },
            "title": { "text": fill(lang, key, &title) },
            "text": fill(lang, "emergency_access.alert_text", &args![reason = row.reason]),
            "link": { "text": text(lang, "alert_link"), "href": format!("/emergency-access/{}", row.id) },
            "id": format!("glass-{}", row.id.simple()),
        });
        out.put(lang, "site-alert", alert);
    }
    if open.len() > ALERTS {
        let more = number((open.len() - ALERTS) as u64);
        out.p(&fill(lang, "emergency_access.alert_more", &args![count = more]));
        out.link("/emergency-access?state=open", &text(lang, "alert_all"));
    }
    Ok(out)
}

/// What reminds a person of their own open emergency accesses, for the head of every page. It asks the database only
/// for the service team: nobody else can have one.
///
/// # Errors
/// Those of the database.
pub(crate) async fn banner(app: &App, who: &Who) -> Result<Html, StoreError> {
    let lang = who.lang();
    let mut out = Html::default();
    if !who.role().is_some_and(Role::is_service_team) {
        return Ok(out);
    }
    let open = app.store.emergency_accesses_of(who.person.id).await?;
    if open.is_empty() {
        return Ok(out);
    }
    let ids: Vec<Uuid> = open.iter().map(|row| row.owner_id).collect();
    let places = app.store.organisations_named(&ids).await?;
    for row in &open {
        let place =
            places.iter().find(|place| place.id == row.owner_id).map_or("", |place| place.name.as_str());
        let title = args![organisation = place, left = left(lang, row.valid_until, who.now)];
        let alert = json!({
            "state": "caution",
            "title": { "text": fill(lang, "emergency_access.own_title", &title) },
            "text": text(lang, "own_text"),
            "link": { "text": text(lang, "alert_link"), "href": format!("/emergency-access/{}", row.id) },
            "id": format!("own-glass-{}", row.id.simple()),
        });
        out.put(lang, "site-alert", alert);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_never_shows_nothing_left() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        for (until, shown) in [
            (14_400, "剩 4 小時 0 分"),
            (11_520, "剩 3 小時 12 分"),
            (11_461, "剩 3 小時 12 分"),
            (1, "剩 0 小時 1 分"),
            (0, "剩 0 小時 0 分"),
            (-5, "剩 0 小時 0 分"),
        ] {
            assert_eq!(left(Lang::ZhTw, at(until), at(0)), shown);
        }
    }
}
