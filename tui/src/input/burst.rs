//! Tells a barcode scanner that types from a person: a scan must never run commands. Pure; times come in.

use rackhand_core::text::Text;

use super::key::Key;
use crate::event::Event;

/// Keys closer together than this, in microseconds, come from a machine.
pub const GAP_US: u64 = 25_000;

/// Printable keys in a row that make a scan.
pub const LEAST: usize = 6;

/// Printable keys in a row that no person types so fast: not a scan yet, but no commands either.
pub const HASTE: usize = 3;

/// How long behind a burst its end mark may come, in microseconds: a line that stalls parts them.
pub const STALL_US: u64 = 500_000;

/// How long after the scanner's prefix its next key may take, in microseconds.
pub const PREFIX_US: u64 = 1_000_000;

/// Characters of a scan that are kept.
const MAX_SCAN: usize = 64;

/// Letters that only move a cursor: they act at once, and may come as fast as a held key or a stalled line brings them.
const MOVES: &str = "hjklgG";

/// Holds printable keys back for [`GAP_US`], until it is certain that a person typed them; but not those that only move
/// a cursor. Where such a one was the beginning of a scan, an [`Event::Rollback`] goes before it.
#[derive(Debug, Default)]
pub struct Burst {
    held: Vec<char>,
    /// How many of those have been let go as keys already.
    passed: usize,
    last: u64,
    prefix: Option<Key>,
    /// What came behind the prefix.
    scanning: Option<Vec<char>>,
    /// Until when an end mark belongs to the burst before.
    owed: u64,
}

impl Burst {
    /// With the key that the scanner sends before each scan: what follows is a scan for certain.
    pub fn with_prefix(prefix: Option<Key>) -> Self {
        Self { prefix, ..Self::default() }
    }

    /// When what is held must be let go, if nothing comes before.
    pub fn deadline(&self) -> Option<u64> {
        match self.scanning {
            Some(_) => Some(self.last + PREFIX_US),
            None => (!self.held.is_empty()).then_some(self.last + GAP_US),
        }
    }

    /// A key at this time, in microseconds. Returns what it makes certain.
    pub fn push(&mut self, key: Key, at: u64) -> Vec<Event> {
        let mut out = Vec::new();
        let gap = if self.scanning.is_some() { PREFIX_US } else { GAP_US };
        if at.saturating_sub(self.last) > gap {
            out.append(&mut self.flush());
        }
        if Some(key) == self.prefix {
            out.append(&mut self.flush());
            self.scanning = Some(Vec::new());
            self.last = at;
            return out;
        }
        if let Some(scan) = &mut self.scanning {
            self.last = at;
            match key {
                Key::Char(c) if scan.len() < MAX_SCAN => scan.push(c),
                Key::Char(_) => {}
                _ => {
                    out.append(&mut self.flush());
                    out.push(Event::EndMark);
                }
            }
            return out;
        }
        match key {
            Key::Char(c) => {
                self.held.push(c);
                self.last = at;
                if self.only_moves() {
                    let fresh = self.held[self.passed..].iter().map(|c| Event::Key(Key::Char(*c)));
                    out.extend(fresh);
                    self.passed = self.held.len();
                }
                if self.held.len() > 4 * MAX_SCAN {
                    out.append(&mut self.flush());
                }
            }
            // The scanner's own end mark.
            Key::Enter | Key::Tab if self.is_machine() => {
                out.append(&mut self.flush());
                out.push(Event::EndMark);
                self.owed = 0;
            }
            Key::Enter | Key::Tab if at <= self.owed && self.held.is_empty() => {
                out.push(Event::EndMark);
                self.owed = 0;
            }
            other => {
                out.append(&mut self.flush());
                out.push(Event::Key(other));
            }
        }
        out
    }

    fn only_moves(&self) -> bool {
        self.held.iter().all(|c| MOVES.contains(*c))
    }

    fn is_machine(&self) -> bool {
        // One key held down repeats as fast.
        self.held.len() >= HASTE && self.held.iter().any(|c| Some(c) != self.held.first()) && !self.only_moves()
    }

    /// Lets go of what is held: as a scan, as a burst of nobody's, or as keys.
    pub fn flush(&mut self) -> Vec<Event> {
        if let Some(scan) = self.scanning.take() {
            return if scan.is_empty() { Vec::new() } else { vec![Event::Scan(text(&scan))] };
        }
        let machine = self.is_machine();
        let held = std::mem::take(&mut self.held);
        let passed = std::mem::take(&mut self.passed);
        if machine {
            self.owed = self.last + STALL_US;
            // A label has no spaces; a sentence has: a line that stalled, or a paste the terminal did not mark.
            let burst = if held.len() >= LEAST && !held.contains(&' ') {
                Event::Scan(text(&held))
            } else {
                Event::Burst(text(&held))
            };
            let rollback = (passed > 0).then_some(Event::Rollback(passed));
            rollback.into_iter().chain([burst]).collect()
        } else {
            held.into_iter().skip(passed).map(|c| Event::Key(Key::Char(c))).collect()
        }
    }
}

fn text(held: &[char]) -> Text {
    held.iter().take(4 * MAX_SCAN).collect::<String>().into()
}

