//! A concurrent map from user to the bounded senders of its devices.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use tokio::sync::mpsc;
use user_hub::{Event, PublicEvent};

use super::encode::Encoder;
use super::{CAPACITY, Contender, Device, Users};

#[derive(Clone, Default)]
pub(crate) struct MapOfMpsc(Arc<Inner>);

#[derive(Default)]
struct Inner {
    users: Users<Vec<Sender>>,
    encoder: Encoder,
    connected: AtomicU64,
}

struct Sender {
    id: u64,
    queue: mpsc::Sender<Bytes>,
}

impl Contender for MapOfMpsc {
    const NAME: &'static str = "map of mpsc";
    type Device = MpscDevice;

    fn open() -> Self {
        Self::default()
    }

    fn connect(&self, user: &str) -> MpscDevice {
        let (user, id) = (Arc::from(user), self.0.connected.fetch_add(1, Ordering::Relaxed));
        let (sender, queue) = mpsc::channel(CAPACITY);
        self.0.users.entry(Arc::clone(&user)).or_default().push(Sender { id, queue: sender });
        MpscDevice { hub: self.clone(), user, id, queue }
    }

    fn broadcast<E: Event>(&self, user: &str, event: &E) {
        let text = self.0.encoder.encode(event);
        if let Some(senders) = self.0.users.get(user) {
            send(&senders, &text);
        }
    }

    fn broadcast_to_all<E: PublicEvent>(&self, event: &E) {
        let text = self.0.encoder.encode(event);
        self.0.users.iter().for_each(|senders| send(&senders, &text));
    }
}

fn send(senders: &[Sender], text: &Bytes) {
    for sender in senders {
        // A device that does not read loses it.
        drop(sender.queue.try_send(text.clone()));
    }
}

pub(crate) struct MpscDevice {
    hub: MapOfMpsc,
    user: Arc<str>,
    id: u64,
    queue: mpsc::Receiver<Bytes>,
}

impl Device for MpscDevice {
    async fn receive(&mut self) -> u64 {
        black_box(self.queue.recv().await.expect("its sender is in the map"));
        1
    }
}

impl Drop for MpscDevice {
    fn drop(&mut self) {
        let leave = |_: &Arc<str>, senders: &mut Vec<Sender>| {
            senders.retain(|sender| sender.id != self.id);
            senders.is_empty()
        };
        self.hub.0.users.remove_if_mut(&self.user, leave);
    }
}
