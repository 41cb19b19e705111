//! The drivers against a socket that does what a test says, with a clock that jumps.
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use futures::{FutureExt, Sink, Stream, StreamExt};
use parking_lot::Mutex;

use super::{FrameSink, FromDevice, SseStream, ToDevice, WebSocketDevice};
use crate::{
    Clock, CloseCode, CloseReason, ConnectOptions, DynamicEvent, Frame, Start, SystemClock, Timestamp, UserHub,
};

const INTERVAL: Duration = Duration::from_secs(20);
const TIMEOUT: Duration = Duration::from_secs(8);

/// Tokio's clock, which jumps to the next timer when all tasks wait.
struct PausedClock;

impl Clock for PausedClock {
    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn wall(&self) -> Timestamp {
        SystemClock.wall()
    }
}

fn hub() -> UserHub {
    UserHub::builder().clock(PausedClock).heartbeat(INTERVAL).pong_timeout(TIMEOUT).build().unwrap()
}

fn log(number: u32) -> DynamicEvent {
    DynamicEvent::log("NOTE", serde_json::json!({ "number": number })).unwrap()
}

fn state(number: u32) -> DynamicEvent {
    DynamicEvent::state("PRICE", "BTC", serde_json::json!({ "number": number })).unwrap()
}

/// What passed between a driver and a device, and what the device does next.
#[derive(Default)]
struct Wire {
    sent: Vec<ToDevice>,
    flushes: usize,
    /// Messages that the socket takes before it is full, if it fills at all.
    room: Option<usize>,
    /// Whether a flush ends.
    stuck: bool,
    inbound: VecDeque<FromDevice>,
    read: usize,
    /// How often somebody asked whether there is anything to read.
    looks: usize,
    /// The device never stops sending.
    babbles: bool,
    answers: bool,
    gone: bool,
    waker: Option<Waker>,
}

#[derive(Clone, Default)]
struct Device(Arc<Mutex<Wire>>);

