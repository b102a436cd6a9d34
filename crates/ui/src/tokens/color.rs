//! Colours: sRGB in eight bits, OKLab and OKLCH.

/// An sRGB colour as every screen can show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Color {
    /// Red.
    pub red: u8,
    /// Green.
    pub green: u8,
    /// Blue.
    pub blue: u8,
    /// 255 is opaque.
    pub alpha: u8,
}

/// A colour by lightness, chroma and hue in OKLab (CSS Color 4, section 9.4).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Oklch {
    /// 0 is black, 1 is white.
    pub lightness: f64,
    /// 0 is grey; sRGB ends before 0.33.
    pub chroma: f64,
    /// Degrees from 0 up to 360.
    pub hue: f64,
}

/// How far outside 0…1 a linear component may lie and still count as inside: the published matrices
/// have ten digits. Less than half a step of eight bits even at the dark end.
const GAMUT_EDGE: f64 = 1e-5;

impl Color {
    /// Black.
    pub const BLACK: Self = Self::opaque(0, 0, 0);
    /// White.
    pub const WHITE: Self = Self::opaque(255, 255, 255);

    /// A colour that lets nothing through.
    pub const fn opaque(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue, alpha: 255 }
    }

    /// From components between 0 and 1; what lies outside is cut off.
    pub fn from_srgb([red, green, blue]: [f64; 3]) -> Self {
        Self::opaque(byte(red), byte(green), byte(blue))
    }

    /// From `#rrggbb`.
    pub fn from_hex(hex: &str) -> Option<Self> {
        let digits =
            hex.strip_prefix('#').filter(|d| d.len() == 6 && d.bytes().all(|b| b.is_ascii_hexdigit()))?;
        let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
        Some(Self::opaque(red, green, blue))
    }

    /// From OKLCH. A colour that sRGB does not have keeps lightness and hue and gives up as much chroma
    /// as it must (the plain form of the mapping in CSS Color 4, section 13).
    pub fn from_oklch(color: Oklch) -> Self {
        // More than any visible colour has, so that a slip of the pen is mapped like any other.
        let color = Oklch { chroma: color.chroma.min(0.5), ..color };
        let fits = |chroma: f64| {
            let linear = linear_of(Oklch { chroma, ..color });
            linear.iter().all(|c| (-GAMUT_EDGE..=1.0 + GAMUT_EDGE).contains(c)).then_some(linear)
        };
        let linear = fits(color.chroma).unwrap_or_else(|| {
            let (mut low, mut high) = (0.0, color.chroma);
            for _ in 0..24 {
                let middle = f64::midpoint(low, high);
                *(if fits(middle).is_some() { &mut low } else { &mut high }) = middle;
            }
            linear_of(Oklch { chroma: low, ..color })
        });
        Self::from_srgb(linear.map(encoded))
    }

    /// Whether nothing shines through.
    pub const fn is_opaque(self) -> bool {
        self.alpha == 255
    }

    /// Lightness, chroma and hue; alpha is left out.
    pub fn oklch(self) -> Oklch {
        let [red, green, blue] = self.linear();
        // Björn Ottosson, "A perceptual color space for image processing" (2020, matrices of 2021-01-25).
        let long = 0.412_221_470_8 * red + 0.536_332_536_3 * green + 0.051_445_992_9 * blue;
        let medium = 0.211_903_498_2 * red + 0.680_699_545_1 * green + 0.107_396_956_6 * blue;
        let short = 0.088_302_461_9 * red + 0.281_718_837_6 * green + 0.629_978_700_5 * blue;
        let (long, medium, short) = (long.cbrt(), medium.cbrt(), short.cbrt());
        let lightness = 0.210_454_255_3 * long + 0.793_617_785_0 * medium - 0.004_072_046_8 * short;
        let a = 1.977_998_495_1 * long - 2.428_592_205_0 * medium + 0.450_593_709_9 * short;
        let b = 0.025_904_037_1 * long + 0.782_771_766_2 * medium - 0.808_675_766_0 * short;
        Oklch { lightness, chroma: a.hypot(b), hue: b.atan2(a).to_degrees().rem_euclid(360.0) }
    }

    /// Relative luminance (WCAG 2.2, definition of the same name); alpha is left out.
    pub fn luminance(self) -> f64 {
        let [red, green, blue] = self.linear();
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// The shortest hexadecimal form CSS reads.
    pub fn css(self) -> String {
        let mut bytes = vec![self.red, self.green, self.blue];
        if !self.is_opaque() {
            bytes.push(self.alpha);
        }
        let short = bytes.iter().all(|b| b >> 4 == b & 15);
        let digits = bytes.iter().map(|b| if short { format!("{:x}", b & 15) } else { format!("{b:02x}") });
        std::iter::once("#".to_owned()).chain(digits).collect()
    }

    /// The largest distance between two components, in steps of eight bits.
    pub(super) fn step_from(self, other: Self) -> u8 {
        let pairs = [(self.red, other.red), (self.green, other.green), (self.blue, other.blue)];
        pairs.into_iter().map(|(a, b)| a.abs_diff(b)).max().unwrap_or_default()
    }

    fn linear(self) -> [f64; 3] {
        [self.red, self.green, self.blue].map(|c| decoded(f64::from(c) / 255.0))
    }
}

