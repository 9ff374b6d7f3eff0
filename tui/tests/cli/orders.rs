//! `order`: what reaches the daemon, what is told of it, and how it ends.

use rackhand_core::decide::command::Command;
use rackhand_core::id::{OrderId, Subject};
use rackhand_core::order::OrderRequest;
use rackhand_core::order::questions::{OrderDetail, OrderRow};
use rackhand_core::purchase::money::Currency;
use rackhand_core::purchase::paper::{Paper, PurchaseOrder};
use rackhand_core::time::Timestamp;
use rackhand_core::view::Page;
use serde_json::Value;

use crate::fake::Fake;
use crate::fake::shop::SPEC;

fn line(quantity: u32) -> String {
    format!("{quantity}: {SPEC}")
}

fn last(fake: &Fake) -> Command {
    fake.held().commands.pop().unwrap()
}

fn ordered(fake: &Fake) -> OrderRequest {
    match last(fake) {
        Command::Order(request) => request,
        other => panic!("{other:?}"),
    }
}

/// An order of bert's for four servers, with an offer of each vendor.
pub async fn with_offers(fake: &Fake) {
    fake.held().shop.order(4);
    for (vendor, number, price) in [("hpe", "Q-1", "10500.00"), ("dell", "D-7", "11000.00")] {
        let line = format!("P-1:4:{price}:42:36:{SPEC}");
        let args = ["order", "quote", "1", vendor, "--number", number, "--currency", "EUR", "--line", &line];
        let (code, _, err) = fake.run(&[&args[..], &["--valid-until", "2026-12-31"]].concat()).await;
        assert_eq!((code, err.as_str()), (0, ""));
    }
    fake.held().commands.clear();
}

#[tokio::test]
async fn an_order_is_served_from_the_pool_and_the_rest_is_bought() {
    let fake = Fake::start();
    let (three, odd) = (line(3), "1: 2x Xeon Gold 6530, a pony".to_owned());
    let args = ["order", "place", "--tenant", "acme", "--line", &three, "--needed-by", "2026-12-01", "--note", "c7"];
    let (code, out, err) = fake.run(&args).await;
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(
        out,
        "order 1 for acme at fra1\n\
         LINE  QTY  STOCK  BUY  UNDERSTOOD\n\
         1     3    2      1    2x Xeon Gold 6530, 512GB DDR5, 4x 3.84TB NVMe, 2x 100GbE\n  \
         line 1  reserved: CZ2D1X0GB8, CZ2D1X0GB9\n"
    );
    let request = ordered(&fake);
    assert_eq!((request.tenant.as_str(), request.site.as_str(), request.lines[0].quantity), ("acme", "fra1", 3));
    assert_eq!(request.needed_by, Some("2026-12-01T00:00:00Z".parse::<Timestamp>().unwrap()));
    assert_eq!((request.note.unwrap().as_str(), request.all_new, request.as_understood), ("c7", false, false));
    // What is not understood is said, and ordered only where that is wanted.
    let args = ["order", "place", "--tenant", "acme", "--line", &odd, "--vendor", "hpe", "--all-new"];
    let (code, out, err) = fake.run(&args).await;
    assert!(code == 1 && out.is_empty() && err.contains("`a pony`"), "{err}");
    let (code, out, _) = fake.run(&[&args[..], &["--as-understood", "--json"]].concat()).await;
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &told["rows"][0]["order"], &told["rows"][0]["result"]), (0, &2.into(), &"placed".into()));
    assert_eq!(told["rows"][0]["lines"][0]["unclear"][0]["part"], "a pony");
    let request = ordered(&fake);
    assert_eq!((request.sellers.len(), request.all_new, request.as_understood), (1, true, true));
}

#[tokio::test]
async fn a_dry_run_says_what_is_understood_and_in_stock_and_changes_nothing() {
    let fake = Fake::start();
    let (one, two) = (line(1), line(2));
    let args = ["order", "place", "--dry-run", "--tenant", "acme", "--line", &one, "--line", &two];
    let (code, out, _) = fake.run(&args).await;
    assert!(code == 0 && out.starts_with("would be ordered for acme at fra1; nothing was changed\n"), "{out}");
    // The one server that line 1 would take is not there for line 2 too.
    assert!(out.contains("1     1    1      0    2x Xeon") && out.contains("2     2    1      1    2x Xeon"), "{out}");
    let (code, _, err) = fake.run(&["order", "place", "--dry-run", "--tenant", "acme", "--line", "1: a pony"]).await;
    assert!(code == 1 && err.contains("nothing was understood of `a pony`"), "{err}");
    let (code, _, err) =
        fake.run(&["order", "place", "--dry-run", "--tenant", "acme", "--line", "1: 512GB DDR5, a pony"]).await;
    assert!(code == 1 && err.contains("understood 512GB DDR5") && err.contains("--as-understood"), "{err}");
    assert!(fake.held().commands.is_empty() && fake.held().shop.world.orders.is_empty());
}

