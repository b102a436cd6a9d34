//! Questions to name servers, and names turned into pinned addresses.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UdpSocket;
use tokio::time::Instant;

use super::dial::{Stream, io_failure};
use super::{Net, micros};
use crate::dns::{self, Data, Message, Query};
use crate::evidence::{Blob, DnsExchange, DnsRole};
use crate::failure::{Code, Failure, Step};
use crate::polite::{Class, Report};

/// Longest wait for one DNS answer; the setting for connections may be shorter.
const ANSWER_WAIT: Duration = Duration::from_secs(3);
/// Aliases followed over answers that stop at one.
const MAX_ALIASES: usize = 8;

/// Resolvers and what was resolved in this run.
pub(super) struct Names {
    resolvers: Vec<SocketAddr>,
    pins: Mutex<BTreeMap<String, Vec<IpAddr>>>,
}

impl Names {
    /// Uses `resolvers`, or those of `/etc/resolv.conf` when empty.
    pub(super) fn new(resolvers: &[SocketAddr]) -> Self {
        let resolvers = if resolvers.is_empty() {
            nameservers(&std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default())
        } else {
            resolvers.to_vec()
        };
        Self { resolvers, pins: Mutex::default() }
    }

    pub(super) fn pinned(&self) -> BTreeMap<String, Vec<IpAddr>> {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn pin(&self, name: &str) -> Option<Vec<IpAddr>> {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Keeps the first answer, whichever thread had it.
    fn keep(&self, name: &str, addresses: Vec<IpAddr>) -> Vec<IpAddr> {
        let mut pins = self.pins.lock().unwrap_or_else(PoisonError::into_inner);
        pins.entry(name.to_owned()).or_insert(addresses).clone()
    }
}

/// `nameserver` lines, at most three as in resolv.conf(5).
fn nameservers(text: &str) -> Vec<SocketAddr> {
    text.lines()
        .filter_map(|l| l.trim().strip_prefix("nameserver"))
        .filter_map(|l| l.split_whitespace().next())
        .filter_map(|a| a.split('%').next().and_then(|a| a.parse::<IpAddr>().ok()))
        .map(|a| SocketAddr::new(a, 53))
        .take(3)
        .collect()
}

/// Addresses of `localhost` in a hosts(5) file.
fn localhost(text: &str) -> Vec<IpAddr> {
    let mut found: Vec<IpAddr> = text
        .lines()
        .filter_map(|l| l.split('#').next())
        .filter_map(|l| {
            let mut words = l.split_whitespace();
            let address = words.next()?.parse().ok()?;
            words.any(|w| w.eq_ignore_ascii_case("localhost")).then_some(address)
        })
        .filter(IpAddr::is_loopback)
        .collect();
    if found.is_empty() {
        found = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    }
    found.dedup();
    found
}

/// A host as it is looked up: A-labels in lower case, or an address without brackets.
pub(super) fn canonical(host: &str) -> Result<String, Failure> {
    match dns::host(host) {
        Ok(dns::Host::Name(name)) => Ok(name.ascii),
        Ok(dns::Host::Address(address)) => Ok(address.to_string()),
        Err(e) => Err(Failure::new(Step::Resolve, Code::BadName, format!("{host}: {e:?}"))),
    }
}

/// Addresses and the time it took to get them.
pub(super) struct Resolved {
    pub(super) addresses: Vec<IpAddr>,
    pub(super) took: Duration,
}

/// One question to one server.
pub(super) struct Ask<'a> {
    pub(super) role: DnsRole,
    pub(super) server_name: Option<&'a str>,
    pub(super) server: SocketAddr,
    pub(super) tcp: bool,
    pub(super) name: &'a str,
    pub(super) rtype: &'a str,
    pub(super) flags: Flags,
}

/// What is asked for besides the data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Flags {
    /// RD although a name server of a zone is asked.
    pub(super) recursion: bool,
    /// DO and CD.
    pub(super) dnssec: bool,
}

