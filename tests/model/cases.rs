//! What plausible readings of the rules get wrong: one test each, and the devices cut after every single frame.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use parking_lot::Mutex;
use user_hub::testing::ManualClock;
use user_hub::{
    Audience, ConnectOptions, Connection, ErasedEvent, EventSink, Frame, FrameKind, Outcome, Rejection, Start, UserHub,
    UserHubBuilder,
};

use super::Seq;
use super::database::{self, Answer, Database};
use super::device::{Device, Verdict};
use super::event::{Class, Flaw, Sent};
use super::steps::USERS;
use super::support::{clock, hub_on, json};

const RETENTION: Duration = Duration::from_secs(20);

/// A hub with room for four Log records and three keys, and a device of Alice that misses nothing.
struct Host {
    clock: ManualClock,
    hub: UserHub,
    witness: Client,
    last_value: u64,
}

impl Host {
    fn new() -> Self {
        Self::on(clock(), |builder| builder)
    }

    fn on(clock: ManualClock, limit: impl FnOnce(UserHubBuilder) -> UserHubBuilder) -> Self {
        let builder = hub_on(&clock).log_records(4).state_keys(3).retention(RETENTION).log_age(RETENTION);
        let hub = limit(builder).build().unwrap();
        let mut host = Self { clock, hub, witness: Client::default(), last_value: 0 };
        host.witness.start(&host.hub);
        host.witness.read_all();
        host
    }

    fn send(&mut self, events: &[Sent]) -> Outcome {
        self.send_to(Audience::User("alice"), events)
    }

    fn send_to(&mut self, to: Audience<'_>, events: &[Sent]) -> Outcome {
        let mut number = |event: &Sent| {
            self.last_value += 1;
            Sent { value: self.last_value, ..event.clone() }.payload().0
        };
        let payloads: Vec<_> = events.iter().map(&mut number).collect();
        let events: Vec<&dyn ErasedEvent> = payloads.iter().map(|payload| &**payload as &dyn ErasedEvent).collect();
        let outcome = self.hub.submit(to, &events);
        self.witness.read_all();
        outcome
    }

    fn fills(&mut self, count: usize) {
        (0..count).for_each(|_| drop(self.send(&[fill()])));
    }

    /// A device that has what the witness has got by the end, or was told.
    fn is_right(&self, client: &Client) {
        let (device, witness) = (&client.device, &self.witness.device);
        assert_eq!(device.state, witness.state, "State is right");
        let got = &device.logs[client.logs_before..];
        let holes = &device.holes[client.holes_before..];
        let is_declared = |seq| holes.iter().any(|(above, to)| *above < seq && to.is_some_and(|to| seq <= to));
        let due = witness.logs.iter().filter(|(seq, _)| *seq > client.start);
        let due: Vec<_> = due.filter(|record| got.contains(record) || !is_declared(record.0)).copied().collect();
        assert_eq!(got, due, "each Log record once, or a GAP");
    }
}

/// A device of Alice, and its connection.
#[derive(Default)]
struct Client {
    device: Device,
    connection: Option<Connection>,
    /// Log up to here is not its own.
    start: Seq,
    logs_before: usize,
    holes_before: usize,
}

impl Client {
    fn start(&mut self, hub: &UserHub) {
        self.device.cut();
        let start = self.device.cursor().map_or(Start::SnapshotAndLog(2), |cursor| Start::resume(&cursor));
        self.connection = Some(hub.connect_with("alice", ConnectOptions::new().start(start)).unwrap());
    }

    fn cut(&mut self) {
        self.connection = None;
        self.device.cut();
    }

    /// The next frame, which may be lost on the way.
    fn take(&mut self) -> Option<Frame> {
        self.connection.as_mut()?.next().now_or_never().flatten()
    }

    fn receive(&mut self, frame: &Frame) -> Verdict {
        let text = json(frame);
        if frame.kind() == FrameKind::Connected && text["recovered"] == false {
            self.start = text["lastLog"].as_u64().unwrap();
            (self.logs_before, self.holes_before) = (self.device.logs.len(), self.device.holes.len());
        }
        self.device.receive(frame.text())
    }

    /// Processes so many frames; each in brief.
    fn read(&mut self, frames: usize) -> Vec<String> {
        let mut read = Vec::new();
        while read.len() < frames {
            let Some(frame) = self.take() else { break };
            assert_eq!(self.receive(&frame), Verdict::Fine, "nothing was lost at {}", frame.text());
            read.push(brief(&frame));
        }
        read
    }

