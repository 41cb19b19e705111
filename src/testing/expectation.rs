//! What a test expects a recorder to have, by type; where it has something else, the failure says what.

use std::fmt::Write;

use serde::de::DeserializeOwned;

use super::{PayloadError, Recorded, Recorder};
use crate::Event;

/// How much of `data` a failure shows.
const SHOWN: usize = 200;

impl Recorder {
    /// The payloads of one type that the devices of one user would get, in order; removals have none.
    ///
    /// # Errors
    /// [`PayloadError`]: what was sent under that name is not an `E`.
    ///
    /// ```
    /// use user_hub::{prelude::*, testing::Recorder, trading::PnlUpdate};
    ///
    /// let recorder = Recorder::new();
    /// recorder.broadcast_pnl("alice", &PnlUpdate::default());
    /// assert_eq!(recorder.payloads::<PnlUpdate>("alice")?, [PnlUpdate::default()]);
    /// # Ok::<(), user_hub::testing::PayloadError>(())
    /// ```
    pub fn payloads<E: Event + DeserializeOwned>(&self, user: &str) -> Result<Vec<E>, PayloadError> {
        let events = self.events_of(user).into_iter();
        events.filter(|event| event.name == E::NAME && !event.is_removal).map(|event| event.payload()).collect()
    }

    /// The one payload of a type that the devices of a user would get.
    ///
    /// # Panics
    /// If there is none, or more than one, or one that is no `E`; the message lists what was recorded.
    ///
    /// ```
    /// use user_hub::{prelude::*, testing::Recorder, trading::PnlUpdate};
    ///
    /// let recorder = Recorder::new();
    /// recorder.broadcast_pnl("alice", &PnlUpdate::default());
    /// assert_eq!(recorder.expect_one::<PnlUpdate>("alice").total_pnl, 0.0);
    /// ```
    #[track_caller]
    #[must_use]
    pub fn expect_one<E: Event + DeserializeOwned>(&self, user: &str) -> E {
        let mut payloads = self.expect_payloads::<E>(user);
        let count = payloads.len();
        match payloads.pop() {
            Some(payload) if count == 1 => payload,
            _ => self.fail(user, &format!("one {} and there are {count}", E::NAME)),
        }
    }

    /// The last payload of a type that the devices of a user would get: of a State, what they show.
    ///
    /// # Panics
    /// If there is none, or one that is no `E`; the message lists what was recorded.
    ///
    /// ```
    /// use user_hub::{prelude::*, testing::Recorder, trading::PnlUpdate};
    ///
    /// let recorder = Recorder::new();
    /// let mut pnl = PnlUpdate::default();
    /// for total in [1.0, 2.0] {
    ///     pnl.total_pnl = total;
    ///     recorder.broadcast_pnl("alice", &pnl);
    /// }
    /// assert_eq!(recorder.expect_last::<PnlUpdate>("alice").total_pnl, 2.0);
    /// ```
    #[track_caller]
    #[must_use]
    pub fn expect_last<E: Event + DeserializeOwned>(&self, user: &str) -> E {
        match self.expect_payloads::<E>(user).pop() {
            Some(payload) => payload,
            None => self.fail(user, &format!("a {} and there is none", E::NAME)),
        }
    }

    /// That the devices of a user would get nothing of a type, removals included.
    ///
    /// # Panics
    /// If they would; the message lists what was recorded.
    ///
    /// ```
    /// use user_hub::{prelude::*, testing::Recorder, trading::{ChainUpdate, PnlUpdate}};
    ///
    /// let recorder = Recorder::new();
    /// recorder.broadcast_pnl("alice", &PnlUpdate::default());
    /// recorder.expect_none::<PnlUpdate>("bob");
    /// recorder.expect_none::<ChainUpdate>("alice");
    /// ```
    #[track_caller]
    pub fn expect_none<E: Event>(&self, user: &str) {
        let count = self.events_of(user).iter().filter(|event| event.name == E::NAME).count();
        if count > 0 {
            self.fail(user, &format!("no {} and there are {count}", E::NAME));
        }
    }

    /// That a State is taken away, by key where it has one, and not set again after that.
    ///
    /// # Panics
    /// If it is not; the message lists what was recorded.
    ///
    /// ```
    /// use user_hub::{prelude::*, testing::Recorder, trading::{ChainUpdate, PnlUpdate}};
    ///
    /// let recorder = Recorder::new();
    /// recorder.clear_key::<ChainUpdate>("alice", "chain-7");
    /// recorder.clear::<PnlUpdate>("alice");
    /// recorder.expect_removed::<ChainUpdate>("alice", Some("chain-7"));
    /// recorder.expect_removed::<PnlUpdate>("alice", None);
    /// ```
    #[track_caller]
    pub fn expect_removed<E: Event>(&self, user: &str, key: Option<&str>) {
        let is_it = |event: &&Recorded| event.name == E::NAME && event.key.as_deref() == key;
        if !self.events_of(user).iter().rfind(is_it).is_some_and(|event| event.is_removal) {
            self.fail(user, &format!("{}{} to be taken away", E::NAME, under(key)));
        }
    }

    /// That one call, and only one, sent exactly these types, in this order, as one group.
    ///
    /// # Panics
    /// If none or several did; the message lists what was recorded.
    ///
    /// ```
    /// use user_hub::{prelude::*, testing::Recorder, trading::{CircuitBreaker, PnlUpdate}};
    ///
    /// let recorder = Recorder::new();
    /// recorder.group("alice").event(&CircuitBreaker::default()).event(&PnlUpdate::default()).broadcast();
    /// recorder.expect_group("alice", &["CIRCUIT_BREAKER_UPDATE", "PNL_UPDATE"]);
    /// ```
    #[track_caller]
    pub fn expect_group(&self, user: &str, names: &[&str]) {
        let is_it = |group: &&Vec<Recorded>| group.iter().map(|event| event.name.as_str()).eq(names.iter().copied());
        let count = self.groups_of(user).iter().filter(is_it).count();
        if count != 1 {
            self.fail(user, &format!("one group of {} and there are {count}", names.join(", ")));
        }
    }

    #[track_caller]
    fn expect_payloads<E: Event + DeserializeOwned>(&self, user: &str) -> Vec<E> {
        match self.payloads(user) {
            Ok(payloads) => payloads,
            Err(error) => self.fail(user, &format!("{} of the type that was asked for: {error}", E::NAME)),
        }
    }

    #[track_caller]
    fn fail(&self, user: &str, expected: &str) -> ! {
        let mut recorded = String::new();
        for event in self.events_of(user) {
            // Writing to a text does not fail.
            let _ = write!(recorded, "\n  call {}: {}", event.call, shown(&event));
        }
        if recorded.is_empty() {
            recorded.push_str(" nothing");
        }
        panic!("expected for {user}: {expected}; recorded for {user}:{recorded}");
    }
}

fn under(key: Option<&str>) -> String {
    key.map(|key| format!("/{key}")).unwrap_or_default()
}

/// An event on one line, its data cut where it is long.
fn shown(event: &Recorded) -> String {
    let name = format!("{}{}", event.name, under(event.key.as_deref()));
    if event.is_removal {
        return format!("{name} taken away");
    }
    let data = event.data.to_string();
    match data.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{name} {}…", &data[..end]),
        None => format!("{name} {data}"),
    }
}
