//! A site's racks and what is mounted in them.

use rackhand_core::inventory::rack::{Elevations, Face, Mounted};
use rackhand_lab::netbox::RackSpec;

use super::*;

on_each_release! {
    racks_and_devices_come_with_heights_sides_and_halves,
    many_devices_and_types_come_page_by_page,
    a_filter_that_is_ignored_is_noticed,
    a_token_that_may_not_see_racks_is_told_so,
}

fn furnished(release: Release) -> Bench {
    let b = bench(release);
    b.lab.add_rack(&RackSpec {
        location: Some("hall 2".into()),
        height: 47,
        first: 3,
        descending: true,
        ..RackSpec::standard("fra1", "R02")
    });
    b.lab.add_rack(&RackSpec::standard("ams2", "R01"));
    b.lab.shape_type("PowerEdge R760", 2.0, true);
    b.lab.shape_type("patch", 0.5, false);
    b.lab.shape_type("strip", 0.0, false);
    let spec = |name: &str, model: &str, position: Option<f64>, face: &'static str| DeviceSpec {
        model: model.into(),
        rack: Some("R02".into()),
        position,
        face,
        ..DeviceSpec::offline(name, "", Mac([0; 6]))
    };
    b.lab.mount(&spec("big", "PowerEdge R760", Some(3.0), "front"));
    b.lab.mount(&spec("panel", "patch", Some(40.5), "rear"));
    b.lab.mount(&spec("pdu", "strip", None, "front"));
    b.lab.mount(&DeviceSpec { rack: None, ..spec("loose", "patch", None, "front") });
    b.lab.mount(&DeviceSpec {
        site: "ams2".into(),
        rack: Some("R01".into()),
        ..spec("far", "patch", Some(1.0), "front")
    });
    b
}

fn find<'a>(all: &'a Elevations, name: &str) -> &'a Mounted {
    all.mounted.iter().find(|m| m.name.as_deref() == Some(name)).unwrap()
}

async fn racks_and_devices_come_with_heights_sides_and_halves(release: Release) {
    let b = furnished(release);
    let all = b.netbox.elevations(&site()).await.unwrap();
    let racks: Vec<_> = all
        .racks
        .iter()
        .map(|r| (r.name.as_str(), r.site.as_str(), r.location.as_deref(), r.height, r.first, r.descending))
        .collect();
    assert_eq!(racks, [("R01", "fra1", None, 84, 2, false), ("R02", "fra1", Some("hall 2"), 94, 6, true)]);
    let names: Vec<_> = all.mounted.iter().map(|m| m.name.as_deref().unwrap()).collect();
    assert_eq!(names, ["srv1", "big", "panel", "pdu"], "none of another site, none without a rack");
    let place = |name| {
        let m = find(&all, name);
        (m.position, m.height, m.face, m.full_depth, m.model.as_str())
    };
    assert_eq!(place("srv1"), (Some(20), 2, Some(Face::Front), true, "ProLiant DL360 Gen11"));
    assert_eq!(find(&all, "srv1").serial.as_deref(), Some("CZ1"));
    assert_eq!(place("big"), (Some(6), 4, Some(Face::Front), true, "PowerEdge R760"));
    assert_eq!(place("panel"), (Some(81), 1, Some(Face::Rear), false, "patch"));
    assert_eq!(place("pdu"), (None, 0, None, false, "strip"));
    assert_eq!(find(&all, "panel").serial, None);
}

async fn many_devices_and_types_come_page_by_page(release: Release) {
    let b = furnished(release);
    for n in 0..130 {
        b.lab.mount(&DeviceSpec {
            model: format!("type {n}"),
            rack: Some(format!("R{n:03}")),
            position: Some(1.0),
            ..DeviceSpec::offline(&format!("d{n}"), "", Mac([0; 6]))
        });
    }
    let before = b.lab.requests();
    let whole = b.netbox.elevations(&site()).await.unwrap();
    assert_eq!((whole.racks.len(), whole.mounted.len()), (132, 134));
    // Racks, devices, two times a hundred types, and the release where it was not known.
    assert!(b.lab.requests() - before <= 5, "{}", b.lab.requests() - before);
    b.lab.set_largest_page(9);
    assert_eq!(b.netbox.elevations(&site()).await.unwrap(), whole);
}

/// Answers as if the query's filters had not been there.
struct Deaf(Arc<Lab>, &'static str);

impl Host for Deaf {
    fn answer(&self, request: &Request, now: Timestamp) -> Reply {
        let mut heard = request.clone();
        if request.path.contains(self.1) {
            let kept = request.query.split('&').filter(|p| !p.starts_with("site=") && !p.starts_with("id="));
            heard.query = kept.collect::<Vec<_>>().join("&");
        }
        self.0.answer(&heard, now)
    }
}

async fn a_filter_that_is_ignored_is_noticed(release: Release) {
    for path in ["dcim/racks", "dcim/devices", "dcim/device-types"] {
        let b = furnished(release);
        b.lab.shape_type("nobody's", 1.0, true);
        let (netbox, _, _) = adapter(Arc::new(Deaf(b.lab.clone(), path)), token(release));
        let fault = netbox.elevations(&site()).await.unwrap_err();
        assert_eq!(fault.kind, Kind::Malformed, "{fault}");
        assert!(fault.what.contains(path) && fault.what.contains("ignored"), "{fault}");
    }
}

async fn a_token_that_may_not_see_racks_is_told_so(release: Release) {
    let b = furnished(release);
    let used = if release == Release::V4_2 { V1 } else { TOKEN };
    b.lab.deny(used, "view", "dcim/racks");
    let fault = b.netbox.elevations(&site()).await.unwrap_err();
    assert_eq!(fault.kind, Kind::Forbidden, "{fault}");
    assert!(fault.what.contains("may not view dcim.rack") && fault.advice.contains("`view` on dcim.rack"), "{fault}");
}
