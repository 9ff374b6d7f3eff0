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
    /// Shortest time between two frames: after what the user did, and after what came by itself.
    pub floor: (Duration, Duration),
    /// Keeps the last events.
    pub recorder: Arc<Mutex<Recorder>>,
    /// Where a recording goes.
    pub record: PathBuf,
    /// Spreads the pauses between attempts to connect.
    pub seed: u64,
}

/// What is done to the terminal besides painting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Give it back and stop until continued; then take it again.
    Suspend,
    /// Take it again: the process was continued.
    Retake,
    /// Take the mouse, or leave it.
    Mouse(bool),
}

/// Events taken between two looks at the clock.
const BATCH: usize = 1_024;

/// Runs the loop until it is told to quit, and gives the state then; or what the terminal says where it cannot be
/// written to. `control` gives the terminal's size where it was taken again, and nothing where it could not be done.
pub async fn drive<W: Write>(
    connect: impl Connect,
    setting: Setting,
    mut model: Model,
    (events, mut queue): (Sender<Event>, Receiver<Event>),
    terminal: W,
    mut control: impl FnMut(Control) -> io::Result<Option<(u16, u16)>>,
) -> io::Result<Model> {
    let (lines, clients) = watch::channel(None);
    let now = Arc::new(Notify::new());
    let mut tasks = JoinSet::new();
    tasks.spawn(sync::keep(connect, events.clone(), lines, Arc::clone(&now), setting.seed));
    let recorder = Arc::clone(&setting.recorder);
    let mut screen = Screen::new(terminal, model.size);
    let mut outside = Outside { tasks, clients, events, now, quit: false };
    screen.paint(&model, &setting.look)?;
    let began = Instant::now();
    let mut last_frame = began;
    // Whether something changed, and then whether the user did it: that is shown sooner.
    let mut dirty: Option<bool> = None;
    let floor = |urgent: bool| if urgent { setting.floor.0 } else { setting.floor.1 };
    while !outside.quit {
        let first = match dirty {
            Some(urgent) => match timeout_at(last_frame + floor(urgent), queue.recv()).await {
                Ok(event) => event,
                Err(_) => {
                    screen.paint(&model, &setting.look)?;
                    (dirty, last_frame) = (None, Instant::now());
                    continue;
                }
            },
            None => queue.recv().await,
        };
        let Some(mut event) = first else { break };
        for _ in 0..BATCH {
            if let Event::Resize(width, height) = event {
                screen.resize((width, height));
            }
            let urgent = event.is_from_user();
            if let Ok(mut recorder) = recorder.lock() {
                let at = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                recorder.push(&model, &event, at);
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
                    Effect::Suspend => match control(Control::Suspend)? {
                        Some((width, height)) => {
                            screen.forget();
                            outside.send(Event::Resize(width, height));
                        }
                        None => outside.send(Event::Stayed),
                    },
                    Effect::Retake => {
                        if let Some((width, height)) = control(Control::Retake)? {
                            screen.forget();
                            outside.send(Event::Resize(width, height));
                        }
                    }
                    Effect::Mouse(on) => drop(control(Control::Mouse(on))?),
                    other => outside.begin(other),
                }
            }
            dirty = Some(urgent || dirty == Some(true));
            match queue.try_recv() {
                Ok(next) => event = next,
                Err(_) => break,
            }
        }
        if let Ok(mut recorder) = recorder.lock() {
            recorder.flush();
        }
        if dirty.is_some_and(|urgent| Instant::now() >= last_frame + floor(urgent)) && !outside.quit {
            screen.paint(&model, &setting.look)?;
            (dirty, last_frame) = (None, Instant::now());
        }
    }
    Ok(model)
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
            Effect::Copy(_) | Effect::Redraw | Effect::Save | Effect::Suspend | Effect::Retake | Effect::Mouse(_) => {}
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
