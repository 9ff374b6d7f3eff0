//! Screens: each draws the model and tells its measures. None changes anything.

pub mod journal;
pub mod letters;
pub mod pipeline;
pub mod server;

use rackhand_core::view::State;

use crate::app::model::{Model, Place};
use crate::theme::token::Token;
use crate::widget::canvas::Canvas;
use crate::widget::chrome;

/// Below this a screen is one line of counts.
pub const LEAST: (u16, u16) = (20, 4);

/// Draws everything.
pub fn view(model: &Model, canvas: &mut Canvas) {
    let area = canvas.area();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        if area.height > 0 {
            counts(model, canvas);
        }
    } else {
        match model.place {
            Place::Pipeline => pipeline::view(model, canvas),
            Place::Server(_) => server::view(model, canvas),
            Place::Letters => letters::view(model, canvas),
            Place::Journal => journal::view(model, canvas),
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
