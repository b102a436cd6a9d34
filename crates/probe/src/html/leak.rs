//! Pages that say too much: stack traces, database errors, debug and default pages.

/// What leaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeakKind {
    /// Java stack trace.
    JavaTrace,
    /// Python traceback.
    PythonTrace,
    /// PHP error with a path.
    PhpError,
    /// ASP.NET error page or .NET stack trace.
    DotNetError,
    /// Ruby or Rails error.
    RubyTrace,
    /// Node.js stack trace.
    NodeTrace,
    /// Go panic.
    GoPanic,
    /// Database error message.
    SqlError,
    /// Debug page of a framework (Laravel, Django, Werkzeug, Symfony).
    DebugPage,
    /// File-system path of the server.
    ServerPath,
}

/// One leak, once a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leak {
    /// What leaks.
    pub kind: LeakKind,
    /// The line, at most 160 characters.
    pub excerpt: String,
}

// ---- functions
/// Leaks in the text of a page (HTML or plain).
pub fn leaks(text: &str) -> Vec<Leak> { let _ = text; vec![] }

/// Product whose untouched start page, information page or directory listing this is.
pub fn default_page(body: &str, title: Option<&str>) -> Option<&'static str> { let _ = (body, title); None }
