//! The program as a child process, with a home of its own.

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;

/// Runs `bulwark` with its own home in `folder`.
pub fn bulwark(folder: &Path, args: &[&str]) -> Output {
    Command::cargo_bin("bulwark")
        .expect("the binary is built")
        .current_dir(folder)
        .env("BULWARK_HOME", folder.join("home"))
        .args(args)
        .output()
        .expect("it runs")
}

pub fn out(o: &Output) -> String {
    String::from_utf8_lossy(&o.stdout).into_owned()
}

pub fn err(o: &Output) -> String {
    String::from_utf8_lossy(&o.stderr).into_owned()
}

pub fn code(o: &Output) -> i32 {
    o.status.code().expect("not killed")
}
