//! `bulwark serve`: the console on this machine.
//!
//! The order of a start: data folder, store (which locks it), certificates, sockets, first link, ready. Whoever gets
//! the first link gets it once, so everything that can fail comes before it.

mod count;
mod health;
mod listen;
pub mod own_ca;
mod provider;
mod systemd;
pub mod tls;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::middleware::from_fn_with_state;
use bulwark_i18n::args;
use bulwark_identity::breached::io::BreachedFile;
use bulwark_model::{Clock as _, Diagnostic, Exit, Lang};
use bulwark_store::Store;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use self::listen::Bounds;
use self::own_ca::Made;
use crate::clock::{SystemClock, stopwatch};
use crate::config::{Tls, Which};
use crate::installation::{Installation, block_on};
use crate::local::{link_at, socket};
use crate::print::{aside, line, notes};
use crate::texts::{diagnostic, texts};

/// Between two signed roots of the audit log, when anything happened.
const CHECKPOINT_EVERY: Duration = Duration::from_mins(1);
/// Between two looks at the certificate.
const CERTIFICATE_EVERY: Duration = Duration::from_hours(6);
/// Between two looks at what is kept longer than its rule says.
const RETENTION_EVERY: Duration = Duration::from_hours(24);
/// How long the store may take to close.
const CLOSE_WAIT: Duration = Duration::from_secs(10);
/// Connections of machines that ask how it is doing.
const HEALTH_BOUNDS: Bounds = Bounds { connections: 16, per_address: 16 };

/// Runs the command.
///
/// # Errors
/// Why it did not start.
pub fn main(which: &Which, lang: Lang) -> Result<Exit, Vec<Diagnostic>> {
    let installation = Installation::load(which)?;
    installation.prepare()?;
    block_on(async {
        let store = Store::open(installation.config()).await.map_err(|e| installation.failed(&e))?;
        let served = serve(&installation, &store, lang).await;
        let closed = tokio::time::timeout(CLOSE_WAIT, store.close()).await;
        if closed.is_err() {
            aside(texts().text("serve.close_late", &[]).get(lang));
        }
        served
    })?;
    Ok(Exit::Ok)
}

async fn serve(installation: &Installation, store: &Store, lang: Lang) -> Result<(), Vec<Diagnostic>> {
    let settings = &installation.settings;
    let mut signals = Signals::new().map_err(|e| vec![diagnostic(texts(), "BW-CLI-035", &[]).because(e)])?;
    let ready = tls::load(settings, &installation.origin(settings.server.listen.port()), SystemClock.now());
    let ready = ready.map_err(|note| vec![note])?;
    tell_made(installation, ready.made, lang);
    let (acceptor, in_use) = watch::channel(ready.acceptor);
    let listener = listener(settings.server.listen).await?;
    let health_listener = bind(settings.server.health_listen).await?;
    plain_only_here(settings.server.tls, &listener)?;
    let port = listener.local_addr().map_or(settings.server.listen.port(), |address| address.port());
    let origin = installation.origin(port);
    let console = console_settings(installation, &origin)?;
    let (stop, stopped) = watch::channel(false);
    let writable = Arc::new(AtomicBool::new(true));
    let counters = Arc::new(count::Counters::new(stopwatch()));
    let watched = health::Watched {
        store: store.clone(),
        counters: Arc::clone(&counters),
        writable: Arc::clone(&writable),
        certificate: tls::certificate(settings),
    };
    let plain = watch::channel(None).1;
    let health = address(&health_listener);
    let mut tasks = vec![
        tokio::spawn(listen::serve(
            health_listener,
            plain,
            health::router(watched),
            HEALTH_BOUNDS,
            stopped.clone(),
        )),
        tokio::spawn(sign(store.clone(), writable, stopped.clone(), lang)),
        tokio::spawn(renew(installation.clone(), origin.clone(), acceptor.clone(), stopped.clone(), lang)),
    ];
    tasks.extend(local_socket(installation, store, &origin, &stopped, lang));

    let today = jiff::tz::offset(8).to_datetime(SystemClock.now()).date();
    let first = bulwark_console::first_start(store, today).await.map_err(|e| installation.failed(&e))?;
    if let Some(first) = first {
        let link = link_at(&origin, first.token.reveal());
        line(texts().text("serve.first", &args![login = first.login]).get(lang));
        line(&link);
    }
    let app = bulwark_console::App::new(store.clone(), console);
    tasks.push(tokio::spawn(retain(Arc::clone(&app), stopped.clone(), lang)));
    let router = bulwark_console::router(&app).layer(from_fn_with_state(counters, count::count));
    let limits = &settings.limits;
    let bounds = Bounds { connections: limits.connections, per_address: limits.connections_per_address };
    let pages = tokio::spawn(listen::serve(listener, in_use, router, bounds, stopped));
    line(texts().text("serve.ready", &args![origin = origin, health = health]).get(lang));
    systemd::notify("READY=1");

    while signals.next().await == Order::Reload {
        reload(installation, &origin, &acceptor, lang);
    }
    systemd::notify("STOPPING=1");
    let _ = stop.send(true);
    let _ = pages.await;
    for task in tasks {
        let _ = task.await;
    }
    line(texts().text("serve.stopped", &[]).get(lang));
    Ok(())
}

fn console_settings(
    installation: &Installation,
    origin: &str,
) -> Result<bulwark_console::Settings, Vec<Diagnostic>> {
    let settings = &installation.settings;
    Ok(bulwark_console::Settings {
        origin: origin.to_owned(),
        contact: settings.server.contact.clone(),
        session_hours: settings.session.hours,
        idle_minutes: settings.session.idle_minutes,
        requests_per_second: settings.limits.requests_per_second,
        breached_passwords: breached(settings.password.breached.as_deref())?,
        oidc: provider::settings(&settings.oidc, origin).map_err(|note| vec![note])?,
        ..bulwark_console::Settings::default()
    })
}

