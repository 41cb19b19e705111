//! Why a connection ends, and whether its device should come back.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// A WebSocket close code; its range says whether the device should come back.
///
/// Centrifugo's convention: up to 3499 come back, 3500 to 3999 stay away. SSE devices get the same code in the
/// `CLOSING` frame.
///
/// ```
/// use user_hub::CloseCode;
///
/// assert!(CloseCode::TOO_SLOW.reconnect());
/// assert!(!CloseCode::SIGNED_OUT.reconnect());
/// assert_eq!(CloseCode::SIGNED_OUT.as_u16(), 3503);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CloseCode(u16);

impl CloseCode {
    /// The connection has done its work.
    pub const NORMAL: Self = Self(1000);
    /// The server is shutting down; another, or the same one, will be there soon.
    pub const SHUTTING_DOWN: Self = Self(1001);
    /// The session has expired: sign in again, then come back.
    pub const SESSION_EXPIRED: Self = Self(3005);
    /// The device was too slow, and its policy says that it starts again.
    pub const TOO_SLOW: Self = Self(3008);
    /// The device did not answer a ping in time.
    pub const NO_PONG: Self = Self(3012);
    /// The right to listen was taken away.
    pub const REVOKED: Self = Self(3500);
    /// The user signed out.
    pub const SIGNED_OUT: Self = Self(3503);
    /// The user has more connections than the hub allows.
    pub const TOO_MANY_CONNECTIONS: Self = Self(3504);
    /// This device may not listen here.
    pub const NOT_ALLOWED: Self = Self(3507);

    /// A code of the host's own: 3000 to 3499 come back, 3500 to 3999 stay away; anything else is `None`.
    ///
    /// ```
    /// use user_hub::CloseCode;
    ///
    /// assert_eq!(CloseCode::application(3100).map(|code| code.reconnect()), Some(true));
    /// assert_eq!(CloseCode::application(1006), None);
    /// ```
    #[must_use]
    pub const fn application(code: u16) -> Option<Self> {
        if code >= 3000 && code <= 3999 { Some(Self(code)) } else { None }
    }

    /// Whether the device should come back.
    ///
    /// ```
    /// assert!(user_hub::CloseCode::SHUTTING_DOWN.reconnect());
    /// ```
    #[must_use]
    pub const fn reconnect(self) -> bool {
        self.0 < 3500
    }

    /// The number on the wire.
    ///
    /// ```
    /// assert_eq!(user_hub::CloseCode::NORMAL.as_u16(), 1000);
    /// ```
    #[must_use]
    pub const fn as_u16(self) -> u16 {
        self.0
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

/// Why a connection ends: a code, a sentence for whoever reads logs, and when to come back.
///
/// ```
/// use std::time::Duration;
/// use user_hub::{CloseCode, CloseReason};
///
/// let reason = CloseReason::new(CloseCode::SHUTTING_DOWN).retry_after(Duration::from_secs(2));
/// assert_eq!(reason.text(), "shutting down");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseReason {
    code: CloseCode,
    text: Cow<'static, str>,
    retry_after: Option<Duration>,
}

impl CloseReason {
    /// The greatest length of a reason's text, in bytes: a WebSocket control frame carries 125, two are the code.
    pub const MAX_TEXT: usize = 123;

    /// A reason with the usual text of its code.
    ///
    /// ```
    /// use user_hub::{CloseCode, CloseReason};
    ///
    /// assert_eq!(CloseReason::new(CloseCode::REVOKED).text(), "revoked");
    /// ```
    #[must_use]
    pub const fn new(code: CloseCode) -> Self {
        let text = match code {
            CloseCode::NORMAL => "done",
            CloseCode::SHUTTING_DOWN => "shutting down",
            CloseCode::SESSION_EXPIRED => "session expired",
            CloseCode::TOO_SLOW => "too slow",
            CloseCode::NO_PONG => "no pong",
            CloseCode::REVOKED => "revoked",
            CloseCode::SIGNED_OUT => "signed out",
            CloseCode::TOO_MANY_CONNECTIONS => "too many connections",
            CloseCode::NOT_ALLOWED => "not allowed",
            _ => "closed by the application",
        };
        Self { code, text: Cow::Borrowed(text), retry_after: None }
    }

    /// The same with a text of the host's own, cut at a character boundary to [`MAX_TEXT`](Self::MAX_TEXT) bytes.
    ///
    /// ```
    /// use user_hub::{CloseCode, CloseReason};
    ///
    /// let reason = CloseReason::new(CloseCode::REVOKED).with_text("plan cancelled");
    /// assert_eq!(reason.text(), "plan cancelled");
    /// ```
    #[must_use]
    pub fn with_text(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.text = text.into();
        if self.text.len() > Self::MAX_TEXT {
            let end = (0..=Self::MAX_TEXT).rev().find(|&at| self.text.is_char_boundary(at)).unwrap_or(0);
            self.text.to_mut().truncate(end);
        }
        self
    }

    /// The same with a hint when to come back, in whole milliseconds on the wire.
    ///
    /// ```
    /// use std::time::Duration;
    /// use user_hub::{CloseCode, CloseReason};
    ///
    /// let reason = CloseReason::new(CloseCode::TOO_SLOW).retry_after(Duration::from_millis(500));
    /// assert_eq!(reason.retry_hint(), Some(Duration::from_millis(500)));
    /// ```
    #[must_use]
    pub const fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The code.
    ///
    /// ```
    /// use user_hub::{CloseCode, CloseReason};
    ///
    /// assert_eq!(CloseReason::new(CloseCode::NO_PONG).code(), CloseCode::NO_PONG);
    /// ```
    #[must_use]
    pub const fn code(&self) -> CloseCode {
        self.code
    }

    /// The sentence for whoever reads logs.
    ///
    /// ```
    /// use user_hub::{CloseCode, CloseReason};
    ///
    /// assert_eq!(CloseReason::new(CloseCode::NO_PONG).text(), "no pong");
    /// ```
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// When the device should come back, if the host said so.
    ///
    /// ```
    /// use user_hub::{CloseCode, CloseReason};
    ///
    /// assert_eq!(CloseReason::new(CloseCode::NO_PONG).retry_hint(), None);
    /// ```
    #[must_use]
    pub const fn retry_hint(&self) -> Option<Duration> {
        self.retry_after
    }
}
