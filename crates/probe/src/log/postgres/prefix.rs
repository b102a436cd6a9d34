//! `log_line_prefix` (PostgreSQL 18 §19.8.3): given by the caller, or found out from the lines.
//!
//! An entry starts where, after the prefix, one of the server's words stands with a colon and two
//! spaces. Further lines of an entry start with a tab.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use jiff::tz::{Offset, offset};

use super::entry::Level;

/// Bytes of a line within which the word must stand.
const MAX_PREFIX: usize = 1000;

/// What stands before the word of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prefix {
    template: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Kind {
    /// Found out: every prefix holds a time.
    Timed,
    /// Found out: no time; the prefix looks like the template.
    #[default]
    Plain,
    /// Given.
    Given(Vec<Token>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Text(String),
    /// Decimal digits, perhaps none (`%p`, `%l`, `%x`, `%Q`).
    Digits,
    /// Anything.
    Free,
    /// `%q`: nothing more for processes without a session.
    Session,
}

impl Prefix {
    /// The server's own setting.
    pub fn given(setting: &str) -> Self {
        let mut tokens = Vec::new();
        let mut text = String::new();
        let mut chars = setting.chars().peekable();
        while let Some(c) = chars.next() {
            if c != '%' {
                text.push(c);
                continue;
            }
            let mut padded = false;
            while chars.next_if(|c| *c == '-' || c.is_ascii_digit()).is_some() {
                padded = true;
            }
            let token = match chars.next() {
                None => break,
                Some('%') => {
                    text.push('%');
                    continue;
                }
                Some('p' | 'l' | 'x' | 'P') if !padded => Token::Digits,
                Some('q') => Token::Session,
                Some(_) => Token::Free,
            };
            if !text.is_empty() {
                tokens.push(Token::Text(std::mem::take(&mut text)));
            }
            tokens.push(token);
        }
        if !text.is_empty() {
            tokens.push(Token::Text(text));
        }
        Self { template: setting.to_owned(), kind: Kind::Given(tokens) }
    }

    /// Finds out the prefix most lines have.
    pub fn find<'a>(lines: impl Iterator<Item = &'a str>) -> Self {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let (mut timed, mut all) = (0_usize, 0_usize);
        for (head, ..) in lines.filter_map(levelled) {
            all += 1;
            timed += usize::from(time_ms(head).is_some());
            *seen.entry(guess(head)).or_default() += 1;
        }
        // Sessions write more than background processes do; among equals the longer says more.
        let template =
            seen.into_iter().max_by_key(|(t, n)| (*n, t.len())).map(|(t, _)| t).unwrap_or_default();
        Self { template, kind: if timed * 2 > all { Kind::Timed } else { Kind::Plain } }
    }

    /// The setting: as given, or as far as it could be found out.
    pub fn template(&self) -> &str {
        &self.template
    }

    /// Prefix, word and message of a line that starts an entry or a follow-up line.
    pub fn split<'a>(&self, line: &'a str) -> Option<(&'a str, Level, &'a str)> {
        let (head, level, message) = levelled(line)?;
        let fits = match &self.kind {
            Kind::Timed => time_ms(head).is_some(),
            Kind::Plain => head.is_empty() || guess(head) == self.template || self.template.is_empty(),
            Kind::Given(tokens) => matches(tokens, head),
        };
        fits.then_some((head, level, message))
    }
}

/// The first place where a word of the server stands with a colon and two spaces.
pub(super) fn levelled(line: &str) -> Option<(&str, Level, &str)> {
    if line.starts_with('\t') {
        return None;
    }
    for (at, _) in line.match_indices(":  ") {
        if at > MAX_PREFIX {
            break;
        }
        let before = line.get(..at)?;
        let start = before
            .rfind(|c: char| !c.is_alphanumeric())
            .map_or(0, |i| i + before.get(i..).and_then(|s| s.chars().next()).map_or(1, char::len_utf8));
        let (head, word) = (before.get(..start)?, before.get(start..)?);
        if let Some(level) = Level::of(word).filter(|_| !head.ends_with('_')) {
            return Some((head, level, line.get(at + 3..)?));
        }
    }
    None
}

/// Whether a prefix is one the setting makes. Every field but digits may hold anything, so the
/// last of them takes up what the texts leave over.
fn matches(tokens: &[Token], head: &str) -> bool {
    let (mut token, mut rest) = (0, head);
    // Where to go back to: the token after the last free field, and what it has not taken yet.
    let mut retry: Option<(usize, &str)> = None;
    loop {
        let fits = match tokens.get(token) {
            None => rest.is_empty(),
            Some(Token::Session) if rest.trim().is_empty() => return true,
            Some(Token::Session) => {
                token += 1;
                continue;
            }
            Some(Token::Free) => {
                token += 1;
                retry = Some((token, rest));
                continue;
            }
            Some(Token::Digits) => {
                rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
                token += 1;
                continue;
            }
            Some(Token::Text(text)) => match rest.strip_prefix(text.as_str()) {
                Some(after) => {
                    rest = after;
                    token += 1;
                    continue;
                }
                None => false,
            },
        };
        if fits {
            return true;
        }
        let Some((again, left)) = retry else { return false };
        let mut chars = left.chars();
        if chars.next().is_none() {
            return false;
        }
        (token, rest) = (again, chars.as_str());
        retry = Some((again, rest));
    }
}