impl Net {
    /// The addresses of a canonical host, pinned for the run.
    pub(super) async fn resolve(&self, host: &str) -> Result<Resolved, Failure> {
        if let Ok(address) = host.parse() {
            return Ok(Resolved { addresses: vec![address], took: Duration::ZERO });
        }
        if let Some(addresses) = self.names.pin(host) {
            return Ok(Resolved { addresses, took: Duration::ZERO });
        }
        if host == "localhost" {
            let hosts =
                super::local::blocking(|| std::fs::read_to_string("/etc/hosts").unwrap_or_default()).await?;
            let addresses = self.names.keep(host, localhost(&hosts));
            return Ok(Resolved { addresses, took: Duration::ZERO });
        }
        let mut took = Duration::ZERO;
        let mut addresses = Vec::new();
        let mut last = None;
        for rtype in ["A", "AAAA"] {
            match self.resolve_type(host, rtype).await {
                Ok((found, d)) => {
                    addresses.extend(found);
                    took += d;
                }
                // A name that does not exist has no other type either.
                Err(e) if e.code == Code::NoSuchName => return Err(e),
                Err(e) => last = Some(e),
            }
        }
        match last {
            _ if !addresses.is_empty() => Ok(Resolved { addresses: self.names.keep(host, addresses), took }),
            Some(e) => Err(e),
            None => Err(Failure::new(Step::Resolve, Code::NoAddress, host)),
        }
    }

    async fn resolve_type(&self, host: &str, rtype: &str) -> Result<(Vec<IpAddr>, Duration), Failure> {
        let mut name = host.to_owned();
        let mut took = Duration::ZERO;
        for _ in 0..MAX_ALIASES {
            let (message, exchange) = self.recursive_answer(&name, rtype, &mut Vec::new()).await?;
            took += Duration::from_micros(exchange.rtt_us);
            if message.rcode == 3 {
                let detail = format!("{name}: NXDOMAIN ({})", exchange.server);
                return Err(Failure::new(Step::Resolve, Code::NoSuchName, detail));
            }
            let found: Vec<IpAddr> =
                message.addresses().into_iter().filter(|a| a.is_ipv4() == (rtype == "A")).collect();
            let alias = last_alias(&message, &name);
            match alias {
                Some(alias) if found.is_empty() => name = alias,
                _ => return Ok((found, took)),
            }
        }
        Err(Failure::new(Step::Resolve, Code::BadAnswer, format!("{host}: CNAME > {MAX_ALIASES}")))
    }

    /// Asks the resolvers in turn until one answers NOERROR or NXDOMAIN; every exchange goes to `log`.
    pub(super) async fn recursive_answer(
        &self,
        name: &str,
        rtype: &str,
        log: &mut Vec<DnsExchange>,
    ) -> Result<(Message, DnsExchange), Failure> {
        self.recursive_answer_with(name, rtype, Flags::default(), log).await
    }

    /// The same with flags of one's own.
    pub(super) async fn recursive_answer_with(
        &self,
        name: &str,
        rtype: &str,
        flags: Flags,
        log: &mut Vec<DnsExchange>,
    ) -> Result<(Message, DnsExchange), Failure> {
        let mut last = Failure::new(Step::Resolve, Code::ResolverSilent, "/etc/resolv.conf: nameserver");
        for server in &self.names.resolvers {
            for _attempt in 0..2 {
                let ask = Ask {
                    role: DnsRole::Recursive,
                    server_name: None,
                    server: *server,
                    tcp: false,
                    name,
                    rtype,
                    flags,
                };
                let (mut exchange, mut message) = self.ask(&ask).await;
                if message.as_ref().is_some_and(|m| m.truncated) {
                    log.push(exchange);
                    (exchange, message) = self.ask(&Ask { tcp: true, ..ask }).await;
                }
                log.push(exchange.clone());
                match (&exchange.answer, message) {
                    (Ok(_), Some(m)) if m.rcode == 0 || m.rcode == 3 => return Ok((m, exchange)),
                    (Ok(_), Some(m)) => {
                        let detail = format!("{name} {rtype}: {} ({server})", m.rcode_name());
                        last = Failure::new(Step::Resolve, Code::ResolverSilent, detail);
                        break;
                    }
                    (Err(e), _) => {
                        last = e.clone();
                        if matches!(e.code, Code::TimedOut | Code::Refused | Code::Unreachable | Code::Closed)
                        {
                            last.code = Code::ResolverSilent;
                        }
                        if e.code != Code::TimedOut {
                            break;
                        }
                    }
                    (Ok(_), None) => break,
                }
            }
        }
        Err(last)
    }