/// The list of breached passwords, when one is named: without it, none is let in.
fn breached(path: Option<&Path>) -> Result<Option<Arc<BreachedFile>>, Vec<Diagnostic>> {
    let open = |path| BreachedFile::open(path).map(Arc::new).map_err(|error| vec![error.diagnostic()]);
    path.map(open).transpose()
}

/// The socket that systemd opened, else one of our own.
async fn listener(address: SocketAddr) -> Result<TcpListener, Vec<Diagnostic>> {
    match systemd::listener() {
        Some(listener) => listener
            .set_nonblocking(true)
            .and_then(|()| TcpListener::from_std(listener))
            .map_err(|e| vec![taken(address).because(e)]),
        None => bind(address).await,
    }
}

/// A socket that was handed over may lead to other machines whatever the configuration says.
fn plain_only_here(tls: Tls, listener: &TcpListener) -> Result<(), Vec<Diagnostic>> {
    match listener.local_addr() {
        Ok(address) if tls == Tls::Off && !address.ip().is_loopback() => {
            Err(vec![diagnostic(texts(), "BW-CONF-010", &args![listen = address])])
        }
        _ => Ok(()),
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Vec<Diagnostic>> {
    TcpListener::bind(address).await.map_err(|e| vec![taken(address).because(e)])
}

fn taken(address: SocketAddr) -> Diagnostic {
    diagnostic(texts(), "BW-CLI-039", &args![address = address])
}

fn address(listener: &TcpListener) -> String {
    listener.local_addr().map(|address| address.to_string()).unwrap_or_default()
}

/// Serves the local socket. Without it, commands that write wait until the server is stopped; that is said.
fn local_socket(
    installation: &Installation,
    store: &Store,
    origin: &str,
    stopped: &watch::Receiver<bool>,
    lang: Lang,
) -> Option<JoinHandle<()>> {
    let path = installation.dir().join(socket::NAME);
    match socket::listen(&path) {
        Ok(listener) => {
            Some(tokio::spawn(socket::serve(listener, store.clone(), origin.to_owned(), stopped.clone())))
        }
        Err(e) => {
            let note = diagnostic(texts(), "BW-CLI-036", &args![path = path.display()]);
            notes(&[note.because(e)], lang);
            None
        }
    }
}

/// Signs the head of the audit log once a minute while anything happens, and once at the end.
async fn sign(store: Store, writable: Arc<AtomicBool>, mut stop: watch::Receiver<bool>, lang: Lang) {
    let mut signed = None;
    loop {
        let last = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => true,
            () = tokio::time::sleep(CHECKPOINT_EVERY) => false,
        };
        if signed != Some(store.commits()) || !writable.load(Ordering::Relaxed) {
            let done = store.checkpoint().await;
            writable.store(done.is_ok(), Ordering::Relaxed);
            match done {
                Ok(()) => signed = Some(store.commits()),
                Err(e) => notes(&[e.diagnostic(&store.config().dir.display().to_string())], lang),
            }
        }
        if last {
            return;
        }
    }
}

/// Deletes, once a day, what is kept longer than its rule says; the first time when the start is well over.
async fn retain(app: Arc<bulwark_console::App>, mut stop: watch::Receiver<bool>, lang: Lang) {
    let mut wait = CHECKPOINT_EVERY;
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(wait) => {}
        }
        if let Err(e) = bulwark_console::apply_retention(&app).await {
            notes(&[e.diagnostic(&app.store.config().dir.display().to_string())], lang);
        }
        wait = RETENTION_EVERY;
    }
}

/// Renews the certificate of the own authority before it ends.
async fn renew(
    installation: Installation,
    origin: String,
    acceptor: watch::Sender<Option<TlsAcceptor>>,
    mut stop: watch::Receiver<bool>,
    lang: Lang,
) {
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(CERTIFICATE_EVERY) => reload(&installation, &origin, &acceptor, lang),
        }
    }
}

/// Loads the certificates again. Those in use stay when the new ones cannot be used.
fn reload(
    installation: &Installation,
    origin: &str,
    acceptor: &watch::Sender<Option<TlsAcceptor>>,
    lang: Lang,
) {
    match tls::load(&installation.settings, origin, SystemClock.now()) {
        Ok(ready) => {
            let _ = acceptor.send(ready.acceptor);
            tell_made(installation, ready.made, lang);
        }
        Err(note) => notes(&[note], lang),
    }
}

/// Says what was made anew: browsers have to be told of an authority.
fn tell_made(installation: &Installation, made: Made, lang: Lang) {
    let path = own_ca::Files::of(installation.dir()).authority;
    match made {
        Made::Nothing => {}
        Made::Certificate => line(texts().text("serve.renewed", &[]).get(lang)),
        Made::Authority => line(texts().text("serve.authority", &args![path = path.display()]).get(lang)),
    }
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Stop,
    Reload,
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Order {
        tokio::select! {
            _ = self.terminate.recv() => Order::Stop,
            _ = self.interrupt.recv() => Order::Stop,
            _ = self.hang_up.recv() => Order::Reload,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_that_was_handed_over_leads_to_other_machines_with_tls_only() {
        let open = TcpListener::bind("0.0.0.0:0").await.expect("a port");
        let refused = plain_only_here(Tls::Off, &open).unwrap_err();
        assert_eq!(refused.first().map(|note| note.code.as_str()), Some("BW-CONF-010"));
        assert!(plain_only_here(Tls::OwnCa, &open).is_ok());
        let here = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        assert!(plain_only_here(Tls::Off, &here).is_ok());
    }
}
