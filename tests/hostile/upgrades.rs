//! Requests for a device that are slow, half, giant, old or two in one.

use super::client::{ABSENT, Hostile, LAST, PING, frame, request};
use super::host::Library;
use super::scene::{Scene, note, until};

const BOTH: [Library; 2] = [Library::Axum, Library::Tungstenite];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_comes_a_byte_at_a_time_is_served_once_it_is_there() {
    let scene = Scene::on(Library::Axum).await;
    for path in ["/ws", "/events"] {
        let mut client = Hostile::dial(scene.address).await;
        client.0.set_nodelay(true).unwrap();
        for byte in request(scene.address, path, &[]).bytes() {
            client.write(&[byte]).await;
        }
        client.read_until("CONNECTED").await;
    }
    scene.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_request_and_then_silence_holds_nothing_of_the_hub_and_is_ended_by_the_host() {
    for library in BOTH {
        let mut scene = Scene::on(library).await;
        let whole = request(scene.address, "/ws", &[]);
        let mut clients = Vec::new();
        for length in [0, 1, 20, whole.len() / 2, whole.len() - 1] {
            let mut client = Hostile::dial(scene.address).await;
            client.write(&whole.as_bytes()[..length]).await;
            clients.push(client);
        }
        scene.bob_is_served().await;
        assert_eq!(scene.hub.stats().connections, 1, "a device connects when its request is there, not before");
        for mut client in clients {
            client.rest().await;
        }
        scene.ends_well().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn giant_headers_and_queries_are_refused_by_the_server_and_large_ones_are_unknown_cursors() {
    for library in BOTH {
        let scene = Scene::on(library).await;
        let (mega, large) = ("x".repeat(1024 * 1024), "x".repeat(20_000));
        let giants = [
            request(scene.address, "/ws", &[("last-event-id", &mega)]),
            request(scene.address, &format!("/ws?resume={mega}"), &[]),
            request(scene.address, "/ws", &[("x-padding", &mega)]),
            request(scene.address, "/ws", &[("x", "y"); 5000]),
        ];
        for giant in &giants {
            let mut client = Hostile::dial(scene.address).await;
            client.write(giant.as_bytes()).await;
            assert!(matches!(client.status().await, 0 | 400..=499), "{library:?}");
        }
        let larges = [
            request(scene.address, "/ws", &[("last-event-id", &large)]),
            request(scene.address, &format!("/ws?resume={large}"), &[]),
            request(scene.address, &format!("/ws?resume={}", "%41".repeat(6000)), &[]),
        ];
        for large in &larges {
            let mut client = Hostile::dial(scene.address).await;
            client.write(large.as_bytes()).await;
            let seen = client.read_until("SYNCED").await;
            assert!(seen.contains(r#""after":null,"recovered":false"#) && seen.contains("GAP"), "{seen}");
        }
        scene.ends_well().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_or_wrong_request_is_no_websocket_and_takes_no_place() {
    for library in BOTH {
        let scene = Scene::on(library).await;
        let good = request(scene.address, "/ws", &[]);
        let wrong = [
            good.replace("HTTP/1.1", "HTTP/1.0"),
            good.replace("GET ", "POST "),
            good.replace("HTTP/1.1", "HTTP/9.9"),
            request(scene.address, "/ws", &[("sec-websocket-version", "8")]),
            request(scene.address, "/ws", &[("sec-websocket-key", ABSENT)]),
            request(scene.address, "/ws", &[("upgrade", "h2c")]),
            request(scene.address, "/ws", &[("connection", "close")]),
            "\0\0\0\0\r\n\r\n".to_owned(),
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        ];
        for wrong in &wrong {
            let mut client = Hostile::dial(scene.address).await;
            client.write(wrong.as_bytes()).await;
            let status = client.status().await;
            assert!(matches!(status, 0 | 400..=499), "{library:?}: {status} for {wrong}");
            assert!(scene.is_alice_gone(), "{library:?}: {wrong}");
        }
        scene.ends_well().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_sent_events_over_http_1_0_end_with_the_connection() {
    let scene = Scene::on(Library::Axum).await;
    let mut client = Hostile::dial(scene.address).await;
    let old = request(scene.address, "/events", &[("connection", "close")]).replace("HTTP/1.1", "HTTP/1.0");
    client.write(old.as_bytes()).await;
    client.read_until("SYNCED").await;
    scene.tell_alice(1);
    client.read_until("\"number\":1").await;
    drop(client);
    scene.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_inside_a_request_is_not_carried_out_for_another_user() {
    let scene = Scene::on(Library::Axum).await;
    let inner = request(scene.address, "/events", &[("cookie", "session=mallory.1")]);
    let length = inner.len().to_string();
    let chunked = format!("0\r\n\r\n{inner}");
    let body = |headers: &[(&str, &str)], body: &str| request(scene.address, "/events", headers) + body;
    let shapes = [
        body(&[("content-length", &length)], &inner),
        body(&[("content-length", "0"), ("content-length", &length)], &inner),
        body(&[("content-length", &length), ("transfer-encoding", "chunked")], &chunked),
        body(&[("transfer-encoding", "chunked"), ("transfer-encoding", "identity")], &chunked),
        body(&[("transfer-encoding", "xchunked")], &chunked),
        body(&[("x", "y\r\n folded: z"), ("content-length ", &length)], &inner),
        body(&[("x", "a\rb\0c")], &inner),
    ];
    for shape in &shapes {
        let mut client = Hostile::dial(scene.address).await;
        client.write(shape.as_bytes()).await;
        let head = client.head().await;
        let is_served = head.starts_with("HTTP/1.1 200");
        assert!(is_served || head.is_empty() || head.starts_with("HTTP/1.1 4"), "{head}");
        if is_served {
            client.read_until("SYNCED").await;
        }
        assert_eq!(scene.hub.connections_of("mallory"), 0, "{shape}");
        drop(client);
        // With bytes of the request unread, hyper does not see that the client has gone before it writes to it.
        until(|| {
            scene.hub.broadcast_dynamic("alice", &note(0));
            scene.is_alice_gone()
        })
        .await;
    }
    scene.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_that_come_with_the_request_are_read_behind_it() {
    for library in BOTH {
        let scene = Scene::on(library).await;
        let mut client = Hostile::dial(scene.address).await;
        let early = [request(scene.address, "/ws", &[]).into_bytes(), frame(LAST | PING, b"early")].concat();
        client.write(&early).await;
        let status = client.status().await;
        if status == 101 {
            client.read_until("early").await;
        }
        // tungstenite takes it for an attack, which it may: a client waits for the answer.
        assert!(status == 101 || library == Library::Tungstenite && matches!(status, 0 | 400), "{library:?}: {status}");
        drop(client);
        scene.ends_well().await;
    }
}
