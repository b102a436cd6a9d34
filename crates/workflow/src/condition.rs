//! The conditions that guards are made of: small questions about the facts and the form.

use bulwark_clock::{Measure, Pauses, consumed};
use bulwark_model::Text;
use bulwark_model::rights::Role;
use jiff::civil::Date;
use jiff::tz::offset;
use jiff::{Timestamp, ToSpan as _};

use crate::facts::{Actor, Facts};
use crate::field::Fields;
use crate::texts;

/// Facts of a background record.
const BACKGROUND_FACTS: u8 = 9;
/// Working days a consultation lasts at least.
const CONSULTATION_WORKDAYS: i64 = 10;
/// Aspects of a technical inspection.
const ASPECTS: [&str; 5] = ["終端設備", "網路架構", "網域主機", "資通系統", "資料庫"];
/// The seven documents of a hand-over (plan 肆.三.(五).6).
const HANDOVER: [&str; 7] =
    ["spec", "architecture", "topology", "source", "component_map", "data_flow", "db_spec"];

macro_rules! conditions {
    ($($(#[$meta:meta])* $name:ident = $code:literal;)+) => {
        /// One question; its words stand in the catalogue under `condition.`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Condition { $($(#[$meta])* $name,)+ }

        impl Condition {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its stable code.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }
        }
    };
}

conditions! {
    /// Nobody reviews their own organisation's report if it has a superior.
    NotOwnReview = "not_own_review";
    /// The review is late, or a reason is given.
    ReviewOverdueOrReason = "review_overdue_or_reason";
    /// Awareness does not lie after the report.
    AwareNotAfterReport = "aware_not_after_report";
    /// Awareness does not lie in the future.
    AwareNotInFuture = "aware_not_in_future";
    /// Containment does not lie before awareness, nor in the future.
    ContainedNotBeforeAware = "contained_not_before_aware";
    /// The level was reviewed.
    LevelReviewed = "level_reviewed";
    /// Levels 3 and 4: only the competent authority.
    MajorByCompetent = "major_by_competent";
    /// Every preventive measure has an owner and a due day.
    MeasuresAssigned = "measures_assigned";
    /// It was never reported.
    NeverReported = "never_reported";
    /// It was closed within the last year.
    ClosedWithinYear = "closed_within_year";
    /// A report after a change of level is due.
    RereportRuns = "rereport_runs";
    /// Agency and vendor were told.
    BothTold = "both_told";
    /// The proof is the time of joining the meeting, or the check-in on arrival.
    ProofOfStart = "proof_of_start";
    /// The team has people of both sides.
    JointTeam = "joint_team";
    /// The kind of the root cause is one of four.
    RootCauseKind = "root_cause_kind";
    /// The person who confirms belongs to the other side.
    OtherSideConfirms = "other_side_confirms";
    /// The systems chosen reach the year's targets.
    YearTargets = "year_targets";
    /// Every system not improved last year is in again.
    CarriedOverIn = "carried_over_in";
    /// Every cruise of the year is over or carried over.
    CruisesOver = "cruises_over";
    /// The background record is complete, or a reason is given.
    BackgroundOrReason = "background_or_reason";
    /// The agency consented in writing.
    WrittenConsent = "written_consent";
    /// Each of the seven check areas has a result or a reason why not.
    AreasAnswered = "areas_answered";
    /// The second person is no author.
    SecondNotAuthor = "second_not_author";
    /// Every finding is fixed, or accepted as risk.
    FindingsFixedOrAccepted = "findings_fixed_or_accepted";
    /// Every finding is fixed, accepted or moved.
    FindingsSettled = "findings_settled";
    /// The method is one of three.
    ReviewMethod = "review_method";
    /// Every organisation concerned signed.
    OrganisationsSigned = "organisations_signed";
    /// Every non-government body consented in writing.
    NongovConsent = "nongov_consent";
    /// Now is inside the agreed window.
    WithinWindow = "within_window";
    /// The authorisation is valid now.
    AuthorisationValid = "authorisation_valid";
    /// The window is over.
    WindowOver = "window_over";
    /// The authorisation is over.
    AuthorisationOver = "authorisation_over";
    /// Every domain is proven.
    DomainsProven = "domains_proven";
    /// Only registered test mailboxes.
    TestMailboxesOnly = "test_mailboxes_only";
    /// Every recipient is allowed and enrolled.
    RecipientsAllowed = "recipients_allowed";
    /// Exempt people are taken out.
    ExemptionsApplied = "exemptions_applied";
    /// Small groups are suppressed.
    SmallGroupsSuppressed = "small_groups_suppressed";
    /// Results of persons are erased or have their day.
    PersonResultsErased = "person_results_erased";
    /// The aspects are among the five.
    AspectsKnown = "aspects_known";
    /// Every aspect has a result.
    AspectsAnswered = "aspects_answered";
    /// No finding of severity high is open.
    NoOpenHigh = "no_open_high";
    /// All seven documents of the hand-over are attached.
    HandoverDocuments = "handover_documents";
    /// The consultation lasts ten working days or more.
    ConsultationLongEnough = "consultation_long_enough";
    /// The value is accepted, or management decided.
    AcceptedOrDecided = "accepted_or_decided";
    /// The acceptance ends within twelve months.
    ExpiresWithinYear = "expires_within_year";
    /// The option is one of four.
    TreatmentOption = "treatment_option";
    /// The acceptance has ended.
    AcceptanceOver = "acceptance_over";
    /// The check came to a judgement again and passed.
    JudgedGood = "judged_good";
    /// The finding was seen again.
    SeenAgain = "seen_again";
}

/// Everything a condition may look at.
pub(crate) struct Question<'a> {
    pub(crate) actor: Actor,
    /// Who confirms, once somebody does.
    pub(crate) second: Option<Actor>,
    pub(crate) fields: &'a Fields,
    pub(crate) facts: &'a Facts<'a>,
}

