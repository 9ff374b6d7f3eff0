//! A technician's work order: which servers go where, with what cables, in what order, and what to scan at the end.

use serde::{Deserialize, Serialize};

use super::{Block, Document, Fact, Section, Table, day, minute};
use crate::inventory::rack::{Face, HalfUnits};
use crate::text::Text;
use crate::time::Timestamp;

/// Kilograms that one person may lift (ISO 11228-1, reference mass).
pub const ONE_PERSON: u32 = 25;
/// Kilograms that two persons may lift: two thirds of what both could lift alone (HSE L23, team handling).
pub const TWO_PERSONS: u32 = 33;

/// What a technician is to mount and connect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkOrder {
    /// Its number.
    pub number: Text,
    /// The site's slug.
    pub site: Text,
    /// When it was made.
    pub made_at: Timestamp,
    /// Who is to do it; `None` is whoever is there.
    pub assignee: Option<Text>,
    /// The servers, in the order to mount them.
    pub servers: Vec<Server>,
    /// Whom to ask, and how.
    pub contact: Option<Text>,
}

/// One server with its place and its cables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// Its serial or service tag.
    pub serial: Text,
    /// Its model.
    pub model: Text,
    /// Its unit's id.
    pub unit: Text,
    /// Its asset tag.
    pub asset: Option<Text>,
    /// Whose it will be.
    pub tenant: Option<Text>,
    /// Its height.
    pub height: HalfUnits,
    /// Its weight in kilograms, rounded up; `None` where nobody knows.
    pub kilograms: Option<u32>,
    /// Where it is now: a dock, a shelf, a room.
    pub from: Text,
    /// The rack it goes to.
    pub rack: Text,
    /// The lowest unit it takes there.
    pub position: HalfUnits,
    /// The side it is mounted from.
    pub face: Face,
    /// Its power cables.
    pub power: Vec<Power>,
    /// The cable of its BMC.
    pub bmc: Option<Cable>,
    /// Its other network cables.
    pub cables: Vec<Cable>,
    /// What else to do, before its power is switched on.
    pub more: Vec<Text>,
    /// What to know of it, such as what nobody knew when it was planned.
    #[serde(default)]
    pub notes: Vec<Text>,
}

/// A power cable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Power {
    /// The server's power supply, such as `PSU 1`.
    pub supply: Text,
    /// The power strip's name.
    pub strip: Text,
    /// The strip's outlet.
    pub outlet: Text,
    /// The feed behind it.
    pub feed: Option<Text>,
}

/// A network cable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cable {
    /// The server's interface.
    pub interface: Text,
    /// The switch's name.
    pub switch: Text,
    /// The switch's port.
    pub port: Text,
    /// What cable, such as `Cat 6A`.
    pub kind: Option<Text>,
    /// How long, in decimetres.
    pub decimetres: Option<u32>,
    /// Its colour.
    pub colour: Option<Text>,
}

/// The paper for the technician.
pub fn work_order(order: &WorkOrder) -> Document {
    let number = &order.number;
    let mut blocks = vec![Block::Facts(vec![
        Fact::new("Site", order.site.clone()),
        Fact::new("For", order.assignee.clone().unwrap_or_else(|| "whoever is on site".into())),
        Fact::new("Made", minute(order.made_at)),
        Fact::new("Servers", order.servers.len().to_string()),
    ])];
    let many = order.servers.len() > 1;
    if many {
        blocks.push(Block::Table(overview(&order.servers)));
    }
    let mut servers: Vec<Block> = order.servers.iter().flat_map(|server| server.blocks(many)).collect();
    let mut help =
        vec![Block::Section(Section::new("If it does not work")), Block::Table(remedies(order.contact.as_ref()))];
    // Servers that have a page each leave room for it on the first.
    let (first, second) = if many { (&mut help, &mut servers) } else { (&mut servers, &mut help) };
    blocks.append(first);
    blocks.append(second);
    Document {
        title: "Work order".into(),
        number: number.clone(),
        date: day(order.made_at).into(),
        code: number.clone(),
        blocks,
        footer: format!("Work order {number}, site {}", order.site).into(),
    }
}

fn overview(servers: &[Server]) -> Table {
    let mut table = Table::new(&["Serial", "Model", "Rack", "Units", ">Weight", "Lift"]);
    table.tick = true;
    table.rows = servers
        .iter()
        .map(|s| vec![s.serial.clone(), s.model.clone(), s.rack.clone(), s.units(), s.weight(), s.lift().into()])
        .collect();
    table
}

impl Server {
    /// The units it takes, such as `U12` or `U12-U13`.
    pub fn units(&self) -> Text {
        // Half a unit is shown where the inventory has one; nothing is mounted there by us.
        let shown = |half: HalfUnits| match half % 2 {
            0 => format!("U{}", half / 2),
            _ => format!("U{}.5", half / 2),
        };
        let last = self.position.saturating_add(self.height.max(2) - 2);
        let low = shown(self.position);
        if last > self.position { format!("{low}-{}", shown(last)).into() } else { low.into() }
    }

