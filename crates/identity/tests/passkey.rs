//! Passkeys from registration to log-in with a device in software, and every way we know to cheat.

#![expect(clippy::unwrap_used, reason = "helpers of a test fail by panicking")]

use bulwark_identity::passkey::{PasskeyError, RelyingParty, StoredPasskey, credential_of};
use bulwark_identity::{Pending, refused};
use bulwark_testkit::authenticator::Authenticator;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

const ORIGIN: &str = "http://localhost:8443";
const HANDLE: [u8; 16] = *b"0123456789abcdef";

fn now() -> Timestamp {
    "2026-11-25T01:00:00Z".parse().unwrap()
}

fn party() -> RelyingParty {
    RelyingParty::new("localhost", ORIGIN, "壁壘").unwrap()
}

fn registered(device: &mut Authenticator) -> StoredPasskey {
    let (options, state) =
        party().start_registration(HANDLE, "wang@agency.gov.tw", "王 小明", &[], now()).unwrap();
    let answer = device.create(&options, ORIGIN).unwrap();
    party().finish_registration(state, &answer, "辦公室的筆電", now()).unwrap()
}

/// What comes of logging in when the device or the browser behave as `bend` says.
fn log_in(origin: &str, bend: impl FnOnce(&mut Authenticator)) -> Result<StoredPasskey, PasskeyError> {
    let mut device = Authenticator::new();
    let stored = registered(&mut device);
    bend(&mut device);
    let (options, state) = party().start_authentication(now()).unwrap();
    let answer = device.get(&options, origin).unwrap();
    party().finish_authentication(state, &stored, &answer, now())
}

#[test]
fn a_person_registers_a_device_and_logs_in_with_it() {
    let mut device = Authenticator::new();
    let stored = registered(&mut device);
    assert_eq!((stored.label(), stored.user_handle(), stored.counter()), ("辦公室的筆電", HANDLE, 0));
    assert_eq!((stored.created(), stored.last_used(), stored.can_be_copied()), (now(), None, false));

    let later = now() + SignedDuration::from_hours(24);
    let (options, state) = party().start_authentication(later).unwrap();
    let answer = device.get(&options, ORIGIN).unwrap();
    assert_eq!(credential_of(&answer).unwrap(), (stored.id(), Some(HANDLE)));
    let row = StoredPasskey::from_json(&stored.to_json()).unwrap();
    let updated = party().finish_authentication(state, &row, &answer, later).unwrap();
    assert_eq!((updated.counter(), updated.last_used()), (1, Some(later)));
    assert_eq!((updated.id(), updated.label()), (stored.id(), stored.label()));
}

#[test]
fn the_options_ask_for_what_we_want_and_show_the_names() {
    let mut device = Authenticator::new();
    let existing = registered(&mut device);
    let (options, _) = party()
        .start_registration(HANDLE, "王 小明 <w>", "王小明", std::slice::from_ref(&existing), now())
        .unwrap();
    let options: serde_json::Value = serde_json::from_str(&options).unwrap();
    assert_eq!(options["rp"], serde_json::json!({ "name": "壁壘", "id": "localhost" }));
    assert_eq!(options["user"]["name"], "王 小明 <w>");
    assert_eq!(options["user"]["displayName"], "王小明");
    assert_eq!(options["attestation"], "none");
    assert_eq!(options["timeout"], 300_000);
    assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
    assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(options["extensions"]["enforceCredentialProtectionPolicy"], false);
    assert_eq!(options["excludeCredentials"][0]["id"], existing.id().as_str());
    assert_eq!(options["excludeCredentials"][0]["transports"], serde_json::json!(["hybrid", "internal"]));
}

