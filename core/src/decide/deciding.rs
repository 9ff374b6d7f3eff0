//! A decision in the making.

use serde::{Deserialize, Serialize};

use crate::event::{Draft, Event, LifeEvent};
use crate::id::{Actor, Entropy, Role, Subject, UnitId};
use crate::lifecycle::evidence::{Evidence, Proof};
use crate::lifecycle::stage::{Disposition, Stage};
use crate::lifecycle::task::{Task, TaskKind};
use crate::lifecycle::unit::Unit;
use crate::policy::Policy;
use crate::spine::event::Seq;
use crate::takeover::Taken;
use crate::text::Text;
use crate::time::Timestamp;
use crate::world::World;

/// What a decision may use besides the world.
#[derive(Clone, Debug)]
pub struct Moment {
    /// The time.
    pub now: Timestamp,
    /// Fresh randomness.
    pub entropy: Entropy,
    /// Who asks.
    pub actor: Actor,
}

/// What to answer to who asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Done.
    Done,
    /// There was nothing to do; it had been done before.
    Already,
    /// It may boot the validation image.
    BootValidation,
    /// It boots what it has.
    BootLocal(Text),
    /// What a scanned serial is.
    Scanned(Box<crate::receiving::scan::Scan>),
    /// It was sent, and whether it had its effect cannot be seen: the sentence.
    Unseen(Text),
    /// What became of an order.
    Ordered(Box<crate::order::ordered::Ordered>),
    /// Done, and this is to be known of it.
    Told(Text),
    /// What became of each row of a plan that was confirmed, by serial.
    TakenOver(Vec<(Text, Taken)>),
}

/// A decision in the making: each event is applied at once, so that what follows sees it.
pub(crate) struct Deciding<'a> {
    pub(crate) world: World,
    pub(crate) policy: &'a Policy,
    pub(crate) moment: &'a Moment,
    /// Who the next event is by: who asked, until what follows is Rackhand's own conclusion.
    pub(crate) actor: Actor,
    pub(crate) cause: Option<Seq>,
    pub(crate) drafts: Vec<Draft>,
}

impl Deciding<'_> {
    pub(crate) fn emit(&mut self, subject: Subject, event: impl Into<Event>) -> Seq {
        let (at, actor) = (self.moment.now, self.actor.clone());
        let draft = Draft { at, subject, actor, cause: self.cause, event: event.into() };
        let seq = self.world.head + 1;
        self.world.apply_draft(seq, &draft);
        self.drafts.push(draft);
        // What follows in this decision follows from its first event.
        self.cause.get_or_insert(seq);
        seq
    }

    /// The unit enters a stage.
    pub(crate) fn enter(&mut self, id: UnitId, to: Stage, proof: Proof, note: &str) {
        let Some(from) = self.world.unit(id).map(|u| u.stage) else { return };
        let evidence = Evidence::new(proof, note);
        self.emit(Subject::Unit(id), LifeEvent::StageEntered { from, to, evidence });
    }

    /// Opens a task, unless the same one is open.
    pub(crate) fn open_task(&mut self, id: UnitId, kind: TaskKind, role: Role, text: &str) {
        let text = Text::new(text);
        if self.world.unit(id).is_some_and(|u| u.tasks.iter().any(|(_, t)| t.kind == kind && t.text == text)) {
            return;
        }
        self.emit(Subject::Unit(id), LifeEvent::TaskOpened { task: Task { kind, role, text } });
    }

    /// Puts a unit into quarantine, unless it is there.
    pub(crate) fn quarantine(&mut self, id: UnitId, reason: &str) {
        let Some(from) = self.world.unit(id).map(|u| u.disposition) else { return };
        if from == Disposition::Quarantined {
            return;
        }
        let (to, reason) = (Disposition::Quarantined, Text::new(reason));
        self.emit(Subject::Unit(id), LifeEvent::DispositionChanged { from, to, reason });
    }

    pub(crate) fn unit(&self, subject: Subject) -> Option<&Unit> {
        match subject {
            Subject::Unit(id) => self.world.unit(id),
            Subject::Bmc(_) | Subject::Order(_) | Subject::Deal(_) | Subject::Plan(_) | Subject::Journal => None,
        }
    }
}
