//! Disks by sysfs: which there are, of what kind, and which are nobody else's.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::nic::read;

/// What a disk is, as far as its speed goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// NVMe over PCI Express.
    Nvme,
    /// SATA or SAS without moving parts, or a controller's volume of such.
    Ssd,
    /// One that rotates.
    Hdd,
    /// A virtual machine's.
    Virtual,
}

/// A disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// As the kernel calls it: `nvme0n1`, `sda`.
    pub name: String,
    /// Kind.
    pub kind: Kind,
    /// Capacity.
    pub bytes: u64,
    /// Model.
    pub model: Option<String>,
    /// Serial.
    pub serial: Option<String>,
    /// Why it must not be written whatever it holds, where there is a reason.
    pub reserved: Option<String>,
    /// Whether the kernel found partitions on it.
    pub partitioned: bool,
}

impl Disk {
    /// Its device node.
    pub fn path(&self) -> String {
        format!("/dev/{}", self.name)
    }

    /// Its capacity, for a person.
    pub fn size(&self) -> String {
        match self.bytes / 1_000_000 {
            mega @ 0..10_000 => format!("{mega} MB"),
            mega => format!("{} GB", mega / 1_000),
        }
    }

    /// What reports call it.
    pub fn label(&self) -> String {
        self.serial.as_ref().map_or_else(|| self.name.clone(), |serial| format!("{} ({serial})", self.name))
    }
}

/// All disks that are the server's own, by name. Never removable ones, optical ones, loops, memory, the BMC's virtual
/// media (USB), or what comes over a storage network. `mounts` and `swaps` are the files of `/proc`.
pub fn disks(sys: &Path, mounts: &str, swaps: &str) -> Vec<Disk> {
    let Ok(entries) = fs::read_dir(sys.join("block")) else { return Vec::new() };
    let mut names: Vec<String> = entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut found: Vec<Disk> = Vec::new();
    for name in names {
        let at = sys.join("block").join(&name);
        let Some(kind) = kind(&name, &at) else { continue };
        // Sectors of 512 bytes, whatever the disk's own are.
        let sectors: Option<u64> = read(&at.join("size")).and_then(|s| s.parse().ok());
        let Some(bytes) = sectors.and_then(|s| s.checked_mul(512)).filter(|b| *b > 0) else { continue };
        let mut disk = Disk {
            kind,
            bytes,
            model: read(&at.join("device/model")),
            serial: serial(&at),
            reserved: reserved(&name, &at, mounts, swaps),
            partitioned: partitions(&at).next().is_some(),
            name,
        };
        let wwid = read(&at.join("wwid")).or_else(|| read(&at.join("device/wwid")));
        if let Some(wwid) = wwid {
            if let Some(first) = seen.get(&wwid) {
                let twice = format!("it is the same disk as {}", found[*first].name);
                found[*first].reserved.get_or_insert_with(|| format!("{} is the same disk", disk.name));
                disk.reserved = Some(twice);
            } else {
                seen.insert(wwid, found.len());
            }
        }
        found.push(disk);
    }
    found
}

fn kind(name: &str, at: &Path) -> Option<Kind> {
    let is = |file: &str, word: &str| read(&at.join(file)).as_deref() == Some(word);
    if is("removable", "1") {
        return None;
    }
    let device = fs::canonicalize(at).ok()?.to_string_lossy().into_owned();
    // USB, Fibre Channel and iSCSI: another host may use it at this moment.
    if ["/usb", "/rport-", "/session"].iter().any(|way| device.contains(way)) {
        return None;
    }
    if name.starts_with("nvme") {
        // `nvme0c0n1` is a path to `nvme0n1`; other transports than PCI Express are networks.
        let path = name.trim_start_matches("nvme").contains('c');
        let local = read(&at.join("device/transport")).is_none_or(|t| t == "pcie");
        return (!path && local).then_some(Kind::Nvme);
    }
    if name.starts_with("vd") {
        return Some(Kind::Virtual);
    }
    // Type 0 is a disk; 5 is optical.
    if name.starts_with("sd") && read(&at.join("device/type")).is_none_or(|t| t == "0") {
        return match read(&at.join("queue/rotational")).as_deref() {
            Some("0") => Some(Kind::Ssd),
            _ => Some(Kind::Hdd),
        };
    }
    None
}

fn serial(at: &Path) -> Option<String> {
    let page = || {
        // Unit serial number page: four bytes of header.
        let page = fs::read(at.join("device/vpd_pg80")).ok()?;
        Some(String::from_utf8_lossy(page.get(4..)?).trim().trim_matches('\0').to_owned())
    };
    let told = read(&at.join("serial")).or_else(|| read(&at.join("device/serial"))).or_else(page);
    told.map(|s| crate::words::clean(&s)).filter(|s| !s.is_empty())
}

