//! What vendors post to our door: papers in cXML are taken once and moved on with, and nobody else moves anything.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::port::dial::{Target, Trust};
use rackhand_adapters::supplier::cxml::{Cxml, CxmlParty, Identity, Settings};
use rackhand_adapters::supplier::format::cxml::response;
use rackhand_adapters::supplier::{Channel, Seller, Sellers};
use rackhand_core::bmc::Vendor as Makes;
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Input, Refusal};
use rackhand_core::id::{Actor, DealId, OrderId, Role, SellerId, SiteId};
use rackhand_core::order::{OrderRequest, OrderState, Wish};
use rackhand_core::policy::{Policy, Terms};
use rackhand_core::purchase::deal::Deal;
use rackhand_core::purchase::money::{Currency, Money};
use rackhand_core::purchase::next::state;
use rackhand_core::secret::Secret;
use rackhand_core::text::Text;
use rackhand_core::world::World;
use rackhand_daemon::journal::{Journal, JournalError, Store};
use rackhand_daemon::ledger::Patience;
use rackhand_daemon::random::Random;
use rackhand_daemon::site::Site;
use rackhand_lab::faults::Faults;
use rackhand_lab::front::Station;
use rackhand_lab::machine::LifePace;
use rackhand_lab::outside::{EPOCH, Outside};
use rackhand_lab::supplier::endpoint::{BUYER, Endpoint, OURS, SUPPLIER, THEIRS};
use rackhand_lab::supplier::{House, Vendor};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
const EDI: &str = "/vendor/cxml/edi";

/// A site that buys from one vendor over cXML.
struct Bench {
    outside: Outside,
    endpoint: Endpoint,
    site: Site,
    /// Whether the journal's disk is full.
    full: Arc<AtomicBool>,
}

fn edi() -> SellerId {
    "edi".parse().unwrap()
}

fn party(from: &str, to: &str, secret: &str) -> CxmlParty {
    let duns = |number: &str| Identity { domain: Text::new("DUNS"), identity: Text::new(number) };
    CxmlParty { from: duns(from), to: duns(to), sender: duns(from), secret: Secret::new(secret) }
}

impl Bench {
    /// The site, with an order of two servers that the vendor has been asked for.
    async fn asked() -> Self {
        let fra1 = SiteId::new("fra1");
        let mut policy = Policy::standard(fra1.clone());
        let terms = Terms { id: edi(), title: "EDI".into(), vendor: Makes::Hpe, by_hand: false };
        policy.purchase.sellers = vec![terms];
        policy.purchase.limits.two_above = Money::new(100_000_000, Currency::EUR);
        let clock = Clock::scaled(EPOCH, 1.0);
        let mut outside = Outside::new(clock.clone(), policy, LifePace::default());
        let vendor = Arc::new(Vendor::new(House::Hpe));
        let host = Arc::new(Endpoint(vendor.clone()));
        let station = Station { host, faults: Arc::new(Faults::default()), clock: clock.clone(), certificate: None };
        outside.network.attach("cxml.lab:443", station);
        let target = Target { host: "cxml.lab".into(), port: 443, trust: Trust::Authorities };
        let (ours, theirs) = (party(BUYER, SUPPLIER, OURS), party(SUPPLIER, BUYER, THEIRS));
        let settings = Settings { target, path: "/cxml".into(), ours, theirs };
        let cxml = Cxml::new(edi(), Arc::new(outside.network.clone()), clock, settings);
        let seller = Seller { id: edi(), title: "EDI".into(), channel: Channel::Cxml(cxml) };
        outside.sellers = Sellers(BTreeMap::from([(edi(), seller)]));
        let store = Arc::new(std::sync::Mutex::new(Store::open_in_memory(&fra1).unwrap()));
        let (journal, full) = (Journal::inline(store), Arc::new(AtomicBool::new(false)));
        let is_full = full.clone();
        let no_space = || JournalError::Full { what: "no space left".into() };
        journal.inject(Box::new(move |_| is_full.load(Ordering::Relaxed).then(no_space)));
        let site = outside.start(journal, World::default(), Random::from_seed(7), false);
        let bench = Self { outside, endpoint: Endpoint(vendor), site, full };
        let wish = Wish { quantity: 2, spec: "2x Xeon Gold 6530, 512GB DDR5".into(), model: None };
        let request = OrderRequest { all_new: true, ..OrderRequest::new("acme", fra1, vec![wish]) };
        bench.say(Command::Order(request)).await.unwrap();
        bench.until(|d| d.asked.is_some()).await;
        bench
    }

    async fn say(&self, command: Command) -> Result<Answer, Refusal> {
        let anna = Actor::Person { name: "anna".into(), role: Role::Operator };
        self.site.ledger.submit(anna, Patience::Refuse, Input::Command(command)).await.map(|done| done.answer)
    }

    async fn approve(&self) {
        let berta = Actor::Person { name: "berta".into(), role: Role::Approver };
        let amount = self.deal().offer().unwrap().quote.payable().unwrap().plain().into();
        let approve = Command::Approve { order: OrderId(1), seller: edi(), revision: 1, amount };
        self.site.ledger.submit(berta, Patience::Refuse, Input::Command(approve)).await.unwrap();
        self.until(|d| d.ordered.is_some()).await;
    }

