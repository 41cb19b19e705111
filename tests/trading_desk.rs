//! The example `trading_desk` from outside: a real process, with clients that know nothing of the hub.
//!
//! `cargo test` builds the example; where only this test is built, build it first (`cargo build --example trading_desk
//! --features axum,metrics`). Nothing here sleeps: each test waits for what it wants to see.
#![cfg(all(unix, feature = "axum", feature = "metrics", feature = "trading"))]
#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::StreamExt;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use user_hub::trading::EVENT_NAMES;

/// Long enough for a loaded machine; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn all_eight_types_flow_by_themselves_and_each_user_gets_only_its_own() {
    let server = Server::start().await;
    let mut sockets = Vec::new();
    for user in ["alice", "bob"] {
        sockets.push((user, server.web_socket(&server.sign_in(user).await).await));
    }
    for (user, socket) in &mut sockets {
        let mut missing = BTreeSet::from(EVENT_NAMES);
        socket
            .until("all eight types", |frame| {
                missing.remove(frame["type"].as_str().unwrap());
                missing.is_empty()
            })
            .await;
        assert_eq!(socket.seen[0]["type"], "CONNECTED");
        assert_eq!(socket.seen[0]["userId"], *user);
    }
    // Every identity in the example begins with its user.
    for (user, socket) in &sockets {
        for frame in &socket.seen {
            let data = &frame["data"];
            let ids = [&data["chain"]["chainId"], &data["signal"]["id"], &data["event"]["id"]];
            for id in ids.into_iter().filter_map(Value::as_str) {
                assert!(id.starts_with(&format!("{user}-")), "{user} got {frame}");
            }
        }
    }
}

#[tokio::test]
async fn a_signal_ends_executed_or_expired_and_an_executed_one_opens_a_chain() {
    let server = Server::start().await;
    let mut alice = server.web_socket(&server.sign_in("alice").await).await;
    let mut ends = BTreeSet::new();
    alice
        .until("an executed and an expired signal", |frame| {
            let status = frame["data"]["signal"]["status"].as_str().unwrap_or("pending");
            ends.extend((status != "pending").then(|| status.to_owned()));
            ends.contains("executed") && ends.contains("expired")
        })
        .await;
    let chain = alice.seen.iter().find(|frame| frame["type"] == "CHAIN_UPDATE").unwrap();
    assert!(chain["data"]["chain"]["mode"].is_string());
}

#[tokio::test]
async fn an_order_shows_on_all_devices_of_its_user_and_on_no_other() {
    let server = Server::start().await;
    let (alice, bob) = (server.sign_in("alice").await, server.sign_in("bob").await);
    server.post("/api/autopilot/stop", &alice, "").await.expect(202);
    server.post("/api/autopilot/stop", &bob, "").await.expect(202);
    let mut tab = server.web_socket(&alice).await;
    let mut phone = server.events(&alice).await;
    let mut other = server.web_socket(&bob).await;

    let hers = server.place_order(&alice).await;
    let on_tab = tab.until("the order", chain_is(&hers, "active")).await;
    let on_phone = phone.until("the order", chain_is(&hers, "active")).await;
    assert_eq!(on_tab, on_phone);

    // The marker: what Bob would have got of hers came before his own order.
    let his = server.place_order(&bob).await;
    other.until("his order", chain_is(&his, "active")).await;
    assert!(other.seen.iter().all(|frame| !frame.to_string().contains(&hers)), "Bob saw {hers}");
    assert!(tab.seen.iter().all(|frame| !frame.to_string().contains(&his)), "Alice saw {his}");

    let close = format!("/api/orders/{hers}/close");
    server.post(&close, &bob, "").await.expect(404);
    server.post(&close, &alice, "").await.expect(202);
    let closed = tab.until("the end of the chain", chain_is(&hers, "closed")).await;
    assert_eq!(phone.until("the end of the chain", chain_is(&hers, "closed")).await, closed);
    let orders = closed["data"]["chain"]["orders"].as_array().unwrap();
    assert!(orders.iter().any(|order| order["type"] == "MARKET" && order["status"] == "FILLED"));
    assert!(orders.iter().any(|order| order["type"] == "STOP_MARKET" && order["status"] == "CANCELED"));
    let is_close = |frame: &Value| {
        frame["data"]["event"]["eventType"] == "POSITION_CLOSED" && frame["data"]["event"]["tradeId"] == *hers
    };
    let event = tab.until("the lifecycle event", is_close).await;
    server.assert_stored(&alice, &event).await;
    server.post(&close, &alice, "").await.expect(404);
}

