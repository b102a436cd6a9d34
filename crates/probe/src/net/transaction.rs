//! A declared transaction: steps one after the other, values of one answer used in the next.

use std::collections::BTreeMap;
use std::sync::Arc;

use hyper::Method;
use serde_json::Value;

use super::Net;
use super::fetch::{self, Jar, follow};
use super::http::{Ask, Session};
use crate::evidence::{Exchange, StepRun, Transaction};
use crate::failure::{Code, Failure, Step};
use crate::task::{Extract, TransactionStep};

/// Body looked at for expectations and values.
const LOOKED_AT: usize = 1 << 20;
/// Body kept of a step that failed.
const KEPT: usize = 4096;
/// Shorter extracted values are not hidden: they are no secrets, and hiding them garbles the text.
const SHORTEST_SECRET: usize = 6;

/// One repetition. A step that fails ends it; `Err` only when nothing could be sent at all.
pub(super) async fn collect(
    net: &Arc<Net>,
    name: &str,
    run: u32,
    steps: &[TransactionStep],
) -> Result<Transaction, Failure> {
    let mut session = Session::new(net, false);
    let mut jar = Jar::default();
    let mut values = BTreeMap::new();
    let mut done = Vec::new();
    for step in steps {
        let result = Box::pin(one(net, &mut session, &mut jar, step, &mut values)).await;
        done.push(StepRun {
            name: if step.name.is_empty() {
                format!("{} {}", step.method, step.url)
            } else {
                step.name.clone()
            },
            unmet: result.as_ref().map(|(_, unmet)| unmet.clone()).unwrap_or_default(),
            answer: result.map(|(exchange, _)| exchange),
        });
        if !done.last().is_some_and(StepRun::ok) {
            break;
        }
    }
    Ok(Transaction {
        name: name.to_owned(),
        run,
        steps: done,
        planned_steps: u32::try_from(steps.len()).unwrap_or(u32::MAX),
    })
}

async fn one(
    net: &Arc<Net>,
    session: &mut Session<'_>,
    jar: &mut Jar,
    step: &TransactionStep,
    values: &mut BTreeMap<String, String>,
) -> Result<(Exchange, Vec<String>), Failure> {
    let filled = substitute(&step.url, values);
    if let Some(at) = filled.find("${") {
        return Err(Failure::new(Step::Send, Code::BadSetting, &filled[at..]));
    }
    let url = fetch::parse(&filled)?;
    let method = match step.method.to_ascii_uppercase().as_str() {
        "" | "GET" => Method::GET,
        "HEAD" => Method::HEAD,
        other => return Err(Failure::new(Step::Send, Code::BadSetting, format!("method {other}"))),
    };
    let ask = Ask { method, keep: LOOKED_AT, ..Ask::get(url) };
    let mut followed = Box::pin(follow(session, net, ask, jar)).await?;
    if let Some(stopped) = followed.stopped {
        return Err(hidden_failure(stopped, values));
    }
    let Some(mut exchange) = followed.hops.pop() else {
        return Err(Failure::new(Step::Receive, Code::Internal, step.url.as_str()));
    };
    let body = crate::html::decode(&followed.body, exchange.header("content-type").unwrap_or_default());
    let json = serde_json::from_str::<Value>(&body).ok();
    let mut unmet = expectations(step, &exchange, &body, json.as_ref());
    for extract in &step.extract {
        match extracted(extract, &body, json.as_ref()) {
            Some(value) => {
                values.insert(extract.name.clone(), value);
            }
            None => unmet.push(format!("extract {}", extract.name)),
        }
    }
    // The citizen waits for the redirects, too.
    for hop in &followed.hops {
        exchange.phases.resolve_us += hop.phases.resolve_us;
        exchange.phases.connect_us += hop.phases.connect_us;
        exchange.phases.tls_us += hop.phases.tls_us;
        exchange.phases.processing_us += hop.phases.processing_us;
        exchange.phases.transfer_us += hop.phases.transfer_us;
    }
    redact(&mut exchange, step, values, followed.hops.is_empty(), !unmet.is_empty());
    Ok((exchange, unmet))
}

/// Replaces `${name}` by its percent-encoded value; unknown names stay.
fn substitute(template: &str, values: &BTreeMap<String, String>) -> String {
    let mut out = template.to_owned();
    for (name, value) in values {
        let encoded: String = value
            .bytes()
            .map(|b| match b {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    char::from(b).to_string()
                }
                _ => format!("%{b:02X}"),
            })
            .collect();
        out = out.replace(&format!("${{{name}}}"), &encoded);
    }
    out
}

