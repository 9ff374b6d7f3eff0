//! Asks for a reason, and for the last four of the serial or an amount where it costs, before anything is sent.

use rackhand_core::decide::command::Command;
use rackhand_core::decide::confirm::{About, Confirm};
use rackhand_core::flow::step::Step;
use rackhand_core::id::{OrderId, SellerId, Subject, UnitId};
use rackhand_core::lifecycle::stage::{Disposition, Stage};
use rackhand_core::lifecycle::task::TaskId;
use rackhand_core::purchase::money::{Money, minor};
use rackhand_core::text::Text;
use serde::{Deserialize, Serialize};

use super::{Did, Origin};
use crate::app::bulk::{Part, Wish};
use crate::app::undo::opposite;
use crate::input::key::Key;
use crate::input::line::Line;
use crate::screen::receiving::Damage;
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
    /// Restart a server's BMC.
    ResetBmc(UnitId),
    /// Hold servers.
    Hold(Vec<(UnitId, Text)>),
    /// Retry servers.
    Retry(Vec<(UnitId, Text)>),
    /// Close a task.
    Close(UnitId, TaskId),
    /// Move to a stage.
    Move(UnitId, Stage),
    /// Receive this serial, damaged.
    Damaged(Text),
    /// Approve this revision of a vendor's offer.
    Approve {
        /// For which order.
        order: OrderId,
        /// Whose offer.
        seller: SellerId,
        /// The revision on screen.
        revision: u32,
    },
    /// Reject all offers.
    Reject(OrderId),
    /// Cancel an order.
    CancelOrder(OrderId),
    /// Assign what is reserved.
    Assign(OrderId),
    /// Keep a server of the pool for a line of an order.
    Reserve {
        /// For which order.
        order: OrderId,
        /// For which line.
        line: u16,
        /// Which server.
        unit: UnitId,
    },
    /// Give a reserved server back.
    ReleaseStock(UnitId),
    /// Accept a confirmation that differs.
    Accept {
        /// Of which order.
        order: OrderId,
        /// Of which vendor.
        seller: SellerId,
    },
}

/// The form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Form {
    /// What it will do.
    pub deed: Deed,
    /// The server's serial, or what stands for it.
    pub label: Text,
    /// The question.
    pub title: Text,
    /// What it means.
    pub means: Vec<Text>,
    /// What the reason is called; empty where none is asked for.
    pub asks: Text,
    /// The reason.
    pub reason: Line,
    /// What must be typed, and what was.
    pub typed: Option<(Text, Line)>,
    /// The amount that must be typed, however it is written.
    pub amount: Option<Money>,
    /// What that is called.
    pub typing: Text,
    /// What else may be said, and what was. It may stay empty, and Enter does not wait for it.
    #[serde(default)]
    pub more: Option<(Text, Line)>,
    /// Whether the second field has the keys.
    pub second: bool,
    /// Why it did not go on.
    pub complaint: Option<Text>,
}

impl Form {
    /// A form for a deed that can be taken back.
    pub fn new(deed: Deed, label: &str, title: impl Into<Text>, asks: &str, means: Vec<Text>) -> Self {
        Self {
            deed,
            label: Text::new(label),
            title: title.into(),
            means,
            asks: Text::new(asks),
            reason: Line::default(),
            typed: None,
            amount: None,
            typing: Text::new(""),
            more: None,
            second: false,
            complaint: None,
        }
    }

    /// The same, wanting typed what the rule for its command wants.
    #[must_use]
    pub fn sure(mut self, about: &About) -> Self {
        let Some(Part { command, .. }) = self.wish().parts.into_iter().next() else { return self };
        let (word, what) = match command.confirm(about) {
            // Enter on the form is the yes.
            Confirm::Nothing | Confirm::Yes => return self,
            Confirm::Word { word, what } => (word, Text::new(what)),
            Confirm::Amount(total) => {
                self.amount = Some(total);
                (Text::from(total.plain()), format!("the total in {}", total.currency).into())
            }
        };
        self.typed = Some((word, Line::default()));
        self.typing = what;
        self.second = self.asks.is_empty();
        self
    }