    fn read_all(&mut self) -> Vec<String> {
        let read = self.read(usize::MAX);
        assert_eq!(self.device.held.len(), 0, "a group is whole at the end of a batch");
        read
    }

    fn come_back(&mut self, hub: &UserHub) -> Vec<String> {
        self.cut();
        self.start(hub);
        self.read_all()
    }
}

/// A frame in a few characters: `3 PRICE/1` is a State with seq 3, `3 FILL<2` a Log record after the Log record 2, `(5)` the
/// group that ends with 5, `-> 3` the cursor that the frame moves the device to.
fn brief(frame: &Frame) -> String {
    let text = json(frame);
    let mut brief = String::new();
    if frame.kind().is_record() {
        write!(brief, "{} ", text["seq"]).unwrap();
    }
    brief.push_str(frame.name());
    if let Some(key) = text["key"].as_str() {
        write!(brief, "/{key}").unwrap();
    }
    match frame.kind() {
        FrameKind::Log => write!(brief, "<{}", text["prevLog"]).unwrap(),
        FrameKind::Gap => write!(brief, " {}..{}", text["from"], text["to"]).unwrap(),
        FrameKind::Removed => write!(brief, " {}", text["reason"].as_str().unwrap()).unwrap(),
        FrameKind::Connected if text["recovered"] == true => brief.push_str(" recovered"),
        _ => {}
    }
    if let Some(group) = text.get("group") {
        write!(brief, " ({group})").unwrap();
    }
    if let Some(cursor) = frame.cursor() {
        write!(brief, " -> {}", cursor.seq()).unwrap();
    }
    brief
}

const fn live(key: &'static str) -> Sent {
    Sent::new(Class::Live, Some(key))
}

const fn last(key: &'static str) -> Sent {
    Sent::new(Class::Final, Some(key))
}

const fn removal(key: &'static str) -> Sent {
    Sent::new(Class::Removal, Some(key))
}

const fn fill() -> Sent {
    Sent::new(Class::Log, None)
}

fn public(sent: Sent) -> Sent {
    Sent { may_be_public: true, ..sent }
}

/// Plays the story again and again, and cuts the device after one frame more each time. However often it is cut, by its
/// cursor alone it has everything once, or is told.
fn cut_after_each_frame(story: impl Fn(&mut Host, &mut Client), frames: &[&str]) {
    for cut_after in 0..=frames.len() {
        let (mut host, mut client) = (Host::new(), Client::default());
        story(&mut host, &mut client);
        assert_eq!(client.read(cut_after), frames[..cut_after]);
        client.come_back(&host.hub);
        host.is_right(&client);
        // Cut again at once, and while more happens.
        client.cut();
        host.send(&[live("1"), fill()]);
        client.come_back(&host.hub);
        host.is_right(&client);
    }
    let (mut host, mut client) = (Host::new(), Client::default());
    story(&mut host, &mut client);
    assert_eq!(client.read_all(), frames, "these are all frames of the story");
}

/// It has read up to here, and is away.
fn away(host: &Host, client: &mut Client) {
    client.start(&host.hub);
    client.read_all();
    client.cut();
}

#[test]
fn a_new_device_is_cut_anywhere_in_its_snapshot() {
    let story = |host: &mut Host, client: &mut Client| {
        host.send(&[live("1")]);
        host.fills(2);
        host.send(&[live("2"), fill(), live("3")]);
        host.send(&[last("2")]);
        client.start(&host.hub);
    };
    let frames = ["CONNECTED", "1 PRICE/1", "3 FILL<2 -> 3", "5 FILL<3 (6)", "6 PRICE/3 (6) -> 6", "SYNCED -> 7"];
    cut_after_each_frame(story, &frames);
}

#[test]
fn a_device_that_resumes_is_cut_anywhere() {
    let story = |host: &mut Host, client: &mut Client| {
        host.send(&[live("1")]);
        away(host, client);
        host.send(&[live("1"), fill(), live("2")]);
        host.send(&[last("1")]);
        host.send(&[fill()]);
        client.start(&host.hub);
    };
    let frames =
        ["CONNECTED recovered", "3 FILL<0 (4)", "4 PRICE/2 (4) -> 4", "5 PRICE/1 -> 5", "6 FILL<3 -> 6", "SYNCED -> 6"];
    cut_after_each_frame(story, &frames);
}

