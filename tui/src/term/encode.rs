//! Changed cells as bytes for the terminal, as few as will do: styles only where they can be seen, short gaps printed
//! over instead of jumped, and the blank end of a row erased.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use crate::widget::canvas::width;

/// A gap of so many unchanged cells is cheaper to print than to jump.
const BRIDGE: u16 = 5;
/// So many blank cells at the end of a row are cheaper to erase than to print.
const ERASE: usize = 4;

/// What shows on a blank cell besides its background.
const ON_BLANK: Modifier = Modifier::REVERSED.union(Modifier::UNDERLINED).union(Modifier::CROSSED_OUT);

/// The style the terminal has been told.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Pen {
    fg: Color,
    bg: Color,
    mods: Modifier,
}

const DEFAULT: Pen = Pen { fg: Color::Reset, bg: Color::Reset, mods: Modifier::empty() };

/// The bytes that turn what the terminal shows into `next`. Empty where nothing changed.
pub fn encode(shown: &Buffer, next: &Buffer) -> String {
    let changed = changes(shown, next);
    let mut out = String::new();
    let mut pen = DEFAULT;
    let mut at: Option<(u16, u16)> = None;
    let mut n = 0;
    while let Some((x, y, cell)) = changed.get(n).copied() {
        match at {
            Some((ax, ay)) if (ax, ay) == (x, y) => {}
            Some((ax, ay)) if ay == y && ax < x && x - ax <= BRIDGE && bridges(next, pen, ax, x, y) => {
                for gap in ax..x {
                    out.push_str(next[(gap, y)].symbol());
                }
            }
            _ => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\x1b[{};{}H", y + 1, x + 1);
            }
        }
        let left = changed[n..].iter().take_while(|c| c.1 == y).count();
        if left >= ERASE && (x..next.area.right()).all(|x| is_plain_blank(&next[(x, y)])) {
            if pen.bg != Color::Reset || pen.mods.intersects(ON_BLANK) {
                out.push_str("\x1b[m");
                pen = DEFAULT;
            }
            out.push_str("\x1b[K");
            at = None;
            n += left;
            continue;
        }
        if !fits(pen, cell) {
            style(&mut out, &mut pen, cell);
        }
        out.push_str(cell.symbol());
        at = Some((x + width(cell.symbol()).max(1), y));
        n += 1;
    }
    if pen != DEFAULT {
        out.push_str("\x1b[m");
    }
    out
}

/// The cells to print, in order, without the second halves of wide ones. A row that holds or held a wide character is
/// printed whole where anything in it changed: overwriting half of one takes its other half with it.
fn changes<'a>(shown: &Buffer, next: &'a Buffer) -> Vec<(u16, u16, &'a Cell)> {
    let columns = usize::from(next.area.width).max(1);
    let mut out = Vec::new();
    for (y, (old, new)) in (0..).zip(shown.content.chunks(columns).zip(next.content.chunks(columns))) {
        if old == new {
            continue;
        }
        let wide = |row: &[Cell]| row.iter().any(|c| !c.symbol().is_ascii() && width(c.symbol()) > 1);
        let whole = wide(old) || wide(new);
        let mut skip = 0;
        for (x, (before, now)) in (0..).zip(old.iter().zip(new)) {
            if skip > 0 {
                skip -= 1;
            } else if whole || before != now {
                out.push((x, y, now));
                skip = if whole { width(now.symbol()).saturating_sub(1) } else { 0 };
            }
        }
    }
    out
}

fn is_plain_blank(cell: &Cell) -> bool {
    cell.symbol() == " " && cell.bg == Color::Reset && !cell.modifier.intersects(ON_BLANK)
}

/// Whether a cell looks as it should when it is printed with this pen.
fn fits(pen: Pen, cell: &Cell) -> bool {
    if is_plain_blank(cell) {
        return pen.bg == Color::Reset && !pen.mods.intersects(ON_BLANK);
    }
    pen == Pen { fg: cell.fg, bg: cell.bg, mods: cell.modifier }
}

fn bridges(next: &Buffer, pen: Pen, from: u16, to: u16, y: u16) -> bool {
    (from..to).all(|x| {
        let cell = &next[(x, y)];
        cell.symbol().len() == 1 && fits(pen, cell)
    })
}

