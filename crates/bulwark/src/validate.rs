//! `bulwark validate`: fields as Taiwan writes them, one a line or one on the command line.

use std::io::{BufRead as _, Write as _};

use bulwark_model::{Exit, Lang};
use bulwark_twid::{Kind, check, mask};
use serde_json::{Value, json};

use crate::print::{self, aside, line, say};
use crate::texts::{diagnostic, texts};

/// Runs the command: a value of the command line is answered in words, lines of standard input in JSON.
/// Without a kind it lists them.
pub fn main(kind: Option<Kind>, value: Option<&str>, lang: Lang) -> Exit {
    let Some(kind) = kind else {
        let rows = Kind::ALL.map(|kind| vec![kind.code().to_owned(), kind.label().get(lang).to_owned()]);
        print::table(&rows);
        return Exit::Ok;
    };
    value.map_or_else(|| lines(kind, lang), |value| one(kind, value, lang))
}

fn one(kind: Kind, value: &str, lang: Lang) -> Exit {
    match check(kind, value) {
        Ok(valid) => {
            let (label, shown) = (valid.label(kind), valid.shown());
            line(match lang {
                Lang::ZhTw => format!("{}：{} 符合規則", label.zh_tw, shown.zh_tw),
                Lang::En => format!("{}: {} fits the rule", label.en, shown.en),
            });
            for advice in &valid.advice {
                line(advice.text().get(lang));
            }
            Exit::Ok
        }
        Err(reason) => {
            let (label, masked) = (kind.label(), mask(kind, value));
            line(match lang {
                Lang::ZhTw => format!("{}：{masked} 不符合規則", label.zh_tw),
                Lang::En => format!("{}: {masked} does not fit the rule", label.en),
            });
            let text = reason.text();
            line(match lang {
                Lang::ZhTw => format!("{}（{}）", text.zh_tw, reason.code()),
                Lang::En => format!("{} ({})", text.en, reason.code()),
            });
            Exit::Findings
        }
    }
}

/// One JSON string a line in, one object a line out, in the same order.
fn lines(kind: Kind, lang: Lang) -> Exit {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let (mut refused, mut unreadable) = (false, false);
    for (number, text) in std::io::stdin().lock().split(b'\n').enumerate() {
        let text = match text {
            Ok(text) => text,
            Err(error) => {
                let place = [("path", say(lang, "標準輸入", "standard input").to_owned())];
                aside(diagnostic(texts(), "BW-CLI-022", &place).because(error).render(lang));
                unreadable = true;
                break;
            }
        };
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let answer = if let Ok(Value::String(value)) = serde_json::from_slice(&text) {
            let answer = answer(kind, &value);
            refused |= answer["valid"] == false;
            answer
        } else {
            unreadable = true;
            let place = [("line", (number + 1).to_string())];
            aside(diagnostic(texts(), "BW-CLI-025", &place).render(lang));
            json!({ "valid": false, "reason": "not_a_json_string" })
        };
        // Nobody reads any more (`| head`): the end, and no error.
        if writeln!(out, "{answer}").is_err() {
            return Exit::Ok;
        }
    }
    let _ = out.flush();
    Exit::decide(refused, unreadable, false)
}

fn answer(kind: Kind, value: &str) -> Value {
    match check(kind, value) {
        Ok(valid) => {
            let mut answer = json!({ "valid": true, "reason": null });
            if let Some(found) = valid.kind {
                answer["kind"] = Value::from(found);
            }
            answer["normalised"] = Value::from(valid.value);
            answer["masked"] = Value::from(mask(kind, value));
            if !valid.advice.is_empty() {
                answer["advice"] = valid.advice.iter().map(|a| a.code()).collect();
            }
            answer
        }
        Err(reason) => {
            json!({ "valid": false, "reason": reason.code(), "masked": mask(kind, value) })
        }
    }
}
