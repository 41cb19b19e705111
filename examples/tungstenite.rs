//! A WebSocket server without a web framework.
//!
//! ```sh
//! cargo run --example tungstenite --features tungstenite
//! npx wscat --connect 'ws://127.0.0.1:3000/?user=alice'
//! ```
//!
//! Every second Alice gets a tick, until Ctrl-C.

use std::error::Error;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::accept_hdr_async_with_config;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode};
use user_hub::transport::{DeviceRequest, OriginPolicy, WebSocketDevice, tungstenite};
use user_hub::{ConnectError, ConnectOptions, DynamicEvent, UserHub};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let hub = UserHub::new();
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    println!("listening on ws://{}", listener.local_addr()?);
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    let mut count = 0;
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted?;
                tokio::spawn(device(hub.clone(), stream));
            }
            _ = tick.tick() => {
                count += 1;
                hub.broadcast_dynamic("alice", &DynamicEvent::log("TICK", serde_json::json!({ "count": count }))?);
            }
            result = tokio::signal::ctrl_c() => {
                result?;
                break;
            }
        }
    }
    // Every device is told that the server goes, and gets a moment to read it.
    hub.shutdown();
    while hub.connection_count() > 0 {
        tick.tick().await;
    }
    Ok(())
}

async fn device(hub: UserHub, stream: TcpStream) {
    let mut accepted = None;
    #[allow(clippy::result_large_err, reason = "the refusal is of the type that the library wants")]
    let handshake = |request: &Request, response: Response| {
        accepted = Some(accept(&hub, request).map_err(refusal)?);
        Ok(response)
    };
    let socket = accept_hdr_async_with_config(stream, handshake, Some(tungstenite::config(&hub))).await;
    match (socket, accepted) {
        (Ok(socket), Some(device)) => match tungstenite::serve(device, socket).await {
            Some(reason) => println!("closed: {}", reason.text()),
            None => println!("a device left"),
        },
        (Err(error), _) => println!("refused: {error}"),
        (Ok(_), None) => {}
    }
}

/// Decides in the handshake, where a refusal is still an HTTP response.
fn accept(hub: &UserHub, request: &Request) -> Result<WebSocketDevice, StatusCode> {
    let header = |name: &str| request.headers().get(name).map(HeaderValue::as_bytes);
    let device = DeviceRequest::read(request.uri().query(), header);
    // wscat is no browser and sends no Origin.
    OriginPolicy::same_host().allow_missing().check(&device).map_err(|_| StatusCode::FORBIDDEN)?;

    // A real server asks its authentication here.
    let query = request.uri().query().unwrap_or_default();
    let user = query.split('&').find_map(|pair| pair.strip_prefix("user=")).ok_or(StatusCode::UNAUTHORIZED)?;
    let options = ConnectOptions::new().start(device.start());
    let status =
        |error: ConnectError| StatusCode::from_u16(error.websocket_status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    WebSocketDevice::connect(hub, user, options).map_err(status)
}

fn refusal(status: StatusCode) -> ErrorResponse {
    let mut response = ErrorResponse::new(None);
    *response.status_mut() = status;
    response
}