    /// The same with a field that may stay empty, in the place of what would have to be typed.
    #[must_use]
    pub fn asking(mut self, more: &str) -> Self {
        self.more = Some((Text::new(more), Line::default()));
        self
    }

    /// Whether this is what must be typed.
    fn confirms(&self, wanted: &str, typed: &str) -> bool {
        match self.amount {
            Some(amount) => minor(typed, amount.currency) == Ok(amount.minor),
            None => typed.eq_ignore_ascii_case(wanted),
        }
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key) -> Did {
        match key {
            Key::Esc => return Did::Closes,
            Key::Tab | Key::BackTab | Key::Up | Key::Down => {
                self.second = (self.typed.is_some() || self.more.is_some()) && (!self.second || self.asks.is_empty());
            }
            Key::Enter => return self.enter(),
            key => {
                self.complaint = None;
                self.field_of_keys().key(key);
            }
        }
        Did::Stays
    }

    /// The field that has the keys.
    fn field_of_keys(&mut self) -> &mut Line {
        match (&mut self.typed, &mut self.more) {
            (Some((_, line)), _) | (None, Some((_, line))) if self.second => line,
            _ => &mut self.reason,
        }
    }

    fn enter(&mut self) -> Did {
        if !self.asks.is_empty() && self.reason.text().trim().is_empty() {
            self.second = false;
            self.complaint = Some(Text::new("it needs words; they go into the journal"));
            return Did::Stays;
        }
        if let Some((wanted, line)) = &self.typed {
            if !self.second {
                self.second = true;
                return Did::Stays;
            }
            if !self.confirms(wanted, line.text().trim()) {
                self.complaint = Some(Text::from(format!("type {wanted}, {}; Esc leaves it as it is", self.typing)));
                return Did::Stays;
            }
        }
        match &self.deed {
            // It goes through the dock's queue, which outlasts the link.
            Deed::Damaged(serial) => {
                let note = Text::new(self.reason.text().trim());
                let photo = self.more.as_ref().map(|(_, line)| line.text().trim()).filter(|path| !path.is_empty());
                Did::Receives(serial.clone(), Damage { note, photo: photo.map(Text::new) })
            }
            _ => Did::Sends(self.wish()),
        }
    }

    fn wish(&self) -> Wish {
        let reason = Text::new(self.reason.text().trim());
        let typed = Text::new(self.typed.as_ref().map_or("", |(_, line)| line.text().trim()));
        let one = |command| vec![Part { label: self.label.clone(), command, undo: None }];
        let parts = match &self.deed {
            Deed::Skip(subject, step, generation) => {
                one(Command::Skip { subject: *subject, step: *step, generation: *generation, reason })
            }
            Deed::Cancel(unit) => one(Command::Cancel { unit: *unit, reason }),
            Deed::ResetBmc(unit) => one(Command::ResetBmc { unit: *unit, reason }),
            Deed::Close(unit, task) => one(Command::CloseTask { unit: *unit, task: *task, note: reason }),
            Deed::Move(unit, to) => one(Command::Move { unit: *unit, to: *to, reason }),
            Deed::Hold(units) => {
                let part = |(unit, label): &(UnitId, Text)| {
                    let command = Command::Hold { unit: *unit, reason: reason.clone() };
                    let undo = opposite(&command, Disposition::Normal);
                    Part { label: label.clone(), command, undo }
                };
                units.iter().map(part).collect()
            }
            Deed::Retry(units) => {
                let part = |(unit, label): &(UnitId, Text)| {
                    let command = Command::Retry { subject: Subject::Unit(*unit) };
                    Part { label: label.clone(), command, undo: None }
                };
                units.iter().map(part).collect()
            }
            Deed::Damaged(_) => Vec::new(),
            Deed::Approve { order, seller, revision } => {
                one(Command::Approve { order: *order, seller: *seller, revision: *revision, amount: typed })
            }
            Deed::Reject(order) => one(Command::Reject { order: *order, reason }),
            Deed::CancelOrder(order) => one(Command::CancelOrder { order: *order, reason }),
            Deed::Assign(order) => one(Command::AssignStock { order: *order }),
            Deed::Reserve { order, line, unit } => one(Command::Reserve { order: *order, line: *line, unit: *unit }),
            Deed::ReleaseStock(unit) => one(Command::ReleaseStock { unit: *unit, reason }),
            Deed::Accept { order, seller } => {
                // A confirmation without a total has none to be typed.
                let amount = if self.amount.is_some() { typed } else { Text::new("") };
                one(Command::AcceptConfirmation { order: *order, seller: *seller, amount, reason })
            }
        };
        Wish { parts, told: self.title.clone() }
    }

