//! A place that is kept for a server until it stands there: rack, unit, outlets and switch ports.

use serde::{Deserialize, Serialize};

use crate::id::SiteId;
use crate::inventory::rack::{Face, HalfUnits};
use crate::inventory::{ObjectId, Port};
use crate::text::Text;
use crate::time::Timestamp;

/// Cables of one server at the most, and reasons or doubts told of one place.
pub const MAX_CABLES: usize = 64;
/// Servers that are placed together at the most.
pub const MAX_TOGETHER: usize = 64;
/// The tallest server, in half units.
pub const MAX_SERVER: HalfUnits = 2 * 24;

/// A network cable that is to be plugged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkCable {
    /// The server's interface, by its name in NetBox.
    pub interface: Text,
    /// The port it goes to.
    pub port: Port,
}

/// A power cord that is to be plugged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PowerCord {
    /// The server's inlet, by its name in NetBox.
    pub inlet: Text,
    /// The power strip.
    pub strip: Text,
    /// Its outlet.
    pub outlet: Text,
    /// The feed the strip hangs on, where NetBox says.
    #[serde(default)]
    pub feed: Option<Text>,
}

/// Where NetBox had the device when the place was chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// The rack.
    pub rack: ObjectId,
    /// The lowest half unit.
    pub position: Option<HalfUnits>,
    /// The side.
    pub face: Option<Face>,
}

/// A place with all that goes with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// The rack, by NetBox's id.
    pub rack: ObjectId,
    /// Its name.
    pub name: Text,
    /// The lowest half unit.
    pub position: HalfUnits,
    /// The side it is mounted on.
    pub face: Face,
    /// How much it takes.
    pub height: HalfUnits,
    /// Whether it takes the other side too.
    pub full_depth: bool,
    /// What it draws at the most, in watts, where known.
    pub watts: Option<u32>,
    /// What it weighs, in kilograms, where known.
    pub kilograms: Option<u32>,
    /// Whose it will be, as a slug of NetBox's.
    pub tenant: Option<Text>,
    /// Whether a person does without power that survives the loss of a feed.
    #[serde(default)]
    pub any_power: bool,
    /// Its power cords.
    pub power: Vec<PowerCord>,
    /// Its network cables.
    pub network: Vec<NetworkCable>,
    /// Why here, as short facts.
    pub reasons: Vec<Text>,
    /// What is not known, and so was not looked at.
    #[serde(default)]
    pub doubts: Vec<Text>,
    /// Its device in NetBox, where there was one.
    pub device: Option<ObjectId>,
    /// Where NetBox had that device.
    #[serde(default)]
    pub before: Option<Before>,
}

/// Whether NetBox shows the place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// It was not seen there yet.
    #[default]
    No,
    /// It was seen there.
    Seen,
    /// A person said to go on without.
    Waived,
}

/// A reservation as its unit holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// What is kept.
    pub place: Reservation,
    /// Since when.
    pub at: Timestamp,
    /// Whether NetBox shows it.
    pub shown: Shown,
    /// Whether the server stands there.
    pub racked: bool,
    /// Since when both are so: who reads NetBox after that finds it there.
    #[serde(default)]
    pub settled: Option<Timestamp>,
}

impl Reservation {
    /// Rack and lowest unit, for a person to walk to: `A07 U12`.
    pub fn spot(&self) -> Text {
        spot(&self.name, self.position)
    }

    /// Rack and units: `A07 U12-13 front`.
    pub fn span(&self) -> Text {
        let last = self.position.saturating_add(self.height.max(1) - 1) / 2;
        let side = match self.face {
            Face::Front => "front",
            Face::Rear => "rear",
        };
        if 2 * last > self.position {
            format!("{}-{last} {side}", self.spot()).into()
        } else {
            format!("{} {side}", self.spot()).into()
        }
    }

    /// The half units it takes, by side.
    pub fn halves(&self) -> impl Iterator<Item = (Face, HalfUnits)> {
        let faces = [Face::Front, Face::Rear].into_iter().filter(|face| self.full_depth || *face == self.face);
        let (low, height) = (self.position, self.height.max(1));
        faces.flat_map(move |face| (low..low.saturating_add(height)).map(move |half| (face, half)))
    }
}

/// Rack and lowest unit as they are said.
pub fn spot(rack: &str, position: HalfUnits) -> Text {
    format!("{rack} U{}", f64::from(position) / 2.0).into()
}

impl Held {
    /// Whether a reading of NetBox of this moment need not show it: nobody stood there, or it was not written yet.
    pub fn is_ours_to_keep(&self, read_at: Timestamp) -> bool {
        self.settled.is_none_or(|at| read_at <= at)
    }

    /// Notes whether NetBox shows it and the server stands there.
    pub(crate) fn settle(&mut self, at: Timestamp) {
        let both = self.racked && self.shown == Shown::Seen;
        self.settled = both.then(|| self.settled.unwrap_or(at));
    }
}

/// A rack's label as it is scanned or typed: `A07` or `fra1/A07`. The site is lower case where one is told.
pub fn rack_label(scan: &str) -> (Option<SiteId>, Text) {
    let scan = scan.trim();
    match scan.split_once('/') {
        Some((site, rack)) if !site.trim().is_empty() && !rack.trim().is_empty() => {
            (Some(SiteId::new(&site.trim().to_lowercase())), Text::new(rack.trim()))
        }
        _ => (None, Text::new(scan)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_racks_label_may_name_its_site() {
        assert_eq!(rack_label(" A07 "), (None, "A07".into()));
        assert_eq!(rack_label("FRA1/A07"), (Some(SiteId::new("fra1")), "A07".into()));
        assert_eq!(rack_label("/A07"), (None, "/A07".into()));
    }
}
