//! Classic capture files (magic `a1b2c3d4`): Ethernet only, both byte orders, micro- and nanoseconds.

use std::fmt;
use std::io::{self, Read, Write};

use rackhand_core::time::Timestamp;

/// Frames longer than this are refused, whatever the file's own limit says; tcpdump's largest.
pub const MAX_SNAPLEN: usize = 262_144;

const MICROS: u32 = 0xA1B2_C3D4;
const NANOS: u32 = 0xA1B2_3C4D;
const ETHERNET: u32 = 1;

/// Why a capture cannot be read further.
#[derive(Debug)]
pub enum PcapError {
    /// Neither byte order of either magic number: perhaps pcapng.
    NotPcap,
    /// Frames of another link layer (this number).
    NotEthernet(u32),
    /// A frame of this many octets.
    TooLong(u32),
    /// The file ends inside a header or a frame.
    Truncated,
    /// It could not be read.
    Io(io::Error),
}

impl fmt::Display for PcapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPcap => f.write_str("not a classic pcap file"),
            Self::NotEthernet(link) => write!(f, "link type {link} is not Ethernet"),
            Self::TooLong(len) => write!(f, "a frame of {len} octets, more than {MAX_SNAPLEN}"),
            Self::Truncated => f.write_str("the file ends inside a frame"),
            Self::Io(e) => write!(f, "cannot be read: {e}"),
        }
    }
}

impl std::error::Error for PcapError {}

impl From<io::Error> for PcapError {
    fn from(e: io::Error) -> Self {
        if e.kind() == io::ErrorKind::UnexpectedEof { Self::Truncated } else { Self::Io(e) }
    }
}

/// Frames of a capture with the time they were seen. Ends after the first error.
#[derive(Debug)]
pub struct Reader<R> {
    from: R,
    big_endian: bool,
    per_micro: u32,
    ended: bool,
}

impl<R: Read> Reader<R> {
    /// Reads the file's header. Give it a buffered reader.
    pub fn new(mut from: R) -> Result<Self, PcapError> {
        let mut header = [0; 24];
        from.read_exact(&mut header)?;
        let magic = [header[0], header[1], header[2], header[3]];
        let (big_endian, per_micro) = match (u32::from_be_bytes(magic), u32::from_le_bytes(magic)) {
            (MICROS, _) => (true, 1),
            (NANOS, _) => (true, 1_000),
            (_, MICROS) => (false, 1),
            (_, NANOS) => (false, 1_000),
            _ => return Err(PcapError::NotPcap),
        };
        let reader = Self { from, big_endian, per_micro, ended: false };
        // The upper half may tell about frame check sequences.
        match reader.number([header[20], header[21], header[22], header[23]]) & 0xFFFF {
            ETHERNET => Ok(reader),
            other => Err(PcapError::NotEthernet(other)),
        }
    }

    fn number(&self, octets: [u8; 4]) -> u32 {
        if self.big_endian { u32::from_be_bytes(octets) } else { u32::from_le_bytes(octets) }
    }

