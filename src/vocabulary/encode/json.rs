//! The text, its limit, and the end of both.
//!
//! Invariants: what is before `at` is text, what is behind it is room, zeros that are cut off at the end, so one look
//! tells whether a piece still fits; there is never more room than `limit` allows. After the first fault there is none at
//! all, so nothing is ever written behind a hole, whatever a `Serialize` does then.

use std::mem;

use serde::ser::{Error as _, Serialize};

use super::fault::{Error, Fault, Reason};
use super::{EncodeError, EncodeRules};

/// JSON on its way into a buffer, behind what is there already.
#[derive(Debug)]
pub(super) struct Json<'o> {
    out: &'o mut Vec<u8>,
    at: usize,
    /// The greatest length of `out`.
    most: usize,
    rules: EncodeRules,
    fault: Option<Fault>,
}

/// As much room as a payload is likely to take, in bytes.
pub(crate) const ROOM: usize = 512;

impl<'o> Json<'o> {
    pub(super) fn new(rules: EncodeRules, out: &'o mut Vec<u8>) -> Self {
        let at = out.len();
        let most = at.saturating_add(rules.limit);
        out.resize(most.min(at + ROOM), 0);
        Self { out, at, most, rules, fault: None }
    }

    /// What has become of it, by its own account or the payload's.
    pub(super) fn finish(mut self, written: Result<(), Error>) -> Result<(), EncodeError> {
        if let Err(error) = written {
            self.stop(error.into());
        }
        self.fault.take().map_or(Ok(()), |fault| Err(fault.into_error(self.rules.limit)))
    }
}

impl Drop for Json<'_> {
    fn drop(&mut self) {
        self.out.truncate(self.at);
    }
}

impl Json<'_> {
    /// Room for a piece of that length, which is written whole or not at all.
    #[inline(always)]
    pub(super) fn room(&mut self, length: usize) -> Result<&mut [u8], Error> {
        let Some(end) = self.at.checked_add(length).filter(|end| *end <= self.out.len()) else {
            return self.more_room(length);
        };
        let room = &mut self.out[self.at..end];
        self.at = end;
        Ok(room)
    }

    /// Writes a text as it is.
    #[inline(always)]
    pub(super) fn plain(&mut self, text: &str) -> Result<(), Error> {
        self.bytes(text.as_bytes())
    }

    /// The same of a text in bytes.
    #[inline(always)]
    pub(super) fn bytes(&mut self, text: &[u8]) -> Result<(), Error> {
        self.room(text.len())?.copy_from_slice(text);
        Ok(())
    }

    /// Writes a bracket or a comma.
    #[inline(always)]
    pub(super) fn byte(&mut self, byte: u8) -> Result<(), Error> {
        self.room(1)?.fill(byte);
        Ok(())
    }

    /// What was written between two moments.
    pub(super) fn between(&self, start: usize, end: usize) -> &[u8] {
        &self.out[start..end]
    }

    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// How much more there may be, in bytes.
    pub(super) const fn left(&self) -> usize {
        self.most - self.at
    }

    pub(super) const fn allows_big_integers(&self) -> bool {
        self.rules.big_integers
    }

    #[cold]
    fn more_room(&mut self, length: usize) -> Result<&mut [u8], Error> {
        let Some(end) = self.at.checked_add(length).filter(|end| *end <= self.most) else {
            return Err(self.stop(Reason::TooLarge));
        };
        self.out.resize(self.most.min(end.max(self.out.len() * 2)), 0);
        let room = &mut self.out[self.at..end];
        self.at = end;
        Ok(room)
    }
}

/// Code of the payload runs, and its own code may go on behind it: even if it panics, and that is caught.
pub(super) struct Within<'j, 'o>(&'j mut Json<'o>);

impl<'o> Within<'_, 'o> {
    #[inline(always)]
    pub(super) const fn json(&mut self) -> &mut Json<'o> {
        self.0
    }

    #[inline(always)]
    pub(super) fn returned(self) {
        mem::forget(self);
    }
}

impl Drop for Within<'_, '_> {
    fn drop(&mut self) {
        self.0.stop(Error::custom("it panicked").into());
    }
}

impl<'o> Json<'o> {
    #[inline(always)]
    pub(super) const fn within(&mut self) -> Within<'_, 'o> {
        Within(self)
    }

    /// Writes what has a place of its own in a sequence, a map or a struct: an error that comes from it gets its name.
    #[inline(always)]
    pub(super) fn value<T: Serialize + ?Sized>(
        &mut self,
        value: &T,
        name: impl FnOnce(&Self) -> String,
    ) -> Result<(), Error> {
        let mut within = self.within();
        let written = value.serialize(within.json());
        within.returned();
        match written {
            Ok(()) => Ok(()),
            Err(error) => Err(self.passed(error, name)),
        }
    }

    /// An error on its way up passes a level.
    #[cold]
    fn passed(&mut self, error: Error, name: impl FnOnce(&Self) -> String) -> Error {
        let name = name(self);
        let error = self.stop(error.into());
        if let Some(fault) = &mut self.fault {
            fault.passes(name);
        }
        error
    }

    /// Nothing is written any more.
    #[cold]
    pub(super) fn stop(&mut self, reason: Reason) -> Error {
        let error = reason.error();
        self.fault.get_or_insert(Fault::new(reason));
        self.most = self.at;
        self.out.truncate(self.at);
        error
    }
}