fn style(out: &mut String, pen: &mut Pen, cell: &Cell) {
    let want = Pen { fg: cell.fg, bg: cell.bg, mods: cell.modifier };
    let mut codes: Vec<String> = Vec::new();
    if !want.mods.contains(pen.mods) {
        codes.push(String::new());
        *pen = DEFAULT;
    }
    for (modifier, code) in [
        (Modifier::BOLD, "1"),
        (Modifier::DIM, "2"),
        (Modifier::ITALIC, "3"),
        (Modifier::UNDERLINED, "4"),
        (Modifier::REVERSED, "7"),
        (Modifier::CROSSED_OUT, "9"),
    ] {
        if want.mods.contains(modifier) && !pen.mods.contains(modifier) {
            codes.push(code.to_owned());
        }
    }
    if want.fg != pen.fg {
        codes.push(colour(want.fg, 0));
    }
    if want.bg != pen.bg {
        codes.push(colour(want.bg, 10));
    }
    let _ = write!(out, "\x1b[{}m", codes.join(";"));
    *pen = want;
}

/// A colour's code (ECMA-48 8.3.117, and xterm's 256 and 24-bit forms); `base` is 10 for a background.
fn colour(colour: Color, base: u8) -> String {
    let code = match colour {
        Color::Reset => 39,
        Color::Black => 30,
        Color::Red => 31,
        Color::Green => 32,
        Color::Yellow => 33,
        Color::Blue => 34,
        Color::Magenta => 35,
        Color::Cyan => 36,
        Color::Gray => 37,
        Color::DarkGray => 90,
        Color::LightRed => 91,
        Color::LightGreen => 92,
        Color::LightYellow => 93,
        Color::LightBlue => 94,
        Color::LightMagenta => 95,
        Color::LightCyan => 96,
        Color::White => 97,
        Color::Indexed(n) => return format!("{};5;{n}", 38 + base),
        Color::Rgb(r, g, b) => return format!("{};2;{r};{g};{b}", 38 + base),
    };
    (code + base).to_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::term::shift::shift;
    use proptest::prelude::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    const AREA: Rect = Rect::new(0, 0, 20, 4);

    fn parser() -> vt100::Parser {
        vt100::Parser::new(4.try_into().unwrap(), 20.try_into().unwrap(), 0)
    }

    /// What a terminal makes of two frames, against what the second should be.
    fn check(first: &Buffer, second: &Buffer) {
        let mut terminal = parser();
        terminal.process(encode(&Buffer::empty(AREA), first).as_bytes());
        let mut shown = first.clone();
        terminal.process(shift(&mut shown, second).as_bytes());
        terminal.process(encode(&shown, second).as_bytes());
        let mut fresh = parser();
        fresh.process(encode(&Buffer::empty(AREA), second).as_bytes());
        for y in 0..AREA.height {
            for x in 0..AREA.width {
                let (got, want) = (terminal.screen().cell(y, x).unwrap(), &second[(x, y)]);
                let shows = if got.contents().is_empty() { " " } else { got.contents() };
                if got.is_wide_continuation() {
                    continue;
                }
                assert_eq!(shows, want.symbol(), "{x},{y}");
                let blank = is_plain_blank(want);
                assert_eq!(got.inverse(), want.modifier.contains(Modifier::REVERSED), "{x},{y}");
                assert_eq!(got.bold() && !blank, want.modifier.contains(Modifier::BOLD) && !blank, "{x},{y}");
                let background = match want.bg {
                    Color::Indexed(n) => vt100::Color::Idx(n),
                    _ => vt100::Color::Default,
                };
                assert_eq!(got.bgcolor(), background, "{x},{y}");
                if !blank {
                    let foreground = match want.fg {
                        Color::Indexed(n) => vt100::Color::Idx(n),
                        _ => vt100::Color::Default,
                    };
                    assert_eq!(got.fgcolor(), foreground, "{x},{y}");
                }
            }
        }
    }

    fn frame(writes: &[(u16, u16, String, u8)]) -> Buffer {
        let mut buffer = Buffer::empty(AREA);
        for (x, y, text, style) in writes {
            let mut wear = Style::new();
            if style & 1 > 0 {
                wear = wear.fg(Color::Indexed(style / 8 % 8));
            }
            if style & 2 > 0 {
                wear = wear.bg(Color::Indexed(24));
            }
            if style & 4 > 0 {
                wear = wear.add_modifier(Modifier::BOLD);
            }
            if style & 64 > 0 {
                wear = wear.add_modifier(Modifier::REVERSED);
            }
            buffer.set_stringn(*x, *y, text, 20, wear);
        }
        buffer
    }

    #[test]
    fn an_unchanged_frame_is_no_bytes_and_a_changed_letter_is_few() {
        let one = frame(&[(0, 1, "stuck".into(), 9)]);
        assert_eq!(encode(&one, &one), "");
        let two = frame(&[(0, 1, "stack".into(), 9)]);
        assert_eq!(encode(&one, &two), "\x1b[2;3H\x1b[38;5;1ma\x1b[m");
        assert_eq!(encode(&one, &Buffer::empty(AREA)), "\x1b[2;1H\x1b[K");
    }

    /// Rows of a list, some of them marked.
    fn list(from: usize, marked: u16) -> Buffer {
        let rows =
            ["7XK2L93 ok", "7XK2L94 err", "CZ2301A8 服", "CZ2301A9 ok", "CZ2301B1 ok", "7XK2M10", "7XK2M11", "a", ""];
        let tall = Rect::new(0, 0, 20, 8);
        let mut buffer = Buffer::empty(tall);
        for y in 0..8 {
            let style = if y == marked { Style::new().add_modifier(Modifier::BOLD) } else { Style::new() };
            buffer.set_stringn(2, y, rows[(from + usize::from(y)) % rows.len()], 18, style);
            if y == marked {
                buffer.set_stringn(0, y, ">", 1, style);
            }
        }
        buffer
    }

    #[test]
    fn a_list_that_scrolls_by_a_row_is_moved_by_the_terminal() {
        let (one, two) = (list(0, 6), list(1, 6));
        let mut shown = one.clone();
        let moved = shift(&mut shown, &two);
        assert!(moved.ends_with("\x1b[1S\x1b[r"), "{moved:?}");
        assert!(encode(&shown, &two).len() < encode(&one, &two).len());
    }

    proptest! {
        #[test]
        fn a_terminal_shows_a_scrolled_list_as_it_is(
            a in 0_usize..9, b in 0_usize..9, marks in (0_u16..9, 0_u16..9), junk in "[a-c 服]{0,9}", at in 0_u16..8,
        ) {
            let one = list(a, marks.0);
            let mut two = list(b, marks.1);
            two.set_stringn(9, at, &junk, 9, Style::new());
            let tall = || vt100::Parser::new(8.try_into().unwrap(), 20.try_into().unwrap(), 0);
            let (mut terminal, mut fresh) = (tall(), tall());
            let blank = Buffer::empty(one.area);
            terminal.process(encode(&blank, &one).as_bytes());
            let mut shown = one.clone();
            terminal.process(shift(&mut shown, &two).as_bytes());
            terminal.process(encode(&shown, &two).as_bytes());
            fresh.process(encode(&blank, &two).as_bytes());
            for (y, x) in (0..8).flat_map(|y| (0..20).map(move |x| (y, x))) {
                let look = |t: &vt100::Parser| {
                    let cell = t.screen().cell(y, x).unwrap();
                    let text = cell.contents().trim().to_owned();
                    (cell.bold() && !text.is_empty(), text)
                };
                prop_assert_eq!(look(&terminal), look(&fresh), "{},{}", x, y);
            }
        }

        #[test]
        fn a_terminal_shows_what_the_frame_holds(
            one in prop::collection::vec((0_u16..20, 0_u16..4, "[a-c 服]{0,12}", any::<u8>()), 0..8),
            two in prop::collection::vec((0_u16..20, 0_u16..4, "[a-c 服]{0,12}", any::<u8>()), 0..8),
        ) {
            check(&frame(&one), &frame(&two));
        }
    }
}
