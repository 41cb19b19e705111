//! The hub, and what a Rust developer would write instead, behind one trait: each measurement is written once.
//!
//! The peers get the best honest version of themselves: a sharded map with the hasher that the hub has, the JSON encoded
//! once a broadcast by `serde_json`, with the same timestamp, and one text shared by all devices. What does not fit
//! a channel they drop without a word, which the hub never does; they keep nothing for a device that comes back.
#![allow(dead_code, unused_imports, reason = "no benchmark needs all of it")]

mod async_broadcast;
mod encode;
mod hub;
mod map_of_broadcast;
mod map_of_mpsc;
mod task;

use std::future::Future;
use std::sync::Arc;

use user_hub::{Event, PublicEvent};

pub(crate) use self::async_broadcast::AsyncBroadcast;
pub(crate) use self::hub::Hub;
pub(crate) use self::map_of_broadcast::MapOfBroadcast;
pub(crate) use self::map_of_mpsc::MapOfMpsc;
pub(crate) use self::task::Task;

/// How many messages a peer holds for a device: more than a publisher ever leaves undelivered.
const CAPACITY: usize = 16;

/// A concurrent map from user to what the peer holds for one.
type Users<T> = dashmap::DashMap<Arc<str>, T, foldhash::fast::RandomState>;

/// What sends an event to every device of a user.
pub(crate) trait Contender: Clone + Send + Sync + 'static {
    const NAME: &'static str;
    type Device: Device;

    /// Without any user. Within a tokio runtime.
    fn open() -> Self;

    /// A device of a user, until it is dropped.
    fn connect(&self, user: &str) -> Self::Device;

    fn broadcast<E: Event>(&self, user: &str, event: &E);

    fn broadcast_to_all<E: PublicEvent>(&self, event: &E);

    /// One event for each of several users at once.
    fn burst<E: Event>(&self, users: &[String], event: &E) {
        users.iter().for_each(|user| self.broadcast(user, event));
    }

    /// Spawns what a host spawns once.
    fn maintain(&self) {}

    /// Returns when all that was asked for before has happened.
    fn settled(&self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

/// What a transport would read from.
pub(crate) trait Device: Send + 'static {
    /// Waits for the next message, and says how many broadcasts it accounts for: one, unless newer State has taken the
    /// place of older.
    ///
    /// # Panics
    /// When something was lost: then nothing that was measured counts.
    fn receive(&mut self) -> impl Future<Output = u64> + Send;
}
