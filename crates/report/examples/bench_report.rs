//! Writes a report of 500 findings, for `cargo xtask bench cruise`: prints the milliseconds for
//! HTML, JSON and Markdown together, best of five.
#![expect(clippy::print_stdout, reason = "an example prints")]

#[path = "../tests/common/mod.rs"]
mod common;

fn main() {
    let mut doc = common::sample();
    let pattern = doc.findings.clone();
    doc.findings = (0..500)
        .zip(pattern.iter().cycle())
        .map(|(i, f)| {
            let mut f = f.clone();
            f.fingerprint = format!("{i:016x}");
            f.asset = format!("{} #{i}", f.asset);
            f
        })
        .collect();
    let mut best = f64::MAX;
    let mut bytes = 0;
    for _ in 0..5 {
        let start = std::time::Instant::now();
        let html = bulwark_report::html(&doc, bulwark_model::Lang::ZhTw);
        let json = bulwark_report::json(&doc);
        let markdown = bulwark_report::markdown(&doc, bulwark_model::Lang::ZhTw);
        best = best.min(start.elapsed().as_secs_f64() * 1000.0);
        bytes = html.len() + json.len() + markdown.len();
    }
    println!("report_500_ms {best:.1}");
    println!("report_500_bytes {bytes}");
}