/// The time in a text: `2026-11-25 04:00:00[.123] CST`, with `T` between, or seconds since 1970
/// with three decimals (`%n`).
pub(super) fn time_ms(text: &str) -> Option<i64> {
    find_time(text).map(|(_, _, ms)| ms)
}

/// Where the time stands, and the time.
fn find_time(text: &str) -> Option<(usize, usize, i64)> {
    let bytes = text.as_bytes();
    for (at, b) in bytes.iter().enumerate().take(MAX_PREFIX) {
        if !b.is_ascii_digit() || at.checked_sub(1).and_then(|p| bytes.get(p)).is_some_and(u8::is_ascii_digit)
        {
            continue;
        }
        let Some(rest) = text.get(at..) else { continue };
        if let Some((length, ms)) = civil(rest).or_else(|| epoch(rest)) {
            return Some((at, at + length, ms));
        }
    }
    None
}

/// `1669575482.096`
fn epoch(text: &str) -> Option<(usize, i64)> {
    let length = text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    let (seconds, millis) = text.get(..length)?.split_once('.')?;
    if seconds.len() != 10 || millis.len() != 3 {
        return None;
    }
    let ms = seconds.parse::<i64>().ok()?.checked_mul(1000)?.checked_add(millis.parse().ok()?)?;
    Some((length, ms))
}

fn civil(text: &str) -> Option<(usize, i64)> {
    let stamp = text.get(..19)?;
    let shape = stamp.bytes().enumerate().all(|(n, b)| match n {
        4 | 7 => b == b'-',
        10 => b == b' ' || b == b'T',
        13 | 16 => b == b':',
        _ => b.is_ascii_digit(),
    });
    if !shape {
        return None;
    }
    let time: DateTime = stamp.replacen(' ', "T", 1).parse().ok()?;
    let mut end = 19;
    let mut millis = 0;
    if let Some(decimals) = text.get(end..).and_then(|t| t.strip_prefix(['.', ','])) {
        let digits = decimals.bytes().take_while(u8::is_ascii_digit).count();
        let three: String = decimals.chars().take(digits).chain("000".chars()).take(3).collect();
        millis = three.parse().unwrap_or(0);
        if digits > 0 {
            end += 1 + digits;
        }
    }
    let after = text.get(end..)?;
    let zone = after.strip_prefix(' ').unwrap_or(after);
    let zone_length = zone
        .bytes()
        .take_while(|b| b.is_ascii_alphabetic() || matches!(b, b'+' | b'-' | b':' | b'0'..=b'9'))
        .count();
    let word = zone.get(..zone_length)?.trim_end_matches(':');
    let known = offset_of(word);
    if known.is_some() {
        end += after.len() - zone.len() + word.len();
    }
    let at = known.unwrap_or(Offset::UTC).to_timestamp(time).ok()?;
    Some((end, at.as_millisecond().checked_add(millis)?))
}

/// The zones `log_timezone` is likely to show. `CST` is Taiwan's here, not America's; a word not
/// known counts as UTC, which moves all times of a log alike.
fn offset_of(word: &str) -> Option<Offset> {
    Some(match word {
        "UTC" | "GMT" | "Z" | "WET" => Offset::UTC,
        "CST" | "HKT" | "SGT" | "AWST" => offset(8),
        "JST" | "KST" => offset(9),
        "CET" | "BST" | "WEST" => offset(1),
        "CEST" | "EET" => offset(2),
        "EEST" | "MSK" => offset(3),
        "EST" => offset(-5),
        "EDT" => offset(-4),
        "PST" => offset(-8),
        "PDT" => offset(-7),
        _ => {
            let (sign, digits) = match word.split_at_checked(1)? {
                ("+", digits) => (1, digits),
                ("-", digits) => (-1, digits),
                _ => {
                    let letters =
                        (3..=5).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_uppercase());
                    return (letters && Level::of(word).is_none()).then_some(Offset::UTC);
                }
            };
            let digits: String = digits.chars().filter(|c| *c != ':').collect();
            let hours: i32 = digits.get(..2)?.parse().ok()?;
            let minutes: i32 = digits.get(2..4).map_or(Some(0), |m| m.parse().ok())?;
            Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()?
        }
    })
}