    /// Takes pasted or scanned text. What must be typed is typed: a scanner in the wrong window confirms nothing.
    pub fn insert(&mut self, text: &str, from: Origin) {
        if (self.second && self.typed.is_some()) || from == Origin::Scanner {
            self.complaint = Some(Text::new("this is typed by hand; a scan or paste confirms nothing"));
        } else {
            self.field_of_keys().insert(text);
        }
    }

    /// Draws it.
    pub fn view(&self, canvas: &mut Canvas) {
        let width = canvas.area().width.saturating_sub(2).min(72);
        let inner = usize::from(width.saturating_sub(4));
        let mut lines: Vec<(String, Token)> = Vec::new();
        for means in &self.means {
            let token = if means.starts_with('!') { Token::StateWarn } else { Token::UiText };
            lines.extend(wrap(means, inner).into_iter().map(|l| (l, token)));
        }
        let fields =
            usize::from(self.typed.is_some()) + usize::from(self.more.is_some()) + usize::from(!self.asks.is_empty());
        let fields = 2 * fields;
        let height = u16::try_from(lines.len() + fields + 4).unwrap_or(u16::MAX).min(canvas.area().height);
        let area = canvas.boxed(width, height, &self.title, Token::UiBorderFocus);
        let room = usize::from(area.height).saturating_sub(fields + 2);
        let mut y = area.y;
        let fits = lines.len() <= room;
        for (text, token) in lines.iter().take(if fits { room } else { room.saturating_sub(1) }) {
            canvas.put(area.x, y, area.width, text, *token);
            y += 1;
        }
        if !fits && room > 0 {
            let more = format!("{} more lines: a taller window", lines.len() + 1 - room);
            canvas.put(area.x, y, area.width, &more, Token::StateWarn);
        }
        y = area.bottom().saturating_sub(u16::try_from(fields + 2).unwrap_or(0)).max(area.y);
        if !self.asks.is_empty() {
            y = Self::field(canvas, area.x, y, area.width, &self.asks, &self.reason, !self.second);
        }
        if let Some((wanted, line)) = &self.typed {
            let asks = format!("to confirm, type {}: {wanted}", self.typing);
            y = Self::field(canvas, area.x, y, area.width, &asks, line, self.second);
        }
        if let Some((asks, line)) = &self.more {
            y = Self::field(canvas, area.x, y, area.width, asks, line, self.second);
        }
        if let Some(complaint) = &self.complaint {
            canvas.put(area.x, y, area.width, complaint, Token::StateWarn);
        }
        let last = self.typed.is_none() || self.second;
        let keys = if self.more.is_some() {
            "Enter does it   Tab the other field   Esc leaves it"
        } else if last {
            "Enter does it   Esc leaves it"
        } else {
            "Enter goes on   Esc leaves it"
        };
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
        let about = About { label: "CZ2301A9".into(), ..About::default() };
        Form::new(Deed::Cancel(id), "CZ2301A9", "cancel CZ2301A9", "why", Vec::new()).sure(&about)
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
        assert!(matches!(&wish.parts[0].command, Command::Cancel { reason, .. } if &**reason == "broken board"));
    }

    #[test]
    fn a_scan_or_a_paste_confirms_nothing() {
        let mut form = form();
        form.insert("CZ2301A9", Origin::Scanner);
        assert!(form.reason.text().is_empty());
        form.insert("pasted reason", Origin::Paste);
        form.key(Key::Enter);
        form.insert("01A9", Origin::Burst);
        assert_eq!(form.key(Key::Enter), Did::Stays);
        assert_eq!(form.key(Key::Esc), Did::Closes);
    }
}
