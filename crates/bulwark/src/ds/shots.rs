//! Screenshots of every component, kept small as reference, and the comparison with them.
//!
//! A reference is the page at half its size in sixteen greys: enough to see that something moved,
//! too coarse for the way a machine smooths its letters.

use std::fs;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use bulwark_probe::failure::Failure;
use bulwark_probe::net::cdp::{Browser, Launch};
use bulwark_ui::registry;
use serde_json::json;

/// Widths of the pages, in pixels.
const WIDTHS: [u32; 2] = [1280, 390];
/// Modes.
const THEMES: [&str; 2] = ["light", "dark"];
/// A pixel differs when its grey is off by more than this many of sixteen steps.
const STEP: u8 = 2;
/// Share of pixels that may differ, in parts of ten thousand.
const TOLERANCE: usize = 50;

/// A picture in sixteen greys.
#[derive(Debug, PartialEq, Eq)]
struct Grey {
    width: usize,
    height: usize,
    /// One value 0…15 for each pixel.
    pixels: Vec<u8>,
}

/// What the comparison found.
#[derive(Debug, Default)]
pub struct Shots {
    /// Pages like their reference.
    pub same: usize,
    /// Pages taken.
    pub all: usize,
    /// Component and what differs.
    pub faults: Vec<(String, String)>,
}

/// Takes every page and compares it with its reference, or writes the references.
///
/// # Errors
/// There is no browser, or a file cannot be written.
pub fn compare(origin: &str, reference: &Path, update: bool) -> Result<Shots, String> {
    let mut browser =
        Browser::launch(&Launch { quiet: Duration::ZERO, ..Launch::default() }).map_err(said)?;
    let mut shots = Shots::default();
    if update {
        fs::create_dir_all(reference).map_err(|e| format!("{}: {e}", reference.display()))?;
    }
    for component in registry().iter() {
        // Landmarks and whole pages are shown by their first example alone.
        let page = if component.meta.whole_page {
            component.examples.first().map_or("all", |e| &e.name)
        } else {
            "all"
        };
        for width in WIDTHS {
            browser.resize(width, 800).map_err(said)?;
            browser.open(&format!("{origin}/examples/{}/{page}.html", component.name)).map_err(said)?;
            browser.evaluate(super::browser::READY).map_err(said)?;
            for theme in THEMES {
                let name = format!("{}-{width}-{theme}.png", component.name);
                let file = reference.join(&name);
                let now = take(&mut browser, width, theme)?;
                shots.all += 1;
                if update {
                    fs::write(&file, encode(&now)?).map_err(|e| format!("{}: {e}", file.display()))?;
                    shots.same += 1;
                    continue;
                }
                match fs::read(&file).map_err(|e| e.to_string()).and_then(|bytes| decode(&bytes)) {
                    Ok(before) => match difference(&before, &now) {
                        None => shots.same += 1,
                        Some(what) => shots.faults.push((component.name.clone(), format!("{name}: {what}"))),
                    },
                    Err(e) => shots.faults.push((component.name.clone(), format!("{name}: {e}"))),
                }
            }
        }
    }
    Ok(shots)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape `map_err` wants")]
fn said(failure: Failure) -> String {
    failure.to_string()
}

fn take(browser: &mut Browser, width: u32, theme: &str) -> Result<Grey, String> {
    // Time does not stand still in a screenshot: carets and moving parts are switched off.
    let still = "(()=>{const s=new CSSStyleSheet();s.replaceSync('*{caret-color:transparent!important;animation:none!important;transition:none!important}');document.adoptedStyleSheets=[s];document.activeElement.blur();scrollTo(0,0);return document.documentElement.scrollHeight})()";
    browser.evaluate(&format!("document.documentElement.dataset.theme='{theme}'")).map_err(said)?;
    let height = browser.evaluate(still).map_err(said)?.as_f64().unwrap_or(800.0);
    let params = json!({ "format": "png", "captureBeyondViewport": true,
        "clip": { "x": 0, "y": 0, "width": width, "height": height, "scale": 1 } });
    let answer = browser.command("Page.captureScreenshot", params).map_err(said)?;
    let data = answer["data"].as_str().unwrap_or_default();
    let bytes = base64::engine::general_purpose::STANDARD.decode(data).map_err(|e| e.to_string())?;
    half(&bytes)
}

/// A screenshot at half its size in sixteen greys.
fn half(bytes: &[u8]) -> Result<Grey, String> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().map_err(|e| e.to_string())?;
    let mut buffer = vec![0; reader.output_buffer_size().ok_or("a picture too large")?];
    let info = reader.next_frame(&mut buffer).map_err(|e| e.to_string())?;
    let samples = info.color_type.samples();
    let (full, height) = (info.width as usize, info.height as usize / 2);
    let width = full / 2;
    let mut pixels = Vec::with_capacity(width * height);
    for y in 0..height {
        for x in 0..width {
            let mut sum = 0_u32;
            for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                let at = ((y * 2 + dy) * full + x * 2 + dx) * samples;
                let (red, green, blue) =
                    (buffer[at], buffer[at + 1.min(samples - 1)], buffer[at + 2.min(samples - 1)]);
                sum += 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue);
            }
            pixels.push(u8::try_from(sum / 4000 / 16).unwrap_or(15));
        }
    }
    Ok(Grey { width, height, pixels })
}

