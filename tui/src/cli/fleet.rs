//! Verbs about everything: `status`, `units`, `dead-letters`, `verify`.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::{Args, ValueEnum};
use rackhand_core::id::Subject;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::time::{Timestamp, human};
use rackhand_core::view::questions::{Counts, LetterQuery};
use rackhand_core::view::{
    Cut, Doing, Overview, Page, Query, Sort, State, SystemHealth, TapState, TapStatus, UnitRow, filter as terms,
};

use serde::Serialize;

use super::exit;
use super::output::{Fail, Output, count};
use super::table::{Last, Table};
use super::values::{rows, words};
use crate::link::connect::Connection;
use crate::link::{answered, within};

/// A full check reads the whole journal. The daemon grants no call more than this.
const VERIFY: Duration = Duration::from_mins(2);

/// The counts of all there is.
#[derive(Debug, Args)]
pub struct Status {}

/// Which units.
#[derive(Debug, Args)]
pub struct Units {
    /// Words and field:value pairs that must all match; `!` in front negates. Fields: site, stage, state, model,
    /// place, disposition, serial
    pub filter: Vec<String>,
    /// Only this stage; may be given more than once
    #[arg(long, value_parser = words::<Stage>(Stage::ALL.iter().map(|s| s.word())), hide_possible_values = true)]
    pub stage: Vec<Stage>,
    /// By what
    #[arg(long, value_enum, default_value_t = SortBy::Attention)]
    pub sort: SortBy,
    /// The other way round
    #[arg(long)]
    pub descending: bool,
    /// Rows
    #[arg(long, default_value_t = 50, value_parser = rows(512))]
    pub limit: usize,
    /// First row
    #[arg(long, default_value_t = 0)]
    pub offset: usize,
}

/// Sort keys.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum SortBy {
    /// What needs a person first.
    Attention,
    /// Serial.
    Label,
    /// Stage.
    Stage,
    /// Time in the stage.
    Age,
    /// Site, then place.
    Place,
}

impl From<SortBy> for Sort {
    fn from(by: SortBy) -> Self {
        match by {
            SortBy::Attention => Self::Attention,
            SortBy::Label => Self::Label,
            SortBy::Stage => Self::Stage,
            SortBy::Age => Self::Age,
            SortBy::Place => Self::Place,
        }
    }
}

/// What a person must decide about.
#[derive(Debug, Args)]
pub struct DeadLetters {
    /// Rows
    #[arg(long, default_value_t = 50, value_parser = rows(512))]
    pub limit: usize,
    /// First row
    #[arg(long, default_value_t = 0)]
    pub offset: usize,
}

impl Status {
    pub(super) async fn read(self, link: &Connection, out: &mut Output<'_>) -> Result<(), Fail> {
        status(link, out).await
    }
}

async fn status(link: &Connection, out: &mut Output<'_>) -> Result<(), Fail> {
    let now = link.ask(Counts).await?;
    if out.json {
        return out.document(&now);
    }
    let demo = if now.demo { ", a demo" } else { "" };
    out.line(format!("Site {}{demo}, event {}, {}", now.site, now.head, now.now))?;
    let units: u32 = now.states.values().sum();
    let told: Vec<_> = now.states.iter().map(|(state, n)| format!("{n} {}", state.word())).collect();
    out.line(format!(
        "{}{}{}",
        count(units as usize, "unit"),
        if told.is_empty() { "" } else { ": " },
        told.join(", ")
    ))?;
    let letters = now.dead_letters;
    out.line(format!(
        "{}{}",
        count(letters as usize, "dead letter"),
        if letters > 0 { ": `rackhand dead-letters`" } else { "" }
    ))?;
    if let Some(orders) = now.orders.filter(|o| o.open > 0) {
        let verb = if orders.people == 1 { "needs" } else { "need" };
        let late = match orders.late {
            0 => String::new(),
            1 => ", 1 delivery late".to_owned(),
            n => format!(", {n} deliveries late"),
        };
        out.line(format!("{} open, {} {verb} a person{late}", count(orders.open as usize, "order"), orders.people))?;
    }
    health(&now, out)?;
    if !now.stages.is_empty() {
        out.line("")?;
    }
    stages(&now, out)
}

