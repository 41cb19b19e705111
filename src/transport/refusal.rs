//! A device that may not connect, as an HTTP status.
//!
//! Invariant: a session that was told to stay away is told so in the one way that its transport understands.

use crate::{ConnectError, UserIdError};

impl ConnectError {
    /// The status that refuses a WebSocket request, before the upgrade.
    ///
    /// 401 for an empty identity (authentication was skipped) and an expired session, 403 for an identity that is too long
    /// and a session that has ended, 503 for a hub that was shut down; send `retry-after` with the last.
    ///
    /// ```
    /// use user_hub::{ConnectError, UserHub};
    ///
    /// let hub = UserHub::new();
    /// assert_eq!(hub.connect("").unwrap_err().websocket_status(), 401);
    /// assert_eq!(ConnectError::SessionEnded.websocket_status(), 403);
    /// ```
    #[must_use]
    pub const fn websocket_status(&self) -> u16 {
        match self {
            Self::User(UserIdError::Empty) | Self::SessionExpired => 401,
            Self::User(_) | Self::SessionEnded => 403,
            Self::Closed => 503,
        }
    }

    /// The status that refuses a request for server-sent events: the same, but 204 without a body for a session that has
    /// ended, on which a browser's `EventSource` does not come back.
    ///
    /// ```
    /// assert_eq!(user_hub::ConnectError::SessionEnded.sse_status(), 204);
    /// ```
    #[must_use]
    pub const fn sse_status(&self) -> u16 {
        match self {
            Self::SessionEnded => 204,
            _ => self.websocket_status(),
        }
    }
}
