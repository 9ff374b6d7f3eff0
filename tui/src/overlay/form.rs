//! Asks for a reason, and for the last four of the serial where it costs, before anything is sent.

use rackhand_core::decide::command::Command;
use rackhand_core::flow::step::Step;
use rackhand_core::id::{Subject, UnitId};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::lifecycle::task::TaskId;
use rackhand_core::text::Text;
use serde::{Deserialize, Serialize};

use super::Did;
use crate::input::key::Key;
use crate::input::line::Line;
use crate::theme::token::Token;
use crate::widget::canvas::Canvas;
use crate::widget::wrap::wrap;

/// What is to be done, without the reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Deed {
    /// Skip a parked step.
    Skip(Subject, Step, u32),
    /// Cancel a server.
    Cancel(UnitId),
    /// Hold servers.
    Hold(Vec<UnitId>),
    /// Close a task.
    Close(UnitId, TaskId),
    /// Move to a stage.
    Move(UnitId, Stage),
}

/// A deed with its reason: commands to send.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    /// The commands.
    pub commands: Vec<Command>,
    /// What they are, for the result's sentence.
    pub told: Text,
}

/// The form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Form {
    /// What it will do.
    pub deed: Deed,
    /// The question.
    pub title: Text,
    /// What it means.
    pub means: Vec<Text>,
    /// What the reason is called.
    pub asks: Text,
    /// The reason.
    pub reason: Line,
    /// What must be typed, and what was.
    pub typed: Option<(Text, Line)>,
    /// Whether the second field has the keys.
    pub second: bool,
    /// Why it did not go on.
    pub complaint: Option<Text>,
}

/// The last four characters of a label.
pub fn last_four(label: &str) -> Text {
    let from = label.chars().count().saturating_sub(4);
    label.chars().skip(from).collect::<String>().into()
}

impl Form {
    /// A form for a deed that can be taken back.
    pub fn new(deed: Deed, title: impl Into<Text>, asks: &str, means: Vec<Text>) -> Self {
        Self {
            deed,
            title: title.into(),
            means,
            asks: Text::new(asks),
            reason: Line::default(),
            typed: None,
            second: false,
            complaint: None,
        }
    }

    /// The same, wanting the last four of this label typed.
    #[must_use]
    pub fn costly(mut self, label: &str) -> Self {
        self.typed = Some((last_four(label), Line::default()));
        self
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key) -> Did {
        match key {
            Key::Esc => return Did::Closes,
            Key::Tab | Key::BackTab | Key::Up | Key::Down => self.second = self.typed.is_some() && !self.second,
            Key::Enter => return self.enter(),
            key => {
                self.complaint = None;
                let line = match &mut self.typed {
                    Some((_, line)) if self.second => line,
                    _ => &mut self.reason,
                };
                line.key(key);
            }
        }
        Did::Stays
    }

    fn enter(&mut self) -> Did {
        if self.reason.text().trim().is_empty() {
            self.second = false;
            self.complaint = Some(Text::new("it needs words; they go into the journal"));
            return Did::Stays;
        }
        if let Some((wanted, line)) = &self.typed {
            if !self.second {
                self.second = true;
                return Did::Stays;
            }
            if !line.text().trim().eq_ignore_ascii_case(wanted) {
                self.complaint = Some(Text::from(format!("type {wanted}, the last four; Esc leaves it as it is")));
                return Did::Stays;
            }
        }
        Did::Sends(self.wish())
    }

    fn wish(&self) -> Wish {
        let reason = Text::new(self.reason.text().trim());
        let commands = match &self.deed {
            Deed::Skip(subject, step, generation) => {
                vec![Command::Skip { subject: *subject, step: *step, generation: *generation, reason }]
            }
            Deed::Cancel(unit) => vec![Command::Cancel { unit: *unit, reason }],
            Deed::Hold(units) => {
                units.iter().map(|unit| Command::Hold { unit: *unit, reason: reason.clone() }).collect()
            }
            Deed::Close(unit, task) => vec![Command::CloseTask { unit: *unit, task: *task, note: reason }],
            Deed::Move(unit, to) => vec![Command::Move { unit: *unit, to: *to, reason }],
        };
        Wish { commands, told: self.title.clone() }
    }

