//! Sessions that are over although their cookie has not expired: the user signed out, here or everywhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use user_hub::Timestamp;

use crate::database::{Database, DatabaseError};
use crate::desk::{USERS, User};
use crate::session::Session;
use crate::time::after;

const NAME: &str = "revocations";

/// What every request asks, so it is in memory as well as in the database.
pub struct Revocations {
    database: Arc<Database>,
    of: RwLock<BTreeMap<&'static str, Revoked>>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct Revoked {
    /// Until when every session that had begun is over.
    all_until: Option<Timestamp>,
    /// Single sessions, and when their cookies expire: then they need not be remembered any more.
    sessions: BTreeMap<String, Timestamp>,
}

impl Revocations {
    pub fn open(database: Arc<Database>) -> Result<Self, DatabaseError> {
        let stored = database.read()?;
        let known = USERS.iter().map(|user| Ok((user.name, stored.state(user.name, NAME)?.unwrap_or_default())));
        let of = known.collect::<Result<_, DatabaseError>>()?;
        Ok(Self { database, of: RwLock::new(of) })
    }

    /// Whether a session was ended.
    pub fn cover(&self, session: &Session) -> bool {
        self.of.read().get(session.user).is_some_and(|revoked| {
            revoked.all_until.is_some_and(|until| session.begun_at <= until)
                || revoked.sessions.contains_key(&session.id)
        })
    }

    /// The first moment at which a user can sign in again.
    pub fn earliest(&self, user: &User) -> Timestamp {
        let all_until = self.of.read().get(user.name).and_then(|revoked| revoked.all_until);
        all_until.map_or(Timestamp::from_milliseconds(0), |until| after(until, 1))
    }

    /// Ends one session; waits for the disk.
    pub fn end(&self, session: &Session, now: Timestamp) -> Result<(), DatabaseError> {
        self.change(session.user, |revoked| {
            revoked.sessions.retain(|_, expires_at| now < *expires_at);
            revoked.sessions.insert(session.id.clone(), session.expires_at);
        })
    }

    /// Ends a session and all others that its user has begun so far; waits for the disk.
    pub fn end_all(&self, session: &Session, now: Timestamp) -> Result<(), DatabaseError> {
        // Never back, whatever the clock does.
        let until = now.max(session.begun_at);
        self.change(session.user, |revoked| revoked.all_until = revoked.all_until.max(Some(until)))
    }

    /// Stored first, then true: who was told that a session is over can rely on it after a restart too.
    fn change(&self, user: &'static str, change: impl FnOnce(&mut Revoked)) -> Result<(), DatabaseError> {
        let mut of = self.of.write();
        let mut revoked = of.get(user).cloned().unwrap_or_default();
        change(&mut revoked);
        let mut changes = self.database.begin()?;
        changes.put_state(user, NAME, &revoked)?;
        changes.commit(true)?;
        of.insert(user, revoked);
        Ok(())
    }
}
