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

/// Reads os-release(5): shell assignments, quoted or not.
pub fn os_release(text: &str) -> OsRelease {
    let mut fields = BTreeMap::new();
    for line in text.lines().map(str::trim).filter(|l| !l.starts_with('#')) {
        if let Some((key, value)) = line.split_once('=') {
            fields.insert(key.trim().to_owned(), shell_value(value.trim()));
        }
    }
    let get = |key: &str| fields.get(key).cloned().unwrap_or_default();
    OsRelease {
        id: get("ID").to_ascii_lowercase(),
        id_like: get("ID_LIKE").split_whitespace().map(str::to_ascii_lowercase).collect(),
        version_id: get("VERSION_ID"),
        pretty_name: get("PRETTY_NAME"),
        fields,
    }
}

/// A shell word: single quotes keep everything, double quotes and bare text undo `\`.
fn shell_value(text: &str) -> String {
    if let Some(inner) = text.strip_prefix('\'') {
        return inner.split('\'').next().unwrap_or_default().to_owned();
    }
    let (body, quoted) = text.strip_prefix('"').map_or((text, false), |t| (t, true));
    let mut out = String::with_capacity(body.len());
    let mut chars = body.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted => break,
            // Inside double quotes only these are escaped (POSIX shell §2.2.3).
            '\\' => match chars.next() {
                Some(e @ ('"' | '\\' | '$' | '`')) => out.push(e),
                Some(e) if quoted => out.extend(['\\', e]),
                Some(e) => out.push(e),
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
    out
}

/// Reads `/proc/net/{tcp,tcp6,udp,udp6}` of a little-endian machine: for TCP the listening sockets (state
/// `0A`), for UDP those bound without a peer.
pub fn sockets(text: &str, udp: bool) -> Vec<Socket> {
    let mut out: Vec<Socket> = text.lines().filter_map(|line| socket(line, udp)).collect();
    out.sort();
    out.dedup();
    out
}

fn socket(line: &str, udp: bool) -> Option<Socket> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let [_, local, peer, state, _, _, _, _, _, inode, ..] = *fields.as_slice() else { return None };
    let (_, peer_port) = peer.split_once(':')?;
    let wanted = if udp { peer_port == "0000" } else { state == "0A" };
    if !wanted {
        return None;
    }
    let (address, port) = local.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok().filter(|p| *p != 0)?;
    Some(Socket { address: hex_address(address)?, port, inode: inode.parse().ok()? })
}

/// 32-bit words in host order (little-endian), one for IPv4 and four for IPv6.
fn hex_address(hex: &str) -> Option<IpAddr> {
    let word = |at: usize| u32::from_str_radix(hex.get(at..at + 8)?, 16).ok().map(u32::swap_bytes);
    match hex.len() {
        8 => Some(IpAddr::V4(word(0)?.into())),
        32 => {
            let words = [word(0)?, word(8)?, word(16)?, word(24)?];
            let value = words.iter().fold(0u128, |n, w| n << 32 | u128::from(*w));
            Some(IpAddr::V6(value.into()))
        }
        _ => None,
    }
}

/// Reads `/proc/mounts` (octal escapes undone, see getmntent(3)).
pub fn mounts(text: &str) -> Vec<MountLine> {
    let mount = |line: &str| {
        let mut fields = line.split_ascii_whitespace();
        Some(MountLine {
            source: octal(fields.next()?),
            path: octal(fields.next()?),
            fs: fields.next()?.to_owned(),
            options: fields.next().unwrap_or_default().split(',').map(octal).collect(),
        })
    };
    text.lines().filter(|l| !l.starts_with('#')).filter_map(mount).collect()
}

pub(crate) fn octal(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if let (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..]) = (first, tail) {
            out.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
            rest = after;
        } else {
            out.push(*first);
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// File systems with real storage, as opposed to `proc`, `tmpfs`, `overlay`, `squashfs` images and the like.
pub fn is_storage(fs: &str) -> bool {
    const STORAGE: [&str; 30] = [
        "ext2",
        "ext3",
        "ext4",
        "xfs",
        "btrfs",
        "zfs",
        "bcachefs",
        "f2fs",
        "jfs",
        "reiserfs",
        "ufs",
        "vfat",
        "msdos",
        "exfat",
        "ntfs",
        "ntfs3",
        "fuseblk",
        "hfsplus",
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "ceph",
        "fuse.ceph",
        "fuse.glusterfs",
        "lustre",
        "ocfs2",
        "gfs2",
        "apfs",
    ];
    STORAGE.contains(&fs)
}

/// Paragraphs of `Key: value` lines, parted by empty lines; continuation lines are left out.
fn paragraphs(text: &str) -> Vec<Vec<(&str, &str)>> {
    let mut out = vec![Vec::new()];
    for line in text.lines() {
        if line.trim().is_empty() {
            out.push(Vec::new());
        } else if let (Some((key, value)), Some(last)) = (line.split_once(':'), out.last_mut())
            && !key.starts_with([' ', '\t'])
        {
            last.push((key, value.trim()));
        }
    }
    out
}

fn field<'a>(paragraph: &[(&str, &'a str)], key: &str) -> Option<&'a str> {
    paragraph.iter().find(|(k, _)| *k == key).map(|(_, value)| *value)
}

