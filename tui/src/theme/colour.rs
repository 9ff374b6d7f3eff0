//! Colours as numbers: contrast, distance, and what they look like to eyes that lack a kind of cone.

#![allow(clippy::many_single_char_names, reason = "the names of the definitions of CIE")]

/// Red, green and blue.
pub type Rgb = [u8; 3];

/// How a person sees colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// As most do.
    Normal,
    /// Without the cones for red.
    Protan,
    /// Without the cones for green.
    Deutan,
    /// Without the cones for blue.
    Tritan,
}

impl Sight {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Normal, Self::Protan, Self::Deutan, Self::Tritan];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Normal => "normal sight",
            Self::Protan => "protan",
            Self::Deutan => "deutan",
            Self::Tritan => "tritan",
        }
    }

    /// The whole loss, on linear RGB (Machado, Oliveira and Fernandes 2009, severity 1.0).
    const fn matrix(self) -> [[f64; 3]; 3] {
        match self {
            Self::Normal => [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            Self::Protan => [
                [0.152_286, 1.052_583, -0.204_868],
                [0.114_503, 0.786_281, 0.099_216],
                [-0.003_882, -0.048_116, 1.051_998],
            ],
            Self::Deutan => [
                [0.367_322, 0.860_646, -0.227_968],
                [0.280_085, 0.672_501, 0.047_413],
                [-0.011_820, 0.042_940, 0.968_881],
            ],
            Self::Tritan => [
                [1.255_528, -0.076_749, -0.178_779],
                [-0.078_411, 0.930_809, 0.147_602],
                [0.004_733, 0.691_367, 0.303_900],
            ],
        }
    }
}

/// Linear RGB (IEC 61966-2-1).
fn linear(rgb: Rgb) -> [f64; 3] {
    rgb.map(|c| {
        let c = f64::from(c) / 255.0;
        if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    })
}

