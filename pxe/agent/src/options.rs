//! What the kernel's command line asks for. There is no other way to configure the agent.

use std::collections::BTreeSet;
use std::fmt;

use crate::trouble::{Tried, Trouble};

/// A boot's token. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The token itself, for the `Authorization` header.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// Where the daemon is: plain HTTP, since the boot network has no names and no authorities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// Name or IPv4 address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// What stands before `/api`, without a slash at its end.
    pub base: String,
}

/// What the boot asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The daemon.
    pub url: Url,
    /// The boot's token.
    pub token: Token,
    /// Whether blank disks may be written.
    pub write_blank: bool,
    /// Serials of disks that may be written although they hold data.
    pub overwrite: BTreeSet<String>,
    /// The NIC it booted from.
    pub nic: Option<String>,
    /// Test at most so much memory.
    pub memory_mib: Option<u64>,
    /// Test at most so much of each disk.
    pub disk_mib: Option<u64>,
    /// Each of a disk's tests takes at most so long.
    pub disk_seconds: Option<u64>,
    /// Wait at most so long for neighbours.
    pub lldp_seconds: Option<u64>,
    /// What of ours could not be understood. Then nothing is written to any disk, and the first step fails: a
    /// prohibition that was misspelt must not be lost.
    pub mistakes: Vec<String>,
}

/// Reads `/proc/cmdline`. What is not ours is left alone.
///
/// # Errors
/// Daemon or token are missing or malformed. The sentence never holds the token.
pub fn parse(line: &str) -> Tried<Options> {
    let words = words(line);
    let last = |name: &str| words.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let needed =
        |name: &str| last(name).ok_or_else(|| Trouble(format!("{name} is missing on the kernel's command line")));
    let mut options = Options {
        url: parse_url(needed("rackhand.url")?)?,
        token: parse_token(needed("rackhand.token")?)?,
        write_blank: true,
        overwrite: BTreeSet::new(),
        nic: last("BOOTIF").and_then(|nic| mac(nic.strip_prefix("01-").unwrap_or(nic)).ok()),
        memory_mib: None,
        disk_mib: None,
        disk_seconds: None,
        lldp_seconds: None,
        mistakes: Vec::new(),
    };
    for (key, value) in &words {
        if let Some(option) = key.strip_prefix("rackhand.")
            && let Err(mistake) = options.set(option, value)
        {
            options.mistakes.push(mistake.to_string());
        }
    }
    Ok(options)
}

impl Options {
    fn set(&mut self, option: &str, value: &str) -> Tried<()> {
        match option {
            "url" | "token" => {}
            "nic" => self.nic = Some(mac(value)?),
            "write" => {
                self.write_blank = match value {
                    "blank" => true,
                    "never" => false,
                    _ => return Err(Trouble::new("rackhand.write: `blank` or `never`")),
                }
            }
            "overwrite" => {
                let serials = value.split(',').map(str::trim).filter(|s| !s.is_empty());
                self.overwrite = serials.map(str::to_owned).collect();
            }
            "memory_mib" => self.memory_mib = Some(number(option, value)?),
            "disk_mib" => self.disk_mib = Some(number(option, value)?),
            "disk_seconds" => self.disk_seconds = Some(number(option, value)?),
            "lldp_seconds" => self.lldp_seconds = Some(number(option, value)?),
            _ => return Err(Trouble(format!("rackhand.{option}: no such option"))),
        }
        Ok(())
    }

    /// Whether this disk may be written: blank ones unless forbidden, others only where they are named.
    pub fn may_write(&self, blank: bool, serial: Option<&str>) -> bool {
        let named = serial.is_some_and(|s| self.overwrite.contains(s));
        self.mistakes.is_empty() && self.write_blank && (blank || named)
    }
}

/// Words of the command line as key and value; double quotes keep spaces together, as in the kernel.
fn words(line: &str) -> Vec<(String, String)> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => words.push(String::new()),
            c => {
                if let Some(last) = words.last_mut() {
                    last.push(c);
                }
            }
        }
    }
    let split = |w: &String| {
        let (key, value) = w.split_once('=').unwrap_or((w, ""));
        (key.to_owned(), value.to_owned())
    };
    words.iter().filter(|w| !w.is_empty()).map(split).collect()
}

fn number(option: &str, value: &str) -> Tried<u64> {
    let n = value.parse().ok().filter(|n| *n > 0);
    n.ok_or_else(|| Trouble(format!("rackhand.{option}: not a number from 1 on")))
}

fn parse_token(value: &str) -> Tried<Token> {
    if value.is_empty() || value.len() > 256 || !value.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Trouble::new("rackhand.token: not a token"));
    }
    Ok(Token(value.to_owned()))
}

