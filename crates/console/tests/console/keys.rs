//! Signing keys: enrolment of one's own by two people, what is refused, revocation, and who sees which.

use bulwark_bundle::Key;
use bulwark_model::rights::Role;
use bulwark_store::{Actor, PageRequest, Uuid};

use crate::support::*;

const REASON: (&str, &str) = ("reason", "領航員受訓完成，當面核對識別碼");

struct Cast {
    app: TestApp,
    navigator: Person,
    lead: Person,
}

async fn cast() -> Cast {
    let app = TestApp::new().await;
    let (a, team) = (app.organisation("A", None).await, app.organisation("T", None).await);
    let navigator = app.person("navigator", Role::Navigator, a).await;
    let lead = app.person("lead", Role::SvcLead, team).await;
    Cast { app, navigator, lead }
}

fn public(seed: u8) -> String {
    Key::from_seed(&[seed; 32]).public().to_string()
}

fn key_id(seed: u8) -> String {
    Key::from_seed(&[seed; 32]).key_id().to_string()
}

/// Enters a key without the console.
async fn enrolled(app: &TestApp, person: &Person, seed: u8) -> Uuid {
    let (person, id, line) = (person.id, key_id(seed), public(seed));
    let actor = Actor::system("test");
    let made = app.store().write(&actor, move |tx| {
        Box::pin(async move { tx.enrol_signing_key(person, &id, &line, "plan").await })
    });
    made.await.unwrap().id
}

#[tokio::test]
async fn a_key_of_ones_own_is_enrolled_by_two_people_and_once() {
    let Cast { app, navigator, lead } = cast().await;
    app.get(Some(&navigator), "/keys").await.is(200).says("還沒有登記金鑰").says("登記自己的金鑰");
    let line = format!("{}\r\n", public(7));
    let fields = [("public_key", line.as_str()), ("purpose", "plan"), REASON];
    let asked = app.post(&navigator, "/keys/enrol", &fields).await.is(303);
    assert_eq!(app.post(&navigator, "/keys/enrol", &fields).await.is(303).location, asked.location);
    assert!(app.store().enrolled_key(&key_id(7)).await.unwrap().is_none(), "not before the second person");
    app.post(&navigator, &format!("{}/confirm", asked.location), &[]).await.is(403).says("BW-RIGHTS-014");
    app.get(Some(&lead), &asked.location).await.is(200).says(&key_id(7)[..16]);
    app.post(&lead, &format!("{}/confirm", asked.location), &[]).await.is(200).says("已確認並執行");
    let row = app.store().enrolled_key(&key_id(7)).await.unwrap().unwrap();
    assert_eq!((row.person_id, row.purpose.as_str(), row.public_key), (navigator.id, "plan", public(7)));
    let page = app.get(Some(&navigator), "/keys").await.is(200).says(&key_id(7)[..16]).says("navigator先生 A機關 巡航計畫 有效");
    assert!(page.body.contains(&format!("/keys/{}", row.id)));
    let page = app.get(Some(&navigator), &format!("/keys/{}", row.id)).await.is(200);
    page.says(&key_id(7)).says(&public(7)).says("廢止金鑰").says(&format!("金鑰 {}", &key_id(7)[..16]));
    app.post(&navigator, "/keys/enrol", &fields).await.is(422).says("這把金鑰已經登記過，登記時間 115-11-25 10:00");
}

#[tokio::test]
async fn anything_but_a_public_key_of_ours_is_refused_by_name() {
    let Cast { app, navigator, .. } = cast().await;
    let page = app.post(&navigator, "/keys/enrol", &[]).await.is(422);
    for field in ["public_key", "purpose", "reason"] {
        assert!(page.body.contains(&format!("href=\"#{field}\"")), "{field} in the summary");
        assert!(page.body.contains(&format!("id=\"{field}\"")), "{field} can be gone to");
    }
    let two = format!("{}\n{}", public(7), public(8));
    let cut = public(7)[..60].to_owned();
    let pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----";
    let ssh = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5uJ user@host";
    for bad in [two.as_str(), &cut, pem, ssh, "x", "bulwark-ed25519-pub-2 AAAA", &"A".repeat(3000)] {
        let page = app.post(&navigator, "/keys/enrol", &[("public_key", bad), ("purpose", "plan"), REASON]).await.is(422);
        let page = page.says("這不是 bulwark 的公開金鑰");
        assert!(page.body.contains("領航員受訓完成"), "what was typed is kept");
    }
    let good = public(7);
    let page = app.post(&navigator, "/keys/enrol", &[("public_key", &good), ("purpose", "checkpoint"), REASON]).await;
    let page = page.is(422).says("沒有這個用途");
    assert!(page.body.contains(&good.replace('+', "&#43;")) || page.body.contains(&good), "what was typed is kept");
    let all = bulwark_model::rights::Scope::Everything { without: vec![] };
    let found = app.store().signing_keys(&all, None, None, PageRequest { rows: 9, ..PageRequest::default() }).await;
    assert_eq!(found.unwrap().total, 0);
}

