//! The cXML channel: what arrives at the vendor's door, what its statuses mean, and what it posts to us.

use rackhand_adapters::supplier::cxml::{Cxml, CxmlParty, Identity, Settings, not_now, receive};
use rackhand_adapters::supplier::format;
use rackhand_lab::supplier::endpoint::{BUYER, Endpoint, OURS, SUPPLIER, THEIRS};

use super::*;

fn party(from: &str, to: &str, secret: &str) -> CxmlParty {
    let duns = |number: &str| Identity { domain: text("DUNS"), identity: text(number) };
    CxmlParty { from: duns(from), to: duns(to), sender: duns(from), secret: Secret::new(secret) }
}

fn theirs() -> CxmlParty {
    party(SUPPLIER, BUYER, THEIRS)
}

struct Door {
    vendor: Arc<Vendor>,
    endpoint: Arc<Endpoint>,
    faults: Arc<Faults>,
    clock: Clock,
    seller: Seller,
}

fn door_with(secret: &str) -> Door {
    let vendor = Arc::new(Vendor::new(House::Hpe));
    let endpoint = Arc::new(Endpoint(vendor.clone()));
    let (network, faults, clock) = (Network::default(), Arc::new(Faults::default()), clock());
    let station = Station { host: endpoint.clone(), faults: faults.clone(), clock: clock.clone(), certificate: None };
    network.attach("cxml.lab:443", station);
    let target = Target { host: "cxml.lab".into(), port: 443, trust: Trust::Authorities };
    let settings = Settings { target, path: "/cxml".into(), ours: party(BUYER, SUPPLIER, secret), theirs: theirs() };
    let id = "edi".parse().unwrap();
    let cxml = Cxml::new(id, Arc::new(network), clock.clone(), settings);
    let seller = Seller { id, title: text("edi"), channel: Channel::Cxml(cxml) };
    Door { vendor, endpoint, faults, clock, seller }
}