    fn deal(&self) -> Deal {
        let world = self.site.ledger.world();
        world.deal(DealId { order: OrderId(1), seller: edi() }).unwrap().clone()
    }

    fn state(&self) -> OrderState {
        let world = self.site.ledger.world();
        state(&world, world.order(OrderId(1)).unwrap())
    }

    fn head(&self) -> u64 {
        self.site.ledger.world().head
    }

    async fn until(&self, so: impl Fn(&Deal) -> bool) {
        let mut worlds = self.site.ledger.worlds();
        let is = worlds.wait_for(|w| w.deals.values().any(|d| so(d)));
        let became = self.outside.clock.timeout(DAY, async { is.await.is_ok() }).await;
        assert!(became == Some(true), "{:#?}", self.deal());
    }

    /// What the vendor posts by now whose body is of this kind, the newest.
    fn due(&self, kind: &str) -> String {
        let all = self.endpoint.due(self.outside.clock.now());
        all.into_iter().rfind(|d| d.contains(&format!("<{kind}>"))).unwrap()
    }

    async fn later(&self, by: Duration) {
        self.outside.clock.sleep(by).await;
    }

    fn connect(&self) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        tokio::spawn(self.site.http.clone().serve(theirs));
        ours
    }

    /// What HTTP says to a request.
    async fn ask(&self, method: &str, path: &str, body: &[u8]) -> (u16, String) {
        let (mut reader, mut writer) = tokio::io::split(self.connect());
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: rackhandd.lab\r\nContent-Type: text/xml\r\nConnection: close\r\n\
             Content-Length: {length}\r\n\r\n"
        );
        // Who is refused before all is sent is not listened to.
        let send = async {
            if writer.write_all(head.as_bytes()).await.is_ok() {
                drop(writer.write_all(body).await);
            }
        };
        let mut answer = Vec::new();
        let ((), read) = tokio::join!(send, reader.read_to_end(&mut answer));
        read.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let status = answer.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
        (status, answer.split_once("\r\n\r\n").map_or(String::new(), |(_, body)| body.to_owned()))
    }

    /// The status of our cXML answer to a document, and its words.
    async fn post(&self, document: &str) -> (u16, String) {
        let (status, body) = self.ask("POST", EDI, document.as_bytes()).await;
        assert_eq!(status, 200, "{body}");
        let said = response(body.as_bytes()).unwrap();
        (said.code, said.detail.to_string())
    }
}

#[tokio::test(start_paused = true)]
async fn a_quote_a_confirmation_and_a_ship_notice_come_by_post_and_the_order_moves_each_time() {
    let b = Bench::asked().await;
    assert_eq!(b.state(), OrderState::Quoting);
    b.later(HOUR).await;
    assert_eq!(b.post(&b.due("QuoteMessage")).await.0, 200);
    assert_eq!(b.state(), OrderState::Deciding, "yes is said once it is journaled");
    b.approve().await;
    b.later(HOUR).await;
    assert_eq!(b.post(&b.due("ConfirmationRequest")).await.0, 200);
    assert_eq!(b.state(), OrderState::Shipping);
    b.later(15 * DAY).await;
    let notice = b.due("ShipNoticeRequest");
    assert_eq!(b.post(&notice).await.0, 200);
    let (deal, arrivals) = (b.deal(), b.endpoint.0.arrivals());
    assert_eq!((&arrivals.requests["RFQ-1-edi"], &arrivals.orders["PO-000001"]), (&1, &1), "sent once, on its receipt");
    assert_eq!((deal.shipments.len(), deal.shipments[0].notice.items.len()), (1, 2));
    let world = b.site.ledger.world();
    for item in &deal.shipments[0].notice.items {
        assert!(world.by_serial(&item.serial).is_some_and(|u| u.bmc_mac == item.bmc_mac), "{item:?}");
    }
    let head = b.head();
    assert_eq!(b.post(&notice).await.0, 200, "a copy is welcome");
    assert_eq!((b.head(), b.deal().refused), (head, Vec::new()), "and changes nothing");
}

#[tokio::test(start_paused = true)]
async fn who_is_not_the_vendor_is_told_no_more_than_that_and_leaves_no_event() {
    let b = Bench::asked().await;
    b.later(HOUR).await;
    let (quote, head) = (b.due("QuoteMessage"), b.head());
    let broken = quote.replace("</QuoteMessage>", "");
    for forged in [
        quote.replace(THEIRS, "guess"),
        quote.replace(THEIRS, ""),
        quote.replace(SUPPLIER, "333333333"),
        quote.replace(BUYER, "333333333"),
        quote.replace("<Header>", "<Footer>").replace("</Header>", "</Footer>"),
        // It is wrong in more than who sent it.
        quote.replace(THEIRS, "guess").replace("currency=\"EUR\"", "currency=\"?\""),
    ] {
        assert_eq!(b.post(&forged).await, (401, String::new()));
        assert_eq!(b.head(), head);
    }
    for unread in ["", "<html/>", "RFQ-1-edi", "<cXML><Header"] {
        assert_eq!(b.post(unread).await, (401, String::new()));
        assert_eq!(b.head(), head, "anybody can post what nobody can read: {unread:.40}");
    }
    // What is its own by the header is told, however it goes on.
    let (code, words) = b.post(&broken).await;
    assert!(code == 406 && !words.is_empty(), "{code} {words}");
    assert_eq!(b.post(&quote).await.0, 200, "none of it has kept the vendor's own out");
}

