//! The model: a plain list in which nothing is ever evicted, replaced or swept out; what a log would have left of it is
//! counted anew for each question.

use std::collections::BTreeMap;

use super::*;

/// An event, as a test makes it up.
#[derive(Clone)]
pub(super) struct Event {
    pub(super) class: Class,
    pub(super) name: &'static str,
    pub(super) key: &'static str,
    pub(super) value: u64,
    pub(super) version: Option<i64>,
    pub(super) expires: Option<u64>,
    pub(super) padding: usize,
    pub(super) is_public: bool,
    /// Why, if it is a removal.
    pub(super) reason: RemovalReason,
}

impl std::fmt::Debug for Event {
    /// On one line, so that a failing case can be read.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { class, name, key, value, version, expires, padding, is_public, .. } = self;
        let name = format!("{name}:{key}={value}");
        write!(
            formatter,
            "{class:?} {name} version {version:?} expires {expires:?} padding {padding} public {is_public}"
        )
    }
}

impl Event {
    pub(super) fn new(class: Class, (name, key): Thing) -> Self {
        let reason = RemovalReason::Cleared;
        Self { class, name, key, value: 0, version: None, expires: None, padding: 0, is_public: false, reason }
    }

    pub(super) fn draft(&self) -> Draft {
        let mut draft = match self.class {
            Class::Removal => Draft::removal(name_of(self.name, self.key), self.reason, None, at(0).wall),
            class => {
                let end = if class == Class::Final { r#","final":true}"# } else { "}" };
                let data = format!(r#"{{"n":{},"pad":"{}"{end}"#, self.value, "x".repeat(self.padding));
                draft(class, self.name, self.key, &data)
            }
        };
        draft.version = self.version.map(Into::into);
        draft.expires = self.expires.map(|when| at(when).now);
        if self.is_public { public(draft) } else { draft }
    }

    fn bytes(&self) -> usize {
        self.draft().bytes
    }

    fn is_state(&self) -> bool {
        self.class != Class::Log
    }

    pub(super) fn thing(&self) -> Thing {
        (self.name, self.key)
    }
}

/// What a State is about: a type and a key.
pub(super) type Thing = (&'static str, &'static str);

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) event: Event,
    pub(super) seq: Seq,
    pub(super) group: Option<Seq>,
    pub(super) bytes: usize,
    since: u64,
}

impl Entry {
    pub(super) fn is_log(&self) -> bool {
        !self.event.is_state()
    }
}

#[derive(Debug, Default)]
pub(super) struct Model {
    hub_wide: bool,
    pub(super) entries: Vec<Entry>,
    pub(super) log_floor: Seq,
    pub(super) state_floor: Seq,
    public_seen: Option<Seq>,
}

impl Model {
    pub(super) fn hub_wide() -> Self {
        Self { hub_wide: true, ..Self::default() }
    }

    pub(super) fn head(&self) -> Seq {
        self.entries.len() as Seq
    }

    /// The last Log seq at or below a place.
    pub(super) fn last_log_at(&self, seq: Seq) -> Seq {
        self.entries.iter().rev().find(|entry| entry.is_log() && entry.seq <= seq).map_or(0, |entry| entry.seq)
    }

    /// What every device should show.
    pub(super) fn current(&self) -> BTreeMap<(String, String), u64> {
        let live = self.states().into_iter().filter(|entry| entry.event.class == Class::Live);
        live.map(|entry| ((entry.event.name.to_owned(), entry.event.key.to_owned()), entry.event.value)).collect()
    }

    pub(super) fn has_own_state(&self) -> bool {
        self.states().iter().any(|entry| self.counts(&entry.event))
    }

    /// The Log that is left.
    pub(super) fn logs(&self) -> Vec<&Entry> {
        self.entries.iter().filter(|entry| entry.is_log() && entry.seq > self.log_floor).collect()
    }

