//! Whether a NetBox is ready for us: what an operator should know before the first server, point by point.

use std::collections::BTreeSet;
use std::time::Duration;

use rackhand_core::fault::{Fault, Kind};
use rackhand_core::id::SiteId;
use rackhand_core::text::Text;
use rackhand_core::view::netbox::{Finding, NetboxCheck, Standing};
use serde_json::Value;

use super::client::NetBox;
use super::release::Release;
use super::setup::{FIELDS, STATUSES};
use super::wire::{Choices, Id, Named, Options, Page, Status};
use super::{Token, setup};

const TENANTS: &str = "tenancy/tenants/";
const SITES: &str = "dcim/sites/";
/// Beyond this a status write for each of a rack's servers is felt.
const SLOW: Duration = Duration::from_secs(2);
/// Objects with one slug.
const MOST: usize = 100;

/// What we do in each collection. To read is part of all of them.
const NEEDS: [(&str, &[Need]); 9] = [
    ("dcim/devices/", &[Need::Change]),
    ("dcim/interfaces/", &[Need::Add, Need::Change]),
    ("dcim/mac-addresses/", &[Need::Add, Need::Change]),
    ("ipam/ip-addresses/", &[Need::Add, Need::Change]),
    ("dcim/cables/", &[Need::Add, Need::Change]),
    ("extras/journal-entries/", &[Need::Add]),
    ("extras/custom-fields/", &[Need::Add, Need::Change]),
    ("extras/custom-field-choice-sets/", &[Need::Add, Need::Change]),
    ("tenancy/tenants/", &[Need::Add]),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Add,
    Change,
}

/// What NetBox has of what we need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// NetBox's version.
    pub version: Text,
    /// Its minor release, where the version tells it.
    pub release: Option<Release>,
    /// Whether our token is of the first kind, which NetBox 5.0 will not take.
    pub first_kind_of_token: bool,
    /// Whom NetBox takes us for; `None` before 4.5, where it does not tell.
    pub user: Option<Text>,
    /// Permissions we lack, such as `add dcim/cables`.
    pub missing_permissions: Vec<Text>,
    /// Whether we may read the change log.
    pub reads_change_log: bool,
    /// The device statuses it knows; `None` where the token may neither add nor change devices.
    pub statuses: Option<BTreeSet<Text>>,
    /// Custom fields it lacks.
    pub missing_fields: Vec<Text>,
    /// Whether the staging tenant exists.
    pub has_staging_tenant: bool,
    /// Whether our site exists.
    pub has_site: bool,
    /// The site that was looked for.
    pub site: SiteId,
    /// How long a small answer took.
    pub latency: Duration,
}

impl NetBox {
    /// Looks at everything we need: version, token, permissions, statuses, custom fields, tenant and site. Changes
    /// nothing; some thirty small requests.
    pub async fn check(&self, site: &SiteId) -> Result<Readiness, Fault> {
        let began = self.clock().now();
        let (status, _): (Status, _) = self.get("status/", &[]).await?;
        let latency = self.clock().now().since(began);
        let release: Option<Release> = status.version.parse().ok();
        let user = match release {
            Some(release) if release.has_v2_tokens() => self.user().await?,
            _ => None,
        };
        let (mut missing_permissions, mut statuses) = (Vec::new(), None);
        for (collection, needs) in NEEDS {
            let name = collection.trim_end_matches('/');
            if !self.may_read(collection).await? {
                missing_permissions.push(format!("view {name}").into());
            }
            let options: Options = self.options(collection).await?;
            let actions = options.actions.unwrap_or_default();
            let has = |need: Need| if need == Need::Add { actions.post.is_some() } else { actions.put.is_some() };
            for (need, word) in [(Need::Add, "add"), (Need::Change, "change")] {
                if needs.contains(&need) && !has(need) {
                    missing_permissions.push(format!("{word} {name}").into());
                }
            }
            if collection == super::device::DEVICES {
                statuses = actions.statuses();
            }
        }
        let readable = |name: &str| !missing_permissions.iter().any(|p: &Text| p.as_str() == format!("view {name}"));
        let missing_fields = if readable("extras/custom-fields") { self.missing_fields().await? } else { Vec::new() };
        let has_staging_tenant = self.has_slug(TENANTS, setup::STAGING_TENANT).await?;
        let has_site = self.has_slug(SITES, site.as_str()).await?;
        Ok(Readiness {
            version: status.version,
            release,
            first_kind_of_token: self.has_first_kind_of_token(),
            user,
            missing_permissions,
            reads_change_log: self.latest_change().await?.is_some(),
            statuses,
            missing_fields,
            has_staging_tenant,
            has_site,
            site: site.clone(),
            latency,
        })
    }

