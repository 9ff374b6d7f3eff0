//! Image files with what disks hold in the field. Each must be found, by what is looked at alone.

use std::fs::{File, OpenOptions};
use std::io::{Cursor, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;

const GIB: u64 = 1 << 30;

/// A sparse image of so many bytes with these bytes at these places.
fn image(dir: &Path, bytes: u64, content: &[(u64, &[u8])]) -> PathBuf {
    let path = dir.join("disk.img");
    let mut file = File::create(&path).unwrap();
    file.set_len(bytes).unwrap();
    for (at, what) in content {
        file.seek(SeekFrom::Start(*at)).unwrap();
        file.write_all(what).unwrap();
    }
    path
}

fn look_at(path: &Path, flash: bool) -> Look {
    let mut file = File::open(path).unwrap();
    let bytes = file.metadata().unwrap().len();
    look(&mut file, bytes, 64, flash)
}

fn holds_data(path: &Path) -> bool {
    matches!(look_at(path, true), Look::Data(_))
}

#[test]
fn an_empty_disk_is_blank_whatever_its_size() {
    let dir = tempfile::tempdir().unwrap();
    for bytes in [512, 1 << 20, (32 << 20) - 512, (32 << 20) + 512, GIB, 3 * GIB + 512] {
        assert_eq!(look_at(&image(dir.path(), bytes, &[]), false), Look::Blank, "{bytes}");
    }
}

#[test]
fn every_signature_of_the_field_is_data_where_its_format_puts_it() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = 4 * GIB;
    let cases: [(&str, u64, &[u8]); 18] = [
        ("MBR partition table", 510, &[0x55, 0xAA]),
        ("GPT header", 512, b"EFI PART"),
        ("GPT copy at the end, the first one wiped", bytes - 512, b"EFI PART"),
        ("ext4 superblock", 1_080, &[0x53, 0xEF]),
        ("XFS", 0, b"XFSB"),
        ("btrfs", 65_600, b"_BHRfS_M"),
        ("FAT boot sector", 54, b"FAT16"),
        ("NTFS", 3, b"NTFS"),
        ("LVM label", 536, b"LVM2 001"),
        ("LVM label in the last sector it may be in", 3 * 512 + 24, b"LVM2 001"),
        ("LUKS", 0, b"LUKS\xBA\xBE"),
        ("LUKS2 second header", 0x40_0000, b"SKUL\xBA\xBE"),
        ("md 1.2", 4_096, &[0xFC, 0x4E, 0x2B, 0xA9]),
        ("md 0.90 at the end", bytes - 65_536, &[0xFC, 0x4E, 0x2B, 0xA9]),
        ("md 1.0 at the end", bytes - 8_192, &[0xFC, 0x4E, 0x2B, 0xA9]),
        ("ZFS uberblock of the first label", 128 << 10, &[0x0C, 0xB1, 0xBA, 0x00]),
        ("ZFS uberblock of the last label", bytes - (128 << 10), &[0x0C, 0xB1, 0xBA, 0x00]),
        ("swap", 4_086, b"SWAPSPACE2"),
    ];
    for (what, at, signature) in cases {
        assert!(holds_data(&image(dir.path(), bytes, &[(at, signature)])), "{what}");
    }
}

#[test]
fn one_bit_at_any_place_that_is_looked_at_is_data() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = GIB + 12_345 * 512;
    for (from, length) in spans(bytes, 64) {
        for at in [from, from + length / 2, from + length - 1] {
            assert!(holds_data(&image(dir.path(), bytes, &[(at, &[1])])), "byte {at}");
        }
    }
}

#[test]
fn data_without_any_signature_in_the_middle_is_found() {
    let dir = tempfile::tempdir().unwrap();
    // A volume whose both ends were wiped: a hundredth of the disk is left.
    let path = image(dir.path(), GIB, &[(500 << 20, &vec![0xA5; 20 << 20])]);
    assert!(holds_data(&path));
}

#[test]
fn erased_flash_may_read_as_ones_but_all_of_it_and_only_flash() {
    let dir = tempfile::tempdir().unwrap();
    let ones = vec![0xFF; 40 << 20];
    let path = image(dir.path(), 40 << 20, &[(0, &ones)]);
    assert_eq!(look_at(&path, true), Look::Blank);
    assert!(matches!(look_at(&path, false), Look::Data(_)));
    let mixed = image(dir.path(), 40 << 20, &[(0, &ones[..20 << 20])]);
    assert!(holds_data(&mixed));
    let mixed = image(dir.path(), 40 << 20, &[(39 << 20, &ones[..1 << 20])]);
    assert!(holds_data(&mixed));
}

