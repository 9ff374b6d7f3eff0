//! Lease files of DHCP servers, read as they grow: ISC dhcpd's `dhcpd.leases`, Kea's memfile, dnsmasq's `dnsmasq.leases`.
//! All three are journals or lists of text; the last record of an address counts.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::str::FromStr;

use rackhand_core::mac::Mac;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;

/// Octets of one record at the most; a longer one is skipped.
const RECORD: usize = 16 << 10;

/// Addresses of one file that are remembered until they are taken.
const ADDRESSES: usize = 65_536;

/// How a server writes its leases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// ISC dhcpd: blocks, appended; times in UTC.
    Isc,
    /// Kea's memfile: comma-separated rows, appended, with a header.
    Kea,
    /// dnsmasq: one line each, written anew at every change.
    Dnsmasq,
}

impl FromStr for Format {
    type Err = &'static str;
    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "isc" => Ok(Self::Isc),
            "kea" => Ok(Self::Kea),
            "dnsmasq" => Ok(Self::Dnsmasq),
            _ => Err("not a format of leases: isc, kea or dnsmasq"),
        }
    }
}

/// A lease that a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The client.
    pub mac: Mac,
    /// What it calls itself.
    pub hostname: Option<Text>,
    /// Its vendor class, where the server was told to keep it.
    pub vendor_class: Option<Text>,
    /// When it ends; `None` is never.
    pub until: Option<Timestamp>,
}

/// Reads a file piece by piece.
pub struct Reader {
    format: Format,
    /// The beginning of a record whose end has not come yet.
    rest: Vec<u8>,
    skipping: bool,
    columns: Vec<String>,
    found: BTreeMap<IpAddr, Option<Held>>,
}

/// Kea's columns where no header tells them (2.x and 3.x).
const COLUMNS: &str =
    "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context,pool_id";

impl Reader {
    /// Reads from a file's beginning.
    pub fn new(format: Format) -> Self {
        let columns = COLUMNS.split(',').map(str::to_owned).collect();
        Self { format, rest: Vec::new(), skipping: false, columns, found: BTreeMap::new() }
    }

    /// Takes the next piece, cut anywhere.
    pub fn read(&mut self, piece: &[u8]) {
        self.rest.extend_from_slice(piece);
        let mut from = 0;
        while let Some(end) = self.end_of_record(from) {
            let record = String::from_utf8_lossy(&self.rest[from..end]).into_owned();
            if !std::mem::take(&mut self.skipping) && record.len() <= RECORD {
                self.record(&record);
            }
            from = end;
        }
        self.rest.drain(..from);
        if self.rest.len() > RECORD {
            self.rest.clear();
            self.skipping = true;
        }
    }

    /// The leases that were read since this was asked last and run at `now`, by address.
    pub fn take(&mut self, now: Timestamp) -> Vec<(IpAddr, Held)> {
        let found = std::mem::take(&mut self.found).into_iter();
        let runs = |held: &Held| held.until.is_none_or(|until| until > now);
        found.filter_map(|(address, held)| Some((address, held.filter(runs)?))).collect()
    }

    fn end_of_record(&self, from: usize) -> Option<usize> {
        let rest = self.rest.get(from..)?;
        let line = |n: usize| rest[n..].iter().position(|b| *b == b'\n').map(|m| n + m + 1);
        let first = line(0)?;
        if self.format != Format::Isc || !rest[..first].trim_ascii_end().ends_with(b"{") {
            return Some(from + first);
        }
        // A block, to the line that begins with its closing brace.
        let mut end = first;
        loop {
            let next = line(end)?;
            if rest[end..next].starts_with(b"}") {
                return Some(from + next);
            }
            end = next;
        }
    }

    fn record(&mut self, record: &str) {
        let read = match self.format {
            Format::Isc => isc(record),
            Format::Kea => self.kea(record),
            Format::Dnsmasq => dnsmasq(record),
        };
        if let Some((address, held)) = read
            && (self.found.len() < ADDRESSES || self.found.contains_key(&address))
        {
            self.found.insert(address, held);
        }
    }

    fn kea(&mut self, line: &str) -> Option<(IpAddr, Option<Held>)> {
        let fields: Vec<&str> = line.trim_end().split(',').collect();
        if fields.first() == Some(&"address") {
            self.columns = fields.iter().map(|f| (*f).to_owned()).collect();
            return None;
        }
        let field = |name: &str| {
            let at = self.columns.iter().position(|c| c == name)?;
            fields.get(at).map(|f| unescape_kea(f)).filter(|f| !f.is_empty())
        };
        let address = field("address")?.parse().ok()?;
        let runs = field("state").is_none_or(|s| s == "0") && field("valid_lifetime").is_none_or(|s| s != "0");
        let held = || {
            let (mac, until) = (field("hwaddr")?.parse().ok()?, field("expire")?.parse().ok()?);
            let hostname = field("hostname").map(|h| Text::new(h.trim_end_matches('.')));
            Some(Held { mac, hostname, vendor_class: None, until: Some(Timestamp::from_secs(until)) })
        };
        Some((address, runs.then(held).flatten()))
    }
}

