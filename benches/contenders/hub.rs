//! This crate, with the limits that it has by default.

use std::hint::black_box;

use futures::StreamExt;
use user_hub::{Broadcast, Connection, Event, FrameKind, PublicEvent, UserHub};

use super::{Contender, Device};

#[derive(Clone)]
pub(crate) struct Hub(pub(crate) UserHub);

impl Contender for Hub {
    const NAME: &'static str = "hub";
    type Device = HubDevice;

    fn open() -> Self {
        Self(UserHub::new())
    }

    fn connect(&self, user: &str) -> HubDevice {
        HubDevice { connection: self.0.connect(user).expect("the limits are not reached"), seq: None }
    }

    fn broadcast<E: Event>(&self, user: &str, event: &E) {
        black_box(self.0.broadcast(user, event));
    }

    fn broadcast_to_all<E: PublicEvent>(&self, event: &E) {
        black_box(self.0.broadcast_to_all(event));
    }

    fn burst<E: Event>(&self, users: &[String], event: &E) {
        self.0.burst(|burst| users.iter().for_each(|user| drop(black_box(burst.broadcast(user, event)))));
    }

    fn maintain(&self) {
        let hub = self.0.clone();
        tokio::spawn(async move { hub.maintenance().await });
    }
}

pub(crate) struct HubDevice {
    connection: Connection,
    /// Of the last frame that moved it.
    seq: Option<u64>,
}

impl Device for HubDevice {
    async fn receive(&mut self) -> u64 {
        loop {
            let frame = self.connection.next().await.expect("nobody closes it");
            black_box(frame.text());
            let moved = frame.cursor().map(|cursor| cursor.seq());
            let before = self.seq;
            self.seq = moved.or(before);
            match (frame.kind(), moved) {
                (FrameKind::Log | FrameKind::State, Some(seq)) => return seq - before.unwrap_or(seq - 1),
                (FrameKind::Connected | FrameKind::Synced, _) => {}
                (kind, _) => panic!("{kind:?} is not a record"),
            }
        }
    }
}
