//! Many people at once from a table: looked at first, entered after a second press, never more than what was shown.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use bulwark_i18n::args;
use bulwark_model::rights::Role;
use bulwark_model::{Diagnostic, Lang};
use bulwark_sheet::Table;
use bulwark_store::{NewPerson, StoreError, Uuid};
use serde_json::{Value, json};

use super::change::{INVITATION_MS, good_email, good_login};
use crate::app::App;
use crate::areas::requests::duty::Duty;
use crate::areas::requests::submit;
use crate::fault::{Fault, message};
use crate::form::{Form, LINE};
use crate::html::{Html, component};
use crate::list::file;
use crate::page::{Page, fill, say};
use crate::upload::{Parts, columns, receive, table};
use crate::who::Who;

/// Rows of one import: each is an account of its own, and a link to hand over.
const MOST: usize = 500;

fn text(lang: Lang, key: &str) -> String {
    say(lang, &format!("people.{key}"))
}

/// A row that can be entered.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct Entry {
    line: u32,
    name: String,
    login: String,
    email: Option<String>,
    organisation: Uuid,
    role: String,
}

/// Whether a name may be one: as in the form for one person.
fn good_name(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= LINE && !name.chars().any(char::is_control)
}

/// `GET /people/import`
pub(super) async fn show(who: Who) -> Result<Response, Fault> {
    Ok(ask(&who, &[]))
}

fn ask(who: &Who, errors: &[Diagnostic]) -> Response {
    let lang = who.lang();
    let mut page = Page::new("people", text(lang, "import"))
        .below(text(lang, "title"), "/people")
        .narrow()
        .errors(errors);
    page.main.p(&text(lang, "import_lead"));
    page.main.p(&text(lang, "import_columns"));
    let mut inner = Html::default();
    let mut params = json!({
        "id": "file", "name": "file", "label": { "text": text(lang, "file") }, "formats": "CSV、ODS、XLSX",
        "accept": ".csv,.ods,.xlsx", "max_mb": 20,
    });
    if let Some(error) = crate::page::error_of(lang, errors, "file") {
        params["error"] = error;
    }
    inner.put(lang, "file-upload", params);
    inner.put(lang, "button", json!({ "text": text(lang, "import_look"), "once": true }));
    page.main.file_form("/people/import", &who.csrf, &inner);
    page.show(who)
}

/// `POST /people/import`: looks, and enters nothing.
pub(super) async fn look(State(app): State<Arc<App>>, who: Who, parts: Parts) -> Result<Response, Fault> {
    let read = async {
        let upload = receive(&who, parts).await?;
        table(&app, upload).await
    };
    let (table, notes) = match read.await {
        Ok(read) => read,
        Err(Fault::Bad(errors)) => return Ok(ask(&who, &errors)),
        Err(other) => return Err(other),
    };
    match judge(&app, &who, &table).await {
        Ok((entries, problems)) => show_found(&who, &entries, &problems, &notes),
        Err(Fault::Bad(errors)) => Ok(ask(&who, &errors)),
        Err(other) => Err(other),
    }
}

