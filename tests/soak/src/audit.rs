//! What a device is checked for with every frame, and at the end against the books.
//!
//! Two proofs side by side: the device's own, from `prevLog` and `lastLog`, which the hub writes; and the numbers in the
//! payloads, of which the hub knows nothing.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use user_hub::Event;
use user_hub::testing::{Device, Effect, Gap, Record};

use crate::counts::{Counts, count};
use crate::facts::{Alarm, EVERYBODY, Fill, Notice, name, user_id};
use crate::ledger::Account;

/// What all devices know together: the same position is the same record for each of them.
#[derive(Debug, Default)]
pub(crate) struct Common {
    /// Whose an epoch is.
    epochs: Mutex<HashMap<String, usize>>,
    /// For each user, the number that stands at an epoch and a seq.
    records: Vec<Mutex<HashMap<(String, u64), u64>>>,
}

impl Common {
    pub(crate) fn new(users: usize) -> Self {
        Self { records: (0..=users).map(|_| Mutex::default()).collect(), ..Self::default() }
    }

    /// Forgets what was before a restart: no epoch of then comes again.
    pub(crate) fn forget(&self) {
        self.records.iter().for_each(|records| records.lock().unwrap_or_else(PoisonError::into_inner).clear());
    }

    fn is_of(&self, epoch: &str, user: usize) -> Result<(), String> {
        let mut epochs = self.epochs.lock().unwrap_or_else(PoisonError::into_inner);
        let owner = *epochs.entry(epoch.to_owned()).or_insert(user);
        if owner == user { Ok(()) } else { Err(format!("the epoch {epoch} is also that of {}", user_id(owner))) }
    }

    fn is_same(&self, user: usize, epoch: &str, record: &Record, n: u64) -> Result<(), String> {
        let mut records = self.records[user].lock().unwrap_or_else(PoisonError::into_inner);
        let other = *records.entry((epoch.to_owned(), record.seq)).or_insert(n);
        if other == n {
            return Ok(());
        }
        let (seq, name) = (record.seq, &record.name);
        Err(format!("at {epoch}-{seq} it got {name} with the number {n}, another device the number {other}"))
    }
}

/// The numbers of one type of Log, of which none may be left out without a word.
#[derive(Debug, Default)]
struct Sequence {
    /// `None` in a new device, which is owed nothing.
    last: Option<u64>,
    /// How many positions have been declared since.
    declared: u64,
}

impl Sequence {
    fn take(&mut self, what: &str, n: u64) -> Result<(), String> {
        if let Some(last) = self.last {
            if n <= last {
                return Err(format!("{what} {n} came behind {what} {last}"));
            }
            if n - last - 1 > self.declared {
                let declared = self.declared;
                return Err(format!(
                    "{what} {last} is followed by {n}, and a gap of {declared} positions was declared"
                ));
            }
        }
        (self.last, self.declared) = (Some(n), 0);
        Ok(())
    }

    /// Whether it has all numbers up to one, or was told what it has not.
    fn reaches(&self, end: u64) -> bool {
        match self.last {
            Some(last) => last <= end && end - last <= self.declared,
            None => self.declared > 0,
        }
    }

    fn declare(&mut self, gap: &Gap) {
        let positions = match (gap.from, gap.to) {
            (Some(from), Some(to)) => (to + 1).saturating_sub(from),
            _ => u64::MAX,
        };
        self.declared = self.declared.saturating_add(positions);
    }
}

/// One device, and what is known of it.
#[derive(Debug)]
pub(crate) struct Audit {
    user: usize,
    common: Arc<Common>,
    counts: Arc<Counts>,
    device: Device,
    epoch: String,
    /// The cursor that it came with, as text; empty in a new device.
    came_with: String,
    /// It came with a cursor that is not known, and was not told yet that something may be missing.
    is_owed_a_gap: bool,
    /// The last Log seq that it has processed in this epoch.
    last_log: u64,
    fills: Sequence,
    alarms: Sequence,
    /// The highest number that was shown under a name.
    shown: HashMap<String, u64>,
    last: u64,
    has_whole_state: bool,
}

impl Audit {
    pub(crate) fn new(user: usize, common: &Arc<Common>, counts: &Arc<Counts>) -> Self {
        Self {
            user,
            common: Arc::clone(common),
            counts: Arc::clone(counts),
            device: Device::new(),
            epoch: String::new(),
            came_with: String::new(),
            is_owed_a_gap: false,
            last_log: 0,
            fills: Sequence::default(),
            alarms: Sequence::default(),
            shown: HashMap::new(),
            last: 0,
            has_whole_state: false,
        }
    }

    /// A connection begins; returns the cursor to come back with.
    pub(crate) fn begin(&mut self) -> Option<String> {
        self.device.begin();
        self.has_whole_state = false;
        let cursor = self.device.cursor().map(|cursor| cursor.to_string());
        self.came_with = cursor.clone().unwrap_or_default();
        cursor
    }

    /// Whether everything that the hub and its StateSource have is on the screen, as of the last frame.
    pub(crate) const fn has_whole_state(&self) -> bool {
        self.has_whole_state && self.device.is_synced()
    }

    /// The highest number that a State of the user has had.
    pub(crate) const fn last(&self) -> u64 {
        self.last
    }

    /// Takes the text of a frame; returns what it did, or what is wrong with it.
    pub(crate) fn receive(&mut self, text: &str) -> Result<Vec<Effect>, String> {
        count(&self.counts.frames);
        if let Some(seq) = log_seq(text).filter(|seq| *seq <= self.last_log) {
            let last = self.last_log;
            return Err(format!("the Log record {seq} of {} came again, behind {last}", self.epoch));
        }
        if text.starts_with(r#"{"type":"CONNECTED""#) {
            self.connected(text)?;
        }
        if text.starts_with(r#"{"type":"RESET""#) {
            count(&self.counts.resets);
        }
        let effects = self.device.receive(text);
        effects.iter().try_for_each(|effect| self.check(effect)).map_err(|what| format!("{what}, with {text}"))?;
        Ok(effects)
    }

