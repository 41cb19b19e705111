//! A device: it connects, reads, is cut, stalls, vanishes, and comes back, as its seed says.
//!
//! Invariant: what it does to its socket follows from its random numbers and the phase of the run; when in time it meets the
//! server, no seed can say.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use user_hub::testing::{Effect, Random};

use crate::audit::{Audit, Common};
use crate::counts::{Counts, count};
use crate::ledger::Account;
use crate::server::RETENTION;
use crate::wire::{Line, Wire};

/// What the driver wants of all devices.
#[derive(Debug, Clone)]
pub(crate) enum Phase {
    /// Be there, and suffer a fault now and then.
    Storm,
    /// Be there, undisturbed.
    Calm,
    /// Compare the screen with these accounts.
    Check(Arc<Vec<Account>>),
    /// Be away.
    Gone,
    Over,
}

/// How far a device is, for the driver.
#[derive(Debug, Default)]
pub(crate) struct Status {
    /// It shows everything that the hub and its StateSource have.
    pub(crate) is_whole: AtomicBool,
    /// The highest number that a State of its user has had.
    pub(crate) last: AtomicU64,
    /// How often it has been compared with the books.
    pub(crate) checks: AtomicU64,
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    /// The socket ends with a reset.
    Cut,
    /// The socket stays, and nobody reads it.
    Vanish,
    /// As a page that is closed.
    Leave,
    /// It reads nothing for a while.
    Stall,
    /// It leaves, and the next connection is that of a device that was never there.
    Renew,
}

impl Fault {
    fn draw(random: &mut Random) -> Self {
        *random.pick(&[
            Self::Cut,
            Self::Cut,
            Self::Cut,
            Self::Leave,
            Self::Stall,
            Self::Stall,
            Self::Vanish,
            Self::Renew,
        ])
    }
}

/// What all devices share.
#[derive(Debug)]
pub(crate) struct Hall {
    pub(crate) seed: u64,
    pub(crate) counts: Arc<Counts>,
    pub(crate) common: Arc<Common>,
    pub(crate) phases: watch::Receiver<Phase>,
    /// A fault comes within this time.
    pub(crate) span: Duration,
    /// Over this time devices come back that have lost their server together.
    pub(crate) spread: Duration,
    pub(crate) seats: Vec<Status>,
}

pub(crate) struct Seat {
    hall: Arc<Hall>,
    number: usize,
    user: usize,
    line: Line,
    random: Random,
    audit: Audit,
    phases: watch::Receiver<Phase>,
}

/// A connection, while it lasts.
struct Visit {
    wire: Wire,
    fault: Option<(Fault, Instant)>,
    /// Until when it reads nothing.
    stall: Option<Instant>,
    /// How long a line is quiet at most, as CONNECTED said.
    quiet: Option<Duration>,
    last_frame: Instant,
    /// When it comes again because a load had failed.
    again: Option<Instant>,
}

impl Seat {
    pub(crate) fn new(hall: &Arc<Hall>, number: usize, user: usize, line: Line) -> Self {
        Self {
            number,
            user,
            line,
            random: Random::new(hall.seed ^ (number as u64).rotate_left(24)),
            audit: Audit::new(user, &hall.common, &hall.counts),
            phases: hall.phases.clone(),
            hall: Arc::clone(hall),
        }
    }

    pub(crate) async fn run(mut self) {
        let mut wait = self.up_to(self.hall.spread);
        loop {
            let phase = self.phases.borrow_and_update().clone();
            match phase {
                Phase::Over => return,
                Phase::Gone => {
                    drop(self.phases.changed().await);
                    wait = self.up_to(self.hall.spread);
                }
                Phase::Storm | Phase::Calm | Phase::Check(_) => {
                    tokio::select! {
                        () = sleep(wait) => wait = self.visit().await,
                        _ = self.phases.changed() => wait = wait.min(self.up_to(self.hall.spread)),
                    }
                }
            }
            if self.hall.counts.has_failed() {
                return;
            }
        }
    }

    fn status(&self) -> &Status {
        &self.hall.seats[self.number]
    }

    fn up_to(&mut self, longest: Duration) -> Duration {
        Duration::from_millis(self.random.below(longest.as_millis() as usize + 1) as u64)
    }

    /// How long it is away, of itself.
    fn away(&mut self) -> Duration {
        let longest = *self.random.pick(&[RETENTION / 6, RETENTION / 6, RETENTION / 6, RETENTION / 2, RETENTION * 2]);
        self.up_to(longest)
    }

    /// One connection; returns after how long the next one is wanted.
    async fn visit(&mut self) -> Duration {
        let fault = self.next_fault();
        let cursor = self.audit.begin();
        let is_reset = matches!(fault, Some((Fault::Cut, _)));
        let Some(wire) = self.line.open(cursor.as_deref(), is_reset).await else {
            count(&self.hall.counts.refused);
            return Duration::from_millis(200) + self.up_to(self.hall.spread);
        };
        self.hall.counts.open.fetch_add(1, Ordering::Relaxed);
        let now = Instant::now();
        let visit = Visit { wire, fault, stall: None, quiet: None, last_frame: now, again: None };
        let wait = self.stay(visit).await;
        self.hall.counts.open.fetch_sub(1, Ordering::Relaxed);
        self.status().is_whole.store(false, Ordering::Relaxed);
        wait
    }

