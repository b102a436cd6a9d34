//! Scripts as a page writes them: what rules about Subresource Integrity look at.

use super::token::{Token, Tokens};

/// One `<script>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// `src` as written, trimmed; `None` for an inline script.
    pub source: Option<String>,
    /// `integrity` that is not empty (SRI §3.5).
    pub integrity: bool,
    /// `crossorigin` is there; without it a browser cannot check a script of another origin (SRI §3.6).
    pub crossorigin: bool,
}

/// Scripts listed at most.
const MAX_SCRIPTS: usize = 2000;

/// Every `<script>` outside `<template>`, in order.
pub fn scripts(html: &str) -> Vec<Script> {
    let mut out = Vec::new();
    let mut templates = 0_usize;
    for token in Tokens::new(html) {
        match token {
            Token::Start { name, .. } if name == "template" => templates = templates.saturating_add(1),
            Token::End { name } if name == "template" => templates = templates.saturating_sub(1),
            Token::Start { name, attributes }
                if name == "script" && templates == 0 && out.len() < MAX_SCRIPTS =>
            {
                let get = |key: &str| attributes.iter().find(|(n, _)| n == key).map(|(_, v)| v.trim());
                out.push(Script {
                    source: get("src").filter(|s| !s.is_empty()).map(str::to_owned),
                    integrity: get("integrity").is_some_and(|i| !i.is_empty()),
                    crossorigin: get("crossorigin").is_some(),
                });
            }
            _ => {}
        }
    }
    out
}

/// `content` of the last `<meta name=referrer>`.
pub fn meta_referrer(html: &str) -> Option<String> {
    Tokens::new(html)
        .filter_map(|token| match token {
            Token::Start { name, attributes } if name == "meta" => {
                let get = |key: &str| attributes.iter().find(|(n, _)| n == key).map(|(_, v)| v.as_str());
                let named = get("name").is_some_and(|n| n.trim().eq_ignore_ascii_case("referrer"));
                named.then(|| get("content").map(str::to_owned)).flatten()
            }
            _ => None,
        })
        .last()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_as_written() {
        let html = "<script src=' //a.tw/x.js ' integrity='sha384-x' crossorigin></script>\
            <script>alert('<script src=y>')</script><template><script src=z.js></script></template>\
            <SCRIPT SRC=/b.js integrity=''></SCRIPT><!-- <script src=c.js></script> -->";
        let found = scripts(html);
        assert_eq!(found.len(), 3);
        assert_eq!(found[0].source.as_deref(), Some("//a.tw/x.js"));
        assert!(found[0].integrity && found[0].crossorigin);
        assert_eq!(found[1].source, None);
        assert_eq!((found[2].source.as_deref(), found[2].integrity), (Some("/b.js"), false));
    }

    #[test]
    fn the_last_referrer_counts() {
        assert_eq!(
            meta_referrer("<meta name=Referrer content=origin><meta content=a name='referrer '>"),
            Some("a".into())
        );
        assert_eq!(meta_referrer("<meta name=referrer>"), None);
    }
}
