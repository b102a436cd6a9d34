//! Writes the sample report of the tests in every form, to look at: `sample DIR`.

#[path = "../tests/common/mod.rs"]
mod common;

use std::path::Path;

use bulwark_model::Lang;

fn main() -> std::io::Result<()> {
    let dir = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let dir = Path::new(&dir);
    std::fs::create_dir_all(dir)?;
    for (name, doc) in [("report", common::sample()), ("empty", common::empty())] {
        for lang in [Lang::ZhTw, Lang::En] {
            std::fs::write(
                dir.join(format!("{name}.{}.html", lang.code())),
                bulwark_report::html(&doc, lang),
            )?;
            std::fs::write(
                dir.join(format!("{name}.{}.md", lang.code())),
                bulwark_report::markdown(&doc, lang),
            )?;
        }
        std::fs::write(dir.join(format!("{name}.json")), bulwark_report::json(&doc))?;
    }
    Ok(())
}