    fn next_fault(&mut self) -> Option<(Fault, Instant)> {
        let is_storm = matches!(*self.phases.borrow(), Phase::Storm);
        is_storm.then(|| (Fault::draw(&mut self.random), Instant::now() + self.up_to(self.hall.span)))
    }

    async fn stay(&mut self, mut visit: Visit) -> Duration {
        loop {
            // What it waits for besides frames: the end of a stall, or a fault; a load to ask for again; a heartbeat.
            let fault = visit.stall.or(visit.fault.map(|(_, at)| at)).or(visit.again);
            let silence = visit.quiet.map(|quiet| visit.last_frame + quiet).filter(|_| visit.stall.is_none());
            tokio::select! {
                biased;
                _ = self.phases.changed() => {
                    if let Some(wait) = self.phase_changed(&mut visit) {
                        return wait;
                    }
                }
                () = until(fault) => {
                    if visit.stall.take().is_some() {
                        visit.last_frame = Instant::now();
                        visit.fault = self.next_fault();
                    } else if let Some((fault, _)) = visit.fault.take() {
                        match self.suffer(fault, visit) {
                            Ok(back) => visit = back,
                            Err(wait) => return wait,
                        }
                    } else {
                        return Duration::ZERO;
                    }
                }
                text = visit.wire.next(), if visit.stall.is_none() => {
                    let Some(text) = text else {
                        count(&self.hall.counts.lost);
                        return self.up_to(self.hall.spread);
                    };
                    visit.last_frame = Instant::now();
                    if let Some(wait) = self.receive(&text, &mut visit) {
                        return wait;
                    }
                }
                () = until(silence) => {
                    count(&self.hall.counts.silent);
                    return self.up_to(self.hall.spread);
                }
            }
        }
    }

    /// Returns a wait if the connection is over.
    fn phase_changed(&mut self, visit: &mut Visit) -> Option<Duration> {
        let phase = self.phases.borrow_and_update().clone();
        match phase {
            Phase::Storm => visit.fault = self.next_fault(),
            Phase::Calm => {
                (visit.fault, visit.stall, visit.last_frame) = (None, None, Instant::now());
                visit.again = (!self.audit.has_whole_state()).then(|| Instant::now() + self.again_in());
            }
            Phase::Check(accounts) => {
                if let Err(what) = self.audit.compare(&accounts[self.user], &accounts[crate::facts::EVERYBODY]) {
                    self.fail(&what);
                }
                self.status().checks.fetch_add(1, Ordering::Relaxed);
            }
            Phase::Gone | Phase::Over => return Some(Duration::ZERO),
        }
        None
    }

    /// The hub itself waits a second at least before it loads again.
    fn again_in(&mut self) -> Duration {
        Duration::from_secs(1) + self.up_to(Duration::from_secs(2))
    }

    /// The connection, if it has survived; or how long the device is away.
    fn suffer(&mut self, fault: Fault, mut visit: Visit) -> Result<Visit, Duration> {
        let counts = &self.hall.counts;
        match fault {
            Fault::Stall => {
                count(&counts.stalled);
                visit.stall = Some(Instant::now() + self.up_to(RETENTION * 2));
                return Ok(visit);
            }
            Fault::Cut => count(&counts.cut),
            Fault::Leave => count(&counts.left),
            Fault::Renew => {
                count(&counts.left);
                self.audit = Audit::new(self.user, &self.hall.common, &self.hall.counts);
            }
            Fault::Vanish => {
                count(&counts.vanished);
                let (wire, mut phases, long) = (visit.wire, self.phases.clone(), self.up_to(self.hall.span));
                // The other end of a dead network: nobody reads, until somebody is told.
                tokio::spawn(async move {
                    let _wire = wire;
                    tokio::select! {
                        () = sleep(long) => {}
                        _ = phases.changed() => {}
                    }
                });
            }
        }
        Err(self.away())
    }

    /// Returns a wait if the connection is over.
    fn receive(&mut self, text: &str, visit: &mut Visit) -> Option<Duration> {
        let effects = match self.audit.receive(text) {
            Ok(effects) => effects,
            Err(what) => {
                self.fail(&what);
                return Some(Duration::ZERO);
            }
        };
        let status = self.status();
        status.last.store(self.audit.last(), Ordering::Relaxed);
        status.is_whole.store(self.audit.has_whole_state(), Ordering::Relaxed);
        for effect in effects {
            match effect {
                Effect::Connected { heartbeat, .. } => visit.quiet = heartbeat.map(|interval| interval.mul_f64(2.5)),
                Effect::Synced { .. } if matches!(*self.phases.borrow(), Phase::Calm) => {
                    visit.again = (!self.audit.has_whole_state()).then(|| Instant::now() + self.again_in());
                }
                Effect::Closing { retry_after, .. } => {
                    count(&self.hall.counts.closed);
                    return Some(retry_after.unwrap_or_default() + self.up_to(self.hall.spread));
                }
                _ => {}
            }
        }
        None
    }

    fn fail(&self, what: &str) {
        let Self { hall, number, line, .. } = self;
        hall.counts.fail(format!("seed {}, {}, device {number} ({:?}): {what}", hall.seed, line.user, line.transport));
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
