//! Why something is not moving: what it waits for, who must act, and which keys resolve it.

use rackhand_core::flow::next::Wait;

use crate::app::model::Model;
use crate::command::keymap::Keymap;
use crate::command::registry::COMMANDS;
use crate::theme::token::Token;
use crate::widget::words::{age, until};
use crate::widget::wrap::hang;

/// What is said of a wait that nothing will end.
pub const UNBUILT: &str = "it stays here: this version has no step for it";

/// Adds the waits, or what is so where there are none.
pub fn waits(list: &[Wait], none: &str, model: &Model, room: usize, out: &mut Vec<(String, Token)>) {
    out.push(("WHY IT IS NOT MOVING".to_owned(), Token::UiTitle));
    if list.is_empty() {
        out.push((none.to_owned(), Token::StateInfo));
    }
    for wait in list {
        let token = if wait.who.is_some() { Token::StateWarn } else { Token::UiText };
        out.extend(hang(&wait.what, room, 2).into_iter().map(|l| (l, token)));
        let mut told = vec![format!("  for {}", age(model.now.since(wait.since)))];
        match (wait.attempt, wait.of) {
            (Some(n), Some(of)) => told.push(format!("attempt {n} of {of}")),
            (Some(n), None) => told.push(format!("attempt {n}, no end set")),
            _ => {}
        }
        told.extend(wait.next_try.map(|next| format!("next try {}", until(next, model.now))));
        told.extend(wait.until.map(|last| format!("given up {}", until(last, model.now))));
        let who = match wait.who {
            Some(role) => format!("who must act: {role}"),
            None if wait.unbuilt => UNBUILT.to_owned(),
            None => "automatic: no action needed".to_owned(),
        };
        let keys: Vec<String> = wait.resolve.iter().map(|command| with_key(&model.keys, command)).collect();
        let keys = if keys.is_empty() { String::new() } else { format!("; {}", keys.join("  ")) };
        let told = format!("{}; {who}{keys}", told.join(", "));
        out.extend(hang(&told, room, 4).into_iter().map(|l| (l, Token::UiDim)));
    }
}

/// A resolving command with its key: `R retry`.
fn with_key(keys: &Keymap, command: &str) -> String {
    let id = match command {
        "release" => "hold",
        // Both are done by a scan, on the screen for it.
        "receive" => "receiving",
        "scan-rack" => "work",
        other => other,
    };
    match COMMANDS.iter().find(|s| s.id == id) {
        Some(spec) => format!("{} {command}", keys.name(spec.act)),
        None => command.to_owned(),
    }
}