/// The setting that may have made a prefix: a guess, good enough to see what is in it.
fn guess(head: &str) -> String {
    let mut out = String::new();
    let mut rest = head;
    if let Some((from, to, _)) = find_time(head) {
        out.push_str(&shape(head.get(..from).unwrap_or_default(), false));
        let stamp = head.get(from..to).unwrap_or_default();
        out.push_str(match (stamp.contains('-'), stamp.contains('.')) {
            (true, true) => "%m",
            (true, false) => "%t",
            (false, _) => "%n",
        });
        rest = head.get(to..).unwrap_or_default();
    }
    let after = shape(rest, true);
    out.push_str(&after);
    out
}

/// Keys people write before a field.
const KEYS: &[(&str, &str)] = &[
    ("user", "%u"),
    ("usr", "%u"),
    ("db", "%d"),
    ("database", "%d"),
    ("app", "%a"),
    ("appli", "%a"),
    ("application", "%a"),
    ("client", "%h"),
    ("host", "%h"),
    ("remote", "%r"),
    ("pid", "%p"),
    ("line", "%l"),
    ("session", "%c"),
    ("xid", "%x"),
    ("queryid", "%Q"),
    ("state", "%e"),
    ("error", "%e"),
];

/// Fields in place of values.
fn shape(text: &str, mut process: bool) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    let mut word = String::new();
    loop {
        let c = chars.next();
        if let Some(c) = c.filter(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '@' | '-')) {
            word.push(c);
            continue;
        }
        if c == Some('=')
            && let Some((_, field)) = KEYS.iter().find(|(key, _)| word.eq_ignore_ascii_case(key))
        {
            out.push_str(&word);
            out.push('=');
            out.push_str(field);
            word.clear();
            process &= *field != "%p";
            let closing = |c: &char| !matches!(c, ',' | ']' | ')' | ' ' | ';' | '|');
            if chars.peek() == Some(&'[') {
                // `client=[local]`
                while chars.next_if(|c| *c != ']').is_some() {}
                chars.next();
            }
            while chars.next_if(closing).is_some() {}
            continue;
        }
        if !word.is_empty() {
            let number = word.bytes().all(|b| b.is_ascii_digit());
            let counted = word.strip_suffix("-1").is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()));
            if number && process {
                out.push_str("%p");
                process = false;
            } else if counted {
                out.push_str("%l-1");
            } else if number {
                out.push_str("%x");
            } else if word.split_once('@').is_some_and(|(u, d)| !u.is_empty() && !d.is_empty()) {
                out.push_str("%u@%d");
            } else if word.parse::<std::net::IpAddr>().is_ok() {
                out.push_str("%h");
            } else {
                out.push_str("%a");
            }
            word.clear();
        }
        match c {
            Some(c) => out.push(c),
            None => return out,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_many_forms() {
        let base = 1_795_579_200_123;
        for text in [
            "2026-11-25 04:00:00.123 UTC [1] ",
            "x 2026-11-25 12:00:00.123 CST",
            "2026-11-25T12:00:00.123+08:00 ",
            "2026-11-25 00:30:00.123 -0330",
            "[1795579200.123] ",
        ] {
            assert_eq!(time_ms(text), Some(base), "{text}");
        }
        assert_eq!(time_ms("2026-13-25 04:00:00 UTC"), None);
        assert_eq!(time_ms("20261125 040000"), None);
    }

    #[test]
    fn a_given_prefix_is_held_to() {
        let prefix = Prefix::given("%m [%p] %q%u@%d ");
        let split = |line| prefix.split(line).map(|(_, level, message)| (level, message));
        assert_eq!(split("2026-11-25 04:00:00.123 UTC [7] a@b LOG:  x"), Some((Level::Log, "x")));
        assert_eq!(split("2026-11-25 04:00:00.123 UTC [7] LOG:  x"), Some((Level::Log, "x")));
        assert_eq!(split("ERROR:  not one of ours"), None);
        assert_eq!(split("\tERROR:  a further line"), None);
        assert!(Prefix::given("").split("LOG:  x").is_some());
        assert!(Prefix::given("%-8u| ").split("amy     | LOG:  x").is_some());
        assert!(Prefix::given("100%% ").split("100% LOG:  x").is_some());
    }

    #[test]
    fn a_prefix_is_found_out() {
        let find = |line| Prefix::find(std::iter::once(line)).template().to_owned();
        assert_eq!(find("2026-11-25 04:00:00.123 UTC [7] a@b LOG:  x"), "%m [%p] %u@%d ");
        assert_eq!(
            find("2026-11-25 04:00:00 UTC [7]: [3-1] user=a,db=b,app=psql,client=10.0.0.1 LOG:  x"),
            "%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h "
        );
        assert_eq!(find("LOG:  x"), "");
    }

    #[test]
    fn words_stand_alone() {
        assert!(levelled("SYSLOG:  x").is_none());
        assert!(levelled("MY_LOG:  x").is_none());
        assert!(levelled("x LOG: one space").is_none());
        assert!(levelled("錯誤:  關係不存在").is_some_and(|(_, l, _)| l == Level::Error));
    }
}
