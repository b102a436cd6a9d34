//! What a password must be like, and how it is kept.

use bulwark_identity::password::{About, Cost, Fault, PasswordError, Verdict, faults};
use proptest::prelude::*;

const TESTS: Cost = Cost::FOR_TESTS;
const GOOD: &str = "廚房裡三隻沉默的藍色茶壺";

fn codes(password: &str, about: &About<'_>) -> Vec<&'static str> {
    faults(password, about).iter().map(Fault::code).collect()
}

#[test]
fn length_is_counted_in_characters_after_normalising() {
    let nobody = About::default();
    assert_eq!(codes("茶壺茶壺三隻沉默廚房裡", &nobody), ["BW-ID-010"]); // 11 characters, 33 bytes
    assert_eq!(codes(GOOD, &nobody), Vec::<&str>::new());
    // One ligature of compatibility (U+FB03, "ffi") becomes three letters.
    assert_eq!(codes("q\u{fb03}-kx-vj-wz", &nobody), Vec::<&str>::new());
    let long: String = "茶壺裡的藍貓".chars().cycle().take(256).collect();
    assert_eq!(codes(&long, &nobody), Vec::<&str>::new());
    assert_eq!(codes(&format!("{long}茶"), &nobody), ["BW-ID-011"]);
    assert_eq!(codes(&"茶".repeat(1_000_000), &nobody), ["BW-ID-011"]);
}

#[test]
fn any_composition_will_do() {
    let nobody = About::default();
    for password in [
        "nevada-umbrella-quartz",
        "tvxkqlmpzrwy",
        "тихийсинийчайник",
        "🫖🐈🫖🐈🫖🌧️🍚🎐🏮🧧🐉🧋",
        "correct horse battery staple",
        "  lead and trail  ",
    ] {
        assert_eq!(codes(password, &nobody), Vec::<&str>::new(), "{password}");
    }
}

#[test]
fn the_name_and_the_agency_must_not_be_in_it() {
    let about = About {
        login: "Xiaoming.Wang@moda.gov.tw",
        words: &["數位發展部", "數位部", "MODA", "A1", "部"],
    };
    for (password, word) in [
        ("my-xiaoming-teapot", "xiaoming"),
        ("MODA-umbrella-quartz", "moda"),
        ("三隻沉默的數位部藍色茶壺", "數位部"),
        ("ＭＯＤＡ－umbrella-quartz", "moda"),
    ] {
        let fault = Fault::HoldsWord { word: word.to_owned() };
        assert!(faults(password, &about).contains(&fault), "{password}");
    }
    // Words of one or two letters turn up by chance.
    assert_eq!(codes("a1-nevada-umbrella-部", &about), Vec::<&str>::new());
}

#[test]
fn several_faults_are_told_at_once_and_never_quote_the_password() {
    let about = About { login: "hunter22", words: &[] };
    let found = faults("hunter22", &about);
    let codes: Vec<&str> = found.iter().map(Fault::code).collect();
    assert_eq!(codes, ["BW-ID-010", "BW-ID-012", "BW-ID-013"]);
    let told = Fault::Breached { times: 12_345 }.diagnostic();
    assert!(told.what.zh_tw.contains("12345") && !told.what.is_empty() && !told.hint.is_empty());
}

#[test]
fn a_hash_is_argon2id_with_the_cost_asked_for_and_its_own_salt() {
    let one = Cost { memory_kib: 64, passes: 2, lanes: 1 }.hash(GOOD).unwrap();
    assert!(one.starts_with("$argon2id$v=19$m=64,t=2,p=1$"), "{one}");
    assert_ne!(one, Cost { memory_kib: 64, passes: 2, lanes: 1 }.hash(GOOD).unwrap());
    assert_eq!(Cost::STANDARD, Cost { memory_kib: 65_536, passes: 3, lanes: 1 });
    assert!(Cost::STANDARD.decoy().starts_with("$argon2id$v=19$m=65536,t=3,p=1$"));
}

#[test]
fn hashes_of_the_reference_program_verify() {
    // printf '%s' password | argon2 somesalt -id -t 2 -k 256 -p 1 (P-H-C reference, test vector of its test.c)
    let reference = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    assert_eq!(TESTS.verify("password", reference).unwrap(), Verdict { ok: true, rehash: true });
    assert_eq!(TESTS.verify("passwore", reference).unwrap(), Verdict { ok: false, rehash: false });
}

#[test]
fn the_password_verifies_however_the_machine_composes_it() {
    let kept = TESTS.hash("Ａｂｃ１２３－é－茶壺三隻").unwrap();
    for same in ["Abc123－é－茶壺三隻", "Abc123-e\u{301}-茶壺三隻"] {
        assert_eq!(TESTS.verify(same, &kept).unwrap(), Verdict { ok: true, rehash: false });
    }
    for other in ["abc123-é-茶壺三隻", "Abc123-é-茶壺三隻 ", "Abc123-e-茶壺三隻", ""] {
        assert!(!TESTS.verify(other, &kept).unwrap().ok, "{other}");
    }
}

#[test]
fn another_cost_asks_for_a_new_hash_only_when_the_password_is_right() {
    let kept = Cost { memory_kib: 64, passes: 1, lanes: 1 }.hash(GOOD).unwrap();
    assert_eq!(TESTS.verify(GOOD, &kept).unwrap(), Verdict { ok: true, rehash: true });
    assert_eq!(TESTS.verify("wrong", &kept).unwrap(), Verdict { ok: false, rehash: false });
}

#[test]
fn nothing_fits_the_decoy() {
    for password in ["", "password", GOOD] {
        assert_eq!(TESTS.verify(password, &TESTS.decoy()).unwrap(), Verdict { ok: false, rehash: false });
    }
}

#[test]
fn a_damaged_or_hostile_row_is_named_and_costs_no_more() {
    let hash = "c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    for row in [
        String::new(),
        "plain".to_owned(),
        "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW".to_owned(),
        format!("$argon2i$v=19$m=256,t=2,p=1${hash}"),
        format!("$argon2id$v=16$m=256,t=2,p=1${hash}"),
        format!("$argon2id$v=19$m=4294967295,t=2,p=1${hash}"),
        format!("$argon2id$v=19$m=256,t=4294967295,p=1${hash}"),
        format!("$argon2id$v=19$m=256,t=0,p=1${hash}"),
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ".to_owned(),
        "$argon2id$v=19$m=256,t=2,p=1".to_owned(),
    ] {
        let found = TESTS.verify("password", &row);
        assert!(matches!(found, Err(PasswordError::Stored(_))), "{row}: {found:?}");
    }
}

