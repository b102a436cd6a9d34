//! Log-in through an identity provider that runs in the test, and every way we know in which one, or somebody in
//! between, may cheat.

#![expect(clippy::unwrap_used, reason = "helpers of a test fail by panicking")]

use bulwark_identity::Pending;
use bulwark_identity::oidc::{Client, Config, Freshness, OidcError, OidcIdentity, OidcState, Provider};
use bulwark_testkit::identity_provider::{Algorithm, IdentityProvider};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

const ISSUER: &str = "https://idp.example.gov.tw";

fn now() -> Timestamp {
    "2026-11-25T01:00:00Z".parse().unwrap()
}

fn idp() -> IdentityProvider {
    IdentityProvider::new(ISSUER, now().as_second())
}

fn config(idp: &IdentityProvider) -> Config {
    Config {
        issuer: idp.issuer.clone(),
        client_id: idp.client_id.clone(),
        client_secret: idp.client_secret.clone(),
        redirect_uri: "https://console.example.gov.tw/login/oidc".into(),
        scopes: vec!["email".into(), "profile".into()],
        required_acr: vec![],
    }
}

fn client(idp: &IdentityProvider) -> Client {
    let provider = Provider::new(config(idp)).unwrap();
    provider.discovered(idp.discovery().as_bytes(), idp.keys().as_bytes()).unwrap()
}

/// A log-in up to the token response, whose claims `bend` may change.
fn until_token(
    idp: &mut IdentityProvider,
    client: &Client,
    freshness: Freshness,
    bend: impl FnOnce(&mut Value),
) -> (OidcState, Result<String, String>) {
    let (address, state) = client.start(freshness, now()).unwrap();
    let back = idp.authorize(&address).unwrap();
    let code = client.code(&state, back.split_once('?').unwrap().1).unwrap();
    let request = client.token_request(&state, &code).unwrap();
    let answer = idp.token(request.authorization(), &request.body, bend);
    (state, answer)
}

fn log_in(idp: &mut IdentityProvider, bend: impl FnOnce(&mut Value)) -> Result<OidcIdentity, OidcError> {
    let client = client(idp);
    let (state, answer) = until_token(idp, &client, Freshness::Any, bend);
    client.finish(state, answer.unwrap().as_bytes(), now())
}

#[test]
fn a_person_comes_in_with_everything_the_provider_vouches_for() {
    let person = log_in(&mut idp(), |_| ()).unwrap();
    let expected = OidcIdentity {
        issuer: ISSUER.into(),
        subject: "248289761001".into(),
        email: Some("wang@agency.gov.tw".into()),
        email_verified: true,
        name: Some("王小明".into()),
        acr: Some("urn:gov:tw:aal3".into()),
        amr: vec!["hwk".into(), "user".into()],
        auth_time: Some(now() - SignedDuration::from_secs(10)),
    };
    assert_eq!(person, expected);
    let plain = log_in(&mut idp(), |claims| {
        for name in ["email", "name", "name#zh-TW", "acr", "amr", "auth_time"] {
            claims.as_object_mut().unwrap().remove(name);
        }
        claims["email_verified"] = "true".into(); // as some providers write it
    });
    let plain = plain.unwrap();
    assert_eq!((plain.email, plain.name, plain.acr, plain.amr.len()), (None, None, None, 0));
    assert!(plain.email_verified);
}

