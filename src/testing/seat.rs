//! One scripted device: what is at the end of a line that is slow, stalled, cut or lossy.
//!
//! Invariants: what it does follows from the frames, the clock and the random numbers that it is given, nothing else.
//! Every frame that the connection hands out is in the transcript, whether it reached the device or not.

use std::time::{Duration, Instant};

use super::{Device, Effect, Random, json};
use crate::{ConnectError, ConnectOptions, Connection, Cursor, Frame, FrameKind, Start, UserHub};
use futures::{FutureExt, StreamExt};

/// How a device of a [`Scenario`](super::Scenario) takes what there is for it.
///
/// ```
/// use user_hub::testing::{Pace, Scenario};
///
/// let mut scenario = Scenario::new(7);
/// let phone = scenario.connect("alice", Pace::Slow(2))?;
/// scenario.set_pace(phone, Pace::Fast);
/// # Ok::<(), user_hub::ConnectError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pace {
    /// Everything, at each step.
    Fast,
    /// So many frames a step.
    Slow(usize),
    /// Nothing, until it gets another pace; its connection stays open.
    Stalled,
    /// Everything, but at random its connection is cut, in the middle of a snapshot or a group too; it comes back with
    /// its cursor, after the wait that a client keeps.
    Reconnecting,
    /// Everything, but at random a Log frame goes astray: it finds out, and comes back for it.
    Lossy,
}

/// One line of what went over the connections of a device.
///
/// ```
/// use user_hub::testing::{Line, Pace, Scenario};
///
/// let mut scenario = Scenario::new(7);
/// let phone = scenario.connect("alice", Pace::Fast)?;
/// scenario.step();
/// assert!(matches!(scenario.transcript(phone), [Line::Connect(None), Line::Frame(_), Line::Frame(_)]));
/// # Ok::<(), user_hub::ConnectError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Line {
    /// It connects, with a cursor if it has one.
    Connect(Option<Cursor>),
    /// A frame reaches it.
    Frame(Frame),
    /// A frame goes astray.
    Lost(Frame),
    /// The connection is over.
    Cut,
}

/// What began with a `CONNECTED` that was not a resume.
#[derive(Debug, Clone)]
pub(super) struct Life {
    pub(super) user: String,
    pub(super) epoch: String,
    /// Log up to here is not this life's.
    pub(super) start: u64,
    /// How many Log records and gaps the device had before.
    pub(super) records_before: usize,
    pub(super) gaps_before: usize,
    /// Whether it came with a cursor, which the hub did not know.
    pub(super) had_cursor: bool,
}

/// A device, and its connection if it has one.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) user: String,
    pub(super) pace: Pace,
    pub(super) device: Device,
    pub(super) lives: Vec<Life>,
    pub(super) transcript: Vec<Line>,
    /// Whether it was told to stay away.
    pub(super) stays_away: bool,
    options: ConnectOptions,
    connection: Option<Connection>,
    /// How often it has come back since it was last synced.
    attempt: u32,
    comes_back: Instant,
}

/// A device that comes back waits at least so long, at first and at last, and at most twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LAST_WAIT: Duration = Duration::from_secs(15);

/// One Log frame in so many goes astray.
const LOST_ONE_IN: usize = 8;
/// One step in so many the connection is cut; likelier in the middle of a group.
const CUT_ONE_IN: usize = 4;
const CUT_BEHIND_ONE_IN: usize = 6;
const CUT_IN_GROUP_ONE_IN: usize = 2;

impl Seat {
    pub(super) fn new(user: &str, pace: Pace, options: ConnectOptions, now: Instant) -> Self {
        Self {
            user: user.to_owned(),
            pace,
            device: Device::new(),
            lives: Vec::new(),
            transcript: Vec::new(),
            stays_away: false,
            options,
            connection: None,
            attempt: 0,
            comes_back: now,
        }
    }

    /// Connects, from where the device is.
    pub(super) fn connect(&mut self, hub: &UserHub) -> Result<(), ConnectError> {
        let cursor = self.device.cursor();
        let options = match self.device.begin() {
            Start::Snapshot => self.options.clone(),
            start => self.options.clone().start(start),
        };
        self.connection = Some(hub.connect_with(&self.user, options)?);
        self.transcript.push(Line::Connect(cursor));
        Ok(())
    }

