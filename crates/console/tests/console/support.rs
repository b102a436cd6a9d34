//! A console over a store in a folder of its own, people in it, and a browser that remembers cookies.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use bulwark_console::{App, Settings, router};
use bulwark_identity::password::Cost;
use bulwark_model::rights::Role;
use bulwark_model::{Clock as _, FixedClock};
use bulwark_store::{Actor, Config, NewOrganisation, NewPerson, NewSession, Store, Uuid};
use tower::ServiceExt as _;

/// Where the tests' console is reached.
pub const ORIGIN: &str = "http://localhost:8620";

/// A console with nobody in it.
pub struct TestApp {
    pub clock: Arc<FixedClock>,
    pub app: Arc<App>,
    router: axum::Router,
    _dir: tempfile::TempDir,
}

/// A person with an open session.
#[derive(Clone)]
pub struct Person {
    pub id: Uuid,
    pub session: String,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub location: String,
    pub body: String,
    pub headers: axum::http::HeaderMap,
}

impl TestApp {
    pub async fn new() -> Self {
        Self::with(|_| ()).await
    }

    /// A console set up otherwise than usual.
    pub async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(FixedClock::new("2026-11-25T02:00:00Z".parse().unwrap()));
        let ticks = AtomicU64::new(0);
        let mono = Arc::new(move || ticks.fetch_add(1, Ordering::Relaxed));
        let store = Store::open(Config::sqlite(dir.path().join("data"), clock.clone(), mono)).await.unwrap();
        let mut settings = Settings {
            origin: ORIGIN.into(),
            requests_per_second: 0,
            password_cost: Cost::FOR_TESTS,
            parser: parser(),
            ..Settings::default()
        };
        change(&mut settings);
        let app = App::new(store, settings);
        let router = router(&app);
        Self { clock, app, router, _dir: dir }
    }

    pub fn store(&self) -> &Store {
        &self.app.store
    }

    pub fn pass(&self, time: Duration) {
        self.clock.sleep(time);
    }

    /// Enters an organisation.
    pub async fn organisation(&self, code: &str, parent: Option<Uuid>) -> Uuid {
        let new = NewOrganisation {
            code: code.into(),
            name: format!("{code}機關"),
            kind: "agency".into(),
            sector: None,
            parent,
            from: "2026-01-01".parse().unwrap(),
        };
        let actor = Actor::system("test");
        self.store()
            .write(&actor, |tx| Box::pin(async move { tx.add_organisation(new).await }))
            .await
            .unwrap()
            .id
    }

    /// Enters a person with a role, logged in with fresh proof.
    pub async fn person(&self, login: &str, role: Role, organisation: Uuid) -> Person {
        let new =
            NewPerson { login: login.into(), name: format!("{login}先生"), organisation, email: None };
        let store = self.store().clone();
        let actor = Actor::system("test");
        let until = self.store().now().plus_ms(12 * 3_600_000);
        // An auditor's role is one with an end.
        let end = (role == Role::Auditor).then_some(until);
        let (id, token) = self
            .store()
            .write(&actor, move |tx| {
                Box::pin(async move {
                    let person = tx.add_person(&store, new).await?;
                    tx.grant(person.id, role.code(), organisation, None, end).await?;
                    let (_, token) = tx
                        .open_session(NewSession {
                            person: person.id,
                            role: role.code().into(),
                            organisation,
                            method: "passkey".into(),
                            agent: "Firefox".into(),
                            fresh: true,
                            expires_at: until,
                        })
                        .await?;
                    Ok((person.id, token))
                })
            })
            .await
            .unwrap();
        Person { id, session: token.reveal().to_owned() }
    }

    /// Sends a request as it is.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let location =
            parts.headers.get(header::LOCATION).map_or("", |value| value.to_str().unwrap()).to_owned();
        Answer {
            status: parts.status,
            location,
            body: String::from_utf8_lossy(&body).into_owned(),
            headers: parts.headers,
        }
    }

    /// Opens a page as a person, or as nobody.
    pub async fn get(&self, who: Option<&Person>, path: &str) -> Answer {
        let mut request = Request::builder().uri(path);
        if let Some(who) = who {
            request = request.header(header::COOKIE, format!("__Host-bulwark={}", who.session));
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Sends a form as a person, with the proof that a page of ours would give.
    pub async fn post(&self, who: &Person, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = csrf(&who.session);
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend(fields);
        self.post_raw(Some(&who.session), path, &all, &[("sec-fetch-site", "same-origin")]).await
    }

    /// Sends a form with just these fields and headers.
    pub async fn post_raw(
        &self,
        session: Option<&str>,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(session) = session {
            request = request.header(header::COOKIE, format!("__Host-bulwark={session}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body)).unwrap()).await
    }
}

/// The parser of uploaded files, as a program of its own beside the tests.
fn parser() -> (std::path::PathBuf, Vec<String>) {
    let own = std::env::current_exe().unwrap();
    (own.ancestors().nth(2).unwrap().join("examples/parse_table"), Vec::new())
}

/// The proof that belongs to a session.
pub fn csrf(session: &str) -> String {
    bulwark_store::hash::Sha256::of_parts(&[b"bulwark form\0", session.as_bytes()]).to_string()
}

impl Answer {
    /// The cookies that were set.
    pub fn cookies(&self) -> BTreeMap<String, String> {
        let lines = self.headers.get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = lines.filter_map(|line| line.split(';').next()?.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// The value of the first hidden field of this name.
    pub fn hidden(&self, name: &str) -> String {
        let at = format!("name=\"{name}\" value=\"");
        let from =
            self.body.find(&at).unwrap_or_else(|| panic!("no field {name} in\n{}", self.body)) + at.len();
        self.body[from..].split('"').next().unwrap().to_owned()
    }

    /// The text of a page without its markup.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let mut inside = false;
        for c in self.body.chars() {
            match c {
                '<' => inside = true,
                '>' => {
                    inside = false;
                    out.push(' ');
                }
                c if !inside => out.push(c),
                _ => {}
            }
        }
        out.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Fails unless the status is this one.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{} {}", self.location, self.text());
        self
    }

    /// Fails unless the page says this.
    #[track_caller]
    pub fn says(self, words: &str) -> Self {
        let text = self.text();
        assert!(text.contains(words), "no “{words}” in: {text}");
        self
    }

    /// Fails if the page says this.
    #[track_caller]
    pub fn hides(self, words: &str) -> Self {
        let text = self.text();
        assert!(!text.contains(words), "“{words}” in: {text}");
        self
    }
}

/// Sends a form of one file.
pub async fn send_file(
    app: &TestApp,
    who: &Person,
    path: &str,
    csrf: &str,
    name: &str,
    bytes: &[u8],
) -> Answer {
    const LINE: &str = "\r\n";
    let mut body = Vec::new();
    for (head, content) in [
        ("form-data; name=\"csrf\"".to_owned(), csrf.as_bytes()),
        (format!("form-data; name=\"file\"; filename=\"{name}\""), bytes),
    ] {
        body.extend(format!("--XX{LINE}content-disposition: {head}{LINE}{LINE}").bytes());
        body.extend(content);
        body.extend(LINE.bytes());
    }
    body.extend(format!("--XX--{LINE}").bytes());
    let request = Request::builder()
        .method("POST")
        .uri(path)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=XX")
        .header(header::COOKIE, format!("__Host-bulwark={}", who.session));
    app.send(request.body(Body::from(body)).unwrap()).await
}
