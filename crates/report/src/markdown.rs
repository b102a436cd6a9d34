//! `report.md`: the same report, shorter, for mail, tickets and terminals.

use std::fmt::Write as _;

use bulwark_model::Lang;

use crate::document::HealthReport;
use crate::texts::Words;
use crate::view::{Annex, Chip, ComparisonView, FindingView, Pair, View};

/// Writes the report as Markdown (CommonMark with tables).
pub fn markdown(doc: &HealthReport, lang: Lang) -> String {
    let view = View::new(doc, lang);
    let mut out = Writer { out: String::new(), w: Words(lang) };
    out.head(&view);
    out.domains(&view);
    out.comparison(&view.comparison);
    out.findings(&view);
    out.plan(&view);
    out.annex(&view.annex);
    let _ = write!(out.out, "\n---\n\n{}\n", escape(&view.made_by));
    out.out
}

struct Writer {
    out: String,
    w: Words,
}

impl Writer {
    fn heading(&mut self, level: usize, text: &str) {
        let gap = if self.out.is_empty() || self.out.ends_with("\n\n") { "" } else { "\n" };
        let _ = write!(self.out, "{gap}{} {}\n\n", "#".repeat(level), escape(text));
    }

    fn paragraph(&mut self, text: &str) {
        let _ = write!(self.out, "{}\n\n", escape(text));
    }

    fn item(&mut self, text: &str) {
        let _ = writeln!(self.out, "- {}", escape(text));
    }

    fn labelled(&mut self, label: &str, value: &str) {
        let _ = writeln!(self.out, "- {}{}{}", escape(label), self.w.t("colon"), escape(value));
    }

    fn pairs(&mut self, pairs: &[Pair]) {
        for p in pairs {
            self.labelled(&p.label, &p.value);
        }
    }

    fn row<S: AsRef<str>>(&mut self, cells: &[S]) {
        for cell in cells {
            let _ = write!(self.out, "| {} ", escape(cell.as_ref()));
        }
        self.out.push_str("|\n");
    }

    fn columns(&mut self, keys: &[&str]) {
        let names: Vec<String> = keys.iter().map(|k| self.w.t(k)).collect();
        self.row(&names);
        self.out.push_str(&"| --- ".repeat(keys.len()));
        self.out.push_str("|\n");
    }

    fn head(&mut self, view: &View) {
        self.heading(1, &view.title);
        self.heading(2, &self.w.t("summary.title"));
        if let Some(incomplete) = &view.incomplete {
            let title = self.w.t("incomplete.title");
            let _ = write!(self.out, "> **{}**\n>\n> {}\n\n", escape(&title), escape(incomplete));
        }
        let _ = write!(self.out, "**{}**\n\n", escape(&view.summary.lead));
        for note in &view.summary.notes {
            self.item(note);
        }
        self.heading(3, &self.w.t("summary.severities"));
        self.columns(&["col.severity", "col.count", "col.due"]);
        for s in &view.summary.severities {
            self.row(&[s.chip.label.as_str(), &s.count, &s.due]);
        }
        if !view.summary.gravest.is_empty() {
            self.heading(3, &self.w.t("summary.gravest"));
            for (at, g) in view.summary.gravest.iter().enumerate() {
                let _ = writeln!(
                    self.out,
                    "{}. {}\n   {}\n   {}",
                    at + 1,
                    escape(&self.headline(&g.chip, &g.number, &g.title)),
                    escape(&g.asset),
                    escape(&g.action)
                );
            }
        }
        if !view.summary.limits.is_empty() {
            self.heading(3, &self.w.t("summary.limits"));
            for limit in &view.summary.limits {
                self.item(limit);
            }
        }
        self.heading(3, &self.w.t("markdown.facts"));
        self.pairs(&view.facts);
    }