#[tokio::test]
async fn what_is_no_order_reaches_nobody() {
    let fake = Fake::start();
    let one = line(1);
    for args in [
        &["order", "place"][..],
        &["order", "place", "--tenant", "acme"],
        &["order", "place", "--line", &one],
        &["order", "place", "--tenant", "a b", "--line", &one],
        &["order", "place", "--tenant", "acme", "--line", "no number"],
        &["order", "place", "--tenant", "acme", "--line", "0: 512GB"],
        &["order", "place", "--tenant", "acme", "--line", &one, "--needed-by", "soon"],
        &["order", "place", "--tenant", "acme", "--line", &one, "--vendor", "H P"],
        &["order", "place", "--tenant", "acme", "--line", &one, "--file", "x.toml"],
        &["order", "place", "--file", "/no/such/file.toml"],
        &["order", "show", "seven"],
        &["order", "wait", "1", "done"],
    ] {
        let (code, out, _) = fake.run(args).await;
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}");
    }
    assert!(fake.held().commands.is_empty());
}

#[tokio::test]
async fn a_file_of_orders_is_told_row_by_row() {
    let fake = Fake::start();
    let put = |name: &str, text: String| {
        let path = fake.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let toml = format!(
        "[[order]]\ntenant = \"acme\"\nneeded_by = \"2026-12-01\"\n[[order.line]]\nquantity = 1\nspec = \"{SPEC}\"\n\
         [[order]]\ntenant = \"acme\"\nsite = \"nowhere\"\n[[order.line]]\nquantity = 1\nspec = \"{SPEC}\"\n"
    );
    let (code, out, _) = fake.run(&["order", "place", "--file", &put("o.toml", toml)]).await;
    assert!(code == 1 && out.contains("1    1      acme    fra1     1    1      0    placed\n"), "{out}");
    assert!(out.contains("failed: nowhere is no site of this daemon's\n"), "{out}");
    assert!(out.ends_with("2 orders: 1 good, 1 failed\n"), "{out}");
    let json = format!("{{\"order\":[{{\"tenant\":\"t\",\"line\":[{{\"quantity\":2,\"spec\":\"{SPEC}\"}}]}}]}}");
    let (code, out, _) = fake.run(&["--json", "order", "place", "--file", &put("o.json", json)]).await;
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &told["summary"]["good"], &told["rows"][0]["lines"][0]["to_buy"]), (0, &1.into(), &1.into()));
    let csv = format!("order,tenant,quantity,spec\n1,t,1,\"{SPEC}\"\n1,t,2,\"{SPEC}\"\n2,t,1,\"{SPEC}\"\n");
    let path = put("o.csv", csv);
    let (code, out, _) = fake.run(&["order", "place", "--dry-run", "--file", &path]).await;
    assert!(code == 0 && out.ends_with("2 orders: 2 good; nothing was changed\n"), "{out}");
    for (name, text, said) in [
        ("o.toml", "[[order]]\ntenant = \"a\"\ncolour = 1\n", "unknown field `colour`"),
        ("o.toml", "[[order]]\ntenant = \"a b\"\nline = []\n", "order 1: a slug"),
        ("o.json", "{\"order\":[]}", "1 to 1000 orders"),
        ("o.csv", "tenant,quantity\n", "no column spec"),
    ] {
        let (code, out, err) = fake.run(&["order", "place", "--file", &put(name, text.to_owned())]).await;
        assert!(code == 2 && out.is_empty() && err.contains(said) && err.contains(name), "{err}");
    }
}

