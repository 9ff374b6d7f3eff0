//! Where servers could go: proposals with their reasons, and beside them the rack with the proposed units drawn in it.

use rackhand_core::decide::command::Command;
use rackhand_core::placement::propose::{Alternative, Choice, Proposals};
use rackhand_core::placement::questions::{RackView, Slot};
use rackhand_core::text::Text;
use serde::{Deserialize, Serialize};

use super::Did;
use crate::app::bulk::{Part, Wish};
use crate::input::key::Key;
use crate::theme::token::Token;
use crate::widget::canvas::Canvas;
use crate::widget::rack::{Ink, draw, lines};
use crate::widget::wrap::hang;

/// Columns of the rack, and the least that is left to the words beside it.
const RACK: u16 = 34;
const WORDS: u16 = 40;

/// Proposals to choose from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Places {
    /// What was proposed.
    pub proposals: Proposals,
    /// The racks in them, as they are now.
    pub racks: Vec<RackView>,
    /// Which proposal is shown.
    pub way: usize,
    /// Which of its places.
    pub place: usize,
}

impl Places {
    /// The best proposal first.
    pub fn new(proposals: Proposals, racks: Vec<RackView>) -> Self {
        Self { proposals, racks, way: 0, place: 0 }
    }

    fn shown(&self) -> Option<&Alternative> {
        self.proposals.alternatives.get(self.way)
    }

    fn label(&self, choice: &Choice) -> Text {
        let named = self.proposals.labels.iter().find(|(id, _)| *id == choice.unit);
        named.map_or_else(|| choice.unit.to_string().into(), |(_, label)| label.clone())
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key) -> Did {
        let ways = self.proposals.alternatives.len();
        let places = self.shown().map_or(0, |way| way.places.len());
        match key {
            Key::Esc | Key::Char('q') => return Did::Closes,
            Key::Up | Key::Char('k') => (self.way, self.place) = (self.way.saturating_sub(1), 0),
            Key::Down | Key::Char('j') => (self.way, self.place) = ((self.way + 1).min(ways.saturating_sub(1)), 0),
            Key::Left | Key::Char('h') => self.place = self.place.saturating_sub(1),
            Key::Right | Key::Char('l') => self.place = (self.place + 1).min(places.saturating_sub(1)),
            Key::Enter => return self.wish().map_or(Did::Stays, Did::Sends),
            _ => {}
        }
        Did::Stays
    }

    /// The proposal as a command; `None` where it leaves somebody without a place.
    fn wish(&self) -> Option<Wish> {
        let way = self.shown().filter(|way| way.without.is_empty() && !way.places.is_empty())?;
        let told: Text = match way.places.as_slice() {
            [one] => format!("keep {} for {}", one.place.spot(), self.label(one)).into(),
            several => format!("keep places for {} servers", several.len()).into(),
        };
        let units = way.places.iter().map(|c| c.unit).collect();
        let undo = Command::ReleasePlacement { units, reason: "taken back at once: it was not meant".into() };
        let command = Command::Place { choices: way.places.clone() };
        let label = way.places.first().map_or_else(|| "".into(), |first| self.label(first));
        Some(Wish { parts: vec![Part { label, command, undo: Some(undo) }], told })
    }

    fn words(&self, room: usize) -> Vec<(String, Token)> {
        let mut out: Vec<(String, Token)> = Vec::new();
        let mut say = |text: String, token: Token| out.extend(hang(&text, room, 2).into_iter().map(|l| (l, token)));
        let count = self.proposals.alternatives.len();
        match self.shown() {
            None => say("no rack has a place for them".to_owned(), Token::StateCrit),
            Some(way) => {
                say(format!("proposal {} of {count}", self.way + 1), Token::UiTitle);
                for (n, choice) in way.places.iter().enumerate() {
                    let token = if n == self.place { Token::UiSelection } else { Token::UiText };
                    say(format!("{} to {}", self.label(choice), choice.place.span()), token);
                }
                for label in &way.without {
                    say(format!("{label}: no place; not kept while one is without"), Token::StateCrit);
                }
                if let Some(choice) = way.places.get(self.place) {
                    let place = &choice.place;
                    say(String::new(), Token::UiText);
                    place.reasons.iter().for_each(|r| say(format!("because {r}"), Token::UiText));
                    place.doubts.iter().for_each(|d| say(format!("? {d}"), Token::StateUnknown));
                    for cable in &place.network {
                        say(format!("{} to {} {}", cable.interface, cable.port.switch, cable.port.port), Token::UiDim);
                    }
                    for cord in &place.power {
                        say(format!("{} to {} outlet {}", cord.inlet, cord.strip, cord.outlet), Token::UiDim);
                    }
                }
            }
        }
        if !self.proposals.refused.is_empty() {
            say(String::new(), Token::UiText);
            self.proposals.refused.iter().for_each(|(rack, why)| say(format!("not {rack}: {why}"), Token::UiDim));
        }
        out
    }

    /// Draws it.
    pub fn view(&self, canvas: &mut Canvas) {
        let full = canvas.area();
        let area = canvas.boxed(full.width, full.height.saturating_sub(1), "where it could go", Token::UiBorderFocus);
        let rows = area.height.saturating_sub(1);
        let words = if area.width >= RACK + WORDS { area.width - RACK - 1 } else { area.width };
        for (n, (line, token)) in self.words(usize::from(words)).iter().take(usize::from(rows)).enumerate() {
            canvas.put(area.x, area.y + u16::try_from(n).unwrap_or(0), words, line, *token);
        }
        if words < area.width {
            self.rack(canvas, (area.x + words + 1, area.y), rows);
        }
        let keys = match self.wish() {
            Some(_) => "Enter keeps it   Esc leaves it   Up Down proposals   Left Right servers",
            None => "Esc leaves it   Up Down proposals",
        };
        canvas.put(area.x, area.bottom().saturating_sub(1), area.width, keys, Token::UiDim);
    }

    /// The rack of the chosen place, around the proposed units.
    fn rack(&self, canvas: &mut Canvas, (x, y): (u16, u16), rows: u16) {
        let Some((way, chosen)) = self.shown().and_then(|way| Some((way, way.places.get(self.place)?))) else { return };
        let Some(view) = self.racks.iter().find(|v| v.row.name == chosen.place.name) else { return };
        let mut view = view.clone();
        // What it holds now is given up with it.
        view.slots.retain(|s| !(s.reserved && way.places.iter().any(|c| s.unit() == Some(c.unit))));
        let mut at = None;
        for choice in way.places.iter().filter(|c| c.place.name == chosen.place.name) {
            if choice.unit == chosen.unit {
                at = Some(view.slots.len());
            }
            view.slots.push(Slot::proposed(self.label(choice), &choice.place));
        }
        let faces = [chosen.place.face];
        let all = lines(&view, faces[0]);
        canvas.put(x, y, RACK, &format!("rack {}", chosen.place.name), Token::UiTitle);
        let room = usize::from(rows.saturating_sub(1));
        let line = all.iter().position(|l| l.begins && at.is_some_and(|n| l.slots.contains(&n))).unwrap_or(0);
        let top = line.saturating_sub(room / 2).min(all.len().saturating_sub(room));
        let ink = Ink { chosen: at, marked: &|_| false, by_stage: false, search: "", digits: 2 };
        for (n, line) in all.iter().skip(top).take(room).enumerate() {
            draw(canvas, (x, y + 1 + u16::try_from(n).unwrap_or(0)), RACK, &view, line, &ink);
        }
    }
}
