//! What a manifest says, and what is refused.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

const GOOD: &str = "server_serial,server_bmc_mac\nMXP1111111,A0:36:9F:7C:05:00\n";

fn rows(text: &str) -> Vec<(String, String)> {
    let rows = parse(text.as_bytes()).unwrap().lines.into_iter().map(|l| l.row.unwrap());
    rows.map(|r| (r.serial.to_string(), r.bmc_mac.to_string())).collect()
}

fn problems(text: &str) -> Vec<(u32, Option<Problem>)> {
    parse(text.as_bytes()).unwrap().lines.into_iter().map(|l| (l.line, l.row.err())).collect()
}

#[test]
fn the_same_server_is_read_from_every_way_a_spreadsheet_writes_it() {
    let wanted = [("MXP1111111".to_owned(), "A0:36:9F:7C:05:00".to_owned())];
    for text in [
        GOOD,
        "\u{FEFF}server_serial,server_bmc_mac\r\nMXP1111111,A0:36:9F:7C:05:00\r\n",
        "\u{FEFF}\u{FEFF}server_serial,server_bmc_mac\r\nMXP1111111,A0:36:9F:7C:05:00\r\n",
        "Server_Serial;SERVER_BMC_MAC\nmxp1111111;a0-36-9f-7c-05-00",
        "server_bmc_mac\tserver_serial\na036.9f7c.0500\tMXP1111111\n",
        "\"server_serial\",\"server_bmc_mac\"\n\"MXP1111111\" ,\" A0369F7C0500 \"\n",
        "\n\n server_serial , server_bmc_mac \n,\nMXP1111111, A0:36:9F:7C:05:00\n,,\n\n",
        "server_serial,server_bmc_mac\rMXP1111111,A0:36:9F:7C:05:00\r",
        "po,server_serial,\"note; of\nthe vendor\",server_bmc_mac\n4711,MXP1111111,\"a \"\"b\"\", c\nd\",a0:36:9f:7c:5:0\n",
    ] {
        assert_eq!(rows(text), wanted, "{text:?}");
    }
}

#[test]
fn columns_nobody_reads_are_named_and_other_secrets_are_refused() {
    let told = parse(b"server_serial,PO,server_bmc_mac,rack\x1b\nA,1,a0:36:9f:7c:5:0,2\n");
    assert_eq!(told.unwrap().ignored, [Text::new("PO"), Text::new("rack\u{FFFD}")]);
    for column in ["BIOS_Password", "iDRAC passwd", "Client-Secret"] {
        let text = format!("server_serial,server_bmc_mac,{column}\nA,a0:36:9f:7c:5:0,calvin\n");
        let told = parse(text.as_bytes()).unwrap_err();
        assert!(matches!(told, Unreadable::Secret(_)), "{told}");
        assert!(!told.to_string().contains("calvin") && told.to_string().contains("--map password="), "{told}");
    }
}

#[test]
fn a_factory_password_is_read_beside_its_server_and_never_shown() {
    for (header, map) in [
        ("server_serial,server_bmc_mac,server_bmc_user,server_bmc_password", ""),
        ("Serial Number,iLO MAC,iLO User,iLO Default Password", ""),
        ("Serial,BMC MAC,Login,BIOS Password", "user=Login,password=BIOS Password"),
    ] {
        let text = format!(
            "{header}\nA,a0:36:9f:7c:5:0,Administrator,Geheim 7!\nB,a0:36:9f:7c:5:1,,x9\nC,a0:36:9f:7c:5:2,,\n"
        );
        let columns = if map.is_empty() { Columns::default() } else { Columns::in_text(map).unwrap() };
        let read = parse_by(text.as_bytes(), &columns).unwrap();
        let accounts: Vec<Option<Account>> = read.lines.iter().map(|l| l.account.clone()).collect();
        let wanted = [Account::new(Some("Administrator".into()), "Geheim 7!"), Account::new(None, "x9"), None];
        assert_eq!(accounts, wanted, "{header}");
        assert!(read.ignored.is_empty() && read.lines.iter().all(|l| l.row.is_ok()));
        assert!(!format!("{read:?}").contains("Geheim"), "{read:?}");
    }
}

#[test]
fn a_password_no_bmc_could_have_and_two_for_one_server_fail_their_rows() {
    let head = "server_serial,server_bmc_mac,password\n";
    let long = "x".repeat(Account::MOST + 1);
    let text = format!(
        "{head}A,a0:36:9f:7c:5:0,{long}\nB,a0:36:9f:7c:5:1,one\nB,a0:36:9f:7c:5:1,two\nC,a0:36:9f:7c:5:2,same\nC,a0:36:9f:7c:5:2,same\n"
    );
    let wanted = [
        (2, Some(Problem::BadPassword)),
        (3, Some(Problem::OtherAccount(4))),
        (4, Some(Problem::OtherAccount(3))),
        (5, None),
        (6, Some(Problem::Repeats(5))),
    ];
    assert_eq!(problems(&text), wanted);
}

