//! `rackhand import`: a manifest's rows to the daemon, in parts, and what becomes of each.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Refusal, Why};
use rackhand_core::entry::commands::Entry;
use rackhand_core::entry::manifest::{self, Columns, Line, Manifest, Row};
use rackhand_core::entry::questions::Imported;
use rackhand_core::entry::registration::{Registered, Standing};
use rackhand_core::id::{OrderId, SiteId};
use rackhand_core::inventory::NewDevice;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::text::Text;
use rackhand_rpc::password::Given;
use rackhand_rpc::{MAX_IMPORT, Receipt};
use serde::Serialize;
use tarpc::client::RpcError;
use tokio::time::{Instant, sleep};

use super::command::carry_out;
use super::exit;
use super::order::paper;
use super::output::{Fail, Output, count};
use super::table::{Last, Table};
use super::values::{site, slug, span, words};
use crate::link::call::COMMAND;
use crate::link::connect::{Connection, HostSpec, connect};
use crate::link::{answered, watch, watched, within};

/// How long the daemon holds one question for news of NetBox.
const NEWS: Duration = Duration::from_secs(2);
/// Bytes of a column map that are read.
const MAX_MAP: u64 = 16 << 10;
/// Pause between two such questions, so that a busy daemon is not asked without end.
const BREATH: Duration = Duration::from_millis(200);

/// A manifest to enter. The same again is harmless: it does what is missing.
#[derive(Debug, Args)]
pub struct Import {
    /// CSV with the columns server_serial and server_bmc_mac, or a vendor's with names that are known, such as
    /// "Service Tag" and "iDRAC MAC"; `-` reads standard input
    pub file: PathBuf,
    /// Its servers are those of this order: each serial is bound to one that is on order. FILE may be the vendor's ship
    /// notice too, in JSON, cXML or X12 (856)
    #[arg(long, value_name = "ORDER", conflicts_with_all = ["device_type", "role", "site", "check"])]
    pub order: Option<OrderId>,
    /// Which of its columns are meant: serial="Service Tag",mac="iDRAC MAC"; user and password name the BMC's factory
    /// account, which is sealed and used for the first login
    #[arg(long, value_name = "MAP", value_parser = Columns::in_text)]
    pub map: Option<Columns>,
    /// The same in a TOML file with the keys serial, mac, user and password
    #[arg(long, value_name = "FILE", conflicts_with = "map")]
    pub columns: Option<PathBuf>,
    /// Device type of devices NetBox lacks, by its slug; with --role and --site they are made
    #[arg(long = "type", value_name = "SLUG", value_parser = slug, requires = "role", requires = "site")]
    pub device_type: Option<Text>,
    /// Their role
    #[arg(long, value_name = "SLUG", value_parser = slug, requires = "device_type", requires = "site")]
    pub role: Option<Text>,
    /// Their site
    #[arg(long, value_name = "SLUG", value_parser = site, requires = "device_type", requires = "role")]
    pub site: Option<SiteId>,
    /// Where servers that are new here are in their life
    #[arg(long, default_value = "received", hide_possible_values = true)]
    #[arg(value_parser = words::<Stage>(Stage::ALL.iter().map(|s| s.word())))]
    pub stage: Stage,
    /// How long to wait for NetBox: 60s, 5m, 2h, or 0s
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = span)]
    pub wait: Duration,
    /// Only read the file and hold it against what is known; nothing is changed
    #[arg(long)]
    pub check: bool,
}

/// What a row came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Came {
    /// Judged only.
    Checked,
    MacSet,
    MacThere,
    MacKept,
    Waiting,
    Failed,
}

/// One row as it is told.
#[derive(Serialize)]
struct Told {
    /// Its line in the file.
    row: u32,
    serial: Text,
    bmc_mac: Text,
    /// `imported` or `already`; null where the row was not taken.
    entry: Option<Entry>,
    result: Came,
    /// Why, or what stands in NetBox; may be empty.
    text: Text,
}

/// How many rows came to what. A row with a warning is a good one.
#[derive(Default, Serialize)]
struct Summary {
    rows: usize,
    good: usize,
    warned: usize,
    failed: usize,
    waiting: usize,
}

