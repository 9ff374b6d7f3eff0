//! Where an order for any datacenter goes.

use proptest::prelude::*;
use rackhand_core::id::SiteId;
use rackhand_core::order::route::{Route, SiteFacts, route};
use rackhand_core::text::Text;

fn site(name: &str) -> SiteFacts {
    let room = Some(40);
    SiteFacts { site: SiteId::new(name), stock: Some(0), units: room, power: room, lead_days: Some(30) }
}

fn liked(names: &[&str]) -> Vec<SiteId> {
    names.iter().map(|n| SiteId::new(n)).collect()
}

fn chosen(found: &Route) -> &str {
    found.chosen.as_ref().map_or("-", SiteId::as_str)
}

fn words(texts: &[Text]) -> Vec<&str> {
    texts.iter().map(Text::as_str).collect()
}

#[test]
fn stock_goes_before_time_and_time_before_preference() {
    let liked = liked(&["ams1", "fra1", "lon1"]);
    let go = |sites: &[SiteFacts]| chosen(&route(24, sites, &liked)).to_owned();
    let (ams, lon) = (site("ams1"), site("lon1"));
    let stocked = SiteFacts { stock: Some(5), ..site("lon1") };
    let soon = SiteFacts { lead_days: Some(10), ..site("fra1") };
    assert_eq!(go(&[lon.clone(), ams.clone()]), "ams1");
    assert_eq!(go(&[lon, ams.clone(), soon.clone()]), "fra1");
    assert_eq!(go(&[stocked, ams, soon]), "lon1");
}

#[test]
fn each_site_says_why_it_is_or_is_not_the_one() {
    let sites = [
        SiteFacts { stock: Some(20), ..site("fra1") },
        SiteFacts { stock: None, lead_days: None, ..site("sin1") },
        SiteFacts { stock: Some(24), units: Some(12), power: None, ..site("ams1") },
        SiteFacts { stock: Some(20), lead_days: None, ..site("ash1") },
        SiteFacts { stock: Some(30), power: Some(0), ..site("lon1") },
    ];
    let found = route(24, &sites, &liked(&["ams1", "fra1"]));
    assert_eq!(chosen(&found), "fra1");
    assert_eq!(
        words(&found.reasons),
        ["room and power for all 24", "20 in stock, 4 to buy", "new ones in 30 d", "number 2 in the stated preference"]
    );
    let others: Vec<_> = found.others.iter().map(|(s, why)| (s.as_str(), words(why))).collect();
    assert_eq!(
        others,
        [
            ("ash1", vec!["new ones nobody knows when, at fra1 in 30 d"]),
            ("sin1", vec!["stock unknown, fra1 has 20"]),
            ("ams1", vec!["free units for 12 of 24", "power unknown, which is not counted as room"]),
            ("lon1", vec!["power for 0 of 24"]),
        ]
    );
}

#[test]
fn where_no_room_is_known_a_person_decides() {
    let blind = SiteFacts { stock: Some(24), units: None, ..site("fra1") };
    let found = route(24, &[blind], &[]);
    assert_eq!((chosen(&found), found.others.len()), ("-", 1));
    assert_eq!(words(&found.reasons), ["no site is known to have room and power for all of them"]);
    assert_eq!(words(&route(24, &[], &[]).reasons), ["no site is known"]);
}

#[test]
fn equal_sites_go_by_name_and_say_so() {
    let found = route(24, &[site("lon1"), site("ams1")], &[]);
    assert_eq!(chosen(&found), "ams1");
    assert_eq!(words(&found.others[0].1), ["equal to ams1 in all that counts: the name decides"]);
}

fn any_sites() -> impl Strategy<Value = Vec<SiteFacts>> {
    let n = || prop::option::weighted(0.8, 0_u32..6);
    let one = (n(), n(), n(), prop::option::weighted(0.8, 1_u16..4));
    prop::collection::vec(one, 0..5).prop_map(|all| {
        let named = |(n, (stock, units, power, lead_days)): (usize, (_, _, _, _))| SiteFacts {
            site: SiteId::new(&format!("dc{n}")),
            stock,
            units,
            power,
            lead_days,
        };
        all.into_iter().enumerate().map(named).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_chosen_site_is_known_to_have_room_and_there_is_one_where_any_has(
        sites in any_sites(),
        count in 1_u32..5,
    ) {
        let found = route(count, &sites, &liked(&["dc1", "dc0"]));
        let has_room = |s: &SiteFacts| s.units.is_some_and(|n| n >= count) && s.power.is_some_and(|n| n >= count);
        prop_assert_eq!(found.chosen.is_some(), sites.iter().any(has_room));
        let chosen = sites.iter().find(|s| Some(&s.site) == found.chosen.as_ref());
        prop_assert!(chosen.is_none_or(has_room));
        prop_assert_eq!(found.others.len() + usize::from(chosen.is_some()), sites.len());
        prop_assert!(!found.reasons.is_empty() && found.others.iter().all(|(_, why)| !why.is_empty()));
    }

    #[test]
    fn a_site_that_tells_less_is_never_chosen_for_it(sites in any_sites(), count in 1_u32..5, which in 0_usize..5, what in 0_u8..4) {
        let before = route(count, &sites, &liked(&["dc1", "dc0"])).chosen;
        let mut sites = sites;
        if let Some(site) = sites.get_mut(which) {
            match what {
                0 => site.stock = None,
                1 => site.units = None,
                2 => site.power = None,
                _ => site.lead_days = None,
            }
            let after = route(count, &sites, &liked(&["dc1", "dc0"])).chosen;
            prop_assert!(before == after || after.as_ref() != Some(&sites[which].site));
        }
    }

    #[test]
    fn the_order_of_the_sites_changes_nothing(sites in any_sites(), count in 1_u32..5) {
        let mut turned = sites.clone();
        turned.reverse();
        prop_assert_eq!(route(count, &sites, &[]), route(count, &turned, &[]));
    }
}
