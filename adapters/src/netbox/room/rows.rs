//! NetBox's rows as placement reads them.

use rackhand_core::inventory::ObjectId;
use rackhand_core::text::Text;
use serde::Deserialize;

use super::super::racks::Halves;
use super::super::wire::{Choice, Id, Named, Numbered, Slug};

#[derive(Deserialize)]
pub(super) struct RackRow {
    pub id: ObjectId,
    pub name: Text,
    pub site: Slug,
    pub location: Option<Named>,
    pub u_height: Halves,
    pub starting_unit: Halves,
    pub desc_units: bool,
    pub max_weight: Option<f64>,
    pub weight_unit: Option<Choice>,
}

#[derive(Deserialize)]
pub(super) struct DeviceRow {
    pub id: ObjectId,
    pub name: Option<Text>,
    pub serial: Text,
    pub site: Slug,
    pub rack: Option<Id>,
    pub position: Option<Halves>,
    pub face: Option<Choice>,
    pub device_type: Id,
    pub tenant: Option<Slug>,
}

#[derive(Deserialize)]
pub(super) struct TypeRow {
    pub id: ObjectId,
    pub model: Text,
    pub slug: Text,
    pub u_height: Halves,
    pub is_full_depth: bool,
    pub weight: Option<f64>,
    pub weight_unit: Option<Choice>,
}

#[derive(Deserialize)]
pub(super) struct FeedRow {
    pub id: ObjectId,
    pub name: Text,
    pub rack: Option<Id>,
    pub status: Choice,
    #[serde(rename = "type")]
    pub kind: Choice,
    pub phase: Choice,
    pub voltage: f64,
    pub amperage: f64,
    pub max_utilization: f64,
    pub connected_endpoints: Option<Vec<Endpoint>>,
}

#[derive(Deserialize)]
pub(super) struct Endpoint {
    #[serde(default)]
    pub device: Option<Id>,
}

#[derive(Deserialize)]
pub(super) struct ReservationRow {
    pub id: ObjectId,
    pub rack: Id,
    pub units: Vec<Halves>,
}

#[derive(Deserialize)]
pub(super) struct InletRow {
    pub id: ObjectId,
    pub device: Id,
    pub name: Text,
    pub maximum_draw: Option<u32>,
    pub allocated_draw: Option<u32>,
    pub mark_connected: bool,
    pub cable: Option<Id>,
}

#[derive(Deserialize)]
pub(super) struct OutletRow {
    pub id: ObjectId,
    pub device: Named,
    pub name: Text,
    pub mark_connected: bool,
    pub cable: Option<Id>,
}

#[derive(Deserialize)]
pub(super) struct PortRow {
    pub id: ObjectId,
    pub device: Named,
    pub name: Text,
    #[serde(rename = "type")]
    pub kind: Choice,
    pub mgmt_only: bool,
    pub mark_connected: bool,
    pub cable: Option<Id>,
}

#[derive(Deserialize)]
pub(super) struct PortTemplate {
    pub id: ObjectId,
    pub device_type: Id,
    pub name: Text,
    #[serde(rename = "type")]
    pub kind: Choice,
    pub mgmt_only: bool,
}

#[derive(Deserialize)]
pub(super) struct InletTemplate {
    pub id: ObjectId,
    pub device_type: Id,
    pub name: Text,
    pub maximum_draw: Option<u32>,
    pub allocated_draw: Option<u32>,
}

macro_rules! numbered {
    ($($name:ident: $fields:literal),*) => { $(
        impl Numbered for $name { fn id(&self) -> ObjectId { self.id } }
        impl $name { pub const FIELDS: &str = $fields; }
    )* };
}

numbered! {
    RackRow: "id,name,site,location,u_height,starting_unit,desc_units,max_weight,weight_unit",
    DeviceRow: "id,name,serial,site,rack,position,face,device_type,tenant",
    TypeRow: "id,model,slug,u_height,is_full_depth,weight,weight_unit",
    FeedRow: "id,name,rack,status,type,phase,voltage,amperage,max_utilization,connected_endpoints",
    ReservationRow: "id,rack,units",
    InletRow: "id,device,name,maximum_draw,allocated_draw,mark_connected,cable",
    OutletRow: "id,device,name,mark_connected,cable",
    PortRow: "id,device,name,type,mgmt_only,mark_connected,cable",
    PortTemplate: "id,device_type,name,type,mgmt_only",
    InletTemplate: "id,device_type,name,maximum_draw,allocated_draw"
}
