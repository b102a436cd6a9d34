//! Why something could not be collected. Our trouble, never a verdict on the target.

use bulwark_model::Diagnostic;
use serde::{Deserialize, Serialize};

/// The step that broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Turning a name into addresses.
    Resolve,
    /// Asking whether the plan allows the target.
    Scope,
    /// Waiting for our own limits.
    Pace,
    /// Opening a connection.
    Connect,
    /// The TLS handshake.
    Tls,
    /// Sending.
    Send,
    /// Reading the answer.
    Receive,
    /// Understanding the answer.
    Decode,
    /// Logging in.
    Login,
    /// Running a query.
    Query,
    /// Reading a local file.
    Read,
    /// Starting a program.
    Spawn,
}

macro_rules! codes {
    ($($(#[$meta:meta])* $name:ident = $code:literal;)+) => {
        /// What happened, as a closed list; each has a page in the manual.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Code { $($(#[$meta])* #[serde(rename = $code)] $name,)+ }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
            /// The stable code people quote.
            pub const fn code(self) -> &'static str { match self { $(Self::$name => $code),+ } }
        }
    };
}

codes! {
    /// The name does not exist (NXDOMAIN); detail names the answering server.
    NoSuchName = "BW-PROBE-001";
    /// The name exists but has no address.
    NoAddress = "BW-PROBE-002";
    /// No resolver answered.
    ResolverSilent = "BW-PROBE-003";
    /// The name is not a valid host name (IDNA, length, characters).
    BadName = "BW-PROBE-004";
    /// The target is not in the plan's scope; detail is the address.
    OutOfScope = "BW-PROBE-005";
    /// A redirect leads out of the scope; detail is the URL.
    RedirectOutOfScope = "BW-PROBE-006";
    /// Redirects go round in circles or do not end; detail lists the hops.
    RedirectLoop = "BW-PROBE-007";
    /// The port refused the connection.
    Refused = "BW-PROBE-008";
    /// No route to the address.
    Unreachable = "BW-PROBE-009";
    /// No answer within our time limit.
    TimedOut = "BW-PROBE-010";
    /// The peer closed or reset the connection too early.
    Closed = "BW-PROBE-011";
    /// TLS was expected but the port speaks something else.
    NotTls = "BW-PROBE-012";
    /// Plain HTTP was expected but the port speaks TLS.
    NotPlain = "BW-PROBE-013";
    /// The TLS handshake failed; detail is the alert or library's word.
    TlsFailed = "BW-PROBE-014";
    /// The answer breaks its protocol.
    BadAnswer = "BW-PROBE-015";
    /// The answer is larger than we read.
    TooLarge = "BW-PROBE-016";
    /// The compressed answer unpacks to absurd size.
    Bomb = "BW-PROBE-017";
    /// The answer drips in too slowly.
    TooSlow = "BW-PROBE-018";
    /// Log-in was refused.
    LoginRefused = "BW-PROBE-019";
    /// The account lacks the right.
    NoRight = "BW-PROBE-020";
    /// We stopped by ourselves because the target slowed down or kept failing.
    CircuitOpen = "BW-PROBE-021";
    /// The run was interrupted.
    Interrupted = "BW-PROBE-022";
    /// A program this needs is not on the machine.
    NotInstalled = "BW-PROBE-023";
    /// A local file or folder cannot be read.
    Unreadable = "BW-PROBE-024";
    /// The query ran into our time limit and was dropped.
    QueryTooSlow = "BW-PROBE-025";
    /// The server's version or setting does not have what the query needs.
    Unsupported = "BW-PROBE-026";
    /// The connection settings (DSN, URL) cannot be understood.
    BadSetting = "BW-PROBE-027";
    /// Our own fault: an unexpected condition.
    Internal = "BW-PROBE-028";
}

/// A step that broke, with the code and the exact words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Where it broke.
    pub step: Step,
    /// What happened.
    pub code: Code,
    /// Address, URL, record or the lower layer's words; never a secret.
    pub detail: String,
}

impl Failure {
    /// A failure.
    pub fn new(step: Step, code: Code, detail: impl Into<String>) -> Self {
        Self { step, code, detail: detail.into() }
    }

    /// True when asking again later may help (so a resumed run tries again).
    pub const fn transient(&self) -> bool {
        matches!(
            self.code,
            Code::ResolverSilent
                | Code::TimedOut
                | Code::Closed
                | Code::CircuitOpen
                | Code::Interrupted
                | Code::TooSlow
        )
    }

    /// The failure as a message to a person about `subject`.
    pub fn diagnostic(&self, subject: &str) -> Diagnostic {
        let key = self.code.code();
        let args = bulwark_i18n::args![subject = subject, detail = self.detail];
        Diagnostic::new(
            key,
            crate::texts().text(&format!("{key}.what"), &args),
            crate::texts().text(&format!("{key}.hint"), &args),
        )
        .at_named(subject)
        .because(&self.detail)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{}] {}", self.code.code(), self.detail)
    }
}

impl std::error::Error for Failure {}
