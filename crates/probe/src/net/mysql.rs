//! Read-only facts of a MySQL or MariaDB server: one connection, dialled like every other, that
//! asks the questions of [`crate::mysql`] in a read-only session and goes.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bulwark_model::Intensity;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

use super::dial::{Dialled, Stream, io_failure};
use super::{Net, millis};
use crate::evidence::{Attempt, Mysql, PgRows};
use crate::failure::{Code, Failure, Step};
use crate::mysql::wire::{self, Greeting, Login, Next, Refusal, Reply, ResultSet};
use crate::mysql::{self, Version};
use crate::polite::{Class, Report};

/// Rows kept of one question.
const MAX_ROWS: usize = 100;
/// Bytes read of one answer.
const MAX_ANSWER: usize = 8 << 20;
/// The server stops a question after two seconds; when it does not, we stop waiting after this.
const QUERY_WAIT: Duration = Duration::from_secs(4);
/// What the server shows of us in its list of sessions.
const ATTRIBUTES: &[(&str, &str)] =
    &[("program_name", "bulwark-probe"), ("_client_version", env!("CARGO_PKG_VERSION"))];

/// Time between the two looks at the counters.
const fn apart(intensity: Intensity) -> Duration {
    match intensity {
        Intensity::Lab => Duration::from_secs(1),
        _ => Duration::from_secs(10),
    }
}

/// Logs in and asks every question of [`mysql::QUERIES`] the server knows.
pub(super) async fn collect(net: &Arc<Net>, name: &str, dsn_file: &str) -> Result<Mysql, Failure> {
    let path = dsn_file.to_owned();
    let text = super::local::blocking(move || crate::io::secret(Path::new(&path))).await??;
    let dsn = Dsn::read(&text)
        .ok_or_else(|| Failure::new(Step::Login, Code::BadSetting, format!("{dsn_file}: {FORM}")))?;
    drop(text);
    let host = super::name::canonical(&dsn.host)?;
    let shown = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    let server = format!("{shown}:{}/{}", dsn.port, dsn.database.as_deref().unwrap_or_default());
    let at = |e: Failure| Failure { detail: format!("{server}: {}", dsn.hidden(&e.detail)), ..e };

    let Dialled { stream, .. } = net.dial(&host, dsn.port, Class::Connect { liveness: false }).await?;
    let permit = stream.permit();
    let began = Instant::now();
    let logging_in = Box::pin(log_in(net, &dsn, &host, stream));
    let (mut session, greeting, tls) =
        match tokio::time::timeout(net.settings.total_timeout, logging_in).await {
            Ok(Ok(opened)) => opened,
            Ok(Err(e)) => {
                permit.report_failure(&e);
                return Err(at(e));
            }
            Err(_) => {
                permit.report(Report::Failed);
                return Err(Failure::new(Step::Login, Code::TimedOut, server));
            }
        };
    let connect_ms = millis(began.elapsed());
    permit.report(Report::Answered(began.elapsed()));
    let version = Version::read(&greeting.version)
        .ok_or_else(|| at(Failure::new(Step::Decode, Code::BadAnswer, greeting.version.clone())))?;
    for (statement, vital) in mysql::guards(version) {
        match session.ask("guards", statement).await {
            Err(e) if vital || session.broken => return Err(at(e)),
            _ => {}
        }
    }
    let mut queries = BTreeMap::new();
    let encrypted = tls.is_some();
    if let Some(facts) = tls {
        queries.insert("tls".to_owned(), Ok(PgRows { took_ms: 0, rows: vec![facts] }));
    }
    ask_all(&mut session, version, apart(net.settings.intensity), &mut queries).await;
    session.quit().await;
    let version = greeting.version.strip_prefix("5.5.5-").unwrap_or(&greeting.version).to_owned();
    Ok(Mysql { name: name.to_owned(), server, version, tls: encrypted, connect_ms, queries })
}

