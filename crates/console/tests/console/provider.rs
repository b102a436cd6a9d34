//! Log-in through the identity provider of an agency.

use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{Request, header};
use bulwark_console::OidcSettings;
use bulwark_identity::oidc::Config;
use bulwark_model::rights::Role;
use bulwark_testkit::identity_provider::IdentityProvider;

use crate::support::*;

const ISSUER: &str = "https://idp.example.gov.tw";

/// A console with a provider that answers in the same process.
async fn with_provider() -> (TestApp, Arc<Mutex<IdentityProvider>>) {
    let now = "2026-11-25T02:00:00Z".parse::<jiff::Timestamp>().unwrap().as_second();
    let provider = Arc::new(Mutex::new(IdentityProvider::new(ISSUER, now)));
    let answering = Arc::clone(&provider);
    let secret = provider.lock().unwrap().client_secret.clone();
    let app = TestApp::with(|settings| {
        settings.oidc = Some(OidcSettings {
            config: Config {
                issuer: ISSUER.into(),
                client_id: "bulwark-console".into(),
                client_secret: secret,
                redirect_uri: format!("{ORIGIN}/log-in/provider/return"),
                scopes: vec!["email".into(), "profile".into()],
                required_acr: vec![],
            },
            fetch: Arc::new(move |request| {
                let mut provider = answering.lock().unwrap();
                let answer = if request.url.contains("openid-configuration") {
                    Ok(provider.discovery())
                } else if request.method == "GET" {
                    Ok(provider.keys())
                } else {
                    provider.token(request.authorization(), &request.body, |_| ())
                };
                Box::pin(async move { answer.map(String::into_bytes) })
            }),
        });
    })
    .await;
    (app, provider)
}

/// Follows a begun log-in to the provider and back.
async fn round_trip(
    app: &TestApp,
    provider: &Mutex<IdentityProvider>,
    begun: &Answer,
    address: &str,
) -> Answer {
    let back = provider.lock().unwrap().authorize(address).unwrap();
    let cookie = format!("__Host-provider={}", begun.cookies()["__Host-provider"]);
    let place = back.strip_prefix(ORIGIN).unwrap().to_owned();
    let request = Request::builder().uri(place).header(header::COOKIE, cookie).body(Body::empty()).unwrap();
    app.send(request).await
}

#[tokio::test]
async fn an_agency_account_opens_only_the_account_it_was_linked_to() {
    let (app, provider) = with_provider().await;
    let a = app.organisation("A", None).await;
    let lin = app.person("lin", Role::AgencyCiso, a).await;
    app.get(None, "/log-in").await.is(200).says("以機關帳號登入");
    // Nobody is found by what the provider says about mail or name.
    let begun = app.get(None, "/log-in/provider?next=/people").await.is(303);
    let address = begun.location.clone();
    round_trip(&app, &provider, &begun, &address).await.is(422).says("尚未與平臺的帳號連結");
    // Linked once by the person,
    let begun = app.post(&lin, "/account/provider", &[]).await.is(200);
    let address = begun.headers["refresh"].to_str().unwrap().split("url=").nth(1).unwrap().to_owned();
    round_trip(&app, &provider, &begun, &address).await.is(200).says("已完成機關帳號驗證");
    app.get(Some(&lin), "/account").await.is(200).says("機關帳號");
    // it opens the door, without counting as fresh proof.
    let begun = app.get(None, "/log-in/provider?next=/people").await.is(303);
    let address = begun.location.clone();
    let inside = round_trip(&app, &provider, &begun, &address).await.is(200);
    assert_eq!(inside.headers["refresh"], "0; url=/people");
    let session = Person { id: lin.id, session: inside.cookies()["__Host-bulwark"].clone() };
    app.get(Some(&session), "/people").await.is(200);
    assert!(app.get(Some(&session), "/people/invite").await.is(303).location.starts_with("/step-up"));
    // A second use of the same return is refused, and so is one without its cookie.
    let again = round_trip(&app, &provider, &begun, &address).await;
    assert_eq!(again.status, 403);
    let begun = app.get(None, "/log-in/provider?next=/people").await.is(303);
    let other = app.get(None, "/log-in/provider?next=/people").await.is(303);
    let back = provider.lock().unwrap().authorize(&begun.location).unwrap();
    let place = back.strip_prefix(ORIGIN).unwrap();
    app.get(None, place).await.is(403);
    // Nor does a return open the door in a browser that began another log-in.
    let crossed = round_trip(&app, &provider, &other, &begun.location).await.is(422);
    crossed.says("這個回應不屬於在此瀏覽器開始的登入");
}

#[tokio::test]
async fn a_console_without_a_provider_has_no_such_door() {
    let app = TestApp::new().await;
    app.get(None, "/log-in/provider").await.is(404);
    app.get(None, "/log-in").await.is(200).hides("機關帳號");
}
