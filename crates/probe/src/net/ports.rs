//! TCP connections: how long they take, which ports accept them, what is said first.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bulwark_model::Intensity;
use tokio::io::AsyncReadExt;

use super::dial::Stream;
use super::{Net, micros};
use crate::evidence::{Blob, PortState, Ports, Tcp, TcpSample};
use crate::failure::{Code, Failure};
use crate::polite::{Class, Report};

/// A banner kept.
const BANNER_BYTES: usize = 256;
/// Ports whose services wait for the client to speak first.
const SILENT_PORTS: [u16; 12] = [80, 81, 443, 591, 3000, 5000, 8000, 8008, 8080, 8081, 8443, 8888];

/// Connects `samples` times to each address.
pub(super) async fn tcp(net: &Arc<Net>, host: &str, port: u16, samples: u32) -> Result<Tcp, Failure> {
    let located = net.locate(host).await?;
    let mut taken = Vec::new();
    for address in &located.addresses {
        for _ in 0..samples.clamp(1, 20) {
            let rtt_us =
                match net.connect(SocketAddr::new(*address, port), Class::Connect { liveness: true }).await {
                    Ok((stream, took)) => {
                        stream.report(Report::Answered(took));
                        Ok(micros(took))
                    }
                    Err(e) => Err(e),
                };
            let hopeless =
                matches!(&rtt_us, Err(e) if matches!(e.code, Code::Unreachable | Code::CircuitOpen));
            taken.push(TcpSample { address: address.to_string(), rtt_us });
            if hopeless {
                break;
            }
        }
    }
    Ok(Tcp {
        host: host.to_owned(),
        port,
        addresses: located.addresses.iter().map(ToString::to_string).collect(),
        samples: taken,
    })
}

/// Tries each port once at the first address.
pub(super) async fn collect(net: &Arc<Net>, host: &str, ports: &[u16]) -> Result<Ports, Failure> {
    let located = net.locate(host).await?;
    let Some(address) = located.addresses.first().copied() else {
        return Err(Failure::new(crate::failure::Step::Resolve, Code::NoAddress, host));
    };
    let mut states = Vec::new();
    for port in ports.iter().copied().collect::<BTreeSet<_>>() {
        let at = SocketAddr::new(address, port);
        let (state, banner) = match net.connect_reporting(at, Class::Connect { liveness: false }, false).await
        {
            Ok((stream, took)) => {
                stream.report(Report::Answered(took));
                ("open", banner(net, stream, port).await)
            }
            Err(e) if e.code == Code::Refused => ("closed", Vec::new()),
            // Nothing was sent: a state would be a guess.
            Err(e) if e.code == Code::CircuitOpen => return Err(e),
            Err(_) => ("filtered", Vec::new()),
        };
        states.push(PortState { port, state: state.to_owned(), banner: Blob(banner) });
    }
    Ok(Ports { host: host.to_owned(), address: address.to_string(), ports: states })
}

/// What the port says without being asked.
async fn banner(net: &Net, mut stream: Stream, port: u16) -> Vec<u8> {
    if SILENT_PORTS.contains(&port) {
        return Vec::new();
    }
    let wait = match net.settings.intensity {
        Intensity::Lab => net.settings.limits.banner_wait.min(Duration::from_millis(300)),
        _ => net.settings.limits.banner_wait,
    };
    let mut first = vec![0; BANNER_BYTES];
    let read = tokio::time::timeout(wait, stream.read(&mut first)).await;
    first.truncate(if let Ok(Ok(n)) = read { n } else { 0 });
    first
}
