//! A service's way to the hub, there before the hub is.

use std::fmt;
use std::sync::Arc;

use crate::hub::sync::OnceLock;
use crate::{Audience, ErasedEvent, EventSink, Outcome, UserHub};

/// A way to a hub that may not be there, or not yet.
///
/// A service holds one from the start and broadcasts through it always; without a hub that is a no-op that says
/// [`Outcome::NoHub`]. Clones share the binding, so a hub that is bound later serves services that were built before it:
/// no import cycle and no global. The handle keeps its hub alive; a hub ends by
/// [`shutdown`](UserHub::shutdown), after which outcomes are [`Closed`](Outcome::Closed).
///
/// ```
/// use user_hub::{HubHandle, Outcome, UserHub, trading::PnlUpdate};
///
/// let handle = HubHandle::unbound();
/// let service = handle.clone();
/// assert_eq!(service.broadcast_pnl("alice", &PnlUpdate::default()), Outcome::NoHub);
///
/// let hub = UserHub::new();
/// handle.bind(&hub)?;
/// assert_eq!(service.broadcast_pnl("alice", &PnlUpdate::default()), Outcome::Kept);
/// # Ok::<(), user_hub::BindError>(())
/// ```
#[derive(Clone, Default)]
pub struct HubHandle {
    /// `None` will never have a hub; the cell is filled once.
    hub: Option<Arc<OnceLock<UserHub>>>,
}

impl HubHandle {
    /// A handle that never has a hub: in a test, or where the feature is switched off.
    ///
    /// ```
    /// assert!(!user_hub::HubHandle::none().is_bound());
    /// ```
    #[must_use]
    pub const fn none() -> Self {
        Self { hub: None }
    }

    /// A handle that waits for its hub.
    ///
    /// ```
    /// let handle = user_hub::HubHandle::unbound();
    /// assert!(handle.bind(&user_hub::UserHub::new()).is_ok());
    /// ```
    #[must_use]
    pub fn unbound() -> Self {
        Self { hub: Some(Arc::default()) }
    }

    /// Gives the hub to this handle and all its clones.
    ///
    /// # Errors
    /// [`BindError::AlreadyBound`]: the first hub stays, whichever it is; [`BindError::None`]: the handle was made by
    /// [`none`](Self::none) and stays without a hub.
    ///
    /// ```
    /// use user_hub::{BindError, HubHandle, UserHub};
    ///
    /// let handle = HubHandle::unbound();
    /// handle.bind(&UserHub::new())?;
    /// assert_eq!(handle.bind(&UserHub::new()), Err(BindError::AlreadyBound));
    /// assert_eq!(HubHandle::none().bind(&UserHub::new()), Err(BindError::None));
    /// # Ok::<(), BindError>(())
    /// ```
    pub fn bind(&self, hub: &UserHub) -> Result<(), BindError> {
        let cell = self.hub.as_ref().ok_or(BindError::None)?;
        cell.set(hub.clone()).map_err(|_| BindError::AlreadyBound)
    }

    /// Whether there is a hub.
    ///
    /// ```
    /// assert!(user_hub::UserHub::new().handle().is_bound());
    /// ```
    #[must_use]
    pub fn is_bound(&self) -> bool {
        self.hub().is_some()
    }

    fn hub(&self) -> Option<&UserHub> {
        self.hub.as_ref()?.get()
    }
}

impl From<UserHub> for HubHandle {
    fn from(hub: UserHub) -> Self {
        Self { hub: Some(Arc::new(OnceLock::from(hub))) }
    }
}

impl EventSink for HubHandle {
    fn submit(&self, to: Audience<'_>, events: &[&dyn ErasedEvent]) -> Outcome {
        self.hub().map_or(Outcome::NoHub, |hub| hub.submit(to, events))
    }
}

impl fmt::Debug for HubHandle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HubHandle").field("is_bound", &self.is_bound()).finish_non_exhaustive()
    }
}

/// Why a handle did not take a hub.
///
/// ```
/// assert_eq!(user_hub::BindError::AlreadyBound.to_string(), "the handle has a hub already");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// The handle has a hub, perhaps the same; bind once, where the application is wired.
    #[error("the handle has a hub already")]
    AlreadyBound,
    /// The handle was made to be without a hub; make it with [`HubHandle::unbound`].
    #[error("the handle was made to be without a hub")]
    None,
}