/// Every question, and the counters once more at the end.
async fn ask_all(
    session: &mut Session,
    version: Version,
    apart: Duration,
    queries: &mut BTreeMap<String, Attempt<PgRows>>,
) {
    let mut gone: Option<Failure> = None;
    let began = Instant::now();
    let later = mysql::Query { name: mysql::STATUS_LATER, flavour: None, min_version: 0, sql: mysql::STATUS };
    let all = mysql::for_version(version).into_iter().chain([(later.name, Some(later))]);
    for (name, query) in all {
        if name == mysql::STATUS_LATER && gone.is_none() {
            tokio::time::sleep(apart.saturating_sub(began.elapsed())).await;
        }
        let answer = match (&gone, query) {
            (Some(e), _) => Err(Failure::clone(e)),
            (None, None) => {
                let detail = format!("{name}: server {}", version.number);
                Err(Failure::new(Step::Query, Code::Unsupported, detail))
            }
            (None, Some(query)) => session.ask(name, query.sql).await,
        };
        if let Err(e) = &answer
            && session.broken
        {
            gone.get_or_insert_with(|| e.clone());
        }
        queries.insert(name.to_owned(), answer);
    }
}

const FORM: &str = "mysql://user:password@host:port/database?ssl-mode=REQUIRED";

/// How the connection is to be protected, in the words of the `mysql` client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SslMode {
    Disabled,
    Preferred,
    Required,
    /// `VERIFY_CA` and `VERIFY_IDENTITY`: nothing is sent without a trusted certificate.
    Verified,
}

/// A connection string.
#[derive(PartialEq, Eq)]
struct Dsn {
    user: String,
    password: String,
    host: String,
    port: u16,
    database: Option<String>,
    mode: SslMode,
}

impl Dsn {
    /// Reads a connection string; nothing of it may appear in a message.
    fn read(text: &str) -> Option<Self> {
        let url = url::Url::parse(text).ok().filter(|u| matches!(u.scheme(), "mysql" | "mariadb"))?;
        let mut mode = SslMode::Preferred;
        for (key, value) in url.query_pairs() {
            if matches!(key.as_ref(), "ssl-mode" | "sslmode" | "ssl_mode") {
                mode = match value.to_ascii_uppercase().replace('-', "_").as_str() {
                    "DISABLED" | "DISABLE" => SslMode::Disabled,
                    "PREFERRED" | "PREFER" => SslMode::Preferred,
                    "REQUIRED" | "REQUIRE" => SslMode::Required,
                    "VERIFY_CA" | "VERIFY_IDENTITY" | "VERIFY_FULL" => SslMode::Verified,
                    _ => return None,
                };
            }
        }
        let database = decoded(url.path().trim_start_matches('/'))?;
        let user = decoded(url.username())?;
        Some(Self {
            password: decoded(url.password().unwrap_or_default())?,
            host: url.host_str()?.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(3306),
            database: (!database.is_empty()).then_some(database),
            mode,
            // A zero would end the name on the wire.
            user: (!user.is_empty() && !user.contains('\0')).then_some(user)?,
        })
    }

    /// Belt and braces: no message may hold the password.
    fn hidden(&self, words: &str) -> String {
        if self.password.len() > 2 { words.replace(&self.password, "…") } else { words.to_owned() }
    }
}

/// `%2F` and the like (RFC 3986 §2.1).
fn decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.extend_from_slice(before.as_bytes());
        out.push(u8::from_str_radix(after.get(..2)?, 16).ok()?);
        rest = after.get(2..)?;
    }
    out.extend_from_slice(rest.as_bytes());
    String::from_utf8(out).ok().filter(|t| !t.contains('\0'))
}

trait Io: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

/// An open connection.
struct Session {
    io: Box<dyn Io>,
    sequence: u8,
    /// True when it cannot be used any more.
    broken: bool,
}

type Facts = BTreeMap<String, String>;

