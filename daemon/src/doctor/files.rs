//! The files the configuration names: whether they are there, and whether secrets are kept.

use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rackhand_rpc::doctor::Check;

use crate::config::NamedFile;
use crate::secret_file::Readers;

/// One check for each file.
pub(super) fn check(files: &[NamedFile]) -> Vec<Check> {
    files.iter().map(one).collect()
}

fn one(file: &NamedFile) -> Check {
    let name = &format!("file {}", file.key);
    let path = match &file.path {
        Ok(path) => path,
        Err(why) => return Check::not_checked(name, why.clone()),
    };
    let shown = path.display();
    let meta = match std::fs::metadata(path) {
        Ok(meta) => meta,
        Err(e) => return Check::wrong(name, format!("{shown}: {e}"), "put it there, or correct the path"),
    };
    if !meta.is_file() {
        return Check::wrong(name, format!("{shown} is no file"), "put a file there, or correct the path");
    }
    match file.secret {
        None => readable(name, path),
        Some(readers) => secret(name, path, &meta, readers),
    }
}

fn secret(name: &str, path: &Path, meta: &Metadata, readers: Readers) -> Check {
    let (shown, mode) = (path.display(), meta.mode() & 0o7777);
    if mode & readers.forbidden() != 0 {
        let found = format!("{shown} has mode {mode:04o}, so others may read or change it");
        return Check::wrong(name, found, format!("chmod 600 {shown}, and change what it holds: it may be known"));
    }
    // Who owns the directory can put another file in its place.
    if let Some(dir) = path.parent().and_then(|d| std::fs::metadata(d).ok())
        && dir.mode() & 0o1002 == 0o002
    {
        let found = format!("{shown} is in a directory that anyone may write");
        return Check::wrong(name, found, "move it to a directory of root's or of the daemon's user");
    }
    readable(name, path)
}

fn readable(name: &str, path: &Path) -> Check {
    let shown = path.display();
    match File::open(path) {
        Ok(_) => Check::ok(name, format!("{shown} can be read")),
        Err(e) => {
            let advice = "give it to the user the daemon runs as; if that is not you, look as that user or as root";
            Check::warning(name, format!("{shown}: {e}"), advice)
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use rackhand_rpc::doctor::State;

    use super::*;

    #[test]
    fn a_missing_file_and_a_secret_that_others_may_read_are_wrong() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        let file = |secret| NamedFile { key: "netbox.token_file".into(), path: Ok(path.clone()), secret };
        let state = |secret| check(&[file(secret)])[0].state;
        assert_eq!(state(Some(Readers::Owner)), State::Wrong, "missing");
        std::fs::write(&path, "secret").unwrap();
        for (mode, owner, systemd, open) in [
            (0o600, State::Ok, State::Ok, State::Ok),
            (0o440, State::Wrong, State::Ok, State::Ok),
            (0o604, State::Wrong, State::Wrong, State::Ok),
        ] {
            std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert_eq!(state(Some(Readers::Owner)), owner, "{mode:o}");
            assert_eq!(state(Some(Readers::Systemd)), systemd, "{mode:o}");
            assert_eq!(state(None), open, "{mode:o}");
        }
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        std::fs::set_permissions(dir.path(), Permissions::from_mode(0o777)).unwrap();
        assert_eq!(state(Some(Readers::Owner)), State::Wrong, "in a directory of anyone's");
        let unknown = NamedFile { path: Err("no credentials".into()), ..file(Some(Readers::Systemd)) };
        assert_eq!(check(&[unknown])[0].state, State::NotChecked);
    }
}