#[derive(Serialize)]
struct Document<'a> {
    check: bool,
    ignored: &'a [Text],
    rows: &'a [Told],
    summary: &'a Summary,
}

/// What is the same for all rows.
struct Terms {
    site: SiteId,
    stage: Stage,
    create: Option<NewDevice>,
    check: bool,
    /// Factory accounts of the BMCs, by serial.
    accounts: BTreeMap<Text, Given>,
}

pub(super) async fn import(host: &HostSpec, args: Import, out: &mut Output<'_>) -> Result<u8, Fail> {
    let name = args.file.display();
    let columns = match &args.columns {
        Some(path) => columns(path)?,
        None => args.map.unwrap_or_default(),
    };
    let bytes = read(&args.file).map_err(|error| Fail::Usage(format!("{name} cannot be read: {error}")))?;
    if let Some(order) = args.order.filter(|_| paper::is_paper(&bytes)) {
        return paper::import(&connect(host).await?, &args.file, bytes, order, out).await;
    }
    let manifest = manifest::parse_by(&bytes, &columns).map_err(|why| Fail::Usage(format!("{name}: {why}")))?;
    let mut link = connect(host).await?;
    let create = match (args.device_type, args.role, &args.site) {
        (Some(device_type), Some(role), Some(site)) => {
            Some(NewDevice { device_type, role, site: site.as_str().into() })
        }
        _ => None,
    };
    let site = args.site.unwrap_or_else(|| link.hello.site.clone());
    let Manifest { lines, ignored } = manifest;
    let account = |line: &Line| Some((line.row.as_ref().ok()?.serial.clone(), Given(line.account.clone()?)));
    let accounts: BTreeMap<Text, Given> = lines.iter().filter_map(account).collect();
    if !accounts.is_empty() && args.order.is_some() {
        let what = "passwords of an order's servers are not taken with --order; import the file again without it";
        return Err(Fail::Usage(format!("{name}: {what}, once they are bound")));
    }
    let terms = Terms { site, stage: args.stage, create, check: args.check, accounts };
    let rows: Vec<Row> = lines.iter().filter_map(|line| line.row.clone().ok()).collect();
    let entries = match args.order {
        Some(order) => bind(host, &link, &rows, order).await?,
        None => enter(host, &mut link, &rows, &terms).await?,
    };
    let standings = if args.check { BTreeMap::new() } else { follow(&link, &rows, &entries, args.wait).await? };
    let mut answers = entries.into_iter();
    let told: Vec<Told> = lines.into_iter().map(|line| tell(line, &mut answers, &standings)).collect();
    let summary = summarise(&told);
    if out.json {
        out.document(&Document { check: args.check, ignored: &ignored, rows: &told, summary: &summary })?;
    } else {
        print(&ignored, &told, &summary, args.check, out)?;
    }
    Ok(match summary {
        Summary { failed: 1.., .. } => exit::REFUSED,
        Summary { waiting: 1.., .. } => exit::WAITING,
        _ => exit::DONE,
    })
}

