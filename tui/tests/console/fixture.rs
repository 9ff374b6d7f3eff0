//! A fixed state to look at, made as a session makes it: by events.

use rackhand_core::id::UnitId;
use rackhand_core::order::questions::OneOrder;
use rackhand_core::placement::questions::{OneRack, RackOf, RackQuery};
use rackhand_core::receiving::questions::Dock;
use rackhand_core::stock::questions::StockQuery;
use rackhand_core::text::Text;
use rackhand_core::view::Cut;
use rackhand_core::view::questions::{Counts, Find, LetterQuery, OneUnit};
use rackhand_rpc::Verified;
use rackhand_tui::app::effect::Effect;
use rackhand_tui::app::model::Model;
use rackhand_tui::app::update::update;
use rackhand_tui::event::{Ask, CallEnd, Data, Event, Greeting, News};
use rackhand_tui::input::key::Key;
use rackhand_tui::screen;
use rackhand_tui::screen::Place;
use rackhand_tui::term::screen::area;
use rackhand_tui::theme::Look;
use rackhand_tui::theme::depth::Depth;
use rackhand_tui::theme::file::Theme;
use rackhand_tui::theme::glyph::{GlyphSet, Glyphs};
use rackhand_tui::widget::canvas::Canvas;
use ratatui::buffer::Buffer;

use crate::fake::Fake;

/// A console and the daemon it talks to, without a wire between.
pub struct Bench {
    pub fake: Fake,
    pub model: Model,
    /// Effects that were not questions or commands.
    pub other: Vec<Effect>,
    /// Questions and commands, as they were made.
    pub asked: Vec<Ask>,
    pub called: Vec<(String, rackhand_core::decide::command::Command)>,
    /// Whether effects are answered at once.
    pub answers: bool,
    /// All events so far.
    pub events: Vec<Event>,
}

impl Bench {
    pub fn new(fake: Fake, size: (u16, u16)) -> Self {
        let model = Model::new(size, "session".into());
        Self {
            fake,
            model,
            other: Vec::new(),
            asked: Vec::new(),
            called: Vec::new(),
            answers: true,
            events: Vec::new(),
        }
    }

    /// Connected to a seeded daemon, at the pipeline.
    pub fn live(size: (u16, u16)) -> Self {
        Self::at(size, Place::Pipeline)
    }

    /// Connected to a seeded daemon, at this screen.
    pub fn at(size: (u16, u16), place: Place) -> Self {
        let mut bench = Self::new(Fake::seeded(), size);
        bench.model.place = place;
        bench.up();
        bench
    }

    /// The same, where NetBox has racks.
    pub fn furnished(size: (u16, u16)) -> Self {
        let fake = Fake::seeded();
        fake.furnish();
        let mut bench = Self::new(fake, size);
        bench.model.place = Place::Pipeline;
        bench.up();
        bench
    }

    /// The same, with orders in every state, at the screen of orders.
    pub fn trading(size: (u16, u16)) -> Self {
        let fake = Fake::seeded();
        fake.trade();
        let mut bench = Self::new(fake, size);
        bench.model.place = Place::Orders;
        bench.up();
        bench
    }

    pub fn greeting(&self) -> Greeting {
        let i = self.fake.inside.lock().unwrap();
        Greeting {
            site: rackhand_core::id::SiteId::new("fra1"),
            user: "anna".into(),
            role: i.role,
            demo: true,
            epoch: i.epoch,
            head: i.world.head,
            build: "0".into(),
        }
    }

    pub fn up(&mut self) {
        let greeting = self.greeting();
        self.event(Event::Link(News::Up(greeting)));
    }

    pub fn heard(&mut self) {
        let head = self.fake.inside.lock().unwrap().world.head;
        self.event(Event::Link(News::Heard(head)));
    }

