//! What one device shows, folded from its frames, over all its connections.
//!
//! It panics where a Log record is missing that nothing has declared, or comes twice.

use std::collections::BTreeMap;

use serde_json::Value;
use user_hub::{Frame, Start};

use crate::Wire;

/// A device that outlives its connections.
#[derive(Debug, Default)]
pub struct Screen {
    cursor: Option<String>,
    state: BTreeMap<(String, String), Value>,
    /// Of the last Log record of the user's own.
    number: Option<u64>,
    is_gap_declared: bool,
    held: Vec<Value>,
}

impl Screen {
    /// Where the next connection starts: behind what was processed.
    pub fn begin(&mut self) -> Start {
        self.held.clear();
        self.cursor.as_deref().map_or(Start::Snapshot, Start::resume)
    }

    /// Loses its place: where it goes on from, no hub knows, until a frame says where it is.
    pub fn lose_place(&mut self) {
        self.cursor = Some("garbage".to_owned());
    }

    /// Forgets everything, as a page that is loaded again does.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// What is shown, by type and key.
    pub fn state(&self) -> &BTreeMap<(String, String), Value> {
        &self.state
    }

    /// Takes a frame of the connection that the wire watches.
    pub fn take(&mut self, wire: &mut Wire, frame: &Frame) {
        let json = wire.take(frame.text());
        if self.held.first().is_some_and(|held| held["group"] != json["group"]) {
            self.accept_held();
        }
        match frame.name() {
            "CONNECTED" if json["recovered"] == false => {
                self.state.clear();
                self.number = None;
            }
            "RESET" => self.state.clear(),
            "GAP" => self.is_gap_declared = true,
            "CONNECTED" | "SYNCED" | "HEARTBEAT" | "CLOSING" => {}
            _ => {
                let is_last = json["group"].as_u64().is_none_or(|group| json["seq"] == group);
                self.held.push(json);
                if is_last {
                    self.accept_held();
                }
            }
        }
        if let Some(cursor) = frame.cursor() {
            self.cursor = Some(cursor.to_string());
        }
    }

    /// All of a group, or nothing of it.
    fn accept_held(&mut self) {
        for record in std::mem::take(&mut self.held) {
            if record.get("prevLog").is_some() {
                self.log(&record);
                continue;
            }
            let text = |field: &str| record[field].as_str().unwrap_or_default().to_owned();
            let thing = (text("type"), text("key"));
            if record["removed"] == true || record["final"] == true {
                self.state.remove(&thing);
            } else {
                self.state.insert(thing, record["data"].clone());
            }
        }
    }

    fn log(&mut self, record: &Value) {
        let Some(number) = record["data"]["number"].as_u64() else { return };
        if let Some(before) = self.number {
            assert!(number > before, "each Log record once: {record}");
            assert!(number == before + 1 || self.is_gap_declared, "{record} came behind {before}");
        }
        self.number = Some(number);
        self.is_gap_declared = false;
    }
}
