//! A wire of the run's own: two ends of a cable in a network namespace that is gone with it. Takes root.

use std::fs::File;
use std::os::fd::AsFd as _;
use std::process::Command;

use pnet::datalink::{self, Channel, Config, DataLinkSender};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::gauge::Measured;

/// The end that taps listen on.
pub const HERE: &str = "here";
/// The end that frames are sent at.
const FAR: &str = "far";

/// A namespace with a cable in it.
pub struct Wire(String);

impl Wire {
    /// Lays one.
    pub fn lay() -> Measured<Self> {
        let name = format!("rackhand-bench-{}", std::process::id());
        ip(&["netns", "add", &name])?;
        let wire = Self(name);
        wire.inside(&["link", "set", "lo", "up"])?;
        wire.inside(&["link", "add", HERE, "type", "veth", "peer", "name", FAR])?;
        for end in [HERE, FAR] {
            wire.inside(&["link", "set", end, "up"])?;
        }
        Ok(wire)
    }

    fn inside(&self, words: &[&str]) -> Measured<()> {
        ip(&[&["-n", &self.0], words].concat())
    }

    /// Does something with the wire: on a thread of its own, whose threads and programs are in the namespace too.
    pub fn within<T: Send>(&self, act: impl FnOnce() -> Measured<T> + Send) -> Measured<T> {
        let space = File::open(format!("/run/netns/{}", self.0))?;
        let done = std::thread::scope(|scope| {
            let there = scope.spawn(|| {
                move_into_link_name_space(space.as_fd(), Some(LinkNameSpaceType::Network))?;
                act()
            });
            there.join()
        });
        done.unwrap_or_else(|_| Err("it broke off".into()))
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // What stays is an empty namespace.
        drop(ip(&["netns", "del", &self.0]));
    }
}

fn ip(words: &[&str]) -> Measured<()> {
    let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
    let done = Command::new("ip").env("PATH", path).args(words).output().map_err(|e| format!("ip: {e}"))?;
    let said = String::from_utf8_lossy(&done.stderr);
    if done.status.success() { Ok(()) } else { Err(format!("ip {}: {}", words.join(" "), said.trim()).into()) }
}

/// The end at which frames are sent. Called within the namespace.
pub fn sender() -> Measured<Box<dyn DataLinkSender>> {
    let far = datalink::interfaces().into_iter().find(|i| i.name == FAR).ok_or("the wire has no far end")?;
    match datalink::channel(&far, Config::default())? {
        Channel::Ethernet(sender, _) => Ok(sender),
        _ => Err("the wire is no Ethernet".into()),
    }
}

/// Sends one frame.
pub fn send(sender: &mut dyn DataLinkSender, frame: &[u8]) -> Measured<()> {
    Ok(sender.send_to(frame, None).ok_or("the wire takes no frame")??)
}