/// A column map from a file.
fn columns(path: &Path) -> Result<Columns, Fail> {
    let name = path.display();
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MAX_MAP).read_to_string(&mut text));
    read.map_err(|error| Fail::Usage(format!("{name} cannot be read: {error}")))?;
    let map: BTreeMap<String, String> = toml::from_str(&text).map_err(|error| {
        let what = error.to_string();
        Fail::Usage(format!("{name}: {}. It has lines such as serial = \"Service Tag\"", what.trim_end()))
    })?;
    let pairs = map.iter().map(|(field, column)| (field.as_str(), column.as_str()));
    Columns::named(pairs).map_err(|bad| Fail::Usage(format!("{name}: {bad}")))
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more than is taken, so that what is too much is noticed.
    let most = manifest::MAX_BYTES as u64 + 1;
    if path == Path::new("-") {
        io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    } else {
        File::open(path)?.take(most).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// Sends the rows, so many at a time. Where the connection breaks, a part is sent once more: rows that were taken are
/// known by then, and nothing is done twice.
async fn enter(
    host: &HostSpec,
    link: &mut Connection,
    rows: &[Row],
    terms: &Terms,
) -> Result<Vec<Result<Entry, Refusal>>, Fail> {
    let mut entries = Vec::with_capacity(rows.len());
    for part in rows.chunks(MAX_IMPORT) {
        let answers = match send(link, part, terms).await {
            Err(RpcError::Server(error)) => return Err(RpcError::Server(error).into()),
            Err(_) => {
                *link = connect(host).await?;
                send(link, part, terms).await.map_err(|lost| unsure(lost, entries.len()))??
            }
            Ok(answers) => answers?,
        };
        if answers.len() != part.len() {
            return Err(Fail::Lost("rackhandd answered for other rows than were sent. Is it of this version?".into()));
        }
        // It is the caller that is refused, not the row.
        if let Some(Err(refusal)) = answers.iter().find(|a| matches!(a, Err(r) if r.why == Why::NotAllowed)) {
            return Err(refusal.clone().into());
        }
        entries.extend(answers);
    }
    Ok(entries)
}

/// Binds each row's serial to a server of the order.
async fn bind(
    host: &HostSpec,
    link: &Connection,
    rows: &[Row],
    order: OrderId,
) -> Result<Vec<Result<Entry, Refusal>>, Fail> {
    let mut entries = Vec::with_capacity(rows.len());
    for row in rows {
        let (serial, bmc_mac) = (row.serial.clone(), Some(row.bmc_mac));
        let command = Command::BindSerial { order, serial, bmc_mac, model: None };
        entries.push(match carry_out(host, link, &command).await {
            Ok(Receipt { answer: Answer::Already, .. }) => Ok(Entry::Already),
            Ok(_) => Ok(Entry::Imported),
            Err(Fail::Refused(refusal)) if refusal.why != Why::NotAllowed => Err(refusal),
            Err(fail) => return Err(fail),
        });
    }
    Ok(entries)
}

type Entered = Result<Vec<Result<Entry, Refusal>>, Refusal>;

async fn send(link: &Connection, part: &[Row], terms: &Terms) -> Result<Entered, RpcError> {
    let import = rackhand_rpc::Import {
        rows: part.to_vec(),
        site: terms.site.clone(),
        stage: terms.stage,
        create: terms.create.clone(),
        check: terms.check,
        accounts: part
            .iter()
            .filter_map(|row| Some((row.serial.clone(), terms.accounts.get(&row.serial)?.clone())))
            .collect(),
    };
    answered(COMMAND, link.client.import(within(COMMAND), import)).await
}

fn unsure(lost: RpcError, taken: usize) -> Fail {
    let Fail::Lost(why) = Fail::from(lost) else { return Fail::Lost("the answer was lost".into()) };
    Fail::Lost(format!(
        "{why}. {} had been taken; import the file again, which does nothing twice",
        count(taken, "row")
    ))
}

/// Waits until every row that was taken has come to something, or the time is over.
async fn follow(
    link: &Connection,
    rows: &[Row],
    entries: &[Result<Entry, Refusal>],
    wait: Duration,
) -> Result<BTreeMap<Text, Standing>, Fail> {
    let until = Instant::now() + wait;
    let taken = rows.iter().zip(entries).filter(|(_, entry)| entry.is_ok());
    let mut open: Vec<Text> = taken.map(|(row, _)| row.serial.clone()).collect();
    let mut standings = BTreeMap::new();
    let mut head = link.hello.head;
    loop {
        let mut still = Vec::new();
        for part in open.chunks(MAX_IMPORT) {
            let told = link.ask(Imported(part.to_vec())).await?;
            for (serial, standing) in part.iter().zip(told) {
                let Some(standing) = standing else { continue };
                if standing.result == Registered::Waiting {
                    still.push(serial.clone());
                }
                standings.insert(serial.clone(), standing);
            }
        }
        open = still;
        let left = until.saturating_duration_since(Instant::now());
        if open.is_empty() || left.is_zero() {
            return Ok(standings);
        }
        let wait_ms = u32::try_from(left.min(NEWS).as_millis()).unwrap_or(u32::MAX);
        head = answered(watched(wait_ms), link.client.watch(watch(wait_ms), head, wait_ms)).await?;
        sleep(left.min(BREATH)).await;
    }
}

fn tell(
    line: Line,
    answers: &mut impl Iterator<Item = Result<Entry, Refusal>>,
    standings: &BTreeMap<Text, Standing>,
) -> Told {
    let Line { line: row, serial, bmc_mac, row: read, account: _ } = line;
    let (serial, bmc_mac, answer) = match &read {
        Ok(read) => (read.serial.clone(), Text::from(read.bmc_mac.to_string()), answers.next()),
        Err(_) => (serial, bmc_mac, None),
    };
    let told =
        |entry, result, text: Text| Told { row, serial: serial.clone(), bmc_mac: bmc_mac.clone(), entry, result, text };
    match (read, answer) {
        (Err(problem), _) => told(None, Came::Failed, problem.to_string().into()),
        (Ok(_), None) => told(None, Came::Failed, "it was not sent".into()),
        (Ok(_), Some(Err(refusal))) => told(None, Came::Failed, refusal.text),
        (Ok(read), Some(Ok(entry))) => match standings.get(&read.serial) {
            None => told(Some(entry), Came::Checked, Text::new("")),
            Some(Standing { result, text }) => {
                let came = match result {
                    Registered::Waiting => Came::Waiting,
                    Registered::MacSet => Came::MacSet,
                    Registered::MacThere => Came::MacThere,
                    Registered::MacKept => Came::MacKept,
                    Registered::Failed => Came::Failed,
                };
                told(Some(entry), came, text.clone())
            }
        },
    }
}

fn summarise(told: &[Told]) -> Summary {
    let mut summary = Summary { rows: told.len(), ..Summary::default() };
    for row in told {
        match row.result {
            Came::Failed => summary.failed += 1,
            Came::Waiting => summary.waiting += 1,
            Came::MacKept => (summary.good, summary.warned) = (summary.good + 1, summary.warned + 1),
            Came::Checked | Came::MacSet | Came::MacThere => summary.good += 1,
        }
    }
    summary
}

fn print(ignored: &[Text], told: &[Told], summary: &Summary, check: bool, out: &mut Output<'_>) -> Result<(), Fail> {
    if !ignored.is_empty() {
        let names: Vec<&str> = ignored.iter().map(Text::as_str).collect();
        out.line(format!("Columns nobody here reads: {}", names.join(", ")))?;
    }
    let mut table = Table::new(&["ROW", "SERIAL", "BMC MAC", "RESULT"], Last::Wrap);
    for row in told {
        table.row([row.row.to_string(), row.serial.to_string(), row.bmc_mac.to_string(), result(row)]);
    }
    out.table(&table)?;
    let mut parts = vec![format!("{} good", summary.good)];
    for (n, what) in [(summary.warned, "with a warning"), (summary.failed, "failed")] {
        if n > 0 {
            parts.push(format!("{n} {what}"));
        }
    }
    if summary.waiting > 0 {
        parts.push(format!("{} waiting for NetBox (automatic: no action needed)", summary.waiting));
    }
    let changed = if check { "; nothing was changed" } else { "" };
    out.line(format!("{}: {}{changed}", count(summary.rows, "row"), parts.join(", ")))
}

fn result(row: &Told) -> String {
    let entry = match row.entry {
        Some(Entry::Imported) => "imported",
        Some(Entry::Already) => "already",
        None => return format!("failed: {}", row.text),
    };
    let why = if row.text.is_empty() { String::new() } else { format!(": {}", row.text) };
    match row.result {
        Came::Checked if row.entry == Some(Entry::Imported) => "would be imported".to_owned(),
        Came::Checked => "already".to_owned(),
        Came::MacSet => format!("{entry}, MAC set"),
        Came::MacThere => format!("{entry}, MAC there"),
        Came::MacKept => format!("{entry}, MAC kept; warning{why}"),
        Came::Waiting => format!("{entry}, waiting for NetBox{why}"),
        Came::Failed => format!("failed{why}"),
    }
}
