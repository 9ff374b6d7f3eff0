//! How each kind of work is done, step by step: what, where, how it ends, and what to do where it does not work.

use serde::{Deserialize, Serialize};

use super::work::{Ends, WorkRow, rack_and_unit};
use crate::lifecycle::stage::Stage;
use crate::lifecycle::task::TaskKind;

/// A kind of work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// Take a server in at the dock.
    Receive,
    /// Mount it.
    Rack,
    /// Connect it.
    Cable,
    /// Give it power.
    PowerOn,
    /// Look whether it stands where it is said to stand.
    ConfirmPlacement,
    /// Put a cable where the plan has it.
    FixCable,
    /// Reseat or swap a part.
    CheckHardware,
    /// Add the part that is missing, or take the server as it is.
    LessThanOrdered,
    /// Find out which server it is.
    CheckIdentity,
    /// Make NetBox and the journal agree.
    SettleInventory,
    /// Give it back to who sold it.
    ReturnToVendor,
    /// Take a delivery in.
    Delivery,
    /// Look for a delivery that should be here.
    LateDelivery,
    /// One this version has no words for.
    #[default]
    #[serde(other)]
    Other,
}

/// The words for one kind of work.
struct Guide {
    /// What to do, in this order.
    steps: &'static [&'static str],
    /// What shows that it is done, besides a person's word.
    proof: &'static str,
    /// What may be in the way, and what to do then.
    fails: &'static [&'static str],
}

impl Job {
    /// The work a stage waits for.
    pub const fn of_stage(to: Stage) -> Self {
        match to {
            Stage::Received => Self::Receive,
            Stage::Racked => Self::Rack,
            Stage::Cabled => Self::Cable,
            Stage::PoweredOn => Self::PowerOn,
            _ => Self::Other,
        }
    }

    /// The work a task asks for.
    pub const fn of_task(kind: TaskKind) -> Self {
        match kind {
            TaskKind::ConfirmPlacement => Self::ConfirmPlacement,
            TaskKind::FixCable => Self::FixCable,
            TaskKind::CheckHardware => Self::CheckHardware,
            TaskKind::LessThanOrdered => Self::LessThanOrdered,
            TaskKind::CheckIdentity => Self::CheckIdentity,
            TaskKind::SettleInventory => Self::SettleInventory,
            TaskKind::ReturnToVendor => Self::ReturnToVendor,
        }
    }

    /// Whether a scan of the server's label is all the proof a person can give, so that it ends the work.
    pub const fn ends_by_scan(self) -> bool {
        matches!(self, Self::Receive | Self::Cable | Self::PowerOn | Self::ConfirmPlacement)
    }

