//! The servers do what they promise, seen by clients that share no code with them.

#![expect(clippy::unwrap_used, reason = "helpers of a test fail by panicking")]

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use bulwark_testkit::dns::{Behaviour, DnsServer, Role, Zone};
use bulwark_testkit::http::{HttpServer, Reply};
use bulwark_testkit::ntp::NtpServer;
use bulwark_testkit::smtp::SmtpSink;
use bulwark_testkit::tls::{Authority, TlsIdentity, Versions};
use bulwark_testkit::{closed_port, loopback};

const ZONE: &str = "
    demo.test.       300 IN SOA   ns1.demo.test. admin.demo.test. 1 3600 600 604800 300
    demo.test.       300 IN NS    ns1.demo.test.
    demo.test.       300 IN MX    10 mail.demo.test.
    ns1.demo.test.   300 IN A     127.0.53.1
    mail.demo.test.  300 IN A     127.0.25.1
    www.demo.test.   300 IN CNAME web.demo.test.
    web.demo.test.   300 IN A     127.0.80.1
    sub.demo.test.   300 IN NS    ns.sub.demo.test.
    ns.sub.demo.test. 300 IN A    127.0.53.9
";

fn query(id: u16, name: &str, kind: u16, recursion: bool) -> Vec<u8> {
    let mut packet = vec![];
    for word in [id, if recursion { 0x0100 } else { 0 }, 1, 0, 0, 0] {
        packet.extend(word.to_be_bytes());
    }
    for label in name.split('.') {
        packet.push(u8::try_from(label.len()).unwrap());
        packet.extend(label.as_bytes());
    }
    packet.push(0);
    packet.extend(kind.to_be_bytes());
    packet.extend(1_u16.to_be_bytes());
    packet
}

fn ask(server: SocketAddr, packet: &[u8]) -> Option<Vec<u8>> {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    socket.send_to(packet, server).unwrap();
    let mut reply = [0; 2000];
    let length = socket.recv(&mut reply).ok()?;
    Some(reply[..length].to_vec())
}

/// Flags and counts of a reply: (aa, tc, ra, rcode, answers, authority, additional).
fn header(reply: &[u8]) -> (bool, bool, bool, u8, u16, u16, u16) {
    let word = |at: usize| u16::from_be_bytes([reply[at], reply[at + 1]]);
    (reply[2] & 4 != 0, reply[2] & 2 != 0, reply[3] & 0x80 != 0, reply[3] & 15, word(6), word(8), word(10))
}

#[test]
fn dns_answers_from_the_zone() {
    let server = DnsServer::start(loopback(), Zone::parse(ZONE).unwrap()).unwrap();
    let at = |name, kind, recursion| header(&ask(server.addr(), &query(7, name, kind, recursion)).unwrap());
    assert_eq!(at("demo.test", 15, true), (false, false, true, 0, 1, 0, 1), "MX with the host's address");
    assert_eq!(at("demo.test", 15, false), (true, false, true, 0, 1, 0, 1), "asked as authority");
    assert_eq!(at("www.demo.test", 1, true).4, 2, "alias and address");
    assert_eq!(at("demo.test", 16, false), (true, false, true, 0, 0, 1, 0), "no data: SOA in authority");
    assert_eq!(at("no.demo.test", 1, false), (true, false, true, 3, 0, 1, 0), "no such name");
    assert_eq!(at("x.sub.demo.test", 1, false), (false, false, true, 0, 0, 1, 1), "referral with glue");
    assert_eq!(at("other.test", 1, true).3, 3);
    assert_eq!(server.queries(), 7);
    assert_eq!(server.log()[1].name, "demo.test");

    let authority = DnsServer::start_as(loopback(), Zone::parse(ZONE).unwrap(), Role::Authority).unwrap();
    let reply = ask(authority.addr(), &query(7, "other.test", 1, true)).unwrap();
    assert_eq!(header(&reply), (false, false, false, 5, 0, 0, 0));
}

