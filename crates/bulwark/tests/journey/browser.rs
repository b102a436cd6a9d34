//! A browser as a person uses it: goes to addresses, presses what is written, fills what has a label.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bulwark_testkit::{program, workspace_root};
use fantoccini::key::Key;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};

/// How long a page may take to do what was asked.
const PATIENCE: Duration = Duration::from_secs(20);

/// On what it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// 1280 pixels wide.
    Desk,
    /// 390 pixels wide.
    Phone,
}

/// One browser with one person before it.
pub struct Browser {
    client: Client,
    driver: Child,
    axe: Option<String>,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// A command beside those of the library: the authenticators of WebAuthn §11.
#[derive(Debug)]
struct AddAuthenticator(Value);

impl WebDriverCompatibleCommand for AddAuthenticator {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/webauthn/authenticator", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.0.to_string()))
    }
}

/// A command of Chromium's driver: what its developer tools do.
#[derive(Debug)]
struct DevTools(Value);

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.0.to_string()))
    }
}

impl Browser {
    /// Opens a browser; `None` (with a visible line) when this machine has none.
    pub async fn open(screen: Screen) -> Option<Self> {
        let (chromium, chromedriver) = (program(&["chromium"])?, program(&["chromedriver"])?);
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
        let driver = Command::new(chromedriver)
            .args([format!("--port={port}"), "--silent".into()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it runs");
        let (width, height) = if screen == Screen::Desk { (1280, 900) } else { (390, 844) };
        let options = json!({
            "binary": chromium,
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--lang=zh-TW",
                format!("--window-size={},{height}", width.max(500)),
            ],
        });
        let capabilities = json!({ "browserName": "chrome", "goog:chromeOptions": options, "webauthn:virtualAuthenticators": true });
        let capabilities = capabilities.as_object().expect("an object").clone();
        let address = format!("http://127.0.0.1:{port}");
        let mut tries = 0;
        let client = loop {
            let mut builder = ClientBuilder::new(hyper_util_connector());
            match builder.capabilities(capabilities.clone()).connect(&address).await {
                Ok(client) => break client,
                Err(error) if tries < 100 => {
                    // The driver has no other way to say that it listens.
                    let _ = error;
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Err(error) => panic!("chromedriver: {error}"),
            }
        };
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        let command = json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": size });
        client.issue_cmd(DevTools(command)).await.expect("a screen of this size");
        let axe: PathBuf = workspace_root().join("design/tools/node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(axe).ok();
        if axe.is_none() {
            bulwark_testkit::skip("axe-core is not installed: pages are not looked at by axe");
        }
        Some(Self { client, driver, axe })
    }

    /// Gives the person a device that keeps passkeys and says yes.
    pub async fn with_device(&self) {
        let device = json!({
            "protocol": "ctap2_1", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
            "isUserVerified": true, "isUserConsenting": true,
        });
        self.client.issue_cmd(AddAuthenticator(device)).await.expect("a device");
    }

    /// Ends the browser.
    pub async fn close(self) {
        let _ = self.client.clone().close().await;
    }

    /// Goes to an address.
    pub async fn go(&self, address: &str) {
        self.client.goto(address).await.expect("it opens");
    }

    /// Waits until the page is at this path; fails when it does not get there.
    pub async fn is_at(&self, path: &str) {
        let here = || async {
            let here = self.client.current_url().await.ok()?;
            let ready = self.client.execute("return document.readyState", vec![]).await.ok()?;
            (here.path() == path && ready == "complete").then_some(())
        };
        let came = self.until(here).await.is_some();
        assert!(came, "not at {path} but at {:?}: {}", self.client.current_url().await, self.text().await);
    }

    /// Asks again until there is an answer.
    async fn until<T, F: Future<Output = Option<T>>>(&self, ask: impl Fn() -> F) -> Option<T> {
        let end = tokio::time::Instant::now() + PATIENCE;
        loop {
            if let Some(answer) = ask().await {
                return Some(answer);
            }
            if tokio::time::Instant::now() > end {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The words of the page.
    pub async fn text(&self) -> String {
        let text = self.client.execute("return document.body.innerText", vec![]).await;
        text.ok().and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Waits until the page says this.
    pub async fn says(&self, words: &str) {
        let said = || async { self.text().await.contains(words).then_some(()) };
        let heard = self.until(said).await.is_some();
        assert!(heard, "no “{words}” at {:?}: {}", self.client.current_url().await, self.text().await);
    }

    /// Presses the button or link with these words. Menus that are folded are opened first.
    pub async fn press(&self, words: &str) {
        self.press_one(words, "a, button").await;
    }

    /// Presses the button with these words inside the page's own part.
    pub async fn press_button(&self, words: &str) {
        self.press_one(words, "main button").await;
    }

    async fn press_one(&self, words: &str, kinds: &str) {
        const FIND: &str = "const [words, kinds] = arguments; \
            const all = [...document.querySelectorAll(kinds)].filter(e => e.checkVisibility()); \
            const own = e => e.innerText.trim(); \
            const found = all.find(e => own(e) === words) ?? all.find(e => own(e).startsWith(words)); \
            document.querySelectorAll('[data-pressed]').forEach(e => e.removeAttribute('data-pressed')); \
            found?.setAttribute('data-pressed', ''); return Boolean(found)";
        let found = || async {
            let found = self.client.execute(FIND, vec![json!(words), json!(kinds)]).await.ok()?;
            (found == json!(true)).then_some(())
        };
        let there = self.until(found).await.is_some();
        assert!(there, "nothing says “{words}” at {:?}: {}", self.client.current_url().await, self.text().await);
        let element = self.client.find(Locator::Css("[data-pressed]")).await.expect("just found");
        element.click().await.unwrap_or_else(|error| panic!("“{words}”: {error}"));
    }

    /// Types into the field with this id, in place of what is there.
    pub async fn fill(&self, id: &str, text: &str) {
        let field = self.client.wait().at_most(PATIENCE).for_element(Locator::Id(id)).await;
        let field = field.unwrap_or_else(|error| panic!("no field {id}: {error}"));
        field.clear().await.expect("a field");
        field.send_keys(text).await.expect("typing");
    }

    /// Chooses in the list with this id.
    pub async fn choose(&self, id: &str, value: &str) {
        let field = self.client.find(Locator::Id(id)).await.unwrap_or_else(|error| panic!("no list {id}: {error}"));
        field.select_by_value(value).await.expect("a choice");
    }

    /// What stands between a text and the first of these characters.
    pub async fn text_between(&self, begin: &str, ends: &[char]) -> String {
        let source = self.client.source().await.expect("the page");
        let after = source.split(begin).nth(1).unwrap_or_else(|| panic!("no {begin}"));
        after.split(ends).next().unwrap_or_default().to_owned()
    }

    /// The words of the first element that a selector finds.
    pub async fn text_of(&self, selector: &str) -> String {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(selector)).await;
        found.unwrap_or_else(|error| panic!("{selector}: {error}")).text().await.expect("words")
    }

    /// Fails when axe finds something serious, or when the page is wider than the screen.
    pub async fn looks_good(&self) {
        let wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        let wide = self.client.execute(wide, vec![]).await.expect("a width");
        let here = self.client.current_url().await.expect("an address");
        assert!(wide.as_i64().is_some_and(|wide| wide <= 0), "{here}: {wide} pixels too wide");
        let Some(axe) = &self.axe else { return };
        self.client.execute(axe, vec![]).await.expect("axe loads");
        let run = "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then( \
            r => done(r.violations.filter(v => ['serious', 'critical'].includes(v.impact)) \
            .map(v => v.id + ': ' + v.nodes.map(n => n.target.join(' ')).join(', '))), e => done([String(e)]))";
        let found = self.client.execute_async(run, vec![]).await.expect("axe runs");
        assert_eq!(found, json!([]), "{here}");
    }

    async fn key(&self, keys: &str) {
        self.client.active_element().await.expect("a focus").send_keys(keys).await.expect("a key");
    }

    /// Presses Tab.
    pub async fn tab(&self) {
        self.key(&String::from(char::from(Key::Tab))).await;
    }

    /// Presses Enter.
    pub async fn enter(&self) {
        self.key(&String::from(char::from(Key::Enter))).await;
    }

    /// Types where the focus is.
    pub async fn type_in(&self, text: &str) {
        self.key(text).await;
    }

    async fn focus(&self) -> (String, String) {
        let script = "const e = document.activeElement; return [e.id ?? '', (e.innerText ?? '').trim()]";
        let found = self.client.execute(script, vec![]).await.expect("a focus");
        let text = |n: usize| found[n].as_str().unwrap_or_default().to_owned();
        (text(0), text(1))
    }

    /// Fails unless what has the focus says this.
    pub async fn focus_says(&self, words: &str) {
        assert_eq!(self.focus().await.1, words);
    }

    /// Presses Tab until what has the focus says this.
    pub async fn tab_to(&self, words: &str) {
        for _ in 0..80 {
            self.tab().await;
            if self.focus().await.1 == words {
                return;
            }
        }
        panic!("no Tab leads to “{words}”: {}", self.text().await);
    }

    /// Presses Tab until the field with this id has the focus.
    pub async fn tab_into(&self, id: &str) {
        for _ in 0..80 {
            self.tab().await;
            if self.focus().await.0 == id {
                return;
            }
        }
        panic!("no Tab leads to the field {id}");
    }
}

/// Plain HTTP to the driver on this machine.
fn hyper_util_connector() -> hyper_util::client::legacy::connect::HttpConnector {
    hyper_util::client::legacy::connect::HttpConnector::new()
}