#[tokio::test]
async fn a_secret_key_that_was_pasted_is_neither_kept_nor_shown() {
    let Cast { app, navigator, .. } = cast().await;
    let seed = "bulwark-ed25519-seed-1 BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    for secret in [seed, "-----BEGIN OPENSSH PRIVATE KEY-----\nBwcHBwcHBw\n-----END OPENSSH PRIVATE KEY-----"] {
        let page = app.post(&navigator, "/keys/enrol", &[("public_key", secret), ("purpose", "plan"), REASON]).await;
        let page = page.is(422).says("貼上的是私密金鑰");
        assert!(!page.body.contains("BwcHBwcHBw"), "it is not sent back");
        assert!(page.body.contains("領航員受訓完成"), "the rest is kept");
    }
}

#[tokio::test]
async fn the_list_is_held_to_the_rights_and_filtered() {
    let Cast { app, navigator, lead } = cast().await;
    let (own, other) = (enrolled(&app, &navigator, 7).await, enrolled(&app, &lead, 8).await);
    app.get(Some(&navigator), "/keys").await.is(200).says(&key_id(7)[..16]).hides(&key_id(8)[..16]);
    app.get(Some(&navigator), &format!("/keys?person={}", lead.id)).await.is(200).hides(&key_id(8)[..16]);
    app.get(Some(&navigator), &format!("/keys/{other}")).await.is(404).says("BW-RIGHTS-003");
    app.post(&navigator, &format!("/keys/{other}/revoke"), &[REASON]).await.is(404);
    let page = app.get(Some(&lead), "/keys").await.is(200).says(&key_id(7)[..16]).says(&key_id(8)[..16]);
    page.says("共 2 筆");
    app.get(Some(&lead), "/keys?person=navigator").await.is(200).says(&key_id(7)[..16]).hides(&key_id(8)[..16]);
    app.get(Some(&lead), "/keys?person=nobody").await.is(200).says("沒有符合條件的資料");
    app.get(Some(&lead), "/keys?state=revoked").await.is(200).says("沒有符合條件的資料");
    app.get(Some(&lead), &format!("/keys/{own}?lang=en")).await.is(200).says("Cruise plans").says("Revoke the key");
    let reporter = app.person("reporter", Role::Reporter, app.organisation("B", None).await).await;
    app.get(Some(&reporter), "/keys").await.is(403);
    let file = app.get(Some(&lead), "/keys?format=csv").await.is(200);
    assert!(file.body.contains("navigator先生,A機關,巡航計畫,有效"), "{}", file.body);
}

#[tokio::test]
async fn a_revocation_needs_a_reason_and_counts_at_once() {
    let Cast { app, navigator, lead } = cast().await;
    let own = enrolled(&app, &navigator, 7).await;
    let path = format!("/keys/{own}/revoke");
    app.get(Some(&navigator), &path).await.is(200).says("不能復原");
    let page = app.post(&navigator, &path, &[("reason", " ")]).await.is(422).says("必填");
    assert!(page.body.contains("href=\"#reason\""));
    assert!(app.store().signing_key(&key_id(7), app.store().now()).await.unwrap().is_some());
    let done = app.post(&lead, &path, &[("reason", "筆電遺失")]).await.is(303);
    app.get(Some(&lead), &done.location).await.is(200).says("已完成").says("已廢止").says("廢止時間").hides("廢止金鑰");
    assert!(app.store().signing_key(&key_id(7), app.store().now()).await.unwrap().is_none());
    app.post(&navigator, &path, &[REASON]).await.is(422).says("已於 115-11-25 10:00 廢止");
    app.get(Some(&navigator), "/keys?state=valid").await.is(200).hides(&key_id(7)[..16]);
    // What was revoked does not come back.
    let line = public(7);
    let again = app.post(&navigator, "/keys/enrol", &[("public_key", &line), ("purpose", "plan"), REASON]).await;
    again.is(422).says("已經登記過");
}