fn health(now: &Overview, out: &mut Output<'_>) -> Result<(), Fail> {
    let mut table = Table::new(&[], Last::Wrap);
    let intake = now.health.intake_stopped.as_ref().map_or("open".to_owned(), |why| format!("STOPPED: {why}"));
    table.row(["Journal".into(), intake]);
    if let Some(held) = &now.health.held {
        table.row(["Effects".into(), format!("ON HOLD: {held}")]);
    }
    for SystemHealth { name, doing, .. } in &now.health.systems {
        let told = match doing {
            Doing::Unknown => "unknown: nothing was heard of it yet".to_owned(),
            Doing::Good { at } => format!("ok, heard of {} ago", human(now.now.since(*at))),
            Doing::Bad { since, why } => format!("NOT WELL since {since}: {why}"),
        };
        table.row([name.to_string(), told]);
    }
    table.row(["Unknown leases".into(), format!("{} since the daemon started", now.health.unknown_leases)]);
    for tap in &now.health.taps {
        table.row([format!("Tap {}", tap.interface), tap_line(tap, now.now)]);
    }
    for rogue in &now.health.rogue_servers {
        let server = rogue.address.map_or("without a name".to_owned(), |a| a.to_string());
        let (leases, ago) = (count(rogue.leases as usize, "lease"), human(now.now.since(rogue.last)));
        table.row([
            format!("DHCP server {server}"),
            format!("ROGUE: gave {leases}, the last {ago} ago; none was taken in"),
        ]);
    }
    out.table(&table)
}

fn tap_line(tap: &TapStatus, now: Timestamp) -> String {
    let state =
        if tap.state == TapState::Listening { tap.state.word().into() } else { tap.state.word().to_uppercase() };
    let mut line =
        format!("{state} for {}, {} heard", human(now.since(tap.since)), count(tap.frames as usize, "frame"));
    for (lost, how) in [(tap.dropped, "dropped by the daemon"), (tap.missed, "missed by the kernel")] {
        if lost > 0 {
            line.push_str(&format!(", {lost} {how}"));
        }
    }
    if let Some(trouble) = &tap.trouble {
        line.push_str(&format!(": {trouble}"));
    }
    line
}

/// Stages down, sites across; all sites of a fleet would not fit, so those are a table only up to six.
fn stages(now: &Overview, out: &mut Output<'_>) -> Result<(), Fail> {
    const ACROSS: usize = 6;
    let used: BTreeSet<Stage> = now.stages.keys().copied().collect();
    let sites: Vec<_> = if now.sites.len() > 1 { now.sites.iter().take(ACROSS).collect() } else { Vec::new() };
    if used.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(&["STAGE", "UNITS", "BY SITE"], Last::Cut);
    for stage in used {
        let by: Vec<_> = sites.iter().filter_map(|(s, n)| n.get(&stage).map(|n| format!("{s} {n}"))).collect();
        let total = now.stages.get(&stage).copied().unwrap_or_default();
        table.row([stage.word().into(), total.to_string(), by.join(", ")]);
    }
    out.table(&table)
}

impl Units {
    pub(super) async fn read(self, link: &Connection, out: &mut Output<'_>) -> Result<(), Fail> {
        units(link, self, out).await
    }
}

