//! Takes the terminal, and gives it back as it was: at the end, on an error and on a panic.

use std::io::{self, Write};
use std::sync::Mutex;

use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange};
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

/// Holds the terminal; gives it back when dropped.
#[derive(Debug)]
pub struct Guard<W: Write> {
    out: W,
}

impl<W: Write> Guard<W> {
    /// Takes the terminal.
    pub fn new(mut out: W) -> io::Result<Self> {
        enable_raw_mode()?;
        let taken = execute!(out, EnterAlternateScreen, Hide, DisableLineWrap, EnableBracketedPaste, EnableFocusChange);
        let guard = Self { out };
        taken.map(|()| guard)
    }
}

impl<W: Write> Drop for Guard<W> {
    fn drop(&mut self) {
        // The terminal may be gone; there is nobody left to tell.
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
        if std::thread::panicking()
            && let Ok(mut last) = LAST_WORDS.try_lock()
            && let Some(words) = last.take()
        {
            let _ = writeln!(io::stderr(), "{words}");
        }
    }
}