#[test]
fn a_step_up_takes_only_the_keys_of_the_person() {
    let mut device = Authenticator::new();
    let stored = registered(&mut device);
    let (options, state) = party().start_authentication_for(std::slice::from_ref(&stored), now()).unwrap();
    let told: serde_json::Value = serde_json::from_str(&options).unwrap();
    assert_eq!(told["userVerification"], "required");
    assert_eq!(told["allowCredentials"][0]["id"], stored.id().as_str());
    let answer = device.get(&options, ORIGIN).unwrap();
    assert_eq!(party().finish_authentication(state, &stored, &answer, now()).unwrap().counter(), 1);

    // Another person's device answers a step-up that named only ours.
    let mut other_device = Authenticator::new();
    let other = registered(&mut other_device);
    let (_, state) = party().start_authentication_for(&[stored], now()).unwrap();
    let (anyone, _) = party().start_authentication(now()).unwrap();
    let answer = other_device.get(&anyone, ORIGIN).unwrap();
    let refused = party().finish_authentication(state, &other, &answer, now());
    assert_eq!(refused, Err(PasskeyError::OtherPasskey));
    assert_eq!(party().start_authentication_for(&[], now()).unwrap_err(), PasskeyError::NoPasskey);
}

#[test]
fn every_way_to_cheat_at_log_in_is_named_and_refused() {
    use PasskeyError as E;
    let challenge = Some("AAAAAAAAAAAAAAAAAAAAAA".to_owned());
    let cases: Vec<(&str, E, Result<StoredPasskey, E>)> = vec![
        ("origin", E::WrongOrigin, log_in("http://localhost:9443", |_| ())),
        ("scheme", E::WrongOrigin, log_in("https://localhost:8443", |_| ())),
        ("site", E::WrongOrigin, log_in("https://bulwark.example.tw", |_| ())),
        ("challenge", E::WrongChallenge, log_in(ORIGIN, |d| d.challenge = challenge)),
        ("party", E::WrongRelyingParty, log_in(ORIGIN, |d| d.rp_id = Some("evil.tw".into()))),
        ("verified", E::UserNotVerified, log_in(ORIGIN, |d| d.user_verified = false)),
        ("present", E::UserNotPresent, log_in(ORIGIN, |d| d.user_present = false)),
        ("key", E::BadSignature, log_in(ORIGIN, Authenticator::forget_private_keys)),
        ("user", E::OtherPasskey, log_in(ORIGIN, |d| d.claim_user("AAAAAAAAAAAAAAAAAAAAAA"))),
        ("backup", E::BackupChanged, log_in(ORIGIN, |d| d.backup_eligible = true)),
    ];
    for (what, expected, found) in cases {
        assert_eq!(found, Err(expected), "{what}");
    }
    assert!(log_in(ORIGIN, |_| ()).is_ok());
}

#[test]
fn a_counter_that_does_not_rise_is_refused_and_one_that_stays_at_zero_is_not() {
    let mut device = Authenticator::new();
    let mut stored = registered(&mut device);
    let once = |device: &mut Authenticator, stored: &StoredPasskey| {
        let (options, state) = party().start_authentication(now()).unwrap();
        let answer = device.get(&options, ORIGIN).unwrap();
        party().finish_authentication(state, stored, &answer, now())
    };
    device.counter = 6;
    stored = once(&mut device, &stored).unwrap();
    for before in [6, 5, 0] {
        device.counter = before;
        assert_eq!(once(&mut device, &stored), Err(PasskeyError::CounterWentBack { stored: 7 }), "{before}");
    }
    device.counter = 7;
    assert_eq!(once(&mut device, &stored).unwrap().counter(), 8);

    let mut synced = Authenticator::bent(|d| (d.counts, d.backup_eligible) = (false, true));
    let stored = registered(&mut synced);
    assert!(stored.can_be_copied());
    let stored = once(&mut synced, &stored).unwrap();
    assert_eq!(once(&mut synced, &stored).unwrap().counter(), 0);
}

