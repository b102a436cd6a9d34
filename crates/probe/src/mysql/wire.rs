//! The MySQL client/server protocol as far as a read-only visit needs it: greeting, log-in, text
//! result sets (MySQL 8.4 Source Code Documentation, "Client/Server Protocol"; MariaDB Knowledge
//! Base, "Clients & Utilities: MariaDB protocol"). Pure: bytes in, values out.
//!
//! We never announce CLIENT_LOCAL_FILES, so a server that asks for one of our files is refused.

use std::collections::BTreeMap;

use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

/// Payload bytes of one packet we are ready to take.
pub const MAX_PACKET: usize = 1 << 20;

const CONNECT_WITH_DB: u32 = 1 << 3;
const PROTOCOL_41: u32 = 1 << 9;
/// The server speaks TLS.
const SSL: u32 = 1 << 11;
const TRANSACTIONS: u32 = 1 << 13;
const SECURE_CONNECTION: u32 = 1 << 15;
const PLUGIN_AUTH: u32 = 1 << 19;
const CONNECT_ATTRS: u32 = 1 << 20;
const PLUGIN_AUTH_LENENC: u32 = 1 << 21;
/// utf8mb4_general_ci
const CHARSET: u8 = 45;

/// What a server says first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    /// Version string.
    pub version: String,
    /// Capability flags.
    pub capabilities: u32,
    /// Random bytes for the log-in.
    pub nonce: Vec<u8>,
    /// The way to log in it would like.
    pub plugin: String,
}

impl Greeting {
    /// Whether the server offers TLS.
    pub const fn tls(&self) -> bool {
        self.capabilities & SSL != 0
    }
}

/// A refusal in the server's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Error number, for example 1045.
    pub number: u16,
    /// SQLSTATE, empty before log-in.
    pub state: String,
    /// Its words.
    pub words: String,
}

/// Reads bytes in order; every reading may come to the end.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.take(2)?.try_into().ok()?))
    }

    /// Bytes up to a zero, which is passed over; to the end when there is none.
    fn until_zero(&mut self) -> &'a [u8] {
        let end = self.0.iter().position(|b| *b == 0);
        let text = self.0.get(..end.unwrap_or(self.0.len())).unwrap_or_default();
        self.0 = end.and_then(|e| self.0.get(e + 1..)).unwrap_or_default();
        text
    }

    /// A length-encoded integer; `None` also for the mark of NULL.
    fn length(&mut self) -> Option<u64> {
        match self.u8()? {
            n @ 0..=0xfa => Some(u64::from(n)),
            0xfc => self.u16().map(u64::from),
            0xfd => {
                let bytes = self.take(3)?;
                Some(bytes.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b)))
            }
            0xfe => Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            _ => None,
        }
    }

    /// A length-encoded string.
    fn string(&mut self) -> Option<&'a [u8]> {
        let length = self.length()?;
        self.take(usize::try_from(length).ok()?)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The first packet: a greeting of protocol 10, or a refusal (host blocked, too many connections).
/// `None` when it is neither.
pub fn greeting(payload: &[u8]) -> Option<Result<Greeting, Refusal>> {
    let mut r = Reader(payload);
    match r.u8()? {
        0xff => return refusal(payload).map(Err),
        10 => {}
        _ => return None,
    }
    let version = text(r.until_zero());
    r.take(4)?;
    let mut nonce = r.take(8)?.to_vec();
    r.take(1)?;
    let low = u32::from(r.u16()?);
    // Servers before 4.1 end here.
    r.take(3)?;
    let high = u32::from(r.u16()?);
    let length = usize::from(r.u8()?);
    r.take(10)?;
    nonce.extend_from_slice(r.take(length.saturating_sub(8).max(13).min(r.0.len()))?);
    // The nonce has 20 bytes; a zero follows.
    nonce.truncate(20);
    Some(Ok(Greeting { version, capabilities: high << 16 | low, nonce, plugin: text(r.until_zero()) }))
}

