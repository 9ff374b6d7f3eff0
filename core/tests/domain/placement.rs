//! Placement: never past a limit, and on small cases as good as trying everything.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rackhand_core::inventory::rack::{Face, HalfUnits};
use rackhand_core::placement::spots::{Feed, Need, Placement, Space, place};
use rackhand_core::text::Text;

fn space(n: u64, units: u16) -> Space {
    let feed = |name: &str| Feed { name: Text::new(name), watts: 5_000 };
    Space {
        rack: n,
        name: Text::from(format!("A{n}")),
        first: 2,
        height: 2 * units,
        taken: BTreeSet::new(),
        feeds: vec![feed("A"), feed("B")],
        watts: 0,
        undrawn: 0,
        weight: Some((800, 0)),
        unweighed: 0,
        tenants: BTreeMap::new(),
        sockets: None,
    }
}

fn need(count: usize) -> Need {
    let tenant = Some(Text::new("acme"));
    Need { count, height: 4, full_depth: true, watts: 800, kilograms: 30, tenant, spread: None, any_power: false }
}

fn places(found: &Placement) -> Vec<(String, HalfUnits)> {
    found.placed.iter().map(|p| (p.name.to_string(), p.position)).collect()
}

#[test]
fn a_tenants_servers_are_spread_and_each_place_says_why() {
    let found = place(&[space(10, 42), space(2, 42)], &need(3));
    assert_eq!(places(&found), [("A2".into(), 2), ("A10".into(), 2), ("A2".into(), 6)]);
    let reasons: Vec<&str> = found.placed[2].reasons.iter().map(Text::as_str).collect();
    assert_eq!(
        reasons,
        ["1 of acme's servers here, no rack has fewer and room", "1600 of 5000 W when a feed is lost", "60 of 800 kg"]
    );
}

#[test]
fn a_rack_that_takes_no_more_says_which_limit_it_is() {
    let why = |space: Space, need: &Need| {
        let found = place(&[space], need);
        assert!(found.placed.is_empty());
        found.refused[0].1.to_string()
    };
    let two = need(1);
    let full = Space { taken: (2..86).map(|h| (Face::Rear, h)).collect(), ..space(1, 42) };
    assert_eq!(why(full, &two), "no free units of that height on the sides it needs");
    assert_eq!(
        why(Space { watts: 4_300, ..space(1, 42) }, &two),
        "power: 5100 W with one more, 5000 W when a feed is lost"
    );
    assert_eq!(
        why(Space { weight: Some((800, 790)), ..space(1, 42) }, &two),
        "weight: 820 kg with one more, 800 kg allowed"
    );
    let one_feed = Space { feeds: space(1, 1).feeds[..1].to_vec(), ..space(1, 42) };
    assert_eq!(why(one_feed, &two), "only one power feed, A");
    assert_eq!(why(Space { feeds: vec![], ..space(1, 42) }, &two), "its power feeds are not known");
    let held = Space { tenants: [(Text::new("acme"), 2)].into(), ..space(1, 42) };
    assert_eq!(why(held, &Need { spread: Some(2), ..two }), "acme has 2 here already, as many as may be in one rack");
}

#[test]
fn a_shallow_device_leaves_the_other_side_to_another() {
    let rear = Space { taken: (2..86).map(|h| (Face::Rear, h)).collect(), ..space(1, 42) };
    let found = place(&[rear], &Need { full_depth: false, ..need(1) });
    assert_eq!(places(&found), [("A1".into(), 2)]);
}

#[test]
fn what_stands_half_a_unit_off_takes_the_whole_of_both_units_from_servers() {
    let shelf = Space { taken: (3..5).map(|half| (Face::Front, half)).collect(), ..space(1, 4) };
    let one = Need { height: 2, ..need(3) };
    assert_eq!(places(&place(&[shelf], &one)), [("A1".into(), 6), ("A1".into(), 8)]);
}

#[test]
fn the_weakest_feed_is_what_is_left_when_another_is_lost() {
    let mut three = space(1, 42);
    three.feeds.push(Feed { name: Text::new("C"), watts: 700 });
    assert!(place(&[three], &need(1)).placed.is_empty());
}

#[test]
fn servers_of_nobody_in_particular_fill_the_fuller_rack_and_no_spread_holds_them() {
    let fuller = Space { taken: [(Face::Rear, 85)].into(), ..space(2, 42) };
    let found = place(&[space(1, 42), fuller], &Need { tenant: None, spread: Some(1), ..need(2) });
    assert_eq!(places(&found), [("A2".into(), 2), ("A2".into(), 6)]);
}

