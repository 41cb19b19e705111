//! The promises, under anything that can happen: a log that is far too small, devices that stall, are cut and come back
//! with any cursor, a clock that jumps. The model tells what each device must have; a device knows only its frames.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::device::{Device, Verdict};
use super::model::{Event, Model, Thing};
use super::*;
use crate::core::mailbox::{About, Mailbox, Reader, ReaderHint};
use crate::{CloseCode, CloseReason};

/// So small that everything is evicted, refused and forgotten all the time.
const TINY: LogLimits =
    LogLimits { log_records: 4, log_bytes: 1_900, log_age: Duration::from_secs(12), state_keys: 3, state_bytes: 1_500 };
const SEATS: usize = 3;
const CONNECTIONS: usize = 2;
/// More frames than there can be at once.
const ALL: usize = 1_000;
const HEARTBEAT: Duration = Duration::from_secs(9);

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<Event>),
    /// Each event of everybody's becomes public.
    AppendForAll(Vec<Event>),
    /// An event of this State could not be encoded.
    Reject(Thing),
    RejectForAll(Thing),
    Pass(u64),
    /// With the cursor that the device has, else as a new one with so many Log records.
    Connect {
        seat: usize,
        log_records: usize,
        on_slow: SlowPolicy,
    },
    /// With a cursor that is not known here.
    ConnectAs {
        seat: usize,
        stranger: Stranger,
    },
    Read {
        seat: usize,
        frames: usize,
    },
    Cut {
        seat: usize,
    },
    Close {
        seat: usize,
        drains: bool,
    },
    /// The next Log frame is lost on the way.
    LoseLog {
        seat: usize,
    },
    /// Everybody leaves and the retention passes.
    Retire,
}

#[derive(Debug, Clone, Copy)]
enum Stranger {
    New,
    Garbage,
    Foreign,
    Future,
}

/// A device, and its connection if it has one.
#[derive(Default)]
struct Seat {
    device: Device,
    line: Option<Line>,
    /// Log up to here is not this device's.
    start: Seq,
    /// How many Log records and holes are of an earlier life.
    logs_before: usize,
    holes_before: usize,
    /// Whether a GAP declared more than was evicted, because the device may not be slow. Cut before its cursor has passed
    /// it, it gets some of that after all.
    was_overrun: bool,
    loses_next: bool,
    /// What was lost on the way, and neither noticed nor made good.
    lost: Vec<Seq>,
}

struct Line {
    session: Driven,
    begin: Begin,
    /// The place of its cursor, if that was known when it was registered.
    known: Option<Seq>,
    /// Where it began.
    start: Seq,
    on_slow: SlowPolicy,
    /// How far the log had been taken before this batch.
    position: Seq,
    taken: Option<Taken>,
    /// The cursor by the frames handed out.
    cursor: Option<String>,
    carried: Option<Seq>,
    group: Option<Seq>,
    groups_over: Vec<Seq>,
}

/// What the log was when the batch was taken, and what the batch has to say of it.
struct Taken {
    head: Seq,
    current: BTreeMap<(String, String), u64>,
    gap: Option<(Option<Seq>, Option<Seq>)>,
    is_reset: bool,
    is_synced: bool,
}

struct World {
    hub_wide: Log,
    hub_model: Model,
    mailbox: Mailbox<usize>,
    model: Model,
    now: u64,
    seats: Vec<Seat>,
    last_connection: u64,
    last_value: u64,
    /// Whether a State of this user was refused, which takes a public value away too.
    has_refused: bool,
}

