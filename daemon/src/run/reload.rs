//! SIGHUP: the configuration's passwords and roles are read anew. Everything else waits for a restart, and is named.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::signal::unix::Signal;

use crate::config::{Config, ConfigError, RELOADED, settings};
use crate::keys::Keyring;
use crate::rpc::Desk;

/// Reloads at each hangup. A configuration that is wrong changes nothing.
/// `known` is what the daemon was started with: what a restart would bring stays named until there is one.
pub(super) async fn on_hangup(
    mut hangups: Signal,
    (file, known): (PathBuf, toml::Table),
    keys: Keyring,
    desk: Arc<Desk>,
) {
    while hangups.recv().await.is_some() {
        let at = file.clone();
        let read = tokio::task::spawn_blocking(move || read(&at));
        match read.await {
            Ok(Ok((config, now))) => {
                reload(config, &keys, &desk, &file);
                let waiting = differ(&known, &now);
                if !waiting.is_empty() {
                    tracing::warn!(
                        keys = waiting.join(", "),
                        "changed in the configuration and not reloaded: restart for these"
                    );
                }
            }
            Ok(Err(error)) => tracing::error!(%error, "the configuration is wrong; nothing was reloaded"),
            Err(_) => tracing::error!("the configuration could not be read; nothing was reloaded"),
        }
    }
}

fn read(file: &Path) -> Result<(Config, toml::Table), ConfigError> {
    Ok((Config::read(file)?, settings(file)?))
}

fn reload(config: Config, keys: &Keyring, desk: &Desk, file: &Path) {
    let (serials, vendors) = (config.keys.by_serial.len(), config.keys.by_vendor.len());
    let users = config.roles.users.len();
    keys.configure(config.keys);
    desk.roles.send_replace(config.roles);
    tracing::info!(file = %file.display(), serials, vendors, users, "reloaded: passwords of BMCs and roles");
}

/// Keys at the top whose values are others now, those apart that are reloaded.
fn differ(known: &toml::Table, now: &toml::Table) -> Vec<String> {
    let all: std::collections::BTreeSet<&String> = known.keys().chain(now.keys()).collect();
    let others = all.into_iter().filter(|key| !RELOADED.contains(&key.as_str()) && known.get(*key) != now.get(*key));
    others.cloned().collect()
}
