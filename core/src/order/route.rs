//! Which datacenter an order for `any` of them goes to: where stock is, where there is room and power, how soon servers
//! could be there, and which site the business likes best. What a site does not tell is never counted as room.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::id::SiteId;
use crate::text::Text;

/// What is known of a site, for servers of the height and the draw that are asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteFacts {
    /// The site.
    pub site: SiteId,
    /// Servers in its stock that serve and that nobody has reserved; `None` where its stock is not known.
    pub stock: Option<u32>,
    /// For how many such servers there are free units, those in stock included, since they stand already; `None` where
    /// nobody knows.
    pub units: Option<u32>,
    /// For how many such servers there is power when a feed is lost, those in stock included; `None` where nobody knows.
    pub power: Option<u32>,
    /// Days until new servers would be there; `None` where nobody knows.
    pub lead_days: Option<u16>,
}

/// Where an order goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The site; `None` where no site is known to have room. A person decides then.
    pub chosen: Option<SiteId>,
    /// Why it is that one.
    pub reasons: Vec<Text>,
    /// The others with why not, the nearest to being chosen first.
    pub others: Vec<(SiteId, Vec<Text>)>,
}

/// What a site's place rests on. Smaller is better.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Weight {
    /// Without room known for all it is never chosen.
    no_room: bool,
    /// Among those without room: for how many servers room is known.
    room: Option<Reverse<u32>>,
    /// How many have to be bought, where stock is not known all of them.
    bought: u32,
    /// Days, where something has to be bought; not to know is after any known time.
    days: (bool, u16),
    /// Its place in the stated preference; who is not in it comes after all who are.
    preference: usize,
}

/// Chooses the site for this many servers. Sites with room for all go first; of those the one that has the most in stock,
/// then the one where the rest is soonest, then the one the business likes best, then by name. The order in which sites
/// are given changes nothing.
pub fn route(count: u32, sites: &[SiteFacts], preference: &[SiteId]) -> Route {
    let mut weighed: Vec<(Weight, &SiteFacts)> = sites.iter().map(|s| (weigh(count, s, preference), s)).collect();
    weighed.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| x.site.cmp(&y.site)));
    let chosen = weighed.first().filter(|(w, _)| !w.no_room).copied();
    let others = weighed.iter().skip(usize::from(chosen.is_some()));
    Route {
        chosen: chosen.map(|(_, s)| s.site.clone()),
        reasons: match chosen {
            Some((weight, site)) => praise(count, weight, site, preference),
            None if sites.is_empty() => vec![Text::new("no site is known")],
            None => vec![Text::new("no site is known to have room and power for all of them")],
        },
        others: others.map(|(w, s)| (s.site.clone(), why_not(count, (*w, s), chosen))).collect(),
    }
}

/// For how many servers there is room, with units and power both known.
fn room(site: &SiteFacts) -> Option<u32> {
    Some(site.units?.min(site.power?))
}

fn weigh(count: u32, site: &SiteFacts, preference: &[SiteId]) -> Weight {
    let room = room(site).unwrap_or(0);
    let bought = count.saturating_sub(site.stock.unwrap_or(0));
    let no_room = room < count;
    Weight {
        no_room,
        room: no_room.then_some(Reverse(room)),
        bought,
        days: if bought == 0 { (false, 0) } else { site.lead_days.map_or((true, 0), |d| (false, d)) },
        preference: preference.iter().position(|p| *p == site.site).unwrap_or(preference.len()),
    }
}

fn praise(count: u32, weight: Weight, site: &SiteFacts, preference: &[SiteId]) -> Vec<Text> {
    let mut said = vec![format!("room and power for all {count}")];
    said.push(match (site.stock, weight.bought) {
        (None, _) => "its stock is not known: all are bought".to_owned(),
        (Some(_), 0) => format!("all {count} are in stock"),
        (Some(_), bought) => format!("{} in stock, {bought} to buy", count - bought),
    });
    if weight.bought > 0 {
        said.push(site.lead_days.map_or("lead time unknown".to_owned(), |d| format!("new ones in {d} d")));
    }
    if weight.preference < preference.len() {
        said.push(format!("number {} in the stated preference", weight.preference + 1));
    }
    said.into_iter().map(Text::from).collect()
}

/// Why a site is not the chosen one: what it lacks, else the first point in which it is behind.
fn why_not(count: u32, (weight, site): (Weight, &SiteFacts), chosen: Option<(Weight, &SiteFacts)>) -> Vec<Text> {
    let mut said: Vec<String> = Vec::new();
    for (what, room) in [("free units", site.units), ("power", site.power)] {
        match room {
            None => said.push(format!("{what} unknown, which is not counted as room")),
            Some(n) if n < count => said.push(format!("{what} for {n} of {count}")),
            Some(_) => {}
        }
    }
    if let (true, Some((best, first))) = (said.is_empty(), chosen) {
        let name = first.site.as_str();
        said.push(if weight.bought > best.bought {
            let stock = site.stock.map_or("stock unknown".to_owned(), |n| format!("{} in stock", n.min(count)));
            format!("{stock}, {name} has {}", count - best.bought)
        } else if weight.days != best.days {
            let days = |s: &SiteFacts| s.lead_days.map_or("nobody knows when".to_owned(), |d| format!("in {d} d"));
            format!("new ones {}, at {name} {}", days(site), days(first))
        } else if weight.preference != best.preference {
            format!("{name} goes before it in the stated preference")
        } else {
            format!("equal to {name} in all that counts: the name decides")
        });
    }
    said.into_iter().map(Text::from).collect()
}
