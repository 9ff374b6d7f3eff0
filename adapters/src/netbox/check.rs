//! Whether a NetBox is ready for us: what an operator should know before the first server, point by point.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt as _;
use hyper::Method;
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::id::SiteId;
use rackhand_core::inventory::questions::{Finding, NetboxCheck, Standing};
use rackhand_core::text::Text;
use serde_json::Value;

use super::Token;
use super::client::{NetBox, object};
use super::device::DEVICES;
use super::inventory::CHANGES;
use super::manifest::SITES;
use super::permissions::{USES, Use, Verb};
use super::release::Release;
use super::setup::{CHOICE_SETS, CUSTOM_FIELDS, FIELDS, TENANTS};
use super::wire::{Choices, Id, Named, Options, Page, Status};

/// Beyond this a status write for each of a rack's servers is felt.
const SLOW: Duration = Duration::from_secs(2);
/// Objects with one slug.
const MOST: usize = 100;
/// Questions in flight at once: a check of a slow NetBox is not to take minutes, nor to make it slower.
const AT_ONCE: usize = 4;

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
    /// Permissions we lack, such as `add dcim.cable`.
    pub missing_permissions: Vec<Text>,
    /// Whether we may read the change log.
    pub reads_change_log: bool,
    /// The statuses we give that it lacks; `None` where the token may neither add nor change devices.
    pub missing_statuses: Option<Vec<Text>>,
    /// Custom fields it lacks.
    pub missing_fields: Vec<Text>,
    /// Stages that `lifecycle_state` does not offer.
    pub missing_choices: Vec<Text>,
    /// The staging tenant's slug.
    pub staging_tenant: Text,
    /// Whether it exists.
    pub has_staging_tenant: bool,
    /// Whether our site exists.
    pub has_site: bool,
    /// The site that was looked for.
    pub site: SiteId,
    /// How long the slowest answer took.
    pub latency: Duration,
}

/// What was found of one collection.
struct Looked {
    missing: Vec<Text>,
    statuses: Option<BTreeSet<Text>>,
    took: Duration,
}

impl NetBox {
    /// Looks at everything we need: version, token, permissions, statuses, custom fields, tenant and site. Changes
    /// nothing; some fifty small requests, a few at a time.
    pub async fn check(&self) -> Result<Readiness, Fault> {
        let policy = self.policy();
        let began = self.clock().now();
        let (status, _): (Status, _) = self.get("status/", &[]).await?;
        let mut latency = self.clock().now().since(began);
        let release: Option<Release> = status.version.parse().ok();
        let user = match release {
            Some(release) if release.has_v2_tokens() => self.user().await?,
            _ => None,
        };
        let (mut missing_permissions, mut statuses) = (Vec::new(), None);
        // Reading the change log has a point of its own: without it all goes on, dearer.
        let mut looks = Vec::with_capacity(USES.len());
        for used in USES {
            if used.path != CHANGES {
                looks.push(self.look_at(used));
            }
        }
        let mut looks = futures::stream::iter(looks).buffered(AT_ONCE);
        while let Some(looked) = looks.next().await {
            let Looked { missing, statuses: told, took } = looked?;
            missing_permissions.extend(missing);
            statuses = statuses.or(told);
            latency = latency.max(took);
        }
        let readable = |path: &str| {
            let model = USES.iter().find(|used| used.path == path).map_or("", |used| used.model);
            !missing_permissions.iter().any(|p: &Text| p.as_str() == format!("view {model}"))
        };
        let (mut missing_fields, mut missing_choices) = (Vec::new(), Vec::new());
        if readable(CUSTOM_FIELDS) {
            let present = self.our_fields().await?;
            let missing = |name: &&str| !present.iter().any(|f| f.name.as_str() == *name && f.is_on_devices());
            missing_fields = FIELDS.iter().map(|(name, _)| *name).filter(missing).map(Text::new).collect();
            let set = present.iter().find_map(|f| f.choice_set.as_ref()).filter(|_| readable(CHOICE_SETS));
            if let Some(set) = set {
                missing_choices = self.missing_stages(set.id).await?.1.iter().map(|s| Text::new(s.word())).collect();
            }
        }
        let lacks =
            |known: BTreeSet<Text>| policy.device_statuses().into_iter().filter(|s| !known.contains(s)).collect();
        let has_staging_tenant = self.has_slug(TENANTS, &policy.staging_tenant).await?;
        let has_site = self.has_slug(SITES, policy.site.as_str()).await?;
        Ok(Readiness {
            version: status.version,
            release,
            first_kind_of_token: self.has_first_kind_of_token(),
            user,
            missing_permissions,
            reads_change_log: self.latest_change().await?.is_some(),
            missing_statuses: statuses.map(lacks),
            missing_fields,
            missing_choices,
            staging_tenant: policy.staging_tenant.clone(),
            has_staging_tenant,
            has_site,
            site: policy.site.clone(),
            latency,
        })
    }