    fn frame(&mut self) -> Result<Option<(Timestamp, Vec<u8>)>, PcapError> {
        let mut header = [0; 16];
        // Only an end before a header's first octet is a proper end.
        loop {
            match self.from.read(&mut header[..1]) {
                Ok(0) => return Ok(None),
                Ok(_) => break,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e.into()),
            }
        }
        self.from.read_exact(&mut header[1..])?;
        let word = |at: usize| self.number([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let (secs, fraction, len) = (word(0), word(4), word(8));
        let size = usize::try_from(len).ok().filter(|&n| n <= MAX_SNAPLEN).ok_or(PcapError::TooLong(len))?;
        let mut bytes = vec![0; size];
        self.from.read_exact(&mut bytes)?;
        let micros = i64::from(secs) * 1_000_000 + i64::from(fraction / self.per_micro);
        Ok(Some((Timestamp::from_micros(micros), bytes)))
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<(Timestamp, Vec<u8>), PcapError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.frame().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

/// Writes a capture of Ethernet frames, little-endian and in microseconds. Times before 1970 or after 2106 become
/// the nearest that the format can hold; a frame over [`MAX_SNAPLEN`] is cut and its true length told.
pub fn write<'a>(mut to: impl Write, frames: impl IntoIterator<Item = (Timestamp, &'a [u8])>) -> io::Result<()> {
    let header: [u32; 6] = [MICROS, 4 << 16 | 2, 0, 0, MAX_SNAPLEN as u32, ETHERNET];
    to.write_all(&header.map(u32::to_le_bytes).concat())?;
    for (at, frame) in frames {
        let micros = at.as_micros().clamp(0, i64::from(u32::MAX) * 1_000_000 + 999_999);
        let kept = frame.get(..MAX_SNAPLEN).unwrap_or(frame);
        let true_len = u32::try_from(frame.len()).unwrap_or(u32::MAX);
        let header = [(micros / 1_000_000) as u32, (micros % 1_000_000) as u32, kept.len() as u32, true_len];
        to.write_all(&header.map(u32::to_le_bytes).concat())?;
        to.write_all(kept)?;
    }
    to.flush()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(number: fn(u32) -> [u8; 4], magic: u32, link: u32, fraction: u32, len: u32) -> Vec<u8> {
        let mut out = [magic, 0, 0, 0, 65_535, link].map(number).concat();
        out.extend([1_795_000_000, fraction, len, len].map(number).concat());
        out.extend([7; 60]);
        out
    }

    #[test]
    fn both_byte_orders_and_both_clock_units_are_read() {
        for number in [u32::to_be_bytes, u32::to_le_bytes] {
            for (magic, fraction) in [(MICROS, 123_456), (NANOS, 123_456_789)] {
                let bytes = file(number, magic, 0x1400_0000 | ETHERNET, fraction, 60);
                let frames: Vec<_> = Reader::new(&*bytes).unwrap().map(Result::unwrap).collect();
                assert_eq!(frames, [(Timestamp::from_micros(1_795_000_000_123_456), vec![7; 60])]);
            }
        }
    }

    #[test]
    fn what_is_no_ethernet_capture_or_too_long_is_refused_before_it_is_read() {
        let refused = |bytes: &[u8]| match Reader::new(bytes) {
            Err(e) => e.to_string(),
            Ok(mut reader) => {
                let e = reader.next().unwrap().unwrap_err().to_string();
                assert!(reader.next().is_none(), "it ends after an error");
                e
            }
        };
        assert_eq!(refused(&file(u32::to_le_bytes, 0x0A0D_0D0A, 1, 0, 60)), "not a classic pcap file");
        assert_eq!(refused(&file(u32::to_le_bytes, MICROS, 113, 0, 60)), "link type 113 is not Ethernet");
        assert_eq!(refused(&file(u32::to_le_bytes, MICROS, 1, 0, 61)), "the file ends inside a frame");
        assert!(refused(&file(u32::to_le_bytes, MICROS, 1, 0, u32::MAX)).starts_with("a frame of 4294967295 octets"));
        assert_eq!(refused(&file(u32::to_le_bytes, MICROS, 1, 0, 60)[..30]), "the file ends inside a frame");
        assert_eq!(refused(b""), "the file ends inside a frame");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            frames in proptest::collection::vec((0..4_000_000_000_000_000_i64, proptest::collection::vec(any::<u8>(), 0..99)), 0..5),
        ) {
            let frames: Vec<_> = frames.into_iter().map(|(at, bytes)| (Timestamp::from_micros(at), bytes)).collect();
            let mut file = Vec::new();
            write(&mut file, frames.iter().map(|(at, bytes)| (*at, &**bytes))).unwrap();
            let read: Vec<_> = Reader::new(&*file).unwrap().map(Result::unwrap).collect();
            prop_assert_eq!(read, frames);
        }

        #[test]
        fn no_bytes_make_the_reader_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..200), valid in any::<bool>()) {
            if valid && bytes.len() >= 24 {
                bytes[..4].copy_from_slice(&MICROS.to_le_bytes());
                bytes[20..24].copy_from_slice(&ETHERNET.to_le_bytes());
            }
            if let Ok(reader) = Reader::new(&*bytes) {
                prop_assert!(reader.count() <= 200);
            }
        }
    }
}