    /// The State that is left, the ended too.
    pub(super) fn states(&self) -> Vec<&Entry> {
        let mut latest = BTreeMap::new();
        for entry in self.entries.iter().filter(|entry| !entry.is_log()) {
            latest.insert(entry.event.thing(), entry);
        }
        let mut states: Vec<&Entry> = latest.into_values().filter(|entry| !self.is_forgotten(entry)).collect();
        states.sort_by_key(|entry| entry.seq);
        states
    }

    fn is_forgotten(&self, entry: &Entry) -> bool {
        entry.event.class.is_ended() && entry.seq <= self.state_floor
    }

    pub(super) fn latest(&self, thing: Thing) -> Option<&Entry> {
        self.states().into_iter().find(|entry| entry.event.thing() == thing)
    }

    fn counts(&self, event: &Event) -> bool {
        event.class == Class::Live && (self.hub_wide || !event.is_public)
    }

    /// The place before the last Log records that are left, but not inside a group.
    pub(super) fn before_last(&self, count: usize) -> Seq {
        let logs = self.logs();
        let Some(first) = logs.get(logs.len().saturating_sub(count)) else { return self.head() };
        let same_group = |entry: &&&Entry| entry.group.is_some() && entry.group == first.group;
        logs.iter().find(same_group).unwrap_or(first).seq - 1
    }

    pub(super) fn append(&mut self, events: &[Event], now: u64, limits: &LogLimits) -> Result<Appended, Refused> {
        let mut kept: Vec<Event> = Vec::new();
        let mut stale = 0;
        for event in events {
            let same = |other: &&Event| other.is_state() && other.thing() == event.thing();
            let there = kept.iter().rev().find(same).or(self.latest(event.thing()).map(|entry| &entry.event));
            let version = there.and_then(|there| there.version);
            match event.class {
                Class::Log => kept.push(event.clone()),
                Class::Removal
                    if there
                        .is_some_and(|there| there.class == Class::Live && (there.is_public || !event.is_public)) =>
                {
                    kept.push(Event { version, ..event.clone() });
                }
                Class::Removal => {}
                _ if event.is_public && !self.hub_wide && there.is_some_and(|there| there.is_public) => {
                    kept.push(event.clone());
                }
                _ if event.version.is_some() && event.version < version => stale += 1,
                _ => kept.push(event.clone()),
            }
        }
        if let Some(refused) = self.refusal(&kept, limits) {
            for event in kept.iter().filter(|event| event.is_state()) {
                self.remove(event.thing(), RemovalReason::Rejected, now, limits);
            }
            return Err(refused);
        }
        let records = kept.len();
        let group = (records > 1).then_some(self.head() + records as Seq);
        for event in kept {
            self.place(event, group, now);
        }
        self.trim(now, limits);
        Ok(Appended { records, stale })
    }

    fn refusal(&self, events: &[Event], limits: &LogLimits) -> Option<Refused> {
        let logs: Vec<usize> = events.iter().filter(|event| !event.is_state()).map(Event::bytes).collect();
        if logs.len() > limits.log_records || logs.iter().sum::<usize>() > limits.log_bytes {
            return Some(Refused::GroupTooLarge);
        }
        let mut things: BTreeMap<Thing, &Event> =
            self.states().into_iter().map(|entry| (entry.event.thing(), &entry.event)).collect();
        let weigh = |things: &BTreeMap<Thing, &Event>| {
            let live = things.values().filter(|event| self.counts(event));
            live.fold((0, 0), |(keys, bytes), event| (keys + 1, bytes + event.bytes()))
        };
        let (keys_before, bytes_before) = weigh(&things);
        things.extend(events.iter().filter(|event| event.is_state()).map(|event| (event.thing(), event)));
        let (keys, bytes) = weigh(&things);
        if keys > limits.state_keys && keys > keys_before {
            return Some(Refused::TooManyKeys);
        }
        (bytes > limits.state_bytes && bytes > bytes_before).then_some(Refused::StateFull)
    }

    fn place(&mut self, event: Event, group: Option<Seq>, now: u64) {
        let bytes = event.bytes();
        self.entries.push(Entry { event, seq: self.head() + 1, group, bytes, since: now });
    }

