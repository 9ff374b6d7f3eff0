//! What is wrong with the daemon's surroundings, and what to do: one check for each thing that can be. A check ends by
//! its deadline and changes nothing, but for a probe file in the data directory that is removed again.

mod accounts;
mod address;
mod capability;
mod clock;
mod data;
mod disk;
mod files;
mod interfaces;
mod limits;
mod listen;
mod netbox;
mod service;
mod socket;
mod trade;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures::future::{BoxFuture, FutureExt, join_all};
use rackhand_rpc::doctor::{Check, Report};

use crate::config::{Config, Outline};

/// How long one check may take. All run at once.
const DEADLINE: Duration = Duration::from_secs(8);

/// How long the check of NetBox may take: some fifty questions, each with a limit of its own.
const NETBOX: Duration = Duration::from_secs(100);

/// Who looks: a program beside the daemon, or the daemon itself.
#[derive(Clone, Debug)]
pub struct Doctor {
    /// The configuration's file.
    file: PathBuf,
    /// When the daemon read it; `None` where it is not the daemon that looks.
    read_at: Option<SystemTime>,
}

impl Doctor {
    /// One that looks from beside the daemon, which may run or not.
    pub fn beside(file: &Path) -> Self {
        Self { file: absolute(file), read_at: None }
    }

    /// The running daemon itself, which has just read its configuration.
    pub fn inside(file: &Path) -> Self {
        Self { file: absolute(file), read_at: Some(SystemTime::now()) }
    }

    /// Makes all checks.
    pub async fn examine(&self) -> Report {
        let outline = match within("configuration", {
            let file = self.file.clone();
            move || Outline::read(&file)
        })
        .await
        {
            Ok(Ok(outline)) => Arc::new(outline),
            Ok(Err(error)) => {
                let advice = "correct it; `rackhandd config example` explains every key";
                return Report::new(vec![
                    Check::wrong("configuration", error.to_string(), advice),
                    Check::not_checked("everything else", "it follows from the configuration"),
                ]);
            }
            Err(check) => return Report::new(vec![check]),
        };
        let socket = socket::listener(&outline.socket).await;
        let pid = if self.read_at.is_some() { Some(std::process::id()) } else { socket.pid() };
        let o = || Arc::clone(&outline);
        let (inside, file) = (self.read_at.is_some(), self.file.clone());
        let config: Arc<Result<Config, String>> = match within("files", move || Config::read(&file)).await {
            Ok(read) => Arc::new(read.map_err(|e| e.to_string())),
            Err(check) => Arc::new(Err(check.found.to_string())),
        };
        // In the order they matter; the report has the worst first.
        let checks: Vec<BoxFuture<'_, Vec<Check>>> = vec![
            blocking("configuration", {
                let (o, d, c) = (o(), self.clone(), Arc::clone(&config));
                move || d.configuration(&o, &c)
            }),
            blocking("files", {
                let o = o();
                move || files::check(&o.files)
            }),
            blocking("journal", {
                let o = o();
                move || data::check(&o.data_dir, &o.site)
            }),
            blocking("disk", {
                let o = o();
                move || disk::check(&o.data_dir)
            }),
            async { socket::check(&outline, &socket, inside) }.boxed(),
            listen::check(outline.listen, inside, pid.is_some()).boxed(),
            address::check(&outline.base, outline.listen, outline.lab).boxed(),
            deadline("NetBox", NETBOX, netbox::check(Arc::clone(&config))),
            deadline("vendors", DEADLINE, trade::check(Arc::clone(&config))),
            deadline("clock", DEADLINE, clock::check(Arc::clone(&config), outline.lab)),
            blocking("clock", || vec![clock::synchronised(Path::new("/run"))]),
            blocking("capability", {
                let o = o();
                move || vec![capability::check(Path::new("/proc"), pid, !o.interfaces.is_empty())]
            }),
            blocking("interfaces", {
                let o = o();
                move || interfaces::check(Path::new("/sys/class/net"), &o.interfaces)
            }),
            blocking("users", {
                let o = o();
                move || accounts::check(&o.users, o.socket_group.as_deref())
            }),
            blocking("limits", move || limits::check(Path::new("/proc"), pid)),
            async move { vec![service::check(inside, |name| std::env::var(name).ok())] }.boxed(),
        ];
        Report::new(join_all(checks).await.into_iter().flatten().collect())
    }

    fn configuration(&self, outline: &Outline, config: &Result<Config, String>) -> Vec<Check> {
        let name = "configuration";
        let changed = std::fs::metadata(&self.file).and_then(|m| m.modified()).ok();
        let found = match (config, self.read_at, changed) {
            (Ok(_), Some(read), Some(changed)) if changed > read => {
                let what = format!("{} has changed since the daemon read it", self.file.display());
                Check::warning(name, what, "restart the daemon to run with it")
            }
            (Ok(_), ..) => Check::ok(name, format!("{}: sound; site {}", self.file.display(), outline.site)),
            // Nobody but the daemon itself sees what systemd hands over.
            (Err(error), ..) if outline.files.iter().any(|f| f.path.is_err()) => {
                Check::not_checked(name, error.clone())
            }
            (Err(error), ..) => Check::wrong(name, error.clone(), "correct it; the daemon does not start as it is"),
        };
        vec![found]
    }
}

fn absolute(file: &Path) -> PathBuf {
    std::path::absolute(file).unwrap_or_else(|_| file.to_owned())
}

/// Runs what may block, in a thread of its own and until the deadline.
async fn within<T: Send + 'static>(name: &'static str, look: impl FnOnce() -> T + Send + 'static) -> Result<T, Check> {
    match tokio::time::timeout(DEADLINE, tokio::task::spawn_blocking(look)).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(_)) => Err(Check::not_checked(name, "the check itself failed, by a fault of ours")),
        Err(_) => Err(late(name, DEADLINE)),
    }
}

fn late(name: &str, within: Duration) -> Check {
    Check::not_checked(name, format!("slow: not done within {} s", within.as_secs()))
}

fn blocking(name: &'static str, look: impl FnOnce() -> Vec<Check> + Send + 'static) -> BoxFuture<'static, Vec<Check>> {
    async move { within(name, look).await.unwrap_or_else(|late| vec![late]) }.boxed()
}

fn deadline<'a>(
    name: &'static str,
    within: Duration,
    look: impl Future<Output = Vec<Check>> + Send + 'a,
) -> BoxFuture<'a, Vec<Check>> {
    async move { tokio::time::timeout(within, look).await.unwrap_or_else(|_| vec![late(name, within)]) }.boxed()
}

#[cfg(test)]
mod tests {
    use rackhand_rpc::doctor::State;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_check_that_hangs_or_panics_is_not_checked() {
        let hung = deadline("NetBox", NETBOX, std::future::pending()).await;
        assert_eq!((hung[0].state, hung[0].found.as_str()), (State::NotChecked, "slow: not done within 100 s"));
        let broken = blocking("disk", || panic!("planted")).await;
        assert_eq!((broken.len(), broken[0].state), (1, State::NotChecked));
    }

    #[tokio::test]
    async fn a_configuration_that_cannot_be_read_is_the_one_thing_that_is_wrong() {
        let report = Doctor::beside(Path::new("/nonexistent/rackhandd.toml")).examine().await;
        assert!(report.is_wrong());
        assert_eq!(report.checks[0].name.as_str(), "configuration");
        assert_eq!(report.checks[1].state, State::NotChecked);
    }
}
