//! A log as a plain list, in which nothing is ever evicted, replaced or swept out; what the limits leave of it is counted
//! anew for each question.

use std::collections::BTreeMap;

use super::Seq;
use super::event::{Class, Sent, Thing};

/// The limits of one log. An event weighs its text and the same for its place in a log, whatever it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) log_records: usize,
    pub(crate) log_bytes: usize,
    pub(crate) log_age: u64,
    pub(crate) state_keys: usize,
    pub(crate) state_bytes: usize,
    pub(crate) overhead: usize,
}

impl Limits {
    pub(crate) fn weight(&self, sent: &Sent) -> usize {
        self.overhead + sent.tail().len() + sent.key.filter(|_| sent.is_state()).map_or(0, str::len)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    Encoding,
    TooManyKeys,
    StateFull,
    GroupTooLarge,
}

#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) sent: Sent,
    pub(crate) seq: Seq,
    pub(crate) group: Option<Seq>,
    pub(crate) prev_log: Seq,
    pub(crate) weight: usize,
    since: u64,
}

impl Entry {
    pub(crate) fn is_log(&self) -> bool {
        !self.sent.is_state()
    }

    pub(crate) fn is_live(&self) -> bool {
        self.sent.class == Class::Live
    }

    pub(crate) fn text(&self) -> String {
        let prev_log = if self.is_log() { format!(r#","prevLog":{}"#, self.prev_log) } else { String::new() };
        let group = self.group.map(|group| format!(r#","group":{group}"#)).unwrap_or_default();
        format!(r#"{{"seq":{}{prev_log}{group}{}"#, self.seq, self.sent.tail())
    }
}

/// Where a load of the host's State began.
#[derive(Debug, Clone, Copy)]
struct Mark {
    head: Seq,
    state_floor: Seq,
}

#[derive(Debug)]
pub(crate) struct List {
    limits: Limits,
    is_hub_wide: bool,
    pub(crate) entries: Vec<Entry>,
    pub(crate) log_floor: Seq,
    pub(crate) state_floor: Seq,
    /// How far what went to everybody is in here; `None` before the first time.
    pub(crate) public_seen: Option<Seq>,
    next_expiry: Option<u64>,
    loading: Option<Mark>,
}

impl List {
    pub(crate) fn new(limits: Limits, is_hub_wide: bool) -> Self {
        Self {
            limits,
            is_hub_wide,
            entries: Vec::new(),
            log_floor: 0,
            state_floor: 0,
            public_seen: None,
            next_expiry: None,
            loading: None,
        }
    }

    pub(crate) fn head(&self) -> Seq {
        self.entries.len() as Seq
    }

    pub(crate) fn next_expiry(&self) -> Option<u64> {
        self.next_expiry
    }

    /// The last Log seq at or below a place.
    pub(crate) fn last_log_at(&self, seq: Seq) -> Seq {
        self.entries.iter().rev().find(|entry| entry.is_log() && entry.seq <= seq).map_or(0, |entry| entry.seq)
    }

    pub(crate) fn last_log(&self) -> Seq {
        self.last_log_at(self.head())
    }

    /// What every device should show.
    pub(crate) fn current(&self) -> BTreeMap<(String, String), u64> {
        let name = |sent: &Sent| (sent.name().to_owned(), sent.key.unwrap_or_default().to_owned());
        self.states().into_iter().filter(|entry| entry.is_live()).map(|e| (name(&e.sent), e.sent.value)).collect()
    }

    /// Whether there is live State of the user's own.
    pub(crate) fn has_own_state(&self) -> bool {
        self.states().iter().any(|entry| self.counts(&entry.sent))
    }

    /// The Log that is left.
    pub(crate) fn logs(&self) -> Vec<&Entry> {
        self.entries.iter().filter(|entry| entry.is_log() && entry.seq > self.log_floor).collect()
    }

    /// The State that is left, the ended too.
    pub(crate) fn states(&self) -> Vec<&Entry> {
        let mut latest = BTreeMap::new();
        for entry in self.entries.iter().filter(|entry| !entry.is_log()) {
            latest.insert(entry.sent.thing(), entry);
        }
        let mut states: Vec<&Entry> = latest.into_values().filter(|entry| !self.is_forgotten(entry)).collect();
        states.sort_by_key(|entry| entry.seq);
        states
    }

    /// State and Log that is left above a place, in order.
    pub(crate) fn left_above(&self, seq: Seq) -> Vec<&Entry> {
        let mut left = self.states();
        left.append(&mut self.logs());
        left.retain(|entry| entry.seq > seq);
        left.sort_by_key(|entry| entry.seq);
        left
    }

    fn is_forgotten(&self, entry: &Entry) -> bool {
        entry.sent.class.is_ended() && entry.seq <= self.state_floor
    }

    pub(crate) fn latest(&self, thing: Thing) -> Option<&Entry> {
        self.states().into_iter().find(|entry| entry.sent.thing() == thing)
    }

    fn counts(&self, sent: &Sent) -> bool {
        sent.class == Class::Live && (self.is_hub_wide || !sent.is_public)
    }

    /// The place before the last Log records that are left, but not inside a group.
    pub(crate) fn before_last(&self, count: usize) -> Seq {
        let logs = self.logs();
        let Some(first) = logs.get(logs.len().saturating_sub(count)) else { return self.head() };
        let same_group = |entry: &&&Entry| entry.group.is_some() && entry.group == first.group;
        logs.iter().find(same_group).unwrap_or(first).seq - 1
    }

    /// Appends a group; returns, for each event, whether it is in, and otherwise how many are stale.
    pub(crate) fn append(&mut self, events: &[Sent], now: u64) -> Result<(Vec<bool>, usize), Refused> {
        let mut kept: Vec<Sent> = Vec::new();
        let mut is_kept = Vec::new();
        let mut stale = 0;
        for event in events {
            let same = |other: &&Sent| other.is_state() && other.thing() == event.thing();
            let before = kept.iter().rev().find(same).or(self.latest(event.thing()).map(|entry| &entry.sent)).cloned();
            let version = before.as_ref().and_then(|before| before.version);
            let live = before.as_ref().filter(|before| before.class == Class::Live);
            let keep = match event.class {
                Class::Log => Some(event.clone()),
                // What is a user's own is not everybody's to take away.
                Class::Removal if live.is_some_and(|live| event.is_public && !live.is_public) => None,
                Class::Removal if live.is_some() => Some(Sent { version, ..event.clone() }),
                // While a load runs it speaks of what the load may bring.
                Class::Removal => self.loading.map(|_| event.clone()),
                // Of two that went to everybody, everybody's list has said which is newer.
                _ if event.is_public && !self.is_hub_wide && before.as_ref().is_some_and(|b| b.is_public) => {
                    Some(event.clone())
                }
                _ if event.version.is_some() && event.version < version => {
                    stale += 1;
                    None
                }
                _ => Some(event.clone()),
            };
            is_kept.push(keep.is_some());
            kept.extend(keep);
        }
        if let Some(refused) = self.refusal(&kept) {
            for event in kept.iter().filter(|event| event.is_state()) {
                self.remove(event.thing(), "rejected", now);
            }
            return Err(refused);
        }
        let records = kept.len();
        let group = (records > 1).then_some(self.head() + records as Seq);
        for event in kept {
            self.place(event, group, now);
        }
        self.trim(now);
        Ok((is_kept, stale))
    }

    fn refusal(&self, events: &[Sent]) -> Option<Refused> {
        let limits = &self.limits;
        let logs: Vec<usize> = events.iter().filter(|event| !event.is_state()).map(|e| limits.weight(e)).collect();
        if logs.len() > limits.log_records || logs.iter().sum::<usize>() > limits.log_bytes {
            return Some(Refused::GroupTooLarge);
        }
        let mut things: BTreeMap<Thing, &Sent> =
            self.states().into_iter().map(|entry| (entry.sent.thing(), &entry.sent)).collect();
        let weigh = |things: &BTreeMap<Thing, &Sent>| {
            let live = things.values().filter(|event| self.counts(event));
            live.fold((0, 0), |(keys, bytes), event| (keys + 1, bytes + limits.weight(event)))
        };
        let (keys_before, bytes_before) = weigh(&things);
        things.extend(events.iter().filter(|event| event.is_state()).map(|event| (event.thing(), event)));
        let (keys, bytes) = weigh(&things);
        if keys > limits.state_keys && keys > keys_before {
            return Some(Refused::TooManyKeys);
        }
        (bytes > limits.state_bytes && bytes > bytes_before).then_some(Refused::StateFull)
    }

    fn place(&mut self, sent: Sent, group: Option<Seq>, now: u64) {
        if let Some(expires) = sent.expires.filter(|_| sent.class == Class::Live) {
            self.next_expiry = Some(self.next_expiry.map_or(expires, |next| next.min(expires)));
        }
        let (weight, prev_log, seq) = (self.limits.weight(&sent), self.last_log(), self.head() + 1);
        self.entries.push(Entry { sent, seq, group, prev_log, weight, since: now });
    }

    /// Takes away what is live, and while a load runs anything; true if that was news.
    pub(crate) fn remove(&mut self, thing: Thing, reason: &'static str, now: u64) -> bool {
        let latest = self.latest(thing).map(|entry| entry.sent.clone());
        if self.loading.is_none() && latest.as_ref().is_none_or(|latest| latest.class != Class::Live) {
            return false;
        }
        let is_public = self.is_hub_wide || latest.as_ref().is_some_and(|latest| latest.is_public);
        let version = latest.and_then(|latest| latest.version);
        let may_be_public = thing.0 == Sent { may_be_public: true, ..Sent::new(Class::Live, None) }.name();
        let plain = Sent::new(Class::Removal, thing.1);
        self.place(Sent { may_be_public, version, is_public, reason, wall: now, ..plain }, None, now);
        self.trim(now);
        true
    }

    fn trim(&mut self, now: u64) {
        loop {
            let logs = self.logs();
            let Some(oldest) = logs.first() else { break };
            let is_aged = now - oldest.since >= self.limits.log_age;
            let bytes: usize = logs.iter().map(|entry| entry.weight).sum();
            if !is_aged && logs.len() <= self.limits.log_records && bytes <= self.limits.log_bytes {
                break;
            }
            let gone = logs.iter().rfind(|entry| entry.group.is_some() && entry.group == oldest.group);
            self.log_floor = gone.unwrap_or(oldest).seq;
        }
        loop {
            let states = self.states();
            let counted: Vec<&&Entry> =
                states.iter().filter(|entry| entry.sent.class.is_ended() || self.counts(&entry.sent)).collect();
            let bytes: usize = counted.iter().map(|entry| entry.weight).sum();
            match counted.iter().find(|entry| entry.sent.class.is_ended()) {
                Some(oldest) if counted.len() > self.limits.state_keys || bytes > self.limits.state_bytes => {
                    self.state_floor = oldest.seq;
                }
                _ => break,
            }
        }
    }

    /// What time has done; true if something has expired.
    pub(crate) fn pass(&mut self, now: u64) -> bool {
        self.trim(now);
        if self.next_expiry.is_none_or(|next| next > now) {
            return false;
        }
        let is_due = |entry: &&&Entry| entry.is_live() && entry.sent.expires.is_some_and(|expires| expires <= now);
        let due: Vec<Thing> = self.states().iter().filter(is_due).map(|entry| entry.sent.thing()).collect();
        for thing in &due {
            self.remove(*thing, "expired", now);
        }
        self.next_expiry = self.states().iter().filter(|e| e.is_live()).filter_map(|e| e.sent.expires).min();
        !due.is_empty()
    }

    /// Takes over what went to everybody since the last time.
    pub(crate) fn is_behind(&self, public: &Self) -> bool {
        self.public_seen != Some(public.head())
    }

    pub(crate) fn take_over(&mut self, public: &List, keeps_log: bool, now: u64) {
        let Some(seen) = self.public_seen.replace(public.head()) else {
            let live = public.states().into_iter().filter(|entry| entry.is_live());
            for event in live.map(|entry| entry.sent.clone()) {
                self.append(&[event], now).unwrap();
            }
            return;
        };
        if seen == public.head() {
            return;
        }
        if keeps_log && seen < public.log_floor {
            self.place(Sent::new(Class::Log, Some("lost")), None, now);
            self.log_floor = self.head();
        }
        if seen < public.state_floor {
            let is_live = |thing| public.latest(thing).is_some_and(Entry::is_live);
            let mine = self.states().into_iter().filter(|entry| entry.is_live() && entry.sent.is_public);
            let gone: Vec<Thing> = mine.map(|entry| entry.sent.thing()).filter(|thing| !is_live(*thing)).collect();
            for thing in gone {
                self.remove(thing, "cleared", now);
            }
        }
        let left = public.left_above(seen);
        for group in left.chunk_by(|one, other| one.group.is_some() && one.group == other.group) {
            let events = group.iter().map(|entry| &entry.sent);
            let events: Vec<Sent> = events.filter(|event| keeps_log || event.is_state()).cloned().collect();
            self.append(&events, now).unwrap();
        }
        // Who finds nothing left of what went to everybody has no reason to look at the age of the rest.
        if !left.is_empty() {
            self.trim(now);
        }
    }

    /// The retention has passed: only live State is left.
    pub(crate) fn retire(&mut self) {
        self.log_floor = self.last_log();
        let ended = self.states().into_iter().rev().find(|entry| entry.sent.class.is_ended());
        self.state_floor = ended.map_or(self.state_floor, |entry| entry.seq);
    }

    pub(crate) fn begin_load(&mut self) {
        self.loading = Some(Mark { head: self.head(), state_floor: self.state_floor });
    }

    pub(crate) fn end_load(&mut self) {
        self.loading = None;
    }

    /// Takes over what the host has loaded: how many found no room, or `None` if it has to be loaded again.
    pub(crate) fn merge(&mut self, loaded: &[Sent], now: u64) -> Option<usize> {
        let mark = self.loading.take().unwrap();
        if self.state_floor > mark.state_floor {
            return None;
        }
        let is_wanted = |event: &&Sent| {
            if event.expires.is_some_and(|expires| expires <= now) {
                return false;
            }
            let Some(kept) = self.latest(event.thing()) else { return true };
            if kept.seq > mark.head {
                // What came meanwhile wins, but by version where there is one; a removal wins in any case.
                return kept.is_live() && kept.sent.version.is_some() && event.version > kept.sent.version;
            }
            match (event.version, kept.sent.version) {
                (Some(loaded), Some(kept_version)) if kept.is_live() => loaded > kept_version,
                (Some(loaded), Some(kept_version)) => loaded >= kept_version,
                _ => true,
            }
        };
        let wanted: Vec<Sent> =
            loaded.iter().filter(is_wanted).map(|event| Sent { wall: now, ..event.clone() }).collect();
        Some(wanted.into_iter().filter(|event| self.append(std::slice::from_ref(event), now).is_err()).count())
    }

    /// What the log weighs.
    pub(crate) fn bytes(&self) -> usize {
        let states = self.states().into_iter().filter(|entry| entry.sent.class.is_ended() || self.counts(&entry.sent));
        states.chain(self.logs()).map(|entry| entry.weight).sum()
    }
}