    const fn guide(self) -> Guide {
        match self {
            Self::Receive => Guide {
                steps: &["Look at all sides of box and chassis.", "Scan its serial label at the dock."],
                proof: "",
                fails: &[
                    "Damaged: say so at the dock, with a photo's path; it is received and held.",
                    "WRONG SITE or UNKNOWN: put it aside and tell an operator; nothing was changed.",
                    "Label unreadable: the serial is also on the tag at the front and on the delivery note.",
                ],
            },
            Self::Rack => Guide {
                steps: &[
                    "Fit the rails at its unit, slide it in, close both latches.",
                    "Scan its label, then the rack's.",
                ],
                proof: "",
                fails: &[
                    "The unit is taken, or it does not fit: move nothing else; hold it with the reason.",
                    "Rails or parts are missing: hold it with what is missing; an operator orders it.",
                ],
            },
            Self::Cable => Guide {
                steps: &[
                    "Both power cords, each to another PDU.",
                    "The BMC's port, then the NICs, as the plan in NetBox has it.",
                ],
                proof: "The validation compares the cables with the plan later.",
                fails: &[
                    "A planned port is taken: use no other; hold it with the port's name.",
                    "No link light: another cable, then another transceiver, then hold it with the port's name.",
                ],
            },
            Self::PowerOn => Guide {
                steps: &[
                    "Switch both PDU outlets on.",
                    "Wait two minutes: the BMC starts by itself, before the server.",
                ],
                proof: "It also ends by itself, as soon as its BMC holds a lease.",
                fails: &[
                    "No light at all: the other cord and outlet, then the other supply.",
                    "Light, but no lease in 5 minutes: the BMC's cable and link light; `rackhand sightings` lists \
                     BMCs that were heard.",
                ],
            },
            Self::ConfirmPlacement => Guide {
                steps: &["Look whether it stands at this place, and scan its label there."],
                proof: "",
                fails: &["It stands elsewhere: move nothing; tell an operator, who corrects the place in NetBox."],
            },
            Self::FixCable => Guide {
                steps: &["Put the cable where the line above says, and look for the link light at both ends."],
                proof: "The server is then tested anew; what it sees is the proof.",
                fails: &[
                    "The right port is another server's: leave both; the plan may be wrong, tell an operator.",
                    "No link: another cable, then another transceiver.",
                ],
            },
            Self::CheckHardware => Guide {
                steps: &[
                    "Switch it off at its button and pull both cords.",
                    "Reseat the part; where that was tried before, swap it. Note both serials.",
                    "Cords in, switch it on.",
                ],
                proof: "The server is then tested anew; what it finds is the proof.",
                fails: &[
                    "No spare here: hold it with the part's name; an operator orders one.",
                    "Still not found after a swap: try the part in another slot, and note both.",
                ],
            },
            Self::CheckIdentity => Guide {
                steps: &[
                    "Read the serial on the chassis, not on the screen.",
                    "Compare it with what the line above says.",
                ],
                proof: "The server is then asked anew who it is.",
                fails: &["It is another server than expected: leave it; an operator quarantines it."],
            },
            Self::LessThanOrdered => Guide {
                steps: &[
                    "Open the server and count the part: compare it with the line above and the packing list.",
                    "It is there but not seen: reseat it. It is not there: tell an operator, who claims it from the seller.",
                ],
                proof: "The server is then validated again. Said by an operator, it is taken as it is, with the reason.",
                fails: &["The part comes later: hold the server with the seller's number for it."],
            },
            Self::SettleInventory => Guide {
                steps: &["Find out which is right, NetBox or the journal, and correct NetBox where it is not."],
                proof: "NetBox is then read anew; `rackhand netbox diff` lists what still differs.",
                fails: &["The journal is wrong: move the server to the stage it is in, or retire it."],
            },
            Self::ReturnToVendor => Guide {
                steps: &["Pack it as it came, with rails and cords.", "Hand it to the carrier; keep the receipt."],
                proof: "",
                fails: &["The vendor wants a return number first: hold it with that; an operator asks for one."],
            },
            Self::Delivery => Guide {
                steps: &[
                    "Clear the dock; count the boxes against the carrier's paper before you sign.",
                    "Scan each server's serial label at the dock.",
                ],
                proof: "",
                fails: &[
                    "Boxes are missing or damaged: write it on the carrier's paper before you sign, and say so at the dock.",
                    "It does not come: ask at the gate and the loading bay; then tell an operator, who asks the carrier.",
                ],
            },
            Self::LateDelivery => Guide {
                steps: &[
                    "Ask at the gate and the loading bay, and look around the dock: it may be here.",
                    "Scan each server you find at the dock.",
                ],
                proof: "",
                fails: &[
                    "It is not here: tell an operator, who calls the carrier with its number, then the vendor.",
                    "The carrier says it is delivered: ask who signed, and where it was left.",
                ],
            },
            Self::Other => Guide {
                steps: &["Do what the line above says."],
                proof: "",
                fails: &["This console is older than its daemon and has no words for it: update it."],
            },
        }
    }
}

/// Everything a person needs for this piece of work, as a word and a sentence each: `do`, `where`, `ends`, `if not`.
/// Where a word is empty the sentence goes on under the one before.
pub fn told(row: &WorkRow) -> Vec<(&'static str, String)> {
    let guide = row.job.guide();
    let mut out = vec![("do", row.text.to_string())];
    out.extend(guide.steps.iter().map(|s| ("", (*s).to_owned())));
    let words = std::iter::once("about").chain(std::iter::repeat(""));
    out.extend(words.zip(row.about.iter().map(ToString::to_string)));
    out.push(("where", place(row)));
    let by_scan = if row.job.ends_by_scan() { "Scan its label twice on the work screen, or " } else { "Say " };
    let label = &row.label;
    let ends = match row.ends {
        Ends::Move(Stage::Received) => format!("{by_scan}`rackhand receive {label}`."),
        Ends::Move(Stage::Racked) => {
            format!("Scan its label and the rack's on the work screen, or `rackhand scan-rack {label} RACK`.")
        }
        Ends::Move(to) => format!("{by_scan}`rackhand move {label} {to} --reason WORDS`."),
        Ends::Close(task) => format!("{by_scan}`rackhand done {label} {task} --note WORDS`."),
        Ends::Receipts => "With the last serial of it that is scanned at the dock.".to_owned(),
    };
    let proof = if guide.proof.is_empty() { String::new() } else { format!(" {}", guide.proof) };
    out.push(("ends", format!("{ends}{proof}")));
    let mut word = "if not";
    for fails in guide.fails {
        out.push((std::mem::take(&mut word), (*fails).to_owned()));
    }
    out
}

