//! An event whose type was forgotten, so that a sink is object safe and a group can mix types.

use std::borrow::Cow;
use std::fmt;

use super::encode::{self, EncodeRules};
use super::event::name_of;
use crate::{EncodeError, Event, EventKey, EventName, EventNameError, Kind, Timestamp, Version};

/// Any event behind one object-safe face.
///
/// Implemented for every [`Event`], for [`DynamicEvent`] and for [`Removal`]; sealed, so that a new question to an event
/// breaks nobody. A host that writes an [`EventSink`](crate::EventSink) of its own reads events through it.
///
/// ```
/// use user_hub::{DynamicEvent, ErasedEvent, Kind};
///
/// let alert = DynamicEvent::log("PRICE_ALERT", serde_json::json!({"symbol": "BTCUSDT"}))?;
/// let event: &dyn ErasedEvent = &alert;
/// assert_eq!((event.name().as_str(), event.kind()), ("PRICE_ALERT", Kind::Log));
/// assert_eq!(event.data()?, r#"{"symbol":"BTCUSDT"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait ErasedEvent: sealed::Sealed {
    /// The name on the wire.
    fn name(&self) -> EventName;

    /// State or Log.
    fn kind(&self) -> Kind;

    /// Whether it may be sent to everybody.
    fn is_public(&self) -> bool;

    /// Of which thing this is the State; `None` for a Log event and for a State with one value a user.
    fn key(&self) -> Option<Cow<'_, str>>;

    /// How new the State is.
    fn version(&self) -> Option<Version>;

    /// Whether the State is the last of its key.
    fn is_final(&self) -> bool;

    /// When the State stops being true by itself.
    fn expires_at(&self) -> Option<Timestamp>;

    /// Whether it takes a State away instead of setting it.
    fn is_removal(&self) -> bool;

    /// The JSON text of `data`, wrapper field included; `{}` for a removal.
    ///
    /// # Errors
    /// [`EncodeError`]: the payload holds what JSON in a browser cannot, or its `Serialize` fails. Panics of `Serialize`
    /// are not caught here.
    fn data(&self) -> Result<String, EncodeError> {
        let mut data = Vec::with_capacity(encode::ROOM);
        self.write_data(EncodeRules::default(), &mut data)?;
        // `Serialize` cannot reach the writer, so only JSON text, which is UTF-8, is in it.
        String::from_utf8(data).map_err(|_| EncodeError::Failed { message: "the encoder wrote no UTF-8".into() })
    }

    /// Appends the JSON text of `data`.
    #[doc(hidden)]
    fn write_data(&self, rules: EncodeRules, out: &mut Vec<u8>) -> Result<(), EncodeError>;
}

mod sealed {
    pub trait Sealed {}
    impl<E: crate::Event> Sealed for E {}
    impl Sealed for super::DynamicEvent {}
    impl Sealed for super::Removal<'_> {}
}

impl<E: Event> ErasedEvent for E {
    fn name(&self) -> EventName {
        name_of::<E>()
    }
    fn kind(&self) -> Kind {
        E::KIND
    }
    fn is_public(&self) -> bool {
        E::PUBLIC
    }
    fn key(&self) -> Option<Cow<'_, str>> {
        if matches!(E::KIND, Kind::State) { Event::key(self) } else { None }
    }
    fn version(&self) -> Option<Version> {
        Event::version(self)
    }
    fn is_final(&self) -> bool {
        Event::is_final(self)
    }
    fn expires_at(&self) -> Option<Timestamp> {
        Event::expires_at(self)
    }
    fn is_removal(&self) -> bool {
        false
    }
    fn write_data(&self, rules: EncodeRules, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        encode::write_data(self, E::FIELD, rules, out)
    }
}

/// An event whose type is known only at run time: a name, a kind and a JSON value.
///
/// It goes to one user, never to everybody. `data` is the value itself.
///
/// ```
/// use user_hub::{DynamicEvent, Outcome, UserHub};
/// use serde_json::json;
///
/// let hub = UserHub::new();
/// let _device = hub.connect("alice")?;
/// let price = DynamicEvent::state("PRICE", "BTCUSDT", json!({"price": 97_000.5}))?;
/// assert_eq!(hub.broadcast_dynamic("alice", &price), Outcome::Queued { connections: 1 });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct DynamicEvent {
    name: EventName,
    kind: Kind,
    key: Option<String>,
    value: serde_json::Value,
}

impl DynamicEvent {
    /// The current value of the thing that `key` names.
    ///
    /// # Errors
    /// [`EventNameError`]: the name breaks a rule of [`EventName`].
    ///
    /// ```
    /// use user_hub::DynamicEvent;
    ///
    /// assert!(DynamicEvent::state("PRICE", "BTCUSDT", serde_json::json!(97_000.5)).is_ok());
    /// assert!(DynamicEvent::state("SYNCED", "", serde_json::json!(null)).is_err());
    /// ```
    pub fn state(name: &str, key: impl EventKey, value: serde_json::Value) -> Result<Self, EventNameError> {
        let key = Some(key.event_key().into_owned());
        Ok(Self { name: EventName::new(name)?, kind: Kind::State, key, value })
    }