#[test]
fn requests_say_what_the_standards_ask_for() {
    let mut idp = idp();
    let provider = Provider::new(config(&idp)).unwrap();
    let discovery = provider.discovery_request();
    assert_eq!(
        (discovery.method.as_str(), discovery.url.as_str()),
        ("GET", "https://idp.example.gov.tw/.well-known/openid-configuration")
    );
    let keys = provider.keys_request(idp.discovery().as_bytes()).unwrap();
    assert_eq!(keys.url, "https://idp.example.gov.tw/keys");

    let client = client(&idp);
    let (address, state) = client.start(Freshness::Any, now()).unwrap();
    let address = url::Url::parse(&address).unwrap();
    let query: std::collections::HashMap<_, _> = address.query_pairs().collect();
    assert_eq!(query["response_type"], "code");
    assert_eq!(query["code_challenge_method"], "S256");
    assert_eq!(query["scope"], "openid email profile");
    assert_eq!(query["redirect_uri"], "https://console.example.gov.tw/login/oidc");
    assert!(query["state"].len() == 43 && query["nonce"].len() == 43 && query["code_challenge"].len() == 43);
    assert!(!query.contains_key("max_age") && !query.contains_key("prompt"));

    let back = idp.authorize(address.as_str()).unwrap();
    let code = client.code(&state, back.split_once('?').unwrap().1).unwrap();
    let request = client.token_request(&state, &code).unwrap();
    assert_eq!((request.method.as_str(), request.url.as_str()), ("POST", "https://idp.example.gov.tw/token"));
    assert!(request.authorization().unwrap().starts_with("Basic "));
    let content = ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned());
    assert!(request.headers.contains(&content));
    let printed = format!("{request:?} {state:?} {code:?} {:?}", config(&idp));
    assert!(!printed.contains("code_verifier") && !printed.contains("Basic") && !printed.contains("s e:c"));
}

#[test]
fn a_step_up_asks_for_a_fresh_proof_and_takes_no_old_one() {
    let mut idp = idp();
    let client = client(&idp);
    let fresh = Freshness::Within(SignedDuration::from_mins(5));
    let (address, _) = client.start(fresh, now()).unwrap();
    assert!(address.contains("max_age=300") && address.contains("prompt=login"));
    let at =
        |seconds: i64| move |claims: &mut Value| claims["auth_time"] = (now().as_second() - seconds).into();
    for (seconds, accepted) in [(0, true), (300, true), (360, true), (361, false), (86_400, false)] {
        let (state, answer) = until_token(&mut idp, &client, fresh, at(seconds));
        let found = client.finish(state, answer.unwrap().as_bytes(), now());
        assert_eq!(found.is_ok(), accepted, "{seconds}: {found:?}");
        assert!(accepted || matches!(found, Err(OidcError::NotEnough(_))));
    }
    let (state, answer) = until_token(&mut idp, &client, fresh, |claims| {
        claims.as_object_mut().unwrap().remove("auth_time");
    });
    let found = client.finish(state, answer.unwrap().as_bytes(), now());
    assert!(matches!(found, Err(OidcError::NotEnough(_))));
}

#[test]
fn a_level_that_is_required_must_be_reached() {
    let mut idp = idp();
    for (required, accepted) in [("urn:gov:tw:aal3", true), ("urn:gov:tw:aal4", false)] {
        let required_acr = vec![required.to_owned()];
        let provider = Provider::new(Config { required_acr, ..config(&idp) }).unwrap();
        let client = provider.discovered(idp.discovery().as_bytes(), idp.keys().as_bytes()).unwrap();
        assert!(client.start(Freshness::Any, now()).unwrap().0.contains("acr_values=urn"));
        let (state, answer) = until_token(&mut idp, &client, Freshness::Any, |_| ());
        let found = client.finish(state, answer.unwrap().as_bytes(), now());
        assert_eq!(found.is_ok(), accepted);
        assert!(accepted || matches!(found, Err(OidcError::NotEnough(_))));
    }
}

#[test]
fn tokens_are_taken_with_three_algorithms_and_no_other() {
    for (algorithm, accepted) in [
        (Algorithm::Rs256, true),
        (Algorithm::Es256, true),
        (Algorithm::EdDsa, true),
        (Algorithm::None, false),
        (Algorithm::Hs256OfPublicKey, false),
        (Algorithm::Hs256OfSecret, false),
    ] {
        let mut idp = idp();
        idp.algorithm = algorithm;
        let found = log_in(&mut idp, |_| ());
        assert_eq!(found.is_ok(), accepted, "{algorithm:?}: {found:?}");
        assert!(accepted || matches!(found, Err(OidcError::Algorithm(_))), "{algorithm:?}: {found:?}");
    }
}

