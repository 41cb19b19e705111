//! Devices that vanish, stand still, or read as slowly as they can.

use std::time::Duration;

use tokio::io::AsyncReadExt;
use user_hub::UserHub;

use super::client::{Good, Hostile, LAST, TEXT, frame, request};
use super::host::Library;
use super::scene::{Scene, note, until, within};

const BOTH: [Library; 2] = [Library::Axum, Library::Tungstenite];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_vanished_without_a_word_is_given_up() {
    for library in BOTH {
        let hub = UserHub::builder().heartbeat(Duration::from_millis(100)).pong_timeout(Duration::from_secs(1));
        let mut scene = Scene::with(library, hub).await;
        // Its socket stays open, as one does whose peer has lost its power: nothing comes and nothing is answered.
        let mut client = scene.hostile().await;
        until(|| scene.is_alice_gone()).await;
        client.read_until(r#""code":3012"#).await;
        scene.bob_is_served().await;
        drop(client);
        scene.ends_well().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_in_the_middle_of_anything_leaves_nothing() {
    for library in BOTH {
        let mut scene = Scene::on(library).await;
        let whole = request(scene.address, "/ws", &[]);
        for length in [1, whole.len() / 2, whole.len() - 1, whole.len()] {
            let mut client = Hostile::dial(scene.address).await;
            client.write(&whole.as_bytes()[..length]).await;
            client.reset();
        }
        for length in [1, 4, 9] {
            let mut client = scene.hostile().await;
            client.write(&frame(LAST | TEXT, b"hello")[..length]).await;
            scene.tell_alice(length);
            client.reset();
        }
        scene.bob_is_served().await;
        scene.ends_well().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_of_an_event_source_leaves_nothing() {
    let scene = Scene::on(Library::Axum).await;
    for _ in 0..20 {
        let mut client = Hostile::dial(scene.address).await;
        client.write(request(scene.address, "/events", &[]).as_bytes()).await;
        client.read_until("SYNCED").await;
        scene.tell_alice(1);
        client.reset();
        until(|| scene.is_alice_gone()).await;
    }
    scene.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_never_reads_holds_up_nobody_and_costs_no_more_than_its_users_log() {
    for (library, path) in [(Library::Axum, "/events"), (Library::Axum, "/ws"), (Library::Tungstenite, "/ws")] {
        let mut scene = Scene::on(library).await;
        let mut client = Hostile::dial(scene.address).await;
        client.write(request(scene.address, path, &[]).as_bytes()).await;
        until(|| !scene.is_alice_gone()).await;
        let mut phone = Good::connect(scene.address, "alice").await;
        let text = "x".repeat(20_000);
        for number in 0..1000_u64 {
            let event = serde_json::json!({ "number": number, "text": text });
            scene.hub.broadcast_dynamic("alice", &user_hub::DynamicEvent::log("LONG", event).unwrap());
            while phone.frame().await["data"]["number"] != number {}
        }
        assert!(scene.hub.stats().bytes < 512 * 1024, "{:?}", scene.hub.stats());
        scene.bob_is_served().await;
        drop((client, phone));
        scene.ends_well().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_source_that_reads_a_byte_at_a_time_gets_everything() {
    let scene = Scene::on(Library::Axum).await;
    let mut client = Hostile::dial(scene.address).await;
    client.write(request(scene.address, "/events", &[]).as_bytes()).await;
    until(|| !scene.is_alice_gone()).await;
    for number in 0..100 {
        scene.hub.broadcast_dynamic("alice", &note(number));
    }
    let mut seen = Vec::new();
    while !seen.ends_with(br#""number":99}}"#) {
        seen.push(within(client.0.read_u8()).await.unwrap());
    }
    drop(client);
    scene.ends_well().await;
}
