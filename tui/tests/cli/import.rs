//! `import`: the file, the rows that reach the daemon, and what is told of each.

use std::fmt::Write as _;
use std::path::PathBuf;

use rackhand_core::decide::{Refusal, Why};
use rackhand_core::lifecycle::stage::Stage;
use serde_json::{Value, json};

use crate::fake::Fake;

const HEAD: &str = "server_serial,server_bmc_mac\n";

fn file(fake: &Fake, text: impl AsRef<[u8]>) -> String {
    let path: PathBuf = fake.dir.path().join("manifest.csv");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn rows(serials: &[&str]) -> String {
    let mut text = HEAD.to_owned();
    for (n, serial) in serials.iter().enumerate() {
        writeln!(text, "{serial},94:40:C9:00:01:{n:02X}").unwrap();
    }
    text
}

#[tokio::test]
async fn every_row_is_told_with_what_became_of_it_in_eighty_columns() {
    let fake = Fake::start();
    let text = "Server_Serial;rack;SERVER_BMC_MAC\r\nmxp1;A1;94:40:c9:00:01:00\r\nTHERE;A1;9440c9000101\r\n\
                KEPT;A1;94:40:C9:00:01:02\r\nLOST;A1;94:40:C9:00:01:03\r\nBAD1;A1;94:40:C9:00:01:04\r\nX;A1;94:40\r\n";
    let path = file(&fake, text);
    let (code, out, err) = fake.run_answering(&["import", &path], "").await;
    assert_eq!((code, err.as_str()), (1, ""));
    assert_eq!(
        out,
        "Columns nobody here reads: rack
ROW  SERIAL  BMC MAC            RESULT
2    MXP1    94:40:C9:00:01:00  imported, MAC set
3    THERE   94:40:C9:00:01:01  imported, MAC there
4    KEPT    94:40:C9:00:01:02  imported, MAC kept; warning: another MAC is
                                there and was left alone: NetBox device 7 has
                                94:40:C9:00:00:09 on iLO
5    LOST    94:40:C9:00:01:03  failed: NetBox: no device has serial LOST (Add
                                it in NetBox and retry, or import again with
                                --type, --role and --site.)
6    BAD1    94:40:C9:00:01:04  failed: it is here with BMC 94:40:C9:00:00:09
7    X       94:40              failed: not a MAC address: give six octets in
                                hexadecimal, such as 94:40:C9:01:02:03
6 rows: 3 good, 1 with a warning, 3 failed
"
    );
    let sent = fake.held().imports.pop().unwrap();
    assert_eq!((sent.rows.len(), sent.stage, sent.site.as_str(), sent.create), (5, Stage::Received, "fra1", None));
}

#[tokio::test]
async fn good_rows_end_with_zero_and_the_same_file_again_too() {
    let fake = Fake::start();
    let path = file(&fake, rows(&["A1", "A2", "KEPT"]));
    let (code, out, _) = fake.run(&["import", &path]).await;
    assert!(code == 0 && out.ends_with("3 rows: 3 good, 1 with a warning\n"), "{out}");
    let (code, out, _) = fake.run(&["import", &path]).await;
    assert!(code == 0 && out.contains("already, MAC set"), "{out}");
}

#[tokio::test]
async fn the_document_has_a_row_for_each_row() {
    let fake = Fake::start();
    let path = file(&fake, "server_bmc_mac,po,server_serial\n94:40:C9:00:01:00,7,A1\n94:40:C9:00:01:01,7,\n");
    let (code, out, _) = fake.run(&["--json", "import", &path]).await;
    let document: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 1);
    assert_eq!(
        document,
        json!({
            "check": false,
            "ignored": ["po"],
            "rows": [
                { "row": 2, "serial": "A1", "bmc_mac": "94:40:C9:00:01:00", "entry": "imported", "result": "mac_set",
                  "text": "NetBox device 9 has it" },
                { "row": 3, "serial": "", "bmc_mac": "94:40:C9:00:01:01", "entry": null, "result": "failed",
                  "text": "the serial is missing" },
            ],
            "summary": { "rows": 2, "good": 1, "warned": 0, "failed": 1, "waiting": 0 },
        })
    );
}

