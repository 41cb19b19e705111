//! What happened, counted; and what must not have.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// How much happened, all devices together.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Devices with a connection that has said CONNECTED.
    pub(crate) open: AtomicU64,
    pub(crate) connects: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) frames: AtomicU64,
    pub(crate) records: AtomicU64,
    pub(crate) gaps_evicted: AtomicU64,
    pub(crate) gaps_unknown: AtomicU64,
    pub(crate) resets: AtomicU64,
    pub(crate) known: AtomicU64,
    pub(crate) unknown: AtomicU64,
    pub(crate) anew: AtomicU64,
    pub(crate) loads_failed: AtomicU64,
    pub(crate) closed: AtomicU64,
    pub(crate) cut: AtomicU64,
    pub(crate) vanished: AtomicU64,
    pub(crate) left: AtomicU64,
    pub(crate) stalled: AtomicU64,
    pub(crate) lost: AtomicU64,
    pub(crate) silent: AtomicU64,
    failures: Mutex<Vec<String>>,
}

/// One more.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

pub(crate) fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

impl Counts {
    pub(crate) fn fail(&self, what: String) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    pub(crate) fn failures(&self) -> Vec<String> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn has_failed(&self) -> bool {
        !self.failures.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

impl fmt::Display for Counts {
    /// The table at the end.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = [
            ("connections", &self.connects),
            ("requests refused, or without an answer", &self.refused),
            ("frames", &self.frames),
            ("records", &self.records),
            ("resumed with a known cursor", &self.known),
            ("came with a cursor that was unknown, and were told so", &self.unknown),
            ("came as new devices", &self.anew),
            ("GAP, evicted", &self.gaps_evicted),
            ("GAP, unknown", &self.gaps_unknown),
            ("RESET", &self.resets),
            ("SYNCED with a failed load", &self.loads_failed),
            ("cut by the device with a reset", &self.cut),
            ("vanished without a word", &self.vanished),
            ("left", &self.left),
            ("stalled, and went on", &self.stalled),
            ("given up by the device: no heartbeat", &self.silent),
            ("lost with their server, or closed by it without CLOSING", &self.lost),
            ("closed by CLOSING", &self.closed),
        ];
        writeln!(formatter, "| what | how often |\n|---|---:|")?;
        rows.into_iter().try_for_each(|(what, counter)| writeln!(formatter, "| {what} | {} |", read(counter)))
    }
}
