//! The whole console over pipes in memory: it loses the daemon, says so, and comes back as it was.

use std::sync::atomic::Ordering;
use std::time::Duration;

use rackhand_tui::app::drive::{Setting, drive};
use rackhand_tui::app::model::Model;
use rackhand_tui::event::{Event, News};
use rackhand_tui::record::Recorder;
use rackhand_tui::screen::Place;
use rackhand_tui::theme::depth::Depth;
use rackhand_tui::theme::glyph::GlyphSet;
use tokio::sync::mpsc::{self, Sender};
use tokio::task::JoinHandle;

use crate::bytes::Counter;
use crate::fake::Fake;
use crate::fixture::look;

/// A terminal that can be read.
#[derive(Clone)]
struct Terminal {
    parser: std::sync::Arc<std::sync::Mutex<vt100::Parser>>,
    counter: Counter,
}

impl Terminal {
    fn new() -> Self {
        let parser = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
        Self { parser: std::sync::Arc::new(std::sync::Mutex::new(parser)), counter: Counter::default() }
    }

    fn shows(&self) -> String {
        self.parser.lock().unwrap().screen().contents()
    }
}

impl std::io::Write for Terminal {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.parser.lock().unwrap().process(bytes);
        self.counter.write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct Console {
    fake: Fake,
    terminal: Terminal,
    events: Sender<Event>,
    ended: JoinHandle<std::io::Result<Model>>,
}

impl Console {
    fn start() -> Self {
        let fake = Fake::seeded();
        let terminal = Terminal::new();
        let (events, queue) = mpsc::channel(64);
        let mut model = Model::new((80, 24), "session".into());
        model.place = Place::Pipeline;
        let setting = Setting {
            look: look("mono", Depth::Mono, GlyphSet::Ascii),
            floor: (Duration::from_millis(16), Duration::from_millis(50)),
            recorder: std::sync::Arc::new(std::sync::Mutex::new(Recorder::new(&model))),
            record: std::env::temp_dir().join("never-written.json"),
            seed: 1,
        };
        let daemon = fake.clone();
        let connect = move || {
            let daemon = daemon.clone();
            async move { daemon.connect().await }
        };
        let ended =
            tokio::spawn(drive(connect, setting, model, (events.clone(), queue), terminal.clone(), |_| Ok(None)));
        Self { fake, terminal, events, ended }
    }

    async fn key(&self, key: &str) {
        self.events.send(Event::Key(key.parse().unwrap())).await.unwrap();
    }

    /// Waits, in the test's own time, until the screen holds this.
    async fn until(&self, what: &str) {
        for _ in 0..6_000 {
            if self.terminal.shows().contains(what) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("`{what}` never came:\n{}", self.terminal.shows());
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_daemon_is_told_at_once_and_comes_back_with_the_selection_kept() {
    let console = Console::start();
    console.until("LIVE").await;
    console.until("CZ231378").await;
    console.key("Down").await;
    console.key("Down").await;
    console.until("-- CZ231378 ").await;
    console.fake.open.store(false, Ordering::SeqCst);
    console.fake.drop_connections();
    console.until("DOWN, again in").await;
    console.until("nobody listens at the socket").await;
    console.key("H").await;
    console.until("the link is down: nothing can be sent").await;
    assert!(console.terminal.shows().contains("-- CZ231378 "));
    console.fake.open.store(true, Ordering::SeqCst);
    console.key("R").await;
    console.until("connected again").await;
    console.until("LIVE").await;
    assert!(console.terminal.shows().contains("-- CZ231378 "));
    console.key("q").await;
    console.ended.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_hangs_is_stale_then_given_up() {
    let console = Console::start();
    console.until("LIVE").await;
    console.fake.inside.lock().unwrap().hangs = true;
    console.until("STALE 12 s").await;
    console.key("X").await;
    console.until("nothing heard for").await;
    console.fake.inside.lock().unwrap().hangs = false;
    console.until("connected again").await;
    console.key("q").await;
    console.ended.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_another_does_is_on_screen_without_a_key_and_a_rest_sends_nothing() {
    let console = Console::start();
    console.until("CZ231378").await;
    let id = console.fake.unit("7XK21025");
    let hold = rackhand_core::decide::command::Command::Hold { unit: id, reason: "by another".into() };
    console.key("/").await;
    for c in "serial:7xk21025".chars() {
        console.key(&c.to_string()).await;
    }
    console.key("Enter").await;
    console.until("filter: serial:7xk21025").await;
    console.fake.carry_out("theirs".into(), hold).unwrap();
    console.until("on hold: by another").await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    console.terminal.counter.take();
    // Heartbeats come and go; nothing has changed.
    tokio::time::sleep(Duration::from_mins(10)).await;
    assert_eq!(console.terminal.counter.take(), 0);
    console.key("q").await;
    console.ended.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_command_goes_through_and_its_result_is_told() {
    let console = Console::start();
    console.until("LIVE").await;
    console.until("CZ231094").await;
    console.key("R").await;
    console.until("retry CZ231094: asked").await;
    assert_eq!(console.fake.inside.lock().unwrap().requests.len(), 1);
    console.events.send(Event::Quit).await.unwrap();
    console.ended.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_news_is_twenty_frames_a_second_and_a_key_does_not_wait_for_them() {
    let console = Console::start();
    console.until("LIVE").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    console.terminal.counter.writes.store(0, Ordering::SeqCst);
    let began = tokio::time::Instant::now();
    for n in 0..400 {
        console.events.send(Event::Link(News::Late(100 + n))).await.unwrap();
        tokio::time::sleep(Duration::from_micros(2_500)).await;
    }
    let frames = console.terminal.counter.writes.load(Ordering::SeqCst);
    let most = began.elapsed().as_millis().div_ceil(50) + 1;
    assert!(frames >= 15 && frames as u128 <= most, "{frames} frames in {:?}", began.elapsed());
    console.key("?").await;
    tokio::time::sleep(Duration::from_millis(17)).await;
    assert!(console.terminal.shows().contains("help: pipeline"), "{}", console.terminal.shows());
    console.events.send(Event::Quit).await.unwrap();
    console.ended.await.unwrap().unwrap();
}
