//! Streams about connections: whose they are, how they end, and what no hub sends.

use std::time::Duration;

use user_hub::{CloseCode, CloseReason, ConnectOptions, LoadedState, Start, UserHub};

use super::super::event::{Fill, Notice, Total, price};
use super::super::stream::Stream;
use super::super::tape::Tape;
use super::{MINUTE, SECOND, fills, tape};

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

/// Frames in which there is nothing that a device knows.
const UNKNOWN: [&str; 12] = [
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
];

/// Frames that no hub sends: from a later version of it, or from somebody in between.
pub(crate) fn strange() -> Stream {
    let mut tape = tape();
    fills(&tape, 1..3);
    tape.hub.broadcast("alice", &Total(1.0));
    tape.read();
    let epoch = tape.device.cursor().unwrap().to_string()[..16].to_owned();
    UNKNOWN.iter().for_each(|text| tape.receive(text));
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
