//! A moment on the wall clock, as the wire prints it.
//!
//! Invariant: within the years 0000 to 9999, so that it always prints as RFC 3339 in 24 characters.

use std::cell::Cell;
use std::fmt;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::civil::DateTime;
use jiff::fmt::temporal::Pieces;
use jiff::{SignedDuration, civil};

/// `2026-11-22T23:59:39`.
const SECOND_LENGTH: usize = 19;
const LENGTH: usize = SECOND_LENGTH + ".000Z".len();
/// A second, and its text up to the dot.
type Second = (i64, [u8; SECOND_LENGTH]);
const NONE: Second = (i64::MIN, [0; SECOND_LENGTH]);
/// 9999-12-31T23:59:59.999Z.
const LATEST: i64 = 253_402_300_799_999;
/// 0000-01-01T00:00:00.000Z.
const EARLIEST: i64 = -62_167_219_200_000;
/// A date and time of UTC: `jiff::Timestamp` itself ends some hours before the year 9999 does.
const EPOCH: DateTime = civil::date(1970, 1, 1).at(0, 0, 0, 0);

/// A moment: UTC, in milliseconds, printed as RFC 3339 (`2026-11-22T23:59:39.123Z`).
///
/// Ordered by time, so that it serves as a [`Version`](crate::Version). Reads any RFC 3339 text with an offset;
/// what is finer than a millisecond is cut off.
///
/// ```
/// use user_hub::Timestamp;
///
/// let moment: Timestamp = "2026-11-23T00:59:39.1234+01:00".parse()?;
/// assert_eq!(moment.to_string(), "2026-11-22T23:59:39.123Z");
/// assert_eq!(moment, Timestamp::from_milliseconds(1_795_391_979_123));
/// # Ok::<(), user_hub::TimestampError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment that the wall clock shows.
    ///
    /// ```
    /// assert!(user_hub::Timestamp::now() > user_hub::Timestamp::from_milliseconds(0));
    /// ```
    #[must_use]
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// So many milliseconds after 1970-01-01T00:00:00Z; what lies outside the years 0000 to 9999 is cut to them.
    ///
    /// ```
    /// use user_hub::Timestamp;
    ///
    /// assert_eq!(Timestamp::from_milliseconds(0).to_string(), "1970-01-01T00:00:00.000Z");
    /// assert_eq!(Timestamp::from_milliseconds(i64::MAX).to_string(), "9999-12-31T23:59:59.999Z");
    /// ```
    #[must_use]
    pub const fn from_milliseconds(milliseconds: i64) -> Self {
        if milliseconds > LATEST {
            Self(LATEST)
        } else if milliseconds < EARLIEST {
            Self(EARLIEST)
        } else {
            Self(milliseconds)
        }
    }

    /// Milliseconds after 1970-01-01T00:00:00Z, negative before.
    ///
    /// ```
    /// assert_eq!(user_hub::Timestamp::from_milliseconds(1_500).as_milliseconds(), 1_500);
    /// ```
    #[must_use]
    pub const fn as_milliseconds(self) -> i64 {
        self.0
    }
}

impl Timestamp {
    /// Appends the text. It is the wall clock that is printed here, on every broadcast, and its second seldom changes.
    pub(crate) fn push_to(self, text: &mut Vec<u8>) {
        thread_local!(static LAST: Cell<Second> = const { Cell::new(NONE) });
        text.extend_from_slice(&LAST.with(|last| self.text(last)));
    }

    /// The text, with the second that was printed last at hand.
    fn text(self, last: &Cell<Second>) -> [u8; LENGTH] {
        let (second, millisecond) = (self.0.div_euclid(1_000), self.0.rem_euclid(1_000));
        let (kept, mut bytes) = last.get();
        if kept != second {
            bytes = self.to_string().as_bytes()[..SECOND_LENGTH].try_into().unwrap_or(bytes);
            last.set((second, bytes));
        }
        let mut text = [b'Z'; LENGTH];
        text[..SECOND_LENGTH].copy_from_slice(&bytes);
        text[SECOND_LENGTH] = b'.';
        for (place, divisor) in [(1, 100), (2, 10), (3, 1)] {
            text[SECOND_LENGTH + place] = b'0' + (millisecond / divisor % 10) as u8;
        }
        text
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let milliseconds = match time.duration_since(UNIX_EPOCH) {
            // Every broadcast comes by here, and a division of 128 bits takes as long as the look at the clock.
            Ok(after) => {
                let seconds = i64::try_from(after.as_secs()).unwrap_or(i64::MAX);
                seconds.saturating_mul(1_000).saturating_add(after.subsec_millis().into())
            }
            Err(before) => {
                let before = before.duration().as_nanos().div_ceil(1_000_000);
                i64::try_from(before).map_or(i64::MIN, |value| -value)
            }
        };
        Self::from_milliseconds(milliseconds)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = EPOCH.checked_add(SignedDuration::from_millis(self.0)).map_err(|_| fmt::Error)?;
        write!(formatter, "{moment:.3}Z")
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let pieces = Pieces::parse(text).map_err(|_| TimestampError)?;
        let (Some(time), Some(offset)) = (pieces.time(), pieces.to_numeric_offset()) else {
            return Err(TimestampError);
        };
        let offset = SignedDuration::from_secs(offset.seconds().into());
        let since = pieces.date().to_datetime(time).duration_since(EPOCH) - offset;
        // Downwards, before 1970 too.
        let milliseconds = since.as_nanos().div_euclid(1_000_000);
        let milliseconds = i64::try_from(milliseconds).map_err(|_| TimestampError)?;
        if (EARLIEST..=LATEST).contains(&milliseconds) { Ok(Self(milliseconds)) } else { Err(TimestampError) }
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // A payload may have a few of them, of different moments.
        thread_local!(static LAST: [Cell<Second>; 4] = const { [const { Cell::new(NONE) }; 4] });
        let text = LAST.with(|last| self.text(&last[(self.0 / 1_000).rem_euclid(4) as usize]));
        serializer.serialize_str(std::str::from_utf8(&text).expect("the text of a moment is ASCII"))
    }
}

impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A text that is not an RFC 3339 moment between the years 0000 and 9999.
///
/// ```
/// let error = "yesterday".parse::<user_hub::Timestamp>().unwrap_err();
/// assert_eq!(error.to_string(), "a timestamp is an RFC 3339 text with an offset, between the years 0000 and 9999");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a timestamp is an RFC 3339 text with an offset, between the years 0000 and 9999")]
pub struct TimestampError;