fn encode(grey: &Grey) -> Result<Vec<u8>, String> {
    let size = |n: usize| u32::try_from(n).map_err(|e| e.to_string());
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, size(grey.width)?, size(grey.height)?);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Four);
    encoder.set_compression(png::Compression::High);
    let rows: Vec<u8> = grey
        .pixels
        .chunks(grey.width.max(1))
        .flat_map(|row| row.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0)))
        .collect();
    let mut writer = encoder.write_header().map_err(|e| e.to_string())?;
    writer.write_image_data(&rows).map_err(|e| e.to_string())?;
    writer.finish().map_err(|e| e.to_string())?;
    Ok(out)
}

fn decode(bytes: &[u8]) -> Result<Grey, String> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().map_err(|e| e.to_string())?;
    let mut buffer = vec![0; reader.output_buffer_size().ok_or("a picture too large")?];
    let info = reader.next_frame(&mut buffer).map_err(|e| e.to_string())?;
    let (width, height) = (info.width as usize, info.height as usize);
    let pixels = buffer
        .chunks(info.line_size)
        .take(height)
        .flat_map(|row| row.iter().flat_map(|b| [b >> 4, b & 15]).take(width))
        .collect();
    Ok(Grey { width, height, pixels })
}

/// What is different, if more than the tolerance.
fn difference(before: &Grey, now: &Grey) -> Option<String> {
    if before.width != now.width || before.height.abs_diff(now.height) > 2 {
        return Some(format!("{}×{} became {}×{}", before.width, before.height, now.width, now.height));
    }
    let pairs = before.pixels.iter().zip(&now.pixels);
    let differ = pairs.filter(|(a, b)| a.abs_diff(**b) > STEP).count();
    let most = now.pixels.len() * TOLERANCE / 10_000;
    (differ > most).then(|| format!("{differ} of {} pixels differ, {most} may", now.pixels.len()))
}

#[cfg(test)]
mod tests {
    use super::{Grey, decode, difference, encode};

    fn picture(width: usize, height: usize) -> Grey {
        Grey { width, height, pixels: (0..16).cycle().step_by(7).take(width * height).collect() }
    }

    #[test]
    fn a_reference_comes_back_as_it_was_written() {
        for width in [1, 2, 195, 640] {
            let grey = picture(width, 9);
            assert_eq!(decode(&encode(&grey).expect("written")).expect("read"), grey);
        }
    }

    #[test]
    fn little_is_tolerated_and_more_is_told() {
        let before = picture(100, 100);
        let mut now = picture(100, 100);
        now.pixels[..50].iter_mut().for_each(|p| *p = 15 - *p);
        assert_eq!(difference(&before, &now), None);
        now.pixels[..400].iter_mut().for_each(|p| *p = (*p + 8) % 16);
        assert!(difference(&before, &now).is_some());
        assert!(difference(&before, &picture(100, 120)).expect("told").contains("100×120"));
    }
}
