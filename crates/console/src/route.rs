//! Routes. There are two ways to add one: with the act it is, or with the reason why everyone may use it. A route
//! without either cannot be written down.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, on};
use bulwark_model::rights::Action;

use crate::app::App;
use crate::guard;

/// Largest body of a form with a file: a table of 20 MiB and the fields beside it.
const UPLOAD_BYTES: usize = (20 << 20) + 64 * 1024;

/// What it takes to use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The right to this act.
    Act(Action),
    /// Nothing, and why.
    Open(&'static str),
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Method.
    pub method: Method,
    /// Path as axum writes it.
    pub path: &'static str,
    /// What it takes.
    pub access: Access,
}

/// Routes under construction.
pub(crate) struct Routes {
    app: Arc<App>,
    router: Router<Arc<App>>,
    table: Vec<Route>,
}

impl Routes {
    pub(crate) fn new(app: &Arc<App>) -> Self {
        Self { app: Arc::clone(app), router: Router::new(), table: Vec::new() }
    }

    /// A page.
    pub(crate) fn get<H, T>(self, path: &'static str, action: &str, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        self.act(Method::GET, path, action, handler)
    }

    /// What a form does.
    pub(crate) fn post<H, T>(self, path: &'static str, action: &str, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        self.act(Method::POST, path, action, handler)
    }

    /// What a form with a file does; the file may be as large as a table may.
    pub(crate) fn upload<H, T>(self, path: &'static str, action: &str, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        self.act(Method::POST, path, action, handler.layer(DefaultBodyLimit::max(UPLOAD_BYTES)))
    }

    /// Any act of the matrix.
    ///
    /// # Panics
    /// For an act the matrix does not have, which the walk over all routes rules out.
    #[expect(clippy::panic, reason = "a route of an act that does not exist is a mistake of ours, found by any start")]
    fn act<H, T>(mut self, method: Method, path: &'static str, action: &str, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        let action = Action::parse(action).unwrap_or_else(|e| panic!("{path}: {e}"));
        let layer = from_fn_with_state((Arc::clone(&self.app), action), guard::act);
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        self.router = self.router.route(path, on(filter, handler).layer(layer));
        self.table.push(Route { method, path, access: Access::Act(action) });
        self
    }

    /// A route that everyone may use, with the reason why.
    pub(crate) fn open<H, T>(mut self, method: Method, path: &'static str, why: &'static str, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        let layer = from_fn_with_state(Arc::clone(&self.app), guard::open);
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        self.router = self.router.route(path, on(filter, handler).layer(layer));
        self.table.push(Route { method, path, access: Access::Open(why) });
        self
    }

    pub(crate) fn table(&self) -> &[Route] {
        &self.table
    }

    pub(crate) fn into_router(self) -> Router {
        self.router.with_state(self.app)
    }
}
