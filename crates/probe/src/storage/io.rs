//! Reading the storage under a folder. Nothing is written: the file for the latency probe is made
//! by the owner of the machine or the probe is left out.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Advice, Mode, OFlags};

use super::{LATENCY_BYTES, LATENCY_FILE, Mounted, device_name, history, mounted, sample};
use crate::evidence::{DiskSample, FillPoint, Storage};
use crate::failure::{Code, Failure, Step};

/// Samples of the device's counters.
const SAMPLES: u64 = 6;
/// Time between two samples.
const GAP: Duration = Duration::from_secs(1);
/// Reads of the latency probe.
const READS: u64 = 20;
/// Bytes of one read, and what it must be aligned to.
const BLOCK: usize = 4096;
/// The probe ends after this long, however many reads are left: a sick disk needs no more work.
const LONGEST: Duration = Duration::from_secs(10);
/// A history file is read up to this size.
const HISTORY_BYTES: u64 = 16 << 20;
/// Points of it that are kept.
const MOST_POINTS: usize = 2000;
/// Bad lines of it that are named.
const NAMED: usize = 5;

/// What the collector stands in: a file tree, a moment, and a way to wait.
#[expect(missing_debug_implementations, reason = "it holds a closure")]
pub struct Surroundings<'a> {
    /// Root of the file tree.
    pub root: &'a Path,
    /// Now, unix seconds.
    pub now_s: i64,
    /// Waits and says how long it took.
    pub wait: &'a dyn Fn(Duration) -> Duration,
    /// A moment on a watch that never goes back, to time reads with.
    pub moment: &'a dyn Fn() -> Duration,
}

/// Looks at the storage under the folder `path`; `history_file` may be empty.
///
/// # Errors
/// When the path is not absolute, climbs with `..`, or is no folder that can be looked into.
pub fn collect(at: &Surroundings<'_>, path: &str, history_file: &str) -> Result<Storage, Failure> {
    let declared = Path::new(path);
    if !declared.is_absolute() || declared.components().any(|c| c == Component::ParentDir) {
        return Err(Failure::new(Step::Read, Code::BadSetting, format!("{path}: absolute path")));
    }
    let fail =
        |why: &dyn std::fmt::Display| Failure::new(Step::Read, Code::Unreadable, format!("{path}: {why}"));
    let folder = fs::canonicalize(below(at.root, path)).map_err(|e| fail(&e))?;
    if !folder.is_dir() {
        return Err(fail(&"not a folder"));
    }
    let mut unread = Vec::new();
    // The kernel's tables name real places, so links in the declared path must be followed first.
    let real = folder.strip_prefix(at.root).map_or_else(|_| folder.clone(), |p| Path::new("/").join(p));
    let mount = text(at.root, "/proc/self/mountinfo", &mut unread).and_then(|t| mounted(&t, &real));
    let (point, fs) = mount.as_ref().map_or((path, ""), |m: &Mounted| (m.path.as_str(), m.fs.as_str()));
    let space = crate::io::mount(&folder, point, fs).map_err(|e| fail(&e))?;
    let device = mount.as_ref().and_then(|m| device(at.root, m, &mut unread));
    let samples = device.as_deref().map(|d| samples(at, d, &mut unread)).unwrap_or_default();
    let (read_us, direct) = latency(at, &folder, &mut unread);
    let mut fill = earlier(at, history_file, &mut unread);
    fill.extend(now(&folder, at.now_s));
    Ok(Storage { path: path.to_owned(), mount: Some(space), device, samples, read_us, direct, fill, unread })
}

fn below(root: &Path, path: &str) -> PathBuf {
    root.join(path.trim_start_matches('/'))
}

fn text(root: &Path, path: &str, unread: &mut Vec<String>) -> Option<String> {
    match fs::read_to_string(below(root, path)) {
        Ok(text) => Some(text),
        Err(e) => {
            unread.push(format!("{path}: {e}"));
            None
        }
    }
}

