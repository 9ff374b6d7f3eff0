//! Verbs about NetBox, and about the BMCs that were seen.

use std::time::Duration;

use rackhand_core::inventory::questions::{DiffQuery, SightingQuery, Standing};
use rackhand_core::inventory::reconcile::Field;
use rackhand_core::time::human;
use rackhand_core::view::Cut;

use super::args::Netbox;
use super::exit;
use super::fleet::{left_over, tell_cut};
use super::output::{Fail, Output, count};
use super::table::{Last, Table};
use crate::link::connect::Connection;
use crate::link::within;

/// A check or a set-up is some fifty requests, and NetBox may be slow.
const PATIENT: Duration = Duration::from_mins(2);

pub(super) async fn netbox(link: &Connection, what: Netbox, out: &mut Output<'_>) -> Result<u8, Fail> {
    match what {
        Netbox::Check => check(link, out).await,
        Netbox::Init => init(link, out).await,
        Netbox::Diff { kind, limit, offset } => diff(link, kind, offset, limit, out).await,
    }
}

async fn check(link: &Connection, out: &mut Output<'_>) -> Result<u8, Fail> {
    let check = link.client.netbox_check(within(PATIENT)).await??;
    let code = if check.is_ready() { exit::DONE } else { exit::TO_DO };
    if out.json {
        out.document(&check)?;
        return Ok(code);
    }
    let mut table = Table::new(&["POINT", "STANDS", "FOUND"], Last::Wrap);
    for finding in &check.findings {
        let todo = if finding.todo.is_empty() { String::new() } else { format!(". {}", finding.todo) };
        let told = format!("{}{todo}", finding.found.trim_end_matches('.'));
        table.row([finding.point.to_string(), finding.standing.word().into(), told]);
    }
    out.table(&table)?;
    let left = check.findings.iter().filter(|f| f.standing == Standing::ToDo).count();
    out.line(if left == 0 { "NetBox is ready".to_owned() } else { format!("{} to put right", count(left, "point")) })?;
    Ok(code)
}

async fn init(link: &Connection, out: &mut Output<'_>) -> Result<u8, Fail> {
    let setup = link.client.netbox_init(within(PATIENT)).await??;
    let code = if setup.to_configure.is_empty() { exit::DONE } else { exit::TO_DO };
    if out.json {
        out.document(&setup)?;
        return Ok(code);
    }
    for made in &setup.created {
        out.line(format!("made: {made}"))?;
    }
    if setup.created.is_empty() {
        out.line("everything Rackhand can make was there")?;
    }
    if !setup.to_configure.is_empty() {
        out.line("Add to NetBox's configuration.py, then restart NetBox:")?;
        for line in &setup.to_configure {
            out.line(line.clone())?;
        }
    }
    Ok(code)
}

async fn diff(
    link: &Connection,
    kind: Option<Field>,
    offset: usize,
    limit: usize,
    out: &mut Output<'_>,
) -> Result<u8, Fail> {
    // Rows are in the order of kinds: how many there are of each says where one begins.
    let (before, total) = match kind {
        Some(field) => link.ask(DiffQuery::default()).await?.rows_of(field),
        None => (0, link.ask(DiffQuery::default()).await?.contradictions()),
    };
    let limit = limit.min(total.saturating_sub(offset));
    let mut diff = link.ask(DiffQuery(Cut { offset: before + offset, limit })).await?;
    diff.rows.retain(|row| kind.map_or(row.field.is_contradiction(), |field| row.field == field));
    let code = if diff.asks_for_a_person() { exit::TO_DO } else { exit::DONE };
    if out.json {
        out.document(&diff)?;
        return Ok(code);
    }
    out.line(format!(
        "NetBox as of {} ({} ago): {}, {}",
        diff.read_at,
        human(diff.now.since(diff.read_at)),
        count(diff.devices, "device"),
        count(diff.interfaces, "interface")
    ))?;
    if let Some(trouble) = &diff.trouble {
        out.line(format!("NOT KEPT UP: {trouble}"))?;
    }
    let mut kinds = Table::new(&["KIND", "ROWS", "NEED A PERSON"], Last::Wrap);
    for of in &diff.kinds {
        kinds.row([of.field.slug().to_owned(), of.total.to_string(), of.to_do.to_string()]);
    }
    if !diff.kinds.is_empty() {
        out.table(&kinds)?;
    }
    let mut table = Table::new(&["WHOSE", "WHAT", "JOURNAL", "NETBOX", "COUNTS", "WHO", "THEN"], Last::Wrap);
    for row in &diff.rows {
        let shown = |value: &Option<_>| value.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        let who = row.who.map_or_else(|| "rackhand".to_owned(), |role| role.to_string());
        table.row([
            row.label.to_string(),
            row.field.word().into(),
            shown(&row.ours),
            shown(&row.theirs),
            row.owner.word().into(),
            who,
            row.then.to_string(),
        ]);
    }
    if !diff.rows.is_empty() {
        out.table(&table)?;
    }
    left_over(out, offset, diff.rows.len(), total, "difference")?;
    Ok(code)
}

pub(super) async fn sightings(
    link: &Connection,
    offset: usize,
    limit: usize,
    out: &mut Output<'_>,
) -> Result<(), Fail> {
    let page = link.ask(SightingQuery(Cut { offset, limit })).await?;
    if out.json {
        out.document(&page)?;
        tell_cut(out, page.offset, page.rows.len(), page.total, "sighting");
        return Ok(());
    }
    let mut table = Table::new(&["BMC", "ADDRESS", "SINCE", "UNIT", "WHAT OF IT"], Last::Wrap);
    for row in &page.rows {
        let told = row.verdict.as_ref().or(row.probably.as_ref()).unwrap_or(&row.waits_for);
        table.row([
            row.mac.to_string(),
            row.address.to_string(),
            human(page.now.since(row.at)),
            row.unit.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
            told.to_string(),
        ]);
    }
    out.table(&table)?;
    left_over(out, page.offset, page.rows.len(), page.total, "BMC")
}
