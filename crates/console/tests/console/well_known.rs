//! `security.txt`: whom to tell about a weakness.

use std::time::Duration;

use crate::support::*;

#[tokio::test]
async fn a_stranger_finds_whom_to_tell_about_a_weakness() {
    let app = TestApp::with(|settings| settings.contact = Some("mailto:security@a.example".into())).await;
    let page = app.get(None, "/.well-known/security.txt").await.is(200);
    assert_eq!(page.headers["content-type"], "text/plain; charset=utf-8");
    let expected = "Contact: mailto:security@a.example\nExpires: 2027-05-24T00:00:00Z\nPreferred-Languages: zh-TW, en\n\
                    Canonical: http://localhost:8620/.well-known/security.txt\n";
    assert_eq!(page.body, expected);
    app.pass(Duration::from_hours(24));
    app.get(None, "/.well-known/security.txt").await.is(200).says("Expires: 2027-05-25T00:00:00Z");
    // Where nobody is named, there is no page that names nobody.
    TestApp::new().await.get(None, "/.well-known/security.txt").await.is(404);
}