/// `expiry MAC address name client-id`; 0 never ends, and `*` is nothing. Rows of DHCPv6 have no MAC.
fn dnsmasq(line: &str) -> Option<(IpAddr, Option<Held>)> {
    let mut words = line.split_ascii_whitespace();
    let expiry: i64 = words.next()?.parse().ok()?;
    let (mac, address) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let hostname = words.next().filter(|name| *name != "*").map(Text::new);
    let until = (expiry != 0).then(|| Timestamp::from_secs(expiry));
    Some((address, Some(Held { mac, hostname, vendor_class: None, until })))
}

/// `lease ADDRESS { key value; ... }`.
fn isc(block: &str) -> Option<(IpAddr, Option<Held>)> {
    let mut lines = block.lines();
    let address = lines.next()?.strip_prefix("lease ")?.split_ascii_whitespace().next()?.parse().ok()?;
    let (mut mac, mut hostname, mut vendor_class, mut active) = (None, None, None, false);
    // A block without an end is none that runs.
    let mut until = Some(Timestamp::default());
    for line in lines {
        let line = line.trim().trim_end_matches(';');
        if let Some(text) = line.strip_prefix("hardware ethernet ") {
            mac = text.parse().ok();
        } else if let Some(state) = line.strip_prefix("binding state ") {
            active = state == "active";
        } else if let Some(name) = line.strip_prefix("client-hostname ") {
            hostname = quoted(name);
        } else if let Some(class) = line.strip_prefix("set vendor-class-identifier = ") {
            vendor_class = quoted(class);
        } else if let Some(end) = line.strip_prefix("ends ") {
            until = if end == "never" { None } else { Some(isc_time(end)?) };
        }
    }
    let held = mac.filter(|_| active).map(|mac| Held { mac, hostname, vendor_class, until });
    Some((address, held))
}

/// `4 2026/11/19 09:22:01` in UTC, or `epoch 1795079521; # ...` where `db-time-format local` is set.
fn isc_time(text: &str) -> Option<Timestamp> {
    if let Some(epoch) = text.strip_prefix("epoch ") {
        return epoch.split(';').next()?.trim().parse().ok().map(Timestamp::from_secs);
    }
    let mut words = text.split_ascii_whitespace().skip(1);
    format!("{}T{}Z", words.next()?.replace('/', "-"), words.next()?).parse().ok()
}

/// A string as dhcpd writes it: in quotes, what is not plain as three octal digits behind a backslash.
fn quoted(text: &str) -> Option<Text> {
    let inner = text.trim().strip_prefix('"')?.strip_suffix('"')?.as_bytes();
    let mut out = Vec::with_capacity(inner.len());
    let mut at = 0;
    while let Some(byte) = inner.get(at) {
        let octal = inner.get(at + 1..at + 4).filter(|d| *byte == b'\\' && d.iter().all(|b| matches!(b, b'0'..=b'7')));
        if let Some(digits) = octal {
            out.push(digits.iter().fold(0_u8, |n, d| n.wrapping_mul(8).wrapping_add(d - b'0')));
            at += 4;
        } else if *byte == b'\\' {
            out.extend(inner.get(at + 1));
            at += 2;
        } else {
            out.push(*byte);
            at += 1;
        }
    }
    Some(Text::from(String::from_utf8_lossy(&out).into_owned())).filter(|t| !t.is_empty())
}

