//! Full-text search that knows Chinese (design README 15). Both databases index the same tokens, made here: words of
//! letters and digits as they are, runs of Han characters as overlapping pairs. A query of one Han character, which no
//! pair can answer, looks at the plain text instead.

use sea_orm::sea_query::{Alias, Condition, Expr, ExprTrait as _, Query, SimpleExpr};
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement, Value};
use unicode_normalization::UnicodeNormalization as _;
use uuid::Uuid;

use crate::{Store, StoreError, Tx};

/// The most rows a search returns.
pub const MAX_HITS: u64 = 200;

/// Tokens of a text, for the index and for the query alike: NFKC, lower case, 台 read as 臺, then words and pairs.
/// A run of one Han character is a token of its own.
///
/// ```
/// assert_eq!(bulwark_store::search::tokens("CVE-2024-3094漏洞通報"), ["cve", "2024", "3094", "漏洞", "洞通", "通報"]);
/// ```
pub fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let (mut word, mut run) = (String::new(), Vec::new());
    for c in plain(text).chars().chain([' ']) {
        if is_han(c) {
            run.push(c);
        } else {
            end_run(&mut run, &mut tokens);
        }
        if c.is_alphanumeric() && !is_han(c) {
            word.push(c);
        } else if !word.is_empty() {
            tokens.push(std::mem::take(&mut word));
        }
    }
    tokens
}

fn end_run(run: &mut Vec<char>, tokens: &mut Vec<String>) {
    match run.as_slice() {
        [alone] => tokens.push(alone.to_string()),
        more => tokens.extend(more.windows(2).map(|pair| pair.iter().collect::<String>())),
    }
    run.clear();
}

/// One spelling for what people write in several.
fn plain(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).map(|c| if c == '台' { '臺' } else { c }).collect()
}

/// Han, kana and bopomofo: scripts without spaces between words.
fn is_han(c: char) -> bool {
    matches!(c, '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{312f}' | '\u{31a0}'..='\u{31ff}' | '\u{3400}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[derive(FromQueryResult)]
struct Hit {
    row_id: Uuid,
}

impl Tx {
    /// Puts a row's text into the index, in place of what was there; an empty text takes it out.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn index(&mut self, kind: &str, id: Uuid, text: &str) -> Result<(), StoreError> {
        index(self.conn(), kind, id, text).await
    }
}

/// Puts the texts of new rows into the index, all in one statement.
pub(crate) async fn index_new<C: ConnectionTrait>(
    conn: &C,
    kind: &str,
    texts: &[(Uuid, String)],
) -> Result<(), StoreError> {
    let mut values: Vec<Value> = Vec::with_capacity(texts.len() * 4);
    let mut places = Vec::with_capacity(texts.len());
    for (id, text) in texts {
        let tokens = tokens(text).join(" ");
        if tokens.is_empty() {
            continue;
        }
        let at = values.len();
        places.push(format!("(${}, ${}, ${}, ${})", at + 1, at + 2, at + 3, at + 4));
        values.extend([kind.into(), (*id).into(), plain(text).into(), tokens.into()]);
    }
    if places.is_empty() {
        return Ok(());
    }
    let sql = format!("INSERT INTO search_text (kind, row_id, plain, tokens) VALUES {}", places.join(", "));
    conn.execute_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    Ok(())
}

pub(crate) async fn index<C: ConnectionTrait>(
    conn: &C,
    kind: &str,
    id: Uuid,
    text: &str,
) -> Result<(), StoreError> {
    let backend = conn.get_database_backend();
    let sql = "DELETE FROM search_text WHERE kind = $1 AND row_id = $2";
    conn.execute_raw(Statement::from_sql_and_values(backend, sql, [kind.into(), id.into()])).await?;
    let tokens = tokens(text).join(" ");
    if !tokens.is_empty() {
        let sql = "INSERT INTO search_text (kind, row_id, plain, tokens) VALUES ($1, $2, $3, $4)";
        let values = [kind.into(), id.into(), plain(text).into(), tokens.into()];
        conn.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    }
    Ok(())
}

impl Store {
    /// Ids of the rows of a kind whose text holds everything that is asked for, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn search(&self, kind: &str, query: &str, limit: u64) -> Result<Vec<Uuid>, StoreError> {
        let backend = self.reader().get_database_backend();
        let Some((conditions, values)) = conditions(backend, kind, query) else { return Ok(Vec::new()) };
        let limit = limit.clamp(1, MAX_HITS);
        let sql =
            format!("SELECT row_id FROM search_text WHERE {conditions} ORDER BY row_id DESC LIMIT {limit}");
        let hits = Hit::find_by_statement(Statement::from_sql_and_values(backend, sql, values));
        Ok(hits.all(self.reader()).await?.into_iter().map(|hit| hit.row_id).collect())
    }
}