impl World {
    fn new() -> Self {
        Self {
            hub_wide: Log::hub_wide(),
            hub_model: Model::hub_wide(),
            mailbox: Mailbox::new(Epoch(1), at(0).now),
            model: Model::default(),
            now: 0,
            seats: std::iter::repeat_with(Seat::default).take(SEATS).collect(),
            last_connection: 0,
            last_value: 0,
            has_refused: false,
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Append(events) => self.append(events),
            Step::AppendForAll(events) => self.append_for_all(events),
            Step::Reject(thing) => {
                self.catch_up();
                self.has_refused = true;
                let removed = self.mailbox.log.reject([name_of(thing.0, thing.1)], at(self.now), &TINY);
                assert_eq!(removed, self.model.remove(*thing, RemovalReason::Rejected, self.now, &TINY));
                self.wake();
            }
            Step::RejectForAll(thing) => {
                self.hub_wide.handle_deadline(at(self.now), &TINY);
                self.hub_model.pass(self.now, &TINY);
                let removed = self.hub_wide.reject([name_of(thing.0, thing.1)], at(self.now), &TINY);
                assert_eq!(removed, self.hub_model.remove(*thing, RemovalReason::Rejected, self.now, &TINY));
                self.wake();
            }
            Step::Pass(seconds) => self.pass(*seconds),
            Step::Connect { seat, log_records, on_slow } => self.connect(*seat, *log_records, *on_slow),
            Step::ConnectAs { seat, stranger } => self.connect_as(*seat, *stranger),
            Step::Read { seat, frames } => self.read(*seat, *frames),
            Step::Cut { seat } => self.cut(*seat),
            Step::Close { seat, drains } => {
                if let Some(line) = &mut self.seats[*seat].line {
                    let code = if *drains { CloseCode::SHUTTING_DOWN } else { CloseCode::REVOKED };
                    line.session.close(Closing { reason: CloseReason::new(code), drains: *drains });
                }
                self.read(*seat, ALL);
            }
            Step::LoseLog { seat } => self.seats[*seat].loses_next = true,
            Step::Retire => self.retire(),
        }
        self.check_log(&self.mailbox.log, &self.model);
        self.check_log(&self.hub_wide, &self.hub_model);
    }

    fn append(&mut self, events: &[Event]) {
        let events = self.numbered(events, false);
        self.catch_up();
        let head = self.mailbox.log.head();
        let appended = self.mailbox.append(events.iter().map(Event::draft).collect(), at(self.now), &TINY);
        self.model.pass(self.now, &TINY);
        self.has_refused |= appended.is_err();
        let keeps_log = self.mailbox.keeps_log;
        let kept: Vec<Event> = events.into_iter().filter(|event| keeps_log || event.class != Class::Log).collect();
        assert_eq!(appended, self.model.append(&kept, self.now, &TINY));
        if self.mailbox.log.head() > head {
            self.wake();
        }
    }

    fn append_for_all(&mut self, events: &[Event]) {
        let events = self.numbered(events, true);
        self.hub_wide.handle_deadline(at(self.now), &TINY);
        self.hub_model.pass(self.now, &TINY);
        let appended = self.hub_wide.append(events.iter().map(Event::draft).collect(), at(self.now), &TINY);
        assert_eq!(appended, self.hub_model.append(&events, self.now, &TINY));
        self.wake();
    }

    fn numbered(&mut self, events: &[Event], is_public: bool) -> Vec<Event> {
        let mut number = |event: &Event| {
            self.last_value += 1;
            let expires = event.expires.map(|wait| self.now + wait);
            Event { value: self.last_value, expires, is_public, ..event.clone() }
        };
        events.iter().map(&mut number).collect()
    }

    fn catch_up(&mut self) {
        if self.mailbox.is_behind(self.hub_wide.head()) {
            self.mailbox.take_over(&self.hub_wide, at(self.now), &TINY);
            self.model.take_over(&self.hub_model, self.mailbox.keeps_log, self.now, &TINY);
        }
        self.check_public_state();
    }

    /// Public State is the same for everybody, unless the user has something of its own under that name since.
    fn check_public_state(&self) {
        let is_expired = |event: &Event| event.expires.is_some_and(|expires| expires <= self.now);
        let is_live = |event: &Event| event.class == Class::Live && !is_expired(event);
        for state in self.hub_model.states().into_iter().filter(|entry| is_live(&entry.event)) {
            let mine = self.model.latest(state.event.thing());
            let is_refused = |event: &Event| event.class == Class::Removal && self.has_refused;
            let is_own = mine.is_some_and(|entry| !entry.event.is_public || is_refused(&entry.event));
            let is_same = mine.is_some_and(|entry| entry.event.value == state.event.value);
            let is_lost_below = mine.is_none() && self.model.state_floor > 0;
            assert!(is_own || is_same || is_lost_below, "{state:?} is {mine:?} in the mailbox");
        }
        for mine in self.model.states().into_iter().filter(|entry| entry.event.is_public) {
            let is_current =
                |value| self.hub_model.latest(mine.event.thing()).is_some_and(|entry| entry.event.value == value);
            assert!(!is_live(&mine.event) || is_current(mine.event.value), "{mine:?} is not what everybody has");
        }
    }