    /// What the token lacks of what we do in a collection.
    async fn look_at(&self, used: Use) -> Result<Looked, Fault> {
        let began = self.clock().now();
        let may_read = self.may_read(used.path).await?;
        let took = self.clock().now().since(began);
        let mut looked = Looked { missing: Vec::new(), statuses: None, took };
        let mut lacks = |verb: Verb| looked.missing.push(format!("{} {}", verb.word(), used.model).into());
        if !may_read {
            lacks(Verb::View);
        }
        if used.verbs.iter().any(|verb| matches!(verb, Verb::Add | Verb::Change)) {
            let options: Options = self.options(used.path).await?;
            let actions = options.actions.unwrap_or_default();
            for (verb, form) in [(Verb::Add, &actions.post), (Verb::Change, &actions.put)] {
                if used.verbs.contains(&verb) && form.is_none() {
                    lacks(verb);
                }
            }
            // Addresses and cables have statuses of their own.
            looked.statuses = actions.statuses().filter(|_| used.path == DEVICES);
        }
        if used.verbs.contains(&Verb::Delete) && !self.may_delete(used.path).await? {
            looked.missing.push(format!("{} {}", Verb::Delete.word(), used.model).into());
        }
        Ok(looked)
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

    /// Whether objects may be deleted, which `OPTIONS` does not tell: NetBox looks at the permission before it looks for
    /// the object, and none has the id 0.
    async fn may_delete(&self, collection: &str) -> Result<bool, Fault> {
        let nothing = self.call(Method::DELETE, &object(collection, 0), &[], None, None).await;
        match nothing {
            Err(fault) if fault.kind == Kind::Gone => Ok(true),
            other => allowed(other.map(drop)),
        }
    }

    /// Whether an object has this slug. What may not be read is not there as far as we can tell.
    async fn has_slug(&self, collection: &str, slug: &str) -> Result<bool, Fault> {
        match self.is_there(collection, slug).await {
            Err(fault) if fault.kind == Kind::Forbidden => Ok(false),
            other => other,
        }
    }

    /// Whether an object has this slug.
    pub(super) async fn is_there(&self, collection: &str, slug: &str) -> Result<bool, Fault> {
        let found: Vec<Named> = self.list(collection, &[("slug", slug), ("fields", "id,name,slug")], MOST).await?;
        if found.iter().any(|n| n.slug.as_deref() != Some(slug)) {
            return Err(Self::fault(Kind::Malformed, format!("{collection}: the filter by slug was ignored")));
        }
        Ok(!found.is_empty())
    }

    fn has_first_kind_of_token(&self) -> bool {
        matches!(self.settings().token, Token::V1(_))
    }
}

/// Whether a read was allowed.
fn allowed(read: Result<(), Fault>) -> Result<bool, Fault> {
    match read {
        Ok(()) => Ok(true),
        Err(fault) if fault.kind == Kind::Forbidden => Ok(false),
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
    /// The points an operator reads.
    pub fn findings(&self) -> NetboxCheck {
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
        let statuses = match &self.missing_statuses {
            None => (Standing::Unknown, "not told without the permission to change devices".to_owned()),
            Some(missing) if missing.is_empty() => (Standing::Good, "all that servers are given".to_owned()),
            Some(missing) => (Standing::ToDo, format!("missing: {}", join(missing))),
        };
        let lacking: Vec<Text> = match self.missing_choices.as_slice() {
            [] => self.missing_fields.clone(),
            choices => {
                let choices = format!("in {}: {}", super::device::LIFECYCLE, join(choices));
                self.missing_fields.iter().cloned().chain([choices.into()]).collect()
            }
        };
        let findings = vec![
            point(
                "answer",
                yes(!slow),
                if slow { format!("slow: up to {ms} ms") } else { format!("within {ms} ms") },
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
                "Grant the token's user these object permissions, and give the token write access.",
            ),
            point(
                "change log",
                yes(self.reads_change_log),
                both(self.reads_change_log, "readable", "not readable".to_owned()),
                "Grant `view` on core.objectchange; without it all of NetBox is read each time.",
            ),
            point(
                "statuses",
                statuses.0,
                statuses.1,
                "`rackhand netbox init` prints the lines for NetBox's configuration; or set stock_statuses or statuses under \
                 [netbox].",
            ),
            point(
                "custom fields",
                yes(lacking.is_empty()),
                both(lacking.is_empty(), "all", format!("missing: {}", join(&lacking))),
                "Run `rackhand netbox init`.",
            ),
            point(
                "staging tenant",
                yes(self.has_staging_tenant),
                both(self.has_staging_tenant, &self.staging_tenant, format!("no tenant {}", self.staging_tenant)),
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
