//! The repetitions of each declared transaction, and whose fault a broken one is.

use bulwark_probe::evidence::{Phases, StepRun, Transaction};
use bulwark_probe::failure::{Code, Failure};

use crate::check::{Case, Piece, Sheet};
use crate::checks::end_user::visit::{label, subject_of};
use crate::plan;

/// How one repetition ended.
#[derive(Debug, Clone)]
pub(super) enum End {
    /// Every planned step answered as expected; microseconds of all steps together.
    Good(u64),
    /// The target answered wrongly, refused or broke off.
    Bad,
    /// No answer within our time limit: slow target or slow line, we cannot tell.
    TimedOut(Failure),
    /// We could not or did not measure.
    Unmeasured(Failure),
}

/// One transaction with everything that is known about its repetitions.
pub(super) struct Runs<'a> {
    /// Name in the plan.
    pub name: String,
    /// Its declaration, when the plan still has it.
    pub plan: Option<&'a plan::Transaction>,
    /// Repetitions that brought evidence, in order.
    pub pieces: Vec<Piece<'a, Transaction>>,
    /// How each repetition ended, also those without evidence.
    pub ends: Vec<End>,
}

impl Runs<'_> {
    /// Durations of the successful repetitions.
    pub fn durations(&self) -> impl Iterator<Item = u64> {
        self.ends.iter().filter_map(|e| if let End::Good(us) = e { Some(*us) } else { None })
    }

    /// The first reason why a repetition was not measured.
    pub fn trouble(&self) -> Option<&Failure> {
        self.ends.iter().find_map(|e| match e {
            End::TimedOut(f) | End::Unmeasured(f) => Some(f),
            End::Good(_) | End::Bad => None,
        })
    }

    /// Steps of the successful repetitions.
    pub fn good_runs(&self) -> impl Iterator<Item = &Transaction> {
        self.pieces.iter().map(|p| p.body).filter(|t| matches!(end_of(t), End::Good(_)))
    }
}

/// Groups the evidence by transaction: first those of the plan in its order, then any others.
pub(super) fn runs<'a>(case: &Case<'a>) -> Vec<Runs<'a>> {
    let mut all: Vec<Runs<'a>> = case
        .plan
        .transactions
        .iter()
        .map(|t| Runs { name: label(&t.name), plan: Some(t), pieces: Vec::new(), ends: Vec::new() })
        .collect();
    for piece in case.transactions() {
        if let Some(of) = entry(&mut all, &label(&piece.body.name)) {
            of.ends.push(end_of(piece.body));
            of.pieces.push(piece);
        }
    }
    for piece in case.failed(&["transaction"]) {
        if let Some(of) = entry(&mut all, &label(name_of(&piece.record.key))) {
            of.ends.push(blame(piece.body));
        }
    }
    all
}

/// Marks records of failed repetitions as dealt with; the caller writes what is to be said.
pub(super) fn take_over(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.failed(&["transaction"]) {
        sheet.handled(&piece);
    }
}

/// Says why a transaction has no successful repetition to be measured; `true` when it has one.
pub(super) fn measurable(of: &Runs<'_>, sheet: &mut Sheet) -> bool {
    if of.durations().next().is_some() {
        return true;
    }
    if of.ends.is_empty() {
        sheet.not_tested(&of.name, "common.not_reached", &[]);
    } else if of.ends.iter().any(|e| matches!(e, End::Bad)) {
        sheet.not_tested(&of.name, "no_success", &bulwark_i18n::args![name = of.name]);
    } else if let Some(failure) = of.trouble() {
        sheet.error(&of.name, failure);
    }
    false
}

/// The group of a name, made when the plan does not know it.
fn entry<'r, 'a>(all: &'r mut Vec<Runs<'a>>, name: &str) -> Option<&'r mut Runs<'a>> {
    if !all.iter().any(|r| r.name == name) {
        all.push(Runs { name: name.to_owned(), plan: None, pieces: Vec::new(), ends: Vec::new() });
    }
    all.iter_mut().find(|r| r.name == name)
}

/// `transaction:查詢#0003` → `查詢`.
fn name_of(key: &str) -> &str {
    let subject = subject_of(key);
    subject.rsplit_once('#').map_or(subject, |(name, _)| name)
}

fn end_of(t: &Transaction) -> End {
    let mut total = 0_u64;
    for step in &t.steps {
        match &step.answer {
            Err(failure) => return blame(failure),
            // 429 is the target asking *us* to slow down.
            Ok(x) if x.status == 429 && !step.unmet.is_empty() => {
                return End::Unmeasured(Failure::new(
                    bulwark_probe::failure::Step::Pace,
                    Code::CircuitOpen,
                    format!("{} → 429", label(&step.name)),
                ));
            }
            Ok(x) if step.ok() => total = total.saturating_add(total_us(&x.phases)),
            Ok(_) => return End::Bad,
        }
    }
    if t.steps.is_empty() || t.steps.len() < t.planned_steps as usize { End::Bad } else { End::Good(total) }
}

/// Whose fault a step without answer is: the target's when it refused, broke off or spoke nonsense; a
/// time-out is open; everything else (scope, limits, resolver, our machine) is ours.
pub(super) fn blame(failure: &Failure) -> End {
    match failure.code {
        Code::Refused
        | Code::Closed
        | Code::NotTls
        | Code::NotPlain
        | Code::TlsFailed
        | Code::BadAnswer
        | Code::Bomb
        | Code::RedirectLoop => End::Bad,
        Code::TimedOut | Code::TooSlow => End::TimedOut(failure.clone()),
        _ => End::Unmeasured(failure.clone()),
    }
}

/// The whole of a request; hostile numbers stop at the largest.
pub(super) fn total_us(p: &Phases) -> u64 {
    [p.resolve_us, p.connect_us, p.tls_us, p.processing_us, p.transfer_us]
        .into_iter()
        .fold(0, u64::saturating_add)
}

/// Name of a step for people and assets.
pub(super) fn step_asset(transaction: &str, step: &StepRun) -> String {
    format!("{transaction} › {}", label(&step.name))
}