fn device(root: &Path, mount: &Mounted, unread: &mut Vec<String>) -> Option<String> {
    let stats = text(root, "/proc/diskstats", unread)?;
    let link = mount.source.starts_with("/dev/").then(|| fs::canonicalize(below(root, &mount.source)).ok());
    let resolved = link.flatten().and_then(|p| {
        p.strip_prefix(root).ok().map(|p| format!("/{}", p.display())).filter(|p| p.starts_with("/dev/"))
    });
    let found = device_name(&stats, mount, resolved.as_deref());
    if found.is_none() {
        unread.push(format!("/proc/diskstats: {} ({}) has no counters", mount.source, mount.fs));
    }
    found
}

fn samples(at: &Surroundings<'_>, device: &str, unread: &mut Vec<String>) -> Vec<DiskSample> {
    let (mut taken, mut passed) = (Vec::new(), Duration::ZERO);
    for n in 0..SAMPLES {
        if n > 0 {
            passed += (at.wait)(GAP);
        }
        let Some(stats) = text(at.root, "/proc/diskstats", unread) else { break };
        let at_ms = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX);
        let Some(now) = sample(&stats, device, at_ms) else {
            unread.push(format!("/proc/diskstats: {device} is gone"));
            break;
        };
        taken.push(now);
    }
    taken
}

/// Use of the file system as df(1) counts it: what is not free, the reserve of root counted as free.
fn now(folder: &Path, now_s: i64) -> Option<FillPoint> {
    let s = rustix::fs::statvfs(folder).ok()?;
    let used = s.f_blocks.saturating_sub(s.f_bfree);
    Some(FillPoint {
        at_s: now_s,
        used_bytes: used.saturating_mul(s.f_frsize),
        total_bytes: s.f_blocks.saturating_mul(s.f_frsize),
    })
}

fn earlier(at: &Surroundings<'_>, file: &str, unread: &mut Vec<String>) -> Vec<FillPoint> {
    if file.is_empty() {
        return Vec::new();
    }
    let mut bytes = Vec::new();
    let read = File::open(below(at.root, file)).and_then(|f| f.take(HISTORY_BYTES).read_to_end(&mut bytes));
    if let Err(e) = read {
        unread.push(format!("{file}: {e}"));
        return Vec::new();
    }
    let (mut points, bad) = history(&String::from_utf8_lossy(&bytes), at.now_s);
    unread.extend(bad.iter().take(NAMED).map(|b| format!("{file}:{}: {}", b.line, b.why)));
    if bad.len() > NAMED {
        unread.push(format!("{file}: {} more bad lines", bad.len() - NAMED));
    }
    // Evenly fewer, the last one kept.
    let step = points.len().div_ceil(MOST_POINTS).max(1);
    let last = points.len().saturating_sub(1);
    let mut n = 0;
    points.retain(|_| {
        n += 1;
        (last + 1 - n).is_multiple_of(step)
    });
    points.retain(|p| p.at_s != at.now_s);
    points
}

/// Microseconds of each read, and whether they went round the page cache.
fn latency(at: &Surroundings<'_>, folder: &Path, unread: &mut Vec<String>) -> (Vec<u64>, bool) {
    let path = folder.join(LATENCY_FILE);
    let mut note = |why: &dyn std::fmt::Display| {
        unread.push(format!("{LATENCY_FILE}: {why}"));
        (Vec::new(), false)
    };
    match fs::symlink_metadata(&path) {
        // Without the owner's file there is no consent, and nothing to complain about.
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return (Vec::new(), false),
        Err(e) => return note(&e),
        Ok(about) if !about.is_file() => return note(&"not a regular file"),
        Ok(about) if about.len() < LATENCY_BYTES => return note(&"smaller than 64 MiB"),
        // Holes and compressed zeros are answered without the disk.
        Ok(about) if about.blocks().saturating_mul(512) < LATENCY_BYTES / 2 => {
            return note(&"sparse or compressed; fill it from /dev/urandom");
        }
        Ok(_) => {}
    }
    let opened = open(&path, true).map(|f| (f, true)).or_else(|_| open(&path, false).map(|f| (f, false)));
    match opened {
        Err(e) => note(&e),
        Ok((file, true)) => match reads(at, &file) {
            Ok(times) => (times, true),
            // Some file systems take the flag and refuse the read.
            Err(_) => match open(&path, false).and_then(|f| reads(at, &f)) {
                Ok(times) => (times, false),
                Err(e) => note(&e),
            },
        },
        Ok((file, false)) => match reads(at, &file) {
            Ok(times) => (times, false),
            Err(e) => note(&e),
        },
    }
}

