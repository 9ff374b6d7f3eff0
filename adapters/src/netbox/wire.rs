//! NetBox's JSON as types: the properties we read and no others. A property that is missing is an error, one that is
//! null is `None`.

use ipnet::IpNet;
use rackhand_core::inventory::ObjectId;
use rackhand_core::mac::Mac;
use rackhand_core::text::Text;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// An object in a list.
pub(super) trait Numbered {
    /// Its id.
    fn id(&self) -> ObjectId;
}

macro_rules! numbered {
    ($($name:ident),*) => { $(impl Numbered for $name { fn id(&self) -> ObjectId { self.id } })* };
}

numbered!(Id, MacAddress, Interface, IpAddress, Prefix, Cable, JournalEntry, CustomField, ChoiceSet, Named);
numbered!(DeviceCard, DeviceStatus, DeviceRow, InterfaceRow, ObjectChange);

/// One page of a list.
#[derive(Deserialize)]
pub(super) struct Page<T> {
    /// Not told where a cursor is used.
    #[serde(deserialize_with = "nullable")]
    pub count: Option<u64>,
    /// Whether there is more. Where it points to is made from the Host header and may be wrong.
    #[serde(default)]
    pub next: Option<Text>,
    pub results: Vec<T>,
}

/// Any object, by id alone.
#[derive(Deserialize)]
pub(super) struct Id {
    pub id: ObjectId,
}

/// A device, tenant or site as other objects mention it.
#[derive(Deserialize)]
pub(super) struct Named {
    pub id: ObjectId,
    #[serde(deserialize_with = "nullable")]
    pub name: Option<Text>,
    #[serde(default)]
    pub slug: Option<Text>,
    #[serde(default)]
    pub site: Option<Id>,
}

/// A device as the lookup reads it.
#[derive(Clone, Deserialize)]
pub(super) struct DeviceCard {
    pub id: ObjectId,
    #[serde(deserialize_with = "nullable")]
    pub name: Option<Text>,
    pub serial: Text,
    pub device_type: DeviceType,
    pub site: Slug,
    #[serde(deserialize_with = "nullable")]
    pub rack: Option<Rack>,
    #[serde(deserialize_with = "nullable")]
    pub position: Option<f64>,
    pub status: Choice,
    pub custom_fields: Map<String, Value>,
    #[serde(deserialize_with = "nullable")]
    pub tenant: Option<Slug>,
    #[serde(deserialize_with = "nullable")]
    pub oob_ip: Option<OobIp>,
}

impl DeviceCard {
    pub const FIELDS: &str = "id,name,serial,device_type,site,rack,position,status,custom_fields,tenant,oob_ip";
}

/// A device as the status writer reads it.
#[derive(Deserialize)]
pub(super) struct DeviceStatus {
    pub id: ObjectId,
    pub site: Slug,
    pub status: Choice,
    pub custom_fields: Map<String, Value>,
    #[serde(deserialize_with = "nullable")]
    pub tenant: Option<Slug>,
    #[serde(default)]
    pub last_updated: Option<Text>,
}

impl DeviceStatus {
    pub const FIELDS: &str = "id,site,status,custom_fields,tenant";
    /// For a list, which has no ETags: they can be made from the last change.
    pub const FIELDS_IN_BULK: &str = "id,site,status,custom_fields,tenant,last_updated";
}

/// A device as the full read takes it.
#[derive(Deserialize)]
pub(super) struct DeviceRow {
    pub id: ObjectId,
    #[serde(deserialize_with = "nullable")]
    pub name: Option<Text>,
    pub serial: Text,
    pub device_type: DeviceType,
    pub site: Slug,
    #[serde(deserialize_with = "nullable")]
    pub rack: Option<Rack>,
    #[serde(deserialize_with = "nullable")]
    pub position: Option<f64>,
    #[serde(deserialize_with = "nullable")]
    pub face: Option<Choice>,
    pub status: Choice,
    pub custom_fields: Map<String, Value>,
    #[serde(deserialize_with = "nullable")]
    pub tenant: Option<Slug>,
    #[serde(deserialize_with = "nullable")]
    pub oob_ip: Option<OobIp>,
}

impl DeviceRow {
    pub const FIELDS: &str = "id,name,serial,device_type,site,rack,position,face,status,custom_fields,tenant,oob_ip";
}

/// An interface as the full read takes it.
#[derive(Deserialize)]
pub(super) struct InterfaceRow {
    pub id: ObjectId,
    pub device: Named,
    pub name: Text,
    pub mgmt_only: bool,
    #[serde(deserialize_with = "nullable")]
    pub primary_mac_address: Option<MacRef>,
    pub mac_addresses: Vec<MacRef>,
}