#[tokio::test]
async fn trip_and_reset_come_as_groups_and_an_open_breaker_refuses() {
    let server = Server::start().await;
    let alice = server.sign_in("alice").await;
    let mut socket = server.web_socket(&alice).await;
    socket.until("SYNCED", is("SYNCED")).await;

    server.post("/api/breaker/trip", &alice, "").await.expect(202);
    let event = socket.breaker_group("open", "BREAKER_TRIPPED").await;
    server.assert_stored(&alice, &event).await;
    let held = |frame: &Value| {
        let status = &frame["data"]["status"];
        status["isRunning"] == false && status["circuitBreakerActive"] == true
    };
    socket.until("the autopilot held", held).await;
    assert!(server.post("/api/orders", &alice, &order()).await.expect(409).contains("breaker"));
    server.post("/api/autopilot/start", &alice, "").await.expect(409);
    server.post("/api/breaker/trip", &alice, "").await.expect(409);

    server.post("/api/breaker/reset", &alice, "").await.expect(202);
    socket.breaker_group("closed", "BREAKER_RESET").await;
    server.place_order(&alice).await;
    server.post("/api/autopilot/start", &alice, "").await.expect(202);
    let runs = |frame: &Value| frame["data"]["status"]["isRunning"] == true;
    socket.until("the autopilot running", runs).await;
}

#[tokio::test]
async fn without_a_genuine_cookie_nobody_is_upgraded() {
    let server = Server::start().await;
    let genuine = server.sign_in("alice").await;
    let (value, signature) = genuine.rsplit_once('.').unwrap();
    let forged = format!("{value}.{}", signature.chars().rev().collect::<String>());
    let as_bob = genuine.replace("alice", "bob");
    let as_another_session = genuine.replacen(".", ".0", 1);
    let cut = genuine[..genuine.len() - 2].to_owned();
    let later = server.signed("alice", 1_000 * i64::from(u32::MAX));
    let expired = server.signed("alice", 1_700_000_000_000);
    let nobody = server.signed("mallory", 1_000 * i64::from(u32::MAX));

    for cookie in ["", &forged, &as_bob, &as_another_session, &cut, &expired, &nobody] {
        assert_eq!(server.refused_web_socket(cookie, None).await, 401, "{cookie}");
        server.get("/events", cookie).await.expect(401);
        server.get("/api/session", cookie).await.expect(401);
        server.get("/api/lifecycle", cookie).await.expect(401);
        server.post("/api/orders", cookie, &order()).await.expect(401);
        server.post("/api/breaker/trip", cookie, "").await.expect(401);
    }
    // The signature that this test makes is right, so the expired one was refused for its age.
    let session: Value = serde_json::from_str(&server.get("/api/session", &later).await.expect(200)).unwrap();
    assert_eq!(session, json!({ "user": "alice", "expiresAt": "2106-02-07T06:28:15.000Z" }));
}

