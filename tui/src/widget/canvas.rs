//! What views draw on. Nothing drawn can leave the screen or the width it was given, and nothing reaches a cell that a
//! terminal could take for a command: text from outside was cleaned at the door, and here all of it passes once more.

use rackhand_core::text::Text;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Span;

use crate::input::line::Line;
use crate::theme::Look;
use crate::theme::glyph::GlyphSet;
use crate::theme::token::Token;

/// A buffer, the look, and where the terminal's cursor belongs.
pub struct Canvas<'a> {
    buffer: &'a mut Buffer,
    look: &'a Look,
    /// Where the cursor is shown; `None` hides it.
    pub cursor: Option<Position>,
}

/// Columns a text takes.
pub fn width(text: &str) -> u16 {
    u16::try_from(Span::raw(text).width()).unwrap_or(u16::MAX)
}

impl<'a> Canvas<'a> {
    /// A canvas on a buffer.
    pub fn new(buffer: &'a mut Buffer, look: &'a Look) -> Self {
        Self { buffer, look, cursor: None }
    }

    /// The whole of it.
    pub fn area(&self) -> Rect {
        self.buffer.area
    }

    /// The look.
    pub fn look(&self) -> &'a Look {
        self.look
    }

    /// Writes text, cut with a mark where it is wider than `room` columns. Returns the columns used.
    pub fn put(&mut self, x: u16, y: u16, room: u16, text: &str, token: Token) -> u16 {
        // This is the one way into a cell. Our own glyphs pass unchanged; a test holds that there is no other way.
        if text.bytes().all(|b| (0x20..0x7F).contains(&b)) {
            self.write(x, y, room, text, token)
        } else {
            self.write(x, y, room, &Text::new(text), token)
        }
    }

    fn write(&mut self, x: u16, y: u16, room: u16, text: &str, token: Token) -> u16 {
        let area = self.buffer.area;
        if y >= area.bottom() || x >= area.right() {
            return 0;
        }
        let room = room.min(area.right() - x);
        let style = self.look.style(token);
        if width(text) <= room {
            let (end, _) = self.buffer.set_stringn(x, y, text, usize::from(room), style);
            return end - x;
        }
        let Some(short) = room.checked_sub(1) else { return 0 };
        let (end, _) = self.buffer.set_stringn(x, y, text, usize::from(short), style);
        let (end, _) = self.buffer.set_stringn(end, y, self.look.glyphs.cut, 1, style);
        end - x
    }

    /// Writes pieces one after another.
    pub fn pieces(&mut self, x: u16, y: u16, room: u16, pieces: &[(&str, Token)]) -> u16 {
        let mut used = 0;
        for (text, token) in pieces {
            if used >= room {
                break;
            }
            used += self.put(x + used, y, room - used, text, *token);
        }
        used
    }

    /// Gives a run of cells a style and leaves their text.
    pub fn paint(&mut self, x: u16, y: u16, room: u16, token: Token) {
        let area = Rect::new(x, y, room, 1).intersection(self.buffer.area);
        self.buffer.set_style(area, self.look.style(token));
    }

    /// Has rows look old: all but what has a background or is reversed, which is where the cursor is.
    pub fn fade(&mut self, y: u16, rows: u16) {
        let area = Rect::new(0, y, self.buffer.area.width, rows).intersection(self.buffer.area);
        let old = Style::reset().patch(self.look.style(Token::StateStale));
        for at in area.positions() {
            let cell = &mut self.buffer[at];
            if cell.bg == Color::Reset && !cell.modifier.contains(Modifier::REVERSED) {
                cell.set_style(old);
            }
        }
    }

    /// A horizontal rule with a title in it.
    pub fn rule(&mut self, y: u16, title: &str, token: Token) {
        let full = self.area();
        let rule = self.look.glyphs.rule.repeat(usize::from(full.width));
        self.put(full.x, y, full.width, &rule, Token::UiBorder);
        if !title.is_empty() {
            let title = format!(" {title} ");
            self.put(full.x + 2, y, full.width.saturating_sub(4), &title, token);
        }
    }

    /// An empty box in the middle, and the area inside it.
    pub fn boxed(&mut self, width: u16, height: u16, title: &str, token: Token) -> Rect {
        let full = self.area();
        let (width, height) = (width.min(full.width), height.min(full.height));
        let (x, y) = (full.x + (full.width - width) / 2, full.y + (full.height - height) / 2);
        let area = Rect::new(x, y, width, height);
        for row in area.rows() {
            // A column of air on both sides keeps what lies below apart from the border.
            let left = x.saturating_sub(1).max(full.x);
            let room = (x + width + 1).min(full.right()) - left;
            let blank = " ".repeat(usize::from(room));
            self.put(left, row.y, room, &blank, Token::UiText);
        }
        if width < 4 || height < 3 {
            return area;
        }
        let g = self.look.glyphs;
        let rule = g.rule.repeat(usize::from(width - 2));
        self.pieces(x, y, width, &[(g.corners[0], token), (&rule, token), (g.corners[1], token)]);
        self.pieces(x, y + height - 1, width, &[(g.corners[2], token), (&rule, token), (g.corners[3], token)]);
        for row in y + 1..y + height - 1 {
            self.put(x, row, 1, g.bar, token);
            self.put(x + width - 1, row, 1, g.bar, token);
        }
        self.put(x + 2, y, width - 4, &format!(" {title} "), Token::UiTitle);
        Rect::new(x + 2, y + 1, width - 4, height - 2)
    }

    /// A text field; with the focus, the cursor stands in it.
    pub fn input(&mut self, x: u16, y: u16, room: u16, line: &Line, focus: bool) {
        if room == 0 {
            return;
        }
        let blank = " ".repeat(usize::from(room));
        self.put(x, y, room, &blank, Token::UiInput);
        // The end nearest the cursor stays in sight.
        let mut start = 0;
        let before = line.before();
        while width(&before[start..]) >= room {
            start += before[start..].chars().next().map_or(1, char::len_utf8);
        }
        self.put(x, y, room, &line.text()[start..], Token::UiInput);
        if focus {
            let at = Position::new(x + width(&before[start..]), y);
            if self.area().contains(at) {
                self.cursor = Some(at);
            }
        }
    }

    /// In the ASCII set, shows every other character as `?`.
    pub fn finish(&mut self) {
        if self.look.glyphs.set == GlyphSet::Ascii {
            for cell in &mut self.buffer.content {
                if !cell.symbol().is_ascii() {
                    cell.set_char('?');
                }
            }
        }
    }
}
