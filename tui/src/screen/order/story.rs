//! An order as lines to be read.

use rackhand_core::id::{SellerId, UnitId};
use rackhand_core::order::questions::{DealView, OrderDetail, OrderLine};
use rackhand_core::purchase::deal::Shipment;
use rackhand_core::purchase::money::Money;
use rackhand_core::purchase::paper::Transit;
use rackhand_core::text::Text;
use rackhand_core::view::UnitRow;

use crate::app::model::Model;
use crate::command::registry::Act;
use crate::screen::waits::waits;
use crate::theme::token::Token;
use crate::widget::words::{age, day, short, until};
use crate::widget::wrap::hang;

/// One line, and the server it is about.
pub struct Entry {
    /// What it says.
    pub text: String,
    /// How it looks.
    pub token: Token,
    /// The server that Enter opens.
    pub unit: Option<UnitId>,
}

impl Entry {
    /// A line about no server.
    pub fn new(text: impl Into<String>, token: Token) -> Self {
        Self { text: text.into(), token, unit: None }
    }
}

/// What is written so far.
struct Pen<'a> {
    model: &'a Model,
    room: usize,
    out: Vec<Entry>,
}

impl Pen<'_> {
    fn title(&mut self, text: impl Into<String>) {
        self.out.push(Entry::new(text, Token::UiTitle));
    }

    fn say(&mut self, text: impl AsRef<str>, token: Token) {
        let indent = text.as_ref().chars().take_while(|c| *c == ' ').count() + 2;
        let lines = hang(text.as_ref(), self.room, indent);
        self.out.extend(lines.into_iter().map(|l| Entry::new(l, token)));
    }

    fn server(&mut self, row: &UnitRow, beside: &str) {
        // What a server on order waits for is what the order waits for.
        let waits = if beside.is_empty() && !row.waits_for.is_empty() && !row.stage.is_on_order() {
            format!("  {}", row.waits_for)
        } else {
            beside.to_owned()
        };
        let held = if row.disposition.may_move() { String::new() } else { format!(" {}", row.disposition) };
        let id = row.id.to_string();
        // An id says nothing to a person; its end tells one from the other.
        let label = if row.label.as_str() == id {
            format!("no serial yet ({})", &id[id.len() - 4..])
        } else {
            row.label.to_string()
        };
        let text = format!("  {label}  {}{held} {}{waits}", row.stage, age(self.model.now.since(row.since)));
        let token = Token::of_stage(row.stage);
        let lines = hang(&text, self.room, 6).into_iter().enumerate();
        self.out.extend(lines.map(|(n, text)| Entry { text, token, unit: (n == 0).then_some(row.id) }));
    }
}

