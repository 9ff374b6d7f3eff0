//! A copy of the journal while it is in use, and the way back from one.

use std::fs::{self, File, Permissions};
use std::io::{Error, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rackhand_core::bmc::Fingerprint;
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use sha2::{Digest, Sha256};

use super::chain::{self, Hash, Verified};
use super::error::JournalError;
use super::{Source, head, read, schema, store};

/// Pages copied at a time.
const PAGES: i32 = 4096;

/// How many replaced journals are kept side by side.
const MAX_ASIDE: u32 = 1_000;

/// What the directories of replaced journals are called, with a number.
const REPLACED: &str = "replaced-";

/// Stands in the directory while a restore moves files in it.
const UNFINISHED: &str = "restoring";

/// What a restore did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// What was verified of the backup before anything was touched.
    pub verified: Verified,
    /// Where the journal that was there before is now.
    pub aside: Option<PathBuf>,
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn at(path: &Path) -> impl Fn(Error) -> JournalError + '_ {
    move |e| JournalError::io(path, &e)
}

fn sync_dir(dir: &Path) -> Result<(), JournalError> {
    File::open(dir).and_then(|d| d.sync_all()).map_err(at(dir))
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// SHA-256 of a file.
fn file_sum(path: &Path) -> Result<Hash, JournalError> {
    let mut file = File::open(path).map_err(at(path))?;
    let (mut sha, mut buffer) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        match file.read(&mut buffer).map_err(at(path))? {
            0 => return Ok(sha.finalize().into()),
            n => sha.update(&buffer[..n]),
        }
    }
}

/// Copies the journal to `to`. What is in the result was verified at the copy's end; its checkpoints are not counted.
pub(super) fn backup(source: &Source<'_>, to: &Path) -> Result<Verified, JournalError> {
    if to.exists() {
        return Err(at(to)(Error::new(ErrorKind::AlreadyExists, "there is a file already; choose another name")));
    }
    let part = beside(to, ".part");
    let result = copy(source, &part, to);
    if result.is_err() {
        let _ = fs::remove_file(&part);
    }
    result
}

fn copy(source: &Source<'_>, part: &Path, to: &Path) -> Result<Verified, JournalError> {
    let _ = fs::remove_file(part);
    let verified = {
        // A copy restarts whenever another connection writes, unless its source holds a moment.
        let moment = source.conn.unchecked_transaction()?;
        let site = schema::site(&moment)?;
        let (seq, hash) = chain::last(&moment, &site)?;
        let mut conn = Connection::open(part)?;
        fs::set_permissions(part, Permissions::from_mode(0o600)).map_err(at(part))?;
        // Synced as a whole below.
        conn.execute_batch("PRAGMA synchronous = OFF;")?;
        let copying = Backup::new(&moment, &mut conn)?;
        loop {
            match copying.step(PAGES)? {
                StepResult::Done => break,
                StepResult::More => {}
                _ => return Err(JournalError::Busy { what: "its pages could not be copied".into() }),
            }
        }
        drop(copying);
        drop(moment);
        conn.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
        conn.execute("INSERT OR REPLACE INTO meta VALUES ('head', ?1)", [head::format(seq, &hash)])?;
        chain::integrity(&conn, "quick_check")?;
        let (head, head_hash) = chain::check_tail(&conn, &site, Some((seq, hash)))?;
        conn.close().map_err(|(_, e)| e)?;
        Verified { events: head, head, head_hash, checkpoints: 0, beside: Vec::new() }
    };
    File::open(part).and_then(|f| f.sync_all()).map_err(at(part))?;
    let sum = beside(to, ".sha256");
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    let line = format!("{}  {name}\n", Fingerprint(file_sum(part)?));
    let own = File::options().create(true).truncate(true).write(true).mode(0o600).open(&sum);
    own.and_then(|mut f| f.write_all(line.as_bytes()).and_then(|()| f.sync_all())).map_err(at(&sum))?;
    fs::rename(part, to).map_err(at(to))?;
    sync_dir(parent(to))?;
    Ok(verified)
}