#[test]
fn a_state_serves_once_and_an_answer_serves_one_state() {
    let mut device = Authenticator::new();
    let stored = registered(&mut device);
    let mut pending = Pending::with_room_for(10);
    let (options, state) = party().start_authentication(now()).unwrap();
    let ticket = pending.keep(state, now()).unwrap();
    let answer = device.get(&options, ORIGIN).unwrap();
    let state = pending.take(&ticket, now()).unwrap();
    assert!(party().finish_authentication(state, &stored, &answer, now()).is_ok());
    assert!(pending.take(&ticket, now()).is_none());

    let (_, fresh) = party().start_authentication(now()).unwrap();
    let replayed = party().finish_authentication(fresh, &stored, &answer, now());
    assert_eq!(replayed, Err(PasskeyError::WrongChallenge));
}

#[test]
fn five_minutes_are_the_end() {
    let mut device = Authenticator::new();
    let stored = registered(&mut device);
    for (seconds, accepted) in [(300, true), (301, false)] {
        let later = now() + SignedDuration::from_secs(seconds);
        let (options, state) = party().start_authentication(now()).unwrap();
        let answer = device.get(&options, ORIGIN).unwrap();
        let found = party().finish_authentication(state, &stored, &answer, later);
        assert_eq!(found.is_ok(), accepted);
        assert!(accepted || found == Err(PasskeyError::Expired));
        let (options, state) = party().start_registration(HANDLE, "w", "w", &[], now()).unwrap();
        let answer = Authenticator::new().create(&options, ORIGIN).unwrap();
        assert_eq!(party().finish_registration(state, &answer, "x", later).is_ok(), accepted);
    }
}

#[test]
fn every_way_to_cheat_at_registration_is_named_and_refused() {
    use PasskeyError as E;
    let register = |origin: &str, device: Authenticator, label: &str| {
        let mut device = device;
        let (options, state) = party().start_registration(HANDLE, "w", "w", &[], now()).unwrap();
        let answer = device.create(&options, origin).unwrap();
        party().finish_registration(state, &answer, label, now())
    };
    let good = Authenticator::new;
    let bent = |bend: fn(&mut Authenticator)| register(ORIGIN, Authenticator::bent(bend), "x");
    assert!(register(ORIGIN, good(), "x").is_ok());
    for (expected, found) in [
        (E::WrongOrigin, register("https://localhost", good(), "x")),
        (E::WrongChallenge, bent(|d| d.challenge = Some("AAAAAAAAAAAAAAAAAAAAAA".to_owned()))),
        (E::WrongRelyingParty, bent(|d| d.rp_id = Some("a.tw".into()))),
        (E::UserNotVerified, bent(|d| d.user_verified = false)),
        (E::UserNotPresent, bent(|d| d.user_present = false)),
        (E::Label { limit: 64, found: 0 }, register(ORIGIN, good(), " \n ")),
        (E::Label { limit: 64, found: 65 }, register(ORIGIN, good(), &"鑰".repeat(65))),
    ] {
        assert_eq!(found, Err(expected));
    }
}

#[test]
fn a_device_is_not_registered_twice() {
    let mut device = Authenticator::new();
    let stored = registered(&mut device);
    let (options, _) = party().start_registration(HANDLE, "w", "w", &[stored], now()).unwrap();
    assert_eq!(device.create(&options, ORIGIN), None);

    // A device that ignores the list: it answers with a key that is there already.
    let (options, first) = party().start_registration(HANDLE, "w", "w", &[], now()).unwrap();
    let answer = Authenticator::new().create(&options, ORIGIN).unwrap();
    let known = party().finish_registration(first, &answer, "x", now()).unwrap();
    let (options, again) = party().start_registration(HANDLE, "w", "w", &[known], now()).unwrap();
    let challenge: serde_json::Value = serde_json::from_str(&options).unwrap();
    let mut answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    answer["response"]["clientDataJSON"] = client_data(challenge["challenge"].as_str().unwrap()).into();
    let found = party().finish_registration(again, &answer.to_string(), "x", now());
    assert_eq!(found, Err(PasskeyError::AlreadyRegistered));
}

