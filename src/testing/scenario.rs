//! A hub, devices that are slow, stalled, cut and lossy, and a clock that a test moves: the same run for the same seed.
//!
//! Invariant: what happens follows from the seed and from what the test does. No thread, no runtime, no real time; the
//! numbers that a hub draws for itself (epochs) decide nothing.

use std::fmt;
use std::time::Duration;

use super::seat::Seat;
use super::{Device, Divergence, Line, ManualClock, Pace, Random, convergence};
use crate::{Clock, ConfigError, ConnectError, ConnectOptions, Timestamp, UserHub, UserHubBuilder};

/// What the wall shows when a scenario begins: 2026-01-01T00:00:00.000Z.
const BEGINS: Timestamp = Timestamp::from_milliseconds(1_767_225_600_000);

/// A device of a [`Scenario`].
///
/// ```
/// use user_hub::testing::{Pace, Scenario};
///
/// let phone = Scenario::new(7).connect("alice", Pace::Fast)?;
/// assert_eq!(phone.to_string(), "device 1");
/// # Ok::<(), user_hub::ConnectError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceId(pub(super) usize);

impl fmt::Display for DeviceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "device {}", self.0 + 1)
    }
}

/// A hub with scripted devices on a virtual clock: a run is the same each time, and another one for another seed.
///
/// A test broadcasts to [`hub`](Self::hub) as a service would, lets time pass by [`step`](Self::step), and asks in the end
/// whether every device shows what the hub holds. Nothing waits and nothing runs by itself, so it needs no runtime.
/// Every frame is kept, so let it live as long as one test.
///
/// ```
/// use user_hub::testing::{Pace, Scenario};
/// use user_hub::trading::PnlUpdate;
///
/// let mut scenario = Scenario::new(7);
/// for pace in [Pace::Fast, Pace::Slow(1), Pace::Reconnecting, Pace::Lossy] {
///     scenario.connect("alice", pace)?;
/// }
/// let mut pnl = PnlUpdate::default();
/// for _ in 0..100 {
///     pnl.total_pnl += scenario.random().below(100) as f64;
///     scenario.hub().broadcast_pnl("alice", &pnl);
///     scenario.step();
/// }
/// scenario.assert_converged();
/// # Ok::<(), user_hub::ConnectError>(())
/// ```
#[derive(Debug)]
pub struct Scenario {
    seed: u64,
    random: Random,
    clock: ManualClock,
    builder: UserHubBuilder,
    hub: UserHub,
    pub(super) seats: Vec<Seat>,
}

