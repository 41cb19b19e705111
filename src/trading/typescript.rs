//! The TypeScript types of the eight.

use super::{
    ChainUpdate, CircuitBreaker, GinieStatus, LifecycleEvent, ModeStatus, PnlUpdate, SignalUpdate, SystemStatus,
};
use crate::typescript::TypeScript;

impl TypeScript {
    /// The eight event types of a trading bot, in the order of [`EVENT_NAMES`](super::EVENT_NAMES); more can be added.
    ///
    /// ```
    /// use user_hub::typescript::TypeScript;
    ///
    /// let file = TypeScript::trading().render()?;
    /// assert!(file.contains("export interface PnLPayload {"));
    /// # Ok::<(), user_hub::typescript::TypeScriptError>(())
    /// ```
    #[must_use]
    pub fn trading() -> Self {
        Self::new()
            .event::<ChainUpdate>()
            .event::<LifecycleEvent>()
            .event::<GinieStatus>()
            .event::<CircuitBreaker>()
            .event::<PnlUpdate>()
            .event::<ModeStatus>()
            .event::<SystemStatus>()
            .event::<SignalUpdate>()
    }
}
