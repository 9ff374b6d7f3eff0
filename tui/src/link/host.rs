//! Where a daemon is: a Unix socket of this machine, or one of another machine behind SSH.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The socket a packaged daemon listens on.
pub const SYSTEM_SOCKET: &str = "/run/rackhand/rackhandd.sock";

/// Where a daemon is. Read from `--host` or `RACKHAND_HOST`: nothing for this machine, `unix:///path`, or
/// `ssh://[user@]site[:port][/path]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostSpec {
    /// A socket of this machine.
    Unix(PathBuf),
    /// A socket of another machine, reached through its `rackhand dial-stdio`.
    Ssh(SshTarget),
}

/// The other machine. Made only by parsing, so every part is safe as an argument of `ssh`, and as a word of the shell
/// that sshd gives the remote command to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshTarget {
    user: Option<String>,
    host: String,
    port: Option<u16>,
    socket: Option<String>,
}

/// The text names no host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a host: {0}; give unix:///path or ssh://user@site[:port][/path]")]
pub struct NotAHost(&'static str);

impl HostSpec {
    /// The daemon of this machine: `$RACKHAND_SOCKET`, else `$XDG_RUNTIME_DIR/rackhand/rackhandd.sock` where that
    /// exists, else [`SYSTEM_SOCKET`].
    pub fn here() -> Self {
        Self::Unix(socket_here(|name| std::env::var_os(name), Path::exists))
    }

    /// Whether it is another machine.
    pub fn is_remote(&self) -> bool {
        matches!(self, Self::Ssh(_))
    }
}

fn socket_here(variable: impl Fn(&str) -> Option<OsString>, exists: impl Fn(&Path) -> bool) -> PathBuf {
    let set = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let users = || set("XDG_RUNTIME_DIR").map(|dir| dir.join("rackhand/rackhandd.sock")).filter(|path| exists(path));
    set("RACKHAND_SOCKET").or_else(users).unwrap_or_else(|| SYSTEM_SOCKET.into())
}

impl FromStr for HostSpec {
    type Err = NotAHost;
    fn from_str(text: &str) -> Result<Self, NotAHost> {
        if text.is_empty() {
            return Ok(Self::here());
        }
        if let Some(rest) = text.strip_prefix("ssh://") {
            return rest.parse().map(Self::Ssh);
        }
        let path = text.strip_prefix("unix://").ok_or(NotAHost("it begins with neither unix:// nor ssh://"))?;
        if !path.starts_with('/') || path.contains('\0') {
            return Err(NotAHost("the socket's path does not begin with /"));
        }
        Ok(Self::Unix(path.into()))
    }
}

impl FromStr for SshTarget {
    type Err = NotAHost;
    fn from_str(text: &str) -> Result<Self, NotAHost> {
        let (authority, path) = text.find('/').map_or((text, ""), |at| text.split_at(at));
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, authority),
        };
        let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, rest)) => {
                address.parse::<std::net::Ipv6Addr>().map_err(|_| NotAHost("no IPv6 address in the brackets"))?;
                let port = rest.strip_prefix(':');
                if port.is_none() && !rest.is_empty() {
                    return Err(NotAHost("something follows the bracket"));
                }
                (address, port)
            }
            None => {
                let (host, port) = place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port)));
                if !is_word(host, 253) {
                    return Err(NotAHost("a host name has letters, digits, dots, dashes and underscores"));
                }
                (host, port)
            }
        };
        if !user.is_none_or(|user| is_word(user, 64)) {
            return Err(NotAHost("a user name has letters, digits, dots, dashes and underscores"));
        }
        let port = port.map(port_number).transpose()?;
        let socket = (path.len() > 1).then_some(path);
        let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
        if !socket.is_none_or(|path| path.len() <= 107 && path.chars().all(plain)) {
            return Err(NotAHost("the remote socket's path has other characters than letters, digits and /._-"));
        }
        Ok(Self { user: user.map(Into::into), host: host.into(), port, socket: socket.map(Into::into) })
    }
}

/// A word that no program takes for an option.
fn is_word(text: &str, longest: usize) -> bool {
    let mut chars = text.chars();
    let first = chars.next().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    first && text.len() <= longest && chars.all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

fn port_number(text: &str) -> Result<u16, NotAHost> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let port = digits.then(|| text.parse().ok()).flatten().filter(|port| *port != 0);
    port.ok_or(NotAHost("a port is a number from 1 to 65535"))
}

