//! Where machines reach us: whether `[http] base` leads to this host.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use rackhand_rpc::doctor::Check;
use tokio::net::lookup_host;

const NAME: &str = "base URL";
/// How long a name may take to be found.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) async fn check(base: &str, listen: SocketAddr, lab: bool) -> Vec<Check> {
    let Some((host, port)) = authority(base) else {
        return vec![Check::not_checked(NAME, format!("{base} is not understood"))];
    };
    let found = match tokio::time::timeout(PATIENCE, lookup_host((host.as_str(), port))).await {
        Ok(Ok(found)) => Ok(found.map(|a| a.ip()).collect()),
        Ok(Err(e)) => Err(e.to_string()),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    };
    vec![judge(base, port, listen, lab, found, is_ours)]
}

/// Host and port of a URL.
fn authority(base: &str) -> Option<(String, u16)> {
    let uri: hyper::Uri = base.parse().ok()?;
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']').to_owned();
    let default = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    Some((host, uri.port_u16().unwrap_or(default)))
}

/// Whether an address is this host's: only then can it be bound. Nothing is sent.
fn is_ours(address: IpAddr) -> bool {
    UdpSocket::bind((address, 0)).is_ok()
}

fn judge(
    base: &str,
    port: u16,
    listen: SocketAddr,
    lab: bool,
    found: Result<Vec<IpAddr>, String>,
    ours: impl Fn(IpAddr) -> bool,
) -> Check {
    let correct = "correct [http] base: machines fetch their boot scripts from it";
    let addresses = match found {
        Ok(addresses) if !addresses.is_empty() => addresses,
        Ok(_) => return Check::wrong(NAME, format!("{base}: its name has no address"), correct),
        Err(why) => return Check::wrong(NAME, format!("{base}: its name is not found: {why}"), correct),
    };
    let all = |is: fn(&IpAddr) -> bool| addresses.iter().all(is);
    if all(IpAddr::is_unspecified) {
        return Check::wrong(NAME, format!("{base} is no address of any machine"), correct);
    }
    if all(IpAddr::is_loopback) {
        if lab {
            return Check::ok(NAME, format!("{base}, in a lab on this host"));
        }
        return Check::wrong(NAME, format!("{base} leads each machine to itself"), correct);
    }
    if listen.ip().is_loopback() {
        let found = format!("the daemon listens at {listen}, where no other machine comes");
        return Check::wrong(NAME, found, "give 0.0.0.0 or an address of this host under [http] listen");
    }
    if !addresses.iter().any(|a| ours(*a)) {
        let found = format!("{base} is not this host");
        return Check::warning(NAME, found, "right only if something there passes on to this daemon");
    }
    let fixed = !listen.ip().is_unspecified();
    if fixed && !addresses.contains(&listen.ip()) {
        let found = format!("{base} is this host, but the daemon listens at {listen} only");
        return Check::wrong(NAME, found, "make [http] listen and base agree");
    }
    if port != listen.port() {
        let found = format!("{base} names port {port}, and the daemon listens at {}", listen.port());
        return Check::warning(NAME, found, "right only if something passes one on to the other");
    }
    Check::ok(NAME, format!("{base} is this host"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rackhand_rpc::doctor::State;

    use super::*;

    #[test]
    fn a_base_leads_to_this_host_and_to_the_port_that_is_listened_at() {
        let state = |base: &str, listen: &str, lab| {
            let (host, port) = authority(base).unwrap();
            let found = Ok(vec![host.parse().unwrap()]);
            let ours = |a: IpAddr| a == IpAddr::from([10, 0, 0, 5]);
            judge(base, port, listen.parse().unwrap(), lab, found, ours).state
        };
        assert_eq!(state("http://10.0.0.5:8080", "0.0.0.0:8080", false), State::Ok);
        assert_eq!(state("http://10.0.0.5:8080", "10.0.0.5:8080", false), State::Ok);
        assert_eq!(state("http://10.0.0.5", "0.0.0.0:8080", false), State::Warning);
        assert_eq!(state("http://10.0.0.6:8080", "0.0.0.0:8080", false), State::Warning);
        assert_eq!(state("http://10.0.0.5:8080", "10.0.0.7:8080", false), State::Wrong);
        assert_eq!(state("http://10.0.0.5:8080", "127.0.0.1:8080", false), State::Wrong);
        assert_eq!(state("http://127.0.0.1:8080", "127.0.0.1:8080", false), State::Wrong);
        assert_eq!(state("http://127.0.0.1:8080", "127.0.0.1:8080", true), State::Ok);
        assert_eq!(state("http://0.0.0.0:8080", "0.0.0.0:8080", false), State::Wrong);
        assert_eq!(state("http://[::1]:8080", "[::]:8080", false), State::Wrong);
        let none = judge("http://x", 80, "0.0.0.0:80".parse().unwrap(), false, Err("no".into()), is_ours);
        assert_eq!(none.state, State::Wrong);
    }

    #[test]
    fn an_address_of_this_host_is_told_from_others() {
        assert!(is_ours([127, 0, 0, 1].into()) && !is_ours([192, 0, 2, 1].into()));
    }
}