    /// Who must lift it.
    pub fn lift(&self) -> &'static str {
        match self.kilograms {
            Some(kg) if kg <= ONE_PERSON => "one person",
            Some(kg) if kg <= TWO_PERSONS => "two persons",
            Some(_) => "server lift",
            None => "two persons",
        }
    }

    fn weight(&self) -> Text {
        self.kilograms.map_or("unknown".into(), |kg| format!("{kg} kg").into())
    }

    fn blocks(&self, many: bool) -> Vec<Block> {
        let whole = self.height / 2;
        let height = if self.height.is_multiple_of(2) { format!("{whole} U") } else { format!("{whole}.5 U") };
        let mut facts = vec![Fact::new("Model", self.model.clone())];
        facts.push(Fact::new("Tenant", self.tenant.clone().unwrap_or_else(|| "none yet".into())));
        facts.extend(self.asset.clone().map(|asset| Fact::new("Asset tag", asset)));
        facts.push(Fact::new("Unit id", self.unit.clone()));
        facts.push(Fact::new("Size", format!("{height}, {}", self.weight())));
        facts.push(Fact::new("Take it from", self.from.clone()));
        facts.push(Fact::new("Mount it in", format!("rack {}, {}, from the {}", self.rack, self.units(), self.side())));
        let title = format!("Server {}", self.serial).into();
        let mut blocks =
            vec![Block::Section(Section { title, code: self.serial.clone(), on_new_page: many }), Block::Facts(facts)];
        blocks.extend(self.warning().map(|text| Block::Notice(text.into())));
        blocks.extend(self.notes.iter().cloned().map(Block::Notice));
        blocks.push(Block::Checks(self.tasks()));
        blocks.extend(self.power_table().map(Block::Table));
        blocks.extend(self.cable_table().map(Block::Table));
        blocks
    }

    fn warning(&self) -> Option<String> {
        match self.kilograms {
            Some(kg) if kg <= ONE_PERSON => None,
            Some(kg) if kg <= TWO_PERSONS => Some(format!("Two persons lift it: it weighs {kg} kg.")),
            Some(kg) => Some(format!("Use a server lift: it weighs {kg} kg, too much for two persons.")),
            None => Some("Two persons lift it: its weight is unknown.".to_owned()),
        }
    }

    fn side(&self) -> &'static str {
        match self.face {
            Face::Front => "front",
            Face::Rear => "rear",
        }
    }

    fn tasks(&self) -> Vec<Text> {
        let (rack, units, side) = (&self.rack, self.units(), self.side());
        let mut tasks = vec![
            format!("Take it from {}. Its label says {}.", self.from, self.serial),
            format!("Fit the rails in rack {rack} at {units} and mount it from the {side}."),
        ];
        if !self.power.is_empty() {
            tasks.push("Plug the power cables in as listed below, each supply into its own feed.".to_owned());
        }
        if self.bmc.is_some() || !self.cables.is_empty() {
            tasks.push("Plug the network cables in as listed below, the BMC's first. Label both ends.".to_owned());
        }
        tasks.extend(self.more.iter().map(ToString::to_string));
        tasks.push("Switch it on. Wait until its power light stays green.".to_owned());
        tasks.push(format!(
            "Scan the label on the server, then the label on rack {rack}, then confirm {units}. A scan of this paper does \
             not count."
        ));
        tasks.into_iter().map(Text::from).collect()
    }

    fn power_table(&self) -> Option<Table> {
        let mut table = Table::new(&["Power supply", "Power strip", "Outlet", "Feed"]);
        table.tick = true;
        let row = |p: &Power| vec![p.supply.clone(), p.strip.clone(), p.outlet.clone(), or_unknown(p.feed.clone())];
        table.rows = self.power.iter().map(row).collect();
        (!table.rows.is_empty()).then_some(table)
    }

    fn cable_table(&self) -> Option<Table> {
        let mut table = Table::new(&["Interface", "Switch", "Port", "Cable", ">Length", "Colour"]);
        table.tick = true;
        let row = |c: &Cable| {
            let length = c.decimetres.map(|d| format!("{}.{} m", d / 10, d % 10).into());
            vec![
                c.interface.clone(),
                c.switch.clone(),
                c.port.clone(),
                or_unknown(c.kind.clone()),
                or_unknown(length),
                or_unknown(c.colour.clone()),
            ]
        };
        table.rows = self.bmc.iter().chain(&self.cables).map(row).collect();
        (!table.rows.is_empty()).then_some(table)
    }
}

fn or_unknown(text: Option<Text>) -> Text {
    text.unwrap_or_else(|| "unknown".into())
}

fn remedies(contact: Option<&Text>) -> Table {
    let ask = contact.map_or("the operator".to_owned(), ToString::to_string);
    let mut table = Table::new(&["If", "Then"]);
    table.rows = [
        ("the label shows another serial", "Do not mount it. Put it back and ask.".to_owned()),
        (
            "the units are taken, or the rails do not fit",
            "Do not choose others. Leave it where it is and ask.".to_owned(),
        ),
        ("an outlet or a port is taken", "Leave the cable out. Write down what is in it and ask.".to_owned()),
        ("a supply stays dark", "Push both ends in, then swap the cable. Both feeds must be live.".to_owned()),
        ("the BMC's port has no link", "Push both ends in, then swap the cable.".to_owned()),
        ("the scan is refused", "Read what was expected. Do not scan something else.".to_owned()),
        ("nothing of this helps", format!("Ask {ask} and name this order.")),
    ]
    .map(|(problem, remedy)| vec![problem.into(), remedy.into()])
    .into();
    table
}