#[tokio::test]
async fn rows_that_still_wait_when_the_time_is_over_end_with_five() {
    let fake = Fake::start();
    fake.held().netbox_away = usize::MAX;
    let path = file(&fake, rows(&["A1", "A2"]));
    let (code, out, _) = fake.run(&["import", &path, "--wait", "0s"]).await;
    assert!(code == 5 && out.contains("imported, waiting for NetBox: NetBox does not answer"), "{code} {out}");
    assert!(out.ends_with("2 rows: 0 good, 2 waiting for NetBox (automatic: no action needed)\n"), "{out}");
}

#[tokio::test]
async fn it_waits_until_netbox_is_back() {
    let fake = Fake::start();
    (fake.held().netbox_away, fake.held().asked) = (3, 0);
    let path = file(&fake, rows(&["A1"]));
    let (code, out, _) = fake.run(&["import", &path, "--wait", "5m"]).await;
    assert!(code == 0 && out.contains("imported, MAC set"), "{code} {out}");
    assert_eq!(fake.held().asked, 4);
}

#[tokio::test]
async fn a_check_changes_nothing_and_says_so() {
    let fake = Fake::start();
    let path = file(&fake, rows(&["A1", "BAD1"]));
    let (code, out, _) = fake.run(&["import", &path, "--check"]).await;
    assert!(code == 1 && out.contains("would be imported") && out.contains("failed: it is here"), "{out}");
    assert!(out.ends_with("2 rows: 1 good, 1 failed; nothing was changed\n"), "{out}");
    assert!(fake.held().imports.is_empty());
}

#[tokio::test]
async fn a_long_file_goes_in_parts_and_a_broken_connection_sends_a_part_again() {
    let fake = Fake::start();
    let serials: Vec<String> = (0..1_201).map(|n| format!("S{n}")).collect();
    let mut text = HEAD.to_owned();
    for (n, serial) in serials.iter().enumerate() {
        writeln!(text, "{serial},94:40:C9:01:{:02X}:{:02X}", n >> 8, n & 255).unwrap();
    }
    let path = file(&fake, text);
    fake.held().breaks = 1;
    let (code, out, err) = fake.run(&["import", &path]).await;
    assert!(code == 0 && out.ends_with("1201 rows: 1201 good\n"), "{err}");
    let sent: Vec<usize> = fake.held().imports.iter().map(|i| i.rows.len()).collect();
    assert_eq!(sent, [500, 500, 500, 201]);
    fake.held().breaks = 2;
    let (code, _, err) = fake.run(&["import", &path]).await;
    assert!(code == 3 && err.contains("does nothing twice"), "{code} {err}");
}