#[test]
fn a_key_that_was_not_published_is_named_and_new_keys_help() {
    let mut idp = idp();
    let old = client(&idp);
    idp.key_id = Some("rsa-2".into());
    let (state, answer) = until_token(&mut idp, &old, Freshness::Any, |_| ());
    let answer = answer.unwrap();
    assert!(old.needs_new_keys(answer.as_bytes()));
    assert_eq!(old.finish(state, answer.as_bytes(), now()), Err(OidcError::UnknownKey));

    // The provider changed its key; once its keys are asked for again, it works.
    let keys = idp.keys().replace("rsa-1", "rsa-2");
    let provider = Provider::new(config(&idp)).unwrap();
    let new = provider.discovered(idp.discovery().as_bytes(), keys.as_bytes()).unwrap();
    let (state, answer) = until_token(&mut idp, &new, Freshness::Any, |_| ());
    let answer = answer.unwrap();
    assert!(!new.needs_new_keys(answer.as_bytes()));
    assert!(new.finish(state, answer.as_bytes(), now()).is_ok());

    // Another provider's key under a key id that we know.
    idp.key_id = Some("ec-1".into());
    idp.algorithm = Algorithm::Es256;
    let mut stranger = IdentityProvider::new(ISSUER, now().as_second());
    (stranger.algorithm, stranger.key_id) = (idp.algorithm, idp.key_id.clone());
    let known = client(&idp);
    let (state, answer) = until_token(&mut stranger, &known, Freshness::Any, |_| ());
    let found = known.finish(state, answer.unwrap().as_bytes(), now());
    assert!(matches!(found, Err(OidcError::BadSignature(_))), "{found:?}");

    // A key of one kind, an algorithm of another.
    idp.key_id = Some("rsa-1".into());
    let found = log_in(&mut idp, |_| ());
    assert_eq!(found, Err(OidcError::UnknownKey));
}

#[test]
fn claims_that_are_not_for_us_now_are_refused_by_name() {
    type Bend = fn(&mut Value);
    let at = now().as_second();
    let cases: Vec<(&str, &str, Bend)> = vec![
        ("another issuer", "BW-ID-062", |c| c["iss"] = "https://evil.example".into()),
        ("a slash more", "BW-ID-062", |c| c["iss"] = format!("{ISSUER}/").into()),
        ("another client", "BW-ID-067", |c| c["aud"] = "another".into()),
        ("one more client", "BW-ID-067", |c| c["aud"] = json!(["bulwark-console", "another"])),
        ("no client", "BW-ID-067", |c| c["aud"] = json!([])),
        ("another party", "BW-ID-067", |c| c["azp"] = "another".into()),
        ("another nonce", "BW-ID-068", |c| c["nonce"] = "n-0S6_WzA2Mj".into()),
        ("no nonce", "BW-ID-068", |c| c["nonce"] = Value::Null),
        ("over", "BW-ID-069", |c| c["exp"] = (now().as_second() - 60).into()),
        ("over long ago", "BW-ID-069", |c| c["exp"] = 1.into()),
        ("of the future", "BW-ID-069", |c| c["iat"] = (now().as_second() + 61).into()),
        ("of the past", "BW-ID-069", |c| c["iat"] = (now().as_second() - 61).into()),
        ("not yet", "BW-ID-069", |c| c["nbf"] = (now().as_second() + 61).into()),
        ("no subject", "BW-ID-066", |c| c["sub"] = Value::Null),
        ("no end", "BW-ID-066", |c| c["exp"] = "later".into()),
    ];
    for (what, code, bend) in cases {
        let found = log_in(&mut idp(), bend).unwrap_err();
        assert_eq!(found.code(), code, "{what}: {found:?}");
        assert_eq!(found.diagnostic().code, code);
    }
    let good: Vec<Bend> = vec![
        |c| c["aud"] = json!(["bulwark-console"]),
        |c| c["azp"] = "bulwark-console".into(),
        |c| c["exp"] = (now().as_second() - 59).into(),
        |c| c["iat"] = (now().as_second() + 60).into(),
        |c| c["nbf"] = (now().as_second() + 60).into(),
    ];
    for (index, bend) in good.into_iter().enumerate() {
        let found = log_in(&mut idp(), bend);
        assert!(found.is_ok(), "{index} at {at}: {found:?}");
    }
}

