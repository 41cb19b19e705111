//! A chain: an entry order and all orders that belong to it, until the position is gone.

use serde::{Deserialize, Serialize};

use super::{Mode, Order};
use crate::{Event, Timestamp};

/// How a chain of orders stands now: `CHAIN_UPDATE`, `data.chain`.
///
/// A State by [chain](Self::chain_id) with [when it changed](Self::updated_at) as its version, so that an update which was
/// overtaken is refused as stale; final when its [status](Self::status) is.
///
/// ```
/// use user_hub::{Timestamp, UserHub, trading::{ChainStatus, ChainUpdate, Mode, Side}};
///
/// let mut chain = ChainUpdate::new("chain-7", "BTCUSDT", Side::Long, ChainStatus::Active, Timestamp::now());
/// chain.mode = Some(Mode::Scalp);
/// UserHub::new().broadcast_chain_update("alice", &chain);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(rename = "ChainUpdatePayload"))]
#[serde(rename_all = "camelCase")]
#[event(
    name = "CHAIN_UPDATE",
    field = "chain",
    state(key = chain_id, version = updated_at, final_when = is_over)
)]
#[non_exhaustive]
pub struct ChainUpdate {
    /// The identity of the chain.
    pub chain_id: String,
    /// What is traded.
    pub symbol: String,
    /// Long or short.
    pub side: Side,
    /// The mode that opened it.
    pub mode: Option<Mode>,
    /// How far it is.
    pub status: ChainStatus,
    /// All its orders.
    pub orders: Vec<Order>,
    /// When it changed last.
    pub updated_at: Timestamp,
}

impl ChainUpdate {
    /// A chain that has no orders yet and was opened by no mode.
    ///
    /// ```
    /// use user_hub::{Timestamp, trading::{ChainStatus, ChainUpdate, Side}};
    ///
    /// let chain = ChainUpdate::new("chain-7", "BTCUSDT", Side::Long, ChainStatus::Pending, Timestamp::now());
    /// assert!(chain.orders.is_empty());
    /// ```
    #[must_use]
    pub fn new(
        chain_id: impl Into<String>,
        symbol: impl Into<String>,
        side: Side,
        status: ChainStatus,
        updated_at: Timestamp,
    ) -> Self {
        Self {
            chain_id: chain_id.into(),
            symbol: symbol.into(),
            side,
            mode: None,
            status,
            orders: Vec::new(),
            updated_at,
        }
    }

    fn is_over(&self) -> bool {
        self.status.is_final()
    }
}

text_enum! {
    /// The side of a position.
    ///
    /// ```
    /// assert_eq!(user_hub::trading::Side::from("LONG"), user_hub::trading::Side::Long);
    /// ```
    pub enum Side {
        /// It gains when the price rises.
        Long = "LONG",
        /// It gains when the price falls.
        Short = "SHORT",
    }
}

text_enum! {
    /// How far a chain is.
    ///
    /// ```
    /// assert_eq!(user_hub::trading::ChainStatus::from("closed"), user_hub::trading::ChainStatus::Closed);
    /// ```
    pub enum ChainStatus {
        /// The entry order is not filled yet.
        Pending = "pending",
        /// A part of the entry order is filled.
        PartiallyFilled = "partially_filled",
        /// The entry order is filled.
        Filled = "filled",
        /// The position is open, its protecting orders are placed.
        Active = "active",
        /// A part of the position is closed.
        PartiallyClosed = "partially_closed",
        /// The position is being closed.
        Closing = "closing",
        /// The position is closed. Final.
        Closed = "closed",
        /// It was given up before there was a position. Final.
        Cancelled = "cancelled",
        /// The exchange refused the entry order. Final.
        Rejected = "rejected",
        /// The entry order was not filled in time. Final.
        Expired = "expired",
        /// The exchange closed the position by force. Final.
        Liquidated = "liquidated",
        /// Something went wrong; a human should look. Final.
        Failed = "failed",
    }
}

impl ChainStatus {
    const FINAL: [Self; 6] =
        [Self::Closed, Self::Cancelled, Self::Rejected, Self::Expired, Self::Liquidated, Self::Failed];

    /// Whether nothing comes after it; also in another case, as devices read it.
    ///
    /// ```
    /// use user_hub::trading::ChainStatus;
    ///
    /// assert!(ChainStatus::Liquidated.is_final());
    /// assert!(ChainStatus::from("CLOSED").is_final());
    /// assert!(!ChainStatus::Closing.is_final());
    /// ```
    #[must_use]
    pub fn is_final(&self) -> bool {
        Self::FINAL.iter().any(|last| last.as_str().eq_ignore_ascii_case(self.as_str()))
    }
}
