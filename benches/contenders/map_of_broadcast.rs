//! A concurrent map from user to a `tokio::sync::broadcast` channel.

use std::hint::black_box;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::broadcast;
use user_hub::{Event, PublicEvent};

use super::encode::Encoder;
use super::{CAPACITY, Contender, Device, Users};

#[derive(Clone, Default)]
pub(crate) struct MapOfBroadcast(Arc<Inner>);

#[derive(Default)]
struct Inner {
    users: Users<broadcast::Sender<Bytes>>,
    encoder: Encoder,
}

impl Contender for MapOfBroadcast {
    const NAME: &'static str = "map of broadcast";
    type Device = BroadcastDevice;

    fn open() -> Self {
        Self::default()
    }

    fn connect(&self, user: &str) -> BroadcastDevice {
        let user = Arc::from(user);
        let channel = self.0.users.entry(Arc::clone(&user)).or_insert_with(|| broadcast::Sender::new(CAPACITY));
        BroadcastDevice { hub: self.clone(), queue: Some(channel.subscribe()), user }
    }

    fn broadcast<E: Event>(&self, user: &str, event: &E) {
        let text = self.0.encoder.encode(event);
        if let Some(channel) = self.0.users.get(user) {
            drop(channel.send(text));
        }
    }

    fn broadcast_to_all<E: PublicEvent>(&self, event: &E) {
        let text = self.0.encoder.encode(event);
        self.0.users.iter().for_each(|channel| drop(channel.send(text.clone())));
    }
}

pub(crate) struct BroadcastDevice {
    hub: MapOfBroadcast,
    user: Arc<str>,
    /// There until it is dropped.
    queue: Option<broadcast::Receiver<Bytes>>,
}

impl Device for BroadcastDevice {
    async fn receive(&mut self) -> u64 {
        let queue = self.queue.as_mut().expect("it is not dropped");
        black_box(queue.recv().await.expect("it reads more quickly than it is sent to"));
        1
    }
}

impl Drop for BroadcastDevice {
    fn drop(&mut self) {
        drop(self.queue.take());
        self.hub.0.users.remove_if(&self.user, |_, channel| channel.receiver_count() == 0);
    }
}
