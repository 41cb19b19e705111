//! A way between a device and its server that can die without a word.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Carries one connection.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    is_dead: watch::Sender<bool>,
    swallowed: Arc<Mutex<Vec<u8>>>,
}

impl Proxy {
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (is_dead, died) = watch::channel(false);
        let proxy = Self { address: listener.local_addr().unwrap(), is_dead, swallowed: Arc::default() };
        let swallowed = Arc::clone(&proxy.swallowed);
        tokio::spawn(async move {
            let (device, _) = listener.accept().await.unwrap();
            let (from_device, to_device) = device.into_split();
            let (from_server, to_server) = TcpStream::connect(server).await.unwrap().into_split();
            let up = carry(from_device, to_server, died.clone(), Arc::default());
            let down = carry(from_server, to_device, died, swallowed);
            // Nobody hears of the end of the other side.
            let _halves = tokio::join!(up, down);
        });
        proxy
    }

    /// From now on nothing arrives, in either direction, and neither side is told.
    pub(crate) fn die(&self) {
        self.is_dead.send_replace(true);
    }

    /// What the server sent after that.
    pub(crate) fn swallowed(&self) -> String {
        String::from_utf8_lossy(&self.swallowed.lock().unwrap()).into_owned()
    }
}

async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    died: watch::Receiver<bool>,
    swallowed: Arc<Mutex<Vec<u8>>>,
) -> (OwnedReadHalf, OwnedWriteHalf) {
    let mut bytes = vec![0; 4096];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if *died.borrow() {
            swallowed.lock().unwrap().extend(&bytes[..count]);
        } else if to.write_all(&bytes[..count]).await.is_err() {
            break;
        }
    }
    (from, to)
}