    fn wake(&mut self) {
        let mut parked = Vec::new();
        self.mailbox.unpark(&mut parked);
        let woken = parked.len();
        assert!(woken <= SEATS);
        self.mailbox.unpark(&mut parked);
        assert_eq!(parked.len(), woken, "woken once");
    }

    fn pass(&mut self, seconds: u64) {
        self.now += seconds;
        self.catch_up();
        let deadline = self.mailbox.log.next_deadline();
        let before = (self.mailbox.log.head(), self.mailbox.log.log_floor());
        let is_new = self.mailbox.log.handle_deadline(at(self.now), &TINY);
        self.model.pass(self.now, &TINY);
        let after = (self.mailbox.log.head(), self.mailbox.log.log_floor());
        assert_eq!(is_new, before.0 != after.0, "whoever waits hears of what is new");
        let is_due = deadline.is_some_and(|deadline| deadline <= at(self.now).now);
        assert!(before.0 == after.0 || is_due, "the deadline is never too late");
        if is_new {
            self.wake();
        }
        for line in self.seats.iter_mut().filter_map(|seat| seat.line.as_mut()) {
            line.session.handle_deadline(at(self.now).now);
        }
    }

    fn connect(&mut self, seat: usize, log_records: usize, on_slow: SlowPolicy) {
        self.cut(seat);
        let begin = match self.seats[seat].device.cursor() {
            Some(text) => text.parse().map_or(Begin::Unknown, Begin::After),
            None => Begin::New { log_records },
        };
        self.begin(seat, begin, on_slow);
    }

    fn connect_as(&mut self, seat: usize, stranger: Stranger) {
        self.cut(seat);
        let epoch = self.mailbox.epoch.to_string();
        let device = &mut self.seats[seat].device;
        match stranger {
            Stranger::New => self.seats[seat] = Seat::default(),
            Stranger::Garbage => device.set_cursor("garbage", 3),
            Stranger::Foreign => device.set_cursor("0123456789abcdef", 3),
            Stranger::Future => device.set_cursor(&epoch, self.mailbox.log.head() + 1_000),
        }
        self.connect(seat, 0, SlowPolicy::Continue);
    }

    fn begin(&mut self, seat: usize, begin: Begin, on_slow: SlowPolicy) {
        self.last_connection += 1;
        let id = ConnectionId::from_number(self.last_connection);
        self.catch_up();
        self.mailbox.log.handle_deadline(at(self.now), &TINY);
        self.model.pass(self.now, &TINY);
        let (user, epoch) = (UserId::new("alice").unwrap(), self.mailbox.epoch);
        let options = SessionOptions { on_slow, ..options(begin, Some(HEARTBEAT)) };
        let mut session = Driven::new(id, user, epoch, options, at(self.now).now);
        let start = session.register(&self.mailbox.log);
        let reader = Reader::new(id, About::default(), at(self.now).wall, start);
        let closing = Closing::at_once(CloseReason::new(CloseCode::TOO_MANY_CONNECTIONS));
        self.mailbox.register(reader, CONNECTIONS, &closing);
        let known = known(begin, epoch, self.model.head());
        let position = match begin {
            Begin::New { log_records } => self.model.before_last(log_records),
            _ => known.unwrap_or(0),
        };
        assert_eq!(start, position);
        let cursor = self.seats[seat].device.cursor();
        let groups_over = Vec::new();
        let line = Line {
            session,
            begin,
            known,
            start,
            on_slow,
            position,
            taken: None,
            cursor,
            carried: None,
            group: None,
            groups_over,
        };
        self.seats[seat].line = Some(line);
    }

    fn cut(&mut self, seat: usize) {
        if let Some(line) = self.seats[seat].line.take() {
            self.mailbox.unregister(line.session.id(), at(self.now).now);
        }
        self.seats[seat].device.cut();
    }

    fn retire(&mut self) {
        (0..SEATS).for_each(|seat| self.cut(seat));
        self.mailbox.retire(Epoch(self.mailbox.epoch.0 + 1));
        self.model.retire();
    }

