//! A device: it folds what it is sent, and fails the model at the first thing that no user may see.
//!
//! - Nothing but CLOSING comes before CONNECTED, nothing after CLOSING, and records come in ascending order, but after a RESET.
//! - No Log record is missing that was not declared.
//! - Nothing comes between the members of a group.

use std::collections::BTreeMap;

use futures::{FutureExt, StreamExt};
use serde_json::Value;
use shuttle::future::block_on;
use user_hub::{Connection, Cursor, Frame, FrameKind, UserHub};

/// What a device knows.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Every current State.
    pub(crate) states: BTreeMap<String, u64>,
    /// What happened: type, value.
    pub(crate) log: Vec<(String, u64)>,
    /// Every record in the order of arrival: type, value; of a removal `None`.
    pub(crate) records: Vec<(String, Option<u64>)>,
    /// The positions that were declared as missing: first, last.
    pub(crate) gaps: Vec<(u64, u64)>,
    pub(crate) is_synced: bool,
    pub(crate) state_source: String,
    /// The code of CLOSING.
    pub(crate) closed: Option<u64>,
    pub(crate) cursor: Option<Cursor>,
    is_connected: bool,
    last_seq: u64,
    last_log: u64,
    baseline: u64,
    /// The group that is not complete yet.
    open_group: Option<u64>,
}

impl Seen {
    pub(crate) fn state(&self, name: &str) -> Option<u64> {
        self.states.get(name).copied()
    }

    /// The values of those Log records that have the name.
    pub(crate) fn logged(&self, name: &str) -> Vec<u64> {
        self.log.iter().filter(|(other, _)| other == name).map(|(_, value)| *value).collect()
    }

    /// A connection begins; what the device has, it keeps.
    fn begin(&mut self) {
        self.is_connected = false;
        self.is_synced = false;
        self.closed = None;
        self.last_seq = 0;
        self.open_group = None;
    }

    fn receive(&mut self, frame: &Frame) {
        let json: Value = serde_json::from_str(frame.text()).unwrap();
        assert_eq!(self.closed, None, "nothing comes after CLOSING: {json}");
        let is_first = !std::mem::replace(&mut self.is_connected, true);
        let is_opening = matches!(frame.kind(), FrameKind::Connected | FrameKind::Closing);
        assert!(!is_first || is_opening, "CONNECTED comes first, unless there is to be no connection at all: {json}");
        if let Some(group) = self.open_group.take() {
            assert!(json["group"] == group || frame.name() == "HEARTBEAT", "group {group} is torn by {json}");
        }
        match frame.kind() {
            FrameKind::Connected => self.connected(&json),
            FrameKind::Synced | FrameKind::Heartbeat => {
                self.check(number(&json, "lastLog"));
                self.is_synced |= frame.kind() == FrameKind::Synced;
                if let Some(source) = json["stateSource"].as_str() {
                    self.state_source = source.to_owned();
                }
            }
            FrameKind::Gap => {
                let from = json["from"].as_u64().unwrap_or(self.last_log + 1);
                self.gaps.push((from, json["to"].as_u64().unwrap_or(0)));
                self.baseline = number(&json, "lastLog");
            }
            FrameKind::Reset => {
                self.states.clear();
                self.last_seq = 0;
            }
            FrameKind::Closing => self.closed = Some(number(&json, "code")),
            _ => self.record(&json),
        }
        self.cursor = frame.cursor().or(self.cursor);
    }

    fn connected(&mut self, json: &Value) {
        if json["recovered"] == true {
            self.check(number(json, "lastLog"));
        } else {
            self.states.clear();
            self.last_log = 0;
        }
        self.baseline = number(json, "lastLog");
    }

    fn record(&mut self, json: &Value) {
        let seq = number(json, "seq");
        assert!(seq > self.last_seq, "records come in order: {json} after {}", self.last_seq);
        self.last_seq = seq;
        self.open_group = json["group"].as_u64().filter(|group| *group != seq);
        let name = json["type"].as_str().unwrap().to_owned();
        let value = json["data"].as_u64();
        self.records.push((name.clone(), value));
        match (json["prevLog"].as_u64(), value) {
            (Some(prev_log), Some(value)) => {
                self.check(prev_log);
                self.last_log = seq;
                self.log.push((name, value));
            }
            (_, Some(value)) => {
                self.states.insert(name, value);
            }
            (_, None) => {
                self.states.remove(&name);
            }
        }
    }

    fn check(&self, log: u64) {
        let proven = self.last_log.max(self.baseline);
        assert!(log <= proven, "the Log record {log} is missing: the last one seen or declared is {proven}");
    }
}

/// A device and its connection.
pub(crate) struct Device {
    pub(crate) seen: Seen,
    connection: Connection,
}

impl Device {
    pub(crate) fn new(connection: Connection) -> Self {
        Self { seen: Seen::default(), connection }
    }

    /// A device that has its snapshot, and has not gone to wait.
    pub(crate) fn synced(hub: &UserHub, user: &str) -> Self {
        let mut device = Self::new(hub.connect(user).unwrap());
        device.reads_until(|seen| seen.is_synced);
        device
    }

    /// It goes on over a new connection.
    pub(crate) fn comes_back(self, connect: impl FnOnce(Option<Cursor>) -> Connection) -> Self {
        let Self { mut seen, connection } = self;
        drop(connection);
        seen.begin();
        let connection = connect(seen.cursor);
        Self { seen, connection }
    }

    pub(crate) const fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Reads, and waits where there is nothing: for ever, unless it is woken.
    pub(crate) fn reads_until(&mut self, is_enough: impl Fn(&Seen) -> bool) {
        while !is_enough(&self.seen) {
            let frame = block_on(self.connection.next());
            let frame = frame.unwrap_or_else(|| panic!("it ends before it has seen enough: {:?}", self.seen));
            self.seen.receive(&frame);
        }
    }

    /// Reads until the connection ends.
    pub(crate) fn reads_to_the_end(&mut self) {
        while let Some(frame) = block_on(self.connection.next()) {
            self.seen.receive(&frame);
        }
        assert!(self.seen.closed.is_some(), "CLOSING comes before the end");
    }

    /// Reads one frame; false if there is none.
    pub(crate) fn reads_one(&mut self) -> bool {
        let frame = self.connection.next().now_or_never().flatten();
        frame.inspect(|frame| self.seen.receive(frame)).is_some()
    }

    /// Reads what there is.
    pub(crate) fn reads_what_there_is(&mut self) {
        while self.reads_one() {}
    }
}

/// What a device that connects now sees.
pub(crate) fn snapshot(hub: &UserHub, user: &str) -> Seen {
    let mut device = Device::synced(hub, user);
    device.reads_what_there_is();
    device.seen
}

fn number(json: &Value, field: &str) -> u64 {
    json[field].as_u64().unwrap_or_else(|| panic!("{field} is a number in {json}"))
}
