//! The frames that a hub makes are those that the types declare, to the last field, null and word.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use serde_json::Value;

use crate::testing::ManualClock;
use crate::typescript::TypeScript;
use crate::typescript::syntax::{Piece, read, split};
use crate::{
    CloseCode, CloseReason, ConnectOptions, Connection, Event, Frame, FrameKind, Kind, LoadedState, Start, Timestamp,
    UserHub, UserHubBuilder,
};

// Frames of every kind, and of every form that a field of them can have.

#[derive(serde::Serialize)]
struct Order {
    id: &'static str,
    price: f64,
    #[serde(skip)]
    is_over: bool,
    #[serde(skip)]
    expires: Option<Timestamp>,
}

const fn order(id: &'static str) -> Order {
    Order { id, price: 1.0, is_over: false, expires: None }
}

impl Event for Order {
    const NAME: &'static str = "ORDER";
    const KIND: Kind = Kind::State;
    const KEYED: bool = true;

    fn key(&self) -> Option<Cow<'_, str>> {
        Some(self.id.into())
    }
    fn is_final(&self) -> bool {
        self.is_over
    }
    fn expires_at(&self) -> Option<Timestamp> {
        self.expires
    }
}

#[derive(serde::Serialize)]
struct Profit(f64);

impl Event for Profit {
    const NAME: &'static str = "PROFIT";
    const KIND: Kind = Kind::State;
}

#[derive(serde::Serialize)]
struct Fill(u32);

impl Event for Fill {
    const NAME: &'static str = "FILL";
    const KIND: Kind = Kind::Log;
}

/// A hub that soon forgets.
fn forgetful() -> UserHubBuilder {
    let clock = ManualClock::new(Timestamp::from_milliseconds(0));
    UserHub::builder().clock(clock).log_records(2).state_keys(1)
}

/// Everything that there is for a device now.
fn take(device: &mut Connection) -> Vec<Frame> {
    std::iter::from_fn(|| device.next().now_or_never().flatten()).collect()
}

/// What devices get that come, fall behind, come back and are sent away.
fn control_frames() -> Vec<Frame> {
    let hub = forgetful().build().unwrap();
    let beating = ConnectOptions::new().heartbeat(Some(Duration::from_millis(1_500)));
    let mut device = hub.connect_with("alice", beating).unwrap();
    let mut frames = take(&mut device);
    device.handle_deadline(device.now() + Duration::from_secs(2));
    hub.broadcast("alice", &order("1"));
    let seen = take(&mut device);
    let cursor = seen.iter().filter_map(Frame::cursor).next_back().unwrap();
    frames.extend(seen);
    for number in 0..3 {
        hub.broadcast("alice", &Fill(number));
    }
    hub.broadcast("alice", &Order { is_over: true, ..order("1") });
    hub.broadcast("alice", &order("2"));
    let unknown = "0123456789abcdef-1".parse().unwrap();
    for (user, cursor) in [("alice", cursor), ("alice", unknown), ("bob", unknown)] {
        let resume = ConnectOptions::new().start(Start::After(cursor));
        frames.extend(take(&mut hub.connect_with(user, resume).unwrap()));
    }
    hub.close_user("alice", &CloseReason::new(CloseCode::REVOKED));
    frames.extend(take(&mut device));
    let mut device = hub.connect("alice").unwrap();
    hub.shutdown();
    frames.extend(take(&mut device));

    let loaded = forgetful().state_source(|_| async { Some(LoadedState::new()) }).build().unwrap();
    let failed = forgetful().state_source(|_| async { None }).build().unwrap();
    for hub in [loaded, failed] {
        frames.extend(take(&mut hub.connect("alice").unwrap()));
    }
    frames.retain(|frame| !frame.kind().is_record());
    frames
}

/// What a device gets that sees every record.
fn record_frames() -> Vec<Frame> {
    let clock = ManualClock::new(Timestamp::from_milliseconds(0));
    let hub = UserHub::builder().clock(clock.clone()).build().unwrap();
    let mut device = hub.connect("alice").unwrap();
    let mut frames = take(&mut device);
    let expires = Some(Timestamp::from_milliseconds(1_000));
    let over = Order { is_over: true, ..order("1") };
    let removal = crate::Removal::of_key::<Order>("2");
    let steps: [&dyn Fn(); 9] = [
        &|| drop(hub.broadcast("alice", &order("1"))),
        &|| drop(hub.group("alice").event(&over).event(&Fill(1)).broadcast()),
        &|| drop(hub.broadcast("alice", &Fill(2))),
        &|| drop(hub.broadcast("alice", &Profit(1.0))),
        &|| drop(hub.broadcast("alice", &order("2"))),
        &|| drop(hub.group("alice").event(&Profit(2.0)).event(&removal).broadcast()),
        &|| drop(hub.clear::<Profit>("alice")),
        &|| drop(hub.broadcast("alice", &Order { expires, ..order("3") })),
        &|| clock.advance(Duration::from_secs(2)),
    ];
    for step in steps {
        step();
        device.handle_deadline(device.now());
        frames.extend(take(&mut device));
    }
    hub.broadcast("alice", &order("4"));
    frames.extend(take(&mut device));
    hub.broadcast("alice", &Order { price: f64::NAN, ..order("4") });
    frames.extend(take(&mut device));
    frames.retain(|frame| frame.kind().is_record());
    frames
}