#[test]
fn a_device_that_resumes_below_the_log_is_cut_before_and_after_the_gap() {
    let story = |host: &mut Host, client: &mut Client| {
        host.fills(1);
        away(host, client);
        host.send(&[live("1")]);
        host.fills(6);
        client.start(&host.hub);
    };
    let frames = [
        "CONNECTED recovered",
        "GAP 2..4",
        "2 PRICE/1 -> 2",
        "5 FILL<4 -> 5",
        "6 FILL<5 -> 6",
        "7 FILL<6 -> 7",
        "8 FILL<7 -> 8",
        "SYNCED -> 8",
    ];
    cut_after_each_frame(story, &frames);
}

#[test]
fn a_device_with_an_unknown_cursor_is_cut_anywhere_and_keeps_its_cursor_until_a_frame_moves_it() {
    let story = |host: &mut Host, client: &mut Client| {
        host.fills(5);
        host.send(&[live("1"), live("2")]);
        client.device.set_cursor("0123456789abcdef", 99);
        client.start(&host.hub);
    };
    let frames = [
        "CONNECTED",
        "GAP null..1",
        "2 FILL<1 -> 2",
        "3 FILL<2 -> 3",
        "4 FILL<3 -> 4",
        "5 FILL<4 -> 5",
        "6 PRICE/1 (7)",
        "7 PRICE/2 (7) -> 7",
        "SYNCED -> 7",
    ];
    cut_after_each_frame(story, &frames);
}

/// The Log comes before SYNCED, whose cursor is the end of all; and what is below the device's cursor moves nothing.
#[test]
fn a_reset_on_resume_has_no_log_behind_its_synced_and_moves_no_cursor_back() {
    let story = |host: &mut Host, client: &mut Client| {
        host.send(&[live("1")]);
        host.send(&[live("2")]);
        host.fills(1);
        away(host, client);
        host.send(&[removal("2")]);
        host.fills(1);
        host.send(&[live("3")]);
        host.send(&[live("2")]);
        // A removal of what is back is no removal; this one is forgotten for the third key.
        host.send(&[last("3")]);
        host.send(&[live("4")]);
        host.fills(1);
        client.start(&host.hub);
    };
    let frames = [
        "CONNECTED recovered",
        "RESET",
        "1 PRICE/1",
        "5 FILL<3 -> 5",
        "7 PRICE/2 -> 7",
        "9 PRICE/4 -> 9",
        "10 FILL<5 -> 10",
        "SYNCED -> 10",
    ];
    cut_after_each_frame(story, &frames);
}

#[test]
fn a_stalled_device_is_cut_anywhere_in_a_gap_and_a_reset_in_mid_stream() {
    let story = |host: &mut Host, client: &mut Client| {
        host.send(&[live("1")]);
        host.send(&[live("2")]);
        client.start(&host.hub);
        client.read_all();
        host.fills(5);
        host.send(&[last("2")]);
        host.send(&[live("3")]);
        host.send(&[live("4")]);
    };
    let frames = [
        "GAP 3..3",
        "RESET",
        "1 PRICE/1",
        "4 FILL<3 -> 4",
        "5 FILL<4 -> 5",
        "6 FILL<5 -> 6",
        "7 FILL<6 -> 7",
        "9 PRICE/3 -> 9",
        "10 PRICE/4 -> 10",
        "SYNCED -> 10",
    ];
    cut_after_each_frame(story, &frames);
}

#[test]
fn a_group_whose_last_member_was_evicted_is_whole_at_the_end_of_the_batch() {
    let story = |host: &mut Host, client: &mut Client| {
        client.start(&host.hub);
        client.read_all();
        host.send(&[live("0")]);
        client.read(1);
        host.send(&[live("1"), live("2"), fill()]);
        host.clock.advance(RETENTION);
    };
    cut_after_each_frame(story, &["GAP 2..4", "2 PRICE/1 (4)", "3 PRICE/2 (4) -> 4", "HEARTBEAT -> 4"]);
}

#[test]
fn a_group_whose_last_member_was_replaced_is_whole_with_its_newer_value() {
    let story = |host: &mut Host, client: &mut Client| {
        client.start(&host.hub);
        client.read_all();
        host.send(&[fill(), live("1"), live("2")]);
        host.send(&[live("2")]);
    };
    cut_after_each_frame(story, &["1 FILL<0 (3)", "2 PRICE/1 (3) -> 3", "4 PRICE/2 -> 4"]);
}

