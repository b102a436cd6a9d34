//! Products and versions in service banners and `Server` fields (RFC 9110 §10.2.4, RFC 4253 §4.2,
//! RFC 5321 §4.2).

/// A product that names itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Product {
    /// Name, for example `OpenSSH`, `nginx`, `Apache`.
    pub name: String,
    /// Version as written, for example `9.2p1`.
    pub version: Option<String>,
    /// Addition: operating system or package, for example `Debian-2`.
    pub detail: Option<String>,
}

/// What a service says first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Banner {
    /// `ssh`, `smtp`, `ftp`, `pop3`, `imap`, `mysql`, `http`, `vnc`, `redis`, `postgresql`, `telnet`, `tls`, `unknown`.
    pub service: &'static str,
    /// The product, when it names one.
    pub product: Option<Product>,
    /// First line with control characters visible, at most 200 characters.
    pub line: String,
}

/// Text with control characters, and bytes that are not UTF-8, made visible (`␀`, `\x1b`); at most `max`
/// characters of the source. Direction marks (U+202A …) count as control characters.
pub fn visible(bytes: &[u8], max: usize) -> String {
    let mut out = String::new();
    let mut left = max;
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if left == 0 {
                out.push('…');
                return out;
            }
            left -= 1;
            match c {
                '\0' => out.push('␀'),
                '\t' => out.push_str("\\t"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                c if c.is_ascii_control() => push_hex(&mut out, u32::from(c)),
                c if c.is_control() || is_direction(c) => out.extend(c.escape_unicode()),
                c => out.push(c),
            }
        }
        for byte in chunk.invalid() {
            if left == 0 {
                out.push('…');
                return out;
            }
            left -= 1;
            push_hex(&mut out, u32::from(*byte));
        }
    }
    out
}

fn push_hex(out: &mut String, value: u32) {
    use std::fmt::Write as _;
    let _ = write!(out, "\\x{value:02x}");
}

const fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// `name/version` or `name_version` with a version that starts with a digit or `v` and a digit.
fn split_version(word: &str, separator: char) -> (&str, Option<&str>) {
    match word.split_once(separator) {
        Some((name, version)) if is_version(version) => (name, Some(version)),
        _ => (word, None),
    }
}

fn is_version(text: &str) -> bool {
    let digits = text.strip_prefix(['v', 'V']).unwrap_or(text);
    digits.starts_with(|c: char| c.is_ascii_digit())
}

fn product(name: &str, version: Option<&str>, detail: Option<&str>) -> Product {
    let keep = |t: &str| visible(t.as_bytes(), 80);
    Product {
        name: keep(name),
        version: version.map(keep),
        detail: detail.map(str::trim).filter(|d| !d.is_empty()).map(keep),
    }
}

/// Products of a `Server` or `X-Powered-By` value, in order (RFC 9110 §10.2.4): `name/version (comment)`
/// and so on; a comment belongs to the product before it.
pub fn products(value: &str) -> Vec<Product> {
    let mut out: Vec<Product> = Vec::new();
    let mut rest = value.trim();
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('(') {
            let (comment, after) = inside.split_once(')').unwrap_or((inside, ""));
            if let Some(last) = out.last_mut() {
                let comment = visible(comment.trim().as_bytes(), 80);
                last.detail = Some(comment).filter(|c| !c.is_empty());
            }
            rest = after.trim_start();
            continue;
        }
        let end = rest.find([' ', '\t', '(', ',', ';']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after.trim_start_matches([' ', '\t', ',', ';']);
        let (name, version) = split_version(word, '/');
        // `Phusion Passenger 6.0.4`: a version alone belongs to the word before.
        match out.last_mut() {
            Some(last) if version.is_none() && is_version(word) && last.version.is_none() => {
                last.version = Some(visible(word.as_bytes(), 80));
            }
            _ if name.chars().any(char::is_alphanumeric) => out.push(product(name, version, None)),
            _ => {}
        }
    }
    out
}

