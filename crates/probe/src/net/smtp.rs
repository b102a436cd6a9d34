//! A mail server's greeting: banner, EHLO, STARTTLS, QUIT (RFC 5321, RFC 3207). No mail is sent.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;

use super::Net;
use super::dial::{Dialled, io_failure};
use super::tls;
use crate::evidence::{Attempt, Smtp, TlsHandshake};
use crate::failure::{Code, Failure, Step};
use crate::polite::{Class, Report};

/// Bytes of one answer.
const ANSWER_BYTES: usize = 8 * 1024;
/// Who we say we are (RFC 6761: never a real name).
const EHLO: &str = "EHLO bulwark.invalid\r\n";

/// Greets the server.
pub(super) async fn collect(net: &Arc<Net>, host: &str, port: u16) -> Result<Smtp, Failure> {
    let host = super::name::canonical(host)?;
    let Dialled { mut stream, address, .. } = net.dial(&host, port, Class::StartTls).await?;
    let (tap, permit) = (stream.tap(), stream.permit());
    let wait = net.settings.total_timeout;
    let began = Instant::now();
    let greeted = async {
        let (code, banner) = answer(&mut stream, wait, &host).await?;
        if code != 220 {
            return Err(Failure::new(
                Step::Receive,
                Code::BadAnswer,
                format!("{host}: {code} {}", banner.join(" / ")),
            ));
        }
        permit.report(Report::Answered(began.elapsed()));
        let (code, ehlo) = say(&mut stream, EHLO, wait, &host).await?;
        Ok((banner, if code == 250 { ehlo } else { Vec::new() }))
    };
    let (banner, ehlo) = match Box::pin(greeted).await {
        Ok(greeted) => greeted,
        Err(e) => {
            permit.report(Report::Failed);
            return Err(if tap.tls() { Failure { code: Code::NotPlain, ..e } } else { e });
        }
    };
    let offered = ehlo.iter().any(|l| l.trim().eq_ignore_ascii_case("STARTTLS"));
    let (starttls, handshake): (Option<Attempt<String>>, _) = if offered {
        match Box::pin(upgrade(net, &host, address, stream, wait)).await {
            Ok(handshake) => {
                let words = format!("{} {}", handshake.version, handshake.cipher);
                (Some(Ok(words.trim().to_owned())), Some(handshake))
            }
            Err(e) => (Some(Err(e)), None),
        }
    } else {
        // Politeness: whether QUIT is answered changes nothing.
        let _ = say(&mut stream, "QUIT\r\n", wait, &host).await;
        (None, None)
    };
    Ok(Smtp {
        address: address.ip().to_string(),
        port,
        banner: banner.join("\n"),
        ehlo: ehlo.into_iter().skip(1).collect(),
        starttls,
        host,
        handshake,
    })
}

/// STARTTLS and a handshake, certificates and all.
async fn upgrade(
    net: &Net,
    host: &str,
    at: SocketAddr,
    mut stream: super::dial::Stream,
    wait: Duration,
) -> Result<TlsHandshake, Failure> {
    let (code, lines) = say(&mut stream, "STARTTLS\r\n", wait, host).await?;
    if code != 220 {
        return Err(Failure::new(
            Step::Tls,
            Code::TlsFailed,
            format!("{host}: {code} {}", lines.join(" / ")),
        ));
    }
    // The tap holds the greeting, so a fresh one: what came before was plain by design.
    let tap = super::dial::Tap::default();
    let began = Instant::now();
    let (mut stream, recorder) = Box::pin(tls::shake(net, host, &[], stream, &tap)).await?;
    let session = stream.get_ref().1;
    let handshake = net.handshake_evidence(host, at, session, &recorder.shown(), began.elapsed());
    // Politeness: whether QUIT is answered changes nothing.
    let _ = say(&mut stream, "QUIT\r\n", wait.min(Duration::from_secs(2)), host).await;
    Ok(handshake)
}

async fn say<S>(stream: &mut S, line: &str, wait: Duration, host: &str) -> Result<(u16, Vec<String>), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(line.as_bytes()).await.map_err(|e| io_failure(Step::Send, &e, host))?;
    stream.flush().await.map_err(|e| io_failure(Step::Send, &e, host))?;
    answer(stream, wait, host).await
}

/// Reads `250-…` lines to the last (`250 …`); the lines come without their code.
async fn answer<S: AsyncRead + Unpin>(
    stream: &mut S,
    wait: Duration,
    host: &str,
) -> Result<(u16, Vec<String>), Failure> {
    let reading = async {
        let mut bytes = Vec::new();
        let mut more = [0; 1024];
        loop {
            if let Some(done) = parse(&bytes) {
                return done.map_err(|line| {
                    Failure::new(Step::Decode, Code::BadAnswer, format!("{host}: {line:?}"))
                });
            }
            if bytes.len() >= ANSWER_BYTES {
                return Err(Failure::new(
                    Step::Receive,
                    Code::TooLarge,
                    format!("{host}: > {ANSWER_BYTES} bytes"),
                ));
            }
            let n = stream.read(&mut more).await.map_err(|e| io_failure(Step::Receive, &e, host))?;
            if n == 0 {
                return Err(Failure::new(
                    Step::Receive,
                    Code::Closed,
                    format!("{host}: {} bytes", bytes.len()),
                ));
            }
            bytes.extend_from_slice(more.get(..n).unwrap_or_default());
        }
    };
    tokio::time::timeout(wait, reading).await.unwrap_or_else(|_| {
        Err(Failure::new(Step::Receive, Code::TimedOut, format!("{host}: {} ms", wait.as_millis())))
    })
}

type Answer = (u16, Vec<String>);

/// `None` while lines are missing; `Err` holds the line that is no SMTP.
fn parse(bytes: &[u8]) -> Option<Result<Answer, String>> {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        let shown: String = line.trim_end().chars().take(60).collect();
        let code = line.get(..3).and_then(|c| c.parse::<u16>().ok());
        let Some(line) = line.strip_suffix('\n') else {
            // An unfinished line; hopeless when it cannot become an answer.
            return (line.len() >= 4 && code.is_none()).then_some(Err(shown));
        };
        let line = line.trim_end();
        let (Some(code), true) = (code, matches!(line.as_bytes().get(3), None | Some(b' ' | b'-'))) else {
            return Some(Err(shown));
        };
        lines.push(line.get(4..).unwrap_or_default().to_owned());
        if line.as_bytes().get(3) != Some(&b'-') {
            return Some(Ok((code, lines)));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_several_lines_are_read_to_the_last() {
        assert_eq!(parse(b"250-mx.a.tw\r\n250-SIZE 1"), None);
        assert_eq!(
            parse(b"250-mx.a.tw\r\n250-SIZE 1\r\n250 STARTTLS\r\n"),
            Some(Ok((250, vec!["mx.a.tw".into(), "SIZE 1".into(), "STARTTLS".into()])))
        );
        assert_eq!(parse(b"220\r\n"), Some(Ok((220, vec![String::new()]))));
        assert_eq!(parse(b"SSH-2.0-x\r\n"), Some(Err("SSH-2.0-x".into())));
        assert!(parse(b"\x15\x03\x01\x00\x02").expect("hopeless").is_err());
    }
}