    /// The connection is over; the device comes back after a wait.
    pub(super) fn cut(&mut self, now: Instant, random: &mut Random) {
        if self.connection.take().is_some() {
            self.transcript.push(Line::Cut);
            self.wait(now, random);
        }
    }

    fn wait(&mut self, now: Instant, random: &mut Random) {
        let least = FIRST_WAIT.saturating_mul(1 << self.attempt.min(10)).min(LAST_WAIT);
        self.attempt += 1;
        self.comes_back = now + least + least.mul_f64(random.below(1_000) as f64 / 1_000.0);
    }

    /// What it does in one step.
    pub(super) fn step(&mut self, hub: &UserHub, now: Instant, random: &mut Random) {
        if self.pace == Pace::Stalled || self.stays_away {
            return;
        }
        if self.connection.is_none() && (now < self.comes_back || !self.is_back(hub, now, random)) {
            return;
        }
        self.handle_deadline(now);
        match self.pace {
            Pace::Slow(frames) => drop((0..frames).take_while(|_| self.take(now, random, false)).count()),
            Pace::Reconnecting if random.one_in(CUT_ONE_IN) => {
                while self.take(now, random, false) && !self.is_cut_here(random) {}
                self.cut(now, random);
            }
            pace => while self.take(now, random, pace == Pace::Lossy) {},
        }
    }

    fn is_cut_here(&self, random: &mut Random) -> bool {
        random.one_in(if self.device.is_holding() { CUT_IN_GROUP_ONE_IN } else { CUT_BEHIND_ONE_IN })
    }

    /// Takes all that there is, whatever its pace, and comes back for what it finds missing; whether it is up to date.
    pub(super) fn settle(&mut self, hub: &UserHub, now: Instant, random: &mut Random) -> bool {
        if self.pace == Pace::Lossy {
            // What went astray last is noticed by what comes behind it: by CONNECTED, if nothing else does.
            self.cut(now, random);
        }
        // One connection, one more if something is missing, and one for a hub that ends the first.
        for _ in 0..3 {
            if self.connection.is_none() && (self.stays_away || !self.is_back(hub, now, random)) {
                break;
            }
            self.handle_deadline(now);
            while self.take(now, random, false) {}
            if self.connection.is_some() {
                return self.device.is_synced();
            }
        }
        false
    }

    fn is_back(&mut self, hub: &UserHub, now: Instant, random: &mut Random) -> bool {
        let connected = self.connect(hub);
        self.stays_away = matches!(connected, Err(ConnectError::SessionEnded | ConnectError::SessionExpired));
        if connected.is_err() {
            self.wait(now, random);
        }
        connected.is_ok()
    }

    fn handle_deadline(&mut self, now: Instant) {
        if let Some(connection) = &mut self.connection {
            if connection.next_deadline().is_some_and(|deadline| deadline <= now) {
                connection.handle_deadline(now);
            }
        }
    }

    /// Takes one frame; false if there is none, or the connection is over with it.
    fn take(&mut self, now: Instant, random: &mut Random, loses: bool) -> bool {
        let next = self.connection.as_mut().and_then(|connection| connection.next().now_or_never());
        let Some(frame) = next.flatten() else { return false };
        if loses && frame.kind() == FrameKind::Log && random.one_in(LOST_ONE_IN) {
            self.transcript.push(Line::Lost(frame));
            return true;
        }
        self.transcript.push(Line::Frame(frame.clone()));
        let had_cursor = self.device.cursor().is_some();
        for effect in self.device.receive(frame.text()) {
            match effect {
                Effect::Connected { user, recovered: false, .. } => {
                    self.begin_life(user, had_cursor, &frame);
                }
                Effect::Synced { .. } => self.attempt = 0,
                Effect::Reconnect => self.cut(now, random),
                Effect::Closing { reconnect, retry_after, .. } => {
                    self.cut(now, random);
                    self.comes_back = self.comes_back.max(now + retry_after.unwrap_or_default());
                    self.stays_away = !reconnect;
                }
                _ => {}
            }
        }
        self.connection.is_some()
    }

    fn begin_life(&mut self, user: String, had_cursor: bool, connected: &Frame) {
        let connected = json::read(connected.text()).unwrap_or_default();
        self.lives.push(Life {
            user,
            epoch: connected["epoch"].as_str().unwrap_or_default().to_owned(),
            start: connected["lastLog"].as_u64().unwrap_or_default(),
            records_before: self.device.records().len(),
            gaps_before: self.device.gaps().len(),
            had_cursor,
        });
    }
}
