//! The console: its state, what events do to it, and the loop around.

pub mod acts;
pub mod data;
pub mod drive;
pub mod effect;
pub mod fetch;
pub mod list;
pub mod log;
pub mod model;
pub mod update;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::stdout;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::event::Event;
use crate::input::reader;
use crate::link::Connect;
use crate::record::{self, Recorder};
use crate::term::guard::Guard;
use crate::theme::Look;
use crate::theme::depth::Depth;
use crate::theme::file::{Theme, ThemeError};
use crate::theme::glyph::{GlyphSet, Glyphs};
use model::Model;

/// What the user may choose at the start.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A shipped theme's name, or a file's path; `None` is `dark`.
    pub theme: Option<String>,
    /// Colour depth; `None` is by the environment.
    pub depth: Option<Depth>,
    /// Glyphs; `None` is by the theme, then the locale.
    pub glyphs: Option<GlyphSet>,
    /// Where a recording is written; `None` is a new file in the directory for temporary files.
    pub record: Option<PathBuf>,
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
}

/// Events waiting for the loop at the most.
pub const QUEUE: usize = 256;

/// Shortest time between two frames, here and over SSH.
pub const FLOOR: (Duration, Duration) = (Duration::from_millis(16), Duration::from_millis(50));

/// Runs the console on this terminal until the user quits. Loss of the daemon does not end it.
pub async fn run(connect: impl Connect, options: Options) -> Result<(), RunError> {
    let var = |name: &str| std::env::var(name).ok();
    let theme = Theme::load(options.theme.as_deref().unwrap_or("dark"))?;
    let depth = Depth::choose(options.depth, var);
    let glyphs = GlyphSet::choose(options.glyphs.or(theme.glyphs), var);
    let look = Look::new(&theme, depth, Glyphs::of(glyphs));
    let floor = if var("SSH_CONNECTION").is_some() { FLOOR.1 } else { FLOOR.0 };
    let size = crossterm::terminal::size()?;
    let path =
        options.record.unwrap_or_else(|| std::env::temp_dir().join(format!("rackhand-console-{:016x}.json", random())));
    let (events, queue) = mpsc::channel(QUEUE);
    let guard = Guard::new(stdout())?;
    let reading = tokio::spawn(reader::read(events.clone()));
    let signals = tokio::spawn(until_signalled(events.clone()));
    let model = Model::new(size, format!("{:016x}{:016x}", random(), random()));
    let recorder = Recorder::shared(&model);
    record::on_panic(&recorder, path.clone());
    let setting = drive::Setting { look, floor, recorder, record: path, seed: random() };
    let ended = drive::drive(connect, setting, model, (events, queue), stdout()).await;
    reading.abort();
    signals.abort();
    drop(guard);
    Ok(ended?)
}

/// Randomness from the operating system, as the standard library draws it for its hash maps.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

async fn until_signalled(events: mpsc::Sender<Event>) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut hup)) = (signal(SignalKind::terminate()), signal(SignalKind::hangup())) else { return };
    tokio::select! {
        biased;
        _ = term.recv() => {}
        _ = hup.recv() => {}
    }
    let _ = events.send(Event::Quit).await;
}