#[test]
fn a_disk_that_cannot_be_read_is_not_blank() {
    // Half of it is missing.
    let mut short = Cursor::new(vec![0; 1 << 20]);
    assert!(matches!(look(&mut short, 2 << 20, 64, false), Look::Unknown(_)));
    assert!(matches!(look(&mut short, 0, 64, false), Look::Unknown(_)));
}

#[test]
fn every_place_is_inside_the_disk_and_none_is_left_out() {
    for bytes in [(32 << 20) + 512, 33 << 20, 100 << 30, 30_000_000_000_000, u64::MAX / 2] {
        let spans = spans(bytes, 1_024);
        assert_eq!(spans.len(), 1_026);
        assert!(spans.iter().all(|(from, length)| *length > 0 && from + length <= bytes), "{bytes}");
        assert!(spans.windows(2).all(|w| w[0].0 <= w[1].0), "{bytes}");
    }
}

#[test]
fn the_second_witness_names_signatures_and_its_silence_is_none() {
    let found = r#"{"signatures":[{"device":"sda","offset":"0x1fe","type":"dos","uuid":null,"label":null}]}"#;
    assert_eq!(signatures(found).unwrap(), ["dos"]);
    assert_eq!(signatures("").unwrap(), Vec::<String>::new());
    assert!(signatures("wipefs: error").is_err() && signatures("{}").is_err());
}

/// Runs a program that may not be there; `None` says so.
fn made(program: &str, arguments: &[&str]) -> Option<()> {
    match Command::new(program).args(arguments).env("PATH", crate::command::PATH).output() {
        Ok(done) if done.status.success() => Some(()),
        Ok(done) => panic!("{program}: {}", String::from_utf8_lossy(&done.stderr)),
        Err(e) => {
            eprintln!("NOT TESTED: {program}: {e}");
            None
        }
    }
}

#[test]
fn what_the_real_programs_write_is_found_by_both_witnesses() {
    let dir = tempfile::tempdir().unwrap();
    let cases: [(&str, &[&str]); 5] = [
        ("mkfs.ext4", &["-q", "-F"]),
        ("mkfs.vfat", &[]),
        ("mkswap", &[]),
        (
            "cryptsetup",
            &[
                "luksFormat",
                "-q",
                "--pbkdf",
                "pbkdf2",
                "--pbkdf-force-iterations",
                "1000",
                "--key-file",
                "/etc/hostname",
            ],
        ),
        ("mke2fs", &["-q", "-F", "-t", "ext2"]),
    ];
    for (program, arguments) in cases {
        let path = image(dir.path(), 64 << 20, &[]);
        let text = path.to_string_lossy();
        let arguments: Vec<&str> = arguments.iter().copied().chain([&*text]).collect();
        if made(program, &arguments).is_none() {
            continue;
        }
        assert!(holds_data(&path), "{program}");
        let told =
            Command::new("wipefs").args(["--no-act", "--json", &text]).env("PATH", crate::command::PATH).output();
        if let Ok(told) = told {
            assert!(!signatures(&String::from_utf8_lossy(&told.stdout)).unwrap().is_empty(), "{program}");
        }
    }
}

#[test]
fn a_disk_that_is_held_cannot_be_opened_alone() {
    // Only the kernel's own rule can show this: O_EXCL on a block device that is mounted or held.
    let dir = tempfile::tempdir().unwrap();
    let path = image(dir.path(), 64 << 20, &[]);
    let text = path.to_string_lossy();
    let attached = Command::new("losetup").args(["--find", "--show", &text]).env("PATH", crate::command::PATH).output();
    let Some(device) = attached.ok().filter(|a| a.status.success()) else {
        eprintln!("NOT TESTED: an exclusive open; no loop devices here");
        return;
    };
    let device = String::from_utf8_lossy(&device.stdout).trim().to_owned();
    let open = || {
        use std::os::unix::fs::OpenOptionsExt;
        OpenOptions::new().read(true).custom_flags(crate::step::EXCLUSIVE).open(&device)
    };
    let first = open();
    let second = open();
    Command::new("losetup").args(["--detach", &device]).env("PATH", crate::command::PATH).output().unwrap();
    assert!(first.is_ok() && second.is_err());
}
