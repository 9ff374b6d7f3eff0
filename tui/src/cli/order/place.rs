//! `order place`: an order from the words on the command line, or many from a file.

use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Refusal, Why};
use rackhand_core::id::{OrderId, SiteId};
use rackhand_core::order::commands::{Ordered, OrderedLine};
use rackhand_core::order::spec::Unclear;
use rackhand_core::order::{MAX_LINES, OrderRequest, Wish};
use rackhand_core::stock::questions::{Stock, StockQuery};
use rackhand_core::stock::{Fit, Match};
use rackhand_core::text::Text;
use serde::Serialize;

use super::args::Place;
use super::file;
use super::stock::differs;
use crate::cli::command::carry_out;
use crate::cli::exit;
use crate::cli::output::{Fail, Output, count};
use crate::cli::table::{Last, Table};
use crate::link::connect::{Connection, HostSpec, connect};

/// What became of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Came {
    /// Only looked at.
    Checked,
    Placed,
    Failed,
}

/// One order as it is told.
#[derive(Serialize)]
struct Told {
    /// Its place in the file, from 1.
    row: usize,
    order: Option<OrderId>,
    result: Came,
    tenant: Text,
    site: SiteId,
    /// Why there, where any site would do.
    routed: Option<Text>,
    /// What could not be looked at.
    unproven: Option<Text>,
    /// Why it failed; empty where it did not.
    text: Text,
    lines: Vec<ToldLine>,
}

/// One line of it.
#[derive(Serialize)]
struct ToldLine {
    line: usize,
    quantity: u32,
    understood: Text,
    unclear: Vec<Unclear>,
    /// Servers of the pool that are kept for it; where nothing was ordered, those that would be.
    reserved: Vec<Text>,
    to_buy: u32,
    /// Servers that would have served but are another's, with whose.
    taken: Vec<Text>,
    /// Servers that nearly serve, with why not; told only where nothing was ordered.
    near: Vec<Text>,
}

#[derive(Default, Serialize)]
struct Summary {
    orders: usize,
    good: usize,
    failed: usize,
}

#[derive(Serialize)]
struct Document<'a> {
    dry_run: bool,
    rows: &'a [Told],
    summary: &'a Summary,
}

/// Servers that are told of a line beside those that are kept.
const TOLD: usize = 5;

pub(super) async fn place(host: &HostSpec, what: Place, out: &mut Output<'_>) -> Result<u8, Fail> {
    // A file that cannot be read as a whole reaches nobody.
    let read = what.file.as_deref().map(file::read).transpose()?;
    let link = connect(host).await?;
    let site = what.site.clone().unwrap_or_else(|| link.hello.site.clone());
    let (dry_run, as_understood) = (what.dry_run, what.as_understood);
    let alone = read.is_none();
    let requests = match read {
        Some(orders) => orders.into_iter().map(|o| o.request(&site, as_understood)).collect(),
        None => vec![request(what, site)?],
    };
    let mut rows = Vec::new();
    for (at, request) in requests.into_iter().enumerate() {
        let done = if dry_run { look(&link, &request).await } else { put(host, &link, &request).await };
        rows.push(match done {
            Ok(done) => Told {
                row: at + 1,
                order: done.order,
                result: if dry_run { Came::Checked } else { Came::Placed },
                tenant: request.tenant,
                site: done.site.unwrap_or(request.site),
                routed: done.routed,
                unproven: done.unproven,
                text: Text::new(""),
                lines: done.lines,
            },
            // One order alone fails as any other command; one of many fails by itself.
            Err(Fail::Refused(refusal)) if !alone && refusal.why != Why::NotAllowed => Told {
                row: at + 1,
                order: None,
                result: Came::Failed,
                tenant: request.tenant,
                site: request.site,
                routed: None,
                unproven: None,
                text: refusal.text,
                lines: Vec::new(),
            },
            Err(Fail::Lost(why)) if at > 0 => {
                let text = format!("{why}. {} had been dealt with: `rackhand order list` tells", count(at, "order"));
                return Err(Fail::Lost(text));
            }
            Err(fail) => return Err(fail),
        });
    }
    let failed = rows.iter().filter(|r| r.result == Came::Failed).count();
    let summary = Summary { orders: rows.len(), good: rows.len() - failed, failed };
    if out.json {
        out.document(&Document { dry_run, rows: &rows, summary: &summary })?;
    } else if alone {
        rows.iter().try_for_each(|row| tell(row, out))?;
    } else {
        table(&rows, &summary, dry_run, out)?;
    }
    Ok(if failed > 0 { exit::REFUSED } else { exit::DONE })
}

