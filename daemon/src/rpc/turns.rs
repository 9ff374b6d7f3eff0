//! Turns for what takes longer than a moment: pages, searches, verification. So many at once for all consoles, and fewer
//! for one user, so that nobody's reading keeps another's waiting, or a boot file.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rackhand_core::text::Text;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// At once for all.
const ALL: usize = 4;
/// At once for one user.
const EACH: usize = 2;

/// All turns.
pub struct Turns {
    all: Arc<Semaphore>,
    users: Mutex<BTreeMap<Text, Weak<Semaphore>>>,
}

/// One user's, for all consoles of theirs.
#[derive(Clone)]
pub(super) struct Own {
    all: Arc<Semaphore>,
    own: Arc<Semaphore>,
}

/// A turn, until it is dropped.
pub(super) struct Turn(#[expect(dead_code, reason = "held")] Option<(OwnedSemaphorePermit, OwnedSemaphorePermit)>);

impl Default for Turns {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(ALL)), users: Mutex::default() }
    }
}

impl Turns {
    /// The turns of this user. Who has gone is forgotten.
    pub(super) fn of(&self, user: &Text) -> Own {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        users.retain(|_, own| own.strong_count() > 0);
        let own = users.get(user).and_then(Weak::upgrade).unwrap_or_else(|| Arc::new(Semaphore::new(EACH)));
        users.insert(user.clone(), Arc::downgrade(&own));
        Own { all: Arc::clone(&self.all), own }
    }
}

impl Own {
    /// Waits for a turn: among one's own first, so that a user with many questions stands in the queue of all with few.
    pub(super) async fn next(&self) -> Turn {
        // They are never closed.
        let Ok(own) = Arc::clone(&self.own).acquire_owned().await else { return Turn(None) };
        let Ok(all) = Arc::clone(&self.all).acquire_owned().await else { return Turn(None) };
        Turn(Some((own, all)))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn a_user_with_many_questions_leaves_turns_for_others() {
        let turns = Turns::default();
        let (anna, bert) = (turns.of(&"anna".into()), turns.of(&"bert".into()));
        let take = |own: &Own| own.next().now_or_never();
        let held = [take(&anna), take(&anna), take(&turns.of(&"anna".into()))];
        assert_eq!(held.each_ref().map(Option::is_some), [true, true, false], "whichever console asks");
        let more = [take(&bert), take(&bert), take(&turns.of(&"carl".into()))];
        assert_eq!(more.each_ref().map(Option::is_some), [true, true, false], "all have four together");
        drop(held);
        assert!(take(&anna).is_some());
        drop((anna, bert, more));
        turns.of(&"dora".into());
        assert_eq!(turns.users.lock().unwrap().len(), 1, "who has gone is forgotten");
    }
}
