//! Verbs about one unit: `show` and `why`.

use std::time::Duration;

use clap::Args;
use rackhand_core::event::Seq;
use rackhand_core::flow::next::Wait;
use rackhand_core::id::Subject;
use rackhand_core::lifecycle::stage::Disposition;
use rackhand_core::time::{Timestamp, human};
use rackhand_core::view::questions::OneUnit;
use rackhand_core::view::{EventRow, Page, UnitDetail, UnitRow};
use rackhand_rpc::JournalQuery;
use serde::Serialize;

use super::events;
use super::output::{Fail, Output};
use super::table::{Last, Table};
use crate::link::connect::Connection;
use crate::screen::waits::UNBUILT;

/// Events at the end of `show`.
const LAST: usize = 10;

#[derive(Serialize)]
struct Shown<'a> {
    unit: &'a UnitDetail,
    events: &'a [EventRow],
}

#[derive(Serialize)]
struct Because<'a> {
    row: &'a UnitRow,
    waits: &'a [Wait],
}

async fn read(link: &Connection, label: &str) -> Result<(UnitDetail, Page<EventRow>), Fail> {
    let id = super::find(link, label).await?;
    let unit = link.ask(OneUnit(id)).await?;
    let query = JournalQuery { subject: Some(Subject::Unit(id)), limit: LAST, ..JournalQuery::default() };
    let events = link.ask(query).await?;
    Ok((unit, events))
}

/// A unit whose waits are told.
#[derive(Debug, Args)]
pub struct Why {
    /// Serial or unit id
    pub label: String,
}

impl Why {
    pub(super) async fn read(self, link: &Connection, out: &mut Output<'_>) -> Result<(), Fail> {
        let (unit, events) = read(link, &self.label).await?;
        if out.json {
            return out.document(&Because { row: &unit.row, waits: &unit.waits });
        }
        headline(&unit.row, events.now, out)?;
        waits(&unit, events.now, out)
    }
}

/// A unit that is told whole.
#[derive(Debug, Args)]
pub struct Show {
    /// Serial or unit id
    pub label: String,
}

impl Show {
    pub(super) async fn read(self, link: &Connection, out: &mut Output<'_>) -> Result<(), Fail> {
        let (unit, page) = read(link, &self.label).await?;
        if out.json {
            return out.document(&Shown { unit: &unit, events: &page.rows });
        }
        headline(&unit.row, page.now, out)?;
        let mut facts = Table::new(&[], Last::Wrap);
        for (name, value) in &unit.facts {
            facts.row([format!("  {name}"), value.to_string()]);
        }
        out.table(&facts)?;
        section(out, "WHY IT IS NOT MOVING")?;
        waits(&unit, page.now, out)?;
        if !unit.steps.is_empty() {
            section(out, "STEPS")?;
            let mut steps = Table::new(&[], Last::Wrap);
            for step in &unit.steps {
                let tries = format!("attempt {}", step.attempts);
                steps.row([format!("  {}", step.step), step.phase.to_string(), tries, step.detail.to_string()]);
            }
            out.table(&steps)?;
        }
        if !unit.tasks.is_empty() {
            section(out, "TASKS")?;
            let mut tasks = Table::new(&[], Last::Wrap);
            for (id, task) in &unit.tasks {
                tasks.row([format!("  {id}"), task.role.to_string(), format!("{}: {}", task.kind.title(), task.text)]);
            }
            out.table(&tasks)?;
        }
        if !unit.tests.is_empty() {
            section(out, "TESTS")?;
            let mut tests = Table::new(&[], Last::Wrap);
            for step in &unit.tests {
                let said = step.message.as_ref().map_or(String::new(), |m| format!(": {m}"));
                let took = human(Duration::from_millis(step.took_ms));
                tests.row([format!("  {}", step.step), format!("{} in {took}{said}", step.verdict.word())]);
                for (name, value) in step.told() {
                    tests.row([format!("    {name}"), value]);
                }
            }
            out.table(&tests)?;
        }
        if !unit.ways.is_empty() {
            section(out, "WHERE YOU MAY MOVE IT")?;
            let mut ways = Table::new(&[], Last::Wrap);
            for (stage, proof, role) in &unit.ways {
                ways.row([format!("  {stage}"), role.to_string(), proof.to_string()]);
            }
            out.table(&ways)?;
        }
        section(out, "LAST EVENTS")?;
        out.table(&events::table(&page.rows, false))
    }
}

fn section(out: &mut Output<'_>, title: &str) -> Result<(), Fail> {
    out.line("")?;
    out.line(title)
}

fn headline(row: &UnitRow, now: Timestamp, out: &mut Output<'_>) -> Result<(), Fail> {
    let aside =
        if row.disposition == Disposition::Normal { String::new() } else { format!(", {}", row.disposition.word()) };
    let age = human(now.since(row.since));
    out.line(format!("{}: {} for {age}{aside}, {}", row.label, row.stage, row.state.word()))
}

fn waits(unit: &UnitDetail, now: Timestamp, out: &mut Output<'_>) -> Result<(), Fail> {
    if unit.waits.is_empty() {
        return out.line("  Nothing is awaited: it moves.");
    }
    let mut table = Table::new(&[], Last::Wrap);
    for wait in &unit.waits {
        table.row(["  -".into(), wait.what.to_string()]);
        table.row([String::new(), timing(wait, now)]);
        for word in &wait.resolve {
            table.row([String::new(), resolving(word, wait, unit)]);
        }
    }
    out.table(&table)
}

/// Since when, how often tried, when again, and who acts.
fn timing(wait: &Wait, now: Timestamp) -> String {
    let mut parts = vec![format!("for {}", human(now.since(wait.since)))];
    match (wait.attempt, wait.of) {
        (Some(n), Some(of)) => parts.push(format!("attempt {n} of {of}")),
        (Some(n), None) => parts.push(format!("attempt {n}")),
        (None, _) => {}
    }
    if let Some(next) = wait.next_try {
        parts.push(format!("again in {}", human(next.since(now))));
    }
    if let Some(until) = wait.until {
        parts.push(format!("at most {} more", human(until.since(now))));
    }
    parts.push(match wait.who {
        Some(who) => format!("a person acts: {who}"),
        None if wait.unbuilt => UNBUILT.into(),
        None => "automatic: no action needed".into(),
    });
    parts.join(", ")
}

/// The command line that resolves it.
fn resolving(word: &str, wait: &Wait, unit: &UnitDetail) -> String {
    // What a shell could take for something else is not offered for copying.
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == '.';
    let label = &unit.row.label;
    let safe = !label.is_empty() && !label.starts_with('-') && label.chars().all(plain);
    let label = if safe { label.to_string() } else { unit.row.id.to_string() };
    // It is received by the serial on its label, which is not known of one that is on order.
    let label = if word == "receive" && label == unit.row.id.to_string() { "SERIAL".to_owned() } else { label };
    let rest = match (word, wait.step) {
        ("skip", Some(step)) => format!(" {step} --reason ..."),
        ("cancel", _) => " --reason ...".into(),
        ("scan-rack", _) => " RACK".into(),
        ("move", _) => " STAGE --reason ...".into(),
        ("done", _) => format!(" {} --note ...", task_of(wait, unit).map_or("TASK".into(), |id| id.to_string())),
        _ => String::new(),
    };
    format!("rackhand {word} {label}{rest}")
}

/// The task a wait is about: its sentence ends in the task's.
fn task_of(wait: &Wait, unit: &UnitDetail) -> Option<Seq> {
    unit.tasks.iter().map(|(id, _)| *id).find(|id| wait.what.ends_with(&format!("(task {id})")))
}
