//! SPF macros (RFC 7208 §7).

use std::net::IpAddr;

/// What macros stand for.
pub(super) struct Context<'a> {
    pub(super) sender: &'a str,
    pub(super) domain: &'a str,
    pub(super) ip: IpAddr,
    pub(super) helo: &'a str,
    pub(super) receiver: &'a str,
    pub(super) time: i64,
    pub(super) validated: Option<&'a str>,
}

/// `%{i}`: dotted, for IPv6 by nibbles (§7.3).
fn dotted(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(a) => a.to_string(),
        IpAddr::V6(a) => {
            let nibbles: Vec<String> =
                a.octets().iter().flat_map(|b| [format!("{:x}", b >> 4), format!("{:x}", b & 15)]).collect();
            nibbles.join(".")
        }
    }
}

/// Unreserved characters stay (§7.3; RFC 3986 §2.3).
fn url_escape(text: &str) -> String {
    text.bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}

/// Expands a macro-string; `None` when it breaks the grammar. `c`, `r` and `t` are for
/// explanations only.
pub(super) fn expand(text: &str, context: &Context<'_>, explanation: bool) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(rest.get(..at)?);
        rest = rest.get(at + 1..)?;
        let c = rest.chars().next()?;
        rest = rest.get(c.len_utf8()..)?;
        match c {
            '%' => out.push('%'),
            '_' => out.push(' '),
            '-' => out.push_str("%20"),
            '{' => {
                let (body, after) = rest.split_once('}')?;
                rest = after;
                out.push_str(&one(body, context, explanation)?);
            }
            _ => return None,
        }
    }
    out.push_str(rest);
    Some(out)
}

/// The inside of `%{…}`.
fn one(body: &str, context: &Context<'_>, explanation: bool) -> Option<String> {
    let letter = body.chars().next()?;
    let (local, host) = context.sender.rsplit_once('@').unwrap_or(("postmaster", context.sender));
    let value = match letter.to_ascii_lowercase() {
        's' => context.sender.to_owned(),
        'l' => local.to_owned(),
        'o' => host.to_owned(),
        'd' => context.domain.to_owned(),
        'i' => dotted(context.ip),
        'p' => context.validated.unwrap_or("unknown").to_owned(),
        'v' => if context.ip.is_ipv4() { "in-addr" } else { "ip6" }.to_owned(),
        'h' => context.helo.to_owned(),
        'c' if explanation => context.ip.to_string(),
        'r' if explanation => context.receiver.to_owned(),
        't' if explanation => context.time.to_string(),
        _ => return None,
    };
    let tail = body.get(letter.len_utf8()..)?;
    let after_digits = tail.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = tail.get(..tail.len() - after_digits.len())?;
    let keep = if digits.is_empty() { usize::MAX } else { digits.parse().unwrap_or(usize::MAX) };
    if keep == 0 {
        return None;
    }
    let (reverse, delimiters) = match after_digits.strip_prefix(['r', 'R']) {
        Some(delimiters) => (true, delimiters),
        None => (false, after_digits),
    };
    if !delimiters.bytes().all(|b| b".-+,/_=".contains(&b)) {
        return None;
    }
    let split: &[char] = &delimiters.chars().collect::<Vec<_>>();
    let split = if split.is_empty() { &['.'][..] } else { split };
    let mut parts: Vec<&str> = value.split(|c| split.contains(&c)).collect();
    if reverse {
        parts.reverse();
    }
    let kept = parts.get(parts.len().saturating_sub(keep)..)?.join(".");
    // Without a transformer the delimiters stay as they are.
    let whole = keep == usize::MAX && !reverse && delimiters.is_empty();
    let out = if whole { value.clone() } else { kept };
    Some(if letter.is_ascii_uppercase() { url_escape(&out) } else { out })
}
