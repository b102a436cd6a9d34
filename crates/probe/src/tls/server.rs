//! The reader of a server's first flight.

/// What a server sent back to a ClientHello.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerFlight {
    /// It agreed.
    Hello {
        /// Version chosen, the real one (supported_versions extension for TLS 1.3).
        version: u16,
        /// Cipher suite chosen.
        cipher: u16,
        /// Compression method chosen, 0 is none (anything else: CRIME).
        compression: u8,
        /// True for a HelloRetryRequest (RFC 8446 §4.1.4): TLS 1.3 is accepted all the same.
        retry: bool,
        /// Group of the key share, when the server names one (TLS 1.3).
        group: Option<u16>,
        /// Numbers of the extensions of the ServerHello, in order.
        extensions: Vec<u16>,
    },
    /// It refused.
    Alert {
        /// 1 warning, 2 fatal.
        level: u8,
        /// See [`super::alert_name`].
        description: u8,
    },
    /// More bytes are needed (nothing yet also counts).
    Incomplete,
    /// Not TLS: the port speaks something else.
    NotTls {
        /// First bytes, at most 64.
        first: Vec<u8>,
    },
}

impl ServerFlight {
    /// True when the ServerHello has the extension `number` (0xff01 renegotiation_info, 23 extended master secret).
    pub fn has_extension(&self, number: u16) -> bool {
        matches!(self, Self::Hello { extensions, .. } if extensions.contains(&number))
    }
}

/// Random of a HelloRetryRequest: SHA-256 of "HelloRetryRequest" (RFC 8446 §4.1.3).
const RETRY_RANDOM: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
    0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// Longest fragment of a record: 2^14 and the expansion old versions allow (RFC 5246 §6.2.3).
const MAX_FRAGMENT: usize = (1 << 14) + 2048;

/// Warning of servers that do not know the name asked for and go on all the same (RFC 6066 §3).
const UNRECOGNIZED_NAME: u8 = 112;

/// Reads the first flight: records are joined until the ServerHello is whole (RFC 8446 §5.1), the
/// rest is not looked at.
pub fn parse_server(bytes: &[u8]) -> ServerFlight {
    let not_tls = || ServerFlight::NotTls { first: bytes.iter().take(64).copied().collect() };
    let mut handshake: Vec<u8> = Vec::new();
    let mut rest = Cursor(bytes);
    loop {
        // Judge what is there at once: a plain port often sends less than a record header.
        let header = rest.0;
        let plausible = header.first().is_none_or(|t| matches!(t, 21 | 22))
            && header.get(1).is_none_or(|major| *major == 3)
            && header.get(2).is_none_or(|minor| *minor <= 4);
        if !plausible {
            return not_tls();
        }
        let (Some(kind), Some(_), Some(size)) = (rest.u8(), rest.u16(), rest.u16()) else {
            return ServerFlight::Incomplete;
        };
        let size = usize::from(size);
        if size == 0 || size > MAX_FRAGMENT {
            return not_tls();
        }
        let Some(fragment) = rest.take(size) else { return ServerFlight::Incomplete };
        if kind == 21 {
            let [level @ (1 | 2), description, ..] = *fragment else { return not_tls() };
            if level == 1 && description == UNRECOGNIZED_NAME {
                continue;
            }
            return ServerFlight::Alert { level, description };
        }
        handshake.extend_from_slice(fragment);
        match message(&handshake) {
            First::Hello(flight) => return flight,
            First::Other => return not_tls(),
            First::Short => {}
        }
    }
}

/// What the first handshake message is.
enum First {
    Hello(ServerFlight),
    /// No ServerHello, or a broken one.
    Other,
    /// Bytes are missing.
    Short,
}

fn message(mut bytes: &[u8]) -> First {
    // A HelloRequest (type 0, empty) may come at any time and is ignored (RFC 5246 §7.4.1.1).
    while let Some(rest) = bytes.strip_prefix(&[0, 0, 0, 0]) {
        bytes = rest;
    }
    match bytes {
        [kind, ..] if *kind != 2 => First::Other,
        // A ServerHello has at most some hundred bytes; 64 KiB is surely none.
        [_, high, ..] if *high != 0 => First::Other,
        [_, _, a, b, body @ ..] => match body.get(..usize::from(u16::from_be_bytes([*a, *b]))) {
            None => First::Short,
            Some(body) => server_hello(body).map_or(First::Other, First::Hello),
        },
        _ => First::Short,
    }
}

/// The body of a ServerHello (RFC 8446 §4.1.3, RFC 5246 §7.4.1.3).
fn server_hello(body: &[u8]) -> Option<ServerFlight> {
    let mut c = Cursor(body);
    let mut version = c.u16()?;
    let retry = c.take(32)? == RETRY_RANDOM;
    let session = usize::from(c.u8()?);
    c.take(session)?;
    let cipher = c.u16()?;
    let compression = c.u8()?;
    let mut group = None;
    let mut extensions = Vec::new();
    if !c.0.is_empty() {
        let size = usize::from(c.u16()?);
        let mut list = Cursor(c.take(size)?);
        while !list.0.is_empty() {
            let number = list.u16()?;
            let size = usize::from(list.u16()?);
            let mut value = Cursor(list.take(size)?);
            match number {
                43 => version = value.u16()?,
                51 => group = value.u16(),
                _ => {}
            }
            extensions.push(number);
        }
    }
    Some(ServerFlight::Hello { version, cipher, compression, retry, group, extensions })
}

/// The extensions of a ServerHello body that is well formed; else none.
pub(super) fn hello_extensions(body: &[u8]) -> Vec<(u16, &[u8])> {
    let mut out = Vec::new();
    let mut c = Cursor(body);
    let fixed = c.take(34).and_then(|_| c.u8()).and_then(|session| c.take(usize::from(session) + 3));
    let Some(mut list) = fixed.and_then(|_| c.u16()).and_then(|size| c.take(usize::from(size))).map(Cursor)
    else {
        return out;
    };
    while let (Some(number), Some(size)) = (list.u16(), list.u16()) {
        let Some(value) = list.take(usize::from(size)) else { break };
        out.push((number, value));
    }
    out
}

/// Reads from the front; `None` when there is not enough.
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(n)?;
        self.0 = tail;
        Some(head)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    pub(super) fn u24(&mut self) -> Option<usize> {
        let [a, b, c] = *self.take(3)? else { return None };
        Some(usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c))
    }
}