/// Packages of `/var/lib/dpkg/status` that are installed (dpkg-query(1): want, error flag `ok`, status
/// `installed`).
pub fn dpkg_packages(status: &str) -> Vec<Package> {
    let installed = |p: &Vec<(&str, &str)>| field(p, "Status").is_some_and(|s| s.ends_with(" ok installed"));
    let read = |p: Vec<(&str, &str)>| Some(package("dpkg", field(&p, "Package")?, field(&p, "Version")?));
    paragraphs(status).into_iter().filter(installed).filter_map(read).collect()
}

/// Packages of `/lib/apk/db/installed`.
pub fn apk_packages(installed: &str) -> Vec<Package> {
    let read = |p: Vec<(&str, &str)>| Some(package("apk", field(&p, "P")?, field(&p, "V")?));
    paragraphs(installed).into_iter().filter_map(read).collect()
}

fn package(manager: &str, name: &str, version: &str) -> Package {
    Package { manager: manager.to_owned(), name: name.to_owned(), version: version.to_owned() }
}

/// Settings of sshd_config(5): key in lower case → value. The first value wins; keywords that add up
/// (`Port`, `ListenAddress`, `AllowUsers` …) are joined by a space. What stands in `Match` blocks is left
/// out, up to a `Match all`.
pub fn sshd_settings(config: &str) -> BTreeMap<String, String> {
    const ADDING: [&str; 10] = [
        "port",
        "listenaddress",
        "hostkey",
        "allowusers",
        "allowgroups",
        "denyusers",
        "denygroups",
        "acceptenv",
        "include",
        "setenv",
    ];
    let mut out: BTreeMap<String, String> = BTreeMap::new();
    let mut matched = true;
    for line in config.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
        let end = line.find(|c: char| c.is_ascii_whitespace() || c == '=').unwrap_or(line.len());
        let (key, rest) = line.split_at(end);
        let value = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '=');
        let value = value.split(" #").next().unwrap_or_default().trim();
        let value = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value);
        let key = key.to_ascii_lowercase();
        if key == "match" {
            matched = value.eq_ignore_ascii_case("all");
        } else if matched && !value.is_empty() {
            match out.get_mut(&key) {
                None => {
                    out.insert(key, value.to_owned());
                }
                Some(known) if ADDING.contains(&key.as_str()) => {
                    known.push(' ');
                    known.push_str(value);
                }
                Some(_) => {}
            }
        }
    }
    out
}