/// Words by which mail, file and mailbox servers name themselves in their greeting.
const GREETERS: [(&str, &str); 26] = [
    ("postfix", "Postfix"),
    ("exim", "Exim"),
    ("sendmail", "Sendmail"),
    ("microsoft esmtp mail service", "Microsoft ESMTP"),
    ("opensmtpd", "OpenSMTPD"),
    ("haraka", "Haraka"),
    ("mailenable", "MailEnable"),
    ("mdaemon", "MDaemon"),
    ("icewarp", "IceWarp"),
    ("zimbra", "Zimbra"),
    ("vsftpd", "vsFTPd"),
    ("proftpd", "ProFTPD"),
    ("pure-ftpd", "Pure-FTPd"),
    ("filezilla server", "FileZilla Server"),
    ("microsoft ftp service", "Microsoft FTP Service"),
    ("serv-u", "Serv-U"),
    ("wu-ftpd", "WU-FTPD"),
    ("dovecot", "Dovecot"),
    ("courier", "Courier"),
    ("cyrus", "Cyrus"),
    ("microsoft exchange", "Microsoft Exchange"),
    ("pop3 server", "POP3 server"),
    ("gnu inetutils", "GNU inetutils"),
    ("busybox", "BusyBox"),
    ("hmailserver", "hMailServer"),
    ("qmail", "qmail"),
];

/// A greeting such as `220 mail.example.tw ESMTP Exim 4.96 …`.
fn greeter(line: &str) -> Option<Product> {
    let lower = line.to_ascii_lowercase();
    let (at, word, name) = GREETERS.iter().find_map(|(w, n)| lower.find(w).map(|at| (at, w, n)))?;
    let tail = line.get(at + word.len()..).unwrap_or_default();
    let is_end = |c: char| c.is_whitespace() || matches!(c, ')' | '(' | ';' | ',' | ']');
    let next =
        tail.trim_start_matches([' ', '/', '-', '_', '[', ',']).split(is_end).next().unwrap_or_default();
    let next = next.strip_prefix("Version:").unwrap_or(next);
    let version = is_version(next).then_some(next);
    let detail = tail.split_once('(').and_then(|(_, t)| t.split_once(')')).map(|(inside, _)| inside);
    Some(product(name, version, detail))
}

/// Reads the first bytes of a service; `None` when there are none.
pub fn banner(bytes: &[u8]) -> Option<Banner> {
    if bytes.is_empty() {
        return None;
    }
    if let Some(found) = mysql(bytes).or_else(|| binary(bytes)) {
        return Some(found);
    }
    let end = bytes.iter().position(|b| matches!(b, b'\r' | b'\n')).unwrap_or(bytes.len());
    let first = bytes.get(..end).unwrap_or(bytes);
    let text = String::from_utf8_lossy(first);
    let line = visible(first, 200);
    let lower = text.to_ascii_lowercase();
    let (service, found) = if let Some(rest) = text.strip_prefix("SSH-") {
        ("ssh", ssh(rest))
    } else if text.starts_with("HTTP/") {
        ("http", http_server(bytes))
    } else if text.starts_with("RFB ") {
        ("vnc", None)
    } else if text.starts_with("* OK") || text.starts_with("* PREAUTH") {
        ("imap", greeter(&text))
    } else if text.starts_with("+OK") {
        ("pop3", greeter(&text))
    } else if text.starts_with("-ERR") || text.starts_with("-DENIED") || text.starts_with("-NOAUTH") {
        // Redis refuses in protected mode before being asked.
        let redis = lower.contains("redis") || text.starts_with("-DENIED") || text.starts_with("-NOAUTH");
        if redis { ("redis", Some(product("Redis", None, None))) } else { ("unknown", None) }
    } else if ["220", "421", "554"].iter().any(|code| text.starts_with(code)) {
        let found = greeter(&text);
        let ftp = lower.contains("ftp")
            || found.as_ref().is_some_and(|p| p.name.to_ascii_lowercase().contains("ftp"));
        let smtp = lower.contains("smtp") || !ftp;
        (
            if ftp && !lower.contains("smtp") {
                "ftp"
            } else if smtp {
                "smtp"
            } else {
                "ftp"
            },
            found,
        )
    } else if lower.contains("postgres") || lower.contains("sfatal") {
        ("postgresql", Some(product("PostgreSQL", None, None)))
    } else {
        ("unknown", greeter(&text))
    };
    Some(Banner { service, product: found, line })
}

