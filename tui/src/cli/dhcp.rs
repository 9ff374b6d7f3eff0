//! `dhcp-event`: what a DHCP server's hook runs. It reads the server's own words and variables, so that a hook is one
//! line and nothing from the wire reaches a shell.

use std::ffi::OsString;
use std::net::IpAddr;
use std::time::Duration;

use clap::Args;
use rackhand_core::discovery::lease::{Change, LeaseEvent, MAX_EVENTS};
use rackhand_core::mac::Mac;
use rackhand_core::text::Text;
use tokio::time::timeout;

use super::output::{Fail, Output};
use super::values::words;
use crate::link::connect::{HostSpec, connect};
use crate::link::within;

/// How long a hook may hold up its DHCP server, connecting included. ISC dhcpd and dnsmasq answer nobody meanwhile.
const QUICK: Duration = Duration::from_secs(2);

/// What a hook tells.
#[derive(Debug, Args)]
pub struct DhcpEvent {
    /// add, old, commit, renew: it has the address; del, release, expire, decline: that has ended
    #[arg(value_parser = words::<Change>(Change::ALL.iter().map(|c| c.word())), hide_possible_values = true)]
    #[arg(required_unless_present_any = ["from_dnsmasq", "from_kea"], requires_all = ["mac", "ip"])]
    pub change: Option<Change>,
    /// The client's MAC; leading zeros may be missing
    #[arg(long)]
    pub mac: Option<Mac>,
    /// Its address
    #[arg(long)]
    pub ip: Option<IpAddr>,
    /// What it calls itself (option 12); may be empty
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub hostname: Option<OsString>,
    /// Its vendor class (option 60); may be empty
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub vendor_class: Option<OsString>,
    /// Who tells, such as isc
    #[arg(long, value_name = "WORD")]
    pub source: Option<String>,
    /// dnsmasq's dhcp-script: its arguments follow after --, the rest is in its variables
    #[arg(long, conflicts_with_all = ["change", "from_kea"])]
    pub from_dnsmasq: bool,
    /// Kea's run_script: the hook point; the rest is in its variables
    #[arg(long, value_name = "POINT", conflicts_with = "change")]
    pub from_kea: Option<String>,
    /// With --from-kea: only leases of this subnet; may be given more than once
    #[arg(long, value_name = "ID", requires = "from_kea")]
    pub subnet: Vec<u32>,
    /// dnsmasq's arguments
    #[arg(last = true, requires = "from_dnsmasq")]
    pub arguments: Vec<OsString>,
}

/// Tells the daemon, and waits for its receipt but no longer than [`QUICK`].
pub(super) async fn tell(host: &HostSpec, told: DhcpEvent, out: &mut Output<'_>) -> Result<(), Fail> {
    let by_hand = told.change.is_some();
    let events = told.events(|name| std::env::var_os(name).map(|v| v.to_string_lossy().into_owned()));
    if events.is_empty() {
        return Ok(());
    }
    let call = async {
        let link = connect(host).await?;
        Ok::<_, Fail>(link.client.dhcp_event(within(QUICK), events).await??)
    };
    let late =
        || Fail::Lost(format!("rackhandd did not answer within {} s; the next renewal tells it", QUICK.as_secs()));
    let receipt = timeout(QUICK, call).await.map_err(|_| late())??;
    if out.json {
        out.document(&receipt)
    } else if by_hand {
        let (new, known, strangers, ended) = (receipt.new, receipt.known, receipt.strangers, receipt.ended);
        out.line(format!("{new} new, {known} known, {strangers} of strangers, {ended} ended"))
    } else {
        // A hook's output ends up in the DHCP server's log, once for each renewal.
        Ok(())
    }
}

impl DhcpEvent {
    /// The events it tells of. Nothing where the server tells of something else, such as a file sent by TFTP.
    fn events(&self, variable: impl Fn(&str) -> Option<String>) -> Vec<LeaseEvent> {
        if self.from_dnsmasq {
            return self.dnsmasq(&variable).into_iter().collect();
        }
        if let Some(point) = &self.from_kea {
            return self.kea(point, &variable);
        }
        let (Some(event), Some(mac), Some(address)) = (self.change, self.mac, self.ip) else { return Vec::new() };
        let text = |value: &Option<OsString>| value.as_ref().and_then(|v| said(&v.to_string_lossy()));
        let (hostname, vendor_class) = (text(&self.hostname), text(&self.vendor_class));
        vec![LeaseEvent { mac, address, hostname, vendor_class, event, source: Some(self.source("cli")) }]
    }

