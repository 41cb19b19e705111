//! How far publishers may be ahead of the devices: the same for all contenders, so that none of them loses anything.
//!
//! Invariant: a publisher has its turn when no device has more than [`AHEAD`] broadcasts before it undelivered. Who
//! waits is woken by the device that was the last to be behind.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// More than so many undelivered on a connection, and the publisher waits.
const AHEAD: u64 = 8;

/// Of one user and its devices.
pub(crate) struct Window {
    /// How many turns were asked for.
    turns: AtomicU64,
    /// Turns below this need not look at the devices.
    open_below: AtomicU64,
    /// The lowest turn that waits; none is `u64::MAX`.
    waiting: AtomicU64,
    devices: Box<[Delivered]>,
    opened: Notify,
}

/// How many broadcasts a device has heard of, in a cache line of its own.
#[repr(align(128))]
struct Delivered(AtomicU64);

impl Window {
    pub(crate) fn new(devices: usize) -> Self {
        Self {
            turns: AtomicU64::new(0),
            open_below: AtomicU64::new(0),
            waiting: AtomicU64::new(u64::MAX),
            devices: (0..devices).map(|_| Delivered(AtomicU64::new(0))).collect(),
            opened: Notify::new(),
        }
    }

    /// Waits until the publisher may broadcast once.
    pub(crate) async fn turn(&self) {
        let turn = self.turns.fetch_add(1, Ordering::SeqCst);
        while turn >= self.open_below.load(Ordering::SeqCst) {
            let mut opened = std::pin::pin!(self.opened.notified());
            opened.as_mut().enable();
            self.waiting.fetch_min(turn, Ordering::SeqCst);
            if turn >= self.open() {
                opened.await;
            }
        }
    }

    /// A device has heard of so many more.
    pub(crate) fn delivered(&self, device: usize, broadcasts: u64) {
        let delivered = self.devices[device].0.fetch_add(broadcasts, Ordering::SeqCst) + broadcasts;
        let waiting = self.waiting.load(Ordering::SeqCst);
        // The first test spares the look at the others.
        if waiting <= delivered + AHEAD
            && waiting < self.open()
            && self.waiting.swap(u64::MAX, Ordering::SeqCst) < u64::MAX
        {
            self.opened.notify_waiters();
        }
    }

    fn open(&self) -> u64 {
        let slowest =
            self.devices.iter().map(|device| device.0.load(Ordering::SeqCst)).min().unwrap_or(u64::MAX - AHEAD - 1);
        let below = slowest + AHEAD + 1;
        self.open_below.fetch_max(below, Ordering::SeqCst);
        below
    }
}
