//! Boot scripts for iPXE. Who gets the validation image is the ledger's decision; here it is spelled.

use hyper::StatusCode;
use percent_encoding::percent_decode_str;
use rackhand_core::bmc::Fingerprint;
use rackhand_core::boot::commands::{self as boot, Bootable, Unbootable};
use rackhand_core::decide::{Answer, Input};
use rackhand_core::id::Actor;
use rackhand_core::text::Text;
use sha2::{Digest, Sha256};

use super::answer::{Answered, error, refused, text};
use super::{Http, hash};
use crate::ledger::Patience;

/// What iPXE calls the processors our image runs on. A BIOS loader is `i386` on a 64-bit processor too.
const OURS: [&str; 3] = ["", "i386", "x86_64"];

/// Readings of its BMC that an asking waits for: one may have begun before POST was over, the next one has not.
const READINGS: usize = 2;

impl Http {
    /// What a loader runs first: it asks for its own script by serial and MAC. Where that fails the machine boots what
    /// it has.
    pub(super) fn first(&self) -> Answered {
        let base = &self.0.base;
        text(
            StatusCode::OK,
            format!(
                "#!ipxe\nisset ${{netX/ip}} || dhcp || goto local\n\
                 chain --replace {base}/boot/ipxe?serial=${{serial:uristring}}&mac=${{netX/mac:hexhyp}}&uuid=${{uuid}}\
                 &arch=${{buildarch}}&platform=${{platform}} || goto local\n\
                 :local\niseq ${{platform}} efi || exit\nexit 1\n"
            ),
        )
    }

    /// The script for a machine: `?serial=&mac=`, and `arch=` and `platform=` as iPXE has them.
    pub(super) async fn script(&self, query: &str) -> Answered {
        let value = |key: &str| {
            let found = query.split('&').find_map(|pair| pair.split_once('=').filter(|(k, _)| *k == key));
            found.map(|(_, v)| Text::from(unescape(v)))
        };
        let Some(serial) = value("serial").filter(|s| !s.is_empty()) else {
            return error(
                StatusCode::UNPROCESSABLE_ENTITY,
                "serial is missing: chain with ?serial=${serial:uristring}",
            );
        };
        let efi = value("platform").is_some_and(|p| p.as_str() == "efi");
        let arch = value("arch").unwrap_or_else(|| Text::new(""));
        if !OURS.contains(&arch.as_str()) {
            return local(&format!("there is no image for {arch}"), efi);
        }
        let nic = value("mac").and_then(|m| m.parse().ok());
        let mut readings = READINGS;
        let boot = loop {
            // Asked of the world that is shown: whoever may not have the script takes no turn at the ledger.
            match boot::bootable(&self.0.ledger.world(), &serial, nic) {
                Ok(boot) => break boot,
                Err(Unbootable { untold: Some(unit), .. }) if readings > 0 => self.read_nics(unit).await,
                Err(not) => return local(&not.why, efi),
            }
            readings -= 1;
        };
        let token = self.token(&boot);
        if boot.token == Some(hash(&token)) {
            return text(StatusCode::OK, self.image(&token));
        }
        let input = Input::BootRequest { serial, nic, token: hash(&token) };
        match self.0.ledger.submit(Actor::Wire, Patience::Refuse, input).await {
            Ok(done) if done.answer == Answer::BootValidation => text(StatusCode::OK, self.image(&token)),
            Ok(done) => match &done.answer {
                Answer::BootLocal(why) => local(why, efi),
                _ => local("", efi),
            },
            Err(refusal) => refused(&refusal),
        }
    }

    /// A boot's token: the same however often it is asked for, while the daemon runs. All parts have a fixed length, so
    /// nobody can write another boot's by lengthening one that they know.
    fn token(&self, boot: &Bootable) -> String {
        let digest = Sha256::new()
            .chain_update(self.0.seed)
            .chain_update(boot.unit.to_string())
            .chain_update(boot.number.to_be_bytes());
        Fingerprint(digest.finalize().into()).to_string()
    }

    /// `initrd=` tells a kernel that UEFI starts which file is its own; a BIOS one does not mind. Without `quiet` the
    /// kernel prints its command line, and with it the token, on every console.
    fn image(&self, token: &str) -> String {
        let (base, more) = (&self.0.base, &self.0.offers.kernel);
        format!(
            "#!ipxe\nkernel {base}/boot/vmlinuz initrd=image quiet BOOTIF=01-${{netX/mac:hexhyp}} {more} \
             rackhand.url={base} rackhand.token={token}\n\
             initrd --name image {base}/boot/image\nboot\n"
        )
    }
}

/// Back to the firmware. A BIOS goes on to its next device by itself; UEFI does so only where the loader failed, and
/// takes success for an end, with a menu (UEFI 2.10, 3.1.2).
fn local(why: &str, efi: bool) -> Answered {
    let exit = if efi { "exit 1" } else { "exit" };
    text(StatusCode::OK, format!("#!ipxe\n# {}\n{exit}\n", Text::new(why)))
}

/// `%41` and `+` of a query value; what is no escape stays as it is.
pub(super) fn unescape(value: &str) -> String {
    percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned()
}
