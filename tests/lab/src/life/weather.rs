//! Faults, mixed: of the daemon's process and disk, of NetBox, BMCs and machines, of vendors and their carrier.

use std::time::Duration;

use hyper::{Method, StatusCode};
use rackhand_core::boot::report::ValidationStep;
use rackhand_core::flow::attempt::{Phase, Progress};
use rackhand_core::flow::step::Step;
use rackhand_core::inventory::Port;
use rand::RngExt as _;

use super::Life;
use crate::bmc::Behaviour;
use crate::faults::{Effect, Faults, Rule, lock};
use crate::host::Fate;
use crate::machine::Flaws;
use crate::outside::NETBOX;

/// Who sells and carries, by the names of their fault rules.
const TRADERS: [&str; 3] = ["hpe", "dell", "ups"];

impl Life {
    /// What is lost by chance seldom hits the one request that must never be doubled, so it is aimed at, too.
    pub(super) fn aim_at_resets(&mut self) {
        let serials: Vec<String> = self.outside.fleet.servers().map(|(serial, _)| serial.to_owned()).collect();
        for serial in serials {
            let fate = match self.rng.random_range(0..10) {
                0 => Fate::Lost,
                1 => Fate::Hang,
                _ => continue,
            };
            self.fault_made("reset's answer lost");
            if let Some(server) = self.outside.fleet.get(&serial) {
                let path = "ComputerSystem.Reset".to_owned();
                server.faults.add(Rule { method: None, path, effect: Effect::Answer(fate), times: 1 });
            }
        }
    }

    /// And so are the requests that spend money.
    fn aim_at_purchases(&mut self, fate: Fate) {
        self.fault_made("purchase's answer lost");
        for name in ["hpe", "dell"] {
            let effect = Effect::Answer(fate);
            let rule = Rule { method: Some(Method::POST), path: "order".to_owned(), effect, times: 1 };
            self.market.faults[name].add(rule);
        }
    }

    /// Waits a while for a reset or a purchase that is in the air.
    async fn until_something_grave_is_intended(&self) {
        let Some(site) = &self.site else { return };
        let mut worlds = site.ledger.worlds();
        let grave = |p: &Progress| {
            matches!(p.step, Step::ResetForBoot | Step::PlacePurchase | Step::RequestQuote)
                && p.phase == Phase::Intended
        };
        let one = worlds.wait_for(|w| {
            w.units.values().any(|u| u.steps.progress().any(grave))
                || w.deals.values().any(|d| d.steps.progress().any(grave))
        });
        drop(self.outside.clock.timeout(Duration::from_secs(300), one).await);
    }

    /// One fault, of whichever kind.
    pub(super) async fn fault(&mut self) -> Result<(), String> {
        let span = Duration::from_secs(self.rng.random_range(5..1_800));
        let times = self.rng.random_range(1..6);
        match self.rng.random_range(0..32) {
            0 => {
                if self.rng.random_bool(0.5) {
                    self.until_something_grave_is_intended().await;
                }
                self.fault_made("crash");
                self.crash().await?;
            }
            1 => self.fill_the_disk(span / 4),
            2 => {
                let hours = Duration::from_secs(self.rng.random_range(60..2 * 3_600));
                self.take_netbox_away(hours);
            }
            3..=5 => self.netbox_rule("netbox answer lost", None, Effect::Answer(Fate::Lost), times),
            6 => self.netbox_rule("netbox answer cut", None, Effect::Answer(Fate::Cut), times),
            7 => self.netbox_rule("netbox hangs", None, Effect::Answer(Fate::Hang), times),
            8 => self.netbox_rule("netbox slow", None, Effect::Delay(span / 30), times),
            9 => self.netbox_rule("netbox 500", None, broken(), times),
            10 => self.netbox_rule("netbox post lost", Some(Method::POST), Effect::Answer(Fate::Lost), times),
            11 | 12 => self.bmc_rule("bmc answer lost", Effect::Answer(Fate::Lost), times),
            13 => self.bmc_rule("bmc answer cut", Effect::Answer(Fate::Cut), times),
            14 => self.bmc_rule("bmc 503", busy(), times),
            15 => self.bmc_rule("bmc hangs", Effect::Answer(Fate::Hang), times),
            16 => self.ill("override ignored", |b| b.ignore_override = 1),
            17 => self.ill("reset without effect", |b| b.never_boots = 1),
            18 => self.flaw("reports doubled", |f| (f.report_twice, f.steps_twice) = (true, true)),
            19 => {
                let step = ValidationStep::ALL[self.rng.random_range(0..5)];
                self.flaw("machine's network lost", |f| f.network_lost = Some((step, span)));
            }
            20 => {
                let step = ValidationStep::ALL[self.rng.random_range(0..5)];
                self.flaw("a part fails", |f| f.failing = Some(step));
            }
            21 => {
                let other = Port { switch: "sw-elsewhere".into(), port: "Ethernet9".into() };
                self.flaw("cable in another port", |f| f.neighbour = Some((0, Some(other))));
            }
            22..=24 => self.trade_rule("trader's answer lost", Effect::Answer(Fate::Lost), times),
            25 => self.trade_rule("trader's answer cut", Effect::Answer(Fate::Cut), times),
            26 => self.trade_rule("trader hangs", Effect::Answer(Fate::Hang), times),
            27 => self.trade_rule("trader 500", broken(), times),
            28 => self.trade_rule("trader 503", busy(), times),
            29 => self.take_trader_away(span * 4),
            30 => {
                self.fault_made("trader's tokens ended");
                self.market.hpe.forget_tokens();
                self.market.dell.forget_tokens();
                self.market.ups.desk.revoke();
            }
            _ => self.aim_at_purchases(if times > 3 { Fate::Hang } else { Fate::Lost }),
        }
        Ok(())
    }

