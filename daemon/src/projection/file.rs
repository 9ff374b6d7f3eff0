//! The copy on disk: one line that says what it is and its SHA-256, then JSON. Written beside and renamed, so that it
//! is whole or the one before. What is not as it should be is not used.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rackhand_core::bmc::Fingerprint;
use sha2::{Digest, Sha256};

use super::Held;

/// Raised when the form changes; another one's copy is not used.
const FORM: &str = "rackhand-netbox-copy 1";
/// Octets of a file at the most: some 300,000 devices.
const MOST: u64 = 256 << 20;

/// Reads a copy; `None` where there is none, or it is not whole, or of another form.
pub(super) fn load(file: &Path) -> Option<Held> {
    let mut text = String::new();
    File::open(file).ok()?.take(MOST).read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once('\n')?;
    (head == self::head(body.as_bytes())).then_some(())?;
    serde_json::from_str(body).ok()
}

/// Writes a copy in place of the one before.
pub(super) fn save(file: &Path, held: &Held) -> io::Result<()> {
    let body = serde_json::to_vec(held)?;
    let beside = file.with_extension("new");
    let mut out = File::options().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    writeln!(out, "{}", head(&body))?;
    out.write_all(&body)?;
    out.sync_all()?;
    fs::rename(&beside, file)
}

fn head(body: &[u8]) -> String {
    let sum = Fingerprint(Sha256::digest(body).into());
    format!("{FORM} {sum}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use rackhand_core::id::SiteId;
    use rackhand_core::inventory::listed::Inventory;
    use rackhand_core::inventory::rack::Elevations;
    use rackhand_core::time::Timestamp;

    use super::*;

    #[test]
    fn a_copy_reads_back_as_it_was_and_a_damaged_one_not_at_all() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("netbox-copy");
        assert_eq!(load(&file), None);
        let at = Timestamp::from_secs(1_795_000_000);
        let inventory = Inventory::new(SiteId::new("fra1"));
        let held = Held { inventory, read_at: at, whole_at: at, elevations: Some((Elevations::default(), at)) };
        for _ in 0..2 {
            save(&file, &held).unwrap();
            assert_eq!(load(&file).as_ref(), Some(&held));
        }
        let whole = fs::read(&file).unwrap();
        for damaged in [&whole[..whole.len() - 1], &whole[1..], b"", b"\n", b"rackhand-netbox-copy 2 00\n{}"] {
            fs::write(&file, damaged).unwrap();
            assert_eq!(load(&file), None);
        }
        let mut turned = whole.clone();
        let last = turned.len() - 3;
        turned[last] ^= 1;
        fs::write(&file, turned).unwrap();
        assert_eq!(load(&file), None);
    }

    #[test]
    fn a_copy_from_before_racks_were_kept_is_taken_without_them() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("netbox-copy");
        let at = Timestamp::from_secs(1_795_000_000);
        let held = Held { inventory: Inventory::new(SiteId::new("fra1")), read_at: at, whole_at: at, elevations: None };
        let mut body = serde_json::to_value(&held).unwrap();
        body.as_object_mut().unwrap().remove("elevations");
        let body = body.to_string();
        fs::write(&file, format!("{}\n{body}", head(body.as_bytes()))).unwrap();
        assert_eq!(load(&file), Some(held));
    }
}
