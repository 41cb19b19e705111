//! What a host's tests are given: a recorder, devices, and scenarios that are the same each time.
#![cfg(feature = "derive")]
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use support::{clock, hub_on};
use user_hub::prelude::*;
use user_hub::testing::{
    Device, DeviceId, Difference, Effect, Gap, Line, Pace, PayloadError, Random, Recorder, Scenario,
};
use user_hub::{
    CloseCode, CloseReason, ConnectError, ConnectOptions, Connection, DynamicEvent, Frame, FrameKind, LoadedState,
    OnSlow, Removal, Start, UserHubBuilder,
};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "ORDER", field = "order", state(key = id, version = revision, final_when = is_closed))]
struct Order {
    id: String,
    revision: i64,
    is_open: bool,
}

impl Order {
    fn new(id: &str, revision: i64) -> Self {
        Self { id: id.to_owned(), revision, is_open: true }
    }

    const fn is_closed(&self) -> bool {
        !self.is_open
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "TOTAL", state)]
struct Total(f64);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "FILL", field = "fill", log)]
struct Fill(u64);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "NOTICE", log, public)]
struct Notice(String);

/// What a failed expectation says.
#[track_caller]
fn failure<T>(expectation: impl FnOnce() -> T) -> String {
    let panic = catch_unwind(AssertUnwindSafe(expectation)).err().expect("it fails");
    *panic.downcast::<String>().unwrap()
}

// The recorder.

#[test]
fn a_recorder_hands_out_what_was_sent_as_the_types_that_were_sent() {
    let recorder = Recorder::new();
    let total = Total(10_964.718_246_722_761);
    recorder.broadcast("alice", &total);
    recorder.broadcast("bob", &Total(2.0));
    recorder.group("alice").event(&Order::new("7", 1)).event(&Fill(1)).broadcast();
    recorder.broadcast("alice", &Order::new("7", 2));
    recorder.broadcast_to_all(&Notice("hello".into()));

    assert_eq!(recorder.expect_one::<Total>("alice"), total, "each digit of it");
    assert_eq!(recorder.payloads("alice"), Ok(vec![Order::new("7", 1), Order::new("7", 2)]));
    assert_eq!(recorder.expect_last::<Order>("alice").revision, 2);
    assert_eq!(recorder.expect_one::<Notice>("bob"), Notice("hello".into()), "what is for everybody is for Bob");
    recorder.expect_none::<Fill>("bob");
    recorder.expect_group("alice", &["ORDER", "FILL"]);
    assert_eq!(recorder.groups_of("alice").iter().map(Vec::len).collect::<Vec<_>>(), [1, 2, 1, 1]);

    recorder.clear_key::<Order>("alice", "7");
    recorder.expect_removed::<Order>("alice", Some("7"));
    assert_eq!(recorder.payloads::<Order>("alice").map(|orders| orders.len()), Ok(2), "a removal has no payload");

    recorder.forget();
    assert_eq!(recorder.events(), []);
    recorder.broadcast("alice", &Fill(2));
    assert_eq!(recorder.events()[0].call, 6, "calls are counted on");
}

