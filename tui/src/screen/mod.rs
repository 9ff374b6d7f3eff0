//! Screens: each is one file with its [`Face`]: what it asks, what it selects, how it moves and how it is drawn.

pub mod elevation;
pub mod fleet;
pub mod journal;
pub mod letters;
pub mod order;
pub mod orders;
pub mod pipeline;
pub mod quotes;
pub mod racks;
pub mod receiving;
pub mod server;
pub mod stock;
pub mod waits;
pub mod work;

use rackhand_core::view::State;

use crate::app::effect::Effect;
use crate::app::model::{Link, Model, Slot, Target};
use crate::app::moves::Motion;
use crate::command::registry::Kind;
use crate::theme::token::Token;
use crate::widget::canvas::Canvas;
use crate::widget::chrome;

/// Below this a screen is one line of counts.
pub const LEAST: (u16, u16) = (20, 4);

/// A screen, as the rest of the console knows it. `view` takes a shared reference; the others do no I/O.
pub struct Face {
    /// Its kind.
    pub kind: Kind,
    /// Its title.
    pub title: &'static str,
    /// What it shows, for the help.
    pub about: &'static str,
    /// The command line that says the same as text.
    pub twin: &'static str,
    /// The question whose answer commands act on.
    pub acts_on: Option<Slot>,
    /// The questions it shows the answers of, besides the overview.
    pub wants: &'static [Slot],
    /// Draws it.
    pub view: fn(&Model, &mut Canvas),
    /// Keeps its cursors on screen after the size or the data have changed.
    pub settle: fn(&mut Model),
    /// Moves its cursor.
    pub step: fn(&mut Model, Motion, &mut Vec<Effect>),
    /// Asks on where what is held does not fill the screen.
    pub fill: fn(&mut Model, &mut Vec<Effect>),
    /// What a command would act on.
    pub target: fn(&Model) -> Option<Target>,
    /// The selected row as JSON.
    pub row: fn(&Model) -> Option<String>,
    /// Selects what stands in this row of the terminal.
    pub press: fn(&mut Model, u16),
}

/// All screens, in the order of [`Kind`].
pub const FACES: &[Face] = &[
    pipeline::FACE,
    server::FACE,
    letters::FACE,
    journal::FACE,
    racks::FACE,
    elevation::FACE,
    fleet::FACE,
    work::FACE,
    receiving::FACE,
    orders::FACE,
    order::FACE,
    quotes::FACE,
    stock::FACE,
];

/// The screen of a kind.
pub fn of(kind: Kind) -> &'static Face {
    // A test holds that the table is in the order of the kinds.
    &FACES[kind as usize]
}

/// Draws everything.
pub fn view(model: &Model, canvas: &mut Canvas) {
    let area = canvas.area();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        if area.height > 0 {
            counts(model, canvas);
        }
    } else {
        (of(model.place.kind()).view)(model, canvas);
        if model.link != Link::Live {
            let (y, rows) = chrome::body(model.size);
            canvas.fade(y, rows);
        }
        chrome::hints(model, canvas);
        if let Some(layer) = &model.layer {
            canvas.cursor = None;
            layer.view(model, canvas);
        }
    }
    canvas.finish();
}

/// One line for a terminal too small for more.
fn counts(model: &Model, canvas: &mut Canvas) {
    let (link, token) = chrome::link(model);
    let link = link.split(',').next().unwrap_or_default().to_owned();
    let room = canvas.area().width;
    let used = canvas.put(0, 0, room, &link, token);
    if let Some(overview) = &model.overview {
        let count = |s| overview.states.get(&s).copied().unwrap_or(0);
        let told = format!(
            " S{} R{} M{} dead {}",
            count(State::Stuck),
            count(State::Retrying),
            count(State::Moving),
            overview.dead_letters
        );
        canvas.put(used, 0, room - used, &told, Token::UiText);
    }
}

/// What has no room on this screen, as a sentence.
pub fn hidden(titles: &[&str]) -> String {
    if titles.is_empty() {
        return String::new();
    }
    let list: Vec<String> = titles.iter().map(|t| t.to_lowercase()).collect();
    format!("no room for {}", list.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_screen() {
        assert!(Kind::ALL.iter().all(|kind| of(*kind).kind == *kind));
        assert_eq!(FACES.len(), Kind::ALL.len());
    }
}
