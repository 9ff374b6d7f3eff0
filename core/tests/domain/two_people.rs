//! What one person cannot do alone: put a server into the pool without proof, or free one that a tenant had.

use crate::scene;
use crate::scene::{Scene, row, serial};
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Why};
use rackhand_core::event::{Event, LifeEvent};
use rackhand_core::id::{Role, SiteId, UnitId};
use rackhand_core::lifecycle::stage::{Disposition, Stage};

fn how(scene: &Scene, id: UnitId) -> (Stage, Disposition) {
    (scene.unit(id).stage, scene.unit(id).disposition)
}

/// A server whose tenant gave it back.
fn given_back(scene: &mut Scene) -> UnitId {
    let id = scene.in_service(1);
    scene.go(id, Stage::Staged).unwrap();
    assert_eq!(how(scene, id), (Stage::Staged, Disposition::Quarantined));
    id
}

#[test]
fn an_import_into_ready_stays_out_of_the_pool_until_a_second_person_says_so() {
    let mut scene = Scene::default();
    let (site, stage) = (SiteId::new("fra1"), Stage::Ready);
    let import = Command::Import { site, serial: serial(1), bmc_mac: None, vendor: None, model: None, stage };
    scene.command(Role::Admin, import).unwrap();
    let id = scene.world.by_serial(&serial(1)).unwrap().id;
    assert_eq!(how(&scene, id), (Stage::Ready, Disposition::Quarantined));
    let own = scene.release_as("anna", id, "I know it").unwrap_err();
    assert_eq!(own.why, Why::NotAllowed);
    assert!(own.text.contains("a second person"), "{own}");
    let mute = scene.release(id).unwrap_err();
    assert_eq!(mute.why, Why::Invalid);
    scene.release_as("berta", id, "seen in its rack").unwrap();
    assert_eq!(how(&scene, id), (Stage::Ready, Disposition::Normal));
    let told = scene.log.iter().rev().find_map(|r| match &r.draft.event {
        Event::Life(LifeEvent::DispositionChanged { reason, .. }) => Some(reason.to_string()),
        _ => None,
    });
    assert_eq!(told.unwrap(), "released by anna (entered by hand) and berta (seen in its rack)");
}

#[test]
fn a_server_that_a_tenant_had_is_released_by_two_people_with_their_reasons() {
    let mut scene = Scene::default();
    let id = given_back(&mut scene);
    assert_eq!(scene.release(id).unwrap_err().why, Why::Invalid, "without a reason it is nobody's word");
    let technician = Command::Release { unit: id, reason: Some("wiped".into()) };
    assert_eq!(scene.command(Role::Technician, technician).unwrap_err().why, Why::NotAllowed);
    let first = scene.release_as("anna", id, "wiped by hand, certificate 12").unwrap();
    assert!(matches!(&first, Answer::Told(text) if text.contains("a second person")), "{first:?}");
    assert_eq!(how(&scene, id), (Stage::Staged, Disposition::Quarantined));
    assert!(scene.waits(id).iter().any(|w| w.what.contains("anna gave the first word")), "{:?}", scene.waits(id));
    assert_eq!(scene.release_as("anna", id, "still wiped").unwrap_err().why, Why::NotAllowed);
    scene.release_as("berta", id, "I saw certificate 12").unwrap();
    assert_eq!(how(&scene, id), (Stage::Staged, Disposition::Normal));
}

#[test]
fn no_detour_over_another_disposition_frees_it() {
    for detour in ["retire", "cancel"] {
        let mut scene = Scene::default();
        let id = given_back(&mut scene);
        scene.release_as("anna", id, "wiped").unwrap();
        match detour {
            "retire" => scene.retire(id).unwrap(),
            _ => scene.cancel(id).unwrap(),
        };
        for _ in 0..8 {
            let Some(due) = scene.due(id).first().copied() else { break };
            scene.attempt(
                id,
                due.step,
                rackhand_core::flow::step::Outcome::Observed(scene::good(1, scene.unit(id), due.step).unwrap()),
            );
        }
        let first = scene.release_as("berta", id, "wiped").unwrap();
        assert!(matches!(first, Answer::Told(_)), "{detour}: the word given before was about another state: {first:?}");
        assert_ne!(scene.unit(id).disposition, Disposition::Normal, "{detour}");
    }
}

#[test]
fn what_no_tenant_had_is_released_by_one_operator_as_before() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.command(Role::Technician, Command::Quarantine { unit: id, reason: "odd".into() }).unwrap();
    scene.release(id).unwrap();
    assert_eq!(how(&scene, id), (Stage::Discovered, Disposition::Normal));
    let served = scene.in_service(2);
    scene.command(Role::Technician, Command::Quarantine { unit: served, reason: "odd".into() }).unwrap();
    scene.release(served).unwrap();
    assert_eq!(how(&scene, served), (Stage::InService, Disposition::Normal), "it goes back to the same tenant");
}

#[test]
fn a_manifest_enters_nothing_beyond_what_was_shipped() {
    for stage in [Stage::Discovered, Stage::Staged, Stage::Ready, Stage::InService, Stage::Decommissioned] {
        let mut scene = Scene::default();
        let import = Command::ImportRow { row: row(1), site: SiteId::new("fra1"), stage, create: None };
        let refused = scene.command(Role::Admin, import).unwrap_err();
        assert_eq!(refused.why, Why::Invalid, "{stage}");
        assert!(scene.world.units.is_empty(), "{stage}: a refused row leaves nothing");
    }
    for stage in [Stage::Received, Stage::Racked, Stage::Cabled, Stage::PoweredOn] {
        let mut scene = Scene::default();
        let import = Command::ImportRow { row: row(1), site: SiteId::new("fra1"), stage, create: None };
        assert_eq!(scene.command(Role::Operator, import), Ok(Answer::Done), "{stage}");
    }
}
