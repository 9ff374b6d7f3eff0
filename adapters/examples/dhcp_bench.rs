//! How long a frame takes to read, beside dhcproto, which gets only the DHCP payload. Build with optimisation.
#![allow(clippy::print_stdout)]

use std::hint::black_box;
use std::time::Instant;

use dhcproto::{Decodable, Decoder, v4};
use rackhand_adapters::dhcp::compose::Lease;
use rackhand_adapters::dhcp::frame::parse;
use rackhand_core::mac::Mac;

const ROUNDS: u32 = 200_000;
const PAYLOAD: usize = 42;

/// Nanoseconds for one call, the best of nine runs.
fn nanos(mut call: impl FnMut()) -> f64 {
    let run = |call: &mut dyn FnMut()| {
        let start = Instant::now();
        (0..ROUNDS).for_each(|_| call());
        start.elapsed().as_secs_f64() * 1e9 / f64::from(ROUNDS)
    };
    (0..9).map(|_| run(&mut call)).fold(f64::INFINITY, f64::min)
}

fn main() {
    let lease = Lease {
        hostname: Some("ILOCZ12345678"),
        vendor_class: Some("CPQRIB3"),
        ..Lease::new(Mac([0x94, 0x40, 0xC9, 1, 2, 3]), [10, 0, 4, 23].into(), [10, 0, 4, 1].into())
    };
    for (name, frame) in [("ACK", lease.ack()), ("REQUEST", lease.request())] {
        let ours = nanos(|| drop(black_box(parse(black_box(&frame)))));
        let theirs = nanos(|| drop(black_box(v4::Message::decode(&mut Decoder::new(black_box(&frame[PAYLOAD..]))))));
        println!("{name:8} {ours:7.1} ns, dhcproto {theirs:7.1} ns, ratio {:.1}", theirs / ours);
    }
    let mut stranger = lease.ack();
    stranger[37] = 53;
    let ours = nanos(|| drop(black_box(parse(black_box(&stranger)))));
    println!("other UDP refused in {ours:.1} ns");
}
