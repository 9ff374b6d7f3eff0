//! Manifests as they should not be: what each is told, row by row, and that nothing of it is entered by halves.

#![allow(clippy::print_stdout)] // the table is for a reader

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rackhand_core::entry::manifest::MAX_BYTES;
use rackhand_core::event::{EntryEvent, Event};
use rackhand_core::mac::Mac;
use rackhand_lab::sockets::Issuer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use crate::support::daemon::Place;
use crate::support::lab::{Lab, QUICK, Tempo};

const CLI: &str = env!("CARGO_BIN_EXE_rackhand-under-test");
const HEAD: &str = "server_serial,server_bmc_mac\n";

/// One manifest, and what becomes of it.
struct Case {
    name: &'static str,
    bytes: Vec<u8>,
    code: u8,
    /// What is said, in this order.
    said: &'static [&'static str],
    /// The serials that are entered by it.
    entered: &'static [&'static str],
}

fn case(
    name: &'static str,
    bytes: impl Into<Vec<u8>>,
    code: u8,
    said: &'static [&'static str],
    entered: &'static [&'static str],
) -> Case {
    Case { name, bytes: bytes.into(), code, said, entered }
}

fn utf16(text: &str, big: bool, mark: bool) -> Vec<u8> {
    let marked = if mark { format!("\u{FEFF}{text}") } else { text.to_owned() };
    marked.encode_utf16().flat_map(|c| if big { c.to_be_bytes() } else { c.to_le_bytes() }).collect()
}

fn serials(place: &Place) -> BTreeSet<String> {
    let events = place.events().into_iter();
    let named = events.filter_map(|e| match e.draft.event {
        Event::Entry(EntryEvent::UnitImported { serial, .. }) => Some(serial.to_string()),
        _ => None,
    });
    named.collect()
}

async fn import(place: &Place, file: &Path) -> (u8, String) {
    let host = format!("unix://{}", place.socket().display());
    let args = ["rackhand", "--host", &host, "import", file.to_str().unwrap(), "--wait", "20s"];
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = rackhand_tui::cli::run(args.iter().map(Into::into), &mut out, &mut err).await;
    (code, String::from_utf8(out).unwrap() + &String::from_utf8(err).unwrap())
}

