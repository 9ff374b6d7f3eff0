//! NIC ports by sysfs: which there are, what the operating system to come will call them, their link and errors.

use std::fs;
use std::path::{Path, PathBuf};

use crate::options::mac;

/// A physical port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Port {
    /// As this kernel calls it.
    pub interface: String,
    /// As it will be called (`eno1`, `ens3f0`, `enp59s0f1np1`), by the rules of systemd's `net_id`.
    pub name: String,
    /// MAC.
    pub mac: String,
    /// Driver.
    pub driver: Option<String>,
}

/// What a port's name follows from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Place {
    onboard: Option<u32>,
    slot: Option<String>,
    domain: u32,
    bus: u32,
    device: u32,
    function: u32,
    multifunction: bool,
    port_name: Option<String>,
    dev_port: u32,
}

/// All physical ports, by name. Ports behind USB are the BMC's own (the host's way to it), not the server's.
pub fn ports(sys: &Path) -> Vec<Port> {
    let mut found: Vec<(Port, Option<Place>)> = Vec::new();
    let Ok(entries) = fs::read_dir(sys.join("class/net")) else { return Vec::new() };
    let mut entries: Vec<PathBuf> = entries.filter_map(|e| e.ok().map(|e| e.path())).collect();
    entries.sort();
    for entry in entries {
        let Ok(device) = fs::canonicalize(entry.join("device")) else { continue };
        let usb = device.components().any(|c| c.as_os_str().to_string_lossy().starts_with("usb"));
        let ethernet = read(&entry.join("type")).as_deref() == Some("1");
        let Some(mac) = read(&entry.join("address")).and_then(|m| mac(&m).ok()) else { continue };
        if usb || !ethernet {
            continue;
        }
        let interface = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let driver = fs::read_link(device.join("driver")).ok();
        let driver = driver.and_then(|d| d.file_name().map(|n| n.to_string_lossy().into_owned()));
        let place = place(sys, &entry, &device);
        found.push((Port { interface, name: String::new(), mac, driver }, place));
    }
    let mut ports: Vec<Port> = Vec::new();
    for (mut port, place) in found {
        let names = place.as_ref().map(names).unwrap_or_default();
        // Two ports with the same index are a mistake of the firmware's; the later one is named by its place.
        let free = names.into_iter().find(|name| !ports.iter().any(|p| p.name == *name));
        port.name = free.unwrap_or_else(|| port.interface.clone());
        ports.push(port);
    }
    ports.sort_by(|a, b| a.name.cmp(&b.name));
    ports
}

/// The line's number in a file of sysfs.
pub fn read(path: &Path) -> Option<String> {
    let text = fs::read(path).ok()?;
    let text = String::from_utf8_lossy(&text).trim().trim_matches('\0').to_owned();
    (!text.is_empty()).then_some(text)
}

/// Whether the port has a link.
pub fn link(sys: &Path, interface: &str) -> bool {
    read(&sys.join("class/net").join(interface).join("carrier")).as_deref() == Some("1")
}

/// Its speed in 10^6 bits a second; unknown where the driver does not tell.
pub fn speed(sys: &Path, interface: &str) -> Option<u64> {
    read(&sys.join("class/net").join(interface).join("speed"))?
        .parse()
        .ok()
        .filter(|s| *s > 0 && *s < u64::from(u32::MAX))
}

/// Frames received with errors since it came up.
pub fn receive_errors(sys: &Path, interface: &str) -> Option<u64> {
    read(&sys.join("class/net").join(interface).join("statistics/rx_errors"))?.parse().ok()
}

fn place(sys: &Path, entry: &Path, device: &Path) -> Option<Place> {
    // A virtio device stands below the PCI function.
    let pci = device.ancestors().find(|p| p.file_name().is_some_and(|n| address(&n.to_string_lossy()).is_some()))?;
    let address_text = pci.file_name()?.to_string_lossy().into_owned();
    let (domain, bus, slot_number, function) = address(&address_text)?;
    let number = |name: &str| read(&pci.join(name)).and_then(|n| n.parse().ok()).filter(|n| (1..=16_383).contains(n));
    let without_function = address_text.rsplit_once('.')?.0.to_owned();
    let slots = fs::read_dir(sys.join("bus/pci/slots")).into_iter().flatten().filter_map(Result::ok);
    let slot = slots
        .filter(|s| read(&s.path().join("address")).as_deref() == Some(&without_function))
        .map(|s| s.file_name().to_string_lossy().into_owned())
        .min();
    let header = fs::read(pci.join("config")).ok().and_then(|c| c.get(14).copied()).unwrap_or_default();
    Some(Place {
        onboard: number("acpi_index").or_else(|| number("index")),
        slot,
        domain,
        bus,
        device: slot_number,
        function,
        multifunction: header & 0x80 != 0,
        port_name: read(&entry.join("phys_port_name")),
        dev_port: read(&entry.join("dev_port")).and_then(|n| n.parse().ok()).unwrap_or_default(),
    })
}