#[tokio::test]
async fn every_verb_becomes_its_command() {
    let fake = Fake::start();
    let order = fake.held().shop.order(1);
    let unit = fake.held().shop.find("CZ2D1X0GB8").unwrap();
    let reason = || "why".into();
    for (args, flag, command) in [
        (
            &["order", "reserve", "1", "--line", "1", "cz2d1x0gb8"][..],
            "--yes",
            Command::Reserve { order, line: 1, unit },
        ),
        (
            &["order", "release", "CZ2D1X0GB8", "--reason", "why"],
            "--yes",
            Command::ReleaseStock { unit, reason: reason() },
        ),
        (&["order", "reserve", "1", "--line", "1", "CZ2D1X0GB8"], "--yes", Command::Reserve { order, line: 1, unit }),
        (&["order", "assign", "1"], "--confirm=1", Command::AssignStock { order }),
        (&["order", "cancel", "1", "--reason", "why"], "--confirm=1", Command::CancelOrder { order, reason: reason() }),
    ] {
        // As in the console: what is asked there is asked here, and nothing is done by nobody.
        let (code, _, err) = fake.run(args).await;
        assert!(code == 2 && err.contains(flag.split('=').next().unwrap()), "{args:?}: {err}");
        assert_ne!(
            fake.run(&[args, &[if flag == "--yes" { "--confirm=1" } else { "--confirm=9" }]].concat()).await.0,
            0
        );
        let args = &[args, &[flag]].concat()[..];
        let (code, out, err) = fake.run(args).await;
        assert_eq!((code, out.as_str(), err.as_str()), (0, "done; the journal is at event 5\n", ""), "{args:?}");
        assert_eq!(last(&fake), command);
    }
    let order = fake.held().shop.order(1);
    assert_eq!(fake.run(&["order", "reject", "2", "--reason", "why", "--confirm", "2"]).await.0, 0);
    assert_eq!(last(&fake), Command::Reject { order, reason: reason() });
    let order = fake.held().shop.order(1);
    let args = ["order", "bind", "3", "mxq1", "--mac", "94:40:c9:1:2:9", "--model", "DL360"];
    assert_eq!(fake.run(&args).await.0, 0);
    let bmc_mac = Some("94:40:C9:01:02:09".parse().unwrap());
    assert_eq!(last(&fake), Command::BindSerial { order, serial: "mxq1".into(), bmc_mac, model: Some("DL360".into()) });
    assert_eq!(fake.run(&["describe", "CZ2D1X0GB9", "1x EPYC 9354"]).await.0, 0);
    let unit = fake.held().shop.find("CZ2D1X0GB9").unwrap();
    assert_eq!(last(&fake), Command::Describe { unit, spec: "1x EPYC 9354".into() });
}

#[tokio::test]
async fn an_offer_is_typed_and_answers_the_orders_lines() {
    let fake = Fake::start();
    fake.held().shop.order(4);
    let args = ["order", "quote", "1", "hpe", "--number", "Q-1", "--currency", "eur", "--valid-until", "2026-12-01"];
    let good =
        [&args[..], &["--line", "P52562-B21:4:9,500.00:42:36", "--freight", "380", "--note", "ex works"]].concat();
    assert_eq!(fake.run(&good).await.0, 0);
    let Command::EnterPaper { order, seller, paper } = last(&fake) else { panic!() };
    assert_eq!((order, seller.as_str()), (OrderId(1), "hpe"));
    let Paper::Quote(quote) = *paper else { panic!() };
    assert_eq!((quote.currency, quote.freight, quote.total), (Currency::EUR, Some(38_000), None));
    assert_eq!(quote.valid_until, Some("2026-12-01T23:59:59Z".parse().unwrap()));
    let line = &quote.lines[0];
    assert_eq!((line.line, line.quantity, line.unit_price), (Some(1), 4, Some(950_000)));
    assert_eq!((line.lead_days, line.warranty_months, line.spec.as_ref()), (Some(42), Some(36), None));
    for (line, code) in [("P:4:9.999", 2), ("P:4:-1", 2), ("7=P:4:9", 2), ("P:4:0", 1)] {
        assert_eq!(fake.run(&[&args[..], &["--line", line]].concat()).await.0, code, "{line}");
    }
    // Accessories are told apart by the line they do not answer.
    let two = [&args[..], &["--line", "1=P:4:9500", "--line", "RAIL:4:80"]].concat();
    assert_eq!(fake.run(&two).await.0, 0);
    let Command::EnterPaper { paper, .. } = last(&fake) else { panic!() };
    let Paper::Quote(quote) = *paper else { panic!() };
    assert_eq!(quote.lines.iter().map(|l| l.line).collect::<Vec<_>>(), [Some(1), None]);
}

