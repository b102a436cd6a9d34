//! `bulwark validate`: fields as Taiwan writes them, one a line or one on the command line.

use std::io::{BufRead as _, Write as _};

use bulwark_model::{Diagnostic, Exit, Lang};
use bulwark_twid::{Kind, check, mask};
use serde_json::{Value, json};

use crate::print::{aside, line, say};
use crate::texts::{diagnostic, texts};

/// Runs the command: a value of the command line is answered in words, lines of standard input in JSON.
pub fn main(kind: Option<Kind>, value: Option<&str>, lang: Lang) -> Result<Exit, Vec<Diagnostic>> {
    let Some(kind) = kind else {
        for kind in Kind::ALL {
            line(kind.code());
        }
        return Ok(Exit::Ok);
    };
    match value {
        Some(value) => Ok(one(kind, value, lang)),
        None => lines(kind, lang),
    }
}

fn one(kind: Kind, value: &str, lang: Lang) -> Exit {
    match check(kind, value) {
        Ok(valid) => {
            let which = valid.kind.map_or(String::new(), |k| format!("  {k}"));
            line(format!("{}  {}{which}", say(lang, "正確", "good"), valid.value));
            for advice in &valid.advice {
                line(advice.text().get(lang));
            }
            Exit::Ok
        }
        Err(reason) => {
            line(format!("{}  {}", say(lang, "不正確", "not good"), mask(kind, value)));
            line(format!("{}（{}）", reason.text().get(lang), reason.code()));
            Exit::Findings
        }
    }
}

/// One JSON string a line in, one object a line out, in the same order.
fn lines(kind: Kind, lang: Lang) -> Result<Exit, Vec<Diagnostic>> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let (mut refused, mut unreadable) = (false, false);
    for (number, text) in std::io::stdin().lock().split(b'\n').enumerate() {
        let text = text.map_err(|e| {
            vec![diagnostic(texts(), "BW-CLI-022", &[("path", "stdin".to_owned())]).because(e)]
        })?;
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
            return Ok(Exit::Ok);
        }
    }
    let _ = out.flush();
    Ok(Exit::decide(refused, unreadable, false))
}

fn answer(kind: Kind, value: &str) -> Value {
    match check(kind, value) {
        Ok(valid) => {
            let advice: Vec<&str> = valid.advice.iter().map(|a| a.code()).collect();
            let mut answer =
                json!({ "valid": true, "reason": null, "value": valid.value, "masked": mask(kind, value) });
            if let Some(kind) = valid.kind {
                answer["kind"] = Value::from(kind);
            }
            if !advice.is_empty() {
                answer["advice"] = Value::from(advice);
            }
            answer
        }
        Err(reason) => json!({ "valid": false, "reason": reason.code(), "masked": mask(kind, value) }),
    }
}
