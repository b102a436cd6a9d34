//! The file formats.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::evidence::Package;

/// os-release(5).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OsRelease {
    /// `ID`, lower case, for example `debian`.
    pub id: String,
    /// `ID_LIKE`
    pub id_like: Vec<String>,
    /// `VERSION_ID`, for example `12` or `22.04`.
    pub version_id: String,
    /// `PRETTY_NAME`
    pub pretty_name: String,
    /// Everything, by key.
    pub fields: BTreeMap<String, String>,
}

/// A listening (TCP) or bound (UDP) socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Socket {
    /// Address.
    pub address: IpAddr,
    /// Port.
    pub port: u16,
    /// Inode, to find the process by `/proc/*/fd`.
    pub inode: u64,
}

/// One line of `/proc/mounts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountLine {
    /// Device or source.
    pub source: String,
    /// Mount point.
    pub path: String,
    /// File-system type.
    pub fs: String,
    /// Options.
    pub options: Vec<String>,
}

// ---- functions
/// Reads os-release.
pub fn os_release(text: &str) -> OsRelease { let _ = text; OsRelease::default() }

/// Reads `/proc/net/{tcp,tcp6,udp,udp6}`: for TCP the listening sockets, for UDP those without peer.
pub fn sockets(text: &str, udp: bool) -> Vec<Socket> { let _ = (text, udp); vec![] }

/// Reads `/proc/mounts` (octal escapes undone).
pub fn mounts(text: &str) -> Vec<MountLine> { let _ = text; vec![] }

/// File systems with real storage, as opposed to `proc`, `tmpfs`, `squashfs` images and the like.
pub fn is_storage(fs: &str) -> bool { let _ = fs; false }

/// Packages of `/var/lib/dpkg/status` that are installed.
pub fn dpkg_packages(status: &str) -> Vec<Package> { let _ = status; vec![] }

/// Packages of `/lib/apk/db/installed`.
pub fn apk_packages(installed: &str) -> Vec<Package> { let _ = installed; vec![] }

/// Settings of sshd_config: key in lower case → value; the first value wins, `Match` blocks are left out.
pub fn sshd_settings(config: &str) -> BTreeMap<String, String> { let _ = config; BTreeMap::new() }

/// Settings of sysctl.conf or `sysctl -a`: `a/b` becomes `a.b`; the last value wins.
pub fn sysctl_settings(text: &str) -> BTreeMap<String, String> { let _ = text; BTreeMap::new() }
