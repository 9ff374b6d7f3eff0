//! Verbs that change something. Each is one command with one request id, asked for once.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{SystemTime, UNIX_EPOCH};

use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Refusal, Why};
use rackhand_core::flow::step::Step;
use rackhand_core::id::UnitId;
use rackhand_core::sentence::on_or_off;
use rackhand_core::text::Text;
use rackhand_rpc::Receipt;
use tarpc::client::RpcError;

use super::args::{Change, Final, Switch};
use super::output::{Fail, Output, not_found};
use crate::link::call::COMMAND;
use crate::link::connect::{Connection, HostSpec, connect};
use crate::link::{CALL, answered, call, within};

pub(super) async fn command(host: &HostSpec, change: Change, out: &mut Output<'_>) -> Result<(), Fail> {
    if let Change::Cancel(Final { yes: false, .. }) | Change::Retire(Final { yes: false, .. }) = &change
        && !out.can_ask()
    {
        return Err(Fail::Usage("nobody is here to confirm it: give --yes if you mean it".into()));
    }
    let link = connect(host).await?;
    let led = match &change {
        Change::Locate { label, to } => Some((label.clone(), on_or_off(*to == Switch::On))),
        _ => None,
    };
    let command = spell(&link, change, out).await?;
    let receipt = carry_out(host, &link, &command).await?;
    match (&receipt.answer, led) {
        (Answer::Unseen(_), _) | (_, None) => tell(&receipt, out),
        (_, Some(_)) if out.json => tell(&receipt, out),
        (_, Some((label, now))) => out.line(format!("{label}: its locator LED is {now}")),
    }
}

/// What came of a command.
pub(super) fn tell(receipt: &Receipt, out: &mut Output<'_>) -> Result<(), Fail> {
    if out.json {
        return out.document(receipt);
    }
    match &receipt.answer {
        Answer::Already => out.line("nothing to do: it had been done before"),
        Answer::Told(text) => out.line(text.clone()),
        Answer::Unseen(text) => out.line(text.as_str()),
        _ => out.line(format!("done; the journal is at event {}", receipt.head)),
    }
}

/// The change as the command it is.
async fn spell(link: &Connection, change: Change, out: &mut Output<'_>) -> Result<Command, Fail> {
    let unit = |label: String| async move { super::find(link, &label).await };
    Ok(match change {
        Change::Retry { label } => Command::Retry { subject: super::subject(link, &label).await? },
        Change::Skip { label, step, reason } => skip(link, &label, step, reason.into()).await?,
        Change::Trust { label, certificate, reason } => {
            Command::TrustCertificate { unit: unit(label).await?, certificate, reason: reason.into() }
        }
        Change::Hold(what) => Command::Hold { unit: unit(what.label).await?, reason: what.reason.into() },
        Change::Release { label } => Command::Release { unit: unit(label).await? },
        Change::Quarantine(what) => Command::Quarantine { unit: unit(what.label).await?, reason: what.reason.into() },
        Change::Cancel(Final { what, yes }) => {
            let unit = unit(what.label).await?;
            confirm(link, unit, yes, "Cancel it for good; what was done to it is undone in reverse.", out).await?;
            Command::Cancel { unit, reason: what.reason.into() }
        }
        Change::Retire(Final { what, yes }) => {
            let unit = unit(what.label).await?;
            confirm(link, unit, yes, "Retire it: out of use for good.", out).await?;
            Command::Retire { unit, reason: what.reason.into() }
        }
        Change::Done { label, task, note } => Command::CloseTask { unit: unit(label).await?, task, note: note.into() },
        Change::Describe { label, spec } => Command::Describe { unit: unit(label).await?, spec: spec.into() },
        Change::Locate { label, to } => Command::Locate { unit: unit(label).await?, on: to == Switch::On },
        Change::ScanRack { label, rack, unit: position } => {
            Command::ScanRack { unit: unit(label).await?, rack: rack.into(), position }
        }
        Change::Move { label, stage, reason } => {
            Command::Move { unit: unit(label).await?, to: stage, reason: reason.into() }
        }
    })
}

/// Skips the step in the generation it is parked in now, so that a step parked anew is not skipped unseen.
async fn skip(link: &Connection, label: &str, step: Step, reason: Text) -> Result<Command, Fail> {
    let unit = super::find(link, label).await?;
    let detail = answered(CALL, link.client.unit(call(), unit)).await??;
    let parked = detail.steps.iter().find(|row| row.step == step && row.phase.as_str() == "parked");
    let Some(row) = parked else {
        return Err(not_found(format!("{step} of {} is not parked; `rackhand why` tells what is", detail.row.label)));
    };
    Ok(Command::Skip { subject: rackhand_core::id::Subject::Unit(unit), step, generation: row.generation, reason })
}

/// Has a person type the last four of the serial.
async fn confirm(link: &Connection, unit: UnitId, yes: bool, what: &str, out: &mut Output<'_>) -> Result<(), Fail> {
    if yes {
        return Ok(());
    }
    let row = answered(CALL, link.client.unit(call(), unit)).await??.row;
    let skip = row.label.chars().count().saturating_sub(4);
    let four: String = row.label.chars().skip(skip).collect();
    let place = row.place.as_ref().map_or("place unknown", Text::as_str);
    let about = format!("{} at {}, {place}, is {}.", row.label, row.site, row.stage);
    let question = format!("{about} {what} Type the last four characters of its serial to go on: ");
    let answer = out.ask(&question.into())?;
    if answer.is_some_and(|answer| answer.eq_ignore_ascii_case(&four)) {
        return Ok(());
    }
    Err(Fail::Refused(Refusal::new(Why::Invalid, "not confirmed; nothing was done")))
}

/// Asks for it. Where the connection breaks before the answer, the same request is given once more to the same daemon,
/// which answers it without doing it twice; another daemon's life knows nothing of the request, so it is not asked.
pub(super) async fn carry_out(host: &HostSpec, link: &Connection, command: &Command) -> Result<Receipt, Fail> {
    let request = request_id();
    // A BMC takes some seconds for a login.
    let span = if matches!(command, Command::Locate { .. }) { COMMAND } else { CALL };
    let lost = match answered(span, link.client.command(within(span), request.clone(), command.clone())).await {
        Ok(answer) => return Ok(answer?),
        Err(RpcError::Server(error)) => return Err(RpcError::Server(error).into()),
        Err(lost) => lost,
    };
    if let Ok(again) = connect(host).await
        && again.hello.epoch == link.hello.epoch
        && let Ok(answer) = answered(span, again.client.command(within(span), request, command.clone())).await
    {
        return Ok(answer?);
    }
    let Fail::Lost(why) = Fail::from(lost) else { return Err(Fail::Lost("the answer was lost".into())) };
    Err(Fail::Lost(format!("{why}. It may have been done all the same: `rackhand journal` tells")))
}

/// A request id nobody else has: the time, this process, and randomness of the system's.
pub(super) fn request_id() -> String {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u128(nanos);
    format!("cli-{nanos:x}-{:x}-{:016x}", std::process::id(), hasher.finish())
}
