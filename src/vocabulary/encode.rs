//! JSON that a browser reads exactly as it was written.
//!
//! Invariants: what `JSON.parse` would turn into another value (NaN, infinity, an integer beyond 2^53) is an error that
//! names the field, never a `null` or a rounded id; at most `limit` bytes are ever written, however large the payload.
//!
//! `serde_json` writes NaN as `null` and leaves no hook to tell it from a real one, so a [`Serializer`] stands in front
//! of it that looks at every number and passes everything on. A fault found deep inside travels up as an ordinary error;
//! each level that it passes adds its own name, so the path costs nothing until there is a fault.

use std::cell::RefCell;
use std::{fmt, io};

use serde::ser::{Serialize, Serializer};

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
pub(crate) fn write_data<T: Serialize + ?Sized>(
    payload: &T,
    field: Option<&'static str>,
    rules: EncodeRules,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let mut writer = Bounded { room: rules.limit, full: false, out };
    let faults = Faults { big_integers: rules.big_integers, found: RefCell::default(), failure: RefCell::default() };
    let mut json = serde_json::Serializer::new(&mut writer);
    let checked = Checked { value: payload, faults: &faults };
    let result = match field {
        Some(field) => Wrapped { field, value: checked }.serialize(&mut json),
        None => checked.serialize(&mut json),
    };
    if writer.full {
        return Err(EncodeError::TooLarge { limit: rules.limit });
    }
    // A `Serialize` that swallows the error of an element would leave broken JSON behind: what was found decides.
    if let Some(fault) = faults.found.into_inner() {
        return Err(fault.into_error(field));
    }
    match result.map_err(|error| error.to_string()).err().or(faults.failure.into_inner()) {
        Some(message) => Err(EncodeError::Failed { message: message.chars().take(200).collect() }),
        None => Ok(()),
    }
}

struct Wrapped<T> {
    field: &'static str,
    value: T,
}

impl<T: Serialize> Serialize for Wrapped<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(self.field, &self.value)])
    }
}

/// A writer that stops a giant payload at the limit instead of after it.
struct Bounded<'o> {
    room: usize,
    full: bool,
    out: &'o mut Vec<u8>,
}

impl io::Write for Bounded<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.len() > self.room {
            self.full = true;
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.room -= bytes.len();
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// 2^53: the greatest integer up to which a browser's number holds every one.
const SAFE: u128 = 1 << 53;

struct Faults {
    big_integers: bool,
    found: RefCell<Option<Fault>>,
    /// What another error said, the innermost and first.
    failure: RefCell<Option<String>>,
}

struct Fault {
    finite: bool,
    /// From the innermost name outwards.
    path: Vec<String>,
}

impl Faults {
    fn float<E: serde::ser::Error>(&self, finite: bool) -> Result<(), E> {
        if finite { Ok(()) } else { self.found(false) }
    }

    fn integer<E: serde::ser::Error>(&self, magnitude: u128) -> Result<(), E> {
        if magnitude <= SAFE || self.big_integers { Ok(()) } else { self.found(true) }
    }

    fn found<E: serde::ser::Error>(&self, finite: bool) -> Result<(), E> {
        self.found.borrow_mut().get_or_insert(Fault { finite, path: Vec::new() });
        Err(E::custom("a number that a browser cannot hold"))
    }

    /// Adds the name of a level that a fault passes on its way up.
    fn passing<T, E: fmt::Display>(&self, result: Result<T, E>, name: impl FnOnce() -> String) -> Result<T, E> {
        if let Err(error) = &result {
            match self.found.borrow_mut().as_mut() {
                Some(fault) => fault.path.push(name()),
                None => self.failed(error),
            }
        }
        result
    }

    fn failed(&self, error: impl fmt::Display) {
        self.failure.borrow_mut().get_or_insert_with(|| error.to_string());
    }
}

impl Fault {
    fn into_error(self, wrapper: Option<&'static str>) -> EncodeError {
        let mut field = wrapper.map(str::to_owned).unwrap_or_default();
        for name in self.path.iter().rev() {
            if !(field.is_empty() || name.starts_with('[')) {
                field.push('.');
            }
            field.push_str(name);
        }
        if field.is_empty() {
            field.push_str("the payload");
        }
        if self.finite { EncodeError::UnsafeInteger { field } } else { EncodeError::NotFinite { field } }
    }
}

/// A value together with the eyes that look at it.
struct Checked<'f, T: ?Sized> {
    value: &'f T,
    faults: &'f Faults,
}