    fn headline(&self, chip: &Chip, number: &str, title: &str) -> String {
        match self.w.0 {
            Lang::ZhTw => format!("【{}】{number} {title}", chip.label),
            Lang::En => format!("({}) {number} {title}", chip.label),
        }
    }

    fn domains(&mut self, view: &View) {
        self.heading(2, &self.w.t("domains.title"));
        self.columns(&["col.domain", "col.tested", "col.not_tested", "col.worst", "col.score"]);
        for d in &view.domains {
            let worst = match &d.chip {
                Some(chip) => format!("{}{}{}", chip.label, self.w.t("colon"), d.worst),
                None => d.worst.clone(),
            };
            self.row(&[d.name.as_str(), &d.tested, &d.not_tested, &worst, &d.score]);
        }
    }

    fn comparison(&mut self, c: &ComparisonView) {
        self.heading(2, &self.w.t("comparison.title"));
        self.paragraph(&c.lead);
        if c.counts.is_empty() {
            return;
        }
        self.columns(&["col.change", "col.count", "col.meaning"]);
        for row in &c.counts {
            self.row(&[&row.label, &row.count, &row.note]);
        }
        self.out.push('\n');
        self.columns(&["col.domain", "col.before", "col.after", "col.difference"]);
        for row in &c.scores {
            self.row(&[&row.name, &row.before, &row.after, &row.change]);
        }
        for (rows, key) in [(&c.fixed, "comparison.fixed"), (&c.not_retested, "comparison.not_retested")] {
            if !rows.is_empty() {
                self.heading(3, &self.w.t(key));
                for f in rows {
                    self.labelled(&format!("{} {}", f.chip.label, f.title), &f.asset);
                }
            }
        }
    }

    fn findings(&mut self, view: &View) {
        self.heading(2, &self.w.t("chapter.finding_list"));
        for chapter in &view.chapters {
            self.heading(3, &chapter.name);
            self.paragraph(&chapter.outcome);
            for finding in &chapter.findings {
                self.finding(finding);
            }
        }
    }

    fn finding(&mut self, f: &FindingView) {
        let headline = self.headline(&f.chip, &f.number, &f.title);
        self.heading(4, &headline);
        self.labelled(&self.w.t("col.asset"), &f.asset);
        for (key, text) in [("finding.why", &f.why), ("finding.remedy", &f.remedy)] {
            if !text.is_empty() {
                self.labelled(&self.w.t(key), text);
            }
        }
        if let Some(lines) = &f.remedy_lines {
            let fence = fence(lines);
            let _ = write!(self.out, "\n{fence}text\n{lines}\n{fence}\n\n");
        }
        self.pairs(&f.facts);
        if !f.evidence.is_empty() {
            let ids: Vec<&str> = f.evidence.iter().map(|e| e.text.as_str()).collect();
            self.labelled(&self.w.t("finding.evidence"), &bulwark_i18n::list(&ids, self.w.0));
        }
        if let Some(x) = &f.excerpt {
            let fence = fence(&x.text);
            let _ = write!(self.out, "\n{fence}text\n{}\n{fence}\n", x.text);
            if let Some(cut) = &x.cut {
                let _ = write!(self.out, "\n{}\n", escape(cut));
            }
        }
    }

    fn plan(&mut self, view: &View) {
        self.heading(2, &self.w.t("plan.title"));
        if view.plan.is_empty() {
            self.paragraph(&view.plan_none);
            return;
        }
        self.columns(&["col.due", "col.severity", "col.finding", "col.action", "col.owner", "col.effort"]);
        for p in &view.plan {
            let finding = format!("{} {}", p.number, p.title);
            self.row(&[p.due.as_str(), &p.chip.label, &finding, &p.action, &p.owner, &p.effort]);
        }
    }

