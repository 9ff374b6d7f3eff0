//! The data directory, and the journal in it: its mode, its site, its end.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rackhand_core::id::SiteId;
use rackhand_rpc::doctor::Check;

use crate::journal::{JournalError, Reader};

/// Directory, then journal.
pub(super) fn check(dir: &Path, site: &SiteId) -> Vec<Check> {
    let (directory, there) = directory(dir);
    let mut checks = vec![directory];
    if there {
        checks.push(journal(dir, site));
    }
    checks
}

fn directory(dir: &Path) -> (Check, bool) {
    let (name, shown) = ("data directory", dir.display());
    match std::fs::metadata(dir) {
        Ok(meta) if !meta.is_dir() => {
            (Check::wrong(name, format!("{shown} is no directory"), "correct data_dir in the configuration"), false)
        }
        Ok(meta) if meta.mode() & 0o077 != 0 => {
            let found = format!("{shown} has mode {:04o}, so others may look into it", meta.mode() & 0o7777);
            (Check::warning(name, found, format!("chmod 700 {shown}; the daemon does so when it starts")), true)
        }
        Ok(_) => (Check::ok(name, format!("{shown}, for its owner only")), true),
        Err(e) if e.kind() == ErrorKind::NotFound => {
            (Check::ok(name, format!("{shown} is not there yet; the first start makes it")), false)
        }
        Err(e) => (Check::not_checked(name, format!("{shown}: {e}; look as the daemon's user or as root")), false),
    }
}

fn journal(dir: &Path, site: &SiteId) -> Check {
    let name = "journal";
    let file = dir.join("journal.db");
    match std::fs::File::open(&file) {
        Ok(_) => {}
        Err(e) if e.kind() == ErrorKind::NotFound => {
            return Check::ok(name, "there is none yet; the first start makes it");
        }
        Err(e) => {
            return Check::not_checked(name, format!("{}: {e}; look as the daemon's user or as root", file.display()));
        }
    }
    match Reader::new(dir).check_tail() {
        Ok((found, _)) if found != *site => {
            let error = JournalError::OtherSite { found: found.to_string(), wanted: site.to_string() };
            Check::wrong(name, error.to_string(), "two sites never share a journal")
        }
        Ok((site, head)) => Check::ok(name, format!("of site {site}, {head} events; its end is as it was written")),
        Err(error) => Check::wrong(name, error.to_string(), "`rackhandd verify` tells how far the damage goes"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use rackhand_rpc::doctor::State;

    use super::*;
    use crate::journal::Store;

    #[test]
    fn a_journal_is_of_the_right_site_and_whole_at_its_end() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("data");
        let site = SiteId::new("fra1");
        assert_eq!(check(&dir, &site).len(), 1, "nothing is there yet");
        drop(Store::open(&dir, &site).unwrap());
        let states = |site: &SiteId| check(&dir, site).iter().map(|c| c.state).collect::<Vec<_>>();
        assert_eq!(states(&site), [State::Ok, State::Ok]);
        assert_eq!(states(&SiteId::new("ams1")), [State::Ok, State::Wrong]);
        std::fs::set_permissions(&dir, Permissions::from_mode(0o755)).unwrap();
        assert_eq!(states(&site), [State::Warning, State::Ok]);
        std::fs::write(dir.join("journal.db"), "not a database, but long enough to be taken for one").unwrap();
        assert_eq!(states(&site), [State::Warning, State::Wrong]);
        assert_eq!(check(&dir.join("journal.db"), &site)[0].state, State::Wrong, "no directory");
    }
}
