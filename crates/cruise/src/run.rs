//! Running a plan: items in order, several at a time, interruptible and resumable.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bulwark_i18n::args;
use bulwark_model::{Clock, Diagnostic, Domain, Intensity, Lang};
use bulwark_probe::evidence::{Outcome, Record};
use bulwark_probe::failure::Code;
use bulwark_probe::net::{Prober, Stop, Traffic};
use bulwark_probe::task::Task;
use jiff::{SignedDuration, Timestamp};

use crate::diagnostic;
use crate::io::{Journal, State};
use crate::itinerary::{Item, itinerary};
use crate::plan::{Plan, Standing};
use crate::result::{Meta, kinds_of, run_id};
use crate::stop_switch::Watch;

/// Items in work at the same time. The pace of each address is kept by the prober; more workers
/// only let different addresses be looked at side by side.
const WORKERS: usize = 4;
/// How often a waiting worker looks whether it was stopped.
const SLICE: Duration = Duration::from_millis(200);

/// Whoever does the collecting: the prober, or a stand-in of a test.
pub trait Collect: Sync {
    /// Collects one piece of evidence. Never fails: trouble is part of the record.
    fn collect(&self, task: &Task, stop: &Stop) -> Record;
    /// What it has cost the targets so far.
    fn traffic(&self) -> Traffic;
    /// Names and their pinned addresses.
    fn pinned(&self) -> BTreeMap<String, Vec<IpAddr>>;
}

impl Collect for Prober {
    fn collect(&self, task: &Task, stop: &Stop) -> Record {
        Self::collect(self, task, stop)
    }

    fn traffic(&self) -> Traffic {
        Self::traffic(self)
    }

    fn pinned(&self) -> BTreeMap<String, Vec<IpAddr>> {
        Self::pinned(self)
    }
}

/// What is to be run, and where to.
#[derive(Debug, Clone)]
pub struct Order<'a> {
    /// The plan; its intensity may have been changed by the command line.
    pub plan: &'a Plan,
    /// Folder that relative paths of the plan start from.
    pub plan_folder: &'a Path,
    /// Output folder.
    pub out: &'a Path,
    /// Domains to check; empty means all.
    pub only: Vec<Domain>,
    /// Why to start with a background record below nine of nine.
    pub reason: Option<String>,
    /// Wait for the window instead of refusing.
    pub wait: bool,
    /// Seal what is there without collecting more.
    pub partial: bool,
    /// `bulwark 0.1.0`.
    pub tool: String,
}

/// How far a run has come.
#[derive(Debug, Clone)]
pub struct Progress {
    /// Items finished, those of an earlier attempt included.
    pub done: usize,
    /// Items in all.
    pub total: usize,
    /// What is being looked at.
    pub subject: String,
    /// Connections and requests so far.
    pub traffic: Traffic,
    /// Time since this attempt started.
    pub elapsed: SignedDuration,
    /// Expected time to the end, once it can be told.
    pub eta: Option<SignedDuration>,
}

/// What a run gathered.
#[derive(Debug)]
pub struct Gathered {
    /// Facts of the run.
    pub meta: Meta,
    /// Evidence by record id.
    pub evidence: Vec<(String, Record)>,
    /// Messages about the run itself.
    pub notes: Vec<Diagnostic>,
    /// The journal, to be removed once the result is sealed.
    pub(crate) journal: Journal,
}

impl Gathered {
    /// Removes the journal. Call it when the result is on disk.
    ///
    /// # Errors
    /// Names the folder that cannot be removed.
    pub fn sealed(self) -> Result<(), Diagnostic> {
        self.journal.remove()
    }
}

/// Why a run ended without a result.
#[derive(Debug)]
pub enum Halt {
    /// The plan, folder or window does not allow it.
    Refused(Vec<Diagnostic>),
    /// Stopped; the journal is kept and the same command goes on.
    Interrupted(Vec<Diagnostic>),
}

