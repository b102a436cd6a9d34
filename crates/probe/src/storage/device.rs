//! From a folder to its mount (proc_pid_mountinfo(5)) and its block device's counters
//! (kernel documentation, admin-guide/iostats).

use std::path::Path;

use crate::evidence::DiskSample;
use crate::host::octal;

/// Where a folder is mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mounted {
    /// Mount point.
    pub path: String,
    /// File-system type.
    pub fs: String,
    /// Device or other source, for example `/dev/sda1`.
    pub source: String,
    /// `major:minor` of the device; major 0 is no block device (overlay, NFS, btrfs).
    pub number: String,
}

/// The mount that `folder` lies on: the longest mount point that begins it; of several mounts on one
/// point the last hides the others.
pub fn mounted(mountinfo: &str, folder: &Path) -> Option<Mounted> {
    mountinfo
        .lines()
        .filter_map(line)
        .filter(|m| folder.starts_with(&m.path))
        .enumerate()
        .max_by_key(|(n, m)| (m.path.len(), *n))
        .map(|(_, m)| m)
}

/// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`
fn line(text: &str) -> Option<Mounted> {
    let (left, right) = text.split_once(" - ")?;
    let mut left = left.split_ascii_whitespace().skip(2);
    let (number, _root, path) = (left.next()?, left.next()?, left.next()?);
    let mut right = right.split_ascii_whitespace();
    let (fs, source) = (right.next()?, right.next()?);
    Some(Mounted { path: octal(path), fs: octal(fs), source: octal(source), number: number.to_owned() })
}

/// The device's name in `/proc/diskstats`: by its number, else by the name of its source
/// (`resolved` when that is a link such as `/dev/mapper/vg-data`).
pub fn device_name(diskstats: &str, mount: &Mounted, resolved: Option<&str>) -> Option<String> {
    let by_number = rows(diskstats).find(|(number, _, _)| *number == mount.number);
    let source = resolved.unwrap_or(&mount.source);
    let wanted = source.strip_prefix("/dev/").filter(|n| !n.is_empty());
    let found = by_number.or_else(|| rows(diskstats).find(|(_, name, _)| Some(*name) == wanted));
    found.map(|(_, name, _)| name.to_owned())
}

/// The counters of a device now.
pub fn sample(diskstats: &str, device: &str, at_ms: u64) -> Option<DiskSample> {
    let (_, _, fields) = rows(diskstats).find(|(_, name, _)| *name == device)?;
    // Fields as numbered in iostats: 1 reads, 4 ms reading, 5 writes, 8 ms writing, 9 in flight, 10 ms busy.
    let field = |n: usize| fields.get(n - 1).copied();
    Some(DiskSample {
        at_ms,
        reads: field(1)?,
        read_ms: field(4)?,
        writes: field(5)?,
        write_ms: field(8)?,
        in_flight: field(9)?,
        busy_ms: field(10)?,
    })
}

/// Lines of `/proc/diskstats`: `major:minor`, name, counters.
fn rows(text: &str) -> impl Iterator<Item = (String, &str, Vec<u64>)> {
    text.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let (major, minor, name) = (words.next()?, words.next()?, words.next()?);
        let counters = words.map(str::parse).collect::<Result<Vec<u64>, _>>().ok()?;
        Some((format!("{major}:{minor}"), name, counters))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
        30 22 0:26 / /srv rw - nfs4 nas:/export rw\n\
        31 22 254:3 / /srv/my\\040data rw - xfs /dev/mapper/vg-data rw\n\
        32 22 8:17 / /srv/my\\040data rw - ext4 /dev/sdb1 rw\n\
        40 22 0:44 /@ /btr rw - btrfs /dev/sdc2 rw\n\
        broken line\n";
    const STATS: &str = "   8       1 sda1 100 5 800 250 50 2 400 150 3 300 400 0 0 0 0 0 0\n\
           8      17 sdb1 1 2 3 4 5 6 7 8 9 10 11\n\
           8      34 sdc2 7 0 0 1 0 0 0 0 0 1 1\n 254       3 dm-3 x\n";

    fn of(folder: &str) -> Mounted {
        mounted(MOUNTS, Path::new(folder)).expect("a mount")
    }

    #[test]
    fn the_longest_and_last_mount_counts() {
        assert_eq!((of("/var/lib").path.as_str(), of("/var/lib").fs.as_str()), ("/", "ext4"));
        assert_eq!(of("/srv/other").fs, "nfs4");
        assert_eq!(of("/srvx").path, "/", "a name that begins alike is no mount point");
        let data = of("/srv/my data/x");
        assert_eq!((data.path.as_str(), data.source.as_str()), ("/srv/my data", "/dev/sdb1"));
        assert_eq!(mounted("", Path::new("/")), None);
    }

    #[test]
    fn devices_are_found_by_number_or_by_name() {
        assert_eq!(device_name(STATS, &of("/"), None).as_deref(), Some("sda1"));
        assert_eq!(
            device_name(STATS, &of("/btr/x"), None).as_deref(),
            Some("sdc2"),
            "btrfs has its own number"
        );
        assert_eq!(device_name(STATS, &of("/srv/x"), None), None, "a file server has no counters here");
        let mapped = Mounted { number: "0:99".into(), ..of("/srv/x") };
        assert_eq!(device_name(STATS, &mapped, Some("/dev/sda1")).as_deref(), Some("sda1"));
    }

    #[test]
    fn counters_stand_where_the_kernel_documents_them() {
        let s = sample(STATS, "sda1", 7).expect("a sample");
        let want = DiskSample {
            at_ms: 7,
            reads: 100,
            read_ms: 250,
            writes: 50,
            write_ms: 150,
            in_flight: 3,
            busy_ms: 300,
        };
        assert_eq!(s, want);
        assert_eq!(sample(STATS, "sda", 0), None);
        assert_eq!(sample("8 0 sda 1 2", "sda", 0), None, "too short");
    }
}
