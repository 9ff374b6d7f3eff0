//! `place`, `unplace` and `work-order`: where servers go, and the paper for who mounts them.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Refusal, Why};
use rackhand_core::document::plain::{Letters, render};
use rackhand_core::id::UnitId;
use rackhand_core::inventory::rack::HalfUnits;
use rackhand_core::placement::propose::{Alternative, Proposals, Request};
use rackhand_core::placement::questions::WorkOrder as OrderedWork;
use rackhand_core::text::Text;
use rackhand_rpc::Printed;

use super::command::carry_out;
use super::output::{Fail, Output};
use super::table::{Last, Table};
use crate::link::connect::{Connection, HostSpec, connect};
use crate::link::{answered, within};

/// How long NetBox may take to tell of a site.
const READ: Duration = Duration::from_secs(90);
/// Columns of a paper where nobody says how wide the terminal is.
const PAPER: usize = 96;

/// Which servers, and where.
#[derive(Debug, Args)]
pub struct Place {
    /// Serials or unit ids of one site
    #[arg(required = true, value_name = "SERIAL")]
    pub labels: Vec<String>,
    /// Only in this rack
    #[arg(long, value_name = "RACK")]
    pub rack: Option<String>,
    /// Only from this unit upwards, such as 12 or 12.5; for one server
    #[arg(long, value_name = "U", value_parser = unit_number)]
    pub unit: Option<HalfUnits>,
    /// Whose they will be; default: what order or NetBox says
    #[arg(long, value_name = "SLUG")]
    pub tenant: Option<String>,
    /// At most so many of that tenant's servers in one rack
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub spread: Option<u32>,
    /// The height of each in units, where NetBox does not know it
    #[arg(long, value_name = "U", value_parser = unit_number)]
    pub height: Option<HalfUnits>,
    /// What each draws at the most, in watts, where NetBox does not know it
    #[arg(long, value_name = "W")]
    pub watts: Option<u32>,
    /// What each weighs, in kilograms, where NetBox does not know it
    #[arg(long, value_name = "KG")]
    pub kilograms: Option<u32>,
    /// Take racks whose power would not survive the loss of a feed
    #[arg(long)]
    pub any_power: bool,
    /// Keep this proposal and not the first
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=6))]
    pub take: u8,
    /// Only show the proposals
    #[arg(long)]
    pub dry_run: bool,
}

/// Which servers' paper.
#[derive(Debug, Args)]
pub struct WorkOrder {
    /// Serials or unit ids of one site, each with a place kept for it
    #[arg(required = true, value_name = "SERIAL")]
    pub labels: Vec<String>,
    /// Write it as PDF to this file
    #[arg(long, value_name = "FILE")]
    pub pdf: Option<PathBuf>,
}

/// A rack unit's number, or a height, as half units.
pub(super) fn unit_number(text: &str) -> Result<HalfUnits, String> {
    let bad = || format!("`{text}` is not a rack unit: a number such as 12 or 12.5");
    let (whole, half) = match text.split_once('.') {
        Some((whole, "5")) => (whole, 1),
        Some((whole, "0")) => (whole, 0),
        Some(_) => return Err(bad()),
        None => (text, 0),
    };
    let whole: HalfUnits = whole.parse().map_err(|_| bad())?;
    if whole > 100 || whole * 2 + half == 0 {
        return Err(bad());
    }
    Ok(whole * 2 + half)
}

async fn units(link: &Connection, labels: &[String]) -> Result<Vec<UnitId>, Fail> {
    let mut units = Vec::with_capacity(labels.len());
    for label in labels {
        units.push(super::find(link, label).await?);
    }
    Ok(units)
}

pub(super) async fn place(host: &HostSpec, what: Place, out: &mut Output<'_>) -> Result<(), Fail> {
    let link = connect(host).await?;
    let request = Request {
        units: units(&link, &what.labels).await?,
        rack: what.rack.map(Text::from),
        position: what.unit,
        tenant: what.tenant.map(Text::from),
        spread: what.spread,
        height: what.height,
        watts: what.watts,
        kilograms: what.kilograms,
        any_power: what.any_power,
    };
    let found = answered(READ, link.client.placement(within(READ), request)).await??;
    if what.dry_run {
        return if out.json { out.document(&found) } else { tell(&found, out) };
    }
    let take = usize::from(what.take);
    let Some(chosen) = found.alternatives.get(take - 1).filter(|a| a.without.is_empty()) else {
        if !out.json {
            tell(&found, out)?;
        }
        let text = match found.alternatives.get(take - 1) {
            Some(partial) => format!("nothing was kept: no place for {}", names(&partial.without)),
            None => format!("nothing was kept: there is no proposal {take}"),
        };
        return Err(Fail::Refused(Refusal::new(Why::Conflict, text)));
    };
    let receipt = carry_out(host, &link, &Command::Place { choices: chosen.places.clone() }).await?;
    if out.json {
        return out.document(&receipt);
    }
    alternative(take, chosen, &found, out)?;
    match receipt.answer {
        Answer::Already => out.line("nothing to do: these places are kept for them already"),
        _ => out.line(format!("kept; the journal is at event {}", receipt.head)),
    }
}

