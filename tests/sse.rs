//! Server-sent events over real sockets: curl, and HTTP by hand where the bytes matter.
#![cfg(feature = "axum")]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod sockets;

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout, Command};
use user_hub::transport::OriginPolicy;
use user_hub::{DynamicEvent, UserHub};

use sockets::{App, note, until, within};

/// A device that is curl.
struct Curl {
    lines: Lines<BufReader<ChildStdout>>,
    process: Child,
}

/// One event as it came, field by field.
#[derive(Debug)]
struct Event {
    id: Option<String>,
    retry: Option<String>,
    data: Value,
}

impl Curl {
    /// `None` where there is no curl; then the test says loudly that it has tested nothing.
    async fn get(address: SocketAddr, query: &str, headers: &[&str]) -> Option<Self> {
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--no-buffer", "--max-time", "30"]);
        for header in headers {
            command.args(["--header", header]);
        }
        command.arg(format!("http://{address}/events?{query}")).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = match command.spawn() {
            Ok(process) => process,
            Err(error) => {
                skipped(&format!("curl: {error}"));
                return None;
            }
        };
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Some(Self { lines, process })
    }

    /// The next event, or `None` at the end of the body.
    async fn next(&mut self) -> Option<Event> {
        let (mut id, mut retry, mut data) = (None, None, None);
        loop {
            let line = within(self.lines.next_line()).await.unwrap()?;
            match line.split_once(": ") {
                Some(("id", value)) => assert!(id.replace(value.to_owned()).is_none()),
                Some(("retry", value)) => assert!(retry.replace(value.to_owned()).is_none()),
                Some(("data", value)) => assert!(data.replace(serde_json::from_str(value).unwrap()).is_none()),
                _ => {
                    assert_eq!(line, "", "an event is id, retry and data");
                    return Some(Event { id, retry, data: data.take().unwrap() });
                }
            }
        }
    }

    async fn expect(&mut self, name: &str) -> Event {
        let event = self.next().await.unwrap();
        assert_eq!(event.data["type"], name, "{event:?}");
        event
    }
}

/// Past the capture of the test harness: a skipped test must not look like one that has passed.
fn skipped(why: &str) {
    assert!(std::env::var_os("USER_HUB_REQUIRE_ALL").is_none(), "skipped: {why}");
    let line = format!("SKIPPED a test of server-sent events: {why}\n");
    if std::fs::write("/dev/stderr", &line).is_err() {
        eprint!("{line}");
    }
}

macro_rules! curl {
    ($($argument:expr),*) => {
        match Curl::get($($argument),*).await {
            Some(curl) => curl,
            None => return,
        }
    };
}

#[tokio::test]
async fn a_device_gets_connected_synced_and_then_live_events() {
    let hub = UserHub::new();
    let mut device = curl!(App::new(&hub).start().await, "user=alice", &[]);

    let connected = device.expect("CONNECTED").await;
    assert_eq!((connected.id, &connected.data["heartbeat"]), (None, &25.into()));
    let synced = device.expect("SYNCED").await;
    assert_eq!(synced.id.as_deref(), synced.data["cursor"].as_str());

    hub.broadcast_dynamic("alice", &note(1));
    let live = device.expect("NOTE").await;
    assert_eq!(live.data["data"]["number"], 1);
    assert!(live.id.unwrap().ends_with("-1"));
}

#[tokio::test]
async fn devices_of_two_users_see_only_their_own_events() {
    let hub = UserHub::new();
    let address = App::new(&hub).start().await;
    let mut alice = curl!(address, "user=alice", &[]);
    let mut bob = curl!(address, "user=bob", &[]);
    for device in [&mut alice, &mut bob] {
        device.expect("CONNECTED").await;
        device.expect("SYNCED").await;
    }
    for number in 0..20 {
        hub.broadcast_dynamic("alice", &note(number));
        hub.broadcast_dynamic("bob", &note(100 + number));
    }
    for number in 0..20 {
        assert_eq!(alice.expect("NOTE").await.data["data"]["number"], number);
        assert_eq!(bob.expect("NOTE").await.data["data"]["number"], 100 + number);
    }
}

#[tokio::test]
async fn a_device_resumes_behind_its_last_event_id_whatever_the_query_says() {
    let hub = UserHub::new();
    let address = App::new(&hub).start().await;
    let mut device = curl!(address, "user=alice", &[]);
    device.expect("CONNECTED").await;
    let before = device.expect("SYNCED").await.id.unwrap();
    hub.broadcast_dynamic("alice", &note(1));
    let first = device.expect("NOTE").await.id.unwrap();
    drop(device);
    until(|| hub.connection_count() == 0).await;
    hub.broadcast_dynamic("alice", &note(2));

    let header = format!("Last-Event-ID: {first}");
    let mut by_header = curl!(address, &format!("user=alice&resume={before}"), &[&header]);
    assert_eq!(by_header.expect("CONNECTED").await.data["after"], first.as_str());
    assert_eq!(by_header.expect("NOTE").await.data["data"]["number"], 2);
    by_header.expect("SYNCED").await;

    let mut by_query = curl!(address, &format!("user=alice&resume={before}"), &["Last-Event-ID;"]);
    assert_eq!(by_query.expect("CONNECTED").await.data["after"], before.as_str());
    assert_eq!(by_query.expect("NOTE").await.data["data"]["number"], 1);
    assert_eq!(by_query.expect("NOTE").await.data["data"]["number"], 2);
    by_query.expect("SYNCED").await;
}