#[test]
fn a_lost_log_frame_is_noticed_although_a_state_has_moved_the_cursor_over_it() {
    let mut host = Host::new();
    let mut client = Client::default();
    client.start(&host.hub);
    client.read_all();
    host.fills(2);
    host.send(&[live("1")]);
    host.fills(1);
    assert_eq!(client.read(1), ["1 FILL<0 -> 1"]);
    assert_eq!(brief(&client.take().unwrap()), "2 FILL<1 -> 2", "this one is lost");
    assert_eq!(client.read(1), ["3 PRICE/1 -> 3"]);
    let next = client.take().unwrap();
    assert_eq!((brief(&next).as_str(), client.receive(&next)), ("4 FILL<2 -> 4", Verdict::ComeBack));

    // Cut right after the alarm: it comes back for what is missing.
    let again = ["CONNECTED recovered", "2 FILL<1 -> 2", "3 PRICE/1 -> 3", "4 FILL<2 -> 4", "SYNCED -> 4"];
    assert_eq!(client.come_back(&host.hub), again);
    host.is_right(&client);
}

#[test]
fn a_lost_log_frame_is_noticed_on_resume_too() {
    let mut host = Host::new();
    let mut client = Client::default();
    client.start(&host.hub);
    client.read_all();
    host.fills(2);
    host.send(&[live("1")]);
    client.read(1);
    client.take().unwrap();
    assert_eq!(client.read(1), ["3 PRICE/1 -> 3"]);
    client.cut();
    client.start(&host.hub);
    let connected = client.take().unwrap();
    assert_eq!(client.receive(&connected), Verdict::ComeBack, "the baseline is first a check");
    let again = ["CONNECTED recovered", "2 FILL<1 -> 2", "3 PRICE/1 -> 3", "SYNCED -> 3"];
    assert_eq!(client.come_back(&host.hub), again);
    host.is_right(&client);
}

#[test]
fn an_epoch_that_changes_between_two_log_frames_raises_no_alarm() {
    let mut host = Host::new();
    let mut client = Client::default();
    client.start(&host.hub);
    host.fills(3);
    client.read_all();
    client.cut();

    // Another process, which counts from 1 again and is not where the device is.
    let mut host = Host::new();
    host.fills(2);
    assert_eq!(
        client.come_back(&host.hub),
        ["CONNECTED", "GAP null..null", "1 FILL<0 -> 1", "2 FILL<1 -> 2", "SYNCED -> 2"]
    );
    host.fills(2);
    assert_eq!(client.read_all(), ["3 FILL<2 -> 3", "4 FILL<3 -> 4"]);
    host.is_right(&client);
}

#[test]
fn the_retention_passes_and_the_state_is_kept_under_another_epoch() {
    let mut host = Host::new();
    let mut client = Client::default();
    client.start(&host.hub);
    host.send(&[live("1"), fill()]);
    host.send(&[live("2")]);
    host.send(&[last("2")]);
    client.read_all();
    client.cut();
    host.witness.cut();
    host.clock.advance(RETENTION);
    host.send_to(Audience::User("bob"), &[fill()]);
    assert_eq!(host.send(&[fill()]), Outcome::NoAudience, "nobody keeps it");
    assert_eq!(host.send(&[live("3")]), Outcome::Kept);

    client.start(&host.hub);
    host.fills(1);
    let frames = ["CONNECTED", "GAP null..2", "1 PRICE/1 (2) -> 2", "5 PRICE/3 -> 5", "6 FILL<2 -> 6", "SYNCED -> 6"];
    assert_eq!(client.read_all(), frames);
    host.witness.come_back(&host.hub);
    assert_eq!(client.device.state, host.witness.device.state);
    assert_eq!(client.device.state.len(), 2);
}

/// A hub whose StateSource is late, and a device that waits for it.
fn waiting_for_a_load(
    rows: &[Sent],
    limit: impl FnOnce(UserHubBuilder) -> UserHubBuilder,
) -> (Host, Arc<Mutex<Database>>) {
    let database = Arc::<Mutex<Database>>::default();
    let (clock, source) = (clock(), Arc::clone(&database));
    database.lock().set_answer("alice", Answer::Late);
    rows.iter().for_each(|row| database.lock().commit("alice", row));
    let load = move |user| database::load(Arc::clone(&source), &USERS, user);
    let host = Host::on(clock, |builder| limit(builder).state_source(load));
    assert_eq!(database.lock().calls, 1);
    (host, database)
}

