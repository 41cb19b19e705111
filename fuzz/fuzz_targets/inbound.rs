//! Any bytes on a WebSocket, into the drivers of tungstenite and axum: the device is served or ended, nobody else notices.
//!
//! The first byte chooses the driver, the second how the rest is cut into pieces.
#![no_main]

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, duplex, split};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;
use user_hub::transport::axum::WebSocketRequest;
use user_hub::transport::{OriginPolicy, WebSocketDevice, tungstenite};
use user_hub::{ConnectOptions, UserHub};
use user_hub_fuzz::{Wire, frames, note};

const UPGRADE: &[u8] = b"GET /ws HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

fuzz_target!(|input: &[u8]| {
    let [driver, piece, bytes @ ..] = input else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(check(driver % 2 == 0, usize::from(*piece), bytes));
});

async fn check(is_axum: bool, piece: usize, bytes: &[u8]) {
    let hub = UserHub::new();
    let mut bob = hub.connect("bob").expect("a user");
    frames(&mut bob);

    let (ours, theirs) = duplex(64 * 1024);
    let server = tokio::spawn(serve(is_axum, hub.clone(), theirs));
    let (reader, mut writer) = split(ours);
    let reading = tokio::spawn(read_all(reader, is_axum));
    if is_axum {
        let _ = writer.write_all(UPGRADE).await;
    }
    for piece in bytes.chunks(piece.max(1)) {
        // The server may have hung up.
        if writer.write_all(piece).await.is_err() {
            break;
        }
        hub.broadcast_dynamic("alice", &note("alice", 1));
        tokio::task::yield_now().await;
    }
    hub.broadcast_dynamic("bob", &note("bob", 1));
    assert_eq!(frames(&mut bob).len(), 1, "another device is served as before");
    // Half of a message may be there still; the time for pongs passes, then the device vanishes.
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert_eq!(hub.connections_of("alice"), 0, "who answers no ping is gone");
    let _ = writer.shutdown().await;
    drop(writer);
    server.await.expect("the driver does not panic");
    check_frames(&reading.await.expect("what the server writes are frames"));
}

/// A device of alice on the driver of a library.
async fn serve(is_axum: bool, hub: UserHub, stream: DuplexStream) {
    if is_axum {
        let router = Router::new().route("/ws", get(upgrade)).with_state(hub);
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
            .with_upgrades();
        let _ = connection.await;
    } else {
        let device = WebSocketDevice::connect(&hub, "alice", ConnectOptions::new()).expect("a user");
        let socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(tungstenite::config(&hub))).await;
        tungstenite::serve(device, socket).await;
    }
}

async fn upgrade(State(hub): State<UserHub>, device: WebSocketRequest) -> Response {
    device.serve(&hub, "alice", &OriginPolicy::same_host().allow_missing())
}

/// What the server writes, behind its answer to the upgrade.
async fn read_all(mut reader: ReadHalf<DuplexStream>, is_axum: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = reader.read_to_end(&mut bytes).await;
    let head = b"\r\n\r\n";
    let end_of_head = bytes.windows(head.len()).position(|window| window == head).filter(|_| is_axum);
    bytes.split_off(end_of_head.map_or(0, |at| at + head.len()))
}

/// Frames of a server: whole, unmasked, short control frames, text that keeps the rules of the wire, one close.
fn check_frames(mut bytes: &[u8]) {
    let mut wire = Wire::new("alice");
    let mut is_closed = false;
    while let [first, second, rest @ ..] = bytes {
        assert!(!is_closed, "nothing comes behind the close");
        assert_eq!((first & 0xf0, second & 0x80), (0x80, 0), "one whole frame, without reserved bits, not masked");
        let (length, rest) = match (second & 0x7f, rest) {
            (126, [high, low, rest @ ..]) => (usize::from(u16::from_be_bytes([*high, *low])), rest),
            (short @ 0..126, rest) => (usize::from(short), rest),
            _ => panic!("no frame is as long"),
        };
        // The driver may be cut off in the middle when the device has gone.
        let Some((payload, rest)) = rest.split_at_checked(length) else { return };
        match first & 0x0f {
            1 => drop(wire.take(std::str::from_utf8(payload).expect("text is UTF-8"))),
            8 => is_closed = true,
            9 | 10 => assert!(length <= 125),
            other => panic!("opcode {other}"),
        }
        bytes = rest;
    }
}