#[test]
fn input_without_end_is_not_hashed() {
    assert_eq!(TESTS.hash(&"x".repeat(10_000)), Err(PasswordError::TooLong));
    let kept = TESTS.hash("").unwrap();
    assert!(!TESTS.verify(&"x".repeat(10_000), &kept).unwrap().ok);
}

proptest! {
    #[test]
    fn what_was_hashed_verifies_and_nothing_else(password in "\\PC{0,40}", other in "\\PC{0,40}") {
        let kept = TESTS.hash(&password).unwrap();
        prop_assert!(TESTS.verify(&password, &kept).unwrap().ok);
        let same = bulwark_identity::password::normal(&password) == bulwark_identity::password::normal(&other);
        prop_assert_eq!(TESTS.verify(&other, &kept).unwrap().ok, same);
    }

    #[test]
    fn no_row_makes_it_panic(row in "\\PC{0,120}", at in 0usize..200, byte in 0x20u8..0x7f) {
        let _ = TESTS.verify("password", &row);
        let mut kept = TESTS.decoy().into_bytes();
        let at = at % kept.len();
        kept[at] = byte;
        let kept = String::from_utf8(kept).unwrap();
        // A row may ask for up to a gibibyte; here only small ones are computed.
        if !kept.starts_with("$argon2id$v=19$m=") || kept.starts_with("$argon2id$v=19$m=32,t=1,p=1$") {
            prop_assert!(!TESTS.verify("password", &kept).is_ok_and(|verdict| verdict.ok));
        }
    }
}
