//! The programming interface against its own description: schemathesis sends what the description allows and what it
//! does not, and wants no failure of ours, the statuses and the schemas that are described.

#[path = "support/server.rs"]
mod server;

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use bulwark_model::rights::Role;
use bulwark_model::{Clock, FixedClock};
use bulwark_store::{Actor, Config, NewApiToken, NewOrganisation, NewPerson, Store};

use server::Server;

/// What a program may do in the role that reads most.
const ACTS: [&str; 9] = [
    "account.self",
    "home.read",
    "people.read",
    "organisation.read",
    "key.read",
    "audit.read",
    "access_log.read",
    "break_glass.read",
    "retention.read",
];

/// A store with a person of the competent authority, and a token of theirs.
async fn seeded(dir: &std::path::Path) -> String {
    #[expect(clippy::disallowed_methods, reason = "the token must hold at the time of the machine")]
    let clock: Arc<dyn Clock> = Arc::new(FixedClock::new(jiff::Timestamp::now()));
    let begun = Instant::now();
    let mono = Arc::new(move || u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX));
    let store = Store::open(Config::sqlite(dir, clock, mono)).await.expect("a store");
    let inner = store.clone();
    let actor = Actor::system("test");
    let token = store.write(&actor, move |tx| {
        Box::pin(async move {
            let new = NewOrganisation {
                code: "acs".into(),
                name: "資安署".into(),
                kind: "agency".into(),
                sector: None,
                parent: None,
                from: jiff::civil::date(2026, 1, 1),
            };
            let organisation = tx.add_organisation(new).await?.id;
            let new = NewPerson { login: "wen".into(), name: "溫主".into(), organisation, email: None };
            let person = tx.add_person(&inner, new).await?.id;
            tx.grant(person, Role::Competent.code(), organisation, None, None).await?;
            let expires_at = tx.now().plus_ms(3_600_000);
            let (role, label, scope) = (Role::Competent.code().into(), "schemathesis".into(), ACTS.join(" "));
            Ok(tx
                .make_api_token(NewApiToken { person, role, organisation, label, scope, expires_at })
                .await?
                .1)
        })
    });
    let token = token.await.expect("a token");
    store.close().await;
    token.reveal().to_owned()
}

#[test]
fn the_interface_is_what_it_says_it_is() {
    let tool = bulwark_testkit::workspace_root().join("design/tools/.venv/bin/schemathesis");
    if !tool.exists() {
        return bulwark_testkit::skip("schemathesis is not installed (cargo xtask test installs it)");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let data = folder.path().join("data");
    let token = runtime.block_on(seeded(&data));
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o700)).expect("ours");
    let config = folder.path().join("bulwark.toml");
    let text =
        format!("[store]\ndir = {:?}\n[limits]\nrequests_per_second = 10000\n", data.display().to_string());
    std::fs::write(&config, text).expect("a configuration");
    let server = Server::start_from(folder.path(), &["--config", &config.display().to_string()]);
    let output = Command::new(tool)
        .current_dir(folder.path())
        .args(["run", &format!("{}/api/v1/openapi.json", server.origin)])
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .args(["--max-examples", "25", "--seed", "115", "--generation-database", "none", "--no-color"])
        // A parameter of another type answers 404 where it names a record: that is the same as one that is not there.
        .args(["--exclude-checks", "negative_data_rejection,positive_data_acceptance"])
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}
