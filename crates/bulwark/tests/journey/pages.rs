//! Every page of a console with something to show, looked at by axe, as those who may open it.

use std::process::Command;

use bulwark_model::Lang;

use crate::browser::{Browser, Screen};
use crate::say;
use crate::server::Server;

/// Pages by who opens them. `*` stands for the first of the list above it.
const PAGES: [(&str, &[&str]); 4] = [
    (
        "admin",
        &[
            "/",
            "/requests",
            "/organisations",
            "/organisations/*",
            "/organisations/*/change",
            "/organisations/*/move",
            "/organisations/add",
            "/organisations/import",
            "/people",
            "/people/*",
            "/people/invite",
            "/people/import",
            "/keys",
            "/keys/*",
            "/retention",
            "/jobs",
            "/jobs/*",
            "/account",
            "/account/passkey",
            "/account/password",
            "/account/codes",
            "/account/tokens/new",
            "/audit/verify",
        ],
    ),
    (
        "ris-ciso",
        &[
            "/",
            "/systems",
            "/systems/*",
            "/systems/*/change",
            "/systems/*/retire",
            "/systems/*/link",
            "/systems/add",
            "/audit",
            "/audit/*",
            "/access-log",
            "/emergency-access",
            "/people",
        ],
    ),
    ("competent", &["/", "/retention/session", "/organisations/import", "/access-log"]),
    ("g2", &["/", "/emergency-access/request", "/emergency-access"]),
];

/// What a list links first, as its page writes it.
async fn first_of(browser: &Browser, origin: &str, list: &str) -> String {
    browser.go(&format!("{origin}{list}")).await;
    // Ids begin with the time, with a nought until the year 2527; entries of the log are numbers.
    let nought = if list == "/audit" { "" } else { "0" };
    let rest = browser.text_between(&format!("href=\"{list}/{nought}"), &['"', '?', '/']).await;
    format!("{nought}{rest}")
}

async fn every_page(lang: Lang, screen: Screen) {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = Command::new(env!("CARGO_BIN_EXE_bulwark"))
        .args(["demo", "--store", "data"])
        .current_dir(folder.path())
        .output()
        .expect("it runs");
    assert!(demo.status.success(), "{}", String::from_utf8_lossy(&demo.stderr));
    let told = String::from_utf8_lossy(&demo.stdout).into_owned();
    let server = Server::start(folder.path(), "data");
    for (login, paths) in PAGES {
        let line =
            told.lines().find(|line| line.split_whitespace().next() == Some(login)).expect("of the cast");
        let link = line.rsplit_once("/link/").expect("a link").1.trim();
        let Some(browser) = Browser::open(screen).await else { return };
        browser.go(&format!("{}/link/{link}?lang={}", server.origin, lang.code())).await;
        browser.press(say(lang, "進入", "Go in")).await;
        browser.is_at("/account").await;
        for path in paths {
            let path = match path.split_once("/*") {
                Some((list, rest)) => {
                    format!("{list}/{}{rest}", first_of(&browser, &server.origin, list).await)
                }
                None => (*path).to_owned(),
            };
            browser.go(&format!("{}{path}", server.origin)).await;
            browser.is_at(&path).await;
            let text = browser.text().await;
            let refused = ["BW-WEB-", "BW-RIGHTS-", "BW-STORE-"].iter().any(|code| text.contains(code));
            assert!(!refused, "{login} {path}: {text}");
            browser.looks_good().await;
        }
        browser.close().await;
    }
}

#[tokio::test]
async fn every_page_in_chinese_at_a_desk() {
    every_page(Lang::ZhTw, Screen::Desk).await;
}

#[tokio::test]
async fn every_page_in_english_on_a_phone() {
    every_page(Lang::En, Screen::Phone).await;
}
