//! The recorder: the last events and the state before them, for a file that plays the session again.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rackhand_core::text::Text;
use serde::{Deserialize, Serialize};

use crate::app::model::Model;
use crate::app::update::update;
use crate::event::Event;

/// Events in one of the two runs that are kept.
pub const EVENTS: usize = 2_000;
/// Bytes in one run.
pub const BYTES: usize = 1 << 20;

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
}

impl Run {
    fn new(model: &Model) -> Self {
        Self { model: Box::new(model.clone()), events: Vec::new(), bytes: 0 }
    }
}

impl Recorder {
    /// A recorder that starts from this state.
    pub fn new(model: &Model) -> Self {
        Self { before: None, now: Run::new(model), panicked: None }
    }

    /// The same, shared with the panic hook.
    pub fn shared(model: &Model) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Self::new(model)))
    }

    /// Keeps an event; `model` is the state before it.
    pub fn push(&mut self, model: &Model, event: &Event) {
        if self.now.events.len() >= EVENTS || self.now.bytes >= BYTES {
            self.before = Some(std::mem::replace(&mut self.now, Run::new(model)));
        }
        if let Ok(json) = serde_json::to_string(event) {
            self.now.bytes += json.len();
            self.now.events.push(json);
        }
    }

    /// Writes state and events to a new file that only its owner can read. Returns its path.
    pub fn save(&self, path: &Path) -> Result<Text, Text> {
        let write = || -> std::io::Result<()> {
            // What lies there already is never written through: it may be a link.
            if path.symlink_metadata().is_ok_and(|m| m.is_file()) {
                std::fs::remove_file(path)?;
            }
            let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
            let mut file = std::io::BufWriter::new(file);
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

/// From now on a panic writes the recording; the terminal is put right by its guard while the stack unwinds.
pub fn on_panic(recorder: &Arc<Mutex<Recorder>>, path: PathBuf) {
    let recorder = Arc::downgrade(recorder);
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let Some(recorder) = recorder.upgrade() else { return before(info) };
        // A panic while the recorder is held must not wait for it.
        if let Ok(mut recorder) = recorder.try_lock() {
            recorder.panicked = Some(info.to_string().into());
            let _ = recorder.save(&path);
        }
        crate::term::guard::remember(&format!("{info}\nrecording: {}", path.display()));
    }));
}

/// A recording, to be stepped through.
#[derive(Debug)]
pub struct Replay {
    /// The state now.
    pub model: Model,
    events: std::vec::IntoIter<Event>,
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
        let events: Result<Vec<Event>, Text> = lines.map(|line| part(Some(line))).collect();
        Ok(Self { model, events: events?.into_iter() })
    }

    /// Plays the next event. Returns it; `None` at the end.
    pub fn step(&mut self) -> Option<Event> {
        let event = self.events.next()?;
        update(&mut self.model, event.clone());
        Some(event)
    }
}

fn part<T: for<'de> Deserialize<'de> + Serialize>(line: Option<(usize, &str)>) -> Result<T, Text> {
    let (n, line) = line.ok_or_else(|| Text::new("the recording is empty"))?;
    serde_json::from_str(line).map_err(|e| Text::from(format!("line {} of the recording: {e}", n + 1)))
}