    fn source(&self, by: &str) -> Text {
        self.source.as_deref().unwrap_or(by).into()
    }

    /// `add|old|del MAC ADDRESS [NAME]`. With DHCPv6 the second is a DUID, and the MAC a variable.
    fn dnsmasq(&self, variable: &impl Fn(&str) -> Option<String>) -> Option<LeaseEvent> {
        let argument = |n: usize| self.arguments.get(n).map(|a| a.to_string_lossy().into_owned());
        let event = match argument(0)?.as_str() {
            "add" => Change::Add,
            "old" => Change::Old,
            "del" => Change::Del,
            _ => return None,
        };
        let mac = match variable("DNSMASQ_IAID") {
            Some(_) => variable("DNSMASQ_MAC")?,
            None => argument(1)?,
        };
        // A client that is not on Ethernet has `06-...` there. It is no BMC's.
        let (mac, address) = (mac.parse().ok()?, argument(2)?.parse().ok()?);
        let supplied = variable("DNSMASQ_SUPPLIED_HOSTNAME").and_then(|v| said(&v));
        let hostname = supplied.or_else(|| said(&argument(3)?));
        let vendor_class = variable("DNSMASQ_VENDOR_CLASS").and_then(|v| said(&v));
        Some(LeaseEvent { mac, address, hostname, vendor_class, event, source: Some(self.source("dnsmasq")) })
    }

    /// `leases4_committed` comes for new leases, renewals and, with size 0, for refusals. `lease4_renew` comes for a
    /// mere offer too, so it tells nothing. Kea passes no option 60.
    fn kea(&self, point: &str, variable: &impl Fn(&str) -> Option<String>) -> Vec<LeaseEvent> {
        let lease = |prefix: &str, event: Change| {
            let of = |name: &str| variable(&format!("{prefix}{name}"));
            let subnet = of("SUBNET_ID").and_then(|id| id.parse::<u32>().ok());
            if !self.subnet.is_empty() && !subnet.is_some_and(|id| self.subnet.contains(&id)) {
                return None;
            }
            if event.holds() && of("STATE").is_some_and(|s| s != "default" && s != "0") {
                return None;
            }
            let (mac, address) = (of("HWADDR")?.parse().ok()?, of("ADDRESS")?.parse().ok()?);
            let hostname = of("HOSTNAME").and_then(|v| said(&v));
            Some(LeaseEvent { mac, address, hostname, vendor_class: None, event, source: Some(self.source("kea")) })
        };
        match point {
            "leases4_committed" => {
                let size = variable("LEASES4_SIZE").and_then(|n| n.parse::<usize>().ok()).unwrap_or(0);
                let each = (0..size.min(MAX_EVENTS)).map(|n| lease(&format!("LEASES4_AT{n}_"), Change::Commit));
                each.flatten().collect()
            }
            "lease4_release" => lease("LEASE4_", Change::Release).into_iter().collect(),
            "lease4_expire" => lease("LEASE4_", Change::Expire).into_iter().collect(),
            "lease4_decline" => lease("LEASE4_", Change::Decline).into_iter().collect(),
            _ => Vec::new(),
        }
    }
}

