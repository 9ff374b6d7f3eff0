//! `rackhand take-over`: servers that run already come in by a plan that people confirm.

use std::time::Duration;

use clap::{Args, Subcommand};
use rackhand_core::id::{PlanId, SiteId};
use rackhand_core::takeover::questions::PlannedServers;
use rackhand_core::takeover::{MAX_CONFIRMED, Taken};
use rackhand_core::text::Text;
use rackhand_rpc::takeover::{Confirm, Filter, PlannedRow, TakeOverPlan};
use serde::Serialize;

use super::exit;
use super::output::{Fail, Output, count};
use super::table::{Last, Table};
use super::values::{site, slug};
use crate::link::connect::Connection;
use crate::link::{answered, within};

/// A whole site is read from NetBox, or fifty BMCs are logged in to.
const PATIENT: Duration = Duration::from_mins(2);

/// What to do.
#[derive(Debug, Subcommand)]
pub enum TakeOver {
    /// List the servers that NetBox says are in use or ready: which can be taken over, which not and why. Nothing is
    /// changed
    Plan(Which),
    /// Confirm servers of a plan. One operator takes them into service; into the pool (ready) a second operator confirms
    /// the same plan. Each BMC is logged in to once; nothing is written to it or to NetBox
    Confirm(Confirmed),
}

/// Which servers.
#[derive(Debug, Args)]
pub struct Which {
    /// The site; default: the daemon's own
    #[arg(long, value_name = "SLUG", value_parser = site)]
    pub site: Option<SiteId>,
    /// Only this tenant's
    #[arg(long, value_name = "SLUG", value_parser = slug)]
    pub tenant: Option<Text>,
    /// Only of this status in NetBox, such as active or ready
    #[arg(long, value_name = "STATUS")]
    pub status: Option<String>,
    /// Only in this rack
    #[arg(long, value_name = "NAME")]
    pub rack: Option<String>,
}

/// What is confirmed.
#[derive(Debug, Args)]
pub struct Confirmed {
    /// The plan, as `take-over plan` prints it
    #[arg(value_name = "PLAN")]
    pub plan: PlanId,
    /// Serials
    #[arg(value_name = "SERIAL", required_unless_present = "all")]
    pub serials: Vec<String>,
    /// All servers of the plan
    #[arg(long, conflicts_with = "serials")]
    pub all: bool,
    /// Why; goes into the journal
    #[arg(long)]
    pub reason: String,
}

/// What became of a row, as it is told.
#[derive(Serialize)]
struct Row {
    serial: Text,
    #[serde(flatten)]
    told: Told,
}

#[derive(Serialize)]
struct Told {
    /// `taken`, `second`, `confirmed`, `already` or `refused`.
    result: &'static str,
    text: Text,
}

#[derive(Serialize)]
struct Document<'a> {
    plan: PlanId,
    rows: &'a [Row],
}

pub(super) async fn take_over(link: &Connection, what: TakeOver, out: &mut Output<'_>) -> Result<u8, Fail> {
    match what {
        TakeOver::Plan(which) => plan(link, which, out).await,
        TakeOver::Confirm(what) => confirm(link, what, out).await,
    }
}