/// Collects everything the plan asks for.
///
/// # Errors
/// [`Halt::Refused`] before anything was sent, [`Halt::Interrupted`] after a stop or the end of the
/// window; what was collected is kept for the next call.
pub fn run(
    order: &Order<'_>,
    collector: &dyn Collect,
    clock: &dyn Clock,
    stop: &Stop,
    report: &(dyn Fn(&Progress) + Sync),
) -> Result<Gathered, Halt> {
    permitted(order, clock, stop)?;
    let now = clock.now();
    let window_s = order.plan.window.map(|w| w.left(now).as_secs());
    if itinerary(order.plan, &order.only, None).is_empty() && order.plan.answers.is_empty() {
        return Err(Halt::Refused(vec![diagnostic("BW-RUN-007", &[])]));
    }
    let fresh = State {
        format: 1,
        plan_sha256: order.plan.sha256.clone(),
        only: order.only.clone(),
        intensity: order.plan.intensity,
        started_at: now,
        window_s,
        reason: order.reason.clone(),
    };
    std::fs::create_dir_all(order.out).map_err(|e| {
        Halt::Refused(vec![diagnostic("BW-RUN-009", &args![path = order.out.display()]).because(e)])
    })?;
    let (journal, _) = Journal::open(order.out, fresh).map_err(|d| Halt::Refused(vec![d]))?;
    let state = journal.state().clone();
    let items = itinerary(order.plan, &order.only, state.window_s.map(SignedDuration::from_secs));
    let mut notes = Vec::new();
    let mut known: BTreeMap<String, Record> = BTreeMap::new();
    for item in &items {
        if let Some(record) = journal.load(&item.id, &mut notes) {
            known.insert(item.id.clone(), record);
        }
    }
    let office = Office {
        order,
        collector,
        clock,
        stop,
        switch: Watch::new(&order.plan.stop, collector, clock, stop),
        report,
        journal: &journal,
        items: &items,
        began: now,
        done_before: known.len(),
        spread_from: spread_from(&items, &known, &state, now),
        queue: Mutex::new(items.iter().filter(|i| !known.contains_key(&i.id)).collect()),
        finished: Mutex::new(known),
        done: AtomicUsize::new(0),
        broken: Mutex::new(None),
        halted: AtomicBool::new(false),
    };
    if !order.partial {
        office.work();
    }
    if let Some(trouble) = office.broken.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(Halt::Interrupted(vec![trouble]));
    }
    let finished = office.finished.into_inner().unwrap_or_else(PoisonError::into_inner);
    if finished.len() < items.len() && !order.partial {
        notes.extend(office.switch.reason());
        notes.push(diagnostic("BW-RUN-004", &args![done = finished.len(), total = items.len()]));
        if let Some(standing @ (Standing::Opens { .. } | Standing::Over)) =
            order.plan.window.map(|w| w.standing(clock.now()))
        {
            notes.push(window_note(standing));
        }
        return Err(Halt::Interrupted(notes));
    }
    let evidence: Vec<(String, Record)> =
        items.iter().filter_map(|i| finished.get(&i.id).map(|r| (i.id.clone(), r.clone()))).collect();
    notes.extend(refusals(&evidence));
    let meta = meta(order, collector, &state, &items, &evidence);
    Ok(Gathered { meta, evidence, notes, journal })
}

fn meta(
    order: &Order<'_>,
    collector: &dyn Collect,
    state: &State,
    items: &[Item],
    evidence: &[(String, Record)],
) -> Meta {
    let finished_at = evidence
        .iter()
        .filter_map(|(_, r)| {
            r.started_at
                .checked_add(SignedDuration::from_millis(i64::try_from(r.duration_ms).unwrap_or(0)))
                .ok()
        })
        .max()
        .unwrap_or(state.started_at);
    let traffic = collector.traffic();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Meta {
        format: 1,
        id: run_id(&order.plan.sha256, state.started_at),
        started_at: state.started_at,
        finished_at,
        tool: order.tool.clone(),
        plan_sha256: order.plan.sha256.clone(),
        plan_folder: order.plan_folder.to_string_lossy().into_owned(),
        intensity: order.plan.intensity,
        only: order.only.clone(),
        reason: state.reason.clone(),
        items_done: count(evidence.len()),
        items_planned: count(items.len()),
        planned_kinds: kinds_of(items),
        pinned: collector
            .pinned()
            .into_iter()
            .map(|(name, addresses)| (name, addresses.iter().map(ToString::to_string).collect()))
            .collect(),
        connections: traffic.connections,
        requests: traffic.requests,
        bytes_in: traffic.bytes_in,
        programs: programs(evidence),
    }
}