#[tokio::test]
async fn an_offer_is_approved_by_what_it_costs() {
    let fake = Fake::start();
    with_offers(&fake).await;
    let args = ["order", "approve", "1", "--vendor", "hpe", "--amount"];
    let with = |more: &[&'static str]| [&args[..], more].concat();
    let (code, out, err) = fake.run(&with(&["44000.00"])).await;
    assert!(code == 1 && out.is_empty(), "{out}");
    assert!(err.contains("HPE's offer costs 42,000.00 EUR (quote Q-1, revision 1), not 44000.00"), "{err}");
    let (code, _, err) = fake.run(&with(&["42000", "--revision", "2"])).await;
    assert!(code == 1 && err.contains("revision 1, you saw 2"), "{err}");
    let (code, _, err) = fake.run(&["order", "approve", "1", "--vendor", "ibm", "--amount", "1"]).await;
    assert!(code == 1 && err.contains("no offer of ibm; it has hpe, dell"), "{err}");
    assert!(fake.held().shop.detail(OrderId(1)).unwrap().purchase.is_none());
    let (code, _, err) = fake.run(&with(&["42,000.00 EUR"])).await;
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("HPE, quote Q-1, revision 1: 4x P-1; 42,000.00 EUR; valid until 2026-12-31"), "{err}");
    let Command::Approve { revision, .. } = last(&fake) else { panic!() };
    assert_eq!(revision, 1);
    // What was approved is on paper.
    let (code, out, _) = fake.run_answering(&["order", "purchase", "1"], "").await;
    assert!(code == 0 && out.contains("PO-000001") && out.contains("42,000.00"), "{out}");
    assert!(out.lines().all(|l| l.chars().count() <= 80), "{out}");
    let (code, out, _) = fake.run(&["--json", "order", "purchase", "1"]).await;
    let purchase: PurchaseOrder = serde_json::from_str(&out).unwrap();
    assert_eq!((code, purchase.total), (0, 4_200_000));
    let (code, _, err) = fake.run(&["order", "accept", "1", "--reason", "why"]).await;
    assert!(code == 1 && err.contains("no confirmation that differs"), "{err}");
}

#[tokio::test]
async fn orders_are_listed_shown_and_compared() {
    let fake = Fake::start();
    with_offers(&fake).await;
    let one = line(1);
    assert_eq!(fake.run(&["order", "place", "--tenant", "beta", "--line", &one]).await.0, 0);
    let mut all = String::new();
    for args in [
        &["order", "list"][..],
        &["order", "show", "1"],
        &["order", "show", "2"],
        &["order", "compare", "1"],
        &["order", "stock", SPEC],
        &["order", "stock", "1x Xeon Gold 6530, 256GB, a pony"],
    ] {
        let (code, out, err) = fake.run_answering(args, "").await;
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
        all += &format!("$ rackhand {}\n{out}\n", args.join(" "));
    }
    // Units of a decision have their ids from its moment and draw, so the text is the same each time.
    insta::assert_snapshot!(all);
    let (_, out, _) = fake.run(&["--json", "order", "list", "tenant:beta"]).await;
    let page: Page<OrderRow> = serde_json::from_str(&out).unwrap();
    assert_eq!((page.total, page.rows[0].from_stock), (1, 1));
    let (_, out, _) = fake.run(&["--json", "order", "show", "1"]).await;
    let detail: OrderDetail = serde_json::from_str(&out).unwrap();
    assert_eq!(detail.deals.len(), 2);
    let (_, out, _) = fake.run(&["--json", "order", "compare", "1"]).await;
    let compared: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&compared["offers"][0]["seller"], &compared["offers"][0]["rank"]), (&"hpe".into(), &1.into()));
    let (code, _, err) = fake.run(&["order", "compare", "2"]).await;
    assert!(code == 1 && err.contains("no offer to compare"), "{err}");
    let (code, _, err) = fake.run(&["order", "show", "9"]).await;
    assert!(code == 1 && err.contains("there is no order 9"), "{err}");
}

#[tokio::test]
async fn a_script_waits_for_a_state_and_is_told_where_it_cannot_come() {
    let fake = Fake::start();
    fake.held().shop.order(4);
    let (code, out, _) = fake.run(&["order", "wait", "1", "quoting"]).await;
    assert_eq!((code, out.as_str()), (0, "order 1 is quoting\n"));
    let (code, out, _) = fake.run(&["order", "wait", "1", "deciding", "--timeout", "0s"]).await;
    assert!(code == 5 && out.starts_with("order 1 is quoting, not deciding: "), "{out}");
    // The journal grows while it waits; only then it asks again.
    let waiting = fake.run(&["order", "wait", "1", "deciding", "--offers", "2", "--timeout", "1h"]);
    let (waited, ()) = tokio::join!(waiting, with_offers_of_first(&fake));
    assert_eq!((waited.0, waited.1.as_str()), (0, "order 1 is deciding with 2 of 2 offers\n"));
    assert_eq!(fake.run(&["order", "cancel", "1", "--reason", "changed our mind", "--confirm", "1"]).await.0, 0);
    let (code, out, _) = fake.run(&["--json", "order", "wait", "1", "delivered", "--timeout", "1h"]).await;
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &told["reached"], &told["why"]), (1, &false.into(), &"changed our mind".into()));
    assert_eq!(fake.run(&["order", "wait", "9", "delivered"]).await.0, 1);
}

