//! What tenants can do, each answer held against the description.

use rackhand_core::decide::command::Command;
use rackhand_core::event::{Event, JournalEvent, OrderEvent};
use rackhand_core::id::{Actor, OrderId};
use reqwest::Method;
use serde_json::{Value, json};

use crate::shop::{ACME, BETA, SPEC, Shop, wish};

#[tokio::test]
async fn every_described_operation_answers_as_described() {
    let mut shop = Shop::open(3).await;
    let (status, order) = shop.order(ACME, None, wish(4, SPEC)).await;
    assert_eq!((status, &order["site"], &order["tenant"]), (201, &json!("fra1"), &json!("acme")));
    let first = order["order"].as_str().unwrap().to_owned();
    assert!(first.starts_with("FRA1-") && first.ends_with("-1"), "site, epoch, and its own number: {first}");
    let path = format!("/api/v1/orders/{first}");
    let line = &order["lines"][0];
    assert_eq!((&line["from_stock"], &line["to_buy"], &line["arrived"]), (&json!(3), &json!(1), &json!(0)));
    let more = json!({
        "site": "fra1", "needed_by": "2027-01-31", "note": "cluster 7", "all_new": true, "as_understood": true,
        "lines": [{ "quantity": 1, "spec": "2x Xeon Gold 6530, a pony", "model": "dl360-gen11" }],
    });
    let (status, order) = shop.order(BETA, None, more).await;
    assert_eq!((status, &order["lines"][0]["unclear"][0]["part"]), (201, &json!("a pony")));
    assert_eq!((&order["needed_by"], &order["note"]), (&json!("2027-01-31T00:00:00Z"), &json!("cluster 7")));
    // Each sees its own.
    let (_, listed) = shop.get(BETA, "/api/v1/orders").await;
    assert_eq!((&listed["total"], &listed["orders"][0]["order"]), (&json!(1), &json!(first)), "each counts its own");
    assert_eq!(shop.get(ACME, &path).await.1["tenant"], json!("acme"));
    assert_eq!(shop.get(BETA, &path).await.1["tenant"], json!("beta"));
    for path in
        ["/api/v1/orders/1", "/api/v1/orders/2", "/api/v1/orders/FRA1-1-1", "/api/v1/orders/x", "/api/v1/orders/"]
    {
        let (status, told) = shop.get(ACME, path).await;
        let number = path.rsplit('/').next().unwrap();
        assert_eq!((status, told), (404, json!({ "error": format!("there is no order {number}") })), "{path}");
    }
    assert_eq!(shop.ask(ACME, Method::DELETE, "/api/v1/orders/2", (None, None)).await.0, 404);
    // What is kept for one is not in stock for the other.
    let spec = "2x+Xeon+Gold+6530%2C%20512GB%20DDR5";
    let (_, stock) = shop.get(BETA, &format!("/api/v1/stock?spec={spec}")).await;
    assert_eq!(
        stock,
        json!({ "understood": "2x Xeon Gold 6530, 512GB DDR5", "unclear": [], "exact": 0, "better": 0, "near": 0 })
    );
    // Cancelled, and the same once more.
    for _ in 0..2 {
        let (status, order) = shop.ask(ACME, Method::DELETE, &path, (None, None)).await;
        assert_eq!((status, &order["state"], &order["end"]["how"]), (200, &json!("cancelled"), &json!("cancelled")));
    }
    let (_, stock) = shop.get(BETA, &format!("/api/v1/stock?site=fra1&spec={spec}")).await;
    assert_eq!(stock["exact"], json!(3), "{stock}");
    let (_, listed) = shop.get(ACME, "/api/v1/orders?state=cancelled&limit=1&offset=0").await;
    assert_eq!(listed["total"], json!(1));
    let _ = shop.get(ACME, "/api/v1/openapi.json").await;
    let used: std::collections::BTreeSet<String> = shop.used.iter().map(|(o, _)| o.clone()).collect();
    assert_eq!(used, shop.operations());
    // The audit trail names the tenant, and no token.
    let placed = shop.place.events();
    let by: Vec<&Actor> = placed
        .iter()
        .filter(|e| matches!(e.draft.event, Event::Order(OrderEvent::OrderPlaced { .. })))
        .map(|e| &e.draft.actor)
        .collect();
    assert_eq!(by, [&Actor::Tenant { name: "acme".into() }, &Actor::Tenant { name: "beta".into() }]);
    assert_eq!(by[0].to_string(), "tenant acme");
    let all = serde_json::to_string(&placed.iter().map(|e| &e.draft.event).collect::<Vec<_>>()).unwrap();
    assert!(!all.contains(&ACME[5..]) && !shop.place.log().contains(&ACME[5..]));
    assert!(shop.daemon.terminate().await.success());
}

