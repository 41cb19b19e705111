//! Streams about State: what is current, what is gone, and what is not known.

use serde_json::{Value, json};
use user_hub::{DynamicEvent, UserHub};

use super::super::event::{Alarm, AnyPrice, Fill, Notice, Total, price};
use super::super::stream::Stream;
use super::super::tape::Tape;
use super::{SECOND, fills, later, tape};

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

/// Keys at which programs stumble.
const KEYS: [&str; 33] = [
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

/// Numbers, texts and objects that are read back as something else.
fn values() -> Vec<Value> {
    vec![
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
    ]
}

/// Texts, keys and numbers that are to stay what they are.
pub(crate) fn odd() -> Stream {
    let mut tape = Tape::new(UserHub::builder().key_bytes(64));
    let hub = tape.hub.clone();
    for (at, key) in KEYS.into_iter().enumerate() {
        hub.broadcast("alice", &price(key, at));
    }
    hub.broadcast("alice", &Total(-0.0));
    tape.read();
    for key in ["__proto__", "", "😀", "a\u{308}"] {
        hub.clear_key::<AnyPrice>("alice", key);
    }
    hub.broadcast("alice", &price("constructor", 1).last());
    tape.read();
    for (at, value) in values().iter().enumerate() {
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
