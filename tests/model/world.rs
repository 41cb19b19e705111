//! The hub and the model side by side: the same is done to both, and after each step every promise is checked.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures::Stream;
use parking_lot::Mutex;
use user_hub::testing::ManualClock;
use user_hub::{
    Audience, CloseCode, CloseReason, ConnectError, ConnectOptions, Connection, ErasedEvent, EventSink, Frame,
    FrameKind, OnSlow, Outcome, Rejection, Start, UserHub, UserHubBuilder,
};

use super::Seq;
use super::database::{self, Database};
use super::device::{Device, Verdict};
use super::event::{Class, Sent, wall};
use super::hub::{
    Became, Begin, CONNECTIONS_PER_USER, Due, Expected, HEARTBEAT, Hub, LOAD_DEADLINE, Line, Next, RETENTION, Setup,
    User,
};
use super::list::{Limits, Refused};
use super::steps::{How, SEATS, Script, Step, Stranger, USERS};

/// So small that everything is evicted, refused and forgotten all the time.
const LOG_RECORDS: usize = 4;
const LOG_BYTES: usize = 2_400;
const LOG_AGE: u64 = 12;
const STATE_KEYS: usize = 3;
const STATE_BYTES: usize = 1_500;
/// The least that a hub may have.
pub(crate) const MEMORY: usize = LOG_BYTES + STATE_BYTES;

fn builder(clock: &ManualClock) -> UserHubBuilder {
    UserHub::builder()
        .clock(clock.clone())
        .event_bytes(400)
        .key_bytes(8)
        .log_records(LOG_RECORDS)
        .log_bytes(LOG_BYTES)
        .log_age(Duration::from_secs(LOG_AGE))
        .state_keys(STATE_KEYS)
        .state_bytes(STATE_BYTES)
        .connections_per_user(CONNECTIONS_PER_USER)
        .retention(Duration::from_secs(RETENTION))
        .load_deadline(Duration::from_secs(LOAD_DEADLINE))
}

/// What an event weighs beside its text, found out by weighing one.
static OVERHEAD: LazyLock<usize> = LazyLock::new(|| {
    let hub = builder(&ManualClock::new(wall(0))).build().unwrap();
    let sent = Sent::new(Class::Live, None);
    assert_eq!(hub.submit(Audience::User("alice"), &[&*sent.payload().0]), Outcome::Kept);
    hub.stats().bytes - sent.tail().len()
});

/// How often a connection was woken since it was polled.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A device, and its connection if it has one.
#[derive(Default)]
struct Seat {
    device: Device,
    wire: Option<Wire>,
    /// Log up to here is not this device's.
    start: Seq,
    /// How many Log records and holes are of an earlier life.
    logs_before: usize,
    holes_before: usize,
    loses_next: bool,
    /// What was lost on the way, and neither noticed nor made good.
    lost: Vec<Seq>,
}

struct Wire {
    connection: Connection,
    line: Line,
    woken: Arc<Woken>,
    epoch: Option<String>,
    /// The cursor by the frames handed out.
    cursor: Option<String>,
    carried: Option<Seq>,
    group: Option<Seq>,
    groups_over: Vec<Seq>,
}

pub(crate) struct World {
    setup: Setup,
    clock: ManualClock,
    now: u64,
    hub: UserHub,
    model: Hub,
    database: Arc<Mutex<Database>>,
    seats: Vec<Seat>,
    last_value: u64,
    last_connection: u64,
    epochs: BTreeSet<String>,
}

/// Does all of it, and sees every device through to the end.
pub(crate) fn play(script: &Script) {
    let mut world = World::new(script.setup);
    for step in &script.steps {
        world.step(step);
        world.check();
    }
    // Whoever is left reads to the end, and whoever is not comes back for it.
    for seat in 0..SEATS.len() {
        world.seats[seat].loses_next = false;
        world.database.lock().deliver(world.user(seat));
        world.model.deliver(USERS[SEATS[seat]]);
        world.connect(seat, 0, How::default());
        world.read(seat, usize::MAX);
        world.check();
    }
}

impl World {
    fn new(setup: Setup) -> Self {
        let clock = ManualClock::new(wall(0));
        let database = Arc::<Mutex<Database>>::default();
        let hub = Self::hub(setup, &clock, &database);
        let model = Self::model(setup);
        let seats = std::iter::repeat_with(Seat::default).take(SEATS.len()).collect();
        let epochs = BTreeSet::new();
        Self { setup, clock, now: 0, hub, model, database, seats, last_value: 0, last_connection: 0, epochs }
    }