impl Scenario {
    /// A scenario with a hub as it is by default.
    ///
    /// ```
    /// let scenario = user_hub::testing::Scenario::new(7);
    /// assert_eq!(scenario.hub().connection_count(), 0);
    /// ```
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::with_builder(seed, UserHub::builder()).expect("the defaults of a hub agree")
    }

    /// A scenario with a hub of the test's own: with limits so small that something is evicted, or with a StateSource.
    ///
    /// It gets the scenario's clock, and tells devices to come back at once when it is shut down (`reconnect_spread` 0).
    /// A StateSource is polled by hand, step by step: what it waits for must not need a runtime.
    ///
    /// # Errors
    /// [`ConfigError`]: the builder's limits contradict each other.
    ///
    /// ```
    /// use user_hub::{UserHub, testing::Scenario};
    ///
    /// let scenario = Scenario::with_builder(7, UserHub::builder().log_records(4))?;
    /// # Ok::<(), user_hub::ConfigError>(())
    /// ```
    pub fn with_builder(seed: u64, builder: UserHubBuilder) -> Result<Self, ConfigError> {
        let clock = ManualClock::new(BEGINS);
        let builder = builder.clock(clock.clone()).reconnect_spread(Duration::ZERO);
        let hub = builder.clone().build()?;
        Ok(Self { seed, random: Random::new(seed), clock, builder, hub, seats: Vec::new() })
    }

    /// What the run follows from.
    ///
    /// ```
    /// assert_eq!(user_hub::testing::Scenario::new(7).seed(), 7);
    /// ```
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The hub, for what the test broadcasts.
    ///
    /// ```
    /// use user_hub::{Outcome, testing::Scenario, trading::PnlUpdate};
    ///
    /// let scenario = Scenario::new(7);
    /// assert_eq!(scenario.hub().broadcast_pnl("alice", &PnlUpdate::default()), Outcome::Kept);
    /// ```
    #[must_use]
    pub const fn hub(&self) -> &UserHub {
        &self.hub
    }

    /// The hub's clock, for services that read one too.
    ///
    /// ```
    /// use user_hub::{Clock, testing::Scenario};
    ///
    /// let mut scenario = Scenario::new(7);
    /// scenario.step();
    /// assert_eq!(scenario.clock().wall().to_string(), "2026-01-01T00:00:01.000Z");
    /// ```
    #[must_use]
    pub const fn clock(&self) -> &ManualClock {
        &self.clock
    }

    /// The numbers of the run, for what the test leaves to chance.
    ///
    /// ```
    /// let mut scenario = user_hub::testing::Scenario::new(7);
    /// let user = *scenario.random().pick(&["alice", "bob"]);
    /// ```
    pub const fn random(&mut self) -> &mut Random {
        &mut self.random
    }

    /// Connects a device that begins with the current State; what it takes when, its pace says.
    ///
    /// # Errors
    /// [`ConnectError`], as of [`UserHub::connect`].
    ///
    /// ```
    /// use user_hub::testing::{Pace, Scenario};
    ///
    /// let mut scenario = Scenario::new(7);
    /// let phone = scenario.connect("alice", Pace::Fast)?;
    /// assert!(scenario.hub().is_connected("alice"));
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    pub fn connect(&mut self, user: &str, pace: Pace) -> Result<DeviceId, ConnectError> {
        let heartbeat = self.hub.heartbeat_interval();
        self.connect_with(user, pace, ConnectOptions::new().heartbeat(heartbeat))
    }

    /// The same with options, which hold for each of its connections; when it comes back it starts at its cursor.
    ///
    /// # Errors
    /// [`ConnectError`], as of [`UserHub::connect_with`].
    ///
    /// ```
    /// use user_hub::testing::{Pace, Scenario};
    /// use user_hub::{ConnectOptions, OnSlow};
    ///
    /// let options = ConnectOptions::new().on_slow(OnSlow::Close).session("sign-in 1");
    /// let phone = Scenario::new(7).connect_with("alice", Pace::Slow(3), options)?;
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    pub fn connect_with(&mut self, user: &str, pace: Pace, options: ConnectOptions) -> Result<DeviceId, ConnectError> {
        let mut seat = Seat::new(user, pace, options, self.clock.now());
        seat.connect(&self.hub)?;
        self.seats.push(seat);
        Ok(DeviceId(self.seats.len() - 1))
    }

    /// What a device has, as of the last step.
    ///
    /// # Panics
    /// If the device is of another scenario, and this one has not so many.
    ///
    /// ```
    /// use user_hub::testing::{Pace, Scenario};
    ///
    /// let mut scenario = Scenario::new(7);
    /// let phone = scenario.connect("alice", Pace::Fast)?;
    /// scenario.step();
    /// assert!(scenario.device(phone).is_synced());
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    #[must_use]
    pub fn device(&self, device: DeviceId) -> &Device {
        &self.seats[device.0].device
    }

    /// Everything that went over the connections of a device, for who asks why it shows what it shows.
    ///
    /// # Panics
    /// As [`device`](Self::device).
    ///
    /// ```
    /// use user_hub::testing::{Line, Pace, Scenario};
    ///
    /// let mut scenario = Scenario::new(7);
    /// let phone = scenario.connect("alice", Pace::Fast)?;
    /// assert_eq!(scenario.transcript(phone), [Line::Connect(None)]);
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    #[must_use]
    pub fn transcript(&self, device: DeviceId) -> &[Line] {
        &self.seats[device.0].transcript
    }

    /// From now on a device takes what there is at another pace: how one stalls, and how it is released.
    ///
    /// # Panics
    /// As [`device`](Self::device).
    ///
    /// ```
    /// use user_hub::testing::{Pace, Scenario};
    /// use user_hub::trading::PnlUpdate;
    ///
    /// let mut scenario = Scenario::new(7);
    /// let phone = scenario.connect("alice", Pace::Stalled)?;
    /// scenario.hub().broadcast_pnl("alice", &PnlUpdate::default());
    /// scenario.step();
    /// assert_eq!(scenario.device(phone).user(), None);
    /// scenario.set_pace(phone, Pace::Fast);
    /// scenario.step();
    /// assert!(scenario.device(phone).state::<PnlUpdate>()?.is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_pace(&mut self, device: DeviceId, pace: Pace) {
        self.seats[device.0].pace = pace;
    }

    /// Cuts the connection of a device, if it has one; it comes back as a client does, after a second or two at first.
    ///
    /// # Panics
    /// As [`device`](Self::device).
    ///
    /// ```
    /// use user_hub::testing::{Pace, Scenario};
    ///
    /// let mut scenario = Scenario::new(7);
    /// let phone = scenario.connect("alice", Pace::Fast)?;
    /// scenario.cut(phone);
    /// assert!(!scenario.hub().is_connected("alice"));
    /// scenario.step();
    /// scenario.step();
    /// assert!(scenario.hub().is_connected("alice"));
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    pub fn cut(&mut self, device: DeviceId) {
        self.seats[device.0].cut(self.clock.now(), &mut self.random);
    }

    /// A second passes, and each device does as its pace says, in the order in which they were connected.
    ///
    /// ```
    /// user_hub::testing::Scenario::new(7).step();
    /// ```
    pub fn step(&mut self) {
        self.pass(Duration::from_secs(1));
    }

    /// The same with another time: minutes, so that records grow old, or none.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// user_hub::testing::Scenario::new(7).pass(Duration::from_secs(15 * 60));
    /// ```
    pub fn pass(&mut self, time: Duration) {
        self.clock.advance(time);
        let now = self.clock.now();
        for seat in &mut self.seats {
            seat.step(&self.hub, now, &mut self.random);
        }
    }

    /// The process ends without a word, and begins anew with the same builder: all connections are cut, and
    /// [`hub`](Self::hub) is another one, which has forgotten everything.
    ///
    /// A polite end is `scenario.hub().shutdown()` and a step before that.
    ///
    /// ```
    /// use user_hub::testing::{Pace, Scenario};
    ///
    /// let mut scenario = Scenario::new(7);
    /// let phone = scenario.connect("alice", Pace::Fast)?;
    /// scenario.step();
    /// scenario.restart();
    /// scenario.assert_converged();
    /// assert_eq!(scenario.device(phone).gaps()[0].reason, "unknown");
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    pub fn restart(&mut self) {
        let now = self.clock.now();
        for seat in &mut self.seats {
            seat.cut(now, &mut self.random);
        }
        self.hub = self.builder.clone().build().expect("the builder has built a hub before");
    }

    /// Whether every device comes to show what the hub holds, and has every Log record or was told that it has not.
    ///
    /// Each device takes all that there is, whatever its pace, and without waiting to come back. Then
    ///
    /// - its State is that of a device that connects now: the same types and keys, the same values;
    /// - its Log is in order, each record once and the same as with the other devices of the user, and what another one
    ///   has, or the hub still holds, and it has not, a gap declares;
    /// - everything is of its user.
    ///
    /// Of a device that was told to stay away only the Log until then is looked at. The device that connects now is one
    /// more of each user for a moment: leave room for it in `connections_per_user`.
    ///
    /// # Errors
    /// [`Divergence`]: the first difference that was found, with the seed that shows it again.
    ///
    /// ```
    /// use user_hub::testing::{Pace, Scenario};
    ///
    /// let mut scenario = Scenario::new(7);
    /// scenario.connect("alice", Pace::Stalled)?;
    /// assert_eq!(scenario.convergence(), Ok(()));
    /// # Ok::<(), user_hub::ConnectError>(())
    /// ```
    pub fn convergence(&mut self) -> Result<(), Divergence> {
        let now = self.clock.now();
        let settled =
            self.seats.iter_mut().map(|seat| seat.settle(&self.hub, now, &mut self.random)).collect::<Vec<_>>();
        convergence::check(&self.hub, &self.seats, &settled).map_err(|(at, difference)| Divergence {
            device: DeviceId(at),
            user: self.seats[at].user.clone(),
            pace: self.seats[at].pace,
            difference: Box::new(difference),
            seed: self.seed,
        })
    }

    /// The same for who wants a test to fail.
    ///
    /// # Panics
    /// If a device does not converge; the message says which, what it shows, what the hub holds, and the seed.
    ///
    /// ```
    /// user_hub::testing::Scenario::new(7).assert_converged();
    /// ```
    #[track_caller]
    pub fn assert_converged(&mut self) {
        if let Err(divergence) = self.convergence() {
            panic!("{divergence}");
        }
    }
}