/// A client's word, where it said one.
fn said(value: &str) -> Option<Text> {
    Some(Text::new(value)).filter(|t| !t.trim().is_empty())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        told: DhcpEvent,
    }

    /// The events of a command line and its variables.
    fn told(line: &[&str], variables: &[(&str, &str)]) -> Vec<LeaseEvent> {
        let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
        let line = Line::try_parse_from([&["dhcp-event"], line].concat()).unwrap_or_else(|e| panic!("{e}"));
        line.told.events(|name| variables.get(name).map(|v| (*v).to_owned()))
    }

    fn event(change: Change, hostname: Option<&str>, vendor_class: Option<&str>, source: &str) -> LeaseEvent {
        LeaseEvent {
            mac: Mac([0x7C, 0xA6, 0x2A, 0x40, 0xC3, 0xE4]),
            address: [10, 0, 4, 23].into(),
            hostname: hostname.map(Text::new),
            vendor_class: vendor_class.map(Text::new),
            event: change,
            source: Some(source.into()),
        }
    }

    #[test]
    fn a_lease_told_by_hand_takes_octets_without_their_zeros_and_empty_words() {
        let line = ["commit", "--mac", "94:40:c9:1:2:3", "--ip", "10.0.4.24", "--hostname=", "--vendor-class", "-x"];
        let events = told(&line, &[]);
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].mac, Mac([0x94, 0x40, 0xC9, 1, 2, 3]));
        assert_eq!((&events[0].hostname, events[0].vendor_class.as_deref()), (&None, Some("-x")));
    }

    #[test]
    fn what_a_client_calls_itself_is_never_an_option_of_ours() {
        let line = ["commit", "--mac", "94:40:c9:1:2:3", "--ip", "10.0.4.24", "--hostname", "--from-kea"];
        assert_eq!(told(&line, &[])[0].hostname.as_deref(), Some("--from-kea"));
        let line = ["--from-dnsmasq", "--", "add", "7c:a6:2a:40:c3:e4", "10.0.4.23", "--from-kea"];
        assert_eq!(told(&line, &[]), [event(Change::Add, Some("--from-kea"), None, "dnsmasq")]);
    }

    #[test]
    fn dnsmasq_tells_by_arguments_and_variables() {
        let said = [("DNSMASQ_VENDOR_CLASS", "CPQRIB3"), ("DNSMASQ_SUPPLIED_HOSTNAME", "ILOCZ2D1A0XYZ")];
        let line = |word| ["--from-dnsmasq", "--", word, "7c:a6:2a:40:c3:e4", "10.0.4.23", "ilocz2d1a0xyz"];
        assert_eq!(told(&line("add"), &said), [event(Change::Add, Some("ILOCZ2D1A0XYZ"), Some("CPQRIB3"), "dnsmasq")]);
        // At its start it replays every lease, without the variables.
        assert_eq!(told(&line("old"), &[]), [event(Change::Old, Some("ilocz2d1a0xyz"), None, "dnsmasq")]);
        assert_eq!(told(&line("del"), &[])[0].event, Change::Del);
        for other in ["init", "tftp", "arp-add", "arp-del", "relay-snoop"] {
            assert_eq!(told(&line(other), &[]), [], "{other}");
        }
        assert_eq!(told(&["--from-dnsmasq", "--", "init"], &[]), []);
        assert_eq!(told(&["--from-dnsmasq", "--", "add", "20-80:00:02:08", "10.0.4.23"], &[]), [], "InfiniBand");
    }

    #[test]
    fn a_dhcpv6_lease_of_dnsmasq_is_known_by_its_variable() {
        let line = ["--from-dnsmasq", "--", "add", "00:03:00:01:94:40:c9:01:02:03", "fd00::17", "ilo"];
        let said = [("DNSMASQ_IAID", "3382831619"), ("DNSMASQ_MAC", "94:40:c9:01:02:03")];
        assert_eq!(told(&line, &said)[0].mac, Mac([0x94, 0x40, 0xC9, 1, 2, 3]));
        assert_eq!(told(&line, &said[..1]), []);
    }

    #[test]
    fn kea_tells_all_leases_of_a_commit_by_variables() {
        let one = [
            ("LEASES4_SIZE", "1"),
            ("LEASES4_AT0_ADDRESS", "10.0.4.23"),
            ("LEASES4_AT0_HWADDR", "7c:a6:2a:40:c3:e4"),
            ("LEASES4_AT0_HOSTNAME", "ilocz2d1a0xyz"),
            ("LEASES4_AT0_SUBNET_ID", "4"),
            ("LEASES4_AT0_STATE", "default"),
        ];
        let commit = ["--from-kea", "leases4_committed"];
        let expected = [event(Change::Commit, Some("ilocz2d1a0xyz"), None, "kea")];
        assert_eq!(told(&commit, &one), expected);
        assert_eq!(told(&[&commit[..], &["--subnet", "4"]].concat(), &one), expected);
        assert_eq!(told(&[&commit[..], &["--subnet", "5"]].concat(), &one), []);
        assert_eq!(told(&commit, &[("LEASES4_SIZE", "0")]), [], "a refusal commits nothing");
        assert_eq!(told(&commit, &[("LEASES4_SIZE", "99999999999")]), []);
        assert_eq!(told(&["--from-kea", "lease4_renew"], &one), [], "it comes for a mere offer too");
        let gone = [("LEASE4_ADDRESS", "10.0.4.23"), ("LEASE4_HWADDR", "7c:a6:2a:40:c3:e4")];
        assert_eq!(told(&["--from-kea", "lease4_expire"], &gone), [event(Change::Expire, None, None, "kea")]);
    }

    #[test]
    fn half_an_event_is_wrong_usage() {
        for line in [&["add"][..], &["add", "--mac", "94:40:c9:1:2:3"], &[], &["--subnet", "1"], &["tftp"]] {
            assert!(Line::try_parse_from([&["dhcp-event"], line].concat()).is_err(), "{line:?}");
        }
    }
}
