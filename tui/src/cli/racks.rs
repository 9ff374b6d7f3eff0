//! `racks`: the list of racks, or one rack from the top down.

use clap::Args;
use rackhand_core::id::SiteId;
use rackhand_core::inventory::rack::Face;
use rackhand_core::placement::questions::{OneRack, RackQuery, RackRow, RackView};
use rackhand_core::text::Text;
use rackhand_core::time::{Timestamp, human};
use rackhand_core::view::Cut;
use rackhand_core::view::questions::Counts;

use super::fleet::{document, left_over};
use super::output::{Fail, Output, count, not_found};
use super::table::{Last, Table};
use super::values::rows;
use crate::link::connect::Connection;

/// Which racks.
#[derive(Debug, Args)]
pub struct Racks {
    /// Only this site
    pub site: Option<String>,
    /// This rack of it
    pub rack: Option<String>,
    /// Rows
    #[arg(long, default_value_t = 50, value_parser = rows(512))]
    pub limit: usize,
    /// First row
    #[arg(long, default_value_t = 0)]
    pub offset: usize,
}

impl Racks {
    pub(super) async fn read(self, link: &Connection, out: &mut Output<'_>) -> Result<(), Fail> {
        racks(link, self, out).await
    }
}

async fn racks(link: &Connection, which: Racks, out: &mut Output<'_>) -> Result<(), Fail> {
    let site = which.site.as_deref().map(SiteId::new);
    if let (Some(site), Some(name)) = (&site, &which.rack) {
        return one(link, site, name, out).await;
    }
    let cut = Cut { offset: which.offset, limit: which.limit };
    let page = link.ask(RackQuery { site, filter: String::new(), cut }).await?;
    if out.json {
        return document(out, &page, "rack");
    }
    let mut table = Table::new(&["RACK", "SITE", "ROOM", "TAKEN", "SERVERS", "SOURCE"], Last::Cut);
    for row in &page.rows {
        let unknown = if row.read_at.is_some() { "-" } else { "unknown" };
        table.row([
            row.name.to_string(),
            row.site.to_string(),
            row.location.as_ref().map_or_else(|| unknown.into(), ToString::to_string),
            taken(row),
            states(row),
            source(row.read_at, page.now),
        ]);
    }
    out.table(&table)?;
    left_over(out, page.offset, page.rows.len(), page.total, "rack")
}

async fn one(link: &Connection, site: &SiteId, name: &str, out: &mut Output<'_>) -> Result<(), Fail> {
    let found = link.ask(OneRack { site: site.clone(), name: Text::new(name) }).await?;
    let view =
        found.ok_or_else(|| not_found(format!("{site} has no rack {name}; `rackhand racks {site}` lists them")))?;
    if out.json {
        return out.document(&view);
    }
    let now = link.ask(Counts).await?.now;
    let row = &view.row;
    let room = row.location.as_ref().map_or_else(String::new, |l| format!(", {l}"));
    out.line(format!("Rack {} at {}{room}: {}; {}", row.name, row.site, taken(row), source(row.read_at, now)))?;
    contents(&view, out)
}

fn contents(view: &RackView, out: &mut Output<'_>) -> Result<(), Fail> {
    let mut table = Table::new(&["PLACE", "SIDES", "DEVICE", "MODEL", "STAGE", "STATE"], Last::Wrap);
    for slot in &view.slots {
        // Which sides a device takes only NetBox says.
        let sides = match (slot.device, slot.faces.as_slice()) {
            (None, _) if !slot.reserved => "unknown",
            (_, [Face::Front]) => "front",
            (_, [Face::Rear]) => "rear",
            _ => "both",
        };
        let doubt = if slot.doubt.is_some() { " ?" } else { "" };
        let state = if slot.reserved { "reserved" } else { slot.row.as_ref().map_or("-", |r| r.state.word()) };
        table.row([
            slot.place().unwrap_or_else(|| "no unit".into()),
            sides.into(),
            slot.label.to_string(),
            slot.model.as_ref().map_or_else(|| "unknown".into(), ToString::to_string),
            slot.row.as_ref().map_or("-", |r| r.stage.short()).into(),
            format!("{state}{doubt}"),
        ]);
    }
    out.table(&table)?;
    for slot in &view.slots {
        if let Some(doubt) = &slot.doubt {
            out.line(format!("? {}: {doubt}", slot.label))?;
        }
    }
    out.line(count(view.slots.len(), "device"))
}

fn taken(row: &RackRow) -> String {
    let units = |halves: u16| f64::from(halves) / 2.0;
    match (row.used, row.height) {
        (Some(used), Some(height)) => format!("{}/{}U", units(used), units(height)),
        _ => "unknown".to_owned(),
    }
}

fn states(row: &RackRow) -> String {
    let told: Vec<String> = row.states.iter().map(|(state, n)| format!("{n} {}", state.word())).collect();
    if told.is_empty() { "none".to_owned() } else { told.join(", ") }
}

fn source(read_at: Option<Timestamp>, now: Timestamp) -> String {
    read_at.map_or_else(|| "journal only".to_owned(), |at| format!("NetBox {} ago", human(now.since(at))))
}