fn cases() -> Vec<Case> {
    let good = |serial: &str, n: u8| format!("{serial},94:40:C9:00:07:{n:02X}\n");
    let one = format!("{HEAD}{}", good("NEW0", 0));
    let wide = format!("server_serial,server_bmc_mac{}\n", ",x".repeat(9_998));
    let mut long = HEAD.to_owned();
    for n in 0..10_001 {
        let _ = writeln!(long, "L{n},94:40:C9:10:{:02X}:{:02X}", n >> 8, n & 255);
    }
    vec![
        case("nothing in it", "", 2, &["there is nothing in it"], &[]),
        case("no header", good("NEW0", 0), 2, &["no column server_serial", "--map serial=\"NAME\""], &[]),
        case("a column twice", format!("server_serial,{HEAD}"), 2, &["two columns server_serial; remove one"], &[]),
        case("the header twice", format!("{HEAD}{one}"), 1, &["2 ", "this is the header again", "3 NEW0"], &["NEW0"]),
        case(
            "a secret's column",
            "serial,iLO MAC,BIOS Password\nA,94:40:C9:00:07:01,x\n",
            2,
            &["may hold a secret"],
            &[],
        ),
        case("10,000 columns", wide, 2, &["line 1: more than 256 cells"], &[]),
        case("10,000 cells in a row", format!("{one}X{}\n", ",".repeat(10_000)), 2, &["line 3: more than 256"], &[]),
        case("10,001 rows", long, 2, &["more than 10000 rows. Split it"], &[]),
        case("a cell of 10 KB", format!("{one}{},\n", "X".repeat(10_240)), 2, &["line 3: a cell has more than"], &[]),
        case(
            "a quote never closed",
            format!("{one}\"X2,94:40:C9:00:07:02\n"),
            2,
            &["line 3: a quote is not closed"],
            &[],
        ),
        case("the same, and long", format!("{one}\"{}", one.repeat(40)), 2, &["line 3", "is a quote left open?"], &[]),
        case("UTF-16 LE, marked", utf16(&one, false, true), 2, &["line 1: not UTF-8. Save it as CSV in UTF-8"], &[]),
        case("UTF-16 BE, marked", utf16(&one, true, true), 2, &["line 1: not UTF-8"], &[]),
        case("UTF-16 LE, unmarked", utf16(&one, false, false), 2, &["line 1: not UTF-8"], &[]),
        case("UTF-16 BE, unmarked", utf16(&one, true, false), 2, &["line 1: not UTF-8"], &[]),
        case("Latin-1", [one.as_bytes(), b"M\xFCnchen1,94:40:C9:00:07:02\n"].concat(), 2, &["line 3: not UTF-8"], &[]),
        case("a NUL byte", [one.as_bytes(), b"NU\0L,94:40:C9:00:07:02\n"].concat(), 2, &["line 3: not UTF-8"], &[]),
        case(
            "line ends of three kinds",
            "server_serial,server_bmc_mac\r\nMIX1,94:40:C9:00:07:11\rMIX2,94:40:C9:00:07:12\nMIX3,94:40:C9:00:07:13",
            1,
            &["2 ", "MIX1", "3 ", "MIX2", "4 ", "MIX3", "no device has serial MIX3"],
            &["MIX1", "MIX2", "MIX3"],
        ),
        case(
            "a million empty lines",
            format!("{}{HEAD}{}EMPTY1,94:40:C9:00:07:21\n", "\n".repeat(500_000), "\n".repeat(500_000)),
            1,
            &["1000002  EMPTY1", "no device has serial EMPTY1"],
            &["EMPTY1"],
        ),
        case(
            "a serial twice, a MAC twice, a row twice",
            "server_serial,server_bmc_mac\nTWICE,94:40:C9:00:07:31\nTWICE,94:40:C9:00:07:32\n\
             ONE,94:40:C9:00:07:33\nOTHER,94:40:C9:00:07:33\nSAME,94:40:C9:00:07:34\nsame,9440.c900.0734\n",
            1,
            &[
                "line 3 has this serial with another MAC",
                "line 2 has this serial with another MAC",
                "line 5 has this MAC with another serial",
                "line 4 has this MAC with another serial",
                "says what line 6 says",
            ],
            &["SAME"],
        ),
        case(
            "a serial and a MAC of an earlier file",
            "server_serial,server_bmc_mac\nSAME,94:40:C9:00:07:41\nLATER,94:40:C9:00:07:34\nSAME,94:40:C9:00:07:41\n\
             FINE,94:40:C9:00:07:42\n",
            1,
            &["SAME is here with BMC 94:40:C9:00:07:34", "belongs to SAME here", "FINE"],
            &["FINE"],
        ),
        case(
            "a MAC that NetBox has on another device",
            "server_serial,server_bmc_mac\nFIFTH,94:40:C9:00:07:51\n",
            1,
            &["FIFTH", "failed", "srv-sixth"],
            &["FIFTH"],
        ),
        case(
            "what is no serial and no MAC",
            "server_serial,server_bmc_mac\n,94:40:C9:00:07:61\nA B,94:40:C9:00:07:62\nNOMAC,\nSHORT,94:40:C9\n\
             GROUP,01:00:5E:00:00:01\nZERO,00:00:00:00:00:00\nFEW\nMANY,94:40:C9:00:07:63,x\n",
            1,
            &[
                "the serial is missing",
                "not a serial: 1 to 64 characters, no spaces",
                "the BMC's MAC is missing",
                "not a MAC address",
                "no card has this MAC address",
                "no card has this MAC address",
                "the header has 2 cells, this row 1",
                "the header has 2 cells, this row 3",
            ],
            &[],
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_bad_manifest_is_told_row_by_row_and_nothing_is_entered_by_halves() {
    let lab = Lab::new(62, QUICK, Tempo::from_now(1.0), &Issuer::new().unwrap()).await;
    let netbox = &lab.outside.netbox;
    netbox.add_bare_device("srv-fifth", "FIFTH", &["bmc"]);
    let sixth = netbox.add_bare_device("srv-sixth", "SIXTH", &["bmc"]);
    netbox.add_mac(Mac([0x94, 0x40, 0xC9, 0, 7, 0x51]), netbox.interface_id(sixth, "bmc"));
    let daemon = lab.place.start(None).await;
    let file = lab.place.path("manifest.csv");
    println!("{:<44} {:>9} {:>5} {:>8} {:>7}  TOLD", "MANIFEST", "BYTES", "EXIT", "ENTERED", "TOOK");
    let mut known = serials(&lab.place);
    for Case { name, bytes, code, said, entered } in cases() {
        std::fs::write(&file, &bytes).unwrap();
        let began = Instant::now();
        let (ended, told) = import(&lab.place, &file).await;
        let took = began.elapsed();
        let now = serials(&lab.place);
        let new: BTreeSet<String> = now.difference(&known).cloned().collect();
        known = now;
        let spaced = told.split_whitespace().collect::<Vec<_>>().join(" ");
        println!("{name:<44} {:>9} {ended:>5} {:>8} {:>6.1}s", bytes.len(), new.len(), took.as_secs_f64());
        told.lines().take(12).for_each(|line| println!("    {line}"));
        assert_eq!(ended, code, "{name}: {told}");
        let mut rest = spaced.as_str();
        for part in said {
            let wanted = part.split_whitespace().collect::<Vec<_>>().join(" ");
            let at = rest.find(&wanted).unwrap_or_else(|| panic!("{name}: {wanted} in\n{told}"));
            rest = &rest[at + wanted.len()..];
        }
        assert_eq!(new, entered.iter().map(ToString::to_string).collect(), "{name}");
        assert!(took < Duration::from_secs(60), "{name}: {took:?}");
    }
    assert_eq!(netbox.mac_count(Mac([0x94, 0x40, 0xC9, 0, 7, 0x51])), 1);
    assert!(daemon.terminate().await.success());
}

/// Sets a limit to nobody: it counts what was taken, and reads how much memory that cost.
#[tokio::test]
async fn of_200_megabytes_no_more_than_eight_are_read_and_they_are_refused_at_once() {
    let place = Place::alone();
    let daemon = place.start(None).await;
    let file = place.path("manifest.csv");
    {
        let mut out = BufWriter::new(std::fs::File::create(&file).unwrap());
        out.write_all(HEAD.as_bytes()).unwrap();
        for n in 0..7_000_000_u32 {
            let [_, a, b, c] = n.to_be_bytes();
            writeln!(out, "S{n:07},94:40:C9:{a:02X}:{b:02X}:{c:02X}").unwrap();
        }
    }
    assert!(std::fs::metadata(&file).unwrap().len() > 180_000_000);
    let began = Instant::now();
    let (code, told) = import(&place, &file).await;
    println!("a file of 200 MB: exit {code} in {:?}: {told}", began.elapsed());
    assert!(code == 2 && told.contains("it has more than 8 MiB") && told.contains("Split it"), "{told}");
    assert!(began.elapsed() < Duration::from_secs(20));

    let host = format!("unix://{}", place.socket().display());
    let mut child = Command::new(CLI)
        .args(["--host", &host, "import", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let status = format!("/proc/{}/status", child.id().unwrap());
    let part = vec![b'7'; 64 << 10];
    let (mut taken, mut most) = (0_usize, 0_u64);
    while taken < 200_000_000 && pipe.write_all(&part).await.is_ok() {
        taken += part.len();
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let kib = text.lines().find_map(|l| l.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse().ok());
        most = most.max(kib.unwrap_or(0));
    }
    drop(pipe);
    let mut told = String::new();
    child.stderr.take().unwrap().read_to_string(&mut told).await.unwrap();
    println!("200 MB on standard input: {taken} bytes taken, {most} KiB at the most: {told}");
    assert_eq!(child.wait().await.unwrap().code(), Some(2));
    assert!(told.contains("it has more than 8 MiB"), "{told}");
    assert!(taken <= MAX_BYTES + (1 << 20), "{taken} bytes were taken");
    assert!((1..100_000).contains(&most), "{most} KiB");
    assert!(place.told().is_empty());
    assert!(daemon.terminate().await.success());
}
