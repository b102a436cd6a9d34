//! A DNS server over UDP and TCP on one port that serves a small zone, or misbehaves.
//!
//! ```
//! use bulwark_testkit::{dns::{Behaviour, DnsServer, Zone}, loopback};
//! let zone = Zone::parse("
//!     demo.test.     300 IN SOA ns1.demo.test. admin.demo.test. 2026010101 3600 600 604800 300
//!     demo.test.     300 IN NS  ns1.demo.test.
//!     demo.test.     300 IN MX  10 mail.demo.test.
//!     demo.test.     300 IN TXT \"v=spf1 a mx ~all\"
//!     ns1.demo.test. 300 IN A   127.0.0.1
//! ").unwrap();
//! let server = DnsServer::start(loopback(), zone).unwrap();
//! server.set_behaviour(Behaviour::Refused);
//! assert_eq!(server.queries(), 0);
//! ```

mod wire;
mod zone;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

pub use zone::{Data, Record, Zone, ZoneError};

use crate::lifetime::{Stop, TcpService, UdpService, lock};
use wire::{Message, Question, Rcode};

/// How the server answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Behaviour {
    /// From the zone.
    #[default]
    Normal,
    /// Never.
    Silent,
    /// REFUSED.
    Refused,
    /// SERVFAIL.
    ServerFailure,
    /// Over UDP an empty answer with the TC flag; over TCP from the zone.
    TruncateUdp,
    /// Bytes that are no DNS message, behind the right id.
    Garbage,
    /// From the zone, under another id.
    WrongId,
    /// For address queries (A) each time the next of these, with a TTL of 0; other types from the zone.
    Flip(Vec<Ipv4Addr>),
}

/// What the server claims to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Sets AA, never RA; names outside its zones are refused, delegations give referrals.
    Authority,
    /// Sets RA, never AA; names outside its zones do not exist.
    Resolver,
    /// RA always; AA when recursion is not asked for. One server can be both ends of a test.
    #[default]
    Both,
}

/// One question the server got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Lower case, without the last dot.
    pub name: String,
    /// The numeric record type (1 = A, 28 = AAAA, 15 = MX, …).
    pub kind: u16,
    /// Over TCP.
    pub tcp: bool,
    /// Recursion desired.
    pub recursion: bool,
}

struct Shared {
    zone: Zone,
    role: Role,
    behaviour: Mutex<Behaviour>,
    for_name: Mutex<Vec<(String, Behaviour)>>,
    log: Mutex<Vec<Query>>,
    flips: AtomicUsize,
}

/// A running DNS server; stops on drop.
pub struct DnsServer {
    udp: UdpService,
    _tcp: TcpService,
    shared: Arc<Shared>,
}

impl DnsServer {
    /// Starts a server that is resolver and authority at once ([`Role::Both`]).
    ///
    /// # Errors
    /// When the address cannot be bound for UDP and TCP.
    pub fn start(addr: SocketAddr, zone: Zone) -> std::io::Result<Self> {
        Self::start_as(addr, zone, Role::default())
    }

    /// Starts a server in one role.
    ///
    /// # Errors
    /// When the address cannot be bound for UDP and TCP.
    pub fn start_as(addr: SocketAddr, zone: Zone, role: Role) -> std::io::Result<Self> {
        let (udp, tcp) = bind_both(addr)?;
        let shared = Arc::new(Shared {
            zone,
            role,
            behaviour: Mutex::default(),
            for_name: Mutex::default(),
            log: Mutex::default(),
            flips: AtomicUsize::new(0),
        });
        let stop: Arc<Stop> = Arc::default();
        let udp = UdpService::start(udp, Arc::clone(&stop), {
            let shared = Arc::clone(&shared);
            move |packet, _| shared.answer(packet, false).into_iter().collect()
        })?;
        let tcp = TcpService::start(tcp, stop, {
            let shared = Arc::clone(&shared);
            move |stream, _| {
                // An error is the client leaving.
                let _ = serve_tcp(stream, &shared);
            }
        })?;
        Ok(Self { udp, _tcp: tcp, shared })
    }

    /// Where it listens, for UDP and TCP.
    pub fn addr(&self) -> SocketAddr {
        self.udp.addr()
    }

    /// Changes how every name is answered from now on.
    pub fn set_behaviour(&self, behaviour: Behaviour) {
        *lock(&self.shared.behaviour) = behaviour;
    }

    /// Changes how one name is answered; wins over [`Self::set_behaviour`].
    pub fn set_behaviour_for(&self, name: &str, behaviour: Behaviour) {
        lock(&self.shared.for_name).insert(0, (zone::canonical(name), behaviour));
    }

