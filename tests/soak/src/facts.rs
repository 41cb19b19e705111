//! What is told of users: the event types of the soak, and their names in the books.
//!
//! Invariant: each payload says whose it is and has a number, and the later of two that a user is told has the higher one.

use serde::{Deserialize, Serialize};
use user_hub::{Event, LoadedState, Timestamp};

/// Who stands for everybody, where others are a user's number.
pub(crate) const EVERYBODY: usize = 0;

/// How long an offer is good for, in milliseconds.
pub(crate) const OFFER_LIFE: i64 = 3_000;

/// How the hub knows a user.
pub(crate) fn user_id(user: usize) -> String {
    format!("user-{user}")
}

/// Something that happened; the numbers of a user's fills leave none out.
#[derive(Debug, Serialize, Event)]
#[event(name = "FILL", log)]
pub(crate) struct Fill {
    pub(crate) user: usize,
    pub(crate) n: u64,
}

/// The same for everybody.
#[derive(Debug, Serialize, Event)]
#[event(name = "ALARM", log, public)]
pub(crate) struct Alarm {
    pub(crate) user: usize,
    pub(crate) n: u64,
}

/// One value for everybody.
#[derive(Debug, Serialize, Event)]
#[event(name = "NOTICE", state, public)]
pub(crate) struct Notice {
    pub(crate) user: usize,
    pub(crate) n: u64,
}

/// One value a user.
#[derive(Debug, Serialize, Event)]
#[event(name = "BALANCE", state)]
pub(crate) struct Balance {
    pub(crate) user: usize,
    pub(crate) n: u64,
}

/// Comes, and is over or taken away.
#[derive(Debug, Serialize, Event)]
#[event(name = "ORDER", state(key = id, final_when = is_over))]
pub(crate) struct Order {
    #[serde(skip)]
    pub(crate) id: String,
    pub(crate) user: usize,
    pub(crate) n: u64,
    #[serde(skip)]
    pub(crate) over: bool,
}

impl Order {
    const fn is_over(&self) -> bool {
        self.over
    }
}

/// Has a version, and so may be told out of order.
#[derive(Debug, Serialize, Event)]
#[event(name = "QUOTE", state(key = symbol, version = n))]
pub(crate) struct Quote {
    #[serde(skip)]
    pub(crate) symbol: String,
    pub(crate) user: usize,
    pub(crate) n: u64,
}

/// Stops being true by itself.
#[derive(Debug, Serialize, Event)]
#[event(name = "OFFER", state(key = id, expires = expires_at))]
pub(crate) struct Offer {
    #[serde(skip)]
    pub(crate) id: String,
    pub(crate) user: usize,
    pub(crate) n: u64,
    #[serde(skip)]
    pub(crate) expires_at: Timestamp,
}

/// The name of a value in the books, and on a screen.
pub(crate) fn name(event_type: &str, key: Option<&str>) -> String {
    key.map_or_else(|| event_type.to_owned(), |key| format!("{event_type}/{key}"))
}

/// Adds what stands in the books under a name.
pub(crate) fn load(state: LoadedState, user: usize, name: &str, value: Value) -> LoadedState {
    let Value { n, expires_at } = value;
    let (event_type, key) = name.split_once('/').unwrap_or((name, ""));
    let key = key.to_owned();
    match event_type {
        Balance::NAME => state.event(Balance { user, n }),
        Order::NAME => state.event(Order { id: key, user, n, over: false }),
        Quote::NAME => state.event(Quote { symbol: key, user, n }),
        Offer::NAME => {
            let expires_at = Timestamp::from_milliseconds(expires_at.unwrap_or(0));
            state.event(Offer { id: key, user, n, expires_at })
        }
        _ => state,
    }
}

/// A value in the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Value {
    pub(crate) n: u64,
    /// In milliseconds since 1970, if it stops being true by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<i64>,
}
