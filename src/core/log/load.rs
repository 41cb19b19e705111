//! What the host's StateSource brings into a log in which things happened meanwhile.
//!
//! Invariants: what was removed while the load ran is not brought back, whatever its version; so a removal that was
//! forgotten meanwhile, or found no room, makes it run again. Every name is decided on against the log as it stood when the
//! load came back, before anything is added: adding may evict what a decision rests on.

use smallvec::smallvec;

use super::{Class, Draft, Log, LogLimits, Moment, Seq};

/// What became of what a StateSource brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Merged {
    /// It is in the log, but for so many that found no room.
    Done { refused: usize },
    /// Something was forgotten that it would have to know: load again.
    Again,
}

/// How the log stood when a load began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LoadMark {
    head: Seq,
    state_floor: Seq,
}

impl Log {
    /// A load of the host's State begins.
    pub(crate) fn begin_load(&mut self) {
        self.loading = Some(Box::new(LoadMark { head: self.head, state_floor: self.states.floor() }));
    }

    /// The load has failed, or is given up.
    pub(crate) fn end_load(&mut self) {
        self.loading = None;
    }

    /// Takes over what a load brought. Decides for every name against the log as it stands, then adds.
    ///
    /// The host commits before it broadcasts, so what was here before the load is no newer than what it brings, and what
    /// came meanwhile is no older; a version decides better, where there is one.
    pub(crate) fn merge(&mut self, drafts: Vec<Draft>, moment: Moment, limits: &LogLimits) -> Merged {
        let Some(mark) = self.loading.take() else { return Merged::Done { refused: 0 } };
        if self.states.floor() > mark.state_floor {
            return Merged::Again;
        }
        let is_expired = |draft: &Draft| draft.expires.is_some_and(|expires| expires <= moment.now);
        let is_wanted = |draft: &Draft| draft.is_state() && !is_expired(draft) && self.is_wanted(draft, &mark);
        let wanted: Vec<Draft> = drafts.into_iter().filter(is_wanted).collect();
        let mut refused = 0;
        for draft in wanted {
            refused += usize::from(self.append(smallvec![draft], moment, limits).is_err());
        }
        Merged::Done { refused }
    }

    fn is_wanted(&self, draft: &Draft, mark: &LoadMark) -> bool {
        let Some(record) = self.find(&draft.state) else { return draft.class == Class::Live };
        let is_live = record.body.class == Class::Live;
        if record.seq > mark.head {
            // A removal wins whatever its version; of two values the newer.
            return is_live && record.body.version.is_some() && draft.version > record.body.version;
        }
        match (draft.version, record.body.version) {
            (Some(loaded), Some(kept)) if is_live => loaded > kept,
            (Some(loaded), Some(kept)) => draft.class == Class::Live && loaded >= kept,
            _ => is_live || draft.class == Class::Live,
        }
    }
}