    /// Hands out so many frames, if there are so many.
    fn read(&mut self, seat: usize, frames: usize) {
        for _ in 0..frames {
            let Some(line) = &mut self.seats[seat].line else { return };
            if let Some(frame) = line.session.next_frame() {
                self.hand_out(seat, &frame);
            } else if line.session.is_over() {
                self.cut(seat);
            } else {
                self.check_end_of_batch(seat);
                let Some(first) = self.take(seat) else { return };
                self.hand_out(seat, &first);
            }
        }
        assert!(frames < ALL, "it never ends");
    }

    /// Takes a batch, of which the first frame goes out at once.
    fn take(&mut self, seat: usize) -> Option<Frame> {
        self.catch_up();
        self.mailbox.log.handle_deadline(at(self.now), &TINY);
        self.model.pass(self.now, &TINY);
        let (mailbox, model, state) = (&mut self.mailbox, &self.model, &mut self.seats[seat]);
        let line = state.line.as_mut()?;
        if let Some(closing) = mailbox.closing_of(line.session.id()) {
            line.session.close(closing.clone());
        }
        let is_first = line.taken.is_none();
        let is_fresh = is_first && line.known.is_none();
        if is_fresh {
            state.start = line.position;
            state.logs_before = state.device.logs.len();
            state.holes_before = state.device.holes.len();
            state.lost.clear();
            state.was_overrun = false;
        }
        let (log_floor, position) = (model.log_floor, line.position);
        let gap = match line.begin {
            Begin::After(_) | Begin::Unknown if is_fresh => Some((None, (log_floor > 0).then_some(log_floor))),
            _ if position >= log_floor => None,
            _ if is_fresh || line.on_slow == SlowPolicy::Continue => Some((Some(position + 1), Some(log_floor))),
            // Who may not be slow starts at the present, and on the way is closed.
            _ if is_first => Some((Some(position + 1), Some(model.last_log_at(model.head())))),
            _ => None,
        };
        state.was_overrun |= gap.is_some_and(|(_, to)| to > Some(log_floor));
        let is_reset = !is_fresh && position < model.state_floor;
        let is_synced = is_first || is_reset;
        line.taken = Some(Taken { head: model.head(), current: model.current(), gap, is_reset, is_synced });
        line.position = model.head();
        let taken = line.session.take(&mailbox.log);
        assert!(taken || !is_first, "CONNECTED at least");
        if !taken {
            assert!(gap.is_none() && !is_reset);
            mailbox.park(line.session.id(), &mut ReaderHint::default(), seat);
        }
        line.session.next_frame()
    }

    fn hand_out(&mut self, seat: usize, frame: &Frame) {
        let model = &self.model;
        let state = &mut self.seats[seat];
        let line = state.line.as_mut().unwrap();
        line.look_at(frame, model);
        if frame.kind() == FrameKind::Log && state.loses_next {
            state.loses_next = false;
            let parsed: serde_json::Value = serde_json::from_str(frame.text()).unwrap();
            state.lost.push(parsed["seq"].as_u64().unwrap());
            return;
        }
        match state.device.receive(frame.text()) {
            Verdict::Fine => self.check_device(seat, frame),
            alarm => {
                assert!(!state.lost.is_empty(), "nothing was lost, and yet {alarm:?} at {}", frame.text());
                state.lost.clear();
                if alarm == Verdict::Lost {
                    self.cut(seat);
                    self.seats[seat] = Seat::default();
                }
                self.connect(seat, 0, SlowPolicy::Continue);
            }
        }
    }

    /// What must be true of a device after each frame, and what at the end of a batch.
    fn check_device(&mut self, seat: usize, frame: &Frame) {
        let state = &self.seats[seat];
        let line = state.line.as_ref().unwrap();
        if state.lost.is_empty() && state.device.held.is_empty() {
            assert_eq!(state.device.cursor(), line.cursor, "the cursor of the text is the cursor of the frame");
        }
        let has_drained = frame.close_reason().is_some_and(|reason| reason.code() == CloseCode::SHUTTING_DOWN);
        let is_told = matches!(frame.kind(), FrameKind::Synced | FrameKind::Heartbeat);
        if is_told || (has_drained && state.lost.is_empty()) {
            self.check_complete(seat);
        }
    }

    fn check_end_of_batch(&mut self, seat: usize) {
        let state = &self.seats[seat];
        let Some(taken) = state.line.as_ref().and_then(|line| line.taken.as_ref()) else { return };
        assert!(taken.gap.is_none() && !taken.is_reset && !taken.is_synced, "a frame that was due did not come");
        if state.lost.is_empty() {
            self.check_complete(seat);
        }
    }