    fn annex(&mut self, a: &Annex) {
        self.heading(2, &self.w.t("annex.title"));
        self.heading(3, &self.w.t("annex.diagnostics"));
        if a.diagnostics.is_empty() {
            self.item(&self.w.t("annex.no_diagnostics"));
        }
        for d in &a.diagnostics {
            let parts = [&d.what, &d.place, &d.cause, &d.hint];
            let told: Vec<&str> = parts.into_iter().map(String::as_str).filter(|s| !s.is_empty()).collect();
            self.labelled(&d.code, &told.join(&self.w.t("clause")));
        }
        self.heading(3, &self.w.t("annex.scope"));
        self.paragraph(&a.approval);
        self.pairs(&a.scope);
        self.heading(3, &self.w.t("annex.background"));
        self.paragraph(&a.background_known);
        self.pairs(&a.background);
        self.heading(3, &self.w.t("annex.tools"));
        self.pairs(&a.tools);
        self.heading(3, &self.w.t("annex.evidence"));
        if a.evidence.is_empty() {
            self.item(&self.w.t("annex.no_evidence"));
        } else {
            self.columns(&["col.record", "col.kind", "col.subject", "col.time"]);
            for e in &a.evidence {
                self.row(&[&e.id, &e.kind, &e.subject, &e.at]);
            }
            self.out.push('\n');
            for e in &a.evidence {
                self.labelled(&e.id, &format!("SHA-256 {}", e.sha256));
            }
        }
        self.heading(3, &self.w.t("annex.checks"));
        if a.checks.is_empty() {
            self.item(&self.w.t("annex.no_checks"));
        } else {
            self.columns(&["col.check_id", "col.asset", "col.verdict"]);
            for c in &a.checks {
                self.row(&[&c.id, &c.asset, &c.chip.label]);
            }
        }
        self.heading(3, &self.w.t("annex.plan_sha256"));
        self.item(&a.plan_sha256);
    }
}

/// A fence longer than any run of backticks inside.
fn fence(text: &str) -> String {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    "`".repeat(longest.max(2) + 1)
}

/// Makes text mean nothing to Markdown or HTML: no emphasis, links, images, tables, lists, tags.
fn escape(s: &str) -> String {
    let mut out = String::with_capacity(s.len() + 8);
    let mut rest = s;
    // A list or heading could start here, since the text may stand first in its line or item.
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if digits > 0 && rest[digits..].starts_with(['.', ')']) {
        out.push_str(&rest[..digits]);
        out.push('\\');
        rest = &rest[digits..];
    } else if rest.starts_with(['-', '+', '=']) {
        out.push('\\');
    }
    let mut before = ' ';
    let mut chars = rest.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '_' if before.is_ascii_alphanumeric()
                && chars.peek().is_some_and(char::is_ascii_alphanumeric) =>
            {
                out.push('_');
            }
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '$' => {
                out.push('\\');
                out.push(c);
            }
            ':' if chars.peek() == Some(&'/') => out.push_str("\\:"),
            '.' if out.get(out.len().saturating_sub(3)..).is_some_and(|s| s.eq_ignore_ascii_case("www")) => {
                out.push_str("\\.");
            }
            '\n' | '\r' => out.push(' '),
            c => out.push(c),
        }
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        for (text, escaped) in [
            ("a.gov.tw", "a.gov.tw"),
            ("tls_old_version", "tls_old_version"),
            ("<script>&", "&lt;script&gt;&amp;"),
            ("[x](javascript:1)", "\\[x\\](javascript:1)"),
            ("![x](https://a)", "!\\[x\\](https\\://a)"),
            ("1. x", "1\\. x"),
            ("- x", "\\- x"),
            ("# x", "\\# x"),
            ("a|b*c*`d`__e__", "a\\|b\\*c\\*\\`d\\`\\_\\_e\\_\\_"),
            ("www.evil", "www\\.evil"),
        ] {
            assert_eq!(escape(text), escaped);
        }
    }

    #[test]
    fn fences_outgrow_their_text() {
        assert_eq!(fence("a"), "```");
        assert_eq!(fence("````"), "`````");
    }
}
