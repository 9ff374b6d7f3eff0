//! What NetBox must have for us, and making what it lacks. Statuses are server configuration: we say which lines.

use std::collections::BTreeSet;

use rackhand_core::fault::{Fault, Kind};
use rackhand_core::inventory::ObjectId;
use rackhand_core::inventory::questions::NetboxSetup;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::text::Text;
use serde_json::{Value, json};

use super::client::{NetBox, object};
use super::device::{DEVICES, LIFECYCLE};
use super::wire::{ChoiceSet, CustomField, Id, Named, Options};

/// The statuses the business has added, with label and colour.
const STATUSES: [(&str, &str, &str); 2] = [("discovered", "Discovered", "cyan"), ("ready", "Ready", "green")];
/// Our custom fields on devices, with their types.
pub(super) const FIELDS: [(&str, &str); 6] = [
    (LIFECYCLE, "select"),
    ("discovered_at", "datetime"),
    ("pxe_boot_initiated_at", "datetime"),
    ("hardened_at", "datetime"),
    ("last_monitored_at", "datetime"),
    ("last_power_watts", "integer"),
];
/// Those of them that tell when something happened.
pub(super) const STAMPS: [&str; 4] = ["discovered_at", "pxe_boot_initiated_at", "hardened_at", "last_monitored_at"];
pub(super) const CUSTOM_FIELDS: &str = "extras/custom-fields/";
pub(super) const CHOICE_SETS: &str = "extras/custom-field-choice-sets/";
pub(super) const TENANTS: &str = "tenancy/tenants/";
/// The choice set's name.
const CHOICES: &str = "Rackhand lifecycle stages";
const DEVICE: &str = "dcim.device";
const MOST: usize = 100;
/// Tenants at most.
const MOST_TENANTS: usize = 20_000;

impl NetBox {
    /// Makes the custom fields, their choices and the staging tenant where they are missing. Runs again without harm.
    pub async fn init(&self) -> Result<NetboxSetup, Fault> {
        let mut setup = NetboxSetup::default();
        let present = self.our_fields().await?;
        for (name, kind) in FIELDS {
            match present.iter().find(|f| f.name.as_str() == name) {
                Some(field) if &*field.kind.0 != kind => {
                    let what = format!("custom field {name} is of type {} and not {kind}", field.kind.0);
                    return Err(Self::fault(Kind::Conflict, what)
                        .advise("Rename or delete the field in NetBox, then run `netbox init` again."));
                }
                Some(field) => {
                    if !field.is_on_devices() {
                        let mut types = field.object_types.clone();
                        types.push(Text::new(DEVICE));
                        let body = json!({ "object_types": types });
                        self.patch::<Id>(&object(CUSTOM_FIELDS, field.id), &body).await?;
                        setup.created.push(format!("custom field {name} on devices").into());
                    }
                    if let Some(set) = &field.choice_set {
                        self.complete_choices(set.id, &mut setup).await?;
                    }
                }
                None => {
                    let mut body = json!({ "name": name, "type": kind, "object_types": [DEVICE] });
                    if kind == "select" {
                        body["choice_set"] = json!(self.choice_set(&mut setup).await?);
                    }
                    self.post::<Id>(CUSTOM_FIELDS, &body).await?;
                    setup.created.push(format!("custom field {name} ({kind})").into());
                }
            }
        }
        self.staging_tenant(&mut setup).await?;
        let options: Options = self.options(DEVICES).await?;
        if let Some(known) = options.actions.and_then(|a| a.statuses()) {
            let missing: Vec<Text> =
                self.policy().device_statuses().into_iter().filter(|word| !known.contains(word)).collect();
            if !missing.is_empty() {
                let row = |word: &Text| {
                    let known = STATUSES.iter().find(|(own, _, _)| *own == word.as_str());
                    let (name, colour) = known.map_or_else(|| (label(word), "gray"), |s| (s.1.to_owned(), s.2));
                    format!("['{word}', '{name}', '{colour}']")
                };
                let rows: Vec<String> = missing.iter().map(row).collect();
                let line = format!("FIELD_CHOICES = {{'dcim.Device.status+': [{}]}}", rows.join(", "));
                setup.to_configure.push(line.into());
            }
        }
        Ok(setup)
    }

