//! `[purchase]`: the money rules, and where servers and bills go.

use std::collections::BTreeMap;
use std::time::Duration;

use rackhand_core::id::SiteId;
use rackhand_core::policy::Planned;
use rackhand_core::purchase::money::{self, Currency, Money, Rates};
use rackhand_core::purchase::paper::Destination;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::source::{ConfigError, Source};

/// Lines of an address at most.
const LINES: usize = 8;
/// Letters of such a line at most.
const LETTERS: usize = 80;
/// Days that can be meant: ten years.
const DAYS: u32 = 3_650;
/// Hours that can be meant: a quarter of a year.
const HOURS: u64 = 24 * 92;

/// The rules for buying. Without this section nothing is bought.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Purchase")]
pub(super) struct RawPurchase {
    /// The currency all offers are compared in.
    #[schemars(with = "String", regex(pattern = "^[A-Z]{3}$"))]
    base: Spanned<String>,
    /// Offers below this amount are approved by rule. Without it a person approves each.
    #[schemars(with = "Option<String>")]
    auto_below: Option<Spanned<String>>,
    /// Offers above this amount take two persons. Without it one is enough.
    #[schemars(with = "Option<String>")]
    two_above: Option<Spanned<String>>,
    /// What one unit of each other currency is in the base currency, and the `date` that is of. An offer in another
    /// currency is not compared.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    rates: BTreeMap<Spanned<String>, Spanned<String>>,
    /// Hours until a vendor that has not answered is reminded. Default: 24.
    #[schemars(with = "Option<u64>", range(min = 1, max = 2208))]
    chase_after: Option<Spanned<u64>>,
    /// Hours a server in stock is held for an order that is not approved. Default: 72.
    #[schemars(with = "Option<u64>", range(min = 1, max = 2208))]
    reserve_for: Option<Spanned<u64>>,
    /// What a kilowatt hour costs in the base currency. Without it offers are compared without their energy.
    #[schemars(with = "Option<String>")]
    energy_price_kwh: Option<Spanned<String>>,
    /// What it is worth to have one server a day earlier, in the base currency: lead times, and how late a vendor has been,
    /// weigh by it when offers are compared. Without it they are shown and weigh nothing.
    #[schemars(with = "Option<String>")]
    day_worth: Option<Spanned<String>>,
    /// What a month more of warranty is worth for one server, in the base currency. Without it warranty weighs nothing.
    #[schemars(with = "Option<String>")]
    warranty_month_worth: Option<Spanned<String>>,
    /// How many days late a vendor is taken to be from whom nothing was ordered yet. Default: 14.
    #[schemars(with = "Option<u64>", range(max = 3650))]
    untried_days: Option<Spanned<u64>>,
    /// How many days an offer is taken to need that names no lead time. Default: 180.
    #[schemars(with = "Option<u64>", range(max = 3650))]
    unknown_lead_days: Option<Spanned<u64>>,
    /// The role that bought servers get in NetBox (slug), where their devices are to be made there: that takes an order
    /// that names the model. Without it somebody makes them.
    #[schemars(with = "Option<String>", regex(pattern = "^[a-z0-9_-]{1,100}$"))]
    role: Option<Spanned<String>>,
    /// Sites in the order in which you like them: where an order may go to any site, this tells between equal ones.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    preferred_sites: Vec<Spanned<String>>,
    /// Rack units that a server is counted as whose height neither its specification nor its model tells, where an order
    /// may go to any site. Default: 2.
    #[schemars(with = "Option<u64>", range(min = 1, max = 50))]
    planned_units: Option<Spanned<u64>>,
    /// Watts that a server is counted as drawing whose model does not tell, where an order may go to any site.
    /// Default: 800.
    #[schemars(with = "Option<u64>", range(min = 1, max = 50000))]
    planned_watts: Option<Spanned<u64>>,
    /// Who pays, a line each, as it stands on orders.
    #[schemars(with = "Vec<String>", length(min = 1, max = 8))]
    bill_to: Spanned<Vec<Spanned<String>>>,
    /// Where servers go: the sites by their slugs.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, RawDestination>")]
    destinations: BTreeMap<Spanned<String>, RawDestination>,
}

/// Where a site's servers go.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Destination")]
struct RawDestination {
    /// The postal address, a line each.
    #[schemars(with = "Vec<String>", length(min = 1, max = 8))]
    address: Spanned<Vec<Spanned<String>>>,
    /// The country by ISO 3166-1's two letters.
    #[schemars(with = "String", regex(pattern = "^[A-Z]{2}$"))]
    country: Spanned<String>,
}

