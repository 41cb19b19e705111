//! What is broadcast, and what a device gets of it.

use futures::{FutureExt, StreamExt};
use user_hub::{Connection, DynamicEvent, Frame};

/// Everything that there is for a device now.
pub fn frames(connection: &mut Connection) -> Vec<Frame> {
    std::iter::from_fn(|| connection.next().now_or_never().flatten()).collect()
}

/// A Log event that says whose it is.
pub fn note(owner: &str, number: u64) -> DynamicEvent {
    DynamicEvent::log("NOTE", serde_json::json!({ "owner": owner, "number": number })).expect("a name")
}

/// A State that says whose it is.
pub fn price(owner: &str, key: &str, amount: u64) -> DynamicEvent {
    DynamicEvent::state("PRICE", key, serde_json::json!({ "owner": owner, "amount": amount })).expect("a name")
}