#[tokio::test(start_paused = true)]
async fn what_the_vendor_itself_sends_and_we_cannot_take_is_refused_with_the_reason_and_told_with_the_order() {
    let b = Bench::asked().await;
    b.later(HOUR).await;
    let quote = b.due("QuoteMessage");
    let (code, words) = b.post(&quote.replace("lineNumber=\"1\"", "lineNumber=\"none\"")).await;
    assert!(code == 406 && words.contains("none"), "{code} {words}");
    assert_eq!(b.deal().refused.len(), 1);
    let (code, words) = b.post(&quote.replace("RFQ-1-edi", "RFQ-9-edi")).await;
    assert!(code == 400 && words.contains("nothing that we have asked"), "{code} {words}");
    assert_eq!(b.state(), OrderState::Quoting);
    assert_eq!(b.post(&quote).await.0, 200);
    b.say(Command::CancelOrder { order: OrderId(1), reason: "not needed".into() }).await.unwrap();
    assert_eq!(b.post(&quote).await.0, 200, "it was taken before the order was cancelled");
    let (code, words) = b.post(&quote.replace("quoteID=\"CQ1\"", "quoteID=\"CQ2\"")).await;
    assert!(code == 409 && words.contains("not needed"), "{code} {words}");
}

#[tokio::test(start_paused = true)]
async fn while_the_journal_takes_nothing_the_vendor_is_asked_to_send_it_again() {
    let b = Bench::asked().await;
    b.later(HOUR).await;
    let quote = b.due("QuoteMessage");
    b.full.store(true, Ordering::Relaxed);
    assert_eq!(b.post(&quote).await.0, 560);
    assert!(b.deal().quotes.is_empty());
    b.full.store(false, Ordering::Relaxed);
    b.later(Duration::from_secs(5)).await;
    assert_eq!(b.post(&quote).await.0, 200);
    assert_eq!((b.deal().quotes.len(), b.deal().refused), (1, Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn only_vendors_that_speak_cxml_have_a_door() {
    let b = Bench::asked().await;
    for path in ["/vendor/cxml/hpe", "/vendor/cxml/", "/vendor/cxml/edi/x", "/vendor/cxml/EDI", "/vendor/cxml"] {
        assert_eq!(b.ask("POST", path, b"<cXML/>").await.0, 404, "{path}");
    }
    assert_eq!(b.ask("GET", EDI, b"").await.0, 405);
}

#[tokio::test(start_paused = true)]
async fn a_huge_document_is_not_taken_in_and_a_slow_one_is_not_waited_for() {
    let b = Bench::asked().await;
    b.later(HOUR).await;
    let huge = vec![b' '; (8 << 20) + 1];
    let (status, words) = b.ask("POST", EDI, &huge).await;
    assert!(status == 413 && words.contains("8 MiB"), "{status} {words}");
    let largest = format!("{}{}", b.due("QuoteMessage"), " ".repeat(7 << 20));
    let begin = |length: usize| format!("POST {EDI} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n<cXML>");
    // Those who trickle keep nobody out, however many they are.
    let mut slow = Vec::new();
    for _ in 0..64 {
        let mut stream = b.connect();
        stream.write_all(begin(1_000).as_bytes()).await.unwrap();
        slow.push(stream);
    }
    b.later(Duration::from_secs(1)).await;
    assert_eq!(b.post(&largest).await.0, 200);
    assert_eq!(b.state(), OrderState::Deciding);
    b.later(Duration::from_secs(10)).await;
    for mut stream in slow {
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 408");
    }
}

#[tokio::test(start_paused = true)]
async fn documents_that_cost_a_parser_its_time_are_refused_before_it_sees_them() {
    let b = Bench::asked().await;
    b.later(HOUR).await;
    let quote = b.due("QuoteMessage");
    let attributes = (0..100_000).map(|n| format!(" a{n}=\"\"")).collect::<Vec<_>>().concat();
    let stranger = format!("<cXML><Request{attributes}/></cXML>");
    for _ in 0..14 {
        assert_eq!(b.post(&stranger).await, (401, String::new()), "nobody parses what a stranger sends");
    }
    for (costly, said) in [
        (quote.replace("<QuoteMessage>", &format!("<QuoteMessage{attributes}>")), "attributes"),
        (quote.replace("</cXML>", &format!("{}</cXML>", "<a xmlns:a=\"a\"/>".repeat(1_000))), "namespaces"),
    ] {
        let (code, words) = b.post(&costly).await;
        assert!(code == 406 && words.contains(said), "{code} {words}");
    }
    assert_eq!(b.post(&quote).await.0, 200);
}
