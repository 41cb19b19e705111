//! What every server sends: a P&L event of some 300 bytes of JSON, and when it was sent.

use std::sync::atomic::{AtomicU64, Ordering};

use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;
use user_hub::trading::PnlUpdate;
use user_hub::{Event, Timestamp};

use crate::payload;

/// Stands before the moment in the JSON of every event, and in nothing else that is sent.
pub(crate) const SENT_AT: &[u8] = b"\"sentAt\":";

/// A *Log* event: every device gets every one.
#[derive(Serialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(name = "PROFIT", field = "profit", log)]
pub(crate) struct Profit {
    /// Nanoseconds of the clock that all processes share.
    sent_at: u64,
    pnl: PnlUpdate,
}

impl Profit {
    pub(crate) fn new() -> Self {
        Self { sent_at: 0, pnl: payload::state() }
    }

    pub(crate) fn sent_now(&mut self) -> &Self {
        self.sent_at = now();
        self
    }
}

/// Nanoseconds of the monotonic clock, which is one for all processes.
pub(crate) fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    u64::try_from(time.tv_sec).expect("it counts up") * 1_000_000_000
        + u64::try_from(time.tv_nsec).expect("it counts up")
}

/// What a server without the hub sends: the fields of the hub's frame.
#[derive(Serialize)]
pub(crate) struct Envelope<'e> {
    seq: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'static str>,
    timestamp: Timestamp,
    data: Data<'e>,
}

#[derive(Serialize)]
struct Data<'e> {
    profit: &'e Profit,
}

impl<'e> Envelope<'e> {
    /// The next one. Without its type, where the type stands before the JSON.
    pub(crate) fn next(profit: &'e mut Profit, names_type: bool) -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let seq = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        let data = Data { profit: profit.sent_now() };
        Self { seq, r#type: names_type.then_some(Profit::NAME), timestamp: Timestamp::now(), data }
    }
}
