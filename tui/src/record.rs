//! The recorder: the last events and the state before them, for a file that plays the session again. A line holds the
//! state at the start; each further one `[milliseconds since the start of the session, event]`.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rackhand_core::text::Text;
use serde::Deserialize;
use tokio::sync::mpsc::Sender;

use crate::app::model::Model;
use crate::app::update::update;
use crate::event::Event;

/// Events in one of the two runs that are kept.
pub const EVENTS: usize = 2_000;
/// Bytes in one run.
pub const BYTES: usize = 1 << 20;
/// Bytes of a whole session that is recorded as it goes.
pub const WHOLE: usize = 64 << 20;

/// A state, and what happened since, as JSON.
#[derive(Debug)]
struct Run {
    model: Box<Model>,
    events: Vec<String>,
    bytes: usize,
}

/// Keeps the last two runs: between [`EVENTS`] and twice as many events, unless they are very large.
#[derive(Debug)]
pub struct Recorder {
    before: Option<Run>,
    now: Run,
    panicked: Option<Text>,
    whole: Option<Whole>,
}

/// A file that takes the session as it goes.
#[derive(Debug)]
struct Whole {
    file: std::io::BufWriter<std::fs::File>,
    bytes: usize,
}

impl Run {
    fn new(model: &Model) -> Self {
        Self { model: Box::new(model.clone()), events: Vec::new(), bytes: 0 }
    }
}

impl Recorder {
    /// A recorder that starts from this state.
    pub fn new(model: &Model) -> Self {
        Self { before: None, now: Run::new(model), panicked: None, whole: None }
    }

    /// The same, which also writes the whole session to a new file as it goes.
    pub fn to_file(model: &Model, path: &Path) -> std::io::Result<Self> {
        let mut file = std::io::BufWriter::new(create(path)?);
        serde_json::to_writer(&mut file, model)?;
        file.write_all(b"\n")?;
        Ok(Self { whole: Some(Whole { file, bytes: 0 }), ..Self::new(model) })
    }

    /// Keeps an event; `model` is the state before it, `at` milliseconds since the start of the session.
    pub fn push(&mut self, model: &Model, event: &Event, at: u64) {
        if self.now.events.len() >= EVENTS || self.now.bytes >= BYTES {
            self.before = Some(std::mem::replace(&mut self.now, Run::new(model)));
        }
        let Ok(json) = serde_json::to_string(&(at, event)) else { return };
        if let Some(whole) = &mut self.whole {
            whole.bytes += json.len() + 1;
            // A full disk or a session past the bound ends the file, not the session.
            let written = if whole.bytes > WHOLE {
                writeln!(whole.file, "# the session goes on, this file does not: {WHOLE} bytes are its bound")
                    .and(Err(std::io::ErrorKind::FileTooLarge.into()))
            } else {
                writeln!(whole.file, "{json}")
            };
            if written.is_err() {
                self.whole = None;
            }
        }
        self.now.bytes += json.len();
        self.now.events.push(json);
    }

    /// Brings what is recorded as it goes to the file.
    pub fn flush(&mut self) {
        if self.whole.as_mut().is_some_and(|whole| whole.file.flush().is_err()) {
            self.whole = None;
        }
    }

    /// Writes state and events to a new file that only its owner can read. Returns its path.
    pub fn save(&self, path: &Path) -> Result<Text, Text> {
        let write = || -> std::io::Result<()> {
            // An earlier recording of this session is replaced; what else lies there is not ours.
            if path.symlink_metadata().is_ok_and(|m| m.is_file()) {
                std::fs::remove_file(path)?;
            }
            let mut file = std::io::BufWriter::new(create(path)?);
            let first = self.before.as_ref().unwrap_or(&self.now);
            serde_json::to_writer(&mut file, &*first.model)?;
            file.write_all(b"\n")?;
            let before = self.before.iter().flat_map(|r| &r.events);
            for event in before.chain(&self.now.events) {
                file.write_all(event.as_bytes())?;
                file.write_all(b"\n")?;
            }
            if let Some(panicked) = &self.panicked {
                writeln!(file, "# {panicked}")?;
            }
            file.flush()
        };
        match write() {
            Ok(()) => Ok(path.display().to_string().into()),
            Err(error) => Err(format!("{}: {error}", path.display()).into()),
        }
    }
}

/// A new file that only its owner can read. What lies there already is never written to: it may be a link.
fn create(path: &Path) -> std::io::Result<std::fs::File> {
    if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        crate::persist::make_dir(dir)?;
    }
    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// From now on a panic anywhere writes the recording and ends the console; the terminal is put right by its guard.
pub fn on_panic(recorder: &Arc<Mutex<Recorder>>, path: PathBuf, events: Sender<Event>) {
    let recorder = Arc::downgrade(recorder);
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let Some(recorder) = recorder.upgrade() else { return before(info) };
        let mut told = info.to_string();
        // A panic while the recorder is held must not wait for it.
        if let Ok(mut recorder) = recorder.try_lock() {
            recorder.panicked = Some(info.to_string().into());
            recorder.flush();
            told.push_str(&match recorder.save(&path) {
                Ok(path) => format!("\nThe last events are in {path}; `rackhand replay` plays them."),
                Err(why) => format!("\nThe last events could not be kept: {why}"),
            });
        }
        crate::term::guard::remember(&told);
        // A task's panic would leave a console that no longer hears; where the loop itself panics nobody reads this.
        let _ = events.try_send(Event::Quit);
    }));
}

/// A recording, to be stepped through.
#[derive(Debug)]
pub struct Replay {
    /// The state now.
    pub model: Model,
    events: Vec<(u64, Event)>,
    at: usize,
}

impl Replay {
    /// Reads a recording.
    pub fn read(path: &Path) -> Result<Self, Text> {
        let text = std::fs::read_to_string(path).map_err(|e| Text::from(format!("{}: {e}", path.display())))?;
        Self::parse(&text)
    }

    /// Reads a recording's text.
    pub fn parse(text: &str) -> Result<Self, Text> {
        let mut lines = text.lines().enumerate().filter(|(_, l)| !l.starts_with('#'));
        let model = part(lines.next())?;
        let events: Result<Vec<(u64, Event)>, Text> = lines.map(|line| part(Some(line))).collect();
        Ok(Self { model, events: events?, at: 0 })
    }

    /// Events played, and all.
    pub fn place(&self) -> (usize, usize) {
        (self.at, self.events.len())
    }

    /// When the next event is, in milliseconds of the session; `None` at the end.
    pub fn next_at(&self) -> Option<u64> {
        self.events.get(self.at).map(|(at, _)| *at)
    }

    /// When the last event played was, in milliseconds of the session.
    pub fn played_at(&self) -> u64 {
        self.at.checked_sub(1).and_then(|at| self.events.get(at)).map_or(0, |(at, _)| *at)
    }

    /// Plays the next event. Nothing it leads to is done. Returns it; `None` at the end.
    pub fn step(&mut self) -> Option<Event> {
        let (_, event) = self.events.get(self.at)?.clone();
        self.at += 1;
        update(&mut self.model, event.clone());
        Some(event)
    }
}

fn part<T: for<'de> Deserialize<'de>>(line: Option<(usize, &str)>) -> Result<T, Text> {
    let (n, line) = line.ok_or_else(|| Text::new("the recording is empty"))?;
    serde_json::from_str(line).map_err(|e| Text::from(format!("line {} of the recording: {e}", n + 1)))
}
