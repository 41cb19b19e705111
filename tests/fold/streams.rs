//! The streams, each about one rule of the fold.

use std::time::Duration;

use serde_json::json;
use user_hub::testing::{Pace, Scenario};
use user_hub::{
    Clock, CloseCode, CloseReason, ConnectOptions, DynamicEvent, Frame, FrameKind, LoadedState, OnSlow, Start,
    Timestamp, UserHub, UserHubBuilder,
};

use super::event::{Alarm, AnyPrice, Fill, Notice, Total, price};
use super::stream::Stream;
use super::tape::Tape;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn tape() -> Tape {
    Tape::new(UserHub::builder())
}

/// A log of so many records.
fn short(log_records: usize) -> UserHubBuilder {
    UserHub::builder().log_records(log_records)
}

fn fills(tape: &Tape, numbers: impl IntoIterator<Item = u64>) {
    numbers.into_iter().for_each(|number| drop(tape.hub.broadcast("alice", &Fill(number))));
}

fn later(moment: Timestamp, wait: Duration) -> Timestamp {
    Timestamp::from_milliseconds(moment.as_milliseconds() + wait.as_millis() as i64)
}

fn is_log(number: u64) -> impl Fn(&Frame) -> bool {
    move |frame| frame.kind() == FrameKind::Log && frame.text().contains(&format!(r#""fill":{number}"#))
}

/// A device that reads slowly sees the latest of each key, in the order of the last change.
pub(crate) fn conflation() -> Stream {
    let mut tape = tape();
    for round in 0..5 {
        for number in 0..20 {
            let symbol = ["BTC", "ETH", "SOL"][number as usize % (round + 1).min(3)];
            tape.hub.broadcast("alice", &price(symbol, number));
            tape.hub.broadcast("alice", &Total(number as f64 / 7.0));
            if number % 7 == 0 {
                tape.hub.broadcast("alice", &Fill(number));
            }
        }
        tape.read_frames(round);
    }
    tape.read();
    tape.stream()
}

/// Every kind of record, with and without a key, of one user and of everybody.
pub(crate) fn kinds() -> Stream {
    let mut tape = tape();
    let hub = tape.hub.clone();
    hub.broadcast("alice", &price("BTC", 1));
    hub.broadcast("alice", &price("ETH", 1).until(later(tape.wall(), 5 * SECOND)));
    hub.broadcast("alice", &Total(1.5));
    hub.broadcast("alice", &Fill("first"));
    hub.broadcast_to_all(&Notice(1));
    hub.broadcast_to_all(&Alarm(1));
    tape.read();
    // One of each is gone in its own way, and one that was never there is the last of its key.
    hub.clear_key::<AnyPrice>("alice", "BTC");
    hub.broadcast("alice", &Total(f64::NAN));
    hub.broadcast("alice", &price("SOL", 1).last());
    hub.broadcast_to_all(&Notice(2));
    tape.read();
    tape.pass(6 * SECOND);
    tape.read();
    // What was not known is known again, or gone, or not known once more.
    hub.broadcast("alice", &Total(2.5));
    hub.broadcast("alice", &price("BTC", 2));
    hub.broadcast("alice", &price("BTC", f64::NAN));
    tape.read();
    hub.broadcast("alice", &price("ETH", 2));
    hub.broadcast("alice", &price("ADA", 2));
    tape.read();
    for symbol in ["ETH", "ADA"] {
        hub.broadcast("alice", &price(symbol, f64::NAN));
    }
    hub.broadcast("alice", &Total(f64::INFINITY));
    tape.read();
    hub.broadcast("alice", &price("ADA", 3).last());
    tape.read();
    tape.come_back();
    tape.stream()
}

/// Log records are evicted before the device took them: in mid-stream, while it is away, and with another policy.
pub(crate) fn evicted() -> Stream {
    let mut tape = Tape::new(short(3));
    fills(&tape, 0..2);
    tape.read();
    fills(&tape, 2..10);
    tape.hub.broadcast("alice", &Total(10.0));
    tape.read();
    // A batch was taken; what comes behind it overflows again.
    fills(&tape, 10..12);
    tape.read_frames(1);
    fills(&tape, 12..20);
    tape.read();
    tape.cut();
    fills(&tape, 20..30);
    tape.hub.broadcast("alice", &price("BTC", 30));
    tape.connect();
    tape.read();
    // It is closed for being slow, and comes back to the present.
    tape.set_options(ConnectOptions::new().on_slow(OnSlow::Close));
    tape.come_back();
    fills(&tape, 30..40);
    tape.hub.broadcast("alice", &price("BTC", 40));
    tape.read();
    assert!(!tape.is_connected());
    fills(&tape, 40..42);
    tape.connect();
    tape.read();
    fills(&tape, 42..43);
    tape.read();
    tape.stream()
}

/// The cursor is of a mailbox that is no more: after a restart, and after the device was away for too long.
pub(crate) fn began_anew() -> Stream {
    let mut tape = tape();
    fills(&tape, 0..3);
    tape.hub.broadcast("alice", &price("BTC", 1));
    tape.hub.broadcast("alice", &Total(1.0));
    tape.read();
    tape.restart();
    tape.hub.broadcast("alice", &price("ETH", 1));
    tape.connect();
    // It is cut before the GAP has come, and told again.
    tape.read_frames(1);
    tape.come_back();
    fills(&tape, 3..5);
    tape.read();
    tape.cut();
    tape.pass(31 * MINUTE);
    tape.connect();
    tape.read();
    fills(&tape, 5..6);
    tape.read();
    tape.restart();
    tape.connect();
    tape.read();
    tape.stream()
}

/// The end of a State was forgotten before the device heard of it, so it drops everything.
pub(crate) fn reset() -> Stream {
    let mut tape = Tape::new(UserHub::builder().state_keys(3).log_records(8));
    let end = |tape: &Tape, symbols: &[&str]| {
        for symbol in symbols {
            tape.hub.broadcast("alice", &price(symbol, 0));
            tape.hub.broadcast("alice", &price(symbol, 1).last());
        }
    };
    tape.hub.broadcast("alice", &Total(1.0));
    tape.hub.broadcast("alice", &price("BTC", 1));
    fills(&tape, 0..2);
    tape.read();
    // In mid-stream, with Log and groups behind it, and a value from before the cursor.
    tape.hub.clear_key::<AnyPrice>("alice", "BTC");
    fills(&tape, 2..3);
    end(&tape, &["A", "B", "C", "D"]);
    tape.hub.group("alice").event(&Fill(3)).event(&price("SOL", 3)).broadcast();
    tape.read();
    // While it is away, and cut again in the middle of what follows.
    tape.hub.broadcast("alice", &price("ETH", 1));
    tape.read();
    tape.cut();
    tape.hub.clear_key::<AnyPrice>("alice", "ETH");
    end(&tape, &["E", "F", "G", "H"]);
    fills(&tape, 4..6);
    tape.connect();
    tape.read_frames(3);
    tape.come_back();
    // Whoever made the connection for it had an older cursor: Log that the device has comes again behind the RESET.
    let older = tape.device.cursor().unwrap().to_string();
    fills(&tape, 100..102);
    tape.read();
    tape.cut();
    end(&tape, &["M", "N", "O", "P"]);
    fills(&tape, 102..103);
    tape.connect_from(&older);
    tape.read();
    // Both at once: what the Log has lost, and what the State has.
    tape.cut();
    tape.hub.clear_key::<AnyPrice>("alice", "SOL");
    end(&tape, &["I", "J", "K", "L"]);
    fills(&tape, 6..30);
    tape.connect();
    tape.read();
    fills(&tape, 30..31);
    tape.read();
    tape.stream()
}

/// Events of one call: seen together or not at all, whatever becomes of the members and of the connection.
pub(crate) fn groups() -> Stream {
    let mut tape = Tape::new(short(6));
    let hub = tape.hub.clone();
    let trip = |number: u64| {
        hub.group("alice").event(&Fill(number)).event(&price("BTC", number)).event(&Total(number as f64)).broadcast()
    };
    trip(1);
    tape.read();
    // Its last member was replaced: another frame ends it, or a HEARTBEAT.
    trip(2);
    hub.broadcast("alice", &Total(0.5));
    tape.read();
    hub.group("alice").event(&Fill(3)).event(&Total(3.0)).broadcast();
    hub.group("alice").event(&Total(4.0)).event(&price("BTC", 4)).broadcast();
    hub.group("alice").event(&Fill(5)).event(&price("BTC", 5)).broadcast();
    hub.group("alice").event(&Fill(6)).event(&price("SOL", 6)).broadcast();
    hub.group("alice").event(&price("SOL", 7)).event(&Total(7.0)).broadcast();
    tape.read();
    hub.group("alice").event(&price("ADA", 1)).event(&Total(8.0)).broadcast();
    hub.group("alice").event(&Total(9.0)).event(&Fill(9)).broadcast();
    tape.read();
    hub.group("alice").event(&Fill(8)).event(&price("ADA", 2)).event(&price("ADA", 3)).broadcast();
    tape.read();
    // Cut after each frame of one, and back.
    for number in 10..14 {
        trip(number);
        trip(number + 10);
        tape.read_frames(number as usize - 9);
        tape.cut();
        tape.connect();
        tape.read_frames(2);
        tape.cut();
        tape.connect();
        tape.read();
    }
    // A new device that is cut in its first group begins again.
    tape.sign_in("bob");
    tape.sign_in("alice");
    trip(30);
    tape.read();
    // Evicted whole, but for its State, and rejected whole.
    trip(40);
    fills(&tape, 41..50);
    tape.read();
    hub.group("alice").event(&Fill(50)).event(&Total(f64::NAN)).event(&price("BTC", 50)).broadcast();
    tape.read();
    // An end in it: final, removed.
    hub.group("alice").event(&price("BTC", 51)).event(&Fill(51)).broadcast();
    hub.group("alice").event(&price("BTC", 52).last()).event(&Fill(52)).broadcast();
    tape.read();
    tape.stream()
}

/// What the device has comes again: after a connection that somebody made with an older cursor, and after one that was
/// given up.
pub(crate) fn duplicates() -> Stream {
    let mut tape = tape();
    let cursor = |tape: &Tape| tape.device.cursor().unwrap().to_string();
    let oldest = cursor(&tape);
    tape.hub.broadcast("alice", &price("BTC", 1));
    fills(&tape, 1..4);
    tape.hub.group("alice").event(&Fill(4)).event(&Total(4.0)).event(&Fill(5)).broadcast();
    tape.read();
    let old = cursor(&tape);
    tape.hub.broadcast("alice", &price("BTC", 2));
    tape.hub.clear_key::<AnyPrice>("alice", "BTC");
    fills(&tape, 6..8);
    tape.read();
    for older in [&old, &oldest] {
        tape.cut();
        fills(&tape, 8..9);
        tape.connect_from(older);
        tape.read();
    }
    // A record goes astray. It comes again, and with it the State that the device had already.
    fills(&tape, 9..10);
    tape.hub.broadcast("alice", &price("ETH", 1));
    tape.hub.broadcast("alice", &price("SOL", 1));
    tape.hub.clear_key::<AnyPrice>("alice", "SOL");
    fills(&tape, 10..11);
    tape.read_but(is_log(9));
    assert!(!tape.is_connected());
    tape.connect();
    tape.read();
    // The same frame twice, which no hub sends.
    fills(&tape, 11..12);
    tape.read();
    let twice = tape.last_frame();
    tape.receive(&twice);
    tape.read();
    tape.stream()
}

/// Log frames go astray on the way: what shows it, and that it is asked for once.
pub(crate) fn astray() -> Stream {
    let mut tape = Tape::new(short(6));
    let back = |tape: &mut Tape, lost: &dyn Fn(&Frame) -> bool| {
        assert!(!tape.is_connected(), "it has found out");
        tape.connect();
        tape.read_but(lost);
    };
    let none: &dyn Fn(&Frame) -> bool = &|_| false;
    // The next record shows it.
    fills(&tape, 1..4);
    tape.read_but(is_log(2));
    back(&mut tape, none);
    // In a group, of which nothing counts then; and one that is missing between two members.
    tape.hub.group("alice").event(&Total(4.0)).event(&Fill(4)).event(&Fill(5)).event(&Fill(6)).broadcast();
    tape.read_but(is_log(5));
    back(&mut tape, none);
    // SYNCED shows it.
    tape.cut();
    fills(&tape, 7..8);
    tape.connect();
    tape.read_but(is_log(7));
    back(&mut tape, none);
    // A HEARTBEAT shows it, and CONNECTED does.
    tape.set_options(ConnectOptions::new().heartbeat(Some(25 * SECOND)));
    tape.come_back();
    fills(&tape, 8..9);
    tape.read_but(is_log(8));
    tape.pass(25 * SECOND);
    tape.read();
    back(&mut tape, none);
    fills(&tape, 9..10);
    tape.hub.broadcast("alice", &Total(9.0));
    tape.read_but(is_log(9));
    tape.cut();
    tape.connect();
    tape.read();
    back(&mut tape, none);
    // It goes astray again, and is declared; so are the next ones, until a SYNCED.
    fills(&tape, 10..14);
    tape.read_but(is_log(11));
    back(&mut tape, &|frame| is_log(11)(frame) || is_log(13)(frame));
    assert!(tape.is_connected());
    fills(&tape, 14..17);
    tape.read_but(is_log(15));
    back(&mut tape, none);
    // It went astray, and then was evicted: the gap covers it.
    fills(&tape, 17..18);
    tape.read_but(is_log(17));
    fills(&tape, 18..30);
    tape.read();
    fills(&tape, 30..31);
    tape.read();
    tape.stream()
}

/// Somebody else signs in, and comes back.
pub(crate) fn users() -> Stream {
    let mut tape = tape();
    for user in ["alice", "bob"] {
        tape.hub.broadcast(user, &Total(user.len() as f64));
        tape.hub.broadcast(user, &price(user, user));
        tape.hub.broadcast_to_all(&Notice(1));
    }
    fills(&tape, 1..3);
    tape.read();
    tape.sign_in("bob");
    tape.hub.broadcast("bob", &Fill("bob's"));
    tape.hub.broadcast_to_all(&Notice(2));
    tape.read();
    tape.sign_in("alice");
    tape.hub.broadcast("bob", &Total(0.0));
    fills(&tape, 3..4);
    tape.read();
    // With the wrong cursor for the right user, and with the right one.
    tape.sign_in("bob");
    tape.come_back();
    tape.stream()
}

/// Texts, keys and numbers at which programs stumble.
pub(crate) fn odd() -> Stream {
    let mut tape = Tape::new(UserHub::builder().key_bytes(64));
    let hub = tape.hub.clone();
    let keys = [
        "",
        " ",
        "__proto__",
        "constructor",
        "prototype",
        "toString",
        "hasOwnProperty",
        "length",
        "0",
        "-1",
        "null",
        "undefined",
        "a\"b",
        "a\\b",
        "a/b",
        "a\nb\tc",
        "\u{0}",
        "\u{7f}",
        "ä",
        "a\u{308}",
        "東京",
        "😀",
        "👨‍👩‍👧",
        "\u{202e}rtl",
        "\u{2028}",
        "\u{feff}",
        "\u{fffd}",
        "\u{10ffff}",
        "</script>",
        "${x}",
        "%s",
        "BTC",
        "btc",
    ];
    for (at, key) in keys.into_iter().enumerate() {
        hub.broadcast("alice", &price(key, at));
    }
    hub.broadcast("alice", &Total(-0.0));
    tape.read();
    for key in ["__proto__", "", "😀", "a\u{308}"] {
        hub.clear_key::<AnyPrice>("alice", key);
    }
    hub.broadcast("alice", &price("constructor", 1).last());
    tape.read();
    let values = [
        json!(9_007_199_254_740_991_i64),
        json!(-9_007_199_254_740_991_i64),
        json!(0),
        json!(-0.0),
        json!(0.1 + 0.2),
        json!(962.207_282_011_251_9),
        json!(10_964.718_246_722_761),
        json!(5e-324),
        json!(f64::MAX),
        json!(f64::MIN_POSITIVE),
        json!(1e21),
        json!(1e-7),
        json!(123_456_789.123_456_79),
        json!(1.0),
        json!(100.0),
        json!(null),
        json!(true),
        json!(""),
        json!("\"\\/\u{8}\u{c}\n\r\t\u{0}\u{1f}\u{7f}\u{2028}\u{2029}😀é"),
        json!([]),
        json!({}),
        json!([[[[]]]]),
        json!({"__proto__": {"a": 1}, "constructor": 2, "": 3, "1": 4, "0": 5, "a\"b": [null, {"b": false}]}),
        json!({"type": "SYNCED", "seq": 1, "prevLog": 7, "group": 3, "removed": true, "final": true}),
    ];
    for (at, value) in values.iter().enumerate() {
        hub.broadcast("alice", &price(&format!("value {at}"), value.clone()));
        hub.broadcast("alice", &Fill(value.clone()));
    }
    tape.read();
    for name in ["A", "EVENT_WITH_A_LONG_NAME_0123456789", "CONSTRUCTOR"] {
        for key in ["", "7"] {
            hub.broadcast_dynamic("alice", &DynamicEvent::state(name, key, json!({ "name": name })).unwrap());
        }
    }
    // Without a key is another than under the empty one.
    hub.broadcast("alice", &Total(1.0));
    for key in ["", "undefined"] {
        hub.broadcast_dynamic("alice", &DynamicEvent::state("TOTAL", key, json!(key)).unwrap());
    }
    tape.read();
    hub.clear_key::<Total>("alice", "undefined");
    hub.broadcast_dynamic("alice", &DynamicEvent::log("BARE", json!("a Log record without a field")).unwrap());
    tape.read();
    tape.come_back();
    tape.stream()
}

/// Frames that no hub sends: from a later version of it, or from somebody in between.
pub(crate) fn strange() -> Stream {
    let mut tape = tape();
    fills(&tape, 1..3);
    tape.hub.broadcast("alice", &Total(1.0));
    tape.read();
    let epoch = tape.device.cursor().unwrap().to_string()[..16].to_owned();
    // Nothing that the device knows.
    for text in [
        r#"{"type":"FUTURE"}"#,
        r#"{"type":"FUTURE","seq":"4","data":1}"#,
        r#"{"type":"FUTURE","seq":4.5,"data":1}"#,
        r#"{"type":"FUTURE","seq":9007199254740992,"data":1}"#,
        r#"{"type":"FUTURE","seq":null,"prevLog":2}"#,
        r#"{"type":"FILL","seq":0,"prevLog":0,"data":{"fill":0}}"#,
        r#"{"type":"HEARTBEAT","cursor":"garbage","lastLog":2}"#,
        r#"{"type":"HEARTBEAT","cursor":"00000000deadbeef-9","lastLog":2}"#,
        r#"{"type":"HEARTBEAT","cursor":7,"lastLog":"2"}"#,
        r#"{"type":"HEARTBEAT"}"#,
        r#"{"type":"toString"}"#,
        r#"{"type":""}"#,
    ] {
        tape.receive(text);
    }
    // A type and fields of a later version.
    tape.receive(
        r#"{"seq":4,"type":"FUTURE","timestamp":"2026-11-22T23:59:39.123Z","key":"k","colour":"red","data":[1]}"#,
    );
    tape.receive(r#"{"seq":5,"type":"FUTURE","timestamp":"2026-11-22T23:59:39.123Z","key":"k","removed":true,"reason":"eclipsed"}"#);
    tape.receive(r#"{"seq":6,"type":"FUTURE","timestamp":"2026-11-22T23:59:39.123Z","removed":false,"final":false,"group":null,"data":2}"#);
    tape.receive(r#"{"seq":7,"type":"FUTURE","removed":1,"final":0,"prevLog":null,"data":3}"#);
    tape.receive(r#"{"seq":8,"type":"FUTURE","group":"10","data":4}"#);
    // A group that another one ends, one that its own end comes to out of order, and one that is never over.
    tape.receive(r#"{"seq":9,"type":"FUTURE","key":"g","group":11,"data":5}"#);
    tape.receive(r#"{"seq":12,"type":"FUTURE","key":"g","group":13,"data":6}"#);
    tape.receive(&format!(r#"{{"type":"HEARTBEAT","cursor":"{epoch}-11","lastLog":7}}"#));
    tape.receive(r#"{"seq":14,"type":"FUTURE","key":"g","group":15,"data":7}"#);
    tape.receive(r#"{"type":"UNKNOWN_CONTROL"}"#);
    tape.receive(r#"{"seq":16,"type":"FUTURE","key":"h","group":17,"data":8}"#);
    tape.receive(r#"{"type":"RESET"}"#);
    tape.receive(r#"{"seq":3,"type":"TOTAL","data":1.0}"#);
    tape.receive(r#"{"type":"SYNCED"}"#);
    tape.receive(r#"{"type":"GAP","lastLog":30,"to":30}"#);
    tape.receive(r#"{"type":"GAP","from":"31","to":"40","lastLog":40,"reason":"evicted"}"#);
    tape.receive(r#"{"type":"GAP","from":35,"to":39,"lastLog":40,"reason":"evicted"}"#);
    tape.receive(r#"{"seq":41,"type":"FILL","prevLog":40,"data":{"fill":41}}"#);
    tape.receive(&format!(r#"{{"type":"SYNCED","cursor":"{epoch}-9007199254740991","lastLog":41}}"#));
    tape.receive(&format!(r#"{{"type":"HEARTBEAT","cursor":"{epoch}-9007199254740993","lastLog":41}}"#));
    tape.receive(r#"{"seq":9007199254740991,"type":"FILL","prevLog":41,"data":{"fill":42}}"#);
    tape.cut();
    // It claims to know a device that has no cursor, and one that was another's.
    let connected = |user: &str, epoch: &str| {
        format!(
            r#"{{"type":"CONNECTED","protocol":1,"userId":"{user}","connectionId":"1","epoch":"{epoch}","after":null,"recovered":true,"lastLog":9,"heartbeat":0}}"#
        )
    };
    tape.connect_to(&[
        r#"{"seq":1,"type":"TOTAL","data":7}"#,
        &connected("bob", "00000000000000b0"),
        r#"{"seq":10,"type":"TOTAL","data":9}"#,
    ]);
    tape.connect_to(&[
        &connected("bob", "00000000000000b0"),
        r#"{"seq":11,"type":"FILL","prevLog":9,"data":{"fill":9}}"#,
    ]);
    tape.connect_to(&[
        &connected("bob", "00000000000000b0"),
        r#"{"seq":11,"type":"TOTAL","data":8}"#,
        r#"{"seq":12,"type":"TOTAL","data":9}"#,
    ]);
    // Closed before it began.
    tape.connect_to(&[
        r#"{"type":"CLOSING","code":3504,"reason":"too many connections","reconnect":false,"retryAfterMs":null}"#,
    ]);
    tape.stream()
}

/// How connections end, how State comes from a database, and how a hub tells that it is alive.
pub(crate) fn endings() -> Stream {
    let loads = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let load = move |_| {
        let number = loads.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let loaded = LoadedState::new().event(price("BTC", number)).event(Total(0.5));
        std::future::ready((number != 1).then_some(loaded))
    };
    let mut tape = Tape::new(UserHub::builder().state_source(load));
    tape.set_options(
        ConnectOptions::new().heartbeat(Some(Duration::from_millis(2_500))).start(Start::SnapshotAndLog(2)),
    );
    tape.come_back();
    fills(&tape, 1..5);
    for _ in 0..3 {
        tape.pass(3 * SECOND);
        tape.read();
    }
    for code in [CloseCode::NORMAL, CloseCode::TOO_SLOW, CloseCode::application(3100).unwrap()] {
        let reason = CloseReason::new(code).retry_after(Duration::from_millis(1_500));
        tape.hub.close_user("alice", &reason);
        tape.read();
        tape.connect();
        tape.read();
    }
    // Of a group that has begun the rest comes before the end.
    tape.hub.group("alice").event(&Fill(5)).event(&Total(5.0)).event(&Fill(6)).broadcast();
    tape.read_frames(1);
    tape.hub.close_user("alice", &CloseReason::new(CloseCode::REVOKED).with_text("plan cancelled"));
    fills(&tape, 7..8);
    tape.read();
    // A server that is shut down, and one whose load fails.
    tape.connect();
    tape.read();
    tape.hub.shutdown();
    tape.read();
    tape.restart();
    tape.connect();
    tape.read();
    fills(&tape, 8..12);
    tape.pass(MINUTE);
    tape.sign_in("bob");
    tape.sign_in("alice");
    tape.stream()
}

/// Everything mixed, as chance has it: the paces of the device too.
pub(crate) fn random() -> Stream {
    let builder = UserHub::builder()
        .log_records(10)
        .state_keys(6)
        .log_age(40 * SECOND)
        .retention(70 * SECOND)
        .connections_per_user(3);
    let mut scenario = Scenario::with_builder(20_261_122, builder).unwrap();
    let phone = scenario.connect("alice", Pace::Fast).unwrap();
    let other = scenario.connect("alice", Pace::Reconnecting).unwrap();
    for number in 0..1_000 {
        for _ in 0..scenario.random().below(6) {
            happen(&mut scenario, number);
        }
        match scenario.random().below(100) {
            0 | 1 => scenario.restart(),
            2 => scenario.pass(90 * SECOND),
            3 => scenario.cut(phone),
            4 => {
                let reason = CloseReason::new(CloseCode::NORMAL).retry_after(2 * SECOND);
                scenario.hub().close_user("alice", &reason);
            }
            5..15 => {
                let paces = [
                    Pace::Fast,
                    Pace::Slow(1),
                    Pace::Slow(4),
                    Pace::Stalled,
                    Pace::Reconnecting,
                    Pace::Lossy,
                    Pace::Lossy,
                ];
                let pace = *scenario.random().pick(&paces);
                scenario.set_pace(phone, pace);
            }
            _ => {}
        }
        scenario.step();
    }
    scenario.assert_converged();
    assert!(scenario.transcript(other).len() > 500);
    Stream::of(scenario.transcript(phone))
}

/// Something happens, to Alice or to everybody.
fn happen(scenario: &mut Scenario, number: u64) {
    let symbol = *scenario.random().pick(&["BTC", "ETH", "SOL", "ADA", "", "__proto__", "ä"]);
    let wait = SECOND * scenario.random().below(20) as u32;
    let until = later(scenario.clock().wall(), wait);
    let amount = scenario.random().below(1_000_000) as f64 / 7.0;
    let hub = scenario.hub().clone();
    match scenario.random().below(14) {
        0 | 1 => hub.broadcast("alice", &price(symbol, amount)),
        2 => hub.broadcast("alice", &price(symbol, amount).until(until)),
        3 => hub.broadcast("alice", &price(symbol, amount).last()),
        4 => hub.clear_key::<AnyPrice>("alice", symbol),
        5 => hub.broadcast("alice", &Total(amount)),
        6 => hub.broadcast("alice", &Total(f64::NAN)),
        7 | 8 => hub.broadcast("alice", &Fill(number)),
        9 => hub.group("alice").event(&Fill(number)).event(&price(symbol, number)).event(&Total(amount)).broadcast(),
        10 => hub.group("alice").event(&price(symbol, number)).event(&Fill(number)).event(&Fill(amount)).broadcast(),
        11 => hub.group("alice").event(&Total(amount)).event(&price(symbol, amount).last()).broadcast(),
        12 => hub.broadcast_to_all(&Notice(number)),
        _ => hub.broadcast_to_all(&Alarm(number)),
    };
}