impl Condition {
    /// What must hold, in words.
    pub fn text(self) -> Text {
        texts().text(&format!("condition.{}", self.code()), &[])
    }

    /// What to do when it does not.
    pub fn hint(self) -> Text {
        texts().text(&format!("condition_hint.{}", self.code()), &[])
    }

    /// Whether the answer needs the form: then it cannot be told before it is filled in.
    pub const fn needs_form(self) -> bool {
        matches!(
            self,
            Self::ReviewOverdueOrReason
                | Self::AwareNotAfterReport
                | Self::AwareNotInFuture
                | Self::ContainedNotBeforeAware
                | Self::ProofOfStart
                | Self::RootCauseKind
                | Self::BackgroundOrReason
                | Self::ReviewMethod
                | Self::AspectsKnown
                | Self::HandoverDocuments
                | Self::ConsultationLongEnough
                | Self::AcceptedOrDecided
                | Self::ExpiresWithinYear
                | Self::TreatmentOption
        )
    }

    /// Whether it is about the second person, and so is asked when that person confirms.
    pub const fn is_about_second(self) -> bool {
        matches!(self, Self::OtherSideConfirms | Self::SecondNotAuthor)
    }

    /// Whether it holds. What is not known does not.
    pub(crate) fn holds(self, question: &Question<'_>) -> bool {
        self.on_incident(question)
            .or_else(|| self.on_support(question))
            .unwrap_or_else(|| self.on_others(question))
    }

    fn on_incident(self, q: &Question<'_>) -> Option<bool> {
        let facts = q.facts;
        let aware = q.fields.at("aware_at");
        Some(match self {
            Self::NotOwnReview => {
                facts.actor_is_of_owner == Some(false) || facts.owner_has_superior == Some(false)
            }
            Self::ReviewOverdueOrReason => facts.review_overdue || q.fields.has("reason"),
            Self::AwareNotAfterReport => {
                aware.zip(facts.reported_at).is_some_and(|(aware, reported)| aware <= reported)
            }
            Self::AwareNotInFuture => aware.is_some_and(|aware| aware <= facts.now),
            Self::ContainedNotBeforeAware => {
                let contained = q.fields.at("contained_at").filter(|contained| *contained <= facts.now);
                contained.zip(facts.aware_at).is_some_and(|(contained, aware)| contained >= aware)
            }
            Self::LevelReviewed => facts.reviewed,
            Self::MajorByCompetent => {
                facts.level.is_some_and(|level| level < 3 || q.actor.role == Role::Competent)
                    && q.second.is_none_or(|second| {
                        facts.level.is_some_and(|level| level < 3 || second.role == Role::Competent)
                    })
            }
            Self::MeasuresAssigned => facts.measures.is_some_and(crate::Share::is_full),
            Self::NeverReported => facts.reported_at.is_none(),
            Self::ClosedWithinYear => facts.closed_at.is_some_and(|closed| {
                let end = day(closed).checked_add(1.year());
                closed <= facts.now && end.is_ok_and(|end| day(facts.now) <= end)
            }),
            Self::RereportRuns => facts.rereport_runs,
            _ => return None,
        })
    }

