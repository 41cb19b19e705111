//! Several broadcasts, one wake-up a connection: waking an idle worker is the dearest thing that a broadcast does.

use std::cell::RefCell;
use std::fmt;

use crate::hub::submit::DueWakes;
use crate::{Audience, ErasedEvent, EventSink, Outcome, UserHub};

/// A sink whose broadcasts wake nobody before the burst is over; made by [`UserHub::burst`].
///
/// ```
/// use user_hub::{prelude::*, trading::PnlUpdate};
///
/// let hub = UserHub::new();
/// let outcome = hub.burst(|burst| burst.broadcast_pnl("alice", &PnlUpdate::default()));
/// assert_eq!(outcome, Outcome::Kept);
/// ```
pub struct Burst<'h> {
    hub: &'h UserHub,
    /// A connection that was woken is not parked, so it is here once however often it has something new.
    due: RefCell<DueWakes>,
}

impl UserHub {
    /// Runs `send`, whose broadcasts through its sink wake each connection once, at the end.
    ///
    /// Each broadcast is in its log at once, and is a group of its own: a connection that is awake may take it before
    /// the burst is over. If `send` panics, the connections are woken all the same.
    ///
    /// ```
    /// use user_hub::{prelude::*, trading::PnlUpdate};
    ///
    /// let hub = UserHub::new();
    /// hub.burst(|burst| {
    ///     for user in ["alice", "bob"] {
    ///         burst.broadcast_pnl(user, &PnlUpdate::default());
    ///     }
    /// });
    /// ```
    pub fn burst<T>(&self, send: impl FnOnce(&Burst<'_>) -> T) -> T {
        send(&Burst { hub: self, due: RefCell::default() })
    }
}

impl EventSink for Burst<'_> {
    fn submit(&self, to: Audience<'_>, events: &[&dyn ErasedEvent]) -> Outcome {
        let mut due = DueWakes::default();
        let submitted = self.hub.shared.submit(to, events, &mut due);
        // The cell is not borrowed while the code of a payload runs, which may broadcast into this burst.
        if !due.is_empty() {
            self.due.borrow_mut().add(due);
        }
        self.hub.shared.observed(events, submitted)
    }
}

impl Drop for Burst<'_> {
    fn drop(&mut self) {
        self.hub.shared.wake_due(self.due.take());
    }
}

impl fmt::Debug for Burst<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Burst").field("parked", &self.due.borrow().parked.len()).finish_non_exhaustive()
    }
}