#[tokio::test]
async fn type_role_and_site_come_together_and_reach_the_daemon() {
    let fake = Fake::start();
    let path = file(&fake, rows(&["A1"]));
    let all = ["import", &path, "--type", "dl360-gen11", "--role", "server", "--site", "ams2", "--stage", "racked"];
    assert_eq!(fake.run(&all).await.0, 0);
    let sent = fake.held().imports.pop().unwrap();
    let create = sent.create.unwrap();
    assert_eq!([&*create.device_type, &*create.role, &*create.site], ["dl360-gen11", "server", "ams2"]);
    assert_eq!((sent.stage, sent.site.as_str()), (Stage::Racked, "ams2"));
    for part in [&all[..4], &all[..6], &["import", &path, "--site", "ams2"], &["import", &path, "--type", "a b"]] {
        assert_eq!(fake.run(part).await.0, 2, "{part:?}");
    }
    for wait in ["5", "-1s", "2d", "99999999999999999999s", "", "25h"] {
        assert_eq!(fake.run(&["import", &path, "--wait", wait]).await.0, 2, "{wait:?}");
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_read_as_a_whole_reaches_nobody() {
    let fake = Fake::start();
    for (text, said) in [
        (&b"serial,mac\nA,B\n"[..], "no column server_bmc_mac"),
        (b"server_serial,server_bmc_mac,bios_password\nA1,94:40:C9:00:01:00,calvin\n", "--map password="),
        (b"server_serial,server_bmc_mac\nA1,94:40:C9:00:01:00\n\xFF,x\n", "line 3: not UTF-8"),
        (b"", "nothing in it"),
    ] {
        let path = file(&fake, text);
        let (code, out, err) = fake.run(&["import", &path]).await;
        assert!(code == 2 && out.is_empty() && err.contains(said) && err.contains("manifest.csv"), "{err}");
        assert!(!err.contains("calvin"), "{err}");
    }
    let (code, _, err) = fake.run(&["import", "/no/such/file.csv"]).await;
    assert!(code == 2 && err.contains("/no/such/file.csv cannot be read"), "{err}");
    assert!(fake.held().imports.is_empty());
}

#[tokio::test]
async fn who_may_not_import_is_told_once() {
    let fake = Fake::start();
    fake.held().refuse = Some(Refusal::new(Why::NotAllowed, "this takes the role operator; you have technician"));
    let path = file(&fake, rows(&["A1", "A2"]));
    let (code, out, err) = fake.run(&["import", &path]).await;
    assert_eq!((code, out.as_str()), (1, ""));
    assert_eq!(err, "rackhand: this takes the role operator; you have technician\n");
}

#[tokio::test]
async fn a_vendors_file_is_read_by_its_own_names_or_by_those_that_are_given() {
    let fake = Fake::start();
    let known = file(&fake, "Service Tag,Model,iDRAC MAC Address\nA1,R660,94:40:C9:00:01:00\n");
    let (code, out, _) = fake.run(&["import", &known]).await;
    assert!(code == 0 && out.starts_with("Columns nobody here reads: Model\n"), "{out}");
    let own = file(&fake, "Seriennummer;Karte\nA2;94:40:C9:00:01:02\n");
    let (code, _, err) = fake.run(&["import", &own]).await;
    assert!(code == 2 && err.contains("say --map serial=\"NAME\""), "{err}");
    let (code, out, err) = fake.run(&["import", &own, "--map", "serial=seriennummer,mac=\"Karte\""]).await;
    assert!(code == 0 && out.contains("A2      94:40:C9:00:01:02"), "{out}{err}");
    let map = fake.dir.path().join("map.toml");
    let map = map.to_str().unwrap();
    std::fs::write(map, "serial = \"Seriennummer\"\nmac = \"Karte\"\n").unwrap();
    assert_eq!(fake.run(&["import", &own, "--columns", map]).await.0, 0);
    assert_eq!(fake.held().imports.len(), 3);
    for (text, said) in [
        ("serial = \"Seriennummer\"\nrack = \"R\"\n", "`rack` is nothing that is read"),
        ("serial = 7\n", "such as serial = \"Service Tag\""),
        ("serial", "such as serial = \"Service Tag\""),
        ("serial = \"Nummer\"\nmac = \"Karte\"\n", "no column `Nummer`"),
    ] {
        std::fs::write(map, text).unwrap();
        let (code, out, err) = fake.run(&["import", &own, "--columns", map]).await;
        assert!(code == 2 && out.is_empty() && err.contains(said), "{text}: {err}");
    }
    for map in ["serial", "mac=", "serial=a,serial=b", "serial=a,mac=a", "rack=a"] {
        let (code, _, err) = fake.run(&["import", &own, "--map", map]).await;
        assert!(code == 2 && err.contains("--map"), "{map}: {err}");
    }
    let secret = file(&fake, "Service Tag,iDRAC MAC,BIOS Default Password\nA1,94:40:C9:00:01:00,calvin\n");
    let (code, _, err) = fake.run(&["import", &secret, "--map", "mac=iDRAC MAC"]).await;
    assert!(code == 2 && err.contains("`BIOS Default Password` may hold a secret") && !err.contains("calvin"), "{err}");
    assert_eq!(fake.held().imports.len(), 3, "nothing of those was sent");
}
