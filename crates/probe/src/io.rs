//! Facts read from local files. Every function takes the root of the file tree, so that tests use
//! a made one; nothing is run and nothing is written.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::evidence::{FileFact, Files, Host, Listener, Mount};
use crate::failure::{Code, Failure, Step};
use crate::host as parse;

/// Small text files are read up to this size.
const TEXT_BYTES: u64 = 64 << 20;
/// Files listed.
const MAX_FILES: usize = 1000;
/// Entries walked over before a listing gives up.
const MAX_ENTRIES: usize = 200_000;
/// Folders below the declared one.
const MAX_DEPTH: usize = 4;
/// Largest file hashed.
const HASH_BYTES: u64 = 16 << 20;

/// Kernel settings read, by their sysctl name.
const SYSCTLS: &[&str] = &[
    "fs.protected_hardlinks",
    "fs.protected_symlinks",
    "fs.suid_dumpable",
    "kernel.dmesg_restrict",
    "kernel.kptr_restrict",
    "kernel.randomize_va_space",
    "kernel.unprivileged_bpf_disabled",
    "kernel.yama.ptrace_scope",
    "net.ipv4.conf.all.accept_redirects",
    "net.ipv4.conf.all.accept_source_route",
    "net.ipv4.conf.all.rp_filter",
    "net.ipv4.conf.all.send_redirects",
    "net.ipv4.icmp_echo_ignore_broadcasts",
    "net.ipv4.ip_forward",
    "net.ipv4.tcp_syncookies",
    "net.ipv6.conf.all.accept_redirects",
];

/// Package databases: path, manager.
const PACKAGES: &[(&str, &str)] = &[("var/lib/dpkg/status", "dpkg"), ("lib/apk/db/installed", "apk")];
/// Databases we cannot read, but whose age tells when updates were last put in.
const OTHER_PACKAGES: &[&str] =
    &["var/lib/rpm/rpmdb.sqlite", "usr/lib/sysimage/rpm/rpmdb.sqlite", "var/lib/rpm/Packages"];

/// Notes what could not be read.
struct Reader<'a> {
    root: &'a Path,
    unread: Vec<String>,
}

impl Reader<'_> {
    /// A file as text; missing is silent, anything else is noted.
    fn text(&mut self, path: &str) -> Option<String> {
        match read_text(&self.root.join(path)) {
            Ok(text) => Some(text),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
            Err(e) => {
                self.unread.push(format!("/{path}: {e}"));
                None
            }
        }
    }

    /// As [`Self::text`], but a missing file is noted, too.
    fn needed(&mut self, path: &str) -> String {
        let before = self.unread.len();
        let text = self.text(path);
        if text.is_none() && self.unread.len() == before {
            self.unread.push(format!("/{path}: not found"));
        }
        text.unwrap_or_default()
    }
}