/// From the greeting to the welcome; gives facts about TLS when the connection is encrypted.
async fn log_in(
    net: &Net,
    dsn: &Dsn,
    host: &str,
    stream: Stream,
) -> Result<(Session, Greeting, Option<Facts>), Failure> {
    let mut session = Session { io: Box::new(stream), sequence: 0, broken: false };
    let first = session.receive().await?;
    let greeting = wire::greeting(&first)
        .ok_or_else(|| Failure::new(Step::Login, Code::BadAnswer, "no MySQL greeting"))?
        .map_err(|r| login_failure(&r))?;
    let tls = match (dsn.mode, greeting.tls()) {
        (SslMode::Disabled, _) | (SslMode::Preferred, false) => None,
        (SslMode::Required | SslMode::Verified, false) => {
            return Err(Failure::new(Step::Tls, Code::TlsFailed, "the server offers no TLS"));
        }
        (mode, true) => {
            session.send(&wire::tls_request(dsn.database.is_some())).await?;
            let (secured, facts) = Box::pin(secure(net, host, mode, session)).await?;
            session = secured;
            Some(facts)
        }
    };
    let login = Login { user: &dsn.user, password: &dsn.password, database: dsn.database.as_deref() };
    let known = ["mysql_native_password", "caching_sha2_password"];
    // A plugin we do not know is answered with one we do; the server then switches or refuses.
    let mut plugin = known.iter().find(|k| **k == greeting.plugin).map_or("mysql_native_password", |k| k);
    session.send(&wire::login(&login, &greeting, plugin, tls.is_some(), ATTRIBUTES)).await?;
    let mut switches = 0;
    loop {
        let payload = session.receive().await?;
        match wire::reply(&payload) {
            Reply::Welcome => break,
            Reply::Proven => {}
            Reply::Refused(refusal) => return Err(login_failure(&refusal)),
            // caching_sha2_password: the password itself, only inside TLS.
            Reply::WantsPassword if tls.is_some() && plugin == "caching_sha2_password" => {
                session.send(&clear(&dsn.password)).await?;
            }
            Reply::WantsPassword => {
                let words =
                    "the server wants the password itself; without TLS it is not sent: ssl-mode=REQUIRED";
                return Err(Failure::new(Step::Login, Code::LoginRefused, words));
            }
            Reply::Switch { plugin: wanted, nonce } if switches < 2 => {
                switches += 1;
                if wanted == "sha256_password" && tls.is_some() {
                    session.send(&clear(&dsn.password)).await?;
                } else if let Some(proof) = wire::proof(&wanted, &dsn.password, &nonce) {
                    plugin = known.iter().find(|k| **k == wanted).copied().unwrap_or(plugin);
                    session.send(&proof).await?;
                } else {
                    let words = format!("{}: not supported; {}", plain(&wanted), known.join(", "));
                    return Err(Failure::new(Step::Login, Code::LoginRefused, words));
                }
            }
            Reply::Switch { .. } | Reply::Unknown => {
                return Err(Failure::new(Step::Login, Code::BadAnswer, "log-in"));
            }
        }
    }
    Ok((session, greeting, tls))
}

/// The password with the zero that ends it.
fn clear(password: &str) -> Vec<u8> {
    [password.as_bytes(), &[0]].concat()
}

/// TLS over the open connection.
async fn secure(net: &Net, host: &str, mode: SslMode, session: Session) -> Result<(Session, Facts), Failure> {
    let (lenient, recorder) = net.trust.config(&[])?;
    let strict = mode == SslMode::Verified;
    let config = if strict { net.trust.strict_config()? } else { lenient };
    let name = ServerName::try_from(host.to_owned())
        .map_err(|e| Failure::new(Step::Tls, Code::BadName, format!("{host}: {e}")))?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, session.io).await.map_err(|e| {
        if e.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>) {
            Failure::new(Step::Tls, Code::TlsFailed, e.to_string())
        } else {
            io_failure(Step::Tls, &e, host)
        }
    })?;
    let trust = if strict { None } else { net.trust_error(host, &recorder.shown()) };
    let facts = BTreeMap::from([
        ("trusted".to_owned(), if trust.is_none() { "t" } else { "f" }.to_owned()),
        ("trust_error".to_owned(), trust.unwrap_or_default()),
    ]);
    Ok((Session { io: Box::new(stream), sequence: session.sequence, broken: false }, facts))
}

impl Session {
    async fn send(&mut self, payload: &[u8]) -> Result<(), Failure> {
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes();
        let mut packet = vec![length[0], length[1], length[2], self.sequence];
        packet.extend_from_slice(payload);
        self.sequence = self.sequence.wrapping_add(1);
        self.io.write_all(&packet).await.map_err(|e| self.lost(&e))?;
        self.io.flush().await.map_err(|e| self.lost(&e))
    }

    async fn receive(&mut self) -> Result<Vec<u8>, Failure> {
        let mut head = [0; 4];
        self.io.read_exact(&mut head).await.map_err(|e| self.lost(&e))?;
        let length = usize::from(head[0]) | usize::from(head[1]) << 8 | usize::from(head[2]) << 16;
        if length > wire::MAX_PACKET {
            self.broken = true;
            return Err(Failure::new(Step::Receive, Code::TooLarge, format!("packet of {length} bytes")));
        }
        self.sequence = head[3].wrapping_add(1);
        let mut payload = vec![0; length];
        self.io.read_exact(&mut payload).await.map_err(|e| self.lost(&e))?;
        Ok(payload)
    }

