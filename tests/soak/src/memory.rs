//! What the server's process takes of the machine's memory, and how much of it may be left behind.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ALLOCATOR;

/// What a process takes, in KiB.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Memory {
    /// What is allocated and not given back yet.
    pub(crate) allocated: u64,
    /// With what the system's allocator keeps for later; 0 where the system does not say.
    pub(crate) resident: u64,
}

impl Memory {
    /// Of this process.
    pub(crate) fn now() -> Self {
        let resident = std::fs::read_to_string("/proc/self/status").ok().and_then(|status| {
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
            line.trim().strip_suffix(" kB")?.parse().ok()
        });
        Self { allocated: ALLOCATOR.current_usage() as u64 / 1024, resident: resident.unwrap_or(0) }
    }

    /// Whether an empty server takes what it took when it was empty before, but for tables that keep their size, and pages
    /// that are kept in other places.
    pub(crate) const fn is_back_at(self, before: Self) -> bool {
        self.allocated <= before.allocated + 512 + before.allocated / 20
            && self.resident <= before.resident + 16 * 1024 + before.resident / 4
    }

    /// Whether an empty server takes what it took before its first device, but for what so many sockets leave behind once.
    ///
    /// Tables of the hub, of the runtime and of the books keep the size that they had with all devices: some 120 bytes a
    /// socket were seen, 256 are allowed, and 512 KiB for what does not grow with them. A hundred bytes of each connection
    /// that there ever was would be more, since each device has many in a run. The system's allocator gives back only what
    /// is at the end of its heaps, so what a socket takes while it is open, some 20 KiB, stays resident for the next.
    pub(crate) const fn is_within(self, at_first: Self, sockets: usize) -> bool {
        self.allocated <= at_first.allocated + 512 + sockets as u64 / 4
            && self.resident <= at_first.resident + 16 * 1024 + sockets as u64 * 32
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} KiB allocated, {} MiB resident", self.allocated, self.resident / 1024)
    }
}