/// Expectations that do not hold, in words of the plan.
fn expectations(
    step: &TransactionStep,
    exchange: &Exchange,
    body: &str,
    json: Option<&Value>,
) -> Vec<String> {
    let mut unmet = Vec::new();
    let status_ok = match step.expect_status {
        0 => (200..300).contains(&exchange.status),
        expected => exchange.status == expected,
    };
    if !status_ok {
        let expected =
            if step.expect_status == 0 { "2xx".to_owned() } else { step.expect_status.to_string() };
        unmet.push(format!("status {expected} (≠ {})", exchange.status));
    }
    if !step.expect_text.is_empty() && !body.contains(&step.expect_text) {
        unmet.push(format!("text \"{}\"", step.expect_text));
    }
    if let Some((pointer, expected)) = &step.expect_json {
        let wanted =
            serde_json::from_str::<Value>(expected).unwrap_or_else(|_| Value::String(expected.clone()));
        if json.and_then(|j| j.pointer(pointer)) != Some(&wanted) {
            unmet.push(format!("json {pointer} = {expected}"));
        }
    }
    unmet
}

fn extracted(extract: &Extract, body: &str, json: Option<&Value>) -> Option<String> {
    if !extract.json.is_empty() {
        return match json?.pointer(&extract.json)? {
            Value::String(s) => Some(s.clone()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
            other => Some(other.to_string()),
        };
    }
    let rest = &body[body.find(&extract.after)? + extract.after.len()..];
    let end =
        if extract.before.is_empty() { rest.find(char::is_whitespace)? } else { rest.find(&extract.before)? };
    Some(rest[..end].to_owned())
}

/// Takes out what may be a secret: cookie values, extracted values, and the body of a good step.
fn redact(
    exchange: &mut Exchange,
    step: &TransactionStep,
    values: &BTreeMap<String, String>,
    direct: bool,
    failed: bool,
) {
    for (name, value) in &mut exchange.headers {
        if name == "set-cookie" {
            let (pair, attributes) = value.split_once(';').map_or((value.as_str(), ""), |(p, a)| (p, a));
            let cookie = pair.split_once('=').map_or(pair, |(n, _)| n);
            *value = if attributes.is_empty() {
                format!("{cookie}=…")
            } else {
                format!("{cookie}=…;{attributes}")
            };
        } else {
            *value = hide(value, values);
        }
    }
    exchange.url = if direct { step.url.clone() } else { hide(&exchange.url, values) };
    let mut body = if failed { hide(&exchange.body, values) } else { String::new() };
    body.truncate(body.floor_char_boundary(KEPT));
    exchange.body = body;
    exchange.body_failure = exchange.body_failure.take().map(|f| hidden_failure(f, values));
}

fn hidden_failure(mut failure: Failure, values: &BTreeMap<String, String>) -> Failure {
    failure.detail = hide(&failure.detail, values);
    failure
}

fn hide(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut out = text.to_owned();
    for (name, value) in values.iter().filter(|(_, v)| v.len() >= SHORTEST_SECRET) {
        let encoded = substitute(&format!("${{{name}}}"), values);
        out = out.replace(value.as_str(), &format!("${{{name}}}")).replace(&encoded, &format!("${{{name}}}"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_and_put_in() {
        let body = r#"<input name="t" value="a b/臺"> "#;
        let by_text =
            Extract { name: "t".into(), after: "value=\"".into(), before: "\"".into(), json: String::new() };
        assert_eq!(extracted(&by_text, body, None).as_deref(), Some("a b/臺"));
        let json = serde_json::json!({"a": [{"id": 7}]});
        let by_json = Extract { name: "i".into(), json: "/a/0/id".into(), ..Extract::default() };
        assert_eq!(extracted(&by_json, "", Some(&json)).as_deref(), Some("7"));
        let values = BTreeMap::from([("t".to_owned(), "a b/臺".to_owned())]);
        assert_eq!(substitute("http://x/?q=${t}&r=${z}", &values), "http://x/?q=a%20b%2F%E8%87%BA&r=${z}");
        assert_eq!(hide("token a b/臺 and a%20b%2F%E8%87%BA", &values), "token ${t} and ${t}");
    }
}