impl Device {
    fn change(&self, change: impl FnOnce(&mut Wire)) {
        let waker = {
            let mut wire = self.0.lock();
            change(&mut wire);
            wire.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn names(&self) -> Vec<String> {
        let name = |message: &ToDevice| match message {
            ToDevice::Text(frame) => frame.name().to_owned(),
            ToDevice::Ping => "ping".to_owned(),
            ToDevice::Close(reason) => format!("close {}", reason.code()),
        };
        self.0.lock().sent.iter().map(name).collect()
    }

    fn poll_room(&self, context: &Context<'_>) -> Poll<Result<(), Infallible>> {
        let mut wire = self.0.lock();
        if wire.room == Some(0) {
            wire.waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    fn send(&self, message: ToDevice) {
        let mut wire = self.0.lock();
        if let Some(room) = &mut wire.room {
            *room -= 1;
        }
        if wire.answers && message == ToDevice::Ping {
            wire.inbound.push_back(FromDevice::Pong);
            wire.waker.take().inspect(Waker::wake_by_ref);
        }
        wire.sent.push(message);
    }

    fn poll_out(&self, context: &Context<'_>) -> Poll<Result<(), Infallible>> {
        let mut wire = self.0.lock();
        if wire.stuck {
            wire.waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        wire.flushes += 1;
        Poll::Ready(Ok(()))
    }

    async fn serve(&self, device: WebSocketDevice) -> Option<CloseReason> {
        let decode = |message: &Message| match message {
            Message::From(message) => *message,
            Message::To(_) => FromDevice::Data,
        };
        device.serve(self.clone(), Message::To, decode).await
    }
}

enum Message {
    To(ToDevice),
    From(FromDevice),
}

impl Stream for Device {
    type Item = Result<Message, Infallible>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut wire = self.0.lock();
        wire.looks += 1;
        let next = if wire.babbles { Some(FromDevice::Data) } else { wire.inbound.pop_front() };
        match next {
            Some(message) => {
                wire.read += 1;
                Poll::Ready(Some(Ok(Message::From(message))))
            }
            None if wire.gone => Poll::Ready(None),
            None => {
                wire.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Sink<Message> for Device {
    type Error = Infallible;

    fn poll_ready(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.poll_room(context)
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), Infallible> {
        if let Message::To(message) = message {
            self.send(message);
        }
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.poll_out(context)
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.poll_out(context)
    }
}

impl FrameSink for Device {
    type Error = Infallible;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.poll_room(context)
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), Infallible> {
        self.send(ToDevice::Text(frame));
        Ok(())
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.poll_out(context)
    }

    fn poll_close(&mut self, _: &mut Context<'_>, reason: &CloseReason) -> Poll<Result<(), Infallible>> {
        self.send(ToDevice::Close(reason.clone()));
        Poll::Ready(Ok(()))
    }
}

fn web_socket(hub: &UserHub) -> WebSocketDevice {
    WebSocketDevice::connect(hub, "alice", ConnectOptions::new()).unwrap()
}

/// Lets a driver do everything that it can do without time passing.
async fn turn(driver: &mut (impl Future<Output: std::fmt::Debug> + Unpin)) {
    assert!(driver.now_or_never().is_none(), "the driver has ended");
}

#[tokio::test]
async fn a_sink_gets_everything_that_is_ready_with_one_flush() {
    let (hub, device) = (UserHub::new(), Device::default());
    let mut driver = Box::pin(hub.connect("alice").unwrap().forward(device.clone()));

    assert!(driver.as_mut().now_or_never().is_none());
    assert_eq!(device.names(), ["CONNECTED", "SYNCED"]);
    assert_eq!(device.0.lock().flushes, 1);

    (0..100).for_each(|number| drop(hub.broadcast_dynamic("alice", &log(number))));
    assert!(driver.as_mut().now_or_never().is_none());
    assert_eq!(device.names().len(), 102);
    assert_eq!(device.0.lock().flushes, 2);
}

#[test]
fn nothing_is_taken_from_the_log_while_a_batch_is_not_out() {
    let (hub, device) = (UserHub::new(), Device::default());
    let mut driver = Box::pin(hub.connect("alice").unwrap().forward(device.clone()));
    device.change(|wire| wire.stuck = true);
    assert!(driver.as_mut().now_or_never().is_none());

    (0..100).for_each(|number| drop(hub.broadcast_dynamic("alice", &state(number))));
    assert!(driver.as_mut().now_or_never().is_none());
    assert_eq!(device.names(), ["CONNECTED", "SYNCED"]);

    device.change(|wire| wire.stuck = false);
    assert!(driver.as_mut().now_or_never().is_none());
    let sent = device.0.lock().sent.clone();
    let [.., ToDevice::Text(last)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(sent.len(), 3, "a slow device sees the latest value only");
    assert!(last.text().contains(r#""number":99"#), "{}", last.text());
}

#[test]
fn a_sink_that_is_not_ready_gets_nothing() {
    let (hub, device) = (UserHub::new(), Device::default());
    device.change(|wire| wire.room = Some(1));
    let mut driver = Box::pin(hub.connect("alice").unwrap().forward(device.clone()));
    assert!(driver.as_mut().now_or_never().is_none());
    assert_eq!(device.names(), ["CONNECTED"]);

    device.change(|wire| wire.room = None);
    assert!(driver.as_mut().now_or_never().is_none());
    assert_eq!(device.names(), ["CONNECTED", "SYNCED"]);
}

#[test]
fn a_sink_is_closed_with_the_reason_behind_the_closing_frame() {
    let (hub, device) = (UserHub::new(), Device::default());
    let mut driver = Box::pin(hub.connect("alice").unwrap().forward(device.clone()));
    assert!(driver.as_mut().now_or_never().is_none());
    hub.shutdown();

    let reason = driver.as_mut().now_or_never().unwrap().unwrap();
    assert_eq!(reason.code(), CloseCode::SHUTTING_DOWN);
    assert_eq!(device.names(), ["CONNECTED", "SYNCED", "CLOSING", "close 1001"]);
    assert_eq!(hub.connection_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn forward_drives_the_heartbeat() {
    let (hub, device) = (hub(), Device::default());
    let options = ConnectOptions::new().heartbeat(Some(INTERVAL));
    let driver = hub.connect_with("alice", options).unwrap().forward(device.clone());
    assert!(tokio::time::timeout(INTERVAL * 7 / 2, driver).await.is_err());
    assert_eq!(device.names(), ["CONNECTED", "SYNCED", "HEARTBEAT", "HEARTBEAT", "HEARTBEAT"]);
}

#[tokio::test(start_paused = true)]
async fn a_ping_goes_out_with_each_heartbeat_in_one_flush() {
    let (hub, device) = (hub(), Device::default());
    device.change(|wire| wire.answers = true);
    let driver = device.serve(web_socket(&hub));
    assert!(tokio::time::timeout(INTERVAL * 5 / 2, driver).await.is_err());
    assert_eq!(device.names(), ["CONNECTED", "SYNCED", "HEARTBEAT", "ping", "HEARTBEAT", "ping"]);
    assert_eq!(device.0.lock().flushes, 3);
}

#[tokio::test(start_paused = true)]
async fn a_device_that_answers_no_ping_is_closed_with_3012() {
    let (hub, device) = (hub(), Device::default());
    let started = tokio::time::Instant::now();
    let reason = device.serve(web_socket(&hub)).await.unwrap();

    assert_eq!(reason.code(), CloseCode::NO_PONG);
    assert_eq!(device.names(), ["CONNECTED", "SYNCED", "HEARTBEAT", "ping", "CLOSING", "close 3012"]);
    let patience = started.elapsed() - super::websocket::FAREWELL;
    assert!(patience >= INTERVAL + TIMEOUT && patience < INTERVAL + TIMEOUT + Duration::from_secs(1), "{patience:?}");
}

#[tokio::test(start_paused = true)]
async fn a_pong_timeout_far_below_the_interval_is_kept_to_as_well() {
    let device = Device::default();
    let timeout = INTERVAL / 10;
    let hub = UserHub::builder().clock(PausedClock).heartbeat(INTERVAL).pong_timeout(timeout).build().unwrap();
    let started = tokio::time::Instant::now();
    device.serve(web_socket(&hub)).await.unwrap();
    let patience = started.elapsed() - super::websocket::FAREWELL;
    assert!(patience < INTERVAL + timeout + Duration::from_millis(5), "{patience:?}");
}

#[tokio::test(start_paused = true)]
async fn a_socket_is_not_read_because_the_hub_has_something_to_send() {
    let (hub, device) = (hub(), Device::default());
    let mut driver = Box::pin(device.serve(web_socket(&hub)));
    turn(&mut driver).await;
    let looks = device.0.lock().looks;

    hub.broadcast_dynamic("alice", &log(1));
    turn(&mut driver).await;
    assert_eq!(device.names(), ["CONNECTED", "SYNCED", "NOTE"]);
    assert_eq!(device.0.lock().looks, looks);

    device.change(|wire| wire.inbound.push_back(FromDevice::Data));
    turn(&mut driver).await;
    assert_eq!(device.0.lock().read, 1);
}

#[tokio::test(start_paused = true)]
async fn a_device_that_reads_nothing_leaves_the_hub_at_the_missed_pong() {
    let (hub, device) = (hub(), Device::default());
    device.change(|wire| wire.stuck = true);
    let driver = device.serve(web_socket(&hub));
    let watch = async {
        tokio::time::sleep(INTERVAL * 5 / 4 + TIMEOUT + Duration::from_millis(5)).await;
        assert_eq!(hub.connection_count(), 0, "gone before its socket is");
    };
    let (reason, ()) = futures::future::join(driver, watch).await;
    assert_eq!(reason.unwrap().code(), CloseCode::NO_PONG);
}

#[tokio::test(start_paused = true)]
async fn a_ping_overtakes_the_batch_of_a_slow_device() {
    let (hub, device) = (hub(), Device::default());
    (0..50).for_each(|number| {
        drop(hub.broadcast_dynamic(
            "alice",
            &DynamicEvent::state("PRICE", number.to_string(), serde_json::json!(1)).unwrap(),
        ))
    });
    device.change(|wire| (wire.room, wire.answers) = (Some(0), true));
    let driver = device.serve(web_socket(&hub));
    let slow_reader = async {
        for _ in 0..60 {
            tokio::time::sleep(Duration::from_secs(3)).await;
            device.change(|wire| wire.room = Some(1));
        }
    };
    tokio::select! {
        reason = driver => panic!("{reason:?}"),
        () = slow_reader => {}
    }
    let names = device.names();
    let (ping, synced) = (names.iter().position(|name| name == "ping"), names.iter().position(|name| name == "SYNCED"));
    assert!(ping.is_some() && synced.is_some() && ping < synced, "{names:?}");
}

#[tokio::test(start_paused = true)]
async fn pongs_owed_to_a_device_that_reads_nothing_are_bounded() {
    let (hub, device) = (hub(), Device::default());
    device.change(|wire| {
        wire.stuck = true;
        wire.inbound = vec![FromDevice::Ping; 10_000].into();
    });
    let mut driver = Box::pin(device.serve(web_socket(&hub)));
    for _ in 0..1000 {
        turn(&mut driver).await;
    }
    assert_eq!(device.0.lock().read, super::websocket::MAX_PINGS_HELD as usize);

    device.change(|wire| wire.stuck = false);
    for _ in 0..1000 {
        turn(&mut driver).await;
    }
    assert_eq!(device.0.lock().read, 10_000);
}

#[tokio::test(start_paused = true)]
async fn a_device_that_never_stops_sending_still_gets_its_frames() {
    let (hub, device) = (hub(), Device::default());
    device.change(|wire| wire.babbles = true);
    let mut driver = Box::pin(device.serve(web_socket(&hub)));
    turn(&mut driver).await;
    hub.broadcast_dynamic("alice", &log(1));
    turn(&mut driver).await;
    assert_eq!(device.names(), ["CONNECTED", "SYNCED", "NOTE"]);
}

#[tokio::test(start_paused = true)]
async fn a_device_that_closes_has_left_by_itself() {
    let (hub, device) = (hub(), Device::default());
    device.change(|wire| {
        wire.inbound.push_back(FromDevice::Close);
        wire.gone = true;
    });
    assert_eq!(device.serve(web_socket(&hub)).await, None);
    assert_eq!(hub.connection_count(), 0);
    assert!(device.names().is_empty(), "the library answers the close");
}

#[tokio::test(start_paused = true)]
async fn a_closed_device_gets_closing_and_then_the_close() {
    let (hub, device) = (hub(), Device::default());
    let mut driver = Box::pin(device.serve(web_socket(&hub)));
    turn(&mut driver).await;
    device.change(|wire| wire.stuck = true);
    hub.shutdown();
    turn(&mut driver).await;
    assert_eq!(device.names(), ["CONNECTED", "SYNCED", "CLOSING", "close 1001"]);
    assert_eq!(hub.connection_count(), 1, "not told yet");
    device.change(|wire| wire.stuck = false);
    turn(&mut driver).await;
    assert_eq!(hub.connection_count(), 0);
    device.change(|wire| wire.gone = true);
    assert_eq!(driver.await.unwrap().code(), CloseCode::SHUTTING_DOWN);
}

fn events(chunk: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(chunk).unwrap();
    assert!(text.ends_with("\n\n"), "{text:?}");
    text.trim_end_matches('\n').split("\n\n").map(String::from).collect()
}

#[tokio::test]
async fn an_event_has_an_id_exactly_when_its_frame_moves_the_cursor() {
    let hub = UserHub::new();
    let mut frames = hub.connect("alice").unwrap();
    let mut body = hub.connect("alice").unwrap().into_sse();
    hub.broadcast_dynamic("alice", &log(1));

    let chunk = body.next().now_or_never().flatten().unwrap();
    for event in events(&chunk) {
        let frame = frames.next().now_or_never().flatten().unwrap();
        let data = event.lines().last().unwrap().strip_prefix("data: ").unwrap().to_owned();
        match frame.cursor() {
            Some(cursor) => assert_eq!(event, format!("id: {cursor}\ndata: {data}")),
            None => assert_eq!(event, format!("data: {data}")),
        }
    }
    assert!(body.next().now_or_never().is_none());
}

#[tokio::test]
async fn a_burst_is_one_chunk_and_a_flood_is_several() {
    let hub = UserHub::new();
    let mut body = hub.connect("alice").unwrap().into_sse();
    drop(body.next().now_or_never().flatten().unwrap());

    (0..100).for_each(|number| drop(hub.broadcast_dynamic("alice", &log(number))));
    let chunk = body.next().now_or_never().flatten().unwrap();
    assert_eq!(events(&chunk).len(), 100);

    let long = DynamicEvent::log("NOTE", serde_json::json!({ "text": "x".repeat(10_000) })).unwrap();
    (0..10).for_each(|_| drop(hub.broadcast_dynamic("alice", &long)));
    let sizes: Vec<usize> =
        std::iter::from_fn(|| body.next().now_or_never().flatten()).map(|chunk| chunk.len()).collect();
    assert_eq!(sizes.len(), 5, "{sizes:?}");
}

#[test]
fn the_body_ends_behind_closing_with_the_hint_when_to_come_back() {
    let hub = UserHub::new();
    let mut device = hub.connect("alice").unwrap();
    device.close(CloseReason::new(CloseCode::TOO_SLOW).retry_after(Duration::from_millis(1500)));
    let mut body = device.into_sse();
    let chunk = body.next().now_or_never().flatten().unwrap();
    let last = events(&chunk).pop().unwrap();
    assert!(last.starts_with("retry: 1500\ndata: {\"type\":\"CLOSING\",\"code\":3008"), "{last}");
    assert_eq!(hub.connection_count(), 0, "it has left before its socket is closed");
    assert!(body.next().now_or_never().unwrap().is_none());
    assert!(body.next().now_or_never().unwrap().is_none());
}

#[test]
fn raw_line_breaks_become_lines_of_one_event() {
    #[derive(serde::Serialize)]
    struct Pretty(Box<serde_json::value::RawValue>);
    impl crate::Event for Pretty {
        const NAME: &'static str = "PRETTY";
        const KIND: crate::Kind = crate::Kind::Log;
    }
    let hub = hub();
    let mut device = hub.connect("alice").unwrap();
    let text = "{\n \"a\":1}".to_owned();
    let _queued = hub.broadcast("alice", &Pretty(serde_json::value::RawValue::from_string(text).unwrap()));
    let frame = std::iter::from_fn(|| device.next().now_or_never().flatten()).find(|frame| frame.name() == "PRETTY");
    let frame = frame.unwrap();
    let mut chunk = Vec::new();
    assert!(!super::sse::write_event(&mut chunk, &frame));
    let chunk = String::from_utf8(chunk).unwrap();
    assert!(chunk.ends_with("\"data\":{\ndata:  \"a\":1}}\n\n"), "{chunk}");
}

#[tokio::test(start_paused = true)]
async fn a_body_carries_heartbeats() {
    let hub = hub();
    let options = ConnectOptions::new().start(Start::Snapshot);
    let mut body = SseStream::connect(&hub, "alice", options).unwrap();
    let first = body.next().await.unwrap();
    assert!(String::from_utf8_lossy(&first).contains(r#""heartbeat":20"#));
    let heartbeat = body.next().await.unwrap();
    assert!(events(&heartbeat)[0].contains(r#"{"type":"HEARTBEAT""#));
}