/// Programs that the evidence names: the database servers asked and the browser used.
fn programs(evidence: &[(String, Record)]) -> Vec<(String, String)> {
    use bulwark_probe::evidence::Body;
    let mut out = std::collections::BTreeSet::new();
    for (_, record) in evidence {
        let Outcome::Collected(body) = &record.outcome else { continue };
        if let Body::Browser(b) = body.as_ref() {
            let (name, version) = b.product.split_once('/').unwrap_or((&b.product, ""));
            out.insert((name.to_owned(), version.to_owned()));
        }
    }
    out.into_iter().collect()
}

/// Whether the run may start: approval, background record, window.
fn permitted(order: &Order<'_>, clock: &dyn Clock, stop: &Stop) -> Result<(), Halt> {
    let plan = order.plan;
    let local_only = plan.scope.this_machine
        && plan.scope.hosts.is_empty()
        && plan.scope.urls.is_empty()
        && plan.scope.domains.is_empty()
        && plan.scope.mail_domains.is_empty()
        && plan.scope.databases.is_empty();
    let mut notes = Vec::new();
    if plan.approval.is_none() && !local_only && plan.intensity != Intensity::Lab {
        notes.push(diagnostic("BW-RUN-001", &[]));
    }
    let known = plan.system.background.known();
    if known < 9 && order.reason.as_deref().is_none_or(|r| r.trim().is_empty()) && !local_only {
        notes.push(background_note(plan, known));
    }
    if !notes.is_empty() {
        return Err(Halt::Refused(notes));
    }
    let Some(window) = plan.window else { return Ok(()) };
    loop {
        match window.standing(clock.now()) {
            Standing::Open { .. } => return Ok(()),
            _ if order.partial => return Ok(()),
            standing @ Standing::Opens { .. } if order.wait => {
                if stop.stopped() {
                    return Err(Halt::Refused(vec![window_note(standing)]));
                }
                clock.sleep(SLICE);
            }
            standing => return Err(Halt::Refused(vec![window_note(standing)])),
        }
    }
}

fn background_note(plan: &Plan, known: usize) -> Diagnostic {
    let missing: Vec<(String, String)> = plan
        .system
        .background
        .facts()
        .iter()
        .filter(|(_, value)| value.is_none())
        .map(|(key, _)| {
            let label = crate::texts().text(&format!("report.background_{key}"), &[]);
            (label.zh_tw, label.en)
        })
        .collect();
    let join = |lang, pick: fn(&(String, String)) -> &str| {
        bulwark_i18n::list(&missing.iter().map(pick).collect::<Vec<_>>(), lang)
    };
    let zh = diagnostic("BW-RUN-008", &args![known = known, missing = join(Lang::ZhTw, |m| &m.0)]);
    let en = diagnostic("BW-RUN-008", &args![known = known, missing = join(Lang::En, |m| &m.1)]);
    let mut note = zh;
    note.what.en = en.what.en;
    note
}

fn window_note(standing: Standing) -> Diagnostic {
    match standing {
        Standing::Opens { at } => {
            let zh = diagnostic("BW-RUN-002", &args![at = bulwark_i18n::date_time(at, Lang::ZhTw)]);
            let en = diagnostic("BW-RUN-002", &args![at = bulwark_i18n::date_time(at, Lang::En)]);
            let mut note = zh;
            note.what.en = en.what.en;
            note
        }
        Standing::Open { .. } | Standing::Over => diagnostic("BW-RUN-006", &[]),
    }
}

/// One message for every target that the scope refused.
fn refusals(evidence: &[(String, Record)]) -> Vec<Diagnostic> {
    evidence
        .iter()
        .filter_map(|(_, record)| match &record.outcome {
            Outcome::Failed(f) if f.code == Code::OutOfScope => {
                Some(diagnostic("BW-RUN-010", &args![target = f.detail]).at_named(&record.subject))
            }
            _ => None,
        })
        .collect()
}

/// The moment from which repetitions are spread: the start of the run, moved on by what a resumed run is
/// late, so that repetitions missed meanwhile come at their distance and not in one burst.
fn spread_from(items: &[Item], known: &BTreeMap<String, Record>, state: &State, now: Timestamp) -> Timestamp {
    let open = items.iter().filter(|i| !known.contains_key(&i.id));
    let first = open.map(|i| i.not_before).filter(SignedDuration::is_positive).min();
    let due = first.and_then(|first| state.started_at.checked_add(first).ok());
    match due {
        Some(due) if due < now && now > state.started_at => {
            state.started_at.checked_add(now.duration_since(due)).unwrap_or(state.started_at)
        }
        _ => state.started_at,
    }
}

