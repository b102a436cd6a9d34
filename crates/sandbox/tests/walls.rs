//! What a child behind the walls can and cannot do, each outcome by name.

#![cfg(target_os = "linux")]

use std::io::Write as _;
use std::path::Path;

use bulwark_i18n::wrong_usage;
use bulwark_model::Lang;
use bulwark_sandbox::{Job, Level, Limits, Output, Refusal, run, texts};

const ESCAPEE: &str = env!("CARGO_BIN_EXE_escapee");

fn job<'a>(attempt: &str, input: &'a [u8]) -> Job<'a> {
    let limits = Limits { cpu_seconds: 1, wall_ms: 60_000, ..Limits::default() };
    Job { limits, ..Job::new(ESCAPEE, &[attempt, "all"], input) }
}

fn attempt(name: &str) -> Result<Output, Refusal> {
    run(&job(name, b"input"))
}

/// What the child told after an attempt behind one wall.
fn behind(wall: &str, attempt: &str) -> Refusal {
    run(&Job::new(ESCAPEE, &[attempt, wall], b"")).expect_err("one wall alone gives no answer")
}

fn said(refusal: &Refusal) -> &str {
    match refusal {
        Refusal::Crash { ended, said } if ended == "exit status: 4" => said,
        other => panic!("{other:?}"),
    }
}

fn level() -> Level {
    attempt("echo").expect("an answer").walls.landlock
}

#[test]
fn a_well_behaved_parser_answers() {
    let output = attempt("echo").expect("an answer");
    assert_eq!(output.bytes, b"input");
    assert_eq!(attempt("hash").expect("an answer").bytes, b"5");
    assert_eq!(attempt("clock").expect("an answer").bytes, b"true");
    let large = vec![7; 20 << 20];
    assert_eq!(run(&job("echo", &large)).expect("an answer").bytes, large);
    assert_eq!(run(&job("echo", b"")).expect("an answer").bytes, b"");
}

#[test]
fn the_height_of_landlock_is_reported() {
    let level = level();
    // Past the capture of the test harness, so that every log says it: a kernel without Landlock still has the
    // other walls, and the tests of this one check less there.
    let _ = writeln!(std::io::stderr(), "landlock on this machine: {}", level.label().get(Lang::En));
    let kernel_has_it =
        std::fs::read_to_string("/sys/kernel/security/lsm").map(|list| list.contains("landlock"));
    if let Ok(has) = kernel_has_it {
        assert_eq!(level != Level::Absent, has);
    }
}

#[test]
fn whatever_no_parser_needs_kills_the_child() {
    for name in ["socket", "connect", "open", "write", "list", "remove", "fork", "thread"] {
        let refusal = attempt(name).expect_err(name);
        assert!(matches!(refusal, Refusal::Forbidden { .. }), "{name}: {refusal:?}");
    }
    assert!(!Path::new("/tmp/bulwark-escapee").exists());
}

#[test]
fn landlock_alone_keeps_files_and_ports_shut() {
    let level = level();
    for (name, want) in [("open", "PermissionDenied"), ("list", "PermissionDenied")] {
        let told = behind("files", name);
        let told = said(&told);
        match level {
            Level::Absent => assert_eq!(told, "Absent done", "{name}"),
            level => assert_eq!(told, format!("{level:?} {want}"), "{name}"),
        }
    }
    if level == Level::Full {
        assert_eq!(said(&behind("files", "connect")), "Full PermissionDenied");
    }
    // The control: what is refused above is possible without the wall.
    assert_eq!(said(&behind("privileges", "open")), "done");
    assert_eq!(said(&behind("privileges", "connect")), "ConnectionRefused");
    assert_eq!(said(&behind("privileges", "thread")), "done");
}

#[test]
fn seccomp_alone_kills() {
    for name in ["open", "socket", "fork"] {
        assert!(matches!(behind("calls", name), Refusal::Forbidden { .. }), "{name}");
    }
}

#[test]
fn limits_alone_bound_memory_time_and_files() {
    assert!(matches!(behind("resources", "memory"), Refusal::Memory { .. }));
    assert!(matches!(behind("resources", "spin"), Refusal::Cpu { .. }));
    // No fourth file can be opened, so none can be written.
    assert_eq!(said(&behind("resources", "write")), "Uncategorized");
    assert_eq!(said(&behind("resources", "open")), "Uncategorized");
}

#[test]
fn memory_is_bounded_at_once_and_in_steps() {
    for name in ["memory", "memory-slowly"] {
        let limits = Limits { cpu_seconds: 30, ..Limits::default() };
        assert_eq!(
            run(&Job { limits, ..job(name, b"") }),
            Err(Refusal::Memory { limit_bytes: 1 << 30 }),
            "{name}"
        );
    }
}

#[test]
fn endless_work_ends_by_processor_time_and_endless_waiting_by_the_clock() {
    assert_eq!(attempt("spin"), Err(Refusal::Cpu { limit_seconds: 1 }));
    let limits = Limits { wall_ms: 300, ..Limits::default() };
    let stalled = run(&Job { limits, ..job("stall", b"") });
    assert_eq!(stalled, Err(Refusal::Time { limit_ms: 300 }));
    let spun = run(&Job { limits, ..job("spin", b"") });
    assert_eq!(spun, Err(Refusal::Time { limit_ms: 300 }));
}