fn reserved(name: &str, at: &Path, mounts: &str, swaps: &str) -> Option<String> {
    if read(&at.join("ro")).as_deref() == Some("1") {
        return Some("it is write protected".to_owned());
    }
    let of_it = |line: &&str| line.strip_prefix("/dev/").is_some_and(|rest| rest.starts_with(name));
    if mounts.lines().chain(swaps.lines()).any(|l| of_it(&l)) {
        return Some("it is mounted".to_owned());
    }
    let holders = |p: &Path| fs::read_dir(p.join("holders")).into_iter().flatten().flatten().next().is_some();
    (holders(at) || partitions(at).any(|p| holders(&p))).then(|| "another device is built on it".to_owned())
}

fn partitions(at: &Path) -> impl Iterator<Item = PathBuf> {
    let children = fs::read_dir(at).into_iter().flatten().flatten().map(|e| e.path());
    children.filter(|p| p.join("partition").exists())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn disk(sys: &Path, name: &str, device: &str, files: &[(&str, &str)]) {
        let at = sys.join("devices").join(device).join("block").join(name);
        fs::create_dir_all(at.join("holders")).unwrap();
        fs::create_dir_all(sys.join("block")).unwrap();
        fs::write(at.join("size"), "2048\n").unwrap();
        for (file, text) in files {
            fs::create_dir_all(at.join(file).parent().unwrap()).unwrap();
            fs::write(at.join(file), text).unwrap();
        }
        symlink(&at, sys.join("block").join(name)).unwrap();
    }

    fn found(sys: &Path, mounts: &str) -> Vec<(String, Option<String>)> {
        disks(sys, mounts, "").into_iter().map(|d| (d.name, d.reserved)).collect()
    }

    #[test]
    fn only_the_servers_own_disks_are_found() {
        let dir = tempfile::tempdir().unwrap();
        let sys = dir.path();
        disk(sys, "sda", "pci/host0/target0", &[("queue/rotational", "1"), ("device/vpd_pg80", "\0\0\0\u{4}WX12")]);
        disk(sys, "sdb", "pci/usb1/1-1/host1", &[]);
        disk(sys, "sdc", "pci/host2/rport-2:0-1", &[]);
        disk(sys, "sdd", "platform/host3/session1", &[]);
        disk(sys, "sde", "pci/host4", &[("removable", "1")]);
        disk(sys, "nvme0n1", "pci/nvme0", &[("device/transport", "pcie"), ("device/serial", "S6 \n")]);
        disk(sys, "nvme0c0n1", "pci/nvme0c", &[]);
        disk(sys, "nvme1n1", "virtual/nvme1", &[("device/transport", "tcp")]);
        disk(sys, "vda", "pci/virtio1", &[("serial", "DISK-A")]);
        disk(sys, "vdb", "pci/virtio2", &[("size", "0")]);
        for other in ["loop0", "ram0", "sr0", "zram0", "dm-0", "md0", "nbd0", "rbd0", "fd0"] {
            disk(sys, other, other, &[]);
        }
        let all = disks(sys, "", "");
        let told: Vec<_> = all.iter().map(|d| (d.name.as_str(), d.kind, d.serial.as_deref())).collect();
        let expected = [
            ("nvme0n1", Kind::Nvme, Some("S6")),
            ("sda", Kind::Hdd, Some("WX12")),
            ("vda", Kind::Virtual, Some("DISK-A")),
        ];
        assert_eq!(told, expected);
        assert_eq!(all[0].bytes, 1 << 20);
    }

    #[test]
    fn a_disk_in_use_is_reserved_for_its_user() {
        let dir = tempfile::tempdir().unwrap();
        let sys = dir.path();
        disk(sys, "sda", "a", &[("sda1/partition", "1")]);
        disk(sys, "sdb", "b", &[("holders/dm-0/x", "")]);
        disk(sys, "sdc", "c", &[("ro", "1\n")]);
        disk(sys, "sdd", "d", &[]);
        disk(sys, "sde", "e", &[]);
        disk(sys, "sdf", "f", &[("sdf2/partition", "2"), ("sdf2/holders/md0/x", "")]);
        let all = found(sys, "proc /proc proc rw\n/dev/sdd1 / ext4 rw\n");
        let free: Vec<_> = all.iter().filter(|(_, r)| r.is_none()).map(|(n, _)| n.as_str()).collect();
        assert_eq!(free, ["sda", "sde"], "{all:?}");
        let partitioned: Vec<_> = disks(sys, "", "").into_iter().filter(|d| d.partitioned).map(|d| d.name).collect();
        assert_eq!(partitioned, ["sda", "sdf"]);
    }

    #[test]
    fn a_disk_seen_over_two_paths_is_written_over_neither() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["sda", "sdb"] {
            disk(dir.path(), name, name, &[("device/wwid", "naa.5000c500a0b1c2d3")]);
        }
        disk(dir.path(), "sdc", "sdc", &[("device/wwid", "naa.5000c500a0b1c2d4")]);
        let all = found(dir.path(), "");
        assert!(all[0].1.is_some() && all[1].1.is_some() && all[2].1.is_none(), "{all:?}");
    }
}
