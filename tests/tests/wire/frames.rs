//! What the kernel does to frames and interfaces, and what the tap makes of it.

use std::net::UdpSocket;
use std::path::PathBuf;
use std::time::Instant;

use pnet::datalink::{self, Channel, DataLinkSender};
use rackhand_adapters::dhcp::compose::Lease;
use rackhand_adapters::dhcp::frame::parse;
use rackhand_adapters::dhcp::tap::{QUEUE, Tap};
use rackhand_adapters::port::clock::Clock;
use rackhand_core::mac::Mac;
use rackhand_core::view::TapState;

use crate::namespace::{alone, run, within};
use crate::segment::{Ear, PATIENCE, eventually};

const BMC: Mac = Mac([0x94, 0x40, 0xC9, 0x11, 0x22, 0x33]);

fn lease() -> Lease<'static> {
    Lease { hostname: Some("ILOCZ12345678"), ..Lease::new(BMC, [10, 77, 0, 150].into(), [10, 77, 0, 1].into()) }
}

/// `frame` with a service tag around what is in it.
fn in_service_tag(mut frame: Vec<u8>, id: u16) -> Vec<u8> {
    frame.splice(12..12, [0x88, 0xA8].into_iter().chain(id.to_be_bytes()));
    frame
}

/// A cable: `here` in this namespace, `far` in the namespace `away`.
fn cable() {
    run("ip link add here type veth peer name far netns away");
    run("ip addr add 10.77.0.1/24 dev here");
    run("ip link set here up");
    run("ip -n away addr add 10.77.0.2/24 dev far");
    run("ip -n away link set far up");
}

/// Sends raw frames at the far end.
fn far_sender() -> Box<dyn DataLinkSender> {
    within("away", || {
        let far = datalink::interfaces().into_iter().find(|i| i.name == "far").unwrap();
        match datalink::channel(&far, datalink::Config::default()).unwrap() {
            Channel::Ethernet(sender, _) => sender,
            _ => unreachable!(),
        }
    })
}

/// The tap's thread, as the kernel accounts for it.
struct Thread(PathBuf);

impl Thread {
    fn of(interface: &str) -> Self {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap().map(|t| t.unwrap().path());
        let is_it = |t: &PathBuf| {
            std::fs::read_to_string(t.join("comm")).is_ok_and(|name| name.trim() == format!("tap-{interface}"))
        };
        Self(tasks.into_iter().find(is_it).expect("the tap has a thread of its name"))
    }

    /// How often it has waited for something and woken.
    fn wakings(&self) -> u64 {
        let status = std::fs::read_to_string(self.0.join("status")).unwrap();
        let line = status.lines().find_map(|l| l.strip_prefix("voluntary_ctxt_switches:")).unwrap();
        line.trim().parse().unwrap()
    }

    /// Milliseconds it has spent on a processor.
    fn busy_ms(&self) -> f64 {
        let stat = std::fs::read_to_string(self.0.join("schedstat")).unwrap();
        stat.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1e6
    }
}

#[test]
fn tags_that_the_kernel_takes_off_are_put_back() {
    alone(&[], || async {
        run("ip netns add away");
        cable();
        let mut here = Ear::on("here");
        here.until(TapState::Listening).await;
        // Where it was sent, the tags are still in the bytes.
        let mut far = within("away", || Ear::on("far"));
        far.until(TapState::Listening).await;
        let tagged = Lease { vlan: Some(20), ..lease() }.ack();
        let mut priority = tagged.clone();
        priority[14..16].copy_from_slice(&[0xE0, 0x00]);
        let mut sender = far_sender();
        for (frame, vlan) in [
            (lease().ack(), None),
            (tagged.clone(), Some(20)),
            (priority, None),
            (in_service_tag(lease().ack(), 100), Some(100)),
            (in_service_tag(tagged, 100), Some(20)),
        ] {
            sender.send_to(&frame, None).unwrap().unwrap();
            for ear in [&mut here, &mut far] {
                let heard = ear.frame().await;
                assert_eq!(heard, frame, "as it was sent");
                assert_eq!(parse(&heard).unwrap().vlan, vlan);
            }
        }
        assert_eq!((here.pending(), far.pending()), (0, 0));
    });
}

