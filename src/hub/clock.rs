//! The two clocks of a hub, which a test replaces by its own.

use std::time::Instant;

use crate::Timestamp;

/// The time, as a hub sees it: monotonic for everything that expires, the wall clock only for `timestamp`.
///
/// Called on every broadcast, so it should be cheap; never called under a lock.
///
/// ```
/// use std::time::Instant;
/// use user_hub::{Clock, Timestamp, UserHub};
///
/// struct NewYear(Instant);
/// impl Clock for NewYear {
///     fn now(&self) -> Instant { self.0 }
///     fn wall(&self) -> Timestamp { Timestamp::from_milliseconds(1_767_225_600_000) }
/// }
///
/// let hub = UserHub::builder().clock(NewYear(Instant::now())).build()?;
/// # Ok::<(), user_hub::ConfigError>(())
/// ```
pub trait Clock: Send + Sync {
    /// The monotonic clock.
    fn now(&self) -> Instant;

    /// The wall clock.
    fn wall(&self) -> Timestamp;
}

/// The clocks of the machine: the default.
///
/// ```
/// use user_hub::{Clock, SystemClock};
///
/// assert!(SystemClock.now() <= SystemClock.now());
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall(&self) -> Timestamp {
        Timestamp::now()
    }
}
