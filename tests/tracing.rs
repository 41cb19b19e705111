//! What a hub says to the log of whoever runs it: refusals, each kind at most once a minute; at debug the lives of
//! connections; and nothing of the payload ever, nor of the user above debug.
#![cfg(all(feature = "tracing", feature = "trading"))]
#![allow(clippy::unwrap_used)]

mod support;

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::executor::block_on;
use support::{Fill, Total, clock, cursor_after, device, frames, hub_on, order, sees};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use user_hub::trading::{CircuitBreaker, PnlUpdate};
use user_hub::transport::FrameSink;
use user_hub::{CloseCode, CloseReason, ConnectOptions, Frame, LoadedState, Start, UserHub, UserId};

/// Keeps every line at a level and above.
#[derive(Clone)]
struct Lines {
    level: Level,
    said: Arc<Mutex<Said>>,
}

#[derive(Default)]
struct Said {
    lines: Vec<(Level, String)>,
    /// Every span that was made, and those that are entered.
    spans: Vec<String>,
    entered: Vec<usize>,
}

impl Lines {
    fn at(level: Level) -> Self {
        Self { level, said: Arc::default() }
    }

    /// What is said while `work` runs, each line behind the spans that it is in.
    fn of(level: Level, work: impl FnOnce()) -> Vec<(Level, String)> {
        let lines = Self::at(level);
        tracing::subscriber::with_default(lines.clone(), work);
        std::mem::take(&mut lines.said.lock().unwrap().lines)
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut line = Line(format!("{}: ", span.metadata().name()));
        span.record(&mut line);
        let mut said = self.said.lock().unwrap();
        said.spans.push(line.0);
        Id::from_u64(said.spans.len() as u64)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut said = self.said.lock().unwrap();
        let spans = said.entered.iter().map(|span| said.spans[*span].as_str()).collect();
        let mut line = Line(spans);
        event.record(&mut line);
        said.lines.push((*event.metadata().level(), line.0));
    }
    fn enter(&self, span: &Id) {
        self.said.lock().unwrap().entered.push(span.into_u64() as usize - 1);
    }
    fn exit(&self, _: &Id) {
        self.said.lock().unwrap().entered.pop();
    }
}

/// Asserts that there is one line for each, which has all the words.
#[track_caller]
fn assert_said(lines: &[(Level, String)], expected: &[(Level, &[&str])]) {
    let is_it = |(line, (level, words)): (&(Level, String), &(Level, &[&str]))| {
        line.0 == *level && words.iter().all(|word| line.1.contains(word))
    };
    assert!(lines.len() == expected.len() && lines.iter().zip(expected).all(is_it), "{lines:#?}");
}

