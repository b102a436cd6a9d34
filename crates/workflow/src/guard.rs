//! Guards: the plain text of the table on one side, what it asks and brings about on the other.
//!
//! The table is for people; the interpreter knows each of its texts by heart. A text that is not here is a
//! fault of the table and its transition never succeeds.

use crate::condition::Condition;
use crate::condition::Condition as C;

/// What a step brings about besides the new state and the clocks it names; the case engine does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Effect {
    /// The report limit is marked as met on behalf of the agency.
    MarkOnBehalf,
    /// The agency is asked to confirm what was reported for it.
    AskAgency,
    /// The level counts as reviewed.
    MarkReviewed,
    /// The time to contain is counted again from awareness by the row of the new level.
    RebaseContain,
    /// All limits are counted again from the corrected time.
    RecountAll,
    /// A running review is replaced by a new one.
    ReplaceReview,
    /// The limit of the other mode is called off; another choice later arms it again from the request.
    CancelOtherMode,
    /// The limit stops at the later of the two moments at which agency and vendor were told.
    StopAtLater,
    /// The agency is offered a support case.
    OfferSupport,
    /// A cruise is planned for next year, linked to the open findings.
    PlanNextYear,
    /// Sending stops within ten seconds; landing pages go on to teach.
    StopSending,
    /// The limit to fix begins for findings of severity high only.
    FixOnlyHigh,
}

/// A guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// Its text in the table.
    pub text: &'static str,
    /// All must hold.
    pub conditions: &'static [Condition],
    /// What the step brings about.
    pub effects: &'static [Effect],
}

/// The guard with this text.
pub fn guard(text: &str) -> Option<&'static Guard> {
    GUARDS.iter().find(|guard| guard.text == text)
}

/// All guards.
pub fn guards() -> &'static [Guard] {
    GUARDS
}

const fn asks(text: &'static str, conditions: &'static [Condition]) -> Guard {
    Guard { text, conditions, effects: &[] }
}

const fn brings(text: &'static str, effects: &'static [Effect]) -> Guard {
    Guard { text, conditions: &[], effects }
}

const fn says(text: &'static str) -> Guard {
    Guard { text, conditions: &[], effects: &[] }
}

