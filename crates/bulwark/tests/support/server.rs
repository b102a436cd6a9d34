//! A console that runs as a child process until it is stopped or dropped.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};

/// The console.
pub struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// What it has printed so far.
    pub printed: String,
    /// Where people reach it.
    pub origin: String,
    /// Where machines ask.
    pub health: String,
}

impl Server {
    /// Starts one with its data in `store`.
    pub fn start(folder: &Path, store: &str) -> Self {
        Self::start_from(folder, &["--store", store])
    }

    /// Starts one on free ports and waits until it is ready.
    pub fn start_from(folder: &Path, which: &[&str]) -> Self {
        Self::begin(folder, Command::new(env!("CARGO_BIN_EXE_bulwark")), which)
    }

    /// The same through a shell that first runs `before`: a limit or a variable that the server inherits.
    pub fn start_under(folder: &Path, which: &[&str], before: &str) -> Self {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &format!("{before}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_bulwark")]);
        Self::begin(folder, shell, which)
    }

    fn begin(folder: &Path, mut command: Command, which: &[&str]) -> Self {
        command
            .current_dir(folder)
            .args(["--lang", "en", "serve"])
            .args(which)
            .env("BULWARK__SERVER__LISTEN", "127.0.0.1:0")
            .env("BULWARK__SERVER__HEALTH_LISTEN", "127.0.0.1:0")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("it runs");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let (mut printed, mut line) = (String::new(), String::new());
        while !line.contains("/readyz") {
            line.clear();
            if stdout.read_line(&mut line).expect("text") == 0 {
                let mut why = String::new();
                child.stderr.take().expect("piped").read_to_string(&mut why).expect("text");
                panic!("it ended: {printed}{why}");
            }
            printed.push_str(&line);
        }
        let words: Vec<&str> = line.split([' ', '(', ')']).collect();
        let word = |begin: &str, end: &str| {
            let found = words.iter().find(|word| word.starts_with(begin) && word.ends_with(end));
            found.expect("the line names it").to_string()
        };
        let health = word("http://127", "/readyz").replace("http://", "").replace("/readyz", "");
        let origin = words.iter().find(|word| word.contains("://localhost:")).expect("an origin").to_string();
        Self { child, stdout, printed, origin, health }
    }

    /// The one-time link it printed.
    pub fn link(&self) -> Option<&str> {
        self.printed.lines().find(|line| line.contains("/link/"))
    }

    /// Status and body of a page, over plain HTTP.
    pub fn page(&self, path: &str) -> (u16, String) {
        talk(&mut TcpStream::connect(self.address()).expect("it listens"), path)
    }

    /// Status and body of what machines ask.
    pub fn ask(&self, path: &str) -> (u16, String) {
        talk(&mut TcpStream::connect(&self.health).expect("it listens"), path)
    }

    /// Where the pages are, without scheme.
    pub fn address(&self) -> String {
        let port = self.origin.rsplit(':').next().expect("a port");
        format!("127.0.0.1:{port}")
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process");
        kill_process(pid, signal).expect("ours");
    }

    /// The next line it prints.
    pub fn next_line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("text");
        line
    }

    /// Tells it to stop; how it ended, and what else it printed.
    pub fn stop(mut self) -> (ExitStatus, String) {
        self.signal(Signal::TERM);
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).expect("text");
        (self.child.wait().expect("it ends"), rest)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request over an open connection.
pub fn talk(stream: &mut (impl std::io::Read + std::io::Write), path: &str) -> (u16, String) {
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("text");
    let status = answer.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("a status");
    (status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}
