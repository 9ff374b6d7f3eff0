//! The command line: the console's verbs without a screen.
//!
//! Results go to standard output, errors and questions to standard error. With `--json` a command writes one JSON
//! document; `rackhand explain json` tells which (`explain`, `reads`). Its fields are those of [`rackhand_core::view`],
//! the rooms' `questions` and [`rackhand_rpc`].
//!
//! Times are microseconds since the Unix epoch. `why` is `no_connection`, `usage`, `internal`, or the word of a
//! [`rackhand_core::decide::Why`].

pub mod args;
mod bmc;
mod command;
mod confirm;
mod console;
mod dhcp;
mod dial;
mod doctor;
mod events;
mod explain;
mod fleet;
mod import;
mod netbox;
mod order;
mod output;
mod pages;
mod password;
mod place;
mod racks;
mod reads;
mod receive;
mod table;
mod tail;
mod takeover;
mod theme;
mod unit;
mod values;
mod waits;
mod work;

use std::ffi::OsString;
use std::io::Write;

use clap::Parser;
use rackhand_core::id::{Subject, UnitId};
use rackhand_core::view::questions::Find;

use self::args::{Cli, Verb};
use self::output::{Fail, Output, not_found};
use self::reads::Reading;
use crate::link::connect::{Connection, HostSpec, connect};

pub use self::output::Streams;

/// Exit codes.
pub mod exit {
    /// Done, or nothing was to be done.
    pub const DONE: u8 = 0;
    /// Refused, not found, or a row of a manifest failed.
    pub const REFUSED: u8 = 1;
    /// Wrong usage.
    pub const USAGE: u8 = 2;
    /// No connection, or it broke.
    pub const NO_CONNECTION: u8 = 3;
    /// `verify` found damage.
    pub const DAMAGED: u8 = 4;
    /// Rows of a manifest still wait for NetBox and none has failed, or an order has not come to what was waited for.
    pub const WAITING: u8 = 5;
    /// Something is left for a person to do.
    pub const TO_DO: u8 = 6;

    /// All of them, with what they mean.
    pub const ALL: &[(u8, &str)] = &[
        (DONE, "done, or nothing was to be done"),
        (REFUSED, "refused by the daemon, not found, a row failed, results that cannot be written, or a fault of ours"),
        (USAGE, "wrong usage, or a file of yours that is not as it must be"),
        (NO_CONNECTION, "no connection to the daemon, or it broke before the answer"),
        (DAMAGED, "the journal is not as it was written, or a theme does not pass its check"),
        (WAITING, "rows of a manifest still wait for NetBox, or an order has not come to what was waited for"),
        (TO_DO, "something is left for a person to do"),
    ];
}

/// Runs one command line, program name first, with nobody to ask and no terminal. Gives the exit code.
pub async fn run(args: impl IntoIterator<Item = OsString>, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    run_with(args, Streams { out, err, answers: None, width: None }).await
}

/// The same on given streams.
pub async fn run_with(args: impl IntoIterator<Item = OsString>, streams: Streams<'_>) -> u8 {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(told) => {
            let (to, code) = if told.use_stderr() { (streams.err, exit::USAGE) } else { (streams.out, exit::DONE) };
            // Whoever closed the stream does not want to know.
            let _ = write!(to, "{}", told.render()).and_then(|()| to.flush());
            return code;
        }
    };
    let host = cli.host.unwrap_or_else(HostSpec::here);
    let mut out = Output::new(streams, cli.json);
    let verb = match cli.verb {
        None if cli.json || cli.plain => Verb::Read(Reading::Status(fleet::Status {})),
        None => return out.end(console::start(host, &cli.look).await),
        Some(Verb::Replay { file, speed, look }) => {
            let end = console::replay(&file, speed, &look.or(cli.look), cli.plain, &mut out).await;
            return out.end(end.map(|()| exit::DONE));
        }
        #[cfg(feature = "demo")]
        Some(Verb::Demo(demo)) => {
            let end = console::demo(demo, cli.look, &mut out).await;
            return out.end(end);
        }
        Some(verb) => verb,
    };
    let end = carry_out(verb, &host, &mut out).await;
    out.end(end)
}

async fn carry_out(verb: Verb, host: &HostSpec, out: &mut Output<'_>) -> Result<u8, Fail> {
    match verb {
        Verb::Explain { topic } => explain::explain(topic, out)?,
        Verb::DialStdio { socket } => dial::dial(host, socket).await?,
        Verb::Keys => console::keys(out)?,
        Verb::Theme { what } => return theme::theme(what, out),
        Verb::Completions { shell } => pages::completions(shell, out)?,
        Verb::Man { dir } => pages::man(dir.as_deref(), out)?,
        // Both have been taken before.
        Verb::Replay { .. } => {}
        #[cfg(feature = "demo")]
        Verb::Demo(_) => {}
        Verb::Read(what) => what.read(&connect(host).await?, out).await?,
        Verb::Sightings { limit, offset } => netbox::sightings(&connect(host).await?, offset, limit, out).await?,
        Verb::Netbox(what) => return netbox::netbox(&connect(host).await?, what, out).await,
        Verb::Doctor { config } => return doctor::doctor(host, &config, out).await,
        Verb::Verify => return fleet::verify(&connect(host).await?, out).await,
        Verb::Tail { label, since } => tail::tail(host, label.as_deref(), since, out).await?,
        Verb::Import(manifest) => return import::import(host, manifest, out).await,
        Verb::TakeOver(what) => return takeover::take_over(&connect(host).await?, what, out).await,
        Verb::Password(what) => password::password(&connect(host).await?, what, out).await?,
        Verb::Receive(what) => return receive::receive(host, what, out).await,
        Verb::Place(what) => place::place(host, what, out).await?,
        Verb::Unplace { labels, reason } => place::unplace(host, &labels, &reason, out).await?,
        Verb::WorkOrder(what) => place::work_order(&connect(host).await?, what, out).await?,
        Verb::DhcpEvent(told) => dhcp::tell(host, told, out).await?,
        Verb::Order(what) => return order::order(host, *what, out).await,
        Verb::Change(change) => command::command(host, change, out).await?,
    }
    Ok(exit::DONE)
}

/// The unit that has this serial or id.
async fn find(link: &Connection, label: &str) -> Result<UnitId, Fail> {
    let label = label.strip_prefix("unit/").unwrap_or(label);
    // Serials are kept in upper case.
    let upper = label.to_uppercase();
    for form in [label, &upper] {
        if let Some(id) = link.ask(Find(form.into())).await? {
            return Ok(id);
        }
        if upper == label {
            break;
        }
    }
    Err(not_found(format!("no unit of {} has the serial or id {label}; `rackhand units` lists them", link.hello.site)))
}

/// The unit that has this serial or id, or the BMC that has this MAC.
async fn subject(link: &Connection, label: &str) -> Result<Subject, Fail> {
    if ["bmc/", "deal/"].iter().any(|kind| label.starts_with(kind)) {
        return label.parse().map_err(|bad: &str| Fail::Usage(bad.to_owned()));
    }
    find(link, label).await.map(Subject::Unit)
}
