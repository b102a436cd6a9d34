//! The walls, one function each, so that tests can show what each of them stops alone. [`crate::confine`]
//! puts up all of them in the right order.

use std::collections::BTreeMap;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _,
    RulesetStatus, Scope,
};
use rustix::process::{DumpableBehavior, Resource, Rlimit, Signal};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

use crate::{Level, Limits};

/// A wall that could not be put up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// The process has several threads, or they cannot be counted: walls are put up around one thread.
    #[error("the process must have one thread, it has {0}")]
    Alone(String),
    /// A setting of the process.
    #[error("process settings: {0}")]
    Privileges(String),
    /// Landlock is there and failed.
    #[error("landlock: {0}")]
    Files(String),
    /// A resource limit.
    #[error("resource limits: {0}")]
    Resources(String),
    /// The filter of system calls.
    #[error("seccomp: {0}")]
    Calls(String),
}

/// Makes sure that no other thread stays outside the walls.
///
/// # Errors
/// When there is one.
pub fn alone() -> Result<(), Missing> {
    let threads = crate::io::threads().map_err(|error| Missing::Alone(error.to_string()))?;
    if threads == 1 { Ok(()) } else { Err(Missing::Alone(threads.to_string())) }
}

/// No new privileges, no debugger, no life after the parent.
///
/// # Errors
/// What the kernel answered.
pub fn privileges() -> Result<(), Missing> {
    let failed = |error: rustix::io::Errno| Missing::Privileges(error.to_string());
    rustix::thread::set_no_new_privs(true).map_err(failed)?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(failed)?;
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).map_err(failed)
}

/// Landlock with no rule at all: no path may be opened, no TCP port used, nothing outside signalled.
///
/// # Errors
/// When the kernel has Landlock and refuses; a kernel without it gives [`Level::Absent`].
pub fn files() -> Result<Level, Missing> {
    /// The newest interface whose rights are asked for; an older kernel gets what it knows.
    const NEWEST: ABI = ABI::V6;
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(NEWEST)))
        .and_then(|rules| rules.scope(Scope::from_all(NEWEST)))
        .and_then(Ruleset::create)
        .and_then(landlock::RulesetCreated::restrict_self)
        .map_err(|error| Missing::Files(error.to_string()))?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => Level::Full,
        RulesetStatus::PartiallyEnforced => Level::Partial,
        RulesetStatus::NotEnforced => Level::Absent,
    })
}

/// Processor time, memory, and nothing that outlives the process. The kernel ends the process a second after
/// the processor time is over, should it ignore the signal.
///
/// # Errors
/// What the kernel answered.
pub fn resources(limits: &Limits) -> Result<(), Missing> {
    let seconds = u64::from(limits.cpu_seconds);
    for (resource, soft, hard) in [
        (Resource::Cpu, seconds, seconds + 1),
        (Resource::As, limits.memory_bytes, limits.memory_bytes),
        (Resource::Core, 0, 0),
        (Resource::Fsize, 0, 0),
        // Standard input, output and error are open; a fourth there cannot be.
        (Resource::Nofile, 3, 3),
        (Resource::Nproc, 0, 0),
    ] {
        rustix::process::setrlimit(resource, Rlimit { current: Some(soft), maximum: Some(hard) })
            .map_err(|error| Missing::Resources(format!("{resource:?}: {error}")))?;
    }
    Ok(())
}

/// The filter of system calls: those a parser needs, with their arguments where these matter; at any other
/// the kernel kills the process.
///
/// # Errors
/// When the kernel has no seccomp or the processor is none we know.
pub fn calls() -> Result<(), Missing> {
    let failed = |error: &dyn std::fmt::Display| Missing::Calls(error.to_string());
    let program = filter().map_err(|error| failed(&error))?;
    seccompiler::apply_filter_all_threads(&program).map_err(|error| failed(&error))
}

fn filter() -> Result<BpfProgram, seccompiler::BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = ALLOWED.iter().map(|call| (*call, Vec::new())).collect();
    let own = u64::from(std::process::id());
    let not_executable = u64::from(libc::PROT_EXEC.unsigned_abs());
    for (call, argument, operator, values) in [
        // Only what the parent gave: its input, its two outputs.
        (libc::SYS_read, 0, SeccompCmpOp::Eq, &[0][..]),
        (libc::SYS_write, 0, SeccompCmpOp::Eq, &[1, 2]),
        (libc::SYS_writev, 0, SeccompCmpOp::Eq, &[1, 2]),
        // Memory, but none that can be executed.
        (libc::SYS_mmap, 2, SeccompCmpOp::MaskedEq(not_executable), &[0]),
        (libc::SYS_mprotect, 2, SeccompCmpOp::MaskedEq(not_executable), &[0]),
        // `abort` signals the process itself.
        (libc::SYS_tgkill, 0, SeccompCmpOp::Eq, &[own]),
    ] {
        let rule = |value: &u64| {
            SeccompRule::new(vec![SeccompCondition::new(
                argument,
                SeccompCmpArgLen::Dword,
                operator.clone(),
                *value,
            )?])
        };
        rules.insert(call, values.iter().map(rule).collect::<Result<_, _>>()?);
    }
    let arch = std::env::consts::ARCH.try_into()?;
    SeccompFilter::new(rules, SeccompAction::KillProcess, SeccompAction::Allow, arch)?.try_into()
}

/// Calls whose arguments do no harm: memory, time, chance, signals to oneself, and the end.
const ALLOWED: &[i64] = &[
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_clock_gettime,
    libc::SYS_getrandom,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_sigaltstack,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_restart_syscall,
    libc::SYS_close,
    libc::SYS_exit,
    libc::SYS_exit_group,
];
