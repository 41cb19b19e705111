//! Who has woken the task of a device: its socket and its pings ring a bell, the hub does not.
//!
//! Invariant: whoever rings after the last answer is answered by the next one, which the task is woken for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Context;

use futures::task::{ArcWake, AtomicWaker};

pub(super) struct Bell {
    has_rung: AtomicBool,
    task: AtomicWaker,
}

impl Bell {
    /// One that has rung: at first everything is to be looked at.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { has_rung: AtomicBool::new(true), task: AtomicWaker::new() })
    }

    /// Whether it has rung since the last answer; the next time it wakes this task.
    pub(super) fn answer(&self, context: &Context<'_>) -> bool {
        // It registers before it looks, so that nothing happens between the two unseen.
        self.task.register(context.waker());
        self.has_rung.load(Ordering::Acquire) && self.has_rung.swap(false, Ordering::Acquire)
    }
}

impl ArcWake for Bell {
    fn wake_by_ref(bell: &Arc<Self>) {
        bell.has_rung.store(true, Ordering::Release);
        bell.task.wake();
    }
}