#[test]
fn too_long_an_answer_is_cut_off() {
    let limits = Limits { output_bytes: 1 << 20, ..Limits::default() };
    for name in ["flood", "flood-and-spin"] {
        let flooded = run(&Job { limits, ..job(name, b"") });
        assert_eq!(flooded, Err(Refusal::Output { limit_bytes: 1 << 20 }), "{name}");
    }
    // Exactly the limit is no flood, one byte more is.
    let exact = Limits { output_bytes: 1000, ..Limits::default() };
    assert_eq!(run(&Job { limits: exact, ..job("echo", &[1; 1000]) }).expect("an answer").bytes.len(), 1000);
    assert!(matches!(run(&Job { limits: exact, ..job("echo", &[1; 1001]) }), Err(Refusal::Output { .. })));
}

#[test]
fn a_crash_is_one_refused_file_with_its_cause() {
    for (name, ended, told) in [
        ("panic", "exit status: 101", "a panic on purpose"),
        ("recursion", "signal: 6 (SIGABRT)", "overflowed its stack"),
        ("abort", "signal: 6 (SIGABRT)", ""),
        ("exit", "exit status: 7", ""),
    ] {
        match attempt(name) {
            Err(Refusal::Crash { ended: how, said }) => {
                assert!(how.starts_with(ended), "{name}: {how}");
                assert!(said.contains(told), "{name}: {said}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn error_output_is_kept_short_and_harmless() {
    assert_eq!(attempt("talk").expect("an answer").bytes, b"talked");
    let refusal =
        run(&Job { args: vec!["panic".into(), "all".into()], ..job("", b"") }).expect_err("a panic");
    let message = refusal.diagnostic("名冊.xlsx");
    assert_eq!((message.code.as_str(), message.location.to_string()), ("BW-BOX-003", "名冊.xlsx".to_owned()));
    assert!(message.cause.expect("a cause").contains("a panic on purpose"));
}

#[test]
fn a_child_with_a_thread_outside_the_walls_does_not_parse() {
    let refusal = run(&Job::new(ESCAPEE, &["threads", "all"], b"x")).expect_err("two threads");
    match &refusal {
        Refusal::Walls { said } => assert!(said.contains("it has 2"), "{said}"),
        other => panic!("{other:?}"),
    }
    assert!(refusal.is_ours());
}

#[test]
fn other_programs_are_no_parsers() {
    assert!(matches!(run(&Job::new("/nonexistent/bulwark", &[], b"x")), Err(Refusal::Start(_))));
    assert!(matches!(run(&Job::new("/bin/true", &[], b"x")), Err(Refusal::Foreign { .. })));
    assert!(matches!(
        run(&Job::new("/bin/echo", &["BW-BOX-1 hello to you all"], b"x")),
        Err(Refusal::Foreign { .. })
    ));
    assert!(matches!(run(&Job::new("/bin/false", &[], b"x")), Err(Refusal::Crash { .. })));
}

#[test]
fn nothing_of_the_environment_reaches_the_child() {
    let printed = run(&Job::new("/usr/bin/env", &[], b""));
    assert!(matches!(printed, Err(Refusal::Foreign { .. })));
    // The answer of a foreign program is not handed on, so look through a shell.
    let script = "test -z \"$(/usr/bin/env | /bin/grep -v -e ^PWD= -e ^_= -e ^SHLVL=)\" || exit 9";
    assert!(matches!(run(&Job::new("/bin/sh", &["-c", script], b"")), Err(Refusal::Foreign { .. })));
}

#[test]
fn every_refusal_has_its_texts() {
    let all = [
        Refusal::Start(String::new()),
        Refusal::Walls { said: String::new() },
        Refusal::Crash { ended: String::new(), said: String::new() },
        Refusal::Forbidden { said: String::new() },
        Refusal::Memory { limit_bytes: 1 << 30 },
        Refusal::Cpu { limit_seconds: 60 },
        Refusal::Time { limit_ms: 1500 },
        Refusal::Output { limit_bytes: 1 << 20 },
        Refusal::Foreign { said: String::new() },
    ];
    for refusal in &all {
        let message = refusal.diagnostic("x");
        for text in [&message.what, &message.hint] {
            assert!(!text.zh_tw.contains(['{', '}']) && !text.zh_tw.starts_with("BW-"), "{}", text.zh_tw);
            assert!(!text.en.contains(['{', '}']), "{}", text.en);
        }
    }
    assert!(all[6].diagnostic("x").what.en.contains("1.500 s"));
    let codes = texts().keys().filter(|key| key.starts_with("BW-")).count();
    assert_eq!(codes, all.len() * 2);
    for (key, text) in texts().iter() {
        assert_eq!(wrong_usage(&text.zh_tw), Vec::<String>::new(), "{key}");
    }
    for level in [Level::Absent, Level::Partial, Level::Full] {
        assert!(!level.label().en.contains("level."));
    }
}
