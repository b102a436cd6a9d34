//! Chromium, driven over its debugging pipe (Chrome DevTools Protocol, messages separated by NUL).
//!
//! [`Browser`] is the synchronous face for tests that look at our own pages:
//!
//! ```no_run
//! use bulwark_probe::net::cdp::{Browser, Launch};
//! let mut browser = Browser::launch(&Launch::default())?;
//! browser.open("file:///tmp/report.html")?;
//! assert_eq!(browser.evaluate("document.title")?, "健檢報告");
//! browser.press("Tab")?;
//! assert_eq!(browser.requests().len(), 1);
//! # Ok::<(), bulwark_probe::failure::Failure>(())
//! ```

use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::runtime::Runtime;
use tokio::time::Instant;

use crate::failure::{Code, Failure, Step};

/// Names Chromium goes by.
const PROGRAMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
/// No traffic for this long means the page is done.
const QUIET: Duration = Duration::from_millis(1500);
/// Longest wait for one command.
const COMMAND_WAIT: Duration = Duration::from_secs(20);
/// Console messages and URLs kept.
const KEPT: usize = 2000;
/// Largest message read: a screenshot is far smaller.
const MESSAGE_BYTES: usize = 64 << 20;

const FLAGS: &[&str] = &[
    "--headless",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pings",
    "--no-service-autorun",
    "--hide-scrollbars",
    "--mute-audio",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-features=OptimizationHints,MediaRouter,Translate,AutofillServerCommunication,CertificateTransparencyComponentUpdater",
    "--disable-sync",
    "--metrics-recording-only",
    "--password-store=basic",
    "--use-mock-keychain",
];

/// How to start the browser.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The program; `None` searches `PATH`.
    pub program: Option<PathBuf>,
    /// SOCKS5 proxy for all traffic, loopback too.
    pub proxy: Option<SocketAddr>,
    /// Accept any certificate (lab only).
    pub ignore_certificate_errors: bool,
    /// Ports to open although browsers keep away from them (10080 and the like).
    pub allowed_ports: Vec<u16>,
    /// Window width.
    pub width: u32,
    /// Window height.
    pub height: u32,
    /// Longest stay on one page.
    pub page_limit: Duration,
    /// How long nothing may move before a loaded page counts as quiet.
    pub quiet: Duration,
}

impl Default for Launch {
    fn default() -> Self {
        Self {
            program: None,
            proxy: None,
            ignore_certificate_errors: false,
            allowed_ports: Vec::new(),
            width: 1280,
            height: 800,
            page_limit: Duration::from_secs(30),
            quiet: QUIET,
        }
    }
}

/// Chromium on this machine, if it is there.
#[expect(
    clippy::disallowed_methods,
    reason = "PATH is where programs are looked for; it configures nothing of ours"
)]
pub fn find(program: Option<&Path>) -> Result<PathBuf, Failure> {
    let runs = |p: &Path| p.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0);
    if let Some(program) = program {
        let missing = || Failure::new(Step::Spawn, Code::NotInstalled, program.display().to_string());
        return if runs(program) { Ok(program.to_owned()) } else { Err(missing()) };
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .flat_map(|dir| PROGRAMS.iter().map(move |name| dir.join(name)))
        .find(|p| runs(p))
        .ok_or_else(|| Failure::new(Step::Spawn, Code::NotInstalled, PROGRAMS.join(" | ")))
}

/// One tab of a Chromium of its own.
pub(super) struct Tab {
    /// `None` once ended.
    child: Option<Child>,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// A message not yet read to its end; kept so that a wait may be cut short.
    partial: Vec<u8>,
    events: VecDeque<Value>,
    next_id: u64,
    session: Option<String>,
    page_limit: Duration,
    quiet: Duration,
    /// Program and version.
    pub(super) product: String,
    /// URLs asked for, in order.
    pub(super) requests: Vec<String>,
    /// Console messages of level error and uncaught exceptions.
    pub(super) console_errors: Vec<String>,
    open: BTreeSet<String>,
    loaded: bool,
    profile: Option<tempfile::TempDir>,
}

