//! A parser of uploaded bytes in a child process, behind walls the kernel keeps (threat T6 of the threat
//! model): whatever a file does to its parser, the console loses one file and says so.
//!
//! The parent calls [`run`] with the path of its own binary; the child's `main` hands its parser to
//! [`serve`], which puts up the walls ([`confine`]) before the first uploaded byte is looked at:
//!
//! | wall | what it stops | when the kernel lacks it |
//! |---|---|---|
//! | resource limits | endless loops, memory, files, processes, core dumps | – |
//! | no new privileges, not dumpable, dies with its parent | set-uid programs, debuggers, orphans | – |
//! | Landlock | every path, TCP ports, signals and abstract sockets outside | goes on, reported in [`Walls`] |
//! | seccomp | every system call a parser does not need: no open, no socket, no fork, no exec | refuses to parse |
//!
//! ```no_run
//! # use bulwark_sandbox::{Job, run, serve};
//! # fn parent(upload: &[u8]) {
//! let job = Job::new("/proc/self/exe", &["parse-table"], upload);
//! match run(&job) {
//!     Ok(output) => println!("{} bytes", output.bytes.len()),
//!     Err(refusal) => println!("{}", refusal.diagnostic("名冊.xlsx").what.zh_tw),
//! }
//! # }
//! # fn child() -> std::process::ExitCode {
//! // in the child's `main`, before any thread is started:
//! serve(|upload| upload.len().to_string().into_bytes())
//! # }
//! ```
//!
//! [`run`] blocks; an async server calls it on a thread made for that. The thread must live as long as the
//! call, since the child is killed when the thread that started it ends.

use std::path::PathBuf;
use std::sync::LazyLock;

use bulwark_i18n::Catalogue;

#[cfg(target_os = "linux")]
mod io;
mod refusal;
mod run;
mod serve;
#[cfg_attr(target_os = "linux", path = "walls/linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "walls/other.rs")]
pub mod walls;

pub use refusal::Refusal;
pub use run::run;
pub use serve::{confine, serve};

static TEXTS: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::embedded("sandbox", include_str!("zh-TW.toml"), include_str!("en.toml")));

/// The messages of this crate in both languages.
pub fn texts() -> &'static Catalogue {
    &TEXTS
}

/// What a parser may use. The defaults are those of the threat model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Seconds on the processor.
    pub cpu_seconds: u32,
    /// Address space in bytes, the program itself included.
    pub memory_bytes: u64,
    /// Bytes of the answer.
    pub output_bytes: usize,
    /// Milliseconds from start to end.
    pub wall_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { cpu_seconds: 60, memory_bytes: 1 << 30, output_bytes: 256 << 20, wall_ms: 120_000 }
    }
}

/// One parse.
#[derive(Debug, Clone)]
pub struct Job<'a> {
    /// The program, normally our own: `/proc/self/exe` is the running one even while it is being upgraded.
    pub exe: PathBuf,
    /// Its arguments; nothing of the upload belongs here.
    pub args: Vec<String>,
    /// The uploaded bytes.
    pub input: &'a [u8],
    /// What the child may use.
    pub limits: Limits,
}

impl<'a> Job<'a> {
    /// A job under the default limits.
    pub fn new(exe: impl Into<PathBuf>, args: &[&str], input: &'a [u8]) -> Self {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        Self { exe: exe.into(), args, input, limits: Limits::default() }
    }
}

/// What a parser answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The answer. It comes from a process that handled hostile bytes: it is outside data.
    pub bytes: Vec<u8>,
    /// The walls it was behind, as the child reported before it saw the upload.
    pub walls: Walls,
}

/// The walls a child is behind. Resource limits and seccomp always stand, else nothing is parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walls {
    /// How much of Landlock the kernel knows.
    pub landlock: Level,
}

/// How much of a wall the kernel could put up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing: the kernel is older or was built or started without it.
    Absent,
    /// What an older kernel knows: files, perhaps not ports, signals or sockets.
    Partial,
    /// Everything asked for.
    Full,
}

impl Level {
    /// The word for people.
    pub fn label(self) -> bulwark_model::Text {
        let key = match self {
            Self::Absent => "level.absent",
            Self::Partial => "level.partial",
            Self::Full => "level.full",
        };
        TEXTS.text(key, &[])
    }

    fn code(self) -> u8 {
        self as u8
    }

    fn from_code(code: u8) -> Option<Self> {
        [Self::Absent, Self::Partial, Self::Full].into_iter().find(|level| level.code() == code)
    }
}