    /// Something that happened.
    ///
    /// # Errors
    /// [`EventNameError`]: the name breaks a rule of [`EventName`].
    ///
    /// ```
    /// let alert = user_hub::DynamicEvent::log("PRICE_ALERT", serde_json::json!({"price": 97_000.5}));
    /// assert!(alert.is_ok());
    /// ```
    pub fn log(name: &str, value: serde_json::Value) -> Result<Self, EventNameError> {
        Ok(Self { name: EventName::new(name)?, kind: Kind::Log, key: None, value })
    }
}

impl fmt::Debug for DynamicEvent {
    /// Shows no payload: events end up in logs.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DynamicEvent")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl ErasedEvent for DynamicEvent {
    fn name(&self) -> EventName {
        self.name.clone()
    }
    fn kind(&self) -> Kind {
        self.kind
    }
    fn is_public(&self) -> bool {
        false
    }
    fn key(&self) -> Option<Cow<'_, str>> {
        self.key.as_deref().map(Cow::Borrowed)
    }
    fn version(&self) -> Option<Version> {
        None
    }
    fn is_final(&self) -> bool {
        false
    }
    fn expires_at(&self) -> Option<Timestamp> {
        None
    }
    fn is_removal(&self) -> bool {
        false
    }
    fn write_data(&self, rules: EncodeRules, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        encode::write_data(&self.value, None, rules, out)
    }
}

/// Takes a State away: devices are told that the thing is gone, new ones never hear of it.
///
/// It stands in a group like any event. What was never there is not removed: [`Outcome::NoAudience`](crate::Outcome).
///
/// ```
/// use user_hub::{Removal, UserHub, trading::ChainUpdate};
///
/// let hub = UserHub::new();
/// hub.group("alice").event(&Removal::of_key::<ChainUpdate>("chain-7")).broadcast();
/// ```
#[derive(Clone)]
pub struct Removal<'k> {
    name: EventName,
    public: bool,
    key: Option<Cow<'k, str>>,
}

impl<'k> Removal<'k> {
    /// Takes away the State `E` of one key; for a Log event, which nothing takes away, it does not compile.
    ///
    /// ```
    /// use user_hub::{ErasedEvent, Removal, trading::ChainUpdate};
    ///
    /// assert_eq!(Removal::of_key::<ChainUpdate>("chain-7").key().as_deref(), Some("chain-7"));
    /// ```
    ///
    /// ```compile_fail
    /// use user_hub::{Removal, trading::LifecycleEvent};
    ///
    /// let removal = Removal::of_key::<LifecycleEvent>("event-1");
    /// ```
    #[must_use]
    pub fn of_key<E: Event>(key: &'k str) -> Self {
        const { assert!(matches!(E::KIND, Kind::State), "only a State can be taken away") };
        Self { name: name_of::<E>(), public: E::PUBLIC, key: Some(Cow::Borrowed(key)) }
    }

    /// Takes away the State `E` that has one value a user.
    ///
    /// ```
    /// use user_hub::{ErasedEvent, Removal, trading::PnlUpdate};
    ///
    /// assert_eq!(Removal::of::<PnlUpdate>().key(), None);
    /// ```
    #[must_use]
    pub fn of<E: Event>() -> Self {
        const { assert!(matches!(E::KIND, Kind::State), "only a State can be taken away") };
        Self { name: name_of::<E>(), public: E::PUBLIC, key: None }
    }

    /// Takes away the State of a name and key that are known only at run time.
    ///
    /// ```
    /// use user_hub::{EventName, Removal};
    ///
    /// let removal = Removal::named(EventName::new("PRICE")?, Some("BTCUSDT"));
    /// # Ok::<(), user_hub::EventNameError>(())
    /// ```
    #[must_use]
    pub fn named(name: EventName, key: Option<&'k str>) -> Self {
        Self { name, public: false, key: key.map(Cow::Borrowed) }
    }
}

impl fmt::Debug for Removal<'_> {
    /// Shows no key: events end up in logs.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Removal").field("name", &self.name).finish_non_exhaustive()
    }
}

impl ErasedEvent for Removal<'_> {
    fn name(&self) -> EventName {
        self.name.clone()
    }
    fn kind(&self) -> Kind {
        Kind::State
    }
    fn is_public(&self) -> bool {
        self.public
    }
    fn key(&self) -> Option<Cow<'_, str>> {
        self.key.as_deref().map(Cow::Borrowed)
    }
    fn version(&self) -> Option<Version> {
        None
    }
    fn is_final(&self) -> bool {
        false
    }
    fn expires_at(&self) -> Option<Timestamp> {
        None
    }
    fn is_removal(&self) -> bool {
        true
    }
    fn write_data(&self, _rules: EncodeRules, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.extend_from_slice(b"{}");
        Ok(())
    }
}
