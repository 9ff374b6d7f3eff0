//! What is kept from one session to the next: the last page of servers, so that the first frame has something to show
//! before the daemon has answered, and filters. It is marked as old until the daemon has answered.

use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rackhand_core::id::SiteId;
use rackhand_core::time::Timestamp;
use rackhand_core::view::{Overview, Page, Sort, UnitRow};
use serde::{Deserialize, Serialize};

use crate::app::model::Model;
use crate::screen;
use crate::screen::receiving::Entry;

/// Raised when the file's meaning changes; older files are not read.
const FORM: u32 = 1;
/// Rows kept at the most: more than any first frame shows.
pub const ROWS: usize = 128;
/// Bytes read at the most.
const MOST: u64 = 1 << 20;

/// What is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    form: u32,
    /// The daemon it is from.
    host: String,
    now: Timestamp,
    overview: Option<Overview>,
    /// The first rows of the list without a filter, which nobody would expect now, and their number.
    page: Option<(Vec<UnitRow>, usize)>,
    sort: Sort,
    descending: bool,
    filters: Vec<String>,
    /// What was stuck, and how many.
    #[serde(default)]
    stuck: Option<(Vec<UnitRow>, usize)>,
    /// Whose dock the console stands at.
    #[serde(default)]
    dock: Option<SiteId>,
    /// Scans that were not answered: the next session sends them, under the same request ids.
    #[serde(default)]
    scans: Vec<Entry>,
}

/// Where the console keeps its own: `$XDG_STATE_HOME/rackhand`, else `~/.local/state/rackhand`; `None` without a home.
pub fn state_dir(var: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    under(var, "XDG_STATE_HOME", ".local/state")
}

/// Where the console's configuration is: `$XDG_CONFIG_HOME/rackhand`, else `~/.config/rackhand`.
pub fn config_dir(var: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    under(var, "XDG_CONFIG_HOME", ".config")
}

fn under(var: impl Fn(&str) -> Option<String>, name: &str, otherwise: &str) -> Option<PathBuf> {
    let set = |name: &str| var(name).filter(|v| v.starts_with('/')).map(PathBuf::from);
    set(name).or_else(|| Some(set("HOME")?.join(otherwise))).map(|dir| dir.join("rackhand"))
}

/// Makes a directory that only its owner can enter.
pub fn make_dir(dir: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// The file for a daemon.
pub fn file(dir: &Path, host: &str) -> PathBuf {
    // FNV-1a: a name for a file, nothing more; the host is checked inside.
    let hash = host.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    dir.join(format!("last-{hash:016x}.json"))
}

/// Keeps what the pipeline shows.
pub fn keep(model: &Model, path: &Path, host: &str) -> io::Result<()> {
    let p = &model.screens.pipeline;
    let scans: Vec<Entry> = model.screens.receiving.scans.iter().filter(|e| e.is_open()).cloned().collect();
    if model.greeting.is_none() && scans.is_empty() {
        return Ok(());
    }
    let stuck = &model.screens.fleet.stuck;
    let rows = stuck.rows.iter().take(ROWS).cloned().collect();
    let stuck = stuck.total.filter(|_| stuck.offset == 0).map(|total| (rows, total));
    let kept = Kept {
        form: FORM,
        host: host.to_owned(),
        now: model.now,
        overview: model.overview.clone(),
        page: p.first.clone(),
        sort: p.sort,
        descending: p.descending,
        filters: model.filters.clone(),
        stuck,
        dock: model.screens.receiving.site.clone(),
        scans,
    };
    if let Some(dir) = path.parent() {
        make_dir(dir)?;
    }
    // Written beside and put in place whole: another console may read it now.
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    let written = serde_json::to_writer(&mut file, &kept).map_err(io::Error::other).and_then(|()| file.flush());
    let placed = written.and_then(|()| std::fs::rename(&beside, path));
    if placed.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    placed
}

/// Takes up what was kept, if it is from this daemon. What cannot be read is as if it were not there.
pub fn take_up(model: &mut Model, path: &Path, host: &str) {
    let read = || -> Option<Kept> {
        let mut text = String::new();
        io::Read::read_to_string(&mut io::Read::take(std::fs::File::open(path).ok()?, MOST), &mut text).ok()?;
        serde_json::from_str(&text).ok()
    };
    let Some(kept) = read().filter(|k| k.form == FORM && k.host == host) else { return };
    let p = &mut model.screens.pipeline;
    (p.sort, p.descending) = (kept.sort, kept.descending);
    model.filters = kept.filters;
    model.overview = kept.overview;
    model.now = kept.now;
    model.kept = true;
    model.screens.receiving.site = kept.dock;
    model.screens.receiving.scans = kept.scans.into_iter().map(Entry::taken_up).collect();
    if let Some((rows, total)) = kept.stuck {
        let page = Page { head: 0, now: kept.now, total, offset: 0, rows };
        let height = screen::fleet::height(model);
        model.screens.fleet.stuck.take(page, height);
    }
    if let Some((rows, total)) = kept.page {
        model.screens.pipeline.first = Some((rows.clone(), total));
        let page = Page { head: 0, now: kept.now, total, offset: 0, rows };
        let height = screen::pipeline::height(model);
        model.screens.pipeline.list.take(page, height);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn directories_follow_xdg_then_home() {
        let with = |vars: &'static [(&'static str, &'static str)]| {
            move |name: &str| vars.iter().find(|(k, _)| *k == name).map(|(_, v)| (*v).to_owned())
        };
        let home = with(&[("HOME", "/home/anna")]);
        assert_eq!(state_dir(home), Some("/home/anna/.local/state/rackhand".into()));
        assert_eq!(config_dir(home), Some("/home/anna/.config/rackhand".into()));
        assert_eq!(state_dir(with(&[("XDG_STATE_HOME", "/s"), ("HOME", "/h")])), Some("/s/rackhand".into()));
        assert_eq!(state_dir(with(&[("XDG_STATE_HOME", "relative")])), None);
    }
}
