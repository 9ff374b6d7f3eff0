//! A vendor's paper from a file to the daemon, which reads it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rackhand_core::decide::{Refusal, Why};
use rackhand_core::id::{OrderId, SellerId};
use rackhand_core::purchase::money::Currency;
use rackhand_core::text::Text;
use rackhand_rpc::octets::Octets;
use rackhand_rpc::{MAX_PAPER, PaperUpload};

use crate::cli::exit;
use crate::cli::output::{Fail, Output, count};
use crate::cli::table::{Last, Table};
use crate::link::call::COMMAND;
use crate::link::connect::Connection;
use crate::link::{answered, within};

/// The file as it is sent.
pub(super) fn read(
    path: &Path,
    order: OrderId,
    seller: SellerId,
    columns: BTreeMap<String, Text>,
    currency: Option<Currency>,
) -> Result<PaperUpload, Fail> {
    let mut bytes = Vec::new();
    // One more than is taken, so that what is too much is noticed.
    let most = MAX_PAPER as u64 + 1;
    let read = if path == Path::new("-") {
        io::stdin().lock().take(most).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes))
    };
    read.map_err(|e| Fail::Usage(format!("{} cannot be read: {e}", path.display())))?;
    upload(path, bytes, order, seller, columns, currency)
}

fn upload(
    path: &Path,
    bytes: Vec<u8>,
    order: OrderId,
    seller: SellerId,
    columns: BTreeMap<String, Text>,
    currency: Option<Currency>,
) -> Result<PaperUpload, Fail> {
    if bytes.len() > MAX_PAPER {
        return Err(Fail::Usage(format!("{}: larger than {} MiB; split it", path.display(), MAX_PAPER >> 20)));
    }
    let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned()).into();
    Ok(PaperUpload { order, seller, name, bytes: Octets(bytes), columns, currency })
}

/// Sends it, and tells what became of it. The same paper again is harmless: it is known.
pub(super) async fn send(link: &Connection, upload: PaperUpload, out: &mut Output<'_>) -> Result<u8, Fail> {
    let name = upload.name.clone();
    let taken = answered(COMMAND, link.client.paper(within(COMMAND), upload)).await??;
    let code = if taken.flaws.is_empty() { exit::DONE } else { exit::REFUSED };
    if out.json {
        out.document(&taken)?;
        return Ok(code);
    }
    for (what, known) in &taken.papers {
        out.line(format!("{what}: {}", if *known { "it had been taken before" } else { "taken" }))?;
    }
    if !taken.flaws.is_empty() {
        let mut table = Table::new(&["ROW", "FIELD", "WHAT IS WRONG"], Last::Wrap);
        for flaw in &taken.flaws {
            let row = flaw.row.map_or_else(|| "-".to_owned(), |r| r.to_string());
            table.row([row, flaw.field.to_string(), flaw.why.to_string()]);
        }
        out.table(&table)?;
        out.line(format!("{name}: {}; nothing of it was taken", count(taken.flaws.len(), "flaw")))?;
    }
    Ok(code)
}

/// Whether a file that is imported for an order is a vendor's paper, not a manifest: JSON, cXML or X12 by its beginning.
pub(in crate::cli) fn is_paper(bytes: &[u8]) -> bool {
    let start = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    [&b"{"[..], b"[", b"<", b"ISA*", b"ISA|", b"ISA~", b"ST*8"].iter().any(|sign| start.starts_with(sign))
}

/// Enters a ship notice of whom the order was bought from.
pub(in crate::cli) async fn import(
    link: &Connection,
    path: &Path,
    bytes: Vec<u8>,
    order: OrderId,
    out: &mut Output<'_>,
) -> Result<u8, Fail> {
    let seen = super::read(link, order).await?;
    let none = || format!("order {order} is {}: no vendor has shipped anything for it", seen.row.state);
    let seller = seen.purchase.as_ref().map(|p| p.seller);
    let seller = seller.ok_or_else(|| Fail::Refused(Refusal::new(Why::Conflict, none())))?;
    send(link, upload(path, bytes, order, seller, BTreeMap::new(), None)?, out).await
}
