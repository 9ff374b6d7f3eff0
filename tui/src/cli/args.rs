//! The verbs and their arguments.

mod look;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use rackhand_core::bmc::Fingerprint;
use rackhand_core::event::Seq;
use rackhand_core::flow::step::Step;
use rackhand_core::inventory::reconcile::Field;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::lifecycle::task::TaskId;

pub use self::look::LookArgs;
use super::dhcp::DhcpEvent;
use super::import::Import;
use super::order::OrderVerb;
use super::password::Password;
use super::place::{Place, WorkOrder};
use super::reads::Reading;
use super::receive::Receive;
use super::takeover::TakeOver;
use super::values::{rows, speed, words};
use crate::link::host::HostSpec;

/// rackhand: bare-metal servers from the dock to service. Without a verb, the console.
#[derive(Debug, Parser)]
#[command(name = "rackhand", version, max_term_width = 100, after_help = AFTER)]
pub struct Cli {
    /// The daemon: unix:///path, or ssh://user@site with :port and /path where they differ. Default: the socket of
    /// this machine
    #[arg(long, global = true, env = "RACKHAND_HOST", value_name = "HOST", hide_env_values = true)]
    pub host: Option<HostSpec>,
    /// One JSON document for a command; one on each line for `tail`
    #[arg(long, global = true)]
    pub json: bool,
    /// Lines of text, without a screen. Verbs do so anyway; without a verb it means `status`
    #[arg(long, global = true, conflicts_with = "json")]
    pub plain: bool,
    /// How the console looks and what it keeps.
    #[command(flatten)]
    pub look: LookArgs,
    /// What to do.
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

const AFTER: &str = "\
LABEL is a serial, or a unit's id.

Exit codes: 0 done, 1 refused, not found, or a row failed, 2 wrong usage, 3 no connection,
4 the journal is damaged, 5 something still waits, 6 something is left for a person to do.
`rackhand explain json` tells what --json prints; `rackhand keys` the console's keys.";

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Look at something.
    #[command(flatten)]
    Read(Reading),
    /// Receive servers at a dock by their serials; each is judged: expected, received before, another site's, unknown
    Receive(Receive),
    /// Keep places for servers: rack and unit, outlets and switch ports; the best proposal unless another is taken
    Place(Place),
    /// Give kept places back
    Unplace {
        /// Serials or unit ids
        #[arg(required = true, value_name = "SERIAL")]
        labels: Vec<String>,
        /// Why; it goes into the journal
        #[arg(long, default_value = "given back by hand")]
        reason: String,
    },
    /// Print the work order for servers that have a place: what goes where, with which cables
    WorkOrder(WorkOrder),
    /// Follow the journal as it grows
    Tail {
        /// Only this serial, unit id or bmc/MAC
        label: Option<String>,
        /// Begin after this event; default: the last ten
        #[arg(long, value_name = "SEQ")]
        since: Option<Seq>,
    },
    /// Orders: placed, compared, approved, followed to the dock; and what the ready pool has
    #[command(subcommand)]
    Order(Box<OrderVerb>),
    /// Change something.
    #[command(flatten)]
    Change(Change),
    /// Enter the servers a vendor's manifest names, and have NetBox hold their BMCs' MACs
    Import(Import),
    /// Take over servers that run already: NetBox's active and ready devices become units, by a plan
    #[command(subcommand)]
    TakeOver(TakeOver),
    /// Give the password of one server's BMC, read from standard input or asked for; it is sealed on the daemon's disk
    Password(Password),
    /// Check the whole journal; exit code 4 where it is damaged
    Verify,
    /// Tell of a lease: for the hooks of DHCP servers
    DhcpEvent(DhcpEvent),
    /// BMCs that were seen, and what became of them
    Sightings {
        /// Rows
        #[arg(long, default_value_t = 50, value_parser = rows(512))]
        limit: usize,
        /// First row
        #[arg(long, default_value_t = 0)]
        offset: usize,
    },
    /// NetBox: whether it is ready, setting it up, what it and the journal disagree about
    #[command(subcommand)]
    Netbox(Netbox),
    /// What is wrong around the daemon, on the way to it and with this terminal, and what to do; exit code 1 where
    /// something is
    Doctor {
        /// The daemon's configuration, where no daemon answers
        #[arg(long, value_name = "FILE", default_value = super::doctor::CONFIG)]
        config: std::path::PathBuf,
    },
    /// Print a table Rackhand works by; needs no daemon
    Explain {
        /// Which
        topic: Topic,
    },
    /// Print every key, command and risk, with your own keys in place
    Keys,
    /// Play a recorded session; nothing is sent anywhere
    Replay {
        /// The recording
        file: std::path::PathBuf,
        /// How many times faster than it was
        #[arg(long, default_value_t = 1.0, value_parser = speed)]
        speed: f64,
        /// How it looks.
        #[command(flatten)]
        look: LookArgs,
    },
    /// Themes
    Theme {
        /// What with them
        #[command(subcommand)]
        what: ThemeVerb,
    },
    /// Print the shell's completions
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write one for each verb into a directory
    Man {
        /// Where to
        dir: Option<std::path::PathBuf>,
    },
    /// Copy standard input and output to the daemon's socket; the far end of --host ssh://
    DialStdio {
        /// The socket; default as for --host
        #[arg(long, value_name = "PATH")]
        socket: Option<PathBuf>,
    },
    /// Five datacenters on this machine, simulated, with a daemon and the console
    #[cfg(feature = "demo")]
    Demo(Demo),
}

