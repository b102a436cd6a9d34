//! The release archive: what an agency takes home, with checksums, SBOM and migration notes.
//!
//! Everything is made in memory and is the same, byte for byte, for the same source.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bulwark_model::Lang;
use flate2::Compression;
use flate2::write::GzEncoder;
use ring::digest::{SHA256, SHA512, digest};
use serde_json::{Value, json};

use crate::component::registry;
use crate::{assets, style, tokens};

/// Version of the release: that of the workspace.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Name of the npm package and of the archive.
const NAME: &str = "bulwark-ds";
/// Name of the Python module.
const MODULE: &str = "bulwark_ds";
const LICENCE: &str = "Apache-2.0 OR MIT";

/// Files by path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Archive {
    files: BTreeMap<String, Vec<u8>>,
}

impl Archive {
    fn add(&mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) {
        self.files.insert(path.into(), content.into());
    }

    /// All files in order of path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, content)| (path.as_str(), content.as_slice()))
    }

    /// One file.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// `SHA256SUMS` as `sha256sum --check` reads it.
    fn checksums(&self) -> String {
        self.files().fold(String::new(), |mut out, (path, content)| {
            let _ = writeln!(out, "{}  {path}", hex(digest(&SHA256, content).as_ref()));
            out
        })
    }
}

/// What `bulwark ds pack` writes: the whole release as one archive, an npm and a pip package, checksums.
pub fn release() -> Archive {
    let mut out = Archive::default();
    out.add(format!("{NAME}-{VERSION}.tar.gz"), tar_gz(&format!("{NAME}-{VERSION}"), &contents()));
    out.add(format!("{NAME}-{VERSION}.tgz"), tar_gz("package", &npm()));
    out.add(format!("{MODULE}-{VERSION}-py3-none-any.whl"), wheel());
    out.add("SHA256SUMS", out.checksums());
    out
}

/// Everything of the release, as it lies in the archive.
pub fn contents() -> Archive {
    let mut out = Archive::default();
    shared(&mut out, "");
    for component in registry().iter() {
        for example in &component.examples {
            let html = crate::docs::example_page(component, example).replace("../../assets/", "../../");
            out.add(format!("html/{}/{}.html", component.name, example.name), html);
        }
        out.add(format!("docs/{}.zh-TW.md", component.name), component.prose_zh_tw);
        out.add(format!("docs/{}.en.md", component.name), component.prose_en);
    }
    let npm = npm();
    npm.files().for_each(|(path, content)| out.add(format!("npm/{path}"), content));
    let pip = pip();
    pip.files().for_each(|(path, content)| out.add(format!("pip/{path}"), content));
    out.add("MIGRATION.zh-TW.md", migration(Lang::ZhTw));
    out.add("MIGRATION.en.md", migration(Lang::En));
    out.add("CHANGELOG.zh-TW.md", changes(Lang::ZhTw));
    out.add("CHANGELOG.en.md", changes(Lang::En));
    let sbom = sbom(&out);
    out.add("sbom.cdx.json", sbom);
    out.add("SHA256SUMS", out.checksums());
    out
}

/// Style sheet, scripts, tokens, icons and templates, below a folder.
fn shared(out: &mut Archive, base: &str) {
    out.add(format!("{base}ds.css"), style::css());
    out.add(format!("{base}css/ds.css"), style::source());
    for (name, source) in style::scripts() {
        out.add(format!("{base}{name}"), source);
    }
    out.add(format!("{base}tokens/tokens.css"), tokens::embedded_css());
    out.add(format!("{base}tokens/tokens.json"), pretty(&tokens::json(tokens::embedded())));
    for folder in ["tokens", "icons"] {
        for (path, content) in assets::under(folder) {
            out.add(format!("{base}{folder}/{path}"), content);
        }
    }
    templates(out, &format!("{base}templates"));
}

/// The macros and the schemas of their parameters; one form serves minijinja, Jinja2 and Nunjucks.
fn templates(out: &mut Archive, base: &str) {
    for (path, content) in assets::under("components") {
        if assets::is_a(path, "jinja") || path.ends_with("schema.json") {
            out.add(format!("{base}/{path}"), content);
        }
    }
}

fn npm() -> Archive {
    let mut out = Archive::default();
    shared(&mut out, "");
    let index = assets::file("packages/npm/index.cjs").unwrap_or_default();
    out.add("index.cjs", index);
    let package = json!({
        "name": NAME,
        "version": VERSION,
        "description": "Government design system: components for Nunjucks, styles and scripts",
        "license": LICENCE,
        "main": "index.cjs",
        "style": "ds.css",
        "exports": { ".": "./index.cjs", "./*": "./*" },
        "peerDependencies": { "nunjucks": "^3.2.4" },
        "peerDependenciesMeta": { "nunjucks": { "optional": true } }
    });
    out.add("package.json", pretty(&package));
    out.add("README.md", readme());
    out
}

