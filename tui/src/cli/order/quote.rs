//! `order quote`: a vendor's offer, typed; or its paper, as a file.

use rackhand_core::decide::command::Command;
use rackhand_core::order::questions::OrderDetail;
use rackhand_core::purchase::money::{Currency, minor};
use rackhand_core::purchase::paper::{self as neutral, Paper, QuoteLine};

use super::args::Quote;
use super::line::QuotedLine;
use super::{paper, read};
use crate::cli::command::{carry_out, tell};
use crate::cli::exit;
use crate::cli::output::{Fail, Output};
use crate::link::connect::{HostSpec, connect};

pub(super) async fn quote(host: &HostSpec, offer: Quote, out: &mut Output<'_>) -> Result<u8, Fail> {
    let (order, seller) = (offer.order, offer.vendor);
    if let Some(file) = &offer.file {
        let columns = offer.columns.iter().cloned().collect();
        let upload = paper::read(file, order, seller, columns, offer.currency)?;
        return paper::send(&connect(host).await?, upload, out).await;
    }
    let link = connect(host).await?;
    let seen = read(&link, order).await?;
    let paper = Box::new(Paper::Quote(spell(offer, &seen)?));
    let command = Command::EnterPaper { order, seller, paper };
    tell(&carry_out(host, &link, &command).await?, out)?;
    Ok(exit::DONE)
}

fn spell(offer: Quote, order: &OrderDetail) -> Result<neutral::Quote, Fail> {
    // clap holds that both are there where there is no file.
    let (Some(number), Some(currency)) = (offer.number, offer.currency) else {
        return Err(Fail::Usage("give --number and --currency, or a file".into()));
    };
    let freight = offer.freight.as_deref().map(|f| amount("--freight", f, currency)).transpose()?;
    let total = offer.total.as_deref().map(|t| amount("--total", t, currency)).transpose()?;
    Ok(neutral::Quote {
        number: number.into(),
        request: None,
        currency,
        valid_until: offer.valid_until,
        lines: lines(offer.lines, order, currency)?,
        freight,
        total,
        note: offer.note.map(Into::into),
    })
}

/// Where no line says what it answers and there are as many as there are lines to be bought, they answer those in order.
fn lines(typed: Vec<QuotedLine>, order: &OrderDetail, currency: Currency) -> Result<Vec<QuoteLine>, Fail> {
    let wanted: Vec<u16> = order.lines.iter().filter(|l| !l.units.is_empty()).map(|l| l.line).collect();
    let plain = typed.len() == wanted.len() && typed.iter().all(|l| l.answers.is_none());
    let line = |(at, typed): (usize, QuotedLine)| {
        if let Some(unknown) = typed.answers.filter(|n| !order.lines.iter().any(|l| l.line == *n)) {
            return Err(Fail::Usage(format!("{}: order {} has no line {unknown}", typed.part, order.row.id)));
        }
        Ok(QuoteLine {
            line: if plain { wanted.get(at).copied() } else { typed.answers },
            description: typed.part.clone(),
            unit_price: Some(amount(&typed.part, &typed.price, currency)?),
            part: typed.part,
            spec: typed.spec,
            quantity: typed.quantity,
            lead_days: typed.lead_days,
            warranty_months: typed.warranty_months,
            watts: None,
        })
    };
    typed.into_iter().enumerate().map(line).collect()
}

fn amount(what: &str, typed: &str, currency: Currency) -> Result<u64, Fail> {
    minor(typed, currency).map_err(|amiss| Fail::Usage(format!("{what}: `{typed}` is {amiss}")))
}
