//! `rackhand order`: orders from their words to the dock.

mod args;
mod compare;
mod decide;
pub(super) mod file;
mod line;
mod list;
pub(super) mod paper;
mod place;
mod purchase;
mod quote;
mod show;
mod stock;
mod table;
mod wait;

pub use args::OrderVerb;

use rackhand_core::id::OrderId;
use rackhand_core::order::questions::{OneOrder, OrderDetail};

use super::exit;
use super::output::{Fail, Output};
use crate::link::connect::{Connection, HostSpec, connect};

pub(super) async fn order(host: &HostSpec, what: OrderVerb, out: &mut Output<'_>) -> Result<u8, Fail> {
    match what {
        OrderVerb::Place(what) => return place::place(host, what, out).await,
        OrderVerb::List(which) => list::list(&connect(host).await?, which, out).await?,
        OrderVerb::Show { order } => show::show(&connect(host).await?, order, out).await?,
        OrderVerb::Compare { order } => compare::compare(&connect(host).await?, order, out).await?,
        OrderVerb::Stock { spec, site } => stock::stock(&connect(host).await?, &spec, site, out).await?,
        OrderVerb::Purchase(what) => purchase::purchase(&connect(host).await?, what, out).await?,
        OrderVerb::Wait(what) => return wait::wait(host, &what, out).await,
        OrderVerb::Quote(offer) => return quote::quote(host, offer, out).await,
        change => decide::decide(host, change, out).await?,
    }
    Ok(exit::DONE)
}

/// The order with this number.
pub(super) async fn read(link: &Connection, order: OrderId) -> Result<OrderDetail, Fail> {
    Ok(link.ask(OneOrder(order)).await?)
}
