//! Read-only facts of a PostgreSQL database: one connection, statistics views only.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_postgres::config::Host;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Error, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::dial::{Dialled, Stream};
use super::{Net, millis};
use crate::evidence::{Attempt, PgRows, Postgres};
use crate::failure::{Code, Failure, Step};
use crate::pg::{self, Query};
use crate::polite::{Class, Report};

/// Rows kept of one query.
const MAX_ROWS: usize = 100;
/// The server stops a query after two seconds; when it does not, we stop waiting after this.
const QUERY_WAIT: Duration = Duration::from_secs(4);
/// Set before anything is asked.
const GUARDS: &str = "SET statement_timeout = '2s'; SET lock_timeout = '1s'; \
    SET idle_in_transaction_session_timeout = '10s'; SET default_transaction_read_only = on";

/// Ends the connection with it.
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Logs in and asks every question of [`pg::QUERIES`] the server knows.
pub(super) async fn collect(net: &Arc<Net>, name: &str, dsn_file: &str) -> Result<Postgres, Failure> {
    let path = dsn_file.to_owned();
    let dsn = super::local::blocking(move || crate::io::secret(Path::new(&path))).await??;
    let (mut config, strict) = config(&dsn, dsn_file)?;
    drop(dsn);
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        // A local socket has no address that the scope could allow.
        _ => return Err(Failure::new(Step::Login, Code::BadSetting, format!("{dsn_file}: host"))),
    };
    let host = super::name::canonical(&host)?;
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let database = config.get_dbname().or(config.get_user()).unwrap_or_default().to_owned();
    let server = if host.contains(':') {
        format!("[{host}]:{port}/{database}")
    } else {
        format!("{host}:{port}/{database}")
    };
    config.application_name("bulwark-probe").connect_timeout(net.settings.connect_timeout);

    let Dialled { stream, .. } = net.dial(&host, port, Class::Connect { liveness: false }).await?;
    let permit = stream.permit();
    let began = Instant::now();
    let logged_in =
        tokio::time::timeout(net.settings.total_timeout, login(net, &config, strict, &host, stream)).await;
    let (client, tls, _driver) = match logged_in {
        Ok(Ok(session)) => session,
        Ok(Err(e)) => {
            if matches!(e.code, Code::Closed | Code::TimedOut) {
                permit.report(Report::Failed);
            }
            return Err(Failure { detail: format!("{server}: {}", e.detail), ..e });
        }
        Err(_) => {
            permit.report(Report::Failed);
            return Err(Failure::new(Step::Login, Code::TimedOut, server));
        }
    };
    let connect_ms = millis(began.elapsed());
    permit.report(Report::Answered(began.elapsed()));

    let version_num =
        version(&client).await.map_err(|e| Failure { detail: format!("{server}: {}", e.detail), ..e })?;
    let mut queries = BTreeMap::new();
    if let Some(facts) = &tls {
        queries.insert("tls".to_owned(), Ok(PgRows { took_ms: 0, rows: vec![facts.clone()] }));
    }
    let mut gone = None;
    for (name, query) in pg::for_version(version_num) {
        let answer = match (&gone, query) {
            (Some(e), _) => Err(Failure::clone(e)),
            (None, None) => {
                Err(Failure::new(Step::Query, Code::Unsupported, format!("{name}: server {version_num}")))
            }
            (None, Some(query)) => ask(&client, &query).await,
        };
        if let Err(e) = &answer
            && (client.is_closed() || e.step == Step::Receive)
        {
            gone.get_or_insert_with(|| e.clone());
        }
        queries.insert(name.to_owned(), answer);
    }
    Ok(Postgres { name: name.to_owned(), server, version_num, tls: tls.is_some(), connect_ms, queries })
}

/// Reads the connection string; nothing of it may appear in a message. True when it asks for a
/// verified certificate (libpq's `verify-ca`, `verify-full`): then nothing is sent without one.
fn config(dsn: &str, dsn_file: &str) -> Result<(Config, bool), Failure> {
    let strict = dsn.contains("sslmode=verify-");
    let dsn =
        dsn.replace("sslmode=verify-full", "sslmode=require").replace("sslmode=verify-ca", "sslmode=require");
    let dsn = dsn.replace("sslmode=allow", "sslmode=prefer");
    let config = dsn.parse().map_err(|_| {
        Failure::new(
            Step::Login,
            Code::BadSetting,
            format!("{dsn_file}: postgresql://user:password@host:port/database"),
        )
    })?;
    Ok((config, strict))
}

type Facts = BTreeMap<String, String>;

