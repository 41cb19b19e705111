//! The desks of all users, each behind its own lock.

use std::sync::Arc;

use parking_lot::Mutex;
use user_hub::{EventSink, Timestamp};

use crate::database::Database;
use crate::desk::{Desk, USERS};
use crate::domain::Refusal;

pub struct Desks(Vec<(&'static str, Mutex<Desk>)>);

impl Desks {
    /// Opens the desk of every user.
    pub fn open(
        seed: u64,
        database: &Arc<Database>,
        events: &Arc<dyn EventSink + Send + Sync>,
    ) -> Result<Self, Refusal> {
        let open = |user| Ok((user, Desk::open(user, seed, Arc::clone(database), Arc::clone(events))?));
        let desks = USERS.iter().map(open).collect::<Result<Vec<_>, Refusal>>()?;
        Ok(Self(desks.into_iter().map(|(user, desk)| (user.name, Mutex::new(desk))).collect()))
    }

    /// Does something with the desk of a user; waits for its turn and for the disk, so not on an async worker.
    pub fn with<T>(
        &self,
        user: &str,
        act: impl FnOnce(&mut Desk, Timestamp) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let desk = self.0.iter().find(|(name, _)| *name == user);
        let (_, desk) = desk.ok_or_else(|| Refusal::Unknown(format!("There is no desk of {user:?}.")))?;
        act(&mut desk.lock(), Timestamp::now())
    }

    /// Moves the prices of every desk; one that cannot be stored does not hold up the others.
    pub fn tick(&self) -> Result<(), Refusal> {
        let ticked = self.0.iter().map(|(_, desk)| desk.lock().tick(Timestamp::now()));
        // Collected first: all desks tick, and then the first error counts.
        ticked.collect::<Vec<_>>().into_iter().collect()
    }

    /// Puts everything on the disk, before the program ends.
    pub fn flush(&self) -> Result<(), Refusal> {
        self.0.iter().try_for_each(|(_, desk)| Ok(desk.lock().flush()?))
    }
}
