//! A child that tries what a hostile file would make its parser try. The first argument is the attempt, the
//! second the walls to put up: `all` through `serve`, or one of them alone, to see what that one stops.

use std::io::{Read as _, Write as _};
use std::process::{Command, ExitCode};

use bulwark_sandbox::{Limits, serve, walls};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, attempt, wall, ..] = arguments.as_slice() else { return ExitCode::from(2) };
    if attempt == "threads" {
        // A second thread before the walls stand would stay outside them.
        let (hold, held) = std::sync::mpsc::channel::<()>();
        std::thread::spawn(move || held.recv());
        let code = serve(|input| input);
        drop(hold);
        return code;
    }
    if wall == "all" {
        return serve(|input| attempted(attempt, input));
    }
    alone(attempt, wall)
}

/// Puts up one wall and tells on standard output what became of the attempt.
fn alone(attempt: &str, wall: &str) -> ExitCode {
    let mut header = [0; 32];
    let fed = std::io::stdin().read_exact(&mut header);
    let up = match wall {
        "files" => walls::files().map(|level| format!("{level:?} ")),
        "resources" => {
            walls::resources(&Limits { cpu_seconds: 1, memory_bytes: 1 << 30, ..Limits::default() })
                .map(|()| String::new())
        }
        "calls" => walls::calls().map(|()| String::new()),
        "privileges" => walls::privileges().map(|()| String::new()),
        _ => return ExitCode::from(2),
    };
    let (Ok(up), Ok(())) = (up, fed) else { return ExitCode::from(3) };
    let answer = attempted(attempt, Vec::new());
    let _ = write!(std::io::stderr(), "{up}{}", String::from_utf8_lossy(&answer));
    ExitCode::from(4)
}

fn attempted(attempt: &str, input: Vec<u8>) -> Vec<u8> {
    match attempt {
        "echo" => return input,
        "socket" => told(std::net::UdpSocket::bind("127.0.0.1:0")),
        "connect" => told(std::net::TcpStream::connect("127.0.0.1:9")),
        "open" => told(std::fs::read("/etc/passwd")),
        "write" => told(std::fs::write("/tmp/bulwark-escapee", "x")),
        "list" => told(std::fs::read_dir("/")),
        "remove" => told(std::fs::remove_file("/tmp/bulwark-escapee-that-is-not")),
        "fork" => told(Command::new("/bin/true").status()),
        "thread" => told(std::thread::Builder::new().spawn(|| ())),
        "memory" => format!("{} bytes", vec![1_u8; 4 << 30].len()),
        "memory-slowly" => {
            let mut kept = Vec::new();
            loop {
                kept.push(vec![1_u8; 1 << 20]);
            }
        }
        "spin" => {
            let mut number = 1_u64;
            loop {
                number = std::hint::black_box(number.wrapping_mul(3));
            }
        }
        "stall" => loop {
            std::thread::park();
        },
        "flood" => {
            let mut out = std::io::stdout().lock();
            let block = vec![b'x'; 1 << 20];
            for _ in 0..100 {
                if out.write_all(&block).is_err() {
                    break;
                }
            }
            return Vec::new();
        }
        "flood-and-spin" => {
            let mut out = std::io::stdout().lock();
            while out.write_all(&[b'x'; 4096]).is_ok() {}
            return attempted("spin", input);
        }
        "talk" => {
            let mut error = std::io::stderr().lock();
            for _ in 0..1000 {
                let _ = writeln!(error, "{}", "\u{1B}[31m喧".repeat(100));
            }
            "talked".to_owned()
        }
        "panic" => panic!("a panic on purpose"),
        "recursion" => deep(1).to_string(),
        "abort" => std::process::abort(),
        "exit" => std::process::exit(7),
        "hash" => {
            // A map with random keys asks the system for chance, a parser may do that.
            let map: std::collections::HashMap<u8, u8> = input.iter().map(|byte| (*byte, 1)).collect();
            map.len().to_string()
        }
        "clock" => format!("{}", std::time::Instant::now().elapsed().as_nanos() < u128::MAX),
        other => format!("no attempt is called {other}"),
    }
    .into_bytes()
}

fn told<T>(result: std::io::Result<T>) -> String {
    match result {
        Ok(_) => "done".to_owned(),
        Err(error) => format!("{:?}", error.kind()),
    }
}

#[expect(unconditional_recursion, clippy::only_used_in_recursion, reason = "a stack overflow on purpose")]
fn deep(level: u64) -> u64 {
    std::hint::black_box(deep(level + 1)) + 1
}
