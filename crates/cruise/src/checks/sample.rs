//! What the tests of every domain build on: a plan that says nothing yet, and the rules every line keeps.

use std::collections::BTreeMap;

use bulwark_model::{Intensity, ProtectionLevel, SystemClass};

use crate::check::{Line, texts};
use crate::plan::{Background, Location, Plan, PlanScope, StopSwitch, System};

/// A plan that names its system and nothing else.
pub(crate) fn bare_plan() -> Plan {
    Plan {
        system: System {
            name: "公文系統".into(),
            agency: "示範機關".into(),
            class: SystemClass::Operational,
            level: ProtectionLevel::Medium,
            confidentiality: ProtectionLevel::Medium,
            integrity: ProtectionLevel::Medium,
            availability: ProtectionLevel::Medium,
            background: Background::default(),
        },
        location: Location::default(),
        scope: PlanScope::default(),
        window: None,
        intensity: Intensity::Low,
        checks: BTreeMap::new(),
        transactions: Vec::new(),
        answers: BTreeMap::new(),
        approval: None,
        stop: StopSwitch::default(),
        sha256: String::new(),
        source: String::new(),
    }
}

/// Every sentence exists, with its arguments filled in; every excerpt fits the report.
pub(crate) fn assert_readable(id: &str, lines: &[Line]) {
    for line in lines {
        let own = format!("{id}.{}", line.sentence);
        let key = if line.sentence.starts_with("common.") { &line.sentence } else { &own };
        assert!(texts().get(key).is_some(), "no text {key}");
        for text in [&line.message.zh_tw, &line.message.en] {
            assert!(!unfilled(text), "{key} is not filled: {text}");
        }
        assert!(line.excerpt.lines().count() <= 10, "{key}: {}", line.excerpt);
        assert!(!line.asset.is_empty(), "{key}: a line without asset");
    }
}

/// `{argument}` left over. A control character made visible (`\u{202e}`) is none.
fn unfilled(s: &str) -> bool {
    s.replace("\\u{", "").split('{').skip(1).any(|rest| {
        rest.split_once('}').is_some_and(|(name, _)| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        })
    })
}
