//! The hooks of DHCP servers as they are shipped, run with what real servers hand them, against the real binary.

use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use rackhand_core::discovery::lease::{Change, LeaseEvent};
use rackhand_core::mac::Mac;
use rackhand_core::text::Text;
use serde_json::Value;
use tokio::net::UnixListener;
use tokio::process::Command;

use crate::fake::Fake;

const BINARY: &str = env!("CARGO_BIN_EXE_rackhand");

/// A hook of this repository, as its server starts it: nothing but these arguments and variables.
async fn hook(fake: &Fake, name: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let file = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../daemon/hooks")).join(name);
    let mut command = Command::new(file);
    command.args(arguments).env_clear().envs(variables.iter().copied()).stdin(Stdio::null()).kill_on_drop(true);
    command.env("RACKHAND", BINARY).env("RACKHAND_HOST", format!("unix://{}", fake.socket.display()));
    command.output().await.unwrap()
}

fn seen(event: Change, hostname: &str, vendor_class: Option<&str>, source: &str) -> LeaseEvent {
    LeaseEvent {
        mac: Mac([0x7C, 0xA6, 0x2A, 0x40, 0xC3, 0xE4]),
        address: [10, 0, 4, 23].into(),
        hostname: Some(hostname.into()),
        vendor_class: vendor_class.map(Text::new),
        event,
        source: Some(source.into()),
    }
}

/// What the hook told; it has to end well and say nothing, since a DHCP server's log is no place for it.
fn told(fake: &Fake, output: &Output) -> Vec<LeaseEvent> {
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
    std::mem::take(&mut fake.held().leases)
}

/// The recorded words of the servers, or a loud word that nothing was tested.
fn samples() -> Option<Value> {
    let Some(reference) = std::env::var_os("RACKHAND_REFERENCE") else {
        crate::untested::untested(
            "the recorded words of DHCP servers",
            "set RACKHAND_REFERENCE to a directory with contracts/",
        );
        return None;
    };
    let file = PathBuf::from(reference).join("contracts/authored/dhcp-lease-samples.json");
    Some(serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap())
}

fn variables(of: &Value) -> Vec<(&str, &str)> {
    of.as_object().unwrap().iter().filter_map(|(k, v)| Some((k.as_str(), v.as_str()?))).collect()
}

#[tokio::test]
async fn dnsmasqs_hook_tells_what_dnsmasq_recorded() {
    let (Some(samples), fake) = (samples(), Fake::start()) else { return };
    let script = &samples["dnsmasq_dhcp_script"];
    let argv: Vec<&str> = script["argv"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for word in argv[0].split('|') {
        let output = hook(&fake, "dnsmasq", &[&[word], &argv[1..]].concat(), &variables(&script["env"])).await;
        let expected = match word {
            "add" => Some(Change::Add),
            "old" => Some(Change::Old),
            "del" => Some(Change::Del),
            _ => None,
        };
        let expected: Vec<_> =
            expected.map(|e| seen(e, "ILOCZ2D1A0XYZ", Some("CPQRIB3"), "dnsmasq")).into_iter().collect();
        assert_eq!(told(&fake, &output), expected, "{word}");
    }
}

#[tokio::test]
async fn keas_hook_tells_what_kea_recorded() {
    let (Some(samples), fake) = (samples(), Fake::start()) else { return };
    let recorded = &samples["kea_run_script_env_leases4_committed"];
    let output = hook(&fake, "kea", &["leases4_committed"], &variables(recorded)).await;
    assert_eq!(told(&fake, &output), [seen(Change::Commit, "ilocz2d1a0xyz", None, "kea")]);
    let output = hook(&fake, "kea", &["leases4_committed"], &[("LEASES4_SIZE", "0")]).await;
    assert_eq!(told(&fake, &output), [], "a refusal");
}

#[tokio::test]
async fn words_from_the_wire_reach_no_shell() {
    let fake = Fake::start();
    let hostile = "$(touch pwned); `reboot` '\"\\ & | > /dev/null \u{1b}[2J";
    let arguments = ["add", "7c:a6:2a:40:c3:e4", "10.0.4.23", hostile];
    let output = hook(&fake, "dnsmasq", &arguments, &[("DNSMASQ_VENDOR_CLASS", hostile)]).await;
    assert_eq!(told(&fake, &output), [seen(Change::Add, hostile, Some(hostile), "dnsmasq")]);
}

#[tokio::test]
async fn isc_dhcpd_hands_over_octets_without_zeros_and_empty_options() {
    let fake = Fake::start();
    let arguments = ["dhcp-event", "commit", "--source", "isc", "--mac", "94:40:c9:1:2:3", "--ip", "10.0.4.60"];
    let (code, out, err) = fake.run(&[&arguments[..], &["--vendor-class", "", "--hostname", ""]].concat()).await;
    assert_eq!((code, out.as_str(), err.as_str()), (0, "1 new, 0 known, 0 of strangers, 0 ended\n", ""));
    let told = fake.held().leases[0].clone();
    assert_eq!((told.mac, told.hostname, told.vendor_class), (Mac([0x94, 0x40, 0xC9, 1, 2, 3]), None, None));
}

#[tokio::test]
async fn a_daemon_that_hangs_or_is_away_holds_no_dhcp_server_up() {
    let mut fake = Fake::start();
    let arguments = ["old", "7c:a6:2a:40:c3:e4", "10.0.4.23"];
    fake.socket = fake.dir.path().join("nobody");
    let away = hook(&fake, "dnsmasq", &arguments, &[]).await;
    assert_eq!(away.status.code(), Some(3), "{away:?}");
    // It takes connections and never says a word.
    let _hangs = UnixListener::bind(&fake.socket).unwrap();
    let begun = Instant::now();
    let hung = hook(&fake, "dnsmasq", &arguments, &[]).await;
    assert_eq!(hung.status.code(), Some(3), "{hung:?}");
    assert!(String::from_utf8_lossy(&hung.stderr).contains("within 2 s"), "{hung:?}");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}
