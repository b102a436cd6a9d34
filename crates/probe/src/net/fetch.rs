//! A URL with its redirects.

use std::sync::Arc;

use url::Url;

use super::Net;
use super::http::{Ask, Session};
use crate::evidence::{Exchange, Http};
use crate::failure::{Code, Failure, Step};

/// Redirects followed.
const MAX_HOPS: usize = 10;

/// What following redirects came to.
pub(super) struct Followed {
    pub(super) hops: Vec<Exchange>,
    /// What was kept of the last body.
    pub(super) body: Vec<u8>,
    pub(super) stopped: Option<Failure>,
}

/// GETs a URL of the plan.
pub(super) async fn collect(net: &Arc<Net>, url: &str) -> Result<Http, Failure> {
    let mut session = Session::new(net, true);
    let ask = Ask::get(parse(url)?);
    let followed = Box::pin(follow(&mut session, net, ask, &mut Jar::default())).await?;
    Ok(Http { url: url.to_owned(), hops: followed.hops, stopped: followed.stopped })
}

/// An absolute http(s) URL without user name and fragment.
pub(super) fn parse(url: &str) -> Result<Url, Failure> {
    let bad = |why: &str| Failure::new(Step::Resolve, Code::BadSetting, format!("{url}: {why}"));
    let mut parsed = Url::parse(url).map_err(|e| bad(&e.to_string()))?;
    if !matches!(parsed.scheme(), "http" | "https") || parsed.host_str().is_none() {
        return Err(bad("http:// | https://"));
    }
    tidy(&mut parsed);
    Ok(parsed)
}

fn tidy(url: &mut Url) {
    url.set_fragment(None);
    // Only fails for URLs without host, which never come here.
    let _ = url.set_username("");
    let _ = url.set_password(None);
}

/// Sends `ask` and follows its redirects within the scope. `Err` when not even the first answer came.
pub(super) async fn follow(
    session: &mut Session<'_>,
    net: &Arc<Net>,
    mut ask: Ask,
    jar: &mut Jar,
) -> Result<Followed, Failure> {
    let mut done = Followed { hops: Vec::new(), body: Vec::new(), stopped: None };
    let mut seen: Vec<(String, Option<String>)> = Vec::new();
    loop {
        ask.cookie = jar.header(&ask.url);
        seen.push((ask.url.to_string(), ask.cookie.clone()));
        let got = match session.fetch(&ask).await {
            Ok(got) => got,
            Err(e) if done.hops.is_empty() => return Err(e),
            Err(e) => {
                done.stopped = Some(e);
                return Ok(done);
            }
        };
        jar.take(&ask.url, &got.exchange);
        let next = redirect(&got.exchange, &ask.url);
        done.hops.push(got.exchange);
        done.body = got.body;
        let next = match next {
            None => return Ok(done),
            Some(Ok(next)) => next,
            Some(Err(e)) => {
                done.stopped = Some(e);
                return Ok(done);
            }
        };
        let host = next.host_str().unwrap_or_default();
        if !matches!(next.scheme(), "http" | "https") || net.check_host(host).is_err() {
            done.stopped = Some(Failure::new(Step::Scope, Code::RedirectOutOfScope, next.as_str()));
            return Ok(done);
        }
        // The same URL with other cookies is not yet a circle: sites set one and send us back.
        let again = seen.contains(&(next.to_string(), jar.header(&next)));
        if again || done.hops.len() > MAX_HOPS {
            let mut hops: Vec<&str> = seen.iter().map(|(url, _)| url.as_str()).collect();
            hops.push(next.as_str());
            done.stopped = Some(Failure::new(Step::Receive, Code::RedirectLoop, hops.join(" → ")));
            return Ok(done);
        }
        ask.url = next;
    }
}

/// Where the answer sends us, if it does.
fn redirect(answer: &Exchange, from: &Url) -> Option<Result<Url, Failure>> {
    if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = answer.header("location")?;
    Some(match from.join(location) {
        Ok(mut next) => {
            tidy(&mut next);
            Ok(next)
        }
        Err(e) => Err(Failure::new(Step::Decode, Code::BadAnswer, format!("Location: {location}: {e}"))),
    })
}

