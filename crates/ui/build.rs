//! Embeds the folder `design/`: a table of every file a consumer needs, by path.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// What is embedded; tools and prose about the project stay outside.
const FOLDERS: [&str; 7] = ["components", "css", "icons", "js", "packages", "patterns", "tokens"];

#[expect(clippy::disallowed_methods, reason = "a build script is told its folders by the environment")]
fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../../design");
    let mut files = Vec::new();
    for folder in FOLDERS {
        println!("cargo::rerun-if-changed={}", root.join(folder).display());
        collect(&root.join(folder), &mut files)?;
    }
    let mut table: Vec<(String, &str)> = Vec::new();
    for file in &files {
        let name = file.strip_prefix(&root).expect("found under the root");
        let name = name.to_str().expect("our own file names are ASCII").replace('\\', "/");
        table.push((name, file.to_str().expect("a path cargo can name")));
    }
    // By the bytes of the name, which is the order the search relies on.
    table.sort();
    let mut out = String::from("&[\n");
    for (name, path) in &table {
        writeln!(out, "    ({name:?}, include_bytes!({path:?})),").expect("writing to a string");
    }
    out.push_str("]\n");
    let target = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it")).join("design.rs");
    fs::write(target, out)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|e| e != "pyc") {
            files.push(path);
        }
    }
    Ok(())
}
