//! `bulwark ds`: the design system from the command line, in a browser, in other engines.

mod support;

use std::path::PathBuf;
use std::process::Command;

use support::{bulwark, code, err, out};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn tools() -> PathBuf {
    bulwark_testkit::workspace_root().join("design/tools")
}

#[test]
fn every_component_passes_in_the_browser_and_in_three_engines() {
    let tools = tools();
    if !tools.join("node_modules/axe-core").exists() || bulwark_testkit::program(&["chromium"]).is_none() {
        bulwark_testkit::skip("the peers of the design system are not installed: `cargo xtask test` does it");
        return;
    }
    let folder = folder();
    let o =
        bulwark(folder.path(), &["--lang", "en", "ds", "check", "--tools", tools.to_str().expect("UTF-8")]);
    assert_eq!(code(&o), 0, "{}\n{}", out(&o), err(&o));
    let text = out(&o);
    for line in ["components 60/60", "patterns 12/12", "axe 0"] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn a_component_is_rendered_from_json_and_mistakes_are_named() {
    let folder = folder();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    };
    let good = file("good.json", r#"{"text":"送出 <b>"}"#);
    let o = bulwark(folder.path(), &["ds", "render", "button", &good]);
    assert_eq!((code(&o), out(&o).contains("送出 &lt;b&gt;</button>")), (0, true), "{}", out(&o));
    let wrong = file("wrong.json", r#"{"text":"送出","varient":"quiet"}"#);
    let o = bulwark(folder.path(), &["ds", "render", "button", &wrong]);
    assert_eq!(code(&o), 2);
    assert!(err(&o).contains("BW-DS-021") && err(&o).contains("variant"), "{}", err(&o));
    let broken = file("broken.json", "{\n \"text\": }");
    let o = bulwark(folder.path(), &["ds", "render", "button", &broken]);
    assert!(code(&o) == 2 && err(&o).contains("broken.json:2:"), "{}", err(&o));
    let o = bulwark(folder.path(), &["ds", "render", "buton", &good]);
    assert!(code(&o) == 2 && err(&o).contains("BW-DS-025"), "{}", err(&o));
}

#[test]
fn a_failing_theme_is_refused_with_the_nearest_colour() {
    let folder = folder();
    let path = folder.path().join("theme.json");
    let theme = r##"{"ds":{"color":{"$type":"color","accent":{"$value":{"colorSpace":"srgb","components":[0.6,0.8,0.9],"hex":"#99cce6"}}}}}"##;
    std::fs::write(&path, theme).expect("written");
    let o = bulwark(folder.path(), &["ds", "tokens", "--theme", path.to_str().expect("UTF-8")]);
    assert_eq!(code(&o), 2, "{}", out(&o));
    assert!(err(&o).contains('#'), "{}", err(&o));
    let o = bulwark(folder.path(), &["ds", "tokens"]);
    assert!(code(&o) == 0 && out(&o).contains("--ds-color-accent"));
}

#[test]
fn the_packages_install_and_render_the_same() {
    let folder = folder();
    let o = bulwark(folder.path(), &["ds", "pack", "out"]);
    assert_eq!(code(&o), 0, "{}", err(&o));
    let packed = folder.path().join("out");
    let again = bulwark(folder.path(), &["ds", "pack", "again"]);
    assert_eq!(code(&again), 0);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&packed).expect("a folder") {
        let name = entry.expect("an entry").file_name();
        let read = |dir: &str| std::fs::read(folder.path().join(dir).join(&name)).expect("readable");
        assert!(read("out") == read("again"), "{name:?} is the same each time");
        names.push(name.to_string_lossy().into_owned());
    }
    let sums =
        Command::new("sha256sum").args(["--check", "--quiet", "SHA256SUMS"]).current_dir(&packed).status();
    assert!(sums.expect("sha256sum").success());
    let want = bulwark(folder.path(), &["ds", "list"]);
    assert!(out(&want).contains("button"));
    let python = tools().join(".venv/bin/python");
    if !python.exists() {
        bulwark_testkit::skip("the peers of the design system are not installed: `cargo xtask test` does it");
        return;
    }
    let wheel = names.iter().find(|n| n.contains("-none-any.whl")).expect("a wheel");
    let target = folder.path().join("site-packages");
    let installed = Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target"])
        .arg(&target)
        .arg(packed.join(wheel))
        .output()
        .expect("pip");
    assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
    let script = "from bulwark_ds import environment, STATIC\n\
        print(environment().from_string('{% from \"button/template.jinja\" import button %}{{ button({\"text\": \"送出 <b>\"}) }}').render())\n\
        assert (STATIC / 'ds.css').exists()";
    let rendered =
        Command::new(&python).args(["-B", "-c", script]).env("PYTHONPATH", &target).output().expect("python");
    let text = String::from_utf8_lossy(&rendered.stdout);
    assert!(text.contains("送出 &lt;b&gt;</button>"), "{text}{}", String::from_utf8_lossy(&rendered.stderr));
    let npm = names.iter().find(|n| n.contains(".tgz")).expect("an npm package");
    let unpacked = Command::new("tar").arg("-xzf").arg(packed.join(npm)).current_dir(folder.path()).status();
    assert!(unpacked.expect("tar").success());
    let script = "const n=require('nunjucks');const e=require('./package').environment(n);\
        console.log(e.renderString('{% from \"button/template.jinja\" import button %}{{ button({\"text\": \"送出 <b>\"}) }}'))";
    let rendered = Command::new("node")
        .args(["-e", script])
        .env("NODE_PATH", tools().join("node_modules"))
        .current_dir(folder.path())
        .output()
        .expect("node");
    let text = String::from_utf8_lossy(&rendered.stdout);
    assert!(text.contains("送出 &lt;b&gt;</button>"), "{text}{}", String::from_utf8_lossy(&rendered.stderr));
}

#[test]
fn the_site_is_written_and_none_of_its_links_leads_nowhere() {
    let folder = folder();
    let o = bulwark(folder.path(), &["ds", "build", "site"]);
    assert_eq!(code(&o), 0, "{}", err(&o));
    let root = folder.path().join("site");
    let mut pages = vec![root.clone()];
    let mut checked = 0;
    let mut lost = Vec::new();
    while let Some(path) = pages.pop() {
        if path.is_dir() {
            pages.extend(std::fs::read_dir(&path).expect("a folder").map(|e| e.expect("an entry").path()));
            continue;
        }
        let own = path.strip_prefix(&root).expect("below");
        // Examples show addresses of pages that a real site has; the site's own pages must all be there.
        if path.extension().is_none_or(|e| e != "html")
            || own.starts_with("examples")
            || own.ends_with("404.html")
        {
            continue;
        }
        let html = std::fs::read_to_string(&path).expect("text");
        for attribute in ["href=\"", "src=\""] {
            for (at, _) in html.match_indices(attribute) {
                let link = &html[at + attribute.len()..];
                let link = link[..link.find('"').unwrap_or(0)].split(['#', '?']).next().unwrap_or_default();
                // Code that is shown is escaped and ends at its first entity.
                if link.is_empty() || link.contains(':') || link.starts_with('/') || link.contains('&') {
                    continue;
                }
                checked += 1;
                let target = path.parent().expect("a folder").join(link);
                if !target.exists() {
                    lost.push(format!("{}: {link}", own.display()));
                }
            }
        }
    }
    lost.sort();
    lost.dedup();
    assert!(checked > 1000 && lost.is_empty(), "{checked} links, lost: {lost:#?}");
}
