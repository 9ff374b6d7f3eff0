//! The comparison of offers: what an approver is shown, and that its order cannot be gamed by keeping silent.

mod any;

use std::collections::BTreeMap;

use rackhand_core::id::SellerId;
use rackhand_core::order::spec::read;
use rackhand_core::purchase::compare::{
    Asked, Basis, Compared, Comparison, Mark, Offer, Policy, Record, Validity, compare,
};
use rackhand_core::purchase::money::{Currency, Money, Rates};
use rackhand_core::purchase::paper::{Quote, QuoteLine};
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;

const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);
const SPEC: &str = "2x Xeon Gold 6430, 512GB DDR5, 4x 3.84TB NVMe, 2x 25GbE";

struct Desk {
    asked: Vec<Asked>,
    rates: Rates,
    records: BTreeMap<SellerId, Record>,
    policy: Policy,
}

impl Desk {
    fn asking(quantities: &[u32]) -> Self {
        let spec = read(SPEC).spec;
        let asked = (1..).zip(quantities).map(|(line, q)| Asked { line, quantity: *q, spec: spec.clone() }).collect();
        Self {
            asked,
            rates: Rates { base: Currency::EUR, of: NOW, millionths: [(Currency::USD, 925_000)].into() },
            records: [
                (seller("hpe"), Record { orders: 9, late: 2, days_late: 12 }),
                (seller("dell"), Record { orders: 11, late: 0, days_late: 0 }),
            ]
            .into(),
            policy: Policy {
                months: 36,
                megawatt_hour: Some(28_500),
                day: 100,
                warranty_month: 200,
                untried_days: 3,
                unknown_lead_days: 400,
            },
        }
    }

    fn compare(&self, offers: &[Offer]) -> Comparison {
        let Self { asked, rates, records, policy } = self;
        compare(&Basis { asked, rates, records, policy, now: NOW }, offers)
    }
}

fn seller(name: &str) -> SellerId {
    name.parse().unwrap()
}

fn line(n: u16, quantity: u32, unit_price: u64) -> QuoteLine {
    QuoteLine {
        line: Some(n),
        part: Text::from(format!("P-{n}")),
        description: Text::new("a fine machine"),
        spec: Some(Text::new(SPEC)),
        quantity,
        unit_price: Some(unit_price),
        lead_days: Some(35),
        warranty_months: Some(60),
        watts: Some(388),
    }
}

fn offer(name: &str, lines: Vec<QuoteLine>) -> Offer {
    let quote = Quote {
        number: Text::from(format!("Q-{name}")),
        request: None,
        currency: Currency::EUR,
        valid_until: Some(NOW + std::time::Duration::from_secs(6 * 86_400)),
        lines,
        freight: Some(0),
        total: None,
        note: None,
    };
    Offer { seller: seller(name), title: Text::from(name.to_uppercase()), quote, received: NOW, refused: None }
}

fn hpe() -> Offer {
    offer("hpe", vec![line(1, 24, 941_200)])
}

fn dell() -> Offer {
    let lines = vec![QuoteLine { lead_days: Some(21), watts: Some(371), ..line(1, 24, 968_800) }];
    offer("dell", lines)
}

fn order(found: &Comparison) -> Vec<&str> {
    found.offers.iter().map(|o| o.seller.as_str()).collect()
}

fn of<'a>(found: &'a Comparison, name: &str) -> &'a Compared {
    found.offers.iter().find(|o| o.seller == seller(name)).unwrap()
}

fn words(texts: &[Text]) -> Vec<&str> {
    texts.iter().map(Text::as_str).collect()
}

/// The row's cells of one offer each: text, mark, how far behind.
fn row(found: &Comparison, what: &str) -> Vec<(String, Mark, String)> {
    let row = found.rows.iter().find(|r| r.what.as_str() == what).unwrap();
    let behind = |b: &Option<Text>| b.as_ref().map_or(String::new(), Text::to_string);
    row.cells.iter().map(|c| (c.text.to_string(), c.mark, behind(&c.behind))).collect()
}

#[test]
fn the_cheaper_offer_goes_first_and_each_place_says_why() {
    let found = Desk::asking(&[24]).compare(&[dell(), hpe()]);
    assert_eq!(order(&found), ["hpe", "dell"]);
    assert_eq!(
        words(&found.offers[0].reasons),
        [
            "3,566.07 EUR cheaper over 36 months than DELL",
            "14 days later",
            "3,198.07 EUR better in all, time, lateness and warranty counted",
            "late 2 of last 9 orders (6 d on average)",
        ]
    );
    assert_eq!(
        words(&found.offers[1].reasons),
        [
            "3,566.07 EUR dearer over 36 months than HPE",
            "14 days earlier",
            "3,198.07 EUR worse in all, time, lateness and warranty counted",
            "never late in 11 orders",
        ]
    );
}

