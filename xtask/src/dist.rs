//! `cargo xtask dist`: one archive with the program, for people without Rust. The same sources give the same bytes.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use flate2::{Compression, GzBuilder};

use crate::sys;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What lies beside the program, when it exists.
const DOCUMENTS: &[&str] = &[
    "README.md",
    "README.en.md",
    "CHANGELOG.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "examples/demo.toml",
    "bulwark.example.toml",
    "packaging/README.md",
    "packaging/bulwark.service",
    "packaging/bulwark.socket",
    "packaging/bulwark-backup.service",
    "packaging/bulwark-backup.timer",
    "packaging/bulwark.sysusers",
    "packaging/bulwark.tmpfiles",
];

pub fn run() -> Result<()> {
    sys::run(sys::cargo().args(["build", "--locked", "--profile", "dist", "--package", "bulwark"]))?;
    let program = sys::target_dir()?.join("dist/bulwark");
    let name = format!("bulwark-{VERSION}-{}-linux", std::env::consts::ARCH);
    let mtime = time()?;
    let mut tar = Vec::new();
    let mut files = vec![("bulwark".to_owned(), 0o755, read(&program)?)];
    for document in DOCUMENTS {
        let path = sys::root().join(document);
        if path.exists() {
            files.push(((*document).to_owned(), 0o644, read(&path)?));
        }
    }
    // Checks an audit log without Bulwark.
    files.push(("tools/audit-verify".to_owned(), 0o755, read(&sys::root().join("tools/audit-verify"))?));
    if !files.iter().any(|(file, _, _)| file.starts_with("LICENSE")) {
        bail!(
            "no LICENSE-APACHE or LICENSE-MIT in the root of the workspace: nothing may be given away without"
        );
    }
    for (file, mode, contents) in &files {
        entry(&mut tar, &format!("{name}/{file}"), *mode, mtime, contents)?;
    }
    tar.resize((tar.len() + 1024).next_multiple_of(10_240), 0);
    let mut gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    gzip.write_all(&tar)?;
    let archive = gzip.finish()?;
    let folder = sys::root().join("out/dist");
    sys::make_dir(&folder)?;
    let path = folder.join(format!("{name}.tar.gz"));
    sys::write(&path, &archive)?;
    println!("{}", path.display());
    println!("size    {} bytes (program {} bytes)", archive.len(), files[0].2.len());
    println!("sha256  {}", sys::sha256(&archive));
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The time every file gets: SOURCE_DATE_EPOCH, or that of the last commit.
fn time() -> Result<u64> {
    let last_commit = || {
        let mut git = std::process::Command::new("git");
        git.args(["log", "-1", "--format=%ct"]).current_dir(sys::root());
        // Sources without git, or without a commit yet: any fixed time will do.
        sys::output(&mut git).unwrap_or_else(|_| "0".into())
    };
    let text = sys::env("SOURCE_DATE_EPOCH").unwrap_or_else(last_commit);
    text.trim().parse().with_context(|| format!("not a time in seconds: {text:?}"))
}

/// One file in the format of POSIX.1-1988 (ustar), owned by nobody in particular.
fn entry(tar: &mut Vec<u8>, name: &str, mode: u32, mtime: u64, contents: &[u8]) -> Result<()> {
    if name.len() > 100 {
        bail!("{name}: longer than the 100 bytes of an archive entry");
    }
    let mut header = [0; 512];
    let mut field = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    field(0, name);
    field(100, &format!("{mode:07o}"));
    field(108, "0000000");
    field(116, "0000000");
    field(124, &format!("{:011o}", contents.len()));
    field(136, &format!("{mtime:011o}"));
    field(148, "        ");
    field(156, "0");
    field(257, "ustar");
    field(263, "00");
    field(265, "root");
    field(297, "root");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    tar.extend(header);
    tar.extend(contents);
    tar.resize(tar.len().next_multiple_of(512), 0);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tar_reads_what_is_written() {
        let mut tar = Vec::new();
        entry(&mut tar, "a/program", 0o755, 86_400, b"hello").unwrap();
        tar.resize(10_240, 0);
        let path = sys::target_dir().unwrap().join("dist-test.tar");
        std::fs::write(&path, &tar).unwrap();
        let mut list = std::process::Command::new("tar");
        let text = sys::output(list.env("TZ", "UTC").args(["--numeric-owner", "-tvf"]).arg(&path)).unwrap();
        assert!(
            text.starts_with("-rwxr-xr-x 0/0") && text.contains("5 1970-01-02") && text.contains("a/program")
        );
        std::fs::remove_file(&path).unwrap();
    }
}