    fn lost(&mut self, e: &std::io::Error) -> Failure {
        self.broken = true;
        io_failure(Step::Receive, e, "mysql")
    }

    /// One question and its rows.
    async fn ask(&mut self, name: &str, sql: &str) -> Attempt<PgRows> {
        let began = Instant::now();
        let asked = tokio::time::timeout(QUERY_WAIT, self.rows(name, sql)).await;
        match asked {
            Ok(Ok(rows)) => {
                let rows = rows.into_iter().map(|row| mysql::kept(name, row)).collect();
                Ok(PgRows { took_ms: millis(began.elapsed()), rows })
            }
            Ok(Err(e)) => Err(e),
            Err(_) => {
                self.broken = true;
                Err(Failure::new(Step::Receive, Code::QueryTooSlow, name))
            }
        }
    }

    async fn rows(&mut self, name: &str, sql: &str) -> Result<Vec<Facts>, Failure> {
        self.sequence = 0;
        self.send(&wire::query(sql)).await?;
        let mut set = ResultSet::default();
        let mut bytes = 0_usize;
        loop {
            let payload = self.receive().await?;
            bytes = bytes.saturating_add(payload.len());
            if bytes > MAX_ANSWER {
                self.broken = true;
                return Err(Failure::new(Step::Receive, Code::TooLarge, name));
            }
            match set.take(&payload, MAX_ROWS) {
                Next::More => {}
                Next::Done => return Ok(set.rows),
                Next::Refused(refusal) => return Err(query_failure(name, &refusal)),
                Next::Broken => {
                    self.broken = true;
                    return Err(Failure::new(Step::Decode, Code::BadAnswer, name));
                }
            }
        }
    }

    /// Says good-bye, so that the server does not count an aborted client.
    async fn quit(&mut self) {
        if self.broken {
            return;
        }
        self.sequence = 0;
        let leaving = async {
            self.send(wire::QUIT).await?;
            self.io.shutdown().await.map_err(|e| io_failure(Step::Send, &e, "mysql"))
        };
        // Nothing is lost when it does not work.
        let _ = tokio::time::timeout(Duration::from_secs(1), leaving).await;
    }
}

/// One printable line.
fn plain(words: &str) -> String {
    words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

fn login_failure(refusal: &Refusal) -> Failure {
    let code = match refusal.number {
        // Unknown database.
        1049 => Code::BadSetting,
        // No right to the database.
        1044 => Code::NoRight,
        // Wrong password, host not allowed or blocked, too many connections, TLS demanded.
        _ => Code::LoginRefused,
    };
    Failure::new(Step::Login, code, format!("{} {}", refusal.number, plain(&refusal.words)))
}

fn query_failure(name: &str, refusal: &Refusal) -> Failure {
    let code = match refusal.number {
        1044 | 1045 | 1142 | 1143 | 1227 | 1370 => Code::NoRight,
        // Lock wait, interrupted, over max_statement_time (MariaDB), over max_execution_time.
        1205 | 1317 | 1969 | 3024 => Code::QueryTooSlow,
        // The table, column or variable does not exist here.
        _ => Code::Unsupported,
    };
    Failure::new(Step::Query, code, format!("{name}: {} {}", refusal.number, plain(&refusal.words)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_string_is_read() {
        let dsn =
            Dsn::read("mysql://probe:p%40ss%2F@db.a.tw:3307/app?ssl-mode=verify_identity").expect("good");
        assert_eq!((dsn.user.as_str(), dsn.password.as_str()), ("probe", "p@ss/"));
        assert_eq!((dsn.host.as_str(), dsn.port, dsn.database.as_deref()), ("db.a.tw", 3307, Some("app")));
        assert_eq!(dsn.mode, SslMode::Verified);
        let dsn = Dsn::read("mariadb://probe@[::1]/").expect("good");
        assert_eq!((dsn.host.as_str(), dsn.port, dsn.database), ("::1", 3306, None));
        for bad in ["", "mysql://db/", "postgresql://a@b/", "mysql://a@b/?ssl-mode=maybe", "mysql://a%00@b/"]
        {
            assert!(Dsn::read(bad).is_none(), "{bad}");
        }
        assert_eq!(
            Dsn { password: "hunter2".into(), ..Dsn::read("mysql://a@b").expect("good") }.hidden("x hunter2"),
            "x …"
        );
    }
}
