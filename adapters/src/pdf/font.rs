//! The fonts every PDF reader has (ISO 32000-1, 9.6.2.2), their widths, and the characters they can show.

/// A font.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Font {
    /// Helvetica.
    Regular,
    /// Helvetica-Bold.
    Bold,
    /// Courier.
    Mono,
}

/// A font in a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// The font.
    pub font: Font,
    /// Its size in tenths of a point.
    pub tenths: u32,
}

impl Font {
    /// All of them, in the order of the file's objects.
    pub const ALL: [Self; 3] = [Self::Regular, Self::Bold, Self::Mono];

    /// Its name within a page.
    pub fn key(self) -> &'static [u8] {
        match self {
            Self::Regular => b"R",
            Self::Bold => b"B",
            Self::Mono => b"M",
        }
    }

    /// Its name in the standard.
    pub fn name(self) -> &'static [u8] {
        match self {
            Self::Regular => b"Helvetica",
            Self::Bold => b"Helvetica-Bold",
            Self::Mono => b"Courier",
        }
    }

    fn width(self, code: u8) -> u32 {
        let n = usize::from(code.saturating_sub(32));
        match self {
            Self::Regular => u32::from(REGULAR[n]),
            Self::Bold => u32::from(BOLD[n]),
            Self::Mono => 600,
        }
    }
}

impl Style {
    /// A font in a size, in tenths of a point.
    pub const fn new(font: Font, tenths: u32) -> Self {
        Self { font, tenths }
    }

    /// Its size in points.
    pub fn size(self) -> f32 {
        self.tenths as f32 / 10.0
    }

    /// How wide a character is, in thousandths of a point.
    pub fn of(self, c: char) -> u32 {
        self.of_byte(code(c).unwrap_or(b'?'))
    }

    /// The same for a character's code.
    pub fn of_byte(self, code: u8) -> u32 {
        self.font.width(code) * self.tenths / 10
    }

    /// How wide a text is, in points.
    pub fn width(self, text: &str) -> f32 {
        text.chars().map(|c| self.of(c)).sum::<u32>() as f32 / 1_000.0
    }
}

/// The characters that WinAnsiEncoding has at 0x80 to 0x9F (ISO 32000-1, annex D.2); a blank where it has none.
const UPPER: &str = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ";

/// A character's code in WinAnsiEncoding, where it has one.
pub fn code(c: char) -> Option<u8> {
    match u32::from(c) {
        // A soft hyphen is drawn as a hyphen, which it is not.
        0xAD => None,
        0x20..=0x7E | 0xA0..=0xFF => u8::try_from(u32::from(c)).ok(),
        _ => UPPER.chars().position(|upper| upper == c).map(|n| 0x80 + n as u8),
    }
}

/// The bytes that show a text; `?` for what has no code.
pub fn bytes(text: &str) -> Vec<u8> {
    text.chars().map(|c| code(c).unwrap_or(b'?')).collect()
}

// Widths in thousandths of the size for codes 32 to 255, from Adobe's metrics of the core 14 fonts (AFM 4.1, version 2.000
// of the fonts). Codes without a character have the bullet's width.
#[rustfmt::skip]
const REGULAR: [u16; 224] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584, 350,
    556, 350, 222, 556, 333, 1000, 556, 556, 333, 1000, 667, 333, 1000, 350, 611, 350,
    350, 222, 222, 333, 333, 350, 556, 1000, 333, 1000, 500, 333, 944, 350, 500, 667,
    278, 333, 556, 556, 556, 556, 260, 556, 333, 737, 370, 556, 584, 333, 737, 333,
    400, 584, 333, 333, 333, 556, 537, 278, 333, 333, 365, 556, 834, 834, 834, 611,
    667, 667, 667, 667, 667, 667, 1000, 722, 667, 667, 667, 667, 278, 278, 278, 278,
    722, 722, 778, 778, 778, 778, 778, 584, 778, 722, 722, 722, 722, 667, 667, 611,
    556, 556, 556, 556, 556, 556, 889, 500, 556, 556, 556, 556, 278, 278, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 584, 611, 556, 556, 556, 556, 500, 556, 500,
];
#[rustfmt::skip]
const BOLD: [u16; 224] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611,
    975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556,
    333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611,
    611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584, 350,
    556, 350, 278, 556, 500, 1000, 556, 556, 333, 1000, 667, 333, 1000, 350, 611, 350,
    350, 278, 278, 500, 500, 350, 556, 1000, 333, 1000, 556, 333, 944, 350, 500, 667,
    278, 333, 556, 556, 556, 556, 280, 556, 333, 737, 370, 556, 584, 333, 737, 333,
    400, 584, 333, 333, 333, 611, 556, 278, 333, 333, 365, 556, 834, 834, 834, 611,
    722, 722, 722, 722, 722, 722, 1000, 722, 667, 667, 667, 667, 278, 278, 278, 278,
    722, 722, 778, 778, 778, 778, 778, 584, 778, 722, 722, 722, 722, 667, 667, 611,
    556, 556, 556, 556, 556, 556, 889, 556, 556, 556, 556, 556, 278, 278, 278, 278,
    611, 611, 611, 611, 611, 611, 611, 584, 611, 611, 611, 611, 611, 556, 611, 556,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_windows_1252() {
        let pairs =
            [('A', 0x41), ('€', 0x80), ('Š', 0x8A), ('Ž', 0x8E), ('‘', 0x91), ('™', 0x99), ('œ', 0x9C), ('ž', 0x9E)];
        for (c, byte) in pairs.into_iter().chain([('Ÿ', 0x9F), ('\u{A0}', 0xA0), ('é', 0xE9), ('ÿ', 0xFF)]) {
            assert_eq!(code(c), Some(byte), "{c}");
        }
        for c in ['\u{7F}', '\u{81}', '\u{AD}', 'ł', '→', '\n'] {
            assert_eq!(code(c), None, "{c:?}");
        }
        assert_eq!(UPPER.chars().count(), 32);
    }

    #[test]
    fn text_is_as_wide_as_its_letters() {
        assert!((Style::new(Font::Regular, 100).width("Rack") - 22.78).abs() < 0.001);
        assert!((Style::new(Font::Bold, 200).width("É€") - 24.46).abs() < 0.001);
    }
}
