//! Asks and commands, each in a task of its own; what comes back is an event.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::try_join_all;
use rackhand_core::decide::command::Command;
use rackhand_core::placement::propose::Request;
use rackhand_core::text::Text;
use rackhand_rpc::ConsoleClient;
use tarpc::client::RpcError;
use tarpc::context::Context;
use tokio::sync::mpsc::Sender;

use super::sync::{Lines, sentence};
use super::{answered, within};
use crate::event::{Ask, CallEnd, CallId, Data, Event};

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
            answered(span, put(&client, ask, within(span))).await.map(Box::new).map_err(|e| sentence(&e))
        }
        None => Err(Text::new("there is no connection")),
    };
    let _ = events.send(Event::Arrived(id, answer)).await;
}

async fn put(client: &ConsoleClient, ask: Ask, context: Context) -> Result<Data, RpcError> {
    Ok(match ask {
        Ask::Overview => Data::Overview(client.overview(context).await?),
        Ask::Units(query) | Ask::Marks(query, _) => Data::Units(client.units(context, query).await?),
        Ask::Unit(id) => Data::Unit(client.unit(context, id).await?),
        Ask::Letters { offset, limit } => Data::Letters(client.dead_letters(context, offset, limit).await?),
        Ask::Journal(query) => Data::Journal(client.journal(context, query).await?),
        Ask::Find(label) => Data::Found(client.find(context, label.to_string()).await?),
        Ask::Verify => Data::Verified(client.verify(context).await?),
        Ask::Racks { site, filter, offset, limit } => {
            Data::Racks(client.racks(context, site, filter, offset, limit).await?)
        }
        Ask::Elevations(keys) => {
            let all = keys.into_iter().map(|(site, name)| client.rack(context, site, name));
            Data::Elevations(try_join_all(all).await?.into_iter().flatten().collect())
        }
        Ask::Stands(label) => {
            let exact = client.find(context, label.to_string()).await?;
            let unit = match exact {
                // Serials are kept in upper case.
                None => client.find(context, label.to_uppercase()).await?,
                found => found,
            };
            Data::Stands(match unit {
                Some(unit) => Some((unit, client.rack_of(context, unit).await?)),
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
                    let all = names.into_iter().filter_map(|name| Some(client.rack(context, site.clone()?, name)));
                    let racks = try_join_all(all).await?.into_iter().flatten().collect();
                    Ok((found, racks))
                }
            })
        }
        Ask::Work(query) => Data::Work(client.work(context, query).await?),
        Ask::Orders(query) => Data::Orders(client.orders(context, query).await?),
        Ask::Order(id) => Data::Order(client.order(context, id).await?.map(Box::new)),
        Ask::Stock(spec, site) => Data::Stock(client.stock(context, spec, site).await?),
        Ask::Receiving(site) => Data::Receiving(client.receiving(context, site).await?),
    })
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
