//! Capture files: every frame is parsed; what was read can be written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rackhand_adapters::dhcp::compose::Lease;
use rackhand_adapters::dhcp::{frame, pcap};
use rackhand_core::mac::Mac;
use rackhand_core::time::Timestamp;
use rackhand_fuzz::plant;

fuzz_target!(
    init: plant(seeds()),
    |data: &[u8]| {
        let Ok(reader) = pcap::Reader::new(data) else { return };
        let frames: Vec<(Timestamp, Vec<u8>)> =
            reader.map_while(Result::ok).map(|(at, bytes)| (at, bytes.to_vec())).collect();
        for (_, bytes) in &frames {
            assert!(bytes.len() <= data.len());
            let _ = frame::parse(bytes);
        }
        let mut copy = Vec::new();
        pcap::write(&mut copy, frames.iter().map(|(at, bytes)| (*at, bytes.as_slice()))).expect("memory takes it");
        let again = pcap::Reader::new(copy.as_slice()).expect("we wrote it");
        let again: Vec<_> = again.map(|frame| frame.expect("we wrote it").1.to_vec()).collect();
        assert_eq!(again, frames.into_iter().map(|(_, bytes)| bytes).collect::<Vec<_>>());
    }
);

fn seeds() -> Vec<Vec<u8>> {
    let lease = Lease::new(Mac([0x94, 0x40, 0xC9, 1, 2, 3]), [10, 0, 4, 23].into(), [10, 0, 4, 1].into());
    let (request, ack) = (lease.request(), lease.ack());
    let at = Timestamp::from_secs(1_795_000_000);
    let mut file = Vec::new();
    pcap::write(&mut file, [(at, &*request), (at, &*ack)]).expect("memory takes it");
    // The other byte order, nanoseconds, another link layer.
    let mut swapped = file.clone();
    swapped[..24].chunks_mut(4).for_each(<[u8]>::reverse);
    let mut nanos = file.clone();
    nanos[..4].copy_from_slice(&0xA1B2_3C4D_u32.to_le_bytes());
    let mut other = file.clone();
    other[20] = 101;
    vec![file, swapped, nanos, other]
}
