//! `order show`: one order, whole, as text.

use rackhand_core::flow::next::Wait;
use rackhand_core::id::{OrderId, SellerId};
use rackhand_core::order::questions::{DealView, OrderDetail};
use rackhand_core::purchase::deal::Shipment;
use rackhand_core::purchase::paper::Quote;
use rackhand_core::text::Text;
use rackhand_core::time::{Timestamp, human};

use super::read;
use crate::cli::output::{Fail, Output};
use crate::cli::table::{Last, Table};
use crate::link::connect::Connection;

pub(super) async fn show(link: &Connection, id: OrderId, out: &mut Output<'_>) -> Result<(), Fail> {
    let order = read(link, id).await?;
    if out.json {
        return out.document(&order);
    }
    head(&order, out)?;
    waits(&order, out)?;
    servers(&order, out)?;
    vendors(&order, out)?;
    papers(&order, out)?;
    section(out, "WHAT YOU MAY DO")?;
    let mut may = Table::new(&[], Last::Wrap);
    for verb in &order.may {
        let why = verb.why_not.as_ref().map_or_else(|| "yes".to_owned(), |why| format!("no: {why}"));
        may.row([format!("  {}", verb.verb), why]);
    }
    out.table(&may)
}

fn section(out: &mut Output<'_>, title: &str) -> Result<(), Fail> {
    out.line("")?;
    out.line(title)
}

fn head(order: &OrderDetail, out: &mut Output<'_>) -> Result<(), Fail> {
    let row = &order.row;
    out.line(format!("order {} for {} at {}: {}", row.id, row.tenant, row.site, row.state))?;
    let mut facts = Table::new(&[], Last::Wrap);
    let mut fact = |name: &str, value: String| facts.row([format!("  {name}"), value]);
    fact("ordered", format!("{} by {}", order.placed, order.requester));
    if let Some(by) = row.needed_by {
        fact("needed by", by.to_string());
    }
    for (name, value) in [("note", &order.note), ("site because", &order.routed)] {
        if let Some(value) = value {
            fact(name, value.to_string());
        }
    }
    if let Some(purchase) = &order.purchase {
        let number = &purchase.name;
        fact(
            "bought",
            format!("{number} from {} for {}, {}", title(order, purchase.seller), purchase.total, purchase.at),
        );
    }
    for (number, why) in &order.failed {
        fact("came to nothing", format!("{number}: {why}"));
    }
    if let Some(eta) = row.eta {
        fact("next delivery", eta.to_string());
    }
    if let Some(end) = &order.end {
        let how = if end.rejected { "rejected" } else { "cancelled" };
        fact(how, format!("{} by {}: {}", end.at, end.by, end.reason));
    }
    out.table(&facts)
}

fn waits(order: &OrderDetail, out: &mut Output<'_>) -> Result<(), Fail> {
    if order.waits.is_empty() {
        return Ok(());
    }
    section(out, "WHAT IT WAITS FOR")?;
    let mut table = Table::new(&[], Last::Wrap);
    for wait in &order.waits {
        table.row(["  -".into(), wait.what.to_string()]);
        table.row([String::new(), timing(wait, order.now)]);
        for word in &wait.resolve {
            if let Some(line) = resolving(word, order.row.id) {
                table.row([String::new(), line]);
            }
        }
    }
    out.table(&table)
}

fn timing(wait: &Wait, now: Timestamp) -> String {
    let mut parts = vec![format!("for {}", human(now.since(wait.since)))];
    if let Some(n) = wait.attempt {
        parts.push(wait.of.map_or_else(|| format!("attempt {n}"), |of| format!("attempt {n} of {of}")));
    }
    if let Some(next) = wait.next_try {
        parts.push(format!("again in {}", human(next.since(now))));
    }
    if let Some(until) = wait.until {
        parts.push(format!("until {until}"));
    }
    parts.push(wait.who.map_or("nothing is to be done by a person".into(), |who| format!("a person acts: {who}")));
    parts.join(", ")
}

/// The command line that resolves it, where it is one.
fn resolving(word: &Text, id: OrderId) -> Option<String> {
    let rest = match word.as_str() {
        "approve" => " --vendor VENDOR --amount AMOUNT",
        "reject" | "cancel" => " --reason ...",
        "accept" => " --amount AMOUNT --reason ...",
        "assign" => "",
        "reserve" => " --line N SERIAL",
        "quote" => " VENDOR --number ... --currency ... --line PART:QTY:PRICE",
        "bind" => " SERIAL",
        _ => return None,
    };
    Some(format!("rackhand order {word} {id}{rest}"))
}