/// The contrast of two colours, from 1 to 21 (WCAG 2.2, 1.4.3).
pub fn contrast(a: Rgb, b: Rgb) -> f64 {
    let luminance = |rgb: Rgb| {
        let [r, g, b] = linear(rgb);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// CIE L*a*b* (D65) of a colour as it is seen.
fn lab(rgb: Rgb, sight: Sight) -> [f64; 3] {
    let [r, g, b] = linear(rgb);
    let [r, g, b] = sight.matrix().map(|[x, y, z]| (x * r + y * g + z * b).clamp(0.0, 1.0));
    let f = |t: f64| if t > 216.0 / 24_389.0 { t.cbrt() } else { (24_389.0 / 27.0 * t + 16.0) / 116.0 };
    let x = f((0.412_456_4 * r + 0.357_576_1 * g + 0.180_437_5 * b) / 0.950_47);
    let y = f(0.212_672_9 * r + 0.715_152_2 * g + 0.072_175_0 * b);
    let z = f((0.019_333_9 * r + 0.119_192_0 * g + 0.950_304_1 * b) / 1.088_83);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// How different two colours are to such eyes: CIEDE2000. Below 5 they are easily taken for one another.
pub fn distance(a: Rgb, b: Rgb, sight: Sight) -> f64 {
    ciede2000(lab(a, sight), lab(b, sight))
}

/// CIEDE2000 (ISO/CIE 11664-6), with the names of its definition.
fn ciede2000([l1, a1, b1]: [f64; 3], [l2, a2, b2]: [f64; 3]) -> f64 {
    let seventh = |c: f64| (c.powi(7) / (c.powi(7) + 25.0_f64.powi(7))).sqrt();
    let g = 0.5 * (1.0 - seventh(f64::midpoint(a1.hypot(b1), a2.hypot(b2))));
    let (a1, a2) = (a1 * (1.0 + g), a2 * (1.0 + g));
    let (c1, c2) = (a1.hypot(b1), a2.hypot(b2));
    let hue = |a: f64, b: f64| if a == 0.0 && b == 0.0 { 0.0 } else { b.atan2(a).to_degrees().rem_euclid(360.0) };
    let (h1, h2) = (hue(a1, b1), hue(a2, b2));
    let grey = c1 * c2 == 0.0;
    let apart = h2 - h1;
    let turn = match apart {
        _ if grey => 0.0,
        d if d > 180.0 => d - 360.0,
        d if d < -180.0 => d + 360.0,
        d => d,
    };
    let (dl, dc) = (l2 - l1, c2 - c1);
    let dh = 2.0 * (c1 * c2).sqrt() * (turn / 2.0).to_radians().sin();
    let (l, c) = (f64::midpoint(l1, l2), f64::midpoint(c1, c2));
    let h = match h1 + h2 {
        sum if grey => sum,
        sum if apart.abs() <= 180.0 => sum / 2.0,
        sum if sum < 360.0 => f64::midpoint(sum, 360.0),
        sum => (sum - 360.0) / 2.0,
    };
    let cos = |degrees: f64| degrees.to_radians().cos();
    let t = 1.0 - 0.17 * cos(h - 30.0) + 0.24 * cos(2.0 * h) + 0.32 * cos(3.0 * h + 6.0) - 0.20 * cos(4.0 * h - 63.0);
    let sl = 1.0 + 0.015 * (l - 50.0).powi(2) / (20.0 + (l - 50.0).powi(2)).sqrt();
    let (sc, sh) = (1.0 + 0.045 * c, 1.0 + 0.015 * c * t);
    let rt = -2.0 * seventh(c) * (60.0 * (-((h - 275.0) / 25.0).powi(2)).exp()).to_radians().sin();
    let (dl, dc, dh) = (dl / sl, dc / sc, dh / sh);
    (dl * dl + dc * dc + dh * dh + rt * dc * dh).sqrt()
}

/// A colour of xterm's 256; `None` for the first sixteen, which are the terminal's own.
pub fn indexed(n: u8) -> Option<Rgb> {
    let step = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
    match n {
        0..16 => None,
        16..232 => Some([step((n - 16) / 36), step((n - 16) / 6 % 6), step((n - 16) % 6)]),
        232.. => Some([8 + 10 * (n - 232); 3]),
    }
}

/// `#rrggbb`.
pub fn hex(text: &str) -> Option<Rgb> {
    let digits = text.strip_prefix('#').filter(|h| h.len() == 6 && h.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let [_, r, g, b] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
    Some([r, g, b])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_and_distance_give_published_values() {
        assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 0.01);
        assert!((contrast([0x77; 3], [255; 3]) - 4.48).abs() < 0.01);
        // Sharma, Wu and Dalal 2005, pairs 1, 7, 13, 17, 25 and 34.
        for (one, two, expected) in [
            ([50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485], 2.0425),
            ([50.0, 0.0, 0.0], [50.0, -1.0, 2.0], 2.3669),
            ([50.0, -0.001, 2.49], [50.0, 0.0011, -2.49], 4.7461),
            ([50.0, 2.5, 0.0], [73.0, 25.0, -18.0], 27.1492),
            ([60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644),
            ([2.0776, 0.0795, -1.135], [0.9033, -0.0636, -0.5514], 0.9082),
        ] {
            let got = ciede2000(one, two);
            assert!((got - expected).abs() < 0.0002, "{got} for {expected}");
        }
    }

    #[test]
    fn eyes_without_a_cone_take_red_for_green_or_blue_for_green() {
        let (red, green, teal, blue) = ([0xff, 0x87, 0x87], [0x87, 0xd7, 0x87], [0, 0x80, 0x80], [0, 0x87, 0x60]);
        assert!(distance(red, green, Sight::Normal) > 40.0);
        assert!(distance(red, green, Sight::Deutan) < 8.0);
        assert!(distance(teal, blue, Sight::Tritan) < distance(teal, blue, Sight::Normal));
    }

    #[test]
    fn the_256_colours_are_xterms() {
        assert_eq!((indexed(16), indexed(231), indexed(7)), (Some([0; 3]), Some([255; 3]), None));
        assert_eq!((indexed(117), indexed(246)), (Some([0x87, 0xd7, 0xff]), Some([0x94; 3])));
        assert_eq!((hex("#87d7ff"), hex("87d7ff"), hex("#87d7f")), (Some([0x87, 0xd7, 0xff]), None, None));
    }
}
