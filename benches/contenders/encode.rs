//! The text that the peers send: what stands in the hub's frames, but for the number of the Log record before.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use serde::Serialize;
use user_hub::Event;

#[derive(Serialize)]
struct Envelope<'e, E> {
    seq: u64,
    r#type: &'static str,
    timestamp: jiff::Timestamp,
    data: Data<'e, E>,
}

#[derive(Serialize)]
struct Data<'e, E> {
    pnl: &'e E,
}

/// Numbers the messages of a process.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    last: AtomicU64,
}

impl Encoder {
    pub(super) fn encode<E: Event>(&self, event: &E) -> Bytes {
        let seq = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let envelope = Envelope { seq, r#type: E::NAME, timestamp: jiff::Timestamp::now(), data: Data { pnl: event } };
        // Once, and with room for all of it.
        let mut text = Vec::with_capacity(512);
        serde_json::to_writer(&mut text, &envelope).expect("a P&L event has a text");
        Bytes::from(text)
    }
}
