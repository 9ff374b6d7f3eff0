//! The verbs that need a terminal: the console, the demo, a replay; and the table of keys.

use std::path::Path;

use super::args::LookArgs;
use super::exit;
use super::output::{Fail, Output};
use crate::app::{self, Options, RunError};
use crate::command::registry;
use crate::link::connect::{HostSpec, connect};
use crate::record::Replay;
use crate::replay;
use crate::settings::{self, Settings};

/// What is set: the file, then the flags.
fn settings(look: &LookArgs) -> Result<Settings, Fail> {
    let mut set = match settings::path(app::var) {
        Some(path) => Settings::read(&path).map_err(|e| Fail::Usage(e.to_string()))?,
        None => Settings::default(),
    };
    set.theme = look.theme.clone().or(set.theme);
    set.depth = look.depth.or(set.depth);
    set.glyphs = look.glyphs.or(set.glyphs);
    if look.mouse {
        set.mouse = Some(true);
    }
    Ok(set)
}

fn options(look: &LookArgs, host: Option<String>) -> Result<Options, Fail> {
    Ok(Options { settings: settings(look)?, record: look.record.clone(), host })
}

/// `rackhand` without a verb.
pub(super) async fn start(host: HostSpec, look: &LookArgs) -> Result<u8, Fail> {
    let options = options(look, Some(host.to_string()))?;
    let way = move || {
        let host = host.clone();
        async move { connect(&host).await }
    };
    app::run(way, options).await.map_err(|error| match error {
        RunError::Panicked(words) => Fail::Broken(words),
        other => Fail::Usage(other.to_string()),
    })?;
    Ok(exit::DONE)
}

/// `rackhand demo`.
#[cfg(feature = "demo")]
pub(super) async fn demo(demo: super::args::Demo, look: LookArgs, out: &mut Output<'_>) -> Result<u8, Fail> {
    let made_of = crate::demo::options(demo.seed, demo.speed, demo.servers);
    if demo.headless {
        crate::demo::headless(made_of, out.results()).await
    } else if demo.serve {
        crate::demo::served(made_of, out.results()).await
    } else {
        crate::demo::shown(made_of, options(&demo.look.or(look), None)?).await
    }
    .map_err(|e| Fail::Usage(format!("the demo ended: {e}")))?;
    Ok(exit::DONE)
}

/// `rackhand keys`.
pub(super) fn keys(out: &mut Output<'_>) -> Result<(), Fail> {
    let text = registry::as_text(&settings(&LookArgs::default())?.keys);
    if out.json { out.document(&serde_json::json!({ "text": text })) } else { out.verbatim(&text) }
}

/// `rackhand replay`.
pub(super) async fn replay(
    file: &Path,
    speed: f64,
    look: &LookArgs,
    plain: bool,
    out: &mut Output<'_>,
) -> Result<(), Fail> {
    let recording = Replay::read(file).map_err(|told| Fail::Usage(told.to_string()))?;
    let look = app::look(&settings(look)?).map_err(|e| Fail::Usage(e.to_string()))?;
    if plain || !out.is_terminal() {
        return out.verbatim(&replay::last_screen(recording, &look));
    }
    replay::run(file, speed, &look).await.map_err(|e| Fail::Usage(e.to_string()))
}
