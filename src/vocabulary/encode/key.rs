//! The keys of a map. In JSON they are text, so a number stands in quotes, and an integer of any size is safe.

use std::fmt;

use serde::ser::{Error as _, Impossible, Serialize, Serializer};

use super::fault::Error;
use super::json::Json;

/// Takes one key, and writes it with what stands before it and the colon behind it.
pub(super) struct Key<'j, 'o> {
    pub(super) json: &'j mut Json<'o>,
    pub(super) lead: u8,
}

impl Key<'_, '_> {
    #[inline]
    fn text(self, text: &str) -> Result<(), Error> {
        self.json.key(self.lead, text)
    }

    fn float(self, value: impl zmij::Float, is_finite: bool) -> Result<(), Error> {
        if !is_finite {
            return Err(Error::custom("float key must be finite (got NaN or +/-inf)"));
        }
        self.text(zmij::Buffer::new().format_finite(value))
    }
}

macro_rules! integers {
    ($($method:ident($kind:ty)),* $(,)?) => {$(
        fn $method(self, value: $kind) -> Result<(), Error> {
            self.text(itoa::Buffer::new().format(value))
        }
    )*};
}

/// What is no text and has none.
macro_rules! refused {
    ($($method:ident($($kind:ty),*) -> $written:ty),* $(,)?) => {$(
        fn $method(self, $(_: $kind),*) -> Result<$written, Error> {
            Err(Error::custom("key must be a string"))
        }
    )*};
}

type Nothing = Impossible<(), Error>;

impl Serializer for Key<'_, '_> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Nothing;
    type SerializeTuple = Nothing;
    type SerializeTupleStruct = Nothing;
    type SerializeTupleVariant = Nothing;
    type SerializeMap = Nothing;
    type SerializeStruct = Nothing;
    type SerializeStructVariant = Nothing;

    integers! {
        serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64), serialize_i128(i128),
        serialize_u8(u8), serialize_u16(u16), serialize_u32(u32), serialize_u64(u64), serialize_u128(u128),
    }
    refused! {
        serialize_bytes(&[u8]) -> (),
        serialize_none() -> (),
        serialize_unit() -> (),
        serialize_unit_struct(&'static str) -> (),
        serialize_seq(Option<usize>) -> Nothing,
        serialize_tuple(usize) -> Nothing,
        serialize_tuple_struct(&'static str, usize) -> Nothing,
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Nothing,
        serialize_map(Option<usize>) -> Nothing,
        serialize_struct(&'static str, usize) -> Nothing,
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Nothing,
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Result<(), Error> {
        self.serialize_unit()
    }
    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.text(if value { "true" } else { "false" })
    }
    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        self.float(value, value.is_finite())
    }
    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        self.float(value, value.is_finite())
    }
    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.text(value.encode_utf8(&mut [0; 4]))
    }
    fn serialize_str(self, value: &str) -> Result<(), Error> {
        self.text(value)
    }
    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<(), Error> {
        self.json.byte(self.lead)?;
        self.json.shown(value)?;
        self.json.byte(b':')
    }
    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Result<(), Error> {
        self.text(variant)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }
}
