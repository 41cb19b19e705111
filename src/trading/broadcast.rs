//! One function for each of the eight event types, on every sink.
//!
//! The hub and the handle also have them as methods of their own, so that a host needs no trait in scope.

use super::{
    ChainUpdate, CircuitBreaker, GinieStatus, LifecycleEvent, ModeStatus, PnlUpdate, SignalUpdate, SystemStatus,
};
use crate::{Audience, EventSink, HubHandle, Outcome, UserHub};

/// Writes the eight functions, with or without `pub`.
macro_rules! broadcast_functions {
    ($($visibility:tt)?) => {
        /// Sends how a chain of orders stands to all devices of one user.
        ///
        /// ```
        /// use user_hub::{Outcome, Timestamp, prelude::*, trading::{ChainStatus, ChainUpdate, Side}};
        ///
        /// let chain = ChainUpdate::new("chain-7", "BTCUSDT", Side::Long, ChainStatus::Active, Timestamp::now());
        /// assert_eq!(UserHub::new().broadcast_chain_update("alice", &chain), Outcome::Kept);
        /// assert_eq!(HubHandle::none().broadcast_chain_update("alice", &chain), Outcome::NoHub);
        /// ```
        $($visibility)? fn broadcast_chain_update(&self, user: &str, chain: &ChainUpdate) -> Outcome {
            self.submit(Audience::User(user), &[chain])
        }

        /// Sends something that happened in the life of a trade to all devices of one user.
        ///
        /// ```
        /// use user_hub::{Outcome, Timestamp, prelude::*, trading::{LifecycleEvent, LifecycleEventType}};
        ///
        /// let opened = LifecycleEventType::PositionOpened;
        /// let event = LifecycleEvent::new("event-1", "trade-7", opened, "BTCUSDT", Timestamp::now());
        /// assert_eq!(UserHub::new().broadcast_lifecycle_event("alice", &event), Outcome::NoAudience);
        /// assert_eq!(HubHandle::none().broadcast_lifecycle_event("alice", &event), Outcome::NoHub);
        /// ```
        $($visibility)? fn broadcast_lifecycle_event(&self, user: &str, event: &LifecycleEvent) -> Outcome {
            self.submit(Audience::User(user), &[event])
        }

        /// Sends what the autopilot does to all devices of one user.
        ///
        /// ```
        /// use user_hub::{Outcome, prelude::*, trading::{GinieStatus, Mode}};
        ///
        /// let status = GinieStatus::new(Mode::Swing);
        /// assert_eq!(UserHub::new().broadcast_ginie_status("alice", &status), Outcome::Kept);
        /// assert_eq!(HubHandle::none().broadcast_ginie_status("alice", &status), Outcome::NoHub);
        /// ```
        $($visibility)? fn broadcast_ginie_status(&self, user: &str, status: &GinieStatus) -> Outcome {
            self.submit(Audience::User(user), &[status])
        }

        /// Sends how the circuit breaker stands to all devices of one user.
        ///
        /// It sends this alone; who trips or resets the breaker sends the lifecycle event with it, in a group.
        ///
        /// ```
        /// use user_hub::{Outcome, prelude::*, trading::CircuitBreaker};
        ///
        /// let closed = CircuitBreaker::default();
        /// assert_eq!(UserHub::new().broadcast_circuit_breaker("alice", &closed), Outcome::Kept);
        /// assert_eq!(HubHandle::none().broadcast_circuit_breaker("alice", &closed), Outcome::NoHub);
        /// ```
        $($visibility)? fn broadcast_circuit_breaker(&self, user: &str, state: &CircuitBreaker) -> Outcome {
            self.submit(Audience::User(user), &[state])
        }

        /// Sends what a user has gained or lost to all devices of that user.
        ///
        /// ```
        /// use user_hub::{Outcome, prelude::*, trading::PnlUpdate};
        ///
        /// let pnl = PnlUpdate::default();
        /// assert_eq!(UserHub::new().broadcast_pnl("alice", &pnl), Outcome::Kept);
        /// assert_eq!(HubHandle::none().broadcast_pnl("alice", &pnl), Outcome::NoHub);
        /// ```
        $($visibility)? fn broadcast_pnl(&self, user: &str, pnl: &PnlUpdate) -> Outcome {
            self.submit(Audience::User(user), &[pnl])
        }

        /// Sends what one mode of trading does to all devices of one user.
        ///
        /// ```
        /// use user_hub::{Outcome, prelude::*, trading::{Mode, ModeState, ModeStatus}};
        ///
        /// let status = ModeStatus::new(Mode::Scalp, true, ModeState::Active);
        /// assert_eq!(UserHub::new().broadcast_mode_status("alice", &status), Outcome::Kept);
        /// assert_eq!(HubHandle::none().broadcast_mode_status("alice", &status), Outcome::NoHub);
        /// ```
        $($visibility)? fn broadcast_mode_status(&self, user: &str, status: &ModeStatus) -> Outcome {
            self.submit(Audience::User(user), &[status])
        }

        /// Sends the health of the system to all devices of one user; `broadcast_to_all` sends it to everybody.
        ///
        /// ```
        /// use user_hub::{Outcome, Timestamp, prelude::*, trading::SystemStatus};
        ///
        /// let status = SystemStatus::new(Timestamp::now());
        /// assert_eq!(UserHub::new().broadcast_system_status("alice", &status), Outcome::Kept);
        /// assert_eq!(HubHandle::none().broadcast_system_status("alice", &status), Outcome::NoHub);
        /// ```
        $($visibility)? fn broadcast_system_status(&self, user: &str, status: &SystemStatus) -> Outcome {
            self.submit(Audience::User(user), &[status])
        }

        /// Sends a signal, or what became of it, to all devices of one user.
        ///
        /// ```
        /// use std::time::{Duration, SystemTime};
        /// use user_hub::{Outcome, prelude::*, trading::{Direction, Mode, SignalPrices, SignalUpdate}};
        ///
        /// let now = SystemTime::now();
        /// let valid = now.into()..(now + Duration::from_secs(300)).into();
        /// let prices = SignalPrices { entry: 97_000.0, stop_loss: 97_500.0, take_profit: vec![96_400.0] };
        /// let signal = SignalUpdate::new("signal-9", "BTCUSDT", Direction::Short, Mode::Scalp, 0.7, prices, valid);
        /// assert_eq!(UserHub::new().broadcast_signal_update("alice", &signal), Outcome::Kept);
        /// assert_eq!(HubHandle::none().broadcast_signal_update("alice", &signal), Outcome::NoHub);
        /// ```
        $($visibility)? fn broadcast_signal_update(&self, user: &str, signal: &SignalUpdate) -> Outcome {
            self.submit(Audience::User(user), &[signal])
        }
    };
}

/// The functions for the eight event types of a trading bot, on every [`EventSink`].
///
/// ```
/// use user_hub::{prelude::*, trading::PnlUpdate};
///
/// struct Profit<S> { events: S }
///
/// impl<S: EventSink> Profit<S> {
///     fn changed(&self, user: &str) -> Outcome {
///         self.events.broadcast_pnl(user, &PnlUpdate::default())
///     }
/// }
///
/// assert_eq!(Profit { events: HubHandle::none() }.changed("alice"), Outcome::NoHub);
/// assert_eq!(Profit { events: Some(UserHub::new()) }.changed("alice"), Outcome::Kept);
/// ```
pub trait BroadcastTrading: EventSink {
    broadcast_functions!();
}

impl<S: EventSink + ?Sized> BroadcastTrading for S {}

/// The eight event types of a trading bot.
impl UserHub {
    broadcast_functions!(pub);
}

/// The eight event types of a trading bot.
impl HubHandle {
    broadcast_functions!(pub);
}