impl InterfaceRow {
    pub const FIELDS: &str = "id,device,name,mgmt_only,primary_mac_address,mac_addresses";
}

/// A row of the change log.
#[derive(Deserialize)]
pub(super) struct ObjectChange {
    pub id: ObjectId,
    pub time: Text,
    pub changed_object_type: Text,
    pub changed_object_id: ObjectId,
    #[serde(default)]
    pub prechange_data: Value,
    #[serde(default)]
    pub postchange_data: Value,
}

impl ObjectChange {
    pub const FIELDS: &str = "id,time,changed_object_type,changed_object_id,prechange_data,postchange_data";
}

/// A device and where it is.
#[derive(Deserialize)]
pub(super) struct Sited {
    pub id: ObjectId,
    pub site: Slug,
}

impl Sited {
    pub const FIELDS: &str = "id,site";
}

/// A device's out-of-band address.
#[derive(Deserialize)]
pub(super) struct DeviceOob {
    pub id: ObjectId,
    pub site: Slug,
    #[serde(deserialize_with = "nullable")]
    pub oob_ip: Option<OobIp>,
}

impl DeviceOob {
    pub const FIELDS: &str = "id,site,oob_ip";
}

/// A device type.
#[derive(Clone, Deserialize)]
pub(super) struct DeviceType {
    pub model: Text,
}

/// Something with a slug.
#[derive(Clone, Deserialize)]
pub(super) struct Slug {
    pub slug: Text,
}

/// A rack.
#[derive(Clone, Deserialize)]
pub(super) struct Rack {
    pub name: Text,
}

/// An address as a device mentions it.
#[derive(Clone, Deserialize)]
pub(super) struct OobIp {
    pub id: ObjectId,
    pub address: IpNet,
}

/// An object that a MAC or IP is assigned to: an interface of a device, or of a virtual machine.
#[derive(Deserialize)]
pub(super) struct Holder {
    pub id: ObjectId,
    #[serde(default)]
    pub name: Option<Text>,
    #[serde(default)]
    pub device: Option<Named>,
}

impl Holder {
    /// `srv1 iLO`, as well as it can be told.
    pub fn describe(&self) -> String {
        let device = self.device.as_ref().and_then(|d| d.name.as_deref()).unwrap_or("an unnamed device");
        format!("{device} {}", self.name.as_deref().unwrap_or("?"))
    }
}

/// A MAC address object.
#[derive(Deserialize)]
pub(super) struct MacAddress {
    pub id: ObjectId,
    #[serde(rename = "mac_address")]
    pub mac: Mac,
    #[serde(deserialize_with = "nullable")]
    pub assigned_object_type: Option<Text>,
    #[serde(deserialize_with = "nullable")]
    pub assigned_object: Option<Holder>,
}

impl MacAddress {
    pub const FIELDS: &str = "id,mac_address,assigned_object_type,assigned_object";

    /// The interface of a device that has it.
    pub fn interface(&self) -> Option<&Holder> {
        self.assigned_object.as_ref().filter(|_| self.assigned_object_type.as_deref() == Some(INTERFACE))
    }
}

/// NetBox's name of a device's interface as a type.
pub(super) const INTERFACE: &str = "dcim.interface";

/// A MAC as an interface mentions it.
#[derive(Deserialize)]
pub(super) struct MacRef {
    pub id: ObjectId,
    pub mac_address: Mac,
}

/// A cable as an interface mentions it.
pub(super) type CableRef = Id;

/// An interface.
#[derive(Deserialize)]
pub(super) struct Interface {
    pub id: ObjectId,
    pub device: Named,
    pub name: Text,
    pub mgmt_only: bool,
    #[serde(deserialize_with = "nullable")]
    pub primary_mac_address: Option<MacRef>,
    pub mac_addresses: Vec<MacRef>,
    pub mark_connected: bool,
    #[serde(deserialize_with = "nullable")]
    pub cable: Option<CableRef>,
    pub link_peers: Vec<Holder>,
    #[serde(deserialize_with = "nullable")]
    pub link_peers_type: Option<Text>,
    #[serde(deserialize_with = "nullable")]
    pub connected_endpoints: Option<Vec<Holder>>,
    #[serde(deserialize_with = "nullable")]
    pub connected_endpoints_type: Option<Text>,
    /// Whether every cable of the path is connected.
    #[serde(default)]
    pub connected_endpoints_reachable: Option<bool>,
}

