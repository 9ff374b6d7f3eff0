//! What a person is asked before a command goes out: nothing, a yes, or a word that is typed. One rule for every screen
//! and every command line.

use super::command::Command;
use crate::lifecycle::stage::Stage;
use crate::purchase::money::Money;
use crate::text::Text;

/// What makes sure that a command is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sure {
    /// Nothing: it is journaled and its contrary is at hand, or its form has asked for all of it.
    Nothing,
    /// A yes, where it was said what follows.
    Yes,
    /// The last four characters of the serial are typed.
    LastFour,
    /// The order's number is typed.
    Order,
    /// How many servers it is about is typed.
    Count,
    /// What it costs is typed.
    Amount,
}

/// What the rule has to know besides the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The server's serial, or what stands for it.
    pub label: Text,
    /// The stage it is in.
    pub stage: Option<Stage>,
    /// How many servers it is about.
    pub count: usize,
    /// What it costs in all, where that is known.
    pub total: Option<Money>,
    /// Whether a server of the pool is not what the order's line asks for.
    pub near: bool,
}

impl Default for About {
    fn default() -> Self {
        Self { label: Text::new(""), stage: None, count: 1, total: None, near: false }
    }
}

/// What a person is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirm {
    /// Nothing.
    Nothing,
    /// A yes.
    Yes,
    /// This word, typed in any case.
    Word {
        /// The word.
        word: Text,
        /// What it is: `the last four of the serial`.
        what: &'static str,
    },
    /// This amount, however it is written.
    Amount(Money),
}

impl Command {
    /// The rule: one row for each command.
    pub fn sure(&self, about: &About) -> Sure {
        match self {
            Self::Skip { .. } | Self::Cancel { .. } | Self::Retire { .. } => Sure::LastFour,
            // What later stages rested on is thrown away.
            Self::Move { to, .. } if about.stage.is_some_and(|from| *to < from && from >= Stage::Discovered) => {
                Sure::LastFour
            }
            Self::Reserve { .. } if about.near => Sure::LastFour,
            Self::Reserve { .. } | Self::ReleaseStock { .. } | Self::TrustCertificate { .. } => Sure::Yes,
            Self::Reject { .. } | Self::CancelOrder { .. } => Sure::Order,
            Self::Approve { .. } => Sure::Amount,
            Self::AcceptConfirmation { .. } if about.total.is_some() => Sure::Amount,
            Self::AcceptConfirmation { .. } => Sure::Order,
            Self::AssignStock { .. } => Sure::Count,
            // It cannot be taken back, and many at once are a load.
            Self::Retry { .. } if about.count > 1 => Sure::Count,
            Self::Retry { .. }
            | Self::Move { .. }
            | Self::Hold { .. }
            | Self::Release { .. }
            | Self::Quarantine { .. }
            | Self::CloseTask { .. }
            | Self::Receive { .. }
            | Self::UndoReceipt { .. }
            | Self::Place { .. }
            | Self::ReleasePlacement { .. }
            | Self::ScanRack { .. }
            | Self::Locate { .. }
            | Self::ResetBmc { .. }
            | Self::Describe { .. }
            | Self::Import { .. }
            | Self::ImportRow { .. }
            | Self::Order(_)
            | Self::BindSerial { .. }
            | Self::EnterPaper { .. }
            // Its reason says what was looked at.
            | Self::Resume { .. } => Sure::Nothing,
        }
    }

    /// What is asked before this goes out.
    pub fn confirm(&self, about: &About) -> Confirm {
        let word = |word: String, what| Confirm::Word { word: word.into(), what };
        match (self.sure(about), self) {
            (Sure::Nothing, _) => Confirm::Nothing,
            (Sure::Yes, _) => Confirm::Yes,
            (Sure::LastFour, _) => word(last_four(&about.label).to_string(), "the last four of the serial"),
            (Sure::Count, _) => word(about.count.to_string(), "the number of servers"),
            (
                Sure::Order | Sure::Amount,
                Self::Reject { order, .. }
                | Self::CancelOrder { order, .. }
                | Self::Approve { order, .. }
                | Self::AcceptConfirmation { order, .. },
            ) => match about.total {
                Some(total) if self.sure(about) == Sure::Amount => Confirm::Amount(total),
                _ => word(order.to_string(), "the order's number"),
            },
            (Sure::Order | Sure::Amount, _) => Confirm::Yes,
        }
    }
}

/// The last four characters of a label.
pub fn last_four(label: &str) -> Text {
    let from = label.chars().count().saturating_sub(4);
    label.chars().skip(from).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Entropy, OrderId, UnitId};
    use crate::time::Timestamp;

    #[test]
    fn what_undoes_work_or_ends_an_order_takes_a_typed_word_and_what_can_be_taken_back_none() {
        let unit = UnitId::mint(Timestamp::from_secs(1), Entropy([1; 16]));
        let reason = || Text::new("why");
        let about = About { label: "7XK2L93".into(), stage: Some(Stage::Staged), count: 1, ..About::default() };
        let four = Confirm::Word { word: "2L93".into(), what: "the last four of the serial" };
        assert_eq!(Command::Cancel { unit, reason: reason() }.confirm(&about), four);
        assert_eq!(Command::Move { unit, to: Stage::Cabled, reason: reason() }.confirm(&about), four);
        let early = About { stage: Some(Stage::Received), ..about.clone() };
        assert_eq!(Command::Move { unit, to: Stage::Racked, reason: reason() }.confirm(&early), Confirm::Nothing);
        assert_eq!(Command::Hold { unit, reason: reason() }.confirm(&about), Confirm::Nothing);
        let order = OrderId(12);
        let number = Confirm::Word { word: "12".into(), what: "the order's number" };
        assert_eq!(Command::Reject { order, reason: reason() }.confirm(&about), number);
        assert_eq!(Command::CancelOrder { order, reason: reason() }.confirm(&about), number);
        assert_eq!(Command::ReleaseStock { unit, reason: reason() }.confirm(&about), Confirm::Yes);
        let three = Confirm::Word { word: "3".into(), what: "the number of servers" };
        assert_eq!(Command::AssignStock { order }.confirm(&About { count: 3, ..about.clone() }), three);
        let retry = Command::Retry { subject: crate::id::Subject::Unit(unit) };
        assert_eq!((retry.sure(&about), retry.sure(&About { count: 3, ..about })), (Sure::Nothing, Sure::Count));
    }
}