/// Which rows can be entered, and why the others cannot.
async fn judge(app: &App, who: &Who, table: &Table) -> Result<(Vec<Entry>, Vec<(u32, Diagnostic)>), Fault> {
    let found = columns(
        table,
        [
            &["姓名", "name"][..],
            &["登入名稱", "login"],
            &["機關代碼", "organisation"],
            &["角色", "role"],
            &["", "電子郵件", "email"],
        ],
    )?;
    if table.rows.len() > MOST {
        let values = args![most = MOST, found = table.rows.len()];
        return Err(Fault::Bad(vec![message("BW-WEB-104", &values).at_named("file")]));
    }
    let (mut entries, mut problems) = (Vec::new(), Vec::new());
    let mut logins = BTreeSet::new();
    for row in &table.rows {
        let cell = |n: usize| found[n].and_then(|at| row.cells.get(at)).map_or("", |text| text.trim());
        let (name, login, code, role) = (cell(0), cell(1).to_lowercase(), cell(2), cell(3));
        let email = Some(cell(4)).filter(|text| !text.is_empty());
        let mut refuse =
            |code: &str, values: &[(&str, String)]| problems.push((row.line, message(code, values)));
        let too_long = [name, code, role, cell(4)].iter().any(|text| text.chars().count() > LINE);
        let parsed = Role::ALL.iter().find(|known| {
            let label = known.label();
            known.code() == role || label.zh_tw == role || label.en == role
        });
        if too_long {
            refuse("BW-WEB-011", &args![longest = LINE, count = name.chars().count()]);
        } else if name.is_empty() || login.is_empty() || code.is_empty() {
            refuse("BW-WEB-010", &[]);
        } else if !good_name(name) {
            refuse("BW-WEB-012", &[]);
        } else if !good_login(&login) {
            refuse("BW-WEB-040", &[]);
        } else if email.is_some_and(|email| !good_email(email)) {
            refuse("BW-WEB-041", &[]);
        } else if parsed == Some(&Role::Auditor) {
            refuse("BW-WEB-049", &[]);
        } else if let Some(role) = parsed.filter(|role| **role != Role::System) {
            let Some(at) = app.store.organisation_by_code(code).await? else {
                refuse("BW-WEB-042", &args![code = code]);
                continue;
            };
            let resource = app.store.resource_of(at.id).await?;
            if !who.could("people.invite", &resource) {
                // Told apart from an unknown code: everyone may know which organisations there are.
                refuse("BW-WEB-105", &args![code = code]);
            } else if !logins.insert(login.clone()) || app.store.person_by_login(&login).await?.is_some() {
                refuse("BW-WEB-044", &[]);
            } else {
                entries.push(Entry {
                    line: row.line,
                    name: name.to_owned(),
                    login,
                    email: email.map(str::to_owned),
                    organisation: at.id,
                    role: role.code().to_owned(),
                });
            }
        } else {
            refuse("BW-WEB-043", &[]);
        }
    }
    Ok((entries, problems))
}

fn show_found(
    who: &Who,
    entries: &[Entry],
    problems: &[(u32, Diagnostic)],
    notes: &[Diagnostic],
) -> Result<Response, Fault> {
    let lang = who.lang();
    let mut page = Page::new("people", text(lang, "import_found")).below(text(lang, "title"), "/people");
    page.main.p(&fill(lang, "people.import_counts", &args![good = entries.len(), bad = problems.len()]));
    if !problems.is_empty() {
        let rows: Vec<Value> = problems
            .iter()
            .map(|(line, problem)| {
                json!({ "cells": [{ "text": line.to_string(), "number": true }, { "text": problem.what.get(lang) }, { "text": problem.hint.get(lang) }] })
            })
            .collect();
        grid(lang, "problems", "import_problems", ["line", "problem", "hint"], &rows, &mut page.main);
    }
    if !notes.is_empty() {
        let items: Vec<String> = notes.iter().take(50).map(|note| note.render(lang)).collect();
        let more = json!({ "summary": { "text": text(lang, "import_notes") }, "text": items.join("\n") });
        page.main.put(lang, "details", more);
    }
    if entries.is_empty() {
        page.main.put(
            lang,
            "button",
            json!({ "text": text(lang, "import_again"), "href": "/people/import" }),
        );
    } else {
        let rows: Vec<Value> = entries
            .iter()
            .map(|entry| {
                let role = entry.role.parse::<Role>().map_or_else(|_| entry.role.clone(), |role| who.say(&role.label()));
                json!({ "cells": [{ "text": entry.line.to_string(), "number": true }, { "text": entry.name }, { "text": entry.login }, { "text": role }] })
            })
            .collect();
        grid(lang, "entries", "import_entries", ["line", "name", "login", "role"], &rows, &mut page.main);
        let mut inner = Html::default();
        let kept = serde_json::to_string(entries).map_err(|error| Fault::Defect(error.to_string()))?;
        inner.hidden("entries", &kept);
        inner.put(
            lang,
            "textarea",
            json!({
                "id": "reason", "name": "reason", "label": { "text": text(lang, "reason"), "optional": true },
                "hint": { "text": text(lang, "reason_hint") }, "rows": 3,
            }),
        );
        inner.put(lang, "button", json!({ "text": text(lang, "import_send"), "once": true }));
        let once = entries.iter().fold(String::new(), |all, entry| all + &entry.login + "\n");
        let once = bulwark_store::hash::Sha256::of(once.as_bytes()).to_string();
        page.main.form("/people/import/enter", &who.csrf, Some(&once), &inner);
    }
    Ok(page.show(who))
}

