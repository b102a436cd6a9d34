//! The way to a running server from the same machine: a socket in the data folder, for the account of the service and
//! root alone. Each connection carries one request and one answer: a length (four bytes, big-endian), then JSON.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Location};
use bulwark_store::Store;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};

use super::{Answer, Request, carry_out};
use crate::texts::{diagnostic, texts};

/// Name in the data folder.
pub const NAME: &str = "bulwark.sock";
/// Largest request or answer: a list of all organisations fits.
const BYTES: u32 = 32 * 1024 * 1024;
/// How long a request may take to arrive.
const REQUEST_WAIT: Duration = Duration::from_secs(5);
/// Requests at once.
const AT_ONCE: usize = 4;

/// Asks a running server. `None` when none listens.
///
/// # Errors
/// BW-CLI-036 when the conversation breaks.
pub async fn ask(path: &Path, request: &Request) -> Result<Option<Answer>, Vec<Diagnostic>> {
    let broken = |e| {
        let place = Location::File { path: path.display().to_string(), line: 0, column: 0 };
        vec![diagnostic(texts(), "BW-CLI-036", &args![path = path.display()]).at(place).because(e)]
    };
    let mut stream = match UnixStream::connect(path).await {
        Ok(stream) => stream,
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(e) => return Err(broken(e)),
    };
    // The server may refuse before it has read everything; its answer counts.
    let sent = send(&mut stream, request).await;
    match receive(&mut stream).await {
        Ok(answer) => Ok(Some(answer)),
        Err(e) => Err(broken(sent.err().unwrap_or(e))),
    }
}

/// Listens at `path`. The caller holds the store's lock, so what stands there is left over.
///
/// # Errors
/// What the system said.
pub fn listen(path: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Answers until `stop` is set, then removes the socket.
pub async fn serve(listener: UnixListener, store: Store, origin: String, mut stop: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let path = listener.local_addr().ok().and_then(|address| address.as_pathname().map(Path::to_owned));
    loop {
        let accepted = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (store, origin) = (store.clone(), origin.clone());
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
        tokio::spawn(async move {
            conversation(stream, &store, &origin).await;
            drop(place);
        });
    }
    if let Some(path) = path {
        let _ = std::fs::remove_file(path);
    }
}

async fn conversation(mut stream: UnixStream, store: &Store, origin: &str) {
    let peer = stream.peer_cred().map(|peer| peer.uid()).ok();
    let answer = if admitted(peer, rustix::process::geteuid().as_raw()) {
        match tokio::time::timeout(REQUEST_WAIT, receive::<Request>(&mut stream)).await {
            Ok(Ok(request)) => carry_out(store, origin, &request).await,
            Ok(Err(e)) => Answer::Refused(vec![diagnostic(texts(), "BW-CLI-038", &[]).because(e)]),
            Err(_) => return,
        }
    } else {
        let who = peer.map_or_else(|| "?".to_owned(), |uid| uid.to_string());
        Answer::Refused(vec![diagnostic(texts(), "BW-CLI-037", &args![uid = who])])
    };
    // Who went away without the answer gets none.
    let _ = send(&mut stream, &answer).await;
}

/// The account of the service, and root.
fn admitted(peer: Option<u32>, own: u32) -> bool {
    peer.is_some_and(|uid| uid == own || uid == 0)
}

async fn send<T: Serialize>(stream: &mut UnixStream, value: &T) -> io::Result<()> {
    let bytes = serde_json::to_vec(value)?;
    let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= BYTES);
    let length = length.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "too long"))?;
    stream.write_all(&length.to_be_bytes()).await?;
    stream.write_all(&bytes).await
}

async fn receive<T: DeserializeOwned>(stream: &mut UnixStream) -> io::Result<T> {
    let length = stream.read_u32().await?;
    if length > BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "too long"));
    }
    let mut bytes = vec![0; length as usize];
    stream.read_exact(&mut bytes).await?;
    Ok(serde_json::from_slice(&bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_and_root_are_admitted_and_nobody_else() {
        assert!(admitted(Some(990), 990));
        assert!(admitted(Some(0), 990));
        assert!(!admitted(Some(991), 990));
        assert!(!admitted(Some(1000), 0));
        assert!(!admitted(None, 0), "who cannot be told apart is nobody");
    }

    #[test]
    fn a_request_is_one_of_a_closed_list() {
        let read = |text: &str| serde_json::from_str::<Request>(text).ok();
        assert_eq!(read("\"checkpoint\""), Some(Request::Checkpoint));
        let link = read(r#"{"recovery_link":{"login":"admin","reason":"lost"}}"#);
        assert_eq!(link, Some(Request::RecoveryLink { login: "admin".into(), reason: "lost".into() }));
        assert_eq!(read("\"shutdown\""), None);
        assert_eq!(read(r#"{"backup":{"dir":"/x","and":1}}"#), None);
    }
}
