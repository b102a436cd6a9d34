//! `/csp-report`: what a browser kept from a page of ours. There is nothing on our pages that it should keep, so every
//! report is either a hole found and stopped, or something that sits in the browser.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use serde_json::Value;

use crate::app::App;
use crate::fault::Fault;
use crate::route::Routes;
use crate::who::Visitor;

/// Longest report.
const BYTES: usize = 16 * 1024;

/// The routes.
pub(crate) fn routes(routes: Routes) -> Routes {
    const WHY: &str = "browsers send it on their own, before and after log-in";
    routes.open(Method::POST, "/csp-report", WHY, report)
}

/// `POST /csp-report`
async fn report(
    State(app): State<Arc<App>>,
    Visitor(visit): Visitor,
    body: Bytes,
) -> Result<StatusCode, Fault> {
    if body.len() > BYTES {
        return Err(Fault::TooLarge);
    }
    app.limits.log_in(visit.address, "csp-report", app.store.now()).map_err(Fault::TooMany)?;
    let report: Value = serde_json::from_slice(&body).map_err(|_| Fault::Form)?;
    App::note(&visit.request_id, &line(&report));
    Ok(StatusCode::NO_CONTENT)
}

/// A report in one line: which rule, where, what. Queries are left out: they may hold what someone looked for.
fn line(report: &Value) -> String {
    let inner = report.get("csp-report").unwrap_or(report);
    let part = |name: &str| {
        let text = inner.get(name).and_then(Value::as_str).unwrap_or_default();
        let text = text.split(['?', '#']).next().unwrap_or_default();
        text.chars().filter(|c| !c.is_control()).take(200).collect::<String>()
    };
    format!(
        "kept back by {} on {}: {}",
        part("violated-directive"),
        part("document-uri"),
        part("blocked-uri")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_one_line_without_queries() {
        let report = serde_json::json!({ "csp-report": {
            "violated-directive": "script-src\nrequest 1: forged", "document-uri": "http://localhost/people?q=secret",
            "blocked-uri": "inline",
        } });
        let expected = "kept back by script-srcrequest 1: forged on http://localhost/people: inline";
        assert_eq!(line(&report), expected);
        assert_eq!(line(&Value::Null), "kept back by  on : ");
    }
}