/// The keys that Alice's devices show when what was late is there.
fn shown_after(host: &mut Host, database: &Arc<Mutex<Database>>) -> Vec<String> {
    database.lock().deliver("alice");
    host.witness.read_all();
    host.witness.device.state.keys().map(|(_, key)| key.clone()).collect()
}

#[test]
fn a_removal_while_a_load_runs_wins_also_over_what_was_never_here() {
    let (mut host, database) = waiting_for_a_load(&[live("1"), live("2")], |builder| builder);
    database.lock().commit("alice", &removal("1"));
    assert_eq!(host.send(&[removal("1")]), Outcome::Queued { connections: 1 });
    assert_eq!(shown_after(&mut host, &database), ["2"]);
    assert_eq!(database.lock().calls, 1);
    assert_eq!(host.send(&[removal("1")]), Outcome::NoAudience, "now nothing is there that it could take away");
}

#[test]
fn a_removal_that_is_forgotten_while_a_load_runs_makes_it_run_again() {
    let (mut host, database) = waiting_for_a_load(&[live("1")], |builder| builder.state_keys(1));
    database.lock().commit("alice", &removal("1"));
    host.send(&[removal("1")]);
    database.lock().commit("alice", &live("2"));
    host.send(&[live("2")]);
    assert_eq!(shown_after(&mut host, &database), [""; 0], "it is loaded again");
    assert_eq!(database.lock().calls, 2);
    assert_eq!(shown_after(&mut host, &database), ["2"]);
}

#[test]
fn a_removal_that_finds_no_room_while_a_load_runs_makes_it_run_again() {
    let (mut host, database) = waiting_for_a_load(&[live("1")], |builder| builder.state_keys(1));
    database.lock().commit("alice", &live("2"));
    host.send(&[live("2")]);
    database.lock().commit("alice", &removal("1"));
    host.send(&[removal("1")]);
    assert_eq!(shown_after(&mut host, &database), [""; 0], "it is loaded again");
    assert_eq!(shown_after(&mut host, &database), ["2"]);
}

/// What was refused while a load ran is a value that the host has and the hub could not tell: the load must not bring back
/// the one before.
#[test]
fn a_state_that_was_refused_while_a_load_runs_is_not_brought_back() {
    let (mut host, database) = waiting_for_a_load(&[live("1")], |builder| builder);
    let refused = host.send(&[Sent { flaw: Some(Flaw::NotANumber), ..live("1") }]);
    assert!(matches!(refused, Outcome::Rejected(Rejection::Encode(_))));
    assert_eq!(shown_after(&mut host, &database), [""; 0]);
}

#[test]
fn the_removal_of_a_key_that_was_never_admitted_says_nothing() {
    let mut host = Host::on(clock(), |builder| builder.state_keys(1));
    let mut client = Client::default();
    client.start(&host.hub);
    host.send(&[live("1")]);
    client.read_all();
    assert_eq!(host.send(&[live("2")]), Outcome::Rejected(Rejection::TooManyKeys { limit: 1 }));
    assert_eq!(host.send(&[removal("2")]), Outcome::NoAudience);
    assert_eq!(client.read_all(), [""; 0]);
    assert_eq!(client.come_back(&host.hub), ["CONNECTED recovered", "SYNCED -> 1"], "and nothing was forgotten");
}

#[test]
fn public_state_has_room_in_a_mailbox_that_is_full_and_takes_none() {
    let mut host = Host::new();
    let mut client = Client::default();
    client.start(&host.hub);
    client.read_all();
    for key in ["1", "2", "3"] {
        host.send(&[live(key)]);
    }
    assert!(matches!(host.send_to(Audience::Everybody, &[public(live("1"))]), Outcome::Queued { .. }));
    assert!(matches!(host.send(&[live("4")]), Outcome::Rejected(Rejection::TooManyKeys { .. })));
    assert!(matches!(host.send(&[live("3")]), Outcome::Queued { .. }), "what is there may change");
    assert!(matches!(host.send_to(Audience::Everybody, &[public(live("2"))]), Outcome::Queued { .. }));
    let frames = ["1 PRICE/1 -> 1", "2 PRICE/2 -> 2", "4 NOTICE/1 -> 4", "5 PRICE/3 -> 5", "6 NOTICE/2 -> 6"];
    assert_eq!(client.read_all(), frames);

    // A mailbox that is made later, and is full, has it too.
    for key in ["1", "2", "3"] {
        host.send_to(Audience::User("bob"), &[live(key)]);
    }
    let bobs = host.hub.connect("bob").unwrap();
    let bobs: Vec<String> = bobs.map(|frame| frame.name().to_owned()).take(7).collect().now_or_never().unwrap();
    assert_eq!(bobs, ["CONNECTED", "NOTICE", "NOTICE", "PRICE", "PRICE", "PRICE", "SYNCED"]);
}

