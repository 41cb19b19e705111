//! The name of an event type.
//!
//! Invariants: a name can stand in JSON without escaping, is never one of the control frames' names, and a typed
//! event's name is proven at compile time, so that broadcasting never has to look at it again.

use std::fmt;
use std::sync::Arc;

/// The names that control frames use on the wire; no event type may take one of them.
pub(crate) const RESERVED: [&str; 6] = ["CONNECTED", "SYNCED", "GAP", "RESET", "HEARTBEAT", "CLOSING"];

/// The name of an event type, `PNL_UPDATE` for instance.
///
/// One to 64 of `A`–`Z`, `a`–`z`, `0`–`9`, `_`, `.`, `:` and `-`, and none of the names of control frames
/// (`CONNECTED`, `SYNCED`, `GAP`, `RESET`, `HEARTBEAT`, `CLOSING`).
///
/// ```
/// use user_hub::{EventName, EventNameError};
///
/// assert_eq!(EventName::new("ORDER_UPDATE")?.as_str(), "ORDER_UPDATE");
/// assert_eq!(EventName::new(""), Err(EventNameError::Empty));
/// assert_eq!(EventName::new("GAP"), Err(EventNameError::Reserved));
/// assert_eq!(EventName::new("a name"), Err(EventNameError::Character(' ')));
/// # Ok::<(), EventNameError>(())
/// ```
#[derive(Clone)]
pub struct EventName(Text);

/// A typed event's name is borrowed from the program, so that a broadcast touches no shared reference count.
#[derive(Clone)]
enum Text {
    Static(&'static str),
    Shared(Arc<str>),
}

impl EventName {
    /// The greatest length of a name, in bytes.
    pub const MAX_LENGTH: usize = 64;

    /// Checks a name that is known only at run time.
    ///
    /// # Errors
    /// [`EventNameError`] says which rule the name breaks; choose a name that keeps them all.
    ///
    /// ```
    /// assert!(user_hub::EventName::new("PRICE_ALERT").is_ok());
    /// ```
    pub fn new(name: &str) -> Result<Self, EventNameError> {
        check(name)?;
        Ok(Self(Text::Shared(Arc::from(name))))
    }

    /// A name that is part of the program; in a `const` it is checked at compile time.
    ///
    /// # Panics
    /// When the name breaks a rule that [`EventNameError`] lists.
    ///
    /// ```
    /// use user_hub::EventName;
    ///
    /// const NAME: EventName = EventName::from_static("ORDER_UPDATE");
    /// assert_eq!(NAME.as_str(), "ORDER_UPDATE");
    /// ```
    #[must_use]
    pub const fn from_static(name: &'static str) -> Self {
        assert!(
            check(name).is_ok(),
            "an event name has 1 to 64 of A-Z a-z 0-9 _ . : - and is not a control frame's name"
        );
        Self(Text::Static(name))
    }

    /// The `type` of a control frame, which no event type may have.
    pub(crate) const fn control(name: &'static str) -> Self {
        Self(Text::Static(name))
    }

    /// The name as it stands on the wire.
    ///
    /// ```
    /// assert_eq!(user_hub::EventName::from_static("PNL_UPDATE").as_str(), "PNL_UPDATE");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Text::Static(name) => name,
            Text::Shared(name) => name,
        }
    }
}

impl PartialEq for EventName {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for EventName {}

impl PartialOrd for EventName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for EventName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl std::hash::Hash for EventName {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Display for EventName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for EventName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}

/// Why a text cannot name an event type.
///
/// ```
/// use user_hub::{EventName, EventNameError};
///
/// let error = EventName::new(&"X".repeat(65)).unwrap_err();
/// assert_eq!(error, EventNameError::TooLong { length: 65 });
/// assert_eq!(error.to_string(), "an event name has at most 64 bytes, this one has 65");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventNameError {
    /// The name is empty.
    #[error("an event name is not empty")]
    Empty,
    /// The name is longer than [`EventName::MAX_LENGTH`].
    #[error("an event name has at most 64 bytes, this one has {length}")]
    TooLong {
        /// The length of the name, in bytes.
        length: usize,
    },
    /// The name holds a character other than `A`–`Z`, `a`–`z`, `0`–`9`, `_`, `.`, `:` and `-`.
    #[error("an event name has letters, digits, '_', '.', ':' and '-' of ASCII only, this one has {0:?}")]
    Character(char),
    /// The name belongs to a control frame.
    #[error("this name belongs to a control frame")]
    Reserved,
}

const fn check(name: &str) -> Result<(), EventNameError> {
    let bytes = name.as_bytes();
    if bytes.is_empty() {
        return Err(EventNameError::Empty);
    }
    if bytes.len() > EventName::MAX_LENGTH {
        return Err(EventNameError::TooLong { length: bytes.len() });
    }
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'-')) {
            let character = if byte.is_ascii() { byte as char } else { char::REPLACEMENT_CHARACTER };
            return Err(EventNameError::Character(character));
        }
        at += 1;
    }
    let mut reserved = 0;
    while reserved < RESERVED.len() {
        if same(bytes, RESERVED[reserved].as_bytes()) {
            return Err(EventNameError::Reserved);
        }
        reserved += 1;
    }
    Ok(())
}

/// `==` on slices is not yet to be had in a `const fn`.
const fn same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut at = 0;
    while at < left.len() {
        if left[at] != right[at] {
            return false;
        }
        at += 1;
    }
    true
}
