//! The device with somebody who watches it: what it may never see, whatever happens to its connection.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Seq;
use super::device::{Device, Verdict};
use super::service::{Name, SIDES, Truth, half};
use super::wire::Received;

/// Log records that never came, and were declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Loss {
    /// The numbers of the Log records that came before and after.
    pub(crate) between: (u64, u64),
    pub(crate) reason: String,
}

#[derive(Default)]
pub(crate) struct Client {
    device: Device,
    /// The number of the last Log record, and how many came.
    pub(crate) last: u64,
    pub(crate) seen: u64,
    pub(crate) losses: Vec<Loss>,
    /// How many frames of each type came.
    pub(crate) types: BTreeMap<String, u64>,
    /// The reason of the GAP that nothing has come behind.
    hole: Option<String>,
    /// Up to where Log records were declared lost: none of those may come.
    declared: Seq,
    /// Whether Log records were told before it came, which are no business of its.
    comes_late: bool,
    /// What a browser would resume with, over server-sent events.
    last_id: Option<String>,
    /// The group that is held back although its cursor has come.
    ended: Option<Seq>,
    /// How many of the device's records were looked at.
    checked: usize,
}

impl Client {
    /// A device that comes when the service is at work already.
    pub(crate) fn that_comes_late() -> Self {
        Self { comes_late: true, ..Self::default() }
    }

    pub(crate) fn cursor(&self) -> Option<String> {
        self.device.cursor()
    }

    pub(crate) const fn state(&self) -> &BTreeMap<Name, u64> {
        &self.device.state
    }

    /// The connection is gone.
    pub(crate) fn cut(&mut self) {
        self.device.cut();
        self.last_id = self.device.cursor();
        self.ended = None;
    }

    pub(crate) fn count(&self, name: &str) -> u64 {
        self.types.get(name).copied().unwrap_or_default()
    }

    /// Takes a frame in; returns it if it is a control frame.
    pub(crate) fn receive(&mut self, frame: &Received) -> Option<Value> {
        let text = &frame.text;
        let control = text.starts_with(r#"{"type""#).then(|| serde_json::from_str::<Value>(text).unwrap());
        let before = self.device.cursor();
        if let Some(cursor) = control.as_ref().and_then(|control| control["cursor"].as_str()) {
            assert!(!is_back(before.as_deref(), Some(cursor)), "from {before:?} back by {text}");
        }
        assert_eq!(self.device.receive(text), Verdict::Fine, "{text} behind {before:?}");
        let after = self.device.cursor();
        assert!(!is_back(before.as_deref(), after.as_deref()), "from {before:?} back to {after:?} by {text}");
        if let Some(id) = &frame.id {
            self.check_id(id.as_deref(), text);
        }
        self.check_records();
        if let Some(control) = &control {
            self.note(control);
        }
        let halves = SIDES.map(|side| self.device.state.get(&half(side)));
        assert_eq!(halves[0], halves[1], "a group is seen whole or not at all: {text}");
        control
    }

    /// What a browser would resume with is what the device has processed, or holds back.
    fn check_id(&mut self, id: Option<&str>, text: &str) {
        if let Some(group) = self.ended.take() {
            assert!(!text.contains(&format!(r#""group":{group},"#)), "{text} is behind the frame that ends its group");
        }
        self.last_id = id.map(str::to_owned).or_else(|| self.last_id.take());
        let cursor = self.device.cursor();
        if self.device.held.is_empty() {
            assert_eq!(cursor, self.last_id, "{text}");
        } else {
            // Of a group whose last member was replaced, the last frame sent carries the cursor and is still held back.
            self.ended = id.map(seq_of);
            assert!(!is_back(cursor.as_deref(), self.last_id.as_deref()), "{text}");
        }
    }

    fn note(&mut self, control: &Value) {
        let name = control["type"].as_str().unwrap();
        *self.types.entry(name.to_owned()).or_default() += 1;
        match name {
            "CONNECTED" if control["recovered"] == false => self.declared = 0,
            "GAP" => {
                self.hole = Some(control["reason"].as_str().unwrap().to_owned());
                self.declared = control["to"].as_u64().unwrap_or_default();
            }
            _ => {}
        }
    }

    fn check_records(&mut self) {
        let fresh = &self.device.logs[self.checked..];
        self.checked = self.device.logs.len();
        for (seq, n) in fresh.iter().copied() {
            assert!(seq > self.declared, "{n} is at {seq}, which was declared lost up to {}", self.declared);
            let hole = self.hole.take();
            self.seen += 1;
            let last = std::mem::replace(&mut self.last, n);
            if std::mem::take(&mut self.comes_late) {
                continue;
            }
            assert!(n > last, "{n} came behind {last}");
            match hole {
                None => assert_eq!(n, last + 1, "there is a hole behind {last} that nobody declared"),
                Some(reason) => {
                    assert!(n > last + 1, "between {last} and {n} there is nothing that a GAP could be about");
                    self.losses.push(Loss { between: (last, n), reason });
                }
            }
        }
    }

    /// Everything that was said, from the first on, was seen once or declared lost, and the device is right.
    pub(crate) fn check_all(&self, truth: &Truth) {
        assert_eq!(self.seen + self.lost(), truth.last);
        self.check(truth);
    }

    /// The device has got to the end, its State is right, and groups came whole or not at all.
    pub(crate) fn check(&self, truth: &Truth) {
        assert_eq!((self.last, self.hole.as_ref()), (truth.last, None));
        assert_eq!(self.state(), &truth.state.iter().cloned().collect());
        let is_lost = |n| self.losses.iter().any(|loss| (loss.between.0 + 1..loss.between.1).contains(&n));
        for group in &truth.groups {
            let lost = is_lost(*group.start());
            assert!(group.clone().all(|n| is_lost(n) == lost), "{group:?} came in parts");
        }
    }

    pub(crate) fn figures(&self) -> String {
        let (seen, lost, gaps) = (self.seen, self.lost(), self.losses.len());
        format!("{seen} Log records seen, {lost} lost in {gaps} holes, frames {:?}", self.types)
    }

    pub(crate) fn lost(&self) -> u64 {
        self.losses.iter().map(|loss| loss.between.1 - loss.between.0 - 1).sum()
    }
}

/// Whether one cursor is behind another one of the same epoch.
fn is_back(before: Option<&str>, after: Option<&str>) -> bool {
    let split = |cursor: Option<&str>| cursor.map(|cursor| (cursor[..16].to_owned(), seq_of(cursor)));
    matches!((split(before), split(after)), (Some(before), Some(after)) if before.0 == after.0 && after.1 < before.1)
}

fn seq_of(cursor: &str) -> Seq {
    cursor.split_once('-').unwrap().1.parse().unwrap()
}
