//! From what stands in `data` back to the type that a host broadcasts.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Event;

/// Why `data` is not a value of the event type that was asked for.
///
/// ```
/// use user_hub::testing::{Device, PayloadError};
/// use user_hub::{UserHub, trading::{PnlUpdate, TradesCount}};
///
/// #[derive(Debug, PartialEq, serde::Deserialize, serde::Serialize, user_hub::Event)]
/// #[event(name = "PNL_UPDATE", state)]
/// struct Misread { total_pnl: f64 }
///
/// let hub = UserHub::new();
/// hub.broadcast_pnl("alice", &PnlUpdate::default());
/// let mut phone = Device::new();
/// phone.read(&mut hub.connect("alice")?);
/// let error = phone.state::<Misread>().unwrap_err();
/// assert!(matches!(&error, PayloadError::Mismatch { message, .. } if message.contains("total_pnl")));
/// # Ok::<(), user_hub::ConnectError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// The type says that one field of `data` holds the payload, and there is no such field: another type was broadcast
    /// under that name, or the field was renamed.
    #[error("data of {name} has no field {field}")]
    NoField {
        /// The name of the event type.
        name: String,
        /// The field that its `Event` says.
        field: &'static str,
    },
    /// The type's `Deserialize` refuses what its `Serialize` wrote, or another type was broadcast under that name.
    #[error("data of {name} is not what the type reads: {message}")]
    Mismatch {
        /// The name of the event type.
        name: String,
        /// What `Deserialize` says.
        message: String,
    },
}

/// Reads a payload out of `data`.
pub(super) fn payload<E: Event + DeserializeOwned>(data: &Value) -> Result<E, PayloadError> {
    let name = || E::NAME.to_owned();
    let payload = match E::FIELD {
        Some(field) => data.get(field).ok_or_else(|| PayloadError::NoField { name: name(), field })?,
        None => data,
    };
    E::deserialize(payload).map_err(|error| PayloadError::Mismatch { name: name(), message: error.to_string() })
}