/// An error packet.
pub fn refusal(payload: &[u8]) -> Option<Refusal> {
    let mut r = Reader(payload);
    if r.u8()? != 0xff {
        return None;
    }
    let number = r.u16()?;
    let state = match r.0.strip_prefix(b"#") {
        Some(rest) => {
            r.0 = rest;
            text(r.take(5)?)
        }
        None => String::new(),
    };
    Some(Refusal { number, state, words: text(r.0) })
}

/// The request to start TLS.
pub fn tls_request(database: bool) -> Vec<u8> {
    head(flags(database) | SSL)
}

fn flags(database: bool) -> u32 {
    let always =
        PROTOCOL_41 | TRANSACTIONS | SECURE_CONNECTION | PLUGIN_AUTH | CONNECT_ATTRS | PLUGIN_AUTH_LENENC;
    if database { always | CONNECT_WITH_DB } else { always }
}

fn head(flags: u32) -> Vec<u8> {
    let mut out = flags.to_le_bytes().to_vec();
    out.extend_from_slice(&u32::try_from(MAX_PACKET).unwrap_or(u32::MAX).to_le_bytes());
    out.push(CHARSET);
    out.extend_from_slice(&[0; 23]);
    out
}

/// Who we are.
pub struct Login<'a> {
    /// Account.
    pub user: &'a str,
    /// Password; empty for none.
    pub password: &'a str,
    /// Database, if any.
    pub database: Option<&'a str>,
}

/// The answer to a greeting. `attributes` show up in the server's list of sessions.
pub fn login(
    login: &Login<'_>,
    greeting: &Greeting,
    plugin: &str,
    tls: bool,
    attributes: &[(&str, &str)],
) -> Vec<u8> {
    let server = greeting.capabilities;
    // Only what the server offers, too.
    let mut wanted = flags(login.database.is_some()) | if tls { SSL } else { 0 };
    wanted &= server | PROTOCOL_41 | SECURE_CONNECTION;
    let mut out = head(wanted);
    out.extend_from_slice(login.user.as_bytes());
    out.push(0);
    let proof = proof(plugin, login.password, &greeting.nonce).unwrap_or_default();
    // Both ways of writing a length are the same below 251.
    out.push(u8::try_from(proof.len()).unwrap_or(0));
    out.extend_from_slice(&proof);
    if let Some(database) = login.database.filter(|_| wanted & CONNECT_WITH_DB != 0) {
        out.extend_from_slice(database.as_bytes());
        out.push(0);
    }
    if wanted & PLUGIN_AUTH != 0 {
        out.extend_from_slice(plugin.as_bytes());
        out.push(0);
    }
    if wanted & CONNECT_ATTRS != 0 {
        let mut all = Vec::new();
        for word in attributes.iter().flat_map(|(name, value)| [name, value]) {
            put_string(word.as_bytes(), &mut all);
        }
        put_string(&all, &mut out);
    }
    out
}

fn put_string(bytes: &[u8], out: &mut Vec<u8>) {
    if let Ok(length @ 0..=250) = u8::try_from(bytes.len()) {
        out.push(length);
    } else {
        out.push(0xfc);
        out.extend_from_slice(&u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_le_bytes());
    }
    out.extend_from_slice(bytes);
}

/// What proves the password without sending it; `None` for a plugin that has no such proof.
pub fn proof(plugin: &str, password: &str, nonce: &[u8]) -> Option<Vec<u8>> {
    if password.is_empty() {
        return Some(Vec::new());
    }
    let password = password.as_bytes();
    let (left, right) = match plugin {
        // SHA1(password) xor SHA1(nonce + SHA1(SHA1(password)))
        "mysql_native_password" => {
            let once = digest(&SHA1_FOR_LEGACY_USE_ONLY, password);
            let twice = digest(&SHA1_FOR_LEGACY_USE_ONLY, once.as_ref());
            let mut all = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
            all.update(nonce);
            all.update(twice.as_ref());
            (once, all.finish())
        }
        // SHA256(password) xor SHA256(SHA256(SHA256(password)) + nonce)
        "caching_sha2_password" => {
            let once = digest(&SHA256, password);
            let twice = digest(&SHA256, once.as_ref());
            let mut all = Context::new(&SHA256);
            all.update(twice.as_ref());
            all.update(nonce);
            (once, all.finish())
        }
        _ => return None,
    };
    Some(left.as_ref().iter().zip(right.as_ref()).map(|(a, b)| a ^ b).collect())
}

