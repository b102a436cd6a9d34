//! What the form about how long data is kept does. It takes a second person.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};

use super::{MOST_DAYS, pages};
use crate::app::App;
use crate::areas::edit::{ask, note};
use crate::areas::requests::Asked;
use crate::areas::requests::duty::Duty;
use crate::fault::Fault;
use crate::form::{Form, LINE, LINES};
use crate::who::Who;

/// `POST /retention/{class}`
pub(super) async fn change(
    State(app): State<Arc<App>>,
    who: Who,
    Path(code): Path<String>,
    mut form: Form,
) -> Result<Response, Fault> {
    let kept = pages::class(&app, &who, &code).await?;
    let days = days(&mut form);
    let reason = form.required("reason", LINES);
    let Some(days) = days.filter(|_| form.wrong().is_empty()) else {
        return Ok(pages::change_again(&who, &kept, &form));
    };
    if days == kept.days {
        form.refuse("days", "BW-WEB-066", &[]);
        return Ok(pages::change_again(&who, &kept, &form));
    }
    let version = form.shown("version").parse().unwrap_or(0);
    if version != kept.version {
        return Ok(pages::change_stale(&who, &kept, &mut form, version));
    }
    match ask(&app, &who, Duty::Retention { class: kept.rule.class, days }, &reason).await {
        Ok(Asked::Done(_)) => Ok(Redirect::to("/retention?done=1").into_response()),
        Ok(Asked::Waiting(request)) => Ok(Redirect::to(&format!("/requests/{request}")).into_response()),
        Err(fault) => {
            note(&mut form, fault)?;
            Ok(pages::change_again(&who, &kept, &form))
        }
    }
}

/// The days of the form: a whole number within the limits, with or without separators of thousands.
fn days(form: &mut Form) -> Option<u32> {
    let given = form.required("days", LINE);
    if given.is_empty() {
        return None;
    }
    let digits = given.replace(',', "");
    let days = if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None };
    let days = days.filter(|days| (1..=MOST_DAYS).contains(days));
    if days.is_none() {
        form.refuse("days", "BW-WEB-065", &[]);
    }
    days
}
