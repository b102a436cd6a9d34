//! A small server for the documentation site, with the headers a government site should send.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Response, StatusCode, Uri, header};
use bulwark_ui::docs::{Site, media_type};

/// The console's policy; example frames may be framed by the site itself (design ruling 13).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'self'; base-uri 'none'";

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    runtime: tokio::runtime::Runtime,
}

impl Server {
    /// Listens and serves in threads of its own.
    ///
    /// # Errors
    /// The address is taken or not ours.
    pub fn start(site: Site, address: SocketAddr) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let listener = runtime.block_on(tokio::net::TcpListener::bind(address))?;
        let address = listener.local_addr()?;
        let app = Router::new().fallback(answer).with_state(Arc::new(site));
        runtime.spawn(async move { axum::serve(listener, app).await });
        Ok(Self { address, runtime })
    }

    /// Serves until the process is told to stop.
    pub fn wait(self) {
        self.runtime.block_on(async {
            // Nothing to clean up: Ctrl-C ends the process as always.
            std::future::pending::<()>().await;
        });
    }
}

async fn answer(State(site): State<Arc<Site>>, uri: Uri) -> Response<Body> {
    let path = uri.path();
    // Relative links of an index page need the slash.
    let folder =
        !path.ends_with('/') && site.get(&format!("{path}/index.html")).is_some() && !path.contains('.');
    if folder {
        let to = format!("{path}/");
        let location = HeaderValue::from_str(&to).unwrap_or(HeaderValue::from_static("/"));
        return respond(StatusCode::PERMANENT_REDIRECT, "text/plain", Body::empty(), Some(location));
    }
    if let Some(content) = site.get(path) {
        let kind = if path.ends_with('/') { "text/html; charset=utf-8" } else { media_type(path) };
        return respond(StatusCode::OK, kind, Body::from(content.to_vec()), None);
    }
    let page = site.get("404.html").map(<[u8]>::to_vec).unwrap_or_default();
    respond(StatusCode::NOT_FOUND, "text/html; charset=utf-8", Body::from(page), None)
}

fn respond(
    status: StatusCode,
    kind: &'static str,
    body: Body,
    location: Option<HeaderValue>,
) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(location) = location {
        headers.insert(header::LOCATION, location);
    }
    response
}
