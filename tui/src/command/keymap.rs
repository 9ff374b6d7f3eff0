//! From a key to a command: the shipped keys, and what a user has put in their place.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::registry::{Act, COMMANDS, Danger};
use crate::input::key::Key;
use crate::screen::{self, Kind};

/// Keys that mean the same in every layer and cannot be given to another command.
const FIXED: &[(Key, Act)] =
    &[(Key::Enter, Act::Open), (Key::Esc, Act::Back), (Key::Up, Act::Up), (Key::Down, Act::Down)];

/// Neighbours on the usual keyboards; a slip from one costly key to the next must not be possible.
const ROWS: [&str; 4] = ["1234567890", "QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM"];

/// Which key runs which command.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Keymap {
    /// By the command's word.
    changed: BTreeMap<String, Vec<Key>>,
}

impl Keymap {
    /// The shipped keys with these in their place: command ids with their keys. Gives every mistake at once.
    pub fn new(wanted: &BTreeMap<String, Vec<String>>) -> Result<Self, Vec<String>> {
        let (mut changed, mut wrong) = (BTreeMap::new(), Vec::new());
        for (id, names) in wanted {
            if !COMMANDS.iter().any(|s| s.id == id) {
                wrong.push(format!("{id} is not a command{}; `rackhand keys` lists them", nearest(id)));
                continue;
            }
            let mut keys = Vec::new();
            for name in names {
                match name.parse::<Key>() {
                    Err(told) => wrong.push(format!("{id}: {told}")),
                    Ok(key) if key.is_forbidden() => {
                        wrong.push(format!("{id}: {key} belongs to terminals and shells"));
                    }
                    Ok(Key::F(n @ 2..=10)) => wrong.push(format!("{id}: F{n} is kept for receiving")),
                    Ok(key) => keys.push(key),
                }
            }
            changed.insert(id.clone(), keys);
        }
        let map = Self { changed };
        wrong.extend(map.conflicts());
        if wrong.is_empty() { Ok(map) } else { Err(wrong) }
    }

    /// What is wrong with the whole of it, as sentences.
    pub fn conflicts(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut seen: BTreeMap<Key, &str> = BTreeMap::new();
        let mut costly: Vec<(char, &str)> = Vec::new();
        for spec in COMMANDS.iter() {
            for key in self.keys(spec.act) {
                if let Some(other) = seen.insert(key, spec.id) {
                    wrong.push(format!("{key} is both {other} and {}", spec.id));
                }
                if let Some((_, owner)) = FIXED.iter().find(|(fixed, owner)| *fixed == key && *owner != spec.act) {
                    wrong.push(format!("{key} is {} in every layer; {} cannot have it", owner.spec().id, spec.id));
                }
                if spec.danger != Danger::Costly {
                    continue;
                }
                match key {
                    Key::Char(c) if c.is_ascii_uppercase() => {
                        if let Some((_, other)) = costly.iter().find(|(at, _)| adjacent(*at, c)) {
                            wrong.push(format!("{key} of {} lies beside the key of {other}: both are costly", spec.id));
                        }
                        costly.push((c, spec.id));
                    }
                    _ => wrong.push(format!("{}: {key} is too easily hit; a costly command has a capital", spec.id)),
                }
            }
        }
        for (key, owner) in FIXED {
            if !self.keys(*owner).contains(key) {
                wrong.push(format!("{} keeps {key}: every layer needs it", owner.spec().id));
            }
        }
        for act in [Act::Help, Act::Palette, Act::Quit] {
            if self.keys(act).is_empty() {
                wrong.push(format!("{} needs a key: without it nothing else can be found", act.spec().id));
            }
        }
        wrong
    }

    /// The keys of a command.
    pub fn keys(&self, act: Act) -> Vec<Key> {
        match self.changed.get(act.spec().id) {
            Some(keys) => keys.clone(),
            None => act.spec().keys.iter().filter_map(|name| name.parse().ok()).collect(),
        }
    }

