//! A host with a good client on it, before the hostile one comes; and what must be true once it has gone.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use user_hub::{DynamicEvent, UserHub, UserHubBuilder};

use super::client::{Good, Hostile, request};
use super::host::{self, Library};

pub(crate) struct Scene {
    pub(crate) hub: UserHub,
    pub(crate) address: SocketAddr,
    /// What Bob's device gets.
    bob: mpsc::UnboundedReceiver<Value>,
    tasks: [JoinHandle<()>; 2],
}

/// The tasks of a server at rest: the listener's, that of Bob's device, and its own, which reads.
const TASKS: usize = 3;

impl Scene {
    pub(crate) async fn on(library: Library) -> Self {
        // No ping, so that nobody goes for want of a pong.
        Self::with(library, UserHub::builder().heartbeat(Duration::from_secs(600))).await
    }

    pub(crate) async fn with(library: Library, hub: UserHubBuilder) -> Self {
        let hub = hub.build().unwrap();
        let (address, listening) = host::start(library, hub.clone()).await;
        let mut device = Good::connect(address, "bob").await;
        let (frames, bob) = mpsc::unbounded_channel();
        let reading = tokio::spawn(async move { while frames.send(device.next_frame().await).is_ok() {} });
        until(|| alive() == TASKS).await;
        Self { hub, address, bob, tasks: [listening, reading] }
    }

    /// A hostile client of Alice that was let in.
    pub(crate) async fn hostile(&self) -> Hostile {
        let mut client = Hostile::dial(self.address).await;
        client.write(request(self.address, "/ws", &[]).as_bytes()).await;
        assert_eq!(client.status().await, 101);
        client
    }

    /// Whether Alice has no device any more.
    pub(crate) fn is_alice_gone(&self) -> bool {
        self.hub.connections_of("alice") == 0
    }

    /// Alice gets an event, and so does whoever else of hers is there.
    pub(crate) fn tell_alice(&self, number: usize) {
        self.hub.broadcast_dynamic("alice", &note(number));
    }

    /// Bob gets an event as if nothing were.
    pub(crate) async fn bob_is_served(&mut self) {
        self.hub.broadcast_dynamic("bob", &note(7));
        while within(self.bob.recv()).await.expect("Bob's device is there")["data"]["number"] != 7 {}
    }

    /// The hostile client has gone: a good one that was there and one that comes are served as before, and no connection,
    /// task or memory is left behind.
    pub(crate) async fn ends_well(mut self) {
        until(|| self.is_alice_gone()).await;
        self.bob_is_served().await;
        let mut carol = Good::connect(self.address, "carol").await;
        self.hub.broadcast_dynamic("carol", &note(8));
        assert_eq!(carol.frame().await["data"]["number"], 8);
        drop(carol);
        until(|| self.hub.stats().connections == 1 && self.hub.stats().users == 1).await;
        until(|| alive() == TASKS).await;
        assert!(self.hub.stats().bytes < 1024 * 1024, "{:?}", self.hub.stats());
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// A Log event with a number.
pub(crate) fn note(number: usize) -> DynamicEvent {
    DynamicEvent::log("NOTE", serde_json::json!({ "number": number })).unwrap()
}

fn alive() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// Waits for something that a test needs, not for ever.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), future).await.expect("it never happened")
}

/// Waits until a condition holds.
pub(crate) async fn until(condition: impl Fn() -> bool) {
    let mut tick = tokio::time::interval(Duration::from_millis(2));
    within(async {
        while !condition() {
            tick.tick().await;
        }
    })
    .await;
}