pub(super) async fn unplace(
    host: &HostSpec,
    labels: &[String],
    reason: &str,
    out: &mut Output<'_>,
) -> Result<(), Fail> {
    let link = connect(host).await?;
    let units = units(&link, labels).await?;
    let receipt = carry_out(host, &link, &Command::ReleasePlacement { units, reason: Text::new(reason) }).await?;
    if out.json {
        return out.document(&receipt);
    }
    match receipt.answer {
        Answer::Already => out.line("nothing to do: no place was kept"),
        _ => out.line(format!("given back; the journal is at event {}", receipt.head)),
    }
}

pub(super) async fn work_order(link: &Connection, what: WorkOrder, out: &mut Output<'_>) -> Result<(), Fail> {
    let units = OrderedWork(units(link, &what.labels).await?);
    if let Some(path) = &what.pdf {
        let pdf = answered(READ, link.client.pdf(within(READ), Printed::WorkOrder(units))).await??.0;
        let written = std::fs::File::create(path).and_then(|mut file| file.write_all(&pdf));
        return match written {
            Ok(()) if out.json => out.document(&serde_json::json!({ "file": path, "bytes": pdf.len() })),
            Ok(()) => out.line(format!("{} written", path.display())),
            Err(error) => Err(Fail::Usage(format!("{} cannot be written: {error}", path.display()))),
        };
    }
    let document = link.ask(units).await?;
    if out.json {
        return out.document(&document);
    }
    let width = out.width().unwrap_or(PAPER).min(PAPER);
    let text = render(&document, width, Letters::Ascii);
    out.verbatim(&text)
}

fn tell(found: &Proposals, out: &mut Output<'_>) -> Result<(), Fail> {
    for (n, way) in found.alternatives.iter().enumerate() {
        alternative(n + 1, way, found, out)?;
    }
    if found.alternatives.is_empty() {
        out.line("no rack has a place for them")?;
    }
    if !found.refused.is_empty() {
        let mut table = Table::new(&["RACK", "WHY NOT"], Last::Wrap);
        for (rack, why) in &found.refused {
            table.row([rack.to_string(), why.to_string()]);
        }
        out.table(&table)?;
    }
    if found.more_refused > 0 {
        out.line(format!("and {} more racks", found.more_refused))?;
    }
    Ok(())
}

fn alternative(n: usize, way: &Alternative, found: &Proposals, out: &mut Output<'_>) -> Result<(), Fail> {
    out.line(format!("Proposal {n}"))?;
    for choice in &way.places {
        let label = found.labels.iter().find(|(id, _)| *id == choice.unit).map_or("?", |(_, label)| label);
        let place = &choice.place;
        out.line(format!("  {label} to {}", place.span()))?;
        let reasons: Vec<&str> = place.reasons.iter().map(Text::as_str).collect();
        out.line(format!("    because: {}", reasons.join("; ")))?;
        for doubt in &place.doubts {
            out.line(format!("    ? {doubt}"))?;
        }
        for cable in &place.network {
            out.line(format!("    {} to {} {}", cable.interface, cable.port.switch, cable.port.port))?;
        }
        for cord in &place.power {
            out.line(format!("    {} to {} outlet {}", cord.inlet, cord.strip, cord.outlet))?;
        }
    }
    if !way.without.is_empty() {
        out.line(format!("  no place for {}", names(&way.without)))?;
    }
    Ok(())
}

fn names(labels: &[Text]) -> String {
    labels.iter().map(Text::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_whole_or_half_and_never_none() {
        assert_eq!(unit_number("12"), Ok(24));
        assert_eq!(unit_number("7.5"), Ok(15));
        assert_eq!(unit_number("1.0"), Ok(2));
        for bad in ["0", "", "7.25", "-1", "U7", "101"] {
            assert!(unit_number(bad).is_err(), "{bad}");
        }
    }
}