#[test]
fn a_group_that_is_refused_takes_old_values_off_every_screen_whatever_its_reason() {
    let not_a_number = [live("1"), fill(), Sent { flaw: Some(Flaw::NotANumber), ..live("2") }, live("9")];
    let too_many_keys = [live("1"), live("2"), fill(), live("3"), live("4")];
    let too_much_log = [live("1"), fill(), fill(), fill(), live("2"), fill(), fill()];
    for refused in [&not_a_number[..], &too_many_keys, &too_much_log] {
        let mut host = Host::new();
        let mut client = Client::default();
        host.send(&[live("1")]);
        host.send(&[live("2")]);
        client.start(&host.hub);
        client.read_all();
        assert!(matches!(host.send(refused), Outcome::Rejected(_)), "{refused:?}");
        assert_eq!(client.read_all(), ["3 PRICE/1 rejected -> 3", "4 PRICE/2 rejected -> 4"], "{refused:?}");
        assert_eq!(client.device.state.len(), 0);
    }
}

/// A close that comes in the middle of a group waits for its end: what a device holds back it would never show.
#[test]
fn closing_does_not_split_a_group() {
    let mut host = Host::new();
    let mut client = Client::default();
    client.start(&host.hub);
    client.read_all();
    host.send(&[fill(), live("1"), fill()]);
    host.fills(1);
    assert_eq!(client.read(1), ["1 FILL<0 (3)"]);
    host.hub.shutdown();
    assert_eq!(client.read_all(), ["2 PRICE/1 (3)", "3 FILL<1 (3) -> 3", "CLOSING"]);
}

/// Registering is when a device begins: what happens before it first asks is for it, or declared.
#[test]
fn a_new_device_that_is_slow_to_ask_misses_nothing_since_it_connected() {
    let (mut host, mut client) = (Host::new(), Client::default());
    host.fills(3);
    client.start(&host.hub);
    host.fills(1);
    let frames = ["CONNECTED", "2 FILL<1 -> 2", "3 FILL<2 -> 3", "4 FILL<3 -> 4", "SYNCED -> 4"];
    assert_eq!(client.read_all(), frames, "the last two before it came, and the one after");

    let mut late = Client::default();
    late.start(&host.hub);
    host.fills(6);
    let frames =
        ["CONNECTED", "GAP 3..6", "7 FILL<6 -> 7", "8 FILL<7 -> 8", "9 FILL<8 -> 9", "10 FILL<9 -> 10", "SYNCED -> 10"];
    assert_eq!(late.read_all(), frames);
    host.is_right(&late);
}

#[test]
fn a_heartbeat_comes_every_interval_and_says_how_far() {
    let mut host = Host::new();
    let options = ConnectOptions::new().heartbeat(Some(RETENTION / 4));
    let connection = host.hub.connect_with("alice", options).unwrap();
    let mut client = Client { connection: Some(connection), ..Client::default() };
    client.read_all();
    for seq in 1..4 {
        host.fills(1);
        host.clock.advance(RETENTION / 4);
        let connection = client.connection.as_mut().unwrap();
        let now = connection.now();
        assert_eq!(connection.next_deadline(), Some(now));
        connection.handle_deadline(now);
        let fill = format!("{seq} FILL<{} -> {seq}", seq - 1);
        assert_eq!(client.read_all(), [fill, format!("HEARTBEAT -> {seq}")]);
    }
}

#[test]
fn what_is_not_public_goes_to_nobody_who_it_is_not_for() {
    let mut host = Host::new();
    let mut bobs = host.hub.connect("bob").unwrap();
    for private in [live("1"), fill(), removal("1")] {
        let group = [public(live("1")), private];
        let refused = host.send_to(Audience::Everybody, &group);
        assert!(matches!(refused, Outcome::Rejected(Rejection::NotPublic { .. })), "{refused:?} for {group:?}");
        host.send(&group);
    }
    let names: Vec<_> =
        std::iter::from_fn(|| bobs.next().now_or_never().flatten()).map(|f| f.name().to_owned()).collect();
    assert_eq!(names, ["CONNECTED", "SYNCED"]);
}
