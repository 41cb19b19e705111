//! A device that loses its connection, or its server, and is right when it is back: over real sockets, under load.
#![cfg(all(unix, feature = "axum", feature = "derive"))]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod resume;
mod sockets;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use user_hub::{DynamicEvent, UserHub, UserHubBuilder};

use resume::Random;
use resume::client::Client;
use resume::process::{self, Server};
use resume::proxy::Proxy;
use resume::service::{Book, Facts, RUN, Service, Truth, order};
use resume::wire::{Cut, End, Received, Transport, Wire, get};
use sockets::{App, until, within};

const CUTS: usize = 1_000;

/// How often the wire ended in which way.
#[derive(Debug, Default)]
struct Ends {
    cut: usize,
    in_the_handshake: usize,
    closed: usize,
}

/// A server that hands the kernel little at a time, so that a device which is slow is behind in the hub.
fn start(hub: &UserHub) -> SocketAddr {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_send_buffer_size(8 * 1024).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    App::new(hub).start_on(socket.listen(128).unwrap())
}

/// What a hub keeps of a user, and how far the service may be ahead of the device.
struct Limits {
    hub: UserHubBuilder,
    orders: u64,
    lead: u64,
    burst: u64,
}

impl Limits {
    /// Nothing is ever evicted.
    fn wide() -> Self {
        let hub = UserHub::builder().log_records(1_000_000).log_bytes(256 << 20);
        Self { hub, orders: 40, lead: 200, burst: 200 }
    }

    /// Less than what happens while the device is away, now and then; and more keys than there is room for.
    fn narrow() -> Self {
        let hub = UserHub::builder().log_records(32).state_keys(14);
        Self { hub, orders: 16, lead: 24, burst: 120 }
    }
}

async fn cut_at_random_1000_times_under_load(transport: Transport, limits: Limits) -> Client {
    let mut random = Random::new();
    let hub = limits.hub.heartbeat(Duration::from_millis(5)).connections_per_user(1_000).build().unwrap();
    let address = start(&hub);
    let book = Arc::new(Book::default());
    let service = Service::new(&hub, &book, Random::of(random.next()), limits.orders);
    let mut client = Client::default();
    let mut ends = Ends::default();

    // Cut in its first snapshot, a device begins again: until it has a cursor there is nothing to resume.
    while client.cursor().is_none() {
        run(transport, address, &book, &mut client, Cut::somewhere(&mut random), &mut ends).await;
    }
    let publisher = thread::spawn(move || service.run(limits.lead, limits.burst));
    while ends.cut < CUTS {
        run(transport, address, &book, &mut client, Cut::somewhere(&mut random), &mut ends).await;
    }
    book.is_over();
    let truth = publisher.join().unwrap().finish();

    read_to_the_end(transport, address, &mut client).await;
    client.check_all(&truth);
    println!("{transport:?}: {ends:?}, {} groups, {}", truth.groups.len(), client.figures());
    client
}

/// Reads what there is, once nothing is said any more.
async fn read_to_the_end(transport: Transport, address: SocketAddr, client: &mut Client) {
    let mut wire = Wire::open(transport, address, client.cursor().as_deref(), Cut::NEVER).await.unwrap();
    read_up_to_synced(&mut wire, client).await;
}

async fn read_up_to_synced(wire: &mut Wire, client: &mut Client) {
    while client.receive(&wire.next().await.unwrap()).is_none_or(|control| control["type"] != "SYNCED") {}
}

/// One connection, from the device's cursor to where it breaks.
async fn run(transport: Transport, address: SocketAddr, book: &Book, client: &mut Client, cut: Cut, ends: &mut Ends) {
    let before = book.facts();
    let end = match Wire::open(transport, address, client.cursor().as_deref(), cut).await {
        Ok(mut wire) => loop {
            match wire.next().await {
                Ok(frame) => take(client, book, &before, &frame),
                Err(end) => break end,
            }
        },
        Err(end) => {
            ends.in_the_handshake += 1;
            end
        }
    };
    client.cut();
    match end {
        End::Cut => ends.cut += 1,
        End::Closed => ends.closed += 1,
        End::Lost => panic!("the server broke the connection"),
    }
}