    /// The keys of a command, as they are printed.
    pub fn of(&self, act: Act) -> Vec<String> {
        self.keys(act).iter().map(Key::to_string).collect()
    }

    /// The first key of a command; its name in the palette where it has none.
    pub fn name(&self, act: Act) -> String {
        self.of(act).into_iter().next().unwrap_or_else(|| format!(":{}", act.spec().id))
    }

    /// The keys of a command that can be pressed on a kind of screen: where it has a field, letters belong to that.
    pub fn on(&self, act: Act, kind: Kind) -> Vec<Key> {
        let fields = |key: &Key| matches!(key, Key::Char(_) | Key::Enter | Key::Tab | Key::Home | Key::End);
        self.keys(act).into_iter().filter(|key| screen::of(kind).field.is_none() || !fields(key)).collect()
    }

    /// The command of a key, on whatever screen.
    pub fn find(&self, key: Key) -> Option<Act> {
        COMMANDS.iter().map(|s| s.act).find(|act| self.keys(*act).contains(&key))
    }

    /// The command of a key on a kind of screen.
    pub fn lookup(&self, key: Key, kind: Kind) -> Option<Act> {
        self.find(key).filter(|act| act.spec().works_on(kind))
    }
}

fn adjacent(a: char, b: char) -> bool {
    let place = |c: char| {
        let found = (0_i32..).zip(ROWS).find_map(|(y, row)| Some((y, i32::try_from(row.find(c)?).ok()?)));
        // Each row stands half a key further right than the one above.
        found.map(|(y, x)| (y, 2 * x + y))
    };
    match (place(a), place(b)) {
        (Some((ay, ax)), Some((by, bx))) => (ay - by).abs() <= 1 && (ax - bx).abs() <= 2,
        _ => false,
    }
}

