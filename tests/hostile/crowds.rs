//! Ten thousand connections of one user, who may have sixteen.

use std::net::SocketAddr;

use futures::future::join_all;
use tokio::task::JoinHandle;

use super::client::Good;
use super::host::Library;
use super::scene::{Scene, until, within};

const CROWD: usize = 10_000;
const ALLOWED: usize = 16;
/// Fewer than are allowed, so that none is displaced while it still comes.
const AT_ONCE: usize = 10;

/// A device that stays until it is told to go; returns what it is told.
async fn arrive(address: SocketAddr) -> JoinHandle<Option<u16>> {
    let mut device = Good::connect(address, "alice").await;
    tokio::spawn(async move { device.closed().await })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_ten_thousand_connections_sixteen_stay_and_each_of_the_others_is_told() {
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

/// What this process holds of the machine's memory, in KiB, where the system says so.
fn resident() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
