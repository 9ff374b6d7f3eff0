//! The configuration's JSON schema, from the types that read it.

use serde_json::Value;

use super::Raw;

/// The schema (JSON Schema 2020-12), for editors and for tools that write configurations.
pub fn schema() -> Value {
    schemars::schema_for!(Raw).to_value()
}
