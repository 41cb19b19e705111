//! The same devices on a server without a web framework.
#![cfg(feature = "tungstenite")]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

use std::net::SocketAddr;
use std::time::Duration;

use futures::StreamExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, accept_hdr_async_with_config, connect_async};
use user_hub::transport::{DeviceRequest, OriginPolicy, WebSocketDevice, tungstenite};
use user_hub::{CloseReason, ConnectOptions, DynamicEvent, UserHub};

async fn serve(hub: UserHub, stream: TcpStream) -> Option<CloseReason> {
    let mut accepted = None;
    #[allow(clippy::result_large_err, reason = "the refusal is of the type that the library wants")]
    let handshake = |request: &Request, response: Response| {
        let header = |name: &str| request.headers().get(name).map(HeaderValue::as_bytes);
        let device = DeviceRequest::read(request.uri().query(), header);
        if OriginPolicy::same_host().check(&device).is_err() {
            let mut refused = ErrorResponse::new(None);
            *refused.status_mut() = StatusCode::FORBIDDEN;
            return Err(refused);
        }
        accepted = WebSocketDevice::connect(&hub, "alice", ConnectOptions::new().start(device.start())).ok();
        Ok(response)
    };
    let socket = accept_hdr_async_with_config(stream, handshake, Some(tungstenite::config(&hub))).await.ok()?;
    tungstenite::serve(accepted?, socket).await
}

async fn start(hub: &UserHub) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, hub) = (listener.local_addr().unwrap(), hub.clone());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(hub.clone(), stream));
        }
    });
    address
}

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn connect(address: SocketAddr, query: &str, origin: &str) -> Result<Client, Error> {
    let mut request = format!("ws://{address}/?{query}").into_client_request()?;
    request.headers_mut().insert("origin", origin.parse().unwrap());
    Ok(connect_async(request).await?.0)
}

/// The next message, with frames shortened to their name.
async fn next(device: &mut Client) -> String {
    let message = tokio::time::timeout(Duration::from_secs(10), device.next()).await.expect("it never came");
    match message.unwrap().unwrap() {
        Message::Text(text) => {
            let frame: serde_json::Value = serde_json::from_str(&text).unwrap();
            frame["type"].as_str().unwrap().to_owned()
        }
        Message::Close(Some(close)) => format!("close {}", u16::from(close.code)),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn a_device_gets_its_events_and_the_close_code() {
    let hub = UserHub::new();
    let address = start(&hub).await;
    let mut device = connect(address, "", &format!("http://{address}")).await.unwrap();
    assert_eq!(next(&mut device).await, "CONNECTED");
    assert_eq!(next(&mut device).await, "SYNCED");
    hub.broadcast_dynamic("alice", &DynamicEvent::log("NOTE", serde_json::json!({})).unwrap());
    assert_eq!(next(&mut device).await, "NOTE");
    hub.shutdown();
    assert_eq!(next(&mut device).await, "CLOSING");
    assert_eq!(next(&mut device).await, "close 1001");
}

#[tokio::test]
async fn a_cursor_in_the_query_is_resumed_from() {
    let hub = UserHub::new();
    let address = start(&hub).await;
    let mut device = connect(address, "resume=garbage", &format!("http://{address}")).await.unwrap();
    assert_eq!(next(&mut device).await, "CONNECTED");
    assert_eq!(next(&mut device).await, "GAP");
}

#[tokio::test]
async fn a_wrong_origin_is_refused_in_the_handshake() {
    let hub = UserHub::new();
    let refused = connect(start(&hub).await, "", "https://evil.example").await;
    assert!(matches!(refused, Err(Error::Http(response)) if response.status() == 403));
    assert_eq!(hub.connection_count(), 0);
}
