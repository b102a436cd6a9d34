//! Whole reports in every form and language.

mod common;

use bulwark_model::{Domain, Lang, Severity, Text, Verdict};
use bulwark_report::document::{Figure, HealthReport};
use bulwark_report::{html, json, markdown};
use common::{empty, sample};
use proptest::prelude::*;

const LANGS: [Lang; 2] = [Lang::ZhTw, Lang::En];

/// Puts one hostile string wherever the document takes text.
fn poison(s: &str) -> HealthReport {
    let mut doc = sample();
    let both = Text::both(s);
    doc.run.id = s.into();
    doc.run.tool_version = s.into();
    doc.run.plan_sha256 = s.into();
    doc.run.classification = both.clone();
    doc.system.name = s.into();
    doc.system.agency = s.into();
    doc.system.background[0] = (both.clone(), Some(s.into()));
    if let Some(approval) = &mut doc.system.approval {
        approval.by = s.into();
    }
    doc.scope[0].kind = both.clone();
    doc.scope[0].value = s.into();
    doc.limits = vec![both.clone()];
    for chapter in &mut doc.chapters {
        for r in &mut chapter.results {
            (r.id, r.asset, r.excerpt, r.standard) = (s.into(), s.into(), s.into(), s.into());
            (r.title, r.message, r.evidence) = (both.clone(), both.clone(), vec![s.into()]);
        }
        for f in &mut chapter.figures {
            match f {
                Figure::Bars { title, unit, rows, limit } => {
                    *title = both.clone();
                    *unit = s.into();
                    rows[0].0 = s.into();
                    *limit = Some((3.0, both.clone()));
                }
                Figure::Image { title, png } => {
                    *title = both.clone();
                    *png = s.as_bytes().to_vec();
                }
            }
        }
    }
    for f in &mut doc.findings {
        (f.fingerprint, f.check, f.asset, f.excerpt) = (s.into(), s.into(), s.into(), s.into());
        (f.owner, f.standard, f.evidence) = (s.into(), s.into(), vec![s.into()]);
        (f.title, f.why, f.remedy, f.severity_rule) =
            (both.clone(), both.clone(), both.clone(), both.clone());
    }
    if let Some(c) = &mut doc.comparison {
        c.fixed[0].title = both.clone();
        c.fixed[0].asset = s.into();
    }
    let d = &mut doc.diagnostics[0];
    (d.code, d.cause) = (s.into(), Some(s.into()));
    (d.what, d.hint) = (both.clone(), both);
    d.location = bulwark_model::Location::Named(s.into());
    let e = &mut doc.evidence[0];
    (e.id, e.kind, e.subject, e.sha256) = (s.into(), s.into(), s.into(), s.into());
    (doc.tools[0].name, doc.tools[0].version) = (s.into(), s.into());
    doc
}

/// How often each tag opens, in order of the names.
fn tags(html: &str) -> std::collections::BTreeMap<String, usize> {
    let mut count = std::collections::BTreeMap::new();
    for (at, _) in html.match_indices('<') {
        let name: String = html[at..].chars().take_while(|c| !c.is_whitespace() && *c != '>').collect();
        *count.entry(name).or_default() += 1;
    }
    count
}

/// Every value of an attribute.
fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!(" {name}=\"");
    html.match_indices(&start)
        .map(|(at, _)| {
            let rest = &html[at + start.len()..];
            &rest[..rest.find('"').expect("a closing quote")]
        })
        .collect()
}

fn assert_self_contained(page: &str) {
    assert!(!page.contains("<script") && !page.contains("<link rel") && !page.contains("@import"));
    for href in attributes(page, "href") {
        assert!(href.starts_with('#'), "{href}");
    }
    for src in attributes(page, "src") {
        assert!(src.replace("&#x2f;", "/").starts_with("data:image/png;base64,"), "{src}");
    }
    let style = &page[page.find("<style>").expect("style")..page.find("</style>").expect("end of style")];
    assert_eq!(page.matches("<style").count(), 1);
    for (at, _) in style.match_indices("url(") {
        assert!(style[at..].starts_with("url(#"));
    }
    assert_eq!(tags(page).get("<svg").copied(), tags(page).get("</svg").copied());
}

#[test]
fn the_sample_in_html() {
    for lang in LANGS {
        insta::assert_snapshot!(format!("html-{}", lang.code()), html(&sample(), lang));
    }
}

#[test]
fn the_sample_in_markdown() {
    for lang in LANGS {
        insta::assert_snapshot!(format!("markdown-{}", lang.code()), markdown(&sample(), lang));
    }
}