/// The command whose id begins most like this, as a question.
fn nearest(id: &str) -> String {
    let alike = |other: &str| id.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let best = COMMANDS.iter().map(|s| s.id).max_by_key(|other| alike(other)).filter(|other| alike(other) >= 2);
    best.map_or_else(String::new, |other| format!("; did you mean {other}?"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use rackhand_core::decide::command::Command;
    use rackhand_core::decide::confirm::{About, Sure};
    use rackhand_core::flow::step::Step;
    use rackhand_core::id::{Entropy, OrderId, Subject, UnitId};
    use rackhand_core::lifecycle::stage::Stage;
    use rackhand_core::purchase::money::{Currency, Money};
    use rackhand_core::text::Text;
    use rackhand_core::time::Timestamp;

    use super::*;

    fn wanted(pairs: &[(&str, &[&str])]) -> Result<Keymap, Vec<String>> {
        let words = |keys: &[&str]| keys.iter().map(|k| (*k).to_owned()).collect();
        Keymap::new(&pairs.iter().map(|(id, keys)| ((*id).to_owned(), words(keys))).collect())
    }

    #[test]
    fn no_shipped_key_means_two_things_or_is_forbidden_or_lies_beside_another_costly_one() {
        assert_eq!(Keymap::default().conflicts(), Vec::<String>::new());
        for spec in COMMANDS.iter() {
            for name in spec.keys {
                let key: Key = name.parse().unwrap();
                assert!(!key.is_forbidden(), "{name} of {}", spec.id);
                assert_eq!(key.to_string(), *name);
                for kind in Kind::ALL {
                    let act = Keymap::default().lookup(key, *kind);
                    assert_eq!(act, spec.works_on(*kind).then_some(spec.act), "{name} on {}", kind.title());
                }
            }
        }
    }

    #[test]
    fn every_row_stands_in_its_place_and_what_acts_has_a_capital_and_a_role() {
        for spec in COMMANDS.iter() {
            assert_eq!(spec.act.spec().id, spec.id);
            if spec.danger != Danger::Harmless {
                assert!(spec.role.is_some());
                let shifted = |k: &str| k.chars().all(char::is_uppercase) || (k.len() > 1 && k.starts_with('F'));
                // What wants an amount or a number typed is nobody's slip.
                assert!(spec.danger == Danger::Typed || spec.keys.iter().all(|k| shifted(k)), "{}", spec.id);
            }
        }
        let ids: std::collections::BTreeSet<&str> = COMMANDS.iter().map(|s| s.id).collect();
        assert_eq!(ids.len(), COMMANDS.len());
    }

    #[test]
    fn what_a_row_is_said_to_risk_is_what_its_command_is_confirmed_by() {
        let unit = UnitId::mint(Timestamp::from_secs(1), Entropy([1; 16]));
        let (subject, order, seller) = (Subject::Unit(unit), OrderId(1), "hpe".parse().unwrap());
        let text = || Text::new("why");
        let about = About { total: Some(Money::new(100, Currency::EUR)), ..About::default() };
        for (act, command) in [
            (Act::Retry, Command::Retry { subject }),
            (Act::Hold, Command::Hold { unit, reason: text() }),
            (Act::TaskDone, Command::CloseTask { unit, task: 1, note: text() }),
            (Act::Move, Command::Move { unit, to: Stage::Racked, reason: text() }),
            (Act::Skip, Command::Skip { subject, step: Step::SyncStatus, generation: 1, reason: text() }),
            (Act::Cancel, Command::Cancel { unit, reason: text() }),
            (Act::Approve, Command::Approve { order, seller, revision: 1, amount: text() }),
            (Act::Accept, Command::AcceptConfirmation { order, seller, amount: text(), reason: text() }),
            (Act::Reject, Command::Reject { order, reason: text() }),
            (Act::Assign, Command::AssignStock { order }),
            (Act::Reserve, Command::Reserve { order, line: 1, unit }),
            (Act::ReleaseStock, Command::ReleaseStock { unit, reason: text() }),
        ] {
            let risks = act.spec().danger;
            match command.sure(&about) {
                Sure::LastFour => assert_eq!(risks, Danger::Costly, "{act:?}"),
                Sure::Order | Sure::Count | Sure::Amount => assert_eq!(risks, Danger::Typed, "{act:?}"),
                Sure::Nothing | Sure::Yes => {
                    assert!(matches!(risks, Danger::Again | Danger::Undoable | Danger::Worded), "{act:?}");
                }
            }
        }
    }

    #[test]
    fn a_user_puts_other_keys_in_place_of_the_shipped_ones() {
        let map = wanted(&[("retry", &["T", "F11"]), ("mouse", &["Ctrl-E"])]).unwrap();
        assert_eq!(map.lookup(Key::Char('T'), Kind::Pipeline), Some(Act::Retry));
        assert_eq!(map.lookup(Key::F(11), Kind::Letters), Some(Act::Retry));
        assert_eq!(map.lookup(Key::Char('R'), Kind::Pipeline), None);
        assert_eq!(map.name(Act::Mouse), "Ctrl-E");
        assert_eq!(Keymap::default().name(Act::Mouse), ":mouse");
    }

    #[test]
    fn what_is_wrong_with_a_users_keys_is_told_all_at_once() {
        let told = wanted(&[
            ("retri", &["R"]),
            ("hold", &["Alt-x"]),
            ("sort", &["Ctrl-S"]),
            ("turn", &["F4"]),
            ("mark", &["q"]),
            ("skip", &["Z"]),
            ("cancel", &["c"]),
            ("up", &["k"]),
            ("help", &[]),
        ])
        .unwrap_err()
        .join("\n");
        for part in [
            "retri is not a command; did you mean retry?",
            "hold: `Alt-x` is not a key",
            "sort: Ctrl-S belongs to terminals and shells",
            "turn: F4 is kept for receiving",
            "q is both mark and quit",
            "cancel: c is too easily hit",
            "up keeps Up",
            "help needs a key",
        ] {
            assert!(told.contains(part), "{part} in:\n{told}");
        }
        let told = wanted(&[("skip", &["Z"])]).unwrap_err().join("\n");
        assert!(told.contains("lies beside the key of skip"), "{told}");
        assert!(wanted(&[("pipeline", &["Enter"])]).unwrap_err().join(" ").contains("Enter is open in every layer"));
    }
}
