//! Takes the terminal, and gives it back as it was: at the end, on an error, on a panic and while suspended.

use std::io::{self, Write};
use std::sync::Mutex;

use crossterm::cursor::{Hide, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste, EnableFocusChange,
    EnableMouseCapture,
};
use crossterm::style::ResetColor;
use crossterm::terminal::{
    DisableLineWrap, EnableLineWrap, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};

/// What a panic said, to be printed when the terminal is itself again.
static LAST_WORDS: Mutex<Option<String>> = Mutex::new(None);

/// Keeps what a panic said until the terminal can show it.
pub fn remember(words: &str) {
    if let Ok(mut last) = LAST_WORDS.try_lock() {
        *last = Some(words.to_owned());
    }
}

/// What a panic said, wherever it was.
pub fn last_words() -> Option<String> {
    LAST_WORDS.try_lock().ok().and_then(|mut last| last.take())
}

/// Holds the terminal; gives it back when dropped.
#[derive(Debug)]
pub struct Guard<W: Write> {
    out: W,
    mouse: bool,
    held: bool,
}

impl<W: Write> Guard<W> {
    /// Takes the terminal, and the mouse where it is wanted.
    pub fn new(out: W, mouse: bool) -> io::Result<Self> {
        let mut guard = Self { out, mouse, held: true };
        guard.take()?;
        Ok(guard)
    }

    /// Takes the terminal, again where it was taken before: whoever had it meanwhile may have changed it.
    pub fn take(&mut self) -> io::Result<()> {
        enable_raw_mode()?;
        self.held = true;
        queue!(self.out, EnterAlternateScreen, Hide, DisableLineWrap, EnableBracketedPaste, EnableFocusChange)?;
        if self.mouse {
            queue!(self.out, EnableMouseCapture)?;
        }
        self.out.flush()
    }

    /// Takes the mouse, or leaves it to the terminal.
    pub fn mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        if on { execute!(self.out, EnableMouseCapture) } else { execute!(self.out, DisableMouseCapture) }
    }

    /// Gives the terminal back as it was.
    pub fn give_back(&mut self) {
        if !std::mem::take(&mut self.held) {
            return;
        }
        // The terminal may be gone; there is nobody left to tell.
        if self.mouse {
            let _ = queue!(self.out, DisableMouseCapture);
        }
        let _ = queue!(
            self.out,
            ResetColor,
            DisableFocusChange,
            DisableBracketedPaste,
            EnableLineWrap,
            Show,
            LeaveAlternateScreen
        );
        let _ = self.out.flush();
        let _ = disable_raw_mode();
    }
}

impl<W: Write> Drop for Guard<W> {
    fn drop(&mut self) {
        self.give_back();
        if std::thread::panicking()
            && let Some(words) = last_words()
        {
            let _ = writeln!(io::stderr(), "{words}");
        }
    }
}
