//! Asks and commands, each in a task of its own; what comes back is an event.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::try_join_all;
use rackhand_core::decide::Refusal;
use rackhand_core::decide::command::Command;
use rackhand_core::order::questions::OneOrder;
use rackhand_core::placement::propose::Request;
use rackhand_core::placement::questions::{OneRack, RackOf, RackQuery, RackView};
use rackhand_core::question::Asks;
use rackhand_core::receiving::questions::Dock;
use rackhand_core::stock::questions::StockQuery;
use rackhand_core::text::Text;
use rackhand_core::view::Cut;
use rackhand_core::view::questions::{Counts, Find, LetterQuery, OneUnit};
use rackhand_rpc::ConsoleClient;
use rackhand_rpc::ask::AskError;
use tarpc::context::Context;
use tokio::sync::mpsc::Sender;

use super::sync::{Lines, sentence};
use super::{answered, within};
use crate::event::{Ask, CallEnd, CallId, Data, Event};
use crate::screen::racks::RackKey;

/// How long a question may take.
pub const ASK: Duration = Duration::from_secs(10);
/// How long a command may take: its events must reach the disk.
pub const COMMAND: Duration = Duration::from_secs(30);
/// How long proposals may take: NetBox is read for them.
pub const PLACES: Duration = Duration::from_secs(90);
/// Racks drawn with proposals at the most.
const PREVIEWS: usize = 24;
/// How long a check of the whole journal may take.
pub const VERIFY: Duration = Duration::from_mins(2);

/// Asks, and sends the answer as [`Event::Arrived`].
pub async fn ask(lines: Lines, id: CallId, ask: Ask, events: Sender<Event>) {
    let client = lines.borrow().as_ref().map(|c| c.asks.clone());
    let answer = match client {
        Some(client) => {
            let span = match ask {
                Ask::Verify => VERIFY,
                Ask::Places(..) => PLACES,
                _ => ASK,
            };
            answered(span, put(&client, ask, within(span))).await.map(Box::new).map_err(|e| why(&e))
        }
        None => Err(Text::new("there is no connection")),
    };
    let _ = events.send(Event::Arrived(id, answer)).await;
}

/// A client, and how long its calls may take.
struct Asker<'a>(&'a ConsoleClient, Context);

impl Asker<'_> {
    async fn ask<Q: Asks>(&self, question: Q) -> Result<Q::Answer, AskError> {
        Ok(self.0.ask(self.1, question).await?.answer)
    }

    /// The same where a refusal is shown in the place of the answer.
    async fn or_why_not<Q: Asks>(&self, question: Q) -> Result<Result<Q::Answer, Refusal>, AskError> {
        match self.ask(question).await {
            Err(AskError::Refused(refusal)) => Ok(Err(refusal)),
            answer => answer.map(Ok),
        }
    }

    async fn racks(&self, keys: impl IntoIterator<Item = RackKey>) -> Result<Vec<RackView>, AskError> {
        let all = keys.into_iter().map(|(site, name)| self.ask(OneRack { site, name }));
        Ok(try_join_all(all).await?.into_iter().flatten().collect())
    }
}

async fn put(client: &ConsoleClient, ask: Ask, context: Context) -> Result<Data, AskError> {
    let to = Asker(client, context);
    Ok(match ask {
        Ask::Overview => Data::Overview(to.ask(Counts).await?),
        Ask::Units(query) | Ask::Marks(query, _) => Data::Units(to.ask(query).await?),
        Ask::Unit(id) => Data::Unit(to.or_why_not(OneUnit(id)).await?),
        Ask::Letters { offset, limit } => Data::Letters(to.ask(LetterQuery(Cut { offset, limit })).await?),
        Ask::Journal(query) => Data::Journal(to.or_why_not(query).await?),
        Ask::Find(label) => Data::Found(to.ask(Find(label)).await?),
        Ask::Verify => Data::Verified(client.verify(context).await?),
        Ask::Racks { site, filter, offset, limit } => {
            Data::Racks(to.ask(RackQuery { site, filter, cut: Cut { offset, limit } }).await?)
        }
        Ask::Elevations(keys) => Data::Elevations(to.racks(keys).await?),
        Ask::Stands(label) => {
            let exact = to.ask(Find(label.clone())).await?;
            let unit = match exact {
                // Serials are kept in upper case.
                None => to.ask(Find(label.to_uppercase().into())).await?,
                found => found,
            };
            Data::Stands(match unit {
                Some(unit) => Some((unit, to.ask(RackOf(unit)).await?)),
                None => None,
            })
        }
        Ask::Places(units, _) => {
            let request = Request { units, ..Request::default() };
            Data::Places(match client.placement(context, request).await? {
                Err(refusal) => Err(refusal),
                Ok(found) => {
                    let places = found.alternatives.iter().flat_map(|way| &way.places);
                    let names: BTreeSet<Text> = places.map(|c| c.place.name.clone()).take(PREVIEWS).collect();
                    let site = found.site.clone();
                    let racks = to.racks(names.into_iter().filter_map(|name| Some((site.clone()?, name)))).await?;
                    Ok((found, racks))
                }
            })
        }
        Ask::Work(query) => Data::Work(to.ask(query).await?),
        Ask::Orders(query) => Data::Orders(to.ask(query).await?),
        Ask::Order(id) => Data::Order(to.or_why_not(OneOrder(id)).await?.map(Box::new)),
        Ask::Stock(spec, site) => Data::Stock(to.ask(StockQuery { spec, site }).await?),
        Ask::Receiving(site) => Data::Receiving(to.ask(Dock(site)).await?),
    })
}

/// Why there is no answer, as a person reads it.
fn why(error: &AskError) -> Text {
    match error {
        AskError::Rpc(error) => sentence(error),
        other => other.to_string().into(),
    }
}

/// Commands, and sends the end as [`Event::Called`].
pub async fn command(lines: Lines, id: CallId, request: String, command: Command, events: Sender<Event>) {
    let client = lines.borrow().as_ref().map(|c| c.commands.clone());
    let end = match client {
        Some(client) => match answered(COMMAND, client.command(within(COMMAND), request, command)).await {
            Ok(Ok(receipt)) => CallEnd::Done(receipt),
            Ok(Err(refusal)) => CallEnd::Refused(refusal),
            Err(error) => CallEnd::Lost(sentence(&error)),
        },
        None => CallEnd::Lost("there is no connection".into()),
    };
    let _ = events.send(Event::Called(id, end)).await;
}
