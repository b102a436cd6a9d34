//! A tolerant HTML scanner: what a page loads, its title, and pages that say too much. No DOM.

mod decode;
mod leak;
mod scan;
mod script;
mod token;

pub use decode::decode;
pub use leak::{Leak, LeakKind, default_page, leaks};
pub use scan::{Form, Role, Scan, SubResource, scan};
pub use script::{Script, meta_referrer, scripts};

/// Entry point for fuzzing and property tests.
pub fn fuzz_html(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let title = url::Url::parse("https://www.example.tw/a/b").ok().and_then(|page| scan(&text, &page).title);
    let _ = (scripts(&text), meta_referrer(&text), decode(data, "text/html"));
    let _ = (leaks(&text), default_page(&text, title.as_deref()));
}

#[cfg(test)]
mod tests;