#[test]
fn each_row_says_what_is_wrong_with_it() {
    let text = "server_serial,server_bmc_mac,po\n\
                ,A0:36:9F:7C:05:00,1\n\
                S 2,A0:36:9F:7C:05:00,1\n\
                S3,,1\n\
                S4,A0:36:9F:7C:05,1\n\
                S5,A1:36:9F:7C:05:00,1\n\
                S6,A0:36:9F:7C:05:06\n\
                S7,A0:36:9F:7C:05:07,1,x\n\
                S8,A0:36:9F:7C:05:08,1,\n\
                Server_Serial,SERVER_BMC_MAC,po\n";
    let wanted = [
        Some(Problem::NoSerial),
        Some(Problem::BadSerial),
        Some(Problem::NoMac),
        Some(Problem::BadMac),
        Some(Problem::NoCard),
        Some(Problem::Cells(2, 3)),
        Some(Problem::Cells(4, 3)),
        None,
        Some(Problem::Header),
    ];
    assert_eq!(problems(text), (2..).zip(wanted).collect::<Vec<_>>());
    assert_eq!(serial(&"x".repeat(64)).map(|s| s.len()), Some(64));
    assert_eq!(serial(&"x".repeat(65)), None);
    assert_eq!(serial("AB\u{202e}C"), None);
}

#[test]
fn of_rows_that_contradict_each_other_none_is_used() {
    let text = "server_serial,server_bmc_mac\n\
                A,A0:36:9F:7C:05:01\n\
                a,A0:36:9F:7C:05:02\n\
                B,A0:36:9F:7C:05:03\n\
                C,A0:36:9F:7C:05:03\n\
                D,A0:36:9F:7C:05:04\n\
                D,a0369f7c0504\n\
                E,A0:36:9F:7C:05:02\n";
    let wanted = [
        Some(Problem::OtherMac(3)),
        Some(Problem::OtherMac(2)),
        Some(Problem::OtherSerial(5)),
        Some(Problem::OtherSerial(4)),
        None,
        Some(Problem::Repeats(6)),
        Some(Problem::OtherSerial(3)),
    ];
    assert_eq!(problems(text), (2..).zip(wanted).collect::<Vec<_>>());
}

#[test]
fn a_file_that_is_not_certain_as_a_whole_is_refused_with_its_line() {
    let row = "S,A0:36:9F:7C:05:00\n";
    let head = "server_serial,server_bmc_mac\n";
    let utf16: Vec<u8> = GOOD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, wanted) in [
        (b"".to_vec(), Unreadable::Empty),
        (b"\r\n,,\n".to_vec(), Unreadable::Empty),
        (row.into(), Unreadable::NoColumn(Field::Serial)),
        (b"server_serial;po\n".to_vec(), Unreadable::NoColumn(Field::BmcMac)),
        (b"server_serial,server_bmc_mac,server_serial\n".to_vec(), Unreadable::TwoColumns(SERIAL.into())),
        ([head.as_bytes(), b"S\xE4,x\n"].concat(), Unreadable::Encoding(2)),
        (utf16, Unreadable::Encoding(1)),
        (format!("{head}{row}S2,\"A0").into(), Unreadable::Quote(3)),
        (format!("{head}\"S\"x,A0\n").into(), Unreadable::Quote(2)),
        (format!("{head}\"S\"x\",A0\n").into(), Unreadable::Quote(2)),
        (format!("{head}\"S\" \"x\",A0\n").into(), Unreadable::Quote(2)),
        (format!("\r\n{head}\n\"S\"\"\n,A0\n").into(), Unreadable::Quote(4)),
        (format!("{head}\"{}", row.repeat(20)).into(), Unreadable::LongCell(2)),
        (format!("{head}{}\n", ",".repeat(300)).into(), Unreadable::TooWide(2)),
        (format!("{head}{}", row.repeat(MAX_ROWS + 1)).into(), Unreadable::TooLong),
        (vec![b'x'; MAX_BYTES + 1], Unreadable::TooBig),
    ] {
        assert_eq!(parse(&bytes), Err(wanted));
    }
    assert_eq!(parse(format!("{head}{}", row.repeat(MAX_ROWS)).as_bytes()).unwrap().lines.len(), MAX_ROWS);
}

#[test]
fn a_vendors_own_names_are_known_and_others_can_be_given() {
    let wanted = [("MXP1111111".to_owned(), "A0:36:9F:7C:05:00".to_owned())];
    for head in [
        "Service Tag,iDRAC MAC",
        "\"Serial Number\",\"iLO MAC Address\"",
        "serial_no,BMC-MAC",
        "SYSTEM SERIAL NUMBER,Management MAC (address)",
        // Of a vendor's names and ours, ours is meant.
        "server_serial,server_bmc_mac",
    ] {
        assert_eq!(rows(&format!("{head}\nMXP1111111,A0:36:9F:7C:05:00\n")), wanted, "{head}");
    }
    let both = "Serial,server_serial,iLO MAC,server_bmc_mac\nX,MXP1111111,Y,A0:36:9F:7C:05:00\n";
    assert_eq!(rows(both), wanted);
    let own = "Teil;Seriennummer;MAC\n1;MXP1111111;A0:36:9F:7C:05:00\n";
    let columns = Columns::in_text("serial=\"Seriennummer\", mac = mac").unwrap();
    let read = parse_by(own.as_bytes(), &columns).unwrap();
    assert_eq!(read.lines[0].row.as_ref().unwrap().serial.as_str(), "MXP1111111");
    assert_eq!(read.ignored, [Text::new("Teil")]);
    // Half a map: the other column is found by its name.
    let half = "Serial,NIC\nMXP1111111,A0:36:9F:7C:05:00\n";
    let columns = Columns::named([("mac", "NIC")]).unwrap();
    assert_eq!(parse_by(half.as_bytes(), &columns).unwrap().lines.len(), 1);
}