fn take(client: &mut Client, book: &Book, before: &Facts, frame: &Received) {
    let control = client.receive(frame);
    book.seen(client.last);
    if control.is_some_and(|control| control["type"] == "SYNCED") {
        book.with(|facts| facts.check_since(before, client.state()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_device_cut_1000_times_under_load_gets_each_log_record_once() {
    let client = cut_at_random_1000_times_under_load(Transport::WebSocket, Limits::wide()).await;
    assert_eq!((client.count("GAP"), client.count("RESET")), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_sse_device_cut_1000_times_under_load_gets_each_log_record_once() {
    let client = cut_at_random_1000_times_under_load(Transport::Sse, Limits::wide()).await;
    assert_eq!((client.count("GAP"), client.count("RESET")), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_device_cut_1000_times_under_load_hears_of_each_log_record_that_it_lost() {
    let client = cut_at_random_1000_times_under_load(Transport::WebSocket, Limits::narrow()).await;
    assert!(client.lost() > 0 && client.count("RESET") > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_sse_device_cut_1000_times_under_load_hears_of_each_log_record_that_it_lost() {
    let client = cut_at_random_1000_times_under_load(Transport::Sse, Limits::narrow()).await;
    assert!(client.lost() > 0 && client.count("RESET") > 0);
}

// The server is killed, and started again.

#[test]
fn a_server_that_other_tests_start_and_kill() {
    process::serve();
}

async fn whose_server_is_killed_20_times_under_load(transport: Transport) {
    let mut random = Random::new();
    let mut server = Server::start("a_server_that_other_tests_start_and_kill");
    let address = server.address();
    let mut client = Client::that_comes_late();
    let mut connections = 0;
    for restart in 0..=20 {
        let mut frames_left = random.below(300);
        let mut is_killed = false;
        while !is_killed {
            connections += 1;
            let cut = Cut::somewhere(&mut random);
            let Ok(mut wire) = Wire::open(transport, address, client.cursor().as_deref(), cut).await else { continue };
            let end = loop {
                if frames_left == 0 && !is_killed && restart < 20 {
                    server.kill();
                    is_killed = true;
                }
                match wire.next().await {
                    Ok(frame) => {
                        frames_left = frames_left.saturating_sub(1);
                        if client.receive(&frame).is_some_and(|control| control["type"] == "SYNCED") {
                            check_run(&client, server.run);
                        }
                    }
                    Err(end) => break end,
                }
            };
            client.cut();
            assert!(end != End::Lost || is_killed, "the server broke the connection");
            is_killed |= restart == 20 && frames_left == 0;
        }
        if restart < 20 {
            server.start_again();
        }
    }

    let truth: Truth = serde_json::from_slice(&get(address, "/truth").await).unwrap();
    read_to_the_end(transport, address, &mut client).await;
    check_run(&client, server.run);
    client.check(&truth);
    for loss in &client.losses {
        let (before, after) = loss.between;
        assert!(before / RUN < after / RUN && after % RUN == 1, "{loss:?} is not about what a server has forgotten");
        assert_eq!(loss.reason, "unknown");
    }
    assert!(client.count("GAP") > 0);
    let (seen, holes, frames) = (client.seen, client.losses.len(), &client.types);
    println!("{transport:?}: {connections} connections, {seen} Log records seen, {holes} holes, frames {frames:?}");
}

/// All State is what the server of this run has said, and nothing is left of another.
fn check_run(client: &Client, run: u64) {
    for (number, id) in (1..).zip(process::KEPT_ORDERS) {
        assert_eq!(client.state().get(&order(id)), Some(&(run * RUN + number)), "{id} in run {run}");
    }
    assert!(client.state().values().all(|value| value / RUN == run), "{:?} in run {run}", client.state());
}

#[tokio::test]
async fn a_websocket_device_whose_server_is_killed_20_times_under_load_hears_of_what_it_lost_and_shows_what_is() {
    whose_server_is_killed_20_times_under_load(Transport::WebSocket).await;
}

#[tokio::test]
async fn an_sse_device_whose_server_is_killed_20_times_under_load_hears_of_what_it_lost_and_shows_what_is() {
    whose_server_is_killed_20_times_under_load(Transport::Sse).await;
}

// One device that never reads beside 100 that do.

/// The Log record's number, where the frame is one. Fast, because there are millions.
fn number_of(frame: &str) -> Option<u64> {
    let data = frame.split_once(r#""type":"NOTE""#)?.1;
    data.split_once(r#""number":"#)?.1.split_once(',')?.0.parse().ok()
}

/// What a reader has seen that is not there yet.
const NOT_THERE: u64 = u64::MAX;

/// Gets each Log record, and says how far it is.
async fn read(address: SocketAddr, seen: Arc<AtomicU64>) {
    let mut wire = Wire::open(Transport::WebSocket, address, None, Cut::NEVER).await.unwrap();
    while let Ok(frame) = wire.next().await {
        if let Some(number) = number_of(&frame.text) {
            assert_eq!(seen.swap(number, Relaxed) + 1, number, "each once and in order");
        } else {
            let is_quiet = ["PRICE", "CONNECTED", "SYNCED", "HEARTBEAT"].iter().any(|name| frame.text.contains(name));
            assert!(is_quiet, "{}", frame.text);
            if frame.text.contains("SYNCED") {
                seen.store(0, Relaxed);
            }
        }
    }
}

/// A device that says what it has to, has little room for answers and does not look at them.
async fn never_read(address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(2048).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    let request = format!(
        "GET /ws?user=alice HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

const READERS: usize = 100;

struct Crowd {
    hub: UserHub,
    seen: Vec<Arc<AtomicU64>>,
    readers: Vec<JoinHandle<()>>,
    _stuck: TcpStream,
    told: u64,
}

impl Crowd {
    async fn new(hub: &UserHub) -> Self {
        let address = start(hub);
        let seen: Vec<_> = (0..READERS).map(|_| Arc::new(AtomicU64::new(NOT_THERE))).collect();
        let readers = seen.iter().map(|seen| tokio::spawn(read(address, Arc::clone(seen)))).collect();
        let crowd = Self { hub: hub.clone(), seen, readers, _stuck: never_read(address).await, told: 0 };
        until(|| crowd.seen.iter().all(|seen| seen.load(Relaxed) == 0)).await;
        until(|| hub.connections_of("alice") == READERS + 1).await;
        crowd
    }

    /// Tells everyone so much, and is never further ahead of the slowest reader than a log holds.
    async fn tell(&mut self, events: u64) {
        for _ in 0..events / 2 {
            self.told += 1;
            let price = DynamicEvent::state("PRICE", self.told % 10, serde_json::json!(self.told)).unwrap();
            self.hub.broadcast_dynamic("alice", &price);
            // Long enough that it would show in the memory if somebody kept it for the device that never reads.
            let note = serde_json::json!({ "number": self.told, "text": "x".repeat(500) });
            self.hub.broadcast_dynamic("alice", &DynamicEvent::log("NOTE", note).unwrap());
            if self.told % 64 == 0 {
                let told = self.told;
                until(|| self.seen.iter().all(|seen| seen.load(Relaxed) + 64 >= told)).await;
            }
        }
    }

    /// Everybody who reads has everything.
    async fn check(self) {
        until(|| self.seen.iter().all(|seen| seen.load(Relaxed) == self.told)).await;
        assert!(self.readers.iter().all(|reader| !reader.is_finished()));
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_device_that_never_reads_beside_100_that_do() {
    if process::is_run_alone("one_device_that_never_reads_beside_100_that_do") {
        return;
    }
    let hub = UserHub::builder().connections_per_user(READERS + 1).without_heartbeat().build().unwrap();
    let mut crowd = Crowd::new(&hub).await;
    crowd.tell(10_000).await;
    let half_way = process::resident();
    crowd.tell(10_000).await;
    let at_the_end = process::resident();
    assert_eq!(hub.connections_of("alice"), READERS + 1, "nobody is put out for being slow");
    assert!(at_the_end < half_way + 2 * 1024, "{half_way} KiB half way, {at_the_end} KiB at the end");
    let behind = hub.connections("alice").iter().map(|device| device.behind).max().unwrap();
    assert!(behind > 15_000, "it has read up to {behind} before the end");
    println!("{half_way} KiB half way, {at_the_end} KiB at the end");
    crowd.check().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_device_that_answers_no_ping_is_put_out_beside_100_that_do() {
    let builder = UserHub::builder().connections_per_user(READERS + 1).heartbeat(Duration::from_millis(300));
    let hub = builder.pong_timeout(Duration::from_secs(3)).build().unwrap();
    let mut crowd = Crowd::new(&hub).await;
    within(async {
        while hub.connections_of("alice") > READERS {
            crowd.tell(128).await;
        }
    })
    .await;
    assert_eq!(hub.connections_of("alice"), READERS);
    crowd.check().await;
}

// The network dies, and neither side is told.

/// Reads up to a Log record.
async fn read_up_to(wire: &mut Wire, client: &mut Client, last: u64) {
    while client.last < last {
        client.receive(&wire.next().await.unwrap());
    }
}

#[tokio::test]
async fn a_websocket_device_behind_a_dead_network_is_closed_with_3012_and_is_right_when_it_is_back() {
    let builder = UserHub::builder().heartbeat(Duration::from_millis(200));
    let hub = builder.pong_timeout(Duration::from_secs(1)).build().unwrap();
    let address = App::new(&hub).start().await;
    let proxy = Proxy::to(address).await;
    let book = Arc::new(Book::default());
    let mut client = Client::default();
    let mut wire = Wire::open(Transport::WebSocket, proxy.address, None, Cut::NEVER).await.unwrap();
    read_up_to_synced(&mut wire, &mut client).await;
    let mut service = Service::new(&hub, &book, Random::new(), 16);
    (0..50).for_each(|_| service.quiet_step());
    read_up_to(&mut wire, &mut client, service.last()).await;

    proxy.die();
    (0..50).for_each(|_| service.quiet_step());
    until(|| hub.connections_of("alice") == 0).await;
    until(|| proxy.swallowed().contains(r#"{"type":"CLOSING","code":3012"#)).await;

    client.cut();
    (0..50).for_each(|_| service.quiet_step());
    let truth = service.finish();
    read_to_the_end(Transport::WebSocket, address, &mut client).await;
    client.check_all(&truth);
    assert_eq!(client.lost(), 0);
    drop(wire);
}

#[tokio::test]
async fn an_sse_device_behind_a_dead_network_leaves_by_itself_and_is_right_when_it_is_back() {
    let builder = UserHub::builder().heartbeat(Duration::from_millis(100)).connections_per_user(1);
    let hub = builder.build().unwrap();
    let address = App::new(&hub).start().await;
    let proxy = Proxy::to(address).await;
    let book = Arc::new(Book::default());
    let mut client = Client::default();
    let mut wire = Wire::open(Transport::Sse, proxy.address, None, Cut::NEVER).await.unwrap();
    read_up_to_synced(&mut wire, &mut client).await;
    let mut service = Service::new(&hub, &book, Random::new(), 16);
    (0..50).for_each(|_| service.quiet_step());
    read_up_to(&mut wire, &mut client, service.last()).await;

    proxy.die();
    (0..50).for_each(|_| service.quiet_step());
    // Silence for two and a half heartbeats: what had arrived is read, and then nothing.
    while let Ok(frame) = timeout(Duration::from_millis(250), wire.next()).await {
        client.receive(&frame.unwrap());
    }
    assert_eq!(hub.connections_of("alice"), 1, "nothing tells the server that nobody reads");

    client.cut();
    (0..50).for_each(|_| service.quiet_step());
    let truth = service.finish();
    read_to_the_end(Transport::Sse, address, &mut client).await;
    client.check_all(&truth);
    assert_eq!(client.lost(), 0);
    // The one that it left behind has made room.
    until(|| proxy.swallowed().contains(r#"{"type":"CLOSING","code":3504"#)).await;
    drop(wire);
}
