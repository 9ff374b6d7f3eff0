//! Plays a recorded session on this terminal. Nothing is sent anywhere.

use std::io::{self, stdout};
use std::path::Path;
use std::time::Duration;

use rackhand_core::text::Text;
use ratatui::buffer::Buffer;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::event::Event;
use crate::input::key::Key;
use crate::input::reader;
use crate::record::Replay;
use crate::screen::{self, listing};
use crate::term::guard::Guard;
use crate::term::screen::{Screen, area};
use crate::theme::Look;
use crate::widget::canvas::{Canvas, width};

/// The longest pause that is played, in milliseconds: nobody watches a night.
const LONGEST_MS: u64 = 2_000;

/// The last screen of a recording as lines of text.
pub fn last_screen(mut replay: Replay, look: &Look) -> String {
    while replay.step().is_some() {}
    let mut buffer = Buffer::empty(area(replay.model.size));
    screen::view(&replay.model, &mut Canvas::new(&mut buffer, look));
    lines(&buffer)
}

/// A frame as lines of text, without spaces at their ends.
pub fn lines(buffer: &Buffer) -> String {
    let mut out = String::new();
    for row in buffer.area.rows() {
        let mut line = String::new();
        let mut skip = 0;
        for column in row.columns() {
            let symbol = buffer[(column.x, row.y)].symbol();
            if skip > 0 {
                skip -= 1;
                continue;
            }
            skip = width(symbol).saturating_sub(1);
            line.push_str(symbol);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Plays a recording so many times faster than it was, until the user quits.
pub async fn run(path: &Path, speed: f64, look: &Look) -> io::Result<()> {
    let read = || Replay::read(path).map_err(|told| io::Error::other(told.to_string()));
    let mut replay = read()?;
    let mut size = crossterm::terminal::size()?;
    let guard = Guard::new(stdout(), false)?;
    let (events, mut queue) = mpsc::channel(64);
    let reading = tokio::spawn(reader::read(events, None));
    let mut screen = Screen::new(stdout(), size);
    let (mut speed, mut playing) = (speed, true);
    loop {
        let (at, all) = replay.place();
        let state = match (replay.next_at(), playing) {
            (None, _) => "at its end",
            (_, true) => "playing",
            (_, false) => "paused",
        };
        let told = format!(
            "REPLAY {at} of {all}, {state}, {speed}x   Space plays or pauses   Right steps   + - speed   Home again   q quits"
        );
        replay.model.banner = Some(Text::from(told));
        replay.model.size = size;
        listing::settle(&mut replay.model);
        screen.paint(&replay.model, look)?;
        let pause = match (replay.next_at(), playing) {
            (Some(next), true) => {
                let before = replay.played_at();
                Duration::from_millis(next.saturating_sub(before).min(LONGEST_MS)).div_f64(speed)
            }
            _ => Duration::from_secs(3_600),
        };
        let event = match timeout_at(Instant::now() + pause, queue.recv()).await {
            Ok(Some(event)) => event,
            Ok(None) => break,
            Err(_) => {
                if playing {
                    replay.step();
                }
                continue;
            }
        };
        match event {
            Event::Key(Key::Char('q') | Key::Esc | Key::Ctrl('c')) | Event::Quit => break,
            Event::Key(Key::Char(' ')) => playing = !playing,
            Event::Key(Key::Right | Key::Char('n')) => {
                playing = false;
                replay.step();
            }
            Event::Key(Key::Char('+')) => speed = (speed * 2.0).min(1_024.0),
            Event::Key(Key::Char('-')) => speed = (speed / 2.0).max(1.0 / 64.0),
            Event::Key(Key::Home) => replay = read()?,
            Event::Resize(width, height) => {
                size = (width, height);
                screen.resize(size);
            }
            _ => {}
        }
    }
    reading.abort();
    drop(guard);
    Ok(())
}
