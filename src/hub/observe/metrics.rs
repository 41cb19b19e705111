//! What a hub tells through the facade `metrics`; `docs/metrics.md` has the table.
//!
//! Invariants:
//! - Handles are made once and kept: to name a metric for each event would cost several times as much. What is rare, and
//!   has a label that is not known before, is named when it happens.
//! - Labels are bounded: an event type is one label up to the limit of the catalog, and the others are one together. No
//!   label is a user.
//! - A connection notes by itself what it hands out, and the shared counters are moved once a batch.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use metrics::{Counter, Gauge, Histogram, Unit, counter, gauge, histogram};

use super::LoadResult;
use crate::core::session::Begin;
use crate::hub::stats::Stats;
use crate::hub::sync::{AtomicUsize, Ordering, RwLock};
use crate::{ConnectionId, ErasedEvent, EventName, Frame, FrameKind, Outcome, Rejection};

const USERS: &str = "user_hub_users";
const CONNECTIONS: &str = "user_hub_connections";
const MAILBOXES: &str = "user_hub_mailboxes";
const LOG_BYTES: &str = "user_hub_log_bytes";
const BROADCASTS: &str = "user_hub_broadcasts_total";
const REJECTED: &str = "user_hub_rejected_total";
const DELIVERIES: &str = "user_hub_deliveries_total";
const DELIVERED_BYTES: &str = "user_hub_delivered_bytes_total";
const CONFLATED: &str = "user_hub_conflated_total";
const GAPS: &str = "user_hub_gaps_total";
const RESETS: &str = "user_hub_resets_total";
const RESUMES: &str = "user_hub_resumes_total";
const LOADS: &str = "user_hub_loads_total";
const CLOSED: &str = "user_hub_closed_total";
const DELIVERY: &str = "user_hub_delivery_seconds";

/// One record of so many is timed.
const SAMPLE: u32 = 64;

#[derive(Debug)]
pub(crate) struct Meters {
    users: Gauge,
    connections: Gauge,
    mailboxes: Changing,
    log_bytes: Changing,
    event_types: EventTypes,
    deliveries: Counter,
    delivered_bytes: Counter,
    conflated: Counter,
    gaps: Counter,
    resets: Counter,
    delivery: Histogram,
}

impl Meters {
    /// Takes its handles from the recorder that is there now.
    pub(crate) fn new(event_types: usize) -> Self {
        describe();
        Self {
            users: gauge!(USERS),
            connections: gauge!(CONNECTIONS),
            mailboxes: Changing::new(gauge!(MAILBOXES)),
            log_bytes: Changing::new(gauge!(LOG_BYTES)),
            event_types: EventTypes::new(event_types),
            deliveries: counter!(DELIVERIES),
            delivered_bytes: counter!(DELIVERED_BYTES),
            conflated: counter!(CONFLATED),
            gaps: counter!(GAPS),
            resets: counter!(RESETS),
            delivery: histogram!(DELIVERY),
        }
    }

    pub(crate) fn rejected(&self, rejection: &Rejection) {
        counter!(REJECTED, "reason" => rejection.reason()).increment(1);
    }

    #[inline]
    pub(crate) fn broadcast(&self, events: &[&dyn ErasedEvent], outcome: &Outcome) {
        for event in events {
            self.event_types.count(&event.name(), outcome);
        }
    }

    pub(crate) fn connected(&self, begin: Option<Begin>, is_first_of_user: bool) {
        self.connections.increment(1);
        if is_first_of_user {
            self.users.increment(1);
        }
        counter!(RESUMES, "result" => super::begin_word(begin)).increment(1);
    }

    pub(crate) fn disconnected(&self, is_last_of_user: bool) {
        self.connections.decrement(1);
        if is_last_of_user {
            self.users.decrement(1);
        }
    }

    pub(crate) fn load_ended(&self, result: LoadResult) {
        counter!(LOADS, "result" => result.word()).increment(1);
    }

    pub(crate) fn maintained(&self, stats: Stats) {
        self.mailboxes.set(stats.mailboxes);
        self.log_bytes.set(stats.bytes);
    }
}

fn describe() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};
    describe_gauge!(USERS, Unit::Count, "Users with a connection");
    describe_gauge!(CONNECTIONS, Unit::Count, "Open connections");
    describe_gauge!(MAILBOXES, Unit::Count, "Users with a mailbox, connected or not");
    describe_gauge!(LOG_BYTES, Unit::Bytes, "What all logs weigh together");
    describe_counter!(BROADCASTS, Unit::Count, "Events that were broadcast, by event type and outcome");
    describe_counter!(REJECTED, Unit::Count, "Broadcasts and loaded values that were refused, by reason");
    describe_counter!(DELIVERIES, Unit::Count, "Records that were handed over to a transport");
    describe_counter!(DELIVERED_BYTES, Unit::Bytes, "Text of all frames that were handed over to a transport");
    describe_counter!(CONFLATED, Unit::Count, "State records that were replaced before a device took them");
    describe_counter!(GAPS, Unit::Count, "GAP frames that were handed over");
    describe_counter!(RESETS, Unit::Count, "RESET frames that were handed over");
    describe_counter!(RESUMES, Unit::Count, "Devices that connected, by what became of their cursor");
    describe_counter!(LOADS, Unit::Count, "Loads of a user's State that have ended, by result");
    describe_counter!(CLOSED, Unit::Count, "Connections that have ended, by close code");
    describe_histogram!(DELIVERY, Unit::Seconds, "From the broadcast of a record to its hand-over to the transport");
}

