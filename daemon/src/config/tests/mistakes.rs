//! Each mistake is told with its place and what to do.

use std::path::Path;

use super::{Config, MINIMAL, place, read, refused};

/// The minimal file with one thing changed: what is looked for, what stands there then, and what is said of it.
const MISTAKES: [(&str, &str, &str); 71] = [
    // Keys.
    ("[http]", "sokcet = \"x\"\n[http]", "4:1: unknown field `sokcet`; did you mean `socket`?"),
    ("[http]", "Site = \"x\"\n[http]", "4:1: unknown field `Site`; did you mean `site`?"),
    ("[http]", "[htpp]\n[http]", "4:2: unknown field `htpp`; did you mean `http`?"),
    (
        "[http]",
        "colour = \"blue\"\n[http]",
        "4:1: unknown field `colour`, expected one of `site`, `data_dir`, `socket`, `socket_group`, `own_role`, \
         `roles`, `http`, `boot`, `netbox`, `bmc`, `credentials`, `intake`, `maas`, `carriers`, `proxy`, `api`, `vendors`, `purchase`, `lab`",
    ),
    ("listen", "port = 80\nlisten", "5:1: unknown field `port`, expected `listen` or `base`"),
    ("base", "bsae", "6:1: unknown field `bsae`; did you mean `base`?"),
    (
        "token_file",
        "token",
        "9:1: unknown field `token`, expected one of `url`, `token_file`, `ca_file`, `stock_statuses`",
    ),
    ("token_file", "token-file", "9:1: unknown field `token-file`; did you mean `token_file`?"),
    ("networks", "network", "11:1: unknown field `network`; did you mean `networks`?"),
    ("[http]", "[intake]\npcaps = []\n[http]", "5:1: unknown field `pcaps`; did you mean `pcap`?"),
    ("[http]", "[lab]\nspeed = 2\nsince = 0\nsinse = 0\n[http]", "7:1: unknown field `sinse`; did you mean `since`?"),
    // The way to the internet.
    ("[http]", "[proxy]\nurl = \"socks5://p:1080\"\n[http]", "5:7: not a proxy"),
    ("[http]", "[proxy]\nurl = \"http://a:b@p:3128\"\n[http]", "5:7: a password has no place in the URL"),
    ("[http]", "[proxy]\nurl = \"http://p:3128\"\npassword_file = \"x\"\n[http]", "5:7: a password without a user"),
    // What is missing.
    ("site = \"fra1\"", "", "1:1: missing field `site`"),
    ("data_dir = \"data\"", "", "1:1: missing field `data_dir`"),
    ("listen = \"127.0.0.1:8080\"", "", "4:1: missing field `listen`"),
    ("url = \"http://127.0.0.1:8000/netbox/\"", "", "7:1: missing field `url`"),
    ("networks = [\"10.0.4.0/22\"]", "", "10:1: missing field `networks`"),
    ("[http]", "[lab]\nspeed = 2.0\n[http]", "4:1: missing field `since`"),
    // What would end up on a kernel's command line.
    (
        "[http]",
        "[boot]\noptions = \"quiet rackhand.token=x\"\n[http]",
        "5:11: rackhand.url and rackhand.token are each boot's own; leave them out",
    ),
    ("[http]", "[boot]\noptions = \"quiet\\nboot\"\n[http]", "5:11: not for a kernel's command line: "),
    // Types.
    ("\"fra1\"", "5", "2:8: invalid type: integer `5`, expected a string"),
    ("\"data\"", "[\"data\"]", "3:12: invalid type: sequence, expected path string"),
    ("[http]", "[http]\nlisten = true", "6:1: duplicate key"),
    ("\"127.0.0.1:8080\"", "8080", "5:10: invalid type: integer `8080`, expected socket address"),
    ("\"127.0.0.1:8080\"", "\"127.0.0.1\"", "5:10: invalid socket address syntax"),
    ("[\"10.0.4.0/22\"]", "\"10.0.4.0/22\"", "11:12: invalid type: string \"10.0.4.0/22\", expected a sequence"),
    ("[bmc]", "[bmc]\nport = 65536", "11:8: invalid value: integer `65536`, expected u16"),
    ("[bmc]", "[bmc]\nport = -1", "11:8: invalid value: integer `-1`, expected u16"),
    ("[bmc]", "stock_statuses = \"yes\"\n[bmc]", "10:18: invalid type: string \"yes\", expected a boolean"),
    ("[http]", "[lab]\nspeed = \"fast\"\nsince = 0\n[http]", "5:9: invalid type: string \"fast\", expected f64"),
    ("[http]", "roles = []\n[http]", "4:9: invalid type: sequence, expected a map"),
    // Values.
    ("fra1", "Fra 1", "2:8: not a site: give its NetBox slug"),
    ("fra1", "", "2:8: not a site: give its NetBox slug"),
    (
        "\"10.0.4.0/22\"",
        "\"10.0.4.0/22\", \"10.0.4.1/22\"",
        "11:28: `10.0.4.1/22`: not an address range: give its first",
    ),
    ("10.0.4.0/22", "10.0.4.0/33", "11:13: `10.0.4.0/33`: not an address range"),
    ("\"10.0.4.0/22\"", "\"10.0.4.0/22\",\n  \"10.0.4.0/22\"", "12:3: `10.0.4.0/22` is listed twice; keep one"),
    ("[\"10.0.4.0/22\"]", "[]", "11:12: no network: list those BMCs are in"),
    ("[http]", "[roles]\nalice = \"king\"\n[http]", "5:9: `king`: not a role: read-only, technician, operator"),
    ("[http]", "own_role = \"root\"\n[http]", "4:12: `root`: not a role: read-only, technician"),
    ("http://10.0.0.5:8080/", "10.0.0.5", "6:8: not a base URL: give where machines reach this daemon"),
    ("http://10.0.0.5:8080/", "http://", "6:8: not a base URL"),
    ("http://10.0.0.5:8080/", "http://10.0.0.5:8080/?a=b", "6:8: not a base URL"),
    ("http://127.0.0.1:8000/netbox/", "netbox", "8:7: not a URL: give NetBox's address"),
    ("http://127.0.0.1:8000/netbox/", "ftp://netbox", "8:7: not a URL"),
    ("http://127.0.0.1:8000", "http://a:b@127.0.0.1:8000", "8:7: a URL without user, password and query"),
    ("http://127.0.0.1:8000", "https://127.0.0.1:8000", "8:7: https needs ca_file: a PEM file"),
    ("http://127.0.0.1:8000", "http://192.0.2.1", "8:7: http is only for this host and the management networks"),
    ("[http]", "[lab]\nspeed = 0.5\nsince = 0\n[http]", "4:1: speed must be from 1 to 100000"),
    ("[http]", "[intake]\ninterfaces = [\"a\", \"b/c\"]\n[http]", "5:20: not an interface: give a name as `ip link`"),
    ("[http]", "[intake]\ninterfaces = [\"sixteen-letters!\"]\n[http]", "5:15: not an interface"),
    ("[http]", "[intake]\ninterfaces = [\"a\", \"a\"]\n[http]", "5:20: `a` is listed twice; keep one"),
    ("[http]", "[intake]\ninterfaces = \"a\"\n[http]", "5:14: invalid type: string \"a\", expected a sequence"),
    ("[http]", "[intake]\nservers = [\"10.0.4.0/24\"]\n[http]", "5:12: not an IPv4 address: give the one the DHCP"),
    ("[http]", "[api]\nper_minute = 0\n[http]", "5:14: per_minute is at least 1"),
    (
        "[http]",
        "[[api.tenants]]\ntenant = \"a b\"\ntoken_files = [\"password\"]\n[http]",
        "5:10: not a tenant: give its NetBox slug",
    ),
    ("[http]", "[[api.tenants]]\ntenant = \"acme\"\ntoken_files = []\n[http]", "5:10: no token: name a file"),
    ("[http]", "[[api.tenants]]\ntenant = \"acme\"\n[http]", "4:1: missing field `token_files`"),
    (
        "[http]",
        "[[api.tenants]]\ntenant = \"acme\"\ntoken_files = [\"password\"]\n[http]",
        "6:16: the token has less than 32",
    ),
    ("[http]", "[carriers]\npoll = 60\n[http]", "5:8: poll is in seconds, and at least 900"),
    ("[http]", "[carriers.usp]\n[http]", "4:11: unknown field `usp`; did you mean `ups`?"),
    ("[http]", "[carriers.ups]\nclient_id = \"a\"\n[http]", "4:1: missing field `secret_file`"),
    (
        "[http]",
        "[carriers.ups]\nclient_id = \"a:b\"\nsecret_file = \"password\"\n[http]",
        "5:13: not a client ID: give it as",
    ),
    (
        "[http]",
        "[carriers.fedex]\nclient_id = \"a\"\nsecret_file = \"password\"\n[http]",
        "6:15: https needs [carriers] ca_file: a PEM file with the authorities",
    ),
    (
        "[http]",
        "[carriers.dhl]\nbase = \"http://192.0.2.1\"\nkey_file = \"password\"\n[http]",
        "5:8: http is only for this host and the management networks",
    ),
    (
        "[http]",
        "[carriers.dhl]\nkey_file = \"password\"\nbase = \"api-eu.dhl.com\"\n[http]",
        "6:8: not a URL: give the API's address, such as https://api-eu.dhl.com",
    ),
    ("[http]", "[carriers.dhl]\nkey_file = \"password\"\ndaily = 0\n[http]", "6:9: daily is at least 1"),
    // The text itself.
    ("\"fra1\"", "\"fra1", "2:13: invalid basic string"),
    ("[bmc]", "[http]\n[bmc]", "10:2: duplicate key"),
    ("[bmc]", "[bmc", "10:5: unclosed table"),
];

