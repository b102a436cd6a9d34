//! `bulwark serve`: the console on this machine.

mod listen;

use std::sync::Arc;

use bulwark_model::{Clock as _, Diagnostic, Exit, Lang};
use bulwark_store::{Config, Store, StoreError};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::clock::{SystemClock, stopwatch};
use crate::config::{Settings, Which, load};
use crate::print::{line, say};

/// Runs the command.
pub fn main(which: &Which, lang: Lang) -> Result<Exit, Vec<Diagnostic>> {
    let mut settings = load(which)?.settings;
    settings.server.origin.get_or_insert("http://localhost:8620".into());
    let place = settings.store.dir.display().to_string();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("runtime");
    runtime.block_on(run(settings, lang)).map_err(|e| vec![e.diagnostic(&place)])?;
    Ok(Exit::Ok)
}

async fn run(settings: Settings, lang: Lang) -> Result<(), StoreError> {
    let config = Config::sqlite(&settings.store.dir, Arc::new(SystemClock), stopwatch());
    let store = Store::open(config).await?;
    let today = jiff::tz::offset(8).to_datetime(SystemClock.now()).date();
    if let Some(first) = bulwark_console::first_start(&store, today).await? {
        line(format!("{}/link/{}", settings.server.origin.clone().unwrap(), first.token.reveal()));
    }
    let app = bulwark_console::App::new(
        store.clone(),
        bulwark_console::Settings {
            origin: settings.server.origin.clone().unwrap(),
            session_hours: settings.session.hours,
            idle_minutes: settings.session.idle_minutes,
            requests_per_second: settings.limits.requests_per_second,
        },
    );
    let listener = TcpListener::bind(settings.server.listen).await.expect("listen");
    line(format!("{} {}", say(lang, "服務於", "serving"), settings.server.origin.clone().unwrap()));
    let (stop, stopped) = watch::channel(false);
    let (_tls, acceptor) = watch::channel(None);
    let bounds = listen::Bounds {
        connections: settings.limits.connections,
        per_address: settings.limits.connections_per_address,
    };
    let serving = tokio::spawn(listen::serve(listener, acceptor, bulwark_console::router(&app), bounds, stopped));
    let mut term = signal(SignalKind::terminate()).expect("signal");
    term.recv().await;
    let _ = stop.send(true);
    let _ = serving.await;
    store.close().await;
    Ok(())
}
