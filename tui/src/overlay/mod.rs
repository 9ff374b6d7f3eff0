//! What lies above a screen: help, palette, a choice, a form that asks before it acts.

pub mod choose;
pub mod fields;
pub mod form;
pub mod help;
pub mod note;
pub mod order;
pub mod palette;
pub mod places;
pub mod quote;
pub mod report;

use rackhand_core::text::Text;
use serde::{Deserialize, Serialize};

use crate::app::bulk::Wish;
use crate::app::model::Model;
use crate::command::registry::Act;
use crate::input::key::Key;
use crate::screen::receiving::Damage;
use crate::widget::canvas::Canvas;

/// A layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Layer {
    /// Help for the screen; its first line on screen.
    Help(usize),
    /// The palette.
    Palette(palette::Palette),
    /// A choice.
    Choose(choose::Choose),
    /// A form.
    Form(Box<form::Form>),
    /// Proposals of places.
    Places(Box<places::Places>),
    /// What became of an action on many; its first line on screen.
    Report(usize),
    /// An order being written.
    Order(Box<order::OrderForm>),
    /// A vendor's quote being entered.
    Quote(Box<quote::QuoteForm>),
    /// Something to be read.
    Note(Box<note::Note>),
}

/// Where text that came at once is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Pasted.
    Paste,
    /// A scanner.
    Scanner,
    /// Keys too fast for a person, too few for a scan: a line that stalled, or half a scan.
    Burst,
}

/// What a key did to a layer.
#[derive(Clone, Debug, PartialEq)]
pub enum Did {
    /// It stays.
    Stays,
    /// It is closed.
    Closes,
    /// It gives way to another.
    Opens(Layer),
    /// It is closed and this is done.
    Runs(Act),
    /// It is closed and this is sent.
    Sends(Wish),
    /// It is closed and this serial is scanned, with what is damaged of it.
    Receives(Text, Damage),
    /// It is closed and this goes to the clipboard.
    Copies(Text),
}

impl Layer {
    /// Takes a key.
    pub fn key(&mut self, key: Key, model: &Model) -> Did {
        match self {
            Self::Help(top) => help::key(top, key, model),
            Self::Palette(palette) => palette.key(key, model),
            Self::Choose(choose) => choose.key(key),
            Self::Form(form) => form.key(key),
            Self::Places(places) => places.key(key),
            Self::Report(top) => report::key(top, key, model),
            Self::Order(form) => fields::key(form.as_mut(), key, model),
            Self::Quote(form) => fields::key(form.as_mut(), key, model),
            Self::Note(note) => note.key(key, model),
        }
    }

    /// Takes text that came at once. Returns whether it has a use for it: a scan belongs into a field that wants one.
    pub fn text(&mut self, text: &str, from: Origin) -> bool {
        match self {
            Self::Palette(palette) if from != Origin::Scanner => palette.insert(text),
            Self::Form(form) => {
                form.insert(text, from);
                true
            }
            Self::Order(form) => fields::insert(form.as_mut(), text, from),
            Self::Quote(form) => fields::insert(form.as_mut(), text, from),
            Self::Help(_) | Self::Choose(_) | Self::Places(_) | Self::Report(_) | Self::Palette(_) | Self::Note(_) => {
                false
            }
        }
    }

    /// Says in it why it could not be done.
    pub fn complain(&mut self, why: Text) {
        match self {
            Self::Form(form) => form.complaint = Some(why),
            Self::Order(form) => form.state.complaint = Some(why),
            Self::Quote(form) => form.state.complaint = Some(why),
            _ => {}
        }
    }

    /// Draws it.
    pub fn view(&self, model: &Model, canvas: &mut Canvas) {
        match self {
            Self::Help(top) => help::view(*top, model, canvas),
            Self::Palette(palette) => palette.view(model, canvas),
            Self::Choose(choose) => choose.view(canvas),
            Self::Form(form) => form.view(canvas),
            Self::Places(places) => places.view(canvas),
            Self::Report(top) => report::view(*top, model, canvas),
            Self::Order(form) => fields::view(form.as_ref(), model, canvas),
            Self::Quote(form) => fields::view(form.as_ref(), model, canvas),
            Self::Note(note) => note.view(model, canvas),
        }
    }
}