#[test]
fn dns_misbehaves_on_request() {
    let server = DnsServer::start(loopback(), Zone::parse(ZONE).unwrap()).unwrap();
    let packet = query(0x0102, "web.demo.test", 1, true);
    server.set_behaviour(Behaviour::Silent);
    assert_eq!(ask(server.addr(), &packet), None);
    server.set_behaviour(Behaviour::Refused);
    assert_eq!(header(&ask(server.addr(), &packet).unwrap()).3, 5);
    server.set_behaviour(Behaviour::Garbage);
    assert!(ask(server.addr(), &packet).unwrap().len() < 12);
    server.set_behaviour(Behaviour::WrongId);
    assert_ne!(ask(server.addr(), &packet).unwrap()[..2], packet[..2]);
    server.set_behaviour(Behaviour::Flip(vec![Ipv4Addr::LOCALHOST, Ipv4Addr::new(10, 0, 0, 1)]));
    let tail = |reply: Vec<u8>| reply[reply.len() - 4..].to_vec();
    assert_eq!(tail(ask(server.addr(), &packet).unwrap()), [127, 0, 0, 1]);
    assert_eq!(tail(ask(server.addr(), &packet).unwrap()), [10, 0, 0, 1]);

    server.set_behaviour(Behaviour::TruncateUdp);
    assert_eq!(header(&ask(server.addr(), &packet).unwrap()), (false, true, true, 0, 0, 0, 0));
    let mut tcp = TcpStream::connect(server.addr()).unwrap();
    let length = u16::try_from(packet.len()).unwrap().to_be_bytes();
    tcp.write_all(&[&length[..], &packet].concat()).unwrap();
    let mut reply = [0; 2 + 12];
    tcp.read_exact(&mut reply).unwrap();
    assert_eq!(header(&reply[2..]).4, 1);

    server.set_behaviour_for("WEB.demo.test.", Behaviour::ServerFailure);
    assert_eq!(header(&ask(server.addr(), &packet).unwrap()).3, 2);
}

