//! What the tests share: a clock that stands still, devices that say what they see, and events as small as their point.
#![allow(dead_code)]

use std::sync::mpsc;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use user_hub::testing::ManualClock;
use user_hub::{Connection, Cursor, Event, Frame, FrameKind, UserHub, UserHubBuilder};

/// What the wall shows while nobody moves the clock.
pub(crate) const NOW: &str = "2026-11-22T23:59:39.123Z";

/// The price of a thing, which may be anything that serializes or fails to.
#[derive(Serialize, Event)]
#[event(name = "PRICE", state(key = symbol))]
#[serde(transparent)]
pub(crate) struct Price<T: Serialize> {
    #[serde(skip)]
    symbol: &'static str,
    amount: T,
}

pub(crate) const fn price<T: Serialize>(symbol: &'static str, amount: T) -> Price<T> {
    Price { symbol, amount }
}

/// An order as of a revision; revision 0 is its last.
#[derive(Serialize, Event)]
#[event(name = "ORDER", state(key = id, version = revision))]
#[serde(transparent)]
pub(crate) struct Order {
    #[serde(skip)]
    id: &'static str,
    #[serde(skip)]
    revision: u32,
    status: &'static str,
}

pub(crate) const fn order(id: &'static str, revision: u32, status: &'static str) -> Order {
    Order { id, revision, status }
}

/// A State with one value a user.
#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "TOTAL", state)]
pub(crate) struct Total(pub(crate) i64);

/// Something that happened.
#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "FILL", log)]
pub(crate) struct Fill<T: Serialize>(pub(crate) T);

/// A State of everybody, which may be anything that serializes or fails to.
#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "NOTICE", state, public)]
pub(crate) struct Notice<T: Serialize>(pub(crate) T);

/// Something that happened to everybody.
#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "ALARM", log, public)]
pub(crate) struct Alarm<T: Serialize>(pub(crate) T);

pub(crate) fn clock() -> ManualClock {
    ManualClock::new(NOW.parse().unwrap())
}

/// Begins a hub on a clock of the test.
pub(crate) fn hub_on(clock: &ManualClock) -> UserHubBuilder {
    UserHub::builder().clock(clock.clone())
}

/// A device that has seen everything up to SYNCED, and waits.
#[track_caller]
pub(crate) fn device(hub: &UserHub, user: &str) -> Connection {
    let mut device = hub.connect(user).unwrap();
    assert_eq!(frames(&mut device).last().map(Frame::kind), Some(FrameKind::Synced));
    device
}

/// Everything that there is for a device now.
pub(crate) fn frames(device: &mut Connection) -> Vec<Frame> {
    std::iter::from_fn(|| device.next().now_or_never().flatten()).collect()
}

/// The same as `TYPE/key data`, `TYPE/key removed: reason`, or the name of a control frame.
pub(crate) fn sees(device: &mut Connection) -> Vec<String> {
    frames(device).iter().map(shown).collect()
}

/// What a device that connects now sees between CONNECTED and SYNCED.
#[track_caller]
pub(crate) fn snapshot(hub: &UserHub, user: &str) -> Vec<String> {
    let mut seen = sees(&mut hub.connect(user).unwrap());
    assert_eq!(seen.remove(0), "CONNECTED");
    assert_eq!(seen.pop().as_deref(), Some("SYNCED"));
    seen
}

pub(crate) fn shown(frame: &Frame) -> String {
    if !frame.kind().is_record() {
        return frame.name().to_owned();
    }
    let json = json(frame);
    let key = json["key"].as_str().map(|key| format!("/{key}")).unwrap_or_default();
    match frame.kind() {
        FrameKind::Removed => format!("{}{key} removed: {}", frame.name(), json["reason"].as_str().unwrap()),
        _ => format!("{}{key} {}", frame.name(), json["data"]),
    }
}

pub(crate) fn json(frame: &Frame) -> Value {
    serde_json::from_str(frame.text()).unwrap()
}

/// The `data` of those frames that have the name.
pub(crate) fn data_of(frames: &[Frame], name: &str) -> Vec<Value> {
    frames.iter().filter(|frame| frame.name() == name).map(|frame| json(frame)["data"].take()).collect()
}

/// Where a device is that has processed these frames.
pub(crate) fn cursor_after(frames: &[Frame]) -> Option<Cursor> {
    frames.iter().rev().find_map(Frame::cursor)
}

/// Runs what could wait for ever if a promise were broken, and gives up after half a minute.
#[track_caller]
pub(crate) fn within_half_a_minute<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, result) = mpsc::channel();
    let thread = std::thread::spawn(move || done.send(work()));
    match result.recv_timeout(Duration::from_secs(30)) {
        Ok(result) => {
            thread.join().unwrap().unwrap();
            result
        }
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("still waiting after half a minute"),
        Err(mpsc::RecvTimeoutError::Disconnected) => std::panic::resume_unwind(thread.join().unwrap_err()),
    }
}