/// All lines but the facts.
pub fn story(order: &OrderDetail, model: &Model, room: usize) -> Vec<Entry> {
    let mut pen = Pen { model, room, out: Vec::new() };
    if let Some(end) = &order.end {
        let how = if end.rejected { "REJECTED" } else { "CANCELLED" };
        pen.say(format!("{how} by {} on {}: {}", end.by, short(end.at), end.reason), Token::StateWarn);
    }
    let mut told = Vec::new();
    let none = if order.row.state.is_over() { "nothing is left to be done" } else { "nothing is awaited" };
    waits(&order.waits, none, model, room, &mut told);
    pen.out.extend(told.into_iter().map(|(text, token)| Entry::new(text, token)));
    pen.title("LINES");
    for line in &order.lines {
        of_line(line, &mut pen);
    }
    if !order.deals.is_empty() {
        let key = model.keys.name(Act::Quotes);
        let offers = order.deals.iter().any(|d| d.offer.is_some());
        let beside = if offers { format!(" ({key} compares their offers)") } else { String::new() };
        pen.title(format!("VENDORS{beside}"));
        for deal in &order.deals {
            of_deal(deal, order.purchase.is_some(), &mut pen);
        }
    }
    if !order.approvals.is_empty() {
        pen.title("APPROVALS");
        for a in &order.approvals {
            let seller = title(order, a.seller);
            let told = format!("{} on {}: {seller} revision {}, {}", a.by, short(a.at), a.revision, a.total);
            pen.say(told, Token::StateOk);
            pen.say(format!("  saw: {}", a.saw), Token::UiDim);
        }
    }
    bought(order, &mut pen);
    let shipped: Vec<(&DealView, &Shipment)> =
        order.deals.iter().flat_map(|d| d.shipments.iter().map(move |s| (d, s))).collect();
    if !shipped.is_empty() {
        pen.title("SHIPMENTS");
        for (deal, shipment) in shipped {
            of_shipment(deal, shipment, &mut pen);
        }
    }
    if !order.failed.is_empty() {
        pen.title("PURCHASES THAT CAME TO NOTHING");
        for (number, why) in &order.failed {
            pen.say(format!("{number}: {why}"), Token::StateWarn);
        }
    }
    if order.deals.iter().any(|d| !d.refused.is_empty()) {
        pen.title("PAPERS NOT TAKEN");
        for (deal, paper) in order.deals.iter().flat_map(|d| d.refused.iter().map(move |p| (d, p))) {
            pen.say(format!("{} of {}, {}", paper.what, deal.title, short(paper.at)), Token::StateWarn);
            for flaw in &paper.flaws {
                pen.say(format!("  {flaw}"), Token::UiText);
            }
        }
    }
    pen.out
}

fn of_line(line: &OrderLine, pen: &mut Pen<'_>) {
    pen.say(format!("{}  {}x {}", line.line, line.quantity, line.spec), Token::UiText);
    if line.words != line.spec {
        pen.say(format!("  written: {}", line.words), Token::UiDim);
    }
    if let Some(model) = &line.model {
        pen.say(format!("  must be a {model}"), Token::UiText);
    }
    for part in &line.unclear {
        pen.say(format!("  not understood, and ordered without: `{}`: {}", part.part, part.why), Token::StateWarn);
    }
    for (row, kept) in &line.stock {
        let beside = if kept.assigned {
            format!("  from the pool, assigned; kept by {}", kept.by)
        } else {
            format!("  from the pool, kept by {} until {}", kept.by, short(kept.until))
        };
        pen.server(row, &beside);
    }
    for row in &line.units {
        pen.server(row, "");
    }
    if line.short > 0 {
        pen.say(format!("  {} of them come from nowhere", line.short), Token::StateCrit);
    }
}

fn of_deal(deal: &DealView, bought: bool, pen: &mut Pen<'_>) {
    let now = pen.model.now;
    let ago = |at| format!("{} ago", age(now.since(at)));
    let by_hand = if deal.by_hand { " (by hand)" } else { "" };
    let asked = match (deal.asked, deal.by_hand) {
        (None, _) if deal.offer.is_some() => "an offer came".to_owned(),
        (None, _) if bought => "not asked".to_owned(),
        (Some(at), _) => format!("asked {} as {}", ago(at), deal.request),
        (None, true) => format!("a person asks, as {}", deal.request),
        (None, false) => "not asked yet".to_owned(),
    };
    let chased = deal.chased.map_or_else(String::new, |at| format!(", reminded {}", ago(at)));
    pen.say(format!("{}{by_hand}: {asked}{chased}", deal.title), Token::UiText);
    if let Some(ended) = &deal.ended {
        pen.say(format!("  nothing more is wanted of it: {ended}"), Token::UiDim);
    }
    match &deal.offer {
        None => pen.say("  no offer", Token::UiDim),
        Some(offer) => {
            let quote = &offer.quote;
            let total = quote.payable().map_or_else(|| "no complete price".to_owned(), |t| t.to_string());
            let valid = match quote.valid_until {
                Some(last) => format!("holds until {} ({})", day(last), until(last, now)),
                None => "until when it holds is missing".to_owned(),
            };
            let token = match (quote.payable(), quote.valid_until) {
                (None, _) | (_, None) => Token::QuoteMissing,
                (_, Some(last)) if last <= now => Token::QuoteDiffers,
                _ => Token::UiText,
            };
            let needs = match deal.approvers {
                0 => "no approval".to_owned(),
                1 => "1 approval".to_owned(),
                n => format!("{n} approvals"),
            };
            let told = format!(
                "  offers {total}, quote {} revision {}, {valid}; takes {needs}; came {} by {}",
                quote.number,
                offer.revision,
                ago(offer.at),
                offer.by
            );
            pen.say(told, token);
        }
    }
    if let Some(step) = &deal.step {
        let token = if &*step.phase == "parked" { Token::JobFailed } else { Token::JobRunning };
        let detail = if step.detail.is_empty() { String::new() } else { format!(": {}", step.detail) };
        pen.say(format!("  {} {} (attempts {}){detail}", step.step, step.phase, step.attempts), token);
    }
}

