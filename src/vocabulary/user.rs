//! Who is spoken to, and on what: users, sessions, connections.

use std::fmt;
use std::sync::Arc;

/// The identity of a user, as the host's authentication knows it.
///
/// Opaque and compared exactly: `Alice`, `alice` and `alice ` are three users. Never empty; a hub refuses one that is
/// longer than its limit (256 bytes by default).
///
/// ```
/// use user_hub::UserId;
///
/// let user = UserId::new("alice")?;
/// assert_eq!(user.as_str(), "alice");
/// assert!(UserId::new("").is_err());
/// # Ok::<(), user_hub::UserIdError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(Arc<str>);

impl UserId {
    /// Takes the host's identity of a user.
    ///
    /// # Errors
    /// [`UserIdError::Empty`]: an empty identity usually means that authentication was skipped; fix that.
    ///
    /// ```
    /// assert_eq!(user_hub::UserId::new("").unwrap_err().to_string(), "a user id is not empty");
    /// ```
    pub fn new(id: impl Into<Arc<str>>) -> Result<Self, UserIdError> {
        let id = id.into();
        if id.is_empty() { Err(UserIdError::Empty) } else { Ok(Self(id)) }
    }

    /// A text that was looked at before.
    pub(crate) fn of(checked: &str) -> Self {
        debug_assert!(!checked.is_empty(), "whoever checks refuses what is empty");
        Self(checked.into())
    }

    /// The identity as the host gave it.
    ///
    /// ```
    /// assert_eq!(user_hub::UserId::new("alice")?.as_str(), "alice");
    /// # Ok::<(), user_hub::UserIdError>(())
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for UserId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for UserId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, formatter)
    }
}

/// Why a text cannot be a user's identity.
///
/// ```
/// assert_eq!(user_hub::UserId::new(""), Err(user_hub::UserIdError::Empty));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UserIdError {
    /// The identity is empty.
    #[error("a user id is not empty")]
    Empty,
    /// The identity is longer than the hub's limit.
    #[error("a user id has at most {limit} bytes, this one has {length}")]
    TooLong {
        /// The length of the identity, in bytes.
        length: usize,
        /// The hub's limit, in bytes.
        limit: usize,
    },
}

/// The sign-in that a connection belongs to, as the host names it: what ends when the user signs out on one device.
///
/// Opaque and compared exactly. It is not shown to devices.
///
/// ```
/// assert_eq!(user_hub::SessionId::new("s-1").as_str(), "s-1");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(Arc<str>);

impl SessionId {
    /// Takes the host's name of a session.
    ///
    /// ```
    /// assert_eq!(user_hub::SessionId::new("s-1"), user_hub::SessionId::new(String::from("s-1")));
    /// ```
    #[must_use]
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self(id.into())
    }

    /// The name as the host gave it.
    ///
    /// ```
    /// assert_eq!(user_hub::SessionId::new("s-1").as_str(), "s-1");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SessionId {
    fn from(id: &str) -> Self {
        Self::new(id)
    }
}

impl From<String> for SessionId {
    fn from(id: String) -> Self {
        Self::new(id)
    }
}

impl fmt::Debug for SessionId {
    /// Shows nothing: a host may use the secret itself as the name.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("SessionId").finish_non_exhaustive()
    }
}

/// One connection of one device, unique within a hub.
///
/// ```
/// let hub = user_hub::UserHub::new();
/// let (phone, tab) = (hub.connect("alice")?, hub.connect("alice")?);
/// assert_ne!(phone.id(), tab.id());
/// # Ok::<(), user_hub::ConnectError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(u64);

impl ConnectionId {
    pub(crate) const fn from_number(number: u64) -> Self {
        Self(number)
    }

    #[cfg(any(feature = "metrics", feature = "tracing"))]
    pub(crate) const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}