async fn plan(link: &Connection, which: Which, out: &mut Output<'_>) -> Result<u8, Fail> {
    let Which { site, tenant, status, rack } = which;
    let filter = Filter { site, tenant, status: status.map(Into::into), rack: rack.map(Into::into) };
    let plan = answered(PATIENT, link.client.plan_take_over(within(PATIENT), filter)).await??;
    if out.json {
        out.document(&plan)?;
        return Ok(exit::DONE);
    }
    let TakeOverPlan { plan, site, rows, beyond, no_servers, .. } = plan;
    let mut table = Table::new(
        &["SERIAL", "NAME", "STATUS", "TENANT", "ENTERS", "BMC MAC", "BMC ADDRESS", "PASSWORD", "TAKE OVER"],
        Last::Wrap,
    );
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    for PlannedRow { candidate, bmc_address, credential } in &rows {
        let device = &candidate.seen.device;
        table.row([
            or_dash(device.serial.as_ref().map(ToString::to_string)),
            device.name.to_string(),
            device.status.to_string(),
            or_dash(device.tenant.as_ref().map(ToString::to_string)),
            candidate.enters.to_string(),
            candidate.seen.bmc_mac.map_or_else(|| "unknown".to_owned(), |m| m.to_string()),
            bmc_address.map_or_else(|| "unknown".to_owned(), |a| a.to_string()),
            credential.to_string(),
            candidate.obstacle.as_ref().map_or_else(|| "yes".to_owned(), |why| format!("no: {why}")),
        ]);
    }
    if !rows.is_empty() {
        out.table(&table)?;
    }
    let can = rows.iter().filter(|row| row.candidate.obstacle.is_none()).count();
    let cannot = rows.len() - can;
    out.line(format!(
        "{} of {site} in use or ready: {can} can be taken over, {cannot} cannot; nothing was changed",
        count(rows.len(), "server")
    ))?;
    if no_servers > 0 {
        out.line(format!("Not listed: {} without a BMC interface", count(no_servers, "device")))?;
    }
    if beyond > 0 {
        out.line(format!(
            "{} more than one plan holds: narrow it, or plan again once these are in",
            count(beyond, "server")
        ))?;
    }
    if let Some(plan) = plan {
        out.line(format!("Plan {plan}. To take over: rackhand take-over confirm {plan} --all --reason ..."))?;
    }
    Ok(exit::DONE)
}

async fn confirm(link: &Connection, what: Confirmed, out: &mut Output<'_>) -> Result<u8, Fail> {
    let Confirmed { plan, serials, all, reason } = what;
    let serials: Vec<Text> = if all {
        link.ask(PlannedServers(plan)).await?
    } else {
        serials.into_iter().map(|serial| serial.to_uppercase().into()).collect()
    };
    let mut rows = Vec::with_capacity(serials.len());
    for part in serials.chunks(MAX_CONFIRMED) {
        let confirm = Confirm { plan, serials: part.to_vec(), reason: reason.as_str().into() };
        let answer = answered(PATIENT, link.client.confirm_take_over(within(PATIENT), confirm)).await;
        // What was done stays done, and is told, whatever becomes of the rest.
        let taken = match answer {
            Ok(Ok(taken)) => taken,
            Ok(Err(refusal)) => {
                tell(plan, &rows, out)?;
                return Err(refusal.into());
            }
            Err(lost) => {
                tell(plan, &rows, out)?;
                return Err(lost.into());
            }
        };
        rows.extend(taken.into_iter().map(|(serial, taken)| Row { serial, told: told(taken) }));
    }
    tell(plan, &rows, out)?;
    let refused = rows.iter().any(|row| row.told.result == "refused");
    let half_way = rows.iter().any(|row| row.told.result == "second");
    Ok(match (refused, half_way) {
        (true, _) => exit::REFUSED,
        (false, true) => exit::TO_DO,
        (false, false) => exit::DONE,
    })
}

fn told(taken: Taken) -> Told {
    let told = |result, text: String| Told { result, text: text.into() };
    match taken {
        Taken::Entered(stage, login) => told("taken", format!("{stage}; {login}")),
        Taken::HalfWay(stage, login) => {
            told("second", format!("{stage} once a second operator confirms this plan; {login}"))
        }
        Taken::Second => told("confirmed", "two people have confirmed it; it is in the pool".to_owned()),
        Taken::Already => told("already", "taken over before".to_owned()),
        Taken::Refused(why) => told("refused", why.to_string()),
    }
}

fn tell(plan: PlanId, rows: &[Row], out: &mut Output<'_>) -> Result<(), Fail> {
    if out.json {
        return out.document(&Document { plan, rows });
    }
    let mut table = Table::new(&["SERIAL", "RESULT", "WHAT OF IT"], Last::Wrap);
    for row in rows {
        table.row([row.serial.to_string(), row.told.result.to_owned(), row.told.text.to_string()]);
    }
    out.table(&table)?;
    let of = |word: &str| rows.iter().filter(|row| row.told.result == word).count();
    let parts = [
        (of("taken") + of("confirmed"), "taken over"),
        (of("second"), "waiting for a second operator"),
        (of("already"), "taken over before"),
        (of("refused"), "refused"),
    ];
    let parts: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    out.line(format!("{}: {}", count(rows.len(), "server"), parts.join(", ")))
}
