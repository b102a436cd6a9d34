//! Why a request got another answer than it asked for; the page and the JSON of each.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bulwark_i18n::args;
use bulwark_model::rights::Denied;
use bulwark_model::{Diagnostic, Location};
use bulwark_store::StoreError;

use crate::texts::texts;

/// Why not.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// Nobody is logged in.
    NotSignedIn,
    /// The rights say no.
    Denied(Denied),
    /// The person must prove presence again.
    StepUp,
    /// A program asks for what only a present person may do.
    TokenStepUp,
    /// There is no such page or record, or it must look so.
    NotFound,
    /// The address is not used in this way.
    Method,
    /// The answer is wanted in another form than JSON.
    NotAcceptable,
    /// What was sent is no JSON.
    MediaType,
    /// The form did not come from our own page, or its page is too old.
    Form,
    /// More was sent than a form of ours can hold.
    TooLarge,
    /// The door stays shut: one sentence, whatever was wrong.
    Refused,
    /// Too many requests; come again after so many seconds.
    TooMany(i64),
    /// The input is wrong.
    Bad(Vec<Diagnostic>),
    /// The store refused.
    Store(StoreError),
    /// A defect of ours.
    Defect(String),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound { .. } => Self::NotFound,
            other => Self::Store(other),
        }
    }
}

impl From<Denied> for Fault {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

/// A message of the console's own catalogue.
pub(crate) fn message(code: &str, values: &[(&str, String)]) -> Diagnostic {
    Diagnostic::new(
        code,
        texts().text(&format!("{code}.what"), values),
        texts().text(&format!("{code}.hint"), values),
    )
}

/// A message about a field of a form.
pub(crate) fn wrong(field: &str, code: &str, values: &[(&str, String)]) -> Diagnostic {
    message(code, values).at(Location::Named(field.to_owned()))
}

impl Fault {
    /// One wrong field.
    pub(crate) fn field(field: &str, code: &str, values: &[(&str, String)]) -> Self {
        Self::Bad(vec![wrong(field, code, values)])
    }

    /// The status of HTTP.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NotSignedIn => StatusCode::UNAUTHORIZED,
            Self::Denied(denied) if denied.hides() => StatusCode::NOT_FOUND,
            Self::Denied(_) | Self::StepUp | Self::TokenStepUp | Self::Form | Self::Refused => {
                StatusCode::FORBIDDEN
            }
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Bad(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Store(error) => store_status(error),
            Self::Defect(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The messages.
    pub(crate) fn diagnostics(&self, request_id: &str) -> Vec<Diagnostic> {
        vec![match self {
            Self::Bad(all) => return all.clone(),
            Self::NotSignedIn => message("BW-WEB-001", &[]),
            // What hides an object answers as if it were not there, word for word.
            Self::Denied(denied) if denied.hides() => Denied::Foreign.diagnostic(),
            Self::NotFound => Denied::Foreign.diagnostic(),
            Self::Denied(denied) => denied.diagnostic(),
            Self::StepUp => message("BW-WEB-002", &[]),
            Self::TokenStepUp => message("BW-WEB-003", &[]),
            Self::Form => message("BW-WEB-004", &[]),
            Self::TooLarge => message("BW-WEB-008", &[]),
            Self::Refused => bulwark_identity::refused(),
            Self::Method => message("BW-WEB-093", &[]),
            Self::NotAcceptable => message("BW-WEB-098", &[]),
            Self::MediaType => message("BW-WEB-097", &[]),
            Self::TooMany(seconds) => message("BW-WEB-005", &args![seconds = seconds]),
            Self::Store(error) => error.diagnostic(""),
            Self::Defect(_) => message("BW-WEB-007", &args![number = request_id]),
        }]
    }
}

fn store_status(error: &StoreError) -> StatusCode {
    match error {
        StoreError::Conflict { .. } | StoreError::Duplicate(_) | StoreError::Reference(_) => {
            StatusCode::CONFLICT
        }
        StoreError::BadValue { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        StoreError::NotFound { .. } => StatusCode::NOT_FOUND,
        StoreError::EvidenceTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        StoreError::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl IntoResponse for Fault {
    /// Carries the fault to [`crate::guard`], which knows the language and whether a page or JSON was asked for.
    fn into_response(self) -> Response {
        let mut response = Response::new(axum::body::Body::empty());
        *response.status_mut() = self.status();
        if let Self::TooMany(seconds) = &self
            && let Ok(value) = HeaderValue::from_str(&seconds.to_string())
        {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        response.extensions_mut().insert(self);
        response
    }
}
