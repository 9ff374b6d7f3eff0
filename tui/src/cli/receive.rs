//! `rackhand receive`: serials to the daemon one by one, each judged and told at once.

use std::io::{self, BufRead, Read};

use clap::Args;
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Refusal, Why};
use rackhand_core::id::SiteId;
use rackhand_core::receiving::commands::{Scan, serial_in};
use rackhand_core::receiving::questions::Dock;
use rackhand_core::text::Text;
use rackhand_core::view::questions::Find;
use rackhand_rpc::Receipt;
use serde::Serialize;
use tarpc::client::RpcError;
use tokio::sync::mpsc;

use super::command::request_id;
use super::exit;
use super::output::{Fail, Output, count};
use super::values::site;
use crate::link::call::COMMAND;
use crate::link::connect::{Connection, HostSpec, connect};
use crate::link::{answered, within};

/// Bytes of one line of standard input at the most; what is longer is no serial.
const LINE: u64 = 1_024;

/// What came in.
#[derive(Debug, Args)]
pub struct Receive {
    /// Serials as they stand on the labels; `-` reads them from standard input
    #[arg(required = true, value_name = "SERIAL")]
    pub serials: Vec<String>,
    /// The dock's site; default: the daemon's
    #[arg(long, value_name = "SITE", value_parser = site)]
    pub site: Option<SiteId>,
    /// They are damaged: what is seen. They are received and held
    #[arg(long, value_name = "NOTE", conflicts_with = "undo")]
    pub damaged: Option<String>,
    /// Where a photo of the damage is: a path or number, kept with the note
    #[arg(long, value_name = "PATH", requires = "damaged")]
    pub photo: Option<String>,
    /// Take their receipts back, as long as nothing else has happened to them
    #[arg(long)]
    pub undo: bool,
}

/// One serial as it is told.
#[derive(Serialize)]
struct Told {
    serial: Text,
    /// The finding's word, `undone`, `already`, or `refused`.
    result: &'static str,
    /// What it is, or why not; may be empty.
    text: Text,
    /// What it was judged to be, where it was.
    scan: Option<Scan>,
}

/// How many serials came to what.
#[derive(Default, Serialize)]
struct Summary {
    serials: usize,
    done: usize,
    already: usize,
    failed: usize,
}

#[derive(Serialize)]
struct Document<'a> {
    site: &'a SiteId,
    rows: &'a [Told],
    summary: &'a Summary,
}

pub(super) async fn receive(host: &HostSpec, args: Receive, out: &mut Output<'_>) -> Result<u8, Fail> {
    let mut link = connect(host).await?;
    let site = args.site.unwrap_or_else(|| link.hello.site.clone());
    let (damaged, photo) = (args.damaged.map(Text::from), args.photo.map(Text::from));
    let mut serials = serials(args.serials);
    let (mut rows, mut summary) = (Vec::new(), Summary::default());
    let line =
        |serial: &str, result: &str, model: &str, text: &str| format!("{serial:<20} {result:<10} {model:<22} {text}");
    if !out.json {
        out.line(line("SERIAL", "RESULT", "MODEL", "WHAT"))?;
    }
    while let Some(read) = serials.recv().await {
        let told = if args.undo {
            undo(host, &mut link, &read).await?
        } else {
            let (site, scan) = (site.clone(), read.clone());
            let command = Command::Receive { site, scan, damaged: damaged.clone(), photo: photo.clone() };
            tell(&read, send(host, &mut link, command).await?)
        };
        summary.serials += 1;
        match (&told.scan, told.result) {
            (Some(scan), _) if scan.finding.is_receipt() => summary.done += 1,
            (None, "undone") => summary.done += 1,
            (_, "DUP" | "already") => summary.already += 1,
            _ => summary.failed += 1,
        }
        if out.json {
            rows.push(told);
        } else {
            let model = told.scan.as_ref().and_then(|s| s.model.as_deref()).unwrap_or("-");
            out.line(line(&told.serial, told.result, model, &told.text))?;
            out.flush()?;
        }
    }
    if out.json {
        out.document(&Document { site: &site, rows: &rows, summary: &summary })?;
    } else {
        let Summary { serials, done, already, failed } = summary;
        let what = if args.undo { "taken back" } else { "received" };
        out.line(format!("{} at {site}: {done} {what}, {already} already, {failed} not", count(serials, "serial")))?;
    }
    if !out.json && !args.undo && summary.done > 0 {
        let dock = link.ask(Dock(site)).await?;
        if dock.behind > 0 {
            let what = count(usize::try_from(dock.behind).unwrap_or(usize::MAX), "server");
            out.line(format!("NetBox is behind with {what} of the last day; Rackhand writes it as soon as it can"))?;
        }
    }
    Ok(if summary.failed > 0 { exit::REFUSED } else { exit::DONE })
}