fn read_text(path: &Path) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(TEXT_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Facts of the machine whose file tree is `root`.
pub fn host(root: &Path) -> Host {
    let mut r = Reader { root, unread: Vec::new() };
    let uname = rustix::system::uname();
    let os_release = match r.text("etc/os-release") {
        Some(text) => text,
        None => r.needed("usr/lib/os-release"),
    };
    let uptime = r.needed("proc/uptime");
    let (processes, owners) = processes(root, &mut r.unread);
    let mut packages = Vec::new();
    let mut packages_changed_s = None;
    for (path, manager) in PACKAGES {
        if let Some(text) = r.text(path) {
            packages.extend(if *manager == "dpkg" {
                parse::dpkg_packages(&text)
            } else {
                parse::apk_packages(&text)
            });
            packages_changed_s = packages_changed_s.max(modified_s(&root.join(path)));
        }
    }
    for path in OTHER_PACKAGES {
        packages_changed_s = packages_changed_s.max(modified_s(&root.join(path)));
    }
    packages.sort();
    packages.dedup();
    let mut settings = BTreeMap::new();
    for name in SYSCTLS {
        if let Some(value) = r.text(&format!("proc/sys/{}", name.replace('.', "/"))) {
            settings.insert((*name).to_owned(), value.trim().to_owned());
        }
    }
    let sshd = sshd_config(&mut r);
    if !sshd.is_empty() {
        for (name, value) in parse::sshd_settings(&sshd) {
            settings.insert(format!("sshd.{name}"), value);
        }
    }
    let mounts = mounts(&mut r);
    let listeners = listeners(&mut r, &owners);
    Host {
        hostname: r
            .text("etc/hostname")
            .map(|h| h.trim().to_owned())
            .filter(|h| !h.is_empty())
            .unwrap_or_else(|| uname.nodename().to_string_lossy().into_owned()),
        os_release,
        kernel: r
            .text("proc/sys/kernel/osrelease")
            .map_or_else(|| uname.release().to_string_lossy().into_owned(), |k| k.trim().to_owned()),
        uptime_s: uptime.split('.').next().and_then(|s| s.trim().parse().ok()).unwrap_or(0),
        clock_synchronised: clock(root, &processes),
        reboot_required: root.join("run/reboot-required").exists()
            || root.join("var/run/reboot-required").exists(),
        listeners,
        mounts,
        processes,
        packages,
        settings,
        packages_changed_s,
        unread: r.unread,
    }
}

/// sshd_config with its drop-in files first: the first value of a setting wins (sshd_config(5)).
fn sshd_config(r: &mut Reader<'_>) -> String {
    let Some(main) = r.text("etc/ssh/sshd_config") else { return String::new() };
    let mut dropins: Vec<PathBuf> = fs::read_dir(r.root.join("etc/ssh/sshd_config.d"))
        .map(|d| {
            d.filter_map(Result::ok)
                .map(|e| e.path())
                .filter(|p| p.extension().is_some_and(|e| e == "conf"))
                .collect()
        })
        .unwrap_or_default();
    dropins.sort();
    let mut text = String::new();
    let includes = main.lines().any(|l| l.trim().to_ascii_lowercase().starts_with("include"));
    for path in dropins.iter().filter(|_| includes) {
        match read_text(path) {
            Ok(part) => {
                text.push_str(&part);
                text.push('\n');
            }
            Err(e) => r.unread.push(format!("{}: {e}", shown(r.root, path))),
        }
    }
    text + &main
}

/// A path as seen from the root.
fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).map_or_else(|_| path.display().to_string(), |p| format!("/{}", p.display()))
}

/// Whether the clock is kept: systemd's flag says so; a running daemon alone says nothing about
/// success, no daemon at all says no.
fn clock(root: &Path, processes: &[String]) -> Option<bool> {
    if root.join("run/systemd/timesync/synchronized").exists() {
        return Some(true);
    }
    let daemon = ["chronyd", "ntpd", "systemd-timesyn", "systemd-timesyncd", "openntpd", "ptp4l"];
    let running = processes.iter().any(|p| daemon.contains(&p.as_str()));
    if processes.is_empty() || running { None } else { Some(false) }
}

/// Process names, and the owner of each socket inode where we may look.
fn processes(root: &Path, unread: &mut Vec<String>) -> (Vec<String>, BTreeMap<u64, String>) {
    let mut names = Vec::new();
    let mut owners = BTreeMap::new();
    let mut hidden = 0_u32;
    let entries = match fs::read_dir(root.join("proc")) {
        Ok(entries) => entries,
        Err(e) => {
            unread.push(format!("/proc: {e}"));
            return (names, owners);
        }
    };
    for entry in entries.filter_map(Result::ok) {
        if !entry.file_name().to_string_lossy().bytes().all(|b| b.is_ascii_digit()) {
            continue;
        }
        // Processes end while we look; that is no fault.
        let Ok(name) = read_text(&entry.path().join("comm")) else { continue };
        let name = name.trim().to_owned();
        match fs::read_dir(entry.path().join("fd")) {
            Ok(fds) => {
                for fd in fds.filter_map(Result::ok) {
                    let Ok(target) = fs::read_link(fd.path()) else { continue };
                    let target = target.to_string_lossy().into_owned();
                    let inode = target.strip_prefix("socket:[").and_then(|t| t.strip_suffix(']'));
                    if let Some(inode) = inode.and_then(|i| i.parse().ok()) {
                        owners.insert(inode, name.clone());
                    }
                }
            }
            Err(e) if e.kind() == std::io::ErrorKind::PermissionDenied => hidden += 1,
            Err(_) => {}
        }
        names.push(name);
    }
    if hidden > 0 {
        unread.push(format!("/proc/*/fd: permission denied ({hidden})"));
    }
    names.sort();
    names.dedup();
    (names, owners)
}