#[test]
fn where_it_is_in_doubt_which_column_is_meant_none_is() {
    let read = |head: &str, map: &str| {
        let columns = if map.is_empty() { Columns::default() } else { Columns::in_text(map).unwrap() };
        parse_by(format!("{head}\nA,A0:36:9F:7C:05:00,B\n").as_bytes(), &columns).unwrap_err()
    };
    let doubtful = Unreadable::Doubtful(Field::Serial, "Service Tag".into(), "Serial Number".into());
    assert_eq!(read("Service Tag,iDRAC MAC,Serial Number", ""), doubtful);
    assert!(doubtful.to_string().contains("--map serial=\"Service Tag\""), "{doubtful}");
    assert_eq!(read("Serial,MAC,x", ""), Unreadable::NoColumn(Field::BmcMac), "a bare MAC may be a NIC's");
    assert_eq!(read("Serial,iLO MAC,iLO MAC", ""), Unreadable::TwoColumns("iLO MAC".into()));
    assert_eq!(read("Serial,iLO MAC,x", "mac=iDRAC MAC"), Unreadable::NotThere("iDRAC MAC".into()));
    assert_eq!(read("Serial,iLO MAC,Serial", "serial=serial"), Unreadable::TwoColumns("serial".into()));
    assert_eq!(read("Serial,iLO MAC,BIOS password", "mac=iLO MAC"), Unreadable::Secret("BIOS password".into()));
    for (map, wanted) in [
        ("serial", BadMap::NoPair("serial".into())),
        ("", BadMap::NoPair("".into())),
        ("serial=", BadMap::Name("serial")),
        ("mac=a,mac=b", BadMap::Twice("mac")),
        ("serial=A,mac= a", BadMap::Same("A".into())),
        ("rack=A", BadMap::Field("rack".into())),
    ] {
        assert_eq!(Columns::in_text(map), Err(wanted), "{map}");
    }
}

/// These rows as a file, quoted where they must be.
fn to_csv(rows: &[Row]) -> String {
    let row = |row: &Row| format!("\"{}\",{}\n", row.serial.replace('"', "\"\""), row.bmc_mac);
    rows.iter().fold(format!("{SERIAL},{BMC_MAC}\n"), |text, one| text + &row(one))
}

fn any_row() -> impl Strategy<Value = Row> {
    let serial = prop_oneof![
        4 => "[A-Z0-9]{1,12}".prop_map(|s| Text::new(&s)),
        1 => any::<String>().prop_filter_map("no serial", |s| serial(&s)),
    ];
    (serial, any::<[u8; 6]>()).prop_map(|(serial, mut mac)| {
        mac[0] = mac[0] & 0xFE | 2;
        Row { serial, bmc_mac: Mac(mac) }
    })
}

proptest! {
    #[test]
    fn whatever_the_bytes_reading_ends_and_every_row_is_sound(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = parse(&bytes);
        let beheaded = [GOOD.as_bytes(), &bytes].concat();
        for line in parse(&beheaded).into_iter().flat_map(|m| m.lines) {
            prop_assert!(line.line > 1);
            if let Ok(row) = line.row {
                prop_assert_eq!(serial(&row.serial), Some(row.serial.clone()));
            }
        }
    }

    #[test]
    fn text_that_looks_like_a_table_never_panics(text in "[a-b,;\t\"\r\n ]{0,60}") {
        for head in ["", "server_serial,server_bmc_mac\n", "server_serial;server_bmc_mac\r", "\"server_serial\"\t\"server_bmc_mac"] {
            let _ = parse(format!("{head}{text}").as_bytes());
        }
    }

    #[test]
    fn what_was_printed_reads_back_the_same(rows in prop::collection::vec(any_row(), 0..30)) {
        let mut seen = std::collections::BTreeSet::new();
        let mut macs = std::collections::BTreeSet::new();
        let rows: Vec<Row> =
            rows.into_iter().filter(|r| seen.insert(r.serial.clone()) && macs.insert(r.bmc_mac)).collect();
        let read = parse(to_csv(&rows).as_bytes()).unwrap();
        let back: Vec<Row> = read.lines.into_iter().map(|l| l.row.unwrap()).collect();
        prop_assert_eq!(back, rows);
    }
}