#[test]
fn a_redirect_must_belong_to_this_log_in_and_this_provider() {
    let mut idp = idp();
    let client = client(&idp);
    let (address, state) = client.start(Freshness::Any, now()).unwrap();
    let back = idp.authorize(&address).unwrap();
    let query = back.split_once('?').unwrap().1.to_owned();
    assert!(client.code(&state, &query).is_ok());
    assert!(client.code(&state, &format!("?{query}")).is_ok());

    let (_, other) = client.start(Freshness::Any, now()).unwrap();
    assert_eq!(client.code(&other, &query).unwrap_err(), OidcError::WrongState);
    assert_eq!(client.code(&state, "code=x").unwrap_err(), OidcError::WrongState);
    assert_eq!(client.code(&state, "").unwrap_err(), OidcError::WrongState);

    let state_of = query.split('&').find(|pair| pair.starts_with("state=")).unwrap();
    let iss = "iss=https%3A%2F%2Fidp.example.gov.tw";
    for (query, code) in [
        (format!("code=x&{state_of}&iss=https%3A%2F%2Fevil.example"), "BW-ID-062"),
        (format!("code=x&{state_of}"), "BW-ID-062"), // it said that it names itself
        (format!("{state_of}&{iss}"), "BW-ID-066"),
        (format!("code=&{state_of}&{iss}"), "BW-ID-066"),
        (format!("code=x&code=y&{state_of}&{iss}"), "BW-ID-066"),
        (format!("error=access_denied&error_description=no%0Away&{state_of}&{iss}"), "BW-ID-063"),
    ] {
        assert_eq!(client.code(&state, &query).unwrap_err().code(), code, "{query}");
    }
    let refused =
        client.code(&state, &format!("error=access_denied&error_description=no%0Away&{state_of}&{iss}"));
    let words = OidcError::Refused { error: "access_denied".into(), description: "noway".into() };
    assert_eq!(refused.unwrap_err(), words);

    // A provider that does not know RFC 9207 need not name itself.
    idp.names_itself = false;
    let quiet = self::client(&idp);
    let (address, state) = quiet.start(Freshness::Any, now()).unwrap();
    let back = idp.authorize(&address).unwrap();
    assert!(quiet.code(&state, back.split_once('?').unwrap().1).is_ok());
}

#[test]
fn a_state_serves_its_own_provider_once_and_for_five_minutes() {
    let mut idp = idp();
    let client = client(&idp);
    let other_idp = IdentityProvider::new("https://other.example.gov.tw", now().as_second());
    let other = self::client(&other_idp);

    let (address, state) = client.start(Freshness::Any, now()).unwrap();
    let back = idp.authorize(&address).unwrap();
    let query = back.split_once('?').unwrap().1.to_owned();
    assert_eq!(other.code(&state, &query).unwrap_err().code(), "BW-ID-062");
    let code = client.code(&state, &query).unwrap();
    assert_eq!(other.token_request(&state, &code).unwrap_err().code(), "BW-ID-062");

    let mut pending = Pending::with_room_for(10);
    let ticket = pending.keep(state, now()).unwrap();
    let state = pending.take(&ticket, now()).unwrap();
    assert!(pending.take(&ticket, now()).is_none());
    let request = client.token_request(&state, &code).unwrap();
    let answer = idp.token(request.authorization(), &request.body, |_| ()).unwrap();
    assert_eq!(other.finish(state, answer.as_bytes(), now()).unwrap_err().code(), "BW-ID-062");

    for (seconds, accepted) in [(300, true), (301, false)] {
        let later = now() + SignedDuration::from_secs(seconds);
        let (state, answer) = until_token(&mut idp, &client, Freshness::Any, |_| ());
        let found = client.finish(state, answer.unwrap().as_bytes(), later);
        assert_eq!(found.is_ok(), accepted, "{found:?}");
        assert!(accepted || found == Err(OidcError::Expired));
    }
}