    /// One question to one server, with its record. The message is there when it could be read.
    pub(super) async fn ask(&self, ask: &Ask<'_>) -> (DnsExchange, Option<Message>) {
        let mut rtt = Duration::ZERO;
        let mut answer = self.ask_raw(ask, Some(dns::EDNS_SIZE), &mut rtt).await;
        if let Ok((_, m)) = &answer
            && m.rcode == 1
        {
            // FORMERR: an old server without EDNS0 (RFC 6891 §7).
            answer = self.ask_raw(ask, None, &mut rtt).await;
        }
        let (answer, message) = match answer {
            Ok((bytes, message)) => (Ok(Blob(bytes)), Some(message)),
            Err(e) => (Err(e), None),
        };
        let exchange = DnsExchange {
            role: ask.role,
            server_name: ask.server_name.map(str::to_owned),
            server: ask.server.to_string(),
            transport: if ask.tcp { "tcp" } else { "udp" }.to_owned(),
            name: ask.name.to_owned(),
            rtype: ask.rtype.to_owned(),
            rtt_us: micros(rtt),
            answer,
        };
        (exchange, message)
    }

    async fn ask_raw(
        &self,
        ask: &Ask<'_>,
        edns_size: Option<u16>,
        rtt: &mut Duration,
    ) -> Result<(Vec<u8>, Message), Failure> {
        let at = ask.server;
        let recursive = ask.role == DnsRole::Recursive;
        // The operator chose the resolver, so only "lab touches loopback alone" binds it.
        if self.settings.intensity == bulwark_model::Intensity::Lab || !recursive {
            self.check_address(ask.server_name.unwrap_or("DNS"), at.ip())?;
        }
        let mut id = [0; 2];
        ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut id)
            .map_err(|e| Failure::new(Step::Send, Code::Internal, e.to_string()))?;
        let mut query = Query::new(u16::from_be_bytes(id), ask.name, ask.rtype, recursive);
        query.recursion |= ask.flags.recursion;
        query.dnssec = ask.flags.dnssec;
        query.edns_size = edns_size;
        let wire = query.encode().map_err(|e| Failure::new(Step::Resolve, Code::BadName, e.to_string()))?;
        let class = if recursive { Class::Resolver } else { Class::Connect { liveness: false } };
        let wait = self.settings.connect_timeout.min(ANSWER_WAIT);
        if ask.tcp {
            let (mut stream, _) = self.connect(at, class).await?;
            self.counters.request();
            let began = Instant::now();
            let result = tokio::time::timeout(wait, over_tcp(&mut stream, &wire, at)).await;
            *rtt = began.elapsed();
            let result = result.unwrap_or_else(|_| Err(silent(at, wait)));
            stream.report(if result.is_ok() { Report::Answered(*rtt) } else { Report::Failed });
            let bytes = result?;
            return read(&query, &bytes, at);
        }
        let permit = self.pace.enter(at.ip(), class).await?;
        self.counters.connection();
        self.counters.request();
        let began = Instant::now();
        let result = tokio::time::timeout(wait, self.over_udp(&query, &wire, at)).await;
        *rtt = began.elapsed();
        let result = result.unwrap_or_else(|_| Err(silent(at, wait)));
        match &result {
            Ok(_) => permit.report(Report::Answered(*rtt)),
            Err(e) if e.code == Code::Unreachable => {}
            Err(_) => permit.report(Report::Failed),
        }
        result
    }

    async fn over_udp(
        &self,
        query: &Query,
        wire: &[u8],
        at: SocketAddr,
    ) -> Result<(Vec<u8>, Message), Failure> {
        let any: IpAddr =
            if at.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket =
            UdpSocket::bind((any, 0)).await.map_err(|e| io_failure(Step::Connect, &e, &at.to_string()))?;
        // Connected: the kernel drops what others send.
        socket.connect(at).await.map_err(|e| io_failure(Step::Connect, &e, &at.to_string()))?;
        socket.send(wire).await.map_err(|e| io_failure(Step::Send, &e, &at.to_string()))?;
        let mut buffer = vec![0; 4096];
        loop {
            let n =
                socket.recv(&mut buffer).await.map_err(|e| io_failure(Step::Receive, &e, &at.to_string()))?;
            self.counters.received(n);
            let bytes = buffer.get(..n).unwrap_or_default();
            match read(query, bytes, at) {
                Ok(answer) => return Ok(answer),
                // A late or forged answer does not end the wait; garbage from the server does.
                Err(e) if e.step == Step::Receive => {}
                Err(e) => return Err(e),
            }
        }
    }
}

