//! placeholder

use crate::route::Routes;

/// The routes.
pub(crate) fn routes(routes: Routes) -> Routes {
    routes
}