    /// Takes pasted or scanned text. What must be typed is typed: a scanner in the wrong window confirms nothing.
    pub fn insert(&mut self, text: &str, scanned: bool) {
        if self.second || scanned {
            self.complaint = Some(Text::new("this is typed by hand; a scan or paste confirms nothing"));
        } else {
            self.reason.insert(text);
        }
    }

    /// Draws it.
    pub fn view(&self, canvas: &mut Canvas) {
        let width = canvas.area().width.saturating_sub(2).min(72);
        let inner = usize::from(width.saturating_sub(4));
        let mut lines: Vec<(String, Token)> = Vec::new();
        for means in &self.means {
            lines.extend(wrap(means, inner).into_iter().map(|l| (l, Token::UiText)));
        }
        let fields = if self.typed.is_some() { 4 } else { 2 };
        let height = u16::try_from(lines.len() + fields + 4).unwrap_or(u16::MAX).min(canvas.area().height);
        let area = canvas.boxed(width, height, &self.title, Token::UiBorderFocus);
        let room = usize::from(area.height).saturating_sub(fields + 2);
        let mut y = area.y;
        for (text, token) in lines.iter().take(room) {
            canvas.put(area.x, y, area.width, text, *token);
            y += 1;
        }
        y = area.bottom().saturating_sub(u16::try_from(fields + 2).unwrap_or(0)).max(area.y);
        y = Self::field(canvas, area.x, y, area.width, &self.asks, &self.reason, !self.second);
        if let Some((wanted, line)) = &self.typed {
            let asks = format!("to confirm, type the last four: {wanted}");
            y = Self::field(canvas, area.x, y, area.width, &asks, line, self.second);
        }
        if let Some(complaint) = &self.complaint {
            canvas.put(area.x, y, area.width, complaint, Token::StateWarn);
        }
        let last = self.typed.is_none() || self.second;
        let keys = if last { "Enter does it   Esc leaves it" } else { "Enter goes on   Esc leaves it" };
        canvas.put(area.x, area.bottom().saturating_sub(1), area.width, keys, Token::UiDim);
    }

    fn field(canvas: &mut Canvas, x: u16, y: u16, width: u16, asks: &str, line: &Line, focus: bool) -> u16 {
        canvas.put(x, y, width, asks, Token::UiPrompt);
        canvas.input(x, y + 1, width, line, focus);
        y + 2
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rackhand_core::id::Entropy;
    use rackhand_core::time::Timestamp;

    fn form() -> Form {
        let id = UnitId::mint(Timestamp::from_secs(1), Entropy([1; 16]));
        Form::new(Deed::Cancel(id), "cancel CZ2301A9", "why", Vec::new()).costly("CZ2301A9")
    }

    fn typed(form: &mut Form, text: &str) {
        for c in text.chars() {
            assert_eq!(form.key(Key::Char(c)), Did::Stays);
        }
    }

    #[test]
    fn enter_alone_never_does_it() {
        let mut form = form();
        for _ in 0..5 {
            assert_eq!(form.key(Key::Enter), Did::Stays);
        }
        typed(&mut form, "broken board");
        for _ in 0..5 {
            assert_eq!(form.key(Key::Enter), Did::Stays);
        }
        assert!(form.complaint.is_some());
    }

    #[test]
    fn the_last_four_in_either_case_do_it() {
        let mut form = form();
        typed(&mut form, "broken board");
        form.key(Key::Enter);
        typed(&mut form, "01a8");
        assert_eq!(form.key(Key::Enter), Did::Stays);
        form.key(Key::Backspace);
        typed(&mut form, "9");
        let Did::Sends(wish) = form.key(Key::Enter) else { panic!("not sent") };
        assert!(matches!(&wish.commands[0], Command::Cancel { reason, .. } if &**reason == "broken board"));
    }

    #[test]
    fn a_scan_or_a_paste_confirms_nothing() {
        let mut form = form();
        form.insert("CZ2301A9", true);
        assert!(form.reason.text().is_empty());
        form.insert("pasted reason", false);
        form.key(Key::Enter);
        form.insert("01A9", false);
        assert_eq!(form.key(Key::Enter), Did::Stays);
        assert_eq!(form.key(Key::Esc), Did::Closes);
    }
}
