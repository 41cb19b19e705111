//! One device of one user, without any input or output: the text of frames goes in, effects come out.
//!
//! What survives a connection: the cursor, the folded State, and the proof that no Log record is missing. The algorithm is
//! that of the design document, line by line ("What a client does").
//!
//! - The cursor never moves beyond what was handed out, and within a connection never back.
//! - A group is folded whole before any effect of it is handed out, or not at all.
//! - A hole in the Log is worth one reconnect; what is then still missing is declared.

use std::time::Duration;

use futures::{FutureExt, StreamExt};
use serde_json::{Map, Value};

use super::fold::Fold;
use super::json;
use super::record::{MAX_POSITION, position, text};
use super::{Effect, Gap, Record};
use crate::{Connection, Cursor, Start};

/// A device as a host's tests see it: it takes frames, folds them, and says what is on its screen.
///
/// It does all that a client has to: it holds groups back until they are whole, drops what comes twice, proves from
/// `prevLog` and `lastLog` that it has every Log record, and knows the cursor to come back with. It takes the text of
/// frames from wherever a test gets them: a [`Connection`], a socket, a file. The packaged TypeScript client folds the
/// same frames to the same values.
///
/// Everything that it ever got of a Log is kept, so let it live as long as one test. JSON that is nested deeper than 128
/// is no frame to it.
///
/// ```
/// use user_hub::testing::Device;
/// use user_hub::{UserHub, trading::PnlUpdate};
///
/// let hub = UserHub::new();
/// let (mut phone, mut connection) = (Device::new(), hub.connect("alice")?);
///
/// let mut pnl = PnlUpdate::default();
/// pnl.total_pnl = 1234.5;
/// hub.broadcast_pnl("alice", &pnl);
///
/// phone.read(&mut connection);
/// assert_eq!(phone.state::<PnlUpdate>()?, Some(pnl));
/// assert!(phone.is_synced() && phone.gaps().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Device {
    pub(super) fold: Fold,
    records: Vec<Record>,
    gaps: Vec<Gap>,
    user: Option<String>,
    synced: bool,

    cursor: Option<Place>,
    /// The last Log seq seen, and what the hub said that the next one builds on.
    last_log: u64,
    baseline: u64,
    retried: bool,

    // The rest belongs to the connection.
    epoch: Option<String>,
    /// The seq that a record must be above, or it was here before.
    last_seq: u64,
    /// The highest seq that the cursor has had on this connection.
    reached: Option<u64>,
    /// Whether State frames move the cursor: not in the snapshot of a new device, which starts again when cut.
    anchored: bool,
    held: Vec<Record>,
    over: bool,
}

/// A cursor, whatever the hub calls its epoch.
#[derive(Debug, Clone)]
struct Place {
    epoch: String,
    seq: u64,
}

impl Place {
    fn text(&self) -> String {
        format!("{}-{}", self.epoch, self.seq)
    }
}

type Frame = Map<String, Value>;

impl Device {
    /// A device that has never been connected.
    ///
    /// ```
    /// assert_eq!(user_hub::testing::Device::new().cursor(), None);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A connection begins: returns where it starts, which is after everything that the device has processed.
    ///
    /// What the connection before held back was never processed, so it is dropped, and comes again. The first connection
    /// needs no `begin`.
    ///
    /// ```
    /// use user_hub::testing::Device;
    /// use user_hub::{ConnectOptions, Start, UserHub};
    ///
    /// let hub = UserHub::new();
    /// let mut phone = Device::new();
    /// assert_eq!(phone.begin(), Start::Snapshot);
    /// phone.read(&mut hub.connect("alice")?);
    ///
    /// let start = phone.begin();
    /// assert_eq!(Some(start), phone.cursor().map(Start::After));
    /// phone.read(&mut hub.connect_with("alice", ConnectOptions::new().start(start))?);
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    pub fn begin(&mut self) -> Start {
        self.epoch = None;
        self.last_seq = 0;
        self.reached = None;
        self.anchored = self.cursor.is_some();
        self.held.clear();
        self.over = false;
        self.cursor.as_ref().map_or(Start::Snapshot, |cursor| Start::resume(&cursor.text()))
    }

