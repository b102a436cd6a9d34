//! Passwords that everybody knows.
//!
//! Two lists: one of pieces that comes with the program ([`Breached::embedded`]), so that the worst passwords are
//! refused on a machine without any network, and the published lists of hundreds of millions of stolen passwords,
//! which an administrator may lay beside it as a file ([`io::BreachedFile`]).

pub mod io;

use std::sync::LazyLock;

use crate::password;

/// How many pieces a password may be put together from and still count as known. Four words chosen by dice from a
/// long list are good; four from this short one are not.
const MAX_PIECES: u32 = 4;

/// The list that comes with the program.
#[derive(Debug)]
pub struct Breached {
    pieces: Vec<Vec<char>>,
}

/// Runs of keys side by side, as a hand finds them; each also backwards.
const WALKS: &[&str] = &[
    "1234567890-=",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "!@#$%^&*()_+",
    "1qaz",
    "2wsx",
    "3edc",
    "4rfv",
    "5tgb",
    "6yhn",
    "7ujm",
    "8ik,",
    "9ol.",
    "0p;/",
    "147",
    "258",
    "369",
    "789",
    "456",
    "123",
    "!qaz",
    "@wsx",
    "#edc",
    "$rfv",
];

impl Breached {
    /// The list, read once.
    pub fn embedded() -> &'static Self {
        static LIST: LazyLock<Breached> = LazyLock::new(|| Breached::parse(include_str!("known.txt")));
        &LIST
    }

    fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let mut pieces: Vec<Vec<char>> =
            lines.flat_map(str::split_whitespace).map(|piece| piece.chars().collect()).collect();
        pieces.extend(WALKS.iter().flat_map(|walk| {
            let there: Vec<char> = walk.chars().collect();
            let back = there.iter().rev().copied().collect();
            [there, back]
        }));
        pieces.sort_unstable();
        pieces.dedup();
        Self { pieces }
    }

    /// How many pieces it has.
    pub fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Never: the list is compiled in.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Whether a password is one of these, or nothing but a few of them in a row with numbers and punctuation.
    ///
    /// Case and the usual substitutions (`P@ssw0rd`) make no difference; repetition (`aaaaaa`), counting (`abcdef`,
    /// `987654`), walks over the keyboard and numbers as long as a date or a telephone number are pieces, too.
    pub fn holds(&self, password: &str) -> bool {
        let text: Vec<char> = password::normal(password).to_lowercase().chars().collect();
        // The fewest pieces that cover the text up to each place.
        let mut fewest: Vec<Option<u32>> = vec![None; text.len() + 1];
        fewest[0] = Some(0);
        for at in 0..text.len() {
            let Some(so_far) = fewest[at].filter(|pieces| *pieces <= MAX_PIECES) else { continue };
            let rest = &text[at..];
            let mut reach = |length: usize, cost: u32| {
                let slot = &mut fewest[at + length];
                *slot = Some(slot.map_or(so_far + cost, |known| known.min(so_far + cost)));
            };
            if !rest[0].is_alphanumeric() {
                reach(1, 0);
            }
            for piece in self.pieces.iter().filter(|piece| begins(rest, piece)) {
                reach(piece.len(), 1);
            }
            for length in run(rest).chain(walk(rest)).chain(number(rest)) {
                reach(length, 1);
            }
        }
        fewest[text.len()].is_some_and(|pieces| (1..=MAX_PIECES).contains(&pieces))
    }
}

fn begins(text: &[char], piece: &[char]) -> bool {
    text.len() >= piece.len() && text.iter().zip(piece).all(|(typed, meant)| stands_for(*typed, *meant))
}

/// Whether a character is the other, or its usual stand-in.
fn stands_for(typed: char, meant: char) -> bool {
    typed == meant
        || matches!(
            (typed, meant),
            ('@' | '4', 'a')
                | ('8', 'b')
                | ('3', 'e')
                | ('6' | '9', 'g')
                | ('1' | '!' | '|', 'i' | 'l')
                | ('0', 'o')
                | ('$' | '5', 's')
                | ('7' | '+', 't')
                | ('2', 'z')
        )
}