/// The rules for buying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchase {
    /// The currency all is compared in, and what others are worth in it.
    pub rates: Rates,
    /// Below this an offer is approved by rule.
    pub auto_below: Option<Money>,
    /// Above this it takes two persons.
    pub two_above: Option<Money>,
    /// When a vendor is reminded.
    pub chase_after: Duration,
    /// How long a server in stock is held.
    pub reserve_for: Duration,
    /// What a kilowatt hour costs, in millionths of the base currency's unit.
    pub energy_price_kwh: Option<u64>,
    /// What a server is worth a day earlier.
    pub day_worth: Option<Money>,
    /// What a month more of warranty is worth for a server.
    pub warranty_month_worth: Option<Money>,
    /// Days that a vendor without a history counts as late.
    pub untried_days: Option<u32>,
    /// Days that an offer without a lead time counts as needing.
    pub unknown_lead_days: Option<u32>,
    /// The role of bought servers in NetBox.
    pub role: Option<Text>,
    /// Who pays, a line each.
    pub bill_to: Vec<Text>,
    /// Where each site's servers go.
    pub destinations: BTreeMap<SiteId, Destination>,
    /// Sites in the order in which the business likes them.
    pub preference: Vec<SiteId>,
    /// What a server is counted as that nobody knows.
    pub planned: Planned,
}

/// A slug of NetBox.
fn slug(source: &Source<'_>, text: &Spanned<String>) -> Result<Text, ConfigError> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    if text.get_ref().is_empty() || text.get_ref().len() > 100 || !text.get_ref().bytes().all(fits) {
        return Err(source.at(text, "not a slug: at most 100 of a-z, 0-9, - and _"));
    }
    Ok(Text::new(text.get_ref()))
}

impl RawPurchase {
    /// The rules.
    pub fn read(&self, source: &Source<'_>) -> Result<Purchase, ConfigError> {
        let base: Currency = self.base.get_ref().parse().map_err(|e: &str| source.at(&self.base, e))?;
        let amount = |text: &Spanned<String>| {
            let minor = money::minor(text.get_ref(), base).map_err(|e| source.at(text, e.to_string()))?;
            Ok(Money::new(minor, base))
        };
        let auto_below = self.auto_below.as_ref().map(amount).transpose()?;
        let two_above = self.two_above.as_ref().map(amount).transpose()?;
        if let (Some(auto), Some(two), Some(at)) = (auto_below, two_above, &self.two_above)
            && two.minor < auto.minor
        {
            return Err(source.at(at, format!("two_above is below auto_below ({auto}): nobody would be second")));
        }
        let energy = self.energy_price_kwh.as_ref().map(|text| millionths(source, text)).transpose()?;
        let mut destinations = BTreeMap::new();
        for (site, raw) in &self.destinations {
            let slug = site_slug(source, site)?;
            let country = raw.country.get_ref();
            if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) {
                return Err(source.at(&raw.country, "not a country: two capital letters, such as DE"));
            }
            let (address, country) = (lines(source, &raw.address)?, Text::new(country));
            destinations.insert(slug, Destination { site: Text::new(site.get_ref()), address, country });
        }
        Ok(Purchase {
            rates: self.rates(source, base)?,
            auto_below,
            two_above,
            chase_after: hours(source, self.chase_after.as_ref(), 24)?,
            reserve_for: hours(source, self.reserve_for.as_ref(), 72)?,
            energy_price_kwh: energy,
            day_worth: self.day_worth.as_ref().map(amount).transpose()?,
            warranty_month_worth: self.warranty_month_worth.as_ref().map(amount).transpose()?,
            untried_days: days(source, self.untried_days.as_ref())?,
            unknown_lead_days: days(source, self.unknown_lead_days.as_ref())?,
            role: self.role.as_ref().map(|role| slug(source, role)).transpose()?,
            bill_to: lines(source, &self.bill_to)?,
            destinations,
            preference: self.preferred_sites.iter().map(|site| site_slug(source, site)).collect::<Result<_, _>>()?,
            planned: Planned {
                units: up_to(source, self.planned_units.as_ref(), 50)?.unwrap_or(Planned::default().units),
                watts: up_to(source, self.planned_watts.as_ref(), 50_000)?.unwrap_or(Planned::default().watts),
            },
        })
    }

    fn rates(&self, source: &Source<'_>, base: Currency) -> Result<Rates, ConfigError> {
        let (mut of, mut found) = (None, BTreeMap::new());
        for (name, value) in &self.rates {
            if name.get_ref() == "date" {
                let day = format!("{}T00:00:00Z", value.get_ref()).parse::<Timestamp>();
                of = Some(day.map_err(|_| source.at(value, "not a day: give it as 2026-11-20"))?);
                continue;
            }
            let currency: Currency = name.get_ref().parse().map_err(|e: &str| source.at(name, e))?;
            if currency == base {
                return Err(source.at(name, "this is the base currency; leave it out"));
            }
            let rate = millionths(source, value)?;
            if rate == 0 {
                return Err(source.at(value, "no currency is worth nothing"));
            }
            if found.insert(currency, rate).is_some() {
                return Err(source.at(name, "a second rate of this currency; keep one"));
            }
        }
        let first = self.rates.iter().next();
        if let (None, Some((name, _))) = (of, first) {
            return Err(source.at(name, "rates need the day they are of: date = \"2026-11-20\""));
        }
        Ok(Rates { base, of: of.unwrap_or_default(), millionths: found })
    }
}