    fn connected(&mut self, text: &str) -> Result<(), String> {
        let frame: serde_json::Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let epoch = frame["epoch"].as_str().unwrap_or_default();
        self.common.is_of(epoch, self.user)?;
        if frame["userId"].as_str() != Some(&user_id(self.user)) {
            return Err(format!("it was connected as another user: {text}"));
        }
        if frame["recovered"] == true {
            if frame["after"].as_str() != Some(&self.came_with) || self.came_with.is_empty() {
                return Err(format!("it came with the cursor {:?} and was answered {text}", self.came_with));
            }
            count(&self.counts.known);
        } else {
            self.last_log = 0;
            self.is_owed_a_gap = !self.came_with.is_empty();
            count(if self.is_owed_a_gap { &self.counts.unknown } else { &self.counts.anew });
        }
        epoch.clone_into(&mut self.epoch);
        Ok(())
    }

    fn check(&mut self, effect: &Effect) -> Result<(), String> {
        match effect {
            Effect::State(record) => self.state(record),
            Effect::Final(record) => {
                self.state(record)?;
                self.shown.remove(&name(&record.name, record.key.as_deref()));
                Ok(())
            }
            Effect::Removed(record) => {
                count(&self.counts.records);
                self.shown.remove(&name(&record.name, record.key.as_deref()));
                if record.removed.as_deref() == Some("rejected") {
                    return Err("the hub refused a value".to_owned());
                }
                self.common.is_same(self.user, &self.epoch, record, 0)
            }
            Effect::Log(record) => self.log(record),
            Effect::Gap(gap) => self.gap(gap),
            Effect::Synced { state_source } => {
                if self.is_owed_a_gap {
                    return Err(format!("it came with {}, began anew, and no GAP says so", self.came_with));
                }
                self.has_whole_state = state_source == "loaded";
                if !self.has_whole_state {
                    count(&self.counts.loads_failed);
                }
                Ok(())
            }
            Effect::Reconnect => Err("a Log record is missing, and no GAP says so".to_owned()),
            Effect::Connected { .. } => {
                count(&self.counts.connects);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn state(&mut self, record: &Record) -> Result<(), String> {
        let n = self.number(record)?;
        if record.name != Notice::NAME {
            self.last = self.last.max(n);
        }
        let name = name(&record.name, record.key.as_deref());
        match self.shown.get(&name) {
            Some(shown) if n < *shown => Err(format!("{name} went back from {shown} to {n}")),
            _ => {
                self.shown.insert(name, n);
                Ok(())
            }
        }
    }

    fn log(&mut self, record: &Record) -> Result<(), String> {
        let n = self.number(record)?;
        self.last_log = record.seq;
        match &*record.name {
            Fill::NAME => self.fills.take("fill", n),
            Alarm::NAME => self.alarms.take("alarm", n),
            other => Err(format!("nobody broadcast a {other}")),
        }
    }

    fn gap(&mut self, gap: &Gap) -> Result<(), String> {
        let is_evicted = gap.reason == "evicted";
        count(if is_evicted { &self.counts.gaps_evicted } else { &self.counts.gaps_unknown });
        self.is_owed_a_gap = false;
        self.fills.declare(gap);
        self.alarms.declare(gap);
        if gap.reason == "lost" { Err(format!("{gap:?} was found out by the device alone")) } else { Ok(()) }
    }

    /// The number in the payload of a record that is this user's, or everybody's.
    fn number(&self, record: &Record) -> Result<u64, String> {
        count(&self.counts.records);
        let whose = if matches!(&*record.name, Alarm::NAME | Notice::NAME) { EVERYBODY } else { self.user };
        if record.data["user"].as_u64() != Some(whose as u64) {
            return Err(format!("it got what is of {}", user_id(record.data["user"].as_u64().unwrap_or(0) as usize)));
        }
        let n = record.data["n"].as_u64().ok_or("a payload has no number")?;
        self.common.is_same(self.user, &self.epoch, record, n)?;
        Ok(n)
    }

    /// Compares what is on the screen with the books of the user and of everybody.
    pub(crate) fn compare(&self, account: &Account, everybody: &Account) -> Result<(), String> {
        for (what, sequence, fills) in [("fill", &self.fills, account.fills), ("alarm", &self.alarms, everybody.fills)]
        {
            if !sequence.reaches(fills) {
                return Err(format!("its last {what} is {sequence:?}, in the books {fills}"));
            }
        }
        let truth: BTreeMap<String, u64> =
            account.live().chain(everybody.live()).map(|(name, value)| (name.clone(), value.n)).collect();
        let on_screen = |record: &Record| (name(&record.name, record.key.as_deref()), record.data["n"].as_u64());
        let screen: BTreeMap<String, Option<u64>> = self.device.state_records().map(on_screen).collect();
        for name in truth.keys().chain(screen.keys()) {
            let (is, shows) = (truth.get(name).copied(), screen.get(name).copied().flatten());
            if is != shows {
                return Err(format!("it shows {name} as {shows:?}, in the books it is {is:?}"));
            }
        }
        Ok(())
    }
}

/// The seq of a Log frame, read off its beginning.
fn log_seq(text: &str) -> Option<u64> {
    let (seq, rest) = text.strip_prefix(r#"{"seq":"#)?.split_once(',')?;
    rest.starts_with(r#""prevLog":"#).then(|| seq.parse().ok())?
}
