//! Any query and any `Last-Event-ID` against a hub with two users: the wire keeps its rules, and nobody gets another's.
//!
//! `{alice}` and `{bob}` in the input stand for the epochs of two mailboxes, which are random.
#![no_main]

use libfuzzer_sys::fuzz_target;
use user_hub::transport::{DeviceRequest, SseStream};
use user_hub::{ConnectOptions, Connection, Cursor, Start, UserHub};
use user_hub_fuzz::{Wire, events_of, frames, note, price};

use futures::{FutureExt, StreamExt};

const RECORDS: u64 = 6;

fuzz_target!(|input: &[u8]| {
    let hub = UserHub::builder().log_records(3).without_heartbeat().build().expect("limits");
    let mut present = Vec::new();
    let [alice, bob] = ["alice", "bob"].map(|user| {
        let mut device = hub.connect(user).expect("a user");
        let epoch = epoch_of(&mut device);
        for number in 0..RECORDS {
            hub.broadcast_dynamic(user, &price(user, "BTC", number));
            hub.broadcast_dynamic(user, &note(user, number));
        }
        present.push(device);
        epoch
    });
    let (query, header) = split(&with_epochs(input, &alice, &bob));
    let query = String::from_utf8_lossy(&query).into_owned();
    let request = DeviceRequest::read(Some(&query), |name| (name == "last-event-id").then_some(header.as_slice()));
    if !header.is_empty() {
        assert_eq!(request.resume(), Some(&*String::from_utf8_lossy(&header)), "Last-Event-ID wins");
    }
    let after = match request.resume().map(str::parse::<Cursor>) {
        Some(Ok(cursor)) if cursor.to_string().starts_with(&alice) && cursor.seq() <= 2 * RECORDS => Some(cursor),
        _ => None,
    };
    let expected = match (request.resume(), after) {
        (None, _) => Start::Snapshot,
        (Some(text), _) => Start::resume(text),
    };
    assert_eq!(request.start(), expected);
    check(&hub, &request, after);
    assert_eq!(hub.connection_count(), 2, "who has left is gone");
    let bobs = frames(&mut present[1]);
    assert!(bobs.iter().all(|frame| !frame.text().contains("alice")), "Bob sees his own");
});

fn check(hub: &UserHub, request: &DeviceRequest, after: Option<Cursor>) {
    let options = ConnectOptions::new().start(request.start());
    let mut device = hub.connect_with("alice", options.clone()).expect("a cursor refuses nobody");
    let mut wire = Wire::new("alice");
    let mut body = SseStream::connect(hub, "alice", options).expect("a cursor refuses nobody");
    let chunks: Vec<u8> = std::iter::from_fn(|| body.next().now_or_never().flatten()).flatten().collect();
    let events = events_of(&String::from_utf8(chunks).expect("a body is text"));
    let frames = frames(&mut device);
    assert_eq!(frames.len(), events.len(), "both transports say the same");
    let mut seen = Vec::new();
    for (frame, (data, id)) in frames.iter().zip(events) {
        assert_eq!(frame.cursor().map(|cursor| cursor.to_string()), id);
        assert!(frame.name() == "CONNECTED" || frame.text() == data, "{} and {data}", frame.text());
        seen.push(wire.take(frame.text()));
    }
    assert!(wire.is_synced());
    assert_eq!(seen[0]["recovered"], after.is_some());
    let is_complete = seen.iter().any(|frame| frame["type"] == "PRICE" && frame["data"]["amount"] == RECORDS - 1);
    let has_it = after.is_some_and(|cursor| cursor.seq() + 1 >= 2 * RECORDS);
    assert_eq!(is_complete, !has_it, "the current State comes to whoever has not got it");
    let told = seen.iter().any(|frame| frame["type"] == "GAP");
    let lacks = |cursor: Cursor| cursor.seq() < 2 * (RECORDS - 3);
    let is_due = request.resume().is_some() && after.is_none_or(lacks);
    assert_eq!(told, is_due, "what is missing is declared, and nothing else: {seen:?}");
}

fn epoch_of(device: &mut Connection) -> String {
    let frames = frames(device);
    let cursor = frames.iter().find_map(|frame| frame.cursor()).expect("SYNCED has one");
    cursor.to_string()[..16].to_owned()
}

fn with_epochs(input: &[u8], alice: &str, bob: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = input;
    while let [first, after @ ..] = rest {
        let (bytes, next) = match rest {
            [b'{', b'a', b'l', b'i', b'c', b'e', b'}', next @ ..] => (alice.as_bytes(), next),
            [b'{', b'b', b'o', b'b', b'}', next @ ..] => (bob.as_bytes(), next),
            _ => (std::slice::from_ref(first), after),
        };
        out.extend_from_slice(bytes);
        rest = next;
    }
    out
}

/// The first line is the query, the rest the header.
fn split(input: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let at = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    (input[..at].to_vec(), input.get(at + 1..).unwrap_or_default().to_vec())
}
