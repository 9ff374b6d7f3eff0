//! What NetBox shows to a command that rests on it: sites, models, tenants. Read when such a command comes; a site that was
//! read within the last minute is not read again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use rackhand_adapters::netbox::NetBox;
use rackhand_core::decide::Input;
use rackhand_core::decide::command::Command;
use rackhand_core::fault::Fault;
use rackhand_core::id::{Actor, SiteId};
use rackhand_core::order::OrderRequest;
use rackhand_core::order::candidate::Shown;
use rackhand_core::placement::room::Room;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use rackhand_core::world::World;

use crate::engine::Gates;
use crate::engine::perform::Ports;

/// How long what was read of a site is good enough for a proposal. Whatever changes in NetBox meanwhile is found when
/// the place is written.
const FRESH: Duration = Duration::from_mins(1);
/// How long a command waits for NetBox; then it is decided with what is unknown said as such. Consoles wait for 10 s.
const PATIENCE: Duration = Duration::from_secs(6);

/// Sites as last read. Ports of racks are added as they are asked for. Clones see the same.
#[derive(Clone, Default)]
pub struct Rooms(Arc<Mutex<BTreeMap<SiteId, Arc<Room>>>>);

impl Rooms {
    /// The site, read now unless it was within the last minute.
    pub async fn read(&self, netbox: &NetBox, site: &SiteId, now: Timestamp) -> Result<Arc<Room>, Fault> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(site).cloned();
        if let Some(room) = kept.filter(|room| now.since(room.read_at) < FRESH) {
            return Ok(room);
        }
        let room = Arc::new(netbox.room(site, now).await?);
        self.set(room.clone());
        Ok(room)
    }

    /// Keeps what was read.
    pub fn set(&self, room: Arc<Room>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(room.site.clone(), room);
    }
}

/// A command as it goes to the ledger, with what NetBox shows where it rests on that. Every door for orders takes it.
pub async fn informed(ports: &Ports, gates: &Gates, world: &World, actor: &Actor, command: Command) -> Input {
    let (tenant, order) = match &command {
        // The same again is the order that there is, wherever it would go now.
        Command::Order(request) if is_known(world, request) => return Input::Command(command),
        Command::Order(request) => (Some(&request.tenant), Some(request).filter(|r| r.site.is_any())),
        Command::AssignStock { order } => (world.orders.get(order).map(|order| &order.tenant), None),
        _ => return Input::Command(command),
    };
    let tenant = tenant.filter(|_| !matches!(actor, Actor::Tenant { .. }));
    let shown = show(ports, gates, tenant, order).await;
    Input::Informed(command, Arc::new(shown))
}

fn is_known(world: &World, request: &OrderRequest) -> bool {
    request.key.as_ref().is_some_and(|key| world.by_key(&request.tenant, &key.word).is_some())
}

async fn show(ports: &Ports, gates: &Gates, tenant: Option<&Text>, order: Option<&OrderRequest>) -> Shown {
    let away = gates.netbox.trouble().map(|trouble| Text::from(format!("NetBox does not answer {trouble}")));
    let models: BTreeSet<&Text> = order.iter().flat_map(|r| &r.lines).filter_map(|l| l.model.as_ref()).collect();
    let rooms = order.iter().flat_map(|_| ports.policy.sites()).map(|site| async {
        let room = match &away {
            Some(away) => Err(away.clone()),
            None => within(ports, ports.rooms.read(&ports.netbox, site, ports.clock.now())).await,
        };
        (site.clone(), room)
    });
    let models = models.into_iter().filter(|_| away.is_none()).map(|slug| async {
        let found = within(ports, ports.netbox.type_called(slug)).await.ok().flatten()?;
        Some((slug.clone(), found))
    });
    let names = async {
        let wanted = tenant.filter(|_| away.is_none())?;
        within(ports, ports.netbox.tenants(wanted)).await.ok()
    };
    let (rooms, models, tenants) = tokio::join!(join_all(rooms), join_all(models), names);
    Shown { rooms: rooms.into_iter().collect(), models: models.into_iter().flatten().collect(), tenants }
}

async fn within<T>(ports: &Ports, read: impl Future<Output = Result<T, Fault>>) -> Result<T, Text> {
    match ports.clock.timeout(PATIENCE, read).await {
        Some(read) => read.map_err(|fault| fault.to_string().into()),
        None => Err(format!("NetBox did not answer within {} s", PATIENCE.as_secs()).into()),
    }
}
