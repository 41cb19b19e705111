//! Where a device stands in its user's log.
//!
//! Invariant: a cursor carries no rights. It is a position, checked against the mailbox of the user whom the host's
//! authentication named; a cursor of anything else is merely unknown.

use std::fmt;
use std::str::FromStr;

/// The position of a record in its user's log: from 1, by one a record.
pub(crate) type Seq = u64;

/// One incarnation of one mailbox: 64 random bits, drawn when it is made.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Epoch(pub(crate) u64);

impl fmt::Display for Epoch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Where a device stands in its user's log: it has everything up to here.
///
/// A device keeps the cursor of the last frame it has processed and gives it back when it connects again. Its text
/// form is `<16 hex digits>-<decimal>`: the SSE `id:` and the `resume` query parameter.
///
/// ```
/// use user_hub::Cursor;
///
/// let cursor: Cursor = "00c0ffee00c0ffee-42".parse()?;
/// assert_eq!(cursor.to_string(), "00c0ffee00c0ffee-42");
/// assert_eq!(cursor.seq(), 42);
/// assert!("42".parse::<Cursor>().is_err());
/// # Ok::<(), user_hub::CursorError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cursor {
    pub(crate) epoch: Epoch,
    pub(crate) seq: Seq,
}

impl Cursor {
    pub(crate) const fn new(epoch: Epoch, seq: Seq) -> Self {
        Self { epoch, seq }
    }

    /// The position in the log, from 1; 0 is before the first record.
    ///
    /// ```
    /// assert_eq!("00c0ffee00c0ffee-7".parse::<user_hub::Cursor>()?.seq(), 7);
    /// # Ok::<(), user_hub::CursorError>(())
    /// ```
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.seq
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.epoch, self.seq)
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl serde::Serialize for Cursor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    /// Reads exactly what [`Display`](fmt::Display) prints: no sign, no space, no upper case, no leading zero.
    fn from_str(text: &str) -> Result<Self, CursorError> {
        let (epoch, seq) = text.split_once('-').ok_or(CursorError)?;
        let is_hex = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
        if epoch.len() != 16 || !epoch.bytes().all(is_hex) {
            return Err(CursorError);
        }
        if !seq.bytes().all(|byte| byte.is_ascii_digit()) || (seq.len() > 1 && seq.starts_with('0')) {
            return Err(CursorError);
        }
        Ok(Self {
            epoch: Epoch(u64::from_str_radix(epoch, 16).map_err(|_| CursorError)?),
            seq: seq.parse().map_err(|_| CursorError)?,
        })
    }
}

/// A text that is not a cursor.
///
/// A device that comes with one is treated as a device whose cursor is unknown; nothing is lost silently.
///
/// ```
/// let error = "garbage".parse::<user_hub::Cursor>().unwrap_err();
/// assert_eq!(error.to_string(), "a cursor is 16 hex digits, '-', and a decimal number");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cursor is 16 hex digits, '-', and a decimal number")]
pub struct CursorError;
