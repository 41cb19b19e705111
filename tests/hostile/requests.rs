//! Requests that are well formed and not for whoever sends them.

use user_hub::{CloseCode, CloseReason};

use super::client::{ABSENT, Good, Hostile, request};
use super::host::Library;
use super::scene::{Scene, until};

const BOTH: [Library; 2] = [Library::Axum, Library::Tungstenite];

fn paths(library: Library) -> &'static [&'static str] {
    match library {
        Library::Axum => &["/ws", "/events"],
        Library::Tungstenite => &["/ws"],
    }
}

async fn status(scene: &Scene, path: &str, headers: &[(&str, &str)]) -> u16 {
    let mut client = Hostile::dial(scene.address).await;
    client.write(request(scene.address, path, headers).as_bytes()).await;
    client.status().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_page_is_refused_with_the_cookie_of_its_victim() {
    for library in BOTH {
        let scene = Scene::on(library).await;
        let own = format!("http://{}", scene.address);
        let host = scene.address.to_string();
        let pages = [
            "null",
            "",
            "http://evil.example",
            "https://127.0.0.1",
            &host,
            &format!("{own}.evil.example"),
            &format!("{own}/"),
            &format!("{own}@evil.example"),
            &format!("http://evil.example#{own}"),
            &format!("{own}, http://evil.example"),
            &format!("http://evil.example, {own}"),
            &format!("ftp://{host}"),
            "\u{ff}",
        ];
        for path in paths(library) {
            for page in pages {
                assert_eq!(status(&scene, path, &[("origin", page)]).await, 403, "{library:?} {path}: {page}");
            }
            assert_eq!(status(&scene, path, &[("origin", ABSENT)]).await, 403, "{library:?} {path}: none");
            for site in ["cross-site", "same-site", "same-origin, none", "", "SAME-ORIGIN"] {
                let headers = [("origin", ABSENT), ("sec-fetch-site", site)];
                assert_eq!(status(&scene, path, &headers).await, 403, "{library:?} {path}: {site}");
            }
        }
        assert!(scene.is_alice_gone());
        scene.ends_well().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_with_two_origins_is_refused_whichever_is_first() {
    let scene = Scene::on(Library::Axum).await;
    let own = format!("http://{}", scene.address);
    for path in ["/ws", "/events"] {
        for pages in [[own.as_str(), "http://evil.example"], ["http://evil.example", &own], [&own, &own]] {
            assert_eq!(status(&scene, path, &pages.map(|page| ("origin", page))).await, 403, "{path}: {pages:?}");
        }
    }
    scene.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cookie_of_a_session_that_has_ended_is_worth_nothing() {
    for library in BOTH {
        let scene = Scene::on(library).await;
        let mut stolen = scene.hostile().await;
        until(|| !scene.is_alice_gone()).await;
        scene.hub.close_session("alice", "alice.1", &CloseReason::new(CloseCode::SIGNED_OUT));
        stolen.read_until("\"code\":3503").await;
        drop(stolen);
        for _ in 0..50 {
            assert_eq!(status(&scene, "/ws", &[]).await, 403);
        }
        if library == Library::Axum {
            assert_eq!(status(&scene, "/events", &[]).await, 204);
        }
        let other = [("cookie", "session=alice.2")];
        assert_eq!(status(&scene, "/ws", &other).await, 101, "another sign-in is let in");
        scene.ends_well().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cursor_of_another_user_shows_nothing_of_theirs() {
    for library in BOTH {
        let mut scene = Scene::on(library).await;
        scene.bob_is_served().await;
        let mut bob = Good::connect(scene.address, "bob").await;
        scene.hub.broadcast_dynamic("bob", &super::scene::note(99));
        let seq = bob.frame().await["seq"].as_u64().unwrap();
        drop(bob);
        let epoch = {
            let mut watch = scene.hub.connect("bob").unwrap();
            let connected = futures::StreamExt::next(&mut watch).await.unwrap();
            let connected: serde_json::Value = serde_json::from_str(connected.text()).unwrap();
            connected["epoch"].as_str().unwrap().to_owned()
        };
        for cursor in [format!("{epoch}-0"), format!("{epoch}-{}", seq - 1), format!("{epoch}-{}", u64::MAX)] {
            for path in paths(library) {
                for (path, header) in [(format!("{path}?resume={cursor}"), ""), ((*path).to_owned(), cursor.as_str())] {
                    let mut client = Hostile::dial(scene.address).await;
                    let head = request(scene.address, &path, &[("last-event-id", header)]);
                    client.write(head.as_bytes()).await;
                    let seen = client.read_until("SYNCED").await;
                    assert!(seen.contains(r#""recovered":false"#) && seen.contains("GAP"), "{library:?}: {seen}");
                    assert!(!seen.contains("NOTE") && !seen.contains(&format!("\"epoch\":\"{epoch}")), "{seen}");
                }
            }
        }
        scene.ends_well().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_for_a_cursor_is_answered_with_a_gap_and_everything_there_is() {
    for library in BOTH {
        let scene = Scene::on(library).await;
        let garbage =
            ["-", "0-0", "%00", "%ff%fe", "%", "null", "'; DROP TABLE", "ffffffffffffffff-18446744073709551616", "😀"];
        for path in paths(library) {
            for cursor in garbage {
                let mut client = Hostile::dial(scene.address).await;
                let cursor = cursor.replace(' ', "%20");
                client
                    .write(request(scene.address, &format!("{path}?x&resume={cursor}&resume="), &[]).as_bytes())
                    .await;
                let seen = client.read_until("SYNCED").await;
                assert!(seen.contains(r#""reason":"unknown""#), "{library:?} {cursor}: {seen}");
            }
        }
        scene.ends_well().await;
    }
}
