//! Letters that a printer or an old terminal lacks, written with those it has. What has no likeness becomes `?`, and the
//! paper says so.

/// What a paper says where a character had no likeness.
pub const MISSING: &str = "A ? may stand for a character that cannot be printed here.";

/// The marks of the columns of [`MARKED`].
const MARKS: [char; 14] = [
    '\u{300}', '\u{301}', '\u{302}', '\u{303}', '\u{308}', '\u{30A}', '\u{327}', '\u{30C}', '\u{304}', '\u{306}',
    '\u{307}', '\u{328}', '\u{30B}', '\u{326}',
];

/// Small Latin letters with their marks (Unicode's canonical compositions); `.` where there is none.
const MARKED: [(char, &str); 19] = [
    ('a', "àáâãäå.ǎāăȧą.."),
    ('c', ".ćĉ...çč..ċ..."),
    ('d', "......ḑď..ḋ..."),
    ('e', "èéêẽë.ȩěēĕėę.."),
    ('g', ".ǵĝ...ģǧḡğġ..."),
    ('h', "..ĥ.ḧ.ḩȟ..ḣ..."),
    ('i', "ìíîĩï..ǐīĭ.į.."),
    ('j', "..ĵ....ǰ......"),
    ('k', ".ḱ....ķǩ......"),
    ('l', ".ĺ....ļľ......"),
    ('n', "ǹń.ñ..ņň..ṅ..."),
    ('o', "òóôõö..ǒōŏȯǫő."),
    ('r', ".ŕ....ŗř..ṙ..."),
    ('s', ".śŝ...şš..ṡ..ș"),
    ('t', "....ẗ.ţť..ṫ..ț"),
    ('u', "ùúûũüů.ǔūŭ.ųű."),
    ('w', "ẁẃŵ.ẅẘ....ẇ..."),
    ('y', "ỳýŷỹÿẙ..ȳ.ẏ..."),
    ('z', ".źẑ....ž..ż..."),
];

/// A text with nothing but characters that can be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The text.
    pub text: String,
    /// Whether a `?` stands for something that has no likeness.
    pub missing: bool,
}

/// Writes a text with the characters that `can` be written; letters and their marks are joined first. ASCII must be among
/// them.
pub fn write(text: &str, can: impl Fn(char) -> bool) -> Written {
    if text.is_ascii() {
        return Written { text: text.to_owned(), missing: false };
    }
    let mut out = Written::default();
    let mut rest = text.chars().peekable();
    while let Some(mut c) = rest.next() {
        while let Some(joined) = rest.peek().and_then(|mark| join(c, *mark)) {
            c = joined;
            rest.next();
        }
        if can(c) {
            out.text.push(c);
        } else if let Some(base) = base(c) {
            out.text.push(base);
        } else if let Some(likeness) = likeness(c) {
            out.text.push_str(likeness);
        } else if let Some(narrow) = narrow(c) {
            out.text.push(narrow);
        } else {
            out.text.push('?');
            out.missing = true;
        }
    }
    out
}

fn join(letter: char, mark: char) -> Option<char> {
    let column = MARKS.iter().position(|m| *m == mark)?;
    let small = letter.to_ascii_lowercase();
    let (_, marked) = MARKED.iter().find(|(base, _)| *base == small)?;
    let joined = marked.chars().nth(column).filter(|c| *c != '.')?;
    if letter.is_ascii_uppercase() { only(joined.to_uppercase()) } else { Some(joined) }
}

/// The letter without its mark.
fn base(c: char) -> Option<char> {
    if c.is_ascii() {
        return None;
    }
    let small = only(c.to_lowercase())?;
    let (base, _) = MARKED.iter().find(|(_, marked)| marked.contains(small))?;
    Some(if small == c { *base } else { base.to_ascii_uppercase() })
}

fn only(mut letters: impl Iterator<Item = char>) -> Option<char> {
    letters.next().filter(|_| letters.next().is_none())
}

/// Halfwidth form of a fullwidth one (Unicode block FF00).
fn narrow(c: char) -> Option<char> {
    let code = u32::from(c);
    (0xFF01..=0xFF5E).contains(&code).then(|| char::from_u32(code - 0xFEE0)).flatten()
}

fn likeness(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => " ",
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '─' | '━' => "-",
        '‘' | '’' | '‚' | '‛' | '′' | '´' => "'",
        '“' | '”' | '„' | '‟' | '″' | '«' | '»' => "\"",
        '‹' => "<",
        '›' => ">",
        '…' => "...",
        '•' | '·' | '∙' => "*",
        '×' => "x",
        '÷' | '⁄' => "/",
        '±' => "+/-",
        '≤' => "<=",
        '≥' => ">=",
        '≠' => "!=",
        '≈' => "~",
        '→' | '⇒' => "->",
        '←' | '⇐' => "<-",
        '↔' => "<->",
        '°' => "deg",
        'µ' | 'μ' => "u",
        'Ω' | '\u{2126}' => "Ohm",
        '¹' => "1",
        '²' => "2",
        '³' => "3",
        '¼' => "1/4",
        '½' => "1/2",
        '¾' => "3/4",
        '€' => "EUR",
        '£' => "GBP",
        '¥' => "JPY",
        '₽' => "RUB",
        '™' => "(TM)",
        '®' => "(R)",
        '©' => "(C)",
        '№' => "No.",
        '§' => "S.",
        'ß' => "ss",
        'ẞ' => "SS",
        'æ' => "ae",
        'Æ' => "AE",
        'œ' => "oe",
        'Œ' => "OE",
        'ø' => "o",
        'Ø' => "O",
        'ł' => "l",
        'Ł' => "L",
        'đ' | 'ð' => "d",
        'Đ' | 'Ð' => "D",
        'þ' => "th",
        'Þ' => "Th",
        'ħ' => "h",
        'Ħ' => "H",
        'ı' => "i",
        'İ' => "I",
        'ŋ' => "ng",
        'Ŋ' => "Ng",
        'ƒ' => "f",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ascii(text: &str) -> Written {
        write(text, |c| c.is_ascii())
    }

    #[test]
    fn letters_keep_their_likeness_where_their_marks_cannot_be_written() {
        let read = ascii("Łódź, Großräschen — 5 × 10 → “Zürich” ＡＢ ȘŢ");
        assert_eq!(read.text, "Lodz, Grossraschen - 5 x 10 -> \"Zurich\" AB ST");
        assert!(!read.missing);
    }

    #[test]
    fn a_letter_and_its_mark_are_one() {
        assert_eq!(write("Zoe\u{308} A\u{30A}rhus", |c| u32::from(c) < 256).text, "Zoë Århus");
        assert_eq!(ascii("Zoe\u{308}").text, "Zoe");
    }

    #[test]
    fn what_has_no_likeness_is_a_question_mark_and_is_told() {
        let read = ascii("Київ q\u{308}");
        assert_eq!(read.text, "???? q?");
        assert!(read.missing);
        assert!(!ascii("why?").missing);
    }

    #[test]
    fn every_row_has_a_place_for_each_mark() {
        assert!(MARKED.iter().all(|(_, marked)| marked.chars().count() == MARKS.len()));
    }
}
