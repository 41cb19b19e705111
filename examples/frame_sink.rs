//! A transport of one's own: each frame a line of JSON over plain TCP, for a terminal or a microcontroller.
//!
//! ```sh
//! cargo run --example frame_sink
//! ```
//!
//! Serves one device of its own, prints what that reads, shuts the hub down and ends.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncBufReadExt, AsyncWrite, BufReader};
use tokio::net::{TcpListener, TcpStream};
use user_hub::transport::FrameSink;
use user_hub::{CloseReason, DynamicEvent, Frame, UserHub};

/// What the buffer may hold before frames wait in the user's log, where newer State replaces older.
const BUFFER: usize = 16 * 1024;

struct JsonLines {
    stream: TcpStream,
    unsent: Vec<u8>,
}

impl JsonLines {
    fn new(stream: TcpStream) -> Self {
        Self { stream, unsent: Vec::new() }
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unsent.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, &self.unsent))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unsent.drain(..written);
        }
        Poll::Ready(Ok(()))
    }
}

impl FrameSink for JsonLines {
    type Error = io::Error;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.unsent.len() < BUFFER { Poll::Ready(Ok(())) } else { self.poll_write(context) }
    }

    fn start_send(&mut self, frame: Frame) -> io::Result<()> {
        self.unsent.extend_from_slice(frame.text().as_bytes());
        self.unsent.push(b'\n');
        Ok(())
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_write(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_close(&mut self, context: &mut Context<'_>, _reason: &CloseReason) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let hub = UserHub::new();
    let listener = TcpListener::bind("127.0.0.1:0").await?;

    let device = TcpStream::connect(listener.local_addr()?).await?;
    let (stream, _) = listener.accept().await?;
    // Whose device it is, a real server learns from its authentication.
    let server = tokio::spawn(hub.connect("alice")?.forward(JsonLines::new(stream)));

    for symbol in ["BTCUSDT", "ETHUSDT"] {
        hub.broadcast_dynamic("alice", &DynamicEvent::log("PRICE_ALERT", serde_json::json!({ "symbol": symbol }))?);
    }

    let mut lines = BufReader::new(device).lines();
    while let Some(line) = lines.next_line().await? {
        println!("{line}");
        if line.contains("ETHUSDT") {
            hub.shutdown();
        }
    }
    println!("closed: {}", server.await??.text());
    Ok(())
}