/// What a server says during log-in.
#[derive(Debug, PartialEq, Eq)]
pub enum Reply {
    /// We are in.
    Welcome,
    /// Refused.
    Refused(Refusal),
    /// Log in by another plugin with other random bytes.
    Switch {
        /// Plugin.
        plugin: String,
        /// Random bytes.
        nonce: Vec<u8>,
    },
    /// caching_sha2_password: the proof is good, wait for the welcome.
    Proven,
    /// The server wants the password itself (it has no proof in its cache).
    WantsPassword,
    /// Something else.
    Unknown,
}

/// Understands a packet during log-in.
pub fn reply(payload: &[u8]) -> Reply {
    match payload {
        [0x00, ..] => Reply::Welcome,
        [0xff, ..] => refusal(payload).map_or(Reply::Unknown, Reply::Refused),
        [0x01, 0x03] => Reply::Proven,
        [0x01, 0x04] => Reply::WantsPassword,
        [0xfe, rest @ ..] if !rest.is_empty() => {
            let mut r = Reader(rest);
            let plugin = text(r.until_zero());
            let nonce = r.0.strip_suffix(&[0]).unwrap_or(r.0);
            Reply::Switch { plugin, nonce: nonce.to_vec() }
        }
        _ => Reply::Unknown,
    }
}

/// COM_QUERY.
pub fn query(sql: &str) -> Vec<u8> {
    let mut out = vec![0x03];
    out.extend_from_slice(sql.as_bytes());
    out
}

/// COM_QUIT.
pub const QUIT: &[u8] = &[0x01];

/// A text result set in the making, packet by packet.
#[derive(Debug, Default)]
pub struct ResultSet {
    expected: Option<u64>,
    columns: Vec<String>,
    /// The rows so far; NULL is absent.
    pub rows: Vec<BTreeMap<String, String>>,
    past_columns: bool,
}

/// What to do after a packet of a result set.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Read on.
    More,
    /// Complete.
    Done,
    /// The server gave up.
    Refused(Refusal),
    /// Not a result set.
    Broken,
}

/// Columns we are ready to take.
const MAX_COLUMNS: u64 = 256;

impl ResultSet {
    /// Takes one packet; keeps at most `max_rows` rows.
    pub fn take(&mut self, payload: &[u8], max_rows: usize) -> Next {
        if payload.first() == Some(&0xff) {
            return refusal(payload).map_or(Next::Broken, Next::Refused);
        }
        let end = payload.first() == Some(&0xfe) && payload.len() < 9;
        match self.expected {
            // OK without rows.
            None if payload.first() == Some(&0) => Next::Done,
            None => match Reader(payload).length() {
                Some(count @ 1..=MAX_COLUMNS) => {
                    self.expected = Some(count);
                    Next::More
                }
                // 0xfb asks for a local file: refused.
                _ => Next::Broken,
            },
            Some(count) if (self.columns.len() as u64) < count => match column_name(payload) {
                Some(name) if !end => {
                    self.columns.push(name);
                    Next::More
                }
                _ => Next::Broken,
            },
            Some(_) if !self.past_columns => {
                self.past_columns = true;
                if end { Next::More } else { Next::Broken }
            }
            Some(_) if end => Next::Done,
            Some(_) => match self.row(payload) {
                Some(row) => {
                    if self.rows.len() < max_rows {
                        self.rows.push(row);
                    }
                    Next::More
                }
                None => Next::Broken,
            },
        }
    }

    fn row(&self, payload: &[u8]) -> Option<BTreeMap<String, String>> {
        let mut r = Reader(payload);
        let mut row = BTreeMap::new();
        for name in &self.columns {
            if r.0.first() == Some(&0xfb) {
                r.take(1)?;
                continue;
            }
            row.insert(name.clone(), text(r.string()?));
        }
        Some(row)
    }
}

