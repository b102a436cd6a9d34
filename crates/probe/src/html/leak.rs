//! Pages that say too much: stack traces, database errors, debug and default pages.

use super::token::{Token, Tokens, entities};

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

impl LeakKind {
    /// The word for evidence and filters.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::JavaTrace => "java_trace",
            Self::PythonTrace => "python_trace",
            Self::PhpError => "php_error",
            Self::DotNetError => "dotnet_error",
            Self::RubyTrace => "ruby_trace",
            Self::NodeTrace => "node_trace",
            Self::GoPanic => "go_panic",
            Self::SqlError => "sql_error",
            Self::DebugPage => "debug_page",
            Self::ServerPath => "server_path",
        }
    }
}

/// A detector: byte position of what it found in a line.
type Detector = fn(&Line<'_>) -> Option<usize>;

const DETECTORS: [(LeakKind, Detector); 10] = [
    (LeakKind::JavaTrace, java),
    (LeakKind::PythonTrace, python),
    (LeakKind::PhpError, php),
    (LeakKind::DotNetError, dot_net),
    (LeakKind::RubyTrace, ruby),
    (LeakKind::NodeTrace, node),
    (LeakKind::GoPanic, go),
    (LeakKind::SqlError, sql),
    (LeakKind::DebugPage, debug_page),
    (LeakKind::ServerPath, server_path),
];

/// A line of visible text, also in lower case (ASCII only, so positions are the same).
struct Line<'a> {
    text: &'a str,
    lower: String,
}

impl Line<'_> {
    /// Text after `at`.
    fn after(&self, at: usize) -> &str {
        self.text.get(at..).unwrap_or_default()
    }

    fn find_any(&self, needles: &[&str]) -> Option<usize> {
        needles.iter().find_map(|n| self.lower.find(n))
    }

    /// Every place where `needle` stands right before a digit.
    fn before_digit<'s>(&'s self, needle: &'s str) -> impl Iterator<Item = usize> + 's {
        self.lower
            .match_indices(needle)
            .map(|(at, _)| at)
            .filter(move |at| self.after(at + needle.len()).starts_with(|c: char| c.is_ascii_digit()))
    }
}

/// Leaks in the text of a page (HTML or plain). Scripts and comments are not looked at.
pub fn leaks(text: &str) -> Vec<Leak> {
    let visible = visible_text(text);
    let documented = default_page(text, None).is_some();
    let mut out: Vec<Leak> = Vec::new();
    for raw in visible.lines().map(str::trim) {
        let mut rest = raw;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.floor_char_boundary(2000));
            rest = after;
            let line = Line { text: piece, lower: piece.to_ascii_lowercase() };
            for (kind, detect) in DETECTORS {
                let known = out.iter().any(|l| l.kind == kind);
                // The untouched start pages name their own folders.
                if known || (documented && kind == LeakKind::ServerPath) {
                    continue;
                }
                if let Some(at) = detect(&line) {
                    let from = piece.floor_char_boundary(at.saturating_sub(40));
                    let excerpt = crate::banner::visible(line.after(from).as_bytes(), 160);
                    out.push(Leak { kind, excerpt });
                }
            }
        }
    }
    out.sort_by_key(|l| l.kind);
    out
}

/// The text a reader sees, one line for each block.
fn visible_text(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    for token in Tokens::new(html) {
        match token {
            Token::Text(text) => out.push_str(&entities(text)),
            Token::Raw { element, text } if matches!(element.as_str(), "title" | "textarea" | "xmp") => {
                out.push_str(&entities(text));
            }
            Token::Start { name, .. } | Token::End { name } if breaks(&name) => out.push('\n'),
            _ => {}
        }
    }
    out
}

/// Elements that begin or end a line.
fn breaks(name: &str) -> bool {
    const BLOCKS: [&str; 23] = [
        "br", "p", "div", "li", "ul", "ol", "tr", "td", "th", "table", "pre", "h1", "h2", "h3", "h4", "hr",
        "title", "body", "head", "section", "dt", "dd", "textarea",
    ];
    BLOCKS.contains(&name)
}

/// `at org.example.Foo.bar(Foo.java:12)`
fn java(line: &Line<'_>) -> Option<usize> {
    let source = line.before_digit(".java:").next()?;
    let head = line.text.get(..source)?;
    let open = head.rfind('(')?;
    let at = head.get(..open)?.rfind("at ")?;
    let called = head.get(at + 3..open)?;
    (called.contains('.') && !called.contains(' ')).then_some(at)
}

/// The heading of a traceback or one of its frames.
fn python(line: &Line<'_>) -> Option<usize> {
    line.find_any(&["traceback (most recent call last)"]).or_else(|| {
        let file = line.text.find("File \"")?;
        let number = line.before_digit("\", line ").next()?;
        (file < number && line.after(number).contains(", in")).then_some(file)
    })
}

