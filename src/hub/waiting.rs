//! Tasks that wait for the same thing.
//!
//! Invariant: no waker is cloned, woken or dropped under the lock.

use std::task::{Context, Waker};

use smallvec::SmallVec;

use crate::hub::shared::wake;
use crate::hub::sync::Mutex;

#[derive(Debug, Default)]
pub(crate) struct Waiting {
    /// Most often one, which then asks for no memory.
    parked: Mutex<SmallVec<[Waker; 1]>>,
}

impl Waiting {
    /// A task waits; it registers before it looks, so that nothing happens between the two unseen.
    pub(crate) fn register(&self, context: &Context<'_>) {
        let waker = context.waker().clone();
        let _unused = {
            let mut parked = self.parked.lock();
            if parked.iter().any(|known| known.will_wake(&waker)) {
                Some(waker)
            } else {
                parked.push(waker);
                None
            }
        };
    }

    /// Wakes all that wait.
    pub(crate) fn wake(&self) {
        let parked = std::mem::take(&mut *self.parked.lock());
        wake(parked);
    }
}
