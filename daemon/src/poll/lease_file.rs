//! A DHCP server's lease file, followed as it grows.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use rackhand_adapters::dhcp::lease_file::{Format, Held, Reader};
use rackhand_adapters::port::clock::Clock;
use rackhand_core::discovery::lease::{Change, LeaseEvent};
use rackhand_core::fault::System;
use rackhand_core::time::Timestamp;

use super::told::Told;
use super::{Heard, Source};
use crate::intake::Intake;

/// Pause between two looks at a file.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Octets of a file that are read in one look at the most. What is beyond is read in the next.
const LOOK: u64 = 64 << 20;

/// A lease file.
#[derive(Clone, Debug)]
pub struct LeaseFile {
    /// Where it is.
    pub path: PathBuf,
    /// How it is written.
    pub format: Format,
}

/// A lease file and how far it was read.
struct Follower {
    file: LeaseFile,
    reader: Reader,
    inode: Option<(u64, u64)>,
    offset: u64,
    stamp: Option<(SystemTime, u64)>,
    told: Told,
}

impl Follower {
    fn new(file: LeaseFile) -> Self {
        let reader = Reader::new(file.format);
        Self { file, reader, inode: None, offset: 0, stamp: None, told: Told::default() }
    }

    /// What is new in the file. One that was put in its place, or cut, is read from its beginning; so is dnsmasq's at
    /// each change, since it is written anew in place.
    fn look(&mut self, now: Timestamp) -> io::Result<Vec<LeaseEvent>> {
        let mut file = File::open(&self.file.path)?;
        let about = file.metadata()?;
        let (inode, stamp) = ((about.dev(), about.ino()), (about.modified()?, about.len()));
        if self.inode == Some(inode) && self.stamp == Some(stamp) && self.offset >= about.len() {
            return Ok(Vec::new());
        }
        let again = self.file.format == Format::Dnsmasq && self.stamp != Some(stamp);
        if self.inode != Some(inode) || about.len() < self.offset || again {
            self.reader = Reader::new(self.file.format);
            self.offset = 0;
        }
        file.seek(SeekFrom::Start(self.offset))?;
        let (mut file, mut piece) = (file.take(LOOK), vec![0; 64 << 10]);
        loop {
            let read = file.read(&mut piece)?;
            if read == 0 {
                break;
            }
            self.reader.read(&piece[..read]);
            self.offset += read as u64;
        }
        (self.inode, self.stamp) = (Some(inode), Some(stamp));
        let mut leases = self.reader.take(now);
        leases.retain(|(address, held)| self.told.is_new(*address, held.mac, held.until, now));
        Ok(leases.into_iter().map(event).collect())
    }
}

fn event((address, held): (IpAddr, Held)) -> LeaseEvent {
    let Held { mac, hostname, vendor_class, .. } = held;
    LeaseEvent { mac, address, hostname, vendor_class, event: Change::Old, source: Some("file".into()) }
}

/// A lease file, as a source.
pub struct Following {
    intake: Intake,
    clock: Clock,
    /// `None` while it looks.
    follower: Option<Follower>,
    file: LeaseFile,
}

impl Following {
    /// The file from its beginning.
    pub fn new(intake: Intake, clock: Clock, file: LeaseFile) -> Self {
        Self { intake, clock, follower: None, file }
    }
}

impl Source for Following {
    const SYSTEM: System = System::Dhcp;

    fn name(&self) -> String {
        self.file.path.display().to_string()
    }

    fn pause(&self, _: bool) -> Duration {
        LOOK_AGAIN
    }

    async fn look(&mut self) -> Result<Heard, String> {
        let mut follower = self.follower.take().unwrap_or_else(|| Follower::new(self.file.clone()));
        let now = self.clock.now();
        // A file on a disk that hangs must not hold up the rest.
        let looked = tokio::task::spawn_blocking(move || {
            let found = follower.look(now);
            (follower, found)
        });
        let (follower, found) = looked.await.map_err(|error| error.to_string())?;
        match found {
            Ok(leases) => {
                // Where the journal does not take it: all of it again, once it does.
                self.intake.tell_all(&leases).await.map_err(|refusal| refusal.to_string())?;
                self.follower = Some(follower);
                Ok(Heard::Answer)
            }
            Err(error) => {
                self.follower = Some(follower);
                Err(error.to_string())
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_795_079_700);

    fn row(n: u8, until: u32) -> String {
        format!("10.0.4.{n},94:40:c9:01:02:{n:02x},01,600,{until},4,0,0,,0,,0\n")
    }

    fn seen(follower: &mut Follower) -> Vec<String> {
        follower.look(NOW).unwrap().iter().map(|l| l.address.to_string()).collect()
    }

    #[test]
    fn a_file_is_followed_as_it_grows_is_replaced_and_is_cut() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kea-leases4.csv");
        let mut follower = Follower::new(LeaseFile { path: path.clone(), format: Format::Kea });
        assert_eq!(follower.look(NOW).unwrap_err().kind(), io::ErrorKind::NotFound);
        let append = |text: &str| {
            fs::File::options().create(true).append(true).open(&path).unwrap().write_all(text.as_bytes()).unwrap();
        };
        append(&row(1, 1_795_080_000));
        assert_eq!(seen(&mut follower), ["10.0.4.1"]);
        assert!(seen(&mut follower).is_empty(), "nothing new");
        let half = row(2, 1_795_080_000);
        append(&half[..20]);
        assert!(seen(&mut follower).is_empty(), "half a row");
        append(&half[20..]);
        assert_eq!(seen(&mut follower), ["10.0.4.2"]);
        append(&row(1, 1_795_080_300));
        assert_eq!(seen(&mut follower), ["10.0.4.1"], "a renewal");

        // Kea's clean-up puts a new file in its place.
        let new = dir.path().join("new");
        fs::write(&new, row(1, 1_795_080_300) + &row(3, 1_795_080_000)).unwrap();
        fs::rename(&new, &path).unwrap();
        assert_eq!(seen(&mut follower), ["10.0.4.3"], "what was told is not told again");
        fs::write(&path, row(4, 1_795_080_000)).unwrap();
        assert_eq!(seen(&mut follower), ["10.0.4.4"], "cut and written anew");
    }

    #[test]
    fn dnsmasqs_file_is_read_whole_at_each_change() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("dnsmasq.leases");
        let line = |n: u8| format!("1795080000 94:40:c9:01:02:{n:02x} 10.0.4.{n} * *\n");
        let mut follower = Follower::new(LeaseFile { path: path.clone(), format: Format::Dnsmasq });
        fs::write(&path, line(1) + &line(2)).unwrap();
        assert_eq!(seen(&mut follower), ["10.0.4.1", "10.0.4.2"]);
        // In place, and longer: a new lease stands before those that are known.
        fs::write(&path, line(3) + &line(1) + &line(2)).unwrap();
        assert_eq!(seen(&mut follower), ["10.0.4.3"]);
    }
}
