//! One entry of a log, whatever form it was written in.

/// Bytes kept of a message or statement.
const MAX_TEXT: usize = 1 << 16;

/// The word that leads an entry or one of its follow-up lines (PostgreSQL 18 table 19.2, §19.8.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// DEBUG1 … DEBUG5.
    Debug,
    /// INFO
    Info,
    /// NOTICE
    Notice,
    /// WARNING
    Warning,
    /// LOG
    Log,
    /// ERROR: the statement was ended.
    Error,
    /// FATAL: the session was ended.
    Fatal,
    /// PANIC: all sessions were ended.
    Panic,
    /// DETAIL
    Detail,
    /// HINT
    Hint,
    /// CONTEXT
    Context,
    /// STATEMENT
    Statement,
    /// QUERY: an internal statement.
    Query,
    /// LOCATION in the server's source.
    Location,
    /// BACKTRACE
    Backtrace,
}

/// Words of the server, in English and as its Chinese translations write them.
const WORDS: &[(&str, Level)] = &[
    ("LOG", Level::Log),
    ("ERROR", Level::Error),
    ("STATEMENT", Level::Statement),
    ("DETAIL", Level::Detail),
    ("FATAL", Level::Fatal),
    ("WARNING", Level::Warning),
    ("HINT", Level::Hint),
    ("CONTEXT", Level::Context),
    ("NOTICE", Level::Notice),
    ("INFO", Level::Info),
    ("PANIC", Level::Panic),
    ("QUERY", Level::Query),
    ("LOCATION", Level::Location),
    ("BACKTRACE", Level::Backtrace),
    ("DEBUG", Level::Debug),
    ("DEBUG1", Level::Debug),
    ("DEBUG2", Level::Debug),
    ("DEBUG3", Level::Debug),
    ("DEBUG4", Level::Debug),
    ("DEBUG5", Level::Debug),
    ("日誌", Level::Log),
    ("日志", Level::Log),
    ("錯誤", Level::Error),
    ("错误", Level::Error),
    ("致命錯誤", Level::Fatal),
    ("致命错误", Level::Fatal),
    ("嚴重錯誤", Level::Fatal),
    ("警告", Level::Warning),
    ("注意", Level::Notice),
    ("敘述", Level::Statement),
    ("陳述", Level::Statement),
    ("语句", Level::Statement),
    ("詳細", Level::Detail),
    ("詳細資訊", Level::Detail),
    ("详细信息", Level::Detail),
    ("提示", Level::Hint),
    ("背景", Level::Context),
    ("上下文", Level::Context),
];

impl Level {
    /// The level of a word.
    pub fn of(word: &str) -> Option<Self> {
        WORDS.iter().find(|(w, _)| *w == word).map(|(_, level)| *level)
    }

    /// True for the lines that follow an entry.
    pub const fn follows(self) -> bool {
        matches!(
            self,
            Self::Detail
                | Self::Hint
                | Self::Context
                | Self::Statement
                | Self::Query
                | Self::Location
                | Self::Backtrace
        )
    }

    /// The word under which it is counted.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Notice => "NOTICE",
            Self::Warning => "WARNING",
            Self::Log => "LOG",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
            Self::Panic => "PANIC",
            Self::Detail => "DETAIL",
            Self::Hint => "HINT",
            Self::Context => "CONTEXT",
            Self::Statement => "STATEMENT",
            Self::Query => "QUERY",
            Self::Location => "LOCATION",
            Self::Backtrace => "BACKTRACE",
        }
    }
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// LOG, ERROR …
    pub level: Level,
    /// The message with its further lines; kept up to a limit.
    pub message: String,
    /// When, unix milliseconds, where the log says so.
    pub time_ms: Option<i64>,
    /// SQLSTATE, where the log has it.
    pub state: Option<String>,
    /// The statement that led to the entry, where it is not in the message.
    pub statement: Option<String>,
    /// Which text the next plain line goes on with.
    into: Into,
}

/// Where further lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Into {
    Message,
    Statement,
    Nothing,
}

impl Entry {
    /// A new entry.
    pub fn new(level: Level, message: &str, time_ms: Option<i64>) -> Self {
        let mut entry = Self {
            level,
            message: String::new(),
            time_ms,
            state: None,
            statement: None,
            into: Into::Message,
        };
        push(&mut entry.message, message);
        entry
    }

    /// A follow-up line with its own word.
    pub fn follow(&mut self, level: Level, text: &str) {
        self.into = if level == Level::Statement {
            push(self.statement.get_or_insert_default(), text);
            Into::Statement
        } else {
            // Details hold values of rows; nothing of them is kept.
            Into::Nothing
        };
    }

    /// A line that goes on with the text before it.
    pub fn go_on(&mut self, text: &str) {
        let target = match self.into {
            Into::Message => &mut self.message,
            Into::Statement => self.statement.get_or_insert_default(),
            Into::Nothing => return,
        };
        push(target, "\n");
        push(target, text);
    }
}

/// Appends as much as there is room for.
fn push(target: &mut String, text: &str) {
    let room = MAX_TEXT.saturating_sub(target.len());
    let mut end = room.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    target.push_str(text.get(..end).unwrap_or_default());
}

/// A record of a csvlog (PostgreSQL 18 §19.8.4): 23 columns in 9.0, 26 today; later ones are only added.
pub(super) fn from_csv(record: &str) -> Option<Entry> {
    let fields = csv_fields(record);
    let get = |n: usize| fields.get(n).map(String::as_str);
    if fields.len() < 22 {
        return None;
    }
    let level = Level::of(get(11)?).filter(|l| !l.follows())?;
    let time_ms = super::prefix::time_ms(get(0)?)?;
    let mut entry = Entry::new(level, get(13)?, Some(time_ms));
    entry.state = get(12).filter(|s| !s.is_empty()).map(str::to_owned);
    if let Some(statement) = get(19).filter(|s| !s.is_empty()) {
        entry.follow(Level::Statement, statement);
    }
    Some(entry)
}

/// RFC 4180 fields of one record.
fn csv_fields(record: &str) -> Vec<String> {
    let mut fields = Vec::with_capacity(26);
    let mut field = String::new();
    let mut quoted = false;
    let mut chars = record.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                field.push('"');
                chars.next();
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            c => field.push(c),
        }
    }
    fields.push(field);
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_marks_commas_and_lines() {
        assert_eq!(csv_fields("a,\"b,\"\"c\"\"\n\",,"), ["a", "b,\"c\"\n", "", ""]);
    }

    #[test]
    fn texts_are_kept_up_to_a_limit() {
        let mut entry = Entry::new(Level::Log, &"啊".repeat(MAX_TEXT), None);
        assert!(entry.message.len() <= MAX_TEXT && entry.message.len() > MAX_TEXT - 3);
        entry.go_on("more");
        assert!(entry.message.len() <= MAX_TEXT);
    }
}
