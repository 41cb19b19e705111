//! What `serde_json` hands to its own serializer under a private name: a struct whose only field is a text that stands for
//! itself. It has no other way to say so, and the names are in every version of it.

use serde::ser::{Error as _, Serialize};
use serde_json::Value;

use super::fault::{Error, Reason};
use super::json::Json;

#[derive(Debug, Clone, Copy)]
pub(super) enum Verbatim {
    /// A `RawValue`, which is JSON already.
    Raw,
    /// A number, where a crate of the host has switched on `arbitrary_precision`.
    Number,
    /// Either of them, when it has had its text.
    Written,
}

/// As many bytes may be copied in vain; and no reference to a text takes more.
const SHORT: usize = 64;

impl Verbatim {
    #[inline(always)]
    pub(super) fn of(name: &'static str) -> Option<Self> {
        match name {
            "$serde_json::private::RawValue" => Some(Self::Raw),
            "$serde_json::private::Number" => Some(Self::Number),
            _ => None,
        }
    }

    #[cold]
    pub(super) fn write<T: Serialize + ?Sized>(self, value: &T, json: &mut Json<'_>) -> Result<(), Error> {
        // A `RawValue` hands over its text as a `str`, so its size is its length: if far too long, it is not copied first.
        if size_of_val(value) > json.left().saturating_add(SHORT) {
            return Err(json.stop(Reason::TooLarge));
        }
        let written = match (self, serde_json::to_value(value)) {
            (Self::Raw, Ok(Value::String(text))) => json.plain(&text),
            (Self::Number, Ok(Value::String(text))) => json.number(&text),
            _ => Err(Error::custom("what stands for itself is one text")),
        };
        written.map_err(|error| json.stop(error.into()))
    }

    #[cold]
    pub(super) fn end(self) -> Result<(), Error> {
        if matches!(self, Self::Written) { Ok(()) } else { Err(Error::custom("what stands for itself has no text")) }
    }
}
