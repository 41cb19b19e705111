//! What the tests broadcast: events whose every property is a field, so that a case that fails can be read.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use user_hub::{ErasedEvent, Event, Kind, PublicEvent, Removal, Timestamp, Version};

/// 2026-11-22T23:59:39.123Z, second 0 of every test.
pub(crate) const WALL: i64 = 1_795_391_979_123;

pub(crate) fn wall(second: u64) -> Timestamp {
    Timestamp::from_milliseconds(WALL + 1_000 * i64::try_from(second).unwrap())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Log,
    Live,
    Final,
    Removal,
}

impl Class {
    /// New devices never hear of it.
    pub(crate) fn is_ended(self) -> bool {
        matches!(self, Self::Final | Self::Removal)
    }
}

/// Why an event cannot be encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    NotANumber,
    TooLarge,
}

/// What a State is about: a type and a key.
pub(crate) type Thing = (&'static str, Option<&'static str>);

/// One event, and what becomes of it on its way through a list.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) class: Class,
    /// Of a type that may go to everybody.
    pub(crate) may_be_public: bool,
    pub(crate) key: Option<&'static str>,
    pub(crate) value: u64,
    pub(crate) version: Option<i64>,
    /// The second at which it ends by itself; before it is sent, in how many seconds.
    pub(crate) expires: Option<u64>,
    pub(crate) padding: usize,
    pub(crate) flaw: Option<Flaw>,
    /// It went to everybody.
    pub(crate) is_public: bool,
    /// The second of its timestamp.
    pub(crate) wall: u64,
    /// Why, if it is a removal.
    pub(crate) reason: &'static str,
}

impl Sent {
    pub(crate) const fn new(class: Class, key: Option<&'static str>) -> Self {
        Self {
            class,
            may_be_public: false,
            key,
            value: 0,
            version: None,
            expires: None,
            padding: 0,
            flaw: None,
            is_public: false,
            wall: 0,
            reason: "cleared",
        }
    }

    pub(crate) fn is_state(&self) -> bool {
        self.class != Class::Log
    }

    pub(crate) fn name(&self) -> &'static str {
        match (self.may_be_public, self.is_state()) {
            (false, true) => Payload::<false, true>::NAME,
            (false, false) => Payload::<false, false>::NAME,
            (true, true) => Payload::<true, true>::NAME,
            (true, false) => Payload::<true, false>::NAME,
        }
    }

    pub(crate) fn thing(&self) -> Thing {
        (self.name(), self.key)
    }

    /// Its text on the wire behind what its place in a log decides.
    pub(crate) fn tail(&self) -> String {
        let Self { value, key, reason, .. } = self;
        let key = key.filter(|_| self.is_state()).map(|key| format!(r#","key":"{key}""#)).unwrap_or_default();
        let padding = "x".repeat(self.padding);
        let rest = match self.class {
            Class::Removal => format!(r#","removed":true,"reason":"{reason}"}}"#),
            Class::Final => format!(r#","final":true,"data":{{"n":{value},"padding":"{padding}","final":true}}}}"#),
            Class::Log | Class::Live => format!(r#","data":{{"n":{value},"padding":"{padding}"}}}}"#),
        };
        format!(r#","type":"{}","timestamp":"{}"{key}{rest}"#, self.name(), wall(self.wall))
    }

    /// What it is for the hub, and how often it was encoded.
    pub(crate) fn payload(&self) -> (Box<dyn ErasedEvent + Send>, Arc<AtomicUsize>) {
        let encoded = Arc::<AtomicUsize>::default();
        let payload: Box<dyn ErasedEvent + Send> = match (self.class, self.may_be_public) {
            (Class::Removal, false) => Box::new(removal::<false>(self.key)),
            (Class::Removal, true) => Box::new(removal::<true>(self.key)),
            (Class::Log, false) => Box::new(Payload::<false, false>::new(self, &encoded)),
            (Class::Log, true) => Box::new(Payload::<true, false>::new(self, &encoded)),
            (_, false) => Box::new(Payload::<false, true>::new(self, &encoded)),
            (_, true) => Box::new(Payload::<true, true>::new(self, &encoded)),
        };
        (payload, encoded)
    }
}

impl fmt::Debug for Sent {
    /// On one line, and only what is not usual.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} {}", self.class, self.name())?;
        self.key.map_or(Ok(()), |key| write!(formatter, "/{key}"))?;
        self.version.map_or(Ok(()), |version| write!(formatter, " v{version}"))?;
        self.expires.map_or(Ok(()), |expires| write!(formatter, " expires {expires}"))?;
        if self.padding > 0 {
            write!(formatter, " padding {}", self.padding)?;
        }
        self.flaw.map_or(Ok(()), |flaw| write!(formatter, " {flaw:?}"))
    }
}

fn removal<const PUBLIC: bool>(key: Option<&'static str>) -> Removal<'static> {
    key.map_or_else(Removal::of::<Payload<PUBLIC, true>>, Removal::of_key::<Payload<PUBLIC, true>>)
}

/// An event type for each of the four combinations.
pub(crate) struct Payload<const PUBLIC: bool, const STATE: bool> {
    sent: Sent,
    encoded: Arc<AtomicUsize>,
}

impl<const PUBLIC: bool, const STATE: bool> Payload<PUBLIC, STATE> {
    pub(crate) fn new(sent: &Sent, encoded: &Arc<AtomicUsize>) -> Self {
        Self { sent: sent.clone(), encoded: Arc::clone(encoded) }
    }
}

impl<const PUBLIC: bool, const STATE: bool> Event for Payload<PUBLIC, STATE> {
    const NAME: &'static str = match (PUBLIC, STATE) {
        (false, true) => "PRICE",
        (false, false) => "FILL",
        (true, true) => "NOTICE",
        (true, false) => "ALARM",
    };
    const KIND: Kind = if STATE { Kind::State } else { Kind::Log };
    const PUBLIC: bool = PUBLIC;

    fn key(&self) -> Option<Cow<'_, str>> {
        self.sent.key.map(Cow::Borrowed)
    }
    fn version(&self) -> Option<Version> {
        self.sent.version.map(Version::from)
    }
    fn is_final(&self) -> bool {
        self.sent.class == Class::Final
    }
    fn expires_at(&self) -> Option<Timestamp> {
        self.sent.expires.map(wall)
    }
}

impl<const STATE: bool> PublicEvent for Payload<true, STATE> {}

impl<const PUBLIC: bool, const STATE: bool> Serialize for Payload<PUBLIC, STATE> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.encoded.fetch_add(1, Ordering::SeqCst);
        let Sent { value, padding, flaw, .. } = self.sent;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("n", &value)?;
        let padding = if flaw == Some(Flaw::TooLarge) { 10_000 } else { padding };
        map.serialize_entry("padding", &"x".repeat(padding))?;
        if self.sent.class == Class::Final {
            map.serialize_entry("final", &true)?;
        }
        if flaw == Some(Flaw::NotANumber) {
            map.serialize_entry("price", &f64::NAN)?;
        }
        map.end()
    }
}