/// The serials given; where `-` stands among them, those of standard input as they come, one or more on a line.
fn serials(given: Vec<String>) -> mpsc::Receiver<Text> {
    let (sender, receiver) = mpsc::channel(64);
    // A thread of its own: reading a terminal holds whoever does it, and the connection goes on meanwhile.
    std::thread::spawn(move || {
        for serial in given {
            if serial != "-" {
                if sender.blocking_send(Text::from(serial)).is_err() {
                    return;
                }
                continue;
            }
            let mut input = io::stdin().lock();
            let mut line = Vec::new();
            while matches!(input.by_ref().take(LINE).read_until(b'\n', &mut line), Ok(1..)) {
                let words = String::from_utf8_lossy(&line).into_owned();
                for serial in words.split_whitespace() {
                    if sender.blocking_send(Text::new(serial)).is_err() {
                        return;
                    }
                }
                line.clear();
            }
        }
    });
    receiver
}

fn tell(read: &Text, answer: Result<Receipt, Refusal>) -> Told {
    let refused = |text: Text| Told { serial: read.clone(), result: "refused", text, scan: None };
    match answer {
        Ok(Receipt { answer: Answer::Scanned(scan), .. }) => {
            Told { serial: scan.serial.clone(), result: scan.finding.word(), text: scan.told(), scan: Some(*scan) }
        }
        Ok(_) => refused("the daemon answered something else; it is of another version".into()),
        Err(refusal) => refused(refusal.text),
    }
}

async fn undo(host: &HostSpec, link: &mut Connection, read: &Text) -> Result<Told, Fail> {
    let told = |result, text| Told { serial: read.clone(), result, text, scan: None };
    let label = serial_in(read).unwrap_or_else(|| read.clone());
    let Some(unit) = link.ask(Find(label)).await? else {
        return Ok(told("refused", "nobody knows this serial".into()));
    };
    Ok(match send(host, link, Command::UndoReceipt { unit }).await? {
        Ok(Receipt { answer: Answer::Already, .. }) => told("already", "it was not received".into()),
        Ok(_) => told("undone", "expected again".into()),
        Err(refusal) => told("refused", refusal.text),
    })
}

/// Sends it, and where the connection breaks once more under the same request. A daemon that was restarted meanwhile
/// says of what it has done already that it was done: nothing is done twice.
async fn send(host: &HostSpec, link: &mut Connection, command: Command) -> Result<Result<Receipt, Refusal>, Fail> {
    let request = request_id();
    let put = |link: &Connection| {
        let (client, request, command) = (link.client.clone(), request.clone(), command.clone());
        async move { answered(COMMAND, client.command(within(COMMAND), request, command)).await }
    };
    let answer = match put(link).await {
        Err(RpcError::Server(error)) => return Err(RpcError::Server(error).into()),
        Err(_) => {
            *link = connect(host).await?;
            put(link).await?
        }
        Ok(answer) => answer,
    };
    match answer {
        // Nobody's serial would be taken.
        Err(refusal) if refusal.why == Why::NotAllowed => Err(refusal.into()),
        answer => Ok(answer),
    }
}