async fn over_tcp(stream: &mut Stream, wire: &[u8], at: SocketAddr) -> Result<Vec<u8>, Failure> {
    let sent = |e: std::io::Error| io_failure(Step::Send, &e, &at.to_string());
    let got = |e: std::io::Error| io_failure(Step::Receive, &e, &at.to_string());
    let length = u16::try_from(wire.len()).unwrap_or(u16::MAX);
    let mut message = length.to_be_bytes().to_vec();
    message.extend_from_slice(wire);
    stream.write_all(&message).await.map_err(sent)?;
    let length = stream.read_u16().await.map_err(got)?;
    let mut bytes = vec![0; length.into()];
    stream.read_exact(&mut bytes).await.map_err(got)?;
    Ok(bytes)
}

/// Parses an answer and makes sure it belongs to the question (RFC 5452 §9.1).
fn read(query: &Query, bytes: &[u8], at: SocketAddr) -> Result<(Vec<u8>, Message), Failure> {
    let message =
        dns::parse(bytes).map_err(|e| Failure::new(Step::Decode, Code::BadAnswer, format!("{at}: {e}")))?;
    if query.matches(&message) {
        Ok((bytes.to_vec(), message))
    } else {
        Err(Failure::new(Step::Receive, Code::BadAnswer, format!("{at}: other question or id")))
    }
}

fn silent(at: SocketAddr, wait: Duration) -> Failure {
    Failure::new(Step::Receive, Code::TimedOut, format!("{at}: {} ms", wait.as_millis()))
}

/// What a name is an alias of, by the answers of a message.
pub(super) fn alias(message: &Message, name: &str) -> Option<String> {
    message.answers.iter().find_map(|r| match &r.data {
        Data::Cname(target) if r.name.eq_ignore_ascii_case(name) => Some(target.clone()),
        _ => None,
    })
}

/// The end of the alias chain that starts at `name`, if there is one.
fn last_alias(message: &Message, name: &str) -> Option<String> {
    let mut at = name.to_owned();
    for _ in 0..MAX_ALIASES {
        match alias(message, &at) {
            Some(next) => at = next,
            None => break,
        }
    }
    (at != name).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolv_conf_and_hosts_are_read() {
        let servers = nameservers(
            "# x\nsearch a.tw\nnameserver 192.0.2.1\n nameserver\tfe80::1%eth0 # y\nnameserver z",
        );
        assert_eq!(servers, ["192.0.2.1:53".parse().expect("a"), "[fe80::1]:53".parse().expect("b")]);
        assert_eq!(
            localhost("127.0.0.1 a localhost # x\n10.0.0.1 localhost\n"),
            [IpAddr::from([127, 0, 0, 1])]
        );
        assert_eq!(localhost("").len(), 2);
    }
}
