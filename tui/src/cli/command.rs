//! Verbs that change something. Each is one command with one request id, asked for once.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{SystemTime, UNIX_EPOCH};

use rackhand_core::decide::Answer;
use rackhand_core::decide::command::Command;
use rackhand_core::decide::confirm::About;
use rackhand_core::flow::step::Step;
use rackhand_core::id::Subject;
use rackhand_core::sentence::on_or_off;
use rackhand_core::text::Text;
use rackhand_core::view::questions::OneUnit;
use rackhand_rpc::Receipt;
use tarpc::client::RpcError;

use super::args::{Change, Final, Switch};
use super::confirm::{Given, confirm};
use super::output::{Fail, Output, not_found};
use crate::link::call::COMMAND;
use crate::link::connect::{Connection, HostSpec, connect};
use crate::link::{CALL, answered, within};

pub(super) async fn command(host: &HostSpec, change: Change, out: &mut Output<'_>) -> Result<(), Fail> {
    let link = connect(host).await?;
    let led = match &change {
        Change::Locate { label, to } => Some((label.clone(), on_or_off(*to == Switch::On))),
        _ => None,
    };
    let retried = match &change {
        Change::Retry { label } => Some(label.clone()),
        _ => None,
    };
    let command = spell(&link, change, out).await?;
    let receipt = carry_out(host, &link, &command).await?;
    if let Some(label) = retried.filter(|_| receipt.answer == Answer::Done && !out.json) {
        return out.line(format!(
            "asked: its parked steps are tried again now; `rackhand why {label}` tells what comes of it"
        ));
    }
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
        Change::Skip { label, step, reason, typed } => {
            let (command, means) = skip(link, &label, step, reason.into()).await?;
            meant(link, command, typed, &format!("Go on without {step}: {means}."), out).await?
        }
        Change::Trust { label, certificate, reason, sure } => {
            let command = Command::TrustCertificate { unit: unit(label).await?, certificate, reason: reason.into() };
            meant(link, command, sure, "Its BMC must show this certificate from now on.", out).await?
        }
        Change::Hold(what) => Command::Hold { unit: unit(what.label).await?, reason: what.reason.into() },
        Change::Release { label, reason } => {
            Command::Release { unit: unit(label).await?, reason: reason.map(Into::into) }
        }
        Change::Quarantine(what) => Command::Quarantine { unit: unit(what.label).await?, reason: what.reason.into() },
        Change::ResetBmc(what) => Command::ResetBmc { unit: unit(what.label).await?, reason: what.reason.into() },
        Change::Cancel(Final { what, typed }) => {
            let command = Command::Cancel { unit: unit(what.label).await?, reason: what.reason.into() };
            meant(link, command, typed, "Cancel it for good; what was done to it is undone in reverse.", out).await?
        }
        Change::Retire(Final { what, typed }) => {
            let command = Command::Retire { unit: unit(what.label).await?, reason: what.reason.into() };
            meant(link, command, typed, "Retire it: out of use for good.", out).await?
        }
        Change::Resume { reason } => Command::Resume { reason: reason.into() },
        Change::Done { label, task, note } => Command::CloseTask { unit: unit(label).await?, task, note: note.into() },
        Change::Describe { label, spec } => Command::Describe { unit: unit(label).await?, spec: spec.into() },
        Change::Locate { label, to } => Command::Locate { unit: unit(label).await?, on: to == Switch::On },
        Change::ScanRack { label, rack, unit: position } => {
            Command::ScanRack { unit: unit(label).await?, rack: rack.into(), position }
        }
        Change::Move { label, stage, reason, typed } => {
            let command = Command::Move { unit: unit(label).await?, to: stage, reason: reason.into() };
            meant(link, command, typed, &format!("Move it back to {stage}: what came later is done again."), out)
                .await?
        }
    })
}

/// Skips the step in the generation it is parked in now, so that a step parked anew is not skipped unseen.
async fn skip(link: &Connection, label: &str, step: Step, reason: Text) -> Result<(Command, Text), Fail> {
    let unit = super::find(link, label).await?;
    let detail = link.ask(OneUnit(unit)).await?;
    let parked = detail.steps.iter().find(|row| row.step == step && row.phase.as_str() == "parked");
    let Some(row) = parked else {
        return Err(not_found(format!("{step} of {} is not parked; `rackhand why` tells what is", detail.row.label)));
    };
    let means = row.skip.clone().unwrap_or_else(|| Text::new("it is refused: no other step shows what it shows"));
    Ok((Command::Skip { subject: Subject::Unit(unit), step, generation: row.generation, reason }, means))
}

/// The command, once it is certain that it is meant.
async fn meant(
    link: &Connection,
    command: Command,
    given: impl Into<Given>,
    what: &str,
    out: &mut Output<'_>,
) -> Result<Command, Fail> {
    let unit = match &command {
        Command::Skip { subject: Subject::Unit(unit), .. }
        | Command::TrustCertificate { unit, .. }
        | Command::Cancel { unit, .. }
        | Command::Retire { unit, .. }
        | Command::Move { unit, .. }
        | Command::ReleaseStock { unit, .. } => *unit,
        _ => return Ok(command),
    };
    let row = link.ask(OneUnit(unit)).await?.row;
    let place = row.place.as_ref().map_or("place unknown", Text::as_str);
    let told = format!("{} at {}, {place}, is {}. {what}", row.label, row.site, row.stage);
    let about = About { label: row.label, stage: Some(row.stage), count: 1, ..About::default() };
    confirm(&command.confirm(&about), given.into(), &told, out)?;
    Ok(command)
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
