//! A daemon with a hundred thousand servers that holds none of them: rows are made as they are asked for.

use futures::StreamExt;
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Refusal, Why};
use rackhand_core::event::Seq;
use rackhand_core::id::{Actor, Entropy, Role, SiteId, UnitId};
use rackhand_core::lifecycle::stage::{Disposition, Stage};
use rackhand_core::policy::Policy;
use rackhand_core::question::{Answer, Basis, Facts, Question, Reading};
use rackhand_core::time::Timestamp;
use rackhand_core::view::{Health, Overview, Page, Query, State, UnitRow};
use rackhand_core::world::World;
use rackhand_rpc::hello::{self, ServerHello};
use rackhand_rpc::{Console, Receipt, Verified, codec};
use tarpc::context::Context;
use tarpc::server::{BaseChannel, Channel};

pub const ROWS: usize = 100_000;
const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);

#[derive(Clone)]
pub struct Wide;

impl Wide {
    pub fn listen(socket: &std::path::Path) {
        let listener = tokio::net::UnixListener::bind(socket).unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let hello = ServerHello {
                        magic: String::new(),
                        proto: 0,
                        min: 0,
                        build: "0".into(),
                        site: SiteId::new("fra1"),
                        epoch: 1,
                        head: 7,
                        user: "anna".into(),
                        role: Some(Role::Operator),
                        demo: false,
                    };
                    if hello::answer(&mut stream, hello).await.is_ok() {
                        let calls = BaseChannel::with_defaults(codec::transport(stream)).execute(Wide.serve());
                        calls.for_each(|call| async { drop(tokio::spawn(call)) }).await;
                    }
                });
            }
        });
    }
}

fn row(n: usize) -> UnitRow {
    let mut entropy = [0; 16];
    entropy[8..].copy_from_slice(&(n as u64).to_be_bytes());
    let models = ["ProLiant DL360 Gen11", "PowerEdge R660", "ProLiant DL380 Gen11", "PowerEdge R760"];
    let stages = [Stage::Received, Stage::Racked, Stage::Discovered, Stage::InService];
    UnitRow {
        id: UnitId::mint(NOW, Entropy(entropy)),
        label: format!("CZ{:06X}", n * 7919 % 0xFF_FFFF).into(),
        site: SiteId::new(["fra1", "ams2", "lon1", "ash1"][n / 7 % 4]),
        model: Some(models[n % 4].into()),
        place: Some(format!("A{:02} U{:02}", n % 40, n % 42).into()),
        stage: stages[n % 4],
        since: Timestamp::from_secs(1_795_000_000 - (n as i64 * 311) % 800_000),
        disposition: Disposition::Normal,
        state: [State::Person, State::Moving, State::Retrying, State::Idle][n % 4],
        waits_for: ["to be racked", "its firmware baseline", "NetBox: 503 Service Unavailable", "nothing"][n % 4]
            .into(),
        next_try: None,
        who: (n.is_multiple_of(4)).then_some(Role::Technician),
        located: false,
        revision: n as u64,
    }
}

fn overview() -> Overview {
    let quarter = ROWS as u32 / 4;
    let stages = [Stage::Received, Stage::Racked, Stage::Discovered, Stage::InService].map(|s| (s, quarter));
    let states = [State::Person, State::Moving, State::Retrying, State::Idle].map(|s| (s, quarter));
    Overview {
        head: 7,
        site: SiteId::new("fra1"),
        now: NOW,
        demo: false,
        sites: [(SiteId::new("fra1"), stages.into())].into(),
        stages: stages.into(),
        states: states.into(),
        site_states: std::collections::BTreeMap::new(),
        orders: None,
        dead_letters: 0,
        health: Health {
            intake_stopped: None,
            held: None,
            systems: Vec::new(),
            unknown_leases: 0,
            taps: Vec::new(),
            rogue_servers: Vec::new(),
        },
    }
}

fn units(query: &Query) -> Page<UnitRow> {
    let from = query.offset.min(ROWS);
    let rows = (from..(from + query.limit).min(ROWS)).map(row).collect();
    Page { head: 7, now: NOW, total: ROWS, offset: from, rows }
}

impl Console for Wide {
    async fn answer(self, _: Context, question: Question) -> Result<Reading, Refusal> {
        let answer = match &question {
            Question::Overview(_) => Answer::Overview(Box::new(overview())),
            Question::Units(query) => Answer::Units(Box::new(units(query))),
            // Beside its rows there is nothing in it.
            other => {
                let (site, caller) = (SiteId::new("fra1"), Actor::Person { name: "anna".into(), role: Role::Operator });
                let (mut world, policy) = (World::default(), Policy::standard(site.clone()));
                world.head = 7;
                let facts = Facts::new(&site, &policy);
                return other.answer(&Basis { world: &world, facts: &facts, caller: &caller, now: NOW });
            }
        };
        Ok(Reading { as_of: 7, at: NOW, answer })
    }
    async fn watch(self, _: Context, _: Seq, wait_ms: u32) -> Seq {
        tokio::time::sleep(std::time::Duration::from_millis(wait_ms.into())).await;
        7
    }
    async fn command(self, _: Context, _: String, _: Command) -> Result<Receipt, Refusal> {
        Err(Refusal::new(Why::NotFound, "not here"))
    }
    async fn verify(self, _: Context) -> Result<Verified, Refusal> {
        Ok(Verified { events: 7, head: 7, checkpoints: 1, broken: None })
    }
    crate::unasked::unasked!(
        import,
        dhcp_event,
        paper,
        pdf,
        placement,
        plan_take_over,
        confirm_take_over,
        give_password,
        doctor,
        netbox_check,
        netbox_init,
        bmc_reading
    );
}