fn open(path: &Path, direct: bool) -> std::io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let flags = if direct { flags | OFlags::DIRECT } else { flags };
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    if !direct {
        // The best that can be done without O_DIRECT; a hint only, so its failure is none of ours.
        let _ = rustix::fs::fadvise(&file, 0, None, Advice::DontNeed);
    }
    Ok(file)
}

fn reads(around: &Surroundings<'_>, file: &File) -> std::io::Result<Vec<u64>> {
    // O_DIRECT wants the memory aligned as well.
    let mut memory = vec![0_u8; 2 * BLOCK];
    let start = memory.as_ptr().align_offset(BLOCK).min(BLOCK);
    let block = memory.get_mut(start..start + BLOCK).unwrap_or_default();
    let blocks = LATENCY_BYTES / BLOCK as u64;
    let began = (around.moment)();
    let mut times = Vec::new();
    let mut random = around.now_s.unsigned_abs() | 1;
    for n in 0..READS {
        if (around.moment)().saturating_sub(began) > LONGEST {
            break;
        }
        // One block of each twentieth of the file, at a place that changes from run to run.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let share = blocks / READS;
        let offset = (n * share + random % share) * BLOCK as u64;
        let before = (around.moment)();
        file.read_exact_at(block, offset)?;
        let took = (around.moment)().saturating_sub(before);
        times.push(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }
    Ok(times)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::io::Write as _;
    use std::os::unix::fs::symlink;

    use super::*;

    const NOW: i64 = 1_795_579_200;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        for (path, text) in files {
            let at = root.path().join(path);
            fs::create_dir_all(at.parent().expect("a parent")).expect("made");
            fs::write(at, text).expect("written");
        }
        root
    }

    fn look(root: &Path, path: &str, history: &str) -> Result<Storage, Failure> {
        let root = fs::canonicalize(root).expect("a root");
        let wait = |d: Duration| d;
        // Every look at this watch is a millisecond later.
        let looks = Cell::new(0_u64);
        let moment = || {
            looks.set(looks.get() + 1);
            Duration::from_millis(looks.get())
        };
        let at = Surroundings { root: &root, now_s: NOW, wait: &wait, moment: &moment };
        collect(&at, path, history)
    }

    #[test]
    fn a_made_machine_is_sampled_without_waiting() {
        let root = tree(&[
            ("srv/data/.keep", ""),
            ("dev/dm-0", ""),
            (
                "proc/self/mountinfo",
                "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n31 22 0:3 / /srv/data rw - xfs /dev/mapper/vg-data rw\n",
            ),
            ("proc/diskstats", "253 0 dm-0 10 0 0 100 5 0 0 50 1 70 150\n"),
            ("var/fill.csv", "1795000000,10,100\nbad\n1795100000,20,100\n"),
        ]);
        fs::create_dir_all(root.path().join("dev/mapper")).expect("made");
        symlink("../dm-0", root.path().join("dev/mapper/vg-data")).expect("linked");
        symlink("srv/data", root.path().join("data")).expect("linked");
        let clock = Cell::new(0_u64);
        let real = fs::canonicalize(root.path()).expect("a root");
        let wait = |d: Duration| {
            let n = clock.get() + 1;
            clock.set(n);
            let line =
                format!("253 0 dm-0 {} 0 0 {} 5 0 0 50 1 {} 150\n", 10 + n * 10, 100 + n * 40, 70 + n * 500);
            fs::write(real.join("proc/diskstats"), line).expect("written");
            d * 2
        };
        let at = Surroundings { root: &real, now_s: NOW, wait: &wait, moment: &|| Duration::ZERO };
        let s = collect(&at, "/data", "/var/fill.csv").expect("looked at");
        assert_eq!((s.device.as_deref(), s.samples.len(), clock.get()), (Some("dm-0"), 6, 5));
        assert_eq!(s.mount.as_ref().map(|m| (m.path.as_str(), m.fs.as_str())), Some(("/srv/data", "xfs")));
        let load = super::super::load(&s.samples).expect("a load");
        assert!((load.busy_percent - 25.0).abs() < 1e-9 && load.wait_ms == Some(4.0), "{load:?}");
        assert_eq!(s.fill.len(), 3, "two earlier points and now");
        assert_eq!(s.fill[2].at_s, NOW);
        assert!(s.fill[2].total_bytes >= s.fill[2].used_bytes && s.fill[2].total_bytes > 0);
        assert_eq!(s.unread, ["/var/fill.csv:2: not three fields"]);
        assert!(s.read_us.is_empty() && !s.direct, "nothing is read without the owner's file");
    }

    #[test]
    fn what_is_missing_is_said() {
        let root = tree(&[
            ("srv/a", "x"),
            ("proc/self/mountinfo", "1 0 0:5 / / rw - overlay overlay rw\n"),
            ("proc/diskstats", ""),
        ]);
        let s = look(root.path(), "/srv", "/none.csv").expect("looked at");
        assert_eq!((s.device, s.samples.len(), s.fill.len()), (None, 0, 1));
        assert!(s.unread[0].contains("overlay (overlay) has no counters"), "{:?}", s.unread);
        assert!(s.unread[1].starts_with("/none.csv: "), "{:?}", s.unread);
        assert_eq!(look(root.path(), "/srv/a", "").expect_err("a file").code, Code::Unreadable);
        assert_eq!(look(root.path(), "/nix", "").expect_err("missing").code, Code::Unreadable);
        assert_eq!(look(root.path(), "srv", "").expect_err("relative").code, Code::BadSetting);
        assert_eq!(look(root.path(), "/srv/../srv", "").expect_err("climbs").code, Code::BadSetting);
    }

    #[test]
    fn the_owners_file_is_read_twenty_times() {
        let root = tree(&[("srv/.keep", ""), ("small/.bulwark-latency", "x"), ("sparse/.keep", "")]);
        let file = File::create(root.path().join("sparse").join(LATENCY_FILE)).expect("made");
        file.set_len(LATENCY_BYTES).expect("a hole");
        let mut file = File::create(root.path().join("srv").join(LATENCY_FILE)).expect("made");
        let noise: Vec<u8> = (0..1 << 20).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for _ in 0..64 {
            file.write_all(&noise).expect("written");
        }
        file.sync_all().expect("on disk");
        let s = look(root.path(), "/srv", "").expect("looked at");
        assert_eq!(s.read_us, [1000; 20], "{:?}", s.unread);
        for (folder, why) in [("/small", "smaller than 64 MiB"), ("/sparse", "sparse")] {
            let s = look(root.path(), folder, "").expect("looked at");
            assert!(s.read_us.is_empty() && s.unread.iter().any(|u| u.contains(why)), "{:?}", s.unread);
        }
    }

    #[test]
    fn a_long_history_is_thinned_to_its_last_points() {
        use std::fmt::Write as _;
        let mut csv = String::new();
        for n in 0..9000 {
            writeln!(csv, "{},1,100", NOW - 9000 + n).expect("a string");
        }
        let root = tree(&[("srv/.keep", ""), ("h.csv", &csv)]);
        let s = look(root.path(), "/srv", "/h.csv").expect("looked at");
        assert_eq!(s.fill.len(), 1801);
        assert_eq!(s.fill[1799].at_s, NOW - 1);
    }
}
