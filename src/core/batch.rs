//! What a session takes from a log at once, before it is frames.
//!
//! Invariants: the items are in the order in which their frames go out; where there is no first, there is nothing behind
//! it; one alone asks for no memory.

use std::collections::VecDeque;
use std::time::Instant;

use super::record::Record;
use crate::vocabulary::cursor::Seq;
use crate::vocabulary::frame::GapReason;

/// One frame of a batch, before it is one.
#[derive(Debug)]
pub(crate) enum Item {
    /// `moves` says whether the cursor moves with it.
    Record {
        record: Record,
        moves: bool,
    },
    Control(ControlItem),
}

impl Item {
    /// When it came into the log; `None` for a control frame.
    pub(crate) const fn appended(&self) -> Option<Instant> {
        match self {
            Self::Record { record, .. } => Some(record.appended),
            Self::Control(_) => None,
        }
    }
}

/// A control frame, before it is one.
#[derive(Debug)]
pub(crate) enum ControlItem {
    Connected { after: Option<Seq>, recovered: bool, last_log: Seq },
    Gap { from: Option<Seq>, to: Option<Seq>, reason: GapReason, last_log: Seq },
    Reset,
    Synced { seq: Seq, last_log: Seq },
    Heartbeat { seq: Seq, last_log: Seq },
    Closing,
}

impl ControlItem {
    /// Declares what was evicted above `position`, up to `to`.
    pub(super) const fn gap(position: Seq, to: Seq) -> Self {
        Self::Gap { from: Some(position + 1), to: Some(to), reason: GapReason::Evicted, last_log: to }
    }
}

impl From<ControlItem> for Item {
    fn from(item: ControlItem) -> Self {
        Self::Control(item)
    }
}

/// A batch as it is taken: most have one frame, which goes out at once and needs no room.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) first: Option<Item>,
    pub(super) rest: Rest,
}

/// What is behind the first frame of a batch; most connections have none most of the time, and keep no room for it.
pub(super) type Rest = Option<Box<VecDeque<Item>>>;

impl Batch {
    /// With room for so many frames behind the first, if any, so that nothing moves.
    pub(super) fn with_room_for(rest: usize) -> Self {
        Self { first: None, rest: (rest > 0).then(|| Box::new(VecDeque::with_capacity(rest))) }
    }

    #[inline]
    pub(super) fn push(&mut self, item: impl Into<Item>) {
        match self.first {
            None => self.first = Some(item.into()),
            Some(_) => self.rest.get_or_insert_default().push_back(item.into()),
        }
    }

    pub(super) fn extend(&mut self, mut items: impl Iterator<Item = Item>) {
        if self.first.is_none() {
            self.first = items.next();
        }
        self.rest.get_or_insert_default().extend(items);
    }

    pub(super) fn last(&self) -> Option<&Item> {
        self.rest.as_ref().and_then(|rest| rest.back()).or(self.first.as_ref())
    }
}
