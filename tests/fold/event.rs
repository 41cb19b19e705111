//! What is broadcast: of each kind one, with any payload.

use serde::Serialize;
use user_hub::{Event, Timestamp};

/// A State under a key; it may be the last of its key, or end by itself.
#[derive(Serialize, Event)]
#[event(name = "PRICE", field = "price", state(key = symbol, final_when = is_over, expires = until))]
pub(crate) struct Price<T: Serialize> {
    symbol: String,
    value: T,
    #[serde(skip)]
    is_last: bool,
    #[serde(skip)]
    until: Option<Timestamp>,
}

/// Any, where only the type matters.
pub(crate) type AnyPrice = Price<()>;

impl<T: Serialize> Price<T> {
    const fn is_over(&self) -> bool {
        self.is_last
    }

    pub(crate) fn last(self) -> Self {
        Self { is_last: true, ..self }
    }

    pub(crate) fn until(self, moment: Timestamp) -> Self {
        Self { until: Some(moment), ..self }
    }
}

pub(crate) fn price<T: Serialize>(symbol: &str, value: T) -> Price<T> {
    Price { symbol: symbol.to_owned(), value, is_last: false, until: None }
}

/// A State with one value a user. Not a number, it is refused.
#[derive(Serialize, Event)]
#[event(name = "TOTAL", state)]
pub(crate) struct Total(pub(crate) f64);

/// Something that happened.
#[derive(Serialize, Event)]
#[event(name = "FILL", field = "fill", log)]
pub(crate) struct Fill<T: Serialize>(pub(crate) T);

/// A State of everybody.
#[derive(Serialize, Event)]
#[event(name = "NOTICE", state, public)]
pub(crate) struct Notice(pub(crate) u64);

/// Something that happened to everybody.
#[derive(Serialize, Event)]
#[event(name = "ALARM", log, public)]
pub(crate) struct Alarm(pub(crate) u64);
