//! The span of a device while a driver polls it: what a socket's library says then can be told apart by connection.
//!
//! Invariant: without the feature `tracing` it is nothing, and a scope is the call itself.

use crate::Connection;

/// At debug, because it names the user.
pub(super) struct DeviceSpan {
    #[cfg(feature = "tracing")]
    span: tracing::Span,
}

impl DeviceSpan {
    #[cfg(feature = "tracing")]
    pub(super) fn new(connection: &Connection, transport: &'static str) -> Self {
        let (id, user) = (connection.id(), connection.user().as_str());
        Self { span: tracing::debug_span!("device", transport, connection = %id, user) }
    }

    #[cfg(not(feature = "tracing"))]
    pub(super) const fn new(_connection: &Connection, _transport: &'static str) -> Self {
        Self {}
    }

    #[cfg(feature = "tracing")]
    pub(super) fn in_scope<T>(&self, poll: impl FnOnce() -> T) -> T {
        self.span.in_scope(poll)
    }

    #[cfg(not(feature = "tracing"))]
    pub(super) fn in_scope<T>(&self, poll: impl FnOnce() -> T) -> T {
        poll()
    }
}
