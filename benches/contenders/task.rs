//! One task that owns the map, and takes commands: the classic hub.

use std::collections::HashMap;
use std::future::Future;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use user_hub::{Event, PublicEvent};

use super::encode::Encoder;
use super::{CAPACITY, Contender, Device};

#[derive(Clone)]
pub(crate) struct Task(Arc<Inner>);

struct Inner {
    /// Without a bound: a caller is not to wait. Its publisher bounds it.
    commands: mpsc::UnboundedSender<Command>,
    encoder: Encoder,
    connected: AtomicU64,
}

enum Command {
    Connect { user: Arc<str>, id: u64, queue: mpsc::Sender<Bytes> },
    Disconnect { user: Arc<str>, id: u64 },
    Send { user: Box<str>, text: Bytes },
    SendToAll { text: Bytes },
    Settle(oneshot::Sender<()>),
}

impl Contender for Task {
    const NAME: &'static str = "one task";
    type Device = TaskDevice;

    fn open() -> Self {
        let (commands, queue) = mpsc::unbounded_channel();
        tokio::spawn(run(queue));
        Self(Arc::new(Inner { commands, encoder: Encoder::default(), connected: AtomicU64::new(0) }))
    }

    fn connect(&self, user: &str) -> TaskDevice {
        let (user, id) = (Arc::<str>::from(user), self.0.connected.fetch_add(1, Ordering::Relaxed));
        let (sender, queue) = mpsc::channel(CAPACITY);
        self.command(Command::Connect { user: Arc::clone(&user), id, queue: sender });
        TaskDevice { hub: self.clone(), user, id, queue }
    }

    fn broadcast<E: Event>(&self, user: &str, event: &E) {
        self.command(Command::Send { user: user.into(), text: self.0.encoder.encode(event) });
    }

    fn broadcast_to_all<E: PublicEvent>(&self, event: &E) {
        self.command(Command::SendToAll { text: self.0.encoder.encode(event) });
    }

    fn settled(&self) -> impl Future<Output = ()> + Send {
        let (done, settled) = oneshot::channel();
        self.command(Command::Settle(done));
        async { settled.await.expect("the task runs") }
    }
}

impl Task {
    fn command(&self, command: Command) {
        // A device may be dropped after the runtime, and the task with it.
        drop(self.0.commands.send(command));
    }
}

type Senders = Vec<(u64, mpsc::Sender<Bytes>)>;

async fn run(mut commands: mpsc::UnboundedReceiver<Command>) {
    let mut users: HashMap<Arc<str>, Senders, foldhash::fast::RandomState> = HashMap::default();
    while let Some(command) = commands.recv().await {
        match command {
            Command::Connect { user, id, queue } => users.entry(user).or_default().push((id, queue)),
            Command::Disconnect { user, id } => {
                let senders = users.entry(Arc::clone(&user)).or_default();
                senders.retain(|(other, _)| *other != id);
                if senders.is_empty() {
                    users.remove(&user);
                }
            }
            Command::Send { user, text } => {
                if let Some(senders) = users.get(&*user) {
                    send(senders, &text);
                }
            }
            Command::SendToAll { text } => users.values().for_each(|senders| send(senders, &text)),
            Command::Settle(done) => drop(done.send(())),
        }
    }
}

fn send(senders: &Senders, text: &Bytes) {
    for (_, queue) in senders {
        // A device that does not read loses it.
        drop(queue.try_send(text.clone()));
    }
}

pub(crate) struct TaskDevice {
    hub: Task,
    user: Arc<str>,
    id: u64,
    queue: mpsc::Receiver<Bytes>,
}

impl Device for TaskDevice {
    async fn receive(&mut self) -> u64 {
        black_box(self.queue.recv().await.expect("the task holds its sender"));
        1
    }
}

impl Drop for TaskDevice {
    fn drop(&mut self) {
        self.hub.command(Command::Disconnect { user: Arc::clone(&self.user), id: self.id });
    }
}