impl std::fmt::Display for Color {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.css())
    }
}

/// Linear light of an sRGB component (IEC 61966-2-1; WCAG 2.2 uses the same threshold).
fn decoded(component: f64) -> f64 {
    if component <= 0.04045 { component / 12.92 } else { ((component + 0.055) / 1.055).powf(2.4) }
}

/// The sRGB component of linear light (IEC 61966-2-1).
fn encoded(linear: f64) -> f64 {
    if linear <= 0.003_130_8 { linear * 12.92 } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 }
}

/// Linear sRGB of an OKLCH colour, the inverse of [`Color::oklch`] by the same source.
fn linear_of(color: Oklch) -> [f64; 3] {
    let (sin, cos) = color.hue.to_radians().sin_cos();
    let (a, b) = (color.chroma * cos, color.chroma * sin);
    let long = (color.lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let medium = (color.lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let short = (color.lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    [
        4.076_741_662_1 * long - 3.307_711_591_3 * medium + 0.230_969_929_2 * short,
        -1.268_438_004_6 * long + 2.609_757_401_1 * medium - 0.341_319_396_5 * short,
        -0.004_196_086_3 * long - 0.703_418_614_7 * medium + 1.707_614_701_0 * short,
    ]
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what a byte holds")]
pub(super) fn byte(component: f64) -> u8 {
    (component.clamp(0.0, 1.0) * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oklch_of_known_colours() {
        // CSS Color 4, sample values of `red` and `lime` in oklch().
        for (hex, lightness, chroma, hue) in [
            ("#ff0000", 0.628, 0.2577, 29.23),
            ("#00ff00", 0.8664, 0.2948, 142.5),
            ("#ffffff", 1.0, 0.0, 0.0),
        ] {
            let found = Color::from_hex(hex).expect("a colour").oklch();
            assert!((found.lightness - lightness).abs() < 0.001, "{hex} {found:?}");
            assert!((found.chroma - chroma).abs() < 0.001, "{hex} {found:?}");
            assert!(chroma == 0.0 || (found.hue - hue).abs() < 0.05, "{hex} {found:?}");
        }
    }

    #[test]
    fn a_colour_outside_srgb_keeps_hue_and_lightness() {
        let wild = Oklch { lightness: 0.7, chroma: 0.4, hue: 150.0 };
        let found = Color::from_oklch(wild).oklch();
        assert!((found.lightness - 0.7).abs() < 0.01 && (found.hue - 150.0).abs() < 2.0, "{found:?}");
        assert!(found.chroma > 0.15 && found.chroma < 0.3, "{found:?}");
    }

    #[test]
    fn hexadecimal_is_as_short_as_css_allows() {
        assert_eq!(Color::WHITE.css(), "#fff");
        assert_eq!(Color::opaque(0x0b, 0x4f, 0x6c).css(), "#0b4f6c");
        assert_eq!(Color { alpha: 0x88, ..Color::BLACK }.css(), "#0008");
        assert_eq!(Color { alpha: 0x80, ..Color::BLACK }.css(), "#00000080");
        assert_eq!(Color::from_hex("#12345é"), None);
    }
}