fn place(row: &WorkRow) -> String {
    let site = &row.site;
    let at = match row.place.as_deref().map(|p| (p, rack_and_unit(p))) {
        None => format!("{site}, no place yet: `rackhand place {}` proposes one", row.label),
        Some((_, (rack, Some(_)))) => {
            let unit = row.place.as_deref().and_then(|p| p.rsplit_once(" U")).map_or("", |(_, unit)| unit);
            format!("{site}, rack {rack}, unit {unit}")
        }
        Some((place, _)) => format!("{site}, {place}"),
    };
    match (row.unit, row.located) {
        (None, _) => format!("{at}."),
        (_, true) => format!("{at}. Its locator LED is on."),
        (_, false) if row.place.is_none() => format!("{at}."),
        (_, false) => format!("{at}. `rackhand locate {}` lights its locator LED.", row.label),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Entropy, Role, SiteId, UnitId};
    use crate::time::Timestamp;

    const ALL: [Job; 14] = [
        Job::Receive,
        Job::Rack,
        Job::Cable,
        Job::PowerOn,
        Job::ConfirmPlacement,
        Job::FixCable,
        Job::CheckHardware,
        Job::LessThanOrdered,
        Job::CheckIdentity,
        Job::SettleInventory,
        Job::ReturnToVendor,
        Job::Delivery,
        Job::LateDelivery,
        Job::Other,
    ];

    fn row(job: Job, ends: Ends) -> WorkRow {
        WorkRow {
            unit: Some(UnitId::mint(Timestamp::from_secs(1), Entropy([1; 16]))),
            label: "7XK2L93".into(),
            model: None,
            site: SiteId::new("fra1"),
            place: Some("A07 U29".into()),
            title: "work".into(),
            text: "Do it.".into(),
            role: Role::Technician,
            since: Timestamp::from_secs(1),
            blocks: true,
            ends,
            job,
            located: false,
            about: Vec::new(),
        }
    }

    #[test]
    fn every_kind_says_what_to_do_where_how_it_ends_and_what_if_not() {
        for job in ALL {
            let told = told(&row(job, Ends::Close(7)));
            let words: Vec<&str> = told.iter().map(|(word, _)| *word).filter(|w| !w.is_empty()).collect();
            assert_eq!(words, ["do", "where", "ends", "if not"], "{job:?}");
            // On a screen of 80x24 all of it must be readable beside the list.
            let lines: usize = told.iter().map(|(_, s)| s.chars().count().div_ceil(66)).sum();
            assert!(lines <= 14, "{job:?} has {lines} lines");
            assert!(told.iter().all(|(_, s)| s.ends_with('.')), "{told:?}");
        }
    }

    #[test]
    fn a_server_is_racked_by_its_label_and_the_racks() {
        let told = told(&row(Job::Rack, Ends::Move(Stage::Racked)));
        assert!(
            told.iter().any(|(word, s)| *word == "ends" && s.contains("Scan its label and the rack's")),
            "{told:?}"
        );
    }

    #[test]
    fn the_way_to_it_and_the_light_at_its_end_are_told() {
        let mut row = row(Job::Rack, Ends::Move(Stage::Racked));
        let place = |row: &WorkRow| told(row).into_iter().find(|(w, _)| *w == "where").unwrap_or_default().1;
        assert_eq!(place(&row), "fra1, rack A07, unit 29. `rackhand locate 7XK2L93` lights its locator LED.");
        row.located = true;
        assert_eq!(place(&row), "fra1, rack A07, unit 29. Its locator LED is on.");
        (row.place, row.located) = (None, false);
        assert_eq!(place(&row), "fra1, no place yet: `rackhand place 7XK2L93` proposes one.");
        (row.unit, row.ends, row.job) = (None, Ends::Receipts, Job::Receive);
        assert!(told(&row).iter().any(|(w, s)| *w == "ends" && s.contains("last serial")));
    }

    #[test]
    fn a_kind_of_a_later_version_is_read_as_other() {
        assert_eq!(serde_json::from_str::<Job>("\"pull_drives\"").ok(), Some(Job::Other));
        assert_eq!(serde_json::from_str::<Job>("\"power_on\"").ok(), Some(Job::PowerOn));
    }
}