    async fn user(&self) -> Result<Option<Text>, Fault> {
        let found: Result<(Value, _), Fault> = self.get("authentication-check/", &[]).await;
        match found {
            Ok((user, _)) => Ok(user.get("username").and_then(Value::as_str).map(Text::new)),
            // A token that is refused is a fault; a path that is not there is an older patch release.
            Err(fault) if fault.kind == Kind::Rejected => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    async fn may_read(&self, collection: &str) -> Result<bool, Fault> {
        let page: Result<(Page<Id>, _), Fault> = self.get(collection, &[("limit", "1"), ("fields", "id")]).await;
        allowed(page.map(drop))
    }

    /// Whether an object has this slug. What may not be read is not there as far as we can tell.
    async fn has_slug(&self, collection: &str, slug: &str) -> Result<bool, Fault> {
        let found: Result<Vec<Named>, Fault> =
            self.list(collection, &[("slug", slug), ("fields", "id,name,slug")], MOST).await;
        let found = match found {
            Err(fault) if fault.kind == Kind::Unauthorised => return Ok(false),
            other => other?,
        };
        if found.iter().any(|n| n.slug.as_deref() != Some(slug)) {
            return Err(Self::fault(Kind::Malformed, format!("{collection}: the filter by slug was ignored")));
        }
        Ok(!found.is_empty())
    }

    async fn missing_fields(&self) -> Result<Vec<Text>, Fault> {
        let present = self.our_fields().await?;
        let missing = |name: &&str| !present.iter().any(|f| f.name.as_str() == *name && f.is_on_devices());
        Ok(FIELDS.iter().map(|(name, _)| *name).filter(missing).map(Text::new).collect())
    }

    fn has_first_kind_of_token(&self) -> bool {
        matches!(self.settings().token, Token::V1(_))
    }
}

/// Whether a read was allowed.
fn allowed(read: Result<(), Fault>) -> Result<bool, Fault> {
    match read {
        Ok(()) => Ok(true),
        Err(fault) if fault.kind == Kind::Unauthorised => Ok(false),
        Err(fault) => Err(fault),
    }
}

impl super::wire::Actions {
    /// The statuses the form for a device offers.
    pub(super) fn statuses(&self) -> Option<BTreeSet<Text>> {
        let form = self.post.as_ref().or(self.put.as_ref())?;
        let choices: Choices = serde_json::from_value(form.get("status")?.clone()).ok()?;
        Some(choices.choices.into_iter().map(|c| c.value).collect())
    }
}

impl Readiness {
    /// Whether the statuses `discovered` and `ready` exist; `None` where that is unknown.
    pub fn has_own_statuses(&self) -> Option<bool> {
        let known = self.statuses.as_ref()?;
        Some(STATUSES.iter().all(|(word, _, _)| known.iter().any(|k| k.as_str() == *word)))
    }

    /// The points an operator reads. `own_statuses` is what the daemon is configured to.
    pub fn findings(&self, own_statuses: bool) -> NetboxCheck {
        let ms = self.latency.as_millis();
        let slow = self.latency > SLOW;
        let kind = if self.first_kind_of_token { "a v1 token" } else { "a v2 token" };
        let user =
            self.user.as_ref().map_or_else(|| format!("{kind}, valid"), |user| format!("{kind}, valid, of {user}"));
        let ends = self.first_kind_of_token && self.release.is_some_and(Release::has_v2_tokens);
        let user = if ends { format!("{user}; NetBox 5.0 will take v2 tokens only") } else { user };
        let supported = self.release.map(Release::is_supported);
        let range = format!("{}..{}", Release::OLDEST, Release::NEWEST);
        let join = |list: &[Text]| list.iter().map(Text::as_str).collect::<Vec<_>>().join(", ");
        let yes = |yes: bool| if yes { Standing::Good } else { Standing::ToDo };
        let point = |point: &str, standing, found: String, todo: &str| Finding {
            point: point.into(),
            standing,
            found: found.into(),
            todo: if standing == Standing::Good { "".into() } else { todo.into() },
        };
        let both = |good: bool, a: &str, b: String| if good { a.to_owned() } else { b };
        let statuses = match self.has_own_statuses() {
            None => (Standing::Unknown, "not told without the permission to change devices".to_owned()),
            Some(has) if has == own_statuses => (Standing::Good, format!("as configured (own statuses: {has})")),
            Some(true) => (Standing::Good, "NetBox has discovered and ready, which the daemon does not use".to_owned()),
            Some(false) => (Standing::ToDo, "NetBox lacks discovered or ready".to_owned()),
        };
        let findings = vec![
            point(
                "answer",
                yes(!slow),
                format!("{ms} ms"),
                "NetBox is slow: give it more workers or look at its database.",
            ),
            point(
                "version",
                supported.map_or(Standing::Unknown, yes),
                format!("{} ({range} are supported)", self.version),
                "Use a supported release; what another one does differently is not known.",
            ),
            point("token", Standing::Good, user, ""),
            point(
                "permissions",
                yes(self.missing_permissions.is_empty()),
                both(
                    self.missing_permissions.is_empty(),
                    "all",
                    format!("missing: {}", join(&self.missing_permissions)),
                ),
                "Give the token's user these object permissions, and the token write access.",
            ),
            point(
                "change log",
                yes(self.reads_change_log),
                both(self.reads_change_log, "readable", "not readable".to_owned()),
                "Give the permission to view core/object-changes; without it all of NetBox is read each time.",
            ),
            point(
                "statuses",
                statuses.0,
                statuses.1,
                "`rackhand netbox init` prints the lines for NetBox's configuration; or set stock_statuses = true.",
            ),
            point(
                "custom fields",
                yes(self.missing_fields.is_empty()),
                both(self.missing_fields.is_empty(), "all", format!("missing: {}", join(&self.missing_fields))),
                "Run `rackhand netbox init`.",
            ),
            point(
                "staging tenant",
                yes(self.has_staging_tenant),
                both(self.has_staging_tenant, setup::STAGING_TENANT, format!("no tenant {}", setup::STAGING_TENANT)),
                "Run `rackhand netbox init`.",
            ),
            point(
                "site",
                yes(self.has_site),
                both(self.has_site, self.site.as_str(), format!("no site {}", self.site)),
                "Make the site in NetBox with this slug, or correct `site` in the daemon's configuration.",
            ),
        ];
        NetboxCheck { findings }
    }
}

/// The check of a NetBox that could not be asked.
pub fn unreachable(fault: &Fault) -> NetboxCheck {
    let finding = Finding {
        point: if fault.kind == Kind::Unauthorised { "token".into() } else { "answer".into() },
        standing: Standing::ToDo,
        found: fault.what.clone(),
        todo: if fault.advice.is_empty() {
            "Check that NetBox runs and that address, port and certificate are as configured.".into()
        } else {
            fault.advice.clone()
        },
    };
    NetboxCheck { findings: vec![finding] }
}
