//! The domain services of one desk: each owns its State, and knows of the outside only an [`EventSink`].
//!
//! They change in three steps, which the desk takes: the call that changes the State, [`save`](Service::save) in the
//! transaction of the step, and, once that is committed, [`publish`](Service::publish). So what a device sees is stored.

pub mod autopilot;
pub mod breaker;
pub mod chain;
pub mod chain_tracker;
pub mod modes;
pub mod profit;
pub mod repository;
pub mod signal;

use std::sync::Arc;

use user_hub::{EventSink, LoadedState};

use crate::database::{Changes, DatabaseError};

/// Whose desk it is, and where its events go.
#[derive(Clone)]
pub struct Outlet {
    pub user: &'static str,
    pub events: Arc<dyn EventSink + Send + Sync>,
}

/// What the desk does with every service.
pub trait Service {
    /// Puts what changed into the transaction of the step.
    fn save(&self, changes: &mut Changes) -> Result<(), DatabaseError>;

    /// Tells the devices what changed, after the commit.
    fn publish(&mut self);

    /// Adds what stands now: the State that a device needs when the hub knows nothing of the user.
    fn stands(&self, state: LoadedState) -> LoadedState;
}