fn parse_url(value: &str) -> Tried<Url> {
    let bad = || Trouble(format!("rackhand.url: {value} is not like http://10.0.0.5:8080"));
    let rest = value.strip_prefix("http://").ok_or_else(bad)?;
    let (authority, path) = rest.split_once('/').map_or((rest, ""), |(a, p)| (a, p));
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, port.parse().map_err(|_| bad())?),
        None => (authority, 80),
    };
    let named = host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
    if host.is_empty() || host.starts_with('-') || !named || port == 0 {
        return Err(bad());
    }
    let path = path.trim_end_matches('/');
    let base = if path.is_empty() { String::new() } else { format!("/{path}") };
    if !base.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(bad());
    }
    Ok(Url { host: host.to_owned(), port, base })
}

/// A MAC in the daemon's form: upper case with colons.
///
/// # Errors
/// It is none.
pub fn mac(value: &str) -> Tried<String> {
    let bare: String = value.chars().filter(|c| !matches!(c, ':' | '-' | '.')).collect();
    if bare.len() != 12 || !bare.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(Trouble(format!("{value}: not a MAC address")));
    }
    let octets: Vec<&str> = (0..6).map(|n| &bare[n * 2..n * 2 + 2]).collect();
    Ok(octets.join(":").to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c";

    fn line(more: &str) -> String {
        format!("initrd=image quiet rackhand.url=http://10.0.0.5:8080 rackhand.token={TOKEN} {more}\n")
    }

    #[test]
    fn the_daemons_line_is_read_and_what_is_not_ours_is_left_alone() {
        let options = parse(&line("console=ttyS0,115200 BOOTIF=01-94-40-c9-aa-00-01")).unwrap();
        assert_eq!(options.url, Url { host: "10.0.0.5".into(), port: 8080, base: String::new() });
        assert_eq!(options.token.reveal(), TOKEN);
        assert_eq!(options.nic.as_deref(), Some("94:40:C9:AA:00:01"));
        assert!(options.write_blank && options.overwrite.is_empty());
    }

    #[test]
    fn disks_to_overwrite_are_named_by_serial() {
        let options = parse(&line(r#"rackhand.overwrite="S1,WD 42" rackhand.write=never"#)).unwrap();
        assert_eq!(options.overwrite.iter().map(String::as_str).collect::<Vec<_>>(), ["S1", "WD 42"]);
        assert!(!options.write_blank);
    }

    #[test]
    fn a_misspelt_option_is_told_and_forbids_all_writing() {
        for bad in ["rackhand.wirte=never", "rackhand.write=yes", "rackhand.disk_mib=0", "rackhand.lldp_seconds=1m"] {
            let options = parse(&line(bad)).unwrap();
            assert_eq!(options.mistakes.len(), 1, "{bad}");
            assert!(!options.may_write(true, None), "{bad}");
        }
    }

    #[test]
    fn a_disk_with_data_is_written_only_where_it_is_named() {
        let named = parse(&line("rackhand.overwrite=S1")).unwrap();
        let told = |o: &Options| {
            [(true, None), (false, None), (false, Some("S2")), (false, Some("S1"))].map(|(b, s)| o.may_write(b, s))
        };
        assert_eq!(told(&named), [true, false, false, true]);
        assert_eq!(told(&parse(&line("")).unwrap()), [true, false, false, false]);
        assert_eq!(told(&parse(&line("rackhand.overwrite=S1 rackhand.write=never")).unwrap()), [false; 4]);
    }

    #[test]
    fn nothing_that_is_printed_holds_the_token() {
        let options = parse(&line("")).unwrap();
        assert!(!format!("{options:?}").contains(TOKEN));
        let refused = parse(&format!("rackhand.url=http://a rackhand.token=\"{TOKEN} x\"")).unwrap_err();
        assert!(!refused.to_string().contains(TOKEN), "{refused}");
    }

    #[test]
    fn addresses_are_plain_http_with_a_host() {
        let url = parse_url("http://boot.fra1.example:81/rackhand/").unwrap();
        assert_eq!((url.host.as_str(), url.port, url.base.as_str()), ("boot.fra1.example", 81, "/rackhand"));
        assert_eq!(parse_url("http://10.0.0.5").unwrap().port, 80);
        for bad in [
            "https://a",
            "http://",
            "http://a:0",
            "http://a b",
            "http://u@a",
            "http://-n",
            "10.0.0.5",
            "http://a:99999",
        ] {
            assert!(parse_url(bad).is_err(), "{bad}");
        }
    }
}
