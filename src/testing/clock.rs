//! A clock that moves when a test says so.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::{Clock, Timestamp};

/// A clock that stands still until a test moves it; clones are the same clock.
///
/// ```
/// use std::time::Duration;
/// use user_hub::{Clock, Timestamp, UserHub, testing::ManualClock};
///
/// let clock = ManualClock::new(Timestamp::from_milliseconds(0));
/// let hub = UserHub::builder().clock(clock.clone()).build()?;
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.wall().to_string(), "1970-01-01T00:01:00.000Z");
/// # Ok::<(), user_hub::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct ManualClock {
    started: Instant,
    wall: Timestamp,
    passed: Arc<Mutex<Duration>>,
}

impl ManualClock {
    /// A clock whose wall shows `wall` until it is moved.
    ///
    /// ```
    /// let clock = user_hub::testing::ManualClock::new(user_hub::Timestamp::from_milliseconds(0));
    /// ```
    #[must_use]
    pub fn new(wall: Timestamp) -> Self {
        Self { started: Instant::now(), wall, passed: Arc::default() }
    }

    /// Moves both clocks forward.
    ///
    /// ```
    /// use user_hub::{Clock, Timestamp, testing::ManualClock};
    ///
    /// let clock = ManualClock::new(Timestamp::from_milliseconds(0));
    /// let before = clock.now();
    /// clock.advance(std::time::Duration::from_secs(1));
    /// assert_eq!(clock.now() - before, std::time::Duration::from_secs(1));
    /// ```
    pub fn advance(&self, by: Duration) {
        let mut passed = self.passed.lock();
        *passed = passed.saturating_add(by);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        let passed = *self.passed.lock();
        self.started.checked_add(passed).unwrap_or(self.started)
    }

    fn wall(&self) -> Timestamp {
        let passed = i64::try_from(self.passed.lock().as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_milliseconds(self.wall.as_milliseconds().saturating_add(passed))
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ManualClock").field("passed", &*self.passed.lock()).finish_non_exhaustive()
    }
}
