//! `own_role` and `[roles]`: which Unix user has which role.

use rackhand_core::id::Role;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;

use super::source::Parsed;

/// A role that can be given to a user.
pub(super) type Given = Parsed<Role>;

const ROLES: [Role; 5] = [Role::ReadOnly, Role::Technician, Role::Operator, Role::Approver, Role::Admin];

fn words() -> Vec<String> {
    ROLES.iter().map(Role::to_string).collect()
}

impl JsonSchema for Given {
    fn schema_name() -> Cow<'static, str> {
        "Role".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": words() })
    }
}

/// The role of the user the daemon runs as; `none` is a role only here.
pub(super) struct OwnRole(pub Option<Role>);

impl Default for OwnRole {
    fn default() -> Self {
        Self(Some(Role::Admin))
    }
}

impl<'de> Deserialize<'de> for OwnRole {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        if text == "none" {
            return Ok(Self(None));
        }
        text.parse().map(|role| Self(Some(role))).map_err(|e| D::Error::custom(format!("`{text}`: {e}, or none")))
    }
}

impl JsonSchema for OwnRole {
    fn schema_name() -> Cow<'static, str> {
        "OwnRole".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut words = words();
        words.push("none".to_owned());
        json_schema!({ "type": "string", "enum": words })
    }
}
