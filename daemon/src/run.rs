//! The program: its arguments, its process, its start and its end.

mod configuration;
mod examination;
mod notify;
mod reload;
mod serve;
mod tools;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Threads of the runtime. The journal has one of its own; everything else waits for the network most of the time.
const WORKERS: usize = 2;

/// rackhandd, the daemon of one site: watches leases, walks servers from their first lease to staged, keeps the journal.
#[derive(Parser)]
#[command(name = "rackhandd", version, max_term_width = 100)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "Exit status: 0 after SIGTERM or SIGINT or when the tool is done, 1 if something failed, \
                        2 if the arguments or the configuration are wrong. RUST_LOG sets what is logged: debug, \
                        or rackhand_daemon=debug,info.")]
struct Arguments {
    /// The configuration file; rackhandd.example.toml explains every key
    #[arg(long, value_name = "FILE", required = true)]
    config: Option<PathBuf>,
    /// A capture file whose leases are taken in at the start, after those the configuration names; may be repeated
    #[arg(long, value_name = "FILE")]
    pcap: Vec<PathBuf>,
    /// Take a configuration with [lab] in it: its clock is not the real one
    #[arg(long)]
    lab: bool,
    #[command(subcommand)]
    tool: Option<Tool>,
}

#[derive(Subcommand)]
enum Tool {
    /// Check a journal from the first event to the last. The daemon may run meanwhile
    Verify {
        /// The daemon's data directory
        #[arg(long, value_name = "DIR")]
        data_dir: PathBuf,
    },
    /// Copy a journal to a file. The daemon may run meanwhile
    Backup {
        /// The daemon's data directory
        #[arg(long, value_name = "DIR")]
        data_dir: PathBuf,
        /// The file; it must not exist
        #[arg(long, value_name = "FILE", required_unless_present = "into", conflicts_with = "into")]
        to: Option<PathBuf>,
        /// A directory: the file gets a name with the time, and the oldest such files beyond --keep are removed
        #[arg(long, value_name = "DIR")]
        into: Option<PathBuf>,
        /// How many copies are kept in the directory
        #[arg(long, value_name = "COUNT", default_value_t = 16, requires = "into", value_parser = clap::value_parser!(u16).range(1..))]
        keep: u16,
    },
    /// Put a backup in place. A journal that is there is moved aside. The daemon must not run
    Restore {
        /// The backup
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
        /// The daemon's data directory
        #[arg(long, value_name = "DIR")]
        data_dir: PathBuf,
    },
    /// Let effects go out again after a restore or a lost journal. While the daemon runs, use `rackhand resume`
    Resume {
        /// The daemon's data directory
        #[arg(long, value_name = "DIR")]
        data_dir: PathBuf,
        /// What you found; it goes into the journal
        #[arg(long)]
        reason: String,
    },
    /// What is wrong with the daemon's surroundings, and what to do; exit status 1 where something is. The daemon may
    /// run meanwhile
    Doctor {
        /// The daemon's configuration
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// One JSON document
        #[arg(long)]
        json: bool,
    },
    /// The configuration: an example, its schema, or whether a file will do
    Config {
        #[command(subcommand)]
        question: configuration::Question,
    },
}

/// Why the program ends before its time: one sentence for a person, and the exit status.
struct Stop {
    status: u8,
    sentence: String,
}

impl Stop {
    /// Something failed.
    fn failed(sentence: impl Into<String>) -> Self {
        Self { status: 1, sentence: sentence.into() }
    }

    /// The configuration is wrong.
    fn misconfigured(sentence: impl Into<String>) -> Self {
        Self { status: 2, sentence: sentence.into() }
    }
}

/// `rackhandd`'s main function.
pub fn main() -> ExitCode {
    let begun = std::time::Instant::now();
    let arguments = Arguments::parse();
    let done = match arguments.tool {
        Some(Tool::Verify { data_dir }) => tools::verify(&data_dir),
        Some(Tool::Backup { data_dir, to, into, keep }) => match (to, into) {
            (_, Some(dir)) => tools::backup_into(&data_dir, &dir, keep.into()),
            (to, None) => tools::backup(&data_dir, &to.unwrap_or_default()),
        },
        Some(Tool::Restore { from, data_dir }) => tools::restore(&from, &data_dir),
        Some(Tool::Resume { data_dir, reason }) => tools::resume(&data_dir, &reason),
        Some(Tool::Doctor { config, json }) => return examination::doctor(&config, json),
        Some(Tool::Config { question }) => configuration::answer(question),
        None => {
            log_to_stderr();
            run(begun, arguments.config.unwrap_or_default(), arguments.pcap, arguments.lab)
        }
    };
    ended(done)
}

fn ended(done: Result<(), Stop>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            // Where standard error is closed, the status must do.
            let _ = writeln!(std::io::stderr(), "rackhandd: {}", stop.sentence);
            ExitCode::from(stop.status)
        }
    }
}

fn run(begun: std::time::Instant, config: PathBuf, pcap: Vec<PathBuf>, lab: bool) -> Result<(), Stop> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .map_err(|e| Stop::failed(format!("the system gives no threads: {e}")))?;
    let done = runtime.block_on(serve::serve(begun, &config, pcap, lab));
    // Connections of peers who do not go away must not keep the process.
    runtime.shutdown_background();
    done
}

/// One line for each event. What comes from outside was cleaned at the door, so it cannot break the line.
fn log_to_stderr() {
    let wanted = std::env::var("RUST_LOG").unwrap_or_default();
    let (filter, fault) = match logged(&wanted) {
        Ok(filter) => (filter, None),
        Err(fault) => (Targets::new().with_default(LevelFilter::INFO), Some(fault)),
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    tracing_subscriber::registry().with(filter).with(lines).init();
    if let Some(fault) = fault {
        tracing::warn!("RUST_LOG is not understood: {fault}; info and above is logged");
    }
}

/// `debug`, or `rackhand_daemon=debug,info`: levels of targets, and of all others. Of nothing it is info.
fn logged(wanted: &str) -> Result<Targets, String> {
    let level = |word: &str| {
        word.trim()
            .parse::<LevelFilter>()
            .map_err(|_| format!("`{word}` is no level; give error, warn, info, debug, trace or off"))
    };
    let parts: Vec<&str> = wanted.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        return Ok(Targets::new().with_default(LevelFilter::INFO));
    }
    parts.into_iter().try_fold(Targets::new(), |all, part| {
        Ok(match part.split_once('=') {
            None => all.with_default(level(part)?),
            Some((target, word)) => all.with_target(target.trim(), level(word)?),
        })
    })
}