/// `Warning: … in /path/x.php on line 3`
fn php(line: &Line<'_>) -> Option<usize> {
    let words =
        ["fatal error:", "parse error:", "warning:", "notice:", "deprecated:", "catchable fatal error:"];
    let at = line.find_any(&words)?;
    let tail = line.lower.get(at..)?;
    let path = tail.find(" in ").map(|i| i + 4)?;
    (tail.get(path..)?.contains(".php") && (tail.contains(" on line ") || tail.contains(".php:")))
        .then_some(at)
}

/// The error page of ASP.NET, or a frame with its source.
fn dot_net(line: &Line<'_>) -> Option<usize> {
    if let Some(at) = line.lower.find("server error in '")
        && line.lower.get(at..).is_some_and(|t| t.contains("' application"))
    {
        return Some(at);
    }
    if let Some(at) = line.find_any(&["[httpexception", "[nullreferenceexception", "[sqlexception ("]) {
        return Some(at);
    }
    let number = line.before_digit(":line ").next()?;
    let head = line.text.get(..number)?;
    let at = head.find("at ")?;
    let frame = head.get(at..)?;
    (frame.contains(") in ") && frame.contains('.')).then_some(at)
}

/// ``/app/x.rb:12:in `call'``
fn ruby(line: &Line<'_>) -> Option<usize> {
    let frame = line.before_digit(".rb:").find(|at| {
        let tail = line.after(at + 4).trim_start_matches(|c: char| c.is_ascii_digit());
        tail.starts_with(":in `") || tail.starts_with(":in '")
    });
    frame
        .or_else(|| line.find_any(&["action controller: exception caught", "activerecord::statementinvalid"]))
}

/// `at f (/srv/app/x.js:1:2)` or `at node:internal/…:1:2`
fn node(line: &Line<'_>) -> Option<usize> {
    let number = [".js:", ".mjs:", ".cjs:", ".ts:"]
        .iter()
        .flat_map(|e| line.before_digit(e).map(|at| at + e.len()))
        .chain(
            line.lower
                .find("node:internal/")
                .into_iter()
                .filter_map(|at| line.before_digit(":").find(|n| *n > at + 5).map(|n| n + 1)),
        )
        .find(|at| {
            let tail = line.after(*at).trim_start_matches(|c: char| c.is_ascii_digit());
            tail.strip_prefix(':').is_some_and(|t| t.starts_with(|c: char| c.is_ascii_digit()))
        })?;
    let head = line.text.get(..number)?;
    let at = head.rfind("at ")?;
    let local = ["/", "node:", ":\\"].iter().any(|p| head.get(at..).is_some_and(|f| f.contains(p)));
    let web = head.get(at..).is_some_and(|f| f.contains("http://") || f.contains("https://"));
    (local && !web).then_some(at)
}

/// `goroutine 1 [running]:`
fn go(line: &Line<'_>) -> Option<usize> {
    let at = line.before_digit("goroutine ").next()?;
    line.after(at).contains(" [running]:").then_some(at)
}

/// Messages of database servers and their drivers.
fn sql(line: &Line<'_>) -> Option<usize> {
    const MESSAGES: [&str; 24] = [
        "you have an error in your sql syntax",
        "warning: mysql_",
        "warning: mysqli_",
        "supplied argument is not a valid mysql",
        "unclosed quotation mark after the character string",
        "incorrect syntax near '",
        "microsoft ole db provider for",
        "[microsoft][odbc",
        "[odbc sql server driver]",
        "system.data.sqlclient.sqlexception",
        "com.microsoft.sqlserver.jdbc.sqlserverexception",
        "com.mysql.jdbc.exceptions",
        "com.mysql.cj.jdbc.exceptions",
        "org.postgresql.util.psqlexception",
        "pg_query():",
        "pg::syntaxerror",
        "syntax error at or near \"",
        "unterminated quoted string at or near",
        "sqlstate[",
        "sqlite3.operationalerror",
        "sqliteexception",
        "quoted string not properly terminated",
        "java.sql.sqlsyntaxerrorexception",
        "db2 sql error:",
    ];
    let oracle = || {
        line.lower.match_indices("ora-").map(|(at, _)| at).find(|at| {
            let tail = line.after(at + 4);
            let digits = tail.bytes().take_while(u8::is_ascii_digit).count();
            let word =
                line.text.get(..*at).and_then(|h| h.chars().next_back()).is_some_and(char::is_alphanumeric);
            digits == 5 && !word && tail.get(5..).is_some_and(|t| t.starts_with(':'))
        })
    };
    line.find_any(&MESSAGES).or_else(oracle)
}