/// Cookies of one run; never stored.
#[derive(Debug, Default)]
pub(super) struct Jar(Vec<Kept>);

#[derive(Debug)]
struct Kept {
    host: String,
    subdomains: bool,
    secure: bool,
    name: String,
    value: String,
}

impl Jar {
    /// Keeps what an answer sets (RFC 6265 §5.3, without paths and expiry: a run is short).
    pub(super) fn take(&mut self, url: &Url, answer: &Exchange) {
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        for line in answer.headers_named("set-cookie") {
            let mut parts = line.split(';');
            let Some((name, value)) = parts.next().and_then(|p| p.split_once('=')) else { continue };
            let mut kept = Kept {
                host: host.clone(),
                subdomains: false,
                secure: false,
                name: name.trim().to_owned(),
                value: value.trim().to_owned(),
            };
            let mut gone = kept.value.is_empty();
            for attribute in parts {
                let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
                match key.trim().to_ascii_lowercase().as_str() {
                    "secure" => kept.secure = true,
                    "max-age" => gone |= value.trim().parse::<i64>().is_ok_and(|s| s <= 0),
                    "domain" => {
                        let domain = value.trim().trim_start_matches('.').to_ascii_lowercase();
                        if host == domain || host.ends_with(&format!(".{domain}")) {
                            kept.host = domain;
                            kept.subdomains = true;
                        }
                    }
                    _ => {}
                }
            }
            self.0.retain(|c| c.name != kept.name || c.host != kept.host);
            if !gone && !kept.name.is_empty() {
                self.0.push(kept);
            }
        }
    }

    /// The `Cookie` header for a request.
    pub(super) fn header(&self, url: &Url) -> Option<String> {
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        let fits = |c: &&Kept| {
            (c.host == host || c.subdomains && host.ends_with(&format!(".{}", c.host)))
                && (!c.secure || url.scheme() == "https")
        };
        let pairs: Vec<String> =
            self.0.iter().filter(fits).map(|c| format!("{}={}", c.name, c.value)).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(headers: &[(&str, &str)]) -> Exchange {
        Exchange {
            url: String::new(),
            method: "GET".into(),
            address: String::new(),
            protocol: "HTTP/1.1".into(),
            status: 302,
            headers: headers.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect(),
            body_bytes: 0,
            decoded_bytes: 0,
            body: String::new(),
            truncated: false,
            body_failure: None,
            phases: crate::evidence::Phases::default(),
        }
    }

    #[test]
    fn cookies_stay_with_their_host() {
        let mut jar = Jar::default();
        let url = Url::parse("https://www.a.tw/").expect("a url");
        jar.take(
            &url,
            &answer(&[
                ("set-cookie", "a=1; Secure; HttpOnly"),
                ("set-cookie", "b=2; Domain=.a.tw"),
                ("set-cookie", "c=3; Domain=b.tw"),
                ("set-cookie", "d=4; Max-Age=0"),
            ]),
        );
        assert_eq!(jar.header(&url).as_deref(), Some("a=1; b=2; c=3"));
        assert_eq!(jar.header(&Url::parse("http://x.a.tw/").expect("a url")).as_deref(), Some("b=2"));
        assert_eq!(jar.header(&Url::parse("https://b.tw/").expect("a url")), None);
    }

    #[test]
    fn a_location_is_taken_relative_and_without_secrets() {
        let from = Url::parse("https://a.tw/x/y").expect("a url");
        let to =
            redirect(&answer(&[("location", "//u:p@b.tw/z#f")]), &from).expect("a redirect").expect("good");
        assert_eq!(to.as_str(), "https://b.tw/z");
        assert!(redirect(&answer(&[]), &from).is_none());
        assert!(redirect(&answer(&[("location", "http://[")]), &from).expect("one").is_err());
    }
}