fn request(what: Place, site: SiteId) -> Result<OrderRequest, Fail> {
    // clap holds that one of them is there where there is no file.
    let tenant = what.tenant.ok_or_else(|| Fail::Usage("give --tenant, or --file".into()))?;
    if what.lines.len() > MAX_LINES {
        return Err(Fail::Usage(format!("an order has at most {MAX_LINES} lines")));
    }
    let lines = what.lines.into_iter().map(|w| Wish { model: what.model.clone(), ..w }).collect();
    Ok(OrderRequest {
        needed_by: what.needed_by,
        note: what.note.map(Into::into),
        sellers: what.vendors,
        all_new: what.all_new,
        as_understood: what.as_understood,
        ..OrderRequest::new(tenant, site, lines)
    })
}

/// What came of one order, or would.
#[derive(Default)]
struct Done {
    order: Option<OrderId>,
    site: Option<SiteId>,
    routed: Option<Text>,
    unproven: Option<Text>,
    lines: Vec<ToldLine>,
}

async fn put(host: &HostSpec, link: &Connection, request: &OrderRequest) -> Result<Done, Fail> {
    let receipt = carry_out(host, link, &Command::Order(request.clone())).await?;
    let Answer::Ordered(ordered) = receipt.answer else {
        return Err(Fail::Lost("the daemon answered something else; it is of another version".into()));
    };
    let Ordered { order, lines, site, routed, unproven } = *ordered;
    let told = |(at, (line, wish)): (usize, (OrderedLine, &Wish))| ToldLine {
        line: at + 1,
        quantity: wish.quantity,
        understood: line.understood,
        unclear: line.unclear,
        reserved: line.reserved,
        to_buy: line.to_buy,
        taken: line.taken,
        near: Vec::new(),
    };
    let lines = lines.into_iter().zip(&request.lines).enumerate().map(told).collect();
    Ok(Done { order: Some(order), site, routed, unproven, lines })
}

/// What would be understood and kept. The daemon judges the same again when it is ordered.
async fn look(link: &Connection, request: &OrderRequest) -> Result<Done, Fail> {
    let mut used: Vec<Text> = Vec::new();
    let mut lines = Vec::new();
    for (at, wish) in request.lines.iter().enumerate() {
        let stock = link.ask(StockQuery { spec: wish.spec.clone(), site: Some(request.site.clone()) }).await?;
        if stock.understood.is_empty() || !(stock.unclear.is_empty() || request.as_understood) {
            return Err(Fail::Refused(Refusal::new(Why::Invalid, misunderstood(at + 1, wish, &stock))));
        }
        let serves = |m: &&Match| matches!(m.fit, Fit::Exact | Fit::Better);
        let kept: Vec<Text> = stock
            .free
            .iter()
            .filter(|m| serves(m) && !request.all_new && !used.contains(&m.label))
            .take(wish.quantity as usize)
            .map(|m| m.label.clone())
            .collect();
        used.extend(kept.iter().cloned());
        let taken = stock.kept.iter().filter(|(m, _)| serves(&m)).take(TOLD);
        let near = stock.free.iter().filter(|m| m.fit == Fit::Near).take(TOLD);
        lines.push(ToldLine {
            line: at + 1,
            quantity: wish.quantity,
            to_buy: wish.quantity - kept.len() as u32,
            reserved: kept,
            taken: taken.map(|(m, order)| format!("{} is kept for order {order}", m.label).into()).collect(),
            near: near.map(|m| format!("{} ({})", m.label, differs(m)).into()).collect(),
            understood: stock.understood,
            unclear: stock.unclear,
        });
    }
    Ok(Done { lines, ..Done::default() })
}