async fn login(
    net: &Net,
    config: &Config,
    strict: bool,
    host: &str,
    stream: Stream,
) -> Result<(Client, Option<Facts>, Driver), Failure> {
    let (lenient, recorder) = net.trust.config(&[])?;
    let mut make = MakeRustlsConnect::new(if strict { net.trust.strict_config()? } else { lenient });
    let tls = MakeTlsConnect::<Stream>::make_tls_connect(&mut make, host)
        .map_err(|e| Failure::new(Step::Tls, Code::TlsFailed, e.to_string()))?;
    let (client, connection) =
        config.connect_raw(stream, tls).await.map_err(|e| login_failure(config, &e))?;
    let driver = Driver(tokio::spawn(async move {
        // Its error also reaches whoever waits for an answer.
        let _ = connection.await;
    }));
    client.batch_execute(GUARDS).await.map_err(|e| query_failure("guards", &e))?;
    let shown = recorder.shown();
    let facts = (strict || shown.any()).then(|| {
        let trust = if strict { None } else { net.trust_error(host, &shown) };
        BTreeMap::from([
            ("trusted".to_owned(), if trust.is_none() { "t" } else { "f" }.to_owned()),
            ("trust_error".to_owned(), trust.unwrap_or_default()),
        ])
    });
    Ok((client, facts, driver))
}

fn login_failure(config: &Config, e: &Error) -> Failure {
    let words = super::http::chain(e);
    let code = match e.code() {
        Some(c)
            if *c == SqlState::INVALID_PASSWORD || *c == SqlState::INVALID_AUTHORIZATION_SPECIFICATION =>
        {
            Code::LoginRefused
        }
        Some(c) if *c == SqlState::INSUFFICIENT_PRIVILEGE => Code::NoRight,
        Some(c) if *c == SqlState::INVALID_CATALOG_NAME => Code::BadSetting,
        // Too many connections, starting up, shutting down.
        Some(_) => Code::LoginRefused,
        None if words.contains("TLS") => Code::TlsFailed,
        None if words.contains("invalid configuration") => Code::BadSetting,
        None if words.contains("authentication") => Code::LoginRefused,
        None if words.contains("communicating") || e.is_closed() => Code::Closed,
        None => Code::BadAnswer,
    };
    Failure::new(Step::Login, code, hidden(config, words))
}

/// Belt and braces: no message may hold the password.
fn hidden(config: &Config, words: String) -> String {
    match config.get_password() {
        Some(p) if p.len() > 2 => words.replace(&*String::from_utf8_lossy(p), "…"),
        _ => words,
    }
}

async fn version(client: &Client) -> Result<u32, Failure> {
    let rows = rows(client, "SHOW server_version_num").await.map_err(|e| query_failure("version", &e))?;
    rows.first()
        .and_then(|r| r.get("server_version_num"))
        .and_then(|v| v.parse().ok())
        .ok_or_else(|| Failure::new(Step::Query, Code::BadAnswer, "server_version_num"))
}

/// One question inside its own read-only transaction.
async fn ask(client: &Client, query: &Query) -> Attempt<PgRows> {
    let began = Instant::now();
    let asking = async {
        client.batch_execute("BEGIN TRANSACTION READ ONLY").await?;
        let answer = rows(client, query.sql).await;
        client.batch_execute("ROLLBACK").await?;
        answer
    };
    match tokio::time::timeout(QUERY_WAIT, asking).await {
        Ok(Ok(rows)) => Ok(PgRows { took_ms: millis(began.elapsed()), rows }),
        Ok(Err(e)) => Err(query_failure(query.name, &e)),
        // The connection is out of step now; Step::Receive tells the caller to ask no more.
        Err(_) => Err(Failure::new(Step::Receive, Code::QueryTooSlow, query.name)),
    }
}

async fn rows(client: &Client, sql: &str) -> Result<Vec<BTreeMap<String, String>>, Error> {
    let messages = client.simple_query(sql).await?;
    Ok(messages
        .into_iter()
        .filter_map(|m| match m {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        })
        .take(MAX_ROWS)
        .map(|row| {
            row.columns()
                .iter()
                .enumerate()
                .filter_map(|(n, c)| Some((c.name().to_owned(), row.try_get(n).ok()??.to_owned())))
                .collect()
        })
        .collect())
}

fn query_failure(name: &str, e: &Error) -> Failure {
    let code = match e.code() {
        Some(c) if *c == SqlState::INSUFFICIENT_PRIVILEGE => Code::NoRight,
        Some(c) if *c == SqlState::QUERY_CANCELED || *c == SqlState::LOCK_NOT_AVAILABLE => Code::QueryTooSlow,
        // The relation, column or function does not exist here, or is not switched on.
        Some(_) => Code::Unsupported,
        None => Code::Closed,
    };
    let words =
        e.as_db_error().map_or_else(|| e.to_string(), |d| format!("{} {}", d.code().code(), d.message()));
    Failure::new(Step::Query, code, format!("{name}: {words}"))
}

#[cfg(test)]
mod tests {
    use tokio_postgres::config::SslMode;

    use super::*;

    #[test]
    fn a_bad_connection_string_is_never_quoted() {
        let e = config("postgresql://probe:hunter2@[bad", "/etc/dsn").expect_err("bad");
        assert_eq!(e.code, Code::BadSetting);
        assert!(!e.detail.contains("hunter2"));
        let (good, strict) =
            config("host=db.a.tw user=p password=x sslmode=verify-full", "/etc/dsn").expect("good");
        assert!(strict);
        assert_eq!(good.get_ssl_mode(), SslMode::Require);
    }
}