#[test]
fn noise_never_wakes_the_tap() {
    const PACKETS: u64 = 200_000;
    alone(&[], || async {
        run("ip netns add away");
        cable();
        let mut ear = Ear::on("here");
        ear.until(TapState::Listening).await;
        let thread = Thread::of("here");
        let received = || -> u64 {
            let count = std::fs::read_to_string("/sys/class/net/here/statistics/rx_packets").unwrap();
            count.trim().parse().unwrap()
        };
        run("mount -t sysfs sysfs /sys");
        let (wakings, busy, before, began) = (thread.wakings(), thread.busy_ms(), received(), Instant::now());
        within("away", || {
            let socket = UdpSocket::bind("10.77.0.2:6767").unwrap();
            socket.connect("10.77.0.1:6768").unwrap();
            for _ in 0..PACKETS {
                // Nobody listens there; that the last one was refused is of no interest.
                drop(socket.send(&[0; 300]));
            }
        });
        let arrived = || received() - before;
        eventually("all arrived", || arrived() >= PACKETS, || arrived().to_string()).await;
        let (woken, took) = (thread.wakings() - wakings, began.elapsed());
        println!(
            "measured: {} packets of noise in {} ms woke the tap {woken} times, {:.2} ms of processor",
            arrived(),
            took.as_millis(),
            thread.busy_ms() - busy
        );
        // Once a second it looks whether the interface is still there.
        assert!(woken <= took.as_secs() + 2, "{woken} wakings in {took:?}");
        assert_eq!((ear.tap.status().frames, ear.tap.status().missed), (0, 0));
        far_sender().send_to(&lease().ack(), None).unwrap().unwrap();
        assert_eq!(ear.frame().await, lease().ack(), "and it still hears");
    });
}

#[test]
fn an_interface_that_goes_down_or_away_and_comes_back_is_heard_again_without_a_busy_loop() {
    alone(&[], || async {
        run("ip netns add away");
        let began = Instant::now();
        let mut ear = Ear::on("here");
        ear.until(TapState::NoSuchInterface).await;
        let thread = Thread::of("here");
        for round in 0..2 {
            cable();
            hears(&mut ear).await;

            run("ip link set here down");
            ear.until(TapState::LinkDown).await;
            rests(&thread).await;
            run("ip link set here up");
            hears(&mut ear).await;

            run("ip -n away link set far down");
            ear.until(TapState::LinkDown).await;
            run("ip -n away link set far up");
            hears(&mut ear).await;

            let number = || run("ip -o link show here").split(':').next().unwrap().to_owned();
            let before = number();
            run("ip link del here");
            ear.until(TapState::NoSuchInterface).await;
            rests(&thread).await;
            if round == 0 {
                run("ip link add other type veth peer name rehto");
                cable();
                assert_ne!(number(), before, "it is another one by the same name");
                hears(&mut ear).await;
                run("ip link del here");
                ear.until(TapState::NoSuchInterface).await;
            }
        }
        let share = thread.busy_ms() / began.elapsed().as_millis() as f64;
        println!("measured: the tap used {:.3} % of a processor through it all", share * 100.0);
        assert!(share < 0.05, "{share}");
    });
}

#[test]
fn what_nobody_takes_in_time_is_dropped_and_counted() {
    alone(&[], || async {
        run("ip netns add away");
        cable();
        let mut ear = Ear::on("here");
        ear.until(TapState::Listening).await;
        let (mut sender, frame, sent) = (far_sender(), lease().ack(), QUEUE as u64 + 500);
        for n in 1..=sent {
            while sender.send_to(&frame, None).unwrap().is_err() {}
            // So that the kernel's own room is no part of this.
            if n % 100 == 0 {
                eventually("heard", || ear.tap.status().frames == n, || format!("{:?}", ear.tap.status())).await;
            }
        }
        eventually("heard", || ear.tap.status().frames == sent, || format!("{:?}", ear.tap.status())).await;
        assert_eq!((ear.tap.status().dropped, ear.tap.status().missed), (500, 0));
        assert_eq!(ear.pending(), QUEUE);
        sender.send_to(&frame, None).unwrap().unwrap();
        assert_eq!(ear.frame().await, frame, "and it goes on");
    });
}

#[test]
fn a_mirror_port_lets_in_what_is_for_others_until_the_tap_ends() {
    alone(&[], || async {
        run("ip netns add away");
        cable();
        let promiscuous = || run("ip -d link show here").contains("promiscuity 1");
        let (tap, mut frames) = Tap::start("here", true, Clock::wall()).unwrap();
        eventually("promiscuous", promiscuous, || run("ip -d link show here")).await;
        drop(tap);
        assert_eq!(frames.recv().await, None, "its thread ends");
        eventually("as it was", || !promiscuous(), || run("ip -d link show here")).await;
        let ear = Ear::on("here");
        ear.until(TapState::Listening).await;
        assert!(!promiscuous());
    });
}

/// A frame sent now is heard.
async fn hears(ear: &mut Ear) {
    ear.until(TapState::Listening).await;
    ear.pending();
    far_sender().send_to(&lease().ack(), None).unwrap().unwrap();
    assert_eq!(ear.frame().await, lease().ack());
}

/// While there is nothing to hear, the thread wakes now and then only.
async fn rests(thread: &Thread) {
    const TIMES: u64 = 12;
    let (wakings, began) = (thread.wakings(), Instant::now());
    let woken = || thread.wakings() - wakings;
    eventually("woken a few times", || woken() >= TIMES, || woken().to_string()).await;
    assert!(began.elapsed().as_secs() >= 1 && began.elapsed() < PATIENCE, "{TIMES} times in {:?}", began.elapsed());
}
