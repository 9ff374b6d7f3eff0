//! Commands on orders: what is asked before they are sent.

use rackhand_core::decide::confirm::About;
use rackhand_core::order::questions::{DealView, OrderDetail};
use rackhand_core::purchase::compare::Compared;
use rackhand_core::purchase::money::Money;
use rackhand_core::stock::Fit;
use rackhand_core::text::Text;

use super::{deal, detail, note, reserved};
use crate::app::effect::Effect;
use crate::app::model::{Model, Mood};
use crate::app::moves::go;
use crate::app::update::toast;
use crate::command::registry::Act;
use crate::overlay::Layer;
use crate::overlay::choose::{Choose, Leads};
use crate::overlay::form::{Deed, Form};
use crate::overlay::quote::QuoteForm;
use crate::screen::quotes::looked_at;
use crate::screen::{Place, stock};
use crate::widget::words::{difference, short, until};

/// What a reason is called.
const WHY: &str = "why (goes into the journal)";

/// Begins a command on an order. Returns whether it is one.
pub fn run(model: &mut Model, act: Act, out: &mut Vec<Effect>) -> bool {
    use Act::{Accept, Approve, Assign, Cancel, Quote, Quotes, Reject, ReleaseStock, Reserve};
    if !matches!(act, Accept | Approve | Assign | Cancel | Quote | Quotes | Reject | ReleaseStock | Reserve) {
        return false;
    }
    let Some(order) = detail(model).cloned() else { return true };
    let id = order.row.id;
    match act {
        Quotes => go(model, Place::Quotes(id), out),
        Reserve if !matches!(model.place, Place::Stock(..)) => pool(model, &order, out),
        _ => {
            model.layer = match act {
                Approve => approve(model, &order),
                Reject => Some(end(&order, Deed::Reject(id), "reject", "None of the offers is taken.")),
                Cancel => Some(end(&order, Deed::CancelOrder(id), "cancel", "What is on order is called off.")),
                Assign => Some(assign(&order)),
                Accept => accept(&order),
                Reserve => reserve(model, &order),
                ReleaseStock => release(&order),
                _ => Some(Layer::Quote(Box::new(QuoteForm::new(&order)))),
            };
            if model.layer.is_none() {
                toast(model, format!("{}: there is nothing of the kind here", act.spec().id), Mood::Plain, out);
            }
        }
    }
    true
}

fn form(form: Form) -> Layer {
    Layer::Form(Box::new(form))
}

/// The offer that is looked at; on the order's page one of all, where there are several.
fn approve(model: &Model, order: &OrderDetail) -> Option<Layer> {
    let offers = &order.comparison.as_ref()?.offers;
    let at = looked_at(model);
    let meant = |(n, _): &(usize, &Compared)| !matches!(model.place, Place::Quotes(_)) || *n == at;
    let offers: Vec<(&Compared, Option<Form>)> =
        offers.iter().enumerate().filter(meant).map(|(_, o)| (o, approval(order, o, offers.len()))).collect();
    if offers.iter().all(|(_, form)| form.is_none()) {
        // The daemon would refuse it too; here it is said before anything is typed.
        let why = offers.iter().flat_map(|(o, _)| o.obstacles.iter().map(|w| Text::from(format!("{}: {w}", o.title))));
        return Some(note("there is no offer with a complete price", why.collect()));
    }
    let item = |(offer, form): (&Compared, Option<Form>)| {
        let total = offer.total.map_or_else(String::new, |t| t.to_string());
        let barred = if offer.eligible { "" } else { ", not fit to be chosen" };
        let remark = Text::from(format!("rank {}: {total}{barred}", offer.rank));
        Some((offer.title.clone(), remark, Leads::Form(Box::new(form?))))
    };
    Choose::layer("approve whose offer", offers.into_iter().filter_map(item).collect())
}

/// What stands on the form of an approval: who, what, how much, and who else must. `None` without a complete price.
fn approval(order: &OrderDetail, offer: &Compared, of: usize) -> Option<Form> {
    let deal = deal(order, offer)?;
    let standing = deal.offer.as_ref()?;
    let (quote, revision, total) = (&standing.quote, standing.revision, offer.total?);
    let base = offer.total_in_base.filter(|b| b.currency != total.currency);
    let base = base.map_or_else(String::new, |b| format!(" = {b}"));
    let valid = match quote.valid_until {
        Some(last) => format!("holds until {} ({})", short(last), until(last, order.now)),
        None => "until when it holds is missing".to_owned(),
    };
    let mut means = vec![
        Text::from(format!("total {total}{base}; rank {} of {of}", offer.rank)),
        Text::from(format!("{}, quote {} revision {revision}, {valid}", offer.title, quote.number)),
    ];
    means.push(whose(order, deal, revision));
    means.extend(offer.obstacles.iter().map(|o| Text::from(format!("! {o}"))));
    // What the pool serves is not what is bought.
    let lines = order.lines.iter().filter(|l| !l.units.is_empty());
    let bought: Vec<String> = lines.map(|l| format!("{}x {}", l.units.len(), l.spec)).collect();
    means.push(Text::from(format!("asked: {} for {} at {}", bought.join("; "), order.row.tenant, order.row.site)));
    let deed = Deed::Approve { order: order.row.id, seller: offer.seller, revision };
    let title = format!("approve {} for order {}", offer.title, order.row.id);
    let about = About { total: Some(total), ..About::default() };
    Some(Form::new(deed, &format!("order {}", order.row.id), title, "", means).sure(&about))
}