#[test]
fn time_that_is_dear_enough_turns_the_order() {
    let mut desk = Desk::asking(&[24]);
    desk.policy.day = 2_000;
    assert_eq!(order(&desk.compare(&[hpe(), dell()])), ["dell", "hpe"]);
}

#[test]
fn the_table_has_every_point_with_its_best_and_how_far_the_others_are() {
    let found = Desk::asking(&[24]).compare(&[hpe(), dell()]);
    assert_eq!(
        row(&found, "total EUR"),
        [
            ("225,888.00 EUR".into(), Mark::Best, String::new()),
            ("232,512.00 EUR".into(), Mark::Worst, "+6,624.00 EUR".into()),
        ]
    );
    assert_eq!(
        row(&found, "lead time"),
        [("35 d".into(), Mark::Worst, "+14 d".into()), ("21 d".into(), Mark::Best, String::new())]
    );
    // Alike is neither the best nor the worst.
    assert!(row(&found, "warranty").iter().all(|(text, mark, _)| text == "60 months" && *mark == Mark::Plain));
    assert_eq!(row(&found, "validity")[0].0, "6d0h left");
    assert_eq!(row(&found, "energy 36 months EUR")[0].0, "69,792.79 EUR");
    let rows: Vec<&str> = found.rows.iter().map(|r| r.what.as_str()).collect();
    assert_eq!(
        rows,
        [
            "processors",
            "memory",
            "drives",
            "ports",
            "quantity",
            "unit price",
            "unit price EUR",
            "watts each",
            "freight",
            "stated total",
            "total",
            "rate",
            "total EUR",
            "energy 36 months EUR",
            "cost 36 months EUR",
            "lead time",
            "warranty",
            "validity",
        ]
    );
    assert!(found.rows.iter().all(|r| r.cells.len() == found.offers.len()));
    let told = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<Comparison>(&told).unwrap(), found);
}

#[test]
fn what_is_missing_is_said_and_is_never_the_best() {
    let silent = QuoteLine { lead_days: None, warranty_months: None, watts: None, ..line(1, 24, 1) };
    let cheap = offer("cheap", vec![silent]);
    let found = Desk::asking(&[24]).compare(&[cheap, hpe()]);
    assert_eq!(order(&found), ["hpe", "cheap"]);
    let cheap = of(&found, "cheap");
    assert!(cheap.eligible);
    assert_eq!((cheap.energy, cheap.cost, cheap.lead_days), (None, None, None));
    assert_eq!(
        words(&cheap.reasons),
        [
            "225,887.76 EUR cheaper, without energy, than HPE",
            "lead time, warranty, energy use missing: ranked after offers that tell more",
            "no history: counted as 3 days late",
        ]
    );
    for what in ["lead time", "warranty", "watts each", "energy 36 months EUR", "cost 36 months EUR", "stated total"] {
        assert_eq!(row(&found, what)[1], ("missing".into(), Mark::Missing, String::new()), "{what}");
    }
}

#[test]
fn freight_that_nobody_tells_is_missing_and_a_stated_total_tells_it() {
    let mut open = hpe();
    open.quote.freight = None;
    assert_eq!(words(&Desk::asking(&[24]).compare(&[open.clone()]).offers[0].missing), ["freight"]);
    open.quote.total = open.quote.sum();
    assert_eq!(words(&Desk::asking(&[24]).compare(&[open]).offers[0].missing), [""; 0]);
}

