//! Access logs as JSON lines. There is no standard, so fields are known by the names that servers and
//! shippers give them: nginx `log_format escape=json`, Apache with hand-written JSON, Caddy, Traefik,
//! Elastic Common Schema, GCP.

use serde_json::{Map, Value};

use super::line::{clock, micros, request_line, seconds, status};
use super::{Request, clean};

const STATUS: &[&str] = &[
    "status",
    "status_code",
    "statusCode",
    "http_status",
    "response_status",
    "responseStatus",
    "response_code",
    "DownstreamStatus",
    "OriginStatus",
    "http.response.status_code",
    "response.status",
    "httpRequest.status",
];
const TARGET: &[&str] = &[
    "request_uri",
    "requestURI",
    "uri",
    "RequestPath",
    "request_path",
    "path",
    "url.path",
    "url.original",
    "request.uri",
    "request.url",
    "httpRequest.requestUrl",
    "request_url",
    "url",
];
const TIME: &[&str] = &[
    "time_iso8601",
    "@timestamp",
    "ts",
    "msec",
    "timestamp",
    "time",
    "time_local",
    "StartUTC",
    "start_time",
    "datetime",
    "date",
];
const BYTES: &[&str] = &[
    "body_bytes_sent",
    "bytes_sent",
    "size",
    "bytes",
    "DownstreamContentSize",
    "response_size",
    "response_bytes",
    "http.response.body.bytes",
    "httpRequest.responseSize",
];
const REFERRER: &[&str] = &[
    "http_referer",
    "http_referrer",
    "referer",
    "referrer",
    "Referer",
    "request_Referer",
    "http.request.referrer",
    "request.headers.Referer",
    "httpRequest.referer",
];
/// Names of durations and how many microseconds their unit has.
const TOOK: &[(&str, f64)] = &[
    ("request_time", 1e6),
    ("request_time_s", 1e6),
    ("duration_s", 1e6),
    ("request_time_ms", 1e3),
    ("duration_ms", 1e3),
    ("response_time_ms", 1e3),
    ("latency_ms", 1e3),
    ("elapsed_ms", 1e3),
    ("request_time_us", 1.0),
    ("duration_us", 1.0),
    ("response_time_us", 1.0),
    ("Duration", 1e-3),
    ("event.duration", 1e-3),
];

/// Reads a line.
pub(super) fn request(text: &str) -> Option<Request> {
    let Ok(Value::Object(fields)) = serde_json::from_str::<Value>(text) else { return None };
    let status = STATUS.iter().find_map(|n| status(&word(find(&fields, n)?)?))?;
    let target = TARGET.iter().find_map(|n| find(&fields, n)?.as_str());
    let path = match (target, find(&fields, "request")) {
        (Some(target), _) => clean::path(target),
        (None, Some(Value::String(line))) => request_line(line),
        _ => String::new(),
    };
    Some(Request {
        at_s: TIME.iter().find_map(|n| moment(find(&fields, n)?)),
        status,
        path,
        referrer: REFERRER.iter().find_map(|n| clean::referrer(&word(find(&fields, n)?)?)),
        bytes: BYTES.iter().find_map(|n| word(find(&fields, n)?)?.parse().ok()).unwrap_or(0),
        took_us: took(&fields),
    })
}

/// A field by its name; `a.b` is a field of that very name, or the field `b` of the object `a`.
fn find<'v>(fields: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    if let Some(value) = fields.get(name) {
        return Some(value);
    }
    let (first, rest) = name.split_once('.')?;
    find(fields.get(first)?.as_object()?, rest)
}

/// A number or text; of a list (Caddy's headers) the first.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(s) => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Array(list) => list.first().and_then(Value::as_str).map(str::to_owned),
        _ => None,
    }
}

/// A moment as unix seconds: a number (seconds, milli-, micro- or nanoseconds by its size), RFC 3339, or
/// the time of the common format.
fn moment(value: &Value) -> Option<i64> {
    let number = |n: f64| {
        let scale = [1e11, 1e14, 1e17].iter().filter(|limit| n.abs() >= **limit).count();
        let seconds = n / [1.0, 1e3, 1e6, 1e9].get(scale).copied().unwrap_or(1.0);
        jiff::Timestamp::from_second(0)
            .ok()?
            .checked_add(jiff::SignedDuration::try_from_secs_f64(seconds).ok()?)
            .ok()
    };
    let at = match value {
        Value::Number(n) => number(n.as_f64()?)?,
        Value::String(s) => {
            if let Some(at) = clock(s.trim_matches(['[', ']'])) {
                return Some(at);
            }
            match s.parse::<f64>() {
                Ok(n) if n.is_finite() => number(n)?,
                _ => s.parse().ok().or_else(|| offset_without_colon(s)?.parse().ok())?,
            }
        }
        _ => return None,
    };
    // Whole seconds downwards, as the other formats write them.
    Some(at.as_second() - i64::from(at.subsec_nanosecond() < 0))
}

/// `…+0800` as `…+08:00`.
fn offset_without_colon(text: &str) -> Option<String> {
    let (head, tail) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let sign = head.len().checked_sub(3).and_then(|at| head.as_bytes().get(at));
    matches!(sign, Some(b'+' | b'-')).then(|| format!("{head}:{tail}"))
}

fn took(fields: &Map<String, Value>) -> Option<u64> {
    for (name, factor) in TOOK {
        let Some(value) = find(fields, name).and_then(word) else { continue };
        return value.parse().ok().and_then(|v: f64| micros(v, *factor));
    }
    match find(fields, "duration").or_else(|| find(fields, "latency"))? {
        // Caddy: seconds, and its `request` is an object. Elsewhere a number has no unit.
        Value::Number(n) if find(fields, "request").is_some_and(Value::is_object) => micros(n.as_f64()?, 1e6),
        Value::String(s) => unit(s),
        _ => None,
    }
}

/// `1.5ms`, `2s`, `10µs` as Go programs write them.
fn unit(text: &str) -> Option<u64> {
    const UNITS: [(&str, f64); 5] = [("ns", 1e-3), ("µs", 1.0), ("us", 1.0), ("ms", 1e3), ("s", 1e6)];
    let (number, factor) = UNITS.iter().find_map(|(u, f)| text.strip_suffix(u).map(|n| (n, *f)))?;
    if factor >= 1e6 { seconds(number) } else { micros(number.parse().ok()?, factor) }
}