impl Drop for Tab {
    #[expect(
        clippy::disallowed_methods,
        reason = "waits for a process to end, which no clock of ours governs"
    )]
    fn drop(&mut self) {
        let (Some(mut child), Some(profile)) = (self.child.take(), self.profile.take()) else { return };
        // Whoever pulls the brake does not wait; the folder can only be removed when the program,
        // which still writes to it, is gone.
        let _ = child.start_kill();
        std::thread::spawn(move || {
            for _ in 0..100 {
                if !matches!(child.try_wait(), Ok(None)) {
                    break;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            remove(profile);
        });
    }
}

/// Removes a profile; the program's helpers may write to it for a moment after its end.
#[expect(clippy::disallowed_methods, reason = "waits for processes to end, which no clock of ours governs")]
fn remove(profile: tempfile::TempDir) {
    let path = profile.keep();
    for _ in 0..100 {
        if std::fs::remove_dir_all(&path).is_ok() || !path.exists() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl Tab {
    pub(super) async fn launch(options: &Launch) -> Result<Self, Failure> {
        let program = find(options.program.as_deref())?;
        let spawn = |e: std::io::Error| {
            Failure::new(Step::Spawn, Code::Internal, format!("{}: {e}", program.display()))
        };
        let profile = tempfile::Builder::new().prefix("bulwark-browser-").tempdir().map_err(spawn)?;
        let mut command = Command::new("/bin/sh");
        // The pipe is expected on descriptors 3 and 4.
        command.args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 1>&2 0</dev/null"#]).arg(&program).args(FLAGS);
        command.arg(format!("--user-data-dir={}", profile.path().display()));
        command.arg(format!("--window-size={},{}", options.width, options.height));
        if rustix::process::geteuid().is_root() {
            command.arg("--no-sandbox");
        }
        if let Some(proxy) = options.proxy {
            command.arg(format!("--proxy-server=socks5://{proxy}"));
            command.arg("--proxy-bypass-list=<-loopback>");
            command.arg("--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1");
        }
        if options.ignore_certificate_errors {
            command.arg("--ignore-certificate-errors");
        }
        if !options.allowed_ports.is_empty() {
            let ports: Vec<String> = options.allowed_ports.iter().map(u16::to_string).collect();
            command.arg(format!("--explicitly-allowed-ports={}", ports.join(",")));
        }
        command.arg("about:blank").env("HOME", profile.path()).env("XDG_CONFIG_HOME", profile.path());
        command.env("XDG_CACHE_HOME", profile.path()).env("TMPDIR", profile.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().map_err(spawn)?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Failure::new(Step::Spawn, Code::Internal, "pipe"));
        };
        let mut tab = Self {
            child: Some(child),
            input,
            output: BufReader::new(output),
            partial: Vec::new(),
            events: VecDeque::new(),
            next_id: 0,
            session: None,
            page_limit: options.page_limit,
            quiet: options.quiet,
            product: String::new(),
            requests: Vec::new(),
            console_errors: Vec::new(),
            open: BTreeSet::new(),
            loaded: false,
            profile: Some(profile),
        };
        let version = tab.call("Browser.getVersion", json!({})).await?;
        tab.product = text(&version, "/product");
        let target = tab.call("Target.createTarget", json!({ "url": "about:blank" })).await?;
        let id = text(&target, "/targetId");
        let attached = tab.call("Target.attachToTarget", json!({ "targetId": id, "flatten": true })).await?;
        tab.session = Some(text(&attached, "/sessionId"));
        for domain in ["Page", "Network", "Runtime", "Log"] {
            tab.call(&format!("{domain}.enable"), json!({})).await?;
        }
        tab.resize(options.width, options.height).await?;
        Ok(tab)
    }

    /// Ends the program and removes its profile.
    pub(super) async fn close(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It has no state worth keeping, so no farewell.
            let _ = child.kill().await;
        }
        if let Some(profile) = self.profile.take() {
            // Left over in the worst case, in the folder for temporary files.
            let _ = super::local::blocking(move || remove(profile)).await;
        }
    }

    /// One command and its result.
    pub(super) async fn call(&mut self, method: &str, params: Value) -> Result<Value, Failure> {
        self.next_id += 1;
        let id = self.next_id;
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let mut wire = message.to_string().into_bytes();
        wire.push(0);
        let gone = |e: std::io::Error| Failure::new(Step::Spawn, Code::Closed, format!("{method}: {e}"));
        self.input.write_all(&wire).await.map_err(gone)?;
        self.input.flush().await.map_err(gone)?;
        let deadline = Instant::now() + COMMAND_WAIT;
        loop {
            let Some(answer) = self.read(deadline).await? else {
                return Err(Failure::new(Step::Spawn, Code::TimedOut, format!("Chromium: {method}")));
            };
            if answer.get("id").and_then(Value::as_u64) == Some(id) {
                return match answer.pointer("/error/message").and_then(Value::as_str) {
                    Some(words) => {
                        Err(Failure::new(Step::Receive, Code::BadAnswer, format!("{method}: {words}")))
                    }
                    None => Ok(answer.get("result").cloned().unwrap_or_default()),
                };
            }
            self.events.push_back(answer);
        }
    }

    /// The next message, or `None` at the deadline.
    async fn read(&mut self, deadline: Instant) -> Result<Option<Value>, Failure> {
        let gone = |words: &str| Failure::new(Step::Spawn, Code::Closed, format!("Chromium: {words}"));
        let reading = self.output.read_until(0, &mut self.partial);
        match tokio::time::timeout_at(deadline, reading).await {
            Err(_) => Ok(None),
            Ok(Err(e)) => Err(gone(&e.to_string())),
            Ok(Ok(_)) if self.partial.last() != Some(&0) => Err(gone("exit")),
            Ok(Ok(_)) if self.partial.len() > MESSAGE_BYTES => Err(gone("message size")),
            Ok(Ok(_)) => {
                self.partial.pop();
                let message = serde_json::from_slice(&self.partial);
                self.partial.clear();
                message.map(Some).map_err(|e| Failure::new(Step::Decode, Code::BadAnswer, e.to_string()))
            }
        }
    }

    /// Opens a URL and waits until it is loaded and quiet, or the limit is reached.
    pub(super) async fn open(&mut self, url: &str) -> Result<(), Failure> {
        self.requests.clear();
        self.console_errors.clear();
        self.open.clear();
        self.loaded = false;
        self.events.clear();
        let limit = Instant::now() + self.page_limit;
        let navigated = self.call("Page.navigate", json!({ "url": url })).await?;
        if let Some(words) = navigated.get("errorText").and_then(Value::as_str) {
            return Err(Failure::new(Step::Receive, net_error(words), format!("{url}: {words}")));
        }
        self.settle(limit).await
    }

    /// Takes in events until the page is loaded and quiet.
    pub(super) async fn settle(&mut self, limit: Instant) -> Result<(), Failure> {
        let mut quiet_since = Instant::now();
        loop {
            while let Some(event) = self.events.pop_front() {
                if self.note(&event) {
                    quiet_since = Instant::now();
                }
            }
            let now = Instant::now();
            if now >= limit || self.loaded && self.open.is_empty() && now >= quiet_since + self.quiet {
                return Ok(());
            }
            let until =
                if self.loaded && self.open.is_empty() { limit.min(quiet_since + self.quiet) } else { limit };
            if let Some(event) = self.read(until).await? {
                self.events.push_back(event);
            }
        }
    }

    /// Takes note of an event; true when it is traffic or the load event.
    fn note(&mut self, event: &Value) -> bool {
        let request = text(event, "/params/requestId");
        match event.get("method").and_then(Value::as_str).unwrap_or_default() {
            "Network.requestWillBeSent" => {
                let url = text(event, "/params/request/url");
                if !url.starts_with("data:") && !url.starts_with("blob:") && self.requests.len() < KEPT {
                    self.requests.push(url);
                }
                self.open.insert(request);
            }
            "Network.loadingFinished" | "Network.loadingFailed" => {
                self.open.remove(&request);
            }
            "Page.loadEventFired" => self.loaded = true,
            "Runtime.exceptionThrown" => {
                let details = "/params/exceptionDetails";
                let words = text(event, &format!("{details}/exception/description"));
                self.console(&if words.is_empty() { text(event, &format!("{details}/text")) } else { words });
                return false;
            }
            "Runtime.consoleAPICalled" if text(event, "/params/type") == "error" => {
                let arguments =
                    event.pointer("/params/args").and_then(Value::as_array).cloned().unwrap_or_default();
                let words: Vec<String> = arguments
                    .iter()
                    .map(|a| match a.get("value") {
                        Some(Value::String(s)) => s.clone(),
                        Some(v) => v.to_string(),
                        None => text(a, "/description"),
                    })
                    .collect();
                self.console(&words.join(" "));
                return false;
            }
            "Log.entryAdded" if text(event, "/params/entry/level") == "error" => {
                let url = text(event, "/params/entry/url");
                self.console(format!("{} {url}", text(event, "/params/entry/text")).trim());
                return false;
            }
            _ => return false,
        }
        true
    }

    fn console(&mut self, words: &str) {
        if self.console_errors.len() < KEPT {
            self.console_errors.push(words.chars().take(500).collect());
        }
    }

    /// Value of a JavaScript expression (promises awaited).
    pub(super) async fn evaluate(&mut self, expression: &str) -> Result<Value, Failure> {
        let params = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", params).await?;
        match answer.get("exceptionDetails") {
            Some(e) => {
                let words = text(e, "/exception/description");
                let words = if words.is_empty() { text(e, "/text") } else { words };
                Err(Failure::new(Step::Query, Code::BadAnswer, words))
            }
            None => Ok(answer.pointer("/result/value").cloned().unwrap_or_default()),
        }
    }

    /// Presses and releases a key of [`key_code`] or a single character.
    pub(super) async fn press(&mut self, key: &str, shift: bool) -> Result<(), Failure> {
        let code = key_code(key);
        for kind in ["keyDown", "keyUp"] {
            let mut params = json!({
                "type": kind,
                "key": key,
                "code": if key == " " { "Space" } else { key },
                "windowsVirtualKeyCode": code,
                "modifiers": if shift { 8 } else { 0 },
            });
            let typed = if key == "Enter" { Some("\r") } else { (key.chars().count() == 1).then_some(key) };
            if let (Some(typed), "keyDown") = (typed, kind) {
                params["text"] = json!(typed);
            }
            self.call("Input.dispatchKeyEvent", params).await?;
        }
        Ok(())
    }

    /// The window as PNG.
    pub(super) async fn screenshot(&mut self) -> Result<Vec<u8>, Failure> {
        use base64::Engine as _;
        let shot = self.call("Page.captureScreenshot", json!({ "format": "png" })).await?;
        base64::engine::general_purpose::STANDARD
            .decode(text(&shot, "/data"))
            .map_err(|e| Failure::new(Step::Decode, Code::BadAnswer, e.to_string()))
    }

    /// Sets the size of the page.
    pub(super) async fn resize(&mut self, width: u32, height: u32) -> Result<(), Failure> {
        let params = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", params).await.map(|_| ())
    }
}

/// A `net::ERR_…` word as one of our codes.
fn net_error(words: &str) -> Code {
    let is = |parts: &[&str]| parts.iter().any(|p| words.contains(p));
    if is(&["CERT", "SSL", "TLS"]) {
        Code::TlsFailed
    } else if is(&["TIMED_OUT"]) {
        Code::TimedOut
    } else if is(&["REFUSED", "SOCKS", "PROXY"]) {
        Code::Refused
    } else if is(&["NAME_NOT_RESOLVED"]) {
        Code::NoSuchName
    } else if is(&["UNREACHABLE", "DISCONNECTED", "ADDRESS_INVALID"]) {
        Code::Unreachable
    } else if is(&["CLOSED", "RESET", "ABORTED", "EMPTY_RESPONSE"]) {
        Code::Closed
    } else if is(&["TOO_MANY_REDIRECTS"]) {
        Code::RedirectLoop
    } else {
        Code::BadAnswer
    }
}

fn key_code(key: &str) -> u32 {
    match key {
        "Backspace" => 8,
        "Tab" => 9,
        "Enter" => 13,
        "Escape" => 27,
        " " => 32,
        "End" => 35,
        "Home" => 36,
        "ArrowLeft" => 37,
        "ArrowUp" => 38,
        "ArrowRight" => 39,
        "ArrowDown" => 40,
        other => other.chars().next().map_or(0, |c| u32::from(c.to_ascii_uppercase())),
    }
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A browser with one tab, for synchronous use.
pub struct Browser {
    tab: Tab,
    runtime: Runtime,
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.runtime.block_on(self.tab.close());
    }
}

impl std::fmt::Debug for Browser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Browser").field("product", &self.tab.product).finish_non_exhaustive()
    }
}