/// The workers and what they share.
struct Office<'a> {
    order: &'a Order<'a>,
    collector: &'a dyn Collect,
    clock: &'a dyn Clock,
    stop: &'a Stop,
    switch: Watch<'a>,
    report: &'a (dyn Fn(&Progress) + Sync),
    journal: &'a Journal,
    items: &'a [Item],
    began: Timestamp,
    done_before: usize,
    /// The moment from which repetitions are spread.
    spread_from: Timestamp,
    queue: Mutex<Vec<&'a Item>>,
    finished: Mutex<BTreeMap<String, Record>>,
    done: AtomicUsize,
    broken: Mutex<Option<Diagnostic>>,
    halted: AtomicBool,
}

/// What a worker does next.
enum Next<'a> {
    Item(&'a Item),
    Wait(SignedDuration),
    Nothing,
}

impl<'a> Office<'a> {
    fn work(&self) {
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(|| self.worker())).collect();
            if self.switch.set_up() {
                scope.spawn(|| self.switch.keep_looking());
            }
            let ends: Vec<_> = workers.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
            self.switch.end();
            if let Some(panic) = ends.into_iter().find_map(Result::err) {
                std::panic::resume_unwind(panic);
            }
        });
    }

    fn worker(&self) {
        while !self.must_stop() {
            match self.next() {
                Next::Nothing => return,
                Next::Wait(left) => {
                    let left = Duration::try_from(left).unwrap_or(SLICE);
                    self.clock.sleep(left.min(SLICE));
                }
                Next::Item(item) => {
                    self.switch.look();
                    if self.must_stop() {
                        return;
                    }
                    self.collect(item);
                }
            }
        }
    }

    /// Stopped by hand, by trouble with the journal, or because the window closed.
    fn must_stop(&self) -> bool {
        if self.stop.stopped() || self.halted.load(Ordering::Relaxed) {
            return true;
        }
        let closed = self
            .order
            .plan
            .window
            .is_some_and(|w| !matches!(w.standing(self.clock.now()), Standing::Open { .. }));
        if closed {
            self.stop.stop();
        }
        closed
    }

    fn next(&self) -> Next<'a> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = self.clock.now().duration_since(self.spread_from);
        if let Some(at) = queue.iter().position(|i| i.not_before <= elapsed) {
            return Next::Item(queue.remove(at));
        }
        match queue.iter().map(|i| i.not_before).min() {
            Some(first) => Next::Wait(first - elapsed),
            None => Next::Nothing,
        }
    }

    fn collect(&self, item: &Item) {
        self.tell(&item.task.subject());
        let record = self.collector.collect(&item.task, self.stop);
        // What we broke off ourselves is no evidence; the next attempt does it again.
        let broken_off = matches!(&record.outcome, Outcome::Failed(f) if f.code == Code::Interrupted)
            || self.stop.stopped();
        if broken_off {
            return;
        }
        if let Err(trouble) = self.journal.store(&item.id, &record) {
            *self.broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(trouble);
            self.halted.store(true, Ordering::Relaxed);
            return;
        }
        self.finished.lock().unwrap_or_else(PoisonError::into_inner).insert(item.id.clone(), record);
        self.done.fetch_add(1, Ordering::Relaxed);
        self.tell(&item.task.subject());
    }

    fn tell(&self, subject: &str) {
        let done_now = self.done.load(Ordering::Relaxed);
        let elapsed = self.clock.now().duration_since(self.began);
        let left = self.items.len() - self.done_before - done_now;
        let by_pace = (done_now > 0)
            .then(|| elapsed.checked_mul(i32::try_from(left).unwrap_or(i32::MAX)))
            .flatten()
            .and_then(|d| d.checked_div(i32::try_from(done_now).unwrap_or(i32::MAX)));
        let by_spread = self.items.iter().map(|i| i.not_before).max().unwrap_or_default()
            - self.clock.now().duration_since(self.spread_from);
        (self.report)(&Progress {
            done: self.done_before + done_now,
            total: self.items.len(),
            subject: subject.to_owned(),
            traffic: self.collector.traffic(),
            elapsed,
            eta: by_pace.map(|d| d.max(by_spread)),
        });
    }
}
