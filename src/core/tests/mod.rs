//! The state machines, called directly: time is an argument, so no test waits.
#![allow(clippy::unwrap_used)]

mod counting;
mod device;
mod frame;
mod load;
mod log;
mod mailbox;
mod model;
mod promises;
mod record;
mod session;

use std::fmt::Write as _;
use std::io::Write as _;
use std::ops::{Deref, DerefMut};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use smallvec::smallvec;

use super::Moment;
use super::batch::Item;
use super::log::{Appended, Log, LogLimits, Refused};
use super::record::{Body, Class, Draft, Record, RemovalReason, StateName, push_tail_start};
use super::session::{Begin, Closing, Session, SessionOptions, SlowPolicy};
use crate::vocabulary::cursor::{Cursor, Epoch, Seq};
use crate::vocabulary::scratch::Scratch;
use crate::{ConnectionId, EventName, Frame, FrameKind, Timestamp, UserId};

const EPOCH: Epoch = Epoch(0xab);
/// 2026-11-22T23:59:39.123Z
const WALL: i64 = 1_795_391_979_123;
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Limits that no small test reaches.
const ROOMY: LogLimits = LogLimits {
    log_records: 1_000,
    log_bytes: 1 << 20,
    log_age: Duration::from_secs(1_000_000),
    state_keys: 1_000,
    state_bytes: 1 << 20,
};

fn at(seconds: u64) -> Moment {
    let passed = Duration::from_secs(seconds);
    let wall = Timestamp::from_milliseconds(WALL + i64::try_from(passed.as_millis()).unwrap());
    Moment { now: *START + passed, wall }
}

fn name_of(name: &str, key: &str) -> StateName {
    let key = (!key.is_empty()).then(|| key.into());
    StateName { name: EventName::new(name).unwrap(), key }
}

fn draft(class: Class, name: &str, key: &str, data: &str) -> Draft {
    let state = name_of(name, key);
    let text = Scratch::of(|text| {
        push_tail_start(text, &state.name, state.key.as_deref(), at(0).wall);
        write!(text, r#","data":{data}}}"#).unwrap();
    });
    Draft::new(class, state, None, None, text)
}

/// A State; an empty key means one value a user.
fn state(name: &str, key: &str, value: u64) -> Draft {
    draft(Class::Live, name, key, &format!(r#"{{"n":{value}}}"#))
}

/// A final State, which says so in its data, as those of an application do.
fn last(name: &str, key: &str, value: u64) -> Draft {
    draft(Class::Final, name, key, &format!(r#"{{"n":{value},"final":true}}"#))
}

fn happened(name: &str, value: u64) -> Draft {
    draft(Class::Log, name, "", &format!(r#"{{"n":{value}}}"#))
}

fn removal(name: &str, key: &str) -> Draft {
    Draft::removal(name_of(name, key), RemovalReason::Cleared, None, at(0).wall)
}

/// The same event, for everybody.
fn public(draft: Draft) -> Draft {
    draft.shared()
}

fn versioned(version: i64, mut draft: Draft) -> Draft {
    draft.version = Some(version.into());
    draft
}

fn expiring(seconds: u64, mut draft: Draft) -> Draft {
    draft.expires = Some(at(seconds).now);
    draft
}

/// A log with the drafts, each appended by itself.
fn log_of(drafts: impl IntoIterator<Item = Draft>) -> Log {
    let mut log = Log::default();
    for draft in drafts {
        push(&mut log, [draft]).unwrap();
    }
    log
}

/// Appends a group at second 0, with room for everything.
fn push(log: &mut Log, drafts: impl IntoIterator<Item = Draft>) -> Result<Appended, Refused> {
    log.append(drafts.into_iter().collect(), at(0), &ROOMY)
}

/// The JSON of a record.
fn text_of(record: &Record) -> String {
    Frame::record(record.clone(), None).text().to_owned()
}

/// What a reader of the whole log finds.
fn texts(log: &Log) -> Vec<String> {
    log.after(0).map(|record| brief(record.body.frame_kind(), &text_of(record), None)).collect()
}

fn alice() -> UserId {
    UserId::new("alice").unwrap()
}

fn session(begin: Begin) -> Driven {
    Driven::new(ConnectionId::from_number(7), alice(), EPOCH, options(begin, None), at(0).now)
}

fn after(seq: Seq) -> Begin {
    Begin::After(Cursor::new(EPOCH, seq))
}

/// The next batch, in brief; empty if there is none.
fn batch(session: &mut Driven, log: &Log) -> Vec<String> {
    frames(session, log).iter().map(|frame| brief(frame.kind(), frame.text(), frame.cursor())).collect()
}

fn frames(session: &mut Driven, log: &Log) -> Vec<Frame> {
    session.take(log);
    std::iter::from_fn(|| session.next_frame()).collect()
}

/// A session that is driven frame by frame.
#[derive(Debug)]
struct Driven {
    session: Session,
    user: UserId,
    first: Option<Item>,
}

impl Driven {
    fn new(id: ConnectionId, user: UserId, epoch: Epoch, options: SessionOptions, now: Instant) -> Self {
        Self { session: Session::new(id, epoch, options, now), user, first: None }
    }

    /// True if there is something.
    fn take(&mut self, log: &Log) -> bool {
        self.first = self.session.take_one(log).or_else(|| self.session.take(log));
        self.first.is_some()
    }

    fn next(&mut self) -> Option<Item> {
        self.first.take().or_else(|| self.session.next()).or_else(|| self.session.last())
    }

    fn next_frame(&mut self) -> Option<Frame> {
        self.next().map(|item| self.session.frame(item, &self.user))
    }

    fn conflated_since(&self, position: Seq) -> u64 {
        self.first.as_ref().map_or(0, |first| self.session.conflated_since(position, first))
    }
}

impl Deref for Driven {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl DerefMut for Driven {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.session
    }
}

/// A frame in a few characters: `3 A:1` is a State with seq 3, `3 L<2` a Log record after the Log record 2, `(5)` the
/// group that ends with 5, `-> 3` the cursor that the frame moves the device to.
fn brief(kind: FrameKind, text: &str, cursor: Option<Cursor>) -> String {
    let frame: serde_json::Value = serde_json::from_str(text).unwrap();
    let mut brief = String::new();
    if kind.is_record() {
        write!(brief, "{} {}", frame["seq"], frame["type"].as_str().unwrap()).unwrap();
    } else {
        brief.push_str(frame["type"].as_str().unwrap());
    }
    if let Some(key) = frame["key"].as_str() {
        write!(brief, ":{key}").unwrap();
    }
    if kind == FrameKind::Log {
        write!(brief, "<{}", frame["prevLog"]).unwrap();
    }
    if kind == FrameKind::Gap {
        write!(brief, " {}..{}", frame["from"], frame["to"]).unwrap();
    }
    if let Some(group) = frame.get("group") {
        write!(brief, " ({group})").unwrap();
    }
    if kind == FrameKind::Removed {
        write!(brief, " {}", frame["reason"].as_str().unwrap()).unwrap();
    }
    if let Some(cursor) = cursor {
        write!(brief, " -> {}", cursor.seq()).unwrap();
    }
    brief
}

/// A connection that begins there, has such heartbeats, and goes on when it is slow.
fn options(begin: Begin, heartbeat: Option<Duration>) -> SessionOptions {
    SessionOptions { begin, heartbeat, on_slow: SlowPolicy::Continue, valid_until: None }
}
