//! The collections: what each can do, and which functions do it.

use rackhand_core::time::Timestamp;
use serde_json::Value;

use super::object::{Problem, Stamps};
use super::query::{Query, Want};
use super::state::State;
use super::{address, cable, changelog, customisation, device, intake, interface, journal, power, rack};

/// What a collection can do.
pub(super) struct Resource {
    pub path: &'static str,
    /// As Django calls it in errors.
    pub model: &'static str,
    pub matching: fn(&State, &Query) -> Result<Vec<u64>, Problem>,
    pub show: fn(&State, u64, &Want) -> Value,
    pub stamps: fn(&State, u64) -> Option<Stamps>,
    /// Validation and writing, of a new object where the id is `None`.
    pub write: Option<Write>,
    pub together: fn(&[Value]) -> Result<(), Problem>,
    pub delete: Option<fn(&mut State, u64)>,
}

#[derive(Clone, Copy)]
pub(super) struct Write {
    pub check: fn(&State, Option<u64>, &Value) -> Result<(), Problem>,
    pub save: fn(&mut State, Option<u64>, &Value, Timestamp) -> u64,
}

macro_rules! stamps {
    ($table:ident) => {
        |state, id| state.$table.get(&id).map(|o| o.stamps)
    };
}

/// The collection at this path.
pub(super) fn resource(path: &str) -> Option<Resource> {
    let any = |_: &[Value]| Ok(());
    macro_rules! of {
        ($path:expr, $model:literal, $table:ident, $module:path, delete $delete:expr) => {{
            use $module as m;
            Resource {
                path: $path,
                model: $model,
                matching: m::matching,
                show: m::show,
                stamps: stamps!($table),
                write: Some(Write { check: m::check, save: m::save }),
                together: any,
                delete: $delete,
            }
        }};
    }
    macro_rules! read {
        ($path:expr, $model:literal, $table:ident, $module:path) => {{
            use $module as m;
            Resource {
                path: $path,
                model: $model,
                matching: m::matching,
                show: m::show,
                stamps: stamps!($table),
                write: None,
                together: any,
                delete: None,
            }
        }};
    }
    Some(match path {
        device::PATH => of!(device::PATH, "Device", devices, device, delete None),
        interface::PATH => of!(interface::PATH, "Interface", interfaces, interface, delete None),
        interface::MACS => {
            of!(interface::MACS, "MACAddress", macs, interface::macs, delete Some(interface::macs::delete))
        }
        address::PATH => of!(address::PATH, "IPAddress", ips, address, delete Some(address::delete)),
        address::PREFIXES => of!(address::PREFIXES, "Prefix", prefixes, address::prefixes, delete None),
        cable::PATH => {
            let base = of!(cable::PATH, "Cable", cables, cable, delete Some(cable::delete));
            Resource { together: cable::check_together, ..base }
        }
        journal::PATH => of!(journal::PATH, "JournalEntry", entries, journal, delete None),
        customisation::FIELDS => of!(customisation::FIELDS, "CustomField", fields, customisation::fields, delete None),
        customisation::SETS => {
            of!(customisation::SETS, "CustomFieldChoiceSet", choice_sets, customisation::sets, delete None)
        }
        "tenancy/tenants" => Resource {
            path: "tenancy/tenants",
            model: "Tenant",
            matching: |s, q| device::named::matching(s, "tenancy/tenants", q),
            show: |s, id, w| device::named::show(s, "tenancy/tenants", id, w),
            stamps: stamps!(tenants),
            write: Some(Write { check: device::named::check_tenant, save: device::named::save_tenant }),
            together: any,
            delete: None,
        },
        intake::TYPES => Resource {
            path: intake::TYPES,
            model: "DeviceType",
            matching: |s, q| intake::matching(&s.types, q),
            show: intake::show_type,
            stamps: stamps!(types),
            write: None,
            together: any,
            delete: None,
        },
        intake::ROLES => Resource {
            path: intake::ROLES,
            model: "DeviceRole",
            matching: |s, q| intake::matching(&s.roles, q),
            show: |s, id, w| intake::show(&s.roles, intake::ROLES, id, w),
            stamps: stamps!(roles),
            write: None,
            together: any,
            delete: None,
        },
        intake::TEMPLATES => Resource {
            path: intake::TEMPLATES,
            model: "InterfaceTemplate",
            matching: intake::templates::matching,
            show: intake::templates::show,
            stamps: |state, id| {
                let of = state.templates.get(&id)?.device_type;
                state.types.get(&of).map(|t| t.stamps)
            },
            write: None,
            together: any,
            delete: None,
        },
        "dcim/sites" => Resource {
            path: "dcim/sites",
            model: "Site",
            matching: |s, q| device::named::matching(s, "dcim/sites", q),
            show: |s, id, w| device::named::show(s, "dcim/sites", id, w),
            stamps: stamps!(sites),
            write: None,
            together: any,
            delete: None,
        },
        rack::PATH => Resource {
            path: rack::PATH,
            model: "Rack",
            matching: rack::matching,
            show: rack::show,
            stamps: stamps!(racks),
            write: None,
            together: any,
            delete: None,
        },
        power::INLETS => read!(power::INLETS, "PowerPort", inlets, power::inlets),
        power::OUTLETS => read!(power::OUTLETS, "PowerOutlet", outlets, power::outlets),
        power::FEEDS => read!(power::FEEDS, "PowerFeed", feeds, power::feeds),
        power::TEMPLATES => read!(power::TEMPLATES, "PowerPortTemplate", inlet_templates, power::templates),
        power::RESERVATIONS => read!(power::RESERVATIONS, "RackReservation", reserved, power::reservations),
        changelog::PATH => Resource {
            path: changelog::PATH,
            model: "ObjectChange",
            matching: changelog::matching,
            show: changelog::show,
            stamps: stamps!(changes),
            write: None,
            together: any,
            delete: None,
        },
        _ => return None,
    })
}