fn misunderstood(line: usize, wish: &Wish, stock: &Stock) -> String {
    let parts: Vec<String> = stock.unclear.iter().map(|u| format!("`{}`: {}", u.part, u.why)).collect();
    let parts = if parts.is_empty() { "it says nothing".to_owned() } else { parts.join("; ") };
    if stock.understood.is_empty() {
        return format!("line {line}: nothing was understood of `{}`: {parts}", wish.spec);
    }
    format!(
        "line {line}: understood {}; not understood {parts}. Write it otherwise, or give --as-understood",
        stock.understood
    )
}

fn tell(row: &Told, out: &mut Output<'_>) -> Result<(), Fail> {
    out.line(match row.order {
        Some(order) => format!("order {order} for {} at {}", row.tenant, row.site),
        None if row.site.is_any() => {
            format!("would be ordered for {}; its site is chosen then; nothing was changed", row.tenant)
        }
        None => format!("would be ordered for {} at {}; nothing was changed", row.tenant, row.site),
    })?;
    if let Some(why) = &row.routed {
        out.line(format!("{} because: {why}", row.site))?;
    }
    if let Some(what) = &row.unproven {
        out.line(what.clone())?;
    }
    let mut table = Table::new(&["LINE", "QTY", "STOCK", "BUY", "UNDERSTOOD"], Last::Wrap);
    for line in &row.lines {
        table.row([
            line.line.to_string(),
            line.quantity.to_string(),
            line.reserved.len().to_string(),
            line.to_buy.to_string(),
            line.understood.to_string(),
        ]);
    }
    out.table(&table)?;
    let mut notes = Table::new(&[], Last::Wrap);
    for line in &row.lines {
        let of = |what: &str, all: &[Text]| {
            let all: Vec<&str> = all.iter().map(Text::as_str).collect();
            (!all.is_empty()).then(|| format!("{what}: {}", all.join(", ")))
        };
        let verb = if row.order.is_some() { "reserved" } else { "in stock" };
        let unclear = line.unclear.iter().map(|u| format!("not understood, left out: `{}`: {}", u.part, u.why));
        let told = [of(verb, &line.reserved), of("would serve, but", &line.taken), of("nearly serves", &line.near)];
        for note in unclear.chain(told.into_iter().flatten()) {
            notes.row([format!("  line {}", line.line), note]);
        }
    }
    out.table(&notes)
}

fn table(rows: &[Told], summary: &Summary, dry_run: bool, out: &mut Output<'_>) -> Result<(), Fail> {
    let mut table = Table::new(&["ROW", "ORDER", "TENANT", "SITE", "QTY", "STOCK", "BUY", "RESULT"], Last::Wrap);
    for row in rows {
        let sum = |f: fn(&ToldLine) -> u32| row.lines.iter().map(f).sum::<u32>().to_string();
        let left_out: Vec<String> =
            row.lines.iter().flat_map(|l| &l.unclear).map(|u| format!("`{}`", u.part)).collect();
        let but = if left_out.is_empty() { String::new() } else { format!(", without {}", left_out.join(", ")) };
        table.row([
            row.row.to_string(),
            row.order.map_or_else(|| "-".to_owned(), |o| o.to_string()),
            row.tenant.to_string(),
            row.site.to_string(),
            sum(|l| l.quantity),
            sum(|l| l.reserved.len() as u32),
            sum(|l| l.to_buy),
            match row.result {
                Came::Placed => {
                    let there = row.routed.as_ref().map_or_else(String::new, |why| format!(", there because: {why}"));
                    let unproven = row.unproven.as_ref().map_or_else(String::new, |what| format!("; {what}"));
                    format!("placed{but}{there}{unproven}")
                }
                Came::Checked => format!("would be placed{but}"),
                Came::Failed => format!("failed: {}", row.text),
            },
        ]);
    }
    out.table(&table)?;
    let failed = if summary.failed > 0 { format!(", {} failed", summary.failed) } else { String::new() };
    let changed = if dry_run { "; nothing was changed" } else { "" };
    out.line(format!("{}: {} good{failed}{changed}", count(summary.orders, "order"), summary.good))
}
