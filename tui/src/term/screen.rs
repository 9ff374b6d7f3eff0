//! Paints frames: only cells that changed, in one write, and nothing at all where none did.

use std::io::{self, Write};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::clipboard::osc52;
use super::encode::encode;
use super::shift::shift;
use crate::app::model::Model;
use crate::screen;
use crate::theme::Look;
use crate::widget::canvas::Canvas;

/// What the terminal shows, and the way to it.
#[derive(Debug)]
pub struct Screen<W: Write> {
    out: W,
    shown: Buffer,
    next: Buffer,
    cursor: Option<Position>,
    /// Whether what the terminal shows is not known.
    forgotten: bool,
}

/// The whole screen as an area.
pub fn area((width, height): (u16, u16)) -> Rect {
    Rect::new(0, 0, width, height)
}

impl<W: Write> Screen<W> {
    /// A screen of this size that shows nothing yet.
    pub fn new(out: W, size: (u16, u16)) -> Self {
        let empty = Buffer::empty(area(size));
        Self { out, shown: empty.clone(), next: empty, cursor: None, forgotten: true }
    }

    /// The terminal has another size.
    pub fn resize(&mut self, size: (u16, u16)) {
        self.shown.resize(area(size));
        self.next.resize(area(size));
        self.forgotten = true;
    }

    /// The next frame is painted whole.
    pub fn forget(&mut self) {
        self.forgotten = true;
    }

    /// Paints the state.
    pub fn paint(&mut self, model: &Model, look: &Look) -> io::Result<()> {
        self.next.reset();
        let mut canvas = Canvas::new(&mut self.next, look);
        screen::view(model, &mut canvas);
        let cursor = canvas.cursor;
        let mut bytes = Vec::new();
        if self.forgotten {
            queue!(bytes, Clear(ClearType::All))?;
            self.shown.reset();
            self.forgotten = false;
        }
        let moved = shift(&mut self.shown, &self.next);
        bytes.extend_from_slice(moved.as_bytes());
        let changed = encode(&self.shown, &self.next);
        let touched = !changed.is_empty() || !moved.is_empty();
        bytes.extend_from_slice(changed.as_bytes());
        match cursor {
            Some(at) if cursor != self.cursor || touched => {
                queue!(bytes, MoveTo(at.x, at.y))?;
                if self.cursor.is_none() {
                    queue!(bytes, Show)?;
                }
            }
            None if self.cursor.is_some() => queue!(bytes, Hide)?,
            _ => {}
        }
        self.cursor = cursor;
        std::mem::swap(&mut self.shown, &mut self.next);
        if bytes.is_empty() {
            return Ok(());
        }
        let mut frame = Vec::with_capacity(bytes.len() + 16);
        queue!(frame, BeginSynchronizedUpdate)?;
        frame.extend_from_slice(&bytes);
        queue!(frame, EndSynchronizedUpdate)?;
        self.out.write_all(&frame)?;
        self.out.flush()
    }

    /// Puts text on the terminal's clipboard.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(&osc52(text))?;
        self.out.flush()
    }
}
