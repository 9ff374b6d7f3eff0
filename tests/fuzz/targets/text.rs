//! Any string from outside, shown on a screen: what goes to the terminal moves the cursor, sets styles and erases, and
//! does nothing else.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rackhand_core::text::{MAX_CHARS, Text};
use rackhand_fuzz::{plant, unlisted};
use rackhand_tui::term::encode::encode;
use rackhand_tui::theme::Look;
use rackhand_tui::theme::depth::Depth;
use rackhand_tui::theme::file::Theme;
use rackhand_tui::theme::glyph::{GlyphSet, Glyphs};
use rackhand_tui::theme::token::Token;
use rackhand_tui::widget::canvas::Canvas;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::sync::LazyLock;

const AREA: Rect = Rect { x: 0, y: 0, width: 24, height: 2 };

static LOOKS: LazyLock<[Look; 2]> = LazyLock::new(|| {
    let look = |theme, depth, glyphs| Look::new(&Theme::load(theme).expect("it is shipped"), depth, Glyphs::of(glyphs));
    [look("dark", Depth::X256, GlyphSet::Unicode), look("mono", Depth::Mono, GlyphSet::Ascii)]
});

fuzz_target!(
    init: plant(SEEDS.map(|s| s.as_bytes().to_vec())),
    |data: &[u8]| {
        let raw = String::from_utf8_lossy(data);
        let text = Text::new(&raw);
        assert!(text.chars().count() <= MAX_CHARS + 1);
        assert_eq!(Text::new(&text), text, "clean text stays as it is");
        assert_eq!(unlisted(&text), None);
        // One of the two for each input: a frame has many cells, and each is checked.
        let look = &LOOKS[data.len() % LOOKS.len()];
        let half = text.char_indices().nth(text.chars().count() / 2).map_or("", |(at, _)| &text[..at]);
        let mut shown = Buffer::empty(AREA);
        for (x, piece, token) in [(1, &*text, Token::UiText), (0, half, Token::UiKey)] {
            let mut next = Buffer::empty(AREA);
            let mut canvas = Canvas::new(&mut next, look);
            let used = canvas.put(x, 0, 20, piece, token);
            assert!(used <= 20);
            canvas.pieces(0, 1, 23, &[(half, token), (piece, Token::UiSelection)]);
            canvas.put(23, 0, 24, piece, token);
            canvas.finish();
            let bytes = encode(&shown, &next);
            if let Some(what) = unlisted(&bytes) {
                panic!("{what} in {bytes:?}");
            }
            shown = next;
        }
    }
);

/// Written for this: what terminals act on, and what hides, joins or turns round.
const SEEDS: [&str; 8] = [
    "DL380 Gen11, 2 x 16 cores",
    "\x1b]0;title\x07\x1b[2J\x1b[31mred\x1b[0m",
    "\u{9b}31m\u{90}q\u{9c}\u{85}",
    "abc\u{202e}cba\u{2066}x\u{2069}\u{200b}\u{feff}",
    "e\u{301}\u{302}\u{303}\u{304} z\u{335}\u{336}",
    "服务器\u{3000}ｗｉｄｅ 🖥️👩‍🔧🇩🇪",
    "\u{e0041}\u{e007f}\u{fe0f}\u{1f3fb}",
    "\t\r\n\0\x7f\u{fffd}\u{10ffff}",
];