#[tokio::test]
async fn the_same_key_is_the_same_order_also_after_a_restart() {
    let mut shop = Shop::open(0).await;
    let (status, first) = shop.order(ACME, Some("k1"), wish(2, SPEC)).await;
    assert_eq!(status, 201);
    // The same order, written otherwise.
    let same = json!({ "lines": [{ "spec": SPEC, "quantity": 2, "model": null }], "all_new": false, "note": null });
    for body in [wish(2, SPEC), same] {
        let (status, again) = shop.order(ACME, Some("k1"), body).await;
        assert_eq!((status, &again["order"]), (200, &first["order"]));
    }
    let (status, told) = shop.order(ACME, Some("k1"), wish(3, SPEC)).await;
    assert!(status == 409 && told["error"].as_str().unwrap().contains("was used for order FRA1-"), "{told}");
    // A key is a tenant's own.
    assert_eq!(shop.order(BETA, Some("k1"), wish(3, SPEC)).await.0, 201);
    let mut shop = shop.restart().await;
    assert_eq!(shop.order(ACME, Some("k1"), wish(2, SPEC)).await.0, 200);
    assert_eq!(shop.order(ACME, Some("k1"), wish(3, SPEC)).await.0, 409);
    assert_eq!(shop.order(ACME, Some("k2"), wish(2, SPEC)).await.0, 201);
    assert_eq!(shop.order(ACME, Some(&"k".repeat(101)), wish(2, SPEC)).await.0, 422);
    assert_eq!(shop.get(ACME, "/api/v1/orders").await.1["total"], json!(2));
    assert!(shop.daemon.terminate().await.success());
}

#[tokio::test]
async fn what_is_not_understood_is_told_field_by_field_and_nothing_is_ordered() {
    let mut shop = Shop::open(0).await;
    let bad = json!({
        "site": "FRA 1", "needed_by": "soon", "note": "x".repeat(501),
        "lines": [
            { "quantity": 0, "spec": SPEC, "model": "a b" },
            { "quantity": 1, "spec": "2x Xeon Gold 6530, a pony" },
            { "quantity": 1, "spec": "a pony" },
        ],
    });
    let (status, told) = shop.order(ACME, None, bad).await;
    assert_eq!(status, 422);
    let fields: Vec<&str> = told["fields"].as_array().unwrap().iter().map(|f| f["field"].as_str().unwrap()).collect();
    assert_eq!(
        fields,
        ["site", "needed_by", "note", "lines[0].quantity", "lines[0].model", "lines[1].spec", "lines[2].spec"]
    );
    let part = &told["fields"][5];
    assert_eq!((&part["understood"], &part["unclear"][0]["part"]), (&json!("2x Xeon Gold 6530"), &json!("a pony")));
    for (body, said) in [
        (json!({ "lines": [] }), "1 to 20 lines"),
        (json!({ "lines": vec![wish(1, SPEC)["lines"][0].clone(); 21] }), "1 to 20 lines"),
        (json!({}), "missing field `lines`"),
        (json!({ "lines": [{ "quantity": -1, "spec": SPEC }] }), "lines[0].quantity"),
        (json!({ "lines": [], "tenant": "beta" }), "unknown field `tenant`"),
        (
            json!({ "site": "nowhere", "lines": [{ "quantity": 1, "spec": SPEC }] }),
            "nowhere is no site of this daemon's",
        ),
    ] {
        let (status, told) = shop.order(ACME, None, body).await;
        assert!(status == 422 && told["error"].as_str().unwrap().contains(said), "{told}");
    }
    for path in ["/api/v1/stock", "/api/v1/stock?spec=", "/api/v1/orders?limit=101", "/api/v1/orders?offset=-1"] {
        assert_eq!(shop.get(ACME, path).await.0, 422, "{path}");
    }
    let (_, listed) = shop.get(ACME, "/api/v1/orders").await;
    assert_eq!(listed, json!({ "total": 0, "offset": 0, "orders": [] }));
    assert!(shop.place.told().is_empty());
    assert!(shop.daemon.terminate().await.success());
}

