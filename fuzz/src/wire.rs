//! The rules of the wire, as one connection of one user sees them.
//!
//! It panics at the first frame that breaks one. It knows nothing of what was broadcast but whose it is.

use serde_json::Value;
use user_hub::Cursor;

/// A witness of one connection, from its first frame to its last.
#[derive(Debug)]
pub struct Wire {
    user: String,
    epoch: Option<String>,
    /// The seq that the next record is above.
    last_seq: u64,
    /// Up to here each Log record was seen, or its absence declared.
    proven: u64,
    cursor: Option<u64>,
    group: Option<u64>,
    is_synced: bool,
    is_over: bool,
}

impl Wire {
    /// A connection of a user that has had nothing yet.
    pub fn new(user: &str) -> Self {
        let user = user.to_owned();
        Self { user, epoch: None, last_seq: 0, proven: 0, cursor: None, group: None, is_synced: false, is_over: false }
    }

    /// Whether the State has been complete once.
    pub fn is_synced(&self) -> bool {
        self.is_synced
    }

    /// Whether `CLOSING` has come.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Takes the next frame and returns it, read.
    pub fn take(&mut self, text: &str) -> Value {
        let frame: Value = serde_json::from_str(text).expect("a frame is JSON");
        assert!(!self.is_over, "nothing comes after CLOSING: {text}");
        let name = frame["type"].as_str().expect("a frame has a type");
        assert_eq!(name == "CONNECTED", self.epoch.is_none() && name != "CLOSING", "CONNECTED is first, once: {text}");
        match name {
            "CONNECTED" => self.connected(&frame),
            "SYNCED" | "HEARTBEAT" => {
                self.check_log(&frame["lastLog"]);
                self.cursor_moves(&frame["cursor"]);
                self.is_synced |= name == "SYNCED";
                self.group = None;
            }
            "GAP" => {
                assert_eq!(frame["to"].as_u64().unwrap_or_default(), number(&frame["lastLog"]), "{text}");
                self.proven = self.proven.max(number(&frame["lastLog"]));
            }
            "RESET" => self.last_seq = 0,
            "CLOSING" => self.is_over = true,
            _ => self.record(&frame),
        }
        frame
    }

    fn connected(&mut self, frame: &Value) {
        assert_eq!((&frame["protocol"], &frame["userId"]), (&1.into(), &self.user.as_str().into()), "{frame}");
        self.epoch = Some(frame["epoch"].as_str().expect("an epoch").to_owned());
        self.proven = number(&frame["lastLog"]);
        let after = frame["after"].as_str().map(|after| after.parse::<Cursor>().expect("a cursor").seq());
        if frame["recovered"] == Value::Bool(true) {
            self.last_seq = after.expect("what is recovered goes on after something");
            self.cursor = after;
            self.cursor_moves(&frame["after"]);
        }
    }

    fn record(&mut self, frame: &Value) {
        let seq = number(&frame["seq"]);
        assert!(seq > self.last_seq, "records come in order, each once: {frame}");
        self.last_seq = seq;
        if frame.get("prevLog").is_some() {
            self.check_log(&frame["prevLog"]);
            self.proven = seq;
        }
        if let Some(owner) = frame["data"].get("owner") {
            assert_eq!(owner, self.user.as_str(), "nobody gets another's: {frame}");
        }
        let group = frame["group"].as_u64();
        if let Some(open) = self.group {
            assert!(group == Some(open) || seq > open, "nothing comes between a group's frames: {frame}");
        }
        assert!(group.is_none_or(|group| seq <= group), "{frame}");
        self.group = group.filter(|group| *group > seq);
    }

    /// A Log record that is said to have been was seen, or its absence declared.
    fn check_log(&self, said: &Value) {
        let said = number(said);
        assert!(said <= self.proven, "the Log record {said} is missing, and {} is proven", self.proven);
    }

    fn cursor_moves(&mut self, to: &Value) {
        let text = to.as_str().expect("a cursor");
        let cursor: Cursor = text.parse().expect("a cursor");
        assert_eq!(text.split('-').next(), self.epoch.as_deref(), "a cursor is of the mailbox's epoch");
        assert!(self.cursor.is_none_or(|before| before <= cursor.seq()), "a cursor never goes back: {text}");
        self.cursor = Some(cursor.seq());
        self.last_seq = self.last_seq.max(cursor.seq());
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}