fn get(stream: &mut (impl Read + Write), path: &str) -> String {
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = Vec::new();
    // A server that cuts the connection is an error for TLS, not for this test.
    let _ = stream.read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn http_keeps_alive_and_logs() {
    let server = HttpServer::start(loopback(), None, |request| match request.path() {
        "/echo" => Reply::with_type(200, "text/plain", &request.body).header("X-Query", request.query()),
        "/away" => Reply::Redirect("/echo".into()),
        "/short" => Reply::CloseEarly,
        _ => Reply::text(404, "no"),
    })
    .unwrap();
    let mut stream = TcpStream::connect(server.addr()).unwrap();
    stream.write_all(b"POST /echo?a=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc").unwrap();
    let mut reply = [0; 81];
    stream.read_exact(&mut reply).unwrap();
    let reply = String::from_utf8_lossy(&reply).into_owned();
    assert!(reply.contains("X-Query: a=1\r\n"), "{reply}");
    assert!(reply.ends_with("\r\n\r\nabc"), "{reply}");
    assert!(get(&mut stream, "/away").contains("Location: /echo"));
    assert!(get(&mut TcpStream::connect(server.addr()).unwrap(), "/short").ends_with("0123456789"));
    assert_eq!(server.connections().len(), 2);
    assert_eq!(server.requests().len(), 3);
    let client = IpAddr::V4(Ipv4Addr::LOCALHOST);
    assert_eq!(server.most_connections_within(client, Duration::from_mins(1)), 2);
}

#[test]
fn http_hangs_and_floods_but_stops() {
    let server = HttpServer::start(loopback(), None, |request| match request.path() {
        "/hang" => Reply::Hang,
        "/drip" => Reply::Drip { every: Duration::from_millis(1) },
        "/bomb" => Reply::GzipBomb,
        _ => Reply::Endless,
    })
    .unwrap();
    let mut bomb = get(&mut TcpStream::connect(server.addr()).unwrap(), "/bomb").into_bytes();
    assert!(bomb.len() < 4 << 20);
    bomb.truncate(200);
    assert!(String::from_utf8_lossy(&bomb).contains("Content-Encoding: gzip"));
    let clients: Vec<_> = ["/hang", "/drip", "/endless"]
        .map(|path| {
            let mut stream = TcpStream::connect(server.addr()).unwrap();
            write!(stream, "GET {path} HTTP/1.1\r\n\r\n").unwrap();
            stream
        })
        .into();
    let mut some = vec![0; 100_000];
    (&clients[2]).read_exact(&mut some).unwrap();
    drop(server); // ends although three clients wait
    let mut rest = Vec::new();
    let _ = (&clients[0]).read_to_end(&mut rest);
    assert!(rest.is_empty());
}

fn tls_get(server: &HttpServer, ca: &Authority, name: &str) -> Result<String, String> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(ca.der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = rustls::pki_types::ServerName::try_from(name.to_owned()).unwrap();
    let mut connection = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut tcp = TcpStream::connect(server.addr()).unwrap();
    connection.complete_io(&mut tcp).map_err(|error| error.to_string())?;
    let version = format!("{:?}", connection.protocol_version().unwrap());
    Ok(version + &get(&mut rustls::StreamOwned::new(connection, tcp), "/"))
}

#[test]
fn certificates_are_good_or_bad_as_asked() {
    let ca = Authority::new("Test CA");
    let serve = |identity: TlsIdentity| {
        HttpServer::start(loopback(), Some(identity), |_| Reply::text(200, "hello")).unwrap()
    };
    let ask = |identity: TlsIdentity| tls_get(&serve(identity), &ca, "www.demo.test");
    let names = &["www.demo.test"];
    let page = ask(ca.valid(names)).unwrap();
    assert!(page.starts_with("TLSv1_3HTTP/1.1 200") && page.ends_with("hello"), "{page}");
    assert!(ask(ca.valid(names).with_versions(Versions::Tls12)).unwrap().starts_with("TLSv1_2"));
    assert!(ask(ca.intermediate("Middle").valid(names)).is_ok());
    let leaf = ca.intermediate("Middle").valid(names);
    let alone = leaf.chain_der()[..1].to_vec();
    for (bad, word) in [
        (ca.expired(names), "expired"),
        (ca.not_yet_valid(names), "not valid yet"),
        (ca.wrong_name(), "not valid for name"),
        (TlsIdentity::self_signed(names), "UnknownIssuer"),
        (leaf.with_chain_der(alone), "UnknownIssuer"),
        (ca.valid(names).with_chain_der(vec![vec![0x30, 0x80, 1]]), "certificate"),
    ] {
        let error = ask(bad).unwrap_err();
        assert!(error.contains(word), "{word}: {error}");
    }
    let kept = ca.valid(names);
    assert!(ask(TlsIdentity::from_pem(&kept.chain_pem(), &kept.key_pem()).unwrap()).is_ok());
    assert!(TlsIdentity::from_pem("", "").is_err());
    assert!(ca.pem().contains("BEGIN CERTIFICATE"));
    assert!(ca.valid(names).key_pem().contains("BEGIN PRIVATE KEY"));
}

#[test]
fn smtp_takes_a_message_and_offers_starttls_only_with_an_identity() {
    let talk = |sink: &SmtpSink, lines: &str| {
        let mut stream = TcpStream::connect(sink.addr()).unwrap();
        stream.write_all(lines.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    };
    let plain = SmtpSink::start(loopback(), None).unwrap();
    let text = talk(&plain, "EHLO x\r\nMAIL FROM:<>\r\nDATA\r\nSubject: x\r\n\r\n..dot\r\n.\r\nQUIT\r\n");
    assert!(text.starts_with("220 ") && text.contains("354 ") && !text.contains("STARTTLS"), "{text}");
    assert_eq!(plain.messages(), ["Subject: x\n\n.dot\n"]);
    assert_eq!(plain.commands()[0], "EHLO x");
    assert_eq!(plain.sessions(), 1);
    let tls = SmtpSink::start(loopback(), Some(TlsIdentity::self_signed(&["mail.demo.test"]))).unwrap();
    assert!(talk(&tls, "EHLO x\r\nQUIT\r\n").contains("250-STARTTLS"));
}

#[test]
fn ntp_tells_a_shifted_time() {
    let server = NtpServer::start(loopback(), -3_600_000).unwrap();
    let mut request = vec![0x23];
    request.resize(40, 0);
    request.extend(b"originat");
    let reply = ask(server.addr(), &request).unwrap();
    assert_eq!(reply.len(), 48);
    assert_eq!(reply[0] & 7, 4, "mode: server");
    assert_eq!(&reply[24..32], b"originat");
    let seconds =
        |at: usize| u64::from(u32::from_be_bytes([reply[at], reply[at + 1], reply[at + 2], reply[at + 3]]));
    let now = bulwark_testkit::tls::now_plus(0).duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
        + 2_208_988_800;
    assert!((3599..3700).contains(&(now - seconds(40))));
    assert_eq!(server.queries(), 1);
}

#[test]
fn nothing_listens_on_a_closed_port() {
    assert!(TcpStream::connect(closed_port().unwrap()).is_err());
}
