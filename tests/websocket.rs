//! WebSocket devices over real sockets, with clients that are not ours.
#![cfg(feature = "axum")]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod sockets;

use std::net::SocketAddr;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use user_hub::transport::OriginPolicy;
use user_hub::{DynamicEvent, UserHub};

use sockets::{App, note, until, within};

struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// What a client gets: a frame, or the close code.
#[derive(Debug, PartialEq)]
enum Got {
    Frame(Value),
    Closed(u16),
    Pong(Vec<u8>),
    Lost,
}

impl Client {
    async fn connect(address: SocketAddr, user: &str) -> Self {
        Self::with(address, &format!("user={user}"), &[]).await.unwrap()
    }

    async fn with(address: SocketAddr, query: &str, headers: &[(&'static str, &str)]) -> Result<Self, Error> {
        let mut request = format!("ws://{address}/ws?{query}").into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        Ok(Self(within(connect_async(request)).await?.0))
    }

    async fn got(&mut self) -> Got {
        loop {
            return match within(self.0.next()).await {
                Some(Ok(Message::Text(text))) => Got::Frame(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(Some(close)))) => Got::Closed(close.code.into()),
                Some(Ok(Message::Pong(data))) => Got::Pong(data.to_vec()),
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => Got::Lost,
            };
        }
    }

    async fn frame(&mut self) -> Value {
        match self.got().await {
            Got::Frame(frame) => frame,
            other => panic!("{other:?}"),
        }
    }

    async fn expect(&mut self, name: &str) -> Value {
        let frame = self.frame().await;
        assert_eq!(frame["type"], name, "{frame}");
        frame
    }

    /// Reads the first batch of a device without State.
    async fn synced(mut self) -> Self {
        self.expect("CONNECTED").await;
        self.expect("SYNCED").await;
        self
    }
}

fn status<T>(result: Result<T, Error>) -> u16 {
    match result {
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was let in"),
    }
}

#[tokio::test]
async fn a_device_gets_connected_synced_and_then_live_events() {
    let hub = UserHub::new();
    let mut device = Client::connect(App::new(&hub).start().await, "alice").await;

    let connected = device.expect("CONNECTED").await;
    assert_eq!((&connected["userId"], &connected["heartbeat"]), (&"alice".into(), &25.into()));
    device.expect("SYNCED").await;

    hub.broadcast_dynamic("alice", &note(1));
    let live = device.expect("NOTE").await;
    assert_eq!((&live["seq"], &live["data"]["number"]), (&1.into(), &1.into()));
}

#[tokio::test]
async fn devices_of_two_users_see_only_their_own_events_and_those_of_one_the_same() {
    let hub = UserHub::new();
    let address = App::new(&hub).start().await;
    let mut phone = Client::connect(address, "alice").await.synced().await;
    let mut tab = Client::connect(address, "alice").await.synced().await;
    let mut bob = Client::connect(address, "bob").await.synced().await;

    for number in 0..20 {
        hub.broadcast_dynamic("alice", &note(number));
        hub.broadcast_dynamic("bob", &note(100 + number));
    }
    for number in 0..20 {
        assert_eq!(phone.expect("NOTE").await["data"]["number"], number);
        assert_eq!(tab.expect("NOTE").await["data"]["number"], number);
        assert_eq!(bob.expect("NOTE").await["data"]["number"], 100 + number);
    }
}

#[tokio::test]
async fn a_wrong_origin_is_refused_before_the_upgrade() {
    let hub = UserHub::new();
    let address = App::new(&hub).start().await;
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1", &format!("http://{address}.evil.example")] {
        assert_eq!(status(Client::with(address, "user=alice", &[("origin", origin)]).await), 403, "{origin}");
    }
    assert_eq!(hub.connection_count(), 0);

    let own = format!("http://{address}");
    Client::with(address, "user=alice", &[("origin", &own)]).await.unwrap().synced().await;
}

#[tokio::test]
async fn a_missing_origin_is_refused_unless_the_policy_allows_it() {
    let hub = UserHub::new();
    let strict = App { origin: OriginPolicy::same_host(), ..App::new(&hub) }.start().await;
    assert_eq!(status(Client::with(strict, "user=alice", &[]).await), 403);
    let open = App::new(&hub).start().await;
    Client::with(open, "user=alice", &[]).await.unwrap().synced().await;
}