#[tokio::test(start_paused = true)]
async fn requests_orders_and_cancellations_arrive_as_they_were_meant() {
    let d = door_with(OURS);
    assert!(!d.seller.can_be_asked());
    d.seller.send_request(&request("RFQ-7")).await.unwrap();
    assert_eq!(d.vendor.requests()[0].lines, [(1, 8, SPEC.to_owned())]);
    d.clock.sleep(HOUR).await;
    let posted = d.endpoint.due(d.clock.now());
    let incoming = receive(posted[0].as_bytes(), &theirs(), d.clock.now());
    let papers = incoming.papers.unwrap();
    let Paper::Quote(quote) = &papers[0] else { panic!("{papers:?}") };
    let offer = d.vendor.offers(d.clock.now()).remove(0);
    assert_eq!((quote.request.as_deref(), quote.total), (Some("RFQ-7"), Some(offer.total)));
    assert_eq!(quote.payable().map(|m| m.minor), Some(offer.total));
    let order = order("PO-000012", quote);
    d.seller.send_order(&order).await.unwrap();
    let there = d.vendor.orders().remove(0);
    assert_eq!(
        (there.total, there.freight, there.quote.as_str()),
        (order.total, order.freight.unwrap(), &*order.quote)
    );
    assert_eq!(there.lines[0].unit_price, order.lines[0].unit_price);
    let twice = d.seller.send_order(&order).await.unwrap_err();
    assert!(twice.kind == Kind::Rejected && twice.what.contains("here already"), "{twice}");
    d.clock.sleep(15 * DAY).await;
    let all = d.endpoint.due(d.clock.now());
    let papers: Vec<Paper> =
        all.iter().flat_map(|p| receive(p.as_bytes(), &theirs(), d.clock.now()).papers.unwrap()).collect();
    assert!(
        papers
            .iter()
            .any(|p| matches!(p, Paper::Confirmation(c) if c.purchase == order.number && c.verdict == Accepts::Yes))
    );
    let shipped = papers.iter().find_map(|p| if let Paper::ShipNotice(n) = p { Some(n) } else { None }).unwrap();
    assert_eq!((shipped.items.len(), shipped.carrier), (8, Some(Carrier::Ups)));
    assert!(shipped.items.iter().all(|i| i.bmc_mac.is_some()), "{shipped:?}");
    assert_eq!(kind(d.seller.find_order(&order).await), Kind::Rejected, "it has no list");
    let fault = d.seller.cancel_order(&order, &text("late")).await.unwrap_err();
    assert!(fault.kind == Kind::Rejected && fault.what.contains("already shipped"), "{fault}");
    assert_eq!(d.vendor.arrivals().cancels["PO-000012"], 1);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_unknown_and_the_copy_has_the_same_name() {
    let d = door_with(OURS);
    for (n, fate) in [Fate::Lost, Fate::Cut, Fate::Hang].into_iter().enumerate() {
        let rule = Rule { method: None, path: String::new(), effect: Effect::Answer(fate), times: 1 };
        d.faults.add(rule);
        let lost = d.seller.send_request(&request(&format!("RFQ-{n}"))).await;
        assert_eq!(kind(lost), Kind::Unknown, "{fate:?}");
    }
    assert_eq!(d.vendor.requests().len(), 3, "all of them have arrived");
    for call in [d.seller.chase(&chase("RFQ-0-C1")).await, d.seller.withdraw(&text("RFQ-0")).await] {
        let fault = call.unwrap_err();
        assert!(fault.kind == Kind::Rejected && fault.advice.contains("phone"), "{fault}");
    }
    assert_eq!(kind(d.seller.find_request(&text("RFQ-0")).await), Kind::Rejected);
}

#[tokio::test(start_paused = true)]
async fn statuses_mean_what_they_mean() {
    let status = |code: u16| {
        format!(
            "<cXML payloadID=\"a@b\" timestamp=\"2026-11-20T10:00:00Z\"><Response><Status code=\"{code}\" text=\"because\"/></Response></cXML>"
        )
    };
    for (http, body, wanted) in [
        (200, status(400), Kind::Rejected),
        (200, status(401), Kind::Unauthorised),
        (200, status(406), Kind::Rejected),
        (200, status(500), Kind::Unknown),
        (200, status(560), Kind::Transient),
        (200, "<html>logged out</html>".into(), Kind::Unknown),
        (200, String::new(), Kind::Unknown),
        (200, format!("<cXML>{}</cXML>", "<a>".repeat(5_000)), Kind::Unknown),
        (200, "<!DOCTYPE x [<!ENTITY a \"b\">]><cXML/>".into(), Kind::Unknown),
        (200, " ".repeat(2 << 20), Kind::Unknown),
        (302, String::new(), Kind::Rejected),
        (403, String::new(), Kind::Unauthorised),
        (404, String::new(), Kind::Rejected),
        (429, String::new(), Kind::Transient),
        (500, String::new(), Kind::Unknown),
        (503, String::new(), Kind::Transient),
    ] {
        let d = door_with(OURS);
        let effect = Effect::Refuse(StatusCode::from_u16(http).unwrap(), body.clone().into());
        d.faults.add(Rule { method: None, path: String::new(), effect, times: 1 });
        let fault = d.seller.send_request(&request("RFQ-7")).await.unwrap_err();
        assert_eq!(fault.kind, wanted, "{http} {}: {fault}", &body[..body.len().min(100)]);
        assert!(fault.what.chars().count() < 1_000);
    }
    let d = door_with("another");
    let fault = d.seller.send_request(&request("RFQ-7")).await.unwrap_err();
    assert_eq!(fault.kind, Kind::Unauthorised);
    let shown = format!("{:?} {fault:?}", d.seller);
    assert!(!shown.contains("another") && !shown.contains(THEIRS), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn who_is_not_who_it_should_be_learns_nothing_and_changes_nothing() {
    let d = door_with(OURS);
    d.seller.send_request(&request("RFQ-7")).await.unwrap();
    d.clock.sleep(HOUR).await;
    let posted = d.endpoint.due(d.clock.now()).remove(0);
    let answered = |body: &str| {
        let incoming = receive(body.as_bytes(), &theirs(), d.clock.now());
        (incoming.papers.is_ok(), format::cxml::response(incoming.answer.as_bytes()).unwrap())
    };
    let (good, answer) = answered(&posted);
    assert!(good && answer.code == 200);
    for forged in [posted.replace(THEIRS, "guess"), posted.replace(SUPPLIER, "333333333"), posted.replace(THEIRS, "")] {
        let (good, answer) = answered(&forged);
        assert!(!good && answer.code == 401 && answer.detail.is_empty(), "{answer:?}");
    }
    let (good, answer) = answered(&posted.replace("quantity=\"8\"", "quantity=\"many<\""));
    assert!(!good && answer.code != 200);
    let (good, answer) = answered(&posted.replace("quantity=\"8\"", "quantity=\"&lt;many&amp;\""));
    assert!(!good && answer.code == 406 && answer.detail.contains("quantity"), "{answer:?}");
    assert_eq!(format::cxml::response(not_now(d.clock.now()).as_bytes()).unwrap().code, 560);
}
