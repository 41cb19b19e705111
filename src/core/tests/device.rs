//! A device, as anybody could write it from the design: it sees the text of frames and nothing else.

use std::collections::BTreeMap;

use serde_json::Value;

use super::*;

/// What the device makes of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Fine,
    /// Something is missing that nobody declared: come back, with the cursor that the device has now.
    ComeBack,
    /// It was still missing after that.
    Lost,
}

#[derive(Debug, Default)]
pub(super) struct Device {
    /// The value of each (type, key).
    pub(super) state: BTreeMap<(String, String), u64>,
    /// Each Log record, by seq and value, and each final State, by (type, key), in the order of arrival.
    pub(super) logs: Vec<(Seq, u64)>,
    pub(super) finals: Vec<(String, String)>,
    /// What GAPs declared: above the one, up to the other; the end is open where nobody knows.
    pub(super) holes: Vec<(Seq, Option<Seq>)>,
    /// The frames of a group that is not complete.
    pub(super) held: Vec<Value>,
    cursor: Option<(String, Seq)>,
    last_log: Seq,
    baseline: Seq,
    came_back: bool,
    epoch: String,
    /// Whether State frames move the cursor: not in the snapshot of a new device.
    is_anchored: bool,
    reached: Option<Seq>,
}

impl Device {
    /// What it would put into `resume`.
    pub(super) fn cursor(&self) -> Option<String> {
        self.cursor.as_ref().map(|(epoch, seq)| format!("{epoch}-{seq}"))
    }

    /// The connection is gone: what was held back was never processed.
    pub(super) fn cut(&mut self) {
        self.held.clear();
        self.is_anchored = self.cursor.is_some();
        self.reached = None;
    }

    /// As if it came with a cursor that means nothing here.
    pub(super) fn set_cursor(&mut self, epoch: &str, seq: Seq) {
        self.cursor = Some((epoch.to_owned(), seq));
        self.cut();
    }

    #[must_use]
    pub(super) fn receive(&mut self, text: &str) -> Verdict {
        let frame: Value = serde_json::from_str(text).unwrap();
        if !self.held.is_empty() && self.held[0].get("group") != frame.get("group") {
            let verdict = self.release();
            if verdict != Verdict::Fine {
                return verdict;
            }
        }
        match frame["type"].as_str().unwrap() {
            "CONNECTED" => self.connected(&frame),
            "SYNCED" | "HEARTBEAT" => {
                let verdict = self.check(number(&frame, "lastLog"), self.last_log);
                if verdict == Verdict::Fine {
                    let (epoch, seq) = frame["cursor"].as_str().unwrap().split_once('-').unwrap();
                    assert_eq!(epoch, self.epoch, "a cursor is of the epoch that CONNECTED named");
                    self.is_anchored = true;
                    self.move_to(seq.parse().unwrap());
                    self.came_back &= frame["type"] != "SYNCED";
                }
                verdict
            }
            "GAP" => {
                self.holes.push((self.last_log, frame["to"].as_u64()));
                self.baseline = number(&frame, "lastLog");
                Verdict::Fine
            }
            "RESET" => {
                self.state.clear();
                Verdict::Fine
            }
            "CLOSING" => Verdict::Fine,
            _ if frame.get("group").is_none() => self.accept(vec![frame]),
            _ => {
                let is_last = frame["seq"] == frame["group"];
                self.held.push(frame);
                if is_last { self.release() } else { Verdict::Fine }
            }
        }
    }

    fn connected(&mut self, frame: &Value) -> Verdict {
        self.epoch = frame["epoch"].as_str().unwrap().to_owned();
        if frame["recovered"] == true {
            let verdict = self.check(number(frame, "lastLog"), self.last_log);
            if verdict != Verdict::Fine {
                return verdict;
            }
            self.reached = self.cursor.as_ref().map(|(_, seq)| *seq);
        } else {
            self.state.clear();
            self.last_log = 0;
        }
        self.baseline = number(frame, "lastLog");
        Verdict::Fine
    }

    fn release(&mut self) -> Verdict {
        let held = std::mem::take(&mut self.held);
        self.accept(held)
    }

    /// One record, or the records of a group: all of them or none.
    fn accept(&mut self, records: Vec<Value>) -> Verdict {
        let mut last_log = self.last_log;
        for record in &records {
            let Some(prev_log) = record["prevLog"].as_u64() else { continue };
            let verdict = self.check(prev_log, last_log);
            if verdict != Verdict::Fine {
                return verdict;
            }
            last_log = number(record, "seq");
        }
        self.is_anchored |= last_log > self.last_log;
        self.last_log = last_log;
        let end = records.last().unwrap();
        let to = end["group"].as_u64().unwrap_or_else(|| number(end, "seq"));
        records.iter().for_each(|record| self.fold(record));
        if self.is_anchored {
            self.move_to(to);
        }
        Verdict::Fine
    }

    fn fold(&mut self, record: &Value) {
        if record.get("prevLog").is_some() {
            self.logs.push((number(record, "seq"), number(&record["data"], "n")));
            return;
        }
        let text = |field: &str| record[field].as_str().unwrap_or_default().to_owned();
        let name = (text("type"), text("key"));
        if record["removed"] == true {
            self.state.remove(&name);
        } else if record["data"]["final"] == true {
            self.state.remove(&name);
            self.finals.push(name);
        } else {
            self.state.insert(name, number(&record["data"], "n"));
        }
    }

    /// Whether the Log record at `seq` was seen or declared.
    fn check(&mut self, seq: Seq, last_log: Seq) -> Verdict {
        if seq <= last_log.max(self.baseline) {
            return Verdict::Fine;
        }
        self.held.clear();
        if self.came_back {
            return Verdict::Lost;
        }
        self.came_back = true;
        self.cursor = Some((self.epoch.clone(), self.last_log.max(self.baseline)));
        Verdict::ComeBack
    }

    fn move_to(&mut self, seq: Seq) {
        if self.reached.is_none_or(|reached| reached < seq) {
            self.reached = Some(seq);
            self.cursor = Some((self.epoch.clone(), seq));
        }
    }
}

fn number(value: &Value, field: &str) -> u64 {
    value[field].as_u64().unwrap_or_else(|| panic!("{field} is a number in {value}"))
}
