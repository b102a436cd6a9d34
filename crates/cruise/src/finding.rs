//! From lines of judgement to findings: severity, fingerprint, due day, and the comparison with
//! the previous run.

use std::collections::{BTreeMap, BTreeSet};

use bulwark_bundle::Sha256;
use bulwark_i18n::args;
use bulwark_model::{Change, Domain, Finding, FindingState, Grade, ProtectionLevel, Severity, Text, Verdict};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{self, TimeZone};

use crate::check::{self, Definition, Line};
use crate::plan::{Plan, System};
use crate::texts;

/// Days from the check to the suggested due day, by severity. The programme sets no number; these
/// follow its rhythm: at once within two weeks, by the quarter, and by the next year's cruise.
const DUE_DAYS: [(Severity, i64); 4] =
    [(Severity::High, 14), (Severity::Medium, 45), (Severity::Low, 90), (Severity::Advice, 365)];

/// Findings of a run, gravest first. Lines that say the same of the same asset become one finding.
pub fn findings(plan: &Plan, lines: &[Line], taken_at: Timestamp) -> Vec<Finding> {
    let mut out: BTreeMap<String, Finding> = BTreeMap::new();
    for line in lines.iter().filter(|l| matches!(l.verdict, Verdict::Fail | Verdict::Warn)) {
        let Some(definition) = check::find(line.check) else { continue };
        let finding = finding(plan, definition, line, taken_at);
        out.entry(finding.fingerprint.clone()).and_modify(|known| merge(known, &finding)).or_insert(finding);
    }
    let mut findings: Vec<Finding> = out.into_values().collect();
    sort(&mut findings);
    findings
}

fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        (b.severity, a.domain, &a.check, &a.asset, &a.fingerprint).cmp(&(
            a.severity,
            b.domain,
            &b.check,
            &b.asset,
            &b.fingerprint,
        ))
    });
}

fn merge(known: &mut Finding, other: &Finding) {
    if other.severity > known.severity {
        known.severity = other.severity;
        known.severity_rule = other.severity_rule.clone();
        known.due = other.due;
    }
    for id in &other.evidence {
        if !known.evidence.contains(id) {
            known.evidence.push(id.clone());
        }
    }
    if !known.excerpt.contains(&other.excerpt) {
        known.excerpt = format!("{}\n{}", known.excerpt, other.excerpt);
    }
}

fn finding(plan: &Plan, definition: &Definition, line: &Line, taken_at: Timestamp) -> Finding {
    let entry = definition.check();
    let (severity, severity_rule) = severity(&plan.system, definition, line);
    Finding {
        fingerprint: fingerprint(line.check, &line.asset, &line.sentence),
        check: line.check.to_owned(),
        domain: entry.domain,
        severity,
        severity_rule,
        state: FindingState::Open,
        change: None,
        asset: line.asset.clone(),
        title: line.message.clone(),
        why: entry.why,
        excerpt: line.excerpt.clone(),
        evidence: line.evidence.clone(),
        remedy: entry.remedy,
        effort: definition.effort,
        owner: owner(plan),
        due: due(severity, taken_at),
        standard: entry.standard,
    }
}

/// Same check, same asset, same kind of weakness: same fingerprint, this year and next.
fn fingerprint(check: &str, asset: &str, sentence: &str) -> String {
    let mut hash = Sha256::of(format!("{check}\0{asset}\0{sentence}").as_bytes()).to_string();
    hash.truncate(16);
    hash
}

/// The vendor acts; where none is known, the operating agency.
fn owner(plan: &Plan) -> String {
    let b = &plan.system.background;
    b.vendor.clone().or_else(|| b.operator.clone()).unwrap_or_else(|| plan.system.agency.clone())
}

fn due(severity: Severity, taken_at: Timestamp) -> Date {
    let today = TimeZone::fixed(tz::offset(8)).to_datetime(taken_at).date();
    let days = DUE_DAYS.iter().find(|(s, _)| *s == severity).map_or(90, |(_, d)| *d);
    today.checked_add(jiff::Span::new().days(days)).unwrap_or(today)
}

/// The severity of a line on this system, with the rule that decided it.
///
/// A failure that touches a property the system is rated 高 in goes one step up; advice stays
/// advice, for no rating turns good practice into a weakness.
fn severity(system: &System, definition: &Definition, line: &Line) -> (Severity, Text) {
    let word = |s: Severity, t: fn(&Text) -> &str| t(&s.label()).to_owned();
    let both = |key: &str, base: Severity, raised: Severity, grade: Grade| {
        let zh = texts().text(
            key,
            &args![
                base = word(base, |t| &t.zh_tw),
                severity = word(raised, |t| &t.zh_tw),
                grade = grade.label().zh_tw
            ],
        );
        let en = texts().text(
            key,
            &args![
                base = word(base, |t| &t.en),
                severity = word(raised, |t| &t.en),
                grade = grade.label().en
            ],
        );
        Text { zh_tw: zh.zh_tw, en: en.en }
    };
    let base = line.severity;
    if line.verdict == Verdict::Warn {
        return (base, both("severity.warn", base, base, definition.grade));
    }
    let rated = match definition.grade {
        Grade::Confidentiality => system.confidentiality,
        Grade::Integrity => system.integrity,
        Grade::Availability => system.availability,
    };
    let raised = match base {
        Severity::Medium => Severity::High,
        Severity::Low => Severity::Medium,
        other => other,
    };
    if rated == ProtectionLevel::High && raised != base {
        (raised, both("severity.raised", base, raised, definition.grade))
    } else if base == definition.severity {
        (base, both("severity.base", base, base, definition.grade))
    } else {
        (base, both("severity.given", base, base, definition.grade))
    }
}

