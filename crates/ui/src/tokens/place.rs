//! Where each key of a JSON text stands, so that messages can name line and column.

use std::collections::BTreeMap;

/// Keys from the outermost object down; places in arrays are their numbers.
pub(super) type Path = Vec<String>;

/// Line and column, both from 1, columns in characters.
pub(super) type At = (u32, u32);

/// The places of all keys of a text.
#[derive(Debug, Default)]
pub(super) struct Places {
    first: BTreeMap<Path, At>,
    /// Keys that an object holds twice, with the second place.
    pub twice: Vec<(Path, At)>,
}

impl Places {
    /// The place of a key, or of the nearest key around it; `(1, 1)` for the whole text.
    pub(super) fn at(&self, path: &[String]) -> At {
        (0..=path.len()).rev().find_map(|n| self.first.get(&path[..n])).copied().unwrap_or((1, 1))
    }
}

struct Frame {
    array: bool,
    /// Whether the last part of the path belongs to this frame.
    named: bool,
    index: usize,
}

/// Reads the places of a text that is known to be JSON.
pub(super) fn places(text: &str) -> Places {
    let mut out = Places::default();
    let mut frames: Vec<Frame> = Vec::new();
    let mut path = Path::new();
    let (mut line, mut column) = (1, 0);
    let mut chars = text.char_indices();
    while let Some((start, c)) = chars.next() {
        column += 1;
        match c {
            '\n' => (line, column) = (line + 1, 0),
            '{' => frames.push(Frame { array: false, named: false, index: 0 }),
            '[' => {
                path.push("0".to_owned());
                frames.push(Frame { array: true, named: true, index: 0 });
            }
            '}' | ']' => {
                let named = frames.pop().is_some_and(|f| f.named);
                path.truncate(path.len().saturating_sub(usize::from(named)));
            }
            ',' => {
                if let Some(frame) = frames.last_mut().filter(|f| f.named) {
                    path.pop();
                    frame.index += 1;
                    frame.named = frame.array;
                    if frame.array {
                        path.push(frame.index.to_string());
                    }
                }
            }
            '"' => {
                let at = (line, column);
                let mut end = text.len();
                let mut escaped = false;
                for (here, inner) in chars.by_ref() {
                    column += 1;
                    if !escaped && inner == '"' {
                        end = here + 1;
                        break;
                    }
                    escaped = !escaped && inner == '\\';
                }
                let Some(frame) = frames.last_mut().filter(|f| !f.named) else { continue };
                frame.named = true;
                path.push(serde_json::from_str(&text[start..end]).unwrap_or_default());
                if out.first.contains_key(&path) {
                    out.twice.push((path.clone(), at));
                } else {
                    out.first.insert(path.clone(), at);
                }
            }
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(parts: &[&str]) -> Path {
        parts.iter().map(|p| (*p).to_owned()).collect()
    }

    #[test]
    fn keys_are_found_by_line_and_column() {
        let text = "{\"a\": {},\n \"b\": [1, {\"é\\\"\": \"x\", \"c\": 2}],\n\"d\": {\"e\": {\"a\": \"{\"}}, \"a\": 1}";
        let found = places(text);
        assert_eq!(found.at(&path(&["a"])), (1, 2));
        assert_eq!(found.at(&path(&["b"])), (2, 2));
        assert_eq!(found.at(&path(&["b", "1", "é\""])), (2, 12));
        assert_eq!(found.at(&path(&["b", "1", "c"])), (2, 24));
        assert_eq!(found.at(&path(&["d", "e", "a"])), (3, 13));
        assert_eq!(found.at(&path(&["d", "nothing"])), (3, 1));
        assert_eq!(found.at(&[]), (1, 1));
        assert_eq!(found.twice, [(path(&["a"]), (3, 25))]);
    }
}
