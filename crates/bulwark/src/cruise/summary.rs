//! The table a run ends with.

use bulwark_model::{Change, Lang, Severity};
use bulwark_report::document::HealthReport;

use crate::print::{line, say, table};

/// Prints domains, counts and the comparison.
pub fn print(doc: &HealthReport, lang: Lang) {
    line(format!("{} {}  {}", say(lang, "健檢", "health check"), doc.run.id, doc.system.name));
    line("");
    let label = |s: Severity| s.label().get(lang).to_owned();
    let severities = [Severity::High, Severity::Medium, Severity::Low, Severity::Advice];
    let mut rows = vec![vec![
        say(lang, "領域", "domain").to_owned(),
        say(lang, "已檢", "tested").to_owned(),
        say(lang, "未檢", "not tested").to_owned(),
    ]];
    if let Some(head) = rows.first_mut() {
        head.extend(severities.map(label));
        head.push(say(lang, "分數", "score").to_owned());
    }
    let mut totals = [0_usize; 6];
    for chapter in &doc.chapters {
        let found = severities
            .map(|s| doc.findings.iter().filter(|f| f.domain == chapter.domain && f.severity == s).count());
        let counts = [chapter.tested(), chapter.not_tested(), found[0], found[1], found[2], found[3]];
        for (total, count) in totals.iter_mut().zip(counts) {
            *total += count;
        }
        let mut row = vec![chapter.domain.label().get(lang).to_owned()];
        row.extend(counts.iter().map(usize::to_string));
        row.push(chapter.score.map_or_else(|| say(lang, "未檢", "not tested").to_owned(), |s| s.to_string()));
        rows.push(row);
    }
    let mut last = vec![say(lang, "合計", "total").to_owned()];
    last.extend(totals.iter().map(usize::to_string));
    rows.push(last);
    table(&rows);
    line("");
    if let Some(comparison) = &doc.comparison {
        let at = bulwark_i18n::date_time(comparison.previous_finished_at, lang);
        line(format!(
            "{} {at}  new: {}  still open: {}  fixed: {}  regressed: {}  not retested: {}",
            say(lang, "與前次比較", "compared with"),
            doc.change_count(Change::New),
            doc.change_count(Change::StillOpen),
            doc.change_count(Change::Fixed),
            doc.change_count(Change::Regressed),
            doc.change_count(Change::NotRetested),
        ));
    } else {
        line(say(
            lang,
            "首次健檢，沒有前次結果可比較。",
            "First check: there is no previous result to compare with.",
        ));
    }
    for limit in &doc.limits {
        line(format!("※ {}", limit.get(lang)));
    }
}