    fn hub(setup: Setup, clock: &ManualClock, database: &Arc<Mutex<Database>>) -> UserHub {
        let builder = builder(clock).absent_users(setup.absent_users).memory_bytes(setup.memory);
        let database = Arc::clone(database);
        let load = move |user| database::load(Arc::clone(&database), &USERS, user);
        if setup.has_source { builder.state_source(load) } else { builder }.build().unwrap()
    }

    fn model(setup: Setup) -> Hub {
        let limits = Limits {
            log_records: LOG_RECORDS,
            log_bytes: LOG_BYTES,
            log_age: LOG_AGE,
            state_keys: STATE_KEYS,
            state_bytes: STATE_BYTES,
            overhead: *OVERHEAD,
        };
        Hub::new(setup, limits)
    }

    fn user(&self, seat: usize) -> User {
        USERS[SEATS[seat]]
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Send { user, events } => {
                let hub = self.hub.clone();
                self.send(&hub, USERS[*user], events);
            }
            Step::Burst(sends) => {
                let hub = self.hub.clone();
                let woken = self.woken();
                hub.burst(|burst| {
                    for (user, events) in sends {
                        match user {
                            Some(user) => self.send(burst, USERS[*user], events),
                            None => self.send_to_all(burst, events),
                        }
                    }
                    assert_eq!(self.woken(), woken, "nobody is woken before the end of a burst");
                });
            }
            Step::SendToAll(events) => {
                let hub = self.hub.clone();
                self.send_to_all(&hub, events);
            }
            Step::Connect { seat, log_records, how } => self.connect(*seat, *log_records, *how),
            Step::ConnectAs { seat, stranger } => self.connect_as(*seat, *stranger),
            Step::Read { seat, frames } => self.read(*seat, *frames),
            Step::ReadAll => (0..SEATS.len()).for_each(|seat| self.read(seat, usize::MAX)),
            Step::Cut { seat } => self.cut(*seat),
            Step::LoseLog { seat } => self.seats[*seat].loses_next = true,
            Step::Ping { seat } => self.ping(*seat, true),
            Step::Pong { seat } => self.ping(*seat, false),
            Step::Pass { seconds } => self.pass(*seconds),
            Step::DriveAll { seconds } => {
                self.pass(*seconds);
                (0..SEATS.len()).for_each(|seat| self.drive(seat));
            }
            Step::Drive { seat } => self.drive(*seat),
            Step::CloseUser { user } => {
                let told = self.hub.close_user(USERS[*user], &CloseReason::new(CloseCode::REVOKED));
                assert_eq!(told, self.model.close(USERS[*user], None, 3500));
            }
            Step::CloseConnection { seat } => {
                let user = self.user(*seat);
                let Some(wire) = &self.seats[*seat].wire else { return };
                let reason = CloseReason::new(CloseCode::SIGNED_OUT);
                let told = self.hub.close_connection(user, wire.connection.id(), &reason);
                assert_eq!(usize::from(told), self.model.close(user, Some(wire.line.id), 3503));
            }
            Step::End { seat } => {
                let Some(wire) = &mut self.seats[*seat].wire else { return };
                wire.connection.close(CloseReason::new(CloseCode::NO_PONG));
                wire.line.close(3012);
            }
            Step::Source { user, answer } => self.database.lock().set_answer(USERS[*user], *answer),
            Step::Deliver { user } => {
                self.database.lock().deliver(USERS[*user]);
                self.model.deliver(USERS[*user]);
            }
            Step::Restart => self.restart(),
        }
    }

    /// How often the connections were woken, all together.
    fn woken(&self) -> usize {
        let wires = self.seats.iter().filter_map(|seat| seat.wire.as_ref());
        wires.map(|wire| wire.woken.0.load(Ordering::SeqCst)).sum()
    }

    fn numbered(&mut self, events: &[Sent], is_public: bool) -> Vec<Sent> {
        let number = |event: &Sent| {
            self.last_value += 1;
            let expires = event.expires.map(|wait| self.now + wait);
            Sent { value: self.last_value, expires, is_public, wall: self.now, ..event.clone() }
        };
        events.iter().map(number).collect()
    }

    fn send(&mut self, sink: &dyn EventSink, user: User, events: &[Sent]) {
        let events = self.numbered(events, false);
        let became = self.model.send(user, &events, self.now);
        let mut database = self.database.lock();
        for (event, is_kept) in events.iter().zip(&became.is_kept) {
            database.note_version(user, event);
            match &became.outcome {
                // The host takes back what it could not tell, and keeps what nobody was there for.
                Expected::Refused(_) => database.roll_back(user, event),
                _ if event.flaw.is_some() => database.roll_back(user, event),
                Expected::NoAudience => database.commit(user, event),
                _ if *is_kept || event.class == Class::Removal => database.commit(user, event),
                _ => {}
            }
        }
        drop(database);
        submit(sink, Audience::User(user), &events, &became);
    }

    fn send_to_all(&mut self, sink: &dyn EventSink, events: &[Sent]) {
        let events = self.numbered(events, true);
        let became = self.model.send_to_all(&events, self.now);
        submit(sink, Audience::Everybody, &events, &became);
    }

    fn connect(&mut self, seat: usize, log_records: usize, how: How) {
        self.cut(seat);
        let start = match self.seats[seat].device.cursor() {
            Some(text) => Start::resume(&text),
            None => Start::SnapshotAndLog(log_records),
        };
        let (user, cursor) = (self.user(seat), self.seats[seat].device.cursor());
        // What is known is decided when the mailbox is found.
        let begin = |epoch: Option<&str>| match start {
            Start::SnapshotAndLog(log_records) => Begin::New { log_records },
            Start::After(cursor) => {
                let is_epoch = epoch.is_some_and(|epoch| cursor.to_string() == format!("{epoch}-{}", cursor.seq()));
                Begin::After { is_epoch, seq: cursor.seq() }
            }
            _ => Begin::Unknown,
        };
        let heartbeat = how.has_heartbeat.then_some(HEARTBEAT);
        let on_slow = if how.closes_when_slow { OnSlow::Close } else { OnSlow::Continue };
        let options = ConnectOptions::new().start(start).heartbeat(heartbeat.map(Duration::from_secs)).on_slow(on_slow);
        let valid_until = how.valid_for.map(|wait| self.now + wait);
        let options = valid_until.into_iter().fold(options, |options, until| options.valid_until(wall(until)));
        let connection = self.hub.connect_with(user, options).unwrap();
        self.last_connection += 1;
        let closes_when_slow = how.closes_when_slow;
        let how = super::hub::How { heartbeat, valid_until, closes_when_slow };
        let line = self.model.connect(user, self.last_connection, begin, how, self.now);
        let wire = Wire {
            connection,
            line,
            woken: Arc::default(),
            epoch: None,
            cursor,
            carried: None,
            group: None,
            groups_over: Vec::new(),
        };
        self.seats[seat].wire = Some(wire);
    }

    fn connect_as(&mut self, seat: usize, stranger: Stranger) {
        self.cut(seat);
        let user = self.user(seat);
        let mailbox = self.model.boxes.get(user);
        let (epoch, head) = mailbox.map_or((None, 0), |mailbox| (mailbox.epoch.clone(), mailbox.list.head()));
        // A cursor that it had from another, of its own user, would claim what it has not processed.
        let is_own = |cursor: &String| epoch.as_ref().is_some_and(|epoch| cursor.starts_with(epoch));
        let other = self.seats[(seat + 3) % SEATS.len()].device.cursor().filter(|cursor| !is_own(cursor));
        let device = &mut self.seats[seat].device;
        match (stranger, epoch, other) {
            (Stranger::New, ..) => self.seats[seat] = Seat::default(),
            (Stranger::Garbage, ..) => device.set_cursor("garbage", 3),
            (Stranger::Future, Some(epoch), _) => device.set_cursor(&epoch, head + 100),
            (Stranger::OfAnother, _, Some(other)) => {
                let (epoch, seq) = other.rsplit_once('-').unwrap();
                device.set_cursor(epoch, seq.parse().unwrap());
            }
            _ => device.set_cursor("0123456789abcdef", 3),
        }
        self.connect(seat, 0, How::default());
    }

    fn cut(&mut self, seat: usize) {
        if let Some(wire) = self.seats[seat].wire.take() {
            self.model.disconnect(&wire.line, self.now);
        }
        self.seats[seat].device.cut();
    }

    fn pass(&mut self, seconds: u64) {
        self.now += seconds;
        self.clock.advance(Duration::from_secs(seconds));
    }

    fn ping(&mut self, seat: usize, is_waiting: bool) {
        let Some(wire) = &self.seats[seat].wire else { return };
        if is_waiting {
            wire.connection.ping_sent()
        } else {
            wire.connection.pong_received()
        }
        self.model.ping(&wire.line, is_waiting.then_some(self.now));
    }

    fn drive(&mut self, seat: usize) {
        let Some(wire) = &mut self.seats[seat].wire else { return };
        let now = wire.connection.now();
        let is_due = wire.connection.next_deadline().is_some_and(|deadline| deadline <= now);
        assert_eq!(is_due, self.model.is_due(&wire.line, self.now), "the deadline is neither early nor late");
        wire.connection.handle_deadline(now);
        self.model.handle_deadline(&mut wire.line, self.now);
        self.read(seat, 1);
    }

    /// The process ends, and another begins.
    fn restart(&mut self) {
        self.hub.shutdown();
        self.model.shut_down(self.now);
        self.check();
        for seat in 0..SEATS.len() {
            self.read(seat, usize::MAX);
            assert!(self.seats[seat].wire.is_none(), "it has come to its end");
        }
        self.check();
        let closed = self.hub.submit(Audience::User("alice"), &[&*Sent::new(Class::Log, None).payload().0]);
        assert_eq!(closed, Outcome::Closed);
        assert_eq!(self.hub.connect("alice").err(), Some(ConnectError::Closed));
        self.hub = Self::hub(self.setup, &self.clock, &self.database);
        self.model = Self::model(self.setup);
        self.database.lock().calls = 0;
        self.last_connection = 0;
    }

    /// Hands out so many frames, if there are so many.
    fn read(&mut self, seat: usize, frames: usize) {
        for _ in 0..frames {
            let Some(wire) = &mut self.seats[seat].wire else { return };
            let next = self.model.next(&mut wire.line, &self.database.lock(), self.now);
            let waker = Waker::from(Arc::clone(&wire.woken));
            let polled = Pin::new(&mut wire.connection).poll_next(&mut Context::from_waker(&waker));
            match (next, polled) {
                (Next::Frame(due), Poll::Ready(Some(frame))) => self.hand_out(seat, &due, &frame),
                (Next::Waits, Poll::Pending) => {
                    wire.woken.0.store(0, Ordering::SeqCst);
                    return;
                }
                (Next::End, Poll::Ready(None)) => self.cut(seat),
                (Next::Frame(due), other) => panic!("{due:?} is due, and not {other:?}"),
                (_, other) => panic!("nothing is due, and not {:?}", other.map(|f| f.map(|f| f.text().to_owned()))),
            }
        }
    }

    fn hand_out(&mut self, seat: usize, due: &Due, frame: &Frame) {
        self.check_frame(seat, due, frame);
        let state = &mut self.seats[seat];
        if let Due::Record { entry, .. } = due {
            if entry.is_log() && std::mem::take(&mut state.loses_next) {
                state.lost.push(entry.seq);
                return;
            }
        }
        if let (Due::Connected { .. }, Some(start)) = (due, state.taken().start) {
            state.start = start;
            state.logs_before = state.device.logs.len();
            state.holes_before = state.device.holes.len();
            state.lost.clear();
        }
        match state.device.receive(frame.text()) {
            Verdict::Fine => self.check_device(seat, due),
            alarm => {
                assert!(!state.lost.is_empty(), "nothing was lost, and yet {alarm:?} at {}", frame.text());
                state.lost.clear();
                if alarm == Verdict::Lost {
                    self.cut(seat);
                    self.seats[seat] = Seat::default();
                }
                self.cut(seat);
                if !self.hub.is_closed() {
                    self.connect(seat, 0, How::default());
                }
            }
        }
    }

    /// A frame is exactly what is due, and carries a cursor exactly when it moves it.
    fn check_frame(&mut self, seat: usize, due: &Due, frame: &Frame) {
        let user = self.user(seat);
        let state = &mut self.seats[seat];
        let wire = state.wire.as_mut().unwrap();
        let json: serde_json::Value = serde_json::from_str(frame.text()).unwrap();
        if let Due::Connected { .. } = due {
            let epoch = json["epoch"].as_str().unwrap().to_owned();
            match &self.model.boxes[user].epoch {
                Some(known) => assert_eq!(&epoch, known, "an epoch is a mailbox's as long as it lives"),
                None => assert!(self.epochs.insert(epoch.clone()), "each mailbox has an epoch of its own"),
            }
            self.model.boxes.get_mut(user).unwrap().epoch = Some(epoch.clone());
            wire.epoch = Some(epoch);
        }
        let epoch = wire.epoch.clone().unwrap_or_default();
        let (kind, text) = (frame.kind(), frame.text());
        let moves_to = match due {
            Due::Connected { after, recovered, last_log } => {
                let after = after.map_or("null".to_owned(), |seq| format!(r#""{epoch}-{seq}""#));
                let id = wire.line.id;
                let heartbeat = wire.line.heartbeat.map_or("null".to_owned(), |interval| interval.to_string());
                let rest = format!(r#""recovered":{recovered},"lastLog":{last_log},"heartbeat":{heartbeat}}}"#);
                let user = format!(r#""protocol":1,"userId":"{user}","connectionId":"{id}","epoch":"{epoch}""#);
                assert_eq!(text, format!(r#"{{"type":"CONNECTED",{user},"after":{after},{rest}"#));
                wire.carried = if *recovered { wire.cursor.as_ref().map(|cursor| seq_of(cursor)) } else { None };
                None
            }
            Due::Record { entry, cursor } => {
                assert_eq!(text, entry.text(), "the record is {user}'s, and as it was sent");
                let expected = match entry.sent.class {
                    Class::Log => FrameKind::Log,
                    Class::Removal => FrameKind::Removed,
                    Class::Live | Class::Final => FrameKind::State,
                };
                assert_eq!((kind, frame.name()), (expected, entry.sent.name()));
                *cursor
            }
            Due::Gap { from, to, last_log } => {
                let reason = if from.is_some() { "evicted" } else { "unknown" };
                let (from, to) = (number(*from), number(*to));
                let expected =
                    format!(r#"{{"type":"GAP","from":{from},"to":{to},"reason":"{reason}","lastLog":{last_log}}}"#);
                assert_eq!(text, expected);
                None
            }
            Due::Reset => {
                assert_eq!(text, r#"{"type":"RESET","reason":"forgotten"}"#);
                // What it has had comes again.
                wire.groups_over.clear();
                wire.group = None;
                None
            }
            Due::Synced { seq, last_log, source } => {
                let rest = format!(r#""lastLog":{last_log},"stateSource":"{source}"}}"#);
                assert_eq!(text, format!(r#"{{"type":"SYNCED","cursor":"{epoch}-{seq}",{rest}"#));
                Some(*seq)
            }
            Due::Heartbeat { seq, last_log } => {
                let rest = format!(r#""lastLog":{last_log}}}"#);
                assert_eq!(text, format!(r#"{{"type":"HEARTBEAT","cursor":"{epoch}-{seq}",{rest}"#));
                Some(*seq)
            }
            Due::Closing(code) => {
                let is_back = matches!(code, 1000..=1001 | 3000..=3499);
                assert_eq!(
                    (&json["type"], &json["code"], &json["reconnect"]),
                    (&"CLOSING".into(), &(*code).into(), &is_back.into())
                );
                None
            }
        };
        let carried = frame.cursor().map(|cursor| cursor.seq());
        assert_eq!(carried, moves_to, "a frame carries a cursor exactly when it moves it: {text}");
        if let Some(cursor) = frame.cursor() {
            assert!(wire.carried.is_none_or(|before| before <= cursor.seq()), "never back: {text}");
            wire.carried = Some(cursor.seq());
            wire.cursor = Some(cursor.to_string());
        }
        let group = json["group"].as_u64();
        if wire.group != group {
            wire.groups_over.extend(wire.group.take());
            assert!(group.is_none_or(|group| !wire.groups_over.contains(&group)), "nothing comes between: {text}");
            wire.group = group;
        }
    }

    /// What must be true of a device after each frame, and what at a consistent point.
    fn check_device(&mut self, seat: usize, due: &Due) {
        let state = &mut self.seats[seat];
        let wire = state.wire.as_ref().unwrap();
        if state.lost.is_empty() && state.device.held.is_empty() {
            assert_eq!(state.device.cursor(), wire.cursor, "the cursor of the text is the cursor of the frame");
        }
        let is_said = matches!(due, Due::Synced { .. } | Due::Heartbeat { .. });
        let is_end = wire.line.is_end_of_batch() && !matches!(due, Due::Closing(_));
        if is_said || is_end && state.lost.is_empty() {
            self.check_complete(seat);
            self.seats[seat].lost.clear();
        }
    }

    fn check_complete(&self, seat: usize) {
        let state = &self.seats[seat];
        let taken = state.taken();
        assert_eq!(state.device.held.len(), 0, "a group is whole at the end of a batch");
        assert_eq!(state.device.state, taken.current, "State is right");

        let holes = &state.device.holes[state.holes_before..];
        let is_declared = |seq| holes.iter().any(|(above, to)| *above < seq && to.is_some_and(|to| seq <= to));
        let got = &state.device.logs[state.logs_before..];
        assert!(got.is_sorted_by(|one, next| one.0 < next.0), "each Log record once, and in order: {got:?}");
        let entries = &self.model.boxes[self.user(seat)].list.entries;
        let logs = entries.iter().filter(|entry| entry.is_log() && state.start < entry.seq && entry.seq <= taken.head);
        // What was declared and came after all, because the device was cut before it had processed the GAP, is no harm.
        let due = logs.map(|entry| (entry.seq, entry.sent.value));
        let due: Vec<(Seq, u64)> = due.filter(|record| got.contains(record) || !is_declared(record.0)).collect();
        assert_eq!(got, due, "each Log record, or a GAP");
    }

    /// What must be true after each step, whoever was in it.
    fn check(&mut self) {
        for user in USERS {
            let open = self.model.boxes.get(user).map_or(0, |mailbox| mailbox.readers.len());
            assert_eq!(self.hub.connections_of(user), open, "connections of {user}");
        }
        let users = self.model.boxes.values().filter(|mailbox| !mailbox.readers.is_empty()).count();
        assert_eq!((self.hub.user_count(), self.hub.connection_count()), (users, self.model.connections()));
        assert_eq!(self.hub.stats().mailboxes, self.model.boxes.len(), "who has a mailbox");
        assert_eq!(self.hub.stats().bytes, self.model.bytes(), "what all logs weigh");
        assert_eq!(self.database.lock().calls, self.model.calls, "how often the StateSource was called");
        for wire in self.seats.iter().filter_map(|seat| seat.wire.as_ref()) {
            let woken = wire.woken.0.load(Ordering::SeqCst);
            let reader = self.model.boxes.get_mut(wire.line.user).unwrap().reader(wire.line.id);
            assert!(woken > 0 || !reader.is_woken, "a connection waits that has something to take");
            assert!(woken <= 1 || self.setup.has_source, "a connection is woken once");
        }
    }
}

impl Seat {
    /// What the list was when the batch was taken that is handed out.
    fn taken(&self) -> super::hub::Taken {
        self.wire.as_ref().and_then(|wire| wire.line.taken.clone()).unwrap_or_default()
    }
}

fn submit(sink: &dyn EventSink, to: Audience<'_>, events: &[Sent], became: &Became) {
    let (payloads, encoded): (Vec<_>, Vec<_>) = events.iter().map(Sent::payload).unzip();
    let payloads: Vec<&dyn ErasedEvent> = payloads.iter().map(|payload| &**payload as &dyn ErasedEvent).collect();
    let outcome = match sink.submit(to, &payloads) {
        Outcome::Queued { connections } => Expected::Queued(connections),
        Outcome::Kept => Expected::Kept,
        Outcome::NoAudience => Expected::NoAudience,
        Outcome::Stale => Expected::Stale,
        Outcome::Rejected(Rejection::Encode(_)) => Expected::Refused(Refused::Encoding),
        Outcome::Rejected(Rejection::TooManyKeys { .. }) => Expected::Refused(Refused::TooManyKeys),
        Outcome::Rejected(Rejection::StateFull { .. }) => Expected::Refused(Refused::StateFull),
        Outcome::Rejected(Rejection::GroupTooLarge { .. }) => Expected::Refused(Refused::GroupTooLarge),
        other => panic!("{other:?} for {events:?}"),
    };
    assert_eq!(outcome, became.outcome, "what became of {events:?}");
    for (at, (event, encoded)) in events.iter().zip(&encoded).enumerate() {
        let due = usize::from(at < became.encoded && event.class != Class::Removal);
        assert_eq!(encoded.load(Ordering::SeqCst), due, "how often {event:?} is encoded");
    }
}

fn seq_of(cursor: &str) -> Seq {
    cursor.rsplit_once('-').unwrap().1.parse().unwrap()
}

fn number(seq: Option<Seq>) -> String {
    seq.map_or("null".to_owned(), |seq| seq.to_string())
}
