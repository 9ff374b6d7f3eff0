//! Proposals of places: what the keys do, what is drawn, and what is kept and given back.

use rackhand_core::decide::{Refusal, Why};
use rackhand_core::id::UnitId;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::placement::propose::{Proposals, Wanted, propose};
use rackhand_core::placement::questions::RackView;
use rackhand_core::placement::room::{Ends, Inlet, Nic};
use rackhand_core::placement::spots::Need;
use rackhand_tui::event::Ask;
use rackhand_tui::overlay::Layer;
use rackhand_tui::theme::glyph::GlyphSet;

use crate::fake::Fake;
use crate::fixture::{Bench, plain, text};
use crate::room::room;

/// What the daemon would propose.
pub fn proposed(fake: &Fake, units: &[UnitId]) -> Result<(Proposals, Vec<RackView>), Refusal> {
    let racks = fake.rack_views();
    let inside = fake.inside.lock().unwrap();
    let room = room(&inside);
    let nic = |name: &str| Nic { name: name.into(), kind: "25gbase-x-sfp28".into(), management: false, taken: false };
    let inlet = |name: &str| Inlet { name: name.into(), maximum: Some(700), allocated: None, taken: false };
    let mut wanted = Vec::new();
    for id in units {
        let unit = inside.world.unit(*id).unwrap();
        if let Some(why) = rackhand_core::placement::commands::cannot_be_placed(unit) {
            return Err(Refusal::new(Why::Conflict, why));
        }
        let need = Need {
            count: 1,
            height: 4,
            full_depth: true,
            watts: 700,
            kilograms: 0,
            tenant: Some("acme".into()),
            spread: None,
            any_power: false,
        };
        wanted.push(Wanted {
            unit: *id,
            label: unit.label().into(),
            need,
            watts: Some(700),
            kilograms: None,
            ends: Some(Ends { nics: vec![nic("eno1"), nic("eno2")], inlets: vec![inlet("PSU1"), inlet("PSU2")] }),
            device: None,
            before: None,
        });
    }
    let found = propose(&room.spaces(&inside.world, units), &wanted, None).unwrap();
    let labels = wanted.iter().map(|w| (w.unit, w.label.clone())).collect();
    Ok((Proposals { read_at: room.read_at, site: Some(room.site), labels, ..found }, racks))
}

/// The console at the pipeline, with a received server under the cursor.
fn received(size: (u16, u16)) -> (Bench, UnitId) {
    let mut bench = Bench::furnished(size);
    let unit = {
        let inside = bench.fake.inside.lock().unwrap();
        let found = inside.world.units.values().find(|u| u.stage == Stage::Received && u.disposition.may_move());
        found.map(|u| (u.id, u.label())).unwrap()
    };
    bench.key("/");
    bench.type_in(&format!("serial:{}", unit.1));
    bench.key("Enter");
    assert_eq!(bench.selected(), Some(unit.0));
    (bench, unit.0)
}

fn shown(bench: &Bench) -> String {
    text(&bench.model, &plain(GlyphSet::Ascii))
}

#[test]
fn proposals_are_walked_with_the_rack_beside_them_kept_by_enter_and_given_back_by_z() {
    let (mut bench, unit) = received((120, 40));
    bench.key("P");
    assert!(matches!(bench.asked.last(), Some(Ask::Places(units, _)) if *units == [unit]));
    let first = shown(&bench);
    assert!(first.contains("proposal 1 of 3") && first.contains("rack A06"), "{first}");
    assert!(first.contains("not A05: only one power feed, a"), "{first}");
    bench.key("Down");
    let second = shown(&bench);
    assert!(second.contains("proposal 2 of 3") && second.contains("rack A07"), "{second}");
    bench.keys(&["Up", "Enter"]);
    assert!(bench.model.layer.is_none());
    let place = || bench.fake.inside.lock().unwrap().world.unit(unit).unwrap().placement.clone();
    assert_eq!(place().unwrap().place.name.as_str(), "A06");
    bench.key("z");
    let place = bench.fake.inside.lock().unwrap().world.unit(unit).unwrap().placement.clone();
    assert_eq!(place, None);
}

#[test]
fn escape_keeps_nothing_and_who_stands_already_is_not_asked_about() {
    let (mut bench, unit) = received((80, 24));
    bench.keys(&["P", "Esc"]);
    assert!(bench.model.layer.is_none() && bench.called.is_empty());
    assert_eq!(bench.fake.inside.lock().unwrap().world.unit(unit).unwrap().placement, None);
    let mut bench = Bench::furnished((80, 24));
    let at = bench.model.screens.pipeline.list.rows.iter().position(|r| r.stage > Stage::Received).unwrap();
    (0..at).for_each(|_| bench.key("Down"));
    let asked = bench.asked.len();
    bench.key("P");
    assert_eq!((bench.asked.len(), bench.toast().as_str()), (asked, "place: it stands in its place already"));
}

#[test]
fn an_answer_that_comes_late_opens_nothing_over_something_else() {
    let (mut bench, _) = received((80, 24));
    bench.answers = false;
    bench.key("P");
    let Some(asked) = bench.model.asked.get(&rackhand_tui::app::places::PLACES.slot).cloned() else { panic!() };
    bench.answers = true;
    bench.key("3");
    let answer = crate::fixture::answer(&bench.fake, asked.ask);
    bench.event(rackhand_tui::event::Event::Arrived(asked.id, Ok(Box::new(answer))));
    assert!(!matches!(bench.model.layer, Some(Layer::Places(_))));
}

#[test]
fn proposals_at_all_sizes_and_a_kept_place_in_its_rack() {
    for size in [(60, 16), (80, 24), (120, 40), (200, 60)] {
        let (mut bench, _) = received(size);
        bench.key("P");
        bench.model.toast = None;
        for (set, word) in [(GlyphSet::Unicode, "unicode"), (GlyphSet::Ascii, "ascii")] {
            let shown = text(&bench.model, &plain(set));
            assert!(set == GlyphSet::Unicode || shown.is_ascii());
            insta::assert_snapshot!(format!("places_{}x{}_{word}", size.0, size.1), shown);
        }
        bench.keys(&["Enter", "3", "Down", "Down", "Enter", "End"]);
        bench.model.toast = None;
        let shown = text(&bench.model, &plain(GlyphSet::Ascii));
        insta::assert_snapshot!(format!("kept_{}x{}", size.0, size.1), shown);
    }
}
