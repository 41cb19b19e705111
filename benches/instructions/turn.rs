//! What of a run is counted: the work of its later turns, without what prepares it.

use std::hint::black_box;

/// Turns that are not counted: enough to fill a log, so that each record evicts another from then on.
const WARM_UP: u64 = 256;
/// Turns that are counted.
pub(crate) const TURNS: u64 = 256;
/// The option by which callgrind counts what runs within [`collected_by_callgrind`], and nothing else.
pub(crate) const TOGGLE: &str = "--toggle-collect=*collected_by_callgrind*";

/// One time of a hot path.
pub(crate) struct Turn {
    is_counted: bool,
}

impl Turn {
    /// All that a run has.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..WARM_UP + TURNS).map(|number| Self { is_counted: number >= WARM_UP })
    }

    /// Does the work, once a turn.
    pub(crate) fn count<T>(&self, work: impl FnOnce() -> T) -> T {
        if self.is_counted { collected_by_callgrind(work) } else { work() }
    }
}

#[inline(never)]
fn collected_by_callgrind<T>(work: impl FnOnce() -> T) -> T {
    let result = work();
    // Else the work could be jumped to, and callgrind would not see where it ends.
    black_box(&result);
    result
}