#[test]
fn each_mistake_is_told_with_its_place_and_what_to_do() {
    let mut wrong = Vec::new();
    for (from, to, expected) in MISTAKES {
        assert!(MINIMAL.contains(from), "{from}");
        let said = refused(&MINIMAL.replacen(from, to, 1));
        let said = said.strip_prefix("rackhandd.toml:").unwrap_or(&said);
        if !said.starts_with(expected) {
            wrong.push(format!("{to:?}:\n  said     {said}\n  expected {expected}"));
        }
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is said of a vendor.
const VENDORS: [(&str, &str); 22] = [
    ("kind = \"ibm\"", "13:8: unknown variant `ibm`, expected one of `partner`, `cxml`, `mail`, `hand`"),
    ("url = \"https://a\"", "12:1: missing field `kind`"),
    ("kind = \"partner\"", "13:8: a partner API needs url, client and secret_file"),
    ("kind = \"partner\"\nsecret = \"x\"", "14:1: unknown field `secret`, expected one of `kind`"),
    ("kind = \"partner\"\npassword_file = \"x\"", "14:1: unknown field `password_file`, expected one of `kind`"),
    (
        "kind = \"partner\"\nurl = \"http://192.0.2.1\"\nclient = \"a\"\nsecret_file = \"password\"",
        "14:7: http is only for",
    ),
    ("kind = \"partner\"\nurl = \"https://a\"\nclient = \"a\"\nsecret_file = \"password\"", "14:7: TLS needs ca_file"),
    (
        "kind = \"partner\"\nurl = \"http://127.0.0.1\"\nclient = \" \"\nsecret_file = \"password\"",
        "15:10: nothing is given",
    ),
    (
        "kind = \"partner\"\nurl = \"http://127.0.0.1\"\nclient = \"a\"\nsecret_file = \"missing\"",
        "16:15: missing cannot be read",
    ),
    ("kind = \"partner\"\nserver = \"a:1\"", "13:8: a vendor of this kind has no `server`; leave it out"),
    ("kind = \"cxml\"\nclient = \"a\"", "13:8: a vendor of this kind has no `client`"),
    (
        "kind = \"cxml\"\nurl = \"http://127.0.0.1\"",
        "13:8: cXML needs url, from, to, secret_file and their_secret_file",
    ),
    (
        "kind = \"cxml\"\nurl = \"http://127.0.0.1\"\nfrom = \"1\"\nto = \"A:1\"\nsecret_file = \"password\"\n\
         their_secret_file = \"password\"",
        "15:8: not an identity: give its domain and its name",
    ),
    ("kind = \"hand\"\nclient = \"us\"", "13:8: a vendor of this kind has no `client`"),
    (
        "kind = \"mail\"\nserver = \"127.0.0.1:25\"\ntls = \"none\"\nfrom = \"a@b.c\"\nto = \"a@b.c\"\ncolumns = { price = \"Preis\" }",
        "18:13: no field of quotes",
    ),
    (
        "kind = \"mail\"\nserver = \"127.0.0.1:25\"\ntls = \"none\"\nfrom = \"a@b.c\"\nto = \"a@b.c\"\ncolumns = { part = \"Art\", model = \"Art\" }",
        "18:20: another field has this header already",
    ),
    ("kind = \"mail\"\nserver = \"127.0.0.1:25\"", "13:8: mail needs server, from and to"),
    ("kind = \"mail\"\nserver = \"a\"\nfrom = \"a@b.c\"\nto = \"a@b.c\"", "14:10: not a mail server"),
    ("kind = \"mail\"\nserver = \"a:587\"\nfrom = \"a@b.c\"\nto = \"a@b.c\"", "14:10: TLS needs ca_file"),
    (
        "kind = \"mail\"\nserver = \"127.0.0.1:25\"\ntls = \"none\"\nfrom = \"A <a@b.c>\"\nto = \"a@b.c\"",
        "16:8: not a mail address",
    ),
    (
        "kind = \"mail\"\nserver = \"192.0.2.1:25\"\ntls = \"none\"\nfrom = \"a@b.c\"\nto = \"a@b.c\"",
        "14:10: without TLS only this host",
    ),
    (
        "kind = \"mail\"\nserver = \"127.0.0.1:25\"\ntls = \"none\"\nclient = \"a\"\nfrom = \"a@b.c\"\nto = \"a@b.c\"",
        "13:8: the mail server's account is client and secret_file together",
    ),
];

/// What is said of the rules for buying, with `bill_to` behind each.
const PURCHASES: [(&str, &str); 12] = [
    ("", "12:1: missing field `base`"),
    ("base = \"Euro\"", "13:8: not a currency: three letters"),
    ("base = \"EUR\"\nauto_below = 5000", "14:14: invalid type: integer `5000`, expected a string"),
    ("base = \"EUR\"\nauto_below = \"5000,00\"", "14:14: not an amount"),
    ("base = \"EUR\"\ntwo_above = \"-1\"", "14:13: an amount below zero"),
    ("base = \"EUR\"\nauto_below = \"2\"\ntwo_above = \"1\"", "15:13: two_above is below auto_below (2.00 EUR)"),
    ("base = \"EUR\"\nrates = { USD = \"0.9\" }", "14:11: rates need the day they are of"),
    ("base = \"EUR\"\nrates = { date = \"20.11.2026\" }", "14:18: not a day"),
    ("base = \"EUR\"\nrates = { date = \"2026-11-20\", USD = \"0\" }", "14:38: no currency is worth nothing"),
    ("base = \"EUR\"\nrates = { date = \"2026-11-20\", EUR = \"1\" }", "14:32: this is the base currency"),
    ("base = \"EUR\"\nrates = { date = \"2026-11-20\", USD = \"0.9250001\" }", "14:38: not a decimal"),
    ("base = \"EUR\"\nchase_after = 0", "14:15: hours, from 1 to 2208"),
];

#[test]
fn so_is_each_about_a_vendor_or_about_buying() {
    let vendors = VENDORS.map(|(text, expected)| (format!("{MINIMAL}[vendors.a]\n{text}\n"), expected));
    let purchases =
        PURCHASES.map(|(text, expected)| (format!("{MINIMAL}[purchase]\n{text}\nbill_to = [\"a\"]\n"), expected));
    let rules = |rest: &str| format!("{MINIMAL}[purchase]\nbase = \"EUR\"\n{rest}\n");
    let to = "bill_to = [\"a\"]\n[purchase.destinations";
    let others = [
        (format!("{MINIMAL}[vendors.HPE]\nkind = \"partner\"\n"), "12:10: not a vendor's short name"),
        (rules("bill_to = []"), "14:11: an address has 1 to 8 lines"),
        (rules("bill_to = [\"a\", \"\"]"), "14:17: not a line of an address"),
        (rules(&format!("{to}.\"Fra 1\"]\naddress = [\"a\"]\ncountry = \"DE\"")), "15:24: not a site"),
        (rules(&format!("{to}.fra1]\naddress = [\"a\"]\ncountry = \"de\"")), "17:11: not a country"),
    ];
    let mut wrong = Vec::new();
    for (text, expected) in vendors.into_iter().chain(purchases).chain(others) {
        let said = refused(&text);
        let said = said.strip_prefix("rackhandd.toml:").unwrap_or(&said);
        if !said.starts_with(expected) {
            wrong.push(format!("said     {said}\n  expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn so_is_each_about_an_account_or_a_file() {
    let entry = |key: &str| format!("{MINIMAL}[[credentials]]\n{key}user = \"root\"\npassword_file = \"password\"\n");
    let again = |key: &str| format!("[[credentials]]\n{key}user = \"root\"\npassword_file = \"password\"\n");
    let serial = |s: &str| format!("serial = \"{s}\"\n");
    let mut wrong = Vec::new();
    for (text, expected) in [
        (entry(""), "13:8: a credential is for one vendor or one serial; give one of the two"),
        (entry("vendor = \"hpe\"\nserial = \"A\"\n"), "15:8: a credential is for one vendor or one serial"),
        (entry("vendor = \"ibm\"\n"), "13:10: unknown variant `ibm`, expected one of `hpe`, `dell`, `other`"),
        (entry("vendor = \"del\"\n"), "13:10: unknown variant `del`; did you mean `dell`?"),
        (entry("uesr = \"x\"\n"), "13:1: unknown field `uesr`; did you mean `user`?"),
        (entry(&serial("abc")) + &again(&serial("ABC")), "18:8: a second credential for the same vendor or serial"),
        (entry("vendor = \"hpe\"\n") + &again("vendor = \"hpe\"\n"), "18:8: a second credential"),
        (MINIMAL.replace("\"token\"", "\"missing\""), "9:14: missing cannot be read: No such file or directory"),
        (MINIMAL.replace("\"token\"", "\".\""), "9:14: "),
        (MINIMAL.replace("\"token\"", "\"credential:\""), "9:14: `credential:`: give a credential's name"),
        (MINIMAL.replace("\"token\"", "\"credential:../x\""), "9:14: `credential:../x`: give a credential's name"),
        (MINIMAL.replace("[bmc]", "ca_file = \"missing.pem\"\n[bmc]"), "10:11: missing.pem cannot be read"),
        (MINIMAL.replace("[bmc]", "ca_file = \"password\"\n[bmc]"), "10:11: certificate authorities: "),
        (MINIMAL.replace("[bmc]", "ca_file = \"/dev/zero\"\n[bmc]"), "10:11: /dev/zero cannot be read: it has more"),
        (MINIMAL.replace("[http]", "socket_group = \"no such\"\n[http]"), "4:16: no such group on this machine"),
    ] {
        let said = refused(&text);
        let said = said.strip_prefix("rackhandd.toml:").unwrap_or(&said);
        if !said.starts_with(expected) {
            wrong.push(format!("said     {said}\n  expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(Config::read(Path::new("/nonexistent")).err().unwrap().to_string().ends_with("with --config"));
    let dir = place();
    std::fs::write(dir.path().join("latin1.toml"), b"site = \"fra1\"\n# caf\xE9\n").unwrap();
    let said = Config::read(&dir.path().join("latin1.toml")).err().unwrap().to_string();
    assert!(said.ends_with("is not text in UTF-8, first in line 2"), "{said}");
    read(&dir, MINIMAL).unwrap();
}