#[test]
fn the_sample_in_json() {
    insta::assert_snapshot!(json(&sample()));
}

#[test]
fn a_report_is_self_contained_and_the_same_every_time() {
    for lang in LANGS {
        for doc in [sample(), empty(), poison("\"><img src=https://evil.example/x onerror=alert(1)>")] {
            assert_self_contained(&html(&doc, lang));
        }
        assert_eq!(html(&sample(), lang), html(&sample(), lang));
        assert_eq!(markdown(&sample(), lang), markdown(&sample(), lang));
    }
    assert_eq!(json(&sample()), json(&sample()));
}

#[test]
fn json_follows_its_schema() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../schema/health-report-1.schema.json"))
            .expect("the schema is JSON");
    assert_eq!(schema["$id"], bulwark_report::SCHEMA);
    let validator = jsonschema::validator_for(&schema).expect("a valid schema");
    for doc in [sample(), empty(), poison("\u{202e}\u{1b}[31m<x>")] {
        let instance = serde_json::from_str(&json(&doc)).expect("JSON");
        let errors: Vec<String> =
            validator.iter_errors(&instance).map(|e| format!("{e} at {}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
    let mut wrong: serde_json::Value = serde_json::from_str(&json(&sample())).expect("JSON");
    wrong["findings"][0]["severity"] = "critical".into();
    assert!(!validator.is_valid(&wrong));
}

#[test]
fn json_keeps_hostile_values_without_acting_on_a_terminal() {
    let doc = poison("a\u{202e}b\u{9b}c\u{7f}d\u{e0041}");
    let out = json(&doc);
    assert!(!out.contains(['\u{202e}', '\u{9b}', '\u{7f}', '\u{e0041}']));
    let back: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(back["run"]["id"], "a\u{202e}b\u{9b}c\u{7f}d\u{e0041}");
}

#[test]
fn ids_are_unique_and_every_link_has_a_target() {
    for doc in [sample(), empty(), poison("x"), poison("<b> \"")] {
        let page = html(&doc, Lang::ZhTw);
        let ids = attributes(&page, "id");
        let unique: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len());
        for href in attributes(&page, "href") {
            assert!(unique.contains(&href[1..]), "{href}");
        }
        for names in attributes(&page, "aria-labelledby") {
            for name in names.split(' ') {
                assert!(unique.contains(name), "{name}");
            }
        }
    }
}

#[test]
fn headings_do_not_skip_a_level() {
    for doc in [sample(), empty()] {
        let page = html(&doc, Lang::En);
        let mut last = 0;
        for (at, _) in page.match_indices("<h") {
            let Some(level) = page[at + 2..].chars().next().and_then(|c| c.to_digit(10)) else { continue };
            assert!(level <= last + 1, "h{level} after h{last}");
            last = level;
        }
        assert_eq!(page.matches("<h1").count(), 1);
    }
}

#[test]
fn hostile_text_stays_text() {
    let attack = "<script>alert(1)</script>\"><img onerror=x>'</style>\u{1b}[31m\u{1b}]8;;https://evil\u{7}\u{202e}\u{0}";
    for lang in LANGS {
        let page = html(&poison(attack), lang);
        assert!(!page.contains("<script") && !page.contains("<img"));
        assert!(page.contains("&lt;script&gt;"));
        assert_eq!(page.matches("</style>").count(), 1);
        let text = markdown(&poison(attack), lang);
        for out in [&page, &text] {
            assert!(!out.contains(['\u{1b}', '\u{202e}', '\u{0}', '\u{7}']));
        }
        assert!(!outside_fences(&text).contains('<'));
    }
}

#[test]
fn long_excerpts_are_cut_with_a_note() {
    let page = html(&poison(&format!("{}\n", "x".repeat(5000)).repeat(50)), Lang::ZhTw);
    assert!(page.contains("另有 30 行未列"));
    assert!(page.contains("超過 300 字的行已截短"));
    assert!(!page.contains(&"x".repeat(2001)));
}

#[test]
fn an_empty_report_says_that_nothing_is_known() {
    let page = html(&empty(), Lang::ZhTw);
    assert!(page.contains("本次未能完成任何檢查，系統現況未知，不得視為正常。"));
    assert!(page.contains("本次健檢未完成"));
    assert!(page.contains("首次健檢"));
    assert!(page.contains("沒有核定紀錄"));
    assert!(!page.contains("class=\"bar\""), "no score may be drawn");
    assert!(!page.contains("class=\"figure\">0"), "nothing tested is not nothing found");
    assert!(page.contains("無從提出改善項目"));
    insta::assert_snapshot!("markdown-empty", markdown(&empty(), Lang::ZhTw));
}

#[test]
fn a_domain_without_score_is_never_shown_as_good() {
    let page = html(&sample(), Lang::ZhTw);
    let row = &page[page.find("href=\"#chapter-db_io\">資料庫系統輸出入效率</a></th>").expect("the row")..];
    let row = &row[..row.find("</tr>").expect("its end")];
    assert!(
        row.contains("未檢，現況未知") && row.contains("class=\"gap\"") && !row.contains("class=\"bar\"")
    );
}

#[test]
fn the_conclusion_names_the_gravest_first() {
    let lead = |doc: &HealthReport| {
        let v: serde_json::Value = serde_json::from_str(&json(doc)).expect("JSON");
        (v["summary"]["lead"]["zh-TW"].to_string(), v["summary"]["lead"]["en"].to_string())
    };
    let mut doc = sample();
    insta::assert_debug_snapshot!("lead-high", lead(&doc));
    doc.run.judged_at = common::time("2027-03-01T00:00:00Z");
    insta::assert_debug_snapshot!("lead-overdue", lead(&doc));
    doc.findings.retain(|f| f.severity < Severity::High);
    insta::assert_debug_snapshot!("lead-no-high", lead(&doc));
    doc.findings.clear();
    insta::assert_debug_snapshot!("lead-no-findings", lead(&doc));
}

#[test]
fn the_upgrade_plan_goes_by_due_date_then_severity() {
    let mut doc = sample();
    doc.findings.reverse();
    let page = html(&doc, Lang::En);
    let plan = &page[page.find("id=\"plan\"").expect("plan")..page.find("id=\"annex\"").expect("annex")];
    let at = |s: &str| plan.find(s).unwrap_or_else(|| panic!("{s}"));
    assert!(at("TLS 1.0") < at("forges the agency"));
    assert!(at("forges the agency") < at("expires in 21 days"));
    assert!(at("expires in 21 days") < at("discloses the server version"));
}

#[test]
fn five_hundred_findings_are_all_there() {
    let mut doc = sample();
    doc.findings = (0..500)
        .map(|n| {
            common::finding(
                n,
                "vuln.x",
                Domain::Vuln,
                Severity::Medium,
                &format!("host-{n}"),
                "弱點|Weakness",
            )
        })
        .collect();
    doc.chapters[6].results = (0..500)
        .map(|n| {
            common::check("vuln.x", "檢查|Check", Verdict::Fail, &format!("host-{n}"), "弱點|Weakness", "")
        })
        .collect();
    for lang in LANGS {
        let page = html(&doc, lang);
        assert_eq!(page.matches("<article").count(), 500);
        assert!(page.contains("F-500") && markdown(&doc, lang).contains("F-500"));
    }
}

/// The parts of a Markdown text that are not fenced code.
fn outside_fences(text: &str) -> String {
    let mut out = String::new();
    let mut open: Option<&str> = None;
    for line in text.lines() {
        let fence = &line[..line.len() - line.trim_start_matches('`').len()];
        match open {
            None if fence.len() >= 3 => open = Some(fence),
            None => {
                out.push_str(line);
                out.push('\n');
            }
            Some(o) if fence == o && line == fence => open = None,
            Some(_) => {}
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_string_adds_a_tag(s in "(?s).{0,60}|[<>\"'&/=a-z\u{202e}\u{1b}`|\n\\[\\]]{0,60}") {
        let plain = html(&poison("x"), Lang::ZhTw);
        let page = html(&poison(&format!("x{s}")), Lang::ZhTw);
        // Notes about cut lines add paragraphs, addresses may break, the further lines of a remedy
        // are a block; nothing else may appear.
        let allowed = ["<p", "</p", "<wbr", "<pre", "</pre"];
        let names: Vec<_> = tags(&page).into_iter().filter(|(t, _)| !allowed.contains(&t.as_str())).collect();
        let expected: Vec<_> = tags(&plain).into_iter().filter(|(t, _)| !allowed.contains(&t.as_str())).collect();
        prop_assert_eq!(names, expected);
        let text = markdown(&poison(&format!("x{s}")), Lang::En);
        prop_assert!(!outside_fences(&text).contains('<'));
        prop_assert!(serde_json::from_str::<serde_json::Value>(&json(&poison(&s))).is_ok());
    }
}
