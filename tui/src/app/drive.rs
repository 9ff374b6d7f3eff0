//! The loop: takes all events that wait, updates, does what follows, and paints when something changed and the last
//! frame is long enough ago. Nothing wakes it while nothing happens.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rackhand_core::text::Text;
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::effect::Effect;
use super::model::Model;
use super::update::update;
use crate::event::Event;
use crate::link::Connect;
use crate::link::call;
use crate::link::sync::{self, Lines};
use crate::record::Recorder;
use crate::term::screen::Screen;
use crate::theme::Look;

/// What the loop needs to know.
#[derive(Clone, Debug)]
pub struct Setting {
    /// How things look.
    pub look: Look,
    /// Shortest time between two frames.
    pub floor: Duration,
    /// Keeps the last events.
    pub recorder: Arc<Mutex<Recorder>>,
    /// Where a recording goes.
    pub record: PathBuf,
    /// Spreads the pauses between attempts to connect.
    pub seed: u64,
}

/// Events taken between two looks at the clock.
const BATCH: usize = 1_024;

/// Runs the loop until it is told to quit. Returns what the terminal says where it cannot be written to.
pub async fn drive<W: Write>(
    connect: impl Connect,
    setting: Setting,
    mut model: Model,
    (events, mut queue): (Sender<Event>, Receiver<Event>),
    terminal: W,
) -> io::Result<()> {
    let (lines, clients) = watch::channel(None);
    let now = Arc::new(Notify::new());
    let mut tasks = JoinSet::new();
    tasks.spawn(sync::keep(connect, events.clone(), lines, Arc::clone(&now), setting.seed));
    let recorder = Arc::clone(&setting.recorder);
    let mut screen = Screen::new(terminal, model.size);
    let mut outside = Outside { tasks, clients, events, now, quit: false };
    screen.paint(&model, &setting.look)?;
    let mut next_frame = Instant::now() + setting.floor;
    let mut dirty = false;
    while !outside.quit {
        let first = if dirty {
            match timeout_at(next_frame, queue.recv()).await {
                Ok(event) => event,
                Err(_) => {
                    screen.paint(&model, &setting.look)?;
                    (dirty, next_frame) = (false, Instant::now() + setting.floor);
                    continue;
                }
            }
        } else {
            queue.recv().await
        };
        let Some(mut event) = first else { break };
        for _ in 0..BATCH {
            if let Event::Resize(width, height) = event {
                screen.resize((width, height));
            }
            if let Ok(mut recorder) = recorder.lock() {
                recorder.push(&model, &event);
            }
            for effect in update(&mut model, event) {
                match effect {
                    Effect::Copy(text) => screen.copy(&text)?,
                    Effect::Redraw => screen.forget(),
                    Effect::Save => {
                        let saved = recorder.lock().map_or_else(
                            |_| Err(Text::new("the recording is damaged")),
                            |recorder| recorder.save(&setting.record),
                        );
                        outside.send(Event::Saved(saved));
                    }
                    other => outside.begin(other),
                }
            }
            dirty = true;
            match queue.try_recv() {
                Ok(next) => event = next,
                Err(_) => break,
            }
        }
        if Instant::now() >= next_frame && !outside.quit {
            screen.paint(&model, &setting.look)?;
            (dirty, next_frame) = (false, Instant::now() + setting.floor);
        }
    }
    Ok(())
}

/// What effects reach.
struct Outside {
    tasks: JoinSet<()>,
    clients: Lines,
    events: Sender<Event>,
    now: Arc<Notify>,
    quit: bool,
}

impl Outside {
    fn begin(&mut self, effect: Effect) {
        // Those that have ended are let go.
        while self.tasks.try_join_next().is_some() {}
        let (lines, events) = (self.clients.clone(), self.events.clone());
        match effect {
            Effect::Fetch(id, ask) => {
                self.tasks.spawn(call::ask(lines, id, ask, events));
            }
            Effect::Call(id, request, command) => {
                self.tasks.spawn(call::command(lines, id, request, command, events));
            }
            Effect::After(millis, timer) => {
                self.tasks.spawn(async move {
                    tokio::time::sleep(Duration::from_millis(millis)).await;
                    let _ = events.send(Event::Timer(timer)).await;
                });
            }
            Effect::Reconnect => self.now.notify_one(),
            Effect::Quit => self.quit = true,
            Effect::Copy(_) | Effect::Redraw | Effect::Save => {}
        }
    }

    /// Sends an event of our own without waiting for room, which the loop itself would have to make.
    fn send(&mut self, event: Event) {
        let events = self.events.clone();
        self.tasks.spawn(async move {
            let _ = events.send(event).await;
        });
    }
}