/// Catalogue, schema, table, original table, then the name.
fn column_name(payload: &[u8]) -> Option<String> {
    let mut r = Reader(payload);
    for _ in 0..4 {
        r.string()?;
    }
    r.string().map(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A greeting as MySQL 8.0 sends it.
    fn mysql8() -> Vec<u8> {
        let mut p = vec![10];
        p.extend_from_slice(b"8.0.36\0\x09\0\0\0ABCDEFGH\0");
        p.extend_from_slice(&[0xff, 0xff, 0xff, 2, 0, 0xff, 0xdf, 21]);
        p.extend_from_slice(&[0; 10]);
        p.extend_from_slice(b"IJKLMNOPQRST\0caching_sha2_password\0");
        p
    }

    #[test]
    fn a_greeting_is_read() {
        let g = greeting(&mysql8()).expect("a greeting").expect("no refusal");
        assert_eq!((g.version.as_str(), g.plugin.as_str()), ("8.0.36", "caching_sha2_password"));
        assert_eq!(g.nonce, b"ABCDEFGHIJKLMNOPQRST");
        assert!(g.tls());
        let blocked = b"\xff\x69\x04Host '10.0.0.1' is blocked";
        assert_eq!(greeting(blocked).expect("a refusal").expect_err("refused").number, 1129);
        assert_eq!(greeting(b"SSH-2.0-OpenSSH_9.2\r\n"), None);
    }

    /// Known answers: for the nonce of twenty `A` and the password `secret`.
    #[test]
    fn proofs_are_right() {
        let hex = |bytes: Vec<u8>| bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().concat();
        let nonce = [b'A'; 20];
        assert_eq!(
            hex(proof("mysql_native_password", "secret", &nonce).expect("known")),
            "c11a9201c00eb25c21e5ec5236e71d5433e86b6b"
        );
        assert_eq!(
            hex(proof("caching_sha2_password", "secret", &nonce).expect("known")),
            "d7a10020a05e043ae41b8fdcaa4aad4a59b290699ba6a79ed080f16866175306"
        );
        assert_eq!(proof("client_ed25519", "secret", &nonce), None);
        assert_eq!(proof("client_ed25519", "", &nonce), Some(vec![]));
    }

    #[test]
    fn a_result_set_is_read() {
        let column = |name: &str| {
            let mut p = Vec::new();
            for part in ["def", "", "", "", name, ""] {
                put_string(part.as_bytes(), &mut p);
            }
            p.extend_from_slice(&[0x0c, 45, 0, 0, 0, 0, 0, 0xfd, 0, 0, 0, 0, 0]);
            p
        };
        let eof = [0xfe, 0, 0, 2, 0];
        let mut set = ResultSet::default();
        let packets: Vec<Vec<u8>> = vec![
            vec![2],
            column("a"),
            column("b"),
            eof.to_vec(),
            b"\x01x\xfb".to_vec(),
            b"\x00\x01y".to_vec(),
        ];
        for packet in packets {
            assert_eq!(set.take(&packet, 10), Next::More);
        }
        assert_eq!(set.take(&eof, 10), Next::Done);
        assert_eq!(set.rows.len(), 2);
        assert_eq!((set.rows[0].get("a").map(String::as_str), set.rows[0].get("b")), (Some("x"), None));
        // A server that asks for a file of ours.
        assert_eq!(ResultSet::default().take(b"\xfb/etc/passwd", 10), Next::Broken);
        let refused = ResultSet::default().take(b"\xff\xcb\x04#42000Access denied", 10);
        assert!(matches!(refused, Next::Refused(r) if r.number == 1227 && r.state == "42000"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fall(packets in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 0..12)) {
            let mut set = ResultSet::default();
            for packet in &packets {
                let _ = greeting(packet);
                let _ = reply(packet);
                let _ = refusal(packet);
                let _ = set.take(packet, 3);
                prop_assert!(set.rows.len() <= 3);
            }
        }

        #[test]
        fn no_change_of_a_greeting_makes_it_fall(at in 0_usize..80, byte in any::<u8>(), cut in 0_usize..90) {
            let mut p = mysql8();
            let n = p.len();
            p[at % n] = byte;
            p.truncate(cut);
            let _ = greeting(&p);
        }
    }
}