/// Rows of the table of a kind whose text holds everything that is asked for, as part of the condition of a list.
/// Unlike [`Store::search`] it knows no most: rows beyond the reach of the one who asks crowd out none of their own.
pub(crate) fn holds(store: &Store, kind: &'static str, query: &str) -> SimpleExpr {
    let Some((conditions, values)) = conditions(store.reader().get_database_backend(), kind, query) else {
        return Expr::val(1).eq(0);
    };
    let found = Query::select()
        .column(Alias::new("row_id"))
        .from(Alias::new("search_text"))
        .cond_where(Condition::all().add(Expr::cust_with_values(conditions, values)))
        .take();
    Expr::col((Alias::new(kind), Alias::new("id"))).in_subquery(found)
}

/// What a row of the index must meet, with the values in the order of their places; `None` when nothing is asked for.
fn conditions(backend: DbBackend, kind: &str, query: &str) -> Option<(String, Vec<Value>)> {
    let tokens = tokens(query);
    if tokens.is_empty() {
        return None;
    }
    let place = |values: &[Value]| match backend {
        DbBackend::Postgres => format!("${}", values.len()),
        _ => "?".to_owned(),
    };
    // One Han character may stand anywhere inside a pair: those are looked up in the plain text.
    let alone = |token: &&String| token.chars().count() == 1 && token.chars().all(is_han);
    let (letters, words): (Vec<&String>, Vec<&String>) = tokens.iter().partition(alone);
    let mut values: Vec<Value> = vec![kind.into()];
    let mut conditions = vec![format!("kind = {}", place(&values))];
    if !words.is_empty() {
        values.push(matching(backend, &words).into());
        let place = place(&values);
        conditions.push(match backend {
            DbBackend::Postgres => format!("vector @@ to_tsquery('simple', {place})"),
            _ => format!("seq IN (SELECT rowid FROM search_index WHERE search_index MATCH {place})"),
        });
    }
    for letter in letters {
        values.push(format!("%{letter}%").into());
        conditions.push(format!("plain LIKE {}", place(&values)));
    }
    Some((conditions.join(" AND "), values))
}

/// All tokens, each quoted for the database's own query language. Tokens hold letters and digits only.
fn matching(backend: DbBackend, tokens: &[&String]) -> String {
    match backend {
        DbBackend::Postgres => tokens.iter().map(|t| format!("'{t}'")).collect::<Vec<_>>().join(" & "),
        _ => tokens.iter().map(|t| format!("\"{t}\"")).collect::<Vec<_>>().join(" AND "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn chinese_becomes_pairs_and_one_spelling() {
        assert_eq!(tokens("數"), ["數"]);
        assert_eq!(tokens("資安"), ["資安"]);
        assert_eq!(tokens("台北市政府"), ["臺北", "北市", "市政", "政府"]);
        assert_eq!(tokens("ＣＶＥ－２０２４ ３０９４"), ["cve", "2024", "3094"]);
        assert_eq!(tokens("韌性X弱點"), ["韌性", "x", "弱點"]);
        assert_eq!(tokens(" ，。—\u{0}"), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn a_part_of_a_run_is_found_in_the_whole(text in "[一-龥]{2,12}", from in 0usize..11, length in 2usize..5) {
            let chars: Vec<char> = text.chars().collect();
            let from = from.min(chars.len() - 2);
            let part: String = chars[from..(from + length).min(chars.len())].iter().collect();
            let all = tokens(&text);
            prop_assert!(tokens(&part).iter().all(|token| all.contains(token)));
        }

        #[test]
        fn tokens_hold_letters_and_digits_only(text in "\\PC{0,40}") {
            prop_assert!(tokens(&text).iter().all(|t| t.chars().all(|c| c.is_alphanumeric() || is_han(c))));
        }
    }
}
