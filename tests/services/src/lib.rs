//! Domain services of a small trading bot, which know an [`EventSink`](user_hub::EventSink), no hub and no web framework.
//!
//! Each is told what happened by whoever calls it, keeps what it needs to know, and says what its users should see. That
//! this crate compiles with nothing but `user-hub` behind it, without any transport, is a test in itself.

mod breaker;
mod orders;
mod profit;

pub use breaker::Breaker;
pub use orders::{OrderTracker, UnknownChain};
pub use profit::Profit;