fn site_slug(source: &Source<'_>, site: &Spanned<String>) -> Result<SiteId, ConfigError> {
    let slug = SiteId::new(site.get_ref());
    if slug.as_str() != site.get_ref() || slug.as_str().is_empty() || slug.is_any() {
        return Err(source.at(site, "not a site: give its NetBox slug, at most 32 of a-z, 0-9 and -"));
    }
    Ok(slug)
}

/// A number from 1 to `most`.
fn up_to<T: TryFrom<u64>>(
    source: &Source<'_>,
    raw: Option<&Spanned<u64>>,
    most: u64,
) -> Result<Option<T>, ConfigError> {
    let read = |raw: &Spanned<u64>| {
        let number = Some(*raw.get_ref()).filter(|n| (1..=most).contains(n)).and_then(|n| T::try_from(n).ok());
        number.ok_or_else(|| source.at(raw, format!("a whole number from 1 to {most}")))
    };
    raw.map(read).transpose()
}

fn hours(source: &Source<'_>, raw: Option<&Spanned<u64>>, default: u64) -> Result<Duration, ConfigError> {
    let hours = raw.map_or(default, |raw| *raw.get_ref());
    match raw {
        Some(raw) if hours == 0 || hours > HOURS => Err(source.at(raw, format!("hours, from 1 to {HOURS}"))),
        _ => Ok(Duration::from_secs(hours * 3_600)),
    }
}

/// Days, up to ten years.
fn days(source: &Source<'_>, raw: Option<&Spanned<u64>>) -> Result<Option<u32>, ConfigError> {
    let read = |raw: &Spanned<u64>| match u32::try_from(*raw.get_ref()) {
        Ok(days) if days <= DAYS => Ok(days),
        _ => Err(source.at(raw, format!("days, up to {DAYS}"))),
    };
    raw.map(read).transpose()
}

/// A decimal of up to six decimals, in millionths.
fn millionths(source: &Source<'_>, text: &Spanned<String>) -> Result<u64, ConfigError> {
    let bad = || source.at(text, "not a decimal: digits with a point and at most six decimals, such as 0.925");
    let (whole, rest) = text.get_ref().split_once('.').unwrap_or((text.get_ref(), "0"));
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(rest) || whole.len() > 9 || rest.len() > 6 {
        return Err(bad());
    }
    format!("{whole}{rest:0<6}").parse().map_err(|_| bad())
}

fn lines(source: &Source<'_>, raw: &Spanned<Vec<Spanned<String>>>) -> Result<Vec<Text>, ConfigError> {
    if raw.get_ref().is_empty() || raw.get_ref().len() > LINES {
        return Err(source.at(raw, format!("an address has 1 to {LINES} lines")));
    }
    let line = |line: &Spanned<String>| {
        let text = Text::new(line.get_ref());
        let letters = text.chars().count();
        if letters == 0 || letters > LETTERS || text.as_str() != line.get_ref() {
            return Err(source.at(line, format!("not a line of an address: 1 to {LETTERS} letters, nothing hidden")));
        }
        Ok(text)
    };
    raw.get_ref().iter().map(line).collect()
}