    /// Takes every frame that a connection has now, without waiting; returns what they did.
    ///
    /// It stops where the device gives the connection up or the connection ends. No runtime is needed.
    ///
    /// ```
    /// use user_hub::testing::{Device, Effect};
    /// use user_hub::UserHub;
    ///
    /// let hub = UserHub::new();
    /// let mut connection = hub.connect("alice")?;
    /// let effects = Device::new().read(&mut connection);
    /// assert!(matches!(effects.last(), Some(Effect::Synced { .. })));
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    pub fn read(&mut self, connection: &mut Connection) -> Vec<Effect> {
        let mut effects = Vec::new();
        while !self.over {
            let Some(frame) = connection.next().now_or_never().flatten() else { break };
            effects.extend(self.receive(frame.text()));
        }
        effects
    }

    /// Takes the text of one frame; returns what it did.
    ///
    /// What is no JSON object with a `type` is a frame that went astray: [`Effect::Reconnect`]. What is no frame of the
    /// protocol does nothing; neither does anything after `Reconnect` or `Closing`, until the next [`begin`](Self::begin).
    ///
    /// ```
    /// use user_hub::testing::{Device, Effect};
    ///
    /// let mut phone = Device::new();
    /// assert_eq!(phone.receive(r#"{"type":"SOMETHING_NEW"}"#), []);
    /// assert_eq!(phone.receive("half of a fra"), [Effect::Reconnect]);
    /// ```
    pub fn receive(&mut self, text: &str) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.over {
            return effects;
        }
        match json::read(text) {
            Some(Value::Object(frame)) if frame.get("type").is_some_and(Value::is_string) => {
                self.receive_frame(frame, &mut effects);
            }
            _ => {
                // Nobody knows what it would have said.
                self.over = true;
                effects.push(Effect::Reconnect);
            }
        }
        effects
    }

    fn receive_frame(&mut self, mut frame: Frame, effects: &mut Vec<Effect>) {
        let name = text(&frame, "type");
        // CONNECTED is the first frame, unless there is to be no connection at all.
        if self.epoch.is_none() && !matches!(name.as_str(), "CONNECTED" | "CLOSING") {
            return;
        }
        // Another frame ends a group whose last member was replaced.
        if self.held.first().is_some_and(|held| held.group != position(&frame, "group")) {
            self.release(effects);
        }
        if self.over {
            return;
        }
        match name.as_str() {
            "CONNECTED" => self.connected(&frame, effects),
            "SYNCED" => {
                if self.check(last_log(&frame), self.last_log, effects) {
                    self.move_to(&frame);
                    self.synced = true;
                    self.retried = false;
                    let state_source = frame.get("stateSource").and_then(Value::as_str).unwrap_or("none").to_owned();
                    effects.push(Effect::Synced { state_source });
                }
            }
            "HEARTBEAT" => {
                if self.check(last_log(&frame), self.last_log, effects) {
                    self.move_to(&frame);
                }
            }
            "GAP" => self.gap(&frame, effects),
            "RESET" => {
                // What follows starts below the cursor again, so no seq counts as seen; the cursor stays.
                self.clear(effects);
                self.last_seq = 0;
            }
            "CLOSING" => self.closing(&frame, effects),
            _ => self.record(&mut frame, effects),
        }
    }

    fn connected(&mut self, frame: &Frame, effects: &mut Vec<Effect>) {
        self.epoch = Some(text(frame, "epoch"));
        let user = text(frame, "userId");
        if self.user.as_ref().is_some_and(|before| *before != user) {
            self.cursor = None;
            self.retried = false;
        }
        let recovered = self.cursor.as_ref().filter(|_| frame.get("recovered") == Some(&Value::Bool(true)));
        let recovered = recovered.map(|cursor| cursor.seq);
        self.user = Some(user.clone());
        let heartbeat = frame.get("heartbeat").and_then(Value::as_f64).filter(|seconds| *seconds > 0.0);
        let heartbeat = heartbeat.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        effects.push(Effect::Connected { user, recovered: recovered.is_some(), heartbeat });
        match recovered {
            Some(seq) => {
                if !self.check(last_log(frame), self.last_log, effects) {
                    return;
                }
                // No frame at or below the cursor comes again, unless a RESET says so.
                self.last_seq = seq;
                self.reached = Some(seq);
                self.synced = false;
                effects.push(Effect::Syncing);
            }
            None => {
                self.last_log = 0;
                self.clear(effects);
            }
        }
        self.baseline = last_log(frame);
    }

    fn gap(&mut self, frame: &Frame, effects: &mut Vec<Effect>) {
        // What went astray right before it is declared too, and what the device has is not.
        let proven = self.last_log.max(self.baseline);
        let from = if proven > 0 { Some(proven + 1) } else { position(frame, "from") };
        let to = position(frame, "to");
        if to.is_none_or(|to| proven < to) {
            let reason = frame.get("reason").and_then(Value::as_str).unwrap_or("unknown").to_owned();
            self.declare(Gap { from, to, reason }, effects);
        }
        self.baseline = last_log(frame);
    }

    fn closing(&mut self, frame: &Frame, effects: &mut Vec<Effect>) {
        self.over = true;
        let milliseconds = frame.get("retryAfterMs").and_then(Value::as_f64);
        effects.push(Effect::Closing {
            code: position(frame, "code").and_then(|code| u16::try_from(code).ok()).unwrap_or(0),
            reason: text(frame, "reason"),
            reconnect: frame.get("reconnect") != Some(&Value::Bool(false)),
            retry_after: milliseconds.and_then(|wait| Duration::try_from_secs_f64(wait / 1_000.0).ok()),
        });
    }

    fn record(&mut self, frame: &mut Frame, effects: &mut Vec<Effect>) {
        let Some(record) = Record::read(frame) else { return };
        match record.group {
            None => {
                let seq = record.seq;
                self.accept(vec![record], seq, effects);
            }
            Some(group) => {
                let is_last = record.seq == group;
                self.held.push(record);
                if is_last {
                    self.release(effects);
                }
            }
        }
    }

    fn release(&mut self, effects: &mut Vec<Effect>) {
        let held = std::mem::take(&mut self.held);
        let group = held.first().and_then(|record| record.group);
        if let Some(up_to) = group {
            self.accept(held, up_to, effects);
        }
    }

    /// A single record, or a whole group: all of it or, when a Log record before it is missing, nothing.
    fn accept(&mut self, mut records: Vec<Record>, up_to: u64, effects: &mut Vec<Effect>) {
        let (last_seq, last_log) = (self.last_seq, self.last_log);
        records.retain(|record| record.seq > last_seq && !(record.is_log() && record.seq <= last_log));
        if records.is_empty() {
            return;
        }
        let mut last_log = self.last_log;
        for record in &records {
            let Some(prev_log) = record.prev_log else { continue };
            if !self.check(prev_log, last_log, effects) {
                return;
            }
            last_log = record.seq;
        }
        for record in records {
            if record.is_log() {
                self.records.push(record.clone());
            }
            effects.push(self.fold.apply(record));
        }
        self.anchored |= last_log > self.last_log;
        self.last_log = last_log;
        self.last_seq = up_to;
        if self.anchored {
            self.move_cursor(up_to);
        }
    }

    /// Proves that the Log record at `seq` was seen, or declared; false when the connection is given up for it.
    fn check(&mut self, seq: u64, last_log: u64, effects: &mut Vec<Effect>) -> bool {
        let proven = last_log.max(self.baseline);
        if seq <= proven {
            return true;
        }
        if self.retried {
            self.declare(Gap { from: Some(proven + 1), to: Some(seq), reason: "lost".to_owned() }, effects);
            self.baseline = seq;
            return true;
        }
        self.retried = true;
        self.over = true;
        // Members of the held group are dropped with it, so only what was accepted before it counts.
        let seq = self.last_log.max(self.baseline);
        self.cursor = self.epoch.clone().map(|epoch| Place { epoch, seq });
        effects.push(Effect::Reconnect);
        false
    }

    fn declare(&mut self, gap: Gap, effects: &mut Vec<Effect>) {
        self.gaps.push(gap.clone());
        effects.push(Effect::Gap(gap));
    }

    /// To the cursor of a SYNCED or HEARTBEAT, if it is one of this epoch.
    fn move_to(&mut self, frame: &Frame) {
        let Ok(cursor) = text(frame, "cursor").parse::<Cursor>() else { return };
        let place = self.epoch.clone().map(|epoch| Place { epoch, seq: cursor.seq() });
        let is_of_epoch = place.is_some_and(|place| place.text() == cursor.to_string());
        if is_of_epoch && cursor.seq() <= MAX_POSITION {
            self.anchored = true;
            self.move_cursor(cursor.seq());
        }
    }

    fn move_cursor(&mut self, seq: u64) {
        if self.reached.is_none_or(|reached| reached < seq) {
            self.reached = Some(seq);
            self.cursor = self.epoch.clone().map(|epoch| Place { epoch, seq });
        }
    }

    fn clear(&mut self, effects: &mut Vec<Effect>) {
        self.synced = false;
        effects.extend([Effect::Cleared(self.fold.clear()), Effect::Syncing]);
    }

    /// Whether the members of a group are held back that is not whole yet.
    pub(super) fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// Makes it wrong, for the tests of who finds that out.
    #[cfg(test)]
    pub(super) const fn records_mut(&mut self) -> &mut Vec<Record> {
        &mut self.records
    }

    #[cfg(test)]
    pub(super) const fn gaps_mut(&mut self) -> &mut Vec<Gap> {
        &mut self.gaps
    }

    /// Where it would come back: after everything that it has processed. `None` begins anew.
    ///
    /// ```
    /// use user_hub::{UserHub, testing::Device};
    ///
    /// let mut phone = Device::new();
    /// phone.read(&mut UserHub::new().connect("alice")?);
    /// assert_eq!(phone.cursor().map(|cursor| cursor.seq()), Some(0));
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    #[must_use]
    pub fn cursor(&self) -> Option<Cursor> {
        self.cursor.as_ref()?.text().parse().ok()
    }

    /// Whose device it is, as the last `CONNECTED` said.
    ///
    /// ```
    /// use user_hub::{UserHub, testing::Device};
    ///
    /// let mut phone = Device::new();
    /// phone.read(&mut UserHub::new().connect("alice")?);
    /// assert_eq!(phone.user(), Some("alice"));
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// Whether the State is everything that the hub holds for the user, as of the cursor.
    ///
    /// ```
    /// assert!(!user_hub::testing::Device::new().is_synced());
    /// ```
    #[must_use]
    pub const fn is_synced(&self) -> bool {
        self.synced
    }

    /// Every Log record that it ever got, of all types and in order.
    ///
    /// ```
    /// assert!(user_hub::testing::Device::new().records().is_empty());
    /// ```
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Every hole in the Log that was declared.
    ///
    /// ```
    /// assert!(user_hub::testing::Device::new().gaps().is_empty());
    /// ```
    #[must_use]
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }
}

/// What a control frame says of the Log; 0 where it says nothing sensible.
fn last_log(frame: &Frame) -> u64 {
    position(frame, "lastLog").unwrap_or(0)
}
