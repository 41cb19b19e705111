//! One event in a log, and the event on its way there.
//!
//! Invariants: the JSON of an event is made once, before any lock, without what depends on its place in a log; that part,
//! the head (`seq`, `prevLog`, `group`), stands first on the wire, so that it can be put before the rest under the lock,
//! in a text of exactly the right size: a record may be kept for long.
//! A public record shares the rest with every mailbox and joins its head when a device first reads it.

use std::sync::OnceLock;
use std::time::Instant;

use bytestring::ByteString;

use crate::vocabulary::cursor::Seq;
use crate::vocabulary::scratch::Scratch;
use crate::{EventName, FrameKind, Timestamp, Version};

const LONGEST_HEAD: usize = r#"{"seq":,"prevLog":,"group":"#.len() + 3 * 20;

/// What a record weighs beside its text: itself, its head, its place in the log and in the index.
pub(crate) const OVERHEAD: usize = std::mem::size_of::<Record>() + LONGEST_HEAD + 64;

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

/// The text behind the head.
#[derive(Debug, Clone)]
pub(crate) enum Tail {
    /// Of one user; the head is put before it when it is appended.
    Own(Scratch),
    /// Of everybody; never copied before a device reads it.
    Shared(ByteString),
}

impl Tail {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Own(text) => text.len(),
            Self::Shared(text) => text.len(),
        }
    }
}

/// An event on its way into a log.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) class: Class,
    pub(crate) state: StateName,
    pub(crate) version: Option<Version>,
    pub(crate) expires: Option<Instant>,
    pub(crate) tail: Tail,
}

impl Draft {
    pub(crate) fn removal(state: StateName, reason: RemovalReason, version: Option<Version>, wall: Timestamp) -> Self {
        let tail = Scratch::of(|text| {
            push_tail_start(text, &state.name, state.key.as_deref(), wall);
            for piece in [r#","removed":true,"reason":""#, reason.as_str(), r#""}"#] {
                text.extend_from_slice(piece.as_bytes());
            }
        });
        Self { class: Class::Removal, state, version, expires: None, tail: Tail::Own(tail) }
    }

    /// The same for everybody: every log that takes it shares the text.
    pub(crate) fn shared(self) -> Self {
        match self.tail {
            Tail::Own(text) => Self { tail: Tail::Shared(ByteString::from(&*text)), ..self },
            Tail::Shared(_) => self,
        }
    }

    pub(crate) fn is_public(&self) -> bool {
        matches!(self.tail, Tail::Shared(_))
    }

    /// Whether it sets or takes away a State.
    pub(crate) fn is_state(&self) -> bool {
        self.class != Class::Log
    }

    pub(crate) fn bytes(&self) -> usize {
        OVERHEAD + self.tail.len() + self.state.key.as_ref().map_or(0, |key| key.len())
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

/// One event in a log.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) seq: Seq,
    pub(crate) class: Class,
    pub(crate) state: StateName,
    pub(crate) version: Option<Version>,
    pub(crate) expires: Option<Instant>,
    /// When it was appended; a log forgets by age.
    pub(crate) appended: Instant,
    /// The seq of the Log record before it; meaningful for a Log record.
    pub(crate) prev_log: Seq,
    /// The last seq of the group that it was appended in.
    pub(crate) group: Option<Seq>,
    pub(crate) bytes: usize,
    text: Text,
}

#[derive(Debug)]
enum Text {
    Whole(ByteString),
    Joined { tail: ByteString, whole: OnceLock<ByteString> },
}

/// Where a record stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) seq: Seq,
    pub(crate) prev_log: Seq,
    pub(crate) group: Option<Seq>,
    pub(crate) now: Instant,
}

impl Record {
    pub(crate) fn new(draft: Draft, place: Place) -> Self {
        let bytes = draft.bytes();
        let Draft { class, state, version, expires, tail } = draft;
        let Place { seq, prev_log, group, now } = place;
        let text = match tail {
            Tail::Own(tail) => Text::Whole(joined(class, place, &tail)),
            Tail::Shared(tail) => Text::Joined { tail, whole: OnceLock::new() },
        };
        Self { seq, class, state, version, expires, appended: now, prev_log, group, bytes, text }
    }

    pub(crate) const fn is_public(&self) -> bool {
        matches!(self.text, Text::Joined { .. })
    }

    /// The same event on its way into another log; `None` for a record that is one user's own.
    pub(crate) fn shared_draft(&self) -> Option<Draft> {
        let Text::Joined { tail, .. } = &self.text else { return None };
        Some(Draft {
            class: self.class,
            state: self.state.clone(),
            version: self.version,
            expires: self.expires,
            tail: Tail::Shared(tail.clone()),
        })
    }

    pub(crate) fn text(&self) -> &ByteString {
        match &self.text {
            Text::Whole(text) => text,
            Text::Joined { tail, whole } => whole.get_or_init(|| self.join(tail)),
        }
    }

    fn join(&self, tail: &str) -> ByteString {
        let place = Place { seq: self.seq, prev_log: self.prev_log, group: self.group, now: self.appended };
        joined(self.class, place, tail)
    }

    pub(crate) const fn frame_kind(&self) -> FrameKind {
        match self.class {
            Class::Log => FrameKind::Log,
            Class::Live | Class::Final => FrameKind::State,
            Class::Removal => FrameKind::Removed,
        }
    }
}

/// The head of a place in a log, and the tail behind it.
fn joined(class: Class, place: Place, tail: &str) -> ByteString {
    let mut digits = [itoa::Buffer::new(); 3];
    let [seq, prev_log, group] = &mut digits;
    let mut pieces = [r#"{"seq":"#, seq.format(place.seq), "", "", "", "", tail];
    if class == Class::Log {
        pieces[2..4].copy_from_slice(&[r#","prevLog":"#, prev_log.format(place.prev_log)]);
    }
    if let Some(last) = place.group {
        pieces[4..6].copy_from_slice(&[r#","group":"#, group.format(last)]);
    }
    pieces.concat().into()
}