/// What the previous run left: open findings and those it had seen fixed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Previous {
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Score of each domain then.
    pub scores: Vec<Option<u8>>,
    /// Open (or not tested again) then.
    pub open: Vec<Finding>,
    /// Fixed then or before.
    pub fixed: Vec<Finding>,
}

/// The findings of a run after comparison.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Compared {
    /// Open now, each with its change.
    pub open: Vec<Finding>,
    /// Open in the previous run, fixed now.
    pub fixed_now: Vec<Finding>,
    /// Open in the previous run, not tested this time: still believed to be there.
    pub not_retested: Vec<Finding>,
    /// Fixed in earlier runs and still gone; remembered so that a return is seen as one.
    pub fixed_before: Vec<Finding>,
}

/// Compares the findings of this run with the previous one.
///
/// A finding is *fixed* only when its check came to a judgement this time: on the same asset, or,
/// where the asset is gone, anywhere without a gap. Silence is never a fix.
pub fn compare(mut now: Vec<Finding>, lines: &[Line], previous: &Previous) -> Compared {
    let was_open: BTreeSet<&str> = previous.open.iter().map(|f| f.fingerprint.as_str()).collect();
    let was_fixed: BTreeSet<&str> = previous.fixed.iter().map(|f| f.fingerprint.as_str()).collect();
    for finding in &mut now {
        let key = finding.fingerprint.as_str();
        finding.change = Some(if was_open.contains(key) {
            Change::StillOpen
        } else if was_fixed.contains(key) {
            Change::Regressed
        } else {
            Change::New
        });
    }
    let is_open: BTreeSet<String> = now.iter().map(|f| f.fingerprint.clone()).collect();
    let mut compared = Compared { open: now, ..Compared::default() };
    for old in previous.open.iter().filter(|f| !is_open.contains(&f.fingerprint)) {
        let mut finding = old.clone();
        if retested(old, lines) {
            finding.change = Some(Change::Fixed);
            finding.state = FindingState::Fixed;
            compared.fixed_now.push(finding);
        } else {
            finding.change = Some(Change::NotRetested);
            compared.not_retested.push(finding);
        }
    }
    compared.fixed_before =
        previous.fixed.iter().filter(|f| !is_open.contains(&f.fingerprint)).cloned().collect();
    compared
}

fn retested(old: &Finding, lines: &[Line]) -> bool {
    let mut of_check = lines.iter().filter(|l| l.check == old.check).peekable();
    if of_check.peek().is_none() {
        return false;
    }
    let lines: Vec<&Line> = of_check.collect();
    let same_asset: Vec<&&Line> = lines.iter().filter(|l| l.asset == old.asset).collect();
    if same_asset.is_empty() {
        lines.iter().all(|l| l.verdict.judged() || l.verdict == Verdict::NotApplicable)
    } else {
        same_asset.iter().any(|l| l.verdict.judged())
    }
}

/// Score of a domain, 0–100: the share of judged lines that are good, each weighted by the severity
/// its failure would have. A high finding caps the score at 59, so that no number hides it.
/// `None` when nothing came to a judgement: not tested is never good.
pub fn score(domain: Domain, lines: &[Line], findings: &[Finding]) -> Option<u8> {
    let weight = |check: &str| match check::find(check).map(|d| d.severity) {
        Some(Severity::High) => 10_u32,
        Some(Severity::Medium) => 5,
        Some(Severity::Low) => 2,
        _ => 1,
    };
    let (mut total, mut good) = (0_u32, 0_u32);
    for line in lines.iter().filter(|l| check::find(l.check).is_some_and(|d| d.domain() == domain)) {
        // Half points for warnings: weights are doubled.
        let credit = match line.verdict {
            Verdict::Pass | Verdict::Exempt => 2,
            Verdict::Warn => 1,
            Verdict::Fail => 0,
            _ => continue,
        };
        total += 2 * weight(line.check);
        good += credit * weight(line.check);
    }
    if total == 0 {
        return None;
    }
    let score = u8::try_from(good * 100 / total).unwrap_or(100);
    let high = findings.iter().any(|f| f.domain == domain && f.severity == Severity::High);
    Some(if high { score.min(59) } else { score })
}