/// Which approver this would be, and what follows.
fn whose(order: &OrderDetail, deal: &DealView, revision: u32) -> Text {
    let given: Vec<&str> = order
        .approvals
        .iter()
        .filter(|a| a.seller == deal.seller && a.revision == revision)
        .map(|a| a.by.as_str())
        .collect();
    let (nth, of) = (given.len() + 1, deal.approvers.max(1));
    let so_far = if given.is_empty() { String::new() } else { format!(" (before you: {})", given.join(", ")) };
    let then = if nth >= of { "it is bought at once" } else { "another person must approve it too" };
    format!("approver {nth} of {of}{so_far}: {then}").into()
}

fn end(order: &OrderDetail, deed: Deed, verb: &str, what: &str) -> Layer {
    let row = &order.row;
    let mut means = vec![
        Text::from(format!("order {} is {}: {} for {}", row.id, row.state, row.what, row.tenant)),
        Text::from(format!("{what} It ends for good; what is reserved is free again.")),
    ];
    if let Some(purchase) = &row.purchase {
        means.push(
            format!("{purchase} was sent to the vendor: it is cancelled there; what has arrived goes back.").into(),
        );
    }
    let title = format!("{verb} order {}", row.id);
    form(Form::new(deed, &format!("order {}", row.id), title, WHY, means).sure(&About::default()))
}

fn assign(order: &OrderDetail) -> Layer {
    let labels: Vec<Text> = reserved(order).map(|(_, label)| label).collect();
    let row = &order.row;
    let names = labels.iter().map(Text::as_str).collect::<Vec<_>>().join(", ");
    let means = vec![
        Text::from(format!("{} gets {} reserved for order {}:", row.tenant, labels.len(), row.id)),
        Text::from(names),
    ];
    let title = format!("assign {} to {}", labels.len(), row.tenant);
    let about = About { count: labels.len(), ..About::default() };
    form(Form::new(Deed::Assign(row.id), &format!("order {}", row.id), title, "", means).sure(&about))
}

fn accept(order: &OrderDetail) -> Option<Layer> {
    let differs = |d: &&DealView| d.confirmation.as_ref().is_some_and(|c| !c.points.is_empty());
    let item = |deal: &DealView| {
        let (says, purchase) = (deal.confirmation.as_ref()?, deal.purchase.as_ref()?);
        let mut means = vec![Text::from(format!(
            "{} confirms {} as {}, and not as it was ordered:",
            deal.title, purchase.number, says.paper.number
        ))];
        means.extend(says.points.clone());
        let deed = Deed::Accept { order: order.row.id, seller: deal.seller };
        let title = format!("accept what {} confirms", deal.title);
        let form = Form::new(deed, &format!("order {}", order.row.id), title, WHY, means);
        let total = says.paper.total.map(|t| Money::new(t, says.paper.currency.unwrap_or(purchase.currency)));
        let form = form.sure(&About { total, ..About::default() });
        Some((deal.title.clone(), Text::from(says.points.len().to_string() + " points"), Leads::Form(Box::new(form))))
    };
    Choose::layer("accept whose confirmation", order.deals.iter().filter(differs).filter_map(item).collect())
}

/// To what is in stock for a line: the only one, or the first that lacks servers.
fn pool(model: &mut Model, order: &OrderDetail, out: &mut Vec<Effect>) {
    let under = screen_line(model, order);
    let lacking = order.lines.iter().find(|l| l.short > 0 || !l.units.is_empty());
    let Some(line) = under.or(lacking.map(|l| l.line)).or(order.lines.first().map(|l| l.line)) else { return };
    go(model, Place::Stock(order.row.id, line), out);
}

/// The line of the server under the cursor.
fn screen_line(model: &Model, order: &OrderDetail) -> Option<u16> {
    let unit = model.screens.order.unit?;
    let has = |l: &&rackhand_core::order::questions::OrderLine| {
        l.units.iter().any(|u| u.id == unit) || l.stock.iter().any(|(u, _)| u.id == unit)
    };
    order.lines.iter().find(has).map(|l| l.line)
}

fn reserve(model: &Model, order: &OrderDetail) -> Option<Layer> {
    let spare = model.screens.stock.list.current()?;
    let line = stock::line(model)?;
    let (label, fit) = (&spare.found.label, spare.found.fit);
    let word = match fit {
        Fit::Exact => "is exactly what line",
        Fit::Better => "is at least what line",
        Fit::Near => "is NOT what line",
    };
    let mut means =
        vec![Text::from(format!("{label} {word} {} of order {} asks for: {}", line.line, order.row.id, line.spec))];
    means.extend(spare.found.differences.iter().map(|d| Text::from(difference(d))));
    if !line.units.is_empty() {
        means.push("It serves in place of one that would be bought.".into());
    }
    let deed = Deed::Reserve { order: order.row.id, line: line.line, unit: spare.found.unit };
    let about = About { label: label.clone(), near: fit == Fit::Near, ..About::default() };
    Some(form(Form::new(deed, label, format!("keep {label} for order {}", order.row.id), "", means).sure(&about)))
}

fn release(order: &OrderDetail) -> Option<Layer> {
    let item = |(unit, label): (_, Text)| {
        let means = vec![Text::from(format!("order {} lacks a server then.", order.row.id))];
        let form = Form::new(Deed::ReleaseStock(unit), &label, format!("give {label} back to the pool"), WHY, means);
        (label, Text::new("reserved"), Leads::Form(Box::new(form)))
    };
    Choose::layer("give which back to the pool", reserved(order).map(item).collect())
}
