//! A QR code as a picture that a page can hold.

use std::fmt::Write as _;

use fast_qr::{ECL, QRBuilder, QRCode};

use super::TotpError;

/// White modules around the code (ISO/IEC 18004 §9.1: four).
const QUIET_ZONE: usize = 4;

/// `text` as a QR code of error level M, black on white in any theme, as one `<svg>` element for a page. `title` is
/// what a screen reader says; both are escaped. It has no style and no script, so it passes a strict content policy.
///
/// # Errors
/// When the text is too long (2331 bytes fit).
pub fn qr_svg(text: &str, title: &str) -> Result<String, TotpError> {
    let code =
        QRBuilder::new(text).ecl(ECL::M).build().map_err(|_| TotpError::TooLong { bytes: text.len() })?;
    let side = code.size + 2 * QUIET_ZONE;
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" role=\"img\" \
         shape-rendering=\"crispEdges\"><title>{}</title><path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/>\
         <path fill=\"#000\" d=\"{}\"/></svg>",
        escaped(title),
        dark_runs(&code)
    ))
}

/// The dark modules as one path: a rectangle for each run in a row.
fn dark_runs(code: &QRCode) -> String {
    let mut path = String::new();
    for y in 0..code.size {
        let mut x = 0;
        while x < code.size {
            let length = code[y][x..].iter().take_while(|module| module.value()).count();
            if length > 0 {
                let _ = write!(path, "M{} {}h{length}v1h-{length}z", x + QUIET_ZONE, y + QUIET_ZONE);
            }
            x += length.max(1);
        }
    }
    path
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The modules of a picture, read back from its path; `true` is dark.
    fn modules(svg: &str) -> Vec<Vec<bool>> {
        let side: usize =
            svg.split("viewBox=\"0 0 ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        let mut grid = vec![vec![false; side]; side];
        let path = svg.split("fill=\"#000\" d=\"").nth(1).unwrap().split('"').next().unwrap();
        for run in path.split('M').skip(1) {
            let (place, length) = run.split_once('h').unwrap();
            let (x, y) = place.split_once(' ').unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            let length: usize = length.split('v').next().unwrap().parse().unwrap();
            grid[y][x..x + length].fill(true);
        }
        grid
    }

    #[test]
    fn the_picture_is_the_code_with_a_quiet_zone() {
        let svg = qr_svg("otpauth://totp/a:b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "掃描").unwrap();
        let grid = modules(&svg);
        let side = grid.len();
        let code = QRBuilder::new("otpauth://totp/a:b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
            .ecl(ECL::M)
            .build()
            .unwrap();
        assert_eq!(side, code.size + 8);
        for (y, row) in grid.iter().enumerate() {
            for (x, dark) in row.iter().enumerate() {
                let inside = (4..side - 4).contains(&x) && (4..side - 4).contains(&y);
                assert_eq!(*dark, inside && code[y - 4][x - 4].value(), "{x} {y}");
            }
        }
        // The three finder patterns: 7 dark modules in their first row.
        assert!(grid[4][4..11].iter().all(|dark| *dark) && !grid[4][11]);
        assert!(grid[4][side - 11..side - 4].iter().all(|dark| *dark));
        assert!(grid[side - 11][4..11].iter().all(|dark| *dark));
    }

    #[test]
    fn it_is_named_for_screen_readers_and_escaped() {
        let svg = qr_svg("x", "壁壘 <script>\"&\"").unwrap();
        assert!(svg.contains("role=\"img\""));
        assert!(svg.contains("<title>壁壘 &lt;script&gt;&quot;&amp;&quot;</title>"));
        assert!(!svg.contains("style") && !svg.contains("<script"));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        assert!(qr_svg(&"x".repeat(2331), "").is_ok());
        assert_eq!(qr_svg(&"x".repeat(2332), "").unwrap_err(), TotpError::TooLong { bytes: 2332 });
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,100}", title in "\\PC{0,30}") {
            prop_assert!(qr_svg(&text, &title).is_ok());
        }
    }
}
