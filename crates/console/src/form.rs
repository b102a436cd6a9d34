//! Forms: read with limits, proven to be ours, and done once however often they are sent.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use bulwark_i18n::args;
use bulwark_model::Diagnostic;

use crate::fault::{Fault, wrong};
use crate::guard::{FORM_BYTES, VISITOR, cookie};
use crate::who::{Who, csrf_of};

/// Longest value of a field of one line, in characters.
pub(crate) const LINE: usize = 200;
/// Longest value of a field of many lines, in characters.
pub(crate) const LINES: usize = 4_000;

/// A form that came from a page of ours.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    fields: BTreeMap<String, Vec<String>>,
    wrong: Vec<Diagnostic>,
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        let proof = match request.extensions().get::<Who>() {
            Some(who) => Some(who.csrf.clone()),
            None => cookie(request.headers(), VISITOR).map(csrf_of),
        };
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
            return Err(Fault::Form);
        }
        // Told before it is sent, where the length is known.
        let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        if length.and_then(|length| length.parse().ok()).is_some_and(|length: usize| length > FORM_BYTES) {
            return Err(Fault::TooLarge);
        }
        let body = Bytes::from_request(request, state).await.map_err(|error| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Fault::TooLarge,
            _ => Fault::Form,
        })?;
        let form = Self::read(&body);
        let given = form.first("csrf").unwrap_or_default();
        if proof.is_none_or(|proof| !same(proof.as_bytes(), given.as_bytes())) {
            return Err(Fault::Form);
        }
        Ok(form)
    }
}

/// Compares secrets in a time that does not tell where they differ.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

impl Form {
    /// Reads `application/x-www-form-urlencoded`.
    pub(crate) fn read(body: &[u8]) -> Self {
        let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (key, value) in url::form_urlencoded::parse(body) {
            fields.entry(key.into_owned()).or_default().push(value.into_owned());
        }
        Self { fields, wrong: Vec::new() }
    }

    /// The value of a field as it came.
    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        self.fields.get(name)?.first().map(String::as_str)
    }

    /// All values of a field.
    pub(crate) fn all(&self, name: &str) -> &[String] {
        self.fields.get(name).map_or(&[], Vec::as_slice)
    }

    /// Fills a field in before the form is first shown.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.fields.insert(name.to_owned(), vec![value.into()]);
    }

    /// The value of a field for showing the form again.
    pub(crate) fn shown(&self, name: &str) -> String {
        self.first(name).unwrap_or_default().to_owned()
    }

    /// An optional value: trimmed, without control characters, not too long.
    pub(crate) fn optional(&mut self, name: &str, longest: usize) -> Option<String> {
        let value = self.first(name)?.trim();
        let count = value.chars().count();
        let bad = value.chars().any(|c| c.is_control() && !(longest > LINE && "\r\n\t".contains(c)));
        let value = value.to_owned();
        if count > longest {
            self.refuse(name, "BW-WEB-011", &args![longest = longest, count = count]);
            return None;
        }
        if bad {
            self.refuse(name, "BW-WEB-012", &[]);
            return None;
        }
        (!value.is_empty()).then_some(value)
    }

    /// A value that must be there; an empty one is noted as wrong.
    pub(crate) fn required(&mut self, name: &str, longest: usize) -> String {
        let before = self.wrong.len();
        let value = self.optional(name, longest);
        if value.is_none() && self.wrong.len() == before {
            self.refuse(name, "BW-WEB-010", &[]);
        }
        value.unwrap_or_default()
    }

    /// Notes that a field is wrong.
    pub(crate) fn refuse(&mut self, name: &str, code: &str, values: &[(&str, String)]) {
        self.wrong.push(wrong(name, code, values));
    }

    /// Notes a message about a field.
    pub(crate) fn note(&mut self, diagnostic: Diagnostic) {
        self.wrong.push(diagnostic);
    }

    /// What is wrong so far.
    pub(crate) fn wrong(&self) -> &[Diagnostic] {
        &self.wrong
    }

    /// Goes on when nothing is wrong.
    pub(crate) fn checked(&self) -> Result<(), Fault> {
        if self.wrong.is_empty() { Ok(()) } else { Err(Fault::Bad(self.wrong.clone())) }
    }

    /// The token against sending the form twice.
    pub(crate) fn once(&self) -> String {
        self.shown("once").chars().take(64).collect()
    }
}

/// A place of ours as a value of a query; anything else becomes the first page.
pub(crate) fn place_of(place: &str) -> String {
    url::form_urlencoded::byte_serialize(own_place(place).as_bytes()).collect()
}

/// Longest place that is kept for the way back.
const PLACE: usize = 2_000;

/// A path on this site, or the first page: a redirect never leads elsewhere. Browsers drop tabs and line breaks, so that
/// `/⇥/host` would be another site.
pub(crate) fn own_place(place: &str) -> &str {
    let odd = |c: char| c == '\\' || c.is_control();
    let own = place.starts_with('/') && !place.starts_with("//") && !place.contains(odd);
    if own && place.len() <= PLACE { place } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_never_leads_elsewhere() {
        let long = "/a".repeat(1001);
        for (given, kept) in [
            ("/people?q=a", "/people?q=a"),
            ("//evil.example", "/"),
            ("https://evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/\t/evil.example", "/"),
            ("/\u{1}", "/"),
            (&long, "/"),
            ("javascript:alert(1)", "/"),
            ("", "/"),
        ] {
            assert_eq!(own_place(given), kept);
        }
    }

    #[test]
    fn fields_have_limits_and_name_what_is_wrong() {
        let long = "長".repeat(201);
        let mut form = Form::read(format!("name={long}&note=a%00b&empty=++&lines=a%0Ab").as_bytes());
        assert_eq!(form.optional("name", LINE), None);
        assert_eq!(form.optional("note", LINE), None);
        assert_eq!(form.required("empty", LINE), "");
        assert_eq!(form.optional("lines", LINES).as_deref(), Some("a\nb"));
        let codes: Vec<&str> = form.wrong().iter().map(|d| d.code.as_str()).collect();
        assert_eq!(codes, ["BW-WEB-011", "BW-WEB-012", "BW-WEB-010"]);
    }

    #[test]
    fn secrets_are_compared_whole() {
        assert!(same(b"abc", b"abc"));
        assert!(!same(b"abc", b"abd") && !same(b"abc", b"ab") && !same(b"", b"a"));
    }
}
