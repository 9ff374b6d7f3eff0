//! `order purchase`: the purchase order as a paper.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use rackhand_core::document::plain::{Letters, WIDTH, render};
use rackhand_core::purchase::questions::PurchaseDocument;
use rackhand_rpc::Printed;

use super::args::Purchase;
use super::read;
use crate::cli::output::{Fail, Output, not_found};
use crate::link::connect::Connection;
use crate::link::{CALL, answered, call};

pub(super) async fn purchase(link: &Connection, what: Purchase, out: &mut Output<'_>) -> Result<(), Fail> {
    let id = what.order;
    let paper = link.ask(PurchaseDocument(id)).await?;
    if let Some(file) = &what.pdf {
        let pdf = answered(CALL, link.client.pdf(call(), Printed::Purchase(PurchaseDocument(id)))).await??;
        write(file, &pdf.0).map_err(|e| Fail::Usage(format!("{} cannot be written: {e}", file.display())))?;
        if !out.json {
            return out.line(format!("{} written to {}", paper.number, file.display()));
        }
    }
    if out.json {
        let order = read(link, id).await?;
        let standing = order.purchase.as_ref().and_then(|p| order.deals.iter().find(|d| d.seller == p.seller));
        let purchase = standing.and_then(|d| d.purchase.as_ref());
        return out.document(purchase.ok_or_else(|| not_found(format!("order {id} has no purchase order any more")))?);
    }
    let width = out.width().unwrap_or(WIDTH);
    out.verbatim(&render(&paper, width, Letters::Unicode))
}

/// A new file: no other is written over.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