    pub fn event(&mut self, event: Event) {
        let mut queue = std::collections::VecDeque::from([event]);
        while let Some(event) = queue.pop_front() {
            self.events.push(event.clone());
            for effect in update(&mut self.model, event) {
                match effect {
                    Effect::Fetch(id, ask) => {
                        self.asked.push(ask.clone());
                        if self.answers {
                            queue.push_back(Event::Arrived(id, Ok(Box::new(answer(&self.fake, ask)))));
                        }
                    }
                    Effect::Call(id, request, command) => {
                        self.called.push((request.clone(), command.clone()));
                        if self.answers {
                            let end = match self.fake.carry_out(request, command) {
                                Ok(receipt) => CallEnd::Done(receipt),
                                Err(refusal) => CallEnd::Refused(refusal),
                            };
                            queue.push_back(Event::Called(id, end));
                        }
                    }
                    other => self.other.push(other),
                }
            }
        }
    }

    pub fn key(&mut self, key: &str) {
        let key: Key = key.parse().unwrap();
        self.event(Event::Key(key));
    }

    pub fn keys(&mut self, keys: &[&str]) {
        for key in keys {
            self.key(key);
        }
    }

    pub fn type_in(&mut self, text: &str) {
        for c in text.chars() {
            self.event(Event::Key(Key::Char(c)));
        }
    }

    pub fn toast(&self) -> String {
        self.model.toast.as_ref().map_or_else(String::new, |t| t.text.to_string())
    }

    pub fn selected(&self) -> Option<UnitId> {
        self.model.screens.pipeline.list.current().map(|r| r.id)
    }
}

pub fn answer(fake: &Fake, ask: Ask) -> Data {
    let rack = |(site, name)| fake.ask(OneRack { site, name }).unwrap();
    let find = |label: Text| fake.ask(Find(label)).unwrap();
    match ask {
        Ask::Overview => Data::Overview(fake.ask(Counts).unwrap()),
        Ask::Units(query) | Ask::Marks(query, _) => Data::Units(fake.ask(query).unwrap()),
        Ask::Unit(id) => Data::Unit(fake.ask(OneUnit(id))),
        Ask::Letters { offset, limit } => Data::Letters(fake.ask(LetterQuery(Cut { offset, limit })).unwrap()),
        Ask::Journal(query) => Data::Journal(fake.ask(query)),
        Ask::Find(label) => Data::Found(find(label)),
        Ask::Racks { site, filter, offset, limit } => {
            Data::Racks(fake.ask(RackQuery { site, filter, cut: Cut { offset, limit } }).unwrap())
        }
        Ask::Elevations(keys) => Data::Elevations(keys.into_iter().filter_map(rack).collect()),
        Ask::Stands(label) => {
            let unit = find(label.clone()).or_else(|| find(label.to_uppercase().into()));
            Data::Stands(unit.map(|id| (id, fake.ask(RackOf(id)).unwrap())))
        }
        Ask::Work(query) => Data::Work(fake.ask(query).unwrap()),
        Ask::Places(units, _) => Data::Places(crate::places::proposed(fake, &units)),
        Ask::Orders(query) => Data::Orders(fake.ask(query).unwrap()),
        Ask::Order(id) => Data::Order(fake.ask(OneOrder(id)).map(Box::new)),
        Ask::Stock(spec, site) => Data::Stock(fake.ask(StockQuery { spec, site }).unwrap()),
        Ask::Receiving(site) => Data::Receiving(fake.ask(Dock(site)).unwrap()),
        Ask::Verify => Data::Verified(Ok(Verified { events: 47, head: 47, checkpoints: 2, broken: None })),
    }
}

pub fn look(theme: &str, depth: Depth, set: GlyphSet) -> Look {
    Look::new(&Theme::load(theme).unwrap(), depth, Glyphs::of(set))
}

pub fn plain(set: GlyphSet) -> Look {
    look("mono", Depth::Mono, set)
}

pub fn buffer(model: &Model, look: &Look) -> Buffer {
    let mut buffer = Buffer::empty(area(model.size));
    screen::view(model, &mut Canvas::new(&mut buffer, look));
    buffer
}

/// The screen as lines of text, without spaces at their ends.
pub fn text(model: &Model, look: &Look) -> String {
    rackhand_tui::replay::lines(&buffer(model, look))
}

pub fn hostile() -> Text {
    Text::new("\u{1b}[2Jsw\u{202e}1 服务器")
}
