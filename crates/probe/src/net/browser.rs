//! A page as a citizen's browser sees it.

use std::sync::Arc;

use bulwark_model::Intensity;
use serde_json::{Value, json};
use url::Url;

use super::Net;
use super::cdp::{Launch, Tab};
use super::socks::Proxy;
use crate::evidence::{Blob, Browser};
use crate::failure::Failure;

/// Refused URLs kept.
const MAX_REFUSED: usize = 50;
/// Console messages kept.
const MAX_CONSOLE: usize = 20;

/// Runs in the page before its own scripts.
const OBSERVE: &str = "(() => {
  const seen = { lcp: null, cls: 0 };
  Object.defineProperty(window, '__bulwark', { value: seen });
  const watch = (type, take) => {
    try { new PerformanceObserver(list => list.getEntries().forEach(take)).observe({ type, buffered: true }); } catch {}
  };
  watch('largest-contentful-paint', e => { seen.lcp = e.startTime; });
  watch('layout-shift', e => { if (!e.hadRecentInput) seen.cls += e.value; });
})()";

const MEASURE: &str = "(() => {
  const seen = window.__bulwark || { lcp: null, cls: 0 };
  const nav = performance.getEntriesByType('navigation')[0];
  const fcp = performance.getEntriesByName('first-contentful-paint')[0];
  return {
    lcp: seen.lcp, cls: seen.cls, fcp: fcp ? fcp.startTime : null,
    ttfb: nav && nav.responseStart > 0 ? nav.responseStart : null,
    load: nav && nav.loadEventEnd > 0 ? nav.loadEventEnd : null,
  };
})()";

/// Opens the page in Chromium behind our proxy.
pub(super) async fn collect(net: &Arc<Net>, url: &str) -> Result<Browser, Failure> {
    let parsed = super::fetch::parse(url)?;
    let host = super::name::canonical(parsed.host_str().unwrap_or_default())?;
    // Before a browser is started for nothing.
    net.locate(&host).await?;
    super::cdp::find(net.settings.chromium.as_deref())?;
    let proxy = Proxy::start(net).await?;
    let launch = Launch {
        program: net.settings.chromium.clone(),
        proxy: Some(proxy.address),
        ignore_certificate_errors: net.settings.intensity == Intensity::Lab,
        allowed_ports: parsed.port().into_iter().collect(),
        page_limit: net.settings.limits.browser,
        ..Launch::default()
    };
    let mut tab = Box::pin(Tab::launch(&launch)).await?;
    tab.call(
        "Network.setUserAgentOverride",
        json!({ "userAgent": agent(net, &tab.product), "acceptLanguage": "zh-TW" }),
    )
    .await?;
    tab.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": OBSERVE })).await?;
    if let Err(e) = Box::pin(tab.open(parsed.as_str())).await {
        tab.close().await;
        // The proxy knows better than the browser why.
        return Err(proxy.failure(&host).unwrap_or(e));
    }
    let measured = tab.evaluate(MEASURE).await?;
    let screenshot = tab.screenshot().await?;
    tab.close().await;
    let number = |key: &str| measured.get(key).and_then(Value::as_f64);
    let mut refused: Vec<String> = tab.requests.iter().filter(|u| leaves_scope(net, u)).cloned().collect();
    refused.truncate(MAX_REFUSED);
    Ok(Browser {
        url: url.to_owned(),
        product: tab.product.clone(),
        lcp_ms: number("lcp"),
        fcp_ms: number("fcp"),
        cls: number("cls").unwrap_or(0.0),
        ttfb_ms: number("ttfb"),
        load_ms: number("load"),
        requests: u32::try_from(tab.requests.len()).unwrap_or(u32::MAX),
        refused,
        console_errors: tab.console_errors.iter().take(MAX_CONSOLE).cloned().collect(),
        screenshot: Blob(screenshot),
    })
}

/// A browser's name, so that the page is the one citizens get, with ours behind it.
fn agent(net: &Net, product: &str) -> String {
    let version = product.split_once('/').map_or("0", |(_, v)| v.split('.').next().unwrap_or("0"));
    format!(
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36 {}",
        net.user_agent()
    )
}

fn leaves_scope(net: &Net, url: &str) -> bool {
    Url::parse(url).is_ok_and(|u| {
        matches!(u.scheme(), "http" | "https" | "ws" | "wss")
            && u.host_str().is_some_and(|h| net.check_host(h).is_err())
    })
}
