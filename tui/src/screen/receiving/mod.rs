//! The dock: serials are scanned, judged at once, and counted. Letters belong to the scan field.

mod state;
mod update;
mod view;

pub use self::state::{Damage, Entry, Receiving, State};
pub use self::update::{GRACE, KEPT, QUEUE, ended, pump, scan, second, site};
use self::view::height;
use super::face::{Face, Field};
use super::{Place, listing};
use crate::app::fetch::{Question, Slot, clock};
use crate::app::moves;
use crate::command::registry::{Act, Spec};
use crate::event::{Ask, Data};

/// What is expected at the dock, and came.
pub const DOCK: Slot = Slot("receiving");

/// The screen.
pub const FACE: Face = Face {
    title: "Receiving",
    about: "What comes in at a site's dock. Scan a serial, or type it and press Enter: all letters and digits go into \
            the field, commands are F-keys. `ok` is received now; DUP was received before; WRONG SITE belongs to \
            another site; UNKNOWN is nobody's; HELD is cancelled, quarantined or on hold; NOT SENT is on order, but not \
            sent by the book; DAMAGED is received and held. Only ok and DAMAGED change anything. While the link is \
            down scans wait here, in order, and are sent when it is back. While NetBox is away it is told later, which stands \
            beside each scan and below. WANT counts what came within 24 hours and \
            what is still expected, OF whose order.",
    twin: "rackhand receive SERIAL",
    go: Spec::go(Place::Receiving, "receiving", "screen: receiving", &["5"]),
    takes: &[&[Act::Damaged, Act::Dock, Act::UndoReceipt, Act::Leave]],
    questions: &[Question {
        slot: DOCK,
        ask: |model| site(model).map(Ask::Receiving),
        take: |model, _, data, _| {
            let Data::Receiving(dock) = data else { return };
            clock(model, dock.now);
            // The site may have been changed meanwhile.
            if site(model).as_ref() == Some(&dock.site) {
                model.screens.receiving.dock = Some(dock);
                listing::settle(model);
            }
        },
    }],
    wants: &[DOCK],
    field: Some(Field { key: update::key, insert: update::insert }),
    outlasts_link: true,
    view: view::view,
    settle: |model| {
        let most = model.screens.receiving.scans.len().saturating_sub(height(model));
        model.screens.receiving.scroll = model.screens.receiving.scroll.min(most);
    },
    step: |model, motion, _| {
        let height = height(model);
        update::scroll(model, motion, height);
    },
    act: |model, act, out| {
        match act {
            Act::Damaged => update::damaged(model),
            Act::Dock => update::next_site(model, out),
            Act::UndoReceipt => update::undo(model, out),
            Act::Leave => moves::back(model, out),
            _ => return false,
        }
        true
    },
    possible: |model, act| matches!(act, Act::Damaged | Act::UndoReceipt).then(|| update::possible(act, model)),
    ..Face::PLAIN
};