    fn fill_the_disk(&mut self, span: Duration) {
        self.fault_made("disk full");
        *lock(&self.full) = true;
        let (full, clock) = (self.full.clone(), self.outside.clock.clone());
        tokio::spawn(async move {
            clock.sleep(span).await;
            *lock(&full) = false;
        });
    }

    fn take_netbox_away(&mut self, span: Duration) {
        self.fault_made("netbox away");
        self.outside.disconnect_netbox();
        let (network, station) = (self.outside.network.clone(), self.outside.netbox_station());
        let clock = self.outside.clock.clone();
        tokio::spawn(async move {
            clock.sleep(span).await;
            network.attach(format!("{NETBOX}:80"), station);
        });
    }

    fn trader(&mut self) -> std::sync::Arc<Faults> {
        let name = TRADERS[self.rng.random_range(0..TRADERS.len())];
        self.market.faults[name].clone()
    }

    fn take_trader_away(&mut self, span: Duration) {
        self.fault_made("trader away");
        let (trader, clock) = (self.trader(), self.outside.clock.clone());
        trader.add(Rule { method: None, path: String::new(), effect: Effect::Drop, times: u32::MAX });
        tokio::spawn(async move {
            clock.sleep(span).await;
            trader.clear();
        });
    }

    fn trade_rule(&mut self, what: &'static str, effect: Effect, times: u32) {
        self.fault_made(what);
        let method = self.rng.random_bool(0.4).then_some(Method::POST);
        self.trader().add(Rule { method, path: String::new(), effect, times });
    }

    fn netbox_rule(&mut self, what: &'static str, method: Option<Method>, effect: Effect, times: u32) {
        self.fault_made(what);
        self.outside.netbox_faults.add(Rule { method, path: String::new(), effect, times });
    }

    /// A server that is on the wire.
    fn victim(&mut self) -> Option<String> {
        let n = self.rng.random_range(0..self.wire.len().max(1));
        self.wire.keys().nth(n).cloned()
    }

    fn bmc_rule(&mut self, what: &'static str, effect: Effect, times: u32) {
        let Some(serial) = self.victim() else { return };
        self.fault_made(what);
        if let Some(server) = self.outside.fleet.get(&serial) {
            server.faults.add(Rule { method: None, path: String::new(), effect, times });
        }
    }

    fn ill(&mut self, what: &'static str, change: impl FnOnce(&mut Behaviour)) {
        let Some(serial) = self.victim() else { return };
        self.fault_made(what);
        if let Some(server) = self.outside.fleet.get(&serial) {
            server.behave(change);
        }
    }

    fn flaw(&mut self, what: &'static str, change: impl FnOnce(&mut Flaws)) {
        let Some(serial) = self.victim() else { return };
        self.fault_made(what);
        if let Some(server) = self.outside.fleet.get(&serial) {
            server.flaw(change);
        }
    }

    async fn crash(&mut self) -> Result<(), String> {
        self.outside.door.close();
        if let Some(site) = self.site.take() {
            site.crash();
        }
        let down = Duration::from_millis(self.rng.random_range(200..60_000));
        self.outside.clock.sleep(down).await;
        self.start()
    }

    /// Faults end. What is broken in a server, and where its cables are, stays as it is until a person mends it.
    pub(super) fn end_storm(&mut self) {
        self.calm = true;
        *lock(&self.full) = false;
        self.outside.netbox_faults.clear();
        self.outside.connect_netbox();
        for faults in self.market.faults.values() {
            faults.clear();
        }
        for (_, server) in self.outside.fleet.servers() {
            server.faults.clear();
            server.behave(|b| (b.ignore_override, b.never_boots) = (0, 0));
            server.flaw(|f| f.network_lost = None);
        }
    }
}

fn broken() -> Effect {
    Effect::Refuse(StatusCode::INTERNAL_SERVER_ERROR, "<html>oops</html>".into())
}

fn busy() -> Effect {
    Effect::Refuse(StatusCode::SERVICE_UNAVAILABLE, "{}".into())
}
