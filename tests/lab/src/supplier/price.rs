//! The price book: what a server costs, by the words of its specification. The same words cost the same.

use rackhand_core::order::spec::{self, DriveKind, Spec};

/// Prices in minor units of whatever currency is asked for.
#[derive(Clone, Debug)]
pub struct Book {
    /// An empty server.
    pub base: u64,
    /// A processor.
    pub processor: u64,
    /// A gigabyte of memory.
    pub memory_gb: u64,
    /// A terabyte of flash.
    pub flash_tb: u64,
    /// A terabyte of rotating disk.
    pub disk_tb: u64,
    /// A gigabit a second of network.
    pub network_gbit: u64,
    /// Per cent on all of it.
    pub dearer: u32,
    /// Freight for an order.
    pub freight: u64,
    /// Days to delivery.
    pub lead_days: u16,
    /// Months of warranty.
    pub warranty_months: u16,
}

impl Default for Book {
    fn default() -> Self {
        Self {
            base: 315_000,
            processor: 248_550,
            memory_gb: 519,
            flash_tb: 14_275,
            disk_tb: 2_390,
            network_gbit: 410,
            dearer: 0,
            freight: 24_990,
            lead_days: 21,
            warranty_months: 36,
        }
    }
}

/// A server with its price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priced {
    /// What it is, in the words of specifications.
    pub spec: String,
    /// Its parts with the price of each, in minor units: the empty server first.
    pub parts: Vec<(&'static str, u32, u64)>,
    /// What it draws, in watts.
    pub watts: u32,
}

impl Priced {
    /// All parts together, in minor units.
    pub fn total(&self) -> u64 {
        self.parts.iter().map(|(_, count, each)| u64::from(*count) * each).sum()
    }
}

impl Book {
    /// The price of a specification, so many per cent dearer than the book says.
    pub fn price(&self, words: &str, dearer: u32) -> Priced {
        let Spec { processors, memory, drives, ports, .. } = spec::read(words).spec;
        let shown = spec::read(words).spec.to_string();
        let mut parts = vec![("BASE", 1, self.base)];
        let mut watts = 120;
        if let Some(p) = &processors {
            parts.push(("CPU", p.count.into(), self.processor));
            watts += 180 * u32::from(p.count);
        }
        if let Some(m) = &memory {
            parts.push(("MEM", 1, (m.bytes >> 30) * self.memory_gb));
            watts += (m.bytes >> 35) as u32 * 3;
        }
        for drive in &drives {
            let tb = if drive.kind == DriveKind::Hdd { self.disk_tb } else { self.flash_tb };
            let each = u128::from(drive.bytes) * u128::from(tb) / 1_000_000_000_000;
            parts.push(("DRV", drive.count.into(), each as u64));
            watts += 9 * u32::from(drive.count);
        }
        for port in &ports {
            parts.push(("NIC", port.count.into(), u64::from(port.gbps) * self.network_gbit));
            watts += 8 * u32::from(port.count);
        }
        for (.., each) in &mut parts {
            *each += *each * u64::from(self.dearer + dearer) / 100;
        }
        Priced { spec: if shown.is_empty() { words.to_owned() } else { shown }, parts, watts }
    }
}
