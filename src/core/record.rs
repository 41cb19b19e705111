//! One event in a log, and the event on its way there.
//!
//! Invariants: the JSON of an event is made once, before any lock, without what depends on its place in a log; that part,
//! the head (`seq`, `prevLog`, `group`), stands first on the wire, so that it can be put before the rest under the lock,
//! in a text of exactly the right size: a record may be kept for long.
//! A record is a place in a log and a body. All devices of a user share the body with its text; what went to everybody is
//! one body in all logs, without a head, and whoever hands it out joins the head of its own log with it.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Instant;

use smallvec::SmallVec;

use crate::vocabulary::cursor::Seq;
use crate::vocabulary::scratch::Scratch;
use crate::{EventName, FrameKind, Timestamp, Version};

/// What stands before the numbers of a head.
const SEQ: &str = r#"{"seq":"#;
const PREV_LOG: &str = r#","prevLog":"#;
const GROUP: &str = r#","group":"#;
const LONGEST_HEAD: usize = SEQ.len() + PREV_LOG.len() + GROUP.len() + 3 * 20;

/// What a record weighs beside its text: its body, its head, its place in the log with as much room again, and the index.
pub(crate) const OVERHEAD: usize = std::mem::size_of::<Body>() + LONGEST_HEAD + 2 * std::mem::size_of::<Record>() + 64;

/// What a record does to a device's view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Appends to what happened.
    Log,
    /// Sets a State.
    Live,
    /// Sets a State for the last time: shown, then gone.
    Final,
    /// Takes a State away.
    Removal,
}

impl Class {
    /// Whether new devices never hear of it, so that it is the first State to be evicted.
    pub(crate) const fn is_ended(self) -> bool {
        matches!(self, Self::Final | Self::Removal)
    }
}

/// Of which thing a record is the State: two records with equal names replace each other.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct StateName {
    pub(crate) name: EventName,
    pub(crate) key: Option<Box<str>>,
}

/// Why a State was taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RemovalReason {
    Cleared,
    Expired,
    Rejected,
}

impl RemovalReason {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Cleared => "cleared",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
        }
    }
}

/// What an event says, wherever it stands.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    pub(crate) class: Class,
    pub(crate) state: StateName,
    pub(crate) version: Option<Version>,
    pub(crate) expires: Option<Instant>,
    /// Whether it goes to everybody: then the text begins behind the head, which each log has for itself.
    pub(crate) is_public: bool,
    /// Empty on the way into the log of one user.
    text: Box<str>,
    /// What it weighs in a log.
    pub(crate) bytes: usize,
}

impl Body {
    /// Whether it sets or takes away a State.
    pub(crate) fn is_state(&self) -> bool {
        self.class != Class::Log
    }

    /// The JSON, of one user's own; of everybody's, what is behind the head.
    pub(crate) const fn text(&self) -> &str {
        &self.text
    }

    pub(crate) const fn frame_kind(&self) -> FrameKind {
        match self.class {
            Class::Log => FrameKind::Log,
            Class::Live | Class::Final => FrameKind::State,
            Class::Removal => FrameKind::Removed,
        }
    }
}

/// The events of one group: most often one, which has its place here.
pub(crate) type Drafts = SmallVec<[Draft; 1]>;

/// An event on its way into a log.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    body: Arc<Body>,
    /// Of one user's own, what is behind the head, which is put before it when it is appended.
    tail: Scratch,
}

impl Draft {
    /// Of one user, with the text that goes behind the head.
    pub(crate) fn new(
        class: Class,
        state: StateName,
        version: Option<Version>,
        expires: Option<Instant>,
        tail: Scratch,
    ) -> Self {
        let bytes = OVERHEAD + tail.len() + state.key.as_ref().map_or(0, |key| key.len());
        let body = Body { class, state, version, expires, is_public: false, text: Box::default(), bytes };
        Self { body: Arc::new(body), tail }
    }

    pub(crate) fn removal(state: StateName, reason: RemovalReason, version: Option<Version>, wall: Timestamp) -> Self {
        let tail = Scratch::of(|text| {
            push_tail_start(text, &state.name, state.key.as_deref(), wall);
            for piece in [r#","removed":true,"reason":""#, reason.as_str(), r#""}"#] {
                text.extend_from_slice(piece.as_bytes());
            }
        });
        Self::new(Class::Removal, state, version, None, tail)
    }

