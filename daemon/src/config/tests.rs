//! What is taken, and what each mistake is answered with.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rackhand_adapters::netbox::Token;
use rackhand_adapters::port::dial::{Target, Trust};
use rackhand_core::bmc::Vendor;
use rackhand_core::id::Role;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::purchase::money::{Currency, Money};

use super::*;

mod mistakes;
mod schema;

const MINIMAL: &str = r#"
site = "fra1"
data_dir = "data"
[http]
listen = "127.0.0.1:8080"
base = "http://10.0.0.5:8080/"
[netbox]
url = "http://127.0.0.1:8000/netbox/"
token_file = "token"
[bmc]
networks = ["10.0.4.0/22"]
"#;

/// A directory with a token and a password in it.
fn place() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [("token", "0123456789abcdef0123456789abcdef01234567\n"), ("password", "calvin")] {
        fs::write(dir.path().join(name), text).unwrap();
        fs::set_permissions(dir.path().join(name), fs::Permissions::from_mode(0o600)).unwrap();
    }
    dir
}

fn read(dir: &tempfile::TempDir, text: &str) -> Result<Config, String> {
    let file = dir.path().join("rackhandd.toml");
    fs::write(&file, text).unwrap();
    Config::read(&file).map_err(|e| e.to_string().replace(&format!("{}/", dir.path().display()), ""))
}

fn refused(text: &str) -> String {
    read(&place(), text).err().expect("it was taken")
}

#[test]
fn a_minimal_file_is_taken_with_paths_beside_it_and_an_admin_of_its_own() {
    let dir = place();
    let config = read(&dir, MINIMAL).unwrap();
    assert_eq!(config.data_dir, dir.path().join("data"));
    assert_eq!(config.base, "http://10.0.0.5:8080");
    assert_eq!((config.netbox.base.as_str(), config.netbox.target.port, config.bmc_port), ("/netbox", 8000, 443));
    assert!(matches!(config.netbox.token, Token::V1(_)));
    assert_eq!(config.roles.own, Some(Role::Admin));
    assert_eq!(config.socket, Path::new("/run/rackhand/rackhandd.sock"));
    assert_eq!(config.speed(), None);
    assert_eq!(config.policy.status(Stage::Ready), "ready".into());
}