    pub(super) async fn our_fields(&self) -> Result<Vec<CustomField>, Fault> {
        let mut query: Vec<(&str, &str)> = FIELDS.iter().map(|(name, _)| ("name", *name)).collect();
        query.push(("fields", "id,name,type,object_types,choice_set"));
        let found: Vec<CustomField> = self.list(CUSTOM_FIELDS, &query, MOST).await?;
        if found.iter().any(|f| !FIELDS.iter().any(|(name, _)| *name == f.name.as_str())) {
            return Err(Self::fault(Kind::Malformed, format!("{CUSTOM_FIELDS}: the filter by name was ignored")));
        }
        Ok(found)
    }

    /// The choice set with all stage words, made or completed.
    async fn choice_set(&self, setup: &mut NetboxSetup) -> Result<ObjectId, Fault> {
        let query = [("name", CHOICES), ("fields", ChoiceSet::FIELDS)];
        let found: Vec<ChoiceSet> = self.list(CHOICE_SETS, &query, MOST).await?;
        if found.iter().any(|s| s.name.as_str() != CHOICES) {
            return Err(Self::fault(Kind::Malformed, format!("{CHOICE_SETS}: the filter by name was ignored")));
        }
        if let Some(set) = found.into_iter().next() {
            self.complete_choices(set.id, setup).await?;
            return Ok(set.id);
        }
        let choices: Vec<Value> = Stage::ALL.iter().map(|s| json!([s.word(), label(s.word())])).collect();
        let body = json!({ "name": CHOICES, "extra_choices": choices });
        let made: Id = self.post(CHOICE_SETS, &body).await?;
        setup.created.push(format!("choice set {CHOICES}").into());
        Ok(made.id)
    }

    /// Adds the stages that a set of choices lacks; what else it offers stays.
    async fn complete_choices(&self, id: ObjectId, setup: &mut NetboxSetup) -> Result<(), Fault> {
        let (set, missing) = self.missing_stages(id).await?;
        if missing.is_empty() {
            return Ok(());
        }
        let there = set.extra_choices.iter().flatten().map(|(value, name)| json!([value, name]));
        let more = missing.iter().map(|s| json!([s.word(), label(s.word())]));
        let body = json!({ "extra_choices": there.chain(more).collect::<Vec<Value>>() });
        self.patch::<Id>(&object(CHOICE_SETS, id), &body).await?;
        let words: Vec<&str> = missing.iter().map(|s| s.word()).collect();
        setup.created.push(format!("in choice set {}: {}", set.name, words.join(", ")).into());
        Ok(())
    }

    /// A set of choices, and the stages it lacks.
    pub(super) async fn missing_stages(&self, id: ObjectId) -> Result<(ChoiceSet, Vec<Stage>), Fault> {
        let (set, _): (ChoiceSet, _) = self.get(&object(CHOICE_SETS, id), &[("fields", ChoiceSet::FIELDS)]).await?;
        let offers = |stage: Stage| set.extra_choices.iter().flatten().any(|(value, _)| value.as_str() == stage.word());
        let missing = Stage::ALL.iter().copied().filter(|stage| !offers(*stage)).collect();
        Ok((set, missing))
    }

    /// The slugs of tenants: this one alone where it is there, else all, for those that may have been meant.
    pub async fn tenants(&self, wanted: &Text) -> Result<BTreeSet<Text>, Fault> {
        if !wanted.is_empty() && self.is_there(TENANTS, wanted).await? {
            return Ok(BTreeSet::from([wanted.clone()]));
        }
        let found: Vec<Named> = self.list(TENANTS, &[("fields", "id,name,slug")], MOST_TENANTS).await?;
        Ok(found.into_iter().filter_map(|tenant| tenant.slug).collect())
    }

    async fn staging_tenant(&self, setup: &mut NetboxSetup) -> Result<(), Fault> {
        let slug = &self.policy().staging_tenant;
        if !self.is_there(TENANTS, slug).await? {
            let body = json!({ "name": slug, "slug": slug });
            self.post::<Id>(TENANTS, &body).await?;
            setup.created.push(format!("tenant {slug}").into());
        }
        Ok(())
    }
}

impl CustomField {
    pub(super) fn is_on_devices(&self) -> bool {
        self.object_types.iter().any(|t| t.as_str() == DEVICE)
    }
}

/// `powered_on` as `Powered on`.
fn label(word: &str) -> String {
    let text = word.replace(['_', '-'], " ");
    let mut letters = text.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}
