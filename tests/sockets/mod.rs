//! A server with real sockets, for the tests of the transports.

#![allow(dead_code, reason = "each test file uses its part")]

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::get;
use tokio::net::TcpListener;
use user_hub::transport::OriginPolicy;
use user_hub::transport::axum::{SseRequest, WebSocketRequest};
use user_hub::{DynamicEvent, UserHub};

/// What a server of a test is made of.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) hub: UserHub,
    pub(crate) origin: OriginPolicy,
}

impl App {
    /// A hub whose server lets clients in that are no browser, as those of the tests are.
    pub(crate) fn new(hub: &UserHub) -> Self {
        Self { hub: hub.clone(), origin: OriginPolicy::same_host().allow_missing() }
    }

    pub(crate) async fn start(self) -> SocketAddr {
        self.start_on(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub(crate) fn start_on(self, listener: TcpListener) -> SocketAddr {
        let address = listener.local_addr().unwrap();
        tokio::spawn(async { axum::serve(listener, self.router()).await.unwrap() });
        address
    }

    pub(crate) fn router(self) -> Router {
        Router::new().route("/ws", get(websocket)).route("/events", get(events)).with_state(self)
    }
}

/// The sign-in of the tests: whoever the client says.
fn signed_in(uri: &Uri) -> &str {
    uri.query().unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("user=")).unwrap_or_default()
}

async fn websocket(State(app): State<App>, uri: Uri, device: WebSocketRequest) -> Response {
    device.protocols(["user-hub"]).serve(&app.hub, signed_in(&uri), &app.origin)
}

async fn events(State(app): State<App>, uri: Uri, device: SseRequest) -> Response {
    device.serve(&app.hub, signed_in(&uri), &app.origin)
}

/// A Log event with a number.
pub(crate) fn note(number: usize) -> DynamicEvent {
    DynamicEvent::log("NOTE", serde_json::json!({ "number": number })).unwrap()
}

/// Waits for something that a test needs, not for ever.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("it never happened")
}

/// Waits until a condition holds.
pub(crate) async fn until(condition: impl Fn() -> bool) {
    let mut tick = tokio::time::interval(Duration::from_millis(2));
    within(async {
        while !condition() {
            tick.tick().await;
        }
    })
    .await;
}