    fn check_complete(&self, seat: usize) {
        let state = &self.seats[seat];
        let taken = state.line.as_ref().and_then(|line| line.taken.as_ref()).unwrap();
        assert_eq!(state.device.held.len(), 0, "a group is whole at the end of a batch");
        assert_eq!(state.device.state, taken.current, "State is right");

        let holes = &state.device.holes[state.holes_before..];
        let is_declared = |seq| holes.iter().any(|(above, to)| *above < seq && to.is_some_and(|to| seq <= to));
        let logs = self.model.entries.iter().filter(|entry| entry.is_log() && entry.seq <= taken.head);
        let got: Vec<(Seq, u64)> = state.device.logs[state.logs_before..].to_vec();
        let is_extra = |seq| state.was_overrun && got.iter().any(|(got, _)| *got == seq);
        let due = logs.filter(|entry| entry.seq > state.start && (!is_declared(entry.seq) || is_extra(entry.seq)));
        let due: Vec<(Seq, u64)> = due.map(|entry| (entry.seq, entry.event.value)).collect();
        assert_eq!(got, due, "each Log record exactly once, in order, or declared");
    }

    /// The log against the list.
    fn check_log(&self, log: &Log, model: &Model) {
        assert_eq!(log.head(), model.head());
        assert_eq!(log.last_log(), model.last_log_at(model.head()));
        assert_eq!((log.log_floor(), log.state_floor()), (model.log_floor, model.state_floor));
        let mut expected: Vec<Seq> = model.states().into_iter().chain(model.logs()).map(|entry| entry.seq).collect();
        expected.sort_unstable();
        let found: Vec<Seq> = log.after(0).map(|record| record.seq).collect();
        assert_eq!(found, expected);
        assert_eq!(log.has_state(), !model.current().is_empty() && model.has_own_state());
        assert!(log.slots() < 300, "bounded, whatever happened: {}", log.slots());
    }
}

/// The place of a cursor that the mailbox knows.
fn known(begin: Begin, epoch: Epoch, head: Seq) -> Option<Seq> {
    match begin {
        Begin::After(cursor) if cursor.epoch == epoch && cursor.seq <= head => Some(cursor.seq),
        _ => None,
    }
}

impl Line {
    /// What must be true of the frames of a connection, whoever reads them.
    fn look_at(&mut self, frame: &Frame, model: &Model) {
        let parsed: serde_json::Value = serde_json::from_str(frame.text()).unwrap();
        let number = |field: &str| parsed[field].as_u64();
        let Some(taken) = &mut self.taken else {
            assert_eq!(frame.kind(), FrameKind::Closing, "closed before it began");
            return;
        };
        match frame.kind() {
            FrameKind::Gap => {
                assert_eq!(taken.gap.take(), Some((number("from"), number("to"))), "a GAP that no floor justifies");
                assert_eq!(number("lastLog"), Some(number("to").unwrap_or(0)));
            }
            FrameKind::Reset => {
                assert!(std::mem::take(&mut taken.is_reset), "a RESET that no floor justifies");
                // What it has had comes again.
                self.groups_over.clear();
                self.group = None;
            }
            FrameKind::Synced => {
                assert!(std::mem::take(&mut taken.is_synced), "SYNCED ends the first batch and a RESET");
            }
            FrameKind::Connected => {
                self.carried = self.known;
                assert_eq!(parsed["recovered"], self.carried.is_some());
                let last_log = if taken.gap.is_some() { 0 } else { model.last_log_at(self.start) };
                assert_eq!(number("lastLog"), Some(last_log));
            }
            // What a batch has not said yet, nobody is told any more.
            FrameKind::Closing => {
                let was_said = taken.gap.is_none() && !taken.is_reset && !taken.is_synced;
                assert!(was_said || parsed["code"] != 1001, "what drains says it all");
                (taken.gap, taken.is_reset, taken.is_synced) = (None, false, false);
            }
            FrameKind::State | FrameKind::Removed | FrameKind::Log | FrameKind::Heartbeat => {}
        }
        if let Some(cursor) = frame.cursor() {
            let moves = self.carried.is_none_or(|carried| carried < cursor.seq);
            let stays = self.carried == Some(cursor.seq) && !frame.kind().is_record();
            assert!(moves || stays, "a frame carries a cursor exactly when it moves it: {}", frame.text());
            self.carried = Some(cursor.seq);
            self.cursor = Some(cursor.to_string());
        }
        if matches!(frame.kind(), FrameKind::Synced | FrameKind::Heartbeat) {
            let cursor = frame.cursor().unwrap();
            assert_eq!(number("lastLog"), Some(model.last_log_at(cursor.seq)));
        }
        let group = number("group");
        if self.group != group {
            self.groups_over.extend(self.group.take());
            assert!(group.is_none_or(|group| !self.groups_over.contains(&group)), "nothing comes between");
            self.group = group;
        }
    }
}

