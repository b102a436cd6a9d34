//! Products that services name, and whether they are still supported.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use bulwark_i18n::args;
use bulwark_probe::banner::{Product, banner, products, visible};
use bulwark_probe::evidence::Record;
use jiff::civil::Date;
use serde::Deserialize;

use crate::check::{Case, Piece, Sheet};
use crate::checks::network::view::{both_dates, clip, day, excerpt, host_port, origin};

/// Fields of an HTTP answer that name products.
const TELLING: &[&str] = &["server", "x-powered-by", "x-generator"];
/// Fields whose whole value is a version.
const BARE_VERSIONS: &[(&str, &str)] =
    &[("x-aspnet-version", "ASP.NET"), ("x-aspnetmvc-version", "ASP.NET MVC")];

/// What one place (an origin, a port) tells.
#[derive(Default)]
struct Telling<'a> {
    /// Products with where they stood.
    products: Vec<Product>,
    /// The raw lines.
    lines: Vec<String>,
    /// The protocol needs the version (SSH): only additions count as disclosure.
    ssh: bool,
    records: Vec<(&'a str, &'a Record)>,
}

impl<'a> Telling<'a> {
    fn add(&mut self, line: &str, found: impl IntoIterator<Item = Product>, id: &'a str, record: &'a Record) {
        for product in found {
            if !self.products.contains(&product) {
                self.products.push(product);
            }
        }
        let line = clip(line);
        if !self.lines.contains(&line) {
            self.lines.push(line);
        }
        if !self.records.iter().any(|(known, _)| *known == id) {
            self.records.push((id, record));
        }
    }
}

/// Everything that tells, by place. Places that tell nothing are there, too: they pass.
fn tellings<'a>(case: &Case<'a>) -> BTreeMap<String, Telling<'a>> {
    let mut out: BTreeMap<String, Telling<'a>> = BTreeMap::new();
    for piece in case.http() {
        for hop in &piece.body.hops {
            let place = out.entry(origin(&hop.url)).or_default();
            for name in TELLING {
                for value in hop.headers_named(name) {
                    place.add(&format!("{name}: {value}"), products(value), piece.id, piece.record);
                }
            }
            for (name, product) in BARE_VERSIONS {
                if let Some(value) = hop.header(name) {
                    let found =
                        Product { name: (*product).to_owned(), version: Some(clip(value)), detail: None };
                    place.add(&format!("{name}: {value}"), [found], piece.id, piece.record);
                }
            }
        }
    }
    for piece in case.ports() {
        for port in piece.body.ports.iter().filter(|p| p.state == "open") {
            let Some(found) = banner(&port.banner.0) else { continue };
            let place = out.entry(host_port(&clip(&piece.body.host), port.port)).or_default();
            place.ssh |= found.service == "ssh";
            place.add(&visible(&port.banner.0, 200), found.product, piece.id, piece.record);
        }
    }
    for piece in case.smtp() {
        let Some(found) = banner(piece.body.banner.as_bytes()) else { continue };
        let place = out.entry(host_port(&piece.body.host, piece.body.port)).or_default();
        place.add(&piece.body.banner, found.product, piece.id, piece.record);
    }
    out
}

/// A version that narrows things down: at least two numbers (`Apache/2` does not).
fn is_exact(version: &str) -> bool {
    numbers(version).len() >= 2
}

fn shown(product: &Product) -> String {
    let version = product.version.as_deref().map(|v| format!(" {v}")).unwrap_or_default();
    let detail = product.detail.as_deref().map(|d| format!(" ({d})")).unwrap_or_default();
    clip(&format!("{}{version}{detail}", product.name))
}

/// `vuln.banner-disclosure`: services do not tell strangers which exact version they run
/// (RFC 9110 §10.2.4: no needlessly fine-grained detail).
///
/// SSH must state its software (RFC 4253 §4.2) and clients depend on it; only the package revision
/// of a distribution added after it is a disclosure.
pub(super) fn disclosure(case: &Case<'_>, sheet: &mut Sheet) {
    for (place, telling) in tellings(case) {
        let exact: Vec<String> = telling
            .products
            .iter()
            .filter(
                |p| if telling.ssh { p.detail.is_some() } else { p.version.as_deref().is_some_and(is_exact) },
            )
            .map(shown)
            .collect();
        let values = args![place = place, products = exact.join(", ")];
        let entry = if exact.is_empty() {
            sheet.pass(&place, "pass", &values)
        } else if telling.ssh {
            sheet.fail(&place, "ssh", &values)
        } else {
            sheet.fail(&place, "tells", &values)
        };
        let entry = entry.excerpt(excerpt(telling.lines));
        let _ = telling
            .records
            .iter()
            .fold(entry, |entry, (id, record)| entry.from(&Piece { id, record, body: &record.outcome }));
    }
}