/// Pages that frameworks show only while debugging.
fn debug_page(line: &Line<'_>) -> Option<usize> {
    line.find_any(&[
        "because you have debug = true",
        "the debugger caught an exception in your wsgi application",
        "werkzeug debugger",
        "django version:",
        "whoops, looks like something went wrong",
        "whoops! there was an error",
        "symfony exception",
        "whitelabel error page",
        "illuminate\\database\\queryexception",
        "laravel\\ignition",
        "rails.root:",
    ])
}

/// A path below one of the usual document roots.
fn server_path(line: &Line<'_>) -> Option<usize> {
    const ROOTS: [&str; 15] = [
        "/var/www/",
        "/usr/share/nginx/",
        "/usr/local/www/",
        "/usr/local/tomcat/",
        "/usr/local/apache2/",
        "/srv/www/",
        "/srv/http/",
        "/opt/lampp/htdocs/",
        "/opt/bitnami/",
        "/opt/tomcat/",
        "/home/www/",
        ":\\inetpub\\",
        ":\\xampp\\",
        ":\\wamp64\\",
        ":\\appserv\\",
    ];
    let below = |root: &&str| {
        let at = line.lower.find(*root)?;
        let inside_url = line.text.get(..at).and_then(|h| h.chars().next_back()).is_some_and(|c| {
            // `https://a.tw/var/www/` is a web address; `C:\` has its letter in front.
            !root.starts_with(':') && (c.is_alphanumeric() || matches!(c, '.' | '/' | '-' | '_'))
        });
        let tail = line.after(at + root.len());
        let path: &str =
            tail.split(|c: char| c.is_whitespace() || "\"'<>)(,;，。".contains(c)).next().unwrap_or_default();
        let file = path.rsplit(['/', '\\']).next().unwrap_or_default();
        let looks_like_file = file.split_once('.').is_some_and(|(n, e)| !n.is_empty() && !e.is_empty());
        (!inside_url && looks_like_file).then_some(at)
    };
    ROOTS.iter().find_map(below)
}

/// Beginnings of titles of start pages.
const TITLES: [(&str, &str); 26] = [
    ("Welcome to nginx", "nginx"),
    ("Test Page for the Nginx HTTP Server", "nginx"),
    ("Welcome to OpenResty", "OpenResty"),
    ("Apache2 Debian Default Page", "Apache"),
    ("Apache2 Ubuntu Default Page", "Apache"),
    ("Apache2 Default Page", "Apache"),
    ("Apache HTTP Server Test Page", "Apache"),
    ("Test Page for the Apache", "Apache"),
    ("Test Page for the HTTP Server on", "Apache"),
    ("HTTP Server Test Page powered by", "Apache"),
    ("IIS Windows", "IIS"),
    ("IIS7", "IIS"),
    ("IIS8", "IIS"),
    ("Microsoft Internet Information Services", "IIS"),
    ("Welcome to XAMPP", "XAMPP"),
    ("WAMPSERVER Homepage", "WampServer"),
    ("Welcome to WildFly", "WildFly"),
    ("Welcome to JBoss", "JBoss"),
    ("GlassFish Server - Server Running", "GlassFish"),
    ("Caddy works!", "Caddy"),
    ("Welcome to Jetty", "Jetty"),
    ("Index of /", "directory listing"),
    ("Directory listing for /", "directory listing"),
    ("Directory Listing For /", "directory listing"),
    ("phpinfo()", "phpinfo"),
    ("Welcome to CentOS", "Apache"),
];

/// Product whose untouched start page, information page or directory listing this is. Without `title` the
/// title of `body` is used.
pub fn default_page(body: &str, title: Option<&str>) -> Option<&'static str> {
    let own = || {
        let raw = |t| if let Token::Raw { element, text } = t { Some((element, text)) } else { None };
        Tokens::new(body).filter_map(raw).find(|(e, _)| e == "title").map(|(_, text)| entities(text))
    };
    let title = title.map_or_else(|| own().unwrap_or_default(), str::to_owned);
    let title = title.trim();
    if let Some((_, product)) = TITLES.iter().find(|(t, _)| title.starts_with(t)) {
        return Some(product);
    }
    if title.starts_with("PHP ") && title.ends_with("phpinfo()") {
        return Some("phpinfo");
    }
    if title.starts_with("Apache Tomcat") && body.contains("successfully installed Tomcat") {
        return Some("Tomcat");
    }
    // The two oldest pages of Apache have no telling title.
    let small = body.len() < 400 && body.contains("<h1>It works!</h1>");
    if small {
        return Some("Apache");
    }
    (body.len() < 200_000 && body.contains("[To Parent Directory]")).then_some("directory listing")
}