fn client_data(challenge: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let json = format!(
        r#"{{"type":"webauthn.create","challenge":"{challenge}","origin":"{ORIGIN}","crossOrigin":false}}"#
    );
    URL_SAFE_NO_PAD.encode(json)
}

#[test]
fn rows_written_by_earlier_versions_are_read() {
    // Written by version 0.1.0; a library that encodes otherwise must not lock people out.
    let row = include_str!("passkey-row-1.json").trim();
    let stored = StoredPasskey::from_json(row).unwrap();
    assert_eq!(stored.label(), "辦公室的筆電");
    assert_eq!(stored.to_json(), row);
}

#[test]
fn a_row_that_is_not_ours_is_named() {
    let row = registered(&mut Authenticator::new()).to_json();
    let value: serde_json::Value = serde_json::from_str(&row).unwrap();
    for (field, wrong) in [
        ("v", serde_json::json!(2)),
        ("id", "AA".into()),
        ("user", "AA".into()),
        ("key", "AA".into()),
        ("state", "AAAAAAAAAAAA".into()),
        ("state", "_wAAAAAAAA".into()),
        ("transports", serde_json::json!(["pigeon"])),
        ("created", "yesterday".into()),
    ] {
        let mut bad = value.clone();
        bad[field] = wrong;
        let found = StoredPasskey::from_json(&bad.to_string());
        assert!(matches!(found, Err(PasskeyError::Stored(_))), "{field}: {found:?}");
    }
}

#[test]
fn whoever_is_not_signed_in_reads_one_sentence() {
    assert_eq!(refused().code, "BW-ID-001");
    assert_eq!(PasskeyError::CounterWentBack { stored: 7 }.diagnostic().code, "BW-ID-049");
    assert!(PasskeyError::CounterWentBack { stored: 7 }.diagnostic().what.zh_tw.contains('7'));
}

/// What an answer says under its signature, and the names it goes by.
fn signed_parts(answer: &str) -> Vec<serde_json::Value> {
    let answer: serde_json::Value = serde_json::from_str(answer).unwrap();
    let response = &answer["response"];
    let parts = [&answer["id"], &response["clientDataJSON"], &response["authenticatorData"]];
    parts.into_iter().chain([&response["signature"], &response["userHandle"]]).cloned().collect()
}

fn is_shareable<T: Send + Sync + 'static>() {}

#[test]
fn states_can_be_kept_by_a_server() {
    is_shareable::<bulwark_identity::passkey::RegistrationState>();
    is_shareable::<bulwark_identity::passkey::AuthenticationState>();
    is_shareable::<RelyingParty>();
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic(text in ".{0,200}", at in 0usize..2000, byte in any::<u8>()) {
        let mut device = Authenticator::new();
        let stored = registered(&mut device);
        let (options, state) = party().start_authentication(now()).unwrap();
        let good = device.get(&options, ORIGIN).unwrap();
        let mut answer = good.clone().into_bytes();
        let at = at % answer.len();
        answer[at] = byte;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let _ = credential_of(&answer);
        let found = party().finish_authentication(state, &stored, &answer, now());
        // Nothing but what is not signed may differ in an answer that is accepted.
        if found.is_ok() {
            prop_assert_eq!(signed_parts(&answer), signed_parts(&good));
        }
        let _ = credential_of(&text);
        let _ = StoredPasskey::from_json(&text);
        let (_, state) = party().start_registration(HANDLE, &text, &text, &[], now()).unwrap();
        prop_assert!(party().finish_registration(state, &text, "x", now()).is_err());
    }

    #[test]
    fn no_row_makes_it_panic(at in 0usize..2000, byte in any::<u8>()) {
        let mut row = include_str!("passkey-row-1.json").trim().as_bytes().to_vec();
        let at = at % row.len();
        row[at] = byte;
        let _ = StoredPasskey::from_json(&String::from_utf8_lossy(&row));
    }
}
