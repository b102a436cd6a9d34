//! The Common Log Format and what grew from it (Apache `mod_log_config`, nginx `log_format combined`):
//! `[host:port ]client ident user [time] "request" status bytes[ "referrer" "agent"][ more…]`.

use super::{Request, clean};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Reads a line; the flag says whether it names a referrer (`combined`).
pub(super) fn request(text: &str) -> Option<(Request, bool)> {
    let (at_s, rest) = stamped(text)?;
    let (line, rest) = quoted(rest)?;
    let mut words = rest.trim_start().splitn(3, ' ');
    let status = status(words.next()?)?;
    let bytes = match words.next()? {
        "-" => 0,
        n => n.parse().ok()?,
    };
    let rest = words.next().unwrap_or_default();
    let mut request =
        Request { at_s: Some(at_s), status, path: request_line(line), bytes, ..Request::default() };
    let Some((referrer, rest)) = quoted(rest) else {
        request.took_us = took(rest);
        return Some((request, false));
    };
    request.referrer = clean::referrer(referrer);
    // The user agent is passed over.
    let rest = quoted(rest).map_or(rest, |(_, rest)| rest);
    request.took_us = took(rest);
    Some((request, true))
}

/// A three-digit status.
pub(super) fn status(word: &str) -> Option<u16> {
    word.parse().ok().filter(|s| (100..=999).contains(s))
}

/// The path of `GET /a?b HTTP/1.1`; empty when it is no request (a TLS hello on a plain port, `-`).
pub(super) fn request_line(line: &str) -> String {
    let Some((method, rest)) = line.split_once(' ') else { return String::new() };
    if method.is_empty() || !method.bytes().all(|b| b.is_ascii_uppercase() || b == b'-' || b == b'_') {
        return String::new();
    }
    // A raw space in the target is not allowed, but is met.
    let target = rest.rsplit_once(" HTTP/").map_or(rest, |(target, _)| target);
    clean::path(target)
}

/// The time in brackets and what comes after; a `[` in a user name is passed over.
fn stamped(text: &str) -> Option<(i64, &str)> {
    text.match_indices('[').find_map(|(at, _)| {
        let rest = text.get(at + 1..)?;
        let (stamp, rest) = rest.split_once(']')?;
        Some((clock(stamp)?, rest))
    })
}

/// A quoted string, quotes taken off, and what comes after. `\"` does not end it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let inner = text.trim_start().strip_prefix('"')?;
    let mut escaped = false;
    for (at, b) in inner.bytes().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some((inner.get(..at)?, inner.get(at + 1..)?)),
            _ => {}
        }
    }
    None
}

/// `17/May/2015:10:05:03 +0800` as unix seconds.
pub(super) fn clock(stamp: &str) -> Option<i64> {
    let (time, zone) = stamp.trim().split_once(' ')?;
    let [day, month, rest] = *time.splitn(3, '/').collect::<Vec<_>>().as_slice() else { return None };
    let [year, hour, minute, second] = *rest.split(':').collect::<Vec<_>>().as_slice() else { return None };
    let number = |word: &str, digits: usize| -> Option<i64> {
        (word.len() == digits && word.bytes().all(|b| b.is_ascii_digit()))
            .then(|| word.parse().ok())
            .flatten()
    };
    let month = i8::try_from(MONTHS.iter().position(|m| m.eq_ignore_ascii_case(month))? + 1).ok()?;
    let date = jiff::civil::Date::new(
        i16::try_from(number(year, 4)?).ok()?,
        month,
        i8::try_from(number(day, 2)?).ok()?,
    )
    .ok()?;
    let (hour, minute, second) = (number(hour, 2)?, number(minute, 2)?, number(second, 2)?);
    // A leap second is written as 60.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (sign, zone) = match zone.strip_prefix('-') {
        Some(zone) => (-1, zone),
        None => (1, zone.strip_prefix('+')?),
    };
    let zone = number(zone, 4)?;
    let east = sign * (zone / 100 * 3600 + zone % 100 * 60);
    let days = date.duration_since(jiff::civil::date(1970, 1, 1)).as_secs() / 86_400;
    Some(days * 86_400 + hour * 3600 + minute * 60 + second - east)
}

/// A request time after the usual fields: nginx `$request_time` (seconds with three decimals), alone or as
/// `rt=0.123`. Whole numbers alone are left: they may be seconds, micro- or milliseconds, or bytes.
fn took(rest: &str) -> Option<u64> {
    rest.split_ascii_whitespace().find_map(|word| {
        let word = word.trim_matches(['"', ',', '|', '[', ']']);
        match word.split_once(['=', ':']) {
            Some(("rt" | "request_time" | "reqtime" | "time", value)) => seconds(value.trim_matches('"')),
            Some(_) => None,
            None => {
                let (whole, parts) = word.split_once('.')?;
                let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
                (digits(whole) && digits(parts) && parts.len() == 3).then(|| seconds(word)).flatten()
            }
        }
    })
}

/// Seconds in decimal as microseconds.
pub(super) fn seconds(text: &str) -> Option<u64> {
    text.parse().ok().and_then(|s: f64| micros(s, 1e6))
}

/// A time in a unit as microseconds: `factor` of them to one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "held between zero and a week of microseconds"
)]
pub(super) fn micros(value: f64, factor: f64) -> Option<u64> {
    let us = value * factor;
    ((0.0..6.048e11).contains(&us)).then(|| us.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_unix_seconds() {
        assert_eq!(clock("01/Jan/1970:00:00:00 +0000"), Some(0));
        assert_eq!(clock("17/May/2015:10:05:03 +0000"), Some(1_431_857_103));
        assert_eq!(clock("17/May/2015:18:05:03 +0800"), Some(1_431_857_103));
        assert_eq!(clock("17/May/2015:06:35:03 -0330"), Some(1_431_857_103));
        assert_eq!(clock("31/Dec/2016:23:59:60 +0000"), Some(1_483_228_800));
        for bad in [
            "",
            "x",
            "31/Feb/2015:10:05:03 +0000",
            "17/May/2015:24:05:03 +0000",
            "17/May/2015:10:05:03",
            "17/Mai/2015:10:05:03 +0000",
        ] {
            assert_eq!(clock(bad), None, "{bad}");
        }
    }

    #[test]
    fn request_times_are_read_where_their_unit_is_known() {
        for (rest, want) in [
            (" 0.123", Some(123_000)),
            (" \"10.0.0.1, 10.0.0.2\" 1.500 0.020", Some(1_500_000)),
            (" rt=0.25 uct=\"0.001\"", Some(250_000)),
            (" \"0.004\"", Some(4_000)),
            (" 123456", None),
            (" 1.5", None),
            (" ua=0.1 10.1.2.345", None),
            ("", None),
            (" -", None),
            (" rt=NaN", None),
            (" rt=-1", None),
        ] {
            assert_eq!(took(rest), want, "{rest}");
        }
    }
}
