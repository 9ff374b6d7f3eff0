//! What goes to the terminal, in bytes.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rackhand_tui::event::Event;
use rackhand_tui::term::screen::Screen;
use rackhand_tui::theme::depth::Depth;
use rackhand_tui::theme::glyph::GlyphSet;

use crate::fixture::{Bench, look};

/// Counts, and keeps the last write.
#[derive(Clone, Default)]
pub struct Counter {
    pub bytes: Arc<AtomicUsize>,
    pub last: Arc<Mutex<Vec<u8>>>,
    /// Writes: each frame is one.
    pub writes: Arc<AtomicUsize>,
}

impl Counter {
    pub fn take(&self) -> usize {
        self.bytes.swap(0, Ordering::SeqCst)
    }
}

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.fetch_add(bytes.len(), Ordering::SeqCst);
        self.writes.fetch_add(1, Ordering::SeqCst);
        *self.last.lock().unwrap() = bytes.to_vec();
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn bytes_stay_in_their_budget() {
    let look = look("dark", Depth::X256, GlyphSet::Unicode);
    for (size, full_limit, move_limit, page_limit) in [((80, 24), 6_000, 500, 3_500), ((200, 60), 28_000, 700, 28_000)]
    {
        let mut bench = Bench::live(size);
        let counter = Counter::default();
        let mut screen = Screen::new(counter.clone(), size);
        screen.paint(&bench.model, &look).unwrap();
        let full = counter.take();
        assert!(full <= full_limit, "{size:?}: full frame {full} B");
        screen.paint(&bench.model, &look).unwrap();
        assert_eq!(counter.take(), 0, "an unchanged frame");
        bench.event(Event::Focus(true));
        bench.heard();
        screen.paint(&bench.model, &look).unwrap();
        assert_eq!(counter.take(), 0, "a heartbeat");
        let mut most = 0;
        for _ in 0..8 {
            bench.key("Down");
            screen.paint(&bench.model, &look).unwrap();
            most = most.max(counter.take());
        }
        assert!(most > 0 && most <= move_limit, "{size:?}: a cursor key {most} B");
        bench.key("PgDn");
        screen.paint(&bench.model, &look).unwrap();
        let page = counter.take();
        assert!(page <= page_limit, "{size:?}: a page {page} B");
        println!("{size:?}: full {full} B, cursor key at most {most} B, page {page} B");
    }
}

#[test]
fn no_frame_clears_the_screen_but_the_first_and_a_resize() {
    let look = look("dark", Depth::X256, GlyphSet::Unicode);
    let mut bench = Bench::live((80, 24));
    let counter = Counter::default();
    let mut screen = Screen::new(counter.clone(), (80, 24));
    let clears = |counter: &Counter| {
        let last = counter.last.lock().unwrap();
        last.windows(4).any(|w| w == b"\x1b[2J")
    };
    screen.paint(&bench.model, &look).unwrap();
    assert!(clears(&counter));
    for key in ["Down", "Enter", "Esc", "6", "?", "Esc", "7"] {
        bench.key(key);
        screen.paint(&bench.model, &look).unwrap();
        assert!(!clears(&counter), "{key}");
    }
}