/// What can be done with themes.
#[derive(Debug, Subcommand)]
pub enum ThemeVerb {
    /// Check contrast, and that states differ for every eye; without a file, the shipped themes
    Check {
        /// A theme file, or a shipped theme's name
        file: Option<String>,
    },
    /// Print a shipped theme's file, to begin your own from
    Print {
        /// Which
        name: String,
    },
}

/// The verbs that change something.
#[derive(Debug, Subcommand)]
pub enum Change {
    /// Try the parked steps again, with a fresh budget
    Retry {
        /// Serial, unit id or bmc/MAC
        label: String,
    },
    /// Go on without a parked step
    Skip {
        /// Serial or unit id
        label: String,
        /// The step, as `show` names it
        #[arg(value_parser = words::<Step>(Step::ALL.iter().map(|s| s.word())), hide_possible_values = true)]
        step: Step,
        /// Why; goes into the journal
        #[arg(long)]
        reason: String,
        /// That it is meant.
        #[command(flatten)]
        typed: Typed,
    },
    /// The BMC's new certificate is right: it must show this one from now on
    Trust {
        /// Serial or unit id
        label: String,
        /// SHA-256 of the certificate, as the fault names it and the BMC's own console shows it
        certificate: Fingerprint,
        /// Why it changed
        #[arg(long)]
        reason: String,
        /// That it is meant.
        #[command(flatten)]
        sure: Sure,
    },
    /// Stop for good: what was done is undone in reverse
    Cancel(Final),
    /// Stop for now
    Hold(Reasoned),
    /// Back to normal, from hold, quarantine, loss or a finished cancellation. Out of quarantine after a tenant, and into
    /// the pool without proof, it takes two people: each runs this with a reason
    Release {
        /// Serial or unit id
        label: String,
        /// Why; goes into the journal
        #[arg(long)]
        reason: Option<String>,
    },
    /// Keep from everything until a person clears it
    Quarantine(Reasoned),
    /// Have a server's BMC restart itself; what had stopped at it is begun anew. `rackhand why` tells when it is back
    ResetBmc(Reasoned),
    /// Out of use for good
    Retire(Final),
    /// Let effects go out again after a restore or a lost journal
    Resume {
        /// What you found: what was ordered, written and reset since; goes into the journal
        #[arg(long)]
        reason: String,
    },
    /// A task is done
    Done {
        /// Serial or unit id
        label: String,
        /// The task's number, as `show` names it
        task: TaskId,
        /// What was done
        #[arg(long)]
        note: String,
    },
    /// Say what a server of the pool is, where no report of its own tells
    Describe {
        /// Serial or unit id
        label: String,
        /// Such as "2x Xeon Gold 6530, 512GB DDR5, 4x 3.84TB NVMe, 2x 100GbE"
        spec: String,
    },
    /// Have a server's locator LED on or off; it is read back
    Locate {
        /// Serial or unit id
        label: String,
        /// on or off
        #[arg(value_enum, default_value_t = Switch::On)]
        to: Switch,
    },
    /// Say which rack's label was scanned where a server was mounted: it is racked, where that is its place
    ScanRack {
        /// Serial or unit id
        label: String,
        /// The rack's label, such as A07 or fra1/A07
        rack: String,
        /// The lowest unit it was mounted at
        #[arg(value_name = "U", value_parser = super::place::unit_number)]
        unit: Option<u16>,
    },
    /// Move a unit to a stage, where the lifecycle lets a person
    Move {
        /// Serial or unit id
        label: String,
        /// Where to
        #[arg(value_parser = words::<Stage>(Stage::ALL.iter().map(|s| s.word())), hide_possible_values = true)]
        stage: Stage,
        /// Why, or what was seen
        #[arg(long)]
        reason: String,
        /// That it is meant, where it leads back.
        #[command(flatten)]
        typed: Typed,
    },
}

