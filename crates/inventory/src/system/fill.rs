//! What a cruise saw, brought into the background: empty fields are filled, everything else is left to a person.

use bulwark_model::{Background, BackgroundField, FactSource, LONGEST_FACT, Said};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What a cruise saw of a system.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observed {
    /// Operating system.
    pub os_name: Option<String>,
    /// Its version.
    pub os_version: Option<String>,
    /// Kind of server.
    pub server_kind: Option<String>,
}

/// Something that a cruise saw and that a person should decide on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// The field.
    pub field: BackgroundField,
    /// What is said there; `None` when the field is empty but filling it would join what does not belong together.
    pub current: Option<Said>,
    /// What was seen.
    pub observed: String,
    /// The day on which it was seen.
    pub on: Date,
}

/// Brings what a cruise saw on a day into a background. Only empty fields are filled; a difference becomes a proposal.
/// What an earlier cruise said is confirmed when it is seen again; what a person said is confirmed by a person only.
///
/// Name and version of the operating system are one fact: the version of one system is never put beside the name of
/// another.
pub fn fill(background: &Background, observed: &Observed, on: Date) -> (Background, Vec<Proposal>) {
    use BackgroundField::{OsName, OsVersion, ServerKind};
    let mut filling = Filling { background: background.clone(), proposals: Vec::new(), on };
    let [name, version, kind] =
        [&observed.os_name, &observed.os_version, &observed.server_kind].map(|text| cleaned(text.as_deref()));
    let differs = |field, seen: &Option<String>| {
        seen.as_deref().is_some_and(|seen| background.value(field).is_some_and(|said| !same(said, seen)))
    };
    let one_system = name.is_some() && !differs(OsName, &name) && !differs(OsVersion, &version);
    filling.see(OsName, name, one_system);
    filling.see(OsVersion, version, one_system);
    filling.see(ServerKind, kind, true);
    (filling.background, filling.proposals)
}

struct Filling {
    background: Background,
    proposals: Vec<Proposal>,
    on: Date,
}

impl Filling {
    fn see(&mut self, field: BackgroundField, seen: Option<String>, may_fill: bool) {
        let Some(observed) = seen else { return };
        let current = self.background.get(field).cloned();
        match &current {
            Some(said) if same(&said.value, &observed) => {
                if said.source == FactSource::Cruise {
                    self.background.confirm_field(field, self.on);
                }
                return;
            }
            None if may_fill
                && self.background.say(field, &observed, self.on, FactSource::Cruise).is_ok() =>
            {
                return;
            }
            _ => {}
        }
        self.proposals.push(Proposal { field, current, observed, on: self.on });
    }
}