fn servers(order: &OrderDetail, out: &mut Output<'_>) -> Result<(), Fail> {
    section(out, "LINES")?;
    let mut lines = Table::new(&["LINE", "QTY", "STOCK", "BUY", "SHORT", "WHAT"], Last::Wrap);
    for line in &order.lines {
        let left_out: Vec<String> = line.unclear.iter().map(|u| format!("`{}`", u.part)).collect();
        let but = if left_out.is_empty() { String::new() } else { format!(" (left out: {})", left_out.join(", ")) };
        let model = line.model.as_ref().map_or_else(String::new, |m| format!("{m}: "));
        lines.row([
            line.line.to_string(),
            line.quantity.to_string(),
            line.stock.len().to_string(),
            line.units.len().to_string(),
            line.short.to_string(),
            format!("{model}{}{but}", line.spec),
        ]);
    }
    out.table(&lines)?;
    let mut table = Table::new(&["LINE", "SERIAL", "STAGE", "WAITS FOR"], Last::Wrap);
    let mut any = false;
    for line in &order.lines {
        for (row, kept) in &line.stock {
            let state = if kept.assigned {
                "assigned".to_owned()
            } else {
                format!("reserved by {} until {}", kept.by, kept.until)
            };
            table.row([line.line.to_string(), row.label.to_string(), row.stage.to_string(), state]);
            any = true;
        }
        for row in &line.units {
            let waits = row.waits_for.to_string();
            table.row([line.line.to_string(), row.label.to_string(), row.stage.to_string(), waits]);
            any = true;
        }
    }
    if any {
        section(out, "SERVERS")?;
        out.table(&table)?;
    }
    Ok(())
}

fn vendors(order: &OrderDetail, out: &mut Output<'_>) -> Result<(), Fail> {
    if order.deals.is_empty() {
        return Ok(());
    }
    section(out, "VENDORS")?;
    let mut table =
        Table::new(&["VENDOR", "--vendor", "OFFER", "REV", "TOTAL", "DAYS", "VALID UNTIL", "STANDS"], Last::Wrap);
    for deal in &order.deals {
        let quote = deal.offer.as_ref().map(|o| &o.quote);
        let unknown = || "-".to_owned();
        table.row([
            deal.title.to_string(),
            deal.seller.to_string(),
            quote.map_or_else(unknown, |q| q.number.to_string()),
            deal.offer.as_ref().map_or_else(unknown, |o| o.revision.to_string()),
            quote.and_then(Quote::payable).map_or_else(unknown, |t| t.to_string()),
            quote.and_then(Quote::lead_days).map_or_else(unknown, |d| d.to_string()),
            quote.and_then(|q| q.valid_until).map_or_else(unknown, |u| u.to_string()),
            stands(deal),
        ]);
    }
    out.table(&table)
}

/// How it stands with a vendor, in short.
fn stands(deal: &DealView) -> String {
    if let Some(why) = &deal.ended {
        return why.to_string();
    }
    if let Some(confirmed) = &deal.confirmation {
        let points: Vec<&str> = confirmed.points.iter().map(Text::as_str).collect();
        let but = if points.is_empty() { String::new() } else { format!(", but: {}", points.join("; ")) };
        return format!("confirmed as {}{but}", confirmed.paper.number);
    }
    match (&deal.purchase, deal.ordered, &deal.offer, deal.asked) {
        (Some(purchase), Some(at), _, _) => format!("{} sent {at}", purchase.number),
        (Some(purchase), None, _, _) => format!("{} to be sent", purchase.number),
        (None, _, Some(offer), _) => format!("offered {} by {}", offer.at, offer.by),
        (None, _, None, Some(at)) => format!("asked {at} as {}", deal.request),
        (None, _, None, None) if deal.by_hand => "a person asks, and enters the offer".to_owned(),
        (None, _, None, None) => "to be asked".to_owned(),
    }
}

/// A vendor as it is called.
fn title(order: &OrderDetail, seller: SellerId) -> String {
    let deal = order.deals.iter().find(|d| d.seller == seller);
    deal.map_or_else(|| seller.to_string(), |d| d.title.to_string())
}

fn papers(order: &OrderDetail, out: &mut Output<'_>) -> Result<(), Fail> {
    let mut table = Table::new(&[], Last::Wrap);
    for approval in &order.approvals {
        let seller = title(order, approval.seller);
        let what = format!("{seller} revision {}, {}, {}", approval.revision, approval.total, approval.at);
        table.row(["  approved".into(), approval.by.to_string(), what]);
    }
    for deal in &order.deals {
        for shipment in &deal.shipments {
            table.row(["  shipment".into(), deal.title.to_string(), shipped(shipment)]);
        }
        for paper in &deal.refused {
            let flaws: Vec<String> = paper.flaws.iter().map(ToString::to_string).collect();
            let what = format!("{}, {}: {}", paper.what, paper.at, flaws.join("; "));
            table.row(["  not taken".into(), deal.title.to_string(), what]);
        }
    }
    let text = table.lines(out.width());
    if text.is_empty() {
        return Ok(());
    }
    section(out, "PAPERS")?;
    out.verbatim(&text)
}

fn shipped(shipment: &Shipment) -> String {
    let notice = &shipment.notice;
    let carrier = notice.carrier.map_or_else(|| "carrier not told".to_owned(), |c| c.to_string());
    let parcels = notice.tracking.iter().map(|number| match shipment.tracked.get(number) {
        Some((reading, _)) => format!("{number}: {}", reading.last),
        None => number.to_string(),
    });
    let parcels: Vec<String> = parcels.collect();
    let eta = shipment.eta().map_or_else(|| "arrival not told".to_owned(), |eta| format!("to arrive {eta}"));
    format!("{}, {} servers, {carrier} {}, {eta}", notice.number, notice.items.len(), parcels.join(", "))
}