#[test]
fn an_offer_that_may_not_be_chosen_says_each_reason() {
    let obstacles = |change: &dyn Fn(&mut Quote)| -> Vec<String> {
        let mut bad = hpe();
        change(&mut bad.quote);
        let found = Desk::asking(&[24]).compare(&[bad, dell()]);
        assert_eq!(order(&found), ["dell", "hpe"]);
        let bad = of(&found, "hpe");
        assert!(!bad.eligible);
        let reasons: Vec<String> = bad.obstacles.iter().map(|o| format!("not eligible: {o}")).collect();
        assert_eq!(reasons, words(&bad.reasons));
        assert_eq!(of(&found, "dell").reasons[0].as_str(), "the only eligible offer");
        let marked = |mark| found.rows.iter().any(|r| r.cells[1].mark == mark);
        assert!(!marked(Mark::Best) && !marked(Mark::Worst), "what cannot be bought does not compete");
        bad.obstacles.iter().map(Text::to_string).collect()
    };
    assert_eq!(obstacles(&|q| q.lines[0].unit_price = None), ["no price for P-1"]);
    assert_eq!(
        obstacles(&|q| q.total = Some(22_000_000)),
        ["it states 220,000.00 EUR, and its lines add up to 225,888.00 EUR"]
    );
    assert_eq!(
        obstacles(&|q| q.currency = "CHF".parse().unwrap()),
        ["there is no rate for CHF: add one to the configuration"]
    );
    assert_eq!(obstacles(&|q| q.valid_until = Some(Timestamp::from_secs(0))), ["it expired 1970-01-01T00:00:00Z"]);
    assert_eq!(obstacles(&|q| q.valid_until = None), ["it does not say until when it holds"]);
    assert_eq!(obstacles(&|q| q.lines[0].quantity = 12), ["line 1: 12 of 24 servers are offered"]);
    assert_eq!(obstacles(&|q| q.lines[0].line = Some(7)), ["line 1: no line of the quote answers it"]);
    assert_eq!(
        obstacles(&|q| q.lines[0].spec = Some(Text::new(&SPEC.replace("512GB", "256GB")))),
        ["line 1: less than asked: memory 256 GB, asked 512 GB"]
    );
    assert_eq!(
        obstacles(&|q| q.lines[0].spec = Some(Text::new(&SPEC.replace(", 2x 25GbE", "")))),
        ["line 1: not told: ports unknown, asked 2x 25GbE"]
    );
    assert_eq!(
        obstacles(&|q| (q.lines[0].unit_price, q.valid_until) = (None, None)),
        ["no price for P-1", "it does not say until when it holds"]
    );
}

#[test]
fn what_cannot_be_bought_is_not_the_best_even_at_the_best_price() {
    let mut expired = offer("acme", hpe().quote.lines);
    expired.quote.valid_until = Some(Timestamp::from_secs(0));
    let found = Desk::asking(&[24]).compare(&[expired, dell(), hpe()]);
    assert_eq!(order(&found), ["hpe", "dell", "acme"]);
    let marks: Vec<Mark> = row(&found, "total EUR").into_iter().map(|(_, mark, _)| mark).collect();
    assert_eq!(marks, [Mark::Best, Mark::Worst, Mark::Plain]);
}

#[test]
fn another_currency_is_compared_by_the_rate_and_its_day_is_told() {
    let mut dollars = hpe();
    dollars.quote.currency = Currency::USD;
    let found = Desk::asking(&[24]).compare(&[dollars, dell()]);
    let hpe = of(&found, "hpe");
    assert_eq!(hpe.total, Some(Money::new(22_588_800, Currency::USD)));
    assert_eq!(hpe.total_in_base, Some(Money::new(20_894_640, Currency::EUR)));
    assert_eq!(hpe.rate.map(|r| (r.millionths, r.of)), Some((925_000, NOW)));
    assert_eq!(row(&found, "rate")[0].0, "0.925000 of 2026-11-18");
    assert_eq!(row(&found, "rate")[1].0, "-");
}

#[test]
fn something_other_than_asked_is_said_and_goes_after_what_was_asked() {
    let mut other = hpe();
    other.quote.lines[0].spec = Some(Text::new(&SPEC.replace("6430", "6530").replace("2x 25", "4x 25")));
    let found = Desk::asking(&[24]).compare(&[other, dell()]);
    assert_eq!(order(&found), ["dell", "hpe"]);
    assert!(of(&found, "hpe").eligible);
    assert!(words(&of(&found, "hpe").reasons).contains(&"1 point other than asked: ranked after offers without"));
    assert_eq!(row(&found, "processors")[1].1, Mark::Differs);
    assert_eq!(row(&found, "ports")[1].1, Mark::More);
    assert_eq!(row(&found, "memory")[1].1, Mark::Plain);
}

#[test]
fn lines_answer_by_number_else_by_order_where_there_are_as_many() {
    let desk = Desk::asking(&[10, 5]);
    let answered = |lines: Vec<QuoteLine>| -> Vec<Option<u32>> {
        desk.compare(&[offer("hpe", lines)]).offers[0].lines.iter().map(|l| l.offered).collect()
    };
    let bare = |quantity| QuoteLine { line: None, ..line(9, quantity, 1) };
    assert_eq!(answered(vec![line(2, 5, 1), line(1, 10, 1)]), [Some(10), Some(5)]);
    assert_eq!(answered(vec![bare(10), bare(5)]), [Some(10), Some(5)]);
    assert_eq!(answered(vec![bare(10), bare(5), bare(1)]), [None, None]);
    assert_eq!(answered(vec![line(1, 10, 1), bare(5)]), [Some(10), Some(5)]);
    assert_eq!(answered(vec![bare(5), line(1, 10, 1)]), [Some(10), None]);
}