#[test]
fn a_refusal_is_said_once_a_minute_for_each_type_and_reason_and_shows_no_payload_and_no_user() {
    let mut pnl = PnlUpdate::default();
    pnl.total_pnl = 1_234.5;
    pnl.win_rate = f64::NAN;
    let mut breaker = CircuitBreaker::default();
    breaker.daily_loss = f64::INFINITY;
    let lines = Lines::of(Level::WARN, || {
        let hub = UserHub::new();
        for _ in 0..1_000 {
            hub.broadcast_pnl("alice", &pnl);
            hub.broadcast_circuit_breaker("alice", &breaker);
        }
        hub.broadcast_pnl("", &PnlUpdate::default());
        assert_eq!(hub.stats().rejected, 2_001, "each is counted");
    });
    let lines: Vec<String> = lines.into_iter().map(|(_, line)| line).collect();
    assert_eq!(lines.len(), 3, "{lines:#?}");
    assert!(lines[0].contains(r#"reason="encode""#) && lines[2].contains(r#"reason="user""#), "{lines:#?}");
    assert!(lines[0].contains("PNL_UPDATE") && lines[0].contains("pnl.winRate"), "{}", lines[0]);
    assert!(lines[1].contains("CIRCUIT_BREAKER_UPDATE") && lines[1].contains("state.dailyLoss"), "{}", lines[1]);
    assert!(lines[2].contains("a user id is not empty"), "{}", lines[2]);
    assert!(lines.iter().all(|line| !line.contains("alice") && !line.contains("1234")), "{lines:#?}");
}

#[test]
fn the_life_of_a_connection_is_told_at_debug() {
    let lines = Lines::of(Level::DEBUG, || {
        let hub = UserHub::builder().log_records(2).build().unwrap();
        let mut slow = device(&hub, "alice");
        for number in 0..5 {
            hub.broadcast("alice", &Fill(number));
        }
        let seen = frames(&mut slow);
        let resumed = ConnectOptions::new().start(Start::After(cursor_after(&seen).unwrap()));
        drop(hub.connect_with("alice", resumed).unwrap());
        drop(hub.connect_with("alice", ConnectOptions::new().start(Start::Unknown)).unwrap());
        hub.close_user("alice", &CloseReason::new(CloseCode::REVOKED).with_text("on suspicion"));
        assert_eq!(sees(&mut slow), ["CLOSING"]);
    });
    let debug = Level::DEBUG;
    assert_said(
        &lines,
        &[
            (debug, &["device connected", "connection=1", "alice", "new"]),
            (debug, &["GAP", "connection=1", "alice"]),
            (debug, &["device connected", "connection=2", "alice", "recovered"]),
            (debug, &["device disconnected", "connection=2", "alice"]),
            (debug, &["device connected", "connection=3", "alice", "unknown"]),
            (debug, &["device disconnected", "connection=3", "alice"]),
            (debug, &["connection closed", "connection=1", "alice", "code=3500"]),
            (debug, &["device disconnected", "connection=1", "alice"]),
        ],
    );
}

#[test]
fn a_reset_and_the_loads_of_state_are_told_at_debug() {
    let lines = Lines::of(Level::DEBUG, || {
        let clock = clock();
        let load = |user: UserId| async move {
            match user.as_str() {
                "slow" => std::future::pending().await,
                _ => Some(LoadedState::new().event(Total(1))),
            }
        };
        let hub = hub_on(&clock).state_keys(2).state_source(load).build().unwrap();
        let mut alice = device(&hub, "alice");
        for id in ["1", "2", "3", "4"] {
            hub.broadcast("alice", &order(id, 1, "open"));
            hub.clear_key::<support::Order>("alice", id);
        }
        frames(&mut alice);
        let mut slow = hub.connect("slow").unwrap();
        frames(&mut slow);
        clock.advance(Duration::from_secs(5));
        slow.handle_deadline(slow.now());
    });
    let told: Vec<&str> = lines.iter().map(|(_, line)| line.as_str()).collect();
    let position = |words: &[&str]| told.iter().position(|line| words.iter().all(|word| line.contains(word)));
    let loaded = position(&["load of state ended", "alice", "loaded"]);
    let reset = position(&["RESET", "connection=1", "alice"]);
    let late = position(&["load of state ended", "slow", "late"]);
    assert!(loaded.is_some() && loaded < reset && reset < late, "{told:#?}");
    assert!(lines.iter().all(|(level, _)| *level == Level::DEBUG), "{lines:#?}");
}

#[test]
fn every_broadcast_is_told_at_trace_with_its_outcome() {
    let lines = Lines::of(Level::TRACE, || {
        let hub = UserHub::new();
        hub.broadcast("alice", &Total(1));
        hub.group("alice").event(&Total(2)).event(&Fill(3)).broadcast();
        hub.broadcast("alice", &Fill(4));
    });
    let trace = Level::TRACE;
    assert_said(
        &lines,
        &[
            (trace, &["TOTAL", "kept"]),
            (trace, &["TOTAL", "kept"]),
            (trace, &["FILL", "kept"]),
            (trace, &["FILL", "no_audience"]),
        ],
    );
}

/// A socket whose library says something of its own.
struct Chatty;

impl FrameSink for Chatty {
    type Error = std::convert::Infallible;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }
    fn start_send(&mut self, frame: Frame) -> Result<(), Self::Error> {
        tracing::info!(bytes = frame.text().len(), "socket writes");
        Ok(())
    }
    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }
    fn poll_close(&mut self, _: &mut Context<'_>, _: &CloseReason) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }
}

#[test]
fn what_a_socket_says_is_in_the_span_of_its_device() {
    let lines = Lines::of(Level::DEBUG, || {
        let hub = UserHub::new();
        let device = hub.connect("alice").unwrap();
        hub.shutdown();
        block_on(device.forward(Chatty)).unwrap();
    });
    let (_, written) = lines.iter().find(|(_, line)| line.contains("socket writes")).unwrap();
    assert!(written.contains("device: ") && written.contains("connection=1") && written.contains("alice"), "{written}");
    let (_, closed) = lines.iter().find(|(_, line)| line.contains("connection closed")).unwrap();
    assert!(closed.starts_with("device: ") && closed.contains("code=1001"), "{closed}");
}

#[test]
fn at_info_and_above_no_span_and_no_line_names_a_user_and_no_level_shows_a_payload_or_a_key() {
    let work = || {
        let hub = UserHub::builder().log_records(1).state_source(|_| async { None }).build().unwrap();
        let options = ConnectOptions::new().session("s-secret");
        let mut device = hub.connect_with("alice", options).unwrap();
        hub.broadcast("alice", &order("key-secret", 1, "value-secret"));
        hub.broadcast("alice", &support::price("price-secret", f64::NAN));
        hub.broadcast("alice", &Fill("fill-secret"));
        frames(&mut device);
        hub.broadcast("alice", &Fill("fill-secret"));
        hub.broadcast("alice", &Fill("fill-secret"));
        frames(&mut device);
        hub.close_session("alice", "s-secret", &CloseReason::new(CloseCode::SIGNED_OUT).with_text("text-secret"));
        block_on(device.forward(Chatty)).unwrap();
    };
    let all = Lines::of(Level::TRACE, work);
    assert!(all.len() > 8, "{all:#?}");
    assert!(all.iter().any(|(_, line)| line.contains("alice")), "{all:#?}");
    assert!(all.iter().all(|(_, line)| !line.contains("secret")), "{all:#?}");
    let above = Lines::of(Level::INFO, work);
    assert!(above.iter().any(|(_, line)| line.contains("socket writes")), "{above:#?}");
    assert!(above.iter().all(|(_, line)| !line.contains("alice")), "{above:#?}");
}
