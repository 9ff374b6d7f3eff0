//! `rackhand password`: gives the account of one server's BMC, from standard input or a prompt; never as an argument,
//! which any user of the machine could read.

use std::io::{self, BufRead, Read};
use std::os::fd::AsFd;

use clap::Args;
use rackhand_core::secret::Account;
use rackhand_core::text::Text;
use rackhand_rpc::password::Given;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use super::command::tell;
use super::output::{Fail, Output};
use crate::link::connect::Connection;
use crate::link::{CALL, answered, call};

/// Whose password.
#[derive(Debug, Args)]
pub struct Password {
    /// Serial or unit id
    pub label: String,
    /// The account's user name; default: the one its maker gives
    #[arg(long)]
    pub user: Option<String>,
    /// Forget the password that was given
    #[arg(long, conflicts_with = "user")]
    pub forget: bool,
}

pub(super) async fn password(link: &Connection, what: Password, out: &mut Output<'_>) -> Result<(), Fail> {
    let unit = super::find(link, &what.label).await?;
    let account = if what.forget {
        None
    } else {
        let word = read(&what.label, out)?;
        let user = what.user.map(|user| Text::new(user.trim()));
        let account = Account::new(user, &word);
        let most = Account::MOST;
        let bad = || Fail::Usage(format!("not a password: one line of 1 to {most} characters, none of control"));
        Some(Given(account.ok_or_else(bad)?))
    };
    let receipt = answered(CALL, link.client.give_password(call(), unit, account)).await??;
    if out.json {
        return tell(&receipt, out);
    }
    out.line(if what.forget {
        format!("{}: the password that was given is forgotten", what.label)
    } else {
        format!("{}: its password is sealed, and tried at the next login", what.label)
    })
}

/// One line of standard input; at a terminal it is asked for and not shown.
fn read(label: &str, out: &mut Output<'_>) -> Result<String, Fail> {
    let stdin = io::stdin();
    let before = tcgetattr(stdin.as_fd()).ok();
    if let Some(before) = &before {
        out.prompt(&format!("Password of {label}'s BMC (not shown): ").into())?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        tcsetattr(stdin.as_fd(), OptionalActions::Flush, &hidden).map_err(io::Error::from)?;
    }
    let mut line = String::new();
    let read = stdin.lock().take(1_024).read_line(&mut line);
    if let Some(before) = &before {
        // Whatever was read, the terminal shows again what is typed.
        let shown = tcsetattr(stdin.as_fd(), OptionalActions::Flush, before);
        out.tell("");
        shown.map_err(io::Error::from)?;
    }
    read.map_err(|error| Fail::Usage(format!("standard input cannot be read: {error}")))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