/// The example with its secrets beside it, and every key that is behind `#` brought before it.
fn whole_example() -> String {
    // A line behind `# ` that has a key or a table in it, not a sentence.
    let is_key = |line: &str| line.starts_with('[') || line.split_once(" = ").is_some_and(|(k, _)| !k.contains(' '));
    let lines = EXAMPLE.lines().map(|l| l.strip_prefix("# ").filter(|rest| is_key(rest)).unwrap_or(l));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_is_taken_as_it_stands_and_with_every_key_behind_a_hash() {
    let dir = place();
    let here = |text: &str| {
        let text = text.replace("/etc/rackhand/netbox.token", "token").replace("/etc/rackhand/ca.pem", "ca.pem");
        let text = text.replace("/etc/rackhand/event.token", "event").replace("/etc/rackhand/maas.key", "maas");
        let text = ["edi.secret", "edi-theirs.secret", "mail.password", "proxy.password"]
            .iter()
            .fold(text, |t, name| t.replace(&format!("/etc/rackhand/{name}"), "password"));
        let text = text.replace("/etc/rackhand/acme.token", "acme");
        let text = text.replace("/etc/ssl/certs/ca-certificates.crt", "ca.pem");
        let text = ["ups.secret", "fedex.secret", "dhl.key"]
            .iter()
            .fold(text, |t, n| t.replace(&format!("/etc/rackhand/{n}"), "password"));
        let text = text.replace("/etc/rackhand/hpe.secret", "password").replace("/etc/rackhand/vendors.pem", "ca.pem");
        ["hpe", "CZ23000017"].iter().fold(text, |t, n| t.replace(&format!("/etc/rackhand/{n}.password"), "password"))
    };
    fs::write(dir.path().join("ca.pem"), AUTHORITY).unwrap();
    for (name, text) in [
        ("event", "0123456789abcdef0123456789abcdef"),
        ("maas", "consumer:token:secret"),
        ("acme", "fedcba9876543210fedcba9876543210"),
    ] {
        fs::write(dir.path().join(name), text).unwrap();
        fs::set_permissions(dir.path().join(name), fs::Permissions::from_mode(0o600)).unwrap();
    }
    read(&dir, &here(EXAMPLE)).unwrap();
    let config = read(&dir, &here(&whole_example())).unwrap();
    assert_eq!(config.roles.users.len(), 3);
    assert_eq!(config.roles.users["1007"], Role::ReadOnly);
    assert_eq!((config.keys.by_vendor.len(), config.keys.by_serial.len(), config.pcap.len()), (1, 1, 1));
    assert_eq!((config.interfaces.len(), config.servers.len()), (1, 2));
    assert_eq!(config.speed(), Some(60.0));
    assert!(config.offers.event_token.is_some() && config.offers.files.is_some());
    assert_eq!(config.offers.kernel, "console=ttyS0,115200 rackhand.write=never");
    assert_eq!(format!("{:?}", config.offers.tenants), "[\"acme\"]");
    assert_eq!(config.lease_files.len(), 2);
    assert_eq!(config.vendors.len(), 4);
    let by_hand = config.policy.purchase.sellers.iter().filter(|t| t.by_hand);
    assert_eq!(by_hand.map(|t| t.title.to_string()).collect::<Vec<_>>(), ["Boxes & More"]);
    let worth = &config.policy.purchase.worth;
    assert_eq!((worth.day, worth.warranty_month, worth.untried_days, worth.unknown_lead_days), (300, 200, 14, 180));
    assert!(!format!("{:?}", config.vendors).contains("calvin"), "a secret is never shown");
    let proxy = config.proxy.as_ref().unwrap();
    let by = |host: &str| proxy.serves(&Target { host: host.into(), port: 443, trust: Trust::Authorities });
    assert_eq!((proxy.name().as_str(), by("onlinetools.ups.com")), ("proxy.example.com:3128", true));
    assert!(!by("edi.corp.example.com") && !by("10.1.2.3"));
    let planned = config.policy.purchase.planned;
    assert_eq!((planned.units, planned.watts, config.policy.purchase.preference.len()), (2, 800, 1));
    let purchase = config.purchase.as_ref().unwrap();
    assert_eq!(purchase.rates.millionths.len(), 2);
    assert_eq!(
        (purchase.auto_below, purchase.energy_price_kwh),
        (Some(Money::new(500_000, Currency::EUR)), Some(243_700))
    );
    assert_eq!(purchase.destinations[&SiteId::new("fra1")].country.as_str(), "DE");
    assert_eq!(config.maas.as_ref().map(|(m, poll)| (m.base.as_str(), poll.as_secs())), Some(("/MAAS", 60)));
    let carriers = config.carriers.unwrap();
    let (ups, fedex, dhl) = (carriers.settings.ups, carriers.settings.fedex, carriers.settings.dhl);
    assert_eq!((&*ups.unwrap().target.host, carriers.every.as_secs()), ("onlinetools.ups.com", 7_200));
    assert_eq!((&*fedex.unwrap().target.host, dhl.unwrap().daily), ("apis.fedex.com", 250));
}

#[test]
fn a_carrier_is_where_it_always_is_if_nothing_is_said() {
    let dir = place();
    fs::write(dir.path().join("ca.pem"), AUTHORITY).unwrap();
    let text = format!(
        "{MINIMAL}[carriers]\nca_file = \"ca.pem\"\n[carriers.ups]\nclient_id = \"a\"\nsecret_file = \"password\"\n\
         [carriers.dhl]\nkey_file = \"token\"\nbase = \"http://127.0.0.1:9000/dhl/\"\n"
    );
    let carriers = read(&dir, &text).unwrap().carriers.unwrap();
    assert_eq!(carriers.every.as_secs(), 7_200);
    let (ups, dhl) = (carriers.settings.ups.unwrap(), carriers.settings.dhl.unwrap());
    assert_eq!((ups.target.authority().as_str(), ups.base.as_str()), ("onlinetools.ups.com:443", ""));
    assert_eq!((dhl.target.authority().as_str(), dhl.base.as_str(), dhl.daily), ("127.0.0.1:9000", "/dhl", 250));
    assert!(carriers.settings.fedex.is_none());
    assert_eq!(ups.secret.reveal(), "calvin");
    let outline = Outline::read(&dir.path().join("rackhandd.toml")).unwrap();
    let named: Vec<_> = outline.files.iter().map(|f| (f.key.as_str(), f.secret.is_some())).collect();
    for file in [("carriers.ca_file", false), ("carriers.ups.secret_file", true), ("carriers.dhl.key_file", true)] {
        assert!(named.contains(&file), "{named:?}");
    }
}

#[test]
fn a_credential_is_what_systemd_hands_over() {
    let dir = place();
    fs::create_dir(dir.path().join("given")).unwrap();
    fs::write(dir.path().join("given/netbox.token"), "nbt_key.secret").unwrap();
    let mode = |mode| fs::set_permissions(dir.path().join("given/netbox.token"), fs::Permissions::from_mode(mode));
    let text = MINIMAL.replace("\"token\"", "\"credential:netbox.token\"");
    let file = dir.path().join("rackhandd.toml");
    let parse = |credentials| Config::parse(&Source { file: &file, text: &text, credentials });
    // As systemd leaves it where the service has a user of its own: an access list shows as the group's right to read.
    mode(0o440).unwrap();
    let config = parse(Some(dir.path().join("given"))).unwrap();
    assert!(matches!(config.netbox.token, Token::V2(_)));
    mode(0o444).unwrap();
    let error = parse(Some(dir.path().join("given"))).err().unwrap().to_string();
    assert!(error.contains("has mode 0444"), "{error}");
    let error = parse(None).err().unwrap().to_string();
    assert!(
        error.contains(":9:14: systemd gave this process no credentials; add LoadCredential=netbox.token:"),
        "{error}"
    );
}

/// A self-signed certificate (P-256, until 2126), made for this test.
const AUTHORITY: &str = include_str!("ca.pem");

#[test]
fn a_secret_others_may_read_is_refused_and_never_told() {
    let dir = place();
    fs::set_permissions(dir.path().join("token"), fs::Permissions::from_mode(0o640)).unwrap();
    let error = read(&dir, MINIMAL).err().unwrap();
    assert_eq!(error, "rackhandd.toml:9:14: token has mode 0640, so others may read or change it: chmod 600 token");
    fs::set_permissions(dir.path().join("token"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(dir.path().join("token"), "two\nlines\n").unwrap();
    let error = read(&dir, MINIMAL).err().unwrap();
    assert!(error.contains("does not hold a secret") && !error.contains("lines\n"), "{error}");
    fs::remove_file(dir.path().join("token")).unwrap();
    assert!(read(&dir, MINIMAL).err().unwrap().contains("token cannot be read"));
}

#[test]
fn a_credential_is_for_one_vendor_or_one_serial_and_there_is_one() {
    let entry = |key: &str| format!("[[credentials]]\n{key}user = \"root\"\npassword_file = \"password\"\n");
    let dir = place();
    let both = format!("{MINIMAL}{}{}", entry("vendor = \"dell\"\n"), entry("serial = \"abc\"\n"));
    let config = read(&dir, &both).unwrap();
    assert!(config.keys.by_vendor.contains_key(&Vendor::Dell) && config.keys.by_serial.contains_key("ABC"));
    assert!(refused(&format!("{MINIMAL}{}", entry(""))).contains("13:8: a credential is for one vendor or one serial"));
    let twice = format!("{MINIMAL}{}{}", entry("serial = \"abc\"\n"), entry("serial = \"ABC\"\n"));
    assert!(refused(&twice).contains("a second credential for the same vendor or serial"));
    assert!(refused(&format!("{MINIMAL}{}", entry("vendor = \"ibm\"\n"))).contains("13:10: unknown variant `ibm`"));
}

#[test]
fn stock_statuses_change_the_map_and_none_is_a_role_of_ones_own() {
    let dir = place();
    let text = MINIMAL.replace("token_file", "stock_statuses = true\ntoken_file");
    let text = text.replace("data_dir", "own_role = \"none\"\ndata_dir");
    let config = read(&dir, &text).unwrap();
    assert_eq!(config.policy.status(Stage::Ready), "staged".into());
    assert_eq!(config.roles.own, None);
}

#[test]
fn statuses_and_the_staging_tenant_are_the_businesss_own() {
    let dir = place();
    let text =
        MINIMAL.replace("token_file", "staging_tenant = \"infra\"\nstatuses = { ready = \"in-pool\" }\ntoken_file");
    let policy = read(&dir, &text).unwrap().policy;
    assert_eq!((policy.status(Stage::Ready), policy.status(Stage::Staged)), ("in-pool".into(), "staged".into()));
    assert_eq!(policy.staging_tenant, "infra".into());
    assert!(refused(&text.replace("{ ready", "{ raedy")).contains("`raedy` is no stage"));
    assert!(refused(&text.replace("in-pool", "In Pool")).contains("NetBox's value, not its label"));
}

#[tokio::test]
async fn the_labs_clock_runs_on_through_a_restart() {
    let dir = place();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let config = read(&dir, &format!("{MINIMAL}[lab]\nspeed = 1000.0\nsince = {}\n", now - 60)).unwrap();
    let (first, second) = (config.clock().now(), config.clock().now());
    assert!(second >= first);
    let ahead = first.since(Timestamp::from_secs(now.cast_signed()));
    assert!((59_900..70_000).contains(&ahead.as_secs()), "{ahead:?}");
}