#[test]
fn pkce_and_the_client_secret_are_proved_to_the_provider() {
    let mut idp = idp();
    let (first, second) = (client(&idp), client(&idp));
    let (address, state) = first.start(Freshness::Any, now()).unwrap();
    let back = idp.authorize(&address).unwrap();
    let code = first.code(&state, back.split_once('?').unwrap().1).unwrap();
    // Someone who saw the code, but has not the verifier.
    let (_, thief) = second.start(Freshness::Any, now()).unwrap();
    let request = second.token_request(&thief, &code).unwrap();
    let refused = idp.token(request.authorization(), &request.body, |_| ()).unwrap_err();
    let found = second.finish(thief, refused.as_bytes(), now());
    assert_eq!(found.unwrap_err().code(), "BW-ID-063");

    // A provider that takes the secret in the form only, and a client without any.
    let only_form = idp.discovery().replace("\"client_secret_basic\",", "");
    let provider = Provider::new(config(&idp)).unwrap();
    let by_form = provider.discovered(only_form.as_bytes(), idp.keys().as_bytes()).unwrap();
    let (state, answer) = until_token(&mut idp, &by_form, Freshness::Any, |_| ());
    assert!(by_form.finish(state, answer.unwrap().as_bytes(), now()).is_ok());
    idp.client_secret = None;
    let public = client(&idp);
    let (state, answer) = until_token(&mut idp, &public, Freshness::Any, |_| ());
    assert!(public.finish(state, answer.unwrap().as_bytes(), now()).is_ok());
}

#[test]
fn a_configuration_that_cannot_be_is_named() {
    type Bend = fn(&mut Config);
    let idp = idp();
    let cases: Vec<(&str, Bend)> = vec![
        ("issuer", |c| c.issuer = "http://idp.example.gov.tw".into()),
        ("issuer", |c| c.issuer = "idp.example.gov.tw".into()),
        ("issuer", |c| c.issuer = "https://idp.example.gov.tw?x=1".into()),
        ("issuer", |c| c.issuer = "data:text/plain,x".into()),
        ("redirect_uri", |c| c.redirect_uri = "http://console.example.gov.tw/x".into()),
        ("client_id", |c| c.client_id = String::new()),
    ];
    for (expected, bend) in cases {
        let mut config = config(&idp);
        bend(&mut config);
        match Provider::new(config) {
            Err(OidcError::Configuration { field, .. }) => assert_eq!(field, expected),
            other => panic!("{expected}: {other:?}"),
        }
    }
    for local in ["http://localhost:9000", "http://127.0.0.1:9000", "http://[::1]:9000/realm"] {
        assert!(Provider::new(Config { issuer: local.into(), ..config(&idp) }).is_ok(), "{local}");
    }
}

#[test]
fn a_discovery_document_of_another_or_with_open_endpoints_is_refused() {
    let idp = idp();
    let provider = Provider::new(config(&idp)).unwrap();
    let keys = idp.keys();
    let code = |discovery: &str, keys: &str| {
        let found = provider.discovered(discovery.as_bytes(), keys.as_bytes());
        found.map_or_else(|error| error.code(), |_| "good")
    };
    let good = idp.discovery();
    assert_eq!(code(&good, &keys), "good");
    let other =
        good.replace("\"issuer\":\"https://idp.example.gov.tw\"", "\"issuer\":\"https://evil.example\"");
    assert_ne!(other, good);
    assert_eq!(code(&other, &keys), "BW-ID-062");
    for endpoint in ["authorize", "token", "keys"] {
        let open =
            good.replace(&format!("{ISSUER}/{endpoint}"), &format!("http://idp.example.gov.tw/{endpoint}"));
        assert_eq!(code(&open, &keys), "BW-ID-060", "{endpoint}");
    }
    assert_eq!(code(&good.replace("token_endpoint\"", "no_endpoint\""), &keys), "BW-ID-061");
    for bad in ["", "{}", "[]", "{\"keys\":[]}", "{\"keys\":[{\"kty\":\"PQ\"}]}"] {
        assert_eq!(code(&good, bad), "BW-ID-061", "{bad}");
    }
    assert_eq!(code("{}", &keys), "BW-ID-061");
    let weak = json!({ "keys": [{ "kty": "RSA", "kid": "w", "n": "A".repeat(171), "e": "AQAB" }] });
    assert_eq!(code(&good, &weak.to_string()), "BW-ID-061");
}