/// A gauge of a number that is looked up now and then; several hubs of a process add up.
#[derive(Debug)]
struct Changing {
    gauge: Gauge,
    told: AtomicUsize,
}

impl Changing {
    const fn new(gauge: Gauge) -> Self {
        Self { gauge, told: AtomicUsize::new(0) }
    }

    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float, exact up to 2^53")]
    fn set(&self, number: usize) {
        let before = self.told.swap(number, Ordering::Relaxed);
        self.gauge.increment(number as f64 - before as f64);
    }
}

impl Drop for Changing {
    /// The hub is gone, and what it had.
    fn drop(&mut self) {
        self.set(0);
    }
}

/// The counters of the event types that were seen.
#[derive(Debug)]
struct EventTypes {
    known: RwLock<HashMap<EventName, Arc<Outcomes>, foldhash::quality::RandomState>>,
    others: Outcomes,
    limit: usize,
}

impl EventTypes {
    fn new(limit: usize) -> Self {
        Self { known: RwLock::default(), others: Outcomes::new("(other)"), limit }
    }

    fn count(&self, name: &EventName, outcome: &Outcome) {
        let known = self.known.read();
        let counters = known.get(name).cloned();
        drop(known);
        match counters {
            Some(counters) => counters.count(outcome),
            None => self.count_first(name, outcome),
        }
    }

    #[cold]
    fn count_first(&self, name: &EventName, outcome: &Outcome) {
        // A recorder is foreign code, so its handles are made before the lock.
        let made = Arc::new(Outcomes::new(name.as_str()));
        let counters = {
            let mut known = self.known.write();
            let has_room = known.len() < self.limit;
            known.get(name).cloned().or_else(|| has_room.then(|| Arc::clone(known.entry(name.clone()).or_insert(made))))
        };
        counters.as_deref().unwrap_or(&self.others).count(outcome);
    }
}

/// One event type, by outcome.
#[derive(Debug)]
struct Outcomes {
    queued: Counter,
    kept: Counter,
    no_audience: Counter,
    stale: Counter,
    rejected: Counter,
    closed: Counter,
}

impl Outcomes {
    fn new(event: &str) -> Self {
        let counter = |outcome| counter!(BROADCASTS, "event" => event.to_owned(), "outcome" => outcome);
        Self {
            queued: counter("queued"),
            kept: counter("kept"),
            no_audience: counter("no_audience"),
            stale: counter("stale"),
            rejected: counter("rejected"),
            closed: counter("closed"),
        }
    }

    fn count(&self, outcome: &Outcome) {
        let counter = match outcome {
            Outcome::Queued { .. } => &self.queued,
            Outcome::Kept => &self.kept,
            Outcome::NoAudience | Outcome::NoHub => &self.no_audience,
            Outcome::Stale => &self.stale,
            Outcome::Rejected(_) => &self.rejected,
            Outcome::Closed => &self.closed,
        };
        counter.increment(1);
    }
}

/// What one connection has handed out since its last batch, and how it was told to end.
#[derive(Debug)]
pub(crate) struct ConnectionMeter {
    /// What was broadcast before is not timed: a snapshot, or a resume.
    since: Instant,
    bytes: u64,
    records: u32,
    /// Records before one is timed; each connection begins at another number, so that those with few are seen too.
    until_timed: u32,
    code: Option<u16>,
}

impl ConnectionMeter {
    pub(crate) fn new(id: ConnectionId, since: Instant) -> Self {
        let until_timed = u32::try_from(id.number() % u64::from(SAMPLE)).unwrap_or(0);
        Self { since, bytes: 0, records: 0, until_timed, code: None }
    }

    #[inline]
    pub(crate) const fn is_timing(&self) -> bool {
        self.until_timed == 0
    }

    #[inline]
    pub(crate) fn handed_over(&mut self, frame: &Frame, meters: &Meters) {
        self.bytes += frame.text().len() as u64;
        match frame.kind() {
            FrameKind::State | FrameKind::Removed | FrameKind::Log => {
                self.records += 1;
                self.until_timed = self.until_timed.saturating_sub(1);
            }
            FrameKind::Gap => meters.gaps.increment(1),
            FrameKind::Reset => meters.resets.increment(1),
            FrameKind::Closing => self.code = frame.close_reason().map(|reason| reason.code().as_u16()),
            FrameKind::Connected | FrameKind::Synced | FrameKind::Heartbeat => {}
        }
    }

    /// A record that was to be timed is handed over.
    pub(crate) fn time(&mut self, appended: Instant, now: Instant, meters: &Meters) {
        if appended >= self.since {
            self.until_timed = SAMPLE - 1;
            meters.delivery.record(now.saturating_duration_since(appended));
        }
    }

    pub(crate) fn took(&mut self, conflated: u64, meters: &Meters) {
        if conflated > 0 {
            meters.conflated.increment(conflated);
        }
        self.tell(meters);
    }

    pub(crate) fn ended(&mut self, meters: &Meters) {
        self.tell(meters);
        match self.code {
            Some(code) => counter!(CLOSED, "code" => code.to_string()).increment(1),
            None => counter!(CLOSED, "code" => "none").increment(1),
        }
    }

    fn tell(&mut self, meters: &Meters) {
        if self.records > 0 {
            meters.deliveries.increment(std::mem::take(&mut self.records).into());
        }
        if self.bytes > 0 {
            meters.delivered_bytes.increment(std::mem::take(&mut self.bytes));
        }
    }
}