/// The lengths, three and more, that repeat one character or count up or down.
fn run(text: &[char]) -> impl Iterator<Item = usize> {
    let step = |pair: &[char]| i64::from(u32::from(pair[1])) - i64::from(u32::from(pair[0]));
    let first = text.get(..2).map(step).filter(|step| (-1..=1).contains(step));
    let more = text.windows(2).take_while(|pair| first == Some(step(pair))).count();
    3..=more + 1
}

/// The lengths, three and more, that go along a row or column of the keyboard.
fn walk(text: &[char]) -> impl Iterator<Item = usize> {
    let longest = WALKS.iter().map(|walk| {
        let keys: Vec<char> = walk.chars().collect();
        let back: Vec<char> = keys.iter().rev().copied().collect();
        longest_along(text, &keys).max(longest_along(text, &back))
    });
    3..=longest.max().unwrap_or(0)
}

fn longest_along(text: &[char], keys: &[char]) -> usize {
    let starts = 0..keys.len();
    starts.map(|from| text.iter().zip(&keys[from..]).take_while(|(a, b)| a == b).count()).max().unwrap_or(0)
}

/// The lengths of a number as people add them: up to four digits, a date (six, seven in 民國 years, eight), a mobile
/// number.
fn number(text: &[char]) -> impl Iterator<Item = usize> {
    let digits = text.iter().take_while(|c| c.is_ascii_digit()).count();
    let mobile = text.starts_with(&['0', '9']);
    [1, 2, 3, 4, 6, 7, 8, 10].into_iter().filter(move |length| *length <= digits && (*length < 10 || mobile))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_everybody_tries_is_known() {
        for password in [
            "P@ssw0rd",
            "P@ssw0rd1234",
            "Passw0rd!2026",
            "Password115",
            "password112",
            "qwertyuiop12",
            "1qaz2wsx3edc",
            "!QAZ2wsx#EDC",
            "ji3g4go6",
            "ji32k7au4a83",
            "ji32k7au4a83!",
            "Taiwan2026!!",
            "TaiwanTaipei1",
            "taiwan_no1",
            "aaaaaaaaaaaa",
            "abcdefghijkl",
            "123456789012",
            "210987654321",
            "Welcome2026!",
            "woaini1314520",
            "Admin0912345678",
            "admin@gov.tw".trim_end_matches(".tw"),
            "我愛你我愛你我愛你一二三四",
            "ｐａｓｓｗｏｒｄ１２３４",
            "Summer2026Summer",
            "gov.tw 19870512",
            "0912345678",
        ] {
            assert!(Breached::embedded().holds(password), "{password}");
        }
    }

    #[test]
    fn what_is_not_made_of_such_pieces_is_not() {
        for password in [
            "",
            "廚房裡三隻沉默的藍色茶壺",
            "correct horse battery staple",
            "tvxK9#qLm2pZ",
            "password is not my teapot",
            "taiwan taipei tainan hsinchu keelung",
            "nevada-umbrella-quartz",
            "12345 67890 12345 67890 11 22 33 44 55",
        ] {
            assert!(!Breached::embedded().holds(password), "{password}");
        }
    }

    #[test]
    fn the_list_is_tidy() {
        let list = Breached::embedded();
        assert!(list.len() > 500, "{}", list.len());
        for piece in &list.pieces {
            let text: String = piece.iter().collect();
            assert_eq!(text, password::normal(&text).to_lowercase());
            assert!(piece.len() >= 2, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,300}") {
            let _ = Breached::embedded().holds(&text);
        }

        #[test]
        fn every_piece_with_a_year_is_known(index in 0usize..500, year in 1900u32..2100) {
            let piece: String = Breached::embedded().pieces[index].iter().collect();
            let password = format!("{}{year}!", piece.to_uppercase());
            prop_assert!(Breached::embedded().holds(&password), "{}", password);
        }
    }
}