    /// The same for everybody: every log that takes it shares the body.
    pub(crate) fn shared(mut self) -> Self {
        if !self.is_public {
            let text = Box::from(&*self.tail);
            let body = Arc::make_mut(&mut self.body);
            (body.is_public, body.text) = (true, text);
        }
        Self { body: self.body, tail: Scratch::default() }
    }
}

impl Deref for Draft {
    type Target = Body;

    fn deref(&self) -> &Body {
        &self.body
    }
}

impl DerefMut for Draft {
    /// Only a removal of everybody's, which gets the version of what it takes away, is ever another for one log.
    fn deref_mut(&mut self) -> &mut Body {
        Arc::make_mut(&mut self.body)
    }
}

/// Appends `,"type":…,"timestamp":…` and the key.
pub(crate) fn push_tail_start(text: &mut Vec<u8>, name: &EventName, key: Option<&str>, wall: Timestamp) {
    for piece in [r#","type":""#, name.as_str(), r#"","timestamp":""#] {
        text.extend_from_slice(piece.as_bytes());
    }
    wall.push_to(text);
    text.push(b'"');
    if let Some(key) = key {
        text.extend_from_slice(br#","key":"#);
        let _infallible = serde_json::to_writer(text, key);
    }
}

/// The last seq of a group.
pub(crate) type Group = std::num::NonZero<Seq>;

/// One event in a log; a clone is another reference to its body.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) seq: Seq,
    /// The seq of the Log record before it; meaningful for a Log record.
    pub(crate) prev_log: Seq,
    /// The last seq of the group that it was appended in.
    pub(crate) group: Option<Group>,
    /// When it was appended; a log forgets by age.
    pub(crate) appended: Instant,
    pub(crate) body: Arc<Body>,
}

/// Where a record stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) seq: Seq,
    pub(crate) prev_log: Seq,
    pub(crate) group: Option<Group>,
    pub(crate) now: Instant,
}

impl Record {
    pub(crate) fn new(draft: Draft, place: Place) -> Self {
        let Place { seq, prev_log, group, now } = place;
        let Draft { mut body, tail } = draft;
        if !body.is_public {
            let text = joined(body.class, place, &tail);
            Arc::make_mut(&mut body).text = text;
        }
        Self { seq, prev_log, group, appended: now, body }
    }

    /// The last seq of what it was appended in: of its group, or its own.
    pub(crate) fn end(&self) -> Seq {
        self.group.map_or(self.seq, Group::get)
    }

    /// The same event on its way into another log; `None` for a record that is one user's own.
    pub(crate) fn shared_draft(&self) -> Option<Draft> {
        self.body.is_public.then(|| Draft { body: Arc::clone(&self.body), tail: Scratch::default() })
    }

    /// The JSON of what went to everybody, with the head that it has in this log.
    pub(crate) fn joined(&self) -> Box<str> {
        let place = Place { seq: self.seq, prev_log: self.prev_log, group: self.group, now: self.appended };
        joined(self.body.class, place, &self.body.text)
    }
}

/// The head of a place in a log, and the tail behind it, in a text of exactly their size.
fn joined(class: Class, place: Place, tail: &str) -> Box<str> {
    let mut digits = [itoa::Buffer::new(); 3];
    let [seq, prev_log, group] = &mut digits;
    let seq = seq.format(place.seq);
    let prev_log = if class == Class::Log { prev_log.format(place.prev_log) } else { "" };
    let group = place.group.map_or("", |last| group.format(last.get()));
    let length = |name: &str, digits: &str| if digits.is_empty() { 0 } else { name.len() + digits.len() };
    let head = length(SEQ, seq) + length(PREV_LOG, prev_log) + length(GROUP, group);
    let mut text = String::with_capacity(head + tail.len());
    for (name, digits) in [(SEQ, seq), (PREV_LOG, prev_log), (GROUP, group)] {
        if !digits.is_empty() {
            text.push_str(name);
            text.push_str(digits);
        }
    }
    text.push_str(tail);
    text.into_boxed_str()
}
