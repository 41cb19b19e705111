//! Any query and any `Last-Event-ID` against a hub with two users: the wire keeps its rules, and nobody gets another's.
#![no_main]

use futures::{FutureExt, StreamExt};
use libfuzzer_sys::fuzz_target;
use user_hub::transport::{DeviceRequest, SseStream};
use user_hub::{ConnectOptions, Cursor, Start, UserHub};
use user_hub_fuzz::{RECORDS, RETAINED, Resuming, Wire, events_of, frames, resuming};

fuzz_target!(|input: &[u8]| {
    let mut scene = resuming();
    let (request, header) = scene.request(input);
    let Resuming { hub, present, epochs: [alice, _] } = &mut scene;
    if !header.is_empty() {
        assert_eq!(request.resume(), Some(&*String::from_utf8_lossy(&header)), "Last-Event-ID wins");
    }
    let after = match request.resume().map(str::parse::<Cursor>) {
        Some(Ok(cursor)) if cursor.to_string().starts_with(alice.as_str()) && cursor.seq() <= 2 * RECORDS => {
            Some(cursor)
        }
        _ => None,
    };
    let expected = match (request.resume(), after) {
        (None, _) => Start::Snapshot,
        (Some(text), _) => Start::resume(text),
    };
    assert_eq!(request.start(), expected);
    check(hub, &request, after);
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
    let lacks = |cursor: Cursor| cursor.seq() < 2 * (RECORDS - RETAINED);
    let is_due = request.resume().is_some() && after.is_none_or(lacks);
    assert_eq!(told, is_due, "what is missing is declared, and nothing else: {seen:?}");
}
