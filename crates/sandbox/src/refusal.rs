//! Why a parse gave nothing.

use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Location};

/// Why a parse gave nothing. Each is one rejected file, never more. What the child said on its error output
/// (4 KiB at most) is in `said`; it comes from a process that handled hostile bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The child could not be started.
    #[error("the child could not be started: {0}")]
    Start(String),
    /// The child could not put up its walls and did not look at the input.
    #[error("the walls could not be put up: {said}")]
    Walls {
        /// Which wall and why.
        said: String,
    },
    /// The child ended by itself without an answer: a panic, a stack overflow, a signal.
    #[error("the parser crashed ({ended}): {said}")]
    Crash {
        /// Exit status or signal in the words of the system.
        ended: String,
        /// The child's error output.
        said: String,
    },
    /// The child made a system call no parser needs; the kernel killed it.
    #[error("the parser tried what it must not: {said}")]
    Forbidden {
        /// The child's error output.
        said: String,
    },
    /// The child wanted more memory than it may use.
    #[error("the parser wanted more than {limit_bytes} bytes of memory")]
    Memory {
        /// The limit.
        limit_bytes: u64,
    },
    /// The child used up its time on the processor.
    #[error("the parser used more than {limit_seconds} s of processor time")]
    Cpu {
        /// The limit.
        limit_seconds: u32,
    },
    /// The child did not end in time.
    #[error("the parser did not end within {limit_ms} ms")]
    Time {
        /// The limit.
        limit_ms: u64,
    },
    /// The answer is too long.
    #[error("the answer has more than {limit_bytes} bytes")]
    Output {
        /// The limit.
        limit_bytes: usize,
    },
    /// The child ended well but did not speak our protocol: it is another program.
    #[error("the child is no parser of ours: {said}")]
    Foreign {
        /// The child's error output.
        said: String,
    },
}

impl Refusal {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Start(_) => "BW-BOX-001",
            Self::Walls { .. } => "BW-BOX-002",
            Self::Crash { .. } => "BW-BOX-003",
            Self::Forbidden { .. } => "BW-BOX-004",
            Self::Memory { .. } => "BW-BOX-005",
            Self::Cpu { .. } => "BW-BOX-006",
            Self::Time { .. } => "BW-BOX-007",
            Self::Output { .. } => "BW-BOX-008",
            Self::Foreign { .. } => "BW-BOX-009",
        }
    }

    /// Whether the machine or the installation is at fault, not the file: somebody has to act.
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::Start(_) | Self::Walls { .. } | Self::Foreign { .. })
    }

    /// The message for the person who handed in `file`.
    pub fn diagnostic(&self, file: &str) -> Diagnostic {
        let code = self.code();
        let limit = match self {
            Self::Memory { limit_bytes } => format!("{} MiB", limit_bytes >> 20),
            Self::Cpu { limit_seconds } => format!("{limit_seconds} s"),
            Self::Time { limit_ms } => format!("{}.{:03} s", limit_ms / 1000, limit_ms % 1000),
            Self::Output { limit_bytes } => format!("{} KiB", limit_bytes >> 10),
            _ => String::new(),
        };
        let values = args![limit = limit];
        let texts = crate::texts();
        let what = texts.text(&format!("{code}.what"), &values);
        let hint = texts.text(&format!("{code}.hint"), &values);
        let message = Diagnostic::new(code, what, hint).at(Location::Named(file.to_owned()));
        match self.cause() {
            Some(cause) if !cause.is_empty() => message.because(cause),
            _ => message,
        }
    }

    fn cause(&self) -> Option<String> {
        match self {
            Self::Start(said) | Self::Walls { said } | Self::Forbidden { said } | Self::Foreign { said } => {
                Some(said.clone())
            }
            Self::Crash { ended, said } if said.is_empty() => Some(ended.clone()),
            Self::Crash { ended, said } => Some(format!("{ended}: {said}")),
            _ => None,
        }
    }
}