async fn units(link: &Connection, which: Units, out: &mut Output<'_>) -> Result<(), Fail> {
    let filter = which.filter.join(" ");
    terms::check(&filter).map_err(|why| Fail::Usage(why.to_string()))?;
    let query = Query {
        stages: which.stage,
        filter,
        sort: which.sort.into(),
        descending: which.descending,
        offset: which.offset,
        limit: which.limit,
    };
    let page = link.ask(query).await?;
    if out.json {
        return document(out, &page, "unit");
    }
    let mut table = Table::new(&["UNIT", "SITE", "PLACE", "STAGE", "AGE", "STATE", "WAITS FOR"], Last::Cut);
    for row in &page.rows {
        table.row([
            row.label.to_string(),
            row.site.to_string(),
            row.place.as_ref().map_or_else(|| "?".into(), ToString::to_string),
            row.stage.short().into(),
            human(page.now.since(row.since)),
            row.state.word().into(),
            waits_for(row),
        ]);
    }
    out.table(&table)?;
    left_over(out, page.offset, page.rows.len(), page.total, "unit")
}

/// What a unit waits for, and who must act before it.
fn waits_for(row: &UnitRow) -> String {
    match row.who {
        Some(who) if row.state != State::Aside => format!("{who}: {}", row.waits_for),
        _ => row.waits_for.to_string(),
    }
}

/// A page as a document. That it is a part only is also said beside it, where a script's author sees it.
pub(super) fn document<T: Serialize>(out: &mut Output<'_>, page: &Page<T>, what: &str) -> Result<(), Fail> {
    out.document(page)?;
    tell_cut(out, page.offset, page.rows.len(), page.total, what);
    Ok(())
}

/// Says on the error stream that a list goes on behind what a document holds of it.
pub(super) fn tell_cut(out: &mut Output<'_>, offset: usize, shown: usize, total: usize, what: &str) {
    let end = offset.saturating_add(shown);
    if end < total {
        out.tell(format!("rackhand: {shown} of {}, from {offset}; --offset {end} goes on", count(total, what)));
    }
}

/// Says how much of a list was shown.
pub(super) fn left_over(
    out: &mut Output<'_>,
    offset: usize,
    shown: usize,
    total: usize,
    what: &str,
) -> Result<(), Fail> {
    if shown == total {
        return out.line(count(total, what));
    }
    let end = offset.saturating_add(shown);
    let more = if end < total { format!("; more with --offset {end}") } else { String::new() };
    out.line(format!("{shown} of {}, from {offset}{more}", count(total, what)))
}

impl DeadLetters {
    pub(super) async fn read(self, link: &Connection, out: &mut Output<'_>) -> Result<(), Fail> {
        let page = link.ask(LetterQuery(Cut { offset: self.offset, limit: self.limit })).await?;
        if out.json {
            return document(out, &page, "dead letter");
        }
        let mut table = Table::new(&["WHOSE", "AGE", "STEP", "DECIDES", "FAULT"], Last::Wrap);
        for letter in &page.rows {
            let whose = match (&letter.row, letter.subject) {
                (Some(row), _) => row.label.to_string(),
                (None, Subject::Unit(id)) => id.to_string(),
                (None, other) => other.to_string(),
            };
            table.row([
                whose,
                human(page.now.since(letter.since)),
                letter.step.step.to_string(),
                letter.who.to_string(),
                letter.step.detail.to_string(),
            ]);
        }
        out.table(&table)?;
        left_over(out, page.offset, page.rows.len(), page.total, "dead letter")
    }
}

pub(super) async fn verify(link: &Connection, out: &mut Output<'_>) -> Result<u8, Fail> {
    let found = answered(VERIFY, link.client.verify(within(VERIFY))).await??;
    if out.json {
        out.document(&found)?;
    } else {
        let counts = format!(
            "{} and {} checked",
            count(found.events as usize, "event"),
            count(found.checkpoints as usize, "checkpoint")
        );
        match &found.broken {
            None => out.line(format!("{counts} up to event {}: all is as it was written", found.head))?,
            Some(broken) => out.line(format!("DAMAGED: {broken} ({counts}). Keep the file; restore from a copy"))?,
        }
    }
    Ok(if found.broken.is_some() { exit::DAMAGED } else { exit::DONE })
}