/// The label in a scan: without its AIM prefix (`]C1`), in capitals, bounded.
pub fn label(scan: &str) -> Text {
    let text = scan.trim();
    let aim = text.starts_with(']') && text.len() > 3 && text.is_char_boundary(3);
    let text = if aim { &text[3..] } else { text };
    text.chars().take(MAX_SCAN).collect::<String>().to_uppercase().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::strategy::Strategy;

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
        assert_eq!(typed("7XK2L95\n", 2_000), [Event::Scan("7XK2L95".into()), Event::EndMark]);
        assert_eq!(typed("CZ2301A8", 15), [Event::Scan("CZ2301A8".into())]);
    }

    #[test]
    fn a_person_typing_is_a_person() {
        let keys: Vec<Event> = "7XK2L95".chars().map(|c| Event::Key(Key::Char(c))).collect();
        assert_eq!(typed("7XK2L95", 40_000), keys);
        assert_eq!(typed("GGGGGGGG", 20_000).len(), 8);
    }

    #[test]
    fn a_key_that_only_moves_acts_at_once_and_is_rolled_back_where_a_scan_begins_with_it() {
        let mut burst = Burst::default();
        assert_eq!(burst.push(Key::Char('j'), 5), [Event::Key(Key::Char('j'))]);
        assert_eq!(burst.push(Key::Char('j'), 15_000), [Event::Key(Key::Char('j'))]);
        assert_eq!(burst.push(Key::Char('j'), 30_000), [Event::Key(Key::Char('j'))]);
        assert_eq!(burst.flush(), []);
        let scan = [Event::Key(Key::Char('h')), Event::Rollback(1), Event::Scan("h7xk2l9".into())];
        assert_eq!(typed("h7xk2l9", 100), scan);
    }

    #[test]
    fn what_is_not_printable_acts_at_once_and_lets_go_of_what_was_held() {
        let mut burst = Burst::default();
        assert_eq!(burst.push(Key::Down, 5), [Event::Key(Key::Down)]);
        assert_eq!(burst.push(Key::Char('R'), 50_000), []);
        assert_eq!(burst.push(Key::Enter, 60_000), [Event::Key(Key::Char('R')), Event::Key(Key::Enter)]);
    }

    #[test]
    fn a_scan_that_stalls_is_no_command_and_its_end_mark_opens_nothing() {
        let mut burst = Burst::default();
        let mut out = Vec::new();
        for (n, c) in "7XK2".chars().enumerate() {
            out.append(&mut burst.push(Key::Char(c), 1_000_000 + n as u64));
        }
        for (n, c) in "L95".chars().enumerate() {
            out.append(&mut burst.push(Key::Char(c), 1_200_000 + n as u64));
        }
        out.append(&mut burst.flush());
        out.append(&mut burst.push(Key::Enter, 1_400_000));
        assert_eq!(out, [Event::Burst("7XK2".into()), Event::Burst("L95".into()), Event::EndMark]);
        assert_eq!(burst.push(Key::Enter, 2_400_000), [Event::Key(Key::Enter)]);
    }

    #[test]
    fn behind_the_prefix_all_is_a_scan_however_slow_and_short() {
        let mut burst = Burst::with_prefix(Some(Key::Ctrl('b')));
        let mut out = burst.push(Key::Ctrl('b'), 0);
        for (n, key) in [Key::Char('R'), Key::Char('1'), Key::Enter].into_iter().enumerate() {
            out.append(&mut burst.push(key, 400_000 * (n as u64 + 1)));
        }
        assert_eq!(out, [Event::Scan("R1".into()), Event::EndMark]);
        assert_eq!(burst.deadline(), None);
    }

    #[test]
    fn a_sentence_that_comes_at_once_is_text_and_no_label() {
        assert_eq!(typed("rack work today", 10), [Event::Burst("rack work today".into())]);
    }

    #[test]
    fn a_label_is_in_capitals_without_its_aim_prefix() {
        assert_eq!(typed("]C17xk2l95", 10), [Event::Scan("]C17xk2l95".into())]);
        assert_eq!(&*label("]C17xk2l95"), "7XK2L95");
    }

    proptest::proptest! {
        /// Scans, whole or parted by stalls, between the keys of a person: only the person's keys come out as keys.
        #[test]
        fn no_interleaving_lets_a_scan_run_a_command(
            parts in proptest::collection::vec(
                proptest::prop_oneof![
                    "[a-zA-Z0-9:.;<>*?/ -]{0,20}[0-9][A-Z][0-9]".prop_map(|s| (s, true)),
                    "[a-zA-Z0-9 ]".prop_map(|s| (s, false)),
                ],
                1..12,
            ),
            gaps in proptest::collection::vec(0_u64..GAP_US, 1..40),
            pauses in proptest::collection::vec(GAP_US + 1..2_000_000, 1..12),
            ends in proptest::collection::vec(0_u8..3, 1..12),
        ) {
            let mut burst = Burst::default();
            let (mut at, mut out, mut typed) = (10_000_000, Vec::new(), Vec::new());
            for (n, (text, scanned)) in parts.iter().enumerate() {
                at += pauses[n % pauses.len()];
                for (m, c) in text.chars().enumerate() {
                    at += if m == 0 { 0 } else { gaps[(n + m) % gaps.len()] };
                    out.append(&mut burst.push(Key::Char(c), at));
                }
                if *scanned {
                    at += match ends[n % ends.len()] {
                        0 => 10,
                        1 => STALL_US / 2,
                        _ => continue,
                    };
                    out.append(&mut burst.push(Key::Enter, at));
                } else {
                    typed.extend(text.chars().map(|c| Event::Key(Key::Char(c))));
                }
            }
            out.append(&mut burst.flush());
            // Letters that only move a cursor may slip through.
            let acts = |e: &Event| matches!(e, Event::Key(k) if !matches!(k, Key::Char(c) if MOVES.contains(*c)));
            out.retain(acts);
            typed.retain(acts);
            proptest::prop_assert_eq!(out, typed);
        }
    }
}