const GUARDS: &[Guard] = &[
    says(""),
    // incident
    brings(
        "report clock is marked 'on behalf'; the agency is asked to confirm",
        &[Effect::MarkOnBehalf, Effect::AskAgency],
    ),
    Guard {
        text: "reviewer is not a user of the reporting organisation unless that organisation has no superior",
        conditions: &[C::NotOwnReview],
        effects: &[Effect::MarkReviewed, Effect::RebaseContain],
    },
    Guard {
        text: "review clock breached, or reason given",
        conditions: &[C::ReviewOverdueOrReason],
        effects: &[Effect::MarkReviewed, Effect::RebaseContain],
    },
    // The rule that nobody reviews their own report holds after containment as before.
    Guard {
        text: "review may come after containment; the state stays, reviewed=true is set",
        conditions: &[C::NotOwnReview],
        effects: &[Effect::MarkReviewed, Effect::RebaseContain],
    },
    brings(
        "second look (覆核) by the competent authority; a changed level re-bases contain from aware_at",
        &[Effect::MarkReviewed, Effect::RebaseContain],
    ),
    Guard {
        text: "all clocks recomputed; aware_at <= reported_at and <= now",
        conditions: &[C::AwareNotAfterReport, C::AwareNotInFuture],
        effects: &[Effect::RecountAll],
    },
    brings(
        "opens rereport; when re-sent: stops rereport, replaces a running review by a new one, recomputes contain from aware_at",
        &[Effect::ReplaceReview, Effect::RebaseContain],
    ),
    // Nobody contains what nobody knows of; the other row of the same act says so.
    asks("allowed before review; review clock keeps running", &[C::ContainedNotBeforeAware]),
    asks("contained_at >= aware_at", &[C::ContainedNotBeforeAware]),
    asks("level was reviewed", &[C::LevelReviewed]),
    asks(
        "L3-4: competent only; all measures have an owner and due date",
        &[C::MajorByCompetent, C::MeasuresAssigned],
    ),
    asks("draft never reported; stays in the audit log", &[C::NeverReported]),
    says("clocks keep running"),
    asks("L3-4: competent only; clocks already met or breached stay as they are", &[C::MajorByCompetent]),
    asks("within 1 year", &[C::ClosedWithinYear]),
    asks("aware_at <= now", &[C::AwareNotInFuture]),
    Guard {
        text: "rereport runs; a running review is replaced",
        conditions: &[C::RereportRuns],
        effects: &[Effect::ReplaceReview, Effect::RebaseContain],
    },
    // support
    Guard {
        text: "both the agency AND the vendor were told; the clock stops at the later of the two",
        conditions: &[C::BothTold],
        effects: &[Effect::StopAtLater],
    },
    brings(
        "mode online cancels support_onsite, mode onsite cancels support_online; changing mode later re-arms from the original request time",
        &[Effect::CancelOtherMode],
    ),
    asks("proof: meeting link join time or arrival check-in", &[C::ProofOfStart]),
    asks("joint team has >=1 service member and >=1 agency or vendor member", &[C::JointTeam]),
    asks("root_cause.kind security|fragility|both|unknown", &[C::RootCauseKind]),
    asks("one side asks, the other confirms", &[C::OtherSideConfirms]),
    // cruise
    asks(
        "critical >= yearly target, business >= yearly target, every last-year \"not improved\" system is in",
        &[C::YearTargets, C::CarriedOverIn],
    ),
    asks("every cruise is in a terminal state or carried over", &[C::CruisesOver]),
    asks(
        "background record complete (nine facts) or reasoned override; written consent of the agency",
        &[C::BackgroundOrReason, C::WrittenConsent],
    ),
    asks("each of the 7 check areas has a result or a reason why not", &[C::AreasAnswered]),
    asks("second person is not an author", &[C::SecondNotAuthor]),
    asks(
        "every finding fixed, or accepted as risk; methods: document | tool | on-site",
        &[C::FindingsFixedOrAccepted, C::ReviewMethod],
    ),
    brings("support case is offered", &[Effect::OfferSupport]),
    brings("opens a planned cruise next year with the open findings linked", &[Effect::PlanNextYear]),
    // exercise and drill
    asks(
        "every target organisation signed; for non-government bodies written consent is a legal must (2021 §19)",
        &[C::OrganisationsSigned, C::NongovConsent],
    ),
    asks("now within window AND authorisation valid", &[C::WithinWindow, C::AuthorisationValid]),
    says("anyone named may stop at once"),
    // The automatic end is a step of its own; by hand it may come earlier.
    says("automatic at window end"),
    says("automatic at valid_to"),
    asks("the window is over", &[C::WindowOver]),
    asks("valid_to has passed", &[C::AuthorisationOver]),
    asks("all findings fixed, accepted or moved", &[C::FindingsSettled]),
    asks(
        "each organisation signed; domains verified by DNS TXT or by file upload",
        &[C::OrganisationsSigned, C::DomainsProven],
    ),
    asks("only test mailboxes", &[C::TestMailboxesOnly]),
    asks(
        "all recipients inside allow list and enrolled domain; exemptions applied; authorisation valid; second person",
        &[C::RecipientsAllowed, C::ExemptionsApplied, C::AuthorisationValid],
    ),
    brings("sending stops within 10 s; landing pages keep teaching", &[Effect::StopSending]),
    asks("cells under the minimum group are suppressed", &[C::SmallGroupsSuppressed]),
    asks("person-level data erased on schedule", &[C::PersonResultsErased]),
    // inspection
    asks("aspects from 終端設備|網路架構|網域主機|資通系統|資料庫", &[C::AspectsKnown]),
    asks("now within window", &[C::WithinWindow]),
    asks("each aspect has a result", &[C::AspectsAnswered]),
    asks("all findings fixed or accepted", &[C::FindingsFixedOrAccepted]),
    // mission and guideline
    asks("no open high finding, or accepted with reason", &[C::NoOpenHigh]),
    asks("all 7 documents of plan 肆.三.(五).6 attached", &[C::HandoverDocuments]),
    asks(">= 10 workdays", &[C::ConsultationLongEnough]),
    // risk and finding
    asks(
        "value <= accepted level, or management decision document attached; expires_on <= 12 months",
        &[C::AcceptedOrDecided, C::ExpiresWithinYear],
    ),
    asks("option avoid|reduce|share|retain", &[C::TreatmentOption]),
    // When a review is asked for, not when it is allowed.
    says("half-yearly, or at expiry, or after a linked incident of level 3-4"),
    brings("finding_fix_critical is for high findings only", &[Effect::FixOnlyHigh]),
    asks("methods: document | tool | on-site", &[C::ReviewMethod]),
    asks("the same check came to a judgement again and passed", &[C::JudgedGood]),
    asks("the same finding was seen again", &[C::SeenAgain]),
    asks("expires_on <= 12 months", &[C::ExpiresWithinYear]),
    asks("expires_on has passed", &[C::AcceptanceOver]),
];