fn listeners(r: &mut Reader<'_>, owners: &BTreeMap<u64, String>) -> Vec<Listener> {
    let mut found = Vec::new();
    for (file, protocol) in [("tcp", "tcp"), ("tcp6", "tcp"), ("udp", "udp"), ("udp6", "udp")] {
        let Some(text) = r.text(&format!("proc/net/{file}")) else { continue };
        for socket in parse::sockets(&text, protocol == "udp") {
            found.push(Listener {
                protocol: protocol.to_owned(),
                address: socket.address.to_string(),
                port: socket.port,
                process: owners.get(&socket.inode).cloned(),
            });
        }
    }
    found.sort();
    found.dedup();
    found
}

fn mounts(r: &mut Reader<'_>) -> Vec<Mount> {
    let text = match r.text("proc/self/mounts") {
        Some(text) => text,
        None => r.needed("proc/mounts"),
    };
    let mut found: Vec<Mount> = Vec::new();
    for line in parse::mounts(&text) {
        if !parse::is_storage(&line.fs) || found.iter().any(|m| m.path == line.path) {
            continue;
        }
        match mount(&r.root.join(line.path.trim_start_matches('/')), &line.path, &line.fs) {
            Ok(m) => found.push(m),
            Err(e) => r.unread.push(format!("{}: {e}", line.path)),
        }
    }
    found
}

pub(crate) fn mount(at: &Path, path: &str, fs: &str) -> std::io::Result<Mount> {
    let s = rustix::fs::statvfs(at)?;
    Ok(Mount {
        path: path.to_owned(),
        fs: fs.to_owned(),
        total_bytes: s.f_blocks.saturating_mul(s.f_frsize),
        free_bytes: s.f_bavail.saturating_mul(s.f_frsize),
        total_inodes: s.f_files,
        free_inodes: s.f_favail,
    })
}