#[test]
fn answers_that_are_no_token_are_named() {
    let idp = idp();
    let client = client(&idp);
    for (answer, code) in [
        ("", "BW-ID-066"),
        ("<html>", "BW-ID-066"),
        ("{}", "BW-ID-066"),
        ("{\"id_token\":\"\"}", "BW-ID-066"),
        ("{\"id_token\":\"a.b.c\"}", "BW-ID-066"),
        ("{\"id_token\":17}", "BW-ID-066"),
        ("{\"error\":\"invalid_grant\"}", "BW-ID-063"),
        (&format!("{{\"id_token\":\"{}\"}}", "a".repeat(300_000)), "BW-ID-066"),
    ] {
        let (_, state) = client.start(Freshness::Any, now()).unwrap();
        assert_eq!(client.finish(state, answer.as_bytes(), now()).unwrap_err().code(), code);
    }
}

#[test]
fn a_token_has_one_spelling() {
    let mut idp = idp();
    idp.algorithm = Algorithm::Es256;
    let client = client(&idp);
    let (state, answer) = until_token(&mut idp, &client, Freshness::Any, |_| ());
    // The last character of 64 bytes in base64url holds two bits; the four below it must be zero.
    let answer = answer.unwrap();
    let last = answer.chars().rev().nth(2).unwrap();
    assert!("AQgw".contains(last), "{answer}");
    let other = char::from_u32(u32::from(last) + 1).unwrap();
    let altered = format!("{}{other}\"}}", answer.strip_suffix(&format!("{last}\"}}")).unwrap());
    assert_eq!(client.finish(state, altered.as_bytes(), now()).unwrap_err().code(), "BW-ID-066");
}

fn is_shareable<T: Send + Sync + 'static>() {}

#[test]
fn states_and_clients_can_be_kept_by_a_server() {
    is_shareable::<OidcState>();
    is_shareable::<Client>();
    is_shareable::<Provider>();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_answer_makes_it_panic_and_no_altered_token_is_taken(
        text in "\\PC{0,200}",
        at in 0usize..5000,
        byte in 0x20u8..0x7f,
        claims in prop::collection::vec((0usize..12, "\\PC{0,12}", any::<f64>(), 0u8..4), 0..4),
    ) {
        let mut idp = idp();
        idp.algorithm = Algorithm::Es256;
        let client = client(&idp);
        let names = ["iss", "sub", "aud", "exp", "iat", "nonce", "acr", "amr", "nbf", "name#zh-TW", "azp", "updated_at"];
        let (state, answer) = until_token(&mut idp, &client, Freshness::Any, |bent| {
            for (name, text, number, kind) in &claims {
                bent[names[*name]] = match kind {
                    0 => json!(text),
                    1 => json!(number),
                    2 => json!([text, number]),
                    _ => json!({ text.as_str(): number }),
                };
            }
        });
        let good = answer.unwrap();
        let _ = client.finish(state, good.as_bytes(), now());

        let (state, good) = until_token(&mut idp, &client, Freshness::Any, |_| ());
        let good = good.unwrap();
        let mut altered = good.clone().into_bytes();
        let at = at % altered.len();
        altered[at] = byte;
        let _ = client.needs_new_keys(&altered);
        if client.finish(state, &altered, now()).is_ok() {
            let token = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap()["id_token"].clone();
            prop_assert_eq!(token(&altered), token(good.as_bytes()));
        }

        let (_, state) = client.start(Freshness::Any, now()).unwrap();
        let _ = client.code(&state, &text);
        prop_assert!(client.finish(state, text.as_bytes(), now()).is_err());
        let provider = Provider::new(config(&idp)).unwrap();
        let mut discovery = idp.discovery().into_bytes();
        let place = at % discovery.len();
        discovery[place] = byte;
        let _ = provider.keys_request(&discovery);
        let _ = provider.discovered(text.as_bytes(), text.as_bytes());
        let mut keys = idp.keys().into_bytes();
        let place = at % keys.len();
        keys[place] = byte;
        let _ = provider.discovered(idp.discovery().as_bytes(), &keys);
    }
}
