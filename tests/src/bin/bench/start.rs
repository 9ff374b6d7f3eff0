//! Row 9: how soon the daemon is ready, and what memory it takes.

use std::time::{Duration, Instant};

use rackhand_core::world::World;
use rackhand_daemon::journal::Store;

use crate::board::{Goal, Line, ms, number};
use crate::fleet::{grow, site};
use crate::gauge::{Measured, Place, median, millis, resident};
use crate::hold::Held;

const EVENTS: u64 = 1_000_000;
const STARTS: usize = 5;
/// Until what a start leaves behind has been tidied up.
const SETTLED: Duration = Duration::from_secs(2);

pub fn run(place: &Place) -> Measured<Vec<Line>> {
    let mut lines = Vec::new();
    for units in [500, 5_000] {
        let dir = place.at(&format!("start-{units}"));
        grow(&dir, units, EVENTS)?;
        let (mut ready, mut memory) = (Vec::new(), Vec::new());
        for _ in 0..STARTS {
            let held = Held::start(&dir)?;
            ready.push(millis(held.ready));
            std::thread::sleep(SETTLED);
            memory.extend(resident(held.pid()));
        }
        let (ready, memory) = (median(&ready), median(&memory));
        let store = Store::open(&dir, &site())?;
        let (mut world, start) = (World::default(), Instant::now());
        store.replay(0, &mut |event| world.apply(&event))?;
        let all = millis(start.elapsed());
        lines.push(
            Line::told(format!("ready with 1 M events and {units} servers"), ms(ready))
                .beside(format!("fold of all {}", ms(all)))
                .ratio(all / ready, Goal::Least(10.0)),
        );
        lines.push(Line::told(format!("memory with {units} servers"), number(memory) + " MiB"));
        let start = Instant::now();
        let body = serde_json::to_vec(&world)?;
        let took = ms(millis(start.elapsed()));
        lines.push(Line::told("  the snapshot, and to make it", format!("{} KiB, {took}", body.len() >> 10)));
    }
    Ok(lines)
}
