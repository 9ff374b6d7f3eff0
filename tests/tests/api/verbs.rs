//! The command line of orders, through the real daemon.

use std::ffi::OsString;

use serde_json::Value;

use crate::shop::{SPEC, Shop};

/// Runs a command line: exit code, standard output, standard error.
async fn run(shop: &Shop, args: &[&str]) -> (u8, String, String) {
    let host = format!("unix://{}", shop.place.socket().display());
    let line: Vec<OsString> = ["rackhand", "--host", &host].iter().chain(args).map(OsString::from).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = rackhand_tui::cli::run(line, &mut out, &mut err).await;
    (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

#[tokio::test]
async fn an_order_goes_from_words_to_the_vendors_ship_notice() {
    let shop = Shop::open(1).await;
    // A tenant ordered it, so that this user may approve it.
    let ordered = shop.client.post(shop.url("/api/v1/orders")).bearer_auth(crate::shop::ACME);
    let ordered = ordered.json(&crate::shop::wish(3, SPEC)).send().await.unwrap();
    assert_eq!(ordered.status().as_u16(), 201);
    let (code, out, _) = run(&shop, &["order", "list"]).await;
    assert!(code == 0 && out.contains("acme") && out.contains("quoting"), "{out}");
    // A vendor's table with names of its own; a flaw keeps all of it back.
    let file = |name: &str, text: &str| {
        std::fs::write(shop.place.path(name), text).unwrap();
        shop.place.path(name).to_str().unwrap().to_owned()
    };
    let table =
        |price: &str| format!("Quote Number;Item;Qty;Net each;Line;Valid To\nQ-7;P52562-B21;2;{price};1;2099-12-31\n");
    let map = ["--columns", "part=Item,unit_price=Net each", "--currency", "EUR"];
    let bad = file("bad.csv", &table("-1"));
    let (code, out, err) = run(&shop, &[&["order", "quote", "1", "hpe", &bad][..], &map].concat()).await;
    assert!(code == 1 && out.contains("nothing of it was taken"), "{out}{err}");
    let good = file("good.csv", &table("21000.00"));
    for said in ["quote Q-7: taken\n", "quote Q-7: it had been taken before\n"] {
        let (code, out, err) = run(&shop, &[&["order", "quote", "1", "hpe", &good][..], &map].concat()).await;
        assert_eq!((code, out.as_str()), (0, said), "{err}");
    }
    let (code, out, _) = run(&shop, &["order", "wait", "1", "deciding", "--timeout", "20s"]).await;
    assert_eq!((code, out.as_str()), (0, "order 1 is deciding\n"));
    let (code, _, err) = run(&shop, &["order", "approve", "1", "--vendor", "hpe", "--amount", "41000"]).await;
    assert!(code == 1 && err.contains("costs 42,000.00 EUR"), "{err}");
    let (code, _, err) = run(&shop, &["order", "approve", "1", "--vendor", "hpe", "--amount", "42000"]).await;
    assert_eq!(code, 0, "{err}");
    let pdf = shop.place.path("po.pdf");
    let (code, out, _) = run(&shop, &["order", "purchase", "1", "--pdf", pdf.to_str().unwrap()]).await;
    let number = out.split(' ').next().unwrap_or_default();
    let whole = number.starts_with("PO-FRA1-") && number.ends_with("-000001");
    assert!(code == 0 && whole && out.contains(" written"), "{out}");
    assert!(std::fs::read(pdf).unwrap().starts_with(b"%PDF-"));
    // The vendor ships one with a notice; the other comes by a manifest.
    let notice = r#"{"kind":"ship-notice","ref":"S-1","buyer_ref":"NUMBER",
        "carrier":{"code":"UPSN","tracking":["1Z999AA10123456784"]},
        "lines":[{"line":1,"part":"P52562-B21","qty":1,"units":[{"serial":"CZ23109411","bmc_mac":"94:40:C9:00:00:01"}]}]}"#;
    let notice = notice.replace("NUMBER", number);
    let (code, out, err) = run(&shop, &["import", &file("asn.json", &notice), "--order", "1"]).await;
    assert_eq!((code, out.as_str()), (0, "ship notice S-1: taken\n"), "{err}");
    let manifest = "server_serial,server_bmc_mac\nCZ23109422,94:40:C9:00:00:02\nCZ23109433,94:40:C9:00:00:03\n";
    let args = ["--json", "import", &file("m.csv", manifest), "--order", "1", "--wait", "0s"];
    let (code, out, _) = run(&shop, &args).await;
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &told["summary"]["failed"], &told["summary"]["waiting"]), (1, &1.into(), &1.into()), "{told}");
    let (code, out, _) = run(&shop, &["order", "show", "1"]).await;
    assert!(
        code == 0 && out.contains("CZ23109411") && out.contains("CZ23109422") && !out.contains("CZ23109433"),
        "{out}"
    );
    let (code, out, _) = run(&shop, &["order", "assign", "1", "--confirm", "1"]).await;
    // Nobody serves a NetBox here.
    assert!(code == 0 && out.starts_with("assigned. NetBox was not read"), "{out}");
    assert!(shop.daemon.terminate().await.success());
}
