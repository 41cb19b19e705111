//! What serde's data model is in JSON: as `serde_json` has it.

use std::fmt;

use serde::ser::{Serialize, Serializer};

use super::fault::Error;
use super::inside::{Elements, Entries, Fields};
use super::json::Json;
use super::verbatim::Verbatim;

macro_rules! integers {
    ($($method:ident($kind:ty)),* $(,)?) => {$(
        #[inline]
        fn $method(self, value: $kind) -> Result<(), Error> {
            self.integer(value)
        }
    )*};
}

macro_rules! wide_integers {
    ($($method:ident($kind:ty) $magnitude:ident),* $(,)?) => {$(
        fn $method(self, value: $kind) -> Result<(), Error> {
            self.wide_integer(value, value.$magnitude().into())
        }
    )*};
}

impl<'j, 'o> Serializer for &'j mut Json<'o> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Elements<'j, 'o>;
    type SerializeTuple = Elements<'j, 'o>;
    type SerializeTupleStruct = Elements<'j, 'o>;
    type SerializeTupleVariant = Elements<'j, 'o>;
    type SerializeMap = Entries<'j, 'o>;
    type SerializeStruct = Fields<'j, 'o>;
    type SerializeStructVariant = Fields<'j, 'o>;

    integers! {
        serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_u8(u8), serialize_u16(u16), serialize_u32(u32),
    }
    wide_integers! { serialize_i64(i64) unsigned_abs, serialize_i128(i128) unsigned_abs }

    fn serialize_u64(self, value: u64) -> Result<(), Error> {
        self.wide_integer(value, value.into())
    }
    fn serialize_u128(self, value: u128) -> Result<(), Error> {
        self.wide_integer(value, value)
    }
    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        self.float(value, value.is_finite())
    }
    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        self.double(value)
    }
    #[inline]
    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        if value { self.plain("true") } else { self.plain("false") }
    }
    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.string(value.encode_utf8(&mut [0; 4]))
    }
    #[inline]
    fn serialize_str(self, value: &str) -> Result<(), Error> {
        self.string(value)
    }
    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<(), Error> {
        self.shown(value)
    }
    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        self.collect_seq(value)
    }
    #[inline]
    fn serialize_none(self) -> Result<(), Error> {
        self.plain("null")
    }
    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }
    #[inline]
    fn serialize_unit(self) -> Result<(), Error> {
        self.plain("null")
    }
    #[inline]
    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), Error> {
        self.plain("null")
    }
    #[inline]
    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Result<(), Error> {
        self.string(variant)
    }
    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.key(b'{', variant)?;
        self.value(value, |_| variant.to_owned())?;
        self.byte(b'}')
    }
    #[inline]
    fn serialize_seq(self, _length: Option<usize>) -> Result<Elements<'j, 'o>, Error> {
        Ok(Elements::new(self))
    }
    #[inline]
    fn serialize_tuple(self, _length: usize) -> Result<Elements<'j, 'o>, Error> {
        Ok(Elements::new(self))
    }
    #[inline]
    fn serialize_tuple_struct(self, _name: &'static str, _length: usize) -> Result<Elements<'j, 'o>, Error> {
        Ok(Elements::new(self))
    }
    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Elements<'j, 'o>, Error> {
        self.key(b'{', variant)?;
        Ok(Elements::new(self))
    }
    #[inline]
    fn serialize_map(self, _length: Option<usize>) -> Result<Entries<'j, 'o>, Error> {
        Ok(Entries::new(self))
    }
    #[inline]
    fn serialize_struct(self, name: &'static str, _length: usize) -> Result<Fields<'j, 'o>, Error> {
        Ok(Fields::new(self, Verbatim::of(name)))
    }
    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Fields<'j, 'o>, Error> {
        self.key(b'{', variant)?;
        Ok(Fields::new(self, None))
    }
}