/// Verifies a journal's file that nobody writes, such as a backup: the checksum beside it, if there is one, and all
/// that [`super::Store::verify`] does.
///
/// # Errors
/// `Broken` with what was found, `Newer` if a later version wrote it, `Io` if it can't be read.
pub fn verify_file(file: &Path) -> Result<Verified, JournalError> {
    let noted = beside(file, ".sha256");
    if let Ok(line) = fs::read_to_string(&noted) {
        let hash = line.split_whitespace().next().and_then(|w| w.parse::<Fingerprint>().ok());
        if hash.map(|h| h.0) != Some(file_sum(file)?) {
            let what = format!("the file's SHA-256 is not the one in {}", noted.display());
            return Err(JournalError::Broken { seq: None, what });
        }
    }
    File::open(file).map_err(at(file))?;
    let conn = read::open_read_only(file)?;
    Source { conn: &conn, dir: None }.verify()
}

/// Puts the backup `from` in place as the journal in `dir`. It is verified fully first. A journal that is there already
/// is moved into a directory beside, never overwritten. The next start begins a new epoch, and holds effects back.
///
/// # Errors
/// `Locked` while a daemon runs on `dir`, `Broken` and `Newer` if the backup is not sound, `Io` and `Full` from the
/// file system. If it is cut off, the journal can't be opened until a restore was completed.
pub fn restore(from: &Path, dir: &Path) -> Result<Restored, JournalError> {
    let verified = verify_file(from)?;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(at(dir))?;
    let _lock = store::lock(dir)?;
    let part = dir.join("journal.db.part");
    fs::copy(from, &part).map_err(at(&part))?;
    fs::set_permissions(&part, Permissions::from_mode(0o600)).map_err(at(&part))?;
    File::open(&part).and_then(|f| f.sync_all()).map_err(at(&part))?;
    if file_sum(&part)? != file_sum(from)? {
        return Err(JournalError::Broken { seq: None, what: format!("{} was not copied as it is", from.display()) });
    }
    // Between the renames there is no journal, or one with another's WAL. Neither may be opened.
    let unfinished = dir.join(UNFINISHED);
    File::create(&unfinished).and_then(|f| f.sync_all()).map_err(at(&unfinished))?;
    sync_dir(dir)?;
    let aside = move_aside(dir)?;
    fs::rename(&part, dir.join(super::FILE)).map_err(at(dir))?;
    sync_dir(dir)?;
    fs::remove_file(&unfinished).map_err(at(&unfinished))?;
    sync_dir(dir)?;
    Ok(Restored { verified, aside })
}

fn move_aside(dir: &Path) -> Result<Option<PathBuf>, JournalError> {
    let names = ["", "-wal", "-shm"].map(|end| format!("{}{end}", super::FILE));
    let there: Vec<_> = names.iter().map(String::as_str).chain([head::NAME]).filter(|n| dir.join(n).exists()).collect();
    if there.is_empty() {
        return Ok(None);
    }
    // If every name is taken, making the last one fails below.
    let aside = (1..=MAX_ASIDE).map(|n| dir.join(format!("{REPLACED}{n}"))).find(|p| !p.exists());
    let aside = aside.unwrap_or_else(|| dir.join(format!("{REPLACED}{MAX_ASIDE}")));
    fs::DirBuilder::new().mode(0o700).create(&aside).map_err(at(&aside))?;
    for name in there {
        fs::rename(dir.join(name), aside.join(name)).map_err(at(&aside))?;
    }
    sync_dir(&aside)?;
    Ok(Some(aside))
}

/// Whether a journal was moved aside in `dir`.
pub(super) fn has_replaced(dir: &Path) -> bool {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.into_iter().any(|e| e.file_name().to_string_lossy().starts_with(REPLACED))
}

/// That no restore was cut off in `dir`.
pub(super) fn check_restored(dir: &Path) -> Result<(), JournalError> {
    let unfinished = dir.join(UNFINISHED);
    if !unfinished.exists() {
        return Ok(());
    }
    Err(at(&unfinished)(Error::other("a restore was cut off here; run it again before the journal is opened")))
}