fn grid<const N: usize>(
    lang: Lang,
    id: &str,
    caption: &str,
    head: [&str; N],
    rows: &[Value],
    out: &mut Html,
) {
    out.h2(&format!("{id}-title"), &text(lang, caption));
    let head: Vec<Value> = head.iter().map(|key| json!({ "text": text(lang, key) })).collect();
    out.push(&component(lang, "table", json!({
        "id": id, "caption": { "text": text(lang, caption) }, "caption_hidden": true, "head": head, "rows": rows,
    })));
}

/// `POST /people/import/enter`: enters what was shown. Everything is decided anew: the page is only a proposal.
pub(super) async fn enter(State(app): State<Arc<App>>, who: Who, mut form: Form) -> Result<Response, Fault> {
    let lang = who.lang();
    let entries: Vec<Entry> = serde_json::from_str(&form.shown("entries")).map_err(|_| Fault::Form)?;
    let reason = form.optional("reason", crate::form::LINES).unwrap_or_default();
    form.checked()?;
    if entries.len() > MOST {
        return Err(Fault::Form);
    }
    // All of them first: what is refused leaves nothing half entered.
    for entry in &entries {
        let role = entry.role.parse::<Role>().map_err(|_| Fault::Form)?;
        let good = good_login(&entry.login)
            && entry.email.as_deref().is_none_or(good_email)
            && good_name(&entry.name);
        if !good || matches!(role, Role::System | Role::Auditor) {
            return Err(Fault::Form);
        }
        let resource = app.store.resource_of(entry.organisation).await?;
        who.allow(&app, "people.invite", &resource, &format!("organisation/{}", entry.organisation)).await?;
    }
    let mut out = Vec::new();
    for entry in entries {
        let role = entry.role.parse::<Role>().map_err(|_| Fault::Form)?;
        let (store, actor) = (app.store.clone(), who.actor(&app, Some(&reason)));
        let new = NewPerson {
            login: entry.login.clone(),
            name: entry.name.clone(),
            organisation: entry.organisation,
            email: entry.email,
        };
        let entered = app.store.write(&actor, move |tx| {
            Box::pin(async move {
                let id = tx.add_person(&store, new).await?.id;
                let until = tx.now().plus_ms(INVITATION_MS);
                Ok((id, tx.make_link(id, "invite", until).await?.1))
            })
        });
        let (link, state) = match entered.await {
            Ok((id, token)) => {
                let duty = Duty::GrantRole {
                    person: id,
                    role: role.code().into(),
                    organisation: entry.organisation,
                    sector: None,
                    until: None,
                };
                let state = match submit(&app, &who, duty, &reason).await {
                    Ok(crate::areas::requests::Asked::Done(_)) => text(lang, "role_given"),
                    Ok(crate::areas::requests::Asked::Waiting(_)) => text(lang, "role_waits"),
                    Err(fault) => fault.diagnostics("").iter().map(|d| d.what.get(lang).to_owned()).collect(),
                };
                (format!("{}/link/{}", app.settings.origin, token.reveal()), state)
            }
            // Sent twice, or entered by someone else in between.
            Err(StoreError::Duplicate(_)) => {
                (String::new(), message("BW-WEB-044", &[]).what.get(lang).to_owned())
            }
            Err(error) => return Err(error.into()),
        };
        out.push([entry.login, entry.name, link, state]);
    }
    // The links are in the file that comes back, once, and nowhere else.
    let head = ["login", "name", "link_column", "state"].map(|key| text(lang, key));
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let rows = out.iter().map(|row| row.iter().map(|text| bulwark_sheet::Value::from(text.as_str())));
    let bytes = bulwark_sheet::csv(&head, rows);
    Ok(file("invitations.csv", "text/csv; charset=utf-8", bytes))
}