/// Settings of sysctl.conf(5) or `sysctl -a`: `a/b` becomes `a.b`; the last value wins.
pub fn sysctl_settings(text: &str) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for line in text.lines().map(str::trim).filter(|l| !l.starts_with(['#', ';'])) {
        // A leading `-` only says that errors do not matter.
        let Some((key, value)) = line.strip_prefix('-').unwrap_or(line).split_once('=') else { continue };
        let key = key.trim();
        if key.is_empty() {
            continue;
        }
        // When `/` comes first it is the separator and `.` belongs to names (`net/ipv4/conf/eth0.1/x`).
        let slashes =
            key.find(['/', '.']).is_some_and(|at| key.get(at..).is_some_and(|k| k.starts_with('/')));
        let swap = |c| match c {
            '/' => '.',
            '.' => '/',
            c => c,
        };
        let key = if slashes { key.chars().map(swap).collect() } else { key.to_owned() };
        out.insert(key, value.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn os_release_with_every_quoting() {
        let os = os_release(
            "# comment\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=Debian\nID_LIKE='rhel fedora'\nVERSION_ID=\"12\"\nX=\"a\\\"b\\$c\\n\"\nY=a\\ b\nBROKEN\nZ=\"open\n",
        );
        assert_eq!((os.id.as_str(), os.version_id.as_str()), ("debian", "12"));
        assert_eq!(os.pretty_name, "Debian GNU/Linux 12 (bookworm)");
        assert_eq!(os.id_like, ["rhel", "fedora"]);
        let field = |k: &str| os.fields.get(k).map(String::as_str);
        assert_eq!((field("X"), field("Y"), field("Z")), (Some("a\"b$c\\n"), Some("a b"), Some("open")));
        assert_eq!(os_release(""), OsRelease::default());
    }

    #[test]
    fn listening_sockets() {
        let tcp = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 12345 1 0 100 0 0 10 0\n   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 12346 1\n   2: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 99 1\n";
        let found = sockets(tcp, false);
        let shown: Vec<String> =
            found.iter().map(|s| format!("{} {} {}", s.address, s.port, s.inode)).collect();
        assert_eq!(shown, ["0.0.0.0 22 99", "127.0.0.1 8080 12345"]);
        let v6 = "0: B80D0120000000000000000001000000:01BB 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 7\n1: 00000000000000000000000000000000:0035 00000000000000000000000000000000:0000 07 0:0 0:0 0 0 0 8";
        assert_eq!(sockets(v6, false).first().map(|s| s.address.to_string()).as_deref(), Some("2001:db8::1"));
        let udp = sockets(v6, true);
        assert_eq!(udp.iter().map(|s| s.port).collect::<Vec<_>>(), [53, 443]);
        assert_eq!(sockets("0: zz:1 0:0 0A a b c d e f\n1: 0100007F", false), []);
    }

    #[test]
    fn mount_lines() {
        let found = mounts(
            "/dev/sda1 / ext4 rw,relatime 0 0\nsrv:/a\\040b /mnt/my\\040disk\\134x nfs4 rw 0 0\nproc /proc proc rw 0 0\nbroken\n",
        );
        assert_eq!(found.len(), 3);
        let nfs = found.get(1).expect("nfs");
        assert_eq!((nfs.source.as_str(), nfs.path.as_str()), ("srv:/a b", "/mnt/my disk\\x"));
        assert_eq!(found.iter().map(|m| is_storage(&m.fs)).collect::<Vec<_>>(), [true, true, false]);
        assert_eq!(octal("\\04\\999\\"), "\\04\\999\\");
        assert!(!is_storage("tmpfs") && !is_storage("overlay") && is_storage("xfs"));
    }

    #[test]
    fn package_databases() {
        let dpkg = "Package: openssl\nStatus: install ok installed\nVersion: 3.0.11-1~deb12u2\nDescription: x\n Version: not this\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n\nPackage: held\nStatus: hold ok installed\nVersion: 2:1.0\n";
        let found = dpkg_packages(dpkg);
        let names: Vec<_> = found.iter().map(|p| (p.name.as_str(), p.version.as_str())).collect();
        assert_eq!(names, [("openssl", "3.0.11-1~deb12u2"), ("held", "2:1.0")]);
        let apk = "C:Q1x=\nP:musl\nV:1.2.4-r2\nA:x86_64\n\nC:Q1y=\nP:busybox\nV:1.36.1-r15\n\n\nP:broken\n";
        assert_eq!(apk_packages(apk).len(), 2);
        assert!(apk_packages(apk).iter().all(|p| p.manager == "apk"));
    }

    #[test]
    fn sshd_and_sysctl() {
        let sshd = sshd_settings(
            "# x\nPort 22\nport=2222\nPermitRootLogin no # why\nPermitRootLogin yes\nBanner \"/etc/my issue\"\nEmpty\nMatch User a\n  PasswordAuthentication yes\nMatch all\nX11Forwarding no\n",
        );
        let get = |k: &str| sshd.get(k).map(String::as_str);
        assert_eq!((get("port"), get("permitrootlogin")), (Some("22 2222"), Some("no")));
        assert_eq!((get("banner"), get("passwordauthentication")), (Some("/etc/my issue"), None));
        assert_eq!((get("x11forwarding"), get("empty")), (Some("no"), None));
        let sysctl = sysctl_settings(
            "; c\nkernel.randomize_va_space=1\nkernel.randomize_va_space = 2\n-net/ipv4/conf/eth0.1/rp_filter = 1\nnet.ipv4.tcp_rmem = 4096\t131072  6291456\n= x\nrubbish\n",
        );
        let get = |k: &str| sysctl.get(k).map(String::as_str);
        assert_eq!(get("kernel.randomize_va_space"), Some("2"));
        assert_eq!(get("net.ipv4.conf.eth0/1.rp_filter"), Some("1"));
        assert_eq!(get("net.ipv4.tcp_rmem"), Some("4096 131072 6291456"));
        assert_eq!(sysctl.len(), 3);
    }
}