fn modified_s(path: &Path) -> Option<i64> {
    let modified = fs::metadata(path).ok()?.modified().ok()?;
    i64::try_from(modified.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}

/// The files below `path` (or the one file it is), newest first.
///
/// # Errors
/// When the path is not absolute, climbs with `..`, or cannot be opened.
pub fn files(root: &Path, path: &str, hash: bool) -> Result<Files, Failure> {
    let fail =
        |why: &dyn std::fmt::Display| Failure::new(Step::Read, Code::Unreadable, format!("{path}: {why}"));
    let declared = Path::new(path);
    if !declared.is_absolute() || declared.components().any(|c| c == Component::ParentDir) {
        return Err(Failure::new(Step::Read, Code::BadSetting, format!("{path}: absolute path")));
    }
    let base = root.join(path.trim_start_matches('/'));
    // The declared path itself may be a link; below it none is followed.
    let meta = fs::metadata(&base).map_err(|e| fail(&e))?;
    let mut walk = Walk { found: Vec::new(), unread: Vec::new(), entries: 0 };
    if meta.is_file() {
        let name = declared.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        walk.found.push((base.clone(), fact(name, &meta)));
    } else {
        fs::read_dir(&base).map_err(|e| fail(&e))?;
        walk.folder(&base, &base, 0);
    }
    walk.found.sort_by(|(_, a), (_, b)| b.modified_s.cmp(&a.modified_s).then_with(|| a.path.cmp(&b.path)));
    let skipped = walk.found.len().saturating_sub(MAX_FILES);
    walk.found.truncate(MAX_FILES);
    let mut listed = Vec::new();
    for (at, mut fact) in walk.found {
        if hash && fact.bytes <= HASH_BYTES {
            match sha256(&at) {
                Ok(sum) => fact.sha256 = Some(sum),
                Err(e) => walk.unread.push(format!("{}: {e}", fact.path)),
            }
        }
        listed.push(fact);
    }
    let kind = read_text(&root.join("proc/self/mounts"))
        .map(|text| mount_of(&parse::mounts(&text), declared))
        .unwrap_or_default();
    let (at, fs) = kind.unwrap_or_else(|| (path.to_owned(), String::new()));
    Ok(Files {
        path: path.to_owned(),
        files: listed,
        skipped: u32::try_from(skipped).unwrap_or(u32::MAX),
        mount: mount(&base, &at, &fs).ok(),
        unread: walk.unread,
    })
}

/// The mount a path lies on: the longest mount point that begins it.
fn mount_of(lines: &[parse::MountLine], path: &Path) -> Option<(String, String)> {
    lines
        .iter()
        .filter(|l| path.starts_with(&l.path))
        .max_by_key(|l| l.path.len())
        .map(|l| (l.path.clone(), l.fs.clone()))
}

struct Walk {
    found: Vec<(PathBuf, FileFact)>,
    unread: Vec<String>,
    entries: usize,
}

impl Walk {
    fn folder(&mut self, base: &Path, at: &Path, depth: usize) {
        let relative = |p: &Path| p.strip_prefix(base).unwrap_or(p).display().to_string();
        let entries = match fs::read_dir(at) {
            Ok(entries) => entries,
            Err(e) => {
                self.unread.push(format!("{}: {e}", relative(at)));
                return;
            }
        };
        for entry in entries.filter_map(Result::ok) {
            self.entries += 1;
            if self.entries == MAX_ENTRIES {
                self.unread.push(format!("> {MAX_ENTRIES} entries"));
            }
            if self.entries >= MAX_ENTRIES {
                return;
            }
            let path = entry.path();
            // Does not follow links.
            match entry.metadata() {
                Ok(meta) if meta.is_dir() && depth < MAX_DEPTH => self.folder(base, &path, depth + 1),
                Ok(meta) if meta.is_dir() => {
                    self.unread.push(format!("{}/: depth > {MAX_DEPTH}", relative(&path)));
                }
                Ok(meta) if meta.is_file() => {
                    let fact = fact(relative(&path), &meta);
                    self.found.push((path, fact));
                }
                Ok(_) => {}
                Err(e) => self.unread.push(format!("{}: {e}", relative(&path))),
            }
        }
    }
}

fn fact(path: String, meta: &fs::Metadata) -> FileFact {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    FileFact {
        path,
        bytes: meta.len(),
        modified_s: meta.mtime(),
        mode: meta.permissions().mode() & 0o7777,
        sha256: None,
    }
}

fn sha256(path: &Path) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(HASH_BYTES).read_to_end(&mut bytes)?;
    let digest = ring::digest::digest(&ring::digest::SHA256, &bytes);
    Ok(digest.as_ref().iter().fold(String::new(), |mut text, byte| {
        use std::fmt::Write as _;
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// A secret of the operator read from its own file.
///
/// # Errors
/// `Unreadable` when it cannot be read, `BadSetting` when others may read it, too.
pub fn secret(path: &Path) -> Result<String, Failure> {
    use std::os::unix::fs::PermissionsExt;
    let shown = path.display();
    let unreadable = |e: std::io::Error| Failure::new(Step::Read, Code::Unreadable, format!("{shown}: {e}"));
    let mode = fs::metadata(path).map_err(unreadable)?.permissions().mode() & 0o777;
    if mode & 0o007 != 0 {
        return Err(Failure::new(
            Step::Read,
            Code::BadSetting,
            format!("{shown}: mode {mode:04o} → chmod 600"),
        ));
    }
    Ok(read_text(path).map_err(unreadable)?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    /// A file tree with these files.
    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        for (path, text) in files {
            let at = root.path().join(path);
            fs::create_dir_all(at.parent().expect("a parent")).expect("made");
            fs::write(at, text).expect("written");
        }
        root
    }

    const TCP: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
        0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0\n";

    #[test]
    fn a_made_machine_is_read() {
        let root = tree(&[
            ("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n"),
            ("etc/hostname", "web1\n"),
            ("proc/uptime", "3600.55 7000.00\n"),
            ("proc/sys/kernel/osrelease", "6.1.0-test\n"),
            ("proc/sys/kernel/randomize_va_space", "2\n"),
            ("proc/net/tcp", TCP),
            ("proc/17/comm", "sshd\n"),
            ("proc/17/fd/.keep", ""),
            ("proc/18/comm", "chronyd\n"),
            ("proc/self/mounts", "/dev/sda1 / ext4 rw 0 0\nproc /proc proc rw 0 0\n"),
            (
                "var/lib/dpkg/status",
                "Package: openssl\nStatus: install ok installed\nVersion: 3.0.11-1\nArchitecture: amd64\n\n",
            ),
            (
                "etc/ssh/sshd_config",
                "Include /etc/ssh/sshd_config.d/*.conf\nPasswordAuthentication yes\nPermitRootLogin no\n",
            ),
            ("etc/ssh/sshd_config.d/10-site.conf", "PasswordAuthentication no\n"),
            ("run/reboot-required", ""),
        ]);
        symlink("socket:[4711]", root.path().join("proc/17/fd/3")).expect("linked");
        let host = host(root.path());
        assert_eq!(
            (host.hostname.as_str(), host.kernel.as_str(), host.uptime_s),
            ("web1", "6.1.0-test", 3600)
        );
        assert_eq!(host.processes, ["chronyd", "sshd"]);
        assert_eq!(host.clock_synchronised, None, "a daemon runs, whether it succeeds is not known");
        assert!(host.reboot_required && host.packages_changed_s.is_some());
        assert_eq!(
            host.packages.iter().map(|p| (p.name.as_str(), p.version.as_str())).collect::<Vec<_>>(),
            [("openssl", "3.0.11-1")]
        );
        let listener = Listener {
            protocol: "tcp".into(),
            address: "0.0.0.0".into(),
            port: 22,
            process: Some("sshd".into()),
        };
        assert_eq!(host.listeners, [listener]);
        assert_eq!(host.mounts.iter().map(|m| m.path.as_str()).collect::<Vec<_>>(), ["/"]);
        assert_eq!(host.settings["kernel.randomize_va_space"], "2");
        assert_eq!(host.settings["sshd.passwordauthentication"], "no", "the drop-in comes first");
        assert_eq!(host.settings["sshd.permitrootlogin"], "no");
        assert!(host.unread.is_empty(), "{:?}", host.unread);
    }

    #[test]
    fn an_empty_tree_says_what_is_missing() {
        let root = tree(&[("proc/1/comm", "init\n")]);
        let host = host(root.path());
        assert_eq!(host.clock_synchronised, Some(false), "no time daemon at all");
        for path in ["/usr/lib/os-release", "/proc/uptime", "/proc/mounts"] {
            assert!(host.unread.iter().any(|u| u.starts_with(path)), "{path}: {:?}", host.unread);
        }
    }

    #[test]
    fn a_folder_is_listed_without_following_links() {
        let root = tree(&[
            ("srv/backup/a.dump", "abc"),
            ("srv/backup/1/2/3/4/deep", "x"),
            ("srv/backup/1/2/3/4/5/deeper", "x"),
            ("srv/secret", "x"),
        ]);
        symlink(root.path().join("srv/secret"), root.path().join("srv/backup/link")).expect("linked");
        fs::set_permissions(root.path().join("srv/backup/a.dump"), fs::Permissions::from_mode(0o640))
            .expect("set");
        let listed = files(root.path(), "/srv/backup", true).expect("listed");
        let mut names: Vec<&str> = listed.files.iter().map(|f| f.path.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["1/2/3/4/deep", "a.dump"]);
        assert_eq!(listed.unread, ["1/2/3/4/5/: depth > 4"]);
        let dump = listed.files.iter().find(|f| f.path == "a.dump").expect("there");
        assert_eq!((dump.bytes, dump.mode), (3, 0o640));
        assert_eq!(
            dump.sha256.as_deref(),
            Some("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        );
        assert!(listed.mount.is_some_and(|m| m.total_bytes > 0));
        let one = files(root.path(), "/srv/secret", false).expect("one file");
        assert_eq!((one.files[0].path.as_str(), one.files[0].sha256.clone()), ("secret", None));
        assert_eq!(files(root.path(), "/srv/nix", false).expect_err("missing").code, Code::Unreadable);
        assert_eq!(files(root.path(), "srv", false).expect_err("relative").code, Code::BadSetting);
        assert_eq!(files(root.path(), "/srv/../etc", false).expect_err("climbs").code, Code::BadSetting);
    }

    #[test]
    fn more_than_a_thousand_files_are_counted() {
        let root = tempfile::tempdir().expect("a folder");
        for n in 0..1003 {
            fs::write(root.path().join(format!("{n}")), "").expect("written");
        }
        let listed = files(Path::new("/"), &root.path().display().to_string(), false).expect("listed");
        assert_eq!((listed.files.len(), listed.skipped), (1000, 3));
    }
}