/// RFC 4253 §4.2: `protoversion-softwareversion SP comments`.
fn ssh(rest: &str) -> Option<Product> {
    let (_, software) = rest.split_once('-')?;
    let (software, comment) = software.split_once(' ').map_or((software, None), |(s, c)| (s, Some(c)));
    let (name, version) = match split_version(software, '_') {
        (_, None) => split_version(software, '-'),
        found => found,
    };
    (!name.is_empty()).then(|| product(name, version, comment))
}

/// The `Server` field of an HTTP answer that came unasked.
fn http_server(bytes: &[u8]) -> Option<Product> {
    let text = String::from_utf8_lossy(bytes);
    let server = text.lines().find_map(|l| {
        let (name, value) = l.split_once(':')?;
        name.eq_ignore_ascii_case("server").then(|| products(value))
    });
    server?.into_iter().next()
}

/// The MySQL greeting: packet length, sequence 0, protocol 10, version text, NUL; or an error packet.
fn mysql(bytes: &[u8]) -> Option<Banner> {
    let [a, b, c, 0, kind, body @ ..] = bytes else { return None };
    let length = u32::from_le_bytes([*a, *b, *c, 0]);
    if !(8..1024).contains(&length) {
        return None;
    }
    match kind {
        10 => {
            let end = body.iter().position(|b| *b == 0)?;
            let text = std::str::from_utf8(body.get(..end)?).ok()?;
            if !is_version(text) {
                return None;
            }
            let maria = text.contains("MariaDB");
            // MariaDB 10 and later write `5.5.5-` before the real version for old clients.
            let shown = if maria { text.strip_prefix("5.5.5-").unwrap_or(text) } else { text };
            let (version, detail) = shown.split_once('-').map_or((shown, None), |(v, d)| (v, Some(d)));
            let name = if maria { "MariaDB" } else { "MySQL" };
            Some(Banner {
                service: "mysql",
                product: Some(product(name, Some(version), detail)),
                line: visible(text.as_bytes(), 200),
            })
        }
        // "Host … is not allowed to connect to this MySQL server"
        0xff => {
            let text = body.get(2..)?;
            let lower = String::from_utf8_lossy(text).to_ascii_lowercase();
            let name = if lower.contains("mariadb") { "MariaDB" } else { "MySQL" };
            let known = lower.contains("mysql") || lower.contains("mariadb");
            known.then(|| Banner {
                service: "mysql",
                product: Some(product(name, None, None)),
                line: visible(text, 200),
            })
        }
        _ => None,
    }
}

/// TLS alerts, PostgreSQL errors and Telnet negotiation.
fn binary(bytes: &[u8]) -> Option<Banner> {
    let (service, found) = match bytes {
        [0x15 | 0x16, 3, 0..=4, ..] => ("tls", None),
        [b'E', 0, 0, _, b'S', ..] => ("postgresql", Some(product("PostgreSQL", None, None))),
        [0xff, 0xfb..=0xfe, ..] => ("telnet", None),
        _ => return None,
    };
    Some(Banner { service, product: found, line: visible(bytes, 200) })
}