impl SshTarget {
    /// What `ssh` is called with. The keep-alives end a dead connection after 45 s.
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments: Vec<String> =
            ["-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=3"].map(Into::into).into();
        if let Some(port) = self.port {
            arguments.extend(["-p".into(), port.to_string()]);
        }
        arguments.extend(["--".into(), self.login(), "rackhand".into(), "dial-stdio".into()]);
        if let Some(socket) = &self.socket {
            arguments.extend(["--socket".into(), socket.clone()]);
        }
        arguments
    }

    /// `user@host`, as `ssh` takes it.
    fn login(&self) -> String {
        self.user.as_ref().map_or_else(|| self.host.clone(), |user| format!("{user}@{}", self.host))
    }
}

impl fmt::Display for HostSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Ssh(target) => write!(f, "ssh://{target}"),
        }
    }
}

impl fmt::Display for SshTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        let v6 = self.host.contains(':');
        write!(f, "{}{}{}", if v6 { "[" } else { "" }, self.host, if v6 { "]" } else { "" })?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(self.socket.as_deref().unwrap_or_default())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn arguments(text: &str) -> Option<Vec<String>> {
        match text.parse() {
            Ok(HostSpec::Ssh(target)) => Some(target.arguments()),
            _ => None,
        }
    }

    #[test]
    fn an_ssh_host_becomes_one_argument_vector() {
        let all = arguments("ssh://anna@fra1.example.net:2222/srv/rh/d.sock").unwrap();
        let expected = "-o ServerAliveInterval=15 -o ServerAliveCountMax=3 -p 2222 -- anna@fra1.example.net rackhand \
                        dial-stdio --socket /srv/rh/d.sock";
        assert_eq!(all.join(" "), expected);
        assert_eq!(arguments("ssh://fra1").unwrap()[4..], ["--", "fra1", "rackhand", "dial-stdio"]);
        assert_eq!(arguments("ssh://a@[::1]:22/").unwrap()[4..], ["-p", "22", "--", "a@::1", "rackhand", "dial-stdio"]);
    }

    #[test]
    fn what_could_be_an_option_or_a_shell_word_is_no_host() {
        for bad in [
            "ssh://",
            "ssh://-oProxyCommand=x",
            "ssh://-l@host",
            "ssh://user@-host",
            "ssh://@host",
            "ssh://a@b@c",
            "ssh://host:0",
            "ssh://host:+22",
            "ssh://host:65536",
            "ssh://host:",
            "ssh://[::1]x",
            "ssh://[-oX]",
            "ssh://host/a b",
            "ssh://host/$(id)",
            "ssh://host/a;b",
            "unix://relative",
            "tcp://host:1",
            "host",
        ] {
            assert!(bad.parse::<HostSpec>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_socket_of_this_machine_is_looked_for_in_order() {
        let find = |vars: &[(&str, &str)], there: bool| {
            let vars: Vec<(String, OsString)> = vars.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
            socket_here(|name| vars.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone()), |_| there)
        };
        let (named, users) = (("RACKHAND_SOCKET", "/x.sock"), ("XDG_RUNTIME_DIR", "/run/user/1000"));
        assert_eq!(find(&[named, users], true), Path::new("/x.sock"));
        assert_eq!(find(&[users], true), Path::new("/run/user/1000/rackhand/rackhandd.sock"));
        assert_eq!(find(&[users], false), Path::new(SYSTEM_SOCKET));
        assert_eq!(find(&[("RACKHAND_SOCKET", "")], true), Path::new(SYSTEM_SOCKET));
    }

    proptest! {
        #[test]
        fn whatever_is_given_ssh_sees_no_option_but_ours(
            text in prop_oneof![any::<String>(), "(-?[a-z@:/.;$-]{0,12}@)?-?[a-zA-Z0-9@:._\\[\\]-]{0,20}(:[0-9+-]{0,6})?(/[ -~]{0,12})?"],
        ) {
            let Some(all) = arguments(&format!("ssh://{text}")) else { return Ok(()) };
            let end = all.iter().position(|a| a == "--").expect("an end of options");
            prop_assert_eq!(&all[..4], ["-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=3"]);
            match &all[4..end] {
                [] => {}
                [flag, port] => {
                    prop_assert_eq!(flag, "-p");
                    prop_assert!(port.parse::<u16>().is_ok_and(|p| p != 0));
                }
                other => prop_assert!(false, "{other:?}"),
            }
            for (n, word) in all[end + 1..].iter().enumerate() {
                prop_assert!(!word.starts_with('-') || (n == 3 && word == "--socket"), "{}", word);
                prop_assert!(word.chars().all(|c| c.is_ascii_alphanumeric() || "@:/._-".contains(c)), "{}", word);
            }
        }

        #[test]
        fn a_host_reads_back_as_it_is_shown(text in "(anna@)?([a-z][a-z0-9.-]{0,9}|\\[::1\\])(:[1-9][0-9]{0,3})?(/[a-z./_-]{1,9})?") {
            let host: HostSpec = format!("ssh://{text}").parse().unwrap();
            prop_assert_eq!(host.to_string().parse(), Ok(host));
        }
    }
}
