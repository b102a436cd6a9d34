//! A browser of the plainest kind: a connection for each request; it remembers its cookies.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Read as _, Result, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::server::Server;

/// Longer than the server waits for anything.
const PATIENCE: Duration = Duration::from_secs(100);

/// What came back, whole.
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Everything before the body.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Answer {
    /// Reads an answer; one that breaks off is an error.
    fn read(bytes: &[u8]) -> Result<Self> {
        let cut = || Error::new(ErrorKind::UnexpectedEof, "the answer breaks off");
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").ok_or_else(cut)?;
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).ok_or_else(cut)?;
        let answer = Self { status, head: head.to_owned(), body: body.to_owned() };
        match answer.header("content-length").and_then(|length| length.parse::<usize>().ok()) {
            Some(length) if length != body.len() => Err(cut()),
            _ => Ok(answer),
        }
    }

    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut pairs = self.head.lines().filter_map(|line| line.split_once(": "));
        pairs.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The value of the first hidden field of this name.
    pub fn hidden(&self, name: &str) -> String {
        let at = format!("name=\"{name}\" value=\"");
        let rest = self.body.split(&at).nth(1).unwrap_or_else(|| panic!("no {name} in {}", self.body));
        rest.split('"').next().expect("quoted").to_owned()
    }

    /// Fails unless the status is this one.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}\n{}", self.head, self.body);
        self
    }

    /// Fails unless the page says this.
    #[track_caller]
    pub fn says(self, words: &str) -> Self {
        assert!(self.body.contains(words), "no “{words}” in {}", self.body);
        self
    }
}

/// Sends bytes as they are and reads until the other side closes.
pub fn exchange(address: &str, request: &[u8]) -> Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    // The server may have answered before it has read everything.
    let sent = stream.write_all(request);
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Err(broken) if bytes.is_empty() => return Err(sent.err().unwrap_or(broken)),
        _ => {}
    }
    Answer::read(&bytes)
}

/// Somebody at the console.
#[derive(Clone)]
pub struct Visitor {
    address: String,
    cookies: BTreeMap<String, String>,
    csrf: String,
}

impl Visitor {
    /// Comes in by the first link.
    pub fn enter(server: &Server) -> Self {
        let mut visitor = Self { address: server.address(), cookies: BTreeMap::new(), csrf: String::new() };
        let link = server.link().expect("a first start");
        let path = link.strip_prefix(&server.origin).expect("of this server");
        let page = visitor.get(path).expect("an answer").is(200);
        visitor.remember(&page);
        visitor.csrf = page.hidden("csrf");
        let opened = visitor.post(path, &[]).expect("an answer").is(303);
        visitor.remember(&opened);
        visitor.csrf = visitor.get("/people/invite").expect("an answer").is(200).hidden("csrf");
        visitor
    }

    /// The same person at a server that was started again.
    pub fn at(&self, server: &Server) -> Self {
        Self { address: server.address(), ..self.clone() }
    }

    /// The same browser before the door, where forms are bound to a cookie of their own.
    pub fn before_the_door(&self) -> Self {
        let page = self.get("/log-in").expect("an answer").is(200);
        let mut visitor = Self { csrf: page.hidden("csrf"), ..self.clone() };
        visitor.remember(&page);
        visitor
    }

    fn remember(&mut self, answer: &Answer) {
        let set = answer.head.lines().filter_map(|line| line.strip_prefix("set-cookie: "));
        let pairs = set.filter_map(|line| line.split(';').next()?.split_once('='));
        self.cookies.extend(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    fn head(&self, method: &str, path: &str) -> String {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: {}; __Host-lang=en\r\n",
            cookies.join("; ")
        )
    }

    /// Opens a page.
    pub fn get(&self, path: &str) -> Result<Answer> {
        exchange(&self.address, format!("{}\r\n", self.head("GET", path)).as_bytes())
    }

    /// Sends a form with its proof.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Result<Answer> {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        let body = form.append_pair("csrf", &self.csrf).extend_pairs(fields).finish();
        let head = self.head("POST", path);
        let kind = "Content-Type: application/x-www-form-urlencoded";
        let request = format!("{head}{kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        exchange(&self.address, request.as_bytes())
    }

    /// Enters an account.
    pub fn invite(&self, login: &str) -> Result<Answer> {
        let fields = [
            ("once", login),
            ("login", login),
            ("name", login),
            ("organisation", "platform"),
            ("role", "reporter"),
            ("reason", "fault test"),
        ];
        self.post("/people/invite", &fields)
    }

    /// How often each word is in the list of people.
    pub fn people(&self) -> BTreeMap<String, usize> {
        let list = self.get("/people?format=csv").expect("an answer").is(200);
        let mut found = BTreeMap::new();
        for line in list.body.lines().skip(1) {
            for cell in line.trim().split(',') {
                *found.entry(cell.trim_matches('"').to_owned()).or_default() += 1;
            }
        }
        found
    }
}
