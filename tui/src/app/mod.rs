//! The console: its state, what events do to it, and the loop around.

pub mod acts;
pub mod ahead;
pub mod bulk;
pub mod data;
pub mod deeds;
pub mod drive;
pub mod effect;
pub mod fetch;
pub mod find;
pub mod model;
pub mod moves;
pub mod places;
pub mod undo;
pub mod update;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{Write, stdout};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rackhand_core::text::Text;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use self::drive::Control;
use self::model::Model;
use crate::event::Event;
use crate::input::reader;
use crate::link::Connect;
use crate::persist;
use crate::record::{self, Recorder};
use crate::settings::Settings;
use crate::term::guard::{self, Guard};
use crate::term::job;
use crate::theme::Look;
use crate::theme::depth::Depth;
use crate::theme::file::{Theme, ThemeError};
use crate::theme::glyph::{GlyphSet, Glyphs};

/// What a session is made with.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What the user has set.
    pub settings: Settings,
    /// Where the whole session is recorded as it goes.
    pub record: Option<PathBuf>,
    /// The daemon's name, under which the last page is kept; `None` keeps nothing.
    pub host: Option<String>,
}

/// Why the console ended without being asked.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The theme.
    #[error(transparent)]
    Theme(#[from] ThemeError),
    /// The terminal.
    #[error("the terminal does not work: {0}")]
    Terminal(#[from] std::io::Error),
    /// The recording.
    #[error("the session cannot be recorded in {path}: {error}")]
    Record {
        /// Where.
        path: String,
        /// Why not.
        error: std::io::Error,
    },
    /// A part of the console panicked.
    #[error("{0}")]
    Panicked(String),
}

/// Events waiting for the loop at the most.
pub const QUEUE: usize = 256;

/// Shortest time between two frames after what the user did: here, and over SSH.
pub const FLOOR: (Duration, Duration) = (Duration::from_millis(16), Duration::from_millis(50));

/// Shortest time between two frames after what came by itself: 20 frames a second.
pub const CALM: Duration = Duration::from_millis(50);

/// How things look, as set and by the environment.
pub fn look(settings: &Settings) -> Result<Look, ThemeError> {
    let theme = Theme::load(settings.theme.as_deref().unwrap_or("dark"))?;
    let depth = Depth::choose(settings.depth, var);
    let glyphs = GlyphSet::choose(settings.glyphs.or(theme.glyphs), var);
    Ok(Look::new(&theme, depth, Glyphs::of(glyphs)))
}

/// A variable of the environment.
pub fn var(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Runs the console on this terminal until the user quits. Loss of the daemon does not end it.
pub async fn run(connect: impl Connect, options: Options) -> Result<(), RunError> {
    let settings = &options.settings;
    let look = look(settings)?;
    let floor = if var("SSH_CONNECTION").is_some() { FLOOR.1 } else { FLOOR.0 };
    let state = persist::state_dir(var);
    let kept = options.host.as_deref().zip(state.as_deref()).map(|(host, dir)| (host, persist::file(dir, host)));
    let mut model = Model::new(crossterm::terminal::size()?, format!("{:016x}{:016x}", random(), random()));
    model.keys = settings.keys.clone();
    model.mouse = settings.mouse.unwrap_or(false);
    if let Some((host, path)) = &kept {
        persist::take_up(&mut model, path, host);
    }
    let recorder = match &options.record {
        Some(path) => Recorder::to_file(&model, path)
            .map_err(|error| RunError::Record { path: path.display().to_string(), error })?,
        None => Recorder::new(&model),
    };
    let recorder = std::sync::Arc::new(std::sync::Mutex::new(recorder));
    let path = state.unwrap_or_else(std::env::temp_dir).join(format!("session-{:016x}.json", random()));
    let (events, queue) = mpsc::channel(QUEUE);
    record::on_panic(&recorder, path.clone(), events.clone());
    let signals = tokio::spawn(pass_on(Signals::new()?, events.clone()));
    let mut guard = Guard::new(stdout(), model.mouse)?;
    let reading = tokio::spawn(reader::read(events.clone(), settings.prefix));
    let setting = drive::Setting { look, floor: (floor, CALM.max(floor)), recorder, record: path, seed: random() };
    let mut taken = Instant::now();
    let control = |control| {
        match control {
            Control::Suspend if !job::can_stop() => return Ok(None),
            Control::Suspend => {
                guard.give_back();
                let stopped = job::stop();
                guard.take()?;
                taken = Instant::now();
                stopped?;
            }
            // Our own stop has done so already.
            Control::Retake if taken.elapsed() < Duration::from_secs(1) => return Ok(None),
            Control::Retake => guard.take()?,
            Control::Mouse(on) => guard.mouse(on)?,
        }
        crossterm::terminal::size().map(Some)
    };
    let ended = drive::drive(connect, setting, model, (events, queue), stdout(), control).await;
    reading.abort();
    signals.abort();
    drop(guard);
    if let Some(words) = guard::last_words() {
        return Err(RunError::Panicked(words));
    }
    let model = ended?;
    if let Some((host, path)) = &kept
        && let Err(error) = persist::keep(&model, path, host)
    {
        let told = Text::from(format!("{}: {error}", path.display()));
        // Without the page the next start shows nothing for a moment; that is all.
        let _ = writeln!(std::io::stderr(), "rackhand: the last page is not kept: {told}");
    }
    Ok(())
}

/// Randomness from the operating system, as the standard library draws it for its hash maps.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

struct Signals {
    term: Signal,
    hup: Signal,
    int: Signal,
    stop: Signal,
    cont: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            hup: signal(SignalKind::hangup())?,
            int: signal(SignalKind::interrupt())?,
            stop: signal(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?,
            cont: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
        })
    }
}

async fn pass_on(mut signals: Signals, events: mpsc::Sender<Event>) {
    loop {
        let event = tokio::select! {
            biased;
            _ = signals.term.recv() => Event::Quit,
            _ = signals.hup.recv() => Event::Quit,
            _ = signals.int.recv() => Event::Quit,
            _ = signals.stop.recv() => Event::Suspend,
            _ = signals.cont.recv() => Event::Resumed,
        };
        if events.send(event).await.is_err() {
            return;
        }
    }
}
