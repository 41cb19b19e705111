//! The host behind a hub: its database, written before each broadcast, from which its StateSource loads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::channel::oneshot;
use parking_lot::Mutex;
use user_hub::{LoadedState, UserId};

use super::event::{Class, Payload, Sent, Thing};
use super::hub::User;
use super::list::List;

/// What the StateSource does when it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Answer {
    #[default]
    AtOnce,
    /// What it read at the call comes when the test says so.
    Late,
    Fails,
}

#[derive(Debug, Default)]
pub(crate) struct Database {
    rows: BTreeMap<(User, Thing), Sent>,
    answers: BTreeMap<User, Answer>,
    /// The highest version of each thing.
    highest: BTreeMap<(User, Thing), i64>,
    /// Of these an older version was sent after a newer one, so no order is right.
    disputed: BTreeSet<(User, Thing)>,
    late: Vec<(User, oneshot::Sender<()>)>,
    pub(crate) calls: usize,
}

impl Database {
    pub(crate) fn answer(&self, user: User) -> Answer {
        self.answers.get(user).copied().unwrap_or_default()
    }

    pub(crate) fn set_answer(&mut self, user: User, answer: Answer) {
        self.answers.insert(user, answer);
    }

    pub(crate) fn rows_of(&self, user: &str) -> Vec<Sent> {
        self.rows.iter().filter(|((owner, _), _)| *owner == user).map(|(_, sent)| sent.clone()).collect()
    }

    /// Whether an event of this user is older than one before.
    pub(crate) fn note_version(&mut self, user: User, event: &Sent) {
        let Some(version) = event.version else { return };
        let thing = (user, event.thing());
        let highest = self.highest.entry(thing).or_insert(version);
        if version < *highest {
            self.disputed.insert(thing);
        }
        *highest = version.max(*highest);
    }

    /// A change of what the StateSource loads: the user's own State.
    pub(crate) fn commit(&mut self, user: User, event: &Sent) {
        if event.is_state() && !event.may_be_public {
            let thing = (user, event.thing());
            match event.class {
                Class::Live => drop(self.rows.insert(thing, event.clone())),
                _ => drop(self.rows.remove(&thing)),
            }
        }
    }

    pub(crate) fn roll_back(&mut self, user: User, event: &Sent) {
        self.rows.remove(&(user, event.thing()));
    }

    /// What a mailbox holds that was loaded is what is in here, whatever came meanwhile and in whatever order.
    pub(crate) fn check(&self, user: User, list: &List, now: u64) {
        let is_checked = |sent: &Sent| !sent.may_be_public && !self.disputed.contains(&(user, sent.thing()));
        let is_current = |sent: &Sent| is_checked(sent) && sent.expires.is_none_or(|expires| expires > now);
        let rows = self.rows_of(user);
        let mine: BTreeMap<Thing, u64> =
            rows.iter().filter(|sent| is_current(sent)).map(|sent| (sent.thing(), sent.value)).collect();
        let states = list.states();
        let live = states.iter().filter(|entry| entry.is_live() && is_checked(&entry.sent));
        let there: BTreeMap<Thing, u64> = live.map(|entry| (entry.sent.thing(), entry.sent.value)).collect();
        assert_eq!(there, mine, "what was loaded is what {user} has in the database");
    }

    /// What was late is there.
    pub(crate) fn deliver(&mut self, user: User) {
        for (owner, late) in std::mem::take(&mut self.late) {
            if owner == user {
                let _who_waited_may_be_gone = late.send(());
            } else {
                self.late.push((owner, late));
            }
        }
    }
}

/// The StateSource of the host.
pub(crate) async fn load(database: Arc<Mutex<Database>>, users: &'static [User], user: UserId) -> Option<LoadedState> {
    let user = *users.iter().find(|known| **known == user.as_str())?;
    let (rows, late) = {
        let mut database = database.lock();
        database.calls += 1;
        let rows = database.rows_of(user);
        match database.answer(user) {
            Answer::Fails => return None,
            Answer::AtOnce => (rows, None),
            Answer::Late => {
                let (sender, late) = oneshot::channel();
                database.late.push((user, sender));
                (rows, Some(late))
            }
        }
    };
    if let Some(late) = late {
        late.await.ok()?;
    }
    Some(
        rows.iter()
            .fold(LoadedState::new(), |state, row| state.event(Payload::<false, true>::new(row, &Arc::default()))),
    )
}