#[tokio::test]
async fn the_session_cookie_is_for_http_and_this_site_only() {
    let server = Server::start().await;
    server.post("/api/sign-in", "", r#"{"user":"mallory"}"#).await.expect(422);
    let response = server.post("/api/sign-in", "", r#"{"user":"alice"}"#).await;
    let cookie = response.header("set-cookie").unwrap();
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"] {
        assert!(cookie.split("; ").any(|part| part == attribute), "{cookie}");
    }
    let response = server.post("/api/sign-out", "", "").await;
    assert!(response.header("set-cookie").unwrap().contains("Max-Age=0"));
    response.expect(204);
    let ids: BTreeSet<String> = [server.sign_in("alice").await, server.sign_in("alice").await]
        .map(|cookie| cookie.split('.').nth(1).unwrap().to_owned())
        .into();
    assert!(ids.len() == 2 && ids.iter().all(|id| id.len() == 32), "{ids:?}");

    use std::os::unix::fs::PermissionsExt;
    let key = std::fs::metadata(server.data.path.join("session.key")).unwrap();
    assert_eq!((key.len(), key.permissions().mode() & 0o777), (32, 0o600));
}

#[tokio::test]
async fn a_page_of_another_host_is_refused_everywhere() {
    let server = Server::start().await;
    let alice = server.sign_in("alice").await;
    let foreign = Some("https://evil.example");
    assert_eq!(server.refused_web_socket(&alice, foreign).await, 403);
    server.request("GET", "/events", &alice, foreign, "").await.expect(403);
    for path in [
        "/api/sign-in",
        "/api/sign-out",
        "/api/sign-out/everywhere",
        "/api/orders",
        "/api/breaker/trip",
        "/api/autopilot/stop",
    ] {
        server.request("POST", path, &alice, foreign, "{}").await.expect(403);
    }
    let own = format!("http://{}", server.address);
    server.request("POST", "/api/autopilot/stop", &alice, Some(&own), "").await.expect(202);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_a_sentence() {
    let server = Server::start().await;
    let alice = server.sign_in("alice").await;
    let too_long = format!("{{\"symbol\":\"{}\"}}", "B".repeat(5_000));
    let with = |field: &str, value: Value| {
        let mut order: Value = serde_json::from_str(&order()).unwrap();
        order[field] = value;
        order.to_string()
    };
    for (status, body) in [
        (400, "{".to_owned()),
        (413, too_long),
        (422, "{}".to_owned()),
        (422, with("symbol", "DOGEUSDT".into())),
        (422, with("side", "UP".into())),
        (422, with("mode", "reckless".into())),
        (422, with("quantity", 0.into())),
        (422, with("quantity", (-1).into())),
        (422, with("quantity", 1e300.into())),
        (422, with("quantity", "1".into())),
    ] {
        let answer: Value =
            serde_json::from_str(&server.post("/api/orders", &alice, &body).await.expect(status)).unwrap();
        assert!(answer["error"].as_str().is_some_and(|sentence| !sentence.is_empty()), "{body}");
    }
    server.post("/api/orders/alice-999999/close", &alice, "").await.expect(404);
    server.get("/api/nothing", &alice).await.expect(404);
    server.get("/api/orders", &alice).await.expect(405);
}

#[tokio::test]
async fn the_page_is_served_whole_and_guarded() {
    let server = Server::start().await;
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/trading_desk/page");
    let mut files = 0;
    for entry in std::fs::read_dir(&page).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let kind = match path.extension().unwrap().to_str().unwrap() {
            "html" => "text/html",
            "css" => "text/css",
            "js" => "text/javascript",
            "svg" => "image/svg+xml",
            _ => continue,
        };
        let response = server.get(&if name == "index.html" { "/".into() } else { format!("/{name}") }, "").await;
        assert!(response.header("content-type").is_some_and(|header| header.starts_with(kind)), "{name}");
        assert!(response.header("content-security-policy").unwrap().starts_with("default-src 'self';"));
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
        assert!(response.header("referrer-policy").is_some());
        assert_eq!(response.expect(200), std::fs::read_to_string(&path).unwrap(), "{name}: is the example built anew?");
        files += 1;
    }
    assert!(files > 3, "the page is in {}", page.display());
    let api = server.get("/api/session", "").await;
    assert_eq!(api.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn prometheus_reads_what_the_hub_counts_and_no_user_of_it() {
    let server = Server::start().await;
    let mut alice = server.web_socket(&server.sign_in("alice").await).await;
    // The first may have been there already.
    alice.until("a profit", is("PNL_UPDATE")).await;
    alice.until("another", is("PNL_UPDATE")).await;
    let response = server.get("/metrics", "").await;
    assert_eq!(response.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = response.expect(200);
    let value = |series: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {series} in {text}")).parse::<f64>().unwrap()
    };
    assert_eq!((value("user_hub_users"), value("user_hub_connections")), (1.0, 1.0));
    assert!(value(r#"user_hub_broadcasts_total{event="PNL_UPDATE",outcome="queued"}"#) >= 1.0);
    assert_eq!(value(r#"user_hub_resumes_total{result="new"}"#), 1.0);
    assert_eq!(value(r#"user_hub_loads_total{result="loaded"}"#), 1.0);
    assert!(value("user_hub_delivered_bytes_total") > 0.0);
    assert!(text.contains("# TYPE user_hub_connections gauge") && text.contains("# HELP user_hub_connections "));
    assert!(!text.contains("alice") && !text.contains("bob"), "{text}");
}

#[tokio::test]
async fn every_module_that_the_page_imports_is_served_with_the_packaged_client_as_it_is_checked_in() {
    let server = Server::start().await;
    let mut modules = vec!["/app.js".to_owned()];
    let mut next = 0;
    while let Some(module) = modules.get(next).cloned() {
        next += 1;
        let response = server.get(&module, "").await;
        assert!(response.header("content-type").is_some_and(|kind| kind.starts_with("text/javascript")), "{module}");
        let text = response.expect(200);
        for address in imports(&text).map(|specifier| resolve(&module, specifier)) {
            if !modules.contains(&address) {
                modules.push(address);
            }
        }
    }
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/typescript/dist");
    let client: Vec<_> = modules.iter().filter_map(|module| module.strip_prefix("/clients/typescript/dist/")).collect();
    assert!(client.contains(&"index.js") && client.contains(&"polling.js"), "{modules:?}");
    for name in client {
        let served = server.get(&format!("/clients/typescript/dist/{name}"), "").await.expect(200);
        assert_eq!(served, std::fs::read_to_string(dist.join(name)).unwrap(), "{name}: is the example built anew?");
    }
}

#[tokio::test]
async fn what_stands_can_be_asked_for_and_is_what_a_new_device_gets() {
    let server = Server::start().await;
    let (alice, bob) = (server.sign_in("alice").await, server.sign_in("bob").await);
    for user in [&alice, &bob] {
        server.post("/api/autopilot/stop", user, "").await.expect(202);
    }
    let mut tab = server.web_socket(&alice).await;
    let chain = server.place_order(&alice).await;
    tab.until("the order filled", chain_is(&chain, "active")).await;

    server.get("/api/state", "").await.expect(401);
    let answer: Value = serde_json::from_str(&server.get("/api/state", &alice).await.expect(200)).unwrap();
    assert_eq!(answer["user"], "alice");
    let records = answer["records"].as_array().unwrap();
    assert!(records.iter().any(|record| chain_is(&chain, "active")(record)), "{answer}");
    let mut device = server.web_socket(&alice).await;
    device.until("SYNCED", is("SYNCED")).await;
    // Signals come and go by themselves, also between the two.
    let types = |frames: &[Value]| -> BTreeSet<String> {
        let states = frames.iter().filter(|frame| frame["seq"].is_u64() && frame["prevLog"].is_null());
        let lasting = states.filter(|frame| frame["type"] != "SIGNAL_UPDATE");
        lasting.map(|frame| frame["type"].to_string()).collect()
    };
    assert_eq!(types(records), types(&device.seen));

    let his = server.get("/api/state", &bob).await.expect(200);
    assert!(his.contains(r#""user":"bob""#) && !his.contains(&chain), "Bob got {chain}");
}

#[tokio::test]
async fn a_restart_keeps_session_and_state() {
    let server = Server::start().await;
    let alice = server.sign_in("alice").await;
    let mut socket = server.web_socket(&alice).await;
    server.post("/api/breaker/trip", &alice, "").await.expect(202);
    server.post("/api/breaker/reset", &alice, "").await.expect(202);
    let chain = server.place_order(&alice).await;
    let before = socket.until("the order filled", chain_is(&chain, "active")).await;

    // One that does not read would be waited for.
    drop(socket);
    let (status, data) = server.interrupt().await;
    assert!(status.success());
    let server = Server::start_in(data).await;
    let mut socket = server.web_socket(&alice).await;
    let synced = socket.until("SYNCED", is("SYNCED")).await;
    assert_eq!(synced["stateSource"], "loaded");

    let state = |name: &str| socket.seen.iter().rfind(|frame| frame["type"] == name).map(|frame| &frame["data"]);
    let after = socket.seen.iter().find(|frame| frame["data"]["chain"]["chainId"] == *chain).unwrap();
    assert_eq!(after["data"], before["data"]);
    assert_eq!(state("CIRCUIT_BREAKER_UPDATE").unwrap()["state"]["tripCount"], 1);
    // The trip had stopped it, and nobody has started it since.
    assert_eq!(state("GINIE_STATUS_UPDATE").unwrap()["status"]["isRunning"], false);
    assert!(state("PNL_UPDATE").unwrap()["pnl"]["positions"][0]["symbol"].is_string());
    let modes = socket.seen.iter().filter(|frame| frame["type"] == "MODE_STATUS_UPDATE");
    assert_eq!(modes.map(|frame| frame["key"].as_str().unwrap()).collect::<BTreeSet<_>>().len(), 4);

    // An identity is not given twice, and the history goes on.
    assert_ne!(server.place_order(&alice).await, chain);
    let history = server.get("/api/lifecycle", &alice).await.expect(200);
    assert!(history.contains("BREAKER_TRIPPED") && history.contains(&chain));
}

#[tokio::test]
async fn what_was_answered_survives_a_kill() {
    let server = Server::start().await;
    let alice = server.sign_in("alice").await;
    let chain = server.place_order(&alice).await;
    server.post("/api/breaker/trip", &alice, "").await.expect(202);
    let server = Server::start_in(server.kill().await).await;
    let mut socket = server.web_socket(&alice).await;
    socket.until("SYNCED", is("SYNCED")).await;

    let chain = socket.seen.iter().find(|frame| frame["data"]["chain"]["chainId"] == *chain).unwrap();
    assert_eq!(chain["data"]["chain"]["orders"][0]["quantity"], 0.05);
    let breaker = socket.seen.iter().find(|frame| frame["type"] == "CIRCUIT_BREAKER_UPDATE").unwrap();
    assert_eq!(breaker["data"]["state"]["phase"], "open");
    assert!(server.get("/api/lifecycle", &alice).await.expect(200).contains("BREAKER_TRIPPED"));
}

#[tokio::test]
async fn an_interrupt_says_goodbye_to_every_device_and_ends_well() {
    let server = Server::start().await;
    let (alice, bob) = (server.sign_in("alice").await, server.sign_in("bob").await);
    let mut tab = server.web_socket(&alice).await;
    let mut phone = server.events(&bob).await;
    tab.until("SYNCED", is("SYNCED")).await;
    phone.until("SYNCED", is("SYNCED")).await;

    server.signal("-INT").await;
    for closing in [tab.until("CLOSING", is("CLOSING")).await, phone.until("CLOSING", is("CLOSING")).await] {
        assert_eq!((&closing["code"], &closing["reconnect"]), (&json!(1001), &json!(true)));
    }
    assert_eq!(tab.close_code().await, Some(1001));
    assert_eq!(phone.next().await, None, "SSE goes on after CLOSING");
    assert_eq!(server.ended().await.0.code(), Some(0));
}

#[tokio::test]
async fn what_has_not_changed_since_a_restart_is_loaded_for_whoever_connects() {
    let server = Server::start().await;
    let (alice, bob) = (server.sign_in("alice").await, server.sign_in("bob").await);
    server.post("/api/autopilot/stop", &alice, "").await.expect(202);
    let chain = server.place_order(&alice).await;
    let mut tab = server.web_socket(&alice).await;
    tab.until("the order filled", chain_is(&chain, "active")).await;
    let cursor = tab.seen.iter().rev().find_map(|frame| frame["cursor"].as_str()).unwrap().to_owned();
    drop(tab);

    // Nothing is told at the start: that the chain is active, the server knows from its database alone.
    let server = Server::start_in(server.interrupt().await.1).await;
    for path in ["/ws", &format!("/ws?resume={cursor}")] {
        let mut tab = server.web_socket_at(path, &alice).await;
        let synced = tab.until("SYNCED", is("SYNCED")).await;
        assert_eq!((&tab.seen[0]["recovered"], &synced["stateSource"]), (&json!(false), &json!("loaded")));
        assert!(tab.seen.iter().any(|frame| chain_is(&chain, "active")(frame)), "{path}");
    }
    let mut phone = server.events(&alice).await;
    assert_eq!(phone.until("SYNCED", is("SYNCED")).await["stateSource"], "loaded");
    assert!(phone.seen.iter().any(|frame| chain_is(&chain, "active")(frame)));
    let mut other = server.web_socket(&bob).await;
    other.until("SYNCED", is("SYNCED")).await;
    assert!(other.seen.iter().all(|frame| !frame.to_string().contains(&chain)), "Bob saw {chain}");
}

#[tokio::test]
async fn a_sign_out_ends_its_session_on_every_transport_and_no_other() {
    let server = Server::start().await;
    let (hers, her_phone, his) =
        (server.sign_in("alice").await, server.sign_in("alice").await, server.sign_in("bob").await);
    let mut tab = server.web_socket(&hers).await;
    let mut other_tab = server.events(&hers).await;
    let mut phone = server.web_socket(&her_phone).await;
    let mut bob = server.events(&his).await;
    tab.until("SYNCED", is("SYNCED")).await;
    other_tab.until("SYNCED", is("SYNCED")).await;

    server.post("/api/sign-out", &hers, "").await.expect(204);
    for closing in [tab.until("CLOSING", is("CLOSING")).await, other_tab.until("CLOSING", is("CLOSING")).await] {
        assert_eq!((&closing["code"], &closing["reconnect"]), (&json!(3503), &json!(false)));
        assert_eq!(closing["reason"], "signed out");
    }
    assert_eq!(tab.close_code().await, Some(3503));
    assert_eq!(other_tab.next().await, None, "SSE goes on after CLOSING");
    server.assert_over(&hers).await;

    // Whoever is still there gets what happens now.
    let (hers, his) = (server.place_order(&her_phone).await, server.place_order(&his).await);
    phone.until("her order", chain_is(&hers, "active")).await;
    bob.until("his order", chain_is(&his, "active")).await;
}

#[tokio::test]
async fn a_sign_out_everywhere_ends_every_session_of_the_user_also_after_a_restart() {
    let server = Server::start().await;
    let (hers, her_phone, his) =
        (server.sign_in("alice").await, server.sign_in("alice").await, server.sign_in("bob").await);
    let mut tab = server.web_socket(&hers).await;
    let mut phone = server.events(&her_phone).await;
    let mut bob = server.web_socket(&his).await;
    phone.until("SYNCED", is("SYNCED")).await;

    server.post("/api/sign-out/everywhere", "", "").await.expect(401);
    let response = server.post("/api/sign-out/everywhere", &hers, "").await;
    assert!(response.header("set-cookie").unwrap().contains("Max-Age=0"));
    response.expect(204);
    for closing in [tab.until("CLOSING", is("CLOSING")).await, phone.until("CLOSING", is("CLOSING")).await] {
        assert_eq!((&closing["code"], &closing["reconnect"]), (&json!(3503), &json!(false)));
        assert_eq!(closing["reason"], "signed out everywhere");
    }
    assert_eq!(tab.close_code().await, Some(3503));
    let order = server.place_order(&his).await;
    bob.until("his order", chain_is(&order, "active")).await;
    drop(bob);

    // A sign-in that follows at once is a new one, and counts.
    let again = server.sign_in("alice").await;
    let server = Server::start_in(server.interrupt().await.1).await;
    for cookie in [&hers, &her_phone] {
        server.assert_over(cookie).await;
    }
    server.get("/api/session", &again).await.expect(200);
    server.web_socket(&again).await.until("SYNCED", is("SYNCED")).await;
}

#[tokio::test]
async fn a_connection_ends_when_its_session_expires() {
    let server = Server::start_with(&[("SESSION_SECONDS", "3")]).await;
    let alice = server.sign_in("alice").await;
    let mut tab = server.web_socket(&alice).await;
    let mut phone = server.events(&alice).await;
    for closing in [tab.until("CLOSING", is("CLOSING")).await, phone.until("CLOSING", is("CLOSING")).await] {
        assert_eq!((&closing["code"], &closing["reconnect"]), (&json!(3005), &json!(true)));
    }
    assert_eq!(tab.close_code().await, Some(3005));
    assert_eq!(phone.next().await, None, "SSE goes on after CLOSING");
    server.get("/events", &alice).await.expect(401);
    assert_eq!(server.refused_web_socket(&alice, None).await, 401);
}

/// What a module imports or passes on.
fn imports(module: &str) -> impl Iterator<Item = &str> {
    let lines = module.lines().filter(|line| line.starts_with("import ") || line.starts_with("export "));
    lines.filter_map(|line| line.split_once(" from ")?.1.trim_matches(['"', '\'', ';']).into())
}

/// Where a browser looks for what a module imports: above the root there is nothing.
fn resolve(module: &str, specifier: &str) -> String {
    let mut path: Vec<&str> = module.split('/').skip(1).collect();
    path.pop();
    for part in specifier.split('/') {
        match part {
            "." => {}
            ".." => drop(path.pop()),
            name => path.push(name),
        }
    }
    format!("/{}", path.join("/"))
}

/// An order that neither stop nor target reaches within a test.
fn order() -> String {
    json!({ "symbol": "BTCUSDT", "side": "LONG", "quantity": 0.05, "mode": "position" }).to_string()
}

fn is(name: &'static str) -> impl FnMut(&Value) -> bool + Send {
    move |frame| frame["type"] == name
}

fn chain_is(chain_id: &str, status: &str) -> impl FnMut(&Value) -> bool + Send + use<> {
    let (chain_id, status) = (chain_id.to_owned(), status.to_owned());
    move |frame| {
        let chain = &frame["data"]["chain"];
        chain["chainId"] == *chain_id && chain["status"] == *status
    }
}

/// The example as a process, on a port and in a folder of its own.
struct Server {
    process: Child,
    address: String,
    data: Folder,
}

impl Server {
    async fn start() -> Self {
        Self::start_with(&[]).await
    }

    async fn start_with(settings: &[(&str, &str)]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("trading-desk-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Self::start_at(Folder { path: std::env::temp_dir().join(name) }, settings).await
    }

    async fn start_in(data: Folder) -> Self {
        Self::start_at(data, &[]).await
    }

    async fn start_at(data: Folder, settings: &[(&str, &str)]) -> Self {
        let mut process = Command::new(example())
            .env("ADDR", "127.0.0.1:0")
            .env("DATA_DIR", &data.path)
            .env("TICK_MS", "50")
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = timeout(PATIENCE, lines.next_line()).await.expect("the example does not start").unwrap().unwrap();
        let address = line.strip_prefix("listening on http://").unwrap_or_else(|| panic!("it says {line:?}"));
        Self { process, address: address.to_owned(), data }
    }

    async fn signal(&self, signal: &str) {
        let process = self.process.id().expect("it runs").to_string();
        assert!(Command::new("kill").args([signal, &process]).status().await.unwrap().success());
    }

    /// Waits until the process has ended by itself.
    async fn ended(mut self) -> (ExitStatus, Folder) {
        let status = timeout(PATIENCE, self.process.wait()).await.expect("the example does not end").unwrap();
        (status, self.data)
    }

    async fn interrupt(self) -> (ExitStatus, Folder) {
        self.signal("-INT").await;
        self.ended().await
    }

    async fn kill(mut self) -> Folder {
        self.process.kill().await.unwrap();
        self.data
    }

    /// The cookie of a new session.
    async fn sign_in(&self, user: &str) -> String {
        let response = self.post("/api/sign-in", "", &json!({ "user": user }).to_string()).await;
        let cookie = response.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        response.expect(204);
        cookie
    }

    /// A cookie signed as the example does, for any user and expiry.
    fn signed(&self, user: &str, expires: i64) -> String {
        let key = std::fs::read(self.data.path.join("session.key")).unwrap();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
        let claim = format!("{user}.0123456789abcdef0123456789abcdef.1700000000000.{expires}");
        mac.update(format!("trading_desk.{claim}").as_bytes());
        let signature: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("trading_desk={claim}.{signature}")
    }

    async fn place_order(&self, cookie: &str) -> String {
        let answer = self.post("/api/orders", cookie, &order()).await.expect(201);
        serde_json::from_str::<Value>(&answer).unwrap()["chainId"].as_str().unwrap().to_owned()
    }

    /// What a device was told is in the repository.
    async fn assert_stored(&self, cookie: &str, frame: &Value) {
        let history: Value = serde_json::from_str(&self.get("/api/lifecycle", cookie).await.expect(200)).unwrap();
        assert!(history["events"].as_array().unwrap().contains(&frame["data"]["event"]), "{frame} is not stored");
    }

    /// Nothing comes of a cookie any more; SSE is told not to ask again.
    async fn assert_over(&self, cookie: &str) {
        self.get("/events", cookie).await.expect(204);
        assert_eq!(self.refused_web_socket(cookie, None).await, 401);
        self.get("/api/session", cookie).await.expect(401);
        self.post("/api/orders", cookie, &order()).await.expect(401);
    }

    async fn get(&self, path: &str, cookie: &str) -> Response {
        self.request("GET", path, cookie, None, "").await
    }

    async fn post(&self, path: &str, cookie: &str, body: &str) -> Response {
        self.request("POST", path, cookie, None, body).await
    }

    async fn request(&self, method: &str, path: &str, cookie: &str, origin: Option<&str>, body: &str) -> Response {
        let mut stream = self.send(method, path, cookie, origin, body).await;
        let head = read_head(&mut stream).await;
        let mut body = String::new();
        timeout(PATIENCE, stream.read_to_string(&mut body)).await.expect("the answer does not end").unwrap();
        Response { head, body }
    }

    /// HTTP/1.0, whose answers have no chunks and end with the connection.
    async fn send(
        &self,
        method: &str,
        path: &str,
        cookie: &str,
        origin: Option<&str>,
        body: &str,
    ) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        let origin = origin.map_or(String::new(), |origin| format!("Origin: {origin}\r\n"));
        let (host, length) = (&self.address, body.len());
        let request = format!(
            "{method} {path} HTTP/1.0\r\nHost: {host}\r\nCookie: {cookie}\r\n{origin}\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        BufReader::new(stream)
    }

    async fn web_socket(&self, cookie: &str) -> Socket {
        self.web_socket_at("/ws", cookie).await
    }

    async fn web_socket_at(&self, path: &str, cookie: &str) -> Socket {
        let stream = self.upgrade(path, cookie, None).await.unwrap();
        Socket { stream, seen: Vec::new() }
    }

    /// The status with which an upgrade is refused.
    async fn refused_web_socket(&self, cookie: &str, origin: Option<&str>) -> u16 {
        match self.upgrade("/ws", cookie, origin).await {
            Err(SocketError::Http(response)) => response.status().as_u16(),
            Err(error) => panic!("not refused by HTTP: {error}"),
            Ok(_) => panic!("upgraded with {cookie:?} from {origin:?}"),
        }
    }

    async fn upgrade(
        &self,
        path: &str,
        cookie: &str,
        origin: Option<&str>,
    ) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>, SocketError> {
        let mut request = format!("ws://{}{path}", self.address).into_client_request()?;
        request.headers_mut().insert("cookie", cookie.parse()?);
        let own = format!("http://{}", self.address);
        request.headers_mut().insert("origin", origin.unwrap_or(&own).parse()?);
        Ok(tokio_tungstenite::connect_async(request).await?.0)
    }

    async fn events(&self, cookie: &str) -> Events {
        let mut stream = self.send("GET", "/events", cookie, None, "").await;
        let head = read_head(&mut stream).await;
        assert!(head[0].contains(" 200 "), "{head:?}");
        Events { stream, seen: Vec::new() }
    }
}

/// The example that was built together with this test.
fn example() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().unwrap().parent().unwrap().join("examples/trading_desk");
    assert!(
        path.exists(),
        "{} is missing: run `cargo build --example trading_desk --features axum,metrics`",
        path.display()
    );
    path
}

/// A data folder that goes with its test.
struct Folder {
    path: PathBuf,
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

struct Response {
    head: Vec<String>,
    body: String,
}

impl Response {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// The body, if the status is this one.
    fn expect(self, status: u16) -> String {
        assert!(self.head[0].contains(&format!(" {status} ")), "not {status}: {:?} {}", self.head, self.body);
        self.body
    }
}

async fn read_head(stream: &mut BufReader<TcpStream>) -> Vec<String> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        timeout(PATIENCE, stream.read_line(&mut line)).await.expect("no answer").unwrap();
        match line.trim_end() {
            "" => return head,
            line => head.push(line.to_owned()),
        }
    }
}

/// Something that gets frames.
trait Device {
    /// The next frame; `None` when the stream has ended.
    async fn next(&mut self) -> Option<Value>;

    fn seen(&mut self) -> &mut Vec<Value>;

    /// Reads until the frame that is wanted, and keeps what it has seen.
    async fn until(&mut self, what: &str, mut wanted: impl FnMut(&Value) -> bool) -> Value {
        let search = async {
            loop {
                let frame = self.next().await.unwrap_or_else(|| panic!("the stream ended before {what}"));
                self.seen().push(frame.clone());
                if wanted(&frame) {
                    return frame;
                }
            }
        };
        timeout(PATIENCE, search).await.unwrap_or_else(|_| panic!("no {what}"))
    }
}

struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    seen: Vec<Value>,
}

impl Device for Socket {
    async fn next(&mut self) -> Option<Value> {
        loop {
            match self.stream.next().await?.unwrap() {
                Message::Text(text) => return Some(serde_json::from_str(&text).unwrap()),
                Message::Close(_) => return None,
                _ => {}
            }
        }
    }

    fn seen(&mut self) -> &mut Vec<Value> {
        &mut self.seen
    }
}

impl Socket {
    /// Reads State and lifecycle event of the breaker, one after the other in one group; gives the event.
    ///
    /// A trade that ends at once may have replaced the State by a newer one of the same phase before it was taken: then
    /// that one is behind the event.
    async fn breaker_group(&mut self, phase: &str, event_type: &str) -> Value {
        let event = self.until(event_type, |frame| frame["data"]["event"]["eventType"] == *event_type).await;
        assert!(event["group"].is_u64());
        assert_eq!(event["seq"], event["group"]);
        let is_phase = |frame: &Value| frame["data"]["state"]["phase"] == *phase;
        let others: Vec<usize> =
            (0..self.seen.len() - 1).filter(|&at| self.seen[at]["group"] == event["group"]).collect();
        if others.is_empty() {
            self.until(phase, is_phase).await;
        } else {
            assert_eq!(others, [self.seen.len() - 2], "nothing stands between the two");
            assert!(is_phase(&self.seen[others[0]]), "{}", self.seen[others[0]]);
        }
        event
    }

    /// Reads to the end, which takes leave of the server as well.
    async fn close_code(mut self) -> Option<u16> {
        let end = async {
            let mut code = None;
            while let Some(message) = self.stream.next().await {
                if let Message::Close(Some(frame)) = message.unwrap() {
                    code = Some(frame.code.into());
                }
            }
            code
        };
        timeout(PATIENCE, end).await.expect("the socket does not end")
    }
}

struct Events {
    stream: BufReader<TcpStream>,
    seen: Vec<Value>,
}

impl Device for Events {
    async fn next(&mut self) -> Option<Value> {
        loop {
            let mut line = String::new();
            if timeout(PATIENCE, self.stream.read_line(&mut line)).await.expect("nothing more").unwrap() == 0 {
                return None;
            }
            if let Some(data) = line.strip_prefix("data: ") {
                return Some(serde_json::from_str(data.trim_end()).unwrap());
            }
        }
    }

    fn seen(&mut self) -> &mut Vec<Value> {
        &mut self.seen
    }
}