fn any_space(n: u64) -> impl Strategy<Value = Space> {
    let taken = prop::collection::btree_set((prop::sample::select(vec![Face::Front, Face::Rear]), 0_u16..13), 0..6);
    let weight = prop::option::of((0_u32..200, 0_u32..100));
    let first = prop::sample::select(vec![2_u16, 4, 40]);
    let feeds = prop::collection::vec(0_u32..4_000, 0..4);
    (1_u16..=13, first, taken, feeds, 0_u32..2_000, weight, (0_u32..3, 0_u32..3)).prop_map(
        move |(height, first, taken, feeds, watts, weight, (held, others))| Space {
            first,
            height,
            taken: taken.into_iter().filter(|(_, up)| *up < height).map(|(face, up)| (face, first + up)).collect(),
            feeds: feeds.into_iter().map(|watts| Feed { name: Text::new("f"), watts }).collect(),
            watts,
            weight,
            tenants: [(Text::new("acme"), held), (Text::new("other"), others)]
                .into_iter()
                .filter(|t| t.1 > 0)
                .collect(),
            ..space(n, 1)
        },
    )
}

fn any_need() -> impl Strategy<Value = Need> {
    let tenant = prop::option::weighted(0.8, Just(Text::new("acme")));
    (1_usize..6, 1_u16..=6, any::<bool>(), 0_u32..1_200, 0_u32..60, prop::option::of(0_u32..4), tenant).prop_map(
        |(count, height, full_depth, watts, kilograms, spread, tenant)| Need {
            any_power: false,
            count,
            height,
            full_depth,
            watts,
            kilograms,
            tenant,
            spread,
        },
    )
}

/// The tenant's servers in this rack; of nobody's there is no number to keep.
fn held(space: &Space, need: &Need) -> u32 {
    need.tenant.as_ref().and_then(|t| space.tenants.get(t)).copied().unwrap_or(0)
}

/// Whether these positions can all be in one rack, by the limits' plain meaning.
fn holds(space: &Space, need: &Need, lows: &[HalfUnits]) -> bool {
    let n = lows.len() as u32;
    let mut taken = space.taken.clone();
    let faces: &[Face] = if need.full_depth { &[Face::Front, Face::Rear] } else { &[Face::Front] };
    let fits = lows.iter().all(|low| {
        // U1 is 2, so a whole unit begins at an even one.
        low.is_multiple_of(2)
            && (*low..low + need.height)
                .all(|half| half < space.first + space.height && faces.iter().all(|face| taken.insert((*face, half))))
    });
    let power = space.feeds.len() >= 2 && space.feeds.iter().all(|f| space.watts + n * need.watts <= f.watts);
    let weight = space.weight.is_none_or(|(most, now)| now + n * need.kilograms <= most);
    let spread = need.spread.filter(|_| need.tenant.is_some());
    n == 0 || (fits && power && weight && spread.is_none_or(|most| held(space, need) + n <= most))
}

/// The most servers that one rack can take, by trying every set of positions.
fn most(space: &Space, need: &Need, lows: &mut Vec<HalfUnits>) -> u32 {
    let from = lows.last().map_or(space.first, |low| low + 2);
    let mut best = lows.len() as u32;
    for low in (from..space.first + space.height).step_by(2) {
        lows.push(low);
        if holds(space, need, lows) {
            best = best.max(most(space, need, lows));
        }
        lows.pop();
    }
    best
}

/// The flattest spread there is of so many servers: the tenant's servers in each rack, most first.
fn flattest(held: &[u32], room: &[u32], left: u32, load: &mut Vec<u32>) -> Option<Vec<u32>> {
    let n = load.len();
    if n == held.len() {
        let mut sorted = load.clone();
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        return (left == 0).then_some(sorted);
    }
    (0..=room[n].min(left))
        .filter_map(|more| {
            load.push(held[n] + more);
            let best = flattest(held, room, left - more, load);
            load.pop();
            best
        })
        .min()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn as_many_are_placed_as_can_be_and_as_evenly(
        spaces in (any_space(1), any_space(2), any_space(3)).prop_map(|(a, b, c)| vec![a, b, c]),
        need in any_need(),
    ) {
        let found = place(&spaces, &need);
        let mut load: Vec<u32> = Vec::new();
        for space in &spaces {
            let lows: Vec<HalfUnits> =
                found.placed.iter().filter(|p| p.rack == space.rack).map(|p| p.position).collect();
            prop_assert!(holds(space, &need, &lows), "a limit of {} is broken", space.name);
            load.push(held(space, &need) + lows.len() as u32);
        }
        let room: Vec<u32> = spaces.iter().map(|s| most(s, &need, &mut Vec::new())).collect();
        let possible = (room.iter().sum::<u32>()).min(need.count as u32);
        prop_assert_eq!(found.placed.len() as u32, possible);
        load.sort_unstable_by(|a, b| b.cmp(a));
        if need.tenant.is_some() {
            let held: Vec<u32> = spaces.iter().map(|s| held(s, &need)).collect();
            prop_assert_eq!(Some(load), flattest(&held, &room, possible, &mut Vec::new()));
        }
        prop_assert!(found.placed.len() == need.count || found.refused.len() == spaces.len());
        let mut turned = spaces.clone();
        turned.reverse();
        prop_assert_eq!(place(&turned, &need), found, "the order of the racks changes nothing");
    }
}
