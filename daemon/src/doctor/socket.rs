//! The consoles' socket: its path, its directory, and who listens there.

use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use rackhand_core::id::SiteId;
use rackhand_rpc::doctor::Check;
use rackhand_rpc::hello::{HelloError, greet};
use tokio::net::UnixStream;

use crate::config::Outline;
use crate::rpc::group_number;

/// Octets of a socket's path, the zero behind it included (unix(7)).
const SUN_PATH: usize = 108;
/// How long whoever listens may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Who listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Listener {
    /// Nobody; there is no socket.
    Nobody,
    /// Nobody; the socket was left behind.
    Deserted,
    /// A daemon, with its process id where the system tells it.
    Daemon { site: Option<SiteId>, pid: Option<u32> },
    /// Something else, or a daemon that does not answer.
    Other(String),
    /// It could not be asked.
    Unknown(String),
}

impl Listener {
    pub fn pid(&self) -> Option<u32> {
        match self {
            Self::Daemon { pid, .. } => *pid,
            _ => None,
        }
    }
}

/// Asks whoever listens who it is.
pub(super) async fn listener(path: &Path) -> Listener {
    let asked = tokio::time::timeout(PATIENCE, async {
        let mut stream = match UnixStream::connect(path).await {
            Ok(stream) => stream,
            Err(e) if e.kind() == ErrorKind::NotFound => return Listener::Nobody,
            Err(e) if e.kind() == ErrorKind::ConnectionRefused => return Listener::Deserted,
            Err(e) => return Listener::Unknown(e.to_string()),
        };
        let pid = stream.peer_cred().ok().and_then(|peer| peer.pid()).and_then(|pid| pid.try_into().ok());
        match greet(&mut stream).await {
            Ok(hello) => Listener::Daemon { site: Some(hello.site), pid },
            Err(HelloError::NoRole(_) | HelloError::Version { .. }) => Listener::Daemon { site: None, pid },
            Err(error) => Listener::Other(error.to_string()),
        }
    });
    asked.await.unwrap_or_else(|_| Listener::Other(format!("no answer within {} s", PATIENCE.as_secs())))
}

/// Path, directory, group and listener.
pub(super) fn check(outline: &Outline, listener: &Listener, inside: bool) -> Vec<Check> {
    let path = &outline.socket;
    let mut checks = vec![length(path), who(path, listener, &outline.site, inside)];
    let group = outline.socket_group.as_deref();
    match path.parent().map(std::fs::metadata) {
        Some(Ok(dir)) => checks.push(directory(path, dir.mode(), dir.gid(), group)),
        Some(Err(e)) if e.kind() != ErrorKind::NotFound => {
            checks.push(Check::not_checked("socket directory", e.to_string()));
        }
        _ => {}
    }
    checks
}

fn length(path: &Path) -> Check {
    let (name, octets) = ("socket path", path.as_os_str().as_bytes().len());
    if octets >= SUN_PATH {
        let found =
            format!("{} has {octets} octets, and no socket's path has more than {}", path.display(), SUN_PATH - 1);
        return Check::wrong(name, found, "give a shorter path under socket");
    }
    Check::ok(name, path.display().to_string())
}

fn who(path: &Path, listener: &Listener, site: &SiteId, inside: bool) -> Check {
    let (name, shown) = ("daemon", path.display());
    match listener {
        Listener::Daemon { site: Some(other), .. } if other != site => {
            let found = format!("the daemon of another site ({other}) listens on {shown}");
            Check::wrong(name, found, "give each daemon a socket of its own, or correct site")
        }
        Listener::Daemon { pid, .. } => {
            let pid = pid.map_or(String::new(), |pid| format!(", process {pid}"));
            Check::ok(name, format!("runs and answers on {shown}{pid}"))
        }
        Listener::Nobody | Listener::Deserted if inside => {
            Check::wrong(name, format!("nobody answers on {shown}"), "the socket was removed; restart the daemon")
        }
        Listener::Nobody => Check::warning(name, format!("does not run: there is no {shown}"), "start rackhandd"),
        Listener::Deserted => {
            Check::warning(name, format!("does not run: {shown} was left behind"), "start rackhandd; it replaces it")
        }
        Listener::Other(what) => {
            Check::wrong(name, format!("{shown}: {what}"), "see the daemon's log; restart it if it hangs")
        }
        Listener::Unknown(why) => Check::not_checked(name, format!("{shown}: {why}")),
    }
}

