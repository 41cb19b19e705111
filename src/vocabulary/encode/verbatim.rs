//! What `serde_json` hands to its own serializer under a private name: a struct whose only field is a text that stands for
//! itself. No other serializer is told in another way, so the names are as good as public.

use serde::ser::{Error as _, Serialize};
use serde_json::Value;

use super::fault::Error;
use super::json::Json;

#[derive(Debug, Clone, Copy)]
pub(super) enum What {
    /// A `RawValue`, which is JSON already.
    Raw,
    /// A number, where a crate of the host has switched on `arbitrary_precision`.
    Number,
}

pub(super) struct Verbatim<'j, 'o> {
    what: What,
    json: &'j mut Json<'o>,
    is_owed: bool,
}

impl<'j, 'o> Verbatim<'j, 'o> {
    #[inline(always)]
    pub(super) fn of(name: &'static str) -> Option<What> {
        match name {
            "$serde_json::private::RawValue" => Some(What::Raw),
            "$serde_json::private::Number" => Some(What::Number),
            _ => None,
        }
    }

    pub(super) const fn new(what: What, json: &'j mut Json<'o>) -> Self {
        Self { what, json, is_owed: true }
    }

    #[cold]
    pub(super) fn field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let text = serde_json::to_value(value).map_err(Error::custom)?;
        let written = match (std::mem::take(&mut self.is_owed), self.what, text) {
            (true, What::Raw, Value::String(text)) => self.json.plain(&text),
            (true, What::Number, Value::String(text)) => self.json.number(&text),
            _ => Err(Error::custom("what stands for itself is one text")),
        };
        written.map_err(|error| self.json.stop(error.into()))
    }

    #[cold]
    pub(super) fn end(self) -> Result<(), Error> {
        if self.is_owed { Err(Error::custom("what stands for itself has no text")) } else { Ok(()) }
    }
}