/// What was seen, as it can stand in a field: the other end chose the bytes.
fn cleaned(text: Option<&str>) -> Option<String> {
    let words: Vec<&str> =
        text?.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    let text: String = words.join(" ").chars().take(LONGEST_FACT).collect();
    let text = text.trim_end();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Two spellings of the same: letter case and white space tell nothing apart.
fn same(said: &str, seen: &str) -> bool {
    let words = |text: &str| text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>();
    words(said) == words(seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use BackgroundField::{OsName, OsVersion, ServerKind};
    use jiff::civil::date;
    use proptest::prelude::*;

    const TYPED: Date = date(2026, 1, 5);
    const SEEN: Date = date(2026, 11, 25);

    fn with(facts: &[(BackgroundField, &str, FactSource)]) -> Background {
        let mut background = Background::default();
        for (field, text, source) in facts {
            background.say(*field, text, TYPED, *source).expect("a good fact");
        }
        background
    }

    fn seen(os_name: &str, os_version: &str, server_kind: &str) -> Observed {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Observed { os_name: some(os_name), os_version: some(os_version), server_kind: some(server_kind) }
    }

    #[test]
    fn what_is_empty_is_filled_and_says_where_it_comes_from() {
        let (found, proposals) =
            fill(&Background::default(), &seen(" Debian\u{0} GNU/Linux\n", "13", "虛擬機"), SEEN);
        assert_eq!(proposals, []);
        let said = Said { value: "Debian GNU/Linux".into(), confirmed_on: SEEN, source: FactSource::Cruise };
        assert_eq!(found.get(OsName), Some(&said));
        assert_eq!((found.value(OsVersion), found.value(ServerKind)), (Some("13"), Some("虛擬機")));
    }

    #[test]
    fn a_difference_is_proposed_and_nothing_is_overwritten() {
        for source in FactSource::ALL {
            let before = with(&[(ServerKind, "實體機", *source)]);
            let (after, proposals) = fill(&before, &seen("", "", "虛擬機"), SEEN);
            assert_eq!(after, before);
            let current = before.get(ServerKind).cloned();
            let expected = Proposal { field: ServerKind, current, observed: "虛擬機".into(), on: SEEN };
            assert_eq!(proposals, [expected]);
        }
    }

    #[test]
    fn the_version_of_one_system_is_not_put_beside_the_name_of_another() {
        let fields = |proposals: &[Proposal]| proposals.iter().map(|p| p.field).collect::<Vec<_>>();
        let ubuntu = with(&[(OsName, "Ubuntu", FactSource::Typed)]);
        let (after, proposals) = fill(&ubuntu, &seen("Debian", "13", ""), SEEN);
        assert_eq!((after, fields(&proposals)), (ubuntu.clone(), vec![OsName, OsVersion]));
        let (after, proposals) = fill(&ubuntu, &seen("", "13", ""), SEEN);
        assert_eq!((after, fields(&proposals)), (ubuntu.clone(), vec![OsVersion]), "of which system?");
        let (after, proposals) = fill(&ubuntu, &seen("ubuntu", "24.04", ""), SEEN);
        assert_eq!((after.value(OsVersion), proposals), (Some("24.04"), vec![]));
        let version = with(&[(OsVersion, "24.04", FactSource::Typed)]);
        let (after, proposals) = fill(&version, &seen("Debian", "13", ""), SEEN);
        assert_eq!((after, fields(&proposals)), (version, vec![OsName, OsVersion]));
    }

    #[test]
    fn what_a_cruise_said_is_confirmed_by_a_cruise_and_what_a_person_said_is_not() {
        let before =
            with(&[(OsName, "Debian", FactSource::Cruise), (ServerKind, "虛擬機", FactSource::Typed)]);
        let (after, proposals) = fill(&before, &seen("debian", "", "虛擬機"), SEEN);
        assert_eq!(proposals, []);
        assert_eq!(after.get(OsName).map(|said| said.confirmed_on), Some(SEEN));
        assert_eq!(after.get(ServerKind), before.get(ServerKind));
    }

    fn text() -> impl Strategy<Value = Option<String>> {
        proptest::option::of("Debian|debian|Ubuntu|1[23]| |\\PC{0,8}|[\\x00-\\x20]{0,3}x")
    }

    proptest! {
        #[test]
        fn nothing_said_is_changed_and_everything_seen_is_accounted_for(
            said in proptest::collection::vec((text(), proptest::sample::select(FactSource::ALL)), 3),
            os_name in text(), os_version in text(), server_kind in text(),
        ) {
            let fields = [OsName, OsVersion, ServerKind];
            let mut before = Background::default();
            for (field, (text, source)) in fields.iter().zip(&said) {
                let _ = before.say(*field, text.as_deref().unwrap_or_default(), TYPED, *source);
            }
            let observed = Observed { os_name, os_version, server_kind };
            let (after, proposals) = fill(&before, &observed, SEEN);
            for (field, was) in before.said() {
                let is = after.get(field).expect("nothing is taken away");
                prop_assert_eq!((&is.value, is.source), (&was.value, was.source));
                prop_assert!(is.confirmed_on == was.confirmed_on || was.source == FactSource::Cruise);
            }
            for (field, seen) in fields.iter().zip([&observed.os_name, &observed.os_version, &observed.server_kind]) {
                let Some(seen) = cleaned(seen.as_deref()) else { continue };
                let proposed = proposals.iter().any(|p| p.field == *field && p.observed == seen);
                let there = after.value(*field).is_some_and(|said| same(said, &seen));
                prop_assert!(proposed != there, "{field} {seen:?}");
            }
            let (again, same_proposals) = fill(&after, &observed, SEEN);
            prop_assert_eq!((again, same_proposals), (after, proposals));
        }
    }
}