    /// Takes away what is live; true if it was.
    pub(super) fn remove(&mut self, thing: Thing, reason: RemovalReason, now: u64, limits: &LogLimits) -> bool {
        let Some(live) = self.latest(thing).filter(|entry| entry.event.class == Class::Live) else { return false };
        let class = Class::Removal;
        let removal = Event { class, value: 0, expires: None, padding: 0, reason, ..live.event.clone() };
        self.place(removal, None, now);
        self.trim(now, limits);
        true
    }

    fn trim(&mut self, now: u64, limits: &LogLimits) {
        loop {
            let logs = self.logs();
            let Some(oldest) = logs.first() else { break };
            let is_aged = now - oldest.since >= limits.log_age.as_secs();
            let bytes: usize = logs.iter().map(|entry| entry.bytes).sum();
            if !is_aged && logs.len() <= limits.log_records && bytes <= limits.log_bytes {
                break;
            }
            let gone = logs.iter().rfind(|entry| entry.group.is_some() && entry.group == oldest.group);
            self.log_floor = gone.unwrap_or(oldest).seq;
        }
        loop {
            let states = self.states();
            let counted: Vec<&&Entry> =
                states.iter().filter(|entry| entry.event.class.is_ended() || self.counts(&entry.event)).collect();
            let bytes: usize = counted.iter().map(|entry| entry.bytes).sum();
            let oldest_ended = counted.iter().find(|entry| entry.event.class.is_ended());
            match oldest_ended {
                Some(oldest) if counted.len() > limits.state_keys || bytes > limits.state_bytes => {
                    self.state_floor = oldest.seq;
                }
                _ => break,
            }
        }
    }

    pub(super) fn pass(&mut self, now: u64, limits: &LogLimits) {
        self.trim(now, limits);
        let is_due = |entry: &&&Entry| {
            entry.event.class == Class::Live && entry.event.expires.is_some_and(|expires| expires <= now)
        };
        let due: Vec<Thing> = self.states().iter().filter(is_due).map(|entry| entry.event.thing()).collect();
        for thing in due {
            self.remove(thing, RemovalReason::Expired, now, limits);
        }
    }

    fn lose(&mut self, now: u64) {
        let nobody_has_it = Event::new(Class::Log, ("LOST", ""));
        self.place(nobody_has_it, None, now);
        self.log_floor = self.head();
    }

    pub(super) fn take_over(&mut self, public: &Model, keeps_log: bool, now: u64, limits: &LogLimits) {
        let Some(seen) = self.public_seen.replace(public.head()) else {
            let live = public.states().into_iter().filter(|entry| entry.event.class == Class::Live);
            for event in live.map(|entry| entry.event.clone()) {
                self.append(&[event], now, limits).unwrap();
            }
            return;
        };
        if keeps_log && seen < public.log_floor {
            self.lose(now);
        }
        if seen < public.state_floor {
            let is_live = |thing| public.latest(thing).is_some_and(|entry| entry.event.class == Class::Live);
            let mine = self.states().into_iter().map(|entry| &entry.event);
            let gone = mine.filter(|event| event.class == Class::Live && event.is_public && !is_live(event.thing()));
            let gone: Vec<Thing> = gone.map(Event::thing).collect();
            for thing in gone {
                self.remove(thing, RemovalReason::Cleared, now, limits);
            }
        }
        let mut left: Vec<&Entry> =
            public.states().into_iter().chain(public.logs()).filter(|entry| entry.seq > seen).collect();
        left.sort_by_key(|entry| entry.seq);
        for group in left.chunk_by(|one, other| one.group.is_some() && one.group == other.group) {
            let events = group.iter().map(|entry| &entry.event).filter(|event| event.is_public);
            let events: Vec<Event> = events.filter(|event| keeps_log || event.is_state()).cloned().collect();
            self.append(&events, now, limits).unwrap();
        }
    }

    pub(super) fn retire(&mut self) {
        self.log_floor = self.last_log_at(self.head());
        let ended = self.states().into_iter().rev().find(|entry| entry.event.class.is_ended());
        self.state_floor = ended.map_or(self.state_floor, |entry| entry.seq);
    }
}
