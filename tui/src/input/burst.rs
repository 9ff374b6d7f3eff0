//! Tells a barcode scanner that types from a person: a scan must never run commands. Pure; times come in.

use rackhand_core::text::Text;

use super::key::Key;
use crate::event::Event;

/// Keys closer together than this, in microseconds, come from a machine.
pub const GAP_US: u64 = 25_000;

/// Printable keys in a row that make a scan.
pub const LEAST: usize = 6;

/// Characters of a scan that are kept.
const MAX_SCAN: usize = 64;

/// Holds back capitals and digits for [`GAP_US`], since barcodes are made of them and capitals act.
#[derive(Debug, Default)]
pub struct Burst {
    held: Vec<char>,
    last: u64,
}

impl Burst {
    /// When what is held must be let go, if nothing comes before.
    pub fn deadline(&self) -> Option<u64> {
        (!self.held.is_empty()).then_some(self.last + GAP_US)
    }

    /// A key at this time, in microseconds. Returns what it makes certain.
    pub fn push(&mut self, key: Key, at: u64) -> Vec<Event> {
        let mut out = Vec::new();
        if at.saturating_sub(self.last) > GAP_US {
            out.append(&mut self.flush());
        }
        match key {
            Key::Char(c) if !self.held.is_empty() || c.is_ascii_uppercase() || c.is_ascii_digit() => {
                self.held.push(c);
                self.last = at;
                if self.held.len() > 4 * MAX_SCAN {
                    out.append(&mut self.flush());
                }
            }
            // The scanner's own end mark.
            Key::Enter | Key::Tab if self.is_scan() => out.append(&mut self.flush()),
            other => {
                out.append(&mut self.flush());
                out.push(Event::Key(other));
            }
        }
        out
    }

    fn is_scan(&self) -> bool {
        // One key held down repeats as fast.
        self.held.len() >= LEAST && self.held.iter().any(|c| Some(c) != self.held.first())
    }

    /// Lets go of what is held, as a scan or as keys.
    pub fn flush(&mut self) -> Vec<Event> {
        let scan = self.is_scan();
        let held = std::mem::take(&mut self.held);
        if scan {
            vec![Event::Scan(normal(&held))]
        } else {
            held.into_iter().map(|c| Event::Key(Key::Char(c))).collect()
        }
    }
}

/// A scan without its AIM prefix (`]C1`), in capitals, bounded.
fn normal(held: &[char]) -> Text {
    let text: String = held.iter().collect();
    let text = text.trim();
    let aim = text.starts_with(']') && text.len() > 3 && text.is_char_boundary(3);
    let text = if aim { &text[3..] } else { text };
    text.chars().take(MAX_SCAN).collect::<String>().to_uppercase().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str, gap: u64) -> Vec<Event> {
        let mut burst = Burst::default();
        let mut at = 1_000_000;
        let mut out = Vec::new();
        for c in text.chars() {
            at += gap;
            out.append(&mut burst.push(if c == '\n' { Key::Enter } else { Key::Char(c) }, at));
        }
        out.append(&mut burst.flush());
        out
    }

    #[test]
    fn a_scanned_serial_is_one_event_and_runs_no_command() {
        assert_eq!(typed("7XK2L95\n", 2_000), [Event::Scan("7XK2L95".into())]);
        assert_eq!(typed("CZ2301A8", 15), [Event::Scan("CZ2301A8".into())]);
    }

    #[test]
    fn a_person_typing_is_a_person() {
        let keys: Vec<Event> = "7XK2L95".chars().map(|c| Event::Key(Key::Char(c))).collect();
        assert_eq!(typed("7XK2L95", 40_000), keys);
        assert_eq!(typed("GGGGGGGG", 20_000).len(), 8);
    }

    #[test]
    fn a_small_letter_moves_at_once() {
        let mut burst = Burst::default();
        assert_eq!(burst.push(Key::Char('j'), 5), [Event::Key(Key::Char('j'))]);
        assert_eq!(burst.push(Key::Char('R'), 50_000), []);
        assert_eq!(burst.deadline(), Some(75_000));
        assert_eq!(burst.push(Key::Enter, 60_000), [Event::Key(Key::Char('R')), Event::Key(Key::Enter)]);
    }
}
