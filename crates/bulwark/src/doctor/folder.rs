//! The data folder: who may enter, whose files are in it, keys, room, certificate.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use bulwark_i18n::{args, file_size};
use jiff::Timestamp;

use super::{Line, State};
use crate::config::{Tls, secret};
use crate::installation::{Installation, KEYS, OTHERS};
use crate::serve::{own_ca, tls};

/// What the audit log must always have room for (security-reliability.md §7, "disk").
const RESERVE_BYTES: u64 = 64 << 20;
/// Below this, someone should look for room.
const ROOM_BYTES: u64 = 1 << 30;
/// Days before a certificate ends at which someone should act; our own is renewed earlier.
const SOON_DAYS: i64 = 21;

/// Looks.
pub fn look(installation: &Installation, mode: u32, now: Timestamp) -> Vec<Line> {
    let mut lines =
        vec![entry(installation, mode), owners(installation), keys(installation), room(installation)];
    lines.push(certificate(installation, now));
    lines
}

fn entry(installation: &Installation, mode: u32) -> Line {
    let values = args![path = installation.place(), mode = format!("{mode:04o}")];
    if mode & OTHERS == 0 {
        Line::ok("folder", &values)
    } else {
        Line::new("folder", State::Danger, "open", &values)
    }
}

/// A file of another account is one the service cannot write: what root did by hand, most often.
fn owners(installation: &Installation) -> Line {
    let dir = installation.dir();
    let Ok(owner) = std::fs::metadata(dir).map(|found| found.uid()) else {
        return Line::new("owner", State::Unread, "unread", &args![path = installation.place()]);
    };
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let foreign = entries.filter(|entry| entry.metadata().is_ok_and(|found| found.uid() != owner));
    let mut names: Vec<String> =
        foreign.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    if names.is_empty() {
        return Line::ok("owner", &[]);
    }
    let values = args![path = installation.place(), names = names.join(" "), owner = owner];
    Line::new("owner", State::Danger, "foreign", &values)
}

fn keys(installation: &Installation) -> Line {
    for name in KEYS {
        let path = installation.dir().join(name);
        let values = |mode: u32| args![path = path.display(), mode = format!("{mode:04o}")];
        match std::fs::metadata(&path).map(|found| found.permissions().mode() & 0o7777) {
            Err(_) => return Line::new("keys", State::Danger, "lost", &values(0)),
            Ok(mode) if mode & 0o077 != 0 => return Line::new("keys", State::Danger, "open", &values(mode)),
            Ok(_) => {}
        }
    }
    Line::ok("keys", &[])
}

fn room(installation: &Installation) -> Line {
    match rustix::fs::statvfs(installation.dir()) {
        Ok(found) => {
            let free = found.f_bavail.saturating_mul(found.f_frsize);
            let (word, state) = match free {
                free if free < RESERVE_BYTES => ("full", State::Danger),
                free if free < ROOM_BYTES => ("little", State::Caution),
                _ => ("ok", State::Ok),
            };
            let values = args![
                free = file_size(free),
                reserve = file_size(RESERVE_BYTES),
                path = installation.place()
            ];
            Line::new("disk", state, word, &values)
        }
        Err(_) => Line::new("disk", State::Unread, "unread", &args![path = installation.place()]),
    }
}

fn certificate(installation: &Installation, now: Timestamp) -> Line {
    let settings = &installation.settings;
    let Some(path) = tls::certificate(settings) else {
        return Line::new("tls", State::Ok, "off", &args![listen = settings.server.listen]);
    };
    if let Some(note) = closed(settings.server.tls, installation).err() {
        return Line::from_note("tls", State::Danger, &note);
    }
    let Some(found) = own_ca::read(&path) else {
        let missing = settings.server.tls == Tls::OwnCa && !path.exists();
        let (state, word) = if missing { (State::Ok, "none_yet") } else { (State::Danger, "unreadable") };
        return Line::new("tls", state, word, &args![path = path.display()]);
    };
    let days = found.until.duration_since(now).as_secs() / 86_400;
    let (state, word) = match days {
        _ if found.until <= now => (State::Danger, "ended"),
        days if days < SOON_DAYS => (State::Caution, "soon"),
        _ => (State::Ok, "ok"),
    };
    Line::new("tls", state, word, &args![path = path.display(), days = days])
}

/// The key beside the certificate.
fn closed(tls: Tls, installation: &Installation) -> Result<(), bulwark_model::Diagnostic> {
    let own = own_ca::Files::of(installation.dir()).key;
    let key: Option<&Path> = match tls {
        Tls::Off => None,
        Tls::OwnCa => Some(own.as_path()).filter(|path| path.exists()),
        Tls::Files => installation.settings.server.tls_key.as_deref(),
    };
    key.map_or(Ok(()), secret::closed_to_others)
}