/// Kea writes a comma within a field as `&#x2c`.
fn unescape_kea(field: &str) -> String {
    let mut parts = field.split("&#x");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if byte.is_ascii() => {
                out.push(char::from(byte));
                let after = &part[2..];
                out.push_str(after.strip_prefix(';').unwrap_or(after));
            }
            _ => {
                out.push_str("&#x");
                out.push_str(part);
            }
        }
    }
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 2026-11-19 09:15:00, while the leases below run.
    const NOW: Timestamp = Timestamp::from_secs(1_795_079_700);

    const BLOCK: &str = "lease 10.0.4.23 {\n  starts 4 2026/11/19 09:12:01;\n  ends 4 2026/11/19 09:22:01;\n  \
        binding state active;\n  hardware ethernet 7c:a6:2a:40:c3:e4;\n  uid \"\\001|}\";\n  \
        set vendor-class-identifier = \"CPQRIB3\";\n  client-hostname \"ILO\\\"x\\303\\244\";\n}\n";

    /// What a file holds, whatever pieces it comes in.
    fn read(format: Format, text: &str) -> Vec<String> {
        let all = |size: usize| {
            let mut reader = Reader::new(format);
            text.as_bytes().chunks(size).for_each(|piece| reader.read(piece));
            let or = |t: &Option<Text>| t.as_ref().map_or("-".to_owned(), ToString::to_string);
            let line = |(a, h): &(IpAddr, Held)| format!("{a} {} {} {}", h.mac, or(&h.hostname), or(&h.vendor_class));
            reader.take(NOW).iter().map(line).collect::<Vec<_>>()
        };
        let whole = all(1 << 20);
        assert_eq!(all(1), whole);
        assert_eq!(all(7), whole);
        whole
    }

    #[test]
    fn iscs_last_block_of_an_address_counts_while_it_runs() {
        let comment = "# The format of this file is documented in the dhcpd.leases(5) manual page.\nauthoring-byte-order little-endian;\n\n";
        let ilo = "10.0.4.23 7C:A6:2A:40:C3:E4 ILO\"xä CPQRIB3";
        assert_eq!(read(Format::Isc, &format!("{comment}{BLOCK}")), [ilo]);
        let freed = BLOCK.replace("binding state active", "binding state free");
        assert!(read(Format::Isc, &format!("{BLOCK}{freed}")).is_empty());
        assert_eq!(read(Format::Isc, &format!("{freed}{BLOCK}")), [ilo]);
        assert!(read(Format::Isc, &BLOCK.replace("09:22:01", "09:14:59")).is_empty(), "it ended a second ago");
        for end in ["never", "epoch 1795080121; # Thu Nov 19 09:22:01 2026"] {
            assert_eq!(read(Format::Isc, &BLOCK.replace("4 2026/11/19 09:22:01", end)), [ilo], "{end}");
        }
        let unended = BLOCK.trim_end().trim_end_matches('}');
        assert!(read(Format::Isc, unended).is_empty(), "half a block is none yet");
        let other = "failover peer \"x\" state {\n  my state normal at 4 2026/11/19 09:12:01;\n}\n";
        assert_eq!(read(Format::Isc, &format!("{other}{BLOCK}{other}")), [ilo]);
    }

    #[test]
    fn keas_columns_are_those_of_its_header() {
        let header =
            "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context\n";
        let row = "10.0.4.23,7c:a6:2a:40:c3:e4,01:7c,600,1795080121,4,0,0,ilo&#x2cx&#x2c;y.,0,\n";
        let ilo = "10.0.4.23 7C:A6:2A:40:C3:E4 ilo,x,y -";
        assert_eq!(read(Format::Kea, &format!("{header}{row}")), [ilo]);
        assert_eq!(read(Format::Kea, row), [ilo], "a file that is followed from its middle");
        let turned = "hwaddr,address,expire\n7c:a6:2a:40:c3:e4,10.0.4.23,1795080121\n";
        assert!(read(Format::Kea, turned).is_empty(), "a header begins with the address");
        let six = "address,duid,valid_lifetime,expire,hostname,hwaddr,state\nfd00::17,00:03,600,1795080121,,94:40:c9:01:02:03,0\n";
        assert_eq!(read(Format::Kea, six), ["fd00::17 94:40:C9:01:02:03 - -"]);
        for gone in
            [row.replace(",600,", ",0,"), row.replace(",0,\n", ",2,\n"), row.replace("1795080121", "1795079699")]
        {
            assert!(read(Format::Kea, &format!("{header}{row}{gone}")).is_empty(), "{gone}");
        }
    }

    #[test]
    fn dnsmasqs_lines_are_leases_but_for_those_of_dhcpv6() {
        let text = "1795080121 7c:a6:2a:40:c3:e4 10.0.4.23 ilocz2d1a0xyz 01:7c:a6:2a:40:c3:e4\n\
            0 d0:8e:79:01:02:03 10.0.4.24 * *\n1795079699 94:40:c9:01:02:03 10.0.4.25 * *\nduid 00:01:00:01\n\
            1795080121 3382831619 fd00::17 ilo 00:03\n";
        assert_eq!(
            read(Format::Dnsmasq, text),
            ["10.0.4.23 7C:A6:2A:40:C3:E4 ilocz2d1a0xyz -", "10.0.4.24 D0:8E:79:01:02:03 - -"]
        );
    }

    #[test]
    fn a_record_without_an_end_takes_no_memory_and_hides_no_other() {
        let mut reader = Reader::new(Format::Isc);
        reader.read(b"lease 10.0.4.99 {\n");
        for _ in 0..10_000 {
            reader.read(&[b'x'; 1_000]);
        }
        assert!(reader.rest.len() <= RECORD + 1_000, "{}", reader.rest.len());
        reader.read(format!("\n{BLOCK}").as_bytes());
        assert_eq!(reader.take(NOW).len(), 1);
    }

    proptest! {
        #[test]
        fn any_octets_are_read_without_a_panic(
            text in proptest::collection::vec(any::<u8>(), 0..400), from in 0..3_usize, size in 1..50_usize
        ) {
            let mut reader = Reader::new([Format::Isc, Format::Kea, Format::Dnsmasq][from]);
            reader.read(b"lease 1.2.3.4 {\n");
            text.chunks(size).for_each(|piece| reader.read(piece));
            reader.take(NOW);
        }
    }
}
