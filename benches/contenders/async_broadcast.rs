//! A concurrent map from user to an `async-broadcast` channel.

use std::hint::black_box;
use std::sync::Arc;

use async_broadcast::{InactiveReceiver, Receiver, Sender, TrySendError, broadcast};
use bytes::Bytes;
use user_hub::{Event, PublicEvent};

use super::encode::Encoder;
use super::{CAPACITY, Contender, Device, Users};

#[derive(Clone, Default)]
pub(crate) struct AsyncBroadcast(Arc<Inner>);

#[derive(Default)]
struct Inner {
    users: Users<Channel>,
    encoder: Encoder,
}

struct Channel {
    sender: Sender<Bytes>,
    /// Keeps it open.
    _idle: InactiveReceiver<Bytes>,
}

impl Channel {
    fn new() -> Self {
        let (mut sender, receiver) = broadcast(CAPACITY);
        // A device that does not read loses the oldest.
        sender.set_overflow(true);
        Self { sender, _idle: receiver.deactivate() }
    }

    fn send(&self, text: Bytes) {
        match self.sender.try_broadcast(text) {
            Ok(_) | Err(TrySendError::Inactive(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

impl Contender for AsyncBroadcast {
    const NAME: &'static str = "async-broadcast";
    type Device = AsyncBroadcastDevice;

    fn open() -> Self {
        Self::default()
    }

    fn connect(&self, user: &str) -> AsyncBroadcastDevice {
        let user = Arc::from(user);
        let channel = self.0.users.entry(Arc::clone(&user)).or_insert_with(Channel::new);
        AsyncBroadcastDevice { hub: self.clone(), queue: Some(channel.sender.new_receiver()), user }
    }

    fn broadcast<E: Event>(&self, user: &str, event: &E) {
        let text = self.0.encoder.encode(event);
        if let Some(channel) = self.0.users.get(user) {
            channel.send(text);
        }
    }

    fn broadcast_to_all<E: PublicEvent>(&self, event: &E) {
        let text = self.0.encoder.encode(event);
        self.0.users.iter().for_each(|channel| channel.send(text.clone()));
    }
}

pub(crate) struct AsyncBroadcastDevice {
    hub: AsyncBroadcast,
    user: Arc<str>,
    /// There until it is dropped.
    queue: Option<Receiver<Bytes>>,
}

impl Device for AsyncBroadcastDevice {
    async fn receive(&mut self) -> u64 {
        let queue = self.queue.as_mut().expect("it is not dropped");
        black_box(queue.recv_direct().await.expect("it reads more quickly than it is sent to"));
        1
    }
}

impl Drop for AsyncBroadcastDevice {
    fn drop(&mut self) {
        drop(self.queue.take());
        self.hub.0.users.remove_if(&self.user, |_, channel| channel.sender.receiver_count() == 0);
    }
}
