//! The two clients: a good one, which is a library's, and a hostile one, which writes bytes.

use std::net::SocketAddr;

use futures::StreamExt;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::scene::within;

pub(crate) struct Good(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Good {
    /// A device of a user, with the State and what else there is behind it.
    pub(crate) async fn connect(address: SocketAddr, user: &str) -> Self {
        let mut request = format!("ws://{address}/ws").into_client_request().unwrap();
        request.headers_mut().insert("cookie", format!("session={user}.good").parse().unwrap());
        request.headers_mut().insert("origin", format!("http://{address}").parse().unwrap());
        // The library's own buffer of 128 KiB is much for a crowd.
        let config = WebSocketConfig::default().read_buffer_size(4096);
        let mut client = Self(within(connect_async_with_config(request, Some(config), false)).await.unwrap().0);
        while client.frame().await["type"] != "SYNCED" {}
        client
    }

    /// The next frame, which comes soon.
    pub(crate) async fn frame(&mut self) -> Value {
        within(self.next_frame()).await
    }

    /// The next frame, whenever it comes.
    pub(crate) async fn next_frame(&mut self) -> Value {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("a good client was let down: {other:?}"),
            }
        }
    }

    /// Reads to the end; returns the code of the close.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        let mut code = None;
        while let Some(Ok(message)) = self.0.next().await {
            if let Message::Close(Some(close)) = message {
                code = Some(close.code.into());
            }
        }
        code
    }
}

/// A client that writes whatever it likes.
pub(crate) struct Hostile(pub(crate) TcpStream);

impl Hostile {
    pub(crate) async fn dial(address: SocketAddr) -> Self {
        Self(within(TcpStream::connect(address)).await.unwrap())
    }

    /// Writes what the server still takes: it may have hung up.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> bool {
        within(self.0.write_all(bytes)).await.is_ok()
    }

    /// The head of the answer.
    pub(crate) async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match within(self.0.read_u8()).await {
                Ok(byte) => head.push(byte),
                Err(_) => break,
            }
        }
        String::from_utf8(head).unwrap()
    }

    /// The status of the answer; 0 if the server has hung up instead.
    pub(crate) async fn status(&mut self) -> u16 {
        let head = self.head().await;
        head.split(' ').nth(1).map_or(0, |status| status.parse().unwrap())
    }

    /// Reads until the server hangs up.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let _ = within(self.0.read_to_end(&mut bytes)).await;
        bytes
    }

    /// Reads until what was read so far holds these bytes.
    pub(crate) async fn read_until(&mut self, needle: &str) -> String {
        let mut bytes = Vec::new();
        while !bytes.windows(needle.len()).any(|window| window == needle.as_bytes()) {
            assert_ne!(within(self.0.read_buf(&mut bytes)).await.unwrap(), 0, "the server hung up");
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Leaves without a word: the operating system sends a reset.
    pub(crate) fn reset(self) {
        self.0.set_zero_linger().unwrap();
    }
}

/// The head of a request with these headers on top of those that a good client of Alice has.
pub(crate) fn request(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> String {
    let own = [
        ("host", address.to_string()),
        ("origin", format!("http://{address}")),
        ("cookie", "session=alice.1".to_owned()),
        ("connection", "upgrade".to_owned()),
        ("upgrade", "websocket".to_owned()),
        ("sec-websocket-version", "13".to_owned()),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==".to_owned()),
    ];
    let mut head = format!("GET {path} HTTP/1.1\r\n");
    for (name, value) in &own {
        if !headers.iter().any(|(other, _)| other == name) {
            head += &format!("{name}: {value}\r\n");
        }
    }
    for (name, value) in headers.iter().filter(|(_, value)| *value != ABSENT) {
        head += &format!("{name}: {value}\r\n");
    }
    head + "\r\n"
}

/// The value of a header that is to be left out.
pub(crate) const ABSENT: &str = "\0";

pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CONTINUATION: u8 = 0;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;
/// The first bit of a frame: it is the last of its message.
pub(crate) const LAST: u8 = 0x80;

/// A frame of a client, masked as it should be.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = head(first, payload.len() as u64);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// The head of a frame that says how long its payload will be.
pub(crate) fn head(first: u8, length: u64) -> Vec<u8> {
    let mut head = vec![first];
    match length {
        0..126 => head.push(0x80 | length as u8),
        126..0x1_0000 => {
            head.push(0x80 | 126);
            head.extend((length as u16).to_be_bytes());
        }
        _ => {
            head.push(0x80 | 127);
            head.extend(length.to_be_bytes());
        }
    }
    head.extend(MASK);
    head
}

const MASK: [u8; 4] = [0x5a, 0xa5, 0x0f, 0xf0];