/// Entry point for fuzzing and property tests.
pub fn fuzz_banner(data: &[u8]) {
    let _ = (banner(data), products(&String::from_utf8_lossy(data)), visible(data, 20));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> (String, String) {
        let b = banner(bytes).expect("a banner");
        let p = b.product.map(|p| {
            let part = |t: Option<String>| t.map(|t| format!("|{t}")).unwrap_or_default();
            format!("{}{}{}", p.name, part(p.version), part(p.detail))
        });
        (b.service.to_owned(), p.unwrap_or_default())
    }

    #[test]
    fn services_name_themselves() {
        for (bytes, service, product) in [
            (&b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"[..], "ssh", "OpenSSH|9.2p1|Debian-2+deb12u3"),
            (b"SSH-2.0-dropbear_2022.83\r\n", "ssh", "dropbear|2022.83"),
            (b"SSH-1.99-Cisco-1.25\n", "ssh", "Cisco|1.25"),
            (b"SSH-2.0-\r\n", "ssh", ""),
            (b"220 mail.example.tw ESMTP Postfix (Debian/GNU)\r\n", "smtp", "Postfix|Debian/GNU"),
            (b"220 m.tw ESMTP Exim 4.96 Tue, 01 Jan\r\n", "smtp", "Exim|4.96"),
            (b"220 m.tw ESMTP Sendmail 8.17.1/8.17.1; Tue\r\n", "smtp", "Sendmail|8.17.1/8.17.1"),
            (
                b"220 x Microsoft ESMTP MAIL Service, Version: 10.0.17763.1697 ready\r\n",
                "smtp",
                "Microsoft ESMTP",
            ),
            (b"220 (vsFTPd 3.0.5)\r\n", "ftp", "vsFTPd|3.0.5"),
            (b"220 ProFTPD 1.3.5e Server (Debian) [::ffff:192.0.2.1]\r\n", "ftp", "ProFTPD|1.3.5e|Debian"),
            (b"220 mail ready\r\n", "smtp", ""),
            (b"* OK [CAPABILITY IMAP4rev1] Dovecot (Debian) ready.\r\n", "imap", "Dovecot|Debian"),
            (b"+OK Dovecot ready.\r\n", "pop3", "Dovecot"),
            (b"HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\n\r\n", "http", "nginx|1.22.1"),
            (b"RFB 003.008\n", "vnc", ""),
            (b"-DENIED Redis is running in protected mode", "redis", "Redis"),
            (b"J\0\0\0\x0a8.0.36-0ubuntu0.22.04.1\0\x05", "mysql", "MySQL|8.0.36|0ubuntu0.22.04.1"),
            (
                b"Z\0\0\0\x0a5.5.5-10.11.6-MariaDB-0+deb12u1\0\x05",
                "mysql",
                "MariaDB|10.11.6|MariaDB-0+deb12u1",
            ),
            (
                b"E\0\0\0\xffj\x04Host '192.0.2.1' is not allowed to connect to this MySQL server",
                "mysql",
                "MySQL",
            ),
            (b"\x15\x03\x01\0\x02\x02\x28", "tls", ""),
            (b"\xff\xfd\x18\xff\xfd\x20", "telnet", ""),
            (b"E\0\0\0\x85SFATAL\0", "postgresql", "PostgreSQL"),
            (b"\x01\x02\x03", "unknown", ""),
        ] {
            let got = read(bytes);
            assert_eq!((got.0.as_str(), got.1.as_str()), (service, product), "{}", visible(bytes, 80));
        }
        assert_eq!(banner(b""), None);
    }

    #[test]
    fn server_fields_are_taken_apart() {
        let text = |v: &str| {
            products(v)
                .into_iter()
                .map(|p| {
                    format!("{}|{}|{}", p.name, p.version.unwrap_or_default(), p.detail.unwrap_or_default())
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(
            text("Apache/2.4.57 (Debian) OpenSSL/3.0.11 mod_wsgi/4.9 PHP/8.2"),
            ["Apache|2.4.57|Debian", "OpenSSL|3.0.11|", "mod_wsgi|4.9|", "PHP|8.2|"]
        );
        assert_eq!(text("Microsoft-IIS/10.0"), ["Microsoft-IIS|10.0|"]);
        assert_eq!(text("Phusion Passenger 6.0.4"), ["Phusion||", "Passenger|6.0.4|"]);
        assert_eq!(text("ASP.NET"), ["ASP.NET||"]);
        assert_eq!(text("Express, PHP/5.6.40-0+deb8u1"), ["Express||", "PHP|5.6.40-0+deb8u1|"]);
        assert_eq!(text("nginx/1.18.0 (Ubuntu"), ["nginx|1.18.0|Ubuntu"]);
        assert_eq!(text("a/b ()"), ["a/b||"]);
        assert!(text("").is_empty() && text("(x) --").is_empty());
    }

    #[test]
    fn control_characters_are_visible() {
        assert_eq!(visible(b"a\x1b[31m\0\xff\r\n", 50), "a\\x1b[31m␀\\xff\\r\\n");
        assert_eq!(visible("安\u{202e}全".as_bytes(), 50), "安\\u{202e}全");
        assert_eq!(visible(b"abcdef", 3), "abc…");
        assert_eq!(banner(b"\x1b[2Jhello\nworld").map(|b| b.line).as_deref(), Some("\\x1b[2Jhello"));
    }

    proptest! {
        #[test]
        fn never_panics(data in proptest::collection::vec(any::<u8>(), 0..200)) {
            fuzz_banner(&data);
        }

        #[test]
        fn nothing_invisible_remains(data in proptest::collection::vec(any::<u8>(), 0..100)) {
            prop_assert!(visible(&data, 200).chars().all(|c| !c.is_control()));
        }
    }
}
