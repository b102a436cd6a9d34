//! Pages that nobody meant to publish.

use bulwark_i18n::args;
use bulwark_probe::html;
use url::Url;

use crate::check::{Case, Sheet};
use crate::checks::network::view::{clip, plain_url};

/// `vuln.default-page`: no untouched start page, information page or directory listing
/// (OWASP WSTG CONF-02, CWE-548). Only successful answers count: an error page in the server's
/// standard dress is no default page.
pub(super) fn default_page(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.http() {
        let Some(last) = piece.body.hops.last().filter(|_| piece.body.stopped.is_none()) else {
            if let Some(failure) = &piece.body.stopped {
                sheet.error(&plain_url(&piece.body.url), failure).from(&piece);
            }
            continue;
        };
        if !(200..300).contains(&last.status) {
            continue;
        }
        let url = plain_url(&last.url);
        let title = Url::parse(&last.url).ok().and_then(|base| html::scan(&last.body, &base).title);
        let shown = title.as_deref().map(|t| format!("<title>{}</title>", clip(t))).unwrap_or_default();
        match html::default_page(&last.body, title.as_deref()) {
            Some(product) => {
                sheet.fail(&url, "found", &args![url = url, product = product]).from(&piece).excerpt(shown);
            }
            None => {
                sheet.pass(&url, "pass", &args![url = url]).from(&piece).excerpt(shown);
            }
        }
    }
}
