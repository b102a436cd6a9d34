//! Small readings of plan and evidence that several checks of `network` and `vuln` share.

use bulwark_i18n::date;
use bulwark_model::Lang;
use bulwark_probe::banner::visible;
use bulwark_probe::dns::{self, Data, Message, Rr};
use bulwark_probe::evidence::{Dns, DnsRole};
use bulwark_probe::failure::{Code, Failure, Step};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{TimeZone, offset};
use url::Url;

use crate::check::{Case, Piece, Sheet};

/// Lines an excerpt may have.
const EXCERPT_LINES: usize = 10;
/// Characters of one line of an excerpt, and of a value taken from the wire.
const LINE_CHARACTERS: usize = 200;

/// `host:port`, IPv6 literals in brackets.
pub(in crate::checks) fn host_port(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// A URL without user, query and fragment; what cannot be read is clipped.
pub(in crate::checks) fn plain_url(url: &str) -> String {
    let Ok(mut parsed) = Url::parse(url) else {
        // A relative reference, for example.
        return clip(url.split(['?', '#']).next().unwrap_or_default());
    };
    parsed.set_query(None);
    parsed.set_fragment(None);
    // Both only fail for URLs that have no user.
    let _ = parsed.set_username("");
    let _ = parsed.set_password(None);
    clip(parsed.as_str())
}

/// `https://host[:port]`, or the clipped text when it is no such URL.
pub(in crate::checks) fn origin(url: &str) -> String {
    Url::parse(url).map_or_else(|_| clip(url), |u| u.origin().ascii_serialization())
}

/// Host of a URL without brackets, lower case.
pub(in crate::checks) fn url_host(url: &str) -> Option<String> {
    let parsed = Url::parse(url).ok()?;
    parsed.host_str().map(|h| h.trim_matches(['[', ']']).to_ascii_lowercase())
}

/// Text from the wire made safe to show: control characters visible, at most 200 characters.
pub(in crate::checks) fn clip(text: &str) -> String {
    visible(text.as_bytes(), LINE_CHARACTERS)
}

/// An excerpt of at most ten lines; says how many are left out.
pub(in crate::checks) fn excerpt(lines: impl IntoIterator<Item = String>) -> String {
    let lines: Vec<String> = lines.into_iter().map(|l| clip(&l)).collect();
    if lines.len() <= EXCERPT_LINES {
        return lines.join("\n");
    }
    let kept = lines.get(..EXCERPT_LINES - 1).unwrap_or_default().join("\n");
    format!("{kept}\n… +{}", lines.len() - (EXCERPT_LINES - 1))
}

/// Day in Taipei of a moment.
pub(in crate::checks) fn day(at: Timestamp) -> Date {
    TimeZone::fixed(offset(8)).to_datetime(at).date()
}

/// `115-11-25` and `2026-11-25`: sentences show one or both.
pub(in crate::checks) fn both_dates(d: Date) -> (String, String) {
    (date(d, Lang::ZhTw), date(d, Lang::En))
}

/// Says that the plan names nothing this check could look at.
pub(in crate::checks) fn no_target(case: &Case<'_>, sheet: &mut Sheet) {
    sheet.not_tested(&case.plan.system.name, "common.no_target", &[]);
}

/// Names compare by their A-labels without final dot.
pub(super) fn canonical(name: &str) -> String {
    dns::host_name(name).map_or_else(|_| name.trim_end_matches('.').to_ascii_lowercase(), |h| h.ascii)
}

/// What the resolver says about a name: the first whole answer (NOERROR or NXDOMAIN), else why none.
/// `None` when it was never asked.
pub(super) fn recursive(dns: &Dns, name: &str, rtype: &str) -> Option<Result<Message, Failure>> {
    let mut trouble = None;
    for (exchange, answer) in dns::lookup(dns, DnsRole::Recursive, name, rtype) {
        match answer {
            Ok(message) if matches!(message.rcode, 0 | 3) && !message.truncated => return Some(Ok(message)),
            Ok(message) => {
                let word = if message.truncated { "TC".to_owned() } else { message.rcode_name() };
                let detail = format!("{name} {rtype} @{}: {word}", exchange.server);
                trouble.get_or_insert(Failure::new(Step::Receive, Code::BadAnswer, detail));
            }
            Err(failure) => {
                trouble.get_or_insert(failure);
            }
        }
    }
    trouble.map(Err)
}

/// A record as a line of a zone file.
pub(super) fn show(record: &Rr) -> String {
    let data = match &record.data {
        Data::A(a) => format!("A {a}"),
        Data::Aaaa(a) => format!("AAAA {a}"),
        Data::Ns(host) => format!("NS {host}"),
        Data::Cname(host) => format!("CNAME {host}"),
        Data::Soa { mname, rname, serial, refresh, retry, expire, minimum } => {
            format!("SOA {mname} {rname} {serial} {refresh} {retry} {expire} {minimum}")
        }
        Data::Mx { preference, exchange } => format!("MX {preference} {exchange}"),
        Data::Txt(text) => format!("TXT \"{text}\""),
        Data::Caa { flags, tag, value } => format!("CAA {flags} {tag} \"{value}\""),
        Data::Other { rtype } => format!("TYPE{rtype}"),
    };
    format!("{} {} {data}", record.name, record.ttl)
}

/// A zone the plan asks about.
pub(super) struct Zone<'a> {
    /// Apex, A-labels.
    pub(super) apex: String,
    /// The evidence it was found in.
    pub(super) piece: Piece<'a, Dns>,
}

/// The zones of the plan's domains, each once. Says so on the sheet when the plan names none.
///
/// Hosts of other owners (a shared platform, a cloud) are not zones of this system.
pub(super) fn zones<'a>(case: &Case<'a>, sheet: &mut Sheet) -> Vec<Zone<'a>> {
    let scope = &case.plan.scope;
    let names: Vec<String> = scope.domains.iter().chain(&scope.mail_domains).map(|n| canonical(n)).collect();
    if names.is_empty() {
        no_target(case, sheet);
    }
    let mut zones: Vec<Zone<'a>> = Vec::new();
    for piece in case.dns().filter(|p| names.contains(&canonical(&p.body.name))) {
        let Some(apex) = piece.body.apex.as_deref().map(canonical) else { continue };
        if !zones.iter().any(|z| z.apex == apex) {
            zones.push(Zone { apex, piece });
        }
    }
    zones
}

/// The plan's mail domains with their evidence. Says so on the sheet when the plan names none.
pub(super) fn mail_domains<'a>(case: &Case<'a>, sheet: &mut Sheet) -> Vec<(String, Piece<'a, Dns>)> {
    let names: Vec<String> = case.plan.scope.mail_domains.iter().map(|n| canonical(n)).collect();
    if names.is_empty() {
        no_target(case, sheet);
    }
    names
        .into_iter()
        .filter_map(|name| {
            let piece = case.dns().find(|p| canonical(&p.body.name) == name)?;
            Some((name, piece))
        })
        .collect()
}
