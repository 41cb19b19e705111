//! One event in a log, and the event on its way there.
//!
//! Invariants: the JSON of an event is made once, before any lock, without what depends on its place in a log; that part,
//! the head (`seq`, `prevLog`, `group`), stands first on the wire, so that it can be put before the rest under the lock,
//! in a text of exactly the right size: a record may be kept for long.
//! A record is a place in a log and a body. All devices of a user share the body with its text; what went to everybody is
//! one body in all logs, without a head, and whoever hands it out joins the head of its own log with it.

use std::fmt;
use std::ops::Deref;
use std::time::Instant;

use smallvec::SmallVec;
use triomphe::{Arc, HeaderSlice};

use crate::vocabulary::cursor::Seq;
use crate::vocabulary::scratch::Scratch;
use crate::{EventName, FrameKind, Timestamp, Version};

/// What stands before the numbers of a head.
const SEQ: &str = r#"{"seq":"#;
const PREV_LOG: &str = r#","prevLog":"#;
const GROUP: &str = r#","group":"#;
const LONGEST_HEAD: usize = SEQ.len() + PREV_LOG.len() + GROUP.len() + 3 * 20;

/// What a record weighs beside its text: its body, its head, its place in the log with as much room again, and the index.
pub(crate) const OVERHEAD: usize = std::mem::size_of::<Facts>() + LONGEST_HEAD + 2 * std::mem::size_of::<Record>() + 64;

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

/// What there is to know of an event, beside its text.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) class: Class,
    pub(crate) state: StateName,
    pub(crate) version: Option<Version>,
    pub(crate) expires: Option<Instant>,
    /// Whether it goes to everybody: then the text begins behind the head, which each log has for itself.
    pub(crate) is_public: bool,
    /// What it weighs in a log.
    pub(crate) bytes: usize,
}

impl Facts {
    /// Whether it sets or takes away a State.
    pub(crate) fn is_state(&self) -> bool {
        self.class != Class::Log
    }

    pub(crate) const fn frame_kind(&self) -> FrameKind {
        match self.class {
            Class::Log => FrameKind::Log,
            Class::Live | Class::Final => FrameKind::State,
            Class::Removal => FrameKind::Removed,
        }
    }
}

/// What an event says, wherever it stands: the facts and the text, in one piece of memory that all who have it share.
#[derive(Clone)]
pub(crate) struct Body(Arc<HeaderSlice<Facts, str>>);

impl Body {
    fn new(facts: Facts, text: &str) -> Self {
        Self(Arc::from_header_and_str(facts, text))
    }

    /// The JSON, of one user's own; of everybody's, what is behind the head.
    pub(crate) fn text(&self) -> &str {
        &self.0.slice
    }

    /// Whether anybody else has it.
    #[cfg(test)]
    pub(crate) fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}

impl Deref for Body {
    type Target = Facts;

    fn deref(&self) -> &Facts {
        &self.0.header
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Body").field(&self.0.header).field(&self.text()).finish()
    }
}

/// The events of one group: most often one, which has its place here.
pub(crate) type Drafts = SmallVec<[Draft; 1]>;

/// An event on its way into a log.
#[derive(Debug, Clone)]
pub(crate) enum Draft {
    /// Of one user, with what is behind the head, which is put before it when it is appended.
    Own { facts: Facts, tail: Scratch },
    /// Of everybody: every log that takes it shares the body.
    Public(Body),
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
        Self::Own { facts: Facts { class, state, version, expires, is_public: false, bytes }, tail }
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

    /// The same for everybody.
    pub(crate) fn shared(self) -> Self {
        match self {
            Self::Own { facts, tail } => Self::Public(Body::new(Facts { is_public: true, ..facts }, &tail)),
            Self::Public(body) => Self::Public(body),
        }
    }

    /// The same with another version: of everybody's, only a removal, which gets that of what it takes away, is ever
    /// another for one log.
    pub(crate) fn with_version(self, version: Option<Version>) -> Self {
        match self {
            Self::Own { facts, tail } => Self::Own { facts: Facts { version, ..facts }, tail },
            Self::Public(body) => Self::Public(Body::new(Facts { version, ..Facts::clone(&body) }, body.text())),
        }
    }
}

impl Deref for Draft {
    type Target = Facts;

    fn deref(&self) -> &Facts {
        match self {
            Self::Own { facts, .. } => facts,
            Self::Public(body) => body,
        }
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
    pub(crate) body: Body,
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
        let body = match draft {
            Draft::Own { facts, tail } => {
                let text = Scratch::of_text(|text| join(facts.class, place, &tail, text));
                Body::new(facts, &text)
            }
            Draft::Public(body) => body,
        };
        Self { seq, prev_log, group, appended: now, body }
    }

    /// The last seq of what it was appended in: of its group, or its own.
    pub(crate) fn end(&self) -> Seq {
        self.group.map_or(self.seq, Group::get)
    }

    /// The same event on its way into another log; `None` for a record that is one user's own.
    pub(crate) fn shared_draft(&self) -> Option<Draft> {
        self.body.is_public.then(|| Draft::Public(self.body.clone()))
    }

    /// The JSON of what went to everybody, with the head that it has in this log.
    pub(crate) fn joined(&self) -> String {
        let place = Place { seq: self.seq, prev_log: self.prev_log, group: self.group, now: self.appended };
        let mut text = String::with_capacity(LONGEST_HEAD + self.body.text().len());
        join(self.body.class, place, self.body.text(), &mut text);
        text
    }
}

/// The head of a place in a log, and the tail behind it.
fn join(class: Class, place: Place, tail: &str, text: &mut String) {
    let mut push = |name: &str, number: Seq| {
        text.push_str(name);
        text.push_str(itoa::Buffer::new().format(number));
    };
    push(SEQ, place.seq);
    if class == Class::Log {
        push(PREV_LOG, place.prev_log);
    }
    if let Some(last) = place.group {
        push(GROUP, last.get());
    }
    text.push_str(tail);
}
