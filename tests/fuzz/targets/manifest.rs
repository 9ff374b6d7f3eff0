//! Vendors' manifests: what is taken can be written and read again as the same rows.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rackhand_core::entry::manifest::{BMC_MAC, MAX_ROWS, Row, SERIAL, parse};
use rackhand_core::mac::Mac;
use rackhand_fuzz::plant;

fuzz_target!(
    init: plant(SEEDS.map(|s| s.as_bytes().to_vec()).into_iter().chain([own()])),
    |data: &[u8]| {
        let Ok(manifest) = parse(data) else { return };
        assert!(manifest.lines.len() <= MAX_ROWS);
        let rows: Vec<Row> = manifest.lines.into_iter().filter_map(|line| line.row.ok()).collect();
        let again = parse(to_csv(&rows).as_bytes()).expect("we wrote it");
        let again: Vec<Row> = again.lines.into_iter().map(|line| line.row.expect("we wrote it")).collect();
        assert_eq!(again, rows);
    }
);

fn to_csv(rows: &[Row]) -> String {
    let row = |row: &Row| format!("\"{}\",{}\n", row.serial.replace('"', "\"\""), row.bmc_mac);
    rows.iter().fold(format!("{SERIAL},{BMC_MAC}\n"), |text, one| text + &row(one))
}

fn own() -> Vec<u8> {
    let row = Row { serial: "CZ23000017".into(), bmc_mac: Mac([0x94, 0x40, 0xC9, 1, 2, 3]) };
    to_csv(&[row]).into_bytes()
}

/// Written for this: delimiters, quotes, line ends, a mark before the text, columns nobody reads.
const SEEDS: [&str; 5] = [
    "server_serial,server_bmc_mac\nCZ23000017,94:40:C9:01:02:03\nCZ23000018,94-40-c9-01-02-04\n",
    "\u{feff}Server_Serial;server_bmc_mac;model\r\n\"CZ23000017\";\"9440C9010203\";\"DL380 \"\"Gen11\"\"\"\r\n",
    "server_bmc_mac\tserver_serial\n9440.c901.0203\tABC1234\n\t\n",
    "server_serial,server_bmc_mac\nCZ23000017,94:40:C9:01:02:03\nCZ23000017,94:40:C9:01:02:04\n,\n",
    "server_serial,server_bmc_mac,bmc_password\nCZ23000017,94:40:C9:01:02:03,\"a\nb\"\n",
];
