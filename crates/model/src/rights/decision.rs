//! The answer: allowed on which terms, or denied for which reason and in which words.

use jiff::Timestamp;

use super::ids::PersonId;
use super::marking::Classification;
use super::resource::Resource;
use super::role::Role;
use super::subject::{Grant, Subject};
use super::table::{self, Act, Action, Effect, Reach, Right, Table};
use crate::{Diagnostic, Text};

/// May the person do it?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Yes, on these terms.
    Allow {
        /// A second, different person with the same right must confirm first ([`confirm`]).
        second_person: bool,
        /// The person must prove presence again first.
        step_up: bool,
        /// Only an emergency access opens it: the page is marked and the organisation told.
        break_glass: bool,
        /// The owner's access log must show it, even if it only reads.
        recorded: bool,
    },
    /// No.
    Deny(Denied),
}

impl Decision {
    /// True for every kind of yes.
    pub const fn is_allowed(self) -> bool {
        matches!(self, Self::Allow { .. })
    }

    /// The reason of a no.
    pub const fn denied(self) -> Option<Denied> {
        match self {
            Self::Allow { .. } => None,
            Self::Deny(denied) => Some(denied),
        }
    }
}

macro_rules! denied {
    ($($(#[$meta:meta])* $name:ident = $code:literal, $zh:literal, $en:literal, $zh_hint:literal, $en_hint:literal;)+) => {
        /// Why not. Codes are stable; the words are what the person reads.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Denied {
            $($(#[$meta])* $name,)+
        }

        impl Denied {
            /// Every reason, in the order of the codes.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// `BW-RIGHTS-NNN`.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            /// What happened, in one sentence.
            pub fn text(self) -> Text {
                match self { $(Self::$name => Text::new($zh, $en)),+ }
            }

            /// What to do now.
            pub fn hint(self) -> Text {
                match self { $(Self::$name => Text::new($zh_hint, $en_hint)),+ }
            }
        }
    };
}

denied! {
    /// The grant acted in does not exist, has not begun or is over.
    NotInForce = "BW-RIGHTS-001",
        "目前使用的角色尚未生效或已到期",
        "The role you act in is not yet, or no longer, in force",
        "請切換到其他角色；若仍需要這個角色，請機關的資安長或系統管理者重新授予。",
        "Switch to another role; if you still need this one, ask your CISO or the administrator to grant it again.";
    /// The matrix gives the role no right to this act.
    Role = "BW-RIGHTS-002",
        "目前使用的角色不包含這項作業",
        "The role you act in does not include this",
        "若另有角色，請切換後再試；否則請由有權限的同仁辦理。",
        "If you hold another role, switch to it; otherwise ask a colleague who has the right.";
    /// The object is outside the role's reach; the person must not learn that it exists.
    Foreign = "BW-RIGHTS-003",
        "找不到這筆資料",
        "There is no such record",
        "請核對網址或代碼；若資料屬於其他機關，請向該機關洽詢。",
        "Check the address or the code; if the record belongs to another organisation, ask there.";
    /// The API token was made for other acts.
    Token = "BW-RIGHTS-004",
        "這個 API 權杖的範圍不包含這項作業",
        "The scope of this API token does not include this",
        "請到「帳號」頁建立範圍相符的權杖。",
        "Make a token with the right scope on the account page.";
    /// Administrators never read case content.
    AdministratorContent = "BW-RIGHTS-005",
        "系統管理者不得調閱案件內容",
        "Administrators never read the content of cases",
        "請由資料所屬機關或案件參與人員辦理。",
        "Ask the organisation the content belongs to, or someone who takes part in the case.";
    /// The head of an agency sees counts only.
    CountsOnly = "BW-RIGHTS-006",
        "首長角色僅能檢視統計數字",
        "The role of head of agency sees counts only",
        "請由機關資安長提供案件內容。",
        "Ask the agency's CISO for the content of the case.";
    /// Supervisors may not read person-level drill results.
    PersonResult = "BW-RIGHTS-007",
        "個人演練結果僅限該機關資安長檢視",
        "Only the agency's own CISO reads the drill results of persons",
        "請改看演練統計。",
        "Look at the statistics of the drill instead.";
    /// Navigators never check their own organisation.
    OwnCheck = "BW-RIGHTS-008",
        "領航員不得檢查自己的機關",
        "A navigator never checks their own organisation",
        "請由其他機關的領航員辦理。",
        "Ask a navigator of another organisation.";
    /// Nobody reviews their own organisation's report if it has a superior.
    OwnReview = "BW-RIGHTS-009",
        "不得審核自己機關的通報",
        "Nobody reviews the report of their own organisation",
        "請由上級機關、監督機關或主管機關審核。",
        "It is for the superior, the supervising or the competent authority.";
    /// Vendors see tasks only.
    TasksOnly = "BW-RIGHTS-010",
        "廠商僅能處理指派的工作",
        "Vendors see the tasks assigned to them only",
        "請機關指派工作後再試。",
        "Ask the agency to assign a task first.";
    /// TLP:RED, and the person is neither named nor of a body with a legal duty.
    Red = "BW-RIGHTS-011",
        "找不到這筆資料",
        "There is no such record",
        "請核對網址或代碼；若應在 TLP:RED 的收件名單內，請向資料所屬機關洽詢。",
        "Check the address or the code; if you should be a named recipient of TLP:RED content, ask its owner.";
    /// Acts that nobody does to their own account or request.
    OwnAccount = "BW-RIGHTS-012",
        "這項作業不得用於自己的帳號",
        "Nobody does this to their own account",
        "請由另一位有權限的同仁辦理。",
        "Ask another person who has the right.";
    /// The state of the object refuses the act.
    State = "BW-RIGHTS-013",
        "目前的狀態不允許這項作業",
        "The present state does not allow this",
        "請重新整理頁面，確認目前狀態與可用的作業。",
        "Reload the page to see the present state and what can be done in it.";
    /// The second person is the first.
    SamePerson = "BW-RIGHTS-014",
        "確認人不得是申請人本人",
        "The person who confirms must not be the person who asked",
        "請由另一位有相同權限的同仁確認。",
        "Ask another person with the same right to confirm.";
    /// An emergency access without a reason.
    NoReason = "BW-RIGHTS-015",
        "緊急調閱必須填寫理由",
        "Emergency access needs a reason",
        "請寫明為何需要調閱；機關會看到這段文字。",
        "Say why it is needed; the organisation will read it.";
}

impl Denied {
    /// True when even the existence of the object must not be told: the answer is 404 and equals
    /// the answer for an object that does not exist.
    pub const fn hides(self) -> bool {
        matches!(self, Self::Foreign | Self::Red)
    }

    /// The reason that may be shown: what hides an object looks like the object not being there.
    #[must_use]
    pub const fn shown(self) -> Self {
        if self.hides() { Self::Foreign } else { self }
    }

    /// The message to the person.
    pub fn diagnostic(self) -> Diagnostic {
        let shown = self.shown();
        Diagnostic::new(shown.code(), shown.text(), shown.hint())
    }
}

/// The one decision: role grant ∧ reach ∧ marking ∧ prohibitions ∧ state (incident-grc §4).
///
/// The reasons that hide an object come before those that speak about it.
pub fn decide(subject: &Subject, action: Action, resource: &Resource, now: Timestamp) -> Decision {
    decide_by(table::embedded(), subject, action, resource, now)
}

/// The part of the decision that needs no object: for menus, and before an object is looked up, so
/// that a role without the right is told so whether or not the object exists.
///
/// # Errors
/// The reason, never one that hides an object.
pub fn may(subject: &Subject, action: Action, now: Timestamp) -> Result<Right, Denied> {
    held(table::embedded(), subject, action, now).map(|(_, right)| right)
}

/// The decision about the second person of an act that `requester` asked for: a different person
/// with the same right.
pub fn confirm(
    requester: PersonId,
    second: &Subject,
    action: Action,
    resource: &Resource,
    now: Timestamp,
) -> Decision {
    match decide(second, action, resource, now) {
        Decision::Allow { .. } if second.person == requester => Decision::Deny(Denied::SamePerson),
        Decision::Allow { step_up, break_glass, recorded, .. } => {
            Decision::Allow { second_person: false, step_up, break_glass, recorded }
        }
        denied @ Decision::Deny(_) => denied,
    }
}

/// [`decide`] by another table; the prohibitions hold by any.
pub(super) fn decide_by(
    table: &Table,
    subject: &Subject,
    action: Action,
    resource: &Resource,
    now: Timestamp,
) -> Decision {
    match judge(table, subject, action, resource, now) {
        Ok(allowed) => allowed,
        Err(denied) => Decision::Deny(denied),
    }
}

fn judge(
    table: &Table,
    subject: &Subject,
    action: Action,
    resource: &Resource,
    now: Timestamp,
) -> Result<Decision, Denied> {
    let (grant, right) = held(table, subject, action, now)?;
    let act = table.act(action);
    let reached = reaches(right.reach, subject, grant, resource, now);
    let break_glass = !reached && breaks_glass(grant.role, act) && resource.opened_to(subject.person, now);
    if !reached && !break_glass {
        return Err(Denied::Foreign);
    }
    if resource.is_red() && !grant.role.has_legal_duty() && !resource.recipients.contains(&subject.person) {
        return Err(Denied::Red);
    }
    let own = || resource.owner.is_some_and(|owner| subject.organisations(now).contains(&owner));
    if checks(grant.role, act) && own() {
        return Err(Denied::OwnCheck);
    }
    if act.review() && resource.has_superior() && own() {
        return Err(Denied::OwnReview);
    }
    if act.not_self && resource.person == Some(subject.person) {
        return Err(Denied::OwnAccount);
    }
    if act.effect == Effect::Write && resource.refuses.contains(&action) {
        return Err(Denied::State);
    }
    let classified = resource.classification.is_some_and(|class| class > Classification::Normal);
    Ok(Decision::Allow {
        second_person: right.second_person,
        step_up: act.step_up && !subject.stepped_up(now),
        break_glass,
        recorded: act.effect != Effect::Read || resource.is_red() || classified || break_glass,
    })
}

/// The grant acted in and its right to the act, before any object is looked at.
pub(super) fn held<'a>(
    table: &Table,
    subject: &'a Subject,
    action: Action,
    now: Timestamp,
) -> Result<(&'a Grant, Right), Denied> {
    let grant = subject.acting_grant(now).ok_or(Denied::NotInForce)?;
    if subject.limited_to.as_ref().is_some_and(|acts| !acts.contains(&action)) {
        return Err(Denied::Token);
    }
    let act = table.act(action);
    let right = act.right(grant.role);
    match prohibited(grant.role, act, right) {
        Some(denied) => Err(denied),
        None => right.map(|right| (grant, right)).ok_or(Denied::Role),
    }
}

/// What a role never does, whatever a table says (incident-grc §4).
fn prohibited(role: Role, act: &Act, right: Option<Right>) -> Option<Denied> {
    match role {
        Role::Admin if act.content() => Some(Denied::AdministratorContent),
        Role::Director if act.content() => Some(Denied::CountsOnly),
        Role::Vendor if act.content() && right.is_some_and(|right| right.reach != Reach::Task) => {
            Some(Denied::TasksOnly)
        }
        _ if act.code == PERSON_RESULT && role != Role::AgencyCiso => Some(Denied::PersonResult),
        _ => None,
    }
}

/// The act that shows what one person did in a drill; it stays with that agency's CISO.
const PERSON_RESULT: &str = "drill.read_person_result";

/// Acts by which a navigator looks into an organisation: all that touch its content. To see their
/// own organisation's, a navigator acts in the role held there.
pub(super) const fn checks(role: Role, act: &Act) -> bool {
    matches!(role, Role::Navigator) && act.content()
}

/// Emergency access opens reading of content (not its export), for the service team, where the role could read it
/// if a case linked them.
pub(super) const fn breaks_glass(role: Role, act: &Act) -> bool {
    role.is_service_team() && act.content() && matches!(act.effect, Effect::Read | Effect::LoggedRead)
}

fn reaches(reach: Reach, subject: &Subject, grant: &Grant, resource: &Resource, now: Timestamp) -> bool {
    let person = subject.person;
    match reach {
        Reach::All => true,
        Reach::Own => resource.owner == Some(grant.organisation),
        Reach::Subtree => {
            resource.owner.is_some_and(|owner| owner == grant.organisation)
                || resource.ancestors.contains(&grant.organisation)
        }
        Reach::Sector => grant.sector.is_some() && resource.sector == grant.sector,
        Reach::Participant => resource.participants.contains(&person),
        Reach::Task => resource.assignees.contains(&person),
        Reach::Exercise => resource.exercise.is_some_and(|exercise| subject.exercises.contains(&exercise)),
        Reach::Granted => resource.granted.get(&person).is_some_and(|until| now < *until),
    }
}
