//! OCSP responses (RFC 6960 §4.2.1), as stapled to a handshake. Read, not verified: the answer is the
//! server's own business here, and browsers that use it verify it.

use jiff::Timestamp;

use super::count_scts;
use super::der::{self, Reader, Tlv};

const ENUMERATED: u8 = 0x0a;

/// A response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// 0 successful, 1 malformedRequest, 2 internalError, 3 tryLater, 5 sigRequired, 6 unauthorized.
    pub status: u8,
    /// Answers about single certificates.
    pub answers: Vec<Answer>,
}

/// What is said about one certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Serial in lower-case hex.
    pub serial: String,
    /// The verdict of the authority.
    pub status: Status,
    /// Known to be so from here on.
    pub this_update: Option<Timestamp>,
    /// Newer information comes at the latest then.
    pub next_update: Option<Timestamp>,
    /// Signed certificate timestamps (RFC 6962 §3.3).
    pub sct_count: u32,
}

/// State of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Not revoked.
    Good,
    /// Revoked.
    Revoked,
    /// The responder does not know it.
    Unknown,
}

/// Reads a response in DER; `None` when it is none.
pub fn parse(bytes: &[u8]) -> Option<Response> {
    let mut fields = Reader(bytes).expect(der::SEQUENCE)?.items();
    let status = *fields.expect(ENUMERATED)?.body.first()?;
    let Some(wrapped) = fields.expect(der::context(0)) else {
        return Some(Response { status, answers: Vec::new() });
    };
    let mut wrapped = wrapped.items().expect(der::SEQUENCE)?.items();
    wrapped.expect(der::OID)?;
    let basic = wrapped.expect(der::OCTET_STRING)?;
    let mut data = Reader(basic.body).expect(der::SEQUENCE)?.items().expect(der::SEQUENCE)?.items();
    // version [0] DEFAULT, responderID [1] or [2], producedAt, responses
    data.expect(der::context(0));
    data.next()?;
    data.expect(der::GENERALIZED_TIME)?;
    let answers = data.expect(der::SEQUENCE)?.items().filter_map(answer).collect();
    Some(Response { status, answers })
}

fn answer(single: Tlv<'_>) -> Option<Answer> {
    let mut fields = single.items();
    let serial = fields.expect(der::SEQUENCE)?.items().last().filter(|t| t.tag == der::INTEGER)?;
    let status = match fields.next()?.tag {
        0x80 => Status::Good,
        0xa1 => Status::Revoked,
        _ => Status::Unknown,
    };
    let this_update = fields.expect(der::GENERALIZED_TIME).and_then(der::time);
    let next_update = fields.expect(der::context(0)).and_then(|t| t.items().next()).and_then(der::time);
    let mut sct_count = 0;
    if let Some(extensions) = fields.expect(der::context(1)).and_then(|t| t.items().next()) {
        for extension in extensions.items() {
            let mut parts = extension.items();
            let oid = parts.expect(der::OID).map(|t| der::oid(t.body)).unwrap_or_default();
            parts.expect(der::BOOLEAN);
            if oid == "1.3.6.1.4.1.11129.2.4.5"
                && let Some(inner) = parts.expect(der::OCTET_STRING).and_then(|t| Reader(t.body).next())
            {
                sct_count = count_scts(inner.body);
            }
        }
    }
    Some(Answer { serial: der::hex(serial.body), status, this_update, next_update, sct_count })
}