// What the types declare.

/// The members of one frame's type: by name, whether it may be absent, and what it may be.
type Members = BTreeMap<String, (bool, Vec<Piece>)>;

/// The members of a declared type; those of a keyed record where there are two forms.
fn members(name: &str) -> Members {
    let file = TypeScript::new().render().unwrap();
    let (_, declarations) = file.split_once('\n').unwrap();
    let pieces = read(declarations).unwrap();
    let word = |text: &str| Piece::Word(text.to_owned());
    let at = pieces.windows(3).position(|window| window[0] == word("export") && window[2] == word(name)).unwrap();
    let object = pieces[at..].iter().find_map(|piece| match piece {
        Piece::Group('{', inside) => Some(inside),
        _ => None,
    });
    let mut members = Members::new();
    for member in split(object.unwrap(), &[';']) {
        let member: Vec<&Piece> = member.iter().filter(|piece| !matches!(piece, Piece::Comment(_))).collect();
        let Piece::Word(name) = member[0] else { panic!("{member:?}") };
        let is_optional = *member[1] == Piece::Sign('?');
        let value = member[if is_optional { 3 } else { 2 }..].iter().map(|piece| (*piece).clone()).collect();
        members.insert(name.clone(), (is_optional, value));
    }
    members
}

/// Which of the forms that a member may have this value is; `None` for none.
fn form(value: &Value, declared: &[Piece]) -> Option<usize> {
    split(declared, &['|']).into_iter().position(|form| match form {
        [Piece::Word(word)] => match word.as_str() {
            "number" => value.is_number(),
            "string" | "Type" => value.is_string(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            "true" => *value == Value::Bool(true),
            "Data" => true,
            _ => false,
        },
        [Piece::Literal(literal)] => value.as_str().is_some_and(|text| format!("\"{text}\"") == *literal),
        // `(string & {})`, which takes what a later version may bring: nothing yet.
        _ => false,
    })
}

/// Holds frames against the type: nothing that is not declared, nothing declared that never comes.
fn hold(name: &str, frames: &[&Frame]) {
    assert!(!frames.is_empty(), "no {name} was made");
    let mut members = members(name);
    if frames.iter().any(|frame| frame.kind().is_record()) && name != "LogFrame" {
        // `KeyField`: the field stands where the event type has a key.
        members.insert("key".into(), (true, vec![Piece::Word("string".into())]));
    }
    let (mut present, mut absent) = (BTreeSet::new(), BTreeSet::new());
    for frame in frames {
        let json: BTreeMap<String, Value> = serde_json::from_str(frame.text()).unwrap();
        for (key, value) in &json {
            let (_, declared) = members.get(key).unwrap_or_else(|| panic!("{name} has no {key}: {}", frame.text()));
            let form = form(value, declared).unwrap_or_else(|| panic!("{name}.{key} is another: {}", frame.text()));
            present.insert((key.clone(), form));
        }
        absent.extend(members.keys().filter(|key| !json.contains_key(*key)).cloned());
    }
    for (key, (is_optional, declared)) in members {
        assert_eq!(absent.contains(&key), is_optional, "{name}.{key} may be absent exactly when it says so");
        for (form, pieces) in split(&declared, &['|']).into_iter().enumerate() {
            let is_never = matches!(pieces, [Piece::Word(word)] if word == "undefined");
            let is_open = matches!(pieces, [Piece::Group('(', _)]);
            let is_there = present.contains(&(key.clone(), form));
            assert!(is_there || is_never || is_open, "{name}.{key} was never {pieces:?}");
        }
    }
}

fn of(frames: &[Frame], kind: FrameKind) -> Vec<&Frame> {
    frames.iter().filter(|frame| frame.kind() == kind).collect()
}

#[test]
fn every_control_frame_is_what_its_type_says() {
    let frames = control_frames();
    for (name, kind) in [
        ("ConnectedFrame", FrameKind::Connected),
        ("SyncedFrame", FrameKind::Synced),
        ("GapFrame", FrameKind::Gap),
        ("ResetFrame", FrameKind::Reset),
        ("HeartbeatFrame", FrameKind::Heartbeat),
        ("ClosingFrame", FrameKind::Closing),
    ] {
        hold(name, &of(&frames, kind));
    }
}

#[test]
fn every_record_frame_is_what_its_type_says() {
    let frames = record_frames();
    for (name, kind) in
        [("StateFrame", FrameKind::State), ("RemovedFrame", FrameKind::Removed), ("LogFrame", FrameKind::Log)]
    {
        hold(name, &of(&frames, kind));
    }
    for frame in &frames {
        assert_eq!(frame.text().contains(r#""key":"#), frame.name() == Order::NAME, "{}", frame.text());
    }
}
