//! The report in a real browser: headings, keyboard order, width, and that nothing is fetched.
//! Skips visibly where there is no Chromium; CI has one.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use bulwark_probe::net::cdp::{self, Browser, Launch};
use serde_json::Value;

/// Chromium, or a visible skip. CI must have it.
#[expect(clippy::disallowed_methods, reason = "CI is told by the environment")]
fn browser() -> Option<Browser> {
    if cdp::find(None).is_err() {
        assert!(std::env::var_os("CI").is_none(), "CI must have Chromium");
        bulwark_testkit::skip("no Chromium on this machine");
        return None;
    }
    Some(Browser::launch(&Launch::default()).expect("Chromium starts"))
}

/// A report of this machine in one language.
fn report(folder: &Path, lang: &str) -> PathBuf {
    let out = folder.join(lang);
    Command::cargo_bin("bulwark")
        .expect("the binary is built")
        .env("BULWARK_HOME", folder.join("home"))
        .args(["--lang", lang, "cruise", "run", "--self", "--out"])
        .arg(&out)
        .output()
        .expect("it runs");
    out.join("report.html")
}

fn text(browser: &mut Browser, expression: &str) -> String {
    match browser.evaluate(expression).expect("an expression") {
        Value::String(s) => s,
        other => other.to_string(),
    }
}

#[test]
fn the_report_reads_well_with_a_keyboard_and_fetches_nothing() {
    let Some(mut browser) = browser() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    for (lang, html) in [("zh-TW", "zh-Hant-TW"), ("en", "en")] {
        let url = format!("file://{}", report(folder.path(), lang).display());
        browser.resize(1280, 800).expect("a size");
        browser.open(&url).expect("the report opens");

        assert_eq!(browser.requests().len(), 1, "the page and nothing else: {:?}", browser.requests());
        assert!(browser.console_errors().is_empty(), "{:?}", browser.console_errors());
        assert_eq!(text(&mut browser, "document.documentElement.lang"), html);
        assert_eq!(text(&mut browser, "String(document.querySelectorAll('h1').length)"), "1");
        assert_eq!(text(&mut browser, "String(document.scripts.length)"), "0");
        let jumps = text(
            &mut browser,
            "(() => { let last = 0, bad = []; for (const h of document.querySelectorAll('h1,h2,h3,h4,h5,h6')) { const n = +h.tagName[1]; if (n > last + 1) bad.push(h.textContent.trim()); last = n; } return bad.join('|'); })()",
        );
        assert_eq!(jumps, "", "no heading skips a level");
        let chapters =
            text(&mut browser, "String([...document.querySelectorAll('section[id^=chapter-]')].length)");
        assert_eq!(chapters, "7");

        // The first Tab reaches the skip link, Enter follows it, the next Tab goes on after it.
        browser.press("Tab").expect("a key");
        let skip = text(&mut browser, "document.activeElement.getAttribute('href') || ''");
        assert!(skip.starts_with('#'), "{skip}");
        let shown = text(&mut browser, "String(document.activeElement.getBoundingClientRect().top >= 0)");
        assert_eq!(shown, "true", "a focused skip link can be seen");
        let mut order = Vec::new();
        for _ in 0..8 {
            browser.press("Tab").expect("a key");
            order.push(
                text(
                    &mut browser,
                    "String(document.activeElement.getBoundingClientRect().top + window.scrollY)",
                )
                .parse::<f64>()
                .expect("a place"),
            );
        }
        assert!(order.windows(2).all(|w| w[0] <= w[1] + 60.0), "focus goes down the page: {order:?}");

        // On a phone nothing sticks out sideways.
        browser.resize(390, 844).expect("a size");
        browser.open(&url).expect("the report opens");
        let overflow = text(&mut browser, "String(document.documentElement.scrollWidth - window.innerWidth)");
        assert_eq!(overflow, "0", "no sideways scrolling at 390 px");
    }
}
