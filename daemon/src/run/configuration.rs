//! What is done with a configuration without a daemon: its example, its schema, and whether a file will do.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::Stop;
use super::tools::say;
use crate::config::{Config, EXAMPLE, schema};

/// What to do with a configuration.
#[derive(Subcommand)]
pub(super) enum Question {
    /// Print an example in which every key is explained
    Example,
    /// Print the JSON schema (2020-12), for editors and for what writes configurations
    Schema,
    /// Check a configuration and the files it names; exit status 2 where it is wrong
    Check {
        /// The configuration
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

pub(super) fn answer(question: Question) -> Result<(), Stop> {
    match question {
        Question::Example => say(format_args!("{}", EXAMPLE.trim_end())),
        Question::Schema => say(format_args!("{:#}", schema())),
        Question::Check { file } => check(&file),
    }
}

fn check(file: &Path) -> Result<(), Stop> {
    let config = Config::read(file).map_err(|e| Stop::misconfigured(e.to_string()))?;
    say(format_args!("{}: sound; site {}", file.display(), config.policy.site))
}
