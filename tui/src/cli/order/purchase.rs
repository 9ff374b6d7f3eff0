//! `order purchase`: the purchase order as a paper.

use rackhand_core::document::plain::{Letters, WIDTH, render};
use rackhand_core::document::purchase::purchase_order;

use super::args::Purchase;
use super::read;
use crate::cli::output::{Fail, Output, not_found};
use crate::link::connect::Connection;

pub(super) async fn purchase(link: &Connection, what: Purchase, out: &mut Output<'_>) -> Result<(), Fail> {
    let order = read(link, what.order).await?;
    let bought = order.deals.iter().find_map(|d| Some((d.purchase.as_ref()?, &d.title)));
    let none = || not_found(format!("order {} has no purchase order: it is {}", what.order, order.row.state));
    let (purchase, title) = bought.ok_or_else(none)?;
    if out.json {
        return out.document(purchase);
    }
    let width = out.width().unwrap_or(WIDTH);
    out.verbatim(&render(&purchase_order(purchase, title), width, Letters::Unicode))
}
