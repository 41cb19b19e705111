//! Refusals in the log of whoever runs a host: each kind at most once a minute, and nothing of the payload or the user.
#![cfg(all(feature = "tracing", feature = "trading"))]
#![allow(clippy::unwrap_used)]

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use user_hub::UserHub;
use user_hub::trading::{CircuitBreaker, PnlUpdate};

/// Keeps every line at warn and above.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn a_refusal_is_said_once_a_minute_for_each_type_and_reason_and_shows_no_payload_and_no_user() {
    let lines = Lines::default();
    let mut pnl = PnlUpdate::default();
    pnl.total_pnl = 1_234.5;
    pnl.win_rate = f64::NAN;
    let mut breaker = CircuitBreaker::default();
    breaker.daily_loss = f64::INFINITY;
    tracing::subscriber::with_default(lines.clone(), || {
        let hub = UserHub::new();
        for _ in 0..1_000 {
            hub.broadcast_pnl("alice", &pnl);
            hub.broadcast_circuit_breaker("alice", &breaker);
        }
        hub.broadcast_pnl("", &PnlUpdate::default());
        assert_eq!(hub.stats().rejected, 2_001, "each is counted");
    });
    let lines = lines.0.lock().unwrap();
    assert_eq!(lines.len(), 3, "{lines:#?}");
    assert!(lines[0].contains("PNL_UPDATE") && lines[0].contains("pnl.winRate"), "{}", lines[0]);
    assert!(lines[1].contains("CIRCUIT_BREAKER_UPDATE") && lines[1].contains("state.dailyLoss"), "{}", lines[1]);
    assert!(lines[2].contains("a user id is not empty"), "{}", lines[2]);
    assert!(lines.iter().all(|line| !line.contains("alice") && !line.contains("1234")), "{lines:#?}");
}
