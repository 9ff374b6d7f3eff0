//! The server itself: a virtual machine in software emulation, with two NICs, a disk that holds data and one that does
//! not. The controller's resets start it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use rackhand_core::mac::Mac;
use rackhand_lab::bmc::fleet::Body;
use rackhand_lab::machine::Ending;
use tokio::process::Command;

use crate::namespace::{run, search_path};
use crate::segment::eventually;
use crate::switch::Switch;

/// Bytes of each disk.
pub const DISK: u64 = 64 << 20;

/// What the machine's own firmware is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Firmware {
    /// SeaBIOS, and iPXE from the NIC's ROM.
    Bios,
    /// OVMF.
    Uefi,
}

/// What is in the machine, and where its cables go.
pub struct Machine {
    /// DMI strings.
    pub serial: String,
    /// DMI product name.
    pub model: String,
    /// Its NICs.
    pub nics: Vec<Mac>,
    /// The two switches its NICs go to.
    pub switches: [Switch; 2],
    /// The port of the first switch that the first cable is in; the second is always in its own.
    pub first_port: Mutex<&'static str>,
    /// The firmware of each boot; the last one stays.
    pub firmware: Mutex<Vec<Firmware>>,
    /// How many boots there were.
    pub boots: Mutex<usize>,
}

/// Where a disk's content is.
pub fn disk(name: &str) -> PathBuf {
    PathBuf::from(format!("/dev/shm/{name}.img"))
}

/// Makes both disks: `DATA1` with a file system and more, `BLANK1` with nothing.
pub fn make_disks() {
    for name in ["DATA1", "BLANK1"] {
        std::fs::File::create(disk(name)).unwrap().set_len(DISK).unwrap();
    }
    run(&format!("mkfs.ext4 -q -F {}", disk("DATA1").display()));
    let mut content = std::fs::read(disk("DATA1")).unwrap();
    for (n, byte) in content.iter_mut().enumerate().skip(48 << 20) {
        *byte = (n / 7) as u8;
    }
    std::fs::write(disk("DATA1"), content).unwrap();
}

/// Such a machine for the controller.
pub fn body(machine: &Arc<Machine>) -> Body {
    let machine = Arc::clone(machine);
    Arc::new(move || {
        let machine = Arc::clone(&machine);
        Box::pin(async move { machine.live().await })
    })
}

impl Machine {
    /// One life, from power on to power off.
    async fn live(&self) -> Ending {
        let (boot, firmware) = {
            let mut boots = self.boots.lock().unwrap();
            *boots += 1;
            let firmware = self.firmware.lock().unwrap();
            (*boots, firmware[(*boots - 1).min(firmware.len() - 1)])
        };
        let [first, second] = &self.switches;
        let old = [(first, *self.first_port.lock().unwrap()), (second, "Ethernet1")];
        for (switch, port) in old.into_iter().chain([(first, "Ethernet7"), (first, "Ethernet1")]) {
            // The cables of the life before, wherever they were.
            let line = ["-n", switch.space, "link", "delete", port];
            drop(std::process::Command::new("ip").args(line).env("PATH", search_path()).output());
        }
        for nic in ["nic0", "nic1"] {
            run(&format!("ip -n {} tuntap add dev {nic} mode tap", first.space));
            run(&format!("ip -n {} link set {nic} up", first.space));
        }
        let mut command = Command::new("ip");
        command.args(["netns", "exec", first.space, "qemu-system-x86_64"]).args(self.arguments(boot, firmware));
        command.env("PATH", search_path()).stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let links = || run(&format!("ip -n {} link show", first.space));
        let plugged = || links().lines().filter(|l| l.contains(": nic") && l.contains("LOWER_UP")).count() == 2;
        eventually("with both NICs", plugged, links).await;
        first.plug(first.space, "nic0", *self.first_port.lock().unwrap());
        second.plug(first.space, "nic1", "Ethernet1");
        match child.wait().await {
            Ok(status) if status.success() => Ending::Reported,
            _ => Ending::GaveUp,
        }
    }

    fn arguments(&self, boot: usize, firmware: Firmware) -> Vec<String> {
        let (serial, model) = (&self.serial, &self.model);
        let uuid = "30374545-3332-5a43-3132-333435363738";
        let mut all = vec![
            "-accel tcg -cpu max -m 1024 -display none -no-reboot".to_owned(),
            format!("-serial file:{}", console(boot).display()),
            format!(
                "-smbios type=0,vendor=HPE,version=U54 -smbios type=1,manufacturer=HPE,serial={serial},uuid={uuid}"
            ),
        ];
        match firmware {
            Firmware::Bios => all.push("-machine pc".to_owned()),
            Firmware::Uefi => {
                std::fs::copy("/usr/share/OVMF/OVMF_VARS_4M.fd", "/dev/shm/vars.fd").unwrap();
                all.push("-machine q35".to_owned());
                all.push("-drive if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd".to_owned());
                all.push("-drive if=pflash,format=raw,file=/dev/shm/vars.fd".to_owned());
            }
        }
        // By UEFI without iPXE in the NIC, as in servers: the firmware's own PXE fetches it by TFTP.
        let first = if firmware == Firmware::Bios { "bootindex=1" } else { "bootindex=1,romfile=" };
        for (n, (mac, rom)) in self.nics.iter().zip([first, "romfile="]).enumerate() {
            all.push(format!("-netdev tap,id=net{n},ifname=nic{n},script=no,downscript=no"));
            all.push(format!("-device virtio-net-pci,id=nic{n},netdev=net{n},mac={mac},{rom}"));
            // The board's own index of the port, from which its name follows: eno1, eno2.
            all.push(format!("-smbios type=41,designation=NIC{0},instance={0},kind=ethernet,pcidev=nic{n}", n + 1));
        }
        for (n, name) in ["DATA1", "BLANK1"].iter().enumerate() {
            all.push(format!("-drive if=none,id=disk{n},format=raw,file={}", disk(name).display()));
            all.push(format!("-device virtio-blk-pci,drive=disk{n},serial={name}"));
        }
        let mut words: Vec<String> = all.iter().flat_map(|a| a.split(' ')).map(str::to_owned).collect();
        // The one value with a space in it.
        words.extend(["-smbios".to_owned(), format!("type=1,product={model}")]);
        words
    }
}

/// What a boot's console said.
pub fn console(boot: usize) -> PathBuf {
    Path::new("/dev/shm").join(format!("console-{boot}"))
}