fn thing() -> impl Strategy<Value = Thing> {
    prop_oneof![Just(("A", "")), Just(("B", "1")), Just(("B", "2")), Just(("B", "3")), Just(("P", ""))]
}

fn public_thing() -> impl Strategy<Value = Thing> {
    prop_oneof![Just(("P", "")), Just(("P", "1")), Just(("P", "2")), Just(("P", "3"))]
}

fn event(thing: impl Strategy<Value = Thing>, log: &'static str) -> impl Strategy<Value = Event> {
    let class =
        prop_oneof![5 => Just(Class::Log), 5 => Just(Class::Live), 2 => Just(Class::Final), 2 => Just(Class::Removal)];
    let version = prop_oneof![3 => Just(None), 2 => (0..4_i64).prop_map(Some)];
    let expires = prop_oneof![4 => Just(None), 1 => (0..10_u64).prop_map(Some)];
    let padding = prop_oneof![3 => Just(0_usize), 1 => 0..700_usize];
    (class, thing, version, expires, padding).prop_map(move |(class, thing, version, expires, padding)| {
        let event = Event { padding, ..Event::new(class, if class == Class::Log { (log, "") } else { thing }) };
        if matches!(class, Class::Live | Class::Final) { Event { version, expires, ..event } } else { event }
    })
}

fn step() -> impl Strategy<Value = Step> {
    let group = |thing: BoxedStrategy<Thing>, log| {
        let one = event(thing, log).boxed();
        prop_oneof![3 => prop::collection::vec(one.clone(), 1), 2 => prop::collection::vec(one, 2..5)]
    };
    let stranger =
        prop_oneof![Just(Stranger::New), Just(Stranger::Garbage), Just(Stranger::Foreign), Just(Stranger::Future)];
    let seat = 0..SEATS;
    let on_slow = prop_oneof![3 => Just(SlowPolicy::Continue), 1 => Just(SlowPolicy::Close)];
    prop_oneof![
        12 => group(thing().boxed(), "L").prop_map(Step::Append),
        4 => group(public_thing().boxed(), "NEWS").prop_map(Step::AppendForAll),
        1 => thing().prop_map(Step::Reject),
        1 => public_thing().prop_map(Step::RejectForAll),
        3 => (0..8_u64).prop_map(Step::Pass),
        4 => (seat.clone(), 0..5_usize, on_slow)
            .prop_map(|(seat, log_records, on_slow)| Step::Connect { seat, log_records, on_slow }),
        1 => (seat.clone(), stranger).prop_map(|(seat, stranger)| Step::ConnectAs { seat, stranger }),
        8 => (seat.clone(), 1..8_usize).prop_map(|(seat, frames)| Step::Read { seat, frames }),
        4 => seat.clone().prop_map(|seat| Step::Read { seat, frames: ALL }),
        2 => seat.clone().prop_map(|seat| Step::Cut { seat }),
        1 => (seat.clone(), any::<bool>()).prop_map(|(seat, drains)| Step::Close { seat, drains }),
        1 => seat.prop_map(|seat| Step::LoseLog { seat }),
        1 => Just(Step::Retire),
    ]
}

proptest! {
    #![proptest_config(Config {
        // More for a longer look: PROPTEST_CASES.
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(1_000),
        failure_persistence: None,
        ..Config::default()
    })]

    #[test]
    fn every_device_has_every_state_and_every_log_record_once_or_is_told(steps in prop::collection::vec(step(), 1..80)) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
        }
        // Whoever is left reads to the end, and whoever is not comes back for it.
        for seat in 0..SEATS {
            world.read(seat, ALL);
            world.connect(seat, 0, SlowPolicy::Continue);
            world.seats[seat].loses_next = false;
            world.read(seat, ALL);
            world.check_complete(seat);
        }
    }
}
