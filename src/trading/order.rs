//! An order at the exchange, in the words of Binance futures.

use serde::{Deserialize, Serialize};

/// An order of a chain.
///
/// ```
/// use user_hub::trading::{Order, OrderSide, OrderStatus, OrderType};
///
/// let mut order = Order::new("8886774", OrderType::Limit, OrderSide::Buy, OrderStatus::PartiallyFilled, 0.02, 0.005);
/// order.price = Some(97_000.0);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Order {
    /// The identity that the exchange gave it.
    pub order_id: String,
    /// The identity that the bot gave it.
    pub client_order_id: Option<String>,
    /// What kind of order; `type` on the wire.
    #[serde(rename = "type")]
    pub order_type: OrderType,
    /// Whether it buys or sells.
    pub side: OrderSide,
    /// How far it is.
    pub status: OrderStatus,
    /// Its price; a market order has none.
    pub price: Option<f64>,
    /// How much was ordered.
    pub quantity: f64,
    /// How much of it is filled.
    pub filled_quantity: f64,
}

impl Order {
    /// An order without a price and without an identity of the bot's own.
    ///
    /// ```
    /// use user_hub::trading::{Order, OrderSide, OrderStatus, OrderType};
    ///
    /// let order = Order::new("8886774", OrderType::Market, OrderSide::Sell, OrderStatus::New, 0.02, 0.0);
    /// assert_eq!(order.price, None);
    /// ```
    #[must_use]
    pub fn new(
        order_id: impl Into<String>,
        order_type: OrderType,
        side: OrderSide,
        status: OrderStatus,
        quantity: f64,
        filled_quantity: f64,
    ) -> Self {
        Self {
            order_id: order_id.into(),
            client_order_id: None,
            order_type,
            side,
            status,
            price: None,
            quantity,
            filled_quantity,
        }
    }
}

text_enum! {
    /// Whether an order buys or sells.
    ///
    /// ```
    /// assert_eq!(user_hub::trading::OrderSide::from("BUY"), user_hub::trading::OrderSide::Buy);
    /// ```
    pub enum OrderSide {
        /// It buys.
        Buy = "BUY",
        /// It sells.
        Sell = "SELL",
    }
}

text_enum! {
    /// What kind of order.
    ///
    /// ```
    /// assert_eq!(user_hub::trading::OrderType::from("STOP_MARKET"), user_hub::trading::OrderType::StopMarket);
    /// ```
    pub enum OrderType {
        /// At this price or a better one.
        Limit = "LIMIT",
        /// At once, at any price.
        Market = "MARKET",
        /// A limit order when the price reaches a stop.
        Stop = "STOP",
        /// A market order when the price reaches a stop.
        StopMarket = "STOP_MARKET",
        /// A limit order when the price reaches a target.
        TakeProfit = "TAKE_PROFIT",
        /// A market order when the price reaches a target.
        TakeProfitMarket = "TAKE_PROFIT_MARKET",
        /// A market order when the price turns back by so much.
        TrailingStopMarket = "TRAILING_STOP_MARKET",
        /// The exchange closes a position by force.
        Liquidation = "LIQUIDATION",
    }
}

text_enum! {
    /// How far an order is.
    ///
    /// ```
    /// assert_eq!(user_hub::trading::OrderStatus::from("FILLED"), user_hub::trading::OrderStatus::Filled);
    /// ```
    pub enum OrderStatus {
        /// The exchange has it, nothing is filled.
        New = "NEW",
        /// A part is filled.
        PartiallyFilled = "PARTIALLY_FILLED",
        /// All is filled.
        Filled = "FILLED",
        /// It was taken back.
        Canceled = "CANCELED",
        /// The exchange refused it.
        Rejected = "REJECTED",
        /// Its time is over, or its conditions could not be met.
        Expired = "EXPIRED",
        /// The exchange ended it so that it does not trade with another order of the same account.
        ExpiredInMatch = "EXPIRED_IN_MATCH",
    }
}