impl<T: Serialize + ?Sized> Serialize for Checked<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(Looking { inner: serializer, faults: self.faults })
    }
}

/// The serializer that a payload sees.
struct Looking<'f, S> {
    inner: S,
    faults: &'f Faults,
}

/// What stands for a sequence, a map or a struct while its elements come.
struct LookingInside<'f, C> {
    inner: C,
    faults: &'f Faults,
    index: usize,
    /// A key of a map was written, its value not yet.
    owes_value: bool,
}

impl<'f, C> LookingInside<'f, C> {
    fn new(inner: C, faults: &'f Faults) -> Self {
        Self { inner, faults, index: 0, owes_value: false }
    }

    fn next_index(&mut self) -> usize {
        self.index += 1;
        self.index - 1
    }

    /// In a map, a key and a value come in turn; `serde_json` writes what it is given.
    fn is_turn<E: serde::ser::Error>(&self, of_value: bool) -> Result<(), E> {
        if self.owes_value == of_value {
            return Ok(());
        }
        let error = E::custom("a map has one value for each key");
        self.faults.failed(&error);
        Err(error)
    }
}

macro_rules! pass {
    ($($method:ident($kind:ty)),* $(,)?) => {$(
        fn $method(self, value: $kind) -> Result<S::Ok, S::Error> {
            self.inner.$method(value)
        }
    )*};
}

macro_rules! look_at_integer {
    ($($method:ident($kind:ty)),* $(,)?) => {$(
        fn $method(self, value: $kind) -> Result<S::Ok, S::Error> {
            self.faults.integer::<S::Error>(magnitude(value.into()))?;
            self.inner.$method(value)
        }
    )*};
}

const fn magnitude(value: i128) -> u128 {
    value.unsigned_abs()
}

impl<'f, S: Serializer> Serializer for Looking<'f, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = LookingInside<'f, S::SerializeSeq>;
    type SerializeTuple = LookingInside<'f, S::SerializeTuple>;
    type SerializeTupleStruct = LookingInside<'f, S::SerializeTupleStruct>;
    type SerializeTupleVariant = LookingInside<'f, S::SerializeTupleVariant>;
    type SerializeMap = LookingInside<'f, S::SerializeMap>;
    type SerializeStruct = LookingInside<'f, S::SerializeStruct>;
    type SerializeStructVariant = LookingInside<'f, S::SerializeStructVariant>;

    pass! {
        serialize_bool(bool), serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_u8(u8),
        serialize_u16(u16), serialize_u32(u32), serialize_char(char), serialize_str(&str), serialize_bytes(&[u8]),
        serialize_unit_struct(&'static str),
    }
    look_at_integer! { serialize_i64(i64), serialize_u64(u64), serialize_i128(i128) }

    fn serialize_u128(self, value: u128) -> Result<S::Ok, S::Error> {
        self.faults.integer::<S::Error>(value)?;
        self.inner.serialize_u128(value)
    }
    fn serialize_f32(self, value: f32) -> Result<S::Ok, S::Error> {
        self.faults.float::<S::Error>(value.is_finite())?;
        self.inner.serialize_f32(value)
    }
    fn serialize_f64(self, value: f64) -> Result<S::Ok, S::Error> {
        self.faults.float::<S::Error>(value.is_finite())?;
        self.inner.serialize_f64(value)
    }
    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.inner.serialize_none()
    }
    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.inner.serialize_unit()
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.serialize_some(&Checked { value, faults: self.faults })
    }
    fn serialize_unit_variant(self, name: &'static str, index: u32, variant: &'static str) -> Result<S::Ok, S::Error> {
        self.inner.serialize_unit_variant(name, index, variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.serialize_newtype_struct(name, &Checked { value, faults: self.faults })
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let value = Checked { value, faults: self.faults };
        let result = self.inner.serialize_newtype_variant(name, index, variant, &value);
        self.faults.passing(result, || variant.to_owned())
    }
    // `serde_json` closes at once what says that it is empty, and writes behind it what comes all the same. So nothing
    // says so; what is empty reads as before.
    fn serialize_seq(self, _length: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        Ok(LookingInside::new(self.inner.serialize_seq(None)?, self.faults))
    }
    fn serialize_tuple(self, length: usize) -> Result<Self::SerializeTuple, S::Error> {
        Ok(LookingInside::new(self.inner.serialize_tuple(length.max(1))?, self.faults))
    }
    fn serialize_tuple_struct(self, name: &'static str, length: usize) -> Result<Self::SerializeTupleStruct, S::Error> {
        Ok(LookingInside::new(self.inner.serialize_tuple_struct(name, length.max(1))?, self.faults))
    }
    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        Ok(LookingInside::new(self.inner.serialize_tuple_variant(name, index, variant, length.max(1))?, self.faults))
    }
    fn serialize_map(self, _length: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        Ok(LookingInside::new(self.inner.serialize_map(None)?, self.faults))
    }
    fn serialize_struct(self, name: &'static str, length: usize) -> Result<Self::SerializeStruct, S::Error> {
        Ok(LookingInside::new(self.inner.serialize_struct(name, length.max(1))?, self.faults))
    }
    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        Ok(LookingInside::new(self.inner.serialize_struct_variant(name, index, variant, length.max(1))?, self.faults))
    }
    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.collect_str(value)
    }
    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