impl Interface {
    pub const FIELDS: &str = "id,device,name,mgmt_only,primary_mac_address,mac_addresses,mark_connected,cable,\
                              link_peers,link_peers_type,connected_endpoints,connected_endpoints_type,\
                              connected_endpoints_reachable";
}

/// An IP address object.
#[derive(Deserialize)]
pub(super) struct IpAddress {
    pub id: ObjectId,
    pub address: IpNet,
    #[serde(deserialize_with = "nullable")]
    pub vrf: Option<Id>,
    pub status: Choice,
    #[serde(deserialize_with = "nullable")]
    pub assigned_object_type: Option<Text>,
    #[serde(deserialize_with = "nullable")]
    pub assigned_object: Option<Holder>,
}

impl IpAddress {
    pub const FIELDS: &str = "id,address,vrf,status,assigned_object_type,assigned_object";

    /// Whether it is assigned to this interface of a device.
    pub fn is_on(&self, interface: ObjectId) -> bool {
        self.assigned_object_type.as_deref() == Some(INTERFACE)
            && self.assigned_object.as_ref().is_some_and(|o| o.id == interface)
    }
}

/// A prefix.
#[derive(Deserialize)]
pub(super) struct Prefix {
    pub id: ObjectId,
    #[serde(rename = "prefix")]
    pub net: IpNet,
    #[serde(deserialize_with = "nullable")]
    pub vrf: Option<Id>,
}

/// A cable's id and status.
#[derive(Deserialize)]
pub(super) struct Cable {
    pub id: ObjectId,
    pub status: Choice,
}

impl Cable {
    pub const FIELDS: &str = "id,status";
}

/// A journal entry.
#[derive(Deserialize)]
pub(super) struct JournalEntry {
    pub id: ObjectId,
    pub assigned_object_type: Text,
    pub assigned_object_id: ObjectId,
    /// Not [`Text`]: that keeps the beginning, and our key stands at the end.
    pub comments: String,
}

impl JournalEntry {
    pub const FIELDS: &str = "id,assigned_object_type,assigned_object_id,comments";
}

/// A custom field.
#[derive(Deserialize)]
pub(super) struct CustomField {
    pub id: ObjectId,
    pub name: Text,
    #[serde(rename = "type")]
    pub kind: Choice,
    pub object_types: Vec<Text>,
    /// Of a field that offers choices.
    #[serde(default)]
    pub choice_set: Option<Id>,
}

impl ChoiceSet {
    pub const FIELDS: &str = "id,name,extra_choices";
}

/// A set of choices.
#[derive(Deserialize)]
pub(super) struct ChoiceSet {
    pub id: ObjectId,
    pub name: Text,
    /// Value and label; null where it has only what NetBox brings along.
    #[serde(deserialize_with = "nullable")]
    pub extra_choices: Option<Vec<(Text, Text)>>,
}

/// `status/`.
#[derive(Deserialize)]
pub(super) struct Status {
    #[serde(rename = "netbox-version")]
    pub version: Text,
}

/// What `OPTIONS` of a collection answers. Without permission to add or change there are no actions.
#[derive(Deserialize)]
pub(super) struct Options {
    /// What all such answers have, so that nothing else is taken for one.
    #[serde(rename = "renders")]
    _renders: Vec<Text>,
    #[serde(default)]
    pub actions: Option<Actions>,
}

/// What may be done: each with the form for it.
#[derive(Default, Deserialize)]
pub(super) struct Actions {
    /// There with the permission to add.
    #[serde(rename = "POST", default)]
    pub post: Option<Value>,
    /// There with the permission to change.
    #[serde(rename = "PUT", default)]
    pub put: Option<Value>,
}

/// See [`Options`].
#[derive(Deserialize)]
pub(super) struct Choices {
    pub choices: Vec<Labelled>,
}

/// A choice with its label.
#[derive(Deserialize)]
pub(super) struct Labelled {
    pub value: Text,
}

/// The value of a choice: `{"value", "label"}`, or bare, as custom fields are before 4.7.
#[derive(Clone)]
pub(super) struct Choice(pub Text);

impl<'de> Deserialize<'de> for Choice {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Bare(Text),
            Labelled(Labelled),
        }
        Ok(match Form::deserialize(d)? {
            Form::Bare(value) | Form::Labelled(Labelled { value }) => Self(value),
        })
    }
}

/// A property that may be null but has to be there.
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(d)
}
