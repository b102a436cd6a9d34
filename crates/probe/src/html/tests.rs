use proptest::prelude::*;
use url::Url;

use super::*;

fn page() -> Url {
    Url::parse("https://www.example.tw/a/b.html").expect("a URL")
}

/// `role url` for each resource.
fn resources(html: &str) -> Vec<String> {
    scan(html, &page())
        .resources
        .iter()
        .map(|r| {
            let marks = [(r.integrity, " sri"), (r.lazy, " lazy")];
            let marks: String = marks.iter().filter(|m| m.0).map(|m| m.1).collect();
            format!(
                "{} {}{marks}",
                r.role.as_str(),
                r.url.as_str().trim_start_matches("https://www.example.tw")
            )
        })
        .collect()
}

#[test]
fn everything_a_page_loads() {
    let html = r#"<!DOCTYPE html><HTML LANG=zh-Hant-TW><head>
      <meta charset="Big5"><meta name=viewport content="width=device-width"><META NAME="Generator" content="X 1">
      <meta http-equiv="Content-Security-Policy" content="default-src 'self'">
      <title> 數位
        服務 &amp; 查詢 </title>
      <script src=/js/a.js integrity="sha384-x" crossorigin></script><script>if (a<b) document.write("<img src=no.png>")</script>
      <script type="application/ld+json">{}</script>
      <link rel="stylesheet" href='c.css'><link rel="shortcut icon" href="/f.ico"><link rel=preload as=font href=x.woff2>
      <link rel=modulepreload href=m.js><link rel=canonical href=/no><link rel="alternate stylesheet" href=no.css>
      <style>/* url(no.png) */ @import "i.css"; @import url(j.css); body{background:URL( 'bg.png' )} @font-face{src:url(f.woff2?v=1#x)}</style>
    </head><body background=old.gif>
      <!-- <img src=no.png> --><img loading=lazy src="../i.png?a=1&amp;b=2&lang=zh" srcset="s1.png 1x, s2.png 2x">
      <picture><source srcset=", p.webp 2x"></picture><video poster=v.jpg><source src=v.mp4><track src=t.vtt></video>
      <iframe src="https://maps.example/x"><img src=no.png></iframe><object data=o.pdf></object><embed src=e.swf>
      <div style="background:url(&quot;d.png&quot;)"></div><a href=/no>x</a>
      <img src="data:image/png;base64,AA"><img src="javascript:1"><img src="http://[bad"><img src="//cdn.example/x.png"><img src=#f>
      <template><img src=no.png></template><form action=/login method=POST><input type=password></form><form></form>
      <svg><use xlink:href="sprite.svg#a"/></svg>"#;
    let s = scan(html, &page());
    assert_eq!(s.title.as_deref(), Some("數位 服務 & 查詢"));
    assert_eq!(
        (s.lang.as_deref(), s.viewport, s.charset.as_deref()),
        (Some("zh-Hant-TW"), true, Some("big5"))
    );
    assert_eq!((s.generator.as_deref(), s.meta_csp.len(), s.inline_scripts), (Some("X 1"), 1, 1));
    assert_eq!(s.bad_urls, ["http://[bad"]);
    let forms: Vec<_> = s.forms.iter().map(|f| (f.action.path(), f.method.as_str(), f.password)).collect();
    assert_eq!(forms, [("/login", "post", true), ("/a/b.html", "get", false)]);
    assert_eq!(
        resources(html),
        [
            "script /js/a.js sri",
            "style /a/c.css",
            "image /f.ico",
            "font /a/x.woff2",
            "script /a/m.js",
            "style /a/i.css",
            "style /a/j.css",
            "image /a/bg.png",
            "font /a/f.woff2?v=1",
            "image /a/old.gif",
            "image /i.png?a=1&b=2&lang=zh lazy",
            "image /a/s1.png lazy",
            "image /a/p.webp",
            "image /a/v.jpg",
            "media /a/v.mp4",
            "media /a/t.vtt",
            "frame https://maps.example/x",
            "frame /a/o.pdf",
            "frame /a/e.swf",
            "image /a/d.png",
            "image https://cdn.example/x.png",
            "image /a/sprite.svg",
        ]
    );
}

#[test]
fn base_and_broken_markup() {
    assert_eq!(
        resources("<base href=/x/><base href=/y/><img src=a><img src=a><IMG SRC = 'b' >"),
        ["image /x/a", "image /x/b"]
    );
    assert_eq!(resources("<img src=\"a"), ["image /a/a"]);
    assert_eq!(
        resources("<img src=a /><img/src=b><img alt=\">\" src=c><<img src=d>"),
        ["image /a/a", "image /a/b", "image /a/c", "image /a/d"]
    );
    assert_eq!(
        resources("<!--><img src=a><!-- x --!><img src=b><!-- <img src=no>"),
        ["image /a/a", "image /a/b"]
    );
    assert_eq!(resources("<script>'</scripty>'</SCRIPT ><img src=a>"), ["image /a/a"]);
    assert_eq!(resources("</ img src=no><?php <img src=a>"), Vec::<String>::new());
    assert_eq!(resources("<img src=a src=no><img src=\" b \"><img src=''>"), ["image /a/a", "image /a/b"]);
    assert_eq!(
        scan("<title>a&#x3c;b&#0;&unknown;&amp", &page()).title.as_deref(),
        Some("a<b\u{fffd}&unknown;&amp")
    );
    assert_eq!(scan("", &page()), Scan::default());
}

#[test]
fn large_hostile_pages_take_linear_time() {
    for piece in [
        "<!---->",
        "<style>url(",
        "<!--",
        "&amp",
        "<a ",
        "<a b",
        "@import url(",
        "</",
        "<script></",
        "<img src=x>",
        "<template>",
    ] {
        let html = piece.repeat(1_000_000 / piece.len());
        let start = std::time::Instant::now();
        let _ = scan(&html, &page());
        let _ = leaks(&html);
        assert!(start.elapsed().as_secs() < 20, "{piece}");
    }
}

fn kinds(text: &str) -> Vec<LeakKind> {
    leaks(text).into_iter().map(|l| l.kind).collect()
}

#[test]
fn leaks_are_found() {
    for (text, kind) in [
        (
            "<pre>java.lang.NullPointerException\n\tat gov.tw.app.Login.&lt;init&gt;(Login.java:42)\n</pre>",
            LeakKind::JavaTrace,
        ),
        ("Traceback (most recent call last):", LeakKind::PythonTrace),
        ("  File \"/app/views.py\", line 12, in index", LeakKind::PythonTrace),
        (
            "<br />\n<b>Warning</b>:  include(x.php): failed in <b>/home/u/x.php</b> on line <b>3</b><br />",
            LeakKind::PhpError,
        ),
        ("PHP Fatal error:  Uncaught Error in /app/i.php:9", LeakKind::PhpError),
        ("<title>x</title><H1>Server Error in '/' Application.<hr></H1>", LeakKind::DotNetError),
        ("   at App.Page_Load(Object s) in d:\\src\\Page.aspx.cs:line 12", LeakKind::DotNetError),
        ("app/models/user.rb:12:in `find'", LeakKind::RubyTrace),
        ("    at Object.&lt;anonymous&gt; (/srv/app/index.js:10:5)", LeakKind::NodeTrace),
        ("    at node:internal/main/run_main_module:23:47", LeakKind::NodeTrace),
        ("goroutine 1 [running]:", LeakKind::GoPanic),
        ("You have an error in your SQL syntax; check the manual", LeakKind::SqlError),
        ("ORA-00933: SQL command not properly ended", LeakKind::SqlError),
        ("ERROR: syntax error at or near \"'\" LINE 1", LeakKind::SqlError),
        ("SQLSTATE[42S02]: Base table or view not found", LeakKind::SqlError),
        ("You're seeing this error because you have <code>DEBUG = True</code> in your", LeakKind::DebugPage),
        ("<h1>Whitelabel Error Page</h1>", LeakKind::DebugPage),
        ("failed to open /var/www/html/app/config.inc.php", LeakKind::ServerPath),
        ("找不到 C:\\inetpub\\wwwroot\\web.config", LeakKind::ServerPath),
    ] {
        assert!(kinds(text).contains(&kind), "{kind:?} in {text}: {:?}", kinds(text));
    }
    let found = leaks("x".repeat(3000).as_str());
    assert_eq!(found, []);
    let long = leaks(&format!("{} ORA-00933: boo {}", "資".repeat(900), "z".repeat(900)));
    assert!(
        long.first().is_some_and(|l| l.excerpt.contains("ORA-00933") && l.excerpt.chars().count() <= 161),
        "{long:?}"
    );
}

#[test]
fn ordinary_pages_do_not_leak() {
    for text in [
        "<p>歡迎使用線上申辦服務。Warning: this is only a test in the lab.</p>",
        "<p>Learn Java: compile Foo.java: then run it. See File \"a\".</p>",
        "<script>throw new Error('at x (/a.js:1:2)')</script>",
        "<p>at https://cdn.example.com/app.js:10:5</p>",
        "<p>Flora-12345: a plant. ORA-1: no. Our aurora-00001: x</p>",
        "<a href=/x>/var/www/html</a> https://a.tw/var/www/x.php",
        "<p>Meeting at noon (room 3)</p><p>looked at app.css:12</p>",
        "<p>Notice: 公告 in 2024 on line booking</p>",
        "<!-- Traceback (most recent call last) -->",
    ] {
        assert_eq!(kinds(text), [], "{text}");
    }
}

#[test]
fn default_pages_are_known() {
    for (body, title, product) in [
        ("", "Welcome to nginx!", "nginx"),
        ("", "Apache2 Debian Default Page: It works", "Apache"),
        ("<html><body><h1>It works!</h1></body></html>", "", "Apache"),
        ("", "IIS Windows Server", "IIS"),
        (
            "<h2>If you're seeing this, you've successfully installed Tomcat. Congratulations!</h2>",
            "Apache Tomcat/9.0.70",
            "Tomcat",
        ),
        ("", "PHP 8.2.7 - phpinfo()", "phpinfo"),
        ("", "Index of /uploads", "directory listing"),
        ("<A HREF=\"/\">[To Parent Directory]</A>", "a.tw - /", "directory listing"),
    ] {
        assert_eq!(default_page(body, Some(title)), Some(product), "{title}");
    }
    assert_eq!(default_page("<title> Welcome to nginx! </title>", None), Some("nginx"));
    assert_eq!(default_page("", Some("Apache Tomcat/7.0 - Error report")), None);
    assert_eq!(default_page("<p>it works</p>", Some("數位服務")), None);
    // The page names its own folder; that is no leak of ours.
    assert_eq!(kinds("<title>Apache2 Debian Default Page: It works</title>/var/www/html/index.html"), []);
}

/// Pages of Mozilla's HTTP Observatory: every script with `integrity` is seen as such.
#[test]
fn observatory_pages_agree_on_integrity() {
    let Some(folder) = bulwark_testkit::shared_data("monitor/httphdr") else { return };
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("the suite is complete");
    let with = read("test_content_sri_impl_external_https1.html");
    let scripts = |html: &str| -> Vec<bool> {
        scan(html, &page()).resources.iter().filter(|r| r.role == Role::Script).map(|r| r.integrity).collect()
    };
    assert!(scripts(&with).contains(&true), "{:?}", scripts(&with));
    let without = read("test_content_sri_notimpl_external_https.html");
    assert!(scripts(&without).contains(&false));
    assert!(scripts(&read("test_content_sri_no_scripts.html")).is_empty());
    let csp = read("test_parse_http_equiv_headers_csp1.html");
    assert!(!scan(&csp, &page()).meta_csp.is_empty());
}

proptest! {
    #[test]
    fn never_panics(data in proptest::collection::vec(any::<u8>(), 0..300)) {
        fuzz_html(&data);
    }

    #[test]
    fn near_pages_never_panic(text in "(<[!/?]?|>|script|style|url\\(|=|\"|'|&#?x?|;|--|[a-z \u{8cc7}.:/]{1,5}|at |\\.java:1|template){0,60}") {
        fuzz_html(text.as_bytes());
    }
}
