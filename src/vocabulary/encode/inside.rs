//! What stands between brackets, while it comes.
//!
//! Invariant: nobody's word is taken for how much comes. The bracket that opens is written with what comes first, or at the
//! end, and a comma stands before what comes later.

use serde::ser::{
    Error as _, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};

use super::fault::Error;
use super::json::Json;
use super::key::Key;
use super::verbatim::Verbatim;

/// What stands before the next thing between brackets.
#[derive(Debug)]
struct Lead(u8);

impl Lead {
    const COMMA: u8 = b',';

    #[inline(always)]
    fn next(&mut self) -> u8 {
        std::mem::replace(&mut self.0, Self::COMMA)
    }

    /// What is written at the end: `closing`, and the bracket that opens if nothing came.
    #[inline(always)]
    fn end(&self, json: &mut Json<'_>, closing: &'static str) -> Result<(), Error> {
        if self.0 != Self::COMMA {
            json.byte(self.0)?;
        }
        json.plain(closing)
    }
}

/// A sequence or a tuple.
pub(super) struct Elements<'j, 'o> {
    json: &'j mut Json<'o>,
    lead: Lead,
    index: usize,
}

impl<'j, 'o> Elements<'j, 'o> {
    #[inline]
    pub(super) fn new(json: &'j mut Json<'o>) -> Self {
        Self { json, lead: Lead(b'['), index: 0 }
    }

    #[inline]
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let index = self.index;
        self.index += 1;
        self.json.byte(self.lead.next())?;
        self.json.value(value, |_| format!("[{index}]"))
    }
}

macro_rules! elements {
    ($($part:ident::$method:ident $closing:literal),* $(,)?) => {$(
        impl $part for Elements<'_, '_> {
            type Ok = ();
            type Error = Error;
            #[inline]
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.element(value)
            }
            #[inline]
            fn end(self) -> Result<(), Error> {
                self.lead.end(self.json, $closing)
            }
        }
    )*};
}
elements! {
    SerializeSeq::serialize_element "]", SerializeTuple::serialize_element "]", SerializeTupleStruct::serialize_field "]",
    SerializeTupleVariant::serialize_field "]}",
}

/// A struct, or what `serde_json` passes to itself as one.
pub(super) struct Fields<'j, 'o> {
    json: &'j mut Json<'o>,
    lead: Lead,
    verbatim: Option<Verbatim>,
}

impl<'j, 'o> Fields<'j, 'o> {
    #[inline]
    pub(super) fn new(json: &'j mut Json<'o>, verbatim: Option<Verbatim>) -> Self {
        Self { json, lead: Lead(b'{'), verbatim }
    }

    #[inline(always)]
    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        self.json.key(self.lead.next(), name)?;
        self.json.value(value, |_| name.to_owned())
    }
}

impl SerializeStruct for Fields<'_, '_> {
    type Ok = ();
    type Error = Error;

    #[inline(always)]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        match self.verbatim {
            None => self.field(name, value),
            Some(verbatim) => {
                self.verbatim = Some(Verbatim::Written);
                verbatim.write(value, self.json)
            }
        }
    }

    #[inline(always)]
    fn end(self) -> Result<(), Error> {
        match self.verbatim {
            None => self.lead.end(self.json, "}"),
            Some(verbatim) => verbatim.end(),
        }
    }
}

impl SerializeStructVariant for Fields<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        self.field(name, value)
    }

    fn end(self) -> Result<(), Error> {
        self.lead.end(self.json, "}}")
    }
}

/// A map.
pub(super) struct Entries<'j, 'o> {
    json: &'j mut Json<'o>,
    lead: Lead,
    index: usize,
    /// A key was written, its value not yet.
    owes_value: bool,
}

impl<'j, 'o> Entries<'j, 'o> {
    #[inline]
    pub(super) fn new(json: &'j mut Json<'o>) -> Self {
        Self { json, lead: Lead(b'{'), index: 0, owes_value: false }
    }

    /// A key and a value come in turn.
    fn is_turn(&mut self, of_value: bool) -> Result<(), Error> {
        if self.owes_value == of_value {
            return Ok(());
        }
        Err(self.json.stop(Error::custom("a map has one value for each key").into()))
    }

    fn key<K: Serialize + ?Sized>(&mut self, key: &K) -> Result<(), Error> {
        let lead = self.lead.next();
        let mut within = self.json.within();
        let written = key.serialize(Key { json: within.json(), lead });
        within.returned();
        written.map_err(|error| self.json.stop(error.into()))
    }
}

impl SerializeMap for Entries<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<K: Serialize + ?Sized>(&mut self, key: &K) -> Result<(), Error> {
        self.is_turn(false)?;
        self.owes_value = true;
        self.key(key)
    }

    fn serialize_value<V: Serialize + ?Sized>(&mut self, value: &V) -> Result<(), Error> {
        self.is_turn(true)?;
        self.owes_value = false;
        let index = self.index;
        self.index += 1;
        self.json.value(value, |_| format!("[{index}]"))
    }

    fn serialize_entry<K: Serialize + ?Sized, V: Serialize + ?Sized>(
        &mut self,
        key: &K,
        value: &V,
    ) -> Result<(), Error> {
        self.is_turn(false)?;
        self.index += 1;
        let before = self.json.at();
        self.key(key)?;
        let behind = self.json.at();
        self.json.value(value, |json| key_in(json.between(before, behind)))
    }

    fn end(mut self) -> Result<(), Error> {
        self.is_turn(false)?;
        self.lead.end(self.json, "}")
    }
}

/// The key of an entry, from what was written of it: `,"key":`.
fn key_in(text: &[u8]) -> String {
    let [_, quoted @ .., _] = text else { return String::new() };
    serde_json::from_slice(quoted).unwrap_or_else(|_| String::from_utf8_lossy(quoted).into_owned())
}
