//! The inbox: a directory into which the mail system puts attachments, each under its final name in one move. Files that
//! begin with a dot or end in `.part` are being written and are left alone. What was read stays until it is journaled,
//! then goes to `taken/`; what can't be read goes to `refused/`, with the reasons in a file beside it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rackhand_core::fault::{Fault, Kind};
use rackhand_core::id::SellerId;
use rackhand_core::purchase::paper::Flaw;
use rackhand_core::text::Text;

use super::super::format::{self, Columns, MAX_BYTES};
use super::super::{Received, Refused, Source, fault};

/// Names looked at in one go.
const MAX_NAMES: usize = 10_000;
/// Files read in one go.
const MAX_FILES: usize = 50;

/// Reads what lies there, by name.
pub(super) async fn read(id: SellerId, dir: PathBuf, columns: Columns) -> Result<Received, Fault> {
    on_disk(id, move || scan(&dir, &columns)).await
}

/// Moves a file that was journaled to `taken/`.
pub(super) async fn put_away(id: SellerId, dir: PathBuf, file: PathBuf) -> Result<(), Fault> {
    on_disk(id, move || match shelve(&dir, &file, "taken") {
        // It was put away before.
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done.map(drop),
    })
    .await
}

async fn on_disk<T: Send + 'static>(
    id: SellerId,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Fault> {
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.unwrap_or_else(|_| Err(io::Error::other("the reader broke off")));
    done.map_err(|e| {
        fault(id, Kind::Rejected, format!("inbox: {e}"))
            .advise("Check that inbox of this vendor is a directory the daemon may read and write.")
    })
}

fn scan(dir: &Path, columns: &Columns) -> io::Result<Received> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)?.take(MAX_NAMES) {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if entry.file_type()?.is_file() && !name.starts_with('.') && !name.ends_with(".part") {
            files.push(entry.path());
        }
    }
    files.sort();
    let mut received = Received::default();
    for file in files.into_iter().take(MAX_FILES) {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match paper(&file, &name, columns)? {
            Ok(papers) => received.papers.extend(papers.into_iter().map(|p| (p, Source::File(file.clone())))),
            Err(flaws) => {
                let there = shelve(dir, &file, "refused")?;
                let why: Vec<String> = flaws.iter().map(ToString::to_string).collect();
                let mut beside = there.into_os_string();
                beside.push(".txt");
                fs::write(beside, why.join("\n") + "\n")?;
                received.refused.push(Refused { what: Text::from(name), flaws });
            }
        }
    }
    Ok(received)
}

type Papers = Result<Vec<rackhand_core::purchase::paper::Paper>, Vec<Flaw>>;

fn paper(file: &Path, name: &str, columns: &Columns) -> io::Result<Papers> {
    let mut bytes = Vec::new();
    File::open(file)?.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    let flaw = |why: &str| vec![Flaw { row: None, field: Text::new("file"), why: Text::new(why) }];
    if bytes.len() > MAX_BYTES {
        return Ok(Err(flaw("it is too large to be a paper")));
    }
    Ok(match format::sniff(&bytes, Some(name)) {
        Some(format) => format::read(format, &bytes, columns),
        None => Err(flaw("neither JSON nor CSV, cXML or X12; type it in, or ask the vendor for one of these")),
    })
}

/// Moves a file into a shelf of the inbox, under a name that is free there.
fn shelve(dir: &Path, file: &Path, shelf: &str) -> io::Result<PathBuf> {
    let name = file.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let shelf = dir.join(shelf);
    fs::create_dir_all(&shelf)?;
    let mut there = shelf.join(name);
    for n in 2.. {
        if !there.try_exists()? {
            break;
        }
        let mut other = name.to_owned();
        other.push(format!(".{n}"));
        there = shelf.join(other);
    }
    fs::rename(dir.join(name), &there)?;
    Ok(there)
}