    fn on_support(self, q: &Question<'_>) -> Option<bool> {
        let facts = q.facts;
        let one_of =
            |name: &str, words: &[&str]| q.fields.text(name).is_some_and(|word| words.contains(&word));
        Some(match self {
            Self::BothTold => facts.agency_told_at.is_some() && facts.vendor_told_at.is_some(),
            Self::ProofOfStart => one_of("proof", &["meeting_join", "arrival_check_in"]),
            Self::JointTeam => facts.team.is_some_and(|team| team.service > 0 && team.agency_or_vendor > 0),
            Self::RootCauseKind => one_of("root_cause.kind", &["security", "fragility", "both", "unknown"]),
            Self::OtherSideConfirms => {
                q.second.is_none_or(|second| second.role.is_service_team() != q.actor.role.is_service_team())
            }
            Self::SecondNotAuthor => q.second.is_none_or(|second| !facts.authors.contains(&second.person)),
            Self::ReviewMethod => one_of("method", &["document", "tool", "onsite"]),
            Self::TreatmentOption => one_of("option", &["avoid", "reduce", "share", "retain"]),
            Self::AspectsKnown => q.fields.words("aspects").is_some_and(|aspects| {
                !aspects.is_empty() && aspects.iter().all(|aspect| ASPECTS.contains(aspect))
            }),
            Self::HandoverDocuments => HANDOVER.iter().all(|document| q.fields.has(document)),
            Self::ConsultationLongEnough => {
                let until = q.fields.on("consult_until").and_then(last_moment);
                let days = until.map(|until| {
                    consumed(Measure::Workdays, facts.now, until, &Pauses::default(), facts.place)
                });
                days.is_some_and(|days| days.is_ok_and(|days| days >= CONSULTATION_WORKDAYS))
            }
            Self::AcceptedOrDecided => {
                let value = facts.risk_value.zip(facts.accepted_value);
                value.is_some_and(|(value, accepted)| value <= accepted)
                    || q.fields.has("management_decision")
            }
            Self::ExpiresWithinYear => q.fields.on("expires_on").is_some_and(|expires| {
                let last = day(facts.now).checked_add(12.months());
                expires > day(facts.now) && last.is_ok_and(|last| expires <= last)
            }),
            Self::BackgroundOrReason => {
                facts.background_facts >= BACKGROUND_FACTS || q.fields.has("override_reason")
            }
            _ => return None,
        })
    }

    fn on_others(self, q: &Question<'_>) -> bool {
        let facts = q.facts;
        let full = |share: Option<crate::Share>| share.is_some_and(crate::Share::is_full);
        let whole = |share: Option<crate::Share>| share.is_some_and(crate::Share::is_whole);
        match self {
            Self::YearTargets => {
                facts.targets.is_some_and(|t| t.critical.is_whole() && t.operational.is_whole())
            }
            Self::CarriedOverIn => facts.targets.is_some_and(|targets| targets.carried_over.is_whole()),
            Self::CruisesOver => whole(facts.cruises),
            Self::WrittenConsent => facts.written_consent,
            Self::AreasAnswered => full(facts.areas),
            Self::FindingsFixedOrAccepted => facts.findings.is_some_and(|f| f.open == 0 && f.moved == 0),
            Self::FindingsSettled => facts.findings.is_some_and(|findings| findings.open == 0),
            Self::NoOpenHigh => facts.findings.is_some_and(|findings| findings.open_high == 0),
            Self::OrganisationsSigned => full(facts.organisations),
            Self::NongovConsent => whole(facts.nongov_consents),
            Self::WithinWindow => facts.window.is_some_and(|window| window.holds(facts.now)),
            Self::AuthorisationValid => facts.authorisation.is_some_and(|span| span.holds(facts.now)),
            Self::WindowOver => facts.window.is_some_and(|window| window.until < facts.now),
            Self::AuthorisationOver => facts.authorisation.is_some_and(|span| span.until < facts.now),
            Self::DomainsProven => full(facts.domains),
            Self::TestMailboxesOnly => full(facts.test_mailboxes),
            Self::RecipientsAllowed => full(facts.recipients),
            Self::ExemptionsApplied => facts.exemptions_applied,
            Self::SmallGroupsSuppressed => whole(facts.groups),
            Self::PersonResultsErased => facts.person_results_erased,
            Self::AspectsAnswered => full(facts.aspects),
            Self::AcceptanceOver => facts.expires_on.is_some_and(|expires| expires < day(facts.now)),
            Self::JudgedGood => facts.judged_good,
            Self::SeenAgain => facts.seen_again,
            // Answered above; a condition nobody answers does not hold.
            _ => false,
        }
    }
}

/// The day in Taipei.
fn day(at: Timestamp) -> Date {
    offset(8).to_datetime(at).date()
}

/// The last second of a day in Taipei.
fn last_moment(date: Date) -> Option<Timestamp> {
    offset(8).to_timestamp(date.at(23, 59, 59, 0)).ok()
}
