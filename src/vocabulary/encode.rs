//! JSON that a browser reads exactly as it was written.
//!
//! Invariants: what `JSON.parse` would turn into another value (NaN, infinity, an integer beyond 2^53) is an error that
//! names the field, never a `null` or a rounded id; at most `limit` bytes are ever written, however large the payload;
//! the text is `serde_json`'s, byte for byte.
//!
//! `serde_json` writes NaN as `null` and leaves no hook to tell it from a real one, so JSON is written here: [`json`] has
//! the text and its limit, [`string`] and [`number`] what stands in it, [`serializer`] and [`inside`] what serde asks for,
//! [`key`] what may be the key of a map, [`verbatim`] what is JSON already, [`fault`] what was wrong, and where.

mod decimal;
mod fault;
mod inside;
mod json;
mod key;
mod number;
mod serializer;
mod string;
mod verbatim;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use json::Json;
pub(crate) use json::ROOM;

/// What may be written, and how much of it.
#[derive(Debug, Clone, Copy)]
pub struct EncodeRules {
    /// The greatest length of `data`, in bytes.
    pub(crate) limit: usize,
    /// Whether integers beyond 2^53 are written all the same.
    pub(crate) big_integers: bool,
}

impl Default for EncodeRules {
    fn default() -> Self {
        Self { limit: usize::MAX, big_integers: false }
    }
}

/// Why a payload has no JSON that a browser would read as it was written.
///
/// ```
/// use user_hub::{EncodeError, ErasedEvent, trading::PnlUpdate};
///
/// let mut pnl = PnlUpdate::default();
/// pnl.win_rate = f64::NAN;
/// let error = pnl.data().unwrap_err();
/// assert_eq!(error, EncodeError::NotFinite { field: "pnl.winRate".into() });
/// assert_eq!(error.to_string(), "pnl.winRate is NaN or infinite, which JSON does not have");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A number is NaN or infinite; send an option, or a number that says what is meant.
    #[error("{field} is NaN or infinite, which JSON does not have")]
    NotFinite {
        /// The path of the field in `data`.
        field: String,
    },
    /// An integer is beyond 2^53, which a browser would round; send it as text, or allow
    /// [big integers](crate::UserHubBuilder::allow_big_integers) if no browser listens.
    #[error("{field} is an integer beyond 2^53, which a browser would round")]
    UnsafeInteger {
        /// The path of the field in `data`.
        field: String,
    },
    /// The payload is larger than an event may be; send less, or raise [`event_bytes`](crate::UserHubBuilder::event_bytes).
    #[error("an event has at most {limit} bytes, this one has more")]
    TooLarge {
        /// The greatest length of an event, in bytes.
        limit: usize,
    },
    /// The payload's `Serialize` failed.
    #[error("the payload cannot be serialized: {message}")]
    Failed {
        /// What it said, cut to 200 characters.
        message: String,
    },
}

/// Appends the JSON text of `data`: the payload, in its wrapper field if it has one.
#[inline]
pub(crate) fn write_data<T: Serialize + ?Sized>(
    payload: &T,
    field: Option<&'static str>,
    rules: EncodeRules,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let mut json = Json::new(rules, out);
    let written = match field {
        Some(field) => json.serialize_struct("data", 1).and_then(|mut data| {
            data.serialize_field(field, payload)?;
            data.end()
        }),
        None => payload.serialize(&mut json),
    };
    json.finish(written)
}