#[tokio::test]
async fn a_tenant_cancels_only_what_nothing_was_spent_on() {
    let mut shop = Shop::open(1).await;
    let begun =
        |event| if let Event::Journal(JournalEvent::EpochBegun { epoch, .. }) = event { Some(epoch) } else { None };
    let epoch = shop.place.events().into_iter().find_map(|e| begun(e.draft.event)).unwrap();
    let cancel = |n: u32| format!("/api/v1/orders/FRA1-{epoch}-{n}");
    assert_eq!(shop.order(ACME, None, wish(1, SPEC)).await.0, 201);
    shop.command(Command::AssignStock { order: OrderId(1) }).await;
    let (status, told) = shop.ask(ACME, Method::DELETE, &cancel(1), (None, None)).await;
    assert!(status == 409 && told["error"].as_str().unwrap().contains("assigned already"), "{told}");
    let (_, order) = shop.get(ACME, &cancel(1)).await;
    assert_eq!((&order["state"], &order["lines"][0]["assigned"]), (&json!("assigned"), &json!(1)));
    assert_eq!(shop.order(ACME, None, wish(2, SPEC)).await.0, 201);
    let quote = |order| {
        let text = r#"{"number":"Q-1","request":null,"currency":"EUR","valid_until":4102358400000000,"lines":[{"line":1,"part":"P","description":"P","spec":null,"quantity":2,"unit_price":100000,"lead_days":null,"warranty_months":null,"watts":null}],"freight":null,"total":null,"note":null}"#;
        let paper = rackhand_core::purchase::paper::Paper::Quote(serde_json::from_str(text).unwrap());
        Command::EnterPaper { order, seller: "hpe".parse().unwrap(), paper: Box::new(paper) }
    };
    shop.command(quote(OrderId(2))).await;
    let (order, seller) = (OrderId(2), "hpe".parse().unwrap());
    shop.command(Command::Approve { order, seller, revision: 1, amount: "2000".into() }).await;
    let (status, told) = shop.ask(ACME, Method::DELETE, &cancel(2), (None, None)).await;
    assert!(status == 409 && told["error"].as_str().unwrap().contains("bought already"), "{told}");
    // Whose prices they are, a tenant does not see.
    let (_, order) = shop.get(ACME, &cancel(2)).await;
    assert!(order["state"] == json!("buying") && !order.to_string().contains("2000"), "{order}");
    assert!(shop.daemon.terminate().await.success());
}

#[tokio::test]
async fn a_token_that_asks_too_much_waits_and_another_does_not() {
    let mut shop = Shop::over(crate::shop::place(1)).await;
    let mut statuses = Vec::new();
    for _ in 0..40 {
        statuses.push(shop.get(ACME, "/api/v1/orders").await.0);
    }
    assert_eq!(statuses.iter().filter(|s| **s == 200).count(), 30, "{statuses:?}");
    assert!(statuses[30..].iter().all(|s| *s == 429), "{statuses:?}");
    let answer = shop.client.get(shop.url("/api/v1/orders")).bearer_auth(ACME).send().await.unwrap();
    let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=61).contains(&wait), "{wait}");
    assert_eq!(shop.get(BETA, "/api/v1/orders").await.0, 200);
    assert!(shop.daemon.terminate().await.success());
}

#[tokio::test]
async fn without_tenants_no_orders_are_taken() {
    let shop = Shop::over(crate::support::daemon::Place::alone()).await;
    for path in ["/api/v1/orders", "/api/v1/stock?spec=x"] {
        let answer = shop.client.get(shop.url(path)).bearer_auth(ACME).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 404);
        let told: Value = answer.json().await.unwrap();
        assert!(told["error"].as_str().unwrap().contains("[api]"), "{told}");
    }
    assert!(shop.daemon.terminate().await.success());
}

#[tokio::test]
async fn an_order_for_any_site_is_routed_once_and_says_why() {
    let mut shop = Shop::open(3).await;
    let any = |quantity: u32| json!({ "site": "any", "lines": [{ "quantity": quantity, "spec": SPEC }] });
    let (status, order) = shop.order(ACME, Some("k1"), any(3)).await;
    assert_eq!((status, &order["site"], &order["lines"][0]["from_stock"]), (201, &json!("fra1"), &json!(3)), "{order}");
    let why = "room and power for all 3, all 3 are in stock; each counted as 2 U and 800 W";
    assert_eq!(order["routed"], json!(why));
    // Nothing is left, and NetBox tells of no racks: the key stands for the order that there is.
    let (status, again) = shop.order(ACME, Some("k1"), any(3)).await;
    assert_eq!((status, &again["order"], &again["routed"]), (200, &order["order"], &json!(why)));
    let (status, refused) = shop.order(ACME, Some("k2"), any(1)).await;
    let text = refused["error"].as_str().unwrap();
    assert_eq!(status, 409, "{text}");
    assert!(text.contains("fra1: free units unknown, which is not counted as room"), "{text}");
    assert!(text.contains("NetBox"), "why nobody knows: {text}");
    let (_, stock) = shop.get(ACME, "/api/v1/stock?site=any&spec=2x+Xeon+Gold+6530").await;
    assert_eq!(stock["exact"], json!(0), "{stock}");
    assert!(shop.daemon.terminate().await.success());
}
