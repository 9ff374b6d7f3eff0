//! Reads the terminal and turns what it says into events.

use std::time::Duration;

use crossterm::event::{Event as TerminalEvent, EventStream, MouseButton, MouseEventKind};
use futures::StreamExt;
use rackhand_core::text::Text;
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, timeout_at};

use super::burst::Burst;
use super::key::Key;
use crate::event::{Event, Mouse};

/// Reads until the terminal or the loop is gone. `prefix` is what the scanner sends before each scan.
pub async fn read(events: Sender<Event>, prefix: Option<Key>) {
    let mut terminal = EventStream::new();
    let mut burst = Burst::with_prefix(prefix);
    let start = Instant::now();
    loop {
        let next = match burst.deadline() {
            Some(at) => match timeout_at(start + Duration::from_micros(at), terminal.next()).await {
                Ok(next) => next,
                Err(_) => {
                    if send(&events, burst.flush()).await.is_none() {
                        return;
                    }
                    continue;
                }
            },
            None => terminal.next().await,
        };
        let Some(Ok(next)) = next else {
            // Without a terminal there is nobody to serve.
            let _ = events.send(Event::Quit).await;
            return;
        };
        let at = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        // What is no key does not overtake the keys held back before it.
        let mut found = if matches!(next, TerminalEvent::Key(_)) { Vec::new() } else { burst.flush() };
        found.extend(match next {
            TerminalEvent::Key(event) => Key::from_event(event).map_or_else(Vec::new, |key| burst.push(key, at)),
            TerminalEvent::Paste(text) => vec![Event::Paste(Text::from(text))],
            TerminalEvent::Resize(width, height) => vec![Event::Resize(width, height)],
            TerminalEvent::FocusGained => vec![Event::Focus(true)],
            TerminalEvent::FocusLost => vec![Event::Focus(false)],
            TerminalEvent::Mouse(mouse) => match mouse.kind {
                MouseEventKind::Down(MouseButton::Left) => vec![Event::Mouse(Mouse::Press(mouse.column, mouse.row))],
                MouseEventKind::ScrollUp => vec![Event::Mouse(Mouse::Wheel(-1))],
                MouseEventKind::ScrollDown => vec![Event::Mouse(Mouse::Wheel(1))],
                _ => Vec::new(),
            },
        });
        if send(&events, found).await.is_none() {
            return;
        }
    }
}

async fn send(events: &Sender<Event>, found: Vec<Event>) -> Option<()> {
    for event in found {
        events.send(event).await.ok()?;
    }
    Some(())
}
