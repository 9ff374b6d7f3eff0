//! What the targets share: seeds that are made by the program itself, and the check of what goes to a terminal.

use std::path::Path;

/// Writes a target's seeds into the directory that `RACKHAND_SEEDS` names. Nothing is done without it.
///
/// # Panics
/// Where the directory takes no file: a run without seeds would find little and look well.
pub fn plant(seeds: impl IntoIterator<Item = Vec<u8>>) {
    let Some(dir) = std::env::var_os("RACKHAND_SEEDS") else { return };
    for (n, seed) in seeds.into_iter().enumerate() {
        let file = Path::new(&dir).join(format!("seed-{n:03}"));
        std::fs::write(&file, seed).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    }
}

/// The first thing in `bytes` that a console never sends: a control character, or a sequence other than moving the
/// cursor (`H`), style (`m`) and erasing to the end of a row (`K`); or a character that hides or reorders text.
pub fn unlisted(bytes: &str) -> Option<String> {
    let mut rest = bytes.chars();
    while let Some(c) = rest.next() {
        if c != '\x1b' {
            let hides = matches!(u32::from(c), 0xAD | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x2069 | 0xFEFF);
            if c.is_control() || hides || matches!(u32::from(c), 0xE0000..=0xE0FFF) {
                return Some(format!("U+{:04X}", u32::from(c)));
            }
            continue;
        }
        let mut sequence = String::new();
        for c in rest.by_ref() {
            sequence.push(c);
            if sequence.len() > 1 && !matches!(c, '0'..='9' | ';' | ':') {
                break;
            }
        }
        if !sequence.starts_with('[') || !sequence.ends_with(['H', 'm', 'K']) {
            return Some(format!("ESC {}", sequence.escape_debug()));
        }
    }
    None
}
