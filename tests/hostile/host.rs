//! Two hosts as an application would write them, one for each library, with a sign-in by cookie.
//!
//! They show what is the host's own to limit: how long a device may take for its request.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::accept_hdr_async_with_config;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response as Upgrade};
use user_hub::transport::axum::{SseRequest, WebSocketRequest};
use user_hub::transport::{DeviceRequest, OriginPolicy, WebSocketDevice, tungstenite};
use user_hub::{ConnectOptions, UserHub};

/// Which library takes the devices in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Library {
    Axum,
    Tungstenite,
}

/// How long a device may take for the head of its request.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

/// Starts a server; returns its listener's task with its address.
pub(crate) async fn start(library: Library, hub: UserHub) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let listening = tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            match library {
                Library::Axum => drop(tokio::spawn(serve_with_axum(hub.clone(), stream))),
                Library::Tungstenite => drop(tokio::spawn(serve_with_tungstenite(hub.clone(), stream))),
            }
        }
    });
    (address, listening)
}

/// `axum::serve` waits for a request for ever; this is its loop, with a limit.
async fn serve_with_axum(hub: UserHub, stream: TcpStream) {
    let router = Router::new().route("/ws", get(websocket)).route("/events", get(events)).with_state(hub);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .with_upgrades();
    // What a client does wrong is no matter of the server's.
    let _ = connection.await;
}

async fn websocket(State(hub): State<UserHub>, headers: HeaderMap, device: WebSocketRequest) -> Response {
    let Some((user, options)) = signed_in(&headers) else { return StatusCode::UNAUTHORIZED.into_response() };
    device.serve_with(&hub, &user, &OriginPolicy::same_host(), options)
}

async fn events(State(hub): State<UserHub>, headers: HeaderMap, device: SseRequest) -> Response {
    let Some((user, options)) = signed_in(&headers) else { return StatusCode::UNAUTHORIZED.into_response() };
    device.serve_with(&hub, &user, &OriginPolicy::same_host(), options)
}

async fn serve_with_tungstenite(hub: UserHub, stream: TcpStream) {
    let mut accepted = None;
    #[allow(clippy::result_large_err, reason = "the library's own signature")]
    let handshake = |request: &Request, response: Upgrade| {
        let device = admit(&hub, request).map_err(|status| {
            let mut response = ErrorResponse::new(None);
            *response.status_mut() = status;
            response
        })?;
        accepted = Some(device);
        Ok(response)
    };
    let socket = accept_hdr_async_with_config(stream, handshake, Some(tungstenite::config(&hub)));
    if let (Ok(Ok(socket)), Some(device)) = (tokio::time::timeout(PATIENCE, socket).await, accepted) {
        tungstenite::serve(device, socket).await;
    }
}

fn admit(hub: &UserHub, request: &Request) -> Result<WebSocketDevice, StatusCode> {
    let header = |name: &str| request.headers().get(name).map(HeaderValue::as_bytes);
    let device = DeviceRequest::read(request.uri().query(), header);
    OriginPolicy::same_host().check(&device).map_err(|_| StatusCode::FORBIDDEN)?;
    let (user, options) = signed_in(request.headers()).ok_or(StatusCode::UNAUTHORIZED)?;
    WebSocketDevice::connect(hub, &user, options.start(device.start()))
        .map_err(|error| StatusCode::from_u16(error.websocket_status()).unwrap())
}

/// The user and session of a cookie `session=alice.1`. A real one has a signature.
fn signed_in(headers: &HeaderMap) -> Option<(String, ConnectOptions)> {
    let session = headers.get(header::COOKIE)?.to_str().ok()?.strip_prefix("session=")?;
    let (user, _) = session.split_once('.')?;
    Some((user.to_owned(), ConnectOptions::new().session(session)))
}
