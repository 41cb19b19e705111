//! What a process takes of the machine, as Linux counts it, and where it may run.

use std::fs;
use std::process::{Child, Command};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// By its number.
#[derive(Clone, Copy)]
pub(crate) struct Process(pub(crate) u32);

impl Process {
    /// The CPU time of all its threads so far.
    pub(crate) fn processed(self) -> Duration {
        let threads = fs::read_dir(format!("/proc/{}/task", self.0)).expect("it runs");
        let nanoseconds = threads.flatten().map(|thread| {
            // A thread may end meanwhile.
            let schedule = fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
            schedule.split(' ').next().and_then(|first| first.parse::<u64>().ok()).unwrap_or(0)
        });
        Duration::from_nanos(nanoseconds.sum())
    }

    /// What of it is in memory, in bytes.
    pub(crate) fn resident(self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux counts it");
        line.trim().trim_end_matches("kB").trim().parse::<usize>().expect("it is a number") * 1_024
    }
}

/// A process that ends with its owner.
pub(crate) struct Owned(pub(crate) Child);

impl Drop for Owned {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts it on a core of its own, if there are two.
pub(crate) fn start_on(core: Option<usize>, command: &mut Command) -> Owned {
    let everywhere = sched_getaffinity(None).expect("Linux says it");
    if let Some(core) = core {
        let mut only = CpuSet::new();
        only.set(core);
        // What is started inherits it.
        sched_setaffinity(None, &only).expect("it is one of ours");
    }
    let child = command.spawn().expect("it can be started");
    sched_setaffinity(None, &everywhere).expect("it was so before");
    Owned(child)
}

/// The first two cores that this process may use.
pub(crate) fn cores() -> Option<(usize, usize)> {
    let allowed = sched_getaffinity(None).expect("Linux says it");
    let mut cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
    Some((cores.next()?, cores.next()?))
}

/// Allows this process and those it starts as many open files as they may have.
///
/// # Panics
/// When that is too few.
pub(crate) fn allow_files(wanted: usize) {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).expect("up to the maximum is allowed");
    let allowed = limit.maximum.unwrap_or(u64::MAX);
    assert!(allowed >= wanted as u64, "{wanted} open files are needed, and {allowed} allowed: raise `ulimit -Hn`");
}
