//! What stops the encoder, and where in the payload it was.
//!
//! Invariant: the first fault is the one that is told. It is kept beside the text rather than in the error that travels up,
//! since a `Serialize` may swallow that. Each level that an error passes adds its own name, so a path costs nothing until
//! there is a fault.

use std::fmt;

use crate::EncodeError;

/// The error of the serializer: what a `Serialize` said, or that the encoder has stopped. Two words, so that every call
/// returns in registers.
#[derive(Debug)]
pub(super) struct Error(Box<str>);

impl Error {
    /// As much as is kept of what a `Serialize` says.
    const CHARACTERS: usize = 200;
}

impl serde::ser::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string().chars().take(Self::CHARACTERS).collect())
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Why nothing more is written.
#[derive(Debug)]
pub(super) enum Reason {
    NotFinite,
    UnsafeInteger,
    TooLarge,
    Failed(Box<str>),
}

impl Reason {
    /// What travels up in its place.
    pub(super) fn error(&self) -> Error {
        Error(match self {
            Self::NotFinite | Self::UnsafeInteger => "a number that a browser cannot hold".into(),
            Self::TooLarge => "there is no room for more".into(),
            Self::Failed(message) => message.clone(),
        })
    }
}

impl From<Error> for Reason {
    fn from(error: Error) -> Self {
        Self::Failed(error.0)
    }
}

/// A reason, and the way to it.
#[derive(Debug)]
pub(super) struct Fault {
    reason: Reason,
    /// From the innermost name outwards.
    path: Vec<String>,
}

impl Fault {
    pub(super) const fn new(reason: Reason) -> Self {
        Self { reason, path: Vec::new() }
    }

    pub(super) fn passes(&mut self, name: String) {
        self.path.push(name);
    }

    pub(super) fn into_error(self, limit: usize) -> EncodeError {
        match self.reason {
            Reason::NotFinite => EncodeError::NotFinite { field: field(&self.path) },
            Reason::UnsafeInteger => EncodeError::UnsafeInteger { field: field(&self.path) },
            Reason::TooLarge => EncodeError::TooLarge { limit },
            Reason::Failed(message) => EncodeError::Failed { message: message.into() },
        }
    }
}

/// `pnl.positions[3].x`.
fn field(path: &[String]) -> String {
    let mut field = String::new();
    for name in path.iter().rev() {
        if !(field.is_empty() || name.starts_with('[')) {
            field.push('.');
        }
        field.push_str(name);
    }
    if field.is_empty() { "the payload".to_owned() } else { field }
}