/// One line of the table `product_eol.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    /// Product as it names itself.
    product: String,
    /// First version that is not concerned; rows of a product ascend.
    below: String,
    /// Last day of the maker's own updates.
    ended: Date,
    /// Last day on which a widespread distribution still mends this version for free.
    #[serde(default)]
    backported: Option<Date>,
    /// Where the days come from.
    source: String,
}

#[derive(Deserialize)]
struct Table {
    row: Vec<Row>,
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let parsed: Result<Table, _> = toml::from_str(include_str!("product_eol.toml"));
    // A test reads the table; a build that passed its tests has it.
    parsed.map(|t| t.row).unwrap_or_default()
});

/// The table, for tests.
#[cfg(test)]
pub(super) fn rows() -> &'static [Row] {
    &ROWS
}

#[cfg(test)]
impl Row {
    /// Product, bound and days, for tests.
    pub(super) fn parts(&self) -> (&str, Vec<u32>, Date, Option<Date>) {
        (&self.product, numbers(&self.below), self.ended, self.backported)
    }
}

/// The leading numbers of a version: `1.0.2k-fips` → 1, 0, 2.
fn numbers(version: &str) -> Vec<u32> {
    let mut out = Vec::new();
    for part in version.trim_start_matches(['v', 'V']).split('.') {
        let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        let (number, rest) = part.split_at(digits);
        let Ok(number) = number.parse() else { break };
        out.push(number);
        if !rest.is_empty() {
            break;
        }
    }
    out
}

/// The row of a product's version. Versions with one number only are too vague to judge.
fn row(product: &Product) -> Option<&'static Row> {
    let version = numbers(product.version.as_deref()?);
    if version.len() < 2 {
        return None;
    }
    let mine = ROWS.iter().filter(|r| r.product.eq_ignore_ascii_case(&product.name));
    mine.filter(|r| version < numbers(&r.below)).min_by_key(|r| numbers(&r.below))
}

fn in_table(product: &Product) -> bool {
    ROWS.iter().any(|r| r.product.eq_ignore_ascii_case(&product.name))
        && product.version.as_deref().is_some_and(is_exact)
}

/// `vuln.product-eol`: products that name their version are still mended by somebody.
///
/// Past the maker's last day a distribution may still mend its own package without changing the
/// number in the banner, so that alone needs a person. It fails when no widespread distribution
/// mends that version for free any more, either.
pub(super) fn end_of_life(case: &Case<'_>, sheet: &mut Sheet) {
    let mut any = false;
    for (place, telling) in tellings(case) {
        for product in telling.products.iter().filter(|p| in_table(p)) {
            any = true;
            let asset = format!("{place} ({})", clip(&product.name));
            let found = row(product);
            let today = day(case.taken_at);
            let (roc, iso) = found.map(|r| both_dates(r.ended)).unwrap_or_default();
            let values = args![place = place, product = shown(product), roc = roc, iso = iso];
            let entry = match found {
                Some(row) if today > row.backported.unwrap_or(row.ended).max(row.ended) => {
                    sheet.fail(&asset, "ended", &values)
                }
                Some(row) if today > row.ended => sheet.manual(&asset, "backports", &values),
                _ => sheet.pass(&asset, "pass", &values),
            };
            let source = found.map(|r| format!("{} < {}: {} ({})", r.product, r.below, r.ended, r.source));
            let entry = entry.excerpt(excerpt(telling.lines.iter().cloned().chain(source)));
            let _ = telling
                .records
                .iter()
                .fold(entry, |entry, (id, record)| entry.from(&Piece { id, record, body: &record.outcome }));
        }
    }
    let looked =
        case.http().next().is_some() || case.ports().next().is_some() || case.smtp().next().is_some();
    if !any && looked {
        sheet.not_tested(&case.plan.system.name, "no_version", &[]);
    }
}
