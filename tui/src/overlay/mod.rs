//! What lies above a screen: help, palette, a choice, a form that asks before it acts.

pub mod choose;
pub mod form;
pub mod help;
pub mod palette;

use serde::{Deserialize, Serialize};

use crate::app::model::Model;
use crate::command::registry::Act;
use crate::input::key::Key;
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
    Sends(form::Wish),
}

impl Layer {
    /// Takes a key.
    pub fn key(&mut self, key: Key, model: &Model) -> Did {
        match self {
            Self::Help(top) => help::key(top, key, model),
            Self::Palette(palette) => palette.key(key, model),
            Self::Choose(choose) => choose.key(key),
            Self::Form(form) => form.key(key),
        }
    }

    /// Takes pasted or scanned text.
    pub fn text(&mut self, text: &str, scanned: bool) {
        match self {
            Self::Palette(palette) => palette.insert(text),
            Self::Form(form) => form.insert(text, scanned),
            Self::Help(_) | Self::Choose(_) => {}
        }
    }

    /// Draws it.
    pub fn view(&self, model: &Model, canvas: &mut Canvas) {
        match self {
            Self::Help(top) => help::view(*top, model, canvas),
            Self::Palette(palette) => palette.view(model, canvas),
            Self::Choose(choose) => choose.view(canvas),
            Self::Form(form) => form.view(canvas),
        }
    }
}
