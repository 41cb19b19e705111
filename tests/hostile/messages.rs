//! WebSocket messages that the protocol does not allow, and those that it does and nobody sends.

use user_hub::{CloseCode, CloseReason};

use super::client::{BINARY, CLOSE, CONTINUATION, LAST, PING, PONG, TEXT, frame, head};
use super::host::Library;
use super::scene::{Scene, until, within};

/// Sends bytes on a connection each, to both libraries: each time the device is gone, and nobody else has noticed.
async fn ends_only_its_own_connection(cases: &[(&str, Vec<u8>)]) {
    for library in [Library::Axum, Library::Tungstenite] {
        let mut scene = Scene::on(library).await;
        for (case, bytes) in cases {
            let mut client = scene.hostile().await;
            until(|| scene.hub.connections_of("alice") == 1).await;
            client.write(bytes).await;
            let hub = scene.hub.clone();
            let gone = tokio::time::timeout(
                std::time::Duration::from_secs(20),
                until(move || hub.connections_of("alice") == 0),
            );
            assert!(gone.await.is_ok(), "{library:?}: {case} ends the connection");
            client.rest().await;
            scene.bob_is_served().await;
        }
        scene.ends_well().await;
    }
}

/// Sends bytes on a connection each, to both libraries: each time the device is served as before.
async fn is_served_all_the_same(cases: &[(&str, Vec<u8>)]) {
    for library in [Library::Axum, Library::Tungstenite] {
        let scene = Scene::on(library).await;
        for (number, (case, bytes)) in cases.iter().enumerate() {
            let mut client = scene.hostile().await;
            assert!(client.write(bytes).await, "{library:?}: {case}");
            // What answers the ping has read everything before it.
            client.write(&frame(LAST | PING, b"all was read")).await;
            client.read_until("all was read").await;
            scene.tell_alice(number);
            client.read_until(&format!("\"number\":{number}")).await;
            drop(client);
            until(|| scene.is_alice_gone()).await;
        }
        scene.ends_well().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_that_is_not_masked_ends_only_its_own_connection() {
    let unmasked = b"\x81\x05hello".to_vec();
    ends_only_its_own_connection(&[("text without a mask", unmasked), ("a ping without one", b"\x89\x00".to_vec())])
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reserved_bits_and_opcodes_end_only_their_own_connection() {
    let opcodes = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map(|opcode| ("a reserved opcode", frame(LAST | opcode, b"x")));
    let bits = [0x40, 0x20, 0x10, 0x70].map(|bits| ("a reserved bit", frame(LAST | bits | TEXT, b"x")));
    ends_only_its_own_connection(&[opcodes.as_slice(), &bits].concat()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_that_is_no_utf8_ends_only_its_own_connection() {
    let halves = [frame(TEXT, b"\xc3"), frame(LAST | CONTINUATION, b"\x28")].concat();
    let cases = [
        ("bytes that are never text", frame(LAST | TEXT, b"\xff\xfe")),
        ("a lone surrogate", frame(LAST | TEXT, b"\xed\xa0\x80")),
        ("an overlong NUL", frame(LAST | TEXT, b"\xc0\x80")),
        ("a character that is broken between fragments", halves),
    ];
    ends_only_its_own_connection(&cases).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fragments_that_make_no_message_end_only_their_own_connection() {
    let cases = [
        ("a continuation of nothing", frame(LAST | CONTINUATION, b"x")),
        ("a message within a message", [frame(TEXT, b"a"), frame(LAST | TEXT, b"b")].concat()),
        ("a ping in fragments", frame(PING, b"x")),
        ("a ping of 126 bytes", frame(LAST | PING, &[0; 126])),
        ("a pong of 64 KiB", head(LAST | PONG, 65_536)),
    ];
    ends_only_its_own_connection(&cases).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_giant_message_ends_its_connection_before_it_is_there() {
    let in_bytes = |first| [frame(first, b"x"), frame(CONTINUATION, b"x").repeat(5000)].concat();
    let cases = [
        ("a frame of 2^63 bytes", head(LAST | TEXT, 1 << 63)),
        ("a frame of 2^64 - 1 bytes", head(LAST | TEXT, u64::MAX)),
        ("a frame of 2^63 - 1 bytes", head(LAST | BINARY, i64::MAX as u64)),
        ("a frame of 4097 bytes, announced", head(LAST | TEXT, 4097)),
        ("a message of two frames of 4 KiB", [frame(TEXT, &[b'x'; 4096]), frame(CONTINUATION, b"x")].concat()),
        ("a text in fragments of a byte", in_bytes(TEXT)),
        ("a binary in fragments of a byte", in_bytes(BINARY)),
    ];
    ends_only_its_own_connection(&cases).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closes_of_every_kind_end_only_their_own_connection() {
    let close = |payload: &[u8]| frame(LAST | CLOSE, payload);
    let mut cases = vec![
        ("an empty close", close(b"")),
        ("a close of one byte", close(b"\x03")),
        ("a close with a text that is no UTF-8", close(b"\x03\xe8\xff")),
        ("two closes", close(b"\x03\xe8").repeat(2)),
        ("a close, then data", [close(b"\x03\xe8"), frame(LAST | TEXT, b"more").repeat(100)].concat()),
        ("a close within a message", [frame(TEXT, b"a"), close(b"\x03\xe8")].concat()),
        ("a close in fragments", frame(CLOSE, b"\x03\xe8")),
    ];
    for code in [0_u16, 999, 1000, 1004, 1005, 1006, 1015, 2999, 3000, 3504, 4999, 5000, 65_535] {
        cases.push(("a close with a code", close(&code.to_be_bytes())));
    }
    ends_only_its_own_connection(&cases).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_protocol_allows_is_ignored_however_odd() {
    let in_pieces = [frame(TEXT, b"a"), frame(LAST | PING, b"between"), frame(LAST | CONTINUATION, b"b")].concat();
    let is_empty = [frame(TEXT, b""), frame(CONTINUATION, b"").repeat(1000), frame(LAST | CONTINUATION, b"")].concat();
    let by_bytes =
        [frame(TEXT, b"x"), frame(CONTINUATION, b"x").repeat(4000), frame(LAST | CONTINUATION, b"x")].concat();
    // A length of five in eight bytes.
    let roundabout = [&[0x81, 0xff, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0], b"hello".as_slice()].concat();
    let cases = [
        ("text", frame(LAST | TEXT, br#"{"type":"CLOSING","code":3503}"#)),
        ("binary", frame(LAST | BINARY, &[0xff; 4096])),
        ("an empty message", frame(LAST | TEXT, b"")),
        ("a ping within a message", in_pieces),
        ("a thousand empty fragments", is_empty),
        ("4 KiB in fragments of a byte", by_bytes),
        ("a length that is written too long", roundabout),
        ("a text that looks like the hub's own", frame(LAST | TEXT, br#"{"seq":1,"type":"PNL_UPDATE","data":{}}"#)),
    ];
    is_served_all_the_same(&cases).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_frame_and_then_silence_holds_up_nobody() {
    for library in [Library::Axum, Library::Tungstenite] {
        let mut scene = Scene::on(library).await;
        let mut clients = Vec::new();
        for length in 1..8 {
            let mut client = scene.hostile().await;
            client.write(&frame(LAST | TEXT, b"hello")[..length]).await;
            clients.push(client);
        }
        scene.bob_is_served().await;
        scene.tell_alice(1);
        for client in &mut clients {
            client.read_until("\"number\":1").await;
        }
        drop(clients);
        scene.ends_well().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_answers_no_close_is_let_go() {
    for library in [Library::Axum, Library::Tungstenite] {
        let scene = Scene::on(library).await;
        let mut client = scene.hostile().await;
        scene.hub.close_user("alice", &CloseReason::new(CloseCode::application(3100).unwrap()));
        client.read_until("\"code\":3100").await;
        until(|| scene.is_alice_gone()).await;
        // It goes on talking instead; the farewell has an end.
        within(async { while client.write(&frame(LAST | TEXT, b"x")).await {} }).await;
        scene.ends_well().await;
    }
}
