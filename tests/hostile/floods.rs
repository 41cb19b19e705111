//! Devices that send without end.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::{Sink, Stream};
use tokio::io::AsyncWriteExt;
use tokio::task::{coop, yield_now};
use user_hub::transport::{FromDevice, ToDevice, WebSocketDevice};
use user_hub::{CloseCode, CloseReason, ConnectOptions, UserHub};

use super::client::{CONTINUATION, Hostile, LAST, PING, PONG, TEXT, frame};
use super::host::Library;
use super::scene::{Scene, until, within};

const BOTH: [Library; 2] = [Library::Axum, Library::Tungstenite];

/// Writes the same again and again until the server hangs up.
fn flood(client: Hostile, bytes: Vec<u8>) -> tokio::task::JoinHandle<()> {
    let (mut reader, mut writer) = client.0.into_split();
    tokio::spawn(async move {
        let read = async {
            let mut buffer = vec![0; 64 * 1024];
            while tokio::io::AsyncReadExt::read(&mut reader, &mut buffer).await.is_ok_and(|read| read > 0) {}
        };
        let write = async { while writer.write_all(&bytes).await.is_ok() {} };
        futures::future::join(read, write).await;
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_pings_are_each_answered() {
    for library in BOTH {
        let mut scene = Scene::on(library).await;
        let client = scene.hostile().await;
        let (mut reader, mut writer) = client.0.into_split();
        let pings = tokio::spawn(async move {
            writer.write_all(&frame(LAST | PING, b"!").repeat(10_000)).await.unwrap();
            writer
        });
        let mut pongs = 0;
        let mut buffer = vec![0; 4096];
        while pongs < 10_000 {
            let read = within(tokio::io::AsyncReadExt::read(&mut reader, &mut buffer)).await.unwrap();
            assert_ne!(read, 0, "{library:?}: the server hung up");
            pongs += buffer[..read].iter().filter(|byte| **byte == b'!').count();
        }
        scene.bob_is_served().await;
        drop((reader, pings.await.unwrap()));
        scene.ends_well().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pings_whose_answers_nobody_reads_are_held_back_on_the_devices_side() {
    for library in BOTH {
        let mut scene = Scene::on(library).await;
        let mut client = scene.hostile().await;
        let pings = frame(LAST | PING, &[b'!'; 125]).repeat(1000);
        // The server stops reading, and the operating systems' buffers fill: then it takes no more.
        let mut taken = 0;
        while tokio::time::timeout(Duration::from_millis(500), client.0.write_all(&pings)).await.is_ok() {
            taken += pings.len();
            assert!(taken < 256 * 1024 * 1024, "{library:?}: the server takes pings without end");
        }
        scene.bob_is_served().await;
        drop(client);
        scene.ends_well().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_pongs_that_nobody_asked_for_change_nothing() {
    for library in BOTH {
        let scene = Scene::on(library).await;
        let mut client = scene.hostile().await;
        client.write(&frame(LAST | PONG, b"unasked").repeat(10_000)).await;
        scene.tell_alice(1);
        client.read_until("\"number\":1").await;
        drop(client);
        scene.ends_well().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_floods_gets_its_own_frames_and_others_theirs() {
    for library in BOTH {
        let mut scene = Scene::on(library).await;
        let client = scene.hostile().await;
        let (mut reader, mut writer) = client.0.into_split();
        let messages = frame(LAST | TEXT, b"x").repeat(10_000);
        let flood = tokio::spawn(async move { while writer.write_all(&messages).await.is_ok() {} });
        scene.tell_alice(1);
        let mut seen = Vec::new();
        while !String::from_utf8_lossy(&seen).contains("\"number\":1") {
            assert_ne!(within(tokio::io::AsyncReadExt::read_buf(&mut reader, &mut seen)).await.unwrap(), 0);
        }
        scene.bob_is_served().await;
        flood.abort();
        drop((reader, flood.await));
        scene.ends_well().await;
    }
}

/// What keeps a driver busy with nothing that it could hand on.
fn endless() -> Vec<(&'static str, Vec<u8>)> {
    let fragments = [frame(TEXT, b""), frame(CONTINUATION, b"").repeat(20_000)].concat();
    vec![("fragments of one message", fragments), ("messages", frame(LAST | TEXT, b"").repeat(20_000))]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_floods_is_ended_when_its_host_says_so() {
    for library in BOTH {
        for (what, bytes) in endless() {
            let mut scene = Scene::on(library).await;
            let mut client = scene.hostile().await;
            client.write(&bytes).await;
            // The first fragment begins the message, the others only go on with it.
            let again = bytes[frame(TEXT, b"").len()..].to_vec();
            let flood = flood(client, again);
            scene.bob_is_served().await;
            scene.hub.close_user("alice", &CloseReason::new(CloseCode::REVOKED));
            until(|| scene.is_alice_gone()).await;
            flood.abort();
            assert!(flood.await.unwrap_err().is_cancelled(), "{library:?}: {what}");
            scene.ends_well().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_floods_and_answers_no_ping_is_given_up() {
    for library in BOTH {
        for (what, bytes) in endless() {
            // Time enough for Bob, whose pongs have the same worker.
            let hub = UserHub::builder().heartbeat(Duration::from_millis(200)).pong_timeout(Duration::from_secs(1));
            let mut scene = Scene::with(library, hub).await;
            let mut client = scene.hostile().await;
            client.write(&bytes).await;
            let again = bytes[frame(TEXT, b"").len()..].to_vec();
            let flood = flood(client, again);
            until(|| scene.is_alice_gone()).await;
            scene.bob_is_served().await;
            flood.abort();
            assert!(flood.await.unwrap_err().is_cancelled(), "{library:?}: {what}");
            scene.ends_well().await;
        }
    }
}

/// A socket whose device reads nothing, and sends without end.
struct Endless<F: FnMut(&mut Context<'_>) -> Poll<ToDevice>>(F);

impl<F: FnMut(&mut Context<'_>) -> Poll<ToDevice> + Unpin> Stream for Endless<F> {
    type Item = Result<ToDevice, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        (self.0)(context).map(|message| Some(Ok(message)))
    }
}

impl<F: FnMut(&mut Context<'_>) -> Poll<ToDevice>> Sink<ToDevice> for Endless<F> {
    type Error = Infallible;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }
    fn start_send(self: Pin<&mut Self>, _: ToDevice) -> Result<(), Infallible> {
        Ok(())
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Pending
    }
    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn a_device_whose_flood_uses_up_every_turn_of_its_task_is_given_up_too() {
    let tick = Duration::from_millis(10);
    let hub = UserHub::builder().heartbeat(tick).pong_timeout(tick).build().unwrap();
    let device = WebSocketDevice::connect(&hub, "alice", ConnectOptions::new()).unwrap();
    // There is always more of a message, until the runtime says that others want their turn.
    let socket = Endless(|context: &mut Context<'_>| {
        loop {
            ready!(coop::poll_proceed(context)).made_progress();
        }
    });
    let serving = tokio::spawn(device.serve(socket, |message| message, |_| FromDevice::Data));
    until(|| hub.connections_of("alice") == 0).await;
    serving.abort();
}

#[tokio::test]
async fn pings_whose_answers_nobody_reads_are_soon_not_read_any_more() {
    const TURNS: usize = 1000;
    let device = WebSocketDevice::connect(&UserHub::new(), "alice", ConnectOptions::new()).unwrap();
    let read = Arc::new(AtomicUsize::new(0));
    let pings = Arc::clone(&read);
    let socket = Endless(move |_: &mut Context<'_>| {
        pings.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(ToDevice::Ping)
    });
    let serving = tokio::spawn(device.serve(socket, |message| message, |_| FromDevice::Ping));
    for _ in 0..TURNS {
        yield_now().await;
    }
    let read = read.load(Ordering::Relaxed);
    assert!((1..TURNS).contains(&read), "{read} pings in {TURNS} turns");
    serving.abort();
}