#[tokio::test]
async fn shutdown_ends_the_body_behind_closing_1001() {
    let hub = UserHub::new();
    let mut device = curl!(App::new(&hub).start().await, "user=alice", &[]);
    device.expect("CONNECTED").await;
    device.expect("SYNCED").await;
    hub.shutdown();
    let closing = device.expect("CLOSING").await;
    assert_eq!((&closing.data["code"], &closing.data["reconnect"]), (&1001.into(), &true.into()));
    assert_eq!(closing.id, None);
    assert!(closing.retry.is_some(), "the browser is told when to come back");
    assert!(device.next().await.is_none());
    assert!(within(device.process.wait()).await.unwrap().success(), "the body ended as it should");
    assert_eq!(hub.connection_count(), 0);
}

#[tokio::test]
async fn a_quiet_device_gets_heartbeats() {
    let hub = UserHub::builder().heartbeat(Duration::from_millis(30)).build().unwrap();
    let mut device = curl!(App::new(&hub).start().await, "user=alice", &[]);
    device.expect("CONNECTED").await;
    device.expect("SYNCED").await;
    for _ in 0..5 {
        let heartbeat = device.expect("HEARTBEAT").await;
        assert_eq!(heartbeat.id.as_deref(), heartbeat.data["cursor"].as_str());
    }
}

#[tokio::test]
async fn a_device_that_goes_away_is_forgotten() {
    let hub = UserHub::new();
    let mut device = curl!(App::new(&hub).start().await, "user=alice", &[]);
    device.expect("CONNECTED").await;
    device.process.kill().await.unwrap();
    until(|| hub.connection_count() == 0).await;
}

/// A response by hand: its head, and the stream behind it.
async fn get(address: SocketAddr, query: &str, headers: &str) -> (String, TcpStream) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET /events?{query} HTTP/1.1\r\nhost: {address}\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(within(stream.read_u8()).await.unwrap());
    }
    (String::from_utf8(head).unwrap(), stream)
}

async fn status(address: SocketAddr, query: &str, headers: &str) -> u16 {
    get(address, query, headers).await.0.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn the_response_is_one_that_proxies_and_browsers_do_not_hold_back() {
    let (head, _stream) = get(App::new(&UserHub::new()).start().await, "user=alice", "").await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    for line in ["content-type: text/event-stream", "cache-control: no-cache, no-transform", "x-accel-buffering: no"] {
        assert!(head.lines().any(|header| header == line), "{line} is not in {head}");
    }
}

#[tokio::test]
async fn another_page_is_refused_and_one_of_the_same_host_is_not() {
    let hub = UserHub::new();
    let address = App { origin: OriginPolicy::same_host(), ..App::new(&hub) }.start().await;
    assert_eq!(status(address, "user=alice", "origin: https://evil.example\r\n").await, 403);
    assert_eq!(status(address, "user=alice", "origin: null\r\n").await, 403);
    assert_eq!(status(address, "user=alice", "sec-fetch-site: cross-site\r\n").await, 403);
    assert_eq!(status(address, "user=alice", "sec-fetch-site: same-site\r\n").await, 403);
    assert_eq!(status(address, "user=alice", "").await, 403, "no Origin and no browser");
    assert_eq!(hub.connection_count(), 0);

    assert_eq!(status(address, "user=alice", &format!("origin: http://{address}\r\n")).await, 200);
    // What an EventSource of the same origin sends: no Origin.
    assert_eq!(status(address, "user=alice", "sec-fetch-site: same-origin\r\n").await, 200);
}

#[tokio::test]
async fn nobody_signed_in_is_401_and_a_hub_in_shutdown_is_503() {
    let hub = UserHub::new();
    let address = App::new(&hub).start().await;
    assert_eq!(status(address, "user=", "").await, 401);
    hub.shutdown();
    let (head, _stream) = get(address, "user=alice", "").await;
    assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("\r\nretry-after: 2\r\n"), "{head}");
}

#[tokio::test]
async fn a_burst_is_few_chunks() {
    let hub = UserHub::new();
    let (_, mut stream) = get(App::new(&hub).start().await, "user=alice", "").await;
    let mut body = Vec::with_capacity(256 * 1024);
    while !String::from_utf8_lossy(&body).contains("SYNCED") {
        within(stream.read_buf(&mut body)).await.unwrap();
    }
    body.clear();

    // On this runtime of one thread the body is asked for more when the burst is complete.
    (0..100).for_each(|number| drop(hub.broadcast_dynamic("alice", &note(number))));
    while !String::from_utf8_lossy(&body).ends_with("\r\n")
        || !String::from_utf8_lossy(&body).contains(r#""number":99}"#)
    {
        within(stream.read_buf(&mut body)).await.unwrap();
    }
    let text = String::from_utf8(body).unwrap();
    let is_size = |line: &&str| !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_hexdigit());
    let chunks = text.split("\r\n").filter(is_size).count();
    assert!((1..=2).contains(&chunks), "100 events came in {chunks} chunks");
}

#[tokio::test]
async fn a_device_that_reads_nothing_holds_up_no_other() {
    let hub = UserHub::new();
    let address = App::new(&hub).start().await;
    let (_, _stuck) = get(address, "user=alice", "").await;
    let mut reader = curl!(address, "user=alice", &[]);
    reader.expect("CONNECTED").await;
    reader.expect("SYNCED").await;

    let text = "x".repeat(30_000);
    for number in 0..700 {
        let event = DynamicEvent::log("NOTE", serde_json::json!({ "number": number, "text": text })).unwrap();
        hub.broadcast_dynamic("alice", &event);
        assert_eq!(reader.expect("NOTE").await.data["data"]["number"], number);
    }
}
