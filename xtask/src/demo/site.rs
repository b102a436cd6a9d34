//! The pages of the demo's web server: a small service of a city that does not exist.

use std::io::Write as _;
use std::path::Path;

use anyhow::Result;
use bulwark_testkit::http::{Reply, Request};

use crate::sys;

/// The answer of `/api/health`.
pub const HEALTH: &str = r#"{"status":"ok","database":"ok","version":"2.4.1"}"#;

const INDEX: &str = include_str!("site/index.html");
const STYLE: &str = include_str!("site/style.css");
const SCRIPT: &str = include_str!("site/app.js");
const EMBLEM: &str = include_str!("site/emblem.svg");
const TRACE: &str = include_str!("site/trace.html");

const COUNTER: &str = "window.demoCounter = 1;\n";
const GIT_HEAD: &str = "ref: refs/heads/master\n";
const DUMP: &str = "\
-- PostgreSQL database dump
-- 示範環境的虛構資料
CREATE TABLE public.cases (id bigint, code text, subject text);
INSERT INTO public.cases VALUES (1, '115-000001', '路燈報修');
";

/// Path, media type and contents of every file.
fn files() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    vec![
        ("/index.html", "text/html; charset=utf-8", INDEX.into()),
        ("/css/style.css", "text/css; charset=utf-8", STYLE.into()),
        ("/js/app.js", "application/javascript", script().into_bytes()),
        ("/js/counter.js", "application/javascript", COUNTER.into()),
        ("/img/emblem.svg", "image/svg+xml", EMBLEM.into()),
        ("/img/hall.png", "image/png", picture(720, 360, 1)),
        ("/img/service.png", "image/png", picture(360, 200, 2)),
        ("/img/map.png", "image/png", picture(360, 200, 3)),
        ("/trace.html", "text/html; charset=utf-8", TRACE.into()),
        ("/.git/HEAD", "text/plain", GIT_HEAD.into()),
        ("/backup.sql", "text/plain; charset=utf-8", DUMP.into()),
    ]
}

/// Writes the files for nginx.
pub fn write(www: &Path) -> Result<()> {
    for (path, _, contents) in files() {
        let file = www.join(&path[1..]);
        if let Some(folder) = file.parent() {
            sys::make_dir(folder)?;
        }
        // An unchanged file keeps its time, which the server tells its visitors.
        if std::fs::read(&file).map_or(true, |old| old != contents) {
            sys::write(&file, contents)?;
        }
    }
    Ok(())
}

/// The same pages for our own server.
pub fn reply(request: &Request) -> Reply {
    match request.path() {
        "/api/health" => Reply::with_type(200, "application/json", HEALTH.as_bytes()),
        "/search" => {
            let code =
                request.query().split('&').find_map(|pair| pair.strip_prefix("q=")).unwrap_or_default();
            Reply::text(200, &format!("查詢結果：案號 {code}，承辦單位 區公所民政課，狀態 審查中\n"))
        }
        "/error" => Reply::with_type(500, "text/html; charset=utf-8", TRACE.as_bytes()),
        "/trace.html" => Reply::text(404, "404"),
        path => {
            let path = if path == "/" { "/index.html" } else { path };
            match files().into_iter().find(|(name, _, _)| *name == path) {
                Some((name, media_type, contents)) => {
                    let reply = Reply::with_type(200, media_type, &contents);
                    if name == "/index.html" {
                        reply.header("Set-Cookie", "JSESSIONID=6F1D2A9C0B7E4D35; Path=/")
                    } else {
                        reply
                    }
                }
                None => Reply::text(404, "404"),
            }
        }
    }
}

/// The page's own script behind a library that is delivered whole for one function: 160 kB without compression.
fn script() -> String {
    use std::fmt::Write as _;
    let mut script = String::from("/* demo library, full build, not minified */\n");
    for number in 0..2500 {
        let _ = writeln!(
            script,
            "function demoLibraryUnusedFunction{number:04}(value) {{ return value + {number}; }}"
        );
    }
    script + SCRIPT
}

/// A landscape as PNG, stored without compression: heavy, as pictures straight from a camera are.
fn picture(width: u32, height: u32, seed: u32) -> Vec<u8> {
    let mut rows = Vec::new();
    for y in 0..height {
        rows.push(0);
        for x in 0..width {
            let hill = height / 2 + (x * (2 + seed) % 97) / 6 + (x + seed * 40) % 211 / 8;
            let shade = |value: u32| u8::try_from(value.min(255)).unwrap_or(u8::MAX);
            let light = y * 90 / height;
            let colour = if y < hill {
                [120 + light, 170 + light / 2, 225]
            } else {
                [70 + light, 140, 80 + light / 3]
            };
            rows.extend(colour.map(shade));
        }
    }
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    chunk(&mut png, *b"IHDR", &[&size[..], &[8, 2, 0, 0, 0]].concat());
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::none());
    // Writing to memory cannot fail.
    let zlib = encoder.write_all(&rows).and_then(|()| encoder.finish()).unwrap_or_default();
    chunk(&mut png, *b"IDAT", &zlib);
    chunk(&mut png, *b"IEND", &[]);
    png
}

fn chunk(png: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    let mut crc = flate2::Crc::new();
    crc.update(&kind);
    crc.update(data);
    png.extend(u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes());
    png.extend(kind);
    png.extend(data);
    png.extend(crc.sum().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_whole_and_heavy() {
        let png = picture(720, 360, 1);
        assert!(png.len() > 720 * 360 * 3);
        assert!(png.ends_with(&[0xae, 0x42, 0x60, 0x82]), "the CRC of IEND is known");
        assert!(script().len() > 150_000);
    }
}
