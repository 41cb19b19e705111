//! Ten thousand connections of one user, who may have sixteen: a few at a time, each with a client that reads; and in one
//! burst, of which nobody reads anything before all are there.

use std::net::SocketAddr;

use futures::StreamExt;
use futures::future::join_all;
use tokio::io::AsyncReadExt;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use user_hub::{CloseCode, CloseReason};

use super::client::{Good, Hostile, request};
use super::host::Library;
use super::scene::{Scene, until, within};

const CROWD: usize = 10_000;
const ALLOWED: usize = 16;
/// Fewer than are allowed, so that none is displaced while it still comes.
const AT_ONCE: usize = 10;

/// One crowd at a time: their memory is measured, and so are their file descriptors.
static CROWDED: Mutex<()> = Mutex::const_new(());
/// File descriptors for all other tests of this process.
const SPARE: usize = 1_000;

/// A device that stays until it is told to go; returns what it is told.
async fn arrive(address: SocketAddr) -> JoinHandle<Option<u16>> {
    let mut device = Good::connect(address, "alice").await;
    tokio::spawn(async move { device.closed().await })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_ten_thousand_connections_sixteen_stay_and_each_of_the_others_is_told() {
    let _crowded = CROWDED.lock().await;
    let mut scene = Scene::on(Library::Axum).await;
    let address = scene.address;
    let mut memory = Vec::new();
    let mut ends = Vec::new();
    for _ in 0..10 {
        for _ in 0..CROWD / 10 / AT_ONCE {
            ends.extend(join_all((0..AT_ONCE).map(|_| arrive(address))).await);
        }
        until(|| ends.iter().filter(|end| !end.is_finished()).count() == ALLOWED).await;
        assert_eq!(scene.hub.connections_of("alice"), ALLOWED);
        memory.push(resident());
    }
    scene.bob_is_served().await;
    let (told, open): (Vec<_>, Vec<_>) = ends.into_iter().partition(|end| end.is_finished());
    assert_eq!((told.len(), open.len()), (CROWD - ALLOWED, ALLOWED));
    for end in told {
        assert_eq!(end.await.unwrap(), Some(3504));
    }
    for end in open {
        end.abort();
        let _ = within(end).await;
    }
    if let [Some(first), .., Some(last)] = memory.as_slice() {
        assert!(last - first < 32 * 1024, "nine thousand connections more are {first} and {last} KiB");
    }
    scene.ends_well().await;
}

/// Connects so many devices of Alice, and reads nothing.
async fn burst(scene: &Scene, path: &str, crowd: usize) -> Vec<Hostile> {
    let request = request(scene.address, path, &[]);
    // They wait for nothing but a place in the listener's queue.
    let arriving = futures::stream::iter(0..crowd).map(|_| async {
        let mut client = Hostile::dial(scene.address).await;
        assert!(client.write(request.as_bytes()).await);
        client
    });
    let clients: Vec<Hostile> = arriving.buffer_unordered(256).collect().await;
    // An answer is there for each, so the hub has seen it; it stays where it is.
    join_all(clients.iter().map(|client| within(client.0.readable()))).await;
    clients
}

/// The code with which a device is told to go, once it reads; the server hangs up behind it.
async fn told(mut client: Hostile) -> Option<u16> {
    let mut bytes = Vec::new();
    // A server that has waited long enough for an answer may end with a reset.
    while within(client.0.read_buf(&mut bytes)).await.is_ok_and(|read| read > 0) {}
    let text = String::from_utf8_lossy(&bytes);
    let (_, code) = text.split_once(r#""code":"#)?;
    code.split(',').next()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_burst_that_nobody_reads_sixteen_stay_and_each_of_the_others_is_told() {
    let _crowded = CROWDED.lock().await;
    let descriptors = usize::try_from(rlimit::increase_nofile_limit(u64::MAX).unwrap()).unwrap();
    // Both ends of a socket are in this process.
    let crowd = (descriptors.saturating_sub(SPARE) / 2).min(CROWD);
    assert!(crowd >= 1_000, "{descriptors} file descriptors are too few for a crowd");
    for (library, path) in [(Library::Axum, "/ws"), (Library::Axum, "/events"), (Library::Tungstenite, "/ws")] {
        let mut scene = Scene::on(library).await;
        let clients = burst(&scene, path, crowd).await;
        scene.bob_is_served().await;
        // Who has to go counts until its task has seen it.
        until(|| scene.hub.connections_of("alice") == ALLOWED).await;
        scene.hub.close_user("alice", &CloseReason::new(CloseCode::REVOKED));
        let codes = join_all(clients.into_iter().map(told)).await;
        let how_many = |code| codes.iter().filter(|told| **told == Some(code)).count();
        assert_eq!((how_many(3504), how_many(3500)), (crowd - ALLOWED, ALLOWED), "{library:?} {path}");
        scene.ends_well().await;
    }
}

/// What this process holds of the machine's memory, in KiB, where the system says so.
fn resident() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