/// A vendor as it is called.
fn title(order: &OrderDetail, seller: SellerId) -> String {
    let deal = order.deals.iter().find(|d| d.seller == seller);
    deal.map_or_else(|| seller.to_string(), |d| d.title.to_string())
}

fn bought(order: &OrderDetail, pen: &mut Pen<'_>) {
    let Some(purchase) = &order.purchase else { return };
    pen.title("PURCHASE");
    let number = order.row.purchase.clone().unwrap_or_else(|| Text::new("no number"));
    let seller = title(order, purchase.seller);
    let told = format!("{number} from {seller}, {}, approved {}", purchase.total, short(purchase.at));
    pen.say(told, Token::UiText);
    let Some(deal) = order.deals.iter().find(|d| d.seller == purchase.seller) else { return };
    match deal.ordered {
        Some(at) => pen.say(format!("  {} has it since {}", deal.title, short(at)), Token::UiText),
        None => pen.say(format!("  {} was not seen to have it yet", deal.title), Token::UiDim),
    }
    let Some(says) = &deal.confirmation else { return };
    let promised =
        says.paper.promised.map_or_else(|| "no day is promised".to_owned(), |at| format!("promised for {}", day(at)));
    let total = says.paper.total.map_or_else(String::new, |total| {
        format!(", {}", Money::new(total, says.paper.currency.unwrap_or(purchase.total.currency)))
    });
    let told = format!("  confirmed {} as {}{total}; {promised}", short(says.at), says.paper.number);
    pen.say(told, if says.points.is_empty() { Token::StateOk } else { Token::StateWarn });
    for point in &says.points {
        pen.say(format!("  DIFFERS: {point}"), Token::StateCrit);
    }
}

fn of_shipment(deal: &DealView, shipment: &Shipment, pen: &mut Pen<'_>) {
    let now = pen.model.now;
    let notice = &shipment.notice;
    let carrier = notice.carrier.map_or_else(|| "carrier not known".to_owned(), |c| c.to_string());
    let eta = match (shipment.is_delivered(), shipment.eta()) {
        (true, _) => "delivered, the carrier says".to_owned(),
        (false, Some(eta)) => format!("to arrive {} ({})", day(eta), until(eta, now)),
        (false, None) => "no day of arrival is told".to_owned(),
    };
    let told = format!("{} of {}: {} servers by {carrier}, {eta}", notice.number, deal.title, notice.items.len());
    pen.say(told, Token::UiText);
    for number in &notice.tracking {
        match shipment.tracked.get(number) {
            None => pen.say(format!("  {number}: nothing is known of it yet"), Token::StateUnknown),
            Some((reading, at)) => {
                let (word, token) = match reading.status {
                    Transit::Announced => ("announced", Token::UiText),
                    Transit::Moving => ("moving", Token::StateInfo),
                    Transit::Delivered => ("delivered; only a scan at the dock is a receipt", Token::StateOk),
                    Transit::Trouble => ("TROUBLE", Token::StateCrit),
                    Transit::Unknown => ("not known", Token::StateUnknown),
                };
                pen.say(format!("  {number}: {word}: {} ({} ago)", reading.last, age(now.since(*at))), token);
            }
        }
    }
}
