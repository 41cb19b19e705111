//! The health of the whole system.

use serde::{Deserialize, Serialize};

use crate::{Event, Timestamp};

/// Whether what the bot stands on works: `SYSTEM_STATUS_UPDATE`, `data.status`.
///
/// A State with one value; it says nothing of any user and is public, so it may also be sent to everybody.
///
/// ```
/// use user_hub::{Timestamp, prelude::*, trading::SystemStatus};
///
/// let mut status = SystemStatus::new(Timestamp::now());
/// status.binance_connected = true;
/// UserHub::new().broadcast_to_all(&status);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Event)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(rename = "SystemStatusPayload"))]
#[serde(rename_all = "camelCase")]
#[event(name = "SYSTEM_STATUS_UPDATE", field = "status", state, public)]
#[non_exhaustive]
pub struct SystemStatus {
    /// Whether there is a connection to the exchange.
    pub binance_connected: bool,
    /// Whether there is a connection to the database.
    pub database_connected: bool,
    /// Whether there is a connection to Redis.
    pub redis_connected: bool,
    /// Whether the bot's own API answers.
    pub api_healthy: bool,
    /// How many devices are connected.
    pub websocket_clients: u32,
    /// When the bot was started.
    pub started_at: Timestamp,
}

impl SystemStatus {
    /// A system that has just started: nothing is connected yet.
    ///
    /// ```
    /// use user_hub::{Timestamp, trading::SystemStatus};
    ///
    /// assert!(!SystemStatus::new(Timestamp::now()).database_connected);
    /// ```
    #[must_use]
    pub const fn new(started_at: Timestamp) -> Self {
        Self {
            binance_connected: false,
            database_connected: false,
            redis_connected: false,
            api_healthy: false,
            websocket_clients: 0,
            started_at,
        }
    }
}