    /// How many questions arrived.
    pub fn queries(&self) -> usize {
        lock(&self.shared.log).len()
    }

    /// The questions that arrived, in order.
    pub fn log(&self) -> Vec<Query> {
        lock(&self.shared.log).clone()
    }
}

/// UDP and TCP on the same port; with port 0 a pair of free ones is looked for.
fn bind_both(addr: SocketAddr) -> std::io::Result<(UdpSocket, TcpListener)> {
    let mut tries = 0;
    loop {
        let tcp = TcpListener::bind(addr)?;
        match UdpSocket::bind(tcp.local_addr()?) {
            Ok(udp) => return Ok((udp, tcp)),
            Err(error) if addr.port() != 0 || tries == 50 => return Err(error),
            Err(_) => tries += 1,
        }
    }
}

fn serve_tcp(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    loop {
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut packet = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut packet)?;
        if let Some(reply) = shared.answer(&packet, true) {
            let length = u16::try_from(reply.len()).unwrap_or(u16::MAX);
            stream.write_all(&[&length.to_be_bytes()[..], &reply].concat())?;
        }
    }
}

impl Shared {
    fn answer(&self, packet: &[u8], tcp: bool) -> Option<Vec<u8>> {
        let question = Question::parse(packet)?;
        lock(&self.log).push(Query {
            name: question.name.clone(),
            kind: question.kind,
            tcp,
            recursion: question.recursion,
        });
        let own =
            lock(&self.for_name).iter().find(|(name, _)| *name == question.name).map(|(_, b)| b.clone());
        let behaviour = own.unwrap_or_else(|| lock(&self.behaviour).clone());
        let mut message = match behaviour {
            Behaviour::Silent => return None,
            Behaviour::Garbage => return Some([&question.id.to_be_bytes()[..], &[0xff; 9]].concat()),
            Behaviour::Refused => Message::status(Rcode::Refused),
            Behaviour::ServerFailure => Message::status(Rcode::ServerFailure),
            Behaviour::TruncateUdp if !tcp => Message { truncated: true, ..Message::default() },
            Behaviour::Flip(ref addresses) if question.kind == wire::A && !addresses.is_empty() => {
                let turn = self.flips.fetch_add(1, Ordering::SeqCst) % addresses.len();
                let record = Record { name: question.name.clone(), ttl: 0, data: Data::A(addresses[turn]) };
                Message { answers: vec![record], ..Message::default() }
            }
            Behaviour::Normal | Behaviour::TruncateUdp | Behaviour::WrongId | Behaviour::Flip(_) => {
                self.look_up(&question)
            }
        };
        message.recursion_available = self.role != Role::Authority;
        message.authoritative &= self.acts_as_authority(&question);
        let mut reply = message.encode(&question);
        if !tcp && reply.len() > question.udp_limit {
            reply = Message { truncated: true, ..message.without_records() }.encode(&question);
        }
        if behaviour == Behaviour::WrongId {
            reply[0] ^= 0x5a;
        }
        Some(reply)
    }

    fn acts_as_authority(&self, question: &Question) -> bool {
        match self.role {
            Role::Authority => true,
            Role::Resolver => false,
            Role::Both => !question.recursion,
        }
    }

    fn look_up(&self, question: &Question) -> Message {
        let Some(apex) = self.zone.apex_of(&question.name) else {
            let rcode = if self.role == Role::Authority { Rcode::Refused } else { Rcode::NoSuchName };
            return Message::status(rcode);
        };
        if self.acts_as_authority(question)
            && let Some(servers) = self.zone.delegation(&question.name, &apex)
        {
            let additional = self.zone.addresses_of(&servers);
            return Message { authority: servers, additional, ..Message::default() };
        }
        let mut name = question.name.clone();
        let mut answers = Vec::new();
        // A chain of aliases, cut after 8 so that a loop ends.
        for _ in 0..8 {
            let found = self.zone.find(&name, question.kind);
            if !found.is_empty() {
                answers.extend(found);
                break;
            }
            let Some(alias) = self.zone.find(&name, wire::CNAME).into_iter().next() else { break };
            if let Data::Cname(target) = &alias.data {
                name.clone_from(target);
            }
            answers.push(alias);
        }
        let answered = answers.iter().any(|record| record.data.kind() == question.kind);
        let missing = !answered && self.zone.apex_of(&name).is_some() && !self.zone.exists(&name);
        Message {
            rcode: if missing { Rcode::NoSuchName } else { Rcode::NoError },
            authoritative: true,
            authority: if answered { Vec::new() } else { self.zone.soa(&apex) },
            additional: self.zone.addresses_of(&answers),
            answers,
            ..Message::default()
        }
    }
}