impl Browser {
    /// Starts Chromium with an empty profile.
    ///
    /// # Errors
    /// `NotInstalled` when there is none; otherwise why it does not talk to us.
    pub fn launch(options: &Launch) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| Failure::new(Step::Spawn, Code::Internal, e.to_string()))?;
        let tab = runtime.block_on(Box::pin(Tab::launch(options)))?;
        Ok(Self { tab, runtime })
    }

    /// Program and version.
    pub fn product(&self) -> &str {
        &self.tab.product
    }

    /// Opens a URL (any scheme) and waits until it is loaded and quiet.
    pub fn open(&mut self, url: &str) -> Result<(), Failure> {
        self.runtime.block_on(Box::pin(self.tab.open(url)))
    }

    /// Value of a JavaScript expression; promises are awaited.
    pub fn evaluate(&mut self, expression: &str) -> Result<Value, Failure> {
        self.runtime.block_on(Box::pin(self.tab.evaluate(expression)))
    }

    /// Presses `Tab`, `Enter`, `Escape`, an arrow, `Home`, `End`, `Backspace` or a character.
    pub fn press(&mut self, key: &str) -> Result<(), Failure> {
        self.runtime.block_on(Box::pin(self.tab.press(key, false)))
    }

    /// As [`Self::press`], with Shift held (`Shift+Tab` goes back).
    pub fn press_with_shift(&mut self, key: &str) -> Result<(), Failure> {
        self.runtime.block_on(Box::pin(self.tab.press(key, true)))
    }

    /// The window as PNG.
    pub fn screenshot(&mut self) -> Result<Vec<u8>, Failure> {
        self.runtime.block_on(Box::pin(self.tab.screenshot()))
    }

    /// Sets the size of the page (for narrow layouts).
    pub fn resize(&mut self, width: u32, height: u32) -> Result<(), Failure> {
        self.runtime.block_on(Box::pin(self.tab.resize(width, height)))
    }

    /// Waits for traffic that `evaluate` or `press` started.
    pub fn settle(&mut self) -> Result<(), Failure> {
        self.runtime.block_on(async {
            let limit = Instant::now() + self.tab.page_limit;
            Box::pin(self.tab.settle(limit)).await
        })
    }

    /// URLs the page asked for since [`Self::open`], itself first; `data:` and `blob:` left out.
    pub fn requests(&self) -> &[String] {
        &self.tab.requests
    }

    /// Console messages of level error and uncaught exceptions since [`Self::open`].
    pub fn console_errors(&self) -> &[String] {
        &self.tab.console_errors
    }

    /// Any other command of the protocol.
    pub fn command(&mut self, method: &str, params: Value) -> Result<Value, Failure> {
        self.runtime.block_on(Box::pin(self.tab.call(method, params)))
    }
}