#[tokio::test]
async fn nobody_signed_in_is_401_and_a_hub_in_shutdown_is_503() {
    let hub = UserHub::new();
    let address = App::new(&hub).start().await;
    assert_eq!(status(Client::with(address, "user=", &[]).await), 401);
    assert_eq!(status(Client::with(address, &format!("user={}", "x".repeat(300)), &[]).await), 403);
    hub.shutdown();
    assert_eq!(status(Client::with(address, "user=alice", &[]).await), 503);
}

#[tokio::test]
async fn a_request_that_is_no_websocket_is_refused() {
    let address = App::new(&UserHub::new()).start().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /ws?user=alice HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    within(stream.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

#[tokio::test]
async fn a_subprotocol_that_the_device_offers_is_taken() {
    let hub = UserHub::new();
    let address = App::new(&hub).start().await;
    let offer = [("sec-websocket-protocol", "token.abc, user-hub")];
    Client::with(address, "user=alice", &offer).await.unwrap().synced().await;
}

#[tokio::test]
async fn a_giant_inbound_frame_ends_only_that_connection() {
    let hub = UserHub::new();
    let address = App::new(&hub).start().await;
    let mut giant = Client::connect(address, "alice").await.synced().await;
    let mut other = Client::connect(address, "alice").await.synced().await;

    giant.0.send(Message::text("x".repeat(1024 * 1024))).await.ok();
    until(|| hub.connections_of("alice") == 1).await;
    hub.broadcast_dynamic("alice", &note(1));
    other.expect("NOTE").await;
}

#[tokio::test]
async fn inbound_text_is_ignored() {
    let hub = UserHub::new();
    let mut device = Client::connect(App::new(&hub).start().await, "alice").await.synced().await;
    for _ in 0..1000 {
        device.0.feed(Message::text(r#"{"type":"SUBSCRIBE","user":"bob"}"#)).await.unwrap();
    }
    device.0.send(Message::binary(vec![0; 4096])).await.unwrap();
    hub.broadcast_dynamic("alice", &note(1));
    device.expect("NOTE").await;
}

#[tokio::test]
async fn pings_of_a_device_are_answered() {
    let hub = UserHub::new();
    let mut device = Client::connect(App::new(&hub).start().await, "alice").await.synced().await;
    device.0.send(Message::Ping("are you there".into())).await.unwrap();
    assert_eq!(device.got().await, Got::Pong(b"are you there".to_vec()));
}

#[tokio::test]
async fn a_device_that_answers_pings_stays_and_gets_heartbeats() {
    let interval = Duration::from_millis(50);
    let hub = UserHub::builder().heartbeat(interval).pong_timeout(Duration::from_millis(500)).build().unwrap();
    let mut device = Client::connect(App::new(&hub).start().await, "alice").await;
    assert_eq!(device.expect("CONNECTED").await["heartbeat"], 0.05);
    device.expect("SYNCED").await;
    for _ in 0..20 {
        device.expect("HEARTBEAT").await;
    }
}

/// A client that has done the handshake and does nothing that it is not told.
async fn raw(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /ws?user=alice HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(within(stream.read_u8()).await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "));
    stream
}

#[tokio::test]
async fn a_device_that_answers_no_ping_is_closed_with_3012() {
    let short = Duration::from_millis(60);
    let hub = UserHub::builder().heartbeat(short).pong_timeout(short).build().unwrap();
    let mut mute = raw(App::new(&hub).start().await).await;

    let mut bytes = Vec::new();
    // The server waits for the close to be answered before it hangs up.
    while !bytes.ends_with(b"\x88\x09\x0b\xc4no pong") {
        assert_ne!(within(mute.read_buf(&mut bytes)).await.unwrap(), 0, "{}", String::from_utf8_lossy(&bytes));
    }
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains(r#"{"type":"CLOSING","code":3012,"reason":"no pong","reconnect":true"#), "{text}");
    assert_eq!(hub.connection_count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_never_reads_is_removed_and_another_of_its_user_gets_everything() {
    let timeout = Duration::from_millis(500);
    let hub = UserHub::builder().heartbeat(timeout).pong_timeout(timeout).build().unwrap();
    let address = App::new(&hub).start().await;
    let mut reader = Client::connect(address, "alice").await.synced().await;
    let _stuck = raw(address).await;
    until(|| hub.connections_of("alice") == 2).await;

    // More than the buffers of the operating system hold, so that writing to the stuck device blocks.
    let text = "x".repeat(30_000);
    let mut sent = 0;
    while hub.connections_of("alice") == 2 || sent < 700 {
        let event = DynamicEvent::log("NOTE", serde_json::json!({ "number": sent, "text": text })).unwrap();
        hub.broadcast_dynamic("alice", &event);
        loop {
            let frame = reader.frame().await;
            if frame["type"] == "NOTE" {
                assert_eq!(frame["data"]["number"], sent);
                break;
            }
            assert_eq!(frame["type"], "HEARTBEAT", "{frame}");
        }
        sent += 1;
    }
    assert_eq!(hub.connections_of("alice"), 1, "removed once, and only the one");
}

#[tokio::test]
async fn the_oldest_connection_beyond_the_limit_is_closed_with_3504() {
    let hub = UserHub::builder().connections_per_user(2).build().unwrap();
    let address = App::new(&hub).start().await;
    let mut oldest = Client::connect(address, "alice").await.synced().await;
    let _second = Client::connect(address, "alice").await.synced().await;
    let _third = Client::connect(address, "alice").await.synced().await;

    let closing = oldest.expect("CLOSING").await;
    assert_eq!((&closing["code"], &closing["reconnect"]), (&3504.into(), &false.into()));
    assert_eq!(oldest.got().await, Got::Closed(3504));
    until(|| hub.connections_of("alice") == 2).await;
}

#[tokio::test]
async fn shutdown_ends_every_device_with_1001() {
    let hub = UserHub::new();
    let address = App::new(&hub).start().await;
    let mut alice = Client::connect(address, "alice").await.synced().await;
    let mut bob = Client::connect(address, "bob").await.synced().await;
    hub.shutdown();
    for device in [&mut alice, &mut bob] {
        assert_eq!(device.expect("CLOSING").await["code"], 1001);
        assert_eq!(device.got().await, Got::Closed(1001));
    }
    until(|| hub.connection_count() == 0).await;
}

#[tokio::test]
async fn a_device_that_leaves_is_forgotten() {
    let hub = UserHub::new();
    let address = App::new(&hub).start().await;
    let mut polite = Client::connect(address, "alice").await.synced().await;
    let rude = Client::connect(address, "alice").await.synced().await;
    polite.0.close(None).await.unwrap();
    assert_eq!(polite.got().await, Got::Lost, "the close is answered and the socket ends");
    drop(rude);
    until(|| hub.connection_count() == 0).await;
}

#[tokio::test]
async fn a_device_resumes_behind_its_cursor_and_last_event_id_wins() {
    let hub = UserHub::new();
    let address = App::new(&hub).start().await;
    let mut device = Client::connect(address, "alice").await;
    device.expect("CONNECTED").await;
    let cursor = device.expect("SYNCED").await["cursor"].as_str().unwrap().to_owned();
    let _other = Client::connect(address, "alice").await.synced().await;
    drop(device);
    hub.broadcast_dynamic("alice", &note(1));
    hub.broadcast_dynamic("alice", &note(2));

    let encoded = cursor.replace('-', "%2D");
    let by_query = Client::with(address, &format!("user=alice&resume={encoded}"), &[]).await;
    let header = [("last-event-id", cursor.as_str())];
    let by_header = Client::with(address, "user=alice&resume=garbage", &header).await;
    for mut device in [by_query.unwrap(), by_header.unwrap()] {
        let connected = device.expect("CONNECTED").await;
        assert_eq!((&connected["recovered"], &connected["after"]), (&true.into(), &cursor.as_str().into()));
        assert_eq!(device.expect("NOTE").await["data"]["number"], 1);
        assert_eq!(device.expect("NOTE").await["data"]["number"], 2);
        device.expect("SYNCED").await;
    }

    let mut lost = Client::with(address, "user=alice&resume=garbage", &[]).await.unwrap();
    assert_eq!(lost.expect("CONNECTED").await["recovered"], false);
    lost.expect("GAP").await;
}

#[tokio::test]
async fn a_burst_arrives_in_few_writes() {
    let hub = UserHub::new();
    let mut device = raw(App::new(&hub).start().await).await;
    let mut bytes = Vec::with_capacity(256 * 1024);
    while !String::from_utf8_lossy(&bytes).contains("SYNCED") {
        within(device.read_buf(&mut bytes)).await.unwrap();
    }
    bytes.clear();

    // On this runtime of one thread the driver runs when the burst is complete.
    (0..100).for_each(|number| drop(hub.broadcast_dynamic("alice", &note(number))));
    let mut reads = 0;
    while !String::from_utf8_lossy(&bytes).contains(r#""number":99}"#) {
        within(device.read_buf(&mut bytes)).await.unwrap();
        reads += 1;
    }
    assert!(reads <= 3, "{} bytes came in {reads} pieces", bytes.len());
}
