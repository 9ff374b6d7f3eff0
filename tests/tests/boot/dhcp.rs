//! What `pxe/README.md` tells people to put into their DHCP servers, put into the real ones and asked by clients.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::namespace::{alone, search_path};
use crate::segment;
use crate::server::{Kind, Server};

const README: &str = include_str!("../../../pxe/README.md");

/// The README's block in this language.
pub fn block(language: &str) -> String {
    let (_, rest) = README.split_once(&format!("```{language}\n")).expect(language);
    rest.split_once("```").expect(language).0.replace("DAEMON", "10.77.0.1")
}

/// Asks as a client that sends these options (number and content in hexadecimal), and gives the file it is told.
fn file_told(options: &[&str]) -> String {
    let script = "/dev/shm/told";
    std::fs::write(script, "#!/bin/sh\n[ $1 = bound ] && echo \"${bootfile:-$boot_file}\" >/dev/shm/file\nexit 0\n")
        .unwrap();
    std::fs::set_permissions(script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new("ip");
    command.args([
        "netns", "exec", "host", "udhcpc", "-n", "-q", "-f", "-i", "eth0", "-t", "60", "-T", "1", "-O", "bootfile",
    ]);
    for option in options {
        command.args(["-x", option]);
    }
    let output = command.args(["-s", script]).env("PATH", search_path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::read_to_string("/dev/shm/file").unwrap().trim().to_owned()
}

fn tells_each_client_its_file(kind: Kind, language: &str) {
    segment::lay();
    segment::plug("host", "94:40:c9:aa:00:01");
    let _server = Server::start(kind, &block(language));
    let (ipxe, bios, efi, efi_bc) = ("0x4d:69505845", "0x5d:0000", "0x5d:0007", "0x5d:0009");
    let first = "http://10.77.0.1:8080/boot/first";
    for (options, file) in [
        (vec![ipxe, bios], first),
        (vec![ipxe, efi], first),
        (vec![bios], "undionly.kpxe"),
        (vec![efi], "ipxe.efi"),
        (vec![efi_bc], "ipxe.efi"),
    ] {
        assert_eq!(file_told(&options), file, "{kind:?} {options:?}");
    }
}

#[test]
fn dnsmasq_tells_each_client_its_file() {
    alone(&["dnsmasq", "udhcpc"], || async { tells_each_client_its_file(Kind::Dnsmasq, "dnsmasq") });
}

#[test]
fn kea_tells_each_client_its_file() {
    alone(&["kea-dhcp4", "udhcpc"], || async { tells_each_client_its_file(Kind::Kea, "kea") });
}

#[test]
fn isc_dhcpd_tells_each_client_its_file() {
    alone(&["dhcpd", "udhcpc"], || async { tells_each_client_its_file(Kind::Isc, "isc") });
}
