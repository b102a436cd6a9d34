//! The search of the site: an index of bigrams, which finds Chinese without a dictionary.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// A page as the search sees it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Address below the language's folder.
    pub href: String,
    /// Title.
    pub title: String,
    /// One line about it.
    pub summary: String,
    /// All its words.
    pub text: String,
}

/// Terms of a text: words of letters and digits in lower case, and pairs of neighbouring Han
/// characters; a lone Han character stands for itself. `search.js` cuts queries the same way.
pub fn terms(text: &str) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    let mut word = String::new();
    let mut han: Vec<char> = Vec::new();
    let mut flush = |word: &mut String, han: &mut Vec<char>| {
        if !word.is_empty() {
            out.insert(std::mem::take(word));
        }
        match han.as_slice() {
            [one] => {
                out.insert(one.to_string());
            }
            several => out.extend(several.windows(2).map(|pair| pair.iter().collect::<String>())),
        }
        han.clear();
    };
    for c in text.chars().flat_map(char::to_lowercase) {
        if is_han(c) {
            if !word.is_empty() {
                flush(&mut word, &mut Vec::new());
            }
            han.push(c);
        } else if c.is_alphanumeric() {
            if !han.is_empty() {
                flush(&mut String::new(), &mut han);
            }
            word.push(c);
        } else {
            flush(&mut word, &mut han);
        }
    }
    flush(&mut word, &mut han);
    out
}

/// Han characters of the planes in use, and the sound symbols.
fn is_han(c: char) -> bool {
    matches!(u32::from(c), 0x3100..=0x312F | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x2_0000..=0x3_3FFF)
}

/// The index as the script reads it: pages, and for each term the numbers of its pages.
pub fn index(entries: &[Entry]) -> Value {
    let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (number, entry) in entries.iter().enumerate() {
        for term in terms(&format!("{} {} {}", entry.title, entry.summary, entry.text)) {
            places.entry(term).or_default().push(number);
        }
    }
    let pages: Vec<Value> = entries.iter().map(|e| json!([e.href, e.title, e.summary])).collect();
    json!({ "pages": pages, "terms": places })
}

/// Pages that hold every term of a query, those with it in the title first.
pub fn find<'a>(entries: &'a [Entry], query: &str) -> Vec<&'a Entry> {
    let wanted = terms(query);
    if wanted.is_empty() {
        return Vec::new();
    }
    let holds = |text: &str| wanted.is_subset(&terms(text));
    let mut found: Vec<&Entry> =
        entries.iter().filter(|e| holds(&format!("{} {} {}", e.title, e.summary, e.text))).collect();
    found.sort_by_key(|e| !holds(&e.title));
    found
}

#[cfg(test)]
mod tests {
    use super::{Entry, find, index, terms};

    fn entry(title: &str, text: &str) -> Entry {
        Entry { href: format!("{title}/"), title: title.into(), summary: String::new(), text: text.into() }
    }

    #[test]
    fn chinese_is_found_by_its_pairs_and_latin_by_its_words() {
        let cut: Vec<String> = terms("日期輸入 Date-input ㄅ").into_iter().collect();
        assert_eq!(cut, ["date", "input", "ㄅ", "日期", "期輸", "輸入"]);
        let pages =
            [entry("按鈕", "送出表單"), entry("日期輸入", "民國年月日"), entry("表單", "一頁一個問題")];
        let titles = |query: &str| find(&pages, query).iter().map(|e| e.title.clone()).collect::<Vec<_>>();
        assert_eq!(titles("民國"), ["日期輸入"]);
        assert_eq!(titles("表單"), ["表單", "按鈕"], "a title comes first");
        assert!(titles("沒有這個").is_empty() && titles("！？").is_empty());
    }

    #[test]
    fn the_index_leads_to_every_page() {
        let pages = [entry("按鈕", "送出表單")];
        assert_eq!(index(&pages)["terms"]["按鈕"], serde_json::json!([0]));
    }
}
