//! A mail server that takes everything and delivers nothing.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::lifetime::{Stop, TcpService, lock};
use crate::tls::TlsIdentity;

/// A running SMTP sink; stops on drop.
pub struct SmtpSink {
    service: TcpService,
    log: Arc<Log>,
}

#[derive(Default)]
struct Log {
    sessions: AtomicUsize,
    commands: Mutex<Vec<String>>,
    messages: Mutex<Vec<String>>,
}

/// How a conversation over one stream ended.
enum End {
    Closed,
    StartTls,
}

impl SmtpSink {
    /// Starts the sink; with an identity it offers STARTTLS.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub fn start(addr: SocketAddr, starttls: Option<TlsIdentity>) -> std::io::Result<Self> {
        let log: Arc<Log> = Arc::default();
        let tls = starttls.map(|identity| {
            let mut config = ServerConfig::clone(&identity.server_config());
            config.alpn_protocols.clear();
            Arc::new(config)
        });
        let service = TcpService::start(TcpListener::bind(addr)?, Arc::new(Stop::default()), {
            let log = Arc::clone(&log);
            move |mut stream, _| {
                log.sessions.fetch_add(1, Ordering::SeqCst);
                if stream.write_all(b"220 mail.demo.test ESMTP Bulwark sink\r\n").is_err() {
                    return;
                }
                let end = converse(&mut stream, tls.is_some(), &log);
                if let (Ok(End::StartTls), Some(config)) = (end, &tls)
                    && let Ok(connection) = ServerConnection::new(Arc::clone(config))
                {
                    let _ = converse(&mut StreamOwned::new(connection, stream), false, &log);
                }
            }
        })?;
        Ok(Self { service, log })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.service.addr()
    }

    /// Connections taken so far.
    pub fn sessions(&self) -> usize {
        self.log.sessions.load(Ordering::SeqCst)
    }

    /// Every command line received.
    pub fn commands(&self) -> Vec<String> {
        lock(&self.log.commands).clone()
    }

    /// The texts of the messages received.
    pub fn messages(&self) -> Vec<String> {
        lock(&self.log.messages).clone()
    }
}

/// Serves commands until the client leaves or asks for TLS. Reads byte by byte, so that nothing of a TLS handshake
/// following STARTTLS is swallowed.
fn converse<S: Read + Write>(stream: &mut S, offer_tls: bool, log: &Log) -> std::io::Result<End> {
    loop {
        let Some(line) = read_line(stream)? else { return Ok(End::Closed) };
        lock(&log.commands).push(line.clone());
        let verb = line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        let reply: &[u8] = match verb.as_str() {
            "EHLO" if offer_tls => {
                b"250-mail.demo.test\r\n250-SIZE 10485760\r\n250-STARTTLS\r\n250 8BITMIME\r\n"
            }
            "EHLO" => b"250-mail.demo.test\r\n250-SIZE 10485760\r\n250 8BITMIME\r\n",
            "HELO" => b"250 mail.demo.test\r\n",
            "MAIL" | "RCPT" | "RSET" | "NOOP" => b"250 OK\r\n",
            "STARTTLS" if offer_tls => {
                stream.write_all(b"220 Ready to start TLS\r\n")?;
                return Ok(End::StartTls);
            }
            "DATA" => {
                stream.write_all(b"354 End data with <CR><LF>.<CR><LF>\r\n")?;
                let message = read_message(stream)?;
                lock(&log.messages).push(message);
                b"250 OK: kept, not delivered\r\n"
            }
            "QUIT" => {
                stream.write_all(b"221 Bye\r\n")?;
                return Ok(End::Closed);
            }
            _ => b"502 Command not implemented\r\n",
        };
        stream.write_all(reply)?;
        stream.flush()?;
    }
}

fn read_line<S: Read>(stream: &mut S) -> std::io::Result<Option<String>> {
    let mut line = Vec::new();
    let taken = BufReader::with_capacity(1, stream).take(4096).read_until(b'\n', &mut line)?;
    Ok((taken > 0).then(|| String::from_utf8_lossy(&line).trim_end().to_owned()))
}

fn read_message<S: Read>(stream: &mut S) -> std::io::Result<String> {
    let mut message = String::new();
    while let Some(line) = read_line(stream)? {
        if line == "." || message.len() > 10 << 20 {
            break;
        }
        message.push_str(line.strip_prefix('.').unwrap_or(&line));
        message.push('\n');
    }
    Ok(message)
}
