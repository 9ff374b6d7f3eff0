//! A purchase order as a paper.

use super::{Block, Document, Fact, Party, Table, day};
use crate::purchase::money::Money;
use crate::purchase::paper::PurchaseOrder;
use crate::text::Text;

/// The paper that goes to the vendor, who is called by this name.
pub fn purchase_order(order: &PurchaseOrder, seller_title: &str) -> Document {
    let number = &order.number;
    let deliver = std::iter::once(format!("Site {}", order.to.site).into());
    let deliver = deliver.chain(order.to.address.iter().cloned()).chain([order.to.country.clone()]);
    let party = |role: &str, lines: Vec<Text>| Party { role: role.into(), lines };
    let names: Vec<&str> = order.approved_by.iter().map(Text::as_str).collect();
    let by = if names.is_empty() { "unknown".to_owned() } else { names.join(", ") };
    let mut blocks = vec![
        Block::Parties(vec![
            party("To", vec![seller_title.into()]),
            party("Deliver to", deliver.filter(|line| !line.is_empty()).collect()),
            party("Bill to", order.bill_to.clone()),
        ]),
        Block::Facts(vec![
            Fact::new("Accepts your quote", order.quote.clone()),
            Fact::new("Approved", format!("{} by {by}", day(order.at))),
            Fact::new("Currency", order.currency.to_string()),
        ]),
        Block::Table(lines(order)),
    ];
    if let Some(sum) = sum(order).filter(|sum| *sum != order.total) {
        let (sum, total) = (Money::new(sum, order.currency), Money::new(order.total, order.currency));
        let text =
            format!("The lines and the freight add up to {sum}, the total says {total}. Ask before you deliver.");
        blocks.push(Block::Notice(text.into()));
    }
    blocks.push(Block::Paragraph(
        format!("Please name {number} in your confirmation, on the delivery note and on the invoice.").into(),
    ));
    Document {
        title: "Purchase order".into(),
        number: number.clone(),
        date: day(order.at).into(),
        code: number.clone(),
        blocks,
        footer: format!("Purchase order {number}").into(),
    }
}

fn lines(order: &PurchaseOrder) -> Table {
    let grouped = |minor| Money::new(minor, order.currency).grouped();
    let whole = |minor| Money::new(minor, order.currency).to_string();
    let mut table = Table::new(&[">Line", "Part", "Description", ">Quantity", ">Unit price", ">Amount"]);
    table.rows = order
        .lines
        .iter()
        .map(|line| {
            let amount = line.unit_price.checked_mul(u64::from(line.quantity));
            vec![
                line.line.to_string().into(),
                line.part.clone(),
                line.description.clone(),
                line.quantity.to_string().into(),
                grouped(line.unit_price).into(),
                amount.map_or("too large".to_owned(), grouped).into(),
            ]
        })
        .collect();
    table.totals = vec![
        Fact::new("Freight", order.freight.map_or("not stated".to_owned(), whole)),
        Fact::new("Total", whole(order.total)),
    ];
    table
}

/// What lines and freight add up to; `None` where that is beyond any number.
fn sum(order: &PurchaseOrder) -> Option<u64> {
    let add = |sum: u64, minor: Option<u64>| sum.checked_add(minor?);
    let amounts = order.lines.iter().map(|l| l.unit_price.checked_mul(u64::from(l.quantity)));
    amounts.chain([Some(order.freight.unwrap_or(0))]).try_fold(0, add)
}
