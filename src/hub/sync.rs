//! The locks and atomics of the hub, so that a model checker can stand in for them.
//!
//! Invariants:
//! - Every lock and atomic of this layer is named here, and by no other file of it. `Arc` is not among them: nothing asks
//!   how many references there are, so no order of events depends on it.
//! - With `--cfg user_hub_shuttle` (the models in `tests/interleavings`) they are those of shuttle, which decides at each of
//!   them who goes on; and nothing is left to chance that decides the way through the code: the hash of registry and
//!   catalog is fixed, and so is the number of shards.
//! - Without it, these are the very types of parking_lot and std.

#[cfg(user_hub_shuttle)]
pub(crate) use checked::*;
#[cfg(not(user_hub_shuttle))]
pub(crate) use plain::*;

#[cfg(not(user_hub_shuttle))]
mod plain {
    pub(crate) use std::sync::OnceLock;
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};

    pub(crate) use foldhash::quality::RandomState;
    pub(crate) use parking_lot::{Mutex, RwLock};

    /// The size of the first table of the catalog, a power of two; most hosts have fewer names.
    pub(crate) const NAMES: usize = 32;

    /// Of the registry: enough that two cores seldom meet, and that what one has in its cache when it wakes the users of a
    /// shard is still there when their tasks run.
    pub(crate) fn shards() -> usize {
        let cores = std::thread::available_parallelism().map_or(4, std::num::NonZero::get);
        (cores * 32).next_power_of_two()
    }
}

#[cfg(user_hub_shuttle)]
mod checked {
    use std::sync::PoisonError;

    pub(crate) use foldhash::quality::FixedState as RandomState;
    pub(crate) use shuttle::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
    use shuttle::sync::{MutexGuard, RwLockReadGuard, RwLockWriteGuard};

    /// All names meet in one place, and each further one makes a table.
    pub(crate) const NAMES: usize = 1;

    pub(crate) const fn shards() -> usize {
        4
    }

    /// A lock that, like parking_lot's, does not poison.
    #[derive(Debug, Default)]
    pub(crate) struct Mutex<T>(shuttle::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) const fn new(value: T) -> Self {
            Self(shuttle::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    /// The same for many readers.
    #[derive(Debug, Default)]
    pub(crate) struct RwLock<T>(shuttle::sync::RwLock<T>);

    impl<T> RwLock<T> {
        pub(crate) const fn new(value: T) -> Self {
            Self(shuttle::sync::RwLock::new(value))
        }

        pub(crate) fn read(&self) -> RwLockReadGuard<'_, T> {
            self.0.read().unwrap_or_else(PoisonError::into_inner)
        }

        pub(crate) fn write(&self) -> RwLockWriteGuard<'_, T> {
            self.0.write().unwrap_or_else(PoisonError::into_inner)
        }
    }

    /// A cell that is filled once; like an atomic, it is an occasion to change threads.
    #[derive(Debug)]
    pub(crate) struct OnceLock<T> {
        cell: std::sync::OnceLock<T>,
        is_full: AtomicBool,
    }

    impl<T> Default for OnceLock<T> {
        fn default() -> Self {
            Self { cell: std::sync::OnceLock::new(), is_full: AtomicBool::new(false) }
        }
    }

    impl<T> OnceLock<T> {
        pub(crate) fn get(&self) -> Option<&T> {
            if self.is_full.load(Ordering::SeqCst) { self.cell.get() } else { None }
        }

        pub(crate) fn set(&self, value: T) -> Result<(), T> {
            let set = self.cell.set(value);
            self.is_full.store(true, Ordering::SeqCst);
            set
        }

        pub(crate) fn get_or_init(&self, init: impl FnOnce() -> T) -> &T {
            let value = self.cell.get_or_init(init);
            self.is_full.store(true, Ordering::SeqCst);
            value
        }
    }

    impl<T> From<T> for OnceLock<T> {
        fn from(value: T) -> Self {
            Self { cell: value.into(), is_full: AtomicBool::new(true) }
        }
    }
}
