//! What a hub does when nobody calls it: sweeping, and waking many in turn.
//!
//! Invariant: all of it also happens without this future, in passing or by the caller of a broadcast; it only takes the
//! work off them.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use futures::future::{Either, select};

use crate::UserHub;
use crate::hub::shared::Asleep;
use crate::hub::submit::DueWakes;
use crate::hub::sync::{AtomicUsize, Mutex, Ordering};
use crate::hub::waiting::Waiting;

/// How often the hub looks for what is due. Everything that it ends here is minutes old, so a second is soon enough.
const PACE: Duration = Duration::from_secs(1);
/// How many sweeps, or wakes, before other tasks of the worker have their turn.
const CHUNK: usize = 64;

/// The line between those who broadcast and the maintenance future.
#[derive(Debug, Default)]
pub(crate) struct Maintenance {
    /// How many maintenance futures are driven.
    running: AtomicUsize,
    /// Whom they are to wake.
    due: Mutex<DueWakes>,
    waiting: Waiting,
}

impl Maintenance {
    /// The hub is shut down: the futures are to end.
    pub(crate) fn end(&self) {
        self.waiting.wake();
    }

    /// Leaves the waking to the maintenance future; returns what the caller has to do itself, which is all if there is none.
    pub(crate) fn leave(&self, due: DueWakes) -> DueWakes {
        if self.running.load(Ordering::SeqCst) == 0 {
            return due;
        }
        self.due.lock().add(due);
        self.waiting.wake();
        // The last future may have ended in between without seeing this: then the caller does it after all.
        if self.running.load(Ordering::SeqCst) > 0 { DueWakes::default() } else { self.take() }
    }

    fn has_more(&self) -> bool {
        !self.due.lock().is_empty()
    }

    fn take(&self) -> DueWakes {
        std::mem::take(&mut *self.due.lock())
    }
}

/// Counts a driven future, and hands what it has not done to whoever comes next.
struct Running<'h>(&'h UserHub);

impl<'h> Running<'h> {
    fn start(hub: &'h UserHub) -> Self {
        hub.shared.maintenance.running.fetch_add(1, Ordering::SeqCst);
        Self(hub)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let shared = &self.0.shared;
        if shared.maintenance.running.fetch_sub(1, Ordering::SeqCst) == 1 {
            shared.wake(shared.maintenance.take());
        }
    }
}

impl UserHub {
    /// Does in the background what is otherwise done in passing: forgets users whose retention has passed, tells of
    /// users who have left, and wakes the connections of a broadcast to everybody, of a burst, and of a user with several
    /// devices. It ends when the hub is shut down.
    ///
    /// A host spawns it once, as a task of its own, on the runtime where its connections are: a thread that is not one of
    /// the runtime's wakes one task more cheaply, and sooner, than it wakes several. Who drives it and then does not poll
    /// it when it is woken keeps those connections asleep. Without it every connect, disconnect and broadcast sweeps a few
    /// users in passing, a quiet hub forgets nothing, and a broadcast wakes all connections before it returns.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// let hub = user_hub::UserHub::new();
    /// let maintenance = tokio::spawn({
    ///     let hub = hub.clone();
    ///     async move { hub.maintenance().await }
    /// });
    /// hub.shutdown();
    /// maintenance.await.unwrap();
    /// # });
    /// ```
    ///
    /// # Panics
    /// Outside a tokio runtime with time enabled.
    ///
    /// # Cancel safety
    /// Dropping it loses nothing: what it had begun is finished, and the rest is done in passing again.
    pub async fn maintenance(&self) {
        let _running = Running::start(self);
        while !self.is_closed() {
            self.sweep_all().await;
            self.shared.observer.maintained(|| self.stats());
            let mut pause = std::pin::pin!(tokio::time::sleep(PACE));
            // The pause is looked at first, so that no storm of broadcasts keeps the hub from forgetting.
            while let Either::Right((due, _)) = select(&mut pause, std::pin::pin!(self.due())).await {
                self.wake(due).await;
                if self.is_closed() {
                    break;
                }
            }
        }
    }

    async fn sweep_all(&self) {
        let now = self.shared.config.clock.now();
        while (0..CHUNK).all(|_| self.shared.sweep(now)) {
            yield_now().await;
        }
    }

    /// Whom to wake: nobody, if the hub was shut down.
    async fn due(&self) -> DueWakes {
        poll_fn(|context| {
            let maintenance = &self.shared.maintenance;
            maintenance.waiting.register(context);
            let due = maintenance.take();
            if due.is_empty() && !self.is_closed() { Poll::Pending } else { Poll::Ready(due) }
        })
        .await
    }

    /// Wakes them, and lets those that were woken have their turn if there are more by then.
    async fn wake(&self, due: DueWakes) {
        let mut asleep = Asleep::new(self.shared.asleep(due));
        while asleep.wake(CHUNK) {
            yield_now().await;
        }
        if self.shared.maintenance.has_more() {
            yield_now().await;
        }
    }
}

/// Lets other tasks of the worker have their turn.
async fn yield_now() {
    let mut has_yielded = false;
    poll_fn(|context| {
        if std::mem::replace(&mut has_yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
