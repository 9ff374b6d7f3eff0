//! What a package ships beside the program: completions and manual pages, made from the arguments themselves.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use super::args::Cli;
use super::output::{Fail, Output};

/// `rackhand completions`.
pub(super) fn completions(shell: Shell, out: &mut Output<'_>) -> Result<(), Fail> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "rackhand", &mut text);
    out.verbatim(&String::from_utf8_lossy(&text))
}

/// `rackhand man`: the program's page, or every page into a directory.
pub(super) fn man(dir: Option<&Path>, out: &mut Output<'_>) -> Result<(), Fail> {
    let mut command = Cli::command();
    let Some(dir) = dir else {
        let mut text = Vec::new();
        Man::new(command).render(&mut text)?;
        return out.verbatim(&String::from_utf8_lossy(&text));
    };
    let unwritten = |e: std::io::Error| Fail::Usage(format!("{}: {e}", dir.display()));
    std::fs::create_dir_all(dir).map_err(unwritten)?;
    command.build();
    let mut pages = vec![("rackhand".to_owned(), command.clone())];
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set() && verb.get_name() != "help") {
        pages.push((format!("rackhand-{}", verb.get_name()), verb.clone()));
        for deeper in verb.get_subcommands().filter(|deeper| deeper.get_name() != "help") {
            pages.push((format!("rackhand-{}-{}", verb.get_name(), deeper.get_name()), deeper.clone()));
        }
    }
    for (name, page) in &pages {
        let mut text = Vec::new();
        // clap wants a name for as long as the program runs; there are a few dozen.
        let named = page.clone().name(&*Box::leak(name.clone().into_boxed_str()));
        Man::new(named).render(&mut text)?;
        std::fs::write(dir.join(format!("{name}.1")), text).map_err(unwritten)?;
    }
    out.line(format!("{} pages written to {}", pages.len(), dir.display()))
}
