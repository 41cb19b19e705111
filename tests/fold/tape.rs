//! Records a device that a test leads by the hand: what it reads, what goes astray, when it is cut.

use std::time::Duration;

use futures::{FutureExt, StreamExt};
use user_hub::testing::{Device, Effect, ManualClock};
use user_hub::{Clock, ConnectOptions, Connection, Frame, Start, Timestamp, UserHub, UserHubBuilder};

use super::stream::{Step, Stream};

pub(crate) struct Tape {
    pub(crate) hub: UserHub,
    pub(crate) device: Device,
    clock: ManualClock,
    builder: UserHubBuilder,
    user: &'static str,
    options: ConnectOptions,
    connection: Option<Connection>,
    lines: Vec<Step>,
}

impl Tape {
    /// A device of Alice that has everything there is, which is nothing.
    pub(crate) fn new(builder: UserHubBuilder) -> Self {
        let clock = ManualClock::new("2026-11-22T23:59:39.123Z".parse().unwrap());
        let builder = builder.clock(clock.clone()).reconnect_spread(Duration::ZERO);
        let hub = builder.clone().build().unwrap();
        let (user, options) = ("alice", ConnectOptions::new());
        let mut tape =
            Self { hub, device: Device::new(), clock, builder, user, options, connection: None, lines: Vec::new() };
        tape.connect();
        tape.read();
        tape
    }

    pub(crate) fn stream(self) -> Stream {
        Stream::new(self.lines)
    }

    pub(crate) fn wall(&self) -> Timestamp {
        self.clock.wall()
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.clock.advance(time);
        if let Some(connection) = &mut self.connection {
            connection.handle_deadline(connection.now());
        }
    }

    /// Each of its connections from the next on is made with these.
    pub(crate) fn set_options(&mut self, options: ConnectOptions) {
        self.options = options;
    }

    /// Somebody else signs in where it is.
    pub(crate) fn sign_in(&mut self, user: &'static str) {
        self.cut();
        self.user = user;
        self.connect();
        self.read();
    }

    /// The hub forgets everything: its process ended.
    pub(crate) fn restart(&mut self) {
        self.cut();
        self.hub = self.builder.clone().build().unwrap();
    }

    pub(crate) fn connect(&mut self) {
        let start = self.device.begin();
        self.begin(start, None);
    }

    /// Whoever makes the connection for it resumes with an older cursor.
    pub(crate) fn connect_from(&mut self, older: &str) {
        self.device.begin();
        self.begin(Start::resume(older), Some(older.to_owned()));
    }

    fn begin(&mut self, start: Start, resumed: Option<String>) {
        let cursor = self.device.cursor().map(|cursor| cursor.to_string());
        let options = match start {
            Start::Snapshot => self.options.clone(),
            start => self.options.clone().start(start),
        };
        self.connection = Some(self.hub.connect_with(self.user, options).unwrap());
        self.lines.push(Step::Connect { cursor, resumed });
    }

    /// Cuts the connection, and comes back with all that there is.
    pub(crate) fn come_back(&mut self) {
        self.cut();
        self.connect();
        self.read();
    }

    pub(crate) fn cut(&mut self) {
        if self.connection.take().is_some() {
            self.lines.push(Step::Disconnect);
        }
    }

    /// Takes everything that there is.
    pub(crate) fn read(&mut self) {
        self.read_but(|_| false);
    }

    /// Takes so many frames.
    pub(crate) fn read_frames(&mut self, count: usize) {
        for _ in 0..count {
            let frame = self.next().expect("there are so many frames");
            self.receive(frame.text());
        }
    }

    /// The same as `read`, but some frames go astray. After it, the device may have given the connection up.
    pub(crate) fn read_but(&mut self, is_lost: impl Fn(&Frame) -> bool) {
        while let Some(frame) = self.next() {
            if !is_lost(&frame) {
                self.receive(frame.text());
            }
        }
    }

    fn next(&mut self) -> Option<Frame> {
        self.connection.as_mut()?.next().now_or_never().flatten()
    }

    /// The device gets a frame that may be no hub's.
    pub(crate) fn receive(&mut self, text: &str) {
        self.lines.push(Step::Frame(text.to_owned()));
        let effects = self.device.receive(text);
        if effects.iter().any(|effect| matches!(effect, Effect::Reconnect | Effect::Closing { .. })) {
            self.cut();
        }
    }

    /// A connection to somebody who sends this.
    pub(crate) fn connect_to(&mut self, texts: &[&str]) {
        self.cut();
        self.device.begin();
        let cursor = self.device.cursor().map(|cursor| cursor.to_string());
        self.lines.push(Step::Connect { cursor, resumed: None });
        texts.iter().for_each(|text| self.receive(text));
        self.lines.push(Step::Disconnect);
    }

    /// The last frame that the device got.
    pub(crate) fn last_frame(&self) -> String {
        let frames = self.lines.iter().rev();
        frames.filter_map(|line| if let Step::Frame(text) = line { Some(text.clone()) } else { None }).next().unwrap()
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.connection.is_some()
    }
}