/// Of what is switched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}

/// About NetBox.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Netbox {
    /// Look whether it is ready for Rackhand; exit code 6 where something is to be done
    Check,
    /// Make the custom fields, choices and tenant it lacks, and print what only its configuration can add
    Init,
    /// What the daemon's copy of it and the journal disagree about, by kind and row by row; exit code 6 where a person
    /// must act. Devices that are no unit here are counted, and listed with --kind unit-missing
    Diff {
        /// Only this kind
        #[arg(long, value_parser = words::<Field>(Field::ALL.iter().map(|f| f.slug())), value_name = "KIND")]
        kind: Option<Field>,
        /// Rows
        #[arg(long, default_value_t = 50, value_parser = rows(512))]
        limit: usize,
        /// First row
        #[arg(long, default_value_t = 0)]
        offset: usize,
    },
}

/// A unit, and why.
#[derive(Debug, Args)]
pub struct Reasoned {
    /// Serial or unit id
    pub label: String,
    /// Why; goes into the journal
    #[arg(long)]
    pub reason: String,
}

/// A unit, why, and that it is meant.
#[derive(Debug, Args)]
pub struct Final {
    /// The unit, and why.
    #[command(flatten)]
    pub what: Reasoned,
    /// That it is meant.
    #[command(flatten)]
    pub typed: Typed,
}

/// What a person types where a command cannot be taken back, given beforehand.
#[derive(Clone, Debug, Default, Args)]
pub struct Typed {
    /// The word that would be asked for: the last four of the serial, the order's number, or how many servers
    #[arg(long, value_name = "WORD")]
    pub confirm: Option<String>,
}

/// A yes, given beforehand.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Sure {
    /// Do not ask whether it is meant
    #[arg(long)]
    pub yes: bool,
}

/// What a demo is made of.
#[cfg(feature = "demo")]
#[derive(Clone, Debug, Args)]
pub struct Demo {
    /// The same seed gives the same day
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// How many times faster than life
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub speed: u32,
    /// Servers
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(70..=5_000))]
    pub servers: u32,
    /// Without the console: print what happens
    #[arg(long)]
    pub headless: bool,
    /// Without the console: print the directory of its sockets, and run until it is interrupted. There, NAME.sock makes
    /// whoever connects that person: anna orders, berta and carl approve, tina receives and racks
    #[arg(long, conflicts_with = "headless")]
    pub serve: bool,
    /// How it looks.
    #[command(flatten)]
    pub look: LookArgs,
}

/// What can be explained.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Topic {
    /// Every transition: from, to, on what proof, by whom.
    Lifecycle,
    /// Every step: lane, class, tries, pauses, deadline.
    Steps,
    /// Every stage: its word, its short form, where it leads.
    Stages,
    /// What each verb prints with --json.
    Json,
    /// What is in a file of orders.
    Orders,
    /// The exit codes.
    ExitCodes,
}
