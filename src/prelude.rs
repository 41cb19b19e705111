//! What most files of an application need: `use user_hub::prelude::*;`.

#[cfg(feature = "trading")]
pub use crate::trading::BroadcastTrading;
pub use crate::{Audience, Broadcast, Event, EventSink, HubHandle, Outcome, PublicEvent, UserHub};