/// Both offers for the first order, by others.
async fn with_offers_of_first(fake: &Fake) {
    for vendor in ["hpe", "dell"] {
        let args = ["order", "quote", "1", vendor, "--number", "Q", "--currency", "EUR", "--line", "P:4:9000"];
        assert_eq!(fake.run(&args).await.0, 0);
        fake.grow(Subject::Order(OrderId(1)));
    }
}

#[tokio::test]
async fn a_paper_goes_as_it_is_and_its_flaws_are_told_row_by_row() {
    let fake = Fake::start();
    fake.held().shop.order(4);
    let path = fake.dir.path().join("offer.csv");
    std::fs::write(&path, b"SKU;Net\n").unwrap();
    let path = path.to_str().unwrap();
    let map = ["--columns", "part=SKU,unit_price=Net price", "--currency", "EUR"];
    let (code, out, err) = fake.run(&[&["order", "quote", "1", "hpe", path][..], &map].concat()).await;
    assert_eq!((code, out.as_str(), err.as_str()), (0, "quote Q-9: taken\n", ""));
    let sent = fake.held().papers.pop().unwrap();
    assert_eq!((sent.name.as_str(), sent.bytes.0.as_slice()), ("offer.csv", &b"SKU;Net\n"[..]));
    assert_eq!((sent.columns["unit_price"].as_str(), sent.currency), ("Net price", Some(Currency::EUR)));
    std::fs::write(path, b"bad").unwrap();
    let (code, out, _) = fake.run(&["order", "quote", "1", "hpe", path]).await;
    assert!(code == 1 && out.contains("3    unit_price  an amount below zero\n"), "{out}");
    assert!(out.ends_with("offer.csv: 1 flaw; nothing of it was taken\n"), "{out}");
    std::fs::write(path, vec![b'x'; (1 << 20) + 1]).unwrap();
    assert_eq!(fake.run(&["order", "quote", "1", "hpe", path]).await.0, 2);
    for bad in [&["order", "quote", "1", "hpe"][..], &["order", "quote", "1", "hpe", path, "--number", "Q"]] {
        assert_eq!(fake.run(bad).await.0, 2, "{bad:?}");
    }
}

#[tokio::test]
async fn a_purchase_order_is_written_as_pdf_once() {
    let fake = Fake::start();
    with_offers(&fake).await;
    let pdf = fake.dir.path().join("po.pdf");
    let args = ["order", "purchase", "1", "--pdf", pdf.to_str().unwrap()];
    let (code, _, err) = fake.run(&args).await;
    assert!(code == 1 && err.contains("no purchase order") && !pdf.exists(), "{err}");
    assert_eq!(fake.run(&["order", "approve", "1", "--vendor", "hpe", "--amount", "42000"]).await.0, 0);
    let (code, out, _) = fake.run(&args).await;
    assert!(code == 0 && out.starts_with("PO-000001 written to "), "{out}");
    assert!(std::fs::read(&pdf).unwrap().starts_with(b"%PDF"));
    assert_eq!(fake.run(&args).await.0, 2, "a file that is there is not written over");
}

#[tokio::test]
async fn a_manifest_or_a_ship_notice_is_imported_for_an_order() {
    let fake = Fake::start();
    let order = fake.held().shop.order(2);
    let path = fake.dir.path().join("m.csv");
    let rows = "server_serial,server_bmc_mac\nmxq1,94:40:c9:0:1:1\nmxq2,94:40:c9:0:1:2\nmxq3,94:40:c9:0:1:3\n";
    std::fs::write(&path, rows).unwrap();
    let path = path.to_str().unwrap();
    let (code, out, _) = fake.run(&["import", path, "--order", "1"]).await;
    assert!(code == 1 && out.contains("MXQ2    94:40:C9:00:01:02  imported, MAC set\n"), "{out}");
    assert!(out.contains("MXQ3    94:40:C9:00:01:03  failed: order 1 awaits no more servers\n"), "{out}");
    let bmc_mac = Some("94:40:C9:00:01:02".parse().unwrap());
    assert_eq!(last(&fake), Command::BindSerial { order, serial: "MXQ2".into(), bmc_mac, model: None });
    std::fs::write(path, b"  ISA*00*").unwrap();
    let (code, _, err) = fake.run(&["import", path, "--order", "1"]).await;
    assert!(code == 1 && err.contains("order 1 is quoting: no vendor has shipped anything for it"), "{err}");
}