#[test]
fn the_rows_of_several_lines_say_which_line_they_are_of_and_those_of_one_need_not() {
    let rows = |quantities: &[u32]| -> Vec<String> {
        let lines = (1..).zip(quantities).map(|(n, quantity)| line(n, *quantity, 1)).collect();
        let found = Desk::asking(quantities).compare(&[offer("hpe", lines)]);
        found.rows.iter().map(|r| r.what.to_string()).filter(|what| what.ends_with("memory")).collect()
    };
    assert_eq!(rows(&[10]), ["memory"]);
    assert_eq!(rows(&[10, 5]), ["line 1 memory", "line 2 memory"]);
}

#[test]
fn what_goes_with_the_servers_is_in_the_price_and_not_in_their_number() {
    let rails =
        QuoteLine { part: Text::new("RAIL"), spec: None, watts: None, warranty_months: None, ..line(1, 24, 50) };
    let cords = QuoteLine { part: Text::new("CORD"), line: None, spec: None, watts: None, ..line(9, 48, 10) };
    let half = || line(1, 12, 941_200);
    let found = Desk::asking(&[24]).compare(&[offer("hpe", vec![half(), rails, half(), cords])]);
    let hpe = &found.offers[0];
    assert!(hpe.eligible, "{:?}", hpe.obstacles);
    assert_eq!((hpe.lines[0].offered, hpe.lines[0].parts.len(), hpe.lines[0].with.len()), (Some(24), 2, 1));
    assert_eq!(hpe.extra[0].part.as_str(), "CORD");
    assert_eq!(hpe.total.map(|t| t.minor), Some(24 * 941_200 + 24 * 50 + 48 * 10));
    assert_eq!(hpe.energy.map(|t| t.minor), Some(6_979_279));
}

#[test]
fn equal_offers_stand_by_name_and_say_so() {
    let found = Desk::asking(&[24]).compare(&[offer("zeta", hpe().quote.lines), offer("acme", hpe().quote.lines)]);
    assert_eq!(order(&found), ["acme", "zeta"]);
    let said = |name, other| {
        let said = format!("equal to {other} in all that counts: the name decides");
        assert!(words(&of(&found, name).reasons).contains(&said.as_str()), "{:?}", of(&found, name).reasons);
    };
    said("acme", "ZETA");
    said("zeta", "ACME");
}

#[test]
fn a_description_that_is_a_specification_is_read_as_one() {
    let mut described = hpe();
    described.quote.lines[0].spec = None;
    described.quote.lines[0].description = Text::new(SPEC);
    assert!(Desk::asking(&[24]).compare(&[described]).offers[0].eligible);
}

#[test]
fn no_offers_make_an_empty_comparison_and_nothing_asked_makes_none_eligible() {
    assert!(Desk::asking(&[24]).compare(&[]).offers.is_empty());
    assert!(!Desk::asking(&[]).compare(&[hpe()]).offers[0].eligible);
    assert_eq!(
        Desk::asking(&[24]).compare(&[hpe()]).offers[0].validity,
        Validity::Until(hpe().quote.valid_until.unwrap())
    );
}

#[test]
fn absurd_figures_are_no_panic() {
    let mut desk = Desk::asking(&[u32::MAX, u32::MAX]);
    desk.policy = Policy {
        months: u16::MAX,
        megawatt_hour: Some(u64::MAX),
        day: u64::MAX,
        warranty_month: u64::MAX,
        untried_days: u32::MAX,
        unknown_lead_days: u32::MAX,
    };
    let most = |n| QuoteLine { watts: Some(u32::MAX), lead_days: Some(u16::MAX), ..line(n, u32::MAX, u64::MAX) };
    let mut found = offer("hpe", vec![most(1), most(2)]);
    found.quote.freight = Some(u64::MAX);
    let cheap = offer("new", vec![line(1, u32::MAX, 1), line(2, u32::MAX, 1)]);
    let found = desk.compare(&[found, cheap]);
    assert_eq!(words(&of(&found, "hpe").obstacles), ["its prices add up to more than any order"]);
}
