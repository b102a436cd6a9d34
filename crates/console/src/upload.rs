//! Uploaded tables: read from the form with limits, parsed in a child process behind the kernel's walls (threat T6).

use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, Multipart, Request};
use bulwark_model::Diagnostic;
use bulwark_sandbox::{Job, run};
use bulwark_sheet::{Limits, Table, wire};
use tokio::sync::Semaphore;

use crate::app::App;
use crate::fault::{Fault, message, wrong};
use crate::form::same;
use crate::who::Who;

/// Files read at once: each child may use up to 1 GiB.
const AT_ONCE: usize = 2;
static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);
/// How long one may be read: less than a request may take.
const WALL_MS: u64 = 45_000;

/// A file as it came.
pub(crate) struct Upload {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// The parts of a form with a file.
pub(crate) struct Parts(Multipart);

impl<S: Send + Sync> FromRequest<S> for Parts {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        Multipart::from_request(request, state).await.map(Self).map_err(|_| Fault::Form)
    }
}

/// Reads a form of one file, `file`, after its proof, `csrf`.
pub(crate) async fn receive(who: &Who, Parts(mut parts): Parts) -> Result<Upload, Fault> {
    let mut proven = false;
    while let Some(part) = parts.next_field().await.map_err(|error| broken(&error))? {
        match part.name() {
            Some("csrf") => {
                let given = part.bytes().await.map_err(|error| broken(&error))?;
                proven = same(given.as_ref(), who.csrf.as_bytes());
            }
            Some("file") if proven => {
                // What the browser calls the file is told to people and used for nothing else.
                let name = part
                    .file_name()
                    .unwrap_or_default()
                    .chars()
                    .filter(|c| !c.is_control())
                    .take(120)
                    .collect();
                let bytes = part.bytes().await.map_err(|error| broken(&error))?.to_vec();
                if bytes.is_empty() {
                    return Err(Fault::Bad(vec![wrong("file", "BW-WEB-100", &[])]));
                }
                return Ok(Upload { name, bytes });
            }
            Some("file") => return Err(Fault::Form),
            _ => {}
        }
    }
    if proven { Err(Fault::Bad(vec![wrong("file", "BW-WEB-100", &[])])) } else { Err(Fault::Form) }
}

fn broken(error: &MultipartError) -> Fault {
    let code =
        if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE { "BW-WEB-101" } else { "BW-WEB-102" };
    Fault::Bad(vec![wrong("file", code, &[])])
}

/// The table in a file, with what people should look at.
pub(crate) async fn table(app: &App, upload: Upload) -> Result<(Table, Vec<Diagnostic>), Fault> {
    let (exe, args) = app.settings.parser.clone();
    let name = upload.name.clone();
    let turn = TURNS.acquire().await.map_err(|_| Fault::TooMany(2))?;
    let parsed = tokio::task::spawn_blocking(move || {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let request = wire::request(&upload.name, &upload.bytes);
        let mut job = Job::new(exe, &args, &request);
        job.limits.wall_ms = WALL_MS;
        // The turn ends with the child, even when nobody waits for it any more.
        let answer = run(&job);
        drop(turn);
        answer
    });
    let output = parsed.await.map_err(|error| Fault::Defect(error.to_string()))?;
    let output = output.map_err(|refusal| {
        if refusal.is_ours() {
            Fault::Defect(refusal.to_string())
        } else {
            at_file(refusal.diagnostic(&name))
        }
    })?;
    let answer = wire::decode(&output.bytes).map_err(Fault::Defect)?;
    answer.map_err(at_file)
}

/// A refusal of the file is a message about the field.
fn at_file(diagnostic: Diagnostic) -> Fault {
    Fault::Bad(vec![diagnostic.at_named("file")])
}

/// What the child does: reads a table from its standard input, behind the walls.
pub fn parse_table() -> std::process::ExitCode {
    bulwark_sandbox::serve(|request| wire::reply(&request, &Limits::default()))
}

/// The columns of a table by the names people give them; `Err` names those that are missing.
pub(crate) fn columns<const N: usize>(
    table: &Table,
    names: [&[&str]; N],
) -> Result<[Option<usize>; N], Fault> {
    let head: Vec<String> = table.header.iter().map(|name| name.trim().to_lowercase()).collect();
    let found =
        names.map(|names| head.iter().position(|head| names.iter().any(|name| name.to_lowercase() == *head)));
    // The last columns of the list are those that may be missing; which, the caller says with an empty first name.
    let missing: Vec<String> = names
        .iter()
        .zip(&found)
        .filter(|(names, found)| found.is_none() && !names.first().is_none_or(|name| name.is_empty()))
        .map(|(names, _)| names[0].to_owned())
        .collect();
    if missing.is_empty() {
        Ok(found)
    } else {
        let values = bulwark_i18n::args![columns = missing.join("、")];
        Err(Fault::Bad(vec![message("BW-WEB-103", &values).at_named("file")]))
    }
}