/// `0000:3b:00.1` as its four numbers.
fn address(text: &str) -> Option<(u32, u32, u32, u32)> {
    let (rest, function) = text.split_once('.')?;
    let mut parts = rest.split(':');
    let mut hex = || u32::from_str_radix(parts.next()?, 16).ok();
    let (domain, bus, device) = (hex()?, hex()?, hex()?);
    (parts.next().is_none() && text.len() >= 12).then_some((domain, bus, device, function.parse().ok()?))
}

/// The names it may have, the preferred one first.
fn names(place: &Place) -> Vec<String> {
    let port = match &place.port_name {
        Some(name) => format!("n{name}"),
        None if place.dev_port > 0 => format!("d{}", place.dev_port),
        None => String::new(),
    };
    let domain = if place.domain > 0 { format!("P{}", place.domain) } else { String::new() };
    let multi = place.function > 0 || place.multifunction;
    let function = if multi { format!("f{}", place.function) } else { String::new() };
    let onboard = place.onboard.map(|index| format!("eno{index}{port}"));
    let slot = place.slot.as_ref().map(|slot| format!("en{domain}s{slot}{function}{port}"));
    let path = format!("en{domain}p{}s{}{function}{port}", place.bus, place.device);
    onboard.into_iter().chain(slot).chain([path]).filter(|name| name.len() < 16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn put(path: PathBuf, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn port(sys: &Path, interface: &str, mac: &str, device: &str, more: &[(&str, &str)]) {
        let device = sys.join("devices").join(device);
        let net = device.join("net").join(interface);
        put(net.join("address"), &format!("{mac}\n"));
        put(net.join("type"), "1\n");
        put(net.join("carrier"), "1\n");
        for (file, text) in more {
            let at = if file.starts_with("pci/") {
                let pci = device.ancestors().find(|p| p.file_name().unwrap().to_string_lossy().contains('.')).unwrap();
                pci.join(file.trim_start_matches("pci/"))
            } else {
                net.join(file)
            };
            put(at, text);
        }
        fs::create_dir_all(sys.join("class/net")).unwrap();
        symlink(&device, net.join("device")).unwrap();
        symlink(&net, sys.join("class/net").join(interface)).unwrap();
    }

    #[test]
    fn ports_are_named_as_the_operating_system_to_come_names_them() {
        let dir = tempfile::tempdir().unwrap();
        let sys = dir.path();
        port(sys, "eth0", "94:40:c9:aa:00:01", "pci0000:00/0000:00:03.0/virtio0", &[("pci/acpi_index", "1")]);
        port(
            sys,
            "eth1",
            "94:40:c9:aa:00:02",
            "pci0000:3a/0000:3b:00.0",
            &[("phys_port_name", "p0"), ("pci/index", "1")],
        );
        port(sys, "eth2", "94:40:c9:aa:00:03", "pci0000:3a/0000:3b:00.1", &[("phys_port_name", "p1")]);
        port(sys, "eth3", "94:40:c9:aa:00:04", "pci0000:00/0000:5e:00.0", &[("dev_port", "1")]);
        port(sys, "eth4", "94:40:c9:aa:00:05", "pci0000:00/0000:00:14.0/usb1/1-1", &[]);
        put(sys.join("bus/pci/slots/2/address"), "0000:5e:00\n");
        let named: Vec<_> = ports(sys).into_iter().map(|p| (p.interface, p.name)).collect();
        let expected = [("eth0", "eno1"), ("eth1", "eno1np0"), ("eth2", "enp59s0f1np1"), ("eth3", "ens2d1")];
        assert_eq!(named, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }

    #[test]
    fn an_index_given_twice_names_only_the_first() {
        let dir = tempfile::tempdir().unwrap();
        for (eth, bus) in [("eth0", "02"), ("eth1", "03")] {
            port(
                dir.path(),
                eth,
                &format!("94:40:c9:aa:00:{bus}"),
                &format!("x/0000:{bus}:00.0"),
                &[("pci/index", "5")],
            );
        }
        let names: Vec<_> = ports(dir.path()).into_iter().map(|p| p.name).collect();
        assert_eq!(names, ["eno5", "enp3s0"]);
    }

    #[test]
    fn what_a_driver_does_not_tell_is_unknown() {
        let dir = tempfile::tempdir().unwrap();
        port(dir.path(), "eth0", "94:40:c9:aa:00:01", "x/0000:02:00.0", &[("speed", "-1\n")]);
        assert_eq!(speed(dir.path(), "eth0"), None);
        assert_eq!(receive_errors(dir.path(), "eth0"), None);
        assert!(link(dir.path(), "eth0") && !link(dir.path(), "eth1"));
    }
}
