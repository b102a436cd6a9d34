//! What people do from end to end, in Debian's Chromium, in both languages, on a desk and on a phone, once by keyboard
//! alone. Every page that is met is looked at by axe.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod browser;
mod pages;
#[path = "../support/server.rs"]
mod server;

use bulwark_identity::totp::Secret;
use bulwark_model::Lang;

use browser::{Browser, Screen};
use server::Server;

const PASSWORD: &str = "廚房裡三隻沉默的藍色茶壺";

/// The words of a text in the language of the journey.
const fn say<'a>(lang: Lang, zh_tw: &'a str, en: &'a str) -> &'a str {
    match lang {
        Lang::ZhTw => zh_tw,
        Lang::En => en,
    }
}

/// First start, passkey, invitation, password with a code, switch of language, log-out.
async fn first_day(lang: Lang, screen: Screen) {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), "data");
    let link = server.link().expect("the first start prints a link").to_owned();
    let Some(admin) = Browser::open(screen).await else { return };
    admin.with_device().await;

    // The language of the journey, kept by the switch on whatever page it is pressed.
    admin.go(&format!("{}/log-in?next=%2Fpeople", server.origin)).await;
    admin.looks_good().await;
    if lang == Lang::En {
        admin.press("English").await;
        admin.is_at("/log-in").await;
    }
    admin.says(say(lang, "登入", "Log in")).await;

    // First start: the link opens the account, a passkey keeps it open.
    admin.go(&link).await;
    admin.looks_good().await;
    admin.press(say(lang, "進入", "Go in")).await;
    admin.is_at("/account").await;
    admin.says(say(lang, "還沒有登入方式", "There is no way to log in yet")).await;
    admin.looks_good().await;
    admin.press(say(lang, "新增通行金鑰", "Add a passkey")).await;
    admin.is_at("/account/passkey").await;
    admin.fill("label", "辦公室筆電").await;
    admin.looks_good().await;
    admin.press(say(lang, "建立通行金鑰", "Make the passkey")).await;
    admin.is_at("/account").await;
    admin.says("辦公室筆電").await;

    // An invitation, by a form that names what is missing first.
    admin.go(&format!("{}/people/invite", server.origin)).await;
    admin.press(say(lang, "建立帳號", "Enter the account")).await;
    admin.says(say(lang, "這個欄位必填", "This field must be filled in")).await;
    admin.looks_good().await;
    admin.fill("name", "林小明").await;
    admin.fill("login", "lin.ming").await;
    admin.choose("role", "admin").await;
    admin.press(say(lang, "建立帳號", "Enter the account")).await;
    admin.says("/link/").await;
    admin.looks_good().await;
    let invitation = admin.text_between(&format!("{}/link/", server.origin), &['<', ' ', '\n', '"']).await;

    // Every page of the menu, in this language.
    for path in ["/", "/people", "/requests", "/organisations", "/account"] {
        admin.go(&format!("{}{path}", server.origin)).await;
        admin.looks_good().await;
    }

    // The invited person: password with a code, out, and in again.
    let Some(lin) = Browser::open(screen).await else { return };
    if lang == Lang::En {
        lin.go(&format!("{}/log-in?lang=en", server.origin)).await;
    }
    lin.go(&format!("{}/link/{invitation}", server.origin)).await;
    lin.press(say(lang, "進入", "Go in")).await;
    lin.press(say(lang, "設定密碼", "Set a password")).await;
    lin.is_at("/account/password").await;
    lin.fill("password", PASSWORD).await;
    lin.fill("again", PASSWORD).await;
    lin.looks_good().await;
    lin.press(say(lang, "儲存", "Save")).await;
    lin.is_at("/account").await;
    lin.press(say(lang, "設定驗證碼", "Set up codes")).await;
    lin.is_at("/account/codes").await;
    lin.looks_good().await;
    let typed = lin.text_of(".bw-code").await;
    let secret = Secret::from_base32(&typed).expect("a secret to type");
    lin.fill("code", &secret.code_at(jiff_now())).await;
    lin.press(say(lang, "儲存", "Save")).await;
    lin.is_at("/account").await;
    lin.press(say(lang, "登出", "Log out")).await;
    lin.is_at("/log-in").await;
    lin.fill("login", "lin.ming").await;
    lin.fill("password", PASSWORD).await;
    lin.fill("code", "000000").await;
    lin.press_button(say(lang, "登入", "Log in")).await;
    lin.says(say(lang, "登入沒有成功", "log-in did not succeed")).await;
    lin.looks_good().await;
    lin.fill("password", PASSWORD).await;
    // A code serves once: the one of the next step is taken early, as a clock a little fast would give it.
    let ahead = jiff_now() + std::time::Duration::from_secs(30);
    lin.fill("code", &secret.code_at(ahead)).await;
    lin.press_button(say(lang, "登入", "Log in")).await;
    lin.is_at("/").await;

    // The administrator comes back by passkey.
    admin.go(&format!("{}/account", server.origin)).await;
    admin.press(say(lang, "登出", "Log out")).await;
    admin.press(say(lang, "以通行金鑰登入", "Log in with a passkey")).await;
    admin.is_at("/").await;
    admin.close().await;
    lin.close().await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "the code of an authenticator app follows the clock of the machine"
)]
fn jiff_now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

#[tokio::test]
async fn first_day_in_chinese_at_a_desk() {
    first_day(Lang::ZhTw, Screen::Desk).await;
}

#[tokio::test]
async fn first_day_in_chinese_on_a_phone() {
    first_day(Lang::ZhTw, Screen::Phone).await;
}

#[tokio::test]
async fn first_day_in_english_at_a_desk() {
    first_day(Lang::En, Screen::Desk).await;
}

#[tokio::test]
async fn first_day_in_english_on_a_phone() {
    first_day(Lang::En, Screen::Phone).await;
}

/// From the link to an invited person without a mouse: Tab, Space, Enter and typing.
#[tokio::test]
async fn first_day_by_keyboard_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), "data");
    let Some(admin) = Browser::open(Screen::Desk).await else { return };
    admin.go(server.link().expect("the first start prints a link")).await;
    // The first stop of any page leads past the menu.
    admin.tab().await;
    admin.focus_says("跳到主要內容").await;
    admin.tab_to("進入").await;
    admin.enter().await;
    admin.is_at("/account").await;
    admin.tab_to("設定密碼").await;
    admin.enter().await;
    admin.tab_into("password").await;
    admin.type_in(PASSWORD).await;
    admin.tab_into("again").await;
    admin.type_in(PASSWORD).await;
    admin.enter().await;
    admin.is_at("/account").await;
    admin.tab_to("人員").await;
    admin.enter().await;
    admin.is_at("/people").await;
    admin.tab_to("邀請人員").await;
    admin.enter().await;
    admin.is_at("/people/invite").await;
    admin.tab_into("name").await;
    admin.type_in("陳大文").await;
    admin.tab_into("login").await;
    admin.type_in("chen").await;
    admin.tab_into("role").await;
    admin.type_in("系統").await;
    admin.tab_to("建立帳號").await;
    admin.enter().await;
    admin.says("已邀請 陳大文").await;
    admin.close().await;
}
