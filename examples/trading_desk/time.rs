//! Days and durations; the time itself is always an argument, so that every service can be asked about any moment.

use serde::{Deserialize, Serialize};
use user_hub::Timestamp;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// The day, in UTC, that a daily sum belongs to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day(i64);

impl Day {
    /// Goes to the day of `now`; true if that is another one, and daily sums begin anew.
    pub fn turn(&mut self, now: Timestamp) -> bool {
        let today = Self(now.as_milliseconds().div_euclid(DAY_MS));
        std::mem::replace(self, today) != today
    }
}

pub fn after(moment: Timestamp, milliseconds: i64) -> Timestamp {
    Timestamp::from_milliseconds(moment.as_milliseconds().saturating_add(milliseconds))
}
