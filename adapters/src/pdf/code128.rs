//! Code 128 symbols (ISO/IEC 15417), code set B: what the dock's scanners read from labels and from our papers.

/// Blank modules that a symbol must have on each side.
pub const QUIET: u32 = 10;

/// Most characters of one symbol: what fits beside a title in bars that a hand-held scanner resolves.
pub const MAX_CHARS: usize = 40;

const START_B: u32 = 104;
const STOP: usize = 106;

/// The widths of bars and spaces of each symbol character, in modules, by its value.
const PATTERNS: [&[u8]; 107] = [
    b"212222", b"222122", b"222221", b"121223", b"121322", b"131222", b"122213", b"122312", b"132212", b"221213",
    b"221312", b"231212", b"112232", b"122132", b"122231", b"113222", b"123122", b"123221", b"223211", b"221132",
    b"221231", b"213212", b"223112", b"312131", b"311222", b"321122", b"321221", b"312212", b"322112", b"322211",
    b"212123", b"212321", b"232121", b"111323", b"131123", b"131321", b"112313", b"132113", b"132311", b"211313",
    b"231113", b"231311", b"112133", b"112331", b"132131", b"113123", b"113321", b"133121", b"313121", b"211331",
    b"231131", b"213113", b"213311", b"213131", b"311123", b"311321", b"331121", b"312113", b"312311", b"332111",
    b"314111", b"221411", b"431111", b"111224", b"111422", b"121124", b"121421", b"141122", b"141221", b"112214",
    b"112412", b"122114", b"122411", b"142112", b"142211", b"241211", b"221114", b"413111", b"241112", b"134111",
    b"111242", b"121142", b"121241", b"114212", b"124112", b"124211", b"411212", b"421112", b"421211", b"212141",
    b"214121", b"412121", b"111143", b"111341", b"131141", b"114113", b"114311", b"411113", b"411311", b"113141",
    b"114131", b"311141", b"411131", b"211412", b"211214", b"211232", b"2331112",
];

/// The widths of a symbol's bars and spaces in modules, a bar first. `None` where the text is empty, longer than
/// [`MAX_CHARS`] or not of printable ASCII, which is what set B has.
pub fn symbol(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() || text.len() > MAX_CHARS || !text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return None;
    }
    let values: Vec<u32> = text.bytes().map(|b| u32::from(b - b' ')).collect();
    let weighted: u32 = values.iter().zip(1..).map(|(value, place)| value * place).sum();
    let check = (START_B + weighted) % 103;
    let all = std::iter::once(START_B).chain(values).chain([check]).map(|value| value as usize).chain([STOP]);
    Some(all.flat_map(|value| PATTERNS[value]).map(|digit| digit - b'0').collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Reads modules one by one, as a scanner sees them.
    fn read(modules: &[bool]) -> Option<String> {
        let shape = |modules: &[bool]| -> Vec<u8> {
            modules.chunk_by(|a, b| a == b).map(|run| b'0' + run.len() as u8).collect()
        };
        let stop = modules.len().checked_sub(13)?;
        if shape(&modules[stop..]) != PATTERNS[STOP] || !stop.is_multiple_of(11) {
            return None;
        }
        let values: Option<Vec<usize>> =
            modules[..stop].chunks(11).map(|c| PATTERNS.iter().position(|p| *p == shape(c))).collect();
        let (start, rest) = values.as_ref()?.split_first()?;
        let (check, data) = rest.split_last()?;
        let sum = data.iter().enumerate().fold(104, |sum, (n, value)| sum + (n + 1) * value);
        let text = data.iter().map(|v| char::from(*v as u8 + 32)).collect();
        (*start == 104 && sum % 103 == *check).then_some(text)
    }

    fn modules(symbol: &[u8]) -> Vec<bool> {
        symbol.iter().enumerate().flat_map(|(n, wide)| vec![n % 2 == 0; usize::from(*wide)]).collect()
    }

    #[test]
    fn what_is_drawn_reads_back_and_with_any_one_module_wrong_it_does_not() {
        for text in ["MXQ7420ABC", "PO-000012", " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "a", "~"] {
            let drawn = modules(&symbol(text).unwrap());
            assert_eq!(read(&drawn).as_deref(), Some(text));
            for n in 0..drawn.len() {
                let mut wrong = drawn.clone();
                wrong[n] = !wrong[n];
                assert_eq!(read(&wrong), None, "{text}, module {n}");
            }
        }
    }

    #[test]
    fn characters_have_the_shape_the_standard_demands() {
        let mut seen = std::collections::BTreeSet::new();
        for pattern in &PATTERNS[..STOP] {
            let widths: Vec<u8> = pattern.iter().map(|d| d - b'0').collect();
            assert_eq!((widths.len(), widths.iter().sum::<u8>()), (6, 11));
            assert_eq!(widths.iter().step_by(2).sum::<u8>() % 2, 0, "bars are an even number of modules");
            assert!(seen.insert(pattern));
        }
    }

    #[test]
    fn what_set_b_lacks_gets_no_symbol() {
        for text in ["", "Müller", "a\tb", &"x".repeat(MAX_CHARS + 1)] {
            assert_eq!(symbol(text), None, "{text}");
        }
    }
}
