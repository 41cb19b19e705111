//! A record, as a device reads it off the wire.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::PayloadError;
use super::payload::payload;
use crate::Event;

/// The greatest whole number that a browser holds exactly; a greater one is no position.
pub(super) const MAX_POSITION: u64 = (1 << 53) - 1;

/// A record, as a device reads it off the wire.
///
/// ```
/// use user_hub::testing::Device;
/// use user_hub::{UserHub, trading::{LifecycleEvent, LifecycleEventType}};
///
/// let hub = UserHub::new();
/// let (mut phone, mut connection) = (Device::new(), hub.connect("alice")?);
/// hub.broadcast_lifecycle_event("alice", &LifecycleEvent::new(
///     "e-1", "trade-1", LifecycleEventType::PositionOpened, "BTCUSDT", user_hub::Timestamp::now(),
/// ));
/// phone.read(&mut connection);
/// let record = &phone.records()[0];
/// assert_eq!((record.seq, record.name.as_str(), record.prev_log), (1, "LIFECYCLE_EVENT", Some(0)));
/// assert_eq!(record.data["event"]["symbol"], "BTCUSDT");
/// # Ok::<(), user_hub::ConnectError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Record {
    /// Its position in the user's log.
    pub seq: u64,
    /// The name of the event type.
    pub name: String,
    /// When it was broadcast, as it stands on the wire.
    pub timestamp: String,
    /// Of which thing it is the State.
    pub key: Option<String>,
    /// The last seq of the group that it belongs to.
    pub group: Option<u64>,
    /// The seq of the Log record before it: only a Log record has one.
    pub prev_log: Option<u64>,
    /// Whether it is the last State of its key.
    pub is_final: bool,
    /// Why the State was taken away, if this is a removal: `cleared`, `expired` or `rejected`.
    pub removed: Option<String>,
    /// What was broadcast, wrapper field included; `null` in a removal.
    pub data: Value,
}

impl Record {
    /// Whether it is one of a Log: of a State it has no `prevLog`.
    ///
    /// ```
    /// # use user_hub::{UserHub, testing::{Device, Effect}, trading::PnlUpdate};
    /// let hub = UserHub::new();
    /// hub.broadcast_pnl("alice", &PnlUpdate::default());
    /// let effects = Device::new().read(&mut hub.connect("alice")?);
    /// let is_state = |effect: &Effect| matches!(effect, Effect::State(record) if !record.is_log());
    /// assert!(effects.iter().any(is_state));
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    #[must_use]
    pub const fn is_log(&self) -> bool {
        self.prev_log.is_some()
    }

    /// The payload that was broadcast.
    ///
    /// # Errors
    /// [`PayloadError`]: `data` is not an `E`; ask for the type that has this record's name.
    ///
    /// ```
    /// # use user_hub::{UserHub, testing::{Device, Effect}, trading::PnlUpdate};
    /// let hub = UserHub::new();
    /// hub.broadcast_pnl("alice", &PnlUpdate::default());
    /// for effect in Device::new().read(&mut hub.connect("alice")?) {
    ///     if let Effect::State(record) = effect {
    ///         assert_eq!(record.payload::<PnlUpdate>()?, PnlUpdate::default());
    ///     }
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn payload<E: Event + DeserializeOwned>(&self) -> Result<E, PayloadError> {
        payload(&self.data)
    }

    /// Reads a frame that is no control frame; `None` if it has no position.
    pub(super) fn read(frame: &mut Map<String, Value>) -> Option<Self> {
        let is_true = |field| frame.get(field) == Some(&Value::Bool(true));
        Some(Self {
            seq: position(frame, "seq")?,
            name: text(frame, "type"),
            timestamp: text(frame, "timestamp"),
            key: frame.get("key").and_then(Value::as_str).map(str::to_owned),
            group: position(frame, "group"),
            prev_log: frame.contains_key("prevLog").then(|| position(frame, "prevLog").unwrap_or(0)),
            is_final: is_true("final"),
            removed: is_true("removed").then(|| text(frame, "reason")),
            data: frame.remove("data").unwrap_or_default(),
        })
    }
}

/// A position in the log: a whole number that a browser holds exactly.
pub(super) fn position(frame: &Map<String, Value>, field: &str) -> Option<u64> {
    let number = frame.get(field)?.as_f64()?;
    let is_position = number.fract() == 0.0 && (0.0..=MAX_POSITION as f64).contains(&number);
    is_position.then_some(number as u64)
}

/// The text of a field; empty if there is none.
pub(super) fn text(frame: &Map<String, Value>, field: &str) -> String {
    frame.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}