#[test]
fn an_expectation_that_fails_says_what_was_recorded_instead() {
    let recorder = Recorder::new();
    let nothing = failure(|| recorder.expect_one::<Fill>("alice"));
    assert_eq!(nothing, "expected for alice: one FILL and there are 0; recorded for alice: nothing");

    recorder.broadcast("alice", &Fill(1));
    recorder.group("alice").event(&Fill(2)).event(&Order::new("7", 1)).broadcast();
    recorder.clear_key::<Order>("alice", "8");
    recorder.broadcast("bob", &Total(2.0));
    let recorded = "; recorded for alice:
  call 0: FILL {\"fill\":1}
  call 1: FILL {\"fill\":2}
  call 1: ORDER/7 {\"order\":{\"id\":\"7\",\"is_open\":true,\"revision\":1}}
  call 2: ORDER/8 taken away";
    for (expected, failure) in [
        ("one FILL and there are 2", failure(|| recorder.expect_one::<Fill>("alice"))),
        ("one TOTAL and there are 0", failure(|| recorder.expect_one::<Total>("alice"))),
        ("a TOTAL and there is none", failure(|| recorder.expect_last::<Total>("alice"))),
        ("no FILL and there are 2", failure(|| recorder.expect_none::<Fill>("alice"))),
        ("no ORDER and there are 2", failure(|| recorder.expect_none::<Order>("alice"))),
        ("ORDER/7 to be taken away", failure(|| recorder.expect_removed::<Order>("alice", Some("7")))),
        ("ORDER to be taken away", failure(|| recorder.expect_removed::<Order>("alice", None))),
        ("one group of ORDER, FILL and there are 0", failure(|| recorder.expect_group("alice", &["ORDER", "FILL"]))),
        ("one group of  and there are 0", failure(|| recorder.expect_group("alice", &[]))),
    ] {
        assert_eq!(failure, format!("expected for alice: {expected}{recorded}"));
    }

    let long = Recorder::new();
    long.broadcast("alice", &Notice("ä".repeat(10_000)));
    let shown = failure(|| long.expect_none::<Notice>("alice"));
    assert!(shown.ends_with("ää…") && shown.len() < 600, "{shown}");
}

#[test]
fn a_state_that_was_set_again_is_not_taken_away() {
    let recorder = Recorder::new();
    recorder.clear::<Total>("alice");
    recorder.broadcast("alice", &Total(1.0));
    assert!(failure(|| recorder.expect_removed::<Total>("alice", None)).contains("TOTAL to be taken away"));
}

#[test]
fn a_recorder_says_when_the_type_does_not_fit() {
    let recorder = Recorder::new();
    recorder.broadcast_dynamic("alice", &DynamicEvent::log("FILL", json!({"fill": "many"})).unwrap());
    let Err(PayloadError::Mismatch { name, message }) = recorder.payloads::<Fill>("alice") else {
        panic!("it is no number")
    };
    assert_eq!(name, "FILL");
    assert!(message.contains("invalid type: string \"many\""), "{message}");
    assert!(
        failure(|| recorder.expect_one::<Fill>("alice")).contains("FILL of the type that was asked for: data of FILL")
    );
    recorder.forget();
    recorder.broadcast_dynamic("alice", &DynamicEvent::log("FILL", json!(7)).unwrap());
    let no_field = PayloadError::NoField { name: "FILL".into(), field: "fill" };
    assert_eq!(recorder.payloads::<Fill>("alice"), Err(no_field));
}

#[test]
fn a_recorder_answers_what_the_test_says_and_refuses_what_a_hub_would() {
    let recorder = Recorder::answering(Outcome::NoAudience);
    assert_eq!(recorder.broadcast("alice", &Fill(1)), Outcome::NoAudience);
    assert!(matches!(recorder.broadcast("alice", &Total(f64::NAN)), Outcome::Rejected(_)));
    assert_eq!(recorder.events().len(), 1);
    assert_eq!(Recorder::new().broadcast("alice", &Fill(1)), Outcome::Kept);
}

// A device.

/// A hub, a device of Alice, and its connection.
fn phone() -> (UserHub, Device, Connection) {
    let hub = hub_on(&clock()).build().unwrap();
    let connection = hub.connect("alice").unwrap();
    (hub, Device::new(), connection)
}

#[test]
fn a_device_shows_what_the_service_broadcast_as_the_types_that_were_broadcast() {
    let (hub, mut phone, mut connection) = phone();
    hub.broadcast("alice", &Total(962.207_282_011_251_9));
    hub.group("alice").event(&Order::new("7", 1)).event(&Fill(1)).broadcast();
    hub.broadcast("alice", &Order::new("", 1));
    hub.broadcast("alice", &Fill(2));
    phone.read(&mut connection);
    assert_eq!(phone.user(), Some("alice"));
    assert_eq!(phone.state(), Ok(Some(Total(962.207_282_011_251_9))), "each digit of it");
    assert_eq!(phone.state_by_key("7"), Ok(Some(Order::new("7", 1))));
    assert_eq!(phone.state_by_key::<Order>("8"), Ok(None));
    assert_eq!(phone.state::<Order>(), Ok(None), "without a key is another than the empty key");
    let orders = phone.states::<Order>().unwrap();
    assert!(orders.keys().eq(["", "7"]) && orders[""] == Order::new("", 1));
    assert_eq!(phone.log(), Ok(vec![Fill(1), Fill(2)]));
    assert_eq!(phone.value("ORDER", Some("7")), Some(&json!({"order": {"id": "7", "revision": 1, "is_open": true}})));
    assert_eq!(phone.state_records().count(), 3);
    assert_eq!(phone.records()[1].payload(), Ok(Fill(2)));

    let last = Order { is_open: false, ..Order::new("7", 2) };
    hub.broadcast("alice", &last);
    hub.clear_key::<Order>("alice", "");
    let effects = phone.read(&mut connection);
    assert!(matches!(&effects[..], [Effect::Final(order), Effect::Removed(_)] if order.payload() == Ok(last)));
    assert_eq!(phone.states::<Order>().map(|orders| orders.len()), Ok(0));
}

#[test]
fn a_device_says_when_the_type_does_not_fit() {
    #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    #[event(name = "TOTAL", field = "total", state)]
    struct Wrapped(f64);
    #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    #[event(name = "TOTAL", state)]
    struct Texts(String);

    let (hub, mut phone, mut connection) = phone();
    hub.broadcast("alice", &Total(1.5));
    phone.read(&mut connection);
    let no_field = PayloadError::NoField { name: "TOTAL".into(), field: "total" };
    assert_eq!(phone.state::<Wrapped>().as_ref(), Err(&no_field));
    assert_eq!(no_field.to_string(), "data of TOTAL has no field total");
    let mismatch = phone.state::<Texts>().unwrap_err();
    assert!(mismatch.to_string().starts_with("data of TOTAL is not what the type reads: invalid type"), "{mismatch}");
}

#[test]
fn a_refused_value_is_unknown_on_the_screen_until_there_is_another() {
    let (hub, mut phone, mut connection) = phone();
    phone.read(&mut connection);
    let mut sees = |total| {
        hub.broadcast("alice", &Total(total));
        phone.read(&mut connection);
        (phone.state::<Total>(), phone.is_unknown("TOTAL", None))
    };
    assert_eq!(sees(1.0), (Ok(Some(Total(1.0))), false));
    assert_eq!(sees(f64::NAN), (Ok(None), true));
    assert_eq!(sees(2.0), (Ok(Some(Total(2.0))), false));
}

#[test]
fn a_device_that_comes_back_goes_on_where_it_was() {
    let (hub, mut phone, mut connection) = phone();
    hub.broadcast("alice", &Fill(1));
    phone.read(&mut connection);
    drop(connection);
    hub.broadcast("alice", &Fill(2));
    hub.broadcast("alice", &Total(2.0));
    let start = phone.begin();
    assert!(matches!(start, Start::After(cursor) if Some(cursor) == phone.cursor()));
    let effects = phone.read(&mut hub.connect_with("alice", ConnectOptions::new().start(start)).unwrap());
    assert!(matches!(&effects[0], Effect::Connected { recovered: true, .. }));
    assert_eq!((phone.log(), phone.gaps()), (Ok(vec![Fill(1), Fill(2)]), &[][..]));
}

#[test]
fn a_group_is_on_the_screen_whole_or_not_at_all() {
    let (hub, mut phone, mut connection) = phone();
    phone.read(&mut connection);
    let cursor = phone.cursor();
    hub.group("alice").event(&Fill(1)).event(&Total(1.0)).event(&Fill(2)).broadcast();
    let frames = support::frames(&mut connection);
    assert_eq!(phone.receive(frames[0].text()), []);
    assert_eq!(phone.receive(frames[1].text()), []);
    assert_eq!((phone.log::<Fill>(), phone.state::<Total>(), phone.cursor()), (Ok(vec![]), Ok(None), cursor));
    assert_eq!(phone.receive(frames[2].text()).len(), 3);
    assert_eq!((phone.log(), phone.state()), (Ok(vec![Fill(1), Fill(2)]), Ok(Some(Total(1.0)))));
}

#[test]
fn a_frame_that_went_astray_is_asked_for_once_and_then_declared() {
    let (hub, mut phone, mut connection) = phone();
    phone.read(&mut connection);
    for number in 1..=3 {
        hub.broadcast("alice", &Fill(number));
    }
    let mut frames = support::frames(&mut connection);
    frames.remove(1);
    let feed = |phone: &mut Device| frames.iter().flat_map(|frame| phone.receive(frame.text())).collect::<Vec<_>>();
    assert!(matches!(feed(&mut phone)[..], [Effect::Log(_), Effect::Reconnect]));
    assert_eq!(phone.cursor().map(|cursor| cursor.seq()), Some(1), "it comes back for what is missing");
    assert_eq!(feed(&mut phone), [], "it has given the connection up");

    // The record is missing again, for it is the proxy that swallows it.
    let start = phone.begin();
    let mut connection = hub.connect_with("alice", ConnectOptions::new().start(start)).unwrap();
    let again = support::frames(&mut connection);
    let again: Vec<_> = again.iter().filter(|frame| !frame.text().contains(r#""seq":2"#)).collect();
    again.iter().for_each(|frame| drop(phone.receive(frame.text())));
    assert_eq!(phone.log(), Ok(vec![Fill(1), Fill(3)]));
    assert_eq!(
        phone.gaps().iter().map(|gap| (gap.from, gap.to, &*gap.reason)).collect::<Vec<_>>(),
        [(Some(2), Some(2), "lost")]
    );
    assert!(phone.gaps()[0].declares(2) && !phone.gaps()[0].declares(1) && !phone.gaps()[0].declares(3));
}

#[test]
fn a_frame_that_nobody_knows_does_nothing() {
    let (_hub, mut phone, mut connection) = phone();
    assert_eq!(phone.receive(r#"{"type":"FUTURE"}"#), []);
    assert_eq!(phone.receive(r#"{"type":"FILL","seq":1,"prevLog":0,"data":{"fill":1}}"#), [], "not before CONNECTED");
    phone.read(&mut connection);
    for text in [
        r#"{"type":"FUTURE","data":7}"#,
        r#"{"type":"FILL","prevLog":0,"data":{"fill":1}}"#,
        r#"{"type":"FILL","seq":"1","prevLog":0}"#,
        r#"{"type":"FILL","seq":-1,"prevLog":0}"#,
        r#"{"type":"FILL","seq":1.5,"prevLog":0}"#,
        r#"{"type":"FILL","seq":9007199254740992,"prevLog":0}"#,
        r#"{"type":"FILL","seq":0,"prevLog":0}"#,
        r#"{"type":"HEARTBEAT","cursor":"garbage","lastLog":"many"}"#,
        r#"{"type":"HEARTBEAT","cursor":"0123456789abcdef-7","lastLog":0}"#,
    ] {
        assert_eq!(phone.receive(text), [], "{text}");
    }
    assert_eq!(phone.cursor().map(|cursor| cursor.seq()), Some(0));
}

#[test]
fn for_what_is_no_frame_the_connection_is_given_up() {
    let (hub, mut phone, mut connection) = phone();
    let deep = "[".repeat(100_000);
    for text in
        ["", "{", "<html>502 Bad Gateway</html>", "null", "[]", "7", "{}", r#"{"type":7}"#, r#"{"type":null}"#, &deep]
    {
        assert_eq!(phone.receive(text), [Effect::Reconnect], "{text}");
        hub.broadcast("alice", &Fill(1));
        assert_eq!(phone.read(&mut connection), []);
        phone.begin();
    }
}

#[test]
fn what_went_astray_right_before_a_gap_is_declared_with_it() {
    let hub = hub_on(&clock()).log_records(3).build().unwrap();
    let (mut phone, mut connection) = (Device::new(), hub.connect("alice").unwrap());
    hub.broadcast("alice", &Fill(1));
    phone.read(&mut connection);
    hub.broadcast("alice", &Fill(2));
    let astray = support::frames(&mut connection);
    assert_eq!(astray.len(), 1);
    (3..=6).for_each(|number| drop(hub.broadcast("alice", &Fill(number))));
    phone.read(&mut connection);
    let gap = &phone.gaps()[0];
    assert_eq!((gap.from, gap.to, phone.gaps().len()), (Some(2), Some(3), 1), "the hub knows of the 3 only");
    assert_eq!(phone.log(), Ok(vec![Fill(1), Fill(4), Fill(5), Fill(6)]));
}

#[test]
fn a_gap_about_what_the_device_has_says_nothing() {
    let hub = hub_on(&clock()).log_records(2).build().unwrap();
    let (mut phone, mut connection) = (Device::new(), hub.connect("alice").unwrap());
    phone.read(&mut connection);
    let old = phone.cursor().unwrap();
    for number in 1..=4 {
        hub.broadcast("alice", &Fill(number));
        phone.read(&mut connection);
    }
    // Whoever made the connection for it had an older cursor.
    phone.begin();
    phone.read(&mut hub.connect_with("alice", ConnectOptions::new().start(Start::After(old))).unwrap());
    assert_eq!((phone.gaps(), phone.log::<Fill>().map(|fills| fills.len())), (&[][..], Ok(4)));
}

#[test]
fn a_device_that_the_hub_sends_away_is_told_how() {
    let (hub, mut phone, mut connection) = phone();
    phone.read(&mut connection);
    let reason = CloseReason::new(CloseCode::TOO_SLOW).retry_after(Duration::from_millis(1_500));
    hub.close_user("alice", &reason);
    let closing = Effect::Closing {
        code: 3008,
        reason: "too slow".into(),
        reconnect: true,
        retry_after: Some(Duration::from_millis(1_500)),
    };
    assert_eq!(phone.read(&mut connection), [closing]);
    let mut odd = Device::new();
    let effects = odd.receive(r#"{"type":"CLOSING","code":700000,"reason":7,"retryAfterMs":-1}"#);
    assert_eq!(effects, [Effect::Closing { code: 0, reason: String::new(), reconnect: true, retry_after: None }]);
}

#[test]
fn another_user_on_the_same_device_sees_nothing_of_the_one_before() {
    let hub = UserHub::new();
    hub.broadcast("alice", &Total(1.0));
    let mut tab = Device::new();
    tab.read(&mut hub.connect("alice").unwrap());
    let start = tab.begin();
    tab.read(&mut hub.connect_with("bob", ConnectOptions::new().start(start)).unwrap());
    assert_eq!((tab.user(), tab.state::<Total>()), (Some("bob"), Ok(None)));
}

/// A frame that is nearly one: each field is left out, right, or anything.
fn hostile() -> impl Strategy<Value = String> {
    let names = ["CONNECTED", "SYNCED", "HEARTBEAT", "GAP", "RESET", "CLOSING", "FILL", "TOTAL", ""];
    let anything = prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(2),
        json!(3),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("alice"),
        json!("0123456789abcdef"),
        json!("0123456789abcdef-2"),
        json!([]),
        json!({}),
    ]);
    let fields = [
        "seq",
        "prevLog",
        "lastLog",
        "group",
        "key",
        "final",
        "removed",
        "reason",
        "data",
        "cursor",
        "epoch",
        "userId",
        "recovered",
        "heartbeat",
        "from",
        "to",
        "code",
        "reconnect",
        "retryAfterMs",
        "stateSource",
        "timestamp",
    ];
    (
        prop::sample::select(names.to_vec()),
        prop::collection::btree_map(prop::sample::select(fields.to_vec()), anything, 0..12),
    )
        .prop_map(|(name, fields)| {
            let mut frame: Value = json!({ "type": name });
            fields.into_iter().for_each(|(field, value)| frame[field] = value);
            frame.to_string()
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_device_is_told_its_log_only_goes_up_and_it_does_not_fall_over(frames in prop::collection::vec(hostile(), 0..60)) {
        let mut device = Device::new();
        for (at, frame) in frames.iter().enumerate() {
            if at % 20 == 0 {
                device.begin();
            }
            let before = device.records().len();
            let effects = device.receive(frame);
            let logs = effects.iter().filter(|effect| matches!(effect, Effect::Log(_))).count();
            prop_assert_eq!(device.records().len(), before + logs);
        }
        let _ = (device.cursor(), device.log::<Fill>(), device.state::<Total>(), device.states::<Order>());
    }
}

// Scenarios.

const SYMBOLS: [&str; 4] = ["BTC", "ETH", "SOL", "ADA"];

/// So small that everything is evicted, forgotten and refused all the time.
fn small() -> UserHubBuilder {
    UserHub::builder().log_records(12).state_keys(8).log_age(Duration::from_secs(60)).retention(Duration::from_secs(90))
}

/// Something happens to somebody, as chance has it.
fn something_happens(scenario: &mut Scenario, number: u64) {
    let user = *scenario.random().pick(&["alice", "alice", "bob"]);
    let symbol = (*scenario.random().pick(&SYMBOLS)).to_owned();
    let hub = scenario.hub().clone();
    let order = Order { is_open: !scenario.random().one_in(5), ..Order::new(&symbol, number as i64) };
    match scenario.random().below(9) {
        0 | 1 => hub.broadcast(user, &Total(number as f64 / 3.0)),
        2 => hub.broadcast(user, &order),
        3 | 4 => hub.broadcast(user, &Fill(number)),
        5 => hub.group(user).event(&Fill(number)).event(&order).event(&Total(number as f64)).broadcast(),
        6 => hub.clear_key::<Order>(user, &symbol),
        7 => hub.broadcast_to_all(&Notice(number.to_string())),
        _ => hub.broadcast(user, &Total(f64::NAN)),
    };
}

fn play(seed: u64, rounds: u64) -> (Scenario, Vec<DeviceId>) {
    let mut scenario = Scenario::with_builder(seed, small()).unwrap();
    let mut devices = Vec::new();
    for user in ["alice", "bob"] {
        for pace in [Pace::Fast, Pace::Slow(2), Pace::Reconnecting, Pace::Lossy, Pace::Stalled] {
            devices.push(scenario.connect(user, pace).unwrap());
        }
    }
    for number in 0..rounds {
        for _ in 0..scenario.random().below(4) {
            something_happens(&mut scenario, number);
        }
        match scenario.random().below(60) {
            0 => scenario.restart(),
            1 => scenario.pass(Duration::from_secs(100)),
            _ => scenario.step(),
        }
    }
    (scenario, devices)
}

#[test]
fn whatever_happens_every_device_comes_to_show_what_the_hub_holds() {
    for seed in 0..40 {
        let (mut scenario, _) = play(seed, 150);
        scenario.assert_converged();
        // And from there on again.
        something_happens(&mut scenario, 1_000);
        scenario.step();
        scenario.assert_converged();
    }
}

/// Everything that went over the wire, the hub's own random numbers left out.
fn transcripts(scenario: &Scenario, devices: &[DeviceId]) -> Vec<String> {
    let mut epochs: Vec<String> = Vec::new();
    let mut text = |line: &Line| {
        let Line::Frame(frame) = line else { return format!("{:?}", std::mem::discriminant(line)) };
        let mut text = frame.text().to_owned();
        if frame.kind() == FrameKind::Connected {
            let epoch = support::json(frame)["epoch"].as_str().unwrap().to_owned();
            if !epochs.contains(&epoch) {
                epochs.push(epoch);
            }
        }
        for (at, epoch) in epochs.iter().enumerate() {
            text = text.replace(epoch, &at.to_string());
        }
        text
    };
    devices.iter().flat_map(|device| scenario.transcript(*device)).map(&mut text).collect()
}

#[test]
fn the_same_seed_is_the_same_run_and_another_one_is_another() {
    let run = |seed| {
        let mut scenario = Scenario::with_builder(seed, small()).unwrap();
        let devices =
            [Pace::Slow(1), Pace::Reconnecting, Pace::Lossy].map(|pace| scenario.connect("alice", pace).unwrap());
        for number in 0..200 {
            something_happens(&mut scenario, number);
            scenario.step();
        }
        transcripts(&scenario, &devices)
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    assert_eq!(run(u64::MAX).len(), run(u64::MAX).len());
}

#[test]
fn the_faults_that_the_paces_promise_do_happen() {
    let is_within_group = |frame: &Frame| {
        let json = support::json(frame);
        json["group"].is_u64() && json["group"] != json["seq"]
    };
    let mut counts = BTreeMap::<&str, usize>::new();
    for seed in 0..10 {
        let (scenario, devices) = play(seed, 150);
        for pair in devices.iter().flat_map(|device| scenario.transcript(*device).windows(2)) {
            let fault = match pair {
                [Line::Frame(frame), Line::Cut] if frame.kind() == FrameKind::Connected => "cut in the snapshot",
                [Line::Frame(frame), Line::Cut] if is_within_group(frame) => "cut in a group",
                [Line::Cut, Line::Connect(Some(_))] => "back with a cursor",
                [Line::Lost(_), _] => "lost on the way",
                _ => continue,
            };
            *counts.entry(fault).or_default() += 1;
        }
    }
    assert!(counts.len() == 4 && counts.values().all(|count| *count > 20), "{counts:?}");
}

#[test]
fn a_slow_device_is_behind_and_a_stalled_one_further_until_it_is_released() {
    let mut scenario = Scenario::new(7);
    let [fast, slow, stalled] =
        [Pace::Fast, Pace::Slow(1), Pace::Stalled].map(|pace| scenario.connect("alice", pace).unwrap());
    scenario.step();
    scenario.step();
    for number in 1..=6 {
        scenario.hub().broadcast("alice", &Fill(number));
    }
    scenario.step();
    scenario.step();
    let got = |scenario: &Scenario, device| scenario.device(device).log::<Fill>().unwrap().len();
    assert_eq!([fast, slow, stalled].map(|device| got(&scenario, device)), [6, 2, 0]);
    assert_eq!(scenario.device(stalled).user(), None);

    scenario.set_pace(stalled, Pace::Fast);
    scenario.set_pace(fast, Pace::Stalled);
    scenario.hub().broadcast("alice", &Fill(7));
    scenario.step();
    assert_eq!([fast, slow, stalled].map(|device| got(&scenario, device)), [6, 3, 7]);
    scenario.assert_converged();
    assert_eq!([fast, slow, stalled].map(|device| got(&scenario, device)), [7, 7, 7], "whatever their pace");
}

#[test]
fn a_device_that_stalled_for_too_long_is_told_what_it_missed() {
    let mut scenario = Scenario::with_builder(7, UserHub::builder().log_records(4)).unwrap();
    let phone = scenario.connect("alice", Pace::Fast).unwrap();
    scenario.step();
    scenario.set_pace(phone, Pace::Stalled);
    for number in 1..=10 {
        scenario.hub().broadcast("alice", &Fill(number));
        scenario.step();
    }
    scenario.assert_converged();
    let device = scenario.device(phone);
    assert_eq!(device.log(), Ok(vec![Fill(7), Fill(8), Fill(9), Fill(10)]));
    assert!(matches!(device.gaps(), [Gap { from: Some(1), to: Some(6), .. }]));
}

#[test]
fn a_device_comes_back_later_and_later_while_the_hub_is_away_and_at_once_when_time_has_passed() {
    let mut scenario = Scenario::new(7);
    let phone = scenario.connect("alice", Pace::Fast).unwrap();
    scenario.step();
    scenario.hub().shutdown();
    for _ in 0..300 {
        scenario.step();
    }
    let divergence = scenario.convergence().unwrap_err();
    assert_eq!((divergence.device, *divergence.difference, divergence.seed), (phone, Difference::NotSynced, 7));
    let closing = scenario
        .transcript(phone)
        .iter()
        .filter(|line| matches!(line, Line::Frame(frame) if frame.name() == "CLOSING"));
    assert_eq!(closing.count(), 1);

    scenario.restart();
    scenario.hub().broadcast("alice", &Total(1.0));
    scenario.pass(Duration::from_secs(30));
    assert_eq!(scenario.device(phone).state(), Ok(Some(Total(1.0))));
    scenario.assert_converged();
}

#[test]
fn who_is_told_to_stay_away_stays_away() {
    let mut scenario = Scenario::new(7);
    let options = ConnectOptions::new().session("s-1");
    let signed_out = scenario.connect_with("alice", Pace::Fast, options.clone()).unwrap();
    let other = scenario.connect("alice", Pace::Fast).unwrap();
    scenario.hub().broadcast("alice", &Total(1.0));
    scenario.step();
    scenario.hub().close_session("alice", "s-1", &CloseReason::new(CloseCode::SIGNED_OUT));
    scenario.step();
    scenario.hub().broadcast("alice", &Total(2.0));
    scenario.pass(Duration::from_secs(60));
    scenario.assert_converged();
    assert_eq!(scenario.device(signed_out).state(), Ok(Some(Total(1.0))));
    assert_eq!(scenario.device(other).state(), Ok(Some(Total(2.0))));
    assert_eq!(scenario.hub().connections_of("alice"), 1);

    assert_eq!(scenario.connect_with("alice", Pace::Fast, options), Err(ConnectError::SessionEnded));
}

#[test]
fn a_session_that_expires_while_a_device_is_cut_keeps_it_away() {
    let mut scenario = Scenario::new(7);
    let until = user_hub::Clock::wall(scenario.clock()).as_milliseconds() + 5_000;
    let options = ConnectOptions::new().valid_until(user_hub::Timestamp::from_milliseconds(until));
    let phone = scenario.connect_with("alice", Pace::Fast, options).unwrap();
    scenario.step();
    scenario.cut(phone);
    scenario.pass(Duration::from_secs(10));
    assert_eq!(scenario.hub().connections_of("alice"), 0);
    scenario.assert_converged();
}

#[test]
fn a_device_that_is_closed_for_being_slow_comes_back_to_the_present() {
    let mut scenario = Scenario::with_builder(7, UserHub::builder().log_records(4)).unwrap();
    let phone = scenario.connect_with("alice", Pace::Slow(1), ConnectOptions::new().on_slow(OnSlow::Close)).unwrap();
    for number in 0..200 {
        scenario.hub().broadcast("alice", &Fill(number));
        scenario.hub().broadcast("alice", &Total(number as f64));
        scenario.step();
    }
    scenario.assert_converged();
    assert!(
        scenario
            .transcript(phone)
            .iter()
            .any(|line| matches!(line, Line::Frame(frame) if frame.text().contains("3008")))
    );
    assert_eq!(scenario.device(phone).state(), Ok(Some(Total(199.0))));
}

#[test]
fn devices_wait_for_a_state_source_and_show_what_it_brings() {
    let builder = UserHub::builder().state_source(|_| std::future::ready(Some(LoadedState::new().event(Total(5.0)))));
    let mut scenario = Scenario::with_builder(7, builder).unwrap();
    let phone = scenario.connect("alice", Pace::Fast).unwrap();
    scenario.assert_converged();
    assert_eq!(scenario.device(phone).state(), Ok(Some(Total(5.0))));

    let builder = UserHub::builder().state_source(|_| std::future::pending());
    let mut scenario = Scenario::with_builder(7, builder).unwrap();
    let phone = scenario.connect("alice", Pace::Fast).unwrap();
    assert_eq!(scenario.convergence().map_err(|divergence| *divergence.difference), Err(Difference::NotSynced));
    scenario.pass(Duration::from_secs(5));
    scenario.assert_converged();
    assert!(scenario.device(phone).is_synced());
}

#[test]
fn heartbeats_come_on_the_virtual_clock() {
    let mut scenario = Scenario::new(7);
    let phone = scenario.connect("alice", Pace::Fast).unwrap();
    for _ in 0..100 {
        scenario.step();
    }
    let heartbeats = scenario
        .transcript(phone)
        .iter()
        .filter(|line| matches!(line, Line::Frame(frame) if frame.name() == "HEARTBEAT"));
    assert_eq!(heartbeats.count(), 4);
}

#[test]
fn a_scenario_refuses_what_a_hub_refuses() {
    assert!(Scenario::with_builder(7, UserHub::builder().event_bytes(0)).is_err());
    assert!(matches!(Scenario::new(7).connect("", Pace::Fast), Err(ConnectError::User(_))));
    let mut closed = Scenario::new(7);
    closed.hub().shutdown();
    assert_eq!(closed.connect("alice", Pace::Fast), Err(ConnectError::Closed));
    closed.assert_converged();
}

#[test]
fn a_group_with_a_removal_and_odd_keys_converges_too() {
    let mut scenario = Scenario::new(7);
    for pace in [Pace::Fast, Pace::Reconnecting, Pace::Lossy] {
        scenario.connect("älice \"\u{1F600}\"", pace).unwrap();
    }
    for key in ["", "__proto__", "constructor", "a\"b\\c", "\u{0}", "\u{1F600}"] {
        scenario.hub().group("älice \"\u{1F600}\"").event(&Order::new(key, 1)).event(&Fill(1)).broadcast();
        scenario.step();
    }
    scenario.hub().group("älice \"\u{1F600}\"").event(&Removal::of_key::<Order>("")).event(&Fill(2)).broadcast();
    scenario.assert_converged();
}

#[test]
#[should_panic(expected = "there is nothing to pick from")]
fn nothing_is_picked_from_nothing() {
    Random::new(7).pick::<u8>(&[]);
}