macro_rules! look_inside_elements {
    ($($part:ident::$method:ident),* $(,)?) => {$(
        impl<C: serde::ser::$part> serde::ser::$part for LookingInside<'_, C> {
            type Ok = C::Ok;
            type Error = C::Error;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), C::Error> {
                let index = self.next_index();
                let result = self.inner.$method(&Checked { value, faults: self.faults });
                self.faults.passing(result, || format!("[{index}]"))
            }
            fn end(self) -> Result<C::Ok, C::Error> {
                self.inner.end()
            }
        }
    )*};
}
look_inside_elements! {
    SerializeSeq::serialize_element, SerializeTuple::serialize_element, SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field,
}

macro_rules! look_inside_fields {
    ($($part:ident),*) => {$(
        impl<C: serde::ser::$part> serde::ser::$part for LookingInside<'_, C> {
            type Ok = C::Ok;
            type Error = C::Error;
            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), C::Error> {
                let result = self.inner.serialize_field(key, &Checked { value, faults: self.faults });
                self.faults.passing(result, || key.to_owned())
            }
            fn skip_field(&mut self, key: &'static str) -> Result<(), C::Error> {
                self.inner.skip_field(key)
            }
            fn end(self) -> Result<C::Ok, C::Error> {
                self.inner.end()
            }
        }
    )*};
}
look_inside_fields!(SerializeStruct, SerializeStructVariant);

impl<C: serde::ser::SerializeMap> serde::ser::SerializeMap for LookingInside<'_, C> {
    type Ok = C::Ok;
    type Error = C::Error;

    /// A key is text in JSON, so an integer of any size is safe in it.
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), C::Error> {
        self.is_turn(false)?;
        self.owes_value = true;
        self.inner.serialize_key(key).inspect_err(|error| self.faults.failed(error))
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), C::Error> {
        self.is_turn(true)?;
        self.owes_value = false;
        let index = self.next_index();
        let result = self.inner.serialize_value(&Checked { value, faults: self.faults });
        self.faults.passing(result, || format!("[{index}]"))
    }
    fn serialize_entry<K: Serialize + ?Sized, V: Serialize + ?Sized>(
        &mut self,
        key: &K,
        value: &V,
    ) -> Result<(), C::Error> {
        self.is_turn(false)?;
        let index = self.next_index();
        let result = self.inner.serialize_entry(key, &Checked { value, faults: self.faults });
        self.faults.passing(result, || match serde_json::to_value(key) {
            Ok(serde_json::Value::String(key)) => key,
            Ok(key) => key.to_string(),
            Err(_) => format!("[{index}]"),
        })
    }
    fn end(self) -> Result<C::Ok, C::Error> {
        self.is_turn(false)?;
        self.inner.end()
    }
}