/// Others may pass only where a group is named, and only that group.
fn directory(path: &Path, mode: u32, gid: u32, group: Option<&str>) -> Check {
    let name = "socket directory";
    let dir = path.parent().unwrap_or(path).display();
    let shown = format!("{dir} has mode {:04o}", mode & 0o7777);
    if mode & 0o1002 == 0o002 {
        let found = format!("{shown}, so anyone may put another socket there");
        return Check::wrong(name, found, format!("chmod o-w {dir}"));
    }
    let Some(group) = group else { return Check::ok(name, shown) };
    match group_number(group) {
        None => Check::wrong(name, format!("there is no group {group} here"), format!("groupadd --system {group}")),
        Some(wanted) if mode & 0o001 == 0 && (gid != wanted || mode & 0o010 == 0) => {
            let found = format!("{shown} and is not for group {group}, whose members cannot reach the socket");
            Check::wrong(name, found, format!("chgrp {group} {dir} && chmod 710 {dir}"))
        }
        Some(_) => Check::ok(name, format!("{shown}; group {group} may pass")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rackhand_rpc::doctor::State;

    use super::*;

    #[test]
    fn a_path_has_107_octets_at_the_most() {
        assert_eq!(length(Path::new(&"x".repeat(107))).state, State::Ok);
        assert_eq!(length(Path::new(&"x".repeat(108))).state, State::Wrong);
    }

    #[test]
    fn a_directory_lets_the_group_pass_and_nobody_else_write() {
        let path = Path::new("/run/rackhand/rackhandd.sock");
        let state = |mode, gid, group| directory(path, mode, gid, group).state;
        assert_eq!(state(0o700, 0, None), State::Ok);
        assert_eq!(state(0o777, 0, None), State::Wrong);
        assert_eq!(state(0o1777, 0, None), State::Ok, "as /tmp is");
        assert_eq!(state(0o710, 0, Some("root")), State::Ok);
        assert_eq!(state(0o700, 0, Some("root")), State::Wrong);
        assert_eq!(state(0o710, 5, Some("root")), State::Wrong);
        assert_eq!(state(0o755, 5, Some("root")), State::Ok);
        assert_eq!(state(0o710, 0, Some("no such group")), State::Wrong);
    }

    #[tokio::test]
    async fn whoever_listens_is_told_from_nobody_and_from_a_stranger() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rackhandd.sock");
        let site = SiteId::new("fra1");
        assert_eq!(listener(&path).await, Listener::Nobody);
        let stranger = tokio::net::UnixListener::bind(&path).unwrap();
        let hangs_up = tokio::spawn(async move { drop(stranger.accept().await) });
        let found = listener(&path).await;
        assert_eq!(who(&path, &found, &site, false).state, State::Wrong, "{found:?}");
        hangs_up.await.unwrap();
        assert_eq!(listener(&path).await, Listener::Deserted);
        let daemon = |site| Listener::Daemon { site: Some(SiteId::new(site)), pid: Some(7) };
        assert_eq!(who(&path, &daemon("fra1"), &site, false).state, State::Ok);
        assert_eq!(who(&path, &daemon("ams1"), &site, false).state, State::Wrong);
        assert_eq!(who(&path, &Listener::Nobody, &site, false).state, State::Warning);
        assert_eq!(who(&path, &Listener::Nobody, &site, true).state, State::Wrong);
    }
}