fn pip() -> Archive {
    let mut out = Archive::default();
    let module = assets::file("packages/pip/bulwark_ds/__init__.py").unwrap_or_default();
    out.add(format!("{MODULE}/__init__.py"), module);
    templates(&mut out, &format!("{MODULE}/templates"));
    out.add(format!("{MODULE}/static/ds.css"), style::css());
    for (name, source) in style::scripts() {
        out.add(format!("{MODULE}/static/{name}"), source);
    }
    let info = format!("{MODULE}-{VERSION}.dist-info");
    let metadata = format!(
        "Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\nSummary: Government design system: components for Jinja2, styles and scripts\nLicense: {LICENCE}\nRequires-Python: >=3.9\nRequires-Dist: jinja2>=3.1\nDescription-Content-Type: text/markdown\n\n{}",
        readme()
    );
    out.add(format!("{info}/METADATA"), metadata);
    out.add(
        format!("{info}/WHEEL"),
        "Wheel-Version: 1.0\nGenerator: bulwark ds pack\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    );
    let mut record = String::new();
    for (path, content) in out.files() {
        let hash = URL_SAFE_NO_PAD.encode(digest(&SHA256, content));
        let _ = writeln!(record, "{path},sha256={hash},{}", content.len());
    }
    let _ = writeln!(record, "{info}/RECORD,,");
    out.add(format!("{info}/RECORD"), record);
    out
}

/// The pip package as a wheel, which installs without a build and without a network.
fn wheel() -> Vec<u8> {
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o644);
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in pip().files() {
        let written = writer.start_file(path, options).map(|()| writer.write_all(content));
        written.expect("memory takes what is written").expect("memory takes what is written");
    }
    writer.finish().expect("memory takes what is written").into_inner()
}

fn tar_gz(root: &str, archive: &Archive) -> Vec<u8> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::best()));
    for (path, content) in archive.files() {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        builder
            .append_data(&mut header, format!("{root}/{path}"), content)
            .expect("memory takes what is written");
    }
    let encoder = builder.into_inner().expect("memory takes what is written");
    encoder.finish().expect("memory takes what is written")
}

/// CycloneDX 1.6: the archive depends on nothing; its files are listed with their hashes.
fn sbom(archive: &Archive) -> String {
    let files: Vec<Value> = archive
        .files()
        .map(|(path, content)| {
            json!({ "type": "file", "name": path, "bom-ref": path,
                "hashes": [{ "alg": "SHA-256", "content": hex(digest(&SHA256, content).as_ref()) },
                           { "alg": "SHA-512", "content": hex(digest(&SHA512, content).as_ref()) }] })
        })
        .collect();
    let itself = format!("pkg:npm/{NAME}@{VERSION}");
    pretty(&json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": { "type": "library", "name": NAME, "version": VERSION, "bom-ref": itself, "purl": itself,
            "licenses": [{ "expression": LICENCE }] } },
        "components": files,
        "dependencies": [{ "ref": itself, "dependsOn": [] }],
    }))
}

fn readme() -> String {
    let mut out = String::from(
        "# bulwark-ds\n\n政府設計系統的元件、樣式與指令碼。Components, styles and scripts of the government design system.\n\n\
         - Nunjucks: `require('bulwark-ds').environment(nunjucks)`\n\
         - Jinja2: `from bulwark_ds import environment`\n\
         - `ds.css`, `ds.js` (module), `theme.js` (classic script in the head), `modules/` beside `ds.js`\n\n```html\n\
         {% from \"button/template.jinja\" import button %}\n{{ button({\"text\": \"送出申請\"}) }}\n```\n\n",
    );
    let _ = writeln!(out, "| 元件 component | 名稱 title |\n|---|---|");
    for component in registry().iter() {
        let title = &component.meta.title;
        let _ = writeln!(out, "| `{}` | {} {} |", component.name, title.zh_tw, title.en);
    }
    out
}

/// For sites that come from GOV.UK Frontend: each option and what it is called here.
fn migration(lang: Lang) -> String {
    let (title, intro, head) = match lang {
        Lang::ZhTw => (
            "遷移說明",
            "由 GOV.UK Frontend 遷來時，選項的對應如下。class 前綴由 `govuk-` 改為 `ds-`，指令碼改為 `data-ds`。首版沒有舊版可升級。",
            "| 選項 | 本系統 |\n|---|---|",
        ),
        Lang::En => (
            "Migration",
            "For sites that come from GOV.UK Frontend: what each option is called here. Classes start with `ds-` instead of `govuk-`, behaviour with `data-ds`. This is the first version; there is none to upgrade from.",
            "| Option | Here |\n|---|---|",
        ),
    };
    let mut out = format!("# {title}\n\n{intro}\n");
    for component in registry().iter().filter(|c| c.meta.govuk.is_some()) {
        let govuk = component.meta.govuk.as_deref().unwrap_or_default();
        let _ = writeln!(out, "\n## {govuk} → {}\n\n{head}", component.name);
        for (option, answer) in &component.meta.govuk_options {
            let answer =
                answer.strip_prefix("- ").map_or_else(|| format!("`{answer}`"), |why| format!("– {why}"));
            let _ = writeln!(out, "| `{option}` | {answer} |");
        }
    }
    out
}

fn changes(lang: Lang) -> String {
    let mut by_version: BTreeMap<&str, String> = BTreeMap::new();
    for component in registry().iter() {
        for change in &component.meta.change {
            let text = by_version.entry(&change.version).or_default();
            let _ = writeln!(text, "- **{}** {}", component.meta.title.get(lang), change.what.get(lang));
        }
    }
    let title = match lang {
        Lang::ZhTw => "變更紀錄",
        Lang::En => "Changes",
    };
    let versions = by_version.iter().rev().map(|(version, text)| format!("\n## {version}\n\n{text}"));
    format!("# {title}\n{}", versions.collect::<String>())
}

fn pretty(value: &Value) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("a JSON value");
    text.push('\n');
    text
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    })
}
